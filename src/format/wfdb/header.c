/*
 * header.c - the text of a WFDB header (.hea), both ways.
 *
 *   NAME[/NSEG] NSIG [FFREQ[/CFREQ[(BASECOUNT)]] [NSAMP [BTIME [BDATE]]]]
 *   FILE FMT[xSPF][:SKEW][+OFFSET] [GAIN[(BASELINE)][/UNITS]
 *        [ADCRES [ADCZERO [INITVAL [CKSUM [BSIZE [DESC]]]]]]]
 *   # text
 *
 * Numbers are read strictly: what the WFDB library would cut off at the first odd byte is an error
 * here, except for the fall-backs that the grammar itself states.
 * Source: header(5); waveform.md 1.1.
 */
#include "format/wfdb/wfdb.h"

#include <math.h>

#include "format/wfdb/signal.h"

enum { DEFAULT_RATE_HZ = 250, DEFAULT_GAIN = 200 };

/* What is being read: the arena, the text still to come, the place for messages. */
typedef struct {
    hl_arena *arena;
    const char *at, *end;
    const char *name;
    int64_t line;      /* of the line taken last */
    const char *which; /* "record line", "signal line 3" */
    char which_text[32];
    hl_error *err;
} reader;

static hl_code fail(reader *r, hl_str found, const char *expected)
{
    char show[HL_SHOW_BYTES];

    return hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1, "%s: '%s' is no %s", r->which,
                      hl_show(found, show), expected);
}

/* The next line without its end (LF or CRLF); false at the end of the text. */
static bool next_line(reader *r, hl_str *line)
{
    if (r->at >= r->end)
        return false;
    const char *lf = memchr(r->at, '\n', (size_t)(r->end - r->at));
    const char *stop = lf ? lf : r->end;
    *line = (hl_str){r->at, (size_t)(stop - r->at)};
    while (line->n > 0 && line->at[line->n - 1] == '\r')
        line->n--;
    r->at = lf ? lf + 1 : r->end;
    r->line++;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next token of line, which is cut from its front; an empty one at the end. */
static hl_str next_token(hl_str *line)
{
    while (line->n > 0 && is_blank(*line->at)) {
        line->at++;
        line->n--;
    }
    hl_str token = {line->at, 0};
    while (token.n < line->n && !is_blank(line->at[token.n]))
        token.n++;
    line->at += token.n;
    line->n -= token.n;
    return token;
}

/* The next line that belongs to the structure: neither blank nor a comment. */
static bool next_structural_line(reader *r, hl_str *line)
{
    while (next_line(r, line)) {
        hl_str rest = *line;
        hl_str first = next_token(&rest);
        if (first.n > 0 && *first.at != '#')
            return true;
    }
    return false;
}

/* Cut text at the first c: what is in front stays in *text, what is behind is returned. Without c,
 * .at is NULL. */
static hl_str cut_at(hl_str *text, char c)
{
    const char *p = text->n ? memchr(text->at, c, text->n) : NULL;

    if (!p)
        return (hl_str){NULL, 0};
    hl_str behind = {p + 1, (size_t)(text->at + text->n - p - 1)};
    text->n = (size_t)(p - text->at);
    return behind;
}

static hl_code copy(reader *r, hl_str text, const char **out)
{
    *out = hl_arena_copy(r->arena, text.at, text.n);
    return *out ? HL_OK : hl_fail_memory(r->err, "WFDB header", text.n);
}

static hl_code take_i32(reader *r, hl_str text, const char *what, int32_t *out)
{
    int64_t v;

    if (!hl_parse_i64(text, &v) || v < INT32_MIN || v > INT32_MAX)
        return fail(r, text, what);
    *out = (int32_t)v;
    return HL_OK;
}

static hl_code take_f64(reader *r, hl_str text, const char *what, double *out)
{
    if (!hl_parse_f64(text, out) || !isfinite(*out))
        return fail(r, text, what);
    return HL_OK;
}

/* --- version and record line ------------------------------------------------------------------ */

enum { VERSION_MAJOR = 10, VERSION_MINOR = 7, VERSION_RELEASE = 0 };

/* "#wfdb MAJOR[.MINOR[.RELEASE]]" in the very first line: nothing newer than we know is read. */
static hl_code check_version(reader *r)
{
    static const int64_t known[3] = {VERSION_MAJOR, VERSION_MINOR, VERSION_RELEASE};
    hl_str line = {r->at, (size_t)(r->end - r->at)};

    cut_at(&line, '\n');
    if (!hl_str_is(next_token(&line), "#wfdb"))
        return HL_OK;
    hl_str version = next_token(&line), part = version;
    for (int i = 0; i < 3 && part.at; i++) {
        hl_str behind = cut_at(&part, '.');
        int64_t v;
        if (!hl_parse_i64(part, &v))
            return HL_OK; /* an ordinary comment that happens to begin with this word */
        if (v != known[i]) {
            if (v < known[i])
                return HL_OK;
            char show[HL_SHOW_BYTES];
            return hl_fail_at(r->err, HL_E_LIMIT, r->name, 1, -1,
                              "made for WFDB %s; hilum reads headers up to version %d.%d",
                              hl_show(version, show), VERSION_MAJOR, VERSION_MINOR);
        }
        part = behind;
    }
    return HL_OK;
}

static hl_code take_record_name(reader *r, hl_str text, hl_wfdb_header *h)
{
    hl_str segments = cut_at(&text, '/');

    if (text.n == 0)
        return fail(r, text, "record name");
    if (segments.at) {
        hl_code c = take_i32(r, segments, "number of segments", &h->n_segments);
        if (c != HL_OK)
            return c;
        if (h->n_segments != 0)
            return hl_fail_at(r->err, HL_E_LIMIT, r->name, r->line, -1,
                              "a record of %d segments; only single-segment records are supported",
                              (int)h->n_segments);
    }
    return copy(r, text, &h->name);
}

/* FFREQ[/CFREQ[(BASECOUNT)]] */
static hl_code take_rates(reader *r, hl_str text, hl_wfdb_header *h)
{
    hl_str counter = cut_at(&text, '/');
    hl_code c = take_f64(r, text, "sampling rate", &h->rate_hz);

    if (c != HL_OK)
        return c;
    if (h->rate_hz <= 0)
        return fail(r, text, "sampling rate above 0");
    h->counter_hz = h->rate_hz;
    if (!counter.at)
        return HL_OK;
    hl_str base = cut_at(&counter, '(');
    c = take_f64(r, counter, "counter rate", &h->counter_hz);
    if (c == HL_OK && h->counter_hz <= 0)
        h->counter_hz = h->rate_hz;
    if (c == HL_OK && base.at) {
        if (!hl_str_ends(base, ")"))
            return fail(r, base, "base counter value in parentheses");
        c = take_f64(r, (hl_str){base.at, base.n - 1}, "base counter value", &h->base_counter);
    }
    return c;
}

/* [H:[M:]]S[.fraction]; the WFDB library also writes "[" in front of times that have a date. */
static bool is_time_of_day(hl_str text)
{
    int colons = 0, digits = 0;

    if (text.n > 0 && *text.at == '[') {
        text.at++;
        text.n--;
    }
    for (size_t i = 0; i < text.n; i++) {
        char ch = text.at[i];
        if (ch >= '0' && ch <= '9')
            digits++;
        else if (ch == ':')
            colons++;
        else if (ch != '.')
            return false;
    }
    return digits > 0 && colons <= 2;
}

static hl_code take_record_line(reader *r, hl_wfdb_header *h)
{
    hl_str line, token;
    hl_code c;

    r->which = "record line";
    if (!next_structural_line(r, &line))
        return hl_fail_at(r->err, HL_E_INPUT, r->name, 0, -1, "%s",
                          r->line == 0 ? "the header is empty" : "the header has no record line");
    c = take_record_name(r, next_token(&line), h);
    if (c != HL_OK)
        return c;
    token = next_token(&line);
    if (token.n == 0)
        return hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1,
                          "record line: no number of signals");
    c = take_i32(r, token, "number of signals", &h->n_signals);
    if (c == HL_OK && h->n_signals < 0)
        c = fail(r, token, "number of signals");
    if (c == HL_OK && h->n_signals > HL_WFDB_MAX_SIGNALS)
        c = hl_fail_at(r->err, HL_E_LIMIT, r->name, r->line, -1,
                       "record line: %d signals; at most %d are supported", (int)h->n_signals,
                       HL_WFDB_MAX_SIGNALS);
    if (c == HL_OK && (token = next_token(&line)).n > 0)
        c = take_rates(r, token, h);
    if (c == HL_OK && (token = next_token(&line)).n > 0 &&
        (!hl_parse_i64(token, &h->n_samples) || h->n_samples < 0))
        c = fail(r, token, "number of samples");
    if (c == HL_OK && (token = next_token(&line)).n > 0 && !is_time_of_day(token))
        c = fail(r, token, "time of day");
    if (c == HL_OK)
        c = copy(r, token, &h->base_time);
    if (c == HL_OK)
        c = copy(r, next_token(&line), &h->base_date);
    if (c == HL_OK && (token = next_token(&line)).n > 0)
        c = hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1,
                       "record line: text behind the base date");
    return c;
}

/* --- signal lines ----------------------------------------------------------------------------- */

static bool is_plain_name(hl_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] == '/' || (unsigned char)text.at[i] < ' ' ||
            (text.at[i] == '.' && i + 1 < text.n && text.at[i + 1] == '.'))
            return false;
    return text.n > 0 && !hl_str_is(text, ".");
}

/* FMT[xSPF][:SKEW][+OFFSET], the three in any order; out of range means the default. */
static hl_code take_format(reader *r, hl_str text, hl_wfdb_signal *s)
{
    hl_str whole = text;
    size_t n = 0;

    while (n < text.n && text.at[n] >= '0' && text.at[n] <= '9')
        n++;
    if (!n)
        return fail(r, whole, "signal format");
    hl_code c = take_i32(r, (hl_str){text.at, n}, "signal format", &s->format);
    if (c != HL_OK)
        return c;
    if (!hl_wfdb_format_find(s->format))
        return fail(r, (hl_str){text.at, n}, "signal format of WFDB");
    while (n < text.n) {
        char kind = text.at[n++];
        size_t start = n;
        int64_t v;
        if (n < text.n && text.at[n] == '-')
            n++;
        while (n < text.n && text.at[n] >= '0' && text.at[n] <= '9')
            n++;
        if (!hl_parse_i64((hl_str){text.at + start, n - start}, &v) ||
            (kind != '+' && v > INT32_MAX))
            return fail(r, whole, "signal format with xN, :N or +N");
        if (kind == 'x')
            s->samples_per_frame = v < 1 ? 1 : (int32_t)v;
        else if (kind == ':')
            s->skew = v < 0 ? 0 : (int32_t)v;
        else if (kind == '+')
            s->offset_bytes = v < 0 ? 0 : v;
        else
            return fail(r, whole, "signal format with xN, :N or +N");
    }
    return HL_OK;
}

/* GAIN[(BASELINE)][/UNITS] */
static hl_code take_gain(reader *r, hl_str text, hl_wfdb_signal *s, bool *has_baseline)
{
    hl_str units = cut_at(&text, '/');
    hl_str baseline = cut_at(&text, '(');
    hl_code c = take_f64(r, text, "gain", &s->gain);

    if (c != HL_OK)
        return c;
    s->calibrated = s->gain != 0;
    if (!s->calibrated)
        s->gain = DEFAULT_GAIN;
    if (baseline.at) {
        if (!hl_str_ends(baseline, ")"))
            return fail(r, baseline, "baseline in parentheses");
        c = take_i32(r, (hl_str){baseline.at, baseline.n - 1}, "baseline", &s->baseline);
        *has_baseline = true;
    }
    if (c == HL_OK && units.n > 0)
        c = copy(r, units, &s->units);
    return c;
}

/* [ADCRES [ADCZERO [INITVAL [CKSUM [BSIZE [DESC]]]]]] */
static hl_code take_tail(reader *r, hl_str line, hl_wfdb_signal *s, bool has_baseline)
{
    static const char *const what[] = {"ADC resolution", "ADC zero", "initial value", "checksum",
                                       "block size"};
    int32_t *const to[] = {&s->adc_bits, &s->adc_zero, &s->initial, &s->checksum, &s->block_bytes};
    hl_code c = HL_OK;
    size_t n = 0;

    for (; n < 5 && c == HL_OK; n++) {
        hl_str token = next_token(&line);
        if (token.n == 0)
            break;
        c = take_i32(r, token, what[n], to[n]);
    }
    if (c != HL_OK)
        return c;
    if (!has_baseline)
        s->baseline = s->adc_zero;
    if (n < 3)
        s->initial = s->adc_zero;
    s->has_checksum = n >= 4;
    if (n == 5 && line.n > 1) /* exactly one separator, then the description to the line's end */
        c = copy(r, (hl_str){line.at + 1, line.n - 1}, &s->description);
    return c;
}

static hl_code take_signal_line(reader *r, hl_str line, hl_wfdb_signal *s)
{
    hl_str file = next_token(&line), token;
    bool has_baseline = false;
    hl_code c;

    *s = (hl_wfdb_signal){
        .samples_per_frame = 1, .gain = DEFAULT_GAIN, .units = "mV", .description = ""};
    if (!is_plain_name(file)) {
        char show[HL_SHOW_BYTES];
        return hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1,
                          "%s: signal file '%s' is no plain file name\n"
                          "Signal files must lie beside the header.",
                          r->which, hl_show(file, show));
    }
    c = copy(r, file, &s->file);
    token = next_token(&line);
    if (c == HL_OK && token.n == 0)
        c = hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1, "%s: no signal format", r->which);
    if (c == HL_OK)
        c = take_format(r, token, s);
    if (c != HL_OK)
        return c;
    s->adc_bits = hl_wfdb_format_find(s->format)->adc_bits;
    token = next_token(&line);
    if (token.n > 0)
        c = take_gain(r, token, s, &has_baseline);
    return c == HL_OK ? take_tail(r, line, s, has_baseline) : c;
}

/* Signals of one file lie interleaved: they must agree on how. */
static hl_code check_group(reader *r, const hl_wfdb_signal *a, const hl_wfdb_signal *b)
{
    if (strcmp(a->file, b->file) != 0 || strcmp(a->file, "~") == 0)
        return HL_OK;
    if (a->format != b->format)
        return hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1,
                          "%s: format %d, but the signal before has %d in the same file %s",
                          r->which, (int)b->format, (int)a->format, b->file);
    if (a->block_bytes != b->block_bytes)
        return hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1,
                          "%s: block size %d, but the signal before has %d in the same file %s",
                          r->which, (int)b->block_bytes, (int)a->block_bytes, b->file);
    return HL_OK;
}

static hl_code take_signals(reader *r, hl_wfdb_header *h)
{
    hl_code c = HL_OK;
    hl_str line;

    h->signal = hl_arena_calloc(r->arena, (size_t)h->n_signals, sizeof *h->signal);
    if (!h->signal)
        return hl_fail_memory(r->err, "WFDB header", (size_t)h->n_signals * sizeof *h->signal);
    r->which = r->which_text;
    for (int32_t i = 0; i < h->n_signals && c == HL_OK; i++) {
        snprintf(r->which_text, sizeof r->which_text, "signal line %d", (int)i + 1);
        if (!next_structural_line(r, &line))
            return hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1,
                              "the header ends after %d of %d signal lines", (int)i,
                              (int)h->n_signals);
        c = take_signal_line(r, line, &h->signal[i]);
        if (c == HL_OK && i > 0)
            c = check_group(r, &h->signal[i - 1], &h->signal[i]);
    }
    return c;
}

/* --- info strings ----------------------------------------------------------------------------- */

static bool is_comment(hl_str line, hl_str *text)
{
    if (line.n == 0 || *line.at != '#')
        return false;
    *text = hl_str_trim((hl_str){line.at + 1, line.n - 1});
    return true;
}

static hl_code take_comments(reader *r, hl_wfdb_header *h)
{
    reader counting = *r;
    hl_str line, text;
    hl_code c = HL_OK;
    size_t n = 0;

    while (next_line(&counting, &line))
        n += is_comment(line, &text);
    h->comment = hl_arena_calloc(r->arena, n, sizeof *h->comment);
    if (!h->comment)
        return hl_fail_memory(r->err, "WFDB header", n * sizeof *h->comment);
    while (c == HL_OK && next_line(r, &line))
        if (is_comment(line, &text))
            c = copy(r, text, &h->comment[h->n_comments++]);
    return c;
}

hl_code hl_wfdb_parse_header(hl_arena *arena, const char *text, size_t n, const char *name,
                             hl_wfdb_header *out, hl_error *err)
{
    reader r = {.arena = arena, .at = text, .end = text + n, .name = name, .err = err};
    hl_wfdb_header h = {.rate_hz = DEFAULT_RATE_HZ, .counter_hz = DEFAULT_RATE_HZ};
    const char *nul = n ? memchr(text, 0, n) : NULL;
    hl_code c;

    if (nul)
        return hl_fail_at(err, HL_E_INPUT, name, 0, nul - text, "NUL byte at offset %lld",
                          (long long)(nul - text));
    c = check_version(&r);
    if (c == HL_OK)
        c = take_record_line(&r, &h);
    if (c == HL_OK)
        c = take_signals(&r, &h);
    if (c == HL_OK)
        c = take_comments(&r, &h);
    if (c == HL_OK)
        *out = h;
    return c;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Text that would not come back as the same field: empty, or with a blank or control byte. */
static bool is_token(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text <= ' ')
            return false;
    return true;
}

/* A field that a writer left NULL. */
static const char *text_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static bool is_line(const char *text)
{
    return !text[strcspn(text, "\r\n")];
}

static hl_code refuse(hl_error *err, const hl_wfdb_header *h, const char *what, const char *text)
{
    char show[HL_SHOW_BYTES];

    return hl_fail(err, HL_E_INPUT, "record %s: %s '%s' cannot stand in a WFDB header", h->name,
                   what, hl_show(hl_str_of(text), show));
}

static void put_record_line(hl_buf *to, const hl_wfdb_header *h)
{
    hl_buf_printf(to, "%s %d ", h->name, (int)h->n_signals);
    /* wfdb-python prints a whole rate without a point, other reals as Python does. */
    if (h->rate_hz == floor(h->rate_hz) && h->rate_hz < 1e15)
        hl_buf_i64(to, (int64_t)h->rate_hz);
    else
        hl_buf_f64(to, h->rate_hz);
    if ((h->counter_hz != h->rate_hz && h->counter_hz > 0) || h->base_counter != 0) {
        hl_buf_char(to, '/');
        hl_buf_f64(to, h->counter_hz > 0 ? h->counter_hz : h->rate_hz);
    }
    if (h->base_counter != 0) {
        hl_buf_char(to, '(');
        hl_buf_f64(to, h->base_counter);
        hl_buf_char(to, ')');
    }
    hl_buf_printf(to, " %lld", (long long)h->n_samples);
    if (h->base_time && *h->base_time)
        hl_buf_printf(to, " %s", h->base_time);
    if (h->base_date && *h->base_date)
        hl_buf_printf(to, " %s", h->base_date);
    hl_buf_char(to, '\n');
}

static void put_signal_line(hl_buf *to, const hl_wfdb_signal *s)
{
    hl_buf_printf(to, "%s %d", s->file, (int)s->format);
    if (s->samples_per_frame > 1)
        hl_buf_printf(to, "x%d", (int)s->samples_per_frame);
    if (s->skew > 0)
        hl_buf_printf(to, ":%d", (int)s->skew);
    if (s->offset_bytes > 0)
        hl_buf_printf(to, "+%lld", (long long)s->offset_bytes);
    hl_buf_char(to, ' ');
    hl_buf_f64(to, s->calibrated ? s->gain : 0);
    hl_buf_printf(to, "(%d)/%s %d %d %d", (int)s->baseline, text_or(s->units, "mV"),
                  (int)s->adc_bits, (int)s->adc_zero, (int)s->initial);
    if (s->has_checksum)
        hl_buf_printf(to, " %d %d", (int)s->checksum, (int)s->block_bytes);
    if (s->description && *s->description)
        hl_buf_printf(to, " %s", s->description);
    hl_buf_char(to, '\n');
}

static hl_code check_signal(const hl_wfdb_header *h, const hl_wfdb_signal *s, hl_error *err)
{
    const char *description = text_or(s->description, "");

    if (!s->file || !is_plain_name(hl_str_of(s->file)) || !is_token(s->file))
        return refuse(err, h, "the signal file", text_or(s->file, ""));
    if (!is_token(text_or(s->units, "mV")))
        return refuse(err, h, "the unit", s->units);
    if (!is_line(description))
        return refuse(err, h, "the description", description);
    if (*description && !s->has_checksum)
        return refuse(err, h, "without a checksum in front, the description", description);
    return HL_OK;
}

hl_code hl_wfdb_put_header(hl_buf *to, const hl_wfdb_header *h, hl_error *err)
{
    const char *time = text_or(h->base_time, ""), *date = text_or(h->base_date, "");
    hl_code c = HL_OK;

    if (!is_token(h->name) || strchr(h->name, '/') || *h->name == '#')
        return refuse(err, h, "the name", h->name);
    if ((*time && !is_time_of_day(hl_str_of(time))) || (!*time && *date))
        return refuse(err, h, "the base time", time);
    if (*date && !is_token(date))
        return refuse(err, h, "the base date", date);
    put_record_line(to, h);
    for (int32_t i = 0; i < h->n_signals && c == HL_OK; i++) {
        c = check_signal(h, &h->signal[i], err);
        if (c == HL_OK)
            put_signal_line(to, &h->signal[i]);
    }
    for (size_t i = 0; i < h->n_comments && c == HL_OK; i++) {
        if (!is_line(h->comment[i]))
            c = refuse(err, h, "the comment", h->comment[i]);
        else
            hl_buf_printf(to, "# %s\n", h->comment[i]);
    }
    return c == HL_OK ? hl_buf_check(to, "WFDB header", err) : c;
}
