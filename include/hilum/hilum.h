/*
 * hilum.h - what every caller of libhilum needs: result codes, errors, the control block of a
 * running job, and the one entry to all jobs.
 *
 * A caller fills a hl_ctl, starts hl_run() on a thread of its own and polls the ctl from another
 * (or just calls hl_run() and waits). The library prints nothing, exits never, keeps no thread
 * and no mutable global state between calls: two threads may run two jobs.
 */
#ifndef HILUM_H
#define HILUM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HL_API __attribute__((visibility("default")))
#define HL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define HL_MUST_USE __attribute__((warn_unused_result))
#else
#define HL_API
#define HL_PRINTF(fmt, args)
#define HL_MUST_USE
#endif

#define HL_VERSION "0.1.0"
#define HL_ABI_VERSION 1

/* Result of every call that can fail. The value of an error is the exit code of the program. */
typedef enum {
    HL_OK = 0,
    HL_PARTIAL = 1,     /* the job is done, but items failed: each stands in errors.csv */
    HL_E_USAGE = 2,     /* wrong option, argument or combination */
    HL_E_INPUT = 3,     /* an input is missing or invalid */
    HL_E_IO = 4,        /* the system refused: disk full, permission, read error */
    HL_E_LIMIT = 5,     /* a limit, out of memory, or something hilum does not support */
    HL_E_BUG = 70,      /* a fault of hilum itself */
    HL_E_STOPPED = 130, /* asked to stop; what is done is kept, --resume goes on */
    HL_END = 1000       /* no more to read: not an error, never an exit code */
} hl_code;

/*
 * What went wrong. Filled by the function that knows, at the place of the fault; callers only add
 * context in front. Fixed-width fields: language bindings know this layout.
 *
 *   message   one sentence: where, what was found. A second line, if there is one, says what to do
 *   path      the file at fault, "" if none
 *   line      1-based line of a text file (a record's first line), 0 if none
 *   offset    byte offset in the file, -1 if none
 */
typedef struct {
    int32_t code; /* hl_code */
    int32_t reserved;
    int64_t line;
    int64_t offset;
    char path[512];
    char message[1024];
} hl_error;

typedef struct hl_log hl_log;

/*
 * Control block of one running job. The caller zeroes it, sets jobs/cpu/log if it wants, polls the
 * counters while the job runs, and may set cancel at any time (1 = stop after the items in work;
 * the job then returns HL_E_STOPPED). All fields that a job writes are written atomically.
 */
typedef struct {
    int64_t done;               /* items finished in this phase */
    int64_t total;              /* items of this phase, 0 = not known yet */
    int64_t failed;             /* items that failed */
    int64_t bytes;              /* bytes read from inputs so far */
    const char *volatile phase; /* static text, e.g. "reading labevents"; NULL before the first */
    int32_t cancel;             /* written by the caller */
    int32_t jobs;               /* threads to use, 0 = 1; set by the caller before the start */
    int32_t cpu; /* hl_cpu_request: 0 = best the machine has; set by the caller before */
    int32_t reserved;
    hl_log *log; /* warnings go here; NULL = dropped. Made by hl_log_new(), owned by the caller */
    int64_t bytes_end; /* what bytes will be at the end of this phase, 0 = not known: how far a
                          phase is that reads one large file */
} hl_ctl;

/* Levels of hl_log lines. */
typedef enum {
    HL_LOG_INFO = 0,   /* what happened, of use to the person who started the job */
    HL_LOG_WARNING = 1 /* the result is not what one might expect; the job goes on */
} hl_log_level;

/* A new, empty, thread-safe list of log lines; NULL when out of memory. Free with hl_log_free(). */
HL_API hl_log *hl_log_new(void);
HL_API void hl_log_free(hl_log **log);

/* Take the oldest line out of the list: copies at most size-1 bytes and a NUL to text, the level to
 * *level. Returns 1, or 0 when the list is empty. */
HL_API int hl_log_take(hl_log *log, hl_log_level *level, char *text, size_t size);

/*
 * Run one command ("cohort build", "pack", ...) to its end.
 *
 *   command       the command's words with one blank between them
 *   options_json  object of the command line's long option names without dashes, plus the
 *                 positional arguments by name: {"mimiciv": "...", "train-n": 80, "compat": true}
 *   ctl           control block, may be NULL
 *   result_json   out: JSON text, freed by hl_free(); may be NULL. On failure NULL or what is known
 *   err           may be NULL
 *
 * HL_OK; HL_PARTIAL; any HL_E_*.
 */
HL_API hl_code hl_run(const char *command, const char *options_json, hl_ctl *ctl,
                      char **result_json, hl_error *err);

HL_API void hl_free(void *p);

/* What a job tells: one JSON object for a program, and text for a person. Freed with
 * hl_report_free(). */
typedef struct {
    char *json;
    char *text;
} hl_report;
HL_API void hl_report_free(hl_report *report);
HL_API const char *hl_version(void);
HL_API int hl_abi_version(void);

/* Sizes and offsets of hl_error and hl_ctl as JSON, so that a binding can prove its own picture of
 * them: {"hl_error": {"size": n, "line": n, ...}, "hl_ctl": {...}}. Static text. */
HL_API const char *hl_abi_layout(void);

#ifdef __cplusplus
}
#endif
#endif
