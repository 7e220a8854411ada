#include "wave/numerics_out.h"

#include <math.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/ctl.h"
#include "base/json.h"
#include "data/csv.h"
#include "data/npy.h"
#include "wave/record.h"

enum { FLUSH_BYTES = 1 << 18, ROWS_A_CHECK = 1 << 14 };

#define MAX_ROWS 1e10

/* One call. */
typedef struct {
    const hl_numerics_info *n;
    const hl_numerics_rows *o;
    int64_t origin;      /* tick at which row 0 of the grid begins */
    int64_t first, last; /* grid: rows first .. last - 1; raw: rows of the file */
    int64_t i_row;       /* of the file, the next one */
    int32_t n_columns;
    double *value;          /* [n_columns] of the row being made */
    double *held, *held_at; /* [n_columns] the last value, and its tick; NaN = none yet */
    hl_buf out;
} rows;

/* --- which rows ------------------------------------------------------------------------------- */

static int32_t column_of(const rows *r, int32_t k)
{
    return r->o->column ? r->o->column[k] : k;
}

/* Step of the grid in which a tick lies. */
static double step_of(const rows *r, int64_t tick)
{
    return floor(((double)tick - (double)r->origin) * r->o->rate_hz / r->n->counter_hz);
}

/* First row of the file at or behind tick. */
static int64_t row_at(const hl_numerics_info *n, int64_t tick)
{
    int64_t low = 0, high = n->n_rows;

    while (low < high) {
        const int64_t mid = low + (high - low) / 2;
        if (n->tick[mid] < tick)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static hl_code choose_grid(rows *r, hl_error *err)
{
    const hl_numerics_info *n = r->n;
    const bool any = n->n_rows > 0;
    const int64_t last_tick = any ? n->tick[n->n_rows - 1] : 0;
    double first = 0, last = any ? step_of(r, last_tick) + 1 : 0;

    if (r->o->from == HL_NUMERICS_START && any && step_of(r, n->tick[0]) < 0)
        first = step_of(r, n->tick[0]);
    if (r->o->to != HL_NUMERICS_END)
        last = ceil(((double)r->o->to - (double)r->origin) * r->o->rate_hz / n->counter_hz);
    if (last < first)
        last = first;
    if (!(last - first <= MAX_ROWS && fabs(first) < 9e15))
        return hl_fail(err, HL_E_LIMIT,
                       "%.0f rows between tick %lld and tick %lld at this rate; at most 10^10 are "
                       "written\nGive --from and --to.",
                       last - first, (long long)(any ? n->tick[0] : 0), (long long)last_tick);
    r->first = (int64_t)first;
    r->last = (int64_t)last;
    return HL_OK;
}

static hl_code choose(rows *r, hl_error *err)
{
    r->n_columns = r->o->column ? r->o->n_columns : (int32_t)r->n->n_columns;
    r->origin = r->o->from == HL_NUMERICS_START ? 0 : r->o->from;
    if (r->o->rate_hz > 0)
        return choose_grid(r, err);
    r->first = row_at(r->n, r->o->from);
    r->last = r->o->to == HL_NUMERICS_END ? r->n->n_rows : row_at(r->n, r->o->to);
    if (r->last < r->first)
        r->last = r->first;
    return HL_OK;
}

hl_code hl_numerics_count(const hl_numerics_info *n, const hl_numerics_rows *o, int64_t *n_rows,
                          hl_error *err)
{
    rows r = {.n = n, .o = o};
    const hl_code c = choose(&r, err);

    *n_rows = r.last - r.first;
    return c;
}

/* --- values of a row -------------------------------------------------------------------------- */

/* The next row of the file: its values are the last ones now. */
static void take_row(rows *r, bool in_this_row)
{
    const int64_t i = r->i_row++;

    for (int32_t k = 0; k < r->n_columns; k++) {
        const double v = r->n->column[column_of(r, k)].value[i];
        if (isnan(v))
            continue;
        if (in_this_row)
            r->value[k] = v;
        r->held[k] = v;
        r->held_at[k] = (double)r->n->tick[i];
    }
}

static void hold(rows *r, double tick)
{
    if (!r->o->hold)
        return;
    for (int32_t k = 0; k < r->n_columns; k++)
        if (isnan(r->value[k]) && !isnan(r->held[k]) &&
            (r->o->hold_s <= 0 || (tick - r->held_at[k]) / r->n->counter_hz <= r->o->hold_s))
            r->value[k] = r->held[k];
}

static double grid_tick(const rows *r, int64_t step)
{
    return (double)r->origin + (double)step * r->n->counter_hz / r->o->rate_hz;
}

/* Values of row i into r->value; gives its tick. */
static double make_row(rows *r, int64_t i)
{
    const int64_t n_rows = r->n->n_rows;
    double tick;

    for (int32_t k = 0; k < r->n_columns; k++)
        r->value[k] = NAN;
    if (r->o->rate_hz > 0) {
        tick = grid_tick(r, i);
        while (r->i_row < n_rows && step_of(r, r->n->tick[r->i_row]) < (double)i)
            take_row(r, false);
        while (r->i_row < n_rows && r->n->tick[r->i_row] < r->o->to &&
               step_of(r, r->n->tick[r->i_row]) == (double)i)
            take_row(r, true);
    } else {
        tick = (double)r->n->tick[i];
        while (r->i_row < i)
            take_row(r, false);
        take_row(r, true);
    }
    hold(r, tick);
    return tick;
}

/* --- csv -------------------------------------------------------------------------------------- */

static bool has_clock(const hl_numerics_info *n)
{
    return n->start_ms != HL_WAVE_NO_TIME;
}

/* Wall clock with milliseconds; without a date, the time of day. Nothing beyond the calendar. */
static void put_clock(hl_buf *to, const hl_numerics_info *n, double seconds)
{
    static const hl_civil ends[2] = {{1, 1, 1, 0, 0, 0}, {9999, 12, 31, 23, 59, 59}};
    const double at = floor((double)n->start_ms + seconds * 1000 + 0.5);
    char text[HL_TIME_CHARS];

    if (!(fabs(at) < 9e15))
        return;
    const int64_t ms = (int64_t)at, part = (ms % 1000 + 1000) % 1000, s = (ms - part) / 1000;
    if (s < hl_civil_seconds(&ends[0]) || s > hl_civil_seconds(&ends[1]))
        return;
    hl_print_time(s, text);
    hl_buf_printf(to, "%s.%03d", n->has_date ? text : strchr(text, ' ') + 1, (int)part);
}

/* As in the file: whole numbers without a point. */
static void put_value(hl_buf *to, double v)
{
    if (isnan(v))
        return;
    if (fabs(v) < 1e15 && v == floor(v))
        hl_buf_i64(to, (int64_t)v);
    else
        hl_buf_f64(to, v);
}

static void put_name(hl_buf *to, const hl_numerics_column *column)
{
    hl_buf name = {0};

    hl_buf_text(&name, column->name);
    if (*column->units)
        hl_buf_printf(&name, " [%s]", column->units);
    to->oom |= name.oom;
    hl_csv_put(to, (hl_str){name.at, name.n});
    hl_buf_free(&name);
}

static void put_csv_header(rows *r)
{
    hl_buf_text(&r->out, has_clock(r->n) ? "tick,seconds,time" : "tick,seconds");
    for (int32_t k = 0; k < r->n_columns; k++) {
        hl_buf_char(&r->out, ',');
        put_name(&r->out, &r->n->column[column_of(r, k)]);
    }
    hl_buf_char(&r->out, '\n');
}

static void put_csv_row(rows *r, double tick)
{
    const double seconds = tick / r->n->counter_hz;

    hl_buf_printf(&r->out, "%.0f,%.6f", tick, seconds);
    if (has_clock(r->n)) {
        hl_buf_char(&r->out, ',');
        put_clock(&r->out, r->n, seconds);
    }
    for (int32_t k = 0; k < r->n_columns; k++) {
        hl_buf_char(&r->out, ',');
        put_value(&r->out, r->value[k]);
    }
    hl_buf_char(&r->out, '\n');
}

/* --- npy -------------------------------------------------------------------------------------- */

static void put_double(hl_buf *to, double v)
{
    uint64_t bits;
    uint8_t le[8];

    memcpy(&bits, &v, sizeof bits);
    for (int i = 0; i < 8; i++)
        le[i] = (uint8_t)(bits >> 8 * i);
    hl_buf_append(to, le, sizeof le);
}

static hl_code put_npy_header(rows *r, hl_error *err)
{
    const int64_t shape[2] = {r->last - r->first, r->n_columns + (r->o->rate_hz > 0 ? 0 : 1)};

    return hl_npy_put_header(&r->out, "<f8", shape, 2, err);
}

static void put_npy_row(rows *r, double tick)
{
    if (!(r->o->rate_hz > 0))
        put_double(&r->out, tick);
    for (int32_t k = 0; k < r->n_columns; k++)
        put_double(&r->out, r->value[k]);
}

/* --- writing ---------------------------------------------------------------------------------- */

static hl_code make_room(rows *r, hl_error *err)
{
    const size_t n = (size_t)r->n_columns;

    r->value = calloc(3 * n + 1, sizeof *r->value);
    if (!r->value)
        return hl_fail_memory(err, "numerics", 3 * n * sizeof *r->value);
    r->held = r->value + n;
    r->held_at = r->held + n;
    for (size_t k = 0; k < n; k++)
        r->held[k] = NAN;
    return HL_OK;
}

hl_code hl_numerics_write(const hl_numerics_info *n, const hl_numerics_rows *o, const hl_sink *sink,
                          hl_ctl *ctl, hl_error *err)
{
    rows r = {.n = n, .o = o};
    const bool npy = o->format == HL_NUMERICS_NPY;
    hl_code c = choose(&r, err);

    if (c == HL_OK)
        c = make_room(&r, err);
    if (c == HL_OK && npy)
        c = put_npy_header(&r, err);
    else if (c == HL_OK)
        put_csv_header(&r);
    hl_ctl_phase(ctl, "writing rows", r.last - r.first);
    for (int64_t i = r.first; c == HL_OK && i < r.last; i++) {
        const double tick = make_row(&r, i);
        if (npy)
            put_npy_row(&r, tick);
        else
            put_csv_row(&r, tick);
        if (r.out.n >= FLUSH_BYTES)
            c = hl_sink_flush(sink, &r.out, err);
        if (c == HL_OK && (i - r.first) % ROWS_A_CHECK == 0) {
            hl_ctl_set_done(ctl, i - r.first);
            c = hl_ctl_check(ctl, err);
        }
    }
    if (c == HL_OK)
        c = hl_sink_flush(sink, &r.out, err);
    hl_buf_free(&r.out);
    free(r.value);
    return c;
}

hl_code hl_numerics_describe(const hl_numerics_info *n, const hl_numerics_rows *o, hl_buf *json,
                             hl_error *err)
{
    rows r = {.n = n, .o = o};
    hl_json_writer w = hl_json_write_to(json, 1);
    hl_buf time = {0};
    hl_code c = choose(&r, err);

    if (c != HL_OK)
        return c;
    const bool raw = !(o->rate_hz > 0), any = r.last > r.first;
    const double tick = !any ? 0 : raw ? (double)n->tick[r.first] : grid_tick(&r, r.first);
    hl_json_open(&w, '{');
    hl_json_member_int(&w, "rows", r.last - r.first);
    hl_json_put_key(&w, "columns");
    hl_json_open(&w, '[');
    for (int32_t k = raw ? -1 : 0; k < r.n_columns; k++) {
        hl_json_open(&w, '{');
        hl_json_member_cstr(&w, "name", k < 0 ? "tick" : n->column[column_of(&r, k)].name);
        hl_json_member_cstr(&w, "units", k < 0 ? "" : n->column[column_of(&r, k)].units);
        hl_json_close(&w, '}');
    }
    hl_json_close(&w, ']');
    hl_json_put_key(&w, "tick_hz");
    hl_json_put_real(&w, n->counter_hz);
    hl_json_put_key(&w, "rate_hz");
    if (raw)
        hl_json_put_null(&w);
    else
        hl_json_put_real(&w, o->rate_hz);
    hl_json_put_key(&w, "first_tick");
    if (any)
        hl_json_put_real(&w, tick);
    else
        hl_json_put_null(&w);
    if (any && has_clock(n))
        put_clock(&time, n, tick / n->counter_hz);
    hl_json_member_cstr(&w, "first_time", time.n ? time.at : NULL);
    hl_json_close(&w, '}');
    hl_buf_char(json, '\n');
    hl_buf_free(&time);
    return hl_buf_check(json, "columns", err);
}

/* --- what a caller asks for --------------------------------------------------------------------
 */

hl_code hl_numerics_tick_of(const hl_numerics_info *n, const char *text, int64_t *tick,
                            hl_error *err)
{
    /* A record whose frames are ticks. */
    const hl_wave w = {.info = {.name = "of these numerics",
                                .frame_hz = n->counter_hz,
                                .counter_hz = n->counter_hz,
                                .n_frames = n->n_rows ? n->tick[n->n_rows - 1] + 1 : 0,
                                .max_samples_per_frame = 1,
                                .start_ms = n->start_ms,
                                .has_date = n->has_date}};
    const hl_str trimmed = hl_str_trim(hl_str_of(text));

    if (trimmed.n > 0 && (trimmed.at[0] == 's' || trimmed.at[0] == 'f'))
        return hl_fail(
            err, HL_E_USAGE,
            "'%.60s': numerics have no samples and no frames\nUse c1234 (counter ticks), "
            "seconds, H:M:S or a wall clock.",
            text);
    return hl_wave_frame_of(&w, text, tick, err);
}

static bool is_called(const hl_numerics_column *column, hl_str name)
{
    const size_t n = strlen(column->name), n_units = strlen(column->units);

    if (hl_str_is(name, column->name))
        return true;
    return name.n == n + n_units + 3 && memcmp(name.at, column->name, n) == 0 &&
           memcmp(name.at + n, " [", 2) == 0 &&
           memcmp(name.at + n + 2, column->units, n_units) == 0 && name.at[name.n - 1] == ']';
}

hl_code hl_numerics_find(const hl_numerics_info *n, hl_str name, int32_t *column, hl_error *err)
{
    enum { MOST = 400 };
    char show[HL_SHOW_BYTES];
    hl_buf list = {0};
    int32_t found = 0;
    hl_code c;

    for (int64_t i = 0; i < n->n_columns; i++)
        if (is_called(&n->column[i], name)) {
            *column = (int32_t)i;
            found++;
        }
    if (found == 1)
        return HL_OK;
    if (found > 1)
        return hl_fail(err, HL_E_USAGE,
                       "%d columns are called '%s'\nGive the units too: '%s [UNITS]'.", (int)found,
                       hl_show(name, show), show);
    for (int64_t i = 0; i < n->n_columns && list.n < MOST; i++)
        hl_buf_printf(&list, "%s%s", i ? ", " : "", n->column[i].name);
    c = hl_fail(err, HL_E_USAGE, "no column '%s'; there are %.450s", hl_show(name, show),
                list.at ? list.at : "none");
    hl_buf_free(&list);
    return c;
}
