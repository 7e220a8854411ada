#include "app/signals.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* write(2) and no stdio: other threads may hold its locks when the process is left. A blocked
 * terminal or full pipe must not hold it back. */
static void say(const char *text)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

    if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT)) {
        ssize_t wrote = write(STDERR_FILENO, text, strlen(text));
        (void)wrote;
    }
}

static void aborted(int number)
{
    (void)number;
    say("       This is a fault of hilum, not of your data. Please report the line above and the "
        "command.\n");
    _exit(HL_E_BUG);
}

void app_signals_prepare(void)
{
    struct sigaction act = {.sa_handler = SIG_IGN};

    sigaction(SIGPIPE, &act, NULL);
    act.sa_handler = aborted;
    sigaction(SIGABRT, &act, NULL);
}

static void leave(const char *why)
{
    if (isatty(STDERR_FILENO))
        say("\r\x1b[K");
    say(why);
    _exit(HL_E_STOPPED);
}

/* Wait for the next signal; false after the given seconds without one (0 = wait for ever). */
static bool next_signal(const sigset_t *set, time_t seconds)
{
    struct timespec limit = {.tv_sec = seconds};
    int got;

    do
        got = seconds ? sigtimedwait(set, NULL, &limit) : sigwaitinfo(set, NULL);
    while (got < 0 && errno == EINTR);
    return got > 0;
}

static void *take_signals(void *arg)
{
    app_signals *s = arg;

    while (!next_signal(&s->set, 0))
        continue;
    if (__atomic_load_n(&s->over, __ATOMIC_ACQUIRE))
        _exit(HL_E_STOPPED);
    __atomic_store_n(&s->ctl->cancel, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&s->asked, 1, __ATOMIC_RELEASE);
    if (next_signal(&s->set, APP_STOP_SECONDS))
        leave("hilum: left at once; what was journaled is kept, --resume goes on\n");
    if (__atomic_load_n(&s->over, __ATOMIC_ACQUIRE)) {
        next_signal(&s->set, 0); /* only the output is left to be written */
        _exit(HL_E_STOPPED);
    }
    leave("hilum: left in the middle of an item; what was journaled is kept, --resume goes on\n");
    return NULL;
}

hl_code app_signals_start(app_signals *s, hl_ctl *ctl, hl_error *err)
{
    static const int number[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    int failed;

    *s = (app_signals){.ctl = ctl};
    sigemptyset(&s->set);
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        struct sigaction was;
        /* nohup and a shell's background jobs ignore some: blocking them would bring them back */
        if (sigaction(number[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
            sigaddset(&s->set, number[i]);
    }
    pthread_sigmask(SIG_BLOCK, &s->set, NULL);
    failed = pthread_create(&s->thread, NULL, take_signals, s);
    if (failed)
        return hl_fail(err, HL_E_LIMIT, "no thread for signals: %s", strerror(failed));
    pthread_detach(s->thread);
    return HL_OK;
}

int app_signals_asked(const app_signals *s)
{
    return __atomic_load_n(&s->asked, __ATOMIC_ACQUIRE);
}

void app_signals_over(app_signals *s)
{
    __atomic_store_n(&s->over, 1, __ATOMIC_RELEASE);
}
