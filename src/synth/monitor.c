#include "synth/monitor_internal.h"

#include "base/civil.h"
#include "base/ctl.h"
#include "base/io.h"
#include "synth/chance.h"

/* --- what is planted -------------------------------------------------------------------------- */

/* A stay has the cases of its number modulo 8. */
typedef enum {
    CASE_CHANGE,   /* leads and pressures come and go; late numerics */
    CASE_CLOCK,    /* the wall clock is set forward and back */
    CASE_AUTUMN,   /* the hour that comes twice */
    CASE_GAPS,     /* 20 minutes: one record; 90 minutes: another one */
    CASE_TWICE,    /* messages sent twice, in full and in part; the first on its bed */
    CASE_PACED,    /* pacing, invalid and unavailable samples; the second on that bed */
    CASE_UNMAPPED, /* PatientMapping lacks its mapping */
    CASE_UNKNOWN,  /* monitor-map.csv lacks its patient */
    CASES
} stay_case;

typedef struct {
    stay_case of;
    const char *what;
} planted;

static const planted all_planted[] = {
    {CASE_CHANGE, "signals change"},
    {CASE_CHANGE, "late numerics"},
    {CASE_CLOCK, "clock set by +2 s and -2 s"},
    {CASE_AUTUMN, "hour that comes twice"},
    {CASE_GAPS, "gap below an hour"},
    {CASE_GAPS, "gap above an hour"},
    {CASE_TWICE, "messages sent twice"},
    {CASE_TWICE, "bed with two patients"},
    {CASE_PACED, "bed with two patients"},
    {CASE_PACED, "pacing"},
    {CASE_PACED, "invalid and unavailable samples"},
    {CASE_UNMAPPED, "mapping missing"},
    {CASE_UNKNOWN, "not in the map"},
};

void hl_synth_monitor_put_cases(hl_buf *text)
{
    const char *before = "";

    for (size_t i = 0; i < sizeof all_planted / sizeof *all_planted; i++) {
        if (strcmp(before, all_planted[i].what) != 0)
            hl_buf_printf(text, "%s%s", i > 0 ? ", " : "", all_planted[i].what);
        before = all_planted[i].what;
    }
}

/* --- a stay ----------------------------------------------------------------------------------- */

enum {
    BLOCK_MS = 5120,            /* a wave message */
    MAX_SAMPLES = BLOCK_MS / 4, /* ... at 250 Hz */
    SHORT_GAP_MS = 20 * 60 * 1000,
    LONG_GAP_MS = 90 * 60 * 1000,
    BETWEEN_PATIENTS_S = 600,
    MAX_PARTS = 3,
    UUID_CHARS = 37
};

/* The monitor network's clock: ticks at 2021-11-01 00:00 UTC. */
#define NETWORK_MS INT64_C(700000000000)
#define NETWORK_EPOCH_MS INT64_C(1635724800000)
#define NOVEMBER_5_S INT64_C(1636070400) /* local midnight, as base/civil counts */

typedef struct {
    int64_t first_block, start_ms; /* of the stay; blocks follow each other from there */
    char mapping[UUID_CHARS];
    int64_t record_id;
} part;

typedef struct {
    int64_t number;
    stay_case kind;
    int64_t subject_id, hadm_id, shift_days;
    int64_t start_us; /* UTC, true time */
    int64_t n_blocks;
    part part[MAX_PARTS];
    int n_parts;
    char patient[UUID_CHARS], alert[UUID_CHARS];
    char bed[24], first_name[16], last_name[16];
    char gender;
    int64_t birth_s;
    int64_t next; /* block to write */
    hl_monitor_round *round;
} stay;

static void draw_uuid(uint64_t seed, const char *what, int64_t number, char out[UUID_CHARS])
{
    hl_rng rng = hl_rng_of(seed, what, (uint64_t)number);
    const uint64_t a = hl_rng_u64(&rng), b = hl_rng_u64(&rng);

    snprintf(out, UUID_CHARS, "%08X-%04X-4%03X-%04X-%012llX", (unsigned)(a >> 32),
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

static int64_t ms_of_block(const stay *s, int64_t block)
{
    int i = s->n_parts - 1;

    while (i > 0 && block < s->part[i].first_block)
        i--;
    return s->part[i].start_ms + (block - s->part[i].first_block) * BLOCK_MS;
}

static const part *part_of_block(const stay *s, int64_t block)
{
    int i = s->n_parts - 1;

    while (i > 0 && block < s->part[i].first_block)
        i--;
    return &s->part[i];
}

/* What the wall clock shows at a tick of the stay. */
static int64_t wall_us(const stay *s, int64_t ms)
{
    const int64_t all = s->n_blocks * BLOCK_MS;
    const bool is_fast = s->kind == CASE_CLOCK && ms >= all / 3 / BLOCK_MS * BLOCK_MS &&
                         ms < all * 2 / 3 / BLOCK_MS * BLOCK_MS;

    return s->start_us + (ms + (is_fast ? 2000 : 0)) * 1000;
}

static int64_t sequence_at(const stay *s, int64_t ms)
{
    return NETWORK_MS + s->start_us / 1000 - NETWORK_EPOCH_MS + ms;
}

static int64_t length_ms(const stay *s)
{
    return ms_of_block(s, s->n_blocks - 1) + BLOCK_MS;
}

/* --- planning --------------------------------------------------------------------------------- */

typedef struct {
    const hl_synth_plan *plan;
    int64_t n, minutes;
    stay *stay;
    uint8_t *used; /* subjects */
    hl_synth_subject *subject;
} monitors;

int64_t hl_synth_monitor_stays(const hl_synth_options *o)
{
    if (o->monitor_stays != 0)
        return o->monitor_stays > 0 ? o->monitor_stays : 0;
    if (o->films == HL_SYNTH_FILMS_NONE)
        return 0;
    return o->n_patients < HL_SYNTH_MONITOR_STAYS ? o->n_patients : HL_SYNTH_MONITOR_STAYS;
}

/* Blocks and parts of a stay of at most room_s. */
static void cut_parts(stay *s, int64_t minutes, int64_t room_s)
{
    const int64_t gaps_ms = s->kind == CASE_GAPS ? SHORT_GAP_MS + LONG_GAP_MS : 0;
    const int64_t most = (room_s * 1000 - gaps_ms) / BLOCK_MS;
    int64_t n = (minutes * 60000 + BLOCK_MS - 1) / BLOCK_MS;

    n = n > most ? most : n;
    s->n_blocks = n;
    s->n_parts = s->kind == CASE_GAPS ? 3 : 1;
    s->part[0] = (part){0};
    if (s->n_parts == 1)
        return;
    s->part[1].first_block = n * 4 / 10;
    s->part[1].start_ms = s->part[1].first_block * BLOCK_MS + SHORT_GAP_MS;
    s->part[2].first_block = n * 7 / 10;
    s->part[2].start_ms = s->part[2].first_block * BLOCK_MS + SHORT_GAP_MS + LONG_GAP_MS;
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
static hl_code settle_stay(monitors *m, stay *s, int admission, hl_error *err)
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
    draw_uuid(seed, "monitor-patient", s->number, s->patient);
    draw_uuid(seed, "monitor-alert", s->number, s->alert);
    draw_name(seed, "monitor-first-name", s->number, s->first_name);
    draw_name(seed, "monitor-last-name", s->number, s->last_name);
    /* The patients of cases 4 and 5 lie on one bed, one after the other. */
    snprintf(s->bed, sizeof s->bed, "NORTH-BED-%04d",
             (int)(s->kind == CASE_PACED ? s->number - 1 : s->number) + 1);
    for (int i = 0; i < s->n_parts; i++) {
        /* After more than an hour there is another mapping, and another record. */
        const int64_t which = s->number * 2 + (i == 2);
        draw_uuid(seed, "monitor-mapping", which, s->part[i].mapping);
        s->part[i].record_id = record_id_of(seed, which);
    }
    s->round = malloc(sizeof *s->round);
    if (!s->round)
        return hl_fail_memory(err, "signals", sizeof *s->round);
    return hl_monitor_draw(&look, seed, s->number, s->round, err);
}

/* A stay at a time that is given: some subject whose admission covers that time of day. */
static bool place_at(monitors *m, stay *s, int64_t start_us, int *admission)
{
    const int64_t local = start_us / 1000000 + hl_monitor_zone_min(start_us) * 60;

    cut_parts(s, m->minutes, INT32_MAX);
    for (int64_t i = 0; i < m->plan->n_patients; i++) {
        if (m->used[i])
            continue;
        hl_synth_plan_subject(m->plan, i, m->subject);
        if (fit_admission(m->subject, local, length_ms(s) / 1000 + 2 * HL_HOUR_S, &s->shift_days,
                          admission)) {
            s->start_us = start_us;
            return true;
        }
    }
    return false;
}

/* A stay some time into the first admission of the next subject. */
static void place_anywhere(monitors *m, stay *s, int *admission)
{
    int64_t i = 0;
    hl_rng rng = hl_rng_of(m->plan->seed, "monitor-time", (uint64_t)s->number);

    while (m->used[i])
        i++;
    hl_synth_plan_subject(m->plan, i, m->subject);
    const hl_synth_admission *a = &m->subject->admission[0];
    const int64_t room = a->disch_s - a->admit_s - 3 * HL_HOUR_S; /* 0.8 days at least */
    cut_parts(s, m->minutes, room);
    const int64_t spare = room - length_ms(s) / 1000;
    const int64_t from = a->admit_s + HL_HOUR_S + (int64_t)(hl_rng_f64(&rng) * (double)spare);
    /* On the first days of the export. */
    const int64_t day = from / HL_DAY_S - (NOVEMBER_5_S / HL_DAY_S + s->number % 2);
    s->shift_days = day;
    s->start_us = hl_monitor_utc_s(from - day * HL_DAY_S) * 1000000 +
                  (int64_t)hl_rng_below(&rng, 1000) * 1000;
    *admission = 0;
}

static hl_code plan_stay(monitors *m, int64_t number, hl_error *err)
{
    stay *s = &m->stay[number];
    bool placed = false;
    int admission = 0;

    s->number = number;
    s->kind = (stay_case)(number % CASES);
    if (s->kind == CASE_AUTUMN) {
        cut_parts(s, m->minutes, INT32_MAX);
        placed = place_at(m, s, (HL_MONITOR_AUTUMN_S * 1000 - length_ms(s) / 2) * 1000, &admission);
    }
    if (s->kind == CASE_PACED) {
        const stay *before = &m->stay[number - 1];
        const int64_t end_us = before->start_us + length_ms(before) * 1000;
        placed = place_at(m, s, end_us + BETWEEN_PATIENTS_S * INT64_C(1000000), &admission);
    }
    if (!placed)
        place_anywhere(m, s, &admission);
    return settle_stay(m, s, admission, err);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void put_u32(hl_buf *b, uint32_t v)
{
    const char bytes[4] = {(char)(v & 255), (char)(v >> 8 & 255), (char)(v >> 16 & 255),
                           (char)(v >> 24)};

    hl_buf_append(b, bytes, sizeof bytes);
}

static void put_head(hl_buf *b, int id, int64_t us, int64_t sequence)
{
    hl_buf_printf(b, "%d\t", id);
    hl_monitor_put_time(b, us);
    hl_buf_printf(b, "\t%lld\t", (long long)sequence);
}

enum { PULSE_BEFORE_MS = 40 };

/* Pulses of the pacemaker in the block of lead II from a tick: indexes, ahead of the R waves. */
static void put_pulses(hl_buf *b, const stay *s, int64_t ms)
{
    const int64_t end = ms + BLOCK_MS;
    const char *between = "";

    for (int64_t at = hl_monitor_next_beat(s->round, ms + PULSE_BEFORE_MS) - PULSE_BEFORE_MS;
         at < end;
         at = hl_monitor_next_beat(s->round, at + PULSE_BEFORE_MS + 1) - PULSE_BEFORE_MS) {
        hl_buf_printf(b, "%s%lld", between, (long long)(at - ms) / 4);
        between = " ";
    }
}

/* Samples that a paced patient's monitor marks: in every third block of lead V and of Pleth. */
enum { MARKED_FROM = 200, MARKED_TO = 259 };
static bool is_marked(const stay *s, hl_monitor_wave wave, int64_t block)
{
    return s->kind == CASE_PACED && block % 3 == 1 &&
           (wave == HL_MONITOR_V || wave == HL_MONITOR_PLETH);
}

static void put_wave(hl_monitor_files *f, const stay *s, hl_monitor_wave wave, int64_t block,
                     int64_t ms, const char *mapping)
{
    const hl_monitor_wave_kind *kind = &hl_monitor_wave_kinds[wave];
    const int64_t n = BLOCK_MS / kind->period;
    const int64_t us = wall_us(s, ms);
    const bool marked = is_marked(s, wave, block);
    uint16_t sample[MAX_SAMPLES];
    char bytes[2 * MAX_SAMPLES];
    hl_buf *b = hl_monitor_row(f, HL_MONITOR_WAVE_SAMPLE, us);

    put_head(b, kind->id, us, sequence_at(s, ms));
    put_u32(b, (uint32_t)n * 2);
    hl_monitor_samples(s->round, wave, ms, n, sample);
    for (int64_t i = 0; i < n; i++) {
        if (marked && kind->zero_is_invalid && i >= MARKED_FROM && i <= MARKED_TO)
            sample[i] = 0;
        bytes[2 * i] = (char)(sample[i] & 255);
        bytes[2 * i + 1] = (char)(sample[i] >> 8);
    }
    hl_buf_append(b, bytes, (size_t)n * 2);
    if (marked && !kind->zero_is_invalid)
        hl_buf_printf(b, "%d %d", MARKED_FROM, MARKED_TO);
    hl_buf_char(b, '\t');
    if (marked && kind->zero_is_invalid)
        hl_buf_printf(b, "%d %d", MARKED_FROM, MARKED_TO);
    hl_buf_char(b, '\t');
    if (s->kind == CASE_PACED && wave == HL_MONITOR_II)
        put_pulses(b, s, ms);
    hl_buf_printf(b, "\t%s\n", mapping);
}

static bool has_wave(const stay *s, hl_monitor_wave wave, int64_t block)
{
    const bool late = block >= s->n_blocks / 2;

    if (wave == HL_MONITOR_III)
        return s->kind == CASE_CHANGE && late;
    if (wave == HL_MONITOR_ABP || wave == HL_MONITOR_CVP)
        return s->kind != CASE_CHANGE || block < s->n_blocks * 3 / 4;
    return true;
}

static void put_waves(hl_monitor_files *f, const stay *s, int64_t block)
{
    const part *p = part_of_block(s, block);
    const int64_t ms = ms_of_block(s, block);
    const bool next_joins = block + 1 < s->n_blocks && part_of_block(s, block + 1) == p;

    for (int w = 0; w < HL_MONITOR_WAVES; w++) {
        const hl_monitor_wave wave = (hl_monitor_wave)w;
        if (!has_wave(s, wave, block))
            continue;
        put_wave(f, s, wave, block, ms, p->mapping);
        if (s->kind != CASE_TWICE)
            continue;
        if (block % 5 == 2) /* to the byte */
            put_wave(f, s, wave, block, ms, p->mapping);
        if (block % 7 == 3 && next_joins) /* half of this block and half of the next */
            put_wave(f, s, wave, block, ms + BLOCK_MS / 2, p->mapping);
    }
}

static void put_numeric(hl_monitor_files *f, int id, int64_t us, int64_t sequence,
                        const char *value_id, const char *value, const char *mapping)
{
    hl_buf *b = hl_monitor_row(f, HL_MONITOR_NUMERIC_VALUE, us);

    put_head(b, id, us, sequence);
    hl_buf_printf(b, "0\t%s\t%s\t%s\n", value_id, value, mapping);
}

static void put_numerics(hl_monitor_files *f, const stay *s, uint64_t seed, int64_t block)
{
    const hl_monitor_round *r = s->round;
    const char *mapping = part_of_block(s, block)->mapping;
    const int64_t ms = ms_of_block(s, block) + 1000;
    const int64_t us = wall_us(s, ms);
    /* Sent late: the sequence number is that of the sending. */
    const int64_t sequence =
        sequence_at(s, ms) + (s->kind == CASE_CHANGE && block % 6 == 4 ? 4000 : 0);
    const bool low = block % 24 >= 10 && block % 24 <= 13,
               has_abp = has_wave(s, HL_MONITOR_ABP, block);
    const double wave = hl_synth_sin((double)block / 17);
    const int mean = (r->systolic + 2 * r->diastolic) / 3;
    const struct {
        int id;
        double value;
        bool has;
    } values[] = {
        {1, r->rate_bpm + 2 * wave, true},
        {2, low ? 86 + wave : 97 + wave, true},
        {3, 14.4 + wave, true},
        {4, r->systolic + 3 * wave, has_abp},
        {5, r->diastolic + 2 * wave, has_abp},
        {6, mean + 2 * wave, has_abp},
        {11, 2.6 + 0.8 * wave, true},
        {14, 37.1 + 0.3 * wave, block % 3 == 0},
        {15, 400 + 9 * wave, block % 12 == 0},
    };
    char value_id[UUID_CHARS], text[32];

    draw_uuid(seed, "monitor-value", s->number << 32 | block, value_id);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(text, sizeof text, "%.5f", values[i].value);
        /* A signal that is not there has a row without a value now and then. */
        if (values[i].has || (block % 4 == 0 && values[i].id <= 6))
            put_numeric(f, values[i].id, us, sequence, value_id, values[i].has ? text : "",
                        mapping);
    }
    for (int i = 0; i < 3 && block % 15 == 8; i++) { /* the cuff, aperiodic */
        const int cuff[3] = {r->systolic - 4, r->diastolic + 3, mean};
        snprintf(text, sizeof text, "%d.00000", cuff[i]);
        put_numeric(f, 7 + i, us + 500000, sequence_at(s, ms + 500), value_id, text, mapping);
    }
}

static void put_enumeration(hl_monitor_files *f, const stay *s, int id, int64_t ms,
                            const char *value, const char *mapping)
{
    const int64_t us = wall_us(s, ms);
    hl_buf *b = hl_monitor_row(f, HL_MONITOR_ENUMERATION_VALUE, us);

    put_head(b, id, us, sequence_at(s, ms));
    hl_buf_printf(b, "\t%s\t%s\n", value, mapping);
}

static void put_beats(hl_monitor_files *f, const stay *s, int64_t block)
{
    const hl_monitor_round *r = s->round;
    const char *mapping = part_of_block(s, block)->mapping;
    const int64_t from = ms_of_block(s, block);
    const bool paced = s->kind == CASE_PACED;

    for (int64_t ms = hl_monitor_next_beat(r, from); ms < from + BLOCK_MS;
         ms = hl_monitor_next_beat(r, ms + 1))
        put_enumeration(f, s, paced ? 2 : 1, ms, paced ? "P" : "N", mapping);
    if (block % 12 == 0)
        put_enumeration(f, s, 3, from + 1000, paced ? "Paced Rhythm" : "Sinus Rhythm", mapping);
}

/* Low saturation: the alarm comes, is silenced, ends. */
static void put_alerts(hl_monitor_files *f, const stay *s, int64_t block)
{
    const int64_t step = block % 24 - 11;
    const part *p = part_of_block(s, block);

    if (step < 0 || step > 2 || block - step < p->first_block)
        return;
    const int64_t onset_ms = ms_of_block(s, block - step), ms = ms_of_block(s, block) + 300;
    const int64_t us = wall_us(s, ms);
    hl_buf *b = hl_monitor_row(f, HL_MONITOR_ALERT, us);

    hl_monitor_put_time(b, us);
    /* One id an alarm. */
    hl_buf_printf(b,
                  "\t%lld\t%.28s%08llX\t17\t300\t\xe2\x9c\xb1\xe2\x9c\xb1 SpO\xe2\x82\x82  %d < "
                  "90\t1\t1\t%d\t5\t",
                  (long long)sequence_at(s, ms), s->alert, (unsigned long long)(block - step), 86,
                  step > 0);
    hl_monitor_put_time(b, wall_us(s, onset_ms + 200));
    hl_buf_char(b, '\t');
    hl_monitor_put_time(b, wall_us(s, onset_ms));
    hl_buf_char(b, '\t');
    if (step < 2)
        hl_buf_text(b, "0001-01-01 00:00:00.000 +00:00");
    else
        hl_monitor_put_time(b, us - 100000);
    hl_buf_printf(b, "\t%s\n", p->mapping);
}

/* --- who lies there --------------------------------------------------------------------------- */

static void put_attribute(hl_monitor_files *f, hl_monitor_table table, const stay *s,
                          const char *name, const char *value)
{
    hl_buf *b = hl_monitor_row(f, table, s->start_us);

    hl_buf_printf(b, "%s\t", s->patient);
    hl_monitor_put_time(b, s->start_us);
    hl_buf_printf(b, "\t%s\t%s\n", name, value);
}

static void put_mapping(hl_monitor_files *f, const stay *s, const part *p)
{
    const int64_t us = s->start_us + p->start_ms * 1000 - INT64_C(60000000);
    hl_buf *b = hl_monitor_row(f, HL_MONITOR_PATIENT_MAPPING, us);

    hl_buf_printf(b, "%s\t%s\t", p->mapping, s->patient);
    hl_monitor_put_time(b, us);
    hl_buf_text(b, "\t1\tmonitor-host-north\n");
}

static void put_patient(hl_monitor_files *f, const stay *s, uint64_t seed)
{
    hl_rng rng = hl_rng_of(seed, "monitor-body", (uint64_t)s->number);
    hl_buf *b = hl_monitor_row(f, HL_MONITOR_PATIENT, s->start_us);
    char date[HL_TIME_CHARS], number[32];

    hl_buf_printf(b, "%s\t", s->patient);
    hl_monitor_put_time(b, s->start_us);
    hl_buf_printf(b,
                  "\t%s\t%s, %s\t1\t%d.00000\t1\t%d.00000\t1\t1\t%d\t0\t1\tNorth Intensive Care\t"
                  "%d\n",
                  s->bed, s->last_name, s->first_name, (int)hl_synth_int(&rng, 152, 196),
                  (int)hl_synth_int(&rng, 48, 120), s->kind == CASE_PACED,
                  s->gender == 'F' ? 2 : 1);
    b = hl_monitor_row(f, HL_MONITOR_BED_TAG, s->start_us);
    hl_buf_printf(b, "%s\t", s->bed);
    hl_monitor_put_time(b, s->start_us);
    hl_buf_printf(b, "\tNorth wing, room %d\n", 100 + (int)(s->number % 40));
    put_attribute(f, HL_MONITOR_PATIENT_STRING, s, "LastName", s->last_name);
    put_attribute(f, HL_MONITOR_PATIENT_STRING, s, "FirstName", s->first_name);
    snprintf(number, sizeof number, "MRN%09lld", (long long)hl_synth_int(&rng, 1, 999999999));
    put_attribute(f, HL_MONITOR_PATIENT_STRING, s, "LifetimeId", number);
    hl_print_time(s->birth_s, date);
    put_attribute(f, HL_MONITOR_PATIENT_DATE, s, "BirthDate", date);
}

/* The first block of a part brings what is said once. */
static void put_arrival(hl_monitor_files *f, const stay *s, uint64_t seed, int64_t block)
{
    const part *p = part_of_block(s, block);

    if (block != p->first_block)
        return;
    if (block == 0)
        put_patient(f, s, seed);
    /* The two parts of a record have one mapping. */
    if (s->kind != CASE_UNMAPPED && (p == s->part || strcmp(p->mapping, p[-1].mapping) != 0))
        put_mapping(f, s, p);
}

static void put_block(hl_monitor_files *f, const stay *s, uint64_t seed, int64_t block)
{
    put_arrival(f, s, seed, block);
    put_waves(f, s, block);
    put_numerics(f, s, seed, block);
    put_beats(f, s, block);
    put_alerts(f, s, block);
}

/* --- the export ------------------------------------------------------------------------------- */

static int64_t next_us(const stay *s)
{
    return s->next < s->n_blocks ? s->start_us + ms_of_block(s, s->next) * 1000 : INT64_MAX;
}

/* Blocks of all stays in order of time. Rows lie at most two minutes before their block. */
static hl_code write_blocks(monitors *m, const char *folder, hl_ctl *ctl, int64_t *n_rows,
                            hl_error *err)
{
    enum { BEFORE_US = 120000000, BLOCKS_HELD = 64 };
    hl_monitor_files *f = NULL;
    hl_code c = hl_monitor_files_new(folder, &f, err);

    for (int64_t n = 0; c == HL_OK; n++) {
        stay *s = &m->stay[0];
        for (int64_t i = 1; i < m->n; i++)
            if (next_us(&m->stay[i]) < next_us(s))
                s = &m->stay[i];
        if (next_us(s) == INT64_MAX)
            break;
        c = hl_ctl_check(ctl, err);
        if (c == HL_OK && n % BLOCKS_HELD == 0)
            c = hl_monitor_flush(f, next_us(s) - BEFORE_US, err);
        if (c == HL_OK)
            put_block(f, s, m->plan->seed, s->next++);
        if (s->next == s->n_blocks)
            hl_ctl_done(ctl, 1);
    }
    if (c == HL_OK)
        c = hl_monitor_files_end(f, n_rows, err);
    hl_monitor_files_free(&f);
    return c;
}

static void put_local(hl_buf *b, int64_t us)
{
    hl_buf_time(b, us / 1000000 + hl_monitor_zone_min(us) * 60);
}

/* Record k of a stay: its parts, and its bounds with some time around them. */
static void record_bounds(const stay *s, int record, int64_t *from_us, int64_t *to_us)
{
    const int64_t around_us = INT64_C(1200) * 1000000;
    const int64_t second_ms = s->n_parts == MAX_PARTS ? s->part[2].start_ms : 0;
    const int64_t end_ms =
        s->n_parts == MAX_PARTS && record == 0 ? second_ms - LONG_GAP_MS : length_ms(s);

    *from_us = s->start_us + (record == 0 ? 0 : second_ms * 1000) - around_us;
    *to_us = s->start_us + end_ms * 1000 + around_us;
    /* In the autumn hour local times alone tell no order: the row holds from before to after it. */
    if (s->kind == CASE_AUTUMN) {
        *from_us -= INT64_C(3600) * 1000000;
        *to_us += INT64_C(3600) * 1000000;
    }
}

static void put_map_rows(hl_buf *b, const stay *s)
{
    int64_t from_us, to_us;

    for (int k = 0; k < (s->n_parts == MAX_PARTS ? 2 : 1) && s->kind != CASE_UNKNOWN; k++) {
        record_bounds(s, k, &from_us, &to_us);
        hl_buf_printf(b, "%s,", s->patient);
        put_local(b, from_us);
        hl_buf_char(b, ',');
        put_local(b, to_us);
        hl_buf_printf(b, ",%lld,%lld,%lld,%lld\n", (long long)s->subject_id, (long long)s->hadm_id,
                      (long long)s->part[k * 2].record_id, (long long)s->shift_days);
    }
}

static void put_planted(hl_buf *b, const stay *s)
{
    for (size_t i = 0; i < sizeof all_planted / sizeof *all_planted; i++) {
        if (all_planted[i].of != s->kind)
            continue;
        hl_buf_printf(b, "%lld,%lld,%lld,%s,", (long long)s->number + 1, (long long)s->subject_id,
                      (long long)s->hadm_id, s->patient);
        put_local(b, s->start_us);
        hl_buf_printf(b, ",%s\n", all_planted[i].what);
    }
}

static hl_code write_table(const monitors *m, const char *folder, const char *name,
                           const char *header, void (*put)(hl_buf *b, const stay *s), hl_error *err)
{
    hl_buf b = {0};
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(folder, name, path, err);

    hl_buf_text(&b, header);
    for (int64_t i = 0; i < m->n; i++)
        put(&b, &m->stay[i]);
    if (c == HL_OK)
        c = hl_buf_check(&b, name, err);
    if (c == HL_OK)
        c = hl_write_file(path, b.at, b.n, NULL, err);
    hl_buf_free(&b);
    return c;
}

hl_code hl_synth_monitor_write(const hl_synth_plan *plan, const hl_synth_options *options,
                               hl_ctl *ctl, hl_synth_counts *counts, hl_error *err)
{
    monitors m = {.plan = plan,
                  .n = hl_synth_monitor_stays(options),
                  .minutes = options->monitor_minutes > 0 ? options->monitor_minutes
                                                          : HL_SYNTH_MONITOR_MINUTES};
    char path[HL_PATH_BYTES];
    hl_code c = HL_OK;

    if (m.n == 0)
        return HL_OK;
    if (m.n > plan->n_patients)
        return hl_fail(err, HL_E_USAGE,
                       "--monitor-stays %lld: the hospital has %lld patients\nA "
                       "patient is at the monitors once: give more --patients.",
                       (long long)m.n, (long long)plan->n_patients);
    hl_ctl_phase(ctl, "writing the monitor export, stays", m.n);
    m.stay = calloc((size_t)m.n, sizeof *m.stay);
    m.used = calloc((size_t)plan->n_patients, 1);
    m.subject = malloc(sizeof *m.subject);
    if (!m.stay || !m.used || !m.subject)
        c = hl_fail_memory(err, "monitor stays", (size_t)m.n * sizeof *m.stay);
    for (int64_t i = 0; c == HL_OK && i < m.n; i++)
        c = plan_stay(&m, i, err);
    if (c == HL_OK)
        c = hl_path_join(options->folder, "monitor-export", path, err);
    if (c == HL_OK)
        c = hl_make_folder(path, err);
    if (c == HL_OK)
        c = write_blocks(&m, path, ctl, &counts->monitor_rows, err);
    if (c == HL_OK)
        c = write_table(&m, options->folder, "monitor-map.csv",
                        "patient_id,start,end,subject_id,hadm_id,record_id,shift_days\n",
                        put_map_rows, err);
    if (c == HL_OK)
        c = write_table(&m, options->folder, "planted_monitor.csv",
                        "stay,subject_id,hadm_id,patient_id,start,what\n", put_planted, err);
    counts->monitor_stays = m.n;
    for (int64_t i = 0; m.stay && i < m.n; i++)
        free(m.stay[i].round);
    free(m.stay);
    free(m.used);
    free(m.subject);
    return c;
}
