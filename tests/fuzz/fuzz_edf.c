/*
 * Bytes -> EDF. What was read is in range, the runs cover the data records, and annotations are
 * sorted.
 */
#include <math.h>

#include "format/edf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_header(const hl_edf *e)
{
    int64_t record = 0;

    hl_assert(e->header.n_signals >= 1 && e->header.n_signals <= HL_WFDB_MAX_SIGNALS);
    hl_assert(isfinite(e->header.rate_hz) && e->header.rate_hz > 0 && e->header.n_samples >= 0);
    for (int32_t s = 0; s < e->header.n_signals; s++) {
        const hl_wfdb_signal *g = &e->header.signal[s];
        hl_assert(g->samples_per_frame >= 1 && isfinite(g->gain) && g->gain != 0);
        hl_assert(strlen(g->description) <= 16 && strlen(g->units) <= 8);
    }
    hl_assert(e->n_runs >= 1);
    for (size_t i = 0; i < e->n_runs; i++) {
        hl_assert(e->run[i].first_record == record);
        hl_assert(i == 0 || e->run[i].onset_s > e->run[i - 1].onset_s);
        record += e->run[i].n_records;
    }
    hl_assert(record == e->header.n_samples);
}

static void check_annotations(hl_arena *arena, hl_in *in, const hl_edf *e)
{
    hl_edf_annotation *a;
    hl_error err;
    size_t n;

    if (hl_edf_annotations(arena, in, e, &a, &n, &err) != HL_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        hl_assert(*a[i].text && isfinite(a[i].onset_s));
        hl_assert(i == 0 || a[i].onset_s >= a[i - 1].onset_s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_arena *arena = hl_arena_new(4096);
    hl_in *in = NULL;
    hl_edf e;
    hl_error err;

    if (hl_in_memory(data, size, "fuzz.edf", &in, &err) == HL_OK &&
        hl_edf_read(arena, in, &e, &err) == HL_OK) {
        check_header(&e);
        check_annotations(arena, in, &e);
    }
    hl_in_close(&in);
    hl_arena_free(&arena);
    return 0;
}
