#include "cohort/ecdf.h"

#include "base/sort.h"

static double pairwise(const double *a, size_t n)
{
    if (n < 8) {
        double sum = -0.0;
        for (size_t i = 0; i < n; i++)
            sum += a[i];
        return sum;
    }
    if (n <= 128) {
        double r[8];
        size_t i;
        for (size_t j = 0; j < 8; j++)
            r[j] = a[j];
        for (i = 8; i + 8 <= n; i += 8)
            for (size_t j = 0; j < 8; j++)
                r[j] += a[i + j];
        double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
        for (; i < n; i++)
            sum += a[i];
        return sum;
    }
    size_t half = n / 2;
    half -= half % 8;
    return pairwise(a, half) + pairwise(a + half, n - half);
}

double hl_sum_numpy(const double *a, size_t n)
{
    double total = 0.0;

    for (size_t i = 0; i < n; i += 8192)
        total += pairwise(a + i, n - i < 8192 ? n - i : 8192);
    return total;
}

static int compare_f64(const void *a, const void *b, void *ctx)
{
    double x = *(const double *)a, y = *(const double *)b;
    (void)ctx;
    return (x > y) - (x < y);
}

/* numpy.linspace(1/n, 1, n). */
static void fill_steps(hl_ecdf *e)
{
    double start = 1.0 / (double)e->n;

    if (e->n > 1) {
        double step = (1.0 - start) / (double)(e->n - 1);
        for (size_t k = 0; k < e->n; k++)
            e->y[k] = (double)k * step + start;
    }
    e->y[e->n - 1] = 1.0;
}

hl_code hl_ecdf_make(const hl_column *column, const int64_t *row, size_t n_rows, hl_ecdf *out,
                     hl_error *err)
{
    hl_ecdf e = {.n_rows = n_rows, .mean = 0.5};
    double *rank = malloc((n_rows + 1) * sizeof *rank);
    hl_code c = HL_OK;

    e.x = malloc((n_rows + 1) * sizeof *e.x);
    e.y = malloc((n_rows + 1) * sizeof *e.y);
    if (!rank || !e.x || !e.y)
        c = hl_fail_memory(err, "percentiles", n_rows * 24);
    for (size_t i = 0; c == HL_OK && i < n_rows; i++)
        if (column->valid[row[i]])
            e.x[e.n++] = hl_column_number(column, (size_t)row[i]);
    if (c == HL_OK)
        c = hl_sort_stable(e.x, e.n, sizeof *e.x, compare_f64, NULL, err);
    if (c == HL_OK && e.n) {
        fill_steps(&e);
        for (size_t i = 0; i < n_rows; i++)
            rank[i] = column->valid[row[i]]
                          ? hl_ecdf_at(&e, hl_column_number(column, (size_t)row[i]))
                          : 0.0;
        e.mean = hl_sum_numpy(rank, n_rows) / (double)e.n;
    }
    free(rank);
    if (c != HL_OK)
        hl_ecdf_free(&e);
    *out = e;
    return c;
}

void hl_ecdf_free(hl_ecdf *e)
{
    free(e->x);
    free(e->y);
    *e = (hl_ecdf){0};
}

double hl_ecdf_at(const hl_ecdf *e, double v)
{
    size_t from = 0, end = e->n;

    /* First index whose value is above v. */
    while (from < end) {
        size_t mid = from + (end - from) / 2;
        if (e->x[mid] <= v)
            from = mid + 1;
        else
            end = mid;
    }
    return from == 0 ? 0.0 : e->y[from - 1];
}
