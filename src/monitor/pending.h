/*
 * pending.h - samples that wait until all signals of their time have been seen.
 *
 *      II    |======|======|==        blocks: runs of samples of one signal
 *      ABP   |======|====             chunk: the earliest ticks over which the same signals
 *      Resp         |======|          are present: II + ABP, then II + ABP + Resp, ...
 *
 * Source: waveform.md 4.4 (A.4, A.5).
 */
#ifndef HL_MONITOR_PENDING_H
#define HL_MONITOR_PENDING_H

#include "monitor/message.h"

typedef struct hl_pending hl_pending;

hl_pending *hl_pending_new(void); /* NULL: out of memory */
void hl_pending_free(hl_pending **pending);

/* n samples (u16 LE, copied) of a signal from tick start. signal: its number, from 0 without large
 * holes; w: its definition, which outlives pending. */
hl_code hl_pending_add(hl_pending *p, int32_t signal, const hl_wave_definition *w, int64_t start,
                       const uint8_t *sample, int64_t n, hl_error *err);

/* The earliest run of ticks with the same signals; its arrays hold until the next call. */
typedef struct {
    int64_t start, end;
    int32_t n;
    const int32_t *signal; /* [n], in the order of A.5 */
    const hl_wave_definition *const *definition;
    const uint8_t *const *sample;
} hl_chunk;
bool hl_pending_chunk(hl_pending *p, hl_chunk *out); /* false: nothing is pending */

/* Forget samples that begin before t. */
void hl_pending_drop(hl_pending *p, int64_t t);

size_t hl_pending_bytes(const hl_pending *p);

#endif
