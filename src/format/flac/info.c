/* The metadata blocks in front of the frames. RFC 9639 8. */
#include "format/flac/stream.h"

enum { STREAMINFO = 0, VORBIS_COMMENT = 4, INVALID = 127, INFO_BYTES = 34, HEAD_BYTES = 4 };

/* More blocks than any file has: a chain of empty ones is not followed for ever. */
#define BLOCKS_MOST 65536

static uint32_t big(const uint8_t *p, int n)
{
    uint32_t v = 0;

    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static hl_code damaged(hl_in *in, int64_t at, const char *what, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, at,
                      "the metadata of the FLAC stream are damaged at byte %lld: %s", (long long)at,
                      what);
}

static hl_code take_stream_info(hl_in *in, int64_t at, const uint8_t *p, hl_flac_info *info,
                                hl_error *err)
{
    info->min_block = (int32_t)big(p, 2);
    info->max_block = (int32_t)big(p + 2, 2);
    info->min_frame = (int32_t)big(p + 4, 3);
    info->max_frame = (int32_t)big(p + 7, 3);
    info->rate_hz = (int32_t)(big(p + 10, 3) >> 4);
    info->n_channels = (p[12] >> 1 & 7) + 1;
    info->bits = ((p[12] & 1) << 4 | p[13] >> 4) + 1;
    info->n_samples = (int64_t)(p[13] & 15) << 32 | big(p + 14, 4);
    memcpy(info->md5, p + 18, sizeof info->md5);
    for (size_t i = 0; i < sizeof info->md5; i++)
        info->has_md5 |= info->md5[i] != 0;
    if (info->max_block < 1 || info->min_block > info->max_block)
        return damaged(in, at, "the block sizes make no sense", err);
    if (info->bits < 4)
        return damaged(in, at, "samples of less than 4 bits", err);
    if (info->bits > 24)
        return hl_fail_at(err, HL_E_LIMIT, hl_in_name(in), 0, at,
                          "FLAC with samples of %d bits is not supported (up to 24 are)",
                          (int)info->bits);
    return HL_OK;
}

/* Who wrote the stream: a length of 32 bits, little endian, and the text. */
static void take_vendor(const uint8_t *p, size_t n, hl_flac_info *info)
{
    size_t length;

    if (n < 4)
        return;
    length = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
    if (length > n - 4)
        length = n - 4;
    if (length >= sizeof info->vendor)
        length = sizeof info->vendor - 1;
    memcpy(info->vendor, p + 4, length);
    info->vendor[length] = 0;
}

/* Programs that tag music put an ID3v2 block in front, which libFLAC skips. Its length is written
 * in four bytes of 7 bits. */
static int64_t id3_bytes(const uint8_t *p, size_t n)
{
    if (n < 10 || memcmp(p, "ID3", 3) != 0)
        return 0;
    return 10 +
           ((int64_t)(p[6] & 127) << 21 | (p[7] & 127) << 14 | (p[8] & 127) << 7 | (p[9] & 127));
}

/* First bytes of a block: enough for all that is looked at, one read for a usual file. */
#define PIECE 256

hl_code hl_flac_info_read(hl_in *in, hl_flac_info *info, hl_error *err)
{
    uint8_t p[PIECE];
    size_t got = 0;
    int64_t at, base = 0; /* p holds the file from base on */
    hl_code c = hl_in_pread(in, p, sizeof p, 0, &got, err);

    *info = (hl_flac_info){0};
    if (c == HL_OK && (at = id3_bytes(p, got)) > 0) {
        base = at;
        c = hl_in_pread(in, p, sizeof p, base, &got, err);
    }
    if (c != HL_OK)
        return c;
    if (got < 4 || memcmp(p, "fLaC", 4) != 0)
        return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, base, "no FLAC stream");
    at = base + 4;
    for (int32_t i = 0; i < BLOCKS_MOST; i++) {
        const uint8_t *q;
        size_t n, here;

        if (at - base > (int64_t)got - HEAD_BYTES - INFO_BYTES - (int64_t)sizeof info->vendor) {
            base = at;
            c = hl_in_pread(in, p, sizeof p, base, &got, err);
            if (c != HL_OK)
                return c;
        }
        q = p + (at - base);
        here = got - (size_t)(at - base);
        if (here < HEAD_BYTES)
            return damaged(in, at, "the file ends there", err);
        n = big(q + 1, 3);
        here = here - HEAD_BYTES < n ? here - HEAD_BYTES : n;
        if ((i == 0) != ((q[0] & 127) == STREAMINFO))
            return damaged(in, at, i == 0 ? "STREAMINFO is missing" : "a second STREAMINFO", err);
        if ((q[0] & 127) == INVALID || hl_in_size(in) - at - HEAD_BYTES < (int64_t)n)
            return damaged(in, at, "a block that cannot be", err);
        if (i == 0 && here < INFO_BYTES)
            return damaged(in, at, "STREAMINFO is too short", err);
        if (i == 0)
            c = take_stream_info(in, at, q + HEAD_BYTES, info, err);
        if (c != HL_OK)
            return c;
        if ((q[0] & 127) == VORBIS_COMMENT)
            take_vendor(q + HEAD_BYTES, here, info);
        at += HEAD_BYTES + (int64_t)n;
        info->first_frame = at;
        if (q[0] & 0x80)
            return HL_OK;
    }
    return damaged(in, at, "too many blocks", err);
}
