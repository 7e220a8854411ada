#include "monitor/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/sort.h"

hl_code hl_files_add(hl_files *files, const char *name, const hl_digest *digest, hl_error *err)
{
    char *copy = hl_arena_copy(files->arena, name, strlen(name));

    if (!copy)
        return hl_fail_memory(err, "names of files", strlen(name));
    if (files->n == files->cap) {
        size_t cap = files->cap ? 2 * files->cap : 16, bytes;
        hl_stay_file *more =
            hl_mul_size(cap, sizeof *more, &bytes) ? realloc(files->file, bytes) : NULL;
        if (!more)
            return hl_fail_memory(err, "list of files", cap);
        files->file = more;
        files->cap = cap;
    }
    files->file[files->n++] = (hl_stay_file){copy, *digest};
    return HL_OK;
}

hl_code hl_files_create(const hl_files *files, const char *name, hl_out **out, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(files->folder, name, path, err);

    *out = NULL;
    return c == HL_OK ? hl_out_create(path, out, err) : c;
}

hl_code hl_files_commit(hl_files *files, const char *name, hl_out **out, hl_error *err)
{
    hl_digest digest;
    hl_code c = hl_out_commit(out, &digest, err);

    return c == HL_OK ? hl_files_add(files, name, &digest, err) : c;
}

hl_code hl_files_write(hl_files *files, const char *name, const hl_buf *bytes, hl_error *err)
{
    hl_out *out = NULL;
    hl_code c = hl_buf_check(bytes, name, err);

    if (c == HL_OK)
        c = hl_files_create(files, name, &out, err);
    if (c == HL_OK)
        c = hl_out_write(out, bytes->at, bytes->n, err);
    if (c == HL_OK)
        c = hl_files_commit(files, name, &out, err);
    hl_out_abort(&out);
    return c;
}

static int by_name(const void *a, const void *b, void *ctx)
{
    const hl_stay_file *x = a, *y = b;

    (void)ctx;
    return strcmp(x->name, y->name);
}

static hl_code set_time(const char *path, int64_t mtime, hl_error *err)
{
    struct timespec t[2] = {{.tv_sec = (time_t)mtime}, {.tv_sec = (time_t)mtime}};

    return utimensat(AT_FDCWD, path, t, 0) == 0
               ? HL_OK
               : hl_fail_errno(err, path, "set the time of", errno);
}

hl_code hl_files_settle(hl_files *files, int64_t mtime, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = hl_sort_stable(files->file, files->n, sizeof *files->file, by_name, NULL, err);

    for (size_t i = 0; c == HL_OK && i < files->n; i++) {
        c = hl_path_join(files->folder, files->file[i].name, path, err);
        if (c == HL_OK)
            c = set_time(path, mtime, err);
    }
    return c == HL_OK ? set_time(files->folder, mtime, err) : c;
}

void hl_files_free(hl_files *files)
{
    free(files->file);
    *files = (hl_files){0};
}
