/*
 * plan.h - what is to be packed: the splits' rows, and the films and ECGs that they need, each
 * once.
 *
 *   splits:  train      val   val_retrieval   test          rows as in the csv files
 *              |          \       |            /
 *   items:   one a row     one for each (film, ECG) pair    what is read, cropped, kept
 *
 * A row of train has an item of its own because its crop is drawn for the row.
 */
#ifndef HL_PACK_PLAN_H
#define HL_PACK_PLAN_H

#include "data/image.h"
#include "data/manifest.h"
#include "data/table.h"
#include "hilum/pack.h"
#include "pack/recipe.h"

#define HL_PACK_MAX_FILM_BYTES (256u << 20)

typedef struct {
    int64_t subject_id;
    const char *cxr_path, *ecg_path; /* below the archives */
    bool drawn;                      /* crop as box says; else from the centre */
    bool has_box;                    /* the film's size was known when the plan was made */
    int32_t top, left;               /* of the crop in the scaled film, px */
} hl_pack_item;

enum { HL_SPLIT_TRAIN, HL_SPLIT_VAL, HL_SPLIT_VAL_RETRIEVAL, HL_SPLIT_TEST, HL_N_SPLITS };

typedef struct {
    const char *name;
    const char *file; /* train.csv */
    hl_table *table;  /* hadm_id, ..., the columns that tensors need */
    int64_t *item;    /* [rows] */
    bool retrieval;   /* has label_hadm_id and label */
} hl_pack_split;

typedef struct {
    hl_arena *arena;
    hl_pack_split split[HL_N_SPLITS];
    hl_pack_item *item; /* [n_items] */
    size_t n_items;
    char (*lab)[24];  /* [n_labs] itemids as text, in tensor order */
    double *lab_mean; /* [n_labs] percentile that stands for a missing value */
    size_t n_labs;
    hl_digest inputs; /* of the cohort's files that were read */
} hl_pack_plan;

/* Read the cohort's tables. HL_E_INPUT. Free with hl_pack_plan_free(), also after a failure. */
hl_code hl_pack_plan_make(const hl_pack_options *o, const hl_pack_recipe *r, hl_manifest *manifest,
                          hl_ctl *ctl, hl_pack_plan *out, hl_error *err);
void hl_pack_plan_free(hl_pack_plan *plan);

#endif
