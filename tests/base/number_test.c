/* Numbers in text: the second half of str.h. */
#include "base/rng.h"
#include "base/str.h"
#include "tap.h"

#define S(text) ((hl_str){text, sizeof(text) - 1})

static uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* --- integers ----------------------------------------------------------------------------------
 */

static void integers_are_read_whole_or_not_at_all(void)
{
    static const struct {
        const char *text;
        int64_t v;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"+7", 7},
                {"0012", 12},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN},
                {"0000000000000000000000000000000000001", 1}};
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      "+-1",
                                      "1 ",
                                      " 1",
                                      "1.0",
                                      "1e3",
                                      "0x1",
                                      "1_0",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "99999999999999999999999999999999",
                                      "\xEF\xBC\x91"};
    int64_t v;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        v = 99;
        ok(hl_parse_i64(hl_str_of(good[i].text), &v));
        is_int(v, good[i].v);
    }
    v = 99;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (hl_parse_i64(hl_str_of(bad[i]), &v))
            tap_check(false, __FILE__, __LINE__, "'%s' was taken", bad[i]);
    is_int(v, 99);
    ok(!hl_parse_i64((hl_str){NULL, 0}, &v));
    ok(!hl_parse_i64_pandas((hl_str){NULL, 0}, &v));
}

static void integers_of_pandas_may_have_blanks_around(void)
{
    int64_t v = 99;
    ok(hl_parse_i64_pandas(S(" \t\v-12\f\r\n"), &v));
    is_int(v, -12);
    ok(!hl_parse_i64_pandas(S("1 2"), &v));
    ok(!hl_parse_i64_pandas(S("- 1"), &v));
    ok(!hl_parse_i64_pandas(S("  "), &v));
    ok(!hl_parse_i64_pandas(S("9223372036854775808"), &v));
}

static void integers_are_printed(void)
{
    static const struct {
        int64_t v;
        const char *text;
    } table[] = {{0, "0"},
                 {9, "9"},
                 {10, "10"},
                 {99, "99"},
                 {100, "100"},
                 {-1, "-1"},
                 {-12345, "-12345"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    char out[HL_F64_CHARS];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        is_int(hl_print_i64(table[i].v, out), strlen(table[i].text));
        is_str(out, table[i].text);
    }
}

/* --- doubles in --------------------------------------------------------------------------------
 */

static void decimals_are_rounded_correctly(void)
{
    static const struct {
        const char *text;
        uint64_t bits;
    } table[] = {
        {"0", 0},
        {"-0.0", UINT64_C(0x8000000000000000)},
        {"0e999999999999999999999", 0},
        {"1", UINT64_C(0x3FF0000000000000)},
        {"+1.", UINT64_C(0x3FF0000000000000)},
        {".5", UINT64_C(0x3FE0000000000000)},
        {"1E+2", UINT64_C(0x4059000000000000)},
        {"0.1", UINT64_C(0x3FB999999999999A)},
        {"0.30000000000000004", UINT64_C(0x3FD3333333333334)},
        {"1e23", UINT64_C(0x44B52D02C7E14AF6)},
        {"9007199254740993", UINT64_C(0x4340000000000000)}, /* 2^53 + 1: a tie, to even */
        {"9007199254740993.00000000000000000000000000000001", UINT64_C(0x4340000000000001)},
        {"9007199254740995", UINT64_C(0x4340000000000002)},
        {"-1.3364330170383536e+18", UINT64_C(0xC3B28BF6BF8EACB5)},
        {"2.2250738585072014e-308", UINT64_C(0x0010000000000000)}, /* least normal */
        {"2.2250738585072011e-308", UINT64_C(0x000FFFFFFFFFFFFF)},
        {"2.2250738585072012e-308", UINT64_C(0x0010000000000000)}, /* hung PHP and Java once */
        {"5e-324", 1},
        {"2.4703282292062327e-324", 0},
        {"2.4703282292062328e-324", 1},
        {"1.7976931348623157e308", UINT64_C(0x7FEFFFFFFFFFFFFF)},
        {"1.7976931348623158e308", UINT64_C(0x7FEFFFFFFFFFFFFF)},
        {"1.7976931348623159e308", UINT64_C(0x7FF0000000000000)},
        {"1e400", UINT64_C(0x7FF0000000000000)},
        {"-1e99999999999999999999", UINT64_C(0xFFF0000000000000)},
        {"1e-99999999999999999999", 0},
        {"inf", UINT64_C(0x7FF0000000000000)},
        {"-Infinity", UINT64_C(0xFFF0000000000000)},
        {"+INF", UINT64_C(0x7FF0000000000000)},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        double v = 99;
        if (!ok(hl_parse_f64(hl_str_of(table[i].text), &v)) || bits_of(v) != table[i].bits)
            tap_check(false, __FILE__, __LINE__, "'%s' gave %016" PRIx64, table[i].text,
                      bits_of(v));
    }
    double v = 99;
    ok(hl_parse_f64(S("NaN"), &v) && isnan(v));
}

static void what_is_no_decimal_is_refused(void)
{
    static const char *const bad[] = {
        "",      "-",       ".",   "-.",  "e5",     ".e5", "1e",    "1e+",         "1e5.",
        "1.2.3", "..1",     "--1", "+-1", " 1",     "1 ",  "0x10",  "1_0",         "1,5",
        "1f",    "infinit", "in",  "i",   "nan(1)", "na",  "1e5e5", "\xEF\xBC\x91"};
    double v = 99;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (hl_parse_f64(hl_str_of(bad[i]), &v))
            tap_check(false, __FILE__, __LINE__, "'%s' was taken", bad[i]);
    ok(!hl_parse_f64((hl_str){NULL, 0}, &v));
    ok(!hl_parse_f64_pandas((hl_str){NULL, 0}, &v));
    ok(v == 99);
}

/* 2^-1075, half the least double, has 752 significant digits, the last 5. */
static void the_last_of_many_digits_decides(void)
{
    enum { N = 1075 };
    char digits[3 * N] = "0.";
    double v = 99;
    memset(digits + 2, '0', N);
    digits[2] = '5';
    for (int round = 1; round < N; round++) { /* halve, N - 1 times */
        int rest = 0;
        for (int i = 2; i < N + 2; i++) {
            int d = rest * 10 + digits[i] - '0';
            digits[i] = (char)('0' + d / 2);
            rest = d % 2;
        }
    }
    hl_str text = {digits, N + 2};
    ok(digits[N + 1] == '5');
    ok(hl_parse_f64(text, &v));
    is_int(bits_of(v), 0); /* a tie, to even */
    memset(digits + N + 2, '0', N);
    digits[2 * N] = '1'; /* a hair more, 1,000 digits on */
    text.n = 2 * N + 1;
    ok(hl_parse_f64(text, &v));
    is_int(bits_of(v), 1);
    text.n = 2 * N;
    ok(hl_parse_f64(text, &v));
    is_int(bits_of(v), 0);
}

static void long_texts_of_zeros_are_read(void)
{
    enum { N = 100000 };
    char *text = malloc(N + 20);
    double v = 99;
    memset(text, '0', N);
    text[0] = '1';
    int n = snprintf(text + N, 20, "e-%d", N - 1);
    ok(hl_parse_f64((hl_str){text, (size_t)(N + n)}, &v) && v == 1.0);
    text[0] = '.';
    n = snprintf(text + N, 20, "125e%d", N - 1);
    ok(hl_parse_f64((hl_str){text, (size_t)(N + n)}, &v) && v == 0.125);
    free(text);
}

static void a_slice_is_not_read_beyond_its_end(void)
{
    static const char number[] = "-123456789012345678901.25e-12";
    double v;
    int64_t k;
    for (size_t n = 0; n < sizeof number; n++) {
        char *text = malloc(n ? n : 1);
        memcpy(text, number, n);
        hl_parse_f64((hl_str){text, n}, &v);
        hl_parse_f64_pandas((hl_str){text, n}, &v);
        hl_parse_i64((hl_str){text, n}, &k);
        hl_is_missing((hl_str){text, n});
        free(text);
    }
    ok(hl_parse_f64((hl_str){"12345", 2}, &v) && v == 12);
}

static void powers_of_ten_are_those_of_the_compiler(void)
{
    char text[16];
    for (int k = -330; k <= 310; k++) {
        double v = 99, want;
        snprintf(text, sizeof text, "1e%d", k);
        want = strtod(text, NULL);
        ok(hl_parse_f64(hl_str_of(text), &v) && v == want);
        /* 1 * 10^k and 1 / 10^k: pandas' own powers, which must be correctly rounded ones. */
        if (k >= 0 && k <= 308)
            ok(hl_parse_f64_pandas(hl_str_of(text), &v) && v == want);
        if (k < 0 && k >= -308) {
            snprintf(text + 8, 8, "1e%d", -k);
            ok(hl_parse_f64_pandas(hl_str_of(text), &v) && v == 1.0 / strtod(text + 8, NULL));
        }
    }
}

/* --- pandas ------------------------------------------------------------------------------------
 */

static void the_pandas_vectors_are_met(void)
{
    FILE *f = fopen(fixture("rules/floats.csv"), "r");
    char line[400];
    int n = 0;
    if (!ok(f != NULL))
        return;
    ok(fgets(line, sizeof line, f) != NULL);
    for (; fgets(line, sizeof line, f); n++) {
        char *field[4] = {line}, out[HL_F64_CHARS];
        double v = 0, exact = 0;
        int64_t k;
        line[strcspn(line, "\r\n")] = 0;
        for (int i = 1; i < 4; i++) {
            field[i] = strchr(field[i - 1], ',');
            if (!ok(field[i] != NULL))
                goto done;
            *field[i]++ = 0;
        }
        hl_str text = hl_str_of(field[0]);
        bool good = hl_parse_f64_pandas(text, &v);
        if (strcmp(field[1], "not_numeric") == 0) {
            /* 30 digits and no point: a matter of the column, which is integer or text. */
            ok(!good ||
               (strspn(field[0], "0123456789") == text.n && !hl_parse_i64_pandas(text, &k)));
            continue;
        }
        uint64_t want = strtoull(field[1], NULL, 16), want_exact = strtoull(field[2], NULL, 16);
        if (!good || bits_of(v) != want)
            tap_check(false, __FILE__, __LINE__, "'%s' is %016" PRIx64 ", not %016" PRIx64,
                      field[0], bits_of(v), want);
        hl_print_f64(v, out);
        is_str(out, field[3]);
        hl_str bare = text;
        while (bare.n > 0 && bare.at[0] == ' ')
            bare = (hl_str){bare.at + 1, bare.n - 1};
        while (bare.n > 0 && bare.at[bare.n - 1] == ' ')
            bare.n--;
        ok(hl_parse_f64(bare, &exact));
        is_int(bits_of(exact), want_exact);
    }
    is_int(n, 309);
done:
    fclose(f);
}

static void the_quirks_of_pandas_are_kept(void)
{
    static const struct {
        const char *text;
        double v;
    } good[] = {
        {"0.30000000000000004", 0.3}, /* the leading 0 is one of 17 digits */
        {" \t\v1.5\f\r\n ", 1.5},
        {"5.", 5},
        {"-.5", -0.5},
        {"1e-617", 0},
        {"-1e-99999999999999999", -0.0},
        {"iNf", INFINITY},
        {"-INFINITY", -INFINITY},
    };
    static const char *const bad[] = {
        "",     " ",    ".",   "-",   "1e",    "1e+",   "1 2",   "1e5.",
        " inf", "inf ", "nan", "NaN", "1e309", "0e309", "9e308", "1e000000000000000001",
        "0x1",  "1,5",  "--1", "+-1", "- 1"};
    double v;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        v = 99;
        if (!hl_parse_f64_pandas(hl_str_of(good[i].text), &v) || bits_of(v) != bits_of(good[i].v))
            tap_check(false, __FILE__, __LINE__, "'%s' gave %.17g", good[i].text, v);
    }
    v = 99;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (hl_parse_f64_pandas(hl_str_of(bad[i]), &v))
            tap_check(false, __FILE__, __LINE__, "'%s' was taken", bad[i]);
    ok(v == 99);
}

static void missing_is_what_pandas_calls_missing(void)
{
    static const char *const yes[] = {"",         "#N/A", "#N/A N/A", "#NA",    "-1.#IND",
                                      "-1.#QNAN", "-NaN", "-nan",     "1.#IND", "1.#QNAN",
                                      "<NA>",     "N/A",  "NA",       "NULL",   "NaN",
                                      "None",     "n/a",  "nan",      "null"};
    static const char *const no[] = {
        " ", "na", "Na", "NAN", "none", "NONE", "Null",   " NA",    "NA ",       "#n/a", "___",
        "-", "0",  "-1", "N",   "nil",  "NaT",  "1.#INF", "UNABLE", "#N/A N/A ", "<NA",  "nanx"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (!hl_is_missing(hl_str_of(yes[i])))
            tap_check(false, __FILE__, __LINE__, "'%s' is not missing", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (hl_is_missing(hl_str_of(no[i])))
            tap_check(false, __FILE__, __LINE__, "'%s' is missing", no[i]);
    ok(!hl_is_missing(S("\0\0\0")));
}

/* --- doubles out -------------------------------------------------------------------------------
 */

static void doubles_are_printed_as_python_does(void)
{
    static const struct {
        double v;
        const char *text;
    } table[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {3.0, "3.0"},
        {-1.5, "-1.5"},
        {100.0, "100.0"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {0.0001, "0.0001"},
        {0.00012345, "0.00012345"},
        {0.00001, "1e-05"},
        {0.000012345, "1.2345e-05"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {999999999999999.9, "999999999999999.9"},
        {9999999999999998.0, "9999999999999998.0"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {12345678901234567.0, "1.2345678901234568e+16"},
        {9007199254740991.0, "9007199254740991.0"},
        {9007199254740992.0, "9007199254740992.0"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {9.5367431640625e-07, "9.5367431640625e-07"},
        {5e-324, "5e-324"},
        {1e-323, "1e-323"},
        {1.5e-323, "1.5e-323"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {2.225073858507201e-308, "2.225073858507201e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {-1.7976931348623157e308, "-1.7976931348623157e+308"},
        {2e-100, "2e-100"},
        {9007199254740993e3, "9.007199254740993e+18"},
        {5e22, "5e+22"},
        {2305843009213693952.0, "2.305843009213694e+18"}, /* 2^61 */
        {4.450147717014403e-308,
         "4.450147717014403e-308"}, /* 2^-1021: the lower neighbour is closer */
        {1.0020841800044864e-292, "1.0020841800044864e-292"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
    };
    char out[HL_F64_CHARS];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        is_int(hl_print_f64(table[i].v, out), strlen(table[i].text));
        is_str(out, table[i].text);
    }
    hl_print_f64(-(double)NAN, out);
    is_str(out, "nan");
}

/* What is printed reads back, and no shorter decimal does; of the shortest it is the closest. */
static void check_shortest(double v)
{
    char out[HL_F64_CHARS], shorter[64], best[64];
    double back = 0;
    size_t n = hl_print_f64(v, out);
    if (n >= HL_F64_CHARS || !hl_parse_f64(hl_str_of(out), &back) || bits_of(back) != bits_of(v)) {
        tap_check(false, __FILE__, __LINE__, "%s does not read back (%.17g)", out, v);
        return;
    }
    int digits = 0;
    const char *p = out;
    for (bool lead = true; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && !(lead && *p == '0')) {
            lead = false;
            digits++;
        }
    /* Trailing zeros of a positional form are no digits. */
    for (const char *q = p; q > out && (q[-1] == '0' || q[-1] == '.'); q--)
        digits -= q[-1] == '0';
    if (digits > 1) {
        snprintf(shorter, sizeof shorter, "%.*e", digits - 2, v);
        ok(strtod(shorter, NULL) != v);
    }
    /* printf rounds v itself: with that many digits it is the closest decimal there is. */
    snprintf(best, sizeof best, "%.*e", digits - 1, v);
    if (strtod(best, NULL) == v) {
        snprintf(shorter, sizeof shorter, "%.*e", digits - 1, strtod(out, NULL));
        is_str(shorter, best);
    }
}

static void every_double_reads_back_from_its_shortest_text(void)
{
    hl_rng rng = hl_rng_of(1, "doubles", 0);
    for (int i = 0; i < 20000; i++) {
        double v = double_of(hl_rng_u64(&rng));
        if (isfinite(v) && v != 0)
            check_shortest(v);
        check_shortest(
            double_of(hl_rng_below(&rng, UINT64_C(1) << (i % 52 + 1)) + 1)); /* subnormal */
        check_shortest((double)(int64_t)(hl_rng_below(&rng, 1000000000) + 1) / 1000);
    }
    for (uint64_t e = 0; e < 2047; e++) /* around every power of two */
        for (uint64_t k = 0; k < 3; k++) {
            uint64_t bits = (e << 52) + k - 1;
            if (bits != 0 && bits >> 52 < 2047)
                check_shortest(double_of(bits));
        }
}

int main(void)
{
    run(integers_are_read_whole_or_not_at_all);
    run(integers_of_pandas_may_have_blanks_around);
    run(integers_are_printed);
    run(decimals_are_rounded_correctly);
    run(what_is_no_decimal_is_refused);
    run(the_last_of_many_digits_decides);
    run(long_texts_of_zeros_are_read);
    run(a_slice_is_not_read_beyond_its_end);
    run(powers_of_ten_are_those_of_the_compiler);
    run(the_pandas_vectors_are_met);
    run(the_quirks_of_pandas_are_kept);
    run(missing_is_what_pandas_calls_missing);
    run(doubles_are_printed_as_python_does);
    run(every_double_reads_back_from_its_shortest_text);
    return done();
}
