/*
 * gzip with a table of chunks (dictzip).
 *
 *   1f 8b 08 flags mtime(4) xfl os | XLEN(2) { SI1 SI2 LEN(2) data }* | name 00 | deflate | CRC
 * ISIZE 'R' 'A'      VER CHLEN CHCNT { size(2) }*
 *
 * The deflate stream is cut by a full flush behind every CHLEN bytes of text; size is what a chunk
 * takes in it, its flush marker included. Source: RFC 1952, dictzip(1), waveform.md 3.
 */
#include "format/dictzip.h"

#include <stdlib.h>

#include "base/ctl.h"
#include "base/inflate.h"

enum {
    FLAG_HCRC = 2,
    FLAG_EXTRA = 4,
    FLAG_NAME = 8,
    FLAG_COMMENT = 16,
    FLAGS_KNOWN = 31,
    FIXED_BYTES = 10,   /* of the header, in front of XLEN */
    RA_BYTES = 6,       /* VER, CHLEN, CHCNT */
    SUBFIELD_BYTES = 4, /* SI1, SI2, LEN */
    TRAILER_BYTES = 8,  /* CRC-32, ISIZE */
    MAX_CHUNKS = (65535 - SUBFIELD_BYTES - RA_BYTES) / 2
};

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | le16(p + 2) << 16;
}

static void put16(hl_buf *to, size_t v)
{
    const uint8_t b[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

    hl_buf_append(to, b, sizeof b);
}

static void put32(hl_buf *to, uint32_t v)
{
    put16(to, v & 0xffff);
    put16(to, v >> 16);
}

/* --- writing -----------------------------------------------------------------------------------
 */

struct hl_dictzip_writer {
    hl_deflater *deflater;
    char *name;
    uint32_t mtime, crc, n_text;
    size_t n_chunks;
    hl_buf pending; /* text that fills no chunk yet */
    hl_buf body;    /* compressed */
    hl_buf sizes;   /* u16 LE for each chunk */
};

hl_code hl_dictzip_writer_new(const char *name, uint32_t mtime, hl_dictzip_writer **out,
                              hl_error *err)
{
    hl_dictzip_writer *w = calloc(1, sizeof *w);

    *out = NULL;
    if (w) {
        w->deflater = hl_deflater_new(9, 9);
        w->name = strdup(name);
        w->mtime = mtime;
    }
    if (!w || !w->deflater || !w->name) {
        hl_dictzip_writer_abort(&w);
        return hl_fail_memory(err, "dictzip writer", sizeof *w);
    }
    *out = w;
    return HL_OK;
}

void hl_dictzip_writer_abort(hl_dictzip_writer **writer)
{
    hl_dictzip_writer *w = writer ? *writer : NULL;

    if (!w)
        return;
    hl_deflater_free(&w->deflater);
    hl_buf_free(&w->pending);
    hl_buf_free(&w->body);
    hl_buf_free(&w->sizes);
    free(w->name);
    free(w);
    *writer = NULL;
}

/* One chunk, given to zlib in one call: its bytes may depend on how the text is handed over. */
static hl_code write_chunk(hl_dictzip_writer *w, const char *at, size_t n, hl_error *err)
{
    const size_t before = w->body.n;
    hl_code c;

    if (w->n_chunks == MAX_CHUNKS)
        return hl_fail(err, HL_E_LIMIT,
                       "%s: more text than a dictzip header can name (%d chunks of %d bytes)",
                       w->name, MAX_CHUNKS, HL_DICTZIP_CHUNK);
    c = hl_deflater_add(w->deflater, at, n, HL_DEFLATE_FULL_FLUSH, &w->body, err);
    if (c != HL_OK)
        return c;
    hl_assert(w->body.n - before <= UINT16_MAX);
    put16(&w->sizes, w->body.n - before);
    w->crc = hl_crc32(w->crc, at, n);
    w->n_text += (uint32_t)n;
    w->n_chunks++;
    return hl_buf_check(&w->sizes, "dictzip table", err);
}

hl_code hl_dictzip_writer_add(hl_dictzip_writer *w, const void *bytes, size_t n, hl_error *err)
{
    const char *at = bytes;
    hl_code c = HL_OK;

    while (c == HL_OK && n > 0) {
        const size_t room = HL_DICTZIP_CHUNK - w->pending.n, take = n < room ? n : room;
        if (take == HL_DICTZIP_CHUNK) {
            c = write_chunk(w, at, take, err);
        } else {
            hl_buf_append(&w->pending, at, take);
            c = hl_buf_check(&w->pending, "dictzip chunk", err);
            if (c == HL_OK && w->pending.n == HL_DICTZIP_CHUNK) {
                c = write_chunk(w, w->pending.at, w->pending.n, err);
                hl_buf_clear(&w->pending);
            }
        }
        at += take;
        n -= take;
    }
    return c;
}

static hl_code make_header(const hl_dictzip_writer *w, hl_buf *to, hl_error *err)
{
    static const uint8_t start[4] = {0x1f, 0x8b, 8, FLAG_EXTRA | FLAG_NAME};
    static const uint8_t best_on_unix[2] = {2, 3}; /* XFL, OS */

    hl_buf_append(to, start, sizeof start);
    put32(to, w->mtime);
    hl_buf_append(to, best_on_unix, sizeof best_on_unix);
    put16(to, SUBFIELD_BYTES + RA_BYTES + w->sizes.n);
    hl_buf_append(to, "RA", 2);
    put16(to, RA_BYTES + w->sizes.n);
    put16(to, 1); /* VER */
    put16(to, HL_DICTZIP_CHUNK);
    put16(to, w->n_chunks);
    if (w->sizes.n > 0)
        hl_buf_append(to, w->sizes.at, w->sizes.n);
    hl_buf_append(to, w->name, strlen(w->name) + 1);
    return hl_buf_check(to, "dictzip header", err);
}

hl_code hl_dictzip_writer_end(hl_dictzip_writer **writer, hl_out *out, hl_error *err)
{
    hl_dictzip_writer *w = *writer;
    hl_buf head = {0};
    hl_code c = HL_OK;

    if (w->pending.n > 0)
        c = write_chunk(w, w->pending.at, w->pending.n, err);
    if (c == HL_OK)
        c = hl_deflater_add(w->deflater, NULL, 0, HL_DEFLATE_FINISH, &w->body, err);
    if (c == HL_OK) {
        put32(&w->body, w->crc);
        put32(&w->body, w->n_text);
        c = hl_buf_check(&w->body, "dictzip", err);
    }
    if (c == HL_OK)
        c = make_header(w, &head, err);
    if (c == HL_OK)
        c = hl_out_write(out, head.at, head.n, err);
    if (c == HL_OK)
        c = hl_out_write(out, w->body.at, w->body.n, err);
    hl_buf_free(&head);
    hl_dictzip_writer_abort(writer);
    return c;
}

/* --- reading -----------------------------------------------------------------------------------
 */

struct hl_dictzip {
    hl_in *in; /* the caller's */
    int64_t n_text;
    int64_t n_chunks;
    uint32_t chunk_bytes; /* of text; the last chunk has the rest */
    uint32_t crc;
    int64_t *start;     /* [n_chunks + 1] byte of the file; the last: where the chunks end */
    uint8_t *packed;    /* one chunk of the file */
    uint8_t *text;      /* chunk i_text inflated, and one byte more */
    int64_t i_text;     /* -1 = none */
    bool ends_in_chunk; /* nothing stands between the last chunk and the trailer */
};

static hl_code damaged(const hl_dictzip *d, int64_t offset, const char *what, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, hl_in_name(d->in), 0, offset, "%s", what);
}

/* All n bytes at offset, or what_cut. */
static hl_code read_all(const hl_dictzip *d, void *to, size_t n, int64_t offset,
                        const char *what_cut, hl_error *err)
{
    size_t got;
    const hl_code c = hl_in_pread(d->in, to, n, offset, &got, err);

    return c == HL_OK && got < n ? damaged(d, offset + (int64_t)got, what_cut, err) : c;
}

/* The subfield 'R' 'A': at and n are its data. at = NULL: there is none. */
static hl_code find_table(const hl_dictzip *d, const uint8_t *extra, size_t n_extra,
                          const uint8_t **at, size_t *n, hl_error *err)
{
    *at = NULL;
    for (size_t i = 0; i < n_extra;) {
        const size_t left = n_extra - i;
        const size_t size = left < SUBFIELD_BYTES ? 0 : le16(extra + i + 2);
        if (left < SUBFIELD_BYTES || left - SUBFIELD_BYTES < size)
            return damaged(d, FIXED_BYTES + 2 + (int64_t)i,
                           "a field of the gzip header runs past its extra part (XLEN)", err);
        if (extra[i] == 'R' && extra[i + 1] == 'A') {
            *at = extra + i + SUBFIELD_BYTES;
            *n = size;
            return HL_OK;
        }
        i += SUBFIELD_BYTES + size;
    }
    return HL_OK;
}

/* VER, CHLEN, CHCNT and the sizes: start[] becomes relative to the first chunk. */
static hl_code take_table(hl_dictzip *d, const uint8_t *table, size_t n, hl_error *err)
{
    const char *name = hl_in_name(d->in);
    const uint32_t version = n < RA_BYTES ? 0 : le16(table);

    if (n < RA_BYTES)
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "the dictzip table is cut: %zu bytes, at least 6 were expected", n);
    if (version != 1)
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "dictzip table of version %u; only version 1 is known", version);
    d->chunk_bytes = le16(table + 2);
    d->n_chunks = le16(table + 4);
    if (d->chunk_bytes == 0)
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1, "the dictzip table has chunks of 0 bytes");
    if (n != RA_BYTES + 2 * (size_t)d->n_chunks)
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "the dictzip table names %lld chunks and has the sizes of %zu",
                          (long long)d->n_chunks, (n - RA_BYTES) / 2);
    d->start = calloc((size_t)d->n_chunks + 1, sizeof *d->start);
    if (!d->start)
        return hl_fail_memory(err, "dictzip table", ((size_t)d->n_chunks + 1) * sizeof *d->start);
    for (int64_t i = 0; i < d->n_chunks; i++)
        d->start[i + 1] = d->start[i] + le16(table + RA_BYTES + 2 * i);
    return HL_OK;
}

/* *offset moves behind the NUL of a text of the header. */
static hl_code skip_text(const hl_dictzip *d, int64_t *offset, hl_error *err)
{
    char bytes[4096];
    size_t got = sizeof bytes;

    while (got > 0) {
        const hl_code c = hl_in_pread(d->in, bytes, sizeof bytes, *offset, &got, err);
        if (c != HL_OK)
            return c;
        const char *end = memchr(bytes, 0, got);
        *offset += end ? end - bytes + 1 : (int64_t)got;
        if (end)
            return HL_OK;
    }
    return damaged(d, *offset, "the file ends within its gzip header", err);
}

/* The header; *offset = the first byte of the deflate stream. */
static hl_code read_header(hl_dictzip *d, int64_t *offset, hl_error *err)
{
    static const char cut[] = "the file ends within its gzip header";
    static const char no_table[] =
        "no dictzip table in the gzip header: the text can be read from its start only";
    uint8_t fixed[FIXED_BYTES + 2], *extra = NULL;
    const uint8_t *table = NULL;
    size_t got, n_table = 0;
    hl_code c = hl_in_pread(d->in, fixed, sizeof fixed, 0, &got, err);

    if (c != HL_OK)
        return c;
    if (got < 2 || fixed[0] != 0x1f || fixed[1] != 0x8b)
        return damaged(d, 0, "no gzip data", err);
    if (got < sizeof fixed)
        return damaged(d, (int64_t)got, cut, err);
    if (fixed[2] != 8 || (fixed[3] & ~FLAGS_KNOWN))
        return damaged(d, 2, "gzip data of an unknown method or with unknown flags", err);
    if (!(fixed[3] & FLAG_EXTRA))
        return damaged(d, 3, no_table, err);
    const size_t n_extra = le16(fixed + FIXED_BYTES);
    extra = malloc(n_extra + 1);
    if (!extra)
        return hl_fail_memory(err, "gzip header", n_extra);
    *offset = FIXED_BYTES + 2 + (int64_t)n_extra;
    c = read_all(d, extra, n_extra, FIXED_BYTES + 2, cut, err);
    if (c == HL_OK)
        c = find_table(d, extra, n_extra, &table, &n_table, err);
    if (c == HL_OK)
        c = table ? take_table(d, table, n_table, err) : damaged(d, 3, no_table, err);
    free(extra);
    if (c == HL_OK && (fixed[3] & FLAG_NAME))
        c = skip_text(d, offset, err);
    if (c == HL_OK && (fixed[3] & FLAG_COMMENT))
        c = skip_text(d, offset, err);
    if (fixed[3] & FLAG_HCRC)
        *offset += 2;
    return c;
}

/* What stands between the chunks and the trailer ends the stream and gives no text. */
static hl_code check_tail(hl_dictzip *d, const uint8_t *tail, size_t n, hl_error *err)
{
    const int64_t at = d->start[d->n_chunks];
    uint8_t text;
    size_t got = 0, used = 0;
    hl_code c;

    d->ends_in_chunk = n == 0 && d->n_chunks > 0;
    if (d->ends_in_chunk)
        return HL_OK;
    c = hl_inflate_all(tail, n, &text, 0, &got, &used, err);
    if (c == HL_E_INPUT)
        return damaged(
            d, at, "the deflate stream does not end behind the chunks of the dictzip table", err);
    if (c != HL_OK)
        return c;
    if (used != n)
        return damaged(d, at + (int64_t)used + TRAILER_BYTES,
                       "bytes behind the end of the gzip data", err);
    return HL_OK;
}

/* Behind the chunks: table, size of the file and ISIZE fit each other. */
static hl_code read_trailer(hl_dictzip *d, hl_error *err)
{
    enum { MOST = 64 }; /* an empty last block takes 2 bytes; some more for other writers */
    const char *name = hl_in_name(d->in);
    const int64_t size = hl_in_size(d->in), end = d->start[d->n_chunks];
    uint8_t tail[MOST + TRAILER_BYTES];
    size_t n;
    hl_code c;

    if (end > size - TRAILER_BYTES)
        return hl_fail_at(err, HL_E_INPUT, name, 0, end,
                          "by its dictzip table the chunks end at byte %lld, the file has %lld: it "
                          "is cut, or the table is wrong",
                          (long long)end, (long long)size);
    if (end < size - (int64_t)sizeof tail)
        return hl_fail_at(err, HL_E_INPUT, name, 0, end,
                          "by its dictzip table the chunks end at byte %lld, long before the end "
                          "of the file (%lld)",
                          (long long)end, (long long)size);
    n = (size_t)(size - end);
    c = read_all(d, tail, n, end, "the file ends within its gzip trailer", err);
    if (c != HL_OK)
        return c;
    d->crc = le32(tail + n - 8);
    d->n_text = le32(tail + n - 4);
    const int64_t most = d->n_chunks * d->chunk_bytes;
    if (d->n_text > most || d->n_text + d->chunk_bytes <= most)
        return hl_fail_at(err, HL_E_INPUT, name, 0, size - 4,
                          "the dictzip table has %lld chunks of %u bytes, the gzip trailer says "
                          "%lld bytes of text",
                          (long long)d->n_chunks, d->chunk_bytes, (long long)d->n_text);
    return check_tail(d, tail, n - TRAILER_BYTES, err);
}

hl_code hl_dictzip_open(hl_in *in, hl_dictzip **out, hl_error *err)
{
    hl_dictzip *d = calloc(1, sizeof *d);
    int64_t first = 0;
    hl_code c;

    *out = NULL;
    if (!d)
        return hl_fail_memory(err, "dictzip", sizeof *d);
    d->in = in;
    d->i_text = -1;
    c = read_header(d, &first, err);
    for (int64_t i = 0; c == HL_OK && i <= d->n_chunks; i++)
        d->start[i] += first;
    if (c == HL_OK)
        c = read_trailer(d, err);
    if (c == HL_OK) {
        d->packed = malloc(UINT16_MAX);
        d->text = malloc((size_t)d->chunk_bytes + 1);
        if (!d->packed || !d->text)
            c = hl_fail_memory(err, "dictzip chunk", d->chunk_bytes);
    }
    if (c != HL_OK)
        hl_dictzip_close(&d);
    *out = d;
    return c;
}

void hl_dictzip_close(hl_dictzip **dictzip)
{
    hl_dictzip *d = dictzip ? *dictzip : NULL;

    if (!d)
        return;
    free(d->start);
    free(d->packed);
    free(d->text);
    free(d);
    *dictzip = NULL;
}

int64_t hl_dictzip_size(const hl_dictzip *d)
{
    return d->n_text;
}

int64_t hl_dictzip_n_chunks(const hl_dictzip *d)
{
    return d->n_chunks;
}

static size_t chunk_size(const hl_dictzip *d, int64_t i)
{
    const int64_t left = d->n_text - i * d->chunk_bytes;

    return (size_t)(left < d->chunk_bytes ? left : d->chunk_bytes);
}

/* n_in bytes of d->packed into d->text, which may take one byte more than it should get. */
static hl_code inflate_chunk(hl_dictzip *d, int64_t i, size_t n_in, size_t *got, hl_error *err)
{
    const size_t most = chunk_size(d, i) + 1;
    hl_inflate *z = hl_inflate_new();
    hl_code c = z ? HL_OK : hl_fail_memory(err, "inflate", most);
    size_t used = 0;

    *got = 0;
    while (c == HL_OK) {
        size_t take = n_in - used, give = most - *got;
        c = hl_inflate_run(z, d->packed + used, &take, d->text + *got, &give, err);
        used += take;
        *got += give;
        if (take == 0 && give == 0)
            break;
    }
    hl_inflate_free(&z);
    if (c == HL_END) { /* only the last chunk may end the stream, with its last byte */
        const bool last = d->ends_in_chunk && i + 1 == d->n_chunks;
        c = last && used == n_in ? HL_OK
                                 : hl_fail(err, HL_E_INPUT, "the deflate stream ends within it");
    } else if (c == HL_OK && d->ends_in_chunk && i + 1 == d->n_chunks) {
        c = hl_inflate_cut((int64_t)used, err);
    }
    return c;
}

/* Chunk i into d->text. */
static hl_code load_chunk(hl_dictzip *d, int64_t i, hl_error *err)
{
    const size_t n_in = (size_t)(d->start[i + 1] - d->start[i]), want = chunk_size(d, i);
    size_t got = 0;
    hl_code c;

    if (i == d->i_text)
        return HL_OK;
    d->i_text = -1;
    c = read_all(d, d->packed, n_in, d->start[i], "the file ends within its chunks", err);
    if (c != HL_OK)
        return c;
    c = inflate_chunk(d, i, n_in, &got, err);
    if (c == HL_OK && got != want)
        c = hl_fail(err, HL_E_INPUT, "it gives %s%zu bytes of text, %zu were expected",
                    got > want ? "at least " : "", got, want);
    if (c == HL_OK)
        d->i_text = i;
    else if (c == HL_E_INPUT)
        hl_error_context(err, "%s: chunk %lld at byte %lld", hl_in_name(d->in), (long long)i,
                         (long long)d->start[i]);
    return c;
}

hl_code hl_dictzip_pread(hl_dictzip *d, void *to, size_t n, int64_t offset, size_t *got,
                         hl_error *err)
{
    uint8_t *at = to;

    hl_assert(offset >= 0);
    *got = 0;
    while (n > 0 && offset < d->n_text) {
        const int64_t i = offset / d->chunk_bytes;
        const size_t skip = (size_t)(offset % d->chunk_bytes);
        const hl_code c = load_chunk(d, i, err);
        if (c != HL_OK)
            return c;
        size_t take = chunk_size(d, i) - skip;
        if (take > n)
            take = n;
        memcpy(at + *got, d->text + skip, take);
        *got += take;
        offset += (int64_t)take;
        n -= take;
    }
    return HL_OK;
}

hl_code hl_dictzip_prove(hl_dictzip *d, hl_ctl *ctl, hl_error *err)
{
    uint32_t crc = 0;
    hl_code c = HL_OK;

    for (int64_t i = 0; c == HL_OK && i < d->n_chunks; i++) {
        c = hl_ctl_check(ctl, err);
        if (c == HL_OK)
            c = load_chunk(d, i, err);
        if (c == HL_OK)
            crc = hl_crc32(crc, d->text, chunk_size(d, i));
    }
    if (c == HL_OK && crc != d->crc)
        c = hl_fail_at(err, HL_E_INPUT, hl_in_name(d->in), 0, hl_in_size(d->in) - TRAILER_BYTES,
                       "the text has CRC-32 %08x, the gzip trailer says %08x: the file is damaged",
                       crc, d->crc);
    return c;
}
