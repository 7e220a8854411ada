#include "cohort/ecg_report.h"

#include "base/ctl.h"
#include "format/wfdb/wfdb.h"

#define HELD_S 0.1

typedef enum { LEAD_FINE, LEAD_FLAT, LEAD_HELD } lead_state;

/* Longest run of samples that equal value. */
static int64_t longest_run(const int16_t *sample, int64_t n, size_t stride, int16_t value)
{
    int64_t run = 0, longest = 0;

    for (int64_t i = 0; i < n; i++) {
        run = sample[(size_t)i * stride] == value ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static lead_state look_at_lead(const hl_wfdb_record *r, size_t lead)
{
    size_t stride = (size_t)r->header.n_signals;
    const int16_t *sample = r->sample + lead;
    int16_t low = sample[0], high = sample[0];

    for (int64_t i = 1; i < r->n_samples; i++) {
        int16_t v = sample[(size_t)i * stride];
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    if (low == high)
        return LEAD_FLAT;
    double held = HELD_S * r->header.rate_hz;
    return (double)longest_run(sample, r->n_samples, stride, low) >= held ||
                   (double)longest_run(sample, r->n_samples, stride, high) >= held
               ? LEAD_HELD
               : LEAD_FINE;
}

static void add_name(hl_buf *names, const char *name)
{
    if (names->n)
        hl_buf_char(names, ' ');
    hl_buf_text(names, name);
}

static hl_code report_one(const hl_selection *s, int64_t hadm_id, const char *ecg_path,
                          hl_arena *scratch, hl_buf names[2], hl_buf *out, int64_t *n_rows,
                          hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_wfdb_record r;
    hl_code c = hl_path_join(s->o->ecg, ecg_path, path, err);

    hl_buf_clear(&names[0]);
    hl_buf_clear(&names[1]);
    if (c == HL_OK)
        c = hl_wfdb_read(scratch, path, &r, err);
    if (c != HL_OK)
        return c;
    for (int32_t k = 0; k < r.header.n_signals && r.n_samples > 0; k++) {
        lead_state state = look_at_lead(&r, (size_t)k);
        if (state != LEAD_FINE)
            add_name(&names[state == LEAD_HELD], r.header.signal[k].description);
    }
    if (names[0].n || names[1].n) {
        hl_buf_printf(out, "%lld,", (long long)hadm_id);
        hl_csv_put(out, hl_str_of(ecg_path));
        for (int k = 0; k < 2; k++) {
            hl_buf_char(out, ',');
            hl_csv_put(out, (hl_str){names[k].at, names[k].n});
        }
        hl_buf_char(out, '\n');
        ++*n_rows;
    }
    return hl_buf_check(out, "ecg_report.csv", err);
}

hl_code hl_ecg_report(const hl_selection *s, const hl_table *dataset, hl_buf *out, int64_t *n_rows,
                      hl_error *err)
{
    const hl_column *path = hl_table_column(dataset, "ecg_path");
    const hl_column *hadm_id = hl_table_column(dataset, "hadm_id");
    hl_arena *scratch = hl_arena_new(1 << 18);
    hl_buf names[2] = {{0}};
    hl_code c = scratch ? HL_OK : hl_fail_memory(err, "an ECG", 1 << 18);

    *n_rows = 0;
    hl_buf_text(out, "hadm_id,ecg_path,flat_leads,held_leads\n");
    hl_ctl_phase(s->ctl, "looking at the chosen ECGs", (int64_t)dataset->n_rows);
    for (size_t i = 0; c == HL_OK && i < dataset->n_rows; i++) {
        hl_arena_reset(scratch);
        c = report_one(s, hadm_id->i64[i], path->text[i].at, scratch, names, out, n_rows, err);
        hl_ctl_done(s->ctl, 1);
        if (c == HL_OK)
            c = hl_ctl_check(s->ctl, err);
    }
    hl_arena_free(&scratch);
    hl_buf_free(&names[0]);
    hl_buf_free(&names[1]);
    return c;
}
