/*
 * text.h - text values to UTF-8: SpecificCharacterSet with code extensions. PS3.5 6.1, PS3.3
 * C.12.1.1.2; films.md 3.5.
 *
 * iconv stays behind text.c.
 */
#ifndef HL_FORMAT_DICOM_TEXT_H
#define HL_FORMAT_DICOM_TEXT_H

#include "format/dicom/dicom.h"

enum {
    HL_TEXT_REPLACED = 1,    /* a byte that is none of the set's: U+FFFD stands for it */
    HL_TEXT_UNKNOWN_SET = 2, /* SpecificCharacterSet names a set that nobody knows: Latin-1 read */
    HL_TEXT_UNDECLARED = 4   /* an escape to a set that SpecificCharacterSet does not list */
};

/*
 * The values of text bytes (VR one of LO LT PN SH ST UC UT, or an ASCII one) as UTF-8 in arena,
 * padding trimmed as the VR says; LT ST UT have one value. charset is the raw value of
 * SpecificCharacterSet. *flags gets HL_TEXT_* bits or-ed in (may be NULL). HL_E_LIMIT: no memory.
 */
hl_code hl_text_values(hl_arena *arena, hl_str charset, const char vr[2], hl_str bytes,
                       hl_str **value, size_t *n, unsigned *flags, hl_error *err);

/* All values of an element of item as UTF-8; n = 0: none. What cannot be decoded whole is noted as
 * a warning of d. */
hl_code hl_dicom_text_all(hl_dicom *d, const hl_dicom_item *item, const hl_dicom_element *e,
                          hl_arena *arena, hl_str **value, size_t *n, hl_error *err);

/* Value i of an element of item as UTF-8; {NULL, 0} when there is none. A value that cannot be
 * decoded whole is noted as a warning of d. */
hl_code hl_dicom_text(hl_dicom *d, const hl_dicom_item *item, const hl_dicom_element *e, size_t i,
                      hl_arena *arena, hl_str *out, hl_error *err);

#endif
