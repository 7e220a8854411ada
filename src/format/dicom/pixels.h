/*
 * pixels.h - a data set's pixel data as integers: PS3.3 C.7.6.3, PS3.5 8 and annex A; films.md 3.6.
 *
 *   hl_dicom --describe--> hl_pixels --frame--> hl_frame (words) --hl_frame_values--> integers
 */
#ifndef HL_FORMAT_DICOM_PIXELS_H
#define HL_FORMAT_DICOM_PIXELS_H

#include "base/cpu.h"
#include "format/dicom/dicom.h"

#define HL_PIXELS_MAX_BYTES (INT64_C(4) << 30) /* of one frame, decoded */

typedef struct {
    int32_t rows, columns;  /* px, 1..65535 */
    int32_t samples;        /* 1 or 3 */
    int32_t bits_allocated; /* 1, 8, 16, 32 */
    int32_t bits_stored;    /* 1..bits_allocated */
    int32_t high_bit;
    bool is_signed; /* PixelRepresentation 1 */
    bool planar;    /* PlanarConfiguration 1 */
    int64_t n_frames;
    char photometric[17]; /* "MONOCHROME2", trailing blanks gone */
    size_t excess_bytes;  /* native: bytes behind the last frame */

    /* where frame f lies; private to pixels.c and frames.c, freed with the hl_dicom's arena */
    const struct hl_frame_place *place;
} hl_pixels;

/*
 * Read and check the image module. Everything that can be known without decoding is checked here:
 * absent or contradictory attributes, a native length that is too short, fragments that do not make
 * NumberOfFrames frames. HL_E_INPUT; HL_E_LIMIT: can't be decoded (64 bit, float pixels, video,
 * a transfer syntax that we don't know: said by name).
 */
hl_code hl_pixels_describe(hl_dicom *d, hl_pixels *out, hl_error *err);

/*
 * One frame's words. bits is 8, 16 or 32 (1-bit pixels come as bytes of 0 and 1); words are in this
 * machine's byte order, row-major, samples interleaved, and may hold more than the value:
 *
 *      value = (word >> shift) & (2^stored - 1), sign-extended from bit stored - 1 if is_signed
 *
 * exact = true says that the word is the value (as an int of bits bits): nothing to do. px may
 * point into the file's bytes and must not be written to.
 */
typedef struct {
    int32_t width, height, samples; /* px */
    int32_t bits;                   /* 8, 16, 32 */
    int32_t shift, stored;
    bool is_signed;
    bool exact;
    const void *px;
} hl_frame;

/* Decode frame i (0 <= i < n_frames) into arena. HL_E_INPUT: damaged, or of another size than the
 * header says; HL_E_LIMIT: a variant that no decoder here takes. */
hl_code hl_pixels_frame(hl_dicom *d, const hl_pixels *p, int64_t i, hl_arena *arena, hl_cpu cpu,
                        hl_frame *out, hl_error *err);

/* The same frame with exact words: a copy in arena, unless they are so already. */
hl_code hl_frame_values(const hl_frame *frame, hl_arena *arena, hl_frame *out, hl_error *err);

/* YBR_FULL and YBR_FULL_422 (8 bit, 3 samples, already interleaved 4:4:4) to RGB, a new frame in
 * arena; any other photometric: the frame itself. films.md 3.6 */
hl_code hl_frame_rgb(const hl_frame *frame, const hl_pixels *p, hl_arena *arena, hl_frame *out,
                     hl_error *err);

#endif
