#include "app/progress.h"

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

#define PLAIN_EVERY_S 10.0
#define SAMPLE_EVERY_S 0.5
#define RATE_AFTER_S 0.4 /* before that a rate is noise */

/* --- numbers for people ----------------------------------------------------------------------- */

static const char *rate_text(double per_s, char out[32])
{
    char count[32];

    if (per_s >= 1e6)
        snprintf(out, 32, "%.1f M/s", per_s / 1e6);
    else if (per_s >= 10)
        snprintf(out, 32, "%s/s", hl_count_text((int64_t)(per_s + 0.5), count));
    else
        snprintf(out, 32, "%.1f/s", per_s);
    return out;
}

static const char *bytes_text(double per_s, char out[32])
{
    if (per_s >= 1e9)
        snprintf(out, 32, "%.1f GB/s", per_s / 1e9);
    else if (per_s >= 1e6)
        snprintf(out, 32, "%.0f MB/s", per_s / 1e6);
    else
        snprintf(out, 32, "%.0f kB/s", per_s / 1e3);
    return out;
}

static const char *time_text(double s, char out[32])
{
    int64_t t = s < 359999 ? (int64_t)(s + 0.5) : 359999; /* 99:59:59 */

    if (t >= 3600)
        snprintf(out, 32, "%d:%02d:%02d", (int)(t / 3600), (int)(t / 60 % 60), (int)(t % 60));
    else
        snprintf(out, 32, "%d:%02d", (int)(t / 60), (int)(t % 60));
    return out;
}

static int percent(const app_view *v)
{
    return v->part >= 1 ? 100 : (int)(v->part * 100);
}

/* --- the lines -------------------------------------------------------------------------------- */

/* Text with a bound, and the columns that it takes. */
typedef struct {
    char *at;
    size_t n;
    int columns;
} row;

static void put(row *l, const char *text)
{
    for (; *text && l->n + 1 < APP_LINE_BYTES; text++) {
        l->at[l->n++] = *text;
        if (((unsigned char)*text & 0xC0) != 0x80)
            l->columns++;
    }
    l->at[l->n] = 0;
}

/* What the line shows, from the fullest to the barest. */
typedef struct {
    bool bytes, rate, bar, count, left;
} detail;

static const detail levels[] = {
    {true, true, true, true, true},     {false, true, true, true, true},
    {false, false, true, true, true},   {false, false, false, true, true},
    {false, false, false, false, true}, {false, false, false, false, false},
};

/* The bar's length follows from the terminal alone, so that it doesn't jump while fields come and
 * go. */
static int bar_columns(int columns)
{
    return columns >= 119 ? 24 : columns >= 99 ? 16 : 10;
}

static void put_bar(row *l, const app_view *v, int columns, bool utf8)
{
    int full = (int)(v->part * columns);

    put(l, utf8 ? "  " : "  [");
    for (int i = 0; i < columns; i++)
        put(l, i < full ? (utf8 ? "\u2588" : "#") : (utf8 ? "\u2591" : "."));
    put(l, utf8 ? "" : "]");
}

static void put_count(row *l, const app_view *v)
{
    char done[32], total[32];

    put(l, "  ");
    put(l, hl_count_text(v->done, done));
    if (v->total > 0) {
        put(l, "/");
        put(l, hl_count_text(v->total, total));
    }
}

static void compose(row *l, const app_view *v, const detail *d, int bar, bool utf8)
{
    char text[32];

    put(l, v->phase[0] ? v->phase : "starting");
    if (v->part >= 0) {
        if (d->bar)
            put_bar(l, v, bar, utf8);
        snprintf(text, sizeof text, " %3d%%", percent(v));
        put(l, text);
    }
    if (d->count && (v->done > 0 || v->total > 0))
        put_count(l, v);
    if (v->failed > 0 && d->left) {
        put(l, "  ");
        put(l, hl_count_text(v->failed, text));
        put(l, " failed");
    }
    if (d->rate && v->items_per_s > 0) {
        put(l, "  ");
        put(l, rate_text(v->items_per_s, text));
    }
    if (d->bytes && v->bytes_per_s >= 1000) {
        put(l, "  ");
        put(l, bytes_text(v->bytes_per_s, text));
    }
    if (d->left && v->left_s >= 0) {
        put(l, "  ");
        put(l, time_text(v->left_s, text));
        put(l, " left");
    } else if (d->left && v->part < 0) {
        put(l, "  ");
        put(l, time_text(v->phase_s, text));
    }
}

/* Cut to so many columns, never within a character. */
static void cut(char *text, int columns)
{
    while (*text) {
        if (((unsigned char)*text & 0xC0) != 0x80 && columns-- <= 0)
            break;
        text++;
    }
    *text = 0;
}

void app_progress_bar_line(const app_view *v, int columns, bool utf8, char out[APP_LINE_BYTES])
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        row l = {.at = out};
        compose(&l, v, &levels[i], bar_columns(columns), utf8);
        if (l.columns <= columns)
            return;
    }
    cut(out, columns);
}

void app_progress_plain_line(const app_view *v, char out[APP_LINE_BYTES])
{
    row l = {.at = out};
    char text[32];

    put(&l, v->phase[0] ? v->phase : "starting");
    put(&l, ":");
    if (v->done > 0 || v->total > 0) {
        put(&l, " ");
        put(&l, hl_count_text(v->done, text));
    }
    if (v->total > 0) {
        put(&l, " of ");
        put(&l, hl_count_text(v->total, text));
    }
    if (v->part >= 0) {
        snprintf(text, sizeof text, v->total > 0 ? " (%d%%)" : " %d%%", percent(v));
        put(&l, text);
    }
    put(&l, v->done > 0 || v->part >= 0 ? ", " : " ");
    put(&l, time_text(v->phase_s, text));
    if (v->failed > 0) {
        put(&l, ", ");
        put(&l, hl_count_text(v->failed, text));
        put(&l, " failed");
    }
    if (v->items_per_s > 0) {
        put(&l, ", ");
        put(&l, rate_text(v->items_per_s, text));
    }
    if (v->bytes_per_s >= 1000) {
        put(&l, ", ");
        put(&l, bytes_text(v->bytes_per_s, text));
    }
    if (v->left_s >= 0) {
        put(&l, ", ");
        put(&l, time_text(v->left_s, text));
        put(&l, " left");
    }
}

/* --- rates ------------------------------------------------------------------------------------ */

/* How far the phase is: by items where they are counted, else by the bytes of its file. */
static double part_of(const app_progress *p, const app_view *v, int64_t bytes, int64_t bytes_end)
{
    if (v->total > 0)
        return v->done >= v->total ? 1 : v->done <= 0 ? 0 : (double)v->done / (double)v->total;
    if (bytes_end <= p->phase_bytes)
        return -1;
    double part = (double)(bytes - p->phase_bytes) / (double)(bytes_end - p->phase_bytes);
    return part > 1 ? 1 : part;
}

app_view app_progress_view(app_progress *p, const hl_ctl *ctl, double now_s)
{
    const char *phase = __atomic_load_n(&ctl->phase, __ATOMIC_ACQUIRE);
    app_view v = {.phase = phase ? phase : "", .left_s = -1};
    int64_t bytes = __atomic_load_n(&ctl->bytes, __ATOMIC_RELAXED);

    v.done = __atomic_load_n(&ctl->done, __ATOMIC_RELAXED);
    v.total = __atomic_load_n(&ctl->total, __ATOMIC_RELAXED);
    v.failed = __atomic_load_n(&ctl->failed, __ATOMIC_RELAXED);

    app_sample *newest = &p->sample[p->newest];
    if (p->n_samples == 0 || phase != p->phase || v.done < newest->done) {
        p->phase = phase;
        p->phase_at_s = now_s;
        p->phase_bytes = bytes;
        p->n_samples = 1;
        p->newest = 0;
        p->sample[0] = (app_sample){now_s, v.done, bytes};
        newest = p->sample;
    } else if (now_s - newest->at_s >= SAMPLE_EVERY_S) {
        p->newest = (p->newest + 1) % APP_SAMPLES;
        if (p->n_samples < APP_SAMPLES)
            p->n_samples++;
        p->sample[p->newest] = (app_sample){now_s, v.done, bytes};
    }
    v.phase_s = now_s - p->phase_at_s;
    int64_t bytes_end = __atomic_load_n(&ctl->bytes_end, __ATOMIC_RELAXED);
    v.part = part_of(p, &v, bytes, bytes_end);

    int oldest = (p->newest + APP_SAMPLES - p->n_samples + 1) % APP_SAMPLES;
    double span = now_s - p->sample[oldest].at_s;
    if (span >= RATE_AFTER_S) {
        v.items_per_s = (double)(v.done - p->sample[oldest].done) / span;
        v.bytes_per_s = (double)(bytes - p->sample[oldest].bytes) / span;
        if (v.total > 0 && v.done <= v.total && v.items_per_s > 0)
            v.left_s = (double)(v.total - v.done) / v.items_per_s;
        else if (v.total <= 0 && v.part >= 0 && v.bytes_per_s > 0)
            v.left_s = (double)(bytes_end - bytes) / v.bytes_per_s;
    }
    return v;
}

/* --- on the terminal -------------------------------------------------------------------------- */

static void write_all(const char *text, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(STDERR_FILENO, text, n);
        if (wrote <= 0)
            return; /* nobody listens: no reason to end the job */
        text += wrote;
        n -= (size_t)wrote;
    }
}

void app_say(const char *head, const char *text)
{
    hl_buf out = {0};

    hl_buf_text(&out, "hilum: ");
    hl_buf_text(&out, head);
    for (; *text; text++) {
        hl_buf_char(&out, *text);
        if (*text == '\n' && text[1])
            hl_buf_text(&out, "       ");
    }
    if (out.n && out.at[out.n - 1] != '\n')
        hl_buf_char(&out, '\n');
    if (out.n)
        write_all(out.at, out.n);
    hl_buf_free(&out);
}

static bool is_utf8(void)
{
    static const char *const name[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < 3; i++) {
        const char *v = getenv(name[i]);
        if (v && v[0])
            return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
    }
    return false;
}

void app_progress_init(app_progress *p, bool quiet)
{
    const char *term = getenv("TERM");

    *p = (app_progress){.quiet = quiet, .utf8 = is_utf8()};
    p->terminal = isatty(STDERR_FILENO) && term && term[0] && strcmp(term, "dumb") != 0;
}

void app_progress_clear(app_progress *p)
{
    if (p->shown)
        write_all("\r\x1b[K", 4);
    p->shown = false;
    p->last[0] = 0;
}

static int terminal_columns(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col < 400 ? size.ws_col : 400;
    return 80;
}

/* The whole line in one write, what stood there is erased behind it: no flicker. */
static void draw(app_progress *p, const app_view *v)
{
    char text[APP_LINE_BYTES], out[APP_LINE_BYTES + 8];

    app_progress_bar_line(v, terminal_columns() - 1, p->utf8, text);
    if (p->shown && strcmp(text, p->last) == 0)
        return;
    int n = snprintf(out, sizeof out, "\r%s\x1b[K", text);
    write_all(out, (size_t)n);
    memcpy(p->last, text, sizeof text);
    p->shown = true;
}

static void print_log(app_progress *p, hl_log *log)
{
    char text[2048];
    hl_log_level level;

    while (log && hl_log_take(log, &level, text, sizeof text)) {
        if (level == HL_LOG_INFO && p->quiet)
            continue;
        app_progress_clear(p);
        app_say(level == HL_LOG_WARNING ? "warning: " : "", text);
    }
}

void app_progress_poll(app_progress *p, const hl_ctl *ctl)
{
    struct timespec t;
    char text[APP_LINE_BYTES];

    print_log(p, ctl->log);
    if (p->quiet)
        return;
    clock_gettime(CLOCK_MONOTONIC, &t);
    double now_s = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    app_view v = app_progress_view(p, ctl, now_s);
    if (p->terminal) {
        draw(p, &v);
    } else if (p->plain_at_s == 0) {
        p->plain_at_s = now_s; /* short jobs leave no line in a log */
    } else if (now_s - p->plain_at_s >= PLAIN_EVERY_S) {
        app_progress_plain_line(&v, text);
        app_say("", text);
        p->plain_at_s = now_s;
    }
}
