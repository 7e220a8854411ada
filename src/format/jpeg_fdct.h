/*
 * jpeg_fdct.h - blocks of grey pixels to quantised coefficients, for the encoder of
 * jpeg_write_grey.h.
 *
 * The accurate integer DCT (libjpeg's islow) and exact rounding division: the same integers as
 * libjpeg-turbo's. films.md 1.3; T.81 A.3.3, A.3.4
 */
#ifndef HL_FORMAT_JPEG_FDCT_H
#define HL_FORMAT_JPEG_FDCT_H

#include <stdint.h>

/*
 * Division by 8q (the transform is 8 times too large) without dividing, for q in 1..255:
 *
 *      (a + 4q) / (8q)  ==  ((a + bias) * factor >> 16) * scale >> 16      for a in 0..32767 - 4q
 *
 * factor = ceil(2^(16 + s) / 8q) with s such that factor has 16 bits, scale = 2^(16 - s). With
 * factor = (2^(16 + s) + e) / 8q, e < 8q, the error stays below one step while (a + 4q) * e <
 * 2^(16 + s), which a + 4q < 2^15 makes sure of. All row-major.
 */
typedef struct {
    uint16_t bias[64], factor[64], scale[64];
} hl_jpeg_divisors __attribute__((aligned(64)));

void hl_jpeg_divisors_make(const uint8_t step[64], hl_jpeg_divisors *out);

#define HL_JPEG_FDCT_BATCH 32 /* blocks, even; 6.3 KiB */

/* Of each block all coefficients, and in zigzag order what the entropy coder looks at first: their
 * low bytes, INT8_MIN or INT8_MAX for a value that is there or beyond. */
typedef struct {
    int16_t value[HL_JPEG_FDCT_BATCH][64] __attribute__((aligned(64))); /* row-major */
    uint8_t near[HL_JPEG_FDCT_BATCH][64] __attribute__((aligned(64)));  /* zigzag */
    uint64_t nonzero[HL_JPEG_FDCT_BATCH]; /* bit k: coefficient k in zigzag order is not 0 */
} hl_jpeg_coefs;

/* Blocks [0, n) of eight rows: block i at px + 8 * i. n is even. */
typedef void hl_jpeg_fdct(const uint8_t *px, int64_t row_bytes, int n, const hl_jpeg_divisors *q,
                          hl_jpeg_coefs *out);

hl_jpeg_fdct hl_jpeg_fdct_c;    /* plain C: the definition */
hl_jpeg_fdct hl_jpeg_fdct_avx2; /* x86-64 only */

#endif
