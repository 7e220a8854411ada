/* Folders, paths and temporary names. */
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sort.h"

bool hl_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool hl_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

hl_code hl_make_folder(const char *path, hl_error *err)
{
    char part[HL_PATH_BYTES];
    size_t n = strlen(path);

    if (n == 0)
        return hl_fail(err, HL_E_USAGE, "the name of a folder is empty");
    if (n >= sizeof part)
        return hl_fail(err, HL_E_LIMIT, "a path of %zu bytes is too long", n);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        /* Another process may make it at the same moment; a read-only parent may say EROFS or
         * EACCES of a folder that is there. */
        if (mkdir(part, 0777) != 0) {
            int e = errno;
            if (!hl_is_folder(part))
                return hl_fail_errno(err, part, "make the folder", e == EEXIST ? ENOTDIR : e);
        }
    }
    return HL_OK;
}

hl_code hl_path_join(const char *folder, const char *name, char out[HL_PATH_BYTES], hl_error *err)
{
    size_t n = strlen(folder);

    while (n > 1 && folder[n - 1] == '/')
        n--;
    while (n > 0 && name[0] == '/')
        name++;
    bool slash = n > 0 && folder[n - 1] != '/';
    size_t all = n + slash + strlen(name);
    if (all >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "a path of %zu bytes is too long: %.60s...", all, folder);
    memcpy(out, folder, n);
    if (slash)
        out[n++] = '/';
    memcpy(out + n, name, strlen(name) + 1);
    return HL_OK;
}

bool hl_path_is_inside(hl_str path)
{
    size_t part = 0; /* start of the component */

    if (path.n == 0 || path.n >= HL_PATH_BYTES || path.at[0] == '/')
        return false;
    for (size_t i = 0; i <= path.n; i++) {
        if (i < path.n && path.at[i] != '/') {
            unsigned char c = (unsigned char)path.at[i];
            if (c < 0x20 || c == 0x7F)
                return false;
            continue;
        }
        if (i - part == 2 && path.at[part] == '.' && path.at[part + 1] == '.')
            return false;
        part = i + 1;
    }
    return true;
}

/* --- lists ----------------------------------------------------------------------------------- */

static hl_code names_add(hl_names *names, size_t *cap, const char *name, hl_error *err)
{
    if (names->n == *cap) {
        size_t more = *cap ? *cap * 2 : 64, bytes;
        char **p = hl_mul_size(more, sizeof *p, &bytes) ? realloc(names->name, bytes) : NULL;
        if (!p)
            return hl_fail_memory(err, "list of files", more * sizeof *p);
        names->name = p;
        *cap = more;
    }
    names->name[names->n] = strdup(name);
    if (!names->name[names->n])
        return hl_fail_memory(err, "list of files", strlen(name) + 1);
    names->n++;
    return HL_OK;
}

static int by_bytes(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static hl_code names_sort(hl_names *names, hl_error *err)
{
    return names->n
               ? hl_sort_stable(names->name, names->n, sizeof *names->name, by_bytes, NULL, err)
               : HL_OK;
}

/* Names of a folder in the system's order. */
static hl_code read_folder(const char *path, hl_names *names, hl_error *err)
{
    DIR *dir = opendir(path);
    size_t cap = 0;
    hl_code c = HL_OK;

    if (!dir)
        return hl_fail_errno(err, path, "open", errno);
    while (c == HL_OK) {
        errno = 0;
        const struct dirent *e = readdir(dir);
        if (!e) {
            if (errno)
                c = hl_fail_errno(err, path, "read", errno);
            break;
        }
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            c = names_add(names, &cap, e->d_name, err);
    }
    closedir(dir);
    return c;
}

void hl_names_free(hl_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
    *names = (hl_names){0};
}

hl_code hl_list_folder(const char *path, hl_names *out, hl_error *err)
{
    *out = (hl_names){0};
    hl_code c = read_folder(path, out, err);
    if (c == HL_OK)
        c = names_sort(out, err);
    if (c != HL_OK)
        hl_names_free(out);
    return c;
}

/* --- trees ----------------------------------------------------------------------------------- */

/* What a walk does with each name: visit files (and links), then leave the folder that held them.
 */
typedef struct {
    hl_buf path; /* the name in work */
    hl_code (*visit)(void *ctx, const char *path, const struct stat *st, hl_error *err);
    hl_code (*leave)(void *ctx, const char *path, hl_error *err);
    void *ctx;
} walk;

/* One level. No folder stays open during the deeper ones: descriptors don't run out; the length of
 * path bounds the depth. */
static hl_code walk_folder(walk *w, hl_error *err)
{
    hl_names names = {0};
    size_t here = w->path.n;
    hl_code c = read_folder(w->path.at, &names, err);

    for (size_t i = 0; c == HL_OK && i < names.n; i++) {
        struct stat st;
        w->path.n = here;
        if (w->path.at[here - 1] != '/')
            hl_buf_char(&w->path, '/');
        hl_buf_text(&w->path, names.name[i]);
        c = hl_buf_check(&w->path, "path", err);
        if (c == HL_OK && w->path.n >= HL_PATH_BYTES)
            c = hl_fail_at(err, HL_E_LIMIT, names.name[i], 0, -1, "its path is too long");
        if (c == HL_OK && lstat(w->path.at, &st) != 0) {
            if (errno == ENOENT) /* another process clears up at the same time */
                continue;
            c = hl_fail_errno(err, w->path.at, "look at", errno);
        }
        if (c == HL_OK)
            c = S_ISDIR(st.st_mode) ? walk_folder(w, err) : w->visit(w->ctx, w->path.at, &st, err);
    }
    w->path.n = here;
    if (!w->path.oom)
        w->path.at[here] = 0;
    if (c == HL_OK && w->leave)
        c = w->leave(w->ctx, w->path.at, err);
    hl_names_free(&names);
    return c;
}

typedef struct {
    hl_names names;
    size_t cap;
    size_t root_n;
} tree_list;

static hl_code take_file(void *ctx, const char *path, const struct stat *st, hl_error *err)
{
    tree_list *list = ctx;
    return S_ISREG(st->st_mode) ? names_add(&list->names, &list->cap, path + list->root_n, err)
                                : HL_OK;
}

hl_code hl_list_tree(const char *path, hl_names *out, hl_error *err)
{
    tree_list list = {.root_n = strlen(path)};
    walk w = {.visit = take_file, .ctx = &list};
    hl_code c;

    *out = (hl_names){0};
    if (list.root_n == 0 || path[list.root_n - 1] != '/')
        list.root_n++;
    hl_buf_text(&w.path, path[0] ? path : "./");
    if (!path[0])
        list.root_n = 2;
    c = hl_buf_check(&w.path, "path", err);
    if (c == HL_OK)
        c = walk_folder(&w, err);
    if (c == HL_OK)
        c = names_sort(&list.names, err);
    if (c != HL_OK)
        hl_names_free(&list.names);
    hl_buf_free(&w.path);
    *out = list.names;
    return c;
}

static hl_code remove_file(void *ctx, const char *path, const struct stat *st, hl_error *err)
{
    (void)ctx;
    (void)st;
    return unlink(path) == 0 || errno == ENOENT ? HL_OK : hl_fail_errno(err, path, "remove", errno);
}

static hl_code remove_folder(void *ctx, const char *path, hl_error *err)
{
    (void)ctx;
    return rmdir(path) == 0 || errno == ENOENT ? HL_OK : hl_fail_errno(err, path, "remove", errno);
}

hl_code hl_remove_tree(const char *path, hl_error *err)
{
    walk w = {.visit = remove_file, .leave = remove_folder};
    struct stat st;
    hl_code c;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? HL_OK : hl_fail_errno(err, path, "look at", errno);
    if (!S_ISDIR(st.st_mode))
        return remove_file(NULL, path, &st, err);
    hl_buf_text(&w.path, path);
    c = hl_buf_check(&w.path, "path", err);
    if (c == HL_OK)
        c = walk_folder(&w, err);
    hl_buf_free(&w.path);
    return c;
}

uint64_t hl_nonce(void)
{
    uint64_t nonce = 0;

    while (getrandom(&nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
        hl_assert(errno == EINTR);
    return nonce;
}
