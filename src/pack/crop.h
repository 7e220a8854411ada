/*
 * crop.h - which square of a scaled film is kept: torchvision's CenterCrop and RandomCrop.
 * symile.md 6.1, 6.5.
 */
#ifndef HL_PACK_CROP_H
#define HL_PACK_CROP_H

#include "base/rng.h"
#include "data/image.h"

/* Offset of the centre crop of side c in a side of n px: round half to even of (n - c) / 2. When
 * the side is shorter it is negative: floor((c - n) / 2) black pixels come first. */
int32_t hl_crop_centre(int32_t n, int32_t c);

/* The random crop's top and left: no draw when the film is c x c already, else one for each, from
 * torch's default generator. A film smaller than c gets 0, 0 (it cannot be cropped). */
void hl_crop_draw(hl_mt19937 *g, int32_t width, int32_t height, int32_t c, int32_t *top,
                  int32_t *left);

#endif
