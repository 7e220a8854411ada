#include "synth/monitor_internal.h"

#include "base/civil.h"
#include "synth/chance.h"

enum { BETWEEN_PATIENTS_S = 600 };

/* The monitor network's clock: ticks at 2021-11-01 00:00 UTC. */
#define NETWORK_MS INT64_C(700000000000)
#define NETWORK_EPOCH_MS INT64_C(1635724800000)
#define NOVEMBER_5_S INT64_C(1636070400) /* local midnight, as base/civil counts */

/* --- a stay ----------------------------------------------------------------------------------- */

void hl_bedside_draw_uuid(uint64_t seed, const char *what, int64_t number,
                          char out[HL_BEDSIDE_UUID_CHARS])
{
    hl_rng rng = hl_rng_of(seed, what, (uint64_t)number);
    const uint64_t a = hl_rng_u64(&rng), b = hl_rng_u64(&rng);

    snprintf(out, HL_BEDSIDE_UUID_CHARS, "%08X-%04X-4%03X-%04X-%012llX", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
             (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
             (unsigned long long)(b & UINT64_C(0xffffffffffff)));
}

/* A name that nobody has. */
static void draw_name(uint64_t seed, const char *what, int64_t number, char out[16])
{
    static const char head[] = "BDFGKLMNPRTVXZ", vowel[] = "aeiouy", tail[] = "qxzvkw";
    hl_rng rng = hl_rng_of(seed, what, (uint64_t)number);
    size_t n = 0;

    for (int i = 0; i < 3; i++) {
        const char c = head[hl_rng_below(&rng, sizeof head - 1)];
        out[n++] = i == 0 ? c : (char)(c | 0x20);
        out[n++] = vowel[hl_rng_below(&rng, sizeof vowel - 1)];
        out[n++] = tail[hl_rng_below(&rng, sizeof tail - 1)];
    }
    out[n] = 0;
}

/* Record numbers in scattered order: index times a number prime to 10^7. */
static int64_t record_id_of(uint64_t seed, int64_t index)
{
    hl_rng rng = hl_rng_of(seed, "monitor-record-id", 0);
    const int64_t add = hl_synth_int(&rng, 0, 9999999);

    return 80000000 + (index * 6180339 + add) % 10000000;
}

int64_t hl_bedside_ms_of_block(const hl_bedside_stay *s, int64_t block)
{
    int i = s->n_parts - 1;

    while (i > 0 && block < s->part[i].first_block)
        i--;
    return s->part[i].start_ms + (block - s->part[i].first_block) * HL_BEDSIDE_BLOCK_MS;
}

const hl_bedside_part *hl_bedside_part_of_block(const hl_bedside_stay *s, int64_t block)
{
    int i = s->n_parts - 1;

    while (i > 0 && block < s->part[i].first_block)
        i--;
    return &s->part[i];
}

/* What the wall clock shows at a tick of the stay. */
int64_t hl_bedside_wall_us(const hl_bedside_stay *s, int64_t ms)
{
    const int64_t all = s->n_blocks * HL_BEDSIDE_BLOCK_MS;
    const bool is_fast = s->kind == HL_BEDSIDE_CASE_CLOCK &&
                         ms >= all / 3 / HL_BEDSIDE_BLOCK_MS * HL_BEDSIDE_BLOCK_MS &&
                         ms < all * 2 / 3 / HL_BEDSIDE_BLOCK_MS * HL_BEDSIDE_BLOCK_MS;

    return s->start_us + (ms + (is_fast ? 2000 : 0)) * 1000;
}

int64_t hl_bedside_sequence_at(const hl_bedside_stay *s, int64_t ms)
{
    return NETWORK_MS + s->start_us / 1000 - NETWORK_EPOCH_MS + ms;
}

int64_t hl_bedside_length_ms(const hl_bedside_stay *s)
{
    return hl_bedside_ms_of_block(s, s->n_blocks - 1) + HL_BEDSIDE_BLOCK_MS;
}
/* --- planning --------------------------------------------------------------------------------- */

int64_t hl_synth_monitor_stays(const hl_synth_options *o)
{
    if (o->monitor_stays != 0)
        return o->monitor_stays > 0 ? o->monitor_stays : 0;
    if (o->films == HL_SYNTH_FILMS_NONE)
        return 0;
    return o->n_patients < HL_SYNTH_MONITOR_STAYS ? o->n_patients : HL_SYNTH_MONITOR_STAYS;
}

/* Blocks and parts of a stay of at most room_s. */
static void cut_parts(hl_bedside_stay *s, int64_t minutes, int64_t room_s)
{
    const int64_t gaps_ms =
        s->kind == HL_BEDSIDE_CASE_GAPS ? HL_BEDSIDE_SHORT_GAP_MS + HL_BEDSIDE_LONG_GAP_MS : 0;
    const int64_t most = (room_s * 1000 - gaps_ms) / HL_BEDSIDE_BLOCK_MS;
    int64_t n = (minutes * 60000 + HL_BEDSIDE_BLOCK_MS - 1) / HL_BEDSIDE_BLOCK_MS;

    n = n > most ? most : n;
    s->n_blocks = n;
    s->n_parts = s->kind == HL_BEDSIDE_CASE_GAPS ? 3 : 1;
    s->part[0] = (hl_bedside_part){0};
    if (s->n_parts == 1)
        return;
    s->part[1].first_block = n * 4 / 10;
    s->part[1].start_ms = s->part[1].first_block * HL_BEDSIDE_BLOCK_MS + HL_BEDSIDE_SHORT_GAP_MS;
    s->part[2].first_block = n * 7 / 10;
    s->part[2].start_ms = s->part[2].first_block * HL_BEDSIDE_BLOCK_MS + HL_BEDSIDE_SHORT_GAP_MS +
                          HL_BEDSIDE_LONG_GAP_MS;
}

/* A day on which an admission of the subject covers the stay, which begins at local time start_s:
 * the days to add, in *shift. */
static bool fit_admission(const hl_synth_subject *subject, int64_t start_s, int64_t length_s,
                          int64_t *shift, int *admission)
{
    for (int k = 0; k < subject->n_admissions; k++) {
        const hl_synth_admission *m = &subject->admission[k];
        int64_t days = (m->admit_s - start_s + HL_DAY_S - 1) / HL_DAY_S; /* rounded up */
        if (m->admit_s > start_s && start_s + days * HL_DAY_S + length_s <= m->disch_s) {
            *shift = days;
            *admission = k;
            return true;
        }
    }
    return false;
}

static hl_synth_ecg_look look_of(const hl_synth_subject *s, int admission)
{
    const double *level = s->admission[admission].illness.ecg;

    return (hl_synth_ecg_look){
        .t_wave = 0.55 + 0.33 * level[0],
        .rate_bpm = 82 + 20 * level[1],
        .axis_deg = 12 - 38 * level[2],
        .fibrillation = s->fibrillation,
    };
}

/* The subject and the time are found: everything else of the stay. */
static hl_code settle_stay(hl_bedside *m, hl_bedside_stay *s, int admission, hl_error *err)
{
    const uint64_t seed = m->plan->seed;
    const hl_synth_subject *subject = m->subject;
    const hl_synth_ecg_look look = look_of(subject, admission);

    m->used[subject->index] = 1;
    s->subject_id = subject->subject_id;
    s->hadm_id = subject->admission[admission].hadm_id;
    s->gender = subject->gender;
    s->birth_s = hl_civil_seconds(&(hl_civil){2021 - subject->anchor_age, 1, 1, 0, 0, 0}) +
                 s->number % 365 * HL_DAY_S;
    hl_bedside_draw_uuid(seed, "monitor-patient", s->number, s->patient);
    hl_bedside_draw_uuid(seed, "monitor-alert", s->number, s->alert);
    draw_name(seed, "monitor-first-name", s->number, s->first_name);
    draw_name(seed, "monitor-last-name", s->number, s->last_name);
    /* The patients of cases 4 and 5 lie on one bed, one after the other. */
    snprintf(s->bed, sizeof s->bed, "NORTH-BED-%04d",
             (int)(s->kind == HL_BEDSIDE_CASE_PACED ? s->number - 1 : s->number) + 1);
    for (int i = 0; i < s->n_parts; i++) {
        /* After more than an hour there is another mapping, and another record. */
        const int64_t which = s->number * 2 + (i == 2);
        hl_bedside_draw_uuid(seed, "monitor-mapping", which, s->part[i].mapping);
        s->part[i].record_id = record_id_of(seed, which);
    }
    s->round = malloc(sizeof *s->round);
    if (!s->round)
        return hl_fail_memory(err, "signals", sizeof *s->round);
    return hl_bedside_draw(&look, seed, s->number, s->round, err);
}

/* A stay at a time that is given: some subject whose admission covers that time of day. */
static bool place_at(hl_bedside *m, hl_bedside_stay *s, int64_t start_us, int *admission)
{
    const int64_t local = start_us / 1000000 + hl_bedside_zone_min(start_us) * 60;

    cut_parts(s, m->minutes, INT32_MAX);
    for (int64_t i = 0; i < m->plan->n_patients; i++) {
        if (m->used[i])
            continue;
        hl_synth_plan_subject(m->plan, i, m->subject);
        if (fit_admission(m->subject, local, hl_bedside_length_ms(s) / 1000 + 2 * HL_HOUR_S,
                          &s->shift_days, admission)) {
            s->start_us = start_us;
            return true;
        }
    }
    return false;
}

/* A stay some time into the first admission of the next subject. */
static void place_anywhere(hl_bedside *m, hl_bedside_stay *s, int *admission)
{
    int64_t i = 0;
    hl_rng rng = hl_rng_of(m->plan->seed, "monitor-time", (uint64_t)s->number);

    while (m->used[i])
        i++;
    hl_synth_plan_subject(m->plan, i, m->subject);
    const hl_synth_admission *a = &m->subject->admission[0];
    const int64_t room = a->disch_s - a->admit_s - 3 * HL_HOUR_S; /* 0.8 days at least */
    cut_parts(s, m->minutes, room);
    const int64_t spare = room - hl_bedside_length_ms(s) / 1000;
    const int64_t from = a->admit_s + HL_HOUR_S + (int64_t)(hl_rng_f64(&rng) * (double)spare);
    /* On the first days of the export. */
    const int64_t day = from / HL_DAY_S - (NOVEMBER_5_S / HL_DAY_S + s->number % 2);
    s->shift_days = day;
    s->start_us = hl_bedside_utc_s(from - day * HL_DAY_S) * 1000000 +
                  (int64_t)hl_rng_below(&rng, 1000) * 1000;
    *admission = 0;
}

hl_code hl_bedside_plan_stay(hl_bedside *m, int64_t number, hl_error *err)
{
    hl_bedside_stay *s = &m->stay[number];
    bool placed = false;
    int admission = 0;

    s->number = number;
    s->kind = (hl_bedside_case)(number % HL_BEDSIDE_CASES);
    if (s->kind == HL_BEDSIDE_CASE_AUTUMN) {
        cut_parts(s, m->minutes, INT32_MAX);
        placed = place_at(m, s, (HL_BEDSIDE_AUTUMN_S * 1000 - hl_bedside_length_ms(s) / 2) * 1000,
                          &admission);
    }
    if (s->kind == HL_BEDSIDE_CASE_PACED) {
        const hl_bedside_stay *before = &m->stay[number - 1];
        const int64_t end_us = before->start_us + hl_bedside_length_ms(before) * 1000;
        placed = place_at(m, s, end_us + BETWEEN_PATIENTS_S * INT64_C(1000000), &admission);
    }
    if (!placed)
        place_anywhere(m, s, &admission);
    return settle_stay(m, s, admission, err);
}
