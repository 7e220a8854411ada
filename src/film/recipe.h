/*
 * recipe.h - a film recipe: the look of the pictures, where ids come from, the tables.
 */
#ifndef HL_FILM_RECIPE_H
#define HL_FILM_RECIPE_H

#include "film/look.h"

typedef enum {
    HL_IDS_PATH, /* .../pSUBJECT/sSTUDY/DICOMID.dcm */
    HL_IDS_TAGS  /* attributes of the file, which must be de-identified already */
} hl_film_ids;

typedef enum {
    HL_VALUE_TEXT,
    HL_VALUE_NUMBER,
    HL_VALUE_DATE,
    HL_VALUE_TIME,
    HL_VALUE_UID
} hl_value_kind;

/* A column of the metadata table: an attribute, or one of the first item of a sequence
 * ("ViewCodeSequence.CodeMeaning"). */
typedef struct {
    const char *name;  /* in the header: '.' became '_' */
    uint32_t sequence; /* 0: top level */
    uint32_t tag;
    hl_value_kind kind;
} hl_film_column;

enum { HL_SPLIT_TRAIN, HL_SPLIT_VALIDATE, HL_SPLIT_TEST, HL_FILM_SPLITS };
extern const char *const hl_film_split_name[HL_FILM_SPLITS];

typedef struct {
    const char *name;
    const char *system; /* the published data set that it is, NULL = none */
    hl_look look;
    hl_film_ids ids;
    uint32_t subject_tag, study_tag, dicom_tag; /* HL_IDS_TAGS */
    const char *metadata_file;
    hl_film_column *column;
    size_t n_columns;
    const char *split_file;
    int64_t split_seed;
    int64_t permille[HL_FILM_SPLITS]; /* of patients; sum 1000 */
    int64_t first_year, last_year; /* dates outside have not been shifted; 0, 9999: not checked */
} hl_film_recipe;

/* Texts point into recipe, columns live in arena. HL_E_INPUT. */
hl_code hl_film_recipe_read(hl_arena *arena, const hl_json *recipe, hl_film_recipe *out,
                            hl_error *err);

#endif
