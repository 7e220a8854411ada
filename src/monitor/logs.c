#include "base/civil.h"
#include "monitor/events_internal.h"

/*
 * A log is lines of a message each, "label TAB value TAB unit", under a line "S123" when the
 * sequence number is another one than before and a line "20150921174530123000" (UTC, microseconds)
 * when the time is.
 */
enum { NUMERICS = 0, APERIODICS = 1, ENUMS = 2, ALERTS = 3, N_LOGS = 4 };

static const char *const log_name[N_LOGS] = {"numerics.log.gz", "aperiodics.log.gz", "enums.log.gz",
                                             "alerts.log.gz"};
enum { FLUSH_BYTES = 1 << 16 };

typedef struct {
    hl_gzip *gz; /* NULL: no message yet */
    hl_buf text;
    int64_t sequence, us;
    bool has_sequence, has_time;
} one_log;

struct hl_logs {
    hl_events *e;
    one_log log[N_LOGS];
};

hl_code hl_logs_new(hl_events *e, hl_logs **out, hl_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return hl_fail_memory(err, "logs", sizeof **out);
    (*out)->e = e;
    return HL_OK;
}

static hl_code begin(hl_logs *logs, int which, one_log **out, hl_error *err)
{
    char path[HL_PATH_BYTES];
    one_log *log = *out = &logs->log[which];

    if (log->gz)
        return HL_OK;
    hl_code c = hl_events_path(logs->e, log_name[which], path, err);
    return c == HL_OK ? hl_gzip_create(path, 1, &log->gz, err) : c;
}

static void put_sequence(one_log *log, int64_t sequence)
{
    if (log->has_sequence && log->sequence == sequence)
        return;
    log->has_sequence = true;
    log->sequence = sequence;
    hl_buf_char(&log->text, 'S');
    hl_buf_i64(&log->text, sequence);
    hl_buf_char(&log->text, '\n');
}

static void put_time(hl_buf *to, int64_t us)
{
    const int64_t second = 1000000;
    int64_t rest = us % second < 0 ? us % second + second : us % second;
    hl_civil t = hl_civil_of((us - rest) / second);

    hl_buf_printf(to, "%04d%02d%02d%02d%02d%02d%06d\n", t.year, t.month, t.day, t.hour, t.minute,
                  t.second, (int)rest);
}

static void put_new_time(one_log *log, hl_stamp time)
{
    if (!time.has || (log->has_time && log->us == time.us))
        return;
    log->has_time = true;
    log->us = time.us;
    put_time(&log->text, time.us);
}

static hl_code flush(one_log *log, size_t least, hl_error *err)
{
    hl_code c = hl_buf_check(&log->text, "log", err);

    if (c == HL_OK && log->text.n >= least) {
        c = hl_gzip_write(log->gz, log->text.at, log->text.n, err);
        hl_buf_clear(&log->text);
    }
    return c;
}

hl_code hl_logs_numeric(hl_logs *logs, const hl_message *m, hl_str label, hl_str value, hl_str unit,
                        hl_error *err)
{
    one_log *log;
    bool aperiodic = m->numeric->is_aperiodic;
    hl_code c = begin(logs, aperiodic ? APERIODICS : NUMERICS, &log, err);

    if (c != HL_OK)
        return c;
    put_sequence(log, m->sequence);
    if (!aperiodic)
        put_new_time(log, m->time);
    hl_buf_str(&log->text, label);
    hl_buf_char(&log->text, '\t');
    hl_buf_str(&log->text, value);
    hl_buf_char(&log->text, '\t');
    hl_buf_str(&log->text, unit);
    hl_buf_char(&log->text, '\n');
    return flush(log, FLUSH_BYTES, err);
}

hl_code hl_logs_enumeration(hl_logs *logs, const hl_message *m, hl_error *err)
{
    one_log *log;
    hl_code c = begin(logs, ENUMS, &log, err);

    if (c != HL_OK)
        return c;
    put_sequence(log, m->sequence);
    put_new_time(log, m->time);
    hl_label_plain(&log->text, m->enumeration->label);
    hl_buf_char(&log->text, '\t');
    hl_buf_i64(&log->text, m->enumeration->value_physio_id);
    hl_buf_char(&log->text, '\t');
    hl_label_plain(&log->text, m->value);
    hl_buf_char(&log->text, '\n');
    return flush(log, FLUSH_BYTES, err);
}

/* Each message with all its times: "(ID)+" announced, "(ID)!" onset, "(ID)-" end, and its state,
 * "=" heard or "~" silenced. */
hl_code hl_logs_alert(hl_logs *logs, const hl_message *m, hl_str label, hl_error *err)
{
    char id[HL_UUID_CHARS];
    one_log *log;
    hl_code c = begin(logs, ALERTS, &log, err);
    const struct {
        hl_stamp time;
        char sign;
    } event[] = {{m->announce, '+'}, {m->onset, '!'}, {m->end, '-'}};

    if (c != HL_OK)
        return c;
    hl_uuid_print(m->alert, id);
    log->has_sequence = false;
    put_sequence(log, m->sequence);
    for (size_t i = 0; i < sizeof event / sizeof *event; i++) {
        if (!hl_alert_has(event[i].time))
            continue;
        put_time(&log->text, event[i].time.us);
        hl_buf_printf(&log->text, "(%s)%c\n", id, event[i].sign);
    }
    if (m->time.has)
        put_time(&log->text, m->time.us);
    hl_buf_printf(&log->text, "(%s)", id);
    if (m->severity == HL_NO_SEVERITY)
        hl_buf_text(&log->text, "None"); /* as the converter's language has it */
    else
        hl_buf_i64(&log->text, m->severity);
    hl_buf_char(&log->text, m->is_silenced ? '~' : '=');
    hl_buf_str(&log->text, label);
    hl_buf_char(&log->text, '\n');
    return flush(log, FLUSH_BYTES, err);
}

hl_code hl_logs_end(hl_logs *logs, hl_error *err)
{
    hl_code c = HL_OK;

    for (int i = 0; c == HL_OK && i < N_LOGS; i++) {
        hl_digest digest;
        if (!logs->log[i].gz)
            continue;
        c = flush(&logs->log[i], 1, err);
        if (c == HL_OK)
            c = hl_gzip_commit(&logs->log[i].gz, &digest, err);
        if (c == HL_OK)
            c = logs->e->add(logs->e->ctx, log_name[i], &digest, err);
    }
    return c;
}

void hl_logs_free(hl_logs **logs)
{
    if (!logs || !*logs)
        return;
    for (int i = 0; i < N_LOGS; i++) {
        hl_gzip_abort(&(*logs)->log[i].gz);
        hl_buf_free(&(*logs)->log[i].text);
    }
    free(*logs);
    *logs = NULL;
}
