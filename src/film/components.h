/*
 * components.h - the 8-connected components of the pixels that reach a level.
 *
 * A component is a list of runs (pixels side by side in one row). They are found row by row; runs
 * that touch are joined by union-find, and their lists with them, so nothing of the picture's size
 * is kept: 16 bytes a run.
 */
#ifndef HL_FILM_COMPONENTS_H
#define HL_FILM_COMPONENTS_H

#include "data/image.h"
#include "film/grey_ops.h"

#define HL_NO_RUN UINT32_MAX

typedef struct {
    uint16_t left, end; /* px, [left, end) */
    uint16_t y;         /* px */
    uint16_t unused;
    uint32_t parent; /* a run of the same component; itself at the root */
    uint32_t next;   /* run of the component, in no order; HL_NO_RUN: the last */
} hl_px_run;

typedef struct {
    int32_t left, top, right, bottom; /* px, [left, right) x [top, bottom) */
    int32_t area;                     /* px */
    uint32_t first_run;
} hl_component;

/* What one search may find: where there is more, there is noise and no text to be read. */
typedef struct {
    size_t components;
    size_t runs;
} hl_components_limit;

typedef struct {
    hl_component *at; /* in order of their first runs, row by row */
    size_t n;
    const hl_px_run *run;
    struct hl_components_room *room;
} hl_components;

/* Room for the components of pictures of that width, in arena; used again by each search.
 * HL_E_LIMIT: out of memory. */
hl_code hl_components_new(hl_arena *arena, int32_t width, hl_components_limit limit,
                          hl_components *out, hl_error *err);

/* The components of the pixels >= level of a grey image of that width. False: there are more than
 * the limit; then n is 0. */
bool hl_components_find(hl_components *c, const hl_image *image, uint8_t level,
                        const hl_grey_ops *ops);

#endif
