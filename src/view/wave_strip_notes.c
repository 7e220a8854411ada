/*
 * wave_strip_notes.c - what stands along a strip's time: annotations above the traces, times below
 * the paper.
 *
 * Beats stand on the lowest level of a lane, longer texts where they find room. A text that finds
 * none is left out and counted; its tick stays. Among beats those that are not normal go first.
 */
#include <math.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/sort.h"
#include "view/wave_strip_internal.h"
#include "wave/annotations.h"

enum { NOTE = 22, RHYTHM = 28, NORMAL = 1 }; /* annotation types; waveform.md 1.3 */
#define AIR_MM 0.6                           /* between two texts */

/* --- annotations -------------------------------------------------------------------------------
 */

/* aux up to its first NUL, without the line ends that some writers leave. */
static hl_str shown_aux(const hl_annotation *a)
{
    const char *nul = a->aux.n ? memchr(a->aux.at, 0, a->aux.n) : NULL;
    hl_str aux = {a->aux.at, nul ? (size_t)(nul - a->aux.at) : a->aux.n};

    while (aux.n > 0 && (uint8_t)aux.at[aux.n - 1] <= ' ')
        aux.n--;
    return aux;
}

/* What is written: the text alone where the type says no more than that there is one. */
static hl_str words_of(hl_arena *arena, const hl_wave_annotations *file, const hl_annotation *a)
{
    char own[16];
    const char *mnemonic = hl_annotation_mnemonic(file, a->type, own);
    const hl_str aux = shown_aux(a);

    if (aux.n > 0 && (a->type == NOTE || a->type == RHYTHM))
        return aux;
    if (aux.n == 0)
        return hl_arena_str(arena, hl_str_of(mnemonic));
    const char *both = hl_arena_printf(arena, "%s %.*s", mnemonic, (int)aux.n, aux.at);
    return (hl_str){both, both ? strlen(both) : 0};
}

/* Trace k's lane is k + 1; 0 is that of all others. */
static int32_t lane_of(const hl_traces *t, int32_t chan)
{
    for (int32_t k = 0; k < t->n; k++)
        if (t->trace[k].signal == chan)
            return k + 1;
    return 0;
}

static int by_time(const void *a, const void *b, void *ctx)
{
    const hl_note *x = a, *y = b;

    (void)ctx;
    return (x->mm > y->mm) - (x->mm < y->mm);
}

static double width_mm(const hl_note *note)
{
    return (double)hl_strip_text_width(HL_FONT_NOTE, note->text) / HL_MM;
}

/* From where to where a text stands: beats in the middle of their place, others behind it. */
static double starts(const hl_note *note)
{
    return note->is_beat ? note->mm - width_mm(note) / 2 : note->mm + AIR_MM / 2;
}

static double ends(const hl_note *note)
{
    return starts(note) + width_mm(note) + AIR_MM;
}

/* Beats of a lane onto its lowest level, or nowhere. Where many normal ones lack room, none of them
 * is named: what is left tells more. */
static void place_beats(hl_notes *notes, int32_t lane)
{
    double end = -1e30, next_odd = 1e30;
    size_t n_normal = 0, n_left_out = 0;

    /* From the right: does a normal beat's text touch that of the next one that is not? */
    for (size_t i = notes->n; i-- > 0;) {
        hl_note *x = &notes->note[i];
        if (x->lane != lane || !x->is_beat)
            continue;
        x->level = x->is_normal && ends(x) > next_odd ? -1 : 0;
        if (!x->is_normal)
            next_odd = starts(x);
    }
    for (size_t i = 0; i < notes->n; i++) {
        hl_note *x = &notes->note[i];
        if (x->lane != lane || !x->is_beat)
            continue;
        if (x->level == 0 && starts(x) < end)
            x->level = -1;
        else if (x->level == 0)
            end = ends(x);
        n_normal += x->is_normal;
        n_left_out += x->is_normal && x->level < 0;
    }
    for (size_t i = 0; i < notes->n && n_left_out * 4 > n_normal; i++)
        if (notes->note[i].lane == lane && notes->note[i].is_beat && notes->note[i].is_normal)
            notes->note[i].level = -1;
}

/* Longer texts onto the lowest free level from least_level on. From the right, so that the line
 * down from a text meets none of those that begin before it. */
static void place_texts(hl_notes *notes, int32_t lane, int32_t least_level)
{
    double begin[HL_LANE_LEVELS]; /* of what stands on a level so far, lines down included */

    for (int i = 0; i < HL_LANE_LEVELS; i++)
        begin[i] = 1e30;
    for (size_t i = notes->n; i-- > 0;) {
        hl_note *x = &notes->note[i];
        int32_t level = least_level;
        if (x->lane != lane || x->is_beat)
            continue;
        while (level < HL_LANE_LEVELS && ends(x) > begin[level])
            level++;
        x->level = level < HL_LANE_LEVELS ? level : -1;
        for (int32_t l = least_level; l <= x->level; l++)
            begin[l] = x->mm;
    }
}

static void place(hl_notes *notes)
{
    for (int32_t lane = 0; lane < notes->n_lanes; lane++) {
        hl_note_lane *l = &notes->lane[lane];
        bool beats = false;
        if (l->n_notes == 0)
            continue;
        for (size_t i = 0; i < notes->n; i++)
            beats |= notes->note[i].lane == lane && notes->note[i].is_beat;
        place_beats(notes, lane);
        place_texts(notes, lane, beats ? 1 : 0);
        l->n_levels = 1;
        for (size_t i = 0; i < notes->n; i++)
            if (notes->note[i].lane == lane && notes->note[i].level >= l->n_levels)
                l->n_levels = notes->note[i].level + 1;
    }
    for (size_t i = 0; i < notes->n; i++)
        notes->n_crowded += notes->note[i].level < 0;
}

static hl_code take(hl_notes *notes, const hl_traces *t, const hl_wave_annotations *file,
                    bool by_signal, hl_error *err)
{
    const hl_wave_info *info = hl_wave_about(t->wave);
    const double from_s = (double)t->from / info->frame_hz, to_s = (double)t->to / info->frame_hz;
    const hl_annotation *a = file->file.annotation;
    size_t n = 0;

    for (size_t i = 0; i < file->file.n; i++) {
        double s = hl_annotation_seconds(file, &a[i]);
        n += s >= from_s && s < to_s;
    }
    notes->note = hl_arena_calloc(notes->arena, n, sizeof *notes->note);
    if (!notes->note)
        return hl_fail_memory(err, "annotations", n * sizeof *notes->note);
    for (size_t i = 0; i < file->file.n; i++) {
        const double s = hl_annotation_seconds(file, &a[i]);
        if (!(s >= from_s && s < to_s))
            continue;
        const hl_annotation_type *type = hl_annotation_type_of(a[i].type);
        hl_note *x = &notes->note[notes->n++];
        *x = (hl_note){.mm = (s - from_s) * t->mm_per_s,
                       .lane = by_signal ? lane_of(t, a[i].chan) : 0,
                       .text = words_of(notes->arena, file, &a[i])};
        if (!x->text.at)
            return hl_fail_memory(err, "annotations", 0);
        x->is_beat = x->text.n <= 2 && shown_aux(&a[i]).n == 0;
        x->is_normal = type && a[i].type == NORMAL;
        notes->lane[x->lane].n_notes++;
    }
    hl_code c = hl_sort_stable(notes->note, notes->n, sizeof *notes->note, by_time, NULL, err);
    if (c == HL_OK)
        place(notes);
    return c;
}

hl_code hl_notes_read(hl_notes *notes, hl_arena *arena, const hl_traces *t, const char *suffix,
                      bool by_signal, hl_error *err)
{
    hl_wave_annotations file;
    hl_code c = HL_OK;

    *notes = (hl_notes){.arena = arena, .n_lanes = t->n + 1};
    notes->lane = hl_arena_calloc(arena, (size_t)notes->n_lanes, sizeof *notes->lane);
    if (!notes->lane)
        return hl_fail_memory(err, "annotations", 0);
    for (int32_t i = 0; i < notes->n_lanes; i++)
        notes->lane[i].signal = i > 0 ? t->trace[i - 1].signal : -1;
    if (suffix)
        c = hl_wave_annotations_read(arena, t->wave, suffix, &file, err);
    return suffix && c == HL_OK ? take(notes, t, &file, by_signal, err) : c;
}

void hl_notes_put(hl_strip_page *page, const hl_notes *notes, int32_t lane, int32_t left,
                  int32_t bottom)
{
    int32_t last = INT32_MIN;

    for (size_t i = 0; i < notes->n; i++) {
        const hl_note *note = &notes->note[i];
        if (note->lane != lane)
            continue;
        const int32_t x = left + (int32_t)lround(note->mm * HL_MM);
        const int32_t line =
            bottom - (note->level > 0 ? note->level : 0) * HL_LANE_LEVEL_MM * HL_MM;
        if (x != last || note->level > 0)
            hl_strip_put_line(page, HL_PEN_NOTE, x,
                              note->is_beat || note->level < 0 ? bottom - 120 : line - 380, x,
                              bottom + 30);
        last = x;
        if (note->level >= 0)
            hl_strip_put_text(page, HL_FONT_NOTE, note->is_beat, note->is_beat ? x : x + 60,
                              line - 170, note->text);
    }
}

/* --- times -------------------------------------------------------------------------------------
 */

void hl_strip_elapsed(double seconds, hl_buf *to)
{
    const int64_t ms = llround(fabs(seconds) * 1000);

    if (ms >= 3600000)
        hl_buf_printf(to, "%lld:%02d:%02d", (long long)(ms / 3600000), (int)(ms / 60000 % 60),
                      (int)(ms / 1000 % 60));
    else
        hl_buf_printf(to, "%d:%02d", (int)(ms / 60000), (int)(ms / 1000 % 60));
    if (ms % 1000)
        hl_buf_printf(to, ".%03d", (int)(ms % 1000));
}

/* ms since midnight, or since 1970, as HH:MM:SS.mmm, without ms when they are none. */
static void put_clock(int64_t ms, hl_buf *to)
{
    const int64_t day = (ms % 86400000 + 86400000) % 86400000;

    hl_buf_printf(to, "%02d:%02d:%02d", (int)(day / 3600000), (int)(day / 60000 % 60),
                  (int)(day / 1000 % 60));
    if (day % 1000)
        hl_buf_printf(to, ".%03d", (int)(day % 1000));
}

/* ms of the wall clock at a place of the window. */
static double wall_ms(const hl_wave_info *info, double seconds)
{
    return (double)info->start_ms + seconds * 1000;
}

void hl_strip_moment(const hl_wave_info *info, int64_t frame, bool with_date, hl_buf *to)
{
    const double seconds = (double)frame / info->frame_hz;

    if (info->start_ms == HL_WAVE_NO_TIME) {
        hl_strip_elapsed(seconds, to);
        return;
    }
    const int64_t ms = llround(wall_ms(info, seconds));
    if (info->has_date && with_date) {
        char date[HL_TIME_CHARS];
        int64_t s = ms / 1000 - (ms % 1000 < 0);
        hl_print_date(s, date);
        hl_buf_printf(to, "%s ", date);
    }
    put_clock(ms, to);
}

/* The least step, in ms, whose labels keep a distance. */
static int64_t label_step(double mm_per_s)
{
    static const int64_t step[] = {10,      20,      50,       100,      200,     500,
                                   1000,    2000,    5000,     10000,    15000,   30000,
                                   60000,   120000,  300000,   600000,   900000,  1800000,
                                   3600000, 7200000, 14400000, 21600000, 43200000};
    const double least_mm = 22;
    const int n = sizeof step / sizeof *step;

    for (int i = 0; i < n; i++)
        if ((double)step[i] / 1000 * mm_per_s >= least_mm)
            return step[i];
    int64_t day = 86400000;
    while ((double)day / 1000 * mm_per_s < least_mm)
        day *= 2;
    return day;
}

/* What stands below a tick: over days the date as well. */
static void put_label(const hl_wave_info *info, int64_t ms, int64_t step, hl_buf *to)
{
    char date[HL_TIME_CHARS];

    if (info->start_ms == HL_WAVE_NO_TIME) {
        hl_strip_elapsed((double)ms / 1000, to);
    } else if (info->has_date && step >= 6 * 3600000) {
        hl_print_date(ms / 1000 - (ms % 1000 < 0), date);
        hl_buf_printf(to, "%s ", date + 5); /* without the year */
        put_clock(ms, to);
        if (ms % 60000 == 0 && !to->oom)
            to->at[to->n -= 3] = 0; /* and ":00" */
    } else {
        put_clock(ms, to);
    }
}

void hl_strip_put_times(hl_strip_page *page, const hl_traces *t, int32_t left, int32_t top)
{
    const hl_wave_info *info = hl_wave_about(t->wave);
    const bool wall = info->start_ms != HL_WAVE_NO_TIME;
    const double from_s = (double)t->from / info->frame_hz, to_s = (double)t->to / info->frame_hz;
    const int64_t step = label_step(t->mm_per_s);
    /* Labels stand at round times of the clock that they show. */
    const double from_ms = wall ? wall_ms(info, from_s) : from_s * 1000;
    const double to_ms = from_ms + (to_s - from_s) * 1000;
    hl_buf text = {0};

    int64_t ms = (int64_t)ceil((from_ms - 1e-6) / (double)step) * step;
    if ((double)ms > to_ms + 1e-6)
        ms = llround(from_ms); /* no round time within: the start's */
    do {
        const int32_t x =
            left + (int32_t)lround(((double)ms - from_ms) / 1000 * t->mm_per_s * HL_MM);
        hl_buf_clear(&text);
        put_label(info, ms, step, &text);
        hl_strip_put_line(page, HL_PEN_TICK, x, top, x, top + 120);
        hl_strip_put_text(page, HL_FONT_SMALL, 1, x, top + 420, (hl_str){text.at, text.n});
        ms += step;
    } while ((double)ms <= to_ms + 1e-6);
    page->oom |= text.oom;
    hl_buf_free(&text);
}
