/* The sections of a scorecard that draw distributions. */
#include "view/scorecard_page.h"

#include "base/html.h"

enum { SHOWN_CATEGORIES = 8 };

static const double year_bins[] = {1, 2, 5, 10}, year_ticks[] = {1, 2, 5, 10, 20};
static const double hour_bins[] = {0.25, 0.5, 1, 2, 3, 4, 6, 12, 24};
static const double hour_ticks[] = {1, 2, 3, 6, 12, 24, 48, 72, 168};
enum { N_YEAR_BINS = 4, N_YEAR_TICKS = 5, N_HOUR_BINS = 9, N_HOUR_TICKS = 9, MAX_BINS = 25 };

/* --- histograms ----------------------------------------------------------------------------- */

typedef struct {
    const char *title, *unit; /* "Age", "years" */
    const hl_quantiles *q;
    const double *sorted;
    bool hours;
    hl_bins_side side;
    const char *zero;
} picture;

/* "median 68, middle half 57 to 78, all 24 to 99" */
static void put_summary(hl_buf *to, const picture *p)
{
    const hl_quantiles *q = p->q;
    const int decimals = hl_quantiles_decimals(q);

    hl_buf_text(to, "median ");
    hl_html_fixed(to, q->p50, decimals);
    hl_buf_text(to, ", middle half ");
    hl_html_fixed(to, q->p25, decimals);
    hl_buf_text(to, " to ");
    hl_html_fixed(to, q->p75, decimals);
    hl_buf_text(to, ", all ");
    hl_html_fixed(to, q->min, decimals);
    hl_buf_text(to, " to ");
    hl_html_fixed(to, q->max, decimals);
}

static hl_code put_histogram(hl_buf *to, const hl_card *card, const picture *p, hl_error *err)
{
    hl_histogram h;
    hl_buf label = {0};
    hl_code c =
        hl_histogram_of(card->arena, p->sorted, p->q->n, p->hours ? hour_bins : year_bins,
                        p->hours ? (size_t)N_HOUR_BINS : N_YEAR_BINS, MAX_BINS, p->side, &h, err);

    if (c != HL_OK || p->q->n == 0)
        return c;
    hl_buf_printf(&label, "Histogram. %s, %s: ", p->title, p->unit);
    put_summary(&label, p);
    c = hl_buf_check(&label, "histogram", err);
    if (c == HL_OK) {
        hl_buf_printf(to, "<figure><figcaption><strong>%s</strong> <span>%s</span></figcaption>\n",
                      p->title, p->unit);
        hl_draw_histogram(to, &h, (hl_str){label.at, label.n}, p->hours ? hour_ticks : year_ticks,
                          p->hours ? (size_t)N_HOUR_TICKS : N_YEAR_TICKS, p->zero);
        hl_buf_text(to, "<p class=\"note\">");
        put_summary(to, p);
        if (p->q->n < card->n) {
            hl_buf_text(to, "; known for ");
            hl_html_count(to, (int64_t)p->q->n);
        }
        hl_buf_text(to, "</p></figure>\n");
    }
    hl_buf_free(&label);
    return c;
}

/* --- people --------------------------------------------------------------------------------- */

static hl_str shown_sex(hl_str code)
{
    return hl_str_is(code, "F")   ? hl_str_of("Women")
           : hl_str_is(code, "M") ? hl_str_of("Men")
                                  : code;
}

static void put_category(hl_buf *to, hl_str name, int64_t count, int64_t all)
{
    hl_buf_text(to, "<tr><th scope=\"row\">");
    if (name.n)
        hl_html_text(to, name);
    else
        hl_buf_text(to, "<i>not stated</i>");
    hl_buf_text(to, "</th><td class=\"bars\">");
    hl_draw_bar(to, count, count, all);
    hl_buf_text(to, "</td><td>");
    hl_html_count(to, count);
    hl_buf_text(to, "</td><td>");
    hl_html_share(to, count, all);
    hl_buf_text(to, "</td></tr>\n");
}

void hl_card_put_tally(hl_buf *to, const char *title, const char *counted,
                       const hl_card_tally *tally, hl_str (*show)(hl_str), size_t n_rows)
{
    int64_t others = 0;
    const size_t shown = tally->n > SHOWN_CATEGORIES ? SHOWN_CATEGORIES - 1 : tally->n;

    if (tally->n == 0)
        return;
    hl_buf_printf(to,
                  "<table class=\"tally\"><caption>%s</caption>\n"
                  "<thead class=\"sr\"><tr><th scope=\"col\">%s</th><th scope=\"col\">Bar</th>"
                  "<th scope=\"col\">%s</th><th scope=\"col\">Share</th></tr></thead>"
                  "<tbody>\n",
                  title, title, counted);
    for (size_t i = 0; i < tally->n; i++) {
        const hl_str name = show ? show(tally->item[i].name) : tally->item[i].name;
        if (i < shown)
            put_category(to, name, tally->item[i].count, (int64_t)n_rows);
        else
            others += tally->item[i].count;
    }
    if (others) {
        char text[48];
        snprintf(text, sizeof text, "%zu others", tally->n - shown);
        put_category(to, hl_str_of(text), others, (int64_t)n_rows);
    }
    hl_buf_text(to, "</tbody></table>\n");
}

hl_code hl_card_put_people(hl_buf *to, const hl_card *card, hl_error *err)
{
    const picture age = {.title = "Age",
                         .unit = "years, at admission",
                         .q = &card->age_q,
                         .sorted = card->age_sorted};

    if (card->age_q.n + card->sexes.n + card->views.n + card->types.n + card->races.n == 0)
        return HL_OK;
    hl_card_section(
        to, "people", "Patients",
        "Who was admitted, how, and the direction of the film. Counted by admission, in "
        "the archive’s own words.");
    hl_code c = put_histogram(to, card, &age, err);
    hl_buf_text(to, "<div class=\"columns\">\n<div>");
    hl_card_put_tally(to, "Sex", "Admissions", &card->sexes, shown_sex, card->n);
    hl_card_put_tally(to, "Film view", "Admissions", &card->views, NULL, card->n);
    hl_card_put_tally(to, "Admission type", "Admissions", &card->types, NULL, card->n);
    hl_buf_text(to, "</div>\n<div>");
    hl_card_put_tally(to, "Race", "Admissions", &card->races, NULL, card->n);
    hl_buf_text(to, "</div></div>\n");
    hl_card_section_end(to);
    return c;
}

/* --- timing --------------------------------------------------------------------------------- */

hl_code hl_card_put_timing(hl_buf *to, const hl_card *card, hl_error *err)
{
    const picture film = {.title = "Chest film",
                          .unit = "hours after admission",
                          .q = &card->film_q,
                          .sorted = card->film_sorted,
                          .hours = true,
                          .side = HL_BINS_CLOSED_RIGHT,
                          .zero = "admission"};
    const picture ecg = {.title = "ECG",
                         .unit = "hours from admission, before it negative",
                         .q = &card->ecg_q,
                         .sorted = card->ecg_sorted,
                         .hours = true,
                         .zero = "admission"};

    if (card->film_q.n + card->ecg_q.n == 0)
        return HL_OK;
    hl_card_section(
        to, "timing", "Timing",
        "When the chosen film and ECG were taken. A heap at an edge of the window shows "
        "what the window cuts.");
    hl_buf_text(to, "<div class=\"columns\">\n");
    hl_code c = put_histogram(to, card, &ecg, err);
    if (c == HL_OK)
        c = put_histogram(to, card, &film, err);
    hl_buf_text(to, "</div>\n");
    hl_card_section_end(to);
    return c;
}

/* --- findings ------------------------------------------------------------------------------- */

void hl_card_put_findings(hl_buf *to, const hl_card *card)
{
    static const char *const name[] = {"positive", "uncertain", "negative", "not mentioned"};
    static const char *const head[] = {"Positive", "Uncertain", "Negative", "None"};
    static const char *const glyph[] = {"+", "?", "−", "∅"};

    if (card->n_findings == 0)
        return;
    hl_card_section(to, "findings", "Film labels",
                    "What the label table says of each finding in the film’s report.");
    hl_buf_text(to, "<p class=\"legend\" aria-hidden=\"true\">");
    for (int i = 0; i < 4; i++)
        hl_buf_printf(to,
                      "<span><svg width=\"18\" height=\"12\" class=\"stack\"><rect class=\"k%d\" "
                      "width=\"18\" height=\"12\"/></svg> <b>%s</b> %s</span> ",
                      i, glyph[i], name[i]);
    hl_buf_text(to, "</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Film "
                    "labels\"><table class=\"findings\">\n<caption class=\"sr\">Admissions by label"
                    "</caption><thead><tr><th scope=\"col\">Finding</th><td></td>");
    for (int i = 0; i < 4; i++)
        hl_buf_printf(to,
                      "<th scope=\"col\"><span class=\"long\">%s</span><b class=\"short\" "
                      "aria-hidden=\"true\">%s</b></th>",
                      head[i], glyph[i]);
    hl_buf_text(to, "</tr></thead><tbody>\n");
    for (size_t k = 0; k < card->n_findings; k++) {
        const hl_card_finding *f = &card->finding[k];
        const int64_t part[] = {f->positive, f->uncertain, f->negative, f->missing};
        hl_buf_text(to, "<tr><th scope=\"row\">");
        hl_html_text(to, f->name);
        hl_buf_text(to, "</th><td class=\"bars\">");
        hl_draw_stack(to, part, 4);
        hl_buf_text(to, "</td>");
        for (int i = 0; i < 4; i++) {
            hl_buf_text(to, "<td>");
            hl_html_count(to, part[i]);
            hl_buf_text(to, "</td>");
        }
        hl_buf_text(to, "</tr>\n");
    }
    hl_buf_text(to, "</tbody></table></div>\n");
    hl_card_section_end(to);
}

/* --- laboratory values ---------------------------------------------------------------------- */

static void put_lab(hl_buf *to, const hl_card *card, const hl_card_lab *lab)
{
    const int decimals = hl_quantiles_decimals(&lab->q);

    hl_buf_text(to, "<tr><th scope=\"row\">");
    hl_html_text(to, lab->label.n ? lab->label : lab->itemid);
    if (lab->label.n) {
        hl_buf_text(to, " <small>");
        hl_html_text(to, lab->itemid);
        hl_buf_text(to, "</small>");
    }
    hl_buf_text(to, "</th><td class=\"bars\">");
    hl_draw_bar(to, (int64_t)lab->q.n, (int64_t)lab->q.n, (int64_t)card->n);
    hl_buf_text(to, "</td><td>");
    hl_html_share(to, (int64_t)lab->q.n, (int64_t)card->n);
    hl_buf_text(to, "</td><td>");
    if (lab->q.n) {
        hl_html_fixed(to, lab->q.p50, decimals);
        hl_buf_text(to, "<small>");
        hl_html_fixed(to, lab->q.p25, decimals);
        hl_buf_text(to, " – ");
        hl_html_fixed(to, lab->q.p75, decimals);
        hl_buf_text(to, "</small>");
    } else {
        hl_buf_text(to, "–");
    }
    hl_buf_text(to, "</td><td class=\"bars\">");
    hl_draw_range(to, &lab->q, lab->q.p05, lab->q.p95, NULL, NULL);
    hl_buf_text(to, "</td></tr>\n");
}

void hl_card_put_labs(hl_buf *to, const hl_card *card)
{
    const size_t half = (card->n_labs + 1) / 2;

    if (card->n_labs == 0)
        return;
    hl_card_section(
        to, "labs", "Laboratory values",
        "Share of admissions with a value, and the values: median, middle half (box), 5 "
        "to 95 % (line), each on its own scale, in the archive’s units.");
    hl_buf_text(to, "<div class=\"columns labs\">\n");
    for (size_t from = 0; from < card->n_labs; from += half) {
        hl_buf_printf(to,
                      "<table class=\"labs\"><caption class=\"sr\">Laboratory items, part %d"
                      "</caption><thead><tr><th scope=\"col\">Item</th><td></td>"
                      "<th scope=\"col\">Share</th><th scope=\"col\">Median</th>"
                      "<th scope=\"col\">Spread</th></tr></thead><tbody>\n",
                      from ? 2 : 1);
        for (size_t k = from; k < from + half && k < card->n_labs; k++)
            put_lab(to, card, &card->lab[k]);
        hl_buf_text(to, "</tbody></table>\n");
    }
    hl_buf_text(to, "</div>\n");
    hl_card_section_end(to);
}
