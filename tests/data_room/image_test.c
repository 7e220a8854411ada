#include "data/image.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/rng.h"
#include "data/resize.h"
#include "tap.h"

static const hl_cpu levels[] = {HL_CPU_C, HL_CPU_AVX2, HL_CPU_AVX512, HL_CPU_NEON};
enum { N_LEVELS = sizeof levels / sizeof levels[0] };

static hl_arena *arena;

static hl_image new_image(int32_t w, int32_t h, int32_t channels)
{
    hl_image image = {0};
    hl_error err = {0};

    if (hl_image_new(arena, w, h, channels, &image, &err) != HL_OK) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return image;
}

/* MT19937 words mod 256, or the formula of rules.txt. */
static hl_image made_image(const char *seed, int32_t w, int32_t h, int32_t channels)
{
    hl_image image = new_image(w, h, channels);
    const bool formula = strcmp(seed, "formula") == 0;
    hl_mt19937 g;

    hl_mt19937_seed(&g, formula ? 0 : (uint32_t)strtoul(seed, NULL, 10));
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w * channels; x++) {
            const int64_t f = ((int64_t)x * 7 + (int64_t)y * 3) / 16 + (int64_t)x * y / 997;
            image.px[y * image.row_bytes + x] = (uint8_t)(formula ? f : hl_mt19937_u32(&g));
        }
    return image;
}

static void pixels_hex(const hl_image *image, char hex[HL_HEX_CHARS])
{
    hl_sha256 *sha = hl_sha256_new();
    hl_digest digest;

    for (int32_t y = 0; y < image->height; y++)
        hl_sha256_add(sha, image->px + y * image->row_bytes,
                      (size_t)image->width * (size_t)image->channels);
    hl_sha256_end(sha, &digest);
    hl_sha256_free(&sha);
    hl_digest_hex(&digest, hex);
}

static hl_image resized(const hl_image *src, int32_t w, int32_t h, hl_rect window, hl_cpu cpu)
{
    hl_image out = {0};
    hl_error err = {0};

    if (!ok(hl_image_resize(arena, src, w, h, window, cpu, &out, &err) == HL_OK))
        printf("# %s\n", err.message);
    return out;
}

static bool same_pixels(const hl_image *a, const hl_image *b)
{
    bool same = a->width == b->width && a->height == b->height && a->channels == b->channels;

    for (int32_t y = 0; same && y < a->height; y++)
        same = memcmp(a->px + y * a->row_bytes, b->px + y * b->row_bytes,
                      (size_t)a->width * (size_t)a->channels) == 0;
    return same;
}

/* Lines of rules.txt that begin with word go to take; how many there were. */
static int each_rule(const char *word, void (*take)(const char *line))
{
    FILE *f = fopen(fixture("resize/rules.txt"), "r");
    char line[4096];
    int n = 0;

    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, word, strlen(word)) == 0) {
            take(line);
            n++;
        }
    if (f)
        fclose(f);
    return n;
}

static void take_pixels(const char *line)
{
    char seed[32], want[80], got[HL_HEX_CHARS];
    int channels, w, h, new_w, new_h;

    if (!ok(sscanf(line, "pixels %d %31s %d %d %d %d %79s", &channels, seed, &w, &h, &new_w, &new_h,
                   want) == 7))
        return;
    hl_image src = made_image(seed, w, h, channels);
    for (int i = 0; i < N_LEVELS; i++) {
        const hl_cpu cpu = hl_cpu_level((int32_t)levels[i]);
        hl_image out = resized(&src, new_w, new_h, (hl_rect){0, 0, new_w, new_h}, cpu);
        pixels_hex(&out, got);
        is_str(got, want);
    }
    hl_arena_reset(arena);
}

static void resize_gives_pillows_pixels_at_each_level(void)
{
    is_int(each_rule("pixels ", take_pixels), 35);
}

static void take_taps(const char *line)
{
    int n, m, x, at = 0;
    hl_resize_plan plan;
    hl_error err = {0};

    if (!ok(sscanf(line, "taps %d %d %d%n", &n, &m, &x, &at) == 3))
        return;
    char *p = NULL;
    is_int(hl_resize_plan_make(arena, n, m, x, 1, &plan, &err), HL_OK);
    is_int(plan.first[0], strtol(line + at, &p, 10));
    for (int t = 0; t < plan.taps[0]; t++) {
        is_int(plan.k[t], strtol(p, &p, 10));
        is_int(plan.low[t] + 2048 * plan.high[t], plan.k[t]);
    }
    is_int(strspn(p, " \n"), strlen(p));
    hl_arena_reset(arena);
}

static void coefficients_are_pillows(void)
{
    ok(each_rule("taps ", take_taps) > 20);
}

static void take_edge(const char *line)
{
    int w, h, s, want_w, want_h;
    int32_t got_w, got_h;

    if (!ok(sscanf(line, "edge %d %d %d %d %d", &w, &h, &s, &want_w, &want_h) == 5))
        return;
    hl_resize_smaller_edge(w, h, s, &got_w, &got_h);
    is_int(got_w, want_w);
    is_int(got_h, want_h);
}

static void the_smaller_edge_becomes_the_size_and_the_other_is_cut(void)
{
    is_int(each_rule("edge ", take_edge), 15);
}

static void a_window_is_that_part_of_the_whole(void)
{
    static const int sizes[][4] = {{100, 80, 30, 24}, {64, 48, 200, 150}, {50, 40, 50, 20},
                                   {50, 40, 20, 40},  {50, 40, 50, 40},   {333, 17, 40, 9}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int32_t channels = 1; channels <= 3; channels += 2) {
            const int32_t w = sizes[i][2], h = sizes[i][3];
            hl_image src = made_image("5", sizes[i][0], sizes[i][1], channels);
            hl_image whole = resized(&src, w, h, (hl_rect){0, 0, w, h}, HL_CPU_C);
            const hl_rect windows[] = {{0, 0, 1, 1},
                                       {w - 1, h - 1, 1, 1},
                                       {3, 2, w - 5, h - 3},
                                       {w / 2, 0, w - w / 2, h},
                                       {0, h / 3, w, h - h / 3}};
            for (size_t j = 0; j < sizeof windows / sizeof windows[0]; j++)
                for (int l = 0; l < N_LEVELS; l++) {
                    hl_image got =
                        resized(&src, w, h, windows[j], hl_cpu_level((int32_t)levels[l]));
                    hl_image want = hl_image_part(&whole, windows[j]);
                    ok(same_pixels(&got, &want));
                }
            hl_arena_reset(arena);
        }
}

static void only_the_rows_named_are_read(void)
{
    static const int cases[][4] = {
        {3056, 384, 32, 320}, {100, 30, 0, 5}, {100, 30, 25, 5}, {40, 90, 13, 20}, {50, 50, 7, 9}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int32_t h = cases[i][0], new_h = cases[i][1], top = cases[i][2], n = cases[i][3];
        int32_t first, end;
        hl_resize_source_rows(h, new_h, top, n, &first, &end);
        ok(first >= 0 && end <= h && first < end);
        hl_image a = made_image("9", 24, h, 1), b = made_image("9", 24, h, 1);
        for (int32_t y = 0; y < h; y++)
            if (y < first || y >= end)
                memset(b.px + y * b.row_bytes, 77, 24);
        const hl_rect window = {0, top, 11, n};
        hl_image got_a = resized(&a, 11, new_h, window, HL_CPU_C);
        hl_image got_b = resized(&b, 11, new_h, window, HL_CPU_C);
        ok(same_pixels(&got_a, &got_b));
        hl_arena_reset(arena);
    }
}

/* A source whose last row ends where its memory ends, and output between canaries. */
static void kernels_stay_inside_their_rows(void)
{
    for (int32_t w = 1; w <= 70; w++)
        for (int32_t new_w = 1; new_w <= 40; new_w += 3) {
            hl_resize_plan plan;
            uint8_t *src = malloc((size_t)w), got[2][64 + 40];
            is_int(hl_resize_plan_make(arena, w, new_w, 0, new_w, &plan, NULL), HL_OK);
            for (int32_t i = 0; i < w; i++)
                src[i] = (uint8_t)(i * 37 + w);
            for (int l = 0; l < 2; l++) {
                hl_resize_ops ops;
                hl_resize_ops_init(&ops, hl_cpu_level(l == 0 ? HL_CPU_C : HL_CPU_BEST));
                memset(got[l], 0xA5, sizeof got[l]);
                ops.row(&plan, src, w, got[l] + 32);
            }
            is_mem(got[1], got[0], sizeof got[0]);
            free(src);
            hl_arena_reset(arena);
        }
}

static void columns_are_the_same_at_each_level(void)
{
    for (size_t n = 0; n <= 67; n++) {
        hl_resize_plan plan;
        uint8_t *rows[9], got[2][64 + 67];
        const uint8_t *src[9];
        is_int(hl_resize_plan_make(arena, 9, 3, 0, 3, &plan, NULL), HL_OK);
        for (size_t y = 0; y < 9; y++) {
            src[y] = rows[y] = malloc(n ? n : 1);
            for (size_t x = 0; x < n; x++)
                rows[y][x] = (uint8_t)(x * 91 + y * 53 + n);
        }
        for (int32_t i = 0; i < 3; i++) {
            for (int l = 0; l < 2; l++) {
                hl_resize_ops ops;
                hl_resize_ops_init(&ops, hl_cpu_level(l == 0 ? HL_CPU_C : HL_CPU_BEST));
                memset(got[l], 0xA5, sizeof got[l]);
                ops.col(&plan, i, src + plan.first[i], n, got[l] + 32);
            }
            is_mem(got[1], got[0], sizeof got[0]);
        }
        for (size_t y = 0; y < 9; y++)
            free(rows[y]);
        hl_arena_reset(arena);
    }
}

static void extreme_values_do_not_overflow(void)
{
    static const int sizes[][2] = {{60000, 1}, {1, 5000}, {4099, 2}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int l = 0; l < N_LEVELS; l++) {
            hl_image src = new_image(sizes[i][0], 2, 1);
            memset(src.px, 255, (size_t)src.row_bytes * 2);
            const int32_t n = sizes[i][1];
            hl_image out =
                resized(&src, n, 1, (hl_rect){0, 0, n, 1}, hl_cpu_level((int32_t)levels[l]));
            for (int32_t x = 0; x < n; x++)
                ok(out.px[x] == 255);
            hl_arena_reset(arena);
        }
}

static void sizes_beyond_the_limits_are_refused(void)
{
    hl_image image;
    hl_error err = {0};

    is_int(hl_image_new(arena, 0, 5, 1, &image, &err), HL_E_LIMIT);
    is_int(hl_image_new(arena, 5, -1, 1, &image, &err), HL_E_LIMIT);
    is_int(hl_image_new(arena, 65501, 1, 1, &image, &err), HL_E_LIMIT);
    is_int(hl_image_new(arena, 65500, 65500, 3, &image, &err), HL_E_LIMIT);
    like(err.message, "65500 x 65500 pixels");
    is_int(hl_image_new(arena, 65500, 1, 3, &image, &err), HL_OK);
    is_int(image.row_bytes % 64, 0);
    is_int((int64_t)((uintptr_t)image.px % 64), 0);
    hl_arena_reset(arena);
}

static void a_part_shares_the_pixels(void)
{
    hl_image image = made_image("3", 20, 10, 3);
    hl_image part = hl_image_part(&image, (hl_rect){4, 2, 5, 6});

    is_int(part.width, 5);
    is_int(part.height, 6);
    ok(part.px == image.px + 2 * image.row_bytes + 12);
    hl_arena_reset(arena);
}

static void look_up_tables_look_up(void)
{
    float lut[256], out[300];
    uint8_t lut8[256], in[300], out8[300];

    for (int i = 0; i < 256; i++) {
        lut[i] = (float)i / 255.0f;
        lut8[i] = (uint8_t)(255 - i);
    }
    for (size_t i = 0; i < 300; i++)
        in[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n < 300; n += n < 20 ? 1 : 93)
        for (int l = 0; l < N_LEVELS; l++) {
            memset(out, 0, sizeof out);
            memset(out8, 0, sizeof out8);
            hl_lut_f32(lut, in, out, n, hl_cpu_level((int32_t)levels[l]));
            hl_lut_u8(lut8, in, out8, n);
            for (size_t i = 0; i < 300; i++) {
                ok(out[i] == (i < n ? lut[in[i]] : 0.0f));
                ok(out8[i] == (i < n ? lut8[in[i]] : 0));
            }
        }
}

int main(void)
{
    arena = hl_arena_new(0);
    run(resize_gives_pillows_pixels_at_each_level);
    run(coefficients_are_pillows);
    run(the_smaller_edge_becomes_the_size_and_the_other_is_cut);
    run(a_window_is_that_part_of_the_whole);
    run(only_the_rows_named_are_read);
    run(kernels_stay_inside_their_rows);
    run(columns_are_the_same_at_each_level);
    run(extreme_values_do_not_overflow);
    run(sizes_beyond_the_limits_are_refused);
    run(a_part_shares_the_pixels);
    run(look_up_tables_look_up);
    hl_arena_free(&arena);
    return done();
}
