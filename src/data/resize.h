/*
 * resize.h - the two passes of Pillow's BILINEAR resize as kernels. symile.md 6.2; perf.md 5
 *
 * A plan holds, for one axis, where each output pixel's taps begin and their 22-bit coefficients.
 * In plain C they are used as they are (32 bits); vector code uses them split into low 11 bits and
 * the rest, 16 bits each, padded with zeros to a multiple of 16 taps.
 */
#ifndef HL_DATA_RESIZE_H
#define HL_DATA_RESIZE_H

#include "data/image.h"

#define HL_RESIZE_BITS 22 /* 32 - 8 bits of pixel - 2 of head room: Pillow's PRECISION_BITS */
#define HL_RESIZE_LOW_BITS 11

typedef struct {
    int32_t n;        /* output pixels of the window */
    int32_t max_taps; /* of any pixel */
    int32_t stride;   /* max_taps rounded up to a multiple of 16 */
    int32_t *first;   /* [n] first source pixel */
    int32_t *taps;    /* [n] how many */
    int32_t *k;       /* [n][stride], 0 behind the taps */
    int16_t *low;     /* [n][stride] k & 2047 */
    int16_t *high;    /* [n][stride] k >> 11 */
} hl_resize_plan;

/* Output pixels [at, at + n) of an axis of src pixels that becomes dst. NULL-free or HL_E_LIMIT. */
hl_code hl_resize_plan_make(hl_arena *arena, int32_t src, int32_t dst, int32_t at, int32_t n,
                            hl_resize_plan *out, hl_error *err);

typedef struct {
    /* One row of src_width pixels to plan->n. */
    void (*row)(const hl_resize_plan *plan, const uint8_t *src, int32_t src_width, uint8_t *dst);
    /* Output row i: n bytes from the rows src[0 .. plan->taps[i]). */
    void (*col)(const hl_resize_plan *plan, int32_t i, const uint8_t *const *src, size_t n,
                uint8_t *dst);
} hl_resize_ops;

/* Plain C first, then each level overrides what it has. row is for one channel. */
void hl_resize_ops_init(hl_resize_ops *ops, hl_cpu cpu);

/* Output pixels [from, plan->n) of a row with channels interleaved. */
void hl_resize_row_c(const hl_resize_plan *plan, int32_t from, int32_t channels, const uint8_t *src,
                     uint8_t *dst);
/* Bytes [from, n) of output row i. */
void hl_resize_col_c(const hl_resize_plan *plan, int32_t i, const uint8_t *const *src, size_t from,
                     size_t n, uint8_t *dst);
/* x86-64 only. */
void hl_resize_row_avx2(const hl_resize_plan *plan, const uint8_t *src, int32_t src_width,
                        uint8_t *dst);
void hl_resize_col_avx2(const hl_resize_plan *plan, int32_t i, const uint8_t *const *src, size_t n,
                        uint8_t *dst);

#endif
