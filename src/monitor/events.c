#include "monitor/events.h"

#include "base/ctl.h"
#include "monitor/events_internal.h"

/* --- the messages -------------------------------------------------------------------------------
 */

hl_code hl_events_rewind(const hl_stay_input *input, hl_message_kind kind, hl_error *err)
{
    const hl_message_source *s = &input->source[kind];

    return s->next ? s->rewind(s->ctx, err) : HL_OK;
}

hl_code hl_events_next(const hl_stay_input *input, hl_message_kind kind, hl_ctl *ctl, hl_message *m,
                       hl_error *err)
{
    const hl_message_source *s = &input->source[kind];

    hl_code c = hl_ctl_check(ctl, err);

    if (c != HL_OK)
        return c;
    return s->next ? s->next(s->ctx, m, err) : HL_END;
}

bool hl_alert_has(hl_stamp time)
{
    return time.has && time.us > 0;
}

int64_t hl_event_sequence(const hl_clock *clock, hl_stamp time, int64_t sequence, int64_t late)
{
    int64_t limit;

    if (__builtin_add_overflow(sequence, late, &limit))
        limit = INT64_MAX;
    int64_t found = hl_clock_sequence(clock, time, limit);
    return found == HL_CLOCK_NONE ? sequence : found;
}

int64_t hl_event_tick(int64_t sequence, int64_t base)
{
    int64_t tick;

    if (__builtin_sub_overflow(sequence, base, &tick))
        tick = sequence < base ? INT64_MIN : INT64_MAX;
    return tick;
}

/* --- first pass ---------------------------------------------------------------------------------
 */

/* Aperiodic numerics are left out, as the original does: their moment is the sequence number. */
static hl_code see(hl_clock *clock, const hl_message *m, hl_error *err)
{
    hl_code c;

    if (m->kind == HL_MESSAGE_NUMERIC && m->numeric->is_aperiodic)
        return HL_OK;
    c = hl_clock_see(clock, m->time, err);
    if (c == HL_OK && m->kind == HL_MESSAGE_ALERT) {
        const hl_stamp time[] = {m->announce, m->onset, m->end};
        for (size_t i = 0; c == HL_OK && i < sizeof time / sizeof *time; i++)
            if (hl_alert_has(time[i]))
                c = hl_clock_see(clock, time[i], err);
    }
    return c;
}

hl_code hl_events_see(const hl_stay_input *input, hl_clock *clock, hl_error *err)
{
    static const hl_message_kind kinds[] = {HL_MESSAGE_NUMERIC, HL_MESSAGE_ENUMERATION,
                                            HL_MESSAGE_ALERT};
    hl_message m;
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < sizeof kinds / sizeof *kinds; i++) {
        c = hl_events_rewind(input, kinds[i], err);
        while (c == HL_OK && (c = hl_events_next(input, kinds[i], NULL, &m, err)) == HL_OK)
            c = see(clock, &m, err);
        if (c == HL_END)
            c = HL_OK;
    }
    return c;
}

hl_code hl_events_first(const hl_stay_input *input, const hl_clock *clock, int64_t *sequence,
                        bool *any, hl_error *err)
{
    char text[HL_DECIMAL_CHARS];
    hl_message m;
    hl_code c = hl_events_rewind(input, HL_MESSAGE_WAVE, err);

    *any = false;
    *sequence = 0;
    if (c == HL_OK)
        c = hl_events_next(input, HL_MESSAGE_WAVE, NULL, &m, err);
    if (c == HL_OK) {
        *sequence = m.sequence;
        *any = true;
    }
    if (c != HL_END)
        return c;
    /* Values come by sequence number; without a clock that is also where the first one lies. */
    c = hl_events_rewind(input, HL_MESSAGE_NUMERIC, err);
    while (c == HL_OK && (c = hl_events_next(input, HL_MESSAGE_NUMERIC, NULL, &m, err)) == HL_OK) {
        if (*any && m.sequence >= *sequence)
            continue;
        if (!m.number.at || hl_decimal_text(m.number, text) == 0)
            continue;
        *sequence = m.sequence;
        *any = true;
    }
    (void)clock;
    return c == HL_END ? HL_OK : c;
}

/* --- second pass --------------------------------------------------------------------------------
 */

hl_code hl_events_path(const hl_events *e, const char *name, char path[HL_PATH_BYTES],
                       hl_error *err)
{
    return hl_path_join(e->options->folder, name, path, err);
}

hl_code hl_events_name(const hl_events *e, const char *suffix, char name[HL_EVENT_NAME_BYTES],
                       hl_error *err)
{
    int n = snprintf(name, HL_EVENT_NAME_BYTES, "%s%s", e->options->name, suffix);

    if (n >= HL_EVENT_NAME_BYTES)
        return hl_fail(err, HL_E_LIMIT, "the record's name is too long for a file's");
    return HL_OK;
}

static hl_code write_time_map(hl_events *e, hl_error *err)
{
    static const char name[] = "time_map.csv";
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_digest digest;
    hl_code c = hl_events_path(e, name, path, err);

    hl_clock_print(e->clock, &text);
    if (c == HL_OK)
        c = hl_buf_check(&text, "clock map", err);
    if (c == HL_OK)
        c = hl_write_file(path, text.at ? text.at : "", text.n, &digest, err);
    if (c == HL_OK)
        c = e->add(e->ctx, name, &digest, err);
    hl_buf_free(&text);
    return c;
}

hl_code
hl_events_write(const hl_stay_input *input, const hl_stay_options *options, const hl_clock *clock,
                int64_t base_sequence, const hl_quality *quality, size_t n_quality,
                hl_code (*add)(void *ctx, const char *name, const hl_digest *digest, hl_error *err),
                void *ctx, hl_stay_result *result, hl_error *err)
{
    hl_events e = {.input = input,
                   .options = options,
                   .clock = clock,
                   .base = base_sequence,
                   .add = add,
                   .ctx = ctx,
                   .result = result};
    const bool raw = options->style == HL_STAY_DOWNCAST;
    hl_logs *logs = NULL;
    size_t n_spans;
    hl_code c = raw ? hl_logs_new(&e, &logs, err) : HL_OK;

    /* Without waves there is no clock, and annotations have no time. A.10 */
    hl_clock_spans(clock, &n_spans);
    const bool annotate = n_spans > 0 && (raw || options->annotations);
    result->n_numeric_rows = result->n_annotations = 0;
    if (c == HL_OK)
        c = hl_stay_numerics_write(&e, logs, err);
    if (c == HL_OK && (annotate || raw))
        c = hl_beats_write(&e, logs, annotate, err);
    if (c == HL_OK && (annotate || raw))
        c = hl_alarms_write(&e, logs, annotate, err);
    if (c == HL_OK && annotate)
        c = hl_quality_write(&e, quality, n_quality, err);
    if (c == HL_OK && raw)
        c = hl_logs_end(logs, err);
    if (c == HL_OK && raw)
        c = write_time_map(&e, err);
    hl_logs_free(&logs);
    return c;
}
