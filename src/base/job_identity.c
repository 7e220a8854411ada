#include "base/job_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SMALL_FILE_BYTES ((size_t)4 << 20) /* of shards.json: options */

/* --- identity --------------------------------------------------------------------------------- */

static void write_options(hl_json_writer *w, const char *options)
{
    hl_json *json = NULL;

    /* Parsed before (hl_job_identity_of), so that only memory can fail here. */
    if (hl_json_parse(options, strlen(options), "options", &json, NULL))
        w->to->oom = true;
    hl_json_put_value(w, json ? hl_json_root(json) : NULL);
    hl_json_free(&json);
}

void hl_job_identity_write(hl_json_writer *w, const hl_job_identity *id)
{
    hl_json_member_int(w, "n", id->n_shards);
    hl_json_member_cstr(w, "version", id->version);
    hl_json_member_cstr(w, "command", id->command);
    hl_json_member_cstr(w, "recipe", id->recipe);
    hl_json_put_key(w, "options");
    write_options(w, id->options);
    hl_json_member_cstr(w, "inputs", id->inputs);
    hl_json_member_int(w, "items", id->n_items);
}

static hl_code digest_identity(hl_job_identity *id, hl_error *err)
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);
    hl_digest digest;
    hl_code c;

    hl_json_open(&w, '{');
    hl_job_identity_write(&w, id);
    hl_json_close(&w, '}');
    c = hl_buf_check(&text, "identity of the job", err);
    if (!c) {
        hl_sha256_of(text.at, text.n, &digest);
        hl_digest_hex(&digest, id->digest);
    }
    hl_buf_free(&text);
    return c;
}

/* Options in one spelling: compact, keys as they come. */
static hl_code take_options(hl_arena *arena, const hl_json_value *v, const char **out,
                            hl_error *err)
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);

    hl_json_put_value(&w, v);
    *out = text.oom ? NULL : hl_arena_copy(arena, text.at, text.n);
    hl_buf_free(&text);
    return *out ? HL_OK : hl_fail_memory(err, "options", text.n);
}

hl_code hl_job_identity_of(const hl_job *job, const hl_job_options *options, hl_arena *arena,
                           hl_job_identity *out, hl_error *err)
{
    const char *text = job->options ? job->options : "{}";
    hl_json *json = NULL;
    hl_code c = hl_json_parse(text, strlen(text), "options of the job", &json, err);

    if (!c && hl_json_type_of(hl_json_root(json)) != HL_JSON_OBJECT)
        c = hl_fail(err, HL_E_BUG, "options of the job are no JSON object: %s", text);
    *out = (hl_job_identity){.n_shards = options->mode == HL_JOB_SHARD ? options->n_shards : 1,
                             .n_items = job->n_items,
                             .version = options->version ? options->version : HL_VERSION,
                             .command = job->command,
                             .recipe = job->recipe ? job->recipe : "",
                             .inputs = job->inputs ? job->inputs : ""};
    if (!c)
        c = take_options(arena, hl_json_root(json), &out->options, err);
    hl_json_free(&json);
    return c ? c : digest_identity(out, err);
}

static const char *take_text(hl_arena *arena, const hl_json_value *v, const char *key)
{
    hl_str text = hl_json_text(hl_json_get(v, key));

    return text.at ? hl_arena_copy(arena, text.at, text.n) : NULL;
}

hl_code hl_job_identity_parse(const char *path, const hl_json_value *v, hl_arena *arena,
                              hl_job_identity *out, hl_error *err)
{
    const hl_json_value *options = hl_json_get(v, "options");
    hl_code c;

    *out = (hl_job_identity){.n_shards = hl_json_int(hl_json_get(v, "n")),
                             .n_items = hl_json_int(hl_json_get(v, "items")),
                             .version = take_text(arena, v, "version"),
                             .command = take_text(arena, v, "command"),
                             .recipe = take_text(arena, v, "recipe"),
                             .inputs = take_text(arena, v, "inputs")};
    if (!out->version || !out->command || !out->recipe || !out->inputs || out->n_shards < 1 ||
        out->n_shards > HL_JOB_MAX_SHARDS || out->n_items < 0 ||
        hl_json_type_of(options) != HL_JSON_OBJECT)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                          "not written by hilum, or damaged\nGive another --out.");
    c = take_options(arena, options, &out->options, err);
    return c ? c : digest_identity(out, err);
}

hl_code hl_job_identity_read(const char *folder, hl_arena *arena, hl_job_identity *out,
                             hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_json *json = NULL;
    hl_code c = hl_path_join(folder, HL_JOB_SHARDS_FILE, path, err);

    if (!c)
        c = hl_json_read(path, &json, err);
    if (!c)
        c = hl_job_identity_parse(path, hl_json_root(json), arena, out, err);
    hl_json_free(&json);
    return c;
}

/* --- comparing -------------------------------------------------------------------------------- */

static void print_option(hl_buf *to, const char *key, const hl_json_value *v)
{
    hl_json_writer w = hl_json_write_to(to, 0);

    hl_buf_text(to, v ? "with --" : "without --");
    hl_buf_text(to, key);
    if (v && hl_json_type_of(v) != HL_JSON_BOOL) {
        hl_buf_char(to, ' ');
        hl_json_put_value(&w, v);
    }
}

/* Whether two values are written alike. */
static bool same_value(const hl_json_value *a, const hl_json_value *b)
{
    hl_buf x = {0}, y = {0};
    hl_json_writer wx = hl_json_write_to(&x, 0), wy = hl_json_write_to(&y, 0);
    bool same;

    hl_json_put_value(&wx, a);
    hl_json_put_value(&wy, b);
    same = !a == !b && x.n == y.n && memcmp(x.at, y.at, x.n) == 0;
    hl_buf_free(&x);
    hl_buf_free(&y);
    return same;
}

/* The message names the first option that differs. */
static hl_code refuse_options(const char *out, const hl_job_identity *was,
                              const hl_job_identity *is, hl_error *err)
{
    hl_json *a = NULL, *b = NULL;
    hl_buf x = {0}, y = {0};
    const char *key = NULL;
    hl_code c = hl_json_parse(was->options, strlen(was->options), "options", &a, err);

    if (!c)
        c = hl_json_parse(is->options, strlen(is->options), "options", &b, err);
    if (c)
        goto done;
    for (int side = 0; side < 2 && !key; side++) {
        const hl_json_value *v = hl_json_root(side ? b : a), *other = hl_json_root(side ? a : b);
        for (size_t i = 0; i < hl_json_count(v) && !key; i++)
            if (!same_value(hl_json_at(v, i), hl_json_get(other, hl_json_key(v, i))))
                key = hl_json_key(v, i);
    }
    if (key) {
        print_option(&x, key, hl_json_get(hl_json_root(a), key));
        print_option(&y, key, hl_json_get(hl_json_root(b), key));
    }
    c = hl_fail(err, HL_E_USAGE, "%s was started %s; this is %s. Use the same, or another --out.",
                out, x.n ? x.at : "with the options in another order", y.n ? y.at : "not");
done:
    hl_buf_free(&x);
    hl_buf_free(&y);
    hl_json_free(&a);
    hl_json_free(&b);
    return c;
}

/* HL_OK when the job that OUT was started for is this one. */
static hl_code compare(const hl_job_place *place, const hl_job_identity *was, hl_error *err)
{
    const hl_job_identity *is = &place->identity;
    const char *out = place->options->out;
    char this[64];

    if (strcmp(was->digest, is->digest) == 0)
        return HL_OK;
    if (strcmp(was->command, is->command) != 0)
        return hl_fail(err, HL_E_USAGE,
                       "%s was started by hilum %s; this is hilum %s. Use another --out.", out,
                       was->command, is->command);
    if (was->n_shards != is->n_shards || strcmp(was->version, is->version) != 0) {
        if (place->options->mode == HL_JOB_SHARD)
            snprintf(this, sizeof this, "%lld/%lld", (long long)place->shard,
                     (long long)is->n_shards);
        else
            snprintf(this, sizeof this, "%s",
                     place->options->mode == HL_JOB_MERGE ? "a merge" : "one run");
        return hl_fail(
            err, HL_E_USAGE,
            "%s was started as %lld shard%s by hilum %s; this is %s by %s. Use the same, or "
            "another --out.",
            out, (long long)was->n_shards, was->n_shards == 1 ? "" : "s", was->version, this,
            is->version);
    }
    if (strcmp(was->recipe, is->recipe) != 0)
        return hl_fail(
            err, HL_E_USAGE,
            "%s was started with recipe %.12s; this is with recipe %.12s. Use the same, or "
            "another --out.",
            out, was->recipe, is->recipe);
    if (strcmp(was->options, is->options) != 0)
        return refuse_options(out, was, is, err);
    return hl_fail(err, HL_E_USAGE,
                   "%s was started with other inputs (%lld items, %.12s); this is with %lld items, "
                   "%.12s. Use the same, or another --out.",
                   out, (long long)was->n_items, was->inputs, (long long)is->n_items, is->inputs);
}

/* --- shards.json ------------------------------------------------------------------------------ */

static hl_code write_shards(const hl_job_place *place, hl_buf *text, hl_error *err)
{
    hl_json_writer w = hl_json_write_to(text, 2);
    const char *call = place->job->call ? place->job->call : place->identity.options;
    hl_json *json = NULL;
    hl_code c = hl_json_parse(call, strlen(call), "options of the call", &json, err);

    hl_json_open(&w, '{');
    hl_job_identity_write(&w, &place->identity);
    hl_json_put_key(&w, "call");
    hl_json_put_value(&w, c ? NULL : hl_json_root(json));
    hl_json_close(&w, '}');
    hl_buf_char(text, '\n');
    hl_json_free(&json);
    return c ? c : hl_buf_check(text, HL_JOB_SHARDS_FILE, err);
}

/* All of the text stands in a temporary before the name appears: nobody reads half of it, and the
 * first of several that arrive together wins. */
static hl_code create_shards(const hl_job_place *place, const char *path, bool *there,
                             hl_error *err)
{
    char name[HL_JOB_NAME_BYTES], temporary[HL_PATH_BYTES];
    hl_buf text = {0};
    int fd = -1;
    hl_code c = write_shards(place, &text, err);

    snprintf(name, sizeof name, ".tmp-" HL_JOB_SHARDS_FILE "-%016llx",
             (unsigned long long)hl_nonce());
    if (!c)
        c = hl_path_join(place->folder, name, temporary, err);
    if (!c)
        c = hl_job_create(temporary, &fd, err);
    if (!c)
        c = hl_job_write_all(fd, temporary, text.at, text.n, err);
    if (!c)
        c = hl_job_sync(fd, temporary, err);
    if (fd >= 0 && close(fd) && !c)
        c = hl_fail_errno(err, temporary, "close", errno);
    if (!c)
        c = hl_job_link_new(temporary, path, there, err);
    else if (fd >= 0)
        unlink(temporary);
    if (!c)
        c = hl_job_sync_folder(place->folder, err);
    hl_buf_free(&text);
    return c;
}

hl_code hl_job_refuse_unfinished(const char *out, hl_error *err)
{
    return hl_fail(err, HL_E_USAGE,
                   "%s holds an unfinished run; add --resume to go on, or give another --out", out);
}

hl_code hl_job_shards_begin(hl_job_place *place, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_job_identity was;
    bool there = true;
    hl_code c = hl_path_join(place->folder, HL_JOB_SHARDS_FILE, path, err);

    if (!c && !hl_file_exists(path))
        c = create_shards(place, path, &there, err);
    if (!c)
        c = hl_job_identity_read(place->folder, place->arena, &was, err);
    if (!c)
        c = compare(place, &was, err);
    if (!c && there && place->options->mode == HL_JOB_RUN && !place->options->resume)
        c = hl_job_refuse_unfinished(place->options->out, err);
    return c;
}

hl_code hl_job_no_shards(const char *out, hl_error *err)
{
    return hl_fail_at(err, HL_E_INPUT, out, 0, -1,
                      "no shards were started here (" HL_JOB_FOLDER "/" HL_JOB_SHARDS_FILE
                      " is missing)");
}

hl_code hl_job_shards_join(hl_job_place *place, hl_error *err)
{
    hl_job_identity was;
    hl_code c = HL_OK;
    char path[HL_PATH_BYTES];

    c = hl_path_join(place->folder, HL_JOB_SHARDS_FILE, path, err);
    if (!c && !hl_file_exists(path))
        c = hl_job_no_shards(place->options->out, err);
    if (!c)
        c = hl_job_identity_read(place->folder, place->arena, &was, err);
    if (!c) {
        place->identity.n_shards = was.n_shards;
        c = digest_identity(&place->identity, err);
    }
    return c ? c : compare(place, &was, err);
}

hl_code hl_job_read_shards(const char *out, hl_buf *json, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(out, HL_JOB_FOLDER "/" HL_JOB_SHARDS_FILE, path, err);

    if (!c && !hl_file_exists(path))
        return hl_job_no_shards(out, err);
    return c ? c : hl_read_file(path, SMALL_FILE_BYTES, json, NULL, err);
}
