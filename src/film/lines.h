/*
 * lines.h - letters that stand side by side: lines of text. films.md 4.3
 */
#ifndef HL_FILM_LINES_H
#define HL_FILM_LINES_H

#include "film/glyphs.h"

#define HL_LEAST_LETTERS 4 /* of a line of text; fewer may be a side marker */

/* Letters of one map that follow each other from left to right. */
typedef struct {
    hl_rect box; /* px of the picture that was searched */
    int32_t n_glyphs;
    int32_t rank;  /* of chains that overlap the one of the higher rank stays; 0 at first */
    hl_glyph mean; /* of its numbers; left, top, right and bottom are not set */
    float height;  /* of the letters, mean, px */
} hl_chain;

/*
 * The chains of n letters; each letter belongs to one, and may be alone in it.
 *
 *   glyph  put in order from left to right
 *   out    room for n; *n_out are there
 *   arena  for 8 bytes a letter
 *
 * HL_E_LIMIT: out of memory.
 */
hl_code hl_chains_find(hl_arena *arena, hl_glyph *glyph, size_t n, hl_chain *out, size_t *n_out,
                       hl_error *err);

/*
 * The chains of all maps put together. Of those that overlap the one of the higher rank stays, of
 * one rank the longest; a line of text takes in what stands beside it on the same line. *n_out
 * stay, longest first. HL_E_LIMIT: out of memory.
 */
hl_code hl_chains_merge(hl_chain *chain, size_t n, size_t *n_out, hl_error *err);

#endif
