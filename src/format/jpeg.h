/*
 * jpeg.h - JPEG decode and encode: our own decoder for the usual film (jpeg_grey.h), our own encoder
 * for grey pictures (jpeg_write_grey.h), libjpeg-turbo, which stays behind jpeg.c, for everything
 * else. Both give the same pixels and the same files.
 *
 * Decoding is what Pillow gives: accurate integer IDCT, fancy upsampling, baseline and progressive,
 * no EXIF rotation. symile.md 6.6
 */
#ifndef HL_FORMAT_JPEG_H
#define HL_FORMAT_JPEG_H

#include "base/buf.h"
#include "data/image.h"

typedef struct {
    int32_t width, height; /* px */
    int32_t components;    /* 1 grey, 3 colour, 4 CMYK */
    int32_t precision;     /* bits a sample */
    bool progressive;
    bool arithmetic;
    int32_t restart_interval; /* in MCUs, 0 = none */
} hl_jpeg_info;

/* Read the header. HL_E_INPUT: no JPEG, damaged; name is for messages. */
hl_code hl_jpeg_read_info(const void *bytes, size_t n, const char *name, hl_jpeg_info *out,
                          hl_error *err);

/*
 * Decode to grey (one component) or RGB (three); CMYK and 12 bit are HL_E_LIMIT. Any damage
 * that libjpeg only warns about (premature end of data, corrupt entropy data) is HL_E_INPUT: no
 * film is half a film. Rows outside [first_row, end_row) need not be filled (0, height for all):
 * the image has full height in any case, and damage anywhere in the file is still found.
 */
hl_code hl_jpeg_decode(hl_arena *arena, const void *bytes, size_t n, const char *name,
                       int32_t first_row, int32_t end_row, hl_cpu cpu, hl_image *out,
                       hl_error *err);

/* Grey or RGB to baseline JPEG with standard Huffman tables and the accurate DCT (libjpeg's
 * defaults); quality 1 to 100. Appended to out. The same bytes at each level. HL_E_LIMIT. */
hl_code hl_jpeg_encode(const hl_image *image, int quality, hl_cpu cpu, hl_buf *out, hl_error *err);

/* A grey picture that may be made while it is written, so that it never lies in memory whole. */
typedef struct {
    int32_t width, height; /* px */
    /* Puts rows [first_row, first_row + n_rows) at strip, stride bytes apart. Called once for each
     * eight rows, from the top; fewer at the bottom. NULL: the rows lie at px. */
    void (*fill)(void *ctx, int32_t first_row, int32_t n_rows, uint8_t *strip, size_t stride);
    void *ctx;
    const uint8_t *px;
    int64_t row_bytes; /* from one row to the next at px */
} hl_jpeg_rows;

/* hl_jpeg_encode() for such a picture. */
hl_code hl_jpeg_encode_rows(const hl_jpeg_rows *rows, int quality, hl_cpu cpu, hl_buf *out,
                            hl_error *err);

#endif
