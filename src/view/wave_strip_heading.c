/* wave_strip_heading.c - what stands above a strip: which record, when, how it was recorded. */
#include <math.h>
#include <strings.h>

#include "base/civil.h"
#include "view/wave_strip_internal.h"
#include "wave/record.h"

enum { FIRST_LINE = 800, NEXT_LINE = 440, ABOVE_PAPER = 300 }; /* 0.01 mm */

/* Dates from this year on are none of today's records: they were shifted to hide the real ones. */
#define SHIFTED_YEAR 2100

/* --- filters -----------------------------------------------------------------------------------
 */

static const char *find_in(hl_str text, const char *what)
{
    return text.n ? memmem(text.at, text.n, what, strlen(what)) : NULL;
}

/* The numbers behind "bandpass=" and its like: "[0.5,35]" or "12". How many there are, up to two.
 */
static int numbers_behind(hl_str note, const char *key, double v[2])
{
    const char *at = find_in(note, key);
    int n = 0;

    if (!at)
        return 0;
    hl_str rest = {at + strlen(key), note.n - (size_t)(at - note.at) - strlen(key)};
    while (n < 2 && rest.n > 0) {
        size_t length = 0;
        rest.at += rest.at[0] == '[';
        rest.n -= rest.n > 0 && rest.at[-1] == '[';
        while (length < rest.n && strchr("0123456789.", rest.at[length]))
            length++;
        if (!hl_parse_f64((hl_str){rest.at, length}, &v[n]))
            return n;
        n++;
        if (length >= rest.n || rest.at[length] != ',')
            return n;
        rest = (hl_str){rest.at + length + 1, rest.n - length - 1};
    }
    return n;
}

static const char *gap_behind(const hl_buf *text)
{
    return text->n > 0 ? "   " : "";
}

/* A note of a monitor's converter: "signal 0 (II): channel=0 bandpass=[0.5,35]". */
static bool put_filter(const char *text, const char *name, hl_buf *to)
{
    const hl_str note = hl_str_of(text);
    char who[HL_SHOW_BYTES];
    double v[2];
    const size_t before = to->n;

    snprintf(who, sizeof who, "(%.200s):", name);
    if (!find_in(note, who))
        return false;
    if (numbers_behind(note, "bandpass=", v) == 2)
        hl_buf_printf(to, "%s%g\xe2\x80\x93%g Hz", gap_behind(to), v[0], v[1]);
    if (numbers_behind(note, "highpass=", v) == 1)
        hl_buf_printf(to, "%s> %g Hz", gap_behind(to), v[0]);
    if (numbers_behind(note, "lowpass=", v) == 1)
        hl_buf_printf(to, "%s< %g Hz", gap_behind(to), v[0]);
    if (numbers_behind(note, "notch=", v) >= 1)
        hl_buf_printf(to, "%swithout %g Hz", gap_behind(to), v[0]);
    return to->n > before;
}

void hl_strip_filter_text(hl_wave *wave, const hl_traces *t, int32_t k, hl_buf *to)
{
    const hl_wave_info *info = hl_wave_about(wave);
    const char *name = t->trace[k].about->name;

    for (int64_t i = 0; i < info->n_notes; i++)
        if (put_filter(info->note[i], name, to))
            return;
    if (info->layout == HL_WAVE_SINGLE || wave->edf)
        return;
    /* Segments of bedside monitors have notes of their own. */
    for (int64_t i = 0; i < info->n_segments && info->segment[i].from < t->to; i++) {
        hl_wave_open_segment *segment;
        if (info->segment[i].to <= t->from || strcmp(info->segment[i].name, "~") == 0)
            continue;
        if (hl_wave_segment_open(wave, i, &segment, NULL) != HL_OK)
            return;
        for (size_t j = 0; j < segment->header.n_comments; j++)
            if (put_filter(segment->header.comment[j], name, to))
                return;
    }
}

/* --- rates -------------------------------------------------------------------------------------
 */

/* "II, III 249.89 Hz   Resp 62.4725 Hz", or the number of signals when the names do not fit. */
static void put_rates(const hl_traces *t, int32_t width, hl_buf *to)
{
    double low = t->trace[0].about->rate_hz, high = low;

    for (int32_t k = 0; k < t->n && to->n < 1000; k++) {
        const double rate = t->trace[k].about->rate_hz;
        bool new_rate = true;
        for (int32_t i = 0; i < k; i++)
            new_rate &= t->trace[i].about->rate_hz != rate;
        low = rate < low ? rate : low;
        high = rate > high ? rate : high;
        for (int32_t i = k; i < t->n && new_rate && to->n < 1000; i++)
            if (t->trace[i].about->rate_hz == rate) {
                hl_buf_text(to, i > k ? ", " : to->n ? "   " : "");
                hl_buf_str(to, hl_str_trim(hl_str_of(t->trace[i].about->name)));
            }
        if (new_rate)
            hl_buf_printf(to, " %.7g Hz", rate);
    }
    if (hl_strip_text_width(HL_FONT_SMALL, (hl_str){to->at, to->n}) <= width)
        return;
    for (int32_t k = 0; k < t->n; k++) {
        low = fmin(low, t->trace[k].about->rate_hz);
        high = fmax(high, t->trace[k].about->rate_hz);
    }
    hl_buf_clear(to);
    hl_buf_printf(to, "%d signals, %.7g", (int)t->n, low);
    if (high > low)
        hl_buf_printf(to, " to %.7g", high);
    hl_buf_text(to, " Hz");
}

/* --- the heading -------------------------------------------------------------------------------
 */

/* A text left and one right, on one line if both fit, else on two. *y is the last line's after. */
static void put_pair(hl_strip_page *page, hl_strip_font font, hl_str left, hl_str right, int32_t *y)
{
    const int32_t width = page->width - page->paper.x - 500;

    hl_strip_put_text(page, font, 0, page->paper.x, *y, left);
    if (right.n == 0)
        return;
    if (hl_strip_text_width(font, left) + hl_strip_text_width(HL_FONT_SMALL, right) + 500 <=
        width) {
        hl_strip_put_text(page, HL_FONT_SMALL, 2, page->paper.x + page->paper.w, *y, right);
        return;
    }
    *y += NEXT_LINE;
    hl_strip_put_text(page, HL_FONT_SMALL, 0, page->paper.x, *y, right);
}

static void put_wall_clock(const hl_wave_info *info, const hl_traces *t, hl_buf *to)
{
    if (info->start_ms == HL_WAVE_NO_TIME)
        return;
    hl_strip_moment(info, t->from, true, to);
    hl_buf_text(to, " \xe2\x80\x93 ");
    hl_strip_moment(info, t->to, false, to);
    if (info->has_date && hl_civil_of(info->start_ms / 1000).year >= SHIFTED_YEAR)
        hl_buf_text(to, " (shifted date)");
}

static void put_span(const hl_wave_info *info, const hl_traces *t, hl_buf *to)
{
    const double from_s = (double)t->from / info->frame_hz, to_s = (double)t->to / info->frame_hz;

    hl_strip_elapsed(from_s, to);
    hl_buf_text(to, " \xe2\x80\x93 ");
    hl_strip_elapsed(to_s, to);
    hl_buf_printf(to, " from the start");
}

/* Notes that tell of filters, and of nothing else. */
static void put_filters(const hl_wave_info *info, hl_buf *to)
{
    for (int64_t i = 0; i < info->n_notes && to->n == 0; i++) {
        const hl_str note = hl_str_trim(hl_str_of(info->note[i]));
        if (note.n < 80 && strncasecmp(note.at, "filter", 6) == 0)
            hl_buf_str(to, note);
    }
}

int32_t hl_strip_put_heading(hl_strip_page *page, hl_wave *wave, const hl_traces *t)
{
    const hl_wave_info *info = hl_wave_about(wave);
    hl_buf left = {0}, right = {0};
    int32_t y = FIRST_LINE;

    put_wall_clock(info, t, &right);
    put_pair(page, HL_FONT_TITLE, hl_str_of(info->name), (hl_str){right.at, right.n}, &y);
    hl_buf_printf(&left, "%s: %s", info->name, right.n ? right.at : "");
    hl_buf_clear(&right);
    put_span(info, t, &right);
    if (info->start_ms == HL_WAVE_NO_TIME)
        hl_buf_text(&left, right.at ? right.at : "");
    page->title = hl_arena_str(page->arena, (hl_str){left.at, left.n});
    hl_buf_clear(&left);
    put_rates(t, page->paper.w, &left);
    y += NEXT_LINE;
    put_pair(page, HL_FONT_SMALL, (hl_str){left.at, left.n}, (hl_str){right.at, right.n}, &y);
    hl_buf_clear(&left);
    put_filters(info, &left);
    if (left.n > 0) {
        y += NEXT_LINE;
        hl_strip_put_text(page, HL_FONT_SMALL, 0, page->paper.x, y, (hl_str){left.at, left.n});
    }
    page->oom |= left.oom || right.oom || !page->title.at;
    hl_buf_free(&left);
    hl_buf_free(&right);
    return (y + ABOVE_PAPER + HL_MM - 1) / HL_MM * HL_MM; /* a whole mm */
}
