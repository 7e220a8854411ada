/*
 * draw_ecg.h - a 12-lead ECG on ECG paper, as SVG.
 *
 * 25 mm/s and 10 mm/mV on a 1 mm grid; three rows of four leads, 2.5 s each, continuous in time
 * along a row, and lead II whole below. Leads are found by name, never by position. view.md 5.2
 *
 *    _|-|_ I  ........ | aVR ..... | V1 ...... | V4 ......      one row = 30 mm
 *    _|-|_ II ........ | aVL ..... | V2 ...... | V5 ......
 *    _|-|_ III ....... | aVF ..... | V3 ...... | V6 ......
 *    _|-|_ II .........................................
 *      ^ 1 mV, 200 ms  ^ 0 s       ^ 2.5 s     ^ 5 s     ^ 7.5 s
 */
#ifndef HL_VIEW_DRAW_ECG_H
#define HL_VIEW_DRAW_ECG_H

#include "format/wfdb/wfdb.h"

/* SVG user units: 0.05 mm, so that one adu at the usual 200 adu/mV is one unit. */
#define HL_ECG_UNITS_PER_MM 20
#define HL_ECG_WIDTH_MM 265
#define HL_ECG_HEIGHT_MM 125

/*
 * Append <svg class="ecg">. Each lead is centred on its median over the record. A curve is drawn
 * with as few points as keep it within 0.05 mm of every sample; invalid samples leave a gap. Leads
 * that are absent, flat, or no voltage say so in their place. label: for screen readers.
 */
hl_code hl_draw_ecg(hl_buf *to, const hl_wfdb_record *record, hl_str label, hl_error *err);

/* The points of a polyline through (x[i], y[i]) that stay within tolerance of it, vertically: x
 * ascending; keep[] gets the indexes, the first and last included. Returns their number. */
size_t hl_simplify(const int32_t *x, const int32_t *y, size_t n, int32_t tolerance, size_t *keep);

#endif
