/*
 * Elements, sequences and items of one data set, without recursion. films.md 3.3
 *
 * Each open item and sequence is a frame. Finished elements and items wait on two piles until what
 * holds them is finished too; then they are copied to the arena side by side, in one piece:
 *
 *   frames    root | SQ | item | SQ | item
 *   elements  e e e      e        e e          a frame's own begin at its base
 *   items            i        i
 */
#include "format/dicom/walk.h"

#include "base/sort.h"

hl_code hl_walk_fault(hl_walk *w, uint32_t tag, int64_t offset, const char *fmt, ...)
{
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    w->soft = true;
    return hl_dicom_fail_at(w->d, HL_E_INPUT, tag, offset, &w->err, "%s", text);
}

hl_code hl_walk_no_memory(hl_walk *w)
{
    return hl_fail_memory(&w->err, "DICOM data set", 0);
}

hl_frame *hl_walk_top(hl_walk *w)
{
    return &w->frame[w->n_frames - 1];
}

int64_t hl_walk_left(const hl_walk *w, const hl_frame *f)
{
    const int64_t left = hl_dicom_source_left(w->s);
    return f->limit == INT64_MAX || f->limit - w->s->pos > left ? left : f->limit - w->s->pos;
}

hl_code hl_walk_look(hl_walk *w, const hl_frame *f, const uint8_t **at, size_t *avail)
{
    const hl_code c = hl_dicom_source_need(w->s, 12, at, avail, &w->err);
    if (f->limit != INT64_MAX && (int64_t)*avail > f->limit - w->s->pos)
        *avail = f->limit > w->s->pos ? (size_t)(f->limit - w->s->pos) : 0;
    return c;
}

hl_code hl_walk_pass(hl_walk *w, int64_t n)
{
    int64_t got;
    return hl_dicom_source_pass(w->s, NULL, n, &got, &w->err);
}

/* --- piles -------------------------------------------------------------------------------------
 */

static hl_code push_element(hl_walk *w, const hl_dicom_element *e)
{
    hl_frame *f = hl_walk_top(w);

    if (w->n_elements == w->cap_elements) {
        const size_t cap = w->cap_elements ? 2 * w->cap_elements : 128;
        hl_dicom_element *more = realloc(w->element, cap * sizeof *more);
        if (!more)
            return hl_walk_no_memory(w);
        w->element = more;
        w->cap_elements = cap;
    }
    if (w->n_elements > f->base && e->tag <= f->last)
        f->disorder = true;
    f->last = e->tag;
    w->element[w->n_elements++] = *e;
    return HL_OK;
}

static int by_tag(const void *a, const void *b, void *ctx)
{
    const uint32_t x = ((const hl_dicom_element *)a)->tag, y = ((const hl_dicom_element *)b)->tag;
    (void)ctx;
    return (x > y) - (x < y);
}

/* Tags ascending, of each the last one. */
static hl_code put_in_order(hl_walk *w, hl_dicom_element *e, size_t *n)
{
    const hl_code c = hl_sort_stable(e, *n, sizeof *e, by_tag, NULL, &w->err);
    size_t kept = 0;

    if (c != HL_OK)
        return c;
    for (size_t i = 0; i < *n; i++) {
        if (kept > 0 && e[kept - 1].tag == e[i].tag) {
            hl_dicom_warn(w->d, e[i].tag, e[i].offset,
                          "a tag stands there twice; the last is taken");
            kept--;
        }
        e[kept++] = e[i];
    }
    *n = kept;
    return HL_OK;
}

/* The elements of the frame on top, as an item in the arena. */
static hl_code take_elements(hl_walk *w, hl_dicom_item *out)
{
    const hl_frame *f = hl_walk_top(w);
    size_t n = w->n_elements - f->base;
    hl_dicom_element *e = n > 0 ? w->element + f->base : NULL;
    hl_code c = HL_OK;

    memset(out, 0, sizeof *out);
    if (f->disorder) {
        hl_dicom_warn(w->d, 0, f->start, "elements are not in the order of their tags");
        c = put_in_order(w, e, &n);
    }
    if (c == HL_OK && n > 0) {
        out->element = hl_arena_calloc(w->d->arena, n, sizeof *e);
        if (!out->element)
            return hl_walk_no_memory(w);
        memcpy(out->element, e, n * sizeof *e);
        out->n = n;
    }
    w->n_elements = f->base;
    return c;
}

static hl_code push_item(hl_walk *w, const hl_dicom_item *item)
{
    if (w->n_items == w->cap_items) {
        const size_t cap = w->cap_items ? 2 * w->cap_items : 64;
        hl_dicom_item *more = realloc(w->item, cap * sizeof *more);
        if (!more)
            return hl_walk_no_memory(w);
        w->item = more;
        w->cap_items = cap;
    }
    w->item[w->n_items++] = *item;
    return HL_OK;
}

/* --- sequences and items ------------------------------------------------------------------------
 */

static hl_code push_frame(hl_walk *w, const hl_frame *f)
{
    if (w->n_frames >= HL_WALK_MAX_FRAMES - 1)
        return hl_dicom_fail_at(w->d, HL_E_LIMIT, f->element.tag, f->start, &w->err,
                                "sequence nesting deeper than %d levels", HL_DICOM_MAX_NESTING);
    w->frame[w->n_frames++] = *f;
    return HL_OK;
}

/* Where a length from pos ends: clipped to what holds it (*clipped), or a fault when that is the
 * file. length >= 0. */
static hl_code end_of(hl_walk *w, const hl_frame *f, uint32_t tag, int64_t at, int64_t *length,
                      const char *what)
{
    const int64_t left = hl_walk_left(w, f);

    if (*length <= left)
        return HL_OK;
    if (!f->clipped)
        return hl_walk_fault(w, tag, at,
                             "%s of %lld bytes goes beyond the end of the %s (%lld bytes are left)",
                             what, (long long)*length,
                             hl_dicom_source_is_inflated(w->s) ? "data" : "file", (long long)left);
    hl_dicom_warn(w->d, tag, at, "%s goes beyond the end of what holds it; clipped there", what);
    *length = left;
    return HL_OK;
}

static hl_code open_sequence(hl_walk *w, const hl_dicom_element *e, const hl_dicom_header *h)
{
    const hl_frame *outer = hl_walk_top(w);
    hl_frame f = {.kind = FRAME_SEQUENCE,
                  .encoding = h->encoding,
                  .start = e->offset,
                  .limit = outer->limit,
                  .clipped = outer->clipped,
                  .defined = h->length >= 0,
                  .doubtful = h->from_un,
                  .base = w->n_items,
                  .outer = w->n_elements,
                  .element = *e};

    memcpy(f.element.vr, "SQ", 2);
    if (f.defined) {
        f.limit = e->offset + e->length;
        f.clipped = true;
    }
    if (f.doubtful && hl_dicom_source_is_inflated(w->s) && !w->s->pinned) {
        const hl_code c = hl_walk_inflated_value(w, &f.element);
        if (c != HL_OK)
            return c;
        if (!f.element.value) { /* too long to look inside: it stays bytes */
            memcpy(f.element.vr, "UN", 3);
            return push_element(w, &f.element);
        }
        hl_dicom_source_pin(w->s, f.element.value, e->offset, (size_t)e->length);
        f.pinned = true;
    }
    return push_frame(w, &f);
}

/* end: where it ended, before its delimiter. */
static hl_code close_sequence(hl_walk *w, int64_t end)
{
    hl_frame *f = hl_walk_top(w);
    hl_dicom_element e = f->element;
    const size_t n = w->n_items - f->base;

    if (n > 0) {
        e.item = hl_arena_calloc(w->d->arena, n, sizeof *e.item);
        if (!e.item)
            return hl_walk_no_memory(w);
        memcpy(e.item, w->item + f->base, n * sizeof *e.item);
        e.n_items = n;
    }
    e.value = NULL;
    if (!f->defined)
        e.length = end - e.offset;
    w->n_items = f->base;
    if (f->pinned)
        hl_dicom_source_unpin(w->s);
    w->n_frames--;
    return push_element(w, &e);
}

static hl_code close_item(hl_walk *w)
{
    hl_dicom_item item;
    hl_code c = take_elements(w, &item);

    w->n_frames--;
    return c == HL_OK ? push_item(w, &item) : c;
}

static hl_code open_item(hl_walk *w, const hl_frame *sequence, int64_t length)
{
    const int64_t at = w->s->pos;
    hl_frame f = {.kind = FRAME_ITEM,
                  .encoding = sequence->encoding,
                  .limit = sequence->limit,
                  .clipped = sequence->clipped,
                  .defined = length >= 0,
                  .first = true,
                  .base = w->n_elements};
    hl_code c;

    if (++w->items_seen > HL_DICOM_MAX_ITEMS)
        return hl_dicom_fail_at(w->d, HL_E_LIMIT, sequence->element.tag, at, &w->err,
                                "more than %d items", HL_DICOM_MAX_ITEMS);
    c = hl_walk_pass(w, 8);
    if (c == HL_OK && f.defined)
        c = end_of(w, sequence, sequence->element.tag, at, &length, "an item's length");
    if (c != HL_OK)
        return c;
    f.start = w->s->pos;
    if (f.defined) {
        f.limit = f.start + length;
        f.clipped = true;
    }
    return push_frame(w, &f);
}

/* A sequence is at its limit, or no whole item header follows. */
static hl_code sequence_at_end(hl_walk *w, hl_frame *f, size_t avail)
{
    if (!f->clipped)
        return hl_walk_fault(w, f->element.tag, w->s->pos, "a sequence without delimiter");
    if (!f->defined)
        hl_dicom_warn(w->d, f->element.tag, w->s->pos, "a sequence without delimiter");
    else if (avail > 0)
        hl_dicom_warn(w->d, f->element.tag, w->s->pos, "bytes behind the last item of a sequence");
    const int64_t end = w->s->pos + (int64_t)avail;
    const hl_code c = hl_walk_pass(w, (int64_t)avail);
    return c == HL_OK ? close_sequence(w, end) : c;
}

static hl_code step_sequence(hl_walk *w)
{
    hl_frame *f = hl_walk_top(w);
    const uint8_t *at;
    size_t avail;
    hl_code c;

    if (f->defined && w->s->pos >= f->limit)
        return close_sequence(w, f->limit);
    c = hl_walk_look(w, f, &at, &avail);
    if (c != HL_OK)
        return c;
    if (avail < 8)
        return sequence_at_end(w, f, avail);
    const int64_t pos = w->s->pos;
    const uint32_t tag = hl_dicom_tag_at(at, f->encoding.big);
    const uint32_t length = hl_dicom_u32(at + 4, f->encoding.big);
    if (tag == HL_TAG_ITEM)
        return open_item(w, f, length == UINT32_MAX ? -1 : (int64_t)length);
    if (tag != HL_TAG_SEQUENCE_END && tag != HL_TAG_ITEM_END)
        return hl_walk_fault(w, f->element.tag, pos,
                             "a sequence without delimiter: neither an item nor its end "
                             "stands here");
    c = hl_walk_pass(w, 8);
    if (c == HL_OK && tag == HL_TAG_SEQUENCE_END && !f->defined)
        return close_sequence(w, pos);
    hl_dicom_warn(w->d, f->element.tag, pos, "a delimiter that delimits nothing");
    return c;
}

/* --- elements ----------------------------------------------------------------------------------
 */

/* A tag of group FFFE where an element was expected. */
static hl_code take_delimiter(hl_walk *w, hl_frame *f, const hl_dicom_header *h)
{
    const int64_t pos = w->s->pos;
    hl_code c = HL_OK;

    if (f->kind == FRAME_ROOT && (h->tag == HL_TAG_ITEM || h->length != 0))
        return hl_walk_fault(w, 0, pos, "an item outside any sequence");
    if (f->kind == FRAME_ROOT || (h->tag == HL_TAG_ITEM_END && f->defined)) {
        hl_dicom_warn(w->d, 0, pos, "a delimiter that delimits nothing");
        return hl_walk_pass(w, 8);
    }
    if (h->tag == HL_TAG_ITEM_END) {
        c = hl_walk_pass(w, 8);
    } else if (h->tag == HL_TAG_ITEM || h->tag == HL_TAG_SEQUENCE_END) {
        hl_dicom_warn(w->d, 0, pos, "an item without delimiter, or of a wrong length");
    } else {
        return hl_walk_fault(w, h->tag, pos, "no such delimiter");
    }
    return c == HL_OK ? close_item(w) : c;
}

/* The value is bytes in the file's words, or a sequence, or fragments. */
static hl_code take_content(hl_walk *w, hl_frame *f, hl_dicom_element *e, const hl_dicom_header *h)
{
    const bool is_sequence = memcmp(h->vr, "SQ", 2) == 0, is_un = memcmp(h->vr, "UN", 2) == 0;
    hl_code c = HL_OK;

    if (h->length < 0) {
        e->undefined_length = true;
        if (h->tag == HL_TAG_PIXELS || (hl_dicom_vr_is_bytes(h->vr) && !is_un)) {
            c = hl_walk_fragments(w, e);
            return c == HL_OK ? push_element(w, e) : c;
        }
        if (!is_sequence && !is_un)
            hl_dicom_warn(w->d, e->tag, e->offset,
                          "a value of undefined length that is no sequence");
        return open_sequence(w, e, h);
    }
    e->length = h->length;
    if (e->length & 1)
        hl_dicom_warn(w->d, e->tag, e->offset, "a value of odd length");
    c = end_of(w, f, e->tag, w->header_at, &e->length, "its length");
    if (c != HL_OK)
        return c;
    if (is_sequence)
        return open_sequence(w, e, h);
    c = hl_walk_value(w, e);
    return c == HL_OK ? push_element(w, e) : c;
}

/* Fewer bytes than a header are left in f. */
static hl_code elements_at_end(hl_walk *w, hl_frame *f, size_t avail)
{
    const int64_t pos = w->s->pos;

    if (f->kind == FRAME_ROOT) {
        if (avail > 0)
            return hl_walk_fault(w, 0, pos, "the file ends within the header of an element");
        w->finished = true;
        return HL_OK;
    }
    if (!f->clipped)
        return hl_walk_fault(w, 0, pos, "the file ends within an item of a sequence");
    if (avail > 0)
        hl_dicom_warn(w->d, 0, pos, "bytes behind the last element of an item");
    else if (!f->defined)
        hl_dicom_warn(w->d, 0, pos, "an item without delimiter, or of a wrong length");
    const hl_code c = hl_walk_pass(w, (int64_t)avail);
    return c == HL_OK ? close_item(w) : c;
}

static hl_code step_element(hl_walk *w)
{
    hl_frame *f = hl_walk_top(w);
    const uint8_t *at;
    size_t avail;
    hl_dicom_header h;
    hl_code c;

    if (f->kind == FRAME_ROOT) {
        w->root_start = w->s->pos;
        w->root_n = w->n_elements;
    }
    c = hl_walk_look(w, f, &at, &avail);
    if (c != HL_OK)
        return c;
    if (avail == 0)
        return elements_at_end(w, f, 0);
    if (w->meta && f->kind == FRAME_ROOT && avail >= 2 && hl_dicom_u16(at, false) != 2) {
        w->finished = true;
        return HL_OK;
    }
    const int64_t pos = w->s->pos, left = hl_walk_left(w, f);
    if (f->first) {
        const bool implicit = f->encoding.implicit;
        f->encoding = hl_dicom_encoding_seen(f->encoding, at, avail, left, f->kind == FRAME_ROOT);
        f->first = false;
        if (f->encoding.implicit != implicit)
            hl_dicom_warn(w->d, 0, pos,
                          implicit ? "declared implicit VR, but it is explicit"
                                   : "declared explicit VR, but it is implicit");
    }
    switch (hl_dicom_header_read(w->d, f->encoding, at, avail, left, pos, &h)) {
    case HEADER_CUT:
        return elements_at_end(w, f, avail);
    case HEADER_NO_VR:
        return hl_walk_fault(w, 0, pos, "no element stands here: it has no VR");
    case HEADER_OK:
        break;
    }
    if (h.tag >> 16 == 0xFFFE)
        return take_delimiter(w, f, &h);
    if (w->pixels_seen && f->kind == FRAME_ROOT && (h.tag >> 16 == 0 || h.without_vr))
        return hl_walk_fault(w, 0, pos, "no element stands here");
    if (++w->elements_seen > HL_DICOM_MAX_ELEMENTS)
        return hl_dicom_fail_at(w->d, HL_E_LIMIT, h.tag, pos, &w->err, "more than %d elements",
                                HL_DICOM_MAX_ELEMENTS);
    w->header_at = pos;
    c = hl_walk_pass(w, h.n_bytes);
    if (c != HL_OK)
        return c;
    hl_dicom_element e = {.tag = h.tag, .big_endian = h.encoding.big, .offset = w->s->pos};
    memcpy(e.vr, h.vr, 2);
    c = take_content(w, f, &e, &h);
    if (c == HL_OK && h.tag == HL_TAG_PIXELS && w->n_frames == 1)
        w->pixels_seen = true;
    return c;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

/* After a fault in the data: a UN element that looked like a sequence stays bytes, and what follows
 * the pixel data need not be elements. HL_OK: go on. */
static hl_code recover(hl_walk *w, hl_code c)
{
    int i = w->n_frames - 1;

    while (i > 0 && !w->frame[i].doubtful)
        i--;
    w->soft = false;
    if (i > 0) {
        const hl_frame f = w->frame[i];
        hl_dicom_element e = f.element;
        w->n_frames = i;
        w->n_items = f.base;
        w->n_elements = f.outer;
        memcpy(e.vr, "UN", 2);
        hl_dicom_warn(w->d, e.tag, e.offset, "a value of unknown VR (UN) that is no sequence");
        if (f.pinned) {
            hl_dicom_source_unpin(w->s);
            return push_element(w, &e);
        }
        w->s->pos = e.offset;
        c = hl_walk_value(w, &e);
        return c == HL_OK ? push_element(w, &e) : c;
    }
    if (!w->pixels_seen)
        return c;
    if (w->s->pinned)
        hl_dicom_source_unpin(w->s);
    w->n_frames = 1;
    w->n_items = 0;
    w->n_elements = w->root_n;
    w->finished = true;
    if (w->s->kind == SOURCE_DEFLATE) /* it has no checksum: this is how damage shows */
        return hl_dicom_fail_at(
            w->d, HL_E_INPUT, 0, w->root_start, &w->err,
            "deflate data error: no element stands here in what it inflates to");
    const int64_t skipped = w->s->pos - w->root_start;
    int64_t rest;
    c = hl_dicom_source_pass(w->s, NULL, INT64_MAX / 2, &rest, &w->err);
    w->trailing = skipped + rest;
    hl_dicom_warn(w->d, 0, w->root_start, "bytes behind the last element");
    return c;
}

hl_code hl_dicom_walk(hl_dicom *d, hl_dicom_source *s, hl_dicom_encoding *encoding, bool meta,
                      hl_dicom_item *out, int64_t *trailing, hl_error *err)
{
    hl_walk *w = calloc(1, sizeof *w);
    hl_code c = HL_OK;

    if (!w)
        return hl_fail_memory(err, "DICOM data set", sizeof *w);
    w->d = d;
    w->s = s;
    w->meta = meta;
    w->n_frames = 1;
    w->frame[0] = (hl_frame){
        .kind = FRAME_ROOT, .encoding = *encoding, .start = s->pos, .limit = s->end, .first = true};
    while (c == HL_OK && !w->finished) {
        c = hl_walk_top(w)->kind == FRAME_SEQUENCE ? step_sequence(w) : step_element(w);
        if (c != HL_OK && w->soft)
            c = recover(w, c);
    }
    if (c == HL_OK)
        c = take_elements(w, out);
    if (c == HL_OK) {
        *trailing = w->trailing;
        *encoding = w->frame[0].encoding;
    } else if (err)
        *err = w->err;
    free(w->element);
    free(w->item);
    free(w);
    return c;
}
