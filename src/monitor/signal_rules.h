/*
 * signal_rules.h - what a wave's definition says about its signal: order, name, units, ADC range,
 * group of files.
 *
 * Source: waveform.md 4.2, 4.4 (A.1, A.5, A.7).
 */
#ifndef HL_MONITOR_SIGNAL_RULES_H
#define HL_MONITOR_SIGNAL_RULES_H

#include "base/buf.h"
#include "monitor/message.h"

#define HL_FRAME_TICKS 16

/* Order of the signals of a segment: BasePhysioId, Channel, PhysioId, then every other attribute.
 * 0 = the same signal; the id of the definition does not count. */
int hl_signal_compare(const hl_wave_definition *a, const hl_wave_definition *b);

/* Samples a frame: 16 / sample_period. HL_E_INPUT: a frame does not hold a whole number of them
 * (longer than 16 ticks, or 3, 5, 6, ...): what the original writes for those is out of step. */
hl_code hl_signal_spf(const hl_wave_definition *w, int32_t *spf, hl_error *err);

/* Letter of the signal file for so many samples a frame: e 4, p 2, r 1 as MIMIC-IV-WDB has them;
 * h 8 and x 16 for faster signals. */
char hl_signal_group(int32_t spf);

void hl_signal_units(hl_buf *to, const hl_wave_definition *w);
void hl_signal_description(hl_buf *to, const hl_wave_definition *w);
/* "channel=0 derived bandpass=[0.5,35]"; nothing when there is nothing to say. */
void hl_signal_info(hl_buf *to, const hl_wave_definition *w);

/* Whether a sample of 0 means that nothing was measured. A.6 */
static inline bool hl_signal_zero_is_invalid(const hl_wave_definition *w)
{
    return w->scale_lower.has && w->scale_lower.value > 0;
}

/* ADC resolution and zero that hold samples from least to most (both within 16 bits). */
void hl_signal_range(int32_t least, int32_t most, int32_t *bits, int32_t *zero);

#endif
