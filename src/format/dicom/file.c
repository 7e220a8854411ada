/* A DICOM file: gzip, preamble, group 0002, and which encoding its data set has. films.md 3.1 */
#include "format/dicom/dicom_internal.h"

#include "base/gzip.h"

static const hl_dicom_encoding explicit_le = {.implicit = false, .big = false};

/* --- what the bytes look like -------------------------------------------------------------------
 */

/* Whether at[0 .. n) can be the first element of a data set without any header; then *out is its
 * encoding. Its group must be a small one, its length fit, its tag or VR be known. */
static bool looks_like_elements(const uint8_t *at, size_t n, int64_t left, hl_dicom_encoding *out)
{
    if (n < 8)
        return false;
    const uint16_t le = hl_dicom_u16(at, false), be = hl_dicom_u16(at, true);
    out->big = be < le;
    const uint16_t group = out->big ? be : le;
    const uint32_t tag = hl_dicom_tag_at(at, out->big), length = hl_dicom_u32(at + 4, out->big);
    out->implicit = !hl_dicom_is_vr(at + 4);
    if (group > 0x0030)
        return false;
    if (!out->implicit)
        return group > 0;
    if (tag == 0 && length != 4)
        return false;
    return ((tag & 0x00010000) != 0 || (tag & 0xFFFF) == 0 || hl_dicom_entry_of(tag)) &&
           (length == UINT32_MAX || (int64_t)length <= left - 8);
}

/* The data set's encoding: as declared, unless its first bytes say another byte order. (Wrong VRs
 * are noticed by the walk.) */
static hl_code data_set_encoding(hl_dicom *d, hl_dicom_source *s, bool declared,
                                 hl_dicom_encoding *encoding, hl_error *err)
{
    hl_dicom_encoding seen;
    const uint8_t *at;
    size_t n;
    const hl_code c = hl_dicom_source_need(s, 12, &at, &n, err);

    if (c != HL_OK)
        return c;
    if (n == 0)
        return hl_dicom_fail_at(d, HL_E_INPUT, 0, s->pos, err, "no data set");
    if (!looks_like_elements(at, n, hl_dicom_source_left(s), &seen))
        return HL_OK; /* a data set may begin with a high group: the walk will see */
    if (!declared) {
        *encoding = seen;
    } else if (seen.big != encoding->big) {
        hl_dicom_warn(d, HL_TAG_TransferSyntaxUID, s->pos,
                      "the byte order is not the declared one");
        encoding->big = seen.big;
    }
    return HL_OK;
}

/* --- transfer syntax ---------------------------------------------------------------------------
 */

/* A UID that is no UID may be anything: it is shown nowhere. */
static bool is_uid(hl_str uid)
{
    for (size_t i = 0; i < uid.n; i++)
        if (uid.at[i] != '.' && (uid.at[i] < '0' || uid.at[i] > '9'))
            return false;
    return uid.n > 0 && uid.n <= 64;
}

/* *declared: group 0002 names one. */
static void find_syntax(hl_dicom *d, bool *declared)
{
    const hl_str uid = hl_dicom_ascii(hl_dicom_find(&d->meta, HL_TAG_TransferSyntaxUID), 0);

    *declared = uid.n > 0;
    d->syntax = hl_dicom_syntax_find(uid);
    if (d->syntax)
        return;
    d->unknown = (hl_dicom_syntax){.uid = "", .name = "unknown", .codec = HL_CODEC_UNKNOWN};
    if (*declared && is_uid(uid)) {
        const char *copy = hl_arena_copy(d->arena, uid.at, uid.n);
        d->unknown.uid = copy ? copy : "";
    }
    d->syntax = &d->unknown;
}

/* A native data set is described by the encoding that it has, whatever was declared. */
static void correct_syntax(hl_dicom *d, bool declared, hl_dicom_encoding encoding)
{
    const bool native = d->syntax->codec == HL_CODEC_NATIVE;

    if (!declared && d->meta.n > 0)
        hl_dicom_warn(d, HL_TAG_TransferSyntaxUID, -1, "no transfer syntax is given");
    if (declared && !native)
        return;
    d->syntax = hl_dicom_syntax_find(hl_str_of(encoding.big        ? "1.2.840.10008.1.2.2"
                                               : encoding.implicit ? "1.2.840.10008.1.2"
                                                                   : "1.2.840.10008.1.2.1"));
}

/* --- the parts of a file ------------------------------------------------------------------------
 */

/* Pass preamble and "DICM"; without them the first bytes must look like a data set. */
static hl_code pass_preamble(hl_dicom *d, hl_dicom_source *s, hl_error *err)
{
    hl_dicom_encoding seen;
    const uint8_t *at;
    size_t n;
    int64_t got;
    hl_code c = hl_dicom_source_need(s, 132, &at, &n, err);

    if (c != HL_OK)
        return c;
    if (n == 0)
        return hl_dicom_fail(d, HL_E_INPUT, 0, err, "empty file");
    if (n >= 132 && memcmp(at + 128, "DICM", 4) == 0) {
        d->has_preamble = true;
        for (int i = 0; i < 128; i++)
            d->preamble_used |= at[i] != 0;
        return hl_dicom_source_pass(s, NULL, 132, &got, err);
    }
    if (n >= 4 && memcmp(at, "DICM", 4) == 0)
        return hl_dicom_source_pass(s, NULL, 4, &got, err);
    if (!looks_like_elements(at, n, hl_dicom_source_left(s), &seen))
        return hl_dicom_fail(
            d, HL_E_INPUT, 0, err,
            "no DICOM file: neither \"DICM\" at byte 128 nor a data set at byte 0");
    return HL_OK;
}

/* Group 0002, if there is one. */
static hl_code walk_meta(hl_dicom *d, hl_dicom_source *s, hl_error *err)
{
    const uint8_t *at;
    size_t n;
    int64_t length, trailing;
    hl_dicom_encoding encoding = explicit_le;
    hl_code c = hl_dicom_source_need(s, 12, &at, &n, err);

    if (c != HL_OK || n < 2 || hl_dicom_u16(at, false) != 2)
        return c;
    const int64_t start = s->pos;
    c = hl_dicom_walk(d, s, &encoding, true, &d->meta, &trailing, err);
    if (c != HL_OK)
        return c;
    /* The group length counts from behind its own element, of 12 bytes. */
    if (hl_dicom_int(hl_dicom_find(&d->meta, HL_TAG(0x0002, 0x0000)), 0, &length) &&
        length != s->pos - start - 12)
        hl_dicom_warn(d, HL_TAG(0x0002, 0x0000), start, "the length of group 0002 is wrong");
    return HL_OK;
}

/* Whether what should be a deflate stream is a plain data set. */
static hl_code is_plain(hl_dicom *d, hl_dicom_source *s, bool *plain, hl_error *err)
{
    hl_dicom_encoding seen;
    const uint8_t *at;
    size_t n;
    const hl_code c = hl_dicom_source_need(s, 12, &at, &n, err);

    *plain = c == HL_OK && looks_like_elements(at, n, hl_dicom_source_left(s), &seen) &&
             !seen.implicit && !seen.big;
    if (*plain)
        hl_dicom_warn(d, HL_TAG_TransferSyntaxUID, s->pos, "declared deflated, but it is not");
    return c;
}

/* The inflated data set, and what follows the deflate stream: one byte of padding is usual. */
static hl_code walk_deflated(hl_dicom *d, hl_dicom_source *s, size_t window, hl_error *err)
{
    hl_dicom_source z = {.kind = SOURCE_DEFLATE, .name = d->name, .end = INT64_MAX, .base = s};
    hl_dicom_encoding encoding = explicit_le;
    const uint8_t *at;
    size_t n;
    int64_t rest = 0;
    hl_code c = HL_OK;

    d->inflated = true;
    z.buffer_bytes = window < 65536 ? window : 65536;
    z.buffer = malloc(z.buffer_bytes);
    z.inflate = hl_inflate_new();
    z.at = z.buffer;
    if (!z.buffer || !z.inflate)
        c = hl_fail_memory(err, d->name, z.buffer_bytes);
    if (c == HL_OK)
        c = data_set_encoding(d, &z, true, &encoding, err);
    if (c == HL_OK)
        c = hl_dicom_walk(d, &z, &encoding, false, &d->root, &d->trailing_bytes, err);
    if (c == HL_OK)
        c = hl_dicom_source_need(s, 1, &at, &n, err);
    const bool padding = c == HL_OK && n == 1 && at[0] == 0;
    if (c == HL_OK)
        c = hl_dicom_source_pass(s, NULL, INT64_MAX / 2, &rest, err);
    if (c == HL_OK && rest > 0 && !(padding && rest == 1)) {
        hl_dicom_warn(d, 0, -1, "bytes behind the deflate stream");
        d->trailing_bytes += rest;
    }
    hl_dicom_source_end(&z);
    return c;
}

static hl_code walk_file(hl_dicom *d, hl_dicom_source *s, size_t window, hl_error *err)
{
    bool declared, plain = true;
    hl_code c = pass_preamble(d, s, err);

    if (c == HL_OK)
        c = walk_meta(d, s, err);
    if (c != HL_OK)
        return c;
    find_syntax(d, &declared);
    hl_dicom_encoding encoding = {d->syntax->implicit_vr, d->syntax->big_endian};
    if (d->syntax->deflated)
        c = is_plain(d, s, &plain, err);
    if (c == HL_OK && !plain)
        return walk_deflated(d, s, window, err);
    if (c == HL_OK)
        c = data_set_encoding(d, s, declared, &encoding, err);
    if (c == HL_OK)
        c = hl_dicom_walk(d, s, &encoding, false, &d->root, &d->trailing_bytes, err);
    if (c == HL_OK)
        correct_syntax(d, declared, encoding);
    return c;
}

/* --- life --------------------------------------------------------------------------------------
 */

/* A source over the file, gzip undone. own: an hl_in made for it, to be closed behind it. */
static hl_code make_source(hl_dicom *d, size_t window, hl_dicom_source *s, hl_in **own,
                           hl_error *err)
{
    uint8_t magic[2];
    size_t got = 0;
    hl_code c = HL_OK;

    if (d->in)
        c = hl_in_pread(d->in, magic, sizeof magic, 0, &got, err);
    else if (d->n_bytes >= 2)
        memcpy(magic, d->bytes, got = sizeof magic);
    if (c != HL_OK)
        return c;
    s->name = d->name;
    if (hl_gzip_magic(magic, got)) {
        d->inflated = true;
        s->kind = SOURCE_GZIP;
        s->end = INT64_MAX;
        s->buffer_bytes = HL_DICOM_MAX_NEED;
        if (!d->in)
            c = hl_in_memory(d->bytes, (size_t)d->n_bytes, d->name, own, err);
        if (c == HL_OK)
            c = hl_stream_in(d->in ? d->in : *own, HL_STREAM_PLAIN, NULL, &s->stream, err);
    } else if (d->in) {
        s->kind = SOURCE_IN;
        s->in = d->in;
        s->end = hl_in_size(d->in);
        s->buffer_bytes = window;
    } else {
        s->kind = SOURCE_MEMORY;
        s->at = d->bytes;
        s->n = (size_t)d->n_bytes;
        s->end = d->n_bytes;
        return HL_OK;
    }
    s->buffer = malloc(s->buffer_bytes);
    s->at = s->buffer;
    if (c == HL_OK && !s->buffer)
        c = hl_fail_memory(err, d->name, s->buffer_bytes);
    return c;
}

hl_code hl_dicom_open_window(hl_in *in, const void *bytes, size_t n, const char *name,
                             size_t window, hl_dicom **out, hl_error *err)
{
    hl_dicom_source s = {0};
    hl_in *own = NULL;
    hl_dicom *d = calloc(1, sizeof *d);
    hl_code c;

    *out = NULL;
    if (!d)
        return hl_fail_memory(err, name, sizeof *d);
    d->arena = hl_arena_new(16384);
    d->name = d->arena ? hl_arena_copy(d->arena, name, strlen(name)) : NULL;
    d->in = in;
    d->bytes = bytes;
    d->n_bytes = (int64_t)n;
    c = d->name ? make_source(d, window, &s, &own, err) : hl_fail_memory(err, name, 16384);
    if (c == HL_OK)
        c = walk_file(d, &s, window, err);
    hl_dicom_source_end(&s);
    hl_in_close(&own);
    if (c == HL_OK) {
        hl_dicom_settle(&d->meta);
        hl_dicom_settle(&d->root);
        *out = d;
    } else {
        hl_dicom_close(&d);
    }
    return c;
}

hl_code hl_dicom_open(hl_in *in, hl_dicom **out, hl_error *err)
{
    return hl_dicom_open_window(in, NULL, 0, hl_in_name(in), HL_DICOM_WINDOW, out, err);
}

hl_code hl_dicom_memory(const void *bytes, size_t n, const char *name, hl_dicom **out,
                        hl_error *err)
{
    if (n > INT64_MAX / 2)
        return hl_fail(err, HL_E_LIMIT, "%s: too large", name);
    return hl_dicom_open_window(NULL, bytes, n, name, HL_DICOM_WINDOW, out, err);
}

void hl_dicom_close(hl_dicom **dicom)
{
    hl_dicom *d = dicom ? *dicom : NULL;

    if (!d)
        return;
    for (size_t i = 0; i < d->n_kept; i++)
        hl_buf_free(&d->kept[i].bytes);
    free(d->kept);
    hl_arena_free(&d->arena);
    free(d);
    *dicom = NULL;
}

const char *hl_dicom_name(const hl_dicom *d)
{
    return d->name;
}

const hl_dicom_item *hl_dicom_root(const hl_dicom *d)
{
    return &d->root;
}

const hl_dicom_item *hl_dicom_meta(const hl_dicom *d)
{
    return &d->meta;
}

const hl_dicom_syntax *hl_dicom_syntax_of(const hl_dicom *d)
{
    return d->syntax;
}

bool hl_dicom_has_preamble(const hl_dicom *d)
{
    return d->has_preamble;
}

bool hl_dicom_preamble_used(const hl_dicom *d)
{
    return d->preamble_used;
}

int64_t hl_dicom_trailing_bytes(const hl_dicom *d)
{
    return d->trailing_bytes;
}
