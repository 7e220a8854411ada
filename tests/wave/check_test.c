#include "base/io.h"
#include "base/json.h"
#include "base/rng.h"
#include "hilum/wave.h"
#include "tap.h"

static const char *folder;

static const char *path_of(const char *name)
{
    static char path[4][HL_PATH_BYTES];
    static int turn;
    char *p = path[turn++ % 4];

    ok(hl_path_join(folder, name, p, NULL) == HL_OK);
    return p;
}

static void put_bytes(const char *name, const void *bytes, size_t n)
{
    FILE *f = fopen(path_of(name), "wb"); /* hl_write_file() waits for the disk */

    ok(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

static hl_buf load(const char *name)
{
    hl_buf bytes = {0};
    hl_error err = {0};

    ok(hl_read_file(fixture(name), 1 << 20, &bytes, NULL, &err) == HL_OK);
    return bytes;
}

static void copy(const char *name, const char *to)
{
    hl_buf bytes = load(name);

    put_bytes(to, bytes.at, bytes.n);
    hl_buf_free(&bytes);
}

static hl_code check_as(hl_wave_check_options *o, const char *name, hl_ctl *ctl, hl_report *r)
{
    hl_error err = {0};

    o->path = path_of(name);
    hl_code c = hl_wave_check(o, ctl, r, &err);
    if (c == HL_E_INPUT)
        like(err.message, "found");
    else
        is_str(err.message, "");
    return c;
}

static hl_code check(const char *name, hl_report *r)
{
    hl_wave_check_options o = {.annotations = 1};

    return check_as(&o, name, NULL, r);
}

/* The findings without the summary, and the code. */
static void expect(const char *name, hl_code code, const char *findings)
{
    hl_report r = {0};

    is_int(check(name, &r), code);
    if (r.text) {
        char *last = r.text + strlen(r.text) - 1;
        while (last > r.text && last[-1] != '\n')
            last--;
        *last = 0;
        is_str(r.text, findings);
    }
    hl_report_free(&r);
}

/* Whatever the input: a code that fits the report, and no crash. */
static void must_stand(const char *name)
{
    hl_wave_check_options o = {.annotations = 1, .path = path_of(name)};
    hl_report r = {0};
    hl_error err = {0};
    hl_code c = hl_wave_check(&o, NULL, &r, &err);

    ok(c == HL_OK || c == HL_PARTIAL || c == HL_E_INPUT);
    ok(r.text && r.json);
    if (r.text) {
        ok((c == HL_E_INPUT) == (strstr(r.text, "(EE) ") != NULL));
        ok(c != HL_PARTIAL || strstr(r.text, "(WW) "));
    }
    hl_report_free(&r);
}

/* --- a small archive -------------------------------------------------------------------------- */

static const char good[] = "good 2 250 500\n"
                           "ok.dat 16 200 12 1024 1000 -24254 0 II\n"
                           "ok.dat 16 200 12 0 300 6748 0 V\n";
static const char master[] = "multi/4 2 250 1020 10:00:00 01/01/2150\n"
                             "multi_0000 0\nmulti_0001 500\n~ 20\nmulti_0002 500\n"
                             "#subject_id 10000001\n";
static const char layout[] = "multi_0000 2 250 0\n"
                             "~ 0 200/mV 13 0 0 0 0 II\n~ 0 200/mV 12 0 0 0 0 V\n";
static const char segment[] = "%s 2 250 500\n"
                              "ok.dat 16 200/mV 12 1024 1000 -24254 0 II\n"
                              "ok.dat 16 200/mV 12 0 300 6748 0 V\n";

static void put_segment(const char *name)
{
    char text[256], file[64];

    snprintf(text, sizeof text, segment, name);
    snprintf(file, sizeof file, "%s.hea", name);
    put(file, text);
}

static void make_archive(void)
{
    folder = temp_folder();
    copy("wfdb/ok.dat", "ok.dat");
    put("good.hea", good);
    put("multi.hea", master);
    put("multi_0000.hea", layout);
    put_segment("multi_0001");
    put_segment("multi_0002");
    copy("flac/narrow_r.dat", "narrow_r.dat");
    put("flac.hea", "flac 1 62.4725/999.56 5000\nnarrow_r.dat 516 200/mV 8 0 0 0 0 Resp\n");
    copy("dictzip/small.csv.gz", "goodn.csv.gz");
    copy("annotation/all.mit", "good.atr");
    copy("edf/plus.edf", "plus.edf");
}

/* --- what is found ---------------------------------------------------------------------------- */

static void a_sound_record_gives_notes_alone(void)
{
    put("one.hea", "one 2 250 500\nok.dat 16 200 12 1024 1000 -24254 0 II\n"
                   "ok.dat 16 200 10 0 300 6748 0 V\n");
    expect("one", HL_OK, "(II) one: signal 0 (II): signal range (600, 1400) < (-1024, 3071)\n");
    hl_wave_check_options o = {.quiet_info = 1};
    hl_report r = {0};
    is_int(check_as(&o, "one", NULL, &r), HL_OK);
    is_str(r.text, "1 record, 1 segment, 2 signals, 1,000 samples checked: 0 errors, 0 warnings, "
                   "1 note\n");
    hl_report_free(&r);
}

static void checksums_are_proved_whatever_the_offset_and_the_skew(void)
{
    put("off.hea", "off 2 250 499\nok.dat 16+4 200 12 1024 1020 -25254 0 II\n"
                   "ok.dat 16+4:9 200 10 0 285 6447 0 V\n");
    hl_report r = {0};
    is_int(check("off", &r), HL_E_INPUT);
    like(r.text, "(EE) off: signal 1 (V): checksum error (6448, expected 6447)\n");
    ok(!strstr(r.text, "signal 0 (II): checksum"));
    hl_report_free(&r);
}

static void unsigned_checksums_are_the_same_as_signed_ones(void)
{
    put("cku.hea", "cku 2 250 500\nok.dat 16 200 10 1024 1000 41282 0 II\n"
                   "ok.dat 16 200 10 0 300 6748 0 V\n");
    expect("cku", HL_OK, "");
}

static void a_record_of_segments_is_checked_segment_by_segment(void)
{
    hl_report r = {0};

    is_int(check("multi", &r), HL_OK);
    like(r.text, "(II) multi:multi_0001: signal 0 (II): signal range (600, 1400) < (-1024, 3071)");
    like(r.text, "1 record, 2 segments, 4 signals, 2,000 samples");
    hl_report_free(&r);
}

static void annotations_of_a_record_of_segments_do_no_harm(void)
{
    copy("annotation/plain.mit", "multi.atr");
    hl_report r = {0};
    check("multi", &r);
    ok(r.text && !strstr(r.text, ", 0 annotations"));
    hl_report_free(&r);
    unlink(path_of("multi.atr"));
}

static void bytes_in_front_of_no_sample_are_surplus(void)
{
    put("less.hea", "less 2 250 499\nok.dat 16 200 10 1024 1000 0 0 II\n"
                    "ok.dat 16 200 10 0 300 0 0 V\n");
    hl_report r = {0};
    is_int(check("less", &r), HL_E_INPUT);
    like(r.text, "(EE) less: ok.dat: 4 bytes behind the last sample (frame 499)\n");
    hl_report_free(&r);
}

static void a_flac_stream_is_proved(void)
{
    hl_buf bytes = load("flac/narrow_r.dat");
    hl_report r = {0};

    bytes.at[30] ^= 1; /* MD5 */
    put_bytes("md5_r.dat", bytes.at, bytes.n);
    bytes.at[30] ^= 1;
    bytes.at[1500] ^= 1;
    put_bytes("bit_r.dat", bytes.at, bytes.n);
    hl_buf_append(&bytes, "tail", 4);
    bytes.at[1500] ^= 1;
    put_bytes("long_r.dat", bytes.at, bytes.n);
    hl_buf_free(&bytes);
    put("md5.hea", "md5 1 62.5 5000\nmd5_r.dat 516 200/mV 8 0 0 0 0 ECG\n");
    put("bit.hea", "bit 1 62.5 5000\nbit_r.dat 516 200/mV 8 0 0 0 0 ECG\n");
    put("long.hea", "long 1 62.5 4000\nlong_r.dat 516 200/mV 8 0 0 0 0 ECG\n");
    is_int(check("md5", &r), HL_E_INPUT);
    like(r.text, "md5_r.dat: the samples do not have the MD5 that the FLAC stream states\n");
    hl_report_free(&r);
    is_int(check("bit", &r), HL_E_INPUT);
    like(r.text, "(EE) bit: bit_r.dat: damaged at byte ");
    hl_report_free(&r);
    is_int(check("long", &r), HL_E_INPUT);
    like(r.text, "long_r.dat: 4 bytes behind the last FLAC frame\n");
    like(r.text, "long_r.dat: the FLAC stream has 5000 samples a channel, the header 4000\n");
    hl_report_free(&r);
}

static void the_report_for_programs_has_every_finding(void)
{
    hl_report r = {0};
    hl_error err = {0};
    hl_json *json = NULL;

    put("dup.hea", "dup 2 250 500\nok.dat 16 200 12 1024 1000 -24254 0 A\"\\\n"
                   "ok.dat 16 200 12 0 300 6748 0 A\"\\\n");
    is_int(check("dup", &r), HL_E_INPUT);
    if (hl_json_parse(r.json, strlen(r.json), "report", &json, &err) == HL_OK) {
        const hl_json_value *all = hl_json_get(hl_json_root(json), "findings");
        is_int(hl_json_count(all), 5);
        is_str(hl_json_text(hl_json_get(hl_json_at(all, 0), "text")).at, "2 signals named A\"\\");
        is_str(hl_json_text(hl_json_get(hl_json_at(all, 0), "level")).at, "error");
        is_int(hl_json_int(hl_json_get(hl_json_at(all, 4), "signal")), 1);
    }
    is_str(err.message, "");
    hl_json_free(&json);
    hl_report_free(&r);
}

static void control_bytes_of_a_header_do_not_reach_the_terminal(void)
{
    put("esc.hea", "esc 1 250 0\nnone.dat 16 200 12 0 0 0 0 a\033[2J\xff\n");
    hl_report r = {0};
    is_int(check("esc", &r), HL_E_INPUT);
    like(r.text, "(EE) esc: signal 0 (a\\x1b[2J\\xff): control characters in signal description");
    ok(!strchr(r.text, 033));
    hl_report_free(&r);
}

static void any_number_of_threads_gives_the_same_report(void)
{
    hl_wave_check_options o = {.annotations = 1};
    hl_report one = {0}, four = {0};
    hl_ctl ctl = {.jobs = 4};

    check_as(&o, "", NULL, &one);
    check_as(&o, "", &ctl, &four);
    is_str(four.text, one.text);
    is_str(four.json, one.json);
    ok(ctl.done == ctl.total && ctl.total > 5);
    hl_report_free(&one);
    hl_report_free(&four);
}

static void a_check_can_be_stopped(void)
{
    hl_wave_check_options o = {.path = path_of("good")};
    hl_ctl ctl = {.cancel = 1};
    hl_report r = {0};
    hl_error err = {0};

    is_int(hl_wave_check(&o, &ctl, &r, &err), HL_E_STOPPED);
    ok(!r.text && !r.json);
}

/* --- damage ----------------------------------------------------------------------------------- */

static void cut(const char *file, const char *record, size_t step)
{
    hl_buf bytes = {0};
    hl_error err = {0};

    ok(hl_read_file(path_of(file), 1 << 20, &bytes, NULL, &err) == HL_OK);
    for (size_t n = 0; n < bytes.n; n += step) {
        put_bytes(file, bytes.at, n);
        must_stand(record);
    }
    put_bytes(file, bytes.at, bytes.n);
    hl_buf_free(&bytes);
}

static void files_cut_at_every_byte_are_findings(void)
{
    cut("good.hea", "good", 1);
    cut("ok.dat", "good", 13);
    cut("multi.hea", "multi", 1);
    cut("multi_0000.hea", "multi", 1);
    cut("multi_0001.hea", "multi", 1);
    cut("narrow_r.dat", "flac", 7);
    cut("goodn.csv.gz", "good", 3);
    cut("good.atr", "good", 1);
    cut("plus.edf", "plus.edf", 1);
}

static size_t mutate(hl_rng *rng, char *text, size_t n, size_t room)
{
    static const char *const token[] = {"0",           "-1",   "99999999999999999999",
                                        "2147483647",  "4096", "~",
                                        "8",           "516",  "212",
                                        "x2147483647", "/",    "(",
                                        ")",           "+",    ":",
                                        "1e308",       "nan",  "\n",
                                        " ",           "#",    "multi",
                                        "[",           ".hea", "9223372036854775807",
                                        "-2147483648", "310",  "x3",
                                        "24",          "\r"};
    int changes = 1 + (int)hl_rng_below(rng, 4);

    while (changes-- > 0 && n > 0) {
        size_t at = (size_t)hl_rng_below(rng, n);
        const char *t = token[hl_rng_below(rng, sizeof token / sizeof *token)];
        size_t m = strlen(t), gone = (size_t)hl_rng_below(rng, 6);
        switch (hl_rng_below(rng, 3)) {
        case 0:
            text[at] = (char)hl_rng_below(rng, 256);
            break;
        case 1:
            gone = gone < n - at ? gone : n - at;
            memmove(text + at, text + at + gone, n - at - gone);
            n -= gone;
            break;
        default:
            if (n + m > room)
                break;
            memmove(text + at + m, text + at, n - at);
            memcpy(text + at, t, m);
            n += m;
        }
    }
    return n;
}

static void headers_changed_at_random_are_findings(void)
{
    static const struct {
        const char *file, *record;
    } seed[] = {{"good.hea", "good"},
                {"multi.hea", "multi"},
                {"multi_0000.hea", "multi"},
                {"multi_0001.hea", "multi"},
                {"flac.hea", "flac"}};
    hl_rng rng = hl_rng_of(20, "headers", 0);
    char text[1024];

    for (size_t k = 0; k < sizeof seed / sizeof *seed; k++) {
        hl_buf bytes = {0};
        ok(hl_read_file(path_of(seed[k].file), 1 << 20, &bytes, NULL, NULL) == HL_OK);
        for (int i = 0; i < 600 && bytes.n > 0 && bytes.n < sizeof text / 2; i++) {
            memcpy(text, bytes.at, bytes.n);
            put_bytes(seed[k].file, text, mutate(&rng, text, bytes.n, sizeof text));
            must_stand(seed[k].record);
        }
        put_bytes(seed[k].file, bytes.at, bytes.n);
        hl_buf_free(&bytes);
    }
}

static void headers_that_promise_too_much_cost_nothing(void)
{
    put("huge.hea", "huge 2 250 9223372036854775807\n"
                    "ok.dat 16x2147483647+9223372036854775807 200 12 0 0 0 0 ECG\n"
                    "ok.dat 16x2147483647 200 12 0 0 0 0 V\n");
    must_stand("huge");
    put("wide.hea", "wide 1 250 1\nok.dat 212x1300 200 12 0 0 0 0 ECG\n");
    must_stand("wide");
    put("most.hea", "most/1000000 4096 250 1\nmost_0000 0\n");
    must_stand("most");
    put("self.hea", "self/3 1 250 30\nself 10\nself 10\nself 10\n");
    must_stand("self");
    put("flac9.hea", "flac9 9 250 9223372036854775807\n"
                     "narrow_r.dat 516x2147483647+9223372036854775807 200 12 0 0 0 0 ECG\n"
                     "~ 0\n~ 0\n~ 0\n~ 0\n~ 0\n~ 0\n~ 0\n~ 0\n");
    must_stand("flac9");
}

static void findings_are_not_kept_without_end(void)
{
    hl_buf text = {0};
    hl_report r = {0};

    hl_buf_text(&text, "many/20000 2 250 0\nmulti_0000 0\n");
    for (int i = 1; i < 20000; i++)
        hl_buf_printf(&text, "many_%05d 1\n", i);
    put_bytes("many.hea", text.at, text.n);
    hl_buf_free(&text);
    is_int(check("many", &r), HL_E_INPUT);
    like(r.text, "     many: 10001 more are not listed\n");
    like(r.text, "checked: 19,999 errors, 0 warnings, 2 notes");
    hl_report_free(&r);
}

int main(void)
{
    make_archive();
    run(a_sound_record_gives_notes_alone);
    run(checksums_are_proved_whatever_the_offset_and_the_skew);
    run(unsigned_checksums_are_the_same_as_signed_ones);
    run(a_record_of_segments_is_checked_segment_by_segment);
    run(annotations_of_a_record_of_segments_do_no_harm);
    run(bytes_in_front_of_no_sample_are_surplus);
    run(a_flac_stream_is_proved);
    run(the_report_for_programs_has_every_finding);
    run(control_bytes_of_a_header_do_not_reach_the_terminal);
    run(any_number_of_threads_gives_the_same_report);
    run(a_check_can_be_stopped);
    run(files_cut_at_every_byte_are_findings);
    run(headers_changed_at_random_are_findings);
    run(headers_that_promise_too_much_cost_nothing);
    run(findings_are_not_kept_without_end);
    return done();
}
