/*
 * expand.h - from the compact store to the published tensors, row by row.
 *
 *   data_npy/SPLIT/cxr_SPLIT.npy   f4 [rows][3][crop][crop]    (u8 / 255 - mean) / std
 *   data_npy/SPLIT/ecg_SPLIT.npy   f4 [rows][1][samples][leads]  2 (p - min) / (max - min) - 1
 *   data_npy/SPLIT/{labs_percentiles,labs_missingness,hadm_id[,label_hadm_id,label]}_SPLIT.npy
 *   data_npy/metadata.json, labs_order.json
 *
 * symile.md 6. A direct pack writes a store first and expands it, so both ways give the same bytes.
 */
#ifndef HL_PACK_EXPAND_H
#define HL_PACK_EXPAND_H

#include "pack/store.h"

/* Values of all 8-bit grey levels after ToTensor and Normalize of one plane: true f32 divisions. */
void hl_film_levels(float mean, float std, float out[256]);

/* One ECG to f32, f64 steps in between; constant: all zero, or NaN with compat (S7). */
hl_code hl_ecg_scale(const int16_t *ecg, const double *scale, int64_t samples, int64_t leads,
                     bool compat, float *out, hl_error *err);

/* Write all of store's splits below folder; relative: folder as the manifest names it. */
hl_code hl_expand(const hl_store *store, const char *folder, const char *relative,
                  hl_manifest *manifest, hl_ctl *ctl, hl_error *err);

#endif
