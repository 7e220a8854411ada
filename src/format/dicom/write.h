/*
 * write.h - DICOM files out: enough of PS3.5 and PS3.10 to write films, for the synthetic hospital
 * and for tests.
 */
#ifndef HL_FORMAT_DICOM_WRITE_H
#define HL_FORMAT_DICOM_WRITE_H

#include "base/buf.h"
#include "format/dicom/syntax.h"
#include "format/dicom/tags.h"

/* A data set being written. Elements must come with ascending tags on each level. {0} with to and
 * syntax set is valid. */
typedef struct {
    hl_buf *to;
    const hl_dicom_syntax *syntax; /* decides VR and byte order */
    int depth;
} hl_dicom_writer;

/* An element with the value's bytes as they are (padded to even length: NUL for UI and bytes, blank
 * for text). Numbers go through the functions below, which know the byte order. */
void hl_dicom_put(hl_dicom_writer *w, uint32_t tag, const char vr[2], const void *value, size_t n);
void hl_dicom_put_text(hl_dicom_writer *w, uint32_t tag, const char vr[2], const char *text);
void hl_dicom_put_u16(hl_dicom_writer *w, uint32_t tag, const char vr[2], uint16_t v);
/* A sequence of undefined length: open, item, ..., item_end, close. */
void hl_dicom_put_sequence(hl_dicom_writer *w, uint32_t tag);
void hl_dicom_put_item(hl_dicom_writer *w);
void hl_dicom_put_item_end(hl_dicom_writer *w);
void hl_dicom_put_sequence_end(hl_dicom_writer *w);
/* Pixel data of one frame: words of 8 or 16 bits, row-major, encoded as w->syntax says (native,
 * RLE, JPEG lossless, JPEG-LS, JPEG 2000). stored: BitsStored. HL_E_LIMIT: no encoder for it. */
hl_code hl_dicom_put_pixels(hl_dicom_writer *w, const void *px, int32_t width, int32_t height,
                            int32_t bits, int32_t stored, hl_error *err);

/* A whole file: preamble, DICM, group 0002 (made here), then the data set's bytes, deflated when
 * the syntax says so. Appended to out. */
hl_code hl_dicom_put_file(const hl_dicom_syntax *syntax, const char *sop_class_uid,
                          const char *sop_instance_uid, const hl_buf *data_set, hl_buf *out,
                          hl_error *err);

#endif
