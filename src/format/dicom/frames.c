#include "format/dicom/pixels_internal.h"

#include "format/dicom/dicom_internal.h"

/*
 * Encapsulated pixel data: PS3.5 annex A.4; films.md 3.6.
 *
 *      item: offset table | item: fragment | item: fragment | ... | sequence delimiter
 *      fragment[0]          fragment[1]      fragment[2]
 *
 * An offset counts from the first byte behind the offset table to the tag of an item, which stands
 * ITEM_HEADER bytes before the fragment.
 */
enum { ITEM_HEADER = 8, TAIL = 10 };

static uint64_t le(const uint8_t *p, size_t bytes)
{
    uint64_t v = 0;

    for (size_t i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << 8 * i;
    return v;
}

/* The fragment whose item stands at offset, 0: none. */
static size_t fragment_at(const hl_dicom_fragment *fragment, size_t n_fragments, uint64_t offset)
{
    const int64_t base = fragment[0].offset + fragment[0].length;
    size_t low = 1, high = n_fragments;

    if (offset > INT64_MAX / 2)
        return 0;
    const int64_t want = base + (int64_t)offset + ITEM_HEADER;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (fragment[middle].offset < want)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n_fragments && fragment[low].offset == want ? low : 0;
}

bool hl_frames_from_offsets(const hl_dicom_fragment *fragment, size_t n_fragments,
                            const uint64_t *offset, size_t n_frames, hl_frame_place *place)
{
    size_t before = 0;

    for (size_t i = 0; i < n_frames; i++) {
        const size_t first = fragment_at(fragment, n_fragments, offset[i]);
        if (first <= before || (i == 0 && first != 1))
            return false;
        if (i)
            place[i - 1].n = first - before;
        place[i].first = before = first;
    }
    if (n_frames)
        place[n_frames - 1].n = n_fragments - before;
    return n_frames > 0;
}

typedef struct {
    hl_dicom *d;
    const hl_dicom_element *e;
    size_t n_frames;
    hl_frame_place *place;
    hl_arena *scratch;
    bool done;
} search;

/* A table of n_frames offsets of `width` bytes each. */
static hl_code use_table(search *s, const uint8_t *at, size_t n, size_t width, hl_error *err)
{
    if (n != s->n_frames * width)
        return HL_OK;
    uint64_t *offset = hl_arena_calloc(s->scratch, s->n_frames, sizeof *offset);
    if (!offset)
        return hl_fail_memory(err, "offset table", s->n_frames * sizeof *offset);
    for (size_t i = 0; i < s->n_frames; i++)
        offset[i] = le(at + i * width, width);
    s->done =
        hl_frames_from_offsets(s->e->fragment, s->e->n_fragments, offset, s->n_frames, s->place);
    return HL_OK;
}

static hl_code by_extended_table(search *s, hl_error *err)
{
    const hl_dicom_element *table = hl_dicom_get(s->d, HL_TAG_ExtendedOffsetTable);
    const uint8_t *at = NULL;
    hl_code c;

    if (!table || table->n_items || table->n_fragments)
        return HL_OK;
    c = hl_dicom_load(s->d, table, s->scratch, &at, err);
    if (c == HL_OK && at)
        c = use_table(s, at, (size_t)table->length, 8, err);
    if (c == HL_OK && !s->done)
        hl_dicom_warn(s->d, HL_TAG_ExtendedOffsetTable, table->offset,
                      "the extended offset table does not lead to the frames and was not used");
    return c;
}

static hl_code by_basic_table(search *s, hl_error *err)
{
    const hl_dicom_fragment *table = &s->e->fragment[0];
    const uint8_t *at = NULL;
    hl_code c;

    if (table->length == 0)
        return HL_OK;
    c = hl_dicom_load_range(s->d, table->offset, table->length, s->scratch, &at, err);
    if (c == HL_OK && at)
        c = use_table(s, at, (size_t)table->length, 4, err);
    if (c == HL_OK && !s->done)
        hl_dicom_warn(s->d, HL_TAG_PixelData, table->offset,
                      "the offset table does not lead to the frames and was not used");
    return c;
}

static bool has_end_marker(hl_dicom_codec codec)
{
    return codec == HL_CODEC_JPEG || codec == HL_CODEC_JPEG_LOSSLESS || codec == HL_CODEC_JPEG_LS ||
           codec == HL_CODEC_JPEG_2000;
}

/* FF D9 ends a codestream; padding may follow. */
static hl_code ends_frame(search *s, const hl_dicom_fragment *f, bool *out, hl_error *err)
{
    const int64_t n = f->length < TAIL ? f->length : TAIL;
    const uint8_t *at = NULL;
    hl_code c = HL_OK;

    *out = false;
    if (n >= 2)
        c = hl_dicom_load_range(s->d, f->offset + f->length - n, n, s->scratch, &at, err);
    if (c == HL_OK && at)
        for (int64_t i = 0; i + 1 < n; i++)
            *out = *out || (at[i] == 0xFF && at[i + 1] == 0xD9);
    return c;
}

/* Cut behind each end marker; *found = how many frames that makes. */
static hl_code by_end_markers(search *s, size_t *found, hl_error *err)
{
    const hl_dicom_element *e = s->e;
    size_t first = 1;
    bool ends = false;
    hl_code c = HL_OK;

    *found = 0;
    for (size_t k = 1; c == HL_OK && k < e->n_fragments; k++) {
        c = ends_frame(s, &e->fragment[k], &ends, err);
        if (c != HL_OK || (!ends && k + 1 < e->n_fragments))
            continue;
        if (*found < s->n_frames)
            s->place[*found] = (hl_frame_place){first, k + 1 - first};
        ++*found;
        first = k + 1;
    }
    s->done = c == HL_OK && *found == s->n_frames;
    return c;
}

static hl_code place_many(search *s, hl_error *err)
{
    const hl_dicom_element *e = s->e;
    size_t found = e->n_fragments - 1;
    hl_code c = by_extended_table(s, err);

    if (c == HL_OK && !s->done)
        c = by_basic_table(s, err);
    if (c == HL_OK && !s->done && found == s->n_frames) {
        for (size_t i = 0; i < s->n_frames; i++)
            s->place[i] = (hl_frame_place){i + 1, 1};
        s->done = true;
    }
    if (c == HL_OK && !s->done && has_end_marker(hl_dicom_syntax_of(s->d)->codec))
        c = by_end_markers(s, &found, err);
    if (c != HL_OK || s->done)
        return c;
    return hl_dicom_fail(s->d, HL_E_INPUT, HL_TAG_PixelData, err,
                         "NumberOfFrames is %zu, but %zu frame%s found in %zu fragment%s",
                         s->n_frames, found, found == 1 ? " was" : "s were", e->n_fragments - 1,
                         e->n_fragments == 2 ? "" : "s");
}

hl_code hl_frames_place(hl_dicom *d, const hl_dicom_element *e, hl_pixels *p, hl_error *err)
{
    search s = {.d = d, .e = e, .n_frames = (size_t)p->n_frames};
    hl_code c = HL_OK;

    if (e->n_fragments < 2)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_PixelData, err, "has no fragments");
    /* A frame has a fragment at least: no more are remembered than the file has. */
    if (s.n_frames > e->n_fragments - 1)
        return hl_dicom_fail(d, HL_E_INPUT, HL_TAG_PixelData, err,
                             "NumberOfFrames is %zu, but only %zu fragment%s found", s.n_frames,
                             e->n_fragments - 1, e->n_fragments == 2 ? " was" : "s were");
    s.place = hl_arena_calloc(d->arena, s.n_frames, sizeof *s.place);
    s.scratch = hl_arena_new(0);
    if (!s.place || !s.scratch)
        c = hl_fail_memory(err, "frames", s.n_frames * sizeof *s.place);
    else if (s.n_frames == 1)
        s.place[0] = (hl_frame_place){1, e->n_fragments - 1};
    else
        c = place_many(&s, err);
    hl_arena_free(&s.scratch);
    p->place = s.place;
    return c;
}

hl_code hl_frames_join(hl_frame_task *t, const hl_dicom_element *e, hl_error *err)
{
    const hl_frame_place where = t->p->place[t->i];
    const hl_dicom_fragment *f = e->fragment + where.first;
    const uint8_t *part = NULL;
    size_t n = 0;
    hl_code c = HL_OK;

    for (size_t k = 0; k < where.n; k++)
        if (!hl_add_size(n, (size_t)f[k].length, &n))
            return hl_frame_fail(t, HL_E_LIMIT, err, "its fragments are too long");
    t->n = n;
    t->at = NULL;
    if (n == 0)
        return hl_frame_fail(t, HL_E_INPUT, err, "it is empty");
    if (where.n == 1)
        return hl_dicom_load_range(t->d, f->offset, f->length, t->arena, &t->at, err);
    uint8_t *to = hl_arena_alloc(t->arena, n);
    if (!to)
        return hl_fail_memory(err, "fragments", n);
    t->at = to;
    for (size_t k = 0; c == HL_OK && k < where.n; k++) {
        if (f[k].length == 0)
            continue;
        c = hl_dicom_load_range(t->d, f[k].offset, f[k].length, t->arena, &part, err);
        if (c == HL_OK) {
            memcpy(to, part, (size_t)f[k].length);
            to += f[k].length;
        }
    }
    return c;
}
