#include "format/jpeg.h"

#include <math.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/rng.h"
#include "base/str.h"
#include "format/jpeg_engine.h"
#include "format/jpeg_grey.h"
#include "tap.h"

static hl_arena *arena;

static hl_buf file_bytes(const char *path)
{
    hl_buf b = {0};
    hl_error err = {0};

    if (!ok(hl_read_file(path, 1 << 28, &b, NULL, &err) == HL_OK))
        printf("# %s\n", err.message);
    return b;
}

static bool same_rows(const hl_image *a, const hl_image *b, int32_t first, int32_t end)
{
    bool same = a->width == b->width && a->height == b->height && a->channels == b->channels;

    for (int32_t y = first; same && y < end; y++)
        same = memcmp(a->px + y * a->row_bytes, b->px + y * b->row_bytes,
                      (size_t)a->width * (size_t)a->channels) == 0;
    return same;
}

static bool is_pnm(const hl_image *image, const char *path)
{
    hl_buf b = file_bytes(path);
    char head[64];
    const int n = snprintf(head, sizeof head, "P%d\n%d %d\n255\n", image->channels == 1 ? 5 : 6,
                           image->width, image->height);
    const size_t row = (size_t)image->width * (size_t)image->channels;
    bool same =
        b.n == (size_t)n + row * (size_t)image->height && memcmp(b.at, head, (size_t)n) == 0;

    for (int32_t y = 0; same && y < image->height; y++)
        same = memcmp(b.at + n + (size_t)y * row, image->px + y * image->row_bytes, row) == 0;
    hl_buf_free(&b);
    return same;
}

/* Our decoder takes bytes and gives libjpeg's pixels at each level, for all rows and for some. */
static bool own_is_the_same(const void *bytes, size_t n)
{
    static const hl_cpu levels[] = {HL_CPU_C, HL_CPU_AVX2, HL_CPU_AVX512};
    hl_image want, got;
    hl_error err = {0};
    bool same = hl_jpeg_decode_library(arena, bytes, n, "x.jpg", &want, &err) == HL_OK;

    for (size_t i = 0; same && i < 3; i++) {
        const hl_cpu cpu = hl_cpu_level((int32_t)levels[i]);
        same = hl_jpeg_decode_own(arena, bytes, n, 0, want.height, cpu, &got) &&
               same_rows(&got, &want, 0, want.height);
        const int32_t first = want.height / 3, end = want.height - want.height / 4;
        same = same && hl_jpeg_decode_own(arena, bytes, n, first, end, cpu, &got) &&
               same_rows(&got, &want, first, end);
    }
    if (!same)
        printf("# %s\n", err.message);
    return same;
}

static void fixtures_decode_to_pillows_pixels(void)
{
    static const char *const names[] = {"0_16x16_q95", "1_37x29_q95",    "2_64x48_q60",
                                        "3_9x70_q95",  "4_50x33_q100",   "5_48x64_q95",
                                        "optimised",   "restart_blocks", "restart_rows",
                                        "progressive", "colour_420",     "colour_444"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[100];
        hl_image image;
        hl_jpeg_info info;
        hl_error err = {0};
        snprintf(name, sizeof name, "jpeg/%s.jpg", names[i]);
        hl_buf b = file_bytes(fixture(name));
        if (!ok(hl_jpeg_decode(arena, b.at, b.n, name, 0, 1 << 20, hl_cpu_level(HL_CPU_BEST), &image, &err) == HL_OK))
            printf("# %s\n", err.message);
        is_int(hl_jpeg_read_info(b.at, b.n, name, &info, &err), HL_OK);
        is_int(info.width, image.width);
        is_int(info.height, image.height);
        is_int(info.components, image.channels);
        is_int(info.precision, 8);
        ok(info.progressive == (i == 9));
        is_int(info.restart_interval, i == 7 ? 7 : i == 8 ? 9 : 0);
        snprintf(name, sizeof name, "jpeg/%s.%s", names[i], image.channels == 1 ? "pgm" : "ppm");
        ok(is_pnm(&image, fixture(name)));
        if (i < 9)
            ok(own_is_the_same(b.at, b.n));
        hl_buf_free(&b);
        hl_arena_reset(arena);
    }
}

static hl_image test_picture(int32_t w, int32_t h, int noise, uint32_t seed)
{
    hl_image image = {0};
    hl_mt19937 g;

    hl_mt19937_seed(&g, seed);
    ok(hl_image_new(arena, w, h, 1, &image, NULL) == HL_OK);
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++) {
            const double wave = 128 + 90 * sin(x / 7.0 + seed) * cos(y / 5.0);
            const int v =
                (int)wave + (noise ? (int)(hl_mt19937_u32(&g) % (unsigned)noise) : 0) - noise / 2;
            image.px[y * image.row_bytes + x] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
    return image;
}

static void own_decoder_equals_libjpeg_at_each_quality_and_noise(void)
{
    for (int q = 1; q <= 100; q++)
        for (int noise = 0; noise <= 512; noise = noise ? noise * 8 : 1) {
            hl_buf b = {0};
            hl_image image = test_picture(71, 33, noise, (uint32_t)q);
            is_int(hl_jpeg_encode(&image, q, hl_cpu_level(HL_CPU_BEST), &b, NULL), HL_OK);
            ok(own_is_the_same(b.at, b.n));
            hl_buf_free(&b);
            hl_arena_reset(arena);
        }
}

static void own_decoder_equals_libjpeg_at_each_size(void)
{
    for (int32_t h = 1; h <= 70; h += h < 18 ? 1 : 13)
        for (int32_t w = 1; w <= 70; w++) {
            hl_buf b = {0};
            hl_image image = test_picture(w, h, 20, (uint32_t)(w * 71 + h));
            is_int(hl_jpeg_encode(&image, 95, hl_cpu_level(HL_CPU_BEST), &b, NULL), HL_OK);
            ok(own_is_the_same(b.at, b.n));
            hl_buf_free(&b);
            hl_arena_reset(arena);
        }
}

/* Extremes: full black and white noise at quality 100, where sums clip. */
static void saturated_noise_is_the_same(void)
{
    for (uint32_t seed = 1; seed <= 20; seed++) {
        hl_buf b = {0};
        hl_image image = test_picture(160, 80, 0, 1);
        hl_mt19937 g;
        hl_mt19937_seed(&g, seed);
        for (int32_t y = 0; y < 80; y++)
            for (int32_t x = 0; x < 160; x++)
                image.px[y * image.row_bytes + x] = hl_mt19937_u32(&g) & 1 ? 255 : 0;
        const int quality = seed % 2 ? 100 : 5 * (int)seed;
        is_int(hl_jpeg_encode(&image, quality, hl_cpu_level(HL_CPU_BEST), &b, NULL), HL_OK);
        ok(own_is_the_same(b.at, b.n));
        hl_buf_free(&b);
        hl_arena_reset(arena);
    }
}

/* Coefficients of any size, as no encoder makes them: levels still agree. */
static void idct_levels_agree_on_any_coefficients(void)
{
    static hl_jpeg_batch batch;
    static uint8_t got[2][8 * 256 + 64];
    uint16_t step[64];
    hl_mt19937 g;

    hl_mt19937_seed(&g, 8);
    for (int round = 0; round < 2000; round++) {
        const int n = round % (HL_JPEG_BATCH + 1);
        memset(&batch, 0, sizeof batch);
        for (int i = 0; i < n; i++)
            for (int k = 0; k < 64; k++) {
                const uint32_t r = hl_mt19937_u32(&g);
                const bool set = k == 0 || round % 5 == 0 || (k < 8 && round % 5 == 1) ||
                                 (round % 5 == 2 && (r & 7) == 0);
                batch.coef[i][k] = set ? (int16_t)((int16_t)(r >> 8) >> (round % 13)) : 0;
                batch.has_ac[i] |= k > 0 && batch.coef[i][k];
            }
        for (int k = 0; k < 64; k++)
            step[k] = (uint16_t)(1 + hl_mt19937_u32(&g) % 255);
        memset(got, 0xA5, sizeof got);
        for (int l = 0; l < 2; l++) {
            hl_jpeg_ops ops;
            hl_jpeg_ops_init(&ops, hl_cpu_level(l == 0 ? HL_CPU_C : HL_CPU_BEST));
            ops.idct(&batch, n, step, got[l] + 32, 256);
        }
        is_mem(got[1], got[0], sizeof got[0]);
    }
}

/* name,... of golden/films.csv.gz: path is column 0, pixels_sha256 6, resized w, h 7 and 8,
 * resized_sha256 10, center_top 11, center_left 12. */
static void film(const char *line)
{
    char path[300], field[13][200] = {{0}}, hex[HL_HEX_CHARS];
    const char *p = line;
    hl_image image, small;
    hl_digest digest;
    hl_error err = {0};
    hl_sha256 *sha = hl_sha256_new();

    for (int i = 0; i < 13; i++) {
        const size_t n = strcspn(p, ",\n");
        snprintf(field[i], sizeof field[i], "%.*s", (int)n, p);
        p += n + (p[n] == ',');
    }
    snprintf(path, sizeof path, "standin/mimic-cxr-jpg/%s", field[0]);
    hl_buf b = file_bytes(shared(path));
    ok(own_is_the_same(b.at, b.n));
    if (!ok(hl_jpeg_decode(arena, b.at, b.n, field[0], 0, 1 << 20, hl_cpu_level(HL_CPU_BEST), &image, &err) == HL_OK))
        printf("# %s\n", err.message);
    for (int32_t y = 0; y < image.height; y++)
        hl_sha256_add(sha, image.px + y * image.row_bytes, (size_t)image.width);
    hl_sha256_end(sha, &digest);
    is_str(hl_digest_hex(&digest, hex), field[6]);
    int32_t w, h;
    hl_resize_smaller_edge(image.width, image.height, 320, &w, &h);
    is_int(w, strtol(field[7], NULL, 10));
    is_int(h, strtol(field[8], NULL, 10));
    for (int level = HL_CPU_C; level <= HL_CPU_AVX512; level++) {
        is_int(hl_image_resize(arena, &image, w, h, (hl_rect){0, 0, w, h}, hl_cpu_level(level),
                               &small, &err),
               HL_OK);
        for (int32_t y = 0; y < h; y++)
            hl_sha256_add(sha, small.px + y * small.row_bytes, (size_t)w);
        hl_sha256_end(sha, &digest);
        is_str(hl_digest_hex(&digest, hex), field[10]);
    }
    hl_sha256_free(&sha);
    hl_buf_free(&b);
    hl_arena_reset(arena);
}

static void real_films_decode_and_scale_to_the_published_pixels(void)
{
    const char *path = shared("standin/golden/films.csv.gz");
    hl_stream *s = NULL;
    hl_buf text = {0};
    hl_error err = {0};
    char *at;
    size_t n;
    int films = -1; /* the header */

    if (!path) {
        skip("the golden films are not here");
        return;
    }
    is_int(hl_stream_open(path, HL_STREAM_PLAIN, NULL, &s, &err), HL_OK);
    while (hl_stream_next(s, &at, &n, &err) == HL_OK)
        hl_buf_append(&text, at, n);
    hl_stream_close(&s);
    for (char *line = text.at, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        if (films++ >= 0)
            film(line);
    }
    is_int(films, 276);
    hl_buf_free(&text);
}

static void encoding_is_what_libjpeg_makes(void)
{
    /* The grey fixtures were written by Pillow with its defaults; from the same pixels come the
     * same tables and, after one more decode, pictures close by. Here: round trips at quality 100.
     */
    for (int channels = 1; channels <= 3; channels += 2) {
        hl_image image, back;
        hl_buf b = {0};
        hl_error err = {0};
        ok(hl_image_new(arena, 50, 40, channels, &image, &err) == HL_OK);
        for (int32_t y = 0; y < 40; y++)
            for (int32_t x = 0; x < 50 * channels; x++)
                image.px[y * image.row_bytes + x] = (uint8_t)(60 + x / channels + 2 * y);
        is_int(hl_jpeg_encode(&image, 100, hl_cpu_level(HL_CPU_BEST), &b, &err), HL_OK);
        is_int(hl_jpeg_decode(arena, b.at, b.n, "x", 0, 40, hl_cpu_level(HL_CPU_BEST), &back, &err), HL_OK);
        is_int(back.channels, channels);
        for (int32_t y = 0; y < 40; y++)
            for (int32_t x = 0; x < 50 * channels; x++)
                ok(abs(image.px[y * image.row_bytes + x] - back.px[y * back.row_bytes + x]) <= 2);
        hl_buf_free(&b);
        hl_arena_reset(arena);
    }
}

static void each_cut_of_a_file_is_an_error(void)
{
    static const char *const names[] = {"jpeg/1_37x29_q95.jpg", "jpeg/restart_blocks.jpg",
                                        "jpeg/progressive.jpg", "jpeg/colour_420.jpg"};

    for (size_t i = 0; i < 4; i++) {
        hl_buf b = file_bytes(fixture(names[i]));
        for (size_t n = 0; n < b.n; n++) {
            hl_image image = {.width = -5};
            hl_error err = {0};
            uint8_t *copy = malloc(n ? n : 1); /* of this size: a sanitizer sees the byte behind */
            memcpy(copy, b.at, n);
            is_int(hl_jpeg_decode(arena, copy, n, "cut.jpg", 0, 1000, hl_cpu_level(HL_CPU_BEST), &image, &err), HL_E_INPUT);
            is_int(image.width, -5);
            like(err.message, "cut.jpg: ");
            if (n > 3)
                like(err.message, "ends early");
            free(copy);
            hl_arena_reset(arena);
        }
        hl_buf_free(&b);
    }
}

/* What our decoder takes, libjpeg takes without a warning, and they agree; whatever is flipped. */
static void damage_is_never_taken_for_a_picture(void)
{
    static const char *const names[] = {"jpeg/1_37x29_q95.jpg", "jpeg/restart_blocks.jpg",
                                        "jpeg/optimised.jpg", "jpeg/4_50x33_q100.jpg"};
    int taken = 0, refused = 0;

    for (size_t i = 0; i < 4; i++) {
        hl_buf b = file_bytes(fixture(names[i]));
        for (size_t at = 2; at < b.n; at++)
            for (int bit = 0; bit < 8; bit += 3) {
                hl_image own, want;
                hl_error err = {0};
                b.at[at] = (char)(b.at[at] ^ 1 << bit);
                const bool good = hl_jpeg_decode_own(arena, b.at, b.n, 0, 1000, HL_CPU_BEST, &own);
                const hl_code c = hl_jpeg_decode_library(arena, b.at, b.n, "x", &want, &err);
                const hl_cpu best = hl_cpu_level(HL_CPU_BEST);
                const bool simd = best == HL_CPU_AVX2 || best == HL_CPU_AVX512;
                ok(!good || c == HL_OK);
                /* Coefficients beyond range wrap as in libjpeg's x86 vector code only. */
                ok(!good || !simd || c != HL_OK || same_rows(&own, &want, 0, want.height));
                taken += good;
                refused += c != HL_OK;
                b.at[at] = (char)(b.at[at] ^ 1 << bit);
                hl_arena_reset(arena);
            }
        hl_buf_free(&b);
    }
    ok(taken > 1000);
    ok(refused > 1000);
}

/* One byte of a good file changed: offset from the first marker of this kind. */
static hl_buf patched(const char *name, uint8_t marker, size_t offset, uint8_t value)
{
    hl_buf b = file_bytes(fixture(name));
    size_t i = 2;

    while (i + 4 < b.n && (uint8_t)b.at[i + 1] != marker)
        i += 2u + (size_t)((uint8_t)b.at[i + 2] << 8 | (uint8_t)b.at[i + 3]);
    b.at[i + offset] = (char)value;
    return b;
}

static void what_is_wrong_is_said(void)
{
    static const struct {
        const char *name;
        uint8_t marker;
        size_t offset;
        uint8_t value;
        hl_code code;
        const char *message;
    } cases[] = {
        {"jpeg/1_37x29_q95.jpg", 0xC0, 4, 12, HL_E_LIMIT, "x.jpg: 12-bit JPEG is not supported"},
        {"jpeg/cmyk.jpg", 0xC0, 4, 8, HL_E_LIMIT, "4 components (CMYK)"},
        {"jpeg/1_37x29_q95.jpg", 0xC0, 1, 0xC3, HL_E_LIMIT, "lossless or hierarchical"},
        {"jpeg/1_37x29_q95.jpg", 0xC0, 5, 0xFF, HL_E_INPUT, "cannot hold 37 x 65309 pixels"},
        {"jpeg/1_37x29_q95.jpg", 0xC0, 9, 0, HL_E_INPUT, "bad frame (marker ff c0 at byte"},
        {"jpeg/1_37x29_q95.jpg", 0xDB, 1, 0xF7, HL_E_INPUT, "unexpected marker (marker ff f7"},
        {"jpeg/1_37x29_q95.jpg", 0xDB, 0, 0x00, HL_E_INPUT, "no marker at byte 20 (00 db)"},
        {"jpeg/1_37x29_q95.jpg", 0xDB, 4, 0x05, HL_E_INPUT, "bad quantisation table"},
        {"jpeg/1_37x29_q95.jpg", 0xC4, 4, 0x35, HL_E_INPUT, "bad Huffman table"},
        {"jpeg/1_37x29_q95.jpg", 0xC0, 12, 3, HL_E_INPUT, "damaged JPEG file: Quantization table"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hl_buf b = patched(cases[i].name, cases[i].marker, cases[i].offset, cases[i].value);
        hl_image image;
        hl_error err = {0};
        is_int(hl_jpeg_decode(arena, b.at, b.n, "x.jpg", 0, 100, hl_cpu_level(HL_CPU_BEST), &image, &err), cases[i].code);
        like(err.message, cases[i].message);
        hl_buf_free(&b);
    }
    hl_image image;
    hl_jpeg_info info;
    hl_error err = {0};
    is_int(hl_jpeg_decode(arena, "text", 4, "a/b.jpg", 0, 1, hl_cpu_level(HL_CPU_BEST), &image, &err), HL_E_INPUT);
    is_str(err.message, "a/b.jpg: not a JPEG file (it begins with 74 65 78 74)");
    is_int(hl_jpeg_read_info("", 0, "a/b.jpg", &info, &err), HL_E_INPUT);
    like(err.message, "it is empty");
    is_int(hl_jpeg_read_info("\xFF\xD8\xFF\xD9", 4, "x", &info, &err), HL_E_INPUT);
    hl_arena_reset(arena);
}

static void a_scan_that_comes_again_and_again_is_refused(void)
{
    /* A progressive file whose last scan comes 600 times. */
    hl_buf b = file_bytes(fixture("jpeg/progressive.jpg")), many = {0};
    size_t last = 0;
    hl_image image;
    hl_error err = {0};

    for (size_t i = 0; i + 1 < b.n; i++)
        if ((uint8_t)b.at[i] == 0xFF && (uint8_t)b.at[i + 1] == 0xDA)
            last = i;
    hl_buf_append(&many, b.at, last);
    for (int i = 0; i < 600; i++)
        hl_buf_append(&many, b.at + last, b.n - 2 - last);
    hl_buf_append(&many, b.at + b.n - 2, 2);
    const hl_code c = hl_jpeg_decode(arena, many.at, many.n, "x.jpg", 0, 9, hl_cpu_level(HL_CPU_BEST), &image, &err);
    is_int(c, HL_E_INPUT); /* to repeat a scan is irregular, so the limit is not even reached */
    like(err.message, "x.jpg: damaged JPEG file: ");
    hl_buf_free(&b);
    hl_buf_free(&many);
    hl_arena_reset(arena);
}

/* 16384 x 16384 pixels in three colours, without data: arithmetic decoders make zeros of that. */
static void a_large_picture_in_few_arithmetic_bytes_is_refused(void)
{
    static const uint8_t tail[] = {0, 17, 8, 0x40, 0, 0x40, 0, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0,
                                   0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0, 0x10, 0xFF, 0xD9};
    uint8_t file[7 + 64 + 2 + sizeof tail] = {0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0};
    hl_arena *own = hl_arena_new(0);
    hl_image image;
    hl_error err = {0};

    memset(file + 7, 1, 64);
    file[71] = 0xFF;
    file[72] = 0xC9;
    memcpy(file + 73, tail, sizeof tail);
    is_int(hl_jpeg_decode(own, file, sizeof file, "a.jpg", 0, 1, HL_CPU_C, &image, &err), HL_E_LIMIT);
    like(err.message, "arithmetic-coded JPEG of 16384 x 16384 pixels in 107 bytes");
    hl_arena_free(&own);
}

int main(void)
{
    arena = hl_arena_new(0);
    run(fixtures_decode_to_pillows_pixels);
    run(own_decoder_equals_libjpeg_at_each_quality_and_noise);
    run(own_decoder_equals_libjpeg_at_each_size);
    run(saturated_noise_is_the_same);
    run(idct_levels_agree_on_any_coefficients);
    run(real_films_decode_and_scale_to_the_published_pixels);
    run(encoding_is_what_libjpeg_makes);
    run(each_cut_of_a_file_is_an_error);
    run(damage_is_never_taken_for_a_picture);
    run(what_is_wrong_is_said);
    run(a_scan_that_comes_again_and_again_is_refused);
    hl_arena_free(&arena);
    run(a_large_picture_in_few_arithmetic_bytes_is_refused);
    return done();
}
