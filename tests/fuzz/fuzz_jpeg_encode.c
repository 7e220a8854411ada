/*
 * Quality, width, pixels -> JPEG. Our encoder writes libjpeg's file at each level.
 */
#include "format/jpeg_engine.h"
#include "format/jpeg_write_grey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const hl_image *image, int quality)
{
    static const hl_cpu levels[] = {HL_CPU_C, HL_CPU_AVX2};
    const hl_jpeg_rows rows = {.width = image->width,
                               .height = image->height,
                               .px = image->px,
                               .row_bytes = image->row_bytes};
    hl_buf want = {0};

    hl_assert(hl_jpeg_encode_library(image, quality, &want, NULL) == HL_OK);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        hl_buf got = {0};
        const hl_cpu cpu = hl_cpu_level((int32_t)levels[i]);
        hl_assert(hl_jpeg_write_grey(&rows, quality, cpu, &got, NULL) == HL_OK);
        hl_assert(got.n == want.n && memcmp(got.at, want.at, got.n) == 0);
        hl_buf_free(&got);
    }
    hl_buf_free(&want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 1 << 16)
        return 0;
    const int32_t width = 1 + data[1];
    const size_t n = size - 2, height = n / (size_t)width;
    if (height == 0)
        return 0;
    /* A copy without slack: the sanitizer sees a byte too far. */
    uint8_t *px = malloc(height * (size_t)width);
    hl_assert(px);
    memcpy(px, data + 2, height * (size_t)width);
    const hl_image image = {width, (int32_t)height, 1, width, px};
    check(&image, 1 + data[0] % 100);
    free(px);
    return 0;
}
