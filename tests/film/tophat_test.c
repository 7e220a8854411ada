#include "film/tophat.h"

#include "base/rng.h"
#include "tap.h"

static const hl_cpu levels[] = {HL_CPU_C, HL_CPU_AVX2, HL_CPU_AVX512, HL_CPU_NEON};
enum { N_LEVELS = sizeof levels / sizeof levels[0] };

static hl_arena *arena;

static void fill(hl_mt19937 *g, uint8_t *px, size_t n)
{
    for (size_t i = 0; i < n; i++)
        px[i] = (uint8_t)hl_mt19937_u32(g);
}

static const size_t sizes[] = {0, 1, 7, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200, 1000};
enum { N_SIZES = sizeof sizes / sizeof sizes[0], MOST = 1000, GUARD = 64 };

typedef struct {
    uint8_t a[2 * MOST + 8], b[2 * MOST + 8];
    uint8_t want[MOST + 2 * GUARD], got[MOST + 2 * GUARD];
} rows;

/* Writes n pixels behind a guard; then the guards on both sides must be as they were. */
static void check_bytes(const rows *r, size_t n)
{
    is_mem(r->got, r->want, n + 2 * GUARD);
}

static void every_level_gives_the_same_bytes(void)
{
    hl_mt19937 g;
    rows *r = hl_arena_calloc(arena, 1, sizeof *r);
    hl_grey_ops plain;

    hl_mt19937_seed(&g, 5);
    hl_grey_ops_init(&plain, HL_CPU_C);
    for (size_t l = 0; l < N_LEVELS; l++) {
        hl_grey_ops ops;
        if (hl_cpu_level((int32_t)levels[l]) != levels[l])
            continue;
        hl_grey_ops_init(&ops, levels[l]);
        for (size_t i = 0; i < 4 * N_SIZES; i++) {
            const size_t n = sizes[i / 4], shift = i % 4;
            const uint8_t *a = r->a + shift, *b = r->b + 2 * shift;
            fill(&g, r->a, sizeof r->a);
            fill(&g, r->b, sizeof r->b);
            memset(r->want, 0xa5, sizeof r->want);
            memset(r->got, 0xa5, sizeof r->got);
            void (*const pair[][2])(const uint8_t *, const uint8_t *, uint8_t *,
                                    size_t) = {{plain.least, ops.least},
                                               {plain.most, ops.most},
                                               {plain.minus, ops.minus},
                                               {plain.halve, ops.halve}};
            for (size_t k = 0; k < 4; k++) {
                pair[k][0](a, b, r->want + GUARD, n);
                pair[k][1](a, b, r->got + GUARD, n);
                check_bytes(r, n);
            }
        }
    }
}

static void every_level_gives_the_same_bits(void)
{
    hl_mt19937 g;
    rows *r = hl_arena_calloc(arena, 1, sizeof *r);
    uint64_t want[HL_GREY_WORDS(MOST) + 1], got[HL_GREY_WORDS(MOST) + 1];
    hl_grey_ops plain;

    hl_mt19937_seed(&g, 6);
    hl_grey_ops_init(&plain, HL_CPU_C);
    for (size_t l = 0; l < N_LEVELS; l++) {
        hl_grey_ops ops;
        if (hl_cpu_level((int32_t)levels[l]) != levels[l])
            continue;
        hl_grey_ops_init(&ops, levels[l]);
        for (size_t i = 0; i < N_SIZES; i++) {
            fill(&g, r->a, sizeof r->a);
            for (size_t j = 0; j < sizeof r->b; j++)
                r->b[j] = (uint8_t)(r->a[j] + (j % 3 == 0));
            for (int level = 0; level <= 255; level += 51) {
                memset(want, 0x3c, sizeof want);
                memset(got, 0x3c, sizeof got);
                plain.reach(r->a + 1, (uint8_t)level, want, sizes[i]);
                ops.reach(r->a + 1, (uint8_t)level, got, sizes[i]);
                is_mem(got, want, sizeof want);
            }
            plain.equal(r->a + 1, r->b + 1, want, sizes[i]);
            ops.equal(r->a + 1, r->b + 1, got, sizes[i]);
            is_mem(got, want, sizeof want);
        }
    }
}

static void the_next_set_and_clear_bit_are_found(void)
{
    const uint64_t bits[2] = {UINT64_C(1) << 63 | 6, 1};

    is_int(hl_grey_next(bits, 0, 70, true), 1);
    is_int(hl_grey_next(bits, 1, 70, false), 3);
    is_int(hl_grey_next(bits, 3, 70, true), 63);
    is_int(hl_grey_next(bits, 63, 70, false), 65);
    is_int(hl_grey_next(bits, 65, 70, true), 70);
    is_int(hl_grey_next(bits, 0, 1, true), 1);
    is_int(hl_grey_next(bits, 2, 2, false), 2);
}

static hl_image new_image(int32_t w, int32_t h)
{
    hl_image image = {0};
    hl_error err = {0};

    if (hl_image_new(arena, w, h, 1, &image, &err) != HL_OK) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return image;
}

static int extreme(const hl_image *image, int32_t x, int32_t y, int32_t r, bool least)
{
    int v = least ? 255 : 0;

    for (int32_t j = y - r; j <= y + r; j++)
        for (int32_t i = x - r; i <= x + r; i++) {
            if (i < 0 || j < 0 || i >= image->width || j >= image->height)
                continue;
            const int p = image->px[j * image->row_bytes + i];
            v = least ? (p < v ? p : v) : (p > v ? p : v);
        }
    return v;
}

/* By definition: every pixel under the square. */
static void slow_tophat(const hl_image *image, int32_t k, hl_image *out)
{
    hl_image low = new_image(image->width, image->height);

    for (int32_t y = 0; y < image->height; y++)
        for (int32_t x = 0; x < image->width; x++)
            low.px[y * low.row_bytes + x] = (uint8_t)extreme(image, x, y, k / 2, true);
    for (int32_t y = 0; y < image->height; y++)
        for (int32_t x = 0; x < image->width; x++)
            out->px[y * out->row_bytes + x] =
                (uint8_t)(image->px[y * image->row_bytes + x] - extreme(&low, x, y, k / 2, false));
}

static void the_top_hat_is_what_the_definition_gives(void)
{
    static const int32_t shapes[][2] = {{1, 1}, {1, 40},  {40, 1}, {3, 5},
                                        {8, 8}, {70, 33}, {33, 70}};
    static const int32_t squares[] = {3, 5, 9, 11, 21, 63};
    hl_mt19937 g;
    hl_error err = {0};

    hl_mt19937_seed(&g, 7);
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const int32_t w = shapes[s][0], h = shapes[s][1];
        hl_image image = new_image(w, h), scratch = new_image(w, h);
        hl_image want = new_image(w, h), got = new_image(w, h);
        for (int32_t y = 0; y < h; y++)
            fill(&g, image.px + y * image.row_bytes, (size_t)w);
        for (size_t q = 0; q < sizeof squares / sizeof squares[0]; q++) {
            slow_tophat(&image, squares[q], &want);
            for (size_t l = 0; l < N_LEVELS; l++) {
                hl_grey_ops ops;
                if (hl_cpu_level((int32_t)levels[l]) != levels[l])
                    continue;
                hl_grey_ops_init(&ops, levels[l]);
                ok(hl_tophat(&image, squares[q], &ops, &scratch, arena, &got, &err) == HL_OK);
                for (int32_t y = 0; y < h; y++)
                    is_mem(got.px + y * got.row_bytes, want.px + y * want.row_bytes, (size_t)w);
            }
        }
    }
}

static void what_is_wider_than_the_square_is_gone(void)
{
    hl_image image = new_image(60, 60), scratch = new_image(60, 60), map = new_image(60, 60);
    hl_grey_ops ops;
    hl_error err = {0};

    hl_grey_ops_init(&ops, HL_CPU_C);
    for (int32_t y = 0; y < 60; y++)
        for (int32_t x = 0; x < 60; x++) {
            const bool wide = x >= 5 && x < 17 && y >= 20 && y < 50; /* 12 px */
            const bool thin = x >= 40 && x < 44 && y >= 20 && y < 50;
            image.px[y * image.row_bytes + x] = wide || thin ? 200 : 50;
        }
    ok(hl_tophat(&image, 9, &ops, &scratch, arena, &map, &err) == HL_OK);
    is_int(map.px[30 * map.row_bytes + 10], 0);
    is_int(map.px[30 * map.row_bytes + 41], 150);
    is_int(map.px[30 * map.row_bytes + 30], 0);
}

int main(void)
{
    arena = hl_arena_new(0);
    run(every_level_gives_the_same_bytes);
    run(every_level_gives_the_same_bits);
    run(the_next_set_and_clear_bit_are_found);
    run(the_top_hat_is_what_the_definition_gives);
    run(what_is_wider_than_the_square_is_gone);
    hl_arena_free(&arena);
    return done();
}
