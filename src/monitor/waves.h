/*
 * waves.h - wave messages to segments: what is new in each message, where segments begin and end,
 * signal files and segment headers; then the layout and the master header.
 *
 * Source: waveform.md 4.4 (A.1 to A.8), 4.3, 4.2.
 */
#ifndef HL_MONITOR_WAVES_H
#define HL_MONITOR_WAVES_H

#include "monitor/stay.h"

typedef struct hl_waves hl_waves;

/* What waves.c learnt of a signal's quality, in ticks from seqnum0. */
typedef enum {
    HL_QUALITY_INVALID = 'i',
    HL_QUALITY_UNAVAILABLE = 'u',
    HL_QUALITY_PACED = 'p'
} hl_quality_kind;
typedef struct {
    hl_quality_kind kind;
    int32_t signal;     /* index in the layout header */
    int64_t start, end; /* ticks, end = (last sample + 1) * period; PACED: end = start */
} hl_quality;

hl_code hl_waves_new(const hl_stay_options *options, hl_arena *arena, hl_waves **out,
                     hl_error *err);
/* The next wave message; its clock pair is not waves.c's business. */
hl_code hl_waves_add(hl_waves *w, const hl_message *m, hl_error *err);
/* End of messages: what is pending becomes segments, so that the tick of frame 0 is known: 0, or
 * that of a segment which begins before seqnum0. *end_ticks = behind the last frame; *any = false:
 * no segments. hl_waves_end() does it too. */
hl_code hl_waves_flush(hl_waves *w, int64_t *base_ticks, int64_t *end_ticks, bool *any,
                       hl_error *err);
/* End of messages: the last segment, layout and master header. start: wall time of frame 0 with the
 * shift applied, for the master header (.has = false: none). */
hl_code hl_waves_end(hl_waves *w, hl_stamp start, hl_stay_result *result, hl_error *err);
/* After hl_waves_end(): unions of the intervals, sorted by signal, kind, start. */
const hl_quality *hl_waves_quality(const hl_waves *w, size_t *n);
int64_t hl_waves_base_sequence(const hl_waves *w, bool *any); /* of the first message */
/* Ticks of the layout's signals: description of signal i, in layout order. */
const char *hl_waves_signal(const hl_waves *w, int32_t i);
int32_t hl_waves_n_signals(const hl_waves *w);
/* Covered ticks [start, end), ascending: pairs. For properties.json. */
const int64_t *hl_waves_saved(const hl_waves *w, size_t *n_pairs);
void hl_waves_free(hl_waves **w);

#endif
