#include "base/civil.h"

#include "tap.h"

static void every_day_has_its_number(void)
{
    /* Counted up day by day, without the formulas under test. */
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t s = INT64_C(-62135596800);
    for (int year = 1; year <= 9999; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++) {
            int n = days[month - 1] + (month == 2 && leap);
            for (int day = 1; day <= n; day++, s += HL_DAY_S) {
                hl_civil c = {.year = year, .month = month, .day = day};
                hl_civil back = hl_civil_of(s + 86399);
                if (!ok(hl_civil_valid(&c)) || !ok(hl_civil_seconds(&c) == s) ||
                    !ok(back.year == year && back.month == month && back.day == day &&
                        back.hour == 23 && back.minute == 59 && back.second == 59))
                    return;
            }
            hl_civil after = {.year = year, .month = month, .day = n + 1};
            if (!ok(!hl_civil_valid(&after)))
                return;
        }
    }
    is_int(s, INT64_C(253402300800));
}

static void times_are_read(void)
{
    static const struct {
        const char *text;
        int64_t s;
    } table[] = {
        {"1970-01-01", 0},
        {"1970-01-01 00:00:01", 1},
        {"1970-01-01T00:01", 60},
        {"1969-12-31 23:59:59", -1},
        {"2180-07-23 12:35:00", INT64_C(6644637300)},
        {"2000-02-29 00:00", 951782400},
        {"0001-01-01", INT64_C(-62135596800)},
        {"9999-12-31 23:59:59", INT64_C(253402300799)},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t s = 5;
        ok(hl_parse_time(hl_str_of(table[i].text), HL_TIME_STRICT, &s));
        is_int(s, table[i].s);
    }
}

static void what_is_no_time_is_refused(void)
{
    static const char *const table[] = {"",
                                        "1970",
                                        "1970-1-1",
                                        "1970-01-01 ",
                                        " 1970-01-01",
                                        "1970-01-01 00",
                                        "1970-01-01 00:0",
                                        "1970-01-01 00:00:",
                                        "1970-01-01 00:00:0",
                                        "1970-01-01  0:00:00",
                                        "1970-01-01t00:00:00",
                                        "1970-01-01 24:00:00",
                                        "1970-01-01 00:60:00",
                                        "1970-01-01 00:00:60",
                                        "1970-13-01",
                                        "1970-00-01",
                                        "1970-01-00",
                                        "1970-01-32",
                                        "1971-02-29",
                                        "2100-02-29",
                                        "0000-01-01",
                                        "1970/01/01",
                                        "1970-01-0a",
                                        "19700101",
                                        "+970-01-01",
                                        "1970-01--1",
                                        "1970-01-01 00-00-00",
                                        "1970-01-01 00:00:00.",
                                        "1970-01-01 00:00:00.x",
                                        "1970-01-01 00:00:00.5 ",
                                        "1970-01-01 00:00.5",
                                        "1970-01-01 00:00:00Z",
                                        "1970-01-01 00:00:00,5"};
    int64_t s = 5;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (hl_parse_time(hl_str_of(table[i]), HL_TIME_CUT_FRACTION, &s))
            tap_check(false, __FILE__, __LINE__, "'%s' was taken", table[i]);
    is_int(s, 5);
}

static void a_fraction_is_cut_or_refused(void)
{
    int64_t s = 5;
    hl_str text = hl_str_of("1970-01-01 00:00:01.999999999999");
    ok(!hl_parse_time(text, HL_TIME_STRICT, &s));
    ok(!hl_parse_time(hl_str_of("1970-01-01 00:00:01.0"), HL_TIME_STRICT, &s));
    is_int(s, 5);
    ok(hl_parse_time(text, HL_TIME_CUT_FRACTION, &s));
    is_int(s, 1);
}

static void a_slice_is_not_read_beyond_its_end(void)
{
    char *text = malloc(10); /* no NUL behind it: the sanitizer watches */
    int64_t s = 5;
    memcpy(text, "1970-01-02", 10);
    for (size_t n = 0; n < 10; n++)
        ok(!hl_parse_time((hl_str){text, n}, HL_TIME_STRICT, &s));
    ok(hl_parse_time((hl_str){text, 10}, HL_TIME_STRICT, &s));
    is_int(s, 86400);
    free(text);
}

static void dates_in_one_number_are_read(void)
{
    int64_t s = 5;
    ok(hl_parse_yyyymmdd(21800723, &s));
    is_int(s, INT64_C(6644637300) - 12 * 3600 - 35 * 60);
    static const int64_t bad[] = {0,   -19700101, 19701301,  19700132, 19710229,
                                  101, 100000101, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ok(!hl_parse_yyyymmdd(bad[i], &s));
}

static void times_are_printed(void)
{
    char out[HL_TIME_CHARS];
    is_int(hl_print_time(INT64_C(6644637300), out), 19);
    is_str(out, "2180-07-23 12:35:00");
    is_int(hl_print_date(-1, out), 10);
    is_str(out, "1969-12-31");
    hl_print_time(INT64_C(-62135596800), out);
    is_str(out, "0001-01-01 00:00:00");
}

static void times_out_of_range_are_printed_as_the_last_ones(void)
{
    char out[HL_TIME_CHARS];
    hl_print_time(INT64_MAX, out);
    is_str(out, "9999-12-31 23:59:59");
    hl_print_time(INT64_MIN, out);
    is_str(out, "0001-01-01 00:00:00");
}

int main(void)
{
    run(every_day_has_its_number);
    run(times_are_read);
    run(what_is_no_time_is_refused);
    run(a_fraction_is_cut_or_refused);
    run(a_slice_is_not_read_beyond_its_end);
    run(dates_in_one_number_are_read);
    run(times_are_printed);
    run(times_out_of_range_are_printed_as_the_last_ones);
    return done();
}
