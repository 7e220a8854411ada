#include "film/glyphs.h"

#include <math.h>
#include <string.h>

/* films.md 4.3 gives the limits: tried on radiographs with text drawn on them. */
static const float most_aspect = 2.5f;          /* width / height: letters, not dashes or ribs */
static const float least_fill = 0.12f;          /* area / box: a slash has the least */
static const float most_deviation = 48.0f;      /* of grey inside a letter, ... */
static const float most_soft_deviation = 0.33f; /* ... of its rise: soft edges of a bright one */
static const float most_pen_spread = 0.55f;     /* one pen; serifs and joints widen it */

/* Chamfer distances (Borgefors 1986): 5 a step, 7 a diagonal, 11 a knight's move; within 2 % of
 * the Euclidean distance. */
enum { STEP = 5, DIAGONAL = 7, KNIGHT = 11, BORDER = 2 };

hl_code hl_glyphs_new(hl_arena *arena, hl_glyph_size size, hl_glyphs *out, hl_error *err)
{
    const size_t n =
        (size_t)(size.most_width + 2 * BORDER) * (size_t)(size.most_height + 2 * BORDER);
    uint16_t *distance = hl_arena_calloc(arena, n, sizeof *distance);

    if (!distance)
        return hl_fail_memory(err, "letters", n * sizeof *distance);
    *out = (hl_glyphs){distance, size};
    return HL_OK;
}

static bool has_the_size(const hl_component *c, const hl_glyph_size *size)
{
    const int32_t w = c->right - c->left, h = c->bottom - c->top;

    return h >= size->least_height && h <= size->most_height && w >= size->least_width &&
           w <= size->most_width && c->area >= size->least_area &&
           (float)w <= most_aspect * (float)h && (float)c->area >= least_fill * (float)(w * h);
}

/* Median and deviation of the pixels under the runs of c. */
static void measure_grey(const hl_image *image, const hl_components *all, const hl_component *c,
                         float *median, float *deviation)
{
    uint16_t count[256] = {0};
    int64_t sum = 0, squares = 0, below = 0;
    int32_t middle = 0;

    for (uint32_t i = c->first_run; i != HL_NO_RUN; i = all->run[i].next) {
        const hl_px_run *run = &all->run[i];
        const uint8_t *px = image->px + run->y * image->row_bytes;
        for (int32_t x = run->left; x < run->end; x++)
            count[px[x]]++;
    }
    for (int32_t v = 0; v < 256; v++) {
        sum += (int64_t)v * count[v];
        squares += (int64_t)v * v * count[v];
        below += count[v];
        if (2 * (below - count[v]) < c->area)
            middle = v;
    }
    const double n = c->area, mean = (double)sum / n;
    *median = (float)middle;
    *deviation = (float)sqrt(fmax(0, (double)squares / n - mean * mean));
}

static inline uint16_t nearer(uint16_t a, uint16_t b, unsigned step)
{
    return b + step < a ? (uint16_t)(b + step) : a;
}

/* d: 0 outside and in a border of 2 px, else anything; rows of w px. Chamfer distance to the
 * outside in place. */
static void measure_distance(uint16_t *d, int32_t w, int32_t width, int32_t height)
{
    for (int32_t y = 0; y < height; y++) {
        uint16_t *p = d + (y + BORDER) * w + BORDER;
        for (int32_t x = 0; x < width; x++, p++) {
            if (*p == 0)
                continue;
            uint16_t v = UINT16_MAX;
            v = nearer(v, p[-1], STEP);
            v = nearer(v, p[-w], STEP);
            v = nearer(v, p[-w - 1], DIAGONAL);
            v = nearer(v, p[-w + 1], DIAGONAL);
            v = nearer(v, p[-w - 2], KNIGHT);
            v = nearer(v, p[-w + 2], KNIGHT);
            v = nearer(v, p[-2 * w - 1], KNIGHT);
            *p = nearer(v, p[-2 * w + 1], KNIGHT);
        }
    }
    for (int32_t y = height - 1; y >= 0; y--) {
        uint16_t *p = d + (y + BORDER) * w + BORDER + width - 1;
        for (int32_t x = width - 1; x >= 0; x--, p--) {
            if (*p == 0)
                continue;
            uint16_t v = *p;
            v = nearer(v, p[1], STEP);
            v = nearer(v, p[w], STEP);
            v = nearer(v, p[w + 1], DIAGONAL);
            v = nearer(v, p[w - 1], DIAGONAL);
            v = nearer(v, p[w + 2], KNIGHT);
            v = nearer(v, p[w - 2], KNIGHT);
            v = nearer(v, p[2 * w + 1], KNIGHT);
            *p = nearer(v, p[2 * w - 1], KNIGHT);
        }
    }
}

static inline bool is_peak(const uint16_t *p, int32_t w)
{
    const uint16_t v = *p;

    return v && v >= p[-1] && v >= p[1] && v >= p[-w - 1] && v >= p[-w] && v >= p[-w + 1] &&
           v >= p[w - 1] && v >= p[w] && v >= p[w + 1];
}

/* The local maxima of the distance are half the pen's width. */
static void measure_pen(hl_glyphs *g, const hl_components *all, const hl_component *c,
                        hl_glyph *glyph)
{
    const int32_t width = c->right - c->left, height = c->bottom - c->top;
    const int32_t w = width + 2 * BORDER;
    int64_t n = 0, sum = 0, squares = 0;

    memset(g->distance, 0, (size_t)w * (size_t)(height + 2 * BORDER) * sizeof *g->distance);
    for (uint32_t i = c->first_run; i != HL_NO_RUN; i = all->run[i].next) {
        const hl_px_run *run = &all->run[i];
        memset(g->distance + (run->y - c->top + BORDER) * w + run->left - c->left + BORDER, 0xff,
               (size_t)(run->end - run->left) * sizeof *g->distance);
    }
    measure_distance(g->distance, w, width, height);
    for (int32_t y = 0; y < height; y++) {
        const uint16_t *p = g->distance + (y + BORDER) * w + BORDER;
        for (int32_t x = 0; x < width; x++)
            if (is_peak(p + x, w)) {
                n++;
                sum += p[x];
                squares += (int64_t)p[x] * p[x];
            }
    }
    const double mean = (double)sum / (double)n;
    const double variance = fmax(0, (double)squares / (double)n - mean * mean);
    glyph->pen = (float)(2 * mean / STEP);
    glyph->pen_spread = (float)(sqrt(variance) / mean);
}

size_t hl_glyphs_keep(hl_glyphs *g, const hl_image *image, const hl_image *map,
                      const hl_components *c, hl_glyph *out)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++) {
        const hl_component *at = &c->at[i];
        if (!has_the_size(at, &g->size))
            continue;
        hl_glyph glyph = {.left = at->left,
                          .top = at->top,
                          .right = at->right,
                          .bottom = at->bottom,
                          .area = at->area};
        float unused;
        measure_grey(map, c, at, &glyph.rise, &unused);
        measure_grey(image, c, at, &glyph.grey, &glyph.deviation);
        if (glyph.deviation > fmaxf(most_deviation, most_soft_deviation * glyph.rise))
            continue;
        measure_pen(g, c, at, &glyph);
        if (glyph.pen_spread <= most_pen_spread)
            out[n++] = glyph;
    }
    return n;
}
