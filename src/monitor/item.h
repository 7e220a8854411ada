/*
 * item.h - one stay's turn: read its messages, build the record in a folder of its own, prove it,
 * put it into its place. And what the job engine keeps of it.
 */
#ifndef HL_MONITOR_ITEM_H
#define HL_MONITOR_ITEM_H

#include "base/job.h"
#include "hilum/wave.h"
#include "monitor/plan.h"
#include "monitor/proof.h"

typedef struct {
    const hl_wave_build_options *o;
    const hl_spool *spool; /* settled; NULL in a merge: nothing can be built */
    const hl_wave_plan *plan;
    const hl_proof *proof; /* NULL: nothing is proved (the converter's own files hold it all) */
    const char *folder;    /* of the job engine, on the same disk as the database */
    int64_t mtime;
    hl_ctl *ctl;
} hl_wave_job;

/* Where a record lies below the database: "waves/p109/p10999001/83000101"; "83000101" for the
 * converter's files. */
#define HL_WAVE_PLACE_BYTES 64
void hl_wave_place(const hl_wave_job *job, const hl_wave_item *item, char out[HL_WAVE_PLACE_BYTES]);

/* Build item i, append its record. Messages name neither people nor times. */
hl_code hl_wave_work(const hl_wave_job *job, int64_t i, hl_arena *scratch, hl_buf *record,
                     hl_error *err);

/* What a record is in the lists. */
typedef struct {
    hl_str row; /* of record_list.csv, without its end */
    int64_t n_samples, n_numeric_rows, n_annotations, n_overlap_ticks, n_clock_conflicts;
    int64_t n_bad_lists, n_out_of_range; /* as in hl_stay_result */
    struct hl_wave_file {
        const char *name;
        hl_digest digest;
    } * file; /* in arena */
    size_t n_files;
} hl_wave_record;
hl_code hl_wave_record_look(const void *record, size_t n, hl_arena *arena, hl_wave_record *out,
                            hl_error *err);

/* Columns of record_list.csv, as text with its line end. */
extern const char *const hl_wave_list_head;

#endif
