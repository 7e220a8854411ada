#include "format/flac/block.h"

#define FLAC_DECODE_BLOCK hl_flac_decode_block_avx2
#define FLAC_VECTOR_LPC "format/flac/block_lpc_avx2.inc"
#include "format/flac/block_body.inc"
