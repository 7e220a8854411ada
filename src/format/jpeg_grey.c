#include "format/jpeg_grey.h"

#include <string.h>

void hl_jpeg_ops_init(hl_jpeg_ops *ops, hl_cpu cpu)
{
    ops->decode_blocks = hl_jpeg_decode_blocks_c;
    ops->idct = hl_jpeg_idct_c;
#if defined(__x86_64__)
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512) {
        ops->decode_blocks = hl_jpeg_decode_blocks_avx2;
        ops->idct = hl_jpeg_idct_avx2;
    }
#else
    (void)cpu;
#endif
}

/* Everything that decoding needs beside the picture: about 30 KiB, in the arena. */
typedef struct {
    hl_jpeg_ops ops;
    hl_jpeg_tables tables;
    hl_jpeg_batch batch;
    hl_jpeg_bits bits;
    const uint16_t *step;
    int32_t dc;
    int32_t interval, to_restart; /* blocks; interval 0: no restarts */
    uint8_t restart;              /* number of the next restart marker, 0..7 */
} decoder;

/* A size within limits, and not larger than n bytes can hold at 2 bits a block, so that what cannot
 * be there is not allocated for. */
static bool size_possible(const hl_jpeg_header *h, size_t n)
{
    const int64_t blocks = (int64_t)((h->width + 7) / 8) * ((h->height + 7) / 8);

    return h->height > 0 && h->width <= HL_IMAGE_MAX_SIDE && h->height <= HL_IMAGE_MAX_SIDE &&
           (int64_t)h->width * h->height <= HL_IMAGE_MAX_PIXELS && blocks / 4 <= (int64_t)n;
}

static bool usual(const hl_jpeg_header *h)
{
    /* Sampling factors mean nothing for one component, but must be 1 to 4 (T.81 B.2.2). */
    const int across = h->sampling >> 4, down = h->sampling & 15;

    return (h->sof == 0xC0 || h->sof == 0xC1) && h->precision == 8 && h->components == 1 &&
           across >= 1 && across <= 4 && down >= 1 && down <= 4 && h->plain_scan &&
           h->quant_id < 4 && h->quant[h->quant_id].defined && h->dc_id < 4 && h->ac_id < 4 &&
           h->dc[h->dc_id].defined && h->ac[h->ac_id].defined;
}

static bool take_restart(decoder *d)
{
    if (!hl_jpeg_bits_at_marker(&d->bits) || d->bits.src[1] != 0xD0 + d->restart)
        return false;
    hl_jpeg_bits_start(&d->bits, d->bits.src + 2, d->bits.src_end);
    d->restart = (d->restart + 1) & 7;
    d->to_restart = d->interval;
    d->dc = 0;
    return true;
}

/* One row of n blocks; to == NULL: only checked. */
static bool block_row(decoder *d, int n, uint8_t *to, int64_t row_bytes)
{
    while (n > 0) {
        int some = n < HL_JPEG_BATCH ? n : HL_JPEG_BATCH;
        if (d->interval) {
            if (d->to_restart == 0 && !take_restart(d))
                return false;
            some = some < d->to_restart ? some : d->to_restart;
            d->to_restart -= some;
        }
        if (!d->ops.decode_blocks(&d->bits, &d->tables, &d->dc, some, &d->batch))
            return false;
        if (to) {
            d->ops.idct(&d->batch, some, d->step, to, row_bytes);
            to += 8 * some;
        }
        n -= some;
    }
    return true;
}

static bool all_rows(decoder *d, int32_t first_row, int32_t end_row, const hl_image *image)
{
    const int n = (image->width + 7) / 8;

    for (int32_t y = 0; y < image->height; y += 8) {
        const bool wanted = y < end_row && y + 8 > first_row;
        uint8_t *to = wanted ? image->px + y * image->row_bytes : NULL;
        if (!block_row(d, n, to, image->row_bytes))
            return false;
    }
    return hl_jpeg_bits_at_marker(&d->bits) && d->bits.src[1] == 0xD9;
}

bool hl_jpeg_grey_decode(hl_arena *arena, const hl_jpeg_header *header, const uint8_t *bytes,
                         size_t n, int32_t first_row, int32_t end_row, hl_cpu cpu, hl_image *out)
{
    if (!usual(header) || !size_possible(header, n))
        return false;
    decoder *d = hl_arena_aligned(arena, sizeof *d, 64);
    if (!d ||
        !hl_jpeg_tables_make(&header->dc[header->dc_id], &header->ac[header->ac_id], &d->tables))
        return false;
    hl_jpeg_ops_init(&d->ops, cpu);
    d->step = header->quant[header->quant_id].step;
    d->dc = 0;
    d->interval = d->to_restart = header->restart_interval;
    d->restart = 0;
    hl_jpeg_bits_start(&d->bits, bytes + header->scan_offset, bytes + n);

    /* Whole blocks are written: up to 7 rows below the picture, and up to 7 pixels behind a row,
     * which its alignment leaves room for. */
    hl_image image = {.width = header->width, .height = header->height, .channels = 1};
    image.row_bytes = ((int64_t)image.width + 63) / 64 * 64;
    const size_t rows = ((size_t)image.height + 7) / 8 * 8;
    image.px = hl_arena_aligned(arena, rows * (size_t)image.row_bytes, 64);
    if (!image.px || !all_rows(d, first_row, end_row, &image))
        return false;
    *out = image;
    return true;
}
