/*
 * selection.h - the state of one selection of admissions, handed from step to step.
 *
 *   admissions.c  patients + admissions -> stay (one row an admission, file order), age limits
 *   films.c       film table  -> the earliest usable film in each stay's window, its labels
 *   records.c     record list -> the earliest good ECG in each stay's window
 *   labs.c        laboratory table, one pass -> the earliest value of each item in each stay's
 * window dataset.c     what is left, joined -> the data set's table
 *
 * alive[i] tells whether stay i has passed every rule so far; each rule ends with
 * hl_selection_rule(). Source: symile.md 2.
 */
#ifndef HL_COHORT_SELECTION_H
#define HL_COHORT_SELECTION_H

#include "cohort/recipe.h"
#include "data/manifest.h"
#include "hilum/cohort.h"

#define HL_MAX_RULES 16

typedef struct {
    const char *rule;
    int64_t left;
} hl_funnel_step;

typedef struct {
    const hl_cohort_options *o;
    const hl_cohort_recipe *r;
    hl_ctl *ctl;
    hl_manifest *manifest;
    hl_cpu cpu;
    hl_tie_rule ties;

    hl_table *patients, *admissions;
    hl_table *stay;            /* admissions joined with patients: the data set's first columns */
    const int64_t *subject_id; /* [stay rows] columns of stay */
    const int64_t *hadm_id;
    const int64_t *admittime;
    hl_index *by_subject, *by_hadm; /* rows of stay */
    uint8_t *alive;                 /* [stay rows] */

    hl_table *films; /* kept rows; last columns StudyDateTime, cxr_path */
    hl_index *film_by_dicom;
    int64_t *film_of;     /* [stay rows] row of films, -1 = none */
    uint8_t *film_exists; /* [film rows] */
    hl_table *labels;
    hl_index *label_by_study;

    hl_table *records;
    hl_index *record_by_study;
    int64_t *record_of;      /* [stay rows] row of records, -1 = none */
    uint8_t *record_state;   /* [record rows] hl_record_state */
    bool every_stay_has_ecg; /* in the whole hospital: ecg_adm then has no hole */
    hl_buf errors;           /* rows of errors.csv */
    int64_t n_broken;

    int64_t *lab_slot; /* [stay rows] row of lab_value, -1 = not looked at */
    size_t n_slots;
    double *lab_value; /* [n_slots][n_labs] */
    int64_t *lab_time; /* [n_slots][n_labs] HL_NO_TIME = no value */

    int64_t n_tie_films;   /* stays whose film --compat would choose otherwise (S12) */
    int64_t n_tie_records; /* stays whose ECG it may choose otherwise */

    hl_funnel_step step[HL_MAX_RULES];
    size_t n_steps;
} hl_selection;

#define HL_NO_TIME INT64_MAX

typedef enum {
    HL_RECORD_UNKNOWN = 0,
    HL_RECORD_GOOD,
    HL_RECORD_EMPTY, /* a sample that was not measured, or all samples zero: not used */
    HL_RECORD_BROKEN /* cannot be read */
} hl_record_state;

hl_code hl_select_admissions(hl_selection *s, hl_error *err);
hl_code hl_select_films(hl_selection *s, hl_error *err);
hl_code hl_select_labels(hl_selection *s, hl_error *err);
hl_code hl_select_records_in_window(hl_selection *s, hl_error *err);
hl_code hl_select_labs(hl_selection *s, hl_error *err);
hl_code hl_select_good_records(hl_selection *s, hl_error *err);

/* Free what the steps have made (not options, recipe, manifest). */
void hl_selection_free(hl_selection *s);

/* End of a rule: counts what is left into the funnel and the manifest. */
hl_code hl_selection_rule(hl_selection *s, const char *rule, hl_error *err);

/*
 * Read a source table of the recipe: the columns base[0 .. n_base), then source's times and
 * columns, in this order. role and folder name the archive. In --compat, source->present must be
 * there.
 */
hl_code hl_selection_read(hl_selection *s, const char *role, const char *folder,
                          const hl_source_table *source, const hl_col_spec *base, size_t n_base,
                          hl_table_keep keep, void *keep_ctx, hl_table **out, hl_error *err);

/* Path of a source table in its archive (.csv.gz, else .csv): whole, and relative to folder. */
hl_code hl_source_path(const char *folder, const hl_source_table *source, char path[HL_PATH_BYTES],
                       char relative[HL_PATH_BYTES], hl_error *err);
/* Name of a column in the source's file. */
const char *hl_source_column(const hl_source_table *source, const char *name);

/* Repeated keys: HL_E_INPUT unless duplicates are allowed (--compat, --allow-duplicates). */
hl_code hl_selection_unique(const hl_selection *s, const hl_table *table, const hl_index *index,
                            const hl_column *key, hl_error *err);

#endif
