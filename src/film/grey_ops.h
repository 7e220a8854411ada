/*
 * grey_ops.h - rows of grey pixels: the inner loops of the search for burned-in text.
 */
#ifndef HL_FILM_GREY_OPS_H
#define HL_FILM_GREY_OPS_H

#include "base/cpu.h"

/* n bytes in, n bytes or n bits out; out overlaps neither a nor b. Plain C defines the result. */
typedef struct {
    /* out[i] = the smaller, the greater of a[i] and b[i]. */
    void (*least)(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t n);
    void (*most)(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t n);
    /* out[i] = (a[i] - b[i]) mod 256. */
    void (*minus)(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t n);
    /* out[i] = mean of a[2i], a[2i+1], b[2i], b[2i+1], a half rounded up. */
    void (*halve)(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t n);
    /* Bit i % 64 of bits[i / 64] = a[i] >= level. Bits behind n are 0. */
    void (*reach)(const uint8_t *a, uint8_t level, uint64_t *bits, size_t n);
    /* Bit i % 64 of bits[i / 64] = a[i] == b[i]. Bits behind n are 0. */
    void (*equal)(const uint8_t *a, const uint8_t *b, uint64_t *bits, size_t n);
} hl_grey_ops;

/* The rows of bits that reach and equal need for n pixels. */
#define HL_GREY_WORDS(n) (((size_t)(n) + 63) / 64)

/* The first i in [from, n) whose bit is `bit`, n when there is none. */
static inline int32_t hl_grey_next(const uint64_t *bits, int32_t from, int32_t n, bool bit)
{
    const uint64_t flip = bit ? 0 : UINT64_MAX;

    for (int32_t i = from; i < n; i = (i | 63) + 1) {
        const uint64_t word = (bits[i / 64] ^ flip) >> (i % 64);
        if (word) {
            const int32_t at = i + __builtin_ctzll(word);
            return at < n ? at : n;
        }
    }
    return n;
}

/* Plain C, or what cpu can do. */
void hl_grey_ops_init(hl_grey_ops *ops, hl_cpu cpu);
void hl_grey_ops_avx2(hl_grey_ops *ops);

#endif
