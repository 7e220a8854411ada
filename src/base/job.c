#include "base/job.h"

#include <unistd.h>

#include "base/ctl.h"
#include "base/job_internal.h"
#include "base/pool.h"

#define LOOK_S 30.0 /* for another attempt's .ok; also the sign of life (scale.md 10.3) */
#define TICK_NS 100000000
#define PATIENCE_S 2.0 /* after a request to stop, before the phase says what is waited for */

/*
 * One attempt at a shard: workers take the next item, the caller's thread writes records in item
 * order.
 *
 *   item     written              next            n
 *   ---------|--------------------|---------------|
 *    in the  | done or in work,   | not begun
 *    journal | a slot each: at most 2 x jobs
 */
typedef struct {
    hl_buf record;
    hl_code code;
    bool ready;
    uint8_t sha256[32];
    hl_error error;
} work_slot;

typedef struct {
    const hl_job_place *place;
    hl_job_list list;
    hl_attempt attempt;
    struct stat refuted; /* the .ok that was read and found wrong */
    double looked_s, stopped_s;

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t ready; /* a slot is ready, or a worker has left */
    pthread_cond_t room;  /* the window has moved, or stop */
    int64_t next, written;
    int active; /* workers */
    bool stop;
    work_slot *slot; /* [window]; item k uses slot[k % window] */
    int64_t window;
} engine;

typedef struct {
    engine *e;
    pthread_t id;
    int thread;
    hl_arena *scratch;
    hl_sha256 *sha;
} job_worker;

/* --- workers ---------------------------------------------------------------------------------- */

bool hl_job_is_over(hl_code c, const hl_error *why)
{
    return c == HL_E_IO || c == HL_E_STOPPED || c == HL_E_BUG || (c && hl_error_is_memory(why));
}

static void do_item(job_worker *w, int64_t k, work_slot *slot)
{
    const hl_job *job = w->e->place->job;
    int64_t item = hl_job_list_at(&w->e->list, k);
    hl_digest digest;

    hl_buf_clear(&slot->record);
    slot->record.oom = false;
    memset(&slot->error, 0, sizeof slot->error);
    slot->code = job->work(job->ctx, item, w->thread, w->scratch, &slot->record, &slot->error);
    hl_arena_reset(w->scratch);
    if (!slot->code)
        slot->code = hl_buf_check(&slot->record, "record", &slot->error);
    if (slot->code == HL_END || slot->code == HL_PARTIAL) {
        slot->code = HL_E_BUG;
        hl_fail(&slot->error, HL_E_BUG, "work() ended without a result");
    }
    if (slot->code) {
        hl_buf_clear(&slot->record);
        if (!slot->error.message[0])
            hl_fail(&slot->error, slot->code, "failed with code %d", (int)slot->code);
    }
    hl_sha256_add(w->sha, slot->record.at ? slot->record.at : "", slot->record.n);
    hl_sha256_end(w->sha, &digest);
    memcpy(slot->sha256, digest.sha256, sizeof slot->sha256);
}

static void *work(void *arg)
{
    job_worker *w = arg;
    engine *e = w->e;
    const hl_job *job = e->place->job;

    pthread_mutex_lock(&e->lock);
    for (;;) {
        while (!e->stop && e->next < e->list.n && e->next >= e->written + e->window)
            pthread_cond_wait(&e->room, &e->lock);
        if (e->stop || e->next >= e->list.n || hl_ctl_cancelled(e->place->ctl))
            break;
        int64_t k = e->next++;
        work_slot *slot = &e->slot[k % e->window];
        int64_t soon = k + e->active; /* behind those that are in work */
        pthread_mutex_unlock(&e->lock);
        if (job->ahead && soon < e->list.n)
            job->ahead(job->ctx, hl_job_list_at(&e->list, soon), w->thread);
        do_item(w, k, slot);
        pthread_mutex_lock(&e->lock);
        slot->ready = true;
        pthread_cond_signal(&e->ready);
    }
    e->active--;
    pthread_cond_signal(&e->ready);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

static void worker_free(job_worker *w)
{
    hl_arena_free(&w->scratch);
    hl_sha256_free(&w->sha);
}

/* At least one, else an error. */
static hl_code start_workers(engine *e, job_worker *worker, int n, int *started, hl_error *err)
{
    for (*started = 0; *started < n; ++*started) {
        job_worker *w = &worker[*started];
        *w = (job_worker){
            .e = e, .thread = *started, .scratch = hl_arena_new(0), .sha = hl_sha256_new()};
        hl_code c = w->scratch && w->sha ? HL_OK : hl_fail_memory(err, "worker", sizeof *w);
        pthread_mutex_lock(&e->lock);
        e->active++;
        pthread_mutex_unlock(&e->lock);
        if (!c)
            c = hl_thread_start(&w->id, work, w, err);
        if (c) {
            worker_free(w);
            pthread_mutex_lock(&e->lock);
            e->active--;
            pthread_mutex_unlock(&e->lock);
            return *started ? HL_OK : c;
        }
    }
    return HL_OK;
}

/* --- the writer ------------------------------------------------------------------------------- */

/* One finished item to records and journal, or the end of the job. */
static hl_code take(engine *e, work_slot *slot, hl_error *err)
{
    const hl_job_place *place = e->place;
    hl_job_row row = {.item = hl_job_list_at(&e->list, e->written),
                      .code = slot->code,
                      .bytes = (int64_t)slot->record.n};
    char name[512] = "";
    hl_code c;

    if (slot->code && (place->options->strict || hl_job_is_over(slot->code, &slot->error))) {
        if (err)
            *err = slot->error;
        if (slot->code == HL_E_STOPPED)
            return HL_E_STOPPED;
        place->job->item_name(place->job->ctx, row.item, name, sizeof name);
        hl_error_context(err, "%s", name);
        return slot->code;
    }
    memcpy(row.sha256, slot->sha256, sizeof row.sha256);
    if (slot->code)
        snprintf(row.message, sizeof row.message, "%s", slot->error.message);
    c = hl_attempt_add(&e->attempt, &row, slot->record.at, err);
    if (!c)
        c = hl_attempt_flush_if_due(&e->attempt, err);
    if (!c) {
        hl_ctl_done(place->ctl, 1);
        if (slot->code)
            hl_ctl_failed(place->ctl, 1);
    }
    return c;
}

/* Whether the shard's .ok is there and right. */
static bool is_complete(engine *e, hl_job_care care, hl_job_ok *ok)
{
    const hl_job_place *place = e->place;
    char name[HL_JOB_NAME_BYTES], path[HL_PATH_BYTES];
    hl_shard_state state = HL_SHARD_MISSING;
    struct stat st;

    hl_job_part_name(place->shard, place->identity.n_shards, "ok", name);
    if (hl_path_join(place->folder, name, path, NULL) || stat(path, &st))
        return false;
    if (st.st_ino == e->refuted.st_ino && st.st_mtim.tv_sec == e->refuted.st_mtim.tv_sec &&
        st.st_mtim.tv_nsec == e->refuted.st_mtim.tv_nsec)
        return false;
    if (hl_job_shard_state(place->folder, &place->identity, place->shard, care, place->ctl, &state,
                           ok, NULL))
        return false;
    if (state != HL_SHARD_COMPLETE)
        e->refuted = st;
    return state == HL_SHARD_COMPLETE && !(place->job->every_item && ok->failed);
}

/* What the writer does while it waits: journal, stopping, looking for a faster attempt. */
static hl_code keep_house(engine *e, bool *complete, hl_job_ok *ok, hl_error *err)
{
    double now = hl_job_now_s();
    bool cancelled = hl_ctl_cancelled(e->place->ctl);
    hl_code c =
        cancelled ? hl_attempt_flush(&e->attempt, err) : hl_attempt_flush_if_due(&e->attempt, err);

    if (cancelled && e->stopped_s == 0)
        e->stopped_s = now;
    if (cancelled && now - e->stopped_s > PATIENCE_S && e->place->ctl)
        __atomic_store_n(&e->place->ctl->phase, "waiting for the items in work", __ATOMIC_RELEASE);
    if (!c && now - e->looked_s > LOOK_S) {
        e->looked_s = now;
        hl_attempt_touch(&e->attempt);
        *complete = is_complete(e, HL_JOB_QUICK, ok);
    }
    return c;
}

/* Write what the workers finish, in order, until all is written or the work has to end. */
static hl_code write_in_order(engine *e, bool *complete, hl_job_ok *ok, hl_error *err)
{
    hl_code c = HL_OK;

    pthread_mutex_lock(&e->lock);
    while (!c && !*complete && e->written < e->list.n) {
        work_slot *slot = &e->slot[e->written % e->window];
        bool ready = slot->ready;
        if (!ready) {
            struct timespec until;
            if (e->active == 0)
                break;
            clock_gettime(CLOCK_MONOTONIC, &until);
            until.tv_nsec += TICK_NS;
            if (until.tv_nsec >= 1000000000) {
                until.tv_nsec -= 1000000000;
                until.tv_sec++;
            }
            pthread_cond_timedwait(&e->ready, &e->lock, &until);
        }
        if (hl_ctl_cancelled(e->place->ctl) && !e->stop) {
            e->stop = true;
            pthread_cond_broadcast(&e->room);
        }
        ready = slot->ready;
        pthread_mutex_unlock(&e->lock);
        if (ready)
            c = take(e, slot, err);
        if (!c && (!ready || hl_job_now_s() - e->looked_s > LOOK_S))
            c = keep_house(e, complete, ok, err);
        pthread_mutex_lock(&e->lock);
        if (ready && !c) {
            slot->ready = false;
            e->written++;
            pthread_cond_signal(&e->room);
        }
    }
    e->stop = true;
    pthread_cond_broadcast(&e->room);
    pthread_mutex_unlock(&e->lock);
    return c;
}

static hl_code make_slots(engine *e, int jobs, hl_error *err)
{
    pthread_condattr_t attr;

    e->window = 2 * (int64_t)jobs;
    e->slot = calloc((size_t)e->window, sizeof *e->slot);
    if (!e->slot)
        return hl_fail_memory(err, "window", (size_t)e->window * sizeof *e->slot);
    pthread_mutex_init(&e->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&e->ready, &attr);
    pthread_cond_init(&e->room, NULL);
    pthread_condattr_destroy(&attr);
    return HL_OK;
}

static void free_slots(engine *e)
{
    if (!e->slot)
        return;
    for (int64_t i = 0; i < e->window; i++)
        hl_buf_free(&e->slot[i].record);
    free(e->slot);
    pthread_mutex_destroy(&e->lock);
    pthread_cond_destroy(&e->ready);
    pthread_cond_destroy(&e->room);
}

/* Do the items behind the prefix that was taken over. */
static hl_code do_items(engine *e, bool *complete, hl_job_ok *ok, hl_error *err)
{
    int64_t left = e->list.n - e->attempt.n_rows;
    int jobs = hl_ctl_jobs(e->place->ctl), started = 0;
    job_worker *worker = NULL;
    hl_code c, flushed;

    if (left == 0)
        return HL_OK;
    if (jobs > left)
        jobs = (int)left;
    e->next = e->written = e->attempt.n_rows;
    c = make_slots(e, jobs, err);
    if (!c) {
        worker = calloc((size_t)jobs, sizeof *worker);
        c = worker ? start_workers(e, worker, jobs, &started, err)
                   : hl_fail_memory(err, "threads", (size_t)jobs * sizeof *worker);
    }
    if (!c)
        c = write_in_order(e, complete, ok, err);
    /* What is done is safe before the workers are waited for. */
    flushed = *complete ? HL_OK : hl_attempt_flush(&e->attempt, c ? NULL : err);
    for (int i = 0; i < started; i++) {
        pthread_join(worker[i].id, NULL);
        worker_free(&worker[i]);
    }
    free(worker);
    free_slots(e);
    c = c ? c : flushed;
    if (!c && !*complete && e->attempt.n_rows < e->list.n)
        c = hl_ctl_check(e->place->ctl, err);
    return c;
}

/* --- a shard ---------------------------------------------------------------------------------- */

int64_t hl_job_shard_of(const hl_job *job, int64_t item, int64_t n_shards)
{
    char text[HL_F64_CHARS];

    if (n_shards == 1)
        return 0;
    size_t n = hl_print_i64(job->subject_id(job->ctx, item), text);
    return (int64_t)(hl_fnv1a64(text, n) % (uint64_t)n_shards);
}

static hl_code list_items(const hl_job_place *place, hl_job_list *list, int64_t **mine,
                          hl_error *err)
{
    int64_t n_shards = place->identity.n_shards, n_items = place->job->n_items, n = 0, size = 0;

    *list = (hl_job_list){.item = NULL, .n = n_items};
    if (n_shards == 1)
        return HL_OK;
    for (int64_t i = 0; i < n_items; i++) {
        if (hl_job_shard_of(place->job, i, n_shards) != place->shard)
            continue;
        if (n == size) {
            size = size ? 2 * size : 1024;
            int64_t *more = realloc(*mine, (size_t)size * sizeof *more);
            if (!more)
                return hl_fail_memory(err, "items of the shard", (size_t)size * sizeof *more);
            *mine = more;
        }
        (*mine)[n++] = i;
    }
    *list = (hl_job_list){.item = *mine, .n = n};
    if (n == 0) /* an item list of its own, if an empty one */
        list->item = NULL;
    return HL_OK;
}

static hl_code attempt(engine *e, hl_job_result *result, bool *complete, hl_job_ok *ok,
                       hl_error *err)
{
    const hl_job_place *place = e->place;
    hl_code c = hl_attempt_open(place, &e->attempt, err);

    if (c)
        return c;
    hl_ctl_phase(place->ctl, "taking over what is done", e->list.n);
    c = hl_attempt_adopt(&e->attempt, &e->list, err);
    result->resumed = e->attempt.n_rows;
    if (!c) {
        hl_ctl_phase(place->ctl, "doing items", e->list.n);
        hl_ctl_set_done(place->ctl, e->attempt.n_rows);
        hl_ctl_failed(place->ctl, e->attempt.n_failed);
        e->looked_s = hl_job_now_s();
        c = do_items(e, complete, ok, err);
    }
    if (!c && !*complete)
        *complete = is_complete(e, HL_JOB_QUICK, ok);
    if (!c && !*complete)
        c = hl_attempt_publish(&e->attempt, ok, err);
    /* Another attempt that came through clears this one's files away: any fault may be just that.
     */
    if (c && c != HL_E_STOPPED && is_complete(e, HL_JOB_QUICK, ok)) {
        *complete = true;
        c = HL_OK;
    }
    hl_attempt_close(&e->attempt, *complete);
    return c;
}

static hl_code run_shard(hl_job_place *place, hl_job_result *result, hl_error *err)
{
    engine e = {.place = place};
    int64_t *mine = NULL;
    hl_job_ok ok = {0};
    bool complete = false;
    hl_error local = {0}; /* a fault that is none after all leaves err untouched */
    hl_code c;

    hl_ctl_phase(place->ctl, "looking at " HL_JOB_FOLDER, 0);
    if (is_complete(&e, HL_JOB_PROVE, &ok)) {
        result->already_complete = true;
        c = HL_OK;
    } else {
        c = list_items(place, &e.list, &mine, &local);
        if (!c)
            c = hl_ctl_check(place->ctl, &local);
        if (!c)
            c = attempt(&e, result, &complete, &ok, &local);
        if (!c && complete)
            hl_job_clear_shard(place->folder, place->shard);
    }
    if (c) {
        if (err)
            *err = local;
        result->items = e.list.n;
        result->done = e.attempt.n_rows - e.attempt.n_failed;
        result->failed = e.attempt.n_failed;
    } else {
        result->items = ok.items;
        result->done = ok.items - ok.failed;
        result->failed = ok.failed;
    }
    free(mine);
    return c;
}

/* --- a call ----------------------------------------------------------------------------------- */

static hl_code check_options(const hl_job_options *o, hl_error *err)
{
    if (o->mode != HL_JOB_SHARD)
        return HL_OK;
    if (o->n_shards < 1 || o->n_shards > HL_JOB_MAX_SHARDS)
        return hl_fail(err, HL_E_USAGE, "--shard %lld/%lld: the second number goes from 1 to %d",
                       (long long)o->shard, (long long)o->n_shards, HL_JOB_MAX_SHARDS);
    if (o->shard < 0 || o->shard >= o->n_shards)
        return hl_fail(err, HL_E_USAGE, "--shard %lld/%lld: the first number goes from 0 to %lld",
                       (long long)o->shard, (long long)o->n_shards, (long long)o->n_shards - 1);
    return HL_OK;
}

/* The numbers of the shards in state want: "3,17,..."; how many. */
static int64_t list_shards(const uint8_t *state, int64_t n, hl_shard_state want, char *out,
                           size_t size)
{
    int64_t count = 0;
    size_t end = 0;

    out[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        if (state[i] != want)
            continue;
        count++;
        if (end + 16 < size)
            end += (size_t)snprintf(out + end, size - end, "%s%lld", end ? "," : "", (long long)i);
        else if (end + 4 < size)
            end += (size_t)snprintf(out + end, size - end, ",...");
    }
    return count;
}

static hl_code check_parts(const hl_job_place *place, hl_error *err)
{
    int64_t n = place->identity.n_shards, missing, differ;
    uint8_t *state = calloc((size_t)n, 1);
    char miss[300], diff[300];
    hl_code c = state ? hl_job_all_states(place->folder, &place->identity, HL_JOB_PROVE, place->ctl,
                                          state, err)
                      : hl_fail_memory(err, "shards", (size_t)n);

    if (!c) {
        missing = list_shards(state, n, HL_SHARD_MISSING, miss, sizeof miss);
        differ = list_shards(state, n, HL_SHARD_DIFFERS, diff, sizeof diff);
        if (missing || differ)
            c = hl_fail(err, HL_E_INPUT,
                        "%s: of %lld shards %lld missing%s%s%s, %lld damaged or different%s%s%s\n"
                        "Run these again with the same options and --shard I/%lld, then merge.",
                        place->options->out, (long long)n, (long long)missing, missing ? " (" : "",
                        miss, missing ? ")" : "", (long long)differ, differ ? " (" : "", diff,
                        differ ? ")" : "", (long long)n);
        else
            hl_job_clear_shard(place->folder, -1);
    }
    free(state);
    return c;
}

static hl_code begin(hl_job_place *place, hl_error *err)
{
    const hl_job_options *o = place->options;
    hl_code c = check_options(o, err);

    if (!c)
        c = hl_job_identity_of(place->job, o, place->arena, &place->identity, err);
    if (!c)
        c = hl_path_join(o->out, HL_JOB_FOLDER, place->folder, err);
    if (c)
        return c;
    if (o->mode == HL_JOB_MERGE)
        return hl_job_shards_join(place, err);
    c = hl_job_check_out(o, err);
    if (!c)
        c = hl_make_folder(place->folder, err);
    return c ? c : hl_job_shards_begin(place, err);
}

hl_code hl_job_run(const hl_job *job, const hl_job_options *options, hl_ctl *ctl,
                   hl_job_result *result, hl_error *err)
{
    hl_job_place *place = calloc(1, sizeof *place);
    hl_job_result unused;
    hl_code c = HL_OK;

    result = result ? result : &unused;
    memset(result, 0, sizeof *result);
    if (!place || !(place->arena = hl_arena_new(0))) {
        free(place);
        return hl_fail_memory(err, "job", sizeof *place);
    }
    place->job = job;
    place->options = options;
    place->ctl = ctl;
    place->shard = options->mode == HL_JOB_SHARD ? options->shard : 0;
    c = begin(place, err);
    if (!c)
        c = options->mode == HL_JOB_MERGE ? check_parts(place, err) : run_shard(place, result, err);
    if (!c && options->mode != HL_JOB_SHARD)
        c = hl_job_join(place, result, err);
    if (!c && result->failed)
        c = HL_PARTIAL;
    hl_arena_free(&place->arena);
    free(place);
    return c;
}

/* --- clearing up ------------------------------------------------------------------------------ */

hl_code hl_job_clean(const char *out, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_names names = {0};
    hl_code c = hl_path_join(out, HL_JOB_FOLDER, path, err);

    if (!c && hl_file_exists(path))
        c = hl_remove_tree(path, err);
    if (!c)
        c = hl_list_tree(out, &names, err);
    for (size_t i = 0; !c && i < names.n; i++) {
        const char *slash = strrchr(names.name[i], '/');
        if (strncmp(slash ? slash + 1 : names.name[i], ".tmp-", 5) == 0 &&
            !hl_path_join(out, names.name[i], path, NULL))
            unlink(path);
    }
    hl_names_free(&names);
    return c;
}
