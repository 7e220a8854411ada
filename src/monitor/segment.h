/*
 * segment.h - one segment of a record while it is written: signal files, and the header at its end.
 *
 *      chunks of samples --> held: 1024 frames a signal --> FLAC files by group, or one 16-bit file
 *
 * A segment takes samples in whole chunks: all its signals over the same ticks. Frames are written
 * when they are full; what is left at the end is no frame. Source: waveform.md 4.2 to 4.5.
 */
#ifndef HL_MONITOR_SEGMENT_H
#define HL_MONITOR_SEGMENT_H

#include "monitor/files.h"
#include "monitor/layout.h"

typedef struct hl_segment hl_segment;

/*
 * Start segment name, first tick start, with signals definition[n] in the order of A.5 (the
 * definitions live longer than the segment). HL_E_IO, HL_E_LIMIT.
 */
hl_code hl_segment_open(const hl_stay_options *options, hl_files *files, const char *name,
                        int64_t start, const hl_wave_definition *const *definition, int32_t n,
                        hl_segment **out, hl_error *err);

/* Samples of the next ticks: sample[i] = u16 LE of signal i, ticks / period of them. ticks is a
 * multiple of every period. */
hl_code hl_segment_add(hl_segment *s, const uint8_t *const *sample, int64_t ticks, hl_error *err);

/* Finish files and header, tell the layout of the signals. *frames = frames written, *samples = of
 * all signals. DATABASE: a segment without a whole frame leaves no file behind. Frees the segment,
 * also on failure. */
hl_code hl_segment_close(hl_segment **s, hl_layout *layout, int64_t *frames, int64_t *samples,
                         hl_error *err);
void hl_segment_abort(hl_segment **s);

#endif
