#include "app/words.h"

#include "command/help.h"
#include "command/run.h"
#include "command/suggest.h"

static const hl_option *find_in(const hl_option *table, hl_str name)
{
    for (const hl_option *o = table; o->name; o++)
        if (!o->argument && !o->hidden && hl_str_is(name, o->name))
            return o;
    return NULL;
}

/* The program's own option that word is, with its value behind '=' (NULL = none); NULL when it is
 * none, or when the command has an option of that name. */
static const hl_option *own_option(const hl_command *command, const char *word, const char **value)
{
    if (strcmp(word, "-h") == 0)
        word = "--help";
    if (strncmp(word, "--", 2) != 0)
        return NULL;
    const char *equals = strchr(word, '=');
    hl_str name = {word + 2, equals ? (size_t)(equals - word) - 2 : strlen(word) - 2};
    if (command && find_in(command->option, name))
        return NULL;
    *value = equals ? equals + 1 : NULL;
    return find_in(hl_global_options, name);
}

hl_code app_parse_cpu(const char *name, const char *value, hl_cpu *out, hl_error *err)
{
    char shown[HL_SHOW_BYTES];

    if (!hl_cpu_parse(value, out))
        return hl_fail(err, HL_E_USAGE,
                       "%s: '%s' is not one of its values\nAllowed: c, avx2 or avx512.", name,
                       hl_show(hl_str_of(value), shown));
    return HL_OK;
}

/* The word at *i is option o: take it, and its value, into call. */
static hl_code take_own(app_call *call, const hl_option *o, const char *value, int argc,
                        char **argv, int *i, hl_error *err)
{
    if (o->type == HL_OPT_FLAG && value)
        return hl_fail(err, HL_E_USAGE, "--%s takes no value", o->name);
    if (strcmp(o->name, "json") == 0)
        call->json = true;
    else if (strcmp(o->name, "quiet") == 0)
        call->quiet = true;
    else if (strcmp(o->name, "errors-ok") == 0)
        call->errors_ok = true;
    else if (strcmp(o->name, "help") == 0)
        call->task = call->command ? APP_HELP_COMMAND
                     : call->text  ? APP_HELP_NOUN
                                   : APP_HELP_PROGRAM;
    else if (strcmp(o->name, "version") == 0)
        call->task = APP_VERSION;
    else {
        if (!value && *i + 1 < argc)
            value = argv[++*i];
        if (!value)
            return hl_fail(err, HL_E_USAGE, "--%s needs a value: --%s %s", o->name, o->name,
                           o->value);
        return app_parse_cpu("--cpu", value, &call->cpu, err);
    }
    return HL_OK;
}

/* "cohort biuld": the nearest full name. */
static hl_code unknown(const char *noun, const char *verb, hl_error *err)
{
    char words[256];
    snprintf(words, sizeof words, "%s%s%s", noun, verb ? " " : "", verb ? verb : "");
    return hl_unknown_command(words, err);
}

/* A word that is no option, while the command is not known yet: its noun, or its verb. */
static hl_code take_command_word(app_call *call, const char *word, hl_error *err)
{
    char name[128];

    if (!call->text) {
        call->command = hl_is_noun(word) ? NULL : hl_command_find(word);
        if (!call->command && !hl_is_noun(word))
            return unknown(word, NULL, err);
        call->text = word;
        return HL_OK;
    }
    snprintf(name, sizeof name, "%s %s", call->text, word);
    call->command = hl_command_find(name);
    return call->command ? HL_OK : unknown(call->text, word, err);
}

static hl_code unknown_option(const char *word, hl_error *err)
{
    char shown[HL_SHOW_BYTES];
    hl_nearest best = {0};

    for (const hl_option *o = hl_global_options; o->name; o++)
        hl_nearest_try(&best, hl_str_of(word + strspn(word, "-")), o->name);
    hl_show(hl_str_of(word), shown);
    if (best.word)
        return hl_fail(
            err, HL_E_USAGE,
            "there is no option %s before the command; did you mean --%s?\nSee: hilum help", shown,
            best.word);
    return hl_fail(err, HL_E_USAGE,
                   "there is no option %s before the command\nOptions of a command stand behind "
                   "its name; see: hilum help",
                   shown);
}

/* hilum --completion bash, hilum --man-pages DIR */
static bool take_generator(app_call *call, int argc, char **argv)
{
    if (argc != 3)
        return false;
    if (strcmp(argv[1], "--completion") == 0)
        call->task = APP_COMPLETION;
    else if (strcmp(argv[1], "--man-pages") == 0)
        call->task = APP_MAN;
    else
        return false;
    call->text = argv[2];
    return true;
}

/* One word, in any place before "--". */
static hl_code take_word(app_call *call, bool *help, int argc, char **argv, int *i, hl_error *err)
{
    const char *value = NULL;
    const hl_option *own = own_option(call->command, argv[*i], &value);

    if (own)
        return take_own(call, own, value, argc, argv, i, err);
    if (call->command && !*help) {
        call->word[call->n_words++] = argv[*i];
        return HL_OK;
    }
    if (argv[*i][0] == '-' && argv[*i][1])
        return unknown_option(argv[*i], err);
    if (!*help && !call->text && strcmp(argv[*i], "help") == 0) {
        *help = true;
        return HL_OK;
    }
    if (call->command)
        return unknown(call->command->name, argv[*i], err);
    return take_command_word(call, argv[*i], err);
}

hl_code app_call_parse(int argc, char **argv, app_call *call, hl_error *err)
{
    bool help = false, options_end = false;
    hl_code c = HL_OK;

    *call = (app_call){.task = APP_RUN, .cpu = HL_CPU_BEST};
    if (take_generator(call, argc, argv))
        return HL_OK;
    call->word = calloc((size_t)argc + 1, sizeof *call->word);
    if (!call->word)
        return hl_fail_memory(err, "arguments", (size_t)argc * sizeof *call->word);
    for (int i = 1; i < argc && c == HL_OK; i++) {
        options_end = options_end || (call->command && strcmp(argv[i], "--") == 0);
        if (options_end)
            call->word[call->n_words++] = argv[i];
        else
            c = take_word(call, &help, argc, argv, &i, err);
    }
    for (int i = 1; c != HL_OK && i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0)
            call->json = true; /* also the error goes to the machine that asked */
    }
    if (c != HL_OK || call->task == APP_VERSION)
        return c;
    if (!call->command) /* the noun alone lists its verbs, nothing at all lists everything */
        call->task = call->text ? APP_HELP_NOUN : APP_HELP_PROGRAM;
    else if (help || call->task != APP_RUN)
        call->task = APP_HELP_COMMAND;
    return HL_OK;
}

void app_call_free(app_call *call)
{
    free(call->word);
    call->word = NULL;
}
