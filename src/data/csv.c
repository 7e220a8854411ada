#include "data/csv.h"

#include <stdarg.h>

#include "base/arena.h"
#include "base/ctl.h"
#include "base/map.h"
#include "data/csv_scan.h"

/* What stands in front of and behind the text of a window (csv_scan.h). */
enum { PAD = 64, MAX_CARRY = HL_STREAM_HEADROOM - 2 * PAD };

struct hl_csv {
    hl_in *in; /* own, when opened by path */
    hl_stream *stream;
    hl_arena *arena;
    const char *name;
    hl_csv_scan_fn scan;
    hl_csv_scan s;
    bool last;           /* the window holds the end of the text */
    int64_t next_offset; /* in the text, of the block that comes next */

    /* A record that is cut by the end of a block waits here, and grows here when it is longer than
     * the headroom of the next block. */
    char *spill; /* the bytes are at spill + PAD */
    size_t spill_cap;
    size_t n_words; /* room of s.word */

    hl_str *column;
    size_t n_columns;
    size_t *want;    /* [i] = column of field i */
    size_t *same_as; /* [i] = first field of the same column */
    size_t n_want;

    uint64_t *filter_bits[2];
    hl_map *filter_map[2];

    hl_code ended; /* HL_END or a fault: given again by each further call */
    hl_error error;
};

/* --- windows --------------------------------------------------------------------------------- */

static hl_code set_window(hl_csv *csv, char *begin, size_t n, int64_t offset, hl_error *err)
{
    size_t front = (uintptr_t)begin & (PAD - 1);
    char *at = begin - front;
    size_t words = (front + n) / 64 + 3;

    memset(at, ' ', front);
    memset(begin + n, ' ', PAD);
    if (words > csv->n_words) {
        free(csv->s.word);
        csv->s.word = calloc(words, sizeof *csv->s.word);
        csv->n_words = csv->s.word ? words : 0;
        if (!csv->s.word)
            return hl_fail_memory(err, csv->name, words * sizeof *csv->s.word);
    }
    hl_csv_scan_window(&csv->s, at, front, front + n, offset - (int64_t)front);
    return HL_OK;
}

static hl_code spill_room(hl_csv *csv, size_t n, hl_error *err)
{
    size_t cap = csv->spill_cap;

    if (n <= cap)
        return HL_OK;
    while (cap < n)
        cap = cap ? cap * 2 : 4096;
    char *p = realloc(csv->spill, cap + 2 * PAD + 64);
    if (!p)
        return hl_fail_memory(err, "record", cap);
    if (!csv->spill)
        memset(p, ' ', PAD);
    csv->spill = p;
    csv->spill_cap = cap;
    return HL_OK;
}

/* The text is over and n bytes of it wait in the spill: a missing final newline is put there. */
static hl_code last_window(hl_csv *csv, size_t n, int64_t offset, hl_error *err)
{
    hl_code c = spill_room(csv, n + 1, err);

    if (c != HL_OK)
        return c;
    csv->last = true;
    if (n > 0 && csv->spill[PAD + n - 1] != '\n')
        csv->spill[PAD + n++] = '\n';
    return set_window(csv, csv->spill + PAD, n, offset, err);
}

static hl_code too_long(hl_csv *csv, hl_error *err)
{
    return hl_fail_at(err, HL_E_LIMIT, csv->name, csv->s.line, -1,
                      "the record is longer than %zu MiB\n"
                      "Perhaps a quote is opened there and never closed.",
                      HL_CSV_MAX_RECORD >> 20);
}

/*
 * The next window: what is left of this one, and one block more; when that is long, blocks until it
 * has doubled, so that a long record is not scanned again for each of its blocks.
 */
static hl_code refill(hl_csv *csv, hl_error *err)
{
    hl_csv_scan *s = &csv->s;
    size_t n = s->end - s->pos, target;
    int64_t offset = s->at_offset + (int64_t)s->pos;
    char *block;
    size_t n_block;
    hl_code c;

    if (n > HL_CSV_MAX_RECORD)
        return too_long(csv, err);
    c = spill_room(csv, n + 1, err);
    if (c != HL_OK)
        return c;
    if (n > 0)
        memcpy(csv->spill + PAD, s->at + s->pos, n);
    target = 2 * n;
    for (bool first = true;; first = false) {
        c = hl_stream_next(csv->stream, &block, &n_block, err);
        if (c == HL_END)
            return last_window(csv, n, offset, err);
        if (c != HL_OK)
            return c;
        if (first && n <= MAX_CARRY) {
            memcpy(block - n, csv->spill + PAD, n);
            return set_window(csv, block - n, n + n_block, offset, err);
        }
        c = spill_room(csv, n + n_block + 1, err);
        if (c != HL_OK)
            return c;
        memcpy(csv->spill + PAD + n, block, n_block);
        n += n_block;
        if (n >= target || n > HL_CSV_MAX_RECORD)
            return set_window(csv, csv->spill + PAD, n, offset, err);
    }
}

/* --- faults ---------------------------------------------------------------------------------- */

static hl_code bad_byte(hl_csv *csv, hl_error *err)
{
    const hl_csv_scan *s = &csv->s;
    unsigned char byte = (unsigned char)s->at[s->bad_byte];
    int64_t offset = s->at_offset + (int64_t)s->bad_byte;

    if (byte == 0)
        return hl_fail_at(err, HL_E_INPUT, csv->name, s->line, offset,
                          "NUL byte in the text (byte %lld of the text)", (long long)offset);
    return hl_fail_at(err, HL_E_INPUT, csv->name, s->line, offset,
                      "byte 0x%02X is no UTF-8 (byte %lld of the text)", byte, (long long)offset);
}

static hl_code scan_failed(hl_csv *csv, hl_error *err)
{
    const hl_csv_scan *s = &csv->s;

    switch (s->fault_kind) {
    case HL_SCAN_FIELDS:
        return hl_fail_at(err, HL_E_INPUT, csv->name, s->line, -1,
                          "%zu field%s, the header has %zu", s->n_fields,
                          s->n_fields == 1 ? "" : "s", csv->n_columns);
    case HL_SCAN_TAIL:
        return hl_fail_at(err, HL_E_INPUT, csv->name, s->line, -1,
                          "text behind the closing quote of field %zu\n"
                          "A quote inside a quoted field must be doubled.",
                          s->n_fields);
    case HL_SCAN_BAD_BYTE:
        return bad_byte(csv, err);
    case HL_SCAN_LONG:
        return too_long(csv, err);
    }
    hl_assert_failed("kind of fault", __FILE__, __LINE__);
}

/* The text is over within a record: that only a quote can do. */
static hl_code unclosed(hl_csv *csv, hl_error *err)
{
    const hl_csv_scan *s = &csv->s;

    if (s->bad_byte < s->end && s->bad_byte - s->pos <= HL_CSV_MAX_RECORD)
        return bad_byte(csv, err);
    if (s->end - s->pos > HL_CSV_MAX_RECORD + 1)
        return too_long(csv, err);
    return hl_fail_at(err, HL_E_INPUT, csv->name, s->line, -1,
                      "a quote is opened and never closed");
}

/* --- records --------------------------------------------------------------------------------- */

static hl_code next_record(hl_csv *csv, hl_error *err)
{
    for (;;) {
        hl_code c;
        switch (csv->scan(&csv->s)) {
        case HL_SCAN_RECORD:
            return HL_OK;
        case HL_SCAN_FAULT:
            return scan_failed(csv, err);
        case HL_SCAN_MORE:
            if (csv->last)
                return csv->s.pos < csv->s.end ? unclosed(csv, err) : HL_END;
            c = refill(csv, err);
            if (c != HL_OK)
                return c;
            break;
        }
    }
}

/* Quotes taken off; doubled ones made single in place (the scanner does not come back here). */
static hl_field unquote(char *at, size_t n)
{
    hl_field f = {at, n, false};
    char *q;

    if (n < 2 || at[0] != '"')
        return f;
    f = (hl_field){at + 1, n - 2, true};
    q = memchr(f.at, '"', f.n);
    if (q) {
        const char *from = q, *end = f.at + f.n;
        while (from < end) {
            if (*from == '"')
                from++;
            *q++ = *from++;
        }
        f.n = (size_t)(q - f.at);
    }
    return f;
}

static hl_field field_of(hl_csv *csv, size_t column)
{
    const hl_csv_scan *s = &csv->s;
    size_t begin = column ? s->delim[column - 1] + 1 : s->record_pos;
    return unquote(s->at + begin, s->delim[column] - begin);
}

hl_code hl_csv_next(hl_csv *csv, hl_field *field, hl_error *err)
{
    if (csv->ended == HL_OK)
        csv->ended = next_record(csv, &csv->error);
    if (csv->ended != HL_OK) {
        if (csv->ended != HL_END && err)
            *err = csv->error;
        return csv->ended;
    }
    for (size_t i = 0; i < csv->n_want; i++)
        field[i] = csv->same_as[i] == i ? field_of(csv, csv->want[i]) : field[csv->same_as[i]];
    return HL_OK;
}

/* --- header ---------------------------------------------------------------------------------- */

static hl_code first_window(hl_csv *csv, hl_error *err)
{
    char *at;
    size_t n;
    hl_code c = hl_stream_next(csv->stream, &at, &n, err);

    if (c == HL_OK) {
        size_t mark = n >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        if (n > mark)
            return set_window(csv, at + mark, n - mark, (int64_t)mark, err);
        c = HL_END;
    }
    if (c == HL_END)
        return hl_fail_at(err, HL_E_INPUT, csv->name, 0, -1,
                          "the file is empty; a header line was expected");
    return c;
}

static hl_code read_header(hl_csv *csv, hl_error *err)
{
    hl_csv_scan *s = &csv->s;
    hl_code c;

    s->delim = malloc(HL_CSV_MAX_COLUMNS * sizeof *s->delim);
    s->line_end = malloc((HL_CSV_STRIDE_WORDS * 64 + 4) * sizeof *s->line_end);
    csv->arena = hl_arena_new(4096);
    if (!s->delim || !s->line_end || !csv->arena)
        return hl_fail_memory(err, csv->name, HL_CSV_MAX_COLUMNS * sizeof *s->delim);
    s->line = 1;
    s->header = true;
    s->n_columns = HL_CSV_MAX_COLUMNS;
    c = first_window(csv, err);
    if (c == HL_OK)
        c = next_record(csv, err);
    if (c == HL_END)
        return hl_fail_at(err, HL_E_INPUT, csv->name, 0, -1,
                          "no line holds text; a header line was expected");
    if (c != HL_OK)
        return c;
    if (s->n_fields > HL_CSV_MAX_COLUMNS)
        return hl_fail_at(err, HL_E_LIMIT, csv->name, s->record_line, -1,
                          "%zu columns; at most %d are read", s->n_fields, HL_CSV_MAX_COLUMNS);
    csv->n_columns = s->n_fields;
    csv->column = hl_arena_calloc(csv->arena, csv->n_columns, sizeof *csv->column);
    if (!csv->column)
        return hl_fail_memory(err, csv->name, csv->n_columns * sizeof *csv->column);
    for (size_t i = 0; i < csv->n_columns; i++) {
        csv->column[i] = hl_arena_str(csv->arena, hl_field_str(field_of(csv, i)));
        if (!csv->column[i].at)
            return hl_fail_memory(err, csv->name, 1);
    }
    s->n_columns = csv->n_columns;
    s->header = false;
    s->rows = 0;
    s->stop = s->quote < s->bad_byte ? s->quote : s->bad_byte;
    return HL_OK;
}

static hl_code no_column(const hl_csv *csv, const char *name, hl_error *err)
{
    enum { MOST = 400 }; /* bytes of names */
    hl_buf list = {0};
    char shown[HL_SHOW_BYTES];
    hl_code c;

    for (size_t i = 0; i < csv->n_columns; i++) {
        hl_buf_text(&list, i ? ", " : "");
        if (list.n > MOST) {
            hl_buf_printf(&list, "... (%zu columns)", csv->n_columns);
            break;
        }
        hl_buf_text(&list, hl_show(csv->column[i], shown));
    }
    c = hl_fail_at(err, HL_E_INPUT, csv->name, 0, -1, "no column '%s'; it has %s", name,
                   list.oom ? "others" : list.at);
    hl_buf_free(&list);
    return c;
}

static hl_code twice(const hl_csv *csv, hl_str name, hl_error *err)
{
    char shown[HL_SHOW_BYTES];
    return hl_fail_at(err, HL_E_INPUT, csv->name, 0, -1, "column '%s' is there twice",
                      hl_show(name, shown));
}

/* Fill want and same_as from the names. */
static hl_code find_columns(hl_csv *csv, const char *const *want, size_t n_want, hl_error *err)
{
    hl_strmap *names = hl_strmap_new(csv->n_columns);
    bool *is_twice = hl_arena_calloc(csv->arena, csv->n_columns, sizeof *is_twice);
    hl_code c = names && is_twice ? HL_OK : hl_fail_memory(err, csv->name, csv->n_columns);

    csv->n_want = want ? n_want : csv->n_columns;
    csv->want = hl_arena_calloc(csv->arena, csv->n_want + 1, sizeof *csv->want);
    csv->same_as = hl_arena_calloc(csv->arena, csv->n_want + 1, sizeof *csv->same_as);
    size_t *first = hl_arena_calloc(csv->arena, csv->n_columns, sizeof *first);
    if (c == HL_OK && (!csv->want || !csv->same_as || !first))
        c = hl_fail_memory(err, csv->name, csv->n_want);
    for (size_t i = 0; c == HL_OK && i < csv->n_columns; i++) {
        int64_t was;
        c = hl_strmap_add(names, csv->column[i], (int64_t)i, &was, err);
        if (c == HL_OK && was >= 0)
            is_twice[was] = true;
    }
    for (size_t i = 0; c == HL_OK && i < csv->n_want; i++) {
        hl_str name = want ? hl_str_of(want[i]) : csv->column[i];
        int64_t k = hl_strmap_get(names, name);
        if (k < 0) {
            c = no_column(csv, want[i], err);
        } else if (is_twice[k]) {
            c = twice(csv, name, err);
        } else {
            csv->want[i] = (size_t)k;
            csv->same_as[i] = first[k] ? first[k] - 1 : i;
            first[k] = first[k] ? first[k] : i + 1;
            if ((size_t)k > csv->s.last_wanted)
                csv->s.last_wanted = (size_t)k;
        }
    }
    hl_strmap_free(&names);
    return c;
}

/* --- life ------------------------------------------------------------------------------------ */

/* Takes in over, also on failure, if own. */
static hl_code csv_new(hl_in *in, bool own, const char *const *want, size_t n_want,
                       const hl_csv_options *options, hl_csv **out, hl_error *err)
{
    static const hl_csv_options none;
    hl_csv *csv = calloc(1, sizeof *csv);
    hl_code c = HL_OK;

    if (!options)
        options = &none;
    if (!csv) {
        if (own)
            hl_in_close(&in);
        return hl_fail_memory(err, "table", sizeof *csv);
    }
    if (own)
        csv->in = in;
    csv->scan = hl_csv_scan_of(options->cpu);
    if (own && options->name)
        c = hl_in_rename(in, options->name, err);
    csv->name = hl_in_name(in);
    if (c == HL_OK)
        c = hl_stream_in(in, options->mode, options->ctl, &csv->stream, err);
    if (c == HL_OK)
        c = read_header(csv, err);
    if (c == HL_OK)
        c = find_columns(csv, want, n_want, err);
    if (c != HL_OK)
        hl_csv_close(&csv);
    *out = csv;
    return c;
}

hl_code hl_csv_open(const char *path, const char *const *want, size_t n_want,
                    const hl_csv_options *options, hl_csv **out, hl_error *err)
{
    hl_in *in = NULL;
    hl_code c;

    *out = NULL;
    c = hl_in_open(path, &in, err);
    return c == HL_OK ? csv_new(in, true, want, n_want, options, out, err) : c;
}

hl_code hl_csv_open_in(hl_in *in, const char *const *want, size_t n_want,
                       const hl_csv_options *options, hl_csv **out, hl_error *err)
{
    *out = NULL;
    return csv_new(in, false, want, n_want, options, out, err);
}

void hl_csv_close(hl_csv **csvp)
{
    hl_csv *csv = csvp ? *csvp : NULL;

    if (!csv)
        return;
    hl_stream_close(&csv->stream);
    hl_in_close(&csv->in);
    hl_arena_free(&csv->arena);
    for (int i = 0; i < 2; i++) {
        free(csv->filter_bits[i]);
        hl_map_free(&csv->filter_map[i]);
    }
    free(csv->s.word);
    free(csv->s.line_end);
    free(csv->s.delim);
    free(csv->spill);
    free(csv);
    *csvp = NULL;
}

/* --- filters --------------------------------------------------------------------------------- */

static hl_csv_scan_filter *add_filter(hl_csv *csv, size_t column, hl_error *err)
{
    hl_csv_scan *s = &csv->s;

    if (column >= csv->n_want) {
        hl_fail_at(err, HL_E_BUG, csv->name, 0, -1, "a filter on field %zu of %zu", column,
                   csv->n_want);
        return NULL;
    }
    if (s->n_filters == 2) {
        hl_fail_at(err, HL_E_BUG, csv->name, 0, -1, "more than two filters");
        return NULL;
    }
    s->filter[s->n_filters] = (hl_csv_scan_filter){.column = (uint32_t)csv->want[column]};
    return &s->filter[s->n_filters++];
}

hl_code hl_csv_filter_by(hl_csv *csv, const hl_csv_filter *filter, size_t n_filters, hl_error *err)
{
    for (size_t i = 0; i < n_filters; i++) {
        hl_csv_scan_filter *f = add_filter(csv, filter[i].column, err);
        if (!f)
            return HL_E_BUG;
        f->accept = filter[i].accept;
        f->ctx = filter[i].ctx;
    }
    return HL_OK;
}

static bool is_in_map(const void *ctx, int64_t id)
{
    return hl_map_get(ctx, id) >= 0;
}

hl_code hl_csv_filter_ids(hl_csv *csv, size_t column, const int64_t *id, size_t n, hl_error *err)
{
    const uint64_t max_range = UINT64_C(1) << 27;
    size_t i_filter = csv->s.n_filters;
    hl_csv_scan_filter *f = add_filter(csv, column, err);
    int64_t first = n ? id[0] : 0, last = first;
    hl_code c = HL_OK;

    if (!f)
        return HL_E_BUG;
    for (size_t i = 0; i < n; i++) {
        first = id[i] < first ? id[i] : first;
        last = id[i] > last ? id[i] : last;
    }
    uint64_t range = (uint64_t)last - (uint64_t)first;
    if (range < max_range) {
        uint64_t *bits = calloc((size_t)(range / 64 + 1), sizeof *bits);
        csv->filter_bits[i_filter] = bits;
        if (!bits)
            return hl_fail_memory(err, csv->name, (size_t)range / 8);
        for (size_t i = 0; i < n; i++) {
            uint64_t k = (uint64_t)id[i] - (uint64_t)first;
            bits[k >> 6] |= UINT64_C(1) << (k & 63);
        }
        f->bits = bits;
        f->first = first;
        f->n_bits = range + 1;
        return HL_OK;
    }
    hl_map *map = csv->filter_map[i_filter] = hl_map_new(n);
    if (!map)
        return hl_fail_memory(err, csv->name, n);
    for (size_t i = 0; c == HL_OK && i < n; i++)
        c = hl_map_add(map, id[i], 1, NULL, err);
    f->accept = is_in_map;
    f->ctx = map;
    return c;
}

/* --- questions ------------------------------------------------------------------------------- */

size_t hl_csv_n_columns(const hl_csv *csv)
{
    return csv->n_columns;
}

hl_str hl_csv_column(const hl_csv *csv, size_t i)
{
    return csv->column[i];
}

int64_t hl_csv_line(const hl_csv *csv)
{
    return csv->s.record_line;
}

int64_t hl_csv_rows(const hl_csv *csv)
{
    return csv->s.rows;
}

const char *hl_csv_name(const hl_csv *csv)
{
    return csv->name;
}

const hl_digest *hl_csv_digest(const hl_csv *csv)
{
    return hl_stream_digest(csv->stream);
}

hl_code hl_csv_fail(const hl_csv *csv, hl_error *err, size_t i, const char *fmt, ...)
{
    char text[sizeof err->message], shown[HL_SHOW_BYTES];
    va_list args;

    va_start(args, fmt);
    if (vsnprintf(text, sizeof text, fmt, args) < 0)
        text[0] = 0;
    va_end(args);
    return hl_fail_at(err, HL_E_INPUT, csv->name, csv->s.record_line, -1, "column %s: %s",
                      hl_show(csv->column[csv->want[i]], shown), text);
}
