/*
 * monitor_internal.h - what the files of the monitor export share.
 *
 *      monitor.c         who lies at a monitor, when, with what planted; blocks in order of time
 *      monitor_draw.c    the signals of a stay
 *      monitor_tables.c  rows in order of time to the files of their day
 */
#ifndef HL_SYNTH_MONITOR_INTERNAL_H
#define HL_SYNTH_MONITOR_INTERNAL_H

#include "synth/ecg.h"
#include "synth/monitor.h"

/* --- monitor_draw.c --------------------------------------------------------------------------- */

typedef enum {
    HL_MONITOR_II,
    HL_MONITOR_III,
    HL_MONITOR_V,
    HL_MONITOR_AVR,
    HL_MONITOR_ABP,
    HL_MONITOR_CVP,
    HL_MONITOR_PLETH,
    HL_MONITOR_RESP,
    HL_MONITOR_WAVES
} hl_monitor_wave;

typedef struct {
    int id;     /* WaveId */
    int period; /* ticks a sample */
    bool zero_is_invalid;
} hl_monitor_wave_kind;
extern const hl_monitor_wave_kind hl_monitor_wave_kinds[HL_MONITOR_WAVES];

/* A few beats that go round: 250 samples a second. */
#define HL_MONITOR_ROUND 2500
#define HL_MONITOR_BEATS 32
typedef struct {
    int n; /* samples of a round, even */
    uint16_t ecg[HL_MONITOR_AVR + 1][HL_MONITOR_ROUND];
    uint16_t pulse[2][HL_MONITOR_ROUND / 2]; /* ABP, Pleth: 125 samples a second */
    int beat[HL_MONITOR_BEATS], n_beats;     /* R waves: where, in samples */
    int rate_bpm, systolic, diastolic;
} hl_monitor_round;

hl_code hl_monitor_draw(const hl_synth_ecg_look *look, uint64_t seed, int64_t stay,
                        hl_monitor_round *out, hl_error *err);
/* n samples of a wave from a tick (ms) of the stay, a multiple of the period. */
void hl_monitor_samples(const hl_monitor_round *round, hl_monitor_wave wave, int64_t tick,
                        int64_t n, uint16_t *out);
/* The first R wave at a tick or after it. */
int64_t hl_monitor_next_beat(const hl_monitor_round *round, int64_t tick);

/* --- monitor_tables.c ------------------------------------------------------------------------- */

typedef enum {
    HL_MONITOR_ALERT,
    HL_MONITOR_BED_TAG,
    HL_MONITOR_ENUMERATION_VALUE,
    HL_MONITOR_NUMERIC_VALUE,
    HL_MONITOR_PATIENT,
    HL_MONITOR_PATIENT_DATE,
    HL_MONITOR_PATIENT_STRING,
    HL_MONITOR_PATIENT_MAPPING,
    HL_MONITOR_WAVE_SAMPLE,
    HL_MONITOR_TABLES
} hl_monitor_table;

typedef struct hl_monitor_files hl_monitor_files;

hl_code hl_monitor_files_new(const char *folder, hl_monitor_files **out, hl_error *err);
/* Begin a row of a table at a time (us, UTC); its bytes are then appended to the buffer given. */
hl_buf *hl_monitor_row(hl_monitor_files *f, hl_monitor_table table, int64_t us);
/* Write the rows before a time: nothing older comes after. */
hl_code hl_monitor_flush(hl_monitor_files *f, int64_t until_us, hl_error *err);
hl_code hl_monitor_files_end(hl_monitor_files *f, int64_t *n_rows, hl_error *err);
void hl_monitor_files_free(hl_monitor_files **files);

/* "2021-11-07 01:59:59.123 -04:00": wall clock in Boston. */
void hl_monitor_put_time(hl_buf *b, int64_t us);
int hl_monitor_zone_min(int64_t us);       /* minutes east of UTC at an instant */
int64_t hl_monitor_utc_s(int64_t local_s); /* of a local time; the first if there are two */

/* The instant at which the clocks go back: 2021-11-07 06:00 UTC. */
#define HL_MONITOR_AUTUMN_S INT64_C(1636264800)

#endif
