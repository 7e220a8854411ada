#include "monitor/renumber.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/map.h"

enum { HEADER_BYTES = 16 << 20 }; /* 4096 signals with long descriptions */

/* "NAME_0012e.dat" -> 12 and "e.dat". */
static bool split_name(const hl_stay_options *options, const char *name, int64_t *number,
                       const char **rest)
{
    size_t head = strlen(options->name), n = 0;

    if (strncmp(name, options->name, head) != 0 || name[head] != '_')
        return false;
    name += head + 1;
    while (name[n] >= '0' && name[n] <= '9')
        n++;
    *rest = name + n;
    return hl_parse_i64((hl_str){name, n}, number);
}

static hl_code move(const char *folder, const char *from, const char *to, hl_error *err)
{
    char a[HL_PATH_BYTES], b[HL_PATH_BYTES];
    hl_code c = hl_path_join(folder, from, a, err);

    if (c == HL_OK)
        c = hl_path_join(folder, to, b, err);
    if (c == HL_OK && rename(a, b) != 0)
        c = hl_fail_errno(err, a, "rename", errno);
    return c;
}

/* The same header with another record name: it stands at the start of the record line and of every
 * signal line. Info lines start with '#'. */
static void rename_lines(hl_buf *to, hl_str text, const char *was, const char *is)
{
    while (text.n > 0) {
        const char *end = memchr(text.at, '\n', text.n);
        size_t n = end ? (size_t)(end - text.at) + 1 : text.n;
        hl_str line = {text.at, n};

        if (hl_str_starts(line, was)) {
            hl_buf_text(to, is);
            line.at += strlen(was);
            line.n -= strlen(was);
        }
        hl_buf_str(to, line);
        text.at += n;
        text.n -= n;
    }
}

static hl_code rewrite_header(const hl_files *files, hl_stay_file *file, const char *was,
                              const char *is, hl_error *err)
{
    hl_buf old = {0}, text = {0};
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(files->folder, file->name, path, err);

    if (c == HL_OK)
        c = hl_read_file(path, HEADER_BYTES, &old, NULL, err);
    if (c == HL_OK) {
        rename_lines(&text, (hl_str){old.at, old.n}, was, is);
        c = hl_buf_check(&text, "a segment header", err);
    }
    if (c == HL_OK)
        c = hl_write_file(path, text.at, text.n, &file->digest, err);
    hl_buf_free(&old);
    hl_buf_free(&text);
    return c;
}

/* Two rounds, so that no file takes the place of one that has yet to move: .tmp-NEW, then NEW. */
static hl_code rename_file(const hl_stay_options *options, hl_files *files, hl_stay_file *file,
                           int64_t was, int64_t is, const char *rest, hl_error *err)
{
    hl_stay_segment old = {.number = was}, new = {.number = is};
    char old_name[HL_SEGMENT_NAME_CHARS], new_name[HL_SEGMENT_NAME_CHARS];
    char *name = NULL;
    hl_code c = hl_segment_name(options, &old, old_name, err);

    if (c == HL_OK)
        c = hl_segment_name(options, &new, new_name, err);
    if (c == HL_OK && strcmp(rest, ".hea") == 0)
        c = rewrite_header(files, file, old_name, new_name, err);
    if (c == HL_OK && !(name = hl_arena_printf(files->arena, ".tmp-%s%s", new_name, rest)))
        c = hl_fail_memory(err, "names of files", 1);
    if (c == HL_OK)
        c = move(files->folder, file->name, name, err);
    if (c == HL_OK)
        file->name = name;
    return c;
}

hl_code hl_segments_renumber(const hl_stay_options *options, hl_files *files,
                             hl_stay_segment *segment, size_t n, hl_error *err)
{
    hl_map *number = NULL;
    bool sorted = true;
    hl_code c = HL_OK;

    for (size_t i = 0; i < n; i++)
        sorted = sorted && segment[i].number == (int64_t)i + 1;
    if (sorted)
        return HL_OK;
    number = hl_map_new(n);
    if (!number)
        return hl_fail_memory(err, "list of segments", n);
    for (size_t i = 0; i < n && c == HL_OK; i++) {
        c = hl_map_add(number, segment[i].number, (int64_t)i + 1, NULL, err);
        segment[i].number = (int64_t)i + 1;
    }
    for (size_t i = 0; i < files->n && c == HL_OK; i++) {
        const char *rest;
        int64_t was, is;
        if (split_name(options, files->file[i].name, &was, &rest) &&
            (is = hl_map_get(number, was)) > 0 && is != was)
            c = rename_file(options, files, &files->file[i], was, is, rest, err);
    }
    for (size_t i = 0; i < files->n && c == HL_OK; i++) {
        hl_stay_file *file = &files->file[i];
        if (strncmp(file->name, ".tmp-", 5) == 0) {
            c = move(files->folder, file->name, file->name + 5, err);
            file->name += c == HL_OK ? 5 : 0;
        }
    }
    hl_map_free(&number);
    return c;
}
