/*
 * rdsamp.h - samples as the WFDB program rdsamp prints them, byte for byte.
 *
 * For scripts that read its text, and for the proof that samples are the same. Values are the
 * record's integers as libwfdb gives them: averaged to nearest (or held, -H), mapped to the layout;
 * -32768 stands for invalid ones, also in formats where it is a real value. waveform.md 1.1b, 7
 */
#ifndef HL_WAVE_RDSAMP_H
#define HL_WAVE_RDSAMP_H

#include "base/sink.h"
#include "hilum/wave.h"

typedef enum {
    HL_RDSAMP_RAW = 0,
    HL_RDSAMP_PHYSICAL = 1, /* -p: 3 decimals */
    HL_RDSAMP_PRECISE = 2   /* -P: 8 decimals */
} hl_rdsamp_values;

/* What stands in front of physical values: the letter behind -p or -P. */
typedef enum {
    HL_RDSAMP_SECONDS = 0, /* s, or none */
    HL_RDSAMP_MINUTES = 1, /* m */
    HL_RDSAMP_HOURS = 2,   /* h */
    HL_RDSAMP_ELAPSED = 3, /* e: H:M:S since the start */
    HL_RDSAMP_CLOCK = 4,   /* d: time of day, with the date if there is one; else as e */
    HL_RDSAMP_SAMPLES = 5  /* S: samples since the start */
} hl_rdsamp_time;

/* Zero it first. */
typedef struct {
    int64_t from, to; /* frames */
    const int32_t *signal;
    int32_t n_signals;
    int32_t values;  /* hl_rdsamp_values */
    int32_t time;    /* hl_rdsamp_time */
    int32_t highres; /* -H */
    int32_t csv;     /* -c */
    int32_t heading; /* -v */
} hl_rdsamp_options;

/* Flags as rdsamp takes them: "-P -v", "-c -pd -v", "-H". HL_E_USAGE names the one that is unknown.
 */
hl_code hl_rdsamp_flags(const char *words, hl_rdsamp_options *out, hl_error *err);

/* Print. As with hl_wave_cat(): what stands in front of a fault is printed. HL_END: nobody reads
 * on. */
hl_code hl_rdsamp(hl_wave *wave, const hl_rdsamp_options *options, const hl_sink *sink, hl_ctl *ctl,
                  int64_t *n_rows, hl_error *err);

/* A time as mstimstr() prints it: of tick i at rate hz, "[10:44:18.529 04/05/2704]" when wall is
 * wanted and the record has a clock, else "    0:00.400"; blanks in front kept. */
#define HL_MSTIM_CHARS 64
void hl_mstimstr(const hl_wave_info *info, double hz, int64_t i, bool wall,
                 char out[HL_MSTIM_CHARS]);

#endif
