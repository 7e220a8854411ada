#include "command/help.h"

#define WIDTH 80           /* columns of a terminal that everybody has */
#define MAX_NAME_COLUMN 26 /* a longer "--name VALUE" gets a line of its own */

const hl_option hl_global_options[] = {
    {.name = "json",
     .type = HL_OPT_FLAG,
     .help = "print the result, or the error, as one JSON object"},
    {.name = "quiet",
     .type = HL_OPT_FLAG,
     .help = "no progress and no notes; warnings and errors stay"},
    {.name = "errors-ok",
     .type = HL_OPT_FLAG,
     .help = "items that failed do not make the exit code 1 (for engines that take it for failure)"},
    {.name = "cpu",
     .type = HL_OPT_CHOICE,
     .value = "LEVEL",
     .choices = "c|avx2|avx512",
     .help = "use no faster instructions than these; the results are the same"},
    {.name = "help", .type = HL_OPT_FLAG, .help = "print this help"},
    {.name = "version", .type = HL_OPT_FLAG, .help = "print the version"},
    {0},
};

const hl_exit_text hl_exit_texts[] = {
    {0, "done"},
    {1, "done, but items failed (each is in errors.csv)"},
    {2, "wrong usage"},
    {3, "an input is missing or invalid"},
    {4, "the system refused (disk full, permission)"},
    {5, "a limit, or not supported"},
    {70, "a fault of hilum"},
    {130, "stopped; --resume goes on"},
    {0, NULL},
};

/* --- laying out ------------------------------------------------------------------------------- */

/* Columns that UTF-8 text takes (one a character). */
static size_t columns(const char *at, size_t n)
{
    size_t c = 0;
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)at[i] & 0xC0) != 0x80)
            c++;
    return c;
}

static void put_blanks(hl_buf *out, size_t n)
{
    while (n-- > 0)
        hl_buf_char(out, ' ');
}

/* Words of text[0..n) from column *at on, broken before WIDTH; further lines start at indent. */
static void put_words(hl_buf *out, const char *text, size_t n, size_t indent, size_t *at)
{
    size_t i = 0;
    while (i < n) {
        size_t start = i;
        while (i < n && text[i] != ' ' && text[i] != '\n')
            i++;
        if (i > start) {
            size_t wide = columns(text + start, i - start);
            if (*at > indent && *at + 1 + wide > WIDTH) {
                hl_buf_char(out, '\n');
                put_blanks(out, indent);
                *at = indent;
            } else if (*at > indent) {
                hl_buf_char(out, ' ');
                ++*at;
            }
            hl_buf_append(out, text + start, i - start);
            *at += wide;
        }
        i++;
    }
}

/* Paragraphs: an empty line parts them, a line that begins with a blank stays as it is. */
static void put_paragraphs(hl_buf *out, const char *text)
{
    while (*text) {
        size_t n = 0, at = 0;
        if (*text == '\n' || *text == ' ') {
            n = strcspn(text, "\n");
            hl_buf_append(out, text, n);
        } else {
            while (text[n] && !(text[n] == '\n' && (text[n + 1] == '\n' || text[n + 1] == ' ')))
                n++;
            put_words(out, text, n, 0, &at);
        }
        hl_buf_char(out, '\n');
        text += n;
        if (*text == '\n')
            text++;
    }
}

/* --- one option ------------------------------------------------------------------------------- */

static void put_note(hl_buf *note, const char *text)
{
    if (note->n)
        hl_buf_text(note, "; ");
    hl_buf_text(note, text);
}

static void put_range(hl_buf *note, const hl_option *option)
{
    char text[64];

    if (option->min == option->max || (option->min == INT64_MIN && option->max == INT64_MAX))
        return;
    if (option->max == INT64_MAX ||
        option->max == INT32_MAX) /* the type's own limit tells nothing */
        snprintf(text, sizeof text, "%lld and more", (long long)option->min);
    else
        snprintf(text, sizeof text, "%lld to %lld", (long long)option->min, (long long)option->max);
    put_note(note, text);
}

void hl_help_sentence(const hl_option *option, hl_buf *out)
{
    hl_buf note = {0};
    size_t n = strlen(option->help);
    bool in_brackets = n > 0 && option->help[n - 1] == ')';

    if (option->type == HL_OPT_CHOICE) {
        hl_buf choices = {0};
        for (const char *c = option->choices; *c; c++) {
            if (*c == '|')
                hl_buf_text(&choices, ", ");
            else
                hl_buf_char(&choices, *c);
        }
        put_note(&note, choices.at ? choices.at : "");
        hl_buf_free(&choices);
    }
    if (option->initial) {
        put_note(&note, "default ");
        hl_buf_text(&note, option->initial);
    }
    if (option->type == HL_OPT_INT)
        put_range(&note, option);

    if (!note.n) {
        hl_buf_text(out, option->help);
    } else {
        hl_buf_append(out, option->help, in_brackets ? n - 1 : n);
        hl_buf_text(out, in_brackets ? "; " : " (");
        hl_buf_append(out, note.at, note.n);
        hl_buf_char(out, ')');
    }
    hl_buf_free(&note);
}

static void put_name(hl_buf *out, const hl_option *option)
{
    if (option->argument)
        hl_buf_text(out, option->value);
    else
        hl_buf_printf(out, "--%s%s%s", option->name, option->value ? " " : "",
                      option->value ? option->value : "");
}

static size_t name_columns(const hl_option *option)
{
    size_t value = option->value ? strlen(option->value) : 0;
    return option->argument ? value : 2 + strlen(option->name) + (value ? value + 1 : 0);
}

static void put_entry(hl_buf *out, const hl_option *option, size_t column)
{
    hl_buf sentence = {0};
    size_t name = name_columns(option), at = column;

    hl_buf_text(out, "  ");
    put_name(out, option);
    if (2 + name + 2 > column) {
        hl_buf_char(out, '\n');
        put_blanks(out, column);
    } else {
        put_blanks(out, column - 2 - name);
    }
    hl_help_sentence(option, &sentence);
    put_words(out, sentence.at ? sentence.at : "", sentence.n, column, &at);
    hl_buf_char(out, '\n');
    hl_buf_free(&sentence);
}

/* The column where the sentences of a table begin. */
static size_t sentence_column(const hl_option *a, const hl_option *b)
{
    size_t widest = 0;
    for (int table = 0; table < 2; table++)
        for (const hl_option *o = table ? b : a; o->name; o++) {
            size_t n = name_columns(o);
            if (!o->hidden && n > widest && n <= MAX_NAME_COLUMN)
                widest = n;
        }
    return 2 + widest + 2;
}

/* --- nouns and verbs -------------------------------------------------------------------------- */

size_t hl_noun_length(const hl_command *command)
{
    return strcspn(command->name, " ");
}

static bool belongs_to(const hl_command *command, const char *noun)
{
    size_t n = hl_noun_length(command);
    return command->name[n] == ' ' && strlen(noun) == n && memcmp(command->name, noun, n) == 0;
}

bool hl_is_noun(const char *noun)
{
    for (size_t i = 0; hl_commands[i]; i++)
        if (belongs_to(hl_commands[i], noun))
            return true;
    return false;
}

static void put_commands(hl_buf *out, const char *noun)
{
    size_t widest = 0;

    for (size_t i = 0; hl_commands[i]; i++) {
        size_t n = strlen(hl_commands[i]->name);
        if ((!noun || belongs_to(hl_commands[i], noun)) && n > widest)
            widest = n;
    }
    for (size_t i = 0; hl_commands[i]; i++) {
        const hl_command *c = hl_commands[i];
        size_t at = 2 + widest + 2, indent = at;
        if (noun && !belongs_to(c, noun))
            continue;
        hl_buf_printf(out, "  %-*s  ", (int)widest, c->name);
        put_words(out, c->summary, strlen(c->summary), indent, &at);
        hl_buf_char(out, '\n');
    }
}

void hl_help_example(const char *example, size_t indent, hl_buf *out)
{
    size_t at = indent;

    put_blanks(out, indent);
    while (*example) {
        size_t part = strcspn(example, " ");
        /* an option stays with its value, a program with its verb */
        while (example[part] == ' ' && example[part + 1] != '-' && example[part + 1] != '&')
            part += 1 + strcspn(example + part + 1, " ");
        if (at > indent && at + 1 + columns(example, part) + 2 > WIDTH) {
            hl_buf_text(out, " \\\n");
            put_blanks(out, indent + 4);
            at = indent + 4;
        } else if (at > indent) {
            hl_buf_char(out, ' ');
            at++;
        }
        hl_buf_append(out, example, part);
        at += columns(example, part);
        example += part;
        while (*example == ' ')
            example++;
    }
    hl_buf_char(out, '\n');
}

/* --- the pages -------------------------------------------------------------------------------- */

static void put_exit_codes(hl_buf *out)
{
    hl_buf line = {0};
    size_t at = 2;

    for (const hl_exit_text *e = hl_exit_texts; e->means; e++)
        hl_buf_printf(&line, "%s%d %s", line.n ? "; " : "", e->code, e->means);
    hl_buf_text(out, "\nExit codes:\n  ");
    put_words(out, line.at ? line.at : "", line.n, 2, &at);
    hl_buf_char(out, '\n');
    hl_buf_free(&line);
}

void hl_help_program(hl_buf *out)
{
    const hl_option none[] = {{0}};
    size_t column = sentence_column(hl_global_options, none);

    hl_buf_text(out, "hilum " HL_VERSION
                     " - hospital archives to machine-learning data sets, to the byte\n\n"
                     "usage: hilum COMMAND ARGUMENT... [options]\n\nCommands:\n");
    put_commands(out, NULL);
    hl_buf_text(out, "\nOptions of every command:\n");
    for (const hl_option *o = hl_global_options; o->name; o++)
        put_entry(out, o, column);
    put_exit_codes(out);
    hl_buf_text(out, "\n'hilum help COMMAND' tells more. Begin with: hilum demo\n");
}

void hl_help_noun(const char *noun, hl_buf *out)
{
    hl_buf_printf(out, "usage: hilum %s VERB ARGUMENT... [options]\n\nCommands:\n", noun);
    put_commands(out, noun);
    hl_buf_printf(out, "\n'hilum help %s VERB' tells more.\n", noun);
}

/* The blank, or the new line, before a part of so many columns: a name and its value stay together.
 */
static void usage_blank(hl_buf *out, size_t indent, size_t wide, size_t *at)
{
    if (*at + 1 + wide > WIDTH) {
        hl_buf_char(out, '\n');
        put_blanks(out, indent);
        *at = indent;
    }
    hl_buf_char(out, ' ');
    *at += 1 + wide;
}

static void put_usage(hl_buf *out, const hl_command *command)
{
    hl_buf line = {0};
    size_t at = strlen("usage:"), indent;

    hl_buf_text(out, "usage:");
    hl_buf_printf(&line, "hilum %s", command->name);
    put_words(out, line.at ? line.at : "", line.n, 0, &at);
    indent = at;
    for (const hl_option *o = command->option; o->name; o++) {
        if (o->hidden || (!o->argument && !o->required))
            continue;
        usage_blank(out, indent, name_columns(o) + (o->required ? 0 : 2), &at);
        hl_buf_text(out, o->required ? "" : "[");
        put_name(out, o);
        hl_buf_text(out, o->required ? "" : "]");
    }
    usage_blank(out, indent, strlen("[options]"), &at);
    hl_buf_text(out, "[options]\n");
    hl_buf_free(&line);
}

static void put_table(hl_buf *out, const hl_command *command, bool arguments, size_t column)
{
    bool any = false;
    for (const hl_option *o = command->option; o->name; o++) {
        if (o->argument != arguments || o->hidden)
            continue;
        if (!any)
            hl_buf_text(out, arguments ? "\nArguments:\n" : "\nOptions:\n");
        any = true;
        put_entry(out, o, column);
    }
}

void hl_help_command(const hl_command *command, hl_buf *out)
{
    size_t column = sentence_column(command->option, hl_global_options), at = 0;
    hl_buf title = {0};

    hl_buf_printf(&title, "hilum %s - %s", command->name, command->summary);
    put_words(out, title.at ? title.at : "", title.n, 0, &at);
    hl_buf_free(&title);
    hl_buf_text(out, "\n\n");
    put_usage(out, command);
    if (command->about) {
        hl_buf_char(out, '\n');
        put_paragraphs(out, command->about);
    }
    put_table(out, command, true, column);
    put_table(out, command, false, column);
    hl_buf_text(out, "\nOptions of every command:\n");
    for (const hl_option *o = hl_global_options; o->name; o++)
        if (strcmp(o->name, "version") != 0)
            put_entry(out, o, column);
    put_exit_codes(out);
    if (command->example[0])
        hl_buf_text(out, "\nExamples:\n");
    for (int i = 0; i < 2 && command->example[i]; i++)
        hl_help_example(command->example[i], 2, out);
}
