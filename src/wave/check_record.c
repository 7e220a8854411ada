/*
 * check_record.c - one record: its header, the fields of its signals, and what lies beside it.
 *
 * Source: waveform.md 1.5, 1.5.1.
 */
#include "wave/check.h"

#include <stdlib.h>
#include <strings.h>

#include "base/ctl.h"

enum { MAX_HEADER_BYTES = 64 << 20, ARENA_BYTES = 16384, MOST_ADC_BITS = 32 };

bool hl_wave_is_finding(hl_code c, const hl_error *err)
{
    return c == HL_E_INPUT || c == HL_E_USAGE ||
           ((c == HL_E_LIMIT || c == HL_E_IO) && !hl_error_is_memory(err));
}

const char *hl_wave_fault_text(const hl_record_check *k, hl_error *err)
{
    char *advice = strchr(err->message, '\n');

    if (advice)
        *advice = 0;
    hl_error_below(err, k->target->folder);
    return err->message;
}

/* --- names ------------------------------------------------------------------------------------ */

static bool is_letter_or_digit(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
}

/* Whether a part of a path is one of the names that DOS keeps for devices, with any ending. */
static bool is_device(hl_str part)
{
    static const char *const device[] = {"aux", "con", "nul", "prn"};
    size_t n = 0;

    while (n < part.n && part.at[n] != '.')
        n++;
    for (size_t i = 0; i < sizeof device / sizeof *device; i++)
        if (n == 3 && strncasecmp(part.at, device[i], 3) == 0)
            return true;
    return n == 4 && (strncasecmp(part.at, "com", 3) == 0 || strncasecmp(part.at, "lpt", 3) == 0) &&
           part.at[3] >= '1' && part.at[3] <= '9';
}

bool hl_wave_check_is_plain(const char *name)
{
    hl_str part = {name, 0};

    for (const char *p = name;; p++) {
        if (*p && *p != '/') {
            if (!is_letter_or_digit(*p) && *p != '.' && *p != '-' && *p != '_')
                return false;
            part.n++;
            continue;
        }
        if ((part.n > 0 && (*part.at == '.' || *part.at == '-')) || is_device(part))
            return false;
        if (!*p)
            return true;
        part = (hl_str){p + 1, 0};
    }
}

/* A description that says nothing: none, or one that a program made up. */
static bool is_made_up(const char *description)
{
    const char *p = description;

    if (!*p || (strncmp(p, "record ", 7) == 0 && strstr(p, ", signal ")))
        return true;
    if (strncmp(p, "col ", 4) != 0)
        return false;
    int64_t n;
    return p[4] == 0 || hl_parse_i64(hl_str_of(p + 4), &n);
}

hl_found_at hl_wave_check_at_signal(const hl_record_check *k, const char *segment,
                                    const hl_wfdb_header *h, int32_t s)
{
    hl_found_at at = k->here;

    at.segment = segment;
    at.signal = s;
    if (s >= 0 && !is_made_up(h->signal[s].description))
        at.signal_name = h->signal[s].description;
    return at;
}

hl_found_at hl_wave_check_at(const hl_segment_check *seg, int32_t s)
{
    return hl_wave_check_at_signal(seg->k, seg->name, &seg->header, s);
}

/* --- header ----------------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);

    return n > m && strcasecmp(text + n - m, ending) == 0;
}

/* What the library says of a header that could be read all the same. */
static void found_remark(hl_record_check *k, const hl_found_at *at, const char *reason,
                         const hl_wfdb_header *h)
{
    int64_t sum = 0;

    if (strncmp(reason, "warning", 7) != 0) {
        if (*reason) /* its time: the library refuses the record for it */
            hl_wave_found(k->found, HL_FOUND_ERROR, at, "%s", reason);
        return;
    }
    for (int32_t i = 0; i < h->n_segments; i++)
        sum += h->segment[i].n_samples;
    hl_wave_found(k->found, HL_FOUND_WARNING, at,
                  "stated record length (%lld) does not match sum of segment lengths (%lld)",
                  (long long)h->n_samples, (long long)sum);
}

/* A file that is not there, or cannot be read. A server that does not answer ends the check. */
static hl_code no_header(hl_record_check *k, const hl_found_at *at, const char *name, hl_code c,
                         hl_error *local, hl_error *err)
{
    if (!hl_wave_is_finding(c, local) || (c == HL_E_IO && k->is_remote)) {
        if (err)
            *err = *local;
        return c;
    }
    if (c == HL_E_INPUT)
        hl_wave_found(k->found, HL_FOUND_ERROR, at, "init: can't open header for record %s", name);
    else
        hl_wave_found(k->found, HL_FOUND_ERROR, at, "%s", hl_wave_fault_text(k, local));
    return HL_OK;
}

hl_code hl_wave_check_read_header(hl_record_check *k, hl_arena *arena, const char *segment,
                                  hl_wfdb_header *out, bool *there, hl_error *err)
{
    const char *name = segment ? segment : k->target->name;
    char file[HL_PATH_BYTES], path[HL_PATH_BYTES], reason[HL_WFDB_REASON_BYTES];
    hl_found_at at = k->here;
    hl_error local = {0};
    hl_buf text = {0};
    hl_code c = HL_E_INPUT;

    *there = false;
    at.segment = segment;
    if (snprintf(file, sizeof file, "%s.hea", name) < (int)sizeof file)
        c = hl_place_read(k->place, file, MAX_HEADER_BYTES, &text, NULL, &local);
    if (c != HL_OK)
        return no_header(k, &at, name, c, &local, err);
    hl_ctl_bytes(k->all->ctl, (int64_t)text.n);
    if (hl_place_path(k->place, file, path, NULL) != HL_OK)
        snprintf(path, sizeof path, "%s", file);
    c = hl_wfdb_parse_header_as(arena, text.n ? text.at : "", text.n, path, name, out, reason,
                                &local);
    hl_buf_free(&text);
    if (c == HL_OK && !segment && k->target->in_folder &&
        !hl_wfdb_is_name_of(out->name, name, true)) {
        hl_wave_found(k->found, HL_FOUND_ERROR, &at,
                      "init: record name in record %s header is incorrect", name);
        return HL_OK;
    }
    if (c == HL_OK) {
        found_remark(k, &at, reason, out);
        *there = true;
        return HL_OK;
    }
    if (!hl_wave_is_finding(c, &local)) {
        if (err)
            *err = local;
        return c;
    }
    hl_wave_found(k->found, HL_FOUND_ERROR, &at, "%s",
                  *reason ? reason : hl_wave_fault_text(k, &local));
    return HL_OK;
}

/* --- names of signals ------------------------------------------------------------------------- */

static const char *name_of(const hl_wfdb_header *h, int32_t s)
{
    return h->signal[s].description;
}

/* Signals with the same description; those without have one of their own in the library. */
static int32_t count_named(const hl_wfdb_header *h, const char *name, int32_t from, int32_t to)
{
    int32_t n = 0;

    for (int32_t i = from; i < to; i++)
        n += strcmp(name_of(h, i), name) == 0;
    return n;
}

void hl_wave_check_names(hl_record_check *k, const char *segment, const hl_wfdb_header *h)
{
    const hl_found_at at = hl_wave_check_at_signal(k, segment, h, -1);

    for (int32_t i = 0; i < h->n_signals; i++) {
        const char *name = name_of(h, i);
        if (!*name || count_named(h, name, 0, i) > 0)
            continue;
        int32_t n = count_named(h, name, i, h->n_signals);
        if (n > 1)
            hl_wave_found(k->found, HL_FOUND_ERROR, &at, "%d signals named %s", (int)n, name);
    }
}

static bool has_control_byte(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static bool is_number(const char *text)
{
    return strspn(text, "0123456789") == strlen(text);
}

void hl_wave_check_known(hl_record_check *k, const char *segment, const hl_wfdb_header *h,
                         const uint8_t *is_annotation)
{
    const hl_found_at whole = hl_wave_check_at_signal(k, segment, h, -1);

    for (int32_t i = 0; i < h->n_signals; i++) {
        const hl_found_at at = hl_wave_check_at_signal(k, segment, h, i);
        const char *name = name_of(h, i), *units = h->signal[i].units;
        if (is_annotation && is_annotation[i])
            continue;
        if (is_made_up(name))
            hl_wave_found(k->found, HL_FOUND_WARNING, &at, "signal description missing");
        else if (is_number(name))
            hl_wave_found(k->found, HL_FOUND_WARNING, &at, "signal description is a number");
        else if (has_control_byte(name))
            hl_wave_found(k->found, HL_FOUND_ERROR, &at,
                          "control characters in signal description");
        else if (has_control_byte(units))
            hl_wave_found(k->found, HL_FOUND_ERROR, &at, "control characters in unit name");
        else if (!hl_calibration_find(&k->all->calibration, name, units))
            hl_wave_found(k->found, HL_FOUND_WARNING, &whole,
                          "signal %s (units %s) not listed in calibration file", name, units);
    }
}

/* --- fields of signals ------------------------------------------------------------------------ */

/* Bits of a stored sample; 0 = no sample is stored. */
static int32_t format_bits(int32_t format)
{
    switch (format) {
    case 0:
        return 0;
    case 8: /* differences, which add up to anything */
        return 32;
    case 80:
        return 8;
    case 310:
    case 311:
        return 10;
    case 61:
    case 160:
        return 16;
    case 212:
        return 12;
    default: /* 16, 24, 32, and FLAC's 508, 516, 524 */
        return format % 500;
    }
}

hl_adc_range hl_wave_check_adc(hl_record_check *k, const hl_found_at *at, const hl_wfdb_signal *s)
{
    const int32_t bits = s->adc_bits;

    if (bits <= 0 || bits > MOST_ADC_BITS)
        return (hl_adc_range){0, 0};
    int64_t half = INT64_C(1) << (bits - 1);
    int64_t least = s->adc_zero - half, most = s->adc_zero + half - 1;
    if (least >= INT32_MIN && most <= INT32_MAX)
        return (hl_adc_range){(int32_t)least, (int32_t)most};
    hl_wave_found(k->found, HL_FOUND_ERROR, at, "integer overflow in ADC range (zero=%d, res=%d)",
                  (int)s->adc_zero, (int)bits);
    return (hl_adc_range){0, 0};
}

static void check_gain(hl_segment_check *seg, const hl_found_at *at, const hl_wfdb_signal *s)
{
    hl_wave_findings *found = seg->k->found;

    if (!s->calibrated)
        hl_wave_found(found, seg->name ? HL_FOUND_ERROR : HL_FOUND_WARNING, at,
                      "gain not specified");
    else if (s->gain < 0)
        hl_wave_found(found, HL_FOUND_NOTE, at, "negative gain (%g)", s->gain);
}

static void check_resolution(hl_segment_check *seg, const hl_found_at *at, const hl_wfdb_signal *s,
                             hl_adc_range *range)
{
    hl_wave_findings *found = seg->k->found;
    const int32_t bits = format_bits(s->format);

    if (s->adc_bits == 0)
        hl_wave_found(found, HL_FOUND_WARNING, at, "adcres = 0");
    else if (s->adc_bits < 0)
        hl_wave_found(found, HL_FOUND_ERROR, at, "negative adcres (%d)", (int)s->adc_bits);
    if (s->adc_bits > bits)
        hl_wave_found(found, HL_FOUND_ERROR, at, "format %d is insufficient for adcres %d",
                      (int)s->format, (int)s->adc_bits);
    *range = hl_wave_check_adc(seg->k, at, s);
    int64_t half = INT64_C(1) << (bits - 1);
    if (s->adc_bits <= bits && range->least < range->most &&
        (range->least < -half || range->most >= half))
        hl_wave_found(found, HL_FOUND_ERROR, at,
                      "format %d is insufficient for ADC range (zero=%d, res=%d)", (int)s->format,
                      (int)s->adc_zero, (int)s->adc_bits);
}

static void check_signal(hl_segment_check *seg, int32_t i)
{
    const hl_wfdb_signal *s = &seg->header.signal[i];
    const hl_found_at at = hl_wave_check_at(seg, i), whole = hl_wave_check_at(seg, -1);

    if (s->format == 0 || (seg->is_annotation && seg->is_annotation[i]))
        return;
    if ((i == 0 || s->group != s[-1].group) && !seg->k->is_edf && !hl_wave_check_is_plain(s->file))
        hl_wave_found(seg->k->found, HL_FOUND_WARNING, &whole, "problematic file name: %s",
                      s->file);
    if (s->format == 8)
        hl_wave_found(seg->k->found, HL_FOUND_WARNING, &at, "signal stored in difference format");
    check_gain(seg, &at, s);
    check_resolution(seg, &at, s, &seg->range[i]);
}

hl_code hl_wave_check_fields(hl_segment_check *seg, hl_error *err)
{
    const hl_wfdb_header *h = &seg->header;
    const hl_found_at at = hl_wave_check_at(seg, -1);
    int32_t most_spf = 1;

    seg->range = hl_arena_calloc(seg->arena, (size_t)h->n_signals, sizeof *seg->range);
    if (!seg->range)
        return hl_fail_memory(err, "signals", (size_t)h->n_signals * sizeof *seg->range);
    for (int32_t i = 0; i < h->n_signals; i++)
        if (h->signal[i].samples_per_frame > most_spf)
            most_spf = h->signal[i].samples_per_frame;
    if (h->n_samples > INT32_MAX / most_spf)
        hl_wave_found(seg->k->found, HL_FOUND_NOTE, &at, "record length greater than 2^31 samples");
    hl_wave_check_names(seg->k, seg->name, h);
    if (!seg->name)
        hl_wave_check_known(seg->k, NULL, h, seg->is_annotation);
    for (int32_t i = 0; i < h->n_signals; i++)
        check_signal(seg, i);
    seg->k->checked->segments++;
    seg->k->checked->signals += h->n_signals;
    return HL_OK;
}

/* --- a record --------------------------------------------------------------------------------- */

static hl_code check_single(hl_record_check *k, const uint8_t *is_annotation, int64_t *n_frames,
                            hl_error *err)
{
    hl_segment_check seg = {
        .k = k, .arena = k->arena, .header = k->header, .is_annotation = is_annotation};

    if (k->header.n_signals == 0) {
        hl_wave_found(k->found, HL_FOUND_NOTE, &k->here, "no signals");
        return HL_OK;
    }
    hl_code c = hl_wave_check_fields(&seg, err);
    *n_frames = k->header.n_samples;
    if (c == HL_OK && !k->all->o->headers_only)
        c = hl_wave_check_signals(&seg, n_frames, err);
    return c;
}

static hl_code check_edf(hl_record_check *k, int64_t *n_frames, hl_error *err)
{
    hl_edf edf = {0};
    hl_error local = {0};
    hl_in *in = NULL;
    hl_code c = hl_place_in(k->place, k->target->name, &in, &local);

    if (c == HL_OK)
        c = hl_edf_read(k->arena, in, &edf, &local);
    hl_in_close(&in);
    if (c != HL_OK && hl_wave_is_finding(c, &local) && !(c == HL_E_IO && k->is_remote)) {
        hl_wave_found(k->found, HL_FOUND_ERROR, &k->here, "%s", hl_wave_fault_text(k, &local));
        return HL_OK;
    }
    if (c != HL_OK) {
        if (err)
            *err = local;
        return c;
    }
    k->header = edf.header;
    for (int32_t i = 0; i < k->header.n_signals; i++)
        k->header.signal[i].file = k->target->name;
    return check_single(k, edf.is_annotation, n_frames, err);
}

/* Header and samples; *n_frames that the signals have, 0 = not known. */
static hl_code check_waves(hl_record_check *k, int64_t *n_frames, hl_error *err)
{
    bool there;

    if (k->is_edf)
        return check_edf(k, n_frames, err);
    hl_code c = hl_wave_check_read_header(k, k->arena, NULL, &k->header, &there, err);
    if (c != HL_OK || !there)
        return c;
    return k->header.n_segments > 0 ? hl_wave_check_segments(k, n_frames, err)
                                    : check_single(k, NULL, n_frames, err);
}

static hl_code check_all(hl_record_check *k, hl_error *err)
{
    const hl_wave_check_options *o = k->all->o;
    int64_t n_frames = 0;
    hl_code c = hl_place_open(k->target->folder, &k->place, err);

    if (c != HL_OK)
        return c;
    if (!hl_wave_check_is_plain(k->target->shown))
        hl_wave_found(k->found, HL_FOUND_WARNING, &k->here,
                      "problematic character(s) in record name");
    c = check_waves(k, &n_frames, err);
    if (c == HL_OK && !k->is_edf && !o->headers_only)
        c = hl_wave_check_numerics(k, err);
    if (c == HL_OK && o->annotations && !k->is_remote)
        c = hl_wave_check_annotations(k, n_frames, err);
    if (c == HL_OK && !k->is_edf)
        c = hl_wave_check_surroundings(k, err);
    return c == HL_OK ? hl_wave_findings_check(k->found, err) : c;
}

hl_code hl_wave_check_record(const hl_wave_checking *all, const hl_wave_target *target,
                             hl_wave_findings *found, hl_wave_checked *checked, hl_error *err)
{
    hl_record_check k = {.all = all,
                         .target = target,
                         .found = found,
                         .checked = checked,
                         .is_remote = hl_place_is_address(target->folder),
                         .is_edf = ends_in(target->name, ".edf") || ends_in(target->name, ".bdf"),
                         .here = {.record = target->shown, .signal = -1}};
    hl_code c = HL_OK;

    k.arena = hl_arena_new(ARENA_BYTES);
    if (!k.arena)
        return hl_fail_memory(err, "record", ARENA_BYTES);
    checked->records++;
    c = check_all(&k, err);
    hl_place_close(&k.place);
    hl_arena_free(&k.arena);
    return c;
}
