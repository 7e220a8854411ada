/*
 * tables.h - the data set's table cut into the files that training reads: train, val,
 * val_retrieval, test, and the mean percentile of each laboratory value. symile.md 3, 4.3, 5.
 */
#ifndef HL_COHORT_TABLES_H
#define HL_COHORT_TABLES_H

#include "cohort/split.h"

typedef struct {
    const hl_cohort_recipe *recipe;
    hl_split_options split;
    int64_t candidate_n;
    uint32_t candidate_seed;
    const char *candidates; /* file or folder to take candidates from, NULL = drawn */
    bool compat;            /* keep the published scripts' faults S3, S4, S5 */
    bool distinct_patients;
    bool keep_columns;
} hl_split_tables_options;

typedef struct {
    hl_table *train, *val, *val_retrieval, *test;
    hl_buf labs_means;                /* labs_means.json */
    int64_t n_labs_absent;            /* labs without a value in train */
    int64_t n_same_patient_queries;   /* queries with a negative of their own patient */
    int64_t n_same_film_queries;      /* ... with a negative that shows their own film */
    int64_t n_percentiles_left_empty; /* missing values that --compat would give percentile 1.0 */
} hl_split_tables;

/* dataset: symile_mimic_data.csv as read back (the published script reads it back too, with a
 * parser that is not exactly rounded). It must outlive *out, which shares its texts. */
hl_code hl_split_tables_make(const hl_table *dataset, const hl_split_tables_options *options,
                             hl_split_tables *out, hl_error *err);
void hl_split_tables_free(hl_split_tables *t);

#endif
