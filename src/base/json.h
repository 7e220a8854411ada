/*
 * json.h - JSON in and out. jansson (reading) stays behind json.c; writing is ours, so that numbers
 * have their shortest form and keys keep the order in which they were written.
 *
 * It lives in base/ and not in data/ because the job engine's shard contract needs it.
 */
#ifndef HL_BASE_JSON_H
#define HL_BASE_JSON_H

#include "base/buf.h"

/* --- reading ------------------------------------------------------------------------------------
 */

typedef struct hl_json hl_json;             /* a parsed text: owns all its values */
typedef struct hl_json_value hl_json_value; /* a value inside it: lives as long */

typedef enum {
    HL_JSON_NULL,
    HL_JSON_BOOL,
    HL_JSON_INT,
    HL_JSON_REAL,
    HL_JSON_TEXT,
    HL_JSON_ARRAY,
    HL_JSON_OBJECT
} hl_json_type;

/* Parse text[0..n): UTF-8, no duplicate keys, nothing behind the value, depth <= 64 levels,
 * n <= 16 MiB (values take up to some 30 bytes for each of text). name is the path for messages.
 * HL_E_INPUT with the line. */
hl_code hl_json_parse(const char *text, size_t n, const char *name, hl_json **out, hl_error *err);
hl_code hl_json_read(const char *path, hl_json **out, hl_error *err);
void hl_json_free(hl_json **json);

const hl_json_value *hl_json_root(const hl_json *json);
const char *hl_json_name(const hl_json *json);
hl_json_type hl_json_type_of(const hl_json_value *v); /* NULL counts as HL_JSON_NULL */
/* Member of an object; NULL when v is no object (or NULL) or has no such key. */
const hl_json_value *hl_json_get(const hl_json_value *v, const char *key);
size_t hl_json_count(const hl_json_value *v); /* items of an array, members of an object, else 0 */
const hl_json_value *hl_json_at(const hl_json_value *v,
                                size_t i);                      /* array item or object member i */
const char *hl_json_key(const hl_json_value *object, size_t i); /* key of member i, file order */
bool hl_json_bool(const hl_json_value *v);
int64_t hl_json_int(const hl_json_value *v); /* 0 for another type */
double hl_json_real(const hl_json_value *v); /* also of an int */
hl_str hl_json_text(const hl_json_value *v); /* {NULL, 0} for another type */

/* --- writing -------------------------------------------------------------------------------------
 */

/* A writer on a buffer. indent = 0 writes compactly ({"a":1}), else that many blanks a level as
 * Python's json.dump(indent=n) does ("key": value, one item a line, empty {} and []). No final
 * newline. */
typedef struct {
    hl_buf *to;
    int indent;
    int depth;
    bool first;     /* nothing written yet on this level */
    bool after_key; /* the value belongs on this line */
} hl_json_writer;

hl_json_writer hl_json_write_to(hl_buf *to, int indent);
void hl_json_open(hl_json_writer *w, char bracket);  /* '{' or '[' */
void hl_json_close(hl_json_writer *w, char bracket); /* '}' or ']' */
void hl_json_put_key(hl_json_writer *w, const char *key);
void hl_json_put_text(hl_json_writer *w, hl_str text);      /* non-ASCII stays UTF-8 */
void hl_json_put_cstr(hl_json_writer *w, const char *text); /* NULL writes null */
void hl_json_put_int(hl_json_writer *w, int64_t v);
void hl_json_put_real(hl_json_writer *w, double v);
void hl_json_put_bool(hl_json_writer *w, bool v);
void hl_json_put_null(hl_json_writer *w);
void hl_json_put_value(hl_json_writer *w, const hl_json_value *v); /* copy of a parsed value */

/* A member of the open object: key and value. */
void hl_json_member_text(hl_json_writer *w, const char *key, hl_str text);
void hl_json_member_cstr(hl_json_writer *w, const char *key, const char *text);
void hl_json_member_int(hl_json_writer *w, const char *key, int64_t v);
void hl_json_member_bool(hl_json_writer *w, const char *key, bool v);

/* Canonical bytes for a digest: compact, keys sorted by bytes, escapes only for '"', '\' and
 * control bytes; a real number is HL_E_INPUT (recipes hold decimals as strings). view.md 9 */
hl_code hl_json_canonical(const hl_json_value *v, hl_buf *out, hl_error *err);

#endif
