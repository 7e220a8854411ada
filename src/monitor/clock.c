#include "monitor/clock.h"

#include "base/civil.h"
#include "base/sort.h"

#define MS_US INT64_C(1000)
#define SECOND_US INT64_C(1000000)
#define MINUTE_US INT64_C(60000000)

enum {
    NEAR_TICKS = 30000,  /* two pairs of one base this close together: nobody touched the clock */
    MAX_SPANS = 1 << 20, /* two months of a clock set at every message */
    MAX_MOVES = 1 << 30, /* spans moved to make room: messages come nearly in order */
    BLOCK = 64           /* spans that share one summary, for looking up a time */
};

/* What a span has beside hl_clock_span. */
typedef struct {
    uint32_t id;     /* remembered times belong to the span behind their hole, wherever it moves */
    bool from_event; /* made by resolving a hole: the converter prints such bases in UTC */
} span_side;

/* A time that fell into the hole before the span with this id. */
typedef struct {
    int64_t us;
    uint32_t id;
    uint32_t reserved;
} seen_time;

/*
 * span[0 .. n) do not overlap and ascend. reach[i] = the latest wall time of span[0 .. i], so that
 * the first span that ends at or after a time is found by bisection although wall times may run
 * backwards; valid while n_reach == n. since[i] = the earliest wall time of span[i .. n), for the
 * last span that starts at or before a time.
 */
struct hl_clock {
    hl_clock_span *span;
    span_side *side;
    size_t n, cap;
    uint32_t n_ids;
    int64_t n_moves;
    int64_t *reach;
    size_t n_reach, cap_reach;
    int64_t *since; /* NULL until resolved, as block */
    int64_t *block; /* [blocks][2]: earliest start, latest end */
    seen_time *seen;
    size_t n_seen, cap_seen;
};

hl_clock *hl_clock_new(void)
{
    return calloc(1, sizeof(hl_clock));
}

void hl_clock_free(hl_clock **clock)
{
    hl_clock *k = clock ? *clock : NULL;

    if (!k)
        return;
    free(k->span);
    free(k->side);
    free(k->reach);
    free(k->since);
    free(k->block);
    free(k->seen);
    free(k);
    *clock = NULL;
}

/* --- times --------------------------------------------------------------------------------------
 */

/* A wall time that can be printed, its zone counted in: 0001-01-01 to 9999-12-31. */
static bool in_calendar(int64_t us, int32_t zone_min)
{
    const int64_t first = INT64_C(-62135596800), end = INT64_C(253402300800);
    const int64_t day = HL_DAY_S;
    int64_t s = us / SECOND_US;

    if (zone_min <= -1440 || zone_min >= 1440 || s < first - 2 * day || s > end + 2 * day)
        return false;
    us += zone_min * MINUTE_US;
    return us >= first * SECOND_US && us < end * SECOND_US;
}

/* Wall time of sequence number 0; false: outside the calendar. */
static bool base_of(int64_t sequence, int64_t us, int32_t zone_min, int64_t *base_us)
{
    int64_t ticks_us;

    return !__builtin_mul_overflow(sequence, MS_US, &ticks_us) &&
           !__builtin_sub_overflow(us, ticks_us, base_us) && in_calendar(us, zone_min) &&
           in_calendar(*base_us, zone_min);
}

/* us is that of a span's start or end: both it and the base are in the calendar. */
static int64_t wall_of(const hl_clock_span *s, int64_t sequence)
{
    return s->base_us + sequence * MS_US;
}

/* Whole milliseconds from base_us to us, rounded down. */
static int64_t ticks_from(int64_t base_us, int64_t us)
{
    int64_t d;

    if (__builtin_sub_overflow(us, base_us, &d))
        d = us < base_us ? INT64_MIN : INT64_MAX;
    return d / MS_US - (d % MS_US < 0);
}

/* --- spans --------------------------------------------------------------------------------------
 */

/* The first span that starts at or after sequence. */
static size_t first_from(const hl_clock *k, int64_t sequence)
{
    size_t a = 0, b = k->n;

    if (b > 0 && k->span[b - 1].start < sequence) /* the usual case: messages come in order */
        return b;
    while (a < b) {
        size_t m = a + (b - a) / 2;
        if (k->span[m].start < sequence)
            a = m + 1;
        else
            b = m;
    }
    return a;
}

static hl_code grow(hl_clock *k, hl_error *err)
{
    size_t cap = k->cap ? k->cap * 2 : 16;

    if (k->n == MAX_SPANS)
        return hl_fail(err, HL_E_LIMIT, "the monitors' clock was set more than %d times in a stay",
                       MAX_SPANS);
    hl_clock_span *span = realloc(k->span, cap * sizeof *span);
    if (!span)
        return hl_fail_memory(err, "clock map", cap * sizeof *span);
    k->span = span;
    span_side *side = realloc(k->side, cap * sizeof *side);
    if (!side)
        return hl_fail_memory(err, "clock map", cap * sizeof *side);
    k->side = side;
    k->cap = cap;
    return HL_OK;
}

static hl_code insert(hl_clock *k, size_t i, hl_clock_span span, bool from_event, hl_error *err)
{
    hl_code c = k->n == k->cap || k->n == MAX_SPANS ? grow(k, err) : HL_OK;

    if (c != HL_OK)
        return c;
    k->n_moves += (int64_t)(k->n - i);
    if (k->n_moves > MAX_MOVES)
        return hl_fail(err, HL_E_LIMIT, "the monitors' sequence numbers are in too great disorder");
    memmove(k->span + i + 1, k->span + i, (k->n - i) * sizeof *k->span);
    memmove(k->side + i + 1, k->side + i, (k->n - i) * sizeof *k->side);
    k->span[i] = span;
    k->side[i] = (span_side){.id = k->n_ids++, .from_event = from_event};
    k->n++;
    return HL_OK;
}

static void take_out(hl_clock *k, size_t i)
{
    k->n--;
    memmove(k->span + i, k->span + i + 1, (k->n - i) * sizeof *k->span);
    memmove(k->side + i, k->side + i + 1, (k->n - i) * sizeof *k->side);
}

/* The distance of two sequence numbers, a <= b, is below NEAR_TICKS. */
static bool near(int64_t a, int64_t b)
{
    return (uint64_t)b - (uint64_t)a < NEAR_TICKS;
}

/* The rule for a pair. A span keeps the base and zone that it was made with; where two meet, the
 * later one stays. waveform.md 4.8 */
static hl_code add_pair(hl_clock *k, int64_t sequence, int64_t us, int32_t zone_min,
                        bool from_event, bool *conflict, hl_error *err)
{
    int64_t base_us;

    *conflict = true;
    if (!base_of(sequence, us, zone_min, &base_us))
        return HL_OK;
    k->n_reach = 0;
    size_t i = first_from(k, sequence);
    hl_clock_span *p = i > 0 ? &k->span[i - 1] : NULL;
    hl_clock_span *n = i < k->n ? &k->span[i] : NULL;
    *conflict = false;
    if (p && sequence <= p->end) {
        *conflict = base_us != p->base_us;
    } else if (n && sequence == n->start) {
        *conflict = base_us != n->base_us;
    } else if (p && p->base_us == base_us && near(p->end, sequence)) {
        p->end = sequence;
        if (n && n->base_us == base_us && near(sequence, n->start)) {
            n->start = p->start;
            take_out(k, i - 1);
        }
    } else if (n && n->base_us == base_us && near(sequence, n->start)) {
        n->start = sequence;
    } else {
        const hl_clock_span span = {sequence, sequence, base_us, zone_min};
        return insert(k, i, span, from_event, err);
    }
    return HL_OK;
}

hl_code hl_clock_add(hl_clock *clock, int64_t sequence, hl_stamp wall, bool *conflict,
                     hl_error *err)
{
    bool ignored;

    if (!conflict)
        conflict = &ignored;
    *conflict = false;
    if (!wall.has)
        return HL_OK;
    return add_pair(clock, sequence, wall.us, wall.zone_min, false, conflict, err);
}

/* --- holes --------------------------------------------------------------------------------------
 */

static hl_code make_reach(hl_clock *k, hl_error *err)
{
    if (k->n > k->cap_reach) {
        int64_t *reach = realloc(k->reach, k->cap * sizeof *reach);
        if (!reach)
            return hl_fail_memory(err, "clock map", k->cap * sizeof *reach);
        k->reach = reach;
        k->cap_reach = k->cap;
    }
    for (size_t i = 0; i < k->n; i++) {
        int64_t end = wall_of(&k->span[i], k->span[i].end);
        k->reach[i] = i > 0 && k->reach[i - 1] > end ? k->reach[i - 1] : end;
    }
    k->n_reach = k->n;
    return HL_OK;
}

/* The first span whose end is at or after us. */
static size_t first_reaching(const hl_clock *k, int64_t us)
{
    size_t a = 0, b = k->n;

    while (a < b) {
        size_t m = a + (b - a) / 2;
        if (k->reach[m] < us)
            a = m + 1;
        else
            b = m;
    }
    return a;
}

static int compare_seen(const void *a, const void *b, void *ctx)
{
    const seen_time *x = a, *y = b;

    (void)ctx;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return (x->us > y->us) - (x->us < y->us);
}

/* Sorted by hole and time, each once. */
static hl_code settle_seen(hl_clock *k, hl_error *err)
{
    size_t n = 0;
    hl_code c = hl_sort_stable(k->seen, k->n_seen, sizeof *k->seen, compare_seen, NULL, err);

    if (c != HL_OK)
        return c;
    for (size_t i = 0; i < k->n_seen; i++)
        if (n == 0 || compare_seen(&k->seen[n - 1], &k->seen[i], NULL) != 0)
            k->seen[n++] = k->seen[i];
    k->n_seen = n;
    return HL_OK;
}

/* 16 bytes for each different time that lies in a hole. */
static hl_code remember(hl_clock *k, uint32_t id, int64_t us, hl_error *err)
{
    if (k->n_seen == k->cap_seen) {
        hl_code c = settle_seen(k, err);
        if (c != HL_OK)
            return c;
        if (k->n_seen >= k->cap_seen / 2) {
            size_t cap = k->cap_seen ? k->cap_seen * 2 : 256;
            seen_time *seen = realloc(k->seen, cap * sizeof *seen);
            if (!seen)
                return hl_fail_memory(err, "clock map", cap * sizeof *seen);
            k->seen = seen;
            k->cap_seen = cap;
        }
    }
    k->seen[k->n_seen++] = (seen_time){.us = us, .id = id};
    return HL_OK;
}

hl_code hl_clock_see(hl_clock *clock, hl_stamp wall, hl_error *err)
{
    hl_clock *k = clock;

    if (!wall.has || k->n == 0)
        return HL_OK;
    if (k->n_reach != k->n) {
        hl_code c = make_reach(k, err);
        if (c != HL_OK)
            return c;
    }
    size_t i = first_reaching(k, wall.us);
    if (i == 0 || i == k->n || wall.us >= wall_of(&k->span[i], k->span[i].start))
        return HL_OK;
    uint32_t id = k->side[i].id;
    if (k->n_seen > 0 && k->seen[k->n_seen - 1].us == wall.us && k->seen[k->n_seen - 1].id == id)
        return HL_OK; /* the rows of one moment stand together */
    return remember(k, id, wall.us, err);
}

typedef struct {
    int64_t sequence, us;
    int32_t zone_min;
    bool from_event;
} found_pair;

/*
 * The hole between two spans, with n > 0 times in it (ascending, all inside): the clock was set in
 * the longest silence, the later one of equals.
 */
static void find_edges(const hl_clock_span *p, const hl_clock_span *q, const seen_time *seen,
                       size_t n, found_pair edge[2])
{
    int64_t before = wall_of(p, p->end), end = wall_of(q, q->start);
    int64_t best = 0, best_before = before;
    bool from_event = false;

    for (size_t i = 0; i <= n; i++) {
        int64_t after = i < n ? seen[i].us : end;
        if (after - before >= best) {
            best = after - before;
            best_before = before;
            from_event = i > 0;
        }
        before = after;
    }
    edge[0] =
        (found_pair){ticks_from(p->base_us, best_before), best_before, p->zone_min, from_event};
    /* A silence that begins where the hole does keeps the zone of what was before it. */
    edge[1] = (found_pair){ticks_from(q->base_us, best_before + best), best_before + best,
                           from_event ? q->zone_min : p->zone_min, from_event};
}

/* First of the remembered times of a hole. */
static size_t first_seen(const hl_clock *k, uint32_t id)
{
    size_t a = 0, b = k->n_seen;

    while (a < b) {
        size_t m = a + (b - a) / 2;
        if (k->seen[m].id < id)
            a = m + 1;
        else
            b = m;
    }
    return a;
}

static hl_code make_blocks(hl_clock *k, hl_error *err)
{
    size_t n_blocks = (k->n + BLOCK - 1) / BLOCK;
    hl_code c = make_reach(k, err);

    if (c != HL_OK || n_blocks == 0)
        return c;
    free(k->block);
    free(k->since);
    k->block = malloc(n_blocks * 2 * sizeof *k->block);
    k->since = malloc(k->n * sizeof *k->since);
    if (!k->block || !k->since)
        return hl_fail_memory(err, "clock map", k->n * sizeof *k->since);
    for (size_t i = k->n; i-- > 0;) {
        int64_t start = wall_of(&k->span[i], k->span[i].start);
        k->since[i] = i + 1 < k->n && k->since[i + 1] < start ? k->since[i + 1] : start;
    }
    for (size_t i = 0; i < k->n; i++) {
        int64_t *b = k->block + i / BLOCK * 2;
        int64_t start = wall_of(&k->span[i], k->span[i].start);
        int64_t end = wall_of(&k->span[i], k->span[i].end) + MS_US - 1;
        if (i % BLOCK == 0 || start < b[0])
            b[0] = start;
        if (i % BLOCK == 0 || end > b[1])
            b[1] = end;
    }
    return HL_OK;
}

hl_code hl_clock_resolve(hl_clock *clock, hl_error *err)
{
    hl_clock *k = clock;
    found_pair *pair = NULL;
    size_t n_pairs = 0;
    bool conflict;
    hl_code c = settle_seen(k, err);

    if (c == HL_OK && k->n_seen > 0) {
        size_t most = k->n < k->n_seen ? k->n : k->n_seen; /* holes with a time in them */
        pair = malloc(2 * most * sizeof *pair);
        if (!pair)
            c = hl_fail_memory(err, "clock map", 2 * most * sizeof *pair);
    }
    for (size_t i = 1; c == HL_OK && pair && i < k->n; i++) {
        size_t a = first_seen(k, k->side[i].id), b = a;
        while (b < k->n_seen && k->seen[b].id == k->side[i].id)
            b++;
        if (b > a) {
            find_edges(&k->span[i - 1], &k->span[i], k->seen + a, b - a, pair + n_pairs);
            n_pairs += 2;
        }
    }
    for (size_t i = 0; c == HL_OK && i < n_pairs; i++)
        c = add_pair(k, pair[i].sequence, pair[i].us, pair[i].zone_min, pair[i].from_event,
                     &conflict, err);
    free(pair);
    free(k->seen);
    k->seen = NULL;
    k->n_seen = k->cap_seen = 0;
    return c == HL_OK ? make_blocks(k, err) : c;
}

/* --- asking -------------------------------------------------------------------------------------
 */

/* The last of span[a .. b) in which the clock showed us, no later than limit. */
static bool find_shown(const hl_clock *k, size_t a, size_t b, int64_t us, int64_t limit,
                       int64_t *sequence)
{
    for (size_t i = b; i-- > a;) {
        const hl_clock_span *s = &k->span[i];
        int64_t t = ticks_from(s->base_us, us);
        if (s->start <= t && t <= s->end && t <= limit) {
            *sequence = t;
            return true;
        }
    }
    return false;
}

/* One behind the last span that starts at or before us. */
static size_t end_of_started(const hl_clock *k, int64_t us)
{
    size_t a = 0, b = k->n;

    while (a < b) {
        size_t m = a + (b - a) / 2;
        if (k->since[m] <= us)
            a = m + 1;
        else
            b = m;
    }
    return a;
}

int64_t hl_clock_sequence(const hl_clock *clock, hl_stamp wall, int64_t limit)
{
    const hl_clock *k = clock;
    int64_t us = wall.us, found;
    size_t first = 0; /* the first span that ends at or after us, its last millisecond included */

    if (k->n == 0 || !wall.has)
        return HL_CLOCK_NONE;
    if (k->since) {
        first = first_reaching(k, us > INT64_MIN + MS_US ? us - (MS_US - 1) : us);
        for (size_t b = end_of_started(k, us); b > first;) {
            size_t block = (b - 1) / BLOCK;
            size_t a = block * BLOCK > first ? block * BLOCK : first;
            if (k->block[2 * block] <= us && us <= k->block[2 * block + 1] &&
                find_shown(k, a, b, us, limit, &found))
                return found;
            b = a;
        }
    } else {
        if (find_shown(k, 0, k->n, us, limit, &found))
            return found;
        while (first < k->n && ticks_from(k->span[first].base_us, us) > k->span[first].end)
            first++;
    }
    /* The clock never showed it, or only later: go by the first span that ends after it. */
    first = first < k->n ? first : k->n - 1;
    return ticks_from(k->span[first].base_us, us);
}

hl_stamp hl_clock_wall(const hl_clock *clock, int64_t sequence)
{
    const hl_clock *k = clock;
    int64_t ticks_us, us;

    if (k->n == 0)
        return (hl_stamp){0};
    size_t i = first_from(k, sequence);
    const hl_clock_span *s = i < k->n ? &k->span[i] : &k->span[k->n - 1];
    if (i > 0 && i < k->n) {
        const hl_clock_span *p = s - 1;
        bool inside = sequence == s->start;
        /* The nearer one; the earlier of two that are equally near. */
        if (!inside && (sequence <= p->end || (uint64_t)sequence - (uint64_t)p->end <=
                                                  (uint64_t)s->start - (uint64_t)sequence))
            s = p;
    }
    if (__builtin_mul_overflow(sequence, MS_US, &ticks_us) ||
        __builtin_add_overflow(s->base_us, ticks_us, &us) || !in_calendar(us, s->zone_min))
        return (hl_stamp){0};
    return (hl_stamp){.us = us, .zone_min = s->zone_min, .has = true};
}

const hl_clock_span *hl_clock_spans(const hl_clock *clock, size_t *n)
{
    *n = clock->n;
    return clock->span;
}

/* "YYYY-MM-DD HH:MM:SS.mmm +ZZ:ZZ", six digits where the microseconds are no whole milliseconds;
 * for what came of an event "YYYY-MM-DD HH:MM:SS[.uuuuuu]+00:00". */
static void put_base(hl_buf *to, int64_t us, int32_t zone_min, bool from_event)
{
    int32_t minutes = zone_min < 0 ? -zone_min : zone_min;

    if (from_event)
        zone_min = minutes = 0;
    us += zone_min * MINUTE_US;
    int64_t rest = us % SECOND_US;
    if (rest < 0)
        rest += SECOND_US;
    hl_buf_time(to, (us - rest) / SECOND_US);
    if (rest % MS_US || (from_event && rest))
        hl_buf_printf(to, ".%06d", (int)rest);
    else if (!from_event)
        hl_buf_printf(to, ".%03d", (int)(rest / MS_US));
    hl_buf_printf(to, "%s%c%02d:%02d", from_event ? "" : " ", zone_min < 0 ? '-' : '+',
                  (int)(minutes / 60), (int)(minutes % 60));
}

void hl_clock_print(const hl_clock *clock, hl_buf *to)
{
    for (size_t i = 0; i < clock->n; i++) {
        const hl_clock_span *s = &clock->span[i];
        hl_buf_printf(to, "%lld,%lld,", (long long)s->start, (long long)s->end);
        put_base(to, s->base_us, s->zone_min, clock->side[i].from_event);
        hl_buf_text(to, "\r\n");
    }
}
