#include "format/flac/stream.h"

/* Above this a larger read is no faster. */
#define AHEAD_MOST ((size_t)1 << 18)

static hl_code grow(hl_flac *f, size_t n, hl_error *err)
{
    uint8_t *bytes;

    if (n <= f->cap_bytes)
        return HL_OK;
    bytes = realloc(f->bytes, n + HL_FLAC_SLACK);
    if (!bytes)
        return hl_fail_memory(err, "FLAC frames", n);
    f->bytes = bytes;
    f->cap_bytes = n;
    return HL_OK;
}

hl_code hl_flac_bytes(hl_flac *f, int64_t at, size_t n, const uint8_t **p, size_t *got,
                      hl_error *err)
{
    const int64_t left = at < f->size ? f->size - at : 0, end = f->bytes_at + (int64_t)f->n_bytes;
    const bool forward = at >= f->bytes_at && at <= end;
    size_t kept = forward ? (size_t)(end - at) : 0, want, more = 0;
    hl_code c = HL_OK;

    *p = f->bytes;
    *got = 0;
    if (left == 0)
        return HL_OK;
    if ((uint64_t)left < n)
        n = (size_t)left;
    if (kept < n) {
        /* A reader that goes forward gets larger and larger pieces. */
        f->ahead = !forward ? f->ahead_min : f->ahead < AHEAD_MOST / 2 ? f->ahead * 2 : AHEAD_MOST;
        want = n > f->ahead ? n : f->ahead;
        if ((uint64_t)left < want)
            want = (size_t)left;
        c = grow(f, want, err);
        if (c != HL_OK)
            return c;
        if (kept > 0)
            memmove(f->bytes, f->bytes + (at - f->bytes_at), kept);
        f->bytes_at = at;
        f->n_bytes = kept;
        c = hl_in_pread(f->in, f->bytes + kept, want - kept, at + (int64_t)kept, &more, err);
        if (c != HL_OK)
            return c;
        f->n_bytes += more;
        memset(f->bytes + f->n_bytes, 0, HL_FLAC_SLACK);
    }
    *p = f->bytes + (at - f->bytes_at);
    *got = f->n_bytes - (size_t)(at - f->bytes_at);
    return HL_OK;
}
