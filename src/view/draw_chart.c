#include "view/draw_chart.h"

#include <math.h>

#include "base/sort.h"
#include "base/html.h"

/* --- numbers of a sample -------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b, void *ctx)
{
    double x = *(const double *)a, y = *(const double *)b;

    (void)ctx;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t i = (size_t)at;

    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

hl_code hl_quantiles_of(double *value, size_t n, hl_quantiles *out, hl_error *err)
{
    *out = (hl_quantiles){.n = n};
    if (n == 0)
        return HL_OK;
    hl_code c = hl_sort_stable(value, n, sizeof *value, compare_doubles, NULL, err);
    if (c != HL_OK)
        return c;
    out->min = value[0];
    out->p05 = quantile(value, n, 0.05);
    out->p25 = quantile(value, n, 0.25);
    out->p50 = quantile(value, n, 0.50);
    out->p75 = quantile(value, n, 0.75);
    out->p95 = quantile(value, n, 0.95);
    out->max = value[n - 1];
    return HL_OK;
}

int hl_quantiles_decimals(const hl_quantiles *q)
{
    const double value[] = {q->p25, q->p50, q->p75}, allowed = 0.1 * (q->p75 - q->p25) + 1e-9;
    double ten = 1;
    int decimals = 0;

    for (; decimals < 4; decimals++, ten *= 10) {
        double worst = 0;
        for (int i = 0; i < 3; i++)
            worst = fmax(worst, fabs(round(value[i] * ten) / ten - value[i]));
        if (worst <= allowed)
            break;
    }
    return decimals;
}

/* First and last bin of [min, max], counted from the origin. The outermost bins hold both their
 * edges, so that a value on the last edge opens no bin of its own. */
static void bin_span(double min, double max, double width, hl_bins_side side, double *first,
                     double *last)
{
    *first = floor(min / width);
    *last = ceil(max / width) - 1;
    if (*last < *first) /* all values on one edge */
        *first = *last = side == HL_BINS_CLOSED_RIGHT ? *last : *first;
}

hl_code hl_histogram_of(hl_arena *arena, const double *value, size_t n, const double *width,
                        size_t n_widths, size_t max_bins, hl_bins_side side, hl_histogram *out,
                        hl_error *err)
{
    *out = (hl_histogram){0};
    if (n == 0)
        return HL_OK;

    double w = width[0], first = 0, last = 0;
    for (size_t i = 0;; w = ++i < n_widths ? width[i] : w * 2) {
        bin_span(value[0], value[n - 1], w, side, &first, &last);
        /* Edges must be told apart as doubles too. */
        if (last - first < (double)max_bins && fabs(first) < 1e15)
            break;
        if (!(w < 1e300))
            return hl_fail(err, HL_E_LIMIT, "values from %g to %g do not fit a histogram", value[0],
                           value[n - 1]);
    }
    out->low = first * w;
    out->width = w;
    out->n_bins = (size_t)(last - first) + 1;
    out->count = hl_arena_calloc(arena, out->n_bins, sizeof *out->count);
    if (!out->count)
        return hl_fail_memory(err, "histogram", out->n_bins * sizeof *out->count);
    for (size_t i = 0; i < n; i++) {
        double at = value[i] / w;
        double bin = (side == HL_BINS_CLOSED_RIGHT ? ceil(at) - 1 : floor(at)) - first;
        bin = bin < 0 ? 0 : bin > last - first ? last - first : bin;
        if (++out->count[(size_t)bin] > out->largest)
            out->largest = out->count[(size_t)bin];
    }
    return HL_OK;
}

/* --- drawing -------------------------------------------------------------------------------- */

enum { PLOT_HEIGHT = 112, PLOT_TOP = 18, AXIS_HEIGHT = 20 }; /* CSS px of a histogram */

static void put_percent(hl_buf *to, const char *name, double share)
{
    hl_buf_printf(to, " %s=\"", name);
    hl_svg_number(to, 100 * share);
    hl_buf_text(to, "%\"");
}

static void open_svg(hl_buf *to, const char *class, int height, hl_str label)
{
    hl_buf_printf(to, "<svg class=\"%s\" width=\"100%%\" height=\"%d\"", class, height);
    if (label.n == 0) {
        hl_buf_text(to, " aria-hidden=\"true\">");
        return;
    }
    hl_buf_text(to, " role=\"img\" aria-label=\"");
    hl_html_attr(to, label);
    hl_buf_text(to, "\">");
}

/* The largest of 1, 2, 5 x 10^k that is at most n (n >= 1). */
static int64_t round_down(int64_t n)
{
    int64_t ten = 1;

    while (ten <= n / 10)
        ten *= 10;
    return n >= 5 * ten ? 5 * ten : n >= 2 * ten ? 2 * ten : ten;
}

enum { MAX_TICKS = 7 };

static void draw_ticks(hl_buf *to, const hl_histogram *h, const double *tick, size_t n_ticks)
{
    const double span = h->width * (double)h->n_bins, high = h->low + span;
    double step = tick[0];

    for (size_t i = 0; floor(high / step) - ceil(h->low / step) + 1 > MAX_TICKS;)
        step = ++i < n_ticks ? tick[i] : step * 2;
    for (double k = ceil(h->low / step); k * step <= high; k++) {
        const double x = (k * step - h->low) / span;
        const char *anchor = x < 0.02 ? "start" : x > 0.98 ? "end" : "middle";
        hl_buf_text(to, "<text");
        put_percent(to, "x", x);
        hl_buf_printf(to, " y=\"%d\" text-anchor=\"%s\">", PLOT_TOP + PLOT_HEIGHT + 15, anchor);
        hl_html_number(to, k * step);
        hl_buf_text(to, "</text>");
    }
}

/* The line at 0 with its name, if 0 lies inside. */
static void draw_zero(hl_buf *to, const hl_histogram *h, const char *name)
{
    const double x = -h->low / (h->width * (double)h->n_bins);

    if (!(x > 0 && x < 1))
        return;
    hl_buf_text(to, "<line class=\"zero\"");
    put_percent(to, "x1", x);
    put_percent(to, "x2", x);
    hl_buf_printf(to, " y1=\"4\" y2=\"%d\"/><text class=\"zeron\" y=\"12\" dx=\"%d\"",
                  PLOT_TOP + PLOT_HEIGHT, x > 0.6 ? -5 : 5);
    put_percent(to, "x", x);
    hl_buf_printf(to, " text-anchor=\"%s\">%s</text>", x > 0.6 ? "end" : "start", name);
}

void hl_draw_histogram(hl_buf *to, const hl_histogram *h, hl_str label, const double *tick,
                       size_t n_ticks, const char *zero)
{
    const int base = PLOT_TOP + PLOT_HEIGHT;

    if (h->n_bins == 0)
        return;
    const int64_t grid = round_down(h->largest);
    const double grid_y = base - PLOT_HEIGHT * (double)grid / (double)h->largest;
    hl_buf_printf(to,
                  "<div class=\"plot\"><svg class=\"hist\" width=\"100%%\" height=\"%d\" "
                  "aria-hidden=\"true\"><text x=\"100%%\" text-anchor=\"end\" y=\"",
                  base + AXIS_HEIGHT);
    hl_svg_number(to, grid_y + 4);
    hl_buf_text(to, "\">");
    hl_html_count(to, grid);
    hl_buf_text(to, "</text></svg>");
    open_svg(to, "hist", base + AXIS_HEIGHT, label);
    for (size_t i = 0; i < h->n_bins; i++) {
        double height = PLOT_HEIGHT * (double)h->count[i] / (double)h->largest;
        if (h->count[i] == 0)
            continue;
        hl_buf_text(to, "<rect class=\"bar\"");
        put_percent(to, "x", (double)i / (double)h->n_bins);
        put_percent(to, "width", 1.0 / (double)h->n_bins);
        hl_buf_text(to, " y=\"");
        hl_svg_number(to, base - (height < 1 ? 1 : height));
        hl_buf_text(to, "\" height=\"");
        hl_svg_number(to, height < 1 ? 1 : height);
        hl_buf_text(to, "\"/>");
    }
    hl_buf_text(to, "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"");
    hl_svg_number(to, grid_y);
    hl_buf_text(to, "\" y2=\"");
    hl_svg_number(to, grid_y);
    hl_buf_printf(to, "\"/><line class=\"axis\" x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>", base,
                  base);
    if (zero)
        draw_zero(to, h, zero);
    draw_ticks(to, h, tick, n_ticks);
    hl_buf_text(to, "</svg></div>\n");
}

static void draw_part(hl_buf *to, const char *class, double x, double width, int y, int height)
{
    if (!(width > 0))
        return;
    hl_buf_printf(to, "<rect class=\"%s\"", class);
    put_percent(to, "x", x);
    put_percent(to, "width", width);
    hl_buf_printf(to, " y=\"%d\" height=\"%d\"/>", y, height);
}

void hl_draw_bar(hl_buf *to, int64_t part, int64_t before, int64_t whole)
{
    double all = whole > 0 ? (double)whole : 1;

    open_svg(to, "hbar", 10, (hl_str){0});
    draw_part(to, "track", 0, 1, 0, 10);
    draw_part(to, "bar", 0, (double)part / all, 0, 10);
    draw_part(to, "lost", (double)part / all, (double)(before - part) / all, 0, 10);
    hl_buf_text(to, "</svg>");
}

void hl_draw_stack(hl_buf *to, const int64_t *part, size_t n)
{
    int64_t sum = 0, done = 0;

    for (size_t i = 0; i < n; i++)
        sum += part[i];
    open_svg(to, "hbar stack", 12, (hl_str){0});
    for (size_t i = 0; i < n && sum > 0; i++) {
        char class[] = {'k', (char)('0' + i % 10), 0};
        draw_part(to, class, (double)done / (double)sum, (double)part[i] / (double)sum, 0, 12);
        done += part[i];
    }
    hl_buf_text(to, "</svg>");
}

/* Position of v on the axis, 1.5 % free at each end so that no mark is cut. */
static double position(double v, double low, double high)
{
    double x = high > low ? (v - low) / (high - low) : 0.5;

    return 0.015 + 0.97 * (x < 0 ? 0 : x > 1 ? 1 : x);
}

void hl_draw_range(hl_buf *to, const hl_quantiles *q, double low, double high, const double *mark,
                   const char *label)
{
    if (q->n == 0)
        return;
    double a = position(q->p05, low, high), b = position(q->p25, low, high);
    double m = position(q->p50, low, high);
    double c = position(q->p75, low, high), d = position(q->p95, low, high);

    open_svg(to, "range", 16, hl_str_of(label));
    draw_part(to, "whisker", a, d - a, 7, 2);
    draw_part(to, "box", b, c - b, 4, 8);
    hl_buf_text(to, "<line class=\"median\" y1=\"2\" y2=\"14\"");
    put_percent(to, "x1", m);
    put_percent(to, "x2", m);
    hl_buf_text(to, "/>");
    if (mark) {
        hl_buf_text(to, "<circle class=\"mark\" cy=\"8\" r=\"4.5\"");
        put_percent(to, "cx", position(*mark, low, high));
        hl_buf_text(to, "/>");
    }
    hl_buf_text(to, "</svg>");
}
