/*
 * The inner loops of reading a record: each level of the processor gives what plain C gives, to the
 * bit, and writes nothing beside its values.
 */
#include "wave/deal.h"
#include "wave/units.h"

#include <math.h>

#include "format/wfdb/wfdb.h"
#include "tap.h"

enum { MOST = 300, CANARY = 0x5a };

static uint64_t state = 1;

static uint32_t random_bits(void)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(state >> 33) * 2654435761u;
}

static bool is_canary(const void *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((const uint8_t *)at)[i] != CANARY)
            return false;
    return true;
}

/* --- dealing -----------------------------------------------------------------------------------
 */

typedef struct {
    int32_t value[HL_DEAL_COLUMNS][MOST + 8];
} dealt;

static void deal_at(const uint8_t *stored, int64_t n_frames, int32_t n_columns, uint64_t wanted,
                    dealt *out, hl_cpu cpu)
{
    int32_t *to[HL_DEAL_COLUMNS] = {NULL};

    memset(out, CANARY, sizeof *out);
    for (int32_t c = 0; c < n_columns; c++)
        if (wanted >> c & 1)
            to[c] = out->value[c] + 1; /* not aligned */
    hl_deal_16(stored, n_frames, n_columns, to, cpu);
}

static void every_level_deals_the_same(void)
{
    static uint8_t stored[MOST * HL_DEAL_COLUMNS * 2 + 16];
    static dealt plain, fast;
    const int32_t columns[] = {1, 2, 3, 7, 8, 9, 12, 15, 16, 17, 64};
    const int64_t frames[] = {0, 1, 7, 8, 9, 15, 16, 17, 255, MOST};

    for (size_t i = 0; i < sizeof stored; i++)
        stored[i] = (uint8_t)random_bits();
    for (size_t i = 0; i + 1 < sizeof stored; i += 22) { /* not measured */
        stored[i] = 0;
        stored[i + 1] = 0x80;
    }
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t f = 0; f < sizeof frames / sizeof *frames; f++) {
            const uint64_t wanted =
                f % 3 ? random_bits() | (uint64_t)random_bits() << 32 : ~UINT64_C(0);
            deal_at(stored, frames[f], columns[c], wanted, &plain, HL_CPU_C);
            deal_at(stored, frames[f], columns[c], wanted, &fast, hl_cpu_level(HL_CPU_BEST));
            ok(memcmp(&plain, &fast, sizeof plain) == 0);
            ok(is_canary(&plain.value[0][0], 4) && is_canary(&plain.value[0][1 + frames[f]], 4));
        }
}

static void the_code_of_format_16_is_no_sample(void)
{
    const uint8_t stored[4 * 2 + 16] = {0x00, 0x80, 0x01, 0x80, 0xff, 0x7f, 0xff, 0xff};
    int32_t out[4], *to[HL_DEAL_COLUMNS] = {out};
    const int32_t want[4] = {HL_WFDB_INVALID, -32767, 32767, -1};

    hl_deal_16(stored, 4, 1, to, HL_CPU_C);
    is_mem(out, want, sizeof want);
}

/* --- units -------------------------------------------------------------------------------------
 */

static void every_level_gives_the_same_units(void)
{
    const hl_units units[] = {{200, 0},       {1000, 1024},      {4093, -2046},
                              {12.84, -1605}, {1.0 / 3, 77},     {2963.77, INT32_MIN},
                              {-0.1, 0},      {1e300, INT32_MAX}};
    static int32_t v[MOST + 1];
    static double wide[2][MOST + 8];
    static float narrow[2][MOST + 8];
    const hl_cpu level[2] = {HL_CPU_C, hl_cpu_level(HL_CPU_BEST)};

    for (int i = 0; i <= MOST; i++)
        v[i] = i % 11 == 0 ? HL_WFDB_INVALID
               : i % 2     ? (int16_t)random_bits()
                           : (int32_t)random_bits();
    for (size_t u = 0; u < sizeof units / sizeof *units; u++)
        for (int64_t n = 0; n < MOST; n += n < 20 ? 1 : 31) {
            for (int k = 0; k < 2; k++) {
                memset(wide[k], CANARY, sizeof wide[k]);
                memset(narrow[k], CANARY, sizeof narrow[k]);
                hl_units_f64(v + 1, n, units[u], wide[k] + 1, level[k]);
                hl_units_f32(v + 1, n, units[u], narrow[k] + 1, level[k]);
            }
            ok(memcmp(wide[0], wide[1], sizeof wide[0]) == 0);
            ok(memcmp(narrow[0], narrow[1], sizeof narrow[0]) == 0);
            ok(is_canary(&wide[0][0], 8) && is_canary(&wide[0][1 + n], 8));
        }
}

static void a_value_is_one_subtraction_and_one_division(void)
{
    const int32_t v[4] = {1000, -5, HL_WFDB_INVALID, 1024};
    double out[4];

    hl_units_f64(v, 4, (hl_units){1000, 24}, out, HL_CPU_C);
    ok(out[0] == 976.0 / 1000 && out[1] == -29.0 / 1000 && isnan(out[2]) && out[3] == 1);
}

int main(void)
{
    run(every_level_deals_the_same);
    run(the_code_of_format_16_is_no_sample);
    run(every_level_gives_the_same_units);
    run(a_value_is_one_subtraction_and_one_division);
    return done();
}
