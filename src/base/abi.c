#include "hilum/hilum.h"

#include <stdlib.h>

/* Every field with its offset. The compiler proves the numbers; changing one changes the layout
 * that bindings know: raise HL_ABI_VERSION then. The library is for machines with 64-bit pointers.
 */
#define ERROR_BYTES 1560
#define ERROR_FIELDS(X)                                                                            \
    X(hl_error, code, 0)                                                                           \
    X(hl_error, reserved, 4)                                                                       \
    X(hl_error, line, 8)                                                                           \
    X(hl_error, offset, 16)                                                                        \
    X(hl_error, path, 24)                                                                          \
    X(hl_error, message, 536)
#define CTL_BYTES 72
#define CTL_FIELDS(X)                                                                              \
    X(hl_ctl, done, 0)                                                                             \
    X(hl_ctl, total, 8)                                                                            \
    X(hl_ctl, failed, 16)                                                                          \
    X(hl_ctl, bytes, 24)                                                                           \
    X(hl_ctl, phase, 32)                                                                           \
    X(hl_ctl, cancel, 40)                                                                          \
    X(hl_ctl, jobs, 44)                                                                            \
    X(hl_ctl, cpu, 48)                                                                             \
    X(hl_ctl, reserved, 52)                                                                        \
    X(hl_ctl, log, 56)                                                                             \
    X(hl_ctl, bytes_end, 64)

#define PROVE(type, field, at)                                                                     \
    _Static_assert(offsetof(type, field) == (at), #type "." #field " has moved");
ERROR_FIELDS(PROVE)
CTL_FIELDS(PROVE)
_Static_assert(sizeof(hl_error) == ERROR_BYTES, "hl_error has another size");
_Static_assert(sizeof(hl_ctl) == CTL_BYTES, "hl_ctl has another size");

#define NUMBER(n) #n
#define SIZE(n) "\"size\": " NUMBER(n)
#define TEXT(type, field, at) ", \"" #field "\": " #at

const char *hl_abi_layout(void)
{
    return "{\"hl_error\": {" SIZE(ERROR_BYTES) ERROR_FIELDS(TEXT) "}, "
                                                                   "\"hl_ctl\": {" SIZE(CTL_BYTES)
                                                                       CTL_FIELDS(TEXT) "}}";
}

int hl_abi_version(void)
{
    return HL_ABI_VERSION;
}

const char *hl_version(void)
{
    return HL_VERSION;
}

void hl_free(void *p)
{
    free(p);
}

void hl_report_free(hl_report *report)
{
    free(report->json);
    free(report->text);
    *report = (hl_report){0};
}
