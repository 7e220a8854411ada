#include "wave/convert_gain.h"

#include <math.h>
#include <stdio.h>

#include "base/str.h"

enum { DEFAULT_GAIN = 200 }; /* of a header without one */
#define MOST_GAIN 1e15

/* --- usual gains --------------------------------------------------------------------------------
 */

static const double usual[] = {1,    2,    4,    5,    8,    10,   16,   20,   25,
                               32,   40,   50,   64,   80,   100,  125,  128,  200,
                               250,  256,  400,  500,  512,  800,  1000, 1024, 2000,
                               2048, 2500, 4000, 4096, 5000, 8000, 8192, 10000};
enum { N_USUAL = sizeof usual / sizeof *usual };

static void try_usual(hl_gain_state *s, double v)
{
    const bool narrow = s->precision > 0x1p-50;

    for (int i = 0; i < N_USUAL; i++) {
        if (s->failed >> i & 1)
            continue;
        const double back = floor(v * usual[i] + 0.5) / usual[i];
        if ((narrow ? (double)(float)back : back) != v)
            s->failed |= UINT64_C(1) << i;
    }
}

/* --- the step -----------------------------------------------------------------------------------
 *
 * Euclid's algorithm with errors. A multiple of the step tells it as much better as it is larger,
 * so small ones come first: the differences of neighbouring values. A number so large that the
 * error of the step leaves open how many steps it has is not asked.
 */

/* The largest number of which the step and v, with its error, are multiples, becomes the step;
 * where errors grow too large to tell, the smaller of the two. */
static void reduce(hl_gain_state *s, double v, double error)
{
    double a = s->step, ea = s->error, b = v, eb = error;

    while (b > 4 * eb) {
        const double k = floor(a / b + 0.5), rest = fabs(a - k * b), e = ea + k * eb;
        a = b;
        ea = eb;
        b = rest;
        eb = e;
    }
    if (a > 16 * ea && eb < a / 5) {
        s->step = a;
        s->error = ea;
        s->n_odd = 0;
        return;
    }
    if (v < s->step) { /* the values to come will tell */
        s->step = v;
        s->error = error;
        s->n_odd = 0;
    } else {
        s->n_odd++;
    }
}

static void take(hl_gain_state *s, double v, double error)
{
    if (v <= 4 * error)
        return;
    if (s->step == 0) {
        s->step = v;
        s->error = error;
        return;
    }
    const double n = floor(v / s->step + 0.5), rest = fabs(v - n * s->step);
    if (n * s->error > s->step / 5)
        return;
    if (n < 1)
        reduce(s, v, error);
    else if (rest > 4 * error + 2 * n * s->error)
        reduce(s, rest, error + n * s->error);
    else if (error / n < s->error) {
        s->step = v / n;
        s->error = error / n;
    }
}

void hl_gain_add(hl_gain_state *s, double v)
{
    const double size = fabs(v);

    try_usual(s, v);
    if (s->n > 0)
        take(s, fabs(v - s->last), s->precision * (size + fabs(s->last)));
    take(s, size, s->precision * size);
    s->least = s->n == 0 || v < s->least ? v : s->least;
    s->most = s->n == 0 || v > s->most ? v : s->most;
    s->last = v;
    s->n++;
}

/* --- the choice ---------------------------------------------------------------------------------
 */

int hl_round_digits(double v, double error, double *out)
{
    char text[40];

    for (int digits = 1; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        char *comma = strchr(text, ','); /* of some locales */
        if (comma)
            *comma = '.';
        if (hl_parse_f64(hl_str_of(text), out) && fabs(*out / v - 1) <= error)
            return digits;
    }
    *out = v;
    return 17;
}

/* A baseline that puts low .. high into least .. most: 0 if it can be, else the middle. */
static bool place(double low, double high, int32_t least, int32_t most, int32_t *baseline)
{
    const double middle = floor(((double)least + most) / 2 - (low + high) / 2 + 0.5);

    *baseline = 0;
    if (low >= least && high <= most)
        return true;
    if (!(high - low <= (double)most - least) || !(fabs(middle) < INT32_MAX))
        return false;
    *baseline = (int32_t)middle;
    return low + middle >= least && high + middle <= most;
}

static bool keeps_all(const hl_gain_state *s, int32_t least, int32_t most, hl_gain_choice *out)
{
    enum { MOST_TIMES = 64, WORTH_DIGITS = 3 };
    const double error = 4 * s->error / s->step > 1e-14 ? 4 * s->error / s->step : 1e-14;
    int best = 99;

    for (int times = 1; times <= MOST_TIMES; times++) {
        double gain;
        int32_t baseline;
        int digits = hl_round_digits(times / s->step, error, &gain);
        if (!(gain <= MOST_GAIN) || digits > best - (times > 1 ? WORTH_DIGITS : 0))
            continue;
        if (!place(floor(s->least * gain + 0.5), floor(s->most * gain + 0.5), least, most,
                   &baseline))
            break;
        *out = (hl_gain_choice){.gain = gain, .baseline = baseline, .exact = true};
        best = digits;
    }
    return best < 99;
}

static bool usual_keeps_all(const hl_gain_state *s, int32_t least, int32_t most,
                            hl_gain_choice *out)
{
    for (int i = 0; i < N_USUAL; i++)
        if (!(s->failed >> i & 1)) { /* the lowest: larger ones need more range */
            *out = (hl_gain_choice){.gain = usual[i], .exact = true};
            return place(floor(s->least * usual[i] + 0.5), floor(s->most * usual[i] + 0.5), least,
                         most, &out->baseline);
        }
    return false;
}

/* Three digits of the largest gain that the range allows. */
static hl_gain_choice fill_range(const hl_gain_state *s, int32_t least, int32_t most)
{
    hl_gain_choice out = {.gain = DEFAULT_GAIN};
    const double size = fabs(s->least) > fabs(s->most) ? fabs(s->least) : fabs(s->most);
    const double span = s->most - s->least;
    const double half = most < -(double)least ? most : -(double)least;
    /* Around 0 without a baseline; values far from it take one. */
    double gain = span * 4 < size ? ((double)most - least - 2) / span : half / size;

    if (!(gain <= MOST_GAIN))
        gain = half / size <= MOST_GAIN ? half / size : MOST_GAIN;
    for (int i = 0; i < 200; i++) {
        const double scale = pow(10, floor(log10(gain)) - 2);
        out.gain = floor(gain / scale) * scale;
        hl_round_digits(out.gain, 1e-9, &out.gain);
        if (place(floor(s->least * out.gain + 0.5), floor(s->most * out.gain + 0.5), least, most,
                  &out.baseline))
            break;
        gain *= 0.9;
    }
    return out;
}

hl_gain_choice hl_gain_choose(const hl_gain_state *s, int32_t least, int32_t most)
{
    hl_gain_choice out;

    if (s->n == 0 || (s->least == 0 && s->most == 0))
        return (hl_gain_choice){.gain = DEFAULT_GAIN, .exact = true};
    if (usual_keeps_all(s, least, most, &out))
        return out;
    if (s->n_odd == 0 && s->step > 0 && keeps_all(s, least, most, &out))
        return out;
    return fill_range(s, least, most);
}
