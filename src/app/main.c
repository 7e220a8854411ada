/*
 * main.c - the program: argv to a call, the call to a job on a thread of its own, its result to the
 * terminal, its code to the exit. Everything else is in the library.
 */
#include <pthread.h>
#include <unistd.h>

#include "app/cpus.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/signals.h"
#include "app/words.h"
#include "command/help.h"
#include "command/run.h"

#define POLL_NS 100000000L /* how often progress looks at the job: 0.1 s */

/* One job and the thread that it runs on. */
typedef struct {
    const hl_command *command;
    const hl_options *options;
    hl_ctl *ctl;
    hl_result *result;
    hl_error *err;
    hl_code code;
    bool over;
    pthread_mutex_t lock; /* of over */
    pthread_cond_t ended;
} job;

static void *work(void *arg)
{
    job *j = arg;

    j->code = hl_command_run(j->command, j->options, j->ctl, j->result, j->err);
    pthread_mutex_lock(&j->lock);
    j->over = true;
    pthread_cond_signal(&j->ended);
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* Wait for the end or for the time to look at the counters; true at the end. */
static bool wait_job(job *j)
{
    struct timespec until;
    int timed_out = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += POLL_NS;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&j->lock);
    while (!j->over && !timed_out)
        timed_out = pthread_cond_timedwait(&j->ended, &j->lock, &until);
    bool over = j->over;
    pthread_mutex_unlock(&j->lock);
    return over;
}

static void watch(job *j, const app_signals *signals, bool quiet)
{
    app_progress progress;
    bool told = false;

    app_progress_init(&progress, quiet);
    while (!wait_job(j)) {
        if (!told && app_signals_asked(signals)) {
            app_progress_clear(&progress);
            app_say("", "stopping after the items in work; again to leave at once");
            told = true;
        }
        app_progress_poll(&progress, j->ctl);
    }
    app_progress_poll(&progress, j->ctl); /* the last lines of the log */
    app_progress_clear(&progress);
}

static hl_code run_job(job *j, app_signals *signals, bool quiet, hl_error *err)
{
    pthread_condattr_t clock;
    pthread_t thread;
    hl_code c = app_signals_start(signals, j->ctl, err);

    if (c != HL_OK)
        return c;
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&j->ended, &clock);
    int failed = pthread_create(&thread, NULL, work, j);
    if (failed)
        return hl_fail(err, HL_E_LIMIT, "no thread for the job: %s", strerror(failed));
    watch(j, signals, quiet);
    pthread_join(thread, NULL);
    app_signals_over(signals);
    return j->code;
}

/* What stays alive until the process ends: the thread that takes signals knows it. */
typedef struct {
    app_call call;
    hl_ctl ctl;
    app_signals signals;
} program;

static hl_code choose_cpu(program *p, hl_error *err)
{
    const char *wish = getenv("HILUM_CPU");
    hl_cpu cpu = p->call.cpu;
    char text[128];
    hl_code c = HL_OK;

    if (cpu == HL_CPU_BEST && wish && wish[0])
        c = app_parse_cpu("HILUM_CPU", wish, &cpu, err);
    if (c == HL_OK && cpu != HL_CPU_BEST && hl_cpu_level((int32_t)cpu) != cpu) {
        snprintf(text, sizeof text, "this machine has no %s; %s is used", hl_cpu_name(cpu),
                 hl_cpu_name(hl_cpu_level((int32_t)cpu)));
        app_say("warning: ", text);
    }
    p->ctl.cpu = (int32_t)cpu;
    return c;
}

/* Tests play a program of another version (scale.md 12.2). */
static hl_code take_test_version(hl_options *options, hl_error *err)
{
    const char *version = getenv("HILUM_TEST_VERSION");

    if (!version || !version[0])
        return HL_OK;
    return hl_options_set_hidden(options, "test-version", version, err);
}

static hl_code run_command(program *p, hl_result *result, hl_error *err)
{
    const app_call *call = &p->call;
    hl_options *options = NULL;
    hl_code c = choose_cpu(p, err);

    if (c == HL_OK)
        c = hl_options_from_words(call->command, call->n_words, call->word, &options, err);
    if (c == HL_OK)
        c = take_test_version(options, err);
    if (c == HL_OK) {
        p->ctl.jobs = app_default_jobs("", getenv("SLURM_CPUS_PER_TASK"));
        p->ctl.log = hl_log_new();
        job j = {call->command, options, &p->ctl, result, err, .code = HL_E_BUG};
        c = run_job(&j, &p->signals, call->quiet, err);
        hl_log_free(&p->ctl.log);
    }
    hl_options_free(&options);
    return c;
}

static hl_code make_page(const app_call *call, hl_buf *out, hl_error *err)
{
    switch (call->task) {
    case APP_HELP_PROGRAM:
        hl_help_program(out);
        return HL_OK;
    case APP_HELP_NOUN:
        hl_help_noun(call->text, out);
        return HL_OK;
    case APP_HELP_COMMAND:
        hl_help_command(call->command, out);
        return HL_OK;
    case APP_VERSION:
        hl_buf_text(out, "hilum " HL_VERSION "\n");
        return HL_OK;
    case APP_COMPLETION:
        return hl_completion(call->text, out, err);
    case APP_MAN:
        return hl_man_write(call->text, err);
    case APP_RUN:
        break;
    }
    return HL_E_BUG;
}

/* Print what was made (after a failure: what is known) and what went wrong. */
static hl_code finish(const app_call *call, hl_code c, const hl_result *result, hl_error *err)
{
    bool failed = c != HL_OK && c != HL_PARTIAL;
    hl_buf json = {0};
    const hl_buf *out = &result->text;

    if (call->json && failed)
        app_error_json(err, &result->json, &json);
    if (call->json && !failed && call->task == APP_RUN && !result->streamed) {
        hl_buf_text(&json, result->json.n ? result->json.at : "{}");
        hl_buf_char(&json, '\n');
    }
    if (json.n || json.oom)
        out = &json;

    hl_code written = result->streamed && !json.n ? HL_OK : app_write_out(out, failed ? NULL : err);
    if (!failed && written != HL_OK) {
        c = written;
        failed = true;
    }
    if (failed)
        app_say("", err->message);
    hl_buf_free(&json);
    return c;
}

int main(int argc, char **argv)
{
    program p = {0};
    hl_result result = {.data = &app_stdout};
    hl_error err = {.offset = -1};

    app_signals_prepare();
    hl_code c = app_call_parse(argc, argv, &p.call, &err);
    if (c == HL_OK && p.call.task == APP_RUN)
        c = run_command(&p, &result, &err);
    else if (c == HL_OK)
        c = make_page(&p.call, &result.text, &err);
    c = finish(&p.call, c, &result, &err);
    if (c == HL_PARTIAL && p.call.errors_ok)
        c = HL_OK;
    hl_result_free(&result);
    app_call_free(&p.call);
    return hl_exit_code(c);
}
