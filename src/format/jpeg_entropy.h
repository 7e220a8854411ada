/*
 * jpeg_entropy.h - quantised coefficients to Huffman-coded bits, for the encoder of
 * jpeg_write_grey.h. T.81 F.1.2 with the typical tables K.3 and K.5 for luminance.
 *
 * The bits come out without byte stuffing, so that the loop stores eight bytes a time and never
 * looks at them; hl_jpeg_stuff() puts the zero bytes in when it copies them to the file.
 */
#ifndef HL_FORMAT_JPEG_ENTROPY_H
#define HL_FORMAT_JPEG_ENTROPY_H

#include <stddef.h>
#include <string.h>

#include "format/jpeg_fdct.h"
#include "format/jpeg_header.h"

extern const hl_jpeg_huff_spec hl_jpeg_typical_dc, hl_jpeg_typical_ac;

/*
 * What to write for a coefficient: code and value bits together, above their number (at most
 * 16 + 10 and 6 bits). Index: zeros before it + 1, value & 255.
 * Entries that must not be taken are 0: 16 zeros and more, and values that may be saturated.
 */
typedef uint32_t hl_jpeg_put;

typedef struct {
    hl_jpeg_put ac[64][256];
    uint16_t ac_code[256], dc_code[12]; /* by symbol */
    uint8_t ac_length[256], dc_length[12];
} hl_jpeg_codes_out;

void hl_jpeg_codes_out_make(hl_jpeg_codes_out *out);

/* At most 9 + 11 bits for DC, 16 + 10 for each AC coefficient: 208 bytes; a store goes 8 beyond. */
#define HL_JPEG_BITS_BYTES (HL_JPEG_FDCT_BATCH * 208 + 16)

typedef struct {
    uint64_t bits;   /* the last n_bits of them are not written yet; others may lie above */
    uint32_t n_bits; /* 0..7 */
    int32_t dc;      /* of the block before */
    size_t n;        /* bytes at at */
    uint8_t at[HL_JPEG_BITS_BYTES];
} hl_jpeg_bits_out;

/* Blocks [0, n) of coefs to out->at, from its start. */
typedef void hl_jpeg_put_blocks(const hl_jpeg_coefs *coefs, int n, const hl_jpeg_codes_out *codes,
                                hl_jpeg_bits_out *out);

hl_jpeg_put_blocks hl_jpeg_put_blocks_c;    /* plain C: the definition */
hl_jpeg_put_blocks hl_jpeg_put_blocks_avx2; /* x86-64 only; the same source with BMI2 shifts */

/* Copy n bytes, a zero behind each FF (T.81 B.1.1.5), to up to 2n. Returns their number. */
size_t hl_jpeg_stuff(const uint8_t *from, size_t n, uint8_t *to);

/* --- what both kernels are made of ---------------------------------------------------------- */

/* The writer in registers. n_bits: the low six bits count. */
typedef struct {
    uint64_t bits, n_bits;
    uint8_t *to;
} put_regs;

/* Up to 56 more bits; above them, bits must be 0. n: the low six bits count. */
static inline __attribute__((always_inline)) void put(put_regs *r, uint64_t bits, uint64_t n)
{
    const uint64_t all = r->n_bits + n;
    r->bits = r->bits << (n & 63) | bits;
    uint64_t top = r->bits << (-all & 63);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    top = __builtin_bswap64(top);
#endif
    memcpy(r->to, &top, sizeof top);
    r->to += (all & 63) >> 3;
    r->n_bits = all & 7;
}

/* Bits that a value needs (SSSS of T.81 table F.1). */
static inline uint32_t value_size(int32_t v)
{
    return 31 - (uint32_t)__builtin_clz((uint32_t)(v < 0 ? -v : v) * 2 + 1);
}

/* The value's low bits; a negative one's less 1 (T.81 F.1.2.1). */
static inline uint64_t value_bits(int32_t v, uint32_t size)
{
    return (uint32_t)(v + (v >> 31)) & ((1u << size) - 1);
}

/* A coefficient behind `run` zeros that has no entry. */
static inline void put_any(put_regs *r, const hl_jpeg_codes_out *t, uint64_t run, int32_t value)
{
    const uint32_t size = value_size(value);

    for (; run >= 16; run -= 16)
        put(r, t->ac_code[0xF0], t->ac_length[0xF0]);
    const uint64_t symbol = (run << 4 | size) & 255;
    put(r, (uint64_t)t->ac_code[symbol] << size | value_bits(value, size),
        t->ac_length[symbol] + size);
}

/* Two coefficients of which one has no entry. */
static __attribute__((noinline, cold)) put_regs put_two(put_regs r, const hl_jpeg_codes_out *t,
                                                        const int16_t *value, uint64_t k,
                                                        uint64_t k1, uint64_t k2)
{
    put_any(&r, t, k1 - k - 1, value[hl_jpeg_zigzag[k1]]);
    put_any(&r, t, k2 - k1 - 1, value[hl_jpeg_zigzag[k2]]);
    return r;
}

static inline __attribute__((always_inline)) void
put_blocks(const hl_jpeg_coefs *coefs, int n, const hl_jpeg_codes_out *t, hl_jpeg_bits_out *out)
{
    put_regs r = {out->bits, out->n_bits, out->at};
    const uint64_t eob = t->ac_code[0];
    const uint64_t eob_length = t->ac_length[0];
    uint64_t tail = 0, tail_length = 0; /* the end of the block before, goes with this one's DC */
    int32_t dc = out->dc;

    for (int i = 0; i < n; i++) {
        const uint8_t *near = coefs->near[i];
        const int32_t v = coefs->value[i][0] - dc;
        const uint32_t size = value_size(v);
        const uint64_t nonzero = coefs->nonzero[i];
        dc = coefs->value[i][0];
        put(&r, (tail << t->dc_length[size] | t->dc_code[size]) << size | value_bits(v, size),
            tail_length + t->dc_length[size] + size);

        uint64_t left = nonzero & ~UINT64_C(1), behind;
        uint64_t k = 0;
        while ((behind = left & (left - 1)) != 0) {
            const uint64_t k1 = (uint64_t)__builtin_ctzll(left);
            const uint64_t k2 = (uint64_t)__builtin_ctzll(behind);
            const uint64_t e1 = t->ac[k1 - k][near[k1]];
            const uint64_t e2 = t->ac[k2 - k1][near[k2]];
            if (__builtin_expect(e1 == 0 || e2 == 0, 0))
                r = put_two(r, t, coefs->value[i], k, k1, k2);
            else
                put(&r, (e1 >> 6) << (e2 & 63) | e2 >> 6, e1 + e2);
            left = behind & (behind - 1);
            k = k2;
        }
        /* One coefficient may be left, and an end-of-block code be due: no branches on either,
         * nobody could predict them. */
        const uint64_t odd = left != 0;
        const uint64_t last = (uint64_t)__builtin_ctzll(left | UINT64_C(1) << 63);
        uint64_t e = t->ac[last - k][near[last]];
        if (__builtin_expect(odd & (e == 0), 0))
            put_any(&r, t, last - k - 1, coefs->value[i][hl_jpeg_zigzag[last]]);
        e &= 0 - odd;
        const uint64_t ends = (nonzero >> 63) - 1; /* all ones: the last coefficient is 0 */
        tail = (e >> 6) << (eob_length & ends) | (eob & ends);
        tail_length = (e & 63) + (eob_length & ends);
    }
    put(&r, tail, tail_length);
    out->bits = r.bits;
    out->n_bits = (uint32_t)r.n_bits & 7;
    out->dc = dc;
    out->n = (size_t)(r.to - out->at);
}

#endif
