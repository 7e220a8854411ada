/*
 * command.h - what a command is: its words, one option table, one function.
 *
 * The table is the only place that knows a command's options. The parser of argv, --help, man
 * pages, completions and hl_run()'s JSON all come from it. A new command is a new file with one
 * `const hl_command` and a line in registry.c.
 */
#ifndef HL_COMMAND_COMMAND_H
#define HL_COMMAND_COMMAND_H

#include "base/buf.h"
#include "base/json.h"
#include "base/sink.h"

typedef enum {
    HL_OPT_FLAG,   /* present or not */
    HL_OPT_INT,    /* integer within [min, max] */
    HL_OPT_TEXT,   /* any text */
    HL_OPT_PATH,   /* a file or folder name (completion offers files) */
    HL_OPT_CHOICE, /* one of choices, "a|b|c" */
    HL_OPT_SHARD   /* i/n */
} hl_option_type;

typedef struct {
    const char *name; /* "train-n": --train-n on the command line, "train-n" in JSON */
    hl_option_type type;
    const char *value;   /* placeholder in help: "DIR", "N" */
    const char *initial; /* default as text, NULL = none */
    const char *choices; /* HL_OPT_CHOICE */
    int64_t min, max;    /* HL_OPT_INT, both ends allowed */
    bool required;
    bool argument;    /* positional, in table order: hilum pack COHORT */
    bool hidden;      /* set by hilum itself: not in help, man page, completion or argv */
    const char *help; /* one sentence */
} hl_option;

/* Options that mean the same everywhere; a command lists those it takes in its table. */
#define HL_OPTION_OUT                                                                              \
    {                                                                                              \
        .name = "out", .type = HL_OPT_PATH, .value = "DIR", .required = true,                      \
        .help = "folder to write; new or empty"                                                    \
    }
#define HL_OPTION_JOBS                                                                             \
    {                                                                                              \
        .name = "jobs", .type = HL_OPT_INT, .value = "N", .min = 1, .max = 1024,                   \
        .help = "threads (default: the CPUs this process may use)"                                 \
    }
#define HL_OPTION_RESUME                                                                           \
    {                                                                                              \
        .name = "resume", .type = HL_OPT_FLAG,                                                     \
        .help = "go on with what a stopped run left in --out"                                      \
    }
#define HL_OPTION_SHARD                                                                            \
    {                                                                                              \
        .name = "shard", .type = HL_OPT_SHARD, .value = "I/N",                                     \
        .help = "do only shard I of N (0 <= I < N); hilum merge puts them together"                \
    }
/* Set by hilum merge alone, through hl_options_from_json(): the parts are there, run HL_JOB_MERGE.
 * Every command that takes --shard lists it. */
#define HL_OPTION_MERGE                                                                            \
    {                                                                                              \
        .name = "merge", .type = HL_OPT_FLAG, .hidden = true,                                      \
        .help = "put the finished shards together"                                                 \
    }
/* Set by app/ alone, from HILUM_TEST_VERSION: the version that a shard takes its program for, so
 * that a test can mix two. Every command that takes --shard lists it, and hilum merge, which hands
 * it on. */
#define HL_OPTION_TEST_VERSION                                                                     \
    {                                                                                              \
        .name = "test-version", .type = HL_OPT_TEXT, .hidden = true,                               \
        .help = "version to take this program for"                                                 \
    }
#define HL_OPTION_STRICT                                                                           \
    {                                                                                              \
        .name = "strict", .type = HL_OPT_FLAG, .help = "the first failed item ends the job"        \
    }

/* Values of one call, checked against the table. */
typedef struct hl_options hl_options;

/* Value of an option by name. The name must be in the table and of that type (hl_assert). An INT
 * that was not given and has no default gives fallback. */
bool hl_options_flag(const hl_options *o, const char *name);
int64_t hl_options_int(const hl_options *o, const char *name, int64_t fallback);
const char *hl_options_text(const hl_options *o, const char *name); /* NULL = not given */
bool hl_options_given(const hl_options *o, const char *name);
/* --shard: false = not given. */
bool hl_options_shard(const hl_options *o, int64_t *i, int64_t *n);

/* What a command gives back: text for a person (stdout), JSON for a machine (--json, hl_run). */
typedef struct {
    hl_buf text;
    hl_buf json;         /* one object */
    const hl_sink *data; /* where a command whose result is a stream of data sends it when it has no
                          * --out: the program's stdout. NULL: nowhere */
    bool streamed;       /* it did: text and json are not printed behind the data */
} hl_result;

/* Move a room's report into the result. */
void hl_result_take(hl_result *result, hl_report *report);

typedef struct {
    const char *name;        /* "cohort build" */
    const char *summary;     /* one line */
    const char *about;       /* paragraphs for --help and the man page */
    const hl_option *option; /* ends with {0} */
    const char *example[2];  /* two command lines that run (in a folder made by hilum demo) */
    hl_code (*run)(const hl_options *options, hl_ctl *ctl, hl_result *result, hl_error *err);
} hl_command;

/* All commands, ends with NULL. registry.c */
extern const hl_command *const hl_commands[];
const hl_command *hl_command_find(const char *name);

/* Make options from argv-like words (behind the command's own words), or from a JSON object.
 * HL_E_USAGE says which word and what is allowed. --json, --quiet, --help, --cpu are app/'s own and
 * not seen here. Free with hl_options_free(). */
hl_code hl_options_from_words(const hl_command *command, int n, const char *const *word,
                              hl_options **out, hl_error *err);
hl_code hl_options_from_json(const hl_command *command, const char *json, hl_options **out,
                             hl_error *err);
/* All given options (and arguments) as a JSON object, table order. */
hl_code hl_options_to_json(const hl_options *o, hl_buf *out, hl_error *err);
/* Give a hidden option of type TEXT its value; nothing happens when the command has none of that
 * name. */
hl_code hl_options_set_hidden(hl_options *o, const char *name, const char *text, hl_error *err);
void hl_options_free(hl_options **o);

#endif
