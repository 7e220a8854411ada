#include "monitor/signal_lines.h"

#include <stdio.h>

static void put_gain(hl_buf *to, double gain)
{
    char text[40];
    char *comma;

    snprintf(text, sizeof text, "%.16g", gain);
    comma = strchr(text, ','); /* of the locale */
    if (comma)
        *comma = '.';
    hl_buf_text(to, text);
}

/* FILE FMT GAIN[(BASELINE)]/UNITS ...: the gain anew. */
static void put_line(hl_buf *to, const char *line, size_t n, const hl_wfdb_signal *s, bool show)
{
    const char *gain = strchr(strchr(line, ' ') + 1, ' ') + 1;
    const char *rest = gain + strcspn(gain, "(/");

    hl_buf_append(to, line, (size_t)(gain - line));
    put_gain(to, s->gain);
    if (show)
        hl_buf_printf(to, "(%d)", (int)s->baseline);
    hl_buf_append(to, rest, n - (size_t)(rest - line));
}

hl_code hl_signal_lines_put(hl_buf *to, const hl_wfdb_header *h, const bool *show, hl_error *err)
{
    hl_buf text = {0};
    hl_code c = hl_wfdb_put_header_crlf(&text, h, err);
    const char *p = text.at;
    int32_t line = -1; /* the record line; the version line of a master has no signals behind it */

    for (const char *end; c == HL_OK && (end = strchr(p, '\n')); p = end + 1, line++) {
        const size_t n = (size_t)(end + 1 - p);
        if (line >= 0 && line < h->n_signals && h->n_segments == 0)
            put_line(to, p, n, &h->signal[line], show && show[line]);
        else
            hl_buf_append(to, p, n);
    }
    hl_buf_free(&text);
    return c == HL_OK ? hl_buf_check(to, "WFDB header", err) : c;
}
