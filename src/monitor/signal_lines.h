/*
 * signal_lines.h - header text of a segment or layout with the numbers as the public converter
 * prints them.
 *
 * Gains have 16 digits, also where fewer say the same (77.4 is 77.40000000000001 there); the rates
 * of the record line have as few as possible (999.56). Source: waveform.md 4.3, 4.4 (A.7).
 */
#ifndef HL_MONITOR_SIGNAL_LINES_H
#define HL_MONITOR_SIGNAL_LINES_H

#include "format/wfdb/wfdb.h"

/*
 * hl_wfdb_put_header_crlf() with such gains. show[i] (show may be NULL): the baseline of signal i
 * is written though it equals the ADC zero. The converter compares before it cuts the fraction off,
 * so 8192.5 stands as "(8192)"; kept.
 */
hl_code hl_signal_lines_put(hl_buf *to, const hl_wfdb_header *h, const bool *show, hl_error *err);

#endif
