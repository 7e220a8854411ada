#include "format/flac/stream.h"

/* A read after a jump: a few frames, and never so little that it does not pay. */
#define JUMP_LEAST ((int64_t)1 << 14)
#define JUMP_MOST ((int64_t)1 << 16)

hl_code hl_flac_open(hl_in *in, hl_cpu cpu, hl_flac **out, hl_error *err)
{
    hl_flac *f = calloc(1, sizeof *f);
    const hl_flac_info *info;
    size_t room;
    int64_t jump = JUMP_MOST;
    hl_code c;

    *out = NULL;
    if (!f)
        return hl_fail_memory(err, "FLAC stream", sizeof *f);
    f->in = in;
    f->size = hl_in_size(in);
    f->decode = hl_flac_decode_block_c;
#if defined(__x86_64__)
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512)
        f->decode = hl_flac_decode_block_avx2;
#else
    (void)cpu;
#endif
    info = &f->info;
    c = hl_flac_info_read(in, &f->info, err);
    if (c != HL_OK)
        goto failed;
    f->length = info->n_samples > 0 ? info->n_samples : -1;
    if (f->length > 0)
        jump = (int64_t)((double)(f->size - info->first_frame) * 4 * info->max_block /
                         (double)f->length);
    f->ahead_min = (size_t)(jump < JUMP_LEAST ? JUMP_LEAST : jump > JUMP_MOST ? JUMP_MOST : jump);
    f->ahead = f->ahead_min;
    room = (size_t)info->max_block + HL_FLAC_PLANE_SLACK;
    f->plane = malloc((size_t)info->n_channels * room * sizeof *f->plane);
    if (!f->plane) {
        c = hl_fail_memory(err, "FLAC block", (size_t)info->n_channels * room * sizeof *f->plane);
        goto failed;
    }
    for (int32_t i = 0; i < info->n_channels; i++)
        f->sample[i] = f->plane + (size_t)i * room;
    *out = f;
    return HL_OK;
failed:
    hl_flac_close(&f);
    return c;
}

void hl_flac_close(hl_flac **f)
{
    if (!f || !*f)
        return;
    free((*f)->bytes);
    free((*f)->known);
    free((*f)->all);
    free((*f)->plane);
    free(*f);
    *f = NULL;
}

const hl_flac_info *hl_flac_info_of(const hl_flac *f)
{
    return &f->info;
}

/* --- a block ---------------------------------------------------------------------------------- */

static hl_code damaged(hl_flac *f, const hl_flac_frame *frame, const char *why, hl_error *err)
{
    f->why = why;
    return hl_fail_at(err, HL_E_INPUT, hl_in_name(f->in), 0, frame->offset,
                      "the FLAC frame of sample %lld at byte %lld is damaged: %s",
                      (long long)frame->first, (long long)frame->offset, why);
}

/* Whether the decoder will see the whole frame and so find its end by itself. */
static bool needs_all(const hl_flac *f, const hl_flac_frame *frame, const int32_t *need)
{
    return need[f->info.n_channels - 1] == frame->n;
}

/* Decode from p, n bytes; the end of the frame is known or b->whole. */
static hl_flac_outcome decode(hl_flac *f, const uint8_t *p, size_t n, const int32_t *need,
                              hl_flac_block *b)
{
    hl_flac_header h;

    *b = (hl_flac_block){.n_channels = f->info.n_channels, .bits = f->info.bits, .whole = b->whole};
    if (!hl_flac_header_read(p, n, &f->info, &h))
        return b->why = "its header", HL_FLAC_BAD;
    b->n = h.n;
    b->stereo = h.stereo;
    for (int32_t c = 0; c < f->info.n_channels; c++) {
        b->sample[c] = f->sample[c];
        b->need[c] = need[c];
    }
    return f->decode(b, p + h.bytes, p + n);
}

hl_code hl_flac_parse(hl_flac *f, hl_flac_frame *frame, const int32_t need[HL_FLAC_CHANNELS],
                      hl_flac_block *b, hl_error *err)
{
    const size_t limit = (size_t)hl_flac_frame_limit(&f->info);
    size_t want = frame->bytes > 0 ? (size_t)frame->bytes : f->ahead_min / 2, got = 0;
    const uint8_t *p = NULL;

    f->block.n = 0;
    for (;;) {
        hl_flac_outcome outcome;
        hl_code c = hl_flac_bytes(f, frame->offset, want, &p, &got, err);
        if (c != HL_OK)
            return c;
        b->whole = true;
        outcome = decode(f, p, got, need, b);
        if (outcome == HL_FLAC_BAD)
            return damaged(f, frame, b->why, err);
        if (outcome == HL_FLAC_DONE && (size_t)(b->end - p) + 2 <= got)
            break;
        if (frame->offset + (int64_t)got >= f->size || got < want)
            return damaged(f, frame, "the file ends in it", err);
        if (got >= limit)
            return damaged(f, frame, "it does not end", err);
        want = got + got / 2;
    }
    frame->bytes = b->end - p + 2;
    if (hl_flac_crc16(0, p, (size_t)frame->bytes) != 0)
        return damaged(f, frame, "its check sum (CRC-16) is wrong", err);
    return HL_OK;
}

/* Decode the start of a frame, whose end must be found in another way for the CRC-16. */
static hl_code load_part(hl_flac *f, hl_flac_frame *frame, const int32_t *need, hl_flac_block *b,
                         hl_error *err)
{
    const uint8_t *p = NULL;
    hl_flac_end how = HL_FLAC_END_PROVEN;
    hl_flac_outcome outcome;
    size_t got = 0;
    const bool known = frame->bytes > 0;
    hl_code c = HL_OK;

    if (!known)
        c = hl_flac_find_end(f, frame, &how, err);
    if (c == HL_OK && how != HL_FLAC_END_PROVEN)
        return hl_flac_parse(f, frame, need, b, err); /* says what is wrong */
    if (c == HL_OK)
        c = hl_flac_bytes(f, frame->offset, (size_t)frame->bytes, &p, &got, err);
    if (c != HL_OK)
        return c;
    if (got < (size_t)frame->bytes)
        return damaged(f, frame, "the file ends in it", err);
    if (known && hl_flac_crc16(0, p, (size_t)frame->bytes) != 0)
        return damaged(f, frame, "its check sum (CRC-16) is wrong", err);
    b->whole = false;
    outcome = decode(f, p, (size_t)frame->bytes - 2, need, b);
    if (outcome != HL_FLAC_DONE)
        return damaged(f, frame, outcome == HL_FLAC_BAD ? b->why : "its samples do not end", err);
    return HL_OK;
}

hl_code hl_flac_load_block(hl_flac *f, hl_flac_frame *frame, const int32_t need[HL_FLAC_CHANNELS],
                           hl_error *err)
{
    hl_flac_block b = {0};
    hl_code c;

    f->block.n = 0;
    c = needs_all(f, frame, need) ? hl_flac_parse(f, frame, need, &b, err)
                                  : load_part(f, frame, need, &b, err);
    if (c != HL_OK)
        return c;
    f->block = *frame;
    memcpy(f->done, b.need, sizeof f->done);
    return HL_OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The frame of sample s; as a rule it follows the last one. */
static hl_code find(hl_flac *f, int64_t s, hl_flac_frame *frame, hl_error *err)
{
    const hl_flac_frame *last = &f->block;
    bool found = false;
    hl_code c = HL_OK;

    if (last->n > 0 && s == last->first + last->n && last->bytes > 0)
        c = hl_flac_frame_at(f, last->offset + last->bytes, frame, &found, err);
    if (c != HL_OK || (found && frame->first == s))
        return c;
    return hl_flac_find(f, s, frame, err);
}

/*
 * The block of sample s with what is wanted of it, up to sample end. A block that is asked for a
 * second time, by a reader of small pieces or of one channel after the other, is decoded whole.
 */
static hl_code want_block(hl_flac *f, int64_t s, int64_t end, bool forward,
                          int32_t *const to[HL_FLAC_CHANNELS], hl_error *err)
{
    hl_flac_frame frame = f->block;
    const bool again = frame.n > 0 && s >= frame.first && s < frame.first + frame.n;
    int32_t need[HL_FLAC_CHANNELS] = {0};
    bool enough = again;
    hl_code c = HL_OK;

    if (!again)
        c = find(f, s, &frame, err);
    if (c != HL_OK)
        return c;
    for (int32_t i = 0; i < f->info.n_channels; i++) {
        const int64_t part = end - frame.first < frame.n ? end - frame.first : frame.n;
        enough = enough && (!to[i] || f->done[i] >= part);
        need[i] = again ? frame.n : !to[i] ? 0 : forward ? frame.n : (int32_t)part;
    }
    if (enough)
        return HL_OK;
    c = hl_flac_load_block(f, &frame, need, err);
    return c == HL_OK ? hl_flac_learn(f, &f->block, err) : c;
}

hl_code hl_flac_read(hl_flac *f, int64_t from, int64_t n, int32_t *const to[HL_FLAC_CHANNELS],
                     int64_t *got, hl_error *err)
{
    const bool forward = from == f->next_from;
    int64_t length = f->length, at = from, end;
    hl_code c = HL_OK;

    *got = 0;
    f->wasted = 0;
    if (from < 0 || n < 0)
        return hl_fail(err, HL_E_BUG, "FLAC samples from %lld on were asked for", (long long)from);
    if (length < 0)
        c = hl_flac_length(f, &length, err);
    end = from >= length ? from : n > length - from ? length : from + n;
    while (c == HL_OK && at < end) {
        int64_t skip, m;
        c = want_block(f, at, end, forward, to, err);
        if (c != HL_OK)
            break;
        skip = at - f->block.first;
        m = f->block.n - skip < end - at ? f->block.n - skip : end - at;
        for (int32_t i = 0; i < f->info.n_channels; i++)
            if (to[i])
                memcpy(to[i] + (at - from), f->sample[i] + skip, (size_t)m * sizeof *to[i]);
        at += m;
    }
    *got = at - from;
    f->next_from = at;
    return c;
}
