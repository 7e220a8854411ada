#include <math.h>

#include "base/json.h"

hl_json_writer hl_json_write_to(hl_buf *to, int indent)
{
    return (hl_json_writer){
        .to = to, .indent = indent, .depth = 0, .first = true, .after_key = false};
}

static void new_line(hl_json_writer *w)
{
    if (!w->indent)
        return;
    hl_buf_char(w->to, '\n');
    for (int i = 0; i < w->depth * w->indent; i++)
        hl_buf_char(w->to, ' ');
}

/* What stands between the value before and the key or value to come. */
static void separate(hl_json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (!w->first)
        hl_buf_char(w->to, ',');
    w->first = false;
    if (w->depth)
        new_line(w);
}

void hl_json_open(hl_json_writer *w, char bracket)
{
    separate(w);
    hl_buf_char(w->to, bracket);
    w->depth++;
    w->first = true;
}

void hl_json_close(hl_json_writer *w, char bracket)
{
    w->depth--;
    hl_assert(w->depth >= 0 && !w->after_key);
    if (!w->first)
        new_line(w);
    hl_buf_char(w->to, bracket);
    w->first = false;
}

/* Python's json.dumps(ensure_ascii=False): two-character escapes where JSON has them. A byte that
 * is no UTF-8 (a file name may hold one) becomes U+FFFD, so that the text stays JSON. */
static void quote(hl_buf *to, hl_str text)
{
    static const char hex[] = "0123456789abcdef";
    static const char named[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    int64_t fault = text.n ? hl_utf8_fault(text.at, text.n) : -1;
    size_t start = 0, good_end = fault < 0 ? text.n : (size_t)fault;

    hl_buf_char(to, '"');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bool bad = i == good_end;
        if (c >= 0x20 && c != '"' && c != '\\' && !bad)
            continue;
        hl_buf_append(to, text.at + start, i - start);
        start = i + 1;
        if (bad) {
            hl_buf_text(to, "\xef\xbf\xbd");
            fault = hl_utf8_fault(text.at + start, text.n - start);
            good_end = fault < 0 ? text.n : start + (size_t)fault;
        } else if (c >= 0x20) {
            hl_buf_char(to, '\\');
            hl_buf_char(to, (char)c);
        } else if (named[c]) {
            hl_buf_char(to, '\\');
            hl_buf_char(to, named[c]);
        } else {
            hl_buf_text(to, "\\u00");
            hl_buf_char(to, hex[c >> 4]);
            hl_buf_char(to, hex[c & 15]);
        }
    }
    if (text.n > start)
        hl_buf_append(to, text.at + start, text.n - start);
    hl_buf_char(to, '"');
}

void hl_json_put_key(hl_json_writer *w, const char *key)
{
    hl_assert(!w->after_key);
    separate(w);
    quote(w->to, hl_str_of(key));
    hl_buf_text(w->to, w->indent ? ": " : ":");
    w->after_key = true;
}

void hl_json_put_text(hl_json_writer *w, hl_str text)
{
    separate(w);
    quote(w->to, text);
}

void hl_json_put_cstr(hl_json_writer *w, const char *text)
{
    if (text)
        hl_json_put_text(w, hl_str_of(text));
    else
        hl_json_put_null(w);
}

void hl_json_put_int(hl_json_writer *w, int64_t v)
{
    separate(w);
    hl_buf_i64(w->to, v);
}

void hl_json_put_real(hl_json_writer *w, double v)
{
    separate(w);
    if (isnan(v))
        hl_buf_text(w->to, "NaN"); /* as Python writes them; no JSON, but what the originals read */
    else if (isinf(v))
        hl_buf_text(w->to, v > 0 ? "Infinity" : "-Infinity");
    else
        hl_buf_f64(w->to, v);
}

void hl_json_put_bool(hl_json_writer *w, bool v)
{
    separate(w);
    hl_buf_text(w->to, v ? "true" : "false");
}

void hl_json_put_null(hl_json_writer *w)
{
    separate(w);
    hl_buf_text(w->to, "null");
}

void hl_json_put_value(hl_json_writer *w, const hl_json_value *v)
{
    size_t n = hl_json_count(v);

    switch (hl_json_type_of(v)) {
    case HL_JSON_NULL:
        hl_json_put_null(w);
        return;
    case HL_JSON_BOOL:
        hl_json_put_bool(w, hl_json_bool(v));
        return;
    case HL_JSON_INT:
        hl_json_put_int(w, hl_json_int(v));
        return;
    case HL_JSON_REAL:
        hl_json_put_real(w, hl_json_real(v));
        return;
    case HL_JSON_TEXT:
        hl_json_put_text(w, hl_json_text(v));
        return;
    case HL_JSON_ARRAY:
        hl_json_open(w, '[');
        for (size_t i = 0; i < n; i++)
            hl_json_put_value(w, hl_json_at(v, i));
        hl_json_close(w, ']');
        return;
    case HL_JSON_OBJECT:
        hl_json_open(w, '{');
        for (size_t i = 0; i < n; i++) {
            hl_json_put_key(w, hl_json_key(v, i));
            hl_json_put_value(w, hl_json_at(v, i));
        }
        hl_json_close(w, '}');
        return;
    }
}

void hl_json_member_text(hl_json_writer *w, const char *key, hl_str text)
{
    hl_json_put_key(w, key);
    hl_json_put_text(w, text);
}

void hl_json_member_cstr(hl_json_writer *w, const char *key, const char *text)
{
    hl_json_put_key(w, key);
    hl_json_put_cstr(w, text);
}

void hl_json_member_int(hl_json_writer *w, const char *key, int64_t v)
{
    hl_json_put_key(w, key);
    hl_json_put_int(w, v);
}

void hl_json_member_bool(hl_json_writer *w, const char *key, bool v)
{
    hl_json_put_key(w, key);
    hl_json_put_bool(w, v);
}
