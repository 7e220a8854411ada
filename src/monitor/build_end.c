#include "monitor/build_internal.h"

#include <errno.h>
#include <unistd.h>

#include "base/ctl.h"
#include "base/log.h"

/* --- the manifest ----------------------------------------------------------------------------- */

static hl_code put_options(hl_wave_building *b, hl_error *err)
{
    hl_buf text = {0};
    hl_json *json = NULL;
    hl_code c = hl_wave_put_options(b, &text, err);

    if (c == HL_OK)
        c = hl_json_parse(text.at, text.n, "options", &json, err);
    for (size_t i = 0; c == HL_OK && i < hl_json_count(hl_json_root(json)); i++) {
        hl_buf value = {0};
        hl_json_writer w = hl_json_write_to(&value, 0);
        hl_json_put_value(&w, hl_json_at(hl_json_root(json), i));
        c = hl_buf_check(&value, "options", err);
        if (c == HL_OK)
            c = hl_manifest_option(b->manifest, hl_json_key(hl_json_root(json), i), value.at, err);
        hl_buf_free(&value);
    }
    if (c == HL_OK)
        c = hl_manifest_option(b->manifest, "admissions", b->o->admissions ? "true" : "false", err);
    /* Not the time itself: it is one of the export, which no output may tell. */
    if (c == HL_OK)
        c = hl_manifest_option(b->manifest, "open", hl_wave_is_open(b) ? "true" : "false", err);
    hl_json_free(&json);
    hl_buf_free(&text);
    return c;
}

static hl_code start_manifest(hl_wave_building *b, hl_error *err)
{
    hl_code c = hl_manifest_new("wave build", NULL, NULL, b->o->compat, &b->manifest, err);

    if (c == HL_OK)
        c = put_options(b, err);
    if (c == HL_OK)
        c = hl_manifest_input(b->manifest, "export", "monitor export", b->o->in[0], err);
    if (c == HL_OK && b->o->map)
        c = hl_manifest_input(b->manifest, "map", "map of stays", b->o->map, err);
    if (c == HL_OK && b->o->map)
        c = hl_manifest_read(b->manifest, "map", "map", &b->map_digest, err);
    if (c == HL_OK && b->o->admissions)
        c = hl_manifest_input(b->manifest, "admissions", "admissions", b->o->admissions, err);
    if (c == HL_OK && b->o->admissions)
        c = hl_manifest_read(b->manifest, "admissions", "admissions", &b->plan.admissions, err);
    return c;
}

/* What may stand in run.json: not where the export lay nor how its days are called, and not the
 * name of this machine, which may be that of a monitors' host. */
static bool is_telling(const char *key)
{
    static const char *const telling[] = {"export", "map", "admissions", "until",
                                          "spool",  "out", "host",       "shard"};

    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (strcmp(key, telling[i]) == 0)
            return true;
    return false;
}

static void copy_but_telling(hl_json_writer *w, const hl_json_value *v)
{
    hl_json_open(w, '{');
    for (size_t i = 0; i < hl_json_count(v); i++) {
        const char *key = hl_json_key(v, i);
        if (is_telling(key))
            continue;
        hl_json_put_key(w, key);
        if (hl_json_type_of(hl_json_at(v, i)) == HL_JSON_OBJECT)
            copy_but_telling(w, hl_json_at(v, i));
        else
            hl_json_put_value(w, hl_json_at(v, i));
    }
    hl_json_close(w, '}');
}

static hl_code put_run(const hl_wave_building *b, const hl_run_info *run, hl_buf *out,
                       hl_error *err)
{
    hl_json_writer w = hl_json_write_to(out, 0);
    hl_buf text = {0};
    hl_json *json = NULL;
    hl_code c = hl_run_put(run, "wave build", b->o->call, b->ctl, &text, err);

    if (c == HL_OK)
        c = hl_json_parse(text.at, text.n, "run.json", &json, err);
    if (c == HL_OK) {
        copy_but_telling(&w, hl_json_root(json));
        c = hl_buf_check(out, "run.json", err);
    }
    hl_json_free(&json);
    hl_buf_free(&text);
    return c;
}

/* --- the last proofs -------------------------------------------------------------------------- */

static hl_code prove(const hl_wave_building *b, const char *const *name, size_t n, hl_error *err)
{
    const hl_gathered *g = &b->state.gathered;
    const hl_proof_times times = {.first_day = g->first_day,
                                  .last_day = g->last_day,
                                  .no_shift = true,
                                  .first_sequence = 1,
                                  .last_sequence = 0};
    char path[HL_PATH_BYTES];
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && b->job.proof && i < n; i++) {
        /* Times in these two are shifted ones, and those of this run. */
        bool has_times =
            strcmp(name[i], "record_list.csv") == 0 || strcmp(name[i], "run.json") == 0;
        c = hl_path_join(b->o->out, name[i], path, err);
        if (c == HL_OK && hl_file_exists(path))
            c = hl_proof_file(b->job.proof, path, name[i], has_times ? NULL : &times, err);
    }
    return c;
}

static hl_code prove_lists(const hl_wave_building *b, hl_error *err)
{
    static const char *const name[] = {"RECORDS", "record_list.csv", "errors.csv"};

    return prove(b, name, sizeof name / sizeof *name, err);
}

/* A manifest says that the database is whole and proved: it does not outlive a finding. */
static hl_code prove_manifest(const hl_wave_building *b, hl_error *err)
{
    static const char *const name[] = {"inputs.csv.gz", "SHA256SUMS.txt", "run.json",
                                       "manifest.json"};
    char path[HL_PATH_BYTES];
    hl_code c = prove(b, name, sizeof name / sizeof *name, err);

    if (c != HL_OK && hl_path_join(b->o->out, "manifest.json", path, NULL) == HL_OK)
        unlink(path);
    return c;
}

/* --- the end ---------------------------------------------------------------------------------- */

/* errors.csv of an appended database was written beside its job. */
static hl_code place_errors(const hl_wave_building *b, const hl_job_result *job, hl_error *err)
{
    char from[HL_PATH_BYTES], to[HL_PATH_BYTES];
    hl_code c = hl_path_join(b->job_out, "errors.csv", from, err);

    if (c == HL_OK)
        c = hl_path_join(b->o->out, "errors.csv", to, err);
    if (c == HL_OK && b->is_append && rename(from, to) != 0)
        c = hl_fail_errno(err, to, "rename to", errno);
    return c == HL_OK ? hl_manifest_output(b->manifest, "errors.csv", &job->errors_digest, err) : c;
}

/* Published stays leave the spool, which then waits for the next days. */
static hl_code keep_spool(hl_wave_building *b, const hl_digest *id, hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < b->plan.n; i++)
        if (b->is_written[i])
            c = hl_spool_drop(b->spool, &b->plan.item[i].stay, err);
    b->state.stage = HL_SPOOL_KEPT;
    hl_digest_hex(id, b->state.manifest);
    if (c == HL_OK)
        c = hl_spool_state_set(b->spool, &b->state, err);
    return c == HL_OK ? hl_spool_settle(b->spool, err) : c;
}

/* Of a merge: those of all shards, and the folder above them. */
static hl_code remove_spool(hl_wave_building *b, hl_error *err)
{
    char above[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_names names = {0};
    hl_code c = HL_OK;

    hl_spool_close(&b->spool);
    if (!b->o->merge)
        return hl_spool_remove(b->spool_folder, err);
    snprintf(above, sizeof above, "%s", b->spool_folder);
    *strrchr(above, '/') = 0;
    c = hl_list_folder(above, &names, err);
    for (size_t i = 0; c == HL_OK && i < names.n; i++) {
        c = hl_path_join(above, names.name[i], path, err);
        if (c == HL_OK)
            c = hl_spool_remove(path, err);
    }
    hl_names_free(&names);
    if (c == HL_OK)
        (void)rmdir(above); /* something else may lie there */
    return c;
}

static hl_code clean(const hl_wave_building *b, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(b->o->out, ".append", path, err);

    if (c == HL_OK)
        c = hl_remove_tree(path, err);
    return c == HL_OK ? hl_job_clean(b->o->out, err) : c;
}

static void warn(const hl_wave_building *b)
{
    const hl_database_counts *n = &b->counts;
    char text[32];

    if (b->n_refused > 20)
        hl_warn(b->ctl, "%s stays have no record: see errors.csv",
                hl_count_text(b->n_refused, text));
    if (b->n_refused && hl_wave_is_open(b))
        hl_info(b->ctl, "refused stays wait in the spool: the next run tries them again");
    if (n->n_overlap_ticks)
        hl_info(b->ctl, "%s ticks of samples came twice and were taken once",
                hl_count_text(n->n_overlap_ticks, text));
    if (n->n_clock_conflicts)
        hl_warn(b->ctl, "%s wave messages contradict the clock of their stay",
                hl_count_text(n->n_clock_conflicts, text));
    if (n->n_out_of_range)
        hl_warn(
            b->ctl,
            "%s wave messages were left out: their sequence numbers lie 2^52 ticks and more from "
            "the first of their stay",
            hl_count_text(n->n_out_of_range, text));
    if (n->n_bad_lists)
        hl_warn(
            b->ctl,
            "%s lists of invalid or unavailable samples hold an odd number, or a pair that ends "
            "before it begins",
            hl_count_text(n->n_bad_lists, text));
    if (b->plan.n_no_hadm)
        hl_warn(b->ctl, "%s records begin in no admission: their hadm_id is empty",
                hl_count_text(b->plan.n_no_hadm, text));
    if (b->plan.n_two_hadm)
        hl_warn(b->ctl, "%s records begin in more than one admission: their hadm_id is empty",
                hl_count_text(b->plan.n_two_hadm, text));
}

hl_code hl_wave_end(hl_wave_building *b, const hl_run_info *run, const hl_job_result *job,
                    hl_digest *id, hl_error *err)
{
    hl_buf run_json = {0};
    hl_code c = start_manifest(b, err);

    hl_ctl_phase(b->ctl, "writing the lists", 0);
    if (c == HL_OK)
        c = hl_database_finish(b->db, &b->state.gathered, b->manifest, &b->counts, err);
    if (c == HL_OK)
        c = place_errors(b, job, err);
    if (c == HL_OK)
        c = prove_lists(b, err);
    if (c == HL_OK)
        c = put_run(b, run, &run_json, err);
    if (c == HL_OK) {
        hl_manifest_counts(b->manifest, b->counts.n_records + b->n_refused, b->counts.n_records,
                           b->n_refused);
        c = hl_manifest_write(b->manifest, b->o->out, run_json.at, id, err);
    }
    if (c == HL_OK)
        c = prove_manifest(b, err);
    if (c == HL_OK)
        c = hl_wave_is_open(b) ? keep_spool(b, id, err) : remove_spool(b, err);
    if (c == HL_OK)
        c = clean(b, err);
    if (c == HL_OK)
        warn(b);
    hl_buf_free(&run_json);
    return c;
}

/* --- the report ------------------------------------------------------------------------------- */

static void put_shard(const hl_wave_building *b, const hl_job_result *job, hl_buf *to)
{
    char n[32];

    if (b->is_complete) {
        hl_buf_printf(to, "%s is complete\n", b->o->out);
        return;
    }
    hl_buf_printf(to, "shard %lld/%lld: %s records", (long long)b->o->shard,
                  (long long)b->o->n_shards, hl_count_text(job->done, n));
    if (job->failed)
        hl_buf_printf(to, ", %s stays refused; hilum merge will list them",
                      hl_count_text(job->failed, n));
    hl_buf_printf(to, "\nThe last step is: hilum merge %s\n", b->o->out);
}

static void put_text(const hl_wave_building *b, const hl_digest *id, hl_buf *to)
{
    const hl_database_counts *n = &b->counts;
    char text[32], more[32], hex[HL_HEX_CHARS];

    hl_buf_printf(to, "records   %14s", hl_count_text(n->n_new, text));
    if (b->is_append)
        hl_buf_printf(to, " new, %s in all", hl_count_text(n->n_records, more));
    if (b->n_refused)
        hl_buf_printf(to, ", %s stays refused (errors.csv)", hl_count_text(b->n_refused, more));
    hl_buf_printf(to, "\npatients  %14s\n", hl_count_text(n->n_subjects, text));
    hl_buf_printf(to, "samples   %14s\n", hl_count_text(n->n_samples, text));
    hl_buf_printf(to, "numerics  %14s rows\n", hl_count_text(n->n_numeric_rows, text));
    if (b->o->annotations)
        hl_buf_printf(to, "notes     %14s annotations\n", hl_count_text(n->n_annotations, text));
    if (b->plan.n_open)
        hl_buf_printf(to, "open      %14s stays wait in %s for the next days\n",
                      hl_count_text(b->plan.n_open, text), b->spool_folder);
    if (b->job.proof)
        hl_buf_printf(to, "proof     %14s identifying texts looked for, none found\n",
                      hl_count_text(hl_proof_count(b->proof), text));
    hl_buf_printf(to, "\nwritten to %s\nmanifest   %s\n", b->o->out, hl_digest_hex(id, hex));
}

hl_code hl_wave_report(const hl_wave_building *b, const hl_job_result *job, const hl_digest *id,
                       hl_report *report, hl_error *err)
{
    const hl_gathered *g = &b->state.gathered;
    hl_buf text = {0}, json = {0};
    hl_json_writer w = hl_json_write_to(&json, 0);
    char hex[HL_HEX_CHARS];

    if (id)
        put_text(b, id, &text);
    else
        put_shard(b, job, &text);
    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "out", b->o->out);
    hl_json_member_int(&w, "items", job->items);
    hl_json_member_int(&w, "done", job->done);
    hl_json_member_int(&w, "failed", job->failed);
    hl_json_member_int(&w, "resumed", job->resumed);
    if (id) {
        hl_json_member_int(&w, "records", b->counts.n_records);
        hl_json_member_int(&w, "new_records", b->counts.n_new);
        hl_json_member_int(&w, "patients", b->counts.n_subjects);
        hl_json_member_int(&w, "samples", b->counts.n_samples);
        hl_json_member_int(&w, "numeric_rows", b->counts.n_numeric_rows);
        hl_json_member_int(&w, "open_stays", b->plan.n_open);
        hl_json_member_int(&w, "rows_before", g->n_early);
        hl_json_member_int(&w, "rows_after", g->n_late);
        hl_json_member_int(&w, "moved_timestamps", g->n_moved);
        hl_json_member_int(&w, "no_admission", b->plan.n_no_hadm);
        hl_json_member_int(&w, "several_admissions", b->plan.n_two_hadm);
        hl_json_member_int(&w, "proved_texts", hl_proof_count(b->proof));
    }
    hl_json_member_cstr(&w, "manifest", id ? hl_digest_hex(id, hex) : NULL);
    hl_json_close(&w, '}');
    hl_code c = hl_buf_check(&text, "a report", err);
    if (c == HL_OK)
        c = hl_buf_check(&json, "a report", err);
    *report = (hl_report){.json = json.at, .text = text.at};
    return c;
}
