/*
 * block.h - the subframes of one FLAC frame to samples. RFC 9639 9.2; waveform.md 2.4.
 */
#ifndef HL_FORMAT_FLAC_BLOCK_H
#define HL_FORMAT_FLAC_BLOCK_H

#include "format/flac/frame.h"

/* Room at sample[c] beyond the block's n values. */
#define HL_FLAC_PLANE_SLACK 32

typedef struct {
    int32_t n_channels, bits;
    int32_t n; /* samples a channel */
    hl_flac_stereo stereo;
    bool whole;                        /* parse to the end of the frame */
    int32_t need[HL_FLAC_CHANNELS];    /* samples wanted, from the block's first on; 0 = none */
    int32_t *sample[HL_FLAC_CHANNELS]; /* [n + HL_FLAC_PLANE_SLACK], of unwanted channels too */
    /* Results */
    const uint8_t *end; /* whole: the first byte of the CRC-16 */
    const char *why;    /* HL_FLAC_BAD: the reason */
} hl_flac_block;

typedef enum {
    HL_FLAC_DONE = 0,
    HL_FLAC_CUT, /* the bytes end too early */
    HL_FLAC_BAD  /* no FLAC encoder writes this */
} hl_flac_outcome;

/*
 * Decode the subframes that lie at p. From end on, HL_FLAC_SLACK bytes more can be read. Channels
 * are in sequence, so what lies in front of the last wanted sample is parsed, but only what is
 * wanted is computed. sample[c][0 .. need[c]) is valid after HL_FLAC_DONE, all of it within bits.
 */
typedef hl_flac_outcome hl_flac_decode_block(hl_flac_block *b, const uint8_t *p,
                                             const uint8_t *end);

hl_flac_decode_block hl_flac_decode_block_c;    /* plain C: the definition */
hl_flac_decode_block hl_flac_decode_block_avx2; /* x86-64 only */

#endif
