/*
 * plan.h - stays x map -> items: whose record each stay is, and which stays cannot be one.
 *
 * A stay without a row of the map, or with several, stays in the plan with the reason. So does a
 * second stay in one row: the first of them has the record. What may still go on is no item.
 */
#ifndef HL_MONITOR_PLAN_H
#define HL_MONITOR_PLAN_H

#include "base/arena.h"
#include "base/map.h"
#include "monitor/gather.h"
#include "monitor/map.h"

typedef struct {
    hl_spool_stay stay;
    int64_t subject_id; /* 0: not known */
    int64_t hadm_id;    /* 0: none */
    int64_t record_id;
    int64_t shift_days;
    const char *refusal; /* why there is no record; NULL: there will be */
} hl_wave_item;

typedef struct {
    hl_wave_item *item; /* by patient, then time */
    size_t n;
    int64_t n_open;                /* stays that may still go on */
    int64_t n_no_hadm, n_two_hadm; /* records for which no admission, several were found */
    hl_digest inputs;              /* of the list above */
    hl_digest admissions;          /* of the table */
} hl_wave_plan;

typedef struct {
    const hl_monitor_map *map; /* NULL: records are numbered */
    const char *admissions;    /* NULL = none */
    const hl_map *taken;       /* record ids that the database has already; NULL = none */
    int64_t until_us;          /* local time; INT64_MAX: all stays are over */
    const hl_gathered *gathered;
    hl_ctl *ctl;
} hl_wave_plan_options;

/* Everything lives in arena. */
hl_code hl_wave_plan_make(const hl_wave_plan_options *o, hl_spool *spool, hl_arena *arena,
                          hl_wave_plan *out, hl_error *err);

/* Microseconds of local time of the stay's beginning, after the shift; and of any instant of it. */
int64_t hl_wave_item_local_us(const hl_wave_item *item, int64_t us);

#endif
