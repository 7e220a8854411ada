/*
 * place.h - where the files of a record lie: a folder, or an address of a web server.
 *
 * Readers of records take names from a place and never look at what kind it is. place.c knows
 * folders and sends http(s):// to http.c, the one file that knows libcurl. From a server only the
 * bytes that are asked for travel (range requests over kept connections), rounded to small blocks.
 */
#ifndef HL_BASE_PLACE_H
#define HL_BASE_PLACE_H

#include "base/io.h"

typedef struct hl_place hl_place;

/* Split "folder/NAME", "NAME" or "http://host/path/NAME" in two: folder ("." when there is none,
 * without a trailing slash, "/" for the root) and name. The escapes (%20) of an address' name are
 * undone. HL_E_LIMIT: too long; HL_E_USAGE: no name; an address with a user name, ? or #. */
hl_code hl_place_split(const char *path, char folder[HL_PATH_BYTES], char name[HL_PATH_BYTES],
                       hl_error *err);

/* True for http:// and https:// (any case). */
bool hl_place_is_address(const char *path);

/* A folder is not looked at, a server not asked, before a file is opened. One place may be used by
 * several threads. Closed after everything that was opened from it. */
hl_code hl_place_open(const char *folder, hl_place **out, hl_error *err);
void hl_place_close(hl_place **place);

/* A place over files in memory, all of which the caller keeps: for tests and fuzzing. */
typedef struct {
    const char *name;
    const void *bytes;
    size_t n;
} hl_place_file;
hl_code hl_place_memory(const hl_place_file *file, size_t n, hl_place **out, hl_error *err);

/* How long a server is waited for: for a connection (20000 ms), without a byte (30 s), before the
 * first of three new tries (100 ms; four times as long before each next). 0 keeps what is set. */
void hl_place_timeout(hl_place *place, int connect_ms, int silence_s, int pause_ms);

/* Open a file of the place for reading by position; name may have folders in it ("a/b.dat"), but
 * not lead out of the place. HL_E_INPUT: absent (404 too), such a name; HL_E_IO: not readable, the
 * server refuses (401, 403, 5xx), stalls, breaks off. A server that ignores ranges is read whole,
 * once, within 64 MiB; HL_E_LIMIT above. A file that changes on the server while it is read is
 * HL_E_INPUT. */
hl_code hl_place_in(hl_place *place, const char *name, hl_in **out, hl_error *err);

/* Append a whole small file to *out, at most limit bytes (else HL_E_LIMIT); digest may be NULL. */
hl_code hl_place_read(hl_place *place, const char *name, size_t limit, hl_buf *out,
                      hl_digest *digest, hl_error *err);

/* Full name of a file for messages: folder/name. */
hl_code hl_place_path(const hl_place *place, const char *name, char out[HL_PATH_BYTES],
                      hl_error *err);

/* Bytes that came from a server so far (0 for folders), and requests made. For tests and reports.
 */
int64_t hl_place_bytes(const hl_place *place);
int64_t hl_place_requests(const hl_place *place);

#endif
