#include "data/table.h"

static void put_cell(hl_buf *out, const hl_column *c, size_t i, bool date_only)
{
    char text[HL_TIME_CHARS];

    if (!c->valid[i])
        return;
    switch (c->type) {
    case HL_COL_TEXT:
        hl_csv_put(out, c->text[i]);
        break;
    case HL_COL_F64:
        hl_buf_f64(out, c->f64[i]);
        break;
    case HL_COL_BOOL:
        hl_buf_text(out, c->i64[i] ? "True" : "False");
        break;
    case HL_COL_TIME:
        if (date_only)
            hl_print_date(c->i64[i], text);
        else
            hl_print_time(c->i64[i], text);
        hl_buf_text(out, text);
        break;
    case HL_COL_I64:
        hl_buf_i64(out, c->i64[i]);
        break;
    case HL_COL_AUTO:
    case HL_COL_EXISTS:
        hl_assert(!"a column in memory has a type");
    }
}

/* pandas drops the time of day when all values that it formats together are midnight; it formats
 * columns in chunks of 100,000 / n_columns rows. symile.md 1.4 */
static bool all_midnight(const hl_column *c, size_t from, size_t end)
{
    if (c->type != HL_COL_TIME)
        return false;
    for (size_t i = from; i < end; i++)
        if (c->valid[i] && c->i64[i] % HL_DAY_S != 0)
            return false;
    return true;
}

static size_t chunk_rows(const hl_table *table)
{
    size_t n = table->n_columns ? 100000 / table->n_columns : 1;
    return n ? n : 1;
}

int64_t hl_table_short_dates(const hl_table *table)
{
    size_t chunk = chunk_rows(table);
    int64_t n = 0;

    for (size_t k = 0; k < table->n_columns; k++)
        for (size_t from = 0; from < table->n_rows; from += chunk) {
            size_t end = from + chunk < table->n_rows ? from + chunk : table->n_rows;
            bool date_only = all_midnight(&table->column[k], from, end);
            for (size_t i = from; date_only && i < end; i++)
                n += table->column[k].valid[i];
        }
    return n;
}

hl_code hl_table_put_csv(const hl_table *table, hl_date_rule rule, hl_buf *out, hl_error *err)
{
    size_t n_columns = table->n_columns, chunk = chunk_rows(table);
    bool *date_only = calloc(n_columns ? n_columns : 1, sizeof *date_only);

    if (!date_only)
        return hl_fail_memory(err, "a row", n_columns);
    for (size_t k = 0; k < n_columns; k++) {
        if (k)
            hl_buf_char(out, ',');
        hl_csv_put(out, hl_str_of(table->column[k].name));
    }
    hl_buf_char(out, '\n');
    for (size_t i = 0; i < table->n_rows; i++) {
        if (rule == HL_DATES_PANDAS && i % chunk == 0) {
            size_t end = i + chunk < table->n_rows ? i + chunk : table->n_rows;
            for (size_t k = 0; k < n_columns; k++)
                date_only[k] = all_midnight(&table->column[k], i, end);
        }
        for (size_t k = 0; k < n_columns; k++) {
            if (k)
                hl_buf_char(out, ',');
            put_cell(out, &table->column[k], i, date_only[k]);
        }
        hl_buf_char(out, '\n');
    }
    free(date_only);
    return hl_buf_check(out, table->name, err);
}
