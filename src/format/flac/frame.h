/*
 * frame.h - the header of one FLAC frame. RFC 9639 9.1; waveform.md 2.3.
 */
#ifndef HL_FORMAT_FLAC_FRAME_H
#define HL_FORMAT_FLAC_FRAME_H

#include "format/flac/flac.h"

/* sync 2, sizes 1, channels 1, number 7, block size 2, rate 2, CRC-8 1 */
#define HL_FLAC_HEADER_BYTES 16
/* A frame cannot be smaller: header 6, one constant subframe of 4 bits 2, CRC-16 2. */
#define HL_FLAC_FRAME_LEAST 10

/* How the two channels of a stereo frame were coded. */
typedef enum {
    HL_FLAC_INDEPENDENT = 0,
    HL_FLAC_LEFT_SIDE,
    HL_FLAC_SIDE_RIGHT,
    HL_FLAC_MID_SIDE
} hl_flac_stereo;

typedef struct {
    int64_t first; /* sample number */
    int32_t n;     /* samples a channel, 1..max_block */
    int32_t bytes; /* of the header, with its CRC-8 */
    hl_flac_stereo stereo;
} hl_flac_header;

/* Whether a frame header of this very stream starts at p: at least HL_FLAC_HEADER_BYTES can be
 * read there, n of them belong to the file. Everything that can be wrong is looked at: reserved
 * values, CRC-8, channels, bits, block size, a number out of range. */
bool hl_flac_header_read(const uint8_t *p, size_t n, const hl_flac_info *info, hl_flac_header *out);

#endif
