#include "base/buf.h"

#include <stdarg.h>

#include "base/civil.h"

enum { FIRST_BYTES = 64 };

char *hl_buf_reserve(hl_buf *buf, size_t n)
{
    size_t need;

    /* One more for the NUL behind the content. */
    if (!hl_add_size(buf->n, n, &need) || !hl_add_size(need, 1, &need)) {
        buf->oom = true;
        return NULL;
    }
    if (need > buf->cap) {
        size_t cap = buf->cap > SIZE_MAX / 2 ? SIZE_MAX : buf->cap * 2;
        if (cap < FIRST_BYTES)
            cap = FIRST_BYTES;
        if (cap < need)
            cap = need;
        char *at = realloc(buf->at, cap);
        if (!at) {
            buf->oom = true;
            return NULL;
        }
        buf->at = at;
        buf->cap = cap;
    }
    return buf->at + buf->n;
}

void hl_buf_append(hl_buf *buf, const void *bytes, size_t n)
{
    char *to = hl_buf_reserve(buf, n);

    if (!to)
        return;
    if (n > 0)
        memcpy(to, bytes, n);
    buf->n += n;
    buf->at[buf->n] = 0;
}

void hl_buf_char(hl_buf *buf, char c)
{
    hl_buf_append(buf, &c, 1);
}

void hl_buf_text(hl_buf *buf, const char *text)
{
    hl_buf_append(buf, text, strlen(text));
}

void hl_buf_str(hl_buf *buf, hl_str text)
{
    hl_buf_append(buf, text.at, text.n);
}

void hl_buf_printf(hl_buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *to = n >= 0 ? hl_buf_reserve(buf, (size_t)n) : NULL;
    if (!to) {
        buf->oom = true;
        return;
    }
    va_start(args, fmt);
    vsnprintf(to, (size_t)n + 1, fmt, args);
    va_end(args);
    buf->n += (size_t)n;
}

void hl_buf_i64(hl_buf *buf, int64_t v)
{
    char text[HL_F64_CHARS];

    hl_buf_append(buf, text, hl_print_i64(v, text));
}

void hl_buf_f64(hl_buf *buf, double v)
{
    char text[HL_F64_CHARS];

    hl_buf_append(buf, text, hl_print_f64(v, text));
}

void hl_buf_time(hl_buf *buf, int64_t s)
{
    char text[HL_TIME_CHARS];

    hl_buf_append(buf, text, hl_print_time(s, text));
}

void hl_buf_hex(hl_buf *buf, const void *bytes, size_t n)
{
    static const char digit[16] = "0123456789abcdef";
    const unsigned char *from = bytes;
    size_t n_text;

    if (!hl_mul_size(n, 2, &n_text)) {
        buf->oom = true;
        return;
    }
    char *to = hl_buf_reserve(buf, n_text);
    if (!to)
        return;
    for (size_t i = 0; i < n; i++) {
        *to++ = digit[from[i] >> 4];
        *to++ = digit[from[i] & 15];
    }
    *to = 0;
    buf->n += n_text;
}

hl_code hl_buf_check(const hl_buf *buf, const char *what, hl_error *err)
{
    return buf->oom ? hl_fail_memory(err, what, buf->n) : HL_OK;
}

void hl_buf_clear(hl_buf *buf)
{
    buf->n = 0;
    buf->oom = false;
    if (buf->at)
        buf->at[0] = 0;
}

void hl_buf_free(hl_buf *buf)
{
    free(buf->at);
    *buf = (hl_buf){0};
}
