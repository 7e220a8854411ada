#include "film/burned.h"

#include "base/io.h"
#include "base/rng.h"
#include "data/csv.h"
#include "tap.h"

static hl_arena *arena;
static hl_cpu best;

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

static hl_burned search(const hl_image *image)
{
    hl_burned found = {0};
    hl_error err = {0};

    if (!ok(hl_burned_find(image, best, arena, &found, &err) == HL_OK))
        printf("# %s\n", err.message);
    return found;
}

/* --- the films with drawn text ------------------------------------------------------------------
 */

static hl_image read_film(const char *name, int32_t width, int32_t height)
{
    char path[100];
    hl_image image = new_image(width, height, 0);
    hl_stream *s = NULL;
    hl_error err = {0};
    char *at;
    size_t n, all = 0, wanted = (size_t)width * (size_t)height;

    snprintf(path, sizeof path, "burned/%s.raw.gz", name);
    hl_code c = hl_stream_open(fixture(path), HL_STREAM_PLAIN, NULL, &s, &err);
    while (c == HL_OK && (c = hl_stream_next(s, &at, &n, &err)) == HL_OK)
        for (size_t i = 0; i < n && all < wanted; i++, all++)
            image.px[(int64_t)(all / (size_t)width) * image.row_bytes +
                     (int64_t)(all % (size_t)width)] = (uint8_t)at[i];
    hl_stream_close(&s);
    ok(c == HL_END && all == wanted);
    return image;
}

typedef struct {
    char film[40];
    bool is_text, is_marker;
    int32_t width, height;
    int32_t left, top, right, bottom;
} truth;

static size_t read_truth(truth *t, size_t most)
{
    static const char *const columns[] = {"film", "width", "height", "class",
                                          "left", "top",   "right",  "bottom"};
    const hl_csv_options options = {.cpu = best};
    hl_csv *csv = NULL;
    hl_field f[8];
    hl_error err = {0};
    size_t n = 0;
    hl_code c = hl_csv_open(fixture("burned/truth.csv"), columns, 8, &options, &csv, &err);

    for (; c == HL_OK && (c = hl_csv_next(csv, f, &err)) == HL_OK && n < most; n++) {
        int32_t v[8];
        for (int i = 0; i < 8; i++)
            v[i] = (int32_t)strtol(f[i].at, NULL, 10);
        t[n] = (truth){.is_text = hl_str_is(hl_field_str(f[3]), "text"),
                       .is_marker = hl_str_is(hl_field_str(f[3]), "marker"),
                       .width = v[1],
                       .height = v[2],
                       .left = v[4],
                       .top = v[5],
                       .right = v[6],
                       .bottom = v[7]};
        snprintf(t[n].film, sizeof t[n].film, "%.*s", (int)f[0].n, f[0].at);
    }
    ok(c == HL_END);
    hl_csv_close(&csv);
    return n;
}

/* Nearly the same box: a pixel or two, and what a comma hangs below. */
static bool covers(const hl_rect *b, const truth *t)
{
    const int32_t slack = 8;

    return b->left <= t->left + 2 && b->left >= t->left - slack && b->top <= t->top + 2 &&
           b->top >= t->top - slack && b->left + b->width >= t->right - 2 &&
           b->left + b->width <= t->right + slack && b->top + b->height >= t->bottom - 2 &&
           b->top + b->height <= t->bottom + slack;
}

static void every_drawn_line_and_marker_is_found_and_nothing_else(void)
{
    truth t[20];
    const size_t n = read_truth(t, 20);

    is_int(n, 11);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && strcmp(t[i].film, t[i - 1].film) == 0)
            continue;
        const hl_image film = read_film(t[i].film, t[i].width, t[i].height);
        const hl_burned found = search(&film);
        size_t n_text = 0, n_all = 0;
        for (size_t j = i; j < n && strcmp(t[j].film, t[i].film) == 0; j++) {
            n_text += t[j].is_text;
            n_all += t[j].is_text || t[j].is_marker;
            bool seen = !t[j].is_text && !t[j].is_marker;
            for (size_t k = 0; k < found.n; k++)
                seen |= covers(&found.line[k].box, &t[j]) &&
                        (found.line[k].n_glyphs >= 4) == t[j].is_text;
            tap_check(seen, __FILE__, __LINE__, "%s: nothing found at %d, %d", t[j].film, t[j].left,
                      t[j].top);
        }
        is_int(found.n_text, n_text);
        is_int(found.n, n_all);
        is_int(found.n_boxes, 0);
    }
}

static void every_processor_level_finds_the_same(void)
{
    const hl_image film = read_film("burn_02_name", 382, 458);
    const hl_burned want = search(&film);

    for (int32_t level = HL_CPU_C; level <= HL_CPU_NEON; level++) {
        hl_burned found;
        hl_error err = {0};
        if (hl_cpu_level(level) != (hl_cpu)level)
            continue;
        ok(hl_burned_find(&film, (hl_cpu)level, arena, &found, &err) == HL_OK);
        is_int(found.n, want.n);
        is_int(found.n_text, want.n_text);
        is_mem(found.line, want.line, want.n * sizeof *want.line);
    }
}

/* The same text where the film is brighter and darker than it. */
static void an_inverted_film_gives_the_same_lines(void)
{
    hl_image film = read_film("burn_03_name", 382, 458);
    const hl_burned want = search(&film);

    for (int32_t y = 0; y < film.height; y++)
        for (int32_t x = 0; x < film.width; x++)
            film.px[y * film.row_bytes + x] = (uint8_t)(255 - film.px[y * film.row_bytes + x]);
    const hl_burned found = search(&film);
    is_int(found.n, want.n);
    is_mem(found.line, want.line, want.n * sizeof *want.line);
}

/* --- made pictures -------------------------------------------------------------------------------
 */

/* An "E", an "F" or an "H" of height h with pen h / 8. */
static void draw_letter(hl_image *image, char letter, int32_t left, int32_t top, int32_t h,
                        uint8_t value)
{
    const int32_t pen = h / 8, w = h * 5 / 8;

    draw(image, left, top, pen, h, value);
    draw(image, left, top + h / 2, w, pen, value);
    if (letter == 'H')
        draw(image, left + w - pen, top, pen, h, value);
    else
        draw(image, left, top, w, pen, value);
    if (letter == 'E')
        draw(image, left, top + h - pen, w, pen, value);
}

static void draw_text(hl_image *image, const char *text, int32_t left, int32_t top, int32_t h,
                      uint8_t value)
{
    for (; *text; text++, left += h * 7 / 8)
        if (*text != ' ')
            draw_letter(image, *text, left, top, h, value);
}

static void four_letters_are_a_line_and_three_are_a_note(void)
{
    hl_image image = new_image(400, 200, 60);

    draw_text(&image, "HEFE", 40, 40, 24, 200);
    draw_text(&image, "FEH", 250, 120, 24, 200);
    const hl_burned found = search(&image);
    is_int(found.n, 2);
    is_int(found.n_text, 1);
    is_int(found.line[0].n_glyphs, 4);
    is_int(found.line[0].box.left, 40);
    is_int(found.line[0].box.top, 40);
    is_int(found.line[0].box.width, 3 * 21 + 15);
    is_int(found.line[0].box.height, 24);
    is_int(found.line[1].n_glyphs, 3);
    is_int(found.line[1].box.left, 250);
}

static void letters_far_apart_are_no_line(void)
{
    hl_image image = new_image(600, 100, 60);

    for (int32_t i = 0; i < 6; i++)
        draw_letter(&image, 'E', 40 + 80 * i, 40, 24, 200);
    is_int(search(&image).n_text, 0);
}

static void letters_on_a_slope_of_stairs_are_no_line(void)
{
    hl_image image = new_image(400, 400, 60);

    for (int32_t i = 0; i < 8; i++)
        draw_letter(&image, 'E', 40 + 25 * i, 40 + 12 * i, 24, 200);
    is_int(search(&image).n_text, 0);
}

static void a_blank_does_not_cut_a_line(void)
{
    hl_image image = new_image(600, 100, 60);

    draw_text(&image, "HEFE EFH FH", 40, 40, 24, 20);
    const hl_burned found = search(&image);
    is_int(found.n_text, 1);
    is_int(found.line[0].n_glyphs, 9);
    is_int(found.line[0].box.width, 10 * 21 + 15);
}

static void text_at_the_corner_of_the_film_is_found(void)
{
    hl_image image = new_image(300, 200, 60);

    draw_text(&image, "HEFE", 0, 0, 24, 255);
    draw_text(&image, "FEHH", 300 - 3 * 21 - 15, 200 - 24, 24, 255);
    is_int(search(&image).n_text, 2);
}

static void large_films_are_searched_at_half_size(void)
{
    hl_image image = new_image(2101, 601, 60);

    draw_text(&image, "HEFE EFH", 400, 100, 32, 200);
    draw_text(&image, "FEHHFE", 1800, 500, 16, 10);
    const hl_burned found = search(&image);
    is_int(found.n_text, 2);
    is_int(found.line[0].n_glyphs, 7);
    is_int(found.line[0].box.left, 400);
    is_int(found.line[0].box.top, 100);
    is_int(found.line[0].box.height, 32);
    ok(abs(found.line[1].box.left - 1800) <= 1);
}

static void blackened_boxes_are_counted(void)
{
    hl_image image = read_film("burn_02_name", 382, 458);

    draw(&image, 30, 20, 90, 50, 0);
    const hl_burned found = search(&image);
    is_int(found.n_text, 0);
    is_int(found.n_boxes, 1);
}

static void pictures_of_any_size_are_searched(void)
{
    static const int32_t sizes[][2] = {{1, 1},   {1, 8},     {8, 1},     {2, 9},      {7, 7},
                                       {9, 8},   {65500, 1}, {1, 65500}, {65500, 9},  {9, 65500},
                                       {17, 31}, {2001, 3},  {3, 2001},  {2001, 2001}};
    hl_mt19937 g;

    hl_mt19937_seed(&g, 11);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        hl_image image = new_image(sizes[i][0], sizes[i][1], 7);
        is_int(search(&image).n, 0);
        for (int32_t y = 0; y < image.height; y++)
            for (int32_t x = 0; x < image.width; x++)
                image.px[y * image.row_bytes + x] = (uint8_t)hl_mt19937_u32(&g);
        search(&image);
        hl_arena_reset(arena);
    }
}

static void constant_pictures_hold_nothing(void)
{
    for (int value = 0; value < 256; value += 85) {
        hl_image image = new_image(500, 400, (uint8_t)value);
        const hl_burned found = search(&image);
        is_int(found.n, 0);
        is_int(found.n_boxes, 0);
    }
}

/* Dots at every distance: the worst that can come for chains. */
static void fields_of_dots_end_in_time(void)
{
    for (int32_t step = 9; step < 20; step += 5) {
        hl_image image = new_image(1500, 1500, 50);
        for (int32_t y = 2; y + 10 < 1500; y += step + 2)
            for (int32_t x = 2; x + 10 < 1500; x += step)
                draw(&image, x, y, 4, 10, 250);
        search(&image);
        hl_arena_reset(arena);
    }
}

static void memory_is_at_most_what_the_header_says(void)
{
    hl_arena *own = hl_arena_new(0);
    hl_image image = new_image(1900, 1900, 80);
    hl_burned found;
    hl_error err = {0};

    draw_text(&image, "HEFEHFEH", 100, 100, 40, 200);
    ok(hl_burned_find(&image, best, own, &found, &err) == HL_OK);
    is_int(found.n_text, 1);
    ok(hl_arena_bytes(own) < (size_t)8 * 1900 * 1900 + (8 << 20));
    hl_arena_free(&own);
}

static void run_films(void)
{
    run(every_drawn_line_and_marker_is_found_and_nothing_else);
    run(every_processor_level_finds_the_same);
    run(an_inverted_film_gives_the_same_lines);
}

static void run_made(void)
{
    run(four_letters_are_a_line_and_three_are_a_note);
    run(letters_far_apart_are_no_line);
    run(letters_on_a_slope_of_stairs_are_no_line);
    run(a_blank_does_not_cut_a_line);
    run(text_at_the_corner_of_the_film_is_found);
    run(large_films_are_searched_at_half_size);
    run(blackened_boxes_are_counted);
    run(pictures_of_any_size_are_searched);
    run(constant_pictures_hold_nothing);
    run(fields_of_dots_end_in_time);
    run(memory_is_at_most_what_the_header_says);
}

int main(void)
{
    arena = hl_arena_new(0);
    best = hl_cpu_level(HL_CPU_BEST);
    run_films();
    run_made();
    hl_arena_free(&arena);
    return done();
}
