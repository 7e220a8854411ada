/* The split tables of a cohort folder: symile.md 4.3 and 5. */
#include "view/scorecard_facts.h"

#include <math.h>

#include "base/map.h"

typedef struct {
    const char *name, *title;
    const char *file;       /* the admissions of the split */
    const char *candidates; /* the table of retrieval candidates; may be the same file */
} split_files;

static const split_files files_of[HL_CARD_SPLITS] = {
    {"train", "Train", "train.csv", NULL},
    {"val", "Validation", "val.csv", "val_retrieval.csv"},
    {"test", "Test", "test.csv", "test.csv"},
};

/* Read a split file, or leave *out NULL when there is none. */
static hl_code read_file(hl_card *card, const char *folder, const char *name, bool labelled,
                         hl_cpu cpu, hl_ctl *ctl, hl_table **out, hl_error *err)
{
    static const hl_col_spec columns[] = {
        {.name = "subject_id", .type = HL_COL_I64, .required = true},
        {.name = "hadm_id", .type = HL_COL_I64, .required = true},
        {.name = "label_hadm_id", .type = HL_COL_I64, .required = true},
        {.name = "label", .type = HL_COL_I64, .required = true},
    };
    const hl_table_options options = {.name = name, .cpu = cpu, .ctl = ctl};
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(folder, name, path, err);

    if (c != HL_OK || !hl_file_exists(path))
        return c;
    c = hl_table_read(path, columns, labelled ? 4 : 2, &options, out, err);
    if (c == HL_OK)
        hl_card_note_file(card, name, &(*out)->digest);
    return c;
}

static bool is_positive(const hl_table *t, size_t i)
{
    return t->n_columns < 4 || t->column[3].i64[i] == 1;
}

static hl_code take_rows(hl_card *card, hl_card_split *split, const hl_table *t,
                         const hl_index *by_hadm, hl_error *err)
{
    const hl_column *subject = &t->column[0], *hadm = &t->column[1];
    hl_map *patients = hl_map_new(t->n_rows);
    hl_code c = HL_OK;

    split->row = hl_arena_calloc(card->arena, t->n_rows + 1, sizeof *split->row);
    if (!patients || !split->row) {
        c = hl_fail_memory(err, "split", t->n_rows * sizeof *split->row);
        goto done;
    }
    for (size_t i = 0; i < t->n_rows; i++) {
        if (!is_positive(t, i))
            continue;
        int64_t row = hl_index_first(by_hadm, hadm->i64[i]);
        if (row >= 0 && card->subject->i64[row] != subject->i64[i])
            row = -1;
        split->strangers += row < 0;
        split->women += row >= 0 && card->gender && card->gender->valid[row] &&
                        hl_str_is(card->gender->text[row], "F");
        split->row[split->rows++] = row;
        c = hl_map_add(patients, subject->i64[i], 0, NULL, err);
        if (c != HL_OK)
            goto done;
    }
    split->patients = (int64_t)hl_map_count(patients);
done:
    hl_map_free(&patients);
    return c;
}

/* Each query must have one positive row and as many rows as every other query. */
static hl_code take_candidates(hl_card_split *split, const hl_table *t, hl_error *err)
{
    const hl_column *query = &t->column[2];
    hl_map *map = hl_map_new(t->n_rows / 10 + 1);
    int64_t *rows = calloc(t->n_rows + 1, sizeof *rows);
    int64_t *positives = calloc(t->n_rows + 1, sizeof *positives);
    hl_code c = HL_OK;

    if (!map || !rows || !positives) {
        c = hl_fail_memory(err, "candidates", 2 * t->n_rows * sizeof *rows);
        goto done;
    }
    for (size_t i = 0; i < t->n_rows; i++) {
        int64_t at;
        c = hl_map_add(map, query->i64[i], (int64_t)hl_map_count(map), &at, err);
        if (c != HL_OK)
            goto done;
        at = at < 0 ? (int64_t)hl_map_count(map) - 1 : at;
        rows[at]++;
        positives[at] += is_positive(t, i);
    }
    split->retrieval = true;
    split->candidates = (int64_t)t->n_rows;
    for (size_t k = 0; k < hl_map_count(map); k++)
        split->uneven += rows[k] != rows[0] || positives[k] != 1;
done:
    free(positives);
    free(rows);
    hl_map_free(&map);
    return c;
}

static hl_code describe(hl_card *card, hl_card_split *split, size_t which, hl_error *err)
{
    double *age = hl_arena_calloc(card->arena, (size_t)split->rows + 1, sizeof *age);
    size_t n = 0;

    if (!age)
        return hl_fail_memory(err, "split", (size_t)split->rows * sizeof *age);
    for (int64_t i = 0; i < split->rows; i++) {
        int64_t row = split->row[i];
        if (row < 0)
            continue;
        if (isfinite(card->age[row]))
            age[n++] = card->age[row];
        for (size_t k = 0; k < card->n_findings; k++)
            card->finding[k].split_positive[which] +=
                hl_column_number(card->finding[k].column, (size_t)row) > 0;
    }
    return hl_quantiles_of(age, n, &split->age, err);
}

static hl_code read_split(hl_card *card, const char *folder, size_t which, const hl_index *by_hadm,
                          hl_cpu cpu, hl_ctl *ctl, hl_error *err)
{
    const split_files *files = &files_of[which];
    hl_card_split *split = &card->split[which];
    const bool same = files->candidates && strcmp(files->file, files->candidates) == 0;
    hl_table *t = NULL, *candidates = NULL;

    split->name = files->name;
    split->title = files->title;
    hl_code c = read_file(card, folder, files->file, same, cpu, ctl, &t, err);
    if (c == HL_OK && t)
        c = take_rows(card, split, t, by_hadm, err);
    if (c == HL_OK && t)
        c = describe(card, split, which, err);
    split->present = t != NULL;
    if (c == HL_OK && files->candidates && !same)
        c = read_file(card, folder, files->candidates, true, cpu, ctl, &candidates, err);
    if (c == HL_OK && (candidates || (same && t)))
        c = take_candidates(split, candidates ? candidates : t, err);
    hl_table_free(&candidates);
    hl_table_free(&t);
    return c;
}

/* Patients who are in two splits or three. */
static hl_code count_shared(hl_card *card, hl_error *err)
{
    hl_map *map = hl_map_new(card->n);
    uint8_t *seen = calloc(card->n + 1, 1);
    hl_code c = HL_OK;

    if (!map || !seen)
        c = hl_fail_memory(err, "patients", card->n);
    for (size_t k = 0; k < HL_CARD_SPLITS && c == HL_OK; k++)
        for (int64_t i = 0; i < card->split[k].rows && c == HL_OK; i++) {
            int64_t row = card->split[k].row[i], at;
            if (row < 0)
                continue;
            c = hl_map_add(map, card->subject->i64[row], (int64_t)hl_map_count(map), &at, err);
            at = at < 0 && c == HL_OK ? (int64_t)hl_map_count(map) - 1 : at;
            if (c == HL_OK)
                seen[at] |= (uint8_t)(1u << k);
        }
    for (size_t i = 0; c == HL_OK && i < hl_map_count(map); i++)
        card->shared_patients += (seen[i] & (seen[i] - 1)) != 0;
    free(seen);
    hl_map_free(&map);
    return c;
}

/* Which findings train.csv still has as columns. */
static hl_code mark_kept(hl_card *card, const char *folder, hl_cpu cpu, hl_error *err)
{
    const hl_csv_options options = {.cpu = cpu};
    char path[HL_PATH_BYTES];
    hl_csv *csv = NULL;
    hl_code c = hl_path_join(folder, files_of[HL_CARD_TRAIN].file, path, err);

    if (c == HL_OK)
        c = hl_csv_open(path, NULL, 0, &options, &csv, err);
    for (size_t k = 0; c == HL_OK && k < card->n_findings; k++)
        for (size_t i = 0; i < hl_csv_n_columns(csv); i++)
            card->finding[k].kept |= hl_str_equal(hl_csv_column(csv, i), card->finding[k].name);
    hl_csv_close(&csv);
    return c;
}

hl_code hl_card_read_splits(hl_card *card, const char *folder, hl_cpu cpu, hl_ctl *ctl,
                            hl_error *err)
{
    hl_index *by_hadm = NULL;
    hl_code c = card->n > 0 ? hl_index_new(card->hadm, &by_hadm, err) : HL_OK;

    for (size_t k = 0; k < HL_CARD_SPLITS && c == HL_OK && by_hadm; k++)
        c = read_split(card, folder, k, by_hadm, cpu, ctl, err);
    if (c == HL_OK)
        c = count_shared(card, err);
    if (c == HL_OK && card->split[HL_CARD_TRAIN].present)
        c = mark_kept(card, folder, cpu, err);
    hl_index_free(&by_hadm);
    return c;
}
