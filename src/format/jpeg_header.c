#include "format/jpeg_header.h"

#include <string.h>

const uint8_t hl_jpeg_zigzag[HL_JPEG_ZIGZAG_SIZE] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

/* One marker segment: the bytes behind its length field. */
typedef struct {
    const uint8_t *at;
    size_t n;
    size_t offset; /* of at in the file */
    uint8_t marker;
} segment;

typedef struct {
    const uint8_t *bytes;
    size_t n, at;
    bool may_end; /* an end marker is HL_END: a scan was there before */
    const char *name;
} reader;

static unsigned be16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static hl_code fail_short(const reader *r, size_t offset, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, r->name, 0, (int64_t)offset,
                      "the JPEG header ends early (the file has %zu bytes)\n"
                      "The file is cut. Get it again from its source.",
                      r->n);
}

static hl_code fail_segment(const reader *r, const segment *s, const char *what, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, r->name, 0, (int64_t)s->offset,
                      "damaged JPEG header: %s (marker ff %02x at byte %zu)", what, s->marker,
                      s->offset - 4);
}

static hl_code take_quant(const reader *r, const segment *s, hl_jpeg_header *h, hl_error *err)
{
    size_t at = 0;

    while (at < s->n) {
        const unsigned precision = s->at[at] >> 4, id = s->at[at] & 15;
        const size_t bytes = precision ? 128 : 64;
        if (precision > 1 || id > 3 || s->n - at - 1 < bytes)
            return fail_segment(r, s, "bad quantisation table", err);
        const uint8_t *p = s->at + at + 1;
        for (int k = 0; k < 64; k++)
            h->quant[id].step[hl_jpeg_zigzag[k]] = (uint16_t)(precision ? be16(p + 2 * k) : p[k]);
        h->quant[id].defined = true;
        at += 1 + bytes;
    }
    return HL_OK;
}

static hl_code take_huff(const reader *r, const segment *s, hl_jpeg_header *h, hl_error *err)
{
    size_t at = 0;

    while (at < s->n) {
        if (s->n - at < 17)
            return fail_segment(r, s, "bad Huffman table", err);
        if (s->at[at] > 0x1F || (s->at[at] & 15) > 3)
            return fail_segment(r, s, "bad Huffman table id", err);
        hl_jpeg_huff_spec *t = (s->at[at] & 0x10 ? h->ac : h->dc) + (s->at[at] & 15);
        unsigned n = 0;
        for (int l = 1; l <= 16; l++) {
            t->count[l] = s->at[at + (size_t)l];
            n += t->count[l];
        }
        if (n > 256 || s->n - at - 17 < n)
            return fail_segment(r, s, "bad Huffman table", err);
        memset(t->symbol, 0, sizeof t->symbol);
        memcpy(t->symbol, s->at + at + 17, n);
        t->defined = true;
        at += 17 + n;
    }
    return HL_OK;
}

static hl_code take_frame(const reader *r, const segment *s, hl_jpeg_header *h, hl_error *err)
{
    if (h->sof)
        return fail_segment(r, s, "a second frame", err);
    if (s->n < 6 || s->n != 6 + 3 * (size_t)s->at[5])
        return fail_segment(r, s, "bad frame", err);
    h->sof = s->marker;
    h->precision = s->at[0];
    h->height = (int32_t)be16(s->at + 1);
    h->width = (int32_t)be16(s->at + 3);
    h->components = s->at[5];
    if (h->width == 0 || h->components == 0)
        return fail_segment(r, s, "an empty picture", err);
    h->component_id = s->at[6];
    h->sampling = s->at[7];
    h->quant_id = s->at[8];
    for (int i = 0; i < h->components && i < HL_JPEG_MAX_COMPONENTS; i++) {
        const uint8_t *p = s->at + 6 + 3 * i;
        h->component[i] = (hl_jpeg_component){p[0], p[1], p[2]};
    }
    return HL_OK;
}

/* The scan's n parts at p, each a component's id and its tables; scan->n stays 0 as the header
 * says. */
static void take_parts(const uint8_t *p, int32_t n, const hl_jpeg_header *h, hl_jpeg_scan *scan)
{
    const int32_t known =
        h->components < HL_JPEG_MAX_COMPONENTS ? h->components : HL_JPEG_MAX_COMPONENTS;
    unsigned seen = 0;

    if (n > known)
        return;
    for (int32_t i = 0; i < n; i++) {
        int32_t k = 0;
        while (k < known && h->component[k].id != p[2 * i])
            k++;
        if (k == known || (seen >> k & 1))
            return;
        seen |= 1u << k;
        scan->component[i] = (uint8_t)k;
        scan->dc_id[i] = p[2 * i + 1] >> 4;
        scan->ac_id[i] = p[2 * i + 1] & 15;
    }
    scan->n = n;
}

static hl_code take_scan(const reader *r, const segment *s, hl_jpeg_header *h, hl_error *err)
{
    if (!h->sof)
        return fail_segment(r, s, "a scan without a frame", err);
    if (s->n < 4 || s->n != 4 + 2 * (size_t)s->at[0] || s->at[0] == 0)
        return fail_segment(r, s, "bad scan header", err);
    const uint8_t *tail = s->at + s->n - 3;
    h->plain_scan = s->at[0] == 1 && s->at[1] == h->component_id && tail[0] == 0 && tail[1] == 63 &&
                    tail[2] == 0;
    h->dc_id = s->at[2] >> 4;
    h->ac_id = s->at[2] & 15;
    h->scan = (hl_jpeg_scan){
        .first = tail[0], .last = tail[1], .high = tail[2] >> 4, .low = tail[2] & 15};
    take_parts(s->at + 1, s->at[0], h, &h->scan);
    h->scan_offset = s->offset + s->n;
    return HL_OK;
}

static hl_code next_segment(reader *r, segment *out, hl_error *err)
{
    if (r->n - r->at < 2)
        return fail_short(r, r->at, err);
    if (r->bytes[r->at] != 0xFF)
        return hl_fail_at(err, HL_E_INPUT, r->name, 0, (int64_t)r->at,
                          "damaged JPEG header: no marker at byte %zu (%02x %02x)", r->at,
                          r->bytes[r->at], r->bytes[r->at + 1]);
    while (r->at + 1 < r->n && r->bytes[r->at + 1] == 0xFF) /* fill bytes, T.81 B.1.1.2 */
        r->at++;
    if (r->may_end && r->at + 1 < r->n && r->bytes[r->at + 1] == 0xD9)
        return HL_END;
    if (r->n - r->at < 4)
        return fail_short(r, r->at, err);
    const size_t length = be16(r->bytes + r->at + 2);
    *out = (segment){r->bytes + r->at + 4, length - 2, r->at + 4, r->bytes[r->at + 1]};
    if (out->marker == 0xD9)
        return fail_segment(r, out, "the picture ends before its first scan", err);
    if (length < 2)
        return fail_segment(r, out, "bad length", err);
    if (r->n - r->at - 2 < length)
        return fail_short(r, r->n, err);
    r->at += 2 + length;
    return HL_OK;
}

static hl_code check_magic(const reader *r, hl_error *err)
{
    char first[16] = "";

    if (r->n >= 3 && memcmp(r->bytes, "\xFF\xD8\xFF", 3) == 0)
        return HL_OK;
    if (r->n == 0)
        return hl_fail_at(err, HL_E_INPUT, r->name, 0, 0, "not a JPEG file (it is empty)");
    for (size_t i = 0; i < 4 && i < r->n; i++)
        snprintf(first + 3 * i, sizeof first - 3 * i, " %02x", r->bytes[i]);
    return hl_fail_at(err, HL_E_INPUT, r->name, 0, 0, "not a JPEG file (it begins with%s)", first);
}

static hl_code take_segment(const reader *r, const segment *s, hl_jpeg_header *h, hl_error *err)
{
    const uint8_t m = s->marker;

    if (m == 0xDB)
        return take_quant(r, s, h, err);
    if (m == 0xC4)
        return take_huff(r, s, h, err);
    if (m == 0xDD) {
        if (s->n != 2)
            return fail_segment(r, s, "bad restart interval", err);
        h->restart_interval = (int32_t)be16(s->at);
        return HL_OK;
    }
    if (m >= 0xC0 && m <= 0xCF && m != 0xC8 && m != 0xCC)
        return take_frame(r, s, h, err);
    if (m == 0xDA)
        return take_scan(r, s, h, err);
    /* Application data, comment, DNL and DAC are stepped over. */
    if ((m >= 0xE0 && m <= 0xEF) || m == 0xFE || m == 0xDC || m == 0xCC)
        return HL_OK;
    return fail_segment(r, s, "unexpected marker", err);
}

static hl_code read_to_scan(reader *r, hl_jpeg_header *h, hl_error *err)
{
    segment s = {0};
    hl_code c = HL_OK;

    while (c == HL_OK && s.marker != 0xDA) {
        c = next_segment(r, &s, err);
        if (c == HL_OK)
            c = take_segment(r, &s, h, err);
    }
    return c;
}

hl_code hl_jpeg_header_read(const uint8_t *bytes, size_t n, const char *name, hl_jpeg_header *out,
                            hl_error *err)
{
    reader r = {.bytes = bytes, .n = n, .at = 2, .name = name};
    const hl_code c = check_magic(&r, err);

    memset(out, 0, sizeof *out);
    return c == HL_OK ? read_to_scan(&r, out, err) : c;
}

hl_code hl_jpeg_header_next(const uint8_t *bytes, size_t n, size_t at, const char *name,
                            hl_jpeg_header *h, hl_error *err)
{
    reader r = {.bytes = bytes, .n = n, .at = at, .may_end = true, .name = name};

    return read_to_scan(&r, h, err);
}

const char *hl_jpeg_kind(uint8_t sof)
{
    static const char *const names[16] = {
        [0x0] = "baseline JPEG",
        [0x1] = "extended sequential JPEG",
        [0x2] = "progressive JPEG",
        [0x3] = "lossless JPEG",
        [0x5] = "hierarchical JPEG",
        [0x6] = "hierarchical progressive JPEG",
        [0x7] = "hierarchical lossless JPEG",
        [0x9] = "arithmetic-coded JPEG",
        [0xA] = "arithmetic-coded progressive JPEG",
        [0xB] = "arithmetic-coded lossless JPEG",
        [0xD] = "arithmetic-coded hierarchical JPEG",
        [0xE] = "arithmetic-coded hierarchical JPEG",
        [0xF] = "arithmetic-coded hierarchical JPEG",
    };
    const char *name = (sof & 0xF0) == 0xC0 ? names[sof & 15] : NULL;

    return name ? name : "JPEG of unknown kind";
}
