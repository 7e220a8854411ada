/*
 * sink.h - where a stream of bytes goes that is no file of ours: the program's stdout, a caller's
 * memory.
 *
 * A job writes forward and never looks back. The one at the other end may hang up: write() then
 * gives HL_END, and the job ends without complaint.
 */
#ifndef HL_BASE_SINK_H
#define HL_BASE_SINK_H

#include "base/buf.h"
#include "base/io.h"

typedef struct {
    void *ctx;
    hl_code (*write)(void *ctx, const void *bytes, size_t n, hl_error *err);
} hl_sink;

/* Write all of b and empty it. */
static inline hl_code hl_sink_flush(const hl_sink *sink, hl_buf *b, hl_error *err)
{
    hl_code c = hl_buf_check(b, "output", err);

    if (c == HL_OK && b->n > 0)
        c = sink->write(sink->ctx, b->at, b->n, err);
    b->n = 0;
    return c;
}

/* ctx of a sink that writes to a file in work. */
static inline hl_code hl_sink_to_out(void *ctx, const void *bytes, size_t n, hl_error *err)
{
    return hl_out_write(ctx, bytes, n, err);
}

#endif
