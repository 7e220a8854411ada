#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>

typedef struct line line;
struct line {
    line *next;
    hl_log_level level;
    char text[]; /* NUL-terminated */
};

struct hl_log {
    pthread_mutex_t lock; /* for first and last */
    line *first;
    line *last;
};

hl_log *hl_log_new(void)
{
    hl_log *log = calloc(1, sizeof *log);

    if (log && pthread_mutex_init(&log->lock, NULL) != 0) {
        free(log);
        return NULL;
    }
    return log;
}

void hl_log_free(hl_log **log)
{
    if (!log || !*log)
        return;
    for (line *l = (*log)->first, *next; l; l = next) {
        next = l->next;
        free(l);
    }
    pthread_mutex_destroy(&(*log)->lock);
    free(*log);
    *log = NULL;
}

/* A line that finds no memory is dropped: a log must not make a job fail. */
static void add(hl_ctl *ctl, hl_log_level level, const char *fmt, va_list args)
{
    hl_log *log = ctl ? ctl->log : NULL;
    va_list again;

    if (!log)
        return;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        return;
    line *l = malloc(sizeof *l + (size_t)n + 1);
    if (!l)
        return;
    l->next = NULL;
    l->level = level;
    vsnprintf(l->text, (size_t)n + 1, fmt, args);
    pthread_mutex_lock(&log->lock);
    if (log->last)
        log->last->next = l;
    else
        log->first = l;
    log->last = l;
    pthread_mutex_unlock(&log->lock);
}

void hl_warn(hl_ctl *ctl, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(ctl, HL_LOG_WARNING, fmt, args);
    va_end(args);
}

void hl_info(hl_ctl *ctl, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(ctl, HL_LOG_INFO, fmt, args);
    va_end(args);
}

int hl_log_take(hl_log *log, hl_log_level *level, char *text, size_t size)
{
    if (!log)
        return 0;
    pthread_mutex_lock(&log->lock);
    line *l = log->first;
    if (l) {
        log->first = l->next;
        if (!log->first)
            log->last = NULL;
    }
    pthread_mutex_unlock(&log->lock);
    if (!l)
        return 0;
    if (level)
        *level = l->level;
    if (text && size > 0)
        snprintf(text, size, "%s", l->text);
    free(l);
    return 1;
}

const char *hl_count_text(int64_t n, char out[32])
{
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    char digits[32]; /* from the last to the first */
    size_t k = 0, at = 0;

    for (int place = 0; rest > 0 || place == 0; place++, rest /= 10) {
        if (place > 0 && place % 3 == 0)
            digits[k++] = ',';
        digits[k++] = (char)('0' + rest % 10);
    }
    if (n < 0)
        out[at++] = '-';
    while (k > 0)
        out[at++] = digits[--k];
    out[at] = 0;
    return out;
}
