#include "command/help.h"

#include "base/io.h"

/* roff: a backslash is \e, a hyphen that can be copied is \-, a line must not begin with . or '. */
static void put_roff(hl_buf *out, const char *text, size_t n)
{
    bool line_start = out->n == 0 || out->at[out->n - 1] == '\n';

    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (line_start && (c == '.' || c == '\''))
            hl_buf_text(out, "\\&");
        line_start = c == '\n';
        if (c == '\\')
            hl_buf_text(out, "\\e");
        else if (c == '-')
            hl_buf_text(out, "\\-");
        else
            hl_buf_char(out, c);
    }
}

static void put_text(hl_buf *out, const char *text)
{
    put_roff(out, text, strlen(text));
}

static void put_title(hl_buf *out, const hl_command *command)
{
    hl_buf_text(out, ".TH HILUM");
    for (const char *c = command ? command->name : ""; *c; c++) {
        if (c == command->name)
            hl_buf_text(out, "\\-");
        if (*c == ' ')
            hl_buf_text(out, "\\-");
        else
            hl_buf_char(out, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    }
    hl_buf_text(out, " 1 \"\" \"hilum " HL_VERSION "\" \"hilum manual\"\n.SH NAME\n");
}

static void put_option(hl_buf *out, const hl_option *option)
{
    hl_buf sentence = {0};

    if (option->hidden)
        return;
    hl_buf_text(out, ".TP\n");
    if (option->argument) {
        hl_buf_text(out, ".I ");
        put_text(out, option->value);
    } else {
        hl_buf_text(out, ".BI \\-\\-");
        put_text(out, option->name);
        if (option->value) {
            hl_buf_text(out, " \" ");
            put_text(out, option->value);
            hl_buf_char(out, '"');
        }
    }
    hl_buf_char(out, '\n');
    hl_help_sentence(option, &sentence);
    put_roff(out, sentence.at ? sentence.at : "", sentence.n);
    hl_buf_char(out, '\n');
    hl_buf_free(&sentence);
}

static void put_options(hl_buf *out, const char *heading, const hl_option *option, bool arguments)
{
    bool any = false;

    for (; option->name; option++) {
        if (option->argument != arguments || option->hidden)
            continue;
        if (!any)
            hl_buf_printf(out, ".SH %s\n", heading);
        any = true;
        put_option(out, option);
    }
}

static void put_exit_codes(hl_buf *out)
{
    hl_buf_text(out, ".SH EXIT STATUS\n");
    for (const hl_exit_text *e = hl_exit_texts; e->means; e++) {
        hl_buf_printf(out, ".TP\n.B %d\n", e->code);
        put_text(out, e->means);
        hl_buf_char(out, '\n');
    }
}

static void put_environment(hl_buf *out)
{
    hl_buf_text(out, ".SH ENVIRONMENT\n.TP\n.B HILUM_CPU\nas\n.BR \\-\\-cpu ,\nwhich wins\n"
                     ".TP\n.B SLURM_CPUS_PER_TASK\ndefault of\n.B \\-\\-jobs\n");
}

/* A paragraph a line of about; lines that begin with a blank are shown as they are. */
static void put_about(hl_buf *out, const char *about)
{
    bool as_is = false;

    while (*about) {
        size_t n = strcspn(about, "\n");
        if ((*about == ' ') != as_is && n > 0) {
            as_is = !as_is;
            hl_buf_text(out, as_is ? ".PP\n.nf\n" : ".fi\n");
        }
        if (n == 0)
            hl_buf_text(out, ".PP");
        put_roff(out, about, n);
        hl_buf_char(out, '\n');
        about += n;
        if (*about == '\n')
            about++;
    }
    if (as_is)
        hl_buf_text(out, ".fi\n");
}

static void put_synopsis(hl_buf *out, const hl_command *command)
{
    hl_buf_text(out, ".SH SYNOPSIS\n.B hilum ");
    put_text(out, command->name);
    hl_buf_char(out, '\n');
    for (const hl_option *o = command->option; o->name; o++) {
        if (o->hidden || (!o->argument && !o->required))
            continue;
        if (o->argument) {
            hl_buf_text(out, o->required ? ".I " : ".RI [ ");
            put_text(out, o->value);
            hl_buf_text(out, o->required ? "\n" : " ]\n");
        } else {
            hl_buf_text(out, ".BI \\-\\-");
            put_text(out, o->name);
            if (o->value) {
                hl_buf_text(out, " \" ");
                put_text(out, o->value);
                hl_buf_char(out, '"');
            }
            hl_buf_char(out, '\n');
        }
    }
    hl_buf_text(out, "[options]\n");
}

static void page_name(const hl_command *command, char *out, size_t size)
{
    snprintf(out, size, "hilum-%s", command->name);
    for (char *c = out; *c; c++)
        if (*c == ' ')
            *c = '-';
}

void hl_man_command(const hl_command *command, hl_buf *out)
{
    char page[128];

    page_name(command, page, sizeof page);
    put_title(out, command);
    put_text(out, page);
    hl_buf_text(out, " \\- ");
    put_text(out, command->summary);
    hl_buf_char(out, '\n');
    put_synopsis(out, command);
    hl_buf_text(out, ".SH DESCRIPTION\n");
    put_about(out, command->about ? command->about : command->summary);
    put_options(out, "ARGUMENTS", command->option, true);
    put_options(out, "OPTIONS", command->option, false);
    put_options(out, "OPTIONS OF EVERY COMMAND", hl_global_options, false);
    put_exit_codes(out);
    put_environment(out);
    if (command->example[0])
        hl_buf_text(out, ".SH EXAMPLES\n.nf\n");
    for (int i = 0; i < 2 && command->example[i]; i++) {
        hl_buf lines = {0};
        hl_help_example(command->example[i], 0, &lines);
        put_roff(out, lines.at ? lines.at : "", lines.n);
        hl_buf_free(&lines);
    }
    hl_buf_text(out, command->example[0] ? ".fi\n" : "");
    hl_buf_text(out, ".SH SEE ALSO\n.BR hilum (1)\n");
}

void hl_man_program(hl_buf *out)
{
    char page[128];

    put_title(out, NULL);
    hl_buf_text(out, "hilum \\- hospital archives to machine\\-learning data sets, to the byte\n"
                     ".SH SYNOPSIS\n.B hilum\n.I COMMAND ARGUMENT...\n[options]\n.SH COMMANDS\n");
    for (size_t i = 0; hl_commands[i]; i++) {
        hl_buf_text(out, ".TP\n.B ");
        put_text(out, hl_commands[i]->name);
        hl_buf_char(out, '\n');
        put_text(out, hl_commands[i]->summary);
        hl_buf_char(out, '\n');
    }
    put_options(out, "OPTIONS", hl_global_options, false);
    put_exit_codes(out);
    put_environment(out);
    hl_buf_text(out, ".SH SEE ALSO\n");
    for (size_t i = 0; hl_commands[i]; i++) {
        page_name(hl_commands[i], page, sizeof page);
        hl_buf_text(out, ".BR ");
        put_text(out, page);
        hl_buf_printf(out, " (1)%s\n", hl_commands[i + 1] ? "," : "");
    }
}

static hl_code write_page(const char *folder, const char *page, const hl_buf *text, hl_error *err)
{
    char path[HL_PATH_BYTES], name[160];

    hl_code c = hl_buf_check(text, "man page", err);
    snprintf(name, sizeof name, "%s.1", page);
    if (c == HL_OK)
        c = hl_path_join(folder, name, path, err);
    if (c == HL_OK)
        c = hl_write_file(path, text->at, text->n, NULL, err);
    return c;
}

hl_code hl_man_write(const char *folder, hl_error *err)
{
    hl_buf text = {0};
    char page[128];
    hl_code c = hl_make_folder(folder, err);

    if (c == HL_OK) {
        hl_man_program(&text);
        c = write_page(folder, "hilum", &text, err);
    }
    for (size_t i = 0; c == HL_OK && hl_commands[i]; i++) {
        hl_buf_clear(&text);
        hl_man_command(hl_commands[i], &text);
        page_name(hl_commands[i], page, sizeof page);
        c = write_page(folder, page, &text, err);
    }
    hl_buf_free(&text);
    return c;
}
