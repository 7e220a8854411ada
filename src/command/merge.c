#include "command/command.h"

#include "base/job.h"
#include "command/run.h"

extern const hl_command hl_command_merge;

static const hl_option options[] = {
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "OUT",
     .required = true,
     .argument = true,
     .help = "the --out of the shards"},
    {.name = "missing",
     .type = HL_OPT_FLAG,
     .help = "merge nothing; print the numbers of the shards still to be run, as sbatch --array "
             "takes them (nothing when all are complete)"},
    HL_OPTION_JOBS,
    HL_OPTION_STRICT,
    HL_OPTION_TEST_VERSION,
    {0},
};

/* --- which shards are missing ----------------------------------------------------------------- */

/* Shards to be run (again); those that are there but damaged or of another start also in
 * "differing". */
static hl_code list_missing(const char *out, hl_ctl *ctl, int64_t *n_missing, hl_result *result,
                            hl_error *err)
{
    hl_json_writer w = hl_json_write_to(&result->json, 0);
    uint8_t *state = NULL;
    int64_t n = 0;
    hl_code c = hl_job_states(out, HL_JOB_PROVE, ctl, &state, &n, err);

    *n_missing = 0;
    if (c)
        return c;
    hl_json_open(&w, '{');
    hl_json_put_key(&w, "missing");
    hl_json_open(&w, '[');
    for (int64_t i = 0; i < n; i++) {
        if (state[i] == HL_SHARD_COMPLETE)
            continue;
        hl_json_put_int(&w, i);
        hl_buf_printf(&result->text, "%s%lld", *n_missing ? "," : "", (long long)i);
        ++*n_missing;
    }
    hl_json_close(&w, ']');
    hl_json_put_key(&w, "differing");
    hl_json_open(&w, '[');
    for (int64_t i = 0; i < n; i++)
        if (state[i] == HL_SHARD_DIFFERS)
            hl_json_put_int(&w, i);
    hl_json_close(&w, ']');
    hl_json_member_int(&w, "n", n);
    hl_json_close(&w, '}');
    if (*n_missing)
        hl_buf_char(&result->text, '\n');
    free(state);
    return HL_OK;
}

/* The list as text goes into the message: stdout stays empty when nothing was merged. */
static hl_code refuse(const char *out, hl_ctl *ctl, bool *refused, hl_result *result, hl_error *err)
{
    hl_result list = {0};
    int64_t n_missing = 0;
    hl_code c = list_missing(out, ctl, &n_missing, &list, err);

    *refused = !c && n_missing > 0;
    if (*refused) {
        int length = list.text.n > 301 ? 300 : (int)list.text.n - 1;
        hl_buf_append(&result->json, list.json.at, list.json.n);
        c = hl_fail(err, HL_E_INPUT,
                    "%s: %lld shard%s missing or different: %.*s%s\n"
                    "Run these again with the same options, then merge.",
                    out, (long long)n_missing, n_missing == 1 ? " is" : "s are", length,
                    list.text.at, list.text.n > 301 ? "..." : "");
    }
    hl_result_free(&list);
    return c;
}

static hl_code all_there(const char *out, hl_ctl *ctl, bool *there, hl_error *err)
{
    uint8_t *state = NULL;
    int64_t n = 0;
    hl_code c = hl_job_states(out, HL_JOB_QUICK, ctl, &state, &n, err);

    *there = !c;
    for (int64_t i = 0; !c && i < n; i++)
        *there = *there && state[i] == HL_SHARD_COMPLETE;
    free(state);
    return c;
}

/* --- the command that was sharded ------------------------------------------------------------- */

/* Its options without what belongs to one shard's call, and with those of this call. */
static hl_code stored_options(const hl_json_value *call, const hl_options *o, hl_buf *json,
                              hl_error *err)
{
    static const char *const own[] = {"out", "shard", "resume", "strict", "jobs", "merge"};
    hl_json_writer w = hl_json_write_to(json, 0);

    hl_json_open(&w, '{');
    for (size_t i = 0; i < hl_json_count(call); i++) {
        const char *key = hl_json_key(call, i);
        bool mine = false;
        for (size_t k = 0; k < sizeof own / sizeof *own; k++)
            mine = mine || strcmp(key, own[k]) == 0;
        if (mine)
            continue;
        hl_json_put_key(&w, key);
        hl_json_put_value(&w, hl_json_at(call, i));
    }
    hl_json_member_cstr(&w, "out", hl_options_text(o, "out"));
    if (hl_options_flag(o, "strict")) {
        hl_json_member_bool(&w, "strict", true);
    }
    if (hl_options_given(o, "test-version"))
        hl_json_member_cstr(&w, "test-version", hl_options_text(o, "test-version"));
    hl_json_member_bool(&w, "merge", true);
    hl_json_close(&w, '}');
    return hl_buf_check(json, "options", err);
}

static hl_code merge(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    const char *out = hl_options_text(o, "out");
    hl_buf text = {0}, json = {0};
    hl_json *shards = NULL;
    hl_options *again = NULL;
    const hl_command *command = NULL;
    char name[128];
    hl_code c = hl_job_read_shards(out, &text, err);

    if (!c)
        c = hl_json_parse(text.at, text.n, "shards.json", &shards, err);
    if (!c) {
        const hl_json_value *root = hl_json_root(shards);
        hl_str was = hl_json_text(hl_json_get(root, "command"));
        snprintf(name, sizeof name, "%.*s", (int)(was.n < 100 ? was.n : 100), was.at ? was.at : "");
        command = hl_command_find(name);
        if (!command)
            c = hl_fail_at(err, HL_E_INPUT, out, 0, -1,
                           "was started by a command that this hilum "
                           "does not have: %s",
                           name);
        else
            c = stored_options(hl_json_get(root, "call"), o, &json, err);
    }
    if (!c)
        c = hl_options_from_json(command, json.at, &again, err);
    if (!c)
        c = hl_command_run(command, again, ctl, result, err);
    hl_options_free(&again);
    hl_json_free(&shards);
    hl_buf_free(&json);
    hl_buf_free(&text);
    return c;
}

/* A folder that is finished and no longer has its shards: a merge started again, by an engine that
 * did not see the first one's end, has nothing to do. */
static bool is_merged(const char *out)
{
    char manifest[HL_PATH_BYTES], shards[HL_PATH_BYTES];

    return hl_path_join(out, "manifest.json", manifest, NULL) == HL_OK &&
           hl_path_join(out, ".hilum/shards.json", shards, NULL) == HL_OK &&
           hl_file_exists(manifest) && !hl_file_exists(shards);
}

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    const char *out = hl_options_text(o, "out");
    bool there = false, refused = false;
    hl_error local = {0};
    int64_t n_missing;
    hl_code c;

    if (is_merged(out)) {
        if (!hl_options_flag(o, "missing"))
            hl_buf_printf(&result->text, "%s is complete\n", out);
        hl_buf_text(&result->json, "{\"missing\":[],\"differing\":[],\"n\":0}");
        return HL_OK;
    }
    if (hl_options_flag(o, "missing"))
        return list_missing(out, ctl, &n_missing, result, err);
    c = all_there(out, ctl, &there, err);
    if (c)
        return c;
    if (there) {
        c = merge(o, ctl, result, &local);
        /* A damaged part shows only when it is read: then say which, in the same form. */
        if (c == HL_E_INPUT)
            (void)refuse(out, ctl, &refused, result, err);
        if (c && !refused && err)
            *err = local;
        return c;
    }
    c = refuse(out, ctl, &refused, result, err);
    if (!c) /* the last shard came in between the two looks */
        c = merge(o, ctl, result, err);
    return c;
}

const hl_command hl_command_merge = {
    .name = "merge",
    .summary = "put the shards of a job together",
    .about = "When every shard of a job that was run with --shard I/N is complete, hilum merge OUT "
             "writes the "
             "files that one run would have written, byte for byte, and the manifest. It reads in "
             "OUT how "
             "the job was started; relative paths of inputs mean the same folder as then.\n\n"
             "If shards are missing, damaged, or from another version, recipe or input, nothing is "
             "written; "
             "they are listed, and the exit code is 3. --missing prints only their numbers, for a "
             "cluster's "
             "array job.",
    .option = options,
    .example = {"hilum pack cohort --ecg hospital/mimic-iv-ecg --cxr hospital/mimic-cxr-jpg "
                "--out shards --shard 0/2; hilum merge --missing shards",
                "hilum pack cohort --ecg hospital/mimic-iv-ecg --cxr hospital/mimic-cxr-jpg "
                "--out shards --shard 1/2 && hilum merge shards"},
    .run = run,
};
