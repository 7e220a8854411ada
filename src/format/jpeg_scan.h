/*
 * jpeg_scan.h - a JPEG stream taken scan by scan: what the decoders for more than 8 bits share.
 *
 *   hl_jpeg_stream_open          markers up to the first scan, size compared
 *   per scan:  hl_jpeg_scan_begin, tables, entropy-coded data with hl_jpeg_scan_restart in between,
 *              hl_jpeg_scan_end
 *   hl_jpeg_stream_next          HL_OK: another scan; HL_END: all components are there
 *
 * Each component is in one scan (sequential and lossless JPEG, no hierarchy). T.81 annex B
 */
#ifndef HL_FORMAT_JPEG_SCAN_H
#define HL_FORMAT_JPEG_SCAN_H

#include "format/jpeg_huffman.h"
#include "format/jpeg_samples.h"

typedef struct {
    const uint8_t *bytes;
    size_t n;
    const char *name;
    hl_jpeg_header header;
    hl_jpeg_bits bits;
    unsigned seen;   /* bit i: component i had its scan */
    uint8_t restart; /* number of the next restart marker, 0..7 */
    bool no_eoi;
} hl_jpeg_stream;

/* HL_E_INPUT: no JPEG, damaged, of another size than expected; HL_E_LIMIT: height told later (DNL),
 * subsampled components. The kind of frame is for the caller to check. */
hl_code hl_jpeg_stream_open(hl_arena *arena, const uint8_t *bytes, size_t n, const char *name,
                            hl_jpeg_size expect, hl_jpeg_stream **out, hl_error *err);

hl_code hl_jpeg_scan_begin(hl_jpeg_stream *s, hl_error *err);
/* The scan's table id of header.dc (differences up to max_size bits) or header.ac. */
hl_code hl_jpeg_scan_dc(const hl_jpeg_stream *s, int id, int max_size, hl_jpeg_huff *out,
                        hl_error *err);
hl_code hl_jpeg_scan_ac(const hl_jpeg_stream *s, int id, hl_jpeg_huff *out, hl_error *err);
/* Between two restart intervals: nothing but padding may be left, and the right marker follows.
 * line (px, from 0) is for messages. */
hl_code hl_jpeg_scan_restart(hl_jpeg_stream *s, int32_t line, hl_error *err);
/* Behind the last sample. HL_E_INPUT: "N bytes left over after the last sample". */
hl_code hl_jpeg_scan_end(hl_jpeg_stream *s, hl_error *err);
hl_code hl_jpeg_stream_next(hl_jpeg_stream *s, hl_error *err);

/* No code, or no bits any more: "JPEG data ends early" or "JPEG entropy data corrupt". */
hl_code hl_jpeg_scan_fail(const hl_jpeg_stream *s, int32_t line, hl_error *err);
/* Fewer bytes than the picture's smallest code has. */
hl_code hl_jpeg_stream_short(const hl_jpeg_stream *s, hl_error *err);

#endif
