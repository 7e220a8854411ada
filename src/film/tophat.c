#include "film/tophat.h"

#include <string.h>

typedef void pick(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t n);

/* One direction of an erosion (pick = least, nothing = 255) or a dilation (most, 0). */
typedef struct {
    pick *pick;
    int32_t k, r;     /* side of the square, its half */
    uint8_t *line[2]; /* width + 2 r bytes each */
    uint8_t *blank;   /* a row of nothing */
    uint8_t *suffix;  /* k rows */
    uint8_t *prefix[2];
    size_t width;
    int32_t height;
    int64_t row_bytes;
    uint8_t nothing;
} slide;

/* Along a row, by doubling: windows of 1, 2, 4, ... px, then two of them overlap to k. */
static void slide_row(const slide *s, const uint8_t *in, uint8_t *out)
{
    const size_t r = (size_t)s->r, k = (size_t)s->k;
    uint8_t *now = s->line[0], *next = s->line[1];
    size_t valid = s->width + 2 * r, w = 1;

    memset(now, s->nothing, r);
    memcpy(now + r, in, s->width);
    memset(now + r + s->width, s->nothing, r);
    for (; 2 * w <= k; w *= 2) {
        valid -= w;
        s->pick(now, now + w, next, valid);
        uint8_t *t = now;
        now = next;
        next = t;
    }
    s->pick(now, now + (k - w), out, s->width);
}

static const uint8_t *row_or_blank(const slide *s, const uint8_t *px, int32_t y)
{
    return y >= 0 && y < s->height ? px + y * s->row_bytes : s->blank;
}

/*
 * Down the columns (van Herk, Gil and Werman): rows in blocks of k. A window of k rows that starts
 * at row i of a block is the suffix of this block from i on and a prefix of the next one.
 */
static void slide_columns(const slide *s, const uint8_t *in, uint8_t *out)
{
    const size_t w = s->width;

    for (int32_t top = -s->r; top < s->height - s->r; top += s->k) {
        memcpy(s->suffix + (size_t)(s->k - 1) * w, row_or_blank(s, in, top + s->k - 1), w);
        for (int32_t i = s->k - 2; i >= 0; i--)
            s->pick(s->suffix + (size_t)(i + 1) * w, row_or_blank(s, in, top + i),
                    s->suffix + (size_t)i * w, w);
        memcpy(out + (top + s->r) * s->row_bytes, s->suffix, w);
        uint8_t *prefix = s->prefix[0], *next = s->prefix[1];
        for (int32_t i = 1; i < s->k && top + i + s->r < s->height; i++) {
            const uint8_t *row = row_or_blank(s, in, top + s->k - 1 + i);
            if (i == 1) {
                memcpy(prefix, row, w);
            } else {
                s->pick(prefix, row, next, w);
                uint8_t *t = prefix;
                prefix = next;
                next = t;
            }
            s->pick(s->suffix + (size_t)i * w, prefix, out + (top + i + s->r) * s->row_bytes, w);
        }
    }
}

/* in and between, between and out do not overlap; in may be out. */
static void slide_both(slide *s, const hl_image *in, hl_image *between, hl_image *out)
{
    memset(s->blank, s->nothing, s->width);
    for (int32_t y = 0; y < s->height; y++)
        slide_row(s, in->px + y * in->row_bytes, between->px + y * between->row_bytes);
    slide_columns(s, between->px, out->px);
}

hl_code hl_tophat(const hl_image *image, int32_t k, const hl_grey_ops *ops, hl_image *scratch,
                  hl_arena *arena, hl_image *out, hl_error *err)
{
    hl_assert(k >= 3 && k % 2 == 1 && k <= HL_TOPHAT_MAX_SIDE && image->channels == 1);
    hl_assert(out->width == image->width && out->height == image->height);
    hl_assert(scratch->width == image->width && scratch->height == image->height);
    hl_assert(scratch->row_bytes == out->row_bytes && out->px != image->px);

    const size_t width = (size_t)image->width, line = width + (size_t)k - 1;
    const size_t n = 2 * line + 3 * width + (size_t)k * width;
    uint8_t *rows = hl_arena_alloc(arena, n);
    if (!rows)
        return hl_fail_memory(err, "top-hat", n);

    slide s = {.pick = ops->least,
               .k = k,
               .r = k / 2,
               .line = {rows, rows + line},
               .blank = rows + 2 * line,
               .prefix = {rows + 2 * line + width, rows + 2 * line + 2 * width},
               .suffix = rows + 2 * line + 3 * width,
               .width = width,
               .height = image->height,
               .row_bytes = out->row_bytes,
               .nothing = 255};
    slide_both(&s, image, scratch, out);
    s.pick = ops->most;
    s.nothing = 0;
    slide_both(&s, out, scratch, out);
    for (int32_t y = 0; y < image->height; y++) {
        uint8_t *opened = out->px + y * out->row_bytes, *diff = s.line[0];
        ops->minus(image->px + y * image->row_bytes, opened, diff, width);
        memcpy(opened, diff, width);
    }
    return HL_OK;
}
