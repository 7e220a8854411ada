/*
 * dictzip.h - gzip with a table of chunks, each of which can be inflated alone: the numerics files
 * of MIMIC-IV-WDB.
 *
 * zlib stays behind base/inflate. Source: dictd's dictzip(1); waveform.md 3.
 */
#ifndef HL_FORMAT_DICTZIP_H
#define HL_FORMAT_DICTZIP_H

#include "base/io.h"

enum { HL_DICTZIP_CHUNK = 58315 };

/* --- writing: the bytes that dictzip 1.13 with zlib writes ------------------------------------ */

typedef struct hl_dictzip_writer hl_dictzip_writer;

/* name: file name in the header ("83404654n.csv"); mtime: seconds since 1970, part of the bytes. */
hl_code hl_dictzip_writer_new(const char *name, uint32_t mtime, hl_dictzip_writer **w,
                              hl_error *err);
hl_code hl_dictzip_writer_add(hl_dictzip_writer *w, const void *bytes, size_t n, hl_error *err);
/* Write it all to out (which the caller commits) and free w. HL_E_LIMIT: more chunks than the
 * header's table can name (1.9 GB of text). Memory: the compressed bytes. */
hl_code hl_dictzip_writer_end(hl_dictzip_writer **w, hl_out *out, hl_error *err);
void hl_dictzip_writer_abort(hl_dictzip_writer **w);

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct hl_dictzip hl_dictzip;

/* Open; in is kept by the caller. HL_E_INPUT: no gzip, or a gzip without a (sound) chunk table:
 * "no dictzip table" - such a file can still be read forward by hl_stream. */
hl_code hl_dictzip_open(hl_in *in, hl_dictzip **out, hl_error *err);
void hl_dictzip_close(hl_dictzip **d);
int64_t hl_dictzip_size(const hl_dictzip *d); /* of the text */
int64_t hl_dictzip_n_chunks(const hl_dictzip *d);
/* n bytes of the text at offset; inflates only the chunks that hold them. *got < n at the end. */
hl_code hl_dictzip_pread(hl_dictzip *d, void *to, size_t n, int64_t offset, size_t *got,
                         hl_error *err);
/* The whole text proves the table, CRC-32 and length. HL_E_INPUT: what is wrong. */
hl_code hl_dictzip_prove(hl_dictzip *d, hl_ctl *ctl, hl_error *err);

#endif
