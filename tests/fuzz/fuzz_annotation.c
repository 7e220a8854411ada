/*
 * Bytes -> annotations. What was read and can be written must read back equal, and be written with
 * the same bytes from then on.
 */
#include "format/wfdb/annotation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_equal(const hl_annotation *a, const hl_annotation *b, hl_annotation_kind kind)
{
    return a->time == b->time && a->type == b->type && a->subtype == b->subtype &&
           a->chan == b->chan && a->num == b->num &&
           (kind == HL_ANNOTATION_AHA || hl_str_equal(a->aux, b->aux));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(0);
    hl_buf first = {0}, second = {0};
    hl_annotations a, b;
    hl_error err = {0};

    if (!arena)
        return 0;
    hl_code c = hl_annotations_parse(arena, data, size, "fuzz.atr", &a, &err);
    hl_assert(c == HL_OK || *err.message);
    size_t sum = 0;
    for (size_t i = 0; i < a.n; i++)
        for (size_t k = 0; k < a.annotation[i].aux.n; k++)
            sum += (uint8_t)a.annotation[i].aux.at[k];
    hl_assert(sum <= size * 255);
    /* Notes at time 0 and null annotations in front read back as a header; X and its like as O. */
    bool plain = a.n == 0 || (a.annotation[0].type != 0 && a.annotation[0].type != 22);
    for (size_t i = 0; i < a.n && a.kind == HL_ANNOTATION_AHA; i++)
        plain = plain && a.annotation[i].type != 0 && a.annotation[i].type != 14;
    if (c == HL_OK && plain && a.kind == HL_ANNOTATION_AHA && a.n > 0 &&
        (a.annotation[0].type == 32 || a.annotation[0].type == 33))
        plain = false; /* would be taken for MIT */
    if (c == HL_OK && hl_annotations_put(&first, &a, &err) == HL_OK && plain &&
        !(a.kind == HL_ANNOTATION_AHA && a.n == 0)) {
        hl_assert(hl_annotations_parse(arena, first.at, first.n, "2.atr", &b, &err) == HL_OK);
        hl_assert(a.kind == b.kind && a.n == b.n && a.n_definitions == b.n_definitions);
        for (size_t i = 0; i < a.n; i++)
            hl_assert(is_equal(&a.annotation[i], &b.annotation[i], a.kind));
        hl_assert(hl_annotations_put(&second, &b, &err) == HL_OK);
        hl_assert(first.n == second.n && memcmp(first.at, second.at, first.n) == 0);
    }
    hl_buf_free(&first);
    hl_buf_free(&second);
    hl_arena_free(&arena);
    return 0;
}
