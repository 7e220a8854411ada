#include "cohort/tables.h"

#include "base/json.h"
#include "base/map.h"
#include "cohort/candidates.h"
#include "cohort/ecdf.h"

void hl_split_tables_free(hl_split_tables *t)
{
    hl_table_free(&t->train);
    hl_table_free(&t->val);
    hl_table_free(&t->val_retrieval);
    hl_table_free(&t->test);
    hl_buf_free(&t->labs_means);
}

static bool dropped(const hl_split_tables_options *o, const char *name)
{
    for (size_t i = 0; !o->keep_columns && i < o->recipe->n_drop; i++)
        if (strcmp(o->recipe->drop[i], name) == 0)
            return true;
    return false;
}

/* Percentile of the value in a cell. Where the item is never missing in train, the published script
 * gives a missing value 1.0; kept in --compat only. symile.md 3.4, S4 */
static void put_percentile(hl_column *to, size_t i, const hl_column *lab, int64_t row,
                           const hl_ecdf *e, bool compat, int64_t *n_left_empty)
{
    if (lab->valid[row] && e->n) {
        hl_column_set_f64(to, i, hl_ecdf_at(e, hl_column_number(lab, (size_t)row)));
    } else if (!lab->valid[row] && e->n && e->n == e->n_rows) {
        if (compat)
            hl_column_set_f64(to, i, 1.0);
        else
            ++*n_left_empty;
    }
}

static void percentile_name(const hl_lab_item *lab, char out[48])
{
    snprintf(out, 48, "%lld_percentile", (long long)lab->itemid);
}

static hl_code make_table(const char *name, const hl_table *dataset, const int64_t *row, size_t n,
                          const hl_split_tables_options *o, const hl_column *const *lab,
                          const hl_ecdf *ecdf, int64_t *n_left_empty, hl_table **out, hl_error *err)
{
    char column[48];
    hl_code c = hl_table_new(name, n, out, err);

    for (size_t k = 0; c == HL_OK && k < dataset->n_columns; k++)
        if (!dropped(o, dataset->column[k].name))
            c = hl_table_gather(*out, dataset->column[k].name, &dataset->column[k], row, err);
    for (size_t k = 0; c == HL_OK && k < o->recipe->n_labs; k++) {
        percentile_name(&o->recipe->lab[k], column);
        hl_column *to = hl_table_add(*out, column, HL_COL_F64);
        if (!to)
            c = hl_fail_memory(err, column, n * 8);
        for (size_t i = 0; c == HL_OK && i < n; i++)
            put_percentile(to, i, lab[k], row[i], &ecdf[k], o->compat, n_left_empty);
    }
    return c;
}

static hl_code add_labels(hl_table *t, const int64_t *label_hadm_id, const int64_t *label,
                          hl_error *err)
{
    for (int k = 0; k < 2; k++) {
        hl_column *to = hl_table_add(t, k ? "label" : "label_hadm_id", HL_COL_I64);
        if (!to)
            return hl_fail_memory(err, "labels", t->n_rows * 8);
        for (size_t i = 0; i < t->n_rows; i++)
            hl_column_set_i64(to, i, k ? label[i] : label_hadm_id[i]);
    }
    return HL_OK;
}

/* The table of a split's candidates: the split's rows repeated, plus whose candidate each is. */
static hl_code make_retrieval(const char *name, const hl_table *split, const hl_candidates *k,
                              hl_table **out, hl_error *err)
{
    const int64_t *hadm_id = hl_table_column(split, "hadm_id")->i64;
    int64_t *row = malloc((k->n + 1) * 3 * sizeof *row);
    int64_t *query = row + k->n, *label = query + k->n;
    hl_code c = row ? hl_table_new(name, k->n, out, err) : hl_fail_memory(err, name, k->n * 24);

    for (size_t i = 0; c == HL_OK && i < k->n; i++) {
        row[i] = k->at[i].row;
        query[i] = hadm_id[k->at[i].query];
        label[i] = k->at[i].label;
    }
    for (size_t i = 0; c == HL_OK && i < split->n_columns; i++)
        c = hl_table_gather(*out, split->column[i].name, &split->column[i], row, err);
    if (c == HL_OK)
        c = add_labels(*out, query, label, err);
    free(row);
    return c;
}

static void count_unanswerable(const hl_table *split, const hl_candidates *k, hl_split_tables *t)
{
    const int64_t *subject_id = hl_table_column(split, "subject_id")->i64;
    const hl_column *film = hl_table_column(split, "cxr_path");
    int64_t patient_of = -1, film_of = -1;

    /* Negatives come query by query. */
    for (size_t i = 0; i < k->n; i++) {
        const hl_candidate *at = &k->at[i];
        if (at->label || subject_id[at->row] != subject_id[at->query])
            continue;
        t->n_same_patient_queries += at->query != patient_of;
        patient_of = at->query;
        if (film && film->text && hl_str_equal(film->text[at->row], film->text[at->query])) {
            t->n_same_film_queries += at->query != film_of;
            film_of = at->query;
        }
    }
}

static hl_code put_means(const hl_split_tables_options *o, const hl_ecdf *ecdf, hl_split_tables *t,
                         hl_error *err)
{
    hl_json_writer w = hl_json_write_to(&t->labs_means, 4);
    char column[48];

    hl_json_open(&w, '{');
    for (size_t k = 0; k < o->recipe->n_labs; k++) {
        percentile_name(&o->recipe->lab[k], column);
        hl_json_put_key(&w, column);
        hl_json_put_real(&w, ecdf[k].mean);
    }
    hl_json_close(&w, '}');
    return hl_buf_check(&t->labs_means, "labs_means.json", err);
}

/* Distribution of each laboratory value over the train rows. */
static hl_code make_ecdfs(const hl_table *dataset, const hl_split *split,
                          const hl_split_tables_options *o, const hl_column **lab, hl_ecdf *ecdf,
                          hl_split_tables *t, hl_error *err)
{
    char name[HL_F64_CHARS];
    hl_code c = HL_OK;

    for (size_t k = 0; c == HL_OK && k < o->recipe->n_labs; k++) {
        hl_print_i64(o->recipe->lab[k].itemid, name);
        c = hl_table_need(dataset, name, &lab[k], err);
        if (c == HL_OK && lab[k]->type != HL_COL_F64 && lab[k]->type != HL_COL_I64)
            c = hl_fail_at(err, HL_E_INPUT, dataset->name, 0, -1, "column %s must hold numbers",
                           name);
        if (c == HL_OK)
            c = hl_ecdf_make(lab[k], split->train, split->n_train, &ecdf[k], err);
        if (c == HL_OK && ecdf[k].n == 0) {
            t->n_labs_absent++;
            if (o->compat)
                c = hl_fail(err, HL_E_INPUT,
                            "item %s has no value in train: the published script divides by zero "
                            "here\nWithout --compat its percentiles stay empty.",
                            name);
        }
    }
    return c;
}

static hl_code make_candidates(const hl_split_tables_options *o, const hl_table *val,
                               const hl_table *test, hl_candidates *val_k, hl_candidates *test_k,
                               hl_error *err)
{
    hl_mt19937 g;
    hl_code c = HL_OK;

    hl_mt19937_seed(&g, o->candidate_seed);
    if (o->candidates)
        c = hl_candidates_read(o->candidates, val, test, val_k, test_k, err);
    if (c == HL_OK && !val_k->at)
        c = hl_candidates_draw("val", hl_table_column(val, "subject_id")->i64, val->n_rows,
                               o->candidate_n, o->distinct_patients, &g, val_k, err);
    if (c == HL_OK && !test_k->at)
        c = hl_candidates_draw("test", hl_table_column(test, "subject_id")->i64, test->n_rows,
                               o->candidate_n, o->distinct_patients, &g, test_k, err);
    return c;
}

/* val.csv of the published script carries the two label columns of its candidates. S3 */
static hl_code label_val(hl_table *val, hl_error *err)
{
    int64_t *ones = malloc((val->n_rows + 1) * sizeof *ones);
    hl_code c = ones ? HL_OK : hl_fail_memory(err, "labels", val->n_rows * 8);

    for (size_t i = 0; c == HL_OK && i < val->n_rows; i++)
        ones[i] = 1;
    if (c == HL_OK)
        c = add_labels(val, hl_table_column(val, "hadm_id")->i64, ones, err);
    free(ones);
    return c;
}

static hl_code need_ids(const hl_table *dataset, hl_error *err)
{
    const hl_column *column;
    hl_code c = HL_OK;

    for (int k = 0; c == HL_OK && k < 2; k++) {
        c = hl_table_need(dataset, k ? "hadm_id" : "subject_id", &column, err);
        if (c == HL_OK && (column->type != HL_COL_I64 || column->n_missing) && dataset->n_rows)
            c = hl_fail_at(err, HL_E_INPUT, dataset->name, 0, -1,
                           "%s must be integers without a hole", column->name);
    }
    return c;
}

hl_code hl_split_tables_make(const hl_table *dataset, const hl_split_tables_options *o,
                             hl_split_tables *out, hl_error *err)
{
    size_t n_labs = o->recipe->n_labs;
    const hl_column **lab = calloc(n_labs, sizeof *lab);
    hl_ecdf *ecdf = calloc(n_labs, sizeof *ecdf);
    hl_split split = {0};
    hl_candidates val_k = {0}, test_k = {0};
    hl_table *test = NULL;
    hl_split_tables t = {0};
    int64_t *left = &t.n_percentiles_left_empty;
    hl_code c = lab && ecdf ? need_ids(dataset, err) : hl_fail_memory(err, "splits", n_labs * 64);

    if (c == HL_OK)
        c = hl_split_make(hl_table_column(dataset, "subject_id")->i64, dataset->n_rows, &o->split,
                          &split, err);
    if (c == HL_OK)
        c = make_ecdfs(dataset, &split, o, lab, ecdf, &t, err);
    if (c == HL_OK)
        c = make_table("train.csv", dataset, split.train, split.n_train, o, lab, ecdf, left,
                       &t.train, err);
    if (c == HL_OK)
        c = make_table("val.csv", dataset, split.val, split.n_val, o, lab, ecdf, left, &t.val, err);
    if (c == HL_OK)
        c = make_table("test", dataset, split.test, split.n_test, o, lab, ecdf, left, &test, err);
    if (c == HL_OK)
        c = put_means(o, ecdf, &t, err);
    if (c == HL_OK)
        c = make_candidates(o, t.val, test, &val_k, &test_k, err);
    if (c == HL_OK)
        c = make_retrieval("val_retrieval.csv", t.val, &val_k, &t.val_retrieval, err);
    if (c == HL_OK)
        c = make_retrieval("test.csv", test, &test_k, &t.test, err);
    if (c == HL_OK) {
        count_unanswerable(t.val, &val_k, &t);
        count_unanswerable(test, &test_k, &t);
        if (o->compat)
            c = label_val(t.val, err);
    }
    for (size_t k = 0; ecdf && k < n_labs; k++)
        hl_ecdf_free(&ecdf[k]);
    free(ecdf);
    free(lab);
    free(val_k.at);
    free(test_k.at);
    hl_split_free(&split);
    hl_table_free(&test);
    if (c != HL_OK)
        hl_split_tables_free(&t);
    *out = t;
    return c;
}
