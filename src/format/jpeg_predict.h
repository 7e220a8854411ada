/*
 * jpeg_predict.h - what lossless JPEG expects of a sample. ITU-T T.81 table H.1.
 */
#ifndef HL_FORMAT_JPEG_PREDICT_H
#define HL_FORMAT_JPEG_PREDICT_H

#include <stdint.h>

/* predictor 1..7; a is left, b above, c above left. */
static inline int32_t hl_jpeg_predict(int predictor, int32_t a, int32_t b, int32_t c)
{
    switch (predictor) {
    case 1:
        return a;
    case 2:
        return b;
    case 3:
        return c;
    case 4:
        return a + b - c;
    case 5:
        return a + ((b - c) >> 1);
    case 6:
        return b + ((a - c) >> 1);
    default:
        return (a + b) >> 1;
    }
}

#endif
