#include "monitor/map.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/map.h"
#include "base/sort.h"
#include "data/csv.h"

#define SECOND_US INT64_C(1000000)
#define MAX_SHIFT_DAYS 200000 /* some 550 years: years stay within four digits */

struct hl_monitor_map {
    hl_monitor_map_row *row; /* by patient, then start */
    size_t n, cap;
    hl_strmap *patient; /* uuid bytes -> first row */
};

enum { PATIENT, START, END, SUBJECT, HADM, RECORD, SHIFT, N_COLUMNS };
static const char *const columns[N_COLUMNS] = {"patient_id", "start",     "end",       "subject_id",
                                               "hadm_id",    "record_id", "shift_days"};

/* --- a row ------------------------------------------------------------------------------------ */

static hl_code take_time(const hl_csv *csv, const hl_field *f, size_t column, int64_t open_s,
                         int64_t *out, hl_error *err)
{
    hl_str text = hl_str_trim(hl_field_str(f[column]));

    *out = open_s;
    if (text.n == 0 || hl_parse_time(text, HL_TIME_STRICT, out))
        return HL_OK;
    return hl_csv_fail(csv, err, column, "no time: write 2149-03-07 or 2149-03-07 06:00:00");
}

static hl_code take_number(const hl_csv *csv, const hl_field *f, size_t column, int64_t min,
                           int64_t max, const char *what, int64_t *out, hl_error *err)
{
    hl_str text = hl_str_trim(hl_field_str(f[column]));

    if (hl_parse_i64(text, out) && *out >= min && *out <= max)
        return HL_OK;
    return hl_csv_fail(csv, err, column, "%s", what);
}

static hl_code take_row(const hl_csv *csv, const hl_field *f, hl_monitor_map_row *r, hl_error *err)
{
    const char *const eight = "not a number of 8 digits";
    hl_code c = hl_uuid_parse(hl_str_trim(hl_field_str(f[PATIENT])), &r->patient)
                    ? HL_OK
                    : hl_csv_fail(csv, err, PATIENT,
                                  "no uuid: write the monitors' PatientId, 36 characters");

    r->line = hl_csv_line(csv);
    if (c == HL_OK)
        c = take_time(csv, f, START, INT64_MIN, &r->start_s, err);
    if (c == HL_OK)
        c = take_time(csv, f, END, INT64_MAX, &r->end_s, err);
    if (c == HL_OK && r->start_s > r->end_s)
        c = hl_csv_fail(csv, err, END, "before start");
    if (c == HL_OK)
        c = take_number(csv, f, SUBJECT, 10000000, 99999999, eight, &r->subject_id, err);
    if (c == HL_OK && hl_str_trim(hl_field_str(f[HADM])).n > 0)
        c = take_number(csv, f, HADM, 1, INT64_MAX, "no id", &r->hadm_id, err);
    if (c == HL_OK)
        c = take_number(csv, f, RECORD, 10000000, 99999999, eight, &r->record_id, err);
    if (c == HL_OK)
        c = take_number(csv, f, SHIFT, -MAX_SHIFT_DAYS, MAX_SHIFT_DAYS,
                        "not a whole number of days (at most 200,000)", &r->shift_days, err);
    return c;
}

static hl_code add_row(hl_monitor_map *map, const hl_monitor_map_row *r, hl_error *err)
{
    if (map->n == map->cap) {
        size_t cap = map->cap ? 2 * map->cap : 256;
        hl_monitor_map_row *more = realloc(map->row, cap * sizeof *more);
        if (!more)
            return hl_fail_memory(err, "the map", cap * sizeof *more);
        map->row = more;
        map->cap = cap;
    }
    map->row[map->n++] = *r;
    return HL_OK;
}

/* --- what rows must not do to each other ------------------------------------------------------ */

static hl_code check_ids(const hl_monitor_map *map, const char *path, hl_error *err)
{
    hl_map *record = hl_map_new(map->n), *subject = hl_map_new(64);
    hl_code c = record && subject ? HL_OK : hl_fail_memory(err, "the map", map->n);

    for (size_t i = 0; c == HL_OK && i < map->n; i++) {
        const hl_monitor_map_row *r = &map->row[i];
        int64_t was = -1;
        c = hl_map_add(record, r->record_id, (int64_t)i, &was, err);
        if (c == HL_OK && was >= 0)
            c = hl_fail_at(err, HL_E_INPUT, path, r->line, -1,
                           "record_id %lld stands in line %lld already\nEach row is a record "
                           "of its own.",
                           (long long)r->record_id, (long long)map->row[was].line);
        if (c == HL_OK)
            c = hl_map_add(subject, r->subject_id, (int64_t)i, &was, err);
        if (c == HL_OK && was >= 0 && map->row[was].shift_days != r->shift_days)
            c = hl_fail_at(err, HL_E_INPUT, path, r->line, -1,
                           "subject_id %lld has shift_days %lld here and %lld in line %lld\n"
                           "All dates of a subject move together.",
                           (long long)r->subject_id, (long long)r->shift_days,
                           (long long)map->row[was].shift_days, (long long)map->row[was].line);
    }
    hl_map_free(&record);
    hl_map_free(&subject);
    return c;
}

static int by_patient_and_start(const void *a, const void *b, void *ctx)
{
    const hl_monitor_map_row *x = a, *y = b;
    int order = memcmp(&x->patient, &y->patient, sizeof x->patient);

    (void)ctx;
    return order ? order : (x->start_s > y->start_s) - (x->start_s < y->start_s);
}

static bool same_patient(const hl_monitor_map_row *a, const hl_monitor_map_row *b)
{
    return memcmp(&a->patient, &b->patient, sizeof a->patient) == 0;
}

/* Sort; rows that touch (one's end is the next one's start) are well. */
static hl_code sort_rows(hl_monitor_map *map, const char *path, hl_error *err)
{
    hl_code c = hl_sort_stable(map->row, map->n, sizeof *map->row, by_patient_and_start, NULL, err);

    map->patient = hl_strmap_new(map->n);
    if (c == HL_OK && !map->patient)
        c = hl_fail_memory(err, "the map", map->n);
    for (size_t i = 0; c == HL_OK && i < map->n; i++) {
        const hl_monitor_map_row *r = &map->row[i], *before = i ? r - 1 : NULL;
        hl_str key = {(const char *)r->patient.byte, sizeof r->patient.byte};
        c = hl_strmap_add(map->patient, key, (int64_t)i, NULL, err);
        if (c != HL_OK || !before || !same_patient(before, r))
            continue;
        if (r->start_s < before->end_s || r->start_s == before->start_s)
            c = hl_fail_at(err, HL_E_INPUT, path, r->line > before->line ? r->line : before->line,
                           -1, "overlaps in time with line %lld, a row of the same patient",
                           (long long)(r->line > before->line ? before->line : r->line));
    }
    return c;
}

/* --- life ------------------------------------------------------------------------------------- */

hl_code hl_monitor_map_read(const char *path, hl_monitor_map **out, hl_digest *digest,
                            hl_error *err)
{
    hl_csv_options options = {.cpu = hl_cpu_level(0)};
    hl_csv *csv = NULL;
    hl_field f[N_COLUMNS];
    hl_monitor_map *map = *out = calloc(1, sizeof *map);
    hl_code c = map ? hl_csv_open(path, columns, N_COLUMNS, &options, &csv, err)
                    : hl_fail_memory(err, "the map", sizeof *map);

    while (c == HL_OK && (c = hl_csv_next(csv, f, err)) == HL_OK) {
        hl_monitor_map_row r = {0};
        c = take_row(csv, f, &r, err);
        if (c == HL_OK)
            c = add_row(map, &r, err);
    }
    if (c == HL_END) {
        c = HL_OK;
        if (digest)
            *digest = *hl_csv_digest(csv);
    }
    hl_csv_close(&csv);
    if (c == HL_OK)
        c = check_ids(map, path, err);
    if (c == HL_OK)
        c = sort_rows(map, path, err);
    if (c != HL_OK)
        hl_monitor_map_free(out);
    return c;
}

void hl_monitor_map_free(hl_monitor_map **map)
{
    if (!map || !*map)
        return;
    hl_strmap_free(&(*map)->patient);
    free((*map)->row);
    free(*map);
    *map = NULL;
}

/* --- looking up ------------------------------------------------------------------------------- */

const hl_monitor_map_row *hl_monitor_map_rows(const hl_monitor_map *map, hl_uuid patient, size_t *n)
{
    hl_str key = {(const char *)patient.byte, sizeof patient.byte};
    int64_t at = hl_strmap_get(map->patient, key);
    const hl_monitor_map_row *first = at < 0 ? NULL : &map->row[at];

    *n = 0;
    while (first && first + *n < map->row + map->n && same_patient(first, first + *n))
        ++*n;
    return first;
}

/* Both bounds belong to the row. */
static bool holds(const hl_monitor_map_row *r, int64_t from_us, int64_t to_us)
{
    return (r->start_s == INT64_MIN || from_us >= r->start_s * SECOND_US) &&
           (r->end_s == INT64_MAX || to_us <= r->end_s * SECOND_US);
}

static bool touches(const hl_monitor_map_row *r, int64_t from_us, int64_t to_us)
{
    return (r->start_s == INT64_MIN || to_us >= r->start_s * SECOND_US) &&
           (r->end_s == INT64_MAX || from_us <= r->end_s * SECOND_US);
}

hl_code hl_monitor_map_find(const hl_monitor_map *map, const hl_spool_stay *stay,
                            const hl_monitor_map_row **row, hl_error *err)
{
    int64_t zone_us = (int64_t)stay->zone_min * 60 * SECOND_US;
    int64_t from_us = stay->from_us + zone_us, to_us = stay->to_us + zone_us;
    size_t n, n_held = 0, n_touched = 0;
    const hl_monitor_map_row *r = hl_monitor_map_rows(map, stay->patient, &n);

    *row = NULL;
    if (n == 0)
        return hl_fail(err, HL_E_INPUT, "the map has no row for this patient");
    for (size_t i = 0; i < n; i++) {
        n_touched += touches(&r[i], from_us, to_us);
        if (holds(&r[i], from_us, to_us)) {
            *row = &r[i];
            n_held++;
        }
    }
    if (n_held == 1)
        return HL_OK;
    *row = NULL;
    if (n_held > 1)
        return hl_fail(err, HL_E_INPUT, "the map has several rows for this time");
    if (n_touched > 0)
        return hl_fail(err, HL_E_INPUT,
                       "no row of the map holds the whole stay: it begins before or ends after");
    return hl_fail(err, HL_E_INPUT, "the map has no row for this time");
}
