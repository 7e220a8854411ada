/*
 * A header of 8 bytes, then one frame's bytes -> its decoder: no wrapper of elements and fragments
 * stands in the way, so that mutations reach the codec.
 *
 *      0  codec: 0 raw, 1 deflate, 2 RLE, 3 JPEG, 4 JPEG-LS, 5 JPEG 2000 (modulo 6)
 *      1  bit 0-1: 1, 8, 16, 32 bits allocated; 2: three samples; 3: signed; 4: planar;
 *         5: YBR_FULL_422
 *      2  BitsStored (cut to what is allocated)
 *      3  HighBit (the same)
 *      4  columns, rows: 16 bits each, little endian
 */
#include "format/dicom/pixels_internal.h"

enum { HEAD = 8, MAX_PIXELS = 1 << 18 }; /* larger ones only make the fuzzer slow */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hl_pixels header(const uint8_t *b)
{
    static const int32_t allocated[] = {1, 8, 16, 32};
    const int32_t bits = allocated[b[1] & 3];
    hl_pixels p = {.columns = b[4] | b[5] << 8,
                   .rows = b[6] | b[7] << 8,
                   .samples = b[1] & 4 ? 3 : 1,
                   .bits_allocated = bits,
                   .bits_stored = 1 + b[2] % bits,
                   .high_bit = b[3] % bits,
                   .is_signed = b[1] & 8,
                   .planar = b[1] & 4 && b[1] & 16,
                   .n_frames = 1};

    snprintf(p.photometric, sizeof p.photometric, "%s",
             p.samples == 1 ? "MONOCHROME2"
             : b[1] & 32    ? "YBR_FULL_422"
                            : "RGB");
    return p;
}

static hl_code decode(hl_frame_task *t, int codec, hl_frame *out, hl_error *err)
{
    switch (codec) {
    case 0:
        return hl_native_raw(t, out, err);
    case 1:
        return hl_native_inflate(t, out, err);
    case 2:
        return hl_rle_frame(t, out, err);
    case 3:
        return hl_jpeg_frame(t, out, err);
    case 4:
        return hl_jpeg_ls_frame(t, out, err);
    default:
        return hl_jpeg_2000_frame(t, out, err);
    }
}

/* Every word is there, and can be made exact and RGB. */
static void check(const hl_frame_task *t, const hl_frame *frame)
{
    const hl_pixels *p = t->p;
    hl_frame exact, rgb;
    unsigned sum = 0;

    hl_assert(frame->width == p->columns && frame->height == p->rows &&
              frame->samples == p->samples);
    hl_assert(frame->bits == (p->bits_allocated == 1 ? 8 : p->bits_allocated));
    hl_assert((uintptr_t)frame->px % ((unsigned)frame->bits / 8) == 0);
    if (hl_frame_values(frame, t->arena, &exact, NULL) != HL_OK ||
        hl_frame_rgb(&exact, p, t->arena, &rgb, NULL) != HL_OK)
        return;
    const size_t n =
        (size_t)rgb.width * (size_t)rgb.height * (size_t)rgb.samples * (size_t)rgb.bits / 8;
    for (size_t i = 0; i < n; i++)
        sum += ((const uint8_t *)rgb.px)[i];
    __asm__ volatile("" : : "r"(sum)); /* a sanitizer looks at each byte */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nothing[] = {8, 0, 0x60, 0, 'C', 'S', 2, 0, 'D', 'X'}; /* Modality */
    hl_pixels p;
    hl_dicom *d = NULL;
    hl_error err = {0};

    if (size < HEAD)
        return 0;
    p = header(data);
    if (p.rows == 0 || p.columns == 0 || (int64_t)p.rows * p.columns > MAX_PIXELS)
        return 0;
    hl_arena *arena = hl_arena_new(0);
    hl_assert(arena);
    hl_assert(hl_dicom_memory(nothing, sizeof nothing, "fuzz.dcm", &d, &err) == HL_OK);
    hl_frame_task t = {.d = d, .p = &p, .at = data + HEAD, .n = size - HEAD, .arena = arena};
    hl_frame frame;
    const hl_code c = decode(&t, data[0] % 6, &frame, &err);
    hl_assert(c == HL_OK || c == HL_E_INPUT || c == HL_E_LIMIT);
    hl_assert(c == HL_OK || err.message[0]);
    if (c == HL_OK)
        check(&t, &frame);
    hl_dicom_close(&d);
    hl_arena_free(&arena);
    return 0;
}
