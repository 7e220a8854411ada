/*
 * ecg.h - draws a 12-lead ECG: 10 s at 500 Hz, 200 adu/mV.
 */
#ifndef HL_SYNTH_ECG_H
#define HL_SYNTH_ECG_H

#include <stdbool.h>

#include "base/rng.h"

#define HL_SYNTH_ECG_LEADS 12
#define HL_SYNTH_ECG_SAMPLES 5000
#define HL_SYNTH_ECG_RATE_HZ 500
#define HL_SYNTH_ECG_GAIN 200 /* adu per mV */

/* Lead names in file order: I, II, III, aVR, aVF, aVL, V1 .. V6 (the order of MIMIC-IV-ECG). */
extern const char *const hl_synth_ecg_lead[HL_SYNTH_ECG_LEADS];

typedef struct {
    double t_wave;     /* height of the T wave, 0 = flat .. 1 = tall */
    double rate_bpm;   /* 45 .. 150 */
    double axis_deg;   /* of the QRS complex in the frontal plane, -60 .. 100 */
    bool fibrillation; /* atrial: no P waves, irregular beats */
} hl_synth_ecg_look;

/*
 * Draw into sample[HL_SYNTH_ECG_SAMPLES][HL_SYNTH_ECG_LEADS], adu. In every frame III = II - I to
 * the unit, and aVR = -(I + II) / 2, aVL = I - II / 2, aVF = II - I / 2 to half a unit.
 */
void hl_synth_ecg_draw(const hl_synth_ecg_look *look, hl_rng rng,
                       int16_t sample[HL_SYNTH_ECG_SAMPLES][HL_SYNTH_ECG_LEADS]);

#endif
