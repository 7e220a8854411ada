/*
 * Bytes -> samples of a 12-bit DCT JPEG: all within range, and the same each time.
 */
#include "format/jpeg_header.h"
#include "format/jpeg_samples.h"

enum { MAX_PIXELS = 1 << 15 }; /* larger ones only make the fuzzer slow */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(0);
    hl_jpeg_header h;
    hl_jpeg_samples s, again;
    hl_error err;

    if (arena && hl_jpeg_header_read(data, size, "fuzz.jpg", &h, NULL) == HL_OK &&
        (int64_t)h.width * h.height <= MAX_PIXELS) {
        const hl_jpeg_size expect = {h.width, h.height, h.components};
        const hl_code c = hl_jpeg_decode_dct12(arena, data, size, "fuzz.jpg", expect, &s, &err);
        hl_assert(c == HL_OK || c == HL_E_INPUT || c == HL_E_LIMIT);
        if (c == HL_OK) {
            const size_t n = (size_t)s.width * (size_t)s.height * (size_t)s.components;
            for (size_t i = 0; i < n; i++)
                hl_assert(s.px[i] <= 4095);
            hl_assert(hl_jpeg_decode_dct12(arena, data, size, "fuzz.jpg", expect, &again, &err) ==
                      HL_OK);
            hl_assert(memcmp(again.px, s.px, n * sizeof *s.px) == 0);
        }
    }
    hl_arena_free(&arena);
    return 0;
}
