/*
 * remote.h - a file of a web server, read by position. Internal: what place.c hands out.
 *
 *   file   |  block 0  |  block 1  |  ...            blocks of 16 KiB, at most 256 of them kept,
 *          |<- first ->|                             the least recently used one goes first
 *
 * The first request brings the size and the first blocks, so a small file is one request. Blocks
 * that are missing side by side come in one request. Who reads on where the last request ended gets
 * twice as much as the last time, up to 1 MiB; a read of 1 MiB or more goes straight to the reader.
 */
#ifndef HL_BASE_REMOTE_H
#define HL_BASE_REMOTE_H

#include "base/http.h"
#include "base/io.h"

#define HL_REMOTE_BLOCK 16384
#define HL_REMOTE_WHOLE ((size_t)64 << 20) /* taken as a whole when the server ignores ranges */

/*
 * Ask for the file of url (escaped) and its first first_bytes (rounded up to blocks); name is for
 * messages. *source is ready for hl_in_source(), its close frees all. Errors: hl_http_get().
 *
 *   limit   HL_E_LIMIT for a larger file, before its bytes travel; INT64_MAX for none
 */
hl_code hl_remote_open(hl_http *http, const char *url, const char *name, size_t first_bytes,
                       int64_t limit, hl_source *source, hl_error *err);

#endif
