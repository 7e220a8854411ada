#include "format/dicom/pixels_internal.h"

#include <stdarg.h>

/* --- errors of one frame ------------------------------------------------------------------------
 */

const char *hl_frame_name(const hl_frame_task *t, char out[HL_FRAME_NAME_CHARS])
{
    snprintf(out, HL_FRAME_NAME_CHARS, "frame %lld", (long long)t->i + 1);
    return out;
}

hl_code hl_frame_fail(const hl_frame_task *t, hl_code code, hl_error *err, const char *fmt, ...)
{
    char text[512], name[HL_FRAME_NAME_CHARS];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return hl_dicom_fail(t->d, code, HL_TAG_PixelData, err, "%s: %s", hl_frame_name(t, name), text);
}

hl_code hl_frame_pass(const hl_frame_task *t, hl_code code, const hl_error *found, hl_error *err)
{
    if (!hl_error_is_memory(found))
        return hl_dicom_fail(t->d, code, HL_TAG_PixelData, err, "%s", found->message);
    if (err)
        *err = *found;
    return code;
}

hl_code hl_frame_check_ratio(const hl_frame_task *t, hl_error *err)
{
    const hl_pixels *p = t->p;
    const int64_t n = (int64_t)p->rows * p->columns * p->samples;

    if (n <= HL_FRAME_FREE_SAMPLES || n / HL_FRAME_SAMPLES_PER_BYTE <= (int64_t)t->n)
        return HL_OK;
    return hl_frame_fail(t, HL_E_LIMIT, err, "%d x %d pixels in %zu bytes are not believed",
                         p->columns, p->rows, t->n);
}

/* --- frames -------------------------------------------------------------------------------------
 */

hl_code hl_frame_new(const hl_frame_task *t, int32_t bits, hl_frame *out, void **px, hl_error *err)
{
    const hl_pixels *p = t->p;
    /* describe has checked that this is at most HL_PIXELS_MAX_BYTES */
    const size_t n = (size_t)p->rows * (size_t)p->columns * (size_t)p->samples * (size_t)bits / 8;

    *out = (hl_frame){.width = p->columns,
                      .height = p->rows,
                      .samples = p->samples,
                      .bits = bits,
                      .stored = bits,
                      .is_signed = p->is_signed,
                      .exact = true};
    *px = hl_arena_aligned(t->arena, n, 64);
    out->px = *px;
    return *px ? HL_OK : hl_fail_memory(err, "pixels", n);
}

void hl_frame_mask_rule(const hl_pixels *p, int32_t carried, hl_frame *out)
{
    const int32_t shift = p->high_bit + 1 - p->bits_stored;

    /* HighBit speaks of whole words; a sample of fewer bits holds the value alone. */
    out->shift = shift > 0 && p->high_bit < carried ? shift : 0;
    out->stored = p->bits_stored;
    out->exact = out->shift == 0 && out->stored == out->bits;
}

static hl_code decode(hl_frame_task *t, const hl_dicom_element *e, hl_frame *out, hl_error *err)
{
    const hl_dicom_codec codec = e->n_fragments ? hl_dicom_syntax_of(t->d)->codec : HL_CODEC_NATIVE;
    hl_code c;

    if (codec == HL_CODEC_NATIVE)
        return hl_native_frame(t, e, out, err);
    c = hl_frames_join(t, e, err);
    if (c != HL_OK)
        return c;
    switch (codec) {
    case HL_CODEC_RAW:
        return hl_native_raw(t, out, err);
    case HL_CODEC_DEFLATED_FRAME:
        return hl_native_inflate(t, out, err);
    case HL_CODEC_RLE:
        return hl_rle_frame(t, out, err);
    case HL_CODEC_JPEG:
    case HL_CODEC_JPEG_LOSSLESS:
        return hl_jpeg_frame(t, out, err);
    case HL_CODEC_JPEG_LS:
        return hl_jpeg_ls_frame(t, out, err);
    case HL_CODEC_JPEG_2000:
        return hl_jpeg_2000_frame(t, out, err);
    case HL_CODEC_NATIVE:
    case HL_CODEC_UNSUPPORTED:
    case HL_CODEC_UNKNOWN:
        break;
    }
    return hl_frame_fail(t, HL_E_LIMIT, err, "its transfer syntax is not supported");
}

hl_code hl_pixels_frame(hl_dicom *d, const hl_pixels *p, int64_t i, hl_arena *arena, hl_cpu cpu,
                        hl_frame *out, hl_error *err)
{
    hl_frame_task t = {.d = d, .p = p, .i = i, .arena = arena};
    const hl_dicom_element *e = hl_dicom_get(d, HL_TAG_PixelData);

    (void)cpu; /* the decoders here have no levels of their own */
    hl_assert(e && i >= 0 && i < p->n_frames);
    return decode(&t, e, out, err);
}

/* --- the image module ---------------------------------------------------------------------------
 */

static hl_code get(hl_dicom *d, uint32_t tag, int64_t *out, hl_error *err)
{
    if (!hl_dicom_get(d, tag))
        return hl_dicom_fail(d, HL_E_INPUT, tag, err, "missing");
    if (!hl_dicom_get_int(d, tag, out))
        return hl_dicom_fail(d, HL_E_INPUT, tag, err, "not a number");
    return HL_OK;
}

/* A number that must lie within [low, high]. */
static hl_code get_within(hl_dicom *d, uint32_t tag, int64_t low, int64_t high, int32_t *out,
                          hl_error *err)
{
    int64_t v = 0;
    const hl_code c = get(d, tag, &v, err);

    if (c != HL_OK)
        return c;
    if (v < low || v > high)
        return hl_dicom_fail(d, HL_E_INPUT, tag, err, "is %lld, must be from %lld to %lld",
                             (long long)v, (long long)low, (long long)high);
    *out = (int32_t)v;
    return HL_OK;
}

/* A number that may be absent or empty, then fallback; *there says which. */
static hl_code get_or(hl_dicom *d, uint32_t tag, int64_t fallback, bool *there, int64_t *out,
                      hl_error *err)
{
    *there = hl_dicom_get(d, tag) != NULL;
    *out = fallback;
    return *there ? get(d, tag, out, err) : HL_OK;
}

static hl_code read_samples(hl_dicom *d, hl_pixels *p, hl_error *err)
{
    bool there;
    int64_t planar;
    hl_code c = get_within(d, HL_TAG_SamplesPerPixel, 1, 3, &p->samples, err);

    if (c == HL_OK && p->samples == 2)
        c = hl_dicom_fail(d, HL_E_INPUT, HL_TAG_SamplesPerPixel, err, "is 2, must be 1 or 3");
    if (c != HL_OK || p->samples == 1)
        return c;
    c = get_or(d, HL_TAG_PlanarConfiguration, 0, &there, &planar, err);
    if (c != HL_OK)
        return c;
    if (planar != 0 && planar != 1)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_PlanarConfiguration, err,
                             "is %lld, must be 0 or 1", (long long)planar);
    if (!there)
        hl_dicom_warn(d, HL_TAG_PlanarConfiguration, -1,
                      "PlanarConfiguration is missing; samples are taken pixel by pixel");
    p->planar = planar == 1;
    return HL_OK;
}

static hl_code read_bits(hl_dicom *d, hl_pixels *p, hl_error *err)
{
    bool there;
    int64_t allocated = 0, stored = 0, high, sign = 0;
    hl_code c = get(d, HL_TAG_BitsAllocated, &allocated, err);

    if (c == HL_OK && allocated != 1 && allocated != 8 && allocated != 16 && allocated != 32)
        c = hl_dicom_fail(d, HL_E_LIMIT, HL_TAG_BitsAllocated, err,
                          "is %lld; only 1, 8, 16 and 32 are supported", (long long)allocated);
    if (c == HL_OK)
        c = get(d, HL_TAG_BitsStored, &stored, err);
    if (c == HL_OK && (stored < 1 || stored > allocated))
        c = hl_dicom_fail(d, HL_E_INPUT, HL_TAG_BitsStored, err,
                          "is %lld, must be from 1 to BitsAllocated, %lld", (long long)stored,
                          (long long)allocated);
    if (c == HL_OK)
        c = get_or(d, HL_TAG_HighBit, stored - 1, &there, &high, err);
    if (c == HL_OK && (high < 0 || high >= allocated))
        c = hl_dicom_fail(d, HL_E_INPUT, HL_TAG_HighBit, err,
                          "is %lld, must be below BitsAllocated, %lld", (long long)high,
                          (long long)allocated);
    if (c == HL_OK)
        c = get(d, HL_TAG_PixelRepresentation, &sign, err);
    if (c == HL_OK && sign != 0 && sign != 1)
        c = hl_dicom_fail(d, HL_E_INPUT, HL_TAG_PixelRepresentation, err, "is %lld, must be 0 or 1",
                          (long long)sign);
    if (c != HL_OK)
        return c;
    if (!there)
        hl_dicom_warn(d, HL_TAG_HighBit, -1, "HighBit is missing; BitsStored - 1 was taken");
    p->bits_allocated = (int32_t)allocated;
    p->bits_stored = (int32_t)stored;
    p->high_bit = (int32_t)high;
    p->is_signed = sign == 1;
    return HL_OK;
}

static hl_code read_photometric(hl_dicom *d, hl_pixels *p, hl_error *err)
{
    const uint32_t tag = HL_TAG_PhotometricInterpretation;
    const hl_str text = hl_dicom_get_ascii(d, tag);

    if (text.n == 0)
        return hl_dicom_fail(d, HL_E_INPUT, tag, err, "missing");
    if (text.n >= sizeof p->photometric)
        return hl_dicom_fail(d, HL_E_INPUT, tag, err, "longer than 16 characters");
    memcpy(p->photometric, text.at, text.n);
    p->photometric[text.n] = 0;
    const bool one = hl_str_starts(text, "MONOCHROME") || hl_str_is(text, "PALETTE COLOR");
    const bool three = hl_str_is(text, "RGB") || hl_str_starts(text, "YBR_");
    if ((one && p->samples != 1) || (three && p->samples != 3))
        return hl_dicom_fail(d, HL_E_INPUT, tag, err, "does not go with SamplesPerPixel %d",
                             p->samples);
    return HL_OK;
}

static hl_code read_n_frames(hl_dicom *d, hl_pixels *p, hl_error *err)
{
    bool there;
    const hl_code c = get_or(d, HL_TAG_NumberOfFrames, 1, &there, &p->n_frames, err);

    if (c != HL_OK)
        return c;
    if (p->n_frames < 0 || p->n_frames > INT32_MAX)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_NumberOfFrames, err, "is %lld",
                             (long long)p->n_frames);
    if (p->n_frames == 0) {
        hl_dicom_warn(d, HL_TAG_NumberOfFrames, -1, "NumberOfFrames is 0; 1 was taken");
        p->n_frames = 1;
    }
    return HL_OK;
}

/* --- the pixel data -----------------------------------------------------------------------------
 */

static hl_code find(hl_dicom *d, const hl_dicom_element **out, hl_error *err)
{
    const hl_dicom_syntax *syntax = hl_dicom_syntax_of(d);
    const char *const uid = syntax->uid;
    const bool show = uid[0] && uid[strspn(uid, "0123456789.")] == 0; /* no text of anyone's */

    *out = hl_dicom_get(d, HL_TAG_PixelData);
    if (!*out && hl_dicom_get(d, HL_TAG_FloatPixelData))
        return hl_dicom_fail(d, HL_E_LIMIT, HL_TAG_FloatPixelData, err, "not supported");
    if (!*out && hl_dicom_get(d, HL_TAG_DoubleFloatPixelData))
        return hl_dicom_fail(d, HL_E_LIMIT, HL_TAG_DoubleFloatPixelData, err, "not supported");
    if (!*out)
        return hl_dicom_fail(d, HL_E_INPUT, 0, err, "no pixel data");
    if (syntax->codec == HL_CODEC_UNSUPPORTED)
        return hl_dicom_fail(d, HL_E_LIMIT, HL_TAG_TransferSyntaxUID, err,
                             "the transfer syntax %s (%s) is not supported", syntax->name,
                             syntax->uid);
    if (syntax->codec == HL_CODEC_UNKNOWN)
        return hl_dicom_fail(d, HL_E_LIMIT, HL_TAG_TransferSyntaxUID, err,
                             "unknown transfer syntax%s%s%s: its pixels cannot be decoded",
                             show ? " (" : "", show ? uid : "", show ? ")" : "");
    return HL_OK;
}

/* Native data: the length is proof of rows, columns and frames, and comes before any allocation. */
static hl_code check_native(hl_dicom *d, const hl_dicom_element *e, bool exactly, hl_pixels *p,
                            hl_error *err)
{
    const uint32_t tag = HL_TAG_PixelData;
    const int64_t bits = hl_native_bits(p);
    int64_t need;

    if (bits == 0)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_PhotometricInterpretation, err,
                             "%s needs 8 bits, an even number of columns and "
                             "PlanarConfiguration 0",
                             p->photometric);
    if (__builtin_mul_overflow(bits, p->n_frames, &need))
        need = INT64_MAX - 7;
    need = (need + 7) / 8;
    if (exactly && e->length != need && e->length != need + need % 2)
        return hl_dicom_fail(d, HL_E_INPUT, tag, err,
                             "not encapsulated, as the transfer syntax %s demands, and of %lld "
                             "bytes where uncompressed pixels take %lld",
                             hl_dicom_syntax_of(d)->name, (long long)e->length, (long long)need);
    if (e->length < need)
        return hl_dicom_fail(
            d, HL_E_INPUT, tag, err,
            "%lld bytes, but %d x %d pixels of %d x %d bits in %lld frame%s take %lld\n"
            "The file is cut or its header is wrong. Get it again from its source.",
            (long long)e->length, p->columns, p->rows, p->samples, p->bits_allocated,
            (long long)p->n_frames, p->n_frames == 1 ? "" : "s", (long long)need);
    if (e->length - need > need % 2) {
        p->excess_bytes = (size_t)(e->length - need);
        hl_dicom_warn(d, tag, e->offset + need, "%zu bytes behind the last frame were left out",
                      p->excess_bytes);
    }
    return HL_OK;
}

static hl_code check_data(hl_dicom *d, const hl_dicom_element *e, hl_pixels *p, hl_error *err)
{
    const hl_dicom_syntax *syntax = hl_dicom_syntax_of(d);
    const int64_t word_bytes = p->bits_allocated == 1 ? 1 : p->bits_allocated / 8;
    hl_code c = HL_OK;

    if (e->n_fragments && !syntax->encapsulated)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_PixelData, err,
                             "encapsulated, which the transfer syntax %s does not allow",
                             syntax->name);
    if (e->n_fragments == 0)
        c = check_native(d, e, syntax->encapsulated, p, err);
    if (c == HL_OK && (int64_t)p->rows * p->columns * p->samples > HL_PIXELS_MAX_BYTES / word_bytes)
        c = hl_dicom_fail(d, HL_E_LIMIT, HL_TAG_PixelData, err,
                          "a frame of %d x %d pixels is larger than 4 GiB", p->columns, p->rows);
    if (c == HL_OK && e->n_fragments == 0 && syntax->encapsulated)
        hl_dicom_warn(d, HL_TAG_PixelData, e->offset,
                      "uncompressed pixels under a compressed transfer syntax");
    if (c == HL_OK && e->n_fragments)
        c = hl_frames_place(d, e, p, err);
    return c;
}

hl_code hl_pixels_describe(hl_dicom *d, hl_pixels *out, hl_error *err)
{
    hl_pixels p = {0};
    const hl_dicom_element *e = NULL;
    hl_code c = find(d, &e, err);

    if (c == HL_OK)
        c = get_within(d, HL_TAG_Rows, 1, 65535, &p.rows, err);
    if (c == HL_OK)
        c = get_within(d, HL_TAG_Columns, 1, 65535, &p.columns, err);
    if (c == HL_OK)
        c = read_samples(d, &p, err);
    if (c == HL_OK)
        c = read_bits(d, &p, err);
    if (c == HL_OK)
        c = read_photometric(d, &p, err);
    if (c == HL_OK)
        c = read_n_frames(d, &p, err);
    if (c == HL_OK)
        c = check_data(d, e, &p, err);
    if (c == HL_OK)
        *out = p;
    return c;
}
