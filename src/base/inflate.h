/*
 * inflate.h - raw DEFLATE (RFC 1951, no header, no checksum) undone piece by piece, or at once.
 *
 * gzip is io.h's business. zlib stays behind inflate.c.
 */
#ifndef HL_BASE_INFLATE_H
#define HL_BASE_INFLATE_H

#include "base/buf.h"

/* No deflate stream grows by more than this (plus a little): a check before memory is taken. */
#define HL_INFLATE_MAX_RATIO 1032

typedef struct hl_inflate hl_inflate;

hl_inflate *hl_inflate_new(void); /* NULL: out of memory */
void hl_inflate_free(hl_inflate **z);

/*
 * Inflate in[0 .. *n_in) into out[0 .. *n_out); both counts become what was taken and given. Call
 * again, with *n_in = 0 too, while it still gives bytes. HL_END: the stream has ended, what is left
 * of in does not belong to it (*n_out may be > 0). HL_E_INPUT: "deflate data error", and again at
 * each further call; what came before the fault was given (*n_out may be > 0).
 */
hl_code hl_inflate_run(hl_inflate *z, const void *in, size_t *n_in, void *out, size_t *n_out,
                       hl_error *err);

/* The bytes end before the stream does: HL_E_INPUT, "deflate stream ends early at byte N". */
hl_code hl_inflate_cut(int64_t n_bytes, hl_error *err);

/*
 * A whole stream that gives at most n_out bytes; *n_got of them, *n_used bytes of in (may be NULL).
 * HL_E_INPUT as above, or when it gives more than n_out bytes ("deflate stream is longer than N
 * bytes").
 */
hl_code hl_inflate_all(const void *in, size_t n_in, void *out, size_t n_out, size_t *n_got,
                       size_t *n_used, hl_error *err);

/* The other way: in as one raw deflate stream, appended to out; level 0..9. HL_E_LIMIT. */
hl_code hl_deflate_raw(const void *in, size_t n, int level, hl_buf *out, hl_error *err);

/* The same piece by piece: zlib's bytes for the same calls. memory_level: 1..9, 8 is zlib's own. */
typedef struct hl_deflater hl_deflater;

typedef enum {
    HL_DEFLATE_MORE = 0,   /* zlib may keep bytes back */
    HL_DEFLATE_FULL_FLUSH, /* all out, to a byte border; what follows does not look back */
    HL_DEFLATE_FINISH      /* the stream ends here: only hl_deflater_free() after it */
} hl_deflate_flush;

hl_deflater *hl_deflater_new(int level, int memory_level); /* NULL: out of memory */
void hl_deflater_free(hl_deflater **z);
/* Deflate n bytes of in (n may be 0), appended to out. HL_E_LIMIT: out of memory. */
hl_code hl_deflater_add(hl_deflater *z, const void *in, size_t n, hl_deflate_flush flush,
                        hl_buf *out, hl_error *err);

/* CRC-32 of gzip, carried on from crc (0 at the start). */
uint32_t hl_crc32(uint32_t crc, const void *bytes, size_t n);

#endif
