#include "film/components.h"

typedef struct hl_components_room {
    hl_px_run *run;
    uint32_t *last; /* last run of the list of a root */
    size_t n;
    size_t joined; /* unions so far: n - joined components */
    hl_components_limit limit;
    uint64_t *bits; /* a row */
    int32_t width;
} runs;

static uint32_t root_of(hl_px_run *run, uint32_t i)
{
    while (run[i].parent != i) {
        run[i].parent = run[run[i].parent].parent;
        i = run[i].parent;
    }
    return i;
}

/* The older root stays, so that the order of components is that of their first runs. */
static void join(runs *r, uint32_t a, uint32_t b)
{
    uint32_t old = root_of(r->run, a), young = root_of(r->run, b);

    if (old == young)
        return;
    if (old > young) {
        const uint32_t t = old;
        old = young;
        young = t;
    }
    r->run[young].parent = old;
    r->run[r->last[old]].next = young;
    r->last[old] = r->last[young];
    r->joined++;
}

/* The runs of row y; false when there is no room for them. */
static bool take_row(runs *r, int32_t y)
{
    const uint64_t *bits = r->bits;
    const int32_t width = r->width;

    for (int32_t x = hl_grey_next(bits, 0, width, true); x < width;) {
        const int32_t end = hl_grey_next(bits, x, width, false);
        const uint32_t i = (uint32_t)r->n;
        if (r->n == r->limit.runs)
            return false;
        r->run[i] = (hl_px_run){(uint16_t)x, (uint16_t)end, (uint16_t)y, 0, i, HL_NO_RUN};
        r->last[i] = i;
        r->n++;
        x = hl_grey_next(bits, end, width, true);
    }
    return true;
}

/* Joins the runs [below, r->n) to those of the row above, [above, below), that they touch. */
static void join_rows(runs *r, size_t above, size_t below)
{
    size_t a = above, b = below;

    while (a < below && b < r->n) {
        const hl_px_run *up = &r->run[a], *down = &r->run[b];
        /* Touching at a corner counts. */
        if (up->left <= down->end && down->left <= up->end)
            join(r, (uint32_t)a, (uint32_t)b);
        if (up->end < down->end)
            a++;
        else
            b++;
    }
}

static void measure(const runs *r, hl_components *out)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->run[i].parent != i)
            continue;
        hl_component *c = &out->at[out->n++];
        *c = (hl_component){INT32_MAX, r->run[i].y, 0, 0, 0, (uint32_t)i};
        for (uint32_t j = (uint32_t)i; j != HL_NO_RUN; j = r->run[j].next) {
            const hl_px_run *run = &r->run[j];
            c->left = run->left < c->left ? run->left : c->left;
            c->right = run->end > c->right ? run->end : c->right;
            c->bottom = run->y + 1 > c->bottom ? run->y + 1 : c->bottom;
            c->area += run->end - run->left;
        }
    }
}

hl_code hl_components_new(hl_arena *arena, int32_t width, hl_components_limit limit,
                          hl_components *out, hl_error *err)
{
    runs *r = hl_arena_calloc(arena, 1, sizeof *r);
    const size_t words = HL_GREY_WORDS(width);

    hl_assert(width > 0 && width <= UINT16_MAX && limit.runs < HL_NO_RUN);
    *out = (hl_components){.room = r};
    out->at = hl_arena_calloc(arena, limit.components, sizeof *out->at);
    if (!r || !out->at)
        return hl_fail_memory(err, "components", limit.components * sizeof *out->at);
    r->run = hl_arena_alloc(arena, limit.runs * sizeof *r->run);
    r->last = hl_arena_alloc(arena, limit.runs * sizeof *r->last);
    r->bits = hl_arena_alloc(arena, words * sizeof *r->bits);
    if (!r->run || !r->last || !r->bits)
        return hl_fail_memory(err, "runs", limit.runs * (sizeof *r->run + sizeof *r->last));
    r->limit = limit;
    r->width = width;
    out->run = r->run;
    return HL_OK;
}

bool hl_components_find(hl_components *c, const hl_image *image, uint8_t level,
                        const hl_grey_ops *ops)
{
    runs *r = c->room;
    size_t above = 0;

    hl_assert(image->width == r->width && image->height <= UINT16_MAX);
    c->n = r->n = r->joined = 0;
    for (int32_t y = 0; y < image->height; y++) {
        const size_t below = r->n;
        ops->reach(image->px + y * image->row_bytes, level, r->bits, (size_t)r->width);
        if (!take_row(r, y))
            return false;
        join_rows(r, above, below);
        above = below;
        /* At most so many components reach into this row; the others can no longer be joined. */
        const size_t open = y + 1 < image->height ? r->n - below : 0;
        if (r->n - r->joined > r->limit.components + open)
            return false;
    }
    measure(r, c);
    return true;
}
