/*
 * annotations.h - the annotations of a record, placed on its time line.
 */
#ifndef HL_WAVE_ANNOTATIONS_H
#define HL_WAVE_ANNOTATIONS_H

#include "base/sink.h"
#include "format/wfdb/annotation.h"
#include "hilum/wave.h"

/* An annotation file beside a record. Times are ticks of ticks_hz from the record's start. */
typedef struct {
    hl_annotations file;
    double ticks_hz; /* the file's clock; else the record's frame rate (EDF+: microseconds) */
} hl_wave_annotations;

/* Read RECORD.SUFFIX, or for an EDF+ file its own annotations (suffix "" or NULL): type 22 (") with
 * their text. All memory from arena. HL_E_INPUT: absent, damaged. */
hl_code hl_wave_annotations_read(hl_arena *arena, hl_wave *wave, const char *suffix,
                                 hl_wave_annotations *out, hl_error *err);

/* Place of an annotation in seconds, and as the nearest sample of a rate (halves up). */
static inline double hl_annotation_seconds(const hl_wave_annotations *a, const hl_annotation *x)
{
    return (double)x->time / a->ticks_hz;
}
int64_t hl_annotation_sample(const hl_wave_annotations *a, const hl_annotation *x, double hz);

/* Mnemonic and description of a type: the file's own definition first. description may be "". */
const char *hl_annotation_mnemonic(const hl_wave_annotations *a, int32_t type, char own[16]);
const char *hl_annotation_description(const hl_wave_annotations *a, int32_t type);

typedef enum {
    HL_ANNOTATIONS_CSV = 0,  /* time[s],frame,type,subtype,chan,num,aux,description */
    HL_ANNOTATIONS_RDANN = 1 /* as the WFDB program rdann prints */
} hl_annotations_format;

/* Zero it first. */
typedef struct {
    int64_t from, to; /* frames; to = 0: no bound */
    int32_t format;   /* hl_annotations_format */
    int32_t elapsed;  /* rdann -e: never the wall clock */
    int32_t decimals; /* rdann -x: seconds, minutes and hours */
    int32_t heading;  /* rdann -v */
    int32_t reserved;
} hl_annotations_options;

/* Flags as rdann takes them: "-x -v", "-e". HL_E_USAGE. */
hl_code hl_rdann_flags(const char *words, hl_annotations_options *out, hl_error *err);

hl_code hl_wave_annotations_print(const hl_wave *wave, const hl_wave_annotations *a,
                                  const hl_annotations_options *options, const hl_sink *sink,
                                  int64_t *n_rows, hl_error *err);

#endif
