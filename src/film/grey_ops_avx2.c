#include "film/grey_ops.h"

#include <immintrin.h>

/* Whole vectors, then the last 32 bytes once more from the end: out overlaps neither a nor b. */
static inline __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void store(uint8_t *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

static void least_avx2(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t n)
{
    size_t i = 0;

    for (; i + 32 <= n; i += 32)
        store(out + i, _mm256_min_epu8(load(a + i), load(b + i)));
    if (i < n && n >= 32)
        store(out + n - 32, _mm256_min_epu8(load(a + n - 32), load(b + n - 32)));
    else
        for (; i < n; i++)
            out[i] = a[i] < b[i] ? a[i] : b[i];
}

static void most_avx2(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t n)
{
    size_t i = 0;

    for (; i + 32 <= n; i += 32)
        store(out + i, _mm256_max_epu8(load(a + i), load(b + i)));
    if (i < n && n >= 32)
        store(out + n - 32, _mm256_max_epu8(load(a + n - 32), load(b + n - 32)));
    else
        for (; i < n; i++)
            out[i] = a[i] > b[i] ? a[i] : b[i];
}

static void minus_avx2(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t n)
{
    size_t i = 0;

    for (; i + 32 <= n; i += 32)
        store(out + i, _mm256_sub_epi8(load(a + i), load(b + i)));
    if (i < n && n >= 32)
        store(out + n - 32, _mm256_sub_epi8(load(a + n - 32), load(b + n - 32)));
    else
        for (; i < n; i++)
            out[i] = (uint8_t)(a[i] - b[i]);
}

/* Sums of neighbours as 16 bits. */
static inline __m256i pairs(const uint8_t *p)
{
    return _mm256_maddubs_epi16(load(p), _mm256_set1_epi8(1));
}

static inline __m256i quarter(const uint8_t *a, const uint8_t *b)
{
    const __m256i sum = _mm256_add_epi16(pairs(a), pairs(b));

    return _mm256_srli_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(2)), 2);
}

static void halve_avx2(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t n)
{
    size_t i = 0;

    for (; i + 32 <= n; i += 32) {
        const __m256i low = quarter(a + 2 * i, b + 2 * i);
        const __m256i high = quarter(a + 2 * i + 32, b + 2 * i + 32);
        /* packus works within 128-bit halves. */
        const __m256i px = _mm256_packus_epi16(low, high);
        store(out + i, _mm256_permute4x64_epi64(px, _MM_SHUFFLE(3, 1, 2, 0)));
    }
    for (; i < n; i++)
        out[i] = (uint8_t)((a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1] + 2) >> 2);
}

static inline uint64_t mask(__m256i v)
{
    return (uint32_t)_mm256_movemask_epi8(v);
}

static void reach_avx2(const uint8_t *a, uint8_t level, uint64_t *bits, size_t n)
{
    const __m256i l = _mm256_set1_epi8((char)level);
    size_t i = 0;

    for (; i + 64 <= n; i += 64) {
        const __m256i low = load(a + i), high = load(a + i + 32);
        bits[i / 64] = mask(_mm256_cmpeq_epi8(_mm256_max_epu8(low, l), low)) |
                       mask(_mm256_cmpeq_epi8(_mm256_max_epu8(high, l), high)) << 32;
    }
    if (i < n) {
        uint64_t word = 0;
        for (size_t j = 0; i + j < n; j++)
            word |= (uint64_t)(a[i + j] >= level) << j;
        bits[i / 64] = word;
    }
}

static void equal_avx2(const uint8_t *a, const uint8_t *b, uint64_t *bits, size_t n)
{
    size_t i = 0;

    for (; i + 64 <= n; i += 64)
        bits[i / 64] = mask(_mm256_cmpeq_epi8(load(a + i), load(b + i))) |
                       mask(_mm256_cmpeq_epi8(load(a + i + 32), load(b + i + 32))) << 32;
    if (i < n) {
        uint64_t word = 0;
        for (size_t j = 0; i + j < n; j++)
            word |= (uint64_t)(a[i + j] == b[i + j]) << j;
        bits[i / 64] = word;
    }
}

void hl_grey_ops_avx2(hl_grey_ops *ops)
{
    *ops = (hl_grey_ops){least_avx2, most_avx2, minus_avx2, halve_avx2, reach_avx2, equal_avx2};
}
