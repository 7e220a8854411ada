/*
 * renumber.h - segments that were not written in the order of their time get the numbers of that
 * order, in the names of their files and inside their headers.
 *
 * Happens only when sequence numbers ran backwards. Source: waveform.md 4.1.
 */
#ifndef HL_MONITOR_RENUMBER_H
#define HL_MONITOR_RENUMBER_H

#include "monitor/layout.h"

/* segment[n] ascending by start; their numbers become 1, 2, ... */
hl_code hl_segments_renumber(const hl_stay_options *options, hl_files *files,
                             hl_stay_segment *segment, size_t n, hl_error *err);

#endif
