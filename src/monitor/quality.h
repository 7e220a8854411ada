/*
 * quality.h - what the index lists of wave messages say of a signal's samples.
 *
 * Source: waveform.md 4.4 (A.10: waves.wq), 4.7.
 */
#ifndef HL_MONITOR_QUALITY_H
#define HL_MONITOR_QUALITY_H

#include "monitor/intervals.h"
#include "monitor/message.h"

/* Of one description; signals that share it are one here, as in the converter. */
typedef struct {
    hl_intervals invalid, unavailable, paced;
} hl_quality_track;

/* The lists of a wave message whose first sample lies at tick start. A list is read up to what is
 * no number, as the converter does; *n_bad counts those. */
hl_code hl_quality_take(hl_quality_track *track, const hl_message *m, int64_t start, int64_t *n_bad,
                        hl_error *err);
hl_code hl_quality_settle(hl_quality_track *track, hl_error *err);
void hl_quality_free(hl_quality_track *track);

#endif
