/*
 * wave_strip.h - a stretch of a record on ECG paper, as a clinician reads it: SVG or PNG.
 *
 * 25 mm a second, 10 mm a mV, grid of 1 and 5 mm, calibration pulse, a row a signal with its name
 * and scale, annotations above the trace, gaps as hatched bands and never as lines, wall clock
 * along the bottom. Physical sizes: SVG in mm, PNG by dpi. Source: waveform.md 7.
 *
 *      wave_strip.c         the sheet: rows, or twelve leads; what is written around them
 *      wave_strip_trace.c   samples to points: gaps, minimum and maximum of what is too dense
 *      wave_strip_scale.c   how many units a mm has, ticks
 *      wave_strip_notes.c   annotations and times
 *      wave_strip_page.c    the list of marks that they make
 *      wave_strip_svg.c, wave_strip_png.c    what turns a list of marks into bytes
 */
#ifndef HL_VIEW_WAVE_STRIP_H
#define HL_VIEW_WAVE_STRIP_H

#include "base/buf.h"
#include "hilum/wave.h"

typedef enum {
    HL_STRIP_ROWS = 0,  /* one row a signal, the window's whole length */
    HL_STRIP_TWELVE = 1 /* 3 x 4 leads of 2.5 s and a rhythm strip: 12-lead ECGs */
} hl_strip_layout;

#define HL_STRIP_TWELVE_S 10 /* the longest window of HL_STRIP_TWELVE; less than a frame more */

/* Zero it first. */
typedef struct {
    int64_t from, to;      /* frames */
    const int32_t *signal; /* [n_signals]; NULL = all */
    int32_t n_signals;
    int32_t layout;             /* hl_strip_layout */
    double mm_per_s, mm_per_mv; /* 0 = 25, 10; 0.001 to 1000 */
    double dpi;                 /* PNG; 0 = 150; 10 to 2400 */
    const char *annotator;      /* suffix of an annotation file beside the record ("atr"); "" = the
                                   annotations within an EDF+ file; NULL = none */
} hl_strip_options;

/* What was drawn. */
typedef struct {
    double width_mm, height_mm;
    int32_t width_px, height_px; /* PNG */
    int32_t n_signals;
    int64_t n_annotations; /* within the window */
} hl_strip_facts;

/*
 * Append the picture. facts may be NULL. HL_E_USAGE: an empty window, no signals, a window too long
 * for paper (more than 20 m) or a sheet too high, HL_STRIP_TWELVE of more than 10 s, a number out
 * of its range; HL_E_LIMIT: more pixels than a PNG can have here, libcairo is not there (PNG);
 * what hl_wave_read() and hl_wave_annotations_read() say.
 */
hl_code hl_strip_svg(hl_wave *wave, const hl_strip_options *options, hl_buf *to,
                     hl_strip_facts *facts, hl_error *err);
hl_code hl_strip_png(hl_wave *wave, const hl_strip_options *options, hl_buf *to,
                     hl_strip_facts *facts, hl_error *err);

/* Whether the record has the 12 standard leads, each once (any case). */
bool hl_strip_has_twelve(const hl_wave *wave);

#endif
