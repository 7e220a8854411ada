/*
 * Any bytes as a table (plain or gzip): every SIMD level must read the same records and end in the
 * same way. The first byte of the input chooses filters.
 */
#include "data/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static bool is_odd(const void *ctx, int64_t id)
{
    (void)ctx;
    return id & 1;
}

/* Everything that the reader says, as one number. */
static uint64_t read_all(hl_in *in, hl_cpu cpu, uint8_t how, hl_error *err)
{
    static const int64_t ids[] = {-3, 0, 1, 5, 22, 50912};
    hl_csv_options o = {.cpu = cpu};
    hl_csv_filter odd = {0, is_odd, NULL};
    hl_field *f = NULL;
    hl_csv *csv = NULL;
    hl_code c = hl_csv_open_in(in, NULL, 0, &o, &csv, err);
    uint64_t sum = 0;

    if (c == HL_OK && (how & 1))
        c = hl_csv_filter_by(csv, &odd, 1, err);
    if (c == HL_OK && (how & 2))
        c = hl_csv_filter_ids(csv, (how >> 2) % hl_csv_n_columns(csv), ids, 6, err);
    if (c == HL_OK)
        f = calloc(hl_csv_n_columns(csv), sizeof *f);
    while (f && c == HL_OK && (c = hl_csv_next(csv, f, err)) == HL_OK) {
        sum = sum * 31 + (uint64_t)hl_csv_line(csv);
        for (size_t i = 0; i < hl_csv_n_columns(csv); i++)
            sum = (sum * 31 + f[i].n + f[i].quoted) ^ hl_fnv1a64(f[i].at, f[i].n);
    }
    if (csv)
        sum = sum * 31 + (uint64_t)hl_csv_rows(csv);
    free(f);
    hl_csv_close(&csv);
    return sum * 31 + (uint64_t)c;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const hl_cpu level[] = {HL_CPU_AVX2, HL_CPU_AVX512};
    uint8_t how = n ? bytes[0] : 0;
    hl_error want = {0};
    hl_in *in = NULL;

    if (hl_in_memory(bytes + (n > 0), n - (n > 0), "fuzz", &in, NULL) != HL_OK)
        return 0;
    uint64_t sum = read_all(in, HL_CPU_C, how, &want);
    for (size_t i = 0; i < sizeof level / sizeof *level; i++) {
        hl_error err = {0};
        hl_assert(read_all(in, level[i], how, &err) == sum);
        hl_assert(strcmp(err.message, want.message) == 0 && err.line == want.line);
    }
    hl_in_close(&in);
    return 0;
}
