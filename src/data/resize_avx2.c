#include "data/resize.h"

#include <immintrin.h>

/*
 * Sum of pixel * k with k = low + 2048 * high: two vpmaddwd a 16 taps, each exact in 32 bits, since
 * all terms are positive and the whole sum is below 2^30. perf.md 5
 */
static inline __m256i sum_16(const uint8_t *p, const int16_t *low, const int16_t *high)
{
    const __m256i px = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p));
    const __m256i l = _mm256_madd_epi16(px, _mm256_loadu_si256((const __m256i *)low));
    const __m256i h = _mm256_madd_epi16(px, _mm256_loadu_si256((const __m256i *)high));

    return _mm256_add_epi32(l, _mm256_slli_epi32(h, HL_RESIZE_LOW_BITS));
}

/* Lane i of the result: sum of the eight lanes of v[i]. */
static inline __m256i sum_lanes(const __m256i v[8])
{
    const __m256i a = _mm256_hadd_epi32(v[0], v[1]), b = _mm256_hadd_epi32(v[2], v[3]);
    const __m256i c = _mm256_hadd_epi32(v[4], v[5]), d = _mm256_hadd_epi32(v[6], v[7]);
    const __m256i ab = _mm256_hadd_epi32(a, b), cd = _mm256_hadd_epi32(c, d);

    return _mm256_add_epi32(_mm256_permute2x128_si256(ab, cd, 0x20),
                            _mm256_permute2x128_si256(ab, cd, 0x31));
}

/* Rounded and shifted sums as 8 bytes. */
static inline void put_8(__m256i sum, uint8_t *dst)
{
    sum = _mm256_add_epi32(sum, _mm256_set1_epi32(1 << (HL_RESIZE_BITS - 1)));
    sum = _mm256_srai_epi32(sum, HL_RESIZE_BITS);
    const __m128i w =
        _mm_packs_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    _mm_storel_epi64((__m128i *)dst, _mm_packus_epi16(w, w));
}

/* The first output pixel from which the padded taps would reach behind the row. */
static int32_t safe_pixels(const hl_resize_plan *plan, int32_t src_width)
{
    int32_t n = plan->n;

    while (n > 0 && plan->first[n - 1] > src_width - plan->stride)
        n--;
    return n;
}

void hl_resize_row_avx2(const hl_resize_plan *plan, const uint8_t *src, int32_t src_width,
                        uint8_t *dst)
{
    const int32_t n = safe_pixels(plan, src_width) & ~7;
    const size_t stride = (size_t)plan->stride;

    for (int32_t i = 0; i < n; i += 8) {
        const int16_t *low = plan->low + (size_t)i * stride,
                      *high = plan->high + (size_t)i * stride;
        __m256i v[8];
#pragma GCC unroll 8
        for (int j = 0; j < 8; j++, low += stride, high += stride)
            v[j] = sum_16(src + plan->first[i + j], low, high);
        for (size_t t = 16; t < stride; t += 16)
#pragma GCC unroll 8
            for (int j = 0; j < 8; j++) {
                const size_t at = (size_t)(i + j) * stride + t;
                v[j] = _mm256_add_epi32(
                    v[j], sum_16(src + plan->first[i + j] + t, plan->low + at, plan->high + at));
            }
        put_8(sum_lanes(v), dst + i);
    }
    hl_resize_row_c(plan, n, 1, src, dst);
}

void hl_resize_col_avx2(const hl_resize_plan *plan, int32_t i, const uint8_t *const *src, size_t n,
                        uint8_t *dst)
{
    const int32_t *k = plan->k + (size_t)i * (size_t)plan->stride;
    const int32_t taps = plan->taps[i];
    size_t x = 0;

    for (; x + 16 <= n; x += 16) {
        __m256i l0 = _mm256_setzero_si256(), l1 = l0, h0 = l0, h1 = l0;
        for (int32_t t = 0; t < taps; t += 2) {
            /* Pairs of rows; an odd last one is paired with itself times 0. */
            const int32_t u = t + 1 < taps ? t + 1 : t, k1 = t + 1 < taps ? k[u] : 0;
            const int32_t mask = (1 << HL_RESIZE_LOW_BITS) - 1;
            const __m256i low = _mm256_set1_epi32((k1 & mask) << 16 | (k[t] & mask));
            const __m256i high =
                _mm256_set1_epi32(k1 >> HL_RESIZE_LOW_BITS << 16 | k[t] >> HL_RESIZE_LOW_BITS);
            const __m256i a = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(src[t] + x)));
            const __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(src[u] + x)));
            const __m256i p = _mm256_unpacklo_epi16(a, b), q = _mm256_unpackhi_epi16(a, b);
            l0 = _mm256_add_epi32(l0, _mm256_madd_epi16(p, low));
            l1 = _mm256_add_epi32(l1, _mm256_madd_epi16(q, low));
            h0 = _mm256_add_epi32(h0, _mm256_madd_epi16(p, high));
            h1 = _mm256_add_epi32(h1, _mm256_madd_epi16(q, high));
        }
        const __m256i half = _mm256_set1_epi32(1 << (HL_RESIZE_BITS - 1));
        l0 = _mm256_add_epi32(_mm256_add_epi32(l0, half), _mm256_slli_epi32(h0, 11));
        l1 = _mm256_add_epi32(_mm256_add_epi32(l1, half), _mm256_slli_epi32(h1, 11));
        const __m256i w = _mm256_packs_epi32(_mm256_srai_epi32(l0, HL_RESIZE_BITS),
                                             _mm256_srai_epi32(l1, HL_RESIZE_BITS));
        const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(w, w), 0xD8);
        _mm_storeu_si128((__m128i *)(dst + x), _mm256_castsi256_si128(bytes));
    }
    hl_resize_col_c(plan, i, src, x, n, dst);
}
