#include "synth/monitor_internal.h"

#include "synth/chance.h"
#include "synth/ecg.h"

const hl_bedside_wave_kind hl_bedside_wave_kinds[HL_BEDSIDE_WAVES] = {
    [HL_BEDSIDE_II] = {11, 4, false},    [HL_BEDSIDE_III] = {12, 4, false},
    [HL_BEDSIDE_V] = {13, 4, true},      [HL_BEDSIDE_AVR] = {14, 4, true},
    [HL_BEDSIDE_ABP] = {21, 8, true},    [HL_BEDSIDE_CVP] = {22, 8, true},
    [HL_BEDSIDE_PLETH] = {31, 8, false}, [HL_BEDSIDE_RESP] = {41, 16, true},
};

enum { STEP = HL_SYNTH_ECG_RATE_HZ / 250, HALF_S = 125, LEAD_V5 = 10 };

/* R waves of the drawn ECG by lead V5, where they are tall whatever the axis: the highest sample
 * within half a second either side, and high. */
static int find_beats(int16_t (*ecg)[HL_SYNTH_ECG_LEADS], int *beat)
{
    int top = 0, n = 0;

    for (int i = 0; i < HL_BEDSIDE_ROUND; i++)
        top = ecg[i * STEP][LEAD_V5] > top ? ecg[i * STEP][LEAD_V5] : top;
    for (int i = 0; i < HL_BEDSIDE_ROUND && n < HL_BEDSIDE_BEATS; i++) {
        const int v = ecg[i * STEP][LEAD_V5];
        int from = i - HALF_S / 2 < 0 ? 0 : i - HALF_S / 2;
        int to = i + HALF_S / 2 >= HL_BEDSIDE_ROUND ? HL_BEDSIDE_ROUND - 1 : i + HALF_S / 2;
        bool is_peak = v * 2 > top;
        for (int k = from; is_peak && k <= to; k++)
            is_peak = ecg[k * STEP][LEAD_V5] < v + (k >= i);
        if (is_peak)
            beat[n++] = i;
    }
    return n;
}

/* Pressure of a beat, 0 .. 1, u = time since its wave came, in parts of the time to the next. */
static double pulse_at(double u)
{
    double rise = hl_synth_step(0, 0.16, u), fall = hl_synth_exp(-2.6 * u);
    double notch = 0.10 * hl_synth_exp(-0.5 * (u - 0.46) * (u - 0.46) / 0.0025);

    return rise * fall * 1.25 + notch;
}

static void draw_pulses(hl_bedside_round *r)
{
    const int delay = HALF_S * 4 / 10; /* 0.2 s from the R wave to the wrist */

    for (int i = 0; i < r->n / 2; i++) {
        int at = (2 * i - delay + r->n) % r->n, k = 0;
        while (k + 1 < r->n_beats && r->beat[k + 1] <= at)
            k++;
        int since = at - r->beat[k];
        int to_next =
            k + 1 < r->n_beats ? r->beat[k + 1] - r->beat[k] : r->beat[0] + r->n - r->beat[k];
        if (since < 0) { /* the last beat of the round before */
            since += r->n - (r->beat[r->n_beats - 1] - r->beat[0]);
            to_next = r->beat[0] + r->n - r->beat[r->n_beats - 1];
        }
        double p = pulse_at((double)since / to_next);
        double mmhg = r->diastolic + (r->systolic - r->diastolic) * p;
        r->pulse[0][i] = (uint16_t)hl_synth_clamp(800 + 16 * mmhg, 1, 8191);
        r->pulse[1][i] = (uint16_t)hl_synth_clamp(900 + 2200 * p, 0, 4095);
    }
}

hl_code hl_bedside_draw(const hl_synth_ecg_look *look, uint64_t seed, int64_t stay,
                        hl_bedside_round *out, hl_error *err)
{
    static const int lead[] = {
        [HL_BEDSIDE_II] = 1, [HL_BEDSIDE_III] = 2, [HL_BEDSIDE_V] = LEAD_V5, [HL_BEDSIDE_AVR] = 3};
    hl_rng rng = hl_rng_of(seed, "monitor-signals", (uint64_t)stay);
    int16_t(*ecg)[HL_SYNTH_ECG_LEADS] = malloc(sizeof *ecg * HL_SYNTH_ECG_SAMPLES);
    int beat[HL_BEDSIDE_BEATS], n;

    *out = (hl_bedside_round){.n = HL_BEDSIDE_ROUND};
    out->systolic = (int)hl_synth_int(&rng, 96, 148);
    out->diastolic = out->systolic / 2 + (int)hl_synth_int(&rng, 2, 14);
    if (!ecg)
        return hl_fail_memory(err, "ECG", sizeof *ecg * HL_SYNTH_ECG_SAMPLES);
    hl_synth_ecg_draw(look, rng, ecg);
    n = find_beats(ecg, beat);
    /* From before one beat to before another, so that the end joins the start. */
    int from = n >= 2 && beat[0] >= HALF_S / 2 ? beat[0] - HALF_S / 2 : 0;
    if (n >= 3 && from == 0)
        from = beat[1] - HALF_S / 2;
    int to = n >= 3 ? beat[n - 1] - HALF_S / 2 : HL_BEDSIDE_ROUND;
    out->n = (to - from) & ~1;
    for (int i = 0; i < n && n >= 3; i++)
        if (beat[i] >= from && beat[i] < from + out->n)
            out->beat[out->n_beats++] = beat[i] - from;
    for (int w = 0; w <= HL_BEDSIDE_AVR; w++)
        for (int i = 0; i < out->n; i++) {
            int v = 8192 + ecg[(from + i) * STEP][lead[w]];
            out->ecg[w][i] = (uint16_t)(v < 1 ? 1 : v > 16383 ? 16383 : v);
        }
    free(ecg);
    if (out->n_beats == 0)
        out->n_beats = 1;
    out->rate_bpm = (out->n_beats * 60 * 250 + out->n / 2) / out->n;
    draw_pulses(out);
    return HL_OK;
}

/* -2 .. 2, another one at every tick: no round is like the one before. Finaliser of splitmix64. */
static int noise_at(hl_bedside_wave wave, int64_t tick)
{
    uint64_t x = ((uint64_t)tick << 4 | (uint64_t)wave) * UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (int)(x >> 60 & 1) + (int)(x >> 61 & 1) - (int)(x >> 62 & 1) - (int)(x >> 63);
}

/* n samples of something that goes round, from place `at` on. */
static void copy_round(const uint16_t *from, int length, int64_t at, int64_t n, uint16_t *out)
{
    int k = (int)(at % length);

    for (int64_t i = 0; i < n; i++) {
        out[i] = from[k];
        k = k + 1 < length ? k + 1 : 0;
    }
}

static void draw_slow(hl_bedside_wave wave, int64_t tick, int64_t n, uint16_t *out)
{
    const int period = hl_bedside_wave_kinds[wave].period;

    for (int64_t i = 0; i < n; i++) {
        const double s = (double)(tick + i * period) / 1000;
        const double breath = hl_synth_sin(s * 0.24);
        out[i] = wave == HL_BEDSIDE_CVP
                     ? (uint16_t)(800 + 16 * (8 + 2 * breath + hl_synth_sin(s * 1.3)))
                     : (uint16_t)(2048 + 1100 * breath + 160 * hl_synth_sin(s * 0.07));
    }
}

void hl_bedside_samples(const hl_bedside_round *r, hl_bedside_wave wave, int64_t tick, int64_t n,
                        uint16_t *out)
{
    const int period = hl_bedside_wave_kinds[wave].period;
    const int top = wave <= HL_BEDSIDE_AVR ? 16383 : wave <= HL_BEDSIDE_CVP ? 8191 : 4095;

    if (wave <= HL_BEDSIDE_AVR)
        copy_round(r->ecg[wave], r->n, tick / period, n, out);
    else if (wave == HL_BEDSIDE_ABP || wave == HL_BEDSIDE_PLETH)
        copy_round(r->pulse[wave == HL_BEDSIDE_PLETH], r->n / 2, tick / period, n, out);
    else
        draw_slow(wave, tick, n, out);
    for (int64_t i = 0; i < n; i++) {
        const int v = out[i] + noise_at(wave, tick + i * period);
        out[i] = (uint16_t)(v < 1 ? 1 : v > top ? top : v); /* 0 may mean invalid */
    }
}

int64_t hl_bedside_next_beat(const hl_bedside_round *r, int64_t tick)
{
    const int64_t at = (tick + 3) / 4, turn = at / r->n * r->n;

    for (int k = 0; k < r->n_beats; k++)
        if (turn + r->beat[k] >= at)
            return (turn + r->beat[k]) * 4;
    return (turn + r->n + r->beat[0]) * 4;
}
