/*
 * clahe.h - contrast-limited adaptive histogram equalisation, as OpenCV's createCLAHE(clip,
 * (across, down)).apply() of 8-bit grey, bit for bit (4.6 and 5.0 agree).
 *
 *   tiles    the picture, filled up on the right and below by mirroring when its sides are no
 *            multiples of the tiles (each side then by tiles - side % tiles, also where that side
 *            needs none: OpenCV's habit), in across x down equal rectangles
 *   clip     counts above clip * pixels / 256 (at least 1) of a tile are spread over all greys;
 *            0: no limit
 *   pixels   between the centres of four tiles their four tables are mixed, in float32
 */
#ifndef HL_FILM_CLAHE_H
#define HL_FILM_CLAHE_H

#include "data/image.h"

/* In place, one channel. across, down: 1..64; clip 0..1000. Scratch from arena: 0.5 KiB a tile, 20
 * bytes a column. HL_E_LIMIT. */
hl_code hl_clahe(hl_image *image, double clip, int32_t across, int32_t down, hl_cpu cpu,
                 hl_arena *arena, hl_error *err);

/* --- kernel --------------------------------------------------------------------------------- */

/* out[x] = the four bytes of quad[x] (upper left, upper right, lower left, lower right table) mixed
 * by the weights right[x] and below, rounded half to even. */
typedef void (*hl_clahe_mix)(const uint32_t *quad, const float *left, const float *right,
                             float above, float below, int32_t n, uint8_t *out);

void hl_clahe_mix_c(const uint32_t *quad, const float *left, const float *right, float above,
                    float below, int32_t n, uint8_t *out);
/* x86-64 only. */
void hl_clahe_mix_avx2(const uint32_t *quad, const float *left, const float *right, float above,
                       float below, int32_t n, uint8_t *out);

#endif
