/*
 * findings.h - what a check found: one list for all checks, filled from any thread, sorted at the
 * end so that it depends on nothing but the files.
 */
#ifndef HL_FILM_FINDINGS_H
#define HL_FILM_FINDINGS_H

#include <pthread.h>

#include "base/arena.h"
#include "base/json.h"
#include "film/deid.h"

#define HL_FINDINGS_MAX 1000000 /* kept; more are only counted */

typedef struct {
    hl_deid_level level;
    const char *path;  /* of the file, below the folder */
    const char *where; /* element, row or place in it; "" = the file */
    const char *what;
} hl_finding;

typedef struct {
    hl_arena *arena;
    pthread_mutex_t lock;
    hl_finding *at;
    size_t n, cap;
    int64_t count[HL_DEID_HIGH + 1]; /* by level, those not kept too */
} hl_findings;

extern const char *const hl_level_name[HL_DEID_HIGH + 1]; /* "note", "low", "medium", "high" */

hl_code hl_findings_new(hl_findings *f, hl_error *err);
void hl_findings_free(hl_findings *f);

/* Thread-safe; texts are copied. */
hl_code hl_findings_add(hl_findings *f, hl_deid_level level, const char *path, const char *where,
                        hl_error *err, const char *fmt, ...) HL_PRINTF(6, 7);

hl_code hl_findings_sort(hl_findings *f, hl_error *err);

/* Findings of this level or worse. */
int64_t hl_findings_count(const hl_findings *f, hl_deid_level at_least);

/* level,path,where,finding */
void hl_findings_put_csv(const hl_findings *f, hl_buf *to);
/* Counts by level, then the worst ones, at most max lines. */
void hl_findings_put_text(const hl_findings *f, size_t max, hl_buf *to);

#endif
