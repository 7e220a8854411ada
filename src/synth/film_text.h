/*
 * film_text.h - a line of text burned into a drawn film.
 */
#ifndef HL_SYNTH_FILM_TEXT_H
#define HL_SYNTH_FILM_TEXT_H

#include "synth/film.h"

#define HL_SYNTH_TEXT_HEIGHT 7 /* dots of a glyph, from one to the next 6 */
#define HL_SYNTH_TEXT_STEP 6

/* Draw text (digits, blanks and the letters of PATIENT) with its upper left corner at (left, top),
 * dot px a dot, in one grey. What falls outside the picture is left out. */
void hl_synth_text_draw(hl_synth_picture *picture, int32_t left, int32_t top, int32_t dot,
                        const char *text, uint16_t grey);

#endif
