#include "base/civil.h"

/* Seconds of 0001-01-01 00:00:00 and of 9999-12-31 23:59:59. */
static const int64_t first_s = INT64_C(-62135596800), last_s = INT64_C(253402300799);

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool hl_civil_valid(const hl_civil *c)
{
    return c->year >= 1 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= days_of_month(c->year, c->month) && c->hour >= 0 && c->hour <= 23 &&
           c->minute >= 0 && c->minute <= 59 && c->second >= 0 && c->second <= 59;
}

/* Days are counted in eras of 400 years that begin on the 1st of March, so that the leap day is the
 * last of its year. H. Hinnant, "chrono-compatible low-level date algorithms". */
enum { ERA_DAYS = 146097, EPOCH_DAYS = 719468 /* 0000-03-01 to 1970-01-01 */ };

int64_t hl_civil_seconds(const hl_civil *c)
{
    int64_t year = c->month <= 2 ? (int64_t)c->year - 1 : c->year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (c->month + (c->month > 2 ? -3 : 9)) + 2) / 5 + c->day - 1;
    int64_t days = era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAYS;

    return days * HL_DAY_S + c->hour * HL_HOUR_S + c->minute * 60 + c->second;
}

hl_civil hl_civil_of(int64_t s)
{
    if (s < first_s)
        s = first_s;
    if (s > last_s)
        s = last_s;
    int64_t of_day = s % HL_DAY_S;
    if (of_day < 0)
        of_day += HL_DAY_S;
    int64_t days = (s - of_day) / HL_DAY_S + EPOCH_DAYS; /* not negative for year 1 on */
    int64_t era = days / ERA_DAYS;
    int64_t of_era = days % ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* March = 0 */

    return (hl_civil){
        .year = (int)(year + era * 400 + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (int)(of_day / HL_HOUR_S),
        .minute = (int)(of_day / 60 % 60),
        .second = (int)(of_day % 60),
    };
}

/* The n digits at p as a number; -1 if one is none. */
static int number(const char *p, int n)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if ((unsigned char)(p[i] - '0') > 9)
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

/* ".digits" to the end. */
static bool is_fraction(const char *p, size_t n)
{
    if (n < 2 || *p != '.')
        return false;
    for (size_t i = 1; i < n; i++)
        if ((unsigned char)(p[i] - '0') > 9)
            return false;
    return true;
}

bool hl_parse_time(hl_str text, hl_time_rule rule, int64_t *out)
{
    enum { DATE = 10, TO_MINUTE = 16, TO_SECOND = 19 };
    const char *p = text.at;
    hl_civil c = {0};

    if (text.n != DATE && text.n != TO_MINUTE && text.n < TO_SECOND)
        return false;
    if (p[4] != '-' || p[7] != '-')
        return false;
    c.year = number(p, 4);
    c.month = number(p + 5, 2);
    c.day = number(p + 8, 2);
    if (text.n >= TO_MINUTE) {
        if ((p[10] != ' ' && p[10] != 'T') || p[13] != ':')
            return false;
        c.hour = number(p + 11, 2);
        c.minute = number(p + 14, 2);
    }
    if (text.n >= TO_SECOND) {
        if (p[16] != ':')
            return false;
        c.second = number(p + 17, 2);
    }
    if (text.n > TO_SECOND &&
        (rule != HL_TIME_CUT_FRACTION || !is_fraction(p + TO_SECOND, text.n - TO_SECOND)))
        return false;
    if (!hl_civil_valid(&c))
        return false;
    *out = hl_civil_seconds(&c);
    return true;
}

bool hl_parse_yyyymmdd(int64_t n, int64_t *out)
{
    if (n < 0 || n > 99991231)
        return false;
    hl_civil c = {.year = (int)(n / 10000), .month = (int)(n / 100 % 100), .day = (int)(n % 100)};
    if (!hl_civil_valid(&c))
        return false;
    *out = hl_civil_seconds(&c);
    return true;
}

/* v in n digits, zeros in front. */
static char *put(char *to, int v, int n)
{
    for (int i = n - 1; i >= 0; i--, v /= 10)
        to[i] = (char)('0' + v % 10);
    return to + n;
}

static char *put_date(char *to, const hl_civil *c)
{
    to = put(to, c->year, 4);
    *to++ = '-';
    to = put(to, c->month, 2);
    *to++ = '-';
    return put(to, c->day, 2);
}

size_t hl_print_date(int64_t s, char out[HL_TIME_CHARS])
{
    const hl_civil c = hl_civil_of(s);
    char *end = put_date(out, &c);

    *end = 0;
    return (size_t)(end - out);
}

size_t hl_print_time(int64_t s, char out[HL_TIME_CHARS])
{
    const hl_civil c = hl_civil_of(s);
    char *to = put_date(out, &c);

    *to++ = ' ';
    to = put(to, c.hour, 2);
    *to++ = ':';
    to = put(to, c.minute, 2);
    *to++ = ':';
    to = put(to, c.second, 2);
    *to = 0;
    return (size_t)(to - out);
}
