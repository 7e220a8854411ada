/*
 * dicom_internal.h - what the files of the data-set parser share.
 *
 *   file.c     open, close; preamble, group 0002, which encoding the data set really has
 *   source.c   bytes forward: memory, file, gzip, deflate
 *   walk.c     elements, sequences, items; the stack. With keep.c (values), fragments.c: walk.h
 *   header.c   one element's header: tag, VR, length
 *   settle.c   what is known only when all is read: charsets, "US or SS"
 *   value.c    elements found, values read
 *   warning.c  warnings and errors
 */
#ifndef HL_FORMAT_DICOM_DICOM_INTERNAL_H
#define HL_FORMAT_DICOM_DICOM_INTERNAL_H

#include <stdarg.h>

#include "base/inflate.h"
#include "format/dicom/dicom.h"

/* --- bytes forward --------------------------------------------------------------------------- */

enum {
    HL_DICOM_WINDOW = 16384,  /* bytes of a file read at once: the header of a film fits */
    HL_DICOM_MAX_NEED = 132,  /* most that hl_dicom_source_need() is asked for */
    HL_DICOM_MIN_WINDOW = 160 /* tests walk with this one */
};

typedef enum { SOURCE_MEMORY, SOURCE_IN, SOURCE_GZIP, SOURCE_DEFLATE } hl_dicom_source_kind;

/*
 * What is walked, seen through a window that moves forward:
 *
 *          start       pos            start + n           end
 *   -------|===========^==============|-------------------|
 *
 * Memory is all window. A file can be gone back in; inflated bytes cannot, unless they are pinned:
 * a part of them copied, which is the window for a while.
 */
typedef struct hl_dicom_source hl_dicom_source;
struct hl_dicom_source {
    hl_dicom_source_kind kind;
    const char *name;
    const uint8_t *at;
    int64_t start, pos;
    size_t n;
    int64_t end; /* INT64_MAX: not known before it is reached */

    hl_in *in;             /* SOURCE_IN */
    hl_stream *stream;     /* SOURCE_GZIP */
    hl_dicom_source *base; /* SOURCE_DEFLATE: the bytes that are inflated */
    hl_inflate *inflate;
    uint8_t *buffer; /* SOURCE_IN, SOURCE_DEFLATE: the window's memory, buffer_bytes */
    size_t buffer_bytes;

    hl_buf *record; /* what is passed is appended here, NULL: nothing is */
    bool pinned;
    const uint8_t *unpinned_at;
    int64_t unpinned_start;
    size_t unpinned_n;
};

/* At least n <= HL_DICOM_MAX_NEED bytes at pos; *got < n only at the end. pos stays. */
hl_code hl_dicom_source_need(hl_dicom_source *s, size_t n, const uint8_t **at, size_t *got,
                             hl_error *err);
/* Pass n bytes, copying them to `to` unless it is NULL; *got < n only at the end. */
hl_code hl_dicom_source_pass(hl_dicom_source *s, void *to, int64_t n, int64_t *got, hl_error *err);
/* No more bytes than this follow pos; exact unless the source is inflated. */
int64_t hl_dicom_source_left(const hl_dicom_source *s);
/* Whether a value must be copied while it is passed, if ever. */
bool hl_dicom_source_is_inflated(const hl_dicom_source *s);
/* bytes[0 .. n) are those at offset .. offset + n, which were just passed: walk them again. */
void hl_dicom_source_pin(hl_dicom_source *s, const uint8_t *bytes, int64_t offset, size_t n);
void hl_dicom_source_unpin(hl_dicom_source *s); /* on behind the pinned bytes */
void hl_dicom_source_end(hl_dicom_source *s);   /* frees what it owns, not s */

/* --- the object ------------------------------------------------------------------------------ */

/* Pixel data of a file that is inflated: the bytes at offset .. offset + bytes.n. */
typedef struct {
    int64_t offset;
    hl_buf bytes;
} hl_dicom_kept;

enum { HL_DICOM_MAX_WARNINGS = 200 };

struct hl_dicom {
    hl_arena *arena;
    const char *name;
    hl_in *in;            /* NULL: bytes */
    const uint8_t *bytes; /* the file in memory */
    int64_t n_bytes;
    bool inflated; /* the data set cannot be read again */

    hl_dicom_item root, meta;
    const hl_dicom_syntax *syntax;
    hl_dicom_syntax unknown; /* syntax of a UID that is in no table */
    bool has_preamble, preamble_used;
    int64_t trailing_bytes;

    hl_dicom_kept *kept; /* offsets ascending */
    size_t n_kept, cap_kept;
    hl_dicom_warning *warning;
    size_t n_warnings;
};

typedef struct {
    bool implicit, big;
} hl_dicom_encoding;

/* hl_dicom_open() and _memory() with another window: for tests. in or bytes is NULL. */
hl_code hl_dicom_open_window(hl_in *in, const void *bytes, size_t n, const char *name,
                             size_t window, hl_dicom **out, hl_error *err);

/* --- walking --------------------------------------------------------------------------------- */

/* Walk s from where it stands: the elements of group 0002 (meta), or all. *encoding is the declared
 * one, then the one found. *out is filled from the arena. *trailing: bytes behind the last element.
 */
hl_code hl_dicom_walk(hl_dicom *d, hl_dicom_source *s, hl_dicom_encoding *encoding, bool meta,
                      hl_dicom_item *out, int64_t *trailing, hl_error *err);

/* One element's header. length < 0: undefined. */
typedef struct {
    uint32_t tag;
    char vr[2];
    int64_t length;
    int n_bytes;                /* 8 or 12 */
    hl_dicom_encoding encoding; /* of what is inside, and of the value */
    bool without_vr;            /* implicit among explicit ones */
    bool from_un;               /* VR from the dictionary where the file says UN */
} hl_dicom_header;

typedef enum {
    HEADER_OK,
    HEADER_CUT,   /* needs more than avail bytes */
    HEADER_NO_VR, /* no VR where one must be */
} hl_dicom_header_result;

/* Read the header at[0 .. avail); left: bytes from at to the end of what holds it. */
hl_dicom_header_result hl_dicom_header_read(hl_dicom *d, hl_dicom_encoding encoding,
                                            const uint8_t *at, size_t avail, int64_t left,
                                            int64_t offset, hl_dicom_header *h);
/* What the first element of a data set (root) or item tells about its VRs: declared, unless that
 * cannot be and the other one can. Of a data set a VR is believed even if it could be the length of
 * a first element of more than 16 KiB. */
hl_dicom_encoding hl_dicom_encoding_seen(hl_dicom_encoding declared, const uint8_t *at,
                                         size_t avail, int64_t left, bool root);
bool hl_dicom_is_vr(const uint8_t *at);
/* VRs whose value is bytes or words, and those whose value is text. */
bool hl_dicom_vr_is_bytes(const char *vr);
bool hl_dicom_vr_is_text(const char *vr);

/* SpecificCharacterSet handed down to items, "US or SS" decided by PixelRepresentation. */
#define HL_DICOM_VR_US_OR_SS "us" /* until then */
void hl_dicom_settle(hl_dicom_item *root);

hl_code hl_dicom_fail_at(const hl_dicom *d, hl_code code, uint32_t tag, int64_t offset,
                         hl_error *err, const char *fmt, ...) HL_PRINTF(6, 7);

static inline uint16_t hl_dicom_u16(const uint8_t *p, bool big)
{
    return (uint16_t)(big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}
static inline uint32_t hl_dicom_u32(const uint8_t *p, bool big)
{
    const uint32_t first = hl_dicom_u16(p, big), second = hl_dicom_u16(p + 2, big);
    return big ? first << 16 | second : second << 16 | first;
}
static inline uint64_t hl_dicom_u64(const uint8_t *p, bool big)
{
    const uint64_t first = hl_dicom_u32(p, big), second = hl_dicom_u32(p + 4, big);
    return big ? first << 32 | second : second << 32 | first;
}
static inline uint32_t hl_dicom_tag_at(const uint8_t *p, bool big)
{
    return (uint32_t)hl_dicom_u16(p, big) << 16 | hl_dicom_u16(p + 2, big);
}

#endif
