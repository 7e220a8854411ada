/*
 * wave_task.h - what wave_hilum.c and wave_libwfdb.c share: jobs, passes, clocks.
 *
 *      PROGRAM keep|reopen|headers digital|physical JOBS PASSES VALUES [THREADS]
 *
 * JOBS has a line for each job: RECORD FROM TO SIGNAL, where TO -1 is the record's end and SIGNAL
 * -1 all signals; the program works in the folder of JOBS, where records are found most quickly.
 * keep: the first job's record is opened once, outside of the clock; reopen: each job opens its
 * record and closes it; headers: each job reads every segment's header. The first pass is not
 * counted; it writes what it read to VALUES ("-": nowhere), frame by frame: int32 (-32768 = not
 * measured) or float64, of headers the number of signals of each segment. Then it prints a line for
 * each pass: CPU ms and wall ms a job. With THREADS each thread takes every THREADS-th job and has
 * a record of its own. wave_peer.py does the same with wfdb-python.
 */
#ifndef BENCH_WAVE_TASK_H
#define BENCH_WAVE_TASK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_PATH = 512,
    MAX_THREADS = 64,
    MAX_SIGNALS = 64,
    STEP_FRAMES = 8192, /* a longer job is read in steps: no reader has to hold a record */
};

/* What each program has of its own. All return false after printing why. */
typedef struct reader reader;
static reader *reader_new(void);
static void reader_free(reader *r);
static bool reader_open(reader *r, const char *record);
static void reader_close(reader *r);
static int64_t reader_frames(const reader *r);
/* Frames from .. from + n - 1 into memory of the reader's own, n <= STEP_FRAMES. */
static bool reader_read(reader *r, int64_t from, int64_t n, int signal, bool physical);
/* What was read last, to a file. */
static bool reader_write(const reader *r, int64_t n, int signal, bool physical, FILE *out);
/* All headers of a record of many segments; the numbers of signals go to out, if there is one. */
static bool reader_headers(reader *r, const char *record, FILE *out);

typedef struct {
    char record[MAX_PATH];
    int64_t from, to;
    int signal;
} job;

typedef enum { KEEP, REOPEN, HEADERS } mode;

typedef struct {
    mode how;
    bool physical;
    job *job;
    int n_jobs, n_threads;
    reader *reader[MAX_THREADS];
    FILE *out; /* NULL: nowhere */
} task;

typedef struct {
    task *t;
    int i;
    bool ok;
} share;

static double clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static bool run_job(const task *t, reader *r, const job *j)
{
    bool ok = true;

    if (t->how == HEADERS)
        return reader_headers(r, j->record, t->out);
    if (t->how == REOPEN)
        ok = reader_open(r, j->record);
    int64_t to = ok && j->to < 0 ? reader_frames(r) : j->to;
    for (int64_t at = j->from, n; ok && at < to; at += n) {
        n = to - at < STEP_FRAMES ? to - at : STEP_FRAMES;
        ok = reader_read(r, at, n, j->signal, t->physical) &&
             (!t->out || reader_write(r, n, j->signal, t->physical, t->out));
    }
    if (t->how == REOPEN)
        reader_close(r);
    return ok;
}

static void *run_share(void *of)
{
    share *s = of;

    s->ok = true;
    for (int i = s->i; i < s->t->n_jobs && s->ok; i += s->t->n_threads)
        s->ok = run_job(s->t, s->t->reader[s->i], &s->t->job[i]);
    return NULL;
}

static bool run_pass(task *t)
{
    pthread_t thread[MAX_THREADS];
    share s[MAX_THREADS];
    bool ok = true;

    for (int i = 0; i < t->n_threads; i++)
        s[i] = (share){.t = t, .i = i};
    for (int i = 1; i < t->n_threads; i++)
        if (pthread_create(&thread[i], NULL, run_share, &s[i]) != 0)
            abort();
    run_share(&s[0]);
    for (int i = 1; i < t->n_threads; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < t->n_threads; i++)
        ok = ok && s[i].ok;
    return ok;
}

static bool load_jobs(task *t, const char *path)
{
    FILE *in = fopen(path, "r");
    int room = 0;
    job j;

    if (!in) {
        perror(path);
        return false;
    }
    while (fscanf(in, "%511s %ld %ld %d", j.record, &j.from, &j.to, &j.signal) == 4) {
        if (t->n_jobs == room) {
            room = room ? 2 * room : 64;
            t->job = realloc(t->job, (size_t)room * sizeof *t->job);
            if (!t->job)
                abort();
        }
        t->job[t->n_jobs++] = j;
    }
    fclose(in);
    return t->n_jobs > 0;
}

static bool run_passes(task *t, int passes)
{
    const int n_threads = t->n_threads;

    t->n_threads = t->out ? 1 : n_threads; /* values stand in order */
    bool ok = run_pass(t);
    if (t->out)
        ok = fclose(t->out) == 0 && ok;
    t->out = NULL;
    t->n_threads = n_threads;
    for (int i = 0; i < passes && ok; i++) {
        const double cpu = clock_ms(CLOCK_PROCESS_CPUTIME_ID), wall = clock_ms(CLOCK_MONOTONIC);
        ok = run_pass(t);
        printf("%.6f %.6f\n", (clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu) / t->n_jobs,
               (clock_ms(CLOCK_MONOTONIC) - wall) / t->n_jobs);
    }
    return ok;
}

/* Open VALUES, then go to the folder of JOBS. */
static bool settle(task *t, char *jobs, const char *values)
{
    char *slash = strrchr(jobs, '/');

    t->out = strcmp(values, "-") != 0 ? fopen(values, "wb") : NULL;
    if (!t->out && strcmp(values, "-") != 0) {
        perror(values);
        return false;
    }
    if (slash)
        *slash = 0;
    if (slash && chdir(jobs) != 0) {
        perror(jobs);
        return false;
    }
    return true;
}

static bool parse_task(int argc, char **argv, task *t)
{
    static const char *const modes[] = {"keep", "reopen", "headers"};
    bool known = false;

    if (argc != 6 && argc != 7)
        return false;
    for (int i = 0; i < 3 && !known; i++) {
        known = strcmp(argv[1], modes[i]) == 0;
        t->how = (mode)i;
    }
    t->physical = strcmp(argv[2], "physical") == 0;
    t->n_threads = argc == 7 ? (int)strtol(argv[6], NULL, 10) : 1;
    return known && t->n_threads >= 1 && t->n_threads <= MAX_THREADS && load_jobs(t, argv[3]);
}

int main(int argc, char **argv)
{
    task t = {.n_jobs = 0};

    if (!parse_task(argc, argv, &t)) {
        fprintf(stderr,
                "usage: %s keep|reopen|headers digital|physical JOBS PASSES VALUES [THREADS]\n",
                argv[0]);
        return 2;
    }
    bool ok = settle(&t, argv[3], argv[5]);
    for (int i = 0; i < t.n_threads; i++) {
        t.reader[i] = reader_new();
        if (!t.reader[i])
            abort();
        if (t.how == KEEP && ok)
            ok = reader_open(t.reader[i], t.job[0].record);
    }
    ok = ok && run_passes(&t, (int)strtol(argv[4], NULL, 10));
    for (int i = 0; i < t.n_threads; i++) {
        if (t.how == KEEP)
            reader_close(t.reader[i]);
        reader_free(t.reader[i]);
    }
    free(t.job);
    return ok ? 0 : 1;
}

#endif
