#include "base/pool.h"

#include <signal.h>

#include "base/ctl.h"

hl_code hl_thread_start(pthread_t *thread, void *(*fn)(void *), void *arg, hl_error *err)
{
    sigset_t all, before;
    int e;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    e = pthread_create(thread, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (e)
        return hl_fail(err, HL_E_LIMIT, "cannot start a thread: %s", strerror(e));
    return HL_OK;
}

typedef struct {
    int64_t n;
    hl_ctl *ctl;
    hl_code (*fn)(void *ctx, int64_t i, int thread, hl_error *err);
    void *ctx;
    int64_t next; /* atomic: first block not handed out */
    int stop;     /* atomic */
} for_loop;

typedef struct {
    for_loop *loop;
    pthread_t id;
    int thread;
    hl_code code;
    int64_t failed_at; /* the block that code is about */
    hl_error error;
} for_worker;

/* Blocks are handed out in order, so that the first failure of a worker is its smallest. */
static void *work(void *arg)
{
    for_worker *w = arg;
    for_loop *loop = w->loop;

    while (!__atomic_load_n(&loop->stop, __ATOMIC_RELAXED) && !hl_ctl_cancelled(loop->ctl)) {
        int64_t i = __atomic_fetch_add(&loop->next, 1, __ATOMIC_RELAXED);
        if (i >= loop->n)
            break;
        w->code = loop->fn(loop->ctx, i, w->thread, &w->error);
        if (w->code) {
            w->failed_at = i;
            __atomic_store_n(&loop->stop, 1, __ATOMIC_RELAXED);
            break;
        }
    }
    return NULL;
}

hl_code hl_parallel_for(int n_threads, int64_t n, hl_ctl *ctl,
                        hl_code (*fn)(void *ctx, int64_t i, int thread, hl_error *err), void *ctx,
                        hl_error *err)
{
    for_loop loop = {.n = n, .ctl = ctl, .fn = fn, .ctx = ctx};
    const for_worker *worst = NULL;
    for_worker *worker;
    hl_code c = HL_OK;
    int started = 1;

    if (n <= 0)
        return hl_ctl_check(ctl, err);
    if (n_threads < 1)
        n_threads = 1;
    if (n_threads > n)
        n_threads = (int)n;
    worker = calloc((size_t)n_threads, sizeof *worker);
    if (!worker)
        return hl_fail_memory(err, "threads", (size_t)n_threads * sizeof *worker);
    for (int t = 0; t < n_threads; t++)
        worker[t] = (for_worker){.loop = &loop, .thread = t};
    /* The caller's thread is worker 0. A system that gives fewer threads only makes it slower. */
    while (started < n_threads &&
           !hl_thread_start(&worker[started].id, work, &worker[started], NULL))
        started++;
    work(&worker[0]);
    for (int t = 1; t < started; t++)
        pthread_join(worker[t].id, NULL);
    for (int t = 0; t < started; t++)
        if (worker[t].code && (!worst || worker[t].failed_at < worst->failed_at))
            worst = &worker[t];
    if (worst) {
        c = worst->code;
        if (err)
            *err = worst->error;
    } else if (loop.next < n) {
        c = hl_ctl_check(ctl, err);
    }
    free(worker);
    return c;
}
