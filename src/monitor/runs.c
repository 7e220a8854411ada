#include "monitor/runs.h"

#include "base/sort.h"

enum { FIRST_ITEMS = 1024, MIN_BUFFER_ITEMS = 64 };

/* One sorted run in the file, read piece by piece. */
typedef struct {
    int64_t at, end; /* bytes of the file not yet in the buffer */
    char *buffer;
    size_t i, n; /* items in the buffer, the next one */
} run;

struct hl_runs {
    size_t size, memory;
    const char *scratch;
    int (*compare)(const void *, const void *, void *);
    void *ctx;
    char *item; /* [cap], what is not in a run yet; after sorting without a file: all */
    size_t n, cap, max;
    int64_t n_all;
    bool sorted;
    size_t i; /* next item when there is no file */
    char path[HL_PATH_BYTES];
    hl_out *out;
    hl_in *in;
    run *run;
    size_t n_runs, cap_runs;
    size_t *heap; /* runs with items left, the least first */
    size_t n_heap;
    char *buffers;
    size_t buffer_items;
    bool is_given; /* heap[0]'s item was given and is to be stepped over */
};

hl_code hl_runs_new(size_t item_bytes, size_t memory, const char *scratch,
                    int (*compare)(const void *a, const void *b, void *ctx), void *ctx,
                    hl_runs **out, hl_error *err)
{
    hl_runs *r = calloc(1, sizeof *r);

    *out = r;
    if (!r)
        return hl_fail_memory(err, "sorting", sizeof *r);
    r->size = item_bytes;
    r->memory = memory;
    r->scratch = scratch;
    r->compare = compare;
    r->ctx = ctx;
    r->max = memory / 2 / item_bytes; /* the other half is the sort's own */
    if (r->max < MIN_BUFFER_ITEMS)
        r->max = MIN_BUFFER_ITEMS;
    return HL_OK;
}

static hl_code sort_items(hl_runs *r, hl_error *err)
{
    /* Messages come nearly in order: often there is nothing to do. */
    for (size_t i = 1; i < r->n; i++)
        if (r->compare(r->item + (i - 1) * r->size, r->item + i * r->size, r->ctx) > 0)
            return hl_sort_stable(r->item, r->n, r->size, r->compare, r->ctx, err);
    return HL_OK;
}

static hl_code open_file(hl_runs *r, hl_error *err)
{
    char name[40];

    snprintf(name, sizeof name, "runs-%016llx", (unsigned long long)hl_nonce());
    hl_code c = hl_path_join(r->scratch, name, r->path, err);
    if (c == HL_OK)
        c = hl_out_create(r->path, &r->out, err);
    if (c != HL_OK)
        r->path[0] = 0;
    return c;
}

static hl_code spill(hl_runs *r, hl_error *err)
{
    hl_code c = r->out ? HL_OK : open_file(r, err);

    if (c == HL_OK)
        c = sort_items(r, err);
    if (c != HL_OK)
        return c;
    if (r->n_runs == r->cap_runs) {
        size_t cap = r->cap_runs ? r->cap_runs * 2 : 16;
        run *more = realloc(r->run, cap * sizeof *more);
        if (!more)
            return hl_fail_memory(err, "sorting", cap * sizeof *more);
        r->run = more;
        r->cap_runs = cap;
    }
    int64_t at = hl_out_bytes(r->out);
    int64_t bytes = (int64_t)(r->n * r->size);
    c = hl_out_write(r->out, r->item, r->n * r->size, err);
    r->run[r->n_runs++] = (run){.at = at, .end = at + bytes};
    r->n = 0;
    return c;
}

hl_code hl_runs_add(hl_runs *r, const void *item, hl_error *err)
{
    if (r->n == r->cap) {
        if (r->cap == r->max) {
            hl_code c = spill(r, err);
            if (c != HL_OK)
                return c;
        } else {
            size_t cap = r->cap ? r->cap * 2 : FIRST_ITEMS;
            cap = cap < r->max ? cap : r->max;
            char *more = realloc(r->item, cap * r->size);
            if (!more)
                return hl_fail_memory(err, "sorting", cap * r->size);
            r->item = more;
            r->cap = cap;
        }
    }
    memcpy(r->item + r->n * r->size, item, r->size);
    r->n++;
    r->n_all++;
    return HL_OK;
}

int64_t hl_runs_count(const hl_runs *r)
{
    return r->n_all;
}

/* --- merging ------------------------------------------------------------------------------------
 */

static hl_code fill(hl_runs *r, run *x, hl_error *err)
{
    size_t bytes = r->buffer_items * r->size, got;
    int64_t left = x->end - x->at;

    x->i = x->n = 0;
    if ((int64_t)bytes > left)
        bytes = (size_t)left;
    if (bytes == 0)
        return HL_OK;
    hl_code c = hl_in_pread(r->in, x->buffer, bytes, x->at, &got, err);
    if (c != HL_OK)
        return c;
    if (got != bytes)
        return hl_fail_at(err, HL_E_IO, r->path, 0, x->at + (int64_t)got,
                          "the file became shorter while it was in use");
    x->at += (int64_t)bytes;
    x->n = bytes / r->size;
    return HL_OK;
}

static const char *head(const hl_runs *r, size_t i_run)
{
    return r->run[i_run].buffer + r->run[i_run].i * r->size;
}

/* Runs are in the order in which their items were added. */
static bool goes_first(const hl_runs *r, size_t a, size_t b)
{
    int order = r->compare(head(r, a), head(r, b), r->ctx);

    return order < 0 || (order == 0 && a < b);
}

static void sift(hl_runs *r, size_t i)
{
    size_t x = r->heap[i];

    for (size_t j = 2 * i + 1; j < r->n_heap; j = 2 * i + 1) {
        if (j + 1 < r->n_heap && goes_first(r, r->heap[j + 1], r->heap[j]))
            j++;
        if (!goes_first(r, r->heap[j], x))
            break;
        r->heap[i] = r->heap[j];
        i = j;
    }
    r->heap[i] = x;
}

static hl_code begin_merge(hl_runs *r, hl_error *err)
{
    hl_code c = r->n > 0 ? spill(r, err) : HL_OK;

    free(r->item);
    r->item = NULL;
    if (c == HL_OK)
        c = hl_out_commit(&r->out, NULL, err);
    if (c == HL_OK)
        c = hl_in_open(r->path, &r->in, err);
    if (c != HL_OK)
        return c;
    r->buffer_items = r->memory / 2 / r->n_runs / r->size;
    if (r->buffer_items < MIN_BUFFER_ITEMS)
        r->buffer_items = MIN_BUFFER_ITEMS;
    size_t bytes = r->buffer_items * r->size;
    if (!hl_mul_size(bytes, r->n_runs, &bytes))
        return hl_fail_memory(err, "sorting", SIZE_MAX);
    r->buffers = malloc(bytes);
    r->heap = malloc(r->n_runs * sizeof *r->heap);
    if (!r->buffers || !r->heap)
        return hl_fail_memory(err, "sorting", bytes);
    for (size_t i = 0; c == HL_OK && i < r->n_runs; i++) {
        r->run[i].buffer = r->buffers + i * r->buffer_items * r->size;
        c = fill(r, &r->run[i], err);
        r->heap[i] = i;
    }
    r->n_heap = r->n_runs;
    for (size_t i = r->n_heap / 2; c == HL_OK && i-- > 0;)
        sift(r, i);
    return c;
}

hl_code hl_runs_sort(hl_runs *r, hl_error *err)
{
    hl_assert(!r->sorted);
    r->sorted = true;
    return r->out ? begin_merge(r, err) : sort_items(r, err);
}

/* Past the item that was given. */
static hl_code step(hl_runs *r, hl_error *err)
{
    run *x = &r->run[r->heap[0]];

    if (++x->i == x->n) {
        hl_code c = fill(r, x, err);
        if (c != HL_OK)
            return c;
        if (x->n == 0)
            r->heap[0] = r->heap[--r->n_heap];
    }
    if (r->n_heap > 0)
        sift(r, 0);
    return HL_OK;
}

hl_code hl_runs_next(hl_runs *r, const void **item, hl_error *err)
{
    hl_assert(r->sorted);
    if (!r->in) {
        if (r->i == r->n)
            return HL_END;
        *item = r->item + r->i++ * r->size;
        return HL_OK;
    }
    if (r->is_given) {
        r->is_given = false;
        hl_code c = step(r, err);
        if (c != HL_OK)
            return c;
    }
    if (r->n_heap == 0)
        return HL_END;
    *item = head(r, r->heap[0]);
    r->is_given = true;
    return HL_OK;
}

void hl_runs_free(hl_runs **runs)
{
    hl_runs *r = runs ? *runs : NULL;

    if (!r)
        return;
    hl_out_abort(&r->out);
    hl_in_close(&r->in);
    if (r->path[0])
        hl_remove_tree(r->path, NULL);
    free(r->item);
    free(r->run);
    free(r->heap);
    free(r->buffers);
    free(r);
    *runs = NULL;
}
