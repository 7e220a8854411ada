/* wave_strip_trace.c - the samples of a window as points and gaps on paper. */
#include <math.h>

#include "base/sort.h"
#include "view/wave_strip_internal.h"

enum {
    CHUNK_VALUES = 1 << 19, /* of all signals together */
    MOST_SAMPLED = 1 << 14, /* values kept for the quantiles */
    BUCKETS_A_MM = 10,
    DENSE = 4 /* samples in a bucket; more are thinned out */
};
#define LARGEST 1e15 /* values beyond are drawn there: no scale shows more */

/* What is kept of a trace while it is read. */
typedef struct {
    hl_trace *t;
    double mm_per_sample;
    bool dense;
    /* samples of the bucket under way, as their numbers in the window and values */
    int64_t bucket, n;
    struct {
        int64_t at;
        double value;
    } first, low, high, last;
    bool broken;  /* a gap stands between the last point and what comes */
    double *kept; /* [n_kept] every stride-th valid sample */
    int64_t n_kept, stride;
    double *value; /* of the chunk */
} pen;

static void put_point(pen *p, int64_t at, double value)
{
    hl_trace_point point = {(double)at * p->mm_per_sample, value};

    hl_buf_append(&p->t->points, &point, sizeof point);
}

static void put_break(pen *p)
{
    const size_t n = hl_trace_n_points(p->t);

    if (n > 0 && !isnan(hl_trace_points(p->t)[n - 1].value))
        put_point(p, 0, (double)NAN);
}

/* The bucket's first, lowest, highest and last sample in the order of time, each once. */
static void flush(pen *p)
{
    const bool low_first = p->low.at < p->high.at;
    int64_t done = p->first.at;

    if (p->n == 0)
        return;
    put_point(p, p->first.at, p->first.value);
    for (int i = 0; i < 2; i++) {
        int64_t at = (i == 0) == low_first ? p->low.at : p->high.at;
        if (at > done)
            put_point(p, at, at == p->low.at ? p->low.value : p->high.value);
        done = at > done ? at : done;
    }
    if (p->last.at > done)
        put_point(p, p->last.at, p->last.value);
    p->n = 0;
}

static void take_valid(pen *p, int64_t at, double v)
{
    hl_trace *t = p->t;

    v = v > LARGEST ? LARGEST : v < -LARGEST ? -LARGEST : v;
    t->low = t->n_valid == 0 || v < t->low ? v : t->low;
    t->high = t->n_valid == 0 || v > t->high ? v : t->high;
    if (t->n_valid % p->stride == 0 && p->n_kept < MOST_SAMPLED)
        p->kept[p->n_kept++] = v;
    t->n_valid++;
    const int64_t bucket = p->dense ? (int64_t)((double)at * p->mm_per_sample * BUCKETS_A_MM) : at;
    if (p->n > 0 && bucket != p->bucket)
        flush(p);
    /* Within a bucket a gap is too short to be seen. */
    if (p->broken && p->n == 0)
        put_break(p);
    p->broken = false;
    if (p->n++ == 0) {
        p->bucket = bucket;
        p->first.at = p->low.at = p->high.at = at;
        p->first.value = p->low.value = p->high.value = v;
    }
    p->last.at = at;
    p->last.value = v;
    if (v < p->low.value)
        p->low.at = at, p->low.value = v;
    if (v > p->high.value)
        p->high.at = at, p->high.value = v;
}

/* Samples [from, to) are not there. Bands of one kind that all but touch become one. */
static void take_gap(pen *p, int64_t from, int64_t to, hl_gap_kind kind)
{
    hl_trace_gap gap = {.from_mm = (double)from * p->mm_per_sample,
                        .to_mm = (double)to * p->mm_per_sample,
                        .kind = (int32_t)kind};
    hl_buf *gaps = &p->t->gaps;

    p->broken = true;
    if (gaps->n > 0) {
        hl_trace_gap *last = (hl_trace_gap *)(void *)gaps->at + gaps->n / sizeof(hl_trace_gap) - 1;
        const double near = p->dense ? 1.0 / BUCKETS_A_MM : p->mm_per_sample / 2;
        if (last->kind == gap.kind && gap.from_mm - last->to_mm < near) {
            last->to_mm = gap.to_mm;
            return;
        }
    }
    hl_buf_append(gaps, &gap, sizeof gap);
}

static void take_chunk(pen *p, int64_t at, int64_t n, hl_gap_kind kind)
{
    for (int64_t i = 0; i < n;) {
        int64_t end = i;
        while (end < n && isnan(p->value[end]))
            end++;
        if (end > i)
            take_gap(p, at + i, at + end, kind);
        for (i = end; i < n && !isnan(p->value[i]); i++)
            take_valid(p, at + i, p->value[i]);
    }
}

/* --- quantiles ---------------------------------------------------------------------------------
 */

static int by_value(const void *a, const void *b, void *ctx)
{
    const double x = *(const double *)a, y = *(const double *)b;

    (void)ctx;
    return (x > y) - (x < y);
}

static hl_code finish(pen *p, hl_error *err)
{
    hl_trace *t = p->t;
    const int64_t n = p->n_kept;

    flush(p);
    hl_code c = hl_buf_check(&t->points, "drawing", err);
    if (c == HL_OK)
        c = hl_buf_check(&t->gaps, "drawing", err);
    if (c != HL_OK || n == 0)
        return c;
    c = hl_sort_stable(p->kept, (size_t)n, sizeof *p->kept, by_value, NULL, err);
    t->median = p->kept[(n - 1) / 2];
    t->p005 = p->kept[(n - 1) / 200];
    t->p25 = p->kept[(n - 1) / 4];
    t->p75 = p->kept[n - 1 - (n - 1) / 4];
    t->p995 = p->kept[n - 1 - (n - 1) / 200];
    return c;
}

/* --- reading -----------------------------------------------------------------------------------
 */

/* The segment that holds a frame. */
static int64_t segment_at(const hl_wave_info *info, int64_t frame)
{
    int64_t low = 0, high = info->n_segments - 1;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (info->segment[middle].to > frame)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Read and take one stretch of frames, which lies in one segment. */
static hl_code take_stretch(const hl_traces *t, pen *pens, int32_t *signal, void **to, int64_t from,
                            int64_t end, uint8_t *present, hl_error *err)
{
    const hl_wave_info *info = hl_wave_about(t->wave);
    const int64_t i = info->n_segments > 0 ? segment_at(info, from) : -1;
    const bool gap = i >= 0 && strcmp(info->segment[i].name, "~") == 0;
    hl_wave_window q = {.from = from,
                        .to = end,
                        .signal = signal,
                        .n_signals = t->n,
                        .rate = HL_WAVE_NATIVE,
                        .kind = HL_WAVE_F64};
    hl_code c = HL_OK;

    memset(present, !gap, (size_t)info->n_signals);
    if (info->layout == HL_WAVE_VARIABLE && !gap)
        c = hl_wave_present(t->wave, i, present, err);
    if (c == HL_OK)
        c = hl_wave_read(t->wave, &q, to, err);
    for (int32_t k = 0; k < t->n && c == HL_OK; k++) {
        const int64_t spf = pens[k].t->about->samples_per_frame;
        take_chunk(&pens[k], (from - t->from) * spf, (end - from) * spf,
                   gap                   ? HL_GAP_RECORD
                   : !present[signal[k]] ? HL_GAP_ABSENT
                                         : HL_GAP_INVALID);
    }
    return c;
}

static hl_code read_all(const hl_traces *t, pen *pens, int32_t *signal, void **to, int64_t chunk,
                        uint8_t *present, hl_error *err)
{
    const hl_wave_info *info = hl_wave_about(t->wave);
    hl_code c = HL_OK;

    for (int64_t f = t->from; f < t->to && c == HL_OK;) {
        int64_t end = f + chunk < t->to ? f + chunk : t->to;
        if (info->n_segments > 0) {
            const int64_t border = info->segment[segment_at(info, f)].to;
            end = border > f && border < end ? border : end;
        }
        c = take_stretch(t, pens, signal, to, f, end, present, err);
        f = end;
    }
    for (int32_t k = 0; k < t->n && c == HL_OK; k++)
        c = finish(&pens[k], err);
    return c;
}

static void set_up(const hl_traces *t, int32_t k, pen *p)
{
    hl_trace *trace = &t->trace[k];
    const int64_t n = (t->to - t->from) * trace->about->samples_per_frame;

    p->t = trace;
    p->mm_per_sample = t->mm_per_s / trace->about->rate_hz;
    p->dense = p->mm_per_sample * BUCKETS_A_MM * DENSE < 1;
    p->stride = (n + MOST_SAMPLED - 1) / MOST_SAMPLED;
    p->stride = p->stride > 0 ? p->stride : 1;
}

hl_code hl_traces_read(hl_traces *t, hl_error *err)
{
    const hl_wave_info *info = hl_wave_about(t->wave);
    hl_arena *arena = hl_arena_new(0);
    int64_t frame_values = 0, chunk;
    hl_code c = HL_OK;

    for (int32_t k = 0; k < t->n; k++) {
        t->trace[k].about = &info->signal[t->trace[k].signal];
        frame_values += t->trace[k].about->samples_per_frame;
    }
    chunk = CHUNK_VALUES / frame_values;
    chunk = chunk < 1 ? 1 : chunk < t->to - t->from ? chunk : t->to - t->from;
    const size_t n = (size_t)t->n;
    pen *pens = arena ? hl_arena_calloc(arena, n, sizeof *pens) : NULL;
    int32_t *signal = arena ? hl_arena_calloc(arena, n, sizeof *signal) : NULL;
    void **to = arena ? hl_arena_calloc(arena, n, sizeof *to) : NULL;
    uint8_t *present = arena ? hl_arena_calloc(arena, (size_t)info->n_signals, 1) : NULL;
    bool memory = pens && signal && to && present;
    for (int32_t k = 0; k < t->n && memory; k++) {
        const int64_t spf = t->trace[k].about->samples_per_frame;
        set_up(t, k, &pens[k]);
        signal[k] = t->trace[k].signal;
        const int64_t most = (t->to - t->from) * spf;
        pens[k].kept = hl_arena_alloc(
            arena, sizeof(double) * (size_t)(most < MOST_SAMPLED ? most : MOST_SAMPLED));
        to[k] = pens[k].value = hl_arena_alloc(arena, sizeof(double) * (size_t)(chunk * spf));
        memory = pens[k].kept && to[k];
    }
    c = memory ? read_all(t, pens, signal, to, chunk, present, err)
               : hl_fail_memory(err, "drawing", n * sizeof *pens);
    hl_arena_free(&arena);
    return c;
}

void hl_traces_free(hl_traces *t)
{
    for (int32_t k = 0; k < t->n && t->trace; k++) {
        hl_buf_free(&t->trace[k].points);
        hl_buf_free(&t->trace[k].gaps);
    }
}
