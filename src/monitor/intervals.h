/*
 * intervals.h - sets of ticks as half-open intervals [start, end).
 *
 * A set is kept settled: ascending, disjoint, intervals that touch are one. A pile takes intervals
 * in any order and is settled now and then, so that many of them stay cheap.
 */
#ifndef HL_MONITOR_INTERVALS_H
#define HL_MONITOR_INTERVALS_H

#include "base/error.h"

typedef struct {
    int64_t start, end;
} hl_interval;

typedef struct {
    hl_interval *at;
    size_t n, cap;
    size_t settle_at; /* piles: size at which it is settled next */
} hl_intervals;

/* Settled sets. */
hl_code hl_intervals_join(hl_intervals *set, int64_t start, int64_t end, hl_error *err);
bool hl_intervals_hold(const hl_intervals *set, int64_t start, int64_t end); /* all of it */
/* The first part of [start, end) outside the set; false when there is none. */
bool hl_intervals_outside(const hl_intervals *set, int64_t start, int64_t end, hl_interval *out);

/* Piles; start == end is a point, and points stay apart. */
hl_code hl_intervals_pile(hl_intervals *pile, int64_t start, int64_t end, hl_error *err);
hl_code hl_intervals_settle(hl_intervals *pile, hl_error *err);

void hl_intervals_free(hl_intervals *set);

#endif
