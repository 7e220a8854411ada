/*
 * build_internal.h - what the files of wave build share.
 *
 *      build.c          the call: begin, job, sink, end
 *      build_folders.c  where the export, OUT and the spool lie
 *      build_begin.c    what OUT and the spool say, the first phase
 *      build_end.c      manifest, last proofs, the spool's end, the report
 *
 * A run's steps, and what tells a later call how far a killed one came:
 *
 *      messages into the spool         spool not settled: done again
 *      spool TAKEN                     from here on --resume goes on
 *      records, one by one             OUT/.hilum; appended ones: OUT/.append/job/.hilum
 *      lists, manifest.json            written again, the same bytes
 *      spool KEPT, or removed          the run is over
 *      .hilum and .append removed      else by the next call
 */
#ifndef HL_MONITOR_BUILD_INTERNAL_H
#define HL_MONITOR_BUILD_INTERNAL_H

#include "data/run_info.h"
#include "monitor/database.h"

typedef struct {
    const hl_wave_build_options *o;
    hl_ctl *ctl;
    hl_arena *arena, *scratch; /* of the call; of one record */
    const char **folder;       /* of the export */
    size_t n_folders;
    hl_monitor_map *map;
    hl_digest map_digest;
    char manifest_hex[HL_HEX_CHARS]; /* of the database as the call found it; "" = none */
    char spool_folder[HL_PATH_BYTES];
    hl_spool *spool;
    hl_spool_state state;
    hl_proof *proof;
    bool is_complete; /* a former run came to its end: nothing is left to do ... */
    bool was_partial; /* ... but it had refused stays */
    bool is_append;   /* there are records of former runs */
    char job_out[HL_PATH_BYTES], job_folder[HL_PATH_BYTES], former[HL_PATH_BYTES];
    hl_wave_plan plan;
    hl_wave_job job;
    hl_database *db;
    hl_database_counts counts;
    hl_manifest *manifest;
    int64_t *ordinal; /* of refused stays, from 1; 0: not refused */
    bool *is_written; /* the stay's record is there */
    int64_t n_refused;
} hl_wave_building;

#define HL_WAVE_MTIME                                                                              \
    INT64_C(1654041600) /* 2022-06-01 00:00 UTC: the day of MIMIC-IV-WDB 0.1.0                     \
                         */

/* folder, spool_folder. In a merge the export is not looked for. */
hl_code hl_wave_find_folders(hl_wave_building *b, hl_error *err);
hl_code hl_wave_find_exports(hl_wave_building *b, hl_error *err);

/* All up to the job: folders, map, spool, plan. */
hl_code hl_wave_begin(hl_wave_building *b, hl_error *err);

/* Options that decide bytes, as a JSON object. */
hl_code hl_wave_put_options(const hl_wave_building *b, hl_buf *out, hl_error *err);

/* The lists, the manifest, the spool's end. */
hl_code hl_wave_end(hl_wave_building *b, const hl_run_info *run, const hl_job_result *job,
                    hl_digest *id, hl_error *err);

/* id = NULL: a shard. */
hl_code hl_wave_report(const hl_wave_building *b, const hl_job_result *job, const hl_digest *id,
                       hl_report *report, hl_error *err);

/* A run without shards that stays open for days to come. */
static inline bool hl_wave_is_open(const hl_wave_building *b)
{
    return b->o->until != NULL;
}
static inline bool hl_wave_is_shard(const hl_wave_building *b)
{
    return b->o->n_shards > 0 && !b->o->merge;
}

#endif
