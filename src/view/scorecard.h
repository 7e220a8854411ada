/*
 * scorecard.h - one page that says what a cohort is: rules, splits, patients, labels, laboratory
 * values, timing, sample admissions, proofs.
 *
 * One HTML file without any other: style, films (JPEG) and ECGs (SVG) are inside. A pure function
 * of the folders read: no time, host, path or thread count gets in.
 */
#ifndef HL_VIEW_SCORECARD_H
#define HL_VIEW_SCORECARD_H

#include "base/buf.h"
#include "base/cpu.h"

typedef struct {
    const char *cohort; /* folder that `hilum cohort build` wrote */
    const char *ecg;    /* ECG archive for the sample admissions, NULL = none */
    const char *cxr;    /* film archive for them, NULL = none */
    const char *pack;   /* folder that `hilum pack` wrote, NULL = none */
    hl_cpu cpu;
} hl_scorecard_options;

typedef struct {
    int64_t rows, patients; /* admissions, patients of the cohort */
    int64_t checks, failed_checks, unknown_checks;
    int64_t
        unreadable; /* films and ECGs of the samples that could not be shown (ctl's log says why) */
} hl_scorecard_summary;

/*
 * Append the page to out. HL_E_INPUT: a folder or the cohort's table is missing or invalid. A
 * sample's film or ECG that cannot be read is no failure: the page and a warning say so.
 */
hl_code hl_scorecard(const hl_scorecard_options *options, hl_ctl *ctl, hl_buf *out,
                     hl_scorecard_summary *summary, hl_error *err);

/* share/web/scorecard.css, put into the library at build time. */
extern const char hl_scorecard_css[];

#endif
