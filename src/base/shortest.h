/*
 * shortest.h - the shortest decimal that reads back as a given double.
 */
#ifndef HL_BASE_SHORTEST_H
#define HL_BASE_SHORTEST_H

#include <stdint.h>

/* digits * 10^exponent; digits has at most 17 places and does not end in 0. */
typedef struct {
    uint64_t digits;
    int exponent;
} hl_decimal;

/* For the double with these bits, without its sign; must be finite and not 0. Among the decimals
 * with the fewest digits in the rounding interval the closest to v; of two equally close the even
 * one. */
hl_decimal hl_shortest(uint64_t bits);

#endif
