/* inspect_wfdb.c - a WFDB record: what its header says, and whether its samples agree. */
#include "base/log.h"
#include "command/inspect.h"
#include "format/wfdb/signal.h"

#define MAX_HEADER_BYTES ((size_t)8 << 20)

typedef struct {
    int64_t missing;
    int32_t least, most; /* adu */
    uint16_t sum;        /* of the codes as stored */
} lead;

/* Record path (without extension) of the header, signal file or record in->path. */
static char *record_of(hl_inspect *in)
{
    size_t n = strlen(in->path);
    hl_str path = {in->path, n};

    if (hl_str_ends(path, ".hea") || hl_str_ends(path, ".dat"))
        n -= 4;
    return hl_arena_copy(in->arena, in->path, n);
}

static lead measure(const hl_wfdb_record *r, int32_t i)
{
    lead l = {.least = INT32_MAX, .most = INT32_MIN};
    int32_t width = r->header.n_signals;
    uint16_t invalid_code = (uint16_t)hl_wfdb_format_find(r->header.signal[i].format)->invalid;

    for (int64_t t = 0; t < r->n_samples; t++) {
        int16_t v = r->sample[t * width + i];
        if (v == INT16_MIN) {
            l.missing++;
            l.sum = (uint16_t)(l.sum + invalid_code);
            continue;
        }
        l.sum = (uint16_t)(l.sum + (uint16_t)v);
        l.least = v < l.least ? v : l.least;
        l.most = v > l.most ? v : l.most;
    }
    return l;
}

static const char *checksum_state(const hl_wfdb_record *r, int32_t i, const lead *l)
{
    const hl_wfdb_signal *s = &r->header.signal[i];

    if (!s->has_checksum || r->header.n_samples == 0)
        return "none";
    return (uint16_t)s->checksum == l->sum ? "right" : "wrong";
}

static double physical(const hl_wfdb_signal *s, int32_t adu)
{
    return ((double)adu - (double)s->baseline) / s->gain;
}

/* --- header ------------------------------------------------------------------------------ */

static void put_header(hl_inspect *in, const hl_wfdb_header *h, int64_t n_samples)
{
    char rate[HL_SIZE_CHARS], seconds[HL_SIZE_CHARS], n[32];

    hl_inspect_title(in, "wfdb", "WFDB record %s, %d signal%s, %s Hz, %s s", h->name,
                     (int)h->n_signals, h->n_signals == 1 ? "" : "s",
                     hl_short_text(h->rate_hz, rate),
                     hl_short_text((double)n_samples / h->rate_hz, seconds));
    hl_inspect_put_text(in, "record", hl_str_of(h->name));
    hl_inspect_put_int(in, "n_signals", h->n_signals);
    hl_inspect_put_real(in, "rate_hz", h->rate_hz);
    hl_inspect_put_int(in, "n_samples", n_samples);
    hl_inspect_put_real(in, "duration_s", (double)n_samples / h->rate_hz);
    hl_inspect_put_text(in, "base_time", hl_str_of(h->base_time));
    hl_inspect_put_text(in, "base_date", hl_str_of(h->base_date));
    hl_inspect_fact(in, "samples", "%s a signal%s", hl_count_text(n_samples, n),
                    h->n_samples ? "" : " (not stated in the header)");
    if (*h->base_time)
        hl_inspect_fact(in, "starts", "%s %s", h->base_time, h->base_date);
    for (size_t i = 0; i < h->n_comments; i++) {
        char show[HL_SHOW_BYTES];
        hl_inspect_fact(in, i ? "" : "comments", "%s",
                        hl_show(hl_str_trim(hl_str_of(h->comment[i])), show));
    }
    hl_json_put_key(in->json, "comments");
    hl_json_open(in->json, '[');
    for (size_t i = 0; i < h->n_comments; i++)
        hl_inspect_put_text(in, NULL, hl_str_trim(hl_str_of(h->comment[i])));
    hl_json_close(in->json, ']');
}

static void put_samples_json(hl_inspect *in, const hl_wfdb_record *r, int32_t i, const lead *l)
{
    const hl_wfdb_signal *s = &r->header.signal[i];

    if (l->least <= l->most) {
        hl_inspect_put_real(in, "min", physical(s, l->least));
        hl_inspect_put_real(in, "max", physical(s, l->most));
    }
    hl_inspect_put_int(in, "missing", l->missing);
    hl_json_member_bool(in->json, "flat", l->least >= l->most);
    hl_inspect_put_text(in, "checksum", hl_str_of(checksum_state(r, i, l)));
}

static void put_signal_json(hl_inspect *in, const hl_wfdb_signal *s)
{
    hl_inspect_put_text(in, "name", hl_str_of(s->description));
    hl_inspect_put_text(in, "units", hl_str_of(s->units));
    hl_inspect_put_real(in, "gain", s->gain);
    hl_json_member_bool(in->json, "calibrated", s->calibrated);
    hl_inspect_put_int(in, "baseline", s->baseline);
    hl_inspect_put_int(in, "format", s->format);
    hl_inspect_put_int(in, "samples_per_frame", s->samples_per_frame);
    hl_inspect_put_text(in, "file", hl_str_of(s->file));
    hl_inspect_put_int(in, "adc_bits", s->adc_bits);
}

/* --- signals ------------------------------------------------------------------------------ */

/* A row of the text table; l = NULL when the samples were not read. */
static void put_signal_row(hl_grid *grid, const hl_wfdb_record *r, int32_t i, const lead *l)
{
    const hl_wfdb_signal *s = &r->header.signal[i];
    char a[HL_SIZE_CHARS], b[HL_SIZE_CHARS];

    hl_grid_show(grid, hl_str_of(s->description));
    hl_grid_cell(grid, "%d", (int)s->format);
    hl_grid_cell(grid, "%s/%s%s", hl_short_text(s->gain, a), s->units,
                 s->calibrated ? "" : " (uncalibrated)");
    hl_grid_cell(grid, "%d", (int)s->baseline);
    if (!l) {
        for (int k = 0; k < 5; k++)
            hl_grid_cell(grid, "%s", "");
        return;
    }
    bool any = l->least <= l->most;
    hl_grid_cell(grid, "%s", any ? hl_short_text(physical(s, l->least), a) : "");
    hl_grid_cell(grid, "%s", any ? hl_short_text(physical(s, l->most), b) : "");
    hl_grid_cell(grid, "%lld", (long long)l->missing);
    hl_grid_cell(grid, "%s", checksum_state(r, i, l));
    hl_grid_cell(grid, "%s", !any ? "no valid sample" : l->least == l->most ? "flat" : "");
}

static hl_code put_signals(hl_inspect *in, const hl_wfdb_record *r, bool with_samples,
                           hl_error *err)
{
    static const char *const head[] = {"signal", "format",  "gain",     "baseline", "min",
                                       "max",    "missing", "checksum", ""};
    hl_grid grid = hl_grid_new(in->arena, "lrlrrrrll");

    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        hl_grid_cell(&grid, "%s", head[i]);
    hl_json_put_key(in->json, "signals");
    hl_json_open(in->json, '[');
    /* The header of a multi-segment record lists no signals: they are its segments'. */
    int32_t n = r->header.n_segments > 0 ? 0 : r->header.n_signals;
    for (int32_t i = 0; i < n; i++) {
        lead l = {.missing = 0};
        if (with_samples)
            l = measure(r, i);
        hl_json_open(in->json, '{');
        put_signal_json(in, &r->header.signal[i]);
        if (with_samples)
            put_samples_json(in, r, i, &l);
        hl_json_close(in->json, '}');
        put_signal_row(&grid, r, i, with_samples ? &l : NULL);
    }
    hl_json_close(in->json, ']');
    hl_buf_char(in->text, '\n');
    return hl_grid_print(&grid, in->text, err);
}

static void put_record_facts(hl_inspect *in, const hl_wfdb_record *r)
{
    char hex[HL_HEX_CHARS];

    hl_inspect_put_int(in, "checksum_faults", r->n_checksum_faults);
    hl_inspect_put_int(in, "initial_faults", r->n_initial_faults);
    hl_inspect_put_digest(in, "header_sha256", &r->header_digest);
    hl_inspect_put_digest(in, "signal_sha256", &r->signal_digest);
    if (r->n_checksum_faults)
        hl_inspect_fact(in, "note", "%d checksum%s with the samples", (int)r->n_checksum_faults,
                        r->n_checksum_faults == 1 ? " in the header disagrees"
                                                  : "s in the header disagree");
    if (r->n_initial_faults)
        hl_inspect_fact(in, "note", "%d first sample%s with the samples", (int)r->n_initial_faults,
                        r->n_initial_faults == 1 ? " in the header disagrees"
                                                 : "s in the header disagree");
    hl_inspect_fact(in, "header", "sha256 %s", hl_digest_hex(&r->header_digest, hex));
    hl_inspect_fact(in, "signals", "sha256 %s", hl_digest_hex(&r->signal_digest, hex));
}

static hl_code read_header(hl_inspect *in, const char *path, hl_wfdb_header *h, hl_error *err)
{
    char *name = hl_arena_printf(in->arena, "%s.hea", path);
    hl_buf text = {0};

    if (!name)
        return hl_fail_memory(err, "WFDB header", strlen(path));
    hl_code c = hl_read_file(name, MAX_HEADER_BYTES, &text, NULL, err);
    if (c == HL_OK)
        c = hl_wfdb_parse_header(in->arena, text.at, text.n, name, h, err);
    hl_buf_free(&text);
    return c;
}

hl_code hl_inspect_wfdb(hl_inspect *in, hl_error *err)
{
    hl_wfdb_record r = {.n_samples = 0};
    char *path = record_of(in);
    hl_error why = {0};

    if (!path)
        return hl_fail_memory(err, "a path", strlen(in->path));
    hl_code c = read_header(in, path, &r.header, err);
    if (c != HL_OK)
        return c;
    hl_code samples = hl_wfdb_read(in->arena, path, &r, &why);
    put_header(in, &r.header, samples == HL_OK ? r.n_samples : r.header.n_samples);
    if (samples == HL_OK) {
        put_record_facts(in, &r);
    } else {
        hl_inspect_fact(in, "note", "samples not read: %s", why.message);
        hl_inspect_put_text(in, "samples_not_read", hl_str_of(why.message));
    }
    c = put_signals(in, &r, samples == HL_OK, err);
    /* A format that is not supported is no fault of the record; anything else is. */
    if (c == HL_OK && samples != HL_OK && samples != HL_E_LIMIT) {
        if (err)
            *err = why;
        c = samples;
    }
    return c;
}
