#include "synth/labevents.h"

#include "base/civil.h"
#include "base/ctl.h"
#include "base/io.h"
#include "base/pool.h"
#include "synth/chance.h"
#include "synth/lab_rows.h"

#define ADDED_DRAW_ITEMS 12 /* rows of an added draw */
#define PIECE_DRAWS 680     /* added draws of one piece: about 8,160 rows, 1 MB of text */
#define BATCH 24            /* pieces held in memory at a time */

/* A run of a subject's rows: all draws in [from, to) of its timeline, cut by the added ones. */
typedef struct {
    int64_t subject;
    int64_t first_added, end_added; /* added draws of the piece */
    int64_t n_added;                /* of the subject */
    int64_t added_rows;             /* of the subject */
    int64_t first_id;               /* labevent_id before the subject's first row */
} piece;

/* Where added draws may lie: never inside the window of an admission that was built to have none,
 * or to have exact ones. */
typedef struct {
    int64_t start_s, end_s;
    int admission;
    double weight;
} stretch;

#define MAX_STRETCHES (4 * HL_SYNTH_MAX_ADMISSIONS + 4)

typedef struct {
    stretch at[MAX_STRETCHES];
    int n;
    double weight;
} timeline;

static void cut_window(timeline *t, int64_t from_s, int64_t to_s)
{
    for (int i = t->n - 1; i >= 0; i--) {
        stretch *s = &t->at[i];
        if (s->end_s <= from_s || s->start_s >= to_s)
            continue;
        stretch after = *s;
        after.start_s = to_s;
        s->end_s = from_s;
        if (after.end_s <= after.start_s)
            continue;
        if (s->end_s <= s->start_s) {
            *s = after;
            continue;
        }
        double whole = (double)(s->end_s - s->start_s + after.end_s - after.start_s);
        after.weight = s->weight * (double)(after.end_s - after.start_s) / whole;
        s->weight -= after.weight;
        memmove(s + 2, s + 1, (size_t)(t->n - i - 1) * sizeof *s);
        s[1] = after;
        t->n++;
    }
}

static timeline make_timeline(const hl_synth_subject *s)
{
    timeline t = {.n = 0};
    int64_t free_from = s->admission[0].admit_s - 400 * HL_DAY_S;
    for (int k = 0; k < s->n_admissions; k++) {
        const hl_synth_admission *m = &s->admission[k];
        int64_t start = m->admit_s - HL_DAY_S;
        if (start > free_from) {
            t.at[t.n++] = (stretch){free_from, start, -1, 4};
            free_from = start;
        }
        int64_t days = (m->disch_s - free_from) / HL_DAY_S + 1;
        t.at[t.n++] = (stretch){free_from, m->disch_s, k, 3.0 * (double)(days > 12 ? 12 : days)};
        free_from = m->disch_s;
    }
    t.at[t.n++] = (stretch){free_from, free_from + 200 * HL_DAY_S, -1, 4};
    for (int k = 0; k < s->n_admissions; k++) {
        hl_synth_lab_case c = s->admission[k].lab_case;
        if (c != HL_LAB_OK && c != HL_LAB_LONG_DECIMALS)
            cut_window(&t, s->admission[k].admit_s - HL_DAY_S - 60,
                       s->admission[k].admit_s + HL_DAY_S + 60);
    }
    int n = 0;
    for (int i = 0; i < t.n; i++)
        if (t.at[i].end_s > t.at[i].start_s) {
            t.at[n++] = t.at[i];
            t.weight += t.at[i].weight;
        }
    t.n = n;
    return t;
}

/* Time of share 0 <= p < 1 of the timeline: does not fall as p rises. */
static int64_t time_at(const timeline *t, double p, int *admission)
{
    double w = p * t->weight;
    int i = 0;
    while (i + 1 < t->n && w >= t->at[i].weight)
        w -= t->at[i++].weight;
    const stretch *s = &t->at[i];
    double part = hl_synth_clamp(w / s->weight, 0, 1);
    int64_t time = s->start_s + (int64_t)((double)(s->end_s - 1 - s->start_s) * part);
    int64_t minute = time - time % 60;
    *admission = s->admission;
    return minute < s->start_s ? time : minute;
}

typedef struct {
    const hl_synth_plan *plan;
    const hl_synth_row_table *table;
    hl_synth_subject *subject; /* [threads] */
    hl_synth_labs *labs;       /* [threads] */
    int32_t *own_rows;         /* [n_patients] rows of the draws */
    piece *batch;               /* [BATCH] */
    hl_buf *text;              /* [BATCH] */
} writer;

static hl_code count_rows(void *ctx, int64_t i, int thread, hl_error *err)
{
    (void)err;
    writer *w = ctx;
    int32_t n = 0;
    hl_synth_plan_subject(w->plan, i, &w->subject[thread]);
    hl_synth_labs_of(w->plan, &w->subject[thread], &w->labs[thread]);
    for (int k = 0; k < w->labs[thread].n_draws; k++)
        n += w->labs[thread].draw[k].n_items;
    w->own_rows[i] = n;
    return HL_OK;
}

static hl_synth_draw added_draw(const writer *w, const piece *p, const timeline *t,
                                const hl_synth_subject *subject, int64_t j)
{
    hl_synth_draw d = {.key = (UINT64_C(1) << 63) | (uint64_t)p->subject << 34 | (uint64_t)j};
    hl_rng rng = hl_rng_of(w->plan->seed, "lab-added", d.key);
    d.time_s = time_at(t, ((double)j + hl_rng_f64(&rng)) / (double)p->n_added, &d.admission);
    if (d.admission >= 0 && d.time_s >= subject->admission[d.admission].admit_s &&
        !hl_synth_chance(&rng, 0.12))
        d.hadm_id = subject->admission[d.admission].hadm_id;
    int64_t left = p->added_rows - j * ADDED_DRAW_ITEMS;
    d.n_items = (int)(left < ADDED_DRAW_ITEMS ? left : ADDED_DRAW_ITEMS);
    for (int i = 0; i < d.n_items; i += 4) {
        uint64_t bits = hl_rng_u64(&rng);
        for (int q = i; q < i + 4 && q < d.n_items; q++, bits >>= 16)
            d.item[q] = (int16_t)w->table->frequent[bits & 0xffff];
    }
    return d;
}

/* Own and added draws of one piece, merged by time; own ones first at equal times. */
static hl_code write_piece(void *ctx, int64_t i, int thread, hl_error *err)
{
    writer *w = ctx;
    const piece *p = &w->batch[i];
    hl_buf *out = &w->text[i];
    hl_synth_subject *subject = &w->subject[thread];
    hl_synth_labs *labs = &w->labs[thread];
    hl_synth_plan_subject(w->plan, p->subject, subject);
    hl_synth_labs_of(w->plan, subject, labs);
    timeline t = make_timeline(subject);

    int own = 0;
    int64_t id = p->first_id + p->first_added * ADDED_DRAW_ITEMS;
    if (p->first_added >
        0) { /* own draws up to the last added one of the piece before are written */
        hl_synth_draw before = added_draw(w, p, &t, subject, p->first_added - 1);
        for (; own < labs->n_draws && labs->draw[own].time_s <= before.time_s; own++)
            id += labs->draw[own].n_items;
    }
    hl_buf_clear(out);
    for (int64_t j = p->first_added; j <= p->end_added; j++) {
        bool rest = j == p->n_added; /* behind the last added draw */
        if (j == p->end_added && !rest)
            break;
        hl_synth_draw d = {.n_items = 0};
        if (!rest)
            d = added_draw(w, p, &t, subject, j);
        for (; own < labs->n_draws && (rest || labs->draw[own].time_s <= d.time_s); own++) {
            hl_synth_lab_rows(w->table, w->plan->seed, subject, labs, &labs->draw[own], id, out);
            id += labs->draw[own].n_items;
        }
        if (!rest)
            hl_synth_lab_rows(w->table, w->plan->seed, subject, labs, &d, id, out);
        id += d.n_items;
    }
    return hl_buf_check(out, "lab rows", err);
}

static hl_code write_batch(writer *w, int64_t n, hl_gzip *gz, hl_ctl *ctl, hl_error *err)
{
    hl_code c = hl_parallel_for(hl_ctl_jobs(ctl), n, ctl, write_piece, w, err);
    for (int64_t i = 0; c == HL_OK && i < n; i++)
        c = hl_gzip_write(gz, w->text[i].at, w->text[i].n, err);
    return c;
}

static hl_code write_all(writer *w, int64_t added, hl_gzip *gz, hl_ctl *ctl, hl_error *err)
{
    const hl_synth_plan *plan = w->plan;
    int64_t admissions = plan->first_admission[plan->n_patients], id = 1, n = 0, rows = 0;
    hl_code c = hl_gzip_write(gz, HL_SYNTH_LAB_HEADER, sizeof HL_SYNTH_LAB_HEADER - 1, err);
    for (int64_t i = 0; c == HL_OK && i < plan->n_patients; i++) {
        /* Added rows in proportion to admissions. */
        __int128 to = (__int128)added * plan->first_admission[i + 1];
        int64_t share = (int64_t)(to / admissions) -
                        (int64_t)((__int128)added * plan->first_admission[i] / admissions);
        int64_t draws = (share + ADDED_DRAW_ITEMS - 1) / ADDED_DRAW_ITEMS, j = 0;
        do {
            int64_t end = j + PIECE_DRAWS < draws ? j + PIECE_DRAWS : draws;
            w->batch[n++] = (piece){i, j, end, draws, share, id};
            rows += (end - j) * ADDED_DRAW_ITEMS;
            j = end;
            if (n == BATCH) {
                c = write_batch(w, n, gz, ctl, err);
                hl_ctl_set_done(ctl, rows);
                n = 0;
            }
        } while (c == HL_OK && j < draws);
        id += share + w->own_rows[i];
        rows += w->own_rows[i];
    }
    return c == HL_OK && n > 0 ? write_batch(w, n, gz, ctl, err) : c;
}

static hl_code refuse_fewer_rows(int64_t rows, int64_t own, hl_error *err)
{
    return hl_fail(err, HL_E_USAGE,
                   "--labevents-rows %lld: these patients have %lld lab rows already\n"
                   "Give at least that number, or fewer --patients.",
                   (long long)rows, (long long)own);
}

hl_code hl_synth_labevents_write(const hl_synth_plan *plan, const char *path, int64_t rows,
                                 hl_ctl *ctl, int64_t *n_rows, hl_error *err)
{
    int jobs = hl_ctl_jobs(ctl);
    writer w = {.plan = plan, .table = hl_synth_row_table_new()};
    hl_gzip *gz = NULL;
    hl_code c = HL_OK;
    int64_t own = 0;
    w.subject = calloc((size_t)jobs, sizeof *w.subject);
    w.labs = calloc((size_t)jobs, sizeof *w.labs);
    w.own_rows = calloc((size_t)plan->n_patients, sizeof *w.own_rows);
    w.batch = calloc(BATCH, sizeof *w.batch);
    w.text = calloc(BATCH, sizeof *w.text);
    if (!w.table || !w.subject || !w.labs || !w.own_rows || !w.batch || !w.text) {
        c = hl_fail_memory(err, "lab rows", (size_t)plan->n_patients * sizeof *w.own_rows);
        goto done;
    }
    hl_ctl_phase(ctl, "counting lab rows", 0);
    if ((c = hl_parallel_for(jobs, plan->n_patients, ctl, count_rows, &w, err)) != HL_OK)
        goto done;
    for (int64_t i = 0; i < plan->n_patients; i++)
        own += w.own_rows[i];
    if (rows != 0 && rows < own) {
        c = refuse_fewer_rows(rows, own, err);
        goto done;
    }
    *n_rows = rows ? rows : own;
    hl_ctl_phase(ctl, "writing labevents", *n_rows);
    if ((c = hl_gzip_create(path, jobs, &gz, err)) == HL_OK &&
        (c = write_all(&w, *n_rows - own, gz, ctl, err)) == HL_OK)
        c = hl_gzip_commit(&gz, NULL, err);
done:
    hl_gzip_abort(&gz);
    for (int i = 0; w.text && i < BATCH; i++)
        hl_buf_free(&w.text[i]);
    free(w.text);
    free(w.batch);
    free(w.own_rows);
    free(w.labs);
    free(w.subject);
    free((void *)w.table);
    return c;
}
