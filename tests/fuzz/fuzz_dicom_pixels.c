/*
 * Bytes -> data set -> the first frames -> integers -> RGB. What the header says is what comes out;
 * a frame decoded twice is the same twice, and exact words lie within their bits.
 */
#include "format/dicom/pixels.h"

enum { MAX_PIXELS = 1 << 22, MAX_FRAMES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t bytes_of(const hl_frame *f)
{
    return (size_t)f->width * (size_t)f->height * (size_t)f->samples * (size_t)f->bits / 8;
}

/* Every byte is there and set: a sanitizer looks. */
static unsigned sum(const hl_frame *f)
{
    const uint8_t *px = f->px;
    unsigned s = 0;

    for (size_t i = 0; i < bytes_of(f); i++)
        s += px[i];
    return s;
}

static void check_bits(const hl_frame *raw, const hl_frame *exact)
{
    hl_assert(exact->exact && exact->bits == raw->bits);
    hl_assert(raw->shift >= 0 && raw->stored >= 1 && raw->stored <= raw->bits);
    if (raw->bits != 16 || raw->is_signed || raw->exact)
        return;
    const uint16_t *px = exact->px;
    for (size_t i = 0; i < bytes_of(exact) / 2; i++)
        hl_assert(px[i] >> raw->stored == 0);
}

static void play(hl_dicom *d, const hl_pixels *p, int64_t i, hl_arena *arena)
{
    hl_frame raw, again, exact, rgb;
    hl_error err = {0};
    const hl_code c = hl_pixels_frame(d, p, i, arena, hl_cpu_level(HL_CPU_BEST), &raw, &err);

    hl_assert(c == HL_OK || c == HL_E_INPUT || c == HL_E_LIMIT);
    hl_assert(c == HL_OK || err.message[0]);
    if (c != HL_OK)
        return;
    hl_assert(raw.width == p->columns && raw.height == p->rows && raw.samples == p->samples);
    hl_assert(raw.bits == (p->bits_allocated == 1 ? 8 : p->bits_allocated));
    hl_assert((uintptr_t)raw.px % ((unsigned)raw.bits / 8) == 0);
    if (hl_frame_values(&raw, arena, &exact, &err) != HL_OK)
        return;
    check_bits(&raw, &exact);
    if (hl_frame_rgb(&exact, p, arena, &rgb, &err) == HL_OK)
        sum(&rgb);
    if (bytes_of(&raw) < 1 << 16 &&
        hl_pixels_frame(d, p, i, arena, HL_CPU_C, &again, &err) == HL_OK)
        hl_assert(memcmp(again.px, raw.px, bytes_of(&raw)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(0);
    hl_dicom *d = NULL;
    hl_pixels p;
    hl_error err = {0};

    if (arena && hl_dicom_memory(data, size, "fuzz.dcm", &d, &err) == HL_OK &&
        hl_pixels_describe(d, &p, &err) == HL_OK &&
        (int64_t)p.rows * p.columns * p.samples <= MAX_PIXELS)
        for (int64_t i = 0; i < p.n_frames && i < MAX_FRAMES; i++) {
            play(d, &p, i, arena);
            hl_arena_reset(arena);
        }
    hl_dicom_close(&d);
    hl_arena_free(&arena);
    return 0;
}
