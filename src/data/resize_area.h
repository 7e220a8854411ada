/*
 * resize_area.h - shrinking by means over areas, as OpenCV's resize(..., INTER_AREA) of 8-bit grey,
 * bit for bit (x86-64 builds of 4.6 and 5.0 agree).
 *
 * Both ratios whole: integer sums; else each axis in float32, terms added from left to right and
 * from top to bottom, rounded once at the end, half to even.
 */
#ifndef HL_DATA_RESIZE_AREA_H
#define HL_DATA_RESIZE_AREA_H

#include "data/image.h"

/* One channel; 1 <= width <= src->width, the same for height (hl_assert). HL_E_LIMIT. */
hl_code hl_resize_area(hl_arena *arena, const hl_image *src, int32_t width, int32_t height,
                       hl_cpu cpu, hl_image *out, hl_error *err);

#endif
