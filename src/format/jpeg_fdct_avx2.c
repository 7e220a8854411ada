#include "format/jpeg_fdct.h"

#include <immintrin.h>
#include <stdbool.h>

/*
 * Two blocks at a time: block A in the low, block B in the high 128 bits of each vector. A vector
 * holds one line of eight 16-bit values of each. Same integers as jpeg_fdct.c, two products at once
 * by vpmaddwd. Sums stay within 16 bits: the largest are those of a column of eight, each of which
 * lies in -4096 .. 4080. Loops are unrolled by order, so that v[] lives in registers.
 */

/* Pairs of factors for vpmaddwd: a * first + b * second on lanes (a, b). */
static __m256i factors(int first, int second)
{
    return _mm256_set1_epi32((int)((uint32_t)second << 16 | ((uint32_t)first & 0xFFFF)));
}

/* out = (pairs * factor + add) >> n, low and high halves packed to 16 bits. */
#define ROTATE(out, lo, hi, factor, add_lo, add_hi, n)                                             \
    out = _mm256_packs_epi32(                                                                      \
        _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(lo, factor), add_lo), n),             \
        _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(hi, factor), add_hi), n))

/* One pass over eight lines: line k of the result is made of the same places of all lines. */
static inline __attribute__((always_inline)) void fdct_pass(__m256i v[8], const bool rows)
{
    const int n = rows ? 11 : 15;
    const __m256i round = _mm256_set1_epi32(1 << (n - 1));

    const __m256i s07 = _mm256_add_epi16(v[0], v[7]), a7 = _mm256_sub_epi16(v[0], v[7]);
    const __m256i s16 = _mm256_add_epi16(v[1], v[6]), a6 = _mm256_sub_epi16(v[1], v[6]);
    const __m256i s25 = _mm256_add_epi16(v[2], v[5]), a5 = _mm256_sub_epi16(v[2], v[5]);
    const __m256i s34 = _mm256_add_epi16(v[3], v[4]), a4 = _mm256_sub_epi16(v[3], v[4]);

    const __m256i b0 = _mm256_add_epi16(s07, s34), b3 = _mm256_sub_epi16(s07, s34);
    const __m256i b1 = _mm256_add_epi16(s16, s25), b2 = _mm256_sub_epi16(s16, s25);
    const __m256i sum = _mm256_add_epi16(b0, b1), difference = _mm256_sub_epi16(b0, b1);
    if (rows) { /* samples are 128 too large */
        v[0] = _mm256_slli_epi16(_mm256_sub_epi16(sum, _mm256_set1_epi16(8 * 128)), 2);
        v[4] = _mm256_slli_epi16(difference, 2);
    } else {
        const __m256i half = _mm256_set1_epi16(2);
        v[0] = _mm256_srai_epi16(_mm256_add_epi16(sum, half), 2);
        v[4] = _mm256_srai_epi16(_mm256_add_epi16(difference, half), 2);
    }
    const __m256i b23l = _mm256_unpacklo_epi16(b2, b3), b23h = _mm256_unpackhi_epi16(b2, b3);
    ROTATE(v[2], b23l, b23h, factors(4433, 4433 + 6270), round, round, n);
    ROTATE(v[6], b23l, b23h, factors(4433 - 15137, 4433), round, round, n);

    const __m256i z3 = _mm256_add_epi16(a4, a6), z4 = _mm256_add_epi16(a5, a7);
    const __m256i zl = _mm256_unpacklo_epi16(z3, z4), zh = _mm256_unpackhi_epi16(z3, z4);
    const __m256i w3f = factors(9633 - 16069, 9633), w4f = factors(9633, 9633 - 3196);
    const __m256i w3l = _mm256_add_epi32(_mm256_madd_epi16(zl, w3f), round);
    const __m256i w3h = _mm256_add_epi32(_mm256_madd_epi16(zh, w3f), round);
    const __m256i w4l = _mm256_add_epi32(_mm256_madd_epi16(zl, w4f), round);
    const __m256i w4h = _mm256_add_epi32(_mm256_madd_epi16(zh, w4f), round);
    const __m256i a47l = _mm256_unpacklo_epi16(a4, a7), a47h = _mm256_unpackhi_epi16(a4, a7);
    const __m256i a56l = _mm256_unpacklo_epi16(a5, a6), a56h = _mm256_unpackhi_epi16(a5, a6);
    ROTATE(v[7], a47l, a47h, factors(2446 - 7373, -7373), w3l, w3h, n);
    ROTATE(v[1], a47l, a47h, factors(-7373, 12299 - 7373), w4l, w4h, n);
    ROTATE(v[5], a56l, a56h, factors(16819 - 20995, -20995), w4l, w4h, n);
    ROTATE(v[3], a56l, a56h, factors(-20995, 25172 - 20995), w3l, w3h, n);
}

/* Rows become columns, in both blocks. */
static inline __attribute__((always_inline)) void transpose(__m256i v[8])
{
    __m256i a[8], b[8];

#pragma GCC unroll 8
    for (int i = 0; i < 4; i++) {
        a[2 * i] = _mm256_unpacklo_epi16(v[2 * i], v[2 * i + 1]);
        a[2 * i + 1] = _mm256_unpackhi_epi16(v[2 * i], v[2 * i + 1]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 2; i++) {
        b[4 * i] = _mm256_unpacklo_epi32(a[4 * i], a[4 * i + 2]);
        b[4 * i + 1] = _mm256_unpackhi_epi32(a[4 * i], a[4 * i + 2]);
        b[4 * i + 2] = _mm256_unpacklo_epi32(a[4 * i + 1], a[4 * i + 3]);
        b[4 * i + 3] = _mm256_unpackhi_epi32(a[4 * i + 1], a[4 * i + 3]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 4; i++) {
        v[2 * i] = _mm256_unpacklo_epi64(b[i], b[i + 4]);
        v[2 * i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 4]);
    }
}

static inline __m256i both(const void *at)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(at));
}

static inline __attribute__((always_inline)) __m256i quantise(__m256i c, const hl_jpeg_divisors *q,
                                                              int row)
{
    __m256i a = _mm256_add_epi16(_mm256_abs_epi16(c), both(q->bias + 8 * row));

    a = _mm256_mulhi_epu16(a, both(q->factor + 8 * row));
    a = _mm256_mulhi_epu16(a, both(q->scale + 8 * row));
    return _mm256_sign_epi16(a, c);
}

/*
 * Zigzag order by byte shuffles. Source s holds rows 2s and 2s + 1 of a block, target t the
 * coefficients 16t .. 16t + 15; from_t_s says which byte of s goes where, -1: none.
 */
#define N -1
#define SHUFFLE(source, ...)                                                                       \
    _mm256_shuffle_epi8(source, _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__)))
#define OR _mm256_or_si256

static inline __attribute__((always_inline)) void zigzag(const __m256i s[4], __m256i t[4])
{
    t[0] = OR(OR(SHUFFLE(s[0], 0, 1, 8, N, 9, 2, 3, 10, N, N, N, N, N, 11, 4, 5),
                 SHUFFLE(s[1], N, N, N, 0, N, N, N, N, 1, 8, N, 9, 2, N, N, N)),
              SHUFFLE(s[2], N, N, N, N, N, N, N, N, N, N, 0, N, N, N, N, N));
    t[1] = OR(OR(SHUFFLE(s[0], 12, N, N, N, N, N, N, N, N, N, 13, 6, 7, 14, N, N),
                 SHUFFLE(s[1], N, 3, 10, N, N, N, N, N, 11, 4, N, N, N, N, 5, 12)),
              OR(SHUFFLE(s[2], N, N, N, 1, 8, N, 9, 2, N, N, N, N, N, N, N, N),
                 SHUFFLE(s[3], N, N, N, N, N, 0, N, N, N, N, N, N, N, N, N, N)));
    t[2] = OR(OR(SHUFFLE(s[0], N, N, N, N, N, N, N, N, N, N, 15, N, N, N, N, N),
                 SHUFFLE(s[1], N, N, N, N, N, N, N, N, 13, 6, N, 7, 14, N, N, N)),
              OR(SHUFFLE(s[2], 3, 10, N, N, N, N, 11, 4, N, N, N, N, N, 5, 12, N),
                 SHUFFLE(s[3], N, N, 1, 8, 9, 2, N, N, N, N, N, N, N, N, N, 3)));
    t[3] = OR(OR(SHUFFLE(s[1], N, N, N, N, N, 15, N, N, N, N, N, N, N, N, N, N),
                 SHUFFLE(s[2], N, N, N, 13, 6, N, 7, 14, N, N, N, N, 15, N, N, N)),
              SHUFFLE(s[3], 10, 11, 4, N, N, N, N, N, 5, 12, 13, 6, N, 7, 14, 15));
}

#undef N
#undef SHUFFLE
#undef OR

static inline void two_blocks(const uint8_t *px, int64_t row_bytes, const hl_jpeg_divisors *q,
                              hl_jpeg_coefs *out, int i)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i v[8], near[4], ordered[4];
    uint32_t none[4];

#pragma GCC unroll 8
    for (int y = 0; y < 8; y++)
        v[y] = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(px + y * row_bytes)));
    transpose(v);
    fdct_pass(v, true);
    transpose(v);
    fdct_pass(v, false);
#pragma GCC unroll 8
    for (int y = 0; y < 8; y++) {
        v[y] = quantise(v[y], q, y);
        _mm_store_si128((__m128i *)(out->value[i] + 8 * y), _mm256_castsi256_si128(v[y]));
        _mm_store_si128((__m128i *)(out->value[i + 1] + 8 * y), _mm256_extracti128_si256(v[y], 1));
    }
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++)
        near[k] = _mm256_packs_epi16(v[2 * k], v[2 * k + 1]);
    zigzag(near, ordered);
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
        _mm_store_si128((__m128i *)(out->near[i] + 16 * k), _mm256_castsi256_si128(ordered[k]));
        _mm_store_si128((__m128i *)(out->near[i + 1] + 16 * k),
                        _mm256_extracti128_si256(ordered[k], 1));
        none[k] = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(ordered[k], zero));
    }
    out->nonzero[i] = ~((uint64_t)(none[0] & 0xFFFF) | (uint64_t)(none[1] & 0xFFFF) << 16 |
                        (uint64_t)(none[2] & 0xFFFF) << 32 | (uint64_t)none[3] << 48);
    out->nonzero[i + 1] = ~((uint64_t)(none[0] >> 16) | (uint64_t)(none[1] >> 16) << 16 |
                            (uint64_t)(none[2] >> 16) << 32 | (uint64_t)(none[3] >> 16) << 48);
}

void hl_jpeg_fdct_avx2(const uint8_t *px, int64_t row_bytes, int n, const hl_jpeg_divisors *q,
                       hl_jpeg_coefs *out)
{
    for (int i = 0; i < n; i += 2)
        two_blocks(px + 8 * i, row_bytes, q, out, i);
}
