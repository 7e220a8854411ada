#include "data/image.h"

/* One load a value. Vector kernels cost more on the processor measured (Zen 4: vpgatherdd 1.6, a
 * table in registers by vpermi2ps 2.4 times as much), so there are none. */
void hl_lut_f32(const float lut[256], const uint8_t *in, float *out, size_t n, hl_cpu cpu)
{
    size_t i = 0;

    (void)cpu;
    for (; i + 4 <= n; i += 4) {
        const float a = lut[in[i]], b = lut[in[i + 1]], c = lut[in[i + 2]], d = lut[in[i + 3]];
        out[i] = a;
        out[i + 1] = b;
        out[i + 2] = c;
        out[i + 3] = d;
    }
    for (; i < n; i++)
        out[i] = lut[in[i]];
}

void hl_lut_u8(const uint8_t lut[256], const uint8_t *in, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = lut[in[i]];
}
