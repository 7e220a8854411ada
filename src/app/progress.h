/*
 * progress.h - a running job on stderr: one moving line on a terminal, a plain line every 10 s in a
 * log, nothing with --quiet. Messages of the job are printed between.
 */
#ifndef HL_APP_PROGRESS_H
#define HL_APP_PROGRESS_H

#include "base/error.h"

/* What is shown at one moment. */
typedef struct {
    const char *phase; /* "" = none yet */
    int64_t done, total, failed;
    double part;                     /* of the phase, 0 to 1; < 0 = not known */
    double items_per_s, bytes_per_s; /* 0 = not known */
    double left_s;                   /* < 0 = not known */
    double phase_s;                  /* since the phase began */
} app_view;

/* Enough for 400 columns of three-byte characters. */
#define APP_LINE_BYTES 1280

/* One line that fits into columns, without its end: what matters least is left out first. */
void app_progress_bar_line(const app_view *view, int columns, bool utf8, char out[APP_LINE_BYTES]);
/* The same as words, for a log. */
void app_progress_plain_line(const app_view *view, char out[APP_LINE_BYTES]);

/* Counters some time ago, for rates. */
typedef struct {
    double at_s;
    int64_t done, bytes;
} app_sample;

#define APP_SAMPLES 32 /* a half second apart: rates over the last 16 s */

typedef struct {
    bool terminal, utf8, quiet;
    bool shown; /* a moving line stands on the terminal */
    char last[APP_LINE_BYTES];
    const char *phase;
    double phase_at_s, plain_at_s;
    int64_t phase_bytes;            /* ctl->bytes when the phase was first seen */
    app_sample sample[APP_SAMPLES]; /* ring */
    int n_samples, newest;
} app_progress;

/* terminal: stderr is one that can move its cursor. */
void app_progress_init(app_progress *p, bool quiet);
/* Print the log's lines, then draw what ctl says, if it is time for that. */
void app_progress_poll(app_progress *p, const hl_ctl *ctl);
/* Take the moving line away, e.g. before a message. */
void app_progress_clear(app_progress *p);
/* Rates and time left at now_s; remembers the counters. For app_progress_poll() and its test. */
app_view app_progress_view(app_progress *p, const hl_ctl *ctl, double now_s);

/* "hilum: text" on stderr, further lines of text indented. */
void app_say(const char *head, const char *text);

#endif
