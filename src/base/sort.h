/*
 * sort.h - stable sort, and the one unstable sort that a published data set depends on.
 */
#ifndef HL_BASE_SORT_H
#define HL_BASE_SORT_H

#include "base/error.h"

/* Stable merge sort of n items of item_bytes by compare (<0, 0, >0; ctx is handed through).
 * HL_E_LIMIT when its scratch space (n * item_bytes) cannot be had: the order is then unchanged. */
hl_code hl_sort_stable(void *items, size_t n, size_t item_bytes,
                       int (*compare)(const void *a, const void *b, void *ctx), void *ctx,
                       hl_error *err);

/* order[0..n) = the permutation that numpy.argsort (kind "quicksort") gives for datetime64 keys:
 * stable up to 16 keys, introsort with heap-sort fallback above. symile.md 2.7 */
void hl_argsort_numpy(const int64_t *keys, size_t n, size_t *order);

#endif
