/*
 * flac.h - FLAC streams as WFDB signal files use them (formats 508, 516, 524): any run of samples
 * from any place of a file, at the cost of the blocks that hold it; and encoding.
 *
 * The decoder and the frame index are ours: libFLAC 1.4.2 fails some valid seeks, decodes whole
 * blocks to find its way, and cannot leave out channels. libFLAC encodes, and is the decoder of
 * record that tests hold ours against; it stays behind library.c. Only native FLAC (no Ogg).
 * Sources: RFC 9639; waveform.md 2.
 */
#ifndef HL_FORMAT_FLAC_H
#define HL_FORMAT_FLAC_H

#include "base/cpu.h"
#include "base/io.h"

#define HL_FLAC_CHANNELS 8

/* STREAMINFO, and where the first frame lies. */
typedef struct {
    int32_t min_block, max_block; /* samples a channel; the last block may be shorter */
    int32_t min_frame, max_frame; /* bytes, 0 = not known */
    int32_t rate_hz;              /* means nothing in WFDB: 96000 as a rule */
    int32_t n_channels;           /* 1..8 */
    int32_t bits;                 /* 4..32 */
    int64_t n_samples;            /* a channel; 0 = not known */
    bool has_md5;
    uint8_t md5[16];
    int64_t first_frame; /* offset in the file */
    char vendor[64];     /* of the VORBIS_COMMENT block, cut; "" = none */
} hl_flac_info;

typedef struct hl_flac hl_flac;

/*
 * Open a stream over in, which the caller keeps and closes later. Reads the metadata alone; nothing
 * of the file's size is allocated. HL_E_INPUT: no FLAC ("no FLAC stream"), damaged metadata.
 */
hl_code hl_flac_open(hl_in *in, hl_cpu cpu, hl_flac **out, hl_error *err);
void hl_flac_close(hl_flac **f);
const hl_flac_info *hl_flac_info_of(const hl_flac *f);

/* Samples a channel: STREAMINFO's, or counted from the frames when it does not say. */
hl_code hl_flac_length(hl_flac *f, int64_t *n, hl_error *err);

/*
 * Samples from .. from + n - 1 of the wanted channels: to[c] = room for n values, or NULL = channel
 * c is not wanted. *got < n only at the end of the stream. Frames are found by header probes and
 * remembered; blocks are decoded no further than needed, and the last decoded block is kept, so
 * neighbouring calls do not decode it again.
 *
 * HL_E_INPUT with the byte offset: a frame is damaged (CRC-8 or CRC-16, reserved values, samples
 * out of range) or missing; *got samples in front of it were given. A block of which only a part is
 * decoded has its CRC-16 checked all the same.
 */
hl_code hl_flac_read(hl_flac *f, int64_t from, int64_t n, int32_t *const to[HL_FLAC_CHANNELS],
                     int64_t *got, hl_error *err);

/* One frame of the index. */
typedef struct {
    int64_t offset, bytes; /* in the file */
    int64_t first;         /* sample number */
    int32_t n;             /* samples a channel */
} hl_flac_frame;

/* All frames, by one pass over the file's frame headers; valid until the next call on f. */
hl_code hl_flac_frames(hl_flac *f, const hl_flac_frame **frame, size_t *n, hl_error *err);

/* What a whole pass over the stream shows. */
typedef struct {
    int64_t n_samples;     /* decoded, a channel */
    bool md5_ok;           /* or the stream has none */
    bool damaged;          /* decoding ended at offset; the rest was not looked at */
    int64_t offset;        /* of the damaged frame */
    int64_t surplus_bytes; /* behind the last frame */
    char message[160];     /* why it is damaged */
} hl_flac_findings;

/* Decode everything, prove every CRC and the MD5. Faults are findings; errors are of the system. */
hl_code hl_flac_prove(hl_flac *f, hl_ctl *ctl, hl_flac_findings *out, hl_error *err);

/* --- encoding -------------------------------------------------------------------------------- */

typedef enum {
    HL_FLAC_BEST = 0, /* flac -8 -r8 -e: what MIMIC-IV-WDB used */
    HL_FLAC_FAST = 1  /* flac -5: some ten times as fast, files up to a quarter larger */
} hl_flac_effort;

typedef struct hl_flac_writer hl_flac_writer;

/*
 * Encode into out (which the caller has created, empty, and commits after hl_flac_writer_end()).
 * Blocks of 4096, sample rate field 96000, no seek table, no padding. Memory: a few blocks.
 * bits 8, 16 or 24.
 */
hl_code hl_flac_writer_new(hl_out *out, int32_t n_channels, int32_t bits, hl_flac_effort effort,
                           hl_flac_writer **writer, hl_error *err);
/* n samples a channel, sample[n][n_channels]. Values out of bits are HL_E_BUG. */
hl_code hl_flac_writer_add(hl_flac_writer *w, const int32_t *sample, int64_t n, hl_error *err);
/* Last block, and STREAMINFO with sizes, count and MD5. Frees w, also on failure. */
hl_code hl_flac_writer_end(hl_flac_writer **w, hl_error *err);
void hl_flac_writer_abort(hl_flac_writer **w);

/* The decoder of record, for tests and fuzzing: all samples of a stream in memory by libFLAC,
 * interleaved, appended to out as int32. HL_E_INPUT when libFLAC refuses it. */
hl_code hl_flac_decode_by_library(const void *bytes, size_t n, hl_buf *out, hl_flac_info *info,
                                  hl_error *err);

#endif
