#include "data/manifest_internal.h"

#include "base/sort.h"

/* --- life ------------------------------------------------------------------------------------- */

hl_code hl_manifest_new(const char *command, const char *recipe_name, const hl_json_value *recipe,
                        const char *compat, hl_manifest **out, hl_error *err)
{
    hl_manifest *m = NULL;
    const char *name = recipe_name ? recipe_name : "none";
    hl_buf canonical = {0};
    /* Here and not at the end of a long job: a recipe without a digest cannot be written. */
    hl_code c = recipe ? hl_json_canonical(recipe, &canonical, err) : HL_OK;

    *out = NULL;
    hl_buf_free(&canonical);
    if (c)
        return hl_error_context(err, "recipe %s", name);
    *out = m = calloc(1, sizeof *m);
    if (!m)
        return hl_fail_memory(err, "manifest", sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    m->recipe = recipe;
    m->arena = hl_arena_new(0);
    if (m->arena) {
        m->command = hl_arena_copy(m->arena, command, strlen(command));
        m->recipe_name = hl_arena_copy(m->arena, name, strlen(name));
        m->compat = compat ? hl_arena_copy(m->arena, compat, strlen(compat)) : NULL;
        m->outputs.map = hl_strmap_new(64);
    }
    if (m->arena && m->command && m->recipe_name && m->outputs.map && (m->compat || !compat))
        return HL_OK;
    hl_manifest_free(out);
    return hl_fail_memory(err, "manifest", sizeof *m);
}

static void free_list(hl_manifest_list *list)
{
    free(list->name);
    free(list->value);
}

static void free_files(hl_manifest_files *files)
{
    hl_strmap_free(&files->map);
    free(files->digest);
}

void hl_manifest_free(hl_manifest **pm)
{
    hl_manifest *m = pm ? *pm : NULL;

    if (!m)
        return;
    for (size_t i = 0; i < m->n_archives; i++)
        free_files(&m->archive[i].files);
    free(m->archive);
    free_files(&m->outputs);
    free_list(&m->options);
    free_list(&m->libraries);
    free_list(&m->tables);
    free_list(&m->arrays);
    free_list(&m->funnel);
    free_list(&m->splits);
    hl_arena_free(&m->arena);
    pthread_mutex_destroy(&m->lock);
    free(m);
    *pm = NULL;
}

/* --- lists ------------------------------------------------------------------------------------ */

static hl_code add_value(hl_manifest *m, hl_manifest_list *list, const char *name,
                         const hl_buf *value, hl_error *err)
{
    hl_code c = hl_buf_check(value, "manifest", err);

    if (c)
        return c;
    if (list->n == list->size) {
        size_t size = list->size ? 2 * list->size : 16;
        const char **names = realloc(list->name, size * sizeof *names);
        if (names)
            list->name = names;
        const char **values = names ? realloc(list->value, size * sizeof *values) : NULL;
        if (!values)
            return hl_fail_memory(err, "manifest", size * sizeof *values);
        list->value = values;
        list->size = size;
    }
    list->name[list->n] = name ? hl_arena_copy(m->arena, name, strlen(name)) : NULL;
    list->value[list->n] = hl_arena_copy(m->arena, value->at, value->n);
    if ((name && !list->name[list->n]) || !list->value[list->n])
        return hl_fail_memory(err, "manifest", value->n);
    list->n++;
    return HL_OK;
}

/* The manifest holds integers only: a decimal is a text. */
static bool has_real(const hl_json_value *v)
{
    if (hl_json_type_of(v) == HL_JSON_REAL)
        return true;
    for (size_t i = 0; i < hl_json_count(v); i++)
        if (has_real(hl_json_at(v, i)))
            return true;
    return false;
}

hl_code hl_manifest_option(hl_manifest *m, const char *name, const char *json_value, hl_error *err)
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);
    hl_json *json = NULL;
    hl_code c = hl_json_parse(json_value, strlen(json_value), name, &json, err);

    if (!c && has_real(hl_json_root(json)))
        c = hl_fail(err, HL_E_BUG, "option %s: the manifest holds no decimal numbers: %s", name,
                    json_value);
    if (!c) {
        hl_json_put_value(&w, hl_json_root(json));
        c = add_value(m, &m->options, name, &text, err);
    }
    hl_json_free(&json);
    hl_buf_free(&text);
    return c;
}

void hl_manifest_seed(hl_manifest *m, int64_t seed)
{
    m->has_seed = true;
    m->seed = seed;
}

void hl_manifest_library(hl_manifest *m, const char *name, const char *version)
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);

    hl_json_put_cstr(&w, version);
    if (add_value(m, &m->libraries, name, &text, NULL))
        m->no_memory = true;
    hl_buf_free(&text);
}

void hl_manifest_counts(hl_manifest *m, int64_t items, int64_t done, int64_t failed)
{
    m->items = items;
    m->done = done;
    m->failed = failed;
}

hl_code hl_manifest_funnel(hl_manifest *m, const char *rule, int64_t left, hl_error *err)
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);
    hl_code c;

    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "rule", rule);
    hl_json_member_int(&w, "left", left);
    hl_json_close(&w, '}');
    c = add_value(m, &m->funnel, NULL, &text, err);
    hl_buf_free(&text);
    return c;
}

hl_code hl_manifest_table(hl_manifest *m, const char *path, int64_t rows,
                          const hl_manifest_column *column, size_t n_columns, hl_error *err)
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);
    hl_code c;

    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "path", path);
    hl_json_member_int(&w, "rows", rows);
    hl_json_put_key(&w, "columns");
    hl_json_open(&w, '[');
    for (size_t i = 0; i < n_columns; i++) {
        hl_json_open(&w, '{');
        hl_json_member_cstr(&w, "name", column[i].name);
        hl_json_member_cstr(&w, "type", column[i].type);
        hl_json_close(&w, '}');
    }
    hl_json_close(&w, ']');
    hl_json_close(&w, '}');
    c = add_value(m, &m->tables, NULL, &text, err);
    hl_buf_free(&text);
    return c;
}

hl_code hl_manifest_array(hl_manifest *m, const char *path, const char *dtype, const int64_t *shape,
                          size_t n_dims, const char *rows_of, hl_error *err)
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);
    hl_code c;

    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "path", path);
    hl_json_member_cstr(&w, "dtype", dtype);
    hl_json_put_key(&w, "shape");
    hl_json_open(&w, '[');
    for (size_t i = 0; i < n_dims; i++)
        hl_json_put_int(&w, shape[i]);
    hl_json_close(&w, ']');
    hl_json_member_cstr(&w, "rows_of", rows_of);
    hl_json_close(&w, '}');
    c = add_value(m, &m->arrays, NULL, &text, err);
    hl_buf_free(&text);
    return c;
}

static int compare_ids(const void *a, const void *b, void *ctx)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    (void)ctx;
    return (x > y) - (x < y);
}

/* Distinct ids ascending, one a line. */
static hl_code digest_ids(const int64_t *id, size_t n, int64_t *n_distinct, hl_digest *digest,
                          hl_error *err)
{
    int64_t *sorted = malloc((n ? n : 1) * sizeof *sorted);
    hl_buf lines = {0};
    hl_code c = sorted ? HL_OK : hl_fail_memory(err, "subject ids", n * sizeof *sorted);

    *n_distinct = 0;
    if (!c && n) {
        memcpy(sorted, id, n * sizeof *sorted);
        c = hl_sort_stable(sorted, n, sizeof *sorted, compare_ids, NULL, err);
    }
    for (size_t i = 0; !c && i < n; i++) {
        if (i && sorted[i] == sorted[i - 1])
            continue;
        hl_buf_i64(&lines, sorted[i]);
        hl_buf_char(&lines, '\n');
        ++*n_distinct;
    }
    if (!c)
        c = hl_buf_check(&lines, "subject ids", err);
    if (!c)
        hl_sha256_of(lines.n ? lines.at : "", lines.n, digest);
    hl_buf_free(&lines);
    free(sorted);
    return c;
}

hl_code hl_manifest_split(hl_manifest *m, const char *name, int64_t rows, const int64_t *subject_id,
                          size_t n, hl_error *err)
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);
    char hex[HL_HEX_CHARS];
    hl_digest digest = {0};
    int64_t subjects;
    hl_code c = digest_ids(subject_id, n, &subjects, &digest, err);

    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "name", name);
    hl_json_member_int(&w, "rows", rows);
    hl_json_member_int(&w, "subjects", subjects);
    hl_json_member_cstr(&w, "ids_sha256", hl_digest_hex(&digest, hex));
    hl_json_close(&w, '}');
    if (!c)
        c = add_value(m, &m->splits, NULL, &text, err);
    hl_buf_free(&text);
    return c;
}

/* --- files ------------------------------------------------------------------------------------ */

hl_code hl_manifest_files_add(hl_manifest_files *files, const char *path, const hl_digest *digest,
                              hl_error *err)
{
    size_t n = hl_strmap_count(files->map);
    int64_t was;
    hl_code c;

    if (!hl_path_is_inside(hl_str_of(path)))
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "no path below its folder");
    if (n == files->size) {
        size_t size = files->size ? 2 * files->size : 64;
        hl_digest *more = realloc(files->digest, size * sizeof *more);
        if (!more)
            return hl_fail_memory(err, "manifest", size * sizeof *more);
        files->digest = more;
        files->size = size;
    }
    c = hl_strmap_add(files->map, hl_str_of(path), (int64_t)n, &was, err);
    if (c)
        return c;
    if (was < 0)
        files->digest[n] = *digest;
    else if (!hl_digest_equal(&files->digest[was], digest))
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                          "the file changed while the job ran\nStart again with another --out.");
    return HL_OK;
}

/* Hex digest of a file of folder, NULL when there is none. */
static hl_code identity_of(hl_manifest *m, const char *folder, const char *name, const char **hex,
                           hl_error *err)
{
    char path[HL_PATH_BYTES], text[HL_HEX_CHARS];
    hl_in *in = NULL;
    hl_sha256 *sha = hl_sha256_new();
    hl_digest digest;
    char block[65536];
    size_t got = 1;
    hl_code c = sha ? hl_path_join(folder, name, path, err) : hl_fail_memory(err, "SHA-256", 1);

    *hex = NULL;
    if (!c && !hl_file_exists(path))
        goto done;
    if (!c)
        c = hl_in_open(path, &in, err);
    for (int64_t at = 0; !c && got; at += (int64_t)got) {
        c = hl_in_pread(in, block, sizeof block, at, &got, err);
        if (!c)
            hl_sha256_add(sha, block, got);
    }
    if (!c) {
        hl_sha256_end(sha, &digest);
        *hex = hl_arena_copy(m->arena, hl_digest_hex(&digest, text), 64);
        c = *hex ? HL_OK : hl_fail_memory(err, "manifest", 64);
    }
done:
    hl_in_close(&in);
    hl_sha256_free(&sha);
    return c;
}

static hl_manifest_archive *find_archive(hl_manifest *m, const char *role)
{
    for (size_t i = 0; i < m->n_archives; i++)
        if (strcmp(m->archive[i].role, role) == 0)
            return &m->archive[i];
    return NULL;
}

hl_code hl_manifest_input(hl_manifest *m, const char *role, const char *kind, const char *folder,
                          hl_error *err)
{
    hl_manifest_archive *more, *a;
    hl_code c = HL_OK;

    if (find_archive(m, role))
        return hl_fail(err, HL_E_BUG, "the manifest has an input %s already", role);
    more = realloc(m->archive, (m->n_archives + 1) * sizeof *more);
    if (!more)
        return hl_fail_memory(err, "manifest", (m->n_archives + 1) * sizeof *more);
    m->archive = more;
    a = &more[m->n_archives];
    memset(a, 0, sizeof *a);
    a->role = hl_arena_copy(m->arena, role, strlen(role));
    a->kind = hl_arena_copy(m->arena, kind, strlen(kind));
    a->files.map = hl_strmap_new(64);
    if (!a->role || !a->kind || !a->files.map) {
        hl_strmap_free(&a->files.map);
        return hl_fail_memory(err, "manifest", strlen(role) + strlen(kind));
    }
    m->n_archives++;
    c = identity_of(m, folder, HL_MANIFEST_SUMS, &a->sums_hex, err);
    return c ? c : identity_of(m, folder, HL_MANIFEST_NAME, &a->manifest_hex, err);
}

hl_code hl_manifest_read(hl_manifest *m, const char *role, const char *path,
                         const hl_digest *digest, hl_error *err)
{
    hl_manifest_archive *a = find_archive(m, role);
    hl_code c;

    if (!a)
        return hl_fail(err, HL_E_BUG, "the manifest has no input %s", role);
    pthread_mutex_lock(&m->lock);
    c = hl_manifest_files_add(&a->files, path, digest, err);
    pthread_mutex_unlock(&m->lock);
    return c;
}

hl_code hl_manifest_output(hl_manifest *m, const char *path, const hl_digest *digest, hl_error *err)
{
    hl_code c;

    /* These are not in SHA256SUMS.txt: they hold it, or change from run to run. */
    if (strcmp(path, HL_MANIFEST_NAME) == 0 || strcmp(path, HL_MANIFEST_SUMS) == 0 ||
        strcmp(path, HL_MANIFEST_RUN) == 0 || hl_str_starts(hl_str_of(path), ".hilum/"))
        return hl_fail(err, HL_E_BUG, "%s is no output of a job", path);
    pthread_mutex_lock(&m->lock);
    c = hl_manifest_files_add(&m->outputs, path, digest, err);
    pthread_mutex_unlock(&m->lock);
    return c;
}
