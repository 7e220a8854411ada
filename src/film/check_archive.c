/*
 * check_archive.c - a picture archive proves itself: bytes against SHA256SUMS.txt, pictures against
 * the tables, the tables against each other. Works on downloads of the published archive too, whole
 * or in part.
 */
#include "base/ctl.h"
#include "base/io.h"
#include "base/map.h"
#include "base/pool.h"
#include "data/csv.h"
#include "film/check.h"
#include "film/plan.h"

#define MAX_PICTURE_BYTES ((size_t)1 << 30)
#define MAX_LIST_BYTES ((size_t)1 << 30)

typedef struct {
    const char *path;
    hl_digest digest;
    bool listed;           /* in SHA256SUMS.txt */
    int32_t width, height; /* of a picture that decodes; 0: not known */
} file;

typedef struct {
    hl_checking *check;
    hl_arena *arena;
    file *at;
    size_t n;
    hl_strmap *by_path;           /* -> file */
    hl_strmap *by_name;           /* dicom_id -> file, pictures only */
    bool scaled;                  /* the manifest's recipe resizes: sizes are not the film's */
    const char *metadata, *split; /* names of the tables, NULL: none there */
} proof;

static bool is_picture(const char *path)
{
    hl_str s = hl_str_of(path);
    return hl_str_starts(s, "files/") && (hl_str_ends(s, ".jpg") || hl_str_ends(s, ".png"));
}

static bool is_dicom(const char *path)
{
    hl_str s = hl_str_of(path);
    return hl_str_ends(s, ".dcm") || hl_str_ends(s, ".dcm.gz");
}

/* --- what should be there --------------------------------------------------------------------- */

/* "HEX PATH", "HEX  PATH", "HEX *PATH". films.md 2.2 */
static bool parse_sum(hl_str line, hl_digest *digest, hl_str *path)
{
    if (line.n < 66 || line.at[64] != ' ' || !hl_digest_parse((hl_str){line.at, 64}, digest))
        return false;
    *path = (hl_str){line.at + 65, line.n - 65};
    if (*path->at == ' ' || *path->at == '*')
        *path = (hl_str){path->at + 1, path->n - 1};
    if (hl_str_starts(*path, "./"))
        *path = (hl_str){path->at + 2, path->n - 2};
    return hl_path_is_inside(*path);
}

static hl_code take_sums(proof *p, hl_str text, hl_error *err)
{
    int64_t line_number = 0, was;
    size_t cap = 0;
    hl_code c = HL_OK;

    for (size_t i = 0; i < text.n; i++)
        cap += text.at[i] == '\n';
    p->at = hl_arena_calloc(p->arena, cap + 1, sizeof *p->at);
    if (!p->at)
        return hl_fail_memory(err, "SHA256SUMS.txt", cap * sizeof *p->at);
    while (c == HL_OK && text.n) {
        const char *end = memchr(text.at, '\n', text.n);
        hl_str line = {text.at, end ? (size_t)(end - text.at) : text.n}, path;
        size_t step = line.n + (end ? 1 : 0);
        file f = {.listed = true};
        text = (hl_str){text.at + step, text.n - step};
        line_number++;
        if (line.n && line.at[line.n - 1] == '\r')
            line.n--;
        if (line.n == 0)
            continue;
        if (!parse_sum(line, &f.digest, &path))
            return hl_fail_at(err, HL_E_INPUT, "SHA256SUMS.txt", line_number, -1,
                              "is no line of a digest and a path below the folder");
        c = hl_strmap_add(p->by_path, path, (int64_t)p->n, &was, err);
        if (c == HL_OK && was >= 0) {
            c = hl_findings_add(&p->check->found, HL_DEID_HIGH, p->at[was].path, "", err,
                                "stands in SHA256SUMS.txt twice");
            continue;
        }
        f.path = hl_arena_copy(p->arena, path.at, path.n);
        if (c == HL_OK && !f.path)
            c = hl_fail_memory(err, "SHA256SUMS.txt", path.n);
        p->at[p->n++] = f;
    }
    return c;
}

static hl_code read_sums(proof *p, const hl_names *names, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_code c = hl_path_join(p->check->o->dir, "SHA256SUMS.txt", path, err);

    if (c == HL_OK && hl_file_exists(path)) {
        c = hl_read_file(path, MAX_LIST_BYTES, &text, NULL, err);
        if (c == HL_OK)
            c = take_sums(p, (hl_str){text.at, text.n}, err);
        hl_buf_free(&text);
        return c;
    }
    if (c == HL_OK)
        c = hl_findings_add(&p->check->found, HL_DEID_LOW, "SHA256SUMS.txt", "", err,
                            "is not there: bytes cannot be proved, only looked at");
    p->at = hl_arena_calloc(p->arena, names->n + 1, sizeof *p->at);
    if (c == HL_OK && !p->at)
        c = hl_fail_memory(err, "the list of files", names->n * sizeof *p->at);
    for (size_t i = 0; c == HL_OK && i < names->n; i++) {
        if (!is_picture(names->name[i]))
            continue;
        p->at[p->n].path = hl_arena_copy(p->arena, names->name[i], strlen(names->name[i]));
        if (!p->at[p->n].path)
            return hl_fail_memory(err, "the list of files", 64);
        c = hl_strmap_add(p->by_path, hl_str_of(p->at[p->n].path), (int64_t)p->n, NULL, err);
        p->n++;
    }
    return c;
}

/* --- one file ----------------------------------------------------------------------------------
 */

static hl_code check_file(void *ctx, int64_t i, int thread, hl_error *err)
{
    proof *p = ctx;
    file *f = &p->at[i];
    char path[HL_PATH_BYTES];
    hl_buf bytes = {0};
    hl_digest digest;
    hl_arena *arena = hl_arena_new(0);
    hl_error fault;
    hl_code c = hl_path_join(p->check->o->dir, f->path, path, err);

    (void)thread;
    if (c == HL_OK && !arena)
        c = hl_fail_memory(err, "a file", 65536);
    if (c != HL_OK)
        goto done;
    if (!hl_file_exists(path)) {
        c = hl_findings_add(&p->check->found, HL_DEID_HIGH, f->path, "", err, "is not there");
        goto done;
    }
    c = hl_read_file(path, MAX_PICTURE_BYTES, &bytes, &digest, &fault);
    if (c == HL_E_INPUT || c == HL_E_IO) {
        c = hl_findings_add(&p->check->found, HL_DEID_HIGH, f->path, "", err, "cannot be read");
        goto done;
    }
    if (c != HL_OK) {
        if (err)
            *err = fault;
        goto done;
    }
    hl_ctl_bytes(p->check->ctl, (int64_t)bytes.n);
    bool intact = !f->listed || memcmp(digest.sha256, f->digest.sha256, 32) == 0;
    if (!intact)
        c = hl_findings_add(&p->check->found, HL_DEID_HIGH, f->path, "", err,
                            "differs from its SHA-256 in SHA256SUMS.txt");
    if (c == HL_OK && is_picture(f->path))
        c = hl_check_picture(p->check, f->path, &bytes, intact, arena, &f->width, &f->height, err);
done:
    hl_buf_free(&bytes);
    hl_arena_free(&arena);
    hl_ctl_done(p->check->ctl, 1);
    return c;
}

/* --- lists -------------------------------------------------------------------------------------
 */

static bool outside_sums(const char *name)
{
    return strcmp(name, "SHA256SUMS.txt") == 0 || strcmp(name, "manifest.json") == 0 ||
           strcmp(name, "run.json") == 0;
}

static hl_code check_strangers(proof *p, const hl_names *names, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < names->n; i++)
        if (!outside_sums(names->name[i]) &&
            hl_strmap_get(p->by_path, hl_str_of(names->name[i])) < 0 &&
            (p->n == 0 || p->at[0].listed))
            c = hl_findings_add(
                &p->check->found,
                is_picture(names->name[i]) || is_dicom(names->name[i]) ? HL_DEID_HIGH : HL_DEID_LOW,
                names->name[i], "", err, "is not in SHA256SUMS.txt");
    return c;
}

static hl_code check_line(const proof *p, hl_map *seen, const char *name, int64_t number,
                          hl_str line, hl_error *err)
{
    int64_t i = hl_strmap_get(p->by_path, line), was = -1;
    hl_code c = HL_OK;
    char where[32];

    snprintf(where, sizeof where, "line %lld", (long long)number);
    if (i < 0 || !is_picture(p->at[i].path))
        return hl_findings_add(&p->check->found, HL_DEID_HIGH, name, where, err,
                               "names a picture that the archive does not have");
    c = hl_map_add(seen, i, 1, &was, err);
    return c == HL_OK && was >= 0 ? hl_findings_add(&p->check->found, HL_DEID_HIGH, name, where,
                                                    err, "stands in an earlier line too")
                                  : c;
}

/* Each line of the list is a picture that is there, and each picture has one. */
static hl_code check_list(proof *p, const char *name, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    int64_t number = 0;
    hl_map *seen = hl_map_new(0);
    hl_code c =
        seen ? hl_path_join(p->check->o->dir, name, path, err) : hl_fail_memory(err, "a list", 64);

    if (c != HL_OK || !hl_file_exists(path))
        goto done;
    c = hl_read_file(path, MAX_LIST_BYTES, &text, NULL, err);
    for (size_t at = 0; c == HL_OK && at < text.n;) {
        const char *end = memchr(text.at + at, '\n', text.n - at);
        hl_str line = {text.at + at, end ? (size_t)(end - text.at) - at : text.n - at};
        at += line.n + 1;
        number++;
        if (line.n)
            c = check_line(p, seen, name, number, line, err);
    }
    for (size_t i = 0; c == HL_OK && i < p->n; i++)
        if (is_picture(p->at[i].path) && hl_map_get(seen, (int64_t)i) < 0)
            c = hl_findings_add(&p->check->found, HL_DEID_HIGH, p->at[i].path, "", err,
                                "is not in %s", name);
done:
    hl_map_free(&seen);
    hl_buf_free(&text);
    return c;
}

/* --- tables ------------------------------------------------------------------------------------
 */

enum { DICOM, SUBJECT, STUDY, ROWS, COLUMNS, DATE, N_METADATA };

typedef struct {
    hl_strmap *date;     /* StudyDate text -> its number */
    hl_map *study_date;  /* study_id -> number of its date */
    hl_map *study_owner; /* study_id -> subject_id */
    hl_map *patient;     /* subject_id -> split, or 0 */
    hl_strmap *film;     /* dicom_id -> row */
} relations;

static hl_code new_relations(relations *r, hl_error *err)
{
    *r = (relations){hl_strmap_new(0), hl_map_new(0), hl_map_new(0), hl_map_new(0),
                     hl_strmap_new(0)};
    return r->date && r->study_date && r->study_owner && r->patient && r->film
               ? HL_OK
               : hl_fail_memory(err, "tables", 64);
}

static void free_relations(relations *r)
{
    hl_strmap_free(&r->date);
    hl_map_free(&r->study_date);
    hl_map_free(&r->study_owner);
    hl_map_free(&r->patient);
    hl_strmap_free(&r->film);
}

/* The row's ids are those of the picture's folders: else one person's film lies with another's. */
static hl_code check_place(const proof *p, const char *where, const hl_field f[N_METADATA],
                           hl_error *err)
{
    int64_t i = hl_strmap_get(p->by_name, hl_field_str(f[DICOM])), subject, study;
    hl_str name;

    if (i < 0 || !hl_film_path_ids(p->at[i].path, &subject, &study, &name))
        return HL_OK;
    int64_t row_subject = -1, row_study = -1;
    hl_parse_i64(hl_field_str(f[SUBJECT]), &row_subject);
    hl_parse_i64(hl_field_str(f[STUDY]), &row_study);
    if (row_subject == subject && row_study == study)
        return HL_OK;
    return hl_findings_add(&p->check->found, HL_DEID_HIGH, p->metadata, where, err,
                           "subject_id and study_id are not those of the picture's path");
}

static hl_code check_size(const proof *p, const char *where, const hl_field f[N_METADATA],
                          hl_error *err)
{
    int64_t i = hl_strmap_get(p->by_name, hl_field_str(f[DICOM])), rows, columns;

    if (i < 0 || p->scaled || p->at[i].width == 0 || !hl_parse_i64(hl_field_str(f[ROWS]), &rows) ||
        !hl_parse_i64(hl_field_str(f[COLUMNS]), &columns) ||
        (rows == p->at[i].height && columns == p->at[i].width))
        return HL_OK;
    return hl_findings_add(&p->check->found, HL_DEID_HIGH, p->metadata, where, err,
                           "Rows and Columns are not the picture's");
}

static hl_code relate(const proof *p, relations *r, const char *where, const hl_field f[N_METADATA],
                      hl_error *err)
{
    int64_t subject, study, was, date;
    hl_code c = HL_OK;

    if (!hl_parse_i64(hl_field_str(f[SUBJECT]), &subject) ||
        !hl_parse_i64(hl_field_str(f[STUDY]), &study))
        return hl_findings_add(&p->check->found, HL_DEID_HIGH, p->metadata, where, err,
                               "subject_id or study_id is no integer");
    c = hl_strmap_add(r->film, hl_field_str(f[DICOM]), 1, &was, err);
    if (c == HL_OK && was >= 0)
        c = hl_findings_add(&p->check->found, HL_DEID_HIGH, p->metadata, where, err,
                            "its dicom_id stands in an earlier row too");
    if (c == HL_OK)
        c = hl_map_add(r->patient, subject, 0, NULL, err);
    if (c == HL_OK)
        c = hl_map_add(r->study_owner, study, subject, &was, err);
    if (c == HL_OK && was >= 0 && was != subject)
        c = hl_findings_add(&p->check->found, HL_DEID_HIGH, p->metadata, where, err,
                            "the study belongs to another patient in an earlier row");
    if (c != HL_OK || f[DATE].n == 0)
        return c;
    date = (int64_t)hl_strmap_count(r->date);
    c = hl_strmap_add(r->date, hl_field_str(f[DATE]), date, &was, err);
    date = was >= 0 ? was : date;
    if (c == HL_OK)
        c = hl_map_add(r->study_date, study, date, &was, err);
    if (c == HL_OK && was >= 0 && was != date)
        c = hl_findings_add(&p->check->found, HL_DEID_HIGH, p->metadata, where, err,
                            "StudyDate differs from an earlier row of the same study");
    return c;
}

/* The ids, and what else of the wanted columns the recipe has: place[i] of a field, N_METADATA =
 * there is none. */
static hl_code open_metadata(const char *path, const hl_csv_options *options,
                             size_t place[N_METADATA], hl_csv **csv, hl_error *err)
{
    static const char *const name[N_METADATA] = {"dicom_id", "subject_id", "study_id",
                                                 "Rows",     "Columns",    "StudyDate"};
    const char *want[N_METADATA];
    size_t n = 0;
    hl_code c = hl_csv_open(path, name, ROWS, options, csv, err);

    for (size_t i = 0; c == HL_OK && i < N_METADATA; i++) {
        place[i] = N_METADATA;
        for (size_t k = 0; k < hl_csv_n_columns(*csv) && place[i] == N_METADATA; k++)
            if (hl_str_is(hl_csv_column(*csv, k), name[i])) {
                place[i] = n;
                want[n++] = name[i];
            }
    }
    hl_csv_close(csv);
    return c == HL_OK ? hl_csv_open(path, want, n, options, csv, err) : c;
}

static hl_code check_metadata(proof *p, relations *r, hl_error *err)
{
    hl_csv_options options = {.cpu = p->check->cpu, .name = p->metadata};
    char path[HL_PATH_BYTES], where[32];
    hl_csv *csv = NULL;
    hl_field field[N_METADATA], f[N_METADATA];
    size_t place[N_METADATA];
    hl_code c = hl_path_join(p->check->o->dir, p->metadata, path, err);

    if (c == HL_OK)
        c = open_metadata(path, &options, place, &csv, err);
    while (c == HL_OK && (c = hl_csv_next(csv, field, err)) == HL_OK) {
        for (size_t i = 0; i < N_METADATA; i++)
            f[i] = place[i] < N_METADATA ? field[place[i]] : (hl_field){0};
        snprintf(where, sizeof where, "line %lld", (long long)hl_csv_line(csv));
        p->check->rows++;
        c = relate(p, r, where, f, err);
        if (c == HL_OK)
            c = check_place(p, where, f, err);
        if (c == HL_OK)
            c = check_size(p, where, f, err);
    }
    hl_csv_close(&csv);
    p->check->studies = (int64_t)hl_map_count(r->study_owner);
    p->check->patients = (int64_t)hl_map_count(r->patient);
    return c == HL_END ? HL_OK : c;
}

/* One patient, one split. */
static hl_code check_split(proof *p, hl_error *err)
{
    static const char *const want[] = {"subject_id", "split"};
    hl_csv_options options = {.cpu = p->check->cpu, .name = p->split};
    char path[HL_PATH_BYTES], where[32];
    hl_map *patient = hl_map_new(0);
    hl_strmap *word = hl_strmap_new(0);
    hl_csv *csv = NULL;
    hl_field f[2];
    hl_code c = patient && word ? hl_path_join(p->check->o->dir, p->split, path, err)
                                : hl_fail_memory(err, "tables", 64);

    if (c == HL_OK)
        c = hl_csv_open(path, want, 2, &options, &csv, err);
    while (c == HL_OK && (c = hl_csv_next(csv, f, err)) == HL_OK) {
        int64_t subject, split = (int64_t)hl_strmap_count(word), was;
        snprintf(where, sizeof where, "line %lld", (long long)hl_csv_line(csv));
        if (!hl_parse_i64(hl_field_str(f[0]), &subject)) {
            c = hl_csv_fail(csv, err, 0, "is no integer");
            break;
        }
        c = hl_strmap_add(word, hl_field_str(f[1]), split, &was, err);
        split = was >= 0 ? was : split;
        if (c == HL_OK)
            c = hl_map_add(patient, subject, split, &was, err);
        if (c == HL_OK && was >= 0 && was != split)
            c = hl_findings_add(&p->check->found, HL_DEID_HIGH, p->split, where, err,
                                "the patient is in another split in an earlier row");
    }
    hl_csv_close(&csv);
    hl_map_free(&patient);
    hl_strmap_free(&word);
    return c == HL_END ? HL_OK : c;
}

/* Every picture has a row; rows without a picture are films that were refused. */
static hl_code check_rows(proof *p, const relations *r, hl_error *err)
{
    int64_t without = (int64_t)hl_strmap_count(r->film);
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < hl_strmap_count(p->by_name); i++) {
        hl_str name = hl_strmap_key(p->by_name, i);
        if (hl_strmap_get(r->film, name) >= 0)
            without--;
        else
            c = hl_findings_add(&p->check->found, HL_DEID_HIGH,
                                p->at[hl_strmap_get(p->by_name, name)].path, "", err,
                                "has no row in %s", p->metadata);
    }
    if (c == HL_OK && without > 0)
        c = hl_findings_add(&p->check->found, HL_DEID_NOTE, p->metadata, "", err,
                            "%lld rows have no picture", (long long)without);
    return c;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

/* The picture's dicom_id: its name without ending and frame. */
static hl_str name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    hl_str name = hl_str_of(slash ? slash + 1 : path);

    name.n -= 4;
    size_t n = name.n;
    while (n > 0 && name.at[n - 1] >= '0' && name.at[n - 1] <= '9')
        n--;
    if (name.n - n >= 3 && n > 2 && name.at[n - 1] == 'f' && name.at[n - 2] == '_')
        name.n = n - 2;
    return name;
}

static hl_code index_pictures(proof *p, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < p->n; i++)
        if (is_picture(p->at[i].path)) {
            p->check->pictures++;
            c = hl_strmap_add(p->by_name, name_of(p->at[i].path), (int64_t)i, NULL, err);
        }
    p->check->files = (int64_t)p->n;
    return c;
}

/* A manifest that cannot be read says nothing of sizes. */
static hl_code read_recipe(proof *p, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_json *json = NULL;
    hl_error fault;
    hl_code c = hl_path_join(p->check->o->dir, "manifest.json", path, err);

    if (c != HL_OK || !hl_file_exists(path))
        return c;
    c = hl_json_read(path, &json, &fault);
    if (c == HL_OK) {
        const hl_json_value *recipe = hl_json_get(hl_json_root(json), "recipe");
        const hl_json_value *pixels = hl_json_get(hl_json_get(recipe, "content"), "pixels");
        hl_str resize = hl_json_text(hl_json_get(pixels, "resize"));
        p->scaled = resize.n > 0 && !hl_str_is(resize, "none");
    }
    hl_json_free(&json);
    if (c == HL_OK || !hl_error_is_memory(&fault))
        return HL_OK;
    return hl_fail_memory(err, "manifest.json", 65536);
}

/* Tables are found by their endings: other recipes have other names. */
static void find_tables(proof *p, const hl_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        hl_str s = hl_str_of(names->name[i]);
        if (strchr(names->name[i], '/'))
            continue;
        if (hl_str_ends(s, "metadata.csv.gz") || hl_str_ends(s, "metadata.csv"))
            p->metadata = names->name[i];
        if (hl_str_ends(s, "split.csv.gz") || hl_str_ends(s, "split.csv"))
            p->split = names->name[i];
    }
}

static hl_code check_tables(proof *p, hl_error *err)
{
    relations r = {0};
    hl_code c = new_relations(&r, err);

    if (c == HL_OK && p->metadata)
        c = check_metadata(p, &r, err);
    else if (c == HL_OK)
        c = hl_findings_add(&p->check->found, HL_DEID_LOW, "metadata.csv.gz", "", err,
                            "is not there");
    if (c == HL_OK && p->metadata)
        c = check_rows(p, &r, err);
    if (c == HL_OK && p->split)
        c = check_split(p, err);
    free_relations(&r);
    return c;
}

hl_code hl_check_archive(hl_checking *check, hl_error *err)
{
    proof p = {.check = check,
               .arena = hl_arena_new(0),
               .by_path = hl_strmap_new(0),
               .by_name = hl_strmap_new(0)};
    hl_names names = {0};
    hl_code c = p.arena && p.by_path && p.by_name ? HL_OK : hl_fail_memory(err, "a check", 65536);

    if (c == HL_OK)
        c = read_recipe(&p, err);
    if (c == HL_OK)
        c = hl_list_tree(check->o->dir, &names, err);
    if (c == HL_OK)
        find_tables(&p, &names);
    if (c == HL_OK)
        c = read_sums(&p, &names, err);
    if (c == HL_OK)
        c = index_pictures(&p, err);
    if (c == HL_OK)
        c = check_strangers(&p, &names, err);
    if (c == HL_OK) {
        hl_ctl_phase(check->ctl, "reading the archive again", (int64_t)p.n);
        c = hl_parallel_for(hl_ctl_jobs(check->ctl), (int64_t)p.n, check->ctl, check_file, &p, err);
    }
    if (c == HL_OK)
        c = check_list(&p, "IMAGE_FILENAMES", err);
    if (c == HL_OK)
        c = check_list(&p, "RECORDS", err);
    if (c == HL_OK)
        c = check_tables(&p, err);
    hl_names_free(&names);
    hl_strmap_free(&p.by_path);
    hl_strmap_free(&p.by_name);
    hl_arena_free(&p.arena);
    return c;
}
