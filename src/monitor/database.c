#include "monitor/database.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/sort.h"
#include "data/csv.h"

#define LIST "record_list.csv"
#define SUMS "SHA256SUMS.txt"
#define INPUTS "inputs.csv.gz"
#define MAX_SUMS_BYTES ((size_t)4 << 30)

/* A line of record_list.csv. */
typedef struct {
    int64_t subject_id, record_id;
    hl_str row;
    bool is_new;
} list_row;

struct hl_database {
    const hl_wave_job *job;
    const char *former;
    hl_arena *arena;
    list_row *row;
    size_t n, cap;
    hl_map *taken;
    hl_strmap *output; /* path -> index in digest */
    hl_digest *digest;
    size_t cap_digests;
    hl_database_counts counts;
};

static const char *const kept_lists[] = {LIST, SUMS, INPUTS};

/* --- life ------------------------------------------------------------------------------------- */

/* A folder that is whole or not there. */
hl_code hl_database_keep_lists(const char *out, const char *folder, hl_error *err)
{
    char from[HL_PATH_BYTES], to[HL_PATH_BYTES], half[HL_PATH_BYTES];
    hl_code c = HL_OK;

    if (hl_is_folder(folder))
        return HL_OK;
    snprintf(half, sizeof half, "%.4000s.half", folder);
    c = hl_remove_tree(half, err);
    if (c == HL_OK)
        c = hl_make_folder(half, err);
    for (size_t i = 0; c == HL_OK && i < sizeof kept_lists / sizeof *kept_lists; i++) {
        hl_buf text = {0};
        c = hl_path_join(out, kept_lists[i], from, err);
        if (c == HL_OK)
            c = hl_path_join(half, kept_lists[i], to, err);
        if (c == HL_OK)
            c = hl_read_file(from, MAX_SUMS_BYTES, &text, NULL, err);
        if (c == HL_OK)
            c = hl_write_file(to, text.at ? text.at : "", text.n, NULL, err);
        hl_buf_free(&text);
    }
    if (c == HL_OK && rename(half, folder) != 0)
        c = hl_fail_errno(err, folder, "rename to", errno);
    return c;
}

static hl_code add_row(hl_database *db, const list_row *row, hl_error *err)
{
    if (db->n == db->cap) {
        size_t cap = db->cap ? 2 * db->cap : 256;
        list_row *more = realloc(db->row, cap * sizeof *more);
        if (!more)
            return hl_fail_memory(err, "the list of records", cap * sizeof *more);
        db->row = more;
        db->cap = cap;
    }
    db->row[db->n] = *row;
    db->row[db->n].row = hl_arena_str(db->arena, row->row);
    if (!db->row[db->n].row.at)
        return hl_fail_memory(err, "the list of records", row->row.n);
    db->n++;
    return HL_OK;
}

static hl_code add_output(hl_database *db, const char *path, const hl_digest *digest, hl_error *err)
{
    size_t n = hl_strmap_count(db->output);
    int64_t was = -1;

    if (n == db->cap_digests) {
        size_t cap = db->cap_digests ? 2 * db->cap_digests : 1024;
        hl_digest *more = realloc(db->digest, cap * sizeof *more);
        if (!more)
            return hl_fail_memory(err, "the list of files", cap * sizeof *more);
        db->digest = more;
        db->cap_digests = cap;
    }
    hl_code c = hl_strmap_add(db->output, hl_str_of(path), (int64_t)n, &was, err);
    if (c == HL_OK)
        db->digest[was < 0 ? (int64_t)n : was] = *digest;
    return c;
}

/* --- what was there --------------------------------------------------------------------------- */

static hl_code take_former_rows(hl_database *db, hl_error *err)
{
    static const char *const want[] = {"subject_id", "record_id"};
    char path[HL_PATH_BYTES];
    hl_csv_options options = {.cpu = hl_cpu_level(0)};
    hl_csv *csv = NULL;
    hl_field *f = NULL;
    size_t n = 0;
    hl_buf line = {0};
    hl_code c = hl_path_join(db->former, LIST, path, err);

    if (c == HL_OK)
        c = hl_csv_open(path, NULL, 0, &options, &csv, err);
    if (c == HL_OK) {
        n = hl_csv_n_columns(csv);
        f = calloc(n, sizeof *f);
        if (!f)
            c = hl_fail_memory(err, "the list of records", n * sizeof *f);
        else if (n < 4 || !hl_str_is(hl_csv_column(csv, 0), want[0]) ||
                 !hl_str_is(hl_csv_column(csv, 2), want[1]))
            c = hl_fail_at(err, HL_E_INPUT, path, 1, -1, "not written by this hilum");
    }
    while (c == HL_OK && (c = hl_csv_next(csv, f, err)) == HL_OK) {
        list_row row = {0};
        hl_buf_clear(&line);
        for (size_t i = 0; i < n; i++) {
            if (i)
                hl_buf_char(&line, ',');
            hl_csv_put(&line, hl_field_str(f[i]));
        }
        row.row = (hl_str){line.at, line.n};
        if (!hl_parse_i64(hl_field_str(f[0]), &row.subject_id) ||
            !hl_parse_i64(hl_field_str(f[2]), &row.record_id))
            c = hl_csv_fail(csv, err, 0, "no id");
        if (c == HL_OK)
            c = hl_buf_check(&line, "the list of records", err);
        if (c == HL_OK)
            c = add_row(db, &row, err);
        if (c == HL_OK)
            c = hl_map_add(db->taken, row.record_id, 1, NULL, err);
    }
    hl_csv_close(&csv);
    free(f);
    hl_buf_free(&line);
    return c == HL_END ? HL_OK : c;
}

/* Files below waves/ with their digests from the sums and their sizes from the disk. */
static hl_code take_former_sum(hl_database *db, hl_str line, const char *sums, hl_error *err)
{
    char path[HL_PATH_BYTES], name[HL_PATH_BYTES];
    hl_digest digest = {0};
    struct stat st;

    if (line.n < 66 || line.n >= sizeof name || !hl_digest_parse((hl_str){line.at, 64}, &digest) ||
        line.at[64] != ' ')
        return hl_fail_at(err, HL_E_INPUT, sums, 0, -1, "damaged: no line of a digest and a path");
    snprintf(name, sizeof name, "%.*s", (int)(line.n - 65), line.at + 65);
    if (!hl_str_starts(hl_str_of(name), "waves/"))
        return HL_OK;
    hl_code c = hl_path_join(db->job->o->out, name, path, err);
    if (c != HL_OK)
        return c;
    if (stat(path, &st) != 0)
        return hl_fail_errno(err, path, "look at", errno);
    digest.bytes = (int64_t)st.st_size;
    return add_output(db, name, &digest, err);
}

static hl_code take_former_sums(hl_database *db, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_code c = hl_path_join(db->former, SUMS, path, err);

    if (c == HL_OK)
        c = hl_read_file(path, MAX_SUMS_BYTES, &text, NULL, err);
    for (size_t at = 0; c == HL_OK && at < text.n;) {
        const char *end = memchr(text.at + at, '\n', text.n - at);
        size_t n = end ? (size_t)(end - text.at) - at : text.n - at;
        c = take_former_sum(db, (hl_str){text.at + at, n}, path, err);
        at += n + 1;
    }
    hl_buf_free(&text);
    return c;
}

hl_code hl_database_new(const hl_wave_job *job, const char *former, hl_database **out,
                        hl_error *err)
{
    hl_database *db = *out = calloc(1, sizeof *db);

    if (!db)
        return hl_fail_memory(err, "the database", sizeof *db);
    db->job = job;
    db->former = former;
    db->arena = hl_arena_new(0);
    db->taken = hl_map_new(64);
    db->output = hl_strmap_new(64);
    hl_code c = db->arena && db->taken && db->output
                    ? HL_OK
                    : hl_fail_memory(err, "the database", sizeof *db);
    if (c == HL_OK && former)
        c = take_former_rows(db, err);
    if (c == HL_OK && former)
        c = take_former_sums(db, err);
    if (c != HL_OK)
        hl_database_free(out);
    return c;
}

void hl_database_free(hl_database **pdb)
{
    hl_database *db = pdb ? *pdb : NULL;

    if (!db)
        return;
    free(db->row);
    free(db->digest);
    hl_map_free(&db->taken);
    hl_strmap_free(&db->output);
    hl_arena_free(&db->arena);
    free(db);
    *pdb = NULL;
}

const hl_map *hl_database_taken(const hl_database *db)
{
    return db->taken;
}

/* --- records ---------------------------------------------------------------------------------- */

hl_code hl_database_add(hl_database *db, const hl_wave_item *item, const hl_wave_record *record,
                        hl_error *err)
{
    char place[HL_WAVE_PLACE_BYTES], path[HL_PATH_BYTES];
    list_row row = {.subject_id = item->subject_id,
                    .record_id = item->record_id,
                    .row = record->row,
                    .is_new = true};
    hl_code c = add_row(db, &row, err);

    hl_wave_place(db->job, item, place);
    for (size_t i = 0; c == HL_OK && i < record->n_files; i++) {
        c = hl_path_join(place, record->file[i].name, path, err);
        if (c == HL_OK)
            c = add_output(db, path, &record->file[i].digest, err);
    }
    db->counts.n_new++;
    db->counts.n_samples += record->n_samples;
    db->counts.n_numeric_rows += record->n_numeric_rows;
    db->counts.n_annotations += record->n_annotations;
    db->counts.n_overlap_ticks += record->n_overlap_ticks;
    db->counts.n_clock_conflicts += record->n_clock_conflicts;
    db->counts.n_bad_lists += record->n_bad_lists;
    db->counts.n_out_of_range += record->n_out_of_range;
    return c;
}

/* --- lists ------------------------------------------------------------------------------------ */

static hl_code set_time(const hl_database *db, const char *name, hl_error *err)
{
    char path[HL_PATH_BYTES];
    struct timespec t = {.tv_sec = (time_t)db->job->mtime}, both[2] = {t, t};
    hl_code c = hl_path_join(db->job->o->out, name, path, err);

    if (c == HL_OK && utimensat(AT_FDCWD, path, both, 0) != 0)
        c = hl_fail_errno(err, path, "set the time of", errno);
    return c;
}

static hl_code write_list(hl_database *db, const char *name, const hl_buf *text, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_digest digest;
    hl_code c = hl_buf_check(text, name, err);

    if (c == HL_OK)
        c = hl_path_join(db->job->o->out, name, path, err);
    if (c == HL_OK)
        c = hl_write_file(path, text->at ? text->at : "", text->n, &digest, err);
    if (c == HL_OK)
        c = set_time(db, name, err);
    return c == HL_OK ? add_output(db, name, &digest, err) : c;
}

static int by_ids(const void *a, const void *b, void *ctx)
{
    const list_row *x = a, *y = b;

    (void)ctx;
    if (x->subject_id != y->subject_id)
        return x->subject_id < y->subject_id ? -1 : 1;
    return (x->record_id > y->record_id) - (x->record_id < y->record_id);
}

/* A run that is done again meets its own records in lists that it wrote before: each once. */
static hl_code sort_rows(hl_database *db, hl_error *err)
{
    size_t n = 0;
    hl_code c = hl_sort_stable(db->row, db->n, sizeof *db->row, by_ids, NULL, err);

    for (size_t i = 0; c == HL_OK && i < db->n; i++)
        if (i == 0 || by_ids(&db->row[i - 1], &db->row[i], NULL) != 0)
            db->row[n++] = db->row[i];
    db->n = c == HL_OK ? n : db->n;
    return c;
}

/* Rows [from, to) are a subject's. */
static hl_code write_subject(hl_database *db, size_t from, size_t to, hl_error *err)
{
    int64_t subject = db->row[from].subject_id;
    char folder[96], above[HL_WAVE_PLACE_BYTES], name[HL_PATH_BYTES];
    hl_buf text = {0};
    bool is_new = false;
    hl_code c = HL_OK;

    snprintf(above, sizeof above, "waves/p%03lld", (long long)subject / 100000);
    snprintf(folder, sizeof folder, "%s/p%08lld", above, (long long)subject);
    for (size_t i = from; i < to; i++) {
        hl_buf_printf(&text, "%08lld/%08lld\n", (long long)db->row[i].record_id,
                      (long long)db->row[i].record_id);
        is_new = is_new || db->row[i].is_new;
    }
    for (size_t i = from; c == HL_OK && i < to; i++) {
        snprintf(name, sizeof name, "%s/%08lld", folder, (long long)db->row[i].record_id);
        if (db->row[i].is_new)
            c = set_time(db, name, err);
    }
    snprintf(name, sizeof name, "%s/RECORDS", folder);
    if (c == HL_OK && is_new)
        c = write_list(db, name, &text, err);
    if (c == HL_OK && is_new)
        c = set_time(db, folder, err);
    if (c == HL_OK && is_new)
        c = set_time(db, above, err);
    hl_buf_free(&text);
    return c;
}

static hl_code write_lists(hl_database *db, hl_error *err)
{
    hl_buf list = {0}, records = {0};
    bool is_stage_a = db->job->o->compat != NULL;
    hl_code c = HL_OK;

    hl_buf_text(&list, hl_wave_list_head);
    for (size_t i = 0; i < db->n; i++) {
        hl_buf_str(&list, db->row[i].row);
        hl_buf_char(&list, '\n');
    }
    for (size_t from = 0, to; c == HL_OK && from < db->n && !is_stage_a; from = to) {
        int64_t subject = db->row[from].subject_id;
        for (to = from + 1; to < db->n && db->row[to].subject_id == subject;)
            to++;
        hl_buf_printf(&records, "waves/p%03lld/p%08lld/\n", (long long)subject / 100000,
                      (long long)subject);
        db->counts.n_subjects++;
        c = write_subject(db, from, to, err);
    }
    if (c == HL_OK && !is_stage_a && db->n)
        c = set_time(db, "waves", err);
    if (c == HL_OK && !is_stage_a)
        c = write_list(db, "RECORDS", &records, err);
    if (c == HL_OK)
        c = write_list(db, LIST, &list, err);
    hl_buf_free(&list);
    hl_buf_free(&records);
    return c;
}

/* --- the manifest ----------------------------------------------------------------------------- */

static hl_code tell_outputs(const hl_database *db, hl_manifest *m, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < hl_strmap_count(db->output); i++) {
        hl_str path = hl_strmap_key(db->output, i);
        const char *name = hl_arena_copy(db->arena, path.at, path.n);
        c = name ? hl_manifest_output(m, name, &db->digest[i], err)
                 : hl_fail_memory(err, "the manifest", path.n);
    }
    return c;
}

static hl_code tell_former_inputs(const hl_database *db, hl_manifest *m, hl_error *err)
{
    static const char *const want[] = {"archive", "path", "size", "sha256"};
    char path[HL_PATH_BYTES];
    hl_csv_options options = {.cpu = hl_cpu_level(0)};
    hl_csv *csv = NULL;
    hl_field f[4];
    hl_code c = hl_path_join(db->former, INPUTS, path, err);

    if (c == HL_OK)
        c = hl_csv_open(path, want, 4, &options, &csv, err);
    while (c == HL_OK && (c = hl_csv_next(csv, f, err)) == HL_OK) {
        hl_digest digest;
        if (!hl_str_is(hl_field_str(f[0]), "export"))
            continue; /* map and admissions: as this run has them */
        const char *name = hl_arena_copy(db->arena, f[1].at, f[1].n);
        if (!name)
            c = hl_fail_memory(err, "the manifest", f[1].n);
        else if (!hl_parse_i64(hl_field_str(f[2]), &digest.bytes) ||
                 !hl_digest_parse(hl_field_str(f[3]), &digest))
            c = hl_csv_fail(csv, err, 2, "damaged");
        else
            c = hl_manifest_read(m, "export", name, &digest, err);
    }
    hl_csv_close(&csv);
    return c == HL_END ? HL_OK : c;
}

static hl_code describe_list(const hl_database *db, hl_manifest *m, hl_error *err)
{
    static const hl_manifest_column column[] = {
        {"subject_id", "i64"}, {"hadm_id", "i64"},    {"record_id", "i64"},
        {"path", "str"},       {"start", "datetime"}, {"end", "datetime"},
        {"duration_s", "f64"}, {"n_segments", "i64"}, {"n_gaps", "i64"},
        {"n_signals", "i64"},  {"signals", "str"},    {"n_numeric_rows", "i64"}};

    return hl_manifest_table(m, LIST, (int64_t)db->n, column, sizeof column / sizeof *column, err);
}

hl_code hl_database_finish(hl_database *db, const hl_gathered *gathered, hl_manifest *m,
                           hl_database_counts *counts, hl_error *err)
{
    hl_code c = sort_rows(db, err);

    if (c == HL_OK)
        c = write_lists(db, err);
    if (c == HL_OK)
        c = tell_outputs(db, m, err);
    for (size_t i = 0; c == HL_OK && i < gathered->n_files; i++)
        c = hl_manifest_read(m, "export", gathered->file[i].name, &gathered->file[i].digest, err);
    if (c == HL_OK && db->former)
        c = tell_former_inputs(db, m, err);
    if (c == HL_OK)
        c = describe_list(db, m, err);
    db->counts.n_records = (int64_t)db->n;
    *counts = db->counts;
    return c;
}
