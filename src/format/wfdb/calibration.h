/*
 * calibration.h - the list of signals by name and units: customary scale, calibration pulse.
 *
 * Programs that draw take the scale from it, programs that check learn from it which signals are
 * known. The shipped list is share/wfdbcal. Source: wfdbcal(5); waveform.md 8.6.
 */
#ifndef HL_FORMAT_WFDB_CALIBRATION_H
#define HL_FORMAT_WFDB_CALIBRATION_H

#include "base/arena.h"

typedef enum {
    HL_PULSE_UNDEFINED = 0,
    HL_PULSE_SINE = 1,
    HL_PULSE_SQUARE = 2,
    HL_PULSE_SAWTOOTH = 3
} hl_pulse_shape;

typedef struct {
    const char *name;  /* a signal's name begins with it; "" = any name */
    const char *units; /* of low, high and scale; exactly the signal's */
    double low;        /* of the pulse; NaN = the signal is AC-coupled */
    double high;       /* top of the pulse, AC-coupled: peak to peak; NaN = not defined */
    double scale;      /* units on a cm of paper; 0 where the list has no number */
    hl_pulse_shape pulse;
} hl_calibration_row;

typedef struct {
    const hl_calibration_row *row;
    size_t n;
} hl_calibrations;

/* Take the rows of a list, all memory from arena. Lines that are none (comments, too few words, no
 * tab behind the name) are passed over, as the WFDB library does. HL_E_LIMIT: no memory. */
hl_code hl_calibrations_parse(hl_arena *arena, hl_str text, hl_calibrations *out, hl_error *err);

/* The list that ships with hilum; it is part of the library. */
hl_code hl_calibrations_shipped(hl_arena *arena, hl_calibrations *out, hl_error *err);

/* The first row whose name begins a signal's, and whose units are the signal's. units NULL: of any
 * units. NULL = none. */
const hl_calibration_row *hl_calibration_find(const hl_calibrations *list, const char *name,
                                              const char *units);

/* share/wfdbcal, put in by the build. */
extern const char hl_wfdbcal_text[];

#endif
