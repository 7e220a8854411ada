/*
 * read.c - a window of a record: its pieces in turn; native samples mapped to the record's signals,
 * averaged or held, made physical.
 *
 * Source: waveform.md 1.1a, 1.6.
 */
#include <math.h>
#include <stdlib.h>

#include "wave/record.h"

enum { CHUNK_FRAMES = 4096, CHUNK_SAMPLES = 1 << 16 };

/* One call: what is wanted, where it goes. */
typedef struct {
    hl_wave *w;
    const hl_wave_window *q;
    const int32_t *signal; /* [n] */
    int32_t n;
    int32_t *all;     /* 0, 1, 2, ... when the window names no signals */
    int32_t **native; /* [n] samples of a chunk, in w->scratch or the caller's own room */
    int32_t *asked;   /* [n] signals of a segment that are there ... */
    int32_t **room;   /* [n] ... and where they go */
    void *const *to;
} call;

static int32_t spf_of(const call *x, int32_t k)
{
    return x->w->info.signal[x->signal[k]].samples_per_frame;
}

/* Values of one frame of wanted signal k, in the window's rate. */
static int64_t per_frame(const call *x, int32_t k)
{
    switch (x->q->rate) {
    case HL_WAVE_AVERAGE:
        return 1;
    case HL_WAVE_HELD:
        return x->w->info.max_samples_per_frame;
    default:
        return spf_of(x, k);
    }
}

HL_API int64_t hl_wave_count(const hl_wave *wave, const hl_wave_window *q, int32_t s)
{
    call x = {.w = (hl_wave *)wave, .q = q, .signal = &s, .n = 1};

    return s >= 0 && s < wave->info.n_signals ? (q->to - q->from) * per_frame(&x, 0) : 0;
}

/* --- one value ---------------------------------------------------------------------------------
 */

/* A segment's sample in the record's terms: scaled, halves up, clamped. waveform.md 1.1a */
static int32_t mapped(const hl_wave_source *m, int32_t v)
{
    if (m->same || v == HL_WAVE_INVALID)
        return v;
    double y = floor(v * m->scale + m->shift + 0.5);
    return y > INT32_MAX ? INT32_MAX : y < -INT32_MAX ? -INT32_MAX : (int32_t)y;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;

    return a % b < 0 ? q - 1 : q;
}

/* Mean of a frame: to nearest, halves up (WFDB 10.7), or toward zero (10.6, wfdb-python). */
static int32_t average(const int32_t *v, int32_t n, bool truncate)
{
    int64_t sum = 0;

    for (int32_t i = 0; i < n; i++) {
        if (v[i] == HL_WAVE_INVALID)
            return HL_WAVE_INVALID;
        sum += v[i];
    }
    return (int32_t)(truncate ? sum / n : floor_div(sum + n / 2, n));
}

static double physical(int32_t v, double gain, double baseline)
{
    return v == HL_WAVE_INVALID ? (double)NAN : (v - baseline) / gain;
}

/* What turns stored values into units: the segment's own numbers, or the record's. */
typedef struct {
    double gain, baseline;
} scale;

/* --- a chunk of one signal ----------------------------------------------------------------------
 */

/* Place j of the held sample for each tick of a frame, as the WFDB library counts. 1.6 */
static void hold(const int32_t *v, int32_t spf, int32_t ticks, int32_t *to)
{
    int32_t j = 0, count = -ticks;

    to[0] = v[0];
    for (int32_t g = 1; g < ticks; g++) {
        count += spf;
        if (count >= 0) {
            j++;
            count -= ticks;
        }
        to[g] = v[j];
    }
}

static void put_digital(const call *x, int32_t k, const int32_t *v, int64_t n_frames, int32_t *to)
{
    int32_t spf = spf_of(x, k), max = x->w->info.max_samples_per_frame;

    switch (x->q->rate) {
    case HL_WAVE_AVERAGE:
        for (int64_t f = 0; f < n_frames; f++)
            to[f] = average(v + f * spf, spf, x->q->truncate);
        break;
    case HL_WAVE_HELD:
        for (int64_t f = 0; f < n_frames; f++)
            hold(v + f * spf, spf, max, to + f * max);
        break;
    default:
        if (to != v)
            memcpy(to, v, (size_t)(n_frames * spf) * sizeof *to);
    }
}

static double mean_physical(const int32_t *v, int32_t n, scale s)
{
    double sum = 0;

    for (int32_t i = 0; i < n; i++)
        sum += physical(v[i], s.gain, s.baseline);
    return sum / n;
}

/* The same loop for both widths: TYPE value of each place. */
#define PUT_PHYSICAL(name, TYPE)                                                                   \
    static void name(const call *x, int32_t k, const int32_t *v, int64_t n_frames, scale s,        \
                     TYPE *to)                                                                     \
    {                                                                                              \
        int32_t spf = spf_of(x, k), max = x->w->info.max_samples_per_frame;                        \
                                                                                                   \
        if (x->q->rate == HL_WAVE_AVERAGE && spf > 1) {                                            \
            for (int64_t f = 0; f < n_frames; f++)                                                 \
                to[f] = (TYPE)mean_physical(v + f * spf, spf, s);                                  \
        } else if (x->q->rate == HL_WAVE_HELD && spf != max) {                                     \
            for (int64_t f = 0; f < n_frames; f++) {                                               \
                int32_t j = 0, count = -max;                                                       \
                for (int32_t g = 0; g < max; g++) {                                                \
                    if (g > 0 && (count += spf) >= 0) {                                            \
                        j++;                                                                       \
                        count -= max;                                                              \
                    }                                                                              \
                    to[f * max + g] = (TYPE)physical(v[f * spf + j], s.gain, s.baseline);          \
                }                                                                                  \
            }                                                                                      \
        } else {                                                                                   \
            for (int64_t i = 0; i < n_frames * spf; i++)                                           \
                to[i] = (TYPE)physical(v[i], s.gain, s.baseline);                                  \
        }                                                                                          \
    }
PUT_PHYSICAL(put_f32, float)
PUT_PHYSICAL(put_f64, double)

/* n_frames of wanted signal k, which begin `at` frames into the window. */
static void put(const call *x, int32_t k, const int32_t *v, int64_t at, int64_t n_frames, scale s)
{
    int64_t first = at * per_frame(x, k);

    switch (x->q->kind) {
    case HL_WAVE_F32:
        put_f32(x, k, v, n_frames, s, (float *)x->to[k] + first);
        break;
    case HL_WAVE_F64:
        put_f64(x, k, v, n_frames, s, (double *)x->to[k] + first);
        break;
    default:
        put_digital(x, k, v, n_frames, (int32_t *)x->to[k] + first);
    }
}

/* --- pieces -------------------------------------------------------------------------------------
 */

static bool is_direct(const call *x)
{
    return x->q->kind == HL_WAVE_I32 && x->q->rate == HL_WAVE_NATIVE;
}

/* Where native samples of a chunk go: straight to the caller when he wants just these. */
static void aim(call *x, int64_t at, int64_t n_frames)
{
    int32_t *free_room = x->w->scratch;

    for (int32_t k = 0; k < x->n; k++) {
        if (is_direct(x)) {
            x->native[k] = (int32_t *)x->to[k] + at * spf_of(x, k);
        } else {
            x->native[k] = free_room;
            free_room += n_frames * spf_of(x, k);
        }
    }
}

static void put_gap(call *x, int64_t at, int64_t n_frames)
{
    for (int32_t k = 0; k < x->n; k++) {
        int64_t n = n_frames * spf_of(x, k);
        for (int64_t i = 0; i < n; i++)
            x->native[k][i] = HL_WAVE_INVALID;
        put(x, k, x->native[k], at, n_frames, (scale){1, 0});
    }
}

static hl_code put_segment(call *x, hl_wave_open_segment *seg, int64_t from, int64_t at,
                           int64_t n_frames, int64_t *got, hl_error *err)
{
    bool own_units = x->q->kind != HL_WAVE_I32 && !x->q->layout_values;
    int32_t n = 0;

    for (int32_t k = 0; k < x->n; k++) {
        const hl_wave_source *m = &seg->source[x->signal[k]];
        if (m->from >= 0) {
            x->asked[n] = m->from;
            x->room[n++] = x->native[k];
        } else {
            for (int64_t i = 0; i < n_frames * spf_of(x, k); i++)
                x->native[k][i] = HL_WAVE_INVALID;
        }
    }
    hl_code c = hl_wave_segment_read(x->w, seg, from, from + n_frames, n, x->asked, x->room,
                                     x->q->damaged_is_gap, got, err);
    for (int32_t k = 0; k<x->n && * got> 0; k++) {
        const hl_wave_source *m = &seg->source[x->signal[k]];
        const hl_wave_signal *s = &x->w->info.signal[x->signal[k]];
        if (!own_units && m->from >= 0 && !m->same)
            for (int64_t i = 0; i < *got * spf_of(x, k); i++)
                x->native[k][i] = mapped(m, x->native[k][i]);
        put(x, k, x->native[k], at, *got,
            own_units && m->from >= 0 ? (scale){m->gain, m->baseline}
                                      : (scale){s->gain, s->baseline});
    }
    return c;
}

/* The piece that holds a frame. */
static int64_t piece_at(const hl_wave *w, int64_t frame)
{
    int64_t low = 0, high = w->info.n_segments - 1;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (w->piece[middle].to > frame)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static hl_code make_room(call *x, int64_t *chunk, hl_error *err)
{
    hl_wave *w = x->w;
    int64_t samples = 0;

    if (is_direct(x)) {
        *chunk = INT64_MAX;
        return HL_OK;
    }
    for (int32_t k = 0; k < x->n; k++)
        samples += spf_of(x, k);
    *chunk = samples > 0 ? CHUNK_SAMPLES / samples : CHUNK_FRAMES;
    *chunk = *chunk < 1 ? 1 : *chunk > CHUNK_FRAMES ? CHUNK_FRAMES : *chunk;
    if (x->q->to - x->q->from < *chunk)
        *chunk = x->q->to - x->q->from;
    size_t need = (size_t)(*chunk * samples);
    if (need <= w->n_scratch)
        return HL_OK;
    free(w->scratch);
    w->scratch = malloc(need * sizeof *w->scratch);
    w->n_scratch = w->scratch ? need : 0;
    return w->scratch ? HL_OK : hl_fail_memory(err, "samples", need * sizeof *w->scratch);
}

static hl_code read_pieces(call *x, int64_t *got, hl_error *err)
{
    hl_wave *w = x->w;
    int64_t chunk;
    hl_code c = make_room(x, &chunk, err);

    *got = 0;
    for (int64_t f = x->q->from; f < x->q->to && c == HL_OK;) {
        int64_t i = piece_at(w, f);
        const hl_wave_segment *p = &w->piece[i];
        int64_t n = (p->to < x->q->to ? p->to : x->q->to) - f, some;
        hl_wave_open_segment *seg;
        n = n < chunk ? n : chunk;
        some = n;
        aim(x, f - x->q->from, n);
        if (strcmp(p->name, "~") == 0) {
            put_gap(x, f - x->q->from, n);
        } else {
            c = hl_wave_segment_open(w, i, &seg, err);
            some = 0;
            if (c == HL_OK)
                c = put_segment(x, seg, f - p->from, f - x->q->from, n, &some, err);
        }
        f += some;
        *got += some;
    }
    return c;
}

/* --- the call ------------------------------------------------------------------------------------
 */

static hl_code check_window(const hl_wave *w, const hl_wave_window *q, hl_error *err)
{
    if (q->from < 0 || q->to < q->from || q->to > w->info.n_frames)
        return hl_fail(
            err, HL_E_USAGE, "frames %lld to %lld are outside of record %s, which has %lld",
            (long long)q->from, (long long)q->to, w->info.name, (long long)w->info.n_frames);
    for (int32_t k = 0; q->signal && k < q->n_signals; k++)
        if (q->signal[k] < 0 || q->signal[k] >= w->info.n_signals)
            return hl_fail(err, HL_E_USAGE, "record %s has no signal #%d; it has %d", w->info.name,
                           (int)q->signal[k], (int)w->info.n_signals);
    return HL_OK;
}

hl_code hl_wave_read_some(hl_wave *w, const hl_wave_window *q, void *const to[], int64_t *got,
                          hl_error *err)
{
    enum { FEW = 16 };
    int32_t *native[FEW], *room[FEW], asked[FEW], all[FEW];
    call x = {.w = w, .q = q, .to = to, .native = native, .room = room, .asked = asked, .all = all};
    void *block = NULL;
    hl_code c = check_window(w, q, err);

    *got = 0;
    if (c != HL_OK)
        return c;
    x.n = q->signal ? q->n_signals : w->info.n_signals;
    if (x.n > FEW) {
        size_t n = (size_t)x.n;
        block = malloc(n * (2 * sizeof(int32_t *) + 2 * sizeof(int32_t)));
        if (!block)
            return hl_fail_memory(err, "signals", n * 24);
        x.native = block;
        x.room = x.native + n;
        x.asked = (int32_t *)(x.room + n);
        x.all = x.asked + n;
    }
    for (int32_t k = 0; k < x.n && !q->signal; k++)
        x.all[k] = k;
    x.signal = q->signal ? q->signal : x.all;
    c = read_pieces(&x, got, err);
    free(block);
    return c;
}

HL_API hl_code hl_wave_read(hl_wave *wave, const hl_wave_window *window, void *const to[],
                            hl_error *err)
{
    int64_t got;

    return hl_wave_read_some(wave, window, to, &got, err);
}
