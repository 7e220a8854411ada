/*
 * jpeg_write_grey.h - our own encoder for grey pictures: baseline JPEG, typical Huffman tables,
 * accurate DCT. It writes the bytes that libjpeg-turbo writes with its defaults. films.md 1.3
 *
 * How it goes, for batches of blocks in raster order: fdct turns pixels into coefficients
 * (jpeg_fdct.h), put_blocks turns those into bits (jpeg_entropy.h), hl_jpeg_stuff() copies them to
 * the file.
 */
#ifndef HL_FORMAT_JPEG_WRITE_GREY_H
#define HL_FORMAT_JPEG_WRITE_GREY_H

#include "format/jpeg.h"
#include "format/jpeg_entropy.h"

/* As hl_jpeg_encode_rows(), at any level by this encoder. */
hl_code hl_jpeg_write_grey(const hl_jpeg_rows *rows, int quality, hl_cpu cpu, hl_buf *out,
                           hl_error *err);

/* Quantiser steps of a quality, row-major: T.81 table K.1 scaled as libjpeg does it, 1..255. */
void hl_jpeg_steps(int quality, uint8_t step[64]);

typedef struct {
    hl_jpeg_fdct *fdct;
    hl_jpeg_put_blocks *put_blocks;
} hl_jpeg_write_ops;

void hl_jpeg_write_ops_init(hl_jpeg_write_ops *ops, hl_cpu cpu);

#endif
