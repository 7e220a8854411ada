#include "base/inflate.h"

#include <limits.h>
#include <zlib.h>

struct hl_inflate {
    z_stream z;
    bool ended;
};

hl_inflate *hl_inflate_new(void)
{
    hl_inflate *z = calloc(1, sizeof *z);

    if (z && inflateInit2(&z->z, -MAX_WBITS) != Z_OK) {
        free(z);
        z = NULL;
    }
    return z;
}

void hl_inflate_free(hl_inflate **z)
{
    if (!z || !*z)
        return;
    inflateEnd(&(*z)->z);
    free(*z);
    *z = NULL;
}

static uInt at_most(size_t n)
{
    return n < UINT_MAX ? (uInt)n : UINT_MAX;
}

hl_code hl_inflate_run(hl_inflate *z, const void *in, size_t *n_in, void *out, size_t *n_out,
                       hl_error *err)
{
    const uInt most_in = at_most(*n_in), most_out = at_most(*n_out);

    *n_in = *n_out = 0;
    if (z->ended)
        return HL_END;
    z->z.next_in = (Bytef *)(uintptr_t)in; /* zlib only reads it */
    z->z.avail_in = most_in;
    z->z.next_out = out;
    z->z.avail_out = most_out;
    const int result = inflate(&z->z, Z_NO_FLUSH);
    *n_in = most_in - z->z.avail_in;
    *n_out = most_out - z->z.avail_out;
    if (result == Z_STREAM_END) {
        z->ended = true;
        return HL_END;
    }
    if (result == Z_MEM_ERROR)
        return hl_fail_memory(err, "inflate", sizeof *z);
    if (result != Z_OK && result != Z_BUF_ERROR) /* Z_BUF_ERROR: wants input, or room */
        return hl_fail(err, HL_E_INPUT, "deflate data error");
    return HL_OK;
}

hl_code hl_inflate_cut(int64_t n_bytes, hl_error *err)
{
    return hl_fail(err, HL_E_INPUT, "deflate stream ends early at byte %lld", (long long)n_bytes);
}

hl_code hl_inflate_all(const void *in, size_t n_in, void *out, size_t n_out, size_t *n_got,
                       size_t *n_used, hl_error *err)
{
    hl_inflate *z = hl_inflate_new();
    hl_code c = z ? HL_OK : hl_fail_memory(err, "inflate", sizeof *z);
    size_t used = 0, got = 0;

    while (c == HL_OK) {
        uint8_t more; /* a full buffer is no end yet: is there one byte too many? */
        const bool full = got == n_out;
        size_t take = n_in - used, give = full ? 1 : n_out - got;
        c = hl_inflate_run(z, (const uint8_t *)in + used, &take,
                           full ? &more : (uint8_t *)out + got, &give, err);
        used += take;
        if (full && give > 0)
            c = hl_fail(err, HL_E_INPUT, "deflate stream is longer than %zu bytes", n_out);
        else
            got += give;
        if (c == HL_OK && take == 0 && give == 0)
            c = hl_inflate_cut((int64_t)used, err);
    }
    hl_inflate_free(&z);
    *n_got = got;
    if (n_used)
        *n_used = used;
    return c == HL_END ? HL_OK : c;
}

struct hl_deflater {
    z_stream z;
};

hl_deflater *hl_deflater_new(int level, int memory_level)
{
    hl_deflater *z = calloc(1, sizeof *z);

    if (z && deflateInit2(&z->z, level, Z_DEFLATED, -MAX_WBITS, memory_level, Z_DEFAULT_STRATEGY) !=
                 Z_OK) {
        free(z);
        z = NULL;
    }
    return z;
}

void hl_deflater_free(hl_deflater **z)
{
    if (!z || !*z)
        return;
    deflateEnd(&(*z)->z);
    free(*z);
    *z = NULL;
}

hl_code hl_deflater_add(hl_deflater *z, const void *in, size_t n, hl_deflate_flush flush,
                        hl_buf *out, hl_error *err)
{
    enum { BLOCK = 1 << 16 };
    static const int zlib_flush[] = {Z_NO_FLUSH, Z_FULL_FLUSH, Z_FINISH};
    int result = Z_OK;

    z->z.next_in = (Bytef *)(uintptr_t)in; /* zlib only reads it */
    do {
        char *to = hl_buf_reserve(out, BLOCK);
        if (!to)
            break;
        const uInt give = z->z.avail_in = at_most(n); /* what is not taken is given again */
        z->z.next_out = (Bytef *)to;
        z->z.avail_out = BLOCK;
        result = deflate(&z->z, n == give ? zlib_flush[flush] : Z_NO_FLUSH);
        n -= give - z->z.avail_in;
        out->n += BLOCK - z->z.avail_out;
        out->at[out->n] = 0;
    } while (result == Z_OK && (n > 0 || z->z.avail_out == 0 || flush == HL_DEFLATE_FINISH));
    hl_assert(out->oom || result == (flush == HL_DEFLATE_FINISH ? Z_STREAM_END : Z_OK) ||
              result == Z_BUF_ERROR); /* Z_BUF_ERROR: the last round had nothing left to do */
    return hl_buf_check(out, "deflate", err);
}

hl_code hl_deflate_raw(const void *in, size_t n, int level, hl_buf *out, hl_error *err)
{
    enum { MEMORY_LEVEL = 8 };
    hl_deflater *z = hl_deflater_new(level, MEMORY_LEVEL);
    hl_code c = z ? hl_deflater_add(z, in, n, HL_DEFLATE_FINISH, out, err)
                  : hl_fail_memory(err, "deflate", sizeof(z_stream));

    hl_deflater_free(&z);
    return c;
}

uint32_t hl_crc32(uint32_t crc, const void *bytes, size_t n)
{
    return (uint32_t)crc32_z(crc, bytes, n);
}
