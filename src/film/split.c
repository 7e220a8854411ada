#include "film/split.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/rng.h"
#include "data/csv.h"

struct hl_film_split {
    int64_t permille[HL_FILM_SPLITS];
    uint64_t seed;
    hl_map *subject;  /* subject_id -> split; NULL: the file has none, or there is no file */
    hl_strmap *film;  /* dicom_id -> split */
    hl_digest digest; /* of the file */
};

static int split_named(hl_str name)
{
    for (int i = 0; i < HL_FILM_SPLITS; i++)
        if (hl_str_is(name, hl_film_split_name[i]))
            return i;
    return -1;
}

static bool has_column(const hl_csv *csv, const char *name)
{
    for (size_t i = 0; i < hl_csv_n_columns(csv); i++)
        if (hl_str_is(hl_csv_column(csv, i), name))
            return true;
    return false;
}

static hl_code take_row(hl_film_split *s, const hl_csv *csv, const hl_field f[3], bool subjects,
                        bool films, hl_error *err)
{
    int split = split_named(hl_field_str(f[0]));
    int64_t id, was = -1;
    hl_code c = HL_OK;

    if (split < 0)
        return hl_csv_fail(csv, err, 0, "is none of train, validate, test");
    if (subjects) {
        if (!hl_parse_i64(hl_field_str(f[1]), &id))
            return hl_csv_fail(csv, err, 1, "is no integer");
        c = hl_map_add(s->subject, id, split, &was, err);
        if (c == HL_OK && was >= 0 && was != split)
            return hl_csv_fail(csv, err, 1, "is in two splits");
    }
    if (c == HL_OK && films)
        c = hl_strmap_add(s->film, hl_field_str(f[subjects ? 2 : 1]), split, &was, err);
    if (c == HL_OK && films && was >= 0 && was != split)
        return hl_csv_fail(csv, err, subjects ? 2 : 1, "is in two splits");
    return c;
}

static hl_code read_file(hl_film_split *s, const char *path, hl_cpu cpu, hl_error *err)
{
    const char *want[3] = {"split"};
    hl_csv_options options = {.cpu = cpu};
    hl_csv *csv = NULL;
    hl_field f[3];
    size_t n = 1;
    hl_code c = hl_csv_open(path, want, 1, &options, &csv, err);
    bool subjects = c == HL_OK && has_column(csv, "subject_id");
    bool films = c == HL_OK && has_column(csv, "dicom_id");

    hl_csv_close(&csv);
    if (c == HL_OK && !subjects && !films)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "no column 'subject_id' or 'dicom_id'");
    if (subjects)
        want[n++] = "subject_id";
    if (films)
        want[n++] = "dicom_id";
    s->subject = hl_map_new(0);
    s->film = hl_strmap_new(0);
    if (c == HL_OK && (!s->subject || !s->film))
        c = hl_fail_memory(err, "the splits", 0);
    if (c == HL_OK)
        c = hl_csv_open(path, want, n, &options, &csv, err);
    while (c == HL_OK && (c = hl_csv_next(csv, f, err)) == HL_OK)
        c = take_row(s, csv, f, subjects, films, err);
    if (c == HL_END) {
        s->digest = *hl_csv_digest(csv);
        c = HL_OK;
    }
    hl_csv_close(&csv);
    return c;
}

hl_code hl_film_split_new(const hl_film_recipe *r, int64_t seed, const char *path, hl_cpu cpu,
                          hl_film_split **out, hl_error *err)
{
    hl_film_split *s = calloc(1, sizeof *s);
    hl_code c = s ? HL_OK : hl_fail_memory(err, "the splits", sizeof *s);

    *out = s;
    if (c != HL_OK)
        return c;
    memcpy(s->permille, r->permille, sizeof s->permille);
    s->seed = (uint64_t)(seed >= 0 ? seed : r->split_seed);
    if (path)
        c = read_file(s, path, cpu, err);
    if (c != HL_OK)
        hl_film_split_free(out);
    return c;
}

void hl_film_split_free(hl_film_split **split)
{
    if (!split || !*split)
        return;
    hl_map_free(&(*split)->subject);
    hl_strmap_free(&(*split)->film);
    free(*split);
    *split = NULL;
}

int hl_film_split_of(const hl_film_split *split, int64_t subject_id, const char *dicom_id)
{
    if (split->subject) {
        int64_t given = hl_map_get(split->subject, subject_id);
        return (int)(given >= 0 ? given : hl_strmap_get(split->film, hl_str_of(dicom_id)));
    }
    hl_rng rng = hl_rng_of(split->seed, "film-split", (uint64_t)subject_id);
    int64_t u = (int64_t)hl_rng_below(&rng, 1000);
    if (u < split->permille[HL_SPLIT_TRAIN])
        return HL_SPLIT_TRAIN;
    return u < split->permille[HL_SPLIT_TRAIN] + split->permille[HL_SPLIT_VALIDATE]
               ? HL_SPLIT_VALIDATE
               : HL_SPLIT_TEST;
}

const hl_digest *hl_film_split_digest(const hl_film_split *split)
{
    return split->subject ? &split->digest : NULL;
}
