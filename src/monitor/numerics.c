/*
 * Numerics of a stay to a table: a row for each moment, a column for each (name, unit) that has a
 * value. Source: waveform.md 3, A.9.
 *
 * One pass gathers the columns and the values, as records of 40 bytes that are sorted by sequence
 * number and time; the rows come out of the sort. Memory: HL_EVENT_MEMORY and the definitions.
 */
#include "base/ctl.h"
#include "base/map.h"
#include "base/sort.h"
#include "format/dictzip.h"
#include "monitor/events_internal.h"
#include "monitor/runs.h"

enum {
    MAX_COLUMNS = 4096,
    MAX_DEFINITIONS = 1 << 16,
    MAX_DEFINITION_BYTES = 64 << 20, /* of all their texts */
    INLINE = 19,                     /* characters of a value inside its record */
    LONG = 255,                      /* the record holds the place of a longer text */
    MAX_LONG = 1 << 16,
    FLUSH_BYTES = 1 << 16
};

/* A value. Aperiodic ones have no time of their own and come before all others of a sequence
 * number. */
#define NO_TIME INT64_MIN
typedef struct {
    int64_t sequence, us;
    uint32_t definition;
    uint8_t n;
    char text[INLINE];
} record;

/* What numerics of the same texts share. */
typedef struct {
    hl_str label, unit; /* in ASCII, as they are logged */
    int64_t column;     /* -1: no value yet; then a place in name[], and last one in the table */
} definition;

typedef struct {
    hl_str name, unit;
    size_t i; /* place in the order in which columns were met */
} column;

typedef struct {
    hl_events *e;
    hl_arena *arena;
    hl_strmap *by_text; /* "label NUL unit" as exported -> definition */
    definition *definition;
    size_t n_definitions, cap_definitions;
    size_t bytes;
    hl_strmap *by_name; /* "name NUL unit" -> column */
    column *column;
    size_t n_columns;
    hl_strmap *long_text;
    hl_runs *runs;
    hl_buf key, text;
} numerics;

static int compare_records(const void *a, const void *b, void *ctx)
{
    const record *x = a, *y = b;

    (void)ctx;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence ? -1 : 1;
    return (x->us > y->us) - (x->us < y->us);
}

/* --- columns ------------------------------------------------------------------------------------
 */

static hl_code ascii(numerics *s, hl_str text, hl_str *out, hl_error *err)
{
    hl_buf_clear(&s->text);
    hl_code c = hl_label_ascii(&s->text, text, err);

    if (c != HL_OK)
        return c;
    *out = hl_arena_str(s->arena, (hl_str){s->text.n ? s->text.at : "", s->text.n});
    return out->at ? HL_OK : hl_fail_memory(err, "numerics", s->text.n);
}

static hl_code new_definition(numerics *s, const hl_numeric_definition *d, hl_error *err)
{
    if (s->n_definitions == MAX_DEFINITIONS || s->bytes + s->key.n > MAX_DEFINITION_BYTES)
        return hl_fail(err, HL_E_LIMIT, "the numerics of a stay have more than %d different names",
                       MAX_DEFINITIONS);
    s->bytes += s->key.n;
    if (s->n_definitions == s->cap_definitions) {
        size_t cap = s->cap_definitions ? s->cap_definitions * 2 : 64;
        definition *more = realloc(s->definition, cap * sizeof *more);
        if (!more)
            return hl_fail_memory(err, "numerics", cap * sizeof *more);
        s->definition = more;
        s->cap_definitions = cap;
    }
    definition *x = &s->definition[s->n_definitions];
    x->column = -1;
    hl_code c = ascii(s, d->sub_label, &x->label, err);
    if (c == HL_OK)
        c = ascii(s, d->unit_label, &x->unit, err);
    if (c == HL_OK)
        s->n_definitions++;
    return c;
}

static hl_code find_definition(numerics *s, const hl_numeric_definition *d, size_t *out,
                               hl_error *err)
{
    int64_t was;

    hl_buf_clear(&s->key);
    hl_buf_str(&s->key, d->sub_label);
    hl_buf_char(&s->key, 0);
    hl_buf_str(&s->key, d->unit_label);
    hl_code c = hl_buf_check(&s->key, "numerics", err);
    if (c != HL_OK)
        return c;
    hl_str key = {s->key.at, s->key.n};
    was = hl_strmap_get(s->by_text, key);
    if (was < 0) {
        was = (int64_t)s->n_definitions;
        c = new_definition(s, d, err);
        if (c == HL_OK)
            c = hl_strmap_add(s->by_text, key, was, NULL, err);
    }
    *out = (size_t)was;
    return c;
}

/* Blanks at the ends away; what would end a field of the table as '_'. */
static hl_code column_text(numerics *s, hl_str text, const char *if_empty, hl_str *out,
                           hl_error *err)
{
    while (text.n > 0 && text.at[0] == ' ')
        text = (hl_str){text.at + 1, text.n - 1};
    while (text.n > 0 && text.at[text.n - 1] == ' ')
        text.n--;
    if (text.n == 0)
        text = hl_str_of(if_empty);
    char *copy = hl_arena_copy(s->arena, text.at, text.n);
    if (!copy)
        return hl_fail_memory(err, "numerics", text.n);
    for (size_t i = 0; i < text.n; i++)
        if (copy[i] == ',' || copy[i] == '"')
            copy[i] = '_';
    *out = (hl_str){copy, text.n};
    return HL_OK;
}

/* The definition's first value. Several definitions may share a column. */
static hl_code find_column(numerics *s, definition *d, hl_error *err)
{
    hl_str name, unit;
    hl_code c = column_text(s, d->label, "", &name, err);

    if (c == HL_OK)
        c = column_text(s, d->unit, "NU", &unit, err);
    if (c != HL_OK)
        return c;
    hl_buf_clear(&s->text);
    hl_buf_str(&s->text, name);
    hl_buf_char(&s->text, 0);
    hl_buf_str(&s->text, unit);
    c = hl_buf_check(&s->text, "numerics", err);
    if (c != HL_OK)
        return c;
    hl_str key = {s->text.at, s->text.n};
    d->column = hl_strmap_get(s->by_name, key);
    if (d->column >= 0)
        return HL_OK;
    if (s->n_columns == MAX_COLUMNS)
        return hl_fail(err, HL_E_LIMIT, "the numerics of a stay need more than %d columns",
                       MAX_COLUMNS);
    d->column = (int64_t)s->n_columns;
    s->column[s->n_columns] = (column){name, unit, s->n_columns};
    s->n_columns++;
    return hl_strmap_add(s->by_name, key, d->column, NULL, err);
}

static int compare_columns(const void *a, const void *b, void *ctx)
{
    const column *x = a, *y = b;
    int order = hl_str_compare(x->name, y->name);

    (void)ctx;
    return order ? order : hl_str_compare(x->unit, y->unit);
}

/* Columns in the order of their names; definitions now know their place in the table. */
static hl_code order_columns(numerics *s, hl_error *err)
{
    size_t place[MAX_COLUMNS];
    hl_code c =
        hl_sort_stable(s->column, s->n_columns, sizeof *s->column, compare_columns, NULL, err);

    for (size_t i = 0; i < s->n_columns; i++)
        place[s->column[i].i] = i;
    for (size_t i = 0; i < s->n_definitions; i++)
        if (s->definition[i].column >= 0)
            s->definition[i].column = (int64_t)place[s->definition[i].column];
    return c;
}

/* --- values -------------------------------------------------------------------------------------
 */

static hl_code keep_long(numerics *s, record *r, const char *text, size_t n, hl_error *err)
{
    int64_t i = (int64_t)hl_strmap_count(s->long_text), was = -1;

    if (i == MAX_LONG)
        return hl_fail(err, HL_E_LIMIT, "more than %d numerics of a stay have over %d characters",
                       MAX_LONG, INLINE);
    hl_code c = hl_strmap_add(s->long_text, (hl_str){text, n}, i, &was, err);
    if (was >= 0)
        i = was;
    r->n = LONG;
    memcpy(r->text, &i, sizeof i);
    return c;
}

static hl_code take_value(numerics *s, const hl_message *m, hl_logs *logs, hl_error *err)
{
    char text[HL_DECIMAL_CHARS];
    size_t n = m->number.at ? hl_decimal_text(m->number, text) : 0, i;
    hl_code c = find_definition(s, m->numeric, &i, err);

    if (c != HL_OK)
        return c;
    definition *d = &s->definition[i];
    if (logs)
        c = hl_logs_numeric(logs, m, d->label, (hl_str){text, n}, d->unit, err);
    if (c != HL_OK || n == 0)
        return c;
    if (d->column < 0)
        c = find_column(s, d, err);
    record r = {.sequence = m->sequence,
                .us = m->numeric->is_aperiodic || !m->time.has ? NO_TIME : m->time.us,
                .definition = (uint32_t)i};
    n = hl_decimal_short(text, n);
    if (n <= INLINE) {
        r.n = (uint8_t)n;
        memcpy(r.text, text, n);
    } else if (c == HL_OK) {
        c = keep_long(s, &r, text, n, err);
    }
    return c == HL_OK ? hl_runs_add(s->runs, &r, err) : c;
}

static hl_str value_of(const numerics *s, const record *r)
{
    int64_t i;

    if (r->n != LONG)
        return (hl_str){r->text, r->n};
    memcpy(&i, r->text, sizeof i);
    return hl_strmap_key(s->long_text, (size_t)i);
}

/* --- the file -----------------------------------------------------------------------------------
 */

/* The converter's style: gzip. The database's: dictzip. */
typedef struct {
    hl_gzip *gz;
    hl_dictzip_writer *dictzip;
    hl_out *out;
    char name[HL_EVENT_NAME_BYTES];
    hl_buf text;
} table;

static hl_code table_open(table *t, const hl_events *e, hl_error *err)
{
    const hl_stay_options *o = e->options;
    char path[HL_PATH_BYTES], inner[HL_EVENT_NAME_BYTES];
    hl_code c;

    if (o->style == HL_STAY_DOWNCAST) {
        snprintf(t->name, sizeof t->name, "numerics.csv.gz");
        c = hl_events_path(e, t->name, path, err);
        return c == HL_OK ? hl_gzip_create(path, 1, &t->gz, err) : c;
    }
    if (o->mtime < 0 || o->mtime > UINT32_MAX)
        return hl_fail(err, HL_E_USAGE, "a file time must lie between 1970 and 2106");
    c = hl_events_name(e, "n.csv.gz", t->name, err);
    if (c == HL_OK)
        c = hl_events_name(e, "n.csv", inner, err);
    if (c == HL_OK)
        c = hl_events_path(e, t->name, path, err);
    if (c == HL_OK)
        c = hl_out_create(path, &t->out, err);
    return c == HL_OK ? hl_dictzip_writer_new(inner, (uint32_t)o->mtime, &t->dictzip, err) : c;
}

static hl_code table_flush(table *t, size_t least, hl_error *err)
{
    hl_code c = hl_buf_check(&t->text, "numerics", err);

    if (c != HL_OK || t->text.n < least)
        return c;
    if (t->gz)
        c = hl_gzip_write(t->gz, t->text.at, t->text.n, err);
    else
        c = hl_dictzip_writer_add(t->dictzip, t->text.at, t->text.n, err);
    hl_buf_clear(&t->text);
    return c;
}

static hl_code table_commit(table *t, const hl_events *e, hl_error *err)
{
    hl_digest digest;
    hl_code c = table_flush(t, 1, err);

    if (c == HL_OK && t->gz) {
        c = hl_gzip_commit(&t->gz, &digest, err);
    } else if (c == HL_OK) {
        c = hl_dictzip_writer_end(&t->dictzip, t->out, err);
        if (c == HL_OK)
            c = hl_out_commit(&t->out, &digest, err);
    }
    return c == HL_OK ? e->add(e->ctx, t->name, &digest, err) : c;
}

static void table_free(table *t)
{
    hl_gzip_abort(&t->gz);
    hl_dictzip_writer_abort(&t->dictzip);
    hl_out_abort(&t->out);
    hl_buf_free(&t->text);
}

static void put_header(const numerics *s, hl_buf *to)
{
    hl_buf_text(to, "\"time\"");
    for (size_t i = 0; i < s->n_columns; i++) {
        hl_buf_text(to, ",\"");
        hl_buf_str(to, s->column[i].name);
        hl_buf_text(to, " [");
        hl_buf_str(to, s->column[i].unit);
        hl_buf_text(to, "]\"");
    }
    hl_buf_char(to, '\n');
}

/* Empty the row. */
static void put_row(const numerics *s, int64_t tick, record *cell, hl_buf *to)
{
    hl_buf_i64(to, tick);
    for (size_t i = 0; i < s->n_columns; i++) {
        hl_buf_char(to, ',');
        if (cell[i].n > 0)
            hl_buf_str(to, value_of(s, &cell[i]));
        cell[i].n = 0;
    }
    hl_buf_char(to, '\n');
}

static int64_t tick_of(const hl_events *e, const record *r)
{
    int64_t sequence = r->sequence;

    if (r->us != NO_TIME)
        sequence = hl_event_sequence(e->clock, (hl_stamp){.us = r->us, .has = true}, r->sequence,
                                     HL_EVENT_LATE);
    return hl_event_tick(sequence, e->base);
}

/* Values that follow each other at one tick are one row, the last of a column holds; a tick that
 * comes again later is a row again, as in the original. */
static hl_code write_rows(numerics *s, table *t, hl_error *err)
{
    record *cell = calloc(s->n_columns, sizeof *cell);
    record last = {0};
    const void *item;
    int64_t tick = 0, n_rows = 0;
    hl_code c = HL_OK;

    if (!cell)
        return hl_fail_memory(err, "numerics", s->n_columns * sizeof *cell);
    while (c == HL_OK && (c = hl_runs_next(s->runs, &item, err)) == HL_OK) {
        const record *r = item;
        if (n_rows == 0 || compare_records(r, &last, NULL) != 0) {
            int64_t here = tick_of(s->e, r);
            if (n_rows > 0 && here != tick)
                put_row(s, tick, cell, &t->text);
            n_rows += n_rows == 0 || here != tick;
            tick = here;
            last = *r;
            c = table_flush(t, FLUSH_BYTES, err);
            if (c == HL_OK)
                c = hl_ctl_check(s->e->options->ctl, err);
        }
        cell[s->definition[r->definition].column] = *r;
    }
    if (c == HL_END) {
        put_row(s, tick, cell, &t->text);
        s->e->result->n_numeric_rows = n_rows;
        c = HL_OK;
    }
    free(cell);
    return c;
}

static hl_code write_table(numerics *s, hl_error *err)
{
    table t = {0};
    hl_code c = order_columns(s, err);

    if (c == HL_OK)
        c = hl_runs_sort(s->runs, err);
    if (c == HL_OK)
        c = table_open(&t, s->e, err);
    if (c == HL_OK) {
        put_header(s, &t.text);
        c = write_rows(s, &t, err);
    }
    if (c == HL_OK)
        c = table_commit(&t, s->e, err);
    table_free(&t);
    return c;
}

hl_code hl_stay_numerics_write(hl_events *e, hl_logs *logs, hl_error *err)
{
    numerics s = {.e = e,
                  .arena = hl_arena_new(0),
                  .by_text = hl_strmap_new(64),
                  .by_name = hl_strmap_new(64),
                  .long_text = hl_strmap_new(0),
                  .column = calloc(MAX_COLUMNS, sizeof(column))};
    hl_message m;
    hl_code c;

    if (!s.arena || !s.by_text || !s.by_name || !s.long_text || !s.column)
        c = hl_fail_memory(err, "numerics", MAX_COLUMNS * sizeof(column));
    else
        c = hl_runs_new(sizeof(record), HL_EVENT_MEMORY, e->options->scratch, compare_records, NULL,
                        &s.runs, err);
    if (c == HL_OK)
        c = hl_events_rewind(e->input, HL_MESSAGE_NUMERIC, err);
    while (c == HL_OK &&
           (c = hl_events_next(e->input, HL_MESSAGE_NUMERIC, e->options->ctl, &m, err)) == HL_OK)
        c = take_value(&s, &m, logs, err);
    if (c == HL_END)
        c = hl_runs_count(s.runs) > 0 ? write_table(&s, err) : HL_OK;
    hl_runs_free(&s.runs);
    hl_strmap_free(&s.by_text);
    hl_strmap_free(&s.by_name);
    hl_strmap_free(&s.long_text);
    hl_arena_free(&s.arena);
    hl_buf_free(&s.key);
    hl_buf_free(&s.text);
    free(s.definition);
    free(s.column);
    return c;
}
