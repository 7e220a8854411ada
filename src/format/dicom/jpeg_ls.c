#include "format/dicom/pixels_internal.h"

#include <charls/charls.h>

/* ITU-T T.87 through CharLS, which checks every marker; films.md 3.7.4. Its C interface catches its
 * own exceptions. */

static hl_code fail(const hl_frame_task *t, charls_jpegls_errc e, hl_error *err)
{
    if (e == CHARLS_JPEGLS_ERRC_NOT_ENOUGH_MEMORY)
        return hl_fail_memory(err, "JPEG-LS decoder", t->n);
    return hl_frame_fail(t, HL_E_INPUT, err,
                         "damaged JPEG-LS data: %s\n"
                         "The file is cut or damaged. Get it again from its source.",
                         charls_get_error_message(e));
}

static hl_code check(const hl_frame_task *t, const charls_frame_info *f, hl_error *err)
{
    const hl_pixels *p = t->p;

    if (f->width != (uint32_t)p->columns || f->height != (uint32_t)p->rows ||
        f->component_count != p->samples)
        return hl_frame_fail(t, HL_E_INPUT, err,
                             "the JPEG-LS data hold %u x %u pixels of %d samples, the header says "
                             "%d x %d of %d",
                             f->width, f->height, f->component_count, p->columns, p->rows,
                             p->samples);
    if (f->bits_per_sample > p->bits_allocated)
        return hl_frame_fail(t, HL_E_INPUT, err,
                             "JPEG-LS samples of %d bits, but BitsAllocated is %d",
                             f->bits_per_sample, p->bits_allocated);
    return hl_frame_check_ratio(t, err);
}

/* Sample i as an integer; `low` = bits of precision, sign-extended when the pixels are signed. */
static void put(const void *from, size_t at, int32_t from_bits, int32_t precision, bool sign,
                hl_frame *f, void *to, size_t i)
{
    uint32_t v = from_bits == 8 ? ((const uint8_t *)from)[at] : ((const uint16_t *)from)[at];

    if (sign)
        v = (uint32_t)((int32_t)(v << (32 - precision)) >> (32 - precision));
    if (f->bits == 8)
        ((uint8_t *)to)[i] = (uint8_t)v;
    else if (f->bits == 16)
        ((uint16_t *)to)[i] = (uint16_t)v;
    else
        ((uint32_t *)to)[i] = v;
}

/* Planes to pixels, words to the header's width, the sign from the stream's precision. */
static hl_code to_frame(const hl_frame_task *t, const charls_frame_info *f, bool planes,
                        const void *from, hl_frame *out, hl_error *err)
{
    const hl_pixels *p = t->p;
    const size_t n_px = (size_t)p->rows * (size_t)p->columns, samples = (size_t)p->samples;
    const int32_t from_bits = f->bits_per_sample <= 8 ? 8 : 16;
    void *px = NULL;
    hl_code c;

    c = hl_frame_new(t, p->bits_allocated == 1 ? 8 : p->bits_allocated, out, &px, err);
    if (c != HL_OK)
        return c;
    for (size_t i = 0; i < n_px; i++)
        for (size_t s = 0; s < samples; s++)
            put(from, planes ? s * n_px + i : i * samples + s, from_bits, f->bits_per_sample,
                p->is_signed, out, px, i * samples + s);
    return HL_OK;
}

/*
 * CharLS 2.4 notices the end of its bytes only when exactly no bits are left, and else counts on
 * for seconds; at a marker it stops in time. So the bytes must end with one: FF D9, and at most a
 * pad byte behind. True: it was put there.
 */
static hl_code end_with_marker(hl_frame_task *t, bool *added, hl_error *err)
{
    for (size_t pad = 0; pad < 2 && pad + 2 <= t->n; pad++)
        if (t->at[t->n - pad - 2] == 0xFF && t->at[t->n - pad - 1] == 0xD9)
            return HL_OK;
    uint8_t *copy = hl_arena_alloc(t->arena, t->n + 2);
    if (!copy)
        return hl_fail_memory(err, "JPEG-LS data", t->n + 2);
    memcpy(copy, t->at, t->n);
    memcpy(copy + t->n, "\xFF\xD9", 2);
    t->at = copy;
    t->n += 2;
    *added = true;
    return HL_OK;
}

static hl_code decode(const hl_frame_task *t, charls_jpegls_decoder *j, hl_frame *out,
                      hl_error *err)
{
    charls_frame_info f = {0};
    charls_interleave_mode mode = CHARLS_INTERLEAVE_MODE_NONE;
    size_t n = 0;
    charls_jpegls_errc e = charls_jpegls_decoder_set_source_buffer(j, t->at, t->n);

    if (!e)
        e = charls_jpegls_decoder_read_header(j);
    if (!e)
        e = charls_jpegls_decoder_get_frame_info(j, &f);
    if (!e)
        e = charls_jpegls_decoder_get_interleave_mode(j, &mode);
    if (e)
        return fail(t, e, err);
    hl_code c = check(t, &f, err);
    if (c != HL_OK)
        return c;
    e = charls_jpegls_decoder_get_destination_size(j, 0, &n);
    if (e)
        return fail(t, e, err);
    const size_t words = (size_t)t->p->rows * (size_t)t->p->columns * (size_t)t->p->samples;
    hl_assert(n == words * (f.bits_per_sample <= 8 ? 1 : 2));
    void *px = hl_arena_aligned(t->arena, n, 64);
    if (!px)
        return hl_fail_memory(err, "pixels", n);
    e = charls_jpegls_decoder_decode_to_buffer(j, px, n, 0);
    if (e)
        return fail(t, e, err);
    const bool planes = mode == CHARLS_INTERLEAVE_MODE_NONE && t->p->samples > 1;
    const int32_t bits = f.bits_per_sample <= 8 ? 8 : 16;
    if (planes || bits != t->p->bits_allocated || (t->p->is_signed && f.bits_per_sample != bits))
        return to_frame(t, &f, planes, px, out, err);
    *out = (hl_frame){.width = t->p->columns,
                      .height = t->p->rows,
                      .samples = t->p->samples,
                      .bits = bits,
                      .stored = bits,
                      .is_signed = t->p->is_signed,
                      .exact = true,
                      .px = px};
    return HL_OK;
}

hl_code hl_jpeg_ls_frame(const hl_frame_task *t, hl_frame *out, hl_error *err)
{
    hl_frame_task ended = *t;
    bool added = false;
    hl_code c = end_with_marker(&ended, &added, err);
    charls_jpegls_decoder *j = charls_jpegls_decoder_create();

    if (c == HL_OK && !j)
        c = hl_fail_memory(err, "JPEG-LS decoder", 0);
    if (c == HL_OK)
        c = decode(&ended, j, out, err);
    if (c == HL_OK && added)
        hl_dicom_warn(t->d, HL_TAG_PixelData, -1,
                      "frame %lld: the JPEG-LS end marker is missing; all samples are there",
                      (long long)t->i + 1);
    charls_jpegls_decoder_destroy(j);
    return c;
}
