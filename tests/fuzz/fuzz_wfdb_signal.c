/*
 * Byte 0 chooses the format, byte 1 the number of signals, bytes 2 and 3 the number of frames (at most
 * 4095); the rest are stored bytes. What was unpacked must pack to bytes that unpack to the same
 * samples.
 */
#include "format/wfdb/wfdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t formats[] = {16, 212, 310, 8, 99};
    hl_buf stored = {0};
    hl_error err;

    if (size < 4)
        return 0;
    int32_t format = formats[data[0] % 5], n_signals = data[1];
    int64_t n_frames = data[2] | (data[3] & 15) << 8;
    size_t n = (size_t)(n_frames * n_signals);
    /* Exactly as large as the samples, so that one too many is seen. */
    int16_t *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b);
    if (a && b &&
        hl_wfdb_unpack(format, data + 4, size - 4, n_frames, n_signals, "fuzz.dat", a, &err) ==
            HL_OK) {
        hl_assert(hl_wfdb_pack(format, a, n_frames, n_signals, &stored, &err) == HL_OK);
        hl_assert(stored.n <= size - 4);
        hl_assert(hl_wfdb_unpack(format, (const uint8_t *)stored.at, stored.n, n_frames, n_signals,
                                 "again.dat", b, &err) == HL_OK);
        hl_assert(n == 0 || memcmp(a, b, n * sizeof *a) == 0);
    }
    free(a);
    free(b);
    hl_buf_free(&stored);
    return 0;
}
