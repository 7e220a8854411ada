/*
 * plan.h - who is in the synthetic hospital and what happens to them: the one place that decides.
 *
 * A subject's plan is a pure function of (seed, films option, index): tables, ECGs, films and lab
 * rows are all made from it, each on its own, in any order and on any thread.
 *
 * The planted relation. Every illness draws, for k = 0, 1, 2, two fair bits a[k] and b[k] and sets
 * c[k] = a[k] XOR b[k]. The laboratory shows a, the ECG shows b, the film shows c:
 *
 *      k   laboratory (a)                      ECG (b)                     film (c)
 *      0   kidneys: creatinine, urea, ...      T waves tall / flat         heart wide / narrow
 *      1   anaemia: haemoglobin, RDW, ...      heart rate fast / slow      lower zones dense /
 * clear 2   inflammation: white cells, ...      QRS axis left / normal      lungs long / short
 *
 * Each is shown with a level (1 - 2 bit) * u, u uniform in 0.7 .. 1.3 and drawn on its own, so any
 * two of the three are independent and only all three together are not. A readmission within days
 * goes on with the same illness: it has the bits and levels of the stay before.
 */
#ifndef HL_SYNTH_PLAN_H
#define HL_SYNTH_PLAN_H

#include "base/error.h"
#include "synth/film.h"

#define HL_SYNTH_TRIPLES 3
#define HL_SYNTH_MAX_ADMISSIONS 5
/* Ids are index * HL_SYNTH_MAX_EVENTS + k, scattered over 10^7 values; hence the limit on patients.
 */
#define HL_SYNTH_MAX_EVENTS 64
#define HL_SYNTH_MAX_PATIENTS 150000

typedef enum { HL_SYNTH_FILMS_SMALL, HL_SYNTH_FILMS_FULL, HL_SYNTH_FILMS_NONE } hl_synth_films;

/* What was built into an admission's films; rates in plan.c, meaning in docs/manual/synth.md. */
typedef enum {
    HL_FILM_OK,
    HL_FILM_MULTI,
    HL_FILM_TIE,
    HL_FILM_FRACTION_TIE,
    HL_FILM_MANY,
    HL_FILM_FROM_24H,
    HL_FILM_AT_72H,
    HL_FILM_AT_72H_FRACTION,
    HL_FILM_SECOND_FILE,
    HL_FILM_NONE,
    HL_FILM_EARLY,
    HL_FILM_LATE,
    HL_FILM_OTHER_VIEW,
    HL_FILM_NO_LABELS,
    HL_FILM_NO_FILE,
    HL_FILM_AT_24H,
    HL_FILM_AT_24H_FRACTION,
    HL_FILM_AFTER_72H,
    HL_FILM_CASES
} hl_synth_film_case;

typedef enum {
    HL_ECG_OK,
    HL_ECG_MULTI,
    HL_ECG_TIE,
    HL_ECG_NAN_FIRST,
    HL_ECG_ZERO_FIRST,
    HL_ECG_LEAD_OFF,
    HL_ECG_AT_START,
    HL_ECG_AT_END,
    HL_ECG_MANY,
    HL_ECG_NONE,
    HL_ECG_OUTSIDE,
    HL_ECG_NAN,
    HL_ECG_ZERO,
    HL_ECG_BEFORE_START,
    HL_ECG_AFTER_END,
    HL_ECG_CASES
} hl_synth_ecg_case;

typedef enum {
    HL_LAB_OK,
    HL_LAB_ENDS,
    HL_LAB_TIE,
    HL_LAB_LONG_DECIMALS,
    HL_LAB_BEFORE_ONLY,
    HL_LAB_NONE,
    HL_LAB_TEXT_ONLY,
    HL_LAB_OTHERS_ONLY,
    HL_LAB_CASES
} hl_synth_lab_case;

typedef struct {
    const char *name;
    int percent; /* of admissions, exact in every hundred */
    bool usable; /* the cohort keeps the admission as far as this modality goes */
} hl_synth_case;

extern const hl_synth_case hl_synth_film_cases[HL_FILM_CASES];
extern const hl_synth_case hl_synth_ecg_cases[HL_ECG_CASES];
extern const hl_synth_case hl_synth_lab_cases[HL_LAB_CASES];

typedef struct {
    bool a[HL_SYNTH_TRIPLES], b[HL_SYNTH_TRIPLES], c[HL_SYNTH_TRIPLES];
    double lab[HL_SYNTH_TRIPLES], ecg[HL_SYNTH_TRIPLES], film[HL_SYNTH_TRIPLES]; /* -1.3 .. 1.3 */
} hl_synth_illness;

typedef struct {
    int64_t hadm_id;
    int64_t admit_s, disch_s;
    int64_t edreg_s, edout_s; /* 0 = did not come through the emergency department */
    int64_t death_s;          /* 0 = left alive */
    const char *type, *from, *to, *insurance;
    char provider[8];
    hl_synth_film_case film_case;
    hl_synth_ecg_case ecg_case;
    hl_synth_lab_case lab_case;
    hl_synth_illness illness;
    int follows; /* index of the admission whose illness this goes on with, or -1 */
    bool near;   /* windows overlap another admission's: the case alone does not tell the result */
} hl_synth_admission;

typedef struct {
    int64_t study_id;
    int64_t time_s;
    int32_t millis;
    int admission;
    bool labelled; /* has a row in the CheXpert table */
    bool portable;
    hl_synth_device device;
} hl_synth_study;

/* PerformedProcedureStepDescription and the meaning of PatientOrientationCodeSequence. */
const char *hl_synth_study_step(const hl_synth_study *study);
const char *hl_synth_study_posture(const hl_synth_study *study);

typedef struct {
    char dicom_id[48];
    int study;
    const char *view, *view_text; /* ViewPosition, ViewCodeSequence_CodeMeaning */
    int32_t width, height;
    bool has_file;
} hl_synth_film;

typedef enum { HL_WAVE_DRAWN, HL_WAVE_NAN, HL_WAVE_ZERO, HL_WAVE_LEAD_OFF } hl_synth_wave;

typedef struct {
    int64_t study_id;
    int64_t time_s;
    int admission;
    hl_synth_wave wave;
} hl_synth_record;

typedef struct {
    int64_t index;
    int64_t subject_id;
    char gender; /* 'F', 'M' */
    int anchor_age, anchor_year;
    const char *anchor_group, *race, *marital, *language;
    int64_t dod_s; /* 0 = none */
    double body;   /* build, -1 .. 1 */
    bool fibrillation;
    int n_admissions, n_studies, n_films, n_records;
    hl_synth_admission admission[HL_SYNTH_MAX_ADMISSIONS]; /* in time order */
    hl_synth_study study[HL_SYNTH_MAX_EVENTS];
    hl_synth_film film[HL_SYNTH_MAX_EVENTS];     /* file order: study_id, dicom_id */
    hl_synth_record record[HL_SYNTH_MAX_EVENTS]; /* file order: study_id */
} hl_synth_subject;

typedef struct {
    uint64_t seed;
    int64_t n_patients;
    hl_synth_films films;
    int64_t *first_admission; /* [n_patients + 1]: number of admissions before a subject */
} hl_synth_plan;

hl_code hl_synth_plan_new(uint64_t seed, int64_t n_patients, hl_synth_films films,
                          hl_synth_plan *out, hl_error *err);
void hl_synth_plan_free(hl_synth_plan *plan);

void hl_synth_plan_subject(const hl_synth_plan *plan, int64_t index, hl_synth_subject *out);

#endif
