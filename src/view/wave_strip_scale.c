/*
 * wave_strip_scale.c - how many units of a signal a mm of paper has.
 *
 * ECG is 10 mm a mV and nothing else: amplitudes are read off the paper. Other voltages (EEG, heart
 * sounds) have the list's scale. What has no such custom, or one made for recorders with a channel
 * a hand high (100 mmHg/cm), gets 1, 2 or 5 times a power of ten per cm, so that its range fills a
 * row and a heavy line is a round number. Source: waveform.md 7, 8.6.
 */
#include <math.h>
#include <strings.h>

#include "base/html.h"
#include "view/ecg_paper.h"
#include "view/wave_strip_internal.h"

enum {
    LEAST_MM = 10,       /* of paper on either side of an ECG's base line */
    MOST_MM = 30,        /* ... what lies beyond is drawn over the neighbours */
    MOST_SPREAD_MM = 50, /* of the middle half of a voltage */
    AXIS_MM = 30,
    PRESSURE_MM = 40
};

static bool is_pressure(const char *units)
{
    return strcasecmp(units, "mmHg") == 0 || strcasecmp(units, "cmH2O") == 0 ||
           strcasecmp(units, "kPa") == 0;
}

static bool is_lead(const char *name)
{
    for (int i = 0; i < HL_ECG_ROWS * HL_ECG_COLUMNS; i++)
        if (strcasecmp(name, hl_ecg_lead[i / HL_ECG_COLUMNS][i % HL_ECG_COLUMNS]) == 0)
            return true;
    return false;
}

/* mm of paper in steps of 5 for a trace that reaches so far, and all but half a percent of which
 * reaches as far as usual. What is far off, a lost electrode, may leave the row. */
static int32_t room(double mm, double usual)
{
    mm = mm > MOST_MM ? usual * 1.5 : mm;
    return mm > MOST_MM - 2    ? MOST_MM
           : mm < LEAST_MM - 2 ? LEAST_MM
                               : (int32_t)ceil((mm + 2) / 5) * 5;
}

static hl_strip_scale around_median(const hl_trace *t, double per_mm, bool is_ecg)
{
    return (hl_strip_scale){
        .per_mm = per_mm,
        .zero = t->median,
        .up_mm = room((t->high - t->median) / per_mm, (t->p995 - t->median) / per_mm),
        .down_mm = room((t->median - t->low) / per_mm, (t->median - t->p005) / per_mm),
        .is_ecg = is_ecg};
}

/* The least of 1, 2, 5 times a power of ten that is v or more. */
static double round_up(double v)
{
    const double power = pow(10, floor(log10(v)));
    static const double step[] = {1, 2, 5, 10};

    for (int i = 0; i < 4; i++)
        if (step[i] * power >= v * (1 - 1e-9))
            return step[i] * power;
    return 10 * power;
}

static double next_scale(double per_cm)
{
    return round_up(per_cm * 1.5);
}

/* Where the axis begins and how long it is, in steps of half a cm; the trace may pass its ends by
 * half a mm. */
static double axis_from(double low, double per_cm)
{
    return floor(low / (per_cm / 2) + 0.1) * (per_cm / 2);
}

static double axis_mm(double low, double high, double per_cm)
{
    const double mm = ceil((high - axis_from(low, per_cm)) / (per_cm / 2) - 0.1) * 5;

    return mm < 10 ? 10 : mm;
}

static hl_strip_scale with_axis(const hl_trace *t, const hl_calibration_row *row)
{
    const bool pressure = is_pressure(t->about->units);
    double low = t->low, high = t->high;

    /* A spike must not flatten the rest: it may leave the row. */
    if (high - low > 2 * (t->p995 - t->p005) && t->p995 > t->p005) {
        low = t->p005 - (t->p995 - t->p005) / 4;
        high = t->p995 + (t->p995 - t->p005) / 4;
        low = low > t->low ? low : t->low;
        high = high < t->high ? high : t->high;
    }
    if (pressure)
        low = low > 0 ? 0 : low, high = high < 0 ? 0 : high;
    /* No finer than ten steps of the converter on a cm, or a tenth of what is customary. */
    double finest = 10 / fabs(t->about->gain);
    if (row && row->scale > 0)
        finest = row->scale / 10;
    if (!(finest > 1e-15 && finest < 1e15))
        finest = 1e-15;
    double per_cm = round_up(finest);
    /* Beyond 15 digits a step would be lost in the values. */
    const double size = fmax(fabs(low), fabs(high));
    while (per_cm < size * 1e-12 || axis_mm(low, high, per_cm) > (pressure ? PRESSURE_MM : AXIS_MM))
        per_cm = next_scale(per_cm);
    return (hl_strip_scale){.per_mm = per_cm / 10,
                            .zero = axis_from(low, per_cm),
                            .up_mm = (int32_t)axis_mm(low, high, per_cm),
                            .has_axis = true};
}

hl_strip_scale hl_strip_scale_of(const hl_trace *t, const hl_calibrations *list, double mm_per_mv)
{
    const char *name = t->about->name, *units = t->about->units;
    const double mv = hl_ecg_mv_of(units); /* a unit's */
    const hl_calibration_row *row = hl_calibration_find(list, name, units);

    if (mv <= 0)
        return with_axis(t, row);
    if (!row) /* leads in uV: as those in mV */
        row = hl_calibration_find(list, name, "mV");
    if (!row && !is_lead(name) && hl_calibration_find(list, name, NULL))
        return with_axis(t, NULL); /* "RESP" without units, which a header takes for mV */
    const double customary_mv = row && !is_lead(name) ? row->scale * hl_ecg_mv_of(row->units) : 1;
    if (!(customary_mv > 0))
        return with_axis(t, NULL);
    const double per_mm = customary_mv / mm_per_mv / mv;
    /* An ECG stays near its median most of the time, also where an electrode was off: this is none,
     * or its gain is not what the header says. */
    if ((t->p75 - t->p25) / per_mm > MOST_SPREAD_MM)
        return with_axis(t, NULL);
    const bool pulse = is_lead(name) || !row || row->pulse != HL_PULSE_UNDEFINED;
    return around_median(t, per_mm, pulse && customary_mv == 1);
}

/* --- in words ----------------------------------------------------------------------------------
 */

void hl_strip_scale_text(const hl_strip_scale *scale, const char *units, hl_buf *to)
{
    hl_strip_axis_number(scale->per_mm * 10, scale->per_mm * 10, to);
    hl_buf_printf(to, " %s/cm", units);
}

void hl_strip_axis_number(double v, double step, hl_buf *to)
{
    int decimals = 0;

    if (fabs(v) < step / 1000)
        v = 0; /* what adding steps leaves of it */
    if (fabs(v) >= 1e7 || (v != 0 && step < 1e-5)) {
        hl_buf_printf(to, "%.4g", v);
        return;
    }
    while (decimals < 6 && fabs(step * pow(10, decimals) - round(step * pow(10, decimals))) > 1e-6)
        decimals++;
    hl_html_fixed(to, v, decimals);
}
