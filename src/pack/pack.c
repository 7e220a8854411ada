#include "hilum/pack.h"

#include "base/ctl.h"
#include "base/job.h"
#include "base/log.h"
#include "data/run_info.h"
#include "pack/expand.h"

typedef struct {
    const hl_pack_options *o;
    hl_ctl *ctl;
    hl_cpu cpu;
    hl_json *recipe_json; /* a recipe, or the manifest that holds one */
    hl_recipe_at recipe_at;
    hl_pack_recipe r;
    char recipe_hex[HL_HEX_CHARS];
    hl_manifest *manifest;
    hl_pack_plan plan;
    struct {
        const char *name;
        int64_t rows;
    } split[HL_N_SPLITS]; /* as packed or expanded */
    size_t n_splits;
    char store_folder[HL_PATH_BYTES];
    hl_store_writer *store;
    int64_t n_constant, n_checksum_faults;
    const char *first_constant;
} packing;

/* --- recipe and manifest
 * ------------------------------------------------------------------------------ */

/* The recipe that made the cohort stands in its manifest; a published data set has none. */
static hl_code cohort_recipe(packing *p, bool *found, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(p->o->cohort, "manifest.json", path, err);

    *found = c == HL_OK && hl_file_exists(path);
    if (!*found)
        return c;
    hl_recipe_at top, recipe;
    c = hl_json_read(path, &p->recipe_json, err);
    if (c == HL_OK) {
        top = hl_recipe_top(p->recipe_json);
        c = hl_recipe_object(&top, "recipe", true, &recipe, err);
    }
    if (c == HL_OK)
        c = hl_recipe_object(&recipe, "content", true, &p->recipe_at, err);
    return c;
}

static hl_code digest_recipe(packing *p, hl_error *err)
{
    hl_buf canonical = {0};
    hl_digest digest;
    hl_code c = hl_json_canonical(p->recipe_at.v, &canonical, err);

    if (c == HL_OK) {
        hl_sha256_of(canonical.at, canonical.n, &digest);
        hl_digest_hex(&digest, p->recipe_hex);
    }
    hl_buf_free(&canonical);
    return c;
}

static hl_code take_recipe(packing *p, hl_error *err)
{
    hl_digest digest;
    bool found = false;
    hl_code c = p->o->recipe ? HL_OK : cohort_recipe(p, &found, err);

    if (c == HL_OK && !found) {
        c = hl_recipe_read(p->o->recipe ? p->o->recipe : "symile-mimic-1.0", &p->recipe_json,
                           &digest, err);
        if (c == HL_OK)
            p->recipe_at = hl_recipe_top(p->recipe_json);
    }
    if (c == HL_OK)
        c = hl_pack_recipe_read(&p->recipe_at, &p->r, err);
    if (c == HL_OK)
        c = digest_recipe(p, err);
    if (c == HL_OK && (p->o->crop_seed < 0 || p->o->crop_seed > UINT32_MAX))
        c = hl_fail(err, HL_E_USAGE, "--crop-seed goes from 0 to 4294967295");
    return c;
}

static hl_code start_manifest(packing *p, hl_error *err)
{
    const char *name = "recipe", *system = NULL;
    char seed[HL_F64_CHARS];
    hl_code c = hl_recipe_text(&p->recipe_at, "name", false, &name, err);

    if (c == HL_OK)
        c = hl_recipe_text(&p->recipe_at, "system", false, &system, err);
    if (c == HL_OK && p->o->compat && !system)
        c = hl_fail(err, HL_E_USAGE, "--compat: recipe %s is no published system", name);
    if (c == HL_OK)
        c = hl_manifest_new("pack", name, p->recipe_at.v, p->o->compat ? system : NULL,
                            &p->manifest, err);
    if (c == HL_OK)
        c = hl_manifest_option(p->manifest, "store",
                               p->o->store == HL_STORE_COMPACT ? "\"compact\"" : "\"npy\"", err);
    hl_print_i64(p->o->crop_seed, seed);
    if (c == HL_OK && !p->o->expand)
        c = hl_manifest_option(p->manifest, "crop-seed", p->o->crop_boxes ? "null" : seed, err);
    if (c == HL_OK)
        c = hl_manifest_option(p->manifest, "expand", p->o->expand ? "true" : "false", err);
    if (c == HL_OK)
        c = hl_manifest_input(p->manifest, "cohort", p->o->expand ? "hilum-pack" : "hilum-cohort",
                              p->o->cohort, err);
    if (c == HL_OK && !p->o->expand)
        c = hl_manifest_input(p->manifest, "ecg", "mimic-iv-ecg", p->o->ecg, err);
    if (c == HL_OK && !p->o->expand)
        c = hl_manifest_input(p->manifest, "cxr", "mimic-cxr-jpg", p->o->cxr, err);
    return c;
}

/* --- the job
 * -------------------------------------------------------------------------------------------- */

static int64_t item_subject(void *ctx, int64_t i)
{
    return ((packing *)ctx)->plan.item[i].subject_id;
}

static void item_name(void *ctx, int64_t i, char *out, size_t size)
{
    const hl_pack_item *item = &((packing *)ctx)->plan.item[i];
    snprintf(out, size, "%s + %s", item->cxr_path, item->ecg_path);
}

static hl_code work(void *ctx, int64_t i, int thread, hl_arena *scratch, hl_buf *record,
                    hl_error *err)
{
    packing *p = ctx;
    (void)thread;
    return hl_record_make(p->o, &p->r, &p->plan.item[i], p->cpu, p->ctl, scratch, record, err);
}

static hl_code note_inputs(packing *p, const hl_pack_item *item, const hl_record_head *head,
                           hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_manifest_read(p->manifest, "cxr", item->cxr_path, &head->film, err);

    snprintf(path, sizeof path, "%.4000s.hea", item->ecg_path);
    if (c == HL_OK)
        c = hl_manifest_read(p->manifest, "ecg", path, &head->hea, err);
    snprintf(path, sizeof path, "%.4000s.dat", item->ecg_path);
    if (c == HL_OK)
        c = hl_manifest_read(p->manifest, "ecg", path, &head->dat, err);
    return c;
}

/* Crops of train are drawn in row order: a film that could not be read when a record was made (by a
 * run that stopped at it, or a shard that saw another archive) moves the crops of the rows after
 * it. */
static bool crop_is_another(const hl_pack_item *item, const hl_record_head *head)
{
    return item->drawn && (head->top != item->top || head->left != item->left);
}

static hl_code record_again(packing *p, const hl_pack_item *item, hl_buf *record, hl_error *err)
{
    hl_arena *scratch = hl_arena_new(0);
    hl_code c = scratch ? hl_record_make(p->o, &p->r, item, p->cpu, p->ctl, scratch, record, err)
                        : hl_fail_memory(err, "a film", 1 << 16);

    hl_arena_free(&scratch);
    return c;
}

static hl_code sink(void *ctx, int64_t i, hl_code code, const void *record, size_t n, hl_error *err)
{
    packing *p = ctx;
    hl_record_view view;
    hl_buf again = {0};
    hl_code c = HL_OK;

    if (code != HL_OK) {
        hl_store_abort(&p->store);
        return HL_OK;
    }
    if (i == 0)
        c = hl_store_create(p->store_folder,
                            p->o->store == HL_STORE_COMPACT ? "data_compact" : NULL, &p->r,
                            &p->plan, p->o->compat, p->manifest, &p->store, err);
    if (c != HL_OK || !p->store)
        return c; /* an item before this one failed: nothing is written */
    c = hl_record_look(&p->r, record, n, &view, err);
    if (c == HL_OK && crop_is_another(&p->plan.item[i], &view.head)) {
        c = record_again(p, &p->plan.item[i], &again, err);
        if (c == HL_OK)
            c = hl_record_look(&p->r, again.at, again.n, &view, err);
    }
    if (c == HL_OK)
        c = hl_store_add(p->store, &view, err);
    if (c == HL_OK)
        c = note_inputs(p, &p->plan.item[i], &view.head, err);
    if (c == HL_OK && view.head.constant && p->n_constant++ == 0)
        p->first_constant = p->plan.item[i].ecg_path;
    p->n_checksum_faults += c == HL_OK && view.head.checksum_faults > 0;
    hl_buf_free(&again);
    return c;
}

static void warn(const packing *p)
{
    char count[32];

    if (p->n_constant)
        hl_warn(p->ctl, "%s ECGs have one value throughout (the first: %s): their tensor is %s",
                hl_count_text(p->n_constant, count), p->first_constant,
                p->o->compat ? "NaN, as published" : "zero, where --compat gives NaN");
    if (p->n_checksum_faults)
        hl_warn(p->ctl,
                "%s ECG records whose checksum or first sample is not what the header says; "
                "they were used",
                hl_count_text(p->n_checksum_faults, count));
}

static hl_code run_job(packing *p, hl_job_result *result, hl_error *err)
{
    char inputs[HL_HEX_CHARS];
    hl_buf options = {0};
    hl_job job = {.command = "pack",
                  .recipe = p->recipe_hex,
                  .call = p->o->call,
                  .n_items = (int64_t)p->plan.n_items,
                  .every_item = true,
                  .ctx = p,
                  .subject_id = item_subject,
                  .item_name = item_name,
                  .work = work,
                  .sink = sink};
    hl_job_options jo = {.out = p->o->out,
                         .version = p->o->version ? p->o->version : HL_VERSION,
                         .resume = p->o->resume,
                         .strict = p->o->strict};

    hl_job_set_part(&jo, p->o->shard, p->o->n_shards, p->o->merge);

    hl_buf_printf(&options, "{\"compat\":%s,\"crop-seed\":%lld,\"crop-boxes\":%s,\"store\":%d}",
                  p->o->compat ? "true" : "false", (long long)p->o->crop_seed,
                  p->o->crop_boxes ? "true" : "false", p->o->store);
    hl_code c = hl_buf_check(&options, "options", err);
    job.options = options.at;
    job.inputs = hl_digest_hex(&p->plan.inputs, inputs);
    hl_ctl_phase(p->ctl, "packing", (int64_t)p->plan.n_items);
    if (c == HL_OK)
        c = hl_job_run(&job, &jo, p->ctl, result, err);
    hl_buf_free(&options);
    return c;
}

/* --- the end
 * ---------------------------------------------------------------------------------------------- */

/* items: how many films and ECGs the store holds. */
static hl_code expand_into(packing *p, const char *store_folder, int64_t *items, hl_error *err)
{
    static const char *const known[HL_N_SPLITS] = {"train", "val", "val_retrieval", "test"};
    char folder[HL_PATH_BYTES];
    hl_store store = {0};
    hl_code c = hl_store_open(store_folder, &store, err);

    *items = store.n_items;
    for (size_t k = 0; c == HL_OK && p->o->expand && k < store.n_splits; k++) {
        for (size_t i = 0; i < HL_N_SPLITS; i++)
            if (strcmp(store.split[k].name, known[i]) == 0)
                p->split[p->n_splits].name = known[i];
        if (p->split[p->n_splits].name)
            p->split[p->n_splits++].rows = store.split[k].rows;
    }
    if (c == HL_OK)
        c = hl_path_join(p->o->out, "data_npy", folder, err);
    if (c == HL_OK)
        c = hl_expand(&store, folder, "data_npy", p->manifest, p->ctl, err);
    hl_store_close(&store);
    return c;
}

static void put_splits(const packing *p, hl_buf *text)
{
    char count[32];

    for (size_t k = 0; k < p->n_splits; k++)
        hl_buf_printf(text, "%-14s %10s rows\n", p->split[k].name,
                      hl_count_text(p->split[k].rows, count));
}

static hl_code put_report(const packing *p, const hl_job_result *job, const hl_digest *id,
                          hl_report *report, hl_error *err)
{
    hl_buf text = {0}, json = {0};
    hl_json_writer w = hl_json_write_to(&json, 0);
    char hex[HL_HEX_CHARS], count[32];

    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "out", p->o->out);
    hl_json_member_int(&w, "items", job->items);
    hl_json_member_int(&w, "done", job->done);
    hl_json_member_int(&w, "failed", job->failed);
    hl_json_member_int(&w, "resumed", job->resumed);
    hl_json_member_cstr(&w, "manifest", id ? hl_digest_hex(id, hex) : NULL);
    hl_json_close(&w, '}');
    if (id) {
        put_splits(p, &text);
        hl_buf_printf(&text, "films + ECGs   %10s pairs%s\n", hl_count_text(job->items, count),
                      p->o->expand ? "" : " read");
        hl_buf_printf(&text, "\nwritten to %s\nmanifest   %s\n", p->o->out, hex);
    } else {
        hl_buf_printf(&text, "shard %lld/%lld: %s items done", (long long)p->o->shard,
                      (long long)p->o->n_shards, hl_count_text(job->done, count));
        if (job->failed)
            hl_buf_printf(&text, ", %s failed; hilum merge will list them",
                          hl_count_text(job->failed, count));
        hl_buf_printf(&text, "\nThe last step is: hilum merge %s\n", p->o->out);
    }
    hl_code c = hl_buf_check(&text, "a report", err);
    if (c == HL_OK)
        c = hl_buf_check(&json, "a report", err);
    *report = (hl_report){.json = json.at, .text = text.at};
    return c;
}

static hl_code close_folder(packing *p, const hl_run_info *run, const hl_job_result *job,
                            hl_digest *id, hl_error *err)
{
    hl_buf run_json = {0};
    hl_code c = hl_run_put(run, "pack", p->o->call, p->ctl, &run_json, err);

    hl_manifest_counts(p->manifest, job->items, job->done, job->failed);
    if (c == HL_OK)
        c = hl_manifest_write(p->manifest, p->o->out, run_json.at, id, err);
    if (c == HL_OK && !p->o->expand) /* last: until then the run can be resumed */
        c = hl_job_clean(p->o->out, err);
    hl_buf_free(&run_json);
    return c;
}

static hl_code refuse_incomplete(const packing *p, const hl_job_result *job, hl_error *err)
{
    char failed[32], items[32];

    return hl_fail(err, HL_E_INPUT,
                   "%s of %s films and ECGs cannot be packed, so no tensor was written\n"
                   "%s/errors.csv lists them. Complete the archive and run the same command with "
                   "--resume.",
                   hl_count_text(job->failed, failed), hl_count_text(job->items, items), p->o->out);
}

static hl_code pack(packing *p, const hl_run_info *run, hl_report *report, hl_error *err)
{
    hl_job_result job = {0};
    hl_digest id;
    int64_t items;
    const char *sub = p->o->store == HL_STORE_COMPACT ? "data_compact" : ".hilum/store";
    hl_code c = hl_pack_plan_make(p->o, &p->r, p->manifest, p->ctl, &p->plan, err);

    for (size_t k = 0; c == HL_OK && k < HL_N_SPLITS; k++) {
        p->split[k].name = p->plan.split[k].name;
        p->split[k].rows = (int64_t)p->plan.split[k].table->n_rows;
        p->n_splits = k + 1;
    }
    if (c == HL_OK)
        c = hl_path_join(p->o->out, sub, p->store_folder, err);
    if (c == HL_OK && p->plan.n_items == 0)
        c = hl_fail_at(err, HL_E_INPUT, p->o->cohort, 0, -1, "the cohort has no rows");
    if (c == HL_OK)
        c = run_job(p, &job, err);
    if (c == HL_PARTIAL && (p->o->n_shards == 0 || p->o->merge))
        return refuse_incomplete(p, &job, err);
    if (p->o->n_shards > 0 && !p->o->merge) {
        hl_code reported =
            c == HL_OK || c == HL_PARTIAL ? put_report(p, &job, NULL, report, err) : c;
        return reported == HL_OK ? c : reported;
    }
    if (c == HL_OK)
        c = hl_store_finish(&p->store, err);
    if (c == HL_OK)
        warn(p);
    if (c == HL_OK && p->o->store == HL_STORE_NPY)
        c = expand_into(p, p->store_folder, &items, err);
    if (c == HL_OK)
        c = hl_manifest_output(p->manifest, "errors.csv", &job.errors_digest, err);
    if (c == HL_OK)
        c = close_folder(p, run, &job, &id, err);
    return c == HL_OK ? put_report(p, &job, &id, report, err) : c;
}

static hl_code expand(packing *p, const hl_run_info *run, hl_report *report, hl_error *err)
{
    hl_job_options jo = {.out = p->o->out, .mode = HL_JOB_RUN, .n_shards = 1};
    hl_job_result job = {0};
    char store[HL_PATH_BYTES];
    hl_digest id;
    hl_code c = hl_job_check_out(&jo, err);

    if (c == HL_OK)
        c = hl_path_join(p->o->cohort, "data_compact", store, err);
    if (c == HL_OK && !hl_is_folder(store))
        c = hl_fail_at(err, HL_E_INPUT, p->o->cohort, 0, -1,
                       "no data_compact folder\n--expand takes a folder that was packed with "
                       "--store compact.");
    if (c == HL_OK)
        c = expand_into(p, store, &job.items, err);
    job.done = job.items;
    if (c == HL_OK)
        c = close_folder(p, run, &job, &id, err);
    return c == HL_OK ? put_report(p, &job, &id, report, err) : c;
}

/* Else every single film or ECG would be reported as absent. */
static hl_code check_archives(const hl_pack_options *o, hl_error *err)
{
    const char *const folder[] = {o->ecg, o->cxr};

    for (size_t k = 0; k < 2; k++)
        if (!hl_is_folder(folder[k]))
            return hl_fail_at(err, HL_E_INPUT, folder[k], 0, -1, "no such folder");
    return HL_OK;
}

hl_code hl_pack_run(const hl_pack_options *options, hl_ctl *ctl, hl_report *report, hl_error *err)
{
    packing p = {.o = options, .ctl = ctl, .cpu = hl_cpu_level(ctl ? ctl->cpu : 0)};
    hl_report none;
    hl_run_info run = hl_run_begin();
    hl_code c = take_recipe(&p, err);

    if (c == HL_OK && !options->expand && !options->merge)
        c = check_archives(options, err);
    if (c == HL_OK)
        c = start_manifest(&p, err);
    if (c == HL_OK)
        c = options->expand ? expand(&p, &run, report ? report : &none, err)
                            : pack(&p, &run, report ? report : &none, err);
    hl_store_abort(&p.store);
    hl_pack_plan_free(&p.plan);
    hl_manifest_free(&p.manifest);
    hl_json_free(&p.recipe_json);
    return c;
}
