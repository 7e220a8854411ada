/*
 * jpeg_header.h - the marker segments of a JPEG file up to its first scan.
 *
 * Source: ITU-T T.81 annex B. Knows all frame kinds by name, so that a caller can refuse one; holds
 * the tables that a one-component Huffman decoder needs.
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

typedef struct {
    int32_t width, height; /* px; height 0: given later by a DNL marker */
    int32_t components, precision;
    uint8_t sof; /* low byte of the frame marker: 0xC0 baseline, 0xC2 progressive, ... */
    int32_t restart_interval;
    /* component 0 of the frame and its part in the first scan */
    uint8_t component_id, sampling, quant_id, dc_id, ac_id;
    /* the first scan has one component, all coefficients, no successive approximation */
    bool plain_scan;
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

#endif
