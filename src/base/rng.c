/*
 * hl_rng: the definition. Outputs depend on it: it must never change.
 *
 * All arithmetic is modulo 2^64. F is the finaliser of splitmix64 (D. Stafford's variant 13 of
 * MurmurHash3's); H the FNV-1a hash, 64 bits, of the stream name's bytes; G = 0x9E3779B97F4A7C15,
 * the golden ratio of 2^64.
 *
 *   key      = F(F(F(seed + G) ^ H(stream)) + item)
 *   value(c) = F(F(key + (c + 1) * G) + rotate_left(key, 32)),  c = 0, 1, 2, ... the draw
 *
 * F is a bijection, so that the items of a stream have different keys. The key goes into both
 * rounds, so that two keys which differ by a multiple of G do not give one sequence shifted.
 *
 *   u64     value(c)
 *   f64     (u64 >> 11) * 2^-53
 *   below   the upper half of u64 * n, drawn again while the lower half is below 2^64 mod n
 *           (D. Lemire, "Fast random integer generation in an interval", 2019)
 *   normal  inverse of the normal distribution at ((u64 >> 12) + 1/2) * 2^-52, below
 */
#include "base/rng.h"

#include <math.h>

#include "base/hash.h"

/* --- counter-based -----------------------------------------------------------------------------
 */

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

static uint64_t finish(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

hl_rng hl_rng_of(uint64_t seed, const char *stream, uint64_t item)
{
    uint64_t name = hl_fnv1a64(stream, strlen(stream));

    return (hl_rng){.key = finish(finish(finish(seed + GOLDEN) ^ name) + item), .draw = 0};
}

uint64_t hl_rng_u64(hl_rng *rng)
{
    uint64_t key = rng->key;

    return finish(finish(key + ++rng->draw * GOLDEN) + (key << 32 | key >> 32));
}

uint64_t hl_rng_below(hl_rng *rng, uint64_t n)
{
    if (n == 0)
        return 0;
    unsigned __int128 x = (unsigned __int128)hl_rng_u64(rng) * n;
    if ((uint64_t)x < n) {
        uint64_t least = (0 - n) % n; /* 2^64 mod n */
        while ((uint64_t)x < least)
            x = (unsigned __int128)hl_rng_u64(rng) * n;
    }
    return (uint64_t)(x >> 64);
}

double hl_rng_f64(hl_rng *rng)
{
    return (double)(hl_rng_u64(rng) >> 11) * 0x1p-53;
}

/* ln(x) for a normal x > 0, within a few 1e-16 of it: libm's log may differ in its last bit from
 * one machine to the next, this cannot. x = m * 2^e with m in [sqrt(1/2), sqrt(2)), and ln(m) = 2
 * artanh(s) = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1), |s| < 0.172. */
static double natural_log(double x)
{
    uint64_t bits;
    double m, sum = 0.0;

    memcpy(&bits, &x, sizeof bits);
    int e = (int)(bits >> 52 & 0x7FF) - 1023;
    bits = (bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(1023) << 52;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        e++;
    }
    double s = (m - 1.0) / (m + 1.0), s2 = s * s;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * s2 + 1.0 / k;
    return e * 0.69314718055994531 + 2.0 * s * sum;
}

/* c[0] + c[1] x + ... + c[7] x^7 */
static double polynomial(const double c[8], double x)
{
    double sum = c[7];

    for (int i = 6; i >= 0; i--)
        sum = sum * x + c[i];
    return sum;
}

/* M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", PPND16
 * (1988): relative error about 1e-16. Only + - * / and sqrt, which IEEE 754 defines to the last
 * bit. */
static double normal_quantile(double p)
{
    static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                1.9715909503065514427e3, 1.3731693765509461125e4,
                                4.5921953931549871457e4, 6.7265770927008700853e4,
                                3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[8] = {1.0,
                                4.2313330701600911252e1,
                                6.8718700749205790830e2,
                                5.3941960214247511077e3,
                                2.1213794301586595867e4,
                                3.9307895800092710610e4,
                                2.8729085735721942674e4,
                                5.2264952788528545610e3};
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                5.76949722146069140550e0,  3.64784832476320460504e0,
                                1.27045825245236838258e0,  2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    double q = p - 0.5;

    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * polynomial(a, r) / polynomial(b, r);
    }
    double r = sqrt(-natural_log(q < 0 ? p : 1.0 - p));
    double x = r <= 5.0 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6)
                        : polynomial(e, r - 5.0) / polynomial(f, r - 5.0);
    return q < 0 ? -x : x;
}

double hl_rng_normal(hl_rng *rng)
{
    return normal_quantile(((double)(hl_rng_u64(rng) >> 12) + 0.5) * 0x1p-52);
}

/* --- MT19937 -----------------------------------------------------------------------------------
 */

enum { N = 624, M = 397 };

/* init_genrand() of M. Matsumoto and T. Nishimura, 2002. */
void hl_mt19937_seed(hl_mt19937 *g, uint32_t seed)
{
    g->mt[0] = seed;
    for (uint32_t i = 1; i < N; i++)
        g->mt[i] = 1812433253u * (g->mt[i - 1] ^ (g->mt[i - 1] >> 30)) + i;
    g->at = N;
}

static uint32_t twist(uint32_t this, uint32_t next)
{
    uint32_t y = (this & 0x80000000u) | (next & 0x7FFFFFFFu);

    return (y >> 1) ^ (y & 1 ? 0x9908B0DFu : 0u);
}

static void refill(hl_mt19937 *g)
{
    uint32_t *mt = g->mt;

    for (int i = 0; i < N - M; i++)
        mt[i] = mt[i + M] ^ twist(mt[i], mt[i + 1]);
    for (int i = N - M; i < N - 1; i++)
        mt[i] = mt[i + M - N] ^ twist(mt[i], mt[i + 1]);
    mt[N - 1] = mt[M - 1] ^ twist(mt[N - 1], mt[0]);
    g->at = 0;
}

uint32_t hl_mt19937_u32(hl_mt19937 *g)
{
    if (g->at >= N)
        refill(g);
    uint32_t y = g->mt[g->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9D2C5680u;
    y ^= y << 15 & 0xEFC60000u;
    return y ^ y >> 18;
}

uint32_t hl_mt19937_interval(hl_mt19937 *g, uint32_t max)
{
    if (max == 0)
        return 0;
    uint32_t mask = UINT32_MAX >> __builtin_clz(max);
    uint32_t v;
    do
        v = hl_mt19937_u32(g) & mask;
    while (v > max);
    return v;
}

void hl_mt19937_permutation(hl_mt19937 *g, size_t n, int64_t *out)
{
    hl_assert(n <= UINT32_MAX);
    for (size_t i = 0; i < n; i++)
        out[i] = (int64_t)i;
    for (size_t i = n; i-- > 1;) {
        size_t j = hl_mt19937_interval(g, (uint32_t)i);
        int64_t x = out[i];
        out[i] = out[j];
        out[j] = x;
    }
}
