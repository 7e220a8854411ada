/*
 * Bytes -> .npy header. What was read describes the file to its last byte, and in C order its
 * header can be written and read again.
 */
#include "data/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const hl_npy *npy, size_t size)
{
    hl_buf b = {0};
    hl_in *in = NULL;
    hl_npy again;
    hl_error err;

    hl_assert(npy->data_offset >= 10 && npy->data_bytes >= 0);
    hl_assert(npy->data_offset + npy->data_bytes == (int64_t)size);
    hl_assert(npy->item_bytes >= 1 && npy->item_bytes <= 16 && npy->n_dims <= HL_NPY_MAX_DIMS);
    hl_assert(hl_npy_put_header(&b, npy->descr, npy->shape, npy->n_dims, &err) == HL_OK);
    hl_assert(b.n % 64 == 0);
    const size_t head = b.n;
    if (npy->data_bytes < 1 << 16 && hl_buf_reserve(&b, (size_t)npy->data_bytes)) {
        memset(b.at + b.n, 0, (size_t)npy->data_bytes);
        b.n += (size_t)npy->data_bytes;
        hl_assert(hl_in_memory(b.at, b.n, "again.npy", &in, &err) == HL_OK);
        hl_assert(hl_npy_read_header(in, &again, &err) == HL_OK);
        hl_assert(again.data_offset == (int64_t)head && again.n_dims == npy->n_dims);
        hl_assert(memcmp(again.shape, npy->shape, npy->n_dims * sizeof npy->shape[0]) == 0);
        hl_assert(strcmp(again.descr, npy->descr) == 0);
    }
    hl_in_close(&in);
    hl_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_in *in = NULL;
    hl_npy npy;
    hl_error err;

    if (hl_in_memory(data, size, "fuzz.npy", &in, &err) == HL_OK &&
        hl_npy_read_header(in, &npy, &err) == HL_OK)
        check(&npy, size);
    hl_in_close(&in);
    return 0;
}
