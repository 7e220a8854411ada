/*
 * edf.h - EDF, EDF+ (C and D) and BDF: headers, annotations (TAL), writing.
 *
 * Seen from WFDB an EDF file is one signal file of format 16 (BDF: 24) behind a prolog: a data
 * record is a frame, the samples of a data record are the samples per frame. So the reader's part
 * here is the header; the samples are read by whoever reads WFDB signal files.
 * Sources: Kemp et al. 1992 (EDF), Kemp & Olivan 2003 (EDF+); waveform.md 1.7.
 */
#ifndef HL_FORMAT_EDF_H
#define HL_FORMAT_EDF_H

#include "format/wfdb/wfdb.h"

/* A run of data records without a gap in time. */
typedef struct {
    int64_t first_record, n_records;
    double onset_s; /* of its first data record, from header.base_ms on */
} hl_edf_run;

typedef struct {
    double onset_s, duration_s; /* from header.base_ms on; duration < 0: none */
    const char *text;
} hl_edf_annotation;

typedef struct {
    hl_wfdb_header header; /* one signal for each EDF signal, the annotation signals too; file = "",
                              offset_bytes = the EDF header's size, format 16 or 24 */
    bool is_plus, is_discontinuous, is_bdf;
    char patient[81], recording[81];
    const uint8_t *is_annotation; /* [n_signals] */
    hl_edf_run *run;              /* one, unless EDF+D */
    size_t n_runs;
    double start_fraction_s; /* [0, 1): EDF+ has its start in whole seconds and the rest as onset of
                                the first data record. It is in header.base_ms, and not in onsets */
} hl_edf;

bool hl_edf_magic(const void *bytes, size_t n);

/* Header of the file in (memory from arena). For EDF+D the time-keeping TAL of every data record is
 * read. A count of -1 data records is taken from the file's size. HL_E_INPUT with the field. */
hl_code hl_edf_read(hl_arena *arena, hl_in *in, hl_edf *out, hl_error *err);

/* All annotations of an EDF+ file by onset, time-keeping ones left out. */
hl_code hl_edf_annotations(hl_arena *arena, hl_in *in, const hl_edf *edf, hl_edf_annotation **out,
                           size_t *n, hl_error *err);

/* What a writer needs beside the header of the record. */
typedef enum {
    HL_EDF_PLUS = 0,   /* exactly the data records needed, an annotation signal, EDF+C */
    HL_EDF_MIT2EDF = 1 /* byte for byte as the WFDB program mit2edf */
} hl_edf_style;

typedef struct hl_edf_writer hl_edf_writer;

/*
 * Begin an EDF file of the signals of h (native rates; n_frames in all). exact_rate: a data record
 * of so many frames that its duration is an exact decimal (62.4725 Hz: 24989 frames = 400 s).
 * rate_error: relative error of the frame rate that a reader will derive, 0 = exact. Values beyond
 * 16 bits are scaled, see the header's physical and digital limits.
 */
typedef struct {
    hl_edf_style style;
    bool exact_rate;
    const hl_edf_annotation *annotation; /* EDF_PLUS: sorted by onset */
    size_t n_annotations;
} hl_edf_options;
hl_code hl_edf_writer_new(hl_out *out, const hl_wfdb_header *h, int64_t n_frames,
                          const hl_edf_options *options, hl_edf_writer **w, double *rate_error,
                          hl_error *err);
/* n frames: sample[s] = n * samples_per_frame codes of signal s, HL_WFDB_INVALID where invalid. */
hl_code hl_edf_writer_add(hl_edf_writer *w, const int32_t *const sample[], int64_t n_frames,
                          hl_error *err);
hl_code hl_edf_writer_end(hl_edf_writer **w,
                          hl_error *err); /* pads; out is committed by the caller */
void hl_edf_writer_abort(hl_edf_writer **w);

#endif
