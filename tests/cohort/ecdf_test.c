#include "cohort/ecdf.h"

#include "base/rng.h"
#include "words.h"

/* A table of one column of numbers, from words. */
static hl_table *column_of(char **p, size_t n, hl_column **out)
{
    hl_table *t = NULL;
    double v;

    ok(hl_table_new("values", n, &t, NULL) == HL_OK);
    *out = hl_table_add(t, "x", HL_COL_F64);
    for (size_t i = 0; i < n; i++)
        if (next_double(p, &v))
            hl_column_set_f64(*out, i, v);
    return t;
}

/* n rows in order: 0, 1, ... */
static int64_t *rows_of(size_t n)
{
    int64_t *row = malloc((n + 1) * sizeof *row);
    for (size_t i = 0; i < n; i++)
        row[i] = (int64_t)i;
    return row;
}

static void check_percentiles(char *p)
{
    size_t n = (size_t)next_int(&p), m = (size_t)next_int(&p);
    uint64_t mean = next_bits(&p);
    hl_column *x, *q;
    hl_table *train = column_of(&p, n, &x), *queries = column_of(&p, m, &q);
    int64_t *row = rows_of(n);
    hl_ecdf e;

    ok(hl_ecdf_make(x, row, n, &e, NULL) == HL_OK);
    is_int(e.n_rows, n);
    is_int(bits_of(e.mean), mean);
    for (size_t i = 0; i < m; i++) {
        double want;
        bool there = next_double(&p, &want);
        if (q->valid[i])
            is_int(bits_of(hl_ecdf_at(&e, q->f64[i])), bits_of(want));
        else if (there)
            is_int(bits_of(want), bits_of(e.y[e.n - 1])); /* the last step: 1, when train has no gap */
        else
            ok(e.n < e.n_rows);
    }
    hl_ecdf_free(&e);
    free(row);
    hl_table_free(&train);
    hl_table_free(&queries);
}

static void check_steps(char *p)
{
    size_t n = (size_t)next_int(&p);
    hl_table *t = NULL;
    int64_t *row = rows_of(n);
    hl_ecdf e;

    ok(hl_table_new("values", n, &t, NULL) == HL_OK);
    hl_column *x = hl_table_add(t, "x", HL_COL_I64);
    for (size_t i = 0; i < n; i++)
        hl_column_set_i64(x, i, (int64_t)(n - i));
    ok(hl_ecdf_make(x, row, n, &e, NULL) == HL_OK);
    for (size_t i = 0; i < n; i++) {
        is_int(bits_of(e.y[i]), next_bits(&p));
        ok(e.x[i] == (double)(i + 1));
    }
    hl_ecdf_free(&e);
    free(row);
    hl_table_free(&t);
}

static void check_sum(char *p)
{
    hl_mt19937 g;
    hl_mt19937_seed(&g, (uint32_t)next_int(&p));
    size_t n = (size_t)next_int(&p);
    double *a = malloc(n * sizeof *a);

    for (size_t i = 0; i < n; i++)
        a[i] = (double)hl_mt19937_u32(&g) / 4294967296.0;
    is_int(bits_of(hl_sum_numpy(a, n)), next_bits(&p));
    free(a);
}

static int n_percentiles, n_steps, n_sums;

static void check_line(const char *kind, char *p)
{
    if (strcmp(kind, "ecdf") == 0 && ++n_percentiles)
        check_percentiles(p);
    else if (strcmp(kind, "steps") == 0 && ++n_steps)
        check_steps(p);
    else if (strcmp(kind, "sum") == 0 && ++n_sums)
        check_sum(p);
}

static void percentiles_and_sums_are_those_of_statsmodels_and_numpy(void)
{
    each_line("rules/cohort.txt", check_line);
    is_int(n_percentiles, 6);
    is_int(n_steps, 6);
    is_int(n_sums, 26);
}

static void nothing_sums_to_zero(void)
{
    double none = 0;
    is_int(bits_of(hl_sum_numpy(&none, 0)), 0);
}

static void without_a_value_the_mean_is_one_half(void)
{
    hl_table *t = NULL;
    int64_t row[] = {0, 1};
    hl_ecdf e;

    ok(hl_table_new("values", 2, &t, NULL) == HL_OK);
    hl_column *x = hl_table_add(t, "x", HL_COL_F64);
    ok(hl_ecdf_make(x, row, 2, &e, NULL) == HL_OK);
    is_int(e.n, 0);
    is_int(e.n_rows, 2);
    ok(e.mean == 0.5);
    hl_ecdf_free(&e);
    hl_table_free(&t);
}

static void only_the_given_rows_count(void)
{
    hl_table *t = NULL;
    int64_t row[] = {3, 1};
    hl_ecdf e;

    ok(hl_table_new("values", 4, &t, NULL) == HL_OK);
    hl_column *x = hl_table_add(t, "x", HL_COL_F64);
    for (size_t i = 0; i < 4; i++)
        hl_column_set_f64(x, i, (double)i);
    ok(hl_ecdf_make(x, row, 2, &e, NULL) == HL_OK);
    is_int(e.n, 2);
    ok(hl_ecdf_at(&e, 0) == 0);
    ok(hl_ecdf_at(&e, 1) == 0.5);
    ok(hl_ecdf_at(&e, 2.9) == 0.5);
    ok(hl_ecdf_at(&e, 3) == 1);
    ok(hl_ecdf_at(&e, INFINITY) == 1);
    ok(hl_ecdf_at(&e, -INFINITY) == 0);
    hl_ecdf_free(&e);
    hl_table_free(&t);
}

int main(void)
{
    run(percentiles_and_sums_are_those_of_statsmodels_and_numpy);
    run(nothing_sums_to_zero);
    run(without_a_value_the_mean_is_one_half);
    run(only_the_given_rows_count);
    return done();
}
