#include "synth/monitor_internal.h"

#include "base/civil.h"
#include "base/ctl.h"
#include "base/io.h"

typedef struct {
    hl_bedside_case of;
    const char *what;
} planted;

static const planted all_planted[] = {
    {HL_BEDSIDE_CASE_CHANGE, "signals change"},
    {HL_BEDSIDE_CASE_CHANGE, "late numerics"},
    {HL_BEDSIDE_CASE_CLOCK, "clock set by +2 s and -2 s"},
    {HL_BEDSIDE_CASE_AUTUMN, "hour that comes twice"},
    {HL_BEDSIDE_CASE_GAPS, "gap below an hour"},
    {HL_BEDSIDE_CASE_GAPS, "gap above an hour"},
    {HL_BEDSIDE_CASE_TWICE, "messages sent twice"},
    {HL_BEDSIDE_CASE_TWICE, "bed with two patients"},
    {HL_BEDSIDE_CASE_PACED, "bed with two patients"},
    {HL_BEDSIDE_CASE_PACED, "pacing"},
    {HL_BEDSIDE_CASE_PACED, "invalid and unavailable samples"},
    {HL_BEDSIDE_CASE_UNMAPPED, "mapping missing"},
    {HL_BEDSIDE_CASE_UNKNOWN, "not in the map"},
};

void hl_synth_monitor_put_cases(hl_buf *text)
{
    const char *before = "";

    for (size_t i = 0; i < sizeof all_planted / sizeof *all_planted; i++) {
        if (strcmp(before, all_planted[i].what) != 0)
            hl_buf_printf(text, "%s%s", i > 0 ? ", " : "", all_planted[i].what);
        before = all_planted[i].what;
    }
}

/* --- the export ------------------------------------------------------------------------------- */

static int64_t next_us(const hl_bedside_stay *s)
{
    return s->next < s->n_blocks ? s->start_us + hl_bedside_ms_of_block(s, s->next) * 1000
                                 : INT64_MAX;
}

/* Blocks of all stays in order of time. Rows lie at most two minutes before their block. */
static hl_code write_blocks(hl_bedside *m, const char *folder, hl_ctl *ctl, int64_t *n_rows,
                            hl_error *err)
{
    enum { BEFORE_US = 120000000, BLOCKS_HELD = 64 };
    hl_bedside_files *f = NULL;
    hl_code c = hl_bedside_files_new(folder, &f, err);

    for (int64_t n = 0; c == HL_OK; n++) {
        hl_bedside_stay *s = &m->stay[0];
        for (int64_t i = 1; i < m->n; i++)
            if (next_us(&m->stay[i]) < next_us(s))
                s = &m->stay[i];
        if (next_us(s) == INT64_MAX)
            break;
        c = hl_ctl_check(ctl, err);
        if (c == HL_OK && n % BLOCKS_HELD == 0)
            c = hl_bedside_flush(f, next_us(s) - BEFORE_US, err);
        if (c == HL_OK)
            hl_bedside_put_block(f, s, m->plan->seed, s->next++);
        if (s->next == s->n_blocks)
            hl_ctl_done(ctl, 1);
    }
    if (c == HL_OK)
        c = hl_bedside_files_end(f, n_rows, err);
    hl_bedside_files_free(&f);
    return c;
}

static void put_local(hl_buf *b, int64_t us)
{
    hl_buf_time(b, us / 1000000 + hl_bedside_zone_min(us) * 60);
}

/* Record k of a stay: its parts, and its bounds with some time around them. */
static void record_bounds(const hl_bedside_stay *s, int record, int64_t *from_us, int64_t *to_us)
{
    const int64_t around_us = INT64_C(1200) * 1000000;
    const int64_t second_ms = s->n_parts == HL_BEDSIDE_MAX_PARTS ? s->part[2].start_ms : 0;
    const int64_t end_ms = s->n_parts == HL_BEDSIDE_MAX_PARTS && record == 0
                               ? second_ms - HL_BEDSIDE_LONG_GAP_MS
                               : hl_bedside_length_ms(s);

    *from_us = s->start_us + (record == 0 ? 0 : second_ms * 1000) - around_us;
    *to_us = s->start_us + end_ms * 1000 + around_us;
    /* In the autumn hour local times alone tell no order: the row holds from before to after it. */
    if (s->kind == HL_BEDSIDE_CASE_AUTUMN) {
        *from_us -= INT64_C(3600) * 1000000;
        *to_us += INT64_C(3600) * 1000000;
    }
}

static void put_map_rows(hl_buf *b, const hl_bedside_stay *s)
{
    int64_t from_us, to_us;

    for (int k = 0;
         k < (s->n_parts == HL_BEDSIDE_MAX_PARTS ? 2 : 1) && s->kind != HL_BEDSIDE_CASE_UNKNOWN;
         k++) {
        record_bounds(s, k, &from_us, &to_us);
        hl_buf_printf(b, "%s,", s->patient);
        put_local(b, from_us);
        hl_buf_char(b, ',');
        put_local(b, to_us);
        hl_buf_printf(b, ",%lld,%lld,%lld,%lld\n", (long long)s->subject_id, (long long)s->hadm_id,
                      (long long)s->part[k * 2].record_id, (long long)s->shift_days);
    }
}

static void put_planted(hl_buf *b, const hl_bedside_stay *s)
{
    for (size_t i = 0; i < sizeof all_planted / sizeof *all_planted; i++) {
        if (all_planted[i].of != s->kind)
            continue;
        hl_buf_printf(b, "%lld,%lld,%lld,%s,", (long long)s->number + 1, (long long)s->subject_id,
                      (long long)s->hadm_id, s->patient);
        put_local(b, s->start_us);
        hl_buf_printf(b, ",%s\n", all_planted[i].what);
    }
}

static hl_code write_table(const hl_bedside *m, const char *folder, const char *name,
                           const char *header, void (*put)(hl_buf *b, const hl_bedside_stay *s),
                           hl_error *err)
{
    hl_buf b = {0};
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(folder, name, path, err);

    hl_buf_text(&b, header);
    for (int64_t i = 0; i < m->n; i++)
        put(&b, &m->stay[i]);
    if (c == HL_OK)
        c = hl_buf_check(&b, name, err);
    if (c == HL_OK)
        c = hl_write_file(path, b.at, b.n, NULL, err);
    hl_buf_free(&b);
    return c;
}

hl_code hl_synth_monitor_write(const hl_synth_plan *plan, const hl_synth_options *options,
                               hl_ctl *ctl, hl_synth_counts *counts, hl_error *err)
{
    hl_bedside m = {.plan = plan,
                    .n = hl_synth_monitor_stays(options),
                    .minutes = options->monitor_minutes > 0 ? options->monitor_minutes
                                                            : HL_SYNTH_MONITOR_MINUTES};
    char path[HL_PATH_BYTES];
    hl_code c = HL_OK;

    if (m.n == 0)
        return HL_OK;
    if (m.n > plan->n_patients)
        return hl_fail(err, HL_E_USAGE,
                       "--monitor-stays %lld: the hospital has %lld patients\nA "
                       "patient is at the monitors once: give more --patients.",
                       (long long)m.n, (long long)plan->n_patients);
    hl_ctl_phase(ctl, "writing the monitor export, stays", m.n);
    m.stay = calloc((size_t)m.n, sizeof *m.stay);
    m.used = calloc((size_t)plan->n_patients, 1);
    m.subject = malloc(sizeof *m.subject);
    if (!m.stay || !m.used || !m.subject)
        c = hl_fail_memory(err, "monitor stays", (size_t)m.n * sizeof *m.stay);
    for (int64_t i = 0; c == HL_OK && i < m.n; i++)
        c = hl_bedside_plan_stay(&m, i, err);
    if (c == HL_OK)
        c = hl_path_join(options->folder, "monitor-export", path, err);
    if (c == HL_OK)
        c = hl_make_folder(path, err);
    if (c == HL_OK)
        c = write_blocks(&m, path, ctl, &counts->monitor_rows, err);
    if (c == HL_OK)
        c = write_table(&m, options->folder, "monitor-map.csv",
                        "patient_id,start,end,subject_id,hadm_id,record_id,shift_days\n",
                        put_map_rows, err);
    if (c == HL_OK)
        c = write_table(&m, options->folder, "planted_monitor.csv",
                        "stay,subject_id,hadm_id,patient_id,start,what\n", put_planted, err);
    counts->monitor_stays = m.n;
    for (int64_t i = 0; m.stay && i < m.n; i++)
        free(m.stay[i].round);
    free(m.stay);
    free(m.used);
    free(m.subject);
    return c;
}
