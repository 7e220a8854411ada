#include "film/metadata.h"

#include "tap.h"

/* --- times ------------------------------------------------------------------------------------ */

static const char *time_of(const char *tm, bool noise)
{
    static char text[HL_F64_CHARS + 1];
    double v;

    if (!hl_film_time(hl_str_of(tm), noise, &v))
        return "none";
    text[hl_print_f64(v, text)] = 0;
    return text;
}

static void a_time_is_a_number_without_its_leading_zeros(void)
{
    is_str(time_of("213014.531", false), "213014.531");
    is_str(time_of("080556.875", false), "80556.875");
    is_str(time_of("165500", false), "165500.0");
    is_str(time_of("000000.000", false), "0.0");
    is_str(time_of("213014.5310", false), "213014.531");
    is_str(time_of("000145", false), "145.0");
}

static void the_release_read_decimals_with_noise(void)
{
    /* correctly rounded; digit by digit, then divided by powers of ten. films.md 2.3 */
    static const char *const row[][3] = {{"213014.531", "213014.531", "213014.53100000002"},
                                         {"080556.875", "80556.875", "80556.875"},
                                         {"092301.25", "92301.25", "92301.25"},
                                         {"000145.000", "145.0", "145.0"},
                                         {"234424.765", "234424.765", "234424.765"},
                                         {"235959.999", "235959.999", "235959.99899999998"},
                                         {"000000.001", "0.001", "0.001"},
                                         {"070707.070", "70707.07", "70707.07"},
                                         {"090807.654321", "90807.654321", "90807.65432100001"}};

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        is_str(time_of(row[i][0], false), row[i][1]);
        is_str(time_of(row[i][0], true), row[i][2]);
    }
}

static void noise_is_in_the_last_digit_alone(void)
{
    char tm[32];
    double exact, noisy;
    int differ = 0;

    for (int i = 0; i < 86400; i += 7) {
        snprintf(tm, sizeof tm, "%02d%02d%02d.%03d", i / 3600, i / 60 % 60, i % 60, i % 1000);
        ok(hl_film_time(hl_str_of(tm), false, &exact) && hl_film_time(hl_str_of(tm), true, &noisy));
        ok(fabs(exact - noisy) <= exact * 3e-16);
        differ += exact != noisy;
    }
    ok(differ > 1000);
}

static void colons_and_missing_parts_are_understood(void)
{
    is_str(time_of("08:05:56.5", false), "80556.5");
    is_str(time_of("08:05", false), "80500.0");
    is_str(time_of("08", false), "80000.0");
    is_str(time_of("0805", false), "80500.0");
    /* the release took the digits for the number */
    is_str(time_of("08", true), "8.0");
    is_str(time_of("0805", true), "805.0");
    is_str(time_of("08:05", true), "80500.0");
}

static void what_is_no_time_is_none(void)
{
    static const char *const bad[] = {"",          " ",        "noon",       "1234567",
                                      "12:3:45",   "-1",       "21:30:14:",  "213014.5.3",
                                      ".5",        "213014,5", "2130\\2140", "12:00:00 PM",
                                      "+08:00:00", "1e5"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        is_str(time_of(bad[i], false), "none");
    is_str(time_of("000000.00000000000000000001", false), "none"); /* more digits than any clock */
}

/* --- dates ------------------------------------------------------------------------------------ */

static int64_t date_of(const char *da, int64_t shift)
{
    int64_t date;

    return hl_film_date(hl_str_of(da), shift, &date) ? date : -1;
}

static void a_date_moves_by_days(void)
{
    is_int(date_of("21800506", 0), 21800506);
    is_int(date_of("2180.05.06", 0), 21800506);
    is_int(date_of("20150311", 60438), 21800830);
    is_int(date_of("20000228", 1), 20000229);
    is_int(date_of("20000229", 366), 20010301);
    is_int(date_of("21000228", 1), 21000301); /* 2100 is no leap year */
    is_int(date_of("20150101", -1), 20141231);
    is_int(date_of("19000101", -365), 18990101);
}

static void a_week_later_is_the_same_day_of_the_week(void)
{
    for (int64_t day = 0; day < 4000; day += 13)
        is_int(date_of("20150311", day + 7 * 5000),
               date_of("20150311", day + 7 * 4999) < 0 ? -1 : date_of("20150318", day + 7 * 4999));
}

static void what_is_no_date_is_none(void)
{
    static const char *const bad[] = {
        "",          "2015031",  "201503111",  "20150230", "20151301", "20150100", "2015-03-11",
        "2015.0311", "00000101", "2015.13.01", "March",    "2015031a", " 2015031"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        is_int(date_of(bad[i], 0), -1);
    is_int(date_of("99991231", 1), -1);
    is_int(date_of("00010101", -1), -1);
}

int main(void)
{
    run(a_time_is_a_number_without_its_leading_zeros);
    run(the_release_read_decimals_with_noise);
    run(noise_is_in_the_last_digit_alone);
    run(colons_and_missing_parts_are_understood);
    run(what_is_no_time_is_none);
    run(a_date_moves_by_days);
    run(a_week_later_is_the_same_day_of_the_week);
    run(what_is_no_date_is_none);
    return done();
}
