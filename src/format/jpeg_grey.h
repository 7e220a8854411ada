/*
 * jpeg_grey.h - the decoder for the usual film: sequential Huffman, one component, 8 bits.
 *
 * It gives the bytes that libjpeg-turbo gives (accurate integer IDCT) or declines: at anything
 * unusual or irregular it returns false, and jpeg.c asks libjpeg, which decodes or names the
 * fault. So it needs no messages of its own. symile.md 6.6; T.81 annexes B, F
 *
 * How it goes: hl_jpeg_bits takes the byte stuffing out of a piece of the scan; decode_blocks turns
 * bits into coefficients for a batch of blocks; idct turns the batch into pixels.
 */
#ifndef HL_FORMAT_JPEG_GREY_H
#define HL_FORMAT_JPEG_GREY_H

#include "data/image.h"
#include "format/jpeg_header.h"

/* Decode rows [first_row, end_row) of the file into a new image of full height; the other rows are
 * checked but not filled. False: declined (or no memory), out untouched. */
bool hl_jpeg_grey_decode(hl_arena *arena, const hl_jpeg_header *header, const uint8_t *bytes,
                         size_t n, int32_t first_row, int32_t end_row, hl_cpu cpu, hl_image *out);

/* --- bits ----------------------------------------------------------------------------------------
 */

#define HL_JPEG_WINDOW_BYTES 4096
/* One block takes at most 27 + 63 * 26 bits = 209 bytes; reading goes 8 beyond that. */
#define HL_JPEG_BLOCK_BYTES 256

/*
 * Bits of the scan, first bit on top. `bits` holds `n_bits` valid ones (more may lie below: the
 * next bytes' own, so that filling up again changes nothing). The window ends with zero bytes.
 *
 *   window [ ... taken ... | at ... end | 256 zeros ]      src ... src_end: still stuffed
 */
typedef struct {
    uint64_t bits;
    uint32_t n_bits; /* <= 63 */
    bool closed;     /* src stands at a marker or at the end: the window holds the rest */
    const uint8_t *at, *end;
    const uint8_t *safe; /* a block may begin when at <= safe */
    const uint8_t *src, *src_end;
    uint8_t window[HL_JPEG_WINDOW_BYTES + 2 * HL_JPEG_BLOCK_BYTES];
} hl_jpeg_bits;

void hl_jpeg_bits_start(hl_jpeg_bits *b, const uint8_t *src, const uint8_t *src_end);
/* Make at <= safe true by taking more bytes in; false: more bits were taken than there are. */
bool hl_jpeg_bits_more(hl_jpeg_bits *b);
/* The segment is used up but for padding below one byte, and a marker follows. */
bool hl_jpeg_bits_at_marker(hl_jpeg_bits *b);

/* --- Huffman tables
 * --------------------------------------------------------------------------------- */

#define HL_JPEG_AC_BITS 11
#define HL_JPEG_DC_BITS 9
#define HL_JPEG_EOB 128   /* as a run: end of block; leaves any block */
#define HL_JPEG_ZEROS 144 /* as a run: 16 zeros without a value */

/*
 * What the next HL_JPEG_AC_BITS bits say: one AC symbol with the length of its value bits, and, if
 * it fits in as well, the symbol behind it with its value. All 0: the code is longer.
 *
 *   bits  0-5   total  bits to drop for all that is told here
 *   bits  8-13  code   length of the first symbol's code
 *   bits 16-21  shift  64 - size of the first value
 *   bits 24-31  run    zeros before the first value, or HL_JPEG_EOB, HL_JPEG_ZEROS
 *   bits 32-39  step   0 = no second symbol, else its run + 1 (16 zeros: 16; HL_JPEG_EOB)
 *   bits 40-45  first  bits to drop for the first symbol alone
 *   bits 48-63  value  of the second symbol, signed
 */
typedef uint64_t hl_jpeg_ac_entry;

/* The entry of one symbol alone, whose code has length bits. */
static inline hl_jpeg_ac_entry hl_jpeg_ac_entry_of(uint32_t length, uint32_t symbol)
{
    const uint64_t size = symbol & 15, total = length + size;
    const uint64_t run = symbol == 0 ? HL_JPEG_EOB : symbol == 0xF0 ? HL_JPEG_ZEROS : symbol >> 4;

    return total | (uint64_t)length << 8 | ((64 - size) & 63) << 16 | run << 24 | total << 40;
}

typedef struct {
    uint8_t symbol[256];
    uint32_t limit[18]; /* of codes of length l, left-aligned to 16 bits: first one beyond */
    int32_t offset[17]; /* index of symbol = code of length l + offset[l] */
} hl_jpeg_codes;

typedef struct {
    hl_jpeg_codes dc_codes, ac_codes;
    uint8_t dc_length[1 << HL_JPEG_DC_BITS]; /* 0: the code is longer */
    uint8_t dc_size[1 << HL_JPEG_DC_BITS];
    hl_jpeg_ac_entry ac[1 << HL_JPEG_AC_BITS];
} hl_jpeg_tables;

/* False: not usable (no proper prefix code, symbols that 8-bit sequential data do not have). */
bool hl_jpeg_tables_make(const hl_jpeg_huff_spec *dc, const hl_jpeg_huff_spec *ac,
                         hl_jpeg_tables *out);

/* --- kernels
 * ------------------------------------------------------------------------------------------ */

#define HL_JPEG_BATCH 16 /* blocks, 2 KiB of coefficients */

typedef struct {
    int16_t coef[HL_JPEG_BATCH][64] __attribute__((aligned(64))); /* row-major, not dequantised */
    uint8_t has_ac[HL_JPEG_BATCH];
} hl_jpeg_batch;

typedef struct {
    /* Blocks [0, n) of the batch, its coefficients cleared first. dc is the running prediction.
     * False: irregular data. */
    bool (*decode_blocks)(hl_jpeg_bits *b, const hl_jpeg_tables *t, int32_t *dc, int n,
                          hl_jpeg_batch *batch);
    /* Blocks [0, n) to pixels: block i at to + 8 * i. */
    void (*idct)(const hl_jpeg_batch *batch, int n, const uint16_t step[64], uint8_t *to,
                 int64_t row_bytes);
} hl_jpeg_ops;

void hl_jpeg_ops_init(hl_jpeg_ops *ops, hl_cpu cpu);

/* Plain C: the definition. */
bool hl_jpeg_decode_blocks_c(hl_jpeg_bits *b, const hl_jpeg_tables *t, int32_t *dc, int n,
                             hl_jpeg_batch *batch);
void hl_jpeg_idct_c(const hl_jpeg_batch *batch, int n, const uint16_t step[64], uint8_t *to,
                    int64_t row_bytes);
/* x86-64 only. The first is the same source with BMI2 shifts. */
bool hl_jpeg_decode_blocks_avx2(hl_jpeg_bits *b, const hl_jpeg_tables *t, int32_t *dc, int n,
                                hl_jpeg_batch *batch);
void hl_jpeg_idct_avx2(const hl_jpeg_batch *batch, int n, const uint16_t step[64], uint8_t *to,
                       int64_t row_bytes);

#endif
