/*
 * glyphs.h - which components of a top-hat map may be letters.
 *
 * A letter has the size of one, is drawn with a pen of one width, and is of one grey inside.
 * films.md 4.3
 */
#ifndef HL_FILM_GLYPHS_H
#define HL_FILM_GLYPHS_H

#include "film/components.h"

/* Sizes in px of the picture that is searched. */
typedef struct {
    int32_t least_height, most_height;
    int32_t least_width, most_width;
    int32_t least_area;
} hl_glyph_size;

typedef struct {
    int32_t left, top, right, bottom; /* px, [left, right) x [top, bottom) */
    int32_t area;                     /* px */
    float grey;                       /* median inside */
    float deviation;                  /* standard, of grey inside */
    float rise;                       /* median of the map inside: above the background */
    float pen;                        /* width of the strokes, px: mean */
    float pen_spread;                 /* their standard deviation / mean */
} hl_glyph;

/* Room for the masks of one component of most_height x most_width. */
typedef struct {
    uint16_t *distance;
    hl_glyph_size size;
} hl_glyphs;

/* HL_E_LIMIT: out of memory. */
hl_code hl_glyphs_new(hl_arena *arena, hl_glyph_size size, hl_glyphs *out, hl_error *err);

/*
 * The letters among the components c of a map of image.
 *
 *   image  the grey values themselves
 *   map    their top-hat, in which c was found
 *   out    room for c->n
 *   returns how many
 */
size_t hl_glyphs_keep(hl_glyphs *g, const hl_image *image, const hl_image *map,
                      const hl_components *c, hl_glyph *out);

#endif
