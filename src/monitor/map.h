/*
 * map.h - who a patient of the monitors is: the map that the hospital gives.
 *
 *      patient_id,start,end,subject_id,hadm_id,record_id,shift_days
 *
 * patient_id: the monitors' uuid. start, end: local times between which the row holds; empty = no
 * bound. hadm_id may be empty. record_id: 8 digits. shift_days: whole days added to all dates of
 * the subject; all rows of a subject_id must agree. Source: waveform.md 4.9.
 */
#ifndef HL_MONITOR_MAP_H
#define HL_MONITOR_MAP_H

#include "base/arena.h"
#include "base/io.h"
#include "monitor/spool.h"

typedef struct {
    hl_uuid patient;
    int64_t start_s, end_s; /* local seconds as base/civil has them; INT64_MIN / INT64_MAX = open */
    int64_t subject_id, hadm_id; /* hadm_id 0 = none */
    int64_t record_id;
    int64_t shift_days;
    int64_t line;
} hl_monitor_map_row;

typedef struct hl_monitor_map hl_monitor_map;

/* HL_E_INPUT with file:line: a row that is no row, two rows with one record_id, a subject with two
 * shifts, rows of a patient that overlap. digest may be NULL. */
hl_code hl_monitor_map_read(const char *path, hl_monitor_map **out, hl_digest *digest,
                            hl_error *err);
void hl_monitor_map_free(hl_monitor_map **map);

/* All rows of a patient, by time. */
const hl_monitor_map_row *hl_monitor_map_rows(const hl_monitor_map *map, hl_uuid patient,
                                              size_t *n);

/* The row of a stay: the one whose time holds all of it. HL_E_INPUT: none ("the map has no row for
 * this time"; "... no row for this patient") or several. Messages name nobody: they go into
 * errors.csv. */
hl_code hl_monitor_map_find(const hl_monitor_map *map, const hl_spool_stay *stay,
                            const hl_monitor_map_row **row, hl_error *err);

#endif
