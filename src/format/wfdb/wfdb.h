/*
 * wfdb.h - the WFDB format: header text and signal formats, both ways.
 *
 * One folder for the format: header.c parses and header_write.c writes .hea text (lines and tokens:
 * header_text.c), signal.c turns the stored bytes of each signal format into samples and back
 * (signal_short.c: of 16 bits), annotation.c, annotation_write.c and annotation_types.c do
 * annotation files, record.c reads and writes small single-segment records whole (a 12-lead ECG).
 * Windows of records of any kind are the business of wave/. Sources: WFDB Applications Guide
 * (header(5), signal(5)); waveform.md 1.
 */
#ifndef HL_FORMAT_WFDB_H
#define HL_FORMAT_WFDB_H

#include "base/arena.h"
#include "base/io.h"

#define HL_WFDB_MAX_SIGNALS 4096
#define HL_WFDB_MAX_SEGMENTS (1 << 20)
#define HL_WFDB_INVALID                                                                            \
    INT32_MIN /* a sample that was not measured (format 16: -32768, 212: -2048) */

typedef struct {
    const char *file; /* name of the signal file as written, "~" = none */
    int32_t format;   /* 16, 212, ... */
    int32_t samples_per_frame;
    int32_t skew; /* as written: samples of this signal. hl_wfdb_skew_frames() has it in frames */
    int64_t offset_bytes; /* prolog of the file; FLAC formats: samples a channel to skip */
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
    const char *description; /* lead name as written: one separator taken off, further leading and
                                trailing blanks kept; "" when absent */
    int32_t group; /* number of its signal file; the same name not adjacent is a new group */
    bool has_units, has_gain, has_baseline, has_adc_bits; /* stated in the line */
} hl_wfdb_signal;

/* One line of a multi-segment record's header. */
typedef struct {
    const char *name;  /* "~" = a gap */
    int64_t n_samples; /* frames */
} hl_wfdb_segment;

#define HL_WFDB_NO_TIME INT64_MIN

typedef struct {
    const char *name;
    int32_t n_segments; /* 0 = single-segment */
    int32_t n_signals;
    double rate_hz; /* frames per second */
    double counter_hz;
    double base_counter;
    int64_t n_samples;     /* per signal; 0 = not stated */
    const char *base_time; /* as written, "" when absent */
    const char *base_date; /* as written, "" when absent */
    int64_t base_ms;       /* since midnight, rounded; HL_WFDB_NO_TIME when absent */
    int64_t
        base_day; /* days since 1970-01-01; HL_WFDB_NO_TIME when absent or no date (32/13/2000) */
    hl_wfdb_segment *segment; /* [n_segments] */
    hl_wfdb_signal *signal;   /* [n_signals]; NULL in the header of a multi-segment record */
    const char **comment; /* text behind '#' of every line after the structure, verbatim, leading
                             blank kept; what reads them trims */
    size_t n_comments;
    int32_t version[3]; /* of a "#wfdb" line, 0 = none */
} hl_wfdb_header;

/*
 * Parse header text (all memory from arena). name is for messages. Lenient where the WFDB library
 * is: modifiers out of range and impossible dates fall back to the default, surplus lines are
 * ignored. A time of 0:0:0 without a date is a time. HL_E_INPUT with the line; HL_E_LIMIT more than
 * HL_WFDB_MAX_SIGNALS signals or HL_WFDB_MAX_SEGMENTS segments, or a version above 10.7.
 */
hl_code hl_wfdb_parse_header(hl_arena *arena, const char *text, size_t n, const char *name,
                             hl_wfdb_header *out, hl_error *err);

/*
 * The same, and why it failed in the words of the WFDB library for record `record`
 * ("init: sampling frequency in record fs0 header is incorrect"), as wfdbcheck reports it: reason
 * is
 * "" when parsing succeeds, but for warnings of the library (sum of segment lengths), which are
 * given with success. waveform.md 1.5.1
 */
#define HL_WFDB_REASON_BYTES 320
hl_code hl_wfdb_parse_header_as(hl_arena *arena, const char *text, size_t n, const char *name,
                                const char *record, hl_wfdb_header *out,
                                char reason[HL_WFDB_REASON_BYTES], hl_error *err);

/* Whether a header that names itself `inside` is that of the record asked for as `asked` (the last
 * path component; in_folder: a folder stood in front). waveform.md 1.1, NAME */
bool hl_wfdb_is_name_of(const char *inside, const char *asked, bool in_folder);

/* (int)(skew / samples_per_frame + 0.5): frames by which the signal lags. waveform.md 1.1 */
int64_t hl_wfdb_skew_frames(const hl_wfdb_signal *s);

static inline bool hl_wfdb_is_gap(const hl_wfdb_segment *s)
{
    return s->name[0] == '~' && s->name[1] == 0;
}
/* Signal without a file: a layout's, or format 0. */
static inline bool hl_wfdb_has_file(const hl_wfdb_signal *s)
{
    return !(s->file[0] == '~' && s->file[1] == 0) && s->format != 0;
}
static inline bool hl_wfdb_is_flac(int32_t format)
{
    return format == 508 || format == 516 || format == 524;
}

/* Header text of a single-segment record, as wfdb-python writes it. */
hl_code hl_wfdb_put_header(hl_buf *to, const hl_wfdb_header *header, hl_error *err);

/*
 * Header text as MIMIC-IV-WDB has it: CRLF ends, numbers in the fewest digits that read back
 * (999.56, 200), "(baseline)" only where it differs from the ADC zero, FMT without x1, "#wfdb 10.7"
 * first if version is set, segment lines, comments verbatim behind '#'. Single- and multi-segment,
 * layouts. base_time and base_date as they stand. waveform.md 4.3
 */
hl_code hl_wfdb_put_header_crlf(hl_buf *to, const hl_wfdb_header *header, hl_error *err);

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
 * header and must be plain names. All memory from arena. Only formats of at most 16 bits (16, 61,
 * 80, 160, 212, 310, 311) with one sample a frame and no skew (else HL_E_LIMIT by name). In sample,
 * the invalid marks stay what the file stores (format 16: -32768; other formats' codes, 212's
 * -2048, become -32768, so that one test finds all).
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
