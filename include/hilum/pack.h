/*
 * pack.h - from a cohort's tables to tensors: films and ECGs of every row, as npy files or as a
 * compact store that keeps each once.
 */
#ifndef HILUM_PACK_H
#define HILUM_PACK_H

#include "hilum/hilum.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    HL_STORE_NPY = 0,    /* data_npy/<split>/<name>_<split>.npy */
    HL_STORE_COMPACT = 1 /* data_compact/: each film and ECG once, lossless */
} hl_pack_store;

/* What hl_pack_run() needs. Zero it first. */
typedef struct {
    const char
        *cohort; /* folder with train.csv, val.csv, val_retrieval.csv, test.csv, labs_means.json;
                    with expand: a folder that was packed with HL_STORE_COMPACT */
    const char *ecg; /* folder that ecg_path is below */
    const char *cxr; /* folder that cxr_path is below */
    const char *out;
    const char *recipe; /* NULL = the one in the cohort's manifest, else symile-mimic-1.0 */
    const char
        *crop_boxes;     /* csv: row,top,left,height,width of each row of train.csv; NULL = drawn */
    const char *call;    /* the options as JSON, for hilum merge; may be NULL */
    const char *version; /* what a shard takes the library for; NULL = its own: tests mix two */
    int64_t crop_seed;   /* 0 .. 2^32-1 */
    int64_t shard, n_shards; /* n_shards = 0: not sharded */
    int32_t store;           /* hl_pack_store */
    int32_t compat;
    int32_t expand; /* compact -> npy; no films or ECGs are read */
    int32_t merge;  /* put finished shards together */
    int32_t resume;
    int32_t strict; /* the first bad film or ECG ends the job */
} hl_pack_options;

/*
 * Pack a cohort. HL_OK; HL_E_INPUT when a film or ECG of some row cannot be used: all of them stand
 * in errors.csv, and no tensor is written, because every row must have its tensors. HL_E_STOPPED,
 * HL_E_IO: run again with resume. Memory: a few films for each thread.
 */
HL_API hl_code hl_pack_run(const hl_pack_options *options, hl_ctl *ctl, hl_report *report,
                           hl_error *err);

#ifdef __cplusplus
}
#endif
#endif
