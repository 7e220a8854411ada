#include "film/clahe.h"

#include "look_rules.h"

static hl_arena *arena;

static void take_clahe(const char *line)
{
    char seed[32], want[80], got[HL_HEX_CHARS];
    double clip;
    int w, h, across, down;
    hl_error err = {0};

    if (!ok(sscanf(line, "clahe %31s %d %d %lf %d %d %79s", seed, &w, &h, &clip, &across, &down,
                   want) == 7))
        return;
    for (int i = 0; i < N_LEVELS; i++) {
        hl_image image = made_grey(arena, seed, w, h);
        for (int32_t y = 0; y < h; y++)
            memset(image.px + y * image.row_bytes + w, 0xC5, (size_t)(image.row_bytes - w));
        is_int(hl_clahe(&image, clip, across, down, hl_cpu_level((int32_t)levels[i]), arena, &err),
               HL_OK);
        is_str(grey_hex(&image, got), want);
        for (int32_t y = 0; y < h; y++)
            for (int64_t x = w; x < image.row_bytes; x++)
                ok(image.px[y * image.row_bytes + x] == 0xC5);
        hl_arena_reset(arena);
    }
}

static void clahe_gives_opencvs_pixels_at_each_level(void)
{
    is_int(each_rule("clahe ", take_clahe), 78);
}

static void mixing_gives_the_same_at_each_level_and_stays_within_the_row(void)
{
#if defined(__x86_64__)
    enum { N = 133 };
    uint32_t quad[N];
    float left[N], right[N];
    uint8_t want[N + 8], got[N + 8];
    hl_mt19937 g;

    if (hl_cpu_level(HL_CPU_AVX2) != HL_CPU_AVX2) {
        skip("no AVX2");
        return;
    }
    hl_mt19937_seed(&g, 3);
    for (int turn = 0; turn < 300; turn++) {
        const int32_t n = turn % (N + 1), from = turn % 5 < N - n ? turn % 5 : 0;
        const float below = turn % 7 == 0 ? 0.5f : (float)(hl_mt19937_u32(&g) >> 8) * 0x1p-24f;
        for (int i = 0; i < N; i++) {
            quad[i] = turn % 3 ? hl_mt19937_u32(&g) : UINT32_MAX;
            /* Ties between two greys come from weights of a half. */
            right[i] = turn % 7 == 0 ? 0.5f : (float)(hl_mt19937_u32(&g) >> 8) * 0x1p-24f;
            left[i] = 1.0f - right[i];
        }
        memset(want, 0xC5, sizeof want);
        memset(got, 0xC5, sizeof got);
        hl_clahe_mix_c(quad + from, left + from, right + from, 1.0f - below, below, n, want + 4);
        hl_clahe_mix_avx2(quad + from, left + from, right + from, 1.0f - below, below, n, got + 4);
        is_mem(got, want, sizeof want);
        ok(want[3] == 0xC5 && want[4 + n] == 0xC5);
    }
#else
    skip("no AVX2");
#endif
}

static void a_constant_picture_stays_constant(void)
{
    hl_image image = new_grey(arena, 50, 40);
    hl_error err = {0};

    memset(image.px, 77, (size_t)(image.row_bytes * image.height));
    is_int(hl_clahe(&image, 2.0, 8, 8, hl_cpu_level(0), arena, &err), HL_OK);
    for (int32_t y = 0; y < 40; y++)
        for (int32_t x = 0; x < 50; x++)
            ok(image.px[y * image.row_bytes + x] == image.px[0]);
    hl_arena_reset(arena);
}

int main(void)
{
    arena = hl_arena_new(0);
    run(clahe_gives_opencvs_pixels_at_each_level);
    run(mixing_gives_the_same_at_each_level_and_stays_within_the_row);
    run(a_constant_picture_stays_constant);
    hl_arena_free(&arena);
    return done();
}
