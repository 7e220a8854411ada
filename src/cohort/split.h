/*
 * split.h - which rows are train, validation and test, and which candidates each query has.
 *
 * Rows are numbers of rows in the data set's table (split) or in the split's own table
 * (candidates). symile.md 4 and 5.
 */
#ifndef HL_COHORT_SPLIT_H
#define HL_COHORT_SPLIT_H

#include "base/rng.h"
#include "cohort/recipe.h"

typedef struct {
    hl_split_rule rule;
    int64_t train_n, val_n; /* rows; by subject: filled up to at least that many */
    uint32_t seed;
} hl_split_options;

typedef struct {
    int64_t *train, *val, *test;
    size_t n_train, n_val, n_test;
} hl_split;

/* HL_E_INPUT with the numbers when a split would be empty. Free with hl_split_free(). */
hl_code hl_split_make(const int64_t *subject_id, size_t n, const hl_split_options *options,
                      hl_split *out, hl_error *err);
void hl_split_free(hl_split *split);

/* One row of a retrieval table. */
typedef struct {
    int64_t row;   /* of the split: the candidate */
    int64_t query; /* of the split: whose candidate it is */
    int64_t label; /* 1 = the query's own row */
} hl_candidate;

typedef struct {
    hl_candidate *at;
    size_t n;
} hl_candidates;

/*
 * n queries, each with itself and candidate_n - 1 others: first all positives, then the negatives
 * query by query, drawn by g, which goes on from split to split. distinct: only rows of another
 * subject. name is the split's, for messages. Free at by free().
 */
hl_code hl_candidates_draw(const char *name, const int64_t *subject_id, size_t n,
                           int64_t candidate_n, bool distinct, hl_mt19937 *g, hl_candidates *out,
                           hl_error *err);

#endif
