#include "format/jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "format/jpeg_engine.h"
#include "format/jpeg_grey.h"
#include "format/jpeg_marker.h"
#include "format/jpeg_samples.h"
#include "format/jpeg_write_grey.h"

/* A progressive file may repeat scans at a few bytes each, and each costs a pass over the picture.
 */
#define MAX_SCANS 500
/* Coefficients of a progressive picture and libjpeg's own buffers. */
#define MAX_LIBRARY_BYTES (INT64_C(2) << 30)

/* libjpeg's error manager with a way back. err is filled at the place of the fault. */
typedef struct {
    struct jpeg_error_mgr base; /* first: libjpeg hands its address back */
    jmp_buf back;
    const char *name;
    hl_error *err;
    hl_code code;
    bool *odd_scan; /* told instead of refused; NULL: refused */
} errors;

static void library_text(j_common_ptr library, char text[JMSG_LENGTH_MAX])
{
    library->err->format_message(library, text);
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '.'))
        text[--n] = 0;
}

_Noreturn static void on_error(j_common_ptr library)
{
    errors *e = (errors *)library->err;
    char text[JMSG_LENGTH_MAX];

    library_text(library, text);
    if (e->base.msg_code == JERR_OUT_OF_MEMORY || e->base.msg_code == JERR_NO_BACKING_STORE)
        e->code = hl_fail_at(e->err, HL_E_LIMIT, e->name, 0, -1,
                             "the picture needs too much memory (libjpeg: %s)", text);
    else
        e->code = hl_fail_at(e->err, HL_E_INPUT, e->name, 0, -1, "damaged JPEG file: %s", text);
    longjmp(e->back, 1);
}

/* A warning of libjpeg's means that it goes on with made-up data. */
static void on_message(j_common_ptr library, int level)
{
    errors *e = (errors *)library->err;
    char text[JMSG_LENGTH_MAX];

    if (level >= 0 || e->base.msg_code == JWRN_JFIF_MAJOR || e->base.msg_code == JWRN_ADOBE_XFORM)
        return; /* tracing, and oddities of a header that change no pixel */
    if (e->odd_scan && e->base.msg_code == JWRN_NOT_SEQUENTIAL) {
        *e->odd_scan = true;
        return;
    }
    library_text(library, text);
    if (e->base.msg_code == JWRN_HIT_MARKER || e->base.msg_code == JWRN_JPEG_EOF)
        e->code = hl_fail_at(e->err, HL_E_INPUT, e->name, 0, -1,
                             "the JPEG data ends early (libjpeg: %s)\n"
                             "The file is cut or damaged. Get it again from its source.",
                             text);
    else
        e->code = hl_fail_at(e->err, HL_E_INPUT, e->name, 0, -1, "damaged JPEG file: %s", text);
    longjmp(e->back, 1);
}

static void on_text(j_common_ptr library)
{
    (void)library; /* libjpeg would print */
}

static void on_progress(j_common_ptr library)
{
    errors *e = (errors *)library->err;

    if (library->is_decompressor && ((j_decompress_ptr)library)->input_scan_number > MAX_SCANS) {
        e->code = hl_fail_at(e->err, HL_E_LIMIT, e->name, 0, -1,
                             "the JPEG file has more than %d scans", MAX_SCANS);
        longjmp(e->back, 1);
    }
}

static struct jpeg_error_mgr *set_errors(errors *e, const char *name, hl_error *err)
{
    jpeg_std_error(&e->base);
    e->base.error_exit = on_error;
    e->base.emit_message = on_message;
    e->base.output_message = on_text;
    e->name = name;
    e->err = err;
    e->code = HL_OK;
    e->odd_scan = NULL;
    return &e->base;
}

/* --- decoding
 * -------------------------------------------------------------------------------------- */

static bool is_progressive(const hl_jpeg_header *h)
{
    return h->sof == 0xC2 || h->sof == 0xC6 || h->sof == 0xCA || h->sof == 0xCE;
}

static bool is_arithmetic(const hl_jpeg_header *h)
{
    return h->sof >= 0xC9;
}

hl_code hl_jpeg_read_info(const void *bytes, size_t n, const char *name, hl_jpeg_info *out,
                          hl_error *err)
{
    hl_jpeg_header h;
    const hl_code c = hl_jpeg_header_read(bytes, n, name, &h, err);

    if (c != HL_OK)
        return c;
    *out = (hl_jpeg_info){.width = h.width,
                          .height = h.height,
                          .components = h.components,
                          .precision = h.precision,
                          .progressive = is_progressive(&h),
                          .arithmetic = is_arithmetic(&h),
                          .restart_interval = h.restart_interval};
    return HL_OK;
}

/* What is not supported, and sizes, before anything is allocated. */
static hl_code check(const hl_jpeg_header *h, size_t n, const char *name, hl_error *err)
{
    const int64_t blocks = (int64_t)((h->width + 7) / 8) * ((h->height + 7) / 8);

    if (h->precision != 8)
        return hl_fail_at(err, HL_E_LIMIT, name, 0, -1, "%d-bit JPEG is not supported, only 8-bit",
                          h->precision);
    if (h->components != 1 && h->components != 3)
        return hl_fail_at(err, HL_E_LIMIT, name, 0, -1,
                          "JPEG with %d components%s is not supported, only grey and RGB",
                          h->components, h->components == 4 ? " (CMYK)" : "");
    if (h->sof == 0xC3 || (h->sof >= 0xC5 && h->sof != 0xC9 && h->sof != 0xCA))
        return hl_fail_at(err, HL_E_LIMIT, name, 0, -1,
                          "lossless or hierarchical JPEG (frame ff %02x) is not supported", h->sof);
    if (h->width > HL_IMAGE_MAX_SIDE || h->height > HL_IMAGE_MAX_SIDE ||
        (int64_t)h->width * h->height > HL_IMAGE_MAX_PIXELS)
        return hl_fail_at(err, HL_E_LIMIT, name, 0, -1, "a picture of %d x %d pixels is too large",
                          h->width, h->height);
    if (is_arithmetic(h) && blocks / 1024 > (int64_t)n) /* its flat blocks take next to nothing */
        return hl_fail_at(err, HL_E_LIMIT, name, 0, -1,
                          "arithmetic-coded JPEG of %d x %d pixels in %zu bytes is not supported",
                          h->width, h->height, n);
    if (!is_arithmetic(h) && blocks / 8 > (int64_t)n) /* a block takes a bit at least */
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "the JPEG data ends early (%zu bytes cannot hold %d x %d pixels)\n"
                          "The file is cut or damaged. Get it again from its source.",
                          n, h->width, h->height);
    return HL_OK;
}

/* The part that may jump back: it owns nothing. */
static hl_code library_rows(j_decompress_ptr d, hl_arena *arena, const char *name, hl_image *out,
                            hl_error *err)
{
    jpeg_read_header(d, TRUE);
    d->dct_method = JDCT_ISLOW;
    d->do_fancy_upsampling = TRUE;
    d->out_color_space = d->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(d);
    if (d->output_width > HL_IMAGE_MAX_SIDE || d->output_height > HL_IMAGE_MAX_SIDE ||
        (d->output_components != 1 && d->output_components != 3))
        return hl_fail_at(err, HL_E_LIMIT, name, 0, -1, "a picture of %u x %u pixels is too large",
                          d->output_width, d->output_height);
    hl_code c = hl_image_new(arena, (int32_t)d->output_width, (int32_t)d->output_height,
                             d->output_components, out, err);
    while (c == HL_OK && d->output_scanline < d->output_height) {
        JSAMPROW row = out->px + (int64_t)d->output_scanline * out->row_bytes;
        jpeg_read_scanlines(d, &row, 1);
    }
    if (c == HL_OK)
        jpeg_finish_decompress(d);
    return c;
}

static hl_code decode_library(hl_arena *arena, const void *bytes, size_t n, const char *name,
                              hl_image *out, hl_error *err)
{
    struct jpeg_decompress_struct d;
    struct jpeg_progress_mgr progress = {.progress_monitor = on_progress};
    errors e;
    hl_code c;

    memset(&d, 0, sizeof d);
    d.err = set_errors(&e, name, err);
    if (setjmp(e.back)) {
        jpeg_destroy_decompress(&d);
        return e.code;
    }
    jpeg_create_decompress(&d);
    d.mem->max_memory_to_use = (long)MAX_LIBRARY_BYTES;
    d.progress = &progress;
    jpeg_mem_src(&d, bytes, (unsigned long)n);
    c = library_rows(&d, arena, name, out, err);
    jpeg_destroy_decompress(&d);
    return c;
}

hl_code hl_jpeg_decode_library(hl_arena *arena, const void *bytes, size_t n, const char *name,
                               hl_image *out, hl_error *err)
{
    hl_jpeg_header h;
    hl_image image = {0};
    hl_code c = hl_jpeg_header_read(bytes, n, name, &h, err);

    if (c == HL_OK)
        c = check(&h, n, name, err);
    if (c == HL_OK)
        c = decode_library(arena, bytes, n, name, &image, err);
    if (c == HL_OK)
        *out = image;
    return c;
}

bool hl_jpeg_decode_own(hl_arena *arena, const void *bytes, size_t n, int32_t first_row,
                        int32_t end_row, hl_cpu cpu, hl_image *out)
{
    hl_jpeg_header h;

    return hl_jpeg_header_read(bytes, n, "", &h, NULL) == HL_OK &&
           hl_jpeg_grey_decode(arena, &h, bytes, n, first_row, end_row, cpu, out);
}

hl_code hl_jpeg_decode(hl_arena *arena, const void *bytes, size_t n, const char *name,
                       int32_t first_row, int32_t end_row, hl_cpu cpu, hl_image *out, hl_error *err)
{
    hl_jpeg_header h;
    hl_code c = hl_jpeg_header_read(bytes, n, name, &h, err);

    if (c == HL_OK)
        c = check(&h, n, name, err);
    if (c != HL_OK)
        return c;
    /* Without AVX2 libjpeg's vector code is faster than our plain C. */
    if ((cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512) &&
        hl_jpeg_grey_decode(arena, &h, bytes, n, first_row, end_row, cpu, out))
        return HL_OK;
    return hl_jpeg_decode_library(arena, bytes, n, name, out, err);
}

/* --- samples as they are stored
 * ----------------------------------------------------------------- */

/* The part that may jump back: it owns nothing. */
static hl_code library_samples(j_decompress_ptr d, hl_arena *arena, hl_jpeg_samples *out,
                               hl_error *err)
{
    jpeg_read_header(d, TRUE);
    d->dct_method = JDCT_ISLOW;
    d->do_fancy_upsampling = TRUE;
    d->out_color_space = d->jpeg_color_space; /* an Adobe marker must not convert anything */
    jpeg_start_decompress(d);
    if (d->output_width != (JDIMENSION)out->width || d->output_height != (JDIMENSION)out->height ||
        d->output_components != out->components)
        return hl_fail(err, HL_E_BUG, "libjpeg sees another size");
    const size_t n = (size_t)d->output_width * (size_t)d->output_components;
    JSAMPROW row = hl_arena_alloc(arena, n);
    uint16_t *to = hl_arena_aligned(arena, n * d->output_height * sizeof *to, 64);
    if (!row || !to)
        return hl_fail_memory(err, "pixels", n * d->output_height * sizeof *to);
    out->px = to;
    while (d->output_scanline < d->output_height) {
        jpeg_read_scanlines(d, &row, 1);
        for (size_t i = 0; i < n; i++)
            to[i] = row[i];
        to += n;
    }
    jpeg_finish_decompress(d);
    return HL_OK;
}

static hl_code decode_samples(hl_arena *arena, const uint8_t *bytes, size_t n, const char *name,
                              hl_jpeg_samples *out, hl_error *err)
{
    struct jpeg_decompress_struct d;
    struct jpeg_progress_mgr progress = {.progress_monitor = on_progress};
    errors e;
    hl_code c;

    memset(&d, 0, sizeof d);
    d.err = set_errors(&e, name, err);
    e.odd_scan = &out->odd_scan;
    if (setjmp(e.back)) {
        jpeg_destroy_decompress(&d);
        return e.code;
    }
    jpeg_create_decompress(&d);
    d.mem->max_memory_to_use = (long)MAX_LIBRARY_BYTES;
    d.progress = &progress;
    jpeg_mem_src(&d, bytes, (unsigned long)n);
    c = library_samples(&d, arena, out, err);
    jpeg_destroy_decompress(&d);
    return c;
}

hl_code hl_jpeg_decode_samples8(hl_arena *arena, const uint8_t *bytes, size_t n, const char *name,
                                hl_jpeg_size expect, hl_jpeg_samples *out, hl_error *err)
{
    hl_jpeg_header h;
    hl_jpeg_markers markers;
    hl_jpeg_samples s = {0};
    hl_code c = hl_jpeg_header_read(bytes, n, name, &h, err);

    if (c == HL_OK)
        c = check(&h, n, name, err);
    if (c == HL_OK && (h.width != expect.width || h.height != expect.height ||
                       h.components != expect.components))
        c = hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                       "%d x %d pixels of %d samples, not %d x %d of %d", h.width, h.height,
                       h.components, expect.width, expect.height, expect.components);
    if (c != HL_OK)
        return c;
    hl_jpeg_list_markers(bytes, n, &markers);
    if (!markers.ended) {
        /* libjpeg reads ahead and would warn though all samples are there */
        uint8_t *ended = hl_arena_alloc(arena, n + 2);
        if (!ended)
            return hl_fail_memory(err, "JPEG data", n + 2);
        memcpy(ended, bytes, n);
        memcpy(ended + n, "\xFF\xD9", 2);
        bytes = ended;
        n += 2;
    }
    s.width = h.width;
    s.height = h.height;
    s.components = h.components;
    s.precision = h.precision;
    s.no_eoi = !markers.ended;
    c = decode_samples(arena, bytes, n, name, &s, err);
    if (c == HL_OK)
        *out = s;
    return c;
}

/* --- encoding
 * -------------------------------------------------------------------------------------- */

/* Eight rows a time, from the picture or by way of a strip of 8 rows that are filled. */
static void library_encode(j_compress_ptr z, const hl_jpeg_rows *rows, int32_t channels,
                           int quality, uint8_t *strip)
{
    const int64_t row_bytes = strip ? rows->width : rows->row_bytes;
    JSAMPROW row[8];

    z->image_width = (JDIMENSION)rows->width;
    z->image_height = (JDIMENSION)rows->height;
    z->input_components = channels;
    z->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(z);
    z->dct_method = JDCT_ISLOW;
    jpeg_set_quality(z, quality, TRUE);
    jpeg_start_compress(z, TRUE);
    for (int32_t y = 0, n; y < rows->height; y += n) {
        n = rows->height - y < 8 ? rows->height - y : 8;
        const uint8_t *px = strip ? strip : rows->px + y * row_bytes;
        if (strip)
            rows->fill(rows->ctx, y, n, strip, (size_t)row_bytes);
        for (int32_t i = 0; i < n; i++)
            row[i] = (JSAMPROW)(px + i * row_bytes);
        jpeg_write_scanlines(z, row, (JDIMENSION)n);
    }
    jpeg_finish_compress(z);
}

/* What a jump back must still find stands in memory, not in registers of the function that set it.
 */
typedef struct {
    struct jpeg_compress_struct z;
    errors e;
    unsigned char *bytes; /* malloc'ed by libjpeg */
    unsigned long n;
    uint8_t *strip;
} encoder;

static hl_code encode_library(const hl_jpeg_rows *rows, int32_t channels, int quality, hl_buf *out,
                              hl_error *err)
{
    hl_assert(quality >= 1 && quality <= 100);
    if (rows->width < 1 || rows->height < 1 || rows->width > HL_IMAGE_MAX_SIDE ||
        rows->height > HL_IMAGE_MAX_SIDE)
        return hl_fail(err, HL_E_LIMIT, "a picture of %d x %d pixels cannot be written as JPEG",
                       rows->width, rows->height);
    const size_t strip = rows->fill ? 8 * (size_t)rows->width : 0;
    encoder *c = calloc(1, sizeof *c + strip);
    if (!c)
        return hl_fail_memory(err, "JPEG encoder", sizeof *c + strip);
    c->strip = strip ? (uint8_t *)(c + 1) : NULL;
    c->z.err = set_errors(&c->e, "JPEG encoder", err);
    if (setjmp(c->e.back) == 0) {
        jpeg_create_compress(&c->z);
        jpeg_mem_dest(&c->z, &c->bytes, &c->n);
        library_encode(&c->z, rows, channels, quality, c->strip);
    }
    jpeg_destroy_compress(&c->z);
    hl_code code = c->e.code;
    if (code == HL_OK) {
        hl_buf_append(out, c->bytes, c->n);
        code = hl_buf_check(out, "JPEG file", err);
    }
    free(c->bytes);
    free(c);
    return code;
}

static hl_jpeg_rows rows_of(const hl_image *image)
{
    return (hl_jpeg_rows){.width = image->width,
                          .height = image->height,
                          .px = image->px,
                          .row_bytes = image->row_bytes};
}

hl_code hl_jpeg_encode_library(const hl_image *image, int quality, hl_buf *out, hl_error *err)
{
    const hl_jpeg_rows rows = rows_of(image);

    hl_assert(image->channels == 1 || image->channels == 3);
    return encode_library(&rows, image->channels, quality, out, err);
}

hl_code hl_jpeg_encode_rows(const hl_jpeg_rows *rows, int quality, hl_cpu cpu, hl_buf *out,
                            hl_error *err)
{
    /* Without AVX2 libjpeg's vector code is as fast as our plain C. */
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512)
        return hl_jpeg_write_grey(rows, quality, cpu, out, err);
    return encode_library(rows, 1, quality, out, err);
}

hl_code hl_jpeg_encode(const hl_image *image, int quality, hl_cpu cpu, hl_buf *out, hl_error *err)
{
    const hl_jpeg_rows rows = rows_of(image);

    if (image->channels == 1)
        return hl_jpeg_encode_rows(&rows, quality, cpu, out, err);
    return hl_jpeg_encode_library(image, quality, out, err);
}
