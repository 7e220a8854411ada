/*
 * jpeg_header.h - the marker segments of a JPEG file up to its first scan, or up to the next one.
 *
 * Source: ITU-T T.81 annex B. Knows all frame kinds by name, so that a caller can refuse one; holds
 * the tables that a Huffman decoder needs.
 */
#ifndef HL_FORMAT_JPEG_HEADER_H
#define HL_FORMAT_JPEG_HEADER_H

#include <stdbool.h>

#include "base/error.h"

/* A Huffman table as the file gives it: count[l] codes of l bits (l = 1..16), symbols in code
 * order. */
typedef struct {
    bool defined;
    uint8_t count[17];
    uint8_t symbol[256];
} hl_jpeg_huff_spec;

typedef struct {
    bool defined;
    uint16_t step[64]; /* row-major, not zigzag */
} hl_jpeg_quant;

/* Components beyond this many are counted, not kept: no scan may hold more (T.81 B.2.3). */
#define HL_JPEG_MAX_COMPONENTS 4

typedef struct {
    uint8_t id, sampling, quant_id; /* sampling: across << 4 | down */
} hl_jpeg_component;

/* A scan header. n is 0 where it names a component twice, or one that is not in the frame. */
typedef struct {
    int32_t n;
    uint8_t component[HL_JPEG_MAX_COMPONENTS]; /* index in the frame */
    uint8_t dc_id[HL_JPEG_MAX_COMPONENTS], ac_id[HL_JPEG_MAX_COMPONENTS];
    uint8_t first, last; /* Ss, Se; lossless: first is the predictor */
    uint8_t high, low;   /* Ah, Al; lossless: low is the point transform */
} hl_jpeg_scan;

typedef struct {
    int32_t width, height; /* px; height 0: given later by a DNL marker */
    int32_t components, precision;
    uint8_t sof; /* low byte of the frame marker: 0xC0 baseline, 0xC2 progressive, ... */
    int32_t restart_interval;
    /* component 0 of the frame and its part in the first scan */
    uint8_t component_id, sampling, quant_id, dc_id, ac_id;
    /* the first scan has one component, all coefficients, no successive approximation */
    bool plain_scan;
    hl_jpeg_component component[HL_JPEG_MAX_COMPONENTS];
    hl_jpeg_scan scan; /* the one at scan_offset */
    hl_jpeg_quant quant[4];
    hl_jpeg_huff_spec dc[4], ac[4];
    size_t scan_offset; /* of the first entropy-coded byte */
} hl_jpeg_header;

/* Row-major position of the k-th coefficient; entries from 64 on are 0. */
#define HL_JPEG_ZIGZAG_SIZE 224
extern const uint8_t hl_jpeg_zigzag[HL_JPEG_ZIGZAG_SIZE];

/* HL_E_INPUT: no JPEG, or damaged before the first scan; name is for messages. */
hl_code hl_jpeg_header_read(const uint8_t *bytes, size_t n, const char *name, hl_jpeg_header *out,
                            hl_error *err);

/* Go on at the marker that stands at offset at, behind a scan's data: h takes in what follows up to
 * the next scan header. HL_END: an end marker comes first. Otherwise as above. */
hl_code hl_jpeg_header_next(const uint8_t *bytes, size_t n, size_t at, const char *name,
                            hl_jpeg_header *h, hl_error *err);

/* "progressive JPEG" and the like, for a frame marker's low byte. */
const char *hl_jpeg_kind(uint8_t sof);

#endif
