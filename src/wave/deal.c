#include "wave/deal.h"

#include "format/wfdb/wfdb.h"

void hl_deal_16_plain(const uint8_t *stored, int64_t first, int64_t n_frames, int32_t n_columns,
                      int32_t *const to[HL_DEAL_COLUMNS])
{
    for (int32_t c = 0; c < n_columns; c++) {
        const uint8_t *at = stored + (first * n_columns + c) * 2;
        if (!to[c])
            continue;
        for (int64_t f = first; f < n_frames; f++, at += 2 * n_columns) {
            int32_t v = (int16_t)(at[0] | at[1] << 8);
            to[c][f] = v == INT16_MIN ? HL_WFDB_INVALID : v;
        }
    }
}

void hl_deal_16(const uint8_t *stored, int64_t n_frames, int32_t n_columns,
                int32_t *const to[HL_DEAL_COLUMNS], hl_cpu cpu)
{
    int64_t done = 0;

#if defined(__x86_64__)
    if (cpu == HL_CPU_AVX2 || cpu == HL_CPU_AVX512)
        done = hl_deal_16_avx2(stored, n_frames, n_columns, to);
#else
    (void)cpu;
#endif
    hl_deal_16_plain(stored, done, n_frames, n_columns, to);
}
