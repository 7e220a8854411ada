/*
 * Bytes -> data set, from memory, from a file through the usual window, and through the smallest
 * one with a source that gives a few bytes at a time. All three must say the same; tags ascend,
 * each stands once; every value lies within the file and can be loaded, or is refused for its size.
 */
#include "base/gzip.h"
#include "base/hash.h"
#include "format/dicom/dicom_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    const uint8_t *data;
    size_t size;
} bytes;

static int64_t give_size(void *user)
{
    return (int64_t)((const bytes *)user)->size;
}

static int64_t give_some(void *user, void *to, int64_t offset, int64_t n)
{
    const bytes *b = user;
    int64_t left = (int64_t)b->size - offset;

    n = n < 5 ? n : 5;
    n = n < left ? n : left;
    memcpy(to, b->data + offset, (size_t)n);
    return n;
}

static void note(uint64_t *sum, const void *at, size_t n)
{
    const uint64_t h = n ? hl_fnv1a64(at, n) : n;
    *sum = (*sum ^ h) * 0x9E3779B97F4A7C15u + (*sum >> 29);
}

static void read_values(const hl_dicom_element *e, uint64_t *sum)
{
    const size_t n = hl_dicom_count(e);
    const size_t at[] = {0, 1, n / 2, n - 1, n, n + 1, SIZE_MAX};

    note(sum, &n, sizeof n);
    for (size_t k = 0; k < sizeof at / sizeof at[0]; k++) {
        int64_t whole = 0;
        double real = 0;
        const bool is_whole = hl_dicom_int(e, at[k], &whole);
        const bool is_real = hl_dicom_real(e, at[k], &real);
        const hl_str text = hl_dicom_ascii(e, at[k]);
        hl_assert(at[k] < n || (!is_whole && !is_real && !text.at));
        note(sum, &whole, sizeof whole);
        if (real == real)
            note(sum, &real, sizeof real);
        note(sum, text.at, text.n);
    }
}

static void load(hl_dicom *d, const hl_dicom_element *e, hl_arena *arena, uint64_t *sum)
{
    const uint8_t *at;
    hl_error err = {0};
    hl_code c;

    for (size_t i = 0; i < e->n_fragments; i++) {
        const hl_dicom_fragment *f = &e->fragment[i];
        hl_assert(f->offset >= e->offset && f->offset + f->length <= e->offset + e->length);
        c = hl_dicom_load_range(d, f->offset, f->length, arena, &at, &err);
        hl_assert(c == HL_OK || (c == HL_E_LIMIT && d->inflated));
        if (c == HL_OK)
            note(sum, at, (size_t)f->length);
    }
    if (e->fragment || memcmp(e->vr, "SQ", 2) == 0)
        return;
    c = hl_dicom_load(d, e, arena, &at, &err);
    hl_assert(c == HL_OK || (c == HL_E_LIMIT && d->inflated));
    if (c == HL_OK) {
        hl_assert((at == NULL) == (e->length == 0));
        note(sum, at, (size_t)e->length);
    }
    hl_arena_reset(arena);
}

static void visit(hl_dicom *d, const hl_dicom_item *item, int depth, hl_arena *arena, uint64_t *sum)
{
    hl_assert(depth <= HL_DICOM_MAX_NESTING);
    note(sum, item->charset.at, item->charset.n);
    for (size_t i = 0; i < item->n; i++) {
        const hl_dicom_element *e = &item->element[i];
        hl_assert(i == 0 || item->element[i - 1].tag < e->tag);
        hl_assert(e->offset >= 0 && e->length >= 0 && strlen(e->vr) == 2);
        hl_assert(hl_dicom_find(item, e->tag) == e);
        note(sum, &e->tag, sizeof e->tag);
        note(sum, e->vr, 2);
        note(sum, &e->offset, sizeof e->offset);
        note(sum, &e->length, sizeof e->length);
        if (e->length <= HL_DICOM_KEEP_BYTES)
            read_values(e, sum);
        load(d, e, arena, sum);
        for (size_t k = 0; k < e->n_items; k++)
            visit(d, &e->item[k], depth + 1, arena, sum);
    }
}

/* What was read as one number, or the code and message of the failure. */
static uint64_t play(hl_in *in, const uint8_t *data, size_t size, size_t window)
{
    hl_dicom *d = NULL;
    hl_error err = {0};
    uint64_t sum = 0;
    const hl_code c = hl_dicom_open_window(in, data, size, "fuzz.dcm", window, &d, &err);

    if (c != HL_OK) {
        note(&sum, err.message, strlen(err.message));
        hl_assert(!d && err.message[0]);
        return sum + (uint64_t)c;
    }
    hl_arena *arena = hl_arena_new(0);
    hl_assert(arena != NULL);
    visit(d, hl_dicom_meta(d), 0, arena, &sum);
    visit(d, hl_dicom_root(d), 0, arena, &sum);
    for (size_t i = 0; i < hl_dicom_n_warnings(d); i++)
        note(&sum, hl_dicom_warning_at(d, i).text, strlen(hl_dicom_warning_at(d, i).text));
    sum += (uint64_t)hl_dicom_trailing_bytes(d) + (uint64_t)hl_dicom_syntax_of(d)->codec;
    hl_arena_free(&arena);
    hl_dicom_close(&d);
    return sum;
}

/* Of an inflated file the end is known sooner or later, as the window is; a lie about a length is
 * then told in other words. */
static bool may_be_inflated(const uint8_t *data, size_t size)
{
    return hl_gzip_magic(data, size) || memmem(data, size, "1.2.1.99", 8) ||
           memmem(data, size, "1.2.4.95", 8) || memmem(data, size, "1.2.4.205", 9);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes b = {data, size};
    const hl_source source = {&b, give_size, give_some};
    hl_in *in = NULL;
    hl_error err;

    const uint64_t memory = play(NULL, data, size, HL_DICOM_WINDOW);
    hl_assert(hl_in_memory(data, size, "fuzz.dcm", &in, &err) == HL_OK);
    hl_assert(play(in, NULL, 0, HL_DICOM_WINDOW) == memory);
    hl_in_close(&in);
    hl_assert(hl_in_source(&source, "fuzz.dcm", &in, &err) == HL_OK);
    hl_assert(play(in, NULL, 0, HL_DICOM_MIN_WINDOW) == memory || may_be_inflated(data, size));
    hl_in_close(&in);
    return 0;
}
