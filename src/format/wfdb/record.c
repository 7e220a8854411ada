/*
 * record.c - a record = header + signal files, read and written whole.
 *
 * The usual record (one file, format 16, MIMIC-IV-ECG) is read by one pread straight into the
 * sample array; every other shape goes through the format's unpack, group by group. A group is a
 * run of signals that name the same file; the same name further down is a new group that starts
 * at the file's beginning again (waveform.md 1.1, FNAME).
 */
#include "format/wfdb/wfdb.h"

#include "format/wfdb/signal.h"

enum { MAX_HEADER_BYTES = 8 << 20 };
#define MAX_RECORD_BYTES (INT64_C(4) << 30) /* of one signal file, and of all samples */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { STORED_16_IS_NATIVE = 1 };
#else
enum { STORED_16_IS_NATIVE = 0 };
#endif

typedef struct {
    const char *file;
    const hl_wfdb_format *format;
    int64_t offset_bytes;
    int32_t first, n; /* signals first .. first + n - 1 */
} group;

static hl_code make_path(char out[HL_PATH_BYTES], const char *path, const char *tail, hl_error *err)
{
    int n = snprintf(out, HL_PATH_BYTES, "%s%s", path, tail);

    if (n < 0 || n >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "%.60s...: the path is longer than %d bytes", path,
                       HL_PATH_BYTES - 1);
    return HL_OK;
}

/* Path of a file beside the record's header. */
static hl_code beside(char out[HL_PATH_BYTES], const char *path, const char *file, hl_error *err)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    int n = snprintf(out, HL_PATH_BYTES, "%.*s%s", folder, path, file);

    if (n < 0 || n >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "%.60s...: the path is longer than %d bytes", path,
                       HL_PATH_BYTES - 1);
    return HL_OK;
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* All bytes of in into to, which has room for them. */
static hl_code read_all(hl_in *in, void *to, size_t n, hl_error *err)
{
    size_t got;
    hl_code c = hl_in_pread(in, to, n, 0, &got, err);

    if (c == HL_OK && got < n)
        c = hl_fail_at(err, HL_E_IO, hl_in_name(in), 0, (int64_t)got,
                       "the file shrank from %zu to %zu bytes while it was read", n, got);
    return c;
}

/* --- header --------------------------------------------------------------------------------- */

static hl_code read_header(hl_arena *arena, const char *path, hl_wfdb_record *r, hl_error *err)
{
    char name[HL_PATH_BYTES];
    hl_in *in = NULL;
    hl_code c = make_path(name, path, ".hea", err);

    if (c != HL_OK || (c = hl_in_open(name, &in, err)) != HL_OK)
        return c;
    int64_t size = hl_in_size(in);
    if (size > MAX_HEADER_BYTES) {
        c = hl_fail_at(err, HL_E_LIMIT, name, 0, -1, "%lld bytes; a header has at most %d",
                       (long long)size, MAX_HEADER_BYTES);
        goto done;
    }
    char *text = hl_arena_alloc(arena, (size_t)size);
    if (!text) {
        c = hl_fail_memory(err, "WFDB header", (size_t)size);
        goto done;
    }
    c = read_all(in, text, (size_t)size, err);
    if (c != HL_OK)
        goto done;
    hl_sha256_of(text, (size_t)size, &r->header_digest);
    c = hl_wfdb_parse_header(arena, text, (size_t)size, name, &r->header, err);
done:
    hl_in_close(&in);
    return c;
}

/* The WFDB library's rule: asked for through a folder, the header must name this very record;
 * without one, a beginning of the name will do. waveform.md 1.1, NAME */
static hl_code check_name(const char *path, const hl_wfdb_header *h, hl_error *err)
{
    const char *asked = last_component(path);

    if (hl_wfdb_is_name_of(h->name, asked, asked != path))
        return HL_OK;
    char file[HL_PATH_BYTES], show[HL_SHOW_BYTES];
    snprintf(file, sizeof file, "%s.hea", path);
    return hl_fail_at(err, HL_E_INPUT, file, 0, -1, "the header is that of another record, '%s'",
                      hl_show(hl_str_of(h->name), show));
}

/* What this reader cannot do yet is refused by name, before any signal file is touched. */
static hl_code check_supported(const char *path, const hl_wfdb_header *h, hl_error *err)
{
    char file[HL_PATH_BYTES];
    const hl_wfdb_format *f;
    hl_code c = make_path(file, path, ".hea", err);

    if (c == HL_OK && h->n_segments > 0)
        return hl_fail_at(err, HL_E_LIMIT, file, 0, -1,
                          "a record of %d segments; only single-segment records are supported here",
                          (int)h->n_segments);
    if (c == HL_OK && h->n_signals == 0)
        c = hl_fail_at(err, HL_E_INPUT, file, 0, -1, "the record has no signals");
    for (int32_t i = 0; i < h->n_signals && c == HL_OK; i++) {
        const hl_wfdb_signal *s = &h->signal[i];
        if (s->file && strcmp(s->file, "~") == 0)
            c = hl_fail_at(err, HL_E_LIMIT, file, 0, -1, "signal %d has no file ('~')", (int)i);
        if (c == HL_OK)
            c = hl_wfdb_format_check(s->format, file, &f, err);
        if (c == HL_OK && s->samples_per_frame != 1)
            c = hl_fail_at(err, HL_E_LIMIT, file, 0, -1,
                           "signal %d has %d samples a frame; only 1 is supported", (int)i,
                           (int)s->samples_per_frame);
        if (c == HL_OK && s->skew != 0)
            c = hl_fail_at(err, HL_E_LIMIT, file, 0, -1,
                           "signal %d has a skew of %d samples; skew is not supported", (int)i,
                           (int)s->skew);
    }
    return c;
}

/* --- signal files ---------------------------------------------------------------------------- */

/* The group that starts at signal first. */
static group group_at(const hl_wfdb_header *h, int32_t first)
{
    const hl_wfdb_signal *s = &h->signal[first];
    group g = {.file = s->file,
               .format = hl_wfdb_format_find(s->format),
               .offset_bytes = s->offset_bytes,
               .first = first,
               .n = 1};

    while (first + g.n < h->n_signals && strcmp(h->signal[first + g.n].file, g.file) == 0)
        g.n++;
    return g;
}

/* *need = bytes of the file up to the end of n_frames frames of g; false: no file is that large. */
static bool bytes_needed(const group *g, int64_t n_frames, int64_t *need)
{
    int64_t samples;

    return !__builtin_mul_overflow(n_frames, (int64_t)g->n, &samples) &&
           hl_wfdb_needed_bytes(g->format, samples, need) &&
           !__builtin_add_overflow(*need, g->offset_bytes, need);
}

static hl_code fail_short(const group *g, hl_in *in, int64_t n_frames, hl_error *err)
{
    char promise[32] = "more", offset[64] = "";
    int64_t need;

    if (bytes_needed(g, n_frames, &need))
        snprintf(promise, sizeof promise, "%lld", (long long)need);
    if (g->offset_bytes)
        snprintf(offset, sizeof offset, ", from byte %lld on", (long long)g->offset_bytes);
    return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, hl_in_size(in),
                      "%lld bytes, the header promises %s "
                      "(%d signals x %lld samples, format %d%s)\n"
                      "The file is cut, or the header is that of another file.",
                      (long long)hl_in_size(in), promise, (int)g->n, (long long)n_frames,
                      (int)g->format->format, offset);
}

/* The file of g holds n_frames frames, or *n_frames < 0 (not known) is set to what it holds. */
static hl_code check_size(const group *g, hl_in *in, int64_t *n_frames, hl_error *err)
{
    int64_t size = hl_in_size(in), need;

    if (size > MAX_RECORD_BYTES)
        return hl_fail_at(err, HL_E_LIMIT, hl_in_name(in), 0, -1,
                          "%lld bytes; signal files of up to %lld are supported", (long long)size,
                          (long long)MAX_RECORD_BYTES);
    if (*n_frames < 0)
        *n_frames = size <= g->offset_bytes
                        ? 0
                        : hl_wfdb_stored_samples(g->format, size - g->offset_bytes) / g->n;
    else if (!bytes_needed(g, *n_frames, &need) || need > size)
        return fail_short(g, in, *n_frames, err);
    return HL_OK;
}

static hl_code open_group(const char *path, const group *g, hl_in **in, hl_error *err)
{
    char file[HL_PATH_BYTES];
    hl_code c = beside(file, path, g->file, err);

    if (c == HL_OK && (c = hl_in_open(file, in, err)) != HL_OK)
        hl_error_context(err, "%s.hea names a signal file that cannot be read", path);
    return c;
}

/* A header without NSAMP: the record is as long as its shortest file. */
static hl_code measure(const char *path, hl_wfdb_record *r, hl_error *err)
{
    int64_t shortest = INT64_MAX;
    hl_code c = HL_OK;
    group g;

    for (int32_t i = 0; i < r->header.n_signals && c == HL_OK; i += g.n) {
        hl_in *in = NULL;
        int64_t n = -1;
        g = group_at(&r->header, i);
        if ((c = open_group(path, &g, &in, err)) == HL_OK)
            c = check_size(&g, in, &n, err);
        if (c == HL_OK && n < shortest)
            shortest = n;
        hl_in_close(&in);
    }
    r->n_samples = shortest;
    return c;
}

/* Compare the codes of g's signals with what the header says of them. Without NSAMP or checksum
 * there is nothing to compare. */
static void check_codes(hl_wfdb_record *r, const group *g, const int16_t *code, uint16_t *sum)
{
    if (r->header.n_samples == 0)
        return;
    hl_wfdb_checksums(code, r->n_samples, g->n, sum);
    for (int32_t i = 0; i < g->n; i++) {
        const hl_wfdb_signal *s = &r->header.signal[g->first + i];
        if (!s->has_checksum)
            continue;
        r->n_checksum_faults += sum[i] != (uint16_t)s->checksum;
        r->n_initial_faults += code[i] != s->initial;
    }
}

/* One file, format 16, native byte order: the stored bytes are the samples. */
static hl_code read_native(hl_arena *arena, const group *g, hl_in *in, hl_wfdb_record *r,
                           hl_error *err)
{
    size_t size = (size_t)hl_in_size(in), bytes = (size_t)(r->n_samples * g->n) * 2;
    uint8_t *stored = hl_arena_aligned(arena, size, 64);
    hl_code c;

    if (!stored)
        return hl_fail_memory(err, "WFDB samples", size);
    if ((c = read_all(in, stored, size, err)) != HL_OK)
        return c;
    hl_sha256_of(stored, size, &r->signal_digest);
    if (g->offset_bytes)
        memmove(stored, stored + g->offset_bytes, bytes);
    r->sample = (int16_t *)(void *)stored;
    return HL_OK;
}

/* Any other group: stored bytes -> codes; scratch holds both. */
static hl_code read_packed(hl_buf *scratch, const group *g, hl_in *in, hl_wfdb_record *r,
                           int16_t **code, hl_error *err)
{
    size_t size = (size_t)hl_in_size(in), n = (size_t)(r->n_samples * g->n), start;
    hl_code c;

    hl_buf_clear(scratch);
    start = (size + 63) & ~(size_t)63;
    char *stored = hl_buf_reserve(scratch, start + n * sizeof **code);
    if (!stored)
        return hl_fail_memory(err, "WFDB samples", start + n * sizeof **code);
    if ((c = read_all(in, stored, size, err)) != HL_OK)
        return c;
    if (g->first == 0)
        hl_sha256_of(stored, size, &r->signal_digest);
    *code = (int16_t *)(void *)(stored + start);
    if (n > 0)
        hl_wfdb_unpack_codes(g->format, (const uint8_t *)stored + g->offset_bytes, (int64_t)n,
                             *code);
    return HL_OK;
}

static void scatter(const group *g, const int16_t *code, hl_wfdb_record *r)
{
    int32_t width = r->header.n_signals;

    if (g->n == width) {
        memcpy(r->sample, code, (size_t)(r->n_samples * width) * sizeof *code);
        return;
    }
    for (int64_t t = 0; t < r->n_samples; t++)
        memcpy(r->sample + t * width + g->first, code + t * g->n, (size_t)g->n * sizeof *code);
}

static hl_code new_samples(hl_arena *arena, const char *path, hl_wfdb_record *r, hl_error *err)
{
    int64_t bytes;

    if (__builtin_mul_overflow(r->n_samples, 2 * (int64_t)r->header.n_signals, &bytes) ||
        bytes > MAX_RECORD_BYTES)
        return hl_fail_at(err, HL_E_LIMIT, path, 0, -1,
                          "%d signals x %lld samples; records of up to %lld bytes are supported",
                          (int)r->header.n_signals, (long long)r->n_samples,
                          (long long)MAX_RECORD_BYTES);
    r->sample = hl_arena_aligned(arena, (size_t)bytes, 64);
    return r->sample ? HL_OK : hl_fail_memory(err, "WFDB samples", (size_t)bytes);
}

static hl_code read_group(hl_arena *arena, const char *path, const group *g, hl_buf *scratch,
                          hl_wfdb_record *r, hl_error *err)
{
    bool native = STORED_16_IS_NATIVE && g->n == r->header.n_signals && g->format->format == 16;
    uint16_t sum_of_few[64], *sum = sum_of_few;
    hl_in *in = NULL;
    int16_t *code = NULL;
    hl_code c = open_group(path, g, &in, err);

    if (c == HL_OK)
        c = check_size(g, in, &r->n_samples, err);
    if (c == HL_OK && !r->sample && !native)
        c = new_samples(arena, path, r, err);
    if (c == HL_OK && g->n > 64 && !(sum = hl_arena_calloc(arena, (size_t)g->n, sizeof *sum)))
        c = hl_fail_memory(err, "WFDB samples", (size_t)g->n * sizeof *sum);
    if (c == HL_OK)
        c = native ? read_native(arena, g, in, r, err) : read_packed(scratch, g, in, r, &code, err);
    if (c == HL_OK && r->n_samples > 0) {
        check_codes(r, g, native ? r->sample : code, sum);
        if (!native) {
            hl_wfdb_mark_invalid(g->format, code, r->n_samples * g->n);
            scatter(g, code, r);
        }
    }
    hl_in_close(&in);
    return c;
}

hl_code hl_wfdb_read(hl_arena *arena, const char *path, hl_wfdb_record *out, hl_error *err)
{
    hl_wfdb_record r = {.n_samples = 0};
    hl_buf scratch = {0};
    hl_code c = read_header(arena, path, &r, err);
    group g;

    if (c == HL_OK)
        c = check_name(path, &r.header, err);
    if (c == HL_OK)
        c = check_supported(path, &r.header, err);
    if (c == HL_OK) {
        r.n_samples = r.header.n_samples;
        if (r.n_samples == 0)
            c = measure(path, &r, err);
    }
    for (int32_t i = 0; c == HL_OK && i < r.header.n_signals; i += g.n) {
        g = group_at(&r.header, i);
        c = read_group(arena, path, &g, &scratch, &r, err);
    }
    hl_buf_free(&scratch);
    if (c == HL_OK)
        *out = r;
    return c;
}

/* --- writing --------------------------------------------------------------------------------- */

/* First sample and checksum of the stored codes, as published by MIMIC-IV-ECG: unsigned. */
static hl_code fill_in(hl_arena *arena, hl_wfdb_header *h, const char *file, const hl_buf *stored,
                       hl_error *err)
{
    const hl_wfdb_format *f = hl_wfdb_format_find(h->signal[0].format);
    size_t n = (size_t)(h->n_samples * h->n_signals);
    int16_t *code = hl_arena_calloc(arena, n, sizeof *code);
    uint16_t *sum = hl_arena_calloc(arena, (size_t)h->n_signals, sizeof *sum);

    if (!code || !sum)
        return hl_fail_memory(err, "WFDB samples", n * sizeof *code);
    hl_wfdb_unpack_codes(f, (const uint8_t *)stored->at, (int64_t)n, code);
    hl_wfdb_checksums(code, h->n_samples, h->n_signals, sum);
    for (int32_t i = 0; i < h->n_signals; i++) {
        hl_wfdb_signal *s = &h->signal[i];
        s->file = file;
        s->offset_bytes = 0;
        s->initial = h->n_samples > 0 ? code[i] : s->adc_zero;
        s->checksum = sum[i];
        s->has_checksum = true;
    }
    return HL_OK;
}

static hl_code check_writable(const char *path, const hl_wfdb_header *h, hl_error *err)
{
    if (strcmp(last_component(path), h->name) != 0)
        return hl_fail_at(err, HL_E_USAGE, path, 0, -1,
                          "the record is named %s: its files must be, too", h->name);
    if (h->n_signals < 1 || h->n_signals > HL_WFDB_MAX_SIGNALS || h->n_samples < 0)
        return hl_fail_at(err, HL_E_LIMIT, path, 0, -1, "a record has 1 to %d signals, not %d",
                          HL_WFDB_MAX_SIGNALS, (int)h->n_signals);
    for (int32_t i = 1; i < h->n_signals; i++)
        if (h->signal[i].format != h->signal[0].format ||
            h->signal[i].block_bytes != h->signal[0].block_bytes)
            return hl_fail_at(err, HL_E_LIMIT, path, 0, -1,
                              "signals of one record are written in one format, not %d and %d",
                              (int)h->signal[0].format, (int)h->signal[i].format);
    return check_supported(path, h, err);
}

hl_code hl_wfdb_write(const char *path, const hl_wfdb_header *header, const int16_t *sample,
                      hl_digest *hea, hl_digest *dat, hl_error *err)
{
    char file[HL_PATH_BYTES];
    hl_wfdb_header h = *header;
    hl_arena *arena = NULL;
    hl_buf stored = {0}, text = {0};
    const char *dat_name;
    hl_code c = check_writable(path, header, err);

    if (c != HL_OK)
        return c;
    arena = hl_arena_new(0);
    if (!arena || !(dat_name = hl_arena_printf(arena, "%s.dat", h.name)) ||
        !(h.signal = hl_arena_calloc(arena, (size_t)h.n_signals, sizeof *h.signal))) {
        c = hl_fail_memory(err, "WFDB header", (size_t)h.n_signals * sizeof *h.signal);
        goto done;
    }
    memcpy(h.signal, header->signal, (size_t)h.n_signals * sizeof *h.signal);
    c = hl_wfdb_pack(h.signal[0].format, sample, h.n_samples, h.n_signals, &stored, err);
    if (c != HL_OK) {
        hl_error_context(err, "%s", path);
        goto done;
    }
    if ((c = fill_in(arena, &h, dat_name, &stored, err)) != HL_OK ||
        (c = hl_wfdb_put_header(&text, &h, err)) != HL_OK ||
        (c = make_path(file, path, ".dat", err)) != HL_OK ||
        (c = hl_write_file(file, stored.at, stored.n, dat, err)) != HL_OK ||
        (c = make_path(file, path, ".hea", err)) != HL_OK)
        goto done;
    c = hl_write_file(file, text.at, text.n, hea, err);
done:
    hl_buf_free(&text);
    hl_buf_free(&stored);
    hl_arena_free(&arena);
    return c;
}
