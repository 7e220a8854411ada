#!/usr/bin/env python3
"""Write src/base/pow10.c: the powers of ten, as 128-bit mantissas, for number.c and shortest.c.

  python3 scripts/make_pow10.py > src/base/pow10.c

Entry k holds floor(10^k * 2^s) with the s that makes it a number of exactly 128 bits.
The range is what the two users ask for (Eisel-Lemire: -342 to 308; Schubfach: -292 to 324).
"""

FIRST, LAST = -342, 324


def mantissa(k):
    """floor(10^k * 2^s) in [2^127, 2^128), by integer arithmetic alone."""
    if k >= 0:
        power = 10**k
        shift = 128 - power.bit_length()
        return power << shift if shift >= 0 else power >> -shift
    power = 10**-k
    shift = 127 + power.bit_length()
    m = (1 << shift) // power
    return m >> 1 if m >> 128 else m


print("/* Made by scripts/make_pow10.py; change that, not this. */")
print('#include "base/pow10.h"')
print()
print("const hl_pow10 hl_pow10_table[HL_POW10_LAST - HL_POW10_FIRST + 1] = {")
for k in range(FIRST, LAST + 1):
    m = mantissa(k)
    assert 1 << 127 <= m < 1 << 128
    low = m & (2**64 - 1)
    # shortest.c adds 1 to the lower half of the inexact ones and counts on there being no carry.
    assert 0 <= k <= 55 or low != 2**64 - 1
    print(f"    {{0x{m >> 64:016x}, 0x{low:016x}}}, /* 1e{k} */")
print("};")
