/*
 * inspect_csv.c - a table: its columns with the type that pandas would give them, missing values,
 * ranges, frequent values, first rows. One pass; memory does not grow with the file.
 */
#include <math.h>

#include "base/civil.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/map.h"
#include "command/inspect.h"
#include "data/csv.h"

enum {
    MAX_VALUES = 12, /* a column with more distinct values is not listed value by value */
    ROWS_BETWEEN_REPORTS = 65536,
    THREAD_FROM_BYTES = 1 << 20 /* smaller files are not worth a thread that reads ahead */
};

/* What all values of a column so far can be read as; only ever goes on towards TEXT. */
typedef enum { NOTHING, INTEGER, REAL, TIME, BOOLEAN, TEXT } value_kind;

typedef struct {
    hl_str name;
    value_kind kind;
    int64_t missing;
    bool whole;               /* REAL: every value is a whole number */
    int64_t first, last;      /* INTEGER: least and greatest; TIME: seconds */
    double least, most;       /* REAL */
    size_t shortest, longest; /* bytes of the values as text */
    hl_strmap *value;         /* distinct values -> index of count; NULL = too many */
    int64_t count[MAX_VALUES];
} column;

typedef struct {
    hl_inspect *in;
    hl_csv *csv;
    column *column;
    size_t n_columns;
    hl_field *field;
    hl_str *row; /* [rows][n_columns] the first rows; .at == NULL is missing */
    int64_t n_rows;
} table;

/* --- types ------------------------------------------------------------------------------- */

static bool is_boolean(hl_str v)
{
    static const char *const word[] = {"True", "False", "TRUE", "FALSE", "true", "false"};

    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        if (hl_str_is(v, word[i]))
            return true;
    return false;
}

static bool take_integer(column *col, hl_str v)
{
    int64_t i;

    if (!hl_parse_i64_pandas(v, &i))
        return false;
    if (col->kind == NOTHING || i < col->first)
        col->first = i;
    if (col->kind == NOTHING || i > col->last)
        col->last = i;
    col->kind = INTEGER;
    return true;
}

static bool take_real(column *col, hl_str v)
{
    double d;

    if (!hl_parse_f64_pandas(v, &d) || isnan(d))
        return false;
    if (col->kind != REAL) {
        col->whole = true;
        col->least = col->kind == INTEGER ? (double)col->first : d;
        col->most = col->kind == INTEGER ? (double)col->last : d;
    }
    col->whole = col->whole && isfinite(d) && floor(d) == d;
    col->least = d < col->least ? d : col->least;
    col->most = d > col->most ? d : col->most;
    col->kind = REAL;
    return true;
}

static bool take_time(column *col, hl_str v)
{
    int64_t s;

    if (!hl_parse_time(v, HL_TIME_CUT_FRACTION, &s))
        return false;
    if (col->kind == NOTHING || s < col->first)
        col->first = s;
    if (col->kind == NOTHING || s > col->last)
        col->last = s;
    col->kind = TIME;
    return true;
}

static void take_type(column *col, hl_str v)
{
    switch (col->kind) {
    case NOTHING:
        if (take_integer(col, v) || take_real(col, v) || take_time(col, v))
            return;
        col->kind = is_boolean(v) ? BOOLEAN : TEXT;
        return;
    case INTEGER:
        if (!take_integer(col, v) && !take_real(col, v))
            col->kind = TEXT;
        return;
    case REAL:
        if (!take_real(col, v))
            col->kind = TEXT;
        return;
    case TIME:
        if (!take_time(col, v))
            col->kind = TEXT;
        return;
    case BOOLEAN:
        if (!is_boolean(v))
            col->kind = TEXT;
        return;
    case TEXT:
        return;
    }
}

/* pandas has no missing integer or boolean: such columns become reals and texts. */
static const char *type_of(const column *col)
{
    switch (col->kind) {
    case INTEGER:
        return col->missing ? "f64" : "i64";
    case NOTHING:
    case REAL:
        return "f64";
    case TIME:
        return "datetime";
    case BOOLEAN:
        return col->missing ? "str" : "bool";
    case TEXT:
        break;
    }
    return "str";
}

static hl_code take_value(column *col, hl_str v, hl_error *err)
{
    int64_t was;

    if (v.n == 0 || (v.n <= 16 && hl_is_missing(v))) {
        col->missing++;
        return HL_OK;
    }
    take_type(col, v);
    col->shortest = v.n < col->shortest ? v.n : col->shortest;
    col->longest = v.n > col->longest ? v.n : col->longest;
    if (!col->value)
        return HL_OK;
    int64_t n = (int64_t)hl_strmap_count(col->value);
    was = hl_strmap_get(col->value, v);
    if (was < 0 && n == MAX_VALUES) {
        hl_strmap_free(&col->value);
        return HL_OK;
    }
    if (was < 0) {
        hl_code c = hl_strmap_add(col->value, v, n, NULL, err);
        if (c != HL_OK)
            return c;
        was = n;
    }
    col->count[was]++;
    return HL_OK;
}

/* --- the pass ---------------------------------------------------------------------------- */

static hl_code open_table(table *t, hl_error *err)
{
    hl_inspect *in = t->in;
    hl_csv_options options = {
        .mode = in->bytes >= THREAD_FROM_BYTES ? HL_STREAM_THREAD : HL_STREAM_PLAIN,
        .cpu = hl_cpu_level(in->ctl ? in->ctl->cpu : 0),
        .ctl = in->ctl,
    };
    hl_code c = hl_csv_open(in->path, NULL, 0, &options, &t->csv, err);

    if (c != HL_OK)
        return c;
    t->n_columns = hl_csv_n_columns(t->csv);
    t->column = hl_arena_calloc(in->arena, t->n_columns, sizeof *t->column);
    t->field = hl_arena_calloc(in->arena, t->n_columns, sizeof *t->field);
    if (!t->column || !t->field)
        return hl_fail_memory(err, "columns", t->n_columns * sizeof *t->column);
    for (size_t i = 0; i < t->n_columns; i++) {
        column *col = &t->column[i];
        col->name = hl_arena_str(in->arena, hl_csv_column(t->csv, i));
        col->shortest = SIZE_MAX;
        col->value = hl_strmap_new(MAX_VALUES);
        if (!col->name.at || !col->value)
            return hl_fail_memory(err, "columns", t->n_columns * sizeof *t->column);
    }
    return HL_OK;
}

static hl_code keep_row(table *t, hl_error *err)
{
    hl_str *row = t->row + (size_t)t->n_rows * t->n_columns;

    for (size_t i = 0; i < t->n_columns; i++) {
        hl_str v = hl_field_str(t->field[i]);
        if (v.n == 0)
            continue;
        row[i] = hl_arena_str(t->in->arena, v);
        if (!row[i].at)
            return hl_fail_memory(err, "first rows", v.n);
    }
    return HL_OK;
}

static hl_code read_rows(table *t, hl_error *err)
{
    hl_ctl *ctl = t->in->ctl;
    size_t cells;
    hl_code c = HL_OK;

    if (!hl_mul_size((size_t)t->in->rows, t->n_columns, &cells) ||
        !(t->row = hl_arena_calloc(t->in->arena, cells, sizeof *t->row)))
        return hl_fail_memory(err, "first rows", SIZE_MAX);
    hl_ctl_phase(ctl, "reading rows", 0);
    while (c == HL_OK && (c = hl_csv_next(t->csv, t->field, err)) == HL_OK) {
        if (t->n_rows < t->in->rows)
            c = keep_row(t, err);
        for (size_t i = 0; i < t->n_columns && c == HL_OK; i++)
            c = take_value(&t->column[i], hl_field_str(t->field[i]), err);
        t->n_rows++;
        if (t->n_rows % ROWS_BETWEEN_REPORTS == 0) {
            hl_ctl_set_done(ctl, t->n_rows);
            if (c == HL_OK)
                c = hl_ctl_check(ctl, err);
        }
    }
    hl_ctl_set_done(ctl, t->n_rows);
    return c == HL_END ? HL_OK : c;
}

/* --- what is said ------------------------------------------------------------------------ */

static void range_text(const column *col, char *out, size_t size)
{
    char a[HL_F64_CHARS], b[HL_F64_CHARS];

    *out = 0;
    switch (col->kind) {
    case NOTHING:
        snprintf(out, size, "all missing");
        return;
    case INTEGER:
        snprintf(out, size, "%lld to %lld%s", (long long)col->first, (long long)col->last,
                 col->missing ? ", whole numbers" : "");
        return;
    case REAL:
        hl_print_f64(col->least, a);
        hl_print_f64(col->most, b);
        snprintf(out, size, "%s to %s%s", a, b, col->whole ? ", whole numbers" : "");
        return;
    case TIME:
        hl_print_time(col->first, a);
        hl_print_time(col->last, b);
        snprintf(out, size, "%s to %s", a, b);
        return;
    case BOOLEAN:
        return;
    case TEXT:
        if (col->shortest == col->longest)
            snprintf(out, size, "%zu byte%s", col->longest, col->longest == 1 ? "" : "s");
        else
            snprintf(out, size, "%zu to %zu bytes", col->shortest, col->longest);
        return;
    }
}

/* The distinct values of a text column with few of them: "F 75, M 62". */
static void values_text(const column *col, char *out, size_t size)
{
    size_t at = 0;

    *out = 0;
    if (!col->value || (col->kind != TEXT && col->kind != BOOLEAN))
        return;
    for (size_t i = 0; i < hl_strmap_count(col->value) && at + 1 < size; i++) {
        char show[HL_SHOW_BYTES], n[32];
        hl_show(hl_strmap_key(col->value, i), show);
        int k = snprintf(out + at, size - at, "%s%s %s", i ? ", " : "", show,
                         hl_count_text(col->count[i], n));
        at += k > 0 ? (size_t)k : 0;
    }
    if (at > 60) { /* too long for a line: only how many */
        snprintf(out, size, "%zu different", hl_strmap_count(col->value));
    }
}

static hl_code put_columns(table *t, hl_error *err)
{
    hl_grid grid = hl_grid_new(t->in->arena, "llrll");

    hl_grid_cell(&grid, "column");
    hl_grid_cell(&grid, "type");
    hl_grid_cell(&grid, "missing");
    hl_grid_cell(&grid, "range");
    hl_grid_cell(&grid, "values");
    for (size_t i = 0; i < t->n_columns; i++) {
        const column *col = &t->column[i];
        char text[400], n[32];
        hl_grid_show(&grid, col->name);
        hl_grid_cell(&grid, "%s", type_of(col));
        hl_grid_cell(&grid, "%s", hl_count_text(col->missing, n));
        range_text(col, text, sizeof text);
        hl_grid_cell(&grid, "%s", text);
        values_text(col, text, sizeof text);
        hl_grid_cell(&grid, "%s", text);
    }
    return hl_grid_print(&grid, t->in->text, err);
}

/* First rows upside down: a line a column, so that a wide table stays readable. */
static hl_code put_rows(table *t, hl_error *err)
{
    int64_t n = t->n_rows < t->in->rows ? t->n_rows : t->in->rows;
    size_t width = (size_t)n + 1;
    char *align;

    if (n == 0)
        return HL_OK;
    align = hl_arena_alloc(t->in->arena, width + 1);
    if (!align)
        return hl_fail_memory(err, "first rows", width);
    memset(align, 'l', width);
    align[width] = 0;
    hl_grid grid = hl_grid_new(t->in->arena, align);
    hl_grid_cell(&grid, "first rows");
    for (int64_t r = 0; r < n; r++)
        hl_grid_cell(&grid, "%lld", (long long)r + 1);
    for (size_t i = 0; i < t->n_columns; i++) {
        hl_grid_show(&grid, t->column[i].name);
        for (int64_t r = 0; r < n; r++) {
            hl_str v = t->row[(size_t)r * t->n_columns + i];
            v.n = v.n > 30 ? 30 : v.n;
            while (v.n > 0 && v.at && hl_utf8_fault(v.at, v.n) >= 0)
                v.n--; /* not in the middle of a character */
            hl_grid_show(&grid, v);
        }
    }
    hl_buf_char(t->in->text, '\n');
    return hl_grid_print(&grid, t->in->text, err);
}

static void put_column_json(hl_inspect *in, const column *col)
{
    char text[HL_TIME_CHARS];

    hl_json_open(in->json, '{');
    hl_inspect_put_text(in, "name", col->name);
    hl_inspect_put_text(in, "type", hl_str_of(type_of(col)));
    hl_inspect_put_int(in, "missing", col->missing);
    if (col->kind == INTEGER) {
        hl_inspect_put_int(in, "min", col->first);
        hl_inspect_put_int(in, "max", col->last);
    } else if (col->kind == REAL) {
        hl_inspect_put_real(in, "min", col->least);
        hl_inspect_put_real(in, "max", col->most);
    } else if (col->kind == TIME) {
        hl_print_time(col->first, text);
        hl_inspect_put_text(in, "min", hl_str_of(text));
        hl_print_time(col->last, text);
        hl_inspect_put_text(in, "max", hl_str_of(text));
    }
    if (col->kind == INTEGER || col->kind == REAL) {
        hl_json_member_bool(in->json, "whole", col->kind == INTEGER || col->whole);
    }
    if (col->value) {
        hl_json_put_key(in->json, "values");
        hl_json_open(in->json, '{');
        for (size_t i = 0; i < hl_strmap_count(col->value); i++) {
            hl_str key = hl_strmap_key(col->value, i);
            char *name = hl_arena_copy(in->arena, key.at, key.n);
            if (name)
                hl_inspect_put_int(in, name, col->count[i]);
        }
        hl_json_close(in->json, '}');
    }
    hl_json_close(in->json, '}');
}

static void put_json(table *t)
{
    hl_inspect *in = t->in;
    int64_t shown = t->n_rows < in->rows ? t->n_rows : in->rows;

    hl_inspect_put_int(in, "rows", t->n_rows);
    hl_json_put_key(in->json, "columns");
    hl_json_open(in->json, '[');
    for (size_t i = 0; i < t->n_columns; i++)
        put_column_json(in, &t->column[i]);
    hl_json_close(in->json, ']');
    hl_json_put_key(in->json, "first_rows");
    hl_json_open(in->json, '[');
    for (int64_t r = 0; r < shown; r++) {
        hl_json_open(in->json, '[');
        for (size_t i = 0; i < t->n_columns; i++) {
            hl_str v = t->row[(size_t)r * t->n_columns + i];
            if (v.at)
                hl_inspect_put_text(in, NULL, v);
            else
                hl_json_put_null(in->json);
        }
        hl_json_close(in->json, ']');
    }
    hl_json_close(in->json, ']');
}

hl_code hl_inspect_csv(hl_inspect *in, hl_error *err)
{
    table t = {.in = in};
    char n[32], size[HL_SIZE_CHARS], hex[HL_HEX_CHARS];
    hl_code c = open_table(&t, err);

    if (c == HL_OK)
        c = read_rows(&t, err);
    if (c != HL_OK)
        goto done;
    hl_inspect_title(in, "csv", "table, %s row%s x %zu column%s, %s%s", hl_count_text(t.n_rows, n),
                     t.n_rows == 1 ? "" : "s", t.n_columns, t.n_columns == 1 ? "" : "s",
                     hl_size_text(in->bytes, size), in->gzip ? " (csv, gzip)" : " (csv)");
    hl_inspect_fact(in, "sha256", "%s", hl_digest_hex(hl_csv_digest(t.csv), hex));
    hl_inspect_put_digest(in, "sha256", hl_csv_digest(t.csv));
    hl_buf_char(in->text, '\n');
    c = put_columns(&t, err);
    if (c == HL_OK)
        c = put_rows(&t, err);
    if (c == HL_OK)
        put_json(&t);
done:
    for (size_t i = 0; t.column && i < t.n_columns; i++)
        hl_strmap_free(&t.column[i].value);
    hl_csv_close(&t.csv);
    return c;
}
