#include "base/hash_pair.h"

#include <string.h>

#include "base/hash.h"

#if defined(__x86_64__)

static const uint32_t begin[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* The rest of a stream: whole blocks, then the padded end with the length in bits. */
static void finish(uint32_t state[8], const uint8_t *at, size_t n, size_t n_all, hl_digest *out)
{
    uint8_t end[128] = {0};
    size_t blocks = n / 64, rest = n % 64, size = rest < 56 ? 64 : 128;
    uint64_t bits = (uint64_t)n_all * 8;

    hl_sha256_blocks_sha(state, at, blocks);
    if (rest)
        memcpy(end, at + 64 * blocks, rest);
    end[rest] = 0x80;
    for (size_t i = 0; i < 8; i++)
        end[size - 1 - i] = (uint8_t)(bits >> 8 * i);
    hl_sha256_blocks_sha(state, end, size / 64);
    for (size_t i = 0; i < 32; i++)
        out->sha256[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
    out->bytes = (int64_t)n_all;
}

static void pair_sha(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b, hl_digest *out_a,
                     hl_digest *out_b)
{
    const uint8_t *const at[2] = {a, b};
    size_t both = (n_a < n_b ? n_a : n_b) / 64;
    uint32_t state[2][8];

    memcpy(state[0], begin, sizeof begin);
    memcpy(state[1], begin, sizeof begin);
    hl_sha256_two_blocks_sha(state, at, both);
    finish(state[0], a + 64 * both, n_a - 64 * both, n_a, out_a);
    finish(state[1], b + 64 * both, n_b - 64 * both, n_b, out_b);
}
#endif

void hl_sha256_pair(const void *a, size_t n_a, const void *b, size_t n_b, hl_cpu cpu,
                    hl_digest *out_a, hl_digest *out_b)
{
#if defined(__x86_64__)
    if (n_a && n_b && hl_cpu_has_sha(cpu)) {
        pair_sha(a, n_a, b, n_b, out_a, out_b);
        return;
    }
#else
    (void)cpu;
#endif
    hl_sha256_of(a, n_a, out_a);
    hl_sha256_of(b, n_b, out_b);
}
