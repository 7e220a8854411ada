#include "format/flac/frame.h"

#include "format/flac/crc.h"

/* A number as UTF-8 would code it, up to 36 bits in 7 bytes. Bytes used, 0 = none. RFC 9639 9.1.5
 */
static int32_t coded_number(const uint8_t *p, uint64_t *number)
{
    const int32_t ones = __builtin_clz(~((uint32_t)p[0] << 24));
    uint64_t v;

    if (ones == 1 || ones > 7)
        return 0;
    if (ones == 0) {
        *number = p[0];
        return 1;
    }
    v = ones == 7 ? 0 : p[0] & (0x7fU >> ones);
    for (int32_t i = 1; i < ones; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (p[i] & 0x3f);
    }
    *number = v;
    return ones;
}

/* Block size of the four-bit code; *more = bytes behind the number that hold it. 0 = reserved. */
static int32_t block_size(uint8_t code, int32_t *more)
{
    *more = code == 6 ? 1 : code == 7 ? 2 : 0;
    if (code == 0)
        return 0;
    if (code == 1)
        return 192;
    if (code <= 5)
        return 576 << (code - 2);
    return code <= 7 ? 1 : 256 << (code - 8);
}

static bool channels_fit(uint8_t code, const hl_flac_info *info, hl_flac_stereo *stereo)
{
    *stereo = HL_FLAC_INDEPENDENT;
    if (code < 8)
        return code + 1 == info->n_channels;
    if (code > 10 || info->n_channels != 2)
        return false;
    *stereo = code == 8 ? HL_FLAC_LEFT_SIDE : code == 9 ? HL_FLAC_SIDE_RIGHT : HL_FLAC_MID_SIDE;
    return true;
}

static bool bits_fit(uint8_t code, const hl_flac_info *info)
{
    static const int32_t bits[8] = {0, 8, 12, -1, 16, 20, 24, 32};
    return code == 0 || bits[code] == info->bits;
}

bool hl_flac_header_read(const uint8_t *p, size_t n, const hl_flac_info *info, hl_flac_header *out)
{
    /* Old encoders wrote variable blocks without the bit that says so; libFLAC takes them too. */
    const bool by_sample = (p[1] & 1) || info->min_block != info->max_block;
    const uint8_t rate = p[2] & 15;
    uint64_t number;
    int32_t size, more, used, at = 4;

    if (p[0] != 0xff || (p[1] & 0xfe) != 0xf8 || rate == 15 || (p[3] & 1))
        return false;
    if (!channels_fit(p[3] >> 4, info, &out->stereo) || !bits_fit((p[3] >> 1) & 7, info))
        return false;
    size = block_size(p[2] >> 4, &more);
    used = coded_number(p + at, &number);
    if (size == 0 || used == 0 || (!by_sample && used == 7))
        return false;
    at += used;
    if (more == 1)
        size = p[at] + 1;
    if (more == 2)
        size = (p[at] << 8 | p[at + 1]) + 1;
    at += more + (rate == 12 ? 1 : rate > 12 ? 2 : 0);
    if (size > info->max_block || (size_t)at + 1 > n || hl_flac_crc8(p, (size_t)at) != p[at])
        return false;
    out->first = (int64_t)number * (by_sample ? 1 : info->max_block);
    out->n = size;
    out->bytes = at + 1;
    return true;
}
