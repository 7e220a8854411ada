/* Elements found, their bytes loaded, their values read. */
#include "format/dicom/dicom_internal.h"

/* A value in memory at once; pixel data may be as long as a file may be. films.md 3.8 */
#define MAX_VALUE_BYTES (INT64_C(2) << 30)

const hl_dicom_element *hl_dicom_find(const hl_dicom_item *item, uint32_t tag)
{
    size_t low = 0, high = item ? item->n : 0;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (item->element[middle].tag == tag)
            return &item->element[middle];
        if (item->element[middle].tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const hl_dicom_element *hl_dicom_get(const hl_dicom *d, uint32_t tag)
{
    const hl_dicom_element *e = hl_dicom_find(&d->root, tag);

    return e && e->length > 0 ? e : NULL;
}

const hl_dicom_item *hl_dicom_first_item(const hl_dicom_item *item, uint32_t tag)
{
    const hl_dicom_element *e = hl_dicom_find(item, tag);

    return e && e->n_items > 0 ? &e->item[0] : NULL;
}

/* --- bytes ----------------------------------------------------------------------------------- */

static hl_code read_range(hl_dicom *d, int64_t offset, int64_t n, hl_arena *arena,
                          const uint8_t **at, hl_error *err)
{
    size_t got;

    if (offset < 0 || n < 0 || offset > hl_in_size(d->in) || n > hl_in_size(d->in) - offset)
        return hl_dicom_fail_at(d, HL_E_INPUT, 0, offset, err,
                                "%lld bytes go beyond the end of the file", (long long)n);
    uint8_t *to = hl_arena_alloc(arena, (size_t)n);
    if (!to)
        return hl_fail_memory(err, d->name, (size_t)n);
    const hl_code c = hl_in_pread(d->in, to, (size_t)n, offset, &got, err);
    if (c == HL_OK && got < (size_t)n)
        return hl_dicom_fail_at(d, HL_E_INPUT, 0, offset, err, "the file became shorter");
    *at = to;
    return c;
}

static hl_code kept_range(const hl_dicom *d, int64_t offset, int64_t n, const uint8_t **at,
                          hl_error *err)
{
    for (size_t i = 0; i < d->n_kept; i++) {
        const hl_dicom_kept *k = &d->kept[i];
        const int64_t size = (int64_t)k->bytes.n;
        if (offset >= k->offset && n <= size && offset - k->offset <= size - n) {
            *at = (const uint8_t *)k->bytes.at + (offset - k->offset);
            return HL_OK;
        }
    }
    return hl_dicom_fail_at(d, HL_E_LIMIT, 0, offset, err,
                            "%lld bytes of a compressed file were not kept\nUndo its compression "
                            "(gunzip, or dcmconv +te) and try again.",
                            (long long)n);
}

hl_code hl_dicom_load_range(hl_dicom *d, int64_t offset, int64_t n, hl_arena *arena,
                            const uint8_t **at, hl_error *err)
{
    *at = NULL;
    if (n == 0)
        return HL_OK;
    if (d->inflated)
        return kept_range(d, offset, n, at, err);
    if (d->in)
        return read_range(d, offset, n, arena, at, err);
    if (offset < 0 || n < 0 || offset > d->n_bytes || n > d->n_bytes - offset)
        return hl_dicom_fail_at(d, HL_E_INPUT, 0, offset, err,
                                "%lld bytes go beyond the end of the file", (long long)n);
    *at = d->bytes + offset;
    return HL_OK;
}

hl_code hl_dicom_load(hl_dicom *d, const hl_dicom_element *e, hl_arena *arena, const uint8_t **at,
                      hl_error *err)
{
    *at = e->value;
    if (e->value || e->length == 0)
        return HL_OK;
    if (e->fragment)
        return hl_dicom_fail(d, HL_E_INPUT, e->tag, err, "its value is in fragments");
    if (e->length > MAX_VALUE_BYTES && e->tag >> 16 != 0x7FE0)
        return hl_dicom_fail(d, HL_E_LIMIT, e->tag, err, "a value of %lld bytes; at most %lld fit",
                             (long long)e->length, (long long)MAX_VALUE_BYTES);
    return hl_dicom_load_range(d, e->offset, e->length, arena, at, err);
}

/* --- values ------------------------------------------------------------------------------------
 */

static bool vr_is(const hl_dicom_element *e, const char *vr)
{
    return e->vr[0] == vr[0] && e->vr[1] == vr[1];
}

/* Bytes of one value of a VR that is not text. */
static size_t value_bytes(const hl_dicom_element *e)
{
    static const struct {
        char vr[3];
        uint8_t n;
    } sizes[] = {{"US", 2}, {"SS", 2}, {"UL", 4}, {"SL", 4}, {"FL", 4}, {"FD", 8}, {"AT", 4},
                 {"OW", 2}, {"UV", 8}, {"SV", 8}, {"OF", 4}, {"OD", 8}, {"OL", 4}, {"OV", 8}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (vr_is(e, sizes[i].vr))
            return sizes[i].n;
    return 1; /* OB, UN */
}

/* LT, ST, UT and UR have one value, in which a backslash is a character. */
static bool is_one_text(const hl_dicom_element *e)
{
    return vr_is(e, "LT") || vr_is(e, "ST") || vr_is(e, "UT") || vr_is(e, "UR");
}

size_t hl_dicom_count(const hl_dicom_element *e)
{
    size_t n = 1;

    if (!e || !e->value || e->length == 0)
        return 0;
    if (!hl_dicom_vr_is_text(e->vr))
        return (size_t)e->length / value_bytes(e);
    if (!is_one_text(e))
        for (int64_t i = 0; i < e->length; i++)
            n += e->value[i] == '\\';
    return n;
}

static bool is_padding(char c)
{
    return c == ' ' || c == 0;
}

static hl_str text_at(const hl_dicom_element *e, size_t i)
{
    const char *at = (const char *)e->value, *end = at + e->length;

    if (!is_one_text(e)) {
        for (; i > 0; i--) {
            at = memchr(at, '\\', (size_t)(end - at));
            if (!at)
                return (hl_str){NULL, 0};
            at++;
        }
        const char *stop = memchr(at, '\\', (size_t)(end - at));
        end = stop ? stop : end;
    } else if (i > 0) {
        return (hl_str){NULL, 0};
    }
    while (end > at && is_padding(end[-1]))
        end--;
    while (at < end && is_padding(*at))
        at++;
    return (hl_str){at, (size_t)(end - at)};
}

/* A text VR whose bytes need no character set to be understood. */
static bool is_ascii(const hl_dicom_element *e)
{
    if (!e || !e->value || !hl_dicom_vr_is_text(e->vr))
        return false;
    for (int64_t i = 0; i < e->length; i++)
        if (e->value[i] >= 0x80 || e->value[i] == 0x1B)
            return false;
    return true;
}

hl_str hl_dicom_ascii(const hl_dicom_element *e, size_t i)
{
    return is_ascii(e) ? text_at(e, i) : (hl_str){NULL, 0};
}

/* Value i of a binary VR as its bits, sign-extended if the VR has a sign. */
static bool bits_at(const hl_dicom_element *e, size_t i, uint64_t *out)
{
    const size_t size = value_bytes(e);

    if (i >= (size_t)e->length / size)
        return false;
    const uint8_t *p = e->value + i * size;
    switch (size) {
    case 1:
        *out = *p;
        break;
    case 2:
        *out = vr_is(e, "SS") ? (uint64_t)(int16_t)hl_dicom_u16(p, e->big_endian)
                              : hl_dicom_u16(p, e->big_endian);
        break;
    case 4:
        *out = vr_is(e, "SL")   ? (uint64_t)(int32_t)hl_dicom_u32(p, e->big_endian)
               : vr_is(e, "AT") ? hl_dicom_tag_at(p, e->big_endian)
                                : hl_dicom_u32(p, e->big_endian);
        break;
    default:
        *out = hl_dicom_u64(p, e->big_endian);
        break;
    }
    return true;
}

static bool is_float(const hl_dicom_element *e)
{
    return vr_is(e, "FL") || vr_is(e, "FD") || vr_is(e, "OF") || vr_is(e, "OD");
}

/* A decimal: digits, sign, point, exponent; no "nan", no "inf". */
static bool text_real(hl_str text, double *out)
{
    for (size_t i = 0; i < text.n; i++)
        if (!memchr("0123456789+-.eE", text.at[i], 15))
            return false;
    return hl_parse_f64(text, out);
}

bool hl_dicom_int(const hl_dicom_element *e, size_t i, int64_t *out)
{
    uint64_t bits;
    double real;

    if (!e || !e->value)
        return false;
    if (vr_is(e, "IS") || vr_is(e, "DS")) {
        const hl_str text = hl_dicom_ascii(e, i);
        if (hl_parse_i64(text, out))
            return true;
        if (!text_real(text, &real) || real < -9007199254740992.0 || real > 9007199254740992.0 ||
            (double)(int64_t)real != real)
            return false;
        *out = (int64_t)real;
        return true;
    }
    if (hl_dicom_vr_is_text(e->vr) || is_float(e) || vr_is(e, "SQ") || vr_is(e, "UN"))
        return false;
    if (!bits_at(e, i, &bits) || (bits > INT64_MAX && (vr_is(e, "UV") || vr_is(e, "OV"))))
        return false;
    *out = (int64_t)bits;
    return true;
}

bool hl_dicom_real(const hl_dicom_element *e, size_t i, double *out)
{
    int64_t whole;
    uint64_t bits;

    if (!e || !e->value)
        return false;
    if (vr_is(e, "DS") || vr_is(e, "IS"))
        return text_real(hl_dicom_ascii(e, i), out);
    if (is_float(e)) {
        if (!bits_at(e, i, &bits))
            return false;
        if (value_bytes(e) == 8) {
            memcpy(out, &bits, sizeof *out);
        } else {
            const uint32_t low = (uint32_t)bits;
            float f;
            memcpy(&f, &low, sizeof f);
            *out = (double)f;
        }
        return true;
    }
    if ((vr_is(e, "UV") || vr_is(e, "OV")) && bits_at(e, i, &bits)) {
        *out = (double)bits;
        return true;
    }
    if (!hl_dicom_int(e, i, &whole))
        return false;
    *out = (double)whole;
    return true;
}

bool hl_dicom_get_int(const hl_dicom *d, uint32_t tag, int64_t *out)
{
    return hl_dicom_int(hl_dicom_find(&d->root, tag), 0, out);
}

hl_str hl_dicom_get_ascii(const hl_dicom *d, uint32_t tag)
{
    return hl_dicom_ascii(hl_dicom_find(&d->root, tag), 0);
}
