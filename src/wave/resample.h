/*
 * resample.h - a signal at any rate.
 *
 * Value k stands at k / hz seconds after the window's start. Upwards: straight lines between
 * neighbouring samples. Downwards: the mean of the samples in [k / hz, (k + 1) / hz). An invalid
 * sample makes every value that leans on it NaN. No filter: who needs one for a spectrum applies
 * his own to the native samples.
 */
#ifndef HL_WAVE_RESAMPLE_H
#define HL_WAVE_RESAMPLE_H

#include "hilum/wave.h"

/* Values that frames from .. to give at hz: ceil((to - from) / frame_hz * hz). */
int64_t hl_resample_count(const hl_wave *wave, int64_t from, int64_t to, double hz);

/* Values first .. first + n - 1 of signal s of that window, physical or (digital) adu, into to. */
hl_code hl_resample(hl_wave *wave, const hl_wave_window *window, int32_t s, double hz,
                    int64_t first, int64_t n, double *to, hl_error *err);

#endif
