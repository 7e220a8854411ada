#include "data/resize_area.h"

#include <float.h>
#include <math.h>

static uint8_t rounded(float grey)
{
    const long v = lrintf(grey);

    return (uint8_t)(v > 255 ? 255 : v);
}

/* --- whole ratios --------------------------------------------------------------------------- */

/* OpenCV has integer arithmetic of its own for halves: ties go up. */
static void halve(const hl_image *src, hl_image *out)
{
    for (int32_t y = 0; y < out->height; y++) {
        const uint8_t *a = src->px + 2 * (int64_t)y * src->row_bytes, *b = a + src->row_bytes;
        uint8_t *restrict to = out->px + y * out->row_bytes;
        for (int32_t x = 0; x < out->width; x++)
            to[x] = (uint8_t)((a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1] + 2) >> 2);
    }
}

/* Sums of h rows first, then of w columns. */
static hl_code shrink_whole(hl_arena *arena, const hl_image *src, int32_t w, int32_t h,
                            hl_image *out, hl_error *err)
{
    const size_t used = (size_t)w * (size_t)out->width;
    const float scale = 1.0f / (float)(w * h);
    uint32_t *column = hl_arena_alloc(arena, used * sizeof *column);

    if (!column)
        return hl_fail_memory(err, "resize sums", used * sizeof *column);
    for (int32_t y = 0; y < out->height; y++) {
        memset(column, 0, used * sizeof *column);
        for (int32_t k = 0; k < h; k++) {
            const uint8_t *row = src->px + ((int64_t)y * h + k) * src->row_bytes;
            for (size_t x = 0; x < used; x++)
                column[x] += row[x];
        }
        for (int32_t x = 0; x < out->width; x++) {
            const uint32_t *from = column + (size_t)x * (size_t)w;
            int64_t sum = 0;
            for (int32_t k = 0; k < w; k++)
                sum += from[k];
            out->px[y * out->row_bytes + x] = rounded((float)sum * scale);
        }
    }
    return HL_OK;
}

/* --- any ratios ----------------------------------------------------------------------------- */

/* Output pixel i is the sum of n source pixels from first, times their weights. */
typedef struct {
    int32_t first, n;
    const float *weight;
} cell;

/*
 * Cell i of src pixels that become dst: the part of a pixel on its left border, whole pixels, the
 * part on its right; parts of less than a thousandth are left out. Doubles, weights cut to float32.
 */
static void make_cell(int32_t src, double scale, int32_t i, float *weight, cell *out)
{
    const double from = i * scale, to = from + scale;
    const double width = scale < src - from ? scale : src - from;
    int32_t first = (int32_t)ceil(from), end = (int32_t)floor(to);

    end = end < src - 1 ? end : src - 1;
    first = first < end ? first : end;
    *out = (cell){.first = first, .weight = weight};
    if (first - from > 1e-3) {
        out->first--;
        weight[out->n++] = (float)((first - from) / width);
    }
    for (int32_t x = first; x < end; x++)
        weight[out->n++] = (float)(1.0 / width);
    if (to - end > 1e-3) {
        double part = to - end < 1.0 ? to - end : 1.0;
        part = part < width ? part : width;
        weight[out->n++] = (float)(part / width);
    }
}

static hl_code make_cells(hl_arena *arena, int32_t src, int32_t dst, double scale, cell **out,
                          hl_error *err)
{
    /* Neighbours share a pixel, so there are at most two weights for each. */
    float *weight = hl_arena_calloc(arena, 2 * (size_t)src + 2, sizeof *weight);
    cell *c = hl_arena_calloc(arena, (size_t)dst, sizeof *c);
    int32_t used = 0;

    if (!weight || !c)
        return hl_fail_memory(err, "resize weights", 2 * (size_t)src * sizeof *weight);
    for (int32_t i = 0; i < dst; i++) {
        make_cell(src, scale, i, weight + used, &c[i]);
        used += c[i].n;
    }
    hl_assert(used <= 2 * src + 2);
    *out = c;
    return HL_OK;
}

static void row_of_cells(const uint8_t *row, const cell *c, int32_t n, float *out)
{
    for (int32_t i = 0; i < n; i++) {
        const uint8_t *p = row + c[i].first;
        const float *w = c[i].weight;
        float sum = 0.0f;
        for (int32_t k = 0; k < c[i].n; k++)
            sum += (float)p[k] * w[k];
        out[i] = sum;
    }
}

static hl_code shrink_any(hl_arena *arena, const hl_image *src, double scale_x, double scale_y,
                          hl_image *out, hl_error *err)
{
    const int32_t width = out->width;
    cell *across = NULL, *down = NULL;
    float *row = hl_arena_calloc(arena, (size_t)width, sizeof *row);
    float *sum = hl_arena_calloc(arena, (size_t)width, sizeof *sum);

    if (!row || !sum)
        return hl_fail_memory(err, "resize rows", (size_t)width * 8);
    hl_code c = make_cells(arena, src->width, width, scale_x, &across, err);
    if (c == HL_OK)
        c = make_cells(arena, src->height, out->height, scale_y, &down, err);
    for (int32_t y = 0, have = -1; c == HL_OK && y < out->height; y++) {
        for (int32_t k = 0; k < down[y].n; k++) {
            const float w = down[y].weight[k];
            /* The last row of one cell is often the first of the next. */
            if (down[y].first + k != have) {
                have = down[y].first + k;
                row_of_cells(src->px + have * src->row_bytes, across, width, row);
            }
            for (int32_t x = 0; x < width; x++)
                sum[x] = k == 0 ? w * row[x] : sum[x] + w * row[x];
        }
        for (int32_t x = 0; x < width; x++)
            out->px[y * out->row_bytes + x] = rounded(sum[x]);
    }
    return c;
}

hl_code hl_resize_area(hl_arena *arena, const hl_image *src, int32_t width, int32_t height,
                       hl_cpu cpu, hl_image *out, hl_error *err)
{
    /* The ratios go through their inverses, as OpenCV's do. */
    const double scale_x = 1.0 / ((double)width / src->width);
    const double scale_y = 1.0 / ((double)height / src->height);
    const double whole_x = rint(scale_x), whole_y = rint(scale_y);
    hl_image image;

    (void)cpu;
    hl_assert(src->channels == 1 && width >= 1 && height >= 1);
    hl_assert(width <= src->width && height <= src->height);
    hl_code c = hl_image_new(arena, width, height, 1, &image, err);
    if (c != HL_OK)
        return c;
    const bool whole =
        fabs(scale_x - whole_x) < DBL_EPSILON && fabs(scale_y - whole_y) < DBL_EPSILON;
    if (whole && whole_x == 2.0 && whole_y == 2.0)
        halve(src, &image);
    else if (whole)
        c = shrink_whole(arena, src, (int32_t)whole_x, (int32_t)whole_y, &image, err);
    else
        c = shrink_any(arena, src, scale_x, scale_y, &image, err);
    *out = image;
    return c;
}
