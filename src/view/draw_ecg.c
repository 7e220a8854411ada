#include "view/draw_ecg.h"

#include <math.h>
#include <strings.h>

#include "base/html.h"
#include "view/ecg_paper.h"

enum {
    UNIT = HL_ECG_UNITS_PER_MM,
    WIDTH = HL_ECG_WIDTH_MM * UNIT,
    HEIGHT = HL_ECG_HEIGHT_MM * UNIT,
    LEFT = 10 * UNIT,       /* where the curves start, right of the calibration pulse */
    ROW = 30 * UNIT,        /* from one row's baseline to the next; 20 mm is the least */
    FIRST_BASE = 17 * UNIT, /* baseline of row 0 */
    MV = HL_ECG_MM_PER_MV * UNIT,
    SECOND = HL_ECG_MM_PER_S * UNIT,
    TOLERANCE = 1, /* units = 0.05 mm, a sixth of the trace's width */
    STRIP_S = 10,
    STRIP_POINTS = STRIP_S * SECOND + 2 /* one a unit of x at most */
};

/* --- fewer points --------------------------------------------------------------------------- */

/* Sign of a.y/a.x - b.y/b.x for positive a.x, b.x: exact. */
static int64_t slope_difference(int64_t ay, int64_t ax, int64_t by, int64_t bx)
{
    return ay * bx - by * ax;
}

size_t hl_simplify(const int32_t *x, const int32_t *y, size_t n, int32_t tolerance, size_t *keep)
{
    size_t n_keep = 0, from = 0;

    if (n == 0)
        return 0;
    keep[n_keep++] = 0;
    while (from + 1 < n) {
        /* The fan of slopes from `from` that pass every point so far within tolerance. */
        int64_t low_y = y[from + 1] - tolerance - y[from], high_y = low_y + 2 * (int64_t)tolerance;
        int64_t low_x = x[from + 1] - x[from], high_x = low_x;
        size_t best = from + 1;
        for (size_t i = from + 2; i < n; i++) {
            int64_t dx = x[i] - x[from], dy = y[i] - y[from];
            if (slope_difference(dy, dx, low_y, low_x) >= 0 &&
                slope_difference(dy, dx, high_y, high_x) <= 0)
                best = i;
            if (slope_difference(dy - tolerance, dx, low_y, low_x) > 0)
                low_y = dy - tolerance, low_x = dx;
            if (slope_difference(dy + tolerance, dx, high_y, high_x) < 0)
                high_y = dy + tolerance, high_x = dx;
            if (slope_difference(low_y, low_x, high_y, high_x) > 0)
                break;
        }
        from = best;
        keep[n_keep++] = from;
    }
    return n_keep;
}

/* --- curves --------------------------------------------------------------------------------- */

/* A curve under way: space for the samples of one strip. */
typedef struct {
    int32_t *x, *y;
    size_t *keep;
    size_t n;
} strip;

static void put_strip(hl_buf *to, strip *s)
{
    size_t n_keep = hl_simplify(s->x, s->y, s->n, TOLERANCE, s->keep);

    if (n_keep > 0) {
        int32_t x = s->x[0], y = s->y[0];
        hl_buf_printf(to, "M%d %d", x, y);
        if (n_keep == 1)
            hl_buf_text(to, "h1"); /* a lone sample between gaps shows as a dot */
        for (size_t k = 1; k < n_keep; k++) {
            int32_t dx = s->x[s->keep[k]] - x, dy = s->y[s->keep[k]] - y;
            hl_buf_printf(to, dy < 0 ? "%s%d%d" : "%s%d %d", k == 1 ? "l" : " ", dx, dy);
            x += dx;
            y += dy;
        }
    }
    s->n = 0;
}

/* What is known of a lead of the record. */
typedef struct {
    int32_t index; /* -1 = absent */
    bool drawable; /* in a unit of voltage */
    bool empty;    /* no valid sample */
    bool flat;
    double units_per_adu;
    double centre; /* adu */
} lead;

/* Median, and whether there is more than one value; count[65536] is scratch. */
static void measure_lead(const hl_wfdb_record *record, lead *l, int64_t *count)
{
    const int32_t n_signals = record->header.n_signals;
    int64_t seen = 0, sum = 0;
    int32_t at = 0;

    memset(count, 0, 65536 * sizeof *count);
    for (int64_t i = 0; i < record->n_samples; i++) {
        int16_t v = record->sample[i * n_signals + l->index];
        count[v - INT16_MIN]++;
        seen += v != INT16_MIN;
    }
    l->empty = seen == 0;
    if (l->empty)
        return;
    count[0] = 0; /* the mark of an invalid sample */
    while ((sum += count[at]) < (seen + 1) / 2)
        at++;
    l->centre = at + INT16_MIN;
    l->flat = count[at] == seen;
}

static lead find_lead(const hl_wfdb_record *record, const char *name, int64_t *count)
{
    lead l = {.index = -1};

    for (int32_t i = 0; i < record->header.n_signals && l.index < 0; i++)
        if (strcasecmp(record->header.signal[i].description, name) == 0)
            l.index = i;
    if (l.index < 0)
        return l;
    const hl_wfdb_signal *s = &record->header.signal[l.index];
    const double mv = hl_ecg_mv_of(s->units);
    l.units_per_adu = MV * mv / s->gain;
    l.drawable = mv > 0 && isfinite(s->gain) && isfinite(l.units_per_adu);
    measure_lead(record, &l, count);
    return l;
}

/* First sample at or after a time, at most their number. */
static int64_t sample_at(const hl_wfdb_record *record, double seconds)
{
    const double i = ceil(seconds * record->header.rate_hz);

    return i < (double)record->n_samples ? (int64_t)i : record->n_samples;
}

/* Curve of seconds [from_s, to_s) of lead l, time 0 at LEFT. */
static void put_curve(hl_buf *to, const hl_wfdb_record *record, const lead *l, double from_s,
                      double to_s, int32_t base, strip *s)
{
    const double rate = record->header.rate_hz;
    const int32_t n_signals = record->header.n_signals;
    const int64_t end = sample_at(record, to_s);

    hl_buf_text(to, "<path class=\"trace\" d=\"");
    for (int64_t i = sample_at(record, from_s); i < end; i++) {
        int16_t v = record->sample[i * n_signals + l->index];
        if (v == INT16_MIN) {
            put_strip(to, s);
            continue;
        }
        double y = base - ((double)v - l->centre) * l->units_per_adu;
        s->x[s->n] = LEFT + (int32_t)lround((double)i / rate * SECOND);
        s->y[s->n] = (int32_t)lround(y < -HEIGHT ? -HEIGHT : y > 2 * HEIGHT ? 2 * HEIGHT : y);
        /* Above 500 Hz several samples share an x: the one farthest from the baseline is drawn. */
        if (s->n == 0 || s->x[s->n] > s->x[s->n - 1])
            s->n++;
        else if (abs(s->y[s->n] - base) > abs(s->y[s->n - 1] - base))
            s->y[s->n - 1] = s->y[s->n];
    }
    put_strip(to, s);
    hl_buf_text(to, "\"/>");
}

static void put_name(hl_buf *to, const char *name, const lead *l, int32_t x, int32_t base)
{
    const char *note = l->index < 0   ? " absent"
                       : !l->drawable ? " not in mV"
                       : l->empty     ? " no valid sample"
                       : l->flat      ? " flat"
                                      : "";

    hl_buf_printf(
        to, "<text class=\"lead\" x=\"%d\" y=\"%d\">%s<tspan class=\"note\">%s</tspan></text>",
        x + UNIT, base - 11 * UNIT, name, note);
}

/* --- paper ---------------------------------------------------------------------------------- */

static void put_paper(hl_buf *to)
{
    hl_buf_printf(to, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>", WIDTH, HEIGHT);
    hl_ecg_put_grid(
        to, &(hl_ecg_area){.width = HL_ECG_WIDTH_MM, .height = HL_ECG_HEIGHT_MM, .units = UNIT});
}

static void put_pulse(hl_buf *to, int32_t base)
{
    /* 1 mV for 200 ms = 10 mm high, 5 mm wide. */
    hl_buf_printf(to, "<path class=\"trace\" d=\"M%d %dh%dv%dh%dv%dh%d\"/>", UNIT, base, 2 * UNIT,
                  -MV, HL_ECG_PULSE_MM * UNIT, MV, UNIT);
}

static void put_rows(hl_buf *to, const hl_wfdb_record *record, strip *s, int64_t *count)
{
    for (int row = 0; row <= HL_ECG_ROWS; row++) {
        const int32_t base = FIRST_BASE + row * ROW;
        const bool rhythm = row == HL_ECG_ROWS;
        put_pulse(to, base);
        for (int column = 0; column < (rhythm ? 1 : HL_ECG_COLUMNS); column++) {
            const char *name = rhythm ? HL_ECG_RHYTHM_LEAD : hl_ecg_lead[row][column];
            const lead l = find_lead(record, name, count);
            const int32_t x = LEFT + column * SECOND * 5 / 2;
            if (column > 0)
                hl_buf_printf(to, "<path class=\"tick\" d=\"M%d %dv%d\"/>", x, base - 3 * UNIT,
                              6 * UNIT);
            if (l.index >= 0 && l.drawable)
                put_curve(to, record, &l, 2.5 * column, rhythm ? STRIP_S : 2.5 * (column + 1), base,
                          s);
            put_name(to, name, &l, x, base);
        }
    }
}

hl_code hl_draw_ecg(hl_buf *to, const hl_wfdb_record *record, hl_str label, hl_error *err)
{
    hl_arena *arena = NULL;

    if (!(record->header.rate_hz > 0) || !isfinite(record->header.rate_hz))
        return hl_fail(err, HL_E_INPUT, "an ECG of %g samples a second cannot be drawn",
                       record->header.rate_hz);
    arena = hl_arena_new(0);
    strip s = {0};
    int64_t *count = NULL;
    if (arena) {
        s.x = hl_arena_calloc(arena, STRIP_POINTS, sizeof *s.x);
        s.y = hl_arena_calloc(arena, STRIP_POINTS, sizeof *s.y);
        s.keep = hl_arena_calloc(arena, STRIP_POINTS, sizeof *s.keep);
        count = hl_arena_calloc(arena, 65536, sizeof *count);
    }
    if (!s.x || !s.y || !s.keep || !count) {
        hl_arena_free(&arena);
        return hl_fail_memory(err, "drawing an ECG", STRIP_POINTS * sizeof *s.keep);
    }
    hl_buf_printf(to, "<svg class=\"ecg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
                  HEIGHT);
    hl_html_attr(to, label);
    hl_buf_text(to, "\">");
    put_paper(to);
    put_rows(to, record, &s, count);
    hl_buf_printf(to, "<text class=\"scale\" x=\"%d\" y=\"%d\">25 mm/s   10 mm/mV</text></svg>",
                  UNIT, HEIGHT - UNIT);
    hl_arena_free(&arena);
    return HL_OK;
}
