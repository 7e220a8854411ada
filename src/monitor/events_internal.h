/*
 * events_internal.h - what the files that write a stay's events share.
 *
 *      events.c        the passes over the messages; which files there are
 *      numerics.c      numerics -> csv
 *      beats.c         enumerations -> .beat
 *      alarms.c        alerts -> .alarm
 *      quality_file.c  quality intervals -> .wq
 *      annotator.c     annotations in order, without twins, to a file
 *      logs.c          the converter's raw logs
 *      label.c         texts
 */
#ifndef HL_MONITOR_EVENTS_INTERNAL_H
#define HL_MONITOR_EVENTS_INTERNAL_H

#include "monitor/events.h"

enum {
    HL_EVENT_LATE = 5120,       /* ticks by which an event may be younger than its message: a wave
                                   message's length. waveform.md A.9 */
    HL_ALARM_END_LATE = 15120,  /* ... and the end of an alarm */
    HL_EVENT_MEMORY = 32 << 20, /* bytes of sorted runs in memory */
    HL_AUX_MAX = 255            /* bytes of an annotation's text */
};

/* What every writer of events is given. */
typedef struct {
    const hl_stay_input *input;
    const hl_stay_options *options;
    const hl_clock *clock;
    int64_t base; /* sequence number of tick 0 */
    hl_code (*add)(void *ctx, const char *name, const hl_digest *digest, hl_error *err);
    void *ctx;
    hl_stay_result *result;
} hl_events;

/* Begin a kind's messages anew. A kind without a source has none. */
hl_code hl_events_rewind(const hl_stay_input *input, hl_message_kind kind, hl_error *err);
/* The next one; HL_E_STOPPED when ctl says so (ctl may be NULL). */
hl_code hl_events_next(const hl_stay_input *input, hl_message_kind kind, hl_ctl *ctl, hl_message *m,
                       hl_error *err);

/* Sequence number of an event, by its wall time, at most late ticks behind its message; that of the
 * message where the clock knows nothing. */
int64_t hl_event_sequence(const hl_clock *clock, hl_stamp time, int64_t sequence, int64_t late);
/* Ticks from base to sequence, kept within 64 bits. */
int64_t hl_event_tick(int64_t sequence, int64_t base);
/* Whether an alert has this time: times up to 1970 mean none. A.10 */
bool hl_alert_has(hl_stamp time);

/* Path of a file of the record in the options' folder. */
hl_code hl_events_path(const hl_events *e, const char *name, char path[HL_PATH_BYTES],
                       hl_error *err);
/* "NAMEsuffix"; HL_E_LIMIT when that is no file name. */
#define HL_EVENT_NAME_BYTES 256
hl_code hl_events_name(const hl_events *e, const char *suffix, char name[HL_EVENT_NAME_BYTES],
                       hl_error *err);

/* Numerics to csv; counts the rows in result. logs may be NULL. */
typedef struct hl_logs hl_logs;
hl_code hl_stay_numerics_write(hl_events *e, hl_logs *logs, hl_error *err);
/* annotate: whether the file is wanted; the logs are written in any case. */
hl_code hl_beats_write(hl_events *e, hl_logs *logs, bool annotate, hl_error *err);
hl_code hl_alarms_write(hl_events *e, hl_logs *logs, bool annotate, hl_error *err);
hl_code hl_quality_write(hl_events *e, const hl_quality *quality, size_t n, hl_error *err);

/* --- texts ------------------------------------------------------------------------------------ */

/* Control characters as blanks, broken UTF-8 as '_', all else as it is. */
void hl_label_plain(hl_buf *to, hl_str text);
/* Bytes of text that most bytes hold without cutting a character. */
size_t hl_label_cut(hl_str text, size_t most);

/*
 * The decimal of the export in the form that the converter logs it, NUL-terminated: without blanks
 * around it, plus sign and needless leading zeros. Returns its length; 0: no decimal, which counts
 * as no value.
 */
#define HL_DECIMAL_CHARS 72
size_t hl_decimal_text(hl_str number, char out[HL_DECIMAL_CHARS]);
/* Length of such a decimal without the zeros at its end, and without a point that then ends it.
 * 100 has no point and keeps its zeros. waveform.md 3 */
size_t hl_decimal_short(const char *text, size_t n);

/* --- logs: what the converter keeps of the messages as they come -------------------------------
 */

hl_code hl_logs_new(hl_events *e, hl_logs **out, hl_error *err);
hl_code hl_logs_numeric(hl_logs *logs, const hl_message *m, hl_str label, hl_str value, hl_str unit,
                        hl_error *err);
hl_code hl_logs_enumeration(hl_logs *logs, const hl_message *m, hl_error *err);
hl_code hl_logs_alert(hl_logs *logs, const hl_message *m, hl_str label, hl_error *err);
/* Commit those that hold something. */
hl_code hl_logs_end(hl_logs *logs, hl_error *err);
void hl_logs_free(hl_logs **logs);

#endif
