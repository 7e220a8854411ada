/*
 * plan.h - which files are films, whose they are, and in which order they come.
 *
 * Ids come from, in this order: a map (pseudonyms), a record list, the files' places in the tree,
 * or the attributes that the recipe names. What cannot be used (an id twice, a path that
 * contradicts the list) stays in the plan with the reason, so that it is reported like any other
 * refused film. films.md 2.1, 2.2, 2.7
 */
#ifndef HL_FILM_PLAN_H
#define HL_FILM_PLAN_H

#include "base/arena.h"
#include "film/map.h"
#include "film/recipe.h"
#include "hilum/film.h"

typedef struct {
    const char *path;   /* below the archive */
    const char *name;   /* what outputs call it: its path in printable UTF-8; with a map its place
                         * in the output or "unmapped/N", because a hospital's paths may name
                         * people */
    int64_t subject_id; /* -1: not known */
    int64_t study_id;
    const char *dicom_id; /* NULL: not known */
    int64_t shift_days;   /* to add to dates */
    const char *refusal;  /* why it cannot be used; NULL: it can */
} hl_film_item;

typedef struct {
    hl_film_item *item; /* by subject_id, study_id, dicom_id, path; refused ones without ids last */
    size_t n;
    int64_t n_unlisted;       /* DICOM files that the record list does not name */
    int64_t n_ignored;        /* files that are no DICOM */
    int64_t n_unmapped;       /* films without a row in the map */
    hl_digest inputs;         /* of the list above: what two shards must have in common */
    hl_digest records;        /* of the record list; bytes = -1: there was none */
    const char *records_path; /* below the archive, or as given */
} hl_film_plan;

/* in: the archive's folder. Everything lives in arena. map may be NULL. */
hl_code hl_film_plan_make(const char *in, const hl_film_options *o, const hl_film_recipe *r,
                          const hl_film_map *map, hl_ctl *ctl, hl_arena *arena, hl_film_plan *out,
                          hl_error *err);

/* Ids in a path of the published layout: false when it is none. The dicom_id is the name without
 * .dcm or .dcm.gz. */
bool hl_film_path_ids(const char *path, int64_t *subject_id, int64_t *study_id, hl_str *dicom_id);

/* The path, with what would break a line or a csv of UTF-8 as \xNN: itself, or made in arena. NULL:
 * no memory. */
const char *hl_film_printable(hl_arena *arena, const char *path);

/* Whether a file of a tree is taken for a film: named so, or DICM behind a preamble. */
hl_code hl_film_is_candidate(const char *in, const char *name, bool *is, hl_error *err);

/* A name that is safe as a file's: letters, digits, '.', '_', '-'; 1 to 128 bytes, no dot first. */
bool hl_film_name_ok(hl_str name);

/* "files/p10/p10000032/s50414267/ID" + ending into out. */
hl_code hl_film_place(const hl_film_item *item, const char *ending, char out[HL_PATH_BYTES],
                      hl_error *err);

#endif
