/*
 * Alarms of the monitors to NAME.alarm. Source: waveform.md A.10.
 *
 * An alarm is one alert id with several messages: its onset, when it was announced, its end, and
 * states (severity, silenced, label) that change on the way. The first pass gathers the times of
 * each id; then the states are walked in the order of their messages. Memory: about 200 bytes an
 * alarm and once each different state; the messages are sorted in runs.
 */
#include "base/map.h"
#include "monitor/annotator.h"
#include "monitor/runs.h"

enum { ONSET = 0, ANNOUNCE = 1, ENDING = 2, N_EVENTS = 3 };
enum { SPILL_MEMORY = HL_EVENT_MEMORY / 2 };

#define NO_STATE UINT32_MAX

/* The message that told, and the wall time that it told. */
typedef struct {
    int64_t sequence, us;
    int64_t tick;
    bool has;
} told;

typedef struct {
    told event[N_EVENTS];
    uint32_t num; /* 1, 2, ... in the order in which they appear; 0: without a state */
    uint32_t first, last, until_announce, until_end;
} alarm;

typedef struct {
    int64_t severity;
    bool is_silenced;
} state;

/* A message with a state. */
typedef struct {
    int64_t sequence, us;
    uint32_t alarm, state;
} record;

typedef struct {
    hl_events *e;
    hl_strmap *ids;
    alarm *alarm;
    size_t n, cap;
    hl_strmap *states; /* severity, '~' or '=', label */
    hl_runs *runs;
    hl_annotator *marks;
    hl_buf key, label;
} alarms;

static int compare_records(const void *a, const void *b, void *ctx)
{
    const record *x = a, *y = b;

    (void)ctx;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence ? -1 : 1;
    return (x->us > y->us) - (x->us < y->us);
}

/* --- gathering ----------------------------------------------------------------------------------
 */

static hl_code find_alarm(alarms *s, hl_uuid id, size_t *i, hl_error *err)
{
    hl_str key = {(const char *)id.byte, sizeof id.byte};
    int64_t was = hl_strmap_get(s->ids, key);

    if (was >= 0) {
        *i = (size_t)was;
        return HL_OK;
    }
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        alarm *more = realloc(s->alarm, cap * sizeof *more);
        if (!more)
            return hl_fail_memory(err, "alarms", cap * sizeof *more);
        s->alarm = more;
        s->cap = cap;
    }
    *i = s->n++;
    s->alarm[*i] = (alarm){
        .first = NO_STATE, .last = NO_STATE, .until_announce = NO_STATE, .until_end = NO_STATE};
    return hl_strmap_add(s->ids, key, (int64_t)*i, NULL, err);
}

/* Of several messages the first one holds, for the end the last one; in one message's sequence
 * number the earliest time, for the end the latest. */
static void tell(told *t, int64_t sequence, hl_stamp time, bool last_holds)
{
    if (!hl_alert_has(time))
        return;
    int order = t->sequence != sequence ? (t->sequence < sequence ? -1 : 1)
                                        : (t->us > time.us) - (t->us < time.us);
    if (t->has && (last_holds ? order >= 0 : order <= 0))
        return;
    *t = (told){.sequence = sequence, .us = time.us, .has = true};
}

/* The text of a state is what the converter logs: "1=*** VTach", "1~*** VTach". */
static hl_code find_state(alarms *s, const hl_message *m, uint32_t *out, hl_error *err)
{
    int64_t i = (int64_t)hl_strmap_count(s->states), was = -1;

    hl_buf_clear(&s->key);
    hl_buf_printf(&s->key, "%lld%c", (long long)m->severity, m->is_silenced ? '~' : '=');
    hl_buf_append(&s->key, s->label.at, s->label.n);
    hl_code c = hl_buf_check(&s->key, "alarms", err);
    if (c == HL_OK && i == NO_STATE)
        return hl_fail(err, HL_E_LIMIT, "too many states of alarms");
    if (c == HL_OK)
        c = hl_strmap_add(s->states, (hl_str){s->key.at, s->key.n}, i, &was, err);
    *out = (uint32_t)(was >= 0 ? was : i);
    return c;
}

static hl_code take_alert(alarms *s, const hl_message *m, hl_logs *logs, bool annotate,
                          hl_error *err)
{
    size_t i = 0;

    hl_buf_clear(&s->label);
    hl_code c = hl_label_ascii(&s->label, m->label, err);
    if (c == HL_OK && logs)
        c = hl_logs_alert(logs, m, (hl_str){s->label.at, s->label.n}, err);
    if (c != HL_OK || !annotate)
        return c;
    c = find_alarm(s, m->alert, &i, err);
    if (c != HL_OK)
        return c;
    tell(&s->alarm[i].event[ONSET], m->sequence, m->onset, false);
    tell(&s->alarm[i].event[ANNOUNCE], m->sequence, m->announce, false);
    tell(&s->alarm[i].event[ENDING], m->sequence, m->end, true);
    if (s->label.n == 0 || m->severity < 0)
        return HL_OK; /* a state that the original does not read */
    record r = {
        .sequence = m->sequence, .us = m->time.has ? m->time.us : INT64_MIN, .alarm = (uint32_t)i};
    c = find_state(s, m, &r.state, err);
    return c == HL_OK ? hl_runs_add(s->runs, &r, err) : c;
}

/* --- marking ------------------------------------------------------------------------------------
 */

static state state_of(const alarms *s, uint32_t i, hl_str *label)
{
    hl_str key = hl_strmap_key(s->states, i);
    state x = {0};
    size_t n = 0;

    while (n < key.n && key.at[n] >= '0' && key.at[n] <= '9')
        n++;
    if (!hl_parse_i64((hl_str){key.at, n}, &x.severity))
        x.severity = INT64_MAX;
    x.is_silenced = key.at[n] == '~';
    *label = (hl_str){key.at + n + 1, key.n - n - 1};
    return x;
}

static void put_text(const void *ctx, const hl_event_mark *m, hl_buf *to)
{
    hl_str label;
    state x = state_of(ctx, m->b, &label);

    hl_buf_printf(to, "%c{%u}%c", m->code, (unsigned)m->a, x.is_silenced ? '~' : ' ');
    hl_buf_str(to, label);
}

/* code: '+' onset, '<' announced, ';' changed, '>' end. */
static hl_code put_mark(alarms *s, int64_t tick, const alarm *a, char code, uint32_t i_state,
                        hl_error *err)
{
    hl_str label;
    state x = state_of(s, i_state, &label);
    int grade = x.severity == 0 ? 3 : x.severity == 1 ? 2 : x.severity == 2 ? 1 : 0;
    int base = code == '+' ? 90 : code == '<' ? 80 : code == '>' ? 60 : 70;
    const hl_event_mark m = {.tick = tick,
                             .a = a->num,
                             .b = i_state,
                             .chan = HL_CHAN_NONE,
                             .type = HL_ANN_NOTE,
                             .subtype = (uint8_t)(base + grade),
                             .code = (uint8_t)code};
    return hl_annotator_add(s->marks, &m, err);
}

static int64_t tick_of(const alarms *s, int64_t us, int64_t sequence, int64_t late)
{
    const hl_stamp time = {.us = us, .has = us != INT64_MIN};

    return hl_event_tick(hl_event_sequence(s->e->clock, time, sequence, late), s->e->base);
}

/* The next state in the order of the messages. */
static hl_code walk(alarms *s, const record *r, uint32_t *n_seen, hl_error *err)
{
    alarm *a = &s->alarm[r->alarm];
    int64_t tick = tick_of(s, r->us, r->sequence, HL_EVENT_LATE);
    int64_t announce = a->event[ANNOUNCE].has ? a->event[ANNOUNCE].tick : tick;
    int64_t end = a->event[ENDING].has ? a->event[ENDING].tick : tick;
    uint32_t old = a->last;

    if (a->num == 0)
        a->num = ++*n_seen;
    if (a->first == NO_STATE)
        a->first = r->state;
    a->last = r->state;
    if (tick <= announce)
        a->until_announce = r->state;
    if (tick <= end)
        a->until_end = r->state;
    if (old != NO_STATE && old != r->state && announce < tick && tick < end)
        return put_mark(s, tick, a, ';', r->state, err);
    return HL_OK;
}

static hl_code mark_times(alarms *s, const alarm *a, hl_error *err)
{
    hl_code c = HL_OK;

    if (a->num == 0)
        return HL_OK;
    if (a->event[ONSET].has)
        c = put_mark(s, a->event[ONSET].tick, a, '+', a->first, err);
    if (c == HL_OK && a->event[ANNOUNCE].has)
        c = put_mark(s, a->event[ANNOUNCE].tick, a, '<',
                     a->until_announce != NO_STATE ? a->until_announce : a->first, err);
    if (c == HL_OK && a->event[ENDING].has)
        c = put_mark(s, a->event[ENDING].tick, a, '>',
                     a->until_end != NO_STATE ? a->until_end : a->last, err);
    return c;
}

static hl_code mark_all(alarms *s, hl_error *err)
{
    uint32_t n_seen = 0;
    const void *item;
    hl_code c = hl_runs_sort(s->runs, err);

    for (size_t i = 0; i < s->n; i++)
        for (int k = 0; k < N_EVENTS; k++) {
            told *t = &s->alarm[i].event[k];
            if (t->has)
                t->tick =
                    tick_of(s, t->us, t->sequence, k == ENDING ? HL_ALARM_END_LATE : HL_EVENT_LATE);
        }
    while (c == HL_OK && (c = hl_runs_next(s->runs, &item, err)) == HL_OK)
        c = walk(s, item, &n_seen, err);
    if (c == HL_END)
        c = HL_OK;
    for (size_t i = 0; c == HL_OK && i < s->n; i++)
        c = mark_times(s, &s->alarm[i], err);
    return c;
}

hl_code hl_alarms_write(hl_events *e, hl_logs *logs, bool annotate, hl_error *err)
{
    alarms s = {.e = e, .ids = hl_strmap_new(64), .states = hl_strmap_new(64)};
    hl_message m;
    hl_code c = s.ids && s.states ? HL_OK : hl_fail_memory(err, "alarms", 0);

    if (c == HL_OK)
        c = hl_runs_new(sizeof(record), SPILL_MEMORY, e->options->scratch, compare_records, NULL,
                        &s.runs, err);
    if (c == HL_OK)
        c = hl_annotator_new(e, put_text, &s, &s.marks, err);
    if (c == HL_OK)
        c = hl_events_rewind(e->input, HL_MESSAGE_ALERT, err);
    while (c == HL_OK &&
           (c = hl_events_next(e->input, HL_MESSAGE_ALERT, e->options->ctl, &m, err)) == HL_OK)
        c = take_alert(&s, &m, logs, annotate, err);
    if (c == HL_END)
        c = mark_all(&s, err);
    if (c == HL_OK)
        c = hl_annotator_write(s.marks, ".alarm", err);
    hl_annotator_free(&s.marks);
    hl_runs_free(&s.runs);
    hl_strmap_free(&s.ids);
    hl_strmap_free(&s.states);
    hl_buf_free(&s.key);
    hl_buf_free(&s.label);
    free(s.alarm);
    return c;
}
