#include "cohort/selection.h"

#include <pthread.h>

#include "base/ctl.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/sort.h"
#include "format/wfdb/wfdb.h"

/* Columns of the record list, in the order in which they are asked for. */
enum { R_SUBJECT, R_STUDY, R_FILE, R_TIME, R_PATH };
static const hl_col_spec record_columns[] = {
    [R_SUBJECT] = {.name = "subject_id", .type = HL_COL_I64, .required = true},
    [R_STUDY] = {.name = "study_id", .type = HL_COL_I64, .required = true},
    [R_FILE] = {.name = "file_name", .type = HL_COL_AUTO},
    [R_TIME] = {.name = "ecg_time", .type = HL_COL_TIME, .required = true},
    [R_PATH] = {.name = "path", .type = HL_COL_TEXT, .required = true},
};

/* Numpy's argsort stops being stable here: above this many candidates all are read before one is
 * chosen. symile.md 2.3 */
#define HL_LAZY_CANDIDATES 16

/* Another record in the stay's window has the time of the chosen one: with more than 16 candidates
 * the published script may take it. */
static bool tied(const hl_selection *s, const int64_t *time, const hl_index *by_subject,
                 size_t stay)
{
    int64_t chosen = s->record_of[stay];

    for (int64_t e = hl_index_first(by_subject, s->subject_id[stay]); e >= 0;
         e = hl_index_next(by_subject, e))
        if (e != chosen && time[e] == time[chosen])
            return true;
    return false;
}

typedef struct {
    const hl_selection *s;
} record_filter;

static hl_code keep_record(void *ctx, const hl_csv *csv, const hl_field *field, bool *keep,
                           hl_error *err)
{
    const record_filter *f = ctx;
    const hl_selection *s = f->s;
    hl_str path = hl_field_str(field[R_PATH]);
    char shown[HL_SHOW_BYTES];
    int64_t subject_id, time;

    if (!hl_path_is_inside(path))
        return hl_csv_fail(csv, err, R_PATH, "'%s' leads out of the archive", hl_show(path, shown));
    /* Cells that are wrong are kept, so that reading them reports it. */
    if (s->o->compat || s->o->check_all_ecg ||
        !hl_parse_time(hl_field_str(field[R_TIME]), HL_TIME_CUT_FRACTION, &time) ||
        !hl_parse_i64_pandas(hl_field_str(field[R_SUBJECT]), &subject_id))
        return HL_OK;
    *keep = false;
    for (int64_t i = hl_index_first(s->by_subject, subject_id); !*keep && i >= 0;
         i = hl_index_next(s->by_subject, i))
        *keep = hl_window_holds(&s->r->ecg_window, time - s->admittime[i]);
    return HL_OK;
}

/* --- which records lie in a stay's window
 * --------------------------------------------------------- */

typedef struct {
    const hl_index *by_subject; /* rows of records */
    const int64_t *time, *study_id;
    const hl_str *path;
} record_columns_at;

static record_columns_at columns_of(const hl_table *records, const hl_index *by_subject)
{
    return (record_columns_at){.by_subject = by_subject,
                               .time = hl_table_column(records, "ecg_time")->i64,
                               .study_id = hl_table_column(records, "study_id")->i64,
                               .path = hl_table_column(records, "path")->text};
}

static size_t count_in_window(const hl_selection *s, const record_columns_at *r, size_t stay)
{
    size_t n = 0;

    for (int64_t e = hl_index_first(r->by_subject, s->subject_id[stay]); e >= 0;
         e = hl_index_next(r->by_subject, e))
        n += hl_window_holds(&s->r->ecg_window, r->time[e] - s->admittime[stay]);
    return n;
}

hl_code hl_select_records_in_window(hl_selection *s, hl_error *err)
{
    record_filter filter = {s};
    hl_index *by_subject = NULL;
    hl_code c = hl_selection_read(s, "ecg", s->o->ecg, &s->r->records, record_columns,
                                  sizeof record_columns / sizeof *record_columns, keep_record,
                                  &filter, &s->records, err);
    if (c == HL_OK && s->records->n_rows == 0)
        hl_warn(s->ctl, "%s: no record within any admission's window", s->records->name);
    if (c == HL_OK)
        c = hl_index_new(hl_table_column(s->records, "study_id"), &s->record_by_study, err);
    if (c == HL_OK)
        c = hl_selection_unique(s, s->records, s->record_by_study,
                                hl_table_column(s->records, "study_id"), err);
    if (c == HL_OK)
        c = hl_index_new(hl_table_column(s->records, "subject_id"), &by_subject, err);
    if (c == HL_OK) {
        record_columns_at at = columns_of(s->records, by_subject);
        s->every_stay_has_ecg = true;
        for (size_t i = 0; i < s->stay->n_rows; i++) {
            bool any = count_in_window(s, &at, i) > 0;
            s->every_stay_has_ecg = s->every_stay_has_ecg && any;
            s->alive[i] = s->alive[i] && any;
        }
        c = hl_selection_rule(s, "ECG record in the window", err);
    }
    hl_index_free(&by_subject);
    return c;
}

/* --- reading the waveforms that matter
 * -------------------------------------------------------------- */

typedef struct {
    hl_selection *s;
    record_columns_at at;
    uint8_t *wanted;      /* [stay rows] stays to find a record for */
    hl_arena **scratch;   /* [threads] */
    pthread_mutex_t lock; /* of the fields below */
    char **fault;         /* [record rows] why a record cannot be read */
    int64_t n_checksum_faults;
} examination;

/* A record is good when all its samples were measured and not all are exactly zero. symile.md 2.3
 */
static hl_record_state judge(const hl_wfdb_record *r)
{
    size_t n_signals = (size_t)r->header.n_signals, n = (size_t)r->n_samples * n_signals;
    bool zero = true;
    int invalid = 0;

    for (size_t i = 0; i < n; i++)
        invalid |= r->sample[i] == INT16_MIN;
    if (invalid)
        return HL_RECORD_EMPTY;
    for (size_t i = 0; zero && i < n; i++)
        zero = r->sample[i] == r->header.signal[i % n_signals].baseline;
    return zero ? HL_RECORD_EMPTY : HL_RECORD_GOOD;
}

static hl_code note_fault(examination *x, int64_t row, const hl_error *why, hl_error *err)
{
    size_t n = strlen(why->message) + 1;
    char *text = malloc(n);

    if (!text)
        return hl_fail_memory(err, "a message", n);
    memcpy(text, why->message, n);
    pthread_mutex_lock(&x->lock);
    free(x->fault[row]);
    x->fault[row] = text;
    pthread_mutex_unlock(&x->lock);
    return HL_OK;
}

static hl_code examine(examination *x, int64_t row, int thread, hl_record_state *state,
                       hl_error *err)
{
    hl_selection *s = x->s;
    char path[HL_PATH_BYTES], relative[HL_PATH_BYTES];
    hl_wfdb_record r;
    hl_error why = {0};

    *state = (hl_record_state)__atomic_load_n(&s->record_state[row], __ATOMIC_ACQUIRE);
    if (*state != HL_RECORD_UNKNOWN)
        return HL_OK;
    hl_code c = hl_path_join(s->o->ecg, x->at.path[row].at, path, err);
    if (c != HL_OK)
        return c;
    hl_arena_reset(x->scratch[thread]);
    c = hl_wfdb_read(x->scratch[thread], path, &r, &why);
    if (c != HL_OK)
        hl_error_below(&why, s->o->ecg);
    if (c == HL_E_INPUT || (c == HL_E_LIMIT && why.path[0])) {
        *state = HL_RECORD_BROKEN;
        if (s->o->compat || s->o->strict) {
            if (err)
                *err = why;
            return c;
        }
        c = note_fault(x, row, &why, err);
    } else if (c != HL_OK) {
        if (err)
            *err = why;
    } else {
        *state = judge(&r);
        snprintf(relative, sizeof relative, "%.4000s.hea", x->at.path[row].at);
        c = hl_manifest_read(s->manifest, "ecg", relative, &r.header_digest, err);
        snprintf(relative, sizeof relative, "%.4000s.dat", x->at.path[row].at);
        if (c == HL_OK)
            c = hl_manifest_read(s->manifest, "ecg", relative, &r.signal_digest, err);
        if (r.n_checksum_faults || r.n_initial_faults)
            __atomic_fetch_add(&x->n_checksum_faults, 1, __ATOMIC_RELAXED);
        hl_ctl_bytes(s->ctl, r.header_digest.bytes + r.signal_digest.bytes);
    }
    if (c == HL_OK)
        __atomic_store_n(&s->record_state[row], (uint8_t)*state, __ATOMIC_RELEASE);
    return c;
}

/* The earliest good record of stay i. */
static hl_code find_record(void *ctx, int64_t i, int thread, hl_error *err)
{
    examination *x = ctx;
    hl_selection *s = x->s;
    size_t n_all = x->wanted[i] ? count_in_window(s, &x->at, (size_t)i) : 0, n = 0, k = 0;
    hl_record_state state;
    hl_code c = HL_OK;

    if (n_all == 0)
        return HL_OK;
    int64_t *row = malloc(n_all * 3 * sizeof *row);
    if (!row)
        return hl_fail_memory(err, "ECGs of an admission", n_all * 24);
    int64_t *time = row + n_all;
    size_t *order = (size_t *)(row + 2 * n_all);
    for (int64_t e = hl_index_first(x->at.by_subject, s->subject_id[i]); e >= 0;
         e = hl_index_next(x->at.by_subject, e))
        if (hl_window_holds(&s->r->ecg_window, x->at.time[e] - s->admittime[i]))
            row[k++] = e;
    bool lazy = s->ties == HL_TIES_FILE_ORDER || n_all <= HL_LAZY_CANDIDATES;
    if (lazy) {
        /* Walk in (time, file order) and stop at the first good one. */
        for (; c == HL_OK && k && s->record_of[i] < 0; k--) {
            size_t best = 0;
            for (size_t j = 1; j < k; j++)
                if (x->at.time[row[j]] < x->at.time[row[best]])
                    best = j;
            c = examine(x, row[best], thread, &state, err);
            if (c == HL_OK && state == HL_RECORD_GOOD)
                s->record_of[i] = row[best];
            memmove(row + best, row + best + 1, (k - best - 1) * sizeof *row);
        }
        if (n_all > HL_LAZY_CANDIDATES && s->record_of[i] >= 0 &&
            tied(s, x->at.time, x->at.by_subject, (size_t)i))
            __atomic_fetch_add(&s->n_tie_records, 1, __ATOMIC_RELAXED);
    } else {
        for (size_t j = 0; c == HL_OK && j < k; j++) {
            c = examine(x, row[j], thread, &state, err);
            if (c == HL_OK && state == HL_RECORD_GOOD) {
                row[n] = row[j];
                time[n++] = x->at.time[row[j]];
            }
        }
        if (c == HL_OK && n)
            s->record_of[i] = row[hl_earliest(time, n, s->ties, order)];
    }
    free(row);
    return c;
}

static hl_code examine_one(void *ctx, int64_t row, int thread, hl_error *err)
{
    hl_record_state state;
    return examine(ctx, row, thread, &state, err);
}

/* Good records that repeat a chosen study_id repeat its admission too, wherever their own time
 * lies. S28 */
static hl_code examine_repeated(examination *x, hl_error *err)
{
    const hl_selection *s = x->s;
    hl_record_state state;
    hl_code c = HL_OK;

    if (hl_index_duplicate(s->record_by_study) < 0)
        return HL_OK;
    for (size_t i = 0; i < s->stay->n_rows; i++) {
        if (s->record_of[i] < 0)
            continue;
        for (int64_t e = hl_index_first(s->record_by_study, x->at.study_id[s->record_of[i]]);
             c == HL_OK && e >= 0; e = hl_index_next(s->record_by_study, e))
            c = examine(x, e, 0, &state, err);
    }
    return c;
}

/* What was found on the way: rows of errors.csv in record order, warnings. */
static hl_code report(examination *x, hl_error *err)
{
    hl_selection *s = x->s;
    char count[32];
    int64_t n_empty = 0;

    for (size_t e = 0; e < s->records->n_rows; e++) {
        n_empty += s->record_state[e] == HL_RECORD_EMPTY;
        if (!x->fault[e])
            continue;
        s->n_broken++;
        hl_csv_put(&s->errors, x->at.path[e]);
        hl_buf_printf(&s->errors, ",%d,", HL_E_INPUT);
        hl_csv_put(&s->errors, hl_str_of(x->fault[e]));
        hl_buf_char(&s->errors, '\n');
    }
    if (n_empty)
        hl_info(s->ctl, "%s ECGs were left out: samples missing, or all zero",
                hl_count_text(n_empty, count));
    if (s->n_broken)
        hl_warn(s->ctl, "%s ECG records cannot be read and count as absent (errors.csv)",
                hl_count_text(s->n_broken, count));
    if (x->n_checksum_faults)
        hl_warn(s->ctl,
                "%s ECG records whose checksum or first sample is not what the header says; "
                "they were used",
                hl_count_text(x->n_checksum_faults, count));
    return hl_buf_check(&s->errors, "errors.csv", err);
}

/* ecg_adm has no hole only if every stay of the hospital has a good record: looked at only when
 * every stay has at least a record in its window. symile.md 2.3 and 14 */
static void want(const hl_selection *s, examination *x)
{
    for (size_t i = 0; i < s->stay->n_rows; i++)
        x->wanted[i] = s->alive[i] || s->every_stay_has_ecg;
}

static hl_code prepare(hl_selection *s, examination *x, int n_threads, hl_error *err)
{
    size_t n_stays = s->stay->n_rows, n_records = s->records->n_rows;

    s->record_state = calloc(n_records + 1, 1);
    s->record_of = malloc((n_stays + 1) * sizeof *s->record_of);
    x->wanted = calloc(n_stays + 1, 1);
    x->fault = calloc(n_records + 1, sizeof *x->fault);
    x->scratch = calloc((size_t)n_threads, sizeof *x->scratch);
    if (!s->record_state || !s->record_of || !x->wanted || !x->fault || !x->scratch)
        return hl_fail_memory(err, "ECGs", n_stays * 9 + n_records * 9);
    for (size_t i = 0; i < n_stays; i++)
        s->record_of[i] = -1;
    for (int t = 0; t < n_threads; t++)
        if (!(x->scratch[t] = hl_arena_new(1 << 18)))
            return hl_fail_memory(err, "ECGs", 1 << 18);
    return HL_OK;
}

hl_code hl_select_good_records(hl_selection *s, hl_error *err)
{
    int n_threads = hl_ctl_jobs(s->ctl);
    examination x = {.s = s, .lock = PTHREAD_MUTEX_INITIALIZER};
    hl_index *by_subject = NULL;
    hl_code c = prepare(s, &x, n_threads, err);

    if (c == HL_OK)
        c = hl_index_new(hl_table_column(s->records, "subject_id"), &by_subject, err);
    if (c == HL_OK) {
        x.at = columns_of(s->records, by_subject);
        want(s, &x);
        hl_ctl_phase(s->ctl, "reading ECGs", (int64_t)s->stay->n_rows);
        c = hl_parallel_for(n_threads, (int64_t)s->stay->n_rows, s->ctl, find_record, &x, err);
    }
    if (c == HL_OK)
        c = examine_repeated(&x, err);
    if (c == HL_OK && s->o->check_all_ecg) {
        hl_ctl_phase(s->ctl, "checking every ECG", (int64_t)s->records->n_rows);
        c = hl_parallel_for(n_threads, (int64_t)s->records->n_rows, s->ctl, examine_one, &x, err);
    }
    if (c == HL_OK)
        c = report(&x, err);
    for (size_t i = 0; c == HL_OK && i < s->stay->n_rows; i++) {
        s->every_stay_has_ecg = s->every_stay_has_ecg && s->record_of[i] >= 0;
        s->alive[i] = s->alive[i] && s->record_of[i] >= 0;
    }
    if (c == HL_OK)
        c = hl_selection_rule(s, "ECG with samples that are not all zero or missing", err);
    for (size_t e = 0; x.fault && e < s->records->n_rows; e++)
        free(x.fault[e]);
    for (int t = 0; x.scratch && t < n_threads; t++)
        hl_arena_free(&x.scratch[t]);
    free(x.fault);
    free(x.scratch);
    free(x.wanted);
    hl_index_free(&by_subject);
    return c;
}
