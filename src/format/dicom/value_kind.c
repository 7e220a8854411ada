#include "format/dicom/value_kind.h"

#include <stddef.h>

static const struct {
    char vr[3];
    hl_value_kind kind;
} kinds[] = {
    {"AE", HL_VALUE_TEXT}, {"AS", HL_VALUE_TEXT},    {"AT", HL_VALUE_TAG},  {"CS", HL_VALUE_TEXT},
    {"DA", HL_VALUE_TEXT}, {"DS", HL_VALUE_DECIMAL}, {"DT", HL_VALUE_TEXT}, {"FD", HL_VALUE_REAL},
    {"FL", HL_VALUE_REAL}, {"IS", HL_VALUE_DECIMAL}, {"LO", HL_VALUE_TEXT}, {"LT", HL_VALUE_TEXT},
    {"PN", HL_VALUE_NAME}, {"SH", HL_VALUE_TEXT},    {"SL", HL_VALUE_INT},  {"SQ", HL_VALUE_ITEMS},
    {"SS", HL_VALUE_INT},  {"ST", HL_VALUE_TEXT},    {"SV", HL_VALUE_INT},  {"TM", HL_VALUE_TEXT},
    {"UC", HL_VALUE_TEXT}, {"UI", HL_VALUE_TEXT},    {"UL", HL_VALUE_INT},  {"UR", HL_VALUE_TEXT},
    {"US", HL_VALUE_INT},  {"UT", HL_VALUE_TEXT},    {"UV", HL_VALUE_INT},
};

hl_value_kind hl_value_kind_of(const char vr[2])
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].vr[0] == vr[0] && kinds[i].vr[1] == vr[1])
            return kinds[i].kind;
    return HL_VALUE_BYTES;
}
