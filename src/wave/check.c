/*
 * check.c - hl_wave_check(): options, records in parallel, the report.
 *
 * Source: waveform.md 1.5.
 */
#include "wave/check.h"

#include <stdlib.h>

#include "base/ctl.h"
#include "base/log.h"
#include "base/pool.h"

enum { ARENA_BYTES = 65536, MOST_LIST_BYTES = 16 << 20 };

/* One call. */
typedef struct {
    hl_wave_checking all;
    hl_arena *arena;
    hl_wave_targets targets;
    hl_wave_findings around;  /* of the folder itself */
    hl_wave_findings *found;  /* [targets.n] */
    hl_wave_checked *checked; /* [targets.n] */
    hl_wave_checked sum;
    int64_t count[HL_FOUND_LEVELS];
} call;

/* --- what to check ---------------------------------------------------------------------------- */

static hl_code take_calibration(call *x, hl_error *err)
{
    const char *path = x->all.o->calibration;
    hl_buf text = {0};
    hl_code c;

    if (!path)
        return hl_calibrations_shipped(x->arena, &x->all.calibration, err);
    c = hl_read_file(path, MOST_LIST_BYTES, &text, NULL, err);
    if (c == HL_OK)
        c = hl_calibrations_parse(x->arena, (hl_str){text.at, text.n}, &x->all.calibration, err);
    if (c == HL_OK && x->all.calibration.n == 0)
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                       "no line of it is a signal\n"
                       "Allowed: NAME, a tab, then LOW HIGH TYPE SCALE UNITS.");
    hl_buf_free(&text);
    return c;
}

/* A path that is a record and a folder (100.hea beside 100/) is the record. */
static bool is_tree(const char *path)
{
    char header[HL_PATH_BYTES];

    if (hl_place_is_address(path) || !hl_is_folder(path))
        return false;
    return hl_str_ends(hl_str_of(path), "/") ||
           snprintf(header, sizeof header, "%s.hea", path) >= (int)sizeof header ||
           !hl_file_exists(header);
}

static hl_code take_record(call *x, const char *path, hl_error *err)
{
    char folder[HL_PATH_BYTES], name[HL_PATH_BYTES];
    hl_code c = hl_place_split(path, folder, name, err);

    if (c != HL_OK)
        return c;
    if (hl_str_ends(hl_str_of(name), ".hea") && strlen(name) > 4)
        name[strlen(name) - 4] = 0;
    c = hl_wave_targets_add(&x->targets, folder, name, name, err);
    if (c == HL_OK) {
        x->targets.at[0].in_folder = strchr(path, '/') != NULL;
        x->targets.at[0].alone = true;
    }
    return c;
}

static hl_code take_targets(call *x, hl_error *err)
{
    const char *path = x->all.o->path;
    hl_code c;

    if (!is_tree(path))
        return take_record(x, path, err);
    hl_ctl_phase(x->all.ctl, "listing records", 0);
    c = hl_wave_check_folder(path, &x->targets, &x->around, err);
    if (c == HL_OK && x->targets.n == 0 && x->around.count[HL_FOUND_ERROR] == 0)
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                       "no record in this folder\n"
                       "Records are .hea and .edf files.");
    return c;
}

/* --- checking --------------------------------------------------------------------------------- */

static hl_code check_target(void *ctx, int64_t i, int thread, hl_error *err)
{
    call *x = ctx;
    hl_code c = hl_wave_findings_new(&x->found[i], x->all.o->quiet_info, err);

    (void)thread;
    if (c == HL_OK)
        c = hl_wave_check_record(&x->all, &x->targets.at[i], &x->found[i], &x->checked[i], err);
    hl_ctl_done(x->all.ctl, 1);
    if (x->found[i].count[HL_FOUND_ERROR] > 0)
        hl_ctl_failed(x->all.ctl, 1);
    return c;
}

static hl_code check_targets(call *x, hl_error *err)
{
    const size_t n = x->targets.n;

    x->found = calloc(n + 1, sizeof *x->found);
    x->checked = calloc(n + 1, sizeof *x->checked);
    if (!x->found || !x->checked)
        return hl_fail_memory(err, "records", n * sizeof *x->found);
    hl_ctl_phase(x->all.ctl, "checking records", (int64_t)n);
    return hl_parallel_for(hl_ctl_jobs(x->all.ctl), (int64_t)n, x->all.ctl, check_target, x, err);
}

/* --- report ----------------------------------------------------------------------------------- */

static void add_up(call *x)
{
    for (int k = 0; k < HL_FOUND_LEVELS; k++)
        x->count[k] = x->around.count[k];
    for (size_t i = 0; i < x->targets.n; i++) {
        const hl_wave_checked *one = &x->checked[i];
        x->sum.records += one->records;
        x->sum.segments += one->segments;
        x->sum.signals += one->signals;
        x->sum.samples += one->samples;
        x->sum.numeric_rows += one->numeric_rows;
        x->sum.annotations += one->annotations;
        for (int k = 0; k < HL_FOUND_LEVELS; k++)
            x->count[k] += x->found[i].count[k];
    }
}

static void put_count(hl_buf *to, const char *before, int64_t n, const char *what)
{
    char text[32];

    hl_buf_printf(to, "%s%s %s%s", before, hl_count_text(n, text), what, n == 1 ? "" : "s");
}

static void put_summary(const call *x, hl_buf *to)
{
    const hl_wave_check_options *o = x->all.o;

    put_count(to, "", x->sum.records, "record");
    put_count(to, ", ", x->sum.segments, "segment");
    put_count(to, ", ", x->sum.signals, "signal");
    if (!o->headers_only)
        put_count(to, ", ", x->sum.samples, "sample");
    if (x->sum.numeric_rows > 0)
        put_count(to, ", ", x->sum.numeric_rows, "row");
    if (x->sum.numeric_rows > 0)
        hl_buf_text(to, " of numerics");
    if (o->annotations)
        put_count(to, ", ", x->sum.annotations, "annotation");
    hl_buf_text(to, o->headers_only ? " checked (no samples): " : " checked: ");
    put_count(to, "", x->count[HL_FOUND_ERROR], "error");
    put_count(to, ", ", x->count[HL_FOUND_WARNING], "warning");
    put_count(to, ", ", x->count[HL_FOUND_NOTE], "note");
    hl_buf_char(to, '\n');
}

static void put_json(const call *x, hl_json_writer *w)
{
    hl_json_open(w, '{');
    hl_json_member_cstr(w, "path", x->all.o->path);
    hl_json_member_int(w, "records", x->sum.records);
    hl_json_member_int(w, "segments", x->sum.segments);
    hl_json_member_int(w, "signals", x->sum.signals);
    hl_json_member_int(w, "samples", x->sum.samples);
    hl_json_member_int(w, "numeric_rows", x->sum.numeric_rows);
    hl_json_member_int(w, "annotations", x->sum.annotations);
    hl_json_member_int(w, "errors", x->count[HL_FOUND_ERROR]);
    hl_json_member_int(w, "warnings", x->count[HL_FOUND_WARNING]);
    hl_json_member_int(w, "notes", x->count[HL_FOUND_NOTE]);
    hl_json_put_key(w, "findings");
    hl_json_open(w, '[');
    hl_wave_findings_json(&x->around, w);
    for (size_t i = 0; i < x->targets.n; i++)
        hl_wave_findings_json(&x->found[i], w);
    hl_json_close(w, ']');
    hl_json_close(w, '}');
}

static hl_code put_report(call *x, hl_report *report, hl_error *err)
{
    hl_buf text = {0}, json = {0};
    hl_json_writer w = hl_json_write_to(&json, 0);

    add_up(x);
    hl_wave_findings_text(&x->around, &text);
    for (size_t i = 0; i < x->targets.n; i++)
        hl_wave_findings_text(&x->found[i], &text);
    put_summary(x, &text);
    put_json(x, &w);
    hl_code c = hl_buf_check(&text, "a report", err);
    if (c == HL_OK)
        c = hl_buf_check(&json, "a report", err);
    if (c != HL_OK || !report) {
        hl_buf_free(&text);
        hl_buf_free(&json);
        return c;
    }
    *report = (hl_report){.json = json.at, .text = text.at};
    return HL_OK;
}

/* --- the call --------------------------------------------------------------------------------- */

static hl_code check_all(call *x, hl_report *report, hl_error *err)
{
    hl_code c = hl_wave_findings_new(&x->around, x->all.o->quiet_info, err);

    if (c == HL_OK)
        c = take_calibration(x, err);
    if (c == HL_OK)
        c = take_targets(x, err);
    if (c == HL_OK)
        c = check_targets(x, err);
    if (c == HL_OK)
        c = put_report(x, report, err);
    if (c != HL_OK)
        return c;
    if (x->count[HL_FOUND_ERROR] > 0)
        return hl_fail(err, HL_E_INPUT, "%s: %lld error%s found", x->all.o->path,
                       (long long)x->count[HL_FOUND_ERROR],
                       x->count[HL_FOUND_ERROR] == 1 ? " was" : "s were");
    return x->count[HL_FOUND_WARNING] > 0 ? HL_PARTIAL : HL_OK;
}

HL_API hl_code hl_wave_check(const hl_wave_check_options *options, hl_ctl *ctl, hl_report *report,
                             hl_error *err)
{
    call x = {.all = {.o = options, .ctl = ctl, .cpu = hl_cpu_level(ctl ? ctl->cpu : 0)}};
    hl_code c;

    if (report)
        *report = (hl_report){0};
    x.arena = hl_arena_new(ARENA_BYTES);
    c = x.arena ? check_all(&x, report, err) : hl_fail_memory(err, "check", ARENA_BYTES);
    for (size_t i = 0; x.found && i < x.targets.n; i++)
        hl_wave_findings_free(&x.found[i]);
    free(x.found);
    free(x.checked);
    hl_wave_findings_free(&x.around);
    hl_wave_targets_free(&x.targets);
    hl_arena_free(&x.arena);
    return c;
}
