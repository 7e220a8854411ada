#include "base/sort.h"

/* --- stable merge sort -------------------------------------------------------------------------
 */

typedef int (*compare_fn)(const void *a, const void *b, void *ctx);

enum { RUN = 12 }; /* items that insertion sort puts in order before merging begins */

/* size is a constant at every place where this is inlined, but for items of a rare size, so that
 * the copies are moves. tmp: one item. */
static inline __attribute__((always_inline)) void
sort_runs(char *at, size_t n, size_t size, compare_fn compare, void *ctx, char *tmp)
{
    for (size_t start = 0; start < n; start += RUN) {
        size_t end = n - start > RUN ? start + RUN : n;
        for (size_t i = start + 1; i < end; i++) {
            size_t j = i;
            if (compare(at + (i - 1) * size, at + i * size, ctx) <= 0)
                continue;
            memcpy(tmp, at + i * size, size);
            do {
                memcpy(at + j * size, at + (j - 1) * size, size);
                j--;
            } while (j > start && compare(at + (j - 1) * size, tmp, ctx) > 0);
            memcpy(at + j * size, tmp, size);
        }
    }
}

/* from[a..m) and from[m..b), both sorted, to to[a..b). Of equals the left one goes first. */
static inline __attribute__((always_inline)) void merge(const char *from, char *to, size_t a,
                                                        size_t m, size_t b, size_t size,
                                                        compare_fn compare, void *ctx)
{
    size_t i = a, j = m, k = a;

    if (m < b && compare(from + (m - 1) * size, from + m * size, ctx) > 0) {
        while (i < m && j < b) {
            bool right = compare(from + i * size, from + j * size, ctx) > 0;
            memcpy(to + k * size, from + (right ? j : i) * size, size);
            j += right;
            i += !right;
            k++;
        }
    }
    memcpy(to + k * size, from + i * size, (m - i) * size);
    k += m - i;
    memcpy(to + k * size, from + j * size, (b - j) * size);
}

static inline __attribute__((always_inline)) void
merge_sort(char *at, char *scratch, size_t n, size_t size, compare_fn compare, void *ctx)
{
    char *from = at, *to = scratch;

    sort_runs(at, n, size, compare, ctx, scratch);
    for (size_t width = RUN; width < n; width *= 2) {
        for (size_t a = 0; a < n;) {
            size_t m = n - a > width ? a + width : n;
            size_t b = n - m > width ? m + width : n;
            merge(from, to, a, m, b, size, compare, ctx);
            a = b;
        }
        char *other = from;
        from = to;
        to = other;
    }
    if (from != at)
        memcpy(at, from, n * size);
}

hl_code hl_sort_stable(void *items, size_t n, size_t item_bytes,
                       int (*compare)(const void *a, const void *b, void *ctx), void *ctx,
                       hl_error *err)
{
    size_t bytes;

    if (n < 2 || item_bytes == 0)
        return HL_OK;
    if (!hl_mul_size(n, item_bytes, &bytes))
        return hl_fail_memory(err, "sorting", SIZE_MAX);
    char *scratch = malloc(bytes);
    if (!scratch)
        return hl_fail_memory(err, "sorting", bytes);
    switch (item_bytes) {
    case 4:
        merge_sort(items, scratch, n, 4, compare, ctx);
        break;
    case 8:
        merge_sort(items, scratch, n, 8, compare, ctx);
        break;
    case 16:
        merge_sort(items, scratch, n, 16, compare, ctx);
        break;
    case 24:
        merge_sort(items, scratch, n, 24, compare, ctx);
        break;
    default:
        merge_sort(items, scratch, n, item_bytes, compare, ctx);
        break;
    }
    free(scratch);
    return HL_OK;
}

/* --- numpy's introsort on indexes: symile.md 2.7, step by step ----------------------------------
 */

/* Each step must be as it is: which of several equal keys comes first depends on all of them. */

/* Put x into the heap a at place i of m, going down. Places count from 1 as in the original: place
 * i is a[i - 1]. */
static void sift(const int64_t *v, size_t *a, size_t i, size_t m, size_t x)
{
    for (size_t j = 2 * i; j <= m; j = 2 * i) {
        if (j < m && v[a[j - 1]] < v[a[j]])
            j++;
        if (v[x] >= v[a[j - 1]])
            break;
        a[i - 1] = a[j - 1];
        i = j;
    }
    a[i - 1] = x;
}

static void heap_sort(const int64_t *v, size_t *a, size_t m)
{
    for (size_t i = m / 2; i > 0; i--)
        sift(v, a, i, m, a[i - 1]);
    while (m > 1) {
        size_t x = a[m - 1];
        a[m - 1] = a[0];
        m--;
        sift(v, a, 1, m, x);
    }
}

static void insertion_sort(const int64_t *v, size_t *a, size_t m)
{
    for (size_t i = 1; i < m; i++) {
        size_t x = a[i], j = i;
        for (; j > 0 && v[x] < v[a[j - 1]]; j--)
            a[j] = a[j - 1];
        a[j] = x;
    }
}

static void swap(size_t *a, size_t *b)
{
    size_t x = *a;

    *a = *b;
    *b = x;
}

/* Part t[l..r] around its median of three, which ends at the place returned. */
static size_t partition(const int64_t *v, size_t *t, size_t l, size_t r)
{
    size_t m = l + ((r - l) >> 1);

    if (v[t[m]] < v[t[l]])
        swap(t + m, t + l);
    if (v[t[r]] < v[t[m]])
        swap(t + r, t + m);
    if (v[t[m]] < v[t[l]])
        swap(t + m, t + l);
    int64_t pivot = v[t[m]];
    size_t i = l, j = r - 1;
    swap(t + m, t + j);
    for (;;) {
        do
            i++;
        while (v[t[i]] < pivot);
        do
            j--;
        while (pivot < v[t[j]]);
        if (i >= j)
            break;
        swap(t + i, t + j);
    }
    swap(t + i, t + r - 1);
    return i;
}

void hl_argsort_numpy(const int64_t *keys, size_t n, size_t *order)
{
    enum { SMALL = 15, STACK = 64 }; /* the larger part is kept: no deeper than log2(n) */
    struct {
        size_t l, r;
        int depth;
    } stack[STACK];
    size_t n_stack = 0;

    for (size_t i = 0; i < n; i++)
        order[i] = i;
    if (n < 2)
        return;
    size_t l = 0, r = n - 1;
    int depth = 2 * (63 - __builtin_clzll((unsigned long long)n));
    for (;;) {
        if (depth < 0) {
            heap_sort(keys, order + l, r + 1 - l);
        } else {
            while (r - l > SMALL) { /* l < i < r: neither part is empty */
                size_t i = partition(keys, order, l, r);
                depth--;
                hl_assert(n_stack < STACK);
                if (i - l < r - i) {
                    stack[n_stack].l = i + 1;
                    stack[n_stack].r = r;
                    stack[n_stack++].depth = depth;
                    r = i - 1;
                } else {
                    stack[n_stack].l = l;
                    stack[n_stack].r = i - 1;
                    stack[n_stack++].depth = depth;
                    l = i + 1;
                }
            }
            insertion_sort(keys, order + l, r + 1 - l);
        }
        if (n_stack == 0)
            return;
        n_stack--;
        l = stack[n_stack].l;
        r = stack[n_stack].r;
        depth = stack[n_stack].depth;
    }
}
