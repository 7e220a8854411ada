/*
 * walk.h - the state of one walk over a data set, for walk.c (elements, sequences), keep.c (values)
 * and fragments.c (encapsulated pixel data).
 *
 * A fault in the data goes through hl_walk_fault(): the walk may try something else there. Other
 * failures (limits, I/O, memory) end it. Messages go to hl_walk.err.
 */
#ifndef HL_FORMAT_DICOM_WALK_H
#define HL_FORMAT_DICOM_WALK_H

#include "format/dicom/dicom_internal.h"

enum { HL_WALK_MAX_FRAMES = 2 * HL_DICOM_MAX_NESTING + 2 };

#define HL_TAG_ITEM 0xFFFEE000u
#define HL_TAG_ITEM_END 0xFFFEE00Du
#define HL_TAG_SEQUENCE_END 0xFFFEE0DDu
#define HL_TAG_PIXELS HL_TAG(0x7FE0, 0x0010)

typedef enum { FRAME_ROOT, FRAME_ITEM, FRAME_SEQUENCE } hl_frame_kind;

typedef struct {
    hl_frame_kind kind;
    hl_dicom_encoding encoding;
    int64_t start; /* of its content */
    int64_t limit; /* nothing of it lies at or behind this byte; INT64_MAX: not known */
    bool defined;  /* has a length of its own: limit is its end */
    bool clipped;  /* limit is the end of an outer item or sequence, not of the file */
    bool first;    /* no element was read yet */
    bool disorder; /* tags did not ascend */
    bool doubtful; /* FRAME_SEQUENCE: the file said UN; if it cannot be walked, it is bytes */
    bool pinned;   /* FRAME_SEQUENCE: its bytes are pinned */
    uint32_t last; /* tag of the last element */
    size_t base;   /* first of its elements, or items */
    size_t outer;  /* FRAME_SEQUENCE: elements of the outer frame, to go back to */
    hl_dicom_element element; /* FRAME_SEQUENCE */
} hl_frame;

typedef struct {
    hl_dicom *d;
    hl_dicom_source *s;
    bool meta;
    bool soft; /* the fault is in the data, where something else may be tried */
    hl_error err;

    hl_frame frame[HL_WALK_MAX_FRAMES];
    int n_frames;
    hl_dicom_element *element;
    size_t n_elements, cap_elements;
    hl_dicom_item *item;
    size_t n_items, cap_items;
    int64_t header_at; /* of the element in work */
    int64_t elements_seen, items_seen;
    int64_t kept_long, kept_short;

    bool pixels_seen;   /* at the top: what follows may be no element at all */
    int64_t root_start; /* of the top-level element in work */
    size_t root_n;
    int64_t trailing;
    bool finished;
} hl_walk;

hl_code hl_walk_fault(hl_walk *w, uint32_t tag, int64_t offset, const char *fmt, ...)
    HL_PRINTF(4, 5);
hl_code hl_walk_no_memory(hl_walk *w);

/* The innermost frame. */
hl_frame *hl_walk_top(hl_walk *w);
/* Bytes from pos to the frame's limit, as far as is known. */
int64_t hl_walk_left(const hl_walk *w, const hl_frame *f);
/* Header bytes at pos: at most 12 are wanted, none behind the frame's limit are given. */
hl_code hl_walk_look(hl_walk *w, const hl_frame *f, const uint8_t **at, size_t *avail);
/* Pass n bytes. */
hl_code hl_walk_pass(hl_walk *w, int64_t n);

/* The value at pos: e->offset and e->length are set and lie within what is there. */
hl_code hl_walk_value(hl_walk *w, hl_dicom_element *e);
/* The same of an inflated source, where bytes come by once; e->value stays NULL when it is too long
 * to be kept. */
hl_code hl_walk_inflated_value(hl_walk *w, hl_dicom_element *e);
/* From here on, what is passed is kept as pixel data; until here (c: how it went so far). */
hl_code hl_walk_start_record(hl_walk *w);
hl_code hl_walk_stop_record(hl_walk *w, hl_code c);

/* Encapsulated pixel data at pos. */
hl_code hl_walk_fragments(hl_walk *w, hl_dicom_element *e);

#endif
