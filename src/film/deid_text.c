/*
 * deid_text.c - does a free text look as if it named somebody? Patterns only: what it does not find
 * may still be there. films.md 4.2
 */
#include "film/deid.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* DOE^JOHN: letters on both sides of a caret. */
static bool has_caret_name(hl_str t)
{
    for (size_t i = 1; i + 1 < t.n; i++)
        if (t.at[i] == '^' && is_letter(t.at[i - 1]) && is_letter(t.at[i + 1]))
            return true;
    return false;
}

/* 1962-03-12, 12/03/1962, 12.3.62: three numbers with the same separator between them. */
static bool has_date(hl_str t)
{
    for (size_t i = 0; i < t.n; i++) {
        size_t k = i, run[3] = {0};
        char between = 0;
        if (!is_digit(t.at[i]) || (i > 0 && is_digit(t.at[i - 1])))
            continue;
        for (size_t part = 0; part < 3; part++) {
            size_t start = k;
            while (k < t.n && is_digit(t.at[k]))
                k++;
            run[part] = k - start;
            if (part == 2 || k >= t.n || !strchr("-/.", t.at[k]) || (part && t.at[k] != between))
                break;
            between = t.at[k++];
        }
        bool year_first = run[0] == 4 && run[1] >= 1 && run[1] <= 2 && run[2] >= 1 && run[2] <= 2;
        bool year_last = run[0] >= 1 && run[0] <= 2 && run[1] >= 1 && run[1] <= 2 &&
                         (run[2] == 4 || run[2] == 2);
        if (year_first || year_last)
            return true;
    }
    return false;
}

/* Seven digits or more in a row, or a phone number's groups of three and four. */
static bool has_number(hl_str t, bool *phone)
{
    size_t digits = 0;

    *phone = false;
    for (size_t i = 0; i < t.n; i++) {
        digits = is_digit(t.at[i]) ? digits + 1 : 0;
        if (digits >= 7)
            return true;
        if (digits == 4 && i >= 4 && (t.at[i - 4] == '-' || t.at[i - 4] == ' ') && i >= 7 &&
            is_digit(t.at[i - 5]) && is_digit(t.at[i - 6]) && is_digit(t.at[i - 7]) &&
            (i + 1 == t.n || !is_digit(t.at[i + 1])) && (i < 8 || !is_digit(t.at[i - 8]))) {
            *phone = true;
            return true;
        }
    }
    return false;
}

/* "Dr. Smith", "Dr Smith", "Smith MD", "Smith, M.D.". DR in capitals is digital radiography. */
static bool has_title(hl_str t)
{
    for (size_t i = 0; i + 1 < t.n; i++) {
        bool starts = i == 0 || !is_letter(t.at[i - 1]);
        size_t k = i + 2;
        if (starts && t.at[i] == 'D' && t.at[i + 1] == 'r') {
            if (k < t.n && t.at[k] == '.')
                k++;
            while (k < t.n && t.at[k] == ' ')
                k++;
            if (k > i + 2 && k < t.n && t.at[k] >= 'A' && t.at[k] <= 'Z')
                return true;
        }
        bool md = starts && i >= 3 && t.at[i] == 'M' &&
                  ((t.at[i + 1] == 'D' && (k == t.n || !is_letter(t.at[k]))) ||
                   (t.at[i + 1] == '.' && k < t.n && t.at[k] == 'D'));
        if (md && (t.at[i - 1] == ' ' || t.at[i - 1] == ','))
            return true;
    }
    return false;
}

const char *hl_deid_text(hl_str text)
{
    bool phone;

    if (text.n == 0)
        return NULL;
    if (has_caret_name(text))
        return "has the form of a person's name";
    if (has_date(text))
        return "has a date in it";
    if (has_number(text, &phone))
        return phone ? "has a phone number's form in it" : "has a number of seven or more digits";
    if (has_title(text))
        return "has a doctor's title in it";
    return NULL;
}
