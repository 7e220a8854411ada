#include "monitor/export_internal.h"

#include <stddef.h>

#include "base/sort.h"

/* One pass over a part: take() is called for each whole row. */
typedef struct {
    hl_export *e;
    const hl_part *part;
    bool tell; /* of damage: once a file, whichever pass is the first */
    hl_code (*take)(void *ctx, hl_fields *f, hl_error *err);
    void *ctx;
} pass;

static hl_code run_pass(const pass *p, hl_error *err)
{
    hl_rows *rows = NULL;
    hl_row *row = malloc(sizeof *row);
    hl_code c = row ? hl_part_open(p->e, p->part, HL_STREAM_PLAIN, p->e->ctl, &rows, err)
                    : hl_fail_memory(err, "a row", sizeof *row);

    while (c == HL_OK && (c = hl_rows_next(rows, row, err)) == HL_OK) {
        hl_fields f = {p->e, p->part, &p->e->format[p->part->format], row, false};
        if (row->skipped == 0)
            c = p->take(p->ctx, &f, err);
        else if (p->tell)
            hl_part_tell_damage(p->e, p->part, row);
    }
    if (c == HL_END) {
        hl_part_done(p->e, p->part, rows);
        c = HL_OK;
    }
    hl_rows_free(&rows);
    free(row);
    return c;
}

/* --- definitions ------------------------------------------------------------------------------ */

/* Columns of the definition tables, in the order of hl_tables. The integer columns of Wave come
 * first, as the bits of hl_wave_definition.missing are numbered. */
enum {
    WAVE_ID = 0,
    WAVE_BASE_PHYSIO,
    WAVE_PHYSIO,
    WAVE_CHANNEL,
    WAVE_PERIOD,
    WAVE_COLOR,
    WAVE_SCALE_LOWER,
    WAVE_SCALE_UPPER,
    WAVE_SCALED_LOWER,
    WAVE_SCALED_UPPER,
    WAVE_CALIBRATION_TYPE,
    WAVE_UNIT_CODE,
    WAVE_LEAD_PLACEMENT,
    WAVE_LABEL,
    WAVE_UNIT_LABEL,
    WAVE_IS_SLOW,
    WAVE_IS_DERIVED,
    WAVE_LOW_EDGE,
    WAVE_HIGH_EDGE,
    WAVE_ABS_LOWER,
    WAVE_ABS_UPPER
};
enum { NUMERIC_ID = 0, NUMERIC_LABEL, NUMERIC_SUB_LABEL, NUMERIC_UNIT_LABEL, NUMERIC_APERIODIC };
enum { ENUM_ID = 0, ENUM_BASE_PHYSIO, ENUM_PHYSIO, ENUM_LABEL, ENUM_VALUE_PHYSIO };

static hl_code keep_text(hl_fields *f, size_t column, hl_str *out, hl_error *err)
{
    hl_str text;

    *out = (hl_str){0};
    if (!hl_fields_text(f, column, &text))
        return HL_OK;
    *out = hl_arena_str(f->e->arena, text);
    return out->at ? HL_OK : hl_fail_memory(err, "a label", text.n);
}

static void take_maybe(hl_fields *f, size_t column, hl_maybe *out)
{
    hl_str text;

    out->has = hl_fields_number(f, column, &text, &out->value);
}

static void take_wave_integers(hl_fields *f, hl_wave_definition *w)
{
    int64_t scale[4];
    hl_maybe *const maybe[4] = {&w->scale_lower, &w->scale_upper, &w->scaled_lower,
                                &w->scaled_upper};
    int64_t *const to[] = {
        [WAVE_ID] = &w->id,
        [WAVE_BASE_PHYSIO] = &w->base_physio_id,
        [WAVE_PHYSIO] = &w->physio_id,
        [WAVE_CHANNEL] = &w->channel,
        [WAVE_PERIOD] = &w->sample_period,
        [WAVE_COLOR] = &w->color,
        [WAVE_SCALE_LOWER] = &scale[0],
        [WAVE_SCALE_UPPER] = &scale[1],
        [WAVE_SCALED_LOWER] = &scale[2],
        [WAVE_SCALED_UPPER] = &scale[3],
        [WAVE_CALIBRATION_TYPE] = &w->calibration_type,
        [WAVE_UNIT_CODE] = &w->unit_code,
        [WAVE_LEAD_PLACEMENT] = &w->ecg_lead_placement,
    };

    for (size_t i = 0; i < sizeof to / sizeof *to; i++)
        if (!hl_fields_integer(f, i, to[i])) {
            *to[i] = 0;
            w->missing |= UINT32_C(1) << i;
        }
    for (size_t i = 0; i < 4; i++)
        *maybe[i] = (hl_maybe){(double)scale[i], !(w->missing >> (WAVE_SCALE_LOWER + i) & 1)};
}

static hl_code take_wave(void *ctx, hl_fields *f, hl_error *err)
{
    hl_export *e = f->e;
    size_t *cap = ctx;
    hl_wave_definition w = {0};
    hl_code c = hl_export_grow((void **)&e->wave, cap, e->n_waves, sizeof w, err);

    take_wave_integers(f, &w);
    if (!f->bad && w.sample_period < 1) {
        hl_part_tell(e, f->part, HL_EXPORT_BAD_ROW, f->row->number,
                     "SamplePeriod is malformed; the row is left out");
        f->bad = true;
    }
    if (c != HL_OK || f->bad)
        return c;
    hl_fields_boolean(f, WAVE_IS_SLOW, &w.is_slow_wave);
    hl_fields_boolean(f, WAVE_IS_DERIVED, &w.is_derived);
    take_maybe(f, WAVE_LOW_EDGE, &w.low_edge_hz);
    take_maybe(f, WAVE_HIGH_EDGE, &w.high_edge_hz);
    take_maybe(f, WAVE_ABS_LOWER, &w.absolute_lower);
    take_maybe(f, WAVE_ABS_UPPER, &w.absolute_upper);
    c = keep_text(f, WAVE_LABEL, &w.label, err);
    if (c == HL_OK)
        c = keep_text(f, WAVE_UNIT_LABEL, &w.unit_label, err);
    e->wave[e->n_waves++] = w;
    return c;
}

static hl_code take_numeric(void *ctx, hl_fields *f, hl_error *err)
{
    hl_export *e = f->e;
    size_t *cap = ctx;
    hl_numeric_definition d = {0};
    hl_code c = hl_export_grow((void **)&e->numeric, cap, e->n_numerics, sizeof d, err);

    if (c != HL_OK || !hl_fields_integer(f, NUMERIC_ID, &d.id))
        return c;
    hl_fields_boolean(f, NUMERIC_APERIODIC, &d.is_aperiodic);
    c = keep_text(f, NUMERIC_LABEL, &d.label, err);
    if (c == HL_OK)
        c = keep_text(f, NUMERIC_SUB_LABEL, &d.sub_label, err);
    if (c == HL_OK)
        c = keep_text(f, NUMERIC_UNIT_LABEL, &d.unit_label, err);
    e->numeric[e->n_numerics++] = d;
    return c;
}

static hl_code take_enumeration(void *ctx, hl_fields *f, hl_error *err)
{
    hl_export *e = f->e;
    size_t *cap = ctx;
    hl_enumeration_definition d = {0};
    hl_code c = hl_export_grow((void **)&e->enumeration, cap, e->n_enumerations, sizeof d, err);

    if (c != HL_OK || !hl_fields_integer(f, ENUM_ID, &d.id))
        return c;
    hl_fields_integer(f, ENUM_BASE_PHYSIO, &d.base_physio_id);
    hl_fields_integer(f, ENUM_PHYSIO, &d.physio_id);
    hl_fields_integer(f, ENUM_VALUE_PHYSIO, &d.value_physio_id);
    c = keep_text(f, ENUM_LABEL, &d.label, err);
    e->enumeration[e->n_enumerations++] = d;
    return c;
}

/* The id is the first member of each kind of definition. */
_Static_assert(offsetof(hl_wave_definition, id) == 0, "id comes first");
_Static_assert(offsetof(hl_numeric_definition, id) == 0, "id comes first");
_Static_assert(offsetof(hl_enumeration_definition, id) == 0, "id comes first");

static int compare_ids(const void *a, const void *b, void *ctx)
{
    int64_t x, y;

    (void)ctx;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* Sort by id and fill the map; of several with one id the last stays. */
static hl_code index_ids(void *items, size_t *n, size_t item_bytes, hl_map *map, hl_error *err)
{
    char *item = items;
    size_t kept = 0;
    int64_t id;
    hl_code c = *n > 0 ? hl_sort_stable(items, *n, item_bytes, compare_ids, NULL, err) : HL_OK;

    for (size_t i = 0; c == HL_OK && i < *n; i++) {
        if (i + 1 < *n &&
            compare_ids(item + i * item_bytes, item + (i + 1) * item_bytes, NULL) == 0)
            continue;
        memmove(item + kept * item_bytes, item + i * item_bytes, item_bytes);
        memcpy(&id, item + kept * item_bytes, sizeof id);
        c = hl_map_add(map, id, (int64_t)kept++, NULL, err);
    }
    *n = kept;
    return c;
}

/* The latest file of a definition table is the one that holds. waveform.md 4.7 */
static hl_code read_definitions(hl_export *e, hl_table_id table,
                                hl_code (*take)(void *ctx, hl_fields *f, hl_error *err),
                                hl_error *err)
{
    size_t cap = 0;

    for (size_t i = e->n_parts; i > 0; i--)
        if (e->part[i - 1].table == table)
            return run_pass(&(pass){e, &e->part[i - 1], true, take, &cap}, err);
    return HL_OK;
}

/* --- mappings --------------------------------------------------------------------------------- */

enum { MAPPING_TIME = 0, MAPPING_ID, MAPPING_PATIENT };

static hl_code take_mapping(void *ctx, hl_fields *f, hl_error *err)
{
    hl_export *e = f->e;
    hl_mapping m = {0};
    hl_uuid id;
    int64_t was;
    hl_code c =
        hl_export_grow((void **)&e->mapping, &e->cap_mappings, e->n_mappings, sizeof m, err);

    (void)ctx;
    if (c != HL_OK || !hl_fields_uuid(f, MAPPING_ID, &id))
        return c;
    m.has_patient = hl_fields_uuid(f, MAPPING_PATIENT, &m.patient);
    hl_fields_time(f, MAPPING_TIME, &m.time);
    c = hl_strmap_add(e->mapping_of, (hl_str){(const char *)id.byte, sizeof id},
                      (int64_t)e->n_mappings, &was, err);
    if (c != HL_OK)
        return c;
    if (was < 0) {
        e->mapping[e->n_mappings++] = m;
        return HL_OK;
    }
    hl_mapping *before = &e->mapping[was];
    if (m.has_patient != before->has_patient ||
        memcmp(&m.patient, &before->patient, sizeof m.patient) != 0) {
        before->is_ambiguous = true;
        hl_part_tell(e, f->part, HL_EXPORT_BAD_ROW, f->row->number,
                     "its Id stands for another PatientId in a row before it; neither is believed");
    }
    return HL_OK;
}

hl_code hl_export_read_tables(hl_export *e, hl_error *err)
{
    hl_code c = read_definitions(e, HL_TABLE_WAVE, take_wave, err);

    if (c == HL_OK)
        c = index_ids(e->wave, &e->n_waves, sizeof *e->wave, e->id[HL_MESSAGE_WAVE], err);
    if (c == HL_OK)
        c = read_definitions(e, HL_TABLE_NUMERIC, take_numeric, err);
    if (c == HL_OK)
        c = index_ids(e->numeric, &e->n_numerics, sizeof *e->numeric, e->id[HL_MESSAGE_NUMERIC],
                      err);
    if (c == HL_OK)
        c = read_definitions(e, HL_TABLE_ENUMERATION, take_enumeration, err);
    if (c == HL_OK)
        c = index_ids(e->enumeration, &e->n_enumerations, sizeof *e->enumeration,
                      e->id[HL_MESSAGE_ENUMERATION], err);
    for (size_t i = 0; c == HL_OK && i < e->n_parts; i++)
        if (e->part[i].table == HL_TABLE_PATIENT_MAPPING)
            c = run_pass(&(pass){e, &e->part[i], true, take_mapping, NULL}, err);
    return c;
}

/* --- identifying texts ------------------------------------------------------------------------ */

typedef struct {
    hl_strmap *seen;
    hl_code (*add)(void *ctx, hl_str text, hl_error *err);
    void *ctx;
} texts;

static hl_code add_text(texts *t, hl_str text, hl_error *err)
{
    int64_t was;

    text = hl_str_trim(text);
    if (text.n == 0 || (text.n == 1 && *text.at == 0))
        return HL_OK;
    hl_code c = hl_strmap_add(t->seen, text, 0, &was, err);
    return c == HL_OK && was < 0 ? t->add(t->ctx, text, err) : c;
}

/* In small and in capital letters: nobody knows how an output would write it. */
static hl_code add_uuid(texts *t, hl_uuid id, hl_error *err)
{
    char text[HL_UUID_CHARS];

    hl_uuid_print(id, text);
    hl_code c = add_text(t, hl_str_of(text), err);
    for (int i = 0; i < HL_UUID_CHARS - 1; i++)
        if (text[i] >= 'a')
            text[i] = (char)(text[i] - 'a' + 'A');
    return c == HL_OK ? add_text(t, hl_str_of(text), err) : c;
}

/* Fields that name, and all uuids; malformed ones as they stand. */
static hl_code take_names(void *ctx, hl_fields *f, hl_error *err)
{
    const hl_table *table = f->format->table;
    hl_uuid id;
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < table->n_columns; i++) {
        const bool is_uuid = table->column[i].type == HL_FIELD_UUID;
        if (f->format->place[i] < 0 || (!is_uuid && table->column[i].role != HL_COLUMN_NAMES))
            continue;
        hl_str text = f->row->field[f->format->place[i]];
        c = is_uuid && hl_uuid_parse(hl_str_trim(text), &id) ? add_uuid(ctx, id, err)
                                                             : add_text(ctx, text, err);
    }
    return c;
}

hl_code hl_export_identifying(hl_export *e, hl_code (*add)(void *ctx, hl_str text, hl_error *err),
                              void *ctx, hl_error *err)
{
    texts t = {hl_strmap_new(0), add, ctx};
    hl_uuid id;
    hl_code c = t.seen ? HL_OK : hl_fail_memory(err, "identifying texts", 0);

    for (size_t i = 0; c == HL_OK && i < e->n_parts; i++) {
        const hl_part *part = &e->part[i];
        const bool is_mapping = part->table == HL_TABLE_PATIENT_MAPPING;
        const bool is_alert = part->table == HL_TABLE_ALERT;
        if (is_mapping || is_alert || part->table == HL_TABLE_BED_TAG ||
            part->table == HL_TABLE_PATIENT || part->table == HL_TABLE_PATIENT_DATE ||
            part->table == HL_TABLE_PATIENT_STRING)
            c = run_pass(&(pass){e, part, !is_mapping && !is_alert, take_names, &t}, err);
    }
    for (size_t i = 0; c == HL_OK && i < hl_strmap_count(e->stranger); i++) {
        memcpy(id.byte, hl_strmap_key(e->stranger, i).at, sizeof id);
        c = add_uuid(&t, id, err);
    }
    hl_strmap_free(&t.seen);
    return c;
}
