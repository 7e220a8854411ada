/*
 * Schubfach: R. Giulietti, "The Schubfach way to render doubles" (2020/2022).
 *
 * v = c * 2^q lies in the middle of the interval of reals that round to it. Scaled by the power of
 * ten for which that interval is between 1 and 10 units long, at most a handful of integers are
 * candidates; they are compared with the interval's ends in integer arithmetic on 128-bit powers of
 * ten.
 */
#include "base/shortest.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/pow10.h"

/* floor(log10(2^e)) and floor(log10(3/4 * 2^e)), right for |e| <= 2620 (section 9 of the paper). */
static int floor_log10_pow2(int e)
{
    return (e * 1262611) >> 22;
}
static int floor_log10_three_quarters_pow2(int e)
{
    return (e * 1262611 - 524031) >> 22;
}
/* floor(log2(10^e)), right for |e| <= 1233. */
static int floor_log2_pow10(int e)
{
    return (e * 1741647) >> 19;
}

/* The upper 64 bits of g * c / 2^64, with a lowest bit of 1 when anything was lost: enough to
 * compare. */
static uint64_t round_to_odd(hl_pow10 g, uint64_t c)
{
    unsigned __int128 low = (unsigned __int128)g.lo * c;
    unsigned __int128 sum = (unsigned __int128)g.hi * c + (uint64_t)(low >> 64);

    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* At most 16 zeros: 8 + 8, or 8 + 4 + 2 + 1. Few divisions, because most numbers are short. */
static hl_decimal without_zeros(uint64_t digits, int exponent)
{
    static const struct {
        uint64_t power;
        int zeros;
    } step[] = {{100000000, 8}, {100000000, 8}, {10000, 4}, {100, 2}, {10, 1}};

    for (size_t i = 0; i < sizeof step / sizeof step[0]; i++)
        if (digits % step[i].power == 0) {
            digits /= step[i].power;
            exponent += step[i].zeros;
        }
    return (hl_decimal){digits, exponent};
}

hl_decimal hl_shortest(uint64_t bits)
{
    const uint64_t fraction = bits & (UINT64_C(0x000FFFFFFFFFFFFF));
    const int biased = (int)(bits >> 52 & 0x7FF);
    const uint64_t c = biased ? fraction | UINT64_C(1) << 52 : fraction;
    const int q = (biased ? biased : 1) - 1075;

    /* An integer below 2^53 is its own shortest decimal. */
    if (-52 <= q && q <= 0 && (c & ((UINT64_C(1) << -q) - 1)) == 0)
        return without_zeros(c >> -q, 0);

    /* The lower neighbour of a power of two is at half the distance. An interval's ends belong to
     * it when c is even (round half to even). */
    const bool lower_is_closer = fraction == 0 && biased > 1;
    const uint64_t open = c & 1;
    const int k = lower_is_closer ? floor_log10_three_quarters_pow2(q) : floor_log10_pow2(q);
    const int h = q + floor_log2_pow10(-k) + 1;
    hl_pow10 g = hl_pow10_table[-k - HL_POW10_FIRST];
    if (-k < 0 || -k > HL_POW10_EXACT)
        g.lo++; /* the method wants it rounded up */

    const uint64_t lower = round_to_odd(g, (4 * c - 2 + lower_is_closer) << h) + open;
    const uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - open;
    const uint64_t v4 = round_to_odd(g, (4 * c) << h); /* 4 v / 10^k */
    const uint64_t s = v4 / 4;

    if (s >= 10) { /* one digit less? */
        uint64_t t = s / 10;
        bool down = lower <= 40 * t;
        bool up = 40 * t + 40 <= upper;
        if (down != up)
            return without_zeros(t + up, k + 1);
    }
    bool down = lower <= 4 * s;
    bool up = 4 * s + 4 <= upper;
    if (down == up) /* both, or neither: the closer one */
        up = v4 > 4 * s + 2 || (v4 == 4 * s + 2 && (s & 1));
    return without_zeros(s + up, k);
}
