#include "pack/expand.h"

#include "words.h"

static const float mean[] = {0.485f, 0.456f, 0.406f}, std_of[] = {0.229f, 0.224f, 0.225f};
static int n_levels, n_ecgs;

static void check_level(char *p)
{
    int64_t level = next_int(&p);
    for (int k = 0; k < 3; k++) {
        float out[256];
        hl_film_levels(mean[k], std_of[k], out);
        is_int(bits_of_float(out[level]), next_bits(&p));
    }
}

static void check_ecg(char *p)
{
    int64_t samples = next_int(&p), leads = next_int(&p), n = samples * leads;
    double *scale = calloc((size_t)leads * 2, sizeof *scale);
    int16_t *raw = calloc((size_t)n, sizeof *raw);
    float *out = calloc((size_t)n, sizeof *out);

    next_double(&p, &scale[0]);
    next_double(&p, &scale[1]);
    for (int64_t k = 1; k < leads; k++)
        memcpy(scale + 2 * k, scale, 2 * sizeof *scale);
    for (int64_t i = 0; i < n; i++)
        raw[i] = (int16_t)next_int(&p);
    ok(hl_ecg_scale(raw, scale, samples, leads, true, out, NULL) == HL_OK);
    for (int64_t i = 0; i < n; i++)
        is_int(bits_of_float(out[i]), next_bits(&p));
    free(scale);
    free(raw);
    free(out);
}

static void check_line(const char *kind, char *p)
{
    if (strcmp(kind, "level") == 0 && ++n_levels)
        check_level(p);
    if (strcmp(kind, "ecg") == 0 && ++n_ecgs)
        check_ecg(p);
}

static void grey_levels_and_ecgs_have_the_published_bits(void)
{
    each_line("rules/pack.txt", check_line);
    is_int(n_levels, 256);
    is_int(n_ecgs, 5);
}

static void leads_of_different_gain_are_scaled_together(void)
{
    /* In mV: lead 0 = 1, -1; lead 1 = 0.5, 2. Smallest -1, largest 2. */
    const double scale[] = {200, 0, 1000, -100};
    const int16_t raw[] = {200, 400, -200, 1900};
    float out[4];

    ok(hl_ecg_scale(raw, scale, 2, 2, false, out, NULL) == HL_OK);
    is_int(bits_of_float(out[0]), bits_of_float((float)(2 * (1.0 - -1.0) / (2.0 - -1.0) - 1)));
    is_int(bits_of_float(out[1]), bits_of_float((float)(2 * (0.5 - -1.0) / (2.0 - -1.0) - 1)));
    ok(out[2] == -1.0f);
    ok(out[3] == 1.0f);
}

static void a_negative_gain_turns_the_signal(void)
{
    const double scale[] = {-200, 0, -200, 0};
    const int16_t raw[] = {0, 100, 200, 50};
    float out[4];

    ok(hl_ecg_scale(raw, scale, 2, 2, false, out, NULL) == HL_OK);
    ok(out[0] == 1.0f);
    ok(out[1] == 0.0f);
    ok(out[2] == -1.0f);
}

static void one_value_throughout_is_zero_or_as_published_nan(void)
{
    const double scale[] = {200, 0, 400, 0};
    const int16_t raw[] = {100, 200, 100, 200}; /* 0.5 mV in both leads */
    float out[4];

    ok(hl_ecg_scale(raw, scale, 2, 2, false, out, NULL) == HL_OK);
    for (int i = 0; i < 4; i++)
        is_int(bits_of_float(out[i]), 0);
    ok(hl_ecg_scale(raw, scale, 2, 2, true, out, NULL) == HL_OK);
    for (int i = 0; i < 4; i++)
        is_int(bits_of_float(out[i]), 0xffc00000);
}

static void the_whole_range_of_samples_is_allowed(void)
{
    const double scale[] = {200, 0};
    const int16_t raw[] = {INT16_MIN, 0, INT16_MAX};
    float out[3];

    ok(hl_ecg_scale(raw, scale, 3, 1, false, out, NULL) == HL_OK);
    ok(out[0] == -1.0f && out[2] == 1.0f && out[1] > 0 && out[1] < 0.0001f);
}

int main(void)
{
    run(grey_levels_and_ecgs_have_the_published_bits);
    run(leads_of_different_gain_are_scaled_together);
    run(a_negative_gain_turns_the_signal);
    run(one_value_throughout_is_zero_or_as_published_nan);
    run(the_whole_range_of_samples_is_allowed);
    return done();
}
