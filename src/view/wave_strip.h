/*
 * wave_strip.h - a stretch of a record on ECG paper, as a clinician reads it: SVG or PNG.
 *
 * 25 mm a second, 10 mm a mV, grid of 1 and 5 mm, calibration pulse, a row a signal with its name
 * and scale, annotations above the trace, gaps as hatched bands and never as lines, wall clock
 * along the bottom. Physical sizes: SVG in mm, PNG by dpi. Source: waveform.md 7.
 */
#ifndef HL_VIEW_WAVE_STRIP_H
#define HL_VIEW_WAVE_STRIP_H

#include "base/buf.h"
#include "hilum/wave.h"

typedef enum {
    HL_STRIP_ROWS = 0,  /* one row a signal, the window's whole length */
    HL_STRIP_TWELVE = 1 /* 3 x 4 leads of 2.5 s and a rhythm strip: 12-lead ECGs */
} hl_strip_layout;

/* Zero it first. */
typedef struct {
    int64_t from, to;      /* frames */
    const int32_t *signal; /* [n_signals]; NULL = all */
    int32_t n_signals;
    int32_t layout;             /* hl_strip_layout */
    double mm_per_s, mm_per_mv; /* 0 = 25, 10 */
    double dpi;                 /* PNG; 0 = 150 */
    const char *annotator; /* suffix of an annotation file beside the record ("atr"); NULL = none */
    const char *folder_of_annotations; /* path of the record as given, for that file */
} hl_strip_options;

/* Append the picture. HL_E_USAGE: a window too long for paper (more than 20 m), no signals. */
hl_code hl_strip_svg(hl_wave *wave, const hl_strip_options *options, hl_buf *to, hl_error *err);
hl_code hl_strip_png(hl_wave *wave, const hl_strip_options *options, hl_buf *to, hl_error *err);

#endif
