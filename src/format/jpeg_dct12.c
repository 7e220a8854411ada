/* DCT JPEG of 12-bit samples, sequential with Huffman codes (T.81 annex F; films.md 3.7.3). */
#include "format/jpeg_samples.h"

#include "format/jpeg_dct.h"
#include "format/jpeg_scan.h"

enum {
    MAX_DC_SIZE = 15, /* bits of a DC difference, T.81 table F.1 */
    MAX_AC_SIZE = 14, /* of an AC coefficient, table F.2 */
    CENTRE = 2048,
    HIGHEST = 4095
};

/* One component of the scan. */
typedef struct {
    hl_jpeg_huff dc, ac;
    const uint16_t *step;
    int32_t last_dc;
    int32_t k; /* component of the frame */
} part;

typedef struct {
    hl_jpeg_stream *stream;
    uint16_t *px;
    int32_t width, height, components;
    bool odd_scan;
    part part[HL_JPEG_MAX_COMPONENTS];
    int32_t coef[64]; /* of the block at hand, dequantised, row-major */
    bool flat;        /* it has no AC coefficient */
} decoder;

/* --- bits to coefficients -------------------------------------------------------------------- */

/* Dequantised products of damaged data may not fit. */
static int32_t times(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

/* The block's AC coefficients into d->coef; false: no code, or behind the last coefficient. */
static bool take_ac_codes(decoder *d, const part *t, bit_regs *r)
{
    for (uint32_t k = 1; k < 64;) {
        fill(r);
        const hl_jpeg_code e = hl_jpeg_code_next(r, &t->ac);
        const uint32_t run = e >> 24 & 15, size = 63 - (e >> 16 & 63);
        if (e == 0 || size > MAX_AC_SIZE)
            return false;
        if (size == 0) {
            drop(r, e);
            if (run == 0) {
                d->flat = k == 1;
                return true;
            }
            k += 16;
            if (run != 15 || k > 64)
                return false;
            continue;
        }
        k += run;
        if (k > 63)
            return false;
        const uint8_t at = hl_jpeg_zigzag[k++];
        d->coef[at] = times(hl_jpeg_value(r->bits, e), t->step[at]);
        drop(r, e);
    }
    return true;
}

static bool take_block(decoder *d, part *t)
{
    hl_jpeg_bits *b = &d->stream->bits;
    int32_t difference = 0;

    memset(d->coef, 0, sizeof d->coef);
    d->flat = false;
    if (b->at > b->safe && !hl_jpeg_bits_more(b))
        return false;
    bit_regs r = hl_jpeg_regs_take(b);
    fill(&r);
    const bool good = hl_jpeg_take_difference(&r, &t->dc, &difference) && take_ac_codes(d, t, &r);
    t->last_dc = (int32_t)((uint32_t)t->last_dc + (uint32_t)difference);
    d->coef[0] = times(t->last_dc, t->step[0]);
    return hl_jpeg_regs_put(b, &r, good);
}

/* --- coefficients to samples ----------------------------------------------------------------- */

enum { PASS1_BITS = 1 }; /* 12-bit samples leave no room for the 2 of 8-bit ones */

/*
 * Eight values s[0], s[stride], ... in place, shifted right by n with rounding. Sums are of 32 bits
 * and wrap, which only damaged data make them do; unsigned, so that it is defined.
 */
static inline void idct_8(int32_t *s, int stride, int n)
{
    const uint32_t i0 = (uint32_t)s[0], i1 = (uint32_t)s[stride], i2 = (uint32_t)s[2 * stride],
                   i3 = (uint32_t)s[3 * stride], i4 = (uint32_t)s[4 * stride],
                   i5 = (uint32_t)s[5 * stride], i6 = (uint32_t)s[6 * stride],
                   i7 = (uint32_t)s[7 * stride];

    const uint32_t z = (i2 + i6) * F_0_541, t2 = z - i6 * F_1_847, t3 = z + i2 * F_0_765;
    const uint32_t t0 = (i0 + i4) << 13, t1 = (i0 - i4) << 13;
    const uint32_t even[4] = {t0 + t3, t1 + t2, t1 - t2, t0 - t3};

    const uint32_t z5 = (i7 + i3 + i5 + i1) * F_1_175;
    const uint32_t z1 = (i7 + i1) * F_0_899, z2 = (i5 + i3) * F_2_562;
    const uint32_t z3 = z5 - (i7 + i3) * F_1_961, z4 = z5 - (i5 + i1) * F_0_390;
    const uint32_t odd[4] = {i1 * F_1_501 - z1 + z4, i3 * F_3_072 - z2 + z3, i5 * F_2_053 - z2 + z4,
                             i7 * F_0_298 - z1 + z3};

    for (int k = 0; k < 4; k++) {
        const uint32_t half = 1u << (n - 1);
        s[k * stride] = (int32_t)(even[k] + odd[k] + half) >> n;
        s[(7 - k) * stride] = (int32_t)(even[k] - odd[k] + half) >> n;
    }
}

/* The block in place: columns, then rows. Samples around 0. */
static void idct(int32_t c[64], bool flat)
{
    for (int x = 0; x < 8 && !flat; x++)
        idct_8(c + x, 8, 13 - PASS1_BITS);
    for (int y = 0; y < 8 && !flat; y++)
        idct_8(c + 8 * y, 1, 13 + PASS1_BITS + 3);
    if (flat) { /* the same result */
        const int32_t level = (int32_t)((uint32_t)c[0] + 4) >> 3;
        for (int i = 0; i < 64; i++)
            c[i] = level;
    }
}

/* The samples of d->coef that lie in the picture, the block's corner at x, y. */
static void put_block(decoder *d, int32_t k, int32_t x, int32_t y)
{
    const int32_t w = d->width - x < 8 ? d->width - x : 8;
    const int32_t h = d->height - y < 8 ? d->height - y : 8;

    for (int32_t j = 0; j < h; j++) {
        const size_t at = (size_t)(y + j) * (size_t)d->width + (size_t)x;
        uint16_t *to = d->px + at * (size_t)d->components + k;
        for (int32_t i = 0; i < w; i++, to += d->components) {
            const int32_t v = d->coef[8 * j + i];
            *to = (uint16_t)(v < -CENTRE ? 0 : v > HIGHEST - CENTRE ? HIGHEST : v + CENTRE);
        }
    }
}

/* --- scans ----------------------------------------------------------------------------------- */

static hl_code prepare_scan(decoder *d, hl_error *err)
{
    hl_jpeg_stream *s = d->stream;
    const hl_jpeg_scan *scan = &s->header.scan;
    hl_code c = hl_jpeg_scan_begin(s, err);

    if (scan->first != 0 || scan->last != 63 || scan->high || scan->low)
        d->odd_scan = true; /* a sequential scan has no other meaning */
    for (int32_t p = 0; c == HL_OK && p < scan->n; p++) {
        part *t = &d->part[p];
        const int q = s->header.component[scan->component[p]].quant_id;
        if (q > 3 || !s->header.quant[q].defined)
            return hl_fail_at(err, HL_E_INPUT, s->name, 0, (int64_t)s->header.scan_offset,
                              "damaged JPEG header: quantisation table %d is not there", q);
        t->step = s->header.quant[q].step;
        t->last_dc = 0;
        t->k = scan->component[p];
        c = hl_jpeg_scan_dc(s, scan->dc_id[p], MAX_DC_SIZE, &t->dc, err);
        if (c == HL_OK)
            c = hl_jpeg_scan_ac(s, scan->ac_id[p], &t->ac, err);
    }
    return c;
}

static hl_code restart(decoder *d, int32_t y, hl_error *err)
{
    const hl_code c = hl_jpeg_scan_restart(d->stream, y, err);

    for (int32_t p = 0; p < d->stream->header.scan.n; p++)
        d->part[p].last_dc = 0;
    return c;
}

static hl_code take_scan(decoder *d, hl_error *err)
{
    hl_jpeg_stream *s = d->stream;
    const int32_t interval = s->header.restart_interval, parts = s->header.scan.n;
    int32_t to_restart = interval; /* in blocks of each part */
    hl_code c = prepare_scan(d, err);

    for (int32_t y = 0; c == HL_OK && y < d->height; y += 8)
        for (int32_t x = 0; c == HL_OK && x < d->width; x += 8) {
            if (interval && to_restart-- == 0) {
                c = restart(d, y, err);
                to_restart = interval - 1;
            }
            for (int32_t p = 0; c == HL_OK && p < parts; p++) {
                if (!take_block(d, &d->part[p])) {
                    c = hl_jpeg_scan_fail(s, y, err);
                    break;
                }
                idct(d->coef, d->flat);
                put_block(d, d->part[p].k, x, y);
            }
        }
    return c == HL_OK ? hl_jpeg_scan_end(s, err) : c;
}

static hl_code check_frame(const hl_jpeg_stream *s, hl_error *err)
{
    const hl_jpeg_header *h = &s->header;
    const int64_t blocks = (int64_t)((h->width + 7) / 8) * ((h->height + 7) / 8) * h->components;

    if (h->sof != 0xC0 && h->sof != 0xC1)
        return hl_fail_at(err, HL_E_LIMIT, s->name, 0, -1,
                          "%s (frame marker ff %02x) in place of sequential JPEG is not supported",
                          hl_jpeg_kind(h->sof), h->sof);
    if (h->precision != 12)
        return hl_fail_at(err, HL_E_LIMIT, s->name, 0, -1,
                          "%d-bit JPEG is not supported here, only 12-bit", h->precision);
    if (blocks / 4 > (int64_t)s->n) /* a block takes at least two bits */
        return hl_jpeg_stream_short(s, err);
    return HL_OK;
}

hl_code hl_jpeg_decode_dct12(hl_arena *arena, const uint8_t *bytes, size_t n, const char *name,
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
        return hl_fail_memory(err, "12-bit JPEG picture", samples * sizeof *px);
    d->stream = s;
    d->px = px;
    d->width = expect.width;
    d->height = expect.height;
    d->components = expect.components;
    d->odd_scan = false;
    do {
        c = take_scan(d, err);
        if (c == HL_OK)
            c = hl_jpeg_stream_next(s, err);
    } while (c == HL_OK);
    if (c != HL_END)
        return c;
    *out = (hl_jpeg_samples){.width = expect.width,
                             .height = expect.height,
                             .components = expect.components,
                             .precision = s->header.precision,
                             .no_eoi = s->no_eoi,
                             .odd_scan = d->odd_scan,
                             .px = px};
    return HL_OK;
}
