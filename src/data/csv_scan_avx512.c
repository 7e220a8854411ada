#include "data/csv_scan.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define popcount64(x) __builtin_popcountll(x)

typedef struct {
    __m512i all;   /* OR of the bytes: bit 7 tells of one >= 0x80 */
    __m512i least; /* smallest byte at each place: 0 tells of a NUL */
} seen;

static inline seen seen_none(void)
{
    return (seen){_mm512_setzero_si512(), _mm512_set1_epi8(-1)};
}

static inline void look(const char *p, hl_csv_word *word, seen *notes)
{
    __m512i v = _mm512_loadu_si512(p);

    word->newline = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
    word->quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
    word->comma = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(','));
    notes->all = _mm512_or_si512(notes->all, v);
    notes->least = _mm512_min_epu8(notes->least, v);
}

static inline bool seen_odd(seen notes)
{
    return (_mm512_movepi8_mask(notes.all) |
            _mm512_cmpeq_epi8_mask(notes.least, _mm512_setzero_si512())) != 0;
}

#define SCAN hl_csv_scan_avx512
#include "data/csv_scan_body.inc"

#else
typedef int hl_csv_scan_avx512_is_for_x86_64;
#endif
