#include "wave/cat.h"

#include <math.h>
#include <stdlib.h>

#include "base/ctl.h"
#include "base/str.h"
#include "wave/record.h"
#include "wave/resample.h"

#define LEAST_HZ 1e-5             /* one row a day, and all its samples in memory */
enum { CHUNK_SAMPLES = 1 << 20 }; /* at the record's rate that are resampled at a time */
enum { CHUNK_VALUES = 1 << 16, FLUSH_BYTES = 1 << 18, TIME_DIGITS = 6 };

/* One call. A row is what stands at one time: in csv a line, in npy and raw a row of the array. */
typedef struct {
    hl_wave *w;
    const hl_cat_options *o;
    const hl_sink *sink;
    hl_ctl *ctl;
    hl_wave_window q;
    int32_t n;             /* signals */
    const int32_t *signal; /* [n] */
    int32_t *all;
    int32_t rows_per_frame; /* 0: hz decides */
    double row_hz;
    int64_t n_rows;
    void **to;   /* [n] values of a chunk, of q's kind */
    void *block; /* behind to[] */
    hl_buf out;
} cat;

static bool is_digital(const hl_cat_options *o)
{
    return o->digital || o->format == HL_CAT_I16 || o->format == HL_CAT_I32;
}

static int32_t spf_of(const cat *x, int32_t k)
{
    return x->w->info.signal[x->signal[k]].samples_per_frame;
}

/* --- what a row is ------------------------------------------------------------------------------
 */

static hl_code choose_rows(cat *x, hl_error *err)
{
    const hl_wave_info *info = &x->w->info;
    int32_t most = 1, least = INT32_MAX;

    for (int32_t k = 0; k < x->n; k++) {
        most = spf_of(x, k) > most ? spf_of(x, k) : most;
        least = spf_of(x, k) < least ? spf_of(x, k) : least;
    }
    if (x->o->hz > 0 && x->o->hz < LEAST_HZ)
        return hl_fail(err, HL_E_USAGE, "a rate of %g Hz is too low; at least %g Hz are supported",
                       x->o->hz, LEAST_HZ);
    if (x->o->hz > 0) {
        x->rows_per_frame = 0;
        x->row_hz = x->o->hz;
        x->n_rows = hl_resample_count(x->w, x->o->from, x->o->to, x->o->hz);
        return HL_OK;
    }
    if (x->o->rate == HL_WAVE_NATIVE && x->o->format != HL_CAT_CSV && x->n > 1 && most != least)
        return hl_fail(err, HL_E_USAGE,
                       "signals %s and others have different rates: they have no common rows\n"
                       "Use --rate frame, --rate HZ, or one signal at a time (--signals).",
                       info->signal[x->signal[0]].name);
    x->rows_per_frame = x->o->rate == HL_WAVE_AVERAGE ? 1
                        : x->o->rate == HL_WAVE_HELD  ? info->max_samples_per_frame
                                                      : most;
    x->row_hz = info->frame_hz * x->rows_per_frame;
    x->n_rows = (x->o->to - x->o->from) * x->rows_per_frame;
    return HL_OK;
}

static size_t value_bytes(const cat *x)
{
    return x->q.kind == HL_WAVE_F64 ? 8 : 4;
}

/* Values of signal k in `frames` frames (resampling: frames are rows). */
static int64_t values(const cat *x, int32_t k, int64_t frames)
{
    if (x->rows_per_frame == 0)
        return frames;
    return x->o->rate == HL_WAVE_NATIVE ? frames * spf_of(x, k) : frames * x->rows_per_frame;
}

static hl_code prepare(cat *x, int64_t *chunk, hl_error *err)
{
    int64_t each = 0;
    size_t at = 0;

    x->q = (hl_wave_window){.from = x->o->from,
                            .to = x->o->to,
                            .signal = x->signal,
                            .n_signals = x->n,
                            .rate = x->o->rate,
                            .truncate = x->o->truncate,
                            .layout_values = x->o->layout_values,
                            .damaged_is_gap = x->o->damaged_is_gap,
                            .kind = is_digital(x->o)             ? HL_WAVE_I32
                                    : x->o->format == HL_CAT_F32 ? HL_WAVE_F32
                                                                 : HL_WAVE_F64};
    if (x->rows_per_frame == 0 && x->q.kind == HL_WAVE_F32)
        x->q.kind = HL_WAVE_F64;
    for (int32_t k = 0; k < x->n; k++)
        each += values(x, k, 1);
    *chunk = each > 0 ? CHUNK_VALUES / each : CHUNK_VALUES;
    *chunk = *chunk < 1 ? 1 : *chunk;
    size_t width = x->rows_per_frame == 0 ? 8 : value_bytes(x);
    x->to = calloc((size_t)x->n + 1, sizeof *x->to);
    x->block = malloc((size_t)(each * *chunk) * width + 8);
    if (!x->to || !x->block)
        return hl_fail_memory(err, "samples", (size_t)(each * *chunk) * width);
    for (int32_t k = 0; k < x->n; k++) {
        x->to[k] = (char *)x->block + at;
        at += (size_t)values(x, k, *chunk) * width;
    }
    return HL_OK;
}

/* --- csv -----------------------------------------------------------------------------------------
 */

static void put_name(hl_buf *to, const char *text)
{
    if (strpbrk(text, ",\"\n\r")) {
        hl_buf_char(to, '"');
        for (; *text; text++) {
            if (*text == '"')
                hl_buf_char(to, '"');
            hl_buf_char(to, *text);
        }
        hl_buf_char(to, '"');
    } else {
        hl_buf_text(to, text);
    }
}

static void put_csv_head(cat *x)
{
    char name[HL_PATH_BYTES];

    hl_buf_text(&x->out, "time[s]");
    for (int32_t k = 0; k < x->n; k++) {
        const hl_wave_signal *s = &x->w->info.signal[x->signal[k]];
        snprintf(name, sizeof name, "%.2000s[%.200s]", s->name,
                 is_digital(x->o) ? "adu" : s->units);
        hl_buf_char(&x->out, ',');
        put_name(&x->out, name);
    }
    hl_buf_char(&x->out, '\n');
}

/* Seconds since frame 0 of row i, in microseconds: faster than printf by far. */
static void put_seconds(const cat *x, int64_t i)
{
    double first = (double)x->o->from / x->w->info.frame_hz;
    double us = floor((first + (double)i / x->row_hz) * 1e6 + 0.5);
    char text[32];
    int64_t v = (int64_t)us;
    size_t n = sizeof text;

    for (int d = 0; d < TIME_DIGITS; d++, v /= 10)
        text[--n] = (char)('0' + v % 10);
    text[--n] = '.';
    do
        text[--n] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    hl_buf_append((hl_buf *)&x->out, text + n, sizeof text - n);
}

static void put_value(cat *x, int32_t k, int64_t i)
{
    if (x->rows_per_frame == 0 || x->q.kind == HL_WAVE_F64) {
        double v = ((const double *)x->to[k])[i];
        if (!isnan(v))
            hl_buf_f64(&x->out, v);
    } else if (((const int32_t *)x->to[k])[i] != HL_WAVE_INVALID) {
        hl_buf_i64(&x->out, ((const int32_t *)x->to[k])[i]);
    }
}

/* Which sample of signal k begins at row g of a frame; -1: none. The places of the held form. */
static int32_t sample_at(const cat *x, int32_t k, int32_t g)
{
    int64_t spf = spf_of(x, k), rows = x->rows_per_frame, j = g * spf / rows;

    return (j * rows + spf - 1) / spf == g                        ? (int32_t)j
           : ((j + 1) * rows + spf - 1) / spf == g && j + 1 < spf ? (int32_t)(j + 1)
                                                                  : -1;
}

static void put_csv_rows(cat *x, int64_t first, int64_t n)
{
    bool sparse = x->rows_per_frame > 0 && x->o->rate == HL_WAVE_NATIVE;

    for (int64_t i = 0; i < n; i++) {
        put_seconds(x, first + i);
        for (int32_t k = 0; k < x->n; k++) {
            int64_t at = i;
            hl_buf_char(&x->out, ',');
            if (sparse) {
                int32_t j = sample_at(x, k, (int32_t)(i % x->rows_per_frame));
                at = j < 0 ? -1 : i / x->rows_per_frame * spf_of(x, k) + j;
            }
            if (at >= 0)
                put_value(x, k, at);
        }
        hl_buf_char(&x->out, '\n');
    }
}

/* --- npy and raw ---------------------------------------------------------------------------------
 */

static const char *dtype(const cat *x)
{
    switch (x->o->format) {
    case HL_CAT_I16:
        return "<i2";
    case HL_CAT_I32:
        return "<i4";
    case HL_CAT_F32:
        return "<f4";
    case HL_CAT_F64:
        return "<f8";
    default:
        return x->q.kind == HL_WAVE_I32 && x->rows_per_frame > 0 ? "<i4"
               : x->o->hz > 0                                    ? "<f8"
                                                                 : "<f4";
    }
}

static void put_npy_head(cat *x)
{
    char shape[64], head[256];

    if (x->n == 1)
        snprintf(shape, sizeof shape, "(%lld,)", (long long)x->n_rows);
    else
        snprintf(shape, sizeof shape, "(%lld, %d)", (long long)x->n_rows, (int)x->n);
    int n = snprintf(head, sizeof head, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
                     dtype(x), shape);
    int length = (10 + n + 1 + 63) / 64 * 64 - 10;
    hl_buf_append(&x->out, "\x93NUMPY\x01\x00", 8);
    hl_buf_char(&x->out, (char)(length & 255));
    hl_buf_char(&x->out, (char)(length >> 8));
    hl_buf_append(&x->out, head, (size_t)n);
    while (++n < length)
        hl_buf_char(&x->out, ' ');
    hl_buf_char(&x->out, '\n');
}

/* A value as the raw formats hold integers; false: it does not fit. */
static bool put_integer(cat *x, int64_t v, bool invalid)
{
    if (invalid)
        v = INT16_MIN;
    if (x->o->format == HL_CAT_I16) {
        int16_t s = (int16_t)v;
        if (v < INT16_MIN || v > INT16_MAX)
            return false;
        hl_buf_append(&x->out, &s, 2);
        return true;
    }
    int32_t s = (int32_t)v;
    hl_buf_append(&x->out, &s, 4);
    return true;
}

static void put_float(cat *x, double v, bool narrow)
{
    float f = (float)v;

    if (narrow)
        hl_buf_append(&x->out, &f, 4);
    else
        hl_buf_append(&x->out, &v, 8);
}

static hl_code put_numbers(cat *x, int64_t n, hl_error *err)
{
    bool integers = dtype(x)[1] == 'i', narrow = dtype(x)[2] == '4';
    bool doubles = x->rows_per_frame == 0 || x->q.kind == HL_WAVE_F64;

    for (int64_t i = 0; i < n; i++)
        for (int32_t k = 0; k < x->n; k++) {
            if (!doubles && x->q.kind == HL_WAVE_F32) {
                hl_buf_append(&x->out, (const float *)x->to[k] + i, 4);
                continue;
            }
            double v = doubles ? ((const double *)x->to[k])[i] : 0;
            int32_t adu = doubles ? 0 : ((const int32_t *)x->to[k])[i];
            bool invalid = doubles ? isnan(v) : adu == HL_WAVE_INVALID;
            if (!integers)
                put_float(x, invalid ? (double)NAN : doubles ? v : adu, narrow);
            else if (!put_integer(x, doubles && !invalid ? (int64_t)floor(v + 0.5) : adu, invalid))
                return hl_fail(err, HL_E_USAGE,
                               "signal %s has values beyond 16 bits\nUse --format i32.",
                               x->w->info.signal[x->signal[k]].name);
        }
    return HL_OK;
}

/* --- the stream ----------------------------------------------------------------------------------
 */

static hl_code put_rows(cat *x, int64_t first, int64_t n, hl_error *err)
{
    if (x->o->format != HL_CAT_CSV)
        return put_numbers(x, n, err);
    put_csv_rows(x, first, n);
    return HL_OK;
}

/* Rows at a rate of the user's: chunk rows at a time, fewer where they stand for many samples. */
static hl_code stream_resampled(cat *x, int64_t chunk, int64_t *n_rows, hl_error *err)
{
    double most =
        CHUNK_SAMPLES / (x->w->info.frame_hz * x->w->info.max_samples_per_frame) * x->o->hz;
    hl_code c = HL_OK;

    if (most < (double)chunk)
        chunk = most < 1 ? 1 : (int64_t)most;
    for (int64_t i = 0; i < x->n_rows && c == HL_OK; i += chunk) {
        int64_t n = x->n_rows - i < chunk ? x->n_rows - i : chunk;
        for (int32_t k = 0; k < x->n && c == HL_OK; k++)
            c = hl_resample(x->w, &x->q, x->signal[k], x->o->hz, i, n, x->to[k], err);
        if (c == HL_OK)
            c = put_rows(x, i, n, err);
        if (c == HL_OK) {
            *n_rows += n;
            hl_ctl_set_done(x->ctl, *n_rows);
            c = hl_sink_flush(x->sink, &x->out, err);
        }
        if (c == HL_OK)
            c = hl_ctl_check(x->ctl, err);
    }
    return c;
}

static hl_code stream_frames(cat *x, int64_t chunk, int64_t *n_rows, hl_error *err)
{
    hl_code c = HL_OK;

    for (int64_t f = x->o->from; f < x->o->to && c == HL_OK; f += chunk) {
        int64_t n = x->o->to - f < chunk ? x->o->to - f : chunk, got;
        x->q.from = f;
        x->q.to = f + n;
        c = hl_wave_read_some(x->w, &x->q, x->to, &got, err);
        hl_code said = put_rows(x, (f - x->o->from) * x->rows_per_frame, got * x->rows_per_frame,
                                c == HL_OK ? err : NULL);
        c = c == HL_OK ? said : c;
        *n_rows += got * x->rows_per_frame;
        hl_ctl_set_done(x->ctl, *n_rows);
        if (x->out.n > FLUSH_BYTES || c != HL_OK) {
            said = hl_sink_flush(x->sink, &x->out, c == HL_OK ? err : NULL);
            c = c == HL_OK ? said : c;
        }
        if (c == HL_OK)
            c = hl_ctl_check(x->ctl, err);
    }
    return c;
}

hl_code hl_wave_cat(hl_wave *wave, const hl_cat_options *o, const hl_sink *sink, hl_ctl *ctl,
                    int64_t *n_rows, hl_error *err)
{
    cat x = {.w = wave, .o = o, .sink = sink, .ctl = ctl};
    int64_t chunk = 1;
    hl_code c = HL_OK;

    *n_rows = 0;
    x.n = o->signal ? o->n_signals : wave->info.n_signals;
    x.signal = o->signal;
    if (!o->signal) {
        x.all = malloc(((size_t)x.n + 1) * sizeof *x.all);
        if (!x.all)
            return hl_fail_memory(err, "signals", (size_t)x.n);
        for (int32_t k = 0; k < x.n; k++)
            x.all[k] = k;
        x.signal = x.all;
    }
    c = choose_rows(&x, err);
    if (c == HL_OK)
        c = prepare(&x, &chunk, err);
    if (c == HL_OK) {
        hl_ctl_phase(ctl, "reading samples", x.n_rows);
        if (o->format == HL_CAT_CSV)
            put_csv_head(&x);
        else if (o->format == HL_CAT_NPY)
            put_npy_head(&x);
        c = x.rows_per_frame == 0 ? stream_resampled(&x, chunk, n_rows, err)
                                  : stream_frames(&x, chunk, n_rows, err);
    }
    if (c == HL_OK)
        c = hl_sink_flush(sink, &x.out, err);
    hl_buf_free(&x.out);
    free(x.to);
    free(x.block);
    free(x.all);
    return c;
}
