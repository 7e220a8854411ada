/*
 * jpeg.h - JPEG decode and encode: our own decoder for the usual film (jpeg_grey.h), libjpeg-turbo,
 * which stays behind jpeg.c, for everything else. Both give the same pixels.
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
 * defaults); quality 1 to 100. Appended to out. */
hl_code hl_jpeg_encode(const hl_image *image, int quality, hl_buf *out, hl_error *err);

#endif
