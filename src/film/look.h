/*
 * look.h - how a film's stored values become the picture that is written: the "pixels" part of a
 * film recipe, and the pure function that applies it. films.md 1, 5.
 *
 *   stored value --modality--> --voi--> --range--> 0..white --invert--> --equalise--> --resize-->
 *
 * For words of up to 16 bits everything before equalise is one table from word to grey, and so is
 * equalise once the histogram is known: the words are read twice (histogram, table), whatever the
 * recipe says.
 */
#ifndef HL_FILM_LOOK_H
#define HL_FILM_LOOK_H

#include "data/image.h"
#include "data/recipe.h"
#include "format/dicom/pixels.h"

typedef enum {
    HL_MODALITY_IGNORE,
    HL_MODALITY_APPLY
} hl_look_modality; /* rescale or modality LUT */
typedef enum {
    HL_RANGE_MINMAX,     /* darkest to brightest stored value, as published */
    HL_RANGE_PERCENTILE, /* between two percentiles */
    HL_RANGE_VOI,   /* the file's first VOI window or VOI LUT; none there: min/max, and a note */
    HL_RANGE_STORED /* 0 (or the least) to the greatest value of BitsStored */
} hl_look_range;
typedef enum {
    HL_INVERT_MONOCHROME1, /* after quantising, as published */
    HL_INVERT_NEVER
} hl_look_invert;
typedef enum { HL_EQUALISE_NONE, HL_EQUALISE_HISTOGRAM, HL_EQUALISE_CLAHE } hl_look_equalise;
typedef enum {
    HL_RESIZE_NONE,
    HL_RESIZE_PILLOW_BILINEAR, /* data/image hl_image_resize */
    HL_RESIZE_AREA             /* OpenCV INTER_AREA */
} hl_look_resize;
typedef enum { HL_ROUND_TRUNCATE, HL_ROUND_NEAREST } hl_look_rounding;
typedef enum { HL_FILM_JPEG, HL_FILM_PNG8, HL_FILM_PNG16 } hl_film_format;

typedef struct {
    hl_look_modality modality;
    hl_look_range range;
    double percentile[2]; /* 0..100, low < high */
    bool skip_padding;    /* PixelPaddingValue counts in no statistic */
    hl_look_rounding rounding;
    hl_look_invert invert;
    hl_look_equalise equalise;
    double clahe_clip;      /* OpenCV's clipLimit */
    int64_t clahe_tiles[2]; /* across, down */
    hl_look_resize resize;
    int64_t shorter_edge; /* px; HL_RESIZE_NONE: 0. Films are never enlarged */
    hl_film_format format;
    int64_t quality; /* JPEG, 1..100 */
} hl_look;

/* The "pixels" object of a recipe; unknown keys are refused. */
hl_code hl_look_read(const hl_recipe_at *pixels, hl_look *out, hl_error *err);

/* What was seen on the way: rows of films-report.csv. */
typedef struct {
    int64_t min, max; /* of the stored values */
    double mean;      /* of the stored values */
    double grey_mean; /* of the picture, 0..1 of white */
    bool inverted;
    bool constant; /* min == max */
    bool wrapped;  /* signed values whose range does not fit: kept as published. films.md 1.1 */
    bool no_voi;   /* HL_RANGE_VOI, but the file has none */
} hl_look_stats;

/* A picture of 8 or 16 bits: one of three. It lives as long as the arena and the frame's words. */
typedef struct {
    hl_image grey;                /* 8-bit; px == NULL: one of the others */
    const uint16_t *wide;         /* 16-bit, [height][width] without gaps */
    const struct hl_paint *paint; /* JPEG without CLAHE and resize: greys that are made row by row
                                   * while they are encoded (hl_picture_grey) */
    int32_t width, height;
} hl_picture;

/*
 * Make the picture of one frame. d is asked for window, LUT, rescale and padding only. HL_E_INPUT:
 * not one sample a pixel, or PALETTE COLOR (no film); a window or LUT that means nothing.
 */
hl_code hl_look_apply(const hl_look *look, hl_dicom *d, const hl_pixels *p, const hl_frame *frame,
                      hl_cpu cpu, hl_arena *arena, hl_picture *out, hl_look_stats *stats,
                      hl_error *err);

/* The 8-bit pixels of a picture in memory: its own, or made in arena. */
hl_code hl_picture_grey(const hl_picture *picture, hl_arena *arena, hl_image *out, hl_error *err);

/* The picture as a file's bytes, appended to out. */
hl_code hl_picture_encode(const hl_look *look, const hl_picture *picture, hl_cpu cpu, hl_buf *out,
                          hl_error *err);

/* --- the steps alone, for tests and checks ---------------------------------------------------- */

/* OpenCV's equalizeHist for 8-bit grey: lut from a histogram of n pixels. films.md 1.2 */
void hl_equalise_lut(const int64_t histogram[256], int64_t n, uint8_t lut[256]);

/* 8-bit min/max normalisation without inversion or equalisation ("A" of films.md 4.3), for
 * detectors and thumbnails. */
hl_code hl_look_plain(hl_dicom *d, const hl_pixels *p, const hl_frame *frame, hl_cpu cpu,
                      hl_arena *arena, hl_image *out, hl_error *err);

#endif
