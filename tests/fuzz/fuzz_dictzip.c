/*
 * Bytes -> dictzip. Parts of the text are the same as the whole, and where a chunk cannot be read
 * the proof fails.
 */
#include "format/dictzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

static void check_parts(hl_dictzip *d, const char *whole, size_t n)
{
    char part[300];
    hl_error err;
    size_t got;

    for (size_t at = 0; at < n; at += n / 7 + 1) {
        hl_assert(hl_dictzip_pread(d, part, sizeof part, (int64_t)at, &got, &err) == HL_OK);
        hl_assert(got == (n - at < sizeof part ? n - at : sizeof part));
        hl_assert(memcmp(part, whole + at, got) == 0);
    }
}

static void check(hl_dictzip *d)
{
    const size_t n = (size_t)hl_dictzip_size(d);
    char *whole;
    hl_error err;
    size_t got;

    hl_assert(n <= (size_t)hl_dictzip_n_chunks(d) * 65535);
    if (n > MOST)
        return;
    whole = malloc(n + 1);
    if (whole && hl_dictzip_pread(d, whole, n + 1, 0, &got, &err) == HL_OK) {
        hl_assert(got == n);
        check_parts(d, whole, n);
    } else if (whole) {
        hl_assert(hl_dictzip_prove(d, NULL, &err) != HL_OK);
    }
    (void)hl_dictzip_prove(d, NULL, &err);
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_in *in = NULL;
    hl_dictzip *d = NULL;
    hl_error err;

    if (hl_in_memory(data, size, "fuzz.gz", &in, &err) == HL_OK &&
        hl_dictzip_open(in, &d, &err) == HL_OK)
        check(d);
    hl_dictzip_close(&d);
    hl_in_close(&in);
    return 0;
}
