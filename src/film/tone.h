/*
 * tone.h - from a stored value to its grey: everything of a look before equalise, for one value.
 *
 * Two kinds of arithmetic:
 *
 *   published   range minmax, rounding truncate, 8 bits, modality ignored, no padding skipped: to
 *               the bit what the public conversion function computes, the wrap of signed types
 *               included. films.md 1.1
 *   ours        all others: y = (x - low) / (high - low) or the window's y, 0 below and 1 above,
 *               in doubles; grey = y * white, cut off or rounded half up
 *
 * Then MONOCHROME1 turns grey into white - grey. Padding is no matter of a tone: it is black, 0,
 * in the picture, whatever is turned.
 */
#ifndef HL_FILM_TONE_H
#define HL_FILM_TONE_H

#include "film/histogram.h"
#include "film/look.h"

typedef struct {
    enum { HL_TONE_PUBLISHED, HL_TONE_RANGE, HL_TONE_VOI } kind;
    /* HL_TONE_PUBLISHED: S = value - min as an integer of the words' type; its maximum */
    int64_t min, greatest;
    int32_t bits;
    bool is_signed;
    /* HL_TONE_RANGE, in units of the modality transform */
    double low, high;
    hl_modality modality;
    hl_voi voi;
    bool truncate, invert;
    uint32_t white;
} hl_tone;

/* The tone of a frame whose values are tallied. Sets inverted, constant, wrapped, no_voi of stats;
 * scratch and LUTs come from arena. HL_E_INPUT: a window or LUT that means nothing. */
hl_code hl_tone_fit(const hl_look *look, hl_dicom *d, const hl_pixels *p, const hl_frame *frame,
                    const hl_tally *tally, hl_arena *arena, hl_tone *out, hl_look_stats *stats,
                    hl_error *err);

/* 0 .. white. */
uint32_t hl_tone_of(const hl_tone *tone, int64_t stored);

#endif
