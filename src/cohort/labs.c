#include "cohort/selection.h"

#include "base/ctl.h"
#include "base/log.h"
#include "base/map.h"
#include "cohort/idset.h"

/* Columns of labevents, in the order in which they are asked for. */
enum { L_ITEM, L_SUBJECT, L_TIME, L_VALUE, L_ID, N_L };

typedef struct {
    hl_selection *s;
    hl_csv *csv;
    hl_map *item;          /* itemid -> its column */
    hl_idset *seen;        /* labevent_ids of rows in a window */
    char last_subject[24]; /* the table comes in runs of one subject */
    size_t last_n;
    int64_t last_stay;
    int64_t n_repeated;
    int64_t n_outside; /* values beyond the recipe's limits */
    hl_time_rule time_rule;
} lab_pass;

/* Stays to look at get a slot; their values start empty. */
static hl_code make_slots(lab_pass *p, hl_error *err)
{
    hl_selection *s = p->s;
    size_t n = s->stay->n_rows, cells = 0;
    hl_code c = HL_OK;

    s->lab_slot = malloc((n + 1) * sizeof *s->lab_slot);
    if (!s->lab_slot)
        return hl_fail_memory(err, "laboratory values", n * 8);
    for (size_t i = 0; i < n; i++)
        s->lab_slot[i] = s->alive[i] ? (int64_t)s->n_slots++ : -1;
    if (!hl_mul_size(s->n_slots + 1, s->r->n_labs, &cells))
        return hl_fail_memory(err, "laboratory values", SIZE_MAX);
    s->lab_value = malloc(cells * sizeof *s->lab_value);
    s->lab_time = malloc(cells * sizeof *s->lab_time);
    p->item = hl_map_new(s->r->n_labs);
    p->seen = hl_idset_new();
    if (!s->lab_value || !s->lab_time || !p->item || !p->seen)
        return hl_fail_memory(err, "laboratory values", cells * 16);
    for (size_t k = 0; k < cells; k++)
        s->lab_time[k] = HL_NO_TIME;
    for (size_t k = 0; c == HL_OK && k < s->r->n_labs; k++)
        c = hl_map_add(p->item, s->r->lab[k].itemid, (int64_t)k, NULL, err);
    return c;
}

/* A repeated labevent_id stops the published script; here it is counted. symile.md 2.4, S29 */
static hl_code note_id(lab_pass *p, const hl_field *f, hl_error *err)
{
    hl_str text = hl_field_str(f[L_ID]);
    char shown[HL_SHOW_BYTES];
    int64_t id;

    if (!hl_parse_i64_pandas(text, &id))
        return hl_csv_fail(p->csv, err, L_ID, "'%s' is no integer", hl_show(text, shown));
    if (!hl_idset_add(p->seen, id))
        return HL_OK;
    p->n_repeated++;
    if (p->s->o->compat)
        return hl_csv_fail(p->csv, err, L_ID,
                           "%lld stands in an earlier row too\nThe published script "
                           "stops at this. Without --compat both rows are used.",
                           (long long)id);
    return HL_OK;
}

/* First of the subject's stays that are looked at; -1 = none. The last answer is kept with its
 * text. */
static hl_code first_stay(lab_pass *p, hl_field subject, int64_t *stay, hl_error *err)
{
    char shown[HL_SHOW_BYTES];
    int64_t subject_id;

    if (p->last_n == 0 || subject.n != p->last_n ||
        memcmp(subject.at, p->last_subject, subject.n) != 0) {
        if (!hl_parse_i64_pandas(hl_field_str(subject), &subject_id))
            return hl_csv_fail(p->csv, err, L_SUBJECT, "'%s' is no integer",
                               hl_show(hl_field_str(subject), shown));
        int64_t i = hl_index_first(p->s->by_subject, subject_id);
        while (i >= 0 && p->s->lab_slot[i] < 0)
            i = hl_index_next(p->s->by_subject, i);
        p->last_stay = i;
        p->last_n = subject.n <= sizeof p->last_subject ? subject.n : 0;
        memcpy(p->last_subject, subject.at, p->last_n);
    }
    *stay = p->last_stay;
    return HL_OK;
}

static bool in_window(const hl_selection *s, int64_t stay, int64_t time)
{
    return s->lab_slot[stay] >= 0 && hl_window_holds(&s->r->lab_window, time - s->admittime[stay]);
}

/* First of the subject's stays from i on whose window holds time, -1 = none. */
static int64_t next_in_window(const hl_selection *s, int64_t i, int64_t time)
{
    while (i >= 0 && !in_window(s, i, time))
        i = hl_index_next(s->by_subject, i);
    return i;
}

/* Put a value where it is the earliest of its item: strictly earlier, so that the first of equal
 * times in file order stays. symile.md 2.4 */
static hl_code take_value(lab_pass *p, const hl_field *f, size_t item, int64_t stay, int64_t time,
                          hl_error *err)
{
    hl_selection *s = p->s;
    hl_str text = hl_field_str(f[L_VALUE]);
    const hl_lab_item *lab = &s->r->lab[item];
    char shown[HL_SHOW_BYTES];
    double value;

    if (!hl_parse_f64_pandas(text, &value))
        return hl_csv_fail(p->csv, err, L_VALUE, "'%s' is no number", hl_show(text, shown));
    if ((lab->has_low && value < lab->low) || (lab->has_high && value > lab->high)) {
        p->n_outside++;
        return HL_OK;
    }
    for (; stay >= 0; stay = next_in_window(s, hl_index_next(s->by_subject, stay), time)) {
        size_t cell = (size_t)s->lab_slot[stay] * s->r->n_labs + item;
        if (time < s->lab_time[cell]) {
            s->lab_time[cell] = time;
            s->lab_value[cell] = value;
        }
    }
    return p->s->o->compat ? HL_OK : note_id(p, f, err);
}

static hl_code item_of(const lab_pass *p, const hl_field *f, int64_t *item, hl_error *err)
{
    char shown[HL_SHOW_BYTES];
    int64_t itemid;

    if (!hl_parse_i64_pandas(hl_field_str(f[L_ITEM]), &itemid))
        return hl_csv_fail(p->csv, err, L_ITEM, "'%s' is no integer",
                           hl_show(hl_field_str(f[L_ITEM]), shown));
    *item = hl_map_get(p->item, itemid);
    return HL_OK;
}

/* A row that passed the scanner: of a wanted item and a wanted subject, unless an id is no plain
 * integer. Rows outside every window end here with as little work as possible. */
static hl_code take_row(lab_pass *p, const hl_field *f, hl_error *err)
{
    hl_str time_text = hl_field_str(f[L_TIME]);
    char shown[HL_SHOW_BYTES];
    int64_t item = 0, stay = -1, time;
    hl_code c = HL_OK;

    if (hl_is_missing(hl_field_str(f[L_VALUE])))
        return HL_OK;
    if (p->s->o->compat && (c = item_of(p, f, &item, err)) == HL_OK && item >= 0)
        c = note_id(p, f, err);
    if (c == HL_OK)
        c = first_stay(p, f[L_SUBJECT], &stay, err);
    if (c != HL_OK || stay < 0 || hl_is_missing(time_text))
        return c;
    if (!hl_parse_time(time_text, p->time_rule, &time))
        return hl_csv_fail(p->csv, err, L_TIME, "'%s' is no date and time (YYYY-MM-DD HH:MM:SS)",
                           hl_show(time_text, shown));
    stay = next_in_window(p->s, stay, time);
    if (stay >= 0)
        c = item_of(p, f, &item, err);
    return c != HL_OK || stay < 0 || item < 0 ? c : take_value(p, f, (size_t)item, stay, time, err);
}

/* Rows of other subjects and other items are passed over inside the scanner. The subject is asked
 * first: the table comes in runs of one subject, so the answer is mostly the last one. In --compat
 * a repeated labevent_id of any subject is an error, so all subjects' rows are looked at. */
static hl_code skip_others(lab_pass *p, hl_error *err)
{
    const hl_selection *s = p->s;
    size_t n = s->stay->n_rows > s->r->n_labs ? s->stay->n_rows : s->r->n_labs, n_subjects = 0;
    int64_t *id = malloc((n + 1) * sizeof *id);
    hl_code c = id ? HL_OK : hl_fail_memory(err, "laboratory values", n * sizeof *id);

    for (size_t i = 0; c == HL_OK && i < s->stay->n_rows; i++)
        if (s->lab_slot[i] >= 0)
            id[n_subjects++] = s->subject_id[i];
    if (c == HL_OK && !s->o->compat)
        c = hl_csv_filter_ids(p->csv, L_SUBJECT, id, n_subjects, err);
    for (size_t k = 0; c == HL_OK && k < s->r->n_labs; k++)
        id[k] = s->r->lab[k].itemid;
    if (c == HL_OK)
        c = hl_csv_filter_ids(p->csv, L_ITEM, id, s->r->n_labs, err);
    free(id);
    return c;
}

/* The one long file: its size tells how far the pass is. */
static void expect(hl_ctl *ctl, const char *path)
{
    hl_in *in = NULL;

    if (hl_in_open(path, &in, NULL) == HL_OK)
        hl_ctl_expect_bytes(ctl, hl_in_size(in));
    hl_in_close(&in);
}

static hl_code read_labs(lab_pass *p, hl_error *err)
{
    hl_selection *s = p->s;
    const hl_source_table *t = &s->r->labevents;
    const char *want[N_L] = {[L_ITEM] = hl_source_column(t, "itemid"),
                             [L_SUBJECT] = hl_source_column(t, "subject_id"),
                             [L_TIME] = hl_source_column(t, "charttime"),
                             [L_VALUE] = hl_source_column(t, "valuenum"),
                             [L_ID] = hl_source_column(t, "labevent_id")};
    char path[HL_PATH_BYTES], relative[HL_PATH_BYTES];
    hl_csv_options options = {
        .name = relative, .mode = HL_STREAM_THREAD, .cpu = s->cpu, .ctl = s->ctl};
    hl_field f[N_L];
    hl_code c = hl_source_path(s->o->mimiciv, t, path, relative, err);

    if (c == HL_OK) {
        expect(s->ctl, path);
        c = hl_csv_open(path, want, N_L, &options, &p->csv, err);
    }
    if (c == HL_OK)
        c = skip_others(p, err);
    while (c == HL_OK && (c = hl_csv_next(p->csv, f, err)) == HL_OK)
        c = take_row(p, f, err);
    if (c == HL_END)
        c = hl_manifest_read(s->manifest, "mimiciv", relative, hl_csv_digest(p->csv), err);
    return c;
}

hl_code hl_select_labs(hl_selection *s, hl_error *err)
{
    lab_pass p = {
        .s = s, .last_stay = -1, .time_rule = s->o->compat ? HL_TIME_STRICT : HL_TIME_CUT_FRACTION};
    char count[32];
    hl_code c = make_slots(&p, err);

    hl_ctl_phase(s->ctl, "reading laboratory values", 0);
    if (c == HL_OK)
        c = read_labs(&p, err);
    if (c == HL_OK && p.n_repeated)
        hl_warn(s->ctl, "labevents: %s rows repeat a labevent_id; all were used",
                hl_count_text(p.n_repeated, count));
    if (c == HL_OK && p.n_outside)
        hl_info(s->ctl, "labevents: %s values outside the recipe's limits were left out",
                hl_count_text(p.n_outside, count));
    for (size_t i = 0; c == HL_OK && i < s->stay->n_rows; i++) {
        int64_t n = 0;
        for (size_t k = 0; s->lab_slot[i] >= 0 && k < s->r->n_labs; k++)
            n += s->lab_time[(size_t)s->lab_slot[i] * s->r->n_labs + k] != HL_NO_TIME;
        s->alive[i] = s->alive[i] && n >= s->r->labs_at_least;
    }
    if (c == HL_OK)
        c = hl_selection_rule(s, "laboratory value in the window", err);
    hl_csv_close(&p.csv);
    hl_map_free(&p.item);
    hl_idset_free(&p.seen);
    return c;
}
