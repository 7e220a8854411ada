#include "format/dicom/write_codecs.h"

#include <openjpeg.h>

/* --- a stream into an hl_buf: OpenJPEG goes back to fill in lengths ------------------------- */

typedef struct {
    hl_buf bytes;
    size_t at;
} memory;

static OPJ_SIZE_T write_memory(void *from, OPJ_SIZE_T n, void *user)
{
    memory *m = user;
    const size_t inside = m->bytes.n - m->at, over = n < inside ? n : inside;
    if (over > 0)
        memcpy(m->bytes.at + m->at, from, over);
    hl_buf_append(&m->bytes, (const char *)from + over, n - over);
    m->at += n;
    return m->bytes.oom ? (OPJ_SIZE_T)-1 : n;
}

static OPJ_BOOL seek_memory(OPJ_OFF_T to, void *user)
{
    memory *m = user;
    if (to < 0 || (size_t)to > m->bytes.n)
        return OPJ_FALSE;
    m->at = (size_t)to;
    return OPJ_TRUE;
}

static OPJ_OFF_T skip_memory(OPJ_OFF_T n, void *user)
{
    const memory *m = user;
    return seek_memory((OPJ_OFF_T)m->at + n, user) ? n : -1;
}

static opj_stream_t *stream_to(memory *m)
{
    opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_FALSE);
    if (!stream)
        return NULL;
    opj_stream_set_user_data(stream, m, NULL);
    opj_stream_set_write_function(stream, write_memory);
    opj_stream_set_skip_function(stream, skip_memory);
    opj_stream_set_seek_function(stream, seek_memory);
    return stream;
}

/* --- the picture ---------------------------------------------------------------------------- */

static opj_image_t *image_of(const void *px, int32_t width, int32_t height, int32_t bits,
                             int32_t stored)
{
    opj_image_cmptparm_t part = {.dx = 1,
                                 .dy = 1,
                                 .w = (OPJ_UINT32)width,
                                 .h = (OPJ_UINT32)height,
                                 .prec = (OPJ_UINT32)stored};
    opj_image_t *image = opj_image_create(1, &part, OPJ_CLRSPC_GRAY);
    const size_t n = (size_t)width * (size_t)height;
    if (!image)
        return NULL;
    image->x1 = part.w;
    image->y1 = part.h;
    for (size_t i = 0; i < n; i++)
        image->comps[0].data[i] = bits == 16 ? ((const uint16_t *)px)[i] : ((const uint8_t *)px)[i];
    return image;
}

static opj_cparameters_t lossless(int32_t width, int32_t height)
{
    opj_cparameters_t p;
    int32_t side = width < height ? width : height;
    opj_set_default_encoder_parameters(&p); /* reversible 5-3 wavelet, one tile */
    while (p.numresolution > 1 && side >> (p.numresolution - 1) < 1)
        p.numresolution--;
    p.tcp_numlayers = 1;
    p.cp_disto_alloc = 1;
    p.tcp_rates[0] = 0; /* everything */
    return p;
}

/* The main header without the comment that OpenJPEG puts there (T.800 A.9.2): a check for hidden
 * text would stop at it. Segments: marker, then a big-endian length that counts itself. */
static void append_without_comment(const hl_buf *stream, hl_buf *out)
{
    enum { SOT = 0xFF90, COM = 0xFF64 };
    const uint8_t *p = (const uint8_t *)stream->at;
    size_t at = 2; /* behind SOC */
    hl_buf_append(out, p, at);
    while (at + 4 <= stream->n && (p[at] << 8 | p[at + 1]) != SOT) {
        size_t n = 2 + (size_t)(p[at + 2] << 8 | p[at + 3]);
        hl_assert(n <= stream->n - at);
        if ((p[at] << 8 | p[at + 1]) != COM)
            hl_buf_append(out, p + at, n);
        at += n;
    }
    hl_buf_append(out, p + at, stream->n - at);
}

hl_code hl_jpeg_2000_encode(const void *px, int32_t width, int32_t height, int32_t bits,
                            int32_t stored, hl_buf *out, hl_error *err)
{
    memory m = {.at = 0};
    opj_cparameters_t parameters = lossless(width, height);
    opj_image_t *image = image_of(px, width, height, bits, stored);
    opj_codec_t *codec = opj_create_compress(OPJ_CODEC_J2K);
    opj_stream_t *stream = stream_to(&m);
    hl_code c = HL_OK;

    if (!image || !codec || !stream)
        c = hl_fail_memory(err, "JPEG 2000", (size_t)width * (size_t)height * 4);
    else if (!opj_setup_encoder(codec, &parameters, image) ||
             !opj_start_compress(codec, image, stream) || !opj_encode(codec, stream) ||
             !opj_end_compress(codec, stream))
        c = m.bytes.oom ? hl_fail_memory(err, "JPEG 2000", m.bytes.n)
                        : hl_fail(err, HL_E_LIMIT, "JPEG 2000 of %d x %d px, %d bits failed",
                                  (int)width, (int)height, (int)stored);
    if (c == HL_OK)
        append_without_comment(&m.bytes, out);
    if (stream)
        opj_stream_destroy(stream);
    if (codec)
        opj_destroy_codec(codec);
    if (image)
        opj_image_destroy(image);
    hl_buf_free(&m.bytes);
    return c;
}
