/*
 * numerics_out.h - numerics as rows: those that are there, or one for each step of a regular grid.
 */
#ifndef HL_WAVE_NUMERICS_OUT_H
#define HL_WAVE_NUMERICS_OUT_H

#include "base/sink.h"
#include "hilum/wave.h"

typedef enum {
    /* tick,seconds[,time],NAME [UNITS],...; time only when the record has a wall clock */
    HL_NUMERICS_CSV = 0,
    /* float64 (rows, columns); raw rows have their tick in front, as a column of its own */
    HL_NUMERICS_NPY = 1
} hl_numerics_format;

#define HL_NUMERICS_START INT64_MIN
#define HL_NUMERICS_END INT64_MAX

typedef struct {
    int64_t from, to;      /* ticks from .. to - 1; HL_NUMERICS_START, HL_NUMERICS_END */
    const int32_t *column; /* [n_columns]; NULL = all */
    int32_t n_columns;
    int32_t format; /* hl_numerics_format */
    /*
     * 0: the rows of the file. Else row k has the last value measured in [k, k + 1) / rate_hz
     * seconds from `from` (HL_NUMERICS_START: from frame 0, and as many steps earlier as there are
     * values), NaN when there is none.
     */
    double rate_hz;
    int32_t hold;  /* where there is none, the last value before */
    double hold_s; /* ... unless the row is later than it by more than this; 0 = however old */
} hl_numerics_rows;

/* Rows that a call will write. HL_E_LIMIT: more than 10^10. */
hl_code hl_numerics_count(const hl_numerics_info *n, const hl_numerics_rows *o, int64_t *n_rows,
                          hl_error *err);

/* Write the rows to sink. HL_END: the reader hung up. */
hl_code hl_numerics_write(const hl_numerics_info *n, const hl_numerics_rows *o, const hl_sink *sink,
                          hl_ctl *ctl, hl_error *err);

/* What the array of HL_NUMERICS_NPY holds: names and units, rate, first tick and time, as one JSON
 * object. */
hl_code hl_numerics_describe(const hl_numerics_info *n, const hl_numerics_rows *o, hl_buf *json,
                             hl_error *err);

/* Tick of a time in text, as hl_wave_frame_of() but without frames and samples: "c1024", "12.5",
 * "1:02:03", "e", wall clocks. HL_E_USAGE. */
hl_code hl_numerics_tick_of(const hl_numerics_info *n, const char *text, int64_t *tick,
                            hl_error *err);

/* Column called "NAME" or "NAME [UNITS]". HL_E_USAGE: none, or several of other units. */
hl_code hl_numerics_find(const hl_numerics_info *n, hl_str name, int32_t *column, hl_error *err);

#endif
