/*
 * Bytes -> header. What was read and can be written must come back as the same header text.
 */
#include "format/wfdb/wfdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(0);
    hl_buf first = {0}, second = {0};
    hl_wfdb_header h, again;
    hl_error err;

    if (arena &&
        hl_wfdb_parse_header(arena, (const char *)data, size, "fuzz.hea", &h, &err) == HL_OK &&
        hl_wfdb_put_header(&first, &h, &err) == HL_OK) {
        hl_assert(hl_wfdb_parse_header(arena, first.at, first.n, "2.hea", &again, &err) == HL_OK);
        hl_assert(again.n_signals == h.n_signals && again.n_samples == h.n_samples);
        hl_assert(hl_wfdb_put_header(&second, &again, &err) == HL_OK);
        hl_assert(first.n == second.n && memcmp(first.at, second.at, first.n) == 0);
    }
    hl_buf_free(&first);
    hl_buf_free(&second);
    hl_arena_free(&arena);
    return 0;
}
