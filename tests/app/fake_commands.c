/*
 * fake_commands.c - the commands of hilum-fake: the real program (src/app) around jobs that do what
 * a test needs to see. Replaces src/command/registry.c.
 */
#include <time.h>

#include "base/ctl.h"
#include "base/log.h"
#include "command/command.h"

static void sleep_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* Items of 10 ms each. --stuck: an item without end. */
static hl_code run_work(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    int64_t n = hl_options_int(o, "items", 0);

    hl_warn(ctl, "1,204 rows without hadm_id skipped");
    hl_info(ctl, "a note\nof two lines");
    hl_ctl_phase(ctl, "rendering films", n);
    for (int64_t i = 0; i < n; i++) {
        do
            sleep_ms(10);
        while (hl_options_flag(o, "stuck"));
        hl_code c = hl_ctl_check(ctl, err);
        if (c != HL_OK)
            return c;
        hl_ctl_done(ctl, 1);
    }
    hl_buf_printf(&result->text, "worked with %d jobs\n", hl_ctl_jobs(ctl));
    hl_buf_printf(&result->json, "{\"jobs\":%d,\"cpu\":%d}", hl_ctl_jobs(ctl), (int)ctl->cpu);
    return HL_OK;
}

/* Ends as --how says. */
static hl_code run_end(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    const char *how = hl_options_text(o, "how");

    (void)ctl;
    if (strcmp(how, "partial") == 0) {
        hl_buf_text(&result->text, "3 of 4 items\n");
        return HL_PARTIAL;
    }
    if (strcmp(how, "input") == 0) {
        hl_buf_text(&result->json, "{\"missing\":[3,17]}");
        return hl_fail_at(err, HL_E_INPUT, "hosp/a.csv", 7, 99,
                          "column x: 'y' is no date\nDownload it again.");
    }
    if (strcmp(how, "system") == 0)
        return hl_fail(err, HL_E_IO, "the system said no");
    if (strcmp(how, "limit") == 0)
        return hl_fail(err, HL_E_LIMIT, "too large");
    if (strcmp(how, "bug") == 0)
        hl_assert(how == NULL);
    for (int i = 0; i < 200000; i++)
        hl_buf_text(&result->text, "a long result\n");
    return HL_OK;
}

static const hl_option work_options[] = {
    {.name = "items",
     .type = HL_OPT_INT,
     .value = "N",
     .initial = "1",
     .min = 0,
     .max = 1000000,
     .help = "how many, it's your choice"},
    {.name = "stuck", .type = HL_OPT_FLAG, .help = "the first item never ends"},
    HL_OPTION_JOBS,
    {0},
};
static const hl_option end_options[] = {
    {.name = "file", .type = HL_OPT_PATH, .value = "FILE", .argument = true, .help = "not read"},
    {.name = "how",
     .type = HL_OPT_CHOICE,
     .value = "WORD",
     .initial = "long",
     .choices = "long|partial|input|system|limit|bug",
     .help = "how it ends: [one of these]"},
    HL_OPTION_MERGE,
    {0},
};

static const hl_command do_work = {.name = "do work",
                                   .summary = "work on items",
                                   .about = "Works.",
                                   .option = work_options,
                                   .run = run_work,
                                   .example = {"hilum do work", "hilum do work --items 3"}};
static const hl_command do_nothing = {
    .name = "do nothing", .summary = "the same", .option = work_options, .run = run_work};
static const hl_command end = {
    .name = "end", .summary = "end in some way", .option = end_options, .run = run_end};

const hl_command *const hl_commands[] = {&do_work, &do_nothing, &end, NULL};

const hl_command *hl_command_find(const char *name)
{
    for (size_t i = 0; hl_commands[i]; i++)
        if (strcmp(hl_commands[i]->name, name) == 0)
            return hl_commands[i];
    return NULL;
}
