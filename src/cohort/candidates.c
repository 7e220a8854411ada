#include "cohort/candidates.h"

typedef struct {
    const hl_index *by_hadm;
    hl_candidates *out;
    size_t cap;
} target;

static hl_code add_candidate(target *t, hl_candidate k, hl_error *err)
{
    if (t->out->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 1024;
        hl_candidate *grown = realloc(t->out->at, cap * sizeof *grown);
        if (!grown)
            return hl_fail_memory(err, "candidates", cap * sizeof *grown);
        t->out->at = grown;
        t->cap = cap;
    }
    t->out->at[t->out->n++] = k;
    return HL_OK;
}

static hl_code read_pairs(const char *path, target *val, target *test, hl_error *err)
{
    const hl_col_spec column[] = {{.name = "label_hadm_id", .type = HL_COL_I64, .required = true},
                                  {.name = "hadm_id", .type = HL_COL_I64, .required = true}};
    hl_table_options options = {0};
    hl_table *t = NULL;
    hl_code c = hl_table_read(path, column, 2, &options, &t, err);

    for (size_t i = 0; c == HL_OK && i < t->n_rows; i++) {
        int64_t query_id = t->column[0].i64[i], hadm_id = t->column[1].i64[i];
        int64_t query = hl_index_first(val->by_hadm, query_id);
        target *to = query >= 0 ? val : test;
        if (query < 0)
            query = hl_index_first(test->by_hadm, query_id);
        if (query < 0) {
            c = hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                           "label_hadm_id %lld is in neither val nor test\nCandidates fit only the "
                           "split for which they were made: check --seed, --train-n and --val-n.",
                           (long long)query_id);
            break;
        }
        int64_t row = hl_index_first(to->by_hadm, hadm_id);
        if (row < 0)
            c = hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                           "hadm_id %lld is not in the split of its query %lld", (long long)hadm_id,
                           (long long)query_id);
        else
            c = add_candidate(to, (hl_candidate){row, query, hadm_id == query_id}, err);
    }
    hl_table_free(&t);
    return c;
}

hl_code hl_candidates_read(const char *path, const hl_table *val, const hl_table *test,
                           hl_candidates *val_out, hl_candidates *test_out, hl_error *err)
{
    static const char *const file[] = {"val_retrieval.csv", "test.csv"};
    hl_index *val_index = NULL, *test_index = NULL;
    char full[HL_PATH_BYTES];
    hl_code c = hl_index_new(hl_table_column(val, "hadm_id"), &val_index, err);

    *val_out = *test_out = (hl_candidates){0};
    if (c == HL_OK)
        c = hl_index_new(hl_table_column(test, "hadm_id"), &test_index, err);
    target to_val = {val_index, val_out, 0}, to_test = {test_index, test_out, 0};
    if (c == HL_OK && !hl_is_folder(path))
        c = read_pairs(path, &to_val, &to_test, err);
    else if (c == HL_OK) {
        for (size_t i = 0; c == HL_OK && i < 2; i++) {
            c = hl_path_join(path, file[i], full, err);
            if (c == HL_OK)
                c = read_pairs(full, &to_val, &to_test, err);
        }
    }
    if (c != HL_OK) {
        free(val_out->at);
        free(test_out->at);
        *val_out = *test_out = (hl_candidates){0};
    }
    hl_index_free(&val_index);
    hl_index_free(&test_index);
    return c;
}
