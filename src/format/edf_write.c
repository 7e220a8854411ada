#include "format/edf_write.h"

#include <math.h>
#include <stdlib.h>

#include "base/civil.h"
#include "format/edf.h"
#include "format/edf_tal.h"

enum { FIXED_BYTES = 256, INVALID = -32768, FIRST_YEAR = 1985 };

struct hl_edf_writer {
    hl_out *out; /* the caller's */
    hl_edf_style style;
    int32_t n_signals; /* of the record */
    hl_edf_record_plan plan;
    int64_t n_records, record; /* in all; written */
    int64_t frame;             /* within the data record being filled */
    int64_t n_frames, given;
    double fraction_s; /* of the start: onset of the first data record */
    struct {
        hl_edf_limits limits;
        int32_t samples_per_frame;
        int64_t offset; /* bytes, in a data record */
    } * signal;
    uint8_t *block; /* one data record, without its annotations */
    /* Annotations, EDF_PLUS: lists of those of data record i are bytes tal_end[i - 1] ..
     * tal_end[i] - 1 of tals. */
    hl_buf tals;
    size_t *tal_end;
    int64_t tal_bytes; /* of a data record */
};

/* --- annotations -------------------------------------------------------------------------------
 */

static size_t time_keeping(const hl_edf_writer *w, int64_t record, hl_buf *to)
{
    const size_t before = to->n;

    hl_edf_put_tal(to, (double)record * w->plan.seconds + w->fraction_s, -1, "");
    return to->n - before;
}

/* Lay n lists (end[i] = where the i-th ends) into data records of at most `most` bytes, in order;
 * tal_end may be NULL. False: they do not fit. */
static bool lay(const hl_edf_writer *w, const size_t *end, size_t n, const size_t *keeping,
                size_t most, size_t *tal_end)
{
    size_t next = 0, from = 0;

    for (int64_t i = 0; i < w->n_records; i++) {
        while (next < n && keeping[i] + (end[next] - from) <= most)
            next++;
        from = next ? end[next - 1] : 0;
        if (tal_end)
            tal_end[i] = from;
    }
    return next == n;
}

/* The fewest bytes a data record with which they all fit: spread evenly. */
static void spread(hl_edf_writer *w, const size_t *end, size_t n, const size_t *keeping)
{
    size_t low = 0, high = w->tals.n;

    for (int64_t i = 0; i < w->n_records; i++)
        low = keeping[i] > low ? keeping[i] : low;
    high += low;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (lay(w, end, n, keeping, mid, NULL))
            high = mid;
        else
            low = mid + 1;
    }
    hl_assert(lay(w, end, n, keeping, low, w->tal_end));
    w->tal_bytes = (int64_t)(low + low % 2);
}

static hl_code plan_annotations(hl_edf_writer *w, const hl_edf_options *o, hl_error *err)
{
    const size_t records = (size_t)w->n_records;
    size_t *end = calloc(o->n_annotations + 1, sizeof *end), n = 0;
    size_t *keeping = calloc(records + 1, sizeof *keeping);
    hl_buf text = {0};
    hl_code c = HL_OK;

    w->tal_end = calloc(records + 1, sizeof *w->tal_end);
    if (!end || !keeping || !w->tal_end)
        c = hl_fail_memory(err, "annotations", (records + o->n_annotations) * sizeof *end);
    for (size_t i = 0; c == HL_OK && i < o->n_annotations; i++) {
        const hl_edf_annotation *a = &o->annotation[i];
        if (!*a->text) /* would pass for time keeping */
            continue;
        hl_edf_put_tal(&w->tals, a->onset_s + w->fraction_s, a->duration_s, a->text);
        end[n++] = w->tals.n;
    }
    for (size_t i = 0; c == HL_OK && i < records; i++) {
        keeping[i] = time_keeping(w, (int64_t)i, &text);
        hl_buf_clear(&text);
    }
    if (c == HL_OK)
        c = hl_buf_check(&w->tals, "annotations", err);
    if (c == HL_OK)
        spread(w, end, n, keeping);
    hl_buf_free(&text);
    free(end);
    free(keeping);
    return c;
}

/* --- header ------------------------------------------------------------------------------------
 */

/* A file header of blanks that fields are put into. */
typedef struct {
    char *at;
    size_t n, put;
    bool whole; /* mit2edf: a text longer than its field runs into the next one */
} header;

static void put_text(header *to, const char *text, size_t width)
{
    size_t n = strlen(text);

    if (n > width && !to->whole)
        n = width;
    if (n > to->n - to->put)
        n = to->n - to->put;
    for (size_t i = 0; i < n; i++) {
        const unsigned char b = (unsigned char)text[i];
        to->at[to->put + i] = to->whole || (b >= ' ' && b < 127) ? text[i] : '?';
    }
    to->put += width;
}

static void put_cut(header *to, const char *text, size_t width)
{
    char cut[81];

    snprintf(cut, sizeof cut, "%.*s", (int)width, text);
    put_text(to, cut, width);
}

static void put_int(header *to, int64_t v, size_t width)
{
    char text[HL_F64_CHARS];

    hl_print_i64(v, text);
    put_text(to, text, width);
}

static void put_real(header *to, double v, bool scaled)
{
    char text[32];

    if (to->whole && !scaled)
        snprintf(text, sizeof text, "%g", v);
    else
        hl_edf_number(v, text);
    put_text(to, text, 8);
}

/* Patient, recording, date and time. EDF+ wants sub-fields, X for what is not known. */
static void put_start(header *to, const hl_wfdb_header *h, hl_edf_style style)
{
    static const char *const month[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
    const bool plus = style == HL_EDF_PLUS;
    const bool has_time = h->base_ms != HL_WFDB_NO_TIME;
    const bool has_date = has_time && h->base_day != HL_WFDB_NO_TIME;
    const int s = has_time ? (int)(h->base_ms / 1000) : 0;
    hl_civil d = {.year = FIRST_YEAR, .month = 1, .day = 1};
    char text[HL_PATH_BYTES];

    if (has_date)
        d = hl_civil_of(h->base_day * HL_DAY_S);
    int n = snprintf(text, sizeof text, "%.72s", h->name);
    for (int i = 0; plus && i < n; i++)
        if (text[i] == ' ')
            text[i] = '_';
    if (plus)
        snprintf(text + n, sizeof text - (size_t)n, " X X X");
    put_cut(to, text, 80);
    if (has_date)
        snprintf(text, sizeof text, "Startdate %02d-%s-%d%s", d.day, month[d.month - 1], d.year,
                 plus ? " X X X" : "");
    put_cut(to, has_date ? text : plus ? "Startdate X X X X" : "Startdate not recorded", 80);
    /* EDF+ would have "yy" after 2084, which EDFlib refuses; the full year stands above. */
    snprintf(text, sizeof text, "%02d.%02d.%02d", d.day, d.month, d.year % 100);
    put_cut(to, text, 8);
    snprintf(text, sizeof text, "%02d.%02d.%02d", s / 3600 % 24, s / 60 % 60, s % 60);
    put_cut(to, text, 8);
}

static void put_signals(header *to, const hl_edf_writer *w, const hl_wfdb_header *h)
{
    const int32_t n = w->n_signals;
    const bool tal = w->style == HL_EDF_PLUS;

    for (int32_t s = 0; s < n; s++)
        put_cut(to, h->signal[s].description, 16);
    if (tal)
        put_text(to, "EDF Annotations", 16);
    for (int32_t s = 0; s < n + tal; s++)
        put_text(to, s < n ? "transducer type not recorded" : "", 80);
    for (int32_t s = 0; s < n + tal; s++)
        put_cut(to, s < n ? h->signal[s].units : "", 8);
    for (int32_t s = 0; s < n + tal; s++)
        put_real(to, s < n ? w->signal[s].limits.physical_min : -1,
                 s < n && w->signal[s].limits.scaled);
    for (int32_t s = 0; s < n + tal; s++)
        put_real(to, s < n ? w->signal[s].limits.physical_max : 1,
                 s < n && w->signal[s].limits.scaled);
    for (int32_t s = 0; s < n + tal; s++)
        put_int(to, s < n ? w->signal[s].limits.digital_min : -32768, 8);
    for (int32_t s = 0; s < n + tal; s++)
        put_int(to, s < n ? w->signal[s].limits.digital_max : 32767, 8);
    for (int32_t s = 0; s < n + tal; s++)
        put_text(to, s < n ? "prefiltering not recorded" : "", 80);
    for (int32_t s = 0; s < n; s++)
        put_int(to, w->plan.k * w->signal[s].samples_per_frame, 8);
    if (tal)
        put_int(to, w->tal_bytes / 2, 8);
}

static hl_code write_header(hl_edf_writer *w, const hl_wfdb_header *h, hl_error *err)
{
    const size_t n_all = (size_t)w->n_signals + (w->style == HL_EDF_PLUS);
    header to = {.n = FIXED_BYTES * (n_all + 1), .whole = w->style == HL_EDF_MIT2EDF};
    hl_code c;

    to.at = malloc(to.n);
    if (!to.at)
        return hl_fail_memory(err, "EDF header", to.n);
    memset(to.at, ' ', to.n);
    put_text(&to, "0", 8);
    put_start(&to, h, w->style);
    put_int(&to, (int64_t)to.n, 8);
    put_text(&to, w->style == HL_EDF_PLUS ? "EDF+C" : "", 44);
    put_int(&to, w->n_records, 8);
    put_cut(&to, w->plan.text, 8);
    put_int(&to, (int64_t)n_all, 4);
    put_signals(&to, w, h);
    c = hl_out_write(w->out, to.at, to.n, err);
    free(to.at);
    return c;
}

/* --- beginning ---------------------------------------------------------------------------------
 */

static hl_code plan_signals(hl_edf_writer *w, const hl_wfdb_header *h, hl_error *err)
{
    const size_t n = (size_t)h->n_signals;
    int64_t offset = 0;
    hl_code c = HL_OK;

    w->signal = calloc(n, sizeof *w->signal);
    w->block = malloc((size_t)w->plan.bytes);
    if (!w->signal || !w->block)
        return hl_fail_memory(err, "EDF data record", (size_t)w->plan.bytes);
    for (int32_t s = 0; c == HL_OK && s < h->n_signals; s++) {
        w->signal[s].samples_per_frame = h->signal[s].samples_per_frame;
        w->signal[s].offset = offset;
        offset += 2 * w->plan.k * h->signal[s].samples_per_frame;
        c = hl_edf_plan_limits(h, s, w->style, &w->signal[s].limits, err);
    }
    return c;
}

static hl_code plan(hl_edf_writer *w, const hl_wfdb_header *h, const hl_edf_options *o,
                    hl_error *err)
{
    enum { MOST_RECORDS = 99999999, MOST_SIGNALS = 4095 };
    hl_code c;

    if (h->n_signals < 1 || h->n_signals > MOST_SIGNALS)
        return hl_fail(err, HL_E_LIMIT, "record %.60s has %d signals; EDF holds 1 to %d", h->name,
                       (int)h->n_signals, MOST_SIGNALS);
    c = hl_edf_plan_record(h, o, &w->plan, err);
    if (c != HL_OK)
        return c;
    /* mit2edf: always one more than full ones. */
    w->n_records = w->style == HL_EDF_MIT2EDF
                       ? w->n_frames / w->plan.k + 1
                       : w->n_frames / w->plan.k + (w->n_frames % w->plan.k > 0);
    if (w->n_records == 0 && o->n_annotations > 0)
        w->n_records = 1;
    if (w->n_records > MOST_RECORDS)
        return hl_fail(err, HL_E_LIMIT, "record %.60s takes %lld data records; EDF counts to %d",
                       h->name, (long long)w->n_records, MOST_RECORDS);
    c = plan_signals(w, h, err);
    if (c == HL_OK && w->style == HL_EDF_PLUS) {
        if (h->base_ms != HL_WFDB_NO_TIME)
            w->fraction_s = (double)(h->base_ms % 1000) / 1000;
        c = plan_annotations(w, o, err);
    }
    return c;
}

hl_code hl_edf_writer_new(hl_out *out, const hl_wfdb_header *h, int64_t n_frames,
                          const hl_edf_options *options, hl_edf_writer **writer, double *rate_error,
                          hl_error *err)
{
    hl_edf_writer *w = calloc(1, sizeof *w);
    hl_code c;

    *writer = NULL;
    if (!w)
        return hl_fail_memory(err, "EDF writer", sizeof *w);
    w->out = out;
    w->style = options->style;
    w->n_signals = h->n_signals;
    w->n_frames = n_frames;
    c = plan(w, h, options, err);
    if (c == HL_OK)
        c = write_header(w, h, err);
    if (c != HL_OK) {
        hl_edf_writer_abort(&w);
        return c;
    }
    if (rate_error)
        *rate_error = w->plan.rate_error;
    *writer = w;
    return HL_OK;
}

void hl_edf_writer_abort(hl_edf_writer **writer)
{
    hl_edf_writer *w = writer ? *writer : NULL;

    if (!w)
        return;
    free(w->signal);
    free(w->block);
    free(w->tal_end);
    hl_buf_free(&w->tals);
    free(w);
    *writer = NULL;
}

/* --- samples -----------------------------------------------------------------------------------
 */

static hl_code write_annotations(hl_edf_writer *w, hl_error *err)
{
    const size_t from = w->record > 0 ? w->tal_end[w->record - 1] : 0;
    hl_buf text = {0};
    hl_code c;

    time_keeping(w, w->record, &text);
    if (w->tal_end[w->record] > from)
        hl_buf_append(&text, w->tals.at + from, w->tal_end[w->record] - from);
    while (!text.oom && (int64_t)text.n < w->tal_bytes)
        hl_buf_char(&text, 0);
    c = hl_buf_check(&text, "annotations", err);
    if (c == HL_OK)
        c = hl_out_write(w->out, text.at, text.n, err);
    hl_buf_free(&text);
    return c;
}

/* The data record as it is, the frames that it still lacks invalid. */
static hl_code write_record(hl_edf_writer *w, hl_error *err)
{
    for (int32_t s = 0; s < w->n_signals; s++) {
        const int64_t spf = w->signal[s].samples_per_frame;
        uint8_t *to = w->block + w->signal[s].offset;
        for (int64_t i = w->frame * spf; i < w->plan.k * spf; i++) {
            to[2 * i] = INVALID & 0xff;
            to[2 * i + 1] = INVALID >> 8 & 0xff;
        }
    }
    hl_code c = hl_out_write(w->out, w->block, (size_t)w->plan.bytes, err);
    if (c == HL_OK && w->style == HL_EDF_PLUS)
        c = write_annotations(w, err);
    w->record++;
    w->frame = 0;
    return c;
}

static int64_t scaled(const hl_edf_limits *l, int32_t code)
{
    const double v = code * l->factor + l->shift;

    return (int64_t)(v < 0 ? v - 0.5 : v + 0.5);
}

/* n frames of signal s into the data record. */
static hl_code put_samples(hl_edf_writer *w, int32_t s, const int32_t *sample, int64_t n_frames,
                           hl_error *err)
{
    const hl_edf_limits *l = &w->signal[s].limits;
    const int64_t n = n_frames * w->signal[s].samples_per_frame;
    uint8_t *to = w->block + w->signal[s].offset + 2 * w->frame * w->signal[s].samples_per_frame;

    for (int64_t i = 0; i < n; i++) {
        int64_t v = sample[i];
        if (v == HL_WFDB_INVALID)
            v = INVALID;
        else if (l->scaled)
            v = scaled(l, sample[i]);
        if (v < INVALID || v > INT16_MAX)
            return hl_fail(err, HL_E_LIMIT,
                           "signal %d: sample %d of frame %lld does not fit in the 16 bits of EDF: "
                           "it is beyond the ADC resolution that the header states",
                           (int)s, (int)sample[i],
                           (long long)(w->given + i / w->signal[s].samples_per_frame));
        to[2 * i] = (uint8_t)(v & 0xff);
        to[2 * i + 1] = (uint8_t)(v >> 8 & 0xff);
    }
    return HL_OK;
}

hl_code hl_edf_writer_add(hl_edf_writer *w, const int32_t *const sample[], int64_t n_frames,
                          hl_error *err)
{
    hl_code c = HL_OK;

    hl_assert(n_frames >= 0 && n_frames <= w->n_frames - w->given);
    for (int64_t done = 0; c == HL_OK && done < n_frames;) {
        const int64_t room = w->plan.k - w->frame, left = n_frames - done;
        const int64_t n = left < room ? left : room;
        for (int32_t s = 0; c == HL_OK && s < w->n_signals; s++)
            c = put_samples(w, s, sample[s] + done * w->signal[s].samples_per_frame, n, err);
        w->frame += n;
        w->given += n;
        done += n;
        if (c == HL_OK && w->frame == w->plan.k)
            c = write_record(w, err);
    }
    return c;
}

hl_code hl_edf_writer_end(hl_edf_writer **writer, hl_error *err)
{
    hl_edf_writer *w = *writer;
    hl_code c = HL_OK;

    while (c == HL_OK && w->record < w->n_records)
        c = write_record(w, err);
    hl_edf_writer_abort(writer);
    return c;
}
