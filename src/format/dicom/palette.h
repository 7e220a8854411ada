/*
 * palette.h - the colours of PALETTE COLOR pixels: PS3.3 C.7.6.3.1.5 and C.7.6.3.1.6.
 */
#ifndef HL_FORMAT_DICOM_PALETTE_H
#define HL_FORMAT_DICOM_PALETTE_H

#include "data/image.h"
#include "format/dicom/pixels.h"

/* One table for each of red, green, blue: entry k of n belongs to the stored value first + k; below
 * and above the first and last entry hold. */
typedef struct {
    struct {
        int32_t first, n;
        const uint8_t *level; /* of 8 bits; the upper half of entries of 16 */
    } channel[3];
} hl_palette;

/* Read the tables into arena. HL_E_INPUT: absent, or shorter than their descriptors say;
 * HL_E_LIMIT: segmented tables. */
hl_code hl_palette_read(hl_dicom *d, hl_arena *arena, hl_palette *out, hl_error *err);

/* The colours of an exact frame of one sample, into an RGB image of its size. */
void hl_palette_apply(const hl_palette *palette, const hl_frame *frame, hl_image *out);

#endif
