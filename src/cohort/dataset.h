/*
 * dataset.h - the admissions that passed every rule, joined with film, labels, ECG and laboratory
 * values: the data set's table. symile.md 2.5, 2.6.
 */
#ifndef HL_COHORT_DATASET_H
#define HL_COHORT_DATASET_H

#include "cohort/selection.h"

/* *out shares texts with s: free it first. */
hl_code hl_dataset_make(const hl_selection *s, hl_table **out, hl_error *err);

#endif
