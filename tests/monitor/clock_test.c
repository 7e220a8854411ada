#include "tap.h"

#include "monitor/clock.h"

#define NOON INT64_C(4102488000000000) /* 2100-01-01 12:00:00 UTC, microseconds */

static hl_stamp at(int64_t us)
{
    return (hl_stamp){.us = us, .zone_min = -300, .has = true};
}

/* A pair whose clock shows ms_ahead more than NOON at sequence number 0. */
static bool pair(hl_clock *k, int64_t sequence, int64_t ms_ahead)
{
    bool conflict = false;

    ok(hl_clock_add(k, sequence, at(NOON + (sequence + ms_ahead) * 1000), &conflict, NULL) ==
       HL_OK);
    return conflict;
}

static void is_map(const hl_clock *k, const char *want)
{
    char text[2000] = "";
    size_t n;
    const hl_clock_span *s = hl_clock_spans(k, &n);

    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%lld-%lld%+lld ",
                 (long long)s[i].start, (long long)s[i].end,
                 (long long)((s[i].base_us - NOON) / 1000));
    is_str(text, want);
}

static void pairs_of_one_base_make_one_span(void)
{
    hl_clock *k = hl_clock_new();

    for (int64_t t = 0; t <= 51200; t += 5120)
        ok(!pair(k, t, 0));
    is_map(k, "0-51200+0 ");
    ok(!pair(k, 5000, 0)); /* within it */
    ok(!pair(k, -29999, 0));
    is_map(k, "-29999-51200+0 ");
    hl_clock_free(&k);
    ok(k == NULL);
    hl_clock_free(&k);
}

static void a_distance_of_30000_ticks_parts_spans(void)
{
    hl_clock *k = hl_clock_new();

    pair(k, 0, 0);
    pair(k, 29999, 0);
    is_map(k, "0-29999+0 ");
    pair(k, 59999, 0);
    is_map(k, "0-29999+0 59999-59999+0 ");
    pair(k, 89999, 0);
    pair(k, -30000, 0);
    is_map(k, "-30000--30000+0 0-29999+0 59999-59999+0 89999-89999+0 ");
    pair(k, 45000, 0); /* near to both neighbours: they become one */
    is_map(k, "-30000--30000+0 0-59999+0 89999-89999+0 ");
    hl_clock_free(&k);
}

static void another_base_begins_a_span_or_conflicts(void)
{
    hl_clock *k = hl_clock_new();

    pair(k, 0, 0);
    pair(k, 5120, 0);
    ok(!pair(k, 10240, 2000));
    ok(!pair(k, 15360, 2000));
    is_map(k, "0-5120+0 10240-15360+2000 ");
    ok(pair(k, 2560, 2000));
    ok(pair(k, 10240, 0));
    ok(pair(k, 15360, 1));
    ok(pair(k, 0, 1));
    is_map(k, "0-5120+0 10240-15360+2000 ");
    ok(!pair(k, 7000, 0)); /* the hole between belongs to nobody yet */
    is_map(k, "0-7000+0 10240-15360+2000 ");
    hl_clock_free(&k);
}

static void the_longest_silence_tells_when_the_clock_was_set(void)
{
    hl_clock *k = hl_clock_new();

    pair(k, 0, 0);
    pair(k, 5120, 2000);
    /* A second after the first, 3.8 s after it, and out of the hole on both sides. */
    ok(hl_clock_see(k, at(NOON + 1900000), NULL) == HL_OK);
    ok(hl_clock_see(k, at(NOON + 3800000), NULL) == HL_OK);
    ok(hl_clock_see(k, at(NOON - 1000000), NULL) == HL_OK);
    ok(hl_clock_see(k, at(NOON + 9000000), NULL) == HL_OK);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    is_map(k, "0-3800+0 5120-5120+2000 ");
    is_int(hl_clock_sequence(k, at(NOON + 3800000), INT64_MAX), 3800);
    hl_clock_free(&k);

    k = hl_clock_new();
    pair(k, 0, 0);
    pair(k, 5120, 2000); /* shows 7.12 s */
    hl_clock_see(k, at(NOON + 1900000), NULL);
    hl_clock_see(k, at(NOON + 5900000), NULL);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    is_map(k, "0-1900+0 3900-5120+2000 ");
    hl_clock_free(&k);
}

static void of_equal_silences_the_later_one_holds(void)
{
    hl_clock *k = hl_clock_new();

    pair(k, 0, 0);
    pair(k, 4000, 2000); /* shows 6 s */
    hl_clock_see(k, at(NOON + 2000000), NULL);
    hl_clock_see(k, at(NOON + 4000000), NULL);
    hl_clock_see(k, at(NOON + 4000000), NULL);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    /* Set between 4 s and 6 s: at tick 4000 in the old clock the new one began already. */
    is_map(k, "0-0+0 4000-4000+2000 ");
    hl_clock_free(&k);

    k = hl_clock_new();
    pair(k, 0, 0);
    pair(k, 12000, -2000); /* shows 10 s */
    hl_clock_see(k, at(NOON + 5000000), NULL);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    is_map(k, "0-5000+0 12000-12000-2000 ");
    hl_clock_free(&k);
}

static void a_hole_in_an_unchanged_clock_closes_when_events_bridge_it(void)
{
    hl_clock *k = hl_clock_new();

    pair(k, 0, 0);
    pair(k, 50000, 0);
    hl_clock_see(k, at(NOON + 15000000), NULL);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    is_map(k, "0-15000+0 50000-50000+0 "); /* 35 s of silence are too many */
    hl_clock_free(&k);

    k = hl_clock_new();
    pair(k, 0, 0);
    pair(k, 50000, 0);
    hl_clock_see(k, at(NOON + 24000000), NULL);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    is_map(k, "0-50000+0 ");
    hl_clock_free(&k);
}

static void a_time_goes_to_the_last_span_that_showed_it(void)
{
    hl_clock *k = hl_clock_new();

    pair(k, 0, 0);
    pair(k, 10000, 0);
    pair(k, 12000, -4000); /* shows 8 to 18 s */
    pair(k, 22000, -4000);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    is_int(hl_clock_sequence(k, at(NOON + 9000000), INT64_MAX), 13000); /* shown twice */
    is_int(hl_clock_sequence(k, at(NOON + 9000000), 12999), 9000);
    is_int(hl_clock_sequence(k, at(NOON + 9000000), 13000), 13000);
    /* Both lie behind the limit: then the limit holds no more. */
    is_int(hl_clock_sequence(k, at(NOON + 9000000), 100), 9000);
    is_int(hl_clock_sequence(k, at(NOON - 500000), INT64_MAX), -500);
    is_int(hl_clock_sequence(k, at(NOON + 19000000), INT64_MAX), 23000);
    is_int(hl_clock_sequence(k, at(NOON + 9000999), INT64_MAX), 13000); /* rounded down */
    is_int(hl_clock_sequence(k, at(NOON - 1), INT64_MAX), -1);
    is_int(hl_clock_sequence(k, (hl_stamp){0}, INT64_MAX), HL_CLOCK_NONE);
    hl_clock_free(&k);
}

static void a_sequence_number_goes_by_the_nearer_span_the_earlier_of_two(void)
{
    hl_clock *k = hl_clock_new();

    pair(k, 0, 0);
    pair(k, 40000, 7000);
    is_int((hl_clock_wall(k, 20000).us - NOON) / 1000, 20000);
    is_int((hl_clock_wall(k, 20001).us - NOON) / 1000, 27001);
    is_int((hl_clock_wall(k, -5).us - NOON) / 1000, -5);
    is_int((hl_clock_wall(k, 40000).us - NOON) / 1000, 47000);
    is_int((hl_clock_wall(k, 99999).us - NOON) / 1000, 106999);
    is_int(hl_clock_wall(k, 0).zone_min, -300);
    ok(!hl_clock_wall(k, INT64_MAX).has && !hl_clock_wall(k, INT64_MIN).has);
    hl_clock_free(&k);
}

static void a_clock_without_pairs_knows_nothing(void)
{
    hl_clock *k = hl_clock_new();
    hl_buf text = {0};
    size_t n = 9;

    ok(hl_clock_see(k, at(NOON), NULL) == HL_OK);
    ok(hl_clock_add(k, 5, (hl_stamp){0}, NULL, NULL) == HL_OK);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    is_int(hl_clock_sequence(k, at(NOON), INT64_MAX), HL_CLOCK_NONE);
    ok(!hl_clock_wall(k, 0).has);
    hl_clock_spans(k, &n);
    is_int(n, 0);
    hl_clock_print(k, &text);
    is_int(text.n, 0);
    hl_buf_free(&text);
    hl_clock_free(&k);
}

static void the_map_prints_as_the_converters_file(void)
{
    hl_clock *k = hl_clock_new();
    hl_buf text = {0};

    hl_clock_add(k, 0, (hl_stamp){NOON + 7000, -300, true}, NULL, NULL);
    hl_clock_add(k, 100000, (hl_stamp){NOON + 100000007, 330, true}, NULL, NULL);
    hl_clock_see(k, at(NOON + 40000000), NULL); /* becomes a span of its own, printed in UTC */
    hl_clock_see(k, at(NOON + 40000500), NULL);
    hl_clock_see(k, at(NOON + 99000000), NULL);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    hl_clock_print(k, &text);
    is_str(text.at, "0,0,2100-01-01 07:00:00.007 -05:00\r\n"
                    "39993,39993,2100-01-01 12:00:00.007500+00:00\r\n"
                    "98999,98999,2100-01-01 12:00:00.001000+00:00\r\n"
                    "100000,100000,2100-01-01 17:30:00.000007 +05:30\r\n");
    hl_buf_free(&text);
    hl_clock_free(&k);
}

static void numbers_beyond_the_calendar_change_nothing(void)
{
    static const int64_t sequence[] = {INT64_MAX,        INT64_MIN,        INT64_MAX / 1000,
                                       INT64_MIN / 1000, INT64_C(1) << 53, -(INT64_C(1) << 53)};
    static const int64_t wall[] = {INT64_MAX, INT64_MIN, INT64_C(300000000000000000),
                                   INT64_C(-70000000000000000)};
    hl_clock *k = hl_clock_new();
    bool conflict;

    pair(k, 0, 0);
    for (size_t i = 0; i < sizeof sequence / sizeof *sequence; i++)
        ok(hl_clock_add(k, sequence[i], at(NOON), &conflict, NULL) == HL_OK && conflict);
    for (size_t i = 0; i < sizeof wall / sizeof *wall; i++) {
        ok(hl_clock_add(k, 1, at(wall[i]), &conflict, NULL) == HL_OK && conflict);
        ok(hl_clock_see(k, at(wall[i]), NULL) == HL_OK);
    }
    ok(hl_clock_add(k, 1, (hl_stamp){NOON, INT32_MAX, true}, &conflict, NULL) == HL_OK && conflict);
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    is_map(k, "0-0+0 ");
    for (size_t i = 0; i < sizeof wall / sizeof *wall; i++)
        for (size_t j = 0; j < sizeof sequence / sizeof *sequence; j++)
            hl_clock_sequence(k, at(wall[i]), sequence[j]);
    is_int(hl_clock_sequence(k, at(INT64_MAX), INT64_MAX), (INT64_MAX - NOON) / 1000);
    hl_clock_free(&k);
}

/* --- the rules again, as plainly as they can be written ----------------------------------------
 */

enum { MOST = 400 };
typedef struct {
    int64_t start, end, base;
    int64_t seen[MOST];
    int n_seen;
} plain_span;
typedef struct {
    plain_span s[MOST];
    int n;
} plain;

static bool plain_add(plain *m, int64_t q, int64_t us)
{
    int64_t base = us - q * 1000;
    int i = 0; /* the first span behind q */

    for (; i < m->n && m->s[i].start <= q; i++)
        if (q <= m->s[i].end)
            return m->s[i].base != base;
    bool left = i > 0 && m->s[i - 1].base == base && q - m->s[i - 1].end < 30000;
    bool right = i < m->n && m->s[i].base == base && m->s[i].start - q < 30000;
    if (left && right) {
        m->s[i].start = m->s[i - 1].start;
        m->n--;
        memmove(&m->s[i - 1], &m->s[i], (size_t)(m->n - i + 1) * sizeof *m->s);
    } else if (left) {
        m->s[i - 1].end = q;
    } else if (right) {
        m->s[i].start = q;
    } else {
        memmove(&m->s[i + 1], &m->s[i], (size_t)(m->n - i) * sizeof *m->s);
        m->s[i] = (plain_span){.start = q, .end = q, .base = base};
        m->n++;
    }
    return false;
}

static void plain_see(plain *m, int64_t us)
{
    for (int i = 0; i < m->n; i++) {
        plain_span *s = &m->s[i];
        if (us < s->base + s->start * 1000) {
            int k = s->n_seen++;
            for (; k > 0 && s->seen[k - 1] > us; k--)
                s->seen[k] = s->seen[k - 1];
            s->seen[k] = us;
            return;
        }
        if (us <= s->base + s->end * 1000)
            return;
    }
}

static int64_t down(int64_t us)
{
    return us / 1000 - (us % 1000 < 0);
}

static void plain_resolve(plain *m)
{
    int64_t pair[2 * MOST][2];
    int n = 0;

    for (int i = 1; i < m->n; i++) {
        plain_span *p = &m->s[i - 1], *s = &m->s[i];
        int64_t best = -1, from = 0, last = p->base + p->end * 1000;
        if (s->n_seen == 0)
            continue;
        for (int k = 0; k <= s->n_seen; k++) {
            int64_t now = k < s->n_seen ? s->seen[k] : s->base + s->start * 1000;
            if (now - last >= best) {
                best = now - last;
                from = last;
            }
            last = now;
        }
        pair[n][0] = down(from - p->base);
        pair[n++][1] = from;
        pair[n][0] = down(from + best - s->base);
        pair[n++][1] = from + best;
    }
    for (int i = 0; i < n; i++)
        plain_add(m, pair[i][0], pair[i][1]);
}

static int64_t plain_sequence(const plain *m, int64_t us, int64_t limit)
{
    int64_t found = HL_CLOCK_NONE;

    for (int i = 0; i < m->n; i++) {
        int64_t q = down(us - m->s[i].base);
        if (m->s[i].start <= q && q <= m->s[i].end && q <= limit)
            found = q;
    }
    for (int i = 0; found == HL_CLOCK_NONE && i < m->n; i++)
        if (down(us - m->s[i].base) <= m->s[i].end)
            found = down(us - m->s[i].base);
    return found != HL_CLOCK_NONE ? found : down(us - m->s[m->n - 1].base);
}

static int64_t plain_wall(const plain *m, int64_t q)
{
    int64_t best = INT64_MAX, us = 0;

    for (int i = 0; i < m->n; i++) {
        int64_t far = m->s[i].start - q > q - m->s[i].end ? m->s[i].start - q : q - m->s[i].end;
        if (far < best) {
            best = far;
            us = m->s[i].base + q * 1000;
        }
    }
    return us;
}

static uint64_t dice(uint64_t *state, uint64_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (*state >> 33) % n;
}

/* A random stay into both maps; times gets what was shown. */
static int play(uint64_t *r, hl_clock *k, plain *m, int64_t *times)
{
    int n = 0;
    int64_t q = (int64_t)dice(r, 3) * INT64_C(250000000000), base = NOON;

    for (int i = (int)dice(r, 150); i >= 0; i--) {
        static const int64_t steps[] = {1, 29999, 30000, 30001, 45000, 3600000};
        q += dice(r, 10) < 7 ? 5120 : steps[dice(r, 6)];
        if (dice(r, 12) == 0)
            q -= (int64_t)dice(r, 60000);
        if (dice(r, 6) == 0)
            base += ((int64_t)dice(r, 40001) - 20000) * (dice(r, 9) ? 1000 : 1);
        bool conflict;
        ok(hl_clock_add(k, q, at(base + q * 1000), &conflict, NULL) == HL_OK);
        is_int(conflict, plain_add(m, q, base + q * 1000));
        times[n++] = base + q * 1000;
    }
    for (int i = (int)dice(r, 200); i >= 0; i--) {
        int64_t t = times[dice(r, (uint64_t)n)] + ((int64_t)dice(r, 100001) - 50000) * 1000;
        ok(hl_clock_see(k, at(t), NULL) == HL_OK);
        plain_see(m, t);
        if (n < 2 * MOST)
            times[n++] = t;
    }
    return n;
}

static void random_clocks_agree_with_the_plain_rules(void)
{
    uint64_t r = 20261122;
    static plain m;
    static int64_t times[2 * MOST];

    for (int round = 0; round < 300; round++) {
        hl_clock *k = hl_clock_new();
        memset(&m, 0, sizeof m);
        int n_times = play(&r, k, &m, times);
        ok(hl_clock_resolve(k, NULL) == HL_OK);
        plain_resolve(&m);
        size_t n;
        const hl_clock_span *s = hl_clock_spans(k, &n);
        is_int(n, m.n);
        for (int i = 0; i < m.n && i < (int)n; i++)
            ok(s[i].start == m.s[i].start && s[i].end == m.s[i].end && s[i].base_us == m.s[i].base);
        for (int i = 0; i < 100; i++) {
            int64_t t = times[dice(&r, (uint64_t)n_times)] + (int64_t)dice(&r, 5000) - 2500;
            int64_t limit = dice(&r, 2) ? INT64_MAX : m.s[dice(&r, (uint64_t)m.n)].end + 5120;
            is_int(hl_clock_sequence(k, at(t), limit), plain_sequence(&m, t, limit));
            int64_t q = m.s[dice(&r, (uint64_t)m.n)].start + (int64_t)dice(&r, 80000) - 40000;
            is_int(hl_clock_wall(k, q).us, plain_wall(&m, q));
        }
        hl_clock_free(&k);
    }
}

static void spans_ascend_and_turn_back_into_their_times(void)
{
    uint64_t r = 7;
    static plain m;
    static int64_t times[2 * MOST];

    for (int round = 0; round < 100; round++) {
        hl_clock *k = hl_clock_new();
        memset(&m, 0, sizeof m);
        play(&r, k, &m, times);
        ok(hl_clock_resolve(k, NULL) == HL_OK);
        size_t n;
        const hl_clock_span *s = hl_clock_spans(k, &n);
        for (size_t i = 0; i < n; i++) {
            ok(s[i].start <= s[i].end && (i == 0 || s[i - 1].end < s[i].start));
            int64_t q = s[i].start + (s[i].end - s[i].start) / 2;
            hl_stamp wall = hl_clock_wall(k, q);
            is_int(wall.us, s[i].base_us + q * 1000);
            /* With the limit that its own message would have, nothing later can take it. */
            is_int(hl_clock_sequence(k, wall, q), q);
        }
        hl_clock_free(&k);
    }
}

static void a_clock_set_at_every_message_ends_in_an_error_not_in_a_crawl(void)
{
    hl_clock *k = hl_clock_new();
    hl_error err = {0};
    hl_code c = HL_OK;
    int64_t i = 0;

    for (; c == HL_OK && i < (1 << 21); i++)
        c = hl_clock_add(k, i * 5120, at(NOON + i * 5121000), NULL, &err);
    is_int(c, HL_E_LIMIT);
    is_int(i, (1 << 20) + 1);
    like(err.message, "clock was set more than 1048576 times");
    ok(hl_clock_resolve(k, NULL) == HL_OK);
    for (i = 0; i < (1 << 20); i++)
        if (hl_clock_sequence(k, at(NOON + 5121000 * i), INT64_MAX) != i * 5120)
            break;
    is_int(i, 1 << 20);
    hl_clock_free(&k);
}

static void numbers_that_always_run_backwards_end_in_an_error(void)
{
    hl_clock *k = hl_clock_new();
    hl_error err = {0};
    hl_code c = HL_OK;

    for (int64_t i = 0; c == HL_OK && i < (1 << 20); i++)
        c = hl_clock_add(k, -i * 5120, at(NOON + i * 5120000), NULL, &err);
    is_int(c, HL_E_LIMIT);
    like(err.message, "too great disorder");
    hl_clock_free(&k);
}

int main(void)
{
    run(pairs_of_one_base_make_one_span);
    run(a_distance_of_30000_ticks_parts_spans);
    run(another_base_begins_a_span_or_conflicts);
    run(the_longest_silence_tells_when_the_clock_was_set);
    run(of_equal_silences_the_later_one_holds);
    run(a_hole_in_an_unchanged_clock_closes_when_events_bridge_it);
    run(a_time_goes_to_the_last_span_that_showed_it);
    run(a_sequence_number_goes_by_the_nearer_span_the_earlier_of_two);
    run(a_clock_without_pairs_knows_nothing);
    run(the_map_prints_as_the_converters_file);
    run(numbers_beyond_the_calendar_change_nothing);
    run(random_clocks_agree_with_the_plain_rules);
    run(spans_ascend_and_turn_back_into_their_times);
    run(a_clock_set_at_every_message_ends_in_an_error_not_in_a_crawl);
    run(numbers_that_always_run_backwards_end_in_an_error);
    return done();
}
