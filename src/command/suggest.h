/*
 * suggest.h - "did you mean": the known word that a mistyped one is nearest to.
 */
#ifndef HL_COMMAND_SUGGEST_H
#define HL_COMMAND_SUGGEST_H

#include "base/str.h"

/* The best known word so far; start with {0}. */
typedef struct {
    const char *word;
    int distance;
} hl_nearest;

/* Compare typed with one known word; best keeps the nearer of the two, the first one when equal.
 * Words that have too little in common are not taken. */
void hl_nearest_try(hl_nearest *best, hl_str typed, const char *known);

#endif
