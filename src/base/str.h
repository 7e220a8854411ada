/*
 * str.h - text slices, and numbers and times in text.
 *
 * A hl_str points into memory of somebody else and is not NUL-terminated. No function here looks
 * at the locale.
 */
#ifndef HL_BASE_STR_H
#define HL_BASE_STR_H

#include <string.h>

#include "base/error.h"

typedef struct {
    const char *at;
    size_t n;
} hl_str;

static inline hl_str hl_str_of(const char *text)
{
    return (hl_str){text, text ? strlen(text) : 0};
}
static inline bool hl_str_equal(hl_str a, hl_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}
static inline bool hl_str_is(hl_str a, const char *text)
{
    return hl_str_equal(a, hl_str_of(text));
}
bool hl_str_starts(hl_str text, const char *head);
bool hl_str_ends(hl_str text, const char *tail);
hl_str hl_str_trim(hl_str text);        /* without blanks and tabs at both ends */
int hl_str_compare(hl_str a, hl_str b); /* byte order; a prefix comes first */

/* Offset of the first byte that is no well-formed UTF-8 (overlong forms, surrogates and values
 * above U+10FFFF are not), or -1 when all is well. */
int64_t hl_utf8_fault(const char *at, size_t n);

/* For messages: text as it is but with control bytes and invalid UTF-8 as \xNN and at most 60 bytes
 * ("..." behind), NUL-terminated into out. Returns out. */
#define HL_SHOW_BYTES 256
const char *hl_show(hl_str text, char out[HL_SHOW_BYTES]);

/* --- numbers in text: whole slice or nothing ------------------------------------------------- */

/* Optional sign, digits, nothing else, within 64 bits. */
bool hl_parse_i64(hl_str text, int64_t *out);

/* Decimal number, correctly rounded (as C strtod and Python float): optional sign, digits with
 * optional point, optional exponent; inf/infinity/nan in any case. No hex, no blanks. */
bool hl_parse_f64(hl_str text, double *out);

/* As pandas 2's default read_csv parser: not correctly rounded beyond 15 digits, kept bit for bit.
 * Blanks at both ends are skipped. false: "not a number" (the column is then text). symile.md 1.2
 */
bool hl_parse_f64_pandas(hl_str text, double *out);

/* Integer as pandas takes it: blanks at both ends, optional sign, digits, within 64 bits. */
bool hl_parse_i64_pandas(hl_str text, int64_t *out);

/* One of the strings that pandas reads as missing, the empty one included. symile.md 1.1 */
bool hl_is_missing(hl_str text);

/* Shortest decimal that reads back as v, laid out as Python's repr (1e-05, 1e+16, 3.0, -0.0, inf,
 * nan). Returns the length; out is NUL-terminated. symile.md 1.3 */
#define HL_F64_CHARS 32
size_t hl_print_f64(double v, char out[HL_F64_CHARS]);
size_t hl_print_i64(int64_t v, char out[HL_F64_CHARS]);

#endif
