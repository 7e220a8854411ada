#include "format/dicom/text_sets.h"

/* PS3.3 tables C.12-3 and C.12-4. The converters are names that glibc and musl know. */
const hl_half_set hl_half_sets[HL_N_HALF_SETS] = {
    {6, 0, "\x28\x42", HL_SET_ASCII, NULL, 0},
    {13, 0, "\x28\x4a", HL_SET_ROMAJI, NULL, 0},
    {13, 1, "\x29\x49", HL_SET_KATAKANA, NULL, 0},
    {100, 1, "\x2d\x41", HL_SET_LATIN1, NULL, 0},
    {101, 1, "\x2d\x42", HL_SET_BYTES, "ISO-8859-2", 0},
    {109, 1, "\x2d\x43", HL_SET_BYTES, "ISO-8859-3", 0},
    {110, 1, "\x2d\x44", HL_SET_BYTES, "ISO-8859-4", 0},
    {144, 1, "\x2d\x4c", HL_SET_BYTES, "ISO-8859-5", 0},
    {127, 1, "\x2d\x47", HL_SET_BYTES, "ISO-8859-6", 0},
    {126, 1, "\x2d\x46", HL_SET_BYTES, "ISO-8859-7", 0},
    {138, 1, "\x2d\x48", HL_SET_BYTES, "ISO-8859-8", 0},
    {148, 1, "\x2d\x4d", HL_SET_BYTES, "ISO-8859-9", 0},
    {203, 1, "\x2d\x62", HL_SET_BYTES, "ISO-8859-15", 0},
    {166, 1, "\x2d\x54", HL_SET_BYTES, "TIS-620", 0},
    {87, 0, "\x24\x42", HL_SET_PAIRS, "EUC-JP", 0},
    {159, 0, "\x24\x28\x44", HL_SET_PAIRS, "EUC-JP", 0x8f},
    {149, 1, "\x24\x29\x43", HL_SET_PAIRS, "EUC-KR", 0},
    {58, 1, "\x24\x29\x41", HL_SET_PAIRS, "GB2312", 0},
};

const hl_half_set *hl_half_set_of(int number, int half)
{
    for (size_t i = 0; i < HL_N_HALF_SETS; i++)
        if (hl_half_sets[i].number == number && hl_half_sets[i].half == half)
            return &hl_half_sets[i];
    return NULL;
}

const hl_half_set *hl_half_set_escaped(const char *at, size_t n)
{
    for (size_t i = 0; i < HL_N_HALF_SETS; i++) {
        size_t length = strlen(hl_half_sets[i].after);
        if (n >= length && memcmp(at, hl_half_sets[i].after, length) == 0)
            return &hl_half_sets[i];
    }
    return NULL;
}

int hl_charset_term(hl_str value)
{
    char name[24];
    size_t n = 0;
    int64_t number;

    for (size_t i = 0; i < value.n; i++) {
        char ch = value.at[i];
        if (ch == ' ' || ch == '_' || ch == '-' || ch == 0)
            continue;
        if (n + 1 == sizeof name)
            return HL_TERM_UNKNOWN;
        name[n++] = ch >= 'a' && ch <= 'z' ? (char)(ch - 'a' + 'A') : ch;
    }
    name[n] = 0;
    if (n == 0)
        return 6;
    hl_str rest = {name, n};
    if (hl_str_starts(rest, "ISO2022"))
        rest = (hl_str){name + 7, n - 7};
    else if (hl_str_starts(rest, "ISOIR"))
        rest = (hl_str){name + 3, n - 3};
    if (hl_str_is(rest, "GBK"))
        return HL_TERM_GBK;
    if (hl_str_is(rest, "GB18030"))
        return HL_TERM_GB18030;
    if (rest.at == name) /* neither ISO_IR nor ISO 2022 in front */
        return HL_TERM_UNKNOWN;
    if (hl_str_starts(rest, "IR"))
        rest = (hl_str){rest.at + 2, rest.n - 2};
    if (!hl_parse_i64(rest, &number))
        return HL_TERM_UNKNOWN;
    if (number == HL_TERM_UTF8)
        return HL_TERM_UTF8;
    for (size_t i = 0; i < HL_N_HALF_SETS; i++)
        if (hl_half_sets[i].number == number)
            return hl_half_sets[i].number;
    return HL_TERM_UNKNOWN;
}
