/*
 * ctl.h - a job's side of hl_ctl: counters, phase, the question whether to stop. ctl may be NULL.
 */
#ifndef HL_BASE_CTL_H
#define HL_BASE_CTL_H

#include "base/error.h"

/* A new phase: done and failed go to 0, total is set. name must be static text. */
static inline void hl_ctl_phase(hl_ctl *ctl, const char *name, int64_t total)
{
    if (!ctl)
        return;
    __atomic_store_n(&ctl->done, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&ctl->failed, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&ctl->total, total, __ATOMIC_RELAXED);
    __atomic_store_n(&ctl->bytes_end, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&ctl->phase, name, __ATOMIC_RELEASE);
}
static inline void hl_ctl_done(hl_ctl *ctl, int64_t n)
{
    if (ctl)
        __atomic_fetch_add(&ctl->done, n, __ATOMIC_RELAXED);
}
static inline void hl_ctl_set_done(hl_ctl *ctl, int64_t n)
{
    if (ctl)
        __atomic_store_n(&ctl->done, n, __ATOMIC_RELAXED);
}
static inline void hl_ctl_failed(hl_ctl *ctl, int64_t n)
{
    if (ctl)
        __atomic_fetch_add(&ctl->failed, n, __ATOMIC_RELAXED);
}
static inline void hl_ctl_bytes(hl_ctl *ctl, int64_t n)
{
    if (ctl)
        __atomic_fetch_add(&ctl->bytes, n, __ATOMIC_RELAXED);
}
/* This phase reads n more bytes: its progress can be told from ctl->bytes. */
static inline void hl_ctl_expect_bytes(hl_ctl *ctl, int64_t n)
{
    if (ctl)
        __atomic_store_n(&ctl->bytes_end, __atomic_load_n(&ctl->bytes, __ATOMIC_RELAXED) + n,
                         __ATOMIC_RELAXED);
}
static inline bool hl_ctl_cancelled(const hl_ctl *ctl)
{
    return ctl && __atomic_load_n(&ctl->cancel, __ATOMIC_RELAXED) != 0;
}
static inline int hl_ctl_jobs(const hl_ctl *ctl)
{
    return ctl && ctl->jobs > 0 ? ctl->jobs : 1;
}
/* HL_OK, or HL_E_STOPPED with its message once the caller has asked to stop. */
hl_code hl_ctl_check(const hl_ctl *ctl, hl_error *err);

#endif
