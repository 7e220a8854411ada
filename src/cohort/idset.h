/*
 * idset.h - which ids were seen: bits in pages of 65,536 ids, so that the dense ids of a hospital's
 * table take an eighth of a byte each. Bounded: past 256 MiB of pages nothing more is remembered.
 */
#ifndef HL_COHORT_IDSET_H
#define HL_COHORT_IDSET_H

#include "base/error.h"

typedef struct hl_idset hl_idset;

hl_idset *hl_idset_new(void); /* NULL: out of memory */
/* Add id; true when it was there already. */
bool hl_idset_add(hl_idset *set, int64_t id);
void hl_idset_free(hl_idset **set);

#endif
