/*
 * edf.c - the header of an EDF, EDF+ or BDF file, as WFDB sees it.
 *
 *      version 8, patient 80, recording 80, date 8, time 8, header bytes 8, reserved 44,
 *      data records 8, their duration 8, signals (ns) 4, then for all signals in turn:
 *      label 16, transducer 80, dimension 8, physical minimum 8, maximum 8, digital minimum 8,
 *      maximum 8, prefilter 80, samples a data record 8, reserved 32
 */
#include "format/edf.h"

#include <math.h>
#include <stdlib.h>

#include "base/civil.h"
#include "format/edf_tal.h"

enum { FIXED_BYTES = 256 };

/* Where a field of the fixed part begins, and how long it is. */
typedef struct {
    const char *name;
    int32_t at, n;
} field;

static const field patient = {"patient", 8, 80}, recording = {"recording", 88, 80},
                   start_date = {"start date", 168, 8}, start_time = {"start time", 176, 8},
                   header_bytes = {"number of header bytes", 184, 8},
                   reserved = {"reserved", 192, 44}, records = {"number of data records", 236, 8},
                   duration = {"duration of a data record", 244, 8},
                   signals = {"number of signals", 252, 4};

/* ... of a signal: at is what all signals have in front of it, times ns. */
static const field label = {"label", 0, 16}, dimension = {"dimension", 96, 8},
                   physical_min = {"physical minimum", 104, 8},
                   physical_max = {"physical maximum", 112, 8},
                   digital_min = {"digital minimum", 120, 8},
                   digital_max = {"digital maximum", 128, 8},
                   samples = {"samples a data record", 216, 8};

typedef struct {
    const char *name; /* of the file */
    const char *text; /* of the whole header */
    int64_t size;     /* of the file */
    int32_t n_signals;
} source;

bool hl_edf_magic(const void *bytes, size_t n)
{
    const char *at = bytes;

    return n >= 8 && (memcmp(at, "0       ", 8) == 0 || memcmp(at + 1, "BIOSEMI", 7) == 0);
}

/* --- fields ------------------------------------------------------------------------------------
 */

/* Blanks and NULs at both ends do not count: both occur as padding. */
static hl_str trimmed(const char *at, int32_t n)
{
    hl_str text = {at, (size_t)n};

    while (text.n > 0 && (unsigned char)text.at[text.n - 1] <= ' ')
        text.n--;
    while (text.n > 0 && (unsigned char)text.at[0] <= ' ') {
        text.at++;
        text.n--;
    }
    return text;
}

static hl_str fixed_text(const source *src, field f)
{
    return trimmed(src->text + f.at, f.n);
}

static const char *signal_at(const source *src, field f, int32_t s)
{
    return src->text + FIXED_BYTES + (int64_t)f.at * src->n_signals + (int64_t)f.n * s;
}

/* s < 0: a field of the fixed part. */
static hl_code bad_field(const source *src, field f, int32_t s, hl_str text, const char *what,
                         hl_error *err)
{
    char show[HL_SHOW_BYTES];

    if (s < 0)
        return hl_fail_at(err, HL_E_INPUT, src->name, 0, f.at, "%s '%s' %s", f.name,
                          hl_show(text, show), what);
    return hl_fail_at(err, HL_E_INPUT, src->name, 0, signal_at(src, f, s) - src->text,
                      "signal %d: %s '%s' %s", (int)s, f.name, hl_show(text, show), what);
}

static hl_code take_real(const source *src, field f, int32_t s, double *out, hl_error *err)
{
    const hl_str text = s < 0 ? fixed_text(src, f) : trimmed(signal_at(src, f, s), f.n);

    if (!hl_parse_f64(text, out) || !isfinite(*out))
        return bad_field(src, f, s, text, "is no number", err);
    return HL_OK;
}

/* "100" and also "100.0", which some programs write. */
static hl_code take_int(const source *src, field f, int32_t s, int64_t *out, hl_error *err)
{
    const hl_str text = s < 0 ? fixed_text(src, f) : trimmed(signal_at(src, f, s), f.n);
    double v;

    if (hl_parse_i64(text, out))
        return HL_OK;
    if (!hl_parse_f64(text, &v) || !(fabs(v) < 1e15) || v != floor(v))
        return bad_field(src, f, s, text, "is no whole number", err);
    *out = (int64_t)v;
    return HL_OK;
}

/* --- date and time -----------------------------------------------------------------------------
 */

/* Three numbers with any one byte between, as libwfdb takes them. */
static bool three_numbers(hl_str text, int out[3])
{
    size_t i = 0;

    for (int k = 0; k < 3; k++) {
        int digits = 0;
        out[k] = 0;
        for (; i < text.n && text.at[i] >= '0' && text.at[i] <= '9'; i++, digits++)
            out[k] = 10 * out[k] + text.at[i] - '0';
        if (digits == 0)
            return false;
        if (k < 2)
            i++;
    }
    return i == text.n;
}

/* "Startdate 05-MAR-2159 ..." of EDF+: the full year. */
static bool full_date(hl_str text, hl_civil *out)
{
    static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    static const char start[] = "Startdate ";
    const size_t n = sizeof start - 1;
    int64_t day, year;

    if (!hl_str_starts(text, start) || text.n < n + 11 || text.at[n + 2] != '-' ||
        text.at[n + 6] != '-')
        return false;
    if (!hl_parse_i64((hl_str){text.at + n, 2}, &day) ||
        !hl_parse_i64((hl_str){text.at + n + 7, 4}, &year))
        return false;
    *out = (hl_civil){.year = (int)year, .day = (int)day};
    for (int m = 0; m < 12; m++)
        if (memcmp(months + 3 * m, text.at + n + 3, 3) == 0)
            out->month = m + 1;
    return hl_civil_valid(out);
}

/* waveform.md 1.7: the year is 1985 to 2084, unless EDF+ has it in full with the same last digits.
 */
static bool take_date(const source *src, const hl_edf *edf, hl_civil *out)
{
    const hl_str text = fixed_text(src, start_date);
    hl_civil full;
    int v[3];
    const bool has_full = edf->is_plus && full_date(fixed_text(src, recording), &full);

    if (!three_numbers(text, v)) {
        const bool no_year = text.n == 8 && memcmp(text.at + 6, "yy", 2) == 0;
        if (has_full && no_year)
            *out = full;
        return has_full && no_year;
    }
    *out = (hl_civil){.day = v[0], .month = v[1], .year = v[2] + 1900};
    if (out->year < 1985)
        out->year += 100;
    if (has_full && full.day == v[0] && full.month == v[1] && full.year % 100 == v[2])
        *out = full;
    return hl_civil_valid(out);
}

static hl_code take_start(hl_arena *arena, const source *src, hl_edf *edf, hl_error *err)
{
    hl_wfdb_header *h = &edf->header;
    hl_civil date;
    int t[3];

    h->base_ms = h->base_day = HL_WFDB_NO_TIME;
    h->base_time = h->base_date = "";
    if (!three_numbers(fixed_text(src, start_time), t) || t[0] > 23 || t[1] > 59 || t[2] > 59)
        return HL_OK;
    const int ms = (int)(edf->start_fraction_s * 1000 + 0.5);
    h->base_ms = ((t[0] * 60 + t[1]) * 60 + t[2]) * INT64_C(1000) + (ms < 999 ? ms : 999);
    h->base_time = ms == 0 ? hl_arena_printf(arena, "%02d:%02d:%02d", t[0], t[1], t[2])
                           : hl_arena_printf(arena, "%02d:%02d:%02d.%03d", t[0], t[1], t[2],
                                             (int)(h->base_ms % 1000));
    if (take_date(src, edf, &date)) {
        h->base_day = hl_civil_seconds(&date) / HL_DAY_S; /* midnight: divides without rest */
        h->base_date = hl_arena_printf(arena, "%02d/%02d/%04d", date.day, date.month, date.year);
    }
    return h->base_time && h->base_date ? HL_OK : hl_fail_memory(err, "EDF header", 32);
}

/* --- signals -----------------------------------------------------------------------------------
 */

static hl_code check_whole(const source *src, field f, int32_t s, int64_t v, int64_t least,
                           int64_t most, hl_error *err)
{
    if (v >= least && v <= most)
        return HL_OK;
    return bad_field(src, f, s, trimmed(signal_at(src, f, s), f.n), "is out of range", err);
}

/* Gain, baseline, zero and bits from the limits; waveform.md 1.7. */
static hl_code take_limits(const source *src, int32_t s, hl_wfdb_signal *to, hl_error *err)
{
    double pmin, pmax, baseline;
    int64_t dmin, dmax;
    hl_code c = take_real(src, physical_min, s, &pmin, err);

    if (c == HL_OK)
        c = take_real(src, physical_max, s, &pmax, err);
    if (c == HL_OK)
        c = take_int(src, digital_min, s, &dmin, err);
    if (c == HL_OK)
        c = check_whole(src, digital_min, s, dmin, -(1 << 30), 1 << 30, err);
    if (c == HL_OK)
        c = take_int(src, digital_max, s, &dmax, err);
    if (c == HL_OK)
        c = check_whole(src, digital_max, s, dmax, -(1 << 30), 1 << 30, err);
    if (c != HL_OK)
        return c;
    to->adc_zero = to->initial = (int32_t)((dmax + 1 + dmin) / 2);
    to->adc_bits = 0;
    for (int64_t range = dmax - dmin; range > 0; range /= 2)
        to->adc_bits++;
    to->gain = 200; /* what WFDB takes for an unknown one */
    if (pmax == pmin)
        return HL_OK;
    const double gain = (double)(dmax - dmin) / (pmax - pmin);
    baseline = (double)dmax - pmax * gain;
    if (!(fabs(baseline) < 2147483647) || !isfinite(gain))
        return hl_fail_at(err, HL_E_INPUT, src->name, 0,
                          signal_at(src, physical_min, s) - src->text,
                          "signal %d: the limits %g to %g (physical) and %lld to %lld (digital) "
                          "give a baseline that is out of range",
                          (int)s, pmin, pmax, (long long)dmin, (long long)dmax);
    to->baseline = (int32_t)(baseline >= 0 ? baseline + 0.5 : baseline - 0.5);
    if (gain != 0)
        to->gain = gain;
    to->calibrated = to->has_gain = gain != 0;
    return HL_OK;
}

/* The text of a field without the blanks behind it; those in front stay, as in libwfdb. */
static const char *copy_text(hl_arena *arena, const char *at, int32_t n)
{
    hl_str text = {at, (size_t)n};
    const char *nul = memchr(at, 0, (size_t)n);

    if (nul)
        text.n = (size_t)(nul - at);
    while (text.n > 0 && text.at[text.n - 1] == ' ')
        text.n--;
    return hl_arena_str(arena, text).at;
}

static hl_code take_signal(hl_arena *arena, const source *src, const hl_edf *edf, int32_t s,
                           hl_wfdb_signal *to, hl_error *err)
{
    int64_t n = 0;
    hl_code c = take_limits(src, s, to, err);

    if (c == HL_OK)
        c = take_int(src, samples, s, &n, err);
    if (c == HL_OK)
        c = check_whole(src, samples, s, n, 1, INT32_MAX / 4, err);
    if (c != HL_OK)
        return c;
    to->file = "";
    to->format = edf->is_bdf ? 24 : 16;
    to->samples_per_frame = (int32_t)n;
    to->offset_bytes = FIXED_BYTES * ((int64_t)src->n_signals + 1);
    to->description = copy_text(arena, signal_at(src, label, s), label.n);
    to->units = copy_text(arena, signal_at(src, dimension, s), dimension.n);
    to->has_units = to->has_baseline = to->has_adc_bits = true;
    return to->description && to->units ? HL_OK : hl_fail_memory(err, "EDF header", 32);
}

static hl_code take_signals(hl_arena *arena, const source *src, hl_edf *edf, hl_error *err)
{
    const size_t n = (size_t)src->n_signals;
    hl_wfdb_signal *to = hl_arena_calloc(arena, n, sizeof *to);
    uint8_t *is_annotation = hl_arena_calloc(arena, n, 1);
    hl_code c = HL_OK;

    if (!to || !is_annotation)
        return hl_fail_memory(err, "EDF header", n * sizeof *to);
    edf->header.signal = to;
    edf->header.n_signals = src->n_signals;
    edf->is_annotation = is_annotation;
    for (int32_t s = 0; c == HL_OK && s < src->n_signals; s++) {
        c = take_signal(arena, src, edf, s, &to[s], err);
        if (c == HL_OK)
            is_annotation[s] =
                strcmp(to[s].description, edf->is_bdf ? "BDF Annotations" : "EDF Annotations") == 0;
    }
    return c;
}

/* --- data records ------------------------------------------------------------------------------
 */

static hl_code take_records(const source *src, hl_edf *edf, hl_error *err)
{
    const int64_t bytes = hl_edf_record_bytes(edf);
    double seconds;
    int64_t n;
    hl_code c = take_int(src, records, -1, &n, err);

    if (c == HL_OK)
        c = take_real(src, duration, -1, &seconds, err);
    if (c != HL_OK)
        return c;
    if (n < 0)
        n = (src->size - edf->header.signal[0].offset_bytes) / bytes;
    edf->header.n_samples = n;
    edf->header.rate_hz = edf->header.counter_hz = 1 / (seconds > 0 ? seconds : 1);
    if (!isfinite(edf->header.rate_hz))
        return bad_field(src, duration, -1, fixed_text(src, duration), "is too short", err);
    return HL_OK;
}

static bool has_annotations(const hl_edf *edf)
{
    for (int32_t s = 0; s < edf->header.n_signals; s++)
        if (edf->is_annotation[s])
            return true;
    return false;
}

typedef struct {
    hl_edf_run *at;
    size_t n, room;
} runs;

static hl_code add_run(runs *to, int64_t record, double onset_s, hl_error *err)
{
    if (to->n == to->room) {
        const size_t room = to->room ? 2 * to->room : 16;
        hl_edf_run *at = realloc(to->at, room * sizeof *at);
        if (!at)
            return hl_fail_memory(err, "data records", room * sizeof *at);
        to->at = at;
        to->room = room;
    }
    to->at[to->n++] = (hl_edf_run){.first_record = record, .onset_s = onset_s};
    return HL_OK;
}

/* Data record i of EDF+D goes on where the one before ended, or begins a run. */
static hl_code place_record(hl_in *in, const hl_edf *edf, int64_t i, runs *to, hl_error *err)
{
    const double seconds = 1 / edf->header.rate_hz;
    double onset = 0, gap, slack = 1e-6;
    int32_t most = 1;
    hl_code c = hl_edf_record_onset(in, edf, i, &onset, err);

    if (c != HL_OK)
        return c;
    onset -= edf->start_fraction_s;
    if (i == 0)
        return add_run(to, 0, onset, err);
    for (int32_t s = 0; s < edf->header.n_signals; s++)
        if (!edf->is_annotation[s] && edf->header.signal[s].samples_per_frame > most)
            most = edf->header.signal[s].samples_per_frame;
    if (slack < seconds / most / 2) /* half a sample */
        slack = seconds / most / 2;
    const hl_edf_run *run = &to->at[to->n - 1];
    gap = onset - (run->onset_s + (double)(i - run->first_record) * seconds);
    if (gap < -slack)
        return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, -1,
                          "data record %lld begins at %.6f s, before the end of the one in front "
                          "of it",
                          (long long)i, onset);
    return gap > slack ? add_run(to, i, onset, err) : HL_OK;
}

static hl_code find_runs(hl_arena *arena, hl_in *in, hl_edf *edf, hl_error *err)
{
    const int64_t n = edf->header.n_samples;
    const bool several = edf->is_discontinuous && n > 0;
    runs found = {0};
    hl_code c = HL_OK;

    if (several && !has_annotations(edf))
        return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, reserved.at,
                          "EDF+D without an 'EDF Annotations' signal: the times of its data "
                          "records are not known");
    if (!several)
        c = add_run(&found, 0, 0, err);
    for (int64_t i = 0; several && c == HL_OK && i < n; i++)
        c = place_record(in, edf, i, &found, err);
    if (c == HL_OK) {
        edf->run = hl_arena_calloc(arena, found.n, sizeof *edf->run);
        c = edf->run ? HL_OK : hl_fail_memory(err, "data records", found.n * sizeof *edf->run);
    }
    for (size_t i = 0; c == HL_OK && i < found.n; i++) {
        edf->run[i] = found.at[i];
        edf->run[i].n_records =
            (i + 1 < found.n ? found.at[i + 1].first_record : n) - found.at[i].first_record;
    }
    edf->n_runs = c == HL_OK ? found.n : 0;
    free(found.at);
    return c;
}

/* The start of EDF+ is a whole second; what is missing is the onset of its first data record. */
static void take_fraction(hl_in *in, hl_edf *edf)
{
    double onset;

    if (edf->is_plus && has_annotations(edf) && edf->header.n_samples > 0 &&
        hl_edf_record_onset(in, edf, 0, &onset, NULL) == HL_OK && onset > 0 && onset < 1)
        edf->start_fraction_s = onset;
}

/* --- the file ----------------------------------------------------------------------------------
 */

static void copy_field(const source *src, field f, char to[81])
{
    const hl_str text = fixed_text(src, f);

    memcpy(to, text.at, text.n);
    to[text.n] = 0;
}

static hl_code read_all(hl_in *in, char *to, size_t n, hl_error *err)
{
    size_t got;
    const hl_code c = hl_in_pread(in, to, n, 0, &got, err);

    if (c == HL_OK && got < n)
        return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, (int64_t)got,
                          "the file ends within its EDF header (%zu of %zu bytes)", got, n);
    return c;
}

/* The fixed part, and what it says of the rest. */
static hl_code take_fixed(source *src, hl_edf *edf, hl_error *err)
{
    const hl_str kind = fixed_text(src, reserved);
    int64_t n, bytes;
    hl_code c;

    if (!hl_edf_magic(src->text, FIXED_BYTES))
        return hl_fail_at(err, HL_E_INPUT, src->name, 0, 0, "no EDF or BDF file");
    edf->is_bdf = src->text[0] != '0';
    edf->is_plus = hl_str_starts(kind, edf->is_bdf ? "BDF+" : "EDF+");
    edf->is_discontinuous = edf->is_plus && kind.n > 4 && kind.at[4] == 'D';
    copy_field(src, patient, edf->patient);
    copy_field(src, recording, edf->recording);
    c = take_int(src, signals, -1, &n, err);
    if (c == HL_OK)
        c = take_int(src, header_bytes, -1, &bytes, err);
    if (c != HL_OK)
        return c;
    if (n < 1)
        return bad_field(src, signals, -1, fixed_text(src, signals), "is out of range", err);
    if (n > HL_WFDB_MAX_SIGNALS)
        return hl_fail_at(err, HL_E_LIMIT, src->name, 0, signals.at,
                          "%lld signals; at most %d are read", (long long)n, HL_WFDB_MAX_SIGNALS);
    if (bytes != FIXED_BYTES * (n + 1))
        return hl_fail_at(err, HL_E_INPUT, src->name, 0, header_bytes.at,
                          "no EDF file: a header of %lld bytes, %lld signals take %lld",
                          (long long)bytes, (long long)n, (long long)(FIXED_BYTES * (n + 1)));
    src->n_signals = (int32_t)n;
    return HL_OK;
}

static hl_code take_all(hl_arena *arena, hl_in *in, const source *src, hl_edf *edf, hl_error *err)
{
    const char *slash = strrchr(src->name, '/');
    hl_code c = take_signals(arena, src, edf, err);

    if (c == HL_OK)
        c = take_records(src, edf, err);
    if (c != HL_OK)
        return c;
    edf->header.name = hl_arena_printf(arena, "%s", slash ? slash + 1 : src->name);
    if (!edf->header.name)
        return hl_fail_memory(err, "EDF header", 0);
    take_fraction(in, edf);
    c = take_start(arena, src, edf, err);
    return c == HL_OK ? find_runs(arena, in, edf, err) : c;
}

hl_code hl_edf_read(hl_arena *arena, hl_in *in, hl_edf *out, hl_error *err)
{
    char fixed[FIXED_BYTES];
    source src = {.name = hl_in_name(in), .text = fixed, .size = hl_in_size(in)};
    char *whole = NULL;
    hl_code c;

    *out = (hl_edf){0};
    if (src.size < 8)
        return hl_fail_at(err, HL_E_INPUT, src.name, 0, 0, "no EDF or BDF file");
    c = read_all(in, fixed, sizeof fixed, err);
    if (c == HL_OK)
        c = take_fixed(&src, out, err);
    if (c == HL_OK) {
        const size_t n = FIXED_BYTES * ((size_t)src.n_signals + 1);
        whole = malloc(n);
        c = whole ? read_all(in, whole, n, err) : hl_fail_memory(err, "EDF header", n);
    }
    if (c == HL_OK) {
        src.text = whole;
        c = take_all(arena, in, &src, out, err);
    }
    free(whole);
    return c;
}
