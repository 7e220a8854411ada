/* Input by position: a file, memory, a caller's source, or a range of one of these. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below this the system reads a file whole at once: nothing to advise. */
#define READ_AHEAD_FROM (INT64_C(128) << 10)

typedef enum { IN_FILE, IN_MEMORY, IN_SOURCE, IN_RANGE } in_kind;

struct hl_in {
    in_kind kind;
    int fd;            /* IN_FILE */
    const char *bytes; /* IN_MEMORY */
    hl_source source;  /* IN_SOURCE */
    hl_in *base;       /* IN_RANGE */
    int64_t start;     /* IN_RANGE */
    int64_t size;
    char *name;
};

static hl_code in_new(in_kind kind, const char *name, hl_in **out, hl_error *err)
{
    hl_in *in = calloc(1, sizeof *in);

    if (in)
        in->name = strdup(name);
    if (!in || !in->name) {
        free(in);
        return hl_fail_memory(err, "input", sizeof *in);
    }
    in->kind = kind;
    in->fd = -1;
    *out = in;
    return HL_OK;
}

hl_code hl_in_open(const char *path, hl_in **out, hl_error *err)
{
    hl_in *in = NULL;
    struct stat st;
    hl_code c;

    *out = NULL;
    c = in_new(IN_FILE, path, &in, err);
    if (c != HL_OK)
        return c;
    /* O_NONBLOCK: a named pipe must be refused below, not waited for here. */
    in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (in->fd < 0 || fstat(in->fd, &st) != 0)
        c = hl_fail_errno(err, path, "open", errno);
    else if (S_ISDIR(st.st_mode))
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "is a folder; a file was expected");
    else if (!S_ISREG(st.st_mode))
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "is no regular file");
    else
        in->size = (int64_t)st.st_size;
    if (c != HL_OK)
        hl_in_close(&in);
    else if (in->size > READ_AHEAD_FROM)
        (void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *out = in;
    return c;
}

void hl_prefetch(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    close(fd);
}

hl_code hl_in_memory(const void *bytes, size_t n, const char *name, hl_in **out, hl_error *err)
{
    *out = NULL;
    if (n > (size_t)INT64_MAX)
        return hl_fail(err, HL_E_LIMIT, "%s: too large", name);
    hl_code c = in_new(IN_MEMORY, name, out, err);
    if (c == HL_OK) {
        (*out)->bytes = bytes;
        (*out)->size = (int64_t)n;
    }
    return c;
}

hl_code hl_in_source(const hl_source *source, const char *name, hl_in **out, hl_error *err)
{
    *out = NULL;
    int64_t size = source->size(source->user);
    if (size < 0)
        return hl_fail_at(err, HL_E_IO, name, 0, -1, "its size cannot be had");
    hl_code c = in_new(IN_SOURCE, name, out, err);
    if (c == HL_OK) {
        (*out)->source = *source;
        (*out)->size = size;
    }
    return c;
}

hl_code hl_in_range(hl_in *base, int64_t start, int64_t n, hl_in **out, hl_error *err)
{
    *out = NULL;
    if (start < 0 || n < 0 || start > base->size || n > base->size - start)
        return hl_fail_at(err, HL_E_INPUT, base->name, 0, start,
                          "%lld bytes from byte %lld were expected, it has %lld", (long long)n,
                          (long long)start, (long long)base->size);
    hl_code c = in_new(IN_RANGE, base->name, out, err);
    if (c == HL_OK) {
        (*out)->base = base;
        (*out)->start = start;
        (*out)->size = n;
    }
    return c;
}

int64_t hl_in_size(const hl_in *in)
{
    return in->size;
}

const char *hl_in_name(const hl_in *in)
{
    return in->name;
}

hl_code hl_in_rename(hl_in *in, const char *name, hl_error *err)
{
    char *copy = strdup(name);

    if (!copy)
        return hl_fail_memory(err, "input", strlen(name) + 1);
    free(in->name);
    in->name = copy;
    return HL_OK;
}

static hl_code file_pread(hl_in *in, char *to, size_t n, int64_t offset, size_t *got, hl_error *err)
{
    while (*got < n) {
        ssize_t r = pread(in->fd, to + *got, n - *got, (off_t)(offset + (int64_t)*got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return hl_fail_errno(err, in->name, "read", errno);
        if (r == 0) /* shorter than when it was opened: somebody is writing to it */
            return hl_fail_at(err, HL_E_INPUT, in->name, 0, offset + (int64_t)*got,
                              "the file became shorter while it was read");
        *got += (size_t)r;
    }
    return HL_OK;
}

static hl_code source_pread(hl_in *in, char *to, size_t n, int64_t offset, size_t *got,
                            hl_error *err)
{
    while (*got < n) {
        int64_t want = (int64_t)(n - *got), at = offset + (int64_t)*got;
        int64_t r = in->source.pread(in->source.user, to + *got, at, want);
        if (r < 0 && in->source.fault)
            return in->source.fault(in->source.user, err);
        if (r < 0 || r > want)
            return hl_fail_at(err, HL_E_IO, in->name, 0, at, "reading failed");
        if (r == 0)
            return hl_fail_at(err, HL_E_INPUT, in->name, 0, at,
                              "ends before the size that it had when it was opened");
        *got += (size_t)r;
    }
    return HL_OK;
}

hl_code hl_in_pread(hl_in *in, void *to, size_t n, int64_t offset, size_t *got, hl_error *err)
{
    *got = 0;
    if (offset < 0)
        return hl_fail_at(err, HL_E_INPUT, in->name, 0, -1, "an offset below 0 was asked for");
    if (offset >= in->size || n == 0)
        return HL_OK;
    if ((uint64_t)n > (uint64_t)(in->size - offset))
        n = (size_t)(in->size - offset);
    switch (in->kind) {
    case IN_FILE:
        return file_pread(in, to, n, offset, got, err);
    case IN_SOURCE:
        return source_pread(in, to, n, offset, got, err);
    case IN_RANGE:
        return hl_in_pread(in->base, to, n, in->start + offset, got, err);
    case IN_MEMORY:
        memcpy(to, in->bytes + offset, n);
        *got = n;
        return HL_OK;
    }
    hl_assert_failed("kind of input", __FILE__, __LINE__);
}

void hl_in_close(hl_in **in)
{
    if (!in || !*in)
        return;
    if ((*in)->fd >= 0)
        close((*in)->fd);
    if ((*in)->source.close)
        (*in)->source.close((*in)->source.user);
    free((*in)->name);
    free(*in);
    *in = NULL;
}

hl_code hl_read_file(const char *path, size_t limit, hl_buf *out, hl_digest *digest, hl_error *err)
{
    hl_in *in = NULL;
    size_t got = 0, n;
    hl_code c = hl_in_open(path, &in, err);

    if (c != HL_OK)
        return c;
    if ((uint64_t)in->size > (uint64_t)limit) {
        c = hl_fail_at(err, HL_E_LIMIT, path, 0, -1, "has %lld bytes; at most %zu are taken here",
                       (long long)in->size, limit);
        goto done;
    }
    n = (size_t)in->size;
    char *to = hl_buf_reserve(out, n + 1);
    if (!to) {
        c = hl_fail_memory(err, path, n);
        goto done;
    }
    c = hl_in_pread(in, to, n, 0, &got, err);
    if (c != HL_OK)
        goto done;
    to[got] = 0;
    out->n += got;
    if (digest)
        hl_sha256_of(to, got, digest);
done:
    hl_in_close(&in);
    return c;
}
