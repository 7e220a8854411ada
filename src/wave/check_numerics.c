/*
 * check_numerics.c - RECORDn.csv.gz: its gzip and chunk table, columns, times and cells.
 *
 * Source: waveform.md 3.
 */
#include "wave/check.h"

#include <stdarg.h>
#include <stdlib.h>

#include "data/csv.h"
#include "format/dictzip.h"

enum { MOST_COLUMNS = 65536 };

typedef struct {
    hl_record_check *k;
    const char *file;
    hl_csv *csv;
    size_t n; /* columns, time included */
    hl_field *field;
    int64_t *n_values;    /* [n] */
    int64_t n_rows, tick; /* tick of the row before */
    int64_t early, early_line, early_tick, early_before;
    int64_t twice, twice_line, twice_tick;
    int64_t bad_times, bad_cells;
} table;

static void found(const table *t, hl_found_level level, const char *fmt, ...) HL_PRINTF(3, 4);
static void found(const table *t, hl_found_level level, const char *fmt, ...)
{
    char text[1200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    hl_wave_found(t->k->found, level, &t->k->here, "%s: %s", t->file, text);
}

/* A failure that the file is to blame for is a finding. */
static hl_code take_fault(const table *t, hl_code c, hl_error *local, hl_error *err)
{
    if (c == HL_OK)
        return HL_OK;
    if (!hl_wave_is_finding(c, local) || (c == HL_E_IO && t->k->is_remote)) {
        if (err)
            *err = *local;
        return c;
    }
    hl_wave_found(t->k->found, HL_FOUND_ERROR, &t->k->here, "%s", hl_wave_fault_text(t->k, local));
    return HL_OK;
}

/* --- packing ---------------------------------------------------------------------------------- */

/* gzip, its chunk table, CRC and length. *sound = false: the text cannot be had. */
static hl_code check_packing(table *t, hl_in *in, bool *sound, hl_error *err)
{
    hl_error local = {0};
    hl_dictzip *d = NULL;
    hl_code c = hl_dictzip_open(in, &d, &local);

    *sound = true;
    if (c == HL_E_INPUT && strstr(local.message, "no dictzip table")) {
        found(t, HL_FOUND_WARNING, "no dictzip table: readers must unpack it from its start");
        return HL_OK;
    }
    if (c == HL_OK)
        c = hl_dictzip_prove(d, t->k->all->ctl, &local);
    hl_dictzip_close(&d);
    *sound = c == HL_OK;
    return take_fault(t, c, &local, err);
}

/* --- columns ---------------------------------------------------------------------------------- */

/* "NAME [UNITS]" */
static bool has_units(hl_str name)
{
    const char *open =
        name.n > 0 && name.at[name.n - 1] == ']' ? memrchr(name.at, '[', name.n) : NULL;

    return open && open > name.at + 1 && open[-1] == ' ';
}

static void check_columns(const table *t)
{
    char a[HL_SHOW_BYTES], b[HL_SHOW_BYTES];

    if (!hl_str_is(hl_csv_column(t->csv, 0), "time"))
        found(t, HL_FOUND_ERROR, "the first column is '%s' and not 'time'",
              hl_show(hl_csv_column(t->csv, 0), a));
    for (size_t i = 1; i < t->n; i++) {
        const hl_str name = hl_csv_column(t->csv, i);
        if (!has_units(name))
            found(t, HL_FOUND_WARNING, "column '%s' is not named 'NAME [UNITS]'", hl_show(name, a));
        if (i > 1 && hl_str_compare(hl_csv_column(t->csv, i - 1), name) > 0)
            found(t, HL_FOUND_WARNING, "column '%s' stands behind '%s'; they are sorted as a rule",
                  hl_show(name, a), hl_show(hl_csv_column(t->csv, i - 1), b));
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

static void take_time(table *t)
{
    char show[HL_SHOW_BYTES];
    int64_t tick;

    if (!hl_parse_i64(hl_field_str(t->field[0]), &tick)) {
        if (t->bad_times++ == 0)
            found(t, HL_FOUND_ERROR, "line %lld: the time '%s' is no whole number",
                  (long long)hl_csv_line(t->csv), hl_show(hl_field_str(t->field[0]), show));
        return;
    }
    if (t->n_rows > 0 && tick < t->tick && t->early++ == 0) {
        t->early_line = hl_csv_line(t->csv);
        t->early_tick = tick;
        t->early_before = t->tick;
    }
    if (t->n_rows > 0 && tick == t->tick && t->twice++ == 0) {
        t->twice_line = hl_csv_line(t->csv);
        t->twice_tick = tick;
    }
    t->tick = tick;
    t->n_rows++;
}

static void take_row(table *t)
{
    char show[HL_SHOW_BYTES], column[HL_SHOW_BYTES];
    double v;

    take_time(t);
    for (size_t i = 1; i < t->n; i++) {
        const hl_str cell = hl_field_str(t->field[i]);
        if (cell.n == 0)
            continue;
        t->n_values[i]++;
        if (!hl_parse_f64(cell, &v) && t->bad_cells++ == 0)
            found(t, HL_FOUND_ERROR, "line %lld: '%s' in column '%s' is no number",
                  (long long)hl_csv_line(t->csv), hl_show(cell, show),
                  hl_show(hl_csv_column(t->csv, i), column));
    }
}

static void report(const table *t)
{
    char show[HL_SHOW_BYTES];

    if (t->early > 0)
        found(t, HL_FOUND_WARNING,
              "line %lld: the time %lld is before that of the row in front (%lld); rows out of "
              "order: %lld",
              (long long)t->early_line, (long long)t->early_tick, (long long)t->early_before,
              (long long)t->early);
    if (t->twice > 0)
        found(t, HL_FOUND_WARNING,
              "line %lld: the time %lld is that of the row in front too; rows that repeat a time: "
              "%lld",
              (long long)t->twice_line, (long long)t->twice_tick, (long long)t->twice);
    if (t->bad_times > 1)
        found(t, HL_FOUND_ERROR, "%lld times are no whole numbers", (long long)t->bad_times);
    if (t->bad_cells > 1)
        found(t, HL_FOUND_ERROR, "%lld cells are no numbers", (long long)t->bad_cells);
    for (size_t i = 1; i < t->n; i++)
        if (t->n_values[i] == 0)
            found(t, HL_FOUND_WARNING, "column '%s' has no value",
                  hl_show(hl_csv_column(t->csv, i), show));
}

static hl_code check_rows(table *t, hl_in *in, hl_error *err)
{
    const hl_csv_options options = {.cpu = t->k->all->cpu, .ctl = t->k->all->ctl};
    hl_error local = {0};
    hl_code c = hl_csv_open_in(in, NULL, 0, &options, &t->csv, &local);

    if (c != HL_OK)
        return take_fault(t, c, &local, err);
    t->n = hl_csv_n_columns(t->csv);
    if (t->n > MOST_COLUMNS) {
        found(t, HL_FOUND_ERROR, "%zu columns; at most %d are supported", t->n, MOST_COLUMNS);
        return HL_OK;
    }
    t->field = calloc(t->n, sizeof *t->field);
    t->n_values = calloc(t->n, sizeof *t->n_values);
    if (!t->field || !t->n_values)
        return hl_fail_memory(err, "columns", t->n * sizeof *t->field);
    check_columns(t);
    while ((c = hl_csv_next(t->csv, t->field, &local)) == HL_OK)
        take_row(t);
    t->k->checked->numeric_rows += hl_csv_rows(t->csv);
    report(t);
    return c == HL_END ? HL_OK : take_fault(t, c, &local, err);
}

/* --- the file --------------------------------------------------------------------------------- */

static hl_code check_file(hl_record_check *k, const char *file, hl_in *in, bool packed,
                          hl_error *err)
{
    table t = {.k = k, .file = file};
    bool sound = true;
    hl_code c = packed ? check_packing(&t, in, &sound, err) : HL_OK;

    if (c == HL_OK && sound)
        c = check_rows(&t, in, err);
    hl_csv_close(&t.csv);
    free(t.field);
    free(t.n_values);
    return c;
}

/* A record need not have numerics; packed or not is told by the name. */
hl_code hl_wave_check_numerics(hl_record_check *k, hl_error *err)
{
    static const char *const ending[] = {"n.csv.gz", "n.csv"};
    char file[HL_PATH_BYTES];

    for (int i = 0; i < 2; i++) {
        hl_error local = {0};
        hl_in *in = NULL;
        if (snprintf(file, sizeof file, "%s%s", k->target->name, ending[i]) >= (int)sizeof file)
            return HL_OK;
        hl_code c = hl_place_in(k->place, file, &in, &local);
        if (c == HL_E_INPUT)
            continue;
        table t = {.k = k, .file = file};
        if (c == HL_OK)
            c = check_file(k, file, in, i == 0, err);
        else
            c = take_fault(&t, c, &local, err);
        hl_in_close(&in);
        return c;
    }
    return HL_OK;
}
