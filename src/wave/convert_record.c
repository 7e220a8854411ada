/*
 * convert_record.c - to WFDB: which format and file each signal gets, and segments.
 *
 *      one segment           NAME.hea, NAME.dat (several files: named as in the input, or
 * NAME_0.dat)
 *      --segment-seconds     NAME.hea, NAME_0001.hea ...                     all have the same
 * signals variable layout       NAME.hea, NAME_0000.hea (layout), NAME_0001.hea ...
 *
 * Source: waveform.md 1.1, 1.1a, 1.2.
 */
#include <math.h>

#include "base/civil.h"
#include "base/ctl.h"
#include "base/json.h"
#include "wave/convert.h"
#include "wave/convert_wfdb.h"

enum { SEGMENT_DIGITS = 4, MOST_NAME = 50 }; /* of a segment: waveform.md 1.1a */

/* --- formats and files --------------------------------------------------------------------------
 */

static bool name_is_taken(const hl_wfdb_header *h, int32_t n, const char *file)
{
    for (int32_t s = 0; s < n; s++)
        if (strcmp(h->signal[s].file, file) == 0)
            return true;
    return false;
}

/* What stands behind the record's name in the name of the input's file: "_e.dat", ".d0". */
static const char *own_ending(const hl_convert_source *s, const char *file)
{
    const size_t n = s->base ? strlen(s->base) : 0;

    if (!s->own_files || n == 0 || strncmp(file, s->base, n) != 0 || !file[n] ||
        hl_str_ends(hl_str_of(file), ".hea"))
        return NULL;
    return file + n;
}

/* Whether another file of the output would have the same ending: a file of the input is split. */
static bool ending_is_shared(const hl_convert_source *s, const hl_wfdb_header *h, int32_t first,
                             const char *ending)
{
    for (int32_t i = 0; i < h->n_signals; i++) {
        const char *other = own_ending(s, s->header.signal[i].file);
        if (h->signal[i].group != h->signal[first].group && h->signal[i].format != 0 && other &&
            strcmp(other, ending) == 0)
            return true;
    }
    return false;
}

/* A name for the file of signals first ..: the input's with the new record's name, else numbered.
 */
static const char *file_name(hl_convert *x, const hl_convert_source *s, const hl_wfdb_header *h,
                             int32_t first, bool alone)
{
    const char *ending = own_ending(s, s->header.signal[first].file), *file = NULL;

    if (alone)
        return hl_arena_printf(x->arena, "%s.dat", h->name);
    if (ending && !ending_is_shared(s, h, first, ending))
        file = hl_arena_printf(x->arena, "%s%s", h->name, ending);
    for (int i = 0; !file || name_is_taken(h, first, file); i++) {
        file = hl_arena_printf(x->arena, "%s_%d.dat", h->name, i);
        if (!file)
            return NULL;
    }
    return file;
}

/* Whether signal s can share the file of the n signals in front of it. */
static bool shares_file(const hl_convert_source *src, const hl_wfdb_header *h, int32_t s, int32_t n)
{
    const hl_wfdb_signal *a = &h->signal[s - 1], *b = &h->signal[s];

    if (a->format != b->format || a->format == 0)
        return false;
    if (src->own_files && (src->header.signal[s].group != src->header.signal[s - 1].group ||
                           strcmp(src->header.signal[s].file, src->header.signal[s - 1].file) != 0))
        return false;
    return !hl_wfdb_is_flac(a->format) ||
           (n < HL_FLAC_CHANNELS && a->samples_per_frame == b->samples_per_frame);
}

/* Formats, groups and file names of the output's signals. h: a copy of the source's header with
 * signals of its own. */
static hl_code plan_files(hl_convert *x, const hl_convert_source *s, hl_wfdb_header *h,
                          hl_error *err)
{
    int32_t n_groups = 0, first = 0;

    for (int32_t i = 0; i < h->n_signals; i++) {
        hl_wfdb_signal *to = &h->signal[i];
        if (x->o->format)
            to->format = x->o->format;
        if (i == 0 || !shares_file(s, h, i, i - first)) {
            first = i;
            n_groups++;
        }
        to->group = n_groups - 1;
    }
    for (int32_t i = 0; i < h->n_signals; i++) {
        hl_wfdb_signal *to = &h->signal[i];
        if (to->format == 0)
            to->file = "~";
        else if (i > 0 && h->signal[i - 1].group == to->group)
            to->file = h->signal[i - 1].file;
        else
            to->file = file_name(x, s, h, i, n_groups == 1);
        if (!to->file)
            return hl_fail_memory(err, "file names", 0);
    }
    return HL_OK;
}

/* The source's header, with signals that may be changed, for the record of this name. */
static hl_code copy_header(hl_convert *x, const hl_convert_source *s, const char *name,
                           hl_wfdb_header *h, hl_error *err)
{
    const size_t n = (size_t)s->header.n_signals;

    *h = s->header;
    h->name = name;
    h->signal = hl_arena_calloc(x->arena, n, sizeof *h->signal);
    if (!h->signal)
        return hl_fail_memory(err, "signals", n * sizeof *h->signal);
    memcpy(h->signal, s->header.signal, n * sizeof *h->signal);
    return plan_files(x, s, h, err);
}

static hl_code check_fast(const hl_convert *x, const hl_wfdb_header *h, hl_error *err)
{
    for (int32_t i = 0; i < h->n_signals; i++)
        if (!x->o->fast || hl_wfdb_is_flac(h->signal[i].format))
            return HL_OK;
    return hl_fail(err, HL_E_USAGE,
                   "--fast is for FLAC, and no signal becomes one\nGive --format "
                   "516 too (508: 8 bits, 524: 24 bits).");
}

/* --- one segment --------------------------------------------------------------------------------
 */

/* The next n frames of the source as a segment of its own. */
static hl_code write_segment(hl_convert *x, hl_convert_source *s, const hl_wfdb_header *h,
                             int64_t n_frames, hl_error *err)
{
    const int32_t **sample = hl_arena_calloc(x->arena, (size_t)h->n_signals, sizeof *sample);
    hl_record_writer *w = NULL;
    int64_t got;
    hl_code c = sample ? HL_OK : hl_fail_memory(err, "signals", (size_t)h->n_signals);

    if (c == HL_OK)
        c = hl_record_writer_new(x->folder, h, x->o->fast ? HL_FLAC_FAST : HL_FLAC_BEST, &w, err);
    for (int64_t done = 0; c == HL_OK && done < n_frames; done += got) {
        c = hl_convert_next(x, s, n_frames - done, sample, &got, err);
        if (c == HL_OK)
            c = hl_record_writer_add(w, sample, got, err);
    }
    if (c == HL_OK)
        c = hl_record_writer_end(&w, &x->written, err);
    hl_record_writer_abort(&w);
    return c;
}

static void tell_signals(hl_convert *x, const hl_wfdb_header *h)
{
    hl_json_writer w = hl_json_write_to(&x->signals, 0);

    hl_buf_clear(&x->signals);
    for (int32_t i = 0; i < h->n_signals; i++) {
        const hl_wfdb_signal *s = &h->signal[i];
        if (i)
            hl_buf_char(&x->signals, ',');
        w = hl_json_write_to(&x->signals, 0);
        hl_json_open(&w, '{');
        hl_json_member_cstr(&w, "name", s->description);
        hl_json_member_int(&w, "format", s->format);
        hl_json_member_cstr(&w, "file", s->file);
        hl_json_put_key(&w, "gain");
        hl_json_put_real(&w, s->gain);
        hl_json_member_int(&w, "baseline", s->baseline);
        hl_json_member_int(&w, "samples_per_frame", s->samples_per_frame);
        hl_json_close(&w, '}');
    }
}

/* What one segment needs lies in an arena of its own, so that memory does not grow with their
 * number: x->arena from here to end_scratch(). */
typedef struct {
    hl_arena *kept, *scratch;
} scratch;

static hl_code begin_scratch(hl_convert *x, scratch *s, hl_error *err)
{
    if (!s->scratch)
        s->scratch = hl_arena_new(0);
    if (!s->scratch)
        return hl_fail_memory(err, "segment", 0);
    s->kept = x->arena;
    x->arena = s->scratch;
    return HL_OK;
}

static void end_scratch(hl_convert *x, scratch *s)
{
    if (x->arena == s->scratch && s->kept) {
        hl_arena_reset(s->scratch);
        x->arena = s->kept;
    }
}

/* NAME_0012; NULL with err set. */
static const char *segment_name(hl_convert *x, int64_t i, hl_error *err)
{
    char *name = hl_arena_printf(x->arena, "%s_%0*lld", x->name, SEGMENT_DIGITS, (long long)i);

    if (!name) {
        hl_fail_memory(err, "segment name", 0);
    } else if (strlen(name) > MOST_NAME) {
        hl_fail(err, HL_E_USAGE,
                "segment name %.100s is longer than the %d characters that WFDB takes\nGive the "
                "record a shorter name.",
                name, MOST_NAME);
        name = NULL;
    }
    return name;
}

/* --- one record, or segments of one length ------------------------------------------------------
 */

static hl_code write_fixed(hl_convert *x, hl_convert_source *s, hl_error *err)
{
    const hl_wfdb_header *src = &s->header;
    const double frames = (double)x->o->segment_s * src->rate_hz;
    const int64_t each = frames < 1 ? 1 : frames < 9e15 ? (int64_t)floor(frames + 0.5) : INT64_MAX;
    const int64_t n = src->n_samples / each + (src->n_samples % each > 0);
    hl_wfdb_header master = *src, h = {0};
    scratch own = {0};
    hl_code c = HL_OK;

    if (n > HL_WFDB_MAX_SEGMENTS)
        return hl_fail(err, HL_E_LIMIT, "%lld segments; at most %d are read\nTake longer ones.",
                       (long long)n, HL_WFDB_MAX_SEGMENTS);
    master.n_segments = (int32_t)n;
    master.segment = hl_arena_calloc(x->arena, (size_t)n, sizeof *master.segment);
    if (!master.segment)
        return hl_fail_memory(err, "segments", (size_t)n * sizeof *master.segment);
    for (int64_t i = 0; i < n && c == HL_OK; i++) {
        hl_wfdb_segment *to = &master.segment[i];
        *to = (hl_wfdb_segment){.name = segment_name(x, i + 1, err),
                                .n_samples = i + 1 < n ? each : src->n_samples - i * each};
        c = to->name ? begin_scratch(x, &own, err) : err ? (hl_code)err->code : HL_E_USAGE;
        if (c == HL_OK)
            c = copy_header(x, s, to->name, &h, err);
        if (c == HL_OK && i == 0)
            c = check_fast(x, &h, err);
        h.base_time = h.base_date = ""; /* the record's, in its header */
        h.n_comments = 0;
        h.version[0] = 0;
        if (h.counter_hz != h.rate_hz || h.base_counter != 0)
            h.base_counter += (double)(i * each) * h.counter_hz / h.rate_hz;
        if (c == HL_OK)
            c = write_segment(x, s, &h, to->n_samples, err);
        if (c == HL_OK && i + 1 == n)
            tell_signals(x, &h);
        end_scratch(x, &own);
    }
    hl_arena_free(&own.scratch);
    x->n_segments = n;
    return c == HL_OK ? hl_record_write_header(x->folder, &master, &x->written, err) : c;
}

hl_code hl_convert_to_wfdb(hl_convert *x, hl_convert_source *s, hl_error *err)
{
    char path[HL_PATH_BYTES], name[HL_PATH_BYTES];
    hl_wfdb_header h;

    snprintf(name, sizeof name, "%.2000s.hea", x->name);
    hl_code c = hl_written_claim(x->folder, name, path, err);
    hl_ctl_phase(x->ctl, "converting", s->header.n_samples);
    if (c == HL_OK && x->o->segment_s > 0)
        return write_fixed(x, s, err);
    if (c == HL_OK)
        c = copy_header(x, s, x->name, &h, err);
    if (c == HL_OK)
        c = check_fast(x, &h, err);
    if (c == HL_OK)
        c = write_segment(x, s, &h, s->header.n_samples, err);
    if (c == HL_OK)
        tell_signals(x, &h);
    x->n_segments = 1;
    return c;
}

/* --- a variable layout --------------------------------------------------------------------------
 */

typedef struct {
    hl_convert *x;
    hl_convert_part *part;
    hl_wfdb_segment *segment; /* of the output, the layout first */
    int32_t n;
    int64_t number; /* of the last segment that is no gap */
    bool is_flac;
    scratch own;
} laying;

static hl_code write_layout(laying *l, hl_error *err)
{
    hl_convert *x = l->x;
    const hl_wave *w = l->part->wave;
    hl_wfdb_header h = {.rate_hz = w->info.frame_hz, .counter_hz = w->info.counter_hz};

    h.name = segment_name(x, 0, err);
    h.n_signals = l->part->n_signals;
    h.signal = hl_arena_calloc(x->arena, (size_t)h.n_signals, sizeof *h.signal);
    if (!h.name || !h.signal)
        return h.name ? hl_fail_memory(err, "layout", 0) : err ? (hl_code)err->code : HL_E_USAGE;
    for (int32_t k = 0; k < h.n_signals; k++) {
        h.signal[k] = w->signal[l->part->signal[k]];
        h.signal[k].file = "~";
        h.signal[k].format = 0;
        h.signal[k].skew = 0;
        h.signal[k].offset_bytes = 0;
    }
    l->segment[l->n++] = (hl_wfdb_segment){.name = h.name};
    tell_signals(x, &h);
    return hl_record_write_header(x->folder, &h, &x->written, err);
}

static void add_gap(laying *l, int64_t n_frames)
{
    hl_wfdb_segment *last = &l->segment[l->n - 1];

    if (hl_wfdb_is_gap(last))
        last->n_samples += n_frames;
    else
        l->segment[l->n++] = (hl_wfdb_segment){"~", n_frames};
}

/* The signals of a segment that are wanted: all, or by the layout's descriptions. */
static hl_code wanted_signals(const laying *l, hl_wave *seg, hl_convert_part *out, hl_error *err)
{
    const hl_wave *w = l->part->wave;
    const int32_t most = seg->info.n_signals;
    int32_t *signal = hl_arena_calloc(l->x->arena, (size_t)most + 1, sizeof *signal);

    if (!signal)
        return hl_fail_memory(err, "signals", (size_t)most * sizeof *signal);
    out->signal = signal;
    out->n_signals = 0;
    for (int32_t i = 0; i < most; i++) {
        const char *name = seg->header.signal[i].description;
        bool wanted = !l->x->o->signals, again = false;
        for (int32_t k = 0; k < l->part->n_signals && !wanted; k++)
            wanted = strcmp(w->signal[l->part->signal[k]].description, name) == 0;
        for (int32_t k = 0; k < i && l->x->o->signals; k++) /* readers see the first alone */
            again |= strcmp(seg->header.signal[k].description, name) == 0;
        if (wanted && !again)
            signal[out->n_signals++] = i;
    }
    return HL_OK;
}

/* Frames from .. to - 1 of a segment that is open as a record of its own. */
static hl_code copy_segment(laying *l, hl_wave *seg, const char *name, int64_t from, int64_t to,
                            bool whole, hl_error *err)
{
    hl_convert *x = l->x;
    hl_convert_part part = {.wave = seg, .from = from, .to = to};
    hl_convert_source source;
    hl_wfdb_header h;

    hl_code c = wanted_signals(l, seg, &part, err);
    if (c == HL_OK && part.n_signals == 0) {
        hl_ctl_done(x->ctl, to - from);
        add_gap(l, to - from);
        return HL_OK;
    }
    part.keep_skew = whole && !x->o->deskew;
    part.name = name;
    if (c == HL_OK)
        c = hl_convert_from_wave(x, &part, &source, err);
    source.header.n_samples = to - from; /* what the record's header says of the segment */
    if (c == HL_OK)
        c = copy_header(x, &source, name, &h, err);
    for (int32_t i = 0; c == HL_OK && i < h.n_signals; i++)
        l->is_flac |= hl_wfdb_is_flac(h.signal[i].format);
    if (c == HL_OK)
        c = write_segment(x, &source, &h, to - from, err);
    l->number++;
    l->segment[l->n++] = (hl_wfdb_segment){name, to - from};
    return c;
}

static hl_code copy_piece(laying *l, const hl_wave_segment *piece, hl_error *err)
{
    const hl_convert_part *p = l->part;
    const hl_wave *w = p->wave;
    const int64_t from = piece->from > p->from ? piece->from : p->from;
    const int64_t to = piece->to < p->to ? piece->to : p->to;
    char path[HL_PATH_BYTES];
    const char *name;
    hl_wave *seg = NULL;

    if (from >= to)
        return HL_OK;
    if (strcmp(piece->name, "~") == 0) {
        hl_ctl_done(l->x->ctl, to - from);
        add_gap(l, to - from);
        return HL_OK;
    }
    hl_code c = hl_path_join(w->folder, piece->name, path, err);
    if (c == HL_OK)
        c = hl_wave_open(path, l->x->ctl, &seg, err);
    if (c == HL_OK && seg->header.n_segments > 0)
        c = hl_fail(err, HL_E_INPUT, "segment %s has segments of its own; records cannot be nested",
                    piece->name);
    if (c == HL_OK) {
        hl_wave_pad_skew(seg); /* as in the record, where segments keep their length */
        name = segment_name(l->x, l->number + 1, err);
        c = name ? begin_scratch(l->x, &l->own, err) : err ? (hl_code)err->code : HL_E_USAGE;
    }
    if (c == HL_OK)
        c = copy_segment(l, seg, name, from - piece->from, to - piece->from,
                         from == piece->from && to == piece->to, err);
    end_scratch(l->x, &l->own);
    hl_wave_close(&seg);
    return c;
}

hl_code hl_convert_segments(hl_convert *x, hl_convert_part *part, hl_error *err)
{
    const hl_wave *w = part->wave;
    laying l = {.x = x, .part = part};
    char path[HL_PATH_BYTES], name[HL_PATH_BYTES];
    hl_convert_source times;
    hl_code c = hl_convert_from_wave(x, part, &times, err); /* the clock at part->from */

    if (c != HL_OK)
        return c;
    snprintf(name, sizeof name, "%.2000s.hea", x->name);
    c = hl_written_claim(x->folder, name, path, err);
    l.segment = hl_arena_calloc(x->arena, (size_t)w->info.n_segments + 2, sizeof *l.segment);
    if (c == HL_OK && !l.segment)
        c = hl_fail_memory(err, "segments", (size_t)w->info.n_segments * sizeof *l.segment);
    hl_ctl_phase(x->ctl, "converting", part->to - part->from);
    if (c == HL_OK)
        c = write_layout(&l, err);
    for (int64_t i = 0; i < w->info.n_segments && c == HL_OK; i++)
        c = copy_piece(&l, &w->piece[i], err);
    hl_arena_free(&l.own.scratch);
    if (c == HL_OK && x->o->fast && !l.is_flac)
        c = hl_fail(err, HL_E_USAGE,
                    "--fast is for FLAC, and no signal becomes one\nGive --format "
                    "516 too (508: 8 bits, 524: 24 bits).");
    if (c != HL_OK)
        return c;
    hl_wfdb_header master = times.header;
    master.n_segments = l.n;
    master.segment = l.segment;
    x->n_segments = l.number;
    return hl_record_write_header(x->folder, &master, &x->written, err);
}
