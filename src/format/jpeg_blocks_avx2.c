#include "format/jpeg_blocks.h"

bool hl_jpeg_decode_blocks_avx2(hl_jpeg_bits *b, const hl_jpeg_tables *t, int32_t *dc, int n,
                                hl_jpeg_batch *batch)
{
    return decode_blocks(b, t, dc, n, batch);
}
