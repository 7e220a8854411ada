/*
 * table.h - typed columns in memory, read from csv with pandas' rules, joined, gathered, written.
 *
 * A table owns its columns; texts live in its arena. A missing cell has valid[i] == 0 (and value 0
 * or {NULL, 0}). Nothing here sorts or drops a row by itself: row order is file order. Sources:
 * symile.md 1.1 to 1.5.
 */
#ifndef HL_DATA_TABLE_H
#define HL_DATA_TABLE_H

#include "base/arena.h"
#include "base/civil.h"
#include "data/csv.h"

typedef enum {
    HL_COL_AUTO, /* when reading: the type that pandas would give the whole column */
    HL_COL_TEXT,
    HL_COL_I64,
    HL_COL_F64,
    HL_COL_BOOL,  /* in i64: 0 or 1 */
    HL_COL_TIME,  /* in i64: civil seconds, civil.h */
    HL_COL_EXISTS /* when reading: the column must be there, its cells are not kept */
} hl_col_type;

typedef struct {
    const char *name;
    hl_col_type type; /* never AUTO or EXISTS */
    size_t n;
    size_t n_missing;
    uint8_t *valid; /* [n] 1 = there is a value */
    int64_t *i64;   /* [n] I64, BOOL, TIME */
    double *f64;    /* [n] F64 */
    hl_str *text;   /* [n] TEXT */
} hl_column;

typedef struct {
    const char *name; /* for messages: the path read, or what it is */
    hl_arena *arena;
    size_t n_rows;
    size_t n_columns;
    hl_column *column; /* [n_columns] */
    int64_t n_seen;    /* rows of the file, dropped ones included */
    hl_digest digest;  /* of the file read */
} hl_table;

/* --- reading --------------------------------------------------------------------------------- */

typedef struct {
    const char *name; /* in the table, and in the file unless source says otherwise */
    const char *source;
    hl_col_type type;
    bool required; /* a missing value is an error */
} hl_col_spec;

/* Whether a row is kept; field[i] belongs to spec i. Types of AUTO columns come from all rows, kept
 * or not, as pandas sees the whole file. */
typedef hl_code (*hl_table_keep)(void *ctx, const hl_csv *csv, const hl_field *field, bool *keep,
                                 hl_error *err);

typedef struct {
    const char *name; /* path for messages; NULL = the path read */
    hl_time_rule time_rule;
    hl_table_keep keep; /* NULL = all rows */
    void *keep_ctx;
    hl_cpu cpu;
    hl_ctl *ctl;
} hl_table_options;

/*
 * Read the columns spec[0 .. n_spec) of a csv or csv.gz; n_spec = 0 reads all columns as AUTO.
 * HL_E_INPUT as csv.h, and "NAME:LINE: column C: 'x' is no integer | number | date" and "the field
 * is empty". *out is freed by hl_table_free().
 */
hl_code hl_table_read(const char *path, const hl_col_spec *spec, size_t n_spec,
                      const hl_table_options *options, hl_table **out, hl_error *err);
/* The same over bytes in memory or any hl_in. */
hl_code hl_table_read_in(hl_in *in, const hl_col_spec *spec, size_t n_spec,
                         const hl_table_options *options, hl_table **out, hl_error *err);

/* --- making ------------------------------------------------------------------------------------
 */

/* A table without columns and n_rows rows. */
hl_code hl_table_new(const char *name, size_t n_rows, hl_table **out, hl_error *err);
void hl_table_free(hl_table **table);

/* Add a column of table->n_rows missing cells; name is copied. The pointer stays good until the
 * next column is added. NULL: out of memory. */
hl_column *hl_table_add(hl_table *table, const char *name, hl_col_type type);

/* Add a column whose row i is src's row row[i], missing where row[i] < 0. As in a pandas merge, an
 * I64 column with a hole becomes F64. Texts are shared: src's table must live as long. */
hl_code hl_table_gather(hl_table *table, const char *name, const hl_column *src, const int64_t *row,
                        hl_error *err);

/* Column by name, NULL when absent; hl_table_need: HL_E_INPUT "NAME: no column 'x'". */
const hl_column *hl_table_column(const hl_table *table, const char *name);
hl_code hl_table_need(const hl_table *table, const char *name, const hl_column **out,
                      hl_error *err);

/* Set cell i (the column must have that type). */
static inline void hl_column_set_i64(hl_column *c, size_t i, int64_t v)
{
    c->n_missing -= !c->valid[i];
    c->valid[i] = 1;
    c->i64[i] = v;
}
static inline void hl_column_set_f64(hl_column *c, size_t i, double v)
{
    c->n_missing -= !c->valid[i];
    c->valid[i] = 1;
    c->f64[i] = v;
}
static inline void hl_column_set_text(hl_column *c, size_t i, hl_str v)
{
    c->n_missing -= !c->valid[i];
    c->valid[i] = 1;
    c->text[i] = v;
}
/* A numeric cell (I64, F64, BOOL) as a double; NaN when missing. */
double hl_column_number(const hl_column *c, size_t i);

/* --- joining -------------------------------------------------------------------------------------
 */

/* Rows of a table by an integer key; equal keys keep file order, so that joins multiply rows as
 * pandas does. Missing keys are not in it. */
typedef struct hl_index hl_index;
hl_code hl_index_new(const hl_column *key, hl_index **out, hl_error *err);
hl_code hl_index_new_text(const hl_column *key, hl_index **out, hl_error *err);
void hl_index_free(hl_index **index);
int64_t hl_index_first(const hl_index *index, int64_t key); /* row, -1 = none */
int64_t hl_index_first_text(const hl_index *index, hl_str key);
int64_t hl_index_next(const hl_index *index, int64_t row); /* next row of the same key, or -1 */
/* First row whose key stood in an earlier row too, -1 = all keys differ. */
int64_t hl_index_duplicate(const hl_index *index);

/* Time span relative to an event: from_s .. to_s seconds after it, each end open or closed. */
typedef struct {
    int64_t from_s, to_s;
    bool from_open, to_open;
} hl_window;

static inline bool hl_window_holds(const hl_window *w, int64_t after_s)
{
    return (w->from_open ? after_s > w->from_s : after_s >= w->from_s) &&
           (w->to_open ? after_s < w->to_s : after_s <= w->to_s);
}

typedef enum {
    HL_TIES_FILE_ORDER, /* the first of equal times, always */
    HL_TIES_NUMPY       /* as numpy's argsort leaves them: file order up to 16. symile.md 2.7 */
} hl_tie_rule;

/* Which of n times (file order) is the earliest. n > 0. order: scratch of n, may be NULL for
 * HL_TIES_FILE_ORDER. */
size_t hl_earliest(const int64_t *time, size_t n, hl_tie_rule rule, size_t *order);

/* --- writing
 * --------------------------------------------------------------------------------------- */

typedef enum {
    HL_DATES_FULL,  /* YYYY-MM-DD HH:MM:SS always */
    HL_DATES_PANDAS /* date only where a whole chunk of a column is midnight. symile.md 1.4 */
} hl_date_rule;

/* Append the table as pandas' to_csv(index=False) writes it. */
hl_code hl_table_put_csv(const hl_table *table, hl_date_rule rule, hl_buf *out, hl_error *err);

/* How many cells HL_DATES_PANDAS writes without their time of day. */
int64_t hl_table_short_dates(const hl_table *table);

/* "i64", "f64", "str", "datetime", "bool": the type's name in manifests. */
const char *hl_col_type_name(hl_col_type type);

#endif
