/*
 * recipe.h - the tensors' part of a recipe: sizes, normalisation, order of laboratory values.
 */
#ifndef HL_PACK_RECIPE_H
#define HL_PACK_RECIPE_H

#include "data/recipe.h"

typedef struct {
    int64_t scale_px;                       /* smaller edge of a film after scaling */
    int64_t crop_px;                        /* side of the square cut from it */
    float mean[3], std[3];                  /* of the three colour planes, after division by 255 */
    const char *mean_text[3], *std_text[3]; /* as the recipe has them; live as long as it does */
    int64_t leads;
    int64_t samples; /* per lead */
} hl_pack_recipe;

/* HL_E_INPUT names the key. */
hl_code hl_pack_recipe_read(const hl_recipe_at *top, hl_pack_recipe *out, hl_error *err);

#endif
