#include "base/sort.h"

#include "base/rng.h"
#include "tap.h"

typedef struct {
    int32_t key;
    int32_t was;   /* place before sorting */
    char rest[20]; /* so that the size can be any */
} item;

static int by_key(const void *a, const void *b, void *ctx)
{
    const item *x = a, *y = b;

    ++*(int64_t *)ctx;
    return (x->key > y->key) - (x->key < y->key);
}

static void equal_items_keep_their_order(void)
{
    static const size_t sizes[] = {0, 1, 2, 3, 11, 12, 13, 24, 25, 100, 1000, 4097};
    hl_rng rng = hl_rng_of(1, "sort", 0);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int kinds = 1; kinds < 10000; kinds *= 7) {
            size_t n = sizes[s];
            int64_t calls = 0;
            item *at = calloc(n + 1, sizeof *at);
            for (size_t i = 0; i < n; i++)
                at[i] =
                    (item){.key = (int32_t)hl_rng_below(&rng, (uint64_t)kinds), .was = (int32_t)i};
            is_int(hl_sort_stable(at, n, sizeof *at, by_key, &calls, NULL), HL_OK);
            for (size_t i = 1; i < n; i++)
                if (!ok(at[i - 1].key < at[i].key ||
                        (at[i - 1].key == at[i].key && at[i - 1].was < at[i].was)))
                    break;
            free(at);
        }
}

static int by_bytes(const void *a, const void *b, void *ctx)
{
    return memcmp(a, b, *(size_t *)ctx);
}

static void items_of_every_size_are_sorted(void)
{
    enum { N = 300 };
    hl_rng rng = hl_rng_of(1, "sort", 1);
    for (size_t size = 1; size <= 40; size++) {
        unsigned char *at = malloc(N * size);
        unsigned sum = 0, after = 0;
        for (size_t i = 0; i < N * size; i++)
            sum += at[i] = (unsigned char)hl_rng_below(&rng, 3);
        is_int(hl_sort_stable(at, N, size, by_bytes, &size, NULL), HL_OK);
        for (size_t i = 1; i < N; i++)
            if (!ok(memcmp(at + (i - 1) * size, at + i * size, size) <= 0))
                break;
        for (size_t i = 0; i < N * size; i++)
            after += at[i];
        is_int(after, sum);
        free(at);
    }
}

static void a_sorted_list_takes_few_comparisons(void)
{
    enum { N = 10000 };
    item *at = calloc(N, sizeof *at);
    int64_t calls = 0;
    for (int i = 0; i < N; i++)
        at[i].key = i;
    hl_sort_stable(at, N, sizeof *at, by_key, &calls, NULL);
    ok(calls < 2 * N);
    free(at);
}

static void a_size_that_does_not_fit_is_refused(void)
{
    char one[2] = {0};
    hl_error err = {0};
    size_t size = 1;
    is_int(hl_sort_stable(one, SIZE_MAX / 2, 4, by_bytes, &size, &err), HL_E_LIMIT);
    like(err.message, "out of memory (sorting");
}

static bool read_numbers(FILE *f, size_t n, int64_t *out)
{
    for (size_t i = 0; i < n; i++)
        if (fscanf(f, "%" SCNd64, out + i) != 1)
            return false;
    return true;
}

static void argsort_gives_numpys_permutation(void)
{
    enum { MOST = 400 };
    FILE *f = fopen(fixture("rules/sort.txt"), "r");
    int64_t keys[MOST], want[MOST], n;
    size_t order[MOST];
    int n_cases = 0;
    if (!ok(f != NULL))
        return;
    while (read_numbers(f, 1, &n)) {
        if (!ok(n > 0 && n <= MOST) || !ok(read_numbers(f, (size_t)n, keys)) ||
            !ok(read_numbers(f, (size_t)n, want)))
            break;
        hl_argsort_numpy(keys, (size_t)n, order);
        for (int64_t i = 0; i < n; i++)
            if ((int64_t)order[i] != want[i]) {
                tap_check(false, __FILE__, __LINE__, "case %d (n = %" PRId64 "), place %" PRId64,
                          n_cases, n, i);
                break;
            }
        n_cases++;
    }
    is_int(n_cases, 52);
    fclose(f);
}

static void argsort_sorts_large_and_one_sided_lists(void)
{
    enum { N = 50000 };
    int64_t *keys = malloc(N * sizeof *keys);
    size_t *order = malloc(N * sizeof *order);
    unsigned char *seen = malloc(N);
    hl_rng rng = hl_rng_of(1, "argsort", 0);
    for (int kind = 0; kind < 5; kind++) {
        for (int64_t i = 0; i < N; i++)
            keys[i] = kind == 0   ? i
                      : kind == 1 ? -i
                      : kind == 2 ? 7
                      : kind == 3 ? (i < N / 2 ? i : N - i) /* an organ pipe */
                                  : (int64_t)hl_rng_u64(&rng);
        hl_argsort_numpy(keys, N, order);
        memset(seen, 0, N);
        for (size_t i = 0; i < N; i++) {
            if (!ok(order[i] < N && !seen[order[i]]) ||
                !ok(i == 0 || keys[order[i - 1]] <= keys[order[i]]))
                break;
            seen[order[i]] = 1;
        }
    }
    hl_argsort_numpy(keys, 0, order);
    free(keys);
    free(order);
    free(seen);
}

int main(void)
{
    run(equal_items_keep_their_order);
    run(items_of_every_size_are_sorted);
    run(a_sorted_list_takes_few_comparisons);
    run(a_size_that_does_not_fit_is_refused);
    run(argsort_gives_numpys_permutation);
    run(argsort_sorts_large_and_one_sided_lists);
    return done();
}
