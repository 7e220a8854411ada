/*
 * times.c - times as people write them, to frames. Source: waveform.md 1.1b; strtim(3).
 */
#include <math.h>

#include "base/civil.h"
#include "wave/record.h"

enum { DAY_MS = 86400000 };

static hl_code refuse(hl_str text, hl_error *err)
{
    char show[HL_SHOW_BYTES];

    return hl_fail(err, HL_E_USAGE,
                   "'%s' is no time\nAllowed: s1234 (samples), f1234 (frames), c1234.5 (counter), "
                   "e (the end), seconds, M:S, H:M:S, [H:M:S], [H:M:S D], "
                   "[H:M:S DD/MM/YYYY], "
                   "YYYY-MM-DD HH:MM:SS.",
                   hl_show(text, show));
}

/* S, M:S or H:M:S with decimals, no limit on any part. */
static bool parse_clock(hl_str text, double *seconds)
{
    double total = 0, part;
    int parts = 0;

    while (parts++ < 3) {
        size_t n = 0;
        while (n < text.n && text.at[n] != ':')
            n++;
        if (!hl_parse_f64((hl_str){text.at, n}, &part) || !isfinite(part) || part < 0)
            return false;
        total = total * 60 + part;
        if (n == text.n) {
            *seconds = total;
            return true;
        }
        text = (hl_str){text.at + n + 1, text.n - n - 1};
    }
    return false;
}

static bool to_frame(double v, int64_t *frame)
{
    if (!(v > -9e15 && v < 9e15))
        return false;
    *frame = (int64_t)v;
    return true;
}

/* D/M/YYYY */
static bool parse_day(hl_str text, int64_t *day)
{
    int64_t part[3] = {0};

    for (int i = 0; i < 3; i++) {
        size_t n = 0;
        while (n < text.n && text.at[n] != '/')
            n++;
        if (!hl_parse_i64((hl_str){text.at, n}, &part[i]) || (i < 2) != (n < text.n))
            return false;
        if (i < 2)
            text = (hl_str){text.at + n + 1, text.n - n - 1};
    }
    if (part[0] < 1 || part[0] > 31 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 9999)
        return false;
    hl_civil c = {.year = (int)part[2], .month = (int)part[1], .day = (int)part[0]};
    if (!hl_civil_valid(&c))
        return false;
    *day = hl_civil_seconds(&c) / HL_DAY_S;
    return true;
}

/* What stands beside the time of day. */
typedef enum {
    WALL_ALONE, /* nothing: the next such time after the start */
    WALL_DAYS,  /* midnights since the start */
    WALL_DATE
} wall_day;

/* ms of a wall clock, since 1970 or since the midnight before the start, to a frame. */
static hl_code frame_of_wall(const hl_wave *w, double ms, wall_day day, hl_error *err,
                             int64_t *frame)
{
    const hl_wave_info *info = &w->info;

    if (info->start_ms == HL_WAVE_NO_TIME)
        return hl_fail(err, HL_E_USAGE, "record %s has no wall clock: its header states no time",
                       info->name);
    if (day == WALL_DATE && !info->has_date)
        return hl_fail(err, HL_E_USAGE, "record %s has no date: its header states a time alone",
                       info->name);
    int64_t start = info->start_ms;
    if (day != WALL_DATE && info->has_date) {
        start %= DAY_MS;
        start += start < 0 ? DAY_MS : 0;
    }
    double ahead = ms - (double)start;
    if (day == WALL_ALONE && ahead < 0)
        ahead += DAY_MS;
    /* Half a ms of slack: wall clocks are written in whole ones. */
    if (!to_frame(floor((ahead + 0.5) * info->frame_hz / 1000), frame))
        return hl_fail(err, HL_E_USAGE, "the time is too far from the start of record %s",
                       info->name);
    return HL_OK;
}

/* H:M:S, H:M:S D or H:M:S DD/MM/YYYY */
static hl_code parse_wall(const hl_wave *w, hl_str text, hl_str whole, int64_t *frame,
                          hl_error *err)
{
    hl_str clock = text, date = {NULL, 0};
    double seconds;
    int64_t day = 0;
    wall_day kind = WALL_ALONE;

    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] == ' ') {
            clock = (hl_str){text.at, i};
            date = hl_str_trim((hl_str){text.at + i, text.n - i});
            break;
        }
    if (date.n > 0)
        kind = memchr(date.at, '/', date.n) ? WALL_DATE : WALL_DAYS;
    if (!parse_clock(clock, &seconds) || (kind == WALL_DATE && !parse_day(date, &day)) ||
        (kind == WALL_DAYS && !hl_parse_i64(date, &day)))
        return refuse(whole, err);
    return frame_of_wall(w, (double)day * DAY_MS + seconds * 1000, kind, err, frame);
}

/* YYYY-MM-DD[ HH:MM[:SS[.fraction]]] */
static bool parse_iso(hl_str text, double *ms)
{
    int64_t s;
    double fraction = 0;
    const char *dot = text.n ? memchr(text.at, '.', text.n) : NULL;

    if (!hl_parse_time(text, HL_TIME_CUT_FRACTION, &s))
        return false;
    if (dot) {
        double scale = 0.1;
        for (const char *p = dot + 1; p < text.at + text.n; p++, scale /= 10)
            fraction += (*p - '0') * scale;
    }
    *ms = (double)s * 1000 + fraction * 1000;
    return true;
}

HL_API hl_code hl_wave_frame_of(const hl_wave *w, const char *time, int64_t *frame, hl_error *err)
{
    const hl_wave_info *info = &w->info;
    hl_str text = hl_str_trim(hl_str_of(time)), rest = text;
    double v;
    int64_t n;

    if (text.n == 0)
        return refuse(text, err);
    rest.at++;
    rest.n--;
    switch (text.at[0]) {
    case 'e':
        *frame = info->n_frames;
        return rest.n == 0 ? HL_OK : refuse(text, err);
    case 'f':
    case 's':
        if (!hl_parse_i64(rest, &n))
            return refuse(text, err);
        *frame = n;
        if (text.at[0] == 's')
            *frame = n / info->max_samples_per_frame - (n % info->max_samples_per_frame < 0);
        return HL_OK;
    case 'c':
        if (!hl_parse_f64(rest, &v) ||
            !to_frame((v - info->base_counter) * info->frame_hz / info->counter_hz, frame))
            return refuse(text, err);
        return HL_OK;
    case '[':
        if (rest.n == 0 || rest.at[rest.n - 1] != ']')
            return refuse(text, err);
        return parse_wall(w, (hl_str){rest.at, rest.n - 1}, text, frame, err);
    default:
        if (parse_iso(text, &v))
            return frame_of_wall(w, v, WALL_DATE, err, frame);
        if (!parse_clock(text, &v) || !to_frame(v * info->frame_hz + 0.5, frame))
            return refuse(text, err);
        return HL_OK;
    }
}
