/*
 * html.h - text and numbers on their way into HTML and SVG.
 *
 * Everything that came from a file reaches a page through hl_html_text() or hl_html_attr(): markup
 * characters are escaped, control and direction-changing characters become visible (view.md 1.5,
 * A16). Numbers don't look at the locale.
 */
#ifndef HL_BASE_HTML_H
#define HL_BASE_HTML_H

#include "base/buf.h"

/* As element content; odd characters in <span class="cp">. */
void hl_html_text(hl_buf *to, hl_str text);
void hl_html_cstr(hl_buf *to, const char *text);
/* As an attribute's value; odd characters as [U+202E]. */
void hl_html_attr(hl_buf *to, hl_str text);

void hl_html_count(hl_buf *to, int64_t n); /* 12,345 */

/* v with so many decimals (0 to 6), rounded half away from zero, thousands separators, a real minus
 * sign. Values that are not finite, or beyond 1e15, become a dash. */
void hl_html_fixed(hl_buf *to, double v, int decimals);

/* v with three significant digits, no trailing zeros: 364, 36.4, 3.77, 0.012. */
void hl_html_number(hl_buf *to, double v);

/* part of whole in percent: "0 %", "< 1 %", "7 %", "> 99 %", "100 %"; a dash when whole is 0. */
void hl_html_share(hl_buf *to, int64_t part, int64_t whole);

/* Number of an SVG attribute: at most two decimals, '.', a plain '-'. */
void hl_svg_number(hl_buf *to, double v);

#endif
