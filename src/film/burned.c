#include "film/burned.h"

#include <string.h>

#include "film/lines.h"
#include "film/rectangles.h"
#include "film/tophat.h"

enum {
    HALF_ABOVE = 2000, /* px a side: letters of 8 px there are 4 px at half size */
    N_SQUARES = 2,
    N_LEVELS = 4,
    MOST_COMPONENTS = 6000, /* a map with more is noise; films.md 4.3 */
    PIXELS_A_RUN = 8,       /* the same, when they hang together */
    MOST_SHORT = 4000,      /* chains that are no lines of text, of all maps together */
    MOST_CHAINS = 20000
};

/* Grey levels above the background from which a pixel belongs to a letter. 40 and 80 are those of
 * films.md 4.3; text of little contrast, white on bone, needs the lower ones. */
static const uint8_t levels[N_LEVELS] = {14, 20, 40, 80};

/* Letters are of one grey, well above the level that found them; what fades out, as bones and
 * vessels do, has its median just above any level (1.2 of it; letters 1.3 and more). */
static const float least_rise = 1.4f;

/* A group of fewer letters is noted only when it stands out as markers do: bright, of one grey,
 * drawn with one pen. Otherwise every film has dozens. */
static const float marker_rise = 60.0f;
static const float marker_deviation = 12.0f;
static const float marker_pen_spread = 0.4f;

/* Sizes in px of the picture that is searched. */
typedef struct {
    int32_t shrink;            /* 1 or 2 */
    int32_t square[N_SQUARES]; /* wider than a pen, thin and thick */
    hl_glyph_size glyph;
    float marker_height;
} scale;

static const scale whole = {1, {9, 21}, {8, 140, 2, 140, 12}, 12.0f};
static const scale half = {2, {5, 11}, {4, 70, 1, 70, 4}, 8.0f};

typedef struct {
    const scale *scale;
    hl_grey_ops ops;
    hl_arena *arena;
    hl_image grey, scratch, map;
    hl_components components;
    hl_glyphs glyphs;
    hl_glyph *glyph;   /* MOST_COMPONENTS, of one map */
    hl_chain *chain;   /* MOST_COMPONENTS, of one map */
    hl_chain *found;   /* MOST_CHAINS, of all maps */
    size_t n, n_short; /* found; those of them that are no line of text */
} search;

static bool is_marker(const search *s, const hl_chain *c)
{
    return c->mean.rise >= marker_rise && c->mean.deviation <= marker_deviation &&
           c->mean.pen_spread <= marker_pen_spread && c->height >= s->scale->marker_height;
}

enum { GROUP, MARKER, TEXT }; /* ranks of chains */

static void take_chain(search *s, hl_chain *c, uint8_t level)
{
    c->rank = c->n_glyphs >= HL_LEAST_LETTERS ? TEXT : is_marker(s, c) ? MARKER : GROUP;
    if (c->mean.rise < least_rise * (float)level || (c->n_glyphs == 1 && c->rank == GROUP))
        return;
    if (s->n == MOST_CHAINS || (c->rank != TEXT && s->n_short == MOST_SHORT))
        return;
    s->found[s->n++] = *c;
    s->n_short += c->rank != TEXT;
}

static hl_code search_map(search *s, uint8_t level, hl_error *err)
{
    size_t n_chains = 0;

    if (!hl_components_find(&s->components, &s->map, level, &s->ops))
        return HL_OK;
    const size_t n = hl_glyphs_keep(&s->glyphs, &s->grey, &s->map, &s->components, s->glyph);
    const hl_code c = hl_chains_find(s->arena, s->glyph, n, s->chain, &n_chains, err);
    for (size_t i = 0; c == HL_OK && i < n_chains; i++)
        take_chain(s, &s->chain[i], level);
    return c;
}

/* Bright text; and dark text, when the picture has been inverted. */
static hl_code search_polarity(search *s, hl_error *err)
{
    hl_code c = HL_OK;

    for (int i = 0; c == HL_OK && i < N_SQUARES; i++) {
        c = hl_tophat(&s->grey, s->scale->square[i], &s->ops, &s->scratch, s->arena, &s->map, err);
        for (int j = 0; c == HL_OK && j < N_LEVELS; j++)
            c = search_map(s, levels[j], err);
    }
    return c;
}

static void invert(hl_image *image)
{
    for (int32_t y = 0; y < image->height; y++) {
        uint8_t *px = image->px + y * image->row_bytes;
        for (int32_t x = 0; x < image->width; x++)
            px[x] = (uint8_t)(255 - px[x]);
    }
}

/* The picture to be searched: a copy, or the mean of 2 x 2 px. */
static void fill(search *s, const hl_image *image)
{
    for (int32_t y = 0; y < s->grey.height; y++) {
        const uint8_t *px = image->px + y * s->scale->shrink * image->row_bytes;
        uint8_t *to = s->grey.px + y * s->grey.row_bytes;
        if (s->scale->shrink == 2)
            s->ops.halve(px, px + image->row_bytes, to, (size_t)s->grey.width);
        else
            memcpy(to, px, (size_t)s->grey.width);
    }
}

static hl_code start(search *s, int32_t width, int32_t height, hl_error *err)
{
    const size_t n_px = (size_t)width * (size_t)height;
    const hl_components_limit limit = {MOST_COMPONENTS, n_px / PIXELS_A_RUN + 1};
    hl_code c = hl_image_new(s->arena, width, height, 1, &s->grey, err);

    if (c == HL_OK)
        c = hl_image_new(s->arena, width, height, 1, &s->scratch, err);
    if (c == HL_OK)
        c = hl_image_new(s->arena, width, height, 1, &s->map, err);
    if (c == HL_OK)
        c = hl_components_new(s->arena, width, limit, &s->components, err);
    if (c == HL_OK)
        c = hl_glyphs_new(s->arena, s->scale->glyph, &s->glyphs, err);
    if (c != HL_OK)
        return c;
    s->glyph = hl_arena_alloc(s->arena, MOST_COMPONENTS * sizeof *s->glyph);
    s->chain = hl_arena_alloc(s->arena, MOST_COMPONENTS * sizeof *s->chain);
    s->found = hl_arena_alloc(s->arena, MOST_CHAINS * sizeof *s->found);
    if (!s->glyph || !s->chain || !s->found)
        return hl_fail_memory(err, "lines of text", MOST_CHAINS * sizeof *s->found);
    return HL_OK;
}

/* The found chains in px of the film. */
static hl_code give(const search *s, hl_burned *out, hl_error *err)
{
    const int32_t k = s->scale->shrink;

    out->line = hl_arena_calloc(s->arena, s->n, sizeof *out->line);
    if (!out->line)
        return hl_fail_memory(err, "lines of text", s->n * sizeof *out->line);
    for (size_t i = 0; i < s->n; i++) {
        const hl_chain *c = &s->found[i];
        if (c->rank == GROUP)
            continue; /* not beside a line of text after all */
        const hl_rect box = {k * c->box.left, k * c->box.top, k * c->box.width, k * c->box.height};
        out->line[out->n++] = (hl_text_line){box, c->n_glyphs};
        out->n_text += c->rank == TEXT;
    }
    return HL_OK;
}

hl_code hl_burned_find(const hl_image *image, hl_cpu cpu, hl_arena *arena, hl_burned *out,
                       hl_error *err)
{
    const bool large = image->width > HALF_ABOVE || image->height > HALF_ABOVE;
    search s = {.scale = large ? &half : &whole, .arena = arena};
    const int32_t width = image->width / s.scale->shrink, height = image->height / s.scale->shrink;

    hl_assert(image->channels == 1);
    *out = (hl_burned){0};
    hl_grey_ops_init(&s.ops, cpu);
    hl_code c = hl_rectangles_count(image, &s.ops, arena, &out->n_boxes, err);
    if (c != HL_OK || height < s.scale->glyph.least_height || width < s.scale->glyph.least_width)
        return c;

    c = start(&s, width, height, err);
    if (c != HL_OK)
        return c;
    fill(&s, image);
    c = search_polarity(&s, err);
    if (c == HL_OK) {
        invert(&s.grey);
        c = search_polarity(&s, err);
    }
    if (c == HL_OK)
        c = hl_chains_merge(s.found, s.n, &s.n, err);
    return c == HL_OK ? give(&s, out, err) : c;
}
