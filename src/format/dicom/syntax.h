/*
 * syntax.h - transfer syntaxes by UID: how the data set is encoded, and what its pixels are.
 * PS3.5 section 10, PS3.6 annex A; films.md 3.2.
 */
#ifndef HL_FORMAT_DICOM_SYNTAX_H
#define HL_FORMAT_DICOM_SYNTAX_H

#include "base/str.h"

typedef enum {
    HL_CODEC_NATIVE = 0, /* the pixel words themselves */
    HL_CODEC_RAW,        /* encapsulated, a fragment is a raw frame */
    HL_CODEC_RLE,
    HL_CODEC_JPEG,          /* 8 or 12 bit DCT: baseline, extended */
    HL_CODEC_JPEG_LOSSLESS, /* SOF3, any predictor */
    HL_CODEC_JPEG_LS,
    HL_CODEC_JPEG_2000,      /* HTJ2K too */
    HL_CODEC_DEFLATED_FRAME, /* each frame a raw deflate stream */
    HL_CODEC_UNSUPPORTED,    /* known by name, not decoded */
    HL_CODEC_UNKNOWN         /* a UID that is in no table */
} hl_dicom_codec;

typedef struct {
    const char *uid;
    const char *name; /* "JPEG Lossless, Non-Hierarchical, First-Order Prediction" */
    hl_dicom_codec codec;
    bool implicit_vr, big_endian, deflated, encapsulated;
} hl_dicom_syntax;

/* The syntax with this UID (padding trimmed by the caller); NULL: unknown. */
const hl_dicom_syntax *hl_dicom_syntax_find(hl_str uid);

#endif
