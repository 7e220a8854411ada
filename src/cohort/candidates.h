/*
 * candidates.h - retrieval candidates taken from published tables instead of drawn. symile.md 5
 * (c).
 */
#ifndef HL_COHORT_CANDIDATES_H
#define HL_COHORT_CANDIDATES_H

#include "cohort/split.h"

/*
 * Read (label_hadm_id, hadm_id) pairs in file order from a csv, or from val_retrieval.csv and
 * test.csv in a folder. A pair belongs to the split in which its query is; HL_E_INPUT when the
 * query is in neither, or the candidate not in the same split. A split without a pair keeps at ==
 * NULL.
 */
hl_code hl_candidates_read(const char *path, const hl_table *val, const hl_table *test,
                           hl_candidates *val_out, hl_candidates *test_out, hl_error *err);

#endif
