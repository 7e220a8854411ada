/*
 * io.h - files: inputs read by position, inputs read forward (gzip undone, bytes hashed), outputs
 * that appear whole or not at all.
 *
 * Nothing here keeps a file offset in the descriptor, so handles may be shared by threads, and they
 * survive fork(). ISA-L and libdeflate stay behind gzip.c.
 */
#ifndef HL_BASE_IO_H
#define HL_BASE_IO_H

#include "base/buf.h"
#include "base/hash.h"

/* --- input by position ----------------------------------------------------------------------- */

typedef struct hl_in hl_in;

/* Bytes from anywhere: what a language binding hands in. size and pread return < 0 on failure. */
typedef struct {
    void *user;
    int64_t (*size)(void *user);
    int64_t (*pread)(void *user, void *to, int64_t offset, int64_t n);
    /* Both may be NULL. fault: after a pread that failed, why (a code and a message with the name);
     * close: called once, by hl_in_close() (not when hl_in_source() fails). */
    hl_code (*fault)(void *user, hl_error *err);
    void (*close)(void *user);
} hl_source;

/* Open a regular file. HL_E_INPUT: absent, or no regular file; HL_E_IO: not readable. */
hl_code hl_in_open(const char *path, hl_in **out, hl_error *err);
/* Bytes in memory (kept by the caller for the life of the hl_in); name is for messages. */
hl_code hl_in_memory(const void *bytes, size_t n, const char *name, hl_in **out, hl_error *err);
hl_code hl_in_source(const hl_source *source, const char *name, hl_in **out, hl_error *err);
/* n bytes of base from start; base must outlive it. HL_E_INPUT when base is shorter. */
hl_code hl_in_range(hl_in *base, int64_t start, int64_t n, hl_in **out, hl_error *err);

int64_t hl_in_size(const hl_in *in);
const char *hl_in_name(const hl_in *in);
hl_code hl_in_rename(hl_in *in, const char *name, hl_error *err); /* the name for messages */
/* Read up to n bytes at offset; *got < n only at the end of the file. Thread-safe. */
hl_code hl_in_pread(hl_in *in, void *to, size_t n, int64_t offset, size_t *got, hl_error *err);
void hl_in_close(hl_in **in);

/* Ask the system to read a file ahead; whether it can shows when the file is opened. */
void hl_prefetch(const char *path);

/* Append a whole file to *out (not cleared first), at most limit bytes (else HL_E_LIMIT);
 * digest may be NULL. */
hl_code hl_read_file(const char *path, size_t limit, hl_buf *out, hl_digest *digest, hl_error *err);

/* --- input read forward ------------------------------------------------------------------------
 */

typedef struct hl_stream hl_stream;

typedef enum {
    HL_STREAM_PLAIN = 0,
    HL_STREAM_THREAD = 1 /* read, hash and inflate ahead on a thread of its own until closed */
} hl_stream_mode;

/*
 * Open path for one pass. gzip is recognised by its magic bytes, not by the name, and undone
 * (several members, trailing zero bytes allowed; other bytes behind the last member, a cut member
 * and a wrong CRC or length are HL_E_INPUT with the byte offset in the file). A name that ends in
 * ".gz" over bytes that are no gzip is HL_E_INPUT too; a file of 0 bytes is an empty stream.
 * ctl (may be NULL) gets the compressed bytes read as ctl->bytes.
 */
hl_code hl_stream_open(const char *path, hl_stream_mode mode, hl_ctl *ctl, hl_stream **out,
                       hl_error *err);
/* The same over an hl_in (which must outlive it). */
hl_code hl_stream_in(hl_in *in, hl_stream_mode mode, hl_ctl *ctl, hl_stream **out, hl_error *err);

/* Bytes that hl_stream_next() leaves free and writable in front of each block, so that a reader can
 * put the carried half of a line there. */
#define HL_STREAM_HEADROOM 65536
/* ... and behind each block, so that a reader may look past its end by whole vectors. */
#define HL_STREAM_SLACK 128

/* The next block of (inflated) bytes: valid until the next call. HL_END after the last. *n > 0. */
hl_code hl_stream_next(hl_stream *s, char **at, size_t *n, hl_error *err);

bool hl_stream_is_gzip(const hl_stream *s);
int64_t hl_stream_bytes_in(const hl_stream *s); /* bytes of the file taken so far */
int64_t hl_stream_size_in(const hl_stream *s);  /* bytes of the file in all */
/* Digest of the file's own (compressed) bytes; valid after HL_END. */
const hl_digest *hl_stream_digest(const hl_stream *s);
void hl_stream_close(hl_stream **s);

/* --- output ------------------------------------------------------------------------------------
 */

typedef struct hl_out hl_out;

/*
 * A new file that appears under path only at hl_out_commit(): written to .tmp-NAME-NONCE in the
 * same folder (NONCE = 64 random bits), hashed as it is written, fsynced, renamed, folder fsynced
 * (EINVAL of the folder's fsync is ignored). Every write and close is checked: a full disk is
 * HL_E_IO that names the file.
 */
hl_code hl_out_create(const char *path, hl_out **out, hl_error *err);
hl_code hl_out_write(hl_out *out, const void *bytes, size_t n, hl_error *err);
int64_t hl_out_bytes(const hl_out *out);
/* Overwrite n bytes from offset on, all of which were written already (else HL_E_BUG): for a header
 * that is finished last. The digest is then taken by reading the file back at the commit. */
hl_code hl_out_patch(hl_out *out, int64_t offset, const void *bytes, size_t n, hl_error *err);
/* Nobody but its owner may read or write the file; before the first byte is written. */
hl_code hl_out_make_private(hl_out *out, hl_error *err);
/* Ends the file and frees out, also on failure (the temporary is then removed). digest may be NULL.
 */
hl_code hl_out_commit(hl_out **out, hl_digest *digest, hl_error *err);
void hl_out_abort(hl_out **out); /* remove the temporary; out, *out may be NULL */

/* create + write + commit. */
hl_code hl_write_file(const char *path, const void *bytes, size_t n, hl_digest *digest,
                      hl_error *err);

/* gzip writer on an hl_out: members of 1 MiB compressed independently (libdeflate level 6, no time,
 * no name), so bytes do not depend on threads. The .gz file's own digest comes from
 * hl_gzip_commit(). */
typedef struct hl_gzip hl_gzip;
hl_code hl_gzip_create(const char *path, int n_threads, hl_gzip **out, hl_error *err);
hl_code hl_gzip_write(hl_gzip *gz, const void *bytes, size_t n, hl_error *err);
hl_code hl_gzip_commit(hl_gzip **gz, hl_digest *digest, hl_error *err);
void hl_gzip_abort(hl_gzip **gz);

/* --- folders ------------------------------------------------------------------------------------
 */

hl_code hl_make_folder(const char *path, hl_error *err); /* with parents; there already is fine */
bool hl_file_exists(const char *path); /* anything under that name, links followed */
bool hl_is_folder(const char *path);
/* *out = directory/name with one slash between, at most 4095 bytes, else HL_E_LIMIT. */
#define HL_PATH_BYTES 4096
hl_code hl_path_join(const char *folder, const char *name, char out[HL_PATH_BYTES], hl_error *err);
/* Whether a path found in a file stays below its archive: relative, no "..", no NUL or control
 * byte, not empty. */
bool hl_path_is_inside(hl_str path);

/* Names in a folder (without . and ..), sorted by bytes. Freed by hl_names_free. */
typedef struct {
    char **name;
    size_t n;
} hl_names;
hl_code hl_list_folder(const char *path, hl_names *out, hl_error *err);
void hl_names_free(hl_names *names);
/* All regular files below path, relative with '/', sorted by bytes; links are not followed. */
hl_code hl_list_tree(const char *path, hl_names *out, hl_error *err);
hl_code hl_remove_tree(const char *path, hl_error *err);

/* 64 random bits of the system, for temporary names only: no output may depend on them. */
uint64_t hl_nonce(void);

#endif
