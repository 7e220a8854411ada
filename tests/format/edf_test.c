#include "format/edf.h"

#include "format/edf_tal.h"
#include "format/edf_write.h"
#include "tap.h"

static hl_arena *arena;

static hl_code read_file(const char *path, hl_buf *bytes, hl_edf *edf, hl_in **in, hl_error *err)
{
    hl_buf_clear(bytes);
    ok(path && hl_read_file(path, 1 << 28, bytes, NULL, err) == HL_OK);
    ok(hl_in_memory(bytes->at, bytes->n, "r.edf", in, err) == HL_OK);
    return hl_edf_read(arena, *in, edf, err);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static void an_edf_header_is_mapped_as_libwfdb_does(void)
{
    hl_buf bytes = {0};
    hl_edf e;
    hl_in *in = NULL;
    hl_error err = {0};

    ok(read_file(fixture("edf/plain.edf"), &bytes, &e, &in, &err) == HL_OK);
    const hl_wfdb_header *h = &e.header;
    ok(!e.is_plus && !e.is_discontinuous && !e.is_bdf);
    is_str(h->name, "r.edf");
    is_str(e.patient, "made");
    is_str(e.recording, "Startdate not recorded");
    is_int(h->n_signals, 2);
    is_int(h->n_samples, 2);
    ok(h->rate_hz == 1 && h->counter_hz == 1);
    is_int(h->base_ms, 3 * 3600000 + 12000);
    is_int(h->base_day, 10655);
    is_str(h->base_time, "03:00:12");
    is_str(h->base_date, "05/03/1999");
    is_str(h->signal[0].description, "ECG");
    is_str(h->signal[0].units, "uV");
    is_str(h->signal[0].file, "");
    is_int(h->signal[0].format, 16);
    is_int(h->signal[0].samples_per_frame, 4);
    is_int(h->signal[0].offset_bytes, 768);
    is_int(h->signal[0].adc_bits, 16);
    ok(h->signal[1].gain == 4093);
    is_int(h->signal[1].baseline, 2);
    is_int(h->signal[1].adc_zero, 2);
    is_int(e.n_runs, 1);
    is_int(e.run[0].n_records, 2);
    hl_in_close(&in);
    hl_buf_free(&bytes);
}

static void an_unknown_number_of_data_records_is_taken_from_the_size(void)
{
    hl_buf bytes = {0};
    hl_edf e;
    hl_in *in = NULL;
    hl_error err = {0};

    ok(read_file(fixture("edf/unknown_count.edf"), &bytes, &e, &in, &err) == HL_OK);
    is_int(e.header.n_samples, 2);
    is_int(e.run[0].n_records, 2);
    hl_in_close(&in);
    hl_buf_free(&bytes);
}

static void a_bdf_file_has_24_bits(void)
{
    hl_buf bytes = {0};
    hl_edf e;
    hl_in *in = NULL;
    hl_error err = {0};

    ok(read_file(fixture("edf/bdf.bdf"), &bytes, &e, &in, &err) == HL_OK);
    ok(e.is_bdf);
    is_int(e.header.signal[0].format, 24);
    is_int(e.header.signal[0].adc_bits, 24);
    is_int(e.header.signal[0].baseline, 16);
    hl_in_close(&in);
    hl_buf_free(&bytes);
}

static void edf_plus_has_its_full_start_and_its_annotations(void)
{
    static const char *const text[] = {"first", "beat", "noise", "late"};
    static const double onset[] = {0.055, 0.155, 0.155, 2};
    hl_buf bytes = {0};
    hl_edf e;
    hl_edf_annotation *a;
    size_t n;
    hl_in *in = NULL;
    hl_error err = {0};

    ok(read_file(fixture("edf/plus.edf"), &bytes, &e, &in, &err) == HL_OK);
    ok(e.is_plus && !e.is_discontinuous);
    is_str(e.header.base_date, "05/03/2159");
    is_str(e.header.base_time, "03:00:12.345");
    is_int(e.header.base_ms, 3 * 3600000 + 12345);
    ok(!e.is_annotation[0] && e.is_annotation[1]);
    ok(hl_edf_annotations(arena, in, &e, &a, &n, &err) == HL_OK);
    is_int(n, 4);
    for (size_t i = 0; i < 4 && n == 4; i++) {
        is_str(a[i].text, text[i]);
        ok(fabs(a[i].onset_s - onset[i]) < 1e-12);
    }
    ok(a[1].duration_s == 1.25 && a[0].duration_s < 0);
    hl_in_close(&in);
    hl_buf_free(&bytes);
}

static void the_data_records_of_edf_d_are_runs_with_gaps_between(void)
{
    static const hl_edf_run want[] = {{0, 2, 0}, {2, 2, 5.5}, {4, 1, 100}};
    hl_buf bytes = {0};
    hl_edf e;
    hl_in *in = NULL;
    hl_error err = {0};

    ok(read_file(fixture("edf/gaps.edf"), &bytes, &e, &in, &err) == HL_OK);
    ok(e.is_discontinuous);
    is_int(e.n_runs, 3);
    for (size_t i = 0; i < 3 && e.n_runs == 3; i++) {
        is_int(e.run[i].first_record, want[i].first_record);
        is_int(e.run[i].n_records, want[i].n_records);
        ok(e.run[i].onset_s == want[i].onset_s);
    }
    hl_in_close(&in);
    hl_buf_free(&bytes);
}

static void all_annotations_of_the_golden_file_are_read(void)
{
    const char *path = shared("wfdb/records/edf/test_edfann.edf");
    hl_buf bytes = {0};
    hl_edf e;
    hl_edf_annotation *a;
    size_t n;
    hl_in *in = NULL;
    hl_error err = {0};

    if (!path) {
        skip("no shared data");
        return;
    }
    ok(read_file(path, &bytes, &e, &in, &err) == HL_OK);
    is_int(e.header.signal[0].samples_per_frame, 30720);
    ok(e.header.rate_hz == 1); /* the file says 0 */
    is_str(e.header.base_date, "01/01/2001");
    ok(hl_edf_annotations(arena, in, &e, &a, &n, &err) == HL_OK);
    is_int(n, 856);
    is_str(a[2].text, "Lights off@@EEG F4-A1");
    ok(a[2].onset_s == 33.43 && a[2].duration_s == 0);
    is_str(a[9].text, "Sleep stage N1");
    hl_in_close(&in);
    hl_buf_free(&bytes);
}

/* --- damaged files ------------------------------------------------------------------------------
 */

/* Field at offset becomes text (padded to n); what comes of it. */
static void with_field(const char *file, size_t at, size_t n, const char *text, hl_code code,
                       const char *message)
{
    hl_buf bytes = {0};
    hl_edf e;
    hl_in *in = NULL;
    hl_error err = {0};

    ok(hl_read_file(fixture(file), 1 << 20, &bytes, NULL, &err) == HL_OK);
    memset(bytes.at + at, ' ', n);
    memcpy(bytes.at + at, text, strlen(text));
    ok(hl_in_memory(bytes.at, bytes.n, "r.edf", &in, &err) == HL_OK);
    is_int(hl_edf_read(arena, in, &e, &err), code);
    is_str(code == HL_OK ? "" : err.message, message);
    hl_in_close(&in);
    hl_buf_free(&bytes);
}

static void each_damaged_field_is_named_with_its_signal(void)
{
    const char *f = "edf/plain.edf";

    with_field(f, 0, 8, "1", HL_E_INPUT, "r.edf: no EDF or BDF file");
    with_field(f, 184, 8, "767", HL_E_INPUT,
               "r.edf: no EDF file: a header of 767 bytes, 2 signals take 768");
    with_field(f, 184, 8, "x", HL_E_INPUT, "r.edf: number of header bytes 'x' is no whole number");
    with_field(f, 236, 8, "", HL_E_INPUT, "r.edf: number of data records '' is no whole number");
    with_field(f, 244, 8, "1,5", HL_E_INPUT, "r.edf: duration of a data record '1,5' is no number");
    with_field(f, 244, 8, "inf", HL_E_INPUT, "r.edf: duration of a data record 'inf' is no number");
    with_field(f, 252, 4, "0", HL_E_INPUT, "r.edf: number of signals '0' is out of range");
    with_field(f, 252, 4, "9999", HL_E_LIMIT, "r.edf: 9999 signals; at most 4096 are read");
    with_field(f, 252, 4, "4096", HL_E_INPUT,
               "r.edf: no EDF file: a header of 768 bytes, 4096 signals take 1048832");
    /* of signals: label 256, physical 464 and 480, digital 496 and 512, samples 688 */
    with_field(f, 472, 8, "?", HL_E_INPUT, "r.edf: signal 1: physical minimum '?' is no number");
    with_field(f, 480, 8, "1.2.3", HL_E_INPUT,
               "r.edf: signal 0: physical maximum '1.2.3' is no number");
    with_field(f, 496, 8, "-1.5", HL_E_INPUT,
               "r.edf: signal 0: digital minimum '-1.5' is no whole number");
    with_field(f, 520, 8, "1e12", HL_E_INPUT,
               "r.edf: signal 1: digital maximum '1e12' is out of range");
    with_field(f, 688, 8, "0", HL_E_INPUT,
               "r.edf: signal 0: samples a data record '0' is out of range");
    with_field(f, 480, 8, "-3276.79", HL_E_INPUT,
               "r.edf: signal 0: the limits -3276.8 to -3276.79 (physical) and -32768 to 32767 "
               "(digital) give a baseline that is out of range");
}

static void numbers_may_have_blanks_and_points_and_dates_may_be_none(void)
{
    const char *f = "edf/plain.edf";

    with_field(f, 236, 8, "  2", HL_OK, "");
    with_field(f, 236, 8, "2.0", HL_OK, "");
    with_field(f, 168, 8, "XX.XX.XX", HL_OK, "");
    with_field(f, 168, 8, "31.02.99", HL_OK, "");
    with_field(f, 176, 8, "25.00.00", HL_OK, "");
    with_field(f, 480, 8, "-3276.8", HL_OK, ""); /* no range: no gain */
    with_field(f, 244, 8, "0", HL_OK, "");
}

static void a_cut_header_says_how_much_is_there(void)
{
    hl_buf bytes = {0};
    hl_edf e;
    hl_in *in = NULL;
    hl_error err = {0};
    static const struct {
        size_t n;
        const char *message;
    } cut[] = {{0, "r.edf: no EDF or BDF file"},
               {7, "r.edf: no EDF or BDF file"},
               {200, "r.edf: the file ends within its EDF header (200 of 256 bytes)"},
               {767, "r.edf: the file ends within its EDF header (767 of 768 bytes)"}};

    ok(hl_read_file(fixture("edf/plain.edf"), 1 << 20, &bytes, NULL, &err) == HL_OK);
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        ok(hl_in_memory(bytes.at, cut[i].n, "r.edf", &in, &err) == HL_OK);
        is_int(hl_edf_read(arena, in, &e, &err), HL_E_INPUT);
        is_str(err.message, cut[i].message);
        hl_in_close(&in);
    }
    hl_buf_free(&bytes);
}

/* Records of gaps.edf: 48 bytes from byte 768, the list 8 bytes behind each start. */
static void damaged_times_of_data_records_are_named(void)
{
    const char *f = "edf/gaps.edf";

    with_field(f, 768 + 48 + 8, 4, "x", HL_E_INPUT,
               "r.edf: data record 1: it does not begin with its time (+ONSET)");
    with_field(f, 768 + 96 + 8, 4, "+0.5", HL_E_INPUT,
               "r.edf: data record 2 begins at 0.500000 s, before the end of the one in front of "
               "it");
    with_field(f, 272, 16, "EDF annotation", HL_E_INPUT,
               "r.edf: EDF+D without an 'EDF Annotations' signal: the times of its data records "
               "are not known");
    with_field(f, 236, 8, "6", HL_E_INPUT, "r.edf: the file ends within data record 5 of 6");
}

static void damaged_annotation_lists_are_named(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *message;
    } bad[] = {
        {"0\x14\x14\0", 4, "an annotation list does not begin with +ONSET"},
        {"+1e3\x14\x14\0", 7, "an annotation list does not begin with +ONSET"},
        {"+1\x15x\x14\x14\0", 7, "the duration of an annotation is no number"},
        {"+1\x15-2\x14\x14\0", 8, "the duration of an annotation is no number"},
        {"+1\0", 3, "the onset of an annotation is not followed by 0x14"},
        {"+1", 2, "the onset of an annotation is not followed by 0x14"},
        {"+1\x14text\x14", 8, "an annotation list does not end with NUL"},
        {"+1\x14text\0", 8, "the text of an annotation does not end with 0x14"},
    };
    hl_edf_tal tal;
    hl_error err = {0};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *at = bad[i].bytes;
        is_int(hl_edf_tal_next(&at, at + bad[i].n, &tal, &err), HL_E_INPUT);
        is_str(err.message, bad[i].message);
    }
    const char *none = "\0\0";
    is_int(hl_edf_tal_next(&none, none + 2, &tal, &err), HL_END);
}

/* --- writing ------------------------------------------------------------------------------------
 */

typedef struct {
    hl_wfdb_header h;
    hl_wfdb_signal signal[3];
} made;

static made make_header(double rate_hz)
{
    made m = {.h = {.name = "r1",
                    .n_signals = 1,
                    .rate_hz = rate_hz,
                    .base_ms = HL_WFDB_NO_TIME,
                    .base_day = HL_WFDB_NO_TIME}};

    for (int i = 0; i < 3; i++)
        m.signal[i] = (hl_wfdb_signal){.format = 16,
                                       .samples_per_frame = 1,
                                       .gain = 200,
                                       .baseline = 1024,
                                       .units = "mV",
                                       .adc_bits = 11,
                                       .adc_zero = 1024,
                                       .description = "II"};
    return m;
}

/* The file that a writer makes, in pieces of `step` frames. */
static hl_code write_all(made *m, int64_t n_frames, const int32_t *const sample[], int64_t step,
                         const hl_edf_options *o, double *rate_error, hl_buf *to, hl_error *err)
{
    char path[HL_PATH_BYTES];
    const char *folder = temp_folder();
    hl_out *out = NULL;
    hl_edf_writer *w = NULL;
    hl_code c;

    m->h.signal = m->signal;
    ok(hl_path_join(folder, "w.edf", path, err) == HL_OK);
    ok(hl_out_create(path, &out, err) == HL_OK);
    c = hl_edf_writer_new(out, &m->h, n_frames, o, &w, rate_error, err);
    for (int64_t i = 0; c == HL_OK && i < n_frames; i += step) {
        const int32_t *at[3];
        for (int32_t s = 0; s < m->h.n_signals; s++)
            at[s] = sample[s] + i * m->signal[s].samples_per_frame;
        c = hl_edf_writer_add(w, at, n_frames - i < step ? n_frames - i : step, err);
    }
    if (c == HL_OK)
        c = hl_edf_writer_end(&w, err);
    hl_edf_writer_abort(&w);
    if (c == HL_OK) {
        ok(hl_out_commit(&out, NULL, err) == HL_OK);
        ok(hl_read_file(path, 1 << 28, to, NULL, err) == HL_OK);
    }
    hl_out_abort(&out);
    unlink(path);
    rmdir(folder);
    return c;
}

static void mit2edf_style_gives_the_bytes_of_mit2edf(void)
{
    const char *record = shared("wfdb/records/mixed/100s.hea"),
               *golden = shared("wfdb/records/edf/100s_mit2edf.edf");
    const hl_edf_options o = {.style = HL_EDF_MIT2EDF};
    hl_wfdb_record r;
    hl_buf want = {0}, got = {0};
    hl_error err = {0};
    char path[HL_PATH_BYTES];
    made m = {0};
    double rate_error = 1;

    if (!record || !golden) {
        skip("no shared data");
        return;
    }
    snprintf(path, sizeof path, "%.*s", (int)strlen(record) - 4, record);
    ok(hl_wfdb_read(arena, path, &r, &err) == HL_OK);
    m.h = r.header;
    memcpy(m.signal, r.header.signal, 2 * sizeof m.signal[0]);
    int32_t *sample[2] = {malloc(21600 * 4), malloc(21600 * 4)};
    for (int64_t i = 0; i < 2 * r.n_samples; i++)
        sample[i % 2][i / 2] = r.sample[i];
    ok(write_all(&m, r.n_samples, (const int32_t *const *)sample, 1000, &o, &rate_error, &got,
                 &err) == HL_OK);
    ok(hl_read_file(golden, 1 << 20, &want, NULL, &err) == HL_OK);
    is_int(got.n, want.n);
    is_mem(got.at, want.at, 168);
    ok(got.n > 184 && memcmp(got.at + 168, "01.01.8500.00.00", 16) == 0);
    is_mem(got.at + 184, want.at + 184, want.n - 184);
    ok(rate_error == 0);
    free(sample[0]);
    free(sample[1]);
    hl_buf_free(&want);
    hl_buf_free(&got);
}

static void mit2edf_style_states_the_duration_that_mit2edf_does(void)
{
    const hl_edf_options o = {.style = HL_EDF_MIT2EDF};
    made m = make_header(62.4725);
    hl_edf_record_plan p;
    hl_error err = {0};

    m.h.signal = m.signal;
    ok(hl_edf_plan_record(&m.h, &o, &p, &err) == HL_OK);
    is_int(p.k, 625);
    is_str(p.text, "10.0053"); /* 625 / (3748 / 60) */
    ok(fabs(p.rate_error + 8.97e-5) < 1e-6);
    m.h.rate_hz = 1.0 / 1800;
    ok(hl_edf_plan_record(&m.h, &o, &p, &err) == HL_E_LIMIT);
    is_str(err.message, "a data record of EDF cannot hold 1 frames of 1 samples");
    m.h.rate_hz = 1.0 / 30;
    ok(hl_edf_plan_record(&m.h, &o, &p, &err) == HL_OK);
    is_int(p.k, 2);
    is_str(p.text, "60");
    m.h.rate_hz = 100000;
    ok(hl_edf_plan_record(&m.h, &o, &p, &err) == HL_OK);
    is_int(p.k, 10000);
    is_str(p.text, "0.1");
}

static void edf_plus_has_the_data_records_it_needs_and_a_full_date(void)
{
    const hl_edf_options o = {.style = HL_EDF_PLUS};
    made m = make_header(100);
    int32_t v[1500];
    const int32_t *sample[1] = {v};
    hl_buf got = {0};
    hl_edf e;
    hl_in *in = NULL;
    hl_error err = {0};

    for (int i = 0; i < 1500; i++)
        v[i] = i % 7 == 0 ? HL_WFDB_INVALID : i;
    m.h.base_ms = 3 * 3600000 + 12345;
    m.h.base_day = 69094;
    ok(write_all(&m, 1500, sample, 77, &o, NULL, &got, &err) == HL_OK);
    ok(hl_in_memory(got.at, got.n, "w.edf", &in, &err) == HL_OK);
    ok(hl_edf_read(arena, in, &e, &err) == HL_OK);
    is_int(e.header.n_samples, 2);
    is_int(e.header.n_signals, 2);
    is_str(e.header.base_date, "05/03/2159");
    is_str(e.header.base_time, "03:00:12.345");
    is_str(e.patient, "r1 X X X");
    is_str(e.recording, "Startdate 05-MAR-2159 X X X");
    ok(memcmp(got.at + 168, "05.03.5903.00.12", 16) == 0);
    ok(e.header.signal[0].gain == 200);
    is_int(e.header.signal[0].baseline, 1024);
    is_int(e.header.signal[0].adc_zero, 1024);
    is_int(e.header.signal[0].adc_bits, 11);
    is_int(e.header.signal[0].samples_per_frame, 1000);
    const int64_t bytes = hl_edf_record_bytes(&e);
    is_int(got.n, 768 + 2 * bytes);
    for (int64_t i = 0; i < 2000; i++) {
        const uint8_t *p = (const uint8_t *)got.at + 768 + i / 1000 * bytes + i % 1000 * 2;
        const int16_t code = (int16_t)(p[0] | p[1] << 8);
        is_int(code, i >= 1500 || v[i] == HL_WFDB_INVALID ? -32768 : v[i]);
    }
    hl_in_close(&in);
    hl_buf_free(&got);
}

static void annotations_come_back_from_the_data_records_they_are_spread_over(void)
{
    enum { N = 300 };
    static char text[N][40];
    static hl_edf_annotation a[N];
    const hl_edf_options o = {.style = HL_EDF_PLUS, .annotation = a, .n_annotations = N};
    made m = make_header(250);
    int32_t *v = calloc(25000, sizeof *v);
    const int32_t *sample[1] = {v};
    hl_buf got = {0};
    hl_edf e;
    hl_edf_annotation *back;
    size_t n;
    hl_in *in = NULL;
    hl_error err = {0};

    for (int i = 0; i < N; i++) {
        snprintf(text[i], sizeof text[i], "note %d \xc3\xa9%.*s", i, i % 20,
                 "....................");
        a[i] = (hl_edf_annotation){i * 0.333, i % 3 ? -1 : i * 0.5, text[i]};
    }
    m.h.base_ms = 250;
    ok(write_all(&m, 25000, sample, 25000, &o, NULL, &got, &err) == HL_OK);
    ok(hl_in_memory(got.at, got.n, "w.edf", &in, &err) == HL_OK);
    ok(hl_edf_read(arena, in, &e, &err) == HL_OK);
    is_int(e.header.n_samples, 10);
    ok(hl_edf_part_of(&e, 1).n < 1200); /* 300 lists of some 30 bytes in 10 records */
    ok(hl_edf_annotations(arena, in, &e, &back, &n, &err) == HL_OK);
    is_int(n, N);
    for (size_t i = 0; i < n && n == N; i++) {
        is_str(back[i].text, a[i].text);
        ok(fabs(back[i].onset_s - a[i].onset_s) < 1e-6);
        ok(fabs(back[i].duration_s - a[i].duration_s) < 1e-6);
    }
    hl_in_close(&in);
    hl_buf_free(&got);
    free(v);
}

static void the_exact_rate_takes_as_many_frames_as_an_exact_duration_needs(void)
{
    static const struct {
        double rate_hz;
        bool exact;
        int64_t k;
        const char *text;
        double error;
    } want[] = {{62.4725, false, 625, "10.0044", 2.4e-7},
                {62.4725, true, 24989, "400", 0},
                {360, true, 3600, "10", 0},
                {128.5, true, 1285, "10", 0},
                {0.5, true, 5, "10", 0},
                {499.78, true, 24989, "50", 0},
                {999.56, true, 24989, "25", 0}};
    hl_error err = {0};

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        const hl_edf_options o = {.style = HL_EDF_PLUS, .exact_rate = want[i].exact};
        made m = make_header(want[i].rate_hz);
        hl_edf_record_plan p;
        m.h.signal = m.signal;
        ok(hl_edf_plan_record(&m.h, &o, &p, &err) == HL_OK);
        is_int(p.k, want[i].k);
        is_str(p.text, want[i].text);
        ok(fabs(fabs(p.rate_error) - want[i].error) < 1e-7);
    }
}

static void limits_keep_gain_and_baseline(void)
{
    static const struct {
        double gain;
        int32_t baseline, bits, zero;
    } want[] = {{200, 1024, 11, 1024}, {4093, 2, 12, 2048},  {16, 800, 12, 2048},
                {4096, 0, 12, 2048},   {200, 0, 14, 8192},   {-200, 5, 12, 0},
                {0.5, -3, 16, 0},      {1000.5, 0, 16, 0},   {20.48, -2000, 16, 0},
                {6553.6, 0, 16, 0},    {12.8, 0, 12, -2048}, {3.2, 100, 8, 0}};
    hl_error err = {0};

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        made m = make_header(100);
        hl_edf_limits l;
        m.h.signal = m.signal;
        m.signal[0].gain = want[i].gain;
        m.signal[0].baseline = want[i].baseline;
        m.signal[0].adc_bits = want[i].bits;
        m.signal[0].adc_zero = want[i].zero;
        ok(hl_edf_plan_limits(&m.h, 0, HL_EDF_PLUS, &l, &err) == HL_OK);
        const double gain =
            (double)(l.digital_max - l.digital_min) / (l.physical_max - l.physical_min);
        tap_check(fabs(gain / want[i].gain - 1) < 1e-13, __FILE__, __LINE__,
                  "gain %.17g, not %.17g", gain, want[i].gain);
        const double base = (double)l.digital_max - l.physical_max * gain;
        tap_check(fabs(base - want[i].baseline) < 0.3, __FILE__, __LINE__, "baseline %.17g, not %d",
                  base, (int)want[i].baseline);
        ok(l.digital_min >= -32767 && l.digital_max <= 32767);
    }
}

static void samples_of_24_and_32_bits_are_scaled(void)
{
    static const int32_t value[2][6] = {
        {-8388607, 8388607, 0, 1000000, -123456, HL_WFDB_INVALID},
        {-2147483647, 2147483647, 0, 1000000000, -12345678, HL_WFDB_INVALID}};
    static const int32_t format[] = {24, 32}, bits[] = {24, 32};
    const hl_edf_options o = {.style = HL_EDF_PLUS};

    for (int i = 0; i < 2; i++) {
        made m = make_header(1);
        hl_buf got = {0};
        hl_edf e;
        hl_in *in = NULL;
        hl_error err = {0};
        const int32_t *sample[1] = {value[i]};
        m.signal[0].format = format[i];
        m.signal[0].adc_bits = bits[i];
        m.signal[0].adc_zero = m.signal[0].baseline = 0;
        ok(write_all(&m, 6, sample, 6, &o, NULL, &got, &err) == HL_OK);
        ok(hl_in_memory(got.at, got.n, "w.edf", &in, &err) == HL_OK);
        ok(hl_edf_read(arena, in, &e, &err) == HL_OK);
        const hl_wfdb_signal *s = &e.header.signal[0];
        for (int k = 0; k < 6; k++) {
            const uint8_t *p = (const uint8_t *)got.at + 768 + 2 * k;
            const int16_t code = (int16_t)(p[0] | p[1] << 8);
            if (value[i][k] == HL_WFDB_INVALID) {
                is_int(code, -32768);
                continue;
            }
            const double want = value[i][k] / 200.0, step = 1 / s->gain;
            tap_check(fabs((code - s->baseline) / s->gain - want) < 1.1 * step, __FILE__, __LINE__,
                      "%g, not %g (a step is %g)", (code - s->baseline) / s->gain, want, step);
        }
        hl_in_close(&in);
        hl_buf_free(&got);
    }
}

static void a_value_beyond_its_resolution_is_refused(void)
{
    const hl_edf_options o = {.style = HL_EDF_PLUS};
    made m = make_header(1);
    const int32_t v[3] = {0, 1, 40000};
    const int32_t *sample[1] = {v};
    hl_buf got = {0};
    hl_error err = {0};

    m.signal[0].format = 24;
    is_int(write_all(&m, 3, sample, 3, &o, NULL, &got, &err), HL_E_LIMIT);
    is_str(err.message, "signal 0: sample 40000 of frame 2 does not fit in the 16 bits of EDF: it "
                        "is beyond the ADC resolution that the header states");
    m.signal[0].gain = 1e-320;
    is_int(write_all(&m, 3, sample, 3, &o, NULL, &got, &err), HL_E_LIMIT);
    like(err.message, "signal 0 (II): gain 9.99989e-321 and baseline 1024 give no limits");
    m.h.n_signals = 0;
    is_int(write_all(&m, 3, sample, 3, &o, NULL, &got, &err), HL_E_LIMIT);
    is_str(err.message, "record r1 has 0 signals; EDF holds 1 to 4095");
}

static void numbers_are_the_nearest_of_eight_characters(void)
{
    static const struct {
        double v;
        const char *text;
    } want[] = {{0, "0"},
                {-0.0, "0"},
                {-5.12, "-5.12"},
                {10.004402737, "10.0044"},
                {1.0 / 3, "0.333333"},
                {-1.0 / 3, "-0.33333"},
                {123456789, "1.2346e8"},
                {1.2345e-9, "1.235e-9"},
                {-3276.8, "-3276.8"},
                {99999999, "99999999"}};
    char text[HL_EDF_NUMBER_CHARS];

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        hl_edf_number(want[i].v, text);
        is_str(text, want[i].text);
    }
}

int main(void)
{
    arena = hl_arena_new(4096);
    run(an_edf_header_is_mapped_as_libwfdb_does);
    run(an_unknown_number_of_data_records_is_taken_from_the_size);
    run(a_bdf_file_has_24_bits);
    run(edf_plus_has_its_full_start_and_its_annotations);
    run(the_data_records_of_edf_d_are_runs_with_gaps_between);
    run(all_annotations_of_the_golden_file_are_read);
    run(each_damaged_field_is_named_with_its_signal);
    run(numbers_may_have_blanks_and_points_and_dates_may_be_none);
    run(a_cut_header_says_how_much_is_there);
    run(damaged_times_of_data_records_are_named);
    run(damaged_annotation_lists_are_named);
    run(mit2edf_style_gives_the_bytes_of_mit2edf);
    run(mit2edf_style_states_the_duration_that_mit2edf_does);
    run(edf_plus_has_the_data_records_it_needs_and_a_full_date);
    run(annotations_come_back_from_the_data_records_they_are_spread_over);
    run(the_exact_rate_takes_as_many_frames_as_an_exact_duration_needs);
    run(limits_keep_gain_and_baseline);
    run(samples_of_24_and_32_bits_are_scaled);
    run(a_value_beyond_its_resolution_is_refused);
    run(numbers_are_the_nearest_of_eight_characters);
    hl_arena_free(&arena);
    return done();
}
