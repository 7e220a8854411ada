/*
 * clock.h - the map between sequence numbers and wall time of one stay.
 *
 * Monitors stamp messages with a wall clock that is adjusted now and then, and a sequence number
 * that is not. Each wave message gives a pair of both; spans of equal difference make the map.
 * Other timestamps show where in a hole the clock was adjusted. Source: waveform.md 4.8.
 */
#ifndef HL_MONITOR_CLOCK_H
#define HL_MONITOR_CLOCK_H

#include "base/buf.h"
#include "monitor/message.h"

typedef struct hl_clock hl_clock;

/* start <= sequence <= end lie at base + sequence ms. */
typedef struct {
    int64_t start, end;
    int64_t base_us;
    int32_t zone_min; /* of the message that made the span */
} hl_clock_span;

hl_clock *hl_clock_new(void);
void hl_clock_free(hl_clock **clock);

/* A wave message's pair. *conflict (may be NULL) = another base holds there already. HL_E_LIMIT. */
hl_code hl_clock_add(hl_clock *clock, int64_t sequence, hl_stamp wall, bool *conflict,
                     hl_error *err);
/* Another timestamp: remembered if it falls into a hole. */
hl_code hl_clock_see(hl_clock *clock, hl_stamp wall, hl_error *err);
/* Settle the holes; afterwards nothing is added. */
hl_code hl_clock_resolve(hl_clock *clock, hl_error *err);

#define HL_CLOCK_NONE INT64_MIN
/* Sequence number at wall, at most limit; HL_CLOCK_NONE without spans. */
int64_t hl_clock_sequence(const hl_clock *clock, hl_stamp wall, int64_t limit);
/* Wall time at a sequence number, in the zone of its span. .has = false without spans. */
hl_stamp hl_clock_wall(const hl_clock *clock, int64_t sequence);

const hl_clock_span *hl_clock_spans(const hl_clock *clock, size_t *n);
/* "start,end,base" lines as the converter's time map file. */
void hl_clock_print(const hl_clock *clock, hl_buf *to);

#endif
