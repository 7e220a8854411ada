/*
 * scorecard_facts.h - everything that a scorecard says, read from a cohort folder before a byte of
 * the page is written.
 *
 * Columns: symile.md 2.6, 4, 5. manifest.json, SHA256SUMS.txt, errors.csv: view.md 9. A part whose
 * column or file is absent is left out of the page (n = 0), except symile_mimic_data.csv itself.
 */
#ifndef HL_VIEW_SCORECARD_FACTS_H
#define HL_VIEW_SCORECARD_FACTS_H

#include "base/json.h"
#include "data/table.h"
#include "view/draw_chart.h"

typedef struct {
    hl_str name;
    int64_t count;
} hl_card_count;

/* Values of a text column, most frequent first, equal ones by name; "" stands for missing. */
typedef struct {
    hl_card_count *item;
    size_t n;
} hl_card_tally;

/* A laboratory item of the cohort. */
typedef struct {
    hl_str itemid; /* the column's name */
    hl_str label;  /* from the recipe, else empty */
    const hl_column *column;
    hl_quantiles q;
    const double *sorted; /* [q.n] */
} hl_card_lab;

/* A finding of the films' labels: 1, 0, -1 or empty. */
typedef struct {
    hl_str name;
    const hl_column *column;
    int64_t positive, uncertain, negative, missing;
    int64_t split_positive[3];
    bool kept; /* still a column of train.csv */
} hl_card_finding;

enum { HL_CARD_TRAIN, HL_CARD_VAL, HL_CARD_TEST, HL_CARD_SPLITS };

typedef struct {
    const char *name, *title; /* "val", "Validation" */
    bool present;
    int64_t rows; /* admissions: rows that are no negative candidate */
    int64_t patients;
    int64_t strangers;  /* rows whose hadm_id is not in the cohort table */
    int64_t *row;       /* [rows] row in the cohort table, -1 = stranger */
    bool retrieval;     /* there is a table of candidates */
    int64_t candidates; /* rows of that table */
    int64_t uneven; /* queries without exactly one positive, or with another number of candidates */
    hl_quantiles age;
    int64_t women; /* gender F */
} hl_card_split;

typedef struct {
    hl_str rule;
    int64_t left;
} hl_card_step;

typedef struct {
    hl_str item, code, message;
} hl_card_error;

/* One thing that the page checked itself. */
typedef enum { HL_CARD_HOLDS, HL_CARD_FAILS, HL_CARD_UNKNOWN } hl_card_verdict;
typedef struct {
    hl_card_verdict verdict;
    const char *what;   /* "No patient is in two splits" */
    const char *detail; /* "" or a phrase with the numbers; plain text */
} hl_card_check;

enum { HL_CARD_MAX_CHECKS = 8, HL_CARD_MAX_FILES = 8, HL_CARD_SHOWN_ERRORS = 8 };

typedef struct {
    hl_arena *arena; /* all that is not a table's */

    hl_table *cohort;
    size_t n; /* rows */
    const hl_column *subject, *hadm, *gender, *view, *cxr_path, *ecg_path;
    int64_t patients;
    bool has_age, has_film_time, has_ecg_time;
    double *age, *film_h, *ecg_h; /* [n] years, hours after admission; NaN = not known */
    double *age_sorted, *film_sorted, *ecg_sorted;
    hl_quantiles age_q, film_q, ecg_q;
    hl_card_tally sexes, views, types, races;

    hl_card_lab *lab;
    size_t n_labs;
    hl_quantiles labs_per_row; /* values an admission */
    hl_card_finding *finding;
    size_t n_findings;
    hl_card_split split[HL_CARD_SPLITS];
    int64_t shared_patients; /* patients in more than one split */

    /* manifest.json; root == NULL when there is none */
    hl_json *manifest;
    const hl_json_value *root;
    char manifest_id[HL_HEX_CHARS];
    hl_str recipe_name, recipe_title, recipe_sha256, compat; /* empty = not said */
    const hl_json_value *recipe;
    hl_card_step *step;
    size_t n_steps;

    /* errors.csv; errors_known is false when there is no such file */
    bool errors_known;
    int64_t n_errors;
    hl_card_error error[HL_CARD_SHOWN_ERRORS];

    /* digests of the files read, for the comparison with SHA256SUMS.txt */
    struct {
        const char *name;
        hl_digest digest;
    } file[HL_CARD_MAX_FILES];
    size_t n_files;

    hl_card_check check[HL_CARD_MAX_CHECKS];
    size_t n_checks;

    /* manifest of the tensors (--pack); pack_root == NULL when not given */
    hl_json *pack;
    const hl_json_value *pack_root;
    char pack_id[HL_HEX_CHARS];
} hl_card;

/* Read folder (and pack, NULL = none). *card must be {0}; free it with hl_card_free() in any case.
 */
hl_code hl_card_read(hl_card *card, const char *folder, const char *pack, hl_cpu cpu, hl_ctl *ctl,
                     hl_error *err);
void hl_card_free(hl_card *card);

/* --- the parts, in the order in which hl_card_read() calls them ----------------------------- */

hl_code hl_card_read_manifest(hl_card *card, const char *folder, const char *pack, hl_error *err);
hl_code hl_card_read_cohort(hl_card *card, const char *folder, hl_cpu cpu, hl_ctl *ctl,
                            hl_error *err);
hl_code hl_card_read_splits(hl_card *card, const char *folder, hl_cpu cpu, hl_ctl *ctl,
                            hl_error *err);
hl_code hl_card_read_errors(hl_card *card, const char *folder, hl_error *err);
hl_code hl_card_check_all(hl_card *card, const char *folder, hl_error *err);

/* Count the values of a text column (NULL or of another type: nothing). */
hl_code hl_card_tally_of(hl_arena *arena, const hl_column *column, hl_card_tally *out,
                         hl_error *err);

/* Note that a file of the folder was read with this digest. */
void hl_card_note_file(hl_card *card, const char *name, const hl_digest *digest);

#endif
