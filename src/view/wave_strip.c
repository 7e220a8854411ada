#include "view/wave_strip.h"

#include <math.h>
#include <strings.h>

#include "base/civil.h"
#include "view/ecg_paper.h"
#include "view/wave_strip_internal.h"

/* All mm. */
enum {
    MARGIN = 5,
    AXIS_ROOM = 17,   /* left of the paper, for the numbers of axes */
    LEAD_IN = 10,     /* paper left of the traces, for the calibration pulse */
    NAME_ROOM = 5,    /* above a row's trace */
    AXIS_FOOT = 5,    /* paper below an axis */
    EMPTY_ROW = 10,   /* a signal without a valid sample */
    LEAST_WIDTH = 85, /* of the paper, so that the heading has room */
    MOST_MM = 20000,
    TWELVE_TOP = 20, /* from the paper's edge to the first base line */
    TWELVE_ROW = 30,
    TWELVE_FOOT = 15,
    TWELVE_BAND = 10 /* hatched on either side of the base line */
};
#define MOST_TRACE_MM 200e3 /* of all rows together: some 100 MiB of points */

/* One row of the sheet; y from the sheet's top, in 0.01 mm. */
typedef struct {
    hl_strip_scale scale;
    int32_t top, lane_bottom, base; /* lane_bottom: lower edge of its annotations */
    int32_t up, down;
} row;

typedef struct {
    hl_wave *wave;
    const hl_wave_info *info;
    const hl_strip_options *o;
    hl_strip_page *page;
    hl_arena *arena;
    double mm_per_s, mm_per_mv;
    double length_mm; /* of the window */
    hl_traces traces;
    hl_notes notes;
    hl_calibrations list;
    row *row;                                    /* [traces.n]; HL_STRIP_ROWS */
    int32_t x0;                                  /* where the window starts */
    int32_t twelve[HL_ECG_ROWS][HL_ECG_COLUMNS]; /* trace of each lead, -1 = absent */
    bool any_gap, any_ecg;
} sheet;

static int32_t up_to_5(double mm)
{
    return (int32_t)ceil(mm / 5 - 1e-9) * 5;
}

/* --- what is wanted ----------------------------------------------------------------------------
 */

static hl_code check_number(const char *what, double v, double low, double high, hl_error *err)
{
    if (v >= low && v <= high)
        return HL_OK;
    return hl_fail(err, HL_E_USAGE, "%g %s is out of range: %g to %g", v, what, low, high);
}

static hl_code check_window(sheet *s, hl_error *err)
{
    const hl_strip_options *o = s->o;
    const double seconds = (double)(o->to - o->from) / s->info->frame_hz;

    if (s->info->n_frames == 0)
        return hl_fail(err, HL_E_USAGE, "record %s has no samples to draw", s->info->name);
    if (o->from < 0 || o->to > s->info->n_frames || o->from >= o->to)
        return hl_fail(
            err, HL_E_USAGE,
            "there is nothing to draw in frames %lld to %lld of record %s, which has %lld",
            (long long)o->from, (long long)o->to, s->info->name, (long long)s->info->n_frames);
    s->length_mm = seconds * s->mm_per_s;
    if (o->layout == HL_STRIP_TWELVE && seconds > HL_STRIP_TWELVE_S + 1 / s->info->frame_hz - 1e-9)
        return hl_fail(err, HL_E_USAGE,
                       "twelve leads on a sheet show %d s, not %.6g\n"
                       "Choose a shorter window, or one row a signal (--layout rows).",
                       HL_STRIP_TWELVE_S, seconds);
    if (s->length_mm > MOST_MM)
        return hl_fail(err, HL_E_USAGE,
                       "%.6g s at %g mm/s are %.1f m of paper; %d m are the most\n"
                       "Choose a shorter window, or --speed %g.",
                       seconds, s->mm_per_s, s->length_mm / 1000, MOST_MM / 1000,
                       pow(10, floor(log10(MOST_MM / seconds))));
    if (s->length_mm * s->traces.n > MOST_TRACE_MM)
        return hl_fail(err, HL_E_USAGE,
                       "%d signals of %.1f m each are too much for one sheet\n"
                       "Choose some with --signals, or a lower --speed.",
                       (int)s->traces.n, s->length_mm / 1000);
    return HL_OK;
}

static int32_t find_lead(const hl_wave_info *info, const char *name, int *n_found)
{
    int32_t found = -1;

    *n_found = 0;
    for (int32_t i = info->n_signals; i-- > 0;)
        if (strcasecmp(info->signal[i].name, name) == 0) {
            found = i;
            ++*n_found;
        }
    return found;
}

bool hl_strip_has_twelve(const hl_wave *wave)
{
    for (int i = 0; i < HL_ECG_ROWS * HL_ECG_COLUMNS; i++) {
        int n;
        int32_t k =
            find_lead(hl_wave_about(wave), hl_ecg_lead[i / HL_ECG_COLUMNS][i % HL_ECG_COLUMNS], &n);
        if (n != 1 || hl_ecg_mv_of(hl_wave_about(wave)->signal[k].units) <= 0)
            return false;
    }
    return true;
}

/* The signals that become traces. */
static hl_code choose(sheet *s, hl_error *err)
{
    const bool twelve = s->o->layout == HL_STRIP_TWELVE;
    const int32_t all = s->o->signal ? s->o->n_signals : s->info->n_signals;
    const size_t room = (size_t)(twelve ? HL_ECG_ROWS * HL_ECG_COLUMNS : all);
    hl_traces *t = &s->traces;

    t->trace = hl_arena_calloc(s->arena, room, sizeof *t->trace);
    s->row = hl_arena_calloc(s->arena, room, sizeof *s->row);
    if (!t->trace || !s->row)
        return hl_fail_memory(err, "drawing", room * sizeof *t->trace);
    /* By columns: I, II, III, aVR ... V6, the order in which people name them. */
    for (int i = 0; i < HL_ECG_ROWS * HL_ECG_COLUMNS && twelve; i++) {
        const int r = i % HL_ECG_ROWS, column = i / HL_ECG_ROWS;
        int n;
        int32_t k = find_lead(s->info, hl_ecg_lead[r][column], &n);
        s->twelve[r][column] = k >= 0 ? t->n : -1;
        if (k >= 0)
            t->trace[t->n++].signal = k;
    }
    for (int32_t k = 0; k < all && !twelve; k++) {
        const int32_t i = s->o->signal ? s->o->signal[k] : k;
        if (i < 0 || i >= s->info->n_signals)
            return hl_fail(err, HL_E_USAGE, "record %s has no signal #%d; it has %d", s->info->name,
                           (int)i, (int)s->info->n_signals);
        t->trace[t->n++].signal = i;
    }
    if (t->n == 0)
        return hl_fail(err, HL_E_USAGE, "record %s has no %s to draw", s->info->name,
                       twelve ? "lead of a 12-lead ECG" : "signals");
    return HL_OK;
}

/* --- traces on paper ---------------------------------------------------------------------------
 */

static int32_t page_y(const sheet *s, const row *r, double value)
{
    const double y = r->base - (value - r->scale.zero) / r->scale.per_mm * HL_MM;
    const double top = s->page->paper.y - 100 * HL_MM;
    const double bottom = s->page->paper.y + s->page->paper.h + 100 * HL_MM;

    /* What is far off the paper stays near it: writers must not meet numbers without end. */
    return (int32_t)lround(y < top ? top : y > bottom ? bottom : y);
}

/* The part [from_mm, to_mm) of a trace. */
static void put_trace(sheet *s, const hl_trace *t, const row *r, double from_mm, double to_mm)
{
    const hl_trace_point *p = hl_trace_points(t);
    const size_t n = hl_trace_n_points(t);

    for (size_t i = 0; i < n; i++) {
        if (isnan(p[i].value))
            hl_strip_end_line(s->page, HL_PEN_TRACE);
        else if (p[i].mm >= from_mm && p[i].mm < to_mm)
            hl_strip_put_point(s->page, s->x0 + (int32_t)lround(p[i].mm * HL_MM),
                               page_y(s, r, p[i].value));
    }
    hl_strip_end_line(s->page, HL_PEN_TRACE);
}

static void put_gaps(sheet *s, const hl_trace *t, int32_t top, int32_t bottom, double from_mm,
                     double to_mm)
{
    static const char *const why[] = {"no valid samples", "not recorded", "gap in the record"};
    const hl_trace_gap *g = hl_trace_gaps(t);

    for (size_t i = 0; i < hl_trace_n_gaps(t); i++) {
        const double a = g[i].from_mm > from_mm ? g[i].from_mm : from_mm;
        const double b = g[i].to_mm < to_mm ? g[i].to_mm : to_mm;
        if (a >= b)
            continue;
        const int32_t left = s->x0 + (int32_t)lround(a * HL_MM);
        const int32_t width = s->x0 + (int32_t)lround(b * HL_MM) - left;
        const hl_str text = hl_str_of(why[g[i].kind]);
        hl_strip_put_band(s->page, left, top, width > 1 ? width : 1, bottom - top);
        if (width > hl_strip_text_width(HL_FONT_BAND, text) + 4 * HL_MM)
            hl_strip_put_text(s->page, HL_FONT_BAND, 1, left + width / 2, (top + bottom) / 2 + 90,
                              text);
        s->any_gap = true;
    }
}

/* 1 mV, as high as it is drawn, left of the window. */
static void put_pulse(sheet *s, int32_t base)
{
    const int32_t x = s->x0 - 9 * HL_MM;
    const int32_t foot = (8 - HL_ECG_PULSE_MM) * HL_MM;
    const int32_t top = base - (int32_t)lround(s->mm_per_mv * HL_MM);

    hl_strip_put_point(s->page, x, base);
    hl_strip_put_point(s->page, x + foot * 2 / 3, base);
    hl_strip_put_point(s->page, x + foot * 2 / 3, top);
    hl_strip_put_point(s->page, x + foot * 2 / 3 + HL_ECG_PULSE_MM * HL_MM, top);
    hl_strip_put_point(s->page, x + foot * 2 / 3 + HL_ECG_PULSE_MM * HL_MM, base);
    hl_strip_put_point(s->page, x + foot + HL_ECG_PULSE_MM * HL_MM, base);
    hl_strip_end_line(s->page, HL_PEN_TRACE);
}

/* --- a row a signal ----------------------------------------------------------------------------
 */

/* Heights from top to bottom; true heights of the sheet follow from them. */
static int32_t stack_rows(sheet *s, int32_t y)
{
    y += s->notes.lane[0].n_levels * HL_LANE_LEVEL_MM * HL_MM;
    for (int32_t k = 0; k < s->traces.n; k++) {
        const hl_trace *t = &s->traces.trace[k];
        row *r = &s->row[k];
        r->top = y;
        r->lane_bottom = y + (NAME_ROOM + s->notes.lane[k + 1].n_levels * HL_LANE_LEVEL_MM) * HL_MM;
        r->up = EMPTY_ROW * HL_MM;
        if (t->n_valid > 0) {
            r->scale = hl_strip_scale_of(t, &s->list, s->mm_per_mv);
            if (r->scale.is_ecg && r->scale.up_mm < s->mm_per_mv + 2)
                r->scale.up_mm = up_to_5(fmin(s->mm_per_mv + 2, 30));
            r->up = r->scale.up_mm * HL_MM;
            r->down = r->scale.down_mm * HL_MM;
            s->any_ecg |= r->scale.is_ecg;
        }
        r->base = r->lane_bottom + r->up;
        y = r->base + r->down + (r->down == 0 ? AXIS_FOOT * HL_MM : 0);
    }
    return y;
}

/* Ticks each 5 mm, numbers each 10, at the paper's left edge. */
static void put_axis(sheet *s, const row *r, const char *units)
{
    const int32_t x = s->page->paper.x;
    const double per_cm = r->scale.per_mm * 10;
    /* Numbers stand where they are multiples of per_cm: the base line may be half of one. */
    const int odd = fabs(remainder(r->scale.zero, per_cm)) > per_cm / 4;
    hl_buf text = {0};

    for (int32_t i = 0; i * 5 <= r->scale.up_mm; i++) {
        const int32_t y = r->base - i * 5 * HL_MM;
        hl_strip_put_line(s->page, HL_PEN_TICK, x - (i % 2 != odd ? 80 : 150), y, x, y);
        if (i % 2 != odd)
            continue;
        hl_buf_clear(&text);
        hl_strip_axis_number(r->scale.zero + i * per_cm / 2, per_cm, &text);
        hl_strip_put_text(s->page, HL_FONT_SCALE, 2, x - 220, y + 90,
                          hl_str_of(text.at ? text.at : ""));
    }
    hl_strip_put_line(s->page, HL_PEN_TICK, x, r->base - r->up, x, r->base);
    hl_strip_put_text(s->page, HL_FONT_SCALE, 2, x - 220, r->lane_bottom - 260, hl_str_of(units));
    s->page->oom |= text.oom;
    hl_buf_free(&text);
}

static void put_row(sheet *s, int32_t k)
{
    const hl_trace *t = &s->traces.trace[k];
    const row *r = &s->row[k];
    hl_buf more = {0};

    if (k > 0 || s->notes.lane[0].n_levels > 0)
        hl_strip_put_line(s->page, HL_PEN_RULE, s->page->paper.x, r->top,
                          s->page->paper.x + s->page->paper.w, r->top);
    put_gaps(s, t, r->base - r->up, r->base + r->down, 0, s->length_mm);
    if (t->n_valid > 0) {
        if (!r->scale.is_ecg)
            hl_strip_scale_text(&r->scale, t->about->units, &more);
        put_trace(s, t, r, 0, INFINITY);
        if (r->scale.is_ecg)
            put_pulse(s, r->base);
        if (r->scale.has_axis)
            put_axis(s, r, t->about->units);
    }
    if (!t->about->calibrated)
        hl_buf_printf(&more, "%sgain not stated", more.n ? "   " : "");
    hl_strip_filter_text(s->wave, &s->traces, k, &more);
    hl_strip_put_name(s->page, s->x0 + 60, r->top + 410, hl_str_trim(hl_str_of(t->about->name)),
                      (hl_str){more.at, more.n});
    hl_notes_put(s->page, &s->notes, k + 1, s->x0, r->lane_bottom);
    s->page->oom |= more.oom;
    hl_buf_free(&more);
}

/* --- twelve leads ------------------------------------------------------------------------------
 */

static void put_lead(sheet *s, int32_t k, double from_mm, double to_mm, int32_t base,
                     const char *name)
{
    const int32_t x = s->x0 + (int32_t)lround(from_mm * HL_MM);
    const hl_trace *t = k >= 0 ? &s->traces.trace[k] : NULL;
    const double mv = t ? hl_ecg_mv_of(t->about->units) : 0;
    const char *more = !t                ? "absent"
                       : mv <= 0         ? "not in mV"
                       : t->n_valid == 0 ? "no valid sample"
                                         : "";
    row r = {.base = base};

    if (t && t->n_valid > 0 && mv > 0) {
        r.scale = (hl_strip_scale){.per_mm = 1 / s->mm_per_mv / mv, .zero = t->median};
        put_trace(s, t, &r, from_mm, to_mm);
    }
    if (t)
        put_gaps(s, t, base - TWELVE_BAND * HL_MM, base + TWELVE_BAND * HL_MM, from_mm, to_mm);
    if (from_mm > 0)
        hl_strip_put_line(s->page, HL_PEN_TICK, x, base - 3 * HL_MM, x, base + 3 * HL_MM);
    hl_strip_put_name(s->page, x + 100, base - 11 * HL_MM, hl_str_of(name), hl_str_of(more));
}

static int32_t twelve_height(const sheet *s)
{
    return (TWELVE_TOP + HL_ECG_ROWS * TWELVE_ROW + s->notes.lane[0].n_levels * HL_LANE_LEVEL_MM +
            TWELVE_FOOT) *
           HL_MM;
}

static void put_twelve(sheet *s)
{
    const double column_mm = HL_STRIP_TWELVE_S / (double)HL_ECG_COLUMNS * s->mm_per_s;
    int32_t base = s->page->paper.y + TWELVE_TOP * HL_MM;

    s->any_ecg = true;
    for (int r = 0; r < HL_ECG_ROWS; r++, base += TWELVE_ROW * HL_MM) {
        put_pulse(s, base);
        for (int c = 0; c < HL_ECG_COLUMNS && c * column_mm < s->length_mm; c++) {
            /* Half a sample of slack: 2.5 s may be 1249.9999 samples. */
            const double slack = c == 0 ? 0 : 1e-6, end = (c + 1) * column_mm - 1e-6;
            put_lead(s, s->twelve[r][c], c * column_mm - slack,
                     c + 1 == HL_ECG_COLUMNS ? INFINITY : end, base, hl_ecg_lead[r][c]);
        }
    }
    base += s->notes.lane[0].n_levels * HL_LANE_LEVEL_MM * HL_MM;
    put_pulse(s, base);
    put_lead(s, s->twelve[1][0], 0, INFINITY, base, HL_ECG_RHYTHM_LEAD); /* II */
    hl_notes_put(s->page, &s->notes, 0, s->x0, base - TWELVE_FOOT * HL_MM);
}

/* --- the sheet ---------------------------------------------------------------------------------
 */

static void put_around(sheet *s)
{
    hl_strip_page *page = s->page;
    const int32_t y = page->paper.y + page->paper.h;
    hl_buf text = {0};

    hl_strip_put_times(page, &s->traces, s->x0, y);
    hl_buf_printf(&text, "%g mm/s", s->mm_per_s);
    if (s->any_ecg)
        hl_buf_printf(&text, "   %g mm/mV", s->mm_per_mv);
    hl_strip_put_text(page, HL_FONT_NAME, 0, page->paper.x, y + 10 * HL_MM,
                      (hl_str){text.at, text.n});
    hl_buf_clear(&text);
    if (s->any_gap)
        hl_buf_text(&text, "hatched: not measured");
    if (s->o->annotator)
        hl_buf_printf(&text, "%sannotations: %s", text.n ? "   " : "",
                      s->o->annotator[0] ? s->o->annotator : "of the file");
    if (s->notes.n_crowded)
        hl_buf_printf(&text, " (%zu of %zu without their text)", s->notes.n_crowded, s->notes.n);
    hl_strip_put_text(page, HL_FONT_SMALL, 2, page->paper.x + page->paper.w, y + 10 * HL_MM,
                      (hl_str){text.at, text.n});
    page->oom |= text.oom;
    hl_buf_free(&text);
}

static hl_code lay_out(sheet *s, hl_error *err)
{
    hl_strip_page *page = s->page;
    const bool twelve = s->o->layout == HL_STRIP_TWELVE;
    const int32_t width = LEAD_IN + up_to_5(s->length_mm) + MARGIN;

    page->paper.x = MARGIN * HL_MM;
    page->paper.w = (width > LEAST_WIDTH ? width : LEAST_WIDTH) * HL_MM;
    for (int32_t k = 0; k < s->traces.n && !twelve; k++)
        if (s->traces.trace[k].n_valid > 0 &&
            hl_strip_scale_of(&s->traces.trace[k], &s->list, s->mm_per_mv).has_axis)
            page->paper.x = AXIS_ROOM * HL_MM;
    page->width = page->paper.x + page->paper.w + MARGIN * HL_MM;
    s->x0 = page->paper.x + LEAD_IN * HL_MM;
    page->paper.y = hl_strip_put_heading(page, s->wave, &s->traces);
    page->paper.h = twelve ? twelve_height(s) : stack_rows(s, page->paper.y) - page->paper.y;
    page->height = page->paper.y + page->paper.h + 13 * HL_MM;
    if (page->height > MOST_MM * HL_MM)
        return hl_fail(err, HL_E_USAGE,
                       "%d signals make a sheet %.1f m high; %d m are the most\n"
                       "Choose some with --signals.",
                       (int)s->traces.n, page->height / 1e5, MOST_MM / 1000);
    if (twelve) {
        put_twelve(s);
    } else {
        hl_notes_put(page, &s->notes, 0, s->x0,
                     page->paper.y + s->notes.lane[0].n_levels * HL_LANE_LEVEL_MM * HL_MM);
        for (int32_t k = 0; k < s->traces.n; k++)
            put_row(s, k);
    }
    put_around(s);
    return hl_strip_page_check(page, err);
}

hl_code hl_strip_lay_out(hl_wave *wave, const hl_strip_options *o, hl_strip_page *page,
                         hl_strip_facts *facts, hl_error *err)
{
    sheet s = {.wave = wave,
               .info = hl_wave_about(wave),
               .o = o,
               .page = page,
               .arena = page->arena,
               .mm_per_s = o->mm_per_s == 0 ? HL_ECG_MM_PER_S : o->mm_per_s,
               .mm_per_mv = o->mm_per_mv == 0 ? HL_ECG_MM_PER_MV : o->mm_per_mv};
    hl_code c = check_number("mm/s", s.mm_per_s, 0.001, 1000, err);

    if (c == HL_OK)
        c = check_number("mm/mV", s.mm_per_mv, 0.001, 1000, err);
    if (c == HL_OK)
        c = choose(&s, err);
    if (c == HL_OK)
        c = check_window(&s, err);
    s.traces.wave = wave;
    s.traces.from = o->from;
    s.traces.to = o->to;
    s.traces.mm_per_s = s.mm_per_s;
    if (c == HL_OK)
        c = hl_calibrations_shipped(s.arena, &s.list, err);
    if (c == HL_OK)
        c = hl_traces_read(&s.traces, err);
    if (c == HL_OK)
        c = hl_notes_read(&s.notes, s.arena, &s.traces, o->annotator, o->layout == HL_STRIP_ROWS,
                          err);
    if (c == HL_OK)
        c = lay_out(&s, err);
    if (c == HL_OK)
        *facts = (hl_strip_facts){.width_mm = (double)page->width / HL_MM,
                                  .height_mm = (double)page->height / HL_MM,
                                  .n_signals = s.traces.n,
                                  .n_annotations = (int64_t)s.notes.n};
    hl_traces_free(&s.traces);
    return c;
}

static hl_code draw(hl_wave *wave, const hl_strip_options *o, bool png, hl_buf *to,
                    hl_strip_facts *facts, hl_error *err)
{
    hl_strip_page page;
    hl_strip_facts own = {0};
    const double dpi = o->dpi == 0 ? 150 : o->dpi;
    hl_code c = png ? check_number("dpi", dpi, 10, 2400, err) : HL_OK;

    if (c == HL_OK)
        c = hl_strip_page_open(&page, err);
    if (c != HL_OK)
        return c;
    c = hl_strip_lay_out(wave, o, &page, &own, err);
    if (c == HL_OK && png)
        c = hl_strip_write_png(&page, dpi, to, &own.width_px, &own.height_px, err);
    else if (c == HL_OK)
        hl_strip_write_svg(&page, to);
    hl_strip_page_close(&page);
    if (facts)
        *facts = own;
    return c == HL_OK ? hl_buf_check(to, "drawing", err) : c;
}

hl_code hl_strip_svg(hl_wave *wave, const hl_strip_options *options, hl_buf *to,
                     hl_strip_facts *facts, hl_error *err)
{
    return draw(wave, options, false, to, facts, err);
}

hl_code hl_strip_png(hl_wave *wave, const hl_strip_options *options, hl_buf *to,
                     hl_strip_facts *facts, hl_error *err)
{
    return draw(wave, options, true, to, facts, err);
}
