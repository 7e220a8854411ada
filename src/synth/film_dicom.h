/*
 * film_dicom.h - a drawn film as the file that a hospital's de-identified DICOM archive has of it.
 * films.md 2.3 (what the tables take from it), 4.1 (what de-identification leaves).
 */
#ifndef HL_SYNTH_FILM_DICOM_H
#define HL_SYNTH_FILM_DICOM_H

#include "base/buf.h"
#include "format/dicom/syntax.h"
#include "synth/plan.h"

/* What is wrong with a file. */
typedef enum {
    HL_FAULT_NONE,
    HL_FAULT_TEXT,       /* a line of text is burned into the picture */
    HL_FAULT_CUT,        /* the file ends early */
    HL_FAULT_TWO_FRAMES, /* the picture is there twice */
    HL_FAULT_NAME,       /* PatientName was not emptied */
    HL_FAULTS
} hl_synth_fault;

typedef struct {
    const char *name;
    int one_in; /* films; 0 = all others */
} hl_synth_fault_rate;

extern const hl_synth_fault_rate hl_synth_faults[HL_FAULTS];

/* How a film is stored. */
typedef struct {
    const hl_dicom_syntax *syntax;
    int32_t bits;             /* stored: 8, 10, 12, 14 or 15; 8 in a byte, others in 16 bits */
    bool monochrome1;         /* the lowest value is white */
    uint16_t lowest, highest; /* values that the picture can have */
    hl_synth_fault fault;
} hl_synth_storage;

/* i: the film's index in s->film. */
hl_synth_storage hl_synth_storage_of(const hl_synth_plan *plan, const hl_synth_subject *s, int i);

/* The file's bytes, appended to out. picture is written over (text is burned into it). */
hl_code hl_synth_film_dicom(const hl_synth_plan *plan, const hl_synth_subject *s, int i,
                            hl_synth_picture *picture, hl_arena *arena, hl_buf *out, hl_error *err);

#endif
