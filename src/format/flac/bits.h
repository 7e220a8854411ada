/*
 * bits.h - reading bits, most significant first, out of memory.
 *
 *   hold   n valid bits from the top down; below them bits of the bytes at p may stand already
 *   p      the next byte that is not (wholly) in hold; 8 bytes can be read there
 *
 * Nothing here looks at the end: the memory goes on for HL_FLAC_SLACK bytes behind it, and who
 * takes more than a few bits asks hl_flac_bits_left() before or hl_flac_bits_over() after.
 */
#ifndef HL_FORMAT_FLAC_BITS_H
#define HL_FORMAT_FLAC_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HL_FLAC_SLACK 512

typedef struct {
    uint64_t hold;
    const uint8_t *p, *end;
    uint32_t n;
} hl_flac_bits;

static inline uint64_t hl_flac_load(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

static inline hl_flac_bits hl_flac_bits_at(const uint8_t *p, const uint8_t *end)
{
    return (hl_flac_bits){.p = p, .end = end};
}

/* From here on at least 56 bits are valid. */
static inline void hl_flac_bits_fill(hl_flac_bits *b)
{
    b->hold |= hl_flac_load(b->p) >> b->n;
    b->p += (63 - b->n) >> 3;
    b->n |= 56;
}

/* k < 64 bits that are valid. */
static inline void hl_flac_bits_drop(hl_flac_bits *b, uint32_t k)
{
    b->hold <<= k;
    b->n -= k;
}

/* k bits, 0..32. */
static inline uint32_t hl_flac_bits_take(hl_flac_bits *b, uint32_t k)
{
    uint64_t v;

    hl_flac_bits_fill(b);
    v = b->hold >> 1 >> (63 - k);
    hl_flac_bits_drop(b, k);
    return (uint32_t)v;
}

/* The same as two's complement, 1..32. */
static inline int32_t hl_flac_bits_signed(hl_flac_bits *b, uint32_t k)
{
    int64_t v;

    hl_flac_bits_fill(b);
    v = (int64_t)b->hold >> (64 - k);
    hl_flac_bits_drop(b, k);
    return (int32_t)v;
}

static inline int64_t hl_flac_bits_left(const hl_flac_bits *b)
{
    return (b->end - b->p) * 8 + b->n;
}

static inline bool hl_flac_bits_over(const hl_flac_bits *b)
{
    return hl_flac_bits_left(b) < 0;
}

#endif
