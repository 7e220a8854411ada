/*
 * convert.h - what the parts of a conversion share.
 *
 *      convert.c           hl_wave_convert(): which way, the report
 *      convert_source.c    frames of a record (WFDB, EDF)
 *      convert_table_in.c  frames of a table (csv, npy); convert_gain.c: its values as integers
 *      convert_record.c    to WFDB: formats, files, segments; convert_wfdb.c: one segment
 *      convert_edf.c       to EDF
 *
 * A source gives frames of stored values, and a header that says what they are; targets take both.
 * Memory is that of some thousand samples, whatever the length.
 */
#ifndef HL_WAVE_CONVERT_H
#define HL_WAVE_CONVERT_H

#include "wave/record.h"
#include "wave/written.h"

/* Frames in order. */
typedef struct {
    hl_wfdb_header header; /* of what comes: n_samples frames; signal[].file and group as in the
                              input, format = as in, 0 = without samples */
    bool own_files;        /* signal[].file names files whose names begin with base */
    const char *base;      /* record name in the input */
    /* The next n frames, to[s] = room for n * samples_per_frame values; n is a multiple of unit
     * but at the end. */
    hl_code (*fill)(void *ctx, int64_t n, int32_t *const to[], hl_error *err);
    void *ctx;
    int64_t unit;
    /* hl_convert_next(): */
    int32_t **room;      /* [n_signals] values of a chunk */
    int64_t chunk;       /* frames that have room */
    int64_t have, given; /* frames in room; of those handed out */
    int64_t filled;      /* frames taken from fill() */
} hl_convert_source;

/* One call of hl_wave_convert(). */
typedef struct {
    const hl_wave_convert_options *o;
    hl_ctl *ctl;
    hl_arena *arena;
    char folder[HL_PATH_BYTES], name[HL_PATH_BYTES]; /* of the output */
    hl_written written;
    hl_buf notes; /* lines for the report */
    int64_t n_notes;
    hl_buf signals; /* JSON: what each signal of the output is, with commas between */
    int64_t n_segments;
} hl_convert;

/* A line for the report. */
void hl_convert_note(hl_convert *x, const char *fmt, ...) HL_PRINTF(2, 3);

/* Make room in s; HL_E_LIMIT: frames that are too large. */
hl_code hl_convert_ready(hl_convert *x, hl_convert_source *s, hl_error *err);

/* The next frames, at most `most` (at least one; the caller counts with header.n_samples):
 * sample[s] points to them until the next call. Looks whether to stop. */
hl_code hl_convert_next(hl_convert *x, hl_convert_source *s, int64_t most, const int32_t *sample[],
                        int64_t *got, hl_error *err);

/* --- sources ------------------------------------------------------------------------------------
 */

/* A stretch of a record. */
typedef struct {
    hl_wave *wave;
    int64_t from, to;      /* frames; to may lie behind the end: invalid samples */
    const int32_t *signal; /* [n_signals] */
    int32_t n_signals;
    bool keep_skew;   /* stored frames, skews stay in the header; single-segment records alone */
    const char *name; /* of the record in its header from now on */
} hl_convert_part;

/* The part must outlive the source. */
hl_code hl_convert_from_wave(hl_convert *x, hl_convert_part *part, hl_convert_source *out,
                             hl_error *err);

/* The signals wanted (o->signals), without annotation signals of EDF+ unless they are named; and
 * the window. HL_E_USAGE as hl_wave_choose(). */
hl_code hl_convert_choose(hl_convert *x, hl_wave *wave, hl_convert_part *out, hl_error *err);

typedef struct hl_table hl_table;

/* Open a csv or npy file: one pass over it for rate, range, gain. HL_E_INPUT names the row. */
hl_code hl_table_open(hl_convert *x, hl_table **out, hl_convert_source *source, hl_error *err);
/* All frames were taken: what became of the values, into the notes. */
void hl_table_tell(hl_convert *x, const hl_table *t);
void hl_table_close(hl_table **t);

/* --- targets ------------------------------------------------------------------------------------
 */

hl_code hl_convert_to_wfdb(hl_convert *x, hl_convert_source *s, hl_error *err);
/* A variable layout, segment by segment. */
hl_code hl_convert_segments(hl_convert *x, hl_convert_part *part, hl_error *err);
/* part: for annotations; NULL when the source is a table. */
hl_code hl_convert_to_edf(hl_convert *x, hl_convert_source *s, const hl_convert_part *part,
                          hl_error *err);
/* o->annotations of the part into NAME.SUFFIX. */
hl_code hl_convert_annotations(hl_convert *x, const hl_convert_part *part, hl_error *err);

#endif
