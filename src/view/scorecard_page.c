#include "view/scorecard_page.h"

#include "base/log.h"
#include "base/html.h"

/* --- frame ---------------------------------------------------------------------------------- */

void hl_card_section(hl_buf *to, const char *id, const char *title, const char *about)
{
    hl_buf_printf(to,
                  "\n<section id=\"%s\" aria-labelledby=\"%s-h\">\n<div class=\"side\">"
                  "<h2 id=\"%s-h\">%s</h2>\n<p>%s</p></div>\n<div class=\"body\">\n",
                  id, id, id, title, about);
}

void hl_card_section_end(hl_buf *to)
{
    hl_buf_text(to, "</div>\n</section>\n");
}

/* "Symile-MIMIC 1.0" of "Symile-MIMIC 1.0: admissions with ..."; the recipe's name when it has no
 * title; "Cohort" when there is no manifest. */
static hl_str short_title(const hl_card *card)
{
    hl_str title = card->recipe_title.n ? card->recipe_title : card->recipe_name;
    const char *colon = title.n ? memchr(title.at, ':', title.n) : NULL;

    if (colon)
        title.n = (size_t)(colon - title.at);
    return title.n ? title : hl_str_of("Cohort");
}

static void put_figure(hl_buf *to, const char *name, int64_t n, const char *note)
{
    hl_buf_printf(to, "<div><dt>%s</dt><dd>", name);
    hl_html_count(to, n);
    hl_buf_printf(to, "%s</dd></div>\n", note);
}

static void put_figures(hl_buf *to, const hl_card *card)
{
    hl_buf_text(to, "<dl class=\"figures\">\n");
    put_figure(to, "Admissions", (int64_t)card->n, "");
    put_figure(to, "Patients", card->patients, "");
    for (size_t k = 0; k < HL_CARD_SPLITS; k++)
        if (card->split[k].present)
            put_figure(to, card->split[k].title, card->split[k].rows, "");
    if (card->labs_per_row.n) {
        char text[32], note[96];
        snprintf(note, sizeof note, "<small> of %s</small>",
                 hl_count_text((int64_t)card->n_labs, text));
        put_figure(to, "Lab values, median", (int64_t)(card->labs_per_row.p50 + 0.5), note);
    }
    hl_buf_text(to, "</dl>\n");
}

static void put_verdict(hl_buf *to, const hl_card *card)
{
    static const char *const class[] = {"holds", "fails", "unknown"};
    static const char *const glyph[] = {"✓", "✗", "–"};
    static const char *const word[] = {"holds", "does not hold", "not known"};
    size_t count[3] = {0};

    for (size_t i = 0; i < card->n_checks; i++)
        count[card->check[i].verdict]++;
    const bool bad = count[HL_CARD_FAILS] > 0;
    const bool complete = hl_json_bool(hl_json_get(card->root, "complete"));
    hl_buf_printf(to, "<div class=\"verdict\"><p class=\"%s\"><b aria-hidden=\"true\">%s</b> ",
                  bad        ? "fails"
                  : complete ? "holds"
                             : "unknown",
                  bad        ? "✗"
                  : complete ? "✓"
                             : "–");
    hl_buf_text(to, !card->root ? "No manifest.json: not proven. "
                    : complete  ? "Complete. "
                                : "Not complete. ");
    if (bad)
        hl_buf_printf(to, "%zu of %zu checks fail.", count[HL_CARD_FAILS], card->n_checks);
    else
        hl_buf_printf(to, "%zu of %zu checks hold.", count[HL_CARD_HOLDS], card->n_checks);
    hl_buf_text(to, "</p>\n<ul class=\"checks\">\n");
    for (size_t i = 0; i < card->n_checks; i++) {
        const hl_card_check *k = &card->check[i];
        hl_buf_printf(to, "<li class=\"%s\"><b role=\"img\" aria-label=\"%s\">%s</b> %s",
                      class[k->verdict], word[k->verdict], glyph[k->verdict], k -> what);
        if (k->detail[0]) {
            hl_buf_text(to, "<small>");
            hl_html_cstr(to, k->detail);
            hl_buf_text(to, "</small>");
        }
        hl_buf_text(to, "</li>\n");
    }
    hl_buf_text(to, "</ul></div>\n");
}

static void put_lede(hl_buf *to, const hl_card *card)
{
    const char *const part[] = {card->cxr_path ? "a chest film" : NULL,
                                card->ecg_path ? "a 12-lead ECG" : NULL,
                                card->n_labs ? "laboratory values" : NULL};
    const char *between = ", each with ";

    hl_buf_text(to, "<p class=\"lede\">");
    hl_html_count(to, (int64_t)card->n);
    hl_buf_text(to, card->n == 1 ? " admission of " : " admissions of ");
    hl_html_count(to, card->patients);
    hl_buf_text(to, card->patients == 1 ? " patient" : " patients");
    for (size_t i = 0; i < 3; i++)
        if (part[i]) {
            hl_buf_printf(to, "%s%s", between, part[i]);
            between = i == 1 && part[2] ? " and " : ", ";
        }
    hl_buf_text(to, ".</p>\n");
}

static void put_mode(hl_buf *to, const hl_card *card)
{
    const hl_str system = hl_json_text(hl_json_get(card->recipe, "system"));

    if (!card->root)
        return;
    hl_buf_text(to, "<p class=\"mode\">Recipe <code>");
    hl_html_text(to, card->recipe_name);
    hl_buf_text(to, "</code>. ");
    if (card->compat.n) {
        hl_buf_text(to, "Faithful mode: byte for byte what the published <code>");
        hl_html_text(to, card->compat);
        hl_buf_text(to, "</code> programs make of these archives. ");
    } else if (system.n) {
        hl_buf_text(to, "Default mode: the rules of the published <code>");
        hl_html_text(to, system);
        hl_buf_text(to, "</code>, its known faults mended. ");
    }
    hl_buf_printf(to, "Manifest <code>%.16s…</code></p>\n", card->manifest_id);
}

void hl_card_put_head(hl_buf *to, const hl_card *card)
{
    hl_buf_text(to, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<meta name=\"robots\" content=\"noindex\">\n<title>");
    hl_html_text(to, short_title(card));
    hl_buf_text(to, " · scorecard</title>\n<style>\n");
    hl_buf_text(to, hl_scorecard_css);
    hl_buf_text(to,
                "</style>\n</head>\n<body>\n"
                "<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>"
                "<pattern id=\"hatch\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\" "
                "patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" "
                "y2=\"4\"/></pattern></defs></svg>\n<header>\n"
                "<p class=\"eyebrow\">Cohort scorecard</p>\n<h1>");
    hl_html_text(to, short_title(card));
    hl_buf_text(to, "</h1>\n");
    put_lede(to, card);
    put_mode(to, card);
    put_figures(to, card);
    put_verdict(to, card);
    hl_buf_text(to, "</header>\n<main>\n");
}

void hl_card_put_foot(hl_buf *to)
{
    hl_buf_text(
        to,
        "\n</main>\n<footer>\n<p><strong>Keep it as you keep the data.</strong> The page holds "
        "the ids, films, ECGs and values of single patients. When the archives are under a data "
        "use agreement, so is this page: not for publication.</p>\n<p>Made by hilum " HL_VERSION
        " from the folder alone: the same folder gives the same page, byte for byte. Not for "
        "clinical use.</p>\n</footer>\n</body>\n</html>\n");
}

/* --- funnel --------------------------------------------------------------------------------- */

void hl_card_put_funnel(hl_buf *to, const hl_card *card)
{
    if (card->n_steps == 0)
        return;
    hl_card_section(
        to, "funnel", "Admissions",
        "What each rule left of the archive’s admissions. A rule sees only what the one "
        "before it left. Hatched: what it dropped.");
    hl_buf_text(to, "<ol class=\"funnel\">\n");
    const int64_t all = card->step[0].left;
    for (size_t i = 0; i < card->n_steps; i++) {
        const int64_t left = card->step[i].left, before = i ? card->step[i - 1].left : left;
        hl_buf_text(to, "<li><span class=\"rule\">");
        hl_html_text(to, card->step[i].rule);
        hl_buf_text(to, "</span> <span class=\"left\">");
        hl_html_count(to, left);
        hl_buf_text(to, "<span class=\"sr\"> left</span></span> <span class=\"drop\">");
        if (i > 0 && before != left) {
            hl_html_count(to, left - before);
            hl_buf_text(to, "<span class=\"sr\"> by this rule</span>");
        } else if (i > 0) {
            hl_buf_text(
                to, "<span aria-hidden=\"true\">·</span><span class=\"sr\">none dropped</span>");
        }
        hl_buf_text(to, "</span>");
        hl_draw_bar(to, left, before, all);
        hl_buf_text(to, "</li>\n");
    }
    hl_buf_text(to, "</ol>\n");
    hl_card_section_end(to);
}

/* --- splits --------------------------------------------------------------------------------- */

typedef void put_cell(hl_buf *to, const hl_card *card, size_t which, const void *what);

static void put_row(hl_buf *to, const hl_card *card, hl_str name, put_cell *cell, const void *what)
{
    hl_buf_text(to, "<tr><th scope=\"row\">");
    hl_html_text(to, name);
    hl_buf_text(to, "</th>");
    for (size_t k = 0; k < HL_CARD_SPLITS; k++)
        if (card->split[k].present) {
            hl_buf_text(to, "<td>");
            cell(to, card, k, what);
            hl_buf_text(to, "</td>");
        }
    hl_buf_text(to, "</tr>\n");
}

static void cell_rows(hl_buf *to, const hl_card *card, size_t k, const void *what)
{
    (void)what;
    hl_html_count(to, card->split[k].rows);
}

static void cell_patients(hl_buf *to, const hl_card *card, size_t k, const void *what)
{
    (void)what;
    hl_html_count(to, card->split[k].patients);
}

static void cell_candidates(hl_buf *to, const hl_card *card, size_t k, const void *what)
{
    (void)what;
    if (!card->split[k].retrieval) {
        hl_buf_text(to, "–");
        return;
    }
    hl_html_count(to, card->split[k].candidates);
    if (card->split[k].rows > 0 && card->split[k].candidates % card->split[k].rows == 0) {
        hl_buf_text(to, "<small>");
        hl_html_count(to, card->split[k].candidates / card->split[k].rows);
        hl_buf_text(to, " a query</small>");
    }
}

static void cell_age(hl_buf *to, const hl_card *card, size_t k, const void *what)
{
    const hl_quantiles *q = &card->split[k].age;

    (void)what;
    if (q->n == 0) {
        hl_buf_text(to, "–");
        return;
    }
    const int decimals = hl_quantiles_decimals(q);
    hl_html_fixed(to, q->p50, decimals);
    hl_buf_text(to, "<small>");
    hl_html_fixed(to, q->p25, decimals);
    hl_buf_text(to, " – ");
    hl_html_fixed(to, q->p75, decimals);
    hl_buf_text(to, "</small>");
}

static void put_share(hl_buf *to, int64_t part, int64_t whole)
{
    hl_html_count(to, part);
    hl_buf_text(to, "<small>");
    hl_html_share(to, part, whole);
    hl_buf_text(to, "</small>");
}

static void cell_women(hl_buf *to, const hl_card *card, size_t k, const void *what)
{
    (void)what;
    put_share(to, card->split[k].women, card->split[k].rows);
}

static void cell_finding(hl_buf *to, const hl_card *card, size_t k, const void *what)
{
    const hl_card_finding *f = what;

    put_share(to, f->split_positive[k], card->split[k].rows);
}

void hl_card_put_splits(hl_buf *to, const hl_card *card)
{
    size_t n = 0;

    for (size_t k = 0; k < HL_CARD_SPLITS; k++)
        n += card->split[k].present;
    if (n == 0)
        return;
    hl_card_section(
        to, "splits", "Splits",
        "Train, validation and test hold different patients. Below the line: admissions "
        "whose film is labelled positive.");
    hl_buf_text(to,
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Splits\">"
                "<table class=\"splits\">\n<caption class=\"sr\">Rows, patients and labels of the "
                "splits</caption>\n<thead><tr><td></td>");
    for (size_t k = 0; k < HL_CARD_SPLITS; k++)
        if (card->split[k].present)
            hl_buf_printf(to, "<th scope=\"col\">%s</th>", card->split[k].title);
    hl_buf_text(to, "</tr></thead>\n<tbody>\n");
    put_row(to, card, hl_str_of("Admissions"), cell_rows, NULL);
    put_row(to, card, hl_str_of("Patients"), cell_patients, NULL);
    put_row(to, card, hl_str_of("Retrieval candidates"), cell_candidates, NULL);
    if (card->age_q.n)
        put_row(to, card, hl_str_of("Age, median (middle half)"), cell_age, NULL);
    if (card->gender)
        put_row(to, card, hl_str_of("Women"), cell_women, NULL);
    hl_buf_text(to, "</tbody>\n<tbody>\n");
    for (size_t i = 0; i < card->n_findings; i++)
        if (card->finding[i].kept)
            put_row(to, card, card->finding[i].name, cell_finding, &card->finding[i]);
    hl_buf_text(to, "</tbody></table></div>\n");
    hl_card_section_end(to);
}
