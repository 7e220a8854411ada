/*
 * run_info.h - the volatile part of a job: when, where, how long, with how many threads. It goes
 * into run.json, which is never hashed. view.md 9.
 */
#ifndef HL_DATA_RUN_INFO_H
#define HL_DATA_RUN_INFO_H

#include "base/buf.h"

typedef struct {
    double started_s; /* of the system's clock, seconds since 1970 */
    double began_s;   /* of the monotonic clock */
} hl_run_info;

hl_run_info hl_run_begin(void);

/* Append run.json's text: command, options (JSON text, may be NULL), start and end (UTC), seconds,
 * CPU seconds and peak memory of the process, host, threads, SIMD level. */
hl_code hl_run_put(const hl_run_info *run, const char *command, const char *options_json,
                   const hl_ctl *ctl, hl_buf *out, hl_error *err);

#endif
