/*
 * check.h - what the parts of hl_wave_check() share; for this room only.
 *
 *      check.c              options, records in parallel, the report
 *      check_folder.c       which records a folder has; RECORDS lists, stray files, folder names
 *      check_record.c       one record: header, signal fields, what lies beside it
 *      check_segments.c     records of several segments: layout, order, clocks
 *      check_signals.c      samples: ranges, checksums, lengths
 *      check_flac.c         FLAC streams as signal files
 *      check_numerics.c     RECORDn.csv.gz
 *      check_annotations.c  RECORD.ANNOTATOR
 *
 * What is wrong with an input is a finding; an hl_error ends the whole check: memory, a server that
 * does not answer, a stop. Findings that wfdbcheck has too have its words, and are made where it
 * makes them: what its own words leave open (which file, how much) is told by a second finding.
 * Source: waveform.md 1.5.
 */
#ifndef HL_WAVE_CHECK_H
#define HL_WAVE_CHECK_H

#include "format/wfdb/calibration.h"
#include "wave/findings.h"
#include "wave/record.h"

/* One call of hl_wave_check(). */
typedef struct {
    const hl_wave_check_options *o;
    hl_calibrations calibration;
    hl_ctl *ctl;
    hl_cpu cpu;
} hl_wave_checking;

/* What was looked at, for the summary. */
typedef struct {
    int64_t records, segments, signals, samples, numeric_rows, annotations;
} hl_wave_checked;

/* A record to check: folder/name, shown as it is called in findings. */
typedef struct {
    char *folder, *name, *shown;
    bool in_folder; /* a folder stood in front of the name that the caller typed */
    bool alone;     /* named by the caller: nobody has looked around in its folder yet */
} hl_wave_target;

/* One record in work. */
typedef struct {
    const hl_wave_checking *all;
    const hl_wave_target *target;
    hl_place *place;
    hl_arena *arena;
    hl_wave_findings *found;
    hl_wave_checked *checked;
    hl_wfdb_header header; /* the record's own */
    bool is_edf;
    bool is_remote;
    hl_found_at here; /* the record alone */
} hl_record_check;

/* A stored code's range, by the header. */
typedef struct {
    int32_t least, most; /* 0, 0: the header states none that makes sense */
} hl_adc_range;

/* One segment in work, or a record that has none. */
typedef struct {
    hl_record_check *k;
    hl_arena *arena;
    const char *name; /* NULL: the record itself */
    hl_wfdb_header header;
    int64_t expected;             /* frames by the record's header; 0 = it says nothing */
    const uint8_t *is_annotation; /* EDF+: [n_signals]; NULL = none is */
    hl_adc_range *range;          /* [n_signals] */
} hl_segment_check;

/* --- check_record.c --------------------------------------------------------------------------- */

hl_code hl_wave_check_record(const hl_wave_checking *all, const hl_wave_target *target,
                             hl_wave_findings *found, hl_wave_checked *checked, hl_error *err);

/* The header of a record or (segment != NULL) of a segment from its file. *there = false: what is
 * wrong was found. */
hl_code hl_wave_check_read_header(hl_record_check *k, hl_arena *arena, const char *segment,
                                  hl_wfdb_header *out, bool *there, hl_error *err);

/* Place of a finding in a segment; s = -1: none of its signals. */
hl_found_at hl_wave_check_at(const hl_segment_check *seg, int32_t s);
hl_found_at hl_wave_check_at_signal(const hl_record_check *k, const char *segment,
                                    const hl_wfdb_header *h, int32_t s);

bool hl_wave_check_is_plain(const char *name); /* fit for every system: record and file names */

/* Signal lines that stand in the header: names twice; names and units that are not known. */
void hl_wave_check_names(hl_record_check *k, const char *segment, const hl_wfdb_header *h);
void hl_wave_check_known(hl_record_check *k, const char *segment, const hl_wfdb_header *h,
                         const uint8_t *is_annotation);

/* The ADC range of a signal; a finding where there is none. */
hl_adc_range hl_wave_check_adc(hl_record_check *k, const hl_found_at *at, const hl_wfdb_signal *s);

/* The fields of a segment whose header was read. Sets range[]. */
hl_code hl_wave_check_fields(hl_segment_check *seg, hl_error *err);

/* --- the others ------------------------------------------------------------------------------- */

hl_code hl_wave_check_segments(hl_record_check *k, int64_t *n_frames, hl_error *err);
hl_code hl_wave_check_signals(hl_segment_check *seg, int64_t *n_frames, hl_error *err);
hl_code hl_wave_check_numerics(hl_record_check *k, hl_error *err);
hl_code hl_wave_check_annotations(hl_record_check *k, int64_t n_frames, hl_error *err);

/* What the samples of one signal are. */
typedef struct {
    uint32_t sum;         /* of the codes, modulo 2^32 */
    int32_t least, most;  /* of the measured ones; least > most: there is none */
    int32_t first;        /* HL_WFDB_INVALID: none, or not measured */
    int64_t outside;      /* number of the first beyond the ADC range, -1 = none */
    int32_t outside_code; /* it */
} hl_wave_seen;

/* Samples at .. at + n - 1 of a signal; `mark` stands in sample[] for the ones not measured, whose
 * code is `code`. step = distance of two samples. */
void hl_wave_see(hl_wave_seen *seen, const hl_adc_range *range, const int32_t *sample, int64_t n,
                 int64_t step, int64_t at, bool has_mark, int32_t mark, int32_t code);

/*
 * The FLAC stream of group g (open): what is wrong with it, and its samples into seen[g->n].
 * *n_frames that it holds; *readable = false: none could be read, as for an absent file. *damaged:
 * the rest was not read. HL_E_INPUT: no FLAC at all, err says why.
 */
hl_code hl_wave_check_flac(hl_segment_check *seg, hl_wave_group *g, hl_wave_seen *seen,
                           int64_t *n_frames, bool *readable, bool *damaged, hl_error *err);

/* Whether RECORD.ENDING may be an annotation file. */
bool hl_wave_check_is_annotator(const char *ending);

/* --- check_folder.c --------------------------------------------------------------------------- */

typedef struct {
    hl_wave_target *at;
    size_t n, cap;
} hl_wave_targets;

/* The records of a folder into out; findings of the folder itself (lists, stray files). */
hl_code hl_wave_check_folder(const char *folder, hl_wave_targets *out, hl_wave_findings *found,
                             hl_error *err);
hl_code hl_wave_targets_add(hl_wave_targets *t, const char *folder, const char *name,
                            const char *shown, hl_error *err);
void hl_wave_targets_free(hl_wave_targets *t);

/* Names of the folders above a record that do not fit; files that no header names in a folder that
 * the record has for itself (RECORD/RECORD.hea). */
hl_code hl_wave_check_surroundings(hl_record_check *k, hl_error *err);

/* Whether a failure is one of the input, and so a finding, and not one that ends the check. */
bool hl_wave_is_finding(hl_code c, const hl_error *err);
/* The message of an error about a file of the record, without the folder and the advice. */
const char *hl_wave_fault_text(const hl_record_check *k, hl_error *err);

#endif
