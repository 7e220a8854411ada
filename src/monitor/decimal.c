#include "monitor/events_internal.h"

static size_t count_digits(hl_str t, size_t from)
{
    size_t i = from;

    while (i < t.n && (unsigned char)(t.at[i] - '0') <= 9)
        i++;
    return i - from;
}

size_t hl_decimal_text(hl_str number, char out[HL_DECIMAL_CHARS])
{
    hl_str t = hl_str_trim(number);
    size_t i = 0, n = 0;

    if (t.n == 0 || t.n > HL_DECIMAL_CHARS - 8)
        return 0;
    if (t.at[0] == '-')
        out[n++] = '-';
    i += t.at[0] == '-' || t.at[0] == '+';

    size_t whole = count_digits(t, i), at = i, part = 0;
    i += whole;
    bool point = i < t.n && t.at[i] == '.';
    if (point) {
        part = count_digits(t, i + 1);
        i += 1 + part;
    }
    if (whole + part == 0)
        return 0;
    for (; whole > 1 && t.at[at] == '0'; whole--)
        at++;
    if (whole == 0)
        out[n++] = '0';
    memcpy(out + n, t.at + at, whole);
    n += whole;
    if (part > 0) {
        out[n++] = '.';
        memcpy(out + n, t.at + i - part, part);
        n += part;
    }
    if (i < t.n && (t.at[i] == 'e' || t.at[i] == 'E')) {
        size_t sign = i + 1 < t.n && (t.at[i + 1] == '-' || t.at[i + 1] == '+');
        size_t digits = count_digits(t, i + 1 + sign);
        out[n++] = 'E';
        memcpy(out + n, t.at + i + 1, sign + digits);
        n += sign + digits;
        i += 1 + sign + digits;
        if (digits == 0)
            return 0;
    }
    out[n] = 0;
    return i == t.n ? n : 0;
}

size_t hl_decimal_short(const char *text, size_t n)
{
    if (!memchr(text, '.', n) || memchr(text, 'E', n))
        return n;
    while (text[n - 1] == '0')
        n--;
    return text[n - 1] == '.' ? n - 1 : n;
}
