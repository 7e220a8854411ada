/*
 * civil.h - dates and times without a zone: hospital local time.
 *
 * A time is an int64_t count of seconds since 1970-01-01 00:00:00 on the civil (proleptic
 * Gregorian) calendar: no leap seconds, no daylight saving, no zone. Years 1 to 9999.
 */
#ifndef HL_BASE_CIVIL_H
#define HL_BASE_CIVIL_H

#include "base/str.h"

#define HL_HOUR_S INT64_C(3600)
#define HL_DAY_S INT64_C(86400)

typedef struct {
    int year, month, day, hour, minute, second;
} hl_civil;

bool hl_civil_valid(const hl_civil *c); /* a real date and 00:00:00 to 23:59:59 */
int64_t hl_civil_seconds(const hl_civil *c);
hl_civil hl_civil_of(int64_t s);

typedef enum {
    HL_TIME_STRICT = 0,      /* a fraction of a second is refused */
    HL_TIME_CUT_FRACTION = 1 /* ... is cut off */
} hl_time_rule;

/* YYYY-MM-DD, YYYY-MM-DD HH:MM, YYYY-MM-DD HH:MM:SS[.frac]; 'T' may stand for the blank. A date
 * alone is midnight. The whole slice or nothing. symile.md 1.5 */
bool hl_parse_time(hl_str text, hl_time_rule rule, int64_t *out);

/* YYYYMMDD as a number (DICOM DA in MIMIC-CXR's metadata) to the seconds of its midnight. */
bool hl_parse_yyyymmdd(int64_t number, int64_t *out);

#define HL_TIME_CHARS 24
size_t hl_print_time(int64_t s, char out[HL_TIME_CHARS]); /* YYYY-MM-DD HH:MM:SS */
size_t hl_print_date(int64_t s, char out[HL_TIME_CHARS]); /* YYYY-MM-DD */

#endif
