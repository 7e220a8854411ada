/*
 * cat.h - samples of a record as a stream: csv, npy, or raw numbers.
 */
#ifndef HL_WAVE_CAT_H
#define HL_WAVE_CAT_H

#include "base/sink.h"
#include "hilum/wave.h"

typedef enum {
    HL_CAT_CSV = 0, /* time[s],II[mV],...; slower signals leave cells empty between their samples */
    HL_CAT_NPY = 1, /* one array (rows, signals) or, of one signal, (samples) */
    HL_CAT_I16 = 2, /* little-endian adu, invalid = -32768; row by row */
    HL_CAT_I32 = 3,
    HL_CAT_F32 = 4, /* little-endian, invalid = NaN */
    HL_CAT_F64 = 5
} hl_cat_format;

/* Zero it first. */
typedef struct {
    int64_t from, to;      /* frames */
    const int32_t *signal; /* [n_signals]; NULL = all */
    int32_t n_signals;
    int32_t rate;     /* hl_wave_rate; not used when hz is set */
    double hz;        /* > 0: resampled to this rate, see resample.h */
    int32_t digital;  /* adu; I16 and I32 always are */
    int32_t format;   /* hl_cat_format */
    int32_t truncate; /* of averages, as in hl_wave_window */
    int32_t layout_values, damaged_is_gap;
} hl_cat_options;

/*
 * Write the window to sink, in pieces of bounded size. HL_E_USAGE: signals of different rates in a
 * format that has rows for one rate only (npy and raw with HL_WAVE_NATIVE: ask for --rate frame or
 * one signal); I16 and samples that do not fit. When a file is damaged or short, the rows in front
 * of the fault are written and the error returned (npy: the header promises more rows than there
 * are: HL_E_INPUT before anything was written is not possible in one pass). HL_END: the reader hung
 * up.
 */
hl_code hl_wave_cat(hl_wave *wave, const hl_cat_options *options, const hl_sink *sink, hl_ctl *ctl,
                    int64_t *n_rows, hl_error *err);

#endif
