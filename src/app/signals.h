/*
 * signals.h - being asked to stop (scale.md 10.5).
 *
 * SIGINT, SIGTERM, SIGUSR1 and SIGUSR2 are taken by a thread of their own, so that stopping works
 * also while the terminal is blocked, and nothing runs in a signal handler. The first one sets the
 * job's cancel; the second, or 8 seconds, ends the process at once: what is journaled is kept.
 */
#ifndef HL_APP_SIGNALS_H
#define HL_APP_SIGNALS_H

#include <pthread.h>
#include <signal.h>

#include "base/error.h"

/* Sites kill 10 s after asking, some sooner than their manual says. */
#define APP_STOP_SECONDS 8

typedef struct {
    hl_ctl *ctl;
    sigset_t set;
    pthread_t thread;
    int asked; /* atomic: signals taken so far */
    int over;  /* atomic: the job has ended, a signal has nothing to wait for */
} app_signals;

/* SIGPIPE is ignored (writes give EPIPE); SIGABRT says whose fault it is and exits 70. */
void app_signals_prepare(void);

/* Block the four signals, for this thread and those that it starts, and take them on a new thread.
 * A signal that the parent had ignored stays ignored. s must live until the process ends. */
hl_code app_signals_start(app_signals *s, hl_ctl *ctl, hl_error *err);
int app_signals_asked(const app_signals *s);
void app_signals_over(app_signals *s);

#endif
