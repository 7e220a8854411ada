/*
 * Encapsulated pixel data: offset table and fragments are listed, not read. PS3.5 A.4; films.md 3.6
 */
#include "format/dicom/walk.h"

typedef struct {
    hl_dicom_fragment *at;
    size_t n, cap;
} fragments;

static hl_code add_fragment(hl_walk *w, fragments *all, int64_t offset, int64_t length)
{
    if (++w->items_seen > HL_DICOM_MAX_ITEMS)
        return hl_dicom_fail_at(w->d, HL_E_LIMIT, HL_TAG_PIXELS, offset, &w->err,
                                "more than %d items", HL_DICOM_MAX_ITEMS);
    if (all->n == all->cap) {
        const size_t cap = all->cap ? 2 * all->cap : 16;
        hl_dicom_fragment *more = realloc(all->at, cap * sizeof *more);
        if (!more)
            return hl_walk_no_memory(w);
        all->at = more;
        all->cap = cap;
    }
    all->at[all->n++] = (hl_dicom_fragment){offset, length};
    return HL_OK;
}

/* One item of it, or its end (*done). */
static hl_code step_fragment(hl_walk *w, const hl_frame *f, hl_dicom_element *e, fragments *all,
                             bool *done)
{
    const uint8_t *at;
    size_t avail;
    int64_t got;
    hl_code c = hl_walk_look(w, f, &at, &avail);
    const int64_t pos = w->s->pos;

    if (c != HL_OK)
        return c;
    e->length = pos - e->offset;
    if (avail < 8 && all->n < 2)
        return hl_walk_fault(w, e->tag, pos, "the pixel data ends before its first fragment");
    if (avail < 8) {
        hl_dicom_warn(w->d, e->tag, pos, "pixel data without sequence delimiter");
        *done = true;
        return hl_walk_pass(w, (int64_t)avail);
    }
    const uint32_t tag = hl_dicom_tag_at(at, f->encoding.big);
    const uint32_t length = hl_dicom_u32(at + 4, f->encoding.big);
    if (tag == HL_TAG_SEQUENCE_END) {
        *done = true;
        return hl_walk_pass(w, 8);
    }
    if (tag != HL_TAG_ITEM || length == UINT32_MAX)
        return hl_walk_fault(w, e->tag, pos,
                             "neither a fragment nor the end of the pixel data stands here");
    c = hl_walk_pass(w, 8);
    if (c == HL_OK && (int64_t)length > hl_walk_left(w, f))
        return hl_walk_fault(
            w, e->tag, pos,
            "a fragment of %lld bytes goes beyond the end of the file (%lld bytes are left)",
            (long long)length, (long long)hl_walk_left(w, f));
    if (c == HL_OK)
        c = add_fragment(w, all, pos + 8, length);
    if (c == HL_OK)
        c = hl_dicom_source_pass(w->s, NULL, length, &got, &w->err);
    if (c == HL_OK && got < (int64_t)length)
        return hl_walk_fault(w, e->tag, pos, "a fragment goes beyond the end of the data");
    return c;
}

hl_code hl_walk_fragments(hl_walk *w, hl_dicom_element *e)
{
    const hl_frame *f = hl_walk_top(w);
    const bool record = hl_dicom_source_is_inflated(w->s) && !w->s->pinned;
    fragments all = {0};
    bool done = false;
    hl_code c = record ? hl_walk_start_record(w) : HL_OK;

    while (c == HL_OK && !done)
        c = step_fragment(w, f, e, &all, &done);
    if (record)
        c = hl_walk_stop_record(w, c);
    if (c == HL_OK && all.n > 0) {
        e->fragment = hl_arena_calloc(w->d->arena, all.n, sizeof *all.at);
        e->n_fragments = all.n;
        if (e->fragment)
            memcpy(e->fragment, all.at, all.n * sizeof *all.at);
        else
            c = hl_walk_no_memory(w);
    }
    free(all.at);
    return c;
}
