/*
 * jpeg_samples.h - JPEG streams inside other formats, decoded to their samples: as many bits as
 * they have, components as they are stored (upsampled to full size, no colour conversion).
 *
 *      jpeg.c             baseline, extended and progressive, 8 bit (libjpeg-turbo)
 *      jpeg_lossless.c    SOF3: predictors 1-7, 2 to 16 bits        T.81 annex H; films.md 3.7.2
 *      jpeg_dct12.c       SOF1 with 12 bits                         films.md 3.7.3, 3.7.6
 */
#ifndef HL_FORMAT_JPEG_SAMPLES_H
#define HL_FORMAT_JPEG_SAMPLES_H

#include "base/arena.h"

typedef struct {
    int32_t width, height; /* px */
    int32_t components;    /* 1..4, interleaved */
    int32_t precision;     /* bits a sample, as the frame header says */
    bool no_eoi;           /* the end marker is missing, though all samples were there */
    bool odd_scan;         /* sequential, but Ss and Se were not 0 and 63; read as if they were */
    uint16_t *px;          /* [height][width][components], in arena */
} hl_jpeg_samples;

/* What the caller expects: another size in the stream is refused before anything is allocated. */
typedef struct {
    int32_t width, height, components;
} hl_jpeg_size;

/* HL_E_INPUT: damaged, cut short, data left over, another size; HL_E_LIMIT: a kind that this
 * decoder does not take (named). name is for messages. */
hl_code hl_jpeg_decode_samples8(hl_arena *arena, const uint8_t *bytes, size_t n, const char *name,
                                hl_jpeg_size expect, hl_jpeg_samples *out, hl_error *err);
hl_code hl_jpeg_decode_lossless(hl_arena *arena, const uint8_t *bytes, size_t n, const char *name,
                                hl_jpeg_size expect, hl_jpeg_samples *out, hl_error *err);
hl_code hl_jpeg_decode_dct12(hl_arena *arena, const uint8_t *bytes, size_t n, const char *name,
                             hl_jpeg_size expect, hl_jpeg_samples *out, hl_error *err);

#endif
