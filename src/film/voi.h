/*
 * voi.h - what a file says about the meaning of its stored values: modality transform, window or
 * VOI LUT, padding. PS3.3 C.11.1, C.11.2, C.7.5.1.1.2.
 *
 *      stored value --modality--> what was measured --window or LUT--> 0..1
 */
#ifndef HL_FILM_VOI_H
#define HL_FILM_VOI_H

#include "format/dicom/pixels.h"

/* An item of a Modality or VOI LUT Sequence. n = 0: none. */
typedef struct {
    int64_t first; /* the input that entry 0 is for */
    uint32_t n;    /* entries, at most 65536 */
    int32_t bits;  /* of an entry, 1..16 */
    const uint16_t *entry;
} hl_tone_lut;

typedef struct {
    hl_tone_lut lut; /* goes before slope and intercept */
    double slope, intercept;
} hl_modality;

typedef enum {
    HL_VOI_NONE,
    HL_VOI_LINEAR,
    HL_VOI_LINEAR_EXACT,
    HL_VOI_SIGMOID,
    HL_VOI_LUT
} hl_voi_kind;

typedef struct {
    hl_voi_kind kind;
    double centre, width;
    hl_tone_lut lut;
} hl_voi;

/* Stored values low..high are no picture. */
typedef struct {
    bool any;
    int64_t low, high;
} hl_padding;

/* Modality LUT, or rescale slope and intercept, or (neither there) the values themselves.
 * HL_E_INPUT: one that means nothing. LUT entries live in arena. */
hl_code hl_modality_read(hl_dicom *d, const hl_pixels *p, hl_arena *arena, hl_modality *out,
                         hl_error *err);
hl_modality hl_modality_none(void);

/* The first VOI LUT if there is one (as pydicom prefers), else the first window, else HL_VOI_NONE.
 * input: the transform before it, whose range tells the sign of a LUT's first input. HL_E_INPUT: a
 * width that is too small, a function that the standard does not have, a bad LUT. */
hl_code hl_voi_read(hl_dicom *d, const hl_pixels *p, const hl_modality *input, hl_arena *arena,
                    hl_voi *out, hl_error *err);

/* PixelPaddingValue, with PixelPaddingRangeLimit a range. It is compared with stored values; a
 * value given with the other sign than the pixels' is taken as its 16 bits. */
hl_padding hl_padding_read(const hl_dicom *d, const hl_pixels *p);

double hl_modality_of(const hl_modality *m, int64_t stored);
/* The least and the greatest that values of levels (as hl_frame's words) can become. */
void hl_modality_span(const hl_modality *m, int64_t least, int64_t greatest, double *low,
                      double *high);

/* 0..1 for kinds other than HL_VOI_NONE. */
double hl_voi_of(const hl_voi *v, double x);

#endif
