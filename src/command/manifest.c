#include <sys/stat.h>

#include "base/civil.h"
#include "base/io.h"
#include "base/log.h"
#include "command/command.h"

#define MAX_SUMS_BYTES ((size_t)256 << 20)

extern const hl_command hl_command_manifest;

static const hl_option options[] = {
    {.name = "dir",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .required = true,
     .argument = true,
     .help = "an output folder of hilum"},
    {.name = "id", .type = HL_OPT_FLAG, .help = "print only the id: the SHA-256 of manifest.json"},
    {.name = "in-toto",
     .type = HL_OPT_FLAG,
     .help = "print an in-toto Statement v1 with SLSA provenance v1, unsigned"},
    {.name = "ro-crate",
     .type = HL_OPT_FLAG,
     .help = "print an RO-Crate 1.1 ro-crate-metadata.json"},
    {0},
};

/* A folder's manifest and sums, read and checked against each other. */
typedef struct {
    const char *dir;
    hl_json *json;
    const hl_json_value *root;
    char id[HL_HEX_CHARS];
    hl_buf sums; /* SHA256SUMS.txt */
} proof;

static void proof_free(proof *p)
{
    hl_json_free(&p->json);
    hl_buf_free(&p->sums);
}

static hl_code proof_read(const char *dir, proof *p, hl_error *err)
{
    char path[HL_PATH_BYTES], hex[HL_HEX_CHARS];
    hl_buf text = {0};
    hl_digest digest;
    hl_code c = hl_path_join(dir, "manifest.json", path, err);

    *p = (proof){.dir = dir};
    if (!c)
        c = hl_read_file(path, (size_t)64 << 20, &text, &digest, err);
    if (!c) {
        hl_digest_hex(&digest, p->id);
        c = hl_json_parse(text.at, text.n, path, &p->json, err);
    }
    hl_buf_free(&text);
    if (c)
        return c;
    p->root = hl_json_root(p->json);
    if (hl_json_int(hl_json_get(p->root, "manifest")) != 1)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "no manifest of hilum (\"manifest\": 1)");
    c = hl_path_join(dir, "SHA256SUMS.txt", path, err);
    if (!c)
        c = hl_read_file(path, MAX_SUMS_BYTES, &p->sums, &digest, err);
    if (!c && !hl_str_is(hl_json_text(hl_json_get(hl_json_get(p->root, "outputs"), "sums_sha256")),
                         hl_digest_hex(&digest, hex)))
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                       "changed since manifest.json was written\nCheck the folder with: sha256sum "
                       "-c SHA256SUMS.txt");
    return c;
}

/* The next line of SHA256SUMS.txt; false at the end. */
static bool next_sum(hl_str *rest, hl_str *hex, hl_str *path)
{
    const char *end = rest->n ? memchr(rest->at, '\n', rest->n) : NULL;

    if (!end || end - rest->at < 66)
        return false;
    *hex = (hl_str){rest->at, 64};
    *path = (hl_str){rest->at + 65, (size_t)(end - rest->at) - 65};
    rest->n -= (size_t)(end + 1 - rest->at);
    rest->at = end + 1;
    return true;
}

static const hl_json_value *at_path(const hl_json_value *v, const char *a, const char *b)
{
    v = hl_json_get(v, a);
    return b ? hl_json_get(v, b) : v;
}

/* --- for a person ----------------------------------------------------------------------------- */

static void say(hl_buf *to, const char *label, hl_str text)
{
    hl_buf_printf(to, "%-10s", label);
    hl_buf_str(to, text);
    hl_buf_char(to, '\n');
}

static void say_value(hl_buf *to, const hl_json_value *v)
{
    hl_json_writer w = hl_json_write_to(to, 0);

    if (hl_json_type_of(v) == HL_JSON_TEXT)
        hl_buf_str(to, hl_json_text(v));
    else
        hl_json_put_value(&w, v);
}

static void say_tree(hl_buf *to, const hl_json_value *tree)
{
    char files[32], bytes[32];

    int64_t n = hl_json_int(hl_json_get(tree, "files"));

    hl_buf_printf(to, "%s file%s, %s bytes, tree %.12s", hl_count_text(n, files), n == 1 ? "" : "s",
                  hl_count_text(hl_json_int(hl_json_get(tree, "bytes")), bytes),
                  hl_json_text(hl_json_get(tree, "tree_sha256")).n == 64
                      ? hl_json_text(hl_json_get(tree, "tree_sha256")).at
                      : "?");
}

static void say_inputs(hl_buf *to, const hl_json_value *inputs)
{
    for (size_t i = 0; i < hl_json_count(inputs); i++) {
        const hl_json_value *in = hl_json_at(inputs, i);
        hl_str manifest = hl_json_text(at_path(in, "identity", "manifest_sha256"));
        hl_str sums = hl_json_text(at_path(in, "identity", "sums_sha256"));
        hl_buf_printf(to, "%-10s", "input");
        hl_buf_str(to, hl_json_text(hl_json_get(in, "role")));
        hl_buf_text(to, " (");
        hl_buf_str(to, hl_json_text(hl_json_get(in, "kind")));
        hl_buf_text(to, "): ");
        say_tree(to, hl_json_get(in, "read"));
        if (manifest.n == 64)
            hl_buf_printf(to, "; made by hilum, manifest %.12s", manifest.at);
        else if (sums.n == 64)
            hl_buf_printf(to, "; SHA256SUMS.txt %.12s", sums.at);
        hl_buf_char(to, '\n');
    }
}

static void say_counts(hl_buf *to, const hl_json_value *counts)
{
    const hl_json_value *funnel = hl_json_get(counts, "funnel");
    char a[32], b[32];

    hl_buf_printf(to, "%-10s%s, %s failed\n", "items",
                  hl_count_text(hl_json_int(hl_json_get(counts, "items")), a),
                  hl_count_text(hl_json_int(hl_json_get(counts, "failed")), b));
    for (size_t i = 0; i < hl_json_count(funnel); i++) {
        const hl_json_value *step = hl_json_at(funnel, i);
        hl_buf_printf(to, "%-10s%11s  ", i ? "" : "funnel",
                      hl_count_text(hl_json_int(hl_json_get(step, "left")), a));
        hl_buf_str(to, hl_json_text(hl_json_get(step, "rule")));
        hl_buf_char(to, '\n');
    }
}

static void summary(const proof *p, hl_buf *to)
{
    const hl_json_value *root = p->root, *job = hl_json_get(root, "job");
    const hl_json_value *chosen = hl_json_get(job, "options"),
                        *splits = hl_json_get(root, "splits");
    hl_str compat = hl_json_text(at_path(root, "program", "compat"));
    char n[32];

    say(to, "manifest", hl_str_of(p->id));
    hl_buf_printf(to, "%-10shilum ", "made by");
    hl_buf_str(to, hl_json_text(at_path(root, "program", "version")));
    hl_buf_text(to, ", hilum ");
    hl_buf_str(to, hl_json_text(hl_json_get(job, "command")));
    for (size_t i = 0; i < hl_json_count(chosen); i++) {
        const hl_json_value *v = hl_json_at(chosen, i);
        if (hl_json_type_of(v) == HL_JSON_BOOL && !hl_json_bool(v))
            continue;
        hl_buf_printf(to, " --%s", hl_json_key(chosen, i));
        if (hl_json_type_of(v) != HL_JSON_BOOL) {
            hl_buf_char(to, ' ');
            say_value(to, v);
        }
    }
    hl_buf_char(to, '\n');
    if (compat.n)
        say(to, "faithful", compat);
    hl_buf_printf(to, "%-10s", "recipe");
    hl_buf_str(to, hl_json_text(at_path(root, "recipe", "name")));
    hl_buf_text(to, " ");
    hl_str recipe = hl_json_text(at_path(root, "recipe", "sha256"));
    hl_buf_append(to, recipe.at ? recipe.at : "?", recipe.n < 12 ? recipe.n : 12);
    hl_buf_char(to, '\n');
    say_inputs(to, hl_json_get(root, "inputs"));
    hl_buf_printf(to, "%-10s", "outputs");
    say_tree(to, at_path(root, "outputs", "tree"));
    hl_buf_char(to, '\n');
    say_counts(to, hl_json_get(root, "counts"));
    for (size_t i = 0; i < hl_json_count(splits); i++) {
        const hl_json_value *split = hl_json_at(splits, i);
        hl_buf_printf(to, "%-10s", i ? "" : "splits");
        hl_buf_str(to, hl_json_text(hl_json_get(split, "name")));
        hl_buf_printf(to, ": %s rows", hl_count_text(hl_json_int(hl_json_get(split, "rows")), n));
        hl_buf_printf(to, ", %s subjects\n",
                      hl_count_text(hl_json_int(hl_json_get(split, "subjects")), n));
    }
}

/* --- in-toto ---------------------------------------------------------------------------------- */

static void put(hl_json_writer *w, const char *key, hl_str text)
{
    hl_json_member_text(w, key, text);
}

static void put_digest(hl_json_writer *w, hl_str hex)
{
    hl_json_put_key(w, "digest");
    hl_json_open(w, '{');
    put(w, "sha256", hex);
    hl_json_close(w, '}');
}

/* A list of files has the digest of its SHA256SUMS.txt: one digest for a tree. */
static void put_dependencies(hl_json_writer *w, const hl_json_value *inputs)
{
    hl_json_put_key(w, "resolvedDependencies");
    hl_json_open(w, '[');
    for (size_t i = 0; i < hl_json_count(inputs); i++) {
        const hl_json_value *in = hl_json_at(inputs, i), *read = hl_json_get(in, "read");
        hl_json_open(w, '{');
        put(w, "name", hl_json_text(hl_json_get(in, "role")));
        put_digest(w, hl_json_text(hl_json_get(read, "tree_sha256")));
        hl_json_put_key(w, "annotations");
        hl_json_open(w, '{');
        put(w, "kind", hl_json_text(hl_json_get(in, "kind")));
        put(w, "digestOf", hl_str_of("lines '<sha256> <path>' of the files read, sorted by path"));
        hl_json_put_key(w, "files");
        hl_json_put_value(w, hl_json_get(read, "files"));
        hl_json_put_key(w, "bytes");
        hl_json_put_value(w, hl_json_get(read, "bytes"));
        if (hl_json_get(in, "identity")) {
            hl_json_put_key(w, "identity");
            hl_json_put_value(w, hl_json_get(in, "identity"));
        }
        hl_json_close(w, '}');
        hl_json_close(w, '}');
    }
    hl_json_close(w, ']');
}

static void put_definition(hl_json_writer *w, const proof *p)
{
    const hl_json_value *job = hl_json_get(p->root, "job"),
                        *recipe = hl_json_get(p->root, "recipe");

    hl_json_put_key(w, "buildDefinition");
    hl_json_open(w, '{');
    put(w, "buildType", hl_str_of("urn:hilum:job:1"));
    hl_json_put_key(w, "externalParameters");
    hl_json_open(w, '{');
    put(w, "command", hl_json_text(hl_json_get(job, "command")));
    hl_json_put_key(w, "options");
    hl_json_put_value(w, hl_json_get(job, "options"));
    hl_json_put_key(w, "seed");
    hl_json_put_value(w, hl_json_get(job, "seed"));
    hl_json_put_key(w, "recipe");
    hl_json_open(w, '{');
    put(w, "name", hl_json_text(hl_json_get(recipe, "name")));
    put_digest(w, hl_json_text(hl_json_get(recipe, "sha256")));
    hl_json_close(w, '}');
    hl_json_close(w, '}');
    put_dependencies(w, hl_json_get(p->root, "inputs"));
    hl_json_close(w, '}');
}

static void in_toto(const proof *p, hl_buf *to)
{
    hl_json_writer w = hl_json_write_to(to, 2);
    hl_str rest = {p->sums.at, p->sums.n}, hex, path;
    hl_str version = hl_json_text(at_path(p->root, "program", "version"));
    char builder[128];

    snprintf(builder, sizeof builder, "pkg:generic/hilum@%.*s", (int)version.n,
             version.at ? version.at : "");
    hl_json_open(&w, '{');
    put(&w, "_type", hl_str_of("https://in-toto.io/Statement/v1"));
    hl_json_put_key(&w, "subject");
    hl_json_open(&w, '[');
    hl_json_open(&w, '{');
    put(&w, "name", hl_str_of("manifest.json"));
    put_digest(&w, hl_str_of(p->id));
    hl_json_close(&w, '}');
    while (next_sum(&rest, &hex, &path)) {
        hl_json_open(&w, '{');
        put(&w, "name", path);
        put_digest(&w, hex);
        hl_json_close(&w, '}');
    }
    hl_json_close(&w, ']');
    put(&w, "predicateType", hl_str_of("https://slsa.dev/provenance/v1"));
    hl_json_put_key(&w, "predicate");
    hl_json_open(&w, '{');
    put_definition(&w, p);
    hl_json_put_key(&w, "runDetails");
    hl_json_open(&w, '{');
    hl_json_put_key(&w, "builder");
    hl_json_open(&w, '{');
    put(&w, "id", hl_str_of(builder));
    hl_json_put_key(&w, "version");
    hl_json_open(&w, '{');
    put(&w, "hilum", version);
    hl_json_close(&w, '}');
    hl_json_close(&w, '}');
    hl_json_close(&w, '}');
    hl_json_close(&w, '}');
    hl_json_close(&w, '}');
    hl_buf_char(to, '\n');
}

/* --- RO-Crate --------------------------------------------------------------------------------- */

static void put_ref(hl_json_writer *w, const char *key, hl_str id)
{
    hl_json_put_key(w, key);
    hl_json_open(w, '{');
    put(w, "@id", id);
    hl_json_close(w, '}');
}

static void open_entity(hl_json_writer *w, hl_str id, const char *type)
{
    hl_json_open(w, '{');
    put(w, "@id", id);
    put(w, "@type", hl_str_of(type));
}

/* A path as a relative URI reference. */
static hl_str uri_of(hl_str path, hl_buf *to)
{
    hl_buf_clear(to);
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.at[i];
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            strchr("/-_.~", c))
            hl_buf_char(to, (char)c);
        else
            hl_buf_printf(to, "%%%02X", c);
    }
    return (hl_str){to->at, to->n};
}

static const char *media_type(hl_str path)
{
    static const struct {
        const char *end, *type;
    } known[] = {{".csv", "text/csv"},   {".json", "application/json"}, {".gz", "application/gzip"},
                 {".txt", "text/plain"}, {".html", "text/html"},        {".jpg", "image/jpeg"}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (hl_str_ends(path, known[i].end))
            return known[i].type;
    return "application/octet-stream";
}

/* RO-Crate wants the day of publication. The manifest has no time, so it is that of its file. */
static hl_code day_of(const char *dir, char day[HL_TIME_CHARS], hl_error *err)
{
    char path[HL_PATH_BYTES];
    struct stat st;
    hl_code c = hl_path_join(dir, "manifest.json", path, err);

    if (!c && stat(path, &st))
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "cannot be looked at");
    if (!c)
        hl_print_date(st.st_mtim.tv_sec, day);
    return c;
}

static void put_run(hl_json_writer *w, const proof *p, hl_buf *scratch)
{
    const hl_json_value *inputs = hl_json_get(p->root, "inputs");

    open_entity(w, hl_str_of("#run"), "CreateAction");
    hl_buf_clear(scratch);
    hl_buf_text(scratch, "hilum ");
    hl_buf_str(scratch, hl_json_text(at_path(p->root, "job", "command")));
    put(w, "name", (hl_str){scratch->at, scratch->n});
    put_ref(w, "instrument", hl_str_of("#hilum"));
    put_ref(w, "result", hl_str_of("./"));
    hl_json_put_key(w, "object");
    hl_json_open(w, '[');
    for (size_t i = 0; i < hl_json_count(inputs); i++) {
        hl_buf_clear(scratch);
        hl_buf_text(scratch, "#input-");
        hl_buf_str(scratch, hl_json_text(hl_json_get(hl_json_at(inputs, i), "role")));
        hl_json_open(w, '{');
        put(w, "@id", (hl_str){scratch->at, scratch->n});
        hl_json_close(w, '}');
    }
    hl_json_close(w, ']');
    hl_json_close(w, '}');
    for (size_t i = 0; i < hl_json_count(inputs); i++) {
        const hl_json_value *in = hl_json_at(inputs, i);
        hl_buf_clear(scratch);
        hl_buf_text(scratch, "#input-");
        hl_buf_str(scratch, hl_json_text(hl_json_get(in, "role")));
        open_entity(w, (hl_str){scratch->at, scratch->n}, "Dataset");
        put(w, "name", hl_json_text(hl_json_get(in, "kind")));
        hl_buf_clear(scratch);
        hl_buf_text(scratch, "sha256 of the list of files read: ");
        hl_buf_str(scratch, hl_json_text(at_path(in, "read", "tree_sha256")));
        put(w, "identifier", (hl_str){scratch->at, scratch->n});
        hl_json_close(w, '}');
    }
}

static void put_root(hl_json_writer *w, const proof *p, const char *day, hl_buf *scratch)
{
    hl_str rest = {p->sums.at, p->sums.n}, hex, path;
    static const char *const own[] = {"manifest.json", "SHA256SUMS.txt"};

    open_entity(w, hl_str_of("./"), "Dataset");
    hl_buf_clear(scratch);
    hl_buf_text(scratch, "Output of hilum ");
    hl_buf_str(scratch, hl_json_text(at_path(p->root, "job", "command")));
    put(w, "name", (hl_str){scratch->at, scratch->n});
    hl_buf_text(scratch, ", recipe ");
    hl_buf_str(scratch, hl_json_text(at_path(p->root, "recipe", "name")));
    put(w, "description", (hl_str){scratch->at, scratch->n});
    put(w, "datePublished", hl_str_of(day));
    put(w, "identifier", hl_str_of(p->id));
    hl_json_put_key(w, "hasPart");
    hl_json_open(w, '[');
    for (size_t i = 0; i < 2; i++) {
        hl_json_open(w, '{');
        put(w, "@id", hl_str_of(own[i]));
        hl_json_close(w, '}');
    }
    while (next_sum(&rest, &hex, &path)) {
        hl_json_open(w, '{');
        put(w, "@id", uri_of(path, scratch));
        hl_json_close(w, '}');
    }
    hl_json_close(w, ']');
    hl_json_close(w, '}');
}

static void put_file(hl_json_writer *w, hl_str path, hl_str hex, hl_buf *scratch)
{
    open_entity(w, uri_of(path, scratch), "File");
    put(w, "name", path);
    put(w, "encodingFormat", hl_str_of(media_type(path)));
    if (hex.n)
        put(w, "sha256", hex);
    hl_json_close(w, '}');
}

static hl_code ro_crate(const proof *p, hl_buf *to, hl_error *err)
{
    hl_json_writer w = hl_json_write_to(to, 2);
    hl_str rest = {p->sums.at, p->sums.n}, hex, path;
    hl_buf scratch = {0};
    char day[HL_TIME_CHARS];
    hl_code c = day_of(p->dir, day, err);

    if (c)
        return c;
    hl_json_open(&w, '{');
    put(&w, "@context", hl_str_of("https://w3id.org/ro/crate/1.1/context"));
    hl_json_put_key(&w, "@graph");
    hl_json_open(&w, '[');
    open_entity(&w, hl_str_of("ro-crate-metadata.json"), "CreativeWork");
    put_ref(&w, "conformsTo", hl_str_of("https://w3id.org/ro/crate/1.1"));
    put_ref(&w, "about", hl_str_of("./"));
    hl_json_close(&w, '}');
    put_root(&w, p, day, &scratch);
    put_file(&w, hl_str_of("manifest.json"), hl_str_of(p->id), &scratch);
    put_file(&w, hl_str_of("SHA256SUMS.txt"),
             hl_json_text(at_path(p->root, "outputs", "sums_sha256")), &scratch);
    while (next_sum(&rest, &hex, &path))
        put_file(&w, path, hex, &scratch);
    put_run(&w, p, &scratch);
    open_entity(&w, hl_str_of("#hilum"), "SoftwareApplication");
    put(&w, "name", hl_str_of("hilum"));
    put(&w, "softwareVersion", hl_json_text(at_path(p->root, "program", "version")));
    hl_json_close(&w, '}');
    hl_json_close(&w, ']');
    hl_json_close(&w, '}');
    hl_buf_char(to, '\n');
    c = hl_buf_check(&scratch, "RO-Crate", err);
    hl_buf_free(&scratch);
    return c;
}

/* --- the command ------------------------------------------------------------------------------ */

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    bool id = hl_options_flag(o, "id"), toto = hl_options_flag(o, "in-toto");
    bool crate = hl_options_flag(o, "ro-crate");
    hl_json_writer w = hl_json_write_to(&result->json, 0);
    proof p = {0};
    hl_code c;

    (void)ctl;
    if (id + toto + crate > 1)
        return hl_fail(err, HL_E_USAGE, "--id, --in-toto and --ro-crate exclude each other");
    c = proof_read(hl_options_text(o, "dir"), &p, err);
    if (c)
        goto done;
    if (toto)
        in_toto(&p, &result->text);
    else if (crate)
        c = ro_crate(&p, &result->text, err);
    else if (id)
        hl_buf_printf(&result->text, "%s\n", p.id);
    else
        summary(&p, &result->text);
    if (toto || crate) {
        hl_buf_str(&result->json,
                   (hl_str){result->text.at, result->text.n ? result->text.n - 1 : 0});
        goto done;
    }
    hl_json_open(&w, '{');
    put(&w, "id", hl_str_of(p.id));
    if (!id) {
        hl_json_put_key(&w, "manifest");
        hl_json_put_value(&w, p.root);
    }
    hl_json_close(&w, '}');
done:
    proof_free(&p);
    return c;
}

const hl_command hl_command_manifest = {
    .name = "manifest",
    .summary = "show what an output folder says about itself",
    .about =
        "Every output folder of hilum holds manifest.json: what was made, from which inputs, by "
        "which "
        "command, recipe and version; the same job gives the same bytes. Its SHA-256 is the id of "
        "the "
        "data set. This command shows it for people, or prints it in two forms that other tools "
        "know: "
        "an in-toto Statement (sign it with your own tool) and an RO-Crate.\n\n"
        "Only manifest.json and SHA256SUMS.txt are read and compared with each other; the files "
        "themselves are proved by sha256sum -c SHA256SUMS.txt.",
    .option = options,
    .example = {"hilum manifest hilum-demo/cohort", "hilum manifest hilum-demo/cohort --in-toto"},
    .run = run,
};
