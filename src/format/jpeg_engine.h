/*
 * jpeg_engine.h - the two decoders behind hl_jpeg_decode(), and libjpeg's encoder behind
 * hl_jpeg_encode(), apart: for tests, fuzzing and measurement.
 */
#ifndef HL_FORMAT_JPEG_ENGINE_H
#define HL_FORMAT_JPEG_ENGINE_H

#include "format/jpeg.h"

/* hl_jpeg_decode() by libjpeg alone. */
hl_code hl_jpeg_decode_library(hl_arena *arena, const void *bytes, size_t n, const char *name,
                               hl_image *out, hl_error *err);

/* hl_jpeg_decode() by our own decoder at level cpu; false: it declines the file. */
bool hl_jpeg_decode_own(hl_arena *arena, const void *bytes, size_t n, int32_t first_row,
                        int32_t end_row, hl_cpu cpu, hl_image *out);

/* hl_jpeg_encode() by libjpeg alone; ours is hl_jpeg_write_grey(). */
hl_code hl_jpeg_encode_library(const hl_image *image, int quality, hl_buf *out, hl_error *err);

#endif
