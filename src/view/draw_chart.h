/*
 * draw_chart.h - small charts as inline SVG: histogram, bar, stacked bar, range strip.
 *
 * Horizontal positions are percentages and vertical ones CSS pixels, so a chart takes the width of
 * its column and its text and lines keep their size. Colours come from classes of scorecard.css;
 * nothing is told by colour alone. Each chart is one image to a screen reader, with a label.
 */
#ifndef HL_VIEW_DRAW_CHART_H
#define HL_VIEW_DRAW_CHART_H

#include "base/arena.h"
#include "base/buf.h"

/* --- numbers of a sample -------------------------------------------------------------------- */

typedef struct {
    size_t n; /* values; the others mean nothing when it is 0 */
    double min, p05, p25, p50, p75, p95, max;
} hl_quantiles;

/* Sorts value[0..n) (no NaN) and takes its quantiles, linear between neighbours. */
hl_code hl_quantiles_of(double *value, size_t n, hl_quantiles *out, hl_error *err);

/* Decimals (0 to 4) that quartiles need: none is off by more than a tenth of the middle half's
 * width. */
int hl_quantiles_decimals(const hl_quantiles *q);

/* Bins [low + i*width, low + (i+1)*width), or (low + i*width, low + (i+1)*width] when closed on the
 * right; the first and the last hold both their edges. */
typedef struct {
    double low, width;
    size_t n_bins;
    int64_t *count;  /* [n_bins] */
    int64_t largest; /* largest count */
} hl_histogram;

typedef enum { HL_BINS_CLOSED_LEFT, HL_BINS_CLOSED_RIGHT } hl_bins_side;

/*
 * Bin value[0..n) (no NaN, sorted). The bin width is the first of width[0..n_widths) (ascending)
 * that needs at most max_bins bins, or the last one times the power of two that does; edges are
 * multiples of it. n = 0 gives no bins. count is from arena.
 */
hl_code hl_histogram_of(hl_arena *arena, const double *value, size_t n, const double *width,
                        size_t n_widths, size_t max_bins, hl_bins_side side, hl_histogram *out,
                        hl_error *err);

/* --- drawing -------------------------------------------------------------------------------- */

/* label: what a screen reader says, plain text. Axis labels stand at multiples of the first of
 * tick[0..n_ticks) (ascending) that needs at most seven. zero: draw a line at 0 if it lies inside,
 * and name it (plain text; NULL: none). */
void hl_draw_histogram(hl_buf *to, const hl_histogram *h, hl_str label, const double *tick,
                       size_t n_ticks, const char *zero);

/* One horizontal bar, part of whole; decorative (the numbers stand beside it). lost: the rest up to
 * before of whole is drawn hatched: what a rule dropped. */
void hl_draw_bar(hl_buf *to, int64_t part, int64_t before, int64_t whole);

/* Stacked bar of n parts; part i has class "k<i>". Decorative. */
void hl_draw_stack(hl_buf *to, const int64_t *part, size_t n);

/* 5-95 % as a line, 25-75 % as a box, median as a tick, on the axis [low, high]; mark (NULL: none)
 * as a dot, drawn at the edge when outside. label as above; NULL: decorative. */
void hl_draw_range(hl_buf *to, const hl_quantiles *q, double low, double high, const double *mark,
                   const char *label);

#endif
