#include "wave/record.h"

#include <stdlib.h>
#include <strings.h>

#define MAX_SAMPLES (INT64_C(1) << 53)
enum { MAX_FRAME_SAMPLES = 1 << 28 };
enum { MAX_HEADER_BYTES = 64 << 20, ARENA_BYTES = 16384, DAY_MS = 86400000 };

const char *hl_wave_path(const hl_wave *w, const char *name, char out[HL_PATH_BYTES])
{
    if (hl_place_path(w->place, name, out, NULL) != HL_OK)
        snprintf(out, HL_PATH_BYTES, "%.1000s", name);
    return out;
}

/* --- headers ---------------------------------------------------------------------------------- */

static hl_code read_header(hl_wave *w, hl_arena *arena, const char *record, hl_wfdb_header *h,
                           hl_error *err)
{
    char file[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_buf text = {0};
    int n = snprintf(file, sizeof file, "%s.hea", record);

    if (n < 0 || n >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "%.60s...: the name is too long", record);
    hl_code c = hl_place_read(w->place, file, MAX_HEADER_BYTES, &text, NULL, err);
    if (c == HL_OK)
        c = hl_wfdb_parse_header(arena, text.at, text.n, hl_wave_path(w, file, path), h, err);
    hl_buf_free(&text);
    return c;
}

/* --- segments that are open ------------------------------------------------------------------- */

static hl_wave_open_segment *free_place(hl_wave *w)
{
    hl_wave_open_segment *oldest = &w->open[0];

    for (int i = 0; i < HL_WAVE_OPEN_SEGMENTS; i++) {
        if (w->open[i].piece < 0)
            return &w->open[i];
        if (w->open[i].used < oldest->used)
            oldest = &w->open[i];
    }
    hl_wave_segment_close(oldest);
    return oldest;
}

/* First of n signals with this description. None has an empty one: the WFDB library names such
 * signals after their own header, so that no two segments agree. */
static int32_t find_description(const hl_wfdb_signal *s, int32_t n, const char *description)
{
    for (int32_t i = 0; i < n && *description; i++)
        if (strcmp(s[i].description, description) == 0)
            return i;
    return -1;
}

/* Which of the record's signals the k-th of a segment is; -1 = none. Layouts match by description;
 * where several signals share one, it is the first. */
static int32_t place_of(const hl_wave *w, const hl_wfdb_header *segment, int32_t k)
{
    if (w->info.layout != HL_WAVE_VARIABLE)
        return k < w->info.n_signals ? k : -1;
    return find_description(w->signal, w->info.n_signals, segment->signal[k].description);
}

/*
 * A segment's values in the layout's gain and baseline: floor(x * scale + shift). Added up as the
 * library does it, to the last bit: where all codes of the format fit, it counts from a lift below
 * the smallest, so that cutting off is rounding down. waveform.md 1.1a
 */
static void set_scale(const hl_wfdb_signal *to, const hl_wfdb_signal *from, hl_wave_source *m)
{
    const hl_wfdb_format *f = hl_wfdb_format_find(from->format);
    double least = f->has_invalid ? f->invalid : INT32_MIN,
           most = f->has_invalid ? f->most : INT32_MAX;

    m->scale = to->gain / from->gain;
    m->shift = to->baseline - m->scale * from->baseline;
    m->same = m->scale == 1 && m->shift == 0;
    m->shift += 0.5;
    least = least * m->scale + m->shift;
    most = most * m->scale + m->shift;
    if (least < most && least >= -INT32_MAX && most <= INT32_MAX && most - least + 1 < INT32_MAX) {
        m->lift = (int32_t)(least - 1);
        m->shift -= m->lift;
    }
}

static hl_code map_signals(hl_wave *w, hl_wave_open_segment *s, hl_error *err)
{
    int32_t n = w->info.n_signals;

    s->source = hl_arena_calloc(s->arena, (size_t)n, sizeof *s->source);
    if (!s->source)
        return hl_fail_memory(err, "signals", (size_t)n * sizeof *s->source);
    for (int32_t i = 0; i < n; i++)
        s->source[i] = (hl_wave_source){.from = -1, .same = true};
    for (int32_t k = 0; k < s->header.n_signals; k++) {
        int32_t i = place_of(w, &s->header, k);
        if (i >= 0)
            s->source[i].from = k; /* the library takes the last of several */
    }
    for (int32_t i = 0; i < n; i++) {
        const hl_wfdb_signal *to = &w->signal[i];
        hl_wave_source *m = &s->source[i];
        if (m->from < 0)
            continue;
        const hl_wfdb_signal *from = &s->header.signal[m->from];
        m->gain = from->gain;
        m->baseline = from->baseline;
        if (from->samples_per_frame != to->samples_per_frame)
            return hl_fail(err, HL_E_INPUT,
                           "segment %s: signal %d has %d samples a frame, the record's has %d",
                           s->header.name, (int)m->from, (int)from->samples_per_frame,
                           (int)to->samples_per_frame);
        if (w->info.layout == HL_WAVE_VARIABLE)
            set_scale(to, from, m);
    }
    return HL_OK;
}

static hl_code check_segment(const hl_wave *w, const hl_wfdb_header *h, hl_error *err)
{
    if (h->n_segments > 0)
        return hl_fail(err, HL_E_INPUT,
                       "segment %s has segments of its own; records cannot be nested", h->name);
    if (w->info.layout == HL_WAVE_FIXED && h->n_signals > w->info.n_signals)
        return hl_fail(err, HL_E_INPUT, "segment %s has %d signals, the first one has %d", h->name,
                       (int)h->n_signals, (int)w->info.n_signals);
    return HL_OK;
}

hl_code hl_wave_segment_open(hl_wave *w, int64_t i, hl_wave_open_segment **out, hl_error *err)
{
    hl_code c = HL_OK;

    for (int k = 0; k < HL_WAVE_OPEN_SEGMENTS; k++)
        if (w->open[k].piece == i) {
            w->open[k].used = ++w->clock;
            *out = &w->open[k];
            return HL_OK;
        }
    hl_wave_open_segment *s = free_place(w);
    s->arena = hl_arena_new(ARENA_BYTES);
    if (!s->arena)
        return hl_fail_memory(err, "segment", ARENA_BYTES);
    if (w->header.n_segments == 0)
        s->header = w->header;
    else
        c = read_header(w, s->arena, w->piece[i].name, &s->header, err);
    if (c == HL_OK && w->header.n_segments > 0)
        c = check_segment(w, &s->header, err);
    if (c == HL_OK)
        c = hl_wave_segment_groups(s, err);
    if (c == HL_OK && w->info.n_signals > 0)
        c = map_signals(w, s, err);
    if (c != HL_OK) {
        hl_wave_segment_close(s);
        return c;
    }
    s->piece = i;
    s->used = ++w->clock;
    *out = s;
    return HL_OK;
}

/* The header alone: whoever asks of a thousand segments what they have opens none of them. */
static hl_code look_at_segment(hl_wave *w, int64_t i, hl_wfdb_header *h, hl_error *err)
{
    if (!w->glance)
        w->glance = hl_arena_new(ARENA_BYTES);
    if (!w->glance)
        return hl_fail_memory(err, "segment", ARENA_BYTES);
    hl_arena_reset(w->glance);
    hl_code c = read_header(w, w->glance, w->piece[i].name, h, err);
    return c == HL_OK ? check_segment(w, h, err) : c;
}

/* --- what the record is ------------------------------------------------------------------------
 */

static hl_code describe_signals(hl_wave *w, const hl_wfdb_header *h, hl_error *err)
{
    int32_t n = h->n_signals;
    hl_wave_signal *to = hl_arena_calloc(w->arena, (size_t)n, sizeof *to);

    if (!to)
        return hl_fail_memory(err, "signals", (size_t)n * sizeof *to);
    w->signal = h->signal;
    w->info.signal = to;
    w->info.n_signals = n;
    w->info.max_samples_per_frame = 1;
    for (int32_t i = 0; i < n; i++) {
        const hl_wfdb_signal *s = &h->signal[i];
        int64_t skew = hl_wfdb_skew_frames(s);
        if (skew > INT32_MAX)
            return hl_fail(err, HL_E_INPUT, "signal %d: a skew of %lld frames", (int)i,
                           (long long)skew);
        to[i] = (hl_wave_signal){.name = s->description,
                                 .units = s->units,
                                 .rate_hz = h->rate_hz * s->samples_per_frame,
                                 .gain = s->gain,
                                 .baseline = s->baseline,
                                 .samples_per_frame = s->samples_per_frame,
                                 .adc_bits = s->adc_bits,
                                 .adc_zero = s->adc_zero,
                                 .format = s->format,
                                 .skew_frames = (int32_t)skew,
                                 .calibrated = s->calibrated};
        if (!*s->description)
            to[i].name = hl_arena_printf(w->arena, "record %s, signal %d", h->name, (int)i);
        if (!to[i].name)
            return hl_fail_memory(err, "signals", 0);
        if (s->samples_per_frame > w->info.max_samples_per_frame)
            w->info.max_samples_per_frame = s->samples_per_frame;
        if (skew > w->max_skew)
            w->max_skew = skew;
    }
    return HL_OK;
}

static void describe_time(hl_wave *w, const hl_wfdb_header *h)
{
    w->info.start_ms = HL_WAVE_NO_TIME;
    w->info.has_date = 0;
    if (h->base_ms == HL_WFDB_NO_TIME)
        return;
    w->info.start_ms = h->base_ms;
    if (h->base_day != HL_WFDB_NO_TIME) {
        w->info.start_ms += h->base_day * (int64_t)DAY_MS;
        w->info.has_date = 1;
    }
}

static int64_t nearest(double v)
{
    return v <= 0 ? 0 : v >= 9e15 ? INT64_C(9000000000000000) : (int64_t)(v + 0.5);
}

static hl_code make_pieces(hl_wave *w, int64_t n, hl_error *err)
{
    w->piece = hl_arena_calloc(w->arena, (size_t)n, sizeof *w->piece);
    w->info.segment = w->piece;
    w->info.n_segments = n;
    return w->piece ? HL_OK : hl_fail_memory(err, "segments", (size_t)n * sizeof *w->piece);
}

static hl_code describe_single(hl_wave *w, hl_error *err)
{
    hl_wave_open_segment *s;
    hl_code c = describe_signals(w, &w->header, err);

    if (c == HL_OK)
        c = make_pieces(w, 1, err);
    if (c != HL_OK)
        return c;
    w->info.layout = HL_WAVE_SINGLE;
    w->info.n_frames = w->header.n_samples;
    w->piece[0].name = w->header.name;
    if (w->info.n_frames == 0 && w->info.n_signals > 0) {
        c = hl_wave_segment_open(w, 0, &s, err);
        if (c == HL_OK)
            c = hl_wave_segment_length(w, s, &w->info.n_frames, err);
        if (c != HL_OK)
            return c;
    }
    w->info.n_frames -= w->max_skew < w->info.n_frames ? w->max_skew : w->info.n_frames;
    w->piece[0].to = w->info.n_frames;
    return HL_OK;
}

/* Segment lines to pieces; the layout's line (length 0, first) is none. */
static hl_code describe_timeline(hl_wave *w, int64_t first, hl_error *err)
{
    const hl_wfdb_segment *segment = w->header.segment;
    int64_t at = 0;
    hl_code c = make_pieces(w, w->header.n_segments - first, err);

    for (int64_t i = first; i < w->header.n_segments && c == HL_OK; i++) {
        hl_wave_segment *p = &w->piece[i - first];
        p->name = segment[i].name;
        p->from = at;
        if (__builtin_add_overflow(at, segment[i].n_samples, &at))
            c = hl_fail(err, HL_E_INPUT, "%s.hea: the segments are too long", w->name);
        p->to = at;
    }
    w->info.n_frames = at;
    return c;
}

static hl_code describe_segments(hl_wave *w, hl_error *err)
{
    const hl_wfdb_segment *segment = w->header.segment;
    bool variable = segment[0].n_samples == 0;
    hl_wfdb_header first = {0};
    int64_t i = 0;
    hl_code c;

    while (!variable && i + 1 < w->header.n_segments && hl_wfdb_is_gap(&segment[i]))
        i++;
    c = read_header(w, w->arena, segment[i].name, &first, err);
    if (c == HL_OK && first.n_segments > 0)
        c = hl_fail(err, HL_E_INPUT, "segment %s has segments of its own; records cannot be nested",
                    first.name);
    if (c == HL_OK)
        c = describe_signals(w, &first, err);
    if (c == HL_OK)
        c = describe_timeline(w, variable ? 1 : 0, err);
    w->info.layout = variable ? HL_WAVE_VARIABLE : HL_WAVE_FIXED;
    w->max_skew = 0; /* the last frames of a segment are invalid instead */
    if (c == HL_OK && w->info.start_ms == HL_WAVE_NO_TIME) {
        describe_time(w, &first);
        if (w->info.start_ms != HL_WAVE_NO_TIME && !variable) /* of a segment behind a gap */
            w->info.start_ms -= nearest((double)w->piece[i].from * 1000 / w->header.rate_hz);
    }
    return c;
}

static hl_code describe(hl_wave *w, hl_error *err)
{
    const hl_wfdb_header *h = &w->header;

    w->info.name = h->name;
    w->info.frame_hz = h->rate_hz;
    w->info.counter_hz = h->counter_hz;
    w->info.base_counter = h->base_counter;
    w->info.note = h->comment;
    w->info.n_notes = (int64_t)h->n_comments;
    describe_time(w, h);
    return h->n_segments > 0 ? describe_segments(w, err) : describe_single(w, err);
}

/* --- EDF ---------------------------------------------------------------------------------------
 */

/* Runs of data records to pieces, with gaps between them where time was left out. */
static hl_code describe_runs(hl_wave *w, hl_error *err)
{
    const hl_edf *edf = w->edf;
    int64_t at = 0, n = 0;
    hl_code c = make_pieces(w, (int64_t)(2 * edf->n_runs + 1), err);

    w->edf_record = hl_arena_calloc(w->arena, 2 * edf->n_runs + 1, sizeof *w->edf_record);
    if (c == HL_OK && !w->edf_record)
        c = hl_fail_memory(err, "data records", edf->n_runs);
    if (c != HL_OK)
        return c;
    for (size_t i = 0; i < edf->n_runs; i++) {
        const hl_edf_run *run = &edf->run[i];
        int64_t begins = edf->is_discontinuous ? nearest(run->onset_s * w->info.frame_hz) : at;
        if (begins > at) {
            w->edf_record[n] = -1;
            w->piece[n++] = (hl_wave_segment){"~", at, begins};
            at = begins;
        }
        w->edf_record[n] = run->first_record;
        w->piece[n++] = (hl_wave_segment){w->info.name, at, at + run->n_records};
        at += run->n_records;
    }
    w->info.n_segments = n;
    w->info.n_frames = at;
    return HL_OK;
}

static hl_code open_edf(hl_wave *w, hl_error *err)
{
    hl_in *in = NULL;
    hl_edf *edf = hl_arena_calloc(w->arena, 1, sizeof *edf);
    hl_code c = edf ? HL_OK : hl_fail_memory(err, "EDF header", sizeof *edf);

    if (c == HL_OK)
        c = hl_place_in(w->place, w->name, &in, err);
    if (c == HL_OK)
        c = hl_edf_read(w->arena, in, edf, err);
    hl_in_close(&in);
    if (c != HL_OK)
        return c;
    w->edf = edf;
    w->header = edf->header;
    for (int32_t i = 0; i < w->header.n_signals; i++)
        w->header.signal[i].file = w->name;
    w->info.name = w->name;
    w->info.frame_hz = w->info.counter_hz = w->header.rate_hz;
    describe_time(w, &w->header);
    c = describe_signals(w, &w->header, err);
    return c == HL_OK ? describe_runs(w, err) : c;
}

/* --- opening -----------------------------------------------------------------------------------
 */

static bool ends_in(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);

    return n > m && strcasecmp(text + n - m, ending) == 0;
}

/* The header of w->name in w->place must name that record; its name may be given in full only where
 * a folder stood in front of it, and what lies on a server its reader cannot rename. */
static hl_code check_name(const hl_wave *w, const char *path, hl_error *err)
{
    char file[HL_PATH_BYTES], show[HL_SHOW_BYTES];

    if (hl_place_is_address(path) ||
        hl_wfdb_is_name_of(w->header.name, w->name, strchr(path, '/') != NULL))
        return HL_OK;
    snprintf(file, sizeof file, "%.4000s.hea", w->name);
    return hl_fail_at(err, HL_E_INPUT, file, 0, -1, "the header is that of another record, '%s'",
                      hl_show(hl_str_of(w->header.name), show));
}

/* w->name in w->place; path as it was given. */
static hl_code open_record(hl_wave *w, const char *path, hl_error *err)
{
    if (ends_in(w->name, ".edf") || ends_in(w->name, ".bdf"))
        return open_edf(w, err);
    if (ends_in(w->name, ".hea"))
        w->name[strlen(w->name) - 4] = 0;
    hl_code c = read_header(w, w->arena, w->name, &w->header, err);
    if (c == HL_E_INPUT && hl_is_folder(path))
        c = hl_fail(err, HL_E_INPUT,
                    "%s is a folder\nName a record in it: FOLDER/NAME, without extension.", path);
    if (c == HL_OK)
        c = check_name(w, path, err);
    return c == HL_OK ? describe(w, err) : c;
}

/* Frames and samples can be counted in 53 bits, and one frame of all signals fits in memory:
 * headers may state anything. */
static hl_code check_size(const hl_wave *w, hl_error *err)
{
    int64_t total = 0, most = MAX_SAMPLES / w->info.max_samples_per_frame;

    for (int32_t i = 0; i < w->info.n_signals; i++)
        total += w->info.signal[i].samples_per_frame;
    if (total > MAX_FRAME_SAMPLES)
        return hl_fail(err, HL_E_LIMIT,
                       "record %s has %lld samples a frame; at most %d are supported", w->info.name,
                       (long long)total, MAX_FRAME_SAMPLES);
    if (w->info.n_frames > most || w->header.n_samples > most)
        return hl_fail(err, HL_E_LIMIT, "record %s states more samples than can be counted",
                       w->info.name);
    return HL_OK;
}

static hl_code new_wave(const hl_ctl *ctl, hl_wave **out, hl_error *err)
{
    hl_wave *w = calloc(1, sizeof *w);

    *out = w;
    if (!w)
        return hl_fail_memory(err, "record", sizeof *w);
    for (int i = 0; i < HL_WAVE_OPEN_SEGMENTS; i++)
        w->open[i].piece = -1;
    w->cpu = hl_cpu_level(ctl ? ctl->cpu : 0);
    w->arena = hl_arena_new(ARENA_BYTES);
    return w->arena ? HL_OK : hl_fail_memory(err, "record", ARENA_BYTES);
}

HL_API hl_code hl_wave_open(const char *path, const hl_ctl *ctl, hl_wave **out, hl_error *err)
{
    hl_code c = new_wave(ctl, out, err);

    if (c == HL_OK)
        c = hl_place_split(path, (*out)->folder, (*out)->name, err);
    if (c == HL_OK)
        c = hl_place_open((*out)->folder, &(*out)->place, err);
    if (c == HL_OK)
        c = open_record(*out, path, err);
    if (c == HL_OK)
        c = check_size(*out, err);
    if (c != HL_OK)
        hl_wave_close(out);
    return c;
}

hl_code hl_wave_open_in(hl_place **place, const char *name, const hl_ctl *ctl, hl_wave **out,
                        hl_error *err)
{
    hl_code c = new_wave(ctl, out, err);

    if (c == HL_OK) {
        (*out)->place = *place;
        *place = NULL;
        snprintf((*out)->name, sizeof(*out)->name, "%s", name);
        c = open_record(*out, name, err);
    }
    if (c == HL_OK)
        c = check_size(*out, err);
    if (c != HL_OK)
        hl_wave_close(out);
    return c;
}

HL_API void hl_wave_close(hl_wave **wave)
{
    hl_wave *w = wave ? *wave : NULL;

    if (!w)
        return;
    for (int i = 0; i < HL_WAVE_OPEN_SEGMENTS; i++)
        hl_wave_segment_close(&w->open[i]);
    hl_place_close(&w->place);
    hl_arena_free(&w->glance);
    hl_arena_free(&w->arena);
    free(w->scratch);
    free(w->chunk);
    free(w->lane);
    free(w);
    *wave = NULL;
}

HL_API const hl_wave_info *hl_wave_about(const hl_wave *wave)
{
    return &wave->info;
}

HL_API int32_t hl_wave_is_edf(const hl_wave *wave)
{
    return wave->edf != NULL;
}

HL_API void hl_wave_pad_skew(hl_wave *wave)
{
    if (wave->header.n_segments > 0 || wave->edf || wave->header.n_samples == 0)
        return;
    wave->info.n_frames = wave->header.n_samples;
    wave->piece[0].to = wave->info.n_frames;
}

static int32_t find_name(const hl_wave *w, hl_str name, bool trimmed)
{
    int32_t found = -1;

    for (int32_t s = 0; s < w->info.n_signals; s++) {
        hl_str own = hl_str_of(w->info.signal[s].name);
        if (hl_str_equal(trimmed ? hl_str_trim(own) : own, name))
            found = found == -1 ? s : -2;
    }
    return found;
}

HL_API int32_t hl_wave_find(const hl_wave *wave, const char *name)
{
    int32_t found = find_name(wave, hl_str_of(name), false);
    int64_t i;

    if (found == -1) /* "III " is written with its blank by some headers, by nobody else */
        found = find_name(wave, hl_str_trim(hl_str_of(name)), true);
    if (found == -1 && name[0] == '#' && hl_parse_i64(hl_str_of(name + 1), &i) && i >= 0 &&
        i < wave->info.n_signals)
        found = (int32_t)i;
    return found;
}

HL_API hl_code hl_wave_present(hl_wave *w, int64_t i, uint8_t *present, hl_error *err)
{
    hl_wfdb_header read, *h = NULL;
    hl_code c = HL_OK;

    memset(present, 0, (size_t)w->info.n_signals);
    if (i < 0 || i >= w->info.n_segments)
        return hl_fail(err, HL_E_USAGE, "record %s has no segment %lld", w->info.name,
                       (long long)i);
    if (strcmp(w->piece[i].name, "~") == 0)
        return HL_OK;
    if (w->header.n_segments == 0)
        h = &w->header;
    for (int k = 0; k < HL_WAVE_OPEN_SEGMENTS && !h; k++)
        if (w->open[k].piece == i)
            h = &w->open[k].header;
    if (!h) {
        c = look_at_segment(w, i, &read, err);
        h = &read;
    }
    for (int32_t k = 0; c == HL_OK && k < h->n_signals; k++) {
        int32_t s = place_of(w, h, k);
        if (s >= 0)
            present[s] = 1;
    }
    return c;
}
