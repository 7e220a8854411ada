#include "data/resize.h"

#include <math.h>
#include <string.h>

/* Taps [*first, *end) of output pixel x of an axis src -> dst, and the centre and width that made
 * them. All in doubles, as in Pillow's precompute_coeffs(). */
typedef struct {
    double centre, inverse; /* inverse of the filter's stretch */
    int32_t first, end;
} span;

static span span_of(int32_t src, int32_t dst, int32_t x)
{
    const double scale = (double)src / dst;
    const double support = scale < 1.0 ? 1.0 : scale;
    span s = {.centre = (x + 0.5) * scale, .inverse = 1.0 / support};
    const int32_t first = (int32_t)(s.centre - support + 0.5);
    const int32_t end = (int32_t)(s.centre + support + 0.5);

    s.first = first < 0 ? 0 : first;
    s.end = end > src ? src : end;
    return s;
}

/* The taps of s as 22-bit integers; w is scratch of as many doubles. */
static void coefficients(const span *s, double *w, int32_t *k)
{
    const int32_t n = s->end - s->first;
    double sum = 0.0;

    for (int32_t i = 0; i < n; i++) {
        const double t = fabs((i + s->first - s->centre + 0.5) * s->inverse);
        w[i] = t < 1.0 ? 1.0 - t : 0.0;
        sum += w[i];
    }
    for (int32_t i = 0; i < n; i++) {
        if (sum != 0.0)
            w[i] /= sum;
        k[i] = (int32_t)(0.5 + w[i] * (1 << HL_RESIZE_BITS));
    }
}

hl_code hl_resize_plan_make(hl_arena *arena, int32_t src, int32_t dst, int32_t at, int32_t n,
                            hl_resize_plan *out, hl_error *err)
{
    hl_resize_plan p = {.n = n};

    for (int32_t i = 0; i < n; i++) {
        const span s = span_of(src, dst, at + i);
        hl_assert(s.end > s.first);
        if (s.end - s.first > p.max_taps)
            p.max_taps = s.end - s.first;
    }
    p.stride = (p.max_taps + 15) / 16 * 16;
    const size_t rows = (size_t)n, all = rows * (size_t)p.stride;

    p.first = hl_arena_calloc(arena, rows, sizeof *p.first);
    p.taps = hl_arena_calloc(arena, rows, sizeof *p.taps);
    p.k = hl_arena_calloc(arena, all, sizeof *p.k);
    p.low = hl_arena_calloc(arena, all, sizeof *p.low);
    p.high = hl_arena_calloc(arena, all, sizeof *p.high);
    double *w = hl_arena_calloc(arena, (size_t)p.stride, sizeof *w);
    if (!p.first || !p.taps || !p.k || !p.low || !p.high || !w)
        return hl_fail_memory(err, "resize coefficients", all * 8);
    for (int32_t i = 0; i < n; i++) {
        const span s = span_of(src, dst, at + i);
        const size_t row = (size_t)i * (size_t)p.stride;
        p.first[i] = s.first;
        p.taps[i] = s.end - s.first;
        coefficients(&s, w, p.k + row);
        for (int32_t t = 0; t < p.taps[i]; t++) {
            const int32_t k = p.k[row + (size_t)t];
            p.low[row + (size_t)t] = (int16_t)(k & ((1 << HL_RESIZE_LOW_BITS) - 1));
            p.high[row + (size_t)t] = (int16_t)(k >> HL_RESIZE_LOW_BITS);
        }
    }
    *out = p;
    return HL_OK;
}

void hl_resize_source_rows(int32_t src, int32_t dst, int32_t top, int32_t n, int32_t *first,
                           int32_t *end)
{
    hl_assert(top >= 0 && n > 0 && n <= dst - top);
    *first = src == dst ? top : span_of(src, dst, top).first;
    *end = src == dst ? top + n : span_of(src, dst, top + n - 1).end;
}

void hl_resize_smaller_edge(int32_t width, int32_t height, int32_t s, int32_t *out_width,
                            int32_t *out_height)
{
    /* torchvision: int(size * long / short), the product exact, the division in doubles. */
    if (width <= height) {
        *out_width = s;
        *out_height = (int32_t)((double)((int64_t)s * height) / (double)width);
    } else {
        *out_height = s;
        *out_width = (int32_t)((double)((int64_t)s * width) / (double)height);
    }
}

static uint8_t pixel(int64_t sum)
{
    sum >>= HL_RESIZE_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

void hl_resize_row_c(const hl_resize_plan *plan, int32_t from, int32_t channels, const uint8_t *src,
                     uint8_t *dst)
{
    for (int32_t i = from; i < plan->n; i++) {
        const int32_t *k = plan->k + (size_t)i * (size_t)plan->stride;
        const uint8_t *p = src + (int64_t)plan->first[i] * channels;
        for (int32_t c = 0; c < channels; c++, p++) {
            int32_t sum = 1 << (HL_RESIZE_BITS - 1);
            for (int32_t t = 0; t < plan->taps[i]; t++)
                sum += p[(int64_t)t * channels] * k[t];
            dst[(int64_t)i * channels + c] = pixel(sum);
        }
    }
}

void hl_resize_col_c(const hl_resize_plan *plan, int32_t i, const uint8_t *const *src, size_t from,
                     size_t n, uint8_t *dst)
{
    const int32_t *k = plan->k + (size_t)i * (size_t)plan->stride;

    for (size_t x = from; x < n; x++) {
        int32_t sum = 1 << (HL_RESIZE_BITS - 1);
        for (int32_t t = 0; t < plan->taps[i]; t++)
            sum += src[t][x] * k[t];
        dst[x] = pixel(sum);
    }
}

static void row_c(const hl_resize_plan *plan, const uint8_t *src, int32_t src_width, uint8_t *dst)
{
    (void)src_width;
    hl_resize_row_c(plan, 0, 1, src, dst);
}

static void col_c(const hl_resize_plan *plan, int32_t i, const uint8_t *const *src, size_t n,
                  uint8_t *dst)
{
    hl_resize_col_c(plan, i, src, 0, n, dst);
}

void hl_resize_ops_init(hl_resize_ops *ops, hl_cpu cpu)
{
    ops->row = row_c;
    ops->col = col_c;
#if defined(__x86_64__)
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512) {
        ops->row = hl_resize_row_avx2;
        ops->col = hl_resize_col_avx2;
    }
#else
    (void)cpu;
#endif
}

/* --- the picture
 * ----------------------------------------------------------------------------------- */

/* Source rows after the horizontal pass, kept while the vertical pass needs them: row y in slot
 * y % n_slots. */
typedef struct {
    const hl_image *src;
    const hl_resize_plan *across; /* NULL: the width stays; then rows are src's own */
    hl_resize_ops ops;
    int32_t left;          /* of the window, for across == NULL */
    int32_t n_slots, next; /* next: first row not made yet */
    size_t slot_bytes;
    uint8_t *slots;
} strip;

static const uint8_t *strip_row(strip *s, int32_t y)
{
    const uint8_t *from = s->src->px + y * s->src->row_bytes;

    if (!s->across)
        return from + (int64_t)s->left * s->src->channels;
    uint8_t *to = s->slots + (size_t)(y % s->n_slots) * s->slot_bytes;
    if (y < s->next)
        return to;
    s->next = y + 1;
    if (s->src->channels == 1)
        s->ops.row(s->across, from, s->src->width, to);
    else
        hl_resize_row_c(s->across, 0, s->src->channels, from, to);
    return to;
}

static void down(strip *s, const hl_resize_plan *plan, const uint8_t **rows, const hl_image *out)
{
    const size_t n = (size_t)out->width * (size_t)out->channels;

    for (int32_t i = 0; i < out->height; i++) {
        for (int32_t t = 0; t < plan->taps[i]; t++)
            rows[t] = strip_row(s, plan->first[i] + t);
        s->ops.col(plan, i, rows, n, out->px + i * out->row_bytes);
    }
}

hl_code hl_image_resize(hl_arena *arena, const hl_image *src, int32_t width, int32_t height,
                        hl_rect window, hl_cpu cpu, hl_image *out, hl_error *err)
{
    hl_resize_plan across = {0}, plan_down = {0};
    hl_image image;
    hl_code c;

    hl_assert(window.left >= 0 && window.top >= 0 && window.width > 0 && window.height > 0);
    hl_assert(window.width <= width - window.left && window.height <= height - window.top);
    c = hl_image_new(arena, window.width, window.height, src->channels, &image, err);
    if (c == HL_OK && width != src->width)
        c = hl_resize_plan_make(arena, src->width, width, window.left, window.width, &across, err);
    if (c == HL_OK && height != src->height)
        c = hl_resize_plan_make(arena, src->height, height, window.top, window.height, &plan_down,
                                err);
    if (c != HL_OK)
        return c;
    const size_t n = (size_t)image.width * (size_t)image.channels;
    strip s = {.src = src,
               .left = window.left,
               .n_slots = plan_down.n ? plan_down.max_taps : 1,
               .across = across.n ? &across : NULL,
               .slot_bytes = (n + 63) / 64 * 64};
    hl_resize_ops_init(&s.ops, cpu);
    if (s.across)
        s.slots = hl_arena_aligned(arena, (size_t)s.n_slots * s.slot_bytes, 64);
    const uint8_t **rows = hl_arena_calloc(arena, (size_t)s.n_slots, sizeof *rows);
    if (!rows || (s.across && !s.slots))
        return hl_fail_memory(err, "resize rows", (size_t)s.n_slots * s.slot_bytes);
    if (plan_down.n)
        down(&s, &plan_down, rows, &image);
    for (int32_t y = 0; !plan_down.n && y < image.height; y++)
        memcpy(image.px + y * image.row_bytes, strip_row(&s, window.top + y), n);
    *out = image;
    return HL_OK;
}
