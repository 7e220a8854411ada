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
    hl_map *item;       /* itemid -> its column */
    hl_map *subject;    /* subject_id of a stay that is looked at */
    hl_idset *seen;     /* labevent_ids of rows taken */
    int64_t n_repeated;
    int64_t n_outside;  /* values beyond the recipe's limits */
    hl_time_rule time_rule;
} lab_pass;

static bool item_wanted(const void *ctx, int64_t id)
{
    return hl_map_get(ctx, id) >= 0;
}

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
    p->subject = hl_map_new(s->n_slots);
    p->item = hl_map_new(s->r->n_labs);
    p->seen = hl_idset_new();
    if (!s->lab_value || !s->lab_time || !p->subject || !p->item || !p->seen)
        return hl_fail_memory(err, "laboratory values", cells * 16);
    for (size_t k = 0; k < cells; k++)
        s->lab_time[k] = HL_NO_TIME;
    for (size_t i = 0; c == HL_OK && i < n; i++)
        if (s->lab_slot[i] >= 0)
            c = hl_map_add(p->subject, s->subject_id[i], 1, NULL, err);
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
        return hl_csv_fail(p->csv, err, L_ID, "%lld stands in an earlier row too\nThe published script "
                           "stops at this. Without --compat both rows are used.", (long long)id);
    return HL_OK;
}

/* Put one value where it is the earliest of its item: strictly earlier, so that the first of equal
 * times in file order stays. symile.md 2.4 */
static void take_value(lab_pass *p, int64_t subject_id, size_t item, int64_t time, double value)
{
    hl_selection *s = p->s;

    for (int64_t i = hl_index_first(s->by_subject, subject_id); i >= 0;
         i = hl_index_next(s->by_subject, i)) {
        if (s->lab_slot[i] < 0 || !hl_window_holds(&s->r->lab_window, time - s->admittime[i]))
            continue;
        size_t cell = (size_t)s->lab_slot[i] * s->r->n_labs + item;
        if (time < s->lab_time[cell]) {
            s->lab_time[cell] = time;
            s->lab_value[cell] = value;
        }
    }
}

static hl_code take_row(lab_pass *p, const hl_field *f, hl_error *err)
{
    hl_str value_text = hl_field_str(f[L_VALUE]), time_text = hl_field_str(f[L_TIME]);
    char shown[HL_SHOW_BYTES];
    int64_t itemid, subject_id, time;
    double value;

    if (hl_is_missing(value_text))
        return HL_OK;
    if (!hl_parse_i64_pandas(hl_field_str(f[L_ITEM]), &itemid))
        return hl_csv_fail(p->csv, err, L_ITEM, "'%s' is no integer",
                           hl_show(hl_field_str(f[L_ITEM]), shown));
    int64_t item = hl_map_get(p->item, itemid);
    if (item < 0)
        return HL_OK;
    if (!hl_parse_i64_pandas(hl_field_str(f[L_SUBJECT]), &subject_id))
        return hl_csv_fail(p->csv, err, L_SUBJECT, "'%s' is no integer",
                           hl_show(hl_field_str(f[L_SUBJECT]), shown));
    if (hl_map_get(p->subject, subject_id) < 0)
        return HL_OK;
    if (!hl_parse_f64_pandas(value_text, &value))
        return hl_csv_fail(p->csv, err, L_VALUE, "'%s' is no number", hl_show(value_text, shown));
    hl_code c = note_id(p, f, err);
    if (c != HL_OK || hl_is_missing(time_text))
        return c;
    if (!hl_parse_time(time_text, p->time_rule, &time))
        return hl_csv_fail(p->csv, err, L_TIME, "'%s' is no date and time (YYYY-MM-DD HH:MM:SS)",
                           hl_show(time_text, shown));
    const hl_lab_item *lab = &p->s->r->lab[item];
    if ((lab->has_low && value < lab->low) || (lab->has_high && value > lab->high)) {
        p->n_outside++;
        return HL_OK;
    }
    take_value(p, subject_id, (size_t)item, time, value);
    return HL_OK;
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
    hl_csv_filter filter[] = {{L_ITEM, item_wanted, p->item}, {L_SUBJECT, item_wanted, p->subject}};
    char path[HL_PATH_BYTES], relative[HL_PATH_BYTES];
    hl_csv_options options = {.name = relative, .mode = HL_STREAM_THREAD, .cpu = s->cpu, .ctl = s->ctl};
    hl_field f[N_L];
    hl_code c = hl_source_path(s->o->mimiciv, t, path, relative, err);

    if (c == HL_OK)
        c = hl_csv_open(path, want, N_L, &options, &p->csv, err);
    if (c == HL_OK)
        c = hl_csv_filter_by(p->csv, filter, 2, err);
    while (c == HL_OK && (c = hl_csv_next(p->csv, f, err)) == HL_OK)
        c = take_row(p, f, err);
    if (c == HL_END)
        c = hl_manifest_read(s->manifest, "mimiciv", relative, hl_csv_digest(p->csv), err);
    return c;
}

hl_code hl_select_labs(hl_selection *s, hl_error *err)
{
    lab_pass p = {.s = s, .time_rule = s->o->compat ? HL_TIME_STRICT : HL_TIME_CUT_FRACTION};
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
    hl_map_free(&p.subject);
    hl_idset_free(&p.seen);
    return c;
}
