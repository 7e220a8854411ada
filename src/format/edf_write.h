/*
 * edf_write.h - what the two parts of the EDF writer share: the plan of a file, made by edf_plan.c
 * from a record's header, and followed by edf_write.c.
 */
#ifndef HL_FORMAT_EDF_WRITE_H
#define HL_FORMAT_EDF_WRITE_H

#include "format/edf.h"

enum { HL_EDF_NUMBER_CHARS = 9 }; /* 8 and a NUL */

/* Limits of a signal. Codes that do not fit in 16 bits are scaled: code * factor + shift, halves
 * away from zero. */
typedef struct {
    bool scaled;
    double factor, shift;
    int64_t digital_min, digital_max;
    double physical_min, physical_max;
} hl_edf_limits;

/* Data records: k frames each, of a duration that the header states in at most 8 characters. */
typedef struct {
    int64_t k;
    double seconds;
    char text[32]; /* mit2edf: may be cut; the first 8 go to the header */
    int64_t bytes; /* of the signals in a data record */
    double rate_error;
} hl_edf_record_plan;

/* v in at most 8 characters, as near as they come. Returns what a reader will have. */
double hl_edf_number(double v, char out[HL_EDF_NUMBER_CHARS]);

/* HL_E_LIMIT: no length of a data record fits. */
hl_code hl_edf_plan_record(const hl_wfdb_header *h, const hl_edf_options *options,
                           hl_edf_record_plan *out, hl_error *err);

/* HL_E_LIMIT: the limits of signal s cannot be written in 8 characters each. */
hl_code hl_edf_plan_limits(const hl_wfdb_header *h, int32_t s, hl_edf_style style,
                           hl_edf_limits *out, hl_error *err);

#endif
