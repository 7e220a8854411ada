#include "synth/monitor_internal.h"

#include "base/civil.h"
#include "synth/chance.h"

static void put_u32(hl_buf *b, uint32_t v)
{
    const char bytes[4] = {(char)(v & 255), (char)(v >> 8 & 255), (char)(v >> 16 & 255),
                           (char)(v >> 24)};

    hl_buf_append(b, bytes, sizeof bytes);
}

static void put_head(hl_buf *b, int id, int64_t us, int64_t sequence)
{
    hl_buf_printf(b, "%d\t", id);
    hl_bedside_put_time(b, us);
    hl_buf_printf(b, "\t%lld\t", (long long)sequence);
}

enum { PULSE_BEFORE_MS = 40 };

/* Pulses of the pacemaker in the block of lead II from a tick: indexes, ahead of the R waves. */
static void put_pulses(hl_buf *b, const hl_bedside_stay *s, int64_t ms)
{
    const int64_t end = ms + HL_BEDSIDE_BLOCK_MS;
    const char *between = "";

    for (int64_t at = hl_bedside_next_beat(s->round, ms + PULSE_BEFORE_MS) - PULSE_BEFORE_MS;
         at < end;
         at = hl_bedside_next_beat(s->round, at + PULSE_BEFORE_MS + 1) - PULSE_BEFORE_MS) {
        hl_buf_printf(b, "%s%lld", between, (long long)(at - ms) / 4);
        between = " ";
    }
}

/* Samples that a paced patient's monitor marks: in every third block of lead V and of Pleth. */
enum { MARKED_FROM = 200, MARKED_TO = 259 };
static bool is_marked(const hl_bedside_stay *s, hl_bedside_wave wave, int64_t block)
{
    return s->kind == HL_BEDSIDE_CASE_PACED && block % 3 == 1 &&
           (wave == HL_BEDSIDE_V || wave == HL_BEDSIDE_PLETH);
}

static void put_wave(hl_bedside_files *f, const hl_bedside_stay *s, hl_bedside_wave wave,
                     int64_t block, int64_t ms, const char *mapping)
{
    const hl_bedside_wave_kind *kind = &hl_bedside_wave_kinds[wave];
    const int64_t n = HL_BEDSIDE_BLOCK_MS / kind->period;
    const int64_t us = hl_bedside_wall_us(s, ms);
    const bool marked = is_marked(s, wave, block);
    uint16_t sample[HL_BEDSIDE_MAX_SAMPLES];
    char bytes[2 * HL_BEDSIDE_MAX_SAMPLES];
    hl_buf *b = hl_bedside_row(f, HL_BEDSIDE_WAVE_SAMPLE, us);

    put_head(b, kind->id, us, hl_bedside_sequence_at(s, ms));
    put_u32(b, (uint32_t)n * 2);
    hl_bedside_samples(s->round, wave, ms, n, sample);
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
    if (s->kind == HL_BEDSIDE_CASE_PACED && wave == HL_BEDSIDE_II)
        put_pulses(b, s, ms);
    hl_buf_printf(b, "\t%s\n", mapping);
}

static bool has_wave(const hl_bedside_stay *s, hl_bedside_wave wave, int64_t block)
{
    const bool late = block >= s->n_blocks / 2;

    if (wave == HL_BEDSIDE_III)
        return s->kind == HL_BEDSIDE_CASE_CHANGE && late;
    if (wave == HL_BEDSIDE_ABP || wave == HL_BEDSIDE_CVP)
        return s->kind != HL_BEDSIDE_CASE_CHANGE || block < s->n_blocks * 3 / 4;
    return true;
}

static void put_waves(hl_bedside_files *f, const hl_bedside_stay *s, int64_t block)
{
    const hl_bedside_part *p = hl_bedside_part_of_block(s, block);
    const int64_t ms = hl_bedside_ms_of_block(s, block);
    const bool next_joins = block + 1 < s->n_blocks && hl_bedside_part_of_block(s, block + 1) == p;

    for (int w = 0; w < HL_BEDSIDE_WAVES; w++) {
        const hl_bedside_wave wave = (hl_bedside_wave)w;
        if (!has_wave(s, wave, block))
            continue;
        put_wave(f, s, wave, block, ms, p->mapping);
        if (s->kind != HL_BEDSIDE_CASE_TWICE)
            continue;
        if (block % 5 == 2) /* to the byte */
            put_wave(f, s, wave, block, ms, p->mapping);
        if (block % 7 == 3 && next_joins) /* half of this block and half of the next */
            put_wave(f, s, wave, block, ms + HL_BEDSIDE_BLOCK_MS / 2, p->mapping);
    }
}

static void put_numeric(hl_bedside_files *f, int id, int64_t us, int64_t sequence,
                        const char *value_id, const char *value, const char *mapping)
{
    hl_buf *b = hl_bedside_row(f, HL_BEDSIDE_NUMERIC_VALUE, us);

    put_head(b, id, us, sequence);
    hl_buf_printf(b, "0\t%s\t%s\t%s\n", value_id, value, mapping);
}

static void put_numerics(hl_bedside_files *f, const hl_bedside_stay *s, uint64_t seed,
                         int64_t block)
{
    const hl_bedside_round *r = s->round;
    const char *mapping = hl_bedside_part_of_block(s, block)->mapping;
    const int64_t ms = hl_bedside_ms_of_block(s, block) + 1000;
    const int64_t us = hl_bedside_wall_us(s, ms);
    /* Sent late: the sequence number is that of the sending. */
    const int64_t sequence = hl_bedside_sequence_at(s, ms) +
                             (s->kind == HL_BEDSIDE_CASE_CHANGE && block % 6 == 4 ? 4000 : 0);
    const bool low = block % 24 >= 10 && block % 24 <= 13,
               has_abp = has_wave(s, HL_BEDSIDE_ABP, block);
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
    char value_id[HL_BEDSIDE_UUID_CHARS], text[32];

    hl_bedside_draw_uuid(seed, "monitor-value", s->number << 32 | block, value_id);
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
        put_numeric(f, 7 + i, us + 500000, hl_bedside_sequence_at(s, ms + 500), value_id, text,
                    mapping);
    }
}

static void put_enumeration(hl_bedside_files *f, const hl_bedside_stay *s, int id, int64_t ms,
                            const char *value, const char *mapping)
{
    const int64_t us = hl_bedside_wall_us(s, ms);
    hl_buf *b = hl_bedside_row(f, HL_BEDSIDE_ENUMERATION_VALUE, us);

    put_head(b, id, us, hl_bedside_sequence_at(s, ms));
    hl_buf_printf(b, "\t%s\t%s\n", value, mapping);
}

static void put_beats(hl_bedside_files *f, const hl_bedside_stay *s, int64_t block)
{
    const hl_bedside_round *r = s->round;
    const char *mapping = hl_bedside_part_of_block(s, block)->mapping;
    const int64_t from = hl_bedside_ms_of_block(s, block);
    const bool paced = s->kind == HL_BEDSIDE_CASE_PACED;

    for (int64_t ms = hl_bedside_next_beat(r, from); ms < from + HL_BEDSIDE_BLOCK_MS;
         ms = hl_bedside_next_beat(r, ms + 1))
        put_enumeration(f, s, paced ? 2 : 1, ms, paced ? "P" : "N", mapping);
    if (block % 12 == 0)
        put_enumeration(f, s, 3, from + 1000, paced ? "Paced Rhythm" : "Sinus Rhythm", mapping);
}

/* Low saturation: the alarm comes, is silenced, ends. */
static void put_alerts(hl_bedside_files *f, const hl_bedside_stay *s, int64_t block)
{
    const int64_t step = block % 24 - 11;
    const hl_bedside_part *p = hl_bedside_part_of_block(s, block);

    if (step < 0 || step > 2 || block - step < p->first_block)
        return;
    const int64_t onset_ms = hl_bedside_ms_of_block(s, block - step),
                  ms = hl_bedside_ms_of_block(s, block) + 300;
    const int64_t us = hl_bedside_wall_us(s, ms);
    hl_buf *b = hl_bedside_row(f, HL_BEDSIDE_ALERT, us);

    hl_bedside_put_time(b, us);
    /* One id an alarm. */
    hl_buf_printf(b,
                  "\t%lld\t%.28s%08llX\t17\t300\t\xe2\x9c\xb1\xe2\x9c\xb1 SpO\xe2\x82\x82  %d < "
                  "90\t1\t1\t%d\t5\t",
                  (long long)hl_bedside_sequence_at(s, ms), s->alert,
                  (unsigned long long)(block - step), 86, step > 0);
    hl_bedside_put_time(b, hl_bedside_wall_us(s, onset_ms + 200));
    hl_buf_char(b, '\t');
    hl_bedside_put_time(b, hl_bedside_wall_us(s, onset_ms));
    hl_buf_char(b, '\t');
    if (step < 2)
        hl_buf_text(b, "0001-01-01 00:00:00.000 +00:00");
    else
        hl_bedside_put_time(b, us - 100000);
    hl_buf_printf(b, "\t%s\n", p->mapping);
}

/* --- who lies there --------------------------------------------------------------------------- */

static void put_attribute(hl_bedside_files *f, hl_bedside_table table, const hl_bedside_stay *s,
                          const char *name, const char *value)
{
    hl_buf *b = hl_bedside_row(f, table, s->start_us);

    hl_buf_printf(b, "%s\t", s->patient);
    hl_bedside_put_time(b, s->start_us);
    hl_buf_printf(b, "\t%s\t%s\n", name, value);
}

static void put_mapping(hl_bedside_files *f, const hl_bedside_stay *s, const hl_bedside_part *p)
{
    const int64_t us = s->start_us + p->start_ms * 1000 - INT64_C(60000000);
    hl_buf *b = hl_bedside_row(f, HL_BEDSIDE_PATIENT_MAPPING, us);

    hl_buf_printf(b, "%s\t%s\t", p->mapping, s->patient);
    hl_bedside_put_time(b, us);
    hl_buf_text(b, "\t1\tmonitor-host-north\n");
}

static void put_patient(hl_bedside_files *f, const hl_bedside_stay *s, uint64_t seed)
{
    hl_rng rng = hl_rng_of(seed, "monitor-body", (uint64_t)s->number);
    hl_buf *b = hl_bedside_row(f, HL_BEDSIDE_PATIENT, s->start_us);
    char date[HL_TIME_CHARS], number[32];

    hl_buf_printf(b, "%s\t", s->patient);
    hl_bedside_put_time(b, s->start_us);
    hl_buf_printf(b,
                  "\t%s\t%s, %s\t1\t%d.00000\t1\t%d.00000\t1\t1\t%d\t0\t1\tNorth Intensive Care\t"
                  "%d\n",
                  s->bed, s->last_name, s->first_name, (int)hl_synth_int(&rng, 152, 196),
                  (int)hl_synth_int(&rng, 48, 120), s->kind == HL_BEDSIDE_CASE_PACED,
                  s->gender == 'F' ? 2 : 1);
    b = hl_bedside_row(f, HL_BEDSIDE_BED_TAG, s->start_us);
    hl_buf_printf(b, "%s\t", s->bed);
    hl_bedside_put_time(b, s->start_us);
    hl_buf_printf(b, "\tNorth wing, room %d\n", 100 + (int)(s->number % 40));
    put_attribute(f, HL_BEDSIDE_PATIENT_STRING, s, "LastName", s->last_name);
    put_attribute(f, HL_BEDSIDE_PATIENT_STRING, s, "FirstName", s->first_name);
    snprintf(number, sizeof number, "MRN%09lld", (long long)hl_synth_int(&rng, 1, 999999999));
    put_attribute(f, HL_BEDSIDE_PATIENT_STRING, s, "LifetimeId", number);
    hl_print_time(s->birth_s, date);
    put_attribute(f, HL_BEDSIDE_PATIENT_DATE, s, "BirthDate", date);
}

/* The first block of a part brings what is said once. */
static void put_arrival(hl_bedside_files *f, const hl_bedside_stay *s, uint64_t seed, int64_t block)
{
    const hl_bedside_part *p = hl_bedside_part_of_block(s, block);

    if (block != p->first_block)
        return;
    if (block == 0)
        put_patient(f, s, seed);
    /* The two parts of a record have one mapping. */
    if (s->kind != HL_BEDSIDE_CASE_UNMAPPED &&
        (p == s->part || strcmp(p->mapping, p[-1].mapping) != 0))
        put_mapping(f, s, p);
}

void hl_bedside_put_block(hl_bedside_files *f, const hl_bedside_stay *s, uint64_t seed,
                          int64_t block)
{
    put_arrival(f, s, seed, block);
    put_waves(f, s, block);
    put_numerics(f, s, seed, block);
    put_beats(f, s, block);
    put_alerts(f, s, block);
}
