/*
 * read.c - a window of a record: its pieces in turn; native samples mapped to the record's signals,
 * averaged or held, made physical.
 *
 * Source: waveform.md 1.1a, 1.6.
 */
#include <math.h>
#include <stdlib.h>

#include "wave/record.h"
#include "wave/units.h"

enum { CHUNK_FRAMES = 4096, CHUNK_SAMPLES = 12288, BLOCK = 512 };

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
    double y = v * m->scale + m->shift;
    if (m->lift)
        return (int32_t)y + m->lift;
    y = floor(y);
    return y >= INT32_MAX ? INT32_MAX : y > -INT32_MAX ? (int32_t)y : -INT32_MAX;
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

/* --- a chunk of one signal ----------------------------------------------------------------------
 */

/* Where the held sample of each tick stands in its frame, as the WFDB library counts. 1.6 */
typedef struct {
    const int32_t *frame;
    int32_t spf, ticks, tick, place, count;
} holder;

static holder hold(const int32_t *v, int32_t spf, int32_t ticks)
{
    return (holder){.frame = v, .spf = spf, .ticks = ticks, .count = -ticks};
}

static void next_held(holder *h, int64_t n, int32_t *to)
{
    for (int64_t i = 0; i < n; i++) {
        to[i] = h->frame[h->place];
        h->count += h->spf;
        if (h->count >= 0) {
            h->place++;
            h->count -= h->ticks;
        }
        if (++h->tick == h->ticks)
            *h = hold(h->frame + h->spf, h->spf, h->ticks);
    }
}

static void put_digital(const call *x, int32_t k, const int32_t *v, int64_t n_frames, int32_t *to)
{
    int32_t spf = spf_of(x, k), max = x->w->info.max_samples_per_frame;
    holder h = hold(v, spf, max);

    switch (x->q->rate) {
    case HL_WAVE_AVERAGE:
        for (int64_t f = 0; f < n_frames; f++)
            to[f] = average(v + f * spf, spf, x->q->truncate);
        break;
    case HL_WAVE_HELD:
        next_held(&h, n_frames * max, to);
        break;
    default:
        if (to != v)
            memcpy(to, v, (size_t)(n_frames * spf) * sizeof *to);
    }
}

/*
 * The same loops for both widths. A frame's value is the mean of its samples' values, not the value
 * of their mean; frames may be longer than a block.
 */
#define PUT_UNITS(TYPE, UNITS, name)                                                               \
    static void name##_means(const int32_t *v, int64_t n_frames, int32_t spf, hl_units u,          \
                             TYPE *to, hl_cpu cpu)                                                 \
    {                                                                                              \
        double value[BLOCK], sum = 0;                                                              \
        int32_t n_sum = 0;                                                                         \
        for (int64_t left = n_frames * spf, n; left > 0; left -= n, v += n) {                      \
            n = left < BLOCK ? left : BLOCK;                                                       \
            hl_units_f64(v, n, u, value, cpu);                                                     \
            for (int64_t i = 0; i < n; i++) {                                                      \
                sum += value[i];                                                                   \
                if (++n_sum == spf) {                                                              \
                    *to++ = (TYPE)(sum / spf);                                                     \
                    sum = n_sum = 0;                                                               \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void name(const call *x, int32_t k, const int32_t *v, int64_t n_frames, hl_units u,     \
                     TYPE *to)                                                                     \
    {                                                                                              \
        int32_t spf = spf_of(x, k), max = x->w->info.max_samples_per_frame, sample[BLOCK];         \
        holder h = hold(v, spf, max);                                                              \
        int64_t n_samples = n_frames * (int64_t)spf;                                               \
        hl_cpu cpu = x->w->cpu;                                                                    \
                                                                                                   \
        if (x->q->rate == HL_WAVE_AVERAGE && spf > 1) {                                            \
            name##_means(v, n_frames, spf, u, to, cpu);                                            \
        } else if (x->q->rate == HL_WAVE_HELD && spf != max) {                                     \
            for (int64_t left = n_frames * max, n; left > 0; left -= n, to += n) {                 \
                n = left < BLOCK ? left : BLOCK;                                                   \
                next_held(&h, n, sample);                                                          \
                UNITS(sample, n, u, to, cpu);                                                      \
            }                                                                                      \
        } else {                                                                                   \
            UNITS(v, n_samples, u, to, cpu);                                                       \
        }                                                                                          \
    }
PUT_UNITS(float, hl_units_f32, put_f32)
PUT_UNITS(double, hl_units_f64, put_f64)

/* n_frames of wanted signal k, which begin `at` frames into the window. */
static void put(const call *x, int32_t k, const int32_t *v, int64_t at, int64_t n_frames,
                hl_units u)
{
    int64_t first = at * per_frame(x, k);

    switch (x->q->kind) {
    case HL_WAVE_F32:
        put_f32(x, k, v, n_frames, u, (float *)x->to[k] + first);
        break;
    case HL_WAVE_F64:
        put_f64(x, k, v, n_frames, u, (double *)x->to[k] + first);
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
        put(x, k, x->native[k], at, n_frames, (hl_units){1, 0});
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
            own_units && m->from >= 0 ? (hl_units){m->gain, m->baseline}
                                      : (hl_units){s->gain, s->baseline});
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
