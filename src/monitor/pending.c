#include "monitor/pending.h"

#include <stdlib.h>

#include "monitor/signal_rules.h"

enum {
    KEEP_BYTES = 1 << 20, /* a larger buffer is given back once it is empty */
    BLOCK_COST = 64       /* of a block's own, for the count of bytes */
};

/* Samples of one signal without a hole. */
typedef struct {
    int64_t start; /* tick of the first one left */
    uint8_t *at;
    size_t head, n, cap; /* bytes: dropped in front, left, allocated */
} block;

typedef struct {
    const hl_wave_definition *w;
    int64_t period;
    block *block;
    size_t n, cap; /* blocks in use; those behind keep their memory */
} queue;

struct hl_pending {
    queue *queue; /* by number of signal */
    size_t n_queues;
    int32_t *active; /* signals with samples, in the order of A.5 */
    size_t n_active;
    size_t bytes;
    /* of the last chunk */
    int32_t *signal;
    const hl_wave_definition **definition;
    const uint8_t **sample;
};

hl_pending *hl_pending_new(void)
{
    return calloc(1, sizeof(hl_pending));
}

void hl_pending_free(hl_pending **pp)
{
    hl_pending *p = pp ? *pp : NULL;

    if (!p)
        return;
    for (size_t i = 0; i < p->n_queues; i++) {
        for (size_t k = 0; k < p->queue[i].cap; k++)
            free(p->queue[i].block[k].at);
        free(p->queue[i].block);
    }
    free(p->queue);
    free(p->active);
    free(p->signal);
    free(p->definition);
    free(p->sample);
    free(p);
    *pp = NULL;
}

/* --- adding ----------------------------------------------------------------------------------- */

static bool grow_array(void *array, size_t n, size_t item_bytes)
{
    void *more, **at = array;
    size_t bytes;

    if (!hl_mul_size(n, item_bytes, &bytes) || !(more = realloc(*at, bytes)))
        return false;
    *at = more;
    return true;
}

static hl_code make_queues(hl_pending *p, size_t n, hl_error *err)
{
    if (n <= p->n_queues)
        return HL_OK;
    n = n < 16 ? 16 : n + n / 2;
    if (!grow_array(&p->queue, n, sizeof *p->queue) ||
        !grow_array(&p->active, n, sizeof *p->active) ||
        !grow_array(&p->signal, n, sizeof *p->signal) ||
        !grow_array(&p->definition, n, sizeof *p->definition) ||
        !grow_array(&p->sample, n, sizeof *p->sample))
        return hl_fail_memory(err, "pending signals", n);
    memset(p->queue + p->n_queues, 0, (n - p->n_queues) * sizeof *p->queue);
    p->n_queues = n;
    return HL_OK;
}

static int64_t block_end(const queue *q, const block *b)
{
    return b->start + (int64_t)(b->n / 2) * q->period;
}

static hl_code append(hl_pending *p, block *b, const uint8_t *sample, size_t bytes, hl_error *err)
{
    if (b->cap - b->n < bytes) {
        size_t cap;
        if (!hl_add_size(b->n, bytes, &cap) || !hl_add_size(cap, cap / 2, &cap))
            return hl_fail_memory(err, "pending samples", bytes);
        if (b->head > 0)
            memmove(b->at, b->at + b->head, b->n);
        b->head = 0;
        if (!grow_array(&b->at, cap, 1))
            return hl_fail_memory(err, "pending samples", cap);
        b->cap = cap;
    } else if (b->cap - b->head - b->n < bytes) {
        memmove(b->at, b->at + b->head, b->n);
        b->head = 0;
    }
    memcpy(b->at + b->head + b->n, sample, bytes);
    b->n += bytes;
    p->bytes += bytes;
    return HL_OK;
}

static hl_code new_block(hl_pending *p, queue *q, int64_t start, block **out, hl_error *err)
{
    if (q->n == q->cap) {
        size_t cap = q->cap ? 2 * q->cap : 1;
        if (!grow_array(&q->block, cap, sizeof *q->block))
            return hl_fail_memory(err, "pending samples", cap);
        memset(q->block + q->cap, 0, (cap - q->cap) * sizeof *q->block);
        q->cap = cap;
    }
    *out = &q->block[q->n++];
    (*out)->start = start;
    (*out)->head = (*out)->n = 0;
    p->bytes += BLOCK_COST;
    return HL_OK;
}

static void activate(hl_pending *p, int32_t signal)
{
    size_t i = p->n_active++;

    for (; i > 0 && hl_signal_compare(p->queue[p->active[i - 1]].w, p->queue[signal].w) > 0; i--)
        p->active[i] = p->active[i - 1];
    p->active[i] = signal;
}

hl_code hl_pending_add(hl_pending *p, int32_t signal, const hl_wave_definition *w, int64_t start,
                       const uint8_t *sample, int64_t n, hl_error *err)
{
    hl_code c = make_queues(p, (size_t)signal + 1, err);
    const size_t bytes = (size_t)n * 2;
    queue *q;
    block *b = NULL;

    if (c != HL_OK || n <= 0)
        return c;
    q = &p->queue[signal];
    q->w = w;
    q->period = w->sample_period;
    /* What goes on a run, or repeats its end with the same samples, becomes one block with it. */
    for (size_t i = 0; i < q->n; i++) {
        block *old = &q->block[i];
        const int64_t into = start - old->start;
        size_t skip, same;
        if (into < 0 || into % q->period != 0 || start > block_end(q, old))
            continue;
        skip = (size_t)(into / q->period) * 2;
        same = old->n - skip < bytes ? old->n - skip : bytes;
        if (memcmp(old->at + old->head + skip, sample, same) == 0)
            return append(p, old, sample + same, bytes - same, err);
    }
    c = new_block(p, q, start, &b, err);
    if (c == HL_OK)
        c = append(p, b, sample, bytes, err);
    if (c == HL_OK && q->n == 1)
        activate(p, signal);
    return c;
}

/* --- taking ----------------------------------------------------------------------------------- */

/* The block that counts: the earliest; of several, the one whose samples compare lower as bytes.
 * The original keeps pairs of start and bytes in a heap; kept. */
static const block *top(const queue *q)
{
    const block *best = &q->block[0];

    for (size_t i = 1; i < q->n; i++) {
        const block *b = &q->block[i];
        size_t n = b->n < best->n ? b->n : best->n;
        int order = b->start < best->start ? -1 : b->start > best->start;
        if (order == 0)
            order = memcmp(b->at + b->head, best->at + best->head, n);
        if (order == 0)
            order = b->n < best->n ? -1 : 0;
        if (order < 0)
            best = b;
    }
    return best;
}

bool hl_pending_chunk(hl_pending *p, hl_chunk *out)
{
    int64_t start = INT64_MAX, end = INT64_MAX;
    int32_t n = 0;

    if (p->n_active == 0)
        return false;
    for (size_t i = 0; i < p->n_active; i++) {
        const queue *q = &p->queue[p->active[i]];
        const block *b = top(q);
        if (b->start < start) {
            end = start;
            start = b->start;
            n = 0;
        }
        if (b->start > start) {
            end = b->start < end ? b->start : end;
            continue;
        }
        end = block_end(q, b) < end ? block_end(q, b) : end;
        p->signal[n] = p->active[i];
        p->definition[n] = q->w;
        p->sample[n] = b->at + b->head;
        n++;
    }
    *out = (hl_chunk){start, end, n, p->signal, p->definition, p->sample};
    return true;
}

/* Take samples before t off a block; false when none is left. */
static bool shorten(hl_pending *p, const queue *q, block *b, int64_t t)
{
    size_t n;
    int64_t k;

    if (b->start >= t)
        return true;
    k = (t - b->start + q->period - 1) / q->period;
    n = (uint64_t)k < b->n / 2 ? (size_t)k * 2 : b->n;
    b->start += k * q->period;
    b->head += n;
    b->n -= n;
    p->bytes -= n;
    return b->n > 0;
}

static void drop_of_queue(hl_pending *p, queue *q, int64_t t)
{
    for (size_t i = 0; i < q->n;) {
        block gone = {0};
        if (shorten(p, q, &q->block[i], t)) {
            i++;
            continue;
        }
        gone = q->block[i];
        if (gone.cap > KEEP_BYTES) {
            free(gone.at);
            gone = (block){0};
        }
        q->block[i] = q->block[--q->n];
        q->block[q->n] = gone;
        p->bytes -= BLOCK_COST;
    }
}

void hl_pending_drop(hl_pending *p, int64_t t)
{
    size_t k = 0;

    for (size_t i = 0; i < p->n_active; i++) {
        queue *q = &p->queue[p->active[i]];
        drop_of_queue(p, q, t);
        if (q->n > 0)
            p->active[k++] = p->active[i];
    }
    p->n_active = k;
}

size_t hl_pending_bytes(const hl_pending *p)
{
    return p->bytes;
}
