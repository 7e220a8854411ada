/*
 * deal.h - frames of 16-bit samples to one row a signal: the inner loop of reading a 12-lead ECG.
 *
 * Plain C defines; deal_avx2.c turns 8 frames by 8 signals at a time and gives the same values.
 */
#ifndef HL_WAVE_DEAL_H
#define HL_WAVE_DEAL_H

#include "base/cpu.h"

enum { HL_DEAL_COLUMNS = 64 }; /* samples a frame, at most */

/*
 * stored[n_frames][n_columns] of format 16 to to[c][n_frames] for every column c with to[c] !=
 * NULL; -32768 becomes HL_WFDB_INVALID. 16 bytes behind stored must be readable.
 */
void hl_deal_16(const uint8_t *stored, int64_t n_frames, int32_t n_columns,
                int32_t *const to[HL_DEAL_COLUMNS], hl_cpu cpu);

/* Its two halves: frames first .. n_frames - 1; and as many whole eights as there are, which it
 * returns. */
void hl_deal_16_plain(const uint8_t *stored, int64_t first, int64_t n_frames, int32_t n_columns,
                      int32_t *const to[HL_DEAL_COLUMNS]);
int64_t hl_deal_16_avx2(const uint8_t *stored, int64_t n_frames, int32_t n_columns,
                        int32_t *const to[HL_DEAL_COLUMNS]);

#endif
