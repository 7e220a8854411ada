/*
 * http_head.h - the head of a server's answer, and whether it is an answer to what was asked.
 * Internal; pure functions on bytes that a stranger sent.
 */
#ifndef HL_BASE_HTTP_HEAD_H
#define HL_BASE_HTTP_HEAD_H

#include "base/http.h"
#include "base/http_text.h"

#define HL_HEAD_BYTES 65536 /* of one answer's head at most; real ones have 1000 */

typedef struct {
    size_t bytes; /* of all heads of the answer: 100 Continue and the like come before it */
    bool ended;   /* complete */
    int status;   /* 0 = none yet */
    bool has_range;
    bool bad_range; /* not to be understood, or there twice */
    hl_content_range range;
    int64_t length; /* Content-Length; -1 = unknown */
    bool chunked;   /* the end of the body is marked */
    int64_t retry_after_s;
    hl_http_version version; /* its size comes from hl_http_head_check() */
    char type[64];           /* Content-Type */
    char coding[32];         /* Content-Encoding, "" = none */
} hl_http_head;

void hl_http_head_begin(hl_http_head *head);

/* One line of the head, with or without its line end; an empty one ends it. Lines that follow (a
 * chunked body may have some behind it) are not looked at. false: HL_HEAD_BYTES are exceeded. */
bool hl_http_head_line(hl_http_head *head, hl_str line);

/* Whether an answer of status 200 or 206 is what ask wants; *n_body = the bytes of a 206.
 * HL_E_INPUT: the file changed; HL_E_LIMIT: larger than ask->limit; HL_E_IO: anything else. */
hl_code hl_http_head_check(hl_http_head *head, const hl_http_ask *ask, size_t *n_body,
                           hl_error *err);

#endif
