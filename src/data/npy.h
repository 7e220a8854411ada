/*
 * npy.h - NumPy's .npy files: reading versions 1 to 3, writing version 1.0 as numpy.save does.
 *
 * Source: numpy.lib.format; symile.md 6.
 */
#ifndef HL_DATA_NPY_H
#define HL_DATA_NPY_H

#include "base/io.h"

#define HL_NPY_MAX_DIMS 32

typedef struct {
    char descr[16];    /* "<f4", "<i8", "|u1", ... ; structured types are HL_E_LIMIT */
    size_t item_bytes; /* 1 to 16 */
    bool fortran_order;
    size_t n_dims; /* 0 for a scalar */
    int64_t shape[HL_NPY_MAX_DIMS];
    int64_t data_offset; /* of the first value in the file */
    int64_t data_bytes;  /* product of the shape x item_bytes, checked for overflow */
    int major, minor;    /* file version */
} hl_npy;

/* Read and check the header of in; the file must hold exactly the data it promises. HL_E_INPUT. */
hl_code hl_npy_read_header(hl_in *in, hl_npy *out, hl_error *err);

/* Append the version 1.0 header for descr and shape (C order): padded with blanks and '\n' so that
 * its length is a multiple of 64. */
hl_code hl_npy_put_header(hl_buf *to, const char *descr, const int64_t *shape, size_t n_dims,
                          hl_error *err);

#endif
