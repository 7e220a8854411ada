#include "base/job_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/ctl.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* Waits between tries on a network file system, 60 s in all (scale.md 11: attribute caches hold
 * 3-60 s). */
static const int retry_s[] = {1, 4, 10, 20, 25};
#define N_RETRIES ((int)(sizeof retry_s / sizeof *retry_s))

double hl_job_now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Whether names seen by one machine may be unknown to another for a while. */
static bool is_on_network(const char *path)
{
    char folder[HL_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    struct statfs fs;

    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (statfs(folder[0] ? folder : "/", &fs))
        return false;
    switch ((uint32_t)fs.f_type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case CODA_SUPER_MAGIC:
    case AFS_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC:
    case FUSE_SUPER_MAGIC:
    case UINT32_C(0xFF534D42): /* CIFS */
    case UINT32_C(0xFE534D42): /* SMB2 */
    case UINT32_C(0x0BD00BD0): /* Lustre */
    case UINT32_C(0x47504653): /* GPFS */
    case UINT32_C(0x19830326): /* BeeGFS */
        return true;
    default:
        return false;
    }
}

/* Sleep, but not past a request to stop. */
static void wait_s(int seconds, const hl_ctl *ctl)
{
    for (int i = 0; i < seconds * 10 && !hl_ctl_cancelled(ctl); i++)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

hl_code hl_job_open(const char *path, bool promised, const hl_ctl *ctl, int *fd, hl_error *err)
{
    int e = 0;

    for (int try = 0;; try++) {
        *fd = open(path, O_RDONLY | O_CLOEXEC);
        if (*fd >= 0)
            return HL_OK;
        e = errno;
        if (e != ESTALE && !(e == ENOENT && promised && is_on_network(path)))
            break;
        if (try == N_RETRIES)
            break;
        wait_s(retry_s[try], ctl);
        if (hl_ctl_cancelled(ctl))
            return hl_ctl_check(ctl, err);
    }
    return e == ENOENT ? HL_OK : hl_fail_errno(err, path, "open", e);
}

hl_code hl_job_create(const char *path, int *fd, hl_error *err)
{
    *fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return *fd >= 0 ? HL_OK : hl_fail_errno(err, path, "create", errno);
}

hl_code hl_job_write_all(int fd, const char *path, const void *bytes, size_t n, hl_error *err)
{
    const char *p = bytes;

    while (n) {
        ssize_t got = write(fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return hl_fail_errno(err, path, "write", errno);
        p += got;
        n -= (size_t)got;
    }
    return HL_OK;
}

hl_code hl_job_sync(int fd, const char *path, hl_error *err)
{
    while (fdatasync(fd))
        if (errno != EINTR)
            return hl_fail_errno(err, path, "sync", errno);
    return HL_OK;
}

hl_code hl_job_sync_folder(const char *folder, hl_error *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int e = 0;

    if (fd < 0)
        return hl_fail_errno(err, folder, "open", errno);
    if (fsync(fd) && errno != EINVAL && errno != EROFS) /* some file systems cannot */
        e = errno;
    close(fd);
    return e ? hl_fail_errno(err, folder, "sync", e) : HL_OK;
}

hl_code hl_job_pread(int fd, const char *path, void *to, size_t n, int64_t offset, size_t *got,
                     hl_error *err)
{
    *got = 0;
    while (*got < n) {
        ssize_t r = pread(fd, (char *)to + *got, n - *got, offset + (int64_t)*got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return hl_fail_errno(err, path, "read", errno);
        if (r == 0)
            break;
        *got += (size_t)r;
    }
    return HL_OK;
}

hl_code hl_job_rename(const char *from, const char *to, hl_error *err)
{
    struct stat before, after;
    bool known = stat(from, &before) == 0;
    int e;

    if (rename(from, to) == 0)
        return HL_OK;
    e = errno;
    /* A retried RENAME whose first answer was lost says ENOENT though it worked. */
    if (known && (e == ENOENT || e == EEXIST) && stat(to, &after) == 0 &&
        after.st_ino == before.st_ino && after.st_dev == before.st_dev)
        return HL_OK;
    if (e == ENOENT)
        return hl_fail_at(err, HL_E_IO, from, 0, -1,
                          "the file vanished while it was in use\n"
                          "Start again with --resume, and let nothing else clear this folder.");
    return hl_fail_errno(err, from, "rename", e);
}

hl_code hl_job_link_new(const char *from, const char *to, bool *there, hl_error *err)
{
    struct stat st;
    int e = 0;

    *there = false;
    if (link(from, to)) {
        e = errno;
        /* A retried LINK whose first answer was lost says EEXIST though it worked. */
        if (e == EEXIST && stat(from, &st) == 0 && st.st_nlink == 2)
            e = 0;
    }
    /* A disk without hard links (exFAT, some network mounts). */
    if (e == EPERM || e == EOPNOTSUPP || e == ENOSYS)
        e = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) ? errno : 0;
    unlink(from);
    *there = e == EEXIST;
    return e && e != EEXIST ? hl_fail_errno(err, to, "create", e) : HL_OK;
}
