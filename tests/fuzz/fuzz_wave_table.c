/*
 * Bytes -> rows of a csv or npy table, twice: both passes give the same numbers, and none is
 * infinite.
 */
#include "wave/convert_gain.h"
#include "wave/convert_table.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_ROWS = 4096 };

static int64_t pass(hl_arena *arena, hl_in *in, hl_gain_state *seen)
{
    hl_table_rows r;
    hl_error err = {0};
    int64_t n = 0;
    double *value;

    if (hl_table_rows_open(arena, in, NULL, &r, &err) != HL_OK)
        return -1;
    hl_assert(r.n_columns >= 1 && r.n_columns <= HL_TABLE_MOST_COLUMNS);
    value = hl_arena_calloc(arena, (size_t)r.n_columns, sizeof *value);
    seen->precision = r.precision;
    while (value && n < MOST_ROWS && hl_table_rows_next(&r, value, &err) == HL_OK) {
        for (int32_t i = 0; i < r.n_columns; i++) {
            hl_assert(!isinf(value[i]));
            if (!isnan(value[i]))
                hl_gain_add(seen, value[i]);
        }
        n++;
    }
    hl_table_rows_close(&r);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(0);
    hl_in *in = NULL;
    hl_gain_state first = {0}, second = {0};
    hl_error err;

    if (arena && hl_in_memory(data, size, "fuzz", &in, &err) == HL_OK) {
        const int64_t n = pass(arena, in, &first);
        hl_assert(pass(arena, in, &second) == n && first.n == second.n);
        hl_assert(first.step == second.step && first.least == second.least);
        const hl_gain_choice g = hl_gain_choose(&first, -32767, 32767);
        hl_assert(g.gain > 0 && isfinite(g.gain));
    }
    hl_in_close(&in);
    hl_arena_free(&arena);
    return 0;
}
