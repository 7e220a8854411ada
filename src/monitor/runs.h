/*
 * runs.h - sorting more items than fit: sorted runs in a scratch file, merged as they are read.
 *
 * Stable: of equal items the one added first comes first. Items have one size and hold no pointers.
 */
#ifndef HL_MONITOR_RUNS_H
#define HL_MONITOR_RUNS_H

#include "base/io.h"

typedef struct hl_runs hl_runs;

/* memory: bytes altogether, sorting included; more goes into a file in scratch, which is gone after
 * hl_runs_free(). scratch is kept by the caller. */
hl_code hl_runs_new(size_t item_bytes, size_t memory, const char *scratch,
                    int (*compare)(const void *a, const void *b, void *ctx), void *ctx,
                    hl_runs **out, hl_error *err);
hl_code hl_runs_add(hl_runs *r, const void *item, hl_error *err);
/* No more items; from now on they are read. */
hl_code hl_runs_sort(hl_runs *r, hl_error *err);
/* The next item in order, valid until the next call; HL_END. */
hl_code hl_runs_next(hl_runs *r, const void **item, hl_error *err);
int64_t hl_runs_count(const hl_runs *r);
void hl_runs_free(hl_runs **r);

#endif
