/*
 * convert_wfdb.h - writing one WFDB segment (a single-segment record): signal files of any format
 * and the header, from a stream of frames.
 *
 * Memory: some thousand samples a file. What a format cannot hold is refused, never changed.
 * Source: waveform.md 1.1, 1.2, 1.4.
 */
#ifndef HL_WAVE_CONVERT_WFDB_H
#define HL_WAVE_CONVERT_WFDB_H

#include "format/flac/flac.h"
#include "format/wfdb/wfdb.h"
#include "wave/written.h"

typedef struct hl_record_writer hl_record_writer;

/*
 * Begin folder/NAME.hea and its signal files; NAME, rates, times, notes and signals are those of h,
 * which the writer copies (not the texts that it points to). Of the signals, file, format and group
 * say where they go: neighbours of one group share a file. Initial values, checksums and n_samples
 * are filled in.
 *
 * HL_E_USAGE: a file is there already, signals of one file have different formats or, in FLAC, are
 * more than eight or have different samples a frame.
 */
hl_code hl_record_writer_new(const char *folder, const hl_wfdb_header *h, hl_flac_effort effort,
                             hl_record_writer **out, hl_error *err);

/* n frames: sample[s] = n * samples_per_frame values of signal s, HL_WFDB_INVALID where it was not
 * measured. HL_E_USAGE names signal, frame and value that the format cannot hold. */
hl_code hl_record_writer_add(hl_record_writer *w, const int32_t *const sample[], int64_t n_frames,
                             hl_error *err);

/* Last bytes, header; all files get their names, the header last. Frees w, also on failure. */
hl_code hl_record_writer_end(hl_record_writer **w, hl_written *written, hl_error *err);
void hl_record_writer_abort(hl_record_writer **w);

/* Write folder/NAME.hea alone: with LF ends, numbers in the fewest digits. What the WFDB library
 * and wfdb-python read. */
hl_code hl_record_write_header(const char *folder, const hl_wfdb_header *h, hl_written *written,
                               hl_error *err);

#endif
