#include "data_room/csv_plain.h"

/* text gives dump, at every level. */
static void gives_n(const char *text, size_t n, const char *want)
{
    hl_buf got = {0};

    for (int i = 0; i < N_LEVELS; i++) {
        dump(&got, text, n, levels[i]);
        is_str(got.at, want);
    }
    hl_buf_free(&got);
    check_text(text, n);
}

static void gives(const char *text, const char *want)
{
    gives_n(text, strlen(text), want);
}

/* --- reading --------------------------------------------------------------------------------- */

static void records_and_fields_are_found(void)
{
    gives("a,b,c\n1,2,3\n,,\n4,5,6\n", "|a|b|c\n2|1|2|3\n3|||\n4|4|5|6\nend of 3 rows\n");
    gives("a\n1\n2\n", "|a\n2|1\n3|2\nend of 2 rows\n");
    gives("a,b\n", "|a|b\nend of 0 rows\n");
}

static void a_missing_final_newline_is_allowed(void)
{
    gives("a,b", "|a|b\nend of 0 rows\n");
    gives("a,b\n1,2", "|a|b\n2|1|2\nend of 1 rows\n");
    gives("a,b\n1,\"2\"", "|a|b\n2|1|<2>\nend of 1 rows\n");
}

static void crlf_and_a_byte_order_mark_are_taken_off(void)
{
    gives("\xEF\xBB\xBF"
          "a,b\r\n1,2\r\n\r\n3,\"4\"\r\n",
          "|a|b\n2|1|2\n4|3|<4>\nend of 2 rows\n");
    gives("\xEF\xBB\xBF\"a\",b\n1,2\n", "|a|b\n2|1|2\nend of 1 rows\n");
}

static void a_lone_cr_is_data(void)
{
    gives("a,b\n1\r2,\r3\n", "|a|b\n2|1\r2|\r3\nend of 1 rows\n");
    gives("a,b\n1,2\r\r\n", "|a|b\n2|1|2\r\nend of 1 rows\n");
}

static void blank_lines_are_skipped_but_counted(void)
{
    gives("\n\r\na,b\n\n\n1,2\n\r\n3,4\n\n", "|a|b\n6|1|2\n8|3|4\nend of 2 rows\n");
    gives("a\n\n1\n\n", "|a\n3|1\nend of 1 rows\n");
}

static void quoted_fields_hold_commas_newlines_and_quotes(void)
{
    gives("a,b\n\"1,5\",\"x\ny\"\n3,4\n", "|a|b\n2|<1,5>|<x\ny>\n4|3|4\nend of 2 rows\n");
    gives("a,b\n\"\",\"\"\"\"\n\"a\"\"b\",\"\"\"c\"\"\"\n",
          "|a|b\n2|<>|<\">\n3|<a\"b>|<\"c\">\nend of 2 "
          "rows\n");
}

static void a_quote_inside_an_unquoted_field_is_data(void)
{
    gives("a,b\n5\" tall,x\"\"y\n1,2\n", "|a|b\n2|5\" tall|x\"\"y\n3|1|2\nend of 2 rows\n");
}

static void text_outside_ascii_is_kept(void)
{
    gives("a,b\n\xC3\xA9,\xE2\x82\xAC\xF0\x9F\x98\x80\n",
          "|a|b\n2|\xC3\xA9|\xE2\x82\xAC\xF0\x9F\x98\x80\n"
          "end of 1 rows\n");
}

/* --- faults ---------------------------------------------------------------------------------- */

static void another_number_of_fields_is_an_error(void)
{
    gives("a,b,c\n1,2,3\n1,2\n",
          "|a|b|c\n2|1|2|3\nerror 3 line 3 offset -1: t:3: 2 fields, the header "
          "has 3\n");
    gives("a,b,c\n1\n", "|a|b|c\nerror 3 line 2 offset -1: t:2: 1 field, the header has 3\n");
    gives("a,b\n\"x\ny\",\"z\"\n1,2,3,4\n",
          "|a|b\n2|<x\ny>|<z>\nerror 3 line 4 offset -1: t:4: 4 fields, "
          "the header has 2\n");
    gives("a,b\n\"1\",2,3\n", "|a|b\nerror 3 line 2 offset -1: t:2: 3 fields, the header has 2\n");
}

static void an_unclosed_quote_is_an_error_at_its_record(void)
{
    gives("a,b\n1,2\n3,\"4\n5,6\n7,8\n",
          "|a|b\n2|1|2\nerror 3 line 3 offset -1: t:3: a quote is opened "
          "and never closed\n");
    gives("a,b\n1,\"", "|a|b\nerror 3 line 2 offset -1: t:2: a quote is opened and never closed\n");
    gives("\"a", "error 3 line 1 offset -1: t:1: a quote is opened and never closed\n");
}

static void text_behind_a_closing_quote_is_an_error(void)
{
    gives("a,b\n1,\"2\"x\n",
          "|a|b\nerror 3 line 2 offset -1: t:2: text behind the closing quote of field "
          "2\nA quote inside a quoted field must be doubled.\n");
    gives("a,b\n\"2\"\rx,1\n",
          "|a|b\nerror 3 line 2 offset -1: t:2: text behind the closing quote of field "
          "1\nA quote inside a quoted field must be doubled.\n");
}

static void nul_and_invalid_utf8_are_errors_with_their_offset(void)
{
    gives_n("a,b\n1,2\n3,\0\n", 12,
            "|a|b\n2|1|2\nerror 3 line 3 offset 10: t:3: NUL byte in the text (byte "
            "10 of the text)\n");
    gives("a,b\n1,\xE9t\n",
          "|a|b\nerror 3 line 2 offset 6: t:2: byte 0xE9 is no UTF-8 (byte 6 of the "
          "text)\n");
    gives("a,\xFF\n1,2\n",
          "error 3 line 1 offset 2: t:1: byte 0xFF is no UTF-8 (byte 2 of the text)\n");
    gives("a,b\n1,\xC3",
          "|a|b\nerror 3 line 2 offset 6: t:2: byte 0xC3 is no UTF-8 (byte 6 of the text)\n");
    gives("a,b\n\"x\n\xED\xA0\x80\",2\n",
          "|a|b\nerror 3 line 2 offset 7: t:2: byte 0xED is no UTF-8 (byte 7 "
          "of the text)\n");
}

static void a_file_without_a_header_is_an_error(void)
{
    gives("", "error 3 line 0 offset -1: t: the file is empty; a header line was expected\n");
    gives("\xEF\xBB\xBF",
          "error 3 line 0 offset -1: t: the file is empty; a header line was expected\n");
    gives("\n\r\n\n",
          "error 3 line 0 offset -1: t: no line holds text; a header line was expected\n");
}

static void a_column_that_is_missing_or_there_twice_is_an_error(void)
{
    static const char *const want[] = {"hadm_id", "admittime"}, *const b[] = {"b"},
                             *const a[] = {"a"};
    hl_in *in = NULL;
    hl_csv *csv = NULL;
    hl_error err = {0};

    is_int(open_text("subject_id,hadm_id\n1,2\n", want, 2, HL_CPU_C, &in, &csv, &err), HL_E_INPUT);
    is_str(err.message, "hosp/x.csv: no column 'admittime'; it has subject_id, hadm_id");
    ok(csv == NULL);
    hl_in_close(&in);
    is_int(open_text("a,b,b\n1,2,3\n", b, 1, HL_CPU_C, &in, &csv, &err), HL_E_INPUT);
    is_str(err.message, "hosp/x.csv: column 'b' is there twice");
    hl_in_close(&in);
    is_int(open_text("a,b,b\n1,2,3\n", NULL, 0, HL_CPU_C, &in, &csv, &err), HL_E_INPUT);
    is_str(err.message, "hosp/x.csv: column 'b' is there twice");
    hl_in_close(&in);
    is_int(open_text("a,b,b\n1,2,3\n", a, 1, HL_CPU_C, &in, &csv, &err), HL_OK);
    hl_csv_close(&csv);
    hl_in_close(&in);
}

static void a_long_list_of_columns_is_cut_in_the_message(void)
{
    static const char *const want[] = {"zz"};
    hl_buf text = {0};
    hl_in *in = NULL;
    hl_csv *csv = NULL;
    hl_error err = {0};

    for (int i = 0; i < 16384; i++)
        hl_buf_printf(&text, "%sc%d", i ? "," : "", i);
    is_int(open_text(text.at, want, 1, HL_CPU_C, &in, &csv, &err), HL_E_INPUT);
    like(err.message, "c0, c1, c2,");
    like(err.message, ", ... (16384 columns)");
    hl_in_close(&in);
    hl_buf_text(&text, ",x");
    is_int(open_text(text.at, want, 1, HL_CPU_C, &in, &csv, &err), HL_E_LIMIT);
    like(err.message, "hosp/x.csv:1: 16385 columns; at most 16384 are read");
    hl_in_close(&in);
    hl_buf_free(&text);
}

static void columns_come_in_the_wanted_order_and_may_come_twice(void)
{
    static const char *const want[] = {"c", "a", "c", "b"};
    hl_in *in = NULL;
    hl_csv *csv = NULL;
    hl_error err = {0};
    hl_field f[4];

    for (int i = 0; i < N_LEVELS; i++) {
        is_int(open_text("a,b,c,d\n1,2,\"x\"\"y\"\"z\",4\n", want, 4, levels[i], &in, &csv, &err),
               HL_OK);
        is_int(hl_csv_next(csv, f, &err), HL_OK);
        ok(hl_str_is(hl_field_str(f[0]), "x\"y\"z") && f[0].quoted);
        ok(hl_str_is(hl_field_str(f[1]), "1"));
        ok(hl_str_is(hl_field_str(f[2]), "x\"y\"z"));
        ok(hl_str_is(hl_field_str(f[3]), "2"));
        is_int(hl_csv_fail(csv, &err, 1, "'%d' is no date", 5), HL_E_INPUT);
        is_str(err.message, "hosp/x.csv:2: column a: '5' is no date");
        is_int(err.line, 2);
        is_int(hl_csv_next(csv, f, &err), HL_END);
        is_int(hl_csv_next(csv, f, &err), HL_END);
        hl_csv_close(&csv);
        hl_in_close(&in);
    }
}

/* --- filters --------------------------------------------------------------------------------- */

static bool is_even(const void *ctx, int64_t id)
{
    (void)ctx;
    return id % 2 == 0;
}

typedef struct {
    size_t i_a, i_b; /* of the filter columns within want */
    const int64_t *ids;
    size_t n_ids;
} filter_case;

static bool passes(const hl_str text, const int64_t *ids, size_t n)
{
    int64_t id;
    if (!hl_parse_i64(text, &id))
        return true;
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static bool passes_even(hl_str text)
{
    int64_t id;
    return !hl_parse_i64(text, &id) || id % 2 == 0;
}

/* The same records as by filtering afterwards. */
static void check_filters(const char *text, const char *const *want, size_t n_want,
                          const filter_case *k, hl_cpu cpu)
{
    hl_in *in = NULL, *in2 = NULL;
    hl_csv *all = NULL, *some = NULL;
    hl_field f[8], g[8];
    hl_csv_filter even = {k->i_b, is_even, NULL};
    hl_code c, d;

    ok(open_text(text, want, n_want, HL_CPU_C, &in, &all, NULL) == HL_OK);
    ok(open_text(text, want, n_want, cpu, &in2, &some, NULL) == HL_OK);
    ok(hl_csv_filter_ids(some, k->i_a, k->ids, k->n_ids, NULL) == HL_OK);
    ok(hl_csv_filter_by(some, &even, 1, NULL) == HL_OK);
    ok(hl_csv_filter_by(some, &even, 1, NULL) == HL_E_BUG); /* two at most */
    do {
        d = hl_csv_next(some, g, NULL);
        while ((c = hl_csv_next(all, f, NULL)) == HL_OK)
            if (passes(hl_field_str(f[k->i_a]), k->ids, k->n_ids) &&
                passes_even(hl_field_str(f[k->i_b])))
                break;
        is_int(d, c);
        if (c == HL_OK && d == HL_OK) {
            is_int(hl_csv_line(some), hl_csv_line(all));
            for (size_t i = 0; i < n_want; i++)
                ok(hl_str_equal(hl_field_str(f[i]), hl_field_str(g[i])));
        }
    } while (c == HL_OK && d == HL_OK);
    is_int(hl_csv_rows(some), hl_csv_rows(all));
    hl_csv_close(&all);
    hl_csv_close(&some);
    hl_in_close(&in);
    hl_in_close(&in2);
}

static void filters_let_the_same_records_through_as_a_test_afterwards(void)
{
    static const char *const value[] = {"1",
                                        "2",
                                        "50912",
                                        "",
                                        "-7",
                                        "+2",
                                        "x",
                                        "12345678",
                                        "123456789",
                                        "9223372036854775807",
                                        "99999999999999999999",
                                        "\"2\"",
                                        "\"\"",
                                        "\"5,6\"",
                                        "00000002",
                                        "0000000002",
                                        " 2",
                                        "2.0"};
    static const int64_t near[] = {1, 2, 50912, -7, 12345678},
                         far[] = {2, 123456789, INT64_MAX, -7, INT64_MIN};
    static const char *const wide_want[] = {"c0", "c1", "c9", "c19"};
    hl_buf text = {0};
    uint64_t state = 5;

    for (int i = 0; i < 20; i++)
        hl_buf_printf(&text, "%sc%d", i ? "," : "", i);
    hl_buf_text(&text, "\n");
    for (int row = 0; row < 3000; row++) {
        for (int i = 0; i < 20; i++) {
            bool noise = i % 9 && i != 1 && i != 19;
            const char *v = noise ? &"some other text"[step(&state) % 15]
                                  : value[step(&state) % (sizeof value / sizeof *value)];
            hl_buf_printf(&text, "%s%s", i ? "," : "", v);
        }
        hl_buf_text(&text, row % 5 ? "\n" : "\r\n");
    }
    for (int level = 0; level < N_LEVELS; level++)
        for (size_t a = 0; a < 4; a++)
            for (size_t b = 0; b < 4; b++) {
                filter_case k = {a, b, near, 5};
                check_filters(text.at, wide_want, 4, &k, levels[level]);
                k = (filter_case){a, b, far, 5};
                check_filters(text.at, wide_want, 4, &k, levels[level]);
            }
    filter_case none = {0, 1, NULL, 0};
    check_filters(text.at, wide_want, 4, &none, HL_CPU_BEST);
    hl_buf_free(&text);
}

static void skipped_records_are_checked_too(void)
{
    static const char *const want[] = {"a"}, *const text[] = {"a,b\n1,2\n1\n2,2\n",
                                                              "a,b\n1,2\n1,\"x\"y\n2,2\n",
                                                              "a,b\n1,2\n1,\xE9\n2,2\n"};
    static const int64_t two[] = {2};

    for (int k = 0; k < 3; k++)
        for (int i = 0; i < N_LEVELS; i++) {
            hl_in *in = NULL;
            hl_csv *csv = NULL;
            hl_field f;
            hl_error err = {0};
            ok(open_text(text[k], want, 1, levels[i], &in, &csv, &err) == HL_OK);
            ok(hl_csv_filter_ids(csv, 0, two, 1, NULL) == HL_OK);
            is_int(hl_csv_next(csv, &f, &err), HL_E_INPUT);
            is_int(err.line, 3);
            hl_csv_close(&csv);
            hl_in_close(&in);
        }
}

/* --- files ----------------------------------------------------------------------------------- */

static void file_gives(const char *name, const char *end)
{
    hl_buf first = {0}, got = {0};
    hl_in *in = NULL;

    for (int i = 0; i < N_LEVELS; i++)
        for (int mode = 0; mode < 2; mode++) {
            char path[300];
            snprintf(path, sizeof path, "csv/%s.csv.gz", name);
            ok(hl_in_open(fixture(path), &in, NULL) == HL_OK);
            ok(hl_in_rename(in, "t.csv.gz", NULL) == HL_OK);
            hl_buf *to = i || mode ? &got : &first;
            hl_buf_clear(to);
            dump_in(to, in, levels[i], (hl_stream_mode)mode);
            hl_in_close(&in);
            like(to->at, end);
            is_str(to->at, first.at);
        }
    hl_buf_free(&first);
    hl_buf_free(&got);
}

static void damaged_files_are_refused_and_legal_ones_read(void)
{
    file_gives("03_truncated_gz",
               "t.csv.gz: gzip data ends in mid-member (byte 396 of the file)\n"
               "The file is cut. Download it again and check it against SHA256SUMS.txt.");
    file_gives("04_bad_gz_crc",
               "t.csv.gz: gzip data is damaged: the CRC or length does not agree at the end "
               "of a member (byte 145 of the file)");
    file_gives("05_not_gz", "t.csv.gz: is named .gz but holds no gzip data");
    file_gives("06_empty_file", "t.csv.gz: the file is empty; a header line was expected");
    file_gives("08_non_utf8", "t.csv.gz:2: byte 0xE9 is no UTF-8 (byte 280 of the text)");
    file_gives("15_ragged_row", "t.csv.gz:2: 18 fields, the header has 16");
    file_gives("16_unclosed_quote", "a quote is opened and never closed");
    file_gives("17_nul_byte", "NUL byte in the text");
    file_gives("18_crlf_bom", "|subject_id|gender|anchor_age|anchor_year|anchor_year_group|dod\n");
    file_gives("18_crlf_bom", "end of 8 rows\n");
    file_gives("43_two_members_gz", "end of 8 rows\n");
    file_gives("44_gz_trailing_garbage",
               "bytes that are no gzip data stand behind the last gzip member");
}

static void a_file_is_hashed_and_named_in_messages(void)
{
    hl_csv_options o = {.name = "hosp/labevents.csv.gz", .mode = HL_STREAM_THREAD};
    hl_csv *csv = NULL;
    hl_error err = {0};
    hl_digest d;
    hl_buf all = {0};
    hl_field f[16];
    hl_code c;

    is_int(hl_csv_open(fixture("csv/03_truncated_gz.csv.gz"), NULL, 0, &o, &csv, &err), HL_OK);
    is_int(hl_csv_n_columns(csv), 16);
    while ((c = hl_csv_next(csv, f, &err)) == HL_OK) /* what stands in front of the cut */
        ;
    is_int(c, HL_E_INPUT);
    like(err.message, "hosp/labevents.csv.gz: gzip data ends in mid-member");
    hl_csv_close(&csv);
    is_int(hl_csv_open(fixture("csv/43_two_members_gz.csv.gz"), NULL, 0, NULL, &csv, &err), HL_OK);
    while ((c = hl_csv_next(csv, f, &err)) == HL_OK)
        ;
    is_int(c, HL_END);
    ok(hl_read_file(fixture("csv/43_two_members_gz.csv.gz"), 1000, &all, &d, NULL) == HL_OK);
    ok(hl_digest_equal(&d, hl_csv_digest(csv)));
    hl_csv_close(&csv);
    hl_csv_close(&csv);
    is_int(hl_csv_open("/nowhere/x.csv", NULL, 0, NULL, &csv, &err), HL_E_INPUT);
    like(err.message, "/nowhere/x.csv: ");
    hl_buf_free(&all);
}

/* --- writing --------------------------------------------------------------------------------- */

static void fields_are_written_as_pandas_does(void)
{
    static const struct {
        const char *field, *want;
    } k[] = {{"", ""},
             {"a b;c\r", "a b;c\r"},
             {"a,b", "\"a,b\""},
             {"a\nb", "\"a\nb\""},
             {"\"", "\"\"\"\""},
             {"say \"no\" ", "\"say \"\"no\"\" \""},
             {"\xC3\xA9", "\xC3\xA9"}};
    hl_buf to = {0};

    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        hl_buf_clear(&to);
        hl_buf_text(&to, ""); /* at[0] == 0 also after nothing */
        hl_csv_put(&to, hl_str_of(k[i].field));
        is_int(to.n, (int64_t)strlen(k[i].want));
        is_mem(to.at, k[i].want, to.n);
    }
    hl_buf_free(&to);
}

int main(void)
{
    run(records_and_fields_are_found);
    run(a_missing_final_newline_is_allowed);
    run(crlf_and_a_byte_order_mark_are_taken_off);
    run(a_lone_cr_is_data);
    run(blank_lines_are_skipped_but_counted);
    run(quoted_fields_hold_commas_newlines_and_quotes);
    run(a_quote_inside_an_unquoted_field_is_data);
    run(text_outside_ascii_is_kept);
    run(another_number_of_fields_is_an_error);
    run(an_unclosed_quote_is_an_error_at_its_record);
    run(text_behind_a_closing_quote_is_an_error);
    run(nul_and_invalid_utf8_are_errors_with_their_offset);
    run(a_file_without_a_header_is_an_error);
    run(a_column_that_is_missing_or_there_twice_is_an_error);
    run(a_long_list_of_columns_is_cut_in_the_message);
    run(columns_come_in_the_wanted_order_and_may_come_twice);
    run(filters_let_the_same_records_through_as_a_test_afterwards);
    run(skipped_records_are_checked_too);
    run(damaged_files_are_refused_and_legal_ones_read);
    run(a_file_is_hashed_and_named_in_messages);
    run(fields_are_written_as_pandas_does);
    return done();
}
