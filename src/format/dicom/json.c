#include "format/dicom/json.h"

#include <math.h>

#include "base/base64.h"
#include "format/dicom/text.h"
#include "format/dicom/value_kind.h"

/* films.md 3.9; where PS3.18 leaves room, as pydicom writes it. */
enum { INLINE_BYTES = 1024, TEXT_OF_INT = 32 };

typedef struct {
    hl_dicom *dicom;
    hl_json_writer *json;
    hl_arena *scratch; /* of one element's values */
} job;

/* --- values ------------------------------------------------------------------------------------
 */

/* PN: up to three groups of components, the empty ones left out. */
static void put_name(hl_json_writer *w, hl_str name)
{
    static const char *const group[] = {"Alphabetic", "Ideographic", "Phonetic"};
    size_t i = 0;

    hl_json_open(w, '{');
    for (size_t start = 0; i < 3 && start <= name.n; i++) {
        const char *at = name.at + start, *cut = memchr(at, '=', name.n - start);
        hl_str part = {at, cut ? (size_t)(cut - at) : name.n - start};
        if (part.n > 0)
            hl_json_member_text(w, group[i], part);
        start += part.n + 1;
    }
    hl_json_close(w, '}');
}

/* A number that JSON has, else its text. */
static void put_real(hl_json_writer *w, double v)
{
    if (isfinite(v))
        hl_json_put_real(w, v);
    else
        hl_json_put_cstr(w, isnan(v) ? "NaN" : v > 0 ? "inf" : "-inf");
}

/* DS and IS: numbers by value; what is no number stays text. */
static void put_decimal(hl_json_writer *w, hl_str text, bool whole)
{
    int64_t i;
    double v;

    if (text.n == 0) {
        hl_json_put_null(w);
    } else if (whole && hl_parse_i64(text, &i)) {
        hl_json_put_int(w, i);
    } else if (hl_parse_f64(text, &v) && isfinite(v)) {
        if (whole && v == floor(v) && fabs(v) < 0x1p63) /* IS "1.0" */
            hl_json_put_int(w, (int64_t)v);
        else
            hl_json_put_real(w, v);
    } else {
        hl_json_put_text(w, text);
    }
}

static hl_code put_texts(job *j, const hl_dicom_item *item, const hl_dicom_element *e,
                         hl_value_kind kind, hl_error *err)
{
    hl_str *value;
    size_t n;
    hl_code c = hl_dicom_text_all(j->dicom, item, e, j->scratch, &value, &n, err);

    if (c != HL_OK || n == 0 || (n == 1 && value[0].n == 0)) /* padding alone is no value */
        return c;
    hl_json_put_key(j->json, "Value");
    hl_json_open(j->json, '[');
    for (size_t i = 0; i < n; i++) {
        if (kind == HL_VALUE_DECIMAL)
            put_decimal(j->json, value[i], e->vr[0] == 'I');
        else if (kind == HL_VALUE_TEXT)
            hl_json_put_text(j->json, value[i]);
        else if (value[i].n == 0)
            hl_json_put_null(j->json);
        else
            put_name(j->json, value[i]);
    }
    hl_json_close(j->json, ']');
    return HL_OK;
}

static void put_int(hl_json_writer *w, const hl_dicom_element *e, size_t i)
{
    int64_t v;

    if (hl_dicom_int(e, i, &v)) {
        hl_json_put_int(w, v);
        return;
    }
    if (e->vr[0] != 'U' || e->vr[1] != 'V') {
        hl_json_put_null(w);
        return;
    }
    /* 2^63 and more; PS3.18 F.2.3 allows text here. */
    uint64_t big = 0;
    char text[TEXT_OF_INT];
    for (size_t k = 0; k < 8; k++)
        big = big << 8 | e->value[8 * i + (e->big_endian ? k : 7 - k)];
    snprintf(text, sizeof text, "%llu", (unsigned long long)big);
    hl_json_put_cstr(w, text);
}

static void put_tag(hl_json_writer *w, const hl_dicom_element *e, size_t i)
{
    const uint8_t *p = e->value + 4 * i;
    char text[9];

    snprintf(text, sizeof text, "%02X%02X%02X%02X", p[e->big_endian ? 0 : 1],
             p[e->big_endian ? 1 : 0], p[e->big_endian ? 2 : 3], p[e->big_endian ? 3 : 2]);
    hl_json_put_cstr(w, text);
}

static hl_code put_numbers(job *j, const hl_dicom_element *e, hl_value_kind kind, hl_error *err)
{
    hl_dicom_element loaded = *e;
    hl_code c = e->value ? HL_OK : hl_dicom_load(j->dicom, e, j->scratch, &loaded.value, err);
    size_t n = c == HL_OK ? hl_dicom_count(&loaded) : 0;

    if (n == 0)
        return c;
    hl_json_put_key(j->json, "Value");
    hl_json_open(j->json, '[');
    for (size_t i = 0; i < n; i++) {
        double v;
        if (kind == HL_VALUE_TAG)
            put_tag(j->json, &loaded, i);
        else if (kind == HL_VALUE_INT)
            put_int(j->json, &loaded, i);
        else
            put_real(j->json, hl_dicom_real(&loaded, i, &v) ? v : (double)NAN);
    }
    hl_json_close(j->json, ']');
    return HL_OK;
}

/* Bytes stand as they are in the file, in its byte order and, for encapsulated pixels, with its
 * items. */
static hl_code put_bytes(job *j, const hl_dicom_element *e, hl_error *err)
{
    const uint8_t *at = e->value;
    hl_buf text = {0};
    hl_code c = HL_OK;

    if (e->length > INLINE_BYTES) {
        hl_buf_printf(&text, "?offset=%lld&length=%lld", (long long)e->offset,
                      (long long)e->length);
    } else if (e->n_fragments > 0) {
        c = hl_dicom_load_range(j->dicom, e->offset, e->length, j->scratch, &at, err);
    } else if (!at) {
        c = hl_dicom_load(j->dicom, e, j->scratch, &at, err);
    }
    if (c == HL_OK && e->length <= INLINE_BYTES)
        hl_base64_put(&text, at, (size_t)e->length);
    if (c == HL_OK)
        c = hl_buf_check(&text, "bytes as base64", err);
    if (c == HL_OK)
        hl_json_member_text(j->json, e->length > INLINE_BYTES ? "BulkDataURI" : "InlineBinary",
                            (hl_str){text.at, text.n});
    hl_buf_free(&text);
    return c;
}

/* --- elements ----------------------------------------------------------------------------------
 */

static hl_code put_item(job *j, const hl_dicom_item *item, hl_error *err);

/* As deep as the file, which the parser has limited to HL_DICOM_MAX_NESTING. */
static hl_code put_items(job *j, const hl_dicom_element *e, hl_error *err)
{
    hl_code c = HL_OK;

    hl_json_put_key(j->json, "Value");
    hl_json_open(j->json, '[');
    for (size_t i = 0; i < e->n_items && c == HL_OK; i++)
        c = put_item(j, &e->item[i], err);
    hl_json_close(j->json, ']');
    return c;
}

static hl_code put_element(job *j, const hl_dicom_item *item, const hl_dicom_element *e,
                           hl_error *err)
{
    hl_value_kind kind = hl_value_kind_of(e->vr);
    hl_code c = HL_OK;
    char key[9];

    snprintf(key, sizeof key, "%08X", (unsigned)e->tag);
    hl_json_put_key(j->json, key);
    hl_json_open(j->json, '{');
    /* The model has no VR that the standard has not. */
    bool known = kind != HL_VALUE_BYTES || e->vr[0] == 'O';
    hl_json_member_cstr(j->json, "vr", known ? e->vr : "UN");
    if (kind == HL_VALUE_ITEMS) {
        c = put_items(j, e, err);
    } else if (e->length > 0) {
        if (kind == HL_VALUE_BYTES)
            c = put_bytes(j, e, err);
        else if (kind == HL_VALUE_TEXT || kind == HL_VALUE_NAME || kind == HL_VALUE_DECIMAL)
            c = put_texts(j, item, e, kind, err);
        else
            c = put_numbers(j, e, kind, err);
        hl_arena_reset(j->scratch);
    }
    hl_json_close(j->json, '}');
    return c;
}

static hl_code put_item(job *j, const hl_dicom_item *item, hl_error *err)
{
    hl_code c = HL_OK;

    hl_json_open(j->json, '{');
    for (size_t i = 0; i < item->n && c == HL_OK; i++) {
        const hl_dicom_element *e = &item->element[i];
        if (e->tag >> 16 != 0x0002 && (e->tag & 0xffff) != 0)
            c = put_element(j, item, e, err);
    }
    hl_json_close(j->json, '}');
    return c;
}

hl_code hl_dicom_json(hl_dicom *d, hl_json_writer *w, hl_error *err)
{
    job j = {.dicom = d, .json = w, .scratch = hl_arena_new(0)};

    if (!j.scratch)
        return hl_fail_memory(err, "DICOM JSON", 0);
    hl_code c = put_item(&j, hl_dicom_root(d), err);
    hl_arena_free(&j.scratch);
    return c;
}
