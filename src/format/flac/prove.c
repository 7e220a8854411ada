/* A whole pass over a stream: every CRC, the count and the MD5. waveform.md 2.4 */
#include "format/flac/stream.h"

#include <stdarg.h>

#include "base/ctl.h"

/* The MD5 is over interleaved samples, little endian, in as few bytes as hold them. RFC 9639 8.2 */
static void interleave(const hl_flac *f, int32_t n, uint8_t *to)
{
    const int32_t width = (f->info.bits + 7) / 8;

    for (int32_t i = 0; i < n; i++)
        for (int32_t c = 0; c < f->info.n_channels; c++)
            for (int32_t b = 0; b < width; b++)
                *to++ = (uint8_t)(f->sample[c][i] >> 8 * b);
}

static void fault(hl_flac_findings *out, int64_t offset, const char *fmt, ...) HL_PRINTF(3, 4);
static void fault(hl_flac_findings *out, int64_t offset, const char *fmt, ...)
{
    va_list ap;

    out->damaged = true;
    out->offset = offset;
    va_start(ap, fmt);
    vsnprintf(out->message, sizeof out->message, fmt, ap);
    va_end(ap);
}

/* No frame starts at offset though the stream goes on, or may do so. */
static hl_code no_frame(hl_flac *f, int64_t offset, hl_flac_findings *out, hl_error *err)
{
    const int64_t total = f->info.n_samples;
    hl_flac_frame frame;
    bool found = false;
    hl_code c = HL_OK;

    if (offset < f->size)
        c = hl_flac_find_any(f, offset, f->size, out->n_samples, INT64_MAX, &frame, &found, err);
    if (c != HL_OK)
        return c;
    if (found)
        fault(out, offset, "%lld bytes that are no frame in front of sample %lld",
              (long long)(frame.offset - offset), (long long)frame.first);
    else if (total > 0)
        fault(out, offset, "the stream ends after %lld of %lld samples", (long long)out->n_samples,
              (long long)total);
    else
        out->surplus_bytes = f->size - offset;
    return HL_OK;
}

/* All frames in sequence. */
static hl_code pass(hl_flac *f, hl_md5 *md5, uint8_t *row, hl_ctl *ctl, hl_flac_findings *out,
                    hl_error *err)
{
    const size_t width = (size_t)f->info.n_channels * (size_t)((f->info.bits + 7) / 8);
    const int64_t total = f->info.n_samples;
    int64_t at = f->info.first_frame;

    for (;;) {
        int32_t need[HL_FLAC_CHANNELS];
        hl_flac_frame frame = {0};
        hl_error local = {0};
        bool found = false;
        hl_code c = hl_ctl_check(ctl, err);

        if (c == HL_OK && total > 0 && out->n_samples >= total) {
            out->surplus_bytes = f->size - at;
            return HL_OK;
        }
        if (c == HL_OK)
            c = hl_flac_frame_at(f, at, &frame, &found, err);
        if (c != HL_OK)
            return c;
        if (!found || frame.first != out->n_samples)
            return no_frame(f, at, out, err);
        for (int32_t i = 0; i < HL_FLAC_CHANNELS; i++)
            need[i] = frame.n;
        c = hl_flac_load_block(f, &frame, need, &local);
        if (c == HL_E_INPUT) {
            fault(out, at, "the frame of sample %lld: %s", (long long)frame.first, f->why);
            return HL_OK;
        }
        if (c != HL_OK) {
            if (err)
                *err = local;
            return c;
        }
        interleave(f, frame.n, row);
        hl_md5_add(md5, row, (size_t)frame.n * width);
        out->n_samples += frame.n;
        at = frame.offset + frame.bytes;
        hl_ctl_bytes(ctl, frame.bytes);
    }
}

hl_code hl_flac_prove(hl_flac *f, hl_ctl *ctl, hl_flac_findings *out, hl_error *err)
{
    const size_t row_bytes = (size_t)f->info.max_block * (size_t)f->info.n_channels * 3;
    hl_md5 *md5 = hl_md5_new();
    uint8_t *row = malloc(row_bytes), sum[16];
    hl_code c = HL_OK;

    *out = (hl_flac_findings){0};
    f->wasted = 0;
    if (!md5 || !row)
        c = hl_fail_memory(err, "FLAC block", row_bytes);
    if (c == HL_OK)
        c = pass(f, md5, row, ctl, out, err);
    if (c == HL_OK && !out->damaged) {
        hl_md5_end(md5, sum);
        out->md5_ok = !f->info.has_md5 || memcmp(sum, f->info.md5, sizeof sum) == 0;
        if (f->info.n_samples > 0 && out->n_samples > f->info.n_samples)
            fault(out, f->info.first_frame, "%lld samples instead of %lld",
                  (long long)out->n_samples, (long long)f->info.n_samples);
    }
    hl_md5_free(&md5);
    free(row);
    return c;
}
