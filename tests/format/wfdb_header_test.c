#include "base/json.h"
#include "format/wfdb/signal.h"
#include "tap.h"

static hl_arena *arena;
static hl_error err;
static char reason[HL_WFDB_REASON_BYTES];

static void fresh(void)
{
    hl_arena_reset(arena);
    err = (hl_error){0};
}

static hl_code parse(const char *text, hl_wfdb_header *h)
{
    fresh();
    return hl_wfdb_parse_header(arena, text, strlen(text), "a/b.hea", h, &err);
}

static hl_code parse_as(const char *text, const char *record, hl_wfdb_header *h)
{
    fresh();
    memset(reason, 'x', sizeof reason);
    return hl_wfdb_parse_header_as(arena, text, strlen(text), "a/b.hea", record, h, reason, &err);
}

/* --- fields --- */

static void a_layout_lists_signals_without_files(void)
{
    hl_wfdb_header h;

    is_int(parse("lay 2 250 0\r\n~ 0 200(0)/mV 13 0 0 0 0 V\r\n~ 0x4 200(24)/mV 12 0 0 0 0 II\r\n",
                 &h),
           HL_OK);
    is_int(h.n_segments, 0);
    is_int(h.n_signals, 2);
    is_int(h.signal[0].format, 0);
    ok(!hl_wfdb_has_file(&h.signal[0]));
    is_int(h.signal[1].samples_per_frame, 4);
    is_int(h.signal[1].baseline, 24);
    is_str(h.signal[1].description, "II");
    is_int(h.signal[1].group, 0); /* the same name "~" */
}

static void a_multi_segment_header_lists_segments_gaps_and_comments(void)
{
    hl_wfdb_header h;

    is_int(parse("#wfdb 10.7\r\n83404654/4 6 62.4725/999.56 560 10:11:12.345 01/02/2134\r\n"
                 "83404654_0000 0\r\n\r\n# between\r\n83404654_0001 200\r\n~ 60\r\n"
                 "83404654_0002 300\r\n#subject_id 10039708\r\n surplus 5\r\n# hadm_id 2 \r\n",
                 &h),
           HL_OK);
    is_str(h.name, "83404654");
    is_int(h.n_segments, 4);
    is_int(h.n_signals, 6);
    ok(h.signal == NULL);
    is_int(h.version[0], 10);
    is_int(h.version[1], 7);
    is_str(h.segment[0].name, "83404654_0000");
    is_int(h.segment[0].n_samples, 0);
    ok(hl_wfdb_is_gap(&h.segment[2]) && !hl_wfdb_is_gap(&h.segment[1]));
    is_int(h.segment[2].n_samples, 60);
    is_int(h.segment[3].n_samples, 300);
    is_int(h.n_comments, 2);
    is_str(h.comment[0], "subject_id 10039708");
    is_str(h.comment[1], " hadm_id 2 ");
    is_int(parse("m/0 1\nok.dat 16\n", &h), HL_OK); /* /0 is a single segment */
    is_int(h.n_segments, 0);
    is_int(h.n_signals, 1);
}

static void times_and_dates_become_numbers(void)
{
    static const struct {
        const char *text; /* BTIME BDATE */
        int64_t ms, day;
    } row[] = {
        {"10:11:12.345 01/02/2134", 36672345, 59931},
        {"9:8", 548000, HL_WFDB_NO_TIME},
        {"7", 7000, HL_WFDB_NO_TIME},
        {"7.0006", 7001, HL_WFDB_NO_TIME},
        {"0:0:0 1/1/1970", 0, 0},
        {"23:59:59.9996 31/12/1969", 86400000, -1},
        {"74:01:00", 266460000, HL_WFDB_NO_TIME},
        {"1:2:3 32/13/2000", 3723000, HL_WFDB_NO_TIME},
        {"1:2:3 1/13/2000", 3723000, HL_WFDB_NO_TIME},
        {"1:2:3 0/1/2000", 3723000, HL_WFDB_NO_TIME},
        {"1:2:3 1/1/0", 3723000, HL_WFDB_NO_TIME},
        {"1:2:3 1-1-2000", 3723000, HL_WFDB_NO_TIME},
        {"1:2:3 31/2/2001", 3723000, 11384}, /* the third of March */
        {"[1:2:3 1/1/2000]", 3723000, 10957},
        {"[0:0:0]", 0, HL_WFDB_NO_TIME},
        {"", HL_WFDB_NO_TIME, HL_WFDB_NO_TIME},
    };
    hl_wfdb_header h;
    char text[200];

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        snprintf(text, sizeof text, "m 0 250 10 %s", row[i].text);
        is_int(parse(text, &h), HL_OK);
        is_int(h.base_ms, row[i].ms);
        is_int(h.base_day, row[i].day);
    }
    is_str(h.base_time, "");
    is_int(parse("m 0 250 10 1:2:3:4", &h), HL_E_INPUT);
    like(err.message, "a/b.hea:1: record line: '1:2:3:4' is no time of day");
    is_int(parse("m 0 250 10 1.2.3", &h), HL_E_INPUT);
    is_int(parse("m 0 250 10 :", &h), HL_E_INPUT);
    is_int(parse("m 0 250 10 99999999999999999999", &h), HL_E_INPUT);
}

static void what_a_line_states_is_told_from_what_it_leaves_out(void)
{
    hl_wfdb_header h;

    is_int(
        parse("m 5\na 16\na 16 0\nb 16 5/mV\nc 16 5(2) 12\na 16 5(2)/uV 12 7 8 9 0  x \ty \n", &h),
        HL_OK);
    const hl_wfdb_signal *s = h.signal;
    ok(!s[0].has_gain && !s[0].has_units && !s[0].has_baseline && !s[0].has_adc_bits);
    ok(s[1].has_gain && !s[1].calibrated && s[1].gain == 200);
    ok(s[2].has_units && !s[2].has_baseline && !s[2].has_adc_bits);
    ok(!s[3].has_units && s[3].has_baseline && s[3].has_adc_bits && !s[3].has_checksum);
    ok(s[4].has_units && s[4].has_checksum);
    is_int(s[3].baseline, 2);
    is_str(s[3].units, "mV");
    is_str(s[4].units, "uV");
    is_int(s[4].adc_zero, 7);
    is_int(s[4].baseline, 2);
    is_int(s[4].initial, 8);
    is_int(s[4].checksum, 9);
    is_str(s[4].description, " x \ty "); /* one separator is taken off */
    /* groups: the same name further down begins anew */
    is_int(s[0].group, 0);
    is_int(s[1].group, 0);
    is_int(s[2].group, 1);
    is_int(s[3].group, 2);
    is_int(s[4].group, 3);
}

static void every_format_has_its_default_resolution(void)
{
    static const int32_t bits[][2] = {{0, 12},   {8, 12},   {16, 12},  {24, 12},  {32, 12},
                                      {61, 12},  {80, 8},   {160, 16}, {212, 12}, {310, 10},
                                      {311, 10}, {508, 12}, {516, 12}, {524, 12}};
    hl_wfdb_header h;
    char text[50];

    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        snprintf(text, sizeof text, "m 1\na %d", (int)bits[i][0]);
        is_int(parse(text, &h), HL_OK);
        is_int(h.signal[0].format, bits[i][0]);
        is_int(h.signal[0].adc_bits, bits[i][1]);
    }
}

static void skew_in_samples_becomes_skew_in_frames(void)
{
    static const int32_t row[][3] = {{0, 1, 0}, {10, 1, 10}, {10, 4, 3}, {9, 4, 2},
                                     {6, 4, 2}, {5, 4, 1},   {1, 3, 0},  {INT32_MAX, 1, INT32_MAX}};

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        hl_wfdb_signal s = {.skew = row[i][0], .samples_per_frame = row[i][1]};
        is_int(hl_wfdb_skew_frames(&s), row[i][2]);
    }
}

static void a_header_may_name_itself_by_a_prefix_unless_a_folder_was_given(void)
{
    ok(hl_wfdb_is_name_of("100", "100", false));
    ok(hl_wfdb_is_name_of("100", "100", true));
    ok(hl_wfdb_is_name_of("10", "100", false));
    ok(!hl_wfdb_is_name_of("10", "100", true));
    ok(!hl_wfdb_is_name_of("100s", "100", false));
    ok(!hl_wfdb_is_name_of("", "100", false));
}

static void line_ends_blanks_and_tabs_are_all_separators(void)
{
    hl_wfdb_header h;

    is_int(parse("\tm\t1  250\t \t5\r\n\r\n \t\r\n  # no comment line\r\n a.dat \t16\t200/mV\r\n"
                 "#\r\n#x\r\r\n",
                 &h),
           HL_OK);
    is_int(h.n_samples, 5);
    is_str(h.signal[0].file, "a.dat");
    is_str(h.signal[0].units, "mV");
    is_int(h.n_comments, 2);
    is_str(h.comment[0], "");
    is_str(h.comment[1], "x");
    is_int(parse("m 1\na.dat 16 200 12 0 0 0 0 de\rsc", &h), HL_OK);
    is_str(h.signal[0].description, "de");
    is_int(parse("#wfdb10.6\nm 0", &h), HL_OK);
    is_int(h.version[1], 6);
    is_int(parse("#wfdb\nm 0", &h), HL_OK);
    is_int(h.version[0], 0);
    is_int(parse("#wfdb ten\nm 0", &h), HL_OK);
    is_int(parse("#wfdb 9.99.99\nm 0", &h), HL_OK);
}

/* --- why a header cannot be read --- */

#define WARNING                                                                                    \
    "warning (init): in record r, stated record length (501)\n"                                    \
    " does not match sum of segment lengths (500)"
#define LONG_NAME "sssssssssssssssssssssssssssssssssssssssssssssssssss" /* 51 */

static void reasons_are_the_words_of_the_wfdb_library(void)
{
    static const struct {
        const char *text;
        hl_code code;
        const char *reason, *message;
    } row[] = {
        {"r 0", HL_OK, "", ""},
        {"", HL_E_INPUT, "init: record r header is empty", "a/b.hea: the header is empty"},
        {"#\n\n", HL_E_INPUT, "init: can't find record name in record r header",
         "a/b.hea: the header has no record line"},
        {"#wfdb 11\nr 0", HL_E_LIMIT,
         "init: reading record r requires WFDB library version 11.0.0 or later\n"
         "  (the most recent version is always available from http://physionet.org)",
         "a/b.hea:1: made for WFDB 11; hilum reads headers up to version 10.7"},
        {"x 0", HL_E_INPUT, "init: record name in record r header is incorrect",
         "a/b.hea:1: the header is that of another record, 'x'"},
        {"r", HL_E_INPUT, "init: obsolete format in record r header",
         "a/b.hea:1: record line: no number of signals"},
        {"r 1 0", HL_E_INPUT, "init: sampling frequency in record r header is incorrect",
         "'0' is no sampling rate above 0"},
        {"r 1 1/x", HL_E_INPUT, "record line: 'x' is no counter rate", "'x' is no counter rate"},
        {"r 1 1 -1", HL_E_INPUT, "init: number of samples in record r header is incorrect",
         "'-1' is no number of samples"},
        {"r 1 1 9223372036854775808", HL_E_INPUT,
         "init: number of samples in record r header is incorrect", "is no number of samples"},
        {"r 0 1 1 xx", HL_E_INPUT, "setbasetime: incorrect time format, 'xx'",
         "'xx' is no time of day"},
        {"r 0 1 1  xx y\r\n", HL_E_INPUT, "setbasetime: incorrect time format, 'xx y'",
         "'xx' is no time of day"},
        {"r 0 1 1 0:0:0\r\n", HL_OK, "setbasetime: incorrect time format, '0:0:0'", ""},
        {"r 0 1 1 0:0:0 32/1/2000", HL_OK, "setbasetime: incorrect time format, '0:0:0 32/1/2000'",
         ""},
        {"r 0 1 1 0:0:0 1/1/2000", HL_OK, "", ""},
        {"r 1 1 1 0:0:0\na 99", HL_E_INPUT, "setbasetime: incorrect time format, '0:0:0'",
         "a/b.hea:2: signal line 1: '99' is no signal format of WFDB"},
        {"r 1", HL_E_INPUT, "init: unexpected EOF in header file for record r",
         "a/b.hea:1: the header ends after 0 of 1 signal lines"},
        {"r 2\na 16\nb 17", HL_E_INPUT, "init: illegal format for signal 1, record r",
         "a/b.hea:3: signal line 2: '17' is no signal format of WFDB"},
        {"r 2\na 16\na 61", HL_E_INPUT, "init: error in specification of signal 0 or 1",
         "format 61, but the signal before has 16 in the same file a"},
        {"r 1\na/b 16", HL_E_INPUT, "signal line 1: signal file 'a/b' is no plain file name",
         "Signal files must lie beside the header."},
        {"r/2 2 1 501\na 200\nb 300", HL_OK, WARNING, ""},
        {"r/2 2 1 0\na 200\nb 300", HL_OK, "", ""},
        {"r/3 2 1\na 1\nb 2", HL_E_INPUT, "init: unexpected EOF in header file for record r",
         "a/b.hea:3: the header ends after 2 of 3 segment lines"},
        {"r/1 2 1\n+a 1", HL_E_INPUT, "init: `+a' is not a valid segment name in record r",
         "a/b.hea:2: segment line 1: '+a' is no segment name"},
        {"r/1 2 1\n" LONG_NAME " 1", HL_E_INPUT,
         "init: `" LONG_NAME "' is too long for a segment name in record r",
         "is longer than 50 bytes"},
        {"r/1 2 1\na", HL_E_INPUT, "init: length must be specified for segment a in record r",
         "a/b.hea:2: segment line 1: '' is no length of a segment"},
        {"r/1 2 1\na -1", HL_E_INPUT, "init: length must be specified for segment a in record r",
         "'-1' is no length of a segment"},
        {"r/1 2 1\n../a 1", HL_E_INPUT, "segment line 1: segment '../a' is no plain name",
         "must lie beside the record's"},
    };
    hl_wfdb_header h;

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        is_int(parse_as(row[i].text, "r", &h), row[i].code);
        is_str(reason, row[i].reason);
        like(err.message, row[i].message);
    }
    is_int(parse_as("p 0", "some/folder/prefix", &h), HL_E_INPUT);
    is_str(reason, "init: record name in record some/folder/prefix header is incorrect");
    is_int(parse_as("prefix 0", "some/folder/prefix", &h), HL_OK);
    is_int(parse_as("p 0", "prefix", &h), HL_OK);
    is_int(parse_as("p x", NULL, &h), HL_E_INPUT); /* no record: any name */
    is_str(reason, "record line: 'x' is no number of signals");
    fresh();
    is_int(hl_wfdb_parse_header_as(arena, "r\0 0", 4, "z", "r", &h, reason, &err), HL_E_INPUT);
    is_str(reason, "NUL byte at offset 1");
}

/* malformed/expected.json: what the library's wfdbdesc says of each header. */
static void malformed_headers_get_the_messages_of_the_wfdb_library(void)
{
    const char *path = shared("wfdb/malformed/expected.json");
    hl_json *json = NULL;
    int compared = 0, failed = 0;

    if (!path) {
        skip("no reference data");
        return;
    }
    ok(hl_json_read(path, &json, &err) == HL_OK);
    const hl_json_value *all = json ? hl_json_root(json) : NULL;
    for (size_t i = 0; i < hl_json_count(all); i++) {
        const hl_json_value *v = hl_json_at(all, i);
        hl_str record = hl_json_text(hl_json_get(v, "record"));
        hl_str said = hl_json_text(hl_json_get(v, "wfdbdesc_stderr"));
        int64_t status = hl_json_int(hl_json_get(v, "wfdbdesc_exit"));
        char name[100], file[200], want[HL_WFDB_REASON_BYTES];
        hl_buf text = {0};
        hl_wfdb_header h;
        snprintf(name, sizeof name, "%.*s", (int)record.n, record.at);
        snprintf(file, sizeof file, "wfdb/malformed/%s.hea", name);
        ok(hl_read_file(shared(file), 1 << 20, &text, NULL, &err) == HL_OK);
        /* A message is one line, and those that follow indented. mslen0's is about a length that
         * the library still has from reading the header once before. */
        size_t n = 0;
        while (n < said.n && !(said.at[n] == '\n' && (n + 1 == said.n || said.at[n + 1] != ' ')))
            n++;
        snprintf(want, sizeof want, "%.*s", strcmp(name, "mslen0") == 0 ? 0 : (int)n, said.at);
        fresh();
        reason[0] = 'x';
        hl_code c = hl_wfdb_parse_header_as(arena, text.at, text.n, file, name, &h, reason, &err);
        is_str(reason, want);
        /* A midnight without a date is a time, and a record without signals is a record. */
        bool good = status == 0 || strcmp(name, "time0") == 0 || strcmp(name, "nosig") == 0;
        if ((c == HL_OK) != good)
            printf("# %s: %s\n", name, err.message);
        is_int(c == HL_OK, good);
        failed += c != HL_OK;
        compared++;
        hl_buf_free(&text);
    }
    printf("# %d headers, %d of them cannot be read\n", compared, failed);
    ok(compared > 80 && failed > 15);
    hl_json_free(&json);
}

/* --- bad headers --- */

static void counts_that_lie_cost_no_memory(void)
{
    static const struct {
        const char *text;
        hl_code code;
        const char *message;
    } row[] = {
        {"m 2000000000\na 16\n", HL_E_LIMIT, "record line: 2000000000 signals; at most 4096 are"},
        {"m 2147483648\na 16\n", HL_E_INPUT, "'2147483648' is no number of signals"},
        {"m 4096\na 16\nb 16\n", HL_E_INPUT, "the header ends after 2 of 4096 signal lines"},
        {"m/2000000000 2\na 1\n", HL_E_LIMIT, "2000000000 segments; at most 1048576 are"},
        {"m/1048576 2\na 1\nb 2\n", HL_E_INPUT, "the header ends after 2 of 1048576 segment lines"},
        {"m/-1 2\na 1\n", HL_E_INPUT, "'-1' is no number of segments"},
        {"m/2 2\na 9223372036854775807\nb 1\n", HL_E_INPUT,
         "a/b.hea:3: segment line 2: the segments are longer than 2^63 - 1 frames"},
        {"m 1 250 4611686018427387905\na 16x2147483647:2147483647+9223372036854775807\n", HL_OK,
         ""},
        {"m 1\na 16x2147483648\n", HL_E_INPUT, "is no signal format with xN, :N or +N"},
        {"m 1\na 16+9223372036854775808\n", HL_E_INPUT, "is no signal format with"},
        {"m 1\na 16 1e999\n", HL_E_INPUT, "'1e999' is no gain"},
        {"m 1\na 16 nan\n", HL_E_INPUT, "'nan' is no gain"},
        {"m 1 inf\na 16\n", HL_E_INPUT, "'inf' is no sampling rate"},
    };
    hl_wfdb_header h;

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        hl_arena *small = hl_arena_new(1024);
        err = (hl_error){0};
        is_int(hl_wfdb_parse_header(small, row[i].text, strlen(row[i].text), "a/b.hea", &h, &err),
               row[i].code);
        like(err.message, row[i].message);
        ok(hl_arena_bytes(small) < 8192);
        hl_arena_free(&small);
    }
}

static void a_header_cut_anywhere_is_read_or_refused(void)
{
    static const char *const text[] = {
        "#wfdb 10.7\r\nm 2 62.4725/999.56(-500.5) 12 9:8 1/2/2134\r\n"
        "a.dat 516x4:3+512 -200.5(-7)/mmHg/s 13 5 -1 65535 16   lead  two # x\r\n"
        "b 212 0.0(0)/mV 12 0 0\r\n# one\r\n#two",
        "m/3 2 250 60 0:0:0\nlay 0\n~ 20\ns1 40\n#x\n",
    };
    int good = 0, bad = 0;

    for (size_t k = 0; k < 2; k++)
        for (size_t n = 0; n <= strlen(text[k]); n++) {
            /* Exactly as long as the text: a sanitizer sees a byte too many. */
            char *copy = malloc(n ? n : 1);
            hl_wfdb_header h;
            memcpy(copy, text[k], n);
            fresh();
            hl_code c = hl_wfdb_parse_header_as(arena, copy, n, "cut", "m", &h, reason, &err);
            ok(c == HL_OK || (c == HL_E_INPUT && *err.message && *reason));
            good += c == HL_OK;
            bad += c != HL_OK;
            free(copy);
        }
    ok(good > 30 && bad > 60);
}

static void lines_of_megabytes_are_read_like_others(void)
{
    enum { N = 8 << 20 };
    hl_buf text = {0};
    hl_wfdb_header h;

    hl_buf_text(&text, "m 1\na 16 200 12 0 0 0 0 ");
    memset(hl_buf_reserve(&text, N), 'd', N);
    text.n += N;
    hl_buf_text(&text, "\n#");
    memset(hl_buf_reserve(&text, N), 'c', N);
    text.n += N;
    fresh();
    is_int(hl_wfdb_parse_header(arena, text.at, text.n, "x", &h, &err), HL_OK);
    is_int(strlen(h.signal[0].description), N);
    is_int(strlen(h.comment[0]), N);
    memset(text.at, 'x', text.n); /* one token */
    is_int(hl_wfdb_parse_header_as(arena, text.at, text.n, "x", "r", &h, reason, &err), HL_E_INPUT);
    is_str(reason, "init: record name in record r header is incorrect");
    memset(text.at, '#', text.n);
    is_int(hl_wfdb_parse_header(arena, text.at, text.n, "x", &h, &err), HL_E_INPUT);
    memcpy(text.at, "m 1 250 5 ", 10);
    is_int(hl_wfdb_parse_header_as(arena, text.at, text.n, "x", "m", &h, reason, &err), HL_E_INPUT);
    ok(strlen(reason) < sizeof reason);
    hl_buf_free(&text);
}

/* --- writing --- */

static void written_again_is(const char *text)
{
    hl_buf out = {0};
    hl_wfdb_header h;

    is_int(parse(text, &h), HL_OK);
    is_int(hl_wfdb_put_header_crlf(&out, &h, &err), HL_OK);
    is_str(out.at, text);
    hl_buf_free(&out);
}

static void monitor_records_are_written_as_published(void)
{
    /* A segment, a layout and a master header. waveform.md 4.3 */
    written_again_is("83404654_0005 6 62.4725/999.56(10219520) 196480\r\n"
                     "83404654_0005e.dat 516x4 200/mV 14 8192 0 10167 0 II\r\n"
                     "83404654_0005e.dat 516x4 200/mV 14 8192 0 1300 0 V\r\n"
                     "83404654_0005e.dat 516x4 200/mV 14 8192 0 56956 0 aVR\r\n"
                     "83404654_0005p.dat 516x2 16(800)/mmHg 13 4096 0 35887 0 ABP\r\n"
                     "83404654_0005p.dat 516x2 4096(0)/NU 12 2048 0 29987 0 Pleth\r\n"
                     "83404654_0005r.dat 516 4093(2)/Ohm 12 2048 0 21750 0 Resp\r\n"
                     "# signal 0 (II): channel=0 bandpass=[0.5,35]\r\n");
    written_again_is("83404654_0000 3 62.4725/999.56 0\r\n"
                     "~ 0x4 200/mV 14 0 0 0 0 II\r\n"
                     "~ 0x2 16(-3296)/mmHg 13 0 0 0 0 ABP\r\n"
                     "~ 0 4093(-2046)/Ohm 12 0 0 0 0 Resp\r\n");
    written_again_is("#wfdb 10.7\r\n"
                     "83404654/3 3 62.4725/999.56 201480 16:57:17.000 12/03/2133\r\n"
                     "83404654_0000 0\r\n~ 5000\r\n83404654_0001 196480\r\n"
                     "#subject_id 10039708\r\n# x \r\n");
    written_again_is("m 1 0.1/3 7\r\na.dat 16:3+512 0.3333333333333333/x 12 0 0 0 0\r\n");
}

static void every_header_of_monitor_records_is_rewritten_to_the_byte(void)
{
    const char *folder = shared("wfdb/mimic4like");
    hl_names names = {0};
    int compared = 0;

    if (!folder) {
        skip("no reference data");
        return;
    }
    char base[2000], path[HL_PATH_BYTES];
    snprintf(base, sizeof base, "%s", folder);
    ok(hl_list_tree(base, &names, &err) == HL_OK);
    for (size_t i = 0; i < names.n; i++) {
        hl_buf text = {0}, out = {0};
        hl_wfdb_header h;
        if (!hl_str_ends(hl_str_of(names.name[i]), ".hea"))
            continue;
        fresh();
        ok(hl_path_join(base, names.name[i], path, &err) == HL_OK);
        ok(hl_read_file(path, 1 << 20, &text, NULL, &err) == HL_OK);
        is_int(hl_wfdb_parse_header(arena, text.at, text.n, path, &h, &err), HL_OK);
        is_int(hl_wfdb_put_header_crlf(&out, &h, &err), HL_OK);
        is_str(out.at, text.at);
        compared++;
        hl_buf_free(&text);
        hl_buf_free(&out);
    }
    printf("# %d headers\n", compared);
    ok(compared > 10);
    hl_names_free(&names);
}

static void every_header_of_the_reference_records_is_read(void)
{
    const char *folder = shared("wfdb/records");
    hl_names names = {0};
    int n_read = 0, segments = 0, signals = 0;

    if (!folder) {
        skip("no reference data");
        return;
    }
    char base[2000], path[HL_PATH_BYTES];
    snprintf(base, sizeof base, "%s", folder);
    ok(hl_list_tree(base, &names, &err) == HL_OK);
    for (size_t i = 0; i < names.n; i++) {
        hl_str name = hl_str_of(names.name[i]);
        hl_buf text = {0};
        hl_wfdb_header h;
        if (!hl_str_ends(name, ".hea"))
            continue;
        const char *slash = strrchr(names.name[i], '/');
        char record[200];
        snprintf(record, sizeof record, "%.*s", (int)strlen(slash) - 5, slash + 1);
        fresh();
        ok(hl_path_join(base, names.name[i], path, &err) == HL_OK);
        ok(hl_read_file(path, 1 << 20, &text, NULL, &err) == HL_OK);
        hl_code c = hl_wfdb_parse_header_as(arena, text.at, text.n, path, record, &h, reason, &err);
        if (!tap_check(c == HL_OK && !*reason, __FILE__, __LINE__, "%s %s", err.message, reason))
            continue;
        n_read++;
        segments += h.n_segments;
        signals += h.n_segments ? 0 : h.n_signals;
        hl_buf_free(&text);
    }
    printf("# %d headers, %d segments, %d signals\n", n_read, segments, signals);
    ok(n_read > 60 && segments > 40 && signals > 200);
    hl_names_free(&names);
}

static void headers_that_could_not_be_read_back_are_not_written(void)
{
    hl_wfdb_signal s = {.file = "a.dat",
                        .format = 516,
                        .samples_per_frame = 1,
                        .gain = 200,
                        .calibrated = true,
                        .has_checksum = true};
    hl_wfdb_segment g = {.name = "m_0001", .n_samples = 5};
    const char *note = "x";
    hl_wfdb_header h = {.name = "m",
                        .n_signals = 1,
                        .rate_hz = 500,
                        .signal = &s,
                        .comment = &note,
                        .n_comments = 1};
    hl_buf to = {0};

    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_OK);
    is_str(to.at, "m 1 500 0\r\na.dat 516 200/mV 0 0 0 0 0\r\n#x\r\n");
    note = "x\n# y";
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    like(err.message, "record m: the comment 'x\\x0a# y' cannot stand in a WFDB header");
    note = "x";
    s.has_checksum = false;
    s.description = "II";
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    like(err.message, "without a checksum in front, the description 'II'");
    s.description = "";
    s.format = 99;
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    like(err.message, "99 is no signal format of WFDB");
    s.format = 516;
    s.gain = NAN;
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    s.gain = 200;
    s.file = "#a";
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    s.file = "a.dat";
    h.rate_hz = 0;
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    like(err.message, "a rate is no number above 0");
    h.rate_hz = 500;
    h.base_time = "noon";
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    h.base_time = NULL;
    h.n_segments = 1;
    h.segment = &g;
    is_int(hl_wfdb_put_header(&to, &h, &err), HL_E_INPUT);
    like(err.message, "a record of 1 segments is not written this way");
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_OK);
    g.name = "+m";
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    like(err.message, "the segment name '+m' cannot stand in a WFDB header");
    g.name = LONG_NAME;
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    g.name = "~";
    g.n_samples = -1;
    is_int(hl_wfdb_put_header_crlf(&to, &h, &err), HL_E_INPUT);
    hl_buf_free(&to);
}

int main(void)
{
    arena = hl_arena_new(0);
    run(a_layout_lists_signals_without_files);
    run(a_multi_segment_header_lists_segments_gaps_and_comments);
    run(times_and_dates_become_numbers);
    run(what_a_line_states_is_told_from_what_it_leaves_out);
    run(every_format_has_its_default_resolution);
    run(skew_in_samples_becomes_skew_in_frames);
    run(a_header_may_name_itself_by_a_prefix_unless_a_folder_was_given);
    run(line_ends_blanks_and_tabs_are_all_separators);
    run(reasons_are_the_words_of_the_wfdb_library);
    run(malformed_headers_get_the_messages_of_the_wfdb_library);
    run(counts_that_lie_cost_no_memory);
    run(a_header_cut_anywhere_is_read_or_refused);
    run(lines_of_megabytes_are_read_like_others);
    run(monitor_records_are_written_as_published);
    run(every_header_of_monitor_records_is_rewritten_to_the_byte);
    run(every_header_of_the_reference_records_is_read);
    run(headers_that_could_not_be_read_back_are_not_written);
    hl_arena_free(&arena);
    return done();
}
