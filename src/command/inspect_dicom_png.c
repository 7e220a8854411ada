/* inspect_dicom_png.c - hilum inspect --png: a picture of one frame of a DICOM file, to look at. */
#include "command/inspect.h"
#include "film/look.h"
#include "format/dicom/palette.h"
#include "format/dicom/pixels.h"
#include "format/png.h"

/* Darkest to brightest value as 0 to 255, MONOCHROME1 turned round: what the film looks like. */
static hl_code make_grey(hl_inspect *in, hl_dicom *d, const hl_pixels *p, const hl_frame *frame,
                         hl_image *out, hl_error *err)
{
    hl_code c =
        hl_look_plain(d, p, frame, hl_cpu_level(in->ctl ? in->ctl->cpu : 0), in->arena, out, err);

    if (c != HL_OK || strcmp(p->photometric, "MONOCHROME1") != 0)
        return c;
    for (int32_t y = 0; y < out->height; y++) {
        uint8_t *px = out->px + y * out->row_bytes;
        for (int32_t x = 0; x < out->width; x++)
            px[x] = (uint8_t)(255 - px[x]);
    }
    return HL_OK;
}

/* A stored level of 0..2^stored - 1 as 0..255. */
static uint8_t level_of(uint32_t v, int32_t stored)
{
    if (stored >= 8)
        return (uint8_t)(v >> (stored - 8));
    return (uint8_t)(v * 255 / ((1u << stored) - 1));
}

static hl_code make_colour(hl_inspect *in, const hl_pixels *p, const hl_frame *frame, hl_image *out,
                           hl_error *err)
{
    hl_frame exact, rgb;
    hl_code c = hl_frame_values(frame, in->arena, &exact, err);

    if (c == HL_OK)
        c = hl_frame_rgb(&exact, p, in->arena, &rgb, err);
    if (c == HL_OK)
        c = hl_image_new(in->arena, rgb.width, rgb.height, 3, out, err);
    if (c != HL_OK)
        return c;
    int64_t row = (int64_t)rgb.width * 3;
    for (int32_t y = 0; y < rgb.height; y++) {
        uint8_t *to = out->px + y * out->row_bytes;
        for (int64_t x = 0; x < row; x++) {
            int64_t i = y * row + x;
            uint32_t v = rgb.bits == 8    ? ((const uint8_t *)rgb.px)[i]
                         : rgb.bits == 16 ? ((const uint16_t *)rgb.px)[i]
                                          : ((const uint32_t *)rgb.px)[i];
            to[x] = level_of(v, rgb.stored);
        }
    }
    return HL_OK;
}

static hl_code make_palette_colour(hl_inspect *in, hl_dicom *d, const hl_frame *frame,
                                   hl_image *out, hl_error *err)
{
    hl_palette palette;
    hl_frame exact;
    hl_code c = hl_palette_read(d, in->arena, &palette, err);

    if (c == HL_OK)
        c = hl_frame_values(frame, in->arena, &exact, err);
    if (c == HL_OK)
        c = hl_image_new(in->arena, exact.width, exact.height, 3, out, err);
    if (c == HL_OK)
        hl_palette_apply(&palette, &exact, out);
    return c;
}

/* An older picture may be replaced; anything else (the DICOM file itself) is not. */
static hl_code check_target(const char *path, hl_error *err)
{
    uint8_t magic[4];
    size_t got = 0;
    hl_in *in = NULL;

    if (!hl_file_exists(path))
        return HL_OK;
    hl_code c = hl_in_open(path, &in, err);
    if (c == HL_OK)
        c = hl_in_pread(in, magic, sizeof magic, 0, &got, err);
    if (c == HL_OK && (got < sizeof magic || memcmp(magic, "\x89PNG", 4) != 0))
        c = hl_fail(err, HL_E_USAGE, "--png %s: there is a file that is no PNG picture", path);
    hl_in_close(&in);
    return c;
}

hl_code hl_inspect_dicom_png(hl_inspect *in, hl_dicom *d, hl_error *err)
{
    hl_buf png = {0};
    hl_pixels p;
    hl_frame frame;
    hl_image image;
    hl_code c = check_target(in->png, err);

    if (c == HL_OK)
        c = hl_pixels_describe(d, &p, err);
    if (c == HL_OK && in->frame > p.n_frames)
        c = hl_fail(err, HL_E_USAGE, "--frame %lld: the file has %lld frame%s",
                    (long long)in->frame, (long long)p.n_frames, p.n_frames == 1 ? "" : "s");
    if (c == HL_OK)
        c = hl_pixels_frame(d, &p, in->frame - 1, in->arena,
                            hl_cpu_level(in->ctl ? in->ctl->cpu : 0), &frame, err);
    if (c != HL_OK)
        goto done;
    if (p.samples == 3)
        c = make_colour(in, &p, &frame, &image, err);
    else if (strcmp(p.photometric, "PALETTE COLOR") == 0)
        c = make_palette_colour(in, d, &frame, &image, err);
    else
        c = make_grey(in, d, &p, &frame, &image, err);
    if (c == HL_OK)
        c = hl_png_encode(&image, &png, err);
    if (c == HL_OK)
        c = hl_write_file(in->png, png.at, png.n, NULL, err);
    if (c == HL_OK)
        hl_inspect_fact(in, "picture", "%s, frame %lld of %lld", in->png, (long long)in->frame,
                        (long long)p.n_frames);
done:
    hl_buf_free(&png);
    return c;
}
