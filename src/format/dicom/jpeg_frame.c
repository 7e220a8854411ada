#include "format/dicom/pixels_internal.h"

#include "format/jpeg_header.h"
#include "format/jpeg_samples.h"

/* The frame header decides, not the transfer syntax: lossless data under a baseline UID occur. */
static bool is_lossless(const hl_jpeg_header *h)
{
    return h->sof == 0xC3;
}

/* Size, and whether so few bytes can hold it: a lossless sample and a block of a DCT take a bit at
 * least (a block of an arithmetic-coded one less, films have none). */
static hl_code check(const hl_frame_task *t, const hl_jpeg_header *h, hl_error *err)
{
    const hl_pixels *p = t->p;
    const int64_t n_px = (int64_t)p->columns * p->rows;
    const int64_t bits = is_lossless(h) ? n_px * p->samples : n_px / 64;

    if (h->width != p->columns || h->height != p->rows || h->components != p->samples)
        return hl_frame_fail(t, HL_E_INPUT, err,
                             "the JPEG data hold %d x %d pixels of %d samples, the header says "
                             "%d x %d of %d",
                             h->width, h->height, h->components, p->columns, p->rows, p->samples);
    if (h->precision > p->bits_allocated)
        return hl_frame_fail(t, HL_E_INPUT, err, "JPEG samples of %d bits, but BitsAllocated is %d",
                             h->precision, p->bits_allocated);
    if (bits / 8 > (int64_t)t->n)
        return hl_frame_fail(t, HL_E_INPUT, err,
                             "the JPEG data end early (%zu bytes cannot hold %d x %d pixels)\n"
                             "The file is cut or damaged. Get it again from its source.",
                             t->n, p->columns, p->rows);
    return HL_OK;
}

static hl_code decode(const hl_frame_task *t, const hl_jpeg_header *h, hl_jpeg_samples *out,
                      hl_error *err)
{
    const hl_jpeg_size size = {t->p->columns, t->p->rows, t->p->samples};
    char name[HL_FRAME_NAME_CHARS];

    hl_frame_name(t, name);
    if (is_lossless(h))
        return hl_jpeg_decode_lossless(t->arena, t->at, t->n, name, size, out, err);
    if (h->precision == 12)
        return hl_jpeg_decode_dct12(t->arena, t->at, t->n, name, size, out, err);
    return hl_jpeg_decode_samples8(t->arena, t->at, t->n, name, size, out, err);
}

static hl_code to_frame(const hl_frame_task *t, const hl_jpeg_samples *s, hl_frame *out,
                        hl_error *err)
{
    const int32_t bits = t->p->bits_allocated;
    const size_t n = (size_t)s->width * (size_t)s->height * (size_t)s->components;
    void *px = NULL;
    hl_code c;

    if (bits == 16) {
        *out = (hl_frame){.width = s->width,
                          .height = s->height,
                          .samples = s->components,
                          .bits = 16,
                          .is_signed = t->p->is_signed,
                          .px = s->px};
        return HL_OK;
    }
    c = hl_frame_new(t, bits, out, &px, err);
    if (c == HL_OK && bits == 8)
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)px)[i] = (uint8_t)s->px[i];
    else if (c == HL_OK)
        for (size_t i = 0; i < n; i++)
            ((uint32_t *)px)[i] = s->px[i];
    return c;
}

static void warn(const hl_frame_task *t, const hl_jpeg_samples *s)
{
    if (s->no_eoi)
        hl_dicom_warn(t->d, HL_TAG_PixelData, -1,
                      "frame %lld: the JPEG end marker is missing; all samples are there",
                      (long long)t->i + 1);
    if (s->odd_scan)
        hl_dicom_warn(t->d, HL_TAG_PixelData, -1,
                      "frame %lld: the JPEG scan header's Ss and Se are not 0 and 63; read as if "
                      "they were",
                      (long long)t->i + 1);
}

hl_code hl_jpeg_frame(const hl_frame_task *t, hl_frame *out, hl_error *err)
{
    hl_jpeg_header h;
    hl_jpeg_samples s = {0};
    hl_error found = {0};
    char name[HL_FRAME_NAME_CHARS];
    hl_code c;

    if (t->p->bits_allocated == 1)
        return hl_frame_fail(t, HL_E_INPUT, err, "JPEG data, but BitsAllocated is 1");
    if (t->n < 2 || t->at[0] != 0xFF || t->at[1] != 0xD8)
        return hl_frame_fail(t, HL_E_INPUT, err,
                             "no JPEG data (no SOI marker, FF D8, at its beginning)");
    c = hl_jpeg_header_read(t->at, t->n, hl_frame_name(t, name), &h, &found);
    if (c != HL_OK)
        return hl_frame_pass(t, c, &found, err);
    c = check(t, &h, err);
    if (c != HL_OK)
        return c;
    c = decode(t, &h, &s, &found);
    if (c != HL_OK)
        return hl_frame_pass(t, c, &found, err);
    warn(t, &s);
    c = to_frame(t, &s, out, err);
    if (c == HL_OK)
        hl_frame_mask_rule(t->p, s.precision, out);
    /* What a DCT gives is cut to its precision: nothing is left to mask. Lossless data may go over.
     */
    if (c == HL_OK && !is_lossless(&h) && !t->p->is_signed && s.precision <= t->p->bits_stored &&
        out->shift == 0) {
        out->stored = out->bits;
        out->exact = true;
    }
    return c;
}
