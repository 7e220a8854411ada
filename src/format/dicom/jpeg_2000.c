#include "format/dicom/pixels_internal.h"

#include <openjpeg.h>

/* ITU-T T.800 (JPEG 2000) and T.814 (HTJ2K) through OpenJPEG; films.md 3.7.5. Colour transforms
 * inside the codestream are undone by the library: what comes out is RGB. */

/* OpenJPEG's buffer for a stream; it wants whole marker segments in it. */
enum { STREAM_BYTES = 1 << 17 };

/* A codestream in memory, and the first error that the library told. */
typedef struct {
    const uint8_t *at;
    size_t n, next;
    char text[200];
} stream;

static OPJ_SIZE_T on_read(void *to, OPJ_SIZE_T n, void *user)
{
    stream *s = user;
    const size_t left = s->n - s->next, k = n < left ? n : left;

    if (k == 0)
        return (OPJ_SIZE_T)-1; /* its sign of the end */
    memcpy(to, s->at + s->next, k);
    s->next += k;
    return k;
}

static OPJ_OFF_T on_skip(OPJ_OFF_T n, void *user)
{
    stream *s = user;
    const size_t left = s->n - s->next;

    if (n < 0)
        return -1;
    const size_t k = (uint64_t)n < left ? (size_t)n : left;
    s->next += k;
    return k == 0 && n > 0 ? -1 : (OPJ_OFF_T)k;
}

static OPJ_BOOL on_seek(OPJ_OFF_T n, void *user)
{
    stream *s = user;

    if (n < 0 || (uint64_t)n > s->n)
        return OPJ_FALSE;
    s->next = (size_t)n;
    return OPJ_TRUE;
}

static void on_error(const char *text, void *user)
{
    stream *s = user;

    if (s->text[0])
        return;
    snprintf(s->text, sizeof s->text, "%s", text);
    s->text[strcspn(s->text, "\n")] = 0;
}

static void on_message(const char *text, void *user)
{
    (void)text; /* the library would print */
    (void)user;
}

static hl_code fail(const hl_frame_task *t, const stream *s, hl_error *err)
{
    if (strstr(s->text, "ot enough memory")) /* the library has no codes */
        return hl_fail_memory(err, "JPEG 2000 decoder", t->n);
    return hl_frame_fail(t, HL_E_INPUT, err,
                         "damaged JPEG 2000 data%s%s\n"
                         "The file is cut or damaged. Get it again from its source.",
                         s->text[0] ? ": " : "", s->text);
}

/*
 * The integer as the header's type wants it. Where the sign of a grey codestream differs from
 * PixelRepresentation, its bits are read anew: shifted to the top of the word and back.
 */
static void to_words(const hl_pixels *p, const hl_j2k *j, const opj_image_t *image, hl_frame *f,
                     void *px)
{
    const size_t n_px = (size_t)p->rows * (size_t)p->columns, step = (size_t)p->samples;
    const bool again = p->samples == 1 && j->is_signed != p->is_signed;
    const int shift = 32 - j->precision;

    for (size_t s = 0; s < step; s++) {
        const OPJ_INT32 *from = image->comps[s].data;
        for (size_t i = 0; i < n_px; i++) {
            uint32_t v = (uint32_t)from[i];
            if (again)
                v = p->is_signed ? (uint32_t)((int32_t)(v << shift) >> shift) : v << shift >> shift;
            if (f->bits == 8)
                ((uint8_t *)px)[i * step + s] = (uint8_t)v;
            else if (f->bits == 16)
                ((uint16_t *)px)[i * step + s] = (uint16_t)v;
            else
                ((uint32_t *)px)[i * step + s] = v;
        }
    }
}

/* What came out is what the survey saw: another size would be a fault of the library's. */
static bool as_surveyed(const hl_pixels *p, const hl_j2k *j, const opj_image_t *image)
{
    bool same = image->numcomps == (OPJ_UINT32)p->samples;

    for (OPJ_UINT32 k = 0; same && k < image->numcomps; k++) {
        const opj_image_comp_t *c = &image->comps[k];
        same = c->w == (OPJ_UINT32)p->columns && c->h == (OPJ_UINT32)p->rows && c->dx == 1 &&
               c->dy == 1 && c->prec == (OPJ_UINT32)j->precision;
    }
    return same;
}

static bool has_data(const opj_image_t *image)
{
    for (OPJ_UINT32 k = 0; k < image->numcomps; k++)
        if (!image->comps[k].data)
            return false;
    return true;
}

static hl_code decode(const hl_frame_task *t, const hl_j2k *j, opj_codec_t *codec,
                      opj_stream_t *bytes, const stream *s, hl_frame *out, hl_error *err)
{
    opj_dparameters_t parameters;
    opj_image_t *image = NULL;
    void *px = NULL;
    hl_code c = HL_OK;

    opj_set_default_decoder_parameters(&parameters);
    if (!opj_setup_decoder(codec, &parameters) || !opj_decoder_set_strict_mode(codec, OPJ_TRUE))
        return hl_frame_fail(t, HL_E_LIMIT, err, "OpenJPEG cannot be set up");
    if (!opj_read_header(bytes, codec, &image) || !as_surveyed(t->p, j, image) ||
        !opj_decode(codec, bytes, image) || !as_surveyed(t->p, j, image) || !has_data(image))
        c = fail(t, s, err);
    if (c == HL_OK)
        c = hl_frame_new(t, t->p->bits_allocated == 1 ? 8 : t->p->bits_allocated, out, &px, err);
    if (c == HL_OK)
        to_words(t->p, j, image, out, px);
    opj_image_destroy(image);
    return c;
}

hl_code hl_jpeg_2000_frame(const hl_frame_task *t, hl_frame *out, hl_error *err)
{
    hl_j2k j = {0};
    hl_code c = hl_j2k_survey(t, &j, err);

    if (c != HL_OK)
        return c;
    stream s = {.at = j.at, .n = j.n};
    opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
    opj_stream_t *bytes = opj_stream_create(STREAM_BYTES, OPJ_TRUE);
    if (!codec || !bytes) {
        c = hl_fail_memory(err, "JPEG 2000 decoder", STREAM_BYTES);
    } else {
        opj_set_error_handler(codec, on_error, &s);
        opj_set_warning_handler(codec, on_message, &s);
        opj_set_info_handler(codec, on_message, &s);
        opj_stream_set_user_data(bytes, &s, NULL);
        opj_stream_set_user_data_length(bytes, s.n);
        opj_stream_set_read_function(bytes, on_read);
        opj_stream_set_skip_function(bytes, on_skip);
        opj_stream_set_seek_function(bytes, on_seek);
        c = decode(t, &j, codec, bytes, &s, out, err);
    }
    if (bytes)
        opj_stream_destroy(bytes);
    if (codec)
        opj_destroy_codec(codec);
    return c;
}
