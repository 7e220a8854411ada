#include "film/archive.h"

#include <stdlib.h>

#include "base/ctl.h"
#include "base/map.h"
#include "base/sort.h"
#include "data/csv.h"

#define FLUSH_BYTES ((size_t)1 << 20)

/* A csv that is written as its rows come. */
typedef struct {
    hl_gzip *gz;
    hl_buf rows;
    int64_t n;
} table;

struct hl_film_archive {
    const hl_film_job *job;
    const hl_film_split *split;
    hl_manifest *manifest;
    table metadata, splits;
    hl_buf report;
    int64_t report_rows;
    hl_buf paths; /* NUL-terminated, in item order */
    hl_map *patient, *study;
    int64_t *subject[HL_FILM_SPLITS]; /* ids of the rows of a split, for the manifest */
    size_t n_subject[HL_FILM_SPLITS], cap_subject[HL_FILM_SPLITS];
    hl_film_counts counts;
};

static void put_id(hl_buf *to, int64_t id)
{
    hl_buf_i64(to, id);
    hl_buf_char(to, ',');
}

/* --- begin ------------------------------------------------------------------------------------ */

static hl_code open_table(table *t, const char *folder, const char *name, int n_threads,
                          hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(folder, name, path, err);

    return c == HL_OK ? hl_gzip_create(path, n_threads, &t->gz, err) : c;
}

static hl_code flush(table *t, size_t at_least, hl_error *err)
{
    if (t->rows.n < at_least || t->rows.n == 0)
        return HL_OK;
    hl_code c = hl_buf_check(&t->rows, "a table", err);
    if (c == HL_OK)
        c = hl_gzip_write(t->gz, t->rows.at, t->rows.n, err);
    hl_buf_clear(&t->rows);
    return c;
}

hl_code hl_film_archive_new(const hl_film_job *job, const hl_film_split *split, hl_manifest *m,
                            hl_film_archive **out, hl_error *err)
{
    hl_film_archive *a = calloc(1, sizeof *a);
    int jobs = hl_ctl_jobs(job->ctl);

    *out = a;
    if (!a)
        return hl_fail_memory(err, "an archive", sizeof *a);
    a->job = job;
    a->split = split;
    a->manifest = m;
    a->patient = hl_map_new(0);
    a->study = hl_map_new(0);
    hl_code c = a->patient && a->study ? HL_OK : hl_fail_memory(err, "an archive", 64);
    if (c == HL_OK)
        c = open_table(&a->metadata, job->out, job->r->metadata_file, jobs, err);
    if (c == HL_OK)
        c = open_table(&a->splits, job->out, job->r->split_file, jobs, err);
    hl_buf_text(&a->metadata.rows, "dicom_id,subject_id,study_id");
    for (size_t i = 0; i < job->r->n_columns; i++) {
        hl_buf_char(&a->metadata.rows, ',');
        hl_csv_put(&a->metadata.rows, hl_str_of(job->r->column[i].name));
    }
    hl_buf_char(&a->metadata.rows, '\n');
    hl_buf_text(&a->splits.rows, "dicom_id,study_id,subject_id,split\n");
    hl_buf_text(&a->report,
                "path,dicom_id,subject_id,study_id,outcome,pictures,bytes,transfer_syntax,"
                "photometric,rows,columns,bits_stored,signed,min,max,mean,grey_mean,inverted,"
                "warnings\n");
    if (c != HL_OK)
        hl_film_archive_abort(out);
    return c;
}

void hl_film_archive_abort(hl_film_archive **archive)
{
    hl_film_archive *a = archive ? *archive : NULL;

    if (!a)
        return;
    hl_gzip_abort(&a->metadata.gz);
    hl_gzip_abort(&a->splits.gz);
    hl_buf_free(&a->metadata.rows);
    hl_buf_free(&a->splits.rows);
    hl_buf_free(&a->report);
    hl_buf_free(&a->paths);
    hl_map_free(&a->patient);
    hl_map_free(&a->study);
    for (size_t i = 0; i < HL_FILM_SPLITS; i++)
        free(a->subject[i]);
    free(a);
    *archive = NULL;
}

/* --- rows ------------------------------------------------------------------------------------- */

static hl_code note_subject(hl_film_archive *a, int split, int64_t subject_id, hl_error *err)
{
    if (a->n_subject[split] == a->cap_subject[split]) {
        size_t cap = a->cap_subject[split] ? 2 * a->cap_subject[split] : 4096;
        int64_t *at = realloc(a->subject[split], cap * sizeof *at);
        if (!at)
            return hl_fail_memory(err, "the splits", cap * sizeof *at);
        a->subject[split] = at;
        a->cap_subject[split] = cap;
    }
    a->subject[split][a->n_subject[split]++] = subject_id;
    return HL_OK;
}

static hl_code put_split(hl_film_archive *a, const hl_film_item *item, hl_error *err)
{
    int split = hl_film_split_of(a->split, item->subject_id, item->dicom_id);
    hl_buf *to = &a->splits.rows;
    hl_code c = hl_map_add(a->patient, item->subject_id, 1, NULL, err);

    if (c == HL_OK && split < 0) {
        a->counts.no_split++;
        return HL_OK;
    }
    if (c == HL_OK)
        c = note_subject(a, split, item->subject_id, err);
    if (c != HL_OK)
        return c;
    hl_buf_text(to, item->dicom_id);
    hl_buf_char(to, ',');
    put_id(to, item->study_id);
    put_id(to, item->subject_id);
    hl_buf_text(to, hl_film_split_name[split]);
    hl_buf_char(to, '\n');
    a->splits.n++;
    a->counts.split_rows[split]++;
    return HL_OK;
}

static hl_code put_metadata(hl_film_archive *a, const hl_film_item *item, const hl_str *cell,
                            hl_error *err)
{
    hl_buf *to = &a->metadata.rows;
    hl_code c = put_split(a, item, err);

    if (c != HL_OK)
        return c;
    hl_buf_text(to, item->dicom_id);
    hl_buf_char(to, ',');
    put_id(to, item->subject_id);
    hl_buf_i64(to, item->study_id);
    for (size_t i = 0; i < a->job->r->n_columns; i++) {
        hl_buf_char(to, ',');
        hl_csv_put(to, cell[i]);
    }
    hl_buf_char(to, '\n');
    a->metadata.n++;
    a->counts.rows++;
    return hl_map_add(a->study, item->study_id, 1, NULL, err);
}

static void put_report(hl_film_archive *a, const hl_film_item *item, const hl_film_record *r)
{
    hl_buf *to = &a->report;
    int64_t bytes = 0;

    hl_csv_put(to, hl_str_of(item->name));
    hl_buf_printf(to, ",%s,", item->dicom_id ? item->dicom_id : "");
    if (item->dicom_id)
        hl_buf_i64(to, item->subject_id);
    hl_buf_char(to, ',');
    if (item->dicom_id)
        hl_buf_i64(to, item->study_id);
    a->report_rows++;
    if (!r) {
        hl_buf_text(to, ",refused,0,,,,,,,,,,,,,\n");
        return;
    }
    for (int32_t i = 0; i < r->n_pictures; i++)
        bytes += r->picture[i].digest.bytes;
    hl_buf_printf(to, ",rendered,%d,%lld,", r->n_pictures, (long long)bytes);
    hl_csv_put(to, r->syntax);
    hl_buf_char(to, ',');
    hl_csv_put(to, r->photometric);
    hl_buf_printf(to, ",%d,%d,%d,%d,%lld,%lld,", r->rows, r->columns, r->bits_stored, r->is_signed,
                  (long long)r->min, (long long)r->max);
    hl_buf_f64(to, r->mean);
    hl_buf_char(to, ',');
    hl_buf_f64(to, r->grey_mean);
    hl_buf_printf(to, ",%d,", r->inverted);
    hl_csv_put(to, r->warnings);
    hl_buf_char(to, '\n');
    a->counts.bytes += bytes;
}

static hl_code put_paths(hl_film_archive *a, const hl_film_item *item, const hl_film_record *r,
                         hl_error *err)
{
    char ending[HL_ENDING_BYTES], path[HL_PATH_BYTES];
    hl_code c = HL_OK;

    for (int32_t i = 0; c == HL_OK && i < r->n_pictures; i++) {
        hl_film_ending(&a->job->r->look, r->picture[i].frame, ending);
        c = hl_film_place(item, ending, path, err);
        if (c == HL_OK)
            c = hl_manifest_output(a->manifest, path, &r->picture[i].digest, err);
        hl_buf_append(&a->paths, path, strlen(path) + 1);
        a->counts.pictures++;
    }
    return c;
}

hl_code hl_film_archive_add(hl_film_archive *a, const hl_film_item *item,
                            const hl_film_record *record, const hl_str *cell, hl_error *err)
{
    hl_code c = HL_OK;

    put_report(a, item, record);
    if (record) {
        a->counts.films++;
        a->counts.warned += record->warnings.n > 0;
        c = put_paths(a, item, record, err);
    }
    if (c == HL_OK && (record || cell))
        c = put_metadata(a, item, record ? record->cell : cell, err);
    if (c == HL_OK)
        c = flush(&a->metadata, FLUSH_BYTES, err);
    if (c == HL_OK)
        c = flush(&a->splits, FLUSH_BYTES, err);
    return c;
}

/* --- the end ---------------------------------------------------------------------------------- */

static hl_code close_table(hl_film_archive *a, table *t, const char *name, hl_error *err)
{
    hl_digest digest;
    hl_code c = flush(t, 1, err);

    if (c == HL_OK)
        c = hl_gzip_commit(&t->gz, &digest, err);
    return c == HL_OK ? hl_manifest_output(a->manifest, name, &digest, err) : c;
}

static hl_code write_text(hl_film_archive *a, const char *name, const hl_buf *text, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_digest digest;
    hl_code c = hl_buf_check(text, name, err);

    if (c == HL_OK)
        c = hl_path_join(a->job->out, name, path, err);
    if (c == HL_OK)
        c = hl_write_file(path, text->at ? text->at : "", text->n, &digest, err);
    return c == HL_OK ? hl_manifest_output(a->manifest, name, &digest, err) : c;
}

static int by_bytes(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* IMAGE_FILENAMES and RECORDS: the same list, sorted by bytes. films.md 2.2 */
static hl_code write_lists(hl_film_archive *a, hl_error *err)
{
    size_t n = (size_t)a->counts.pictures;
    const char **path = malloc((n + 1) * sizeof *path);
    hl_buf text = {0};
    hl_code c = path ? hl_buf_check(&a->paths, "the list of pictures", err)
                     : hl_fail_memory(err, "the list of pictures", n * sizeof *path);
    const char *at = a->paths.at;

    for (size_t i = 0; c == HL_OK && i < n; i++) {
        path[i] = at;
        at += strlen(at) + 1;
    }
    if (c == HL_OK)
        c = hl_sort_stable(path, n, sizeof *path, by_bytes, NULL, err);
    for (size_t i = 0; c == HL_OK && i < n; i++) {
        hl_buf_text(&text, path[i]);
        hl_buf_char(&text, '\n');
    }
    if (c == HL_OK)
        c = write_text(a, "IMAGE_FILENAMES", &text, err);
    if (c == HL_OK)
        c = write_text(a, "RECORDS", &text, err);
    hl_buf_free(&text);
    free(path);
    return c;
}

static const char *type_of(hl_value_kind kind)
{
    switch (kind) {
    case HL_VALUE_NUMBER:
    case HL_VALUE_TIME:
        return "f64";
    case HL_VALUE_DATE:
        return "i64";
    default:
        return "str";
    }
}

static hl_code describe_tables(hl_film_archive *a, hl_error *err)
{
    static const hl_manifest_column split[] = {
        {"dicom_id", "str"}, {"study_id", "i64"}, {"subject_id", "i64"}, {"split", "str"}};
    const hl_film_recipe *r = a->job->r;
    hl_manifest_column *column = calloc(r->n_columns + 3, sizeof *column);
    hl_code c = column ? HL_OK : hl_fail_memory(err, "a table", sizeof *column);

    if (c == HL_OK) {
        column[0] = (hl_manifest_column){"dicom_id", "str"};
        column[1] = (hl_manifest_column){"subject_id", "i64"};
        column[2] = (hl_manifest_column){"study_id", "i64"};
        for (size_t i = 0; i < r->n_columns; i++)
            column[3 + i] = (hl_manifest_column){r->column[i].name, type_of(r->column[i].kind)};
        c = hl_manifest_table(a->manifest, r->metadata_file, a->metadata.n, column,
                              r->n_columns + 3, err);
    }
    if (c == HL_OK)
        c = hl_manifest_table(a->manifest, r->split_file, a->splits.n, split, 4, err);
    for (size_t i = 0; c == HL_OK && i < HL_FILM_SPLITS; i++)
        c = hl_manifest_split(a->manifest, hl_film_split_name[i], a->counts.split_rows[i],
                              a->subject[i], a->n_subject[i], err);
    free(column);
    return c;
}

hl_code hl_film_archive_finish(hl_film_archive **archive, hl_film_counts *counts, hl_error *err)
{
    hl_film_archive *a = *archive;
    hl_code c = close_table(a, &a->metadata, a->job->r->metadata_file, err);

    if (c == HL_OK)
        c = close_table(a, &a->splits, a->job->r->split_file, err);
    if (c == HL_OK)
        c = write_lists(a, err);
    if (c == HL_OK)
        c = write_text(a, "films-report.csv", &a->report, err);
    if (c == HL_OK)
        c = describe_tables(a, err);
    a->counts.subjects = (int64_t)hl_map_count(a->patient);
    a->counts.studies = (int64_t)hl_map_count(a->study);
    *counts = a->counts;
    hl_film_archive_abort(archive);
    return c;
}
