/*
 * Bytes -> header. What was read and can be written must come back as the same header text, in both
 * layouts; what cannot be read has a message and a reason.
 */
#include "format/wfdb/wfdb.h"

typedef hl_code (*writer)(hl_buf *to, const hl_wfdb_header *header, hl_error *err);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(hl_arena *arena, const hl_wfdb_header *h, writer put)
{
    hl_buf first = {0}, second = {0};
    hl_wfdb_header again;
    hl_error err;

    if (put(&first, h, &err) == HL_OK) {
        hl_assert(hl_wfdb_parse_header(arena, first.at, first.n, "2.hea", &again, &err) == HL_OK);
        hl_assert(again.n_signals == h->n_signals && again.n_samples == h->n_samples);
        hl_assert(again.n_segments == h->n_segments && again.n_comments == h->n_comments);
        hl_assert(again.base_ms == h->base_ms && again.base_day == h->base_day);
        hl_assert(again.rate_hz == h->rate_hz && again.counter_hz == h->counter_hz);
        hl_assert(put(&second, &again, &err) == HL_OK);
        hl_assert(first.n == second.n && memcmp(first.at, second.at, first.n) == 0);
    }
    hl_buf_free(&first);
    hl_buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(0);
    char reason[HL_WFDB_REASON_BYTES];
    hl_wfdb_header h, same;
    hl_error err = {0};

    if (!arena)
        return 0;
    hl_code c = hl_wfdb_parse_header(arena, (const char *)data, size, "fuzz.hea", &h, &err);
    hl_assert(c == HL_OK || *err.message);
    hl_code as = hl_wfdb_parse_header_as(arena, (const char *)data, size, "fuzz.hea", "m", &same,
                                         reason, &err);
    hl_assert(strlen(reason) < sizeof reason && (as == HL_OK || *reason));
    hl_assert(as != HL_OK || c == HL_OK); /* the name may be another's */
    if (c == HL_OK) {
        write_and_read(arena, &h, hl_wfdb_put_header);
        write_and_read(arena, &h, hl_wfdb_put_header_crlf);
    }
    hl_arena_free(&arena);
    return 0;
}
