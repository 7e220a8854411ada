#include "format/edf_write.h"

#include <math.h>

enum { MOST_BYTES = 61440, SECONDS = 10, FULL = 32767 };

/* --- numbers of 8 characters -------------------------------------------------------------------
 */

static void cut_zeros(char *text)
{
    size_t n = strlen(text);

    if (!strchr(text, '.'))
        return;
    while (text[n - 1] == '0')
        n--;
    if (text[n - 1] == '.')
        n--;
    text[n] = 0;
}

/* "1.2e+07" to "1.2e7". */
static void cut_exponent(char *text)
{
    char *e = strchr(text, 'e'), *from;

    if (!e)
        return;
    from = e + (e[1] == '+' || e[1] == '-' ? 2 : 1);
    if (e[1] == '-')
        e++;
    while (from[0] == '0' && from[1])
        from++;
    memmove(e + 1, from, strlen(from) + 1);
}

static void consider(const char *text, double v, double *best, char out[HL_EDF_NUMBER_CHARS])
{
    double got;

    if (strlen(text) >= HL_EDF_NUMBER_CHARS || !hl_parse_f64(hl_str_of(text), &got))
        return;
    if (*out && fabs(got - v) >= fabs(*best - v))
        return;
    memcpy(out, text, strlen(text) + 1);
    *best = got;
}

double hl_edf_number(double v, char out[HL_EDF_NUMBER_CHARS])
{
    char text[400];
    double best = 0;

    out[0] = 0;
    for (int digits = 7; digits >= 0; digits--) {
        snprintf(text, sizeof text, "%.*f", digits, v == 0 ? 0 : v);
        cut_zeros(text);
        consider(text, v, &best, out);
    }
    for (int digits = 5; digits >= 0; digits--) { /* where a point cannot reach */
        snprintf(text, sizeof text, "%.*e", digits, v);
        cut_exponent(text);
        consider(text, v, &best, out);
    }
    return best;
}

/* --- data records ------------------------------------------------------------------------------
 */

static int64_t frame_samples(const hl_wfdb_header *h)
{
    int64_t n = 0;

    for (int32_t s = 0; s < h->n_signals; s++)
        n += h->signal[s].samples_per_frame;
    return n;
}

/* Ten seconds, or the tenth of it as often as needed; < 1 is 0. */
static int64_t usual_frames(double rate_hz, int64_t samples)
{
    double k = floor(SECONDS * rate_hz + 0.5);

    while (2 * (double)samples * k > MOST_BYTES)
        k = floor(k / 10);
    return (int64_t)k;
}

/* mit2edf takes the rate from the frames of a whole minute (62.4725 Hz: 3748 / 60), and writes the
 * duration with 6 digits. */
static void plan_mit2edf(const hl_wfdb_header *h, int64_t samples, hl_edf_record_plan *out)
{
    const double minute = floor(60 * h->rate_hz + 0.5), rate = minute / 60;
    double seconds;

    out->k = usual_frames(rate, samples);
    seconds = (double)out->k / rate;
    if (out->k < 1) {
        out->k = minute < 1e9 ? (int64_t)minute : 0;
        seconds = 60;
    }
    snprintf(out->text, sizeof out->text, "%g", seconds);
    out->text[8] = 0;
}

/* Duration of k frames as text; whether it is exact. */
static bool exact_seconds(double rate_hz, int64_t k, double *seconds)
{
    const double d = (double)k / rate_hz;
    double scale = 1;

    if (!(d < 99999999))
        return false;
    for (double limit = 999999; limit > d && scale < 1e6; limit /= 10)
        scale *= 10;
    *seconds = floor(d * scale + 0.5) / scale;
    return fabs(*seconds / d - 1) < 1e-13;
}

/* Fewest frames that last an exact decimal of seconds; 0 = none. */
static int64_t exact_frames(double rate_hz)
{
    enum { MOST_FRAMES = 10000000 };
    double seconds;

    for (int64_t k = 1; k <= MOST_FRAMES; k++)
        if (exact_seconds(rate_hz, k, &seconds))
            return k;
    return 0;
}

/* Ten seconds if they are exact; else, if they must be, the exact length next to that. */
static hl_code plan_plus(const hl_wfdb_header *h, int64_t samples, bool exact,
                         hl_edf_record_plan *out, hl_error *err)
{
    char text[HL_EDF_NUMBER_CHARS];
    double seconds;

    out->k = usual_frames(h->rate_hz, samples);
    if (out->k < 1)
        out->k = 1;
    if (exact && !exact_seconds(h->rate_hz, out->k, &seconds)) {
        const int64_t least = exact_frames(h->rate_hz);
        if (least == 0)
            return hl_fail(err, HL_E_LIMIT,
                           "no whole number of frames at %.10g Hz lasts an exact decimal of "
                           "seconds in 8 characters\nWrite without the exact rate.",
                           h->rate_hz);
        const int64_t times = out->k / least;
        out->k = least * (times > 0 ? times : 1);
    }
    seconds = hl_edf_number((double)out->k / h->rate_hz, text);
    memcpy(out->text, text, sizeof text);
    if (!(seconds > 0))
        return hl_fail(err, HL_E_LIMIT, "%lld frames at %.10g Hz are too short for an EDF file",
                       (long long)out->k, h->rate_hz);
    return HL_OK;
}

hl_code hl_edf_plan_record(const hl_wfdb_header *h, const hl_edf_options *options,
                           hl_edf_record_plan *out, hl_error *err)
{
    enum { MOST_MEMORY = 1 << 28 };
    const int64_t samples = frame_samples(h);
    hl_code c = HL_OK;

    *out = (hl_edf_record_plan){0};
    if (options->style == HL_EDF_MIT2EDF && !options->exact_rate)
        plan_mit2edf(h, samples, out);
    else
        c = plan_plus(h, samples, options->exact_rate, out, err);
    if (c != HL_OK)
        return c;
    if (out->k < 1 || out->k > MOST_MEMORY / 2 / samples ||
        (options->style == HL_EDF_MIT2EDF && !options->exact_rate &&
         2 * samples * out->k > MOST_BYTES))
        return hl_fail(err, HL_E_LIMIT,
                       "a data record of EDF cannot hold %lld frames of %lld samples",
                       (long long)(out->k < 1 ? 1 : out->k), (long long)samples);
    out->bytes = 2 * samples * out->k;
    if (!hl_parse_f64(hl_str_of(out->text), &out->seconds) || !(out->seconds > 0))
        return hl_fail(err, HL_E_LIMIT, "the duration '%s' of a data record is no number",
                       out->text);
    out->rate_error = (double)out->k / out->seconds / h->rate_hz - 1;
    if (fabs(out->rate_error) < 1e-13)
        out->rate_error = 0;
    return HL_OK;
}

/* --- limits ------------------------------------------------------------------------------------
 */

/* What mit2edf takes for a header without a resolution. */
static int32_t bits_of(const hl_wfdb_signal *s)
{
    if (s->adc_bits >= 1)
        return s->adc_bits < 32 ? s->adc_bits : 32;
    switch (s->format) {
    case 8:
    case 80:
    case 508:
        return 8;
    case 212:
        return 12;
    case 310:
    case 311:
        return 10;
    case 24:
    case 524:
        return 24;
    case 32:
        return 32;
    default:
        return 16;
    }
}

static bool is_wide(const hl_wfdb_signal *s)
{
    return s->format == 24 || s->format == 32 || s->format == 524 || s->format == 0;
}

static double physical(const hl_wfdb_signal *s, double code)
{
    return (code - s->baseline) / s->gain;
}

/* By how much the gain is off that a reader gets from these limits. waveform.md 1.7 */
static double gain_error(const hl_wfdb_signal *s, const hl_edf_limits *l)
{
    const double gain =
        (double)(l->digital_max - l->digital_min) / (l->physical_max - l->physical_min);
    const double baseline = (double)l->digital_max - l->physical_max * gain;

    if (!isfinite(gain) || !(fabs(baseline - s->baseline) < 0.25))
        return INFINITY;
    return fabs(gain / s->gain - 1);
}

static void as_written(hl_edf_limits *l)
{
    char text[HL_EDF_NUMBER_CHARS];

    l->physical_min = hl_edf_number(l->physical_min, text);
    l->physical_max = hl_edf_number(l->physical_max, text);
}

/* v > 0 with as many decimals as 8 characters take behind a minus sign. */
static double decimal_of(double v)
{
    double scale = 1;

    for (double limit = 99999; limit > v && scale < 1e5; limit /= 10)
        scale *= 10;
    return floor(v * scale + 0.5) / scale;
}

/*
 * Limits as far to one side of 0 as to the other: so many codes that they stand for a decimal of 8
 * characters, or nearly do. 4093 adu/Ohm with baseline 2: -8 .. 8 Ohm = -32742 .. 32746, exact.
 */
static bool find_near(const hl_wfdb_signal *s, hl_edf_limits *out)
{
    const int64_t most = FULL - (s->baseline < 0 ? -(int64_t)s->baseline : s->baseline);
    const double gain = fabs(s->gain), sign = s->gain < 0 ? -1 : 1;
    double least_error = INFINITY;

    for (int64_t codes = most; codes > most / 2 && least_error > 1e-14; codes--) {
        const double v = decimal_of((double)codes / gain);
        const double error = fabs((double)codes / v / gain - 1);
        if (!(v > 0 && v < 9999999) || !(error < least_error))
            continue;
        least_error = error;
        *out = (hl_edf_limits){.digital_min = s->baseline - codes,
                               .digital_max = s->baseline + codes,
                               .physical_min = sign * -v,
                               .physical_max = sign * v};
    }
    if (!isfinite(least_error))
        return false;
    as_written(out);
    return true;
}

/* The next number of 8 characters on the far side of v, seen from `from`. */
static double beyond(double v, double from)
{
    char text[HL_EDF_NUMBER_CHARS];
    const double sign = v < from ? -1 : 1, size = fabs(v) + fabs(v - from);
    double got = hl_edf_number(v, text);

    for (double step = 1e-9; (got - v) * sign < 0 && step < 1; step *= 2)
        got = hl_edf_number(v + sign * step * size, text);
    return got;
}

/* 24 and 32 bits to 16: to the codes of physical limits that hold them all; -32768 stays free for
 * what is invalid. */
static void scale_down(const hl_wfdb_signal *s, int64_t least, int64_t most, hl_edf_limits *out)
{
    const double from = physical(s, (double)least), to = physical(s, (double)most);

    *out = (hl_edf_limits){.scaled = true,
                           .digital_min = -FULL,
                           .digital_max = FULL,
                           .physical_min = beyond(from, to),
                           .physical_max = beyond(to, from)};
    const double codes = 2.0 * FULL / (out->physical_max - out->physical_min);
    out->factor = codes / s->gain;
    out->shift = (-s->baseline / s->gain - out->physical_min) * codes - FULL;
}

static int64_t clamp(int64_t v)
{
    return v < -FULL ? -FULL : v > FULL ? FULL : v;
}

hl_code hl_edf_plan_limits(const hl_wfdb_header *h, int32_t i, hl_edf_style style,
                           hl_edf_limits *out, hl_error *err)
{
    const hl_wfdb_signal *s = &h->signal[i];
    const int64_t half = INT64_C(1) << (bits_of(s) - 1);
    const int64_t least = s->adc_zero - half, most = s->adc_zero + half - 1;
    hl_edf_limits near;

    *out = (hl_edf_limits){.digital_min = least, .digital_max = most};
    if (is_wide(s) && (least < -FULL || most > FULL)) {
        scale_down(s, least, most, out);
    } else {
        if (style == HL_EDF_PLUS) {
            out->digital_min = clamp(least);
            out->digital_max = clamp(most);
        }
        out->physical_min = physical(s, (double)out->digital_min);
        out->physical_max = physical(s, (double)out->digital_max);
        if (style == HL_EDF_MIT2EDF)
            return HL_OK;
        as_written(out);
        if (gain_error(s, out) > 1e-14 && find_near(s, &near) &&
            gain_error(s, &near) < gain_error(s, out))
            *out = near;
    }
    if (!isfinite(out->physical_min) || !isfinite(out->physical_max) ||
        out->physical_min == out->physical_max || out->digital_min >= out->digital_max)
        return hl_fail(err, HL_E_LIMIT,
                       "signal %d (%.60s): gain %g and baseline %d give no limits that EDF can "
                       "state in 8 characters",
                       (int)i, s->description, s->gain, (int)s->baseline);
    return HL_OK;
}
