/* Output that appears whole or not at all. scale.md 11 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 17 };

struct hl_out {
    int fd;
    char *path;
    char *temporary;
    hl_sha256 *sha;
    int64_t bytes; /* taken from the caller */
    size_t n;      /* of them in buffer */
    bool patched;  /* bytes that were hashed already have changed */
    char buffer[BUFFER_BYTES];
};

/* Length of the folder part of path, its last slash included; 0 when there is none. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* FOLDER/.tmp-NAME-NONCE. A name has at most 255 bytes, so a long NAME is shortened here. */
static char *temporary_name(const char *path)
{
    size_t folder = folder_length(path);
    size_t size = strlen(path) + 32;
    char *name = malloc(size);

    if (name)
        snprintf(name, size, "%.*s.tmp-%.200s-%016llx", (int)folder, path, path + folder,
                 (unsigned long long)hl_nonce());
    return name;
}

static void out_free(hl_out **out)
{
    if (!*out)
        return;
    if ((*out)->fd >= 0)
        close((*out)->fd);
    hl_sha256_free(&(*out)->sha);
    free((*out)->path);
    free((*out)->temporary);
    free(*out);
    *out = NULL;
}

hl_code hl_out_create(const char *path, hl_out **result, hl_error *err)
{
    hl_out *out = NULL;
    hl_code c = HL_OK;

    *result = NULL;
    if (strlen(path) >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "a path of %zu bytes is too long", strlen(path));
    if (path[folder_length(path)] == 0)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1, "a file name was expected");
    out = malloc(sizeof *out);
    if (!out)
        return hl_fail_memory(err, path, sizeof *out);
    *out = (hl_out){
        .fd = -1, .path = strdup(path), .temporary = temporary_name(path), .sha = hl_sha256_new()};
    if (!out->path || !out->temporary || !out->sha) {
        c = hl_fail_memory(err, path, sizeof *out);
    } else {
        out->fd = open(out->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (out->fd < 0)
            c = hl_fail_errno(err, path, "create", errno);
    }
    if (c != HL_OK)
        out_free(&out);
    *result = out;
    return c;
}

hl_code hl_out_make_private(hl_out *out, hl_error *err)
{
    return fchmod(out->fd, S_IRUSR | S_IWUSR) == 0
               ? HL_OK
               : hl_fail_errno(err, out->path, "restrict the rights of", errno);
}

/* Hash and write bytes to the file. */
static hl_code put(hl_out *out, const char *bytes, size_t n, hl_error *err)
{
    hl_sha256_add(out->sha, bytes, n);
    while (n > 0) {
        ssize_t w = write(out->fd, bytes, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return hl_fail_errno(err, out->path, "write", errno);
        bytes += w;
        n -= (size_t)w;
    }
    return HL_OK;
}

hl_code hl_out_write(hl_out *out, const void *bytes, size_t n, hl_error *err)
{
    hl_code c = HL_OK;

    out->bytes += (int64_t)n;
    if (n > sizeof out->buffer - out->n) {
        size_t held = out->n;
        out->n = 0;
        c = put(out, out->buffer, held, err);
    }
    if (c != HL_OK)
        return c;
    if (n > sizeof out->buffer)
        return put(out, bytes, n, err);
    if (n > 0)
        memcpy(out->buffer + out->n, bytes, n);
    out->n += n;
    return HL_OK;
}

int64_t hl_out_bytes(const hl_out *out)
{
    return out->bytes;
}

hl_code hl_out_patch(hl_out *out, int64_t offset, const void *bytes, size_t n, hl_error *err)
{
    const int64_t in_file = out->bytes - (int64_t)out->n; /* the others are in the buffer */
    const char *p = bytes;

    if (offset < 0 || offset > out->bytes || (uint64_t)(out->bytes - offset) < n)
        return hl_fail_at(err, HL_E_BUG, out->path, 0, offset,
                          "bytes that were not written yet are to be changed");
    while (n > 0 && offset < in_file) {
        const size_t room = (uint64_t)(in_file - offset) < n ? (size_t)(in_file - offset) : n;
        ssize_t w = pwrite(out->fd, p, room, (off_t)offset);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return hl_fail_errno(err, out->path, "write", errno);
        out->patched = true;
        p += w;
        offset += w;
        n -= (size_t)w;
    }
    if (n > 0)
        memcpy(out->buffer + (offset - in_file), p, n);
    return HL_OK;
}

/* Hash the file again from its start. */
static hl_code hash_again(hl_out *out, hl_digest *digest, hl_error *err)
{
    hl_sha256_end(out->sha, digest);
    for (int64_t at = 0; at < out->bytes;) {
        ssize_t r = pread(out->fd, out->buffer, sizeof out->buffer, (off_t)at);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return hl_fail_errno(err, out->path, "read back", r < 0 ? errno : EIO);
        hl_sha256_add(out->sha, out->buffer, (size_t)r);
        at += r;
    }
    return HL_OK;
}

/* 0, or the errno of fsync(); a signal (NFS answers EINTR) is no failure. */
static int sync_fd(int fd)
{
    while (fsync(fd) != 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

/* fsync the folder that holds path, so that the new name survives a power cut. Some file systems
 * cannot (EINVAL): then the name is as safe as they make it. */
static hl_code sync_folder(const char *path, hl_error *err)
{
    char folder[HL_PATH_BYTES];
    size_t n = folder_length(path);
    int fd, e;

    snprintf(folder, sizeof folder, "%.*s", n ? (int)n : 1, n ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? HL_OK : hl_fail_errno(err, folder, "open", errno);
    e = sync_fd(fd);
    if (e == EINVAL)
        e = 0;
    close(fd);
    return e ? hl_fail_errno(err, path, "sync the folder of", e) : HL_OK;
}

/* On NFS a rename whose answer was lost is sent again and then says ENOENT though it worked: the
 * target is our file then. */
static bool renamed_all_the_same(const char *path, const struct stat *ours)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_dev == ours->st_dev && st.st_ino == ours->st_ino;
}

static hl_code put_in_place(hl_out *out, hl_error *err)
{
    struct stat ours;
    int e;

    e = sync_fd(out->fd);
    if (e)
        return hl_fail_errno(err, out->path, "sync", e);
    if (fstat(out->fd, &ours) != 0)
        return hl_fail_errno(err, out->path, "look at", errno);
    e = close(out->fd) == 0 ? 0 : errno; /* a full quota may only show here */
    out->fd = -1;
    if (e)
        return hl_fail_errno(err, out->path, "close", e);
    if (rename(out->temporary, out->path) != 0) {
        e = errno;
        if (e != ENOENT || !renamed_all_the_same(out->path, &ours))
            return hl_fail_errno(err, out->path, "rename to", e);
    }
    free(out->temporary);
    out->temporary = NULL;
    return sync_folder(out->path, err);
}

hl_code hl_out_commit(hl_out **outp, hl_digest *digest, hl_error *err)
{
    hl_out *out = *outp;
    hl_digest all;
    hl_code c = put(out, out->buffer, out->n, err);

    if (c == HL_OK && out->patched)
        c = hash_again(out, &all, err);
    if (c == HL_OK) {
        hl_sha256_end(out->sha, &all);
        c = put_in_place(out, err);
    }
    if (c == HL_OK && digest)
        *digest = all;
    if (c != HL_OK)
        hl_out_abort(outp);
    else
        out_free(outp);
    return c;
}

void hl_out_abort(hl_out **out)
{
    if (!out || !*out)
        return;
    if ((*out)->temporary)
        unlink((*out)->temporary);
    out_free(out);
}

hl_code hl_write_file(const char *path, const void *bytes, size_t n, hl_digest *digest,
                      hl_error *err)
{
    hl_out *out = NULL;
    hl_code c = hl_out_create(path, &out, err);

    if (c != HL_OK)
        return c;
    c = hl_out_write(out, bytes, n, err);
    if (c == HL_OK)
        return hl_out_commit(&out, digest, err);
    hl_out_abort(&out);
    return c;
}
