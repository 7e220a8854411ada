/*
 * jpeg_lossless_write.h - grey samples to lossless JPEG: SOF3, one component, a Huffman table made
 * for the picture (T.81 annexes H and K.2). Deterministic.
 */
#ifndef HL_FORMAT_JPEG_LOSSLESS_WRITE_H
#define HL_FORMAT_JPEG_LOSSLESS_WRITE_H

#include "base/buf.h"

typedef struct {
    int32_t width, height; /* px, 1..65535 */
    int32_t bits;          /* of a word of px: 8 or 16 */
    int32_t precision;     /* 2..bits: bits of a sample */
    int predictor;         /* 1..7; 1, the sample on the left, is what DICOM wants as SV1 */
    int32_t restart_lines; /* a restart marker every so many lines; 0: none */
} hl_jpeg_lossless_plan;

/*
 * Append px, words in this machine's byte order, row-major without padding, to out as one JPEG
 * stream. HL_E_USAGE: a field of the plan is out of range; HL_E_INPUT: a sample has more bits than
 * precision; HL_E_LIMIT: out of memory.
 */
hl_code hl_jpeg_encode_lossless_as(const void *px, const hl_jpeg_lossless_plan *plan, hl_buf *out,
                                   hl_error *err);

/* The same without restart markers. */
hl_code hl_jpeg_encode_lossless(const void *px, int32_t width, int32_t height, int32_t bits,
                                int32_t precision, int predictor, hl_buf *out, hl_error *err);

#endif
