/*
 * Writing records: hl_wave_convert() as a library call, the record writer, the choice of a gain.
 * Whole records there and back, and what other programs read of them: wave_convert_test.py.
 */
#include "wave/convert_gain.h"
#include "wave/convert_wfdb.h"

#include "hilum/wave.h"
#include "tap.h"

static const char *folder;

static const char *at(const char *name)
{
    static char path[8][HL_PATH_BYTES];
    static int turn;
    char *p = path[turn++ % 8];

    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static const char *put(const char *name, const char *text)
{
    const char *path = at(name);
    hl_error err = {0};

    ok(hl_write_file(path, text, strlen(text), NULL, &err) == HL_OK);
    return path;
}

/* --- gains --------------------------------------------------------------------------------------
 */

static hl_gain_choice gain_of(const double *v, size_t n, double precision, int32_t most)
{
    hl_gain_state s = {.precision = precision};

    for (size_t i = 0; i < n; i++)
        hl_gain_add(&s, v[i]);
    return hl_gain_choose(&s, -most, most);
}

static void is_gain(hl_gain_choice got, double gain, int32_t baseline, bool exact)
{
    tap_check(got.gain == gain && got.baseline == baseline && got.exact == exact, __FILE__,
              __LINE__, "gain %.17g, baseline %d, exact %d; not %.17g, %d, %d", got.gain,
              (int)got.baseline, got.exact, gain, (int)baseline, exact);
}

enum { MANY = 5000 };

static uint32_t drawn;

static int32_t draw(int32_t most)
{
    drawn = drawn * 1664525u + 1013904223u;
    return (int32_t)(drawn >> 8) % (2 * most + 1) - most;
}

static void the_gain_of_values_that_were_integers_is_found(void)
{
    static const double gain[] = {1,     16,    200, 1000, 4093, 2963.77,
                                  12.84, 38880, 86,  2.2,  0.01, 6554};
    static double v[MANY];

    for (size_t g = 0; g < sizeof gain / sizeof *gain; g++) {
        for (int narrow = 0; narrow < 2; narrow++) {
            int32_t code = 0;
            for (int i = 0; i < MANY; i++) { /* a walk with jumps: a signal */
                code = i % 97 == 0 ? draw(2000) : code + draw(30);
                v[i] = narrow ? (float)(code / gain[g]) : code / gain[g];
            }
            is_gain(gain_of(v, MANY, narrow ? 0x1p-24 : 0x1p-53, 32767), gain[g], 0, true);
        }
    }
}

static void thirty_two_bits_are_found_too(void)
{
    static double v[MANY];

    for (int i = 0; i < MANY; i++)
        v[i] = (i % 50 == 0 ? draw(8000000) * 100.0 : (double)draw(500)) / 4093;
    is_gain(gain_of(v, MANY, 0x1p-53, INT32_MAX), 4093, 0, true);
}

static void codes_beyond_the_range_move_by_a_baseline(void)
{
    double v[3] = {900.5, 900.25, 910};

    is_gain(gain_of(v, 3, 0x1p-53, 127), 4, -3620, true);
}

static void values_without_a_step_fill_the_range(void)
{
    double v[100];

    for (int i = 0; i < 100; i++)
        v[i] = sin(i * 0.7) * M_PI;
    hl_gain_choice g = gain_of(v, 100, 0x1p-53, 32767);
    ok(!g.exact && g.baseline == 0 && g.gain > 9000 && g.gain * M_PI < 32768);
    for (int i = 0; i < 100; i++)
        v[i] += 1e6;
    g = gain_of(v, 100, 0x1p-53, 32767);
    ok(!g.exact && g.gain > 1900); /* 32 bits of a baseline allow no more */
    for (int i = 0; i < 100; i++)
        ok(fabs(floor(v[i] * g.gain + 0.5) + g.baseline) <= 32767);
}

static void odd_values_have_a_gain(void)
{
    double zero[2] = {0, 0}, one[1] = {0.7}, large[2] = {1e300, -1e300}, small[2] = {5e-324, 0};

    is_gain(gain_of(zero, 0, 0x1p-53, 32767), 200, 0, true);
    is_gain(gain_of(zero, 2, 0x1p-53, 32767), 200, 0, true);
    is_gain(gain_of(one, 1, 0x1p-53, 32767), 10, 0, true);
    ok(gain_of(large, 2, 0x1p-53, 32767).gain > 0);
    ok(gain_of(small, 2, 0x1p-53, 32767).gain > 0);
}

/* --- the record writer --------------------------------------------------------------------------
 */

static hl_wfdb_signal signal_of(int32_t format, int32_t spf, int32_t group, const char *file)
{
    return (hl_wfdb_signal){.file = file,
                            .format = format,
                            .samples_per_frame = spf,
                            .group = group,
                            .gain = 200,
                            .calibrated = true,
                            .units = "mV",
                            .adc_bits = 12,
                            .description = "II"};
}

static hl_wfdb_header header_of(const char *name, hl_wfdb_signal *signal, int32_t n)
{
    return (hl_wfdb_header){
        .name = name, .n_signals = n, .rate_hz = 250, .counter_hz = 250, .signal = signal};
}

/* Write n frames of one signal in pieces of `piece` frames. */
static hl_code write_one(const char *name, int32_t format, const int32_t *v, int64_t n,
                         int64_t piece, hl_error *err)
{
    char file[64];
    hl_wfdb_signal s;
    hl_wfdb_header h;
    hl_record_writer *w = NULL;
    hl_written written = {0};

    snprintf(file, sizeof file, "%s.dat", name);
    s = signal_of(format, 1, 0, file);
    h = header_of(name, &s, 1);
    hl_code c = hl_record_writer_new(folder, &h, HL_FLAC_FAST, &w, err);
    for (int64_t i = 0; i < n && c == HL_OK; i += piece) {
        const int32_t *sample[1] = {v + i};
        c = hl_record_writer_add(w, sample, n - i < piece ? n - i : piece, err);
    }
    if (c == HL_OK)
        c = hl_record_writer_end(&w, &written, err);
    hl_record_writer_abort(&w);
    if (c == HL_OK)
        is_int(written.n, 2);
    hl_written_free(&written);
    return c;
}

static void pieces_of_any_length_give_the_same_file(void)
{
    static const int32_t format[] = {8, 16, 24, 32, 61, 80, 160, 212, 310, 311, 508, 516, 524};
    enum { N = 1003 };
    int32_t v[N];
    hl_error err = {0};

    for (int i = 0; i < N; i++)
        v[i] = (i * 7) % 120 - 60;
    for (size_t f = 0; f < sizeof format / sizeof *format; f++)
        for (int64_t piece = 1; piece < N; piece = piece * 3 + 1) {
            char name[32], dat[48];
            hl_buf whole = {0}, parts = {0};
            snprintf(name, sizeof name, "w%d_%d", (int)format[f], (int)piece);
            ok(write_one(name, format[f], v, N, piece, &err) == HL_OK);
            snprintf(dat, sizeof dat, "%s.dat", name);
            ok(hl_read_file(at(dat), 1 << 20, &parts, NULL, &err) == HL_OK);
            snprintf(dat, sizeof dat, "w%d_1.dat", (int)format[f]);
            ok(hl_read_file(at(dat), 1 << 20, &whole, NULL, &err) == HL_OK);
            is_int(parts.n, whole.n);
            ok(parts.n == whole.n && memcmp(parts.at, whole.at, whole.n) == 0);
            hl_buf_free(&whole);
            hl_buf_free(&parts);
        }
}

static void signals_of_one_file_must_fit_together(void)
{
    hl_wfdb_signal s[9];
    hl_wfdb_header h = header_of("g", s, 2);
    hl_record_writer *w = NULL;
    hl_error err = {0};

    s[0] = signal_of(516, 1, 0, "g.dat");
    s[1] = signal_of(516, 2, 0, "g.dat");
    ok(hl_record_writer_new(folder, &h, HL_FLAC_FAST, &w, &err) == HL_E_USAGE);
    like(err.message, "signals 0 and 1 differ in samples a frame; a FLAC file cannot hold both");
    s[1] = signal_of(16, 1, 0, "g.dat");
    ok(hl_record_writer_new(folder, &h, HL_FLAC_FAST, &w, &err) == HL_E_USAGE);
    like(err.message, "signals 0 and 1 of one file have two formats");
    for (int i = 0; i < 9; i++)
        s[i] = signal_of(516, 1, 0, "g.dat");
    h.n_signals = 9;
    ok(hl_record_writer_new(folder, &h, HL_FLAC_FAST, &w, &err) == HL_E_USAGE);
    like(err.message, "9 signals in g.dat; a FLAC file holds 8");
    h.n_signals = 1;
    s[0] = signal_of(17, 1, 0, "g.dat");
    ok(hl_record_writer_new(folder, &h, HL_FLAC_FAST, &w, &err) == HL_E_USAGE);
    like(err.message, "17 is no signal format of WFDB");
    s[0] = signal_of(16, 1, 0, "../g.dat");
    ok(hl_record_writer_new(folder, &h, HL_FLAC_FAST, &w, &err) == HL_E_INPUT);
    like(err.message, "would leave the folder");
    ok(!hl_file_exists(at("g.dat")));
}

static void what_a_format_cannot_hold_is_named(void)
{
    static const struct {
        int32_t format, value;
        const char *text;
    } it[] = {
        {16, 32768, "signal 0 (II), frame 2: 32768 does not fit into format 16 (-32767 to 32767)"},
        {16, -32768, "-32768 does not fit into format 16"},
        {80, -128, "-128 does not fit into format 80 (-127 to 127)"},
        {212, 2048, "2048 does not fit into format 212 (-2047 to 2047)"},
        {310, 512, "512 does not fit into format 310"},
        {311, -512, "-512 does not fit into format 311"},
        {508, 128, "128 does not fit into format 508"},
        {24, 8388608, "8388608 does not fit into format 24"},
        {8, INT32_MIN, "was not measured, and format 8 has no code for that"},
        {8, 129, "from 1 to 129 is more than a step of format 8 (-128 to 127)"},
        {0, 0, "format 0 holds no samples, and here is 0"},
    };

    for (size_t i = 0; i < sizeof it / sizeof *it; i++) {
        int32_t v[3] = {0, 1, it[i].value};
        hl_error err = {0};
        if (it[i].format == 0)
            v[0] = v[1] = INT32_MIN;
        ok(write_one("no", it[i].format, v, 3, 1, &err) == HL_E_USAGE);
        like(err.message, it[i].text);
        ok(!hl_file_exists(at("no.dat")) && !hl_file_exists(at("no.hea")));
    }
}

static void the_ends_of_a_range_fit(void)
{
    static const struct {
        int32_t format, most;
    } it[] = {{16, 32767}, {24, 8388607}, {32, INT32_MAX}, {61, 32767},
              {80, 127},   {160, 32767},  {212, 2047},     {310, 511},
              {311, 511},  {508, 127},    {516, 32767},    {524, 8388607}};

    for (size_t i = 0; i < sizeof it / sizeof *it; i++) {
        int32_t v[4] = {it[i].most, -it[i].most, INT32_MIN, 0}, got[4] = {0};
        void *to[1] = {got};
        hl_wave_window q = {.to = 4};
        char name[32];
        hl_wave *wave = NULL;
        hl_error err = {0};
        snprintf(name, sizeof name, "end%d", (int)it[i].format);
        ok(write_one(name, it[i].format, v, 4, 4, &err) == HL_OK);
        ok(hl_wave_open(at(name), NULL, &wave, &err) == HL_OK);
        if (!wave)
            continue;
        ok(hl_wave_read(wave, &q, to, &err) == HL_OK);
        is_mem(got, v, sizeof v);
        hl_wave_close(&wave);
    }
}

/* --- the call -----------------------------------------------------------------------------------
 */

static void a_call_reports_its_files(void)
{
    hl_wave_convert_options o = {.in = put("t.csv", "time[s],a[V]\n0,1\n1,2\n2,\n"),
                                 .out = at("t")};
    hl_report r = {0};
    hl_error err = {0};

    ok(hl_wave_convert(&o, NULL, &r, &err) == HL_OK);
    like(r.json, "\"files\":[\"");
    like(r.json, "t.dat\"");
    like(r.json, "\"segments\":1");
    like(r.json, "{\"name\":\"a\",\"format\":16,\"file\":\"t.dat\",\"gain\":1.0,");
    like(r.text, "t.hea and 1 other file\n1 rows a second, by the times\n");
    hl_report_free(&r);
    ok(hl_wave_convert(&o, NULL, NULL, &err) == HL_E_USAGE);
    like(err.message, "t.hea is there already");
}

static void a_call_that_is_stopped_leaves_nothing(void)
{
    hl_buf text = {0};
    hl_ctl ctl = {.cancel = 1};
    hl_error err = {0};
    hl_names left = {0};

    hl_buf_text(&text, "a\n");
    for (int i = 0; i < 100000; i++)
        hl_buf_printf(&text, "%d\n", i % 7);
    hl_wave_convert_options o = {
        .in = put("stop.csv", text.at), .out = at("stop/r"), .rate_hz = 100, .segment_s = 10};
    ok(hl_wave_convert(&o, &ctl, NULL, &err) == HL_E_STOPPED);
    ctl.cancel = 0;
    ok(hl_wave_convert(&o, &ctl, NULL, &err) == HL_OK);
    ok(hl_list_folder(at("stop"), &left, &err) == HL_OK);
    is_int(left.n, 201);
    hl_names_free(&left);
    hl_buf_free(&text);
}

/* The third segment does not fit: the two in front of it go. */
static void a_failure_takes_back_what_was_written(void)
{
    hl_buf text = {0};
    hl_error err = {0};
    hl_names left = {0};

    hl_buf_text(&text, "a[adu]\n");
    for (int i = 0; i < 100; i++)
        hl_buf_printf(&text, "%d\n", i == 55 ? 2000 : i);
    hl_wave_convert_options o = {.in = put("late.csv", text.at),
                                 .out = at("late/r"),
                                 .rate_hz = 1,
                                 .segment_s = 20,
                                 .format = 310};
    ok(hl_wave_convert(&o, NULL, NULL, &err) == HL_E_USAGE);
    like(err.message, "2000 does not fit into format 310");
    ok(hl_list_folder(at("late"), &left, &err) == HL_OK);
    is_int(left.n, 0);
    hl_names_free(&left);
    hl_buf_free(&text);
}

static void segments_of_one_length_have_gains_and_lengths_of_the_record(void)
{
    hl_wave_convert_options o = {.in = at("stop/r"), .out = at("one")};
    hl_wave *a = NULL, *b = NULL;
    hl_error err = {0};

    ok(hl_wave_convert(&o, NULL, NULL, &err) == HL_OK);
    ok(hl_wave_open(at("one"), NULL, &a, &err) == HL_OK);
    ok(hl_wave_open(at("stop/r"), NULL, &b, &err) == HL_OK);
    if (a && b) {
        is_int(hl_wave_about(a)->n_frames, 100000);
        is_int(hl_wave_about(a)->n_segments, 1);
        is_int(hl_wave_about(b)->n_segments, 100);
        ok(hl_wave_about(a)->signal[0].gain == hl_wave_about(b)->signal[0].gain);
    }
    hl_wave_close(&a);
    hl_wave_close(&b);
}

/* A fixed layout of segments with two gains is no one record. */
static void segments_of_two_gains_do_not_become_one(void)
{
    hl_error err = {0};

    put("two.hea", "two/2 1 100 6\ntwo_1 3\ntwo_2 3\n");
    put("two_1.hea", "two_1 1 100 3\ntwo_1.dat 80 100/mV 8 0 0 0 0 a\n");
    put("two_2.hea", "two_2 1 100 3\ntwo_2.dat 80 50/mV 8 0 0 0 0 a\n");
    put("two_1.dat", "abc");
    put("two_2.dat", "def");
    hl_wave_convert_options o = {.in = at("two"), .out = at("joined")};
    ok(hl_wave_convert(&o, NULL, NULL, &err) == HL_E_INPUT);
    like(err.message,
         "segment two_2: signal 0 has gain 50 and baseline 0, in the first segment 100");
}

/* Memory does not know how large the header says frames are until they are read. */
static void frames_that_are_too_large_are_refused(void)
{
    hl_error err = {0};

    put("big.hea", "big 1 1 1\nbig.dat 16x2000000000 200\n");
    put("big.dat", "ab");
    hl_wave_convert_options o = {.in = at("big"), .out = at("big2")};
    ok(hl_wave_convert(&o, NULL, NULL, &err) == HL_E_LIMIT);
    like(err.message, "2000000000 samples a frame");
}

static void a_segment_shorter_than_its_record_says_is_filled_up(void)
{
    hl_error err = {0};
    int32_t got[5] = {0};
    void *to[1] = {got};
    hl_wave_window q = {.to = 5};
    hl_wave *w = NULL;

    put("v.hea", "v/3 1 100 5\nv_layout 0\nv_a 3\n~ 2\n");
    put("v_layout.hea", "v_layout 1 100 0\n~ 0 100/mV 8 0 0 0 0 a\n");
    put("v_a.hea", "v_a 1 100 2\nv_a.dat 80 100/mV 8 0 0 0 0 a\n");
    put("v_a.dat", "\x85\x86");
    hl_wave_convert_options o = {.in = at("v"), .out = at("v2")};
    ok(hl_wave_convert(&o, NULL, NULL, &err) == HL_OK);
    is_str(err.message, "");
    ok(hl_wave_open(at("v2"), NULL, &w, &err) == HL_OK);
    if (w)
        ok(hl_wave_read(w, &q, to, &err) == HL_OK);
    is_int(got[0], 5);
    is_int(got[1], 6);
    for (int i = 2; i < 5; i++)
        is_int(got[i], HL_WAVE_INVALID);
    hl_wave_close(&w);
}

int main(void)
{
    folder = temp_folder();
    run(the_gain_of_values_that_were_integers_is_found);
    run(thirty_two_bits_are_found_too);
    run(codes_beyond_the_range_move_by_a_baseline);
    run(values_without_a_step_fill_the_range);
    run(odd_values_have_a_gain);
    run(pieces_of_any_length_give_the_same_file);
    run(signals_of_one_file_must_fit_together);
    run(what_a_format_cannot_hold_is_named);
    run(the_ends_of_a_range_fit);
    run(a_call_reports_its_files);
    run(a_call_that_is_stopped_leaves_nothing);
    run(a_failure_takes_back_what_was_written);
    run(segments_of_one_length_have_gains_and_lengths_of_the_record);
    run(segments_of_two_gains_do_not_become_one);
    run(frames_that_are_too_large_are_refused);
    run(a_segment_shorter_than_its_record_says_is_filled_up);
    hl_remove_tree(folder, NULL);
    return done();
}
