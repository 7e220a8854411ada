/*
 * pixels_internal.h - what the decoders of one frame share: pixels.c dispatches, the others decode.
 *
 *      frames.c     where a frame's bytes lie: offset tables, fragments
 *      native.c     words of 1, 8, 16, 32 bits, raw or deflated
 *      rle.c        RLE                           PS3.5 annex G
 *      jpeg_frame.c JPEG, any SOF                 through format/jpeg_samples.h
 *      jpeg_ls.c    JPEG-LS                       CharLS
 *      jpeg_2000.c  JPEG 2000, HTJ2K              OpenJPEG
 *      j2k_survey.c its headers, checked before OpenJPEG allocates for them
 */
#ifndef HL_FORMAT_DICOM_PIXELS_INTERNAL_H
#define HL_FORMAT_DICOM_PIXELS_INTERNAL_H

#include "format/dicom/pixels.h"

/* Fragments [first, first + n) of the pixel data make a frame; 0 is the offset table. */
struct hl_frame_place {
    size_t first, n;
};
typedef struct hl_frame_place hl_frame_place;

/* One frame's bytes, and what is known for decoding them. */
typedef struct {
    hl_dicom *d;
    const hl_pixels *p;
    int64_t i; /* the frame, from 0 */
    const uint8_t *at;
    size_t n;
    hl_arena *arena;
} hl_frame_task;

/* "FILE: (7FE0,0010) PixelData: frame 3: TEXT" */
hl_code hl_frame_fail(const hl_frame_task *t, hl_code code, hl_error *err, const char *fmt, ...)
    HL_PRINTF(4, 5);

/* For decoders that take a name for their messages: "frame 3". Returns out. */
#define HL_FRAME_NAME_CHARS 32
const char *hl_frame_name(const hl_frame_task *t, char out[HL_FRAME_NAME_CHARS]);
/* Pass such a decoder's error on with the file and the element in front. */
hl_code hl_frame_pass(const hl_frame_task *t, hl_code code, const hl_error *found, hl_error *err);

/*
 * A compressed frame may be far smaller than its pixels: a constant picture takes next to nothing
 * in JPEG-LS and JPEG 2000. So pictures of up to HL_FRAME_FREE_SAMPLES samples (twice the largest
 * film) are always tried; larger ones only when their bytes are a likely number for them, so that a
 * short file can't have gigabytes allocated. CHOICE.
 */
#define HL_FRAME_FREE_SAMPLES (INT64_C(32) << 20)
#define HL_FRAME_SAMPLES_PER_BYTE 2000
hl_code hl_frame_check_ratio(const hl_frame_task *t, hl_error *err);

/* A new frame of the header's size in words of bits bits; *px is its memory. */
hl_code hl_frame_new(const hl_frame_task *t, int32_t bits, hl_frame *out, void **px, hl_error *err);

/* Set shift, stored, exact by the mask rule (films.md 3.6) for words that carry `carried` bits. */
void hl_frame_mask_rule(const hl_pixels *p, int32_t carried, hl_frame *out);

/* --- where frames lie (frames.c) ----------------------------------------------------------------
 */

/* PixelData is encapsulated: find each frame's fragments; sets p->place. */
hl_code hl_frames_place(hl_dicom *d, const hl_dicom_element *e, hl_pixels *p, hl_error *err);
/* The frame's bytes, its fragments joined. */
hl_code hl_frames_join(hl_frame_task *t, const hl_dicom_element *e, hl_error *err);
/* place[i] from offsets of frames as an offset table counts them; false: they are no such. */
bool hl_frames_from_offsets(const hl_dicom_fragment *fragment, size_t n_fragments,
                            const uint64_t *offset, size_t n_frames, hl_frame_place *place);

/* --- decoders -----------------------------------------------------------------------------------
 */

/* Bits of one frame in the file: YBR_FULL_422 has half the chroma. 0: no such layout. */
int64_t hl_native_bits(const hl_pixels *p);
bool hl_native_half_chroma(const hl_pixels *p);
/* The frame's words from the pixel data element. */
hl_code hl_native_frame(hl_frame_task *t, const hl_dicom_element *e, hl_frame *out, hl_error *err);
/* ... from bytes of its own: an uncompressed fragment. */
hl_code hl_native_raw(const hl_frame_task *t, hl_frame *out, hl_error *err);
/* ... from a raw deflate stream of such bytes. */
hl_code hl_native_inflate(hl_frame_task *t, hl_frame *out, hl_error *err);

/* n_px pixels of `samples` words of bits bits, from an RLE frame; name is for messages. */
hl_code hl_rle_decode(hl_arena *arena, const uint8_t *at, size_t n, const char *name, size_t n_px,
                      int32_t samples, int32_t bits, void *out, hl_error *err);
hl_code hl_rle_frame(const hl_frame_task *t, hl_frame *out, hl_error *err);

hl_code hl_jpeg_frame(const hl_frame_task *t, hl_frame *out, hl_error *err);
hl_code hl_jpeg_ls_frame(const hl_frame_task *t, hl_frame *out, hl_error *err);
hl_code hl_jpeg_2000_frame(const hl_frame_task *t, hl_frame *out, hl_error *err);

/* The codestream within t's bytes (a JP2 box file is opened), its size and headers checked. */
typedef struct {
    const uint8_t *at;
    size_t n;
    int32_t precision;
    bool is_signed;
} hl_j2k;
hl_code hl_j2k_survey(const hl_frame_task *t, hl_j2k *out, hl_error *err);

#endif
