#include "format/jpeg_write_grey.h"

#include <stdlib.h>

enum { ROWS = 8, PAIR = 16 /* px: blocks are transformed in pairs */ };

void hl_jpeg_write_ops_init(hl_jpeg_write_ops *ops, hl_cpu cpu)
{
    ops->fdct = hl_jpeg_fdct_c;
    ops->put_blocks = hl_jpeg_put_blocks_c;
#if defined(__x86_64__)
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512) {
        ops->fdct = hl_jpeg_fdct_avx2;
        ops->put_blocks = hl_jpeg_put_blocks_avx2;
    }
#else
    (void)cpu;
#endif
}

/* --- headers -------------------------------------------------------------------------------- */

void hl_jpeg_steps(int quality, uint8_t step[64])
{
    static const uint8_t base[64] = {16,  11,  10,  16,  24, 40, 51,  61,  12,  12,  14,  19,  26,
                                     58,  60,  55,  14,  13, 16, 24,  40,  57,  69,  56,  14,  17,
                                     22,  29,  51,  87,  80, 62, 18,  22,  37,  56,  68,  109, 103,
                                     77,  24,  35,  55,  64, 81, 104, 113, 92,  49,  64,  78,  87,
                                     103, 121, 120, 101, 72, 92, 95,  98,  112, 100, 103, 99};
    const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;

    for (int i = 0; i < 64; i++) {
        const int v = (base[i] * percent + 50) / 100;
        step[i] = (uint8_t)(v < 1 ? 1 : v > 255 ? 255 : v);
    }
}

static void put_huffman(hl_buf *out, int class_and_id, const hl_jpeg_huff_spec *spec)
{
    size_t n = 0;

    for (int l = 1; l <= 16; l++)
        n += spec->count[l];
    const size_t length = 2 + 1 + 16 + n;
    const char head[5] = {(char)0xFF, (char)0xC4, (char)(length >> 8), (char)length,
                          (char)class_and_id};
    hl_buf_append(out, head, sizeof head);
    hl_buf_append(out, spec->count + 1, 16);
    hl_buf_append(out, spec->symbol, n);
}

/* Everything in front of the scan's data: 328 bytes. films.md 1.3 */
static void put_headers(hl_buf *out, const hl_jpeg_rows *rows, const uint8_t step[64])
{
    static const uint8_t start[] = {0xFF, 0xD8,                               /* SOI */
                                    0xFF, 0xE0, 0, 16, 'J', 'F', 'I', 'F', 0, /* APP0 */
                                    1,    1,    0, 0,  1,   0,   1,   0,   0, /* 1.01, 1 : 1 */
                                    0xFF, 0xDB, 0, 67, 0};                    /* DQT 0 */
    static const uint8_t scan[] = {0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0};      /* SOS */
    const uint8_t h1 = (uint8_t)(rows->height >> 8), h0 = (uint8_t)rows->height;
    const uint8_t w1 = (uint8_t)(rows->width >> 8), w0 = (uint8_t)rows->width;
    const uint8_t frame[] = {0xFF, 0xC0, 0,    11, 8, h1, h0, w1, w0, /* SOF0, 8 bits */
                             1,    1,    0x11, 0}; /* component 1, 1 x 1, DQT 0 */

    hl_buf_append(out, start, sizeof start);
    for (int k = 0; k < 64; k++)
        hl_buf_append(out, &step[hl_jpeg_zigzag[k]], 1);
    hl_buf_append(out, frame, sizeof frame);
    put_huffman(out, 0x00, &hl_jpeg_typical_dc);
    put_huffman(out, 0x10, &hl_jpeg_typical_ac);
    hl_buf_append(out, scan, sizeof scan);
}

/* --- scan ----------------------------------------------------------------------------------- */

/* Everything that encoding needs beside the rows: about 80 KiB. */
typedef struct {
    hl_jpeg_coefs coefs;
    hl_jpeg_divisors divisors;
    uint8_t edge[ROWS * PAIR]; /* the blocks at the right edge */
    hl_jpeg_codes_out codes;
    hl_jpeg_bits_out bits;
    hl_jpeg_write_ops ops;
    hl_buf *out;
    uint8_t *strip; /* eight rows; NULL: not needed */
    size_t strip_stride;
} writer;

/* The first n of n_there blocks at px to the file. */
static void put_batch(writer *w, const uint8_t *px, int64_t row_bytes, int n_there, int n)
{
    w->ops.fdct(px, row_bytes, n_there, &w->divisors, &w->coefs);
    w->ops.put_blocks(&w->coefs, n, &w->codes, &w->bits);
    char *to = hl_buf_reserve(w->out, 2 * w->bits.n);
    if (to)
        w->out->n += hl_jpeg_stuff(w->bits.at, w->bits.n, (uint8_t *)to);
}

/* Eight rows of width pixels. The right edge is filled up by repeating the last pixel. */
static void put_strip(writer *w, const uint8_t *px, int64_t row_bytes, int32_t width)
{
    const int32_t whole = width / PAIR * 2; /* blocks */
    const int32_t rest = width % PAIR;      /* px */

    for (int32_t i = 0; i < whole; i += HL_JPEG_FDCT_BATCH) {
        const int n = whole - i < HL_JPEG_FDCT_BATCH ? whole - i : HL_JPEG_FDCT_BATCH;
        put_batch(w, px + 8 * (int64_t)i, row_bytes, n, n);
    }
    if (rest == 0)
        return;
    for (int y = 0; y < ROWS; y++) {
        const uint8_t *from = px + y * row_bytes + 8 * (int64_t)whole;
        memcpy(w->edge + PAIR * y, from, (size_t)rest);
        memset(w->edge + PAIR * y + rest, from[rest - 1], (size_t)(PAIR - rest));
    }
    put_batch(w, w->edge, PAIR, 2, rest > 8 ? 2 : 1);
}

/* Rows [y, y + 8) to the writer's strip, the bottom filled up by repeating the last row. */
static void fill_strip(writer *w, const hl_jpeg_rows *rows, int32_t y)
{
    const int32_t n = rows->height - y < ROWS ? rows->height - y : ROWS;
    const size_t stride = w->strip_stride;

    if (rows->fill)
        rows->fill(rows->ctx, y, n, w->strip, stride);
    else
        for (int32_t i = 0; i < n; i++)
            memcpy(w->strip + (size_t)i * stride, rows->px + (y + i) * rows->row_bytes,
                   (size_t)rows->width);
    for (int32_t i = n; i < ROWS; i++)
        memcpy(w->strip + (size_t)i * stride, w->strip + (size_t)(n - 1) * stride,
               (size_t)rows->width);
}

static void put_scan(writer *w, const hl_jpeg_rows *rows)
{
    for (int32_t y = 0; y < rows->height && !w->out->oom; y += ROWS) {
        if (!rows->fill && rows->height - y >= ROWS) {
            put_strip(w, rows->px + y * rows->row_bytes, rows->row_bytes, rows->width);
        } else {
            fill_strip(w, rows, y);
            put_strip(w, w->strip, (int64_t)w->strip_stride, rows->width);
        }
    }
    /* The last byte is filled up with ones (T.81 F.1.2.3) and may need stuffing like any other. */
    if (w->bits.n_bits > 0) {
        const uint32_t missing = 8 - w->bits.n_bits;
        const uint8_t last = (uint8_t)(w->bits.bits << missing | ((1u << missing) - 1));
        hl_buf_append(w->out, &last, 1);
        if (last == 0xFF)
            hl_buf_char(w->out, 0);
    }
    hl_buf_append(w->out, "\xFF\xD9", 2); /* EOI */
}

static writer *writer_new(const hl_jpeg_rows *rows, const uint8_t step[64], hl_cpu cpu)
{
    const size_t stride = ((size_t)rows->width + 63) / 64 * 64;
    const size_t strip = rows->fill || rows->height % ROWS ? ROWS * stride : 0;
    writer *w = aligned_alloc(64, sizeof *w + strip);

    if (!w)
        return NULL;
    hl_jpeg_divisors_make(step, &w->divisors);
    hl_jpeg_codes_out_make(&w->codes);
    hl_jpeg_write_ops_init(&w->ops, cpu);
    w->bits.bits = 0;
    w->bits.n_bits = 0;
    w->bits.dc = 0;
    w->strip = strip ? (uint8_t *)(w + 1) : NULL;
    w->strip_stride = stride;
    return w;
}

hl_code hl_jpeg_write_grey(const hl_jpeg_rows *rows, int quality, hl_cpu cpu, hl_buf *out,
                           hl_error *err)
{
    const size_t before = out->n;
    uint8_t step[64];

    hl_assert(quality >= 1 && quality <= 100);
    if (rows->width < 1 || rows->height < 1 || rows->width > HL_IMAGE_MAX_SIDE ||
        rows->height > HL_IMAGE_MAX_SIDE)
        return hl_fail(err, HL_E_LIMIT, "a picture of %d x %d pixels cannot be written as JPEG",
                       rows->width, rows->height);
    hl_jpeg_steps(quality, step);
    writer *w = writer_new(rows, step, cpu);
    if (!w)
        return hl_fail_memory(err, "JPEG encoder", sizeof *w);
    w->out = out;
    put_headers(out, rows, step);
    put_scan(w, rows);
    free(w);
    const hl_code c = hl_buf_check(out, "JPEG file", err);
    if (c != HL_OK)
        out->n = before;
    return c;
}
