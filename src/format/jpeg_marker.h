/*
 * jpeg_marker.h - the list of a JPEG file's segments: what it carries besides the picture.
 *
 * Source: ITU-T T.81 annex B (marker syntax).
 */
#ifndef HL_FORMAT_JPEG_MARKER_H
#define HL_FORMAT_JPEG_MARKER_H

#include "base/str.h"

#define HL_JPEG_MAX_MARKERS 256

typedef struct {
    uint8_t code;  /* low byte of the marker: 0xE1 = APP1, 0xFE = comment, 0xDA = scan, ... */
    size_t offset; /* of the segment's content in the file */
    size_t n;      /* bytes of content */
} hl_jpeg_marker;

typedef struct {
    hl_jpeg_marker marker[HL_JPEG_MAX_MARKERS];
    size_t n_markers; /* segments in file order; more than fit are only counted */
    size_t n_more;
    size_t n_scans;
    size_t trailing; /* bytes behind the end marker */
    bool ended;      /* there is an end marker */
} hl_jpeg_markers;

/* Walk the file from marker to marker. Never fails: damage ends the walk. */
void hl_jpeg_list_markers(const uint8_t *bytes, size_t n, hl_jpeg_markers *out);

/* Name of a marker: "APP1", "COM", "SOF2", "DQT", ... Static text. */
const char *hl_jpeg_marker_name(uint8_t code);

/* libjpeg quality (1 to 100) whose luminance table, in row-major order, is nearest to step; *exact
 * tells whether it is that table to the last value. */
int hl_jpeg_quality_of(const uint16_t step[64], bool *exact);

#endif
