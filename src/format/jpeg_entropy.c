#include "format/jpeg_entropy.h"

/* T.81 tables K.3 and K.5. */
const hl_jpeg_huff_spec hl_jpeg_typical_dc = {
    .defined = true,
    .count = {0, 0, 1, 5, 1, 1, 1, 1, 1, 1},
    .symbol = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
};

const hl_jpeg_huff_spec hl_jpeg_typical_ac = {
    .defined = true,
    .count = {0, 0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125},
    .symbol = {0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51,
               0x61, 0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1,
               0x15, 0x52, 0xD1, 0xF0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18,
               0x19, 0x1A, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39,
               0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57,
               0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75,
               0x76, 0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92,
               0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,
               0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3,
               0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8,
               0xD9, 0xDA, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2,
               0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA},
};

/* Code words in order of length (T.81 annex C). */
static void code_words(const hl_jpeg_huff_spec *spec, uint16_t *code, uint8_t *length)
{
    uint32_t word = 0;
    const uint8_t *symbol = spec->symbol;

    for (uint8_t l = 1; l <= 16; l++, word <<= 1)
        for (int i = 0; i < spec->count[l]; i++, symbol++, word++) {
            code[*symbol] = (uint16_t)word;
            length[*symbol] = l;
        }
}

void hl_jpeg_codes_out_make(hl_jpeg_codes_out *out)
{
    memset(out, 0, sizeof *out);
    code_words(&hl_jpeg_typical_dc, out->dc_code, out->dc_length);
    code_words(&hl_jpeg_typical_ac, out->ac_code, out->ac_length);
    for (uint32_t run = 0; run < 16; run++)
        for (int32_t v = INT8_MIN + 1; v < INT8_MAX; v++) {
            const uint32_t size = value_size(v), symbol = run << 4 | size;
            if (v != 0)
                out->ac[run + 1][v & 255] =
                    (hl_jpeg_put)(((uint64_t)out->ac_code[symbol] << size | value_bits(v, size))
                                      << 6 |
                                  (out->ac_length[symbol] + size));
        }
}

void hl_jpeg_put_blocks_c(const hl_jpeg_coefs *coefs, int n, const hl_jpeg_codes_out *codes,
                          hl_jpeg_bits_out *out)
{
    put_blocks(coefs, n, codes, out);
}

/* Eight bytes of which one or more is FF. */
static uint64_t has_ff(uint64_t v)
{
    return (~v - UINT64_C(0x0101010101010101)) & v & UINT64_C(0x8080808080808080);
}

size_t hl_jpeg_stuff(const uint8_t *from, size_t n, uint8_t *to)
{
    const uint8_t *const end = from + n;
    uint8_t *const start = to;
    uint64_t v;

    for (; from + 8 <= end; from += 8) {
        memcpy(&v, from, 8);
        memcpy(to, &v, 8);
        if (__builtin_expect(has_ff(v) == 0, 1)) {
            to += 8;
            continue;
        }
        for (int i = 0; i < 8; i++) {
            *to++ = from[i];
            if (from[i] == 0xFF)
                *to++ = 0;
        }
    }
    for (; from < end; from++) {
        *to++ = *from;
        if (*from == 0xFF)
            *to++ = 0;
    }
    return (size_t)(to - start);
}
