#include "wave/rdsamp.h"

#include <math.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/ctl.h"
#include "wave/record.h"

enum { CHUNK_VALUES = 1 << 15, FLUSH_BYTES = 1 << 18, WFDB_INVALID_SAMPLE = -32768 };
enum { DAY_MS = 86400000 };

typedef struct {
    hl_wave *w;
    const hl_rdsamp_options *o;
    hl_wave_window q;
    int32_t n;
    int32_t ticks;           /* rows a frame */
    double hz;               /* rows a second */
    const struct style *how; /* of the times */
    int32_t **to;            /* [n] */
    int32_t *block;
    hl_buf out;
} printing;

/* --- flags ---------------------------------------------------------------------------------------
 */

/* -p or -P with a letter for the times. As there, -p twice is -P, and the last letter counts. */
static bool take_values(hl_str word, hl_rdsamp_options *out)
{
    static const char letter[] = "smhedS"; /* hl_rdsamp_time */
    const char *at = word.n == 3 ? memchr(letter, word.at[2], sizeof letter - 1) : letter;

    if (!(hl_str_starts(word, "-p") || hl_str_starts(word, "-P")) || word.n > 3 || !at)
        return false;
    out->values += word.at[1] == 'P' ? 2 : 1;
    out->values = out->values > HL_RDSAMP_PRECISE ? HL_RDSAMP_PRECISE : out->values;
    out->time = (int32_t)(at - letter);
    return true;
}

hl_code hl_rdsamp_flags(const char *words, hl_rdsamp_options *out, hl_error *err)
{
    hl_str rest = hl_str_trim(hl_str_of(words));

    while (rest.n > 0) {
        const char *blank = memchr(rest.at, ' ', rest.n);
        hl_str word = {rest.at, blank ? (size_t)(blank - rest.at) : rest.n};
        char show[HL_SHOW_BYTES];
        if (hl_str_is(word, "-c"))
            out->csv = 1;
        else if (hl_str_is(word, "-v"))
            out->heading = 1;
        else if (hl_str_is(word, "-H"))
            out->highres = 1;
        else if (!take_values(word, out))
            return hl_fail(err, HL_E_USAGE,
                           "--rdsamp: '%s' is not known\nAllowed: -c -v -H -p -P, these two also "
                           "with d, e, h, m, s or S; the window and the signals have options of "
                           "their own.",
                           hl_show(word, show));
        rest = hl_str_trim((hl_str){rest.at + word.n, rest.n - word.n});
    }
    return HL_OK;
}

/* --- times ---------------------------------------------------------------------------------------
 */

/* Seconds, and milliseconds to nearest, of a time in ms. Sums and products in the order of the WFDB
 * library: at half a millisecond the last bit decides. */
static int64_t split_ms(double s_and_part, double part_ms, int *ms)
{
    int64_t s = (int64_t)s_and_part;

    *ms = (int)(part_ms + 0.5);
    if (*ms == 1000) {
        *ms = 0;
        s++;
    }
    return s;
}

static void print_elapsed(double hz, int64_t i, char out[HL_MSTIM_CHARS])
{
    int ms;
    double s0 = (double)(int64_t)((double)i / hz);
    long long s = split_ms(s0, ((double)i - s0 * hz) * 1000 / hz, &ms);

    if (s >= 3600)
        snprintf(out, HL_MSTIM_CHARS, "%2lld:%02d:%02d.%03d", s / 3600, (int)(s / 60 % 60),
                 (int)(s % 60), ms);
    else
        snprintf(out, HL_MSTIM_CHARS, "   %2d:%02d.%03d", (int)(s / 60), (int)(s % 60), ms);
}

void hl_mstimstr(const hl_wave_info *info, double hz, int64_t i, bool wall,
                 char out[HL_MSTIM_CHARS])
{
    char date[HL_TIME_CHARS];
    int64_t day = 0, base = info->start_ms;
    int ms;

    if (!wall || base == HL_WAVE_NO_TIME) {
        print_elapsed(hz, i, out);
        return;
    }
    if (info->has_date) {
        day = base / DAY_MS - (base % DAY_MS < 0);
        base -= day * DAY_MS;
    }
    double t = (double)base + (double)i * 1000 / hz;
    int64_t s = split_ms(t / 1000, t - (double)(int64_t)(t / 1000) * 1000, &ms);
    day += s / HL_DAY_S;
    int n = snprintf(out, HL_MSTIM_CHARS, "[%02d:%02d:%02d.%03d", (int)(s / 3600 % 24),
                     (int)(s / 60 % 60), (int)(s % 60), ms);
    if (info->has_date) {
        hl_print_date(day * HL_DAY_S, date);
        n += snprintf(out + n, HL_MSTIM_CHARS - (size_t)n, " %.2s/%.2s/%.4s", date + 8, date + 5,
                      date);
    } else if (day > 0) {
        n += snprintf(out + n, HL_MSTIM_CHARS - (size_t)n, " %lld", (long long)day);
    }
    snprintf(out + n, HL_MSTIM_CHARS - (size_t)n, "]");
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static const hl_wave_signal *signal_at(const printing *p, int32_t k)
{
    return &p->w->info.signal[p->o->signal ? p->o->signal[k] : k];
}

static const char *last(const char *text, size_t n)
{
    size_t all = strlen(text);

    return all > n ? text + all - n : text;
}

/* A way to print times: the two lines of heading, in columns and in csv. */
typedef struct style {
    const char *name, *unit, *csv_name, *csv_unit;
    double per_s; /* units a second, where it is a number with so many decimals ... */
    int decimals;
    bool wall, whole_s; /* ... or a time of day; whole_s: without milliseconds */
} style;

/* clang-format off */
static const style in_seconds = {"   Elapsed time", "      (seconds)", "Elapsed time", "seconds", 1, 3, 0, 0};
static const style in_minutes = {"   Elapsed time", "      (minutes)", "Elapsed time", "minutes", 60, 5, 0, 0};
static const style in_hours = {"   Elapsed time", "        (hours)", "Elapsed time", "hours", 3600, 7, 0, 0};
static const style as_elapsed = {"   Elapsed time", "   hh:mm:ss.mmm", "Elapsed time", "hh:mm:ss.mmm", 0, 0, 0, 0};
static const style in_samples = {"sample interval", NULL, "sample interval", NULL, 0, 0, 0, 0};
static const style as_raw = {"       sample #", NULL, "sample #", NULL, 0, 0, 0, 0};
static const style as_clock = {"     Time", "(hh:mm:ss.mmm)", "Time", "hh:mm:ss.mmm", 0, 0, 1, 0};
static const style as_date = {"      Time      Date    ", "(hh:mm:ss.mmm dd/mm/yyyy)", "Time and date",
                           "hh:mm:ss.mmm dd/mm/yyyy", 0, 0, 1, 0};
static const style as_slow_date = {"   Time      Date    ", "(hh:mm:ss dd/mm/yyyy)", "Time and date",
                                "hh:mm:ss dd/mm/yyyy", 0, 0, 1, 1};
/* clang-format on */

static const style *choose_style(const printing *p)
{
    static const style *const of[] = {&in_seconds, &in_minutes, &in_hours,
                                      &as_elapsed, NULL,        &in_samples};
    const hl_wave_info *info = &p->w->info;

    if (!p->o->values)
        return &as_raw;
    if (p->o->time != HL_RDSAMP_CLOCK)
        return of[p->o->time];
    return info->start_ms == HL_WAVE_NO_TIME ? &as_elapsed
           : !info->has_date                 ? &as_clock
           : p->hz > 1                       ? &as_date
                                             : &as_slow_date;
}

/* A text of the csv form: within ', with \ in front of ' and \. */
static void put_quoted(hl_buf *to, const char *text)
{
    hl_buf_char(to, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            hl_buf_char(to, '\\');
        hl_buf_char(to, *text);
    }
    hl_buf_char(to, '\'');
}

/* The name of a column; one that was made up for a signal without description is "sig N". */
static void put_name(printing *p, int32_t k, size_t width)
{
    const char *name = signal_at(p, k)->name;
    char own[32];

    if (strstr(name, ", signal ")) {
        snprintf(own, sizeof own, "sig %d", (int)(p->o->signal ? p->o->signal[k] : k));
        name = own;
    }
    hl_buf_char(&p->out, p->o->csv ? ',' : '\t');
    if (p->o->csv)
        put_quoted(&p->out, name);
    else
        hl_buf_printf(&p->out, "%*s", (int)width, last(name, width));
}

static void put_time_unit(printing *p)
{
    char text[32];

    if (p->how->unit) {
        hl_buf_printf(&p->out, p->o->csv ? "'%s'" : "%s",
                      p->o->csv ? p->how->csv_unit : p->how->unit);
    } else if (p->o->csv) {
        hl_buf_printf(&p->out, "'%g sec'", 1 / p->hz);
    } else {
        snprintf(text, sizeof text, "(%g", 1 / p->hz);
        hl_buf_printf(&p->out, "%10.10s sec)", text);
    }
}

static void put_heading(printing *p)
{
    const hl_rdsamp_options *o = p->o;
    size_t width = o->values == HL_RDSAMP_PRECISE ? 15 : 7;

    hl_buf_printf(&p->out, o->csv ? "'%s'" : "%s", o->csv ? p->how->csv_name : p->how->name);
    for (int32_t k = 0; k < p->n; k++)
        put_name(p, k, width);
    hl_buf_char(&p->out, '\n');
    if (!o->values)
        return;
    put_time_unit(p);
    for (int32_t k = 0; k < p->n; k++) {
        const char *units = signal_at(p, k)->units;
        char cut[32];
        snprintf(cut, sizeof cut, "(%.*s", (int)width - 2, units);
        hl_buf_char(&p->out, o->csv ? ',' : '\t');
        if (o->csv)
            put_quoted(&p->out, units);
        else
            hl_buf_printf(&p->out, "%*s)", (int)width - 1, cut);
    }
    hl_buf_char(&p->out, '\n');
}

/* A time as text: of day, or since the start. */
static void put_clock(printing *p, int64_t i)
{
    char text[HL_MSTIM_CHARS] = "0:00.000", *t = text, *ms;

    if (i > 0 || p->how->wall)
        hl_mstimstr(&p->w->info, p->hz, i, p->how->wall, text);
    if (p->how->whole_s && (ms = strchr(text, '.')) != NULL)
        memmove(ms, ms + 4, strlen(ms + 4) + 1);
    while (*t == ' ')
        t++;
    hl_buf_printf(&p->out, p->o->csv ? "'%s'" : p->how->wall ? "%s" : "%15s", t);
}

static void put_time(printing *p, int64_t i)
{
    const style *how = p->how;

    if (how->per_s > 0)
        hl_buf_printf(&p->out, "%*.*f", p->o->csv ? 0 : 15, how->decimals,
                      (double)i / (p->hz * how->per_s));
    else if (how == &as_raw || how == &in_samples)
        hl_buf_printf(&p->out, p->o->csv ? "%lld" : "%15lld", (long long)i);
    else
        put_clock(p, i);
}

static void put_value(printing *p, int32_t k, int32_t v)
{
    const hl_rdsamp_options *o = p->o;
    const hl_wave_signal *s = signal_at(p, k);

    if (v == HL_WAVE_INVALID)
        v = WFDB_INVALID_SAMPLE;
    if (!o->values) {
        hl_buf_printf(&p->out, o->csv ? ",%d" : "\t%7d", (int)v);
    } else if (v == WFDB_INVALID_SAMPLE) {
        hl_buf_text(&p->out, o->csv                           ? ",-"
                             : o->values == HL_RDSAMP_PRECISE ? "\t              -"
                                                              : "\t      -");
    } else {
        double y = (v - (double)s->baseline) / s->gain;
        if (o->values == HL_RDSAMP_PRECISE)
            hl_buf_printf(&p->out, o->csv ? ",%.8f" : "\t%15.8f", y);
        else
            hl_buf_printf(&p->out, o->csv ? ",%.3f" : "\t%7.3f", y);
    }
}

static hl_code print_frames(printing *p, int64_t chunk, const hl_sink *sink, hl_ctl *ctl,
                            int64_t *n_rows, hl_error *err)
{
    hl_code c = HL_OK;

    for (int64_t f = p->o->from; f < p->o->to && c == HL_OK; f += chunk) {
        int64_t n = p->o->to - f < chunk ? p->o->to - f : chunk, got;
        p->q.from = f;
        p->q.to = f + n;
        c = hl_wave_read_some(p->w, &p->q, (void *const *)p->to, &got, err);
        for (int64_t i = 0; i < got * p->ticks; i++) {
            put_time(p, f * p->ticks + i);
            for (int32_t k = 0; k < p->n; k++)
                put_value(p, k, p->to[k][i]);
            hl_buf_char(&p->out, '\n');
        }
        *n_rows += got * p->ticks;
        hl_ctl_set_done(ctl, *n_rows);
        if (p->out.n > FLUSH_BYTES || c != HL_OK) {
            hl_code said = hl_sink_flush(sink, &p->out, c == HL_OK ? err : NULL);
            c = c == HL_OK ? said : c;
        }
        if (c == HL_OK)
            c = hl_ctl_check(ctl, err);
    }
    return c;
}

hl_code hl_rdsamp(hl_wave *wave, const hl_rdsamp_options *o, const hl_sink *sink, hl_ctl *ctl,
                  int64_t *n_rows, hl_error *err)
{
    printing p = {.w = wave, .o = o};
    bool highres = o->highres || wave->edf;
    hl_code c = HL_OK;

    *n_rows = 0;
    p.n = o->signal ? o->n_signals : wave->info.n_signals;
    p.ticks = highres ? wave->info.max_samples_per_frame : 1;
    p.hz = wave->info.frame_hz * p.ticks;
    p.how = choose_style(&p);
    p.q = (hl_wave_window){.signal = o->signal,
                           .n_signals = o->n_signals,
                           .rate = highres ? HL_WAVE_HELD : HL_WAVE_AVERAGE};
    int64_t each = (int64_t)p.ticks * (p.n ? p.n : 1);
    int64_t chunk = CHUNK_VALUES / each > 0 ? CHUNK_VALUES / each : 1;
    p.to = calloc((size_t)p.n + 1, sizeof *p.to);
    p.block = malloc((size_t)(chunk * each) * sizeof *p.block);
    if (!p.to || !p.block)
        c = hl_fail_memory(err, "samples", (size_t)(chunk * each) * sizeof *p.block);
    for (int32_t k = 0; k < p.n && c == HL_OK; k++)
        p.to[k] = p.block + k * chunk * p.ticks;
    if (c == HL_OK) {
        hl_ctl_phase(ctl, "reading samples", (o->to - o->from) * p.ticks);
        if (o->heading)
            put_heading(&p);
        c = print_frames(&p, chunk, sink, ctl, n_rows, err);
    }
    if (c == HL_OK)
        c = hl_sink_flush(sink, &p.out, err);
    hl_buf_free(&p.out);
    free(p.to);
    free(p.block);
    return c;
}
