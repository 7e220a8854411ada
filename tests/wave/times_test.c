/*
 * Times: as text to frames, as the WFDB library prints them; how many values a rate gives.
 */
#include "wave/records.h"

#include "wave/rdsamp.h"
#include "wave/resample.h"

/* --- times --------------------------------------------------------------------------------------
 */

#define NONE INT64_MAX           /* no time at all */
#define NO_CLOCK (INT64_MAX - 1) /* the record has no such clock */

typedef struct {
    const char *text;
    int64_t frame; /* or one of the two above */
} time_case;

static void check_times(const char *header, const time_case *t, size_t n)
{
    put_ramp("t.dat", 40);
    put_text("t.hea", header);
    hl_wave *w = open_at(at_home("t"), 0);

    for (size_t i = 0; i < n && w; i++) {
        hl_error err = {0};
        int64_t frame = -1000;
        hl_code c = hl_wave_frame_of(w, t[i].text, &frame, &err);
        if (t[i].frame < NO_CLOCK) {
            tap_check(c == HL_OK && frame == t[i].frame, __FILE__, __LINE__,
                      "%s is %" PRId64 ", not %" PRId64 ": %s", t[i].text, frame, t[i].frame,
                      err.message);
        } else {
            tap_check(c == HL_E_USAGE, __FILE__, __LINE__, "'%s' is %" PRId64, t[i].text, frame);
            like(err.message, t[i].frame == NONE ? "is no time\nAllowed: s1234 (samples), f1234"
                                                 : "record t has no ");
        }
    }
    hl_wave_close(&w);
}

static void a_time_in_text_is_a_frame(void)
{
    static const time_case with_date[] = {{"f7", 7},
                                          {"f-7", -7},
                                          {"s8", 2},
                                          {"s7", 1},
                                          {"s-1", -1},
                                          {"s-4", -1},
                                          {"s-5", -2},
                                          {"e", 10},
                                          {" e ", 10},
                                          {"0", 0},
                                          {"1.5", 94},
                                          {"1:00", 3748},
                                          {"0:01:00", 3748},
                                          {"100:00:00", 22490100},
                                          {"0.007", 0},
                                          {"0.009", 1},
                                          {"c100", 0},
                                          {"c116", 1},
                                          {"c115.9", 0},
                                          {"c0", -6},
                                          {"[10:00:00]", 0},
                                          {"[10:00:01]", 62},
                                          {"[10:00:00.016]", 1},
                                          {"[9:59:59]", 5397561},
                                          {"[10:00:00 1]", 5397624},
                                          {"[10:00:01 0]", 62},
                                          {"[10:00:00 24/12/2150]", 0},
                                          {"[10:00:01  24/12/2150]", 62},
                                          {"[10:00:00 25/12/2150]", 5397624},
                                          {"[10:00:00 23/12/2150]", -5397624},
                                          {"2150-12-24 10:00:01", 62},
                                          {"2150-12-24 10:00:00.016", 1},
                                          {"2150-12-24T10:00:00", 0},
                                          {"", NONE},
                                          {"x", NONE},
                                          {"f", NONE},
                                          {"f1.5", NONE},
                                          {"s", NONE},
                                          {"s1x", NONE},
                                          {"e1", NONE},
                                          {"c", NONE},
                                          {"1:2:3:4", NONE},
                                          {"-5", NONE},
                                          {"1:-5", NONE},
                                          {"[10:00:00", NONE},
                                          {"[]", NONE},
                                          {"[10:00 x]", NONE},
                                          {"[10:00:00 32/1/2150]", NONE},
                                          {"[10:00:00 29/2/2150]", NONE},
                                          {"[10:00:00 1/1]", NONE},
                                          {"nan", NONE},
                                          {"inf", NONE},
                                          {"1e300", NONE},
                                          {"c1e300", NONE},
                                          {"f99999999999999999999", NONE}};
    static const time_case old[] = {{"[23:59:59]", 999 - 998},
                                    {"[0:00:00]", 2},
                                    {"[0:00:00 1/1/1952]", 2},
                                    {"1951-12-31 23:59:58.000", 0}};
    static const time_case no_date[] = {{"[10:00:01]", 1},
                                        {"[10:00:00 1]", 86400},
                                        {"[10:00:00 1/1/2000]", NO_CLOCK},
                                        {"2000-01-01 10:00:00", NO_CLOCK}};
    static const time_case no_clock[] = {{"[10:00:01]", NO_CLOCK}, {"5", 5}};

    check_times("t 1 62.4725/999.56(100) 10 10:00:00 24/12/2150\nt.dat 16x4 1\n", with_date,
                sizeof with_date / sizeof *with_date);
    check_times("t 1 1 10 23:59:58 31/12/1951\nt.dat 16x4 1\n", old, sizeof old / sizeof *old);
    check_times("t 1 1 10 10:00:00\nt.dat 16x4 1\n", no_date, sizeof no_date / sizeof *no_date);
    check_times("t 1 1 10\nt.dat 16x4 1\n", no_clock, sizeof no_clock / sizeof *no_clock);
}

static void times_are_printed_as_the_library_prints_them(void)
{
    hl_wave_info info = {.start_ms = HL_WAVE_NO_TIME};
    char text[HL_MSTIM_CHARS];

    hl_mstimstr(&info, 250, 100, true, text);
    is_str(text, "    0:00.400");
    hl_mstimstr(&info, 1, 3725, false, text);
    is_str(text, " 1:02:05.000");
    info.start_ms = (22 * 3600 + 15 * 60 + 30) * 1000;
    info.has_date = 1; /* 1 January 1970 */
    hl_mstimstr(&info, 160, 50, true, text);
    is_str(text, "[22:15:30.313 01/01/1970]"); /* of 0.3125 s */
    hl_mstimstr(&info, 1, 7200, true, text);
    is_str(text, "[00:15:30.000 02/01/1970]");
    info.start_ms -= 86400000;
    hl_mstimstr(&info, 1000, 1, true, text);
    is_str(text, "[22:15:30.001 31/12/1969]");
    info.start_ms += 86400000;
    info.has_date = 0;
    hl_mstimstr(&info, 1, 7200, true, text);
    is_str(text, "[00:15:30.000 1]");
}

/* --- rates --------------------------------------------------------------------------------------
 */

static void the_count_of_resampled_values_is_exact_in_long_records(void)
{
    hl_wave *w;

    put_text("l.hea", "l 1 249.89 100000000\nl.dat 16 200\n");
    w = open_at(at_home("l"), 0);
    is_int(hl_resample_count(w, 0, 100000000, 62.4725), 25000000);
    is_int(hl_resample_count(w, 0, 100000000, 249.89), 100000000);
    is_int(hl_resample_count(w, 0, 24989, 1), 100);
    is_int(hl_resample_count(w, 0, 24990, 1), 101);
    is_int(hl_resample_count(w, 50, 50, 1), 0);
    hl_wave_close(&w);
}

int main(void)
{
    home = temp_folder();
    run(a_time_in_text_is_a_frame);
    run(times_are_printed_as_the_library_prints_them);
    run(the_count_of_resampled_values_is_exact_in_long_records);
    ok(hl_remove_tree(home, NULL) == HL_OK);
    return done();
}
