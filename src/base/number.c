#include "base/str.h"

#include <locale.h>
#include <math.h>

#include "base/pow10.h"
#include "base/shortest.h"

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* --- integers ----------------------------------------------------------------------------------
 */

bool hl_parse_i64(hl_str text, int64_t *out)
{
    if (text.n == 0)
        return false;
    const char *p = text.at, *end = p + text.n;
    bool negative = false;
    uint64_t v = 0;

    if (*p == '-' || *p == '+')
        negative = *p++ == '-';
    if (p == end)
        return false;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        if (__builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
            return false;
    }
    if (v > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* What pandas' tokenizer counts as a blank: C's isspace in the C locale. */
static bool is_space(char c)
{
    return c == ' ' || (unsigned char)(c - '\t') < 5;
}

static hl_str without_spaces(hl_str text)
{
    while (text.n > 0 && is_space(text.at[0])) {
        text.at++;
        text.n--;
    }
    while (text.n > 0 && is_space(text.at[text.n - 1]))
        text.n--;
    return text;
}

bool hl_parse_i64_pandas(hl_str text, int64_t *out)
{
    return hl_parse_i64(without_spaces(text), out);
}

/* The digits of v into out, which has room for them (20 at most). Returns how many. */
static size_t put_digits(uint64_t v, char *out)
{
    static const char pair[200] = "0001020304050607080910111213141516171819202122232425262728293031"
                                  "3233343536373839404142434445464748"
                                  "4950515253545556575859606162636465666768697071727374757677787980"
                                  "8182838485868788899091929394959697"
                                  "9899";
    char text[20];
    size_t at = sizeof text;

    for (; v >= 100; v /= 100) {
        at -= 2;
        memcpy(text + at, pair + v % 100 * 2, 2);
    }
    if (v >= 10) {
        at -= 2;
        memcpy(text + at, pair + v * 2, 2);
    } else {
        text[--at] = (char)('0' + v);
    }
    memcpy(out, text + at, sizeof text - at);
    return sizeof text - at;
}

size_t hl_print_i64(int64_t v, char out[HL_F64_CHARS])
{
    size_t n = 0;

    if (v < 0)
        out[n++] = '-';
    n += put_digits(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, out + n);
    out[n] = 0;
    return n;
}

/* --- decimal to double, correctly rounded ------------------------------------------------------
 */

/* A decimal number in text, taken apart: about mantissa * 10^exponent. */
typedef struct {
    bool negative;
    bool cut;           /* digits beyond the first 19 significant ones that are not 0 */
    uint64_t mantissa;  /* the first 19 significant digits at most */
    int64_t exponent;   /* of ten, for mantissa */
    const char *digits; /* the digits and the point: for the exact path */
    const char *digits_end;
} decimal;

enum { MANTISSA_DIGITS = 19 }; /* 10^19 < 2^64 */

/* digits [. digits] or . digits */
static const char *scan_digits(const char *p, const char *end, decimal *d)
{
    int taken = 0; /* significant digits in mantissa */
    bool any = false, point = false;

    d->digits = p;
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(*p))
            break;
        any = true;
        if (taken < MANTISSA_DIGITS) {
            d->mantissa = d->mantissa * 10 + (uint64_t)(*p - '0');
            taken += d->mantissa != 0;
            d->exponent -= point;
        } else {
            d->cut |= *p != '0';
            d->exponent += !point;
        }
    }
    d->digits_end = p;
    return any ? p : NULL;
}

/* [e|E [sign] digits] up to the end of the text. */
static bool scan_exponent(const char *p, const char *end, decimal *d)
{
    const int64_t most = INT64_C(100000000000000000); /* larger than any text is long */
    bool negative = false;
    int64_t e = 0;

    if (p == end)
        return true;
    if (*p != 'e' && *p != 'E')
        return false;
    p++;
    if (p < end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    if (p == end)
        return false;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        if (e < most)
            e = e * 10 + (*p - '0');
    }
    if (e > most)
        e = most;
    d->exponent += negative ? -e : e;
    return true;
}

/* mantissa * 10^exponent rounded to nearest even, by one or two multiplications with a 128-bit
 * power. false: too close to a tie to tell, or not a normal number. M. Lemire, "Number parsing at a
 * gigabyte per second" (2021), after M. Eisel; the tests are those of Go's strconv. */
static bool eisel_lemire(uint64_t mantissa, int64_t exponent, double *out)
{
    if (exponent < HL_POW10_FIRST || exponent > 308)
        return false;
    const int e10 = (int)exponent;
    const hl_pow10 power = hl_pow10_table[e10 - HL_POW10_FIRST];
    const int zeros = __builtin_clzll(mantissa);
    const uint64_t m = mantissa << zeros;
    /* 217706 / 2^16 is log2(10) closely enough for the floor in this range. */
    int64_t e2 = (((int64_t)217706 * e10) >> 16) + 64 + 1023 - zeros;

    unsigned __int128 x = (unsigned __int128)m * power.hi;
    uint64_t hi = (uint64_t)(x >> 64), lo = (uint64_t)x;
    if ((hi & 0x1FF) == 0x1FF && lo + m < lo) {
        unsigned __int128 y = (unsigned __int128)m * power.lo;
        x += (uint64_t)(y >> 64);
        hi = (uint64_t)(x >> 64);
        lo = (uint64_t)x;
        if ((hi & 0x1FF) == 0x1FF && lo == UINT64_MAX && (uint64_t)y + m < m)
            return false;
    }
    const unsigned top = (unsigned)(hi >> 63);
    uint64_t bits = hi >> (top + 9); /* 54 of them */
    e2 -= 1 ^ top;
    if (lo == 0 && (hi & 0x1FF) == 0 && (bits & 3) == 1) {
        if (e10 < 0 || power.lo != 0)
            return false;
        /* The product is exact. A tie (1e23 is one) goes to the even neighbour, which is below. */
        if (top == 0 || (hi & 0x200) == 0)
            bits--;
    }
    bits += bits & 1;
    bits >>= 1;
    if (bits >> 53) {
        bits >>= 1;
        e2++;
    }
    if (e2 < 1 || e2 > 0x7FE)
        return false;
    bits = (uint64_t)e2 << 52 | (bits & UINT64_C(0x000FFFFFFFFFFFFF));
    memcpy(out, &bits, sizeof bits);
    return true;
}

/* The C library's exact conversion, in the C locale whatever the program's is, of a copy in which
 * the number is "digits e exponent". No double needs more than 768 digits to be told from its
 * neighbours and the middle between them; what is cut beyond that is kept as one digit that is not
 * 0. */
static bool exact(const decimal *d, double *out)
{
    enum { MOST_DIGITS = 800 };
    char text[MOST_DIGITS + 40];
    size_t n = 0;
    int64_t exponent = d->exponent;
    int taken = 0; /* significant digits passed: the first 19 are in the exponent of d */
    bool rest = false;

    for (const char *p = d->digits; p < d->digits_end; p++) {
        if (*p == '.' || (n == 0 && *p == '0'))
            continue;
        if (n < MOST_DIGITS) {
            text[n++] = *p;
            exponent -= taken >= MANTISSA_DIGITS;
        } else {
            rest |= *p != '0';
        }
        taken++;
    }
    if (rest) {
        text[n++] = '1';
        exponent--;
    }
    if (exponent > 99999)
        exponent = 99999;
    if (exponent < -99999)
        exponent = -99999;
    snprintf(text + n, sizeof text - n, "e%d", (int)exponent);

    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        return false;
    *out = strtod_l(text, NULL, c_locale);
    freelocale(c_locale);
    return true;
}

/* 10^0 to 10^22: all that a double holds exactly. */
static const double exact_power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { LAST_EXACT_POWER = 22 };

static bool convert(const decimal *d, double *out)
{
    double low, high;

    if (d->mantissa == 0) {
        *out = 0.0;
        return true;
    }
    /* Two exact numbers and one rounding: W. D. Clinger, "How to read floating point numbers
     * accurately" (1990). */
    if (!d->cut && d->mantissa <= UINT64_C(1) << 53 && d->exponent >= -LAST_EXACT_POWER &&
        d->exponent <= LAST_EXACT_POWER) {
        *out = d->exponent < 0 ? (double)d->mantissa / exact_power[-d->exponent]
                               : (double)d->mantissa * exact_power[d->exponent];
        return true;
    }
    /* A number with cut digits lies between mantissa and mantissa + 1. */
    if (eisel_lemire(d->mantissa, d->exponent, &low) &&
        (!d->cut || (eisel_lemire(d->mantissa + 1, d->exponent, &high) && low == high))) {
        *out = low;
        return true;
    }
    return exact(d, out);
}

/* word in lower case; text in any. */
static bool is_word(const char *p, size_t n, const char *word)
{
    if (n != strlen(word))
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] - 'A' + 'a') : p[i];
        if (c != word[i])
            return false;
    }
    return true;
}

static bool is_infinity(const char *p, size_t n)
{
    return is_word(p, n, "inf") || is_word(p, n, "infinity");
}

bool hl_parse_f64(hl_str text, double *out)
{
    if (text.n == 0)
        return false;
    const char *p = text.at, *end = p + text.n;
    decimal d = {0};
    double v;

    if (*p == '-' || *p == '+')
        d.negative = *p++ == '-';
    if (p == end)
        return false;
    if (is_digit(*p) || *p == '.') {
        p = scan_digits(p, end, &d);
        if (!p || !scan_exponent(p, end, &d) || !convert(&d, &v))
            return false;
    } else if (is_infinity(p, (size_t)(end - p))) {
        v = INFINITY;
    } else if (is_word(p, (size_t)(end - p), "nan")) {
        v = NAN;
    } else {
        return false;
    }
    *out = d.negative ? -v : v;
    return true;
}

/* --- decimal to double, as pandas 2 ------------------------------------------------------------
 */

/* 10^k as a correctly rounded constant, 0 <= k <= 308. */
static double power_of_ten(int64_t k)
{
    double v;

    if (k <= LAST_EXACT_POWER)
        return exact_power[k];
    bool decided = eisel_lemire(1, k, &v);
    hl_assert(decided); /* it decides all of them: number_test */
    return v;
}

/* number * 10^e in pandas' order of operations. false: pandas' ERANGE. */
static bool scale_pandas(double number, int64_t e, double *out)
{
    if (e > 308)
        return false;
    if (e > 0) {
        number *= power_of_ten(e);
    } else if (e >= -308) {
        number /= power_of_ten(-e);
    } else {
        /* The original reads beyond its table below -616, where every number is 0 long since. */
        number /= power_of_ten(-308 - e > 308 ? 308 : -308 - e);
        number /= 1e308;
    }
    if (isinf(number))
        return false;
    *out = number;
    return true;
}

/* [+-]inf or [+-]infinity in any case, without blanks. */
static bool take_infinity(hl_str text, double *out)
{
    bool negative = text.n > 0 && text.at[0] == '-';

    if (negative || hl_str_starts(text, "+")) {
        text.at++;
        text.n--;
    }
    if (!is_infinity(text.at, text.n))
        return false;
    *out = negative ? -INFINITY : INFINITY;
    return true;
}

/* symile.md 1.2, step by step; the quirks are the original's. */
bool hl_parse_f64_pandas(hl_str text, double *out)
{
    enum { MOST_DIGITS = 17 };
    double number = 0.0;
    int64_t exponent = 0;
    int n_digits = 0;
    bool negative = false;

    if (take_infinity(text, out))
        return true;
    text = without_spaces(text);
    if (text.n == 0)
        return false;
    const char *p = text.at, *end = p + text.n;
    if (*p == '-' || *p == '+')
        negative = *p++ == '-';
    for (; p < end && is_digit(*p); p++) {
        if (n_digits < MOST_DIGITS) {
            number = number * 10.0 + (*p - '0');
            n_digits++;
        } else {
            exponent++;
        }
    }
    if (p < end && *p == '.') {
        for (p++; p < end && is_digit(*p); p++)
            if (n_digits < MOST_DIGITS) {
                number = number * 10.0 + (*p - '0');
                n_digits++;
                exponent--;
            }
    }
    if (n_digits == 0)
        return false;
    if (negative)
        number = -number;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int64_t e = 0;
        p++;
        negative = false;
        if (p < end && (*p == '-' || *p == '+'))
            negative = *p++ == '-';
        for (n_digits = 0; n_digits < MOST_DIGITS && p < end && is_digit(*p); p++, n_digits++)
            e = e * 10 + (*p - '0');
        if (n_digits == 0)
            return false;
        exponent += negative ? -e : e;
    }
    return p == end && scale_pandas(number, exponent, out);
}

bool hl_is_missing(hl_str text)
{
    /* pandas 2.2: STR_NA_VALUES. */
    static const char *const name[] = {
        "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A",      "NA",  "NULL",    "NaN",      "None", "n/a",  "nan",    "null"};

    if (text.n == 0)
        return true;
    /* Most fields are numbers or words that begin with something else. */
    char last = text.at[text.n - 1];
    if (text.n > 8 || text.n < 2 || (last >= '0' && last <= '9') ||
        !memchr("#-1<Nn", text.at[0], 6))
        return false;
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++)
        if (hl_str_is(text, name[i]))
            return true;
    return false;
}

/* --- double to text ----------------------------------------------------------------------------
 */

static size_t put_word(const char *word, char *out)
{
    size_t n = strlen(word);

    memcpy(out, word, n + 1);
    return n;
}

/* Python's repr: float_repr_style "short", format 'r': positional for -4 <= e10 < 16. */
size_t hl_print_f64(double v, char out[HL_F64_CHARS])
{
    uint64_t bits;
    char digits[20];
    size_t at = 0;

    memcpy(&bits, &v, sizeof bits);
    if (isnan(v))
        return put_word("nan", out);
    if (bits >> 63)
        out[at++] = '-';
    if (isinf(v))
        return at + put_word("inf", out + at);
    if (v == 0.0)
        return at + put_word("0.0", out + at);

    const hl_decimal d = hl_shortest(bits & (UINT64_MAX >> 1));
    const int n = (int)put_digits(d.digits, digits);
    const int e10 = d.exponent + n - 1; /* floor(log10(|v|)) */

    if (e10 < -4 || e10 >= 16) {
        out[at++] = digits[0];
        if (n > 1) {
            out[at++] = '.';
            memcpy(out + at, digits + 1, (size_t)n - 1);
            at += (size_t)n - 1;
        }
        out[at++] = 'e';
        out[at++] = e10 < 0 ? '-' : '+';
        unsigned e = (unsigned)(e10 < 0 ? -e10 : e10);
        if (e < 10)
            out[at++] = '0';
        at += put_digits(e, out + at);
    } else if (e10 < 0) {
        memcpy(out + at, "0.000", 5);
        at += (size_t)(1 - e10);
        memcpy(out + at, digits, (size_t)n);
        at += (size_t)n;
    } else {
        for (int i = 0; i < n || i <= e10; i++) {
            if (i == e10 + 1)
                out[at++] = '.';
            out[at++] = i < n ? digits[i] : '0';
        }
        if (n <= e10 + 1) {
            out[at++] = '.';
            out[at++] = '0';
        }
    }
    out[at] = 0;
    return at;
}
