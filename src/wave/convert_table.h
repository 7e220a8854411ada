/*
 * convert_table.h - a csv or npy file as rows of numbers: convert_table_in.c reads rows,
 * convert_columns.c knows what the columns mean and makes stored values of them.
 */
#ifndef HL_WAVE_CONVERT_TABLE_H
#define HL_WAVE_CONVERT_TABLE_H

#include "base/arena.h"
#include "data/csv.h"
#include "data/npy.h"

enum { HL_TABLE_MOST_COLUMNS = 4096 };

/* Rows in order; each a number a column, NaN where there is none. */
typedef struct {
    hl_in *in;   /* the caller's */
    hl_csv *csv; /* NULL = npy */
    hl_npy head;
    int32_t n_columns;
    bool integers;    /* of npy: adu; -32768 and the least integer are NaN */
    double precision; /* relative error of a value */
    hl_field *field;  /* csv: [n_columns] of the last row */
    double *block;    /* npy: [n_block][n_columns] rows from first_row on */
    uint8_t *bytes;
    int64_t n_block, block_rows, first_row;
    int64_t row; /* the next one */
} hl_table_rows;

/* Begin at the first row, again too; csv or npy by the first bytes. HL_E_INPUT: no table of
 * numbers. */
hl_code hl_table_rows_open(hl_arena *arena, hl_in *in, hl_ctl *ctl, hl_table_rows *out,
                           hl_error *err);
/* HL_END behind the last row. HL_E_INPUT names line and column of a cell that is no number. */
hl_code hl_table_rows_next(hl_table_rows *r, double *value, hl_error *err);
void hl_table_rows_close(hl_table_rows *r);

/* A fault of column i in the last row. */
hl_code hl_table_rows_fail(const hl_table_rows *r, hl_error *err, int32_t i, const char *fmt, ...)
    HL_PRINTF(4, 5);

/* Whether a file is read as a table, by its name: .csv, .csv.gz, .npy. */
bool hl_table_is_name(const char *path);

#endif
