#include "monitor/layout.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/map.h"
#include "base/sort.h"
#include "monitor/signal_lines.h"
#include "monitor/signal_rules.h"

/* A signal of the record: the largest gain and the physical range of all its segments. */
typedef struct {
    hl_wfdb_signal line; /* of the layout; settled at the end */
    double least, most;  /* physical units */
} joined;

struct hl_layout {
    hl_arena *arena;
    hl_strmap *by_name;
    joined *signal;
    size_t n, cap;
    hl_wfdb_signal *line; /* [n], after settling */
    bool several_rates;   /* a signal with more than one sample a frame, or a second file */
};

hl_layout *hl_layout_new(void)
{
    hl_layout *l = calloc(1, sizeof *l);

    if (l) {
        l->arena = hl_arena_new(4096);
        l->by_name = hl_strmap_new(32);
        if (!l->arena || !l->by_name)
            hl_layout_free(&l);
    }
    return l;
}

void hl_layout_free(hl_layout **lp)
{
    hl_layout *l = lp ? *lp : NULL;

    if (!l)
        return;
    hl_strmap_free(&l->by_name);
    hl_arena_free(&l->arena);
    free(l->signal);
    free(l);
    *lp = NULL;
}

/* --- joining ---------------------------------------------------------------------------------- */

/* Physical values at the ends of the ADC range of a segment's signal. A.8 */
static void physical_range(const hl_wfdb_signal *s, double *least, double *most)
{
    const int64_t half = s->adc_bits > 0 ? INT64_C(1) << (s->adc_bits - 1) : 0;
    int64_t low = s->adc_zero - half, high = s->adc_bits > 0 ? s->adc_zero + half - 1 : s->adc_zero;
    double a, b;

    if (low == INT16_MIN) /* the mark of an invalid sample */
        low = INT16_MIN + 1;
    a = ((double)low - s->baseline) / s->gain;
    b = ((double)high - s->baseline) / s->gain;
    *least = a < b ? a : b;
    *most = a < b ? b : a;
}

static hl_code add_new(hl_layout *l, const hl_wfdb_signal *s, hl_error *err)
{
    joined *j;

    if (l->n == HL_WFDB_MAX_SIGNALS)
        return hl_fail(err, HL_E_LIMIT, "the record has more than %d signals", HL_WFDB_MAX_SIGNALS);
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        joined *more = realloc(l->signal, cap * sizeof *more);
        if (!more)
            return hl_fail_memory(err, "signals of a record", cap);
        l->signal = more;
        l->cap = cap;
    }
    j = &l->signal[l->n++];
    *j = (joined){.line = {.file = "~",
                           .samples_per_frame = s->samples_per_frame,
                           .skew = s->skew,
                           .gain = fabs(s->gain),
                           .calibrated = true,
                           .has_checksum = true,
                           .has_units = true,
                           .has_gain = true,
                           .has_baseline = true,
                           .has_adc_bits = true}};
    j->line.description = hl_arena_copy(l->arena, s->description, strlen(s->description));
    j->line.units = hl_arena_copy(l->arena, s->units, strlen(s->units));
    if (!j->line.description || !j->line.units)
        return hl_fail_memory(err, "signals of a record", 1);
    physical_range(s, &j->least, &j->most);
    return HL_OK;
}

#define SPLIT_IT "\nOne record cannot hold both: split the stay there by hand."

static hl_code join(joined *j, const hl_wfdb_signal *s, hl_error *err)
{
    const hl_wfdb_signal *was = &j->line;
    double least, most;

    if (was->samples_per_frame != s->samples_per_frame)
        return hl_fail(err, HL_E_INPUT,
                       "signal %s: sampling period of %d ticks in one segment and of %d in "
                       "another" SPLIT_IT,
                       s->description, HL_FRAME_TICKS / (int)was->samples_per_frame,
                       HL_FRAME_TICKS / (int)s->samples_per_frame);
    if (was->skew != s->skew)
        return hl_fail(err, HL_E_INPUT,
                       "signal %s: skew of %d in one segment and of %d in another" SPLIT_IT,
                       s->description, (int)was->skew, (int)s->skew);
    if (strcmp(was->units, s->units) != 0)
        return hl_fail(err, HL_E_INPUT,
                       "signal %s: units %s in one segment and %s in another" SPLIT_IT,
                       s->description, was->units, s->units);
    physical_range(s, &least, &most);
    j->line.gain = fabs(s->gain) > j->line.gain ? fabs(s->gain) : j->line.gain;
    j->least = least < j->least ? least : j->least;
    j->most = most > j->most ? most : j->most;
    return HL_OK;
}

hl_code hl_layout_add(hl_layout *l, const hl_wfdb_signal *signal, int32_t n, hl_error *err)
{
    hl_code c = HL_OK;

    for (int32_t i = 0; i < n && c == HL_OK; i++) {
        const hl_wfdb_signal *s = &signal[i];
        int64_t was = -1;
        if (s->samples_per_frame > 1 || strcmp(s->file, signal[0].file) != 0)
            l->several_rates = true;
        c = hl_strmap_add(l->by_name, hl_str_of(s->description), (int64_t)l->n, &was, err);
        if (c == HL_OK)
            c = was < 0 ? add_new(l, s, err) : join(&l->signal[was], s, err);
    }
    return c;
}

/* --- the layout's own numbers ----------------------------------------------------------------- */

/* Halves to even, as the converter's language rounds. */
static double round_half_even(double v)
{
    double down = floor(v), part = v - down;

    if (part < 0.5 || (part == 0.5 && fmod(down, 2) == 0))
        return down;
    return down + 1;
}

/* Smallest ADC range that holds the physical range at the largest gain. A.8 */
static hl_code settle(joined *j, hl_error *err)
{
    hl_wfdb_signal *s = &j->line;
    const double span = (j->most - j->least) * s->gain;
    double bits = ceil(log2(span + 1)), low, high, most, least, baseline = 0;

    if (!(bits >= 0 && bits < 4096))
        return hl_fail(err, HL_E_INPUT, "signal %s: its calibration spans no usable range",
                       s->description);
    for (; bits > 31; bits--)
        s->gain /= 2;
    s->adc_bits = (int32_t)bits;
    s->adc_zero = s->adc_bits <= 16 ? 0 : (int32_t)(INT64_C(1) << (s->adc_bits - 1));
    low = high = s->adc_zero;
    if (s->adc_bits > 0) {
        low = s->adc_zero - ldexp(1, s->adc_bits - 1);
        high = low + ldexp(1, s->adc_bits) - 1;
    }
    least = j->least * s->gain;
    most = j->most * s->gain;
    if (!(least >= low && most <= high))
        baseline = round_half_even((high - most + low - least) / 2);
    if (!(fabs(baseline) < INT32_MAX))
        return hl_fail(err, HL_E_INPUT, "signal %s: the segments' calibrations lie too far apart",
                       s->description);
    s->baseline = (int32_t)baseline;
    return HL_OK;
}

static int class_of(const char *units)
{
    return strcmp(units, "mV") == 0 ? 0 : strcmp(units, "mmHg") == 0 ? 1 : 2;
}

static int layout_order(const void *a, const void *b, void *ctx)
{
    const hl_wfdb_signal *x = &((const joined *)a)->line, *y = &((const joined *)b)->line;
    int c = class_of(x->units) - class_of(y->units);

    (void)ctx;
    return c ? c : strcmp(x->description, y->description);
}

hl_code hl_layout_settle(hl_layout *l, hl_error *err)
{
    hl_code c = hl_sort_stable(l->signal, l->n, sizeof *l->signal, layout_order, NULL, err);

    l->line = hl_arena_calloc(l->arena, l->n, sizeof *l->line);
    if (!l->line)
        return hl_fail_memory(err, "layout", l->n);
    for (size_t i = 0; i < l->n && c == HL_OK; i++) {
        c = settle(&l->signal[i], err);
        l->line[i] = l->signal[i].line;
    }
    return c;
}

const hl_wfdb_signal *hl_layout_signals(const hl_layout *l, int32_t *n)
{
    *n = l->line ? (int32_t)l->n : 0;
    return l->line;
}

/* --- headers ---------------------------------------------------------------------------------- */

double hl_stay_counter_hz(const hl_stay_options *options)
{
    return options->style == HL_STAY_DOWNCAST ? 1000 : options->tick_hz;
}

double hl_stay_frame_hz(const hl_stay_options *options)
{
    return hl_stay_counter_hz(options) / HL_FRAME_TICKS;
}

hl_code hl_segment_name(const hl_stay_options *options, const hl_stay_segment *segment,
                        char out[HL_SEGMENT_NAME_CHARS], hl_error *err)
{
    int n =
        options->style == HL_STAY_DOWNCAST
            ? snprintf(out, HL_SEGMENT_NAME_CHARS, "%010" PRId64, segment->start)
            : snprintf(out, HL_SEGMENT_NAME_CHARS, "%s_%04" PRId64, options->name, segment->number);

    if (n < 0 || n >= HL_SEGMENT_NAME_CHARS)
        return hl_fail(err, HL_E_LIMIT, "the record name %.40s... is too long", options->name);
    return HL_OK;
}

static hl_wfdb_header blank_header(const hl_stay_options *options)
{
    return (hl_wfdb_header){.rate_hz = hl_stay_frame_hz(options),
                            .counter_hz = hl_stay_counter_hz(options),
                            .base_time = "",
                            .base_date = "",
                            .base_ms = HL_WFDB_NO_TIME,
                            .base_day = HL_WFDB_NO_TIME};
}

/* Segments and the gaps between them as lines. Lengths are in frames from base; a part of a frame
 * is cut off, as the converter does. */
static hl_code list_segments(const hl_stay_options *options, const char *layout_name,
                             const hl_stay_segment *segment, size_t n, hl_arena *arena,
                             hl_wfdb_header *h, hl_stay_result *result, hl_error *err)
{
    const int64_t base = n > 0 && segment[0].start < 0 ? segment[0].start : 0;
    hl_wfdb_segment *line = NULL;
    int64_t end = 0;
    size_t k = 0;

    if (n >= HL_WFDB_MAX_SEGMENTS / 2)
        return hl_fail(err, HL_E_LIMIT, "the stay falls into %zu segments; a record holds %d", n,
                       HL_WFDB_MAX_SEGMENTS / 2);
    line = hl_arena_calloc(arena, 2 * n + 1, sizeof *line);
    if (!line)
        return hl_fail_memory(err, "list of segments", n);
    line[k++] = (hl_wfdb_segment){layout_name, 0};
    for (size_t i = 0; i < n; i++) {
        char name[HL_SEGMENT_NAME_CHARS];
        const int64_t at = (segment[i].start - base) / HL_FRAME_TICKS;
        hl_code c = hl_segment_name(options, &segment[i], name, err);
        if (c != HL_OK)
            return c;
        if (at < end)
            return hl_fail(err, HL_E_INPUT, "segment %s overlaps with the one before it", name);
        if (at > end) {
            line[k++] = (hl_wfdb_segment){"~", at - end};
            result->n_gaps++;
        }
        line[k++] = (hl_wfdb_segment){hl_arena_copy(arena, name, strlen(name)), segment[i].frames};
        if (!line[k - 1].name)
            return hl_fail_memory(err, "list of segments", n);
        end = at + segment[i].frames;
    }
    h->segment = line;
    h->n_segments = (int32_t)k;
    h->n_samples = end;
    h->base_counter = (double)base;
    result->base_ticks = base;
    result->n_frames = end;
    result->n_segments = (int64_t)n;
    return HL_OK;
}

/* Wall time of frame 0 as "HH:MM:SS.mmm" and "DD/MM/YYYY" in its zone, cut to milliseconds. */
static hl_code base_time(hl_stamp start, hl_arena *arena, hl_wfdb_header *h, hl_error *err)
{
    int64_t local, ms, s;
    hl_civil t;

    if (__builtin_add_overflow(start.us, (int64_t)start.zone_min * 60000000, &local))
        return hl_fail(err, HL_E_INPUT, "the start time is out of range");
    ms = local / 1000 - (local % 1000 < 0);
    s = ms / 1000 - (ms % 1000 < 0);
    if (s < INT64_C(-62135596800) || s > INT64_C(253402300799)) /* years 1 to 9999 */
        return hl_fail(err, HL_E_INPUT, "the start time is out of range");
    t = hl_civil_of(s);
    h->base_time = hl_arena_printf(arena, "%02d:%02d:%02d.%03d", t.hour, t.minute, t.second,
                                   (int)(ms - s * 1000));
    h->base_date = hl_arena_printf(arena, "%02d/%02d/%04d", t.day, t.month, t.year);
    return h->base_time && h->base_date ? HL_OK : hl_fail_memory(err, "master header", 1);
}

/* "#subject_id 10999001" */
static hl_code info(const hl_stay_options *options, hl_arena *arena, hl_wfdb_header *h,
                    hl_error *err)
{
    const char *key[2] = {"subject_id", "hadm_id"};
    const char *value[2] = {options->subject_id, options->hadm_id};

    h->comment = hl_arena_calloc(arena, 2, sizeof *h->comment);
    if (!h->comment)
        return hl_fail_memory(err, "master header", 2);
    for (int i = 0; i < 2; i++)
        if (value[i] &&
            !(h->comment[h->n_comments++] = hl_arena_printf(arena, "%s %s", key[i], value[i])))
            return hl_fail_memory(err, "master header", 2);
    return HL_OK;
}

static hl_code write_header(hl_files *files, const hl_wfdb_header *h, hl_error *err)
{
    hl_buf text = {0};
    char name[HL_PATH_BYTES];
    hl_code c = hl_signal_lines_put(&text, h, NULL, err);

    snprintf(name, sizeof name, "%s.hea", h->name);
    if (c == HL_OK)
        c = hl_files_write(files, name, &text, err);
    hl_buf_free(&text);
    return c;
}

hl_code hl_layout_write(const hl_layout *l, const hl_stay_options *options, hl_files *files,
                        const hl_stay_segment *segment, size_t n, hl_stamp start,
                        hl_stay_result *result, hl_error *err)
{
    const bool downcast = options->style == HL_STAY_DOWNCAST;
    hl_wfdb_header layout = blank_header(options), master = blank_header(options);
    hl_arena *arena = hl_arena_new(0);
    hl_code c = HL_OK;

    if (arena)
        layout.name = hl_arena_printf(arena, downcast ? "%s_layout" : "%s_0000", options->name);
    if (!arena || !layout.name)
        c = hl_fail_memory(err, "headers of a record", 1);
    layout.signal = l->line;
    layout.n_signals = (int32_t)l->n;
    if (c == HL_OK)
        c = write_header(files, &layout, err);
    master.name = options->name;
    master.n_signals = (int32_t)l->n;
    if (downcast && l->several_rates)
        master.version[0] = 10, master.version[1] = 6;
    if (!downcast && options->version_line)
        master.version[0] = 10, master.version[1] = 7; /* format 516 needs it */
    if (c == HL_OK)
        c = list_segments(options, layout.name, segment, n, arena, &master, result, err);
    if (c == HL_OK && !downcast && start.has)
        c = base_time(start, arena, &master, err);
    if (c == HL_OK && !downcast)
        c = info(options, arena, &master, err);
    if (c == HL_OK)
        c = write_header(files, &master, err);
    hl_arena_free(&arena);
    return c;
}
