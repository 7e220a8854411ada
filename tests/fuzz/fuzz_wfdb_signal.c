/*
 * Byte 0 chooses the format, byte 1 the number of signals, bytes 2 and 3 the number of frames (at
 * most 4095); the rest are stored bytes. What was unpacked must pack to bytes that unpack to the
 * same samples, with 16 bits and with 32.
 */
#include "format/wfdb/signal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Exactly as large as the samples, so that one too many is seen. */
static void go_by_16_bits(int32_t format, const uint8_t *stored, size_t n_stored, int64_t n_frames,
                          int32_t n_signals)
{
    size_t n = (size_t)(n_frames * n_signals);
    int16_t *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b);
    hl_buf back = {0};
    hl_error err;

    if (a && b &&
        hl_wfdb_unpack(format, stored, n_stored, n_frames, n_signals, "fuzz.dat", a, &err) ==
            HL_OK) {
        hl_assert(hl_wfdb_pack(format, a, n_frames, n_signals, &back, &err) == HL_OK);
        hl_assert(hl_wfdb_unpack(format, (const uint8_t *)back.at, back.n, n_frames, n_signals,
                                 "again.dat", b, &err) == HL_OK);
        hl_assert(n == 0 || memcmp(a, b, n * sizeof *a) == 0);
    }
    free(a);
    free(b);
    hl_buf_free(&back);
}

static void go_by_32_bits(const hl_wfdb_format *f, const uint8_t *stored, size_t n_stored,
                          int64_t n)
{
    int32_t *a = malloc((size_t)n * sizeof *a), *b = malloc((size_t)n * sizeof *b), last = 0;
    int64_t bytes, needed, got;
    hl_error err;

    if (a && b && hl_wfdb_stored_bytes(f, n, &bytes) && hl_wfdb_needed_bytes(f, n, &needed) &&
        (uint64_t)needed <= n_stored) {
        uint8_t *back = malloc((size_t)bytes);
        hl_assert(hl_wfdb_stored_samples(f, (int64_t)n_stored) >= n);
        hl_wfdb_unpack_samples(f, stored, n, a);
        if (back && f->format != 8) {
            hl_assert(hl_wfdb_pack_samples(f, a, n, NULL, back, &got, &err) == HL_OK);
            hl_assert(got == bytes);
            hl_wfdb_unpack_samples(f, back, n, b);
            hl_assert(n == 0 || memcmp(a, b, (size_t)n * sizeof *a) == 0);
        } else if (back) {
            hl_assert(hl_wfdb_pack_samples(f, a, n, &last, back, &got, &err) == HL_OK);
        }
        free(back);
    }
    free(a);
    free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t formats[] = {16, 212, 310, 8, 99, 24, 32, 61, 80, 160, 311, 516};

    if (size < 4)
        return 0;
    int32_t format = formats[data[0] % (sizeof formats / sizeof *formats)], n_signals = data[1];
    int64_t n_frames = data[2] | (data[3] & 15) << 8;
    const hl_wfdb_format *f = hl_wfdb_format_find(format);
    go_by_16_bits(format, data + 4, size - 4, n_frames, n_signals);
    if (f && f->unpack)
        go_by_32_bits(f, data + 4, size - 4, n_frames * n_signals);
    return 0;
}
