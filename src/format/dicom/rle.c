#include "format/dicom/pixels_internal.h"

/*
 *   0      number of segments, 1..15         uint32 little endian
 *   4      offsets of the segments           15 of them
 *   64     segments: PackBits of one byte plane each; for each sample the planes of its word, most
 *          significant first
 *
 * PS3.5 annex G; films.md 3.7.1
 */
enum { HEADER_BYTES = 64, MAX_SEGMENTS = 15, MAX_RUN = 128 };

static uint32_t le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* n bytes out of the segment [at, end); false: it ends before. Runs over the end of a row, or of
 * the picture, are cut there. */
static bool unpack(const uint8_t *at, const uint8_t *end, uint8_t *to, size_t n)
{
    const uint8_t *const stop = to + n;

    while (to < stop) {
        if (at == end)
            return false;
        const uint8_t head = *at++;
        if (head == 128)
            continue;
        size_t run = head < 128 ? (size_t)head + 1 : 257 - (size_t)head;
        if (run > (size_t)(stop - to))
            run = (size_t)(stop - to);
        const size_t from = head < 128 ? run : 1;
        if ((size_t)(end - at) < from)
            return false;
        /* Whole vectors where there is room: what is written too much is written again. */
        if (head > 128 && stop - to >= MAX_RUN)
            for (size_t i = 0; i < run; i += 32)
                memset(to + i, *at, 32);
        else if (head > 128)
            memset(to, *at, run);
        else if (stop - to >= MAX_RUN && end - at >= MAX_RUN)
            for (size_t i = 0; i < run; i += 32)
                memcpy(to + i, at + i, 32);
        else
            memcpy(to, at, run);
        to += run;
        /* A literal that goes over the end of the picture leaves the rest in the segment. */
        at += from;
    }
    return true;
}

/* Plane `byte` (0 = most significant) of every samples-th word, the first at word `sample`. */
static void put_plane(const uint8_t *plane, size_t n_px, size_t samples, size_t sample,
                      int32_t bits, unsigned byte, void *out)
{
    const unsigned shift = (unsigned)bits - 8 - 8 * byte;
    uint8_t *b = (uint8_t *)out + (bits == 8 ? sample : 0);
    uint16_t *h = (uint16_t *)out + (bits == 16 ? sample : 0);
    uint32_t *w = (uint32_t *)out + (bits == 32 ? sample : 0);

    if (bits == 8)
        for (size_t i = 0; i < n_px; i++)
            b[i * samples] = plane[i];
    else if (bits == 16 && byte == 0)
        for (size_t i = 0; i < n_px; i++)
            h[i * samples] = (uint16_t)(plane[i] << 8);
    else if (bits == 16)
        for (size_t i = 0; i < n_px; i++)
            h[i * samples] |= plane[i];
    else if (byte == 0)
        for (size_t i = 0; i < n_px; i++)
            w[i * samples] = (uint32_t)plane[i] << shift;
    else
        for (size_t i = 0; i < n_px; i++)
            w[i * samples] |= (uint32_t)plane[i] << shift;
}

static hl_code check_header(const uint8_t *at, size_t n, const char *name, uint32_t expected,
                            hl_error *err)
{
    if (n < HEADER_BYTES)
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "the RLE header is cut (%zu of 64 bytes)\n"
                          "The file is damaged. Get it again from its source.",
                          n);
    const uint32_t count = le32(at);
    if (count > MAX_SEGMENTS)
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1, "%u RLE segments, more than 15", count);
    if (count != expected)
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "%u RLE segment%s, but SamplesPerPixel and BitsAllocated ask for %u",
                          count, count == 1 ? "" : "s", expected);
    for (uint32_t s = 0; s < count; s++) {
        const uint32_t from = le32(at + 4 + 4 * s);
        const size_t to = s + 1 < count ? le32(at + 8 + 4 * s) : n;
        if (from < HEADER_BYTES || from > to || to > n)
            return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                              "RLE segment %u of %u lies outside of the frame's %zu bytes", s + 1,
                              count, n);
    }
    return HL_OK;
}

hl_code hl_rle_decode(hl_arena *arena, const uint8_t *at, size_t n, const char *name, size_t n_px,
                      int32_t samples, int32_t bits, void *out, hl_error *err)
{
    const uint32_t bytes = (uint32_t)bits / 8, count = (uint32_t)samples * bytes;
    uint8_t *plane = out;
    const hl_code c = check_header(at, n, name, count, err);

    if (c != HL_OK)
        return c;
    if (count > 1) {
        plane = hl_arena_aligned(arena, n_px, 64);
        if (!plane)
            return hl_fail_memory(err, "RLE segment", n_px);
    }
    for (uint32_t s = 0; s < count; s++) {
        const uint32_t from = le32(at + 4 + 4 * s);
        const size_t to = s + 1 < count ? le32(at + 8 + 4 * s) : n;
        if (!unpack(at + from, at + to, plane, n_px))
            return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                              "RLE segment %u of %u ends early\n"
                              "The file is damaged. Get it again from its source.",
                              s + 1, count);
        if (count > 1)
            put_plane(plane, n_px, (size_t)samples, s / bytes, bits, s % bytes, out);
    }
    return HL_OK;
}

hl_code hl_rle_frame(const hl_frame_task *t, hl_frame *out, hl_error *err)
{
    const hl_pixels *p = t->p;
    const size_t n_px = (size_t)p->rows * (size_t)p->columns;
    char name[HL_FRAME_NAME_CHARS];
    hl_error found = {0};
    void *px;

    if (p->bits_allocated == 1)
        return hl_frame_fail(t, HL_E_LIMIT, err, "RLE of 1-bit pixels is not supported");
    /* Two bytes make 128 at most. */
    if (n_px / (MAX_RUN / 2) > t->n)
        return hl_frame_fail(t, HL_E_INPUT, err,
                             "RLE segment ends early (%zu bytes cannot hold %d x %d pixels)", t->n,
                             p->columns, p->rows);
    hl_code c = hl_frame_new(t, p->bits_allocated, out, &px, err);
    if (c != HL_OK)
        return c;
    c = hl_rle_decode(t->arena, t->at, t->n, hl_frame_name(t, name), n_px, p->samples,
                      p->bits_allocated, px, &found);
    if (c != HL_OK)
        return hl_frame_pass(t, c, &found, err);
    hl_frame_mask_rule(p, p->bits_allocated, out);
    return HL_OK;
}
