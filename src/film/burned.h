/*
 * burned.h - text burned into the pixels: a detector that flags films for a person to look at.
 * films.md 4.3. It never proves absence; its recall and false alarms are in docs/fidelity.md.
 */
#ifndef HL_FILM_BURNED_H
#define HL_FILM_BURNED_H

#include "data/image.h"

typedef struct {
    hl_rect box;      /* px of the image given */
    int32_t n_glyphs; /* >= 4: a line of text; fewer: perhaps a side marker */
} hl_text_line;

typedef struct {
    hl_text_line *line; /* in arena, longest first */
    size_t n;           /* lines of >= 4 glyphs and shorter groups together */
    size_t n_text;      /* of them with >= 4 glyphs */
    size_t n_boxes;     /* uniform axis-parallel rectangles: signs of redaction */
} hl_burned;

/* image: 8-bit grey, min/max normalised, not equalised. Films of more than 2000 px a side are
 * searched at half size. Memory: some 8 bytes a pixel of arena. */
hl_code hl_burned_find(const hl_image *image, hl_cpu cpu, hl_arena *arena, hl_burned *out,
                       hl_error *err);

#endif
