#include "monitor/signal_rules.h"

#include <inttypes.h>

/* What the monitors measure: BasePhysioId. */
enum { ECG = 131328, PRESSURE = 150016, PLETH = 150452 };

static int order_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* NULL comes first. */
static int order_maybe(hl_maybe a, hl_maybe b)
{
    if (!a.has || !b.has)
        return (int)a.has - (int)b.has;
    return (a.value > b.value) - (a.value < b.value);
}

static int order_text(hl_str a, hl_str b)
{
    if (!a.at || !b.at)
        return (a.at != NULL) - (b.at != NULL);
    return hl_str_compare(a, b);
}

int hl_signal_compare(const hl_wave_definition *a, const hl_wave_definition *b)
{
    int c = order_i64(a->base_physio_id, b->base_physio_id);

    c = c ? c : order_i64(a->channel, b->channel);
    c = c ? c : order_i64(a->physio_id, b->physio_id);
    c = c ? c : order_text(a->label, b->label);
    c = c ? c : order_i64(a->sample_period, b->sample_period);
    c = c ? c : order_i64(a->is_slow_wave, b->is_slow_wave);
    c = c ? c : order_i64(a->is_derived, b->is_derived);
    c = c ? c : order_i64(a->color, b->color);
    c = c ? c : order_maybe(a->low_edge_hz, b->low_edge_hz);
    c = c ? c : order_maybe(a->high_edge_hz, b->high_edge_hz);
    c = c ? c : order_maybe(a->scale_lower, b->scale_lower);
    c = c ? c : order_maybe(a->scale_upper, b->scale_upper);
    c = c ? c : order_maybe(a->scaled_lower, b->scaled_lower);
    c = c ? c : order_maybe(a->scaled_upper, b->scaled_upper);
    c = c ? c : order_maybe(a->absolute_lower, b->absolute_lower);
    c = c ? c : order_maybe(a->absolute_upper, b->absolute_upper);
    c = c ? c : order_i64(a->calibration_type, b->calibration_type);
    c = c ? c : order_text(a->unit_label, b->unit_label);
    c = c ? c : order_i64(a->unit_code, b->unit_code);
    c = c ? c : order_i64(a->ecg_lead_placement, b->ecg_lead_placement);
    return c ? c : order_i64(a->missing, b->missing);
}

hl_code hl_signal_spf(const hl_wave_definition *w, int32_t *spf, hl_error *err)
{
    const int64_t p = w->sample_period;

    *spf = 0;
    if (p > 0 && p <= HL_FRAME_TICKS && HL_FRAME_TICKS % p == 0) {
        *spf = (int32_t)(HL_FRAME_TICKS / p);
        return HL_OK;
    }
    return hl_fail(err, HL_E_INPUT,
                   "wave %" PRId64 ": a sample period of %" PRId64
                   " ticks does not divide a frame of %d ticks\n"
                   "Periods of 1, 2, 4, 8 and 16 ticks can be put into a record.",
                   w->id, p, HL_FRAME_TICKS);
}

char hl_signal_group(int32_t spf)
{
    return spf >= 16 ? 'x' : spf >= 8 ? 'h' : spf >= 4 ? 'e' : spf >= 2 ? 'p' : 'r';
}

/* The next character of UTF-8 text; a byte that is none counts as one unknown character. */
static uint32_t next_character(hl_str *text)
{
    const unsigned char *s = (const unsigned char *)text->at;
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? s[0] : s[0] & (0x7fu >> n);

    if (n > text->n || hl_utf8_fault(text->at, n) >= 0) {
        n = 1;
        c = 0xfffd;
    }
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (s[i] & 0x3fu);
    text->at += n;
    text->n -= n;
    return c;
}

void hl_signal_units(hl_buf *to, const hl_wave_definition *w)
{
    hl_str text = w->unit_label;

    if (text.at && text.n == 0) {
        hl_buf_text(to, "NU");
        return;
    }
    if (!text.at || hl_str_is(text, "Unknwn")) {
        hl_buf_text(to, w->base_physio_id == ECG        ? "mV"
                        : w->base_physio_id == PRESSURE ? "mmHg"
                        : w->base_physio_id == PLETH    ? "NU"
                                                        : "unknown");
        return;
    }
    while (text.n > 0) {
        uint32_t c = next_character(&text);
        if (c > 32 && c < 127)
            hl_buf_char(to, (char)c);
        else
            hl_buf_text(to, c == 0xb0 ? "deg" : c == 0xb5 ? "u" : "_");
    }
}

void hl_signal_description(hl_buf *to, const hl_wave_definition *w)
{
    hl_str text = w->label;

    if (text.n == 0) {
        if (w->base_physio_id == ECG)
            hl_buf_printf(to, "ECG #%" PRId64, w->physio_id);
        else if (w->base_physio_id == PRESSURE)
            hl_buf_printf(to, "Pressure #%" PRId64, w->physio_id);
        else if (w->base_physio_id == PLETH)
            hl_buf_printf(to, "Pleth #%" PRId64, w->physio_id);
        else
            hl_buf_printf(to, "#%" PRId64 "/%" PRId64, w->base_physio_id, w->physio_id);
        return;
    }
    while (text.n > 0) {
        uint32_t c = next_character(&text);
        if (c >= 32 && c < 127)
            hl_buf_char(to, (char)c);
        else
            hl_buf_text(to, c == 0x2082 ? "2" : c == 0x394 ? "Delta" : "_");
    }
}

void hl_signal_info(hl_buf *to, const hl_wave_definition *w)
{
    const bool low = w->low_edge_hz.has && w->low_edge_hz.value != 0;
    const bool high = w->high_edge_hz.has && w->high_edge_hz.value != 0;
    const char *gap = "";

    if (w->base_physio_id == ECG) {
        hl_buf_printf(to, "channel=%" PRId64, w->channel);
        gap = " ";
    }
    if (w->is_derived) {
        hl_buf_printf(to, "%sderived", gap);
        gap = " ";
    }
    if (low && high)
        hl_buf_printf(to, "%sbandpass=[%g,%g]", gap, w->low_edge_hz.value, w->high_edge_hz.value);
    else if (low)
        hl_buf_printf(to, "%shighpass=%g", gap, w->low_edge_hz.value);
    else if (high)
        hl_buf_printf(to, "%slowpass=%g", gap, w->high_edge_hz.value);
}

void hl_signal_range(int32_t least, int32_t most, int32_t *bits, int32_t *zero)
{
    int32_t low = least < 0 ? -1 : 0, high = least < 0 ? 1 : 2;

    for (*bits = 1; most >= high || least < low; ++*bits) {
        low *= 2;
        high *= 2;
    }
    *zero = (low + high) / 2; /* the sum is never odd and negative */
}
