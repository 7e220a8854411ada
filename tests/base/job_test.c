#include "base/job.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>

#include "base/ctl.h"
#include "base/json.h"
#include "tap.h"

/* --- a job to test with: records of 0 to max_bytes bytes that depend on the item alone -------- */

typedef struct {
    int64_t n;
    size_t max_bytes;
    int64_t fail_every; /* 0 = none fails */
    int delay_us;
    hl_code fatal; /* what item fatal_at gives, HL_OK = nothing special */
    int64_t fatal_at;
    hl_ctl *stop_at_ctl; /* cancelled by item stop_at */
    int64_t stop_at;
    int64_t worked; /* atomic: calls of work() */
    hl_buf sunk;    /* what sink() was given */
    int64_t next_sunk;
    bool in_order;
} fake;

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

static int64_t fake_subject(void *ctx, int64_t i)
{
    (void)ctx;
    return 10000000 + i / 3; /* some subjects have several items */
}

static void fake_name(void *ctx, int64_t i, char *out, size_t size)
{
    (void)ctx;
    snprintf(out, size, "files/p%lld, \"a\".jpg", (long long)i);
}

static hl_code fake_work(void *ctx, int64_t i, int thread, hl_arena *scratch, hl_buf *record,
                         hl_error *err)
{
    fake *f = ctx;
    size_t n = f->max_bytes ? mix((uint64_t)i) % (f->max_bytes + 1) : 0;
    uint8_t *bytes = hl_arena_alloc(scratch, n);

    (void)thread;
    __atomic_fetch_add(&f->worked, 1, __ATOMIC_RELAXED);
    if (f->delay_us)
        usleep((useconds_t)(mix((uint64_t)i + 7) % (uint64_t)f->delay_us));
    if (f->stop_at_ctl && i == f->stop_at)
        __atomic_store_n(&f->stop_at_ctl->cancel, 1, __ATOMIC_RELAXED);
    if (f->fatal == HL_E_LIMIT && i == f->fatal_at)
        return hl_fail_memory(err, "a film", n);
    if (f->fatal && i == f->fatal_at)
        return hl_fail(err, f->fatal, "a fault on purpose");
    for (size_t k = 0; k < n; k++)
        bytes[k] = (uint8_t)(mix((uint64_t)i * 131 + k / 64) >> (k % 8));
    hl_buf_append(record, bytes, n);
    if (f->fail_every && i % f->fail_every == 0)
        return hl_fail(err, HL_E_INPUT, "no \"film\",\tbut\\ %lld\nLook at it.", (long long)i);
    return HL_OK;
}

static hl_code fake_sink(void *ctx, int64_t i, hl_code code, const void *record, size_t n,
                         hl_error *err)
{
    fake *f = ctx;

    (void)err;
    f->in_order = f->in_order && i == f->next_sunk;
    f->next_sunk++;
    hl_buf_i64(&f->sunk, code);
    hl_buf_append(&f->sunk, record, n);
    return HL_OK;
}

static hl_job fake_job(fake *f)
{
    return (hl_job){.command = "pack",
                    .recipe = "aa11",
                    .options = "{\"train-n\":80,\"compat\":true}",
                    .inputs = "bb22",
                    .n_items = f->n,
                    .ctx = f,
                    .subject_id = fake_subject,
                    .item_name = fake_name,
                    .work = fake_work,
                    .sink = fake_sink};
}

/* One call. f->sunk then holds the output. */
typedef struct {
    hl_job_mode mode;
    int64_t shard, n_shards;
    bool resume, strict;
    int jobs;
    const char *version;
} call;

static hl_code go(fake *f, const char *out, call how, hl_job_result *result, hl_error *err)
{
    hl_job job = fake_job(f);
    hl_job_options options = {.out = out,
                              .mode = how.mode,
                              .shard = how.shard,
                              .n_shards = how.n_shards ? how.n_shards : 1,
                              .resume = how.resume,
                              .strict = how.strict,
                              .version = how.version ? how.version : "1.2.0"};
    hl_ctl own = {.jobs = how.jobs ? how.jobs : 2};
    hl_ctl *ctl = f->stop_at_ctl ? f->stop_at_ctl : &own;

    if (f->stop_at_ctl)
        ctl->jobs = own.jobs;
    hl_buf_clear(&f->sunk);
    f->next_sunk = 0;
    f->in_order = true;
    f->worked = 0;
    return hl_job_run(&job, &options, ctl, result, err);
}

static void remove_out(const char *out)
{
    hl_remove_tree(out, NULL);
}

static const char *path_of(const char *out, const char *name)
{
    static char path[8][1200];
    static int turn;
    char *p = path[turn++ % 8];

    snprintf(p, sizeof path[0], "%s/%s", out, name);
    return p;
}

static hl_buf read_all(const char *path)
{
    hl_buf b = {0};

    hl_read_file(path, (size_t)1 << 30, &b, NULL, NULL);
    return b;
}

static size_t count_names(const char *folder, const char *part)
{
    hl_names names = {0};
    size_t n = 0;

    if (hl_list_folder(folder, &names, NULL))
        return 0;
    for (size_t i = 0; i < names.n; i++)
        n += strstr(names.name[i], part) != NULL;
    hl_names_free(&names);
    return n;
}

/* What one uninterrupted run with one thread gives. */
static hl_digest expected(fake *f)
{
    const char *out = temp_folder();
    hl_digest d;
    hl_error err = {0};
    hl_code c = go(f, out, (call){.jobs = 1}, NULL, &err);

    ok(c == HL_OK || c == HL_PARTIAL);
    hl_sha256_of(f->sunk.at, f->sunk.n, &d);
    remove_out(out);
    return d;
}

static bool sunk_equals(const fake *f, const hl_digest *want)
{
    hl_digest d;

    hl_sha256_of(f->sunk.at, f->sunk.n, &d);
    return hl_digest_equal(&d, want);
}

/* --- plain runs ------------------------------------------------------------------------------- */

static void records_reach_the_sink_in_item_order_for_any_number_of_threads(void)
{
    fake f = {.n = 500, .max_bytes = 3000, .delay_us = 300};
    hl_digest want = expected(&f);

    for (int jobs = 1; jobs <= 9; jobs += 4) {
        const char *out = temp_folder();
        hl_job_result r;
        hl_error err = {0};
        is_int(go(&f, out, (call){.jobs = jobs}, &r, &err), HL_OK);
        is_str(err.message, "");
        ok(f.in_order);
        ok(sunk_equals(&f, &want));
        is_int(r.items, 500);
        is_int(r.done, 500);
        is_int(r.failed, 0);
        is_int(f.worked, 500);
        remove_out(out);
    }
    hl_buf_free(&f.sunk);
}

static void errors_csv_is_there_also_when_nothing_failed(void)
{
    fake f = {.n = 3, .max_bytes = 10};
    const char *out = temp_folder();
    hl_job_result r;
    hl_digest d;

    is_int(go(&f, out, (call){0}, &r, NULL), HL_OK);
    hl_buf b = read_all(path_of(out, "errors.csv"));
    is_str(b.at, "item,code,message\n");
    hl_sha256_of(b.at, b.n, &d);
    ok(hl_digest_equal(&d, &r.errors_digest));
    hl_buf_free(&b);
    hl_buf_free(&f.sunk);
    remove_out(out);
}

static void failed_items_stand_in_errors_csv_and_the_job_goes_on(void)
{
    fake f = {.n = 5, .max_bytes = 10, .fail_every = 3};
    const char *out = temp_folder();
    hl_job_result r;

    is_int(go(&f, out, (call){0}, &r, NULL), HL_PARTIAL);
    is_int(r.items, 5);
    is_int(r.done, 3);
    is_int(r.failed, 2);
    hl_buf b = read_all(path_of(out, "errors.csv"));
    is_str(b.at, "item,code,message\n"
                 "\"files/p0, \"\"a\"\".jpg\",3,\"no \"\"film\"\",\tbut\\ 0 Look at it.\"\n"
                 "\"files/p3, \"\"a\"\".jpg\",3,\"no \"\"film\"\",\tbut\\ 3 Look at it.\"\n");
    hl_buf_free(&b);
    hl_buf_free(&f.sunk);
    remove_out(out);
}

static void strict_ends_at_the_first_failed_item_in_item_order(void)
{
    for (int jobs = 1; jobs <= 4; jobs++) {
        fake f = {.n = 200, .max_bytes = 10, .fail_every = 50, .delay_us = 200};
        const char *out = temp_folder();
        hl_error err = {0};
        is_int(go(&f, out, (call){.jobs = jobs, .strict = true}, NULL, &err), HL_E_INPUT);
        like(err.message, "files/p0, \"a\".jpg: no \"film\"");
        hl_buf_free(&f.sunk);
        remove_out(out);
    }
}

static void strict_does_not_take_over_a_failed_item(void)
{
    fake f = {.n = 20, .max_bytes = 10, .fail_every = 7, .fatal = HL_E_IO, .fatal_at = 15};
    const char *out = temp_folder();
    hl_error err = {0};
    hl_job_result r;

    is_int(go(&f, out, (call){.jobs = 1}, NULL, &err), HL_E_IO);
    is_int(go(&f, out, (call){.resume = true, .strict = true}, &r, &err), HL_E_INPUT);
    is_int(r.resumed, 0);
    like(err.message, "files/p0");
    hl_buf_free(&f.sunk);
    remove_out(out);
}

static void an_io_error_of_an_item_ends_the_job_and_keeps_what_was_done(void)
{
    fake f = {.n = 50, .max_bytes = 100, .fatal = HL_E_IO, .fatal_at = 30};
    const char *out = temp_folder();
    hl_error err = {0};
    hl_job_result r;
    hl_digest want;

    is_int(go(&f, out, (call){0}, &r, &err), HL_E_IO);
    like(err.message, "files/p30, \"a\".jpg: a fault on purpose");
    ok(!hl_file_exists(path_of(out, "errors.csv")));
    f.fatal = HL_OK;
    is_int(go(&f, out, (call){.resume = true}, &r, NULL), HL_OK);
    is_int(r.resumed, 30);
    is_int(f.worked, 20);
    hl_sha256_of(f.sunk.at, f.sunk.n, &want);
    remove_out(out);
    f.n = 50;
    hl_digest plain = expected(&f);
    ok(hl_digest_equal(&plain, &want));
    hl_buf_free(&f.sunk);
}

static void a_job_without_items_is_done(void)
{
    fake f = {.n = 0};
    const char *out = temp_folder();
    hl_job_result r;

    is_int(go(&f, out, (call){0}, &r, NULL), HL_OK);
    is_int(r.items, 0);
    ok(hl_file_exists(path_of(out, "errors.csv")));
    remove_out(out);
}

static void clean_leaves_only_the_outputs(void)
{
    fake f = {.n = 3, .max_bytes = 10};
    const char *out = temp_folder();

    is_int(go(&f, out, (call){0}, NULL, NULL), HL_OK);
    hl_make_folder(path_of(out, "data"), NULL);
    hl_write_file(path_of(out, "data/.tmp-x.npy-1234"), "x", 1, NULL, NULL);
    is_int(hl_job_clean(out, NULL), HL_OK);
    ok(!hl_file_exists(path_of(out, ".hilum")));
    ok(!hl_file_exists(path_of(out, "data/.tmp-x.npy-1234")));
    ok(hl_file_exists(path_of(out, "errors.csv")));
    hl_buf_free(&f.sunk);
    remove_out(out);
}

/* --- what may stand in the output folder ------------------------------------------------------ */

static void a_folder_with_something_else_is_refused(void)
{
    fake f = {.n = 3};
    const char *out = temp_folder();
    hl_error err = {0};
    char want[400];

    hl_write_file(path_of(out, "thesis.doc"), "x", 1, NULL, NULL);
    is_int(go(&f, out, (call){.resume = true}, NULL, &err), HL_E_USAGE);
    snprintf(want, sizeof want, "%s holds something else: thesis.doc; give a new or empty folder",
             out);
    like(err.message, want);
    ok(!hl_file_exists(path_of(out, ".hilum")));
    hl_write_file(path_of(out, "manifest.json"), "{}", 2, NULL, NULL);
    is_int(go(&f, out, (call){.resume = true}, NULL, &err), HL_E_USAGE);
    like(err.message, "holds a finished run; give another --out");
    is_int(go(&f, path_of(out, "thesis.doc"), (call){0}, NULL, &err), HL_E_USAGE);
    like(err.message, "not a folder");
    remove_out(out);
}

static void the_folder_of_a_download_is_refused(void)
{
    fake f = {.n = 3};
    const char *out = temp_folder();
    hl_error err = {0};

    hl_make_folder(path_of(out, ".hilum"), NULL);
    hl_write_file(path_of(out, ".hilum/archive.json"), "{}", 2, NULL, NULL);
    is_int(go(&f, out, (call){.resume = true}, NULL, &err), HL_E_USAGE);
    like(err.message, "holds something else: archive.json");
    remove_out(out);
}

/* A failed item is final; what only memory was lacking for must not be. */
static void lack_of_memory_ends_the_job_and_fails_no_item(void)
{
    const char *out = temp_folder();
    fake f = {.n = 50, .max_bytes = 100, .fatal = HL_E_LIMIT, .fatal_at = 30};
    hl_job_result r;
    hl_error err = {0};

    is_int(go(&f, out, (call){.jobs = 1}, &r, &err), HL_E_LIMIT);
    like(err.message, "out of memory (a film");
    f.fatal = HL_OK;
    is_int(go(&f, out, (call){.resume = true}, &r, NULL), HL_OK);
    is_int(r.resumed, 30);
    is_int(r.failed, 0);
    remove_out(out);
    hl_buf_free(&f.sunk);
}

static void an_unfinished_run_needs_resume(void)
{
    fake f = {.n = 20, .max_bytes = 100, .fatal = HL_E_IO, .fatal_at = 10};
    const char *out = temp_folder();
    hl_error err = {0};
    char want[400];

    is_int(go(&f, out, (call){0}, NULL, &err), HL_E_IO);
    is_int(go(&f, out, (call){0}, NULL, &err), HL_E_USAGE);
    snprintf(want, sizeof want,
             "%s holds an unfinished run; add --resume to go on, or give another --out", out);
    is_str(err.message, want);
    hl_buf_free(&f.sunk);
    remove_out(out);
}

#define STARTS 300

/* What a shard does first, STARTS times, in folders 0, 1, ... */
static void *begin_again_and_again(void *arg)
{
    char path[HL_PATH_BYTES];

    for (int i = 0; i < STARTS; i++) {
        snprintf(path, sizeof path, "%s/%d/.hilum", (const char *)arg, i);
        hl_make_folder(path, NULL);
        snprintf(path, sizeof path, "%s/%d/.hilum/shards.json", (const char *)arg, i);
        close(open(path, O_WRONLY | O_CREAT, 0644));
        snprintf(path, sizeof path, "%s/%d/.hilum/.journal-00000-a", (const char *)arg, i);
        close(open(path, O_WRONLY | O_CREAT, 0644));
    }
    return NULL;
}

static void a_shard_that_begins_beside_another_does_not_take_it_for_something_else(void)
{
    char out[256], folder[300], last[400];
    pthread_t beside;
    int refused = 0;

    snprintf(out, sizeof out, "%s", temp_folder());
    pthread_create(&beside, NULL, begin_again_and_again, out);
    for (int i = 0; i < STARTS; i++) {
        snprintf(folder, sizeof folder, "%s/%d", out, i);
        snprintf(last, sizeof last, "%s/.hilum/.journal-00000-a", folder);
        hl_job_options options = {.out = folder, .mode = HL_JOB_SHARD, .n_shards = 2};
        do
            refused += hl_job_check_out(&options, NULL) != HL_OK;
        while (!hl_file_exists(last));
    }
    pthread_join(beside, NULL);
    is_int(refused, 0);
    remove_out(out);
}

static void a_shard_of_another_start_is_refused(void)
{
    fake f = {.n = 30, .max_bytes = 10};
    const char *out = temp_folder();
    hl_error err = {0};
    char want[500];
    hl_job job = fake_job(&f);
    hl_job_options options = {
        .out = out, .mode = HL_JOB_SHARD, .shard = 1, .n_shards = 64, .version = "1.2.0"};

    is_int(hl_job_run(&job, &options, NULL, NULL, &err), HL_OK);
    is_int(go(&f, out, (call){.mode = HL_JOB_SHARD, .shard = 1, .n_shards = 63, .version = "1.2.1"},
              NULL, &err),
           HL_E_USAGE);
    snprintf(want, sizeof want,
             "%s was started as 64 shards by hilum 1.2.0; this is 1/63 by 1.2.1. Use the same, or "
             "another --out.",
             out);
    is_str(err.message, want);
    is_int(go(&f, out, (call){.mode = HL_JOB_SHARD, .shard = 0, .n_shards = 1}, NULL, &err),
           HL_E_USAGE);
    like(err.message, "was started as 64 shards by hilum 1.2.0; this is 0/1 by 1.2.0.");
    is_int(go(&f, out, (call){.resume = true}, NULL, &err), HL_E_USAGE);
    like(err.message, "this is one run by 1.2.0.");
    is_int(go(&f, out, (call){.mode = HL_JOB_MERGE, .version = "1.3.0"}, NULL, &err), HL_E_USAGE);
    like(err.message, "this is a merge by 1.3.0.");

    job.recipe = "cc33";
    is_int(hl_job_run(&job, &options, NULL, NULL, &err), HL_E_USAGE);
    like(err.message, "was started with recipe aa11; this is with recipe cc33. Use the same");
    job = fake_job(&f);
    job.inputs = "dd44";
    is_int(hl_job_run(&job, &options, NULL, NULL, &err), HL_E_USAGE);
    like(err.message, "other inputs (30 items, bb22); this is with 30 items, dd44. Use the same");
    job = fake_job(&f);
    job.options = "{\"train-n\":90,\"compat\":true}";
    is_int(hl_job_run(&job, &options, NULL, NULL, &err), HL_E_USAGE);
    like(err.message, "was started with --train-n 80; this is with --train-n 90. Use the same");
    job.options = "{\"train-n\":80}";
    is_int(hl_job_run(&job, &options, NULL, NULL, &err), HL_E_USAGE);
    like(err.message, "was started with --compat; this is without --compat. Use the same");
    job.options = "{\"train-n\":80,\"compat\":true,\"seed\":7}";
    is_int(hl_job_run(&job, &options, NULL, NULL, &err), HL_E_USAGE);
    like(err.message, "was started without --seed; this is with --seed 7. Use the same");
    job = fake_job(&f);
    job.command = "film render";
    is_int(hl_job_run(&job, &options, NULL, NULL, &err), HL_E_USAGE);
    like(err.message, "was started by hilum pack; this is hilum film render. Use another --out.");
    remove_out(out);
}

static void a_shard_number_out_of_range_is_refused(void)
{
    fake f = {.n = 3};
    const char *out = temp_folder();
    hl_error err = {0};

    is_int(go(&f, out, (call){.mode = HL_JOB_SHARD, .shard = 4, .n_shards = 4}, NULL, &err),
           HL_E_USAGE);
    is_str(err.message, "--shard 4/4: the first number goes from 0 to 3");
    is_int(go(&f, out, (call){.mode = HL_JOB_SHARD, .shard = 4, .n_shards = 100000}, NULL, &err),
           HL_E_USAGE);
    like(err.message, "the second number goes from 1 to 99999");
    remove_out(out);
}

/* --- shards and merge ------------------------------------------------------------------------- */

static void shards_and_merge_give_what_one_run_gives(void)
{
    fake f = {.n = 300, .max_bytes = 500, .fail_every = 41};
    hl_digest want = expected(&f);
    const char *one = temp_folder(), *out = temp_folder();
    hl_job_result r, shard;
    hl_error err = {0};
    int64_t sum = 0;

    is_int(go(&f, one, (call){0}, &r, &err), HL_PARTIAL);
    for (int i = 6; i >= 0; i--) {
        hl_code c =
            go(&f, out, (call){.mode = HL_JOB_SHARD, .shard = i, .n_shards = 7}, &shard, &err);
        ok(c == (shard.failed ? HL_PARTIAL : HL_OK));
        ok(!hl_file_exists(path_of(out, "errors.csv")));
        is_int(f.sunk.n, 0);
        sum += shard.items;
    }
    is_int(sum, 300);
    is_int(go(&f, out, (call){.mode = HL_JOB_MERGE}, &shard, &err), HL_PARTIAL);
    ok(f.in_order);
    ok(sunk_equals(&f, &want));
    is_int(shard.failed, r.failed);
    ok(hl_digest_equal(&shard.errors_digest, &r.errors_digest));
    remove_out(one);
    remove_out(out);
    hl_buf_free(&f.sunk);
}

static void a_finished_shard_started_again_gives_the_code_it_gave(void)
{
    fake f = {.n = 40, .max_bytes = 50, .fail_every = 5};
    const char *out = temp_folder();
    hl_job_result first, again;

    for (int i = 0; i < 4; i++) {
        call how = {.mode = HL_JOB_SHARD, .shard = i, .n_shards = 4};
        hl_code c = go(&f, out, how, &first, NULL);
        is_int(go(&f, out, how, &again, NULL), c);
        ok(again.already_complete && !first.already_complete);
        is_int(f.worked, 0);
        is_int(again.items, first.items);
        is_int(again.done, first.done);
        is_int(again.failed, first.failed);
    }
    is_int(count_names(path_of(out, ".hilum"), ".journal-"), 0);
    is_int(count_names(path_of(out, ".hilum"), ".records-"), 0);
    is_int(count_names(path_of(out, ".hilum"), ".tmp-"), 0);
    remove_out(out);
    hl_buf_free(&f.sunk);
}

static void a_merge_names_the_shards_that_are_missing_or_differ(void)
{
    fake f = {.n = 60, .max_bytes = 50};
    const char *out = temp_folder();
    hl_error err = {0};
    int64_t *missing, n_states;
    size_t n;
    uint8_t *state;

    is_int(go(&f, out, (call){.mode = HL_JOB_MERGE}, NULL, &err), HL_E_INPUT);
    like(err.message, "no shards were started here (.hilum/shards.json is missing)");
    is_int(hl_job_missing(out, &missing, &n, &err), HL_E_INPUT);
    for (int i = 0; i < 5; i++)
        if (i != 1 && i != 3)
            is_int(go(&f, out, (call){.mode = HL_JOB_SHARD, .shard = i, .n_shards = 5}, NULL, &err),
                   HL_OK);
    /* One byte of a record. */
    int fd = open(path_of(out, ".hilum/part-00004-of-00005.records"), O_WRONLY);
    ok(pwrite(fd, "\x5a", 1, 60) == 1);
    close(fd);
    is_int(go(&f, out, (call){.mode = HL_JOB_MERGE}, NULL, &err), HL_E_INPUT);
    like(err.message, "of 5 shards 2 missing (1,3), 1 damaged or different (4)\n");
    is_int(hl_job_missing(out, &missing, &n, &err), HL_OK);
    is_int(n, 3);
    ok(n == 3 && missing[0] == 1 && missing[1] == 3 && missing[2] == 4);
    free(missing);
    is_int(hl_job_states(out, HL_JOB_PROVE, NULL, &state, &n_states, &err), HL_OK);
    is_int(n_states, 5);
    ok(state[0] == HL_SHARD_COMPLETE && state[1] == HL_SHARD_MISSING &&
       state[4] == HL_SHARD_DIFFERS);
    free(state);
    for (int i = 0; i < 5; i++)
        is_int(go(&f, out, (call){.mode = HL_JOB_SHARD, .shard = i, .n_shards = 5}, NULL, &err),
               HL_OK);
    is_int(go(&f, out, (call){.mode = HL_JOB_MERGE}, NULL, &err), HL_OK);
    hl_digest want = expected(&f);
    is_int(go(&f, out, (call){.mode = HL_JOB_MERGE}, NULL, &err), HL_OK);
    ok(sunk_equals(&f, &want));
    remove_out(out);
    hl_buf_free(&f.sunk);
}

static void an_ok_of_another_version_differs(void)
{
    fake f = {.n = 20, .max_bytes = 50};
    const char *out = temp_folder();
    hl_error err = {0};
    int64_t *missing;
    size_t n;
    const char *path = path_of(out, ".hilum/part-00001-of-00002.ok");

    for (int i = 0; i < 2; i++)
        is_int(go(&f, out, (call){.mode = HL_JOB_SHARD, .shard = i, .n_shards = 2}, NULL, &err),
               HL_OK);
    hl_buf text = read_all(path);
    char *at = strstr(text.at, "1.2.0");
    ok(at != NULL);
    if (at)
        at[4] = '9';
    hl_write_file(path, text.at, text.n, NULL, NULL);
    is_int(hl_job_missing(out, &missing, &n, &err), HL_OK);
    ok(n == 1 && missing[0] == 1);
    free(missing);
    hl_buf_free(&text);
    remove_out(out);
    hl_buf_free(&f.sunk);
}

static void the_ok_holds_nothing_of_the_attempt(void)
{
    fake f = {.n = 50, .max_bytes = 50, .fail_every = 9};
    const char *a = temp_folder(), *b = temp_folder();
    static const char *const part[] = {"ok", "index", "records"};

    go(&f, a, (call){.mode = HL_JOB_SHARD, .shard = 1, .n_shards = 3, .jobs = 1}, NULL, NULL);
    go(&f, b, (call){.mode = HL_JOB_SHARD, .shard = 1, .n_shards = 3, .jobs = 5}, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        char name[80];
        snprintf(name, sizeof name, ".hilum/part-00001-of-00003.%s", part[i]);
        hl_buf x = read_all(path_of(a, name)), y = read_all(path_of(b, name));
        ok(x.n > 0 && x.n == y.n && memcmp(x.at, y.at, x.n) == 0);
        hl_buf_free(&x);
        hl_buf_free(&y);
    }
    remove_out(a);
    remove_out(b);
}

static void merge_finds_the_call_as_the_user_gave_it(void)
{
    fake f = {.n = 5};
    const char *out = temp_folder();
    hl_job job = fake_job(&f);
    hl_job_options options = {.out = out, .mode = HL_JOB_SHARD, .shard = 0, .n_shards = 2};
    hl_error err = {0};
    hl_buf text = {0};
    hl_json *json = NULL;

    job.call = "{\"cohort\": \"/data/x\", \"out\": \"o\", \"shard\": \"0/2\"}";
    is_int(hl_job_run(&job, &options, NULL, NULL, &err), HL_OK);
    is_int(hl_job_read_shards(out, &text, &err), HL_OK);
    is_int(hl_json_parse(text.at, text.n, "shards.json", &json, &err), HL_OK);
    const hl_json_value *root = hl_json_root(json);
    ok(hl_str_is(hl_json_text(hl_json_get(root, "command")), "pack"));
    is_int(hl_json_int(hl_json_get(root, "n")), 2);
    ok(hl_str_is(hl_json_text(hl_json_get(hl_json_get(root, "call"), "cohort")), "/data/x"));
    hl_json_free(&json);
    hl_buf_free(&text);
    remove_out(out);
}

/* --- faults ----------------------------------------------------------------------------------- */

/* Run in a child; its exit code, or -1 when it was killed. */
static pid_t start_child(fake *f, const char *out, call how)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit((int)go(f, out, how, NULL, NULL) & 255);
    return pid;
}

static int end_of(pid_t pid)
{
    int status = 0;

    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void killed_runs_resume_to_the_same_bytes(void)
{
    fake f = {.n = 120, .max_bytes = 20000, .fail_every = 29, .delay_us = 4000};
    hl_digest want = expected(&f);

    for (unsigned round = 0; round < 6; round++) {
        const char *out = temp_folder();
        int kills = 0, code = -1;
        while (code < 0) {
            pid_t pid = start_child(&f, out, (call){.resume = true, .jobs = 2});
            if (kills < 5) {
                usleep((useconds_t)(mix(round * 31 + (unsigned)kills) % 130000));
                kill(pid, SIGKILL);
                kills++;
            }
            code = end_of(pid);
        }
        is_int(code, HL_PARTIAL);
        hl_error err = {0};
        is_int(go(&f, out, (call){.resume = true}, NULL, &err), HL_PARTIAL);
        is_int(f.worked, 0);
        ok(sunk_equals(&f, &want));
        is_int(count_names(path_of(out, ".hilum"), ".records-"), 0);
        is_int(count_names(path_of(out, ".hilum"), ".journal-"), 0);
        remove_out(out);
    }
    hl_buf_free(&f.sunk);
}

static void three_attempts_at_one_shard_with_kills_write_equal_bytes(void)
{
    fake f = {.n = 90, .max_bytes = 5000, .delay_us = 3000, .fail_every = 31};
    char clean[256];
    call how = {.mode = HL_JOB_SHARD, .shard = 1, .n_shards = 2, .jobs = 1};

    snprintf(clean, sizeof clean, "%s", temp_folder());
    go(&f, clean, how, NULL, NULL);
    for (unsigned round = 0; round < 8; round++) {
        const char *out = temp_folder();
        pid_t pid[3];
        int end[3];
        for (int i = 0; i < 3; i++) {
            pid[i] = start_child(&f, out, how);
            usleep((useconds_t)(mix(round * 7 + (unsigned)i) % 20000));
        }
        usleep((useconds_t)(mix(round) % 80000));
        kill(pid[round % 3], SIGKILL);
        for (int i = 0; i < 3; i++) {
            end[i] = end_of(pid[i]);
            ok(end[i] == HL_PARTIAL || (end[i] == -1 && (unsigned)i == round % 3));
        }
        is_int(end_of(start_child(&f, out, how)), HL_PARTIAL);
        for (int k = 0; k < 3; k++) {
            static const char *const kind[] = {"ok", "index", "records"};
            char name[80];
            snprintf(name, sizeof name, ".hilum/part-00001-of-00002.%s", kind[k]);
            hl_buf x = read_all(path_of(clean, name)), y = read_all(path_of(out, name));
            ok(x.n > 0 && x.n == y.n && memcmp(x.at, y.at, x.n) == 0);
            hl_buf_free(&x);
            hl_buf_free(&y);
        }
        is_int(count_names(path_of(out, ".hilum"), ".journal-"), 0);
        is_int(count_names(path_of(out, ".hilum"), ".records-"), 0);
        remove_out(out);
    }
    remove_out(clean);
}

/* Path of the one file in OUT/.hilum whose name begins so. */
static const char *find_one(const char *out, const char *head)
{
    hl_names names = {0};
    const char *found = NULL;
    char name[300];

    hl_list_folder(path_of(out, ".hilum"), &names, NULL);
    for (size_t i = 0; i < names.n && !found; i++)
        if (strncmp(names.name[i], head, strlen(head)) == 0) {
            snprintf(name, sizeof name, ".hilum/%s", names.name[i]);
            found = path_of(out, name);
        }
    hl_names_free(&names);
    return found;
}

/* A run that was stopped after 40 of 60 items. */
static const char *stopped_run(fake *f)
{
    const char *out = temp_folder();
    hl_error err = {0};

    f->fatal = HL_E_IO;
    f->fatal_at = 40;
    is_int(go(f, out, (call){0}, NULL, &err), HL_E_IO);
    f->fatal = HL_OK;
    return out;
}

static void a_damaged_journal_or_records_file_costs_only_its_tail(void)
{
    fake f = {.n = 60, .max_bytes = 2000};
    hl_digest want = expected(&f);
    struct stat st;

    for (int fault = 0; fault < 8; fault++) {
        const char *out = stopped_run(&f);
        const char *journal = find_one(out, ".journal-"), *records = find_one(out, ".records-");
        ok(journal && records);
        if (!journal || !records)
            return;
        const char *path = fault % 2 ? records : journal;
        int fd = open(path, O_RDWR);
        fstat(fd, &st);
        char byte = 0;
        if (fault < 2) /* cut */
            ok(ftruncate(fd, st.st_size / 2) == 0);
        if (fault == 2 || fault == 3) { /* a flipped bit in the middle */
            ok(pread(fd, &byte, 1, st.st_size / 2) == 1);
            byte ^= 4;
            ok(pwrite(fd, &byte, 1, st.st_size / 2) == 1);
        }
        if (fault == 4 || fault == 5) /* zeros behind, as after a crash of the machine */
            ok(pwrite(fd, (char[100]){0}, 100, st.st_size) == 100);
        if (fault == 6 || fault == 7) /* empty */
            ok(ftruncate(fd, 0) == 0);
        close(fd);
        hl_job_result r;
        hl_error err = {0};
        is_int(go(&f, out, (call){.resume = true}, &r, &err), HL_OK);
        ok(fault < 4   ? r.resumed > 5 && r.resumed < 40
           : fault < 6 ? r.resumed == 40
                       : r.resumed <= 1); /* item 0 has no bytes */
        is_int(f.worked, 60 - r.resumed);
        ok(sunk_equals(&f, &want));
        remove_out(out);
    }
    hl_buf_free(&f.sunk);
}

static void a_row_that_lies_is_not_believed(void)
{
    fake f = {.n = 60, .max_bytes = 200};
    hl_digest want = expected(&f);
    const char *out = stopped_run(&f);
    const char *journal = find_one(out, ".journal-");
    hl_buf text = read_all(journal), line = {0};
    char *header_end = strchr(text.at, '\n') + 1;
    hl_job_result r;

    /* A row with a right checksum that claims 9 EB of records. */
    hl_buf_append(&line, text.at, (size_t)(header_end - text.at));
    size_t start = line.n;
    hl_buf_text(&line, "0\t0\t0\t9000000000000000000\t");
    for (int i = 0; i < 64; i++)
        hl_buf_char(&line, 'a');
    hl_buf_text(&line, "\t\t");
    hl_buf_printf(&line, "%08x\n", (unsigned)hl_crc32c(0, line.at + start, line.n - start));
    hl_write_file(journal, line.at, line.n, NULL, NULL);
    hl_error err = {0};
    is_int(go(&f, out, (call){.resume = true}, &r, &err), HL_OK);
    is_int(r.resumed, 0);
    ok(sunk_equals(&f, &want));
    hl_buf_free(&line);
    hl_buf_free(&text);
    hl_buf_free(&f.sunk);
    remove_out(out);
}

static void two_journals_are_joined_to_the_longest_prefix(void)
{
    fake f = {.n = 60, .max_bytes = 2000};
    hl_digest want = expected(&f);
    const char *out = stopped_run(&f);
    char first[1200], name[1200];
    hl_job_result r;

    /* The first attempt's journal, out of sight during a second attempt that comes to item 20. */
    snprintf(first, sizeof first, "%s", find_one(out, ".journal-"));
    snprintf(name, sizeof name, "%s/journal", out);
    ok(rename(first, name) == 0);
    f.fatal = HL_E_IO;
    f.fatal_at = 20;
    hl_make_folder(out, NULL);
    is_int(go(&f, out, (call){.resume = true}, &r, NULL), HL_E_IO);
    is_int(r.resumed, 0);
    ok(rename(name, first) == 0);
    f.fatal = HL_OK;
    is_int(go(&f, out, (call){.resume = true}, &r, NULL), HL_OK);
    is_int(r.resumed, 40);
    ok(sunk_equals(&f, &want));
    hl_buf_free(&f.sunk);
    remove_out(out);
}

static void the_leftovers_of_a_long_dead_attempt_are_removed(void)
{
    fake f = {.n = 60, .max_bytes = 2000};
    const char *out = stopped_run(&f);
    struct timespec old[2] = {{.tv_sec = time(NULL) - 3600}, {.tv_sec = time(NULL) - 3600}};

    ok(utimensat(AT_FDCWD, find_one(out, ".journal-"), old, 0) == 0);
    f.fatal = HL_E_IO;
    f.fatal_at = 50;
    is_int(go(&f, out, (call){.resume = true}, NULL, NULL), HL_E_IO);
    is_int(count_names(path_of(out, ".hilum"), ".journal-"), 1);
    is_int(count_names(path_of(out, ".hilum"), ".records-"), 1);
    hl_buf_free(&f.sunk);
    remove_out(out);
}

static void a_request_to_stop_keeps_what_is_done(void)
{
    hl_ctl ctl = {0};
    fake f = {.n = 400, .max_bytes = 500, .delay_us = 500, .stop_at = 150};
    hl_digest want = expected(&f);
    const char *out = temp_folder();
    hl_error err = {0};
    hl_job_result r;

    f.stop_at_ctl = &ctl;
    is_int(go(&f, out, (call){.jobs = 3}, &r, &err), HL_E_STOPPED);
    ok(r.done >= 148 && r.done < 160);
    f.stop_at_ctl = NULL;
    is_int(go(&f, out, (call){.resume = true}, &r, &err), HL_OK);
    ok(r.resumed >= 148);
    ok(sunk_equals(&f, &want));
    hl_buf_free(&f.sunk);
    remove_out(out);
}

static void a_stopped_job_has_its_journal_while_an_item_is_still_in_work(void)
{
    /* Item 30 asks to stop and then takes 3 s: the rows before it are on the disk long before. */
    hl_ctl ctl = {0};
    fake f = {.n = 31, .max_bytes = 500, .stop_at = 30, .stop_at_ctl = &ctl};
    const char *out = temp_folder();
    pid_t pid;
    hl_job_result r;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        f.stop_at = 29;
        f.delay_us = 0;
        hl_job job = fake_job(&f);
        hl_job_options o = {.out = out, .n_shards = 1, .version = "1.2.0"};
        extern hl_code slow_last(void *, int64_t, int, hl_arena *, hl_buf *, hl_error *);
        job.work = slow_last;
        ctl.jobs = 2;
        _exit((int)hl_job_run(&job, &o, &ctl, NULL, NULL) & 255);
    }
    usleep(1500000);
    kill(pid, SIGKILL); /* as the program does at the second signal */
    is_int(end_of(pid), -1);
    f.stop_at_ctl = NULL;
    is_int(go(&f, out, (call){.resume = true}, &r, NULL), HL_OK);
    is_int(r.resumed, 30);
    hl_buf_free(&f.sunk);
    remove_out(out);
}

hl_code slow_last(void *ctx, int64_t i, int thread, hl_arena *scratch, hl_buf *record,
                  hl_error *err);
hl_code slow_last(void *ctx, int64_t i, int thread, hl_arena *scratch, hl_buf *record,
                  hl_error *err)
{
    if (i == 30)
        sleep(20);
    else if (i == 29)
        usleep(100000); /* so that 30 is in work when 29 asks to stop */
    return fake_work(ctx, i, thread, scratch, record, err);
}

static void a_full_disk_is_an_io_error_and_resume_works_later(void)
{
    fake f = {.n = 400, .max_bytes = 20000};
    hl_digest want = expected(&f);
    const char *out = temp_folder();
    hl_error err = {0};
    hl_job_result r;

    if (mount("tmpfs", out, "tmpfs", 0, "size=2m")) {
        skip("no permission to mount a small disk");
        remove_out(out);
        return;
    }
    f.fatal = HL_E_IO;
    f.fatal_at = 60;
    is_int(go(&f, out, (call){0}, &r, &err), HL_E_IO);
    f.fatal = HL_OK;
    is_int(go(&f, out, (call){.resume = true}, &r, &err), HL_E_IO);
    like(err.message, ".hilum/.records-00000-");
    like(err.message, "the disk is full");
    is_int(err.code, HL_E_IO);
    ok(mount("tmpfs", out, "tmpfs", MS_REMOUNT, "size=64m") == 0);
    err.message[0] = 0;
    is_int(go(&f, out, (call){.resume = true}, &r, &err), HL_OK);
    is_str(err.message, "");
    ok(r.resumed >= 60);
    ok(sunk_equals(&f, &want));
    umount2(out, MNT_DETACH);
    remove_out(out);
    hl_buf_free(&f.sunk);
}

static void a_folder_that_cannot_be_written_is_an_io_error(void)
{
    fake f = {.n = 4};
    const char *out = temp_folder();
    hl_error err = {0};

    if (mount("tmpfs", out, "tmpfs", MS_RDONLY, "size=1m")) {
        skip("no permission to mount a read-only disk");
    } else {
        is_int(go(&f, out, (call){0}, NULL, &err), HL_E_IO);
        like(err.message, out);
        like(err.message, "read-only");
        umount2(out, MNT_DETACH);
    }
    remove_out(out);
}

static void progress_counts_items(void)
{
    hl_ctl ctl = {0};
    fake f = {.n = 25, .max_bytes = 10, .fail_every = 10, .stop_at_ctl = &ctl, .stop_at = -1};
    const char *out = temp_folder();

    is_int(go(&f, out, (call){0}, NULL, NULL), HL_PARTIAL);
    is_int(ctl.done, 25);
    is_int(ctl.total, 25);
    is_int(ctl.failed, 3);
    is_str((const char *)ctl.phase, "putting together");
    hl_buf_free(&f.sunk);
    remove_out(out);
}

int main(void)
{
    run(records_reach_the_sink_in_item_order_for_any_number_of_threads);
    run(errors_csv_is_there_also_when_nothing_failed);
    run(failed_items_stand_in_errors_csv_and_the_job_goes_on);
    run(strict_ends_at_the_first_failed_item_in_item_order);
    run(strict_does_not_take_over_a_failed_item);
    run(an_io_error_of_an_item_ends_the_job_and_keeps_what_was_done);
    run(a_job_without_items_is_done);
    run(clean_leaves_only_the_outputs);
    run(a_folder_with_something_else_is_refused);
    run(the_folder_of_a_download_is_refused);
    run(lack_of_memory_ends_the_job_and_fails_no_item);
    run(an_unfinished_run_needs_resume);
    run(a_shard_that_begins_beside_another_does_not_take_it_for_something_else);
    run(a_shard_of_another_start_is_refused);
    run(a_shard_number_out_of_range_is_refused);
    run(shards_and_merge_give_what_one_run_gives);
    run(a_finished_shard_started_again_gives_the_code_it_gave);
    run(a_merge_names_the_shards_that_are_missing_or_differ);
    run(an_ok_of_another_version_differs);
    run(the_ok_holds_nothing_of_the_attempt);
    run(merge_finds_the_call_as_the_user_gave_it);
    run(killed_runs_resume_to_the_same_bytes);
    run(three_attempts_at_one_shard_with_kills_write_equal_bytes);
    run(a_damaged_journal_or_records_file_costs_only_its_tail);
    run(a_row_that_lies_is_not_believed);
    run(two_journals_are_joined_to_the_longest_prefix);
    run(the_leftovers_of_a_long_dead_attempt_are_removed);
    run(a_request_to_stop_keeps_what_is_done);
    run(a_stopped_job_has_its_journal_while_an_item_is_still_in_work);
    run(a_full_disk_is_an_io_error_and_resume_works_later);
    run(a_folder_that_cannot_be_written_is_an_io_error);
    run(progress_counts_items);
    return done();
}
