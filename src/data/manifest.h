/*
 * manifest.h - what an output folder says about itself: inputs.csv.gz, SHA256SUMS.txt, run.json,
 * manifest.json. Schema and rules: view.md 9.
 *
 * Life: hl_manifest_new -> hl_manifest_* while the job runs (thread-safe where said) ->
 * hl_manifest_write, the last act of a job: manifest.json's presence means "complete".
 */
#ifndef HL_DATA_MANIFEST_H
#define HL_DATA_MANIFEST_H

#include "base/io.h"
#include "base/json.h"

typedef struct hl_manifest hl_manifest;

/* command: "cohort build". recipe: its parsed content (kept by the caller till the end), may be
 * NULL for jobs without one (then an empty recipe "none" is written). compat: NULL or the name of
 * the published system ("symile-mimic"). */
hl_code hl_manifest_new(const char *command, const char *recipe_name, const hl_json_value *recipe,
                        const char *compat, hl_manifest **out, hl_error *err);
void hl_manifest_free(hl_manifest **m);

/* One option of the job that decides bytes (never jobs, resume, out, paths): JSON text of its
 * value. */
hl_code hl_manifest_option(hl_manifest *m, const char *name, const char *json_value, hl_error *err);
void hl_manifest_seed(hl_manifest *m, int64_t seed);
void hl_manifest_library(hl_manifest *m, const char *name, const char *version);

/* An input archive: role ("mimiciv", "ecg", "cxr", "cohort"), kind ("mimic-iv-hosp", ...), folder.
 * If the folder has a manifest.json or SHA256SUMS.txt, their digests become its identity. */
hl_code hl_manifest_input(hl_manifest *m, const char *role, const char *kind, const char *folder,
                          hl_error *err);
/* A file of that archive was read (path relative to its folder). Thread-safe; the same path twice
 * must have the same digest (else HL_E_INPUT: it changed while the job ran). */
hl_code hl_manifest_read(hl_manifest *m, const char *role, const char *path,
                         const hl_digest *digest, hl_error *err);

/* A file of the output folder was written. Thread-safe. */
hl_code hl_manifest_output(hl_manifest *m, const char *path, const hl_digest *digest,
                           hl_error *err);
/* Description of a table (types: i64 f64 str datetime bool) or array in the outputs. */
typedef struct {
    const char *name;
    const char *type;
} hl_manifest_column;
hl_code hl_manifest_table(hl_manifest *m, const char *path, int64_t rows,
                          const hl_manifest_column *column, size_t n_columns, hl_error *err);
hl_code hl_manifest_array(hl_manifest *m, const char *path, const char *dtype, const int64_t *shape,
                          size_t n_dims, const char *rows_of, hl_error *err);
/* Funnel step in order; items, done, failed; one split with its subject ids. */
hl_code hl_manifest_funnel(hl_manifest *m, const char *rule, int64_t left, hl_error *err);
void hl_manifest_counts(hl_manifest *m, int64_t items, int64_t done, int64_t failed);
hl_code hl_manifest_split(hl_manifest *m, const char *name, int64_t rows, const int64_t *subject_id,
                          size_t n, hl_error *err);

/*
 * Write inputs.csv.gz (archive,path,size,sha256), SHA256SUMS.txt, run.json (run_json: the volatile
 * part as JSON text, made by the caller: times, host, threads, command line) and last manifest.json
 * into folder. id = SHA-256 of manifest.json.
 */
hl_code hl_manifest_write(hl_manifest *m, const char *folder, const char *run_json, hl_digest *id,
                          hl_error *err);

#endif
