#include "wave/written.h"

#include <unistd.h>

hl_code hl_written_claim(const char *folder, const char *name, char path[HL_PATH_BYTES],
                         hl_error *err)
{
    hl_code c = hl_path_join(folder, name, path, err);

    if (c == HL_OK && hl_file_exists(path))
        c = hl_fail(err, HL_E_USAGE, "%s is there already\nRemove it, or give another name.", path);
    return c;
}

hl_code hl_written_create(const char *folder, const char *name, char path[HL_PATH_BYTES],
                          hl_out **out, hl_error *err)
{
    hl_code c = hl_written_claim(folder, name, path, err);

    return c == HL_OK ? hl_out_create(path, out, err) : c;
}

hl_code hl_written_commit(hl_written *w, const char *path, hl_out **out, hl_error *err)
{
    const size_t before = w->paths.n;
    hl_code c;

    hl_buf_append(&w->paths, path, strlen(path) + 1);
    c = hl_buf_check(&w->paths, "names of files", err);
    if (c == HL_OK)
        c = hl_out_commit(out, NULL, err);
    else
        hl_out_abort(out);
    if (c == HL_OK)
        w->n++;
    else
        w->paths.n = before;
    return c;
}

void hl_written_undo(hl_written *w)
{
    for (size_t i = 0; i < w->paths.n; i += strlen(w->paths.at + i) + 1)
        (void)unlink(w->paths.at + i);
    hl_written_free(w);
}

void hl_written_free(hl_written *w)
{
    hl_buf_free(&w->paths);
    w->n = 0;
}
