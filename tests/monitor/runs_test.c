#include "tap.h"

#include "base/sort.h"
#include "monitor/runs.h"

typedef struct {
    int64_t key;
    int64_t order; /* in which it was added */
} item;

static int by_key(const void *a, const void *b, void *ctx)
{
    const item *x = a, *y = b;

    ++*(int64_t *)ctx;
    return (x->key > y->key) - (x->key < y->key);
}

/* n items of few different keys through memory bytes, compared with a plain stable sort. */
static void round_trip(size_t n, size_t memory, bool ascending)
{
    char folder[300];
    hl_runs *r = NULL;
    hl_error err = {0};
    int64_t n_compared = 0;
    uint64_t dice = 99;
    item *all = calloc(n + 1, sizeof *all);
    const void *got;
    hl_names left = {0};

    snprintf(folder, sizeof folder, "%s", temp_folder());
    ok(hl_runs_new(sizeof(item), memory, folder, by_key, &n_compared, &r, &err) == HL_OK);
    for (size_t i = 0; i < n; i++) {
        dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
        all[i] = (item){.key = ascending ? (int64_t)i / 3 : (int64_t)(dice >> 40) % 50,
                        .order = (int64_t)i};
        ok(hl_runs_add(r, &all[i], &err) == HL_OK);
    }
    is_int(hl_runs_count(r), n);
    ok(hl_runs_sort(r, &err) == HL_OK);
    ok(hl_sort_stable(all, n, sizeof *all, by_key, &n_compared, &err) == HL_OK);
    size_t i = 0;
    for (; hl_runs_next(r, &got, &err) == HL_OK && i < n; i++)
        if (memcmp(got, &all[i], sizeof *all) != 0)
            break;
    is_int(i, n);
    ok(hl_runs_next(r, &got, &err) == HL_END || n == 0 || i < n);
    ok(hl_list_folder(folder, &left, &err) == HL_OK);
    is_int(left.n, n * sizeof(item) > memory / 2 && n > 64);
    hl_names_free(&left);
    hl_runs_free(&r);
    ok(r == NULL);
    ok(hl_list_folder(folder, &left, &err) == HL_OK && left.n == 0);
    hl_names_free(&left);
    rmdir(folder);
    free(all);
}

static void items_come_in_order_and_equal_ones_as_they_were_added(void)
{
    static const size_t sizes[] = {0, 1, 2, 63, 64, 65, 1023, 1024, 1025, 5000, 20000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        round_trip(sizes[i], 1 << 20, false); /* in memory */
        round_trip(sizes[i], 0, false);       /* runs of 64 items */
        round_trip(sizes[i], 9000, false);
        round_trip(sizes[i], 9000, true);
    }
}

static void a_folder_that_is_not_there_is_an_error(void)
{
    hl_runs *r = NULL;
    hl_error err = {0};
    int64_t n = 0;
    item x = {0};
    hl_code c = hl_runs_new(sizeof(item), 0, "/nowhere/at/all", by_key, &n, &r, &err);

    for (int i = 0; c == HL_OK && i < 100; i++)
        c = hl_runs_add(r, &x, &err);
    ok(c == HL_E_IO || c == HL_E_INPUT);
    like(err.message, "/nowhere/at/all");
    hl_runs_free(&r);
    hl_runs_free(&r);
}

int main(void)
{
    run(items_come_in_order_and_equal_ones_as_they_were_added);
    run(a_folder_that_is_not_there_is_an_error);
    return done();
}
