#include "app/cpus.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/str.h"

#define MOST_JOBS 1024
#define NO_QUOTA INT64_MAX

/* A whole small file of /proc or /sys (their size is not known before reading) as text. */
static bool read_small(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t n = 0;
    ssize_t got = 0;

    if (fd < 0)
        return false;
    while (n + 1 < size && (got = read(fd, out + n, size - 1 - n)) > 0)
        n += (size_t)got;
    close(fd);
    out[n] = 0;
    return got >= 0;
}

static hl_str next_word(hl_str *text)
{
    *text = hl_str_trim(*text);
    hl_str word = *text;
    word.n = 0;
    while (word.n < text->n && text->at[word.n] != ' ' && text->at[word.n] != '\n')
        word.n++;
    text->at += word.n;
    text->n -= word.n;
    return word;
}

static int64_t cpus_of(int64_t quota_us, int64_t period_us)
{
    if (quota_us <= 0 || period_us <= 0)
        return NO_QUOTA;
    return quota_us / period_us + (quota_us % period_us != 0);
}

/* v2: cpu.max holds "QUOTA PERIOD" or "max PERIOD". */
static int64_t quota_v2(const char *folder)
{
    char path[4400], text[128];
    int64_t quota, period;

    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (!read_small(path, text, sizeof text))
        return NO_QUOTA;
    hl_str rest = hl_str_of(text), first = next_word(&rest), second = next_word(&rest);
    if (!hl_parse_i64(first, &quota) || !hl_parse_i64(second, &period))
        return NO_QUOTA;
    return cpus_of(quota, period);
}

/* v1: two files with a number each; a quota of -1 means none. */
static int64_t quota_v1(const char *folder)
{
    char path[4400], text[64];
    int64_t number[2];
    static const char *const name[2] = {"cpu.cfs_quota_us", "cpu.cfs_period_us"};

    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, name[i]);
        if (!read_small(path, text, sizeof text))
            return NO_QUOTA;
        hl_str rest = hl_str_of(text);
        if (!hl_parse_i64(next_word(&rest), &number[i]))
            return NO_QUOTA;
    }
    return cpus_of(number[0], number[1]);
}

/* The tightest quota from mount/group up to mount itself. In a container the group named by /proc
 * may not exist below the mount: its parents, and the mount, still count. */
static int64_t quota_upwards(const char *mount, hl_str group, int64_t (*quota)(const char *folder))
{
    char folder[4300];
    int64_t least = NO_QUOTA;

    for (;;) {
        snprintf(folder, sizeof folder, "%s%.*s", mount, (int)group.n, group.at);
        int64_t q = quota(folder);
        if (q < least)
            least = q;
        if (group.n == 0)
            return least;
        do
            group.n--;
        while (group.n > 0 && group.at[group.n] != '/');
    }
}

static bool has_controller(hl_str list, const char *name)
{
    while (list.n > 0) {
        const char *comma = memchr(list.at, ',', list.n);
        hl_str one = {list.at, comma ? (size_t)(comma - list.at) : list.n};
        if (hl_str_is(one, name))
            return true;
        size_t step = one.n + (comma ? 1 : 0);
        list.at += step;
        list.n -= step;
    }
    return false;
}

/* One line of /proc/self/cgroup: "ID:CONTROLLERS:/GROUP"; no controllers: v2. */
static int64_t quota_of_line(const char *root, hl_str line)
{
    static const char *const v1[] = {"cpu,cpuacct", "cpuacct,cpu", "cpu"};
    static const char *const v2[] = {"", "/unified"};
    char mount[256];
    int64_t least = NO_QUOTA;
    const char *a = memchr(line.at, ':', line.n);
    const char *b = a ? memchr(a + 1, ':', line.n - (size_t)(a + 1 - line.at)) : NULL;

    if (!b)
        return NO_QUOTA;
    hl_str controllers = {a + 1, (size_t)(b - a - 1)};
    hl_str group = {b + 1, line.n - (size_t)(b + 1 - line.at)};
    if (group.n == 1 || group.n > 4000)
        group.n = 0; /* "/": the mount itself */
    bool is_v2 = controllers.n == 0;
    if (!is_v2 && !has_controller(controllers, "cpu"))
        return NO_QUOTA;
    for (size_t i = 0; i < (is_v2 ? 2 : 3); i++) {
        if (is_v2)
            snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s", root, v2[i]);
        else
            snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/%s", root, v1[i]);
        int64_t q = quota_upwards(mount, group, is_v2 ? quota_v2 : quota_v1);
        if (q < least)
            least = q;
    }
    return least;
}

static int64_t quota_cpus(const char *root)
{
    char path[256], text[16384];
    int64_t least = NO_QUOTA;

    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (!read_small(path, text, sizeof text))
        return NO_QUOTA;
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        int64_t q = quota_of_line(root, (hl_str){at, n});
        if (q < least)
            least = q;
        at += n + (at[n] == '\n');
    }
    return least;
}

static int64_t affinity_cpus(void)
{
    /* A mask too small for the machine's CPUs is EINVAL: grow. */
    for (size_t cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC(cpus);
        if (!set)
            break;
        size_t bytes = CPU_ALLOC_SIZE(cpus);
        int got = sched_getaffinity(0, bytes, set);
        int n = got == 0 ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (n > 0)
            return n;
    }
    return 1;
}

int app_default_jobs(const char *root, const char *slurm)
{
    int64_t jobs, quota = quota_cpus(root);

    if (!slurm || !hl_parse_i64(hl_str_of(slurm), &jobs) || jobs < 1)
        jobs = affinity_cpus();
    if (quota < jobs)
        jobs = quota;
    return (int)(jobs > MOST_JOBS ? MOST_JOBS : jobs);
}
