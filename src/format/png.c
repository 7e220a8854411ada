#include "format/png.h"

#include <png.h>
#include <setjmp.h>

#define ZLIB_RLE 3 /* zlib's Z_RLE */

/* What libpng's callbacks need. */
typedef struct {
    hl_buf *out;
    char message[128];
} sink;

typedef struct {
    int32_t width, height;
    int bits, colour;
    const uint8_t *px; /* 16 bits: in this machine's byte order */
    int64_t row_bytes;
} picture;

static void on_write(png_structp png, png_bytep bytes, size_t n)
{
    sink *s = png_get_io_ptr(png);

    hl_buf_append(s->out, bytes, n);
    if (s->out->oom)
        png_error(png, "out of memory");
}

static void on_flush(png_structp png)
{
    (void)png;
}

static void on_error(png_structp png, png_const_charp message)
{
    sink *s = png_get_error_ptr(png);

    snprintf(s->message, sizeof s->message, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/*
 * Each row less the one above, then zlib's level 1 with runs as its only matches: grain has no
 * longer ones. Film of 2544 x 3056, 8 and 16 bits: 68 and 146 ms, 3.2 and 9.4 MB; with libpng's own
 * choice of filters and matches 184 and 356 ms, 3.7 and 9.9 MB.
 */
static void write_all(png_structp png, png_infop info, const picture *p)
{
    const uint16_t one = 1;
    uint8_t low;

    memcpy(&low, &one, 1);
    png_set_IHDR(png, info, (png_uint_32)p->width, (png_uint_32)p->height, p->bits, p->colour,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
    png_set_compression_level(png, 1);
    png_set_compression_strategy(png, ZLIB_RLE);
    png_write_info(png, info);
    if (p->bits == 16 && low == 1)
        png_set_swap(png);
    for (int32_t y = 0; y < p->height; y++)
        png_write_row(png, p->px + y * p->row_bytes);
    png_write_end(png, NULL);
}

static hl_code encode(const picture *p, hl_buf *out, hl_error *err)
{
    const size_t before = out->n;
    sink s = {.out = out};
    png_infop info = NULL;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, on_error, on_warning);
    hl_code c = HL_OK;

    if (!png)
        return hl_fail_memory(err, "PNG", 0);
    info = png_create_info_struct(png);
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return hl_fail_memory(err, "PNG", 0);
    }
    /* Nothing that is used after a jump here changes between the two returns. */
    if (setjmp(png_jmpbuf(png)) == 0) {
        png_set_write_fn(png, &s, on_write, on_flush);
        write_all(png, info, p);
    } else {
        c = hl_buf_check(out, "PNG", err);
        if (c == HL_OK)
            c = hl_fail(err, HL_E_LIMIT, "this picture cannot be PNG: %s", s.message);
        out->n = before;
    }
    png_destroy_write_struct(&png, &info);
    return c;
}

static hl_code check_size(int32_t width, int32_t height, hl_error *err)
{
    if (width < 1 || height < 1 || width > HL_IMAGE_MAX_SIDE || height > HL_IMAGE_MAX_SIDE)
        return hl_fail(err, HL_E_LIMIT, "a picture of %d x %d pixels: sides go from 1 to %d", width,
                       height, HL_IMAGE_MAX_SIDE);
    return HL_OK;
}

hl_code hl_png_encode(const hl_image *image, hl_buf *out, hl_error *err)
{
    const hl_code c = check_size(image->width, image->height, err);

    hl_assert(image->channels == 1 || image->channels == 3);
    if (c != HL_OK)
        return c;
    return encode(
        &(picture){.width = image->width,
                   .height = image->height,
                   .bits = 8,
                   .colour = image->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
                   .px = image->px,
                   .row_bytes = image->row_bytes},
        out, err);
}

hl_code hl_png_encode16(const uint16_t *px, int32_t width, int32_t height, hl_buf *out,
                        hl_error *err)
{
    const hl_code c = check_size(width, height, err);

    if (c != HL_OK)
        return c;
    return encode(&(picture){.width = width,
                             .height = height,
                             .bits = 16,
                             .colour = PNG_COLOR_TYPE_GRAY,
                             .px = (const uint8_t *)px,
                             .row_bytes = 2 * (int64_t)width},
                  out, err);
}
