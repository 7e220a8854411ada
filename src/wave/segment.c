/*
 * segment.c - native samples of a stretch of frames of one segment.
 *
 * Files are opened when first needed. Binary formats: the bytes of some thousand frames are read,
 * unpacked and dealt out to the signals. FLAC: each signal is a channel.
 */
#include "wave/record.h"

#include <stdlib.h>

#include "wave/deal.h"

/* Of a group at a time, so that samples stay in the first cache between two steps; more when they
 * are dealt from the stored bytes. Memory is small enough that malloc() keeps it between records.
 */
enum { CHUNK_SAMPLES = 6144, CHUNK_SAMPLES_PLAIN = 24576 };

void hl_wave_segment_close(hl_wave_open_segment *s)
{
    for (int32_t i = 0; i < s->n_groups; i++) {
        hl_flac_close(&s->group[i].flac);
        hl_in_close(&s->group[i].in);
    }
    hl_arena_free(&s->arena);
    *s = (hl_wave_open_segment){.piece = -1};
}

hl_code hl_wave_segment_groups(hl_wave_open_segment *s, hl_error *err)
{
    const hl_wfdb_header *h = &s->header;
    size_t n = (size_t)h->n_signals;

    s->group = hl_arena_calloc(s->arena, n, sizeof *s->group);
    s->group_of = hl_arena_calloc(s->arena, n, sizeof *s->group_of);
    if (!s->group || !s->group_of)
        return hl_fail_memory(err, "signals", n * sizeof *s->group);
    for (int32_t i = 0; i < h->n_signals; i++) {
        const hl_wfdb_signal *signal = &h->signal[i];
        hl_wave_group *g = s->n_groups ? &s->group[s->n_groups - 1] : NULL;
        s->group_of[i] = -1;
        if (!hl_wfdb_has_file(signal))
            continue;
        if (!g || i == 0 || s->group_of[i - 1] < 0 || strcmp(g->file, signal->file) != 0) {
            g = &s->group[s->n_groups++];
            *g = (hl_wave_group){.file = signal->file,
                                 .format = hl_wfdb_format_find(signal->format),
                                 .first = i,
                                 .offset_bytes = signal->offset_bytes};
        }
        g->n++;
        if (__builtin_add_overflow(g->frame_samples, (int64_t)signal->samples_per_frame,
                                   &g->frame_samples))
            return hl_fail(err, HL_E_INPUT, "%s: too many samples a frame", h->name);
        s->group_of[i] = s->n_groups - 1;
    }
    return HL_OK;
}

/* --- opening files -----------------------------------------------------------------------------
 */

static hl_code check_flac(const hl_wave *w, const hl_wave_open_segment *s, const hl_wave_group *g,
                          hl_error *err)
{
    const hl_flac_info *info = hl_flac_info_of(g->flac);
    int32_t spf = s->header.signal[g->first].samples_per_frame;
    int32_t format = s->header.signal[g->first].format;
    char path[HL_PATH_BYTES];

    hl_wave_path(w, g->file, path);
    if (info->n_channels != g->n)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                          "the FLAC stream has %d channels, the header %d signals",
                          (int)info->n_channels, (int)g->n);
    if (info->bits > format - 500)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                          "the FLAC stream has %d bits, more than format %d holds", (int)info->bits,
                          (int)format);
    for (int32_t i = 1; i < g->n; i++)
        if (s->header.signal[g->first + i].samples_per_frame != spf)
            return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                              "the signals of a FLAC file must have the same number of samples a "
                              "frame; signal %d has %d, signal %d has %d",
                              (int)g->first, (int)spf, (int)(g->first + i),
                              (int)s->header.signal[g->first + i].samples_per_frame);
    return HL_OK;
}

static hl_code open_group(const hl_wave *w, const hl_wave_open_segment *s, hl_wave_group *g,
                          hl_error *err)
{
    int64_t samples;
    hl_code c = HL_OK;

    if (g->in)
        return HL_OK;
    c = hl_place_in(w->place, g->file, &g->in, err);
    if (c == HL_OK && hl_wfdb_is_flac(g->format->format)) {
        c = hl_flac_open(g->in, w->cpu, &g->flac, err);
        if (c == HL_OK)
            c = check_flac(w, s, g, err);
        if (c == HL_OK)
            c = hl_flac_length(g->flac, &samples, err);
        if (c == HL_OK) {
            samples -= g->offset_bytes < samples ? g->offset_bytes : samples;
            g->n_frames = samples / s->header.signal[g->first].samples_per_frame;
        }
    } else if (c == HL_OK) {
        int64_t bytes = hl_in_size(g->in);
        bytes -= g->offset_bytes < bytes ? g->offset_bytes : bytes;
        g->n_frames = hl_wfdb_stored_samples(g->format, bytes) / g->frame_samples;
    }
    if (c != HL_OK) {
        hl_flac_close(&g->flac);
        hl_in_close(&g->in);
    }
    return c;
}

hl_code hl_wave_segment_length(hl_wave *w, hl_wave_open_segment *s, int64_t *n_frames,
                               hl_error *err)
{
    hl_code c = HL_OK;

    *n_frames = 0;
    for (int32_t i = 0; i < s->n_groups && c == HL_OK; i++) {
        c = open_group(w, s, &s->group[i], err);
        if (c == HL_OK && (i == 0 || s->group[i].n_frames < *n_frames))
            *n_frames = s->group[i].n_frames;
    }
    return c;
}

/* --- what is wanted of a group -----------------------------------------------------------------
 */

typedef struct {
    hl_wave *w;
    hl_wave_open_segment *seg;
    hl_wave_group *g;
    int64_t base;     /* file frame of segment frame 0: the data record of an EDF run */
    int64_t from, to; /* segment frames */
    bool damaged_is_gap;
    hl_wave_lane *lane; /* [n_lanes] the wanted signals of the group */
    int32_t n_lanes;
} demand;

static void fill_invalid(int32_t *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = HL_WFDB_INVALID;
}

/*
 * Frames from .. to - 1 of the file that a lane needs; those past what the header states are
 * invalid, those past the file's end a fault: ends = the segment frame at which it happens.
 */
static void set_limits(const demand *d, const hl_wfdb_signal *signal, hl_wave_lane *lane)
{
    int64_t stated = d->w->edf ? 0 : d->seg->header.n_samples;
    int64_t there = stated > 0 && stated < d->g->n_frames ? stated : d->g->n_frames;
    int64_t skew = hl_wfdb_skew_frames(signal) + d->base;

    lane->from = d->from + skew;
    lane->to = d->to + skew;
    lane->ends = d->to;
    if (lane->to <= there)
        return;
    lane->to = lane->from < there ? there : lane->from;
    if (there != stated || stated == 0) /* else: skewed out of the record, invalid */
        lane->ends = lane->to - skew;
}

static hl_code lane_room(hl_wave *w, int32_t n, hl_error *err)
{
    if (w->n_lanes >= n)
        return HL_OK;
    free(w->lane);
    w->lane = malloc((size_t)n * sizeof *w->lane);
    w->n_lanes = w->lane ? n : 0;
    return w->lane ? HL_OK : hl_fail_memory(err, "signals", (size_t)n * sizeof *w->lane);
}

/* The lanes of d's group among the wanted signals; what lies behind their limits is made invalid.
 */
static void set_lanes(demand *d, int32_t n, const int32_t s[], int32_t *const out[])
{
    const hl_wfdb_signal *signal = d->seg->header.signal;

    d->n_lanes = 0;
    for (int32_t k = 0; k < n; k++) {
        if (s[k] < d->g->first || s[k] >= d->g->first + d->g->n)
            continue;
        hl_wave_lane *lane = &d->lane[d->n_lanes++];
        *lane = (hl_wave_lane){
            .spf = signal[s[k]].samples_per_frame, .channel = s[k] - d->g->first, .out = out[k]};
        for (int32_t i = d->g->first; i < s[k]; i++)
            lane->column += signal[i].samples_per_frame;
        set_limits(d, &signal[s[k]], lane);
        fill_invalid(lane->out + (lane->to - lane->from) * lane->spf,
                     (d->to - d->from - (lane->to - lane->from)) * lane->spf);
    }
}

static hl_code too_short(const demand *d, hl_error *err)
{
    char path[HL_PATH_BYTES];

    return hl_fail_at(err, HL_E_INPUT, hl_wave_path(d->w, d->g->file, path), 0, -1,
                      "the file ends after %lld frames, the header says %lld",
                      (long long)d->g->n_frames, (long long)d->seg->header.n_samples);
}

/* --- FLAC --------------------------------------------------------------------------------------
 */

static void mark_invalid(int32_t *sample, int64_t n, int32_t code)
{
    for (int64_t i = 0; i < n; i++)
        sample[i] = sample[i] == code ? HL_WFDB_INVALID : sample[i];
}

/* Step over a damaged frame: how many samples behind `at` it spoils; 0 = all that is left. */
static int64_t spoiled(hl_flac *f, int64_t at)
{
    const hl_flac_frame *frame;
    size_t n;

    if (hl_flac_frames(f, &frame, &n, NULL) != HL_OK)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (frame[i].first > at)
            return frame[i].first - at;
        else if (at < frame[i].first + frame[i].n)
            return frame[i].first + frame[i].n - at;
    return 0;
}

/* Samples of one channel set; *got < n comes with the reason. */
static hl_code read_channels(const demand *d, int64_t from, int64_t n,
                             int32_t *const to[HL_FLAC_CHANNELS], int64_t *got, hl_error *err)
{
    int32_t *at[HL_FLAC_CHANNELS];
    hl_code c = HL_OK;

    *got = 0;
    while (*got < n) {
        int64_t some = 0;
        for (int i = 0; i < HL_FLAC_CHANNELS; i++)
            at[i] = to[i] ? to[i] + *got : NULL;
        c = hl_flac_read(d->g->flac, from + *got, n - *got, at, &some, err);
        *got += some;
        if (c == HL_OK && *got < n) /* the frames end before what STREAMINFO says */
            c = too_short(d, err);
        if (c == HL_OK || c != HL_E_INPUT || !d->damaged_is_gap)
            break;
        int64_t lost = spoiled(d->g->flac, from + *got);
        if (lost == 0 || lost > n - *got)
            lost = n - *got;
        for (int i = 0; i < HL_FLAC_CHANNELS; i++)
            if (to[i])
                fill_invalid(to[i] + *got, lost);
        *got += lost;
        c = HL_OK;
    }
    return c;
}

/* One pass for all lanes with the same skew: as a rule, all. A signal that is wanted twice is a
 * pass of its own. */
static hl_code read_flac(const demand *d, int64_t *got, hl_error *err)
{
    hl_code c = HL_OK;

    for (int32_t k = 0; k < d->n_lanes && c == HL_OK; k++) {
        int32_t *channel[HL_FLAC_CHANNELS] = {NULL};
        const hl_wave_lane *first = &d->lane[k];
        int64_t some;
        if (!first->out)
            continue;
        for (int32_t m = k; m < d->n_lanes; m++) {
            hl_wave_lane *lane = &d->lane[m];
            if (!lane->out || lane->from != first->from || channel[lane->channel])
                continue;
            channel[lane->channel] = lane->out;
            lane->out = NULL; /* done */
        }
        some = 0;
        if (first->from < first->to)
            c = read_channels(d, first->from * first->spf + d->g->offset_bytes,
                              (first->to - first->from) * first->spf, channel, &some, err);
        for (int i = 0; i < HL_FLAC_CHANNELS; i++)
            if (channel[i])
                mark_invalid(channel[i], some, d->g->format->invalid);
        if (c == HL_OK && first->ends < d->to)
            c = too_short(d, err);
        if (c != HL_OK && some / first->spf < *got)
            *got = some / first->spf;
    }
    return c;
}

/* --- binary formats ----------------------------------------------------------------------------
 */

/* The part of file frames first .. first + n - 1 that a lane wants, as frames of this chunk. */
static bool lane_part(const hl_wave_lane *lane, int64_t first, int64_t n, int64_t *a, int64_t *b)
{
    *a = lane->from > first ? lane->from - first : 0;
    *b = lane->to < first + n ? lane->to - first : n;
    return *a < *b;
}

/* Deal n frames of a group out: sample[frame][frame_samples] to the lanes. first = the file frame
 * of sample[0]. */
static void deal(const demand *d, const int32_t *sample, int64_t first, int64_t n)
{
    int64_t stride = d->g->frame_samples, a, b;

    for (int32_t k = 0; k < d->n_lanes; k++) {
        const hl_wave_lane *lane = &d->lane[k];
        if (!lane_part(lane, first, n, &a, &b))
            continue;
        const int32_t *at = sample + a * stride + lane->column;
        int32_t *out = lane->out + (first + a - lane->from) * lane->spf;
        if (lane->spf == 1)
            for (int64_t f = 0; f < b - a; f++)
                out[f] = at[f * stride];
        else
            for (int64_t f = 0; f < b - a; f++)
                memcpy(out + f * lane->spf, at + f * stride, (size_t)lane->spf * sizeof *out);
    }
}

/* Whether the lanes can be dealt straight from stored bytes: format 16, one sample a frame, all for
 * the same frames and each once. The usual 12-lead ECG. */
static bool is_plain_16(const demand *d)
{
    uint64_t seen = 0;

    if (d->g->format->format != 16 || d->g->n > HL_DEAL_COLUMNS || d->g->frame_samples != d->g->n)
        return false;
    for (int32_t k = 0; k < d->n_lanes; k++) {
        const hl_wave_lane *lane = &d->lane[k];
        if (lane->from != d->lane[0].from || lane->to != d->lane[0].to || seen >> lane->channel & 1)
            return false;
        seen |= UINT64_C(1) << lane->channel;
    }
    return true;
}

static void deal_16(const demand *d, const uint8_t *stored, int64_t first, int64_t n)
{
    int32_t *to[HL_DEAL_COLUMNS] = {NULL};

    for (int32_t k = 0; k < d->n_lanes; k++)
        to[d->lane[k].channel] = d->lane[k].out + (first - d->lane[k].from);
    hl_deal_16(stored, n, d->g->n, to, d->w->cpu);
}

/* Read file frames from .. from + n - 1 and deal them out, or leave them in sample. */
static hl_code unpack_frames(const demand *d, int64_t from, int64_t n, uint8_t *stored,
                             int32_t *sample, bool plain_16, hl_error *err)
{
    const hl_wfdb_format *f = d->g->format;
    int64_t first = from * d->g->frame_samples, count = n * d->g->frame_samples;
    int64_t lead = first % f->group_samples, bytes, at;
    size_t got;

    hl_wfdb_stored_bytes(f, first - lead, &at);
    hl_wfdb_stored_bytes(f, lead + count, &bytes);
    hl_code c = hl_in_pread(d->g->in, stored, (size_t)bytes, at + d->g->offset_bytes, &got, err);
    if (c == HL_OK && hl_wfdb_stored_samples(f, (int64_t)got) < lead + count)
        c = too_short(d, err);
    if (c != HL_OK)
        return c;
    memset(stored + got, 0, (size_t)bytes - got); /* the unused end of a last group */
    if (plain_16) {
        deal_16(d, stored, from, n);
        return HL_OK;
    }
    hl_wfdb_unpack_samples(f, stored, lead + count, sample);
    if (lead)
        memmove(sample, sample + lead, (size_t)count * sizeof *sample);
    return HL_OK;
}

/* Format 8: differences to values, from the sums kept since frame 0. waveform.md 9, T4 */
static void add_up(const demand *d, int32_t *sample, int64_t n)
{
    for (int64_t f = 0; f < n; f++)
        for (int32_t i = 0; i < d->g->n; i++)
            for (int32_t k = 0; k < d->seg->header.signal[d->g->first + i].samples_per_frame; k++) {
                d->g->sum[i] = (int32_t)((uint32_t)d->g->sum[i] + (uint32_t)*sample);
                *sample++ = d->g->sum[i];
            }
    d->g->sum_at += n;
}

/* The frame from which the file must be read so that frame `from` can be had. */
static hl_code begin_sums(const demand *d, int64_t *from, hl_error *err)
{
    hl_wave_group *g = d->g;

    if (!g->sum) {
        g->sum = hl_arena_calloc(d->seg->arena, (size_t)g->n, sizeof *g->sum);
        if (!g->sum)
            return hl_fail_memory(err, "sums", (size_t)g->n * sizeof *g->sum);
        g->sum_at = INT64_MAX;
    }
    if (*from < g->sum_at) {
        g->sum_at = 0;
        for (int32_t i = 0; i < g->n; i++)
            g->sum[i] = d->seg->header.signal[g->first + i].initial;
    }
    *from = g->sum_at;
    return HL_OK;
}

/* Room for n samples, stored and, unless they are dealt from there, unpacked; kept from call to
 * call. */
static hl_code chunk_room(hl_wave *w, size_t n, bool plain_16, uint8_t **stored, int32_t **sample,
                          hl_error *err)
{
    size_t unpacked = plain_16 ? 0 : n, bytes = unpacked * 4 + n * (plain_16 ? 2 : 4) + 64;

    if (w->n_chunk < bytes) {
        free(w->chunk);
        w->chunk = malloc(bytes);
        w->n_chunk = w->chunk ? bytes : 0;
        if (!w->chunk)
            return hl_fail_memory(err, "samples", bytes);
    }
    *sample = w->chunk;
    *stored = (uint8_t *)(*sample + unpacked);
    return HL_OK;
}

static hl_code read_frames(const demand *d, int64_t from, int64_t to, int64_t *reached,
                           hl_error *err)
{
    bool sums = d->g->format->format == 8, plain_16 = is_plain_16(d);
    int64_t step = (plain_16 ? CHUNK_SAMPLES_PLAIN : CHUNK_SAMPLES) / d->g->frame_samples;
    uint8_t *stored = NULL;
    int32_t *sample = NULL;

    *reached = from;
    if (from >= to)
        return HL_OK;
    step = step < 1 ? 1 : step;
    step = step < to - from ? step : to - from;
    hl_code c =
        chunk_room(d->w, (size_t)(step * d->g->frame_samples) + 8, plain_16, &stored, &sample, err);
    if (c == HL_OK && sums)
        c = begin_sums(d, &from, err);
    while (c == HL_OK && from < to) {
        int64_t n = to - from < step ? to - from : step;
        c = unpack_frames(d, from, n, stored, sample, plain_16, err);
        if (c != HL_OK)
            break;
        if (sums)
            add_up(d, sample, n);
        if (!plain_16)
            deal(d, sample, from, n);
        from += n;
    }
    *reached = from;
    return c;
}

static hl_code read_binary(const demand *d, int64_t *got, hl_error *err)
{
    int64_t first = INT64_MAX, last = 0, good = d->to, skew = 0, reached;

    for (int32_t k = 0; k < d->n_lanes; k++) {
        const hl_wave_lane *lane = &d->lane[k];
        good = lane->ends < good ? lane->ends : good;
        if (lane->from == lane->to) /* skewed out of the file */
            continue;
        first = lane->from < first ? lane->from : first;
        last = lane->to > last ? lane->to : last;
        skew = lane->from - d->from > skew ? lane->from - d->from : skew;
    }
    hl_code c = read_frames(d, first, last, &reached, err);
    if (c != HL_OK)
        good = reached - skew > d->from ? reached - skew : d->from;
    else if (good < d->to)
        c = too_short(d, err);
    if (c != HL_OK && good - d->from < *got)
        *got = good - d->from;
    return c;
}

/* --- a segment ---------------------------------------------------------------------------------
 */

hl_code hl_wave_segment_read(hl_wave *w, hl_wave_open_segment *seg, int64_t from, int64_t to,
                             int32_t n, const int32_t s[], int32_t *const out[],
                             bool damaged_is_gap, int64_t *got, hl_error *err)
{
    demand d = {.w = w,
                .seg = seg,
                .base = w->edf ? w->edf_record[seg->piece] : 0,
                .from = from,
                .to = to,
                .damaged_is_gap = damaged_is_gap};
    hl_code c = lane_room(w, n, err), worst = HL_OK;

    *got = 0;
    if (c != HL_OK)
        return c;
    d.lane = w->lane;
    *got = to - from;
    for (int32_t k = 0; k < n; k++)
        if (seg->group_of[s[k]] < 0)
            fill_invalid(out[k], (to - from) * seg->header.signal[s[k]].samples_per_frame);
    for (int32_t i = 0; i < seg->n_groups; i++) {
        bool wanted = false;
        d.g = &seg->group[i];
        for (int32_t k = 0; k < n && !wanted; k++)
            wanted = seg->group_of[s[k]] == i;
        if (!wanted)
            continue;
        c = open_group(w, seg, d.g, worst == HL_OK ? err : NULL);
        if (c == HL_OK)
            set_lanes(&d, n, s, out);
        else
            *got = 0;
        if (c == HL_OK)
            c = d.g->flac ? read_flac(&d, got, worst == HL_OK ? err : NULL)
                          : read_binary(&d, got, worst == HL_OK ? err : NULL);
        worst = worst == HL_OK ? c : worst;
    }
    return worst;
}
