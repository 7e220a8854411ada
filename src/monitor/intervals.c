#include "monitor/intervals.h"

#include <stdlib.h>
#include <string.h>

#include "base/sort.h"

enum { SETTLE_FIRST = 1024 };

static hl_code make_room(hl_intervals *set, hl_error *err)
{
    size_t cap = set->cap ? 2 * set->cap : 16, bytes;
    hl_interval *more;

    if (set->n < set->cap)
        return HL_OK;
    more = hl_mul_size(cap, sizeof *more, &bytes) ? realloc(set->at, bytes) : NULL;
    if (!more)
        return hl_fail_memory(err, "intervals of a stay", cap);
    set->at = more;
    set->cap = cap;
    return HL_OK;
}

/* Number of intervals that end before t. */
static size_t first_reaching(const hl_intervals *set, int64_t t)
{
    size_t low = 0, high = set->n;

    if (high > 0 && set->at[high - 1].end < t)
        return high;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (set->at[mid].end < t)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

hl_code hl_intervals_join(hl_intervals *set, int64_t start, int64_t end, hl_error *err)
{
    size_t i = first_reaching(set, start), j = i;

    for (; j < set->n && set->at[j].start <= end; j++) {
        start = set->at[j].start < start ? set->at[j].start : start;
        end = set->at[j].end > end ? set->at[j].end : end;
    }
    if (i == j) {
        hl_code c = make_room(set, err);
        if (c != HL_OK)
            return c;
        memmove(set->at + i + 1, set->at + i, (set->n - i) * sizeof *set->at);
        set->n++;
    } else if (j > i + 1) {
        memmove(set->at + i + 1, set->at + j, (set->n - j) * sizeof *set->at);
        set->n -= j - i - 1;
    }
    set->at[i] = (hl_interval){start, end};
    return HL_OK;
}

bool hl_intervals_hold(const hl_intervals *set, int64_t start, int64_t end)
{
    size_t i = first_reaching(set, end);

    return i < set->n && set->at[i].start <= start;
}

bool hl_intervals_outside(const hl_intervals *set, int64_t start, int64_t end, hl_interval *out)
{
    size_t i;

    if (start >= end)
        return false;
    i = first_reaching(set, start);
    if (i < set->n && set->at[i].start <= start) {
        start = set->at[i].end;
        i++;
    }
    if (i < set->n && set->at[i].start < end)
        end = set->at[i].start;
    *out = (hl_interval){start, end};
    return start < end;
}

static int by_start(const void *a, const void *b, void *ctx)
{
    const hl_interval *x = a, *y = b;

    (void)ctx;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

hl_code hl_intervals_settle(hl_intervals *pile, hl_error *err)
{
    size_t k = 0;
    hl_code c = hl_sort_stable(pile->at, pile->n, sizeof *pile->at, by_start, NULL, err);

    for (size_t i = 0; i < pile->n && c == HL_OK; i++) {
        const hl_interval v = pile->at[i];
        if (k > 0 && v.start <= pile->at[k - 1].end)
            pile->at[k - 1].end = v.end > pile->at[k - 1].end ? v.end : pile->at[k - 1].end;
        else
            pile->at[k++] = v;
    }
    if (c == HL_OK)
        pile->n = k;
    pile->settle_at = pile->n > SETTLE_FIRST / 2 ? 2 * pile->n : SETTLE_FIRST;
    return c;
}

hl_code hl_intervals_pile(hl_intervals *pile, int64_t start, int64_t end, hl_error *err)
{
    hl_interval *last = pile->n > 0 ? &pile->at[pile->n - 1] : NULL;
    hl_code c;

    if (last && start >= last->start && start <= last->end) {
        last->end = end > last->end ? end : last->end;
        return HL_OK;
    }
    if (pile->settle_at == 0)
        pile->settle_at = SETTLE_FIRST;
    if (pile->n >= pile->settle_at && (c = hl_intervals_settle(pile, err)) != HL_OK)
        return c;
    if ((c = make_room(pile, err)) != HL_OK)
        return c;
    pile->at[pile->n++] = (hl_interval){start, end};
    return HL_OK;
}

void hl_intervals_free(hl_intervals *set)
{
    free(set->at);
    *set = (hl_intervals){0};
}
