#include "film/clahe.h"

#include <immintrin.h>

/* One byte of each quad as a float. */
#define BYTE_OF(q, n)                                                                              \
    _mm256_cvtepi32_ps(_mm256_and_si256(_mm256_srli_epi32((q), 8 * (n)), _mm256_set1_epi32(255)))

static inline __m256i mix_8(const uint32_t *quad, const float *left, const float *right,
                            __m256 above, __m256 below)
{
    const __m256i q = _mm256_loadu_si256((const __m256i *)quad);
    const __m256 l = _mm256_loadu_ps(left), r = _mm256_loadu_ps(right);
    const __m256 up =
        _mm256_add_ps(_mm256_mul_ps(BYTE_OF(q, 0), l), _mm256_mul_ps(BYTE_OF(q, 1), r));
    const __m256 low =
        _mm256_add_ps(_mm256_mul_ps(BYTE_OF(q, 2), l), _mm256_mul_ps(BYTE_OF(q, 3), r));

    /* Rounds half to even, as the default mode says. */
    return _mm256_cvtps_epi32(_mm256_add_ps(_mm256_mul_ps(up, above), _mm256_mul_ps(low, below)));
}

void hl_clahe_mix_avx2(const uint32_t *quad, const float *left, const float *right, float above,
                       float below, int32_t n, uint8_t *out)
{
    const __m256 a = _mm256_set1_ps(above), b = _mm256_set1_ps(below);
    int32_t x = 0;

    for (; x + 16 <= n; x += 16) {
        const __m256i lo = mix_8(quad + x, left + x, right + x, a, b);
        const __m256i hi = mix_8(quad + x + 8, left + x + 8, right + x + 8, a, b);
        const __m256i w = _mm256_permute4x64_epi64(_mm256_packs_epi32(lo, hi), 0xD8);
        _mm_storeu_si128((__m128i *)(out + x), _mm_packus_epi16(_mm256_castsi256_si128(w),
                                                                _mm256_extracti128_si256(w, 1)));
    }
    hl_clahe_mix_c(quad + x, left + x, right + x, above, below, n - x, out + x);
}
