#include "monitor/message.h"

#include "base/civil.h"

#define SECOND_US INT64_C(1000000)

/* The n digits at p as a number; -1 if one is none. */
static int digits(const char *p, int n)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if ((unsigned char)(p[i] - '0') > 9)
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

/* ".digits" at the head of *text, taken off it, as microseconds rounded half up. */
static bool take_fraction(hl_str *text, int64_t *us)
{
    int64_t v = 0, unit = SECOND_US / 10;
    size_t i = 1;

    *us = 0;
    if (text->n == 0 || *text->at != '.')
        return true;
    for (; i < text->n && (unsigned char)(text->at[i] - '0') <= 9; i++) {
        int digit = text->at[i] - '0';
        v += unit > 0 ? digit * unit : i == 7 && digit >= 5;
        unit /= 10;
    }
    *us = v;
    *text = (hl_str){text->at + i, text->n - i};
    return i > 1;
}

/* "+ZZ:ZZ" or " +ZZ:ZZ", nothing behind it. */
static bool parse_zone(hl_str text, int32_t *zone_min)
{
    if (text.n > 0 && *text.at == ' ')
        text = (hl_str){text.at + 1, text.n - 1};
    if (text.n != 6 || (*text.at != '+' && *text.at != '-') || text.at[3] != ':')
        return false;
    int hours = digits(text.at + 1, 2), minutes = digits(text.at + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *zone_min = (*text.at == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

bool hl_stamp_parse(hl_str text, hl_stamp *out)
{
    enum { TO_SECOND = 19 };
    const char *p = text.at;
    hl_civil c;
    int64_t us;
    int32_t zone_min;

    if (text.n < TO_SECOND || p[4] != '-' || p[7] != '-' || p[10] != ' ' || p[13] != ':' ||
        p[16] != ':')
        return false;
    c = (hl_civil){.year = digits(p, 4),
                   .month = digits(p + 5, 2),
                   .day = digits(p + 8, 2),
                   .hour = digits(p + 11, 2),
                   .minute = digits(p + 14, 2),
                   .second = digits(p + 17, 2)};
    hl_str rest = {p + TO_SECOND, text.n - TO_SECOND};
    if (!take_fraction(&rest, &us) || !parse_zone(rest, &zone_min))
        return false;
    if (c.second == 60) { /* a leap second goes into the last ms before it. waveform.md 4.7 */
        c.second = 59;
        us = 999000 + us / 1000;
        us = us < SECOND_US ? us : SECOND_US - 1;
    }
    if (!hl_civil_valid(&c))
        return false;
    *out = (hl_stamp){
        .us = (hl_civil_seconds(&c) - zone_min * INT64_C(60)) * SECOND_US + us,
        .zone_min = zone_min,
        .has = true,
    };
    return true;
}

size_t hl_stamp_print(int64_t us, int32_t zone_min, char out[HL_STAMP_CHARS])
{
    int64_t s = us / SECOND_US, rest = us % SECOND_US;
    int32_t zone = zone_min < 0 ? -zone_min : zone_min;

    if (rest < 0) {
        rest += SECOND_US;
        s--;
    }
    hl_civil c = hl_civil_of(s + zone_min * INT64_C(60));
    int n = snprintf(out, HL_STAMP_CHARS, "%04d-%02d-%02d %02d:%02d:%02d.%03d %c%02d:%02d", c.year,
                     c.month, c.day, c.hour, c.minute, c.second, (int)(rest / 1000),
                     zone_min < 0 ? '-' : '+', (int)(zone / 60 % 100), (int)(zone % 60));
    return (size_t)n;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Where the two digits of byte i stand: groups of 8-4-4-4-12. */
static const uint8_t uuid_place[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

bool hl_uuid_parse(hl_str text, hl_uuid *out)
{
    const char *p = text.at;
    hl_uuid id;

    if (text.n != HL_UUID_CHARS - 1 || p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
        return false;
    for (int i = 0; i < 16; i++) {
        int high = hex_digit(p[uuid_place[i]]), low = hex_digit(p[uuid_place[i] + 1]);
        if (high < 0 || low < 0)
            return false;
        id.byte[i] = (uint8_t)(high << 4 | low);
    }
    *out = id;
    return true;
}

void hl_uuid_print(hl_uuid id, char out[HL_UUID_CHARS])
{
    static const char hex[] = "0123456789abcdef";

    memset(out, '-', HL_UUID_CHARS - 1);
    for (int i = 0; i < 16; i++) {
        out[uuid_place[i]] = hex[id.byte[i] >> 4];
        out[uuid_place[i] + 1] = hex[id.byte[i] & 15];
    }
    out[HL_UUID_CHARS - 1] = 0;
}
