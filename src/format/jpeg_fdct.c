#include "format/jpeg_fdct.h"

#include <stdbool.h>

#include "format/jpeg_dct.h"
#include "format/jpeg_header.h"

void hl_jpeg_divisors_make(const uint8_t step[64], hl_jpeg_divisors *out)
{
    for (int i = 0; i < 64; i++) {
        const uint32_t d = 8u * step[i];
        uint32_t s = 0;
        while ((UINT64_C(1) << (17 + s)) <= UINT64_C(65535) * d)
            s++;
        out->bias[i] = (uint16_t)(d / 2);
        out->factor[i] = (uint16_t)(((UINT64_C(1) << (16 + s)) + d - 1) / d);
        out->scale[i] = (uint16_t)(1u << (16 - s));
    }
}

/* v / 2^n, halves rounded up. */
static inline int32_t scaled(int32_t v, int n)
{
    return (v + (1 << (n - 1))) >> n;
}

/*
 * The transform of d[0], d[stride], ... in place. Rows leave 2 bits of fraction, which columns take
 * away. Samples come without the level shift of -128, which only the sum of a row feels.
 */
static inline void transform_8(int16_t *d, int stride, bool rows)
{
    const int n = rows ? 11 : 15;
    const int32_t d0 = d[0], d1 = d[stride], d2 = d[2 * stride], d3 = d[3 * stride],
                  d4 = d[4 * stride], d5 = d[5 * stride], d6 = d[6 * stride], d7 = d[7 * stride];

    const int32_t b0 = d0 + d7 + d3 + d4, b3 = d0 + d7 - d3 - d4;
    const int32_t b1 = d1 + d6 + d2 + d5, b2 = d1 + d6 - d2 - d5;
    d[0] = (int16_t)(rows ? (b0 + b1 - 8 * 128) * 4 : scaled(b0 + b1, 2));
    d[4 * stride] = (int16_t)(rows ? (b0 - b1) * 4 : scaled(b0 - b1, 2));
    const int32_t even = (b2 + b3) * F_0_541;
    d[2 * stride] = (int16_t)scaled(even + b3 * F_0_765, n);
    d[6 * stride] = (int16_t)scaled(even - b2 * F_1_847, n);

    const int32_t a4 = d3 - d4, a5 = d2 - d5, a6 = d1 - d6, a7 = d0 - d7;
    const int32_t z1 = (a4 + a7) * -F_0_899, z2 = (a5 + a6) * -F_2_562;
    const int32_t z5 = (a4 + a6 + a5 + a7) * F_1_175;
    const int32_t z3 = (a4 + a6) * -F_1_961 + z5, z4 = (a5 + a7) * -F_0_390 + z5;
    d[7 * stride] = (int16_t)scaled(a4 * F_0_298 + z1 + z3, n);
    d[5 * stride] = (int16_t)scaled(a5 * F_2_053 + z2 + z4, n);
    d[3 * stride] = (int16_t)scaled(a6 * F_3_072 + z2 + z3, n);
    d[stride] = (int16_t)scaled(a7 * F_1_501 + z1 + z4, n);
}

static void quantise(const int16_t in[64], const hl_jpeg_divisors *q, int16_t out[64])
{
    for (int i = 0; i < 64; i++) {
        const uint32_t a = (uint32_t)(in[i] < 0 ? -in[i] : in[i]) + q->bias[i];
        const int32_t v = (int32_t)((a * q->factor[i] >> 16) * q->scale[i] >> 16);
        out[i] = (int16_t)(in[i] < 0 ? -v : v);
    }
}

void hl_jpeg_fdct_c(const uint8_t *px, int64_t row_bytes, int n, const hl_jpeg_divisors *q,
                    hl_jpeg_coefs *out)
{
    int16_t d[64];

    for (int i = 0; i < n; i++) {
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                d[8 * y + x] = px[8 * i + y * row_bytes + x];
        for (int y = 0; y < 8; y++)
            transform_8(d + 8 * y, 1, true);
        for (int x = 0; x < 8; x++)
            transform_8(d + x, 8, false);
        quantise(d, q, out->value[i]);
        uint64_t nonzero = 0;
        for (int k = 0; k < 64; k++) {
            const int16_t v = out->value[i][hl_jpeg_zigzag[k]];
            out->near[i][k] = (uint8_t)(v < INT8_MIN ? INT8_MIN : v > INT8_MAX ? INT8_MAX : v);
            nonzero |= (uint64_t)(v != 0) << k;
        }
        out->nonzero[i] = nonzero;
    }
}
