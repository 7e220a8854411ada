#include "pack/crop.h"

int32_t hl_crop_centre(int32_t n, int32_t c)
{
    int32_t excess = n - c;

    if (excess < 0)
        return -((c - n) / 2);
    int32_t half = excess / 2;
    return excess % 2 && half % 2 ? half + 1 : half;
}

void hl_crop_draw(hl_mt19937 *g, int32_t width, int32_t height, int32_t c, int32_t *top,
                  int32_t *left)
{
    *top = *left = 0;
    if ((width == c && height == c) || width < c || height < c)
        return;
    *top = (int32_t)(hl_mt19937_u32(g) % (uint32_t)(height - c + 1));
    *left = (int32_t)(hl_mt19937_u32(g) % (uint32_t)(width - c + 1));
}
