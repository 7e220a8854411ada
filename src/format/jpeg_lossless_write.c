#include "format/jpeg_lossless_write.h"

#include "format/jpeg_predict.h"

enum { N_CATEGORIES = 17, MAX_CODE_BITS = 16 };

typedef struct {
    const hl_jpeg_lossless_plan *plan;
    const void *px;
    int32_t *difference; /* of the line at hand */
    /* canonical code of each category; count[l] and order as in a DHT segment */
    uint32_t code[N_CATEGORIES];
    uint8_t length[N_CATEGORIES];
    uint8_t count[MAX_CODE_BITS + 1], order[N_CATEGORIES];
    int n_order;
} encoder;

/* --- samples to differences ------------------------------------------------------------------ */

static inline int32_t sample(const encoder *e, size_t i)
{
    return e->plan->bits == 8 ? ((const uint8_t *)e->px)[i] : ((const uint16_t *)e->px)[i];
}

/* T.81 table H.1 for the sample at i, w samples a line; neither the first line nor column. */
static int32_t predict(const encoder *e, size_t i, size_t w)
{
    const int32_t a = sample(e, i - 1), b = sample(e, i - w), c = sample(e, i - w - 1);

    return hl_jpeg_predict(e->plan->predictor, a, b, c);
}

/* A line begins anew at the top and behind a restart marker. */
static bool begins_anew(const hl_jpeg_lossless_plan *p, int32_t y)
{
    return y == 0 || (p->restart_lines && y % p->restart_lines == 0);
}

/* Differences modulo 2^16, -32767..32768, to e->difference (T.81 H.1.2.1). */
static void take_line(encoder *e, int32_t y)
{
    const size_t w = (size_t)e->plan->width, first = (size_t)y * w;
    const bool anew = begins_anew(e->plan, y);

    for (size_t x = 0; x < w; x++) {
        const size_t i = first + x;
        int32_t p = 1 << (e->plan->precision - 1);
        if (x > 0)
            p = anew ? sample(e, i - 1) : predict(e, i, w);
        else if (!anew)
            p = sample(e, i - w);
        const int32_t d = (int16_t)(uint16_t)(sample(e, i) - p);
        e->difference[x] = d == INT16_MIN ? 32768 : d;
    }
}

static inline int category(int32_t difference)
{
    const uint32_t size = (uint32_t)(difference < 0 ? -difference : difference);

    return size ? 32 - __builtin_clz(size) : 0;
}

/* --- the table ------------------------------------------------------------------------------- */

/* Code lengths that fit the frequencies best, T.81 K.2 figure K.1. The last symbol stands for the
 * code of all ones, which must not be used; its frequency is 1. */
static void code_sizes(int64_t frequency[N_CATEGORIES + 1], int size[N_CATEGORIES + 1])
{
    int next[N_CATEGORIES + 1];

    for (int i = 0; i <= N_CATEGORIES; i++) {
        next[i] = -1;
        size[i] = 0;
    }
    for (;;) {
        int v1 = -1, v2 = -1; /* the two rarest; of equals the last */
        for (int i = 0; i <= N_CATEGORIES; i++) {
            if (frequency[i] == 0)
                continue;
            if (v1 < 0 || frequency[i] <= frequency[v1]) {
                v2 = v1;
                v1 = i;
            } else if (v2 < 0 || frequency[i] <= frequency[v2]) {
                v2 = i;
            }
        }
        if (v2 < 0)
            break;
        frequency[v1] += frequency[v2];
        frequency[v2] = 0;
        for (size[v1]++; next[v1] >= 0; size[v1]++)
            v1 = next[v1];
        next[v1] = v2;
        for (size[v2]++; next[v2] >= 0; size[v2]++)
            v2 = next[v2];
    }
}

/* T.81 K.2 figure K.3: no code longer than 16 bits, and none of all ones. */
static void limit_sizes(int count[2 * MAX_CODE_BITS + 1])
{
    for (int i = 2 * MAX_CODE_BITS; i > MAX_CODE_BITS; i--)
        while (count[i] > 0) {
            int j = i - 2;
            while (count[j] == 0)
                j--;
            count[i] -= 2;
            count[i - 1]++;
            count[j + 1] += 2;
            count[j]--;
        }
    int last = MAX_CODE_BITS;
    while (count[last] == 0)
        last--;
    count[last]--;
}

static void make_table(encoder *e, const int64_t histogram[N_CATEGORIES])
{
    int64_t frequency[N_CATEGORIES + 1];
    int size[N_CATEGORIES + 1], count[2 * MAX_CODE_BITS + 1] = {0};

    memcpy(frequency, histogram, N_CATEGORIES * sizeof *histogram);
    frequency[N_CATEGORIES] = 1;
    code_sizes(frequency, size);
    for (int i = 0; i <= N_CATEGORIES; i++)
        count[size[i]]++;
    count[0] = 0;
    limit_sizes(count);

    e->n_order = 0;
    for (int l = 1; l <= N_CATEGORIES; l++) /* 18 symbols: at most 17 bits */
        for (int i = 0; i < N_CATEGORIES; i++)
            if (size[i] == l)
                e->order[e->n_order++] = (uint8_t)i;
    uint32_t code = 0;
    int k = 0;
    for (int l = 1; l <= MAX_CODE_BITS; l++, code <<= 1) {
        e->count[l] = (uint8_t)count[l];
        for (int i = 0; i < count[l]; i++, k++) {
            e->code[e->order[k]] = code++;
            e->length[e->order[k]] = (uint8_t)l;
        }
    }
}

/* --- bytes ----------------------------------------------------------------------------------- */

static void put16(hl_buf *out, int32_t v)
{
    const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};

    hl_buf_append(out, bytes, 2);
}

static void put_marker(hl_buf *out, uint8_t marker)
{
    const uint8_t bytes[2] = {0xFF, marker};

    hl_buf_append(out, bytes, 2);
}

static void put_headers(const encoder *e, hl_buf *out)
{
    const hl_jpeg_lossless_plan *p = e->plan;
    /* One component, id 1, sampling 1 x 1; table 0 */
    const uint8_t component[] = {1, 1, 0x11, 0};
    const uint8_t scan[] = {1, 1, 0, (uint8_t)p->predictor, 0, 0};

    put_marker(out, 0xD8);
    put_marker(out, 0xC3);
    put16(out, 11);
    hl_buf_char(out, (char)p->precision);
    put16(out, p->height);
    put16(out, p->width);
    hl_buf_append(out, component, sizeof component);
    put_marker(out, 0xC4);
    put16(out, 2 + 1 + MAX_CODE_BITS + e->n_order);
    hl_buf_char(out, 0);
    hl_buf_append(out, e->count + 1, MAX_CODE_BITS);
    hl_buf_append(out, e->order, (size_t)e->n_order);
    if (p->restart_lines) {
        put_marker(out, 0xDD);
        put16(out, 4);
        put16(out, p->restart_lines * p->width);
    }
    put_marker(out, 0xDA);
    put16(out, 8);
    hl_buf_append(out, scan, sizeof scan);
}

/* Up to 7 bits that make no whole byte yet. */
typedef struct {
    uint64_t bits;
    int n;
} bit_rest;

static uint8_t *put_bits(uint8_t *to, bit_rest *r, uint32_t value, int n)
{
    r->bits = r->bits << n | value;
    r->n += n;
    while (r->n >= 8) {
        r->n -= 8;
        *to = (uint8_t)(r->bits >> r->n);
        if (*to++ == 0xFF)
            *to++ = 0; /* byte stuffing */
    }
    return to;
}

/* At most 31 bits a sample and 7 from before, each byte perhaps stuffed. */
static void put_line(const encoder *e, bit_rest *r, hl_buf *out)
{
    const size_t w = (size_t)e->plan->width;
    uint8_t *start = (uint8_t *)hl_buf_reserve(out, 8 * w + 2), *to = start;

    if (!start)
        return;
    for (size_t x = 0; x < w; x++) {
        const int32_t d = e->difference[x];
        const int size = category(d);
        to = put_bits(to, r, e->code[size], e->length[size]);
        if (size > 0 && size < 16) /* 32768 needs no bits; negative: one less, T.81 F.1.2.1 */
            to = put_bits(to, r, (uint32_t)(d < 0 ? d - 1 : d) & ((1u << size) - 1), size);
    }
    out->n += (size_t)(to - start);
}

/* Fill the last byte up with ones. */
static void put_rest(bit_rest *r, hl_buf *out)
{
    uint8_t bytes[2];

    if (r->n > 0) {
        const uint8_t *end = put_bits(bytes, r, (1u << (8 - r->n)) - 1, 8 - r->n);
        hl_buf_append(out, bytes, (size_t)(end - bytes));
    }
    *r = (bit_rest){0};
}

static void put_scan(encoder *e, hl_buf *out)
{
    const hl_jpeg_lossless_plan *p = e->plan;
    bit_rest rest = {0};
    uint8_t restart = 0;

    for (int32_t y = 0; y < p->height; y++) {
        if (y > 0 && begins_anew(p, y)) {
            put_rest(&rest, out);
            put_marker(out, (uint8_t)(0xD0 + restart));
            restart = (restart + 1) & 7;
        }
        take_line(e, y);
        put_line(e, &rest, out);
    }
    put_rest(&rest, out);
    put_marker(out, 0xD9);
}

/* --- the whole ------------------------------------------------------------------------------- */

static hl_code check(const hl_jpeg_lossless_plan *p, hl_error *err)
{
    if (p->width < 1 || p->width > 65535 || p->height < 1 || p->height > 65535)
        return hl_fail(err, HL_E_USAGE, "lossless JPEG: %d x %d pixels (1 to 65535 are possible)",
                       p->width, p->height);
    if ((p->bits != 8 && p->bits != 16) || p->precision < 2 || p->precision > p->bits)
        return hl_fail(err, HL_E_USAGE, "lossless JPEG: %d-bit samples in words of %d bits",
                       p->precision, p->bits);
    if (p->predictor < 1 || p->predictor > 7)
        return hl_fail(err, HL_E_USAGE, "lossless JPEG: predictor %d (there are 1 to 7)",
                       p->predictor);
    if (p->restart_lines < 0 || (int64_t)p->restart_lines * p->width > 65535)
        return hl_fail(err, HL_E_USAGE,
                       "lossless JPEG: a restart interval of %d lines of %d samples (at most 65535 "
                       "samples are possible)",
                       p->restart_lines, p->width);
    return HL_OK;
}

static hl_code check_samples(const encoder *e, hl_error *err)
{
    const size_t n = (size_t)e->plan->width * (size_t)e->plan->height;
    uint32_t all = 0;

    for (size_t i = 0; i < n; i++)
        all |= (uint32_t)sample(e, i);
    if (all >> e->plan->precision)
        return hl_fail(err, HL_E_INPUT, "lossless JPEG: a sample has more than %d bits",
                       e->plan->precision);
    return HL_OK;
}

hl_code hl_jpeg_encode_lossless_as(const void *px, const hl_jpeg_lossless_plan *plan, hl_buf *out,
                                   hl_error *err)
{
    encoder e = {.plan = plan, .px = px};
    int64_t histogram[N_CATEGORIES] = {0};
    hl_code c = check(plan, err);

    if (c == HL_OK)
        c = check_samples(&e, err);
    if (c != HL_OK)
        return c;
    e.difference = malloc((size_t)plan->width * sizeof *e.difference);
    if (!e.difference)
        return hl_fail_memory(err, "lossless JPEG", (size_t)plan->width * sizeof *e.difference);
    for (int32_t y = 0; y < plan->height; y++) {
        take_line(&e, y);
        for (int32_t x = 0; x < plan->width; x++)
            histogram[category(e.difference[x])]++;
    }
    make_table(&e, histogram);
    put_headers(&e, out);
    put_scan(&e, out);
    free(e.difference);
    return hl_buf_check(out, "lossless JPEG", err);
}

hl_code hl_jpeg_encode_lossless(const void *px, int32_t width, int32_t height, int32_t bits,
                                int32_t precision, int predictor, hl_buf *out, hl_error *err)
{
    const hl_jpeg_lossless_plan plan = {.width = width,
                                        .height = height,
                                        .bits = bits,
                                        .precision = precision,
                                        .predictor = predictor};

    return hl_jpeg_encode_lossless_as(px, &plan, out, err);
}
