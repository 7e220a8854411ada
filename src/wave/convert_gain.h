/*
 * convert_gain.h - a gain and a baseline for physical values, so that they become integers.
 *
 * Values that came from integers are multiples of one step (1 / gain): 0.005 mV, 1/4093 Ohm. The
 * usual gains are tried with every value; else the step is found from the values. With it each of
 * them is kept as it is. Values without a step, or with more steps than the format holds, get a
 * gain that uses the format's range.
 */
#ifndef HL_WAVE_CONVERT_GAIN_H
#define HL_WAVE_CONVERT_GAIN_H

#include <stdbool.h>
#include <stdint.h>

/* What was seen of the values. {.precision = ...} is a state without values. */
typedef struct {
    double precision; /* relative error of a value: 2^-53 doubles, 2^-24 floats */
    int64_t n;
    double least, most;
    double last;        /* value */
    double step, error; /* of all values so far, and how far off it may be; 0 = none yet */
    uint64_t failed;    /* bit i: usual gain i does not keep a value */
    int64_t n_odd;      /* values that are no multiples of step, and show no smaller one */
} hl_gain_state;

void hl_gain_add(hl_gain_state *s, double v);

typedef struct {
    double gain; /* adu per unit */
    int32_t baseline;
    bool exact; /* every value is a whole number of steps */
} hl_gain_choice;

/* Gain and baseline with which all values seen lie in least .. most. */
hl_gain_choice hl_gain_choose(const hl_gain_state *s, int32_t least, int32_t most);

/* v to as few digits as are still v within a relative error; returns how many. */
int hl_round_digits(double v, double error, double *out);

#endif
