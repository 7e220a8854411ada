#include "format/png.h"

#include <zlib.h>

#include "look_rules.h"

static hl_arena *arena;

/* --- a reader of what we write: one IDAT run, filters 0 (none) and 2 (up) ------------------------
 */

typedef struct {
    uint32_t width, height;
    int bits, colour, chunks;
    hl_buf packed;
} reader;

static uint32_t be32(const char *at)
{
    const uint8_t *p = (const uint8_t *)at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool read_chunks(const hl_buf *png, reader *r)
{
    size_t at = 8;

    if (!ok(png->n > 8 && memcmp(png->at, "\x89PNG\r\n\x1a\n", 8) == 0))
        return false;
    for (bool end = false; !end; r->chunks++) {
        if (!ok(png->n - at >= 12))
            return false;
        const uint32_t n = be32(png->at + at);
        const char *type = png->at + at + 4;
        if (!ok(n <= png->n - at - 12))
            return false;
        is_int(be32(type + 4 + n), crc32(0, (const Bytef *)type, n + 4));
        if (memcmp(type, "IHDR", 4) == 0) {
            r->width = be32(type + 4);
            r->height = be32(type + 8);
            r->bits = type[12];
            r->colour = type[13];
            is_mem(type + 14, "\0\0\0", 3);
        } else if (memcmp(type, "IDAT", 4) == 0) {
            hl_buf_append(&r->packed, type + 4, n);
        } else {
            ok(memcmp(type, "IEND", 4) == 0);
            end = true;
        }
        at += n + 12;
    }
    is_int(at, png->n);
    return true;
}

/* Rows without gaps, 16 bits big-endian. */
static uint8_t *read_png(const hl_buf *png, reader *r)
{
    *r = (reader){0};
    if (!read_chunks(png, r))
        return NULL;
    const size_t row = (size_t)r->width * (size_t)(r->bits / 8) * (r->colour == 2 ? 3 : 1);
    uLongf n = (row + 1) * r->height;
    uint8_t *raw = hl_arena_calloc(arena, n + 1, 1), *px = hl_arena_calloc(arena, n + 1, 1);
    is_int(uncompress(raw, &n, (const Bytef *)r->packed.at, r->packed.n), Z_OK);
    is_int(n, (row + 1) * r->height);
    for (size_t y = 0; y < r->height; y++) {
        const uint8_t *from = raw + y * (row + 1);
        ok(from[0] == 0 || from[0] == 2);
        for (size_t x = 0; x < row; x++)
            px[y * row + x] =
                (uint8_t)(from[1 + x] + (from[0] == 2 && y > 0 ? px[(y - 1) * row + x] : 0));
    }
    hl_buf_free(&r->packed);
    return px;
}

/* --- tests ---------------------------------------------------------------------------------- */

static const int sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {64, 3}, {65, 40}, {300, 211}};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static void grey_and_colour_come_back(void)
{
    for (int i = 0; i < N_SIZES; i++)
        for (int32_t channels = 1; channels <= 3; channels += 2) {
            const int32_t w = sizes[i][0], h = sizes[i][1];
            hl_image image = {0};
            hl_mt19937 g;
            hl_buf png = {0};
            hl_error err = {0};
            reader r;
            is_int(hl_image_new(arena, w, h, channels, &image, &err), HL_OK);
            hl_mt19937_seed(&g, (uint32_t)i);
            for (int64_t k = 0; k < image.row_bytes * h; k++)
                image.px[k] = (uint8_t)(i % 2 ? hl_mt19937_u32(&g) : (uint32_t)k / 3);
            hl_buf_text(&png, "before");
            is_int(hl_png_encode(&image, &png, &err), HL_OK);
            is_mem(png.at, "before", 6);
            const hl_buf file = {.at = png.at + 6, .n = png.n - 6};
            const uint8_t *px = read_png(&file, &r);
            is_int(r.width, w);
            is_int(r.height, h);
            is_int(r.bits, 8);
            is_int(r.colour, channels == 3 ? 2 : 0);
            const size_t row = (size_t)(w * channels);
            for (size_t y = 0; px && y < (size_t)h; y++)
                is_mem(px + y * row, image.px + (int64_t)y * image.row_bytes, row);
            hl_buf_free(&png);
            hl_arena_reset(arena);
        }
}

static void sixteen_bits_come_back(void)
{
    for (int i = 0; i < N_SIZES; i++) {
        const int32_t w = sizes[i][0], h = sizes[i][1];
        const size_t n = (size_t)(w * h);
        uint16_t *words = hl_arena_calloc(arena, n, sizeof *words);
        hl_mt19937 g;
        hl_buf png = {0};
        hl_error err = {0};
        reader r;
        hl_mt19937_seed(&g, (uint32_t)i);
        for (size_t k = 0; k < n; k++)
            words[k] = (uint16_t)hl_mt19937_u32(&g);
        is_int(hl_png_encode16(words, w, h, &png, &err), HL_OK);
        const uint8_t *px = read_png(&png, &r);
        is_int(r.bits, 16);
        is_int(r.colour, 0);
        for (size_t k = 0; px && k < n; k++)
            is_int(px[2 * k] << 8 | px[2 * k + 1], words[k]);
        hl_buf_free(&png);
        hl_arena_reset(arena);
    }
}

static void equal_pixels_give_equal_bytes(void)
{
    const hl_image image = made_grey(arena, "4", 100, 70);
    hl_buf a = {0}, b = {0};
    hl_error err = {0};
    reader r;

    is_int(hl_png_encode(&image, &a, &err), HL_OK);
    is_int(hl_png_encode(&image, &b, &err), HL_OK);
    is_int(a.n, b.n);
    is_mem(a.at, b.at, a.n);
    read_png(&a, &r);
    is_int(r.chunks, 3); /* IHDR, IDAT, IEND: no time, no text */
    hl_buf_free(&a);
    hl_buf_free(&b);
    hl_arena_reset(arena);
}

static void a_side_beyond_the_limit_is_refused(void)
{
    hl_buf png = {0};
    hl_error err = {0};

    is_int(hl_png_encode16(NULL, 65501, 1, &png, &err), HL_E_LIMIT);
    like(err.message, "65501 x 1");
    is_int(hl_png_encode(&(hl_image){.width = 0, .height = 1, .channels = 1}, &png, &err),
           HL_E_LIMIT);
    is_int(png.n, 0);
}

int main(void)
{
    arena = hl_arena_new(0);
    run(grey_and_colour_come_back);
    run(sixteen_bits_come_back);
    run(equal_pixels_give_equal_bytes);
    run(a_side_beyond_the_limit_is_refused);
    hl_arena_free(&arena);
    return done();
}
