/*
 * gzip.h - undoing gzip piece by piece, for stream.c alone. The writer's side is in io.h.
 */
#ifndef HL_BASE_GZIP_H
#define HL_BASE_GZIP_H

#include "base/io.h"

typedef struct hl_gunzip hl_gunzip;

bool hl_gzip_magic(const void *bytes, size_t n);

hl_gunzip *hl_gunzip_new(void); /* NULL: out of memory */
void hl_gunzip_free(hl_gunzip **g);

/*
 * Inflate in[0 .. *n_in) into out[0 .. *n_out); both counts become what was taken and given. in[0]
 * is byte offset of the file called name. Members follow each other without a seam; after the last
 * one only zero bytes may stand. Call again with *n_in = 0 while it still gives bytes: what did not
 * fit into out is kept inside. HL_E_INPUT: damaged data, wrong CRC or length, other bytes behind
 * the end.
 */
hl_code hl_gunzip_run(hl_gunzip *g, const char *name, int64_t offset, const char *in, size_t *n_in,
                      char *out, size_t *n_out, hl_error *err);

/* No byte follows: HL_OK, or HL_E_INPUT when the file of size bytes ends within a member. */
hl_code hl_gunzip_end(const hl_gunzip *g, const char *name, int64_t size, hl_error *err);

#endif
