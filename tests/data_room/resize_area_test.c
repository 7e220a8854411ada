#include "data/resize_area.h"

#include "look_rules.h"

static hl_arena *arena;

static void take_area(const char *line)
{
    char seed[32], want[80], got[HL_HEX_CHARS];
    int w, h, new_w, new_h;
    hl_error err = {0};
    hl_image out = {0};

    if (!ok(sscanf(line, "area %31s %d %d %d %d %79s", seed, &w, &h, &new_w, &new_h, want) == 6))
        return;
    for (int i = 0; i < N_LEVELS; i++) {
        const hl_image src = made_grey(arena, seed, w, h);
        const hl_cpu cpu = hl_cpu_level((int32_t)levels[i]);
        is_int(hl_resize_area(arena, &src, new_w, new_h, cpu, &out, &err), HL_OK);
        is_int(out.width, new_w);
        is_int(out.height, new_h);
        is_str(grey_hex(&out, got), want);
        hl_arena_reset(arena);
    }
}

static void shrinking_gives_opencvs_pixels_at_each_level(void)
{
    is_int(each_rule("area ", take_area), 17);
}

static void a_part_of_a_picture_is_shrunk_like_a_picture_of_its_own(void)
{
    const hl_image whole = made_grey(arena, "31", 90, 70);
    const hl_image part = hl_image_part(&whole, (hl_rect){5, 7, 61, 50});
    hl_image copy = new_grey(arena, 61, 50), a = {0}, b = {0};
    hl_error err = {0};

    for (int32_t y = 0; y < 50; y++)
        memcpy(copy.px + y * copy.row_bytes, part.px + y * part.row_bytes, 61);
    is_int(hl_resize_area(arena, &part, 17, 14, HL_CPU_C, &a, &err), HL_OK);
    is_int(hl_resize_area(arena, &copy, 17, 14, HL_CPU_C, &b, &err), HL_OK);
    for (int32_t y = 0; y < 14; y++)
        is_mem(a.px + y * a.row_bytes, b.px + y * b.row_bytes, 17);
    hl_arena_reset(arena);
}

/* Weights sum up to one, so grey stays grey: over all ratios of small sides. */
static void a_constant_picture_stays_constant(void)
{
    hl_image src = new_grey(arena, 41, 41), out = {0};
    hl_error err = {0};

    memset(src.px, 255, (size_t)(src.row_bytes * src.height));
    for (int32_t w = 1; w <= 41; w++) {
        is_int(hl_resize_area(arena, &src, w, 42 - w, HL_CPU_C, &out, &err), HL_OK);
        for (int32_t y = 0; y < out.height; y++)
            for (int32_t x = 0; x < out.width; x++)
                is_int(out.px[y * out.row_bytes + x], 255);
    }
    hl_arena_reset(arena);
}

int main(void)
{
    arena = hl_arena_new(0);
    run(shrinking_gives_opencvs_pixels_at_each_level);
    run(a_part_of_a_picture_is_shrunk_like_a_picture_of_its_own);
    run(a_constant_picture_stays_constant);
    hl_arena_free(&arena);
    return done();
}
