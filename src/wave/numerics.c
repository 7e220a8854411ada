/*
 * numerics.c - RECORDn.csv.gz whole into memory: ticks, and one column of doubles a measurement.
 *
 *      "time","HR [bpm]","NBPs [mmHg]"
 *      1024,80,
 *
 * Source: waveform.md 3.
 */
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/place.h"
#include "base/sort.h"
#include "data/csv.h"
#include "format/wfdb/wfdb.h"
#include "hilum/wave.h"

enum { ARENA_BYTES = 4096, DAY_MS = 86400000, FIRST_ROWS = 1024, MAX_HEADER_BYTES = 64 << 20 };

#define TICKS_HZ 999.56 /* of the bedside monitors of MIMIC-IV-WDB */
#define MAX_VALUES (INT64_C(1) << 31)

struct hl_numerics {
    hl_arena *arena;
    int64_t *tick;
    double **value;             /* [n_columns][room] */
    hl_numerics_column *column; /* [n_columns] */
    int64_t room;               /* rows */
    hl_numerics_info info;
};

/* --- where the file and its record are -------------------------------------------------------- */

static bool cut_ending(char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);

    if (n <= m || strcmp(name + n - m, ending) != 0)
        return false;
    name[n - m] = 0;
    return true;
}

/* record + ending from the place; *file is its name there. */
static hl_code open_as(hl_place *place, const char *record, const char *ending,
                       char file[HL_PATH_BYTES], hl_in **in, hl_error *err)
{
    const int n = snprintf(file, HL_PATH_BYTES, "%s%s", record, ending);

    if (n < 0 || n >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "%.60s...: the name is too long", record);
    return hl_place_in(place, file, in, err);
}

/* The file that name stands for; name becomes that of the record. */
static hl_code open_file(hl_place *place, char name[HL_PATH_BYTES], hl_in **in, hl_error *err)
{
    char file[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_error first = {0};
    hl_code c;

    memcpy(file, name, HL_PATH_BYTES);
    const bool packed = cut_ending(name, ".gz") || cut_ending(name, ".dz");
    if (cut_ending(name, ".csv") || packed) {
        (void)cut_ending(name, "n");
        return hl_place_in(place, file, in, err);
    }
    (void)cut_ending(name, ".hea");
    c = open_as(place, name, "n.csv.gz", file, in, &first);
    if (c == HL_E_INPUT) { /* absent: it may be unpacked */
        c = open_as(place, name, "n.csv", file, in, &first);
        if (c == HL_E_INPUT && hl_place_path(place, name, path, err) == HL_OK)
            return hl_fail(err, HL_E_INPUT,
                           "%s: no numerics: neither %.200sn.csv.gz nor "
                           "%.200sn.csv is there",
                           path, name, name);
    }
    if (c != HL_OK && err)
        *err = first;
    return c;
}

/* Clock of the record, from its header; a record without header keeps what is usual. */
static hl_code take_clock(hl_numerics *n, hl_place *place, const char *record, hl_error *err)
{
    char file[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_error absent;
    hl_buf text = {0};
    hl_wfdb_header h;
    hl_in *in = NULL;
    hl_code c;

    n->info.counter_hz = TICKS_HZ;
    n->info.start_ms = HL_WAVE_NO_TIME;
    c = open_as(place, record, ".hea", file, &in, &absent);
    if (c != HL_OK) {
        if (c != HL_E_INPUT && err)
            *err = absent;
        return c == HL_E_INPUT ? HL_OK : c;
    }
    hl_in_close(&in);
    c = hl_place_read(place, file, MAX_HEADER_BYTES, &text, NULL, err);
    if (c == HL_OK)
        c = hl_place_path(place, file, path, err);
    if (c == HL_OK)
        c = hl_wfdb_parse_header(n->arena, text.at, text.n, path, &h, err);
    if (c == HL_OK) {
        n->info.counter_hz = h.counter_hz;
        if (h.base_ms != HL_WFDB_NO_TIME) {
            n->info.has_date = h.base_day != HL_WFDB_NO_TIME;
            n->info.start_ms = h.base_ms + (n->info.has_date ? h.base_day * DAY_MS : 0);
        }
    }
    hl_buf_free(&text);
    return c;
}

/* --- the table -------------------------------------------------------------------------------- */

/* "NAME [UNITS]"; the bracket that ends the text is the units', with those inside it. */
static void split_name(hl_str text, hl_str *name, hl_str *units)
{
    size_t i = text.n, depth = 0;

    *name = text;
    *units = (hl_str){"", 0};
    if (text.n == 0 || text.at[text.n - 1] != ']')
        return;
    while (i-- > 0) {
        depth += text.at[i] == ']';
        if (text.at[i] == '[' && --depth == 0)
            break;
    }
    if (depth > 0 || i == 0 || i > text.n || text.at[i - 1] != ' ')
        return;
    *units = (hl_str){text.at + i + 1, text.n - i - 2};
    *name = (hl_str){text.at, i - 1};
}

static hl_code take_columns(hl_numerics *n, const hl_csv *csv, hl_error *err)
{
    const size_t n_columns = hl_csv_n_columns(csv) - 1;
    char show[HL_SHOW_BYTES];

    if (!hl_str_is(hl_csv_column(csv, 0), "time"))
        return hl_fail_at(err, HL_E_INPUT, hl_csv_name(csv), 1, -1,
                          "the first column is '%s'; numerics begin with 'time'",
                          hl_show(hl_csv_column(csv, 0), show));
    n->column = hl_arena_calloc(n->arena, n_columns + 1, sizeof *n->column);
    n->value = hl_arena_calloc(n->arena, n_columns + 1, sizeof *n->value);
    if (!n->column || !n->value)
        return hl_fail_memory(err, "columns", n_columns * sizeof *n->column);
    n->info.n_columns = (int64_t)n_columns;
    n->info.column = n->column;
    for (size_t i = 0; i < n_columns; i++) {
        hl_str name, units;
        split_name(hl_csv_column(csv, i + 1), &name, &units);
        n->column[i].name = hl_arena_str(n->arena, name).at;
        n->column[i].units = hl_arena_str(n->arena, units).at;
        if (!n->column[i].name || !n->column[i].units)
            return hl_fail_memory(err, "columns", name.n + units.n);
    }
    return HL_OK;
}

static hl_code make_room(hl_numerics *n, const char *name, hl_error *err)
{
    const int64_t rows = n->room ? 2 * n->room : FIRST_ROWS;
    const size_t bytes = (size_t)rows * sizeof(double);

    if (rows > MAX_VALUES / (n->info.n_columns + 1))
        return hl_fail(err, HL_E_LIMIT, "%s: more than 2,147,483,648 values", name);
    int64_t *tick = realloc(n->tick, bytes);
    if (tick)
        n->tick = tick;
    bool all = tick;
    for (int64_t i = 0; all && i < n->info.n_columns; i++) {
        double *value = realloc(n->value[i], bytes);
        if (value)
            n->value[i] = value;
        all = value;
    }
    if (!all)
        return hl_fail_memory(err, "numerics", bytes);
    n->room = rows;
    return HL_OK;
}

static hl_code take_row(hl_numerics *n, const hl_csv *csv, const hl_field *field, hl_error *err)
{
    const int64_t row = n->info.n_rows;
    char show[HL_SHOW_BYTES];

    if (!hl_parse_i64(hl_field_str(field[0]), &n->tick[row]))
        return hl_csv_fail(csv, err, 0, "'%s' is no whole number of counter ticks",
                           hl_show(hl_field_str(field[0]), show));
    n->info.n_unsorted += row > 0 && n->tick[row] < n->tick[row - 1];
    for (int64_t i = 0; i < n->info.n_columns; i++) {
        const hl_field f = field[i + 1];
        if (f.n == 0)
            n->value[i][row] = NAN;
        else if (!hl_parse_f64(hl_field_str(f), &n->value[i][row]))
            return hl_csv_fail(csv, err, (size_t)i + 1, "'%s' is no number",
                               hl_show(hl_field_str(f), show));
        n->column[i].n_values += !isnan(n->value[i][row]);
    }
    n->info.n_rows++;
    return HL_OK;
}

typedef struct {
    int64_t tick, row;
} placed;

static int by_tick(const void *a, const void *b, void *ctx)
{
    const placed *x = a, *y = b;

    (void)ctx;
    return (x->tick > y->tick) - (x->tick < y->tick);
}

/* Rows in the order of their ticks; equal ticks keep the order of the file. */
static hl_code sort_rows(hl_numerics *n, hl_error *err)
{
    const size_t rows = (size_t)n->info.n_rows;
    placed *order = malloc(rows * sizeof *order);
    double *sorted = malloc(rows * sizeof *sorted);
    hl_code c = order && sorted ? HL_OK : hl_fail_memory(err, "numerics", rows * sizeof *order);

    for (size_t i = 0; c == HL_OK && i < rows; i++)
        order[i] = (placed){n->tick[i], (int64_t)i};
    if (c == HL_OK)
        c = hl_sort_stable(order, rows, sizeof *order, by_tick, NULL, err);
    for (size_t i = 0; c == HL_OK && i < rows; i++)
        n->tick[i] = order[i].tick;
    for (int64_t k = 0; c == HL_OK && k < n->info.n_columns; k++) {
        for (size_t i = 0; i < rows; i++)
            sorted[i] = n->value[k][order[i].row];
        memcpy(n->value[k], sorted, rows * sizeof *sorted);
    }
    free(order);
    free(sorted);
    return c;
}

static hl_code load(hl_numerics *n, hl_in *in, hl_ctl *ctl, hl_error *err)
{
    const hl_csv_options options = {.cpu = hl_cpu_level(ctl ? ctl->cpu : 0), .ctl = ctl};
    hl_csv *csv = NULL;
    hl_field *field = NULL;
    hl_code c = hl_csv_open_in(in, NULL, 0, &options, &csv, err);

    if (c == HL_OK)
        c = take_columns(n, csv, err);
    if (c == HL_OK) {
        field = calloc((size_t)n->info.n_columns + 1, sizeof *field);
        c = field ? HL_OK : hl_fail_memory(err, "columns", sizeof *field);
    }
    while (c == HL_OK && (c = hl_csv_next(csv, field, err)) == HL_OK) {
        if (n->info.n_rows == n->room)
            c = make_room(n, hl_csv_name(csv), err);
        if (c == HL_OK)
            c = take_row(n, csv, field, err);
    }
    free(field);
    hl_csv_close(&csv);
    if (c == HL_END)
        c = n->info.n_unsorted > 0 ? sort_rows(n, err) : HL_OK;
    n->info.tick = n->tick;
    for (int64_t i = 0; i < n->info.n_columns; i++)
        n->column[i].value = n->value[i];
    return c;
}

/* --- open and close --------------------------------------------------------------------------- */

static hl_code open_numerics(hl_numerics *n, const char *path, hl_ctl *ctl, hl_error *err)
{
    char folder[HL_PATH_BYTES], name[HL_PATH_BYTES];
    hl_place *place = NULL;
    hl_in *in = NULL;
    hl_code c = hl_place_split(path, folder, name, err);

    if (c == HL_OK)
        c = hl_place_open(folder, &place, err);
    if (c == HL_OK)
        c = open_file(place, name, &in, err);
    if (c == HL_OK)
        c = take_clock(n, place, name, err);
    if (c == HL_OK)
        c = load(n, in, ctl, err);
    hl_in_close(&in);
    hl_place_close(&place);
    return c;
}

HL_API hl_code hl_numerics_open(const char *path, hl_ctl *ctl, hl_numerics **out, hl_error *err)
{
    hl_numerics *n = calloc(1, sizeof *n);
    hl_code c;

    *out = NULL;
    if (!n)
        return hl_fail_memory(err, "numerics", sizeof *n);
    n->arena = hl_arena_new(ARENA_BYTES);
    c = n->arena ? open_numerics(n, path, ctl, err) : hl_fail_memory(err, "numerics", ARENA_BYTES);
    if (c != HL_OK)
        hl_numerics_close(&n);
    *out = n;
    return c;
}

HL_API const hl_numerics_info *hl_numerics_about(const hl_numerics *n)
{
    return &n->info;
}

HL_API void hl_numerics_close(hl_numerics **numerics)
{
    hl_numerics *n = numerics ? *numerics : NULL;

    if (!n)
        return;
    for (int64_t i = 0; i < n->info.n_columns; i++)
        free(n->value[i]);
    free(n->tick);
    hl_arena_free(&n->arena);
    free(n);
    *numerics = NULL;
}
