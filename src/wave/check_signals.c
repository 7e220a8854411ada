/*
 * check_signals.c - the samples of a segment: ranges, checksums, lengths.
 *
 * Every signal file is read once from its start, whatever its signals' skew, and no further than
 * the header says; memory is a chunk of samples. A checksum is of all samples that the header
 * states, as they are stored. What the WFDB library finds depends on how it reads: frame by frame
 * until something is wrong, skew taken out, no checksum where it had to seek. Its words are given
 * where it would come to them.
 * Source: waveform.md 1.1a, 1.4, 1.5.
 */
#include "wave/check.h"

#include <stdlib.h>

#include "base/ctl.h"

enum { CHUNK_SAMPLES = 6144 }; /* a multiple of every group of samples */

/* A signal file in work. */
typedef struct {
    hl_wave_group *g;
    hl_wave_seen *seen; /* [g->n] */
    int64_t n_read;     /* frames */
    bool open, damaged;
} file_check;

/* All files of the segment. */
typedef struct {
    hl_segment_check *seg;
    hl_wave_open_segment open; /* groups of the header */
    file_check *file;          /* [open.n_groups] */
    hl_wave_seen *seen;        /* [n_signals] */
    int64_t n_frames;          /* that every file has */
    bool any_faults;           /* of a checksum or a length */
} samples_check;

/* --- what is seen of samples ------------------------------------------------------------------ */

static void find_outside(hl_wave_seen *seen, const hl_adc_range *range, const int32_t *sample,
                         int64_t n, int64_t step, int64_t at, bool has_mark, int32_t mark)
{
    for (int64_t i = 0; i < n; i++) {
        int32_t v = sample[i * step];
        if ((v < range->least || v > range->most) && !(has_mark && v == mark)) {
            seen->outside = at + i;
            seen->outside_code = v;
            return;
        }
    }
}

void hl_wave_see(hl_wave_seen *seen, const hl_adc_range *range, const int32_t *sample, int64_t n,
                 int64_t step, int64_t at, bool has_mark, int32_t mark, int32_t code)
{
    int32_t least = INT32_MAX, most = INT32_MIN;
    uint32_t sum = 0, marked = 0;

    if (n == 0)
        return;
    if (at == 0 && !(has_mark && *sample == mark))
        seen->first = *sample;
    for (int64_t i = 0; i < n; i++) {
        int32_t v = sample[i * step];
        bool there = !has_mark || v != mark;
        int32_t low = there ? v : INT32_MAX, high = there ? v : INT32_MIN;
        sum += there ? (uint32_t)v : 0;
        marked += !there;
        least = low < least ? low : least;
        most = high > most ? high : most;
    }
    seen->sum += sum + marked * (uint32_t)code;
    if (seen->outside < 0 && least <= most && (least < range->least || most > range->most))
        find_outside(seen, range, sample, n, step, at, has_mark, mark);
    seen->least = least < seen->least ? least : seen->least;
    seen->most = most > seen->most ? most : seen->most;
}

/* --- binary files ----------------------------------------------------------------------------- */

/* Format 8: the sums of the signals so far turn differences to values. */
static void add_up(int32_t *sample, int64_t n, int64_t step, int32_t *sum)
{
    for (int64_t i = 0; i < n; i++) {
        *sum = (int32_t)((uint32_t)*sum + (uint32_t)sample[i * step]);
        sample[i * step] = *sum;
    }
}

typedef struct {
    const hl_segment_check *seg;
    file_check *f;
    int32_t *sum; /* [g->n], format 8 */
} dealing;

static void see(const dealing *d, int32_t i, int32_t *sample, int64_t n, int64_t step, int64_t at)
{
    const hl_wfdb_format *format = d->f->g->format;

    if (d->sum)
        add_up(sample, n, step, &d->sum[i]);
    hl_wave_see(&d->f->seen[i], &d->seg->range[d->f->g->first + i], sample, n, step, at,
                format->has_invalid, HL_WFDB_INVALID, format->invalid);
}

/* n samples of the file from number `at` on: whole frames, or a part of one that is very large. */
static void deal(const dealing *d, int32_t *sample, int64_t at, int64_t n)
{
    const hl_wave_group *g = d->f->g;
    const int64_t frame = at / g->frame_samples, from = at % g->frame_samples;
    int64_t column = 0;

    for (int32_t i = 0; i < g->n; i++) {
        const int64_t spf = d->seg->header.signal[g->first + i].samples_per_frame;
        if (from == 0 && n >= g->frame_samples) {
            const int64_t n_frames = n / g->frame_samples;
            for (int64_t f = 0; spf > 1 && f < n_frames; f++)
                see(d, i, sample + f * g->frame_samples + column, spf, 1, (frame + f) * spf);
            if (spf == 1)
                see(d, i, sample + column, n_frames, g->frame_samples, frame);
        } else {
            int64_t a = column > from ? column : from;
            int64_t b = column + spf < from + n ? column + spf : from + n;
            if (a < b)
                see(d, i, sample + (a - from), b - a, 1, frame * spf + (a - column));
        }
        column += spf;
    }
}

/* Samples at .. at + n - 1 of a file; the last group of the format may begin in front of them. */
static hl_code unpack(const hl_wave_group *g, int64_t at, int64_t n, uint8_t *stored,
                      int32_t *sample, int32_t **first, hl_error *err)
{
    const hl_wfdb_format *f = g->format;
    const int64_t lead = at % f->group_samples;
    int64_t bytes = 0, offset = 0;
    size_t got;

    hl_wfdb_stored_bytes(f, at - lead, &offset);
    hl_wfdb_stored_bytes(f, lead + n, &bytes);
    hl_code c = hl_in_pread(g->in, stored, (size_t)bytes, offset + g->offset_bytes, &got, err);
    if (c == HL_OK && hl_wfdb_stored_samples(f, (int64_t)got) < lead + n)
        c = hl_fail_at(err, HL_E_INPUT, g->file, 0, -1,
                       "the file became shorter while it was read");
    if (c != HL_OK)
        return c;
    memset(stored + got, 0, (size_t)bytes - got);
    hl_wfdb_unpack_samples(f, stored, lead + n, sample);
    *first = sample + lead;
    return HL_OK;
}

static hl_code read_binary(const dealing *d, int64_t n_frames, hl_ctl *ctl, hl_error *err)
{
    hl_wave_group *g = d->f->g;
    const int64_t all = n_frames * g->frame_samples;
    const int64_t whole = CHUNK_SAMPLES / g->frame_samples * g->frame_samples;
    const size_t room = CHUNK_SAMPLES + HL_WFDB_GROUP_SAMPLES;
    int32_t *sample = malloc(room * sizeof *sample), *first;
    uint8_t *stored = malloc(room * sizeof *sample + 64);
    hl_code c = sample && stored ? HL_OK : hl_fail_memory(err, "samples", room * 8);

    for (int64_t at = 0; c == HL_OK && at < all;) {
        const int64_t left_of_frame = g->frame_samples - at % g->frame_samples;
        int64_t n = whole > 0                       ? whole
                    : left_of_frame < CHUNK_SAMPLES ? left_of_frame
                                                    : CHUNK_SAMPLES;
        n = n < all - at ? n : all - at;
        c = hl_ctl_check(ctl, err);
        if (c == HL_OK)
            c = unpack(g, at, n, stored, sample, &first, err);
        if (c != HL_OK)
            break;
        deal(d, first, at, n);
        hl_ctl_bytes(ctl, n * g->format->group_bytes / g->format->group_samples);
        at += n;
    }
    free(sample);
    free(stored);
    return c;
}

/* Bytes behind the last sample that the header states. A last group may have been filled up, and so
 * may a last block. */
static int64_t surplus_bytes(const hl_segment_check *seg, const hl_wave_group *g)
{
    const hl_wfdb_format *f = g->format;
    const int64_t block = seg->header.signal[g->first].block_bytes;
    int64_t samples, bytes;

    if (seg->header.n_samples == 0 ||
        __builtin_mul_overflow(seg->header.n_samples, g->frame_samples, &samples) ||
        __builtin_add_overflow(samples, (int64_t)f->group_samples - 1, &samples) ||
        !hl_wfdb_stored_bytes(f, samples / f->group_samples * f->group_samples, &bytes) ||
        __builtin_add_overflow(bytes, g->offset_bytes, &bytes))
        return 0;
    int64_t surplus = hl_in_size(g->in) - bytes;
    return surplus <= 0 || (block > 0 && surplus < block) ? 0 : surplus;
}

static hl_code check_binary(samples_check *s, file_check *f, hl_error *err)
{
    hl_segment_check *seg = s->seg;
    hl_wave_group *g = f->g;
    const hl_found_at at = hl_wave_check_at(seg, -1);
    const int64_t stated = seg->header.n_samples;
    const int64_t surplus = surplus_bytes(seg, g);
    dealing d = {.seg = seg, .f = f};
    int64_t bytes = hl_in_size(g->in);

    bytes -= g->offset_bytes < bytes ? g->offset_bytes : bytes;
    g->n_frames = hl_wfdb_stored_samples(g->format, bytes) / g->frame_samples;
    f->n_read = stated > 0 && stated < g->n_frames ? stated : g->n_frames;
    if (stated > g->n_frames)
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, &at,
                      "%s: the file ends after %lld of %lld frames", g->file,
                      (long long)g->n_frames, (long long)stated);
    else if (surplus > 0)
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, &at,
                      "%s: %lld bytes behind the last sample (frame %lld)", g->file,
                      (long long)surplus, (long long)stated);
    if (g->format->format == 8) {
        d.sum = hl_arena_calloc(seg->arena, (size_t)g->n, sizeof *d.sum);
        if (!d.sum)
            return hl_fail_memory(err, "sums", (size_t)g->n * sizeof *d.sum);
        for (int32_t i = 0; i < g->n; i++)
            d.sum[i] = seg->header.signal[g->first + i].initial;
    }
    return read_binary(&d, f->n_read, seg->k->all->ctl, err);
}

/* --- files ------------------------------------------------------------------------------------ */

/* A failure to read is a finding, unless it ends the check. */
static hl_code take_fault(samples_check *s, file_check *f, hl_code c, hl_error *local,
                          hl_error *err)
{
    hl_record_check *k = s->seg->k;
    const hl_found_at at = hl_wave_check_at(s->seg, -1);

    if (c == HL_OK)
        return HL_OK;
    if (!hl_wave_is_finding(c, local) || (c == HL_E_IO && k->is_remote)) {
        if (err)
            *err = *local;
        return c;
    }
    hl_wave_found(k->found, HL_FOUND_ERROR, &at, "%s", hl_wave_fault_text(k, local));
    f->damaged = true;
    return HL_OK;
}

static hl_code open_file(samples_check *s, file_check *f, hl_error *err)
{
    const hl_found_at at = hl_wave_check_at(s->seg, -1);
    hl_code c = hl_place_in(s->seg->k->place, f->g->file, &f->g->in, err);

    if (c != HL_OK)
        return c;
    f->open = true;
    if (hl_in_size(f->g->in) > INT32_MAX)
        hl_wave_found(s->seg->k->found, HL_FOUND_WARNING, &at, "file %s larger than 2^31 bytes",
                      f->g->file);
    return HL_OK;
}

static hl_code check_file(samples_check *s, file_check *f, hl_error *err)
{
    const int64_t stated = s->seg->header.n_samples;
    hl_error local = {0};
    bool readable = true;
    hl_code c = open_file(s, f, &local);

    if (c == HL_OK && hl_wfdb_is_flac(f->g->format->format)) {
        c = hl_wave_check_flac(s->seg, f->g, f->seen, &f->g->n_frames, &readable, &f->damaged,
                               &local);
        f->open = readable;
        f->n_read = stated > 0 && stated < f->g->n_frames ? stated : f->g->n_frames;
    } else if (c == HL_OK) {
        c = check_binary(s, f, &local);
    }
    hl_flac_close(&f->g->flac);
    hl_in_close(&f->g->in);
    if (f->open)
        for (int32_t i = 0; i < f->g->n; i++)
            s->seg->k->checked->samples +=
                f->n_read * s->seg->header.signal[f->g->first + i].samples_per_frame;
    return take_fault(s, f, c, &local, err);
}

/* --- findings --------------------------------------------------------------------------------- */

static bool is_annotation(const hl_segment_check *seg, int32_t i)
{
    return seg->is_annotation && seg->is_annotation[i];
}

/* Frames that the library takes a signal to have; 0 = it cannot tell. */
static int64_t stated_frames(const hl_segment_check *seg, int32_t i)
{
    return seg->k->is_edf || seg->header.signal[i].has_checksum ? seg->header.n_samples : 0;
}

static void check_sums(samples_check *s)
{
    hl_segment_check *seg = s->seg;
    const int64_t stated = seg->header.n_samples;

    for (int32_t i = 0; i < seg->header.n_signals; i++) {
        const hl_wfdb_signal *signal = &seg->header.signal[i];
        const int32_t group = s->open.group_of[i];
        const hl_found_at at = hl_wave_check_at(seg, i);
        if (group < 0 || !signal->has_checksum || stated == 0 || !s->file[group].open ||
            s->file[group].damaged || s->file[group].n_read < stated)
            continue;
        if (((s->seen[i].sum ^ (uint32_t)signal->checksum) & 0xffff) == 0)
            continue;
        s->any_faults = true;
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, &at, "checksum error (%d, expected %d)",
                      (int)(int16_t)s->seen[i].sum, (int)signal->checksum);
    }
}

/* The signal at which the library notices that a file ends too early; -1: it does not. It looks
 * only at files that it reads from their first byte on. */
static int32_t last_cut_signal(const samples_check *s)
{
    const hl_wfdb_header *h = &s->seg->header;

    for (int32_t i = h->n_signals - 1; i >= 0; i--) {
        const int32_t group = s->open.group_of[i];
        if (group >= 0 && s->file[group].open && !s->file[group].damaged &&
            s->open.group[group].n_frames == s->n_frames &&
            s->n_frames < stated_frames(s->seg, i) && s->open.group[group].offset_bytes == 0)
            return i;
    }
    return -1;
}

static void check_length(samples_check *s)
{
    hl_segment_check *seg = s->seg;
    const hl_found_at at = hl_wave_check_at(seg, -1);
    const int64_t first = stated_frames(seg, 0), stated = seg->header.n_samples;
    const int64_t expected = seg->expected ? seg->expected : first;
    const int32_t cut = last_cut_signal(s);
    int64_t skew = 0;

    for (int32_t i = 0; i < seg->header.n_signals; i++)
        if (hl_wfdb_skew_frames(&seg->header.signal[i]) > skew)
            skew = hl_wfdb_skew_frames(&seg->header.signal[i]);
    const int64_t n = s->n_frames > skew ? s->n_frames - skew : 0; /* that the library reads */
    if (cut >= 0)
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, &at, "getvec: unexpected EOF in signal %d",
                      (int)cut);
    else if (!s->any_faults && expected != 0 && expected != n)
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, &at,
                      "wrong record length (%lld frames, expected %lld)", (long long)n,
                      (long long)expected);
    else if (seg->expected != 0 && stated != 0 && stated != seg->expected)
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, &at,
                      "wrong record length (%lld frames, expected %lld)", (long long)stated,
                      (long long)seg->expected);
    if (first == 0)
        hl_wave_found(seg->k->found, HL_FOUND_WARNING, &at,
                      "record length not specified (%lld frames)", (long long)n);
}

static void found_outside(const hl_segment_check *seg, const hl_found_at *at, int32_t i,
                          const hl_wave_seen *seen)
{
    const hl_adc_range *range = &seg->range[i];
    const int64_t spf = seg->header.signal[i].samples_per_frame;

    if (spf > 1)
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, at,
                      "frame %lld, sample %lld (%d) is outside ADC range (%d, %d)",
                      (long long)(seen->outside / spf), (long long)(seen->outside % spf),
                      (int)seen->outside_code, (int)range->least, (int)range->most);
    else
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, at,
                      "sample %lld (%d) is outside ADC range (%d, %d)", (long long)seen->outside,
                      (int)seen->outside_code, (int)range->least, (int)range->most);
}

static int32_t bits_of(int64_t v)
{
    int32_t n = 0;

    for (; v > 0; v /= 2)
        n++;
    return n;
}

/* ADC bits that hold least .. most, where the zero may lie at one end of them. */
static int32_t bits_needed(int32_t least, int32_t most)
{
    const int32_t above = bits_of(most), below = bits_of(-((int64_t)least + 1));

    if (least > 0)
        return above;
    return (below > above ? below : above) + 1;
}

static void check_range(samples_check *s, int32_t i)
{
    const hl_segment_check *seg = s->seg;
    const hl_wave_seen *seen = &s->seen[i];
    const hl_adc_range *range = &seg->range[i];
    const hl_found_at at = hl_wave_check_at(seg, i);

    if (seen->outside >= 0)
        found_outside(seg, &at, i, seen);
    else if (seen->least > seen->most)
        hl_wave_found(seg->k->found, HL_FOUND_NOTE, &at, "no sample was measured");
    else if (seg->header.signal[i].adc_bits > bits_needed(seen->least, seen->most))
        hl_wave_found(seg->k->found, HL_FOUND_NOTE, &at, "signal range (%d, %d) < (%d, %d)",
                      (int)seen->least, (int)seen->most, (int)range->least, (int)range->most);
}

/* MIMIC-IV-WDB has 0 everywhere: a header with nothing else says nothing. */
static void check_initial(samples_check *s)
{
    hl_segment_check *seg = s->seg;
    bool any = false;

    for (int32_t i = 0; i < seg->header.n_signals; i++)
        any |= seg->header.signal[i].initial != 0;
    for (int32_t i = 0; any && !seg->k->is_edf && i < seg->header.n_signals; i++) {
        const hl_wfdb_signal *signal = &seg->header.signal[i];
        const hl_found_at at = hl_wave_check_at(seg, i);
        if (s->open.group_of[i] >= 0 && signal->has_checksum &&
            s->seen[i].first != HL_WFDB_INVALID && s->seen[i].first != signal->initial)
            hl_wave_found(seg->k->found, HL_FOUND_NOTE, &at,
                          "initial value %d is not the first sample (%d)", (int)signal->initial,
                          (int)s->seen[i].first);
    }
}

static void report(samples_check *s)
{
    const hl_found_at at = hl_wave_check_at(s->seg, -1);
    bool all_open = true, any_open = s->open.n_groups == 0, any = false;

    s->n_frames = INT64_MAX;
    for (int32_t i = 0; i < s->open.n_groups; i++) {
        all_open &= s->file[i].open;
        any_open |= s->file[i].open;
        s->any_faults |= s->file[i].damaged;
        if (s->file[i].open && s->open.group[i].n_frames < s->n_frames) {
            s->n_frames = s->open.group[i].n_frames;
            any = true;
        }
    }
    s->n_frames = any ? s->n_frames : s->seg->header.n_samples;
    if (!all_open)
        hl_wave_found(s->seg->k->found, HL_FOUND_ERROR, &at, "unable to read signal file(s)");
    if (!any_open)
        return;
    check_sums(s);
    check_length(s);
    for (int32_t i = 0; i < s->seg->header.n_signals; i++)
        if (!is_annotation(s->seg, i) &&
            (s->open.group_of[i] < 0 || s->file[s->open.group_of[i]].open))
            check_range(s, i);
    check_initial(s);
}

/* --- all of it -------------------------------------------------------------------------------- */

static hl_code make_room(samples_check *s, hl_error *err)
{
    const size_t n = (size_t)s->seg->header.n_signals;

    s->seen = hl_arena_calloc(s->seg->arena, n, sizeof *s->seen);
    s->file = hl_arena_calloc(s->seg->arena, n, sizeof *s->file);
    if (!s->seen || !s->file)
        return hl_fail_memory(err, "signals", n * sizeof *s->file);
    for (size_t i = 0; i < n; i++)
        s->seen[i] = (hl_wave_seen){
            .least = INT32_MAX, .most = INT32_MIN, .first = HL_WFDB_INVALID, .outside = -1};
    for (int32_t i = 0; i < s->open.n_groups; i++)
        s->file[i] = (file_check){.g = &s->open.group[i], .seen = s->seen + s->open.group[i].first};
    return HL_OK;
}

hl_code hl_wave_check_signals(hl_segment_check *seg, int64_t *n_frames, hl_error *err)
{
    samples_check s = {.seg = seg,
                       .open = {.piece = -1, .arena = seg->arena, .header = seg->header}};
    hl_error local = {0};
    hl_code c = hl_wave_segment_groups(&s.open, &local);

    if (c != HL_OK && hl_wave_is_finding(c, &local)) {
        const hl_found_at at = hl_wave_check_at(seg, -1);
        hl_wave_found(seg->k->found, HL_FOUND_ERROR, &at, "%s", local.message);
        return HL_OK;
    }
    if (c != HL_OK) {
        if (err)
            *err = local;
        return c;
    }
    c = make_room(&s, err);
    for (int32_t i = 0; i < s.open.n_groups && c == HL_OK; i++)
        c = check_file(&s, &s.file[i], err);
    if (c != HL_OK)
        return c;
    report(&s);
    *n_frames = s.n_frames;
    return HL_OK;
}
