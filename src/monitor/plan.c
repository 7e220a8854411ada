#include "monitor/plan.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/ctl.h"
#include "base/sort.h"
#include "data/csv.h"
#include "monitor/spool_internal.h"

#define MINUTE_US INT64_C(60000000)
#define SECOND_US INT64_C(1000000)

int64_t hl_wave_item_local_us(const hl_wave_item *item, int64_t us)
{
    return us + item->stay.zone_min * MINUTE_US + item->shift_days * HL_DAY_S * SECOND_US;
}

/* --- which stays are over --------------------------------------------------------------------- */

/*
 * A row at until or later may be the stay's next one when it comes within the hour. until is local
 * time: the easternmost zone of the export makes it the earliest instant. (Without any row, an hour
 * more is allowed for a change of the zone.)
 */
static bool is_over(const hl_wave_plan_options *o, const hl_spool_stay *stay)
{
    int64_t zone = o->gathered->has_zone ? o->gathered->zone_min : stay->zone_min + 60;

    if (o->until_us == INT64_MAX)
        return true;
    zone = zone > stay->zone_min ? zone : stay->zone_min;
    return o->until_us - zone * MINUTE_US - stay->to_us > HL_STAY_GAP_US;
}

/* --- whose they are --------------------------------------------------------------------------- */

static hl_code refuse(hl_wave_item *item, const char *why, hl_arena *arena, hl_error *err)
{
    item->refusal = hl_arena_copy(arena, why, strlen(why));
    item->subject_id = 0;
    return item->refusal ? HL_OK : hl_fail_memory(err, "the plan", strlen(why));
}

static hl_code find_owner(const hl_wave_plan_options *o, hl_map *used, hl_wave_item *item,
                          hl_arena *arena, hl_error *err)
{
    const hl_monitor_map_row *row = NULL;
    hl_error why = {0};
    int64_t was = -1;
    hl_code c = hl_monitor_map_find(o->map, &item->stay, &row, &why);

    if (c == HL_E_INPUT)
        return refuse(item, why.message, arena, err);
    if (c != HL_OK) {
        if (err)
            *err = why;
        return c;
    }
    c = hl_map_add(used, row->record_id, 1, &was, err);
    if (c != HL_OK)
        return c;
    item->subject_id = row->subject_id;
    item->hadm_id = row->hadm_id;
    item->record_id = row->record_id;
    item->shift_days = row->shift_days;
    if (was >= 0 || (o->taken && hl_map_get(o->taken, row->record_id) >= 0))
        return refuse(item, "the map's row holds an earlier stay too: that one has the record",
                      arena, err);
    return HL_OK;
}

/* --- admissions ------------------------------------------------------------------------------- */

typedef struct {
    int64_t subject_id, hadm_id, from_s, to_s;
} admission;

typedef struct {
    admission *at;
    size_t n, cap;
} admissions;

enum { SUBJECT, HADM, ADMITTED, DISCHARGED, N_COLUMNS };
static const char *const columns[N_COLUMNS] = {"subject_id", "hadm_id", "admittime", "dischtime"};

static hl_code take_admission(const hl_csv *csv, const hl_field *f, admissions *list, hl_error *err)
{
    admission a;

    if (!hl_parse_i64(hl_field_str(f[SUBJECT]), &a.subject_id))
        return hl_csv_fail(csv, err, SUBJECT, "no id");
    if (!hl_parse_i64(hl_field_str(f[HADM]), &a.hadm_id))
        return hl_csv_fail(csv, err, HADM, "no id");
    if (f[ADMITTED].n == 0 || f[DISCHARGED].n == 0)
        return HL_OK;
    if (!hl_parse_time(hl_field_str(f[ADMITTED]), HL_TIME_CUT_FRACTION, &a.from_s))
        return hl_csv_fail(csv, err, ADMITTED, "no time");
    if (!hl_parse_time(hl_field_str(f[DISCHARGED]), HL_TIME_CUT_FRACTION, &a.to_s))
        return hl_csv_fail(csv, err, DISCHARGED, "no time");
    if (list->n == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 256;
        admission *more = realloc(list->at, cap * sizeof *more);
        if (!more)
            return hl_fail_memory(err, "admissions", cap * sizeof *more);
        list->at = more;
        list->cap = cap;
    }
    list->at[list->n++] = a;
    return HL_OK;
}

static int by_subject(const void *a, const void *b, void *ctx)
{
    const admission *x = a, *y = b;

    (void)ctx;
    return (x->subject_id > y->subject_id) - (x->subject_id < y->subject_id);
}

/* Admissions of the subjects whose rows of the map have none. */
static hl_code read_admissions(const hl_wave_plan_options *o, hl_wave_plan *plan, admissions *list,
                               hl_error *err)
{
    hl_csv_options options = {.cpu = hl_cpu_level(0), .ctl = o->ctl};
    int64_t *id = malloc((plan->n + 1) * sizeof *id);
    size_t n_ids = 0;
    hl_csv *csv = NULL;
    hl_field f[N_COLUMNS];
    hl_code c = id ? hl_csv_open(o->admissions, columns, N_COLUMNS, &options, &csv, err)
                   : hl_fail_memory(err, "admissions", plan->n * sizeof *id);

    for (size_t i = 0; c == HL_OK && i < plan->n; i++)
        if (!plan->item[i].refusal && plan->item[i].hadm_id == 0)
            id[n_ids++] = plan->item[i].subject_id;
    if (c == HL_OK)
        c = hl_csv_filter_ids(csv, SUBJECT, id, n_ids, err);
    while (c == HL_OK && (c = hl_csv_next(csv, f, err)) == HL_OK)
        c = take_admission(csv, f, list, err);
    if (c == HL_END) {
        plan->admissions = *hl_csv_digest(csv);
        c = hl_sort_stable(list->at, list->n, sizeof *list->at, by_subject, NULL, err);
    }
    hl_csv_close(&csv);
    free(id);
    return c;
}

/* The one admission within which the record begins. */
static void find_admission(const admissions *list, hl_wave_plan *plan, hl_wave_item *item)
{
    int64_t start_us = hl_wave_item_local_us(item, item->stay.from_us);
    int64_t n = 0, hadm_id = 0;
    size_t low = 0, high = list->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->at[middle].subject_id < item->subject_id)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i < list->n && list->at[i].subject_id == item->subject_id; i++)
        if (start_us >= list->at[i].from_s * SECOND_US &&
            start_us <= list->at[i].to_s * SECOND_US) {
            hadm_id = list->at[i].hadm_id;
            n++;
        }
    plan->n_no_hadm += n == 0;
    plan->n_two_hadm += n > 1;
    item->hadm_id = n == 1 ? hadm_id : 0;
}

static hl_code find_admissions(const hl_wave_plan_options *o, hl_wave_plan *plan, hl_error *err)
{
    admissions list = {0};
    hl_code c = read_admissions(o, plan, &list, err);

    for (size_t i = 0; c == HL_OK && i < plan->n; i++)
        if (!plan->item[i].refusal && plan->item[i].hadm_id == 0)
            find_admission(&list, plan, &plan->item[i]);
    free(list.at);
    return c;
}

/* --- the plan --------------------------------------------------------------------------------- */

static hl_code digest_plan(hl_wave_plan *plan, hl_error *err)
{
    hl_buf text = {0};
    char id[HL_UUID_CHARS];

    for (size_t i = 0; i < plan->n; i++) {
        const hl_wave_item *t = &plan->item[i];
        hl_uuid_print(t->stay.patient, id);
        hl_buf_printf(&text, "%s %lld %lld %d %lld %lld %lld %lld %s\n", id,
                      (long long)t->stay.from_us, (long long)t->stay.to_us, t->stay.zone_min,
                      (long long)t->subject_id, (long long)t->hadm_id, (long long)t->record_id,
                      (long long)t->shift_days, t->refusal ? t->refusal : "");
    }
    hl_code c = hl_buf_check(&text, "the plan", err);
    if (c == HL_OK)
        hl_sha256_of(text.at ? text.at : "", text.n, &plan->inputs);
    hl_buf_free(&text);
    return c;
}

hl_code hl_wave_plan_make(const hl_wave_plan_options *o, hl_spool *spool, hl_arena *arena,
                          hl_wave_plan *out, hl_error *err)
{
    const hl_spool_stay *stay = NULL;
    hl_map *used = hl_map_new(64);
    size_t n = 0;
    hl_code c = used ? hl_spool_stays(spool, &stay, &n, err) : hl_fail_memory(err, "the plan", 64);

    *out = (hl_wave_plan){0};
    if (c == HL_OK) {
        out->item = hl_arena_calloc(arena, n + 1, sizeof *out->item);
        if (!out->item)
            c = hl_fail_memory(err, "the plan", n * sizeof *out->item);
    }
    for (size_t i = 0; c == HL_OK && i < n; i++) {
        if (!is_over(o, &stay[i])) {
            out->n_open++;
            continue;
        }
        hl_wave_item *item = &out->item[out->n++];
        item->stay = stay[i];
        if (o->map)
            c = find_owner(o, used, item, arena, err);
        else
            item->record_id = (int64_t)out->n;
    }
    if (c == HL_OK && o->admissions)
        c = find_admissions(o, out, err);
    if (c == HL_OK)
        c = digest_plan(out, err);
    hl_map_free(&used);
    return c;
}
