/*
 * header_text.c - lines and tokens of header text, and the messages about them.
 */
#include "format/wfdb/header_text.h"

#include <math.h>
#include <stdarg.h>

enum { LEAST_BYTES = 4 }; /* of a signal or segment line: two tokens, a blank, an end */

/* --- messages --------------------------------------------------------------------------------- */

void hl_hea_say(hl_hea *r, const char *fmt, ...)
{
    va_list args;

    if (!r->reason || *r->reason)
        return;
    va_start(args, fmt);
    vsnprintf(r->reason, HL_WFDB_REASON_BYTES, fmt, args);
    va_end(args);
}

static const char *which(const hl_hea *r, char text[32])
{
    if (r->kind == HL_HEA_RECORD)
        return "record line";
    snprintf(text, 32, "%s line %d", r->kind == HL_HEA_SIGNAL ? "signal" : "segment",
             (int)r->index + 1);
    return text;
}

hl_code hl_hea_fail(hl_hea *r, hl_code code, const char *fmt, ...)
{
    char place[32], text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    hl_hea_say(r, "%s: %.*s", which(r, place), (int)strcspn(text, "\n"), text);
    return hl_fail_at(r->err, code, r->name, r->line, -1, "%s: %s", which(r, place), text);
}

hl_code hl_hea_fail_token(hl_hea *r, hl_str found, const char *expected)
{
    char show[HL_SHOW_BYTES];

    return hl_hea_fail(r, HL_E_INPUT, "'%s' is no %s", hl_show(found, show), expected);
}

/* --- lines and tokens ------------------------------------------------------------------------- */

bool hl_hea_next_line(hl_hea *r, hl_str *line)
{
    if (r->at >= r->end)
        return false;
    char *lf = memchr(r->at, '\n', (size_t)(r->end - r->at));
    char *stop = lf ? lf : r->end;
    *line = (hl_str){r->at, (size_t)(stop - r->at)};
    while (line->n > 0 && line->at[line->n - 1] == '\r')
        line->n--;
    r->at = lf ? lf + 1 : r->end;
    r->line++;
    return true;
}

/* A compare tells most bytes apart: all separators lie at or below the blank. */
static inline bool is_blank(char c)
{
    return (unsigned char)c <= ' ' && (c == ' ' || c == '\t' || c == '\r');
}

hl_str hl_hea_next_token(hl_str *line)
{
    const char *p = line->at, *end = p + line->n;

    while (p < end && is_blank(*p))
        p++;
    const char *start = p;
    while (p < end && !is_blank(*p))
        p++;
    hl_str token = {start, (size_t)(p - start)};
    p += p < end;
    *line = (hl_str){p, (size_t)(end - p)};
    return token;
}

bool hl_hea_next_structural(hl_hea *r, hl_str *line)
{
    while (hl_hea_next_line(r, line)) {
        size_t i = 0;
        while (i < line->n && is_blank(line->at[i]))
            i++;
        if (i < line->n && line->at[i] != '#')
            return true;
    }
    return false;
}

hl_str hl_hea_cut(hl_str *text, char c)
{
    const char *p = text->n ? memchr(text->at, c, text->n) : NULL;

    if (!p)
        return (hl_str){NULL, 0};
    hl_str behind = {p + 1, (size_t)(text->at + text->n - p - 1)};
    text->n = (size_t)(p - text->at);
    return behind;
}

const char *hl_hea_keep(hl_hea *r, hl_str text)
{
    if (text.n == 0)
        return "";
    char *at = r->end - (r->end - text.at);
    at[text.n] = 0;
    return at;
}

bool hl_hea_i32(hl_str text, int32_t *out)
{
    size_t sign = text.n > 0 && *text.at == '-', i = sign;
    int64_t v = 0;

    /* Up to nine digits fit whatever they are: nearly all numbers of a header. */
    if (text.n > sign && text.n <= sign + 9) {
        for (; i < text.n && (unsigned char)(text.at[i] - '0') < 10; i++)
            v = v * 10 + (text.at[i] - '0');
        if (i == text.n) {
            *out = (int32_t)(sign ? -v : v);
            return true;
        }
    }
    if (!hl_parse_i64(text, &v) || v < INT32_MIN || v > INT32_MAX)
        return false;
    *out = (int32_t)v;
    return true;
}

bool hl_hea_f64(hl_str text, double *out)
{
    return hl_parse_f64(text, out) && isfinite(*out);
}

int32_t hl_hea_lines_left(const hl_hea *r, int32_t stated)
{
    int64_t most = (r->end - r->at) / LEAST_BYTES + 1;

    return most < stated ? (int32_t)most : stated;
}
