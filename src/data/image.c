#include "data/image.h"

hl_code hl_image_new(hl_arena *arena, int32_t width, int32_t height, int32_t channels,
                     hl_image *out, hl_error *err)
{
    hl_assert(channels == 1 || channels == 3);
    if (width < 1 || height < 1 || width > HL_IMAGE_MAX_SIDE || height > HL_IMAGE_MAX_SIDE ||
        (int64_t)width * height > HL_IMAGE_MAX_PIXELS)
        return hl_fail(err, HL_E_LIMIT,
                       "a picture of %d x %d pixels: sides go from 1 to %d, with at most %lld "
                       "pixels in all",
                       width, height, HL_IMAGE_MAX_SIDE, (long long)HL_IMAGE_MAX_PIXELS);
    const int64_t row_bytes = ((int64_t)width * channels + 63) / 64 * 64;
    const size_t n = (size_t)row_bytes * (size_t)height;
    uint8_t *px = hl_arena_aligned(arena, n, 64);
    if (!px)
        return hl_fail_memory(err, "picture", n);
    *out = (hl_image){width, height, channels, row_bytes, px};
    return HL_OK;
}

hl_image hl_image_part(const hl_image *image, hl_rect rect)
{
    hl_assert(rect.left >= 0 && rect.top >= 0 && rect.width > 0 && rect.height > 0);
    hl_assert(rect.width <= image->width - rect.left && rect.height <= image->height - rect.top);
    hl_image part = *image;
    part.width = rect.width;
    part.height = rect.height;
    part.px += rect.top * image->row_bytes + (int64_t)rect.left * image->channels;
    return part;
}
