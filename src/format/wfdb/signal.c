#include "format/wfdb/signal.h"

/* --- format 16: two's complement, low byte first --------------------------------------------- */

static void unpack_16(const uint8_t *stored, int64_t n, int16_t *code)
{
    for (int64_t i = 0; i < n; i++)
        code[i] = (int16_t)(uint16_t)(stored[2 * i] | stored[2 * i + 1] << 8);
}

static void pack_16(const int16_t *code, int64_t n, uint8_t *stored)
{
    for (int64_t i = 0; i < n; i++) {
        stored[2 * i] = (uint8_t)code[i];
        stored[2 * i + 1] = (uint8_t)((uint16_t)code[i] >> 8);
    }
}

/* --- format 212: two 12-bit samples in three bytes -------------------------------------------
 *
 *   byte 0      s0 bits 7..0
 *   byte 1      s1 bits 11..8 | s0 bits 11..8
 *   byte 2      s1 bits 7..0
 *
 * A last single sample takes bytes 0 and 1. */

static int16_t sign_extend_12(unsigned v)
{
    return (int16_t)((int)(v ^ 0x800u) - 0x800);
}

static void unpack_212(const uint8_t *stored, int64_t n, int16_t *code)
{
    int64_t i = 0;

    for (; i + 2 <= n; i += 2, stored += 3) {
        code[i] = sign_extend_12(stored[0] | (stored[1] & 0x0fu) << 8);
        code[i + 1] = sign_extend_12(stored[2] | (stored[1] & 0xf0u) << 4);
    }
    if (i < n)
        code[i] = sign_extend_12(stored[0] | (stored[1] & 0x0fu) << 8);
}

static void pack_212(const int16_t *code, int64_t n, uint8_t *stored)
{
    int64_t i = 0;

    for (; i + 2 <= n; i += 2, stored += 3) {
        unsigned a = (unsigned)code[i], b = (unsigned)code[i + 1];
        stored[0] = (uint8_t)a;
        stored[1] = (uint8_t)((a >> 8 & 0x0f) | (b >> 4 & 0xf0));
        stored[2] = (uint8_t)b;
    }
    if (i < n) {
        stored[0] = (uint8_t)code[i];
        stored[1] = (uint8_t)((unsigned)code[i] >> 8 & 0x0f);
    }
}

/* --- the table ------------------------------------------------------------------------------- */

static const hl_wfdb_format formats[] = {
    {16, 12, 1, 2, {0, 0, 0}, INT16_MIN, -32767, 32767, unpack_16, pack_16},
    {212, 12, 2, 3, {0, 2, 0}, -2048, -2047, 2047, unpack_212, pack_212},
    {.format = 0, .adc_bits = 12},
    {.format = 8, .adc_bits = 12},
    {.format = 24, .adc_bits = 12},
    {.format = 32, .adc_bits = 12},
    {.format = 61, .adc_bits = 12},
    {.format = 80, .adc_bits = 8},
    {.format = 160, .adc_bits = 16},
    {.format = 310, .adc_bits = 10},
    {.format = 311, .adc_bits = 10},
    {.format = 508, .adc_bits = 12},
    {.format = 516, .adc_bits = 12},
    {.format = 524, .adc_bits = 12},
};

const hl_wfdb_format *hl_wfdb_format_find(int32_t format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].format == format)
            return &formats[i];
    return NULL;
}

hl_code hl_wfdb_format_check(int32_t format, const char *name, const hl_wfdb_format **out,
                             hl_error *err)
{
    const hl_wfdb_format *f = hl_wfdb_format_find(format);

    if (!f || !f->unpack)
        return hl_fail_at(err, HL_E_LIMIT, name, 0, -1,
                          "signal format %d is not supported (16 and 212 are)", (int)format);
    *out = f;
    return HL_OK;
}

bool hl_wfdb_stored_bytes(const hl_wfdb_format *f, int64_t n, int64_t *out)
{
    int64_t whole;

    if (__builtin_mul_overflow(n / f->group_samples, (int64_t)f->group_bytes, &whole))
        return false;
    return !__builtin_add_overflow(whole, (int64_t)f->tail_bytes[n % f->group_samples], out);
}

int64_t hl_wfdb_stored_samples(const hl_wfdb_format *f, int64_t n_bytes)
{
    return n_bytes / f->group_bytes * f->group_samples +
           n_bytes % f->group_bytes * f->group_samples / f->group_bytes;
}

void hl_wfdb_mark_invalid(const hl_wfdb_format *f, int16_t *code, int64_t n)
{
    if (f->invalid == INT16_MIN)
        return;
    for (int64_t i = 0; i < n; i++)
        code[i] = code[i] == f->invalid ? INT16_MIN : code[i];
}

/* --- checksums --------------------------------------------------------------------------------
 *
 * Summing a signal by itself strides through memory. Instead LANES frames are added at once into
 * LANES * n_signals sums that lie as the samples do, so the compiler needs no strides; the lanes of
 * each signal are added up at the end. 60,000 samples of 12 signals: 5 microseconds. */

enum { LANES = 16, MAX_WIDE_SIGNALS = 64 };

static void add_wide(uint16_t *restrict sum, const int16_t *restrict code, int32_t n_signals)
{
    for (int32_t i = 0; i < n_signals; i++)
        for (int k = 0; k < LANES; k++)
            sum[i * LANES + k] = (uint16_t)(sum[i * LANES + k] + (uint16_t)code[i * LANES + k]);
}

void hl_wfdb_checksums(const int16_t *code, int64_t n_frames, int32_t n_signals, uint16_t *sum)
{
    uint16_t lane[LANES * MAX_WIDE_SIGNALS];
    int64_t at = 0;

    memset(sum, 0, (size_t)n_signals * sizeof *sum);
    if (n_signals <= MAX_WIDE_SIGNALS) {
        memset(lane, 0, sizeof lane);
        for (; at + LANES <= n_frames; at += LANES)
            add_wide(lane, code + at * n_signals, n_signals);
        for (int32_t i = 0; i < LANES * n_signals; i++)
            sum[i % n_signals] = (uint16_t)(sum[i % n_signals] + lane[i]);
    }
    for (; at < n_frames; at++)
        for (int32_t i = 0; i < n_signals; i++)
            sum[i] = (uint16_t)(sum[i] + (uint16_t)code[at * n_signals + i]);
}

/* --- public halves ---------------------------------------------------------------------------- */

hl_code hl_wfdb_unpack(int32_t format, const uint8_t *stored, size_t n_stored, int64_t n_frames,
                       int32_t n_signals, const char *name, int16_t *out, hl_error *err)
{
    const hl_wfdb_format *f = NULL;
    int64_t n, need;
    hl_code c = hl_wfdb_format_check(format, name, &f, err);

    if (c != HL_OK)
        return c;
    if (n_frames < 0 || n_signals < 0 || __builtin_mul_overflow(n_frames, (int64_t)n_signals, &n) ||
        !hl_wfdb_stored_bytes(f, n, &need) || (uint64_t)need > n_stored)
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "%zu bytes are too few for %d signals x %lld samples in format %d",
                          n_stored, (int)n_signals, (long long)n_frames, (int)format);
    f->unpack(stored, n, out);
    hl_wfdb_mark_invalid(f, out, n);
    return HL_OK;
}

/* Codes of up to BLOCK samples, checked against the format's range. Returns the index of the first
 * sample that does not fit, or -1. */
enum { BLOCK = 1536 }; /* a multiple of every group_samples */

static int64_t to_codes(const hl_wfdb_format *f, const int16_t *sample, int64_t n, int16_t *code)
{
    for (int64_t i = 0; i < n; i++) {
        int16_t v = sample[i];
        if (v == INT16_MIN)
            v = f->invalid;
        else if (v < f->least || v > f->most)
            return i;
        code[i] = v;
    }
    return -1;
}

hl_code hl_wfdb_pack(int32_t format, const int16_t *sample, int64_t n_frames, int32_t n_signals,
                     hl_buf *out, hl_error *err)
{
    const hl_wfdb_format *f = NULL;
    int16_t code[BLOCK];
    int64_t n, bytes;
    hl_code c = hl_wfdb_format_check(format, "pack", &f, err);

    if (c != HL_OK)
        return c;
    if (n_frames < 0 || n_signals < 0 || __builtin_mul_overflow(n_frames, (int64_t)n_signals, &n) ||
        !hl_wfdb_stored_bytes(f, n, &bytes))
        return hl_fail(err, HL_E_LIMIT, "%d signals x %lld samples are too many", (int)n_signals,
                       (long long)n_frames);
    uint8_t *to = (uint8_t *)hl_buf_reserve(out, (size_t)bytes);
    if (!to)
        return hl_fail_memory(err, "WFDB samples", (size_t)bytes);
    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t part = n - at < BLOCK ? n - at : BLOCK;
        int64_t bad = to_codes(f, sample + at, part, code);
        if (bad >= 0)
            return hl_fail(err, HL_E_INPUT,
                           "signal %lld, sample %lld: %d does not fit into format %d (%d to %d)",
                           (long long)((at + bad) % n_signals), (long long)((at + bad) / n_signals),
                           sample[at + bad], (int)format, f->least, f->most);
        f->pack(code, part, to);
        to += part / f->group_samples * f->group_bytes; /* a part group only ends the last block */
    }
    out->n += (size_t)bytes;
    out->at[out->n] = 0;
    return HL_OK;
}
