/*
 * text_sets.h - the character sets that SpecificCharacterSet can name, and the escapes that switch
 * between them: PS3.3 C.12.1.1.2, PS3.5 6.1; films.md 3.5. Internal to the text decoder.
 *
 * ISO 2022 has two halves: G0 stands for bytes 21..7E, G1 for A1..FE. An escape puts a set into one
 * of them.
 */
#ifndef HL_FORMAT_DICOM_TEXT_SETS_H
#define HL_FORMAT_DICOM_TEXT_SETS_H

#include <stdint.h>

#include "base/str.h"

typedef enum {
    HL_SET_ASCII,
    HL_SET_ROMAJI,   /* ASCII but for 5C (yen) and 7E (overline) */
    HL_SET_KATAKANA, /* A1..DF */
    HL_SET_LATIN1,   /* byte = code point */
    HL_SET_BYTES,    /* one byte a character, by converter */
    HL_SET_PAIRS     /* two bytes a character, by converter, which wants both with their high bit */
} hl_set_kind;

/* What one half can hold. */
typedef struct {
    int number;        /* of the ISO register, as in "ISO 2022 IR 87" */
    int half;          /* 0 or 1 */
    const char *after; /* the escape's bytes behind ESC */
    hl_set_kind kind;
    const char *converter; /* iconv's name; NULL: none needed */
    uint8_t prefix;        /* byte that the converter wants before each pair, 0: none */
} hl_half_set;

#define HL_N_HALF_SETS 18
extern const hl_half_set hl_half_sets[HL_N_HALF_SETS];

/* The set of number in half, NULL: none. */
const hl_half_set *hl_half_set_of(int number, int half);

/* The set whose escape begins at at (behind ESC), NULL: none known. */
const hl_half_set *hl_half_set_escaped(const char *at, size_t n);

/* What a value of SpecificCharacterSet means: a register's number (6 for an empty one), or */
enum { HL_TERM_UNKNOWN = -1, HL_TERM_UTF8 = 192, HL_TERM_GBK = 10001, HL_TERM_GB18030 = 10002 };

/* Blanks, underscores, hyphens and letter case are as people write them, not as the standard. */
int hl_charset_term(hl_str value);

#endif
