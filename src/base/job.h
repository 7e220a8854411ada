/*
 * job.h - the one engine behind every long command (design.md 1.1; scale.md 10, 11).
 *
 * A job is an ordered list of items, a pure function work() from an item to a record (bytes), and a
 * sink that is given the records in item order. The engine gives every command threads, progress,
 * errors.csv, --resume, --shard i/n with merge, and stopping.
 *
 *      items 0..n-1 --work()--> records --(item order)--> part file + journal   OUT/.hilum/
 *                                                             |  all parts complete
 *                                                             v
 *                                                    sink(), item order --> the job's outputs
 *
 * A plain run is shard 0/1 followed by the merge, so there is one way through the code. Records are
 * appended to .records-IIIII-NONCE and synced, then their rows (item, code, offset, bytes, sha256)
 * to .journal-IIIII-NONCE; a killed attempt is continued from the longest prefix that proves
 * itself. When a shard is through, its records become part-IIIII-of-NNNNN.records and, last,
 * part-IIIII-of-NNNNN.ok (no time, host or nonce in it) is written.
 */
#ifndef HL_BASE_JOB_H
#define HL_BASE_JOB_H

#include "base/arena.h"
#include "base/io.h"

typedef struct {
    /* Identity: what must be equal for two shards to belong together. Each a short text. */
    const char *command; /* "pack" */
    const char *recipe;  /* digest of the recipe, hex */
    const char *options; /* the options that decide bytes, as compact JSON */
    const char *inputs;  /* digest of what the items were listed from, hex */
    const char *call;    /* all options as the user gave them (hl_options_to_json): kept for hilum
                          * merge, never compared; NULL = options */

    int64_t n_items;
    bool every_item; /* the outputs need every item: a later attempt does failed items again, while
                      * otherwise a failed item is as final as a done one */
    void *ctx;       /* handed to all functions below; work() must only read it */

    /* Subject of item i: decides its shard, fnv1a64(decimal subject_id) % n. */
    int64_t (*subject_id)(void *ctx, int64_t i);

    /* Name of item i for errors.csv and messages (a path, an id). */
    void (*item_name)(void *ctx, int64_t i, char *out, size_t size);

    /*
     * Make item i's record: appended to record (empty at the start). Called on any thread, in any
     * order; scratch is reset after each item; thread = 0..jobs-1 names the worker. A failure other
     * than HL_E_IO, HL_E_STOPPED, HL_E_BUG or lack of memory (hl_fail_memory) counts as a failed
     * item: it gets a row in errors.csv, its record is empty, and the job goes on (strict: ends).
     */
    hl_code (*work)(void *ctx, int64_t i, int thread, hl_arena *scratch, hl_buf *record,
                    hl_error *err);

    /* Item i comes soon: ask the system for its files (hl_prefetch). Called on a worker's thread
     * before its next work(); NULL = nothing. */
    void (*ahead)(void *ctx, int64_t i, int thread);

    /* Take item i's record, in item order, one call at a time, failed items too (code != HL_OK,
     * n = 0). Only called when all parts are complete. */
    hl_code (*sink)(void *ctx, int64_t i, hl_code code, const void *record, size_t n,
                    hl_error *err);
} hl_job;

typedef enum {
    HL_JOB_RUN = 0,   /* all items, then sink */
    HL_JOB_SHARD = 1, /* one shard: part files only */
    HL_JOB_MERGE = 2  /* parts are there: sink only */
} hl_job_mode;

typedef struct {
    const char *out; /* output folder; made if absent */
    hl_job_mode mode;
    int64_t shard, n_shards; /* 0/1 for HL_JOB_RUN */
    bool resume; /* go on with what a former attempt left; without it leftovers are refused */
    bool strict; /* the first failed item ends the job */
    const char *version; /* HL_VERSION; tests play other versions */
} hl_job_options;

/* Options as commands give them: merge, else shard/n_shards, else (n_shards = 0) a plain run. */
static inline void hl_job_set_part(hl_job_options *options, int64_t shard, int64_t n_shards,
                                   bool merge)
{
    options->shard = shard;
    options->n_shards = n_shards > 0 ? n_shards : 1;
    options->mode = merge ? HL_JOB_MERGE : n_shards > 0 ? HL_JOB_SHARD : HL_JOB_RUN;
}

typedef struct {
    int64_t items, done, failed; /* of this run or shard (merge: of all); items = done + failed */
    int64_t resumed;             /* items taken over from former attempts */
    bool already_complete;       /* the shard's .ok was there: nothing was done */
    hl_digest errors_digest;     /* RUN and MERGE: of errors.csv, for the manifest */
} hl_job_result;

/*
 * Stopping: once ctl->cancel is set no item is begun, and what is finished is in the journal within
 * about a second; the engine then waits for the items in work, whatever they take, because it
 * leaves no thread behind. The program (app/) therefore ends the process itself 8 s after the first
 * signal, or at the second one: nothing is lost by it but the items in work.
 *
 * Memory: 2 x jobs records, and 32 bytes an item while the parts are put together.
 *
 * Before the call out holds nothing of the command's but temporaries of hl_out; its own files are
 * committed after it (or in sink()).
 *
 * Run job. HL_OK; HL_PARTIAL when items failed (RUN and MERGE: errors.csv in out has them: item,
 * code, message); HL_E_USAGE when out was started with another n, version, recipe, options or
 * inputs, or holds something else; HL_E_STOPPED (resumable); other errors as they come.
 *
 * After RUN and MERGE .hilum/ still stands: the command writes its last files and the manifest,
 * then calls hl_job_clean(). A rerun of a finished out (manifest.json there) is for the command to
 * refuse or accept.
 */
hl_code hl_job_run(const hl_job *job, const hl_job_options *options, hl_ctl *ctl,
                   hl_job_result *result, hl_error *err);

/* Remove out/.hilum, and the temporaries (.tmp-*) that killed attempts left below out. */
hl_code hl_job_clean(const char *out, hl_error *err);

/* out may be started: absent or empty; with resume (or shard/merge) also one of ours, unfinished.
 * HL_E_USAGE otherwise: "OUT holds something else: ..." */
hl_code hl_job_check_out(const hl_job_options *options, hl_error *err);

/* What .hilum/shards.json of out says, for hilum merge: the command and its options as the user
 * gave them. Appended as text. HL_E_INPUT when there is none. */
hl_code hl_job_read_shards(const char *out, hl_buf *json, hl_error *err);

/* Shards of out that are not complete, ascending ("3,17" form is the caller's); freed by free(). */
hl_code hl_job_missing(const char *out, int64_t **missing, size_t *n, hl_error *err);

typedef enum {
    HL_SHARD_COMPLETE = 0,
    HL_SHARD_MISSING = 1, /* no .ok */
    HL_SHARD_DIFFERS = 2  /* .ok of another version, recipe, options or inputs, or damaged parts */
} hl_shard_state;
typedef enum {
    HL_JOB_QUICK = 0, /* .ok, sizes and indexes */
    HL_JOB_PROVE = 1  /* every record is read and proved */
} hl_job_care;
/* state[i] of each of the n shards, freed by free(). */
hl_code hl_job_states(const char *out, hl_job_care care, hl_ctl *ctl, uint8_t **state, int64_t *n,
                      hl_error *err);

#endif
