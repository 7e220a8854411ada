#include "format/dicom/palette.h"

#define TAG_SEGMENTED_RED HL_TAG(0x0028, 0x1221) /* green and blue follow it */

/* Entry k, of 8 or 16 bits, from the table's words: entries of 8 bits stand two in a word, the
 * first in its low byte, or one in each. */
static hl_code read_channel(hl_dicom *d, int i, hl_arena *arena, hl_palette *out, hl_error *err)
{
    uint32_t tag = HL_TAG_RedPaletteColorLookupTableDescriptor + (uint32_t)i;
    const hl_dicom_element *descriptor = hl_dicom_get(d, tag);
    int64_t n, first, bits;
    const uint8_t *at;

    if (!descriptor || !hl_dicom_int(descriptor, 0, &n) || !hl_dicom_int(descriptor, 1, &first) ||
        !hl_dicom_int(descriptor, 2, &bits))
        return hl_dicom_fail(d, HL_E_INPUT, tag, err, "PALETTE COLOR needs its three numbers");
    n &= 0xffff; /* unsigned, whatever the VR of the first value */
    n = n ? n : 65536;
    tag = HL_TAG_RedPaletteColorLookupTableData + (uint32_t)i;
    const hl_dicom_element *data = hl_dicom_get(d, tag);
    if (!data && hl_dicom_get(d, TAG_SEGMENTED_RED + (uint32_t)i))
        return hl_dicom_fail(d, HL_E_LIMIT, tag, err, "a segmented colour table is not read");
    if (!data || data->length < n)
        return hl_dicom_fail(d, HL_E_INPUT, tag, err,
                             "%lld bytes for a colour table of %lld entries",
                             data ? (long long)data->length : 0, (long long)n);
    hl_code c = hl_dicom_load(d, data, arena, &at, err);
    if (c != HL_OK)
        return c;
    uint8_t *level = hl_arena_alloc(arena, (size_t)n);
    if (!level)
        return hl_fail_memory(err, "colour table", (size_t)n);
    bool wide = data->length >= 2 * n, swapped = data->big_endian && data->vr[1] != 'B';
    for (int64_t k = 0; k < n; k++) {
        int64_t low = wide ? 2 * k : k; /* where the entry's low byte is in little endian */
        int64_t byte = wide && bits > 8 ? low + 1 : low;
        byte = swapped ? byte ^ 1 : byte;
        level[k] = byte < data->length ? at[byte] : 0;
    }
    out->channel[i].first = (int32_t)first;
    out->channel[i].n = (int32_t)n;
    out->channel[i].level = level;
    return HL_OK;
}

hl_code hl_palette_read(hl_dicom *d, hl_arena *arena, hl_palette *out, hl_error *err)
{
    hl_code c = HL_OK;

    for (int i = 0; i < 3 && c == HL_OK; i++)
        c = read_channel(d, i, arena, out, err);
    return c;
}

static int64_t value_at(const hl_frame *frame, int64_t i)
{
    if (frame->bits == 8)
        return frame->is_signed ? ((const int8_t *)frame->px)[i] : ((const uint8_t *)frame->px)[i];
    if (frame->bits == 16)
        return frame->is_signed ? ((const int16_t *)frame->px)[i]
                                : ((const uint16_t *)frame->px)[i];
    int64_t v = ((const uint32_t *)frame->px)[i];
    return frame->is_signed ? (int32_t)v : v;
}

void hl_palette_apply(const hl_palette *palette, const hl_frame *frame, hl_image *out)
{
    hl_assert(frame->exact && frame->samples == 1 && out->channels == 3);
    for (int32_t y = 0; y < frame->height; y++) {
        uint8_t *to = out->px + y * out->row_bytes;
        for (int32_t x = 0; x < frame->width; x++) {
            int64_t v = value_at(frame, (int64_t)y * frame->width + x);
            for (int i = 0; i < 3; i++) {
                int64_t k = v - palette->channel[i].first, last = palette->channel[i].n - 1;
                *to++ = palette->channel[i].level[k < 0 ? 0 : k > last ? last : k];
            }
        }
    }
}
