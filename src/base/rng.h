/*
 * rng.h - random numbers: our own counter-based ones, and MT19937 as NumPy and torch use it.
 */
#ifndef HL_BASE_RNG_H
#define HL_BASE_RNG_H

#include "base/error.h"

/* --- counter-based: value = f(seed, stream, item, draw); order and threads do not matter ---------
 */
/* The exact definition stands at the head of rng.c. Outputs depend on it: it never changes. */

typedef struct {
    uint64_t key;  /* of seed, stream name and item */
    uint64_t draw; /* how many were taken */
} hl_rng;

/* The generator of one item: stream names the use ("crop", "split"), item its id. */
hl_rng hl_rng_of(uint64_t seed, const char *stream, uint64_t item);
uint64_t hl_rng_u64(hl_rng *rng);
uint64_t hl_rng_below(hl_rng *rng, uint64_t n); /* 0 <= value < n without bias; n = 0 gives 0 */
double hl_rng_f64(hl_rng *rng);                 /* [0, 1), 53 bits */
double hl_rng_normal(hl_rng *rng);              /* mean 0, sd 1 */

/* --- MT19937, bit-exact. symile.md 4.1 and 6.5 ---------------------------------------------------
 */

typedef struct {
    uint32_t mt[624];
    int at;
} hl_mt19937;

void hl_mt19937_seed(hl_mt19937 *g, uint32_t seed); /* numpy.random.seed(s), torch.manual_seed(s) */
uint32_t hl_mt19937_u32(hl_mt19937 *g);

/* numpy RandomState: uniform integer in [0, max] by masked rejection; max < 2^32. */
uint32_t hl_mt19937_interval(hl_mt19937 *g, uint32_t max);

/* numpy RandomState.permutation(n) into out[0..n). choice(n, k, replace=False) is its first k. */
void hl_mt19937_permutation(hl_mt19937 *g, size_t n, int64_t *out);

#endif
