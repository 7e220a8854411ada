/* Bytes of a file, plain or inflated, through a window that moves forward. */
#include "format/dicom/dicom_internal.h"

enum { AFTER_SKIP = 1024 }; /* bytes read behind a value that was skipped: few headers follow */

static int64_t window_end(const hl_dicom_source *s)
{
    return s->start + (int64_t)s->n;
}

/* Move pos by n bytes of the window. */
static void advance(hl_dicom_source *s, size_t n)
{
    if (s->record && n > 0)
        hl_buf_append(s->record, s->at + (s->pos - s->start), n);
    s->pos += (int64_t)n;
}

/* --- moving the window on, pos stays in it -----------------------------------------------------
 */

static hl_code fill_in(hl_dicom_source *s, size_t n, hl_error *err)
{
    const bool in_a_row = s->pos >= s->start && s->pos <= window_end(s);
    size_t got, want = in_a_row ? s->buffer_bytes : AFTER_SKIP;

    want = want < n ? n : want;
    want = want > s->buffer_bytes ? s->buffer_bytes : want;
    s->n = 0; /* nothing to be believed in if the read fails */
    const hl_code c = hl_in_pread(s->in, s->buffer, want, s->pos, &got, err);
    if (c == HL_OK) {
        s->start = s->pos;
        s->n = got;
    }
    return c;
}

static hl_code fill_gzip(hl_dicom_source *s, hl_error *err)
{
    uint8_t carried[HL_DICOM_MAX_NEED];
    const size_t n_carried = (size_t)(window_end(s) - s->pos);
    char *block;
    size_t n;

    hl_assert(n_carried <= sizeof carried);
    if (n_carried > 0)
        memcpy(carried, s->at + (s->pos - s->start), n_carried);
    const hl_code c = hl_stream_next(s->stream, &block, &n, err);
    s->start = s->pos;
    if (c == HL_END)
        s->end = s->pos + (int64_t)n_carried;
    if (c != HL_OK) {
        memcpy(s->buffer, carried, n_carried);
        s->at = s->buffer;
        s->n = n_carried;
        return c == HL_END ? HL_OK : c;
    }
    block -= n_carried; /* the stream leaves room there */
    if (n_carried > 0)
        memcpy(block, carried, n_carried);
    s->at = (const uint8_t *)block;
    s->n = n_carried + n;
    return HL_OK;
}

static hl_code fill_deflate(hl_dicom_source *s, hl_error *err)
{
    const size_t n_carried = (size_t)(window_end(s) - s->pos);
    hl_code c = HL_OK;

    if (n_carried > 0)
        memmove(s->buffer, s->at + (s->pos - s->start), n_carried);
    s->at = s->buffer;
    s->start = s->pos;
    s->n = n_carried;
    while (c == HL_OK && s->n == n_carried) {
        const uint8_t *in;
        size_t some, given = s->buffer_bytes - s->n;
        c = hl_dicom_source_need(s->base, 1, &in, &some, err);
        if (c != HL_OK)
            return c;
        const size_t have = some;
        c = hl_inflate_run(s->inflate, in, &some, s->buffer + s->n, &given, err);
        advance(s->base, some);
        s->n += given;
        if (c == HL_OK && have == 0 && given == 0)
            c = hl_inflate_cut(s->base->pos, err);
    }
    if (c == HL_END) {
        s->end = window_end(s);
        return HL_OK;
    }
    if (c == HL_E_INPUT && s->n > n_carried)
        return HL_OK; /* first what came before the fault; it will be met again */
    if (c != HL_OK)
        hl_error_context(err, "%s", s->name);
    return c;
}

static hl_code fill(hl_dicom_source *s, size_t n, hl_error *err)
{
    hl_code c = HL_OK;

    switch (s->kind) {
    case SOURCE_MEMORY:
        break;
    case SOURCE_IN:
        c = fill_in(s, n, err);
        break;
    case SOURCE_GZIP:
        c = fill_gzip(s, err);
        break;
    case SOURCE_DEFLATE:
        c = fill_deflate(s, err);
        break;
    }
    if (c == HL_OK && s->end == INT64_MAX && window_end(s) > HL_DICOM_MAX_INFLATED)
        c = hl_fail_at(err, HL_E_LIMIT, s->name, 0, -1, "inflates to more than %lld bytes",
                       (long long)HL_DICOM_MAX_INFLATED);
    return c;
}

/* --- for the walk ------------------------------------------------------------------------------
 */

hl_code hl_dicom_source_need(hl_dicom_source *s, size_t n, const uint8_t **at, size_t *got,
                             hl_error *err)
{
    while (s->pos < s->start || s->pos + (int64_t)n > window_end(s)) {
        if (s->pinned || (s->pos >= s->start && window_end(s) >= s->end))
            break;
        if (s->pos >= s->end) {
            *at = s->at;
            *got = 0;
            return HL_OK;
        }
        const hl_code c = fill(s, n, err);
        if (c != HL_OK)
            return c;
    }
    const int64_t here = window_end(s) - s->pos;
    *at = here > 0 ? s->at + (s->pos - s->start) : s->at;
    *got = here > 0 ? (size_t)here : 0;
    return HL_OK;
}

hl_code hl_dicom_source_pass(hl_dicom_source *s, void *to, int64_t n, int64_t *got, hl_error *err)
{
    uint8_t *out = to;
    hl_code c = HL_OK;

    *got = 0;
    if (!to && !s->record && (s->kind == SOURCE_IN || s->kind == SOURCE_MEMORY)) {
        *got = n <= s->end - s->pos ? n : s->end - s->pos;
        s->pos += *got;
        return HL_OK;
    }
    while (*got < n) {
        const uint8_t *at;
        size_t some;
        c = hl_dicom_source_need(s, 1, &at, &some, err);
        if (c != HL_OK || some == 0)
            break;
        if ((int64_t)some > n - *got)
            some = (size_t)(n - *got);
        if (out)
            memcpy(out + *got, at, some);
        advance(s, some);
        *got += (int64_t)some;
    }
    return c;
}

bool hl_dicom_source_is_inflated(const hl_dicom_source *s)
{
    return s->kind == SOURCE_GZIP || s->kind == SOURCE_DEFLATE;
}

int64_t hl_dicom_source_left(const hl_dicom_source *s)
{
    int64_t packed, left;

    if (s->end != INT64_MAX)
        return s->end - s->pos;
    if (s->kind == SOURCE_GZIP) /* bytes that were taken but not yet inflated count double */
        packed = hl_stream_size_in(s->stream) - hl_stream_bytes_in(s->stream) + (1 << 18);
    else
        packed = hl_dicom_source_left(s->base);
    /* zlib holds back up to 258 bytes of a match, and 32 KiB of what was taken, at most */
    if (__builtin_mul_overflow(packed + (1 << 16), HL_INFLATE_MAX_RATIO, &left) ||
        left > HL_DICOM_MAX_INFLATED)
        left = HL_DICOM_MAX_INFLATED;
    return left + (s->pinned ? s->unpinned_start + (int64_t)s->unpinned_n : window_end(s)) - s->pos;
}

void hl_dicom_source_pin(hl_dicom_source *s, const uint8_t *bytes, int64_t offset, size_t n)
{
    hl_assert(!s->pinned && s->pos == offset + (int64_t)n);
    s->pinned = true;
    s->unpinned_at = s->at;
    s->unpinned_start = s->start;
    s->unpinned_n = s->n;
    s->at = bytes;
    s->start = s->pos = offset;
    s->n = n;
}

void hl_dicom_source_unpin(hl_dicom_source *s)
{
    s->pos = window_end(s);
    s->pinned = false;
    s->at = s->unpinned_at;
    s->start = s->unpinned_start;
    s->n = s->unpinned_n;
}

void hl_dicom_source_end(hl_dicom_source *s)
{
    hl_stream_close(&s->stream);
    hl_inflate_free(&s->inflate);
    free(s->buffer);
    s->buffer = NULL;
}
