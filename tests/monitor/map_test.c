/* The map of stays: what a row is, which rows may not stand together, whose a stay is. */
#include "monitor/map.h"

#include "tap.h"

#define SECOND INT64_C(1000000)
#define A "6513270e-269e-0d37-f2a7-4de452e6b438"
#define B "9531985D-5D9D-C9F8-1818-E811892F902B"

static const char *file_of(const char *rows)
{
    static char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/map.csv", temp_folder());
    f = fopen(path, "w");
    fprintf(f, "patient_id,start,end,subject_id,hadm_id,record_id,shift_days\n%s", rows);
    fclose(f);
    return path;
}

static hl_monitor_map *map_of(const char *rows)
{
    hl_monitor_map *map = NULL;
    hl_error err = {0};

    if (hl_monitor_map_read(file_of(rows), &map, NULL, &err) != HL_OK)
        printf("# %s\n", err.message);
    return map;
}

static const char *fault_of(const char *rows)
{
    static hl_error err;
    hl_monitor_map *map = NULL;

    err = (hl_error){0};
    is_int(hl_monitor_map_read(file_of(rows), &map, NULL, &err), HL_E_INPUT);
    ok(!map);
    return err.message;
}

/* A stay of patient A at seconds of local time, in a zone 5 hours west. */
static hl_spool_stay stay_at(int64_t from_s, int64_t to_s)
{
    hl_spool_stay stay = {.from_us = (from_s + 5 * 3600) * SECOND,
                          .to_us = (to_s + 5 * 3600) * SECOND,
                          .zone_min = -300};

    hl_uuid_parse(hl_str_of(A), &stay.patient);
    return stay;
}

static void a_row_is_read(void)
{
    hl_monitor_map *map =
        map_of(A ",1970-01-02,1970-01-03 06:00:00,10999001,29999001,83000101,-5\n" B
                 ",,,10999002,,81000103,3650\n");
    hl_uuid id;
    size_t n;

    hl_uuid_parse(hl_str_of(A), &id);
    const hl_monitor_map_row *r = hl_monitor_map_rows(map, id, &n);
    is_int(n, 1);
    ok(r->start_s == 86400 && r->end_s == 194400 && r->subject_id == 10999001);
    ok(r->hadm_id == 29999001 && r->record_id == 83000101 && r->shift_days == -5 && r->line == 2);
    hl_uuid_parse(hl_str_of("9531985d-5d9d-c9f8-1818-e811892f902b"), &id);
    r = hl_monitor_map_rows(map, id, &n);
    is_int(n, 1);
    ok(r->start_s == INT64_MIN && r->end_s == INT64_MAX && r->hadm_id == 0);
    id.byte[0] ^= 1;
    hl_monitor_map_rows(map, id, &n);
    is_int(n, 0);
    hl_monitor_map_free(&map);
    hl_monitor_map_free(&map);
}

static void a_row_that_is_none_is_told_by_its_line(void)
{
    like(fault_of("6513270e,,,10999001,,83000101,0\n"), "map.csv:2: column patient_id: no uuid");
    like(fault_of(A ",yesterday,,10999001,,83000101,0\n"), "map.csv:2: column start: no time");
    like(fault_of(A ",2149-01-02,2149-01-01,10999001,,83000101,0\n"), "column end: before start");
    like(fault_of(A ",,,999001,,83000101,0\n"), "column subject_id: not a number of 8 digits");
    like(fault_of(A ",,,10999001,,8300010,0\n"), "column record_id: not a number of 8 digits");
    like(fault_of(A ",,,10999001,x,83000101,0\n"), "column hadm_id: no id");
    like(fault_of(A ",,,10999001,,83000101,1.5\n"), "column shift_days: not a whole number");
    like(fault_of(A ",,,10999001,,83000101,9999999\n"), "column shift_days");
    like(fault_of(A ",,,10999001,83000101,0\n"), "map.csv:2:");
}

static void two_rows_may_not_share_a_record(void)
{
    like(fault_of(A ",,,10999001,,83000101,0\n" B ",,,10999002,,83000101,0\n"),
         "map.csv:3: record_id 83000101 stands in line 2 already");
}

static void a_subject_has_one_shift(void)
{
    like(fault_of(A ",,,10999001,,83000101,1\n" B ",,,10999001,,83000102,2\n"),
         "subject_id 10999001 has shift_days 2 here and 1 in line 2");
}

static void rows_of_a_patient_may_touch_and_not_overlap(void)
{
    hl_monitor_map *map =
        map_of(A ",,1970-01-02,10999001,,83000101,1\n" A ",1970-01-02,,10999001,,83000102,1\n");

    ok(map);
    hl_monitor_map_free(&map);
    like(fault_of(A ",1970-01-01 12:00:00,,10999001,,83000102,1\n" A
                    ",,1970-01-02,10999001,,83000101,1\n"),
         "map.csv:3: overlaps in time with line 2");
    like(fault_of(A ",,,10999001,,83000102,1\n" A ",,1970-01-02,10999001,,83000101,1\n"),
         "overlaps in time");
}

static void a_stay_belongs_to_the_row_that_holds_all_of_it(void)
{
    hl_monitor_map *map = map_of(A ",1970-01-02,1970-01-03,10999001,,83000101,1\n" A
                                   ",1970-01-03,1970-01-04,10999001,,83000102,1\n");
    const hl_monitor_map_row *row;
    hl_error err;
    hl_spool_stay stay = stay_at(86400, 2 * 86400);

    is_int(hl_monitor_map_find(map, &stay, &row, &err), HL_OK); /* both bounds are in it */
    is_int(row->record_id, 83000101);
    stay = stay_at(2 * 86400 + 1, 2 * 86400 + 1);
    is_int(hl_monitor_map_find(map, &stay, &row, &err), HL_OK);
    is_int(row->record_id, 83000102);
    stay = stay_at(2 * 86400 - 1, 2 * 86400 + 1);
    is_int(hl_monitor_map_find(map, &stay, &row, &err), HL_E_INPUT);
    is_str(err.message, "no row of the map holds the whole stay: it begins before or ends after");
    stay = stay_at(86399, 86400);
    is_int(hl_monitor_map_find(map, &stay, &row, &err), HL_E_INPUT);
    stay = stay_at(0, 10);
    is_int(hl_monitor_map_find(map, &stay, &row, &err), HL_E_INPUT);
    is_str(err.message, "the map has no row for this time");
    stay = stay_at(2 * 86400, 2 * 86400);
    is_int(hl_monitor_map_find(map, &stay, &row, &err), HL_E_INPUT);
    is_str(err.message, "the map has several rows for this time");
    ok(!row);
    stay.patient.byte[3] ^= 1;
    is_int(hl_monitor_map_find(map, &stay, &row, &err), HL_E_INPUT);
    is_str(err.message, "the map has no row for this patient");
    hl_monitor_map_free(&map);
}

static void a_map_that_is_not_there_is_an_input_error(void)
{
    hl_monitor_map *map = NULL;
    hl_error err = {0};

    is_int(hl_monitor_map_read("/nowhere/map.csv", &map, NULL, &err), HL_E_INPUT);
    ok(!map);
}

int main(void)
{
    run(a_row_is_read);
    run(a_row_that_is_none_is_told_by_its_line);
    run(two_rows_may_not_share_a_record);
    run(a_subject_has_one_shift);
    run(rows_of_a_patient_may_touch_and_not_overlap);
    run(a_stay_belongs_to_the_row_that_holds_all_of_it);
    run(a_map_that_is_not_there_is_an_input_error);
    return done();
}
