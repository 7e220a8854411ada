/*
 * Bytes -> DICOM -> the first frame under the look that the first byte (of the preamble) chooses:
 * windows, tables, padding and percentiles of any content give a picture of the frame's size or an
 * error.
 */
#include "film/look.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(hl_dicom *d, const hl_pixels *p, const hl_frame *frame, int turn)
{
    const hl_look look = {.modality = turn & 1 ? HL_MODALITY_IGNORE : HL_MODALITY_APPLY,
                          .range = (hl_look_range)(turn / 2 % 4),
                          .percentile = {0.5, 99.5},
                          .skip_padding = turn & 8,
                          .rounding = turn & 16 ? HL_ROUND_TRUNCATE : HL_ROUND_NEAREST,
                          .equalise = turn & 32 ? HL_EQUALISE_HISTOGRAM : HL_EQUALISE_NONE,
                          .format = turn & 64 ? HL_FILM_PNG8 : HL_FILM_PNG16};
    hl_arena *arena = hl_arena_new(0);
    hl_picture picture;
    hl_look_stats stats;
    hl_error err;

    if (look.format != HL_FILM_PNG16 || look.equalise == HL_EQUALISE_NONE)
        if (hl_look_apply(&look, d, p, frame, hl_cpu_level(0), arena, &picture, &stats, &err) ==
            HL_OK) {
            hl_assert(picture.width == frame->width && picture.height == frame->height);
            hl_assert(stats.grey_mean >= 0.0 && stats.grey_mean <= 1.0);
            hl_assert(stats.min <= stats.max);
            hl_assert((picture.grey.px != NULL) != (picture.wide != NULL));
        }
    hl_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(0);
    hl_dicom *d = NULL;
    hl_pixels p;
    hl_frame frame;
    hl_error err;

    if (hl_dicom_memory(data, size, "fuzz.dcm", &d, &err) == HL_OK &&
        hl_pixels_describe(d, &p, &err) == HL_OK && (int64_t)p.rows * p.columns < 1 << 16 &&
        hl_pixels_frame(d, &p, 0, arena, hl_cpu_level(0), &frame, &err) == HL_OK)
        check(d, &p, &frame, data[0]);
    hl_dicom_close(&d);
    hl_arena_free(&arena);
    return 0;
}
