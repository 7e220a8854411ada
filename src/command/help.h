/*
 * help.h - what the option tables say to people: --help, man pages, shell completion.
 *
 * All functions append text to out; hl_buf_check() at the end tells of missing memory.
 */
#ifndef HL_COMMAND_HELP_H
#define HL_COMMAND_HELP_H

#include "command/command.h"

/* Options of the program itself, taken by every command: --json, --quiet, --cpu, --help, --version.
 * Ends with {0}. */
extern const hl_option hl_global_options[];

/* Exit codes in the order of their numbers; ends with {0, NULL}. */
typedef struct {
    int code;
    const char *means;
} hl_exit_text;
extern const hl_exit_text hl_exit_texts[];

/* --- text for a terminal of 80 columns (help.c) -------------------------------------------------
 */

void hl_help_program(hl_buf *out);
void hl_help_noun(const char *noun, hl_buf *out); /* the verbs of "cohort" */
void hl_help_command(const hl_command *command, hl_buf *out);

/* The option's sentence with allowed values and default: "rows of train (default 10000; 1 to 99)".
 */
void hl_help_sentence(const hl_option *option, hl_buf *out);

/* A command line, broken with backslashes where it is longer than the terminal is wide. */
void hl_help_example(const char *example, size_t indent, hl_buf *out);

/* Whether noun is the first word of any command of two words. */
bool hl_is_noun(const char *noun);
/* Length of the first word of a command's name. */
size_t hl_noun_length(const hl_command *command);

/* --- man pages (man.c) ------------------------------------------------------------------------ */

void hl_man_program(hl_buf *out);
void hl_man_command(const hl_command *command, hl_buf *out);
/* Write hilum.1 and one page a command (hilum-cohort-build.1) into folder, made if absent. */
hl_code hl_man_write(const char *folder, hl_error *err);

/* --- completion (completion.c) ---------------------------------------------------------------- */

/* shell: bash, zsh or fish; HL_E_USAGE for another. */
hl_code hl_completion(const char *shell, hl_buf *out, hl_error *err);

#endif
