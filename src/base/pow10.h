/*
 * pow10.h - powers of ten for the conversion of numbers from and to text.
 *
 * 10^k = (hi * 2^64 + lo + f) * 2^s with hi's top bit set and 0 <= f < 1; s follows from k. f is 0
 * for 0 <= k <= HL_POW10_EXACT only. The table is made by scripts/make_pow10.py.
 */
#ifndef HL_BASE_POW10_H
#define HL_BASE_POW10_H

#include <stdint.h>

#define HL_POW10_FIRST (-342)
#define HL_POW10_LAST 324
#define HL_POW10_EXACT 55 /* 5^55 is the last power of five below 2^128 */

typedef struct {
    uint64_t hi, lo;
} hl_pow10;

extern const hl_pow10 hl_pow10_table[HL_POW10_LAST - HL_POW10_FIRST + 1];

#endif
