/*
 * database.h - the lists around the records: record_list.csv, RECORDS above and in each subject's
 * folder, and what the manifest says of all files.
 *
 * Records of former runs (an appended database) are taken over from the lists as they were before
 * this run; their files are not read, and never written again.
 */
#ifndef HL_MONITOR_DATABASE_H
#define HL_MONITOR_DATABASE_H

#include "base/map.h"
#include "data/manifest.h"
#include "monitor/item.h"

typedef struct hl_database hl_database;

/* The lists that a run appends to, copied when it begins: from OUT into folder. */
hl_code hl_database_keep_lists(const char *out, const char *folder, hl_error *err);

/* former: the folder of those lists; NULL = a new database. */
hl_code hl_database_new(const hl_wave_job *job, const char *former, hl_database **out,
                        hl_error *err);
void hl_database_free(hl_database **db);

/* Ids of the records of former runs. */
const hl_map *hl_database_taken(const hl_database *db);

hl_code hl_database_add(hl_database *db, const hl_wave_item *item, const hl_wave_record *record,
                        hl_error *err);

typedef struct {
    int64_t n_records, n_subjects; /* of the database */
    int64_t n_new;                 /* records of this run */
    int64_t n_samples, n_numeric_rows, n_annotations, n_overlap_ticks, n_clock_conflicts;
    int64_t n_bad_lists, n_out_of_range; /* as in hl_stay_result */
} hl_database_counts;

/* Write the lists, give the folders their time, tell the manifest all files and the inputs of
 * former runs that are not read anew. */
hl_code hl_database_finish(hl_database *db, const hl_gathered *gathered, hl_manifest *manifest,
                           hl_database_counts *counts, hl_error *err);

#endif
