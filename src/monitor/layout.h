/*
 * layout.h - what a record's segments have in common: the layout header, and the master header that
 * lists segments and gaps.
 *
 * Source: waveform.md 4.3, 4.4 (A.8).
 */
#ifndef HL_MONITOR_LAYOUT_H
#define HL_MONITOR_LAYOUT_H

#include "format/wfdb/wfdb.h"
#include "monitor/files.h"

typedef struct hl_layout hl_layout;

hl_layout *hl_layout_new(void); /* NULL: out of memory */
void hl_layout_free(hl_layout **layout);

/* The signals of one more segment. HL_E_INPUT: a signal has other units, another sampling period or
 * skew than in a segment before. */
hl_code hl_layout_add(hl_layout *layout, const hl_wfdb_signal *signal, int32_t n, hl_error *err);
/* After the last segment: order, gain, range and baseline of the record's signals. */
hl_code hl_layout_settle(hl_layout *layout, hl_error *err);
const hl_wfdb_signal *hl_layout_signals(const hl_layout *layout, int32_t *n);

/* A segment as the master lists it. */
typedef struct {
    int64_t start; /* tick from seqnum0 */
    int64_t frames;
    int64_t number; /* DATABASE: of its name; else 0 */
} hl_stay_segment;

/* Name of a segment: NAME_0001, or the start tick in ten digits. */
#define HL_SEGMENT_NAME_CHARS 64
hl_code hl_segment_name(const hl_stay_options *options, const hl_stay_segment *segment,
                        char out[HL_SEGMENT_NAME_CHARS], hl_error *err);

/*
 * Write layout and master header of a settled layout. segment[n] ascending by start. start: wall
 * time of frame 0 (.has = false: none is written). Sets base_ticks, n_frames, n_gaps and n_segments
 * of result. HL_E_INPUT: segments overlap; HL_E_LIMIT: more lines than a master may have.
 */
hl_code hl_layout_write(const hl_layout *layout, const hl_stay_options *options, hl_files *files,
                        const hl_stay_segment *segment, size_t n, hl_stamp start,
                        hl_stay_result *result, hl_error *err);

/* Ticks a second and frames a second of a record's headers. */
double hl_stay_counter_hz(const hl_stay_options *options);
double hl_stay_frame_hz(const hl_stay_options *options);

#endif
