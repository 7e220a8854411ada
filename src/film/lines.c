#include "film/lines.h"

#include <math.h>
#include <string.h>

#include "base/sort.h"

/* How two neighbours in a line may differ; H is the height of the taller one. films.md 4.3 */
static const float most_height_ratio = 1.7f; /* capitals, digits, lower case */
static const float most_drop = 0.3f;         /* H: their lower edges; a comma hangs lower */
static const float least_gap = -2.0f;        /* px */
static const float most_gap = 1.3f;          /* H: a blank */
static const float most_grey_step = 25.0f;
static const float most_pen_ratio = 1.6f;

static int by_left(const void *a, const void *b, void *ctx)
{
    const hl_glyph *p = a, *q = b;

    (void)ctx;
    return p->left != q->left ? (p->left > q->left) - (p->left < q->left)
                              : (p->top > q->top) - (p->top < q->top);
}

static bool are_neighbours(const hl_glyph *a, const hl_glyph *b)
{
    const float ha = (float)(a->bottom - a->top), hb = (float)(b->bottom - b->top);
    const float tall = fmaxf(ha, hb), small = fminf(ha, hb);
    const float gap = (float)(b->left - a->right);

    return tall <= most_height_ratio * small &&
           fabsf((float)(a->bottom - b->bottom)) <= most_drop * tall && gap >= least_gap &&
           gap <= most_gap * tall && fabsf(a->grey - b->grey) <= most_grey_step &&
           fmaxf(a->pen, b->pen) <= most_pen_ratio * fminf(a->pen, b->pen);
}

enum { NONE = -1 };

/* next[i] = the nearest neighbour to the right that has no nearer one to its left. */
static void link_neighbours(const hl_glyph *glyph, size_t n, int32_t *next, int32_t *previous)
{
    for (size_t i = 0; i < n; i++)
        next[i] = previous[i] = NONE;
    for (size_t i = 0; i < n; i++) {
        const hl_glyph *a = &glyph[i];
        /* A taller neighbour allows a wider gap. */
        const float reach =
            (float)a->right + most_gap * most_height_ratio * (float)(a->bottom - a->top);
        for (size_t j = i + 1; j < n && (float)glyph[j].left <= reach; j++) {
            if (!are_neighbours(a, &glyph[j]))
                continue;
            const int32_t other = previous[j];
            if (other != NONE && glyph[other].right >= a->right)
                continue;
            if (other != NONE)
                next[other] = NONE;
            next[i] = (int32_t)j;
            previous[j] = (int32_t)i;
            break;
        }
    }
}

static hl_chain chain_from(const hl_glyph *glyph, const int32_t *next, size_t first)
{
    hl_chain c = {0};
    hl_glyph *m = &c.mean;
    const int32_t left = glyph[first].left;
    int32_t top = INT32_MAX, right = 0, bottom = 0;

    for (int32_t i = (int32_t)first; i != NONE; i = next[i]) {
        const hl_glyph *g = &glyph[i];
        top = g->top < top ? g->top : top;
        right = g->right > right ? g->right : right;
        bottom = g->bottom > bottom ? g->bottom : bottom;
        c.height += (float)(g->bottom - g->top);
        c.n_glyphs++;
        m->area += g->area;
        m->grey += g->grey;
        m->deviation += g->deviation;
        m->rise += g->rise;
        m->pen += g->pen;
        m->pen_spread += g->pen_spread;
    }
    const float n = (float)c.n_glyphs;
    c.box = (hl_rect){left, top, right - left, bottom - top};
    c.height /= n;
    m->area /= c.n_glyphs;
    m->grey /= n;
    m->deviation /= n;
    m->rise /= n;
    m->pen /= n;
    m->pen_spread /= n;
    return c;
}

hl_code hl_chains_find(hl_arena *arena, hl_glyph *glyph, size_t n, hl_chain *out, size_t *n_out,
                       hl_error *err)
{
    int32_t *next = hl_arena_alloc(arena, n * sizeof *next);
    int32_t *previous = hl_arena_alloc(arena, n * sizeof *previous);
    hl_code c;

    *n_out = 0;
    if (!next || !previous)
        return hl_fail_memory(err, "lines of text", 2 * n * sizeof *next);
    c = hl_sort_stable(glyph, n, sizeof *glyph, by_left, NULL, err);
    if (c != HL_OK)
        return c;
    link_neighbours(glyph, n, next, previous);
    for (size_t i = 0; i < n; i++)
        if (previous[i] == NONE)
            out[(*n_out)++] = chain_from(glyph, next, i);
    return HL_OK;
}

/* Two chains are the same text when they share this part of the smaller box ... */
static const float least_shared = 0.3f;
/* ... and stand on one line when they share this part of the lower box's height. */
static const float least_level = 0.6f;
/* A box does not grow higher than this, in its own height, by what it takes in. */
static const float most_growth = 1.5f;
/* Between parts of one line, in the height of the taller one: a blank and a lost letter. */
static const float most_part_gap = 2.0f;

static int32_t shared(int32_t a, int32_t a_end, int32_t b, int32_t b_end)
{
    const int32_t from = a > b ? a : b, to = a_end < b_end ? a_end : b_end;

    return to > from ? to - from : 0;
}

static float area(const hl_rect *r)
{
    return (float)r->width * (float)r->height;
}

static bool overlap(const hl_rect *a, const hl_rect *b)
{
    const int32_t w = shared(a->left, a->left + a->width, b->left, b->left + b->width);
    const int32_t h = shared(a->top, a->top + a->height, b->top, b->top + b->height);

    return w > 0 && h > 0 && (float)w * (float)h >= least_shared * fminf(area(a), area(b));
}

/* Whether a may take in b: then they have about the same height and stand on one line. */
static bool level(const hl_chain *a, const hl_chain *b)
{
    const hl_rect *p = &a->box, *q = &b->box;
    const int32_t h = shared(p->top, p->top + p->height, q->top, q->top + q->height);
    const int32_t low = p->height < q->height ? p->height : q->height;
    const int32_t all = p->height + q->height - h;

    return (float)h >= least_level * (float)low && (float)all <= most_growth * (float)p->height &&
           fmaxf(a->height, b->height) <= most_height_ratio * fminf(a->height, b->height);
}

static bool beside(const hl_chain *a, const hl_chain *b)
{
    const int32_t right = a->box.left + a->box.width, b_right = b->box.left + b->box.width;
    const int32_t gap = b->box.left > a->box.left ? b->box.left - right : a->box.left - b_right;

    return (float)gap <= most_part_gap * fmaxf(a->height, b->height) && level(a, b) &&
           fmaxf(a->mean.pen, b->mean.pen) <= most_pen_ratio * fminf(a->mean.pen, b->mean.pen);
}

static void grow(hl_rect *a, const hl_rect *b)
{
    const int32_t right = a->left + a->width, bottom = a->top + a->height;
    const int32_t b_right = b->left + b->width, b_bottom = b->top + b->height;

    a->left = a->left < b->left ? a->left : b->left;
    a->top = a->top < b->top ? a->top : b->top;
    a->width = (right > b_right ? right : b_right) - a->left;
    a->height = (bottom > b_bottom ? bottom : b_bottom) - a->top;
}

/* A full order, so that the result does not depend on that of the maps. */
static int longest_first(const void *a, const void *b, void *ctx)
{
    const hl_chain *p = a, *q = b;
    const int32_t key[][2] = {{q->n_glyphs, p->n_glyphs},
                              {q->box.width, p->box.width},
                              {p->box.top, q->box.top},
                              {p->box.left, q->box.left},
                              {p->box.height, q->box.height}};
    (void)ctx;
    for (size_t i = 0; i < sizeof key / sizeof key[0]; i++)
        if (key[i][0] != key[i][1])
            return key[i][0] < key[i][1] ? -1 : 1;
    return 0;
}

static int by_rank(const void *a, const void *b, void *ctx)
{
    const hl_chain *p = a, *q = b;

    return p->rank != q->rank ? (p->rank < q->rank ? 1 : -1) : longest_first(a, b, ctx);
}

/* Chains in order: the same text in another map goes. Returns how many stay. */
static size_t drop_doubles(hl_chain *chain, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        size_t j = 0;
        while (j < kept && !overlap(&chain[j].box, &chain[i].box))
            j++;
        if (j == kept)
            chain[kept++] = chain[i];
        else if (level(&chain[j], &chain[i]))
            grow(&chain[j].box, &chain[i].box);
    }
    return kept;
}

/* Chains in order: lines of text take in their neighbours. Returns how many stay. */
static size_t join_parts(hl_chain *chain, size_t n)
{
    for (size_t i = 0; i < n && chain[i].n_glyphs >= HL_LEAST_LETTERS; i++)
        for (size_t j = i + 1; j < n; j++) {
            if (!beside(&chain[i], &chain[j]))
                continue;
            grow(&chain[i].box, &chain[j].box);
            chain[i].n_glyphs += chain[j].n_glyphs;
            memmove(&chain[j], &chain[j + 1], (n - j - 1) * sizeof *chain);
            n--;
            j = i; /* the longer line may reach more */
        }
    return n;
}

hl_code hl_chains_merge(hl_chain *chain, size_t n, size_t *n_out, hl_error *err)
{
    hl_code c = hl_sort_stable(chain, n, sizeof *chain, by_rank, NULL, err);

    *n_out = 0;
    if (c != HL_OK)
        return c;
    n = join_parts(chain, drop_doubles(chain, n));
    *n_out = n;
    return hl_sort_stable(chain, n, sizeof *chain, longest_first, NULL, err);
}
