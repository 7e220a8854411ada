#include "film/check.h"

#include <stdlib.h>

#include "base/ctl.h"
#include "base/io.h"
#include "base/log.h"
#include "format/jpeg.h"

#define SHOWN_FINDINGS 20
#define THUMBNAIL_PX 480

/* --- text in pixels -----------------------------------------------------------------------------
 */

static void frame_line(hl_image *image, hl_rect r)
{
    /* Two pixels wide, three away from the letters, which must stay readable. */
    for (int32_t y = r.top - 5; y <= r.top + r.height + 4; y++)
        for (int32_t x = r.left - 5; x <= r.left + r.width + 4; x++) {
            bool edge = y < r.top - 3 || y >= r.top + r.height + 3 || x < r.left - 3 ||
                        x >= r.left + r.width + 3;
            if (edge && x >= 0 && y >= 0 && x < image->width && y < image->height)
                image->px[y * image->row_bytes + x] = (x + y) % 4 < 2 ? 255 : 0;
        }
}

static hl_rect scaled(hl_rect r, const hl_image *from, const hl_image *to)
{
    return (hl_rect){.left = (int32_t)((int64_t)r.left * to->width / from->width),
                     .top = (int32_t)((int64_t)r.top * to->height / from->height),
                     .width = (int32_t)((int64_t)r.width * to->width / from->width) + 1,
                     .height = (int32_t)((int64_t)r.height * to->height / from->height) + 1};
}

static hl_code make_thumbnail(const hl_image *image, const hl_burned *text, hl_cpu cpu,
                              hl_arena *arena, hl_buf *jpeg, hl_error *err)
{
    hl_image small;
    int32_t longer = image->width > image->height ? image->width : image->height;
    int32_t width = image->width, height = image->height;

    if (longer > THUMBNAIL_PX) {
        width = (int32_t)((int64_t)width * THUMBNAIL_PX / longer);
        height = (int32_t)((int64_t)height * THUMBNAIL_PX / longer);
    }
    width = width < 1 ? 1 : width;
    height = height < 1 ? 1 : height;
    hl_code c = hl_image_resize(arena, image, width, height, (hl_rect){0, 0, width, height}, cpu,
                                &small, err);
    if (c == HL_OK && small.px == image->px) { /* nothing to scale: draw into a copy */
        c = hl_image_new(arena, width, height, 1, &small, err);
        for (int32_t y = 0; c == HL_OK && y < height; y++)
            memcpy(small.px + y * small.row_bytes, image->px + y * image->row_bytes, (size_t)width);
    }
    for (size_t i = 0; c == HL_OK && i < text->n; i++)
        if (text->line[i].n_glyphs >= 4)
            frame_line(&small, scaled(text->line[i].box, image, &small));
    return c == HL_OK ? hl_jpeg_encode(&small, 85, cpu, jpeg, err) : c;
}

/* Under the lock of the findings. */
static hl_code flag(hl_checking *check, const char *path, hl_buf *thumbnail, int32_t n_text,
                    hl_error *err)
{
    hl_code c = HL_OK;

    pthread_mutex_lock(&check->found.lock);
    if (check->n_flagged == check->cap_flagged) {
        size_t cap = check->cap_flagged ? 2 * check->cap_flagged : 64;
        hl_flagged *at = realloc(check->flagged, cap * sizeof *at);
        if (!at)
            c = hl_fail_memory(err, "flagged films", cap * sizeof *at);
        else {
            check->flagged = at;
            check->cap_flagged = cap;
        }
    }
    if (c == HL_OK) {
        const char *copy = hl_arena_copy(check->found.arena, path, strlen(path));
        if (!copy)
            c = hl_fail_memory(err, "flagged films", strlen(path));
        else {
            check->flagged[check->n_flagged++] = (hl_flagged){copy, *thumbnail, n_text};
            *thumbnail = (hl_buf){0};
        }
    }
    pthread_mutex_unlock(&check->found.lock);
    return c;
}

hl_code hl_check_text(hl_checking *check, const char *path, const hl_image *image, hl_arena *arena,
                      hl_error *err)
{
    hl_burned text;
    hl_buf thumbnail = {0};
    char where[96];
    hl_code c = hl_burned_find(image, check->cpu, arena, &text, err);

    for (size_t i = 0; c == HL_OK && i < text.n; i++) {
        const hl_text_line *line = &text.line[i];
        snprintf(where, sizeof where, "x %d to %d, y %d to %d", line->box.left,
                 line->box.left + line->box.width - 1, line->box.top,
                 line->box.top + line->box.height - 1);
        if (line->n_glyphs >= 4)
            c = hl_findings_add(&check->found, HL_DEID_HIGH, path, where, err,
                                "looks like a line of text of %d letters", line->n_glyphs);
        else
            c = hl_findings_add(&check->found, HL_DEID_NOTE, path, where, err,
                                "%d letters, perhaps a side marker", line->n_glyphs);
    }
    if (c == HL_OK && text.n_boxes)
        c = hl_findings_add(&check->found, HL_DEID_NOTE, path, "", err,
                            "%zu uniform rectangles: something was painted over", text.n_boxes);
    if (c == HL_OK && text.n_text && check->o->out)
        c = make_thumbnail(image, &text, check->cpu, arena, &thumbnail, err);
    if (c == HL_OK && thumbnail.n)
        c = flag(check, path, &thumbnail, (int32_t)text.n_text, err);
    hl_buf_free(&thumbnail);
    return c;
}

/* --- results ------------------------------------------------------------------------------------
 */

static hl_code write_out(hl_checking *check, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf csv = {0}, page = {0};
    hl_code c = hl_make_folder(check->o->out, err);

    hl_findings_put_csv(&check->found, &csv);
    if (c == HL_OK)
        c = hl_buf_check(&csv, "findings.csv", err);
    if (c == HL_OK)
        c = hl_path_join(check->o->out, "findings.csv", path, err);
    if (c == HL_OK)
        c = hl_write_file(path, csv.at, csv.n, NULL, err);
    if (c == HL_OK)
        c = hl_review_page(check, &page, err);
    if (c == HL_OK)
        c = hl_path_join(check->o->out, "review.html", path, err);
    if (c == HL_OK)
        c = hl_write_file(path, page.at, page.n, NULL, err);
    hl_buf_free(&csv);
    hl_buf_free(&page);
    return c;
}

static hl_code put_report(const hl_checking *k, bool archive, hl_report *report, hl_error *err)
{
    hl_buf text = {0}, json = {0};
    hl_json_writer w = hl_json_write_to(&json, 0);
    int64_t n = hl_findings_count(&k->found, HL_DEID_LOW);
    char a[32], b[32], c_text[32];

    if (archive)
        hl_buf_printf(&text, "%s: %s files read again, %s pictures, %s rows of metadata", k->o->dir,
                      hl_count_text(k->files, a), hl_count_text(k->pictures, b),
                      hl_count_text(k->rows, c_text));
    else
        hl_buf_printf(&text, "%s: %s DICOM files searched", k->o->dir, hl_count_text(k->films, a));
    hl_buf_text(&text, n ? "\n\n" : ": nothing found\n");
    if (n == 0 && k->found.count[HL_DEID_NOTE])
        hl_buf_char(&text, '\n');
    hl_findings_put_text(&k->found, SHOWN_FINDINGS, &text);
    if (k->o->out)
        hl_buf_printf(&text, "\nwritten to %s: findings.csv, review.html (%s films with text)\n",
                      k->o->out, hl_count_text((int64_t)k->n_flagged, a));
    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "dir", k->o->dir);
    hl_json_member_cstr(&w, "kind", archive ? "archive" : "dicom");
    hl_json_member_int(&w, "files", k->files);
    hl_json_member_int(&w, "pictures", k->pictures);
    hl_json_member_int(&w, "films", k->films);
    hl_json_member_int(&w, "rows", k->rows);
    hl_json_member_int(&w, "studies", k->studies);
    hl_json_member_int(&w, "patients", k->patients);
    for (int level = 0; level <= HL_DEID_HIGH; level++)
        hl_json_member_int(&w, hl_level_name[level], k->found.count[level]);
    hl_json_member_int(&w, "text_films", (int64_t)k->n_flagged);
    hl_json_close(&w, '}');
    hl_code c = hl_buf_check(&text, "a report", err);
    if (c == HL_OK)
        c = hl_buf_check(&json, "a report", err);
    *report = (hl_report){.json = json.at, .text = text.at};
    return c;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

/* An archive has pictures in the published layout, or SHA256SUMS.txt and no DICOM. A DICOM file
 * that was forgotten between pictures must not hide that it is one. */
static bool is_archive(const hl_film_check_options *o, const hl_names *names)
{
    char path[HL_PATH_BYTES];
    bool pictures = false, dicom = false;

    for (size_t i = 0; i < names->n; i++) {
        hl_str s = hl_str_of(names->name[i]);
        dicom = dicom || hl_str_ends(s, ".dcm") || hl_str_ends(s, ".dcm.gz");
        pictures = pictures || (hl_str_starts(s, "files/") &&
                                (hl_str_ends(s, ".jpg") || hl_str_ends(s, ".png")));
    }
    return pictures || (!dicom && hl_path_join(o->dir, "SHA256SUMS.txt", path, NULL) == HL_OK &&
                        hl_file_exists(path));
}

hl_code hl_film_check(const hl_film_check_options *options, hl_ctl *ctl, hl_report *report,
                      hl_error *err)
{
    hl_checking k = {.o = options, .ctl = ctl, .cpu = hl_cpu_level(ctl ? ctl->cpu : 0)};
    hl_names names = {0};
    bool archive = false;
    hl_code c = hl_findings_new(&k.found, err);

    if (c == HL_OK && !hl_is_folder(options->dir))
        c = hl_fail_at(err, HL_E_INPUT, options->dir, 0, -1, "is no folder");
    if (c == HL_OK && options->out && hl_file_exists(options->out) && !hl_is_folder(options->out))
        c = hl_fail_at(err, HL_E_USAGE, options->out, 0, -1, "is no folder");
    if (c == HL_OK)
        c = hl_list_tree(options->dir, &names, err);
    if (c == HL_OK) {
        archive = is_archive(options, &names);
        c = archive ? hl_check_archive(&k, err) : hl_check_dicom(&k, &names, err);
    }
    if (c == HL_OK)
        c = hl_findings_sort(&k.found, err);
    if (c == HL_OK && options->out)
        c = write_out(&k, err);
    if (c == HL_OK)
        c = put_report(&k, archive, report, err);
    if (c == HL_OK && hl_findings_count(&k.found, HL_DEID_LOW) > 0)
        c = HL_PARTIAL;
    for (size_t i = 0; i < k.n_flagged; i++)
        hl_buf_free(&k.flagged[i].thumbnail);
    free(k.flagged);
    hl_names_free(&names);
    hl_findings_free(&k.found);
    return c;
}
