/*
 * stream.h - the insides of hl_flac, shared by the files of this folder.
 *
 *   info.c    metadata            bytes.c   the file's bytes in memory
 *   index.c   which frames are where        stream.c  reading, the last decoded block
 *   prove.c   a whole pass
 */
#ifndef HL_FORMAT_FLAC_STREAM_H
#define HL_FORMAT_FLAC_STREAM_H

#include "format/flac/bits.h"
#include "format/flac/block.h"
#include "format/flac/crc.h"

struct hl_flac {
    hl_in *in;
    int64_t size; /* of the file */
    hl_flac_info info;
    hl_flac_decode_block *decode;
    int64_t length; /* samples a channel, -1 = not counted yet */

    /* File bytes [bytes_at, bytes_at + n_bytes); HL_FLAC_SLACK zero bytes follow. */
    uint8_t *bytes;
    size_t n_bytes, cap_bytes;
    int64_t bytes_at;
    size_t ahead;     /* how much is read at once */
    size_t ahead_min; /* ... after a jump */

    /* Frames seen so far, by sample number. bytes = 0: the end was not looked for; else the CRC-16
     * was right. */
    hl_flac_frame *known;
    size_t n_known, cap_known;
    hl_flac_frame *all; /* hl_flac_frames() */
    size_t n_all;
    bool has_all;

    /* The last decoded block: done[c] samples of channel c are in sample[c]. */
    hl_flac_frame block; /* n = 0: none */
    int32_t done[HL_FLAC_CHANNELS];
    int32_t *sample[HL_FLAC_CHANNELS], *plane;
    int64_t next_from; /* where a reader that goes forward goes on */
    const char *why;   /* the last damaged frame is that */
    int64_t wasted;    /* bytes looked at without a proof in this call */
};

/* A frame is refused above this; four times what plain samples would take. */
int64_t hl_flac_frame_limit(const hl_flac_info *info);

/* --- info.c --- */
hl_code hl_flac_info_read(hl_in *in, hl_flac_info *info, hl_error *err);

/* --- bytes.c --- */

/* At least n bytes of the file from offset at, fewer only at its end: *got of them at *p, valid
 * until the next call. HL_FLAC_SLACK bytes more can be read behind. */
hl_code hl_flac_bytes(hl_flac *f, int64_t at, size_t n, const uint8_t **p, size_t *got,
                      hl_error *err);

/* --- index.c --- */

/* How the end of a frame was found. */
typedef enum {
    HL_FLAC_END_PROVEN,  /* the CRC-16 is right */
    HL_FLAC_END_BY_NEXT, /* the frame is damaged; the next one starts there */
    HL_FLAC_END_UNKNOWN
} hl_flac_end;

/* The frame that holds sample s, 0 <= s < f->length. HL_E_INPUT: there is none. */
hl_code hl_flac_find(hl_flac *f, int64_t s, hl_flac_frame *frame, hl_error *err);
/* The frame whose header stands at offset; *found = false when none does. */
hl_code hl_flac_frame_at(hl_flac *f, int64_t offset, hl_flac_frame *frame, bool *found,
                         hl_error *err);
/* Sets frame->bytes, unless the end is unknown. */
hl_code hl_flac_find_end(hl_flac *f, hl_flac_frame *frame, hl_flac_end *how, hl_error *err);
/* The first frame in [from, to) with least <= first < most and a right CRC-16. */
hl_code hl_flac_find_any(hl_flac *f, int64_t from, int64_t to, int64_t least, int64_t most,
                         hl_flac_frame *frame, bool *found, hl_error *err);
/* Remember a frame. */
hl_code hl_flac_learn(hl_flac *f, const hl_flac_frame *frame, hl_error *err);

/* --- stream.c --- */

/* Decode a frame to its end, which shows by that: frame->bytes is set. Damaged: HL_E_INPUT. */
hl_code hl_flac_parse(hl_flac *f, hl_flac_frame *frame, const int32_t need[HL_FLAC_CHANNELS],
                      hl_flac_block *b, hl_error *err);
/* Decode the frame, need[c] samples of channel c, into f->sample, and check its CRC-16.
 * frame->bytes is set if it was not. A damaged frame: HL_E_INPUT. */
hl_code hl_flac_load_block(hl_flac *f, hl_flac_frame *frame, const int32_t need[HL_FLAC_CHANNELS],
                           hl_error *err);

#endif
