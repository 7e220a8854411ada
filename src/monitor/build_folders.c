/* Where the export, the database and the spool lie; none may lie in another. */
#include "monitor/build_internal.h"

#include <errno.h>
#include <stdlib.h>

static hl_code has_formats(const char *folder, bool *has, hl_error *err)
{
    hl_names names = {0};
    hl_code c = hl_list_folder(folder, &names, err);

    *has = false;
    for (size_t i = 0; c == HL_OK && i < names.n; i++)
        *has = *has || hl_str_ends(hl_str_of(names.name[i]), ".fmt");
    hl_names_free(&names);
    return c;
}

static hl_code add_folder(hl_wave_building *b, const char *path, hl_error *err)
{
    const char **more = hl_arena_calloc(b->arena, b->n_folders + 1, sizeof *more);
    char *copy = hl_arena_copy(b->arena, path, strlen(path));

    if (!more || !copy)
        return hl_fail_memory(err, "the export", strlen(path));
    if (b->n_folders)
        memcpy(more, b->folder, b->n_folders * sizeof *more);
    more[b->n_folders++] = copy;
    b->folder = more;
    return HL_OK;
}

/* An export, or a folder of exports (days), in the order of their names. */
static hl_code find_exports(hl_wave_building *b, const char *in, hl_error *err)
{
    hl_names names = {0};
    char path[HL_PATH_BYTES];
    size_t before = b->n_folders;
    bool has;

    if (!hl_is_folder(in))
        return hl_fail_at(err, HL_E_INPUT, in, 0, -1, "there is no such folder");
    hl_code c = has_formats(in, &has, err);
    if (c == HL_OK && has)
        return add_folder(b, in, err);
    if (c == HL_OK)
        c = hl_list_folder(in, &names, err);
    for (size_t i = 0; c == HL_OK && i < names.n; i++) {
        c = hl_path_join(in, names.name[i], path, err);
        if (c != HL_OK || !hl_is_folder(path))
            continue;
        c = has_formats(path, &has, err);
        if (c == HL_OK && has)
            c = add_folder(b, path, err);
    }
    hl_names_free(&names);
    if (c == HL_OK && b->n_folders == before)
        c = hl_fail_at(err, HL_E_INPUT, in, 0, -1,
                       "no export: neither it nor a folder in it has .fmt files");
    return c;
}

/* The real path, also of what is not there yet. */
static hl_code real_path(const char *path, char out[HL_PATH_BYTES], hl_error *err)
{
    char parent[HL_PATH_BYTES], above[HL_PATH_BYTES];
    char *real = realpath(path, NULL);

    if (real) {
        int n = snprintf(out, HL_PATH_BYTES, "%s", real);
        free(real);
        return n < HL_PATH_BYTES ? HL_OK : hl_fail(err, HL_E_LIMIT, "a path is too long");
    }
    if (errno != ENOENT)
        return hl_fail_errno(err, path, "look at", errno);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    size_t cut = n;
    while (cut > 0 && path[cut - 1] != '/')
        cut--;
    if (cut == 0)
        snprintf(parent, sizeof parent, ".");
    else
        snprintf(parent, sizeof parent, "%.*s", (int)cut, path);
    char *name = hl_str_equal((hl_str){path, n}, (hl_str){parent, strlen(parent)})
                     ? NULL
                     : strndup(path + cut, n - cut);
    if (!name)
        return hl_fail_memory(err, "a path", n);
    hl_code c = real_path(parent, above, err);
    if (c == HL_OK)
        c = hl_path_join(above, name, out, err);
    free(name);
    return c;
}

static bool is_within(const char *path, const char *folder)
{
    size_t n = strlen(folder);

    return strncmp(path, folder, n) == 0 && (path[n] == 0 || path[n] == '/' || n == 1);
}

static hl_code keep_apart(const char *a, const char *a_is, const char *b, const char *b_is,
                          hl_error *err)
{
    char real_a[HL_PATH_BYTES], real_b[HL_PATH_BYTES];
    hl_code c = real_path(a, real_a, err);

    if (c == HL_OK)
        c = real_path(b, real_b, err);
    if (c == HL_OK && (is_within(real_a, real_b) || is_within(real_b, real_a)))
        c = hl_fail(err, HL_E_USAGE, "%s %s and %s %s lie one in the other", a_is, a, b_is, b);
    return c;
}

static hl_code name_spool(hl_wave_building *b, hl_error *err)
{
    const hl_wave_build_options *o = b->o;
    char name[HL_PATH_BYTES], shard[32];
    size_t n = strlen(o->out);

    while (n > 1 && o->out[n - 1] == '/')
        n--;
    if (n + 32 > sizeof name || (o->spool && strlen(o->spool) + 32 > sizeof name))
        return hl_fail(err, HL_E_LIMIT, "a path is too long");
    if (o->spool)
        snprintf(name, sizeof name, "%s", o->spool);
    else
        snprintf(name, sizeof name, "%.*s.spool", (int)n, o->out);
    snprintf(b->spool_folder, sizeof b->spool_folder, "%s", name);
    snprintf(shard, sizeof shard, "shard-%05lld", (long long)o->shard);
    return hl_wave_is_shard(b) ? hl_path_join(name, shard, b->spool_folder, err) : HL_OK;
}

hl_code hl_wave_find_exports(hl_wave_building *b, hl_error *err)
{
    hl_code c = HL_OK;

    for (int64_t i = 0; c == HL_OK && i < b->o->n_in; i++)
        c = find_exports(b, b->o->in[i], err);
    return c;
}

hl_code hl_wave_find_folders(hl_wave_building *b, hl_error *err)
{
    const hl_wave_build_options *o = b->o;
    hl_code c = name_spool(b, err);

    if (c == HL_OK && !o->merge) /* the shards have read it; it may be gone */
        c = hl_wave_find_exports(b, err);
    for (int64_t i = 0; c == HL_OK && i < o->n_in; i++) {
        c = keep_apart(o->out, "the database", o->in[i], "the export", err);
        if (c == HL_OK)
            c = keep_apart(b->spool_folder, "the spool", o->in[i], "the export", err);
    }
    return c == HL_OK ? keep_apart(b->spool_folder, "the spool", o->out, "the database", err) : c;
}
