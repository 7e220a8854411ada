#include "wave/convert_table.h"

#include <math.h>
#include <stdarg.h>

#include "base/ctl.h"

enum { BLOCK_VALUES = 1 << 16 };

bool hl_table_is_name(const char *path)
{
    const hl_str name = hl_str_of(path);

    return hl_str_ends(name, ".csv") || hl_str_ends(name, ".csv.gz") || hl_str_ends(name, ".npy");
}

hl_code hl_table_rows_fail(const hl_table_rows *r, hl_error *err, int32_t i, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (r->csv)
        return hl_csv_fail(r->csv, err, (size_t)i, "%s", text);
    return hl_fail_at(err, HL_E_INPUT, hl_in_name(r->in), 0, -1, "row %lld, column %d: %s",
                      (long long)(r->row - 1), (int)i, text);
}

/* --- csv ----------------------------------------------------------------------------------------
 */

static bool is_number(hl_str text)
{
    double v;

    return hl_parse_f64(hl_str_trim(text), &v);
}

static hl_code open_csv(hl_arena *arena, hl_ctl *ctl, hl_table_rows *r, hl_error *err)
{
    const char *path = hl_in_name(r->in);
    const hl_csv_options co = {
        .mode = HL_STREAM_PLAIN, .cpu = hl_cpu_level(ctl ? ctl->cpu : 0), .ctl = ctl};
    bool numbers = true;
    hl_code c = hl_csv_open_in(r->in, NULL, 0, &co, &r->csv, err);

    if (c != HL_OK)
        return c;
    if (hl_csv_n_columns(r->csv) > HL_TABLE_MOST_COLUMNS)
        return hl_fail_at(err, HL_E_LIMIT, path, 0, -1, "%zu columns; at most %d are read",
                          hl_csv_n_columns(r->csv), HL_TABLE_MOST_COLUMNS);
    r->n_columns = (int32_t)hl_csv_n_columns(r->csv);
    for (int32_t i = 0; i < r->n_columns && numbers; i++)
        numbers = is_number(hl_csv_column(r->csv, (size_t)i));
    if (numbers)
        return hl_fail_at(err, HL_E_INPUT, path, 1, -1,
                          "the first line holds numbers; names of the columns were expected\nPut a "
                          "line in front, as in: time[s],II[mV],ABP[mmHg]");
    r->field = hl_arena_calloc(arena, (size_t)r->n_columns, sizeof *r->field);
    return r->field ? HL_OK : hl_fail_memory(err, "columns", (size_t)r->n_columns);
}

static hl_code take_cell(const hl_table_rows *r, int32_t i, double *value, hl_error *err)
{
    const hl_str text = hl_str_trim(hl_field_str(r->field[i]));
    char show[HL_SHOW_BYTES];

    *value = NAN;
    if (text.n == 0)
        return HL_OK;
    if (!hl_parse_f64(text, value))
        return hl_csv_fail(r->csv, err, (size_t)i, "'%s' is no number", hl_show(text, show));
    if (isinf(*value))
        return hl_csv_fail(r->csv, err, (size_t)i, "'%s' is infinite", hl_show(text, show));
    return HL_OK;
}

static hl_code next_line(hl_table_rows *r, double *value, hl_error *err)
{
    const int64_t before = hl_csv_line(r->csv);
    hl_code c = hl_csv_next(r->csv, r->field, err);

    for (int32_t i = 0; i < r->n_columns && c == HL_OK; i++)
        c = take_cell(r, i, &value[i], err);
    /* The reader skips blank lines, and of one column that is what an empty cell looks like. */
    if (c == HL_OK && r->n_columns == 1 && r->row > 0 && hl_csv_line(r->csv) != before + 1)
        c = hl_fail_at(err, HL_E_INPUT, hl_csv_name(r->csv), before + 1, -1,
                       "the line is blank\nWrite nan for what was not measured.");
    return c;
}

/* --- npy ----------------------------------------------------------------------------------------
 */

static hl_code check_npy(const char *path, const hl_npy *n, hl_error *err)
{
    const char *type = n->descr + 1;
    const bool known = strcmp(type, "i2") == 0 || strcmp(type, "i4") == 0 ||
                       strcmp(type, "f4") == 0 || strcmp(type, "f8") == 0;

    if (!known)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                          "the array holds %s; int16, int32 (adu), float32 and float64 (physical "
                          "units) are taken\nChange it with astype().",
                          n->descr);
    if (n->n_dims < 1 || n->n_dims > 2)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                          "the array has %zu dimensions; (rows, signals) or (rows,) was expected",
                          n->n_dims);
    if (n->n_dims == 2 && n->shape[1] == 0)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "the array has no columns");
    if (n->n_dims == 2 && n->shape[1] > HL_TABLE_MOST_COLUMNS)
        return hl_fail_at(err, HL_E_LIMIT, path, 0, -1,
                          "%lld columns; at most %d are read\nAn array is (rows, signals): is it "
                          "turned?",
                          (long long)n->shape[1], HL_TABLE_MOST_COLUMNS);
    return HL_OK;
}

static hl_code open_npy(hl_arena *arena, hl_table_rows *r, hl_error *err)
{
    hl_code c = hl_npy_read_header(r->in, &r->head, err);

    if (c == HL_OK)
        c = check_npy(hl_in_name(r->in), &r->head, err);
    if (c != HL_OK)
        return c;
    r->n_columns = r->head.n_dims == 2 ? (int32_t)r->head.shape[1] : 1;
    r->integers = r->head.descr[1] == 'i';
    r->precision = r->head.item_bytes == 4 ? 0x1p-24 : 0x1p-53;
    r->block_rows = BLOCK_VALUES / r->n_columns;
    const size_t values = (size_t)(r->block_rows * r->n_columns);
    r->block = hl_arena_alloc(arena, values * sizeof *r->block);
    r->bytes = hl_arena_alloc(arena, values * r->head.item_bytes);
    return r->block && r->bytes ? HL_OK : hl_fail_memory(err, "rows", values * 16);
}

static double value_at(const hl_table_rows *r, const uint8_t *at)
{
    const size_t n = r->head.item_bytes;
    const bool big = r->head.descr[0] == '>';
    uint64_t bits = 0;

    for (size_t i = 0; i < n; i++)
        bits |= (uint64_t)at[big ? n - 1 - i : i] << 8 * i;
    if (r->integers) {
        const int32_t v = n == 2 ? (int16_t)bits : (int32_t)(uint32_t)bits;
        return v == INT16_MIN || v == INT32_MIN ? (double)NAN : v;
    }
    if (n == 4) {
        const uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, 4);
        return f;
    }
    double d;
    memcpy(&d, &bits, 8);
    return d;
}

/* n values from the `first`-th of the file on, to every `stride`-th place. */
static hl_code read_values(hl_table_rows *r, int64_t first, int64_t n, double *to, int64_t stride,
                           hl_error *err)
{
    const int64_t item = (int64_t)r->head.item_bytes;
    size_t got;
    hl_code c = hl_in_pread(r->in, r->bytes, (size_t)(n * item), r->head.data_offset + first * item,
                            &got, err);

    if (c == HL_OK && got < (size_t)(n * item))
        c = hl_fail_at(err, HL_E_INPUT, hl_in_name(r->in), 0, -1, "the file became shorter");
    for (int64_t i = 0; i < n && c == HL_OK; i++)
        to[i * stride] = value_at(r, r->bytes + i * item);
    return c;
}

static hl_code next_block(hl_table_rows *r, hl_error *err)
{
    const int64_t left = r->head.shape[0] - r->row;
    hl_code c = HL_OK;

    r->first_row = r->row;
    r->n_block = left < r->block_rows ? left : r->block_rows;
    if (!r->head.fortran_order || r->n_columns == 1)
        return read_values(r, r->row * r->n_columns, r->n_block * r->n_columns, r->block, 1, err);
    for (int32_t i = 0; i < r->n_columns && c == HL_OK; i++)
        c = read_values(r, i * r->head.shape[0] + r->row, r->n_block, r->block + i, r->n_columns,
                        err);
    return c;
}

static hl_code next_row(hl_table_rows *r, double *value, hl_error *err)
{
    hl_code c = HL_OK;

    if (r->row >= r->head.shape[0])
        return HL_END;
    if (r->row >= r->first_row + r->n_block)
        c = next_block(r, err);
    if (c != HL_OK)
        return c;
    memcpy(value, r->block + (r->row - r->first_row) * r->n_columns,
           (size_t)r->n_columns * sizeof *value);
    for (int32_t i = 0; i < r->n_columns; i++)
        if (isinf(value[i]))
            return hl_fail_at(err, HL_E_INPUT, hl_in_name(r->in), 0, -1,
                              "row %lld, column %d: the value is infinite", (long long)r->row,
                              (int)i);
    return HL_OK;
}

/* --- both ---------------------------------------------------------------------------------------
 */

hl_code hl_table_rows_open(hl_arena *arena, hl_in *in, hl_ctl *ctl, hl_table_rows *r, hl_error *err)
{
    static const char magic[] = "\x93NUMPY";
    char head[sizeof magic - 1];
    size_t got;

    *r = (hl_table_rows){.in = in, .precision = 0x1p-53};
    hl_code c = hl_in_pread(in, head, sizeof head, 0, &got, err);
    if (c == HL_OK)
        c = got == sizeof head && memcmp(head, magic, sizeof head) == 0
                ? open_npy(arena, r, err)
                : open_csv(arena, ctl, r, err);
    if (c != HL_OK)
        hl_table_rows_close(r);
    return c;
}

hl_code hl_table_rows_next(hl_table_rows *r, double *value, hl_error *err)
{
    hl_code c = r->csv ? next_line(r, value, err) : next_row(r, value, err);

    if (c == HL_OK)
        r->row++;
    return c;
}

void hl_table_rows_close(hl_table_rows *r)
{
    hl_csv_close(&r->csv);
}
