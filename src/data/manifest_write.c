#include "data/manifest_internal.h"

#include "base/sort.h"

/* --- sorted files ----------------------------------------------------------------------------- */

typedef struct {
    hl_str path;
    const hl_digest *digest;
} listed_file;

static int compare_paths(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return hl_str_compare(((const listed_file *)a)->path, ((const listed_file *)b)->path);
}

/* The files by path, in an array to be freed. */
static hl_code sort_files(const hl_manifest_files *files, listed_file **out, size_t *n,
                          hl_error *err)
{
    *n = hl_strmap_count(files->map);
    *out = malloc((*n ? *n : 1) * sizeof **out);
    if (!*out)
        return hl_fail_memory(err, "manifest", *n * sizeof **out);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = (listed_file){hl_strmap_key(files->map, i), &files->digest[i]};
    return hl_sort_stable(*out, *n, sizeof **out, compare_paths, NULL, err);
}

typedef struct {
    int64_t files, bytes;
    hl_digest digest; /* of the lines */
} tree_digest;

/* "<hex> <path>\n", one blank: PhysioNet's form (view.md 8.1), which sha256sum -c takes too. */
static void put_line(hl_buf *to, const listed_file *f)
{
    hl_buf_hex(to, f->digest->sha256, sizeof f->digest->sha256);
    hl_buf_char(to, ' ');
    hl_buf_str(to, f->path);
    hl_buf_char(to, '\n');
}

static hl_code digest_tree(const listed_file *file, size_t n, tree_digest *out, hl_error *err)
{
    hl_buf line = {0};
    hl_sha256 *sha = hl_sha256_new();
    hl_code c = sha ? HL_OK : hl_fail_memory(err, "SHA-256", 1);

    *out = (tree_digest){.files = (int64_t)n};
    for (size_t i = 0; !c && i < n; i++) {
        hl_buf_clear(&line);
        put_line(&line, &file[i]);
        c = hl_buf_check(&line, "manifest", err);
        hl_sha256_add(sha, line.at, line.n);
        out->bytes += file[i].digest->bytes;
    }
    if (sha)
        hl_sha256_end(sha, &out->digest);
    hl_sha256_free(&sha);
    hl_buf_free(&line);
    return c;
}

/* --- inputs.csv.gz, SHA256SUMS.txt ------------------------------------------------------------ */

static void put_csv_text(hl_buf *to, hl_str text)
{
    bool quoted = memchr(text.at, ',', text.n) || memchr(text.at, '"', text.n);

    if (quoted)
        hl_buf_char(to, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] == '"')
            hl_buf_char(to, '"');
        hl_buf_char(to, text.at[i]);
    }
    if (quoted)
        hl_buf_char(to, '"');
}

/* Also the tree digest of each archive. */
static hl_code write_inputs(const hl_manifest *m, const char *folder, tree_digest *tree,
                            hl_digest *digest, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf line = {0};
    hl_gzip *gz = NULL;
    hl_code c = hl_path_join(folder, HL_MANIFEST_INPUTS, path, err);

    if (!c)
        c = hl_gzip_create(path, 1, &gz, err);
    hl_buf_text(&line, "archive,path,size,sha256\n");
    for (size_t a = 0; !c && a < m->n_archives; a++) {
        listed_file *file = NULL;
        size_t n = 0;
        c = sort_files(&m->archive[a].files, &file, &n, err);
        if (!c)
            c = digest_tree(file, n, &tree[a], err);
        for (size_t i = 0; !c && i < n; i++) {
            put_csv_text(&line, hl_str_of(m->archive[a].role));
            hl_buf_char(&line, ',');
            put_csv_text(&line, file[i].path);
            hl_buf_char(&line, ',');
            hl_buf_i64(&line, file[i].digest->bytes);
            hl_buf_char(&line, ',');
            hl_buf_hex(&line, file[i].digest->sha256, sizeof file[i].digest->sha256);
            hl_buf_char(&line, '\n');
            c = hl_buf_check(&line, HL_MANIFEST_INPUTS, err);
            if (!c && line.n > 65536) {
                c = hl_gzip_write(gz, line.at, line.n, err);
                hl_buf_clear(&line);
            }
        }
        free(file);
    }
    if (!c)
        c = hl_buf_check(&line, HL_MANIFEST_INPUTS, err);
    if (!c)
        c = hl_gzip_write(gz, line.at, line.n, err);
    if (!c)
        c = hl_gzip_commit(&gz, digest, err);
    hl_gzip_abort(&gz);
    hl_buf_free(&line);
    return c;
}

static hl_code write_sums(const hl_manifest *m, const char *folder, tree_digest *tree,
                          hl_digest *digest, hl_error *err)
{
    char path[HL_PATH_BYTES];
    listed_file *file = NULL;
    size_t n = 0;
    hl_buf lines = {0};
    hl_code c = sort_files(&m->outputs, &file, &n, err);

    if (!c)
        c = digest_tree(file, n, tree, err);
    for (size_t i = 0; !c && i < n; i++)
        put_line(&lines, &file[i]);
    if (!c)
        c = hl_buf_check(&lines, HL_MANIFEST_SUMS, err);
    if (!c)
        c = hl_path_join(folder, HL_MANIFEST_SUMS, path, err);
    if (!c)
        c = hl_write_file(path, lines.at, lines.n, digest, err);
    hl_buf_free(&lines);
    free(file);
    return c;
}

/* --- manifest.json ---------------------------------------------------------------------------- */

static void put_hex(hl_json_writer *w, const char *key, const hl_digest *digest)
{
    char hex[HL_HEX_CHARS];

    hl_json_member_cstr(w, key, hl_digest_hex(digest, hex));
}

static void put_number(hl_json_writer *w, const char *key, int64_t v)
{
    hl_json_member_int(w, key, v);
}

static void put_text(hl_json_writer *w, const char *key, const char *text)
{
    hl_json_member_cstr(w, key, text);
}

/* Values that add_value() took: JSON of our own writer, so that only memory can fail here. */
static void put_list(hl_json_writer *w, const char *key, const hl_manifest_list *list, bool object)
{
    hl_json_put_key(w, key);
    hl_json_open(w, object ? '{' : '[');
    for (size_t i = 0; i < list->n; i++) {
        hl_json *json = NULL;
        if (object)
            hl_json_put_key(w, list->name[i]);
        if (hl_json_parse(list->value[i], strlen(list->value[i]), "manifest", &json, NULL))
            w->to->oom = true;
        hl_json_put_value(w, json ? hl_json_root(json) : NULL);
        hl_json_free(&json);
    }
    hl_json_close(w, object ? '}' : ']');
}

static void put_tree(hl_json_writer *w, const char *key, const tree_digest *tree)
{
    hl_json_put_key(w, key);
    hl_json_open(w, '{');
    put_number(w, "files", tree->files);
    put_number(w, "bytes", tree->bytes);
    put_hex(w, "tree_sha256", &tree->digest);
    hl_json_close(w, '}');
}

static hl_code put_recipe(hl_json_writer *w, const hl_manifest *m, hl_error *err)
{
    hl_buf canonical = {0};
    hl_digest digest;
    hl_code c = HL_OK;

    if (m->recipe)
        c = hl_json_canonical(m->recipe, &canonical, err);
    else
        hl_buf_text(&canonical, "{}");
    if (!c)
        c = hl_buf_check(&canonical, "recipe", err);
    if (!c)
        hl_sha256_of(canonical.at, canonical.n, &digest);
    hl_buf_free(&canonical);
    if (c)
        return c;
    hl_json_put_key(w, "recipe");
    hl_json_open(w, '{');
    put_text(w, "name", m->recipe_name);
    put_hex(w, "sha256", &digest);
    hl_json_put_key(w, "content");
    if (m->recipe) {
        hl_json_put_value(w, m->recipe);
    } else {
        hl_json_open(w, '{');
        hl_json_close(w, '}');
    }
    hl_json_close(w, '}');
    return HL_OK;
}

static void put_inputs(hl_json_writer *w, const hl_manifest *m, const tree_digest *tree)
{
    hl_json_put_key(w, "inputs");
    hl_json_open(w, '[');
    for (size_t i = 0; i < m->n_archives; i++) {
        const hl_manifest_archive *a = &m->archive[i];
        hl_json_open(w, '{');
        put_text(w, "role", a->role);
        put_text(w, "kind", a->kind);
        if (a->sums_hex || a->manifest_hex) {
            hl_json_put_key(w, "identity");
            hl_json_open(w, '{');
            if (a->sums_hex)
                put_text(w, "sums_sha256", a->sums_hex);
            if (a->manifest_hex)
                put_text(w, "manifest_sha256", a->manifest_hex);
            hl_json_close(w, '}');
        }
        put_tree(w, "read", &tree[i]);
        hl_json_close(w, '}');
    }
    hl_json_close(w, ']');
}

static void put_program_and_job(hl_json_writer *w, const hl_manifest *m)
{
    put_number(w, "manifest", 1);
    hl_json_put_key(w, "program");
    hl_json_open(w, '{');
    put_text(w, "name", "hilum");
    put_text(w, "version", HL_VERSION);
    put_text(w, "compat", m->compat);
    put_list(w, "libraries", &m->libraries, true);
    hl_json_close(w, '}');
    hl_json_put_key(w, "job");
    hl_json_open(w, '{');
    put_text(w, "command", m->command);
    put_list(w, "options", &m->options, true);
    hl_json_put_key(w, "seed");
    if (m->has_seed)
        hl_json_put_int(w, m->seed);
    else
        hl_json_put_null(w);
    put_text(w, "shard", NULL); /* a merge gives the manifest of one run */
    hl_json_close(w, '}');
}

static hl_code make_text(const hl_manifest *m, const tree_digest *inputs,
                         const tree_digest *outputs, const hl_digest *sums, hl_buf *text,
                         hl_error *err)
{
    hl_json_writer w = hl_json_write_to(text, 2);
    hl_code c;

    hl_json_open(&w, '{');
    put_program_and_job(&w, m);
    c = put_recipe(&w, m, err);
    if (c)
        return c;
    put_inputs(&w, m, inputs);
    hl_json_put_key(&w, "outputs");
    hl_json_open(&w, '{');
    put_hex(&w, "sums_sha256", sums);
    put_tree(&w, "tree", outputs);
    put_list(&w, "tables", &m->tables, false);
    put_list(&w, "arrays", &m->arrays, false);
    hl_json_close(&w, '}');
    hl_json_put_key(&w, "counts");
    hl_json_open(&w, '{');
    put_number(&w, "items", m->items);
    put_number(&w, "done", m->done);
    put_number(&w, "failed", m->failed);
    put_list(&w, "funnel", &m->funnel, false);
    hl_json_close(&w, '}');
    put_list(&w, "splits", &m->splits, false);
    hl_json_member_bool(&w, "complete", true);
    hl_json_close(&w, '}');
    hl_buf_char(text, '\n');
    return hl_buf_check(text, HL_MANIFEST_NAME, err);
}

static hl_code write_run(const char *folder, const char *run_json, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 2);
    hl_json *json = NULL;
    hl_code c = hl_json_parse(run_json, strlen(run_json), HL_MANIFEST_RUN, &json, err);

    if (!c) {
        hl_json_put_value(&w, hl_json_root(json));
        hl_buf_char(&text, '\n');
        c = hl_buf_check(&text, HL_MANIFEST_RUN, err);
    }
    if (!c)
        c = hl_path_join(folder, HL_MANIFEST_RUN, path, err);
    if (!c)
        c = hl_write_file(path, text.at, text.n, NULL, err);
    hl_json_free(&json);
    hl_buf_free(&text);
    return c;
}

hl_code hl_manifest_write(hl_manifest *m, const char *folder, const char *run_json, hl_digest *id,
                          hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_digest digest, sums, of_inputs;
    tree_digest outputs;
    tree_digest *inputs = calloc(m->n_archives + 1, sizeof *inputs);
    hl_code c =
        inputs ? HL_OK : hl_fail_memory(err, "manifest", (m->n_archives + 1) * sizeof *inputs);

    if (!c && m->no_memory)
        c = hl_fail_memory(err, "manifest", sizeof *m);
    if (!c)
        c = write_inputs(m, folder, inputs, &of_inputs, err);
    if (!c)
        c = hl_manifest_output(m, HL_MANIFEST_INPUTS, &of_inputs, err);
    if (!c)
        c = write_sums(m, folder, &outputs, &sums, err);
    if (!c)
        c = make_text(m, inputs, &outputs, &sums, &text, err);
    if (!c)
        c = write_run(folder, run_json ? run_json : "{}", err);
    if (!c)
        c = hl_path_join(folder, HL_MANIFEST_NAME, path, err);
    if (!c)
        c = hl_write_file(path, text.at, text.n, &digest, err);
    if (!c && id)
        *id = digest;
    hl_buf_free(&text);
    free(inputs);
    return c;
}
