/*
 * cohort.h - from a hospital's tables, ECG records and chest films to a tri-modal data set's
 * tables: which admissions, which film, which ECG, which laboratory values; splits and retrieval
 * candidates.
 */
#ifndef HILUM_COHORT_H
#define HILUM_COHORT_H

#include "hilum/hilum.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What hl_cohort_build() needs. Zero it; -1 in a count or seed means "as the recipe says". */
typedef struct {
    const char *mimiciv;       /* folder with hosp/{patients,admissions,labevents}.csv[.gz] */
    const char *ecg;           /* folder with record_list.csv and files/ */
    const char *cxr;           /* folder with the film and label tables and files/ */
    const char *out;           /* folder to write; new or empty */
    const char *recipe;        /* name of a shipped recipe or path; NULL = symile-mimic-1.0 */
    const char *candidates;    /* csv, or folder of val_retrieval.csv and test.csv, whose candidates
                                  are    taken as given; NULL = drawn */
    const char *call;          /* the options as JSON, for run.json; may be NULL */
    int64_t train_n, val_n;    /* rows */
    int64_t candidate_n;       /* rows a query, its positive included */
    int64_t seed;              /* of the splits, 0 .. 2^32-1 */
    int64_t candidate_seed;    /* of the candidates, 0 .. 2^32-1 */
    int32_t compat;            /* the bytes of the published scripts */
    int32_t allow_duplicates;  /* repeated keys multiply rows instead of being refused */
    int32_t distinct_patients; /* no candidate of the query's own patient */
    int32_t strict_files;      /* an absent film file is an error */
    int32_t strict;            /* a broken ECG record is an error */
    int32_t check_all_ecg;     /* read every ECG record, not only those that matter */
    int32_t keep_columns;      /* splits keep all columns of the data set */
    int32_t ecg_report;   /* write ecg_report.csv: chosen ECGs with flat or held leads */
} hl_cohort_options;

/*
 * Build a cohort into options->out: symile_mimic_data.csv, train.csv, val.csv, val_retrieval.csv,
 * test.csv, labs_means.json, errors.csv, inputs.csv.gz, SHA256SUMS.txt, run.json, manifest.json.
 * One pass over the laboratory table; memory grows with the cohort, not with the files.
 *
 * HL_OK; HL_PARTIAL when ECG records could not be read (errors.csv; they count as absent);
 * HL_E_INPUT, HL_E_IO, HL_E_USAGE, HL_E_STOPPED. A folder without manifest.json is not complete;
 * the same build may write there again.
 */
HL_API hl_code hl_cohort_build(const hl_cohort_options *options, hl_ctl *ctl, hl_report *report,
                               hl_error *err);

#ifdef __cplusplus
}
#endif
#endif
