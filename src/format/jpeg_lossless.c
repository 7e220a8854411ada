/* Lossless JPEG, SOF3 (T.81 annex H; films.md 3.7.2). */
#include "format/jpeg_samples.h"

#include "format/jpeg_predict.h"
#include "format/jpeg_scan.h"

enum { MAX_SIZE = 16 }; /* category of the largest difference */

typedef struct {
    hl_jpeg_stream *stream;
    uint16_t *px;
    int32_t width, height, components;
    hl_jpeg_huff table[HL_JPEG_MAX_COMPONENTS]; /* of the parts of the scan */
} decoder;

/* --- bits to differences --------------------------------------------------------------------- */

static inline bool refill(hl_jpeg_bits *b, bit_regs *r)
{
    b->at = r->at;
    if (!hl_jpeg_bits_more(b))
        return false;
    r->at = b->at;
    return true;
}

/*
 * n differences of one component alone. sum: to[] gets start plus their running sum, which is the
 * line itself where each sample is predicted from the one on its left; otherwise the differences.
 */
static inline __attribute__((always_inline)) bool
take_line(hl_jpeg_bits *b, const hl_jpeg_huff *h, uint16_t *to, int32_t n, bool sum, int32_t start)
{
    bit_regs r = hl_jpeg_regs_take(b);
    uint32_t x = (uint32_t)start;
    int32_t i = 0, d;

    for (; i + 2 <= n; i += 2) {
        if (__builtin_expect(r.at > b->safe, 0) && !refill(b, &r))
            return hl_jpeg_regs_put(b, &r, false);
        fill(&r);
        if (!hl_jpeg_take_difference(&r, h, &d))
            return hl_jpeg_regs_put(b, &r, false);
        x = (sum ? x : 0) + (uint32_t)d;
        to[i] = (uint16_t)x;
        if (!hl_jpeg_take_difference(&r, h, &d))
            return hl_jpeg_regs_put(b, &r, false);
        x = (sum ? x : 0) + (uint32_t)d;
        to[i + 1] = (uint16_t)x;
    }
    if (i == n)
        return hl_jpeg_regs_put(b, &r, true);
    if (r.at > b->safe && !refill(b, &r))
        return hl_jpeg_regs_put(b, &r, false);
    fill(&r);
    if (!hl_jpeg_take_difference(&r, h, &d))
        return hl_jpeg_regs_put(b, &r, false);
    to[i] = (uint16_t)((sum ? x : 0) + (uint32_t)d);
    return hl_jpeg_regs_put(b, &r, true);
}

static bool take_sums(hl_jpeg_bits *b, const hl_jpeg_huff *h, uint16_t *to, int32_t n,
                      int32_t start)
{
    return take_line(b, h, to, n, true, start);
}

static bool take_differences(hl_jpeg_bits *b, const hl_jpeg_huff *h, uint16_t *to, int32_t n)
{
    return take_line(b, h, to, n, false, 0);
}

/* One line of a scan of several components, or of one among others: differences. */
static bool take_parts(decoder *d, uint16_t *line)
{
    const hl_jpeg_scan *scan = &d->stream->header.scan;
    hl_jpeg_bits *b = &d->stream->bits;
    bit_regs r = hl_jpeg_regs_take(b);

    for (int32_t x = 0; x < d->width; x++, line += d->components)
        for (int32_t p = 0; p < scan->n; p++) {
            int32_t difference;
            if (r.at > b->safe && !refill(b, &r))
                return hl_jpeg_regs_put(b, &r, false);
            fill(&r);
            if (!hl_jpeg_take_difference(&r, &d->table[p], &difference))
                return hl_jpeg_regs_put(b, &r, false);
            line[scan->component[p]] = (uint16_t)difference;
        }
    return hl_jpeg_regs_put(b, &r, true);
}

/* --- differences to samples ------------------------------------------------------------------ */

/* Samples i = step, 2 * step, ... from their differences; the first one is there already. */
static inline __attribute__((always_inline)) void
finish_with(int predictor, uint16_t *line, const uint16_t *above, size_t step, size_t end)
{
    int32_t a = line[0];

    for (size_t i = step; i < end; i += step) {
        const int32_t p = hl_jpeg_predict(predictor, a, above[i], above[i - step]);
        a = (uint16_t)(p + line[i]);
        line[i] = (uint16_t)a;
    }
}

static void finish_line(int predictor, uint16_t *line, const uint16_t *above, size_t step,
                        size_t end)
{
    switch (predictor) {
    case 1:
        finish_with(1, line, line, step, end);
        break;
    case 2:
        finish_with(2, line, above, step, end);
        break;
    case 3:
        finish_with(3, line, above, step, end);
        break;
    case 4:
        finish_with(4, line, above, step, end);
        break;
    case 5:
        finish_with(5, line, above, step, end);
        break;
    case 6:
        finish_with(6, line, above, step, end);
        break;
    default:
        finish_with(7, line, above, step, end);
        break;
    }
}

/* --- scans ----------------------------------------------------------------------------------- */

/* One line; first: of the scan or behind a restart, where nothing above counts. */
static bool take_one_line(decoder *d, int32_t y, bool first)
{
    const hl_jpeg_header *h = &d->stream->header;
    const size_t step = (size_t)d->components, end = (size_t)d->width * step;
    uint16_t *line = d->px + (size_t)y * end;
    const uint16_t *above = first ? NULL : line - end;
    const int32_t middle = 1 << (h->precision - h->scan.low - 1);
    const int predictor = first ? 1 : h->scan.first;

    if (d->components == 1 && predictor == 1)
        return take_sums(&d->stream->bits, d->table, line, d->width, first ? middle : above[0]);
    if (d->components == 1 && !take_differences(&d->stream->bits, d->table, line, d->width))
        return false;
    if (d->components > 1 && !take_parts(d, line))
        return false;
    for (int32_t p = 0; p < h->scan.n; p++) {
        const size_t k = h->scan.component[p];
        line[k] = (uint16_t)(line[k] + (first ? middle : above[k]));
        finish_line(predictor, line + k, first ? line + k : above + k, step, end - k);
    }
    return true;
}

static hl_code check_scan(const decoder *d, hl_error *err)
{
    const hl_jpeg_header *h = &d->stream->header;
    const int64_t samples = (int64_t)d->width * d->height;

    if (h->scan.first < 1 || h->scan.first > 7)
        return hl_fail_at(err, HL_E_INPUT, d->stream->name, 0, (int64_t)h->scan_offset,
                          "damaged JPEG header: predictor %d (there are 1 to 7)", h->scan.first);
    if (h->scan.low >= h->precision)
        return hl_fail_at(err, HL_E_INPUT, d->stream->name, 0, (int64_t)h->scan_offset,
                          "damaged JPEG header: point transform %d of %d-bit samples", h->scan.low,
                          h->precision);
    if (h->restart_interval % d->width && h->restart_interval < samples)
        return hl_fail_at(err, HL_E_INPUT, d->stream->name, 0, (int64_t)h->scan_offset,
                          "damaged JPEG header: a restart interval of %d samples is no number of "
                          "whole lines of %d (T.81 H.1.1)",
                          h->restart_interval, d->width);
    return HL_OK;
}

static hl_code take_scan(decoder *d, hl_error *err)
{
    hl_jpeg_stream *s = d->stream;
    const hl_jpeg_scan *scan = &s->header.scan;
    const int32_t interval = s->header.restart_interval / d->width; /* lines; 0: none */
    hl_code c = hl_jpeg_scan_begin(s, err);

    if (c == HL_OK)
        c = check_scan(d, err);
    for (int32_t p = 0; c == HL_OK && p < scan->n; p++)
        c = hl_jpeg_scan_dc(s, scan->dc_id[p], MAX_SIZE, &d->table[p], err);
    for (int32_t y = 0; c == HL_OK && y < d->height; y++) {
        const bool restart = interval > 0 && y > 0 && y % interval == 0;
        if (restart)
            c = hl_jpeg_scan_restart(s, y - 1, err);
        if (c == HL_OK && !take_one_line(d, y, y == 0 || restart))
            c = hl_jpeg_scan_fail(s, y, err);
    }
    return c == HL_OK ? hl_jpeg_scan_end(s, err) : c;
}

/* Samples were coded without their lowest Pt bits. */
static void undo_point_transform(decoder *d)
{
    const hl_jpeg_scan *scan = &d->stream->header.scan;
    const size_t n = (size_t)d->width * (size_t)d->height;

    for (int32_t p = 0; p < scan->n && scan->low; p++) {
        uint16_t *px = d->px + scan->component[p];
        for (size_t i = 0; i < n; i++, px += d->components)
            *px = (uint16_t)(*px << scan->low);
    }
}

static hl_code check_frame(const hl_jpeg_stream *s, hl_error *err)
{
    const hl_jpeg_header *h = &s->header;

    if (h->sof != 0xC3)
        return hl_fail_at(err, HL_E_LIMIT, s->name, 0, -1,
                          "%s (frame marker ff %02x) in place of lossless JPEG is not supported",
                          hl_jpeg_kind(h->sof), h->sof);
    if (h->precision < 2 || h->precision > 16)
        return hl_fail_at(err, HL_E_INPUT, s->name, 0, -1,
                          "damaged JPEG header: %d-bit samples (lossless JPEG has 2 to 16)",
                          h->precision);
    /* A sample takes at least one bit. */
    if ((int64_t)h->width * h->height * h->components > (int64_t)s->n * 8)
        return hl_jpeg_stream_short(s, err);
    return HL_OK;
}

hl_code hl_jpeg_decode_lossless(hl_arena *arena, const uint8_t *bytes, size_t n, const char *name,
                                hl_jpeg_size expect, hl_jpeg_samples *out, hl_error *err)
{
    hl_jpeg_stream *s = NULL;
    hl_code c = hl_jpeg_stream_open(arena, bytes, n, name, expect, &s, err);

    if (c == HL_OK)
        c = check_frame(s, err);
    if (c != HL_OK)
        return c;
    const size_t samples = (size_t)expect.width * (size_t)expect.height * (size_t)expect.components;
    decoder *d = hl_arena_aligned(arena, sizeof *d, 64);
    uint16_t *px = hl_arena_aligned(arena, samples * sizeof *px, 64);
    if (!d || !px)
        return hl_fail_memory(err, "lossless JPEG picture", samples * sizeof *px);
    d->stream = s;
    d->px = px;
    d->width = expect.width;
    d->height = expect.height;
    d->components = expect.components;
    do {
        c = take_scan(d, err);
        if (c == HL_OK) {
            undo_point_transform(d);
            c = hl_jpeg_stream_next(s, err);
        }
    } while (c == HL_OK);
    if (c != HL_END)
        return c;
    *out = (hl_jpeg_samples){.width = expect.width,
                             .height = expect.height,
                             .components = expect.components,
                             .precision = s->header.precision,
                             .no_eoi = s->no_eoi,
                             .px = px};
    return HL_OK;
}
