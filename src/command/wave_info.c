#include <stdlib.h>

#include "base/civil.h"
#include "base/place.h"
#include "command/inspect.h"
#include "command/wave_window.h"

static const hl_option options[] = {
    HL_OPTION_RECORD,
    {.name = "segments",
     .type = HL_OPT_FLAG,
     .help = "list every segment with its signals (reads all headers; a record on a web server is "
             "asked for them only then)"},
    {0}};

static void put_real(hl_json_writer *w, const char *key, double v)
{
    hl_json_put_key(w, key);
    hl_json_put_real(w, v);
}

/* One call. */
typedef struct {
    hl_wave *w;
    const hl_wave_info *info;
    const char *kind;
    hl_buf *text;
    hl_json_writer json;
    hl_arena *arena;
    uint8_t *present; /* [n_segments][n_signals]; NULL = not looked at */
    int64_t *covered; /* [n_signals] frames */
    int64_t gap_frames;
} page;

/* "2159-03-05 03:00:12.345", or the time of day alone; "" without a clock. */
static const char *clock_text(const page *p, int64_t frame, char out[64])
{
    char date[HL_TIME_CHARS];

    out[0] = 0;
    if (p->info->start_ms == HL_WAVE_NO_TIME)
        return out;
    int64_t ms = p->info->start_ms + (int64_t)((double)frame * 1000 / p->info->frame_hz + 0.5);
    int64_t s = ms / 1000 - (ms % 1000 < 0);
    hl_print_time(p->info->has_date ? s : s % HL_DAY_S, date);
    snprintf(out, 64, "%s.%03d", p->info->has_date ? date : date + 11, (int)(ms - s * 1000));
    return out;
}

/* "3 d 14:02:05", "1:12:26", "10.0 s" */
static const char *duration_text(double s, char out[64])
{
    int64_t whole = (int64_t)s;

    if (s < 60)
        snprintf(out, 64, "%.1f s", s);
    else if (whole < 86400)
        snprintf(out, 64, "%d:%02d:%02d", (int)(whole / 3600), (int)(whole / 60 % 60),
                 (int)(whole % 60));
    else
        snprintf(out, 64, "%lld d %d:%02d:%02d", (long long)(whole / 86400),
                 (int)(whole / 3600 % 24), (int)(whole / 60 % 60), (int)(whole % 60));
    return out;
}

static hl_code survey(page *p, hl_error *err)
{
    size_t n = (size_t)p->info->n_signals, m = (size_t)p->info->n_segments;
    hl_code c = HL_OK;

    p->covered = hl_arena_calloc(p->arena, n, sizeof *p->covered);
    p->present = hl_arena_calloc(p->arena, m, n);
    if (!p->covered || !p->present)
        return hl_fail_memory(err, "segments", m * n);
    for (int64_t i = 0; i < p->info->n_segments && c == HL_OK; i++) {
        const hl_wave_segment *s = &p->info->segment[i];
        uint8_t *there = p->present + (size_t)i * n;
        c = hl_wave_present(p->w, i, there, err);
        if (strcmp(s->name, "~") == 0)
            p->gap_frames += s->to - s->from;
        for (size_t k = 0; k < n; k++)
            p->covered[k] += there[k] ? s->to - s->from : 0;
    }
    return c;
}

static void fact(page *p, const char *label, const char *text)
{
    hl_buf_printf(p->text, "  %-10s %s\n", label, text);
}

static void put_head(page *p)
{
    static const char *const layout[] = {"single segment", "fixed layout", "variable layout"};
    const hl_wave_info *i = p->info;
    double seconds = (double)i->n_frames / i->frame_hz;
    char text[HL_SHOW_BYTES + 128], a[64], b[64];

    hl_buf_printf(p->text, "%s: %s, %s, %d signal%s\n", i->name, p->kind, layout[i->layout],
                  (int)i->n_signals, i->n_signals == 1 ? "" : "s");
    snprintf(text, sizeof text, "%s (%lld frames of %s s)", duration_text(seconds, a),
             (long long)i->n_frames, hl_short_text(1 / i->frame_hz, b));
    fact(p, "lasts", text);
    if (i->start_ms != HL_WAVE_NO_TIME) {
        snprintf(text, sizeof text, "%s", clock_text(p, 0, a));
        fact(p, "starts", text);
        fact(p, "ends", clock_text(p, i->n_frames, a));
    }
    if (i->counter_hz != i->frame_hz || i->base_counter != 0) {
        snprintf(text, sizeof text, "%s Hz, %s at the start", hl_short_text(i->counter_hz, a),
                 hl_short_text(i->base_counter, b));
        fact(p, "counter", text);
    }
    if (i->layout != HL_WAVE_SINGLE) {
        int64_t gaps = 0;
        for (int64_t k = 0; k < i->n_segments; k++)
            gaps += strcmp(i->segment[k].name, "~") == 0;
        snprintf(text, sizeof text, "%lld, and %lld gap%s", (long long)(i->n_segments - gaps),
                 (long long)gaps, gaps == 1 ? "" : "s");
        fact(p, "segments", text);
    }
    for (int64_t k = 0; k < i->n_notes; k++) {
        char show[HL_SHOW_BYTES];
        fact(p, k ? "" : "notes", hl_show(hl_str_trim(hl_str_of(i->note[k])), show));
    }
}

static void put_head_json(page *p)
{
    static const char *const layout[] = {"single", "fixed", "variable"};
    const hl_wave_info *i = p->info;
    char a[64];

    hl_json_member_cstr(&p->json, "record", i->name);
    hl_json_member_cstr(&p->json, "layout", layout[i->layout]);
    put_real(&p->json, "frame_hz", i->frame_hz);
    put_real(&p->json, "counter_hz", i->counter_hz);
    put_real(&p->json, "base_counter", i->base_counter);
    hl_json_member_int(&p->json, "n_frames", i->n_frames);
    put_real(&p->json, "duration_s", (double)i->n_frames / i->frame_hz);
    if (i->start_ms != HL_WAVE_NO_TIME)
        hl_json_member_cstr(&p->json, "start", clock_text(p, 0, a));
    hl_json_put_key(&p->json, "notes");
    hl_json_open(&p->json, '[');
    for (int64_t k = 0; k < i->n_notes; k++)
        hl_json_put_text(&p->json, hl_str_of(i->note[k]));
    hl_json_close(&p->json, ']');
}

static hl_code put_signals(page *p, hl_error *err)
{
    static const char *const head[] = {"#",        "signal", "Hz",     "gain",
                                       "baseline", "bits",   "format", "there"};
    hl_grid grid = hl_grid_new(p->arena, "rlrlrrrr");
    char a[HL_SIZE_CHARS];

    for (size_t k = 0; k < sizeof head / sizeof *head; k++)
        hl_grid_cell(&grid, "%s", head[k]);
    hl_json_put_key(&p->json, "signals");
    hl_json_open(&p->json, '[');
    for (int32_t k = 0; k < p->info->n_signals; k++) {
        const hl_wave_signal *s = &p->info->signal[k];
        double part =
            p->covered && p->info->n_frames ? (double)p->covered[k] / (double)p->info->n_frames : 1;
        hl_json_open(&p->json, '{');
        hl_json_member_cstr(&p->json, "name", s->name);
        hl_json_member_cstr(&p->json, "units", s->units);
        put_real(&p->json, "rate_hz", s->rate_hz);
        hl_json_member_int(&p->json, "samples_per_frame", s->samples_per_frame);
        put_real(&p->json, "gain", s->gain);
        hl_json_member_int(&p->json, "baseline", s->baseline);
        hl_json_member_int(&p->json, "adc_bits", s->adc_bits);
        hl_json_member_int(&p->json, "format", s->format);
        if (p->covered)
            put_real(&p->json, "covered", part);
        hl_json_close(&p->json, '}');
        hl_grid_cell(&grid, "%d", (int)k);
        hl_grid_show(&grid, hl_str_of(s->name));
        hl_grid_cell(&grid, "%s", hl_short_text(s->rate_hz, a));
        hl_grid_cell(&grid, "%s/%s%s", hl_short_text(s->gain, a), s->units,
                     s->calibrated ? "" : " (uncalibrated)");
        hl_grid_cell(&grid, "%d", (int)s->baseline);
        hl_grid_cell(&grid, "%d", (int)s->adc_bits);
        hl_grid_cell(&grid, "%d", (int)s->format);
        if (p->covered)
            hl_grid_cell(&grid, "%.1f %%", 100 * part);
        else
            hl_grid_cell(&grid, "%s", "");
    }
    hl_json_close(&p->json, ']');
    hl_buf_char(p->text, '\n');
    return hl_grid_print(&grid, p->text, err);
}

static hl_code put_segments(page *p, hl_error *err)
{
    hl_grid grid = hl_grid_new(p->arena, "lrll");
    size_t n = (size_t)p->info->n_signals;
    hl_buf names = {0};
    char a[64];

    hl_grid_cell(&grid, "%s", "segment");
    hl_grid_cell(&grid, "%s", "from frame");
    hl_grid_cell(&grid, "%s", "lasts");
    hl_grid_cell(&grid, "%s", "signals");
    hl_json_put_key(&p->json, "segments");
    hl_json_open(&p->json, '[');
    for (int64_t i = 0; i < p->info->n_segments; i++) {
        const hl_wave_segment *s = &p->info->segment[i];
        hl_buf_clear(&names);
        hl_json_open(&p->json, '{');
        hl_json_member_cstr(&p->json, "name", s->name);
        hl_json_member_int(&p->json, "from", s->from);
        hl_json_member_int(&p->json, "to", s->to);
        hl_json_put_key(&p->json, "signals");
        hl_json_open(&p->json, '[');
        for (size_t k = 0; k < n; k++)
            if (p->present[(size_t)i * n + k]) {
                hl_json_put_text(&p->json, hl_str_of(p->info->signal[k].name));
                hl_buf_printf(&names, "%s%s", names.n ? " " : "", p->info->signal[k].name);
            }
        hl_json_close(&p->json, ']');
        hl_json_close(&p->json, '}');
        hl_grid_cell(&grid, "%s", strcmp(s->name, "~") == 0 ? "(gap)" : s->name);
        hl_grid_cell(&grid, "%lld", (long long)s->from);
        hl_grid_cell(&grid, "%s", duration_text((double)(s->to - s->from) / p->info->frame_hz, a));
        hl_grid_cell(&grid, "%s", names.n ? names.at : "");
    }
    hl_json_close(&p->json, ']');
    hl_buf_free(&names);
    hl_buf_char(p->text, '\n');
    return hl_grid_print(&grid, p->text, err);
}

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    page p = {.text = &result->text, .json = hl_json_write_to(&result->json, 0)};
    const char *path = hl_options_text(o, "record");
    bool segments = hl_options_flag(o, "segments");
    hl_code c;

    p.arena = hl_arena_new(0);
    if (!p.arena)
        return hl_fail_memory(err, "record", 0);
    c = hl_wave_open(path, ctl, &p.w, err);
    if (c == HL_OK) {
        p.info = hl_wave_about(p.w);
        p.kind = hl_wave_is_edf(p.w) ? "EDF file" : "WFDB record";
        if (segments || !hl_place_is_address(path))
            c = survey(&p, err);
    }
    if (c == HL_OK) {
        hl_json_open(&p.json, '{');
        put_head(&p);
        put_head_json(&p);
        c = put_signals(&p, err);
        if (c == HL_OK && segments)
            c = put_segments(&p, err);
        hl_json_close(&p.json, '}');
    }
    hl_wave_close(&p.w);
    hl_arena_free(&p.arena);
    return c;
}

const hl_command hl_command_wave_info = {
    .name = "wave info",
    .summary = "what a waveform record holds: signals, rates, segments, times",
    .about =
        "Reads the headers of a WFDB or EDF record, not its samples. For records of several "
        "segments it says for how much of the time each signal was there; --segments lists which "
        "segment has which signals.",
    .option = options,
    .example = {"hilum wave info "
                "hospital/mimic-iv-ecg/files/p1000/p10008504/s42886110/42886110",
                "hilum wave info waves/waves/p100/p10008504/88457428/88457428 --segments --json"},
    .run = run,
};
