/*
 * units.h - stored samples to physical units: (v - baseline) / gain in double precision, NaN for
 * HL_WFDB_INVALID. waveform.md 1.6
 *
 * Plain C defines; units_avx2.c gives the same bits.
 */
#ifndef HL_WAVE_UNITS_H
#define HL_WAVE_UNITS_H

#include "base/cpu.h"

/* What turns stored values into units. */
typedef struct {
    double gain, baseline;
} hl_units;

/* n values of v to to[n]. The narrow form rounds the wide one's values. */
void hl_units_f64(const int32_t *v, int64_t n, hl_units u, double *to, hl_cpu cpu);
void hl_units_f32(const int32_t *v, int64_t n, hl_units u, float *to, hl_cpu cpu);

/* As many whole fours of them as there are, which they return. */
int64_t hl_units_f64_avx2(const int32_t *v, int64_t n, hl_units u, double *to);
int64_t hl_units_f32_avx2(const int32_t *v, int64_t n, hl_units u, float *to);

#endif
