/*
 * recipe.h - what a published data set (or a hospital) decided: the cohort's part of a recipe.
 *
 * Keys and meaning: docs/manual/recipes.md. All pointers live as long as the parsed recipe and
 * arena.
 */
#ifndef HL_COHORT_RECIPE_H
#define HL_COHORT_RECIPE_H

#include "data/recipe.h"
#include "data/table.h"

/* Where a table is and how its columns are called there. */
typedef struct {
    const char *file;    /* below the archive, without .csv or .csv.gz */
    hl_recipe_at rename; /* object: our column name -> name in the file; v may be NULL */
    const char **times;  /* further columns to keep, as date and time */
    size_t n_times;
    const char **columns; /* further columns to keep, typed by their content */
    size_t n_columns;
    const char **present; /* the published script stops without them; asked for in --compat only */
    size_t n_present;
} hl_source_table;

typedef enum {
    HL_AGE_NONE,
    HL_AGE_ANCHOR, /* anchor_age + (admission year - anchor_year), MIMIC's way */
    HL_AGE_BIRTH   /* full years since birth_date */
} hl_age_rule;

typedef enum {
    HL_SPLIT_BY_ADMISSION, /* admissions are drawn, then patients of an earlier split removed */
    HL_SPLIT_BY_SUBJECT    /* patients are drawn, with all their admissions */
} hl_split_rule;

typedef struct {
    int64_t itemid;
    const char *label;
    bool has_low, has_high;
    double low, high; /* values outside are not taken; both ends allowed */
} hl_lab_item;

typedef struct {
    const char *name;
    const char *system; /* whose bytes --compat gives, NULL = none */
    hl_source_table patients, admissions, labevents, records, films, labels;

    hl_age_rule age;
    int64_t age_from, age_to; /* years, both ends allowed; 0 and INT64_MAX = no limit */

    const char *film_column; /* name of the chosen dicom_id's column */
    const char **views;      /* ViewPosition, exactly */
    size_t n_views;
    hl_window film_window;
    const char *film_path; /* template: {subject_id}, {subject_id:2} (first 2 characters), ... */

    const char *ecg_column;
    hl_window ecg_window;

    hl_window lab_window;
    int64_t labs_at_least; /* values an admission must have */
    hl_lab_item *lab;      /* [n_labs] in column order */
    size_t n_labs;

    hl_split_rule split;
    int64_t train_n, val_n; /* rows; -1 = by percent */
    int64_t train_percent, val_percent;
    int64_t candidate_n;
    bool distinct_patients; /* no candidate of the query's own patient */
    const char **drop;      /* columns that the splits don't carry */
    size_t n_drop;
} hl_cohort_recipe;

/* Take the cohort's part out of a parsed recipe. HL_E_INPUT names the key. */
hl_code hl_cohort_recipe_read(hl_arena *arena, const hl_json *recipe, hl_cohort_recipe *out,
                              hl_error *err);

#endif
