/*
 * oom.h - allocation that fails on demand, for the tests of what happens then.
 *
 * The n-th allocation is made to fail, for n = 1, 2, 3, ... until the operation needs fewer. Each
 * run must come back with HL_E_LIMIT and say so, or succeed with the right result; it must not
 * crash, leak (descriptors here, memory under the sanitizer) or leave a part of a file under its
 * name. The allocation functions are replaced by the linker (--wrap, tests/meson.build), so those
 * inside shared libraries are not reached. Nothing is synced: a test of memory need not wait for
 * the disk.
 */
#ifndef HL_TEST_OOM_H
#define HL_TEST_OOM_H

#include <dirent.h>

#include "base/io.h"
#include "tap.h"

/* --- allocation that fails -------------------------------------------------------------------- */

static int64_t n_allocations, fail_at; /* fail_at: which one, from 1; 0 = none */
static bool fail_on;                   /* and all behind it */

static bool fails(void)
{
    int64_t n = __atomic_add_fetch(&n_allocations, 1, __ATOMIC_RELAXED);
    return fail_at && (n == fail_at || (fail_on && n > fail_at));
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
int __wrap_posix_memalign(void **p, size_t align, size_t n);
char *__wrap_strdup(const char *text);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __real_aligned_alloc(align, n);
}

int __wrap_posix_memalign(void **p, size_t align, size_t n)
{
    *p = fails() ? NULL : __real_aligned_alloc(align, (n + align - 1) / align * align);
    return *p ? 0 : 12; /* ENOMEM */
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}

int __wrap_fdatasync(int fd)
{
    (void)fd;
    return 0;
}

static int open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

/* --- stepping through ------------------------------------------------------------------------- */

/* The operation, its result checked when it succeeds: HL_E_BUG when that is wrong. */
typedef hl_code (*operation)(hl_error *err);

/* What stands after a failed run; NULL = nothing to look at. */
typedef void (*look_after)(int64_t n);

static void one_run(const char *what, operation op, look_after look, int64_t n, bool on)
{
    hl_error err = {0};
    int files = open_files();

    n_allocations = 0;
    fail_on = on;
    fail_at = n;
    hl_code c = op(&err);
    fail_at = 0;
    bool good = c == HL_OK || (c == HL_E_LIMIT && (strstr(err.message, "out of memory") ||
                                                   strstr(err.message, "too much memory")));
    tap_check(good, __FILE__, __LINE__, "%s, allocation %" PRId64 "%s: code %d: %s", what, n,
              on ? " and on" : "", (int)c, err.message);
    tap_check(open_files() == files, __FILE__, __LINE__,
              "%s, allocation %" PRId64 ": open files: %d, not %d", what, n, open_files(), files);
    if (look && c != HL_OK)
        look(n);
}

/* At most n_runs different n, evenly spread. Returns how many there were. */
static int64_t step_through(const char *what, operation op, look_after look, int64_t n_runs,
                            bool on)
{
    hl_error err = {0};
    int64_t runs = 0;

    n_allocations = fail_at = 0;
    hl_code c = op(&err);
    int64_t all = n_allocations, stride = all > n_runs ? all / n_runs : 1;
    tap_check(c == HL_OK, __FILE__, __LINE__, "%s: %d %s", what, (int)c, err.message);
    for (int64_t n = 1; c == HL_OK && n <= all; n += stride, runs++)
        one_run(what, op, look, n, on);
    printf("# %s: %" PRId64 " of %" PRId64 " allocations\n", what, runs, all);
    return runs;
}

static void each_alone_and_all_behind(const char *what, operation op)
{
    enum { ALL = 100000 };

    ok(step_through(what, op, NULL, ALL, false) > 0);
    step_through(what, op, NULL, ALL, true);
}

/* --- files ------------------------------------------------------------------------------------ */

static char home[256];

static const char *at_home(const char *name)
{
    static char path[8][HL_PATH_BYTES];
    static int turn;
    char *p = path[turn++ % 8];

    snprintf(p, sizeof path[0], "%s/%s", home, name);
    return p;
}

/* Without failures: it is no part of what is tested. */
static void clear(const char *folder)
{
    int64_t count = n_allocations, at = fail_at;

    fail_at = 0;
    hl_remove_tree(folder, NULL);
    n_allocations = count;
    fail_at = at;
}

static hl_code wrong(hl_error *err)
{
    return hl_fail(err, HL_E_BUG, "a wrong result");
}

/* Every file of folder that has a final name holds what the one in whole does. */
static hl_code same_as(const char *folder, const char *whole, bool all, hl_error *err)
{
    char a[HL_PATH_BYTES], b[HL_PATH_BYTES];
    hl_names names = {0}, want = {0};
    size_t n = 0;
    hl_code c = hl_is_folder(folder) ? hl_list_tree(folder, &names, err) : HL_OK;

    for (size_t i = 0; c == HL_OK && i < names.n; i++) {
        hl_buf x = {0}, y = {0};
        const char *name = names.name[i];
        if (strstr(name, ".tmp-") || strncmp(name, ".hilum/", 7) == 0 ||
            strcmp(name, "run.json") == 0)
            continue;
        n++;
        c = hl_path_join(folder, name, a, err);
        if (c == HL_OK)
            c = hl_path_join(whole, name, b, err);
        if (c == HL_OK)
            c = hl_read_file(a, 1 << 26, &x, NULL, err);
        if (c == HL_OK)
            c = hl_read_file(b, 1 << 26, &y, NULL, err);
        if (c == HL_OK && (x.n != y.n || memcmp(x.at, y.at, x.n) != 0))
            c = hl_fail(err, HL_E_BUG, "%s: a wrong result", name);
        hl_buf_free(&x);
        hl_buf_free(&y);
    }
    if (c == HL_OK && all)
        c = hl_list_tree(whole, &want, err);
    if (c == HL_OK && all && n + 1 != want.n) /* run.json */
        c = hl_fail(err, HL_E_BUG, "%zu files, not %zu", n + 1, want.n);
    hl_names_free(&names);
    hl_names_free(&want);
    return c;
}

/* The check at the end of a run that said HL_OK happens without failures. */
static hl_code judge(hl_code c, const char *out, const char *whole, hl_error *err)
{
    int64_t count = n_allocations, at = fail_at;

    fail_at = 0;
    if (c == HL_OK && strcmp(out, whole) != 0)
        c = same_as(out, whole, true, err);
    fail_at = at;
    n_allocations = count;
    return c;
}

#endif
