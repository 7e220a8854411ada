#include "base/base64.h"

void hl_base64_put(hl_buf *to, const void *bytes, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *in = bytes;
    size_t size;

    if (!hl_mul_size(n / 3 + (n % 3 != 0), 4, &size)) {
        to->oom = true;
        return;
    }
    char *out = hl_buf_reserve(to, size);
    if (!out)
        return;
    for (; n >= 3; n -= 3, in += 3) {
        uint32_t v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        *out++ = digit[v >> 18];
        *out++ = digit[v >> 12 & 63];
        *out++ = digit[v >> 6 & 63];
        *out++ = digit[v & 63];
    }
    if (n) {
        uint32_t v = (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0);
        *out++ = digit[v >> 18];
        *out++ = digit[v >> 12 & 63];
        *out++ = n == 2 ? digit[v >> 6 & 63] : '=';
        *out++ = '=';
    }
    to->n += size;
    to->at[to->n] = 0;
}
