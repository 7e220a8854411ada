/*
 * header.c - header text (.hea) to fields.
 *
 *   [#wfdb MAJOR[.MINOR[.RELEASE]]]
 *   NAME[/NSEG] NSIG [FFREQ[/CFREQ[(BASECOUNT)]] [NSAMP [BTIME [BDATE]]]]
 *   FILE FMT[xSPF][:SKEW][+OFFSET] [GAIN[(BASELINE)][/UNITS]
 *        [ADCRES [ADCZERO [INITVAL [CKSUM [BSIZE [DESC]]]]]]]         NSIG times, or
 *   SEGMENT NSAMP                                                     NSEG times
 *   #text
 *
 * The text is copied into the arena once; names, units, descriptions and comments are ended there
 * by a NUL in place of the separator behind them, so that a field costs no allocation: thousands
 * of segment headers are read when a record is opened.
 *
 * Numbers are read strictly: what the WFDB library would cut off at the first odd byte is an error
 * here, except for the fall-backs that the grammar itself states. Nothing is allocated by a count
 * in the header that the text cannot hold.
 * Source: header(5); waveform.md 1.1, 1.5.1.
 */
#include "format/wfdb/wfdb.h"

#include "base/civil.h"
#include "format/wfdb/header_text.h"
#include "format/wfdb/signal.h"

enum { DEFAULT_RATE_HZ = 250, DEFAULT_GAIN = 200 };

/* --- version and names ------------------------------------------------------------------------ */

/* "#wfdb MAJOR[.MINOR[.RELEASE]]" in the very first line: nothing newer than we know is read. Text
 * that is no version makes it an ordinary comment. */
static hl_code take_version(hl_hea *r, hl_wfdb_header *h)
{
    static const int32_t known[3] = {HL_WFDB_VERSION_MAJOR, HL_WFDB_VERSION_MINOR,
                                     HL_WFDB_VERSION_RELEASE};
    hl_str line = {r->at, (size_t)(r->end - r->at)};
    int newer = 0;

    if (!hl_str_starts(line, "#wfdb"))
        return HL_OK;
    hl_hea_cut(&line, '\n');
    line = (hl_str){line.at + 5, line.n - 5};
    hl_str version = hl_hea_next_token(&line), part = version;
    for (int i = 0; i < 3 && part.at; i++) {
        hl_str behind = hl_hea_cut(&part, '.');
        if (!hl_hea_i32(part, &h->version[i]))
            break;
        if (!newer)
            newer = (h->version[i] > known[i]) - (h->version[i] < known[i]);
        part = behind;
    }
    if (newer <= 0)
        return HL_OK;
    hl_hea_say(r,
               "init: reading record %s requires WFDB library version %d.%d.%d or later\n"
               "  (the most recent version is always available from http://physionet.org)",
               r->asked, (int)h->version[0], (int)h->version[1], (int)h->version[2]);
    char show[HL_SHOW_BYTES];
    return hl_fail_at(r->err, HL_E_LIMIT, r->name, 1, -1,
                      "made for WFDB %s; hilum reads headers up to version %d.%d",
                      hl_show(version, show), HL_WFDB_VERSION_MAJOR, HL_WFDB_VERSION_MINOR);
}

bool hl_wfdb_is_name_of(const char *inside, const char *asked, bool in_folder)
{
    size_t n = strlen(inside);

    return strcmp(inside, asked) == 0 || (!in_folder && n > 0 && strncmp(inside, asked, n) == 0);
}

bool hl_wfdb_is_plain_name(hl_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char ch = (unsigned char)text.at[i];
        if (ch > '/') /* above all that could matter, as most bytes are */
            continue;
        if (ch == '/' || ch < ' ' || (ch == '.' && i + 1 < text.n && text.at[i + 1] == '.'))
            return false;
    }
    return text.n > 0 && !hl_str_is(text, ".");
}

static hl_code fail_name(hl_hea *r, hl_str name)
{
    char show[HL_SHOW_BYTES];

    hl_hea_say(r, "init: record name in record %s header is incorrect", r->asked);
    return hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1,
                      "the header is that of another record, '%s'", hl_show(name, show));
}

/* NAME[/NSEG] */
static hl_code take_record_name(hl_hea *r, hl_str text, hl_wfdb_header *h)
{
    hl_str segments = hl_hea_cut(&text, '/');

    if (text.n == 0)
        return hl_hea_fail_token(r, text, "record name");
    if (segments.at && (!hl_hea_i32(segments, &h->n_segments) || h->n_segments < 0))
        return hl_hea_fail_token(r, segments, "number of segments");
    if (h->n_segments > HL_WFDB_MAX_SEGMENTS)
        return hl_hea_fail(r, HL_E_LIMIT, "%d segments; at most %d are supported",
                           (int)h->n_segments, HL_WFDB_MAX_SEGMENTS);
    h->name = hl_hea_keep(r, text);
    if (!*r->asked)
        return HL_OK;
    const char *slash = strrchr(r->asked, '/');
    return hl_wfdb_is_name_of(h->name, slash ? slash + 1 : r->asked, slash != NULL)
               ? HL_OK
               : fail_name(r, text);
}

/* --- record line ------------------------------------------------------------------------------ */

static hl_code take_n_signals(hl_hea *r, hl_str text, hl_wfdb_header *h)
{
    if (text.n == 0) {
        hl_hea_say(r, "init: obsolete format in record %s header", r->asked);
        return hl_hea_fail(r, HL_E_INPUT, "no number of signals");
    }
    if (!hl_hea_i32(text, &h->n_signals) || h->n_signals < 0)
        return hl_hea_fail_token(r, text, "number of signals");
    if (h->n_signals > HL_WFDB_MAX_SIGNALS)
        return hl_hea_fail(r, HL_E_LIMIT, "%d signals; at most %d are supported", (int)h->n_signals,
                           HL_WFDB_MAX_SIGNALS);
    return HL_OK;
}

/* FFREQ[/CFREQ[(BASECOUNT)]] */
static hl_code take_rates(hl_hea *r, hl_str text, hl_wfdb_header *h)
{
    hl_str counter = hl_hea_cut(&text, '/');
    bool is_number = hl_hea_f64(text, &h->rate_hz);

    if (!is_number || h->rate_hz <= 0) {
        hl_hea_say(r, "init: sampling frequency in record %s header is incorrect", r->asked);
        return hl_hea_fail_token(r, text, is_number ? "sampling rate above 0" : "sampling rate");
    }
    h->counter_hz = h->rate_hz;
    if (!counter.at)
        return HL_OK;
    hl_str base = hl_hea_cut(&counter, '(');
    if (!hl_hea_f64(counter, &h->counter_hz))
        return hl_hea_fail_token(r, counter, "counter rate");
    if (h->counter_hz <= 0)
        h->counter_hz = h->rate_hz;
    if (base.at && !hl_str_ends(base, ")"))
        return hl_hea_fail_token(r, base, "base counter value in parentheses");
    if (base.at && !hl_hea_f64((hl_str){base.at, base.n - 1}, &h->base_counter))
        return hl_hea_fail_token(r, (hl_str){base.at, base.n - 1}, "base counter value");
    return HL_OK;
}

static hl_code take_n_samples(hl_hea *r, hl_str text, hl_wfdb_header *h)
{
    if (hl_parse_i64(text, &h->n_samples) && h->n_samples >= 0)
        return HL_OK;
    hl_hea_say(r, "init: number of samples in record %s header is incorrect", r->asked);
    return hl_hea_fail_token(r, text, "number of samples");
}

bool hl_wfdb_read_time(hl_str text, int64_t *ms)
{
    double total_s = 0;
    hl_str part = text;
    int n_digits = 0;

    if (part.n > 0 && *part.at == '[') {
        part = (hl_str){part.at + 1, part.n - 1};
        part.n -= hl_str_ends(part, "]");
    }
    for (size_t i = 0; i < part.n; i++) {
        bool digit = part.at[i] >= '0' && part.at[i] <= '9';
        n_digits += digit;
        if (!digit && part.at[i] != ':' && part.at[i] != '.')
            return false;
    }
    for (int i = 0; part.at && i < 4; i++) {
        hl_str behind = hl_hea_cut(&part, ':');
        double v = 0;
        if (i == 3 || (part.n > 0 && !hl_parse_f64(part, &v)))
            return false;
        total_s = total_s * 60 + v;
        part = behind;
    }
    if (n_digits == 0 || !(total_s < 1e12))
        return false;
    *ms = (int64_t)(total_s * 1000 + 0.5);
    return true;
}

/* D/M/Y: the digits in front of each part count, as the library reads them; every month has 31
 * days. NO_TIME for what is no date. */
static int64_t read_day(hl_str text)
{
    int64_t part[3] = {0, 0, 0};

    for (int i = 0; i < 3; i++) {
        hl_str behind = hl_hea_cut(&text, '/');
        size_t n = 0;
        while (n < text.n && n < 9 && text.at[n] >= '0' && text.at[n] <= '9')
            n++;
        if (!text.at || !hl_parse_i64((hl_str){text.at, n}, &part[i]))
            return HL_WFDB_NO_TIME;
        text = behind;
    }
    if (part[0] < 1 || part[0] > 31 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 9999)
        return HL_WFDB_NO_TIME;
    hl_civil first = {.year = (int)part[2], .month = (int)part[1], .day = 1};
    return hl_civil_seconds(&first) / HL_DAY_S + part[0] - 1;
}

/* BTIME [BDATE]. The library takes a time of 0 for none unless a date follows. waveform.md 1.1 */
static hl_code take_time(hl_hea *r, hl_str line, hl_wfdb_header *h)
{
    hl_str whole = line, time = hl_hea_next_token(&line), date = hl_hea_next_token(&line);

    if (time.n == 0)
        return HL_OK;
    whole = (hl_str){time.at, whole.n - (size_t)(time.at - whole.at)};
    bool is_time = hl_wfdb_read_time(time, &h->base_ms);
    h->base_day = read_day(date);
    if ((!is_time || h->base_ms == 0) && h->base_day == HL_WFDB_NO_TIME && *time.at != '[')
        hl_hea_say(r, "setbasetime: incorrect time format, '%.*s'",
                   (int)(whole.n < 200 ? whole.n : 200), whole.at);
    if (!is_time)
        return hl_hea_fail_token(r, time, "time of day");
    if (hl_hea_next_token(&line).n > 0)
        return hl_hea_fail(r, HL_E_INPUT, "text behind the base date");
    h->base_time = hl_hea_keep(r, time);
    h->base_date = hl_hea_keep(r, date);
    return HL_OK;
}

static hl_code take_record_line(hl_hea *r, hl_wfdb_header *h)
{
    hl_str line, token;
    hl_code c;

    if (!hl_hea_next_structural(r, &line)) {
        if (r->line == 0)
            hl_hea_say(r, "init: record %s header is empty", r->asked);
        hl_hea_say(r, "init: can't find record name in record %s header", r->asked);
        return hl_fail_at(r->err, HL_E_INPUT, r->name, 0, -1, "%s",
                          r->line == 0 ? "the header is empty" : "the header has no record line");
    }
    c = take_record_name(r, hl_hea_next_token(&line), h);
    if (c == HL_OK)
        c = take_n_signals(r, hl_hea_next_token(&line), h);
    if (c == HL_OK && (token = hl_hea_next_token(&line)).n > 0)
        c = take_rates(r, token, h);
    if (c == HL_OK && (token = hl_hea_next_token(&line)).n > 0)
        c = take_n_samples(r, token, h);
    return c == HL_OK ? take_time(r, line, h) : c;
}

/* --- segment lines ---------------------------------------------------------------------------- */

static hl_code fail_end(hl_hea *r, int32_t stated)
{
    hl_hea_say(r, "init: unexpected EOF in header file for record %s", r->asked);
    return hl_fail_at(r->err, HL_E_INPUT, r->name, r->line, -1,
                      "the header ends after %d of %d %s lines", (int)r->index, (int)stated,
                      r->kind == HL_HEA_SIGNAL ? "signal" : "segment");
}

static hl_code take_segment(hl_hea *r, hl_str line, hl_wfdb_segment *s)
{
    hl_str name = hl_hea_next_token(&line), length = hl_hea_next_token(&line);
    char show[HL_SHOW_BYTES];

    if (*name.at == '+') {
        hl_hea_say(r, "init: `%.*s' is not a valid segment name in record %s",
                   (int)(name.n < 200 ? name.n : 200), name.at, r->asked);
        return hl_hea_fail_token(r, name, "segment name");
    }
    if (name.n > HL_WFDB_SEGMENT_NAME_BYTES) {
        hl_hea_say(r, "init: `%.*s' is too long for a segment name in record %s",
                   (int)(name.n < 200 ? name.n : 200), name.at, r->asked);
        return hl_hea_fail(r, HL_E_INPUT, "the segment name '%s' is longer than %d bytes",
                           hl_show(name, show), HL_WFDB_SEGMENT_NAME_BYTES);
    }
    if (!hl_wfdb_is_plain_name(name))
        return hl_hea_fail(r, HL_E_INPUT,
                           "segment '%s' is no plain name\n"
                           "The headers of segments must lie beside the record's.",
                           hl_show(name, show));
    s->name = hl_hea_keep(r, name);
    if (hl_parse_i64(length, &s->n_samples) && s->n_samples >= 0)
        return HL_OK;
    hl_hea_say(r, "init: length must be specified for segment %s in record %s", s->name, r->asked);
    return hl_hea_fail_token(r, length, "length of a segment");
}

static hl_code take_segments(hl_hea *r, hl_wfdb_header *h)
{
    int32_t most = hl_hea_lines_left(r, h->n_segments);
    int64_t sum = 0;
    hl_code c = HL_OK;
    hl_str line;

    r->kind = HL_HEA_SEGMENT;
    h->segment = hl_arena_calloc(r->arena, (size_t)most, sizeof *h->segment);
    if (!h->segment)
        return hl_fail_memory(r->err, "WFDB header", (size_t)most * sizeof *h->segment);
    for (r->index = 0; r->index < h->n_segments && c == HL_OK; r->index++) {
        if (!hl_hea_next_structural(r, &line))
            return fail_end(r, h->n_segments);
        hl_wfdb_segment *s = &h->segment[r->index];
        c = take_segment(r, line, s);
        if (c == HL_OK && __builtin_add_overflow(sum, s->n_samples, &sum))
            c = hl_hea_fail(r, HL_E_INPUT, "the segments are longer than 2^63 - 1 frames");
    }
    if (c == HL_OK && h->n_samples != 0 && h->n_samples != sum)
        hl_hea_say(r,
                   "warning (init): in record %s, stated record length (%lld)\n"
                   " does not match sum of segment lengths (%lld)",
                   r->asked, (long long)h->n_samples, (long long)sum);
    return c;
}

/* --- signal lines ----------------------------------------------------------------------------- */

static size_t n_digits(hl_str text, size_t from)
{
    size_t n = from;

    while (n < text.n && text.at[n] >= '0' && text.at[n] <= '9')
        n++;
    return n - from;
}

/* xSPF, :SKEW, +OFFSET in any order, from byte n on; out of range means the default. */
static hl_code take_modifiers(hl_hea *r, hl_str text, size_t n, hl_wfdb_signal *s)
{
    static const char expected[] = "signal format with xN, :N or +N";

    while (n < text.n) {
        char kind = text.at[n++];
        size_t start = n;
        int64_t v;
        n += n < text.n && text.at[n] == '-';
        n += n_digits(text, n);
        if (!hl_parse_i64((hl_str){text.at + start, n - start}, &v) ||
            (kind != '+' && v > INT32_MAX))
            return hl_hea_fail_token(r, text, expected);
        if (kind == 'x')
            s->samples_per_frame = v < 1 ? 1 : (int32_t)v;
        else if (kind == ':')
            s->skew = v < 0 ? 0 : (int32_t)v;
        else if (kind == '+')
            s->offset_bytes = v < 0 ? 0 : v;
        else
            return hl_hea_fail_token(r, text, expected);
    }
    return HL_OK;
}

/* FMT[xSPF][:SKEW][+OFFSET] */
static hl_code take_format(hl_hea *r, hl_str text, hl_wfdb_signal *s)
{
    size_t n = n_digits(text, 0);
    const hl_wfdb_format *f = NULL;

    if (hl_hea_i32((hl_str){text.at, n}, &s->format))
        f = hl_wfdb_format_find(s->format);
    if (f) {
        s->adc_bits = f->adc_bits;
        return n < text.n ? take_modifiers(r, text, n, s) : HL_OK;
    }
    hl_hea_say(r, "init: illegal format for signal %d, record %s", (int)r->index, r->asked);
    if (text.n == 0)
        return hl_hea_fail(r, HL_E_INPUT, "no signal format");
    return n == 0 ? hl_hea_fail_token(r, text, "signal format")
                  : hl_hea_fail_token(r, (hl_str){text.at, n}, "signal format of WFDB");
}

/* GAIN[(BASELINE)][/UNITS] */
static hl_code take_gain(hl_hea *r, hl_str text, hl_wfdb_signal *s)
{
    hl_str units = hl_hea_cut(&text, '/');
    hl_str baseline = hl_hea_cut(&text, '(');

    if (!hl_hea_f64(text, &s->gain))
        return hl_hea_fail_token(r, text, "gain");
    s->has_gain = true;
    s->calibrated = s->gain != 0;
    if (!s->calibrated)
        s->gain = DEFAULT_GAIN;
    if (baseline.at && !hl_str_ends(baseline, ")"))
        return hl_hea_fail_token(r, baseline, "baseline in parentheses");
    if (baseline.at && !hl_hea_i32((hl_str){baseline.at, baseline.n - 1}, &s->baseline))
        return hl_hea_fail_token(r, (hl_str){baseline.at, baseline.n - 1}, "baseline");
    s->has_baseline = baseline.at != NULL;
    s->has_units = units.n > 0;
    if (s->has_units)
        s->units = hl_hea_keep(r, units);
    return HL_OK;
}

/* DESC: all behind the one separator that has been taken off, to the first CR. */
static const char *take_description(hl_hea *r, hl_str line)
{
    while (line.n > 0 && *line.at == '\r')
        line = (hl_str){line.at + 1, line.n - 1};
    hl_hea_cut(&line, '\r');
    return hl_hea_keep(r, line);
}

/* [ADCRES [ADCZERO [INITVAL [CKSUM [BSIZE [DESC]]]]]] */
static hl_code take_tail(hl_hea *r, hl_str line, hl_wfdb_signal *s)
{
    static const char *const what[] = {"ADC resolution", "ADC zero", "initial value", "checksum",
                                       "block size"};
    int32_t *const to[] = {&s->adc_bits, &s->adc_zero, &s->initial, &s->checksum, &s->block_bytes};
    int n = 0;

    for (; n < 5; n++) {
        hl_str token = hl_hea_next_token(&line);
        if (token.n == 0)
            break;
        if (!hl_hea_i32(token, to[n]))
            return hl_hea_fail_token(r, token, what[n]);
    }
    s->has_adc_bits = n >= 1;
    if (!s->has_baseline)
        s->baseline = s->adc_zero;
    if (n < 3)
        s->initial = s->adc_zero;
    s->has_checksum = n >= 4;
    if (n == 5 && line.n > 0)
        s->description = take_description(r, line);
    return HL_OK;
}

/* Signals of one file lie interleaved: they must agree on how. waveform.md 1.1, FNAME and BSIZE */
static hl_code take_group(hl_hea *r, const hl_wfdb_signal *before, hl_wfdb_signal *s)
{
    if (strcmp(before->file, s->file) != 0) {
        s->group = before->group + 1;
        return HL_OK;
    }
    s->group = before->group;
    if (before->format == s->format && before->block_bytes == s->block_bytes)
        return HL_OK;
    hl_hea_say(r, "init: error in specification of signal %d or %d", (int)r->index - 1,
               (int)r->index);
    if (before->format != s->format)
        return hl_hea_fail(r, HL_E_INPUT,
                           "format %d, but the signal before has %d in the same file %s",
                           (int)s->format, (int)before->format, s->file);
    return hl_hea_fail(r, HL_E_INPUT,
                       "block size %d, but the signal before has %d in the same file %s",
                       (int)s->block_bytes, (int)before->block_bytes, s->file);
}

static hl_code take_signal(hl_hea *r, hl_str line, hl_wfdb_signal *s)
{
    hl_str file = hl_hea_next_token(&line), token;
    char show[HL_SHOW_BYTES];

    *s = (hl_wfdb_signal){
        .samples_per_frame = 1, .gain = DEFAULT_GAIN, .units = "mV", .description = ""};
    if (!hl_wfdb_is_plain_name(file))
        return hl_hea_fail(r, HL_E_INPUT,
                           "signal file '%s' is no plain file name\n"
                           "Signal files must lie beside the header.",
                           hl_show(file, show));
    s->file = hl_hea_keep(r, file);
    hl_code c = take_format(r, hl_hea_next_token(&line), s);
    if (c == HL_OK && (token = hl_hea_next_token(&line)).n > 0)
        c = take_gain(r, token, s);
    return c == HL_OK ? take_tail(r, line, s) : c;
}

static hl_code take_signals(hl_hea *r, hl_wfdb_header *h)
{
    int32_t most = hl_hea_lines_left(r, h->n_signals);
    hl_code c = HL_OK;
    hl_str line;

    r->kind = HL_HEA_SIGNAL;
    h->signal = hl_arena_alloc(r->arena, (size_t)most * sizeof *h->signal);
    if (!h->signal)
        return hl_fail_memory(r->err, "WFDB header", (size_t)most * sizeof *h->signal);
    for (r->index = 0; r->index < h->n_signals && c == HL_OK; r->index++) {
        if (!hl_hea_next_structural(r, &line))
            return fail_end(r, h->n_signals);
        hl_wfdb_signal *s = &h->signal[r->index];
        c = take_signal(r, line, s);
        if (c == HL_OK && r->index > 0)
            c = take_group(r, s - 1, s);
    }
    return c;
}

int64_t hl_wfdb_skew_frames(const hl_wfdb_signal *s)
{
    return (int64_t)((double)s->skew / s->samples_per_frame + 0.5);
}

/* --- info strings ----------------------------------------------------------------------------- */

static hl_code take_comments(hl_hea *r, hl_wfdb_header *h)
{
    hl_hea counting = *r;
    hl_str line;
    size_t n = 0;

    while (hl_hea_next_line(&counting, &line))
        n += line.n > 0 && *line.at == '#';
    h->comment = hl_arena_alloc(r->arena, n * sizeof *h->comment);
    if (!h->comment)
        return hl_fail_memory(r->err, "WFDB header", n * sizeof *h->comment);
    while (hl_hea_next_line(r, &line))
        if (line.n > 0 && *line.at == '#')
            h->comment[h->n_comments++] = hl_hea_keep(r, (hl_str){line.at + 1, line.n - 1});
    return HL_OK;
}

/* --- all of it -------------------------------------------------------------------------------- */

hl_code hl_wfdb_parse_header_as(hl_arena *arena, const char *text, size_t n, const char *name,
                                const char *record, hl_wfdb_header *out,
                                char reason[HL_WFDB_REASON_BYTES], hl_error *err)
{
    hl_hea r = {
        .arena = arena, .name = name, .asked = record ? record : "", .reason = reason, .err = err};
    hl_wfdb_header h = {.rate_hz = DEFAULT_RATE_HZ,
                        .counter_hz = DEFAULT_RATE_HZ,
                        .base_time = "",
                        .base_date = "",
                        .base_ms = HL_WFDB_NO_TIME,
                        .base_day = HL_WFDB_NO_TIME};
    const char *nul = n ? memchr(text, 0, n) : NULL;
    hl_code c;

    if (reason)
        *reason = 0;
    if (nul) {
        hl_hea_say(&r, "NUL byte at offset %lld", (long long)(nul - text));
        return hl_fail_at(err, HL_E_INPUT, name, 0, nul - text, "NUL byte at offset %lld",
                          (long long)(nul - text));
    }
    r.at = hl_arena_copy(arena, text, n);
    if (!r.at)
        return hl_fail_memory(err, "WFDB header", n);
    r.end = r.at + n;
    c = take_version(&r, &h);
    if (c == HL_OK)
        c = take_record_line(&r, &h);
    if (c == HL_OK)
        c = h.n_segments > 0 ? take_segments(&r, &h) : take_signals(&r, &h);
    if (c == HL_OK)
        c = take_comments(&r, &h);
    if (c == HL_OK)
        *out = h;
    return c;
}

hl_code hl_wfdb_parse_header(hl_arena *arena, const char *text, size_t n, const char *name,
                             hl_wfdb_header *out, hl_error *err)
{
    return hl_wfdb_parse_header_as(arena, text, n, name, NULL, out, NULL, err);
}
