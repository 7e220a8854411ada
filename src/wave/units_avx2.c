#include "wave/units.h"

#include <immintrin.h>
#include <math.h>

#include "format/wfdb/wfdb.h"

/* The quotient is the time; a product with 1 / gain would round otherwise. */
static inline __m256d four(const int32_t *v, __m256d gain, __m256d baseline)
{
    const __m128i x = _mm_loadu_si128((const __m128i *)v);
    const __m128i invalid = _mm_cmpeq_epi32(x, _mm_set1_epi32(HL_WFDB_INVALID));
    const __m256d q = _mm256_div_pd(_mm256_sub_pd(_mm256_cvtepi32_pd(x), baseline), gain);

    return _mm256_blendv_pd(q, _mm256_set1_pd((double)NAN),
                            _mm256_castsi256_pd(_mm256_cvtepi32_epi64(invalid)));
}

int64_t hl_units_f64_avx2(const int32_t *v, int64_t n, hl_units u, double *to)
{
    const __m256d gain = _mm256_set1_pd(u.gain), baseline = _mm256_set1_pd(u.baseline);
    const int64_t whole = n & ~INT64_C(3);

    for (int64_t i = 0; i < whole; i += 4)
        _mm256_storeu_pd(to + i, four(v + i, gain, baseline));
    return whole;
}

int64_t hl_units_f32_avx2(const int32_t *v, int64_t n, hl_units u, float *to)
{
    const __m256d gain = _mm256_set1_pd(u.gain), baseline = _mm256_set1_pd(u.baseline);
    const int64_t whole = n & ~INT64_C(3);

    for (int64_t i = 0; i < whole; i += 4)
        _mm_storeu_ps(to + i, _mm256_cvtpd_ps(four(v + i, gain, baseline)));
    return whole;
}
