#include "command/run.h"

#include "command/suggest.h"

static bool has_option(const hl_command *command, const char *name)
{
    for (const hl_option *o = command->option; o->name; o++)
        if (strcmp(o->name, name) == 0)
            return true;
    return false;
}

hl_code hl_command_run(const hl_command *command, const hl_options *options, hl_ctl *ctl,
                       hl_result *result, hl_error *err)
{
    hl_ctl own = {0};

    if (!ctl)
        ctl = &own;
    if (has_option(command, "jobs") && hl_options_given(options, "jobs"))
        ctl->jobs = (int32_t)hl_options_int(options, "jobs", 1);

    hl_code c = command->run(options, ctl, result, err);
    hl_code memory = hl_buf_check(&result->text, "result", NULL);
    if (memory == HL_OK)
        memory = hl_buf_check(&result->json, "result", NULL);
    if (memory != HL_OK && (c == HL_OK || c == HL_PARTIAL))
        c = hl_fail_memory(err, "result", result->text.n + result->json.n);
    return c;
}

void hl_result_take(hl_result *result, hl_report *report)
{
    if (report->text)
        hl_buf_text(&result->text, report->text);
    if (report->json)
        hl_buf_text(&result->json, report->json);
    hl_report_free(report);
}

void hl_result_free(hl_result *result)
{
    hl_buf_free(&result->text);
    hl_buf_free(&result->json);
}

hl_code hl_unknown_command(const char *words, hl_error *err)
{
    char shown[HL_SHOW_BYTES];
    hl_nearest best = {0};

    for (size_t i = 0; hl_commands[i]; i++)
        hl_nearest_try(&best, hl_str_of(words), hl_commands[i]->name);
    hl_show(hl_str_of(words), shown);
    if (best.word)
        return hl_fail(err, HL_E_USAGE,
                       "there is no command '%s'; did you mean '%s'?\nSee: hilum help", shown,
                       best.word);
    return hl_fail(err, HL_E_USAGE, "there is no command '%s'\nSee: hilum help", shown);
}

HL_API hl_code hl_run(const char *command, const char *options_json, hl_ctl *ctl,
                      char **result_json, hl_error *err)
{
    hl_options *options = NULL;
    hl_result result = {0};
    const hl_command *found = command ? hl_command_find(command) : NULL;
    hl_code c;

    if (result_json)
        *result_json = NULL;
    if (!found)
        return hl_unknown_command(command ? command : "", err);
    c = hl_options_from_json(found, options_json ? options_json : "{}", &options, err);
    if (c == HL_OK)
        c = hl_command_run(found, options, ctl, &result, err);
    if (result_json && result.json.n > 0 && !result.json.oom) {
        *result_json = result.json.at; /* malloc'ed: the caller's hl_free() takes it */
        result.json = (hl_buf){0};
    }
    hl_result_free(&result);
    hl_options_free(&options);
    return c;
}
