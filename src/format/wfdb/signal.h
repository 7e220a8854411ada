/*
 * signal.h - the table of WFDB signal formats: one row a format.
 *
 * A new format is a new row with its unpack and pack; header.c takes the known numbers and the
 * default resolution from here, record.c and wave/ everything else. Rows without unpack hold no
 * samples of their own (0) or are FLAC streams (508, 516, 524: format/flac).
 * Source: WFDB Applications Guide, signal(5); waveform.md 1.2.
 */
#ifndef HL_FORMAT_WFDB_SIGNAL_H
#define HL_FORMAT_WFDB_SIGNAL_H

#include "format/wfdb/wfdb.h"

#define HL_WFDB_GROUP_SAMPLES 3 /* most samples that one group of bytes holds (310, 311) */

/* Samples that are turned at a time, so that a second pass over them finds them in the cache; a
 * multiple of every group_samples. */
#define HL_WFDB_BLOCK_SAMPLES 1536

typedef struct {
    int32_t format;
    int32_t adc_bits;      /* when the header states none */
    int32_t group_samples; /* this many samples ... */
    int32_t group_bytes;   /* ... are stored in this many bytes; 0 = no fixed size (FLAC, none) */
    int32_t tail_bytes[HL_WFDB_GROUP_SAMPLES]; /* [k] = bytes of a last group of only k samples */
    bool has_invalid;                          /* false: format 8 and 0 have no code for it */
    int32_t invalid;                           /* stored code of a sample that was not measured */
    int32_t least, most;                       /* range of samples that were measured */
    /* n samples between stored bytes and codes; the caller has checked the sizes. */
    void (*unpack)(const uint8_t *stored, int64_t n, int32_t *code);
    void (*pack)(const int32_t *code, int64_t n, uint8_t *stored);
    /* Every code fits in 16 bits and is a sample by itself: hl_wfdb_unpack() and record.c take it.
     */
    bool is_short;
    /* The same as unpack and pack with codes of 16 bits; NULL: by way of 32. */
    void (*unpack_short)(const uint8_t *stored, int64_t n, int16_t *code);
    void (*pack_short)(const int16_t *code, int64_t n, uint8_t *stored);
    int32_t needed_bytes[HL_WFDB_GROUP_SAMPLES]; /* of tail_bytes those that hold the samples */
} hl_wfdb_format;

/* The row of a format number; NULL when WFDB has no such format. */
const hl_wfdb_format *hl_wfdb_format_find(int32_t format);

/* HL_E_LIMIT "NAME: signal format 24 is not supported (...)" unless the format is_short. */
hl_code hl_wfdb_format_check(int32_t format, const char *name, const hl_wfdb_format **out,
                             hl_error *err);

/*
 * n stored samples of any format but FLAC's and 0, from the start of a group of group_samples, into
 * values; the format's invalid code becomes HL_WFDB_INVALID. Format 8: values are the differences,
 * as stored. The caller has checked the sizes. waveform.md 1.2
 */
void hl_wfdb_unpack_samples(const hl_wfdb_format *f, const uint8_t *stored, int64_t n,
                            int32_t *out);

/* The other way; HL_WFDB_INVALID becomes the invalid code. Format 8: out of *last (the value
 * before, kept for the next call; steps beyond a byte are clipped and caught up). Others: last may
 * be NULL. HL_E_INPUT: a value that the format cannot hold, or (8) an invalid sample it has no code
 * for. Returns through *n_stored the bytes written; a last group that is not full is stored as
 * libwfdb does. */
hl_code hl_wfdb_pack_samples(const hl_wfdb_format *f, const int32_t *sample, int64_t n,
                             int32_t *last, uint8_t *stored, int64_t *n_stored, hl_error *err);

/* Bytes that n samples take as they are written; false when they do not fit in 63 bits. */
bool hl_wfdb_stored_bytes(const hl_wfdb_format *f, int64_t n, int64_t *out);

/* Bytes that must be there to read n samples: one less where format 311 ends with two samples, as
 * some writers leave the empty byte out. */
bool hl_wfdb_needed_bytes(const hl_wfdb_format *f, int64_t n, int64_t *out);

/* Samples that so many bytes hold; a part of a sample does not count. */
int64_t hl_wfdb_stored_samples(const hl_wfdb_format *f, int64_t n_bytes);

/* n codes of a format that is_short, the invalid code as it is stored. */
void hl_wfdb_unpack_codes(const hl_wfdb_format *f, const uint8_t *stored, int64_t n, int16_t *code);

/* Turn f's invalid code into INT16_MIN, the mark that readers see. */
void hl_wfdb_mark_invalid(const hl_wfdb_format *f, int16_t *code, int64_t n);

/* sum[n_signals] = sum modulo 65536 of each signal's codes; code[n_frames][n_signals]. */
void hl_wfdb_checksums(const int16_t *code, int64_t n_frames, int32_t n_signals, uint16_t *sum);

#endif
