/*
 * synth.h - a synthetic hospital in the layouts of MIMIC-IV, MIMIC-IV-ECG, MIMIC-CXR and
 * MIMIC-CXR-JPG.
 *
 *      DIR/README.txt                      that all of it is invented; seed and version
 *      DIR/planted.csv                     per admission: what was built in (plan.h)
 *      DIR/mimiciv/hosp/                   patients, admissions, labevents, d_labitems (.csv.gz)
 *      DIR/mimic-iv-ecg/                   record_list.csv, files/
 *      DIR/mimic-cxr/                      cxr-record-list, cxr-study-list (.csv.gz), files/
 *      DIR/planted_films.csv               which of its files have a fault (film_dicom.h)
 *      DIR/mimic-cxr-jpg/                  metadata, chexpert, split (.csv.gz), files/
 *      DIR/monitor-export/, monitor-map.csv, planted_monitor.csv       (monitor.h)
 *
 * The bytes are a function of the options below: equal on every machine and for any number of
 * threads.
 */
#ifndef HL_SYNTH_SYNTH_H
#define HL_SYNTH_SYNTH_H

#include "synth/plan.h"

/* Which archive gets films; the tables of mimic-cxr-jpg are always there. */
typedef enum { HL_SYNTH_BOTH, HL_SYNTH_JPEG, HL_SYNTH_DICOM } hl_synth_film_format;

typedef struct {
    const char *folder; /* new or empty */
    int64_t n_patients; /* 1 .. HL_SYNTH_MAX_PATIENTS */
    uint64_t seed;
    int64_t labevents_rows; /* 0 = as many as the admissions have by themselves */
    hl_synth_films films;   /* HL_SYNTH_FILMS_NONE: neither films nor ECGs are drawn, tables only */
    hl_synth_film_format film_format;
    int64_t monitor_stays;   /* 0 = 8, or as many as patients, none without films; -1 = none */
    int64_t monitor_minutes; /* of waves a stay; 0 = 3 */
} hl_synth_options;

typedef struct {
    int64_t patients, admissions, lab_rows;
    int64_t records, films; /* rows of record_list.csv and of the film metadata */
    int64_t dicoms;         /* rows of cxr-record-list.csv.gz */
    int64_t usable;    /* admissions that the cohort must keep, readmissions within days aside */
    int64_t uncertain; /* those readmissions and the stays before them */
    int64_t monitor_stays, monitor_rows; /* of the monitor export, all tables */
} hl_synth_counts;

/* HL_E_USAGE: the folder is not empty, too few labevents_rows. A run that fails or is stopped
 * leaves a folder without README.txt. */
hl_code hl_synth_run(const hl_synth_options *options, hl_ctl *ctl, hl_synth_counts *counts,
                     hl_error *err);

#endif
