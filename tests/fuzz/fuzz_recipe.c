/*
 * Bytes -> JSON -> the cohort's and the tensors' parts of a recipe: whatever the file says, it is taken
 * whole or refused with a message.
 */
#include "cohort/recipe.h"
#include "pack/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_json *json = NULL;
    hl_arena *arena = hl_arena_new(0);
    hl_cohort_recipe cohort;
    hl_pack_recipe pack;
    hl_error err = {0};

    hl_assert(arena);
    if (hl_json_parse((const char *)data, size, "fuzz.json", &json, &err) == HL_OK) {
        hl_recipe_at top = hl_recipe_top(json);
        if (hl_cohort_recipe_read(arena, json, &cohort, &err) != HL_OK)
            hl_assert(err.message[0]);
        err = (hl_error){0};
        if (hl_pack_recipe_read(&top, &pack, &err) != HL_OK)
            hl_assert(err.message[0]);
        else
            hl_assert(pack.crop_px > 0 && pack.std[0] > 0 && pack.std[1] > 0 && pack.std[2] > 0);
    }
    hl_json_free(&json);
    hl_arena_free(&arena);
    return 0;
}
