/*
 * convert_columns.c - a table of numbers as a source of frames.
 *
 * Two passes. The first finds rate, range and gain of the columns, and how often each has a value:
 * `hilum wave cat` writes rows at the highest rate and leaves cells of slower signals empty, so
 * that a column with a value in every 4th row has one sample where another has 4.
 */
#include <math.h>
#include <stdlib.h>

#include "base/ctl.h"
#include "format/wfdb/signal.h"
#include "wave/convert.h"
#include "wave/convert_gain.h"
#include "wave/convert_table.h"

enum {
    MOST_ROWS_A_FRAME = 1000,
    MOST_DECIMALS = 9,
    SURE_VALUES = 16 /* of a column, before the rows without one are taken for its rate */
};

typedef struct {
    int32_t at; /* column of the file */
    const char *name, *units;
    bool digital;  /* adu */
    int64_t every; /* it has values in rows that are multiples of this; 0 = none but in row 0 */
    hl_gain_state seen;
    hl_gain_choice gain;
    int64_t n_rounded;
    double most_rounded; /* units */
} column;

struct hl_table {
    hl_in *in;
    hl_table_rows rows;
    const char *path;
    column *column; /* [n_columns] the wanted ones */
    int32_t n_columns;
    double *value; /* [rows.n_columns] */
    int64_t n_rows, rows_per_frame;
    double row_hz;
    int32_t time; /* column; -1 = none */
    double first_time, last_time, first_step;
    int32_t decimals; /* of the times */
    bool rate_found;  /* by the times */
};

/* --- columns ------------------------------------------------------------------------------------
 */

static bool is_time(hl_str name)
{
    static const char *const known[] = {"time[s]", "time [s]", "time_s", "time"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (hl_str_is(name, known[i]))
            return true;
    return false;
}

/* "ABP [mmHg]" to name and units. */
static hl_code take_heading(hl_convert *x, hl_str text, column *to, hl_error *err)
{
    hl_str name = hl_str_trim(text), units = {NULL, 0};

    if (name.n > 2 && name.at[name.n - 1] == ']') {
        size_t open = name.n - 1;
        while (open > 0 && name.at[open] != '[')
            open--;
        if (open > 0) {
            units = hl_str_trim((hl_str){name.at + open + 1, name.n - open - 2});
            name = hl_str_trim((hl_str){name.at, open});
        }
    }
    to->digital = hl_str_is(units, "adu");
    to->name = hl_arena_copy(x->arena, name.at, name.n);
    to->units = units.n && !to->digital ? hl_arena_copy(x->arena, units.at, units.n) : "mV";
    return to->name && to->units ? HL_OK : hl_fail_memory(err, "columns", name.n);
}

static hl_code list_columns(hl_convert *x, hl_table *t, hl_error *err)
{
    hl_code c = HL_OK;

    t->time = -1;
    t->column = hl_arena_calloc(x->arena, (size_t)t->rows.n_columns, sizeof *t->column);
    t->value = hl_arena_calloc(x->arena, (size_t)t->rows.n_columns, sizeof *t->value);
    if (!t->column || !t->value)
        return hl_fail_memory(err, "columns", (size_t)t->rows.n_columns * sizeof *t->column);
    for (int32_t i = 0; i < t->rows.n_columns && c == HL_OK; i++) {
        column *to = &t->column[t->n_columns];
        if (t->rows.csv && i == 0 && is_time(hl_str_trim(hl_csv_column(t->rows.csv, 0)))) {
            t->time = 0;
            continue;
        }
        *to = (column){.at = i,
                       .units = "mV",
                       .digital = t->rows.integers,
                       .seen = {.precision = t->rows.precision}};
        if (t->rows.csv)
            c = take_heading(x, hl_csv_column(t->rows.csv, (size_t)i), to, err);
        else
            to->name = hl_arena_printf(x->arena, "signal %d", (int)t->n_columns);
        if (c == HL_OK && !to->name)
            c = hl_fail_memory(err, "columns", 16);
        t->n_columns++;
    }
    if (c == HL_OK && t->n_columns == 0)
        c = hl_fail_at(err, HL_E_INPUT, t->path, 1, -1, "there is no column but the time");
    return c;
}

static int32_t find_column(const hl_table *t, hl_str name)
{
    int64_t i;

    for (int32_t k = 0; k < t->n_columns; k++)
        if (hl_str_is(name, t->column[k].name))
            return k;
    if (name.n > 1 && name.at[0] == '#' && hl_parse_i64((hl_str){name.at + 1, name.n - 1}, &i) &&
        i >= 0 && i < t->n_columns)
        return (int32_t)i;
    return -1;
}

/* The i-th item of a list with commas; false behind the last. */
static bool list_item(const char *list, int32_t i, hl_str *out)
{
    const char *at = list;

    for (; i > 0 && at; i--) {
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
    if (!at)
        return false;
    *out = hl_str_trim((hl_str){at, strcspn(at, ",")});
    return true;
}

static hl_code choose_columns(hl_convert *x, hl_table *t, hl_error *err)
{
    column *chosen = hl_arena_calloc(x->arena, HL_TABLE_MOST_COLUMNS, sizeof *chosen);
    hl_str name;
    int32_t n = 0;

    if (!chosen)
        return hl_fail_memory(err, "columns", HL_TABLE_MOST_COLUMNS * sizeof *chosen);
    for (; list_item(x->o->signals, n, &name); n++) {
        char show[HL_SHOW_BYTES];
        int32_t k = find_column(t, name);
        if (k < 0)
            return hl_fail(err, HL_E_USAGE, "%s has no column '%s'", t->path, hl_show(name, show));
        if (n == HL_TABLE_MOST_COLUMNS)
            return hl_fail(err, HL_E_LIMIT, "more than %d signals", HL_TABLE_MOST_COLUMNS);
        chosen[n] = t->column[k];
    }
    t->column = chosen;
    t->n_columns = n;
    return HL_OK;
}

/* --units: one for all, or one a column. */
static hl_code take_units(hl_convert *x, hl_table *t, hl_error *err)
{
    hl_str units;
    int32_t n = 0;

    while (list_item(x->o->units, n, &units))
        n++;
    if (n != 1 && n != t->n_columns)
        return hl_fail(err, HL_E_USAGE, "--units %s: %d units for %d signals", x->o->units, (int)n,
                       (int)t->n_columns);
    for (int32_t k = 0; k < t->n_columns; k++) {
        list_item(x->o->units, n == 1 ? 0 : k, &units);
        if (units.n == 0)
            return hl_fail(err, HL_E_USAGE, "--units %s: unit %d is empty", x->o->units, (int)k);
        t->column[k].units = hl_arena_copy(x->arena, units.at, units.n);
        if (!t->column[k].units)
            return hl_fail_memory(err, "units", units.n);
    }
    return HL_OK;
}

/* What a header cannot hold is changed where nobody will miss it: blanks in units. */
static hl_code check_texts(hl_convert *x, hl_table *t, hl_error *err)
{
    char show[HL_SHOW_BYTES];

    for (int32_t k = 0; k < t->n_columns; k++) {
        column *at = &t->column[k];
        char *units = hl_arena_copy(x->arena, at->units, strlen(at->units));
        if (!units)
            return hl_fail_memory(err, "units", 16);
        for (char *p = units; *p; p++)
            *p = (unsigned char)*p <= ' ' ? '_' : *p;
        at->units = units;
        for (const char *p = at->name; *p; p++)
            if ((unsigned char)*p < ' ')
                return hl_fail_at(err, HL_E_INPUT, t->path, 1, -1,
                                  "the name '%s' has a control character",
                                  hl_show(hl_str_of(at->name), show));
        if (!*at->name)
            at->name = hl_arena_printf(x->arena, "column %d", (int)at->at);
        if (!at->name)
            return hl_fail_memory(err, "columns", 16);
    }
    return HL_OK;
}

/* --- times --------------------------------------------------------------------------------------
 */

static int32_t decimals_of(hl_str text)
{
    const char *dot = text.n ? memchr(text.at, '.', text.n) : NULL;

    if (memchr(text.at, 'e', text.n) || memchr(text.at, 'E', text.n))
        return MOST_DECIMALS;
    const int64_t n = dot ? text.at + text.n - dot - 1 : 0;
    return n > MOST_DECIMALS ? MOST_DECIMALS : (int32_t)n;
}

/* By how much a printed time may be off. */
static double slack(const hl_table *t)
{
    return pow(10, -t->decimals);
}

/* The time of the last row: it goes on by the first step, as far as its decimals show. */
static hl_code take_time(hl_table *t, int64_t row, hl_error *err)
{
    const double v = t->value[t->time];
    const int32_t decimals = decimals_of(hl_str_trim(hl_field_str(t->rows.field[t->time])));

    if (isnan(v))
        return hl_table_rows_fail(&t->rows, err, t->time, "there is no time");
    t->decimals = decimals > t->decimals ? decimals : t->decimals;
    if (row == 0) {
        t->first_time = v;
    } else {
        const double step = v - t->last_time;
        if (step <= 0)
            return hl_table_rows_fail(&t->rows, err, t->time, "%.10g s is not behind %.10g s", v,
                                      t->last_time);
        if (row == 1)
            t->first_step = step;
        if (fabs(step - t->first_step) > 2 * slack(t) + 0.1 * t->first_step)
            return hl_table_rows_fail(
                &t->rows, err, t->time,
                "%.10g s is %.10g s behind the row before, the first step was %.10g s\nRows must "
                "be evenly spaced: leave cells empty where nothing was measured.",
                v, step, t->first_step);
    }
    t->last_time = v;
    return HL_OK;
}

static hl_code check_time(const hl_table *t, int64_t row, hl_error *err)
{
    const double v = t->value[t->time], due = t->first_time + (double)row / t->row_hz;

    /* Two printed times, and the rate if it comes from two others. */
    if (fabs(v - due) <= (t->rate_found ? 2.1 : 1.1) * slack(t) + 0.05 / t->row_hz)
        return HL_OK;
    return hl_table_rows_fail(&t->rows, err, t->time,
                              "%.10g s, but row %lld at %.10g rows a second is at %.10g s", v,
                              (long long)row, t->row_hz, due);
}

static hl_code find_rate(hl_convert *x, hl_table *t, hl_error *err)
{
    t->row_hz = x->o->rate_hz;
    if (t->row_hz > 0)
        return HL_OK;
    if (t->time < 0)
        return hl_fail(err, HL_E_USAGE,
                       "%s does not say how many rows are a second\nGive --rate HZ.", t->path);
    if (t->n_rows < 2)
        return hl_fail(err, HL_E_USAGE, "%s has one row: its rate does not show\nGive --rate HZ.",
                       t->path);
    const double span = t->last_time - t->first_time;
    t->rate_found = true;
    hl_round_digits((double)(t->n_rows - 1) / span, slack(t) / span + 1e-12, &t->row_hz);
    hl_convert_note(x, "%.10g rows a second, by the times", t->row_hz);
    if (t->first_time != 0)
        hl_convert_note(x, "the first row is at %.10g s; in the record it is at 0", t->first_time);
    return HL_OK;
}

/* --- the first pass -----------------------------------------------------------------------------
 */

static int64_t common(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static hl_code look_at(hl_table *t, column *k, int64_t row, hl_error *err)
{
    const double v = t->value[k->at];

    if (isnan(v))
        return HL_OK;
    if (k->digital && (v != floor(v) || fabs(v) > INT32_MAX))
        return hl_table_rows_fail(&t->rows, err, k->at, "%.17g is no adu of 32 bits", v);
    k->every = common(row, k->every);
    hl_gain_add(&k->seen, v);
    return HL_OK;
}

static hl_code first_pass(hl_convert *x, hl_table *t, hl_error *err)
{
    hl_code c = HL_OK;

    hl_ctl_phase(x->ctl, "looking at the table", 0);
    while (c == HL_OK && (c = hl_table_rows_next(&t->rows, t->value, err)) == HL_OK) {
        if (t->time >= 0)
            c = take_time(t, t->n_rows, err);
        for (int32_t k = 0; k < t->n_columns && c == HL_OK; k++)
            c = look_at(t, &t->column[k], t->n_rows, err);
        t->n_rows++;
        if (c == HL_OK && t->n_rows % 65536 == 0)
            c = hl_ctl_check(x->ctl, err);
    }
    if (c != HL_END)
        return c;
    hl_table_rows_close(&t->rows);
    return t->n_rows > 0 ? HL_OK : hl_fail_at(err, HL_E_INPUT, t->path, 0, -1, "there are no rows");
}

/* Rows of a frame: so that every column has a whole number of samples. */
static void find_frames(hl_convert *x, hl_table *t)
{
    int64_t rows = 1;

    for (int32_t k = 0; k < t->n_columns && rows <= MOST_ROWS_A_FRAME; k++) {
        const int64_t every = t->column[k].seen.n < SURE_VALUES ? 1 : t->column[k].every;
        if (every > MOST_ROWS_A_FRAME)
            rows = every;
        else if (every > 1)
            rows = rows / common(rows, every) * every;
    }
    if (t->time < 0 || rows > MOST_ROWS_A_FRAME)
        rows = 1;
    t->rows_per_frame = rows;
    for (int32_t k = 0; k < t->n_columns; k++) {
        column *to = &t->column[k];
        if (rows == 1 || to->seen.n < SURE_VALUES)
            to->every = 1;
        if (to->every > 1)
            hl_convert_note(x, "%s has a sample in 1 of %lld rows", to->name, (long long)to->every);
    }
}

static void find_gains(hl_convert *x, hl_table *t, const hl_wfdb_format *f)
{
    const int32_t most = f->format == 8 ? INT16_MAX : f->most;

    for (int32_t k = 0; k < t->n_columns; k++) {
        column *to = &t->column[k];
        if (to->digital)
            to->gain = (hl_gain_choice){.gain = 1, .exact = true};
        else if (x->o->gain > 0)
            to->gain = (hl_gain_choice){.gain = x->o->gain};
        else
            to->gain = hl_gain_choose(&to->seen, -most, most);
    }
}

/* --- the second ---------------------------------------------------------------------------------
 */

static hl_code to_adu(hl_table *t, column *k, int32_t *out, hl_error *err)
{
    const double v = t->value[k->at];

    *out = HL_WFDB_INVALID;
    if (isnan(v))
        return HL_OK;
    const double y = v * k->gain.gain, n = (y < 0 ? ceil(y - 0.5) : floor(y + 0.5));
    const double code = n + k->gain.baseline;
    if (!(fabs(code) <= INT32_MAX))
        return hl_table_rows_fail(&t->rows, err, k->at,
                                  "%.10g at a gain of %.10g is beyond 32 bits", v, k->gain.gain);
    *out = (int32_t)code;
    double back = n / k->gain.gain;
    if (t->rows.precision > 0x1p-50)
        back = (float)back;
    if (back != v && !k->digital) {
        k->n_rounded++;
        k->most_rounded = fabs(back - v) > k->most_rounded ? fabs(back - v) : k->most_rounded;
    }
    return HL_OK;
}

static void fill_frame_end(hl_table *t, int64_t row, int32_t *const to[])
{
    for (int32_t k = 0; k < t->n_columns; k++)
        if (row % t->column[k].every == 0)
            to[k][row / t->column[k].every] = HL_WFDB_INVALID;
}

static hl_code fill(void *ctx, int64_t n, int32_t *const to[], hl_error *err)
{
    hl_table *t = ctx;
    hl_code c = HL_OK;

    for (int64_t i = 0; i < n * t->rows_per_frame && c == HL_OK; i++) {
        const int64_t row = t->rows.row;
        if (row >= t->n_rows) { /* the last frame is not full */
            fill_frame_end(t, i, to);
            continue;
        }
        c = hl_table_rows_next(&t->rows, t->value, err);
        if (c == HL_END)
            return hl_fail_at(err, HL_E_INPUT, t->path, 0, -1,
                              "the file became shorter while it was read");
        if (c == HL_OK && t->time >= 0)
            c = check_time(t, row, err);
        for (int32_t k = 0; k < t->n_columns && c == HL_OK; k++)
            if (i % t->column[k].every == 0)
                c = to_adu(t, &t->column[k], &to[k][i / t->column[k].every], err);
    }
    return c;
}

void hl_table_tell(hl_convert *x, const hl_table *t)
{
    for (int32_t k = 0; k < t->n_columns; k++) {
        const column *at = &t->column[k];
        char show[HL_SHOW_BYTES];
        hl_show(hl_str_of(at->name), show);
        if (at->digital)
            continue;
        if (at->n_rounded == 0)
            hl_convert_note(x, "%s: gain %.15g/%s, every value as it was", show, at->gain.gain,
                            at->units);
        else
            hl_convert_note(x, "%s: gain %.15g/%s, %lld values rounded, by %.3g %s at most", show,
                            at->gain.gain, at->units, (long long)at->n_rounded, at->most_rounded,
                            at->units);
    }
}

/* --- the source ---------------------------------------------------------------------------------
 */

static int32_t bits_of(const hl_wfdb_format *f)
{
    int32_t bits = 2;

    if (f->format == 8)
        return 16;
    while (bits < 32 && (INT64_C(1) << (bits - 1)) - 1 < f->most)
        bits++;
    return bits;
}

static hl_code describe(hl_convert *x, hl_table *t, const hl_wfdb_format *f, hl_wfdb_header *h,
                        hl_error *err)
{
    *h = (hl_wfdb_header){.name = x->name,
                          .n_signals = t->n_columns,
                          .base_time = "",
                          .base_date = "",
                          .base_ms = HL_WFDB_NO_TIME,
                          .base_day = HL_WFDB_NO_TIME,
                          .n_samples = (t->n_rows - 1) / t->rows_per_frame + 1};
    hl_round_digits(t->row_hz / (double)t->rows_per_frame, 1e-14, &h->rate_hz);
    h->counter_hz = h->rate_hz;
    h->signal = hl_arena_calloc(x->arena, (size_t)t->n_columns, sizeof *h->signal);
    if (!h->signal)
        return hl_fail_memory(err, "signals", (size_t)t->n_columns * sizeof *h->signal);
    for (int32_t k = 0; k < t->n_columns; k++) {
        const column *from = &t->column[k];
        const bool calibrated = !from->digital || x->o->gain > 0;
        h->signal[k] = (hl_wfdb_signal){
            .file = "~",
            .format = f->format,
            .samples_per_frame = (int32_t)(t->rows_per_frame / from->every),
            .gain = calibrated ? (from->digital ? x->o->gain : from->gain.gain) : 200,
            .calibrated = calibrated,
            .baseline = from->gain.baseline,
            .units = from->units,
            .adc_bits = bits_of(f),
            .description = from->name,
            .has_gain = calibrated,
            .has_units = true,
            .has_baseline = true,
            .has_adc_bits = true};
    }
    if (t->n_rows % t->rows_per_frame != 0)
        hl_convert_note(x, "the last frame of %lld rows is not full; what is missing is invalid",
                        (long long)t->rows_per_frame);
    return HL_OK;
}

hl_code hl_table_open(hl_convert *x, hl_table **out, hl_convert_source *source, hl_error *err)
{
    const hl_wfdb_format *f = hl_wfdb_format_find(x->o->format ? x->o->format : 16);
    hl_table *t = calloc(1, sizeof *t);

    hl_assert(f != NULL);
    *out = t;
    if (!t)
        return hl_fail_memory(err, "table", sizeof *t);
    t->path = x->o->in;
    hl_code c = hl_in_open(t->path, &t->in, err);
    if (c == HL_OK)
        c = hl_table_rows_open(x->arena, t->in, x->ctl, &t->rows, err);
    if (c == HL_OK)
        c = list_columns(x, t, err);
    if (c == HL_OK && x->o->signals)
        c = choose_columns(x, t, err);
    if (c == HL_OK && x->o->units)
        c = take_units(x, t, err);
    if (c == HL_OK)
        c = check_texts(x, t, err);
    if (c == HL_OK && t->time < 0)
        c = find_rate(x, t, err); /* before a long pass over it */
    if (c == HL_OK)
        c = first_pass(x, t, err);
    if (c == HL_OK && t->time >= 0)
        c = find_rate(x, t, err);
    if (c != HL_OK)
        return c;
    find_frames(x, t);
    find_gains(x, t, f);
    *source = (hl_convert_source){.fill = fill, .ctx = t};
    c = describe(x, t, f, &source->header, err);
    if (c == HL_OK)
        c = hl_convert_ready(x, source, err);
    return c == HL_OK ? hl_table_rows_open(x->arena, t->in, x->ctl, &t->rows, err) : c;
}

void hl_table_close(hl_table **table)
{
    if (!table || !*table)
        return;
    hl_table_rows_close(&(*table)->rows);
    hl_in_close(&(*table)->in);
    free(*table);
    *table = NULL;
}
