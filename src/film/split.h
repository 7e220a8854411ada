/*
 * split.h - which split a patient is in: by a seeded rule, or as a file says. A patient is in one
 * split only. films.md 2.6
 *
 * The rule: u = hl_rng_below(seed, "film-split", subject_id; 1000); train if u < permille[train],
 * validate if u < permille[train] + permille[validate], else test. A patient's split depends on
 * nobody else, so an archive may grow without moving anybody.
 */
#ifndef HL_FILM_SPLIT_H
#define HL_FILM_SPLIT_H

#include "film/recipe.h"

typedef struct hl_film_split hl_film_split;

/* path: csv with the columns split and subject_id, or split and dicom_id (as the published table);
 * NULL: the rule. HL_E_INPUT: another word than train, validate, test; a subject in two splits. */
hl_code hl_film_split_new(const hl_film_recipe *r, int64_t seed, const char *path, hl_cpu cpu,
                          hl_film_split **out, hl_error *err);
void hl_film_split_free(hl_film_split **split);

/* HL_SPLIT_*; -1: the file does not say. */
int hl_film_split_of(const hl_film_split *split, int64_t subject_id, const char *dicom_id);

/* Digest of the file, NULL: there is none. */
const hl_digest *hl_film_split_digest(const hl_film_split *split);

#endif
