#include "synth/chance.h"

#include <math.h>

double hl_synth_exp(double x)
{
    x = hl_synth_clamp(x, -700, 700);
    double k = floor(x * 1.4426950408889634 + 0.5);
    double r = (x - k * 0.693145751953125) - k * 1.42860682030941723e-6;
    /* Taylor series; |r| <= 0.3466, so the first term left out is below 1e-14. */
    static const double inverse[13] = {0,        1.0,      1.0 / 2, 1.0 / 3, 1.0 / 4,
                                       1.0 / 5,  1.0 / 6,  1.0 / 7, 1.0 / 8, 1.0 / 9,
                                       1.0 / 10, 1.0 / 11, 1.0 / 12};
    double sum = 1;
    for (int n = 12; n >= 1; n--)
        sum = 1 + sum * r * inverse[n];
    uint64_t bits = (uint64_t)((int64_t)k + 1023) << 52;
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return sum * scale;
}

/* Sine of t turns for |t| <= 1/4. */
static double sin_quarter(double t)
{
    double x = t * 6.283185307179586, q = x * x, sum = 1;
    for (int n = 17; n >= 3; n -= 2)
        sum = 1 - sum * q / (n * (n - 1));
    return x * sum;
}

double hl_synth_sin(double turns)
{
    double t = turns - floor(turns); /* 0 <= t < 1 */
    if (t > 0.75)
        return sin_quarter(t - 1);
    if (t > 0.25)
        return sin_quarter(0.5 - t);
    return sin_quarter(t);
}

double hl_synth_cos(double turns)
{
    return hl_synth_sin(turns + 0.25);
}

size_t hl_synth_pick(hl_rng *rng, const uint16_t *weight)
{
    uint64_t sum = 0;
    for (size_t i = 0; weight[i]; i++)
        sum += weight[i];
    uint64_t at = hl_rng_below(rng, sum);
    size_t i = 0;
    while (at >= weight[i])
        at -= weight[i++];
    return i;
}

int hl_synth_card(uint64_t seed, const char *stream, uint64_t block, int i)
{
    uint8_t card[HL_SYNTH_DECK];
    hl_rng rng = hl_rng_of(seed, stream, block);
    for (int k = 0; k < HL_SYNTH_DECK; k++)
        card[k] = (uint8_t)k;
    for (int k = HL_SYNTH_DECK - 1; k > 0; k--) {
        int j = (int)hl_rng_below(&rng, (uint64_t)k + 1);
        uint8_t t = card[k];
        card[k] = card[j];
        card[j] = t;
    }
    return card[i];
}
