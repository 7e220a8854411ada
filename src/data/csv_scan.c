#include "data/csv_scan.h"

/* --- plain C: 8 bytes at a time -------------------------------------------------------------- */

static inline unsigned popcount64(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (unsigned)((x * UINT64_C(0x0101010101010101)) >> 56);
}

typedef uint64_t seen; /* bit 7 of each byte: a byte >= 0x80 or == 0 was there */

static inline seen seen_none(void)
{
    return 0;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Bit 7 of each byte that is 0, exactly. */
static inline uint64_t zero_bytes(uint64_t x)
{
    return ~(((x & EACH(0x7F)) + EACH(0x7F)) | x | EACH(0x7F));
}

/* Bit 7 of byte i to bit i. */
static inline uint64_t gather(uint64_t x)
{
    return ((x >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline void look(const char *p, hl_csv_word *word, seen *notes)
{
    uint64_t newline = 0, quote = 0, comma = 0;

    for (unsigned i = 0; i < 64; i += 8) {
        uint64_t x;
        memcpy(&x, p + i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        x = __builtin_bswap64(x);
#endif
        newline |= gather(zero_bytes(x ^ EACH('\n'))) << i;
        quote |= gather(zero_bytes(x ^ EACH('"'))) << i;
        comma |= gather(zero_bytes(x ^ EACH(','))) << i;
        *notes |= (x | zero_bytes(x)) & EACH(0x80);
    }
    word->newline = newline;
    word->quote = quote;
    word->comma = comma;
}

static inline bool seen_odd(seen notes)
{
    return notes != 0;
}

#define SCAN hl_csv_scan_c
#include "data/csv_scan_body.inc"

/* --- for every level ------------------------------------------------------------------------- */

hl_csv_scan_fn hl_csv_scan_of(hl_cpu cpu)
{
#if defined(__x86_64__)
    switch (hl_cpu_level((int32_t)cpu)) {
    case HL_CPU_AVX512:
        return hl_csv_scan_avx512;
    case HL_CPU_AVX2:
        return hl_csv_scan_avx2;
    case HL_CPU_BEST:
    case HL_CPU_C:
    case HL_CPU_NEON:
        break;
    }
#else
    (void)cpu;
#endif
    return hl_csv_scan_c;
}

void hl_csv_scan_window(hl_csv_scan *s, char *at, size_t begin, size_t end, int64_t at_offset)
{
    s->at = at;
    s->at_offset = at_offset;
    s->pos = begin;
    s->end = end;
    s->indexed = 0;
    s->commas = 0;
    s->pos_commas = 0; /* only blanks stand before begin */
    s->i_line = s->n_lines = 0;
    s->utf8_from = begin;
    s->bad_byte = HL_SCAN_NONE;
    s->quote = HL_SCAN_NONE;
    s->stop = 0;
}

/* End of the text up to which whole characters stand: a character that goes on behind `to` is left.
 */
static size_t whole_characters(const char *at, size_t from, size_t to)
{
    for (size_t back = 1; back <= 3 && back <= to - from; back++) {
        unsigned char c = (unsigned char)at[to - back];
        if (c < 0x80)
            break;
        if (c >= 0xC0) {
            size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
            return n > back ? to - back : to;
        }
    }
    return to;
}

void hl_csv_scan_check_bytes(hl_csv_scan *s, size_t to)
{
    size_t from = s->utf8_from;
    int64_t bad;
    const char *nul;

    if (to >= s->end)
        to = s->end;
    else
        to = whole_characters(s->at, from, to);
    s->utf8_from = to;
    if (s->bad_byte != HL_SCAN_NONE || from >= to)
        return;
    bad = hl_utf8_fault(s->at + from, to - from);
    if (bad >= 0)
        to = from + (size_t)bad;
    nul = memchr(s->at + from, 0, to - from);
    if (nul)
        s->bad_byte = (size_t)(nul - s->at);
    else if (bad >= 0)
        s->bad_byte = to;
}
