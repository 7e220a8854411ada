#include "wave/resample.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

/* A place this near to a sample is the sample's: products of rates and numbers of samples come out
 * beside the whole numbers that they are. */
#define NEAR 1e-6

int64_t hl_resample_count(const hl_wave *wave, int64_t from, int64_t to, double hz)
{
    double n = ceil((double)(to - from) / hl_wave_about(wave)->frame_hz * hz - NEAR);

    return n < 0 ? 0 : n > 9e15 ? INT64_C(9000000000000000) : (int64_t)n;
}

/* Native samples of frames f0 .. f1 - 1 of a signal as doubles, NaN = invalid. */
static hl_code native(hl_wave *wave, const hl_wave_window *q, int32_t s, int64_t f0, int64_t f1,
                      double **out, hl_error *err)
{
    const hl_wave_signal *signal = &hl_wave_about(wave)->signal[s];
    size_t n = (size_t)((f1 - f0) * signal->samples_per_frame);
    hl_wave_window part = *q;
    double *v = malloc((n ? n : 1) * sizeof *v);
    int32_t *adu = q->kind == HL_WAVE_I32 ? malloc((n ? n : 1) * sizeof *adu) : NULL;
    void *to[1] = {adu ? (void *)adu : (void *)v};
    hl_code c = HL_OK;

    if (!v || (q->kind == HL_WAVE_I32 && !adu))
        c = hl_fail_memory(err, "samples", n * sizeof *v);
    part.from = f0;
    part.to = f1;
    part.signal = &s;
    part.n_signals = 1;
    part.rate = HL_WAVE_NATIVE;
    part.kind = adu ? HL_WAVE_I32 : HL_WAVE_F64;
    if (c == HL_OK)
        c = hl_wave_read(wave, &part, to, err);
    for (size_t i = 0; i < n && adu && c == HL_OK; i++)
        v[i] = adu[i] == HL_WAVE_INVALID ? (double)NAN : adu[i];
    free(adu);
    if (c != HL_OK) {
        free(v);
        v = NULL;
    }
    *out = v;
    return c;
}

/* The line between the samples around place p, or the last sample behind the end. */
static double between(const double *v, int64_t n, double p)
{
    int64_t i = (int64_t)floor(p + NEAR);

    if (i < 0)
        i = 0;
    if (i >= n - 1)
        return v[n - 1];
    double part = p - (double)i;
    return part < NEAR ? v[i] : v[i] + (v[i + 1] - v[i]) * part;
}

static double mean(const double *v, int64_t n, double from, double to)
{
    int64_t a = (int64_t)ceil(from - NEAR), b = (int64_t)ceil(to - NEAR);
    double sum = 0;

    a = a < 0 ? 0 : a;
    b = b > n ? n : b;
    if (a >= b)
        return (double)NAN;
    for (int64_t i = a; i < b; i++)
        sum += v[i];
    return sum / (double)(b - a);
}

hl_code hl_resample(hl_wave *wave, const hl_wave_window *q, int32_t s, double hz, int64_t first,
                    int64_t n, double *to, hl_error *err)
{
    const hl_wave_info *info = hl_wave_about(wave);
    int32_t spf = info->signal[s].samples_per_frame;
    double rate = info->frame_hz * spf, step = rate / hz;
    double *v;

    /* Frames that these values lean on: one more at the end for the line to the next sample. */
    int64_t f0 = q->from + (int64_t)floor((double)first / hz * info->frame_hz);
    int64_t f1 = q->from + (int64_t)ceil((double)(first + n) / hz * info->frame_hz) + 1;
    f0 = f0 > q->from ? f0 - 1 : q->from;
    f1 = f1 < q->to ? f1 : q->to;
    f0 = f0 < f1 ? f0 : f1 - 1;
    hl_code c = native(wave, q, s, f0, f1, &v, err);
    if (c != HL_OK)
        return c;
    int64_t have = (f1 - f0) * spf;
    double origin = (double)((f0 - q->from) * spf);
    for (int64_t k = 0; k < n; k++) {
        double p = (double)(first + k) * step - origin;
        to[k] = step > 1 ? mean(v, have, p, p + step) : between(v, have, p);
    }
    free(v);
    return HL_OK;
}
