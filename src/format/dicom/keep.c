/* Values as the walk passes them: pointed to, copied, recorded, or only passed. films.md 3.8 */
#include "format/dicom/walk.h"

enum {
    MAX_KEPT_VALUE = 1 << 20,   /* inflated: longer values are not kept, but for pixel data */
    MAX_KEPT_LONG = 64 << 20,   /* inflated: values above HL_DICOM_KEEP_BYTES, together */
    MAX_KEPT_SHORT = 256 << 20, /* inflated: the others, together */
    MAX_META_VALUE = 16 << 20   /* group 0002 is always kept */
};

/* Inflated data end within the value of e. */
static hl_code cut_value(hl_walk *w, const hl_dicom_element *e)
{
    return hl_walk_fault(w, e->tag, w->header_at,
                         "its length of %lld bytes goes beyond the end of the data",
                         (long long)e->length);
}

/* Pass the value of e and give it memory of its own. */
static hl_code copy_value(hl_walk *w, hl_dicom_element *e)
{
    uint8_t *copy = hl_arena_alloc(w->d->arena, (size_t)e->length);
    int64_t got;

    if (!copy)
        return hl_walk_no_memory(w);
    const hl_code c = hl_dicom_source_pass(w->s, copy, e->length, &got, &w->err);
    if (c == HL_OK && got < e->length)
        return cut_value(w, e);
    e->value = copy;
    return c;
}

hl_code hl_walk_start_record(hl_walk *w)
{
    hl_dicom *d = w->d;

    if (d->n_kept == d->cap_kept) {
        const size_t cap = d->cap_kept ? 2 * d->cap_kept : 4;
        hl_dicom_kept *more = realloc(d->kept, cap * sizeof *more);
        if (!more)
            return hl_walk_no_memory(w);
        d->kept = more;
        d->cap_kept = cap;
    }
    hl_dicom_kept *k = &d->kept[d->n_kept++];
    *k = (hl_dicom_kept){.offset = w->s->pos};
    w->s->record = &k->bytes;
    return HL_OK;
}

hl_code hl_walk_stop_record(hl_walk *w, hl_code c)
{
    hl_buf *record = w->s->record;

    w->s->record = NULL;
    if (c == HL_OK && record && record->oom)
        c = hl_walk_no_memory(w);
    return c;
}

static hl_code record_value(hl_walk *w, hl_dicom_element *e)
{
    int64_t got;
    hl_code c = hl_walk_start_record(w);

    if (c == HL_OK)
        c = hl_dicom_source_pass(w->s, NULL, e->length, &got, &w->err);
    c = hl_walk_stop_record(w, c);
    if (c == HL_OK && got < e->length)
        return cut_value(w, e);
    if (c == HL_OK)
        e->value = (const uint8_t *)w->d->kept[w->d->n_kept - 1].bytes.at;
    return c;
}

hl_code hl_walk_inflated_value(hl_walk *w, hl_dicom_element *e)
{
    int64_t *sum = e->length > HL_DICOM_KEEP_BYTES ? &w->kept_long : &w->kept_short;
    int64_t got;

    if (e->tag == HL_TAG_PIXELS && !w->s->pinned)
        return record_value(w, e);
    if (e->length <= HL_DICOM_KEEP_BYTES && *sum + e->length > MAX_KEPT_SHORT)
        return hl_dicom_fail_at(w->d, HL_E_LIMIT, e->tag, e->offset, &w->err,
                                "the data set inflates to more than %d bytes of short values",
                                MAX_KEPT_SHORT);
    if (e->length <= HL_DICOM_KEEP_BYTES ||
        (e->length <= MAX_KEPT_VALUE && *sum + e->length <= MAX_KEPT_LONG)) {
        *sum += e->length;
        return copy_value(w, e);
    }
    const hl_code c = hl_dicom_source_pass(w->s, NULL, e->length, &got, &w->err);
    if (c == HL_OK && got < e->length)
        return cut_value(w, e);
    return c;
}

hl_code hl_walk_value(hl_walk *w, hl_dicom_element *e)
{
    if (e->length == 0)
        return HL_OK;
    if (w->s->kind == SOURCE_MEMORY) {
        e->value = w->s->at + e->offset;
        return hl_walk_pass(w, e->length);
    }
    if (w->meta && e->length > MAX_META_VALUE)
        return hl_dicom_fail_at(w->d, HL_E_LIMIT, e->tag, e->offset, &w->err,
                                "a value of %lld bytes in group 0002; at most %d are read",
                                (long long)e->length, MAX_META_VALUE);
    if (w->meta)
        return copy_value(w, e);
    if (hl_dicom_source_is_inflated(w->s))
        return hl_walk_inflated_value(w, e);
    return e->length <= HL_DICOM_KEEP_BYTES ? copy_value(w, e) : hl_walk_pass(w, e->length);
}
