#include "format/jpeg_scan.h"

#include <inttypes.h>

/* An encoder that writes whole words may fill the last one up: with ones (T.81 F.1.2.3) or zeros.
 */
#define MAX_PADDING_BITS 32

/* --- the stream ------------------------------------------------------------------------------ */

static hl_code fail_at(const hl_jpeg_stream *s, const char *what, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, s->name, 0, (int64_t)s->header.scan_offset,
                      "damaged JPEG header: %s (scan at byte %zu)", what, s->header.scan_offset);
}

static hl_code check_size(const hl_jpeg_stream *s, hl_jpeg_size expect, hl_error *err)
{
    const hl_jpeg_header *h = &s->header;

    if (h->height == 0)
        return hl_fail_at(err, HL_E_LIMIT, s->name, 0, -1,
                          "JPEG of height 0 (told later by a DNL marker) is not supported");
    if (h->width != expect.width || h->height != expect.height ||
        h->components != expect.components)
        return hl_fail_at(
            err, HL_E_INPUT, s->name, 0, -1,
            "the JPEG picture has %d x %d pixels of %d component%s, but %d x %d of %d "
            "are announced",
            h->width, h->height, h->components, h->components == 1 ? "" : "s", expect.width,
            expect.height, expect.components);
    if (h->components > HL_JPEG_MAX_COMPONENTS)
        return hl_fail_at(err, HL_E_LIMIT, s->name, 0, -1,
                          "JPEG with %d components is not supported, only 1 to %d", h->components,
                          HL_JPEG_MAX_COMPONENTS);
    for (int i = 0; i < h->components && h->components > 1; i++)
        if (h->component[i].sampling != 0x11)
            return hl_fail_at(err, HL_E_LIMIT, s->name, 0, -1,
                              "%s with sampling %d x %d of component %d is not supported here, "
                              "only 1 x 1",
                              hl_jpeg_kind(h->sof), h->component[i].sampling >> 4,
                              h->component[i].sampling & 15, i + 1);
    return HL_OK;
}

hl_code hl_jpeg_stream_open(hl_arena *arena, const uint8_t *bytes, size_t n, const char *name,
                            hl_jpeg_size expect, hl_jpeg_stream **out, hl_error *err)
{
    hl_jpeg_stream *s = hl_arena_aligned(arena, sizeof *s, 64);

    if (!s)
        return hl_fail_memory(err, "JPEG decoder", sizeof *s);
    s->bytes = bytes;
    s->n = n;
    s->name = name;
    s->seen = 0;
    s->no_eoi = false;
    hl_code c = hl_jpeg_header_read(bytes, n, name, &s->header, err);
    if (c == HL_OK)
        c = check_size(s, expect, err);
    if (c == HL_OK)
        *out = s;
    return c;
}

hl_code hl_jpeg_stream_next(hl_jpeg_stream *s, hl_error *err)
{
    const bool complete = s->seen == (1u << s->header.components) - 1;
    const uint8_t *at = s->bits.src;
    hl_code c;

    if (s->bits.src_end - at < 2) {
        s->no_eoi = true;
        return complete ? HL_END : hl_jpeg_scan_fail(s, s->header.height - 1, err);
    }
    c = hl_jpeg_header_next(s->bytes, s->n, (size_t)(at - s->bytes), s->name, &s->header, err);
    if (c == HL_END && !complete)
        return fail_at(s, "a component has no scan", err);
    if (c == HL_OK && complete)
        return fail_at(s, "a scan too many", err);
    return c;
}

hl_code hl_jpeg_stream_short(const hl_jpeg_stream *s, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, s->name, 0, (int64_t)s->n,
                      "JPEG data ends early: %zu bytes cannot hold %d x %d pixels\n"
                      "The file is cut or damaged. Get it again from its source.",
                      s->n, s->header.width, s->header.height);
}

/* --- a scan ---------------------------------------------------------------------------------- */

hl_code hl_jpeg_scan_begin(hl_jpeg_stream *s, hl_error *err)
{
    const hl_jpeg_scan *scan = &s->header.scan;

    if (scan->n == 0)
        return fail_at(s, "the scan names components that the frame has not", err);
    for (int32_t i = 0; i < scan->n; i++) {
        const unsigned bit = 1u << scan->component[i];
        if (s->seen & bit)
            return fail_at(s, "a component has two scans", err);
        s->seen |= bit;
    }
    s->restart = 0;
    hl_jpeg_bits_start(&s->bits, s->bytes + s->header.scan_offset, s->bytes + s->n);
    return HL_OK;
}

static hl_code table_result(const hl_jpeg_stream *s, hl_jpeg_huff_state state, hl_error *err)
{
    switch (state) {
    case HL_JPEG_HUFF_TOO_MANY:
        return fail_at(s, "bad Huffman table: more codes than there can be", err);
    case HL_JPEG_HUFF_CATEGORY:
        return fail_at(s, "bad Huffman table: a category out of range", err);
    case HL_JPEG_HUFF_OK:
        break;
    }
    return HL_OK;
}

hl_code hl_jpeg_scan_dc(const hl_jpeg_stream *s, int id, int max_size, hl_jpeg_huff *out,
                        hl_error *err)
{
    if (id > 3 || !s->header.dc[id].defined)
        return fail_at(s, "the scan uses a Huffman table that is not there", err);
    return table_result(s, hl_jpeg_huff_make_dc(&s->header.dc[id], max_size, out), err);
}

hl_code hl_jpeg_scan_ac(const hl_jpeg_stream *s, int id, hl_jpeg_huff *out, hl_error *err)
{
    if (id > 3 || !s->header.ac[id].defined)
        return fail_at(s, "the scan uses a Huffman table that is not there", err);
    return table_result(s, hl_jpeg_huff_make_ac(&s->header.ac[id], out), err);
}

/* --- the ends of its segments ---------------------------------------------------------------- */

/* Less than 0: more was taken than there is in front of the marker. Of the bytes in the window. */
static int64_t bits_left(const hl_jpeg_bits *b)
{
    return (b->end - b->at) * 8 + (int64_t)b->n_bits;
}

/* The marker at src behind any fill bytes (T.81 B.1.1.2), 0: there is none. */
static uint8_t marker_at(const hl_jpeg_bits *b)
{
    const uint8_t *p = b->src;

    while (b->src_end - p >= 2 && p[1] == 0xFF)
        p++;
    return b->src_end - p >= 2 ? p[1] : 0;
}

static hl_code fail_early(const hl_jpeg_stream *s, int32_t line, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, s->name, 0, (int64_t)s->n,
                      "JPEG data ends early (in line %d of %d, %zu bytes)\n"
                      "The file is cut or damaged. Get it again from its source.",
                      line + 1, s->header.height, s->n);
}

hl_code hl_jpeg_scan_fail(const hl_jpeg_stream *s, int32_t line, hl_error *err)
{
    const hl_jpeg_bits *b = &s->bits;
    const uint8_t marker = marker_at(b);
    const int64_t offset = b->src - s->bytes;

    /* Fewer bits than the longest code: what looks like no code may be the beginning of one. */
    if (b->closed && bits_left(b) < 16) {
        if (marker == 0 || marker == 0xD9)
            return fail_early(s, line, err);
        return hl_fail_at(err, HL_E_INPUT, s->name, 0, offset,
                          "JPEG entropy data corrupt: a marker (ff %02x) comes too early (in line "
                          "%d of %d)",
                          marker, line + 1, s->header.height);
    }
    return hl_fail_at(err, HL_E_INPUT, s->name, 0, offset,
                      "JPEG entropy data corrupt: no valid code (in line %d of %d)", line + 1,
                      s->header.height);
}

/* Whether the last left < MAX_PADDING_BITS bits are the end of a byte and bytes 00 or ff only. */
static bool only_padding(const hl_jpeg_bits *b, int64_t left)
{
    bit_regs r = {b->bits, b->n_bits, b->at};

    fill(&r);
    drop(&r, (uint64_t)(left & 7));
    const uint64_t bytes = r.bits >> (64 - (left & ~7));
    return bytes == 0 || bytes == UINT64_MAX >> (64 - (left & ~7));
}

/* src stands at the segment's marker afterwards, or at the end of all bytes. */
static hl_code segment_end(hl_jpeg_stream *s, int32_t line, const char *after, hl_error *err)
{
    hl_jpeg_bits *b = &s->bits;

    (void)hl_jpeg_bits_more(b);
    int64_t left = bits_left(b);
    if (left < 0)
        return hl_jpeg_scan_fail(s, line, err);
    if (left >= 8 && !(b->closed && left < MAX_PADDING_BITS && only_padding(b, left))) {
        while (!b->closed) { /* take the rest in to count it */
            b->at = b->end;
            (void)hl_jpeg_bits_more(b);
            left += (b->end - b->at) * 8;
        }
        return hl_fail_at(err, HL_E_INPUT, s->name, 0, b->src - s->bytes,
                          "JPEG entropy data corrupt: %" PRId64 " byte%s left over after %s",
                          left / 8, left / 8 == 1 ? "" : "s", after);
    }
    while (b->src_end - b->src >= 2 && b->src[1] == 0xFF) /* fill bytes */
        b->src++;
    return HL_OK;
}

hl_code hl_jpeg_scan_restart(hl_jpeg_stream *s, int32_t line, hl_error *err)
{
    hl_jpeg_bits *b = &s->bits;
    const hl_code c = segment_end(s, line, "a restart interval", err);
    const uint8_t marker = marker_at(b);

    if (c != HL_OK)
        return c;
    if (marker == 0 || marker == 0xD9)
        return fail_early(s, line, err);
    if (marker != 0xD0 + s->restart)
        return hl_fail_at(err, HL_E_INPUT, s->name, 0, b->src - s->bytes,
                          "JPEG entropy data corrupt: ff %02x instead of restart marker ff %02x "
                          "(behind line %d of %d)",
                          marker, 0xD0 + s->restart, line + 1, s->header.height);
    s->restart = (s->restart + 1) & 7;
    hl_jpeg_bits_start(b, b->src + 2, b->src_end);
    return HL_OK;
}

hl_code hl_jpeg_scan_end(hl_jpeg_stream *s, hl_error *err)
{
    return segment_end(s, s->header.height - 1, "the last sample", err);
}
