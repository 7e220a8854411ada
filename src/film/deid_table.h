/*
 * deid_table.h - attributes that identify: PS3.15 table E.1-1, cut to what films have. films.md 4.2
 */
#ifndef HL_FILM_DEID_TABLE_H
#define HL_FILM_DEID_TABLE_H

#include "film/deid.h"

typedef struct {
    uint32_t tag;
    hl_deid_level level;
    const char *reason; /* "identifies the patient" */
} hl_deid_rule;

/* NULL: none. */
const hl_deid_rule *hl_deid_rule_of(uint32_t tag);

/* Attributes with free text in which anything may stand; scanned by hl_deid_text(). */
bool hl_deid_is_free_text(const hl_dicom_element *e);

/* Dates and date-times of the patient's history: outside the shifted years they are findings. */
bool hl_deid_is_date(const hl_dicom_element *e);

/* UIDs that lead back to the hospital's archive unless they were replaced. */
bool hl_deid_is_uid(uint32_t tag);

#endif
