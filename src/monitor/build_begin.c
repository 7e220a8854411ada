#include "monitor/build_internal.h"

#include "base/civil.h"
#include "base/ctl.h"
#include "base/log.h"

#define SPOOL_MEMORY ((size_t)128 << 20)
#define TEXTS_NAME "texts" /* of the spool: what the proof looks for */
#define SECOND_US INT64_C(1000000)

/* --- options ---------------------------------------------------------------------------------- */

static hl_code check_options(const hl_wave_building *b, int64_t *until_us, hl_error *err)
{
    const hl_wave_build_options *o = b->o;
    int64_t until_s;

    if (o->compat && strcmp(o->compat, "downcast") != 0)
        return hl_fail(err, HL_E_USAGE, "--compat %s: only downcast is known", o->compat);
    if (!o->map && !o->compat)
        return hl_fail(err, HL_E_USAGE,
                       "--map CSV is missing: who the patients are, as\n"
                       "patient_id,start,end,subject_id,hadm_id,record_id,shift_days");
    if (!o->map && (o->n_shards || o->merge))
        return hl_fail(err, HL_E_USAGE,
                       "--shard needs --map: it says whose a shard's patients are");
    if (o->n_in < 1)
        return hl_fail(err, HL_E_USAGE, "EXPORT is missing");
    if (o->until && (o->n_shards || o->merge))
        return hl_fail(err, HL_E_USAGE,
                       "--until and --shard exclude each other: a database that grows by days is "
                       "built in one piece");
    if (o->until && o->compat)
        return hl_fail(err, HL_E_USAGE, "--until and --compat exclude each other");
    if (o->tick_hz < 0 || (o->tick_hz > 0 && (o->tick_hz < 1 || o->tick_hz > 1e6)))
        return hl_fail(err, HL_E_USAGE, "--tick-hz goes from 1 to 1,000,000");
    *until_us = INT64_MAX;
    if (o->until && !hl_parse_time(hl_str_of(o->until), HL_TIME_STRICT, &until_s))
        return hl_fail(err, HL_E_USAGE,
                       "--until %s is no time: write 2149-03-08 or \"2149-03-08 06:00:00\"",
                       o->until);
    if (o->until)
        *until_us = until_s * SECOND_US;
    return HL_OK;
}

hl_code hl_wave_put_options(const hl_wave_building *b, hl_buf *out, hl_error *err)
{
    const hl_wave_build_options *o = b->o;
    hl_json_writer w = hl_json_write_to(out, 0);
    char tick[HL_F64_CHARS];

    hl_print_f64(o->tick_hz > 0 ? o->tick_hz : 999.56, tick);
    hl_json_open(&w, '{');
    hl_json_member_bool(&w, "annotations", o->annotations);
    hl_json_member_cstr(&w, "compat", o->compat);
    hl_json_member_bool(&w, "fast", o->fast);
    hl_json_member_bool(&w, "no-version-line", o->no_version_line);
    hl_json_member_bool(&w, "repair-dst", o->repair_dst);
    hl_json_member_cstr(&w, "tick-hz", tick);
    hl_json_close(&w, '}');
    return hl_buf_check(out, "options", err);
}

/* --- what is there ---------------------------------------------------------------------------- */

static hl_code look_at_manifest(hl_wave_building *b, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_digest digest;
    hl_code c = hl_path_join(b->o->out, "manifest.json", path, err);

    if (c != HL_OK || !hl_file_exists(path))
        return c;
    c = hl_read_file(path, (size_t)64 << 20, &text, &digest, err);
    if (c == HL_OK)
        hl_digest_hex(&digest, b->manifest_hex);
    hl_buf_free(&text);
    return c;
}

/* Records of one database are built alike: what its manifest says of the options must hold. */
static hl_code check_former_options(const hl_wave_building *b, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_json *was = NULL, *is = NULL;
    hl_code c = hl_path_join(b->o->out, "manifest.json", path, err);

    if (c == HL_OK)
        c = hl_json_read(path, &was, err);
    if (c == HL_OK)
        c = hl_wave_put_options(b, &text, err);
    if (c == HL_OK)
        c = hl_json_parse(text.at, text.n, "options", &is, err);
    const hl_json_value *job = c == HL_OK ? hl_json_get(hl_json_root(was), "job") : NULL;
    const hl_json_value *options = hl_json_get(job, "options");
    if (c == HL_OK && !hl_str_is(hl_json_text(hl_json_get(job, "command")), "wave build"))
        c = hl_fail(err, HL_E_USAGE, "%s holds something else than a database of records",
                    b->o->out);
    for (size_t i = 0; c == HL_OK && i < hl_json_count(hl_json_root(is)); i++) {
        const char *key = hl_json_key(hl_json_root(is), i);
        hl_buf x = {0}, y = {0};
        hl_json_writer wx = hl_json_write_to(&x, 0), wy = hl_json_write_to(&y, 0);
        hl_json_put_value(&wx, hl_json_get(options, key));
        hl_json_put_value(&wy, hl_json_at(hl_json_root(is), i));
        if (x.n != y.n || memcmp(x.at, y.at, x.n) != 0)
            c = hl_fail(err, HL_E_USAGE,
                        "%s was built with another --%s: %s, now %s\nRecords of one database are "
                        "built alike: use the same.",
                        b->o->out, key, x.n ? x.at : "", y.n ? y.at : "");
        hl_buf_free(&x);
        hl_buf_free(&y);
    }
    hl_json_free(&was);
    hl_json_free(&is);
    hl_buf_free(&text);
    return c;
}

static hl_code choose_job_folder(hl_wave_building *b, hl_error *err)
{
    hl_code c = HL_OK;

    if (b->is_append)
        c = hl_path_join(b->o->out, ".append/job", b->job_out, err);
    else
        snprintf(b->job_out, sizeof b->job_out, "%s", b->o->out);
    if (c == HL_OK)
        c = hl_path_join(b->job_out, ".hilum", b->job_folder, err);
    return c == HL_OK && b->is_append ? hl_path_join(b->o->out, ".append/former", b->former, err)
                                      : c;
}

/* What a run left that ended between its manifest and its last removal. */
static hl_code remove_leftovers(const hl_wave_building *b, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(b->o->out, ".append", path, err);

    if (c == HL_OK)
        c = hl_remove_tree(path, err);
    return c == HL_OK ? hl_job_clean(b->o->out, err) : c;
}

static bool has_spool(const hl_wave_building *b)
{
    char path[HL_PATH_BYTES];

    return hl_path_join(b->spool_folder, "index", path, NULL) == HL_OK && hl_file_exists(path);
}

static hl_code open_spool(hl_wave_building *b, hl_error *err)
{
    hl_code c = hl_spool_open(b->spool_folder, SPOOL_MEMORY, &b->spool, err);

    return c == HL_OK ? hl_spool_state_read(b->spool, b->arena, &b->state, err) : c;
}

static hl_gather_options gather_options(const hl_wave_building *b, int64_t since_us,
                                        int64_t until_us)
{
    return (hl_gather_options){.folder = b->folder,
                               .n_folders = b->n_folders,
                               .map = b->map,
                               .shard = b->o->shard,
                               .n_shards = hl_wave_is_shard(b) ? b->o->n_shards : 0,
                               .times_only = b->o->merge,
                               .repair_dst = b->o->repair_dst,
                               .since_us = since_us,
                               .until_us = until_us,
                               .ctl = b->ctl};
}

static hl_code same_identity(const hl_wave_building *b, int64_t since_us, int64_t until_us,
                             char hex[HL_HEX_CHARS], bool *same, hl_error *err)
{
    hl_gather_options o = gather_options(b, since_us, until_us);
    hl_digest digest;
    hl_code c = hl_gather_identity(&o, b->o->version ? b->o->version : HL_VERSION, &b->map_digest,
                                   &digest, err);

    if (c == HL_OK)
        hl_digest_hex(&digest, hex);
    *same = c == HL_OK && strcmp(hex, b->state.identity) == 0;
    return c;
}

/* --- the first phase -------------------------------------------------------------------------- */

static hl_code texts_path(const hl_wave_building *b, char path[HL_PATH_BYTES], hl_error *err)
{
    return hl_path_join(b->spool_folder, TEXTS_NAME, path, err);
}

static hl_code gather(hl_wave_building *b, int64_t since_us, int64_t until_us,
                      const char identity[HL_HEX_CHARS], hl_error *err)
{
    hl_gather_options o = gather_options(b, since_us, until_us);
    char path[HL_PATH_BYTES];
    hl_code c = texts_path(b, path, err);

    if (c == HL_OK && b->is_append)
        c = hl_proof_load(b->proof, path, err);
    if (c == HL_OK)
        c = hl_gather(&o, b->spool, b->proof, b->arena, &b->state.gathered, err);
    if (c == HL_OK)
        c = hl_proof_save(b->proof, path, err);
    b->state.stage = HL_SPOOL_TAKEN;
    b->state.since_us = since_us;
    b->state.until_us = until_us;
    b->state.shard = o.shard;
    b->state.n_shards = o.n_shards;
    snprintf(b->state.identity, sizeof b->state.identity, "%s", identity);
    snprintf(b->state.manifest, sizeof b->state.manifest, "%s", b->manifest_hex);
    if (c == HL_OK)
        c = hl_spool_state_set(b->spool, &b->state, err);
    return c == HL_OK ? hl_spool_settle(b->spool, err) : c;
}

/* --- a new database --------------------------------------------------------------------------- */

static hl_code begin_new(hl_wave_building *b, int64_t until_us, hl_error *err)
{
    char identity[HL_HEX_CHARS], path[HL_PATH_BYTES];
    hl_job_options jo = {.out = b->o->out, .resume = b->o->resume};
    bool same = false;

    hl_job_set_part(&jo, b->o->shard, b->o->n_shards, false);
    hl_code c = choose_job_folder(b, err);
    if (c == HL_OK)
        c = hl_job_check_out(&jo, err);
    if (c == HL_OK)
        c = open_spool(b, err);
    if (c == HL_OK && (b->state.stage == HL_SPOOL_KEPT || (b->state.stage && b->state.manifest[0])))
        return hl_fail(err, HL_E_USAGE,
                       "%s holds messages of another database, which waits for its next days\n"
                       "Give another --spool.",
                       b->spool_folder);
    if (c == HL_OK)
        c = same_identity(b, INT64_MIN, until_us, identity, &same, err);
    if (c == HL_OK && b->state.stage == HL_SPOOL_TAKEN && same) {
        c = texts_path(b, path, err);
        return c == HL_OK ? hl_proof_load(b->proof, path, err) : c;
    }
    if (c == HL_OK && b->state.stage == HL_SPOOL_TAKEN) { /* of other inputs: begun anew */
        hl_spool_close(&b->spool);
        c = hl_spool_remove(b->spool_folder, err);
        if (c == HL_OK)
            c = open_spool(b, err);
    }
    return c == HL_OK ? gather(b, INT64_MIN, until_us, identity, err) : c;
}

/* --- a database that grows -------------------------------------------------------------------- */

static hl_code refuse_other_spool(const hl_wave_building *b, hl_error *err)
{
    return hl_fail(err, HL_E_USAGE,
                   "%s is not what the last run of %s left\nGive the --spool of that run; without "
                   "it the database cannot go on.",
                   b->spool_folder, b->o->out);
}

static hl_code append(hl_wave_building *b, int64_t until_us, hl_error *err)
{
    char identity[HL_HEX_CHARS];
    int64_t since_us = b->state.until_us;
    bool same;
    hl_code c = HL_OK;

    if (strcmp(b->state.manifest, b->manifest_hex) != 0)
        return refuse_other_spool(b, err);
    if (until_us < since_us) {
        char was[HL_TIME_CHARS];
        hl_print_time(since_us / SECOND_US, was);
        return hl_fail(err, HL_E_USAGE, "--until %s goes back: the last run had --until %s",
                       b->o->until, was);
    }
    b->is_append = true;
    c = check_former_options(b, err);
    if (c == HL_OK)
        c = remove_leftovers(b, err);
    if (c == HL_OK)
        c = choose_job_folder(b, err);
    if (c == HL_OK)
        c = same_identity(b, since_us, until_us, identity, &same, err);
    if (c == HL_OK)
        c = gather(b, since_us, until_us, identity, err);
    return c == HL_OK ? hl_database_keep_lists(b->o->out, b->former, err) : c;
}

/* The last run was stopped behind its first phase, perhaps as late as behind its manifest. */
static hl_code go_on(hl_wave_building *b, int64_t until_us, hl_error *err)
{
    char identity[HL_HEX_CHARS], path[HL_PATH_BYTES];
    bool same = false;
    hl_code c = HL_OK;

    b->is_append = b->state.manifest[0] != 0;
    c = choose_job_folder(b, err);
    if (c == HL_OK)
        c = same_identity(b, b->state.since_us, until_us, identity, &same, err);
    if (c == HL_OK && !(same && b->o->resume))
        return hl_fail(err, HL_E_USAGE, "%s holds an unfinished run; %s", b->o->out,
                       same ? "add --resume to go on"
                            : "finish it first: the same export, map and --until, and --resume");
    if (c == HL_OK && b->is_append && !hl_is_folder(b->former) &&
        strcmp(b->state.manifest, b->manifest_hex) != 0)
        c = refuse_other_spool(b, err);
    if (c == HL_OK && b->is_append)
        c = hl_database_keep_lists(b->o->out, b->former, err);
    if (c == HL_OK)
        c = texts_path(b, path, err);
    return c == HL_OK ? hl_proof_load(b->proof, path, err) : c;
}

static hl_code look_at_failed(hl_wave_building *b, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_json *json = NULL;
    hl_code c = hl_path_join(b->o->out, "manifest.json", path, err);

    if (c == HL_OK)
        c = hl_json_read(path, &json, err);
    if (c == HL_OK)
        b->was_partial =
            hl_json_int(hl_json_get(hl_json_get(hl_json_root(json), "counts"), "failed")) > 0;
    hl_json_free(&json);
    return c;
}

/* OUT has a manifest. */
static hl_code begin_again(hl_wave_building *b, int64_t until_us, hl_error *err)
{
    if (hl_wave_is_shard(b))
        return hl_fail(err, HL_E_USAGE, "%s holds a finished run; --shard is for a new database",
                       b->o->out);
    if (b->o->compat)
        return hl_fail(err, HL_E_USAGE, "%s holds a finished run; give another OUT", b->o->out);
    if (!has_spool(b)) {
        hl_code c = remove_leftovers(b, err);
        if (c == HL_OK && b->o->resume)
            c = hl_spool_remove(b->spool_folder, err);
        if (c == HL_OK && b->o->resume)
            c = look_at_failed(b, err);
        b->is_complete = c == HL_OK && b->o->resume;
        if (c != HL_OK || b->is_complete)
            return c;
        return hl_fail(err, HL_E_USAGE,
                       "%s is finished: its last run had no --until, or %s is gone\nGive another "
                       "OUT, or the --spool of the last run.",
                       b->o->out, b->spool_folder);
    }
    hl_code c = open_spool(b, err);
    if (c != HL_OK)
        return c;
    return b->state.stage == HL_SPOOL_KEPT ? append(b, until_us, err) : go_on(b, until_us, err);
}

/* --- a merge ---------------------------------------------------------------------------------- */

/* Any shard's spool knows the times of all stays. Without one the export is read once more. */
static hl_code begin_merge(hl_wave_building *b, hl_error *err)
{
    char above[HL_PATH_BYTES], path[HL_PATH_BYTES], none[HL_HEX_CHARS] = "";
    hl_names names = {0};
    hl_code c = choose_job_folder(b, err);

    snprintf(above, sizeof above, "%s", b->spool_folder);
    if (c == HL_OK && hl_is_folder(above))
        c = hl_list_folder(above, &names, err);
    for (size_t i = 0; c == HL_OK && !b->spool && i < names.n; i++) {
        if (!hl_str_starts(hl_str_of(names.name[i]), "shard-"))
            continue;
        c = hl_path_join(above, names.name[i], b->spool_folder, err);
        if (c == HL_OK && has_spool(b))
            c = open_spool(b, err);
        if (b->spool && b->state.stage != HL_SPOOL_TAKEN)
            hl_spool_close(&b->spool);
    }
    hl_names_free(&names);
    if (c == HL_OK && b->spool) {
        c = texts_path(b, path, err);
        return c == HL_OK ? hl_proof_load(b->proof, path, err) : c;
    }
    if (c == HL_OK)
        c = hl_wave_find_exports(b, err);
    if (c == HL_OK)
        c = hl_path_join(above, "merge", b->spool_folder, err);
    if (c == HL_OK)
        c = hl_spool_remove(b->spool_folder, err);
    if (c == HL_OK)
        c = open_spool(b, err);
    return c == HL_OK ? gather(b, INT64_MIN, INT64_MAX, none, err) : c;
}

/* --- all of it -------------------------------------------------------------------------------- */

static hl_code make_plan(hl_wave_building *b, int64_t until_us, hl_error *err)
{
    hl_wave_plan_options o = {.map = b->map,
                              .admissions = b->o->admissions,
                              .taken = hl_database_taken(b->db),
                              .until_us = until_us,
                              .gathered = &b->state.gathered,
                              .ctl = b->ctl};
    hl_code c = hl_wave_plan_make(&o, b->spool, b->arena, &b->plan, err);

    b->ordinal = hl_arena_calloc(b->arena, b->plan.n + 1, sizeof *b->ordinal);
    b->is_written = hl_arena_calloc(b->arena, b->plan.n + 1, sizeof *b->is_written);
    return c == HL_OK && (!b->ordinal || !b->is_written)
               ? hl_fail_memory(err, "the plan", b->plan.n * sizeof *b->ordinal)
               : c;
}

hl_code hl_wave_begin(hl_wave_building *b, hl_error *err)
{
    int64_t until_us;
    hl_code c = check_options(b, &until_us, err);

    if (c == HL_OK)
        c = hl_wave_find_folders(b, err);
    if (c == HL_OK)
        c = look_at_manifest(b, err);
    if (c == HL_OK && b->o->map)
        c = hl_monitor_map_read(b->o->map, &b->map, &b->map_digest, err);
    b->proof = hl_proof_new();
    if (c == HL_OK && !b->proof)
        c = hl_fail_memory(err, "the proof", 64);
    if (c == HL_OK)
        c = b->o->merge          ? begin_merge(b, err)
            : b->manifest_hex[0] ? begin_again(b, until_us, err)
                                 : begin_new(b, until_us, err);
    if (c != HL_OK || b->is_complete)
        return c;
    c = hl_proof_ready(b->proof, err);
    b->job = (hl_wave_job){.o = b->o,
                           .spool = b->o->merge ? NULL : b->spool,
                           .plan = &b->plan,
                           .proof = b->o->compat ? NULL : b->proof,
                           .folder = b->job_folder,
                           .mtime = b->o->mtime ? b->o->mtime : HL_WAVE_MTIME,
                           .ctl = b->ctl};
    if (c == HL_OK)
        c = hl_database_new(&b->job, b->is_append ? b->former : NULL, &b->db, err);
    return c == HL_OK ? make_plan(b, until_us, err) : c;
}
