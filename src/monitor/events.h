/*
 * events.h - everything of a stay that is no wave: numerics to csv, beats, alarms and wave quality
 * to annotation files, raw logs.
 *
 * Source: waveform.md 3, 4.4 (A.9, A.10), 4.8.
 */
#ifndef HL_MONITOR_EVENTS_H
#define HL_MONITOR_EVENTS_H

#include "monitor/stay.h"
#include "monitor/waves.h"

/* First pass: show the clock every timestamp that may lie in one of its holes. */
hl_code hl_events_see(const hl_stay_input *input, hl_clock *clock, hl_error *err);

/* Place of tick 0: seqnum0 of the waves, or the first observation of a stay without waves. */
hl_code hl_events_first(const hl_stay_input *input, const hl_clock *clock, int64_t *sequence,
                        bool *any, hl_error *err);

/*
 * Second pass, with the clock resolved: write NAMEn.csv.gz (DOWNCAST: numerics.csv.gz) if there is
 * any value, the annotation files if wanted and not empty, DOWNCAST: the logs. Each file written is
 * appended through add(). Sorted runs of numerics spill into options->scratch beyond 32 MiB.
 */
hl_code
hl_events_write(const hl_stay_input *input, const hl_stay_options *options, const hl_clock *clock,
                int64_t base_sequence, const hl_quality *quality, size_t n_quality,
                hl_code (*add)(void *ctx, const char *name, const hl_digest *digest, hl_error *err),
                void *ctx, hl_stay_result *result, hl_error *err);

/* A label of the export in ASCII as the converter maps it: stars, micro, degree, Delta, ... A.9 */
hl_code hl_label_ascii(hl_buf *to, hl_str label, hl_error *err);

#endif
