#include "format/dicom/write_rle.h"

#include <string.h>

enum { HEADER_BYTES = 64, MAX_RUN = 128 };

/* Length of the run of equal bytes at byte[i], at most MAX_RUN. */
static size_t run_at(const uint8_t *byte, size_t n, size_t i)
{
    size_t end = i + MAX_RUN < n ? i + MAX_RUN : n, j = i + 1;
    while (j < end && byte[j] == byte[i])
        j++;
    return j - i;
}

/* PackBits, G.3.1: 0..127 = that many bytes and one more follow; 129..255 = the next byte 257 - n
 * times. A run of two inside other bytes costs as much as the bytes themselves and is left there.
 */
static void put_row(const uint8_t *byte, size_t n, hl_buf *out)
{
    for (size_t i = 0; i < n;) {
        size_t run = run_at(byte, n, i);
        if (run > 1) {
            hl_buf_char(out, (char)(257 - run));
            hl_buf_char(out, (char)byte[i]);
            i += run;
            continue;
        }
        size_t j = i + 1;
        while (j < n && j - i < MAX_RUN && run_at(byte, n, j) < 3)
            j++;
        hl_buf_char(out, (char)(j - i - 1));
        hl_buf_append(out, byte + i, j - i);
        i = j;
    }
}

static void put_header(char header[HEADER_BYTES], const size_t *offset, size_t n)
{
    uint32_t word[HEADER_BYTES / 4] = {(uint32_t)n};
    for (size_t i = 0; i < n; i++)
        word[i + 1] = (uint32_t)offset[i];
    for (size_t i = 0; i < HEADER_BYTES; i++)
        header[i] = (char)(word[i / 4] >> i % 4 * 8);
}

void hl_rle_encode(const void *px, int32_t width, int32_t height, int32_t bits, hl_buf *out)
{
    static const char blank[HEADER_BYTES] = {0};
    const uint8_t *byte = px;
    const uint16_t *word = px;
    const size_t w = (size_t)width, n_segments = bits == 16 ? 2 : 1, start = out->n;
    size_t offset[2] = {0};
    uint8_t *row = malloc(w);
    if (!row) {
        out->oom = true;
        return;
    }
    hl_buf_append(out, blank, HEADER_BYTES);
    for (size_t s = 0; s < n_segments; s++) {
        const unsigned shift = n_segments == 2 && s == 0 ? 8 : 0;
        offset[s] = out->n - start;
        for (size_t y = 0; y < (size_t)height; y++) {
            if (bits == 16)
                for (size_t x = 0; x < w; x++)
                    row[x] = (uint8_t)(word[y * w + x] >> shift);
            else
                memcpy(row, byte + y * w, w);
            put_row(row, w, out);
        }
        if ((out->n - start) % 2)
            hl_buf_char(out, 0);
    }
    if (!out->oom)
        put_header(out->at + start, offset, n_segments);
    free(row);
}
