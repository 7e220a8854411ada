#include "synth/ecg.h"

#include <math.h>

#include "synth/chance.h"

const char *const hl_synth_ecg_lead[HL_SYNTH_ECG_LEADS] = {"I",  "II", "III", "aVR", "aVF", "aVL",
                                                           "V1", "V2", "V3",  "V4",  "V5",  "V6"};

/* What an electrode pair measures: I, II and V1..V6. The other four leads follow from I and II. */
#define N_MEASURED 8

/*
 * A beat is a sum of waves in time; a lead is a mixture of them. U is the small late hump behind T.
 *
 *            R
 *            |
 *     P      |        T
 *    / \     |       / \    U
 *   ----- --q|  -----   ---------
 *            |S
 */
typedef enum { WAVE_P, WAVE_Q, WAVE_R, WAVE_S, WAVE_T, WAVE_U, N_WAVES } wave;

typedef struct {
    double at_s;           /* centre, from the R peak */
    double rise_s, fall_s; /* half-widths (one standard deviation) before and after the centre */
} wave_shape;

/* Amplitudes in mV of V1 .. V6 in a healthy adult, from general knowledge of the normal ECG. */
static const double precordial[6][N_WAVES] = {
    /*  P      q      R     S      T      U  */
    {0.06, 0.00, 0.25, -1.00, -0.06, 0.00}, {0.08, 0.00, 0.48, -1.50, 0.42, 0.03},
    {0.08, 0.00, 0.85, -1.05, 0.46, 0.03},  {0.08, -0.03, 1.45, -0.60, 0.42, 0.02},
    {0.07, -0.07, 1.40, -0.28, 0.33, 0.01}, {0.07, -0.08, 1.10, -0.12, 0.25, 0.01}};

/* One wave added to curve around the sample of its centre; beyond 4 half-widths it is nothing. */
static void add_wave(double *curve, double centre_s, double rise_s, double fall_s, double height)
{
    const double rate = HL_SYNTH_ECG_RATE_HZ;
    int64_t first = (int64_t)ceil((centre_s - 4 * rise_s) * rate);
    int64_t last = (int64_t)floor((centre_s + 4 * fall_s) * rate);
    first = first < 0 ? 0 : first;
    last = last >= HL_SYNTH_ECG_SAMPLES ? HL_SYNTH_ECG_SAMPLES - 1 : last;
    for (int64_t i = first; i <= last; i++) {
        double d = (double)i / rate - centre_s;
        d /= d < 0 ? rise_s : fall_s;
        curve[i] += height * hl_synth_exp(-0.5 * d * d);
    }
}

static void add_beats(const hl_synth_ecg_look *look, hl_rng *rng,
                      double curve[N_WAVES][HL_SYNTH_ECG_SAMPLES])
{
    double rr = 60 / look->rate_bpm;
    /* Bazett: the T wave moves with the square root of the beat's length. */
    double qt = sqrt(rr);
    double width = hl_synth_between(rng, 0.92, 1.12);
    wave_shape shape[N_WAVES] = {
        [WAVE_P] = {-0.100 - 0.058 * qt, 0.020, 0.022},
        [WAVE_Q] = {-0.026 * width, 0.0075 * width, 0.0075 * width},
        [WAVE_R] = {0, 0.0105 * width, 0.0100 * width},
        [WAVE_S] = {0.029 * width, 0.0095 * width, 0.0110 * width},
        [WAVE_T] = {0.275 * qt, 0.058 * qt, 0.036 * qt},
        [WAVE_U] = {0.445 * qt, 0.030, 0.030},
    };
    double breath = hl_rng_f64(rng), beat = -hl_rng_f64(rng) * rr;
    while (beat < 10.6) {
        double lift = 1 + 0.03 * hl_synth_normal(rng);
        for (int w = look->fibrillation ? WAVE_Q : WAVE_P; w < N_WAVES; w++)
            add_wave(curve[w], beat + shape[w].at_s, shape[w].rise_s, shape[w].fall_s, lift);
        double vary = look->fibrillation ? 0.17 * hl_synth_normal(rng)
                                         : 0.028 * hl_synth_sin(breath + beat * 0.23) +
                                               0.008 * hl_synth_normal(rng);
        beat += rr * hl_synth_clamp(1 + vary, 0.55, 1.5);
    }
}

/* How much each lead sees of each wave, mV. */
static void mix_leads(const hl_synth_ecg_look *look, hl_rng *rng, double mix[N_MEASURED][N_WAVES])
{
    double body = hl_synth_between(rng, 0.8, 1.2);
    double t_wave = -0.10 + 1.45 * look->t_wave;
    double t_axis = 35 + 0.25 * (look->axis_deg - 45) + 8 * hl_synth_normal(rng);
    double p_axis = 55 + 8 * hl_synth_normal(rng);
    for (int lead = 0; lead < 2; lead++) { /* lead I looks along 0 degrees, lead II along 60 */
        double seen = 60.0 * lead;
        mix[lead][WAVE_P] = 0.13 * hl_synth_cos((seen - p_axis) / 360);
        mix[lead][WAVE_Q] = 0.10 * hl_synth_cos((seen - look->axis_deg - 155) / 360);
        mix[lead][WAVE_R] = 1.10 * body * hl_synth_cos((seen - look->axis_deg) / 360);
        mix[lead][WAVE_S] = 0.28 * body * hl_synth_cos((seen - look->axis_deg - 130) / 360);
        mix[lead][WAVE_T] = 0.34 * t_wave * hl_synth_cos((seen - t_axis) / 360);
        mix[lead][WAVE_U] = 0;
    }
    double turn = 0.12 * hl_synth_normal(rng); /* of the heart about its long axis */
    for (int v = 0; v < 6; v++)
        for (int w = 0; w < N_WAVES; w++) {
            double size = w == WAVE_T ? t_wave : w == WAVE_P ? 1 : body;
            if (w == WAVE_R)
                size *= 1 + turn * (v - 2.5) / 2.5;
            if (w == WAVE_S)
                size *= 1 - turn;
            mix[2 + v][w] = size * precordial[v][w] * (1 + 0.05 * hl_synth_normal(rng));
        }
}

/* Slow movement of the base line, the flutter of a fibrillating atrium, muscle and amplifier noise.
 */
static void add_noise(const hl_synth_ecg_look *look, hl_rng *rng, int lead, double *curve)
{
    double size[3] = {hl_synth_between(rng, 0.01, 0.05), hl_synth_between(rng, 0.005, 0.03),
                      look->fibrillation ? hl_synth_between(rng, 0.015, 0.03) : 0.0015};
    double hz[3] = {hl_synth_between(rng, 0.12, 0.3), hl_synth_between(rng, 0.3, 0.55),
                    hl_synth_between(rng, 5.6, 7.2)};
    if (look->fibrillation && lead == 2) /* V1 lies over the right atrium */
        size[2] *= 2;
    for (int k = 0; k < 3; k++) {
        /* A rotating vector: sin and cos once, then one complex product a sample. */
        double start = hl_rng_f64(rng), step = hz[k] / HL_SYNTH_ECG_RATE_HZ;
        double s = size[k] * hl_synth_sin(start), c = size[k] * hl_synth_cos(start);
        double ds = hl_synth_sin(step), dc = hl_synth_cos(step);
        for (int i = 0; i < HL_SYNTH_ECG_SAMPLES; i++) {
            curve[i] += s;
            double next = s * dc + c * ds;
            c = c * dc - s * ds;
            s = next;
        }
    }
    double muscle = hl_synth_between(rng, 0.003, 0.010), held = 0;
    for (int i = 0; i < HL_SYNTH_ECG_SAMPLES; i++) {
        held = 0.55 * held + muscle * hl_synth_normal(rng);
        curve[i] += held;
    }
}

static int to_adu(double mv)
{
    return (int)floor(hl_synth_clamp(mv, -40, 40) * HL_SYNTH_ECG_GAIN + 0.5);
}

void hl_synth_ecg_draw(const hl_synth_ecg_look *look, hl_rng rng,
                       int16_t sample[HL_SYNTH_ECG_SAMPLES][HL_SYNTH_ECG_LEADS])
{
    double curve[N_WAVES][HL_SYNTH_ECG_SAMPLES] = {{0}}; /* 240 kB of stack, no more */
    double lead_mv[HL_SYNTH_ECG_SAMPLES], mix[N_MEASURED][N_WAVES];
    add_beats(look, &rng, curve);
    mix_leads(look, &rng, mix);
    for (int lead = 0; lead < N_MEASURED; lead++) {
        for (int i = 0; i < HL_SYNTH_ECG_SAMPLES; i++) {
            double v = 0;
            for (int w = 0; w < N_WAVES; w++)
                v += mix[lead][w] * curve[w][i];
            lead_mv[i] = v;
        }
        add_noise(look, &rng, lead, lead_mv);
        int column = lead < 2 ? lead : lead + 4;
        for (int i = 0; i < HL_SYNTH_ECG_SAMPLES; i++)
            sample[i][column] = (int16_t)to_adu(lead_mv[i]);
    }
    for (int i = 0; i < HL_SYNTH_ECG_SAMPLES; i++) {
        int16_t *s = sample[i];
        int one = s[0], two = s[1];
        s[2] = (int16_t)(two - one);
        s[3] = (int16_t)(-(one + two) / 2);
        s[4] = (int16_t)((2 * two - one) / 2);
        s[5] = (int16_t)((2 * one - two) / 2);
    }
}
