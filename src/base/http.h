/*
 * http.h - GET of ranges from a web server over connections that stay open. Internal: place.h is
 * what readers use, remote.h makes a file of these requests.
 *
 * Thread-safe: a thread that asks takes a connection of the list, or a new one. What may be tried
 * again is (cut answers, refused connections, 408, 429, 5xx: three times), other failures are told
 * at once. Nothing is decoded: the bytes are those of the file.
 */
#ifndef HL_BASE_HTTP_H
#define HL_BASE_HTTP_H

#include "base/buf.h"

typedef struct hl_http hl_http;

/* How long a server is waited for. */
typedef struct {
    int connect_ms; /* for a connection; 20000 by default */
    int silence_s;  /* without one byte; 30. After that long, less than 1000 bytes/s is too slow */
    int pause_ms;   /* before the first new try, and four times as long before each next; 100 */
} hl_http_patience;

/* HL_E_LIMIT: libcurl is not there, or too old; memory. */
hl_code hl_http_new(hl_http **out, hl_error *err);
void hl_http_free(hl_http **http);
/* A field of 0 keeps what is set. Not while a request is under way. */
void hl_http_set_patience(hl_http *http, const hl_http_patience *patience);

int64_t hl_http_bytes(const hl_http *http);    /* of bodies, so far */
int64_t hl_http_requests(const hl_http *http); /* so far, redirections and new tries included */

/* What tells one version of a file from another. */
typedef struct {
    int64_t size;
    char etag[128];    /* "" = the server sent none; a longer one is cut */
    char modified[64]; /* Last-Modified, likewise */
} hl_http_version;

/*
 * Bytes [first, first + n) of url into to; name is for messages.
 *
 *   before     what earlier answers said; NULL at the first request (then first is 0). A file that
 *              is another one now is HL_E_INPUT
 *   whole      at the first request: takes the file when the server ignores ranges (its size is
 *              then whole->n), up to limit bytes
 *   moved      at the first request: where redirections led, "" if nowhere; the caller may ask
 * there
 */
typedef struct {
    const char *url;
    const char *name;
    const hl_http_version *before;
    int64_t first;
    size_t n;
    size_t limit;
} hl_http_ask;

typedef struct {
    int status; /* of the last answer, when the request failed, too; 0 = there was none */
    hl_http_version version;
    bool ignores_ranges; /* whole holds the file */
    size_t got;          /* bytes in to: n, or less at the end of the file */
    hl_buf whole;        /* freed by the caller */
    hl_buf moved;        /* freed by the caller */
} hl_http_reply;

/* HL_E_INPUT: 404, 410, the file changed. HL_E_IO: the server cannot be reached, refuses, stalls,
 * breaks off, or answers what makes no sense. HL_E_LIMIT: over limit; memory. */
hl_code hl_http_get(hl_http *http, const hl_http_ask *ask, void *to, hl_http_reply *reply,
                    hl_error *err);

#endif
