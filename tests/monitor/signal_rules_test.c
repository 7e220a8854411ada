/*
 * What a wave's definition makes of its signal, and what a record's segments have in common.
 */
#include "monitor/signal_rules.h"

#include "monitor/calibration.h"
#include "monitor/layout.h"
#include "tap.h"

/* --- waves to try ----------------------------------------------------------------------------- */

#define SOME(v)                                                                                    \
    {                                                                                              \
        v, true                                                                                    \
    }

static const hl_wave_definition lead_ii = {.id = 1,
                                           .base_physio_id = 131328,
                                           .physio_id = 131330,
                                           .label = {"II", 2},
                                           .sample_period = 4,
                                           .low_edge_hz = SOME(0.5),
                                           .high_edge_hz = SOME(35),
                                           .scale_lower = SOME(0),
                                           .scale_upper = SOME(16383),
                                           .scaled_lower = SOME(8092),
                                           .scaled_upper = SOME(8292),
                                           .absolute_lower = SOME(0),
                                           .absolute_upper = SOME(1),
                                           .unit_label = {"mV", 2}};
static const hl_wave_definition pressure = {.id = 2,
                                            .base_physio_id = 150016,
                                            .physio_id = 150036,
                                            .label = {"ABP", 3},
                                            .sample_period = 8,
                                            .scale_lower = SOME(1),
                                            .scale_upper = SOME(8191),
                                            .scaled_lower = SOME(800),
                                            .scaled_upper = SOME(4000),
                                            .absolute_lower = SOME(0),
                                            .absolute_upper = SOME(200),
                                            .unit_label = {"mmHg", 4}};
/* --- rules of a signal ------------------------------------------------------------------------ */

static const char *units_of(const char *label, int64_t base)
{
    static char text[4][64];
    static int turn;
    hl_wave_definition w = {.base_physio_id = base, .unit_label = hl_str_of(label)};
    hl_buf b = {0};
    char *to = text[turn++ % 4];

    hl_signal_units(&b, &w);
    snprintf(to, sizeof text[0], "%s", b.at ? b.at : "");
    hl_buf_free(&b);
    return to;
}

static void units_are_cleaned_and_guessed(void)
{
    is_str(units_of("mmHg", 0), "mmHg");
    is_str(units_of("", 131328), "NU");
    is_str(units_of(NULL, 131328), "mV");
    is_str(units_of("Unknwn", 150016), "mmHg");
    is_str(units_of(NULL, 150452), "NU");
    is_str(units_of(NULL, 5), "unknown");
    is_str(units_of("\xc2\xb0"
                    "C",
                    5),
           "degC");
    is_str(units_of("\xc2\xb5V", 5), "uV");
    is_str(units_of("\xce\xbcV", 5), "_V"); /* the Greek letter is not the micro sign */
    is_str(units_of("ml m\xc2\xb2", 5), "ml_m_");
    is_str(units_of("a\xff\xc2", 5), "a__");
    is_str(units_of("\xe2\x82", 5), "__");
}

static const char *name_of(const char *label, int64_t base)
{
    static char text[4][64];
    static int turn;
    hl_wave_definition w = {.base_physio_id = base, .physio_id = 7, .label = hl_str_of(label)};
    hl_buf b = {0};
    char *to = text[turn++ % 4];

    hl_signal_description(&b, &w);
    snprintf(to, sizeof text[0], "%s", b.at ? b.at : "");
    hl_buf_free(&b);
    return to;
}

static void descriptions_are_cleaned_and_made_up(void)
{
    is_str(name_of("Pleth L", 1), "Pleth L");
    is_str(name_of("CO\xe2\x82\x82", 1), "CO2");
    is_str(name_of("\xce\x94T\n", 1), "DeltaT_");
    is_str(name_of("\xf0\x9f\xab\x80", 1), "_");
    is_str(name_of("", 131328), "ECG #7");
    is_str(name_of(NULL, 150016), "Pressure #7");
    is_str(name_of(NULL, 150452), "Pleth #7");
    is_str(name_of("", 12), "#12/7");
}

static const char *info_of(const hl_wave_definition *w)
{
    static char text[128];
    hl_buf b = {0};

    hl_signal_info(&b, w);
    snprintf(text, sizeof text, "%s", b.at ? b.at : "");
    hl_buf_free(&b);
    return text;
}

static void info_tells_channel_derivation_and_filter(void)
{
    hl_wave_definition w = {.base_physio_id = 131328, .channel = 3, .is_derived = true};

    is_str(info_of(&w), "channel=3 derived");
    w.low_edge_hz = (hl_maybe)SOME(0.05);
    is_str(info_of(&w), "channel=3 derived highpass=0.05");
    w.high_edge_hz = (hl_maybe)SOME(150);
    is_str(info_of(&w), "channel=3 derived bandpass=[0.05,150]");
    w.base_physio_id = 1;
    w.is_derived = false;
    w.low_edge_hz.value = 0;
    is_str(info_of(&w), "lowpass=150");
    w.high_edge_hz.has = false;
    is_str(info_of(&w), "");
}

static void adc_range_is_the_smallest_power_of_two(void)
{
    static const int row[][4] = {
        {0, 0, 1, 1},          {0, 1, 1, 1},       {1, 2, 2, 2},           {0, 16383, 14, 8192},
        {0, 32767, 15, 16384}, {-1, 0, 1, 0},      {-1, 1, 2, 0},          {-2, 0, 2, 0},
        {-32768, 5, 16, 0},    {-5, 32767, 16, 0}, {4095, 4096, 13, 4096},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        int32_t bits, zero;
        hl_signal_range(row[i][0], row[i][1], &bits, &zero);
        is_int(bits, row[i][2]);
        is_int(zero, row[i][3]);
    }
}

static hl_calibration calibration(double csl, double csu, double cal, double cau, bool is_ecg)
{
    hl_wave_definition w = {.scaled_lower = SOME(csl),
                            .scaled_upper = SOME(csu),
                            .absolute_lower = SOME(cal),
                            .absolute_upper = SOME(cau)};

    return hl_calibration_of(&w, is_ecg);
}

static void calibration_has_the_digits_of_decimal_arithmetic(void)
{
    hl_wave_definition null = lead_ii;
    hl_calibration k = calibration(800, 4000, 0, 200, false);

    is_int(k.gain, 16);
    is_int(k.baseline, 800);
    k = calibration(8092, 8292, 0, 1, true);
    is_int(k.gain, 200);
    is_int(k.baseline, 8192);
    k = calibration(800, 4000, -33, 297, false); /* 800 + 33 * (3200 / 330) = 1120 */
    ok(k.gain == 9.696969696969697);
    is_int(k.baseline, 1120);
    k = calibration(0, 10, -3, 0, false); /* 3 * 3.333... stays below 10 in 28 digits */
    ok(k.gain == 3.333333333333333);      /* 16 digits */
    is_int(k.baseline, 9);
    k = calibration(4000, 800, 0.1, 0.4, false); /* negative: 4000 + 3200 / 3 = 5066.67 */
    is_int(k.gain, -10666);
    is_int(k.baseline, 5066);
    k = calibration(5, 9, 1, 1, false);
    ok(k.gain == 0 && k.baseline == 0);
    null.absolute_upper.has = false;
    k = hl_calibration_of(&null, true);
    ok(k.gain == 0 && k.baseline == 0);
    k = calibration(0, 1e300, 1e-300, 1, false); /* not decimals of the export, but no harm */
    ok(k.gain == 1e300);
}

static void order_looks_at_every_attribute_but_the_id(void)
{
    hl_wave_definition a = lead_ii, b = lead_ii;

    b.id = 99;
    is_int(hl_signal_compare(&a, &b), 0);
    b.unit_code = 1;
    ok(hl_signal_compare(&a, &b) < 0);
    a.label = hl_str_of("III");
    ok(hl_signal_compare(&a, &b) > 0);
    b.physio_id++;
    ok(hl_signal_compare(&a, &b) < 0);
    a.channel = 1;
    ok(hl_signal_compare(&a, &b) > 0);
    ok(hl_signal_compare(&a, &pressure) < 0);
    a = b = lead_ii;
    a.label.at = NULL;
    a.label.n = 0;
    ok(hl_signal_compare(&a, &b) < 0);
    b.label.n = 0; /* empty is not NULL */
    ok(hl_signal_compare(&a, &b) < 0);
    a = lead_ii;
    a.low_edge_hz.has = false;
    ok(hl_signal_compare(&a, &lead_ii) < 0);
}

/* --- layout ----------------------------------------------------------------------------------- */

static hl_wfdb_signal line(const char *name, const char *units, double gain, int baseline, int bits,
                           int zero)
{
    return (hl_wfdb_signal){.file = "a.dat",
                            .description = name,
                            .units = units,
                            .gain = gain,
                            .calibrated = true,
                            .baseline = baseline,
                            .adc_bits = bits,
                            .adc_zero = zero,
                            .samples_per_frame = 2};
}

static hl_wfdb_signal joined(hl_wfdb_signal a, hl_wfdb_signal b)
{
    hl_layout *l = hl_layout_new();
    int32_t n = 0;
    const hl_wfdb_signal *s;

    ok(hl_layout_add(l, &a, 1, NULL) == HL_OK);
    ok(hl_layout_add(l, &b, 1, NULL) == HL_OK);
    ok(hl_layout_settle(l, NULL) == HL_OK);
    s = hl_layout_signals(l, &n);
    is_int(n, 1);
    a = *s;
    hl_layout_free(&l);
    return a;
}

static void the_layout_holds_the_range_of_all_segments(void)
{
    hl_wfdb_signal s = line("ABP", "mmHg", 16, 800, 12, 2048);

    s = joined(s, s);
    is_int(s.adc_bits, 12);
    is_int(s.adc_zero, 0);
    is_int(s.baseline, -1248);
    /* 16-bit signed: -32768 marks what was not measured, so the range begins at -32767 */
    s = joined(line("A", "NU", 1, 0, 16, 0), line("A", "NU", 1, 0, 16, 0));
    is_int(s.adc_bits, 16);
    is_int(s.baseline, 0);
    /* half a unit is rounded to even: (1 - 1 + -2 - -1) / 2 = -0.5, (... + 2) ... */
    s = joined(line("A", "NU", 1, 0, 2, 2), line("A", "NU", -2, 0, 1, 1));
    ok(s.gain == 2);
    /* a range of 2^20 needs an ADC zero in the middle of it */
    s = joined(line("A", "NU", 1, 0, 16, 0), line("A", "NU", 0.03125, 0, 16, 0));
    is_int(s.adc_bits, 21);
    is_int(s.adc_zero, 1 << 20);
    /* more than 31 bits: the gain is halved until they fit */
    s = joined(line("A", "NU", 1 << 20, 0, 16, 0), line("A", "NU", 1, 0, 16, 0));
    is_int(s.adc_bits, 31);
    ok(s.gain == 32768);
}

static void baselines_round_half_to_even(void)
{
    /* phys 0..3 at gain 1 in 2 bits (-2..1): -2; with an odd surplus the mean ends in .5 */
    hl_wfdb_signal s = joined(line("A", "NU", 1, 0, 2, 2), line("A", "NU", 1, 0, 2, 2));

    is_int(s.adc_bits, 2);
    is_int(s.baseline, -2);
    s = joined(line("A", "NU", 1, -4, 1, 1), line("A", "NU", 1, -5, 2, 2)); /* 4..8 in 3 bits */
    is_int(s.adc_bits, 3);
    is_int(s.baseline, -6); /* (3 - 8 - 4 - 4) / 2 = -6.5 */
    s = joined(line("A", "NU", 1, -3, 1, 1), line("A", "NU", 1, -4, 2, 2)); /* 3..7 */
    is_int(s.baseline, -6);                                                 /* -5.5 */
}

static void signals_of_the_layout_are_sorted(void)
{
    static const char *want[] = {"I", "a", "ABP", "CO2", "Pleth", "art"};
    hl_wfdb_signal s[] = {line("art", "NU", 1, 0, 8, 0),   line("CO2", "kPa", 1, 0, 8, 0),
                          line("ABP", "mmHg", 1, 0, 8, 0), line("a", "mV", 1, 0, 8, 0),
                          line("Pleth", "NU", 1, 0, 8, 0), line("I", "mV", 1, 0, 8, 0)};
    hl_layout *l = hl_layout_new();
    int32_t n;

    ok(hl_layout_add(l, s, 6, NULL) == HL_OK);
    ok(hl_layout_settle(l, NULL) == HL_OK);
    for (int i = 0; i < 6; i++)
        is_str(hl_layout_signals(l, &n)[i].description, want[i]);
    hl_layout_free(&l);
}

static void segments_that_disagree_cannot_be_one_record(void)
{
    hl_wfdb_signal a = line("ABP", "mmHg", 1, 0, 8, 0), b = a;
    hl_layout *l = hl_layout_new();
    hl_error err = {0};

    ok(hl_layout_add(l, &a, 1, &err) == HL_OK);
    b.units = "kPa";
    is_int(hl_layout_add(l, &b, 1, &err), HL_E_INPUT);
    is_str(err.message, "signal ABP: units mmHg in one segment and kPa in another\n"
                        "One record cannot hold both: split the stay there by hand.");
    b = a;
    b.samples_per_frame = 4;
    is_int(hl_layout_add(l, &b, 1, &err), HL_E_INPUT);
    like(err.message,
         "signal ABP: sampling period of 8 ticks in one segment and of 4 in another\n");
    b = a;
    b.skew = 3;
    is_int(hl_layout_add(l, &b, 1, &err), HL_E_INPUT);
    like(err.message, "signal ABP: skew of 0 in one segment and of 3 in another\n");
    hl_layout_free(&l);
}

int main(void)
{
    run(units_are_cleaned_and_guessed);
    run(descriptions_are_cleaned_and_made_up);
    run(info_tells_channel_derivation_and_filter);
    run(adc_range_is_the_smallest_power_of_two);
    run(calibration_has_the_digits_of_decimal_arithmetic);
    run(order_looks_at_every_attribute_but_the_id);
    run(the_layout_holds_the_range_of_all_segments);
    run(baselines_round_half_to_even);
    run(signals_of_the_layout_are_sorted);
    run(segments_that_disagree_cannot_be_one_record);
    return done();
}
