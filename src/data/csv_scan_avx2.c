#include "data/csv_scan.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define popcount64(x) __builtin_popcountll(x)

typedef struct {
    __m256i all;   /* OR of the bytes: bit 7 tells of one >= 0x80 */
    __m256i least; /* smallest byte at each place: 0 tells of a NUL */
} seen;

static inline seen seen_none(void)
{
    return (seen){_mm256_setzero_si256(), _mm256_set1_epi8(-1)};
}

static inline uint64_t equal_bytes(__m256i low, __m256i high, char byte)
{
    __m256i b = _mm256_set1_epi8(byte);
    uint32_t l = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, b));
    uint32_t h = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, b));
    return (uint64_t)h << 32 | l;
}

static inline void look(const char *p, hl_csv_word *word, seen *notes)
{
    __m256i low = _mm256_loadu_si256((const void *)p);
    __m256i high = _mm256_loadu_si256((const void *)(p + 32));

    word->newline = equal_bytes(low, high, '\n');
    word->quote = equal_bytes(low, high, '"');
    word->comma = equal_bytes(low, high, ',');
    notes->all = _mm256_or_si256(notes->all, _mm256_or_si256(low, high));
    notes->least = _mm256_min_epu8(notes->least, _mm256_min_epu8(low, high));
}

static inline bool seen_odd(seen notes)
{
    __m256i nul = _mm256_cmpeq_epi8(notes.least, _mm256_setzero_si256());
    return _mm256_movemask_epi8(_mm256_or_si256(notes.all, nul)) != 0;
}

#define SCAN hl_csv_scan_avx2
#include "data/csv_scan_body.inc"

#else
typedef int hl_csv_scan_avx2_is_for_x86_64;
#endif
