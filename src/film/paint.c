#include "film/paint.h"

/* Values that the tally does not have are padding (or nowhere in the frame): black. */
hl_code hl_paint_make(const hl_frame *frame, const hl_tally *tally, const uint16_t *grey,
                      const hl_tone *tone, const hl_padding *padding, const uint8_t after[256],
                      hl_arena *arena, hl_paint *out, hl_error *err)
{
    const hl_levels levels = hl_levels_of(frame);

    *out = (hl_paint){.frame = *frame, .levels = levels, .tone = *tone, .padding = *padding};
    memcpy(out->after, after, sizeof out->after);
    if (frame->bits == 32)
        return HL_OK;
    const size_t n_words = (size_t)1 << frame->bits;
    uint16_t *by_level = hl_arena_calloc(arena, 3 * n_words, sizeof *by_level);
    if (!by_level)
        return hl_fail_memory(err, "grey table", 3 * n_words * sizeof *by_level);
    uint16_t *wide = by_level + n_words;
    uint8_t *narrow = (uint8_t *)(wide + n_words);
    for (size_t i = 0; i < tally->n; i++)
        by_level[tally->value[i] - levels.least] = grey[i];
    for (size_t w = 0; w < n_words; w++)
        wide[w] = by_level[hl_level_of(&levels, (uint32_t)w)];
    for (size_t w = 0; w < n_words; w++)
        narrow[w] = (uint8_t)wide[w];
    if (tone->white == 255)
        out->table = narrow;
    else
        out->wide_table = wide;
    return HL_OK;
}

static uint32_t long_word(const hl_paint *p, uint32_t word)
{
    const int64_t value = p->levels.least + (int64_t)hl_level_of(&p->levels, word);

    if (p->padding.any && value >= p->padding.low && value <= p->padding.high)
        return 0;
    const uint32_t grey = hl_tone_of(&p->tone, value);
    return p->tone.white == 255 ? p->after[grey] : grey;
}

/* Eight greys at a time are stored as one word: 2.0 ms a film of 7.8 million words, where a store
 * for each took 2.5 to 4.4, as the loop happened to lie. */
static void paint_words(const uint8_t *table, const hl_word16 *word, size_t n,
                        uint8_t *restrict out)
{
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        uint8_t grey[8];
        for (size_t k = 0; k < 8; k++)
            grey[k] = table[word[i + k]];
        memcpy(out + i, grey, 8);
    }
    for (; i < n; i++)
        out[i] = table[word[i]];
}

void hl_paint_row(const hl_paint *p, int32_t y, uint8_t *restrict out)
{
    const size_t n = (size_t)p->frame.width, at = (size_t)y * n;
    const uint8_t *table = p->table;

    if (p->frame.bits == 8) {
        hl_lut_u8(table, (const uint8_t *)p->frame.px + at, out, n);
    } else if (p->frame.bits == 16) {
        paint_words(table, (const hl_word16 *)p->frame.px + at, n, out);
    } else {
        const hl_word32 *word = (const hl_word32 *)p->frame.px + at;
        for (size_t i = 0; i < n; i++)
            out[i] = (uint8_t)long_word(p, word[i]);
    }
}

void hl_paint_wide_row(const hl_paint *p, int32_t y, uint16_t *restrict out)
{
    const size_t n = (size_t)p->frame.width, at = (size_t)y * n;
    const uint16_t *table = p->wide_table;

    if (p->frame.bits == 8) {
        const uint8_t *word = (const uint8_t *)p->frame.px + at;
        for (size_t i = 0; i < n; i++)
            out[i] = table[word[i]];
    } else if (p->frame.bits == 16) {
        const hl_word16 *word = (const hl_word16 *)p->frame.px + at;
        for (size_t i = 0; i < n; i++)
            out[i] = table[word[i]];
    } else {
        const hl_word32 *word = (const hl_word32 *)p->frame.px + at;
        for (size_t i = 0; i < n; i++)
            out[i] = (uint16_t)long_word(p, word[i]);
    }
}
