#include "film/labels.h"

#include "data/csv.h"

#define MAX_BYTES ((size_t)1 << 30)

static const char *const known[] = {"mimic-cxr-2.0.0-chexpert.csv.gz",
                                    "mimic-cxr-2.0.0-negbio.csv.gz",
                                    "mimic-cxr-2.1.0-test-set-labeled.csv"};
enum { N_KNOWN = sizeof known / sizeof *known };

/* Every row is read, so that a damaged table is found now. */
static hl_code prove(const char *path, hl_ctl *ctl, hl_error *err)
{
    static const char *const want[] = {"study_id"};
    hl_csv_options options = {.cpu = hl_cpu_level(ctl ? ctl->cpu : 0), .ctl = ctl};
    hl_csv *csv = NULL;
    hl_field field;
    int64_t id;
    hl_code c = hl_csv_open(path, want, 1, &options, &csv, err);

    while (c == HL_OK && (c = hl_csv_next(csv, &field, err)) == HL_OK)
        if (!hl_parse_i64(hl_field_str(field), &id))
            c = hl_csv_fail(csv, err, 0, "is no integer");
    hl_csv_close(&csv);
    return c == HL_END ? HL_OK : c;
}

static hl_code copy(const char *path, const char *name, const char *out, hl_manifest *m,
                    hl_error *err)
{
    char to[HL_PATH_BYTES];
    hl_buf bytes = {0};
    hl_digest digest;
    hl_code c = hl_read_file(path, MAX_BYTES, &bytes, &digest, err);

    if (c == HL_OK)
        c = hl_manifest_read(m, "labels", name, &digest, err);
    if (c == HL_OK)
        c = hl_path_join(out, name, to, err);
    if (c == HL_OK)
        c = hl_write_file(to, bytes.at, bytes.n, &digest, err);
    if (c == HL_OK)
        c = hl_manifest_output(m, name, &digest, err);
    hl_buf_free(&bytes);
    return c;
}

/* The i-th table of from, which is a table or a folder: its path and its name in the archive.
 * False: there is no such one. */
static bool table_at(const char *from, size_t i, char path[HL_PATH_BYTES], const char **name)
{
    const char *slash = strrchr(from, '/');

    if (!hl_is_folder(from)) {
        *name = slash ? slash + 1 : from;
        return i == 0 && snprintf(path, HL_PATH_BYTES, "%s", from) < HL_PATH_BYTES;
    }
    *name = known[i];
    return hl_path_join(from, known[i], path, NULL) == HL_OK && hl_file_exists(path);
}

hl_code hl_film_labels_prove(const char *from, const char *const *taken, size_t n_taken,
                             hl_ctl *ctl, hl_error *err)
{
    char path[HL_PATH_BYTES];
    const char *name;
    hl_code c = HL_OK;
    size_t n = 0;

    for (size_t i = 0; c == HL_OK && i < N_KNOWN; i++) {
        if (!table_at(from, i, path, &name))
            continue;
        n++;
        for (size_t k = 0; c == HL_OK && k < n_taken; k++)
            if (strcmp(name, taken[k]) == 0)
                c = hl_fail(err, HL_E_USAGE, "--labels %s: the archive has a %s of its own", from,
                            name);
        if (c == HL_OK)
            c = prove(path, ctl, err);
    }
    if (c == HL_OK && n == 0)
        c = hl_fail_at(err, HL_E_INPUT, from, 0, -1, "no label tables in it (%s, ...)", known[0]);
    return c;
}

hl_code hl_film_labels_copy(const char *from, const char *out, hl_manifest *m, hl_error *err)
{
    char path[HL_PATH_BYTES];
    const char *name;
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < N_KNOWN; i++)
        if (table_at(from, i, path, &name))
            c = copy(path, name, out, m, err);
    return c;
}
