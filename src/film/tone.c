#include "film/tone.h"

#include <math.h>

#include "base/sort.h"

/* --- published ------------------------------------------------------------------------------ */

/* value - min modulo 2^bits, with the type's sign. */
static int64_t shifted(const hl_tone *t, int64_t value)
{
    const uint64_t span = UINT64_C(1) << t->bits;
    const uint64_t s = (uint64_t)(value - t->min) & (span - 1);

    return t->is_signed && s >= span / 2 ? (int64_t)s - (int64_t)span : (int64_t)s;
}

static void fit_published(hl_tone *t, const hl_frame *frame, const hl_tally *tally,
                          hl_look_stats *stats)
{
    t->kind = HL_TONE_PUBLISHED;
    t->min = stats->min;
    t->bits = frame->bits;
    t->is_signed = frame->is_signed;
    for (size_t i = 0; i < tally->n; i++) {
        const int64_t s = shifted(t, tally->value[i]);
        t->greatest = s > t->greatest ? s : t->greatest;
        stats->wrapped = stats->wrapped || s < 0;
    }
}

/* films.md 1.1 steps a to c. A wrapped S is negative: the published cast goes through int32 and
 * keeps the low 8 bits; beyond int32 the processor's answer has zeros there. */
static uint32_t published(const hl_tone *t, int64_t value)
{
    if (t->greatest == 0)
        return 0;
    const double r = (double)shifted(t, value) / (double)t->greatest * 255.0;
    return r < -2147483648.0 ? 0 : (uint32_t)(int32_t)r & 0xFF;
}

/* --- ours ----------------------------------------------------------------------------------- */

typedef struct {
    double x;
    int64_t count;
} level;

static int by_x(const void *a, const void *b, void *ctx)
{
    const double x = ((const level *)a)->x, y = ((const level *)b)->x;

    (void)ctx;
    return (x > y) - (x < y);
}

/* The order statistic number k (from 0). */
static double at_rank(const level *l, size_t n, int64_t k)
{
    size_t i = 0;

    while (i + 1 < n && k >= l[i].count)
        k -= l[i++].count;
    return l[i].x;
}

/* numpy.percentile's default (linear between order statistics), with its own rounding. */
static double percentile(const level *l, size_t n, int64_t n_pixels, double q)
{
    const double at = q / 100.0 * (double)(n_pixels - 1);
    const double below = floor(at), t = at - below;
    const double a = at_rank(l, n, (int64_t)below), b = at_rank(l, n, (int64_t)below + 1);

    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1.0 - t);
}

static hl_code fit_percentile(const hl_look *look, hl_tone *t, const hl_tally *tally,
                              hl_arena *arena, hl_error *err)
{
    level *l = hl_arena_calloc(arena, tally->n, sizeof *l);

    if (!l)
        return hl_fail_memory(err, "histogram", tally->n * sizeof *l);
    for (size_t i = 0; i < tally->n; i++)
        l[i] = (level){hl_modality_of(&t->modality, tally->value[i]), tally->count[i]};
    const hl_code c = hl_sort_stable(l, tally->n, sizeof *l, by_x, NULL, err);
    if (c != HL_OK)
        return c;
    t->low = percentile(l, tally->n, tally->n_pixels, look->percentile[0]);
    t->high = percentile(l, tally->n, tally->n_pixels, look->percentile[1]);
    return HL_OK;
}

static void fit_minmax(hl_tone *t, const hl_tally *tally)
{
    for (size_t i = 0; i < tally->n; i++) {
        const double x = hl_modality_of(&t->modality, tally->value[i]);
        t->low = i == 0 || x < t->low ? x : t->low;
        t->high = i == 0 || x > t->high ? x : t->high;
    }
}

static void fit_stored(hl_tone *t, const hl_pixels *p)
{
    const int64_t half = INT64_C(1) << (p->bits_stored - 1);

    hl_modality_span(&t->modality, p->is_signed ? -half : 0, p->is_signed ? half - 1 : 2 * half - 1,
                     &t->low, &t->high);
}

static double unit_of(const hl_tone *t, int64_t stored)
{
    const double x = hl_modality_of(&t->modality, stored);

    if (t->kind == HL_TONE_VOI)
        return hl_voi_of(&t->voi, x);
    if (x <= t->low)
        return 0.0;
    return x >= t->high ? 1.0 : (x - t->low) / (t->high - t->low);
}

/* --- both ----------------------------------------------------------------------------------- */

hl_code hl_tone_fit(const hl_look *look, hl_dicom *d, const hl_pixels *p, const hl_frame *frame,
                    const hl_tally *tally, hl_arena *arena, hl_tone *out, hl_look_stats *stats,
                    hl_error *err)
{
    const bool apply = look->modality == HL_MODALITY_APPLY;
    hl_code c = HL_OK;

    stats->constant = stats->min == stats->max;
    stats->inverted =
        look->invert == HL_INVERT_MONOCHROME1 && strcmp(p->photometric, "MONOCHROME1") == 0;
    *out = (hl_tone){.kind = HL_TONE_RANGE,
                     .white = look->format == HL_FILM_PNG16 ? 65535 : 255,
                     .truncate = look->rounding == HL_ROUND_TRUNCATE,
                     .invert = stats->inverted,
                     .modality = hl_modality_none()};
    if (apply)
        c = hl_modality_read(d, p, arena, &out->modality, err);
    if (c != HL_OK)
        return c;
    switch (look->range) {
    case HL_RANGE_VOI:
        c = hl_voi_read(d, p, &out->modality, arena, &out->voi, err);
        if (c == HL_OK && out->voi.kind != HL_VOI_NONE) {
            out->kind = HL_TONE_VOI;
            return HL_OK;
        }
        stats->no_voi = c == HL_OK;
        fit_minmax(out, tally);
        return c;
    case HL_RANGE_PERCENTILE:
        return tally->n ? fit_percentile(look, out, tally, arena, err) : HL_OK;
    case HL_RANGE_STORED:
        fit_stored(out, p);
        return HL_OK;
    case HL_RANGE_MINMAX:
        if (out->truncate && out->white == 255 && !apply && !look->skip_padding)
            fit_published(out, frame, tally, stats);
        else
            fit_minmax(out, tally);
        return HL_OK;
    }
    return HL_OK;
}

uint32_t hl_tone_of(const hl_tone *t, int64_t stored)
{
    uint32_t grey;

    if (t->kind == HL_TONE_PUBLISHED)
        grey = published(t, stored);
    else
        grey = (uint32_t)(unit_of(t, stored) * (double)t->white + (t->truncate ? 0.0 : 0.5));
    return t->invert ? t->white - grey : grey;
}
