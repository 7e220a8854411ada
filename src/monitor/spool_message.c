#include "monitor/spool_internal.h"

/*
 * A message in a file, numbers little-endian as this machine has them (a spool does not travel):
 *
 *      u32 length | i64 us | i16 zone | u8 flags | i64 sequence | u32 mapping | by kind:
 *      wave         u32 definition, u32 n, u16[n], text unavailable, invalid, paced
 *      numeric      u32 definition, text
 *      enumeration  u32 definition, text
 *      alert        uuid, text, 5 x i64, u8 silenced, 3 x (i64 us, i16 zone, u8 has)
 *
 * A text is u32 length and bytes; NO_TEXT stands for NULL.
 */
#define NO_TEXT UINT32_MAX
enum { IS_BEHIND = 1, HAS_TIME = 2 };

/* --- writing ---------------------------------------------------------------------------------- */

#define PUT(to, value)                                                                             \
    do {                                                                                           \
        __typeof__(value) v_ = (value);                                                            \
        hl_buf_append((to), &v_, sizeof v_);                                                       \
    } while (0)

static void put_text(hl_buf *to, hl_str s)
{
    PUT(to, (uint32_t)(s.at ? s.n : NO_TEXT));
    if (s.at)
        hl_buf_append(to, s.at, s.n);
}

static void put_stamp(hl_buf *to, hl_stamp t)
{
    PUT(to, t.us);
    PUT(to, (int16_t)t.zone_min);
    PUT(to, (uint8_t)t.has);
}

static void put_wave(const hl_message *m, hl_buf *to)
{
    PUT(to, (uint32_t)m->n);
    hl_buf_append(to, m->sample, 2 * (size_t)m->n);
    put_text(to, m->unavailable);
    put_text(to, m->invalid);
    put_text(to, m->paced);
}

static void put_alert(const hl_message *m, hl_buf *to)
{
    hl_buf_append(to, m->alert.byte, sizeof m->alert.byte);
    put_text(to, m->label);
    PUT(to, m->severity);
    PUT(to, m->alert_kind);
    PUT(to, m->source);
    PUT(to, m->code);
    PUT(to, m->subtype);
    PUT(to, (uint8_t)m->is_silenced);
    put_stamp(to, m->announce);
    put_stamp(to, m->onset);
    put_stamp(to, m->end);
}

hl_code hl_spool_put_message(const hl_message *m, uint32_t definition, uint32_t mapping,
                             bool is_behind, hl_buf *to, hl_error *err)
{
    size_t at = to->n;

    if (m->kind == HL_MESSAGE_WAVE && (m->n < 0 || (size_t)m->n > HL_SPOOL_MAX_MESSAGE / 4))
        return hl_fail(err, HL_E_LIMIT, "a wave message of %lld samples", (long long)m->n);
    PUT(to, (uint32_t)0);
    PUT(to, m->time.us);
    PUT(to, (int16_t)m->time.zone_min);
    PUT(to, (uint8_t)((is_behind ? IS_BEHIND : 0) | (m->time.has ? HAS_TIME : 0)));
    PUT(to, m->sequence);
    PUT(to, mapping);
    if (m->kind != HL_MESSAGE_ALERT)
        PUT(to, definition);
    switch (m->kind) {
    case HL_MESSAGE_WAVE:
        put_wave(m, to);
        break;
    case HL_MESSAGE_NUMERIC:
        put_text(to, m->number);
        break;
    case HL_MESSAGE_ENUMERATION:
        put_text(to, m->value);
        break;
    default:
        put_alert(m, to);
    }
    hl_code c = hl_buf_check(to, "a message", err);
    if (c == HL_OK && to->n - at - 4 > HL_SPOOL_MAX_MESSAGE)
        c = hl_fail(err, HL_E_LIMIT, "a message of %zu bytes", to->n - at - 4);
    if (c != HL_OK) {
        to->n = at;
        return c;
    }
    uint32_t length = (uint32_t)(to->n - at - 4);
    memcpy(to->at + at, &length, sizeof length);
    return HL_OK;
}

static void put_maybe(hl_buf *to, hl_maybe v)
{
    PUT(to, v.has ? v.value : 0.0);
    PUT(to, (uint8_t)v.has);
}

static void put_wave_definition(const hl_wave_definition *d, hl_buf *to)
{
    const hl_maybe number[] = {d->low_edge_hz,    d->high_edge_hz,  d->scale_lower,
                               d->scale_upper,    d->scaled_lower,  d->scaled_upper,
                               d->absolute_lower, d->absolute_upper};

    PUT(to, d->id);
    PUT(to, d->base_physio_id);
    PUT(to, d->physio_id);
    put_text(to, d->label);
    PUT(to, d->channel);
    PUT(to, d->sample_period);
    PUT(to, (uint8_t)d->is_slow_wave);
    PUT(to, (uint8_t)d->is_derived);
    PUT(to, d->color);
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        put_maybe(to, number[i]);
    PUT(to, d->calibration_type);
    put_text(to, d->unit_label);
    PUT(to, d->unit_code);
    PUT(to, d->ecg_lead_placement);
    PUT(to, d->missing);
}

hl_code hl_spool_put_definition(hl_message_kind kind, const void *definition, hl_buf *to,
                                hl_error *err)
{
    if (kind == HL_MESSAGE_WAVE) {
        put_wave_definition(definition, to);
    } else if (kind == HL_MESSAGE_NUMERIC) {
        const hl_numeric_definition *d = definition;
        PUT(to, d->id);
        put_text(to, d->label);
        put_text(to, d->sub_label);
        put_text(to, d->unit_label);
        PUT(to, (uint8_t)d->is_aperiodic);
    } else {
        const hl_enumeration_definition *d = definition;
        PUT(to, d->id);
        PUT(to, d->base_physio_id);
        PUT(to, d->physio_id);
        PUT(to, d->value_physio_id);
        put_text(to, d->label);
    }
    return hl_buf_check(to, "a definition", err);
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct {
    const char *at;
    size_t n;
    bool bad;
    hl_arena *arena; /* texts are copied there; NULL: they point into the bytes */
} reader;

static void take(reader *in, void *to, size_t n)
{
    if (in->n < n) {
        in->bad = true;
        memset(to, 0, n);
        return;
    }
    memcpy(to, in->at, n);
    in->at += n;
    in->n -= n;
}

#define TAKE(in, field) take((in), &(field), sizeof(field))

static int64_t take_i64(reader *in)
{
    int64_t v;

    TAKE(in, v);
    return v;
}

static bool take_bool(reader *in)
{
    uint8_t v;

    TAKE(in, v);
    return v != 0;
}

static hl_str take_text(reader *in)
{
    uint32_t n;

    TAKE(in, n);
    if (in->bad || n == NO_TEXT)
        return (hl_str){0};
    if (in->n < n) {
        in->bad = true;
        return (hl_str){0};
    }
    hl_str s = {in->at, n};
    in->at += n;
    in->n -= n;
    if (in->arena) {
        s = hl_arena_str(in->arena, s);
        in->bad = in->bad || !s.at;
    }
    return s;
}

static hl_stamp take_stamp(reader *in)
{
    hl_stamp t = {.us = take_i64(in)};
    int16_t zone;

    TAKE(in, zone);
    t.zone_min = zone;
    t.has = take_bool(in);
    return t;
}

static hl_maybe take_maybe(reader *in)
{
    hl_maybe v;

    TAKE(in, v.value);
    v.has = take_bool(in);
    return v;
}

static void take_wave_definition(reader *in, hl_wave_definition *d)
{
    hl_maybe *const number[] = {&d->low_edge_hz,    &d->high_edge_hz,  &d->scale_lower,
                                &d->scale_upper,    &d->scaled_lower,  &d->scaled_upper,
                                &d->absolute_lower, &d->absolute_upper};

    d->id = take_i64(in);
    d->base_physio_id = take_i64(in);
    d->physio_id = take_i64(in);
    d->label = take_text(in);
    d->channel = take_i64(in);
    d->sample_period = take_i64(in);
    d->is_slow_wave = take_bool(in);
    d->is_derived = take_bool(in);
    d->color = take_i64(in);
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        *number[i] = take_maybe(in);
    d->calibration_type = take_i64(in);
    d->unit_label = take_text(in);
    d->unit_code = take_i64(in);
    d->ecg_lead_placement = take_i64(in);
    TAKE(in, d->missing);
}

static void take_numeric_definition(reader *in, hl_numeric_definition *d)
{
    d->id = take_i64(in);
    d->label = take_text(in);
    d->sub_label = take_text(in);
    d->unit_label = take_text(in);
    d->is_aperiodic = take_bool(in);
}

static void take_enumeration_definition(reader *in, hl_enumeration_definition *d)
{
    d->id = take_i64(in);
    d->base_physio_id = take_i64(in);
    d->physio_id = take_i64(in);
    d->value_physio_id = take_i64(in);
    d->label = take_text(in);
}

hl_code hl_spool_take_definition(hl_message_kind kind, hl_str bytes, hl_arena *arena, void **out,
                                 hl_error *err)
{
    reader in = {bytes.at, bytes.n, false, arena};
    size_t size = kind == HL_MESSAGE_WAVE      ? sizeof(hl_wave_definition)
                  : kind == HL_MESSAGE_NUMERIC ? sizeof(hl_numeric_definition)
                                               : sizeof(hl_enumeration_definition);

    *out = hl_arena_calloc(arena, 1, size);
    if (!*out)
        return hl_fail_memory(err, "a definition", size);
    if (kind == HL_MESSAGE_WAVE)
        take_wave_definition(&in, *out);
    else if (kind == HL_MESSAGE_NUMERIC)
        take_numeric_definition(&in, *out);
    else
        take_enumeration_definition(&in, *out);
    return in.bad || in.n ? hl_fail(err, HL_E_INPUT, "the spool's index is damaged: a definition")
                          : HL_OK;
}

static void take_wave(reader *in, hl_message *m)
{
    uint32_t n;

    TAKE(in, n);
    if (in->bad || in->n / 2 < n) {
        in->bad = true;
        return;
    }
    m->n = n;
    m->sample = (const uint8_t *)in->at;
    in->at += 2 * (size_t)n;
    in->n -= 2 * (size_t)n;
    m->unavailable = take_text(in);
    m->invalid = take_text(in);
    m->paced = take_text(in);
}

static void take_alert(reader *in, hl_message *m)
{
    TAKE(in, m->alert.byte);
    m->label = take_text(in);
    m->severity = take_i64(in);
    m->alert_kind = take_i64(in);
    m->source = take_i64(in);
    m->code = take_i64(in);
    m->subtype = take_i64(in);
    m->is_silenced = take_bool(in);
    m->announce = take_stamp(in);
    m->onset = take_stamp(in);
    m->end = take_stamp(in);
}

static void take_head(reader *in, hl_stamp *time, bool *is_behind)
{
    int16_t zone;
    uint8_t flags;

    time->us = take_i64(in);
    TAKE(in, zone);
    TAKE(in, flags);
    time->zone_min = zone;
    time->has = (flags & HAS_TIME) != 0;
    *is_behind = (flags & IS_BEHIND) != 0;
}

bool hl_spool_peek_message(hl_str bytes, int64_t *us, bool *is_behind)
{
    reader in = {bytes.at, bytes.n, false, NULL};
    hl_stamp time;

    take_head(&in, &time, is_behind);
    *us = time.us;
    return !in.bad;
}

static const void *defined(const hl_spool *s, hl_message_kind kind, reader *in)
{
    const hl_spool_definitions *d = &s->definition[kind];
    uint32_t index;

    TAKE(in, index);
    if (index >= d->n)
        in->bad = true;
    return in->bad ? NULL : d->decoded[index];
}

bool hl_spool_take_message(const hl_spool *s, hl_message_kind kind, hl_str bytes, bool *is_behind,
                           hl_message *m)
{
    reader in = {bytes.at, bytes.n, false, NULL};
    uint32_t mapping;

    *m = (hl_message){.kind = kind};
    take_head(&in, &m->time, is_behind);
    m->sequence = take_i64(&in);
    TAKE(&in, mapping);
    if (mapping >= s->n_mappings)
        return false;
    m->mapping = s->mapping[mapping].mapping;
    switch (kind) {
    case HL_MESSAGE_WAVE:
        m->wave = defined(s, kind, &in);
        take_wave(&in, m);
        break;
    case HL_MESSAGE_NUMERIC:
        m->numeric = defined(s, kind, &in);
        m->number = take_text(&in);
        break;
    case HL_MESSAGE_ENUMERATION:
        m->enumeration = defined(s, kind, &in);
        m->value = take_text(&in);
        break;
    default:
        take_alert(&in, m);
    }
    return !in.bad && in.n == 0;
}
