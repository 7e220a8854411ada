/*
 * check_segments.c - records of several segments: every segment as a record of its own, and beside
 * the layout (or the first segment), whose signals are the record's.
 *
 * Source: waveform.md 1.1a, 1.5.
 */
#include "wave/check.h"

#include <math.h>

#include "base/ctl.h"
#include "wave/rdsamp.h"

enum { ARENA_BYTES = 16384, DAY_MS = 86400000, MOST_ADC_BITS = 32 };

typedef struct {
    hl_record_check *k;
    hl_wfdb_header layout; /* or the first segment's */
    hl_adc_range *range;   /* [layout.n_signals] */
    bool *used;            /* [layout.n_signals] */
    hl_wave_info clock;    /* of the record: start and rate */
} segments;

/* --- the layout ------------------------------------------------------------------------------- */

static hl_found_at layout_at(const segments *m, int32_t s)
{
    return hl_wave_check_at_signal(m->k, NULL, &m->layout, s);
}

static hl_code check_layout(segments *m, hl_error *err)
{
    const size_t n = (size_t)m->layout.n_signals;
    hl_wave_findings *found = m->k->found;

    m->range = hl_arena_calloc(m->k->arena, n, sizeof *m->range);
    m->used = hl_arena_calloc(m->k->arena, n, sizeof *m->used);
    if (!m->range || !m->used)
        return hl_fail_memory(err, "signals", n * sizeof *m->range);
    for (int32_t i = 0; i < m->layout.n_signals; i++) {
        const hl_wfdb_signal *s = &m->layout.signal[i];
        /* wfdbcheck leaves the name out here */
        const hl_found_at at = {.record = m->k->here.record, .signal = i};
        if (s->adc_bits == 0)
            hl_wave_found(found, HL_FOUND_WARNING, &at, "adcres = 0");
        else if (s->adc_bits < 0)
            hl_wave_found(found, HL_FOUND_ERROR, &at, "negative adcres (%d)", (int)s->adc_bits);
        else if (s->adc_bits > MOST_ADC_BITS)
            hl_wave_found(found, HL_FOUND_ERROR, &at, "adcres too large (%d)", (int)s->adc_bits);
        m->range[i] = hl_wave_check_adc(m->k, &at, s);
    }
    hl_wave_check_names(m->k, NULL, &m->layout);
    hl_wave_check_known(m->k, NULL, &m->layout, NULL);
    return HL_OK;
}

/* --- a segment beside the layout -------------------------------------------------------------- */

static const char *units_of(const hl_wfdb_signal *s)
{
    return s->has_units ? s->units : NULL;
}

/* The gain that the header states, 0 = none. */
static double gain_of(const hl_wfdb_signal *s)
{
    return s->calibrated ? s->gain : 0;
}

/* The ADC range of a segment's signal in the layout's terms. */
static void compare_range(hl_segment_check *seg, const hl_found_at *at, const hl_wfdb_signal *s,
                          const hl_adc_range *own, const hl_wfdb_signal *to,
                          const hl_adc_range *range)
{
    const double scale = gain_of(s) != 0 ? gain_of(to) / gain_of(s) : 0;
    const double shift = to->baseline - scale * s->baseline;
    const double low = own->least * scale + shift, high = own->most * scale + shift;

    if (own->least >= own->most || gain_of(s) == 0)
        return;
    if (!(fmax(low, high) <= INT32_MAX + 0.5 && fmin(low, high) >= INT32_MIN - 0.5)) {
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, at,
                      "integer overflow in scaled range (%.0f, %.0f)", low, high);
        return;
    }
    const int64_t a = (int64_t)low, b = (int64_t)high; /* toward zero */
    if (range->least < range->most &&
        ((a > b ? a : b) > range->most || (a < b ? a : b) < range->least))
        hl_wave_found(seg->k->found, HL_FOUND_WARNING, at,
                      "scaled range (%lld, %lld) exceeds expected range (%d, %d)", (long long)a,
                      (long long)b, (int)range->least, (int)range->most);
}

static void compare_signal(segments *m, hl_segment_check *seg, int32_t i)
{
    const hl_wfdb_signal *s = &seg->header.signal[i];
    const hl_found_at at = hl_wave_check_at(seg, i);
    hl_wave_findings *found = seg->k->found;
    int32_t j = 0;

    while (j < m->layout.n_signals && strcmp(m->layout.signal[j].description, s->description) != 0)
        j++;
    /* Without descriptions it is the place that counts. */
    if (!*s->description)
        j = i < m->layout.n_signals && !*m->layout.signal[i].description ? i : m->layout.n_signals;
    if (j == m->layout.n_signals) {
        hl_wave_found(found, HL_FOUND_ERROR, &at, "signal not present in layout");
        return;
    }
    const hl_wfdb_signal *to = &m->layout.signal[j];
    const char *a = units_of(s), *b = units_of(to);
    m->used[j] = true;
    if ((a && b) ? strcmp(a, b) != 0 : a != b)
        hl_wave_found(found, HL_FOUND_ERROR, &at, "wrong units (%s, expected %s)", a ? a : "NULL",
                      b ? b : "NULL");
    if (s->samples_per_frame != to->samples_per_frame)
        hl_wave_found(found, HL_FOUND_ERROR, &at, "wrong spf (%d, expected %d)",
                      (int)s->samples_per_frame, (int)to->samples_per_frame);
    if (hl_wfdb_skew_frames(s) != hl_wfdb_skew_frames(to))
        hl_wave_found(found, HL_FOUND_ERROR, &at, "wrong skew (%lld, expected %lld)",
                      (long long)hl_wfdb_skew_frames(s), (long long)hl_wfdb_skew_frames(to));
    if (gain_of(s) > gain_of(to))
        hl_wave_found(found, HL_FOUND_WARNING, &at, "loss of precision due to sample scaling");
    compare_range(seg, &at, s, &seg->range[i], to, &m->range[j]);
}

/* --- clocks ----------------------------------------------------------------------------------- */

static void set_clock(hl_wave_info *clock, const hl_wfdb_header *h)
{
    clock->frame_hz = h->rate_hz;
    clock->start_ms = HL_WAVE_NO_TIME;
    if (h->base_ms == HL_WFDB_NO_TIME)
        return;
    clock->start_ms = h->base_ms;
    clock->has_date = h->base_day != HL_WFDB_NO_TIME;
    if (clock->has_date)
        clock->start_ms += h->base_day * (int64_t)DAY_MS;
}

/* Length of a time as text without its date. */
static size_t clock_chars(const char *text)
{
    return strcspn(text, " ]");
}

static void check_clock(const segments *m, hl_segment_check *seg, int64_t from)
{
    const hl_found_at at = hl_wave_check_at(seg, -1);
    const hl_wfdb_header *h = &seg->header;
    char own[HL_MSTIM_CHARS], expected[HL_MSTIM_CHARS];
    hl_wave_info clock = {0};

    if (h->rate_hz != m->clock.frame_hz)
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, &at, "wrong frame frequency (%g, expected %g)",
                      h->rate_hz, m->clock.frame_hz);
    set_clock(&clock, h);
    if (clock.start_ms == HL_WAVE_NO_TIME || m->clock.start_ms == HL_WAVE_NO_TIME)
        return;
    hl_mstimstr(&clock, clock.frame_hz, 0, true, own);
    hl_mstimstr(&m->clock, m->clock.frame_hz, from, true, expected);
    const size_t n = clock_chars(own);
    const bool same = clock.has_date == m->clock.has_date
                          ? strcmp(own, expected) == 0
                          : n == clock_chars(expected) && memcmp(own, expected, n) == 0;
    if (!same)
        hl_wave_found(seg->k->found, HL_FOUND_WARNING, &at, "wrong base time (%s, expected %s)",
                      own, expected);
}

/* --- a segment -------------------------------------------------------------------------------- */

static bool ends_in_hea(const char *name)
{
    const size_t n = strlen(name);

    return n >= 4 && strcmp(name + n - 4, ".hea") == 0;
}

/* A segment's name as it is opened: the library takes ".hea" off. NULL: no memory. */
static const char *plain_name(segments *m, const char *name, hl_error *err)
{
    if (!ends_in_hea(name))
        return name;
    const char *plain = hl_arena_copy(m->k->arena, name, strlen(name) - 4);
    if (!plain)
        hl_fail_memory(err, "segment", strlen(name));
    return plain;
}

static void check_name(segments *m, const char *name)
{
    hl_found_at at = m->k->here;

    at.segment = name;
    if (ends_in_hea(name))
        hl_wave_found(m->k->found, HL_FOUND_ERROR, &at, "'.hea' in master header");
    if (strcmp(name, "~") != 0 && !hl_wave_check_is_plain(name))
        hl_wave_found(m->k->found, HL_FOUND_WARNING, &at,
                      "problematic character(s) in segment name");
}

/* The number at the end of a name; -1 = none. *whole: the name is nothing else. */
static int64_t number_of(const char *name, bool *whole)
{
    size_t n = strlen(name), from = n;
    int64_t v;

    while (from > 0 && name[from - 1] >= '0' && name[from - 1] <= '9')
        from--;
    *whole = from == 0;
    return from < n && hl_parse_i64((hl_str){name + from, n - from}, &v) && v <= INT32_MAX ? v : -1;
}

static void check_number(segments *m, const char *name, int64_t *last)
{
    bool whole;
    const int64_t n = number_of(name, &whole);

    if (n < 0)
        return;
    if (*last >= 0 && n != *last + 1)
        hl_wave_found(m->k->found, HL_FOUND_NOTE, &m->k->here,
                      "segment number %lld is followed by %lld", (long long)*last, (long long)n);
    else if (*last < 0 && !whole && n > 1)
        hl_wave_found(m->k->found, HL_FOUND_NOTE, &m->k->here, "segment numbers begin with %lld",
                      (long long)n);
    *last = n;
}

static hl_code check_segment(segments *m, const char *name, int64_t from, int64_t n_frames,
                             hl_error *err)
{
    hl_segment_check seg = {
        .k = m->k, .name = name, .expected = n_frames, .arena = hl_arena_new(ARENA_BYTES)};
    const hl_found_at at = hl_wave_check_at(&seg, -1);
    int64_t got;
    bool there;

    if (!seg.arena)
        return hl_fail_memory(err, "segment", ARENA_BYTES);
    hl_code c = hl_wave_check_read_header(m->k, seg.arena, name, &seg.header, &there, err);
    if (c != HL_OK || !there)
        goto done;
    if (seg.header.n_segments > 0) {
        hl_wave_found(m->k->found, HL_FOUND_ERROR, &at, "nested multi-segment record");
        goto done;
    }
    if (seg.header.n_signals == 0) {
        hl_wave_found(m->k->found, HL_FOUND_ERROR, &at, "segment with no signals");
        goto done;
    }
    check_clock(m, &seg, from);
    c = hl_wave_check_fields(&seg, err);
    for (int32_t i = 0; i < seg.header.n_signals && c == HL_OK; i++)
        compare_signal(m, &seg, i);
    if (c == HL_OK && !m->k->all->o->headers_only)
        c = hl_wave_check_signals(&seg, &got, err);
done:
    hl_arena_free(&seg.arena);
    return c;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* The header that has the record's signals. *there = false: what is wrong was found. */
static hl_code read_layout(segments *m, bool *there, hl_error *err)
{
    const hl_wfdb_header *h = &m->k->header;
    int32_t i = 0;

    while (h->segment[0].n_samples != 0 && i + 1 < h->n_segments && hl_wfdb_is_gap(&h->segment[i]))
        i++;
    const char *name = plain_name(m, h->segment[i].name, err);
    hl_code c = name ? hl_wave_check_read_header(m->k, m->k->arena, name, &m->layout, there, err)
                     : HL_E_LIMIT;
    if (c == HL_OK && *there && m->layout.n_segments > 0) {
        const hl_found_at at = {.record = m->k->here.record, .segment = name, .signal = -1};
        hl_wave_found(m->k->found, HL_FOUND_ERROR, &at, "nested multi-segment record");
        *there = false;
    }
    return c;
}

static hl_code check_each(segments *m, bool variable, hl_error *err)
{
    const hl_wfdb_header *h = &m->k->header;
    int64_t from = 0, last = -1;
    hl_code c = HL_OK;

    for (int32_t i = 0; i < h->n_segments && c == HL_OK; i++) {
        const hl_wfdb_segment *s = &h->segment[i];
        const char *name = plain_name(m, s->name, err);
        if (!name)
            return HL_E_LIMIT;
        check_name(m, s->name);
        if (!hl_wfdb_is_gap(s) && !(i == 0 && variable)) {
            check_number(m, s->name, &last);
            c = check_segment(m, name, from, s->n_samples, err);
        }
        from += s->n_samples;
        if (c == HL_OK)
            c = hl_ctl_check(m->k->all->ctl, err);
    }
    return c;
}

hl_code hl_wave_check_segments(hl_record_check *k, int64_t *n_frames, hl_error *err)
{
    segments m = {.k = k};
    const hl_wfdb_header *h = &k->header;
    const bool variable = h->segment[0].n_samples == 0;
    bool there = false;
    hl_code c = read_layout(&m, &there, err);

    if (c != HL_OK || !there)
        return c;
    if (m.layout.n_signals == 0) {
        hl_wave_found(k->found, HL_FOUND_NOTE, &k->here, "no signals");
        return HL_OK;
    }
    set_clock(&m.clock, h);
    if (m.clock.start_ms == HL_WAVE_NO_TIME) {
        set_clock(&m.clock, &m.layout);
        m.clock.frame_hz = h->rate_hz;
    }
    for (int32_t i = 0; i < h->n_segments; i++)
        *n_frames += h->segment[i].n_samples;
    c = check_layout(&m, err);
    if (c == HL_OK)
        c = check_each(&m, variable, err);
    for (int32_t i = 0; i < m.layout.n_signals && c == HL_OK; i++) {
        const hl_found_at at = layout_at(&m, i);
        if (!m.used[i])
            hl_wave_found(k->found, HL_FOUND_NOTE, &at, "signal not present in any segment");
    }
    return c;
}
