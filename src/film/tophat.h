/*
 * tophat.h - what is small and bright on a background of any brightness: the white top-hat of a
 * grey picture, A minus its opening by a k x k square.
 *
 * An opening is an erosion (least value under the square) and then a dilation (greatest value).
 * Behind the border there is nothing: the square is cut off there. The black top-hat of A is the
 * white top-hat of 255 - A. films.md 4.3
 */
#ifndef HL_FILM_TOPHAT_H
#define HL_FILM_TOPHAT_H

#include "data/image.h"
#include "film/grey_ops.h"

#define HL_TOPHAT_MAX_SIDE 63 /* of the square, px */

/*
 * out = the white top-hat of image.
 *
 *   image    grey
 *   k        side of the square: odd, 3..HL_TOPHAT_MAX_SIDE
 *   scratch  another image of the same size
 *   arena    for some k rows
 *   out      an image of the same size and row_bytes as scratch
 *
 * HL_E_LIMIT: out of memory.
 */
hl_code hl_tophat(const hl_image *image, int32_t k, const hl_grey_ops *ops, hl_image *scratch,
                  hl_arena *arena, hl_image *out, hl_error *err);

#endif
