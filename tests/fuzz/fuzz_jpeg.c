/*
 * Bytes -> picture, by our decoder at each level and by libjpeg. What ours takes libjpeg must
 * take, with the same pixels; ours at all levels the same.
 */
#include "format/jpeg_engine.h"
#include "format/jpeg_header.h"

enum { MAX_PIXELS = 1 << 20 }; /* larger ones only make the fuzzer slow */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_equal(const hl_image *a, const hl_image *b)
{
    hl_assert(a->width == b->width && a->height == b->height && a->channels == b->channels);
    for (int32_t y = 0; y < a->height; y++)
        hl_assert(memcmp(a->px + y * a->row_bytes, b->px + y * b->row_bytes,
                         (size_t)a->width * (size_t)a->channels) == 0);
}

static void compare(hl_arena *arena, const uint8_t *data, size_t size)
{
    hl_image plain, best, library, any;
    hl_error err;
    const hl_code c = hl_jpeg_decode_library(arena, data, size, "fuzz.jpg", &library, &err);
    const bool taken = hl_jpeg_decode_own(arena, data, size, 0, 1 << 16, HL_CPU_C, &plain);

    hl_assert(hl_jpeg_decode_own(arena, data, size, 0, 1 << 16, hl_cpu_level(HL_CPU_BEST), &best) ==
              taken);
    if (taken) {
        hl_assert(c == HL_OK);
        must_be_equal(&plain, &best);
#if defined(__x86_64__) /* coefficients beyond range wrap as in libjpeg's code for this processor  \
                         */
        must_be_equal(&plain, &library);
#endif
    }
    hl_assert(hl_jpeg_decode(arena, data, size, "fuzz.jpg", 3, 9, hl_cpu_level(HL_CPU_BEST), &any, &err) == c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(0);
    hl_jpeg_header h;

    if (arena && hl_jpeg_header_read(data, size, "fuzz.jpg", &h, NULL) == HL_OK &&
        (int64_t)h.width * h.height <= MAX_PIXELS)
        compare(arena, data, size);
    hl_arena_free(&arena);
    return 0;
}
