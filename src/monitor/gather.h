/*
 * gather.h - the first phase: one pass over the export, every message into the spool of its
 * patient. And the spool's state, which says what was gathered: a run that was killed goes on with
 * it, and the run of the next days does.
 */
#ifndef HL_MONITOR_GATHER_H
#define HL_MONITOR_GATHER_H

#include "monitor/export.h"
#include "monitor/map.h"
#include "monitor/proof.h"
#include "monitor/spool.h"

typedef struct {
    const char *const *folder; /* of the export, in the order of their days */
    size_t n_folders;
    const hl_monitor_map *map; /* of a shard: whose patients are its own */
    int64_t shard, n_shards;   /* n_shards = 0: not sharded */
    bool times_only;           /* nothing is laid down */
    bool repair_dst;
    int64_t since_us, until_us; /* local times: rows before, and from here on, are skipped;
                                   INT64_MIN, INT64_MAX = none */
    hl_ctl *ctl;
} hl_gather_options;

/* What was read. Numbers of the last run, files of the last run; days of all. */
typedef struct {
    int64_t n_rows[HL_MESSAGE_KINDS]; /* taken */
    int64_t n_early, n_late;          /* rows before since, and from until on */
    int64_t n_strangers;              /* rows of a mapping that no table knows */
    int64_t n_moved, n_doubts;        /* timestamps. repair.h */
    int64_t n_findings[HL_EXPORT_FINDINGS];
    bool has_zone;
    int32_t zone_min;            /* the easternmost of all rows */
    int64_t first_day, last_day; /* local days since 1970; first > last: no rows yet */
    struct hl_gathered_file {
        const char *name; /* "WaveSample.1f0c4e5a9b21": the table, and its digest's beginning: the
                             names of an export's files are dates */
        hl_digest digest;
    } * file; /* by name; in an arena */
    size_t n_files;
} hl_gathered;

/* Names, sizes and times of the export's files, the version and the options above: equal when a
 * pass would give the same. folder and map as in the options. */
hl_code hl_gather_identity(const hl_gather_options *o, const char *version, const hl_digest *map,
                           hl_digest *out, hl_error *err);

/* Read the export into spool and proof. out's days are kept and widened, all else is set. */
hl_code hl_gather(const hl_gather_options *o, hl_spool *spool, hl_proof *proof, hl_arena *arena,
                  hl_gathered *out, hl_error *err);

/* --- the spool's state ------------------------------------------------------------------------ */

typedef enum {
    HL_SPOOL_NEW = 0, /* nothing was settled */
    HL_SPOOL_TAKEN,   /* all rows of a run are there, its records perhaps not written */
    HL_SPOOL_KEPT     /* a run is over: what is there waits for the next days */
} hl_spool_stage;

typedef struct {
    hl_spool_stage stage;
    char identity[HL_HEX_CHARS]; /* TAKEN: of the run */
    char manifest[HL_HEX_CHARS]; /* TAKEN: of the database when the run began, "" = none yet;
                                    KEPT: of the database as the run left it */
    int64_t since_us;            /* local; rows before were there when the run began */
    int64_t until_us;            /* local; rows before are there. INT64_MAX: all */
    int64_t shard, n_shards;
    hl_gathered gathered;
} hl_spool_state;

hl_code hl_spool_state_read(const hl_spool *spool, hl_arena *arena, hl_spool_state *out,
                            hl_error *err);
hl_code hl_spool_state_set(hl_spool *spool, const hl_spool_state *state, hl_error *err);

#endif
