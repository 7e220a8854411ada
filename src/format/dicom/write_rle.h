/*
 * write_rle.h - RLE Lossless, the writing half: PS3.5 annex G; films.md 3.7.1.
 */
#ifndef HL_FORMAT_DICOM_WRITE_RLE_H
#define HL_FORMAT_DICOM_WRITE_RLE_H

#include "base/buf.h"

/* One grey frame of 8 or 16-bit words (bits), row-major: the 64-byte header and its segments, high
 * bytes first, appended to out. Every row is coded on its own, as G.3.1 asks for. */
void hl_rle_encode(const void *px, int32_t width, int32_t height, int32_t bits, hl_buf *out);

#endif
