/* wave_strip_png.c - the marks of a sheet as pixels. The one file that knows cairo. */
#include <cairo.h>
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/inflate.h"
#include "format/png.h"
#include "view/wave_strip_page.h"

enum {
    MOST_SIDE = 32767,   /* cairo's */
    STROKE_POINTS = 400, /* a stroke's cost grows faster than its length */
    LEAST_GRID_PX = 3    /* lines closer than this would be a tint, not a grid */
};
#define MOST_PIXELS (INT64_C(1) << 27)

/* libcairo brings 20 libraries along, which would cost every start of the program some ms: it is
 * loaded when the first PNG is drawn. */
typedef struct {
    void *library;
    int (*stride)(cairo_format_t format, int width);
    cairo_surface_t *(*surface)(unsigned char *px, cairo_format_t format, int width, int height,
                                int stride);
    void (*surface_free)(cairo_surface_t *surface);
    void (*flush)(cairo_surface_t *surface);
    cairo_t *(*create)(cairo_surface_t *surface);
    void (*destroy)(cairo_t *cr);
    cairo_status_t (*status)(cairo_t *cr);
    const char *(*status_text)(cairo_status_t status);
    void (*save)(cairo_t *cr);
    void (*restore)(cairo_t *cr);
    void (*scale)(cairo_t *cr, double x, double y);
    void (*colour)(cairo_t *cr, double r, double g, double b);
    void (*width)(cairo_t *cr, double width);
    void (*cap)(cairo_t *cr, cairo_line_cap_t cap);
    void (*join)(cairo_t *cr, cairo_line_join_t join);
    void (*move)(cairo_t *cr, double x, double y);
    void (*line)(cairo_t *cr, double x, double y);
    void (*rectangle)(cairo_t *cr, double x, double y, double w, double h);
    void (*stroke)(cairo_t *cr);
    void (*stroke_keep)(cairo_t *cr);
    void (*fill)(cairo_t *cr);
    void (*clip)(cairo_t *cr);
    void (*paint)(cairo_t *cr);
    void (*font)(cairo_t *cr, const char *family, cairo_font_slant_t slant,
                 cairo_font_weight_t weight);
    void (*font_size)(cairo_t *cr, double size);
    void (*extents)(cairo_t *cr, const char *text, cairo_text_extents_t *extents);
    void (*text)(cairo_t *cr, const char *text);
} cairo_api;

typedef struct {
    cairo_api api;
    cairo_t *cr;
    double px; /* in 0.01 mm */
} picture;

static bool find_functions(cairo_api *api)
{
    const struct {
        const char *name;
        void *pointer; /* to a pointer to a function */
    } wanted[] = {
        {"cairo_format_stride_for_width", &api->stride},
        {"cairo_image_surface_create_for_data", &api->surface},
        {"cairo_surface_destroy", &api->surface_free},
        {"cairo_surface_flush", &api->flush},
        {"cairo_create", &api->create},
        {"cairo_destroy", &api->destroy},
        {"cairo_status", &api->status},
        {"cairo_status_to_string", &api->status_text},
        {"cairo_save", &api->save},
        {"cairo_restore", &api->restore},
        {"cairo_scale", &api->scale},
        {"cairo_set_source_rgb", &api->colour},
        {"cairo_set_line_width", &api->width},
        {"cairo_set_line_cap", &api->cap},
        {"cairo_set_line_join", &api->join},
        {"cairo_move_to", &api->move},
        {"cairo_line_to", &api->line},
        {"cairo_rectangle", &api->rectangle},
        {"cairo_stroke", &api->stroke},
        {"cairo_stroke_preserve", &api->stroke_keep},
        {"cairo_fill", &api->fill},
        {"cairo_clip", &api->clip},
        {"cairo_paint", &api->paint},
        {"cairo_select_font_face", &api->font},
        {"cairo_set_font_size", &api->font_size},
        {"cairo_text_extents", &api->extents},
        {"cairo_text_path", &api->text},
    };

    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *found = dlsym(api->library, wanted[i].name);
        if (!found)
            return false;
        memcpy(wanted[i].pointer, &found, sizeof found); /* POSIX: as large as a function's */
    }
    return true;
}

static hl_code load_cairo(cairo_api *api, hl_error *err)
{
    /* NODELETE: it keeps fonts for the life of the process. */
    api->library = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (api->library && find_functions(api))
        return HL_OK;
    return hl_fail(err, HL_E_LIMIT,
                   "drawing a PNG needs libcairo, which is not there\n"
                   "Install it (package libcairo2), or draw an SVG.");
}

/* --- marks -------------------------------------------------------------------------------------
 */

static void set_colour(picture *p, uint32_t c)
{
    p->api.colour(p->cr, (double)(c >> 16) / 255, (double)(c >> 8 & 255) / 255,
                  (double)(c & 255) / 255);
}

/* Whole pixels: a grid of blurred lines would shimmer. */
static void put_grid(picture *p, const hl_strip_page *page)
{
    const double mm = HL_MM * p->px;

    for (int pass = 0; pass < 2; pass++) {
        const double wide = fmax(1, round((pass ? HL_GRID_5MM_WIDTH : HL_GRID_1MM_WIDTH) * p->px));
        const double left = page->paper.x * p->px, top = page->paper.y * p->px;
        const double w = round(page->paper.w * p->px), h = round(page->paper.h * p->px);
        if (pass == 0 && mm < LEAST_GRID_PX)
            continue;
        set_colour(p, pass ? HL_GRID_5MM_COLOUR : HL_GRID_1MM_COLOUR);
        for (int32_t i = 0; i <= page->paper.w / HL_MM; i++)
            if ((i % 5 == 0) == (pass == 1))
                p->api.rectangle(p->cr, round(left + i * mm - wide / 2), round(top), wide, h);
        for (int32_t i = 0; i <= page->paper.h / HL_MM; i++)
            if ((i % 5 == 0) == (pass == 1))
                p->api.rectangle(p->cr, round(left), round(top + i * mm - wide / 2), w, wide);
        p->api.fill(p->cr);
    }
}

static void put_band(picture *p, const hl_strip_mark *m)
{
    hl_strip_point line[2];

    set_colour(p, HL_BAND_COLOUR);
    p->api.rectangle(p->cr, m->x, m->y, m->w, m->h);
    p->api.fill(p->cr);
    set_colour(p, HL_HATCH_COLOUR);
    p->api.width(p->cr, HL_HATCH_WIDTH);
    for (int32_t i = 0; hl_strip_hatch(m, i, line); i++) {
        p->api.move(p->cr, line[0].x, line[0].y);
        p->api.line(p->cr, line[1].x, line[1].y);
        p->api.stroke(p->cr);
    }
}

static void put_line(picture *p, const hl_strip_page *page, const hl_strip_mark *m)
{
    const hl_strip_point *point = hl_strip_points_of(page, m);
    const hl_strip_pen_look *pen = &hl_strip_pens[m->style];

    p->api.save(p->cr);
    if (m->style == HL_PEN_TRACE) {
        p->api.rectangle(p->cr, page->paper.x, page->paper.y, page->paper.w, page->paper.h);
        p->api.clip(p->cr);
    }
    set_colour(p, pen->colour);
    p->api.width(p->cr, pen->width);
    p->api.cap(p->cr, CAIRO_LINE_CAP_ROUND);
    p->api.join(p->cr, CAIRO_LINE_JOIN_ROUND);
    for (size_t i = 0; i == 0 || i + 1 < m->n; i += STROKE_POINTS) {
        p->api.move(p->cr, point[i].x, point[i].y);
        if (m->n == 1)
            p->api.line(p->cr, point[i].x + 1, point[i].y);
        for (size_t j = i + 1; j < m->n && j <= i + STROKE_POINTS; j++)
            p->api.line(p->cr, point[j].x, point[j].y);
        p->api.stroke(p->cr);
    }
    p->api.restore(p->cr);
}

/* One piece of text at x, or anchored there. Returns where it ends. */
static double put_piece(picture *p, hl_strip_font style, const char *text, int32_t anchor, double x,
                        double y)
{
    const hl_strip_font_look *font = &hl_strip_fonts[style];
    cairo_text_extents_t size;

    p->api.font(p->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                font->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    p->api.font_size(p->cr, font->size);
    p->api.extents(p->cr, text, &size);
    x -= size.x_advance * anchor / 2;
    p->api.move(p->cr, x, y);
    p->api.text(p->cr, text);
    p->api.join(p->cr, CAIRO_LINE_JOIN_ROUND);
    p->api.width(p->cr, HL_HALO_WIDTH);
    set_colour(p, 0xffffff);
    p->api.stroke_keep(p->cr);
    set_colour(p, font->colour);
    p->api.fill(p->cr);
    return x + size.x_advance;
}

/* fontconfig keeps the configuration for the life of the process, 1 KiB of it behind pointers that
 * a leak checker cannot read. */
#if defined(__SANITIZE_ADDRESS__)
#define HL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HL_ASAN 1
#endif
#endif
#ifdef HL_ASAN
void __lsan_disable(void);
void __lsan_enable(void);
#define FONTS_BEGIN() __lsan_disable()
#define FONTS_END() __lsan_enable()
#else
#define FONTS_BEGIN() ((void)0)
#define FONTS_END() ((void)0)
#endif

static void put_text(picture *p, const hl_strip_mark *m)
{
    FONTS_BEGIN();
    double x = put_piece(p, (hl_strip_font)m->style, m->text.at, m->anchor, m->x, m->y);
    if (m->tail.n > 0)
        put_piece(p, HL_FONT_SCALE, m->tail.at, 0, x + HL_TAIL_GAP, m->y);
    FONTS_END();
}

static void put_marks(picture *p, const hl_strip_page *page)
{
    set_colour(p, 0xffffff);
    p->api.paint(p->cr);
    put_grid(p, page);
    p->api.scale(p->cr, p->px, p->px);
    for (int32_t kind = HL_MARK_BAND; kind <= HL_MARK_TEXT; kind++) {
        for (size_t i = 0; i < hl_strip_n_marks(page); i++) {
            const hl_strip_mark *m = hl_strip_mark_at(page, i);
            if (m->kind != kind)
                continue;
            if (kind == HL_MARK_BAND)
                put_band(p, m);
            else if (kind == HL_MARK_LINE)
                put_line(p, page, m);
            else
                put_text(p, m);
        }
    }
}

/* --- pixels to a file --------------------------------------------------------------------------
 */

/* cairo's 32 bits a pixel to 24, in place: a pixel never moves to the right. */
static void narrow(uint8_t *px, int32_t width, int32_t height, int64_t stride)
{
    for (int32_t y = 0; y < height; y++) {
        uint8_t *row = px + y * stride;
        for (int32_t x = 0; x < width; x++) {
            uint32_t v; /* 0x00RRGGBB in this machine's byte order */
            memcpy(&v, row + (size_t)x * 4, 4);
            row[(size_t)x * 3] = (uint8_t)(v >> 16);
            row[(size_t)x * 3 + 1] = (uint8_t)(v >> 8);
            row[(size_t)x * 3 + 2] = (uint8_t)v;
        }
    }
}

static void put_be32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* The picture's bytes with its size in the world behind the first chunk: who prints it gets 25 mm a
 * second. PNG specification, 11.3.5.3 (pHYs) */
static void append_with_dpi(const hl_buf *png, double dpi, hl_buf *to)
{
    enum { HEAD = 8 + 25 }; /* signature, IHDR */
    uint8_t chunk[21] = {0, 0, 0, 9, 'p', 'H', 'Y', 's'};
    const uint32_t per_m = (uint32_t)lround(dpi / 0.0254);

    put_be32(chunk + 8, per_m);
    put_be32(chunk + 12, per_m);
    chunk[16] = 1; /* metres */
    put_be32(chunk + 17, hl_crc32(0, chunk + 4, 13));
    hl_buf_append(to, png->at, HEAD);
    hl_buf_append(to, chunk, sizeof chunk);
    hl_buf_append(to, png->at + HEAD, png->n - HEAD);
}

static hl_code check_size(double width, double height, hl_error *err)
{
    if (width >= 0.5 && height >= 0.5 && width <= MOST_SIDE && height <= MOST_SIDE &&
        width * height <= (double)MOST_PIXELS)
        return HL_OK;
    return hl_fail(err, HL_E_LIMIT,
                   "the PNG would have %.0f x %.0f pixels; %d on a side and %lld million in all "
                   "are the most\nGive a lower --dpi or --speed, or draw an SVG.",
                   width, height, MOST_SIDE, (long long)(MOST_PIXELS / 1000000));
}

hl_code hl_strip_write_png(const hl_strip_page *page, double dpi, hl_buf *to, int32_t *width,
                           int32_t *height, hl_error *err)
{
    picture p = {.px = dpi / 25.4 / HL_MM};
    cairo_surface_t *surface = NULL;
    hl_buf png = {0};
    uint8_t *px = NULL;
    hl_code c = check_size(page->width * p.px, page->height * p.px, err);

    if (c == HL_OK)
        c = load_cairo(&p.api, err);
    if (c != HL_OK)
        goto done;
    *width = (int32_t)lround(page->width * p.px);
    *height = (int32_t)lround(page->height * p.px);
    const int stride = p.api.stride(CAIRO_FORMAT_RGB24, *width);
    px = calloc((size_t)*height, (size_t)stride);
    if (!px) {
        c = hl_fail_memory(err, "PNG", (size_t)*height * (size_t)stride);
        goto done;
    }
    surface = p.api.surface(px, CAIRO_FORMAT_RGB24, *width, *height, stride);
    p.cr = p.api.create(surface);
    put_marks(&p, page);
    p.api.flush(surface);
    const cairo_status_t status = p.api.status(p.cr);
    if (status != CAIRO_STATUS_SUCCESS) {
        c = hl_fail(err, HL_E_LIMIT, "libcairo could not draw: %s", p.api.status_text(status));
        goto done;
    }
    narrow(px, *width, *height, stride);
    c = hl_png_encode(&(hl_image){*width, *height, 3, stride, px}, &png, err);
    if (c == HL_OK)
        append_with_dpi(&png, dpi, to);
done:
    if (p.cr)
        p.api.destroy(p.cr);
    if (surface)
        p.api.surface_free(surface);
    if (p.api.library)
        dlclose(p.api.library);
    hl_buf_free(&png);
    free(px);
    return c;
}
