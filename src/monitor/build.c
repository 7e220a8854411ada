#include "hilum/wave.h"

#include <unistd.h>

#include "base/civil.h"
#include "base/ctl.h"
#include "base/log.h"
#include "monitor/build_internal.h"

#define SHOWN_STAYS 20

/* --- the job's functions ---------------------------------------------------------------------- */

static int64_t item_subject(void *ctx, int64_t i)
{
    return ((hl_wave_building *)ctx)->plan.item[i].subject_id;
}

/* Nothing of a stay names it in an output but its number among those refused. */
static void item_name(void *ctx, int64_t i, char *out, size_t size)
{
    const hl_wave_building *b = ctx;

    if (b->ordinal[i])
        snprintf(out, size, "stay %lld", (long long)b->ordinal[i]);
    else if (b->plan.item[i].record_id)
        snprintf(out, size, "record %lld", (long long)b->plan.item[i].record_id);
    else
        snprintf(out, size, "a stay");
}

static hl_code work(void *ctx, int64_t i, int thread, hl_arena *scratch, hl_buf *record,
                    hl_error *err)
{
    (void)thread;
    return hl_wave_work(&((hl_wave_building *)ctx)->job, i, scratch, record, err);
}

/* --- the sink --------------------------------------------------------------------------------- */

static bool files_there(const hl_wave_building *b, const hl_wave_item *item,
                        const hl_wave_record *r)
{
    char place[HL_WAVE_PLACE_BYTES], folder[HL_PATH_BYTES], path[HL_PATH_BYTES];
    bool there = true;

    hl_wave_place(&b->job, item, place);
    there = hl_path_join(b->o->out, place, folder, NULL) == HL_OK;
    for (size_t i = 0; there && i < r->n_files; i++) {
        hl_in *in = NULL;
        there = hl_path_join(folder, r->file[i].name, path, NULL) == HL_OK &&
                hl_in_open(path, &in, NULL) == HL_OK && hl_in_size(in) == r->file[i].digest.bytes;
        hl_in_close(&in);
    }
    return there;
}

/* Files that somebody took away between two runs are made again. */
static hl_code make_again(const hl_wave_building *b, int64_t i, hl_error *err)
{
    hl_arena *scratch = hl_arena_new(0);
    hl_buf record = {0};
    hl_code c = scratch ? hl_wave_work(&b->job, i, scratch, &record, err)
                        : hl_fail_memory(err, "a record", 1 << 16);

    hl_buf_free(&record);
    hl_arena_free(&scratch);
    return c;
}

/* A stay that is refused leaves no record behind, neither of a former attempt. */
static hl_code remove_record(const hl_wave_building *b, const hl_wave_item *item, hl_error *err)
{
    char place[HL_WAVE_PLACE_BYTES], path[HL_PATH_BYTES];

    if (item->refusal)
        return HL_OK; /* its record, if any, is another stay's */
    hl_wave_place(&b->job, item, place);
    hl_code c = hl_path_join(b->o->out, place, path, err);
    if (c == HL_OK)
        c = hl_remove_tree(path, err);
    for (int above = 0; c == HL_OK && above < 3 && !b->o->compat; above++) {
        *strrchr(path, '/') = 0;
        if (rmdir(path) != 0) /* others' records are there, or none ever were */
            break;
    }
    return c;
}

/* For the person at the terminal alone: who it was. */
static void tell_refused(const hl_wave_building *b, const hl_wave_item *item, int64_t n)
{
    char id[HL_UUID_CHARS], from[HL_TIME_CHARS], to[HL_TIME_CHARS];
    int64_t zone_s = (int64_t)item->stay.zone_min * 60;

    if (n > SHOWN_STAYS)
        return;
    hl_uuid_print(item->stay.patient, id);
    hl_print_time(item->stay.from_us / 1000000 + zone_s, from);
    hl_print_time(item->stay.to_us / 1000000 + zone_s, to);
    hl_warn(b->ctl, "stay %lld (patient %s, %s to %s) has no record: %s", (long long)n, id, from,
            to, item->refusal ? item->refusal : "errors.csv says why");
}

static hl_code sink(void *ctx, int64_t i, hl_code code, const void *record, size_t n, hl_error *err)
{
    hl_wave_building *b = ctx;
    const hl_wave_item *item = &b->plan.item[i];
    hl_wave_record r;

    hl_arena_reset(b->scratch);
    if (code != HL_OK) {
        b->ordinal[i] = ++b->n_refused;
        tell_refused(b, item, b->n_refused);
        return remove_record(b, item, err);
    }
    hl_code c = hl_wave_record_look(record, n, b->scratch, &r, err);
    if (c == HL_OK && !files_there(b, item, &r))
        c = make_again(b, i, err);
    b->is_written[i] = c == HL_OK;
    return c == HL_OK ? hl_database_add(b->db, item, &r, err) : c;
}

static hl_code job_options(const hl_wave_building *b, hl_buf *out, hl_error *err)
{
    hl_json_writer w = hl_json_write_to(out, 0);
    hl_buf text = {0};
    hl_json *json = NULL;
    hl_code c = hl_wave_put_options(b, &text, err);

    if (c == HL_OK)
        c = hl_json_parse(text.at, text.n, "options", &json, err);
    hl_json_open(&w, '{');
    for (size_t i = 0; c == HL_OK && i < hl_json_count(hl_json_root(json)); i++) {
        hl_json_put_key(&w, hl_json_key(hl_json_root(json), i));
        hl_json_put_value(&w, hl_json_at(hl_json_root(json), i));
    }
    hl_json_member_int(&w, "mtime", b->job.mtime);
    hl_json_member_cstr(&w, "until", b->o->until);
    hl_json_close(&w, '}');
    hl_json_free(&json);
    hl_buf_free(&text);
    return c == HL_OK ? hl_buf_check(out, "options", err) : c;
}

static hl_code run_job(hl_wave_building *b, hl_job_result *result, hl_error *err)
{
    char inputs[HL_HEX_CHARS];
    hl_buf options = {0};
    hl_job job = {.command = "wave build",
                  .call = b->o->call,
                  .n_items = (int64_t)b->plan.n,
                  .ctx = b,
                  .subject_id = item_subject,
                  .item_name = item_name,
                  .work = work,
                  .sink = sink};
    hl_job_options jo = {.out = b->job_out,
                         .version = b->o->version ? b->o->version : HL_VERSION,
                         .resume = b->o->resume,
                         .strict = b->o->strict};

    hl_job_set_part(&jo, b->o->shard, b->o->n_shards, b->o->merge);
    hl_code c = job_options(b, &options, err);
    job.options = options.at;
    job.inputs = hl_digest_hex(&b->plan.inputs, inputs);
    hl_ctl_phase(b->ctl, "building records", (int64_t)b->plan.n);
    if (c == HL_OK)
        c = hl_job_run(&job, &jo, b->ctl, result, err);
    hl_buf_free(&options);
    return c;
}

/* --- the call --------------------------------------------------------------------------------- */

static void free_all(hl_wave_building *b)
{
    hl_database_free(&b->db);
    hl_spool_close(&b->spool);
    hl_proof_free(&b->proof);
    hl_monitor_map_free(&b->map);
    hl_manifest_free(&b->manifest);
    hl_arena_free(&b->scratch);
    hl_arena_free(&b->arena);
    free(b);
}

static hl_code build(hl_wave_building *b, const hl_run_info *run, hl_report *report, hl_error *err)
{
    hl_job_result job = {0};
    hl_digest id;
    hl_code c = hl_wave_begin(b, err), done;

    if (c == HL_OK && b->is_complete) {
        c = hl_wave_report(b, &job, NULL, report, err);
        return c == HL_OK && b->was_partial ? HL_PARTIAL : c;
    }
    if (c == HL_OK)
        c = run_job(b, &job, err);
    done = c;
    if (c != HL_OK && c != HL_PARTIAL)
        return c;
    if (hl_wave_is_shard(b)) {
        c = hl_wave_report(b, &job, NULL, report, err);
    } else {
        c = hl_wave_end(b, run, &job, &id, err);
        if (c == HL_OK)
            c = hl_wave_report(b, &job, &id, report, err);
    }
    return c == HL_OK ? done : c;
}

hl_code hl_wave_build(const hl_wave_build_options *options, hl_ctl *ctl, hl_report *report,
                      hl_error *err)
{
    hl_wave_building *b = calloc(1, sizeof *b);
    hl_run_info run = hl_run_begin();

    if (!b)
        return hl_fail_memory(err, "wave build", sizeof *b);
    b->o = options;
    b->ctl = ctl;
    b->arena = hl_arena_new(0);
    b->scratch = hl_arena_new(0);
    hl_code c =
        b->arena && b->scratch ? build(b, &run, report, err) : hl_fail_memory(err, "wave build", 0);
    free_all(b);
    return c;
}
