/*
 * recipe.h - reading a recipe: find it, parse it, take values out with messages that name the key.
 *
 * A recipe is JSON of objects, arrays, texts and integers (decimals are texts, so that its digest
 * is well defined: view.md 9). Rooms take their own parts and refuse keys that they don't know.
 */
#ifndef HL_DATA_RECIPE_H
#define HL_DATA_RECIPE_H

#include "base/arena.h"
#include "base/json.h"
#include "base/hash.h"

/* Read share/recipes/NAME.json, or a file when name holds a '/' or ends in ".json". digest =
 * SHA-256 of the canonical bytes. */
hl_code hl_recipe_read(const char *name, hl_json **out, hl_digest *digest, hl_error *err);

/* A place in a recipe: its value and the keys that led there, for messages. */
typedef struct {
    const char *file;
    char where[160]; /* "film.window" */
    const hl_json_value *v;
} hl_recipe_at;

hl_recipe_at hl_recipe_top(const hl_json *recipe);

/* HL_E_INPUT "FILE: film.window: ..." */
hl_code hl_recipe_fail(const hl_recipe_at *at, const char *key, hl_error *err, const char *fmt, ...)
    HL_PRINTF(4, 5);

/* Member objects and arrays. need: must be there; else *out has v == NULL. */
hl_code hl_recipe_object(const hl_recipe_at *at, const char *key, bool need, hl_recipe_at *out,
                         hl_error *err);
hl_code hl_recipe_array(const hl_recipe_at *at, const char *key, bool need, hl_recipe_at *out,
                        hl_error *err);
hl_recipe_at hl_recipe_item(const hl_recipe_at *array, size_t i);

/* Integer within [min, max]; when absent *out keeps its value unless need. */
hl_code hl_recipe_int(const hl_recipe_at *at, const char *key, bool need, int64_t min, int64_t max,
                      int64_t *out, hl_error *err);
/* Text (points into the recipe, NUL-terminated); when absent *out keeps its value unless need. */
hl_code hl_recipe_text(const hl_recipe_at *at, const char *key, bool need, const char **out,
                       hl_error *err);
/* One of words ("a|b|c"): *out = its number. */
hl_code hl_recipe_word(const hl_recipe_at *at, const char *key, bool need, const char *words,
                       int *out, hl_error *err);
/* Decimal in a text, correctly rounded. */
hl_code hl_recipe_decimal(const hl_recipe_at *at, const char *key, bool need, double *out,
                          hl_error *err);
/* Array of texts into arena. */
hl_code hl_recipe_texts(hl_arena *arena, const hl_recipe_at *at, const char *key, bool need,
                        const char ***out, size_t *n, hl_error *err);

/* HL_E_INPUT when at has a key that is not among keys ("a|b|c"). */
hl_code hl_recipe_only(const hl_recipe_at *at, const char *keys, hl_error *err);

#endif
