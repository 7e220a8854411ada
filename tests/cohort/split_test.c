#include "cohort/split.h"

#include "cohort/tables.h"
#include "words.h"

static void inflate(const char *name, hl_buf *out)
{
    hl_stream *s = NULL;
    char *at;
    size_t n;

    ok(hl_stream_open(fixture(name), HL_STREAM_PLAIN, NULL, &s, NULL) == HL_OK);
    while (s && hl_stream_next(s, &at, &n, NULL) == HL_OK)
        hl_buf_append(out, at, n);
    hl_stream_close(&s);
}

static void same_text(const hl_buf *got, const char *name)
{
    hl_buf want = {0};

    inflate(name, &want);
    is_int(got->n, want.n);
    is_mem(got->at, want.at, got->n < want.n ? got->n : want.n);
    hl_buf_free(&want);
}

/* --- the published split step, whole: tests/data/splits ----------------------------------------------- */

typedef struct {
    hl_arena *arena;
    hl_json *json;
    hl_cohort_recipe recipe;
    hl_table *dataset;
    hl_split_tables_options o;
} published;

static bool published_open(published *p)
{
    hl_table_options options = {.name = "in.csv"};
    hl_digest digest;
    hl_error err = {0};

    *p = (published){.arena = hl_arena_new(0)};
    bool good = ok(hl_recipe_read("symile-mimic-1.0", &p->json, &digest, &err) == HL_OK) &&
                ok(hl_cohort_recipe_read(p->arena, p->json, &p->recipe, &err) == HL_OK) &&
                ok(hl_table_read(fixture("splits/in.csv.gz"), NULL, 0, &options, &p->dataset, &err) == HL_OK);
    p->o = (hl_split_tables_options){
        .recipe = &p->recipe, .candidate_n = 5, .compat = true, .split = {.train_n = 100, .val_n = 20}};
    return good;
}

static void published_close(published *p)
{
    hl_table_free(&p->dataset);
    hl_json_free(&p->json);
    hl_arena_free(&p->arena);
}

static void the_published_split_comes_out_byte_for_byte(void)
{
    published p;
    hl_split_tables t;
    hl_error err = {0};

    if (published_open(&p) && ok(hl_split_tables_make(p.dataset, &p.o, &t, &err) == HL_OK)) {
        const hl_table *table[] = {t.train, t.val, t.val_retrieval, t.test};
        static const char *const file[] = {"splits/train.csv.gz", "splits/val.csv.gz",
                                           "splits/val_retrieval.csv.gz", "splits/test.csv.gz"};
        for (int k = 0; k < 4; k++) {
            hl_buf csv = {0};
            ok(hl_table_put_csv(table[k], HL_DATES_PANDAS, &csv, &err) == HL_OK);
            same_text(&csv, file[k]);
            hl_buf_free(&csv);
        }
        same_text(&t.labs_means, "splits/labs_means.json.gz");
        hl_split_tables_free(&t);
    }
    published_close(&p);
}

static void the_default_leaves_out_labels_and_percentiles_of_missing_values(void)
{
    published p;
    hl_split_tables kept, mended;
    int64_t n_differ = 0;

    if (!published_open(&p))
        return;
    ok(hl_split_tables_make(p.dataset, &p.o, &kept, NULL) == HL_OK);
    p.o.compat = false;
    ok(hl_split_tables_make(p.dataset, &p.o, &mended, NULL) == HL_OK);
    is_int(mended.val->n_columns, kept.val->n_columns - 2);
    ok(hl_table_column(mended.val, "label") == NULL);
    const hl_table *pair[][2] = {{kept.val, mended.val}, {kept.train, mended.train}};
    for (size_t k = 0; k < 2; k++)
        for (size_t c = 0; c < pair[k][1]->n_columns; c++) {
            const hl_column *a = &pair[k][0]->column[c], *b = &pair[k][1]->column[c];
            is_str(a->name, b->name);
            for (size_t i = 0; i < a->n; i++)
                if (a->valid[i] != b->valid[i]) {
                    n_differ++;
                    ok(a->f64[i] == 1.0);
                }
        }
    ok(n_differ > 0);
    ok(mended.n_percentiles_left_empty >= n_differ);
    is_int(kept.n_percentiles_left_empty, 0);
    hl_split_tables_free(&kept);
    hl_split_tables_free(&mended);
    published_close(&p);
}

static void a_laboratory_value_that_train_never_has_stops_compat_alone(void)
{
    published p;
    hl_split_tables t;
    hl_error err = {0};

    if (!published_open(&p))
        return;
    /* 51265 is the second item: empty the whole column. */
    for (size_t c = 0; c < p.dataset->n_columns; c++)
        if (strcmp(p.dataset->column[c].name, "51265") == 0) {
            memset(p.dataset->column[c].valid, 0, p.dataset->n_rows);
            p.dataset->column[c].n_missing = p.dataset->n_rows;
        }
    is_int(hl_split_tables_make(p.dataset, &p.o, &t, &err), HL_E_INPUT);
    like(err.message, "item 51265 has no value in train: the published script divides by zero here");
    ok(t.train == NULL);
    p.o.compat = false;
    ok(hl_split_tables_make(p.dataset, &p.o, &t, &err) == HL_OK);
    is_int(t.n_labs_absent, 1);
    const hl_column *percentile = hl_table_column(t.train, "51265_percentile");
    is_int(percentile->n_missing, t.train->n_rows);
    like(t.labs_means.at, "\"51265_percentile\": 0.5,");
    hl_split_tables_free(&t);
    published_close(&p);
}

static void columns_are_kept_when_asked_for(void)
{
    published p;
    hl_split_tables t;

    if (!published_open(&p))
        return;
    p.o.keep_columns = true;
    ok(hl_split_tables_make(p.dataset, &p.o, &t, NULL) == HL_OK);
    is_int(t.train->n_columns, p.dataset->n_columns + p.recipe.n_labs);
    ok(hl_table_column(t.train, "Pneumonia") != NULL);
    hl_split_tables_free(&t);
    published_close(&p);
}

static void distinct_patients_gives_no_query_its_own_patient(void)
{
    published p;
    hl_split_tables t;

    if (!published_open(&p))
        return;
    p.o.distinct_patients = true;
    ok(hl_split_tables_make(p.dataset, &p.o, &t, NULL) == HL_OK);
    is_int(t.n_same_patient_queries, 0);
    hl_split_tables_free(&t);
    published_close(&p);
}

/* --- splits --------------------------------------------------------------------------------------------- */

static hl_code split(const int64_t *subject, size_t n, hl_split_rule rule, int64_t train_n, int64_t val_n,
                     hl_split *out, hl_error *err)
{
    hl_split_options o = {.rule = rule, .train_n = train_n, .val_n = val_n, .seed = 7};
    return hl_split_make(subject, n, &o, out, err);
}

enum { N = 500 };

/* Subject of row i: 3 rows each, shuffled over the table. */
static void subjects(int64_t subject[N])
{
    for (int i = 0; i < N; i++)
        subject[i] = 10000000 + (int64_t)(i * 7919 % N) / 3;
}

static bool shares_subject(const int64_t *subject, const int64_t *a, size_t n_a, const int64_t *b, size_t n_b)
{
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++)
            if (subject[a[i]] == subject[b[j]])
                return true;
    return false;
}

static void no_patient_is_in_two_splits(void)
{
    static const hl_split_rule rule[] = {HL_SPLIT_BY_ADMISSION, HL_SPLIT_BY_SUBJECT};
    int64_t subject[N];
    hl_split s;

    subjects(subject);
    for (int k = 0; k < 2; k++) {
        ok(split(subject, N, rule[k], 100, 30, &s, NULL) == HL_OK);
        ok(!shares_subject(subject, s.train, s.n_train, s.val, s.n_val));
        ok(!shares_subject(subject, s.train, s.n_train, s.test, s.n_test));
        ok(!shares_subject(subject, s.val, s.n_val, s.test, s.n_test));
        hl_split_free(&s);
    }
}

static void by_patient_every_row_is_in_one_split_in_table_order(void)
{
    int64_t subject[N];
    int seen[N] = {0};
    hl_split s;

    subjects(subject);
    ok(split(subject, N, HL_SPLIT_BY_SUBJECT, 300, 100, &s, NULL) == HL_OK);
    is_int(s.n_train + s.n_val + s.n_test, N);
    ok(s.n_train >= 300 && s.n_train < 303);
    ok(s.n_val >= 100 && s.n_val < 103);
    const int64_t *part[] = {s.train, s.val, s.test};
    const size_t n[] = {s.n_train, s.n_val, s.n_test};
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < n[k]; i++) {
            seen[part[k][i]]++;
            ok(i == 0 || part[k][i - 1] < part[k][i]);
        }
    for (int i = 0; i < N; i++)
        is_int(seen[i], 1);
    hl_split_free(&s);
}

static void by_patient_the_order_of_rows_does_not_matter(void)
{
    int64_t subject[N], turned[N];
    hl_split a, b;
    int in_train = 0;

    subjects(subject);
    for (int i = 0; i < N; i++)
        turned[i] = subject[N - 1 - i];
    ok(split(subject, N, HL_SPLIT_BY_SUBJECT, 300, 100, &a, NULL) == HL_OK);
    ok(split(turned, N, HL_SPLIT_BY_SUBJECT, 300, 100, &b, NULL) == HL_OK);
    is_int(a.n_train, b.n_train);
    for (size_t i = 0; i < a.n_train; i++)
        in_train += N - 1 - a.train[i] == b.train[b.n_train - 1 - i];
    is_int(in_train, a.n_train);
    hl_split_free(&a);
    hl_split_free(&b);
}

static void splits_that_cannot_be_filled_are_refused_with_the_numbers(void)
{
    int64_t subject[] = {1, 2, 3, 4, 5}, one[] = {1, 1, 1, 1, 1};
    hl_split s;
    hl_error err = {0};

    is_int(split(subject, 5, HL_SPLIT_BY_ADMISSION, 5, 1, &s, &err), HL_E_INPUT);
    like(err.message, "the data set has 5 rows; --train-n 5 must be positive and smaller than that");
    is_int(split(subject, 5, HL_SPLIT_BY_ADMISSION, 0, 1, &s, &err), HL_E_INPUT);
    is_int(split(subject, 5, HL_SPLIT_BY_ADMISSION, 3, 2, &s, &err), HL_E_INPUT);
    like(err.message, "without the patients of train there are 2 rows; --val-n 2 must be");
    is_int(split(one, 5, HL_SPLIT_BY_ADMISSION, 2, 1, &s, &err), HL_E_INPUT);
    like(err.message, "there are 0 rows");
    is_int(split(one, 5, HL_SPLIT_BY_SUBJECT, 2, 1, &s, &err), HL_E_INPUT);
    like(err.message, "5 rows of 1 patients do not fill three splits of 2, 1 and the rest");
    is_int(split(subject, 0, HL_SPLIT_BY_ADMISSION, 1, 1, &s, &err), HL_E_INPUT);
    ok(s.train == NULL);
}

/* --- candidates ------------------------------------------------------------------------------------------- */

static int n_draws;

static void check_draw(const char *kind, char *p)
{
    hl_mt19937 g;
    hl_candidates k;

    if (strcmp(kind, "candidates") != 0)
        return;
    n_draws++;
    hl_mt19937_seed(&g, (uint32_t)next_int(&p));
    size_t n = (size_t)next_int(&p);
    int64_t candidate_n = next_int(&p), rows = next_int(&p);
    int64_t *subject = calloc(n, sizeof *subject);
    ok(hl_candidates_draw("val", subject, n, candidate_n, false, &g, &k, NULL) == HL_OK);
    is_int(k.n, rows);
    for (size_t i = 0; i < k.n; i++) {
        is_int(k.at[i].row, next_int(&p));
        is_int(k.at[i].query, next_int(&p));
        is_int(k.at[i].label, next_int(&p));
    }
    free(k.at);
    free(subject);
}

static void negatives_are_those_of_the_published_script(void)
{
    each_line("rules/cohort.txt", check_draw);
    is_int(n_draws, 3);
}

static void candidates_of_other_patients_are_distinct_rows(void)
{
    int64_t subject[60];
    hl_mt19937 g;
    hl_candidates k;

    for (int i = 0; i < 60; i++)
        subject[i] = i / 4;
    hl_mt19937_seed(&g, 1);
    ok(hl_candidates_draw("val", subject, 60, 20, true, &g, &k, NULL) == HL_OK);
    is_int(k.n, 60 * 20);
    for (size_t i = 60; i < k.n; i++) {
        ok(subject[k.at[i].row] != subject[k.at[i].query]);
        for (size_t j = i + 1; j < k.n && k.at[j].query == k.at[i].query; j++)
            ok(k.at[j].row != k.at[i].row);
    }
    free(k.at);
}

static void too_few_candidates_are_refused_with_the_numbers(void)
{
    int64_t subject[] = {1, 1, 1, 2};
    hl_mt19937 g;
    hl_candidates k;
    hl_error err = {0};

    hl_mt19937_seed(&g, 0);
    is_int(hl_candidates_draw("test", subject, 4, 5, false, &g, &k, &err), HL_E_INPUT);
    like(err.message, "test has 4 rows: too few for --candidate-n 5 (every query needs 4 others)");
    is_int(hl_candidates_draw("test", subject, 4, 3, true, &g, &k, &err), HL_E_INPUT);
    like(err.message, "test: query 0 has 1 rows of other patients, --candidate-n 3 needs 2");
    is_int(hl_candidates_draw("test", subject, 1, 2, false, &g, &k, &err), HL_E_INPUT);
    is_int(hl_candidates_draw("test", subject, 0, 2, false, &g, &k, &err), HL_E_INPUT);
    ok(k.at == NULL);
}

int main(void)
{
    run(the_published_split_comes_out_byte_for_byte);
    run(the_default_leaves_out_labels_and_percentiles_of_missing_values);
    run(a_laboratory_value_that_train_never_has_stops_compat_alone);
    run(columns_are_kept_when_asked_for);
    run(distinct_patients_gives_no_query_its_own_patient);
    run(no_patient_is_in_two_splits);
    run(by_patient_every_row_is_in_one_split_in_table_order);
    run(by_patient_the_order_of_rows_does_not_matter);
    run(splits_that_cannot_be_filled_are_refused_with_the_numbers);
    run(negatives_are_those_of_the_published_script);
    run(candidates_of_other_patients_are_distinct_rows);
    run(too_few_candidates_are_refused_with_the_numbers);
    return done();
}
