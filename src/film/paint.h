/*
 * paint.h - a frame's words to greys, row by row, once it is known what each stored value becomes.
 */
#ifndef HL_FILM_PAINT_H
#define HL_FILM_PAINT_H

#include "film/tone.h"

typedef struct hl_paint {
    hl_frame frame;
    /* words of 8 and 16 bits: grey of every word; one of the two */
    const uint8_t *table;
    const uint16_t *wide_table;
    /* words of 32 bits: value by value */
    hl_levels levels;
    hl_tone tone;
    hl_padding padding;
    uint8_t after[256]; /* what equalise makes of a grey */
} hl_paint;

/* grey[i] is what tally->value[i] becomes, 0..tone->white; after: see above. Tables live in arena;
 * the frame's words and the tone's LUTs must stay. HL_E_LIMIT. */
hl_code hl_paint_make(const hl_frame *frame, const hl_tally *tally, const uint16_t *grey,
                      const hl_tone *tone, const hl_padding *padding, const uint8_t after[256],
                      hl_arena *arena, hl_paint *out, hl_error *err);

/* Row y, frame.width greys. */
void hl_paint_row(const hl_paint *paint, int32_t y, uint8_t *out);
void hl_paint_wide_row(const hl_paint *paint, int32_t y, uint16_t *out);

#endif
