#include "film/look.h"

#include <math.h>

/*
 * All in float32: the sum as a float, times the scale, rounded half to even. Counts and n are below
 * 2^31 as OpenCV's are. films.md 1.2
 */
void hl_equalise_lut(const int64_t histogram[256], int64_t n, uint8_t lut[256])
{
    int32_t k = 0, sum = 0;

    memset(lut, 0, 256);
    while (k < 255 && histogram[k] == 0)
        k++;
    if (histogram[k] == n) {
        memset(lut, k, 256);
        return;
    }
    const float scale = 255.0f / (float)(int32_t)(n - histogram[k]);
    for (int32_t j = k + 1; j < 256; j++) {
        sum += (int32_t)histogram[j];
        const long grey = lrintf((float)sum * scale);
        lut[j] = (uint8_t)(grey > 255 ? 255 : grey);
    }
}
