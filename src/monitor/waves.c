#include "monitor/waves.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/sort.h"
#include "monitor/pending.h"
#include "monitor/quality.h"
#include "monitor/renumber.h"
#include "monitor/segment.h"
#include "monitor/signal_rules.h"

/* Ticks from the first message that a stay may span: 143,000 years, and exact in a double. */
#define MOST_TICKS (INT64_C(1) << 52)
#define MOST_SAMPLES (INT64_C(1) << 40) /* of a message; more cannot be in memory */
/* Samples that may wait. Some seconds of all signals are a few hundred KiB; only messages of hours,
 * or that contradict each other, get here. */
#define MOST_PENDING ((size_t)128 << 20)

typedef struct {
    hl_wave_definition w; /* texts in the arena */
    int32_t spf;
    int32_t track;
} known_signal;

struct hl_waves {
    const hl_stay_options *options;
    hl_arena *arena;
    hl_files files;
    hl_layout *layout;
    hl_pending *pending;
    hl_intervals saved;
    known_signal **signal; /* all signals seen, one by one allocated: pending keeps pointers */
    size_t n_signals, cap_signals;
    hl_map *by_id; /* definition's id -> signal that last had it */
    hl_strmap *by_description;
    hl_quality_track *track; /* by description */
    size_t cap_tracks;
    bool any;
    int64_t base_sequence;
    bool waiting;                       /* pending_start, pending_end hold */
    int64_t pending_start, pending_end; /* ps, pe of A.4; ps at a frame's beginning */
    hl_segment *open;
    hl_stay_segment current;
    int64_t segment_end;
    int32_t *segment_signal; /* of the open segment, in order */
    size_t n_segment_signals, cap_segment_signals;
    hl_stay_segment *segment;
    size_t n_segments, cap_segments;
    int64_t n_samples, n_overlap_ticks, n_bad_lists, n_out_of_range;
    hl_quality *quality;
    size_t n_quality;
};

hl_code hl_waves_new(const hl_stay_options *options, hl_arena *arena, hl_waves **out, hl_error *err)
{
    hl_waves *w = calloc(1, sizeof *w);

    *out = NULL;
    if (!w)
        return hl_fail_memory(err, "waves of a stay", sizeof *w);
    w->options = options;
    w->arena = arena;
    w->files = (hl_files){.folder = options->folder, .arena = arena};
    w->layout = hl_layout_new();
    w->pending = hl_pending_new();
    w->by_id = hl_map_new(64);
    w->by_description = hl_strmap_new(64);
    if (!w->layout || !w->pending || !w->by_id || !w->by_description) {
        hl_waves_free(&w);
        return hl_fail_memory(err, "waves of a stay", sizeof *w);
    }
    *out = w;
    return HL_OK;
}

void hl_waves_free(hl_waves **wp)
{
    hl_waves *w = wp ? *wp : NULL;

    if (!w)
        return;
    hl_segment_abort(&w->open);
    hl_files_free(&w->files);
    hl_layout_free(&w->layout);
    hl_pending_free(&w->pending);
    hl_intervals_free(&w->saved);
    for (size_t i = 0; i < w->n_signals; i++)
        free(w->signal[i]);
    for (size_t i = 0; w->by_description && i < hl_strmap_count(w->by_description); i++)
        hl_quality_free(&w->track[i]);
    hl_map_free(&w->by_id);
    hl_strmap_free(&w->by_description);
    free(w->signal);
    free(w->track);
    free(w->segment_signal);
    free(w->segment);
    free(w->quality);
    free(w);
    *wp = NULL;
}

/* Room for one more item of an array that doubles. */
static hl_code grow(void **array, size_t n, size_t *cap, size_t item_bytes, const char *what,
                    hl_error *err)
{
    size_t more = *cap ? 2 * *cap : 16, bytes;
    void *p;

    if (n < *cap)
        return HL_OK;
    p = hl_mul_size(more, item_bytes, &bytes) ? realloc(*array, bytes) : NULL;
    if (!p)
        return hl_fail_memory(err, what, more);
    *array = p;
    *cap = more;
    return HL_OK;
}

/* --- signals ---------------------------------------------------------------------------------- */

static hl_code find_track(hl_waves *w, const hl_wave_definition *def, int32_t *track, hl_error *err)
{
    hl_buf text = {0};
    const size_t n = hl_strmap_count(w->by_description);
    int64_t was = -1;
    void *tracks = w->track;
    hl_code c;

    hl_signal_description(&text, def);
    c = hl_buf_check(&text, "signal description", err);
    if (c == HL_OK)
        c = grow(&tracks, n, &w->cap_tracks, sizeof *w->track, "signals of a stay", err);
    w->track = tracks;
    if (c == HL_OK) {
        w->track[n] = (hl_quality_track){0};
        c = hl_strmap_add(w->by_description, (hl_str){text.at, text.n}, (int64_t)n, &was, err);
    }
    *track = (int32_t)(was >= 0 ? was : (int64_t)n);
    hl_buf_free(&text);
    return c;
}

static hl_code new_signal(hl_waves *w, const hl_wave_definition *def, hl_error *err)
{
    known_signal *s = calloc(1, sizeof *s);
    void *signals = w->signal;
    hl_code c = s ? HL_OK : hl_fail_memory(err, "signals of a stay", sizeof *s);

    if (c == HL_OK)
        c = hl_signal_spf(def, &s->spf, err);
    if (c == HL_OK)
        c = grow(&signals, w->n_signals, &w->cap_signals, sizeof *w->signal, "signals of a stay",
                 err);
    w->signal = signals;
    if (c == HL_OK)
        c = find_track(w, def, &s->track, err);
    if (c == HL_OK) {
        s->w = *def;
        if (def->label.at)
            s->w.label = hl_arena_str(w->arena, def->label);
        if (def->unit_label.at)
            s->w.unit_label = hl_arena_str(w->arena, def->unit_label);
        if ((def->label.at && !s->w.label.at) || (def->unit_label.at && !s->w.unit_label.at))
            c = hl_fail_memory(err, "signals of a stay", def->label.n);
    }
    if (c == HL_OK)
        w->signal[w->n_signals++] = s;
    else
        free(s);
    return c;
}

/* The number of a definition's signal. Definitions that differ in their id alone are one. */
static hl_code find_signal(hl_waves *w, const hl_wave_definition *def, int32_t *out, hl_error *err)
{
    int64_t i = hl_map_get(w->by_id, def->id);
    hl_code c = HL_OK;

    if (i < 0 || hl_signal_compare(&w->signal[i]->w, def) != 0) {
        for (i = 0; i < (int64_t)w->n_signals; i++)
            if (hl_signal_compare(&w->signal[i]->w, def) == 0)
                break;
        if (i == (int64_t)w->n_signals)
            c = new_signal(w, def, err);
        if (c == HL_OK)
            c = hl_map_add(w->by_id, def->id, i, NULL, err);
    }
    *out = (int32_t)i;
    return c;
}

/* --- chunks to segments ----------------------------------------------------------------------- */

static hl_code close_segment(hl_waves *w, hl_error *err)
{
    void *segments = w->segment;
    int64_t samples = 0;
    hl_code c;

    if (!w->open)
        return HL_OK;
    c = grow(&segments, w->n_segments, &w->cap_segments, sizeof *w->segment, "segments of a stay",
             err);
    w->segment = segments;
    if (c == HL_OK)
        c = hl_segment_close(&w->open, w->layout, &w->current.frames, &samples, err);
    if (c == HL_OK && (w->current.frames > 0 || w->options->style == HL_STAY_DOWNCAST))
        w->segment[w->n_segments++] = w->current;
    w->n_samples += samples;
    return c;
}

static hl_code open_segment(hl_waves *w, const hl_chunk *k, hl_error *err)
{
    char name[HL_SEGMENT_NAME_CHARS];
    hl_code c = close_segment(w, err);

    if (c == HL_OK && k->n > HL_WFDB_MAX_SIGNALS)
        c = hl_fail(err, HL_E_LIMIT, "%d signals at a time; a record holds %d", (int)k->n,
                    HL_WFDB_MAX_SIGNALS);
    w->current = (hl_stay_segment){.start = k->start, .number = (int64_t)w->n_segments + 1};
    w->n_segment_signals = 0;
    for (int32_t i = 0; i < k->n && c == HL_OK; i++) {
        void *signals = w->segment_signal;
        c = grow(&signals, (size_t)i, &w->cap_segment_signals, sizeof *w->segment_signal,
                 "signals of a segment", err);
        w->segment_signal = signals;
        if (c == HL_OK)
            w->segment_signal[w->n_segment_signals++] = k->signal[i];
    }
    if (c == HL_OK)
        c = hl_segment_name(w->options, &w->current, name, err);
    if (c == HL_OK)
        c = hl_segment_open(w->options, &w->files, name, k->start, k->definition, k->n, &w->open,
                            err);
    w->segment_end = k->start;
    return c;
}

static bool goes_on(const hl_waves *w, const hl_chunk *k)
{
    return w->open && k->start == w->segment_end && (size_t)k->n == w->n_segment_signals &&
           memcmp(k->signal, w->segment_signal, (size_t)k->n * sizeof *k->signal) == 0;
}

/* A chunk up to end. Its ticks are a whole number of samples of every signal unless messages of
 * different signals lie askew; the odd samples are then left out. */
static hl_code write_chunk(hl_waves *w, const hl_chunk *k, int64_t end, hl_error *err)
{
    int64_t period = 1, ticks;
    hl_code c = HL_OK;

    for (int32_t i = 0; i < k->n; i++)
        if (k->definition[i]->sample_period > period)
            period = k->definition[i]->sample_period;
    ticks = (end - k->start) / period * period;
    if (ticks == 0)
        return HL_OK;
    if (!goes_on(w, k))
        c = open_segment(w, k, err);
    if (c == HL_OK)
        c = hl_segment_add(w->open, k->sample, ticks, err);
    w->segment_end += ticks;
    return c;
}

static hl_code write_pending(hl_waves *w, int64_t end, hl_error *err)
{
    hl_chunk k;
    hl_code c = HL_OK;

    while (c == HL_OK && w->pending_start < end && hl_pending_chunk(w->pending, &k) &&
           k.start < end) {
        const int64_t chunk_end = k.end < end ? k.end : end;
        c = write_chunk(w, &k, chunk_end, err);
        if (c == HL_OK)
            c = hl_intervals_join(&w->saved, w->pending_start, chunk_end, err);
        hl_pending_drop(w->pending, chunk_end);
        w->pending_start = chunk_end;
    }
    return c;
}

/* --- messages --------------------------------------------------------------------------------- */

static int64_t round_down(int64_t t, int64_t to)
{
    int64_t rest = t % to;
    return t - (rest < 0 ? rest + to : rest);
}

/* First tick and end of a message. false: too far away to be meant. A.3 */
static bool place(hl_waves *w, const hl_message *m, int64_t *start, int64_t *end)
{
    if (!w->any) {
        w->any = true;
        w->base_sequence = m->sequence;
    }
    if (__builtin_sub_overflow(m->sequence, w->base_sequence, start) || *start > MOST_TICKS ||
        *start < -MOST_TICKS || m->n < 0 || m->n > MOST_SAMPLES) {
        w->n_out_of_range++;
        return false;
    }
    *start = round_down(*start, m->wave->sample_period);
    *end = *start + m->n * m->wave->sample_period;
    return true;
}

/*
 * What a message at start says about earlier ones: within or right behind what waits, everything
 * before start is complete; else there is a gap, or time runs backwards, and all of it is. A.4
 *
 * Cuts lie between frames: a start is rounded down to its signal's own period, so the slow signals
 * of one moment begin up to a frame before the fast ones. That is not time running backwards; the
 * original takes it for that, and then loses the slow signals of every message.
 */
static hl_code move_on(hl_waves *w, int64_t start, int64_t n, hl_error *err)
{
    const bool together = w->waiting && start >= w->pending_start && start <= w->pending_end;
    hl_code c = HL_OK;

    if (together)
        c = write_pending(w, round_down(start, HL_FRAME_TICKS), err);
    if (c != HL_OK || (together && (hl_pending_bytes(w->pending) == 0 ||
                                    hl_pending_bytes(w->pending) + (size_t)n * 2 <= MOST_PENDING)))
        return c;
    if (w->waiting)
        c = write_pending(w, w->pending_end, err);
    w->pending_start = round_down(start, HL_FRAME_TICKS);
    w->pending_end = start;
    w->waiting = true;
    return c;
}

/* The parts of a message that no segment has yet. */
static hl_code keep(hl_waves *w, int32_t signal, const hl_message *m, int64_t start, int64_t end,
                    hl_error *err)
{
    const known_signal *s = w->signal[signal];
    const int64_t period = s->w.sample_period;
    int64_t kept = 0;
    hl_interval part;
    hl_code c = HL_OK;

    for (int64_t from = start; c == HL_OK && hl_intervals_outside(&w->saved, from, end, &part);
         from = part.end) {
        const int64_t i = (part.start - start + period - 1) / period;
        const int64_t n = (part.end - start) / period - i;
        if (n > 0)
            c = hl_pending_add(w->pending, signal, &s->w, start + i * period, m->sample + 2 * i, n,
                               err);
        w->pending_end = part.end > w->pending_end ? part.end : w->pending_end;
        kept += part.end - part.start;
    }
    w->n_overlap_ticks += end - start - kept;
    return c;
}

hl_code hl_waves_add(hl_waves *w, const hl_message *m, hl_error *err)
{
    int64_t start, end;
    int32_t signal;
    hl_code c = find_signal(w, m->wave, &signal, err);

    if (c != HL_OK || !place(w, m, &start, &end))
        return c;
    if (m->invalid.n > 0 || m->unavailable.n > 0 || m->paced.n > 0)
        c = hl_quality_take(&w->track[w->signal[signal]->track], m, start, &w->n_bad_lists, err);
    if (c != HL_OK)
        return c;
    if (hl_intervals_hold(&w->saved, start, end)) {
        w->n_overlap_ticks += end - start;
        return HL_OK;
    }
    c = move_on(w, start, m->n, err);
    return c == HL_OK ? keep(w, signal, m, start, end, err) : c;
}

/* --- the end ---------------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b, void *ctx)
{
    const hl_stay_segment *x = a, *y = b;

    (void)ctx;
    return (x->start > y->start) - (x->start < y->start);
}

hl_code hl_waves_flush(hl_waves *w, int64_t *base_ticks, int64_t *end_ticks, bool *any,
                       hl_error *err)
{
    hl_code c = w->waiting ? write_pending(w, w->pending_end, err) : HL_OK;

    *base_ticks = *end_ticks = 0;
    if (c == HL_OK)
        c = close_segment(w, err);
    if (c == HL_OK)
        c = hl_sort_stable(w->segment, w->n_segments, sizeof *w->segment, by_start, NULL, err);
    *any = w->n_segments > 0;
    if (c == HL_OK && *any) {
        const hl_stay_segment *first = w->segment, *last = &w->segment[w->n_segments - 1];
        *base_ticks = first->start < 0 ? first->start : 0;
        *end_ticks = last->start + last->frames * HL_FRAME_TICKS;
    }
    return c;
}

static hl_code add_quality(hl_waves *w, size_t *cap, int32_t signal, hl_quality_kind kind,
                           const hl_intervals *set, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; i < set->n && c == HL_OK; i++) {
        void *quality = w->quality;
        c = grow(&quality, w->n_quality, cap, sizeof *w->quality, "quality of signals", err);
        w->quality = quality;
        if (c == HL_OK)
            w->quality[w->n_quality++] =
                (hl_quality){kind, signal, set->at[i].start, set->at[i].end};
    }
    return c;
}

/* Intervals by signal of the layout, kind and start. A track whose signal never had a sample in a
 * segment has no place there and is left out. */
static hl_code list_quality(hl_waves *w, hl_error *err)
{
    size_t cap = 0;
    hl_code c = HL_OK;

    for (int32_t i = 0; i < hl_waves_n_signals(w) && c == HL_OK; i++) {
        int64_t t = hl_strmap_get(w->by_description, hl_str_of(hl_waves_signal(w, i)));
        hl_quality_track *track = t >= 0 ? &w->track[t] : NULL;
        if (!track)
            continue;
        c = hl_quality_settle(track, err);
        if (c == HL_OK)
            c = add_quality(w, &cap, i, HL_QUALITY_INVALID, &track->invalid, err);
        if (c == HL_OK)
            c = add_quality(w, &cap, i, HL_QUALITY_PACED, &track->paced, err);
        if (c == HL_OK)
            c = add_quality(w, &cap, i, HL_QUALITY_UNAVAILABLE, &track->unavailable, err);
        hl_quality_free(track);
    }
    return c;
}

hl_code hl_waves_end(hl_waves *w, hl_stamp start, hl_stay_result *result, hl_error *err)
{
    int64_t base, end;
    bool any;
    hl_code c = hl_waves_flush(w, &base, &end, &any, err);

    result->base_sequence = w->base_sequence;
    result->n_samples = w->n_samples;
    result->n_overlap_ticks = w->n_overlap_ticks;
    result->n_bad_lists = w->n_bad_lists;
    result->n_out_of_range = w->n_out_of_range;
    if (c != HL_OK || !any)
        return c;
    if (w->options->style == HL_STAY_DATABASE)
        c = hl_segments_renumber(w->options, &w->files, w->segment, w->n_segments, err);
    if (c == HL_OK)
        c = hl_layout_settle(w->layout, err);
    if (c == HL_OK)
        c = hl_layout_write(w->layout, w->options, &w->files, w->segment, w->n_segments, start,
                            result, err);
    if (c == HL_OK)
        c = list_quality(w, err);
    if (c != HL_OK)
        return c;
    result->file = hl_arena_calloc(w->arena, w->files.n, sizeof *result->file);
    if (!result->file)
        return hl_fail_memory(err, "list of files", w->files.n);
    memcpy(result->file, w->files.file, w->files.n * sizeof *result->file);
    result->n_files = w->files.n;
    return HL_OK;
}

const hl_quality *hl_waves_quality(const hl_waves *w, size_t *n)
{
    *n = w->n_quality;
    return w->quality;
}

int64_t hl_waves_base_sequence(const hl_waves *w, bool *any)
{
    *any = w->any;
    return w->base_sequence;
}

const char *hl_waves_signal(const hl_waves *w, int32_t i)
{
    int32_t n;

    return hl_layout_signals(w->layout, &n)[i].description;
}

int32_t hl_waves_n_signals(const hl_waves *w)
{
    int32_t n;

    hl_layout_signals(w->layout, &n);
    return n;
}

const int64_t *hl_waves_saved(const hl_waves *w, size_t *n_pairs)
{
    *n_pairs = w->saved.n;
    return w->saved.n ? &w->saved.at[0].start : NULL;
}
