/*
 * pool.h - threads of one job: made, used, joined. Two shapes only: hl_parallel_for over blocks,
 * and the ordered items of job.h.
 */
#ifndef HL_BASE_POOL_H
#define HL_BASE_POOL_H

#include <pthread.h>

#include "base/error.h"

/*
 * Call fn(ctx, i, thread, err) for i = 0..n-1 on up to n_threads threads (thread = 0..n_threads-1
 * names the worker, for per-worker scratch). Any order, each i once; with one thread in order on
 * the caller's thread. Stops handing out work after a failure or when ctl is cancelled; returns the
 * failure with the smallest i among those that ran (HL_E_STOPPED when cancelled).
 */
hl_code hl_parallel_for(int n_threads, int64_t n, hl_ctl *ctl,
                        hl_code (*fn)(void *ctx, int64_t i, int thread, hl_error *err), void *ctx,
                        hl_error *err);

/* A thread with all signals blocked: they belong to the program that called us. The caller joins
 * it. HL_E_LIMIT. */
hl_code hl_thread_start(pthread_t *thread, void *(*fn)(void *), void *arg, hl_error *err);

#endif
