#include "format/jpeg_write_grey.h"

#include <math.h>

#include "base/rng.h"
#include "format/jpeg_engine.h"
#include "tap.h"

static hl_arena *arena;
static hl_mt19937 g;

static uint32_t any(uint32_t n)
{
    return hl_mt19937_u32(&g) % n;
}

static hl_image picture(int32_t width, int32_t height)
{
    hl_image image;

    hl_arena_reset(arena);
    ok(hl_image_new(arena, width, height, 1, &image, NULL) == HL_OK);
    return image;
}

static hl_jpeg_rows rows_of(const hl_image *image)
{
    return (hl_jpeg_rows){.width = image->width,
                          .height = image->height,
                          .px = image->px,
                          .row_bytes = image->row_bytes};
}

static const hl_cpu levels[] = {HL_CPU_C, HL_CPU_AVX2, HL_CPU_AVX512, HL_CPU_NEON};
enum { N_LEVELS = sizeof levels / sizeof levels[0] };

static bool same_bytes(const hl_buf *a, const hl_buf *b)
{
    return a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

/* Our encoder writes libjpeg's file at each level. */
static bool is_libjpegs(const hl_image *image, int quality)
{
    const hl_jpeg_rows rows = rows_of(image);
    hl_buf want = {0}, got = {0};
    hl_error err = {0};
    bool same = hl_jpeg_encode_library(image, quality, &want, &err) == HL_OK;

    for (size_t i = 0; same && i < N_LEVELS; i++) {
        const hl_cpu cpu = hl_cpu_level((int32_t)levels[i]);
        hl_buf_clear(&got);
        same = hl_jpeg_write_grey(&rows, quality, cpu, &got, &err) == HL_OK;
        same = same && same_bytes(&got, &want);
        if (!same)
            printf("# %s: %d x %d, quality %d: %zu bytes, not %zu %s\n", hl_cpu_name(cpu),
                   image->width, image->height, quality, got.n, want.n, err.message);
    }
    hl_buf_free(&want);
    hl_buf_free(&got);
    return same;
}

/* --- pictures ------------------------------------------------------------------------------- */

static uint8_t pixel(double v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Slow waves, an edge, and grain: what a film is to an encoder. */
static void draw_film(hl_image *image, int grain)
{
    const double fx = 3.0 + any(20), fy = 2.0 + any(20), level = 40 + any(170);

    for (int32_t y = 0; y < image->height; y++)
        for (int32_t x = 0; x < image->width; x++) {
            double v = level + 70 * sin(x * fx / 900) + 50 * cos(y * fy / 1100);
            v += x > image->width * 7 / 8 ? 90 : 0;
            for (int i = 0; i < 3 && grain; i++)
                v += (int)any((uint32_t)grain) - grain / 2;
            image->px[y * image->row_bytes + x] = pixel(v);
        }
}

static void draw_noise(hl_image *image, uint32_t mask)
{
    for (int32_t y = 0; y < image->height; y++)
        for (int32_t x = 0; x < image->width; x++)
            image->px[y * image->row_bytes + x] = (uint8_t)(hl_mt19937_u32(&g) & mask);
}

/* Black and white alone: the largest coefficients. */
static void draw_two_levels(hl_image *image, uint32_t one_in)
{
    for (int32_t y = 0; y < image->height; y++)
        for (int32_t x = 0; x < image->width; x++)
            image->px[y * image->row_bytes + x] = any(one_in) == 0 ? 255 : 0;
}

/* --- tests ---------------------------------------------------------------------------------- */

/* sign(c) * ((|c| + 4q) / (8q)), films.md 1.3, for all |c| that 15 bits hold. */
static void division_by_multiplication_is_exact_for_each_step(void)
{
    int64_t wrong = 0;

    for (int q = 1; q <= 255; q++) {
        uint8_t step[64];
        hl_jpeg_divisors d;
        memset(step, q, sizeof step);
        hl_jpeg_divisors_make(step, &d);
        is_int(d.bias[63], 4 * q);
        for (uint32_t c = 0; c + d.bias[0] < 32768; c++) {
            const uint32_t a = c + d.bias[0];
            wrong += ((a * d.factor[0] >> 16) * d.scale[0] >> 16) != a / (8 * (uint32_t)q);
        }
    }
    is_int(wrong, 0);
}

static void the_header_is_the_published_one(void)
{
    static const uint8_t dqt95[64] = {
        0x02, 0x01, 0x01, 0x01, 0x01, 0x01, 0x02, 0x01, 0x01, 0x01, 0x02, 0x02, 0x02,
        0x02, 0x02, 0x04, 0x03, 0x02, 0x02, 0x02, 0x02, 0x05, 0x04, 0x04, 0x03, 0x04,
        0x06, 0x05, 0x06, 0x06, 0x06, 0x05, 0x06, 0x06, 0x06, 0x07, 0x09, 0x08, 0x06,
        0x07, 0x09, 0x07, 0x06, 0x06, 0x08, 0x0b, 0x08, 0x09, 0x0a, 0x0a, 0x0a, 0x0a,
        0x0a, 0x06, 0x08, 0x0b, 0x0c, 0x0b, 0x0a, 0x0c, 0x09, 0x0a, 0x0a, 0x0a}; /* films.md 1.3 */
    hl_image image = picture(8, 8);
    const hl_jpeg_rows rows = rows_of(&image);
    hl_buf b = {0};

    memset(image.px, 128, 8 * (size_t)image.row_bytes);
    is_int(hl_jpeg_write_grey(&rows, 95, HL_CPU_C, &b, NULL), HL_OK);
    is_int(b.n, 328 + 1 + 2); /* DC 0 and end of block: 6 bits */
    is_mem(b.at + 25, dqt95, 64);
    is_mem(b.at + 328, "\x2B\xFF\xD9", 3);
    hl_buf_free(&b);
}

static void each_size_is_libjpegs(void)
{
    for (int32_t h = 1; h <= 40; h++)
        for (int32_t w = 1; w <= 40; w++) {
            hl_image image = picture(w, h);
            draw_noise(&image, any(2) ? 0xFF : 0x1F);
            ok(is_libjpegs(&image, 95));
        }
}

static void each_quality_is_libjpegs(void)
{
    for (int q = 1; q <= 100; q++) {
        hl_image image = picture(203, 77);
        for (int grain = 0; grain <= 256; grain = grain ? grain * 4 : 4) {
            draw_film(&image, grain);
            ok(is_libjpegs(&image, q));
        }
        draw_noise(&image, 0xFF);
        ok(is_libjpegs(&image, q));
        draw_two_levels(&image, 2);
        ok(is_libjpegs(&image, q));
    }
}

static void constants_gradients_and_checkerboards_are_libjpegs(void)
{
    for (int v = 0; v < 256; v++) {
        hl_image image = picture(40, 17);
        memset(image.px, v, 17 * (size_t)image.row_bytes);
        ok(is_libjpegs(&image, 95));
    }
    for (int kind = 0; kind < 12; kind++) {
        hl_image image = picture(300, 300);
        for (int32_t y = 0; y < 300; y++)
            for (int32_t x = 0; x < 300; x++) {
                const int side = 1 << kind % 6;
                const bool white = ((x / side) ^ (y / side)) & 1;
                const int v = kind < 6 ? (white ? 255 : 0) : (x * side + y * (kind - 5)) / 4;
                image.px[y * image.row_bytes + x] = (uint8_t)v;
            }
        ok(is_libjpegs(&image, 95));
        ok(is_libjpegs(&image, 100));
        ok(is_libjpegs(&image, 10));
    }
}

static double wave(int k, int x)
{
    return cos((2 * x + 1) * k * 3.14159265358979 / 16);
}

/* Each coefficient as large as pixels can make it, up and down. */
static void the_largest_coefficients_are_libjpegs(void)
{
    hl_image image = picture(8 * 64, 16);

    for (int k = 0; k < 64; k++)
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++) {
                const bool up = wave(k & 7, x) * wave(k >> 3, y) >= 0;
                image.px[y * image.row_bytes + 8 * k + x] = up ? 255 : 0;
                image.px[(y + 8) * image.row_bytes + 8 * k + x] = up ? 0 : 255;
            }
    for (int q = 1; q <= 100; q++)
        ok(is_libjpegs(&image, q));
}

/* Two coefficients in each block, at each pair of places: runs of all lengths, and blocks that end
 * early, at the last coefficient, or with one zero behind it. */
static void runs_of_all_lengths_are_libjpegs(void)
{
    hl_image image = picture(8 * 64, 8 * 64);

    for (int b = 0; b < 64 * 64; b++)
        for (int i = 0; i < 64; i++) {
            const int k1 = hl_jpeg_zigzag[b & 63], k2 = hl_jpeg_zigzag[b >> 6];
            const int x = i & 7, y = i >> 3;
            const double v =
                wave(k1 & 7, x) * wave(k1 >> 3, y) + wave(k2 & 7, x) * wave(k2 >> 3, y);
            image.px[(8 * (b >> 6) + y) * image.row_bytes + 8 * (b & 63) + x] =
                pixel(floor(128.5 + 60 * v));
        }
    ok(is_libjpegs(&image, 50));
    ok(is_libjpegs(&image, 90));
    ok(is_libjpegs(&image, 100));
}

static void random_pictures_are_libjpegs(void)
{
    for (int i = 0; i < 3000; i++) {
        hl_image image = picture(1 + (int32_t)any(90), 1 + (int32_t)any(60));
        switch (any(4)) {
        case 0:
            draw_noise(&image, (1u << any(9)) - 1);
            break;
        case 1:
            draw_two_levels(&image, 1 + any(200));
            break;
        default:
            draw_film(&image, (int)any(128));
        }
        if (!ok(is_libjpegs(&image, any(2) ? 95 : 1 + (int)any(100))))
            break;
    }
}

static void a_large_film_is_libjpegs(void)
{
    hl_image image = picture(1531, 1203);

    draw_film(&image, 0);
    ok(is_libjpegs(&image, 95));
    draw_film(&image, 12);
    ok(is_libjpegs(&image, 95));
    draw_noise(&image, 0xFF);
    ok(is_libjpegs(&image, 100));
    for (int i = 0; i < 1531; i++) /* bytes FF in the scan */
        memset(image.px + (i % 1203) * image.row_bytes, i & 1 ? 0xFF : 0, 1531);
    ok(is_libjpegs(&image, 100));
}

static void the_longest_sides_are_libjpegs(void)
{
    hl_image image = picture(HL_IMAGE_MAX_SIDE, 3);

    draw_noise(&image, 0xFF);
    ok(is_libjpegs(&image, 95));
    image = picture(3, HL_IMAGE_MAX_SIDE);
    draw_noise(&image, 0xFF);
    ok(is_libjpegs(&image, 95));
}

/* Rows far apart, and the last one ends where the memory ends: a sanitizer sees a byte too far. */
static void rows_may_lie_anywhere(void)
{
    const int64_t strides[] = {17, 33, 4099, 100000};

    for (int32_t w = 1; w <= 17; w++)
        for (int i = 0; i < 4; i++) {
            const int32_t h = 16;
            uint8_t *px = malloc((size_t)(strides[i] * (h - 1) + w));
            hl_image image = {w, h, 1, strides[i], px};
            draw_noise(&image, 0xFF);
            ok(is_libjpegs(&image, 95));
            free(px);
        }
}

typedef struct {
    const hl_image *image;
    int32_t next, calls;
    bool good;
} source;

static void deliver(void *ctx, int32_t first_row, int32_t n_rows, uint8_t *strip, size_t stride)
{
    source *s = ctx;
    const int32_t left = s->image->height - first_row;

    s->good = s->good && first_row == s->next && n_rows == (left < 8 ? left : 8) &&
              stride >= (size_t)s->image->width;
    for (int32_t i = 0; i < n_rows; i++)
        memcpy(strip + (size_t)i * stride, s->image->px + (first_row + i) * s->image->row_bytes,
               (size_t)s->image->width);
    s->next += n_rows;
    s->calls++;
}

static void rows_made_on_the_way_give_the_same_file(void)
{
    for (int i = 0; i < 400; i++) {
        hl_image image = picture(1 + (int32_t)any(70), 1 + (int32_t)any(70));
        draw_film(&image, 30);
        hl_buf want = {0}, got = {0};
        is_int(hl_jpeg_encode_library(&image, 90, &want, NULL), HL_OK);
        for (size_t l = 0; l < N_LEVELS; l++) {
            const hl_cpu cpu = hl_cpu_level((int32_t)levels[l]);
            for (int own = 0; own < 2; own++) {
                source s = {.image = &image, .good = true};
                const hl_jpeg_rows rows = {image.width, image.height, deliver, &s, NULL, 0};
                hl_buf_clear(&got);
                is_int(own ? hl_jpeg_write_grey(&rows, 90, cpu, &got, NULL)
                           : hl_jpeg_encode_rows(&rows, 90, cpu, &got, NULL),
                       HL_OK);
                ok(same_bytes(&got, &want));
                ok(s.good && s.next == image.height && s.calls == (image.height + 7) / 8);
            }
        }
        hl_buf_free(&want);
        hl_buf_free(&got);
    }
}

/* --- kernels -------------------------------------------------------------------------------- */

static void kernels_are_the_same_at_each_level(void)
{
    static hl_jpeg_coefs want, got;
    static hl_jpeg_codes_out codes;
    static hl_jpeg_bits_out want_bits, got_bits;
    static uint8_t px[8 * 8 * HL_JPEG_FDCT_BATCH + 3];
    hl_jpeg_write_ops ops;
    hl_jpeg_divisors d;
    uint8_t step[64];

    hl_jpeg_codes_out_make(&codes);
    for (int i = 0; i < 2000; i++) {
        const int n = 2 * (1 + (int)any(HL_JPEG_FDCT_BATCH / 2)), at = (int)any(4);
        const uint32_t mask = (1u << any(9)) - 1, few = 1 + any(40);
        for (size_t k = 0; k < sizeof px; k++)
            px[k] = (uint8_t)(any(few) == 0 ? hl_mt19937_u32(&g) & mask : 200);
        for (int k = 0; k < 64; k++)
            step[k] = (uint8_t)(i % 3 == 0 ? 1 : 1 + any(255));
        hl_jpeg_divisors_make(step, &d);
        hl_jpeg_write_ops_init(&ops, HL_CPU_C);
        ops.fdct(px + at, 8 * HL_JPEG_FDCT_BATCH, n, &d, &want);
        want_bits.bits = any(1 << 7);
        want_bits.n_bits = any(8);
        want_bits.dc = (int32_t)any(2040) - 1020;
        for (size_t l = 0; l < N_LEVELS; l++) {
            memset(&got, 0xA5, sizeof got);
            got_bits.bits = want_bits.bits;
            got_bits.n_bits = want_bits.n_bits;
            got_bits.dc = want_bits.dc;
            hl_jpeg_write_ops_init(&ops, hl_cpu_level((int32_t)levels[l]));
            ops.fdct(px + at, 8 * HL_JPEG_FDCT_BATCH, n, &d, &got);
            is_mem(got.value, want.value, (size_t)n * sizeof want.value[0]);
            is_mem(got.near, want.near, (size_t)n * sizeof want.near[0]);
            is_mem(got.nonzero, want.nonzero, (size_t)n * sizeof want.nonzero[0]);
            if (n < HL_JPEG_FDCT_BATCH)
                is_int(got.nonzero[n], (int64_t)UINT64_C(0xA5A5A5A5A5A5A5A5));
            ops.put_blocks(&want, n, &codes, &got_bits);
            hl_jpeg_bits_out again = want_bits;
            hl_jpeg_put_blocks_c(&want, n, &codes, &again);
            is_int(got_bits.n, again.n);
            is_mem(got_bits.at, again.at, again.n);
            is_int(got_bits.n_bits, again.n_bits);
            is_int(got_bits.dc, again.dc);
        }
    }
}

/* All coefficients at their largest and all codes at their longest: the bound of a batch. */
static void a_batch_of_the_longest_codes_fits(void)
{
    static hl_jpeg_coefs coefs;
    static hl_jpeg_codes_out codes;
    hl_jpeg_write_ops ops;

    hl_jpeg_codes_out_make(&codes);
    for (int i = 0; i < HL_JPEG_FDCT_BATCH; i++) {
        for (int k = 0; k < 64; k++)
            coefs.value[i][k] = k == 0 ? (i & 1 ? 1023 : -1024) : 1023;
        memset(coefs.near[i], INT8_MAX, 64);
        coefs.nonzero[i] = UINT64_MAX;
    }
    for (size_t l = 0; l < N_LEVELS; l++) {
        hl_jpeg_bits_out *out = calloc(1, sizeof *out);
        hl_jpeg_write_ops_init(&ops, hl_cpu_level((int32_t)levels[l]));
        ops.put_blocks(&coefs, HL_JPEG_FDCT_BATCH, &codes, out);
        /* -1024 takes 9 + 11 bits as the rest of the differences do; (0, 10) 16 + 10. */
        is_int(out->n * 8 + out->n_bits, HL_JPEG_FDCT_BATCH * (20 + 63 * 26));
        free(out);
    }
}

static void stuffing_puts_a_zero_behind_each_ff(void)
{
    for (int i = 0; i < 3000; i++) {
        uint8_t from[80], want[160], *got = malloc(160);
        const size_t n = any(80);
        const uint32_t one_in = 1 + any(40);
        size_t n_want = 0;
        for (size_t k = 0; k < n; k++) {
            from[k] = (uint8_t)(any(one_in) == 0 ? 0xFF : any(2) ? 0xFE : any(256));
            want[n_want++] = from[k];
            if (from[k] == 0xFF)
                want[n_want++] = 0;
        }
        got = realloc(got, 2 * n + 1);
        is_int(hl_jpeg_stuff(from, n, got), n_want);
        is_mem(got, want, n_want);
        free(got);
    }
}

/* --- borders -------------------------------------------------------------------------------- */

static void what_is_there_stays_and_the_file_is_put_behind(void)
{
    hl_image image = picture(30, 20);
    hl_buf b = {0}, alone = {0};

    draw_film(&image, 9);
    hl_buf_text(&b, "before");
    is_int(hl_jpeg_encode(&image, 95, hl_cpu_level(HL_CPU_BEST), &b, NULL), HL_OK);
    is_int(hl_jpeg_encode(&image, 95, HL_CPU_C, &alone, NULL), HL_OK);
    is_int(b.n, 6 + alone.n);
    is_mem(b.at, "before", 6);
    is_mem(b.at + 6, alone.at, alone.n);
    is_int(b.at[b.n], 0);
    hl_buf_free(&b);
    hl_buf_free(&alone);
}

static void sides_beyond_the_format_are_refused(void)
{
    static const int32_t sides[][2] = {{0, 5}, {5, 0}, {-1, 5}, {65501, 1}, {1, 65501}};

    for (size_t i = 0; i < 5; i++)
        for (size_t l = 0; l < N_LEVELS; l++) {
            const hl_image image = {sides[i][0], sides[i][1], 1, 70000, NULL};
            hl_buf b = {0};
            hl_error err = {0};
            is_int(hl_jpeg_encode(&image, 95, hl_cpu_level((int32_t)levels[l]), &b, &err),
                   HL_E_LIMIT);
            like(err.message, "pixels cannot be written as JPEG");
            is_int(b.n, 0);
            hl_buf_free(&b);
        }
}

int main(void)
{
    arena = hl_arena_new(0);
    hl_mt19937_seed(&g, 20261122);
    run(division_by_multiplication_is_exact_for_each_step);
    run(the_header_is_the_published_one);
    run(each_size_is_libjpegs);
    run(each_quality_is_libjpegs);
    run(constants_gradients_and_checkerboards_are_libjpegs);
    run(the_largest_coefficients_are_libjpegs);
    run(runs_of_all_lengths_are_libjpegs);
    run(random_pictures_are_libjpegs);
    run(a_large_film_is_libjpegs);
    run(the_longest_sides_are_libjpegs);
    run(rows_may_lie_anywhere);
    run(rows_made_on_the_way_give_the_same_file);
    run(kernels_are_the_same_at_each_level);
    run(a_batch_of_the_longest_codes_fits);
    run(stuffing_puts_a_zero_behind_each_ff);
    run(what_is_there_stays_and_the_file_is_put_behind);
    run(sides_beyond_the_format_are_refused);
    hl_arena_free(&arena);
    return done();
}
