/*
 * cpus.h - how many threads a job gets when nobody says --jobs (scale.md 10.6).
 */
#ifndef HL_APP_CPUS_H
#define HL_APP_CPUS_H

#include <stdbool.h>

/*
 * slurm (the value of SLURM_CPUS_PER_TASK, NULL = not set) when it is a positive number, else the
 * CPUs of the affinity mask; at most the cgroup's CPU quota (v1 and v2, the tightest of the group
 * and its parents) rounded up. root is put in front of /proc and /sys: "" but for tests. At least
 * 1, at most 1024.
 */
int app_default_jobs(const char *root, const char *slurm);

#endif
