#include "format/jpeg_grey.h"

#include "format/jpeg_dct.h"

static int16_t saturate16(int32_t v)
{
    return (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

/* 32-bit sums that may wrap for coefficients that no encoder makes, as they do in vector code. */
static int32_t sum(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}
static int32_t difference(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

/*
 * Eight values s[0], s[stride], ... to out[0..8), shifted right by n with rounding and saturated.
 *
 * 16-bit sums wrap and the products are grouped as in libjpeg-turbo's x86 vector code: for data
 * that an encoder can make this is the accurate integer IDCT, for any other it is still the same
 * everywhere.
 */
static void idct_8(const int16_t *s, int stride, int n, int16_t out[8])
{
    const int16_t s0 = s[0], s1 = s[stride], s2 = s[2 * stride], s3 = s[3 * stride],
                  s4 = s[4 * stride], s5 = s[5 * stride], s6 = s[6 * stride], s7 = s[7 * stride];

    const int32_t e0 = (int16_t)(s0 + s4) * 8192, e1 = (int16_t)(s0 - s4) * 8192;
    const int32_t e2 = s2 * F_0_541 + s6 * (F_0_541 - F_1_847);
    const int32_t e3 = s2 * (F_0_541 + F_0_765) + s6 * F_0_541;
    const int32_t a[4] = {sum(e0, e3), sum(e1, e2), difference(e1, e2), difference(e0, e3)};

    const int16_t z3 = (int16_t)(s7 + s3), z4 = (int16_t)(s5 + s1);
    const int32_t w3 = z3 * (F_1_175 - F_1_961) + z4 * F_1_175;
    const int32_t w4 = z3 * F_1_175 + z4 * (F_1_175 - F_0_390);
    const int32_t o[4] = {
        sum(s7 * (F_0_298 - F_0_899) + s1 * -F_0_899, w3),
        sum(s5 * (F_2_053 - F_2_562) + s3 * -F_2_562, w4),
        sum(s5 * -F_2_562 + s3 * (F_3_072 - F_2_562), w3),
        sum(s7 * -F_0_899 + s1 * (F_1_501 - F_0_899), w4),
    };
    for (int k = 0; k < 4; k++) {
        const int32_t half = 1 << (n - 1);
        out[k] = saturate16(sum(sum(a[k], o[3 - k]), half) >> n);
        out[7 - k] = saturate16(sum(difference(a[k], o[3 - k]), half) >> n);
    }
}

static void one_block(const int16_t *coef, const uint16_t step[64], uint8_t *to, int64_t row_bytes)
{
    int16_t in[64], half[64], line[8]; /* half: transposed, column x at 8 * x */
    bool flat = true;                  /* no vertical frequency: columns are constant */

    for (int i = 0; i < 64; i++) {
        in[i] = (int16_t)((uint16_t)coef[i] * (uint32_t)step[i]);
        flat = flat && (i < 8 || coef[i] == 0);
    }
    for (int x = 0; x < 8; x++) {
        if (!flat)
            idct_8(in + x, 8, 11, half + 8 * x);
        for (int y = 0; flat && y < 8; y++)
            half[8 * x + y] = (int16_t)((uint32_t)in[x] << 2);
    }
    for (int y = 0; y < 8; y++, to += row_bytes) {
        idct_8(half + y, 8, 18, line);
        for (int x = 0; x < 8; x++)
            to[x] = (uint8_t)((line[x] < -128 ? -128 : line[x] > 127 ? 127 : line[x]) + 128);
    }
}

void hl_jpeg_idct_c(const hl_jpeg_batch *batch, int n, const uint16_t step[64], uint8_t *to,
                    int64_t row_bytes)
{
    for (int i = 0; i < n; i++)
        one_block(batch->coef[i], step, to + 8 * i, row_bytes);
}
