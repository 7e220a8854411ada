/*
 * Length of a .fmt file in two bytes, the file, then a table's rows -> rows and fields. Whatever
 * the bytes are: rows and skipped stretches cover the file, fields lie in their row in order, and a
 * field that is taken is what its column may hold.
 */
#include "monitor/export_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(const hl_row_format *format, const hl_row *row)
{
    const char *p = row->bytes.at, *end = p + row->bytes.n;

    hl_assert(row->bytes.n > 0 && row->bytes.n <= HL_ROW_BYTES + (1 << 21) && end[-1] == '\n');
    for (size_t i = 0; i < format->n_columns; i++) {
        p += i == format->binary ? 4 : 0;
        hl_assert(row->field[i].at == p);
        p += row->field[i].n + (i != format->binary);
    }
    hl_assert(p == end);
}

static void check_fields(const hl_row_format *format, const hl_row *row)
{
    hl_export e = {0}; /* nobody listens */
    hl_part part = {.name = "fuzz"};
    hl_fields f = {&e, &part, format, row, false};
    int64_t integer;
    double value;
    bool flag;
    hl_str text;
    hl_stamp time;
    hl_uuid id;
    char printed[HL_STAMP_CHARS];

    for (size_t i = 0; i < format->table->n_columns; i++)
        switch (format->table->column[i].type) {
        case HL_FIELD_INTEGER:
            hl_fields_integer(&f, i, &integer);
            break;
        case HL_FIELD_NUMBER:
            if (hl_fields_number(&f, i, &text, &value))
                hl_assert(text.n > 0 && value - value == 0);
            break;
        case HL_FIELD_BOOLEAN:
            hl_fields_boolean(&f, i, &flag);
            break;
        case HL_FIELD_TIME:
            if (hl_fields_time(&f, i, &time))
                hl_assert(hl_stamp_print(time.us, time.zone_min, printed) == 30);
            break;
        case HL_FIELD_UUID:
            hl_fields_uuid(&f, i, &id);
            break;
        case HL_FIELD_TEXT:
        case HL_FIELD_LIST:
            if (hl_fields_text(&f, i, &text))
                hl_assert(text.at && !memchr(text.at, '\n', text.n));
            break;
        case HL_FIELD_BINARY:
            break;
        }
}

static void read_rows(const hl_row_format *format, const char *at, size_t n)
{
    hl_in *in = NULL;
    hl_stream *stream = NULL;
    hl_rows *rows = NULL;
    hl_row *row = malloc(sizeof *row);
    int64_t number = 0, covered = 0;
    hl_code c;

    hl_assert(row != NULL);
    hl_assert(hl_rows_last(format, at, n) <= n);
    c = hl_in_memory(at, n, "fuzz", &in, NULL);
    if (c == HL_OK)
        c = hl_stream_in(in, HL_STREAM_PLAIN, NULL, &stream, NULL);
    const bool is_gzip = c == HL_OK && hl_stream_is_gzip(stream);
    if (c == HL_OK)
        c = hl_rows_new(&stream, format, &rows, NULL);
    while (c == HL_OK && (c = hl_rows_next(rows, row, NULL)) == HL_OK) {
        hl_assert(row->number == ++number);
        hl_assert(row->skipped >= 0);
        covered += row->skipped > 0 ? row->skipped : (int64_t)row->bytes.n;
        if (row->skipped == 0) {
            check_row(format, row);
            check_fields(format, row);
        }
    }
    hl_assert(is_gzip || (c == HL_END && covered == (int64_t)n));
    hl_rows_free(&rows);
    hl_in_close(&in);
    free(row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t n = (size_t)data[0] | (size_t)data[1] << 8;
    n = n < size - 2 ? n : size - 2;
    const hl_str text = {(const char *)data + 2, n};
    hl_row_format *format = malloc(sizeof *format);
    hl_assert(format != NULL);
    for (int t = 0; t < HL_TABLES; t++)
        if (hl_row_format_parse(text, "fuzz.fmt", &hl_tables[t], format, NULL) == HL_OK)
            read_rows(format, text.at + n, size - 2 - n);
    free(format);
    return 0;
}
