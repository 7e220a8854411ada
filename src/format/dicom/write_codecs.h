/*
 * write_codecs.h - lossless encoders of one grey frame for encapsulated pixel data.
 *
 *      write_jpeg_ls.c     CharLS
 *      write_jpeg_2000.c   OpenJPEG
 */
#ifndef HL_FORMAT_DICOM_WRITE_CODECS_H
#define HL_FORMAT_DICOM_WRITE_CODECS_H

#include "base/buf.h"

/* Words of bits (8 or 16) bits, row-major, of which the low stored bits are used, coded with a
 * precision of stored bits; appended to out. HL_E_LIMIT: the encoder does not take them. */
hl_code hl_jpeg_ls_encode(const void *px, int32_t width, int32_t height, int32_t bits,
                          int32_t stored, hl_buf *out, hl_error *err);
hl_code hl_jpeg_2000_encode(const void *px, int32_t width, int32_t height, int32_t bits,
                            int32_t stored, hl_buf *out, hl_error *err);

#endif
