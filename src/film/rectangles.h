/*
 * rectangles.h - upright rectangles of exactly one grey value: where somebody may have blackened
 * text. films.md 4.3
 */
#ifndef HL_FILM_RECTANGLES_H
#define HL_FILM_RECTANGLES_H

#include "data/image.h"
#include "film/grey_ops.h"

/*
 * How many there are of more than 500 px in a grey image. Not counted: bands from edge to edge of
 * the film (borders, collimation), and shapes of one value that are no rectangle. HL_E_LIMIT: out
 * of memory.
 */
hl_code hl_rectangles_count(const hl_image *image, const hl_grey_ops *ops, hl_arena *arena,
                            size_t *n, hl_error *err);

#endif
