/* inspect_dicom.c - a DICOM file: how it is encoded, then every element. Pixels are not read. */
#include "base/log.h"
#include "command/inspect.h"
#include "format/dicom/json.h"
#include "format/dicom/pixels.h"
#include "format/dicom/text.h"
#include "format/dicom/value_kind.h"

enum {
    NAME_WIDTH = 34,   /* of an element's name at the top level */
    SHOWN_VALUES = 16, /* of an element */
    SHOWN_BYTES = 16,  /* of a binary value, as hex */
    SHOWN_TEXT = 240,  /* bytes of a value that stands alone */
    SHOWN_WARNINGS = 20,
    PIECE = 60 /* what hl_show() takes whole */
};

/* --- is it DICOM? ------------------------------------------------------------------------------
 */

static uint32_t u16_at(const uint8_t *p, bool big)
{
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

/* The head of an element that the dictionary knows: *end is where the next one begins. */
static bool is_element(const uint8_t *p, size_t n, bool big, bool explicit_vr, size_t *end)
{
    if (n < 8)
        return false;
    uint32_t tag = HL_TAG(u16_at(p, big), u16_at(p + 2, big)), length, head = 8;
    const hl_dicom_entry *entry = hl_dicom_entry_of(tag);
    bool group_length = (tag & 0xffff) == 0 && tag >> 16 >= 2;

    if ((!entry && !group_length) || tag >> 16 < 2 || tag >> 16 > 0x30)
        return false;
    if (explicit_vr) {
        const char *vr = group_length ? "UL" : entry->vr;
        if (p[4] != vr[0] || p[5] != vr[1])
            return false;
        length = u16_at(p + 6, big);
        if (strcmp(vr, "OB") == 0) { /* (0002,0001), of group 0002 without its length */
            if (length != 0 || n < 12 || u16_at(p + (big ? 8 : 10), big) != 0)
                return false;
            length = u16_at(p + (big ? 10 : 8), big);
            head = 12;
        }
    } else {
        length = u16_at(p + 4, big);
        if (u16_at(p + 6, big) != 0) /* begins with short values, big end: never */
            return false;
    }
    if (group_length && length != 4)
        return false;
    *end = head + length;
    return length % 2 == 0;
}

bool hl_inspect_dicom_marked(const char *at, size_t n)
{
    return (n >= 132 && memcmp(at + 128, "DICM", 4) == 0) || (n >= 4 && memcmp(at, "DICM", 4) == 0);
}

/* Two elements in a row: one alone could be two numbers of anything. */
bool hl_inspect_dicom_bare(const char *at, size_t n)
{
    const uint8_t *p = (const uint8_t *)at;

    for (int form = 0; form < 3; form++) { /* explicit, explicit big endian, implicit */
        size_t first, second;
        if (is_element(p, n, form == 1, form < 2, &first) && first < n &&
            is_element(p + first, n - first, form == 1, form < 2, &second))
            return true;
    }
    return false;
}

/* --- values -------------------------------------------------------------------------------------
 */

typedef struct {
    hl_inspect *in;
    hl_dicom *dicom;
    hl_buf *out;
    hl_arena *scratch; /* of one element */
    int64_t n_private;
} job;

/* UTF-8 in pieces that hl_show() takes whole, at most SHOWN_TEXT bytes. */
static void put_long_text(hl_buf *out, hl_str text)
{
    char show[HL_SHOW_BYTES];
    size_t shown = 0;

    while (shown < text.n && shown < SHOWN_TEXT) {
        size_t n = text.n - shown < PIECE ? text.n - shown : PIECE;
        while (shown + n < text.n && n > 1 && ((unsigned char)text.at[shown + n] & 0xc0) == 0x80)
            n--;
        hl_buf_text(out, hl_show((hl_str){text.at + shown, n}, show));
        shown += n;
    }
    if (shown < text.n)
        hl_buf_printf(out, "... (%zu bytes)", text.n);
}

/* As in the file: values between backslashes. */
static hl_code put_texts(job *j, const hl_dicom_item *item, const hl_dicom_element *e,
                         hl_error *err)
{
    char show[HL_SHOW_BYTES];
    hl_str *value;
    size_t n;
    hl_code c = hl_dicom_text_all(j->dicom, item, e, j->scratch, &value, &n, err);

    if (c != HL_OK)
        return c;
    if (n == 1)
        put_long_text(j->out, value[0]);
    for (size_t i = 0; n > 1 && i < n && i < SHOWN_VALUES; i++)
        hl_buf_printf(j->out, "%s%s", i ? "\\" : "", hl_show(value[i], show));
    if (n > SHOWN_VALUES)
        hl_buf_printf(j->out, "... (%zu values)", n);
    if (e->vr[0] == 'U' && e->vr[1] == 'I' && n == 1) {
        const hl_dicom_syntax *syntax = hl_dicom_syntax_find(value[0]);
        if (syntax)
            hl_buf_printf(j->out, " %s", syntax->name);
    }
    return HL_OK;
}

static void put_numbers(hl_buf *out, const hl_dicom_element *e, hl_value_kind kind)
{
    size_t n = hl_dicom_count(e);
    char number[HL_F64_CHARS];
    int64_t v;
    double real;

    for (size_t i = 0; i < n && i < SHOWN_VALUES; i++) {
        if (i)
            hl_buf_char(out, '\\');
        if (kind == HL_VALUE_TAG) {
            const uint8_t *p = e->value + 4 * i;
            char tag[HL_DICOM_TAG_CHARS];
            hl_buf_text(out,
                        hl_dicom_tag_text(
                            HL_TAG(u16_at(p, e->big_endian), u16_at(p + 2, e->big_endian)), tag));
        } else if (kind == HL_VALUE_INT && hl_dicom_int(e, i, &v)) {
            hl_buf_i64(out, v);
        } else if (hl_dicom_real(e, i, &real)) {
            if (e->vr[1] == 'L') /* FL: what a float tells apart */
                hl_buf_printf(out, "%.9g", real);
            else
                hl_buf_text(out, (hl_print_f64(real, number), number));
        } else {
            hl_buf_char(out, '?');
        }
    }
    if (n > SHOWN_VALUES)
        hl_buf_printf(out, "... (%zu values)", n);
}

static void put_place(hl_buf *out, const hl_dicom_element *e)
{
    char size[HL_SIZE_CHARS];

    hl_buf_char(out, '<');
    if (e->n_fragments > 0) /* the first is the table of offsets */
        hl_buf_printf(out, "%zu fragment%s, ", e->n_fragments - 1, e->n_fragments == 2 ? "" : "s");
    hl_buf_printf(out, "%s at byte %lld>", hl_size_text(e->length, size), (long long)e->offset);
}

static hl_code put_value(job *j, const hl_dicom_item *item, const hl_dicom_element *e,
                         hl_error *err)
{
    hl_value_kind kind = hl_value_kind_of(e->vr);

    if (kind == HL_VALUE_ITEMS) {
        hl_buf_printf(j->out, "%zu item%s", e->n_items, e->n_items == 1 ? "" : "s");
    } else if (e->length == 0) {
        return HL_OK;
    } else if (kind == HL_VALUE_TEXT || kind == HL_VALUE_NAME || kind == HL_VALUE_DECIMAL) {
        return put_texts(j, item, e, err);
    } else if (!e->value || (kind == HL_VALUE_BYTES && e->length > SHOWN_BYTES)) {
        put_place(j->out, e);
    } else if (kind == HL_VALUE_BYTES) {
        hl_buf_hex(j->out, e->value, (size_t)e->length);
    } else {
        put_numbers(j->out, e, kind);
    }
    return HL_OK;
}

/* --- elements ------------------------------------------------------------------------------------
 */

/* Private elements go by the name of who reserved their block. PS3.5 7.8 */
static hl_code put_name(job *j, const hl_dicom_item *item, uint32_t tag, hl_error *err)
{
    const hl_dicom_entry *entry = hl_dicom_entry_of(tag);
    uint32_t group = tag >> 16, number = tag & 0xffff;
    char show[HL_SHOW_BYTES];
    hl_str name = {NULL, 0};
    hl_code c = HL_OK;

    if (entry) {
        hl_buf_text(j->out, entry->keyword);
    } else if (number == 0) {
        hl_buf_text(j->out, "GroupLength");
    } else if (group % 2 == 0) {
        hl_buf_text(j->out, "(not in the standard)");
    } else if (number >= 0x10 && number <= 0xff) {
        hl_buf_text(j->out, "PrivateCreator");
    } else {
        const hl_dicom_element *creator = hl_dicom_find(item, HL_TAG(group, number >> 8));
        if (creator && number > 0xff)
            c = hl_dicom_text(j->dicom, item, creator, 0, j->scratch, &name, err);
        hl_buf_printf(j->out, "[%s]", name.n ? hl_show(name, show) : "private, no creator");
    }
    return c;
}

static hl_code put_item(job *j, const hl_dicom_item *item, int depth, hl_error *err);

static hl_code put_element(job *j, const hl_dicom_item *item, const hl_dicom_element *e, int depth,
                           hl_error *err)
{
    char tag[HL_DICOM_TAG_CHARS];
    size_t indent = 2 * ((size_t)depth + 1);

    hl_buf_printf(j->out, "%*s%s %.2s ", (int)indent, "", hl_dicom_tag_text(e->tag, tag), e->vr);
    size_t start = j->out->n;
    hl_code c = put_name(j, item, e->tag, err);
    for (size_t n = j->out->n - start + indent; n < NAME_WIDTH; n++)
        hl_buf_char(j->out, ' ');
    hl_buf_char(j->out, ' ');
    if (c == HL_OK)
        c = put_value(j, item, e, err);
    while (j->out->n > 0 && j->out->at[j->out->n - 1] == ' ')
        j->out->at[--j->out->n] = 0;
    hl_buf_char(j->out, '\n');
    j->n_private += (e->tag >> 16) % 2;
    hl_arena_reset(j->scratch);
    for (size_t i = 0; i < e->n_items && c == HL_OK; i++) {
        hl_buf_printf(j->out, "%*sitem %zu\n", (int)indent + 2, "", i + 1);
        c = put_item(j, &e->item[i], depth + 1, err);
    }
    return c;
}

/* As deep as the file, which the parser has limited to HL_DICOM_MAX_NESTING. */
static hl_code put_item(job *j, const hl_dicom_item *item, int depth, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; i < item->n && c == HL_OK; i++)
        c = put_element(j, item, &item->element[i], depth, err);
    return c;
}

/* --- the file
 * -------------------------------------------------------------------------------------
 */

/* "CR image", "SR data set". */
static void put_title(hl_inspect *in, const hl_dicom *d)
{
    char modality[HL_SHOW_BYTES], photometric[HL_SHOW_BYTES];
    int64_t rows, columns, allocated, stored;
    hl_buf text = {0};

    hl_show(hl_dicom_get_ascii(d, HL_TAG_Modality), modality);
    hl_show(hl_dicom_get_ascii(d, HL_TAG_PhotometricInterpretation), photometric);
    bool image =
        hl_dicom_get_int(d, HL_TAG_Rows, &rows) && hl_dicom_get_int(d, HL_TAG_Columns, &columns);
    const hl_dicom_syntax *syntax = hl_dicom_syntax_of(d);
    hl_buf_printf(&text, "DICOM, %s%s%s, %s", modality, *modality ? " " : "",
                  image ? "image" : "data set",
                  syntax->codec == HL_CODEC_UNKNOWN ? "unknown transfer syntax" : syntax->name);
    if (image)
        hl_buf_printf(&text, ", %lld x %lld px", (long long)columns, (long long)rows);
    if (image && hl_dicom_get_int(d, HL_TAG_BitsAllocated, &allocated) &&
        hl_dicom_get_int(d, HL_TAG_BitsStored, &stored))
        hl_buf_printf(&text, ", %lld of %lld bits", (long long)stored, (long long)allocated);
    if (image && *photometric)
        hl_buf_printf(&text, ", %s", photometric);
    hl_inspect_title(in, "dicom", "%s", text.at ? text.at : "");
    hl_buf_free(&text);
}

/* The title has named the file. */
static const char *without_path(const hl_inspect *in, const char *message)
{
    size_t n = strlen(in->path);

    return strncmp(message, in->path, n) == 0 && strncmp(message + n, ": ", 2) == 0
               ? message + n + 2
               : message;
}

static void put_pixel_facts(hl_inspect *in, hl_dicom *d)
{
    static const uint32_t tags[] = {HL_TAG_PixelData, HL_TAG_FloatPixelData,
                                    HL_TAG_DoubleFloatPixelData};
    const hl_dicom_element *e = NULL;
    char size[HL_SIZE_CHARS];
    hl_error why = {0};
    hl_pixels p;

    for (size_t i = 0; i < 3 && !e; i++)
        e = hl_dicom_find(hl_dicom_root(d), tags[i]);
    if (!e) {
        hl_inspect_fact(in, "pixels", "none");
        return;
    }
    hl_size_text(e->length, size);
    if (e->n_fragments > 0)
        hl_inspect_fact(in, "pixels", "%zu fragment%s, %s from byte %lld on", e->n_fragments - 1,
                        e->n_fragments == 2 ? "" : "s", size, (long long)e->offset);
    else
        hl_inspect_fact(in, "pixels", "%s from byte %lld on", size, (long long)e->offset);
    if (hl_pixels_describe(d, &p, &why) == HL_OK)
        hl_inspect_fact(in, "frames", "%lld", (long long)p.n_frames);
    else
        hl_inspect_fact(in, "note", "the pixels can't be decoded: %s",
                        without_path(in, why.message));
}

static void put_facts(hl_inspect *in, hl_dicom *d, int64_t n_private)
{
    const hl_dicom_syntax *syntax = hl_dicom_syntax_of(d);
    hl_str charset = hl_dicom_root(d)->charset;
    char show[HL_SHOW_BYTES], n[32];

    hl_inspect_fact(in, "size", "%s%s", hl_size_text(in->bytes, show),
                    in->gzip ? ", compressed with gzip" : "");
    hl_inspect_fact(in, "syntax", "%s%s%s%s", syntax->name, *syntax->uid ? " (" : "", syntax->uid,
                    *syntax->uid ? ")" : "");
    hl_inspect_fact(in, "text", "%s", charset.n ? hl_show(hl_str_trim(charset), show) : "ASCII");
    put_pixel_facts(in, d);
    if (n_private)
        hl_inspect_fact(in, "private", "%s element%s", hl_count_text(n_private, n),
                        n_private == 1 ? "" : "s");
    if (hl_dicom_preamble_used(d))
        hl_inspect_fact(in, "preamble", "not empty");
    if (hl_dicom_trailing_bytes(d) > 0)
        hl_inspect_fact(in, "behind", "%s behind the last element",
                        hl_size_text(hl_dicom_trailing_bytes(d), show));
}

static void put_warnings(hl_inspect *in, const hl_dicom *d)
{
    size_t n = hl_dicom_n_warnings(d);
    char tag[HL_DICOM_TAG_CHARS], at[48];

    for (size_t i = 0; i < n && i < SHOWN_WARNINGS; i++) {
        hl_dicom_warning w = hl_dicom_warning_at(d, i);
        const hl_dicom_entry *entry = w.tag ? hl_dicom_entry_of(w.tag) : NULL;
        snprintf(at, sizeof at, " (byte %lld)", (long long)w.offset);
        hl_inspect_fact(in, i ? "" : "warnings", "%s%s%s%s%s%s",
                        w.tag ? hl_dicom_tag_text(w.tag, tag) : "", entry ? " " : "",
                        entry ? entry->keyword : "", w.tag ? ": " : "", w.text,
                        w.offset >= 0 ? at : "");
    }
    if (n > SHOWN_WARNINGS)
        hl_inspect_fact(in, "", "and %zu more", n - SHOWN_WARNINGS);
}

/* The data set in the DICOM JSON model takes the place of the result's object, so that what else
 * reads that model can read it. */
static hl_code put_json(hl_inspect *in, hl_dicom *d, hl_error *err)
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, in->json->indent);
    hl_code c = hl_dicom_json(d, &w, err);

    if (c == HL_OK)
        c = hl_buf_check(&text, "DICOM JSON", err);
    if (c == HL_OK) {
        hl_buf *result = in->json->to;
        hl_buf_clear(result);
        hl_buf_append(result, text.at, text.n);
        in->json_whole = true;
    }
    hl_buf_free(&text);
    return c;
}

hl_code hl_inspect_dicom(hl_inspect *in, hl_error *err)
{
    hl_in *file = NULL;
    hl_dicom *d = NULL;
    hl_buf body = {0};
    job j = {.in = in, .out = &body, .scratch = hl_arena_new(0)};
    hl_code c = j.scratch ? hl_in_open(in->path, &file, err) : hl_fail_memory(err, "inspect", 0);

    if (c == HL_OK)
        c = hl_dicom_open(file, &d, err);
    if (c != HL_OK)
        goto done;
    j.dicom = d;
    put_title(in, d);
    c = put_item(&j, hl_dicom_meta(d), 0, err);
    if (c == HL_OK)
        c = put_item(&j, hl_dicom_root(d), 0, err);
    if (c == HL_OK)
        c = hl_buf_check(&body, "the description", err);
    if (c == HL_OK)
        c = put_json(in, d, err);
    if (c != HL_OK)
        goto done;
    put_facts(in, d, j.n_private);
    if (in->png)
        c = hl_inspect_dicom_png(in, d, err);
    put_warnings(in, d);
    hl_buf_char(in->text, '\n');
    hl_buf_append(in->text, body.at, body.n);
done:
    hl_buf_free(&body);
    hl_arena_free(&j.scratch);
    hl_dicom_close(&d);
    hl_in_close(&file);
    return c;
}
