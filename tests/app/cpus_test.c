/* The program's files are in no library: this test takes the one that it is about. */
#include "app/cpus.c"

#include "tap.h"

/* A machine's /proc/self/cgroup and one file below /sys/fs/cgroup, in a folder of its own. */
static const char *machine(const char *cgroup, const char *folder, const char *file,
                           const char *text)
{
    const char *root = temp_folder();
    char command[1024];
    snprintf(command, sizeof command,
             "cd %s && mkdir -p proc/self sys/fs/cgroup%s && printf '%s' > proc/self/cgroup && "
             "printf '%s' > sys/fs/cgroup%s/%s",
             root, folder, cgroup, text, folder, file);
    ok(system(command) == 0);
    return root;
}

static void slurm_says_how_many(void)
{
    is_int(app_default_jobs("/nowhere", "7"), 7);
    is_int(app_default_jobs("/nowhere", "100000"), 1024);
}

static void nonsense_in_the_variable_counts_as_not_set(void)
{
    int own = app_default_jobs("/nowhere", NULL);
    ok(own >= 1);
    is_int(app_default_jobs("/nowhere", ""), own);
    is_int(app_default_jobs("/nowhere", "0"), own);
    is_int(app_default_jobs("/nowhere", "four"), own);
    is_int(app_default_jobs("/nowhere", "-3"), own);
}

static void a_cgroup_v2_quota_is_rounded_up(void)
{
    is_int(app_default_jobs(machine("0::/a/b\\n", "/a/b", "cpu.max", "250000 100000\\n"), "64"), 3);
    is_int(app_default_jobs(machine("0::/a/b\\n", "/a/b", "cpu.max", "20000 100000\\n"), "64"), 1);
    is_int(app_default_jobs(machine("0::/a/b\\n", "/a/b", "cpu.max", "max 100000\\n"), "64"), 64);
}

static void a_parents_quota_counts_too(void)
{
    is_int(app_default_jobs(machine("0::/a/b\\n", "/a", "cpu.max", "500000 100000\\n"), "64"), 5);
    is_int(app_default_jobs(machine("0::/not/here\\n", "", "cpu.max", "400000 100000\\n"), "64"),
           4);
    is_int(app_default_jobs(machine("0::/\\n", "", "cpu.max", "300000 100000\\n"), "64"), 3);
}

static void a_cgroup_v1_quota_counts(void)
{
    const char *root = machine("5:memory:/x\\n4:cpu,cpuacct:/job\\n", "/cpu,cpuacct/job",
                               "cpu.cfs_quota_us", "600000\\n");
    char command[400];
    is_int(app_default_jobs(root, "64"), 64); /* no period yet */
    snprintf(command, sizeof command,
             "printf '100000\\n' > %s/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", root);
    ok(system(command) == 0);
    is_int(app_default_jobs(root, "64"), 6);
    snprintf(command, sizeof command,
             "printf -- '-1\\n' > %s/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", root);
    ok(system(command) == 0);
    is_int(app_default_jobs(root, "64"), 64);
}

static void broken_files_are_no_quota(void)
{
    is_int(app_default_jobs(machine("nonsense\\n::\\n\\n0:\\n", "/a", "cpu.max", "x"), "8"), 8);
    is_int(app_default_jobs(machine("0::/a\\n", "/a", "cpu.max", "5"), "8"), 8);
    is_int(app_default_jobs(machine("0::/a\\n", "/a", "cpu.max", "100000 0"), "8"), 8);
}

int main(void)
{
    run(slurm_says_how_many);
    run(nonsense_in_the_variable_counts_as_not_set);
    run(a_cgroup_v2_quota_is_rounded_up);
    run(a_parents_quota_counts_too);
    run(a_cgroup_v1_quota_counts);
    run(broken_files_are_no_quota);
    return done();
}
