#include "format/jpeg_grey.h"

#include <string.h>

/* --- bits ----------------------------------------------------------------------------------------
 */

/* Move what is left to the front of the window and take in as much as fits, without stuffing. */
static void refill_window(hl_jpeg_bits *b)
{
    const size_t left = (size_t)(b->end - b->at);
    uint8_t *to = b->window + left, *const full = b->window + HL_JPEG_WINDOW_BYTES;

    memmove(b->window, b->at, left);
    b->at = b->window;
    while (to < full && !b->closed) {
        size_t n = (size_t)(b->src_end - b->src);
        if (n > (size_t)(full - to))
            n = (size_t)(full - to);
        const uint8_t *ff = n ? memchr(b->src, 0xFF, n) : NULL;
        if (ff)
            n = (size_t)(ff - b->src);
        if (n)
            memcpy(to, b->src, n);
        to += n;
        b->src += n;
        if (ff && b->src_end - ff >= 2 && ff[1] == 0 && to < full) {
            *to++ = 0xFF;
            b->src += 2;
        } else if (ff || b->src == b->src_end) {
            b->closed = true;
        }
    }
    b->end = to;
    if (b->closed)
        memset(to, 0, HL_JPEG_BLOCK_BYTES + 8);
    b->safe = b->closed ? b->end + 8 : b->end - HL_JPEG_BLOCK_BYTES;
}

void hl_jpeg_bits_start(hl_jpeg_bits *b, const uint8_t *src, const uint8_t *src_end)
{
    b->bits = 0;
    b->n_bits = 0;
    b->closed = false;
    b->at = b->end = b->window;
    b->src = src;
    b->src_end = src_end;
    refill_window(b);
}

bool hl_jpeg_bits_more(hl_jpeg_bits *b)
{
    if (!b->closed)
        refill_window(b);
    return b->at <= b->safe;
}

bool hl_jpeg_bits_at_marker(hl_jpeg_bits *b)
{
    if (!b->closed)
        refill_window(b);
    const int64_t left = (b->end - b->at) * 8 + (int64_t)b->n_bits;
    return b->closed && left >= 0 && left < 8 && b->src_end - b->src >= 2;
}

/* --- tables
 * --------------------------------------------------------------------------------------- */

/* Canonical code (T.81 annex C) as limits and offsets; length[i] and symbol[i] of the code in the
 * top `bits` bits of i, length 0 where the code is longer. False: more codes than there can be. */
static bool make_codes(const hl_jpeg_huff_spec *spec, hl_jpeg_codes *codes, int bits,
                       uint8_t *length, uint8_t *symbol)
{
    uint32_t code = 0;
    int32_t first = 0;

    memset(length, 0, (size_t)1 << bits);
    memset(symbol, 0, (size_t)1 << bits);
    memcpy(codes->symbol, spec->symbol, sizeof codes->symbol);
    for (int l = 1; l <= 16; l++) {
        codes->offset[l] = first - (int32_t)code;
        for (int i = 0; i < spec->count[l]; i++, code++) {
            if (code >= UINT32_C(1) << l)
                return false;
            if (l > bits)
                continue;
            const size_t n = (size_t)1 << (bits - l), at = (size_t)code << (bits - l);
            memset(length + at, l, n);
            memset(symbol + at, spec->symbol[first + i], n);
        }
        first += spec->count[l];
        codes->limit[l] = code << (16 - l);
        code <<= 1;
    }
    return true;
}

/* 8-bit samples: DC differences have at most 11 bits, AC values 10; of the symbols without a value
 * only end of block and 16 zeros mean something (T.81 F.1.2). */
static bool symbols_usual(const hl_jpeg_huff_spec *dc, const hl_jpeg_huff_spec *ac)
{
    int n_dc = 0, n_ac = 0;

    for (int l = 1; l <= 16; l++) {
        n_dc += dc->count[l];
        n_ac += ac->count[l];
    }
    for (int i = 0; i < n_dc; i++)
        if (dc->symbol[i] > 11)
            return false;
    for (int i = 0; i < n_ac; i++) {
        const int run = ac->symbol[i] >> 4, size = ac->symbol[i] & 15;
        if (size > 10 || (size == 0 && run != 0 && run != 15))
            return false;
    }
    return true;
}

/* The entry for the bits i; length and symbol as made by make_codes(). */
static hl_jpeg_ac_entry ac_entry(uint32_t i, const uint8_t *length, const uint8_t *symbol)
{
    const uint32_t mask = (1u << HL_JPEG_AC_BITS) - 1, first = length[i] + (symbol[i] & 15u);
    const hl_jpeg_ac_entry e = length[i] ? hl_jpeg_ac_entry_of(length[i], symbol[i]) : 0;

    if (length[i] == 0 || (symbol[i] & 15) == 0 || first >= HL_JPEG_AC_BITS)
        return e;
    const uint32_t rest = i << first & mask, size = symbol[rest] & 15;
    const uint64_t total = first + length[rest] + size;
    if (length[rest] == 0 || total > HL_JPEG_AC_BITS)
        return e;
    const uint64_t step = symbol[rest] ? (symbol[rest] >> 4) + 1u : HL_JPEG_EOB;
    int32_t value = 0;
    if (size) {
        value = (int32_t)(i >> (HL_JPEG_AC_BITS - total) & ((1u << size) - 1));
        if (value < 1 << (size - 1))
            value -= (1 << size) - 1;
    }
    return (e & ~UINT64_C(63)) | total | step << 32 | (uint64_t)(uint16_t)value << 48;
}

bool hl_jpeg_tables_make(const hl_jpeg_huff_spec *dc, const hl_jpeg_huff_spec *ac,
                         hl_jpeg_tables *out)
{
    uint8_t length[1 << HL_JPEG_AC_BITS], symbol[1 << HL_JPEG_AC_BITS];

    if (!symbols_usual(dc, ac) ||
        !make_codes(dc, &out->dc_codes, HL_JPEG_DC_BITS, out->dc_length, out->dc_size) ||
        !make_codes(ac, &out->ac_codes, HL_JPEG_AC_BITS, length, symbol))
        return false;
    for (uint32_t i = 0; i < 1u << HL_JPEG_AC_BITS; i++)
        out->ac[i] = ac_entry(i, length, symbol);
    return true;
}
