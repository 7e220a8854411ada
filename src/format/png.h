/*
 * png.h - PNG out: 8 or 16-bit grey, 8-bit RGB. libpng stays behind png.c.
 */
#ifndef HL_FORMAT_PNG_H
#define HL_FORMAT_PNG_H

#include "base/buf.h"
#include "data/image.h"

/* Grey or RGB (image->channels), appended to out; level 1 (perf.md 8), no time or text chunks, so
 * that equal pixels give equal bytes. HL_E_LIMIT. */
hl_code hl_png_encode(const hl_image *image, hl_buf *out, hl_error *err);
/* 16-bit grey, [height][width] without gaps. */
hl_code hl_png_encode16(const uint16_t *px, int32_t width, int32_t height, hl_buf *out,
                        hl_error *err);

#endif
