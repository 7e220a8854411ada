#include "format/jpeg_grey.h"

#include <immintrin.h>
#include <string.h>

/*
 * Two blocks at a time: block A in the low, block B in the high 128 bits of each vector. A vector
 * holds one line of eight 16-bit values of each. Same arithmetic as jpeg_idct.c, two products at
 * once by vpmaddwd. Loops are unrolled by order, so that v[] lives in registers (-O2 leaves it in
 * memory: 3.8 instead of 2.2 ms a film of 7.8 Mpx).
 */

/* Pairs of factors for vpmaddwd: a * first + b * second on lanes (a, b). */
static __m256i factors(int first, int second)
{
    return _mm256_set1_epi32((int)((uint32_t)second << 16 | ((uint32_t)first & 0xFFFF)));
}

/* (a + b + round) >> n and (a - b + round) >> n of low and high halves, packed to 16 bits. */
#define BUTTERFLY(a_lo, a_hi, b_lo, b_hi, n, sum, difference)                                      \
    do {                                                                                           \
        const __m256i rl_ = _mm256_add_epi32(a_lo, round), rh_ = _mm256_add_epi32(a_hi, round);    \
        sum = _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(rl_, b_lo), n),                \
                                 _mm256_srai_epi32(_mm256_add_epi32(rh_, b_hi), n));               \
        difference = _mm256_packs_epi32(_mm256_srai_epi32(_mm256_sub_epi32(rl_, b_lo), n),         \
                                        _mm256_srai_epi32(_mm256_sub_epi32(rh_, b_hi), n));        \
    } while (0)

/* One pass over eight lines: line k of the result is made of the same places of all lines. */
static inline __attribute__((always_inline)) void idct_pass(__m256i v[8], const int n)
{
    const __m256i round = _mm256_set1_epi32(1 << (n - 1));
    const __m256i zero = _mm256_setzero_si256();

    const __m256i p26l = _mm256_unpacklo_epi16(v[2], v[6]);
    const __m256i p26h = _mm256_unpackhi_epi16(v[2], v[6]);
    const __m256i e3f = factors(4433 + 6270, 4433), e2f = factors(4433, 4433 - 15137);
    const __m256i e3l = _mm256_madd_epi16(p26l, e3f), e3h = _mm256_madd_epi16(p26h, e3f);
    const __m256i e2l = _mm256_madd_epi16(p26l, e2f), e2h = _mm256_madd_epi16(p26h, e2f);
    const __m256i s04 = _mm256_add_epi16(v[0], v[4]), d04 = _mm256_sub_epi16(v[0], v[4]);
    const __m256i e0l = _mm256_srai_epi32(_mm256_unpacklo_epi16(zero, s04), 3);
    const __m256i e0h = _mm256_srai_epi32(_mm256_unpackhi_epi16(zero, s04), 3);
    const __m256i e1l = _mm256_srai_epi32(_mm256_unpacklo_epi16(zero, d04), 3);
    const __m256i e1h = _mm256_srai_epi32(_mm256_unpackhi_epi16(zero, d04), 3);

    const __m256i z3 = _mm256_add_epi16(v[7], v[3]), z4 = _mm256_add_epi16(v[5], v[1]);
    const __m256i zl = _mm256_unpacklo_epi16(z3, z4), zh = _mm256_unpackhi_epi16(z3, z4);
    const __m256i w3f = factors(9633 - 16069, 9633), w4f = factors(9633, 9633 - 3196);
    const __m256i w3l = _mm256_madd_epi16(zl, w3f), w3h = _mm256_madd_epi16(zh, w3f);
    const __m256i w4l = _mm256_madd_epi16(zl, w4f), w4h = _mm256_madd_epi16(zh, w4f);
    const __m256i p71l = _mm256_unpacklo_epi16(v[7], v[1]);
    const __m256i p71h = _mm256_unpackhi_epi16(v[7], v[1]);
    const __m256i p53l = _mm256_unpacklo_epi16(v[5], v[3]);
    const __m256i p53h = _mm256_unpackhi_epi16(v[5], v[3]);
    const __m256i o0f = factors(2446 - 7373, -7373), o3f = factors(-7373, 12299 - 7373);
    const __m256i o1f = factors(16819 - 20995, -20995), o2f = factors(-20995, 25172 - 20995);

    __m256i al = _mm256_add_epi32(e0l, e3l), ah = _mm256_add_epi32(e0h, e3h);
    __m256i ol = _mm256_add_epi32(_mm256_madd_epi16(p71l, o3f), w4l);
    __m256i oh = _mm256_add_epi32(_mm256_madd_epi16(p71h, o3f), w4h);
    BUTTERFLY(al, ah, ol, oh, n, v[0], v[7]);
    al = _mm256_add_epi32(e1l, e2l), ah = _mm256_add_epi32(e1h, e2h);
    ol = _mm256_add_epi32(_mm256_madd_epi16(p53l, o2f), w3l);
    oh = _mm256_add_epi32(_mm256_madd_epi16(p53h, o2f), w3h);
    BUTTERFLY(al, ah, ol, oh, n, v[1], v[6]);
    al = _mm256_sub_epi32(e1l, e2l), ah = _mm256_sub_epi32(e1h, e2h);
    ol = _mm256_add_epi32(_mm256_madd_epi16(p53l, o1f), w4l);
    oh = _mm256_add_epi32(_mm256_madd_epi16(p53h, o1f), w4h);
    BUTTERFLY(al, ah, ol, oh, n, v[2], v[5]);
    al = _mm256_sub_epi32(e0l, e3l), ah = _mm256_sub_epi32(e0h, e3h);
    ol = _mm256_add_epi32(_mm256_madd_epi16(p71l, o0f), w3l);
    oh = _mm256_add_epi32(_mm256_madd_epi16(p71h, o0f), w3h);
    BUTTERFLY(al, ah, ol, oh, n, v[3], v[4]);
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

static inline __m256i load_line(const int16_t *a, const int16_t *b)
{
    const __m128i lo = _mm_load_si128((const __m128i *)a);

    return _mm256_inserti128_si256(_mm256_castsi128_si256(lo), _mm_load_si128((const __m128i *)b),
                                   1);
}

static inline void two_blocks(const int16_t *a, const int16_t *b, const uint16_t step[64],
                              uint8_t *to, int64_t row_bytes)
{
    __m256i v[8], any = _mm256_setzero_si256();

#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        const __m128i q = _mm_loadu_si128((const __m128i *)(step + 8 * i));
        const __m256i line = load_line(a + 8 * i, b + 8 * i);
        if (i > 0)
            any = _mm256_or_si256(any, line);
        v[i] = _mm256_mullo_epi16(line, _mm256_broadcastsi128_si256(q));
    }
    /* A block without vertical frequencies is shifted, not transformed (the same for coefficients
     * within range). */
    const __m256i dc = _mm256_slli_epi16(v[0], 2);
    const __m256i none = _mm256_cmpeq_epi64(any, _mm256_setzero_si256());
    const __m256i flat = _mm256_and_si256(none, _mm256_permute4x64_epi64(none, 0xB1));
    idct_pass(v, 11);
    if (!_mm256_testz_si256(flat, flat))
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++)
            v[i] = _mm256_blendv_epi8(v[i], dc, flat);
    transpose(v);
    idct_pass(v, 18);
    transpose(v);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i += 2) {
        __m256i px = _mm256_packs_epi16(v[i], v[i + 1]);
        px = _mm256_add_epi8(px, _mm256_set1_epi8((char)-128));
        px = _mm256_permute4x64_epi64(px, 0xD8);
        _mm_storeu_si128((__m128i *)(to + i * row_bytes), _mm256_castsi256_si128(px));
        _mm_storeu_si128((__m128i *)(to + (i + 1) * row_bytes), _mm256_extracti128_si256(px, 1));
    }
}

/* A block of one grey value: both passes on the DC coefficient alone. */
static inline void constant_block(int16_t coef, uint16_t step, uint8_t *to, int64_t row_bytes)
{
    const int16_t dc = (int16_t)((uint32_t)((uint16_t)coef * (uint32_t)step) << 2);
    const int32_t v = (dc + 16) >> 5;
    const uint8_t px = (uint8_t)((v < -128 ? -128 : v > 127 ? 127 : v) + 128);

    for (int i = 0; i < 8; i++)
        memset(to + i * row_bytes, px, 8);
}

void hl_jpeg_idct_avx2(const hl_jpeg_batch *batch, int n, const uint16_t step[64], uint8_t *to,
                       int64_t row_bytes)
{
    int i = 0;

    for (; i + 1 < n; i += 2, to += 16) {
        if (batch->has_ac[i] | batch->has_ac[i + 1]) {
            two_blocks(batch->coef[i], batch->coef[i + 1], step, to, row_bytes);
        } else {
            constant_block(batch->coef[i][0], step[0], to, row_bytes);
            constant_block(batch->coef[i + 1][0], step[0], to + 8, row_bytes);
        }
    }
    if (i < n) {
        uint8_t pair[8 * 16];
        two_blocks(batch->coef[i], batch->coef[i], step, pair, 16);
        for (int y = 0; y < 8; y++)
            memcpy(to + y * row_bytes, pair + 16 * y, 8);
    }
}
