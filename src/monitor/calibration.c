#include "monitor/calibration.h"

#include <math.h>
#include <stdio.h>

/* The value is +-c * 10^e. */
__extension__ typedef unsigned __int128 wide;
typedef struct {
    bool negative;
    wide c;
    int e;
} decimal;

enum {
    DIGITS = 28,     /* the converter's decimal precision */
    MOST_PLACES = 12 /* decimal places that a number of the export may have here */
};

static int digits_of(wide c)
{
    int n = 0;
    while (c > 0) {
        c /= 10;
        n++;
    }
    return n;
}

static wide power_of_ten(int n)
{
    wide p = 1;
    while (n-- > 0)
        p *= 10;
    return p;
}

static decimal strip(decimal d)
{
    while (d.c > 0 && d.c % 10 == 0) {
        d.c /= 10;
        d.e++;
    }
    if (d.c == 0)
        d.e = 0;
    return d;
}

/* To DIGITS digits, halves to even. */
static decimal rounded(decimal d)
{
    int drop = digits_of(d.c) - DIGITS;
    wide p, rest;

    if (drop <= 0)
        return strip(d);
    p = power_of_ten(drop);
    rest = d.c % p;
    d.c /= p;
    d.e += drop;
    if (rest > p / 2 || (rest == p / 2 && (d.c & 1)))
        d.c++;
    return strip(d);
}

/* The short decimal that v was read from. */
static bool decimal_of(double v, decimal *out)
{
    double scale = 1;

    for (int places = 0; places <= MOST_PLACES; places++, scale *= 10) {
        double whole = nearbyint(fabs(v) * scale);
        if (!(whole < 9007199254740992.0))
            return false;
        if (whole / scale == fabs(v)) {
            *out = strip((decimal){signbit(v) != 0, (wide)whole, -places});
            return true;
        }
    }
    return false;
}

/* a - b, not rounded; false when it does not fit. */
static bool minus(decimal a, decimal b, decimal *out)
{
    int e = a.e < b.e ? a.e : b.e;

    if (a.c == 0)
        e = b.e;
    if (b.c == 0)
        e = a.e;
    if (digits_of(a.c) + (a.c ? a.e - e : 0) > 37 || digits_of(b.c) + (b.c ? b.e - e : 0) > 37)
        return false;
    if (a.c)
        a.c *= power_of_ten(a.e - e);
    if (b.c)
        b.c *= power_of_ten(b.e - e);
    if (a.negative != b.negative)
        *out = (decimal){a.negative, a.c + b.c, e};
    else if (a.c >= b.c)
        *out = (decimal){a.negative, a.c - b.c, e};
    else
        *out = (decimal){!a.negative, b.c - a.c, e};
    return true;
}

/* a / b by hand: one digit more than kept, and a last digit that shows whether there are more. */
static bool divided(decimal a, decimal b, decimal *out)
{
    wide q, rest;
    int e = a.e - b.e;

    if (digits_of(a.c) > 18 || digits_of(b.c) > 18)
        return false;
    q = a.c / b.c;
    rest = a.c % b.c;
    for (; rest != 0 && digits_of(q) <= DIGITS; e--) {
        rest *= 10;
        q = q * 10 + rest / b.c;
        rest %= b.c;
    }
    if (rest != 0 && q % 5 == 0)
        q++;
    *out = rounded((decimal){a.negative != b.negative, q, e});
    return true;
}

static bool times(decimal a, decimal b, decimal *out)
{
    if (digits_of(a.c) + digits_of(b.c) > 38)
        return false;
    *out = rounded((decimal){a.negative != b.negative, a.c * b.c, a.e + b.e});
    return true;
}

static double value_of(decimal d)
{
    char text[80], digits[48];
    size_t n = sizeof digits;
    double v = 0;

    do
        digits[--n] = (char)('0' + (int)(d.c % 10));
    while ((d.c /= 10) > 0);
    snprintf(text, sizeof text, "%s%.*se%d", d.negative ? "-" : "", (int)(sizeof digits - n),
             digits + n, d.e);
    hl_parse_f64(hl_str_of(text), &v);
    return v;
}

/* What a header keeps of a number. */
static double in_header(double v)
{
    char text[40];

    snprintf(text, sizeof text, "%.16g", v);
    hl_parse_f64(hl_str_of(text), &v);
    return v;
}

/* Toward zero where it matters: a value just below a whole number must stay below it. */
static double cut_value(decimal d)
{
    if (d.e < 0 && d.e > -38) {
        wide p = power_of_ten(-d.e), whole = d.c / p;
        double v = (double)whole + (d.c % p ? 0.5 : 0.0);
        return d.negative ? -v : v;
    }
    return value_of(d);
}

hl_calibration hl_calibration_of(const hl_wave_definition *w, bool is_ecg)
{
    const double csl = w->scaled_lower.value, csu = w->scaled_upper.value;
    const double cal = w->absolute_lower.value, cau = w->absolute_upper.value;
    hl_calibration k = {0, 0};
    decimal sl, su, al, au, scaled, range, gain, product, base;
    bool exact;

    if (!w->scaled_lower.has || !w->scaled_upper.has || !w->absolute_lower.has ||
        !w->absolute_upper.has || cau == cal)
        return k;
    exact = decimal_of(csl, &sl) && decimal_of(csu, &su) && decimal_of(cal, &al) &&
            decimal_of(cau, &au) && minus(su, sl, &scaled) && minus(au, al, &range) &&
            divided(scaled, rounded(range), &gain);
    k.gain = in_header(exact ? value_of(gain) : (csu - csl) / (cau - cal));
    if (is_ecg)
        k.baseline = (csl + csu) / 2;
    else if (exact && times(al, gain, &product) && minus(sl, product, &base))
        k.baseline = cut_value(rounded(base));
    else
        k.baseline = csl - cal * k.gain;
    if (!isfinite(k.gain) || !isfinite(k.baseline))
        k = (hl_calibration){0, 0};
    return k;
}
