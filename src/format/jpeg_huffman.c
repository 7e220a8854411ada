#include "format/jpeg_huffman.h"

static hl_jpeg_code code_of(uint32_t length, uint32_t symbol, bool ac)
{
    const uint32_t size = ac || symbol < 16 ? symbol & 15 : 0, run = ac ? symbol >> 4 : 0;

    return (length + size) | length << 8 | (63 - size) << 16 | run << 24 |
           (!ac && symbol == 16 ? HL_JPEG_CODE_32768 : 0);
}

/* Canonical code, T.81 annex C. */
static hl_jpeg_huff_state make(const hl_jpeg_huff_spec *spec, hl_jpeg_huff *out)
{
    uint32_t code = 0;
    int32_t first = 0;

    memset(out->look, 0, sizeof out->look);
    memcpy(out->codes.symbol, spec->symbol, sizeof out->codes.symbol);
    for (int l = 1; l <= 16; l++) {
        out->codes.offset[l] = first - (int32_t)code;
        for (int i = 0; i < spec->count[l]; i++, code++) {
            if (code >= UINT32_C(1) << l)
                return HL_JPEG_HUFF_TOO_MANY;
            const hl_jpeg_code e = code_of((uint32_t)l, spec->symbol[first + i], out->ac);
            if (l > HL_JPEG_LOOK_BITS || (e & HL_JPEG_CODE_32768))
                continue;
            const uint32_t n = 1u << (HL_JPEG_LOOK_BITS - l);
            for (uint32_t k = 0; k < n; k++)
                out->look[code * n + k] = e;
        }
        first += spec->count[l];
        out->codes.limit[l] = code << (16 - l);
        code <<= 1;
    }
    return HL_JPEG_HUFF_OK;
}

hl_jpeg_huff_state hl_jpeg_huff_make_dc(const hl_jpeg_huff_spec *spec, int max_size,
                                        hl_jpeg_huff *out)
{
    int n = 0;

    for (int l = 1; l <= 16; l++)
        n += spec->count[l];
    for (int i = 0; i < n && i < 256; i++)
        if (spec->symbol[i] > max_size)
            return HL_JPEG_HUFF_CATEGORY;
    out->ac = false;
    return make(spec, out);
}

hl_jpeg_huff_state hl_jpeg_huff_make_ac(const hl_jpeg_huff_spec *spec, hl_jpeg_huff *out)
{
    out->ac = true;
    return make(spec, out);
}

hl_jpeg_code hl_jpeg_code_long(const hl_jpeg_huff *h, uint64_t bits)
{
    uint32_t symbol = 0;
    const uint32_t length = long_code(&h->codes, bits, 1, &symbol);

    return length ? code_of(length, symbol, h->ac) : 0;
}
