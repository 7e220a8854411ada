/*
 * ecg_paper.h - what every drawing of an ECG has in common: the paper, the order of leads.
 *
 * 25 mm a second, 10 mm a mV, lines each mm and heavier ones each 5 mm; the 12 leads in three rows
 * of four. Source: view.md 5.2; waveform.md 7.
 */
#ifndef HL_VIEW_ECG_PAPER_H
#define HL_VIEW_ECG_PAPER_H

#include "base/buf.h"

enum {
    HL_ECG_MM_PER_S = 25,
    HL_ECG_MM_PER_MV = 10,
    HL_ECG_PULSE_MM = 5, /* width of the calibration pulse: 200 ms; it is 1 mV high */
    HL_ECG_ROWS = 3,     /* of HL_ECG_COLUMNS leads each; the rhythm strip stands below */
    HL_ECG_COLUMNS = 4
};

/* The lead in a row (0 to 2) and a column (0 to 3). */
extern const char *const hl_ecg_lead[HL_ECG_ROWS][HL_ECG_COLUMNS];
#define HL_ECG_RHYTHM_LEAD "II"

/* mV in one unit of that name ("mV", "uV", "V", any case); 0 when it is no voltage. */
double hl_ecg_mv_of(const char *units);

/* A piece of paper, in mm, and how many of the picture's units a mm has. */
typedef struct {
    int32_t left, top, width, height;
    int32_t units;
} hl_ecg_area;

/* Append two <path>, class "mm1" and "mm5", whose lines cover the area. Heavy lines go through its
 * left upper corner. */
void hl_ecg_put_grid(hl_buf *to, const hl_ecg_area *area);

#endif
