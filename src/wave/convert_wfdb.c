#include "wave/convert_wfdb.h"

#include <stdlib.h>

#include "format/wfdb/signal.h"

enum { BLOCK = 6144 }; /* samples of a file that are turned at a time; a multiple of 2 and 3 */

/* A signal file. */
typedef struct {
    const hl_wfdb_format *format;
    int32_t first, n;      /* signals */
    int64_t frame_samples; /* of all of them */
    int64_t step;          /* frames that are turned at a time */
    hl_out *out;           /* NULL: signals without a file */
    hl_flac_writer *flac;
    int32_t *code;   /* [step * frame_samples + 2] interleaved, from the last whole group on */
    size_t n_code;   /* held over: less than a group */
    uint8_t *stored; /* the same as bytes */
    char path[HL_PATH_BYTES];
} group;

/* What a signal's samples add up to. */
typedef struct {
    uint32_t sum;
    int32_t last; /* format 8: value before */
} tally;

struct hl_record_writer {
    hl_wfdb_header header;
    hl_wfdb_signal *signal; /* header.signal */
    tally *tally;
    group *file;
    int32_t n_files;
    int64_t n_frames;
    char folder[HL_PATH_BYTES];
};

/* --- beginning ---------------------------------------------------------------------------------
 */

static hl_code check_flac(const hl_record_writer *w, const group *g, hl_error *err)
{
    if (g->n > HL_FLAC_CHANNELS)
        return hl_fail(err, HL_E_USAGE, "%d signals in %s; a FLAC file holds %d", (int)g->n,
                       w->signal[g->first].file, HL_FLAC_CHANNELS);
    for (int32_t i = 1; i < g->n; i++)
        if (w->signal[g->first + i].samples_per_frame != w->signal[g->first].samples_per_frame)
            return hl_fail(err, HL_E_USAGE,
                           "signals %d and %d differ in samples a frame; a FLAC file cannot hold "
                           "both",
                           (int)g->first, (int)(g->first + i));
    return HL_OK;
}

/* Signals first .. first + n - 1 of the next group. */
static hl_code find_group(hl_record_writer *w, int32_t first, hl_error *err)
{
    group *g = &w->file[w->n_files++];

    *g = (group){.format = hl_wfdb_format_find(w->signal[first].format), .first = first};
    if (!g->format)
        return hl_fail(err, HL_E_USAGE, "%d is no signal format of WFDB",
                       (int)w->signal[first].format);
    for (int32_t s = first; s < w->header.n_signals; s++) {
        if (w->signal[s].group != w->signal[first].group)
            break;
        if (w->signal[s].format != g->format->format)
            return hl_fail(err, HL_E_USAGE, "signals %d and %d of one file have two formats",
                           (int)first, (int)s);
        g->frame_samples += w->signal[s].samples_per_frame;
        g->n++;
    }
    return hl_wfdb_is_flac(g->format->format) ? check_flac(w, g, err) : HL_OK;
}

static hl_code open_group(hl_record_writer *w, group *g, hl_flac_effort effort, hl_error *err)
{
    enum { MOST_SAMPLES = 1 << 24 };

    if (g->format->format == 0)
        return HL_OK;
    if (g->frame_samples > MOST_SAMPLES)
        return hl_fail(err, HL_E_LIMIT, "%lld samples a frame; at most %d are written",
                       (long long)g->frame_samples, MOST_SAMPLES);
    g->step = BLOCK / g->frame_samples;
    g->step = g->step < 1 ? 1 : g->step;
    size_t room = (size_t)(g->step * g->frame_samples) + HL_WFDB_GROUP_SAMPLES;
    g->code = malloc(room * sizeof *g->code);
    g->stored = malloc(room * sizeof *g->code + 8);
    if (!g->code || !g->stored)
        return hl_fail_memory(err, "samples", room * sizeof *g->code);
    const char *file = w->signal[g->first].file;
    if (!hl_path_is_inside(hl_str_of(file)) || strchr(file, '/'))
        return hl_fail(err, HL_E_INPUT, "a signal file called '%.200s' would leave the folder",
                       file);
    hl_code c = hl_written_create(w->folder, file, g->path, &g->out, err);
    if (c == HL_OK && hl_wfdb_is_flac(g->format->format))
        c = hl_flac_writer_new(g->out, g->n, g->format->format - 500, effort, &g->flac, err);
    return c;
}

hl_code hl_record_writer_new(const char *folder, const hl_wfdb_header *h, hl_flac_effort effort,
                             hl_record_writer **out, hl_error *err)
{
    const size_t n = (size_t)h->n_signals;
    hl_record_writer *w = calloc(1, sizeof *w);
    char name[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_code c = HL_OK;

    *out = NULL;
    if (!w)
        return hl_fail_memory(err, "record writer", sizeof *w);
    w->header = *h;
    w->signal = calloc(n + 1, sizeof *w->signal);
    w->tally = calloc(n + 1, sizeof *w->tally);
    w->file = calloc(n + 1, sizeof *w->file);
    snprintf(w->folder, sizeof w->folder, "%s", folder);
    snprintf(name, sizeof name, "%.2000s.hea", h->name);
    if (!w->signal || !w->tally || !w->file)
        c = hl_fail_memory(err, "record writer", n * sizeof *w->signal);
    if (c == HL_OK) {
        if (n)
            memcpy(w->signal, h->signal, n * sizeof *w->signal);
        w->header.signal = w->signal;
        c = hl_written_claim(folder, name, path, err);
    }
    for (int32_t s = 0; c == HL_OK && s < h->n_signals; s += w->file[w->n_files - 1].n) {
        c = find_group(w, s, err);
        if (c == HL_OK)
            c = open_group(w, &w->file[w->n_files - 1], effort, err);
    }
    if (c == HL_OK)
        *out = w;
    else
        hl_record_writer_abort(&w);
    return c;
}

/* --- codes -------------------------------------------------------------------------------------
 */

static hl_code refuse(const hl_record_writer *w, const hl_wfdb_format *f, int32_t s, int64_t i,
                      int32_t v, hl_error *err)
{
    char show[HL_SHOW_BYTES];
    const long long frame = w->n_frames + i / w->signal[s].samples_per_frame;

    hl_show(hl_str_of(w->signal[s].description), show);
    if (f->format == 0)
        return hl_fail(err, HL_E_USAGE,
                       "signal %d (%s), frame %lld: format 0 holds no samples, and here is %d",
                       (int)s, show, frame, (int)v);
    if (v == HL_WFDB_INVALID)
        return hl_fail(err, HL_E_USAGE,
                       "signal %d (%s), frame %lld: was not measured, and format %d has no code "
                       "for that\nTake another format: --format 16, for example.",
                       (int)s, show, frame, (int)f->format);
    if (f->format == 8 && v >= f->least && v <= f->most)
        return hl_fail(err, HL_E_USAGE,
                       "signal %d (%s), frame %lld: from %d to %d is more than a step of format 8 "
                       "(-128 to 127)\nTake another format: --format 16, for example.",
                       (int)s, show, frame, (int)w->tally[s].last, (int)v);
    return hl_fail(err, HL_E_USAGE,
                   "signal %d (%s), frame %lld: %d does not fit into format %d (%d to %d)\nTake a "
                   "wider format: 16, 24 or 32 (in FLAC 516 or 524).",
                   (int)s, show, frame, (int)v, (int)f->format, (int)f->least, (int)f->most);
}

/* Format 8: n differences from the value before, of signal s. waveform.md 1.2 */
static int64_t differences(hl_record_writer *w, int32_t s, const int32_t *v, int64_t n,
                           int64_t stride, int64_t spf, int32_t *to)
{
    tally *t = &w->tally[s];

    for (int64_t i = 0; i < n; i++) {
        int64_t step = (int64_t)v[i] - t->last;
        if (v[i] == HL_WFDB_INVALID || step < INT8_MIN || step > INT8_MAX)
            return i;
        to[i / spf * stride + i % spf] = (int32_t)step;
        t->last = v[i];
        t->sum += (uint32_t)v[i];
    }
    return -1;
}

/*
 * n frames of signal s as codes to `to`, where a frame of its group is `stride` codes long and the
 * signal's are spf neighbours (FLAC: a stride apart, spf times as many frames of one sample).
 * Returns the index of the first value that the format cannot hold, or -1.
 */
static int64_t put_codes(hl_record_writer *w, const hl_wfdb_format *f, int32_t s, const int32_t *v,
                         int64_t n, int64_t stride, int64_t spf, int32_t *to)
{
    uint32_t sum = 0;

    if (f->format == 8)
        return differences(w, s, v, n, stride, spf, to);
    for (int64_t i = 0; i < n; to += stride)
        for (int64_t k = 0; k < spf; k++, i++) {
            int32_t code = v[i];
            if (code == HL_WFDB_INVALID)
                code = f->invalid;
            else if (code < f->least || code > f->most)
                return i;
            sum += (uint32_t)code;
            to[k] = code;
        }
    w->tally[s].sum += sum;
    return -1;
}

static int32_t first_code(const hl_wfdb_format *f, int32_t v)
{
    return v == HL_WFDB_INVALID ? f->invalid : v;
}

/* --- frames to files ---------------------------------------------------------------------------
 */

/* Store the whole groups of what is held, or at the end everything. */
static hl_code store(group *g, bool all, hl_error *err)
{
    const hl_wfdb_format *f = g->format;
    size_t rest = all ? 0 : g->n_code % (size_t)f->group_samples, n = g->n_code - rest;
    int64_t bytes = 0;

    if (n == 0)
        return HL_OK;
    hl_assert(hl_wfdb_stored_bytes(f, (int64_t)n, &bytes));
    f->pack(g->code, (int64_t)n, g->stored);
    memmove(g->code, g->code + n, rest * sizeof *g->code);
    g->n_code = rest;
    return hl_out_write(g->out, g->stored, (size_t)bytes, err);
}

/* n frames, at most g->step, which begin `at` frames into sample[]. */
static hl_code put_frames(hl_record_writer *w, group *g, const int32_t *const sample[], int64_t at,
                          int64_t n, hl_error *err)
{
    const bool flac = g->flac != NULL;
    int64_t column = 0;

    for (int32_t s = g->first; s < g->first + g->n; s++) {
        const int64_t spf = w->signal[s].samples_per_frame;
        const int32_t *v = sample[s] + at * spf;
        if (w->n_frames + at == 0)
            w->signal[s].initial = w->tally[s].last = first_code(g->format, v[0]);
        int64_t bad = flac ? put_codes(w, g->format, s, v, n * spf, g->n, 1, g->code + column)
                           : put_codes(w, g->format, s, v, n * spf, g->frame_samples, spf,
                                       g->code + g->n_code + column);
        if (bad >= 0)
            return refuse(w, g->format, s, at * spf + bad, v[bad], err);
        column += flac ? 1 : spf;
    }
    if (flac)
        return hl_flac_writer_add(g->flac, g->code, n * w->signal[g->first].samples_per_frame, err);
    g->n_code += (size_t)(n * g->frame_samples);
    return store(g, false, err);
}

/* Signals without a file: there must be nothing to store. */
static hl_code check_nothing(const hl_record_writer *w, const group *g,
                             const int32_t *const sample[], int64_t n_frames, hl_error *err)
{
    for (int32_t s = g->first; s < g->first + g->n; s++)
        for (int64_t i = 0; i < n_frames * w->signal[s].samples_per_frame; i++)
            if (sample[s][i] != HL_WFDB_INVALID)
                return refuse(w, g->format, s, i, sample[s][i], err);
    return HL_OK;
}

hl_code hl_record_writer_add(hl_record_writer *w, const int32_t *const sample[], int64_t n_frames,
                             hl_error *err)
{
    hl_code c = HL_OK;

    for (int32_t i = 0; i < w->n_files && c == HL_OK; i++) {
        group *g = &w->file[i];
        if (!g->out) {
            c = check_nothing(w, g, sample, n_frames, err);
            continue;
        }
        for (int64_t at = 0; at < n_frames && c == HL_OK; at += g->step)
            c = put_frames(w, g, sample, at, n_frames - at < g->step ? n_frames - at : g->step,
                           err);
    }
    w->n_frames += n_frames;
    return c;
}

/* --- ending ------------------------------------------------------------------------------------
 */

hl_code hl_record_write_header(const char *folder, const hl_wfdb_header *h, hl_written *written,
                               hl_error *err)
{
    char name[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_out *out = NULL;
    size_t n = 0;
    hl_code c = hl_wfdb_put_header_crlf(&text, h, err);

    snprintf(name, sizeof name, "%.2000s.hea", h->name);
    for (size_t i = 0; c == HL_OK && i < text.n; i++) /* no field holds a CR */
        if (text.at[i] != '\r')
            text.at[n++] = text.at[i];
    if (c == HL_OK)
        c = hl_written_create(folder, name, path, &out, err);
    if (c == HL_OK)
        c = hl_out_write(out, text.at, n, err);
    if (c == HL_OK)
        c = hl_written_commit(written, path, &out, err);
    hl_out_abort(&out);
    hl_buf_free(&text);
    return c;
}

static hl_code end_group(hl_record_writer *w, group *g, hl_written *written, hl_error *err)
{
    hl_code c = HL_OK;

    for (int32_t s = g->first; s < g->first + g->n; s++) {
        w->signal[s].has_checksum = true;
        w->signal[s].checksum = (int32_t)(w->tally[s].sum & 0xffff);
    }
    if (!g->out)
        return HL_OK;
    if (g->flac)
        c = hl_flac_writer_end(&g->flac, err);
    else
        c = store(g, true, err);
    return c == HL_OK ? hl_written_commit(written, g->path, &g->out, err) : c;
}

hl_code hl_record_writer_end(hl_record_writer **writer, hl_written *written, hl_error *err)
{
    hl_record_writer *w = *writer;
    hl_code c = HL_OK;

    for (int32_t i = 0; i < w->n_files && c == HL_OK; i++)
        c = end_group(w, &w->file[i], written, err);
    w->header.n_samples = w->n_frames;
    if (c == HL_OK)
        c = hl_record_write_header(w->folder, &w->header, written, err);
    hl_record_writer_abort(writer);
    return c;
}

void hl_record_writer_abort(hl_record_writer **writer)
{
    hl_record_writer *w = writer ? *writer : NULL;

    if (!w)
        return;
    for (int32_t i = 0; i < w->n_files; i++) {
        hl_flac_writer_abort(&w->file[i].flac);
        hl_out_abort(&w->file[i].out);
        free(w->file[i].code);
        free(w->file[i].stored);
    }
    free(w->file);
    free(w->tally);
    free(w->signal);
    free(w);
    *writer = NULL;
}
