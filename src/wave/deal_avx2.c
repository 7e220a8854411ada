#include <immintrin.h>

#include "format/wfdb/wfdb.h"
#include "wave/deal.h"

/* 8 rows of 8 words to 8 columns. */
static void turn(const uint8_t *stored, size_t stride, __m128i out[8])
{
    __m128i r[8], a[8], b[8];

    for (int i = 0; i < 8; i++)
        r[i] = _mm_loadu_si128((const __m128i *)(stored + (size_t)i * stride));
    for (int i = 0; i < 4; i++) {
        a[2 * i] = _mm_unpacklo_epi16(r[2 * i], r[2 * i + 1]);
        a[2 * i + 1] = _mm_unpackhi_epi16(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        b[4 * i] = _mm_unpacklo_epi32(a[4 * i], a[4 * i + 2]);
        b[4 * i + 1] = _mm_unpackhi_epi32(a[4 * i], a[4 * i + 2]);
        b[4 * i + 2] = _mm_unpacklo_epi32(a[4 * i + 1], a[4 * i + 3]);
        b[4 * i + 3] = _mm_unpackhi_epi32(a[4 * i + 1], a[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        out[2 * i] = _mm_unpacklo_epi64(b[i], b[i + 4]);
        out[2 * i + 1] = _mm_unpackhi_epi64(b[i], b[i + 4]);
    }
}

int64_t hl_deal_16_avx2(const uint8_t *stored, int64_t n_frames, int32_t n_columns,
                        int32_t *const to[HL_DEAL_COLUMNS])
{
    const __m256i code = _mm256_set1_epi32(INT16_MIN), invalid = _mm256_set1_epi32(HL_WFDB_INVALID);
    size_t stride = (size_t)n_columns * 2;
    int64_t whole = n_frames & ~INT64_C(7);

    for (int32_t c = 0; c < n_columns; c += 8) {
        int32_t n = n_columns - c < 8 ? n_columns - c : 8;
        __m128i column[8];
        for (int64_t f = 0; f < whole; f += 8) {
            turn(stored + (size_t)f * stride + (size_t)c * 2, stride, column);
            for (int32_t i = 0; i < n; i++) {
                if (!to[c + i])
                    continue;
                __m256i v = _mm256_cvtepi16_epi32(column[i]);
                v = _mm256_blendv_epi8(v, invalid, _mm256_cmpeq_epi32(v, code));
                _mm256_storeu_si256((__m256i *)(to[c + i] + f), v);
            }
        }
    }
    return whole;
}
