/*
 * ecdf.h - percentiles of laboratory values as the published scripts compute them, to the last bit.
 *
 * The empirical distribution of the train rows: statsmodels' ECDF for the percentiles, a NumPy sum
 * for the means. symile.md 3.
 */
#ifndef HL_COHORT_ECDF_H
#define HL_COHORT_ECDF_H

#include "data/table.h"

typedef struct {
    double *x;     /* [n] sorted values of the train rows */
    double *y;     /* [n] percentile of x[k]'s step */
    size_t n;      /* values */
    size_t n_rows; /* train rows, with or without a value */
    double mean;   /* of the percentiles of the train rows that have a value; 0.5 when n = 0 */
} hl_ecdf;

/* Of the cells of column (a number column) in rows row[0 .. n_rows). Free with hl_ecdf_free(). */
hl_code hl_ecdf_make(const hl_column *column, const int64_t *row, size_t n_rows, hl_ecdf *out,
                     hl_error *err);
void hl_ecdf_free(hl_ecdf *e);

/* Percentile of v: 0 below the smallest train value, the highest rank among equals. n > 0. */
double hl_ecdf_at(const hl_ecdf *e, double v);

/* Sum of a[0..n) as numpy.add.reduce over float64: blocks of 8192, pairwise inside. */
double hl_sum_numpy(const double *a, size_t n);

#endif
