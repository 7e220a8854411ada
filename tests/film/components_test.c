#include "film/components.h"

#include "base/rng.h"
#include "film/rectangles.h"
#include "tap.h"

static hl_arena *arena;
static hl_grey_ops ops;

static hl_image new_image(int32_t w, int32_t h, uint8_t value)
{
    hl_image image = {0};
    hl_error err = {0};

    if (hl_image_new(arena, w, h, 1, &image, &err) != HL_OK) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    memset(image.px, value, (size_t)(image.row_bytes * h));
    return image;
}

static void draw(hl_image *image, int32_t left, int32_t top, int32_t w, int32_t h, uint8_t value)
{
    for (int32_t y = top; y < top + h; y++)
        memset(image->px + y * image->row_bytes + left, value, (size_t)w);
}

static hl_components components_of(const hl_image *image, uint8_t level, hl_components_limit limit,
                                   bool *all)
{
    hl_components c = {0};
    hl_error err = {0};

    ok(hl_components_new(arena, image->width, limit, &c, &err) == HL_OK);
    *all = hl_components_find(&c, image, level, &ops);
    return c;
}

static const hl_components_limit wide = {10000, 100000};

static void pixels_that_touch_at_a_corner_are_one_component(void)
{
    hl_image image = new_image(20, 10, 0);
    bool all;

    draw(&image, 2, 2, 3, 1, 100);
    draw(&image, 5, 3, 2, 2, 99);
    draw(&image, 1, 3, 1, 1, 200);
    draw(&image, 10, 3, 2, 1, 98); /* below the level */
    draw(&image, 12, 4, 1, 3, 120);
    hl_components c = components_of(&image, 99, wide, &all);
    ok(all);
    is_int(c.n, 2);
    is_int(c.at[0].left, 1);
    is_int(c.at[0].right, 7);
    is_int(c.at[0].top, 2);
    is_int(c.at[0].bottom, 5);
    is_int(c.at[0].area, 8);
    is_int(c.at[1].area, 3);
    is_int(c.at[1].left, 12);
}

/* Pixels reached from (x, y), painted 0. */
static int32_t flood(hl_image *image, int32_t x, int32_t y)
{
    if (x < 0 || y < 0 || x >= image->width || y >= image->height ||
        !image->px[y * image->row_bytes + x])
        return 0;
    int32_t n = 1;
    image->px[y * image->row_bytes + x] = 0;
    for (int32_t j = y - 1; j <= y + 1; j++)
        for (int32_t i = x - 1; i <= x + 1; i++)
            n += flood(image, i, j);
    return n;
}

static void components_are_those_of_a_flood_fill(void)
{
    hl_mt19937 g;

    hl_mt19937_seed(&g, 3);
    for (int turn = 0; turn < 60; turn++) {
        const int32_t w = 1 + (int32_t)hl_mt19937_interval(&g, 80), h = 1 + turn;
        const uint32_t share = 40 + 3 * (uint32_t)turn;
        hl_image image = new_image(w, h, 0);
        bool all;
        for (int32_t y = 0; y < h; y++)
            for (int32_t x = 0; x < w; x++)
                image.px[y * image.row_bytes + x] = (hl_mt19937_u32(&g) & 255) < share ? 255 : 0;
        hl_components c = components_of(&image, 128, wide, &all);
        ok(all);
        size_t i = 0;
        for (int32_t y = 0; y < h; y++)
            for (int32_t x = 0; x < w; x++) {
                const int32_t area = flood(&image, x, y);
                if (area && ok(i < c.n)) {
                    is_int(c.at[i].area, area);
                    is_int(c.at[i].top, y);
                    i++;
                }
            }
        is_int(c.n, i);
    }
}

static void runs_of_a_component_add_up_to_its_area(void)
{
    hl_image image = new_image(60, 60, 0);
    bool all;

    for (int i = 0; i < 25; i++)
        draw(&image, 5 + i, 5 + 2 * i, 3, 3, 255);
    draw(&image, 5, 5, 1, 50, 255); /* joins late */
    draw(&image, 5, 54, 30, 1, 255);
    hl_components c = components_of(&image, 1, wide, &all);
    int32_t area = 0;
    is_int(c.n, 1);
    for (uint32_t i = c.at[0].first_run; i != HL_NO_RUN; i = c.run[i].next)
        area += c.run[i].end - c.run[i].left;
    is_int(area, c.at[0].area);
}

static void more_components_than_the_limit_are_given_up(void)
{
    hl_image image = new_image(41, 41, 0);
    bool all;

    for (int32_t y = 0; y < 41; y += 2)
        for (int32_t x = 0; x < 41; x += 2)
            draw(&image, x, y, 1, 1, 255);
    hl_components c = components_of(&image, 1, (hl_components_limit){21 * 21, 1000}, &all);
    ok(all);
    is_int(c.n, 21 * 21);
    c = components_of(&image, 1, (hl_components_limit){21 * 21 - 1, 1000}, &all);
    ok(!all);
    is_int(c.n, 0);
    c = components_of(&image, 1, (hl_components_limit){1000, 21 * 21 - 1}, &all);
    ok(!all);
    is_int(c.n, 0);
}

static void many_teeth_of_one_comb_are_within_a_small_limit(void)
{
    hl_image image = new_image(101, 30, 0);
    bool all;

    for (int32_t x = 0; x < 101; x += 2)
        draw(&image, x, 0, 1, 30, 255);
    draw(&image, 0, 29, 101, 1, 255);
    hl_components c = components_of(&image, 1, (hl_components_limit){1, 2000}, &all);
    ok(all);
    is_int(c.n, 1);
    is_int(c.at[0].area, 51 * 29 + 101);
}

static size_t rectangles(const hl_image *image)
{
    size_t n = 0;
    hl_error err = {0};

    ok(hl_rectangles_count(image, &ops, arena, &n, &err) == HL_OK);
    return n;
}

/* A picture in which neighbours differ. */
static hl_image textured(int32_t w, int32_t h)
{
    hl_image image = new_image(w, h, 0);

    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            image.px[y * image.row_bytes + x] = (uint8_t)(60 + (7 * x + 13 * y) % 50);
    return image;
}

static void boxes_of_one_value_are_counted(void)
{
    hl_image image = textured(300, 200);

    is_int(rectangles(&image), 0);
    draw(&image, 20, 20, 100, 30, 0);
    is_int(rectangles(&image), 1);
    draw(&image, 200, 100, 60, 20, 0);
    draw(&image, 20, 50, 100, 20, 200); /* right below the first */
    is_int(rectangles(&image), 3);
    draw(&image, 0, 180, 40, 20, 0); /* in a corner */
    is_int(rectangles(&image), 4);
}

static void what_is_no_box_is_not_counted(void)
{
    hl_image image = textured(300, 200);

    draw(&image, 20, 20, 25, 20, 0); /* 500 px */
    draw(&image, 100, 20, 100, 7, 0);
    is_int(rectangles(&image), 0);
    draw(&image, 20, 60, 60, 30, 0); /* an L */
    draw(&image, 20, 90, 20, 30, 0);
    draw(&image, 150, 90, 20, 30, 0); /* and one that stands on its head */
    draw(&image, 150, 120, 60, 30, 0);
    is_int(rectangles(&image), 0);
    draw(&image, 0, 160, 300, 20, 255); /* from edge to edge */
    draw(&image, 250, 0, 50, 200, 255);
    is_int(rectangles(&image), 0);
}

static void small_and_constant_pictures_have_no_boxes(void)
{
    for (int32_t w = 1; w < 70; w += 3) {
        hl_image image = new_image(w, 71 - w, 0);
        is_int(rectangles(&image), 0);
    }
}

static void run_all(void)
{
    run(pixels_that_touch_at_a_corner_are_one_component);
    run(components_are_those_of_a_flood_fill);
    run(runs_of_a_component_add_up_to_its_area);
    run(more_components_than_the_limit_are_given_up);
    run(many_teeth_of_one_comb_are_within_a_small_limit);
    run(boxes_of_one_value_are_counted);
    run(what_is_no_box_is_not_counted);
    run(small_and_constant_pictures_have_no_boxes);
}

int main(void)
{
    arena = hl_arena_new(0);
    hl_grey_ops_init(&ops, HL_CPU_C);
    run_all();
    hl_arena_free(&arena);
    return done();
}
