/*
 * calibration.h - gain and baseline of a wave, with the digits that the public converter gets.
 *
 * The converter divides the calibration's whole numbers by its decimals in decimal arithmetic of 28
 * digits, and cuts the baseline to a whole number. In binary, 33 * (3200 / 330) may fall just short
 * of 320 and the baseline would be one too low; so the decimal steps are done here.
 * Source: waveform.md 4.4 (A.7).
 */
#ifndef HL_MONITOR_CALIBRATION_H
#define HL_MONITOR_CALIBRATION_H

#include "monitor/message.h"

typedef struct {
    double gain;     /* adu a unit, as a header's 16 digits give it back; 0 = not known */
    double baseline; /* adu at 0 units, not yet cut to a whole number */
} hl_calibration;

/* scaled_* and absolute_* of the definition; is_ecg: units are mV, whose zero lies halfway between
 * the scaled limits. A NULL or a range of nothing gives 0, 0. */
hl_calibration hl_calibration_of(const hl_wave_definition *w, bool is_ecg);

#endif
