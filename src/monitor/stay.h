/*
 * stay.h - one record from the messages of one patient's stay at the monitors.
 *
 *      wave messages --waves.c--> segments, quality intervals, clock
 *      all messages  --events.c-> numerics, annotations, logs
 *      stay.c                  -> layout and master header, the list of files
 *
 * Two styles: MIMIC-IV-WDB (ticks of 1/999.56 s, files of e/p/r groups in FLAC, numerics by
 * dictzip) and the public converter's stage A (1000 Hz, one 16-bit file a segment, raw logs), so
 * that every step can be proved against it. Source: waveform.md 4.
 */
#ifndef HL_MONITOR_STAY_H
#define HL_MONITOR_STAY_H

#include "base/arena.h"
#include "base/io.h"
#include "format/flac/flac.h"
#include "monitor/clock.h"
#include "monitor/message.h"

typedef enum { HL_STAY_DATABASE = 0, HL_STAY_DOWNCAST = 1 } hl_stay_style;

typedef struct {
    hl_stay_style style;
    const char *folder;               /* exists, and is the record's own */
    const char *scratch;              /* exists: for sorted runs of numerics; emptied afterwards */
    const char *name;                 /* "83404654"; DOWNCAST: "waves" */
    double tick_hz;                   /* 999.56 */
    int64_t shift_us;                 /* added to all wall times: the subject's date shift */
    int64_t mtime;                    /* of every file, seconds since 1970 */
    const char *subject_id, *hadm_id; /* info strings; NULL = none */
    hl_flac_effort effort;
    bool annotations; /* .beat, .alarm, .wq */
    bool version_line;
    hl_ctl *ctl;
} hl_stay_options;

/* The messages of the stay, each kind in the export's order, cut to its time already. */
typedef struct {
    hl_message_source source[HL_MESSAGE_KINDS];
} hl_stay_input;

typedef struct {
    const char *name; /* relative to the folder */
    hl_digest digest;
} hl_stay_file;

typedef struct {
    hl_stay_file *file; /* in the order of their names' bytes */
    size_t n_files;
    int64_t base_sequence; /* seqnum0 */
    int64_t base_ticks;    /* of the record: 0, or negative when a segment begins before seqnum0 */
    hl_stamp start,
        end; /* wall times of frame 0 and of the end, unshifted; .has = false: no waves */
    int64_t n_frames, n_segments, n_gaps;
    int64_t n_numeric_rows, n_annotations;
    int64_t n_samples;       /* of all signals */
    int64_t n_overlap_ticks; /* of messages that came twice and were left out */
    int64_t n_clock_conflicts;
    int64_t n_bad_lists;    /* index lists of wave messages that end in something else */
    int64_t n_out_of_range; /* wave messages left out: more than 2^52 ticks from the first */
} hl_stay_result;

/*
 * Build the record in options->folder; result's memory from arena. HL_E_INPUT: the segments cannot
 * be one record (sampling period, units or skew of a signal change: "split it by hand"), a sample
 * period above 16 ticks; HL_E_IO, HL_E_LIMIT, HL_E_STOPPED. Memory: some MiB, whatever the length
 * of the stay.
 */
hl_code hl_stay_build(const hl_stay_input *input, const hl_stay_options *options, hl_arena *arena,
                      hl_stay_result *result, hl_error *err);

#endif
