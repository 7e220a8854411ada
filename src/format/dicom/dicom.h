/*
 * dicom.h - a DICOM file as a tree of elements: PS3.5 (encoding), PS3.10 (files). films.md 3.
 *
 * Opening walks the whole data set, checks every length against what is there, and keeps for each
 * element where its value lies. Values of more than HL_DICOM_KEEP_BYTES (pixel data above all) are
 * only loaded on demand, so a question for a tag reads no pixels.
 *
 *      hl_dicom --root--> hl_dicom_item { element, element, ... }   tags ascending, each once
 *                                            |
 *                                            +-- SQ: items, each again an hl_dicom_item
 *
 * Everything lives in the hl_dicom. One hl_dicom belongs to one thread; different ones are
 * independent.
 */
#ifndef HL_FORMAT_DICOM_DICOM_H
#define HL_FORMAT_DICOM_DICOM_H

#include "base/arena.h"
#include "base/io.h"
#include "format/dicom/syntax.h"
#include "format/dicom/tags.h"

/* Limits; a file beyond them is HL_E_LIMIT. films.md 3.8 */
#define HL_DICOM_MAX_ELEMENTS 1000000
#define HL_DICOM_MAX_ITEMS 1000000
#define HL_DICOM_MAX_NESTING 64
#define HL_DICOM_MAX_INFLATED (INT64_C(4) << 30)
#define HL_DICOM_KEEP_BYTES 65536 /* longer values are not copied when the file is walked */

typedef struct hl_dicom hl_dicom;
typedef struct hl_dicom_item hl_dicom_item;

typedef struct {
    uint32_t tag;          /* group << 16 | element */
    char vr[3];            /* as the file or the dictionary says; "UN" when nobody knows */
    bool big_endian;       /* of its binary value */
    bool undefined_length; /* the file gave no length */
    int64_t offset;        /* of the value from the start of the file; of the inflated data set for
                            * a deflated one */
    int64_t length;        /* bytes of the value; of undefined length: up to the delimiter */
    const uint8_t *value;  /* NULL: not loaded (hl_dicom_load), or a sequence, or empty */
    hl_dicom_item *item;   /* SQ: its items */
    size_t n_items;
    struct hl_dicom_fragment *fragment; /* encapsulated pixel data: offset table first */
    size_t n_fragments;
} hl_dicom_element;

/* One item of encapsulated pixel data; fragment[0] is the basic offset table. */
typedef struct hl_dicom_fragment {
    int64_t offset; /* of its bytes, as hl_dicom_element.offset */
    int64_t length;
} hl_dicom_fragment;

struct hl_dicom_item {
    hl_dicom_element *element; /* tags ascending; of a repeated tag the last one */
    size_t n;
    hl_str charset; /* SpecificCharacterSet in effect here: own, or the outer item's; raw value */
};

/* Something odd that did not stop us: shown to the user, counted by checks. Never holds a value of
 * the file (it may name a patient). */
typedef struct {
    uint32_t tag;   /* 0 = none */
    int64_t offset; /* in the file, -1 = none */
    const char *text;
} hl_dicom_warning;

/*
 * Walk a file. in must outlive the hl_dicom unless it is closed first; gzip is undone when its
 * magic bytes are there. Files without preamble or group 0002 are recognised (films.md 3.1).
 *
 * HL_E_INPUT: no DICOM, cut, a length past the end, ...: "FILE: (0028,0010) Rows at byte 132: ...".
 * HL_E_LIMIT: beyond the limits above. Messages never hold a value of the data set.
 * An unknown or unsupported transfer syntax is no failure here as long as the data set can be
 * walked: decoding its pixels is.
 */
hl_code hl_dicom_open(hl_in *in, hl_dicom **out, hl_error *err);
/* The same for a file that the caller has in memory (kept by the caller for the life of the
 * hl_dicom): values, pixel data too, point into it where they need no inflating. */
hl_code hl_dicom_memory(const void *bytes, size_t n, const char *name, hl_dicom **out,
                        hl_error *err);
void hl_dicom_close(hl_dicom **d);

const char *hl_dicom_name(const hl_dicom *d);                 /* of the file, for messages */
const hl_dicom_item *hl_dicom_root(const hl_dicom *d);        /* the data set */
const hl_dicom_item *hl_dicom_meta(const hl_dicom *d);        /* group 0002; n = 0: none */
const hl_dicom_syntax *hl_dicom_syntax_of(const hl_dicom *d); /* never NULL; of an unknown UID:
                                                               * codec HL_CODEC_UNKNOWN */
bool hl_dicom_has_preamble(const hl_dicom *d);
/* Something other than zeros in the 128 bytes of the preamble; bytes behind the last element. */
bool hl_dicom_preamble_used(const hl_dicom *d);
int64_t hl_dicom_trailing_bytes(const hl_dicom *d);

size_t hl_dicom_n_warnings(const hl_dicom *d);
hl_dicom_warning hl_dicom_warning_at(const hl_dicom *d, size_t i);
/* Note a warning (the text is copied; the same text once only). For decoders of its values too. */
void hl_dicom_warn(hl_dicom *d, uint32_t tag, int64_t offset, const char *fmt, ...) HL_PRINTF(4, 5);

/* HL_E_INPUT with the file's name and the element: "FILE: (0028,0010) Rows: TEXT". tag 0: none. */
hl_code hl_dicom_fail(const hl_dicom *d, hl_code code, uint32_t tag, hl_error *err, const char *fmt,
                      ...) HL_PRINTF(5, 6);

/* --- elements ------------------------------------------------------------------------------- */

/* The element with tag, NULL when there is none. */
const hl_dicom_element *hl_dicom_find(const hl_dicom_item *item, uint32_t tag);
/* The same at the top level; NULL too when its value is empty. */
const hl_dicom_element *hl_dicom_get(const hl_dicom *d, uint32_t tag);
/* The first item of sequence tag in item; NULL when the sequence is absent or empty. */
const hl_dicom_item *hl_dicom_first_item(const hl_dicom_item *item, uint32_t tag);

/* The value's bytes, loaded if they are not yet: into arena, or (memory files) where they lie.
 * *at is NULL for length 0. Encapsulated pixel data has no single value: hl_dicom_load_range. */
hl_code hl_dicom_load(hl_dicom *d, const hl_dicom_element *e, hl_arena *arena, const uint8_t **at,
                      hl_error *err);
/* n bytes at offset (as hl_dicom_element.offset; inside what was walked). Of a deflated data set
 * only pixel data (7FE0,0010) can be had so. */
hl_code hl_dicom_load_range(hl_dicom *d, int64_t offset, int64_t n, hl_arena *arena,
                            const uint8_t **at, hl_error *err);

/* Number of values: backslash-separated texts, or length / size. 0 when empty or not loaded. */
size_t hl_dicom_count(const hl_dicom_element *e);
/* Value i as a number. Integer VRs and IS (IS "1.0" is 1); real VRs, DS and integers too. False: no
 * such value, or no number. */
bool hl_dicom_int(const hl_dicom_element *e, size_t i, int64_t *out);
bool hl_dicom_real(const hl_dicom_element *e, size_t i, double *out);
/* Value i of an ASCII VR (CS, UI, DA, TM, IS, DS, AE, AS, DT, UR), padding trimmed; points into the
 * value. {NULL, 0}: none. Text VRs (LO, PN, ...): format/dicom/text.h. */
hl_str hl_dicom_ascii(const hl_dicom_element *e, size_t i);

/* Shorthand: value 0 at the top level. */
bool hl_dicom_get_int(const hl_dicom *d, uint32_t tag, int64_t *out);
hl_str hl_dicom_get_ascii(const hl_dicom *d, uint32_t tag);

/* --- dictionary (PS3.6, generated from dictionary.tsv) ---------------------------------------- */

typedef struct {
    uint32_t tag;        /* repeating groups: the x digits are 0 */
    const char *vr;      /* "US", or "US or SS" */
    const char *vm;      /* "1", "1-n" */
    const char *keyword; /* "Rows" */
    bool retired;
} hl_dicom_entry;

/* NULL: not in the standard (private tags too). */
const hl_dicom_entry *hl_dicom_entry_of(uint32_t tag);
/* By keyword, for recipes; NULL: unknown. */
const hl_dicom_entry *hl_dicom_entry_named(const char *keyword);

#define HL_DICOM_TAG_CHARS 12
/* "(0028,0010)"; returns out. */
const char *hl_dicom_tag_text(uint32_t tag, char out[HL_DICOM_TAG_CHARS]);

#endif
