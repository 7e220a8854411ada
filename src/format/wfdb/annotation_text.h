/*
 * annotation_text.h - what the reader and the writer of annotation files must agree on; for this
 * folder only.
 *
 * MIT files are words of 16 bits, low byte first: A = word >> 10, I = word & 1023.
 *
 *   A = 0..58 with I   an annotation of type A, I ticks after the one before; word 0 = end mark
 *   A = 59 SKIP        a signed number of 32 bits follows (high word first): ticks more
 *   A = 60 NUM         num = I, for this annotation and all that follow
 *   A = 61 SUB         subtype = I, for this annotation
 *   A = 62 CHN         chan = I, for this annotation and all that follow
 *   A = 63 AUX         I bytes follow, and a NUL if I is odd
 *
 * AHA files are records of 16 bytes.
 *
 *   0 | code | time, 32 bits, high word first | serial number, 16 bits | subtype | chan | aux, 6
 *
 * They end with 0xff in place of the 0, and are filled up with 0xff to a multiple of 1024 bytes.
 * Source: annot(5); waveform.md 1.3.
 */
#ifndef HL_FORMAT_WFDB_ANNOTATION_TEXT_H
#define HL_FORMAT_WFDB_ANNOTATION_TEXT_H

#include "format/wfdb/annotation.h"

enum {
    HL_ANNOTATION_SKIP = 59,
    HL_ANNOTATION_NUM = 60,
    HL_ANNOTATION_SUB = 61,
    HL_ANNOTATION_CHN = 62,
    HL_ANNOTATION_AUX = 63,
    HL_ANNOTATION_MOST_TICKS = 1023, /* in a word */

    HL_ANNOTATION_NOTE = 22,
    HL_ANNOTATION_NOISE = 14,
    HL_ANNOTATION_TYPES = 50,

    HL_AHA_RECORD_BYTES = 16,
    HL_AHA_AUX_BYTES = 6,
    HL_AHA_BLOCK_BYTES = 1024,
    HL_AHA_END = 0xff
};

#define HL_ANNOTATION_CLOCK "## time resolution: "
#define HL_ANNOTATION_DEFINITIONS "## annotation type definitions"
#define HL_ANNOTATION_DEFINITIONS_END "## end of definitions"

/* Whether a file with these first two bytes is taken for an AHA file: 0 and a code that starts or
 * ends no flutter. An MIT file could begin so, with a type of 17 to 21 at a time of 0 to 768. */
bool hl_aha_begins(uint8_t first, uint8_t second);

#endif
