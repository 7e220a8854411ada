/*
 * output.h - results, and with --json errors, to stdout.
 */
#ifndef HL_APP_OUTPUT_H
#define HL_APP_OUTPUT_H

#include "base/sink.h"

/* All of text to stdout. A reader that has gone (EPIPE) is none of our business: HL_OK. */
hl_code app_write_out(const hl_buf *text, hl_error *err);

/* stdout as a sink: HL_END once its reader has gone. */
extern const hl_sink app_stdout;

/* {"error": {"code": 3, "message": ..., "advice": ..., "path": ..., "line": ..., "offset": ...}},
 * empty fields left out, and "result": what is known all the same (result may be empty). */
void app_error_json(const hl_error *err, const hl_buf *result, hl_buf *out);

#endif
