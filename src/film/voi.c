#include "film/voi.h"

#include <math.h>

#define TAG_PIXEL_PADDING_RANGE_LIMIT HL_TAG(0x0028, 0x0121)

/* --- look-up tables in sequences, PS3.3 C.11.1.1.1 and C.11.2.1.1 -------------------------------
 */

/* The bytes of LUTData as entries: 16-bit words, or (bits <= 8, half as many bytes) single bytes,
 * which lie swapped in pairs in a big-endian OW value. */
static void take_entries(const hl_dicom_element *e, const uint8_t *at, bool words, uint32_t n,
                         uint16_t *out)
{
    const bool swapped = e->big_endian && strcmp(e->vr, "OW") == 0;

    for (uint32_t i = 0; i < n; i++) {
        const size_t k = words ? 2 * (size_t)i : i;
        if (!words)
            out[i] = at[swapped ? k ^ 1 : k];
        else if (e->big_endian)
            out[i] = (uint16_t)(at[k] << 8 | at[k + 1]);
        else
            out[i] = (uint16_t)(at[k + 1] << 8 | at[k]);
    }
}

/* signed_input: the table's inputs can be below 0, so the first of them is a signed number. */
static hl_code read_lut(hl_dicom *d, const hl_dicom_item *item, bool signed_input, hl_arena *arena,
                        hl_tone_lut *out, hl_error *err)
{
    const hl_dicom_element *e = hl_dicom_find(item, HL_TAG_LUTDescriptor);
    int64_t number[3];
    const uint8_t *at = NULL;

    for (size_t i = 0; i < 3; i++)
        if (!e || !hl_dicom_int(e, i, &number[i]))
            return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_LUTDescriptor, err,
                                 "must have three numbers: entries, first input, bits");
    number[0] &= 0xFFFF;
    /* Some files say US although the input is signed; without VRs the reader of the file has gone
     * by PixelRepresentation, which says nothing about what comes out of a rescale. */
    if (signed_input && number[1] > INT16_MAX)
        number[1] -= 65536;
    else if (!signed_input && number[1] < 0 && hl_dicom_syntax_of(d)->implicit_vr)
        number[1] += 65536;
    *out = (hl_tone_lut){.n = number[0] ? (uint32_t)number[0] : 65536,
                         .first = number[1],
                         .bits = (int32_t)(number[2] & 0xFFFF)};
    if (out->bits < 1 || out->bits > 16)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_LUTDescriptor, err,
                             "%d bits an entry; 1 to 16 can be", out->bits);
    e = hl_dicom_find(item, HL_TAG_LUTData);
    const int64_t bytes = e ? e->length : 0;
    const bool words = bytes >= 2 * (int64_t)out->n;
    if (!words && (out->bits > 8 || bytes < out->n || bytes > (int64_t)out->n + 1))
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_LUTData, err,
                             "%lld bytes for %u entries of %d bits", (long long)bytes, out->n,
                             out->bits);
    if (!words && e->big_endian && bytes % 2 != 0)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_LUTData, err, "an odd number of bytes");
    uint16_t *entry = hl_arena_alloc(arena, out->n * sizeof *entry);
    if (!entry)
        return hl_fail_memory(err, "look-up table", out->n * sizeof *entry);
    const hl_code c = hl_dicom_load(d, e, arena, &at, err);
    if (c != HL_OK)
        return c;
    take_entries(e, at, words, out->n, entry);
    out->entry = entry;
    return HL_OK;
}

/* Entry for input x; beyond its ends the table is level. */
static uint16_t lut_at(const hl_tone_lut *lut, int64_t x)
{
    const int64_t i = x - lut->first;

    return lut->entry[i < 0 ? 0 : i >= lut->n ? lut->n - 1 : i];
}

/* --- modality ------------------------------------------------------------------------------- */

hl_modality hl_modality_none(void)
{
    return (hl_modality){.slope = 1.0, .intercept = 0.0};
}

/* Value 0 of an element that may be absent; *out keeps its value then. HL_E_INPUT: no number. */
static hl_code read_real(hl_dicom *d, uint32_t tag, bool *there, double *out, hl_error *err)
{
    const hl_dicom_element *e = hl_dicom_get(d, tag);

    *there = e != NULL;
    if (e && (!hl_dicom_real(e, 0, out) || !isfinite(*out)))
        return hl_dicom_fail(d, HL_E_INPUT, tag, err, "is no number");
    return HL_OK;
}

hl_code hl_modality_read(hl_dicom *d, const hl_pixels *p, hl_arena *arena, hl_modality *out,
                         hl_error *err)
{
    const hl_dicom_item *item = hl_dicom_first_item(hl_dicom_root(d), HL_TAG_ModalityLUTSequence);
    bool there;

    *out = hl_modality_none();
    if (item)
        return read_lut(d, item, p->is_signed, arena, &out->lut, err);
    hl_code c = read_real(d, HL_TAG_RescaleSlope, &there, &out->slope, err);
    if (c == HL_OK)
        c = read_real(d, HL_TAG_RescaleIntercept, &there, &out->intercept, err);
    if (c == HL_OK && out->slope == 0.0)
        c = hl_dicom_fail(d, HL_E_INPUT, HL_TAG_RescaleSlope, err,
                          "is 0: every pixel would be the same");
    return c;
}

double hl_modality_of(const hl_modality *m, int64_t stored)
{
    if (m->lut.n)
        return lut_at(&m->lut, stored);
    return (double)stored * m->slope + m->intercept;
}

void hl_modality_span(const hl_modality *m, int64_t least, int64_t greatest, double *low,
                      double *high)
{
    const double a = hl_modality_of(m, least), b = hl_modality_of(m, greatest);

    *low = m->lut.n ? 0.0 : a < b ? a : b;
    *high = m->lut.n ? (double)((1 << m->lut.bits) - 1) : a < b ? b : a;
}

/* --- values of interest ----------------------------------------------------------------------- */

static hl_code read_function(hl_dicom *d, hl_voi_kind *out, hl_error *err)
{
    const hl_str name = hl_dicom_get_ascii(d, HL_TAG_VOILUTFunction);

    *out = HL_VOI_LINEAR;
    if (hl_str_is(name, "LINEAR_EXACT"))
        *out = HL_VOI_LINEAR_EXACT;
    else if (hl_str_is(name, "SIGMOID"))
        *out = HL_VOI_SIGMOID;
    else if (name.n && !hl_str_is(name, "LINEAR"))
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_VOILUTFunction, err,
                             "is none of LINEAR, LINEAR_EXACT, SIGMOID");
    return HL_OK;
}

/* PS3.3 C.11.2.1.1: a Modality LUT gives unsigned numbers, a rescale what its range says. */
static bool can_be_negative(const hl_pixels *p, const hl_modality *m)
{
    const int64_t half = INT64_C(1) << (p->bits_stored - 1);
    double low, high;

    hl_modality_span(m, p->is_signed ? -half : 0, p->is_signed ? half - 1 : 2 * half - 1, &low,
                     &high);
    return low < 0.0;
}

hl_code hl_voi_read(hl_dicom *d, const hl_pixels *p, const hl_modality *input, hl_arena *arena,
                    hl_voi *out, hl_error *err)
{
    const hl_dicom_item *item = hl_dicom_first_item(hl_dicom_root(d), HL_TAG_VOILUTSequence);
    bool centre = false, width = false;

    *out = (hl_voi){.kind = HL_VOI_NONE};
    if (item) {
        out->kind = HL_VOI_LUT;
        return read_lut(d, item, can_be_negative(p, input), arena, &out->lut, err);
    }
    hl_code c = read_real(d, HL_TAG_WindowCenter, &centre, &out->centre, err);
    if (c == HL_OK)
        c = read_real(d, HL_TAG_WindowWidth, &width, &out->width, err);
    if (c != HL_OK || (!centre && !width))
        return c;
    if (centre != width)
        return hl_dicom_fail(d, HL_E_INPUT, centre ? HL_TAG_WindowWidth : HL_TAG_WindowCenter, err,
                             "is missing beside its other half");
    c = read_function(d, &out->kind, err);
    if (c == HL_OK && out->kind == HL_VOI_LINEAR && out->width < 1.0)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_WindowWidth, err, "is less than 1");
    if (c == HL_OK && out->width <= 0.0)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_WindowWidth, err, "is not above 0");
    return c;
}

double hl_voi_of(const hl_voi *v, double x)
{
    const double c = v->centre, w = v->width;

    switch (v->kind) {
    case HL_VOI_NONE:
        break;
    case HL_VOI_LINEAR:
        if (x <= c - 0.5 - (w - 1.0) / 2.0)
            return 0.0;
        if (x > c - 0.5 + (w - 1.0) / 2.0)
            return 1.0;
        return (x - (c - 0.5)) / (w - 1.0) + 0.5;
    case HL_VOI_LINEAR_EXACT:
        if (x <= c - w / 2.0)
            return 0.0;
        if (x > c + w / 2.0)
            return 1.0;
        return (x - c) / w + 0.5;
    case HL_VOI_SIGMOID:
        return 1.0 / (1.0 + exp(-4.0 * (x - c) / w));
    case HL_VOI_LUT: {
        const double top = (double)((1 << v->lut.bits) - 1);
        const double at = floor(x + 0.5), limit = 1e9; /* far beyond any table */
        const double y = lut_at(&v->lut, (int64_t)(at < -limit ? -limit : at > limit ? limit : at));
        return y < top ? y / top : 1.0;
    }
    }
    return 0.0;
}

/* --- padding -------------------------------------------------------------------------------- */

/* 16 bits read with the pixels' sign. */
static int64_t as_stored(int64_t v, bool is_signed)
{
    if (is_signed && v > INT16_MAX && v <= UINT16_MAX)
        return v - 65536;
    if (!is_signed && v < 0 && v >= INT16_MIN)
        return v + 65536;
    return v;
}

hl_padding hl_padding_read(const hl_dicom *d, const hl_pixels *p)
{
    int64_t value, limit;

    if (!hl_dicom_get_int(d, HL_TAG_PixelPaddingValue, &value))
        return (hl_padding){.any = false};
    value = as_stored(value, p->is_signed);
    if (!hl_dicom_get_int(d, TAG_PIXEL_PADDING_RANGE_LIMIT, &limit))
        limit = value;
    limit = as_stored(limit, p->is_signed);
    return (hl_padding){
        .any = true, .low = value < limit ? value : limit, .high = value < limit ? limit : value};
}
