#include "command/help.h"

/* Every shell gets one branch a command with the tables written out: nothing is asked of the
 * program while a person types. */

#define NOUN_BYTES 64

/* The words of one command. */
typedef struct {
    const hl_command *command;
    char noun[NOUN_BYTES];
    const char *verb; /* NULL = none */
    bool first;       /* the first command of its noun */
} entry;

static entry entry_of(size_t i)
{
    const hl_command *c = hl_commands[i];
    size_t n = hl_noun_length(c);
    entry e = {.command = c, .first = true};

    hl_assert(n < NOUN_BYTES);
    memcpy(e.noun, c->name, n);
    e.verb = c->name[n] == ' ' ? c->name + n + 1 : NULL;
    for (size_t k = 0; k < i; k++)
        if (hl_noun_length(hl_commands[k]) == n && memcmp(hl_commands[k]->name, e.noun, n) == 0)
            e.first = false;
    return e;
}

static bool takes_arguments(const hl_command *command)
{
    for (const hl_option *o = command->option; o->name; o++)
        if (o->argument)
            return true;
    return false;
}

/* choices "a|b" as "a b". */
static void put_choices(hl_buf *out, const char *choices)
{
    for (; *choices; choices++)
        hl_buf_char(out, *choices == '|' ? ' ' : *choices);
}

static void put_nouns(hl_buf *out)
{
    for (size_t i = 0; hl_commands[i]; i++) {
        entry e = entry_of(i);
        if (e.first)
            hl_buf_printf(out, "%s ", e.noun);
    }
    hl_buf_text(out, "help");
}

static void put_verbs(hl_buf *out, const char *noun)
{
    bool any = false;

    for (size_t i = 0; hl_commands[i]; i++) {
        entry e = entry_of(i);
        if (!e.verb || strcmp(e.noun, noun) != 0)
            continue;
        hl_buf_printf(out, "%s%s", any ? " " : "", e.verb);
        any = true;
    }
}

/* Text for inside '...': a quote is '\'' in bash and zsh, \' in fish. In zsh's specifications a
 * colon or bracket has a meaning and gets a backslash. */
static void put_quoted(hl_buf *out, const char *text, const char *quote, const char *escaped)
{
    for (; *text; text++) {
        if (*text == '\'') {
            hl_buf_text(out, quote);
            continue;
        }
        if (strchr(escaped, *text))
            hl_buf_char(out, '\\');
        hl_buf_char(out, *text);
    }
}

/* --- bash ------------------------------------------------------------------------------------- */

/* What may follow an option that takes a value. */
static void put_bash_values(hl_buf *out, const hl_option *table)
{
    for (const hl_option *o = table; o->name; o++) {
        if (o->hidden || o->argument || o->type == HL_OPT_FLAG)
            continue;
        hl_buf_printf(out, "        --%s) ", o->name);
        if (o->type == HL_OPT_CHOICE) {
            hl_buf_text(out, "words='");
            put_choices(out, o->choices);
            hl_buf_text(out, "' ;;\n");
        } else {
            hl_buf_text(out, o->type == HL_OPT_PATH ? "files=1 ;;\n" : ";;\n");
        }
    }
}

static void put_bash_names(hl_buf *out, const hl_option *table)
{
    for (const hl_option *o = table; o->name; o++)
        if (!o->hidden && !o->argument)
            hl_buf_printf(out, "%s--%s", o == table ? "" : " ", o->name);
}

static void put_bash_command(hl_buf *out, const hl_command *c)
{
    hl_buf_printf(out, "    '%s')\n        case $before in\n", c->name);
    put_bash_values(out, c->option);
    put_bash_values(out, hl_global_options);
    hl_buf_text(out, "        *)\n            case $now in\n            -*) words='");
    put_bash_names(out, c->option);
    hl_buf_char(out, ' ');
    put_bash_names(out, hl_global_options);
    hl_buf_printf(out, "' ;;\n            *) files=%d ;;\n            esac ;;\n        esac ;;\n",
                  takes_arguments(c) ? 1 : 0);
}

static void put_bash(hl_buf *out)
{
    hl_buf_text(out, "# bash completion for hilum " HL_VERSION "\n_hilum()\n{\n"
                     "    local now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                     "    local command=${COMP_WORDS[1]} words= files=0\n"
                     "    COMPREPLY=()\n"
                     "    if [ \"$COMP_CWORD\" -eq 1 ]; then command=; fi\n"
                     "    case $command in\n");
    for (size_t i = 0; hl_commands[i]; i++) {
        entry e = entry_of(i);
        if (e.first && e.verb)
            hl_buf_printf(out,
                          "    '%s') if [ \"$COMP_CWORD\" -gt 2 ]; then "
                          "command=\"%s ${COMP_WORDS[2]}\"; fi ;;\n",
                          e.noun, e.noun);
    }
    hl_buf_text(out, "    esac\n    case $command in\n    '') words='");
    put_nouns(out);
    hl_buf_text(out, " --help --version' ;;\n    'help') words='");
    put_nouns(out);
    hl_buf_text(out, "' ;;\n");
    for (size_t i = 0; hl_commands[i]; i++) {
        entry e = entry_of(i);
        if (e.first && e.verb) {
            hl_buf_printf(out, "    '%s') words='", e.noun);
            put_verbs(out, e.noun);
            hl_buf_text(out, " --help' ;;\n");
        }
        put_bash_command(out, e.command);
    }
    hl_buf_text(out, "    esac\n"
                     "    if [ \"$files\" -eq 1 ]; then\n"
                     "        compopt -o filenames 2>/dev/null\n"
                     "        mapfile -t COMPREPLY < <(compgen -f -- \"$now\")\n"
                     "    elif [ -n \"$words\" ]; then\n"
                     "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$now\")\n"
                     "    fi\n}\ncomplete -F _hilum hilum\n");
}

/* --- zsh -------------------------------------------------------------------------------------- */

#define ZSH_QUOTE "'\\''"

static void put_zsh_list(hl_buf *out, const char *noun, const char *blanks)
{
    hl_buf_printf(out, "%slist=(", blanks);
    for (size_t i = 0; hl_commands[i]; i++) {
        entry e = entry_of(i);
        if (noun && !(e.verb && strcmp(e.noun, noun) == 0))
            continue;
        if (!noun && !e.first)
            continue;
        hl_buf_printf(out, "\n%s    '%s:", blanks, noun ? e.verb : e.noun);
        if (!noun && e.verb)
            put_verbs(out, e.noun);
        else
            put_quoted(out, e.command->summary, ZSH_QUOTE, ":\\");
        hl_buf_char(out, '\'');
    }
    if (!noun)
        hl_buf_printf(out, "\n%s    'help:tell more of a command'", blanks);
    hl_buf_printf(out, ")\n%s_describe command list\n", blanks);
}

static void put_zsh_table(hl_buf *out, const hl_option *table, const char *blanks)
{
    for (const hl_option *o = table; o->name; o++) {
        if (o->hidden)
            continue;
        hl_buf_printf(out, " \\\n%s    '", blanks);
        if (o->argument) {
            hl_buf_printf(out, ":%s:%s'", o->value, o->type == HL_OPT_PATH ? "_files" : "");
            continue;
        }
        hl_buf_printf(out, "--%s[", o->name);
        put_quoted(out, o->help, ZSH_QUOTE, ":[]\\");
        hl_buf_char(out, ']');
        if (o->type != HL_OPT_FLAG) {
            hl_buf_printf(out, ":%s:", o->value ? o->value : "value");
            if (o->type == HL_OPT_PATH)
                hl_buf_text(out, "_files");
            if (o->type == HL_OPT_CHOICE) {
                hl_buf_char(out, '(');
                put_choices(out, o->choices);
                hl_buf_char(out, ')');
            }
        }
        hl_buf_char(out, '\'');
    }
}

static void put_zsh_arguments(hl_buf *out, const hl_command *c, int words, const char *blanks)
{
    hl_buf_printf(out, "%sshift %d words; (( CURRENT -= %d ))\n%s_arguments", blanks, words, words,
                  blanks);
    put_zsh_table(out, c->option, blanks);
    put_zsh_table(out, hl_global_options, blanks);
    hl_buf_char(out, '\n');
}

static void put_zsh(hl_buf *out)
{
    hl_buf_text(out, "#compdef hilum\n# zsh completion for hilum " HL_VERSION "\n_hilum() {\n"
                     "    local -a list\n    if (( CURRENT == 2 )); then\n");
    put_zsh_list(out, NULL, "        ");
    hl_buf_text(out, "        return\n    fi\n    case $words[2] in\n");
    for (size_t i = 0; hl_commands[i]; i++) {
        entry e = entry_of(i);
        if (!e.verb) {
            hl_buf_printf(out, "    %s)\n", e.noun);
            put_zsh_arguments(out, e.command, 1, "        ");
            hl_buf_text(out, "        ;;\n");
        } else if (e.first) {
            hl_buf_printf(out, "    %s)\n        if (( CURRENT == 3 )); then\n", e.noun);
            put_zsh_list(out, e.noun, "            ");
            hl_buf_text(out, "            return\n        fi\n        case $words[3] in\n");
            for (size_t k = i; hl_commands[k]; k++) {
                entry v = entry_of(k);
                if (!v.verb || strcmp(v.noun, e.noun) != 0)
                    continue;
                hl_buf_printf(out, "        %s)\n", v.verb);
                put_zsh_arguments(out, v.command, 2, "            ");
                hl_buf_text(out, "            ;;\n");
            }
            hl_buf_text(out, "        esac\n        ;;\n");
        }
    }
    hl_buf_text(out, "    esac\n}\n_hilum \"$@\"\n");
}

/* --- fish ------------------------------------------------------------------------------------- */

#define FISH_QUOTE "\\'"

static void put_fish_table(hl_buf *out, const char *condition, const hl_option *table)
{
    for (const hl_option *o = table; o->name; o++) {
        if (o->hidden || o->argument)
            continue;
        hl_buf_printf(out, "complete -c hilum -n '%s' -l %s", condition, o->name);
        if (o->type != HL_OPT_FLAG)
            hl_buf_text(out, o->type == HL_OPT_PATH ? " -r -F" : " -x");
        if (o->type == HL_OPT_CHOICE) {
            hl_buf_text(out, " -a '");
            put_choices(out, o->choices);
            hl_buf_char(out, '\'');
        }
        hl_buf_text(out, " -d '");
        put_quoted(out, o->help, FISH_QUOTE, "\\");
        hl_buf_text(out, "'\n");
    }
}

static void put_fish(hl_buf *out)
{
    char condition[160];

    hl_buf_text(out, "# fish completion for hilum " HL_VERSION "\n"
                     "# __hilum_is WORD...: what is typed behind hilum begins with these words\n"
                     "function __hilum_is\n"
                     "    set -l typed (commandline -opc)[2..-1]\n"
                     "    test (count $typed) -ge (count $argv); or return 1\n"
                     "    for i in (seq (count $argv))\n"
                     "        test $typed[$i] = $argv[$i]; or return 1\n"
                     "    end\nend\n"
                     "complete -c hilum -f\n"
                     "complete -c hilum -n 'not __fish_seen_subcommand_from ");
    put_nouns(out);
    hl_buf_text(out, "' -a '");
    put_nouns(out);
    hl_buf_text(out, "'\n");
    for (size_t i = 0; hl_commands[i]; i++) {
        entry e = entry_of(i);
        if (e.first && e.verb) {
            hl_buf_printf(
                out, "complete -c hilum -n '__hilum_is %s; and not __fish_seen_subcommand_from ",
                e.noun);
            put_verbs(out, e.noun);
            hl_buf_text(out, "' -a '");
            put_verbs(out, e.noun);
            hl_buf_text(out, "'\n");
        }
        snprintf(condition, sizeof condition, "__hilum_is %s", e.command->name);
        if (takes_arguments(e.command))
            hl_buf_printf(out, "complete -c hilum -n '%s' -F\n", condition);
        put_fish_table(out, condition, e.command->option);
        put_fish_table(out, condition, hl_global_options);
    }
}

hl_code hl_completion(const char *shell, hl_buf *out, hl_error *err)
{
    if (strcmp(shell, "bash") == 0)
        put_bash(out);
    else if (strcmp(shell, "zsh") == 0)
        put_zsh(out);
    else if (strcmp(shell, "fish") == 0)
        put_fish(out);
    else
        return hl_fail(err, HL_E_USAGE,
                       "no completion for the shell '%s'\nAllowed: bash, zsh, fish.", shell);
    return hl_buf_check(out, "completion", err);
}
