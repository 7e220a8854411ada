#include "film/grey_ops.h"

static void least_c(const uint8_t *a, const uint8_t *b, uint8_t *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = a[i] < b[i] ? a[i] : b[i];
}

static void most_c(const uint8_t *a, const uint8_t *b, uint8_t *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = a[i] > b[i] ? a[i] : b[i];
}

static void minus_c(const uint8_t *a, const uint8_t *b, uint8_t *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(a[i] - b[i]);
}

static void halve_c(const uint8_t *a, const uint8_t *b, uint8_t *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1] + 2) >> 2);
}

static void reach_c(const uint8_t *a, uint8_t level, uint64_t *restrict bits, size_t n)
{
    for (size_t i = 0; i < n; i += 64) {
        const size_t end = n - i < 64 ? n - i : 64;
        uint64_t word = 0;
        for (size_t j = 0; j < end; j++)
            word |= (uint64_t)(a[i + j] >= level) << j;
        bits[i / 64] = word;
    }
}

static void equal_c(const uint8_t *a, const uint8_t *b, uint64_t *restrict bits, size_t n)
{
    for (size_t i = 0; i < n; i += 64) {
        const size_t end = n - i < 64 ? n - i : 64;
        uint64_t word = 0;
        for (size_t j = 0; j < end; j++)
            word |= (uint64_t)(a[i + j] == b[i + j]) << j;
        bits[i / 64] = word;
    }
}

void hl_grey_ops_init(hl_grey_ops *ops, hl_cpu cpu)
{
    *ops = (hl_grey_ops){least_c, most_c, minus_c, halve_c, reach_c, equal_c};
#if defined(__x86_64__)
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512)
        hl_grey_ops_avx2(ops);
#else
    (void)cpu;
#endif
}
