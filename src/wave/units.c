#include "wave/units.h"

#include <math.h>

#include "format/wfdb/wfdb.h"

static double physical(int32_t v, hl_units u)
{
    return v == HL_WFDB_INVALID ? (double)NAN : (v - u.baseline) / u.gain;
}

void hl_units_f64(const int32_t *v, int64_t n, hl_units u, double *to, hl_cpu cpu)
{
    int64_t i = 0;

#if defined(__x86_64__)
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512)
        i = hl_units_f64_avx2(v, n, u, to);
#else
    (void)cpu;
#endif
    for (; i < n; i++)
        to[i] = physical(v[i], u);
}

void hl_units_f32(const int32_t *v, int64_t n, hl_units u, float *to, hl_cpu cpu)
{
    int64_t i = 0;

#if defined(__x86_64__)
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512)
        i = hl_units_f32_avx2(v, n, u, to);
#else
    (void)cpu;
#endif
    for (; i < n; i++)
        to[i] = (float)physical(v[i], u);
}
