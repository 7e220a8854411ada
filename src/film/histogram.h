/*
 * histogram.h - which stored values a frame holds, and how often: one pass over the words.
 *
 *      word --shift, mask--> bits --sign bit turned--> level 0, 1, 2, ... --+ least--> stored value
 *
 * Levels have the order of the values, whatever their sign, so that a table over levels needs no
 * sign. films.md 3.6
 */
#ifndef HL_FILM_HISTOGRAM_H
#define HL_FILM_HISTOGRAM_H

#include "film/voi.h"
#include "format/dicom/pixels.h"

typedef struct {
    int32_t shift;
    uint32_t mask; /* after the shift */
    uint32_t flip; /* the sign bit, 0 for unsigned */
    int64_t least; /* stored value of level 0 */
} hl_levels;

hl_levels hl_levels_of(const hl_frame *frame);

static inline uint32_t hl_level_of(const hl_levels *l, uint32_t word)
{
    return ((word >> l->shift) & l->mask) ^ l->flip;
}

/* The distinct stored values of a frame, ascending; padding is left out. */
typedef struct {
    int64_t n_pixels; /* that were counted */
    size_t n;
    const int64_t *value; /* [n] */
    const int64_t *count; /* [n] */
} hl_tally;

/* Memory: 1 MiB of arena at most for words of 8 and 16 bits; for 32 bits some 8 bytes a pixel and
 * 16 a distinct value. HL_E_LIMIT. */
hl_code hl_tally_make(const hl_frame *frame, const hl_padding *padding, hl_arena *arena,
                      hl_tally *out, hl_error *err);

/* Words in a file lie anywhere. */
typedef uint16_t hl_word16 __attribute__((aligned(1)));
typedef uint32_t hl_word32 __attribute__((aligned(1)));

#endif
