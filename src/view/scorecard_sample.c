/*
 * The sample admissions of a scorecard: the first rows of each split, so that the choice is the
 * same every time and nobody's taste.
 */
#include "view/scorecard_page.h"

#include <math.h>

#include "base/base64.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/sort.h"
#include "format/jpeg.h"
#include "view/draw_ecg.h"
#include "base/html.h"

enum {
    MAX_SAMPLES = 4,
    SHOWN_LABS = 6,
    THUMB_PX = 512, /* longer side; twice what the page shows, for sharp screens */
    THUMB_QUALITY = 82,
    FILM_LIMIT = 256 << 20
};

typedef struct {
    const hl_card_split *split; /* NULL = the cohort table itself */
    int64_t number;             /* data row in that table, from 1 */
    size_t row;                 /* row in the cohort table */
} sample;

/* Where samples are read from and reported to. */
typedef struct {
    hl_buf *to;
    const hl_card *card;
    const hl_scorecard_options *options;
    hl_ctl *ctl;
    int64_t *unreadable;
} place;

/* --- choice --------------------------------------------------------------------------------- */

static bool add_sample(const hl_card *card, size_t which, int64_t i, sample *out, size_t *n)
{
    const hl_card_split *split = &card->split[which];

    if (i >= split->rows || split->row[i] < 0)
        return false;
    out[(*n)++] = (sample){split, i + 1, (size_t)split->row[i]};
    return true;
}

/* First of train, first of validation, first of test, second of train; without splits the first of
 * the cohort. */
static size_t choose(const hl_card *card, sample out[MAX_SAMPLES])
{
    size_t n = 0;

    add_sample(card, HL_CARD_TRAIN, 0, out, &n);
    add_sample(card, HL_CARD_VAL, 0, out, &n);
    add_sample(card, HL_CARD_TEST, 0, out, &n);
    add_sample(card, HL_CARD_TRAIN, 1, out, &n);
    for (size_t i = 0; n == 0 && i < card->n && i < MAX_SAMPLES; i++)
        out[i] = (sample){NULL, (int64_t)i + 1, i};
    if (n == 0)
        n = card->n < MAX_SAMPLES ? card->n : MAX_SAMPLES;
    return n;
}

/* --- film ----------------------------------------------------------------------------------- */

/* A smaller copy of the film as JPEG. */
static hl_code make_thumb(const char *path, const char *name, hl_cpu cpu, hl_image *film,
                          hl_image *thumb, hl_buf *jpeg, hl_error *err)
{
    hl_arena *arena = hl_arena_new(0);
    hl_buf file = {0};
    hl_jpeg_info info;

    if (!arena)
        return hl_fail_memory(err, "film", 0);
    hl_code c = hl_read_file(path, FILM_LIMIT, &file, NULL, err);
    if (c == HL_OK)
        c = hl_jpeg_read_info(file.at, file.n, name, &info, err);
    if (c == HL_OK)
        c = hl_jpeg_decode(arena, file.at, file.n, name, 0, info.height, hl_cpu_level(HL_CPU_BEST),
                           film, err);
    if (c == HL_OK) {
        const double longer = film->width > film->height ? film->width : film->height;
        const double scale = longer > THUMB_PX ? THUMB_PX / longer : 1;
        hl_rect whole = {.width = (int32_t)lround(film->width * scale),
                         .height = (int32_t)lround(film->height * scale)};
        whole.width = whole.width > 0 ? whole.width : 1;
        whole.height = whole.height > 0 ? whole.height : 1;
        c = hl_image_resize(arena, film, whole.width, whole.height, whole, cpu, thumb, err);
    }
    if (c == HL_OK)
        c = hl_jpeg_encode(thumb, THUMB_QUALITY, cpu, jpeg, err);
    film->px = thumb->px = NULL; /* only their sizes live on */
    hl_buf_free(&file);
    hl_arena_free(&arena);
    return c;
}

static bool fatal(hl_code c)
{
    return c == HL_E_STOPPED || c == HL_E_BUG;
}

/* A film or ECG that cannot be shown: a word on the page, the reason in the log (it may hold a path
 * of this machine, which the page must not). */
static void put_unreadable(const place *p, const char *what, const hl_error *why)
{
    hl_warn(p->ctl, "scorecard: %s", why->message);
    (*p->unreadable)++;
    hl_buf_printf(p->to, "<p class=\"absent\">The %s could not be read.</p>\n", what);
}

static hl_code path_of(const char *folder, const hl_column *column, size_t row, hl_arena *arena,
                       char path[HL_PATH_BYTES], const char **name, hl_error *err)
{
    const hl_str text = column->valid[row] ? column->text[row] : (hl_str){"", 0};
    char shown[HL_SHOW_BYTES];

    if (!hl_path_is_inside(text))
        return hl_fail(err, HL_E_INPUT, "%s: '%s' is no path inside the archive", column->name,
                       hl_show(text, shown));
    *name = hl_arena_copy(arena, text.at, text.n);
    return *name ? hl_path_join(folder, *name, path, err) : hl_fail_memory(err, "path", text.n);
}

static void put_time(hl_buf *to, double hours)
{
    if (!isfinite(hours))
        return;
    hl_buf_text(to, ", ");
    hl_html_fixed(to, fabs(hours), 1);
    hl_buf_text(to, hours < 0 ? " h before admission" : " h after admission");
}

static hl_code put_film(const place *p, size_t row, hl_error *err)
{
    const hl_card *card = p->card;
    char path[HL_PATH_BYTES];
    const char *name = NULL;
    hl_image film = {0}, thumb = {0};
    hl_buf jpeg = {0};
    hl_error why = {0};
    hl_code c = path_of(p->options->cxr, card->cxr_path, row, card->arena, path, &name, &why);

    if (c == HL_OK)
        c = make_thumb(path, name, p->options->cpu, &film, &thumb, &jpeg, &why);
    hl_buf_text(p->to, "<figure class=\"film\">\n");
    if (c == HL_OK) {
        hl_buf_printf(p->to, "<img width=\"%d\" height=\"%d\" alt=\"Chest film", (int)thumb.width,
                      (int)thumb.height);
        if (card->view && card->view->valid[row]) {
            hl_buf_text(p->to, ", view ");
            hl_html_attr(p->to, card->view->text[row]);
        }
        hl_buf_text(p->to, "\" src=\"data:image/jpeg;base64,");
        hl_base64_put(p->to, jpeg.at, jpeg.n);
        hl_buf_text(p->to, "\">\n");
    } else if (!fatal(c)) {
        put_unreadable(p, "film", &why);
    }
    hl_buf_text(p->to, "<figcaption>Film");
    if (card->view && card->view->valid[row]) {
        hl_buf_char(p->to, ' ');
        hl_html_text(p->to, card->view->text[row]);
    }
    put_time(p->to, card->film_h[row]);
    if (film.width) {
        hl_buf_text(p->to, "<small>");
        hl_html_count(p->to, film.width);
        hl_buf_text(p->to, " × ");
        hl_html_count(p->to, film.height);
        hl_buf_text(p->to, " px</small>");
    }
    hl_buf_text(p->to, "</figcaption></figure>\n");
    hl_buf_free(&jpeg);
    if (fatal(c) && err)
        *err = why;
    return fatal(c) ? c : HL_OK;
}

/* --- ECG ------------------------------------------------------------------------------------ */

static hl_code put_ecg(const place *p, size_t row, hl_error *err)
{
    const hl_card *card = p->card;
    hl_arena *arena = hl_arena_new(0);
    char path[HL_PATH_BYTES];
    const char *name = NULL;
    hl_wfdb_record record = {0};
    hl_error why = {0};
    hl_code c;

    if (!arena)
        return hl_fail_memory(err, "ECG", 0);
    c = path_of(p->options->ecg, card->ecg_path, row, arena, path, &name, &why);
    if (c == HL_OK)
        c = hl_wfdb_read(arena, path, &record, &why);
    hl_buf_text(p->to, "<figure class=\"ecg\">\n");
    const size_t start = p->to->n;
    if (c == HL_OK) {
        hl_buf_text(p->to, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                           "aria-label=\"ECG paper\">");
        c = hl_draw_ecg(
            p->to, &record,
            hl_str_of("12-lead ECG on ECG paper: three rows of four leads, lead II below"), &why);
        hl_buf_text(p->to, "</div>\n");
    }
    if (c != HL_OK && !fatal(c)) {
        p->to->n = start;
        put_unreadable(p, "ECG", &why);
    }
    hl_buf_text(p->to, "<figcaption>ECG");
    put_time(p->to, card->ecg_h[row]);
    if (c == HL_OK) {
        hl_buf_printf(p->to, "<small>%d leads, ", (int)record.header.n_signals);
        hl_html_number(p->to, (double)record.n_samples / record.header.rate_hz);
        hl_buf_text(p->to, " s, no filter, each lead centred on its median</small>");
    }
    hl_buf_text(p->to, "</figcaption></figure>\n");
    hl_arena_free(&arena);
    if (fatal(c) && err)
        *err = why;
    return fatal(c) ? c : HL_OK;
}

/* --- laboratory values ---------------------------------------------------------------------- */

typedef struct {
    const hl_card_lab *lab;
    double value;
    double rank; /* 0..1 among the cohort's values, ties in the middle */
} lab_value;

/* Farthest from the cohort's middle first; equally far ones in the cohort's order. */
static int compare_distance(const void *a, const void *b, void *ctx)
{
    const double x = fabs(((const lab_value *)a)->rank - 0.5);
    const double y = fabs(((const lab_value *)b)->rank - 0.5);

    (void)ctx;
    return (x < y) - (x > y);
}

static double rank_of(const hl_card_lab *lab, double value)
{
    size_t below = 0, equal = 0;

    for (size_t i = 0; i < lab->q.n && lab->sorted[i] <= value; i++) {
        below += lab->sorted[i] < value;
        equal += !(lab->sorted[i] < value);
    }
    return ((double)below + 0.5 * (double)equal) / (double)lab->q.n;
}

static void put_lab_value(hl_buf *to, const lab_value *v)
{
    const hl_quantiles *q = &v->lab->q;

    hl_buf_text(to, "<tr><th scope=\"row\">");
    hl_html_text(to, v->lab->label.n ? v->lab->label : v->lab->itemid);
    hl_buf_text(to, "</th><td>");
    hl_html_number(to, v->value);
    hl_buf_text(to, "</td><td class=\"bars\">");
    hl_draw_range(to, q, q->p05, q->p95, &v->value, NULL);
    hl_buf_text(to, "</td><td><small>");
    if (v->value >= q->max)
        hl_buf_text(to, "highest");
    else if (v->value <= q->min)
        hl_buf_text(to, "lowest");
    else
        hl_buf_printf(to, "above %d&nbsp;%%", (int)lround(100 * v->rank));
    hl_buf_text(to, "</small></td></tr>\n");
}

static hl_code put_sample_labs(const place *p, size_t row, hl_error *err)
{
    const hl_card *card = p->card;
    lab_value *value = hl_arena_calloc(card->arena, card->n_labs + 1, sizeof *value);
    size_t n = 0;

    if (!value)
        return hl_fail_memory(err, "scorecard", card->n_labs * sizeof *value);
    for (size_t k = 0; k < card->n_labs; k++) {
        const double v = hl_column_number(card->lab[k].column, row);
        if (isfinite(v))
            value[n++] = (lab_value){&card->lab[k], v, rank_of(&card->lab[k], v)};
    }
    hl_code c = hl_sort_stable(value, n, sizeof *value, compare_distance, NULL, err);
    if (c != HL_OK || n == 0)
        return c;
    hl_buf_text(p->to, "<table class=\"slabs\"><caption>");
    hl_html_count(p->to, (int64_t)n);
    hl_buf_text(p->to, " of ");
    hl_html_count(p->to, (int64_t)card->n_labs);
    hl_buf_text(p->to, " laboratory values; farthest from the cohort’s middle:</caption>"
                       "<thead class=\"sr\"><tr><th scope=\"col\">Item</th><th scope=\"col\">Value"
                       "</th><th scope=\"col\">In the cohort</th><th scope=\"col\">Rank</th></tr>"
                       "</thead><tbody>\n");
    for (size_t i = 0; i < n && i < SHOWN_LABS; i++)
        put_lab_value(p->to, &value[i]);
    hl_buf_text(p->to, "</tbody></table>\n");
    return HL_OK;
}

/* --- one admission -------------------------------------------------------------------------- */

static void put_sample_findings(hl_buf *to, const hl_card *card, size_t row)
{
    static const char *const glyph[] = {"−", "+", "?"}, *const word[] = {"negative", "positive",
                                                                         "uncertain"};
    bool any = false;

    hl_buf_text(to, "<ul class=\"labels\">");
    for (size_t k = 0; k < card->n_findings; k++) {
        const double v = hl_column_number(card->finding[k].column, row);
        if (isnan(v))
            continue;
        const int i = v < 0 ? 2 : v > 0 ? 1 : 0;
        any = true;
        hl_buf_printf(to, "<li class=\"l%d\"><b role=\"img\" aria-label=\"%s\">%s</b> ", i, word[i],
                      glyph[i]);
        hl_html_text(to, card->finding[k].name);
        hl_buf_text(to, "</li>");
    }
    hl_buf_text(to, any ? "</ul>\n" : "<li>no finding mentioned</li></ul>\n");
}

static void put_sample_head(hl_buf *to, const hl_card *card, const sample *s)
{
    const size_t row = s->row;

    hl_buf_text(to, "<h3>Admission ");
    hl_buf_i64(to, card->hadm->i64[row]);
    hl_buf_text(to, "</h3>\n<p class=\"who\">");
    if (card->gender && card->gender->valid[row])
        hl_html_text(to, hl_str_is(card->gender->text[row], "F")   ? hl_str_of("Woman")
                         : hl_str_is(card->gender->text[row], "M") ? hl_str_of("Man")
                                                                   : card->gender->text[row]);
    else
        hl_buf_text(to, "Patient");
    if (isfinite(card->age[row])) {
        hl_buf_text(to, " of ");
        hl_html_fixed(to, card->age[row], 0);
    }
    hl_buf_text(to, " <small>patient ");
    hl_buf_i64(to, card->subject->i64[row]);
    hl_buf_printf(to, " · %s, row ", s->split ? s->split->title : "Cohort");
    hl_html_count(to, s->number);
    hl_buf_text(to, "</small></p>\n");
}

static hl_code put_sample(const place *p, const sample *s, hl_error *err)
{
    const hl_card *card = p->card;
    hl_code c = HL_OK;

    hl_buf_text(p->to, "<article>\n<div class=\"shead\">");
    put_sample_head(p->to, card, s);
    hl_buf_text(p->to, "</div>\n<div class=\"sleft\">\n");
    if (p->options->cxr && card->cxr_path)
        c = put_film(p, s->row, err);
    if (card->n_findings > 0)
        put_sample_findings(p->to, card, s->row);
    hl_buf_text(p->to, "</div>\n<div class=\"sright\">\n");
    if (c == HL_OK && p->options->ecg && card->ecg_path)
        c = put_ecg(p, s->row, err);
    if (c == HL_OK)
        c = put_sample_labs(p, s->row, err);
    hl_buf_text(p->to, "</div>\n</article>\n");
    return c;
}

hl_code hl_card_put_samples(hl_buf *to, const hl_card *card, const hl_scorecard_options *options,
                            hl_ctl *ctl, int64_t *unreadable, hl_error *err)
{
    const place p = {to, card, options, ctl, unreadable};
    sample s[MAX_SAMPLES];
    const size_t n = choose(card, s);
    hl_code c = HL_OK;

    if ((!options->cxr && !options->ecg) || n == 0)
        return HL_OK;
    hl_card_section(to, "samples", "Sample admissions",
                    "The first rows of the splits, not chosen by anybody. ECG: 25&nbsp;mm/s, "
                    "10&nbsp;mm/mV, 1&nbsp;mm grid. A ring marks the patient’s value on the "
                    "cohort’s spread.");
    for (size_t i = 0; i < n && c == HL_OK; i++) {
        c = hl_ctl_check(ctl, err);
        if (c == HL_OK)
            c = put_sample(&p, &s[i], err);
    }
    hl_card_section_end(to);
    return c;
}
