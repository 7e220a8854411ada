/*
 * monitor_internal.h - what the files of the monitor export share.
 *
 *      monitor.c         the blocks of all stays in order of time; map and list of what is planted
 *      monitor_stay.c    who lies at a monitor, when, in which admission
 *      monitor_rows.c    what a block says, row by row
 *      monitor_draw.c    the signals of a stay
 *      monitor_tables.c  rows in order of time to the files of their day
 */
#ifndef HL_SYNTH_MONITOR_INTERNAL_H
#define HL_SYNTH_MONITOR_INTERNAL_H

#include "synth/ecg.h"
#include "synth/monitor.h"

/* --- monitor_draw.c --------------------------------------------------------------------------- */

typedef enum {
    HL_BEDSIDE_II,
    HL_BEDSIDE_III,
    HL_BEDSIDE_V,
    HL_BEDSIDE_AVR,
    HL_BEDSIDE_ABP,
    HL_BEDSIDE_CVP,
    HL_BEDSIDE_PLETH,
    HL_BEDSIDE_RESP,
    HL_BEDSIDE_WAVES
} hl_bedside_wave;

typedef struct {
    int id;     /* WaveId */
    int period; /* ticks a sample */
    bool zero_is_invalid;
} hl_bedside_wave_kind;
extern const hl_bedside_wave_kind hl_bedside_wave_kinds[HL_BEDSIDE_WAVES];

/* A few beats that go round: 250 samples a second. */
#define HL_BEDSIDE_ROUND 2500
#define HL_BEDSIDE_BEATS 32
typedef struct {
    int n; /* samples of a round, even */
    uint16_t ecg[HL_BEDSIDE_AVR + 1][HL_BEDSIDE_ROUND];
    uint16_t pulse[2][HL_BEDSIDE_ROUND / 2]; /* ABP, Pleth: 125 samples a second */
    int beat[HL_BEDSIDE_BEATS], n_beats;     /* R waves: where, in samples */
    int rate_bpm, systolic, diastolic;
} hl_bedside_round;

hl_code hl_bedside_draw(const hl_synth_ecg_look *look, uint64_t seed, int64_t stay,
                        hl_bedside_round *out, hl_error *err);
/* n samples of a wave from a tick (ms) of the stay, a multiple of the period. */
void hl_bedside_samples(const hl_bedside_round *round, hl_bedside_wave wave, int64_t tick,
                        int64_t n, uint16_t *out);
/* The first R wave at a tick or after it. */
int64_t hl_bedside_next_beat(const hl_bedside_round *round, int64_t tick);

/* --- monitor_tables.c ------------------------------------------------------------------------- */

typedef enum {
    HL_BEDSIDE_ALERT,
    HL_BEDSIDE_BED_TAG,
    HL_BEDSIDE_ENUMERATION_VALUE,
    HL_BEDSIDE_NUMERIC_VALUE,
    HL_BEDSIDE_PATIENT,
    HL_BEDSIDE_PATIENT_DATE,
    HL_BEDSIDE_PATIENT_STRING,
    HL_BEDSIDE_PATIENT_MAPPING,
    HL_BEDSIDE_WAVE_SAMPLE,
    HL_BEDSIDE_TABLES
} hl_bedside_table;

typedef struct hl_bedside_files hl_bedside_files;

hl_code hl_bedside_files_new(const char *folder, hl_bedside_files **out, hl_error *err);
/* Begin a row of a table at a time (us, UTC); its bytes are then appended to the buffer given. */
hl_buf *hl_bedside_row(hl_bedside_files *f, hl_bedside_table table, int64_t us);
/* Write the rows before a time: nothing older comes after. */
hl_code hl_bedside_flush(hl_bedside_files *f, int64_t until_us, hl_error *err);
hl_code hl_bedside_files_end(hl_bedside_files *f, int64_t *n_rows, hl_error *err);
void hl_bedside_files_free(hl_bedside_files **files);

/* "2021-11-07 01:59:59.123 -04:00": wall clock in Boston. */
void hl_bedside_put_time(hl_buf *b, int64_t us);
int hl_bedside_zone_min(int64_t us);       /* minutes east of UTC at an instant */
int64_t hl_bedside_utc_s(int64_t local_s); /* of a local time; the first if there are two */

/* The instant at which the clocks go back: 2021-11-07 06:00 UTC. */
#define HL_BEDSIDE_AUTUMN_S INT64_C(1636264800)

/* --- monitor_stay.c --------------------------------------------------------------------------- */

/* A stay has the cases of its number modulo 8. */
typedef enum {
    HL_BEDSIDE_CASE_CHANGE,   /* leads and pressures come and go; late numerics */
    HL_BEDSIDE_CASE_CLOCK,    /* the wall clock is set forward and back */
    HL_BEDSIDE_CASE_AUTUMN,   /* the hour that comes twice */
    HL_BEDSIDE_CASE_GAPS,     /* 20 minutes: one record; 90 minutes: another one */
    HL_BEDSIDE_CASE_TWICE,    /* messages sent twice, in full and in part; the first on its bed */
    HL_BEDSIDE_CASE_PACED,    /* pacing, invalid and unavailable samples; the second on that bed */
    HL_BEDSIDE_CASE_UNMAPPED, /* PatientMapping lacks its mapping */
    HL_BEDSIDE_CASE_UNKNOWN,  /* monitor-map.csv lacks its patient */
    HL_BEDSIDE_CASES
} hl_bedside_case;

enum {
    HL_BEDSIDE_BLOCK_MS = 5120,                       /* a wave message */
    HL_BEDSIDE_MAX_SAMPLES = HL_BEDSIDE_BLOCK_MS / 4, /* ... at 250 Hz */
    HL_BEDSIDE_SHORT_GAP_MS = 20 * 60 * 1000,
    HL_BEDSIDE_LONG_GAP_MS = 90 * 60 * 1000,
    HL_BEDSIDE_MAX_PARTS = 3,
    HL_BEDSIDE_UUID_CHARS = 37
};

typedef struct {
    int64_t first_block, start_ms; /* of the stay; blocks follow each other from there */
    char mapping[HL_BEDSIDE_UUID_CHARS];
    int64_t record_id;
} hl_bedside_part;

typedef struct {
    int64_t number;
    hl_bedside_case kind;
    int64_t subject_id, hadm_id, shift_days;
    int64_t start_us; /* UTC, true time */
    int64_t n_blocks;
    hl_bedside_part part[HL_BEDSIDE_MAX_PARTS];
    int n_parts;
    char patient[HL_BEDSIDE_UUID_CHARS], alert[HL_BEDSIDE_UUID_CHARS];
    char bed[24], first_name[16], last_name[16];
    char gender;
    int64_t birth_s;
    int64_t next; /* block to write */
    hl_bedside_round *round;
} hl_bedside_stay;

typedef struct {
    const hl_synth_plan *plan;
    int64_t n, minutes;
    hl_bedside_stay *stay;
    uint8_t *used; /* subjects */
    hl_synth_subject *subject;
} hl_bedside;

/* Stay `number` of m: who, when, what is planted. Stays are planned in order. */
hl_code hl_bedside_plan_stay(hl_bedside *m, int64_t number, hl_error *err);

int64_t hl_bedside_ms_of_block(const hl_bedside_stay *s, int64_t block); /* its first tick */
const hl_bedside_part *hl_bedside_part_of_block(const hl_bedside_stay *s, int64_t block);
int64_t hl_bedside_length_ms(const hl_bedside_stay *s);
/* What the wall clock shows, and the network's, at a tick of the stay. */
int64_t hl_bedside_wall_us(const hl_bedside_stay *s, int64_t ms);
int64_t hl_bedside_sequence_at(const hl_bedside_stay *s, int64_t ms);
void hl_bedside_draw_uuid(uint64_t seed, const char *what, int64_t number,
                          char out[HL_BEDSIDE_UUID_CHARS]);

/* --- monitor_rows.c --------------------------------------------------------------------------- */

/* All that the monitors say in a block of a stay; the first one brings who lies there. */
void hl_bedside_put_block(hl_bedside_files *f, const hl_bedside_stay *s, uint64_t seed,
                          int64_t block);

#endif
