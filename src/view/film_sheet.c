#include "view/film_sheet.h"

#include <math.h>

#include "base/base64.h"
#include "base/ctl.h"
#include "base/html.h"
#include "base/log.h"
#include "base/map.h"
#include "format/dicom/syntax.h"
#include "format/jpeg.h"
#include "view/scorecard.h"
#include "view/scorecard_page.h"

enum {
    SAMPLES = 24,
    THUMB_PX = 440,
    THUMB_QUALITY = 80,
    FILM_LIMIT = 256 << 20,
    SHOWN_REFUSED = 12
};

typedef struct {
    const char *folder;
    hl_cpu cpu;
    hl_ctl *ctl;
    hl_arena *arena;
    hl_json *manifest;
    const hl_json_value *root;
    char manifest_id[HL_HEX_CHARS];
    hl_table *report, *metadata, *split, *errors;
    hl_index *by_dicom; /* rows of metadata */
    hl_card_tally view, syntax, photometric, bits, outcome, reason, warning;
    int64_t films, refused, patients, studies, bytes;
    int64_t split_rows[3], split_patients[3];
    double *grey, *span; /* [films] mean grey in percent of white; range of stored values in bits */
    hl_quantiles grey_q, span_q;
    int64_t unreadable;
} sheet;

static const char *const split_word[3] = {"train", "validate", "test"};
static const char *const split_title[3] = {"Train", "Validation", "Test"};

/* --- reading -----------------------------------------------------------------------------------
 */

static const hl_json_value *recipe_of(const sheet *s)
{
    return hl_json_get(hl_json_get(s->root, "recipe"), "content");
}

static hl_str recipe_text(const sheet *s, const char *part, const char *key)
{
    const hl_json_value *at = recipe_of(s);
    return hl_json_text(hl_json_get(part ? hl_json_get(at, part) : at, key));
}

bool hl_is_film_archive(const char *folder)
{
    char path[HL_PATH_BYTES];
    hl_json *json = NULL;
    bool is = false;

    if (hl_path_join(folder, "manifest.json", path, NULL) == HL_OK && hl_file_exists(path) &&
        hl_json_read(path, &json, NULL) == HL_OK)
        is = hl_str_is(hl_json_text(hl_json_get(hl_json_get(hl_json_root(json), "job"), "command")),
                       "film render");
    hl_json_free(&json);
    return is;
}

static hl_code read_table(const sheet *s, const char *name, hl_str file, hl_table **out,
                          hl_error *err)
{
    const hl_table_options options = {.name = name, .cpu = s->cpu, .ctl = s->ctl};
    char path[HL_PATH_BYTES], copy[256];

    snprintf(copy, sizeof copy, "%.*s", (int)(file.n < 255 ? file.n : 255), file.at);
    hl_code c = hl_path_join(s->folder, copy, path, err);
    return c == HL_OK ? hl_table_read(path, NULL, 0, &options, out, err) : c;
}

static hl_code read_files(sheet *s, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf bytes = {0};
    hl_digest digest;
    hl_code c = hl_path_join(s->folder, "manifest.json", path, err);

    if (c == HL_OK)
        c = hl_read_file(path, 64 << 20, &bytes, &digest, err);
    if (c == HL_OK)
        c = hl_json_parse(bytes.at, bytes.n, "manifest.json", &s->manifest, err);
    hl_buf_free(&bytes);
    if (c != HL_OK)
        return c;
    hl_digest_hex(&digest, s->manifest_id);
    s->root = hl_json_root(s->manifest);
    c = read_table(s, "films-report.csv", hl_str_of("films-report.csv"), &s->report, err);
    if (c == HL_OK)
        c = read_table(s, "metadata", recipe_text(s, "metadata", "file"), &s->metadata, err);
    if (c == HL_OK)
        c = read_table(s, "split", recipe_text(s, "split", "file"), &s->split, err);
    if (c == HL_OK)
        c = read_table(s, "errors.csv", hl_str_of("errors.csv"), &s->errors, err);
    return c;
}

/* --- counting ----------------------------------------------------------------------------------
 */

/* The sentence without the names in it: what stands behind "FILE: (gggg,eeee) Keyword: ". */
static hl_str reason_of(hl_str message)
{
    for (size_t i = 0; i + 1 < message.n; i++)
        if (message.at[i] == ':' && message.at[i + 1] == ' ') {
            message.at += i + 2;
            message.n -= i + 2;
            break;
        }
    const char *line = message.n ? memchr(message.at, '\n', message.n) : NULL;
    if (line)
        message.n = (size_t)(line - message.at);
    return message;
}

/* "cut at byte 12" and "cut at byte 900" are one reason. */
static hl_str without_numbers(hl_arena *arena, hl_str text)
{
    char *to = hl_arena_copy(arena, text.at, text.n);
    size_t n = 0;

    if (!to)
        return text;
    for (size_t i = 0; i < text.n; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (digit && i > 0 && text.at[i - 1] >= '0' && text.at[i - 1] <= '9')
            continue;
        to[n++] = digit ? 'N' : text.at[i];
    }
    to[n] = 0;
    return (hl_str){to, n};
}

static hl_code tally_reasons(sheet *s, hl_error *err)
{
    const hl_column *message = hl_table_column(s->errors, "message");
    hl_column reason = {.name = "message", .type = HL_COL_TEXT, .n = s->errors->n_rows};

    if (!message || message->type != HL_COL_TEXT)
        return HL_OK;
    reason.valid = message->valid;
    reason.text = hl_arena_calloc(s->arena, reason.n, sizeof *reason.text);
    if (!reason.text)
        return hl_fail_memory(err, "film sheet", reason.n * sizeof *reason.text);
    for (size_t i = 0; i < reason.n; i++)
        if (message->valid[i])
            reason.text[i] = without_numbers(s->arena, reason_of(message->text[i]));
    return hl_card_tally_of(s->arena, &reason, &s->reason, err);
}

/* Rendered rows alone: a refused film has no pixels to speak of. */
static hl_code tally_rendered(sheet *s, const char *name, hl_card_tally *out, hl_error *err)
{
    const hl_column *from = hl_table_column(s->report, name);
    const hl_column *outcome = hl_table_column(s->report, "outcome");
    hl_column kept = {.name = name, .type = HL_COL_TEXT};
    char digits[HL_F64_CHARS];

    kept.valid = hl_arena_calloc(s->arena, s->report->n_rows + 1, 1);
    kept.text = hl_arena_calloc(s->arena, s->report->n_rows + 1, sizeof *kept.text);
    if (!kept.valid || !kept.text)
        return hl_fail_memory(err, "film sheet", s->report->n_rows * sizeof *kept.text);
    for (size_t i = 0; from && i < s->report->n_rows; i++) {
        if (!hl_str_is(outcome->text[i], "rendered"))
            continue;
        kept.valid[kept.n] = from->valid[i];
        if (from->valid[i] && from->type == HL_COL_TEXT)
            kept.text[kept.n] = from->text[i];
        else if (from->valid[i]) {
            size_t n = hl_print_i64((int64_t)hl_column_number(from, i), digits);
            kept.text[kept.n] = hl_arena_str(s->arena, (hl_str){digits, n});
        }
        kept.n++;
    }
    return hl_card_tally_of(s->arena, &kept, out, err);
}

static hl_code measure(sheet *s, hl_error *err)
{
    const hl_column *outcome = hl_table_column(s->report, "outcome");
    const hl_column *min = hl_table_column(s->report, "min"),
                    *max = hl_table_column(s->report, "max");
    const hl_column *grey = hl_table_column(s->report, "grey_mean");
    const hl_column *bytes = hl_table_column(s->report, "bytes");
    size_t n = s->report->n_rows;

    if (!outcome || outcome->type != HL_COL_TEXT || !min || !max || !grey || !bytes)
        return hl_fail(err, HL_E_INPUT, "%s/films-report.csv: columns are missing", s->folder);
    s->grey = hl_arena_calloc(s->arena, n + 1, sizeof *s->grey);
    s->span = hl_arena_calloc(s->arena, n + 1, sizeof *s->span);
    if (!s->grey || !s->span)
        return hl_fail_memory(err, "film sheet", n * sizeof *s->grey);
    for (size_t i = 0; i < n; i++) {
        if (!outcome->valid[i] || !hl_str_is(outcome->text[i], "rendered")) {
            s->refused++;
            continue;
        }
        double span = hl_column_number(max, i) - hl_column_number(min, i);
        s->grey[s->films] = 100 * hl_column_number(grey, i);
        s->span[s->films++] = span >= 1 ? log2(span + 1) : 0;
        s->bytes += (int64_t)hl_column_number(bytes, i);
    }
    hl_code c = hl_quantiles_of(s->grey, (size_t)s->films, &s->grey_q, err);
    return c == HL_OK ? hl_quantiles_of(s->span, (size_t)s->films, &s->span_q, err) : c;
}

static hl_code count_splits(sheet *s, hl_error *err)
{
    const hl_column *word = hl_table_column(s->split, "split");
    const hl_column *subject = hl_table_column(s->split, "subject_id");
    hl_map *seen = hl_map_new(s->split->n_rows);
    int64_t was;
    hl_code c = seen ? HL_OK : hl_fail_memory(err, "film sheet", s->split->n_rows * 16);

    for (size_t i = 0; c == HL_OK && word && subject && i < s->split->n_rows; i++) {
        if (!word->valid[i] || word->type != HL_COL_TEXT || !subject->valid[i] ||
            subject->type != HL_COL_I64)
            continue;
        c = hl_map_add(seen, subject->i64[i], 1, &was, err);
        for (size_t k = 0; k < 3; k++)
            if (hl_str_is(word->text[i], split_word[k])) {
                s->split_rows[k]++;
                s->split_patients[k] += was < 0;
            }
    }
    hl_map_free(&seen);
    return c;
}

static hl_code count_people(sheet *s, hl_error *err)
{
    const hl_column *subject = hl_table_column(s->metadata, "subject_id");
    const hl_column *study = hl_table_column(s->metadata, "study_id");
    const hl_column *dicom = hl_table_column(s->metadata, "dicom_id");
    hl_map *subjects = hl_map_new(0), *studies = hl_map_new(0);
    hl_code c = subjects && studies ? HL_OK : hl_fail_memory(err, "film sheet", 64);

    for (size_t i = 0; c == HL_OK && subject && study && i < s->metadata->n_rows; i++) {
        if (subject->type != HL_COL_I64 || study->type != HL_COL_I64)
            break;
        c = hl_map_add(subjects, subject->i64[i], 1, NULL, err);
        if (c == HL_OK)
            c = hl_map_add(studies, study->i64[i], 1, NULL, err);
    }
    if (c == HL_OK) {
        s->patients = (int64_t)hl_map_count(subjects);
        s->studies = (int64_t)hl_map_count(studies);
    }
    if (c == HL_OK && dicom && dicom->type == HL_COL_TEXT)
        c = hl_index_new_text(dicom, &s->by_dicom, err);
    hl_map_free(&subjects);
    hl_map_free(&studies);
    return c;
}

static hl_code count_all(sheet *s, hl_error *err)
{
    hl_code c = measure(s, err);

    if (c == HL_OK)
        c = count_people(s, err);
    if (c == HL_OK)
        c = count_splits(s, err);
    if (c == HL_OK)
        c = tally_rendered(s, "transfer_syntax", &s->syntax, err);
    if (c == HL_OK)
        c = tally_rendered(s, "photometric", &s->photometric, err);
    if (c == HL_OK)
        c = tally_rendered(s, "bits_stored", &s->bits, err);
    if (c == HL_OK)
        c = tally_rendered(s, "warnings", &s->warning, err);
    if (c == HL_OK)
        c = hl_card_tally_of(s->arena, hl_table_column(s->metadata, "ViewPosition"), &s->view, err);
    return c == HL_OK ? tally_reasons(s, err) : c;
}

/* --- head --------------------------------------------------------------------------------------
 */

static hl_str title_of(const sheet *s)
{
    hl_str title = recipe_text(s, NULL, "title");
    const char *colon;

    if (!title.n)
        title = recipe_text(s, NULL, "name");
    colon = title.n ? memchr(title.at, ':', title.n) : NULL;
    if (colon)
        title.n = (size_t)(colon - title.at);
    return title.n ? title : hl_str_of("Film archive");
}

static void put_figure(hl_buf *to, const char *name, int64_t n)
{
    hl_buf_printf(to, "<div><dt>%s</dt><dd>", name);
    hl_html_count(to, n);
    hl_buf_text(to, "</dd></div>\n");
}

static void put_head(hl_buf *to, const sheet *s)
{
    hl_buf_text(to, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<meta name=\"robots\" content=\"noindex\">\n<title>");
    hl_html_text(to, title_of(s));
    hl_buf_text(to, " · contact sheet</title>\n<style>\n");
    hl_buf_text(to, hl_scorecard_css);
    hl_buf_text(to,
                "</style>\n</head>\n<body>\n<header>\n<p class=\"eyebrow\">Film archive</p>\n<h1>");
    hl_html_text(to, title_of(s));
    hl_buf_text(to, "</h1>\n<p class=\"lede\">");
    hl_html_count(to, s->films);
    hl_buf_text(to, s->films == 1 ? " film in " : " films in ");
    hl_html_count(to, s->studies);
    hl_buf_text(to, s->studies == 1 ? " study of " : " studies of ");
    hl_html_count(to, s->patients);
    hl_buf_text(to, s->patients == 1 ? " patient.</p>\n" : " patients.</p>\n");
    hl_buf_text(to, "<p class=\"mode\">Recipe <code>");
    hl_html_text(to, recipe_text(s, NULL, "name"));
    hl_buf_printf(to, "</code>. Manifest <code>%.16s…</code></p>\n<dl class=\"figures\">\n",
                  s->manifest_id);
    put_figure(to, "Films", s->films);
    for (size_t k = 0; k < 3; k++)
        put_figure(to, split_title[k], s->split_rows[k]);
    put_figure(to, "Refused", s->refused);
    put_figure(to, "kB a film", s->films ? s->bytes / s->films / 1000 : 0);
    hl_buf_text(to, "</dl>\n</header>\n<main>\n");
}

/* --- contact sheet ------------------------------------------------------------------------------
 */

static hl_code make_thumb(const sheet *s, const char *path, hl_buf *jpeg, int32_t *width,
                          int32_t *height, hl_error *err)
{
    hl_arena *arena = hl_arena_new(0);
    hl_buf file = {0};
    hl_image film, thumb;
    hl_code c =
        arena ? hl_read_file(path, FILM_LIMIT, &file, NULL, err) : hl_fail_memory(err, "a film", 0);

    if (c == HL_OK)
        c = hl_jpeg_decode(arena, file.at, file.n, path, 0, INT32_MAX, s->cpu, &film, err);
    if (c == HL_OK) {
        const double longer = film.width > film.height ? film.width : film.height;
        const double scale = longer > THUMB_PX ? THUMB_PX / longer : 1;
        hl_rect whole = {.width = (int32_t)lround(film.width * scale),
                         .height = (int32_t)lround(film.height * scale)};
        whole.width = whole.width > 0 ? whole.width : 1;
        whole.height = whole.height > 0 ? whole.height : 1;
        *width = film.width;
        *height = film.height;
        c = hl_image_resize(arena, &film, whole.width, whole.height, whole, s->cpu, &thumb, err);
    }
    if (c == HL_OK)
        c = hl_jpeg_encode(&thumb, THUMB_QUALITY, s->cpu, jpeg, err);
    hl_buf_free(&file);
    hl_arena_free(&arena);
    return c;
}

static hl_str view_of(const sheet *s, hl_str dicom_id)
{
    const hl_column *view = hl_table_column(s->metadata, "ViewPosition");
    int64_t row = s->by_dicom ? hl_index_first_text(s->by_dicom, dicom_id) : -1;

    return view && view->type == HL_COL_TEXT && row >= 0 && view->valid[row] ? view->text[row]
                                                                             : hl_str_of("no view");
}

/* "files/p10/p10000032/s5.../ID.jpg" of a row of the report. */
static bool film_path(const sheet *s, size_t row, char out[HL_PATH_BYTES])
{
    const hl_column *subject = hl_table_column(s->report, "subject_id");
    const hl_column *study = hl_table_column(s->report, "study_id");
    const hl_column *dicom = hl_table_column(s->report, "dicom_id");
    char digits[HL_F64_CHARS];

    if (!subject || subject->type != HL_COL_I64 || !study || study->type != HL_COL_I64 || !dicom ||
        dicom->type != HL_COL_TEXT || !dicom->valid[row])
        return false;
    hl_print_i64(subject->i64[row], digits);
    snprintf(out, HL_PATH_BYTES, "%s/files/p%.2s/p%s/s%lld/%.*s.jpg", s->folder, digits, digits,
             (long long)study->i64[row], (int)dicom->text[row].n, dicom->text[row].at);
    return true;
}

static void put_film(hl_buf *to, sheet *s, size_t row)
{
    const hl_column *dicom = hl_table_column(s->report, "dicom_id");
    const hl_column *inverted = hl_table_column(s->report, "inverted");
    char path[HL_PATH_BYTES];
    hl_buf jpeg = {0};
    int32_t width = 0, height = 0;
    hl_error why = {0};

    if (!film_path(s, row, path))
        return;
    hl_str id = dicom->text[row], view = view_of(s, id);
    hl_buf_text(to, "<figure class=\"film\">");
    if (make_thumb(s, path, &jpeg, &width, &height, &why) == HL_OK) {
        hl_buf_text(to, "<img alt=\"Chest film, ");
        hl_html_attr(to, view);
        hl_buf_text(to, "\" src=\"data:image/jpeg;base64,");
        hl_base64_put(to, jpeg.at, jpeg.n);
        hl_buf_text(to, "\">");
    } else {
        hl_warn(s->ctl, "contact sheet: %s", why.message);
        s->unreadable++;
        hl_buf_text(to, "<p class=\"absent\">The film could not be read.</p>");
    }
    hl_buf_text(to, "<figcaption>");
    hl_html_text(to, view);
    hl_buf_printf(
        to, "<small>%d × %d%s<br><code>%.*s</code></small></figcaption></figure>\n", width, height,
        inverted && inverted->valid[row] && hl_column_number(inverted, row) != 0 ? ", inverted"
                                                                                 : "",
        (int)(id.n < 8 ? id.n : 8), id.at);
    hl_buf_free(&jpeg);
}

/* Evenly over the archive, so that the choice is the same every time and nobody's taste. */
static void put_contacts(hl_buf *to, sheet *s)
{
    const hl_column *outcome = hl_table_column(s->report, "outcome");
    int64_t shown = s->films < SAMPLES ? s->films : SAMPLES, seen = 0, next = 0;
    hl_str format = recipe_text(s, "pixels", "format");

    if (!hl_str_is(format, "jpeg") || shown == 0)
        return;
    hl_card_section(to, "samples", "Contact sheet",
                    "Films at even distances through the archive, as they were written.");
    hl_buf_text(to, "<div class=\"contacts\">\n");
    for (size_t i = 0; i < s->report->n_rows && next < shown; i++) {
        if (!hl_str_is(outcome->text[i], "rendered"))
            continue;
        if (seen++ == next * s->films / shown) {
            put_film(to, s, i);
            next++;
        }
    }
    hl_buf_text(to, "</div>\n");
    hl_card_section_end(to);
}

/* --- statistics ---------------------------------------------------------------------------------
 */

static hl_code put_histogram(hl_buf *to, const sheet *s, const char *title, const char *unit,
                             const double *sorted, const hl_quantiles *q, const double *bins,
                             size_t n_bins, const double *ticks, size_t n_ticks, hl_error *err)
{
    hl_histogram h;
    hl_buf label = {0};
    hl_code c =
        hl_histogram_of(s->arena, sorted, q->n, bins, n_bins, 25, HL_BINS_CLOSED_LEFT, &h, err);

    if (c != HL_OK || q->n == 0)
        return c;
    hl_buf_printf(&label, "Histogram. %s, %s: median ", title, unit);
    hl_html_fixed(&label, q->p50, 1);
    hl_buf_printf(to, "<figure><figcaption><strong>%s</strong> <span>%s</span></figcaption>\n",
                  title, unit);
    hl_draw_histogram(to, &h, (hl_str){label.at, label.n}, ticks, n_ticks, NULL);
    hl_buf_text(to, "<p class=\"note\">median ");
    hl_html_fixed(to, q->p50, 1);
    hl_buf_text(to, ", all ");
    hl_html_fixed(to, q->min, 1);
    hl_buf_text(to, " to ");
    hl_html_fixed(to, q->max, 1);
    hl_buf_text(to, "</p></figure>\n");
    hl_buf_free(&label);
    return HL_OK;
}

static hl_str syntax_name(hl_str uid)
{
    const hl_dicom_syntax *syntax = hl_dicom_syntax_find(uid);
    return syntax ? hl_str_of(syntax->name) : uid;
}

static hl_code put_pixels(hl_buf *to, const sheet *s, hl_error *err)
{
    static const double grey_bins[] = {1, 2, 5, 10}, grey_ticks[] = {5, 10, 20, 50};
    static const double span_bins[] = {0.25, 0.5, 1}, span_ticks[] = {0.5, 1, 2, 4, 8};
    hl_code c;

    if (s->films == 0)
        return HL_OK;
    hl_card_section(
        to, "pixels", "Pixels",
        "How bright the pictures are, and what they were made from. A film far from the "
        "others is worth a look: films-report.csv has every one.");
    hl_buf_text(to, "<div class=\"columns\">\n<div>");
    c = put_histogram(to, s, "Mean grey", "percent of white", s->grey, &s->grey_q, grey_bins, 4,
                      grey_ticks, 4, err);
    if (c == HL_OK)
        c = put_histogram(to, s, "Range used", "bits, between the least and greatest stored value",
                          s->span, &s->span_q, span_bins, 3, span_ticks, 5, err);
    hl_card_put_tally(to, "View", "Films", &s->view, NULL, s->metadata->n_rows);
    hl_buf_text(to, "</div>\n<div>");
    hl_card_put_tally(to, "Photometric interpretation", "Films", &s->photometric, NULL,
                      (size_t)s->films);
    hl_card_put_tally(to, "Bits stored", "Films", &s->bits, NULL, (size_t)s->films);
    hl_card_put_tally(to, "Transfer syntax", "Films", &s->syntax, syntax_name, (size_t)s->films);
    hl_buf_text(to, "</div></div>\n");
    hl_card_section_end(to);
    return c;
}

static void put_splits(hl_buf *to, const sheet *s)
{
    int64_t all = s->split_rows[0] + s->split_rows[1] + s->split_rows[2];

    hl_card_section(to, "splits", "Splits", "By patient: nobody is in two of them.");
    hl_buf_text(to, "<table class=\"tally\"><thead class=\"sr\"><tr><th scope=\"col\">Split</th>"
                    "<th scope=\"col\">Bar</th><th scope=\"col\">Films</th>"
                    "<th scope=\"col\">Share</th></tr></thead><tbody>\n");
    for (size_t k = 0; k < 3; k++) {
        hl_buf_printf(to, "<tr><th scope=\"row\">%s <small>", split_title[k]);
        hl_html_count(to, s->split_patients[k]);
        hl_buf_printf(to, " patient%s</small></th><td class=\"bars\">",
                      s->split_patients[k] == 1 ? "" : "s");
        hl_draw_bar(to, s->split_rows[k], s->split_rows[k], all);
        hl_buf_text(to, "</td><td>");
        hl_html_count(to, s->split_rows[k]);
        hl_buf_text(to, "</td><td>");
        hl_html_share(to, s->split_rows[k], all);
        hl_buf_text(to, "</td></tr>\n");
    }
    hl_buf_text(to, "</tbody></table>\n");
    hl_card_section_end(to);
}

/* --- refused ------------------------------------------------------------------------------------
 */

static hl_str shown_warning(hl_str text)
{
    return text.n ? text : hl_str_of("none");
}

static void put_refused(hl_buf *to, const sheet *s)
{
    const hl_column *item = hl_table_column(s->errors, "item");
    const hl_column *message = hl_table_column(s->errors, "message");
    size_t n = s->errors->n_rows;

    hl_card_section(to, "refused", "Refused",
                    "Films that were not written, and why: errors.csv has all of them. Below, what "
                    "was odd about films that were.");
    if (n == 0)
        hl_buf_text(to, "<p>No film was refused.</p>\n");
    else
        hl_card_put_tally(to, "Reason", "Films", &s->reason, NULL, n);
    if (n && item && item->type == HL_COL_TEXT && message && message->type == HL_COL_TEXT) {
        hl_buf_text(
            to, "<div class=\"scroll\"><table class=\"plain\"><thead><tr>"
                "<th scope=\"col\">Film</th><th scope=\"col\">Reason</th></tr></thead><tbody>\n");
        for (size_t i = 0; i < n && i < SHOWN_REFUSED; i++) {
            hl_buf_text(to, "<tr><th scope=\"row\"><code>");
            hl_html_text(to, item->valid[i] ? item->text[i] : hl_str_of(""));
            hl_buf_text(to, "</code></th><td>");
            hl_html_text(to, message->valid[i] ? reason_of(message->text[i]) : hl_str_of(""));
            hl_buf_text(to, "</td></tr>\n");
        }
        hl_buf_text(to, "</tbody></table></div>\n");
    }
    if (s->warning.n > 1 || (s->warning.n == 1 && s->warning.item[0].name.n))
        hl_card_put_tally(to, "Warnings", "Films", &s->warning, shown_warning, (size_t)s->films);
    hl_card_section_end(to);
}

static void put_foot(hl_buf *to)
{
    hl_card_section(to, "origin", "Proof", "How to read all of it again.");
    hl_buf_text(to, "<pre>hilum film check DIR\ncd DIR &amp;&amp; sha256sum -c --quiet "
                    "SHA256SUMS.txt</pre>\n");
    hl_card_section_end(to);
    hl_card_put_foot(to);
}

/* --- the page -----------------------------------------------------------------------------------
 */

hl_code hl_film_sheet(const char *archive, hl_cpu cpu, hl_ctl *ctl, hl_buf *out,
                      hl_film_sheet_summary *summary, hl_error *err)
{
    sheet s = {.folder = archive, .cpu = cpu, .ctl = ctl, .arena = hl_arena_new(0)};
    hl_code c = s.arena ? read_files(&s, err) : hl_fail_memory(err, "film sheet", 0);

    if (c == HL_OK)
        c = count_all(&s, err);
    if (c == HL_OK) {
        put_head(out, &s);
        put_contacts(out, &s);
        c = put_pixels(out, &s, err);
        put_splits(out, &s);
        put_refused(out, &s);
        put_foot(out);
    }
    if (c == HL_OK)
        c = hl_buf_check(out, "film sheet", err);
    *summary = (hl_film_sheet_summary){s.films, s.refused, s.patients, s.unreadable};
    hl_index_free(&s.by_dicom);
    hl_table_free(&s.report);
    hl_table_free(&s.metadata);
    hl_table_free(&s.split);
    hl_table_free(&s.errors);
    hl_json_free(&s.manifest);
    hl_arena_free(&s.arena);
    return c;
}
