#include "format/flac/block.h"

#define FLAC_DECODE_BLOCK hl_flac_decode_block_c
#include "format/flac/block_body.inc"
