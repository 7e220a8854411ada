/*
 * findings.h - what a check of records found: a line a finding, in the form of wfdbcheck.
 *
 *      (EE) RECORD:SEGMENT: annotator ANN: signal N (NAME): text
 *
 * One list belongs to one record, and so to one thread; lists are printed in the order of records.
 */
#ifndef HL_WAVE_FINDINGS_H
#define HL_WAVE_FINDINGS_H

#include "base/arena.h"
#include "base/json.h"

/* Kept of a record; more are only counted: a header may name a million segments. */
#define HL_WAVE_FINDINGS_MOST 10000

typedef enum { HL_FOUND_NOTE = 0, HL_FOUND_WARNING = 1, HL_FOUND_ERROR = 2 } hl_found_level;
enum { HL_FOUND_LEVELS = 3 };

/* Where: whatever is NULL (signal: -1) is left out. Texts are copied. */
typedef struct {
    const char *record;
    const char *segment;
    const char *annotator;
    const char *signal_name; /* of signal; NULL = none, or a made one */
    int32_t signal;
} hl_found_at;

typedef struct {
    hl_found_level level;
    hl_found_at at;
    const char *text;
} hl_found;

typedef struct {
    hl_arena *arena;
    hl_found *row;
    size_t n, cap;
    int64_t count[HL_FOUND_LEVELS]; /* those not kept too */
    bool quiet;                     /* notes are not kept */
    bool oom;
} hl_wave_findings;

hl_code hl_wave_findings_new(hl_wave_findings *f, bool quiet, hl_error *err);
void hl_wave_findings_free(hl_wave_findings *f);

/* Add one. A failed addition sets oom; hl_wave_findings_check() tells at the end. */
void hl_wave_found(hl_wave_findings *f, hl_found_level level, const hl_found_at *at,
                   const char *fmt, ...) HL_PRINTF(4, 5);
hl_code hl_wave_findings_check(const hl_wave_findings *f, hl_error *err);

/* A line a finding. Control bytes and invalid UTF-8, which come from files, are shown as \xNN. */
void hl_wave_findings_text(const hl_wave_findings *f, hl_buf *to);
/* Items of the open array. */
void hl_wave_findings_json(const hl_wave_findings *f, hl_json_writer *w);

#endif
