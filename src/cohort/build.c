#include "hilum/cohort.h"

#include <unistd.h>

#include "base/ctl.h"
#include "base/job.h"
#include "base/log.h"
#include "cohort/dataset.h"
#include "cohort/ecg_report.h"
#include "cohort/report.h"
#include "cohort/tables.h"
#include "data/run_info.h"

/* One build: everything is made in memory first, so that a failure leaves no output. */
typedef struct {
    hl_cohort_options o;
    hl_ctl *ctl;
    hl_arena *arena;
    hl_json *recipe_json;
    hl_cohort_recipe recipe;
    hl_manifest *manifest;
    hl_selection s;
    hl_table *dataset;   /* as selected */
    hl_table *read_back; /* as the split step reads it from its csv */
    hl_buf dataset_csv;
    hl_split_tables tables;
    hl_buf ecg_report; /* ecg_report.csv, when asked for */
} build;

static hl_code take_recipe(build *b, hl_error *err)
{
    hl_digest digest;
    const char *name = b->o.recipe ? b->o.recipe : "symile-mimic-1.0";
    hl_code c = hl_recipe_read(name, &b->recipe_json, &digest, err);

    if (c == HL_OK)
        c = hl_cohort_recipe_read(b->arena, b->recipe_json, &b->recipe, err);
    if (c == HL_OK && b->o.compat && !b->recipe.system)
        c = hl_fail(err, HL_E_USAGE, "--compat: recipe %s is no published system", b->recipe.name);
    if (c == HL_OK && b->o.candidate_n < 0)
        b->o.candidate_n = b->recipe.candidate_n;
    if (b->o.seed < 0)
        b->o.seed = 0;
    if (b->o.candidate_seed < 0)
        b->o.candidate_seed = 0;
    b->o.distinct_patients |= b->recipe.distinct_patients;
    if (c == HL_OK && (b->o.seed > UINT32_MAX || b->o.candidate_seed > UINT32_MAX))
        c = hl_fail(err, HL_E_USAGE, "--seed and --candidate-seed go from 0 to 4294967295");
    return c;
}

static hl_code option_int(build *b, const char *name, int64_t v, hl_error *err)
{
    char text[HL_F64_CHARS];
    hl_print_i64(v, text);
    return hl_manifest_option(b->manifest, name, text, err);
}

static hl_code option_flag(build *b, const char *name, bool v, hl_error *err)
{
    return hl_manifest_option(b->manifest, name, v ? "true" : "false", err);
}

/* The options that decide bytes. The sizes of the splits are written as they came out. */
static hl_code note_options(build *b, const hl_split_options *split, hl_error *err)
{
    hl_code c = option_int(b, "train-n", split->train_n, err);

    if (c == HL_OK)
        c = option_int(b, "val-n", split->val_n, err);
    if (c == HL_OK)
        c = option_int(b, "candidate-n", b->o.candidate_n, err);
    if (c == HL_OK)
        c = option_int(b, "candidate-seed", b->o.candidate_seed, err);
    if (c == HL_OK)
        c = option_flag(b, "candidates-given", b->o.candidates != NULL, err);
    if (c == HL_OK)
        c = option_flag(b, "distinct-patients", b->o.distinct_patients, err);
    if (c == HL_OK)
        c = option_flag(b, "allow-duplicates", b->o.allow_duplicates, err);
    if (c == HL_OK)
        c = option_flag(b, "check-all-ecg", b->o.check_all_ecg, err);
    if (c == HL_OK)
        c = option_flag(b, "keep-columns", b->o.keep_columns, err);
    if (c == HL_OK && b->o.ecg_report)
        c = option_flag(b, "ecg-report", true, err);
    hl_manifest_seed(b->manifest, b->o.seed);
    return c;
}

static hl_code start_manifest(build *b, hl_error *err)
{
    hl_code c = hl_manifest_new("cohort build", b->recipe.name, hl_json_root(b->recipe_json),
                                b->o.compat ? b->recipe.system : NULL, &b->manifest, err);
    if (c == HL_OK)
        c = hl_manifest_input(b->manifest, "mimiciv", "mimic-iv", b->o.mimiciv, err);
    if (c == HL_OK)
        c = hl_manifest_input(b->manifest, "ecg", "mimic-iv-ecg", b->o.ecg, err);
    if (c == HL_OK)
        c = hl_manifest_input(b->manifest, "cxr", "mimic-cxr-jpg", b->o.cxr, err);
    return c;
}

/* The order is the cheap one; the rules commute. symile.md 14 */
static hl_code select_admissions(build *b, hl_error *err)
{
    hl_selection *s = &b->s;

    *s = (hl_selection){.o = &b->o,
                        .r = &b->recipe,
                        .ctl = b->ctl,
                        .manifest = b->manifest,
                        .cpu = hl_cpu_level(b->ctl ? b->ctl->cpu : 0),
                        .ties = b->o.compat ? HL_TIES_NUMPY : HL_TIES_FILE_ORDER};
    hl_buf_text(&s->errors, "item,code,message\n");
    hl_ctl_phase(b->ctl, "reading admissions", 0);
    hl_code c = hl_select_admissions(s, err);
    hl_ctl_phase(b->ctl, "reading the film table", 0);
    if (c == HL_OK)
        c = hl_select_films(s, err);
    if (c == HL_OK)
        c = hl_select_labels(s, err);
    hl_ctl_phase(b->ctl, "reading the record list", 0);
    if (c == HL_OK)
        c = hl_select_records_in_window(s, err);
    if (c == HL_OK)
        c = hl_select_labs(s, err);
    if (c == HL_OK)
        c = hl_select_good_records(s, err);
    hl_ctl_phase(b->ctl, "joining", 0);
    if (c == HL_OK)
        c = hl_dataset_make(s, &b->dataset, err);
    return c;
}

static hl_code report_ecgs(build *b, hl_error *err)
{
    int64_t n = 0;
    char count[32];
    hl_code c = hl_ecg_report(&b->s, b->dataset, &b->ecg_report, &n, err);

    if (c == HL_OK)
        hl_info(b->ctl, "%s rows have an ECG with a flat or held lead (ecg_report.csv)",
                hl_count_text(n, count));
    return c;
}

/* The published split script reads the csv that the cohort script wrote, with a number parser that
 * is not exactly rounded: so do we. symile.md 3 */
static hl_code read_back(build *b, hl_error *err)
{
    hl_table_options options = {.name = "symile_mimic_data.csv", .cpu = b->s.cpu};
    hl_in *in = NULL;
    hl_code c = hl_table_put_csv(b->dataset, b->o.compat ? HL_DATES_PANDAS : HL_DATES_FULL,
                                 &b->dataset_csv, err);
    /* Such a text is written without quotes; pandas reads it as the end of a row. */
    if (c == HL_OK && b->o.compat && b->dataset_csv.n &&
        memchr(b->dataset_csv.at, '\r', b->dataset_csv.n))
        c = hl_fail_at(
            err, HL_E_INPUT, options.name, 0, -1,
            "a text holds a carriage return, at which the published split script breaks the "
            "row\nRemove it from the tables, or leave out --compat.");
    if (c == HL_OK)
        c = hl_in_memory(b->dataset_csv.at, b->dataset_csv.n, options.name, &in, err);
    if (c == HL_OK)
        c = hl_table_read_in(in, NULL, 0, &options, &b->read_back, err);
    hl_in_close(&in);
    return c;
}

static int64_t split_rows(int64_t option, int64_t in_recipe, int64_t percent, size_t n)
{
    return option >= 0 ? option : in_recipe >= 0 ? in_recipe : (int64_t)n * percent / 100;
}

static hl_code make_splits(build *b, hl_error *err)
{
    size_t n = b->dataset->n_rows;
    hl_split_tables_options o = {
        .recipe = &b->recipe,
        .compat = b->o.compat,
        .candidate_n = b->o.candidate_n,
        .candidate_seed = (uint32_t)b->o.candidate_seed,
        .candidates = b->o.candidates,
        .distinct_patients = b->o.distinct_patients,
        .keep_columns = b->o.keep_columns,
        .split = {.rule = b->recipe.split,
                  .seed = (uint32_t)b->o.seed,
                  .train_n =
                      split_rows(b->o.train_n, b->recipe.train_n, b->recipe.train_percent, n),
                  .val_n = split_rows(b->o.val_n, b->recipe.val_n, b->recipe.val_percent, n)}};
    hl_code c = note_options(b, &o.split, err);

    hl_ctl_phase(b->ctl, "drawing splits and candidates", 0);
    if (c == HL_OK && n > 0)
        c = hl_split_tables_make(b->read_back, &o, &b->tables, err);
    else if (c == HL_OK)
        hl_warn(b->ctl,
                "no admission passed every rule: symile_mimic_data.csv has a header only, and "
                "there are no splits");
    return c;
}

/* Where the default differs from the published scripts, a line with the count. symile.md 12 */
static void warn_about_differences(const build *b)
{
    const hl_split_tables *t = &b->tables;
    int64_t short_dates = hl_table_short_dates(b->dataset);
    char count[32];

    if (b->s.n_tie_films)
        hl_warn(b->ctl,
                "%s admissions have more than 16 films in their window, the first of them at one "
                "time: the first of the file was taken, --compat takes another",
                hl_count_text(b->s.n_tie_films, count));
    if (b->s.n_tie_records)
        hl_warn(b->ctl,
                "%s admissions have more than 16 ECGs in their window, the first of them at one "
                "time: the first of the file was taken, --compat may take another",
                hl_count_text(b->s.n_tie_records, count));
    if (short_dates)
        hl_warn(b->ctl,
                "%s midnight times are written with their time of day, which --compat leaves out",
                hl_count_text(short_dates, count));
    if (t->n_labs_absent)
        hl_warn(b->ctl,
                "%s laboratory items have no value in train: their percentiles are empty, their "
                "mean is written as 0.5; --compat stops at this",
                hl_count_text(t->n_labs_absent, count));
    if (t->n_percentiles_left_empty)
        hl_warn(b->ctl, "%s percentiles of missing values are left empty where --compat writes 1.0",
                hl_count_text(t->n_percentiles_left_empty, count));
    if (t->val)
        hl_warn(b->ctl,
                "val.csv has no label_hadm_id and label columns, which --compat adds (2 columns, "
                "%s rows)",
                hl_count_text((int64_t)t->val->n_rows, count));
}

/* Queries that nobody can answer, as published (S17). */
static void tell_about_candidates(const build *b)
{
    const hl_split_tables *t = &b->tables;
    char count[32];

    if (t->n_same_patient_queries)
        hl_info(b->ctl,
                "%s retrieval queries have a candidate of their own patient (--distinct-patients "
                "avoids it)",
                hl_count_text(t->n_same_patient_queries, count));
    if (t->n_same_film_queries)
        hl_warn(b->ctl, "%s retrieval queries have a candidate that shows their own film",
                hl_count_text(t->n_same_film_queries, count));
}

/* --- outputs
 * ------------------------------------------------------------------------------------------ */

static hl_code write_output(build *b, const char *file, const hl_buf *bytes, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_digest digest;
    hl_code c = hl_buf_check(bytes, file, err);

    if (c == HL_OK)
        c = hl_path_join(b->o.out, file, path, err);
    if (c == HL_OK)
        c = hl_write_file(path, bytes->at, bytes->n, &digest, err);
    return c == HL_OK ? hl_manifest_output(b->manifest, file, &digest, err) : c;
}

static hl_code describe_table(build *b, const char *file, const hl_table *t, hl_error *err)
{
    hl_manifest_column *column = calloc(t->n_columns + 1, sizeof *column);
    hl_code c = column ? HL_OK : hl_fail_memory(err, "columns", t->n_columns * sizeof *column);

    for (size_t i = 0; c == HL_OK && i < t->n_columns; i++)
        column[i] = (hl_manifest_column){t->column[i].name, hl_col_type_name(t->column[i].type)};
    if (c == HL_OK)
        c = hl_manifest_table(b->manifest, file, (int64_t)t->n_rows, column, t->n_columns, err);
    free(column);
    return c;
}

static hl_code write_table(build *b, const char *file, const hl_table *t, hl_error *err)
{
    hl_buf csv = {0};
    hl_code c = hl_table_put_csv(t, b->o.compat ? HL_DATES_PANDAS : HL_DATES_FULL, &csv, err);

    if (c == HL_OK)
        c = write_output(b, file, &csv, err);
    if (c == HL_OK)
        c = describe_table(b, file, t, err);
    hl_buf_free(&csv);
    return c;
}

static hl_code write_splits(build *b, hl_error *err)
{
    const struct {
        const char *name, *file;
        const hl_table *table;
    } split[] = {{"train", "train.csv", b->tables.train},
                 {"val", "val.csv", b->tables.val},
                 {"val_retrieval", "val_retrieval.csv", b->tables.val_retrieval},
                 {"test", "test.csv", b->tables.test}};
    hl_code c = HL_OK;

    for (size_t k = 0; c == HL_OK && k < sizeof split / sizeof *split && b->tables.train; k++) {
        c = write_table(b, split[k].file, split[k].table, err);
        if (c == HL_OK)
            c = hl_manifest_split(b->manifest, split[k].name, (int64_t)split[k].table->n_rows,
                                  hl_table_column(split[k].table, "subject_id")->i64,
                                  split[k].table->n_rows, err);
    }
    if (c == HL_OK && b->tables.train)
        c = write_output(b, "labs_means.json", &b->tables.labs_means, err);
    return c;
}

static hl_code write_all(build *b, const hl_run_info *run, hl_digest *id, hl_error *err)
{
    int64_t n = (int64_t)b->s.stay->n_rows;
    hl_buf run_json = {0};
    hl_code c = hl_make_folder(b->o.out, err);

    hl_ctl_phase(b->ctl, "writing", 0);
    if (c == HL_OK)
        c = write_output(b, "symile_mimic_data.csv", &b->dataset_csv, err);
    if (c == HL_OK)
        c = describe_table(b, "symile_mimic_data.csv", b->dataset, err);
    if (c == HL_OK)
        c = write_splits(b, err);
    if (c == HL_OK)
        c = write_output(b, "errors.csv", &b->s.errors, err);
    if (c == HL_OK && b->o.ecg_report)
        c = write_output(b, "ecg_report.csv", &b->ecg_report, err);
    hl_manifest_counts(b->manifest, n, n - b->s.n_broken, b->s.n_broken);
    if (c == HL_OK)
        c = hl_run_put(run, "cohort build", b->o.call, b->ctl, &run_json, err);
    if (c == HL_OK)
        c = hl_job_clean(b->o.out, err); /* temporaries of a killed build */
    if (c == HL_OK)
        c = hl_manifest_write(b->manifest, b->o.out, run_json.at, id, err);
    hl_buf_free(&run_json);
    return c;
}

/* The selection was fine, the splits were not: what was found is kept, without a manifest, because
 * selecting again may take long. */
static void keep_dataset(build *b)
{
    if (hl_make_folder(b->o.out, NULL) == HL_OK &&
        write_output(b, "symile_mimic_data.csv", &b->dataset_csv, NULL) == HL_OK &&
        write_output(b, "errors.csv", &b->s.errors, NULL) == HL_OK)
        hl_info(b->ctl,
                "symile_mimic_data.csv was written to %s, without splits; the same command "
                "with other sizes may write there again",
                b->o.out);
}

/* Only files of a build that did not come to its end (its last act is the manifest): they may be
 * written over. */
static bool unfinished_only(const char *out)
{
    static const char *const own[] = {
        "symile_mimic_data.csv", "train.csv",  "val.csv",       "val_retrieval.csv", "test.csv",
        "labs_means.json",       "errors.csv", "inputs.csv.gz", "SHA256SUMS.txt",    "run.json"};
    hl_names names = {0};
    bool only = hl_is_folder(out) && hl_list_folder(out, &names, NULL) == HL_OK && names.n > 0;

    for (size_t i = 0; only && i < names.n; i++) {
        only = hl_str_starts(hl_str_of(names.name[i]), ".tmp-");
        for (size_t k = 0; !only && k < sizeof own / sizeof *own; k++)
            only = strcmp(names.name[i], own[k]) == 0;
    }
    hl_names_free(&names);
    return only;
}

static void build_free(build *b)
{
    hl_split_tables_free(&b->tables);
    hl_table_free(&b->read_back);
    hl_table_free(&b->dataset);
    hl_buf_free(&b->dataset_csv);
    hl_buf_free(&b->ecg_report);
    hl_selection_free(&b->s);
    hl_manifest_free(&b->manifest);
    hl_json_free(&b->recipe_json);
    hl_arena_free(&b->arena);
}

hl_code hl_cohort_build(const hl_cohort_options *options, hl_ctl *ctl, hl_report *report,
                        hl_error *err)
{
    build b = {.o = *options, .ctl = ctl, .arena = hl_arena_new(0)};
    hl_job_options out = {.out = options->out, .mode = HL_JOB_RUN, .n_shards = 1};
    hl_run_info run = hl_run_begin();
    hl_digest id;
    bool made = false;
    hl_code c = b.arena ? HL_OK : hl_fail_memory(err, "a cohort", 1 << 16);

    if (c == HL_OK)
        c = take_recipe(&b, err);
    if (c == HL_OK && !unfinished_only(options->out))
        c = hl_job_check_out(&out, err);
    /* A folder that cannot be made is better known before the tables are read than after. */
    if (c == HL_OK) {
        bool there = hl_file_exists(options->out);
        c = hl_make_folder(options->out, err);
        made = c == HL_OK && !there;
    }
    if (c == HL_OK)
        c = start_manifest(&b, err);
    if (c == HL_OK)
        c = select_admissions(&b, err);
    if (c == HL_OK && b.o.ecg_report)
        c = report_ecgs(&b, err);
    if (c == HL_OK)
        c = read_back(&b, err);
    if (c == HL_OK && (c = make_splits(&b, err)) != HL_OK)
        keep_dataset(&b);
    if (c == HL_OK) {
        if (!b.o.compat && b.recipe.system)
            warn_about_differences(&b);
        tell_about_candidates(&b);
        c = write_all(&b, &run, &id, err);
    }
    if (c == HL_OK && report) {
        const hl_cohort_summary summary = {.out = b.o.out,
                                           .id = &id,
                                           .s = &b.s,
                                           .dataset = b.dataset,
                                           .tables = &b.tables,
                                           .compat = b.o.compat};
        c = hl_cohort_report(&summary, report, err);
    }
    if (c == HL_OK && b.s.n_broken)
        c = HL_PARTIAL;
    if (c == HL_E_STOPPED)
        hl_fail(err, HL_E_STOPPED, "stopped as asked; nothing was written");
    if (c != HL_OK && made)
        rmdir(options->out); /* fails, as it should, where something was kept */
    build_free(&b);
    return c;
}
