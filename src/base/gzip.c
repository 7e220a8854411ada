/*
 * gzip: undone by ISA-L (3.3 times zlib's speed), written by libdeflate. CRC-32C stands here too,
 * because it comes from ISA-L and one file of ours sees that library. perf.md 1, 3, 9.
 */
#include "base/gzip.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include "base/hash.h"
#include "base/pool.h"

#define ADVICE "\nDownload it again and check it against SHA256SUMS.txt."

uint32_t hl_crc32c(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint32_t c = ~crc;

    while (n > 0) { /* ISA-L takes an int, inverts nothing, and only reads through the pointer */
        size_t part = n < (1u << 30) ? n : (1u << 30);
        c = crc32_iscsi((unsigned char *)(uintptr_t)p, (int)part, c);
        p += part;
        n -= part;
    }
    return ~c;
}

/* --- reading --------------------------------------------------------------------------------- */

/*
 * The header is read here (RFC 1952, 2.3): ISA-L 2.30 forgets the flags of a header that comes in
 * two pieces (its issue 224). It does the rest: data, CRC and length.
 */
typedef enum {
    HEAD_FIXED,     /* 10 bytes */
    HEAD_EXTRA_LEN, /* 2 bytes */
    HEAD_EXTRA,     /* n_extra bytes */
    HEAD_NAME,      /* to a zero byte */
    HEAD_COMMENT,   /* to a zero byte */
    HEAD_CRC,       /* 2 bytes */
    BODY,
    BETWEEN, /* a member has ended: another one, zero bytes or the end may follow */
    PADDING  /* zero bytes have begun */
} gunzip_state;

enum { FLAG_CRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAG_RESERVED = 0xE0 };

struct hl_gunzip {
    gunzip_state state;
    int64_t member;    /* offset of the member's first byte */
    int64_t n_members; /* finished */
    size_t n_part;     /* bytes taken of this part of the header */
    size_t n_extra;
    uint8_t flags;
    uint16_t head_crc; /* as read */
    uint32_t crc;      /* of the header's bytes */
    struct inflate_state isal;
};

bool hl_gzip_magic(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    return n >= 2 && p[0] == 0x1F && p[1] == 0x8B;
}

static void start_member(hl_gunzip *g, int64_t offset)
{
    g->state = HEAD_FIXED;
    g->member = offset;
    g->n_part = 0;
    g->n_extra = 0;
    g->flags = 0;
    g->head_crc = 0;
    g->crc = 0;
}

hl_gunzip *hl_gunzip_new(void)
{
    hl_gunzip *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    isal_inflate_init(&g->isal);
    start_member(g, 0);
    return g;
}

void hl_gunzip_free(hl_gunzip **g)
{
    if (!g)
        return;
    free(*g);
    *g = NULL;
}

static hl_code garbage(const char *name, int64_t offset, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, name, 0, offset,
                      "bytes that are no gzip data stand behind the last gzip member (byte %lld of "
                      "the file)" ADVICE,
                      (long long)offset);
}

static hl_code bad_header(const hl_gunzip *g, const char *name, hl_error *err)
{
    if (g->n_members > 0)
        return garbage(name, g->member, err);
    return hl_fail_at(err, HL_E_INPUT, name, 0, g->member,
                      "no valid gzip header (byte %lld of the file)" ADVICE, (long long)g->member);
}

static hl_code inflate_fault(const char *name, int result, int64_t offset, hl_error *err)
{
    if (result == ISAL_INCORRECT_CHECKSUM)
        return hl_fail_at(err, HL_E_INPUT, name, 0, offset,
                          "gzip data is damaged: the CRC or length does not agree at the end of a "
                          "member (byte %lld of the file)" ADVICE,
                          (long long)offset);
    return hl_fail_at(err, HL_E_INPUT, name, 0, offset,
                      "gzip data is damaged (byte %lld of the file)" ADVICE, (long long)offset);
}

/* On to the next part of the header that the flags announce, or to the data. */
static void next_part(hl_gunzip *g)
{
    static const uint8_t flag[] = {[HEAD_EXTRA_LEN] = FLAG_EXTRA,
                                   [HEAD_EXTRA] = FLAG_EXTRA,
                                   [HEAD_NAME] = FLAG_NAME,
                                   [HEAD_COMMENT] = FLAG_COMMENT,
                                   [HEAD_CRC] = FLAG_CRC};

    do
        g->state++;
    while (g->state < BODY &&
           (!(g->flags & flag[g->state]) || (g->state == HEAD_EXTRA && g->n_extra == 0)));
    g->n_part = 0;
    if (g->state == BODY) {
        isal_inflate_reset(&g->isal);
        g->isal.crc_flag = ISAL_GZIP_NO_HDR_VER; /* the reset clears it */
    }
}

/* One byte of the header. false: it cannot stand there. */
static bool head_byte(hl_gunzip *g, uint8_t byte)
{
    static const uint8_t magic[3] = {0x1F, 0x8B, 8}; /* 8: deflate, the only method there is */
    size_t i = g->n_part++;

    if (g->state != HEAD_CRC)
        g->crc = crc32_gzip_refl(g->crc, &byte, 1);
    switch (g->state) {
    case HEAD_FIXED:
        if (i < 3 && byte != magic[i])
            return false;
        if (i == 3)
            g->flags = byte;
        if (i == 9)
            next_part(g);
        return !(g->flags & FLAG_RESERVED);
    case HEAD_EXTRA_LEN:
        g->n_extra |= (size_t)byte << 8 * i;
        if (i == 1)
            next_part(g);
        return true;
    case HEAD_EXTRA:
        if (i + 1 == g->n_extra)
            next_part(g);
        return true;
    case HEAD_NAME:
    case HEAD_COMMENT:
        if (byte == 0)
            next_part(g);
        return true;
    case HEAD_CRC:
        g->head_crc = (uint16_t)(g->head_crc | byte << 8 * i);
        if (i == 0)
            return true;
        next_part(g);
        return g->head_crc == (g->crc & 0xFFFF);
    case BODY:
    case BETWEEN:
    case PADDING:
        break;
    }
    hl_assert_failed("part of a gzip header", __FILE__, __LINE__);
}

/* Bytes behind a member, n > 0 of them: in[0] decides. *used: how many were dealt with. */
static hl_code behind_member(hl_gunzip *g, const char *name, int64_t offset, const char *in,
                             size_t n, size_t *used, hl_error *err)
{
    size_t i = 0;

    *used = 0;
    if (g->state == BETWEEN && in[0] == 0x1F) {
        start_member(g, offset);
        return HL_OK;
    }
    g->state = PADDING;
    while (i < n && in[i] == 0)
        i++;
    *used = i;
    return i == n ? HL_OK : garbage(name, offset + (int64_t)i, err);
}

/* Inflate what there is; *n_in and *n_out as in hl_gunzip_run(). */
static hl_code run_body(hl_gunzip *g, const char *name, int64_t offset, const char *in,
                        size_t *n_in, char *out, size_t *n_out, hl_error *err)
{
    struct inflate_state *isal = &g->isal;
    int result;

    isal->next_in = (uint8_t *)(uintptr_t)in; /* ISA-L only reads it */
    isal->avail_in = (uint32_t)*n_in;
    isal->next_out = (uint8_t *)out;
    isal->avail_out = (uint32_t)*n_out;
    result = isal_inflate(isal);
    /* Where it finds a fault, its counts may have gone below zero. */
    if (isal->avail_in > *n_in)
        isal->avail_in = 0;
    if (isal->avail_out > *n_out)
        isal->avail_out = 0;
    *n_in -= isal->avail_in;
    *n_out -= isal->avail_out;
    if (result < 0 || result == ISAL_NEED_DICT)
        return inflate_fault(name, result, offset + (int64_t)*n_in, err);
    if (isal->block_state == ISAL_BLOCK_FINISH) {
        g->state = BETWEEN;
        g->n_members++;
    }
    return HL_OK;
}

hl_code hl_gunzip_run(hl_gunzip *g, const char *name, int64_t offset, const char *in, size_t *n_in,
                      char *out, size_t *n_out, hl_error *err)
{
    size_t taken = 0, given = 0;
    hl_code c = HL_OK;

    while (c == HL_OK) {
        size_t used = *n_in - taken, gave = *n_out - given;
        if (g->state == BODY) {
            c = run_body(g, name, offset + (int64_t)taken, in + taken, &used, out + given, &gave,
                         err);
            taken += used;
            given += gave;
            if (used == 0 && gave == 0 && g->state == BODY)
                break; /* wants input, or room */
        } else if (used == 0) {
            break;
        } else if (g->state == BETWEEN || g->state == PADDING) {
            c = behind_member(g, name, offset + (int64_t)taken, in + taken, used, &used, err);
            taken += used;
        } else if (!head_byte(g, (uint8_t)in[taken++])) {
            c = bad_header(g, name, err);
        }
    }
    *n_in = taken;
    *n_out = given;
    return c;
}

hl_code hl_gunzip_end(const hl_gunzip *g, const char *name, int64_t size, hl_error *err)
{
    if (g->state == BETWEEN || g->state == PADDING)
        return HL_OK;
    /* ISA-L itself says nothing here: a cut file looks to it like one that goes on. */
    return hl_fail_at(err, HL_E_INPUT, name, 0, size,
                      "gzip data ends in mid-member (byte %lld of the file)\n"
                      "The file is cut. Download it again and check it against SHA256SUMS.txt.",
                      (long long)size);
}

/* --- writing --------------------------------------------------------------------------------- */

enum { MEMBER_BYTES = 1 << 20, LEVEL = 6, MAX_WRITE_THREADS = 64 };

typedef struct {
    struct libdeflate_compressor *deflate;
    char *packed;
    size_t n_packed;
} gzip_worker;

struct hl_gzip {
    hl_out *out;
    int n_threads;
    gzip_worker worker[MAX_WRITE_THREADS]; /* [i] packs the i-th member of the batch */
    size_t packed_cap;
    char *raw; /* n_threads x MEMBER_BYTES */
    size_t n_raw;
    int64_t n_members;
};

static void gzip_free(hl_gzip **gz)
{
    if (!gz || !*gz)
        return;
    for (int i = 0; i < (*gz)->n_threads; i++) {
        if ((*gz)->worker[i].deflate)
            libdeflate_free_compressor((*gz)->worker[i].deflate);
        free((*gz)->worker[i].packed);
    }
    hl_out_abort(&(*gz)->out);
    free((*gz)->raw);
    free(*gz);
    *gz = NULL;
}

hl_code hl_gzip_create(const char *path, int n_threads, hl_gzip **out, hl_error *err)
{
    hl_gzip *gz = calloc(1, sizeof *gz);
    hl_code c;

    *out = NULL;
    if (!gz)
        return hl_fail_memory(err, "gzip writer", sizeof *gz);
    gz->n_threads = n_threads < 1 ? 1 : n_threads;
    if (gz->n_threads > MAX_WRITE_THREADS)
        gz->n_threads = MAX_WRITE_THREADS;
    gz->raw = malloc((size_t)gz->n_threads * MEMBER_BYTES);
    c = gz->raw ? HL_OK : hl_fail_memory(err, "gzip writer", (size_t)gz->n_threads * MEMBER_BYTES);
    for (int i = 0; c == HL_OK && i < gz->n_threads; i++) {
        gzip_worker *w = &gz->worker[i];
        w->deflate = libdeflate_alloc_compressor(LEVEL);
        if (w->deflate)
            gz->packed_cap = libdeflate_gzip_compress_bound(w->deflate, MEMBER_BYTES);
        w->packed = w->deflate ? malloc(gz->packed_cap) : NULL;
        if (!w->packed)
            c = hl_fail_memory(err, "gzip writer", MEMBER_BYTES);
    }
    if (c == HL_OK)
        c = hl_out_create(path, &gz->out, err);
    if (c != HL_OK)
        gzip_free(&gz);
    *out = gz;
    return c;
}

/* Member i of the batch. libdeflate writes no time, no name and no operating system. */
static hl_code pack_member(void *ctx, int64_t i, int thread, hl_error *err)
{
    hl_gzip *gz = ctx;
    gzip_worker *w = &gz->worker[i];
    size_t start = (size_t)i * MEMBER_BYTES;
    size_t n = gz->n_raw - start < MEMBER_BYTES ? gz->n_raw - start : MEMBER_BYTES;

    (void)thread;
    w->n_packed =
        libdeflate_gzip_compress(w->deflate, gz->raw + start, n, w->packed, gz->packed_cap);
    if (w->n_packed == 0)
        return hl_fail(err, HL_E_BUG, "a gzip member did not fit into its bound");
    return HL_OK;
}

static hl_code write_batch(hl_gzip *gz, hl_error *err)
{
    int64_t n = (int64_t)((gz->n_raw + MEMBER_BYTES - 1) / MEMBER_BYTES);
    hl_code c;

    if (n == 0 && gz->n_members == 0)
        n = 1; /* an empty file is one member of nothing */
    c = hl_parallel_for(gz->n_threads, n, NULL, pack_member, gz, err);
    for (int64_t i = 0; c == HL_OK && i < n; i++)
        c = hl_out_write(gz->out, gz->worker[i].packed, gz->worker[i].n_packed, err);
    gz->n_members += n;
    gz->n_raw = 0;
    return c;
}

hl_code hl_gzip_write(hl_gzip *gz, const void *bytes, size_t n, hl_error *err)
{
    const char *p = bytes;
    size_t cap = (size_t)gz->n_threads * MEMBER_BYTES;
    hl_code c = HL_OK;

    while (n > 0 && c == HL_OK) {
        size_t part = cap - gz->n_raw < n ? cap - gz->n_raw : n;
        memcpy(gz->raw + gz->n_raw, p, part);
        gz->n_raw += part;
        p += part;
        n -= part;
        if (gz->n_raw == cap)
            c = write_batch(gz, err);
    }
    return c;
}

hl_code hl_gzip_commit(hl_gzip **gz, hl_digest *digest, hl_error *err)
{
    hl_code c = HL_OK;

    if ((*gz)->n_raw > 0 || (*gz)->n_members == 0)
        c = write_batch(*gz, err);
    if (c == HL_OK)
        c = hl_out_commit(&(*gz)->out, digest, err);
    gzip_free(gz);
    return c;
}

void hl_gzip_abort(hl_gzip **gz)
{
    gzip_free(gz);
}
