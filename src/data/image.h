/*
 * image.h - 8-bit pictures in memory: crop, exact resize, look-up tables.
 *
 * Pixels are row-major, channels interleaved, 0 = black for grey. width and height are at most
 * HL_IMAGE_MAX_SIDE, checked before anything is allocated.
 */
#ifndef HL_DATA_IMAGE_H
#define HL_DATA_IMAGE_H

#include "base/arena.h"
#include "base/cpu.h"

#define HL_IMAGE_MAX_SIDE 65500
#define HL_IMAGE_MAX_PIXELS (INT64_C(1) << 28)

typedef struct {
    int32_t width;     /* px */
    int32_t height;    /* px */
    int32_t channels;  /* 1 grey, 3 RGB */
    int64_t row_bytes; /* from one row to the next, >= width * channels */
    uint8_t *px;
} hl_image;

typedef struct {
    int32_t left, top, width, height; /* px */
} hl_rect;

/* A new image in arena, rows aligned to 64 bytes, pixels not cleared. HL_E_LIMIT. */
hl_code hl_image_new(hl_arena *arena, int32_t width, int32_t height, int32_t channels,
                     hl_image *out, hl_error *err);

/* The part of image inside rect, sharing its pixels. rect must lie inside (hl_assert). */
hl_image hl_image_part(const hl_image *image, hl_rect rect);

/*
 * The window of the picture that Pillow's Image.resize((width, height), BILINEAR) makes of src, bit
 * for bit (horizontal pass first, rounded to 8 bits in between, 22-bit coefficients); only what the
 * window needs is computed. A pass is skipped when that side does not change.
 * symile.md 6.2; perf.md 5.
 */
hl_code hl_image_resize(hl_arena *arena, const hl_image *src, int32_t width, int32_t height,
                        hl_rect window, hl_cpu cpu, hl_image *out, hl_error *err);

/* Rows [*first, *end) of a picture of height src that a resize to height dst needs for its rows
 * [top, top + n): what a decoder must deliver. */
void hl_resize_source_rows(int32_t src, int32_t dst, int32_t top, int32_t n, int32_t *first,
                           int32_t *end);

/* Size after torchvision's Resize(s): the smaller edge becomes s, the other keeps the ratio and is
 * truncated. symile.md 6.1 */
void hl_resize_smaller_edge(int32_t width, int32_t height, int32_t s, int32_t *out_width,
                            int32_t *out_height);

/* out[i] = lut[in[i]]. */
void hl_lut_u8(const uint8_t lut[256], const uint8_t *in, uint8_t *out, size_t n);
/* out[i] = lut[in[i]], 32-bit floats; SIMD where it helps, same bits. */
void hl_lut_f32(const float lut[256], const uint8_t *in, float *out, size_t n, hl_cpu cpu);

#endif
