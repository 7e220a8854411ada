/*
 * report.h - what a build tells: the funnel and the splits, as text and as JSON.
 */
#ifndef HL_COHORT_REPORT_H
#define HL_COHORT_REPORT_H

#include "cohort/selection.h"
#include "cohort/tables.h"

typedef struct {
    const char *out;
    const hl_digest *id; /* of the manifest */
    const hl_selection *s;
    const hl_table *dataset;
    const hl_split_tables *tables;
    bool compat;
} hl_cohort_summary;

hl_code hl_cohort_report(const hl_cohort_summary *summary, hl_report *out, hl_error *err);

#endif
