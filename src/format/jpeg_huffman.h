/*
 * jpeg_huffman.h - Huffman codes with their value bits, for samples of up to 16 bits.
 *
 * Serves differences (lossless, and DC of DCT) and AC coefficients. One look-up tells how much to
 * drop; the value is cut out beside that chain without a branch. T.81 F.2.2, H.1.2.2
 */
#ifndef HL_FORMAT_JPEG_HUFFMAN_H
#define HL_FORMAT_JPEG_HUFFMAN_H

#include "format/jpeg_blocks.h"

#define HL_JPEG_LOOK_BITS 11

/*
 * What a code says:
 *
 *   bits  0-5   total  length of the code and of the value bits behind it
 *   bits  8-12  code   length of the code
 *   bits 16-21  keep   63 - number of value bits
 *   bits 24-27  run    AC: zeros in front
 *   bit  31     the difference 32768, which has no value bits (category 16)
 */
typedef uint32_t hl_jpeg_code;

#define HL_JPEG_CODE_32768 (UINT32_C(1) << 31)

typedef struct {
    /* By the next HL_JPEG_LOOK_BITS bits; 0: hl_jpeg_code_long() knows. */
    hl_jpeg_code look[1 << HL_JPEG_LOOK_BITS];
    hl_jpeg_codes codes;
    bool ac;
} hl_jpeg_huff;

typedef enum {
    HL_JPEG_HUFF_OK,
    HL_JPEG_HUFF_TOO_MANY, /* more codes than their lengths leave room for */
    HL_JPEG_HUFF_CATEGORY  /* a difference of more bits than max_size */
} hl_jpeg_huff_state;

/* For differences of up to max_size bits. */
hl_jpeg_huff_state hl_jpeg_huff_make_dc(const hl_jpeg_huff_spec *spec, int max_size,
                                        hl_jpeg_huff *out);
/* For runs and coefficients: symbols are not checked, any of 15 bits can be read. */
hl_jpeg_huff_state hl_jpeg_huff_make_ac(const hl_jpeg_huff_spec *spec, hl_jpeg_huff *out);

/* The code on top of bits, of any length; 0: there is none. */
hl_jpeg_code hl_jpeg_code_long(const hl_jpeg_huff *h, uint64_t bits);

static inline bit_regs hl_jpeg_regs_take(const hl_jpeg_bits *b)
{
    return (bit_regs){b->bits, b->n_bits, b->at};
}

/* Also where decoding stopped, so that its reason can be told. Returns good. */
static inline bool hl_jpeg_regs_put(hl_jpeg_bits *b, const bit_regs *r, bool good)
{
    b->bits = r->bits;
    b->n_bits = (uint32_t)r->n_bits & 63;
    b->at = r->at;
    return good;
}

/* The value that belongs to code e on top of bits. */
static inline int32_t hl_jpeg_value(uint64_t bits, hl_jpeg_code e)
{
    const uint64_t t = bits << (e >> 8 & 31), keep = e >> 16 & 63;
    const uint64_t positive = (uint64_t)((int64_t)t >> 63);

    return (int32_t)((t >> 1 >> keep) - (UINT64_MAX >> 1 >> keep & ~positive));
}

/* The next code; needs 16 bits. */
static inline hl_jpeg_code hl_jpeg_code_next(const bit_regs *r, const hl_jpeg_huff *h)
{
    const hl_jpeg_code e = h->look[r->bits >> (64 - HL_JPEG_LOOK_BITS)];

    return __builtin_expect(e != 0, 1) ? e : hl_jpeg_code_long(h, r->bits);
}

/* The next difference; false: no code. Needs 31 bits; two in a row may be taken from 56. */
static inline bool hl_jpeg_take_difference(bit_regs *r, const hl_jpeg_huff *h, int32_t *value)
{
    hl_jpeg_code e = h->look[r->bits >> (64 - HL_JPEG_LOOK_BITS)];

    if (__builtin_expect(e == 0, 0)) {
        e = hl_jpeg_code_long(h, r->bits);
        if (e == 0)
            return false;
        *value = e & HL_JPEG_CODE_32768 ? 32768 : hl_jpeg_value(r->bits, e);
        drop(r, e);
        fill(r);
        return true;
    }
    *value = hl_jpeg_value(r->bits, e);
    drop(r, e);
    return true;
}

#endif
