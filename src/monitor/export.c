#include "monitor/export_internal.h"

#include <math.h>
#include <stdarg.h>

#include "base/ctl.h"

/* Ticks are milliseconds: so far from 0 that neither us nor a wall time added to them overflow. */
#define MAX_SEQUENCE (INT64_C(1) << 52)

/* --- the handle ------------------------------------------------------------------------------- */

hl_code hl_export_open(const char *const *folder, size_t n, hl_ctl *ctl, hl_export_report report,
                       void *ctx, hl_export **out, hl_error *err)
{
    hl_export *e = calloc(1, sizeof *e);
    hl_code c = HL_OK;

    *out = NULL;
    if (!e)
        return hl_fail_memory(err, "export", sizeof *e);
    pthread_mutex_init(&e->mutex, NULL);
    e->ctl = ctl;
    e->report = report;
    e->report_ctx = ctx;
    e->arena = hl_arena_new(0);
    e->mapping_of = hl_strmap_new(0);
    e->stranger = hl_strmap_new(0);
    for (int k = 0; k < 3; k++)
        e->id[k] = hl_map_new(0);
    if (!e->arena || !e->mapping_of || !e->stranger || !e->id[0] || !e->id[1] || !e->id[2])
        c = hl_fail_memory(err, "export", sizeof *e);
    if (c == HL_OK)
        c = hl_export_find_files(e, folder, n, err);
    if (c == HL_OK)
        c = hl_export_check_order(e, err);
    if (c == HL_OK)
        c = hl_export_read_tables(e, err);
    if (c != HL_OK)
        hl_export_close(&e);
    *out = e;
    return c;
}

void hl_export_close(hl_export **export)
{
    hl_export *e = export ? *export : NULL;

    if (!e)
        return;
    for (int k = 0; k < 3; k++)
        hl_map_free(&e->id[k]);
    hl_strmap_free(&e->mapping_of);
    hl_strmap_free(&e->stranger);
    free(e->mapping);
    free(e->file);
    free(e->part);
    free(e->format);
    free(e->wave);
    free(e->numeric);
    free(e->enumeration);
    hl_arena_free(&e->arena);
    pthread_mutex_destroy(&e->mutex);
    free(e);
    *export = NULL;
}

const hl_wave_definition *hl_export_waves(const hl_export *e, size_t *n)
{
    *n = e->n_waves;
    return e->wave;
}

const hl_numeric_definition *hl_export_numerics(const hl_export *e, size_t *n)
{
    *n = e->n_numerics;
    return e->numeric;
}

const hl_enumeration_definition *hl_export_enumerations(const hl_export *e, size_t *n)
{
    *n = e->n_enumerations;
    return e->enumeration;
}

const hl_export_file *hl_export_files(const hl_export *e, size_t *n)
{
    *n = e->n_files;
    return e->file;
}

static const hl_mapping *find_mapping(const hl_export *e, hl_uuid mapping)
{
    int64_t i = hl_strmap_get(e->mapping_of, (hl_str){(const char *)mapping.byte, sizeof mapping});

    return i >= 0 ? &e->mapping[i] : NULL;
}

hl_uuid hl_export_patient(const hl_export *e, hl_uuid mapping, bool *known)
{
    const hl_mapping *m = find_mapping(e, mapping);

    *known = m && m->has_patient && !m->is_ambiguous;
    return *known ? m->patient : mapping;
}

hl_stamp hl_export_mapping_time(const hl_export *e, hl_uuid mapping)
{
    const hl_mapping *m = find_mapping(e, mapping);

    return m ? m->time : (hl_stamp){0};
}

/* --- parts ------------------------------------------------------------------------------------ */

hl_code hl_part_open(hl_export *e, const hl_part *part, hl_stream_mode mode, hl_ctl *ctl,
                     hl_rows **out, hl_error *err)
{
    hl_stream *stream = NULL;
    hl_code c = hl_stream_open(e->file[part->file].path, mode, ctl, &stream, err);

    *out = NULL;
    return c == HL_OK ? hl_rows_new(&stream, &e->format[part->format], out, err) : c;
}

void hl_part_done(hl_export *e, const hl_part *part, const hl_rows *rows)
{
    pthread_mutex_lock(&e->mutex);
    e->file[part->file].digest = *hl_rows_digest(rows);
    e->file[part->file].was_read = true;
    pthread_mutex_unlock(&e->mutex);
}

void hl_part_tell(hl_export *e, const hl_part *part, hl_export_finding what, int64_t row,
                  const char *fmt, ...)
{
    char text[512];
    va_list ap;

    if (!e->report)
        return;
    int n = snprintf(text, sizeof text, "%.300s: row %lld: ", part->name, (long long)row);
    va_start(ap, fmt);
    vsnprintf(text + n, sizeof text - (size_t)n, fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&e->mutex);
    e->report(e->report_ctx, what, text);
    pthread_mutex_unlock(&e->mutex);
}

void hl_part_tell_damage(hl_export *e, const hl_part *part, const hl_row *row)
{
    hl_part_tell(e, part, HL_EXPORT_DAMAGE, row->number, "damaged; %lld bytes skipped to the %s",
                 (long long)row->skipped, row->at_end ? "end of the file" : "next row");
}

/* --- fields ----------------------------------------------------------------------------------- */

/* The text of column i; false when it is NULL: empty, or not in the file at all. */
static bool get(const hl_fields *f, size_t i, hl_str *text)
{
    const int place = f->format->place[i];

    *text = place >= 0 ? f->row->field[place] : (hl_str){0};
    return text->n > 0;
}

/* Always false. A mandatory field costs the row, once told; an optional one becomes NULL. */
static bool refuse(hl_fields *f, size_t i, const char *is)
{
    const hl_column *column = &f->format->table->column[i];

    if (column->role == HL_COLUMN_MANDATORY) {
        if (!f->bad)
            hl_part_tell(f->e, f->part, HL_EXPORT_BAD_ROW, f->row->number,
                         "%s is %s; the row is left out", column->name, is);
        f->bad = true;
    } else if (!f->bad) {
        hl_part_tell(f->e, f->part, HL_EXPORT_BAD_FIELD, f->row->number, "%s is %s; taken as NULL",
                     column->name, is);
    }
    return false;
}

static bool refuse_null(hl_fields *f, size_t i)
{
    return f->format->table->column[i].role == HL_COLUMN_MANDATORY && refuse(f, i, "empty");
}

bool hl_fields_text(hl_fields *f, size_t i, hl_str *out)
{
    const hl_field_type type = f->format->table->column[i].type;
    hl_str text;

    *out = (hl_str){0};
    if (!get(f, i, &text))
        return refuse_null(f, i);
    if (text.n == 1 && *text.at == 0) { /* the empty text. waveform.md 4.7 */
        *out = (hl_str){text.at, 0};
        return true;
    }
    if (memchr(text.at, 0, text.n) || !hl_field_fits(type, text) ||
        (type == HL_FIELD_TEXT && hl_utf8_fault(text.at, text.n) >= 0))
        return refuse(f, i, "malformed");
    *out = text;
    return true;
}

bool hl_fields_integer(hl_fields *f, size_t i, int64_t *out)
{
    hl_str text;

    if (!get(f, i, &text))
        return refuse_null(f, i);
    return hl_parse_i64(hl_str_trim(text), out) || refuse(f, i, "malformed");
}

bool hl_fields_number(hl_fields *f, size_t i, hl_str *text, double *value)
{
    hl_str s;

    *text = (hl_str){0};
    if (!get(f, i, &s))
        return refuse_null(f, i);
    s = hl_str_trim(s);
    if (!hl_parse_f64(s, value) || !isfinite(*value))
        return refuse(f, i, "malformed");
    *text = s;
    return true;
}

bool hl_fields_boolean(hl_fields *f, size_t i, bool *out)
{
    hl_str text;

    if (!get(f, i, &text))
        return refuse_null(f, i);
    text = hl_str_trim(text);
    if (!hl_str_is(text, "0") && !hl_str_is(text, "1"))
        return refuse(f, i, "malformed");
    *out = *text.at == '1';
    return true;
}

bool hl_fields_time(hl_fields *f, size_t i, hl_stamp *out)
{
    hl_str text;

    if (!get(f, i, &text))
        return refuse_null(f, i);
    return hl_stamp_parse(hl_str_trim(text), out) || refuse(f, i, "malformed");
}

bool hl_fields_uuid(hl_fields *f, size_t i, hl_uuid *out)
{
    hl_str text;

    if (!get(f, i, &text))
        return refuse_null(f, i);
    return hl_uuid_parse(hl_str_trim(text), out) || refuse(f, i, "malformed");
}

/* --- rows of one time: which of them came before ---------------------------------------------- */

/* Copies of the rows that have the newest time, found again by a hash of their parts outside the
 * binary field. Beyond these bounds rows are not remembered any more. */
enum { N_HEADS = 4096, MAX_REMEMBERED = 1 << 16, MAX_REMEMBERED_BYTES = 64 << 20 };

typedef struct {
    uint64_t hash;
    size_t at, n;
    int32_t next;
    uint32_t head;
} remembered;

typedef struct {
    hl_buf bytes;
    remembered *row;
    size_t n, cap;
    int32_t first[N_HEADS]; /* index + 1; 0 = none */
} newest_rows;

static void forget_rows(newest_rows *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->first[s->row[i].head] = 0;
    s->n = 0;
    hl_buf_clear(&s->bytes);
}

static uint64_t hash_row(const hl_row_format *format, const hl_row *row)
{
    if (format->binary == format->n_columns)
        return hl_fnv1a64(row->bytes.at, row->bytes.n);
    const hl_str *binary = &row->field[format->binary];
    const char *behind = binary->at + binary->n;
    uint64_t head = hl_fnv1a64(row->bytes.at, (size_t)(binary->at - row->bytes.at));
    uint64_t tail = hl_fnv1a64(behind, row->bytes.n - (size_t)(behind - row->bytes.at));

    return head ^ (tail << 32 | tail >> 32);
}

/* *is_twin, or the row joins them. */
static hl_code remember_row(newest_rows *s, const hl_row_format *format, const hl_row *row,
                            bool *is_twin, hl_error *err)
{
    const uint64_t hash = hash_row(format, row);
    const uint32_t head = (uint32_t)(hash ^ hash >> 40) % N_HEADS;

    *is_twin = false;
    for (int32_t i = s->first[head]; i > 0 && !*is_twin; i = s->row[i - 1].next) {
        const remembered *r = &s->row[i - 1];
        *is_twin = r->hash == hash && r->n == row->bytes.n &&
                   memcmp(s->bytes.at + r->at, row->bytes.at, r->n) == 0;
    }
    if (*is_twin || s->n == MAX_REMEMBERED ||
        s->bytes.n + row->bytes.n > (size_t)MAX_REMEMBERED_BYTES)
        return HL_OK;
    hl_code c = hl_export_grow((void **)&s->row, &s->cap, s->n, sizeof *s->row, err);
    if (c != HL_OK)
        return c;
    s->row[s->n] = (remembered){hash, s->bytes.n, row->bytes.n, s->first[head], head};
    s->first[head] = (int32_t)++s->n;
    hl_buf_str(&s->bytes, row->bytes);
    return hl_buf_check(&s->bytes, "rows of one time", err);
}

/* --- messages --------------------------------------------------------------------------------- */

struct hl_export_reader {
    hl_export *e;
    hl_message_kind kind;
    hl_table_id table;
    size_t i_part; /* of rows, or the next one to open */
    hl_rows *rows;
    hl_row row;
    int64_t newest_us, last_us; /* of all rows; of the last one, which may be older */
    newest_rows same_time;
    hl_uuid mapping; /* of the last message */
    bool has_mapping;
};

hl_code hl_export_read(hl_export *e, hl_message_kind kind, hl_export_reader **out, hl_error *err)
{
    static const hl_table_id table[HL_MESSAGE_KINDS] = {
        [HL_MESSAGE_WAVE] = HL_TABLE_WAVE_SAMPLE,
        [HL_MESSAGE_NUMERIC] = HL_TABLE_NUMERIC_VALUE,
        [HL_MESSAGE_ENUMERATION] = HL_TABLE_ENUMERATION_VALUE,
        [HL_MESSAGE_ALERT] = HL_TABLE_ALERT,
    };
    hl_export_reader *r = calloc(1, sizeof *r);

    *out = r;
    if (!r)
        return hl_fail_memory(err, "reader", sizeof *r);
    r->e = e;
    r->kind = kind;
    r->table = table[kind];
    r->newest_us = r->last_us = INT64_MIN;
    return HL_OK;
}

void hl_export_reader_close(hl_export_reader **reader)
{
    hl_export_reader *r = reader ? *reader : NULL;

    if (!r)
        return;
    hl_rows_free(&r->rows);
    hl_buf_free(&r->same_time.bytes);
    free(r->same_time.row);
    free(r);
    *reader = NULL;
}

/* The next file of the table. HL_END: there is none. */
static hl_code open_part(hl_export_reader *r, hl_error *err)
{
    hl_export *e = r->e;

    while (r->i_part < e->n_parts && e->part[r->i_part].table != r->table)
        r->i_part++;
    if (r->i_part == e->n_parts)
        return HL_END;
    const hl_part *part = &e->part[r->i_part];
    if (part->first_us != INT64_MIN && part->first_us < r->last_us)
        return hl_fail_at(err, HL_E_INPUT, e->file[part->file].path, 0, -1,
                          "begins before the end of the file before it\nFiles of a table are read "
                          "by the order of folders and names, and may not overlap in time.");
    return hl_part_open(e, part, hl_ctl_jobs(e->ctl) > 1 ? HL_STREAM_THREAD : HL_STREAM_PLAIN,
                        e->ctl, &r->rows, err);
}

/* The next row, of whatever file. */
static hl_code next_row(hl_export_reader *r, hl_error *err)
{
    for (;;) {
        hl_code c = r->rows ? HL_OK : open_part(r, err);
        if (c != HL_OK)
            return c;
        const hl_part *part = &r->e->part[r->i_part];
        c = hl_rows_next(r->rows, &r->row, err);
        if (c == HL_OK && r->row.skipped == 0)
            return HL_OK;
        if (c == HL_OK) {
            hl_part_tell_damage(r->e, part, &r->row);
            continue;
        }
        if (c != HL_END) {
            hl_error_context(err, "%s", hl_tables[r->table].name);
            return c;
        }
        hl_part_done(r->e, part, r->rows);
        hl_rows_free(&r->rows);
        r->i_part++;
    }
}

/* Remember a mapping that the table does not know: it may not get into an output. */
static hl_code note_mapping(hl_export_reader *r, hl_uuid mapping, hl_error *err)
{
    hl_code c = HL_OK;

    if (r->has_mapping && !memcmp(&r->mapping, &mapping, sizeof mapping))
        return HL_OK;
    r->mapping = mapping;
    r->has_mapping = true;
    if (find_mapping(r->e, mapping))
        return HL_OK;
    pthread_mutex_lock(&r->e->mutex);
    c = hl_strmap_add(r->e->stranger, (hl_str){(const char *)mapping.byte, sizeof mapping}, 0, NULL,
                      err);
    pthread_mutex_unlock(&r->e->mutex);
    return c;
}

/* Whether the row may stay: not older than one before it, and not the same. */
static hl_code check_order(hl_export_reader *r, const hl_fields *f, int64_t us, bool *stays,
                           hl_error *err)
{
    bool is_twin = false;
    hl_code c = HL_OK;

    *stays = false;
    r->last_us = us;
    if (us < r->newest_us) {
        hl_part_tell(r->e, f->part, HL_EXPORT_OLD_ROW, r->row.number,
                     "older than a row before it; the row is left out");
        return HL_OK;
    }
    if (us > r->newest_us)
        forget_rows(&r->same_time);
    r->newest_us = us;
    c = remember_row(&r->same_time, f->format, &r->row, &is_twin, err);
    if (is_twin)
        hl_part_tell(r->e, f->part, HL_EXPORT_TWIN_ROW, r->row.number,
                     "the same as a row before it; the row is left out");
    *stays = !is_twin;
    return c;
}

/* Index of the definition that the row names; -1: none, and the row is left out. */
static int64_t find_definition(const hl_export_reader *r, const hl_fields *f, int64_t id)
{
    static const char *const defined_in[] = {"Wave", "Numeric", "Enumeration"};
    int64_t i = hl_map_get(r->e->id[r->kind], id);

    if (i < 0)
        hl_part_tell(r->e, f->part, HL_EXPORT_UNKNOWN_ID, r->row.number,
                     "table %s has no row for its %s; the row is left out", defined_in[r->kind],
                     f->format->table->column[COLUMN_ID].name);
    return i;
}

static void take_wave(hl_fields *f, hl_message *m)
{
    const hl_str samples = f->row->field[f->format->place[COLUMN_SAMPLES]];

    m->sample = (const uint8_t *)samples.at;
    m->n = (int64_t)(samples.n / 2);
    hl_fields_text(f, COLUMN_UNAVAILABLE, &m->unavailable);
    hl_fields_text(f, COLUMN_INVALID, &m->invalid);
    hl_fields_text(f, COLUMN_PACED, &m->paced);
}

static void take_alert(hl_fields *f, hl_message *m)
{
    hl_fields_integer(f, COLUMN_SOURCE, &m->source);
    hl_fields_integer(f, COLUMN_CODE, &m->code);
    m->severity = HL_NO_SEVERITY;
    hl_fields_integer(f, COLUMN_SEVERITY, &m->severity);
    hl_fields_integer(f, COLUMN_KIND, &m->alert_kind);
    hl_fields_boolean(f, COLUMN_IS_SILENCED, &m->is_silenced);
    hl_fields_integer(f, COLUMN_SUBTYPE, &m->subtype);
    hl_fields_time(f, COLUMN_ANNOUNCE, &m->announce);
    hl_fields_time(f, COLUMN_ONSET, &m->onset);
    hl_fields_time(f, COLUMN_END, &m->end);
}

/* Samples are words of two bytes; no bytes are NULL. */
static void check_samples(hl_fields *f)
{
    const size_t n = f->row->field[f->format->place[COLUMN_SAMPLES]].n;

    if (n == 0 || n % 2 != 0)
        refuse(f, COLUMN_SAMPLES, n == 0 ? "empty" : "malformed");
}

/* What every message needs; f->bad otherwise. *id: of its definition. */
static void take_mandatory(hl_fields *f, hl_message *m, int64_t *id)
{
    hl_fields_time(f, COLUMN_TIME, &m->time);
    if (hl_fields_integer(f, COLUMN_SEQUENCE, &m->sequence) &&
        (m->sequence > MAX_SEQUENCE || m->sequence < -MAX_SEQUENCE))
        refuse(f, COLUMN_SEQUENCE, "malformed");
    hl_fields_uuid(f, COLUMN_MAPPING, &m->mapping);
    if (m->kind != HL_MESSAGE_ALERT) {
        hl_fields_integer(f, COLUMN_ID, id);
        if (m->kind == HL_MESSAGE_WAVE)
            check_samples(f);
    } else {
        hl_fields_uuid(f, COLUMN_ID, &m->alert);
        hl_fields_text(f, COLUMN_ALERT_LABEL, &m->label);
    }
}

/* *stays = false: the row has been told of and is left out. */
static hl_code take_row(hl_export_reader *r, hl_message *m, bool *stays, hl_error *err)
{
    const hl_part *part = &r->e->part[r->i_part];
    hl_fields f = {r->e, part, &r->e->format[part->format], &r->row, false};
    int64_t id = 0, i = 0;
    double value;

    *stays = false;
    memset(m, 0, sizeof *m);
    m->kind = r->kind;
    take_mandatory(&f, m, &id);
    if (f.bad)
        return HL_OK;
    hl_code c = check_order(r, &f, m->time.us, stays, err);
    if (c != HL_OK || !*stays)
        return c;
    if (r->kind != HL_MESSAGE_ALERT)
        i = find_definition(r, &f, id);
    *stays = i >= 0;
    if (!*stays)
        return HL_OK;
    switch (r->kind) {
    case HL_MESSAGE_WAVE:
        m->wave = &r->e->wave[i];
        take_wave(&f, m);
        break;
    case HL_MESSAGE_NUMERIC:
        m->numeric = &r->e->numeric[i];
        hl_fields_number(&f, COLUMN_VALUE, &m->number, &value);
        break;
    case HL_MESSAGE_ENUMERATION:
        m->enumeration = &r->e->enumeration[i];
        hl_fields_text(&f, COLUMN_VALUE, &m->value);
        break;
    case HL_MESSAGE_ALERT:
        take_alert(&f, m);
        break;
    case HL_MESSAGE_KINDS:
        break;
    }
    return note_mapping(r, m->mapping, err);
}

hl_code hl_export_next(hl_export_reader *r, hl_message *out, hl_error *err)
{
    bool stays = false;
    hl_code c = HL_OK;

    while (c == HL_OK && !stays)
        if ((c = next_row(r, err)) == HL_OK)
            c = take_row(r, out, &stays, err);
    return c;
}
