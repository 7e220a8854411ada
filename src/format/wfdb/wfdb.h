/*
 * wfdb.h - WFDB records: header and signals.
 *
 * One folder for the format: header.c parses and writes .hea text, signal.c turns stored bytes of
 * each signal format into samples, record.c puts the two together. Here: single-segment records in
 * formats 16 and 212; other formats are refused by name. Sources: WFDB Applications Guide
 * (header(5), signal(5)); waveform.md 1.
 */
#ifndef HL_FORMAT_WFDB_H
#define HL_FORMAT_WFDB_H

#include "base/arena.h"
#include "base/io.h"

#define HL_WFDB_MAX_SIGNALS 4096
#define HL_WFDB_INVALID                                                                            \
    INT32_MIN /* a sample that was not measured (format 16: -32768, 212: -2048) */

typedef struct {
    const char *file; /* name of the signal file as written, "~" = none */
    int32_t format;   /* 16, 212, ... */
    int32_t samples_per_frame;
    int32_t skew;         /* frames */
    int64_t offset_bytes; /* of the first sample in the file */
    double gain;          /* adu per physical unit; 0 in the file = uncalibrated, 200 is used */
    bool calibrated;
    int32_t baseline;  /* adu at 0 physical units; adc_zero when the header has none */
    const char *units; /* "mV" when the header has none */
    int32_t adc_bits;
    int32_t adc_zero;
    int32_t initial; /* first sample */
    bool has_checksum;
    int32_t checksum; /* of all samples, compare modulo 65536 */
    int32_t block_bytes;
    const char *description; /* lead name, "" when absent */
} hl_wfdb_signal;

typedef struct {
    const char *name;
    int32_t n_segments; /* 0 = single-segment */
    int32_t n_signals;
    double rate_hz; /* frames per second */
    double counter_hz;
    double base_counter;
    int64_t n_samples;      /* per signal; 0 = not stated */
    const char *base_time;  /* as written, "" when absent */
    const char *base_date;  /* as written, "" when absent */
    hl_wfdb_signal *signal; /* [n_signals] */
    const char **comment;   /* text behind '#', trimmed */
    size_t n_comments;
} hl_wfdb_header;

/* Parse header text (all memory from arena). name is for messages. HL_E_INPUT with the line;
 * HL_E_LIMIT more than HL_WFDB_MAX_SIGNALS signals, or a version above 10.7. */
hl_code hl_wfdb_parse_header(hl_arena *arena, const char *text, size_t n, const char *name,
                             hl_wfdb_header *out, hl_error *err);

/* Header text of a record, as wfdb-python writes it. */
hl_code hl_wfdb_put_header(hl_buf *to, const hl_wfdb_header *header, hl_error *err);

/* A record read whole. */
typedef struct {
    hl_wfdb_header header;
    int64_t n_samples; /* per signal, from the header or, if it states none, from the file's size */
    int16_t *sample; /* raw adu, [n_samples][n_signals], 16-bit formats: frame major, file order */
    int32_t n_checksum_faults; /* signals whose checksum disagrees */
    int32_t n_initial_faults;  /* signals whose first sample disagrees with the header */
    hl_digest header_digest, signal_digest; /* of the .hea and the (first) signal file */
} hl_wfdb_record;

/*
 * Read PATH.hea and its signal file(s). path is without extension; signal files lie beside the
 * header and must be plain names. All memory from arena. Only formats 16 and 212 with one sample
 * a frame and no skew (else HL_E_LIMIT by name). In sample, the invalid marks stay what the file
 * stores (format 16: -32768; 212's -2048 becomes -32768, so that one test finds both).
 *
 * HL_E_INPUT: header or signal file absent or invalid, the signal file shorter than the header says
 * (message: both sizes), the header's name is another record's.
 */
hl_code hl_wfdb_read(hl_arena *arena, const char *path, hl_wfdb_record *out, hl_error *err);

/* The two halves of hl_wfdb_read for bytes already in memory. stored = bytes of one signal file
 * with n_signals interleaved signals of one format; out[n_frames][n_signals]. */
hl_code hl_wfdb_unpack(int32_t format, const uint8_t *stored, size_t n_stored, int64_t n_frames,
                       int32_t n_signals, const char *name, int16_t *out, hl_error *err);
hl_code hl_wfdb_pack(int32_t format, const int16_t *sample, int64_t n_frames, int32_t n_signals,
                     hl_buf *out, hl_error *err);

/*
 * Write PATH.hea and NAME.dat from header (file names, initial values and checksums are filled in:
 * unsigned as MIMIC-IV-ECG has them) and sample[n_samples][n_signals]. Digests may be NULL.
 */
hl_code hl_wfdb_write(const char *path, const hl_wfdb_header *header, const int16_t *sample,
                      hl_digest *hea, hl_digest *dat, hl_error *err);

#endif
