#include "monitor/annotator.h"

#include "monitor/runs.h"

enum { CHUNK = 4096 }; /* annotations that are encoded at once */

struct hl_annotator {
    hl_events *e;
    hl_mark_text text;
    const void *ctx;
    hl_runs *runs;
    hl_buf left, right; /* texts that are compared */
};

static hl_str text_of(hl_annotator *a, const hl_event_mark *m, hl_buf *to)
{
    hl_buf_clear(to);
    a->text(a->ctx, m, to);
    hl_str text = {to->at, to->n};
    return (hl_str){text.at, hl_label_cut(text, HL_AUX_MAX)};
}

static int compare_marks(const void *left, const void *right, void *ctx)
{
    const hl_event_mark *x = left, *y = right;
    hl_annotator *a = ctx;

    if (x->tick != y->tick)
        return x->tick < y->tick ? -1 : 1;
    if (x->chan != y->chan)
        return x->chan < y->chan ? -1 : 1;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    if (x->subtype != y->subtype)
        return x->subtype < y->subtype ? -1 : 1;
    if (x->code == y->code && x->a == y->a && x->b == y->b)
        return 0;
    return hl_str_compare(text_of(a, x, &a->left), text_of(a, y, &a->right));
}

hl_code hl_annotator_new(hl_events *e, hl_mark_text text, const void *ctx, hl_annotator **out,
                         hl_error *err)
{
    hl_annotator *a = *out = calloc(1, sizeof *a);

    if (!a)
        return hl_fail_memory(err, "annotations", sizeof *a);
    a->e = e;
    a->text = text;
    a->ctx = ctx;
    return hl_runs_new(sizeof(hl_event_mark), HL_EVENT_MEMORY, e->options->scratch, compare_marks,
                       a, &a->runs, err);
}

hl_code hl_annotator_add(hl_annotator *a, const hl_event_mark *m, hl_error *err)
{
    return hl_runs_add(a->runs, m, err);
}

/*
 * The file is encoded chunk by chunk. Each but the first begins with the annotation that went
 * before it, whose own bytes are then left out: so the times and what is sticky (chan, num) go on
 * as if all had been encoded at once.
 */
typedef struct {
    hl_out *out;
    double clock_hz;
    hl_annotation item[CHUNK + 1];
    char text[CHUNK + 1][HL_AUX_MAX + 1];
    size_t n;
    bool has_before; /* item[0] is written already */
    hl_buf bytes, before;
} encoder;

enum { END_MARK_BYTES = 2 };

static hl_code encode(encoder *x, bool is_last, hl_error *err)
{
    hl_annotations all = {.kind = HL_ANNOTATION_MIT, .annotation = x->item, .n = x->n};
    size_t skip = 0;
    hl_code c = HL_OK;

    if (!x->has_before)
        all.clock_hz = x->clock_hz;
    hl_buf_clear(&x->bytes);
    hl_buf_clear(&x->before);
    if (x->has_before) {
        hl_annotations first = all;
        first.n = 1;
        c = hl_annotations_put(&x->before, &first, err);
        skip = x->before.n - END_MARK_BYTES;
    }
    if (c == HL_OK)
        c = hl_annotations_put(&x->bytes, &all, err);
    if (c == HL_OK)
        c = hl_buf_check(&x->bytes, "annotations", err);
    if (c != HL_OK)
        return c;
    c = hl_out_write(x->out, x->bytes.at + skip, x->bytes.n - skip - (is_last ? 0 : END_MARK_BYTES),
                     err);
    x->item[0] = x->item[x->n - 1];
    memcpy(x->text[0], x->text[x->n - 1], sizeof x->text[0]);
    x->item[0].aux.at = x->text[0];
    x->n = 1;
    x->has_before = true;
    return c;
}

static hl_code put(encoder *x, const hl_event_mark *m, hl_str text, int num, hl_error *err)
{
    hl_code c = x->n == CHUNK + 1 ? encode(x, false, err) : HL_OK;
    size_t i = x->n++;

    if (text.n > 0)
        memcpy(x->text[i], text.at, text.n);
    x->item[i] = (hl_annotation){.time = m->tick,
                                 .type = m->type,
                                 .subtype = (int8_t)m->subtype,
                                 .chan = m->chan,
                                 .num = (int8_t)num, /* beyond 127 it wraps, as the file's byte */
                                 .aux = {x->text[i], text.n}};
    return c;
}

static hl_code put_all(hl_annotator *a, encoder *x, hl_error *err)
{
    /* What the header block leaves behind: an annotation at tick 0 of chan 0. */
    hl_event_mark last = {0};
    int num = 0;
    bool any = false;
    const void *item;
    hl_code c = HL_OK;

    while (c == HL_OK && (c = hl_runs_next(a->runs, &item, err)) == HL_OK) {
        const hl_event_mark *m = item;
        if (any && compare_marks(&last, m, a) == 0)
            continue;
        num = m->tick == last.tick && m->chan == last.chan ? num + 1 : 0;
        c = put(x, m, text_of(a, m, &a->left), num, err);
        if (c == HL_OK)
            c = hl_buf_check(&a->left, "annotations", err);
        last = *m;
        any = true;
        a->e->result->n_annotations++;
    }
    return c == HL_END ? encode(x, true, err) : c;
}

hl_code hl_annotator_write(hl_annotator *a, const char *suffix, hl_error *err)
{
    char name[HL_EVENT_NAME_BYTES], path[HL_PATH_BYTES];
    const hl_stay_options *o = a->e->options;
    encoder *x = NULL;
    hl_digest digest;
    hl_code c;

    if (hl_runs_count(a->runs) == 0)
        return HL_OK;
    x = calloc(1, sizeof *x);
    if (!x)
        return hl_fail_memory(err, "annotations", sizeof *x);
    /* The converter takes the monitors' tick for a millisecond. */
    x->clock_hz = o->style == HL_STAY_DOWNCAST ? 1000 : o->tick_hz;
    c = hl_runs_sort(a->runs, err);
    if (c == HL_OK)
        c = hl_buf_check(&a->left, "annotations", err);
    if (c == HL_OK)
        c = hl_buf_check(&a->right, "annotations", err);
    if (c == HL_OK)
        c = hl_events_name(a->e, suffix, name, err);
    if (c == HL_OK)
        c = hl_events_path(a->e, name, path, err);
    if (c == HL_OK)
        c = hl_out_create(path, &x->out, err);
    if (c == HL_OK)
        c = put_all(a, x, err);
    if (c == HL_OK)
        c = hl_out_commit(&x->out, &digest, err);
    if (c == HL_OK)
        c = a->e->add(a->e->ctx, name, &digest, err);
    hl_out_abort(&x->out);
    hl_buf_free(&x->bytes);
    hl_buf_free(&x->before);
    free(x);
    return c;
}

void hl_annotator_free(hl_annotator **a)
{
    if (!a || !*a)
        return;
    hl_runs_free(&(*a)->runs);
    hl_buf_free(&(*a)->left);
    hl_buf_free(&(*a)->right);
    free(*a);
    *a = NULL;
}
