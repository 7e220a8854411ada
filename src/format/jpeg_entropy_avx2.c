#include "format/jpeg_entropy.h"

void hl_jpeg_put_blocks_avx2(const hl_jpeg_coefs *coefs, int n, const hl_jpeg_codes_out *codes,
                             hl_jpeg_bits_out *out)
{
    put_blocks(coefs, n, codes, out);
}
