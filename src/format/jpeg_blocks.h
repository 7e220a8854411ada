/*
 * jpeg_blocks.h - bits to coefficients, as source for two objects: jpeg_blocks.c (plain) and
 * jpeg_blocks_avx2.c (BMI2 shifts; same C).
 *
 * Cost is latency: each table look-up waits for the shift by the one before (about 7 cycles). Hence
 * two symbols a look-up where they fit, values extracted beside the chain, and no branch that
 * depends on the data except at a block's end.
 */
#ifndef HL_FORMAT_JPEG_BLOCKS_H
#define HL_FORMAT_JPEG_BLOCKS_H

#include <string.h>

#include "format/jpeg_grey.h"

/* The part of hl_jpeg_bits that lives in registers. */
typedef struct {
    uint64_t bits;
    uint64_t n_bits; /* its low six bits; above them whatever drop() left */
    const uint8_t *at;
} bit_regs;

/* Afterwards at least 56 bits are there. */
static inline void fill(bit_regs *r)
{
    uint64_t next;

    memcpy(&next, r->at, sizeof next);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    next = __builtin_bswap64(next);
#endif
    r->bits |= next >> (r->n_bits & 63);
    r->at += ~r->n_bits >> 3 & 7;
    r->n_bits |= 56;
}

/* n: the low six bits count, others may be anything (they only dirty n_bits, see bit_regs). */
static inline void drop(bit_regs *r, uint64_t n)
{
    r->bits <<= n & 63;
    r->n_bits -= n;
}

/* The signed value in the top 64 - shift bits of t, shift < 64 (T.81 F.2.2.1 EXTEND): with first
 * bit 0 it is negative and 2^size - 1 too large. */
static inline int32_t extend(uint64_t t, uint64_t shift)
{
    const uint64_t positive = (uint64_t)((int64_t)t >> 63);

    return (int32_t)((t >> (shift & 63)) - (UINT64_MAX >> (shift & 63) & ~positive));
}

/* Field at bit n of a table entry with other fields' bits above: a rotation is one instruction. */
static inline uint64_t field(uint64_t entry, int n)
{
    return entry >> n | entry << (64 - n);
}

/* Length of the code on top of bits and its symbol; 0: no code. Bit by bit, for codes that the
 * look-up tables do not hold. */
static inline uint32_t long_code(const hl_jpeg_codes *c, uint64_t bits, uint32_t from,
                                 uint32_t *symbol)
{
    const uint32_t top = (uint32_t)(bits >> 48);

    for (uint32_t l = from; l <= 16; l++) {
        if (top >= c->limit[l])
            continue;
        *symbol = c->symbol[((int32_t)(top >> (16 - l)) + c->offset[l]) & 255];
        return l;
    }
    return 0;
}

/* Needs 27 bits. */
static inline bool take_dc(bit_regs *r, const hl_jpeg_tables *t, int32_t *dc)
{
    const uint64_t i = r->bits >> (64 - HL_JPEG_DC_BITS);
    uint32_t length = t->dc_length[i], size = t->dc_size[i];

    if (__builtin_expect(length == 0, 0)) {
        length = long_code(&t->dc_codes, r->bits, HL_JPEG_DC_BITS + 1, &size);
        if (length == 0)
            return false;
    }
    *dc += extend(r->bits << length, 64 - size) & -(int32_t)(size > 0);
    drop(r, length + size);
    return *dc == (int16_t)*dc;
}

/* The entry for a code that is longer than the look-up; 0: no code. */
static inline hl_jpeg_ac_entry long_ac(const hl_jpeg_tables *t, uint64_t bits)
{
    uint32_t symbol = 0;
    const uint32_t length = long_code(&t->ac_codes, bits, HL_JPEG_AC_BITS + 1, &symbol);

    return length ? hl_jpeg_ac_entry_of(length, symbol) : 0;
}

typedef enum { AC_MORE, AC_DONE, AC_BAD } ac_state;

/*
 * What the entry e means that took position k to 63 or beyond: the end-of-block symbol, the last
 * coefficient (what e says behind it belongs to the next block), or 16 zeros, which may be no end.
 * k stays 1 when the block has no AC coefficient. No branches on which end it is: nobody could
 * predict them.
 */
static inline ac_state end_of_ac(bit_regs *r, hl_jpeg_ac_entry e, uint32_t *k)
{
    const uint32_t run = (uint32_t)(e >> 24 & 255), step = (uint32_t)(e >> 32 & 255);
    const uint32_t first = *k + run;
    const uint64_t all = e & 63, alone = e >> 40 & 63;
    const uint32_t good = (uint32_t)(run == HL_JPEG_EOB) | (uint32_t)(first == 63) |
                          ((uint32_t)(first < 63) &
                           ((uint32_t)(step == HL_JPEG_EOB) | (uint32_t)(first + step == 63)));

    if (__builtin_expect(run == HL_JPEG_ZEROS, 0)) {
        drop(r, alone);
        *k += 16;
        return *k < 64 ? AC_MORE : *k == 64 ? AC_DONE : AC_BAD;
    }
    drop(r, all ^ ((all ^ alone) & (0 - (uint64_t)(first == 63))));
    *k += run & 127; /* any change will do */
    *k += first < 128;
    return __builtin_expect(good, 1) ? AC_DONE : AC_BAD;
}

/* One look-up; needs 26 bits. Positions from 64 on fall on the DC coefficient, which is set last.
 */
static inline __attribute__((always_inline)) ac_state take_ac(bit_regs *r, const hl_jpeg_tables *t,
                                                              int16_t *coef, uint32_t *k)
{
    hl_jpeg_ac_entry e = t->ac[r->bits >> (64 - HL_JPEG_AC_BITS)];

    if (__builtin_expect(e == 0, 0)) {
        e = long_ac(t, r->bits);
        if (e == 0)
            return AC_BAD;
    }
    const uint32_t first = *k + (uint32_t)(e >> 24 & 255),
                   second = first + (uint32_t)(e >> 32 & 255);
    /* Without a second symbol both are one place, and the first value stays. */
    coef[hl_jpeg_zigzag[second]] = (int16_t)(e >> 48);
    coef[hl_jpeg_zigzag[first]] = (int16_t)extend(r->bits << (field(e, 8) & 63), field(e, 16));
    if (second >= 63)
        return end_of_ac(r, e, k);
    drop(r, e);
    *k = second + 1;
    return AC_MORE;
}

static inline bool decode_blocks(hl_jpeg_bits *b, const hl_jpeg_tables *t, int32_t *running_dc,
                                 int n, hl_jpeg_batch *batch)
{
    bit_regs r = {b->bits, b->n_bits, b->at};
    int32_t dc = *running_dc;

    memset(batch->coef, 0, (size_t)n * sizeof batch->coef[0]);
    for (int i = 0; i < n; i++) {
        if (__builtin_expect(r.at > b->safe, 0)) {
            b->at = r.at;
            if (!hl_jpeg_bits_more(b))
                return false;
            r.at = b->at;
        }
        int16_t *coef = batch->coef[i];
        ac_state state = AC_MORE;
        uint32_t k = 1;
        fill(&r);
        if (!take_dc(&r, t, &dc))
            return false;
        state = take_ac(&r, t, coef, &k);
        while (state == AC_MORE) {
            fill(&r);
            state = take_ac(&r, t, coef, &k);
            if (state == AC_MORE)
                state = take_ac(&r, t, coef, &k);
        }
        if (state == AC_BAD)
            return false;
        coef[0] = (int16_t)dc;
        batch->has_ac[i] = k > 1;
    }
    b->bits = r.bits;
    b->n_bits = (uint32_t)r.n_bits & 63;
    b->at = r.at;
    *running_dc = dc;
    return true;
}

#endif
