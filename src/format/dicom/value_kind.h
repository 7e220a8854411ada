/*
 * value_kind.h - what a VR's values are when they are shown: films.md 3.4.
 */
#ifndef HL_FORMAT_DICOM_VALUE_KIND_H
#define HL_FORMAT_DICOM_VALUE_KIND_H

typedef enum {
    HL_VALUE_BYTES, /* OB OD OF OL OV OW UN, and what nobody knows */
    HL_VALUE_TEXT,
    HL_VALUE_NAME,    /* PN */
    HL_VALUE_DECIMAL, /* DS, IS: numbers as text */
    HL_VALUE_INT,     /* US SS UL SL UV SV */
    HL_VALUE_REAL,    /* FL FD */
    HL_VALUE_TAG,     /* AT */
    HL_VALUE_ITEMS    /* SQ */
} hl_value_kind;

hl_value_kind hl_value_kind_of(const char vr[2]);

#endif
