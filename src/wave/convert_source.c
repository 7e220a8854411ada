/*
 * convert_source.c - frames of a record as a source of a conversion: window, skew, the header that
 * belongs to them.
 *
 * Source: waveform.md 1.1, 1.1a, 1.7.
 */
#include <math.h>

#include "base/civil.h"
#include "base/ctl.h"
#include "wave/convert.h"
#include "wave/convert_gain.h"

enum { CHUNK_SAMPLES = 1 << 16, DAY_MS = 86400000 };
#define QUOTIENT_ERROR 1e-13 /* relative: of what EDF states as a quotient of decimals */

/* --- handing out --------------------------------------------------------------------------------
 */

hl_code hl_convert_ready(hl_convert *x, hl_convert_source *s, hl_error *err)
{
    enum { MOST_SAMPLES = 1 << 26 };
    const hl_wfdb_header *h = &s->header;
    int64_t each = 0;

    for (int32_t i = 0; i < h->n_signals; i++)
        each += h->signal[i].samples_per_frame;
    s->unit = s->unit < 1 ? 1 : s->unit;
    if (each > MOST_SAMPLES / s->unit)
        return hl_fail(err, HL_E_LIMIT, "%lld samples a frame are too many",
                       (long long)each * s->unit);
    s->chunk = CHUNK_SAMPLES / (each * s->unit) * s->unit;
    s->chunk = s->chunk < s->unit ? s->unit : s->chunk;
    s->room = hl_arena_calloc(x->arena, (size_t)h->n_signals, sizeof *s->room);
    for (int32_t i = 0; s->room && i < h->n_signals; i++) {
        s->room[i] = hl_arena_alloc(x->arena, (size_t)(s->chunk * h->signal[i].samples_per_frame) *
                                                  sizeof **s->room);
        if (!s->room[i])
            s->room = NULL;
    }
    return s->room ? HL_OK : hl_fail_memory(err, "samples", (size_t)(each * s->chunk) * 4);
}

hl_code hl_convert_next(hl_convert *x, hl_convert_source *s, int64_t most, const int32_t *sample[],
                        int64_t *got, hl_error *err)
{
    hl_code c = HL_OK;

    if (s->given == s->have) {
        int64_t left = s->header.n_samples - s->filled;
        hl_assert(left > 0 && most > 0);
        s->given = 0;
        s->have = left < s->chunk ? left : s->chunk;
        s->filled += s->have;
        c = s->fill(s->ctx, s->have, s->room, err);
        if (c == HL_OK)
            c = hl_ctl_check(x->ctl, err);
        if (c != HL_OK)
            return c;
    }
    *got = s->have - s->given < most ? s->have - s->given : most;
    for (int32_t i = 0; i < s->header.n_signals; i++)
        sample[i] = s->room[i] + s->given * s->header.signal[i].samples_per_frame;
    s->given += *got;
    hl_ctl_done(x->ctl, *got);
    return HL_OK;
}

/* --- which part ---------------------------------------------------------------------------------
 */

static void list_signals(const hl_wave_info *info, hl_buf *to)
{
    for (int32_t i = 0; i < info->n_signals && to->n < 300; i++) {
        char show[HL_SHOW_BYTES];
        hl_buf_printf(to, "%s%s", i ? ", " : "", hl_show(hl_str_of(info->signal[i].name), show));
    }
}

static hl_code find_signal(const hl_wave *w, hl_str name, int32_t *out, hl_error *err)
{
    char text[HL_PATH_BYTES], show[HL_SHOW_BYTES];
    hl_buf names = {0};

    snprintf(text, sizeof text, "%.*s", (int)(name.n < 4000 ? name.n : 4000), name.at);
    *out = hl_wave_find(w, text);
    if (*out >= 0)
        return HL_OK;
    list_signals(&w->info, &names);
    hl_code c = hl_fail(err, HL_E_USAGE, "record %s has %s signal '%s'; it has %s%s", w->info.name,
                        *out == -1 ? "no" : "more than one", hl_show(name, show),
                        names.n ? names.at : "none",
                        *out == -1 ? "" : "\nName it by its index: '#0', '#1', ...");
    hl_buf_free(&names);
    return c;
}

static hl_code choose_signals(hl_convert *x, const hl_wave *w, hl_convert_part *out, hl_error *err)
{
    const char *list = x->o->signals;
    hl_str rest = hl_str_of(list);
    size_t n = 1;
    hl_code c = HL_OK;

    for (size_t i = 0; i < rest.n; i++)
        n += rest.at[i] == ',';
    if (!list)
        n = (size_t)w->info.n_signals;
    int32_t *signal = hl_arena_calloc(x->arena, n + 1, sizeof *signal);
    if (!signal)
        return hl_fail_memory(err, "signals", n * sizeof *signal);
    out->signal = signal;
    for (int32_t i = 0; !list && i < w->info.n_signals; i++)
        if (!w->edf || !w->edf->is_annotation[i])
            signal[out->n_signals++] = i;
    while (list && c == HL_OK && out->n_signals < (int32_t)n) {
        const char *comma = rest.n ? memchr(rest.at, ',', rest.n) : NULL;
        hl_str name = {rest.at, comma ? (size_t)(comma - rest.at) : rest.n};
        c = find_signal(w, hl_str_trim(name), &signal[out->n_signals], err);
        if (c == HL_OK)
            out->n_signals++;
        if (comma)
            rest = (hl_str){comma + 1, rest.n - name.n - 1};
    }
    if (c == HL_OK && out->n_signals == 0)
        c = hl_fail(err, HL_E_INPUT, "record %s has no signals", w->info.name);
    return c;
}

hl_code hl_convert_choose(hl_convert *x, hl_wave *w, hl_convert_part *out, hl_error *err)
{
    const hl_wave_info *info = &w->info;
    const char *from = x->o->from, *to = x->o->to;
    hl_code c = HL_OK;

    *out = (hl_convert_part){.wave = w, .to = info->n_frames, .name = x->name};
    if (from)
        c = hl_wave_frame_of(w, from, &out->from, err);
    if (c == HL_OK && to)
        c = hl_wave_frame_of(w, to, &out->to, err);
    if (c == HL_OK && out->to > info->n_frames && out->from < info->n_frames)
        out->to = info->n_frames;
    if (c == HL_OK && info->n_frames == 0)
        c = hl_fail(err, HL_E_INPUT, "record %s has no samples", info->name);
    if (c == HL_OK && (out->from < 0 || out->to <= out->from || out->to > info->n_frames))
        c = hl_fail(err, HL_E_USAGE,
                    "the window (frames %lld to %lld) is not within record %s, which has %lld "
                    "frames (%.3f s)",
                    (long long)out->from, (long long)out->to, info->name, (long long)info->n_frames,
                    (double)info->n_frames / info->frame_hz);
    return c == HL_OK ? choose_signals(x, w, out, err) : c;
}

/* --- the header of the part ---------------------------------------------------------------------
 */

/* EDF has no way to leave the start out but this. waveform.md 1.7 */
static bool has_no_start(const hl_wave *w)
{
    const hl_civil first = {.year = 1985, .month = 1, .day = 1};

    return w->edf && w->header.base_ms == 0 &&
           w->header.base_day == hl_civil_seconds(&first) / HL_DAY_S &&
           (hl_str_starts(hl_str_of(w->edf->recording), "Startdate X") ||
            strcmp(w->edf->recording, "Startdate not recorded") == 0);
}

/* The clock at frame `from`, in numbers and as text. */
static hl_code shift_clock(hl_convert *x, const hl_wave *w, int64_t from, hl_wfdb_header *h,
                           hl_error *err)
{
    const hl_wave_info *info = &w->info;

    if (from == 0 && w->header.base_ms != HL_WFDB_NO_TIME && !has_no_start(w))
        return HL_OK; /* as written */
    h->base_time = h->base_date = "";
    h->base_ms = h->base_day = HL_WFDB_NO_TIME;
    if (info->start_ms == HL_WAVE_NO_TIME || has_no_start(w))
        return HL_OK;
    const int64_t ms = info->start_ms + (int64_t)floor((double)from * 1000 / info->frame_hz + 0.5);
    int64_t day = ms / DAY_MS - (ms % DAY_MS < 0);
    h->base_ms = ms - day * DAY_MS;
    const int s = (int)(h->base_ms / 1000), rest = (int)(h->base_ms % 1000);
    h->base_time =
        rest ? hl_arena_printf(x->arena, "%02d:%02d:%02d.%03d", s / 3600, s / 60 % 60, s % 60, rest)
             : hl_arena_printf(x->arena, "%02d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    if (info->has_date) {
        hl_civil d = hl_civil_of(day * HL_DAY_S);
        h->base_day = day;
        h->base_date = hl_arena_printf(x->arena, "%02d/%02d/%04d", d.day, d.month, d.year);
    }
    return h->base_time && h->base_date ? HL_OK : hl_fail_memory(err, "header", 64);
}

/* Frames of an EDF file are its data records: as many of the target's as all rates divide by. */
static int64_t frame_parts(const hl_convert_part *p)
{
    int64_t a = 0;

    if (!p->wave->edf)
        return 1;
    for (int32_t k = 0; k < p->n_signals; k++)
        for (int64_t b = p->wave->signal[p->signal[k]].samples_per_frame; b;) {
            int64_t rest = a % b;
            a = b;
            b = rest;
        }
    return a < 1 ? 1 : a;
}

/* Format of a signal that a segment has, for a record that states none itself. */
static hl_code format_in_segments(hl_wave *w, int32_t s, int32_t *format, hl_error *err)
{
    hl_code c = HL_OK;

    for (int64_t i = 0; i < w->info.n_segments && *format == 0 && c == HL_OK; i++) {
        hl_wave_open_segment *seg;
        if (strcmp(w->piece[i].name, "~") == 0)
            continue;
        c = hl_wave_segment_open(w, i, &seg, err);
        if (c == HL_OK && seg->source[s].from >= 0)
            *format = seg->header.signal[seg->source[s].from].format;
    }
    return c;
}

static hl_code take_signals(hl_convert *x, hl_convert_part *p, int64_t parts, hl_wfdb_header *h,
                            hl_error *err)
{
    hl_code c = HL_OK;

    h->n_signals = p->n_signals;
    h->signal = hl_arena_calloc(x->arena, (size_t)p->n_signals, sizeof *h->signal);
    if (!h->signal)
        return hl_fail_memory(err, "signals", (size_t)p->n_signals * sizeof *h->signal);
    for (int32_t k = 0; k < p->n_signals && c == HL_OK; k++) {
        hl_wfdb_signal *to = &h->signal[k];
        *to = p->wave->signal[p->signal[k]];
        to->samples_per_frame = (int32_t)(to->samples_per_frame / parts);
        to->offset_bytes = 0;
        to->block_bytes = 0;
        if (!p->keep_skew)
            to->skew = 0;
        if (!hl_wfdb_has_file(to)) {
            to->format = 0;
            to->file = "~";
        }
        if (p->wave->edf) /* its gain is a quotient: 200.00000000000003 */
            hl_round_digits(to->gain, QUOTIENT_ERROR, &to->gain);
        if (p->wave->info.layout == HL_WAVE_VARIABLE)
            c = format_in_segments(p->wave, p->signal[k], &to->format, err);
    }
    return c;
}

/* --- reading ------------------------------------------------------------------------------------
 */

typedef struct {
    hl_convert_part *part;
    int64_t at;    /* next frame of the record */
    int64_t parts; /* frames of the target in one of the record */
} reading;

static hl_code fill(void *ctx, int64_t n, int32_t *const to[], hl_error *err)
{
    reading *r = ctx;
    hl_convert_part *p = r->part;
    int64_t frames = n / r->parts, left = p->wave->info.n_frames - r->at;
    int64_t there = left < 0 ? 0 : left < frames ? left : frames;
    hl_wave_window q = {.from = r->at,
                        .to = r->at + there,
                        .signal = p->signal,
                        .n_signals = p->n_signals,
                        .kind = HL_WAVE_I32};
    hl_code c = HL_OK;

    if (there > 0)
        c = hl_wave_read(p->wave, &q, (void *const *)to, err);
    for (int32_t k = 0; k < p->n_signals && there < frames; k++) {
        const int64_t spf = p->wave->info.signal[p->signal[k]].samples_per_frame;
        for (int64_t i = there * spf; i < frames * spf; i++)
            to[k][i] = HL_WFDB_INVALID;
    }
    r->at += frames;
    return c;
}

/* Frames as they are stored, from now on. The window ends later by what is skewed out of it. */
static hl_code stop_deskewing(hl_convert *x, hl_convert_part *p, hl_error *err)
{
    hl_wave *w = p->wave;
    hl_wave_open_segment *seg;
    int64_t skew = 0, stored = w->header.n_samples;
    hl_code c = HL_OK;

    if (w->max_skew == 0)
        return HL_OK;
    for (int32_t k = 0; k < p->n_signals; k++) {
        int64_t frames = hl_wfdb_skew_frames(&w->signal[p->signal[k]]);
        skew = frames > skew ? frames : skew;
    }
    for (int32_t i = 0; i < w->header.n_signals; i++)
        w->header.signal[i].skew = 0;
    if (stored == 0) {
        c = hl_wave_segment_open(w, 0, &seg, err);
        if (c == HL_OK)
            c = hl_wave_segment_length(w, seg, &stored, err);
    }
    p->to = x->o->to && p->to + skew < stored ? p->to + skew : stored;
    w->info.n_frames = w->piece[0].to = stored;
    return c;
}

hl_code hl_convert_from_wave(hl_convert *x, hl_convert_part *p, hl_convert_source *out,
                             hl_error *err)
{
    hl_wave *w = p->wave;
    reading *r = hl_arena_calloc(x->arena, 1, sizeof *r);
    hl_wfdb_header *h = &out->header;
    const int64_t parts = frame_parts(p);

    *out = (hl_convert_source){.header = w->header, .fill = fill, .ctx = r, .unit = parts};
    if (!r)
        return hl_fail_memory(err, "record", sizeof *r);
    out->own_files = !w->edf;
    out->base = w->header.name;
    hl_code c = take_signals(x, p, parts, h, err);
    if (c == HL_OK && p->keep_skew)
        c = stop_deskewing(x, p, err);
    if (c == HL_OK)
        c = shift_clock(x, w, p->from, h, err);
    h->name = p->name;
    h->n_segments = 0;
    h->segment = NULL;
    h->rate_hz = w->info.frame_hz;
    h->counter_hz = w->info.counter_hz;
    if (w->edf) {
        hl_round_digits(w->info.frame_hz * (double)parts, QUOTIENT_ERROR, &h->rate_hz);
        h->counter_hz = h->rate_hz;
    } else if (h->counter_hz != h->rate_hz || h->base_counter != 0) {
        h->base_counter += (double)p->from * h->counter_hz / h->rate_hz;
    }
    h->n_samples = (p->to - p->from) * parts;
    *r = (reading){.part = p, .at = p->from, .parts = parts};
    return c == HL_OK ? hl_convert_ready(x, out, err) : c;
}
