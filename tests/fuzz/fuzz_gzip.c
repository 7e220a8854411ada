/*
 * Any bytes as a gzip file (the magic bytes are put in front when they are missing). Output
 * beyond 64 MiB is not waited for.
 */
#include "base/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void read_all(const char *bytes, size_t n)
{
    hl_in *in = NULL;
    hl_stream *s = NULL;
    hl_error err = {0};
    hl_code c;
    char *at;
    size_t got, all = 0;

    if (hl_in_memory(bytes, n, "fuzz.gz", &in, NULL) != HL_OK)
        return;
    c = hl_stream_in(in, HL_STREAM_PLAIN, NULL, &s, &err);
    while (c == HL_OK && all < (64u << 20) && (c = hl_stream_next(s, &at, &got, &err)) == HL_OK) {
        hl_assert(got > 0);
        memset(at, 0, got);
        all += got;
    }
    hl_assert(c == HL_OK || c == HL_END || (c == HL_E_INPUT && err.message[0]));
    hl_assert(hl_stream_bytes_in(s) <= (int64_t)n);
    hl_stream_close(&s);
    hl_in_close(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    hl_buf file = {0};

    if (n < 2 || bytes[0] != 0x1F || bytes[1] != 0x8B)
        hl_buf_append(&file, "\x1F\x8B\x08\0\0\0\0\0\0\xFF", 10);
    hl_buf_append(&file, bytes, n);
    read_all(file.at, file.n);
    hl_buf_free(&file);
    return 0;
}
