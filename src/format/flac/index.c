/*
 * index.c - where the frames are. waveform.md 2.3.
 *
 * Frames carry their number but not their length: the end of one shows only by the start of the
 * next. Bytes that look like a header are taken for one when its CRC-8, every field and the sample
 * number fit, and when the CRC-16 of the frame that it starts or ends is right. So a header is
 * proven by what lies between it and the next one, and nothing needs to be decoded.
 */
#include "format/flac/stream.h"

/* Frames remembered by the way; then every second one is forgotten. A day of a 250-Hz signal has
 * 5273 frames of 4096 samples. */
#define KNOWN_MOST ((size_t)1 << 14)

/* Bytes, beside once the file, that a call may look at in vain: a file full of headers without
 * frames must not cost the square of its size. */
#define WASTE_MOST ((int64_t)1 << 29)

/* Guesses before the frames are followed one by one. */
#define GUESSES_MOST 24

int64_t hl_flac_frame_limit(const hl_flac_info *info)
{
    return (int64_t)info->max_block * info->n_channels * (info->bits + 8) / 2 + (1 << 16);
}

/* --- what is known ---------------------------------------------------------------------------- */

/* Number of known frames with first <= s. */
static size_t known_until(const hl_flac *f, int64_t s)
{
    size_t low = 0, high = f->n_known;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (f->known[middle].first <= s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

hl_code hl_flac_learn(hl_flac *f, const hl_flac_frame *frame, hl_error *err)
{
    size_t i;

    if (f->n_known == KNOWN_MOST) {
        for (i = 0; 2 * i < f->n_known; i++)
            f->known[i] = f->known[2 * i];
        f->n_known = i;
    }
    if (f->n_known == f->cap_known) {
        const size_t cap = f->cap_known ? 2 * f->cap_known : 64;
        hl_flac_frame *known = realloc(f->known, cap * sizeof *known);
        if (!known)
            return hl_fail_memory(err, "FLAC frames", cap * sizeof *known);
        f->known = known;
        f->cap_known = cap;
    }
    i = known_until(f, frame->first);
    if (i > 0 && f->known[i - 1].first == frame->first) {
        f->known[i - 1] = *frame;
        return HL_OK;
    }
    memmove(f->known + i + 1, f->known + i, (f->n_known - i) * sizeof *f->known);
    f->known[i] = *frame;
    f->n_known++;
    return HL_OK;
}

/* --- one frame -------------------------------------------------------------------------------- */

hl_code hl_flac_frame_at(hl_flac *f, int64_t offset, hl_flac_frame *frame, bool *found,
                         hl_error *err)
{
    const uint8_t *p = NULL;
    hl_flac_header h;
    size_t got = 0;
    hl_code c = hl_flac_bytes(f, offset, HL_FLAC_HEADER_BYTES, &p, &got, err);

    *found = c == HL_OK && got > 0 && hl_flac_header_read(p, got, &f->info, &h);
    if (*found)
        *frame = (hl_flac_frame){.offset = offset, .first = h.first, .n = h.n};
    return c;
}

/* The next place in [i, n) that looks like a header, n if none; p[got] is the end of what is there,
 * for a header may reach past n. */
static size_t next_header(const hl_flac *f, const uint8_t *p, size_t i, size_t n, size_t got,
                          hl_flac_header *h)
{
    while (i < n) {
        const uint8_t *sync = memchr(p + i, 0xff, n - i);
        if (!sync)
            break;
        i = (size_t)(sync - p);
        if ((sync[1] & 0xfe) == 0xf8 && hl_flac_header_read(sync, got - i, &f->info, h))
            return i;
        i++;
    }
    return n;
}

/*
 * Where the next header with the right number is, *end bytes from the start of the frame; if none
 * comes, where the file ends; 0 = neither within the limit. *proven: the CRC-16 of what lies
 * between is right.
 */
static hl_code scan_to_next(hl_flac *f, const hl_flac_frame *frame, size_t *end, bool *proven,
                            hl_error *err)
{
    const size_t limit = (size_t)hl_flac_frame_limit(&f->info);
    const size_t least = (size_t)f->info.min_frame;
    size_t at = least > HL_FLAC_FRAME_LEAST && least < limit ? least : HL_FLAC_FRAME_LEAST;
    size_t want = at + HL_FLAC_HEADER_BYTES, got = 0;
    const uint8_t *p = NULL;
    bool last = false, others = false; /* headers with another number */

    *end = 0;
    while (!last && *end == 0) {
        size_t stop;
        hl_code c = hl_flac_bytes(f, frame->offset, want, &p, &got, err);
        if (c != HL_OK)
            return c;
        last = got < want || frame->offset + (int64_t)got >= f->size || got >= limit;
        stop = last ? got : got - HL_FLAC_HEADER_BYTES;
        while (at < stop && *end == 0) {
            hl_flac_header h;
            at = next_header(f, p, at, stop, got, &h);
            if (at == stop)
                break;
            if (h.first == frame->first + frame->n) {
                *end = at;
            } else {
                others = true;
                at++;
            }
        }
        want = 2 * got;
    }
    if (*end == 0 && frame->offset + (int64_t)got >= f->size)
        *end = got;
    else
        others = false;
    /* The CRC-16 of several whole frames in a row is right too. */
    *proven = *end > 0 && !others && hl_flac_crc16(0, p, *end) == 0;
    return HL_OK;
}

hl_code hl_flac_find_end(hl_flac *f, hl_flac_frame *frame, hl_flac_end *how, hl_error *err)
{
    static const int32_t nothing[HL_FLAC_CHANNELS] = {0};
    size_t end = 0;
    bool proven = false;
    hl_flac_block b = {0};
    hl_code c;

    *how = HL_FLAC_END_UNKNOWN;
    if (f->wasted > f->size + WASTE_MOST)
        return HL_OK;
    c = scan_to_next(f, frame, &end, &proven, err);
    if (c == HL_OK && !proven) {
        /* Something else follows, or a header stood among the samples: the frame itself tells. */
        hl_flac_frame parsed = *frame;
        c = hl_flac_parse(f, &parsed, nothing, &b, err);
        proven = c == HL_OK;
        if (proven)
            end = (size_t)parsed.bytes;
        if (c == HL_E_INPUT)
            c = HL_OK;
    }
    if (c != HL_OK)
        return c;
    if (!proven) {
        const int64_t left = f->size - frame->offset, limit = hl_flac_frame_limit(&f->info);
        f->wasted += left < limit ? left : limit;
        if (frame->offset + (int64_t)end >= f->size)
            end = 0;
    }
    *how = proven ? HL_FLAC_END_PROVEN : end ? HL_FLAC_END_BY_NEXT : HL_FLAC_END_UNKNOWN;
    frame->bytes = (int64_t)end;
    return HL_OK;
}

hl_code hl_flac_find_any(hl_flac *f, int64_t from, int64_t to, int64_t least, int64_t most,
                         hl_flac_frame *frame, bool *found, hl_error *err)
{
    hl_code c = HL_OK;

    *found = false;
    while (c == HL_OK && from < to && !*found) {
        const uint8_t *p = NULL;
        hl_flac_header h;
        hl_flac_end how;
        size_t got = 0, i, n;
        c = hl_flac_bytes(f, from, 2 * HL_FLAC_HEADER_BYTES, &p, &got, err);
        if (c != HL_OK || got == 0)
            break;
        n = got < 2 * HL_FLAC_HEADER_BYTES || from + (int64_t)got >= f->size
                ? got
                : got - HL_FLAC_HEADER_BYTES;
        if ((int64_t)n > to - from)
            n = (size_t)(to - from);
        i = next_header(f, p, 0, n, got, &h);
        from += (int64_t)i;
        if (i == n)
            continue;
        if (h.first >= least && h.first < most) {
            *frame = (hl_flac_frame){.offset = from, .first = h.first, .n = h.n};
            c = hl_flac_find_end(f, frame, &how, err);
            *found = c == HL_OK && how == HL_FLAC_END_PROVEN;
        }
        from++;
    }
    return c;
}

/* --- a frame by its samples ------------------------------------------------------------------- */

static hl_code missing(const hl_flac *f, int64_t s, int64_t offset, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, hl_in_name(f->in), 0, offset,
                      "no FLAC frame holds sample %lld: %s at byte %lld", (long long)s,
                      offset >= f->size ? "the file ends" : "something else is", (long long)offset);
}

/* Between which frames the wanted one lies: low.first <= s < first. */
typedef struct {
    hl_flac_frame low;     /* starts at or before s; n = 0: none is known */
    int64_t first, offset; /* of the frame behind, which starts after s; or the ends of all */
} gap;

static gap gap_around(const hl_flac *f, int64_t s)
{
    const size_t i = known_until(f, s);
    gap g = {.low = {.offset = f->info.first_frame}, .offset = f->size, .first = f->length};

    if (i > 0)
        g.low = f->known[i - 1];
    if (i < f->n_known) {
        g.first = f->known[i].first;
        g.offset = f->known[i].offset;
    }
    return g;
}

/* The frame behind g->low, or the first one of the file, becomes known. */
static hl_code step(hl_flac *f, gap *g, int64_t s, hl_error *err)
{
    hl_flac_frame frame = {0};
    hl_flac_end how = HL_FLAC_END_PROVEN;
    int64_t next = g->low.offset, first = g->low.first + g->low.n;
    bool found = false;
    hl_code c = HL_OK;

    if (g->low.n > 0 && g->low.bytes == 0) {
        c = hl_flac_find_end(f, &g->low, &how, err);
        if (c == HL_OK && how == HL_FLAC_END_PROVEN)
            c = hl_flac_learn(f, &g->low, err);
    }
    if (c != HL_OK)
        return c;
    next += g->low.n == 0 ? 0 : how == HL_FLAC_END_UNKNOWN ? 1 : g->low.bytes;
    if (next >= g->offset)
        return missing(f, s, next, err);
    c = hl_flac_frame_at(f, next, &frame, &found, err);
    if (c == HL_OK && !(found && frame.first == first))
        c = hl_flac_find_any(f, next, g->offset, first, g->first, &frame, &found, err);
    if (c != HL_OK)
        return c;
    return found && frame.first <= s ? hl_flac_learn(f, &frame, err) : missing(f, s, next, err);
}

/*
 * Learn a frame near where s should be if all samples took the same room. *end_offset comes down to
 * the guess when nothing is there. Every second guess halves the gap: the room a sample takes may
 * change a hundredfold in a file.
 */
static hl_code guess(hl_flac *f, const gap *g, int64_t s, int32_t turn, int64_t *end_offset,
                     hl_error *err)
{
    const double share = (double)(s - g->low.first) / (double)(g->first - g->low.first);
    const int64_t room = *end_offset - g->low.offset;
    const int64_t frame_room = (int64_t)((double)(g->offset - g->low.offset) * f->info.max_block /
                                         (double)(g->first - g->low.first));
    int64_t at = turn % 3 == 2 ? room / 2 : (int64_t)(share * (double)(g->offset - g->low.offset));
    hl_flac_frame frame;
    bool found = false;
    hl_code c;

    /* The frame starts in front of s. */
    at -= frame_room + frame_room / 4;
    if (at > room - (int64_t)f->ahead_min)
        at = room - (int64_t)f->ahead_min;
    at = g->low.offset + (at > 1 ? at : 1);
    c = hl_flac_find_any(f, at, *end_offset, g->low.first + 1, g->first, &frame, &found, err);
    if (c == HL_OK && found)
        c = hl_flac_learn(f, &frame, err);
    if (c == HL_OK && (!found || frame.first > s))
        *end_offset = at;
    return c;
}

hl_code hl_flac_find(hl_flac *f, int64_t s, hl_flac_frame *frame, hl_error *err)
{
    int64_t end_offset = f->size;
    hl_code c = HL_OK;

    for (int32_t turn = 0; c == HL_OK; turn++) {
        gap g = gap_around(f, s);
        int64_t away;
        if (g.low.n > 0 && s < g.low.first + g.low.n) {
            *frame = g.low;
            return HL_OK;
        }
        if (end_offset > g.offset)
            end_offset = g.offset;
        away = (int64_t)((double)(s - g.low.first) * (double)(g.offset - g.low.offset) /
                         (double)(g.first - g.low.first));
        if (away < (int64_t)f->ahead_min || turn > GUESSES_MOST ||
            end_offset - g.low.offset < (int64_t)f->ahead_min)
            c = step(f, &g, s, err);
        else
            c = guess(f, &g, s, turn, &end_offset, err);
    }
    return c;
}

/* --- all frames ------------------------------------------------------------------------------- */

/* Frames from frame on (which is one) to the end, into *all unless NULL; *frame becomes the last.
 */
static hl_code follow(hl_flac *f, hl_flac_frame *frame, hl_buf *all, hl_error *err)
{
    bool found = true;
    hl_code c = HL_OK;

    while (found) {
        hl_flac_end how;
        hl_flac_frame next = {0};
        int64_t at;
        c = hl_flac_find_end(f, frame, &how, err);
        if (c != HL_OK)
            break;
        if (all)
            hl_buf_append(all, frame, sizeof *frame);
        at = frame->offset + (how == HL_FLAC_END_UNKNOWN ? 1 : frame->bytes);
        c = hl_flac_frame_at(f, at, &next, &found, err);
        if (c == HL_OK && !(found && next.first == frame->first + frame->n))
            c = hl_flac_find_any(f, at, f->size, frame->first + frame->n, INT64_MAX, &next, &found,
                                 err);
        if (c != HL_OK)
            break;
        if (found)
            *frame = next;
    }
    return c;
}

hl_code hl_flac_frames(hl_flac *f, const hl_flac_frame **frame, size_t *n, hl_error *err)
{
    hl_buf all = {0};
    hl_flac_frame at = {0};
    bool found = false;
    hl_code c = HL_OK;

    if (!f->has_all) {
        f->wasted = 0;
        c = hl_flac_frame_at(f, f->info.first_frame, &at, &found, err);
        if (c == HL_OK && !found)
            c = hl_flac_find_any(f, f->info.first_frame, f->size, 0, INT64_MAX, &at, &found, err);
        if (c == HL_OK && found)
            c = follow(f, &at, &all, err);
        if (c == HL_OK)
            c = hl_buf_check(&all, "FLAC frames", err);
        if (c != HL_OK) {
            hl_buf_free(&all);
            return c;
        }
        f->all = (hl_flac_frame *)(void *)all.at;
        f->n_all = all.n / sizeof *f->all;
        f->has_all = true;
    }
    *frame = f->all;
    *n = f->n_all;
    return HL_OK;
}

hl_code hl_flac_length(hl_flac *f, int64_t *n, hl_error *err)
{
    hl_flac_frame frame = {0};
    int64_t back = (int64_t)f->ahead_min;
    bool found = false;
    hl_code c = HL_OK;

    f->wasted = 0;
    /* The last frames tell; they stand in the last bytes, or in front of what was appended. */
    while (f->length < 0 && c == HL_OK && !found) {
        int64_t from = f->size - back;
        const bool everything = from <= f->info.first_frame;
        if (everything)
            from = f->info.first_frame;
        c = hl_flac_find_any(f, from, f->size, 0, INT64_MAX, &frame, &found, err);
        if (c == HL_OK && found)
            c = follow(f, &frame, NULL, err);
        if (c == HL_OK && (found || everything))
            f->length = found ? frame.first + frame.n : 0;
        back *= 4;
    }
    *n = f->length;
    return c;
}
