#include "format/dicom/pixels_internal.h"

/* --- exact words --------------------------------------------------------------------------------
 */

/* The mask rule on n words of `bits` bits: shift the value to the top, then back down. */
static void mask_words(const hl_frame *f, size_t n, void *to)
{
    const int32_t up = f->bits - f->stored - f->shift, down = f->bits - f->stored;

    if (f->bits == 8)
        for (size_t i = 0; i < n; i++) {
            const uint8_t top = (uint8_t)(((const uint8_t *)f->px)[i] << up);
            ((uint8_t *)to)[i] = (uint8_t)(f->is_signed ? (int8_t)top >> down : top >> down);
        }
    else if (f->bits == 16)
        for (size_t i = 0; i < n; i++) {
            const uint16_t top = (uint16_t)(((const uint16_t *)f->px)[i] << up);
            ((uint16_t *)to)[i] = (uint16_t)(f->is_signed ? (int16_t)top >> down : top >> down);
        }
    else
        for (size_t i = 0; i < n; i++) {
            const uint32_t top = ((const uint32_t *)f->px)[i] << up;
            ((uint32_t *)to)[i] = f->is_signed ? (uint32_t)((int32_t)top >> down) : top >> down;
        }
}

hl_code hl_frame_values(const hl_frame *frame, hl_arena *arena, hl_frame *out, hl_error *err)
{
    const size_t n = (size_t)frame->width * (size_t)frame->height * (size_t)frame->samples;
    hl_frame copy = *frame;

    if (!frame->exact) {
        void *px = hl_arena_aligned(arena, n * (size_t)frame->bits / 8, 64);
        if (!px)
            return hl_fail_memory(err, "pixels", n * (size_t)frame->bits / 8);
        mask_words(frame, n, px);
        copy.px = px;
        copy.shift = 0;
        copy.stored = frame->bits;
        copy.exact = true;
    }
    *out = copy;
    return HL_OK;
}

/* --- colour -------------------------------------------------------------------------------------
 */

/* v + 0.5, down to an integer within 0..255: below 0 both cut and floor end at 0. */
static uint8_t round_byte(float v)
{
    v += 0.5f;
    v = v < 0.0f ? 0.0f : v;
    return (uint8_t)(int32_t)(v > 255.0f ? 255.0f : v);
}

/*
 * float32 as the reference computes it (pydicom's matrix product, which fuses multiply and add):
 * a product of a float and a byte is exact in double, so that rounding each sum of one to float is
 * the fused operation. Equal to the reference for all 2^24 colours.
 */
static void ybr_to_rgb(const uint8_t *from, size_t n_px, uint8_t *to)
{
    const double r_cr = 1.402f, b_cb = 1.772f;
    const double g_cb = (float)(-0.114 * 1.772 / 0.587), g_cr = (float)(-0.299 * 1.402 / 0.587);

    for (size_t i = 0; i < 3 * n_px; i += 3) {
        const double y = from[i], cb = from[i + 1] - 128, cr = from[i + 2] - 128;
        to[i] = round_byte((float)(y + r_cr * cr));
        to[i + 1] = round_byte((float)((float)(y + g_cb * cb) + g_cr * cr));
        to[i + 2] = round_byte((float)(y + b_cb * cb));
    }
}

hl_code hl_frame_rgb(const hl_frame *frame, const hl_pixels *p, hl_arena *arena, hl_frame *out,
                     hl_error *err)
{
    const bool ybr =
        strcmp(p->photometric, "YBR_FULL") == 0 || strcmp(p->photometric, "YBR_FULL_422") == 0;
    hl_frame rgb = *frame;

    if (ybr && frame->samples == 3 && frame->bits == 8) {
        const size_t n_px = (size_t)frame->width * (size_t)frame->height;
        uint8_t *px = hl_arena_aligned(arena, 3 * n_px, 64);
        if (!px)
            return hl_fail_memory(err, "pixels", 3 * n_px);
        ybr_to_rgb(frame->px, n_px, px);
        rgb.px = px;
    }
    *out = rgb;
    return HL_OK;
}
