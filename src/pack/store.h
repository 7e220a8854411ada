/*
 * store.h - the compact store: each film and ECG once, lossless, in plain npy files.
 *
 *   store.json          what it is: version, sizes, normalisation, splits, order of laboratory
 * values items.csv           item, subject_id, cxr_path, ecg_path, width, height, top, left
 *   films.npy           u1 [items][crop][crop]     grey, or the red plane of a colour film
 *   colour_items.npy    i8 [m]                     items whose film has colour (absent when m = 0)
 *   colour_planes.npy   u1 [m][2][crop][crop]      their green and blue planes
 *   ecgs.npy            i2 [items][samples][leads] as stored in the record, adu
 *   ecg_scale.npy       f8 [items][leads][2]       gain (adu/mV), baseline (adu)
 *   SPLIT/item_SPLIT.npy              i8 [rows]    item of each row
 *   SPLIT/{labs_percentiles,labs_missingness,hadm_id[,label_hadm_id,label]}_SPLIT.npy
 *
 * Format page for a second implementation: docs/manual/compact-store.md.
 */
#ifndef HL_PACK_STORE_H
#define HL_PACK_STORE_H

#include "data/npy.h"
#include "pack/item.h"

/* --- writing
 * -------------------------------------------------------------------------------------- */

typedef struct hl_store_writer hl_store_writer;

/* Begin a store in folder (made if absent). relative: folder as the manifest names it, NULL = these
 * files are no outputs. */
hl_code hl_store_create(const char *folder, const char *relative, const hl_pack_recipe *r,
                        const hl_pack_plan *plan, bool compat, hl_manifest *manifest,
                        hl_store_writer **out, hl_error *err);
/* The next item's record. */
hl_code hl_store_add(hl_store_writer *w, const hl_record_view *record, hl_error *err);
/* Write the splits' own arrays and store.json, and put everything in place. Frees w. */
hl_code hl_store_finish(hl_store_writer **w, hl_error *err);
void hl_store_abort(hl_store_writer **w);

/* --- reading
 * --------------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    int64_t rows;
    bool retrieval;
} hl_store_split;

typedef struct {
    hl_arena *arena;
    char folder[HL_PATH_BYTES];
    hl_json *json; /* store.json */
    hl_pack_recipe r;
    bool compat;
    int64_t n_items, n_colour;
    hl_store_split split[HL_N_SPLITS];
    size_t n_splits;
    const char **lab; /* itemids in tensor order */
    size_t n_labs;
    hl_in *films, *ecgs, *scale, *planes;
    int64_t films_at, ecgs_at, scale_at, planes_at; /* offsets of the first value */
    int64_t *colour_of;                             /* [n_items] row in colour_planes, -1 = grey */
} hl_store;

/* Open and check: every array has the shape that store.json promises. HL_E_INPUT. */
hl_code hl_store_open(const char *folder, hl_store *out, hl_error *err);
void hl_store_close(hl_store *s);

#endif
