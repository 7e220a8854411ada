/*
 * annotation.h - WFDB annotation files (RECORD.ANNOTATOR), MIT and AHA, read and written.
 *
 * Source: annot(5); waveform.md 1.3.
 */
#ifndef HL_FORMAT_WFDB_ANNOTATION_H
#define HL_FORMAT_WFDB_ANNOTATION_H

#include "base/arena.h"
#include "base/buf.h"

typedef enum { HL_ANNOTATION_MIT = 0, HL_ANNOTATION_AHA = 1 } hl_annotation_kind;

typedef struct {
    int64_t time;    /* in ticks of the file's clock; may run backwards */
    int32_t type;    /* 0..49, see hl_annotation_type_of() */
    int32_t subtype; /* -128..127 */
    int32_t chan;    /* 0..255 */
    int32_t num;     /* -128..127 */
    hl_str aux;      /* bytes; printed up to the first NUL. .n == 0: none */
} hl_annotation;

/* A type that the file itself defines. */
typedef struct {
    int32_t type;
    const char *mnemonic, *description;
} hl_annotation_definition;

typedef struct {
    hl_annotation_kind kind;
    double clock_hz; /* "## time resolution"; 0 = not stated: frames of the record */
    hl_annotation *annotation;
    size_t n;
    hl_annotation_definition *definition;
    size_t n_definitions;
    int64_t n_surplus_bytes; /* behind the end mark */
} hl_annotations;

/*
 * All annotations of a file in memory (strings are copied into arena). The header block (time
 * resolution, definitions) is taken out, with the null annotation that closes it. name is for
 * messages. HL_E_INPUT with the offset: cut within an annotation or its text, no end mark; *out
 * then holds the annotations in front of the fault. Types 50 to 58, which nobody defines, are kept.
 *
 * AHA: chan is the byte in which the WFDB library keeps the MIT type; U without a subtype has -1.
 */
hl_code hl_annotations_parse(hl_arena *arena, const void *bytes, size_t n, const char *name,
                             hl_annotations *out, hl_error *err);

/* The bytes of a file: header block if clock_hz or definitions are set, then the annotations as
 * they stand (the caller has sorted them), then the end mark. AHA: no header block and no num, six
 * bytes of aux; who turns MIT annotations into AHA sets chan to the type. HL_E_INPUT: a type,
 * subtype, chan, num or time out of range, aux longer than 255 bytes. */
hl_code hl_annotations_put(hl_buf *to, const hl_annotations *a, hl_error *err);

/* One row of the table of types: mnemonic ("N"), "" for 0, "[15]" for those without a name. */
typedef struct {
    int32_t type;
    const char *mnemonic, *description;
    bool is_qrs;
    char aha; /* the AHA code that it is written as */
} hl_annotation_type;
/* Row of a type 0..49, NULL outside. */
const hl_annotation_type *hl_annotation_type_of(int32_t type);
/* The type with this mnemonic, -1 = none. */
int32_t hl_annotation_type_find(hl_str mnemonic);

#endif
