/*
 * film.h - from DICOM films to a JPEG archive with its tables: the layout of MIMIC-CXR-JPG.
 */
#ifndef HILUM_FILM_H
#define HILUM_FILM_H

#include "hilum/hilum.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What hl_film_render() needs. Zero it first. */
typedef struct {
    const char *in;      /* a DICOM file, or a folder of them (.dcm, .dcm.gz, any name) */
    const char *out;     /* one film: FILE.jpg or .png; an archive: a folder, new or empty */
    const char *recipe;  /* name of a shipped recipe or path; NULL = mimic-cxr-jpg-2.0.0 */
    const char *records; /* csv: subject_id,study_id,dicom_id,path; NULL = cxr-record-list.csv[.gz]
                          * in the folder if it is there, else as the recipe says */
    const char *map;     /* csv: pseudonyms of patients, studies and films; NULL = none */
    const char *labels;  /* folder or csv: label tables to take along; NULL = none */
    const char *splits;  /* csv: dicom_id or subject_id, and split; NULL = the recipe's rule */
    const char *call;    /* the options as JSON, for hilum merge; may be NULL */
    const char *version; /* what a shard takes the library for; NULL = its own: tests mix two */
    int64_t quality;     /* JPEG, 1..100; 0 = as the recipe says */
    int64_t seed;        /* of the split; -1 = as the recipe says */
    int64_t frame;       /* one film: which frame, from 1; 0 = the only one */
    int64_t shard, n_shards;   /* n_shards = 0: not sharded */
    int32_t every_frame;       /* multi-frame files give a picture a frame (_f001, ...) */
    int32_t as_published;      /* the release's known column faults. films.md 2.3 */
    int32_t view_from_code;    /* fill an empty ViewPosition from the view code's meaning */
    int32_t strict_rows;       /* a refused film has no metadata row either */
    int32_t allow_identifying; /* write although identifying text or burned-in text is announced */
    int32_t merge;             /* put finished shards together */
    int32_t resume;
    int32_t strict; /* the first refused film ends the job */
} hl_film_options;

/*
 * Render films. One film: writes options->out alone. A folder: writes an archive
 *
 *      files/pNN/pSUBJECT/sSTUDY/DICOMID.jpg
 *      mimic-cxr-2.0.0-metadata.csv.gz, mimic-cxr-2.0.0-split.csv.gz   (names from the recipe)
 *      IMAGE_FILENAMES, RECORDS, films-report.csv
 *      errors.csv, inputs.csv.gz, SHA256SUMS.txt, run.json, manifest.json
 *
 * HL_OK; HL_PARTIAL: some films were refused (errors.csv, films-report.csv); HL_E_INPUT, HL_E_IO,
 * HL_E_USAGE, HL_E_STOPPED (resume). Memory: at most three films a thread and 300 bytes a film.
 */
HL_API hl_code hl_film_render(const hl_film_options *options, hl_ctl *ctl, hl_report *report,
                              hl_error *err);

/* What hl_film_check() needs. */
typedef struct {
    const char *dir; /* an archive that hl_film_render() wrote (or a downloaded one), or a folder of
                      * DICOM files */
    const char *out; /* folder for findings.csv and review.html; NULL = none */
    int32_t text;    /* look for burned-in text too */
    int32_t dates_shifted; /* DICOM: years outside 2100..2200 are findings */
} hl_film_check_options;

/*
 * Prove an archive, or list what identifies in DICOM files. HL_OK: nothing found; HL_PARTIAL:
 * findings; HL_E_INPUT, HL_E_IO, HL_E_STOPPED.
 */
HL_API hl_code hl_film_check(const hl_film_check_options *options, hl_ctl *ctl, hl_report *report,
                             hl_error *err);

/* What hl_film_map_make() needs. */
typedef struct {
    const char *in;     /* folder of DICOM files */
    const char *out;    /* csv to write, readable by its owner alone; must not exist */
    const char *extend; /* an older map: its rows and its salt are kept; NULL = none */
    int64_t seed; /* of the pseudonyms; -1: drawn by the system, so that nobody can redo them */
} hl_film_map_options;

/*
 * Give every patient, study and film below in a pseudonym: a csv with one row a film, its columns
 * PatientID,StudyInstanceUID,SOPInstanceUID,subject_id,study_id,dicom_id,date_shift_days,uid_salt.
 * A patient's dates all move by one number of days that keeps the weekday and puts the first of
 * them into the years 2110 to 2190. HL_OK; HL_PARTIAL: some files gave no ids (warned).
 */
HL_API hl_code hl_film_map_make(const hl_film_map_options *options, hl_ctl *ctl, hl_report *report,
                                hl_error *err);

#ifdef __cplusplus
}
#endif
#endif
