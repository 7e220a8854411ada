/*
 * wave.h - waveform records: any window of any WFDB (or EDF) record, from a folder or a web server;
 * numerics; checking, converting, drawing; and building a database from bedside-monitor exports.
 *
 * A hl_wave is an open record: a handle without global state. One handle belongs to one thread at a
 * time; any number of handles may be open. Opening reads the header alone; signals are read when a
 * window asks for them, and only what the window needs.
 */
#ifndef HILUM_WAVE_H
#define HILUM_WAVE_H

#include "hilum/hilum.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A sample that was not measured, in digital windows. Never a code of the file: format 24 or 32 may
 * hold a real -32768. In physical windows it is NaN. */
#define HL_WAVE_INVALID INT32_MIN
#define HL_WAVE_NO_TIME INT64_MIN

typedef struct hl_wave hl_wave;

typedef struct {
    const char *name; /* description: "II", "ABP", "Pleth"; "record R, signal N" when it has none */
    const char *units; /* "mV" when the header has none */
    double rate_hz;    /* frame_hz * samples_per_frame */
    double gain;       /* adu per unit; 200 when the header has none */
    int32_t baseline;  /* adu at 0 units */
    int32_t samples_per_frame;
    int32_t adc_bits, adc_zero;
    int32_t format;      /* of the file; 0: a layout's signal, or one without samples */
    int32_t skew_frames; /* taken out by reading */
    int32_t calibrated;  /* the header states a gain */
    int32_t reserved;
} hl_wave_signal;

typedef enum {
    HL_WAVE_SINGLE = 0,  /* one segment */
    HL_WAVE_FIXED = 1,   /* all segments have the same signals */
    HL_WAVE_VARIABLE = 2 /* segments have some of the layout's signals */
} hl_wave_layout;

typedef struct {
    const char *name; /* "~" = a gap */
    int64_t from, to; /* frames of the record */
} hl_wave_segment;

typedef struct {
    const char *name;
    double frame_hz;     /* frames a second */
    double counter_hz;   /* ticks a second of the counter; = frame_hz when the header has none */
    double base_counter; /* counter at frame 0 */
    int64_t n_frames;
    int64_t start_ms; /* wall clock at frame 0: ms since 1970-01-01 00:00 local time, or since
                         midnight when there is no date; HL_WAVE_NO_TIME when there is no time */
    int32_t has_date;
    int32_t layout;    /* hl_wave_layout */
    int32_t n_signals; /* of the record (a variable layout: of the layout) */
    int32_t max_samples_per_frame;
    int64_t n_segments; /* gaps included; 1 for a single segment */
    int64_t n_notes;
    const hl_wave_signal *signal;
    const hl_wave_segment *segment;
    const char *const *note; /* info strings, text behind '#' verbatim */
} hl_wave_info;

/*
 * Open a record: "folder/NAME" or "http://host/folder/NAME" without extension (".hea" is taken
 * off), or an EDF file by its full name. HL_E_INPUT: no such record, damaged header; HL_E_IO,
 * HL_E_LIMIT. All of *info is valid until hl_wave_close().
 */
HL_API hl_code hl_wave_open(const char *path, const hl_ctl *ctl, hl_wave **out, hl_error *err);
HL_API void hl_wave_close(hl_wave **wave);
HL_API const hl_wave_info *hl_wave_about(const hl_wave *wave);
HL_API int32_t hl_wave_is_edf(const hl_wave *wave); /* an EDF or BDF file, not a WFDB record */

/* Skewed signals end early, and so does the record: max(skew) frames before its stated length, as
 * libwfdb has it. After this call it has its stated length, and what is missing is invalid
 * (wfdb-python). Multi-segment records always have theirs. */
HL_API void hl_wave_pad_skew(hl_wave *wave);

/* Index of a signal by its name, by its name without blanks at the ends, or by "#N" (from 0); -1 =
 * none, -2 = several have the name. */
HL_API int32_t hl_wave_find(const hl_wave *wave, const char *name);

/* Which of the record's signals segment i (of info->segment) has: present[n_signals] = 1 or 0; a
 * gap has none. Reads the segment's header. */
HL_API hl_code hl_wave_present(hl_wave *wave, int64_t i, uint8_t *present, hl_error *err);

typedef enum {
    HL_WAVE_NATIVE = 0,  /* each signal at its own rate */
    HL_WAVE_AVERAGE = 1, /* one value a frame: the mean of its samples */
    HL_WAVE_HELD = 2     /* the highest rate of the record; slower signals hold their value */
} hl_wave_rate;

typedef enum {
    HL_WAVE_I32 = 0, /* adu, HL_WAVE_INVALID */
    HL_WAVE_F32 = 1, /* physical units, NaN */
    HL_WAVE_F64 = 2
} hl_wave_kind;

/* One window. Zero it first; frames from .. to - 1. */
typedef struct {
    int64_t from, to;      /* 0 <= from <= to <= n_frames */
    const int32_t *signal; /* indexes; NULL = all */
    int32_t n_signals;     /* of signal[] */
    int32_t rate;          /* hl_wave_rate */
    int32_t kind;          /* hl_wave_kind */
    int32_t truncate; /* AVERAGE of I32: toward zero (WFDB 10.6, wfdb-python), not to nearest */
    int32_t layout_values;  /* variable layout, physical: from the layout's integers as libwfdb has
                               them, not with each segment's own gain */
    int32_t damaged_is_gap; /* samples of damaged blocks become invalid instead of an error */
} hl_wave_window;

/* Values of signal s that a window gives: native (to-from)*spf, average to-from, held (to-from)*max
 * spf. */
HL_API int64_t hl_wave_count(const hl_wave *wave, const hl_wave_window *window, int32_t s);

/*
 * Read a window: to[k] has room for hl_wave_count() values of the k-th wanted signal, of the
 * window's kind. HL_E_USAGE: a window outside the record; HL_E_INPUT: a file is absent, shorter
 * than its header says, damaged (message: which, where). Reading on where the last window ended
 * does not read or decode anything again.
 */
HL_API hl_code hl_wave_read(hl_wave *wave, const hl_wave_window *window, void *const to[],
                            hl_error *err);

/*
 * Frame of a time in text: "s1234" samples at the highest rate, "f1234" frames, "c1234.5" counter,
 * "e" the end, "12.5", "1:02", "1:02:03.5" since the start; on the wall clock "[10:00:00]", "[10:00
 * 1]" a midnight later, "[10:00:00.5 24/12/2150]", "2150-12-24 10:00:00". Rounded down to a frame;
 * not clipped to the record. Elapsed seconds go to the nearest frame. HL_E_USAGE: no time, or the
 * record has no wall clock. waveform.md 1.1b
 */
HL_API hl_code hl_wave_frame_of(const hl_wave *wave, const char *text, int64_t *frame,
                                hl_error *err);

/* --- numerics ----------------------------------------------------------------------------------
 */

/* The numerics of a record (RECORDn.csv.gz): sorted rows, one column a measurement. */
typedef struct hl_numerics hl_numerics;

typedef struct {
    const char *name;    /* "HR" */
    const char *units;   /* "bpm" */
    int64_t n_values;    /* not NaN */
    const double *value; /* [n_rows], NaN = not measured in this row */
} hl_numerics_column;

typedef struct {
    int64_t n_rows;
    int64_t n_columns;
    const hl_numerics_column *column;
    const int64_t *tick; /* [n_rows], ascending; 1 / counter_hz s since frame 0 */
    double counter_hz;   /* 999.56 unless the record says otherwise */
    int64_t start_ms;    /* as in hl_wave_info */
    int64_t n_unsorted;  /* rows of the file with an earlier tick than the row before; they were
                            sorted in (late numerics of a bedside monitor) */
    int32_t has_date, reserved;
} hl_numerics_info;

/* Load the numerics that belong to a record ("folder/NAME"), or a file by its full name. */
HL_API hl_code hl_numerics_open(const char *path, hl_ctl *ctl, hl_numerics **out, hl_error *err);
HL_API const hl_numerics_info *hl_numerics_about(const hl_numerics *n);
HL_API void hl_numerics_close(hl_numerics **n);

/* --- checking, converting -----------------------------------------------------------------------
 */

/* What hl_wave_check() needs. Zero it first. */
typedef struct {
    const char *path; /* a record, an EDF file, or a folder: every record below it, by its RECORDS
                         lists or, without any, by its headers */
    const char *calibration; /* file of signal names and units (wfdbcal); NULL = the shipped one */
    int32_t annotations;     /* check annotation files beside the records too */
    int32_t headers_only;    /* read no samples */
    int32_t quiet_info;      /* no (II) lines */
    int32_t reserved;
} hl_wave_check_options;

/*
 * Check records strictly: everything wfdbcheck reports, in its words, and what it does not look at
 * (FLAC frames and MD5, surplus samples, numerics, files that no header names). The report has a
 * line a finding:
 * "(EE) RECORD: text", "(WW) ...", "(II) ...". HL_OK: nothing but notes; HL_PARTIAL: warnings;
 * HL_E_INPUT: errors.
 */
HL_API hl_code hl_wave_check(const hl_wave_check_options *options, hl_ctl *ctl, hl_report *report,
                             hl_error *err);

/* What hl_wave_convert() needs. Zero it first. */
typedef struct {
    const char *in;        /* a record, an EDF file, FILE.csv or FILE.npy */
    const char *out;       /* FOLDER/NAME: a WFDB record; NAME.edf; NAME.csv; NAME.npy */
    const char *signals;   /* names or #indexes with commas; NULL = all */
    const char *from, *to; /* times as hl_wave_frame_of() takes them; NULL = all */
    const char *units; /* csv and npy in: units of the columns with commas; NULL = from the heading,
                          else mV */
    const char *annotations; /* suffix of an annotation file beside a record (an EDF+ file: of the
                                one to write) to take along: into a file beside a WFDB record, into
                                the annotation signal of EDF+. NULL = none */
    double rate_hz;          /* csv and npy in: rows a second; 0 = from the time column */
    double gain; /* csv and npy in: adu per unit; 0 = chosen so that every value is kept as it is,
                    if there is such a gain, else for the values' range */
    int64_t segment_s;  /* WFDB out: seconds a segment of a fixed layout; 0 = one segment */
    int32_t format;     /* WFDB out: storage format; 0 = as in, 16 from other kinds */
    int32_t exact_rate; /* EDF: data records whose duration is an exact decimal */
    int32_t mit2edf;    /* EDF: the bytes of the WFDB program */
    int32_t fast;       /* FLAC */
    int32_t deskew;     /* WFDB to WFDB: take skews out instead of stating them */
    int32_t reserved;
} hl_wave_convert_options;

/*
 * Convert a record. Stored samples stay what they are wherever the target can hold them: no value
 * is rescaled silently (the report says what was).
 *
 * WFDB to WFDB keeps signals, gains, times, counter, notes, which signals share a file, and of a
 * variable layout its segments and gaps; other records of segments become one. A file that is there
 * already is never overwritten. Nothing of a failed conversion is left. HL_E_INPUT, HL_E_IO;
 * HL_E_USAGE: the target cannot hold it.
 */
HL_API hl_code hl_wave_convert(const hl_wave_convert_options *options, hl_ctl *ctl,
                               hl_report *report, hl_error *err);

/* --- building ----------------------------------------------------------------------------------
 */

/* What hl_wave_build() needs. Zero it first. */
typedef struct {
    const char *const *in; /* export folders, in the order of their days */
    int64_t n_in;
    const char *out;        /* the database; new, empty, or an earlier run's to append to */
    const char *map;        /* csv: patient_id,start,end,subject_id,hadm_id,record_id,shift_days */
    const char *admissions; /* csv: subject_id,hadm_id,admittime,dischtime; NULL = hadm_id by map */
    const char *until;      /* rows before this time are complete: records that may still go on are
                               kept for the next run; NULL = the export is complete */
    const char *compat;  /* "downcast": the public converter's stage A instead; NULL = a database */
    const char *spool;   /* folder for messages by patient, as identifying as the export; removed
                          * when all is written; NULL = OUT.spool */
    const char *call;    /* the options as JSON, for hilum merge; may be NULL */
    const char *version; /* what a shard takes the library for; NULL = its own */
    double tick_hz;      /* 0 = 999.56 */
    int64_t mtime;       /* of every file written, seconds since 1970; 0 = a constant */
    int64_t shard, n_shards; /* n_shards = 0: not sharded */
    int32_t fast;            /* FLAC some ten times as fast, somewhat larger */
    int32_t annotations;     /* write beat, alarm and wave quality annotations */
    int32_t no_version_line; /* master headers without "#wfdb 10.7" */
    int32_t repair_dst;      /* move rows stamped in the wrong zone of the autumn hour */
    int32_t merge;
    int32_t resume;
    int32_t strict; /* the first refused record ends the job */
    int32_t reserved;
} hl_wave_build_options;

/*
 * Build a database in the layout of MIMIC-IV-WDB:
 *
 *      waves/pNNN/pSUBJECT/RECORD/RECORD.hea, RECORD_0000.hea ..., RECORD_NNNN{e,p,r}.dat
 *      waves/pNNN/pSUBJECT/RECORD/RECORDn.csv.gz, RECORD.beat/.alarm/.wq
 *      RECORDS, waves/pNNN/pSUBJECT/RECORDS, record_list.csv
 *      errors.csv, inputs.csv.gz, SHA256SUMS.txt, run.json, manifest.json
 *
 * HL_OK; HL_PARTIAL: some records were refused (errors.csv); HL_E_*. Memory does not grow with the
 * length of the export.
 */
HL_API hl_code hl_wave_build(const hl_wave_build_options *options, hl_ctl *ctl, hl_report *report,
                             hl_error *err);

#ifdef __cplusplus
}
#endif
#endif
