#include "film/look.h"

#include "data/resize_area.h"
#include "film/clahe.h"
#include "film/paint.h"
#include "format/jpeg.h"
#include "format/png.h"

/* --- what may be a film ----------------------------------------------------------------------- */

static hl_code check_frame(const hl_dicom *d, const hl_pixels *p, const hl_frame *frame,
                           hl_error *err)
{
    if (p->samples != 1 || frame->samples != 1)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_SamplesPerPixel, err,
                             "%d samples a pixel; a film has one", p->samples);
    if (strcmp(p->photometric, "PALETTE COLOR") == 0)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_PhotometricInterpretation, err,
                             "PALETTE COLOR is no film");
    if ((int64_t)frame->width * frame->height > HL_IMAGE_MAX_PIXELS)
        return hl_dicom_fail(d, HL_E_LIMIT, HL_TAG_Rows, err, "%d x %d pixels; at most %lld can be",
                             frame->width, frame->height, (long long)HL_IMAGE_MAX_PIXELS);
    return HL_OK;
}

/* --- stored values to a picture -----------------------------------------------------------------
 */

static void note_values(const hl_tally *tally, hl_look_stats *stats)
{
    int64_t sum = 0;

    if (tally->n == 0)
        return;
    stats->min = tally->value[0];
    stats->max = tally->value[tally->n - 1];
    for (size_t i = 0; i < tally->n; i++)
        sum += tally->value[i] * tally->count[i];
    stats->mean = (double)sum / (double)tally->n_pixels;
}

/* The grey of each tallied value, equalised already; after[grey before] = grey after. */
static hl_code make_greys(const hl_look *look, const hl_tally *tally, const hl_tone *tone,
                          hl_arena *arena, uint16_t **out, uint8_t after[256], hl_error *err)
{
    uint16_t *grey = hl_arena_calloc(arena, tally->n + 1, sizeof *grey);
    int64_t histogram[256] = {0};

    if (!grey)
        return hl_fail_memory(err, "greys", tally->n * sizeof *grey);
    for (size_t i = 0; i < tally->n; i++)
        grey[i] = (uint16_t)hl_tone_of(tone, tally->value[i]);
    for (int i = 0; i < 256; i++)
        after[i] = (uint8_t)i;
    if (look->equalise == HL_EQUALISE_HISTOGRAM && tally->n) {
        for (size_t i = 0; i < tally->n; i++)
            histogram[grey[i]] += tally->count[i];
        hl_equalise_lut(histogram, tally->n_pixels, after);
        for (size_t i = 0; i < tally->n; i++)
            grey[i] = after[grey[i]];
    }
    *out = grey;
    return HL_OK;
}

/* Padding is black and counts here. */
static double mean_of_greys(const hl_tally *tally, const uint16_t *grey, const hl_frame *frame,
                            uint32_t white)
{
    int64_t sum = 0;

    for (size_t i = 0; i < tally->n; i++)
        sum += grey[i] * tally->count[i];
    return (double)sum / ((double)frame->width * (double)frame->height * (double)white);
}

static double mean_of_image(const hl_image *image)
{
    int64_t sum = 0;

    for (int32_t y = 0; y < image->height; y++) {
        const uint8_t *row = image->px + y * image->row_bytes;
        uint32_t of_row = 0;
        for (int32_t x = 0; x < image->width; x++)
            of_row += row[x];
        sum += of_row;
    }
    return (double)sum / ((double)image->width * (double)image->height * 255.0);
}

static hl_code paint_wide(const hl_paint *paint, hl_arena *arena, hl_picture *out, hl_error *err)
{
    const size_t width = (size_t)paint->frame.width, height = (size_t)paint->frame.height;
    uint16_t *px = hl_arena_aligned(arena, width * height * sizeof *px, 64);

    if (!px)
        return hl_fail_memory(err, "picture", width * height * sizeof *px);
    for (size_t y = 0; y < height; y++)
        hl_paint_wide_row(paint, (int32_t)y, px + y * width);
    out->wide = px;
    return HL_OK;
}

hl_code hl_picture_grey(const hl_picture *picture, hl_arena *arena, hl_image *out, hl_error *err)
{
    *out = picture->grey;
    if (!picture->paint)
        return HL_OK;
    const hl_code c = hl_image_new(arena, picture->width, picture->height, 1, out, err);
    for (int32_t y = 0; c == HL_OK && y < out->height; y++)
        hl_paint_row(picture->paint, y, out->px + y * out->row_bytes);
    return c;
}

/* --- CLAHE, resize -------------------------------------------------------------------------- */

static hl_code shrink(const hl_look *look, hl_cpu cpu, hl_arena *arena, hl_image *image,
                      hl_error *err)
{
    const hl_image src = *image;
    const int32_t shorter = src.width < src.height ? src.width : src.height;
    hl_rect all = {0};

    if (look->resize == HL_RESIZE_NONE || look->shorter_edge >= shorter)
        return HL_OK;
    hl_resize_smaller_edge(src.width, src.height, (int32_t)look->shorter_edge, &all.width,
                           &all.height);
    if (look->resize == HL_RESIZE_AREA)
        return hl_resize_area(arena, &src, all.width, all.height, cpu, image, err);
    return hl_image_resize(arena, &src, all.width, all.height, all, cpu, image, err);
}

static hl_code finish(const hl_look *look, hl_cpu cpu, hl_arena *arena, hl_picture *out,
                      hl_look_stats *stats, hl_error *err)
{
    hl_code c = HL_OK;

    if (look->equalise == HL_EQUALISE_CLAHE)
        c = hl_clahe(&out->grey, look->clahe_clip, (int32_t)look->clahe_tiles[0],
                     (int32_t)look->clahe_tiles[1], cpu, arena, err);
    if (c == HL_OK)
        c = shrink(look, cpu, arena, &out->grey, err);
    if (c != HL_OK)
        return c;
    stats->grey_mean = mean_of_image(&out->grey);
    out->width = out->grey.width;
    out->height = out->grey.height;
    return HL_OK;
}

/* The paint of the frame: what each word becomes up to equalise. */
static hl_code prepare(const hl_look *look, hl_dicom *d, const hl_pixels *p, const hl_frame *frame,
                       hl_arena *arena, hl_paint *out, hl_look_stats *stats, hl_error *err)
{
    hl_padding padding = {.any = false};
    uint8_t after[256];
    uint16_t *grey = NULL;
    hl_tally tally;
    hl_tone tone;

    if (look->skip_padding)
        padding = hl_padding_read(d, p);
    hl_code c = hl_tally_make(frame, &padding, arena, &tally, err);
    if (c != HL_OK)
        return c;
    note_values(&tally, stats);
    c = hl_tone_fit(look, d, p, frame, &tally, arena, &tone, stats, err);
    if (c == HL_OK)
        c = make_greys(look, &tally, &tone, arena, &grey, after, err);
    if (c != HL_OK)
        return c;
    stats->grey_mean = mean_of_greys(&tally, grey, frame, tone.white);
    return hl_paint_make(frame, &tally, grey, &tone, &padding, after, arena, out, err);
}

hl_code hl_look_apply(const hl_look *look, hl_dicom *d, const hl_pixels *p, const hl_frame *frame,
                      hl_cpu cpu, hl_arena *arena, hl_picture *out, hl_look_stats *stats,
                      hl_error *err)
{
    const bool whole = look->equalise == HL_EQUALISE_CLAHE || look->resize != HL_RESIZE_NONE;
    hl_paint *paint = hl_arena_calloc(arena, 1, sizeof *paint);
    hl_code c = check_frame(d, p, frame, err);

    *out = (hl_picture){.paint = paint, .width = frame->width, .height = frame->height};
    *stats = (hl_look_stats){0};
    if (c == HL_OK && !paint)
        c = hl_fail_memory(err, "picture", sizeof *paint);
    if (c == HL_OK)
        c = prepare(look, d, p, frame, arena, paint, stats, err);
    if (c != HL_OK || (look->format == HL_FILM_JPEG && !whole))
        return c;
    if (look->format == HL_FILM_PNG16)
        c = paint_wide(paint, arena, out, err);
    else
        c = hl_picture_grey(out, arena, &out->grey, err);
    out->paint = NULL;
    if (c == HL_OK && whole)
        c = finish(look, cpu, arena, out, stats, err);
    return c;
}

hl_code hl_look_plain(hl_dicom *d, const hl_pixels *p, const hl_frame *frame, hl_cpu cpu,
                      hl_arena *arena, hl_image *out, hl_error *err)
{
    const hl_look plain = {.range = HL_RANGE_MINMAX,
                           .rounding = HL_ROUND_TRUNCATE,
                           .invert = HL_INVERT_NEVER,
                           .format = HL_FILM_PNG8};
    hl_look_stats stats;
    hl_picture picture;
    const hl_code c = hl_look_apply(&plain, d, p, frame, cpu, arena, &picture, &stats, err);

    *out = picture.grey;
    return c;
}

/* --- files ---------------------------------------------------------------------------------- */

static void fill_strip(void *ctx, int32_t first_row, int32_t n_rows, uint8_t *strip, size_t stride)
{
    for (int32_t i = 0; i < n_rows; i++)
        hl_paint_row(ctx, first_row + i, strip + (size_t)i * stride);
}

static hl_code encode_jpeg(const hl_look *look, const hl_picture *picture, hl_cpu cpu, hl_buf *out,
                           hl_error *err)
{
    hl_paint paint;
    hl_jpeg_rows rows = {.width = picture->width,
                         .height = picture->height,
                         .px = picture->grey.px,
                         .row_bytes = picture->grey.row_bytes};

    if (picture->paint) {
        paint = *picture->paint; /* ctx is not const, a picture is */
        rows.fill = fill_strip;
        rows.ctx = &paint;
    }
    return hl_jpeg_encode_rows(&rows, (int)look->quality, cpu, out, err);
}

hl_code hl_picture_encode(const hl_look *look, const hl_picture *picture, hl_cpu cpu, hl_buf *out,
                          hl_error *err)
{
    switch (look->format) {
    case HL_FILM_JPEG:
        return encode_jpeg(look, picture, cpu, out, err);
    case HL_FILM_PNG8:
        return hl_png_encode(&picture->grey, out, err);
    case HL_FILM_PNG16:
        return hl_png_encode16(picture->wide, picture->width, picture->height, out, err);
    }
    return HL_E_BUG;
}
