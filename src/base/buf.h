/*
 * buf.h - growable bytes.
 *
 * Invariants: at[0 .. n) is valid; after any append at[n] == 0, so that text can be used as a C
 * string. A failed append sets oom and changes nothing else; so appends need no check one by one,
 * hl_buf_check() at the end tells. {0} is a valid empty buffer.
 */
#ifndef HL_BASE_BUF_H
#define HL_BASE_BUF_H

#include "base/str.h"

typedef struct {
    char *at;
    size_t n;
    size_t cap;
    bool oom;
} hl_buf;

void hl_buf_append(hl_buf *buf, const void *bytes, size_t n);
void hl_buf_char(hl_buf *buf, char c);
void hl_buf_text(hl_buf *buf, const char *text);
void hl_buf_str(hl_buf *buf, hl_str text);
void hl_buf_printf(hl_buf *buf, const char *fmt, ...) HL_PRINTF(2, 3);
void hl_buf_i64(hl_buf *buf, int64_t v);
void hl_buf_f64(hl_buf *buf, double v);   /* shortest round trip, as Python's repr */
void hl_buf_time(hl_buf *buf, int64_t s); /* YYYY-MM-DD HH:MM:SS */
void hl_buf_hex(hl_buf *buf, const void *bytes, size_t n);

/* Room for n more bytes at at + buf->n (the caller then adds to n); NULL when out of memory. */
char *hl_buf_reserve(hl_buf *buf, size_t n);

/* HL_OK, or HL_E_LIMIT when any append failed. what is for the message. */
hl_code hl_buf_check(const hl_buf *buf, const char *what, hl_error *err);

void hl_buf_clear(hl_buf *buf); /* n = 0, memory kept */
void hl_buf_free(hl_buf *buf);  /* back to {0} */

#endif
