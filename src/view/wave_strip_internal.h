/*
 * wave_strip_internal.h - what the parts of a strip's layout share: traces, scales, lanes of notes.
 */
#ifndef HL_VIEW_WAVE_STRIP_INTERNAL_H
#define HL_VIEW_WAVE_STRIP_INTERNAL_H

#include "format/wfdb/calibration.h"
#include "view/wave_strip.h"
#include "view/wave_strip_page.h"

/* --- traces: wave_strip_trace.c ----------------------------------------------------------------
 */

/* A point of a trace; value NaN: the line ends, the next point begins another. */
typedef struct {
    double mm; /* from the window's start */
    double value;
} hl_trace_point;

typedef enum {
    HL_GAP_INVALID = 0, /* samples marked as not measured */
    HL_GAP_ABSENT = 1,  /* the segment does not have the signal */
    HL_GAP_RECORD = 2   /* a gap of the whole record */
} hl_gap_kind;

typedef struct {
    double from_mm, to_mm;
    int32_t kind; /* hl_gap_kind */
    int32_t reserved;
} hl_trace_gap;

/* One signal over the window. low to p995 mean nothing when there is no valid sample. */
typedef struct {
    int32_t signal;
    const hl_wave_signal *about;
    hl_buf points; /* hl_trace_point */
    hl_buf gaps;   /* hl_trace_gap */
    int64_t n_valid;
    double low, high;                    /* extremes */
    double median, p005, p25, p75, p995; /* of 16384 samples at most, evenly spread */
} hl_trace;

typedef struct {
    hl_wave *wave;
    int64_t from, to; /* frames */
    double mm_per_s;
    hl_trace *trace; /* [n] */
    int32_t n;
} hl_traces;

/* Read the window's signals. More than four samples on a tenth of a mm are drawn as its first,
 * lowest, highest and last one (none of what could be seen is lost), fewer all. */
hl_code hl_traces_read(hl_traces *t, hl_error *err);
void hl_traces_free(hl_traces *t);

static inline size_t hl_trace_n_points(const hl_trace *t)
{
    return t->points.n / sizeof(hl_trace_point);
}
static inline const hl_trace_point *hl_trace_points(const hl_trace *t)
{
    return (const hl_trace_point *)(const void *)t->points.at;
}
static inline size_t hl_trace_n_gaps(const hl_trace *t)
{
    return t->gaps.n / sizeof(hl_trace_gap);
}
static inline const hl_trace_gap *hl_trace_gaps(const hl_trace *t)
{
    return (const hl_trace_gap *)(const void *)t->gaps.at;
}

/* --- scales: wave_strip_scale.c ----------------------------------------------------------------
 */

typedef struct {
    double per_mm;   /* units on a mm */
    double zero;     /* the value on the row's base line */
    int32_t up_mm;   /* paper above the base line, in steps of 5 mm */
    int32_t down_mm; /* and below */
    bool is_ecg;     /* mm_per_mv, with a calibration pulse */
    bool has_axis;   /* ticks: base line is the lowest of them */
} hl_strip_scale;

/* The scale of a trace with a valid sample. ECG leads have mm_per_mv, other voltages that the list
 * knows what it says; both lie around their median. Everything else gets an axis that holds it, and
 * so do voltages half of which would be off the paper: pressures from 0 up, no finer than a tenth
 * of the list's scale. */
hl_strip_scale hl_strip_scale_of(const hl_trace *t, const hl_calibrations *list, double mm_per_mv);

/* "50 mmHg/cm", the scale as it is printed. */
void hl_strip_scale_text(const hl_strip_scale *scale, const char *units, hl_buf *to);

/* Print an axis' value so that its neighbours (one step away) differ. */
void hl_strip_axis_number(double v, double step, hl_buf *to);

/* --- annotations and times: wave_strip_notes.c -------------------------------------------------
 */

enum { HL_LANE_LEVELS = 4, HL_LANE_LEVEL_MM = 5 };

/* One annotation within the window. */
typedef struct {
    double mm;
    int32_t lane;  /* index into hl_notes.lane */
    int32_t level; /* 0 = nearest to the trace; -1: no room for its text */
    bool is_beat;
    bool is_normal; /* a normal beat: gives way to others */
    hl_str text;
} hl_note;

/* Where notes stand: one lane above each row that has any. */
typedef struct {
    int32_t signal; /* -1 = notes that are about no drawn signal */
    int32_t n_notes;
    int32_t n_levels; /* that are in use */
} hl_note_lane;

typedef struct {
    hl_note *note; /* [n] by time */
    size_t n;
    size_t n_crowded;   /* texts left out */
    hl_note_lane *lane; /* [n_lanes]: lane 0 is that of no signal, lane k + 1 that of trace k */
    int32_t n_lanes;
    hl_arena *arena;
} hl_notes;

/* Read and place the annotations of t's window. by_signal: each in its signal's lane; else all in
 * lane 0. suffix NULL: none. All memory from arena. */
hl_code hl_notes_read(hl_notes *notes, hl_arena *arena, const hl_traces *t, const char *suffix,
                      bool by_signal, hl_error *err);

/* Draw a lane: bottom is its lower edge, left the place of the window's start. */
void hl_notes_put(hl_strip_page *page, const hl_notes *notes, int32_t lane, int32_t left,
                  int32_t bottom);

/* Ticks and labels below the paper. */
void hl_strip_put_times(hl_strip_page *page, const hl_traces *t, int32_t left, int32_t top);

/* --- what is written above: wave_strip_heading.c -----------------------------------------------
 */

/* Record, clock and rates at the head of the sheet (its width is known); no note of the header but
 * filters, for notes may tell of a patient. Returns where the paper begins. */
int32_t hl_strip_put_heading(hl_strip_page *page, hl_wave *wave, const hl_traces *t);

/* Append "0.5-35 Hz", what the notes of the record or of the window's first segment say of a
 * trace's filters; nothing when they are silent. */
void hl_strip_filter_text(hl_wave *wave, const hl_traces *t, int32_t k, hl_buf *to);

/* The whole layout: what hl_strip_svg() and hl_strip_png() write. page is open. */
hl_code hl_strip_lay_out(hl_wave *wave, const hl_strip_options *options, hl_strip_page *page,
                         hl_strip_facts *facts, hl_error *err);

/* A moment of the record as text: wall clock if there is one ("2150-12-24 10:00:00.520"), else
 * elapsed ("0:04:57.090"). */
void hl_strip_moment(const hl_wave_info *info, int64_t frame, bool with_date, hl_buf *to);
/* ms since the record's start as H:MM:SS.mmm, without hours below one. */
void hl_strip_elapsed(double seconds, hl_buf *to);

#endif
