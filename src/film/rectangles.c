#include "film/rectangles.h"

enum {
    MORE_THAN = 500, /* px; films.md 4.3 */
    LEAST_SIDE = 8   /* px: letters are not lower */
};

/* A run of one value, as long as possible, and how many rows above it are the same. */
typedef struct {
    int32_t left, end; /* px, [left, end) */
    int32_t top;       /* px: the first of the rows with this run */
    uint8_t value;
    bool cut; /* some pixel above top has the value too: no rectangle */
} band;

typedef struct {
    const hl_image *image;
    size_t n; /* found */
} count;

static bool has_value(const hl_image *image, int32_t left, int32_t end, int32_t y, uint8_t value)
{
    const uint8_t *px = image->px + y * image->row_bytes;

    for (int32_t x = left; x < end; x++)
        if (px[x] == value)
            return true;
    return false;
}

/* A band that ended above row y. */
static void take(count *c, const band *b, int32_t y)
{
    const hl_image *image = c->image;
    const int64_t width = b->end - b->left, height = y - b->top;
    const bool across = b->left == 0 && b->end == image->width;
    const bool down = b->top == 0 && y == image->height;

    if (b->cut || height < LEAST_SIDE || width * height <= MORE_THAN || across || down)
        return;
    if (y < image->height && has_value(image, b->left, b->end, y, b->value))
        return;
    c->n++;
}

/* The bands of row y; old: those of the row above. Returns how many. */
static size_t take_row(count *c, const uint64_t *same, int32_t y, const band *old, size_t n_old,
                       band *now)
{
    const hl_image *image = c->image;
    const uint8_t *px = image->px + y * image->row_bytes;
    const int32_t w = image->width;
    size_t n = 0, i_old = 0;

    for (int32_t x = hl_grey_next(same, 0, w - 1, true); x < w - 1;) {
        const int32_t end = hl_grey_next(same, x, w - 1, false) + 1;
        if (end - x >= LEAST_SIDE) {
            band b = {x, end, y, px[x], false};
            while (i_old < n_old && old[i_old].left < x)
                take(c, &old[i_old++], y);
            if (i_old < n_old && old[i_old].left == x && old[i_old].end == end &&
                old[i_old].value == b.value)
                b = old[i_old++];
            else
                b.cut = y > 0 && has_value(image, x, end, y - 1, b.value);
            now[n++] = b;
        }
        x = hl_grey_next(same, end - 1, w - 1, true);
    }
    while (i_old < n_old)
        take(c, &old[i_old++], y);
    return n;
}

hl_code hl_rectangles_count(const hl_image *image, const hl_grey_ops *ops, hl_arena *arena,
                            size_t *n, hl_error *err)
{
    const size_t most = (size_t)image->width / LEAST_SIDE + 1;
    const size_t words = HL_GREY_WORDS(image->width);
    uint64_t *same = hl_arena_alloc(arena, words * sizeof *same);
    band *old = hl_arena_alloc(arena, most * sizeof *old);
    band *now = hl_arena_alloc(arena, most * sizeof *now);
    count c = {image, 0};
    size_t n_old = 0;

    *n = 0;
    if (!same || !old || !now)
        return hl_fail_memory(err, "rectangles", words * sizeof *same + 2 * most * sizeof *old);
    for (int32_t y = 0; y < image->height; y++) {
        const uint8_t *px = image->px + y * image->row_bytes;
        ops->equal(px, px + 1, same, (size_t)image->width - 1);
        n_old = take_row(&c, same, y, old, n_old, now);
        band *t = old;
        old = now;
        now = t;
    }
    for (size_t i = 0; i < n_old; i++)
        take(&c, &old[i], image->height);
    *n = c.n;
    return HL_OK;
}
