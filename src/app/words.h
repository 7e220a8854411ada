/*
 * words.h - argv to a call: which command, which of the program's own options, and the words that
 * are left for the command's option table.
 */
#ifndef HL_APP_WORDS_H
#define HL_APP_WORDS_H

#include "base/cpu.h"
#include "command/command.h"

typedef enum {
    APP_RUN,          /* command with word[0 .. n_words) */
    APP_HELP_PROGRAM, /* hilum, hilum --help, hilum help */
    APP_HELP_NOUN,    /* hilum cohort, hilum help cohort: text = "cohort" */
    APP_HELP_COMMAND, /* hilum help pack, hilum pack --help: command */
    APP_VERSION,
    APP_COMPLETION, /* hilum --completion SHELL: text */
    APP_MAN         /* hilum --man-pages DIR: text; used by the build */
} app_task;

typedef struct {
    app_task task;
    bool json, quiet, errors_ok;
    hl_cpu cpu; /* HL_CPU_BEST = not asked for */
    const hl_command *command;
    const char *text;
    int n_words;
    const char **word; /* of argv; the array is freed by app_call_free() */
} app_call;

/* HL_E_USAGE; json and quiet are then set all the same, as far as they stand in argv. */
hl_code app_call_parse(int argc, char **argv, app_call *call, hl_error *err);
void app_call_free(app_call *call);

/* --cpu or HILUM_CPU; name is "--cpu" or "HILUM_CPU" for the message. */
hl_code app_parse_cpu(const char *name, const char *value, hl_cpu *out, hl_error *err);

#endif
