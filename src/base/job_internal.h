/*
 * job_internal.h - what the files of the job engine share; job.h is the engine's face.
 *
 *   job.c           one call: shard, then merge; workers, window, writer
 *   job_attempt.c   one attempt at a shard: records + journal, publishing, clearing up
 *   job_journal.c   rows: written, parsed, read back; taking over what former attempts left
 *   job_identity.c  what was started: shards.json, and the refusal of anything else
 *   job_shards.c    .ok, the state of the shards, the check of OUT
 *   job_sink.c      parts -> sink() and errors.csv
 *   job_file.c      files as NFS and killed processes leave them (scale.md 11)
 *
 *   OUT/.hilum/shards.json                      what was started: n, version, recipe, ...
 *   OUT/.hilum/.records-IIIII-NONCE             an attempt's records, one behind the other
 *   OUT/.hilum/.journal-IIIII-NONCE             its rows (job_journal.c says the form)
 *   OUT/.hilum/part-IIIII-of-NNNNN.records      the same two, finished
 *   OUT/.hilum/part-IIIII-of-NNNNN.index
 *   OUT/.hilum/part-IIIII-of-NNNNN.ok           written last
 */
#ifndef HL_BASE_JOB_INTERNAL_H
#define HL_BASE_JOB_INTERNAL_H

#include <sys/stat.h>

#include "base/job.h"
#include "base/json.h"

#define HL_JOB_FOLDER ".hilum"
#define HL_JOB_SHARDS_FILE "shards.json"
#define HL_JOB_MAX_SHARDS 99999 /* five digits in the names of parts */

/* --- identity --------------------------------------------------------------------------------- */

/* What two shards must have in common to belong together. */
typedef struct {
    int64_t n_shards, n_items;
    const char *version, *command, *recipe, *inputs;
    const char *options;       /* compact JSON */
    char digest[HL_HEX_CHARS]; /* of all of the above */
} hl_job_identity;

/* One call of hl_job_run(). */
typedef struct {
    const hl_job *job;
    const hl_job_options *options;
    hl_ctl *ctl;
    hl_arena *arena; /* texts of the identity */
    hl_job_identity identity;
    int64_t shard;              /* in work */
    char folder[HL_PATH_BYTES]; /* OUT/.hilum */
} hl_job_place;

hl_code hl_job_identity_of(const hl_job *job, const hl_job_options *options, hl_arena *arena,
                           hl_job_identity *out, hl_error *err);
/* From shards.json in folder. */
hl_code hl_job_identity_read(const char *folder, hl_arena *arena, hl_job_identity *out,
                             hl_error *err);

/* Members of an open JSON object, and back. */
void hl_job_identity_write(hl_json_writer *w, const hl_job_identity *id);
hl_code hl_job_identity_parse(const char *path, const hl_json_value *v, hl_arena *arena,
                              hl_job_identity *out, hl_error *err);

/* Create shards.json, or compare with the one that is there. */
hl_code hl_job_shards_begin(hl_job_place *place, hl_error *err);
/* merge: shards.json must be there; takes n_shards from it and compares the rest. */
hl_code hl_job_shards_join(hl_job_place *place, hl_error *err);

hl_code hl_job_refuse_unfinished(const char *out, hl_error *err);
hl_code hl_job_no_shards(const char *out, hl_error *err);

/* --- .ok -------------------------------------------------------------------------------------- */

/* What .ok says about a shard beside the identity. */
typedef struct {
    int64_t items, failed;
    int64_t records_bytes;
    hl_digest rows;  /* SHA-256 over the SHA-256 (32 bytes each) of the records in order */
    hl_digest index; /* of the index file */
} hl_job_ok;

#define HL_JOB_NAME_BYTES 64
/* "part-00003-of-00064.ok" */
const char *hl_job_part_name(int64_t shard, int64_t n, const char *kind,
                             char out[HL_JOB_NAME_BYTES]);

hl_code hl_job_ok_write(const hl_job_place *place, const hl_job_ok *ok, hl_error *err);
/* State of shard; ok is filled when it is complete. */
hl_code hl_job_shard_state(const char *folder, const hl_job_identity *identity, int64_t shard,
                           hl_job_care care, hl_ctl *ctl, hl_shard_state *state, hl_job_ok *ok,
                           hl_error *err);
/* States of all shards, on the threads of ctl. state has n_shards bytes. */
hl_code hl_job_all_states(const char *folder, const hl_job_identity *identity, hl_job_care care,
                          hl_ctl *ctl, uint8_t *state, hl_error *err);

/* --- rows and journals ------------------------------------------------------------------------ */

#define HL_JOB_ROW_BYTES 4096 /* of a line: its message has at most 1,023 bytes, escaped */

typedef struct {
    int64_t item;
    hl_code code; /* HL_OK, or why the item failed */
    int64_t offset, bytes;
    uint8_t sha256[32];
    char message[1024]; /* "" for HL_OK */
} hl_job_row;

void hl_job_row_write(hl_buf *to, const hl_job_row *row);
bool hl_job_row_parse(hl_str line, hl_job_row *row);
void hl_job_header_write(hl_buf *to, const hl_job_identity *identity, int64_t shard);

/* A journal or index read line by line. A line without end, too long or not its checksum's ends it.
 */
typedef struct {
    int fd;
    int64_t offset;    /* of the bytes to read next */
    size_t start, end; /* unread part of at */
    bool oom;          /* the header could not be compared for want of memory */
    char at[65536];
} hl_job_rows;

/* fd stays the caller's. false: no header of this identity and shard. */
bool hl_job_rows_begin(hl_job_rows *rows, int fd, const hl_job_identity *identity, int64_t shard);
bool hl_job_rows_next(hl_job_rows *rows, hl_job_row *row);
/* Whether the record that row speaks of is in fd (size bytes) as it says; its bytes then stand in
 * record. sha is scratch. */
bool hl_job_row_proves(int fd, int64_t size, const hl_job_row *row, hl_buf *record, hl_sha256 *sha);

/* --- an attempt ------------------------------------------------------------------------------- */

typedef struct {
    const hl_job_place *place;
    char records_path[HL_PATH_BYTES], journal_path[HL_PATH_BYTES];
    char journal_name[HL_JOB_NAME_BYTES];
    int records_fd, journal_fd;
    hl_buf pending; /* record bytes not yet written to the file */
    hl_buf rows;    /* rows whose records are not yet synced */
    int64_t offset; /* bytes of all records so far, pending included */
    int64_t synced; /* of those, on the disk */
    int64_t kicked; /* of those, handed to the disk without waiting */
    int64_t n_rows, n_failed;
    hl_sha256 *tree;  /* over the digests of the rows */
    double flushed_s; /* monotonic time of the last flush */
    bool broken;      /* a write or sync failed: no row is written any more */
} hl_attempt;

hl_code hl_attempt_open(const hl_job_place *place, hl_attempt *a, hl_error *err);
/* The next record: row->offset is set here. */
hl_code hl_attempt_add(hl_attempt *a, hl_job_row *row, const void *bytes, hl_error *err);
/* Records to the disk, then their rows. */
hl_code hl_attempt_flush(hl_attempt *a, hl_error *err);
/* flush if a second or 64 MiB have passed. */
hl_code hl_attempt_flush_if_due(hl_attempt *a, hl_error *err);
/* A sign of life for other attempts: a journal that stays still for 10 minutes counts as dead. */
void hl_attempt_touch(const hl_attempt *a);
/* Rename into place, index, .ok; then clear up after all attempts at this shard. */
hl_code hl_attempt_publish(hl_attempt *a, hl_job_ok *ok, hl_error *err);
/* Close; drop = remove its files too. */
void hl_attempt_close(hl_attempt *a, bool drop);
/* Remove journals, records and temporaries of a complete shard (-1: of all shards). */
void hl_job_clear_shard(const char *folder, int64_t shard);

/* Add to a what former attempts left: the longest prefix of the shard's items that proves itself.
 * item(k) is the shard's k-th item. Dead attempts whose rows are all in a are removed. */
typedef struct {
    const int64_t *item; /* NULL: item k is k */
    int64_t n;
} hl_job_list;
static inline int64_t hl_job_list_at(const hl_job_list *list, int64_t k)
{
    return list->item ? list->item[k] : k;
}
hl_code hl_attempt_adopt(hl_attempt *a, const hl_job_list *list, hl_error *err);

/* --- the sink --------------------------------------------------------------------------------- */

/* All parts are complete: feed sink() in item order, write errors.csv, fill result. */
hl_code hl_job_join(const hl_job_place *place, hl_job_result *result, hl_error *err);
/* Whether an item's failure is no fault of the item, so that it ends the job: the disk, a request
 * to stop, a fault of ours, or no memory. Another attempt may come through. */
bool hl_job_is_over(hl_code c, const hl_error *why);
int64_t hl_job_shard_of(const hl_job *job, int64_t item, int64_t n_shards);

/* --- files ------------------------------------------------------------------------------------ */

double hl_job_now_s(void); /* monotonic */
/* Open to read. promised: an .ok says that the file is there, so on a network file system ENOENT
 * may be the cache's; tried 5 times within 60 s. *fd = -1 and HL_OK when it is absent. */
hl_code hl_job_open(const char *path, bool promised, const hl_ctl *ctl, int *fd, hl_error *err);
hl_code hl_job_create(const char *path, int *fd, hl_error *err);
hl_code hl_job_write_all(int fd, const char *path, const void *bytes, size_t n, hl_error *err);
hl_code hl_job_sync(int fd, const char *path, hl_error *err);
hl_code hl_job_sync_folder(const char *folder, hl_error *err);
/* n bytes at offset into to; *got < n at the end of the file. */
hl_code hl_job_pread(int fd, const char *path, void *to, size_t n, int64_t offset, size_t *got,
                     hl_error *err);
/* rename; an error whose work was done after all (its answer was lost) counts as success. */
hl_code hl_job_rename(const char *from, const char *to, hl_error *err);
/* Give from the name to as well, only if that is free; from is then removed. *there: to existed. */
hl_code hl_job_link_new(const char *from, const char *to, bool *there, hl_error *err);

#endif
