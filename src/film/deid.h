/*
 * deid.h - what in a DICOM file could name somebody: PS3.15 table E.1-1, cut to what matters for
 * films, and the places where things hide. films.md 4.
 *
 * A finding never holds the value: it says which element, why, and how bad.
 */
#ifndef HL_FILM_DEID_H
#define HL_FILM_DEID_H

#include "format/dicom/dicom.h"

typedef enum { HL_DEID_NOTE, HL_DEID_LOW, HL_DEID_MEDIUM, HL_DEID_HIGH } hl_deid_level;

typedef struct {
    hl_deid_level level;
    uint32_t tag;      /* 0: the file itself */
    const char *where; /* "(0040,0275)[0].(0010,0010)", path through sequences */
    const char *name;  /* keyword, "private element of CREATOR", "preamble" */
    const char
        *reason; /* "identifies the patient", "text looks like a name", ... static or arena */
} hl_deid_finding;

typedef struct {
    hl_deid_finding *at; /* in arena, data-set order */
    size_t n;
} hl_deid_findings;

typedef struct {
    bool dates_shifted;            /* dates outside first_year..last_year are findings */
    int32_t first_year, last_year; /* 2100, 2200 */
    int64_t subject_id;            /* the PatientID that is allowed; -1: 8 digits are */
} hl_deid_rules;

hl_deid_rules hl_deid_defaults(void);

/* Scan a whole file: every element of every sequence, private ones, hiding places (preamble, bytes
 * behind, overlays, curves, JPEG comments in the fragments). */
hl_code hl_deid_scan(hl_dicom *d, const hl_deid_rules *rules, hl_arena *arena,
                     hl_deid_findings *out, hl_error *err);

/* Why a text that is about to be written could name somebody: a static phrase ("has a person
 * name's '^'", "has a date", "has a number of 7 or more digits", ...), NULL: nothing found. */
const char *hl_deid_text(hl_str text);

/* A PatientAge above 89 years ("095Y"), which alone may point to somebody. */
bool hl_deid_old_age(hl_str age);

/* Whether the standard counts this element as identifying (so that no table may have it as a
 * column); NULL: no. */
const char *hl_deid_tag_reason(uint32_t tag);

#endif
