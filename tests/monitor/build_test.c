/* The plan of a build: which stays are over, whose they are; the spool's state; a run that is
 * stopped. Whole runs: build_test.py. */
#include "base/civil.h"
#include "hilum/wave.h"
#include "monitor/plan.h"
#include "tap.h"

#define MINUTE INT64_C(60000000)
#define HOUR (60 * MINUTE)
#define ZONE_MIN (-300)

/* A spool with numerics of patient n at minutes of local time of 1970-01-02. */
typedef struct {
    hl_spool *spool;
    hl_arena *arena;
    hl_gathered gathered;
    char folder[512];
} world;

static hl_uuid uuid_of(int n)
{
    hl_uuid id = {{0}};

    id.byte[15] = (uint8_t)n;
    return id;
}

static world begin(void)
{
    world w = {.arena = hl_arena_new(0)};

    snprintf(w.folder, sizeof w.folder, "%s/spool", temp_folder());
    w.gathered = (hl_gathered){.has_zone = true, .zone_min = ZONE_MIN};
    is_int(hl_spool_open(w.folder, 1 << 20, &w.spool, NULL), HL_OK);
    return w;
}

static void end(world *w)
{
    hl_spool_close(&w->spool);
    hl_arena_free(&w->arena);
}

static int64_t local_us(int64_t minute)
{
    return HL_DAY_S * 1000000 + minute * MINUTE;
}

static void see(world *w, int patient, int64_t minute)
{
    hl_stamp t = {local_us(minute) - ZONE_MIN * MINUTE, ZONE_MIN, true};

    is_int(hl_spool_see(w->spool, uuid_of(patient), t, NULL), HL_OK);
}

static const char *file_of(const char *name, const char *text)
{
    static char path[2][512];
    static int turn;
    char *p = path[turn++ % 2];
    FILE *f;

    snprintf(p, sizeof path[0], "%s/%s", temp_folder(), name);
    f = fopen(p, "w");
    fputs(text, f);
    fclose(f);
    return p;
}

static hl_monitor_map *map_of(const char *rows)
{
    char text[2048];
    hl_monitor_map *map = NULL;
    hl_error err = {0};

    snprintf(text, sizeof text, "patient_id,start,end,subject_id,hadm_id,record_id,shift_days\n%s",
             rows);
    if (hl_monitor_map_read(file_of("map.csv", text), &map, NULL, &err) != HL_OK)
        printf("# %s\n", err.message);
    return map;
}

#define P1 "00000000-0000-0000-0000-000000000001"
#define P2 "00000000-0000-0000-0000-000000000002"

static void a_stay_is_over_an_hour_before_until(void)
{
    world w = begin();
    hl_wave_plan plan;
    hl_wave_plan_options o = {.gathered = &w.gathered};

    see(&w, 1, 0);
    see(&w, 1, 60);
    const struct {
        int64_t until_us;
        size_t n;
    } row[] = {{local_us(120), 0}, {local_us(120) + 1, 1}, {INT64_MAX, 1}, {local_us(0), 0}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        o.until_us = row[i].until_us;
        is_int(hl_wave_plan_make(&o, w.spool, w.arena, &plan, NULL), HL_OK);
        is_int(plan.n, row[i].n);
        is_int(plan.n_open, 1 - row[i].n);
    }
    /* Rows in summer time came too: one of them at until comes an hour earlier. */
    w.gathered.zone_min = ZONE_MIN + 60;
    o.until_us = local_us(180);
    is_int(hl_wave_plan_make(&o, w.spool, w.arena, &plan, NULL), HL_OK);
    is_int(plan.n, 0);
    o.until_us = local_us(180) + 1;
    is_int(hl_wave_plan_make(&o, w.spool, w.arena, &plan, NULL), HL_OK);
    is_int(plan.n, 1);
    end(&w);
}

static void the_first_stay_of_a_row_has_the_record(void)
{
    world w = begin();
    hl_monitor_map *map =
        map_of(P1 ",,1970-01-02 12:00:00,10000001,5,80000001,7\n" P2 ",,,10000002,,80000002,9\n");
    hl_map *taken = hl_map_new(1);
    hl_wave_plan plan;
    hl_wave_plan_options o = {
        .map = map, .taken = taken, .gathered = &w.gathered, .until_us = INT64_MAX};

    see(&w, 1, 0);
    see(&w, 1, 100);
    see(&w, 1, 719);
    see(&w, 1, 721 + 60);
    see(&w, 2, 5);
    see(&w, 3, 5);
    is_int(hl_wave_plan_make(&o, w.spool, w.arena, &plan, NULL), HL_OK);
    is_int(plan.n, 6);
    ok(!plan.item[0].refusal && plan.item[0].record_id == 80000001 && plan.item[0].hadm_id == 5 &&
       plan.item[0].shift_days == 7 && plan.item[0].subject_id == 10000001);
    is_str(plan.item[1].refusal,
           "the map's row holds an earlier stay too: that one has the record");
    is_int(plan.item[1].subject_id, 0);
    is_str(plan.item[3].refusal, "the map has no row for this time");
    ok(!plan.item[4].refusal);
    is_str(plan.item[5].refusal, "the map has no row for this patient");
    hl_digest before = plan.inputs;
    hl_map_add(taken, 80000002, 1, NULL, NULL); /* by an earlier run */
    is_int(hl_wave_plan_make(&o, w.spool, w.arena, &plan, NULL), HL_OK);
    like(plan.item[4].refusal, "holds an earlier stay too");
    ok(!hl_digest_equal(&before, &plan.inputs));
    hl_map_free(&taken);
    hl_monitor_map_free(&map);
    end(&w);
}

static void an_admission_is_found_by_the_shifted_beginning(void)
{
    world w = begin();
    hl_monitor_map *map = map_of(P1 ",,,10000001,,80000001,10\n" P2 ",,,10000002,77,80000002,0\n");
    hl_wave_plan plan;
    hl_wave_plan_options o = {.map = map, .gathered = &w.gathered, .until_us = INT64_MAX};
    const struct {
        const char *rows;
        int64_t hadm_id, none, two;
    } row[] = {{"10000001,1,1970-01-12 00:05:00,1970-01-13 00:00:00\n", 1, 0, 0},
               {"10000001,1,1970-01-11 00:00:00,1970-01-12 00:05:00\n", 1, 0, 0},
               {"10000001,1,1970-01-12 00:05:01,1970-01-13 00:00:00\n", 0, 1, 0},
               {"10000001,1,1970-01-11,1970-01-13\n10000001,2,1970-01-12,1970-01-14\n", 0, 0, 1},
               {"10000001,1,1970-01-11,\n10000009,3,1970-01-11,1970-01-13\n", 0, 1, 0}};

    see(&w, 1, 5);
    see(&w, 2, 5);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char text[512];
        snprintf(text, sizeof text, "subject_id,hadm_id,admittime,dischtime\n%s", row[i].rows);
        o.admissions = file_of("admissions.csv", text);
        is_int(hl_wave_plan_make(&o, w.spool, w.arena, &plan, NULL), HL_OK);
        is_int(plan.item[0].hadm_id, row[i].hadm_id);
        is_int(plan.n_no_hadm, row[i].none);
        is_int(plan.n_two_hadm, row[i].two);
        is_int(plan.item[1].hadm_id, 77); /* the map's own stays */
    }
    hl_monitor_map_free(&map);
    end(&w);
}

static void the_spool_s_state_comes_back(void)
{
    world w = begin();
    hl_spool_state state, back;
    struct hl_gathered_file file = {.name = "WaveSample.0123456789ab", .digest = {.bytes = 12}};

    is_int(hl_spool_state_read(w.spool, w.arena, &state, NULL), HL_OK);
    is_int(state.stage, HL_SPOOL_NEW);
    ok(state.gathered.first_day > state.gathered.last_day);
    state.stage = HL_SPOOL_TAKEN;
    state.until_us = INT64_MAX;
    state.since_us = INT64_MIN;
    snprintf(state.identity, sizeof state.identity, "%064d", 7);
    state.gathered.n_late = 5;
    state.gathered.has_zone = true;
    state.gathered.zone_min = -300;
    state.gathered.first_day = -3;
    state.gathered.n_rows[2] = 9;
    state.gathered.file = &file;
    state.gathered.n_files = 1;
    file.digest.sha256[31] = 0xab;
    is_int(hl_spool_state_set(w.spool, &state, NULL), HL_OK);
    is_int(hl_spool_settle(w.spool, NULL), HL_OK);
    hl_spool_close(&w.spool);
    is_int(hl_spool_open(w.folder, 1 << 20, &w.spool, NULL), HL_OK);
    is_int(hl_spool_state_read(w.spool, w.arena, &back, NULL), HL_OK);
    ok(back.stage == HL_SPOOL_TAKEN && back.until_us == INT64_MAX && back.since_us == INT64_MIN);
    is_str(back.identity, state.identity);
    is_str(back.manifest, "");
    ok(back.gathered.n_late == 5 && back.gathered.has_zone && back.gathered.zone_min == -300 &&
       back.gathered.first_day == -3 && back.gathered.n_rows[2] == 9);
    is_int(back.gathered.n_files, 1);
    is_str(back.gathered.file[0].name, file.name);
    ok(hl_digest_equal(&back.gathered.file[0].digest, &file.digest));
    end(&w);
}

static void a_run_that_is_stopped_says_so_and_leaves_no_manifest(void)
{
    char out[512];
    const char *in = fixture("monitor/tiny");
    hl_ctl ctl = {.cancel = 1};
    hl_report report = {0};
    hl_error err = {0};
    hl_wave_build_options o = {
        .in = &in,
        .n_in = 1,
        .out = out,
        .map =
            file_of("map.csv", "patient_id,start,end,subject_id,hadm_id,record_id,shift_days\n")};

    if (!hl_is_folder(in)) {
        skip("no fixture");
        return;
    }
    snprintf(out, sizeof out, "%s/out", temp_folder());
    is_int(hl_wave_build(&o, &ctl, &report, &err), HL_E_STOPPED);
    like(err.message, "--resume");
    hl_report_free(&report);
    o.resume = 1;
    is_int(hl_wave_build(&o, NULL, &report, &err), HL_PARTIAL); /* nobody is in the map */
    like(report.text, "stays refused");
    hl_report_free(&report);
}

int main(void)
{
    run(a_stay_is_over_an_hour_before_until);
    run(the_first_stay_of_a_row_has_the_record);
    run(an_admission_is_found_by_the_shifted_beginning);
    run(the_spool_s_state_comes_back);
    run(a_run_that_is_stopped_says_so_and_leaves_no_manifest);
    return done();
}
