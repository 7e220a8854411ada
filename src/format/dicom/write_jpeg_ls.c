#include "format/dicom/write_codecs.h"

#include <charls/charls.h>

/* Room beside the pixels: headers, and the worst that noise makes of a sample (T.87 limits a code
 * word to 4 times the precision's bits, but no picture is all such words; CharLS says when the room
 * is too small). */
static size_t room_for(size_t bytes)
{
    return bytes + bytes / 2 + 1024;
}

hl_code hl_jpeg_ls_encode(const void *px, int32_t width, int32_t height, int32_t bits,
                          int32_t stored, hl_buf *out, hl_error *err)
{
    const charls_frame_info frame = {.width = (uint32_t)width,
                                     .height = (uint32_t)height,
                                     .bits_per_sample = stored,
                                     .component_count = 1};
    const size_t bytes = (size_t)width * (size_t)height * (size_t)(bits / 8);
    const size_t room = room_for(bytes);
    size_t written = 0;
    char *to = hl_buf_reserve(out, room);
    charls_jpegls_encoder *encoder = charls_jpegls_encoder_create();

    if (!to || !encoder) {
        charls_jpegls_encoder_destroy(encoder);
        return hl_fail_memory(err, "JPEG-LS", room);
    }
    charls_jpegls_errc e = charls_jpegls_encoder_set_frame_info(encoder, &frame);
    if (e == CHARLS_JPEGLS_ERRC_SUCCESS)
        e = charls_jpegls_encoder_set_destination_buffer(encoder, to, room);
    if (e == CHARLS_JPEGLS_ERRC_SUCCESS)
        e = charls_jpegls_encoder_encode_from_buffer(encoder, px, bytes, 0);
    if (e == CHARLS_JPEGLS_ERRC_SUCCESS)
        e = charls_jpegls_encoder_get_bytes_written(encoder, &written);
    charls_jpegls_encoder_destroy(encoder);
    if (e != CHARLS_JPEGLS_ERRC_SUCCESS)
        return hl_fail(err, HL_E_LIMIT, "JPEG-LS of %d x %d px, %d bits: %s", (int)width,
                       (int)height, (int)stored, charls_get_error_message(e));
    out->n += written;
    out->at[out->n] = 0;
    return HL_OK;
}
