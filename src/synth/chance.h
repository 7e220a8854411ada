/*
 * chance.h - numbers for the synthetic hospital: draws and the few functions that their shapes
 * need.
 *
 * Everything here uses + - * / floor and sqrt on doubles only, which IEEE 754 rounds the same way
 * on every machine; libm's exp, sin and log are not used, because their last bit differs between
 * libraries and the hospital must be the same bytes everywhere.
 */
#ifndef HL_SYNTH_CHANCE_H
#define HL_SYNTH_CHANCE_H

#include "base/rng.h"

/* e^x, relative error below 1e-13; x is held within -700..700. */
double hl_synth_exp(double x);

/* sin and cos of t turns (t = 1 is a full circle), absolute error below 1e-13. */
double hl_synth_sin(double turns);
double hl_synth_cos(double turns);

/* 0 below lo, 1 above hi, smooth (cubic) between; lo < hi. */
static inline double hl_synth_step(double lo, double hi, double x)
{
    double t = (x - lo) / (hi - lo);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
}

static inline double hl_synth_clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* lo <= value < hi. */
static inline double hl_synth_between(hl_rng *rng, double lo, double hi)
{
    return lo + (hi - lo) * hl_rng_f64(rng);
}
/* lo <= value <= hi. */
static inline int64_t hl_synth_int(hl_rng *rng, int64_t lo, int64_t hi)
{
    return lo + (int64_t)hl_rng_below(rng, (uint64_t)(hi - lo) + 1);
}
static inline bool hl_synth_chance(hl_rng *rng, double p)
{
    return hl_rng_f64(rng) < p;
}

/* Near-normal with mean 0 and sd 1: the sum of four 16-bit uniforms of one draw, so never beyond
 * 3.47: no lab value, beat or rib is absurd. */
static inline double hl_synth_normal(hl_rng *rng)
{
    uint64_t u = hl_rng_u64(rng);
    int64_t sum = (int64_t)((u & 0xffff) + (u >> 16 & 0xffff) + (u >> 32 & 0xffff) + (u >> 48));
    return ((double)sum - 131070.0) * (1.0 / 37836.9);
}

/* Index of a weight, drawn in proportion; the weights are positive and end with 0. */
size_t hl_synth_pick(hl_rng *rng, const uint16_t *weight);

/* Element i of a deck of n cards shuffled by (seed, stream, block): exact rates in every block. */
#define HL_SYNTH_DECK 100
int hl_synth_card(uint64_t seed, const char *stream, uint64_t block, int i);

#endif
