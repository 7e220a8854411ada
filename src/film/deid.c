#include "film/deid.h"

#include "film/deid_table.h"
#include "format/dicom/text.h"
#include "format/jpeg_marker.h"

#define MAX_FINDINGS 1000 /* of one file: more say nothing new */
#define WHERE_BYTES 256
#define SEARCH_BYTES ((int64_t)1 << 20)

typedef struct {
    hl_dicom *d;
    const hl_deid_rules *rules;
    hl_arena *arena;
    hl_arena *scratch;
    hl_deid_findings *out;
    size_t cap;
    char where[WHERE_BYTES];
} scan;

hl_deid_rules hl_deid_defaults(void)
{
    return (hl_deid_rules){
        .dates_shifted = true, .first_year = 2100, .last_year = 2200, .subject_id = -1};
}

static hl_code find(scan *s, hl_deid_level level, uint32_t tag, const char *name,
                    const char *reason, hl_error *err)
{
    if (s->out->n >= MAX_FINDINGS)
        return HL_OK;
    if (s->out->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 16;
        hl_deid_finding *at = hl_arena_calloc(s->arena, cap, sizeof *at);
        if (!at)
            return hl_fail_memory(err, "findings", cap * sizeof *at);
        if (s->out->n)
            memcpy(at, s->out->at, s->out->n * sizeof *at);
        s->out->at = at;
        s->cap = cap;
    }
    hl_deid_finding f = {.level = level,
                         .tag = tag,
                         .where = hl_arena_copy(s->arena, s->where, strlen(s->where)),
                         .name = hl_arena_copy(s->arena, name, strlen(name)),
                         .reason = reason};
    if (!f.where || !f.name)
        return hl_fail_memory(err, "findings", WHERE_BYTES);
    s->out->at[s->out->n++] = f;
    return HL_OK;
}

/* --- one element ------------------------------------------------------------------------------ */

static bool eight_digits(hl_str id)
{
    for (size_t i = 0; i < id.n; i++)
        if (id.at[i] < '0' || id.at[i] > '9')
            return false;
    return id.n == 8;
}

/* A PatientID may be the archive's own subject_id. */
static bool allowed_id(const scan *s, const hl_dicom_element *e)
{
    hl_str id = hl_dicom_ascii(e, 0);
    int64_t number;

    if (s->rules->subject_id < 0)
        return eight_digits(id);
    return hl_parse_i64(id, &number) && number == s->rules->subject_id;
}

static bool empty_sequence(const hl_dicom_element *e)
{
    for (size_t i = 0; i < e->n_items; i++)
        if (e->item[i].n)
            return false;
    return strcmp(e->vr, "SQ") == 0;
}

bool hl_deid_old_age(hl_str age)
{
    int64_t years;

    return age.n == 4 && age.at[3] == 'Y' && hl_parse_i64((hl_str){age.at, 3}, &years) &&
           years > 89;
}

static hl_code check_date(scan *s, const hl_dicom_element *e, const char *name, hl_error *err)
{
    hl_str date = hl_dicom_ascii(e, 0);
    int64_t year;

    if (!s->rules->dates_shifted || date.n < 4 || !hl_parse_i64((hl_str){date.at, 4}, &year) ||
        (year >= s->rules->first_year && year <= s->rules->last_year))
        return HL_OK;
    return find(s, HL_DEID_MEDIUM, e->tag, name, "lies outside the shifted years", err);
}

static hl_code check_text(scan *s, const hl_dicom_item *item, const hl_dicom_element *e,
                          const char *name, hl_error *err)
{
    hl_str value = {0};
    hl_code c = HL_OK;

    hl_arena_reset(s->scratch);
    for (size_t i = 0; c == HL_OK; i++) {
        c = hl_dicom_text(s->d, item, e, i, s->scratch, &value, err);
        if (c != HL_OK || !value.at)
            break;
        const char *reason = hl_deid_text(value);
        if (reason)
            return find(s, HL_DEID_MEDIUM, e->tag, name, reason, err);
    }
    return c;
}

static hl_code check_uid(scan *s, const hl_dicom_element *e, const char *name, hl_error *err)
{
    hl_str uid = hl_dicom_ascii(e, 0);

    if (uid.n == 0 || hl_str_starts(uid, "2.25."))
        return HL_OK;
    return find(s, HL_DEID_LOW, e->tag, name, "is not one of the replaced UIDs (2.25.)", err);
}

static hl_code check_private(scan *s, const hl_dicom_item *item, const hl_dicom_element *e,
                             hl_error *err)
{
    uint32_t element = e->tag & 0xFFFF;
    char name[96] = "private element";

    if (element >= 0x10 && element <= 0xFF)
        return HL_OK; /* the creator itself; its elements are found */
    if (element > 0xFF) {
        uint32_t creator_tag = (e->tag & 0xFFFF0000u) | element >> 8;
        hl_str creator = hl_dicom_ascii(hl_dicom_find(item, creator_tag), 0);
        char show[HL_SHOW_BYTES];
        if (creator.n)
            snprintf(name, sizeof name, "private element of %.60s", hl_show(creator, show));
    }
    return find(s, HL_DEID_MEDIUM, e->tag, name, "nobody but its maker knows what it holds", err);
}

static hl_code check_element(scan *s, const hl_dicom_item *item, const hl_dicom_element *e,
                             hl_error *err)
{
    const hl_dicom_entry *entry = hl_dicom_entry_of(e->tag);
    const char *name = entry ? entry->keyword : "unknown element";
    const hl_deid_rule *r = hl_deid_rule_of(e->tag);

    if (e->length == 0 && e->n_items == 0)
        return HL_OK;
    if (e->tag >> 16 & 1)
        return check_private(s, item, e, err);
    if (r && e->tag == HL_TAG_PatientID && allowed_id(s, e))
        return HL_OK;
    if (r && !empty_sequence(e))
        return find(s, r->level, e->tag, name, r->reason, err);
    if (e->tag == HL_TAG_BurnedInAnnotation && hl_str_is(hl_dicom_ascii(e, 0), "YES"))
        return find(s, HL_DEID_HIGH, e->tag, name, "says that text is burned into the pixels", err);
    if (e->tag == HL_TAG(0x0010, 0x1010))
        return hl_deid_old_age(hl_dicom_ascii(e, 0))
                   ? find(s, HL_DEID_HIGH, e->tag, name, "is above 89 years", err)
                   : HL_OK;
    if (hl_deid_is_uid(e->tag))
        return check_uid(s, e, name, err);
    if (hl_deid_is_date(e))
        return check_date(s, e, name, err);
    if (strcmp(e->vr, "PN") == 0)
        return find(s, HL_DEID_HIGH, e->tag, name, "holds a person's name", err);
    return hl_deid_is_free_text(e) && e->value ? check_text(s, item, e, name, err) : HL_OK;
}

/* --- all elements ------------------------------------------------------------------------------
 */

static hl_code scan_item(scan *s, const hl_dicom_item *item, hl_error *err)
{
    size_t n = strlen(s->where);
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < item->n; i++) {
        const hl_dicom_element *e = &item->element[i];
        char tag[HL_DICOM_TAG_CHARS];
        snprintf(s->where + n, WHERE_BYTES - n, "%s%s", n ? "." : "",
                 hl_dicom_tag_text(e->tag, tag));
        c = check_element(s, item, e, err);
        size_t m = strlen(s->where);
        for (size_t k = 0; c == HL_OK && k < e->n_items; k++) {
            snprintf(s->where + m, WHERE_BYTES - m, "[%zu]", k);
            c = scan_item(s, &e->item[k], err); /* nesting is bounded by the parser */
        }
        s->where[n] = 0;
    }
    return c;
}

/* --- hiding places -----------------------------------------------------------------------------
 */

static bool any_byte(const uint8_t *at, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (at[i])
            return true;
    return false;
}

static hl_code check_padding(scan *s, hl_error *err)
{
    const hl_dicom_element *e = hl_dicom_get(s->d, HL_TAG_DataSetTrailingPadding);
    const uint8_t *at = NULL;
    hl_code c = HL_OK;

    if (!e || e->length > SEARCH_BYTES)
        return e ? find(s, HL_DEID_MEDIUM, e->tag, "DataSetTrailingPadding", "is very long", err)
                 : HL_OK;
    c = hl_dicom_load(s->d, e, s->scratch, &at, err);
    return c == HL_OK && at && any_byte(at, e->length)
               ? find(s, HL_DEID_MEDIUM, e->tag, "DataSetTrailingPadding",
                      "holds something other than zeros", err)
               : c;
}

/* Comments and application data of a JPEG or JPEG 2000 stream inside the pixel data. */
static hl_code check_codestream(scan *s, const hl_dicom_element *e, const hl_dicom_fragment *f,
                                hl_error *err)
{
    hl_dicom_codec codec = hl_dicom_syntax_of(s->d)->codec;
    const uint8_t *at;
    int64_t n = f->length < SEARCH_BYTES ? f->length : SEARCH_BYTES;
    hl_jpeg_markers *list;
    hl_code c = hl_dicom_load_range(s->d, f->offset, n, s->scratch, &at, err);

    if (c != HL_OK || n < 4)
        return c;
    if (codec == HL_CODEC_JPEG_2000) {
        for (int64_t i = 2; i + 3 < n && !(at[i] == 0xFF && at[i + 1] == 0x90);) {
            if (at[i] != 0xFF)
                break;
            if (at[i + 1] == 0x64)
                return find(s, HL_DEID_LOW, e->tag, "PixelData", "its codestream has a comment",
                            err);
            i += 2 + (at[i + 2] << 8 | at[i + 3]);
        }
        return HL_OK;
    }
    list = hl_arena_alloc(s->scratch, sizeof *list);
    if (!list)
        return hl_fail_memory(err, "markers", sizeof *list);
    hl_jpeg_list_markers(at, (size_t)n, list);
    for (size_t i = 0; c == HL_OK && i < list->n_markers; i++) {
        uint8_t code = list->marker[i].code;
        bool jfif = code == 0xE0 && list->marker[i].n == 14;
        bool adobe = code == 0xEE && list->marker[i].n == 12;
        if (code == 0xFE || (code >= 0xE0 && code <= 0xEF && code != 0xE8 && !jfif && !adobe))
            return find(s, HL_DEID_MEDIUM, e->tag, "PixelData",
                        "its JPEG has a comment or application data", err);
    }
    return c;
}

static hl_code check_fragments(scan *s, hl_error *err)
{
    const hl_dicom_element *e = hl_dicom_find(hl_dicom_root(s->d), HL_TAG_PixelData);
    hl_dicom_codec codec = hl_dicom_syntax_of(s->d)->codec;
    size_t before = s->out->n;
    hl_code c = HL_OK;

    if (!e || (codec != HL_CODEC_JPEG && codec != HL_CODEC_JPEG_LOSSLESS &&
               codec != HL_CODEC_JPEG_LS && codec != HL_CODEC_JPEG_2000))
        return HL_OK;
    for (size_t i = 1; c == HL_OK && s->out->n == before && i < e->n_fragments; i++) {
        hl_arena_reset(s->scratch);
        c = check_codestream(s, e, &e->fragment[i], err);
    }
    return c;
}

static hl_code check_claim(scan *s, hl_error *err)
{
    const hl_dicom_item *root = hl_dicom_root(s->d);
    hl_code c = HL_OK;

    s->where[0] = 0;
    if (!hl_str_is(hl_dicom_get_ascii(s->d, HL_TAG(0x0012, 0x0062)), "YES"))
        c = find(s, HL_DEID_NOTE, HL_TAG(0x0012, 0x0062), "PatientIdentityRemoved", "is not YES",
                 err);
    if (c == HL_OK && !hl_dicom_find(root, HL_TAG(0x0012, 0x0063)) &&
        !hl_dicom_find(root, HL_TAG(0x0012, 0x0064)))
        c = find(s, HL_DEID_NOTE, HL_TAG(0x0012, 0x0063), "DeidentificationMethod", "is not stated",
                 err);
    return c;
}

static hl_code check_file(scan *s, hl_error *err)
{
    const hl_dicom_item *meta = hl_dicom_meta(s->d);
    hl_code c = HL_OK;

    if (hl_dicom_preamble_used(s->d))
        c = find(s, HL_DEID_MEDIUM, 0, "preamble", "holds something other than zeros", err);
    if (c == HL_OK && hl_dicom_trailing_bytes(s->d) > 0)
        c = find(s, HL_DEID_MEDIUM, 0, "bytes behind the data set", "belong to no element", err);
    for (size_t i = 0; c == HL_OK && i < meta->n; i++) {
        uint32_t tag = meta->element[i].tag;
        const hl_dicom_entry *entry = hl_dicom_entry_of(tag);
        char text[HL_DICOM_TAG_CHARS];
        snprintf(s->where, WHERE_BYTES, "%s", hl_dicom_tag_text(tag, text));
        if (tag >= HL_TAG(0x0002, 0x0016) && meta->element[i].length > 0)
            c = find(s, HL_DEID_MEDIUM, tag, entry ? entry->keyword : "unknown element",
                     tag < HL_TAG(0x0002, 0x0100) ? "names a machine of the hospital's network"
                                                  : "nobody but its maker knows what it holds",
                     err);
        if (c == HL_OK && tag == HL_TAG(0x0002, 0x0003))
            c = check_uid(s, &meta->element[i], "MediaStorageSOPInstanceUID", err);
    }
    s->where[0] = 0;
    return c;
}

hl_code hl_deid_scan(hl_dicom *d, const hl_deid_rules *rules, hl_arena *arena,
                     hl_deid_findings *out, hl_error *err)
{
    scan s = {.d = d, .rules = rules, .arena = arena, .out = out, .scratch = hl_arena_new(0)};
    hl_code c = s.scratch ? HL_OK : hl_fail_memory(err, "a scan", 65536);

    *out = (hl_deid_findings){0};
    if (c == HL_OK)
        c = check_file(&s, err);
    if (c == HL_OK)
        c = scan_item(&s, hl_dicom_root(d), err);
    if (c == HL_OK)
        c = check_padding(&s, err);
    if (c == HL_OK)
        c = check_fragments(&s, err);
    if (c == HL_OK)
        c = check_claim(&s, err);
    hl_arena_free(&s.scratch);
    return c;
}
