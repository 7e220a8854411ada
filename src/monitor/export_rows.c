/*
 * Bytes of one file to rows: a window over the stream, fields found by memchr, the binary field
 * passed over by its length.
 *
 *      window  |  gone  | row being read ............ | not looked at |  free  |
 *              0      start                                          end      cap
 *
 * A row with a binary field is believed when the text behind that field is what such a row has
 * there. Otherwise its length lies, or bytes are lost, and the next row is searched for: a line
 * feed with the tail of a row in front of it and the head of one behind it. waveform.md 4.7
 */
#include "monitor/export_internal.h"

enum {
    WINDOW_BYTES = 2 << 20,
    HEAD_BYTES = 1 << 16,   /* a field in front of the binary one is shorter */
    TAIL_BYTES = 1 << 20,   /* ... and one behind it */
    CONTEXT_BYTES = 1 << 17 /* kept in front of the place where the search for a row goes on */
};

struct hl_rows {
    hl_stream *stream;
    const hl_row_format *format;
    char *window;
    size_t start, end, cap;
    hl_code code; /* of the stream: HL_OK = more may come */
    hl_error error;
    int64_t number;
};

typedef enum { FOUND, DAMAGED, MORE } found;

hl_code hl_rows_new(hl_stream **stream, const hl_row_format *format, hl_rows **out, hl_error *err)
{
    hl_rows *r = calloc(1, sizeof *r);

    *out = NULL;
    if (!r) {
        hl_stream_close(stream);
        return hl_fail_memory(err, "rows", sizeof *r);
    }
    r->stream = *stream;
    *stream = NULL;
    r->format = format;
    *out = r;
    return HL_OK;
}

void hl_rows_free(hl_rows **rows)
{
    if (!rows || !*rows)
        return;
    hl_stream_close(&(*rows)->stream);
    free((*rows)->window);
    free(*rows);
    *rows = NULL;
}

const hl_digest *hl_rows_digest(const hl_rows *rows)
{
    return hl_stream_digest(rows->stream);
}

/* Room for n bytes behind the end. */
static hl_code make_room(hl_rows *r, size_t n, hl_error *err)
{
    size_t held = r->end - r->start, cap = r->cap ? r->cap : WINDOW_BYTES;

    if (r->cap - r->end >= n)
        return HL_OK;
    while (cap - held < n)
        cap *= 2;
    if (cap == r->cap) {
        memmove(r->window, r->window + r->start, held);
    } else {
        char *window = malloc(cap);
        if (!window)
            return hl_fail_memory(err, "a row", cap);
        if (held > 0)
            memcpy(window, r->window + r->start, held);
        free(r->window);
        r->window = window;
        r->cap = cap;
    }
    r->start = 0;
    r->end = held;
    return HL_OK;
}

/* More bytes into the window, or r->code says why not. Offsets from start stay as they are. Fails
 * for lack of memory only. */
static hl_code fill(hl_rows *r, hl_error *err)
{
    char *at;
    size_t n;

    r->code = hl_stream_next(r->stream, &at, &n, &r->error);
    if (r->code != HL_OK)
        return HL_OK;
    hl_code c = make_room(r, n, err);
    if (c != HL_OK)
        return c;
    memcpy(r->window + r->end, at, n);
    r->end += n;
    return HL_OK;
}

/* --- what a row is known by ------------------------------------------------------------------- */

static bool is_integer(hl_str text)
{
    size_t i = text.n > 0 && *text.at == '-';

    if (i == text.n || text.n > 20)
        return false;
    for (; i < text.n; i++)
        if ((unsigned char)(text.at[i] - '0') > 9)
            return false;
    return true;
}

/* 0x00 stands for the empty text. */
static bool is_list(hl_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)(text.at[i] - '0') > 9 && text.at[i] != ' ' && text.at[i] != 0)
            return false;
    return true;
}

static bool is_text(hl_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.at[i] < 0x20 && text.at[i] != 0)
            return false;
    return true;
}

bool hl_field_fits(hl_field_type type, hl_str text)
{
    hl_stamp stamp;
    hl_uuid id;

    switch (type) {
    case HL_FIELD_INTEGER:
        return is_integer(text);
    case HL_FIELD_TIME:
        return hl_stamp_parse(text, &stamp);
    case HL_FIELD_UUID:
        return hl_uuid_parse(text, &id);
    case HL_FIELD_LIST:
        return is_list(text);
    case HL_FIELD_TEXT:
    case HL_FIELD_NUMBER:
    case HL_FIELD_BOOLEAN:
    case HL_FIELD_BINARY:
        break;
    }
    return is_text(text);
}

/* Whether text may be a malformed field of this type, rather than bytes of something else. */
static bool may_be_meant(hl_field_type type, hl_str text)
{
    if (type == HL_FIELD_TEXT)
        return is_text(text);
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)(text.at[i] - 0x20) > 0x5e) /* printable ASCII */
            return false;
    return true;
}

/* The columns in front of the binary one, at the head of at[0 .. n). */
static found match_head(const hl_row_format *f, const char *at, size_t n)
{
    for (size_t i = 0; i < f->binary; i++) {
        size_t reach = n < HEAD_BYTES ? n : HEAD_BYTES;
        const char *tab = memchr(at, '\t', reach);
        hl_str text = {at, tab ? (size_t)(tab - at) : reach};
        if (!tab)
            return reach < HEAD_BYTES && is_text(text) ? MORE : DAMAGED;
        if (!hl_field_fits((hl_field_type)f->type[i], text))
            return DAMAGED;
        at += text.n + 1;
        n -= text.n + 1;
    }
    return FOUND;
}

/* The columns behind the binary one, ending in front of the line feed at[end]; none begins before
 * at[0]. */
static bool match_tail(const hl_row_format *f, const char *at, size_t end)
{
    for (size_t i = f->n_columns - 1; i > f->binary; i--) {
        const hl_field_type type = (hl_field_type)f->type[i];
        const bool is_first = i == f->binary + 1;
        size_t least = end > TAIL_BYTES ? end - TAIL_BYTES : 0, from = end;

        if (is_first && (type == HL_FIELD_LIST || type == HL_FIELD_TEXT))
            return true; /* whatever is there: it may be empty */
        if (type == HL_FIELD_UUID && is_first)
            return end >= HL_UUID_CHARS - 1 &&
                   hl_field_fits(type, (hl_str){at + end - (HL_UUID_CHARS - 1), HL_UUID_CHARS - 1});
        while (from > least && at[from - 1] != '\t' && (unsigned char)at[from - 1] != '\n')
            from--;
        if (from == least || at[from - 1] != '\t' ||
            !hl_field_fits(type, (hl_str){at + from, end - from}))
            return false;
        end = from - 1;
    }
    return true;
}

size_t hl_rows_last(const hl_row_format *f, const char *at, size_t n)
{
    const bool is_binary = f->binary < f->n_columns;

    for (size_t end = n; end > 0;) {
        const char *feed = memrchr(at, '\n', end);
        if (!feed)
            break;
        end = (size_t)(feed - at);
        if (end + 1 == n)
            continue;
        const char *next = feed + 1;
        if (is_binary ? match_tail(f, at, end) && match_head(f, next, n - end - 1) == FOUND
                      : memchr(next, '\n', n - end - 1) != NULL)
            return end + 1;
    }
    return n;
}

/* --- a row where one should be ---------------------------------------------------------------- */

static found take_text_row(const hl_rows *r, hl_row *row)
{
    const char *p = r->window + r->start;
    const char *feed = memchr(p, '\n', r->end - r->start);
    const size_t n = r->format->n_columns;

    if (!feed)
        return MORE;
    row->bytes = (hl_str){p, (size_t)(feed + 1 - p)};
    for (size_t i = 0; i + 1 < n; i++) {
        const char *tab = memchr(p, '\t', (size_t)(feed - p));
        if (!tab)
            return DAMAGED;
        row->field[i] = (hl_str){p, (size_t)(tab - p)};
        p = tab + 1;
    }
    if (memchr(p, '\t', (size_t)(feed - p)))
        return DAMAGED;
    row->field[n - 1] = (hl_str){p, (size_t)(feed - p)};
    return FOUND;
}

/* The field at *p up to mark, and *p behind it. */
static found take_field(const char **p, const char *end, char mark, size_t limit, hl_str *field)
{
    size_t reach = (size_t)(end - *p) < limit ? (size_t)(end - *p) : limit;
    const char *at = memchr(*p, mark, reach);

    if (!at)
        return reach < limit ? MORE : DAMAGED;
    *field = (hl_str){*p, (size_t)(at - *p)};
    *p = at + 1;
    return FOUND;
}

static found take_binary(const char **p, const char *end, hl_str *field)
{
    enum { LENGTH_BYTES = 4 };
    const uint8_t *b = (const uint8_t *)*p;

    if (end - *p < LENGTH_BYTES)
        return MORE;
    uint32_t n = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    if (n == UINT32_MAX) /* NULL, as bulk copy writes it */
        n = 0;
    if (n > HL_ROW_BYTES)
        return DAMAGED;
    if ((size_t)(end - *p) - LENGTH_BYTES < n)
        return MORE;
    *field = (hl_str){*p + LENGTH_BYTES, n};
    *p += LENGTH_BYTES + n;
    return FOUND;
}

/* A row whose tail is not quite what it should be is one with malformed fields if another row, or
 * the end of the file, comes behind it. */
static found check_next(const hl_rows *r, const char *next)
{
    size_t n = (size_t)(r->window + r->end - next);
    found f = n == 0 ? MORE : match_head(r->format, next, n);

    if (f == MORE && r->code == HL_END)
        return n == 0 ? FOUND : DAMAGED;
    return f;
}

static found take_binary_row(const hl_rows *r, hl_row *row)
{
    const hl_row_format *format = r->format;
    const char *p = r->window + r->start, *end = r->window + r->end;
    bool fits = true;
    found f = FOUND;

    for (size_t i = 0; f == FOUND && i < format->n_columns; i++) {
        const hl_field_type type = (hl_field_type)format->type[i];
        hl_str *field = &row->field[i];
        if (i == format->binary) {
            f = take_binary(&p, end, field);
            continue;
        }
        const bool is_tail = i > format->binary;
        f = take_field(&p, end, i + 1 < format->n_columns ? '\t' : '\n',
                       is_tail ? TAIL_BYTES : HEAD_BYTES, field);
        if (f != FOUND)
            break;
        if (is_tail && !hl_field_fits(type, *field))
            fits = false;
        if (!hl_field_fits(type, *field) && !may_be_meant(type, *field))
            f = DAMAGED;
    }
    if (f == FOUND) {
        row->bytes = (hl_str){r->window + r->start, (size_t)(p - r->window) - r->start};
        if (!fits)
            f = check_next(r, p);
    }
    return f == MORE && r->end - r->start >= HL_ROW_BYTES ? DAMAGED : f;
}

/* --- the way out of damage -------------------------------------------------------------------- */

/* Whether a row begins behind the line feed at offset `feed` from start. */
static found is_boundary(const hl_rows *r, size_t feed)
{
    const hl_row_format *format = r->format;
    const char *at = r->window + r->start;

    if (format->binary == format->n_columns)
        return FOUND;
    if (!match_tail(format, at, feed))
        return DAMAGED;
    return check_next(r, at + feed + 1);
}

/* Forget bytes in front of offset `to` from start. */
static void let_go(hl_rows *r, hl_row *row, size_t to)
{
    r->start += to;
    row->skipped += (int64_t)to;
}

static hl_code skip_damage(hl_rows *r, hl_row *row, hl_error *err)
{
    size_t from = 0; /* offset from start: searched so far */

    row->skipped = 0;
    row->at_end = false;
    for (;;) {
        const char *at = r->window + r->start;
        const char *feed = memchr(at + from, '\n', r->end - r->start - from);
        found f = MORE;

        if (feed) {
            from = (size_t)(feed - at);
            f = is_boundary(r, from);
        } else {
            from = r->end - r->start;
        }
        if (f == FOUND) {
            let_go(r, row, from + 1);
            return HL_OK;
        }
        if (f == DAMAGED) {
            from++;
            continue;
        }
        if (r->code == HL_END) {
            let_go(r, row, r->end - r->start);
            row->at_end = true;
            return HL_OK;
        }
        if (r->code != HL_OK) {
            if (err)
                *err = r->error;
            return r->code;
        }
        if (from > CONTEXT_BYTES) {
            let_go(r, row, from - CONTEXT_BYTES);
            from = CONTEXT_BYTES;
        }
        hl_code c = fill(r, err);
        if (c != HL_OK)
            return c;
    }
}

hl_code hl_rows_next(hl_rows *r, hl_row *row, hl_error *err)
{
    const bool is_binary = r->format->binary < r->format->n_columns;
    hl_code c = HL_OK;

    row->skipped = 0;
    row->at_end = false;
    for (;;) {
        found f = MORE;
        if (r->start < r->end)
            f = is_binary ? take_binary_row(r, row) : take_text_row(r, row);
        if (f == MORE && r->code == HL_OK && r->end - r->start < HL_ROW_BYTES) {
            c = fill(r, err);
            if (c != HL_OK)
                return c;
            continue;
        }
        if (f == MORE && r->code != HL_OK && (r->start == r->end || r->code != HL_END)) {
            if (r->code != HL_END && err)
                *err = r->error;
            return r->code;
        }
        row->number = ++r->number;
        if (f == FOUND) {
            r->start += row->bytes.n;
            return HL_OK;
        }
        return skip_damage(r, row, err);
    }
}
