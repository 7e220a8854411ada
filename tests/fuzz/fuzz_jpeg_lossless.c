/*
 * Bytes -> samples of a lossless JPEG. What was read can be written as 16-bit samples with any
 * predictor, and is the same when it is read again.
 */
#include "format/jpeg_header.h"
#include "format/jpeg_lossless_write.h"
#include "format/jpeg_samples.h"

enum { MAX_PIXELS = 1 << 18 }; /* larger ones only make the fuzzer slow */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(hl_arena *arena, const hl_jpeg_samples *s)
{
    const hl_jpeg_lossless_plan plan = {.width = s->width,
                                        .height = s->height,
                                        .bits = 16,
                                        .precision = 16,
                                        .predictor = 1 + (s->width + s->height) % 7,
                                        .restart_lines = s->width < 8 ? s->height % 5 : 0};
    hl_jpeg_samples again;
    hl_buf b = {0};
    hl_error err;

    hl_assert(hl_jpeg_encode_lossless_as(s->px, &plan, &b, &err) == HL_OK);
    hl_assert(hl_jpeg_decode_lossless(arena, (const uint8_t *)b.at, b.n, "again.jpg",
                                      (hl_jpeg_size){s->width, s->height, 1}, &again,
                                      &err) == HL_OK);
    hl_assert(!again.no_eoi);
    hl_assert(memcmp(again.px, s->px, (size_t)s->width * (size_t)s->height * sizeof *s->px) == 0);
    hl_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(0);
    hl_jpeg_header h;
    hl_jpeg_samples s;
    hl_error err;

    if (arena && hl_jpeg_header_read(data, size, "fuzz.jpg", &h, NULL) == HL_OK &&
        (int64_t)h.width * h.height <= MAX_PIXELS) {
        const hl_jpeg_size expect = {h.width, h.height, h.components};
        const hl_code c = hl_jpeg_decode_lossless(arena, data, size, "fuzz.jpg", expect, &s, &err);
        hl_assert(c == HL_OK || c == HL_E_INPUT || c == HL_E_LIMIT);
        if (c == HL_OK && s.components == 1)
            write_and_read(arena, &s);
    }
    hl_arena_free(&arena);
    return 0;
}
