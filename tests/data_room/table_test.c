#include "data/table.h"

#include "base/sort.h"
#include "tap.h"

/* --- helpers ----------------------------------------------------------------------------------------- */

static hl_code read_text(const char *text, const hl_col_spec *spec, size_t n, const hl_table_options *o,
                         hl_table **out, hl_error *err)
{
    hl_in *in = NULL;
    const hl_table_options plain = {.name = "t.csv"};

    ok(hl_in_memory(text, strlen(text), "t.csv", &in, NULL) == HL_OK);
    hl_code c = hl_table_read_in(in, spec, n, o ? o : &plain, out, err);
    hl_in_close(&in);
    return c;
}

static hl_table *table_of(const char *text)
{
    hl_table *t = NULL;
    hl_error err = {0};
    if (!ok(read_text(text, NULL, 0, NULL, &t, &err) == HL_OK))
        printf("# %s\n", err.message);
    return t;
}

static void csv_is(const hl_table *t, hl_date_rule rule, const char *want)
{
    hl_buf out = {0};
    ok(hl_table_put_csv(t, rule, &out, NULL) == HL_OK);
    is_str(out.at, want);
    hl_buf_free(&out);
}

/* text comes out as want. */
static void gives(const char *text, const char *want)
{
    hl_table *t = table_of(text);
    csv_is(t, HL_DATES_PANDAS, want);
    hl_table_free(&t);
}

static void type_is(const char *cells, hl_col_type want)
{
    char text[400];
    hl_table *t;

    snprintf(text, sizeof text, "k,x\n%s", cells);
    t = table_of(text);
    tap_check(t->column[1].type == want, __FILE__, __LINE__, "%s is %s, not %s", cells,
              hl_col_type_name(t->column[1].type), hl_col_type_name(want));
    hl_table_free(&t);
}

static void truth_values_beside_a_hole_are_spelt_as_python_does(void)
{
    gives("k,x\n1,TRUE\n2,\n3,false\n", "k,x\n1,True\n2,\n3,False\n");
    gives("k,x\n1,TRUE\n2,no\n3,false\n", "k,x\n1,TRUE\n2,no\n3,false\n");
}

/* --- types ------------------------------------------------------------------------------------------- */

static void a_column_has_the_type_that_pandas_gives_it(void)
{
    type_is("1,1\n2,2\n", HL_COL_I64);
    type_is("1, 1\n2,+2 \n3,-007\n", HL_COL_I64);
    type_is("1,1\n2,\n", HL_COL_F64);
    type_is("1,1\n2,NA\n", HL_COL_F64);
    type_is("1,1\n2,2.0\n", HL_COL_F64);
    type_is("1,1e3\n", HL_COL_F64);
    type_is("1,inf\n2,-Infinity\n", HL_COL_F64);
    type_is("1,\n2,\n", HL_COL_F64);
    type_is("", HL_COL_F64);
    type_is("1,True\n2,False\n", HL_COL_BOOL);
    type_is("1,TRUE\n2,false\n", HL_COL_BOOL);
    type_is("1,True\n2,\n", HL_COL_TEXT);
    type_is("1,True\n2,1\n", HL_COL_TEXT);
    type_is("1,1\n2,x\n", HL_COL_TEXT);
    type_is("1,1e309\n", HL_COL_TEXT);
    type_is("1,9223372036854775807\n2,-9223372036854775808\n", HL_COL_I64);
    type_is("1,99999999999999999999\n", HL_COL_TEXT);
    type_is("1,1\n2,-9223372036854775809\n", HL_COL_TEXT);
    type_is("1,1.5\n2,99999999999999999999\n", HL_COL_F64);
}

static void csv_comes_out_as_pandas_writes_it(void)
{
    /* csv_text.json */
    gives("a,b,c,d\n1,\"x,y\",NA,1.0\n2,\"q \"\"w\"\" e\",None,\n3, lead,nan,0\n4,trail ,<NA>,-1.0\n"
          "5,\"two\nlines\",na,1\n6,,N/A,2.50\n7,semi;colon,NULL,3e-5\n",
          "a,b,c,d\n1,\"x,y\",,1.0\n2,\"q \"\"w\"\" e\",,\n3, lead,,0.0\n4,trail ,,-1.0\n"
          "5,\"two\nlines\",na,1.0\n6,,,2.5\n7,semi;colon,,3e-05\n");
}

static void every_spelling_of_missing_is_missing_and_no_other(void)
{
    static const char *const missing[] = {
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "\"\"", "\"NA\""};
    static const char *const text[] = {"na", "Na", "none", "NONE", " NA", "NA ", "-", ".", "N.A."};
    char csv[100];

    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        snprintf(csv, sizeof csv, "k,x\n1,%s\n2,word\n", missing[i]);
        hl_table *t = table_of(csv);
        is_int(t->column[1].n_missing, 1);
        is_int(t->column[1].valid[0], 0);
        hl_table_free(&t);
    }
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        snprintf(csv, sizeof csv, "k,x\n1,%s\n2,word\n", text[i]);
        hl_table *t = table_of(csv);
        is_int(t->column[1].n_missing, 0);
        hl_table_free(&t);
    }
}

static void numbers_are_read_by_pandas_rule_and_printed_shortest(void)
{
    gives("x\n0.30000000000000004\n", "x\n0.3\n");
    gives("x\n0.1\n-0.0\n1e16\n12345678901234567890.5\n1e-5\n", "x\n0.1\n-0.0\n1e+16\n1.2345678901234567e+19\n1e-05\n");
    gives("x\n007\n+5\n-0\n", "x\n7\n5\n0\n");
}

/* --- asked types and errors ------------------------------------------------------------------------- */

static void a_cell_of_the_wrong_type_is_named(void)
{
    static const struct {
        const char *text;
        hl_col_type type;
        const char *message;
        int64_t line;
    } wrong[] = {
        {"k,x\n1,2\n1,2.5\n", HL_COL_I64, "column x: '2.5' is no integer", 3},
        {"k,x\n1,2\n1,two\n", HL_COL_F64, "column x: 'two' is no number", 3},
        {"k,x\n1,2150-02-30 00:00:00\n", HL_COL_TIME, "column x: '2150-02-30 00:00:00' is no date and time", 2},
        {"k,x\n1,2150-01-01 24:00:00\n", HL_COL_TIME, "is no date and time (YYYY-MM-DD HH:MM:SS)", 2},
        {"k,x\n1,2\n1,3\n1,\n", HL_COL_I64, "column x: the field is empty", 4},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        hl_col_spec spec = {.name = "x", .type = wrong[i].type, .required = true};
        hl_table *t = NULL;
        hl_error err = {0};
        is_int(read_text(wrong[i].text, &spec, 1, NULL, &t, &err), HL_E_INPUT);
        like(err.message, wrong[i].message);
        is_str(err.path, "t.csv");
        is_int(err.line, wrong[i].line);
        ok(t == NULL);
    }
}

static void a_column_may_have_another_name_in_the_file(void)
{
    hl_col_spec spec[] = {{.name = "hadm_id", .source = "case", .type = HL_COL_I64},
                          {.name = "note", .type = HL_COL_EXISTS}};
    hl_table *t = NULL;
    hl_error err = {0};

    ok(read_text("note,case\nx,5\n", spec, 2, NULL, &t, &err) == HL_OK);
    is_int(hl_table_column(t, "hadm_id")->i64[0], 5);
    ok(hl_table_column(t, "note") == NULL);
    ok(hl_table_column(t, "case") == NULL);
    const hl_column *c;
    is_int(hl_table_need(t, "note", &c, &err), HL_E_INPUT);
    like(err.message, "no column 'note'");
    hl_table_free(&t);
    is_int(read_text("remark,case\nx,5\n", spec, 2, NULL, &t, &err), HL_E_INPUT);
    like(err.message, "no column 'note'");
}

static hl_code keep_odd(void *ctx, const hl_csv *csv, const hl_field *field, bool *keep, hl_error *err)
{
    (void)csv, (void)err;
    ++*(int *)ctx;
    *keep = (field[0].at[field[0].n - 1] - '0') % 2 == 1;
    return HL_OK;
}

static void rows_that_are_not_kept_still_decide_the_type(void)
{
    int calls = 0;
    hl_table_options o = {.name = "t.csv", .keep = keep_odd, .keep_ctx = &calls};
    hl_table *t = NULL;

    ok(read_text("k,x\n1,10\n2,\n3,30\n", NULL, 0, &o, &t, NULL) == HL_OK);
    is_int(calls, 3);
    is_int(t->n_rows, 2);
    is_int(t->n_seen, 3);
    csv_is(t, HL_DATES_FULL, "k,x\n1,10.0\n3,30.0\n");
    hl_table_free(&t);
}

static void leading_rows_do_not_bind_a_late_text(void)
{
    hl_buf text = {0}, out = {0};
    char line[40];

    hl_buf_text(&text, "x,y\n");
    for (int i = 0; i < 5000; i++) {
        snprintf(line, sizeof line, "%03d,%d.50\n", i % 1000, i);
        hl_buf_text(&text, line);
    }
    hl_buf_text(&text, "end,1\n");
    hl_table *t = table_of(text.at);
    ok(t->column[0].type == HL_COL_TEXT);
    ok(hl_str_is(t->column[0].text[7], "007"));
    ok(hl_table_put_csv(t, HL_DATES_FULL, &out, NULL) == HL_OK);
    like(out.at, "\n007,7.5\n");
    hl_table_free(&t);
    hl_buf_free(&text);
    hl_buf_free(&out);
}

static void integers_give(const char *cells, hl_col_type type, const char *first)
{
    char text[200];

    snprintf(text, sizeof text, "a,b\n%s", cells);
    hl_table *t = table_of(text);
    ok(t->column[0].type == type);
    if (type == HL_COL_TEXT)
        ok(hl_str_is(t->column[0].text[0], first));
    hl_table_free(&t);
}

static void integers_too_large_for_64_bits_make_a_column_text(void)
{
    integers_give("01,\n72081830461269065050747,\n", HL_COL_TEXT, "01");
    integers_give("01,\n72081830461269065050747.5,\n2.5,\n", HL_COL_TEXT, "01");
    integers_give("01,\n-99999999999999999999,\n", HL_COL_TEXT, "01");
    integers_give("2.5,\n72081830461269065050747,\n", HL_COL_F64, NULL);
    integers_give("01,\n9300000000000000000.5,\n72081830461269065050747,\n", HL_COL_F64, NULL);
    integers_give("01,\n72081830461269065050747e1,\nx,\n", HL_COL_TEXT, "01");
}

static void integers_without_a_sign_may_have_64_bits(void)
{
    integers_give(" +01 ,\n18446744073709551615,\n", HL_COL_TEXT, "1");
    integers_give("01,\n18446744073709551615,\n-1,\n", HL_COL_TEXT, "01");
    integers_give("01,\n18446744073709551615,\n,1\n", HL_COL_TEXT, "01");
    integers_give("01,\n18446744073709551616,\n1,\n", HL_COL_TEXT, "01");
    integers_give("01,\n9223372036854775808,\n1.5,\n", HL_COL_F64, NULL);
}

/* --- dates -------------------------------------------------------------------------------------------- */

static void dates_give(const char *cells, const char *want)
{
    const hl_col_spec spec[] = {{.name = "k", .type = HL_COL_AUTO}, {.name = "t", .type = HL_COL_TIME}};
    char text[300];
    hl_table *t = NULL;

    snprintf(text, sizeof text, "k,t\n%s", cells);
    ok(read_text(text, spec, 2, NULL, &t, NULL) == HL_OK);
    csv_is(t, HL_DATES_PANDAS, want);
    hl_table_free(&t);
}

static void a_column_of_midnights_is_written_as_dates(void)
{
    /* csv_dates.json */
    dates_give("0,2150-01-01 00:00:00\n", "k,t\n0,2150-01-01\n");
    dates_give("0,2150-01-01 00:00:00\n1,\n", "k,t\n0,2150-01-01\n1,\n");
    dates_give("0,\n1,\n", "k,t\n0,\n1,\n");
    dates_give("0,2150-01-01 00:00:00\n1,2150-01-02 00:00:01\n",
               "k,t\n0,2150-01-01 00:00:00\n1,2150-01-02 00:00:01\n");
    dates_give("0,2150-01-01 23:59:59\n", "k,t\n0,2150-01-01 23:59:59\n");
    dates_give("0,1969-12-31 00:00:00\n", "k,t\n0,1969-12-31\n");
}

static hl_table *midnights(size_t n_columns, size_t n_rows)
{
    hl_table *t = NULL;
    char name[32];

    ok(hl_table_new("t", n_rows, &t, NULL) == HL_OK);
    for (size_t k = 0; k < n_columns; k++) {
        snprintf(name, sizeof name, "c%zu", k);
        hl_column *c = hl_table_add(t, name, k ? HL_COL_TEXT : HL_COL_TIME);
        for (size_t i = 0; k == 0 && i < n_rows; i++)
            hl_column_set_i64(c, i, (int64_t)i * HL_DAY_S);
    }
    return t;
}

/* Bytes of the first field of row i (from 0) of a csv. */
static size_t first_field(const char *csv, size_t i)
{
    for (size_t k = 0; k <= i; k++)
        csv = strchr(csv, '\n') + 1;
    return strcspn(csv, ",");
}

static void dates_are_decided_chunk_by_chunk(void)
{
    hl_table *t = midnights(94, 1200); /* 100,000 / 94 = 1063 rows a chunk */
    hl_buf out = {0};

    t->column[0].i64[1063] += 1;
    ok(hl_table_put_csv(t, HL_DATES_PANDAS, &out, NULL) == HL_OK);
    is_int(first_field(out.at, 0), 10);
    is_int(first_field(out.at, 1062), 10);
    is_int(first_field(out.at, 1063), 19);
    is_int(first_field(out.at, 1199), 19);
    is_int(hl_table_short_dates(t), 1063);
    hl_buf_clear(&out);
    ok(hl_table_put_csv(t, HL_DATES_FULL, &out, NULL) == HL_OK);
    is_int(first_field(out.at, 0), 19);
    hl_buf_free(&out);
    hl_table_free(&t);
}

/* --- gather ------------------------------------------------------------------------------------------- */

static void a_gathered_integer_with_a_hole_is_a_double(void)
{
    hl_table *from = table_of("id,name,x\n10,a,1.5\n20,,2.5\n30,c,\n"), *to = NULL;
    const int64_t whole[] = {2, 0, 1}, holes[] = {1, -1, 1};

    ok(hl_table_new("to", 3, &to, NULL) == HL_OK);
    ok(hl_table_gather(to, "id", &from->column[0], whole, NULL) == HL_OK);
    ok(hl_table_gather(to, "id_or_not", &from->column[0], holes, NULL) == HL_OK);
    ok(hl_table_gather(to, "name", &from->column[1], whole, NULL) == HL_OK);
    ok(hl_table_gather(to, "x", &from->column[2], holes, NULL) == HL_OK);
    csv_is(to, HL_DATES_FULL, "id,id_or_not,name,x\n30,20.0,c,2.5\n10,,a,\n20,20.0,,2.5\n");
    ok(to->column[0].type == HL_COL_I64 && to->column[1].type == HL_COL_F64);
    is_int(to->column[1].n_missing, 1);
    ok(isnan(hl_column_number(&to->column[1], 1)));
    hl_table_free(&to);
    hl_table_free(&from);
}

static void a_gathered_time_with_a_hole_stays_a_time(void)
{
    hl_table *from = midnights(1, 2), *to = NULL;
    const int64_t row[] = {-1, 1};

    ok(hl_table_new("to", 2, &to, NULL) == HL_OK);
    ok(hl_table_gather(to, "t", &from->column[0], row, NULL) == HL_OK);
    csv_is(to, HL_DATES_FULL, "t\n\n1970-01-02 00:00:00\n");
    hl_table_free(&to);
    hl_table_free(&from);
}

/* --- index -------------------------------------------------------------------------------------------- */

static void equal_keys_keep_file_order(void)
{
    hl_table *t = table_of("id,name\n7,a\n5,b\n7,c\n,d\n5,a\n7,e\n-9,f\n");
    hl_col_spec spec[] = {{.name = "id", .type = HL_COL_I64}, {.name = "name", .type = HL_COL_TEXT}};
    hl_index *index = NULL;

    hl_table_free(&t);
    ok(read_text("id,name\n7,a\n5,b\n7,c\n,d\n5,a\n7,e\n-9,f\n", spec, 2, NULL, &t, NULL) == HL_OK);
    ok(hl_index_new(&t->column[0], &index, NULL) == HL_OK);
    is_int(hl_index_first(index, 7), 0);
    is_int(hl_index_next(index, 0), 2);
    is_int(hl_index_next(index, 2), 5);
    is_int(hl_index_next(index, 5), -1);
    is_int(hl_index_first(index, 5), 1);
    is_int(hl_index_next(index, 1), 4);
    is_int(hl_index_first(index, -9), 6);
    is_int(hl_index_first(index, 0), -1); /* a missing key is no key */
    is_int(hl_index_duplicate(index), 2);
    hl_index_free(&index);

    ok(hl_index_new_text(&t->column[1], &index, NULL) == HL_OK);
    is_int(hl_index_first_text(index, hl_str_of("a")), 0);
    is_int(hl_index_next(index, 0), 4);
    is_int(hl_index_first_text(index, hl_str_of("zz")), -1);
    is_int(hl_index_duplicate(index), 4);
    hl_index_free(&index);
    hl_table_free(&t);
}

static void keys_that_differ_have_no_duplicate(void)
{
    hl_table *t = table_of("id\n3\n1\n2\n");
    hl_index *index = NULL;

    ok(hl_index_new(&t->column[0], &index, NULL) == HL_OK);
    is_int(hl_index_duplicate(index), -1);
    hl_index_free(&index);
    hl_table_free(&t);
}

/* --- windows and ties ------------------------------------------------------------------------------------ */

static void the_ends_of_a_window_are_open_or_closed(void)
{
    const hl_window film = {.from_s = 86400, .to_s = 259200, .from_open = true};
    const hl_window ecg = {.from_s = -86400, .to_s = 86400};
    const hl_window inner = {.from_s = 0, .to_s = 10, .from_open = true, .to_open = true};

    ok(!hl_window_holds(&film, 86400));
    ok(hl_window_holds(&film, 86401));
    ok(hl_window_holds(&film, 259200));
    ok(!hl_window_holds(&film, 259201));
    ok(hl_window_holds(&ecg, -86400));
    ok(!hl_window_holds(&ecg, -86401));
    ok(hl_window_holds(&ecg, 86400));
    ok(!hl_window_holds(&ecg, 86401));
    ok(!hl_window_holds(&inner, 0) && hl_window_holds(&inner, 9) && !hl_window_holds(&inner, 10));
}

static void the_earliest_is_numpys_or_the_first_in_the_file(void)
{
    FILE *f = fopen(fixture("rules/sort.txt"), "r");
    int64_t key[1000], order;
    size_t n, scratch[1000], i;
    int cases = 0, unstable = 0;

    if (!ok(f != NULL))
        return;
    while (fscanf(f, "%zu", &n) == 1 && ok(n > 0 && n <= 1000)) {
        int64_t first = -1;
        size_t stable = 0;
        for (i = 0; i < n; i++) {
            ok(fscanf(f, "%" SCNd64, &key[i]) == 1);
            stable = key[i] < key[stable] ? i : stable;
        }
        for (i = 0; i < n && fscanf(f, "%" SCNd64, &order) == 1; i++)
            first = i ? first : order;
        is_int(hl_earliest(key, n, HL_TIES_NUMPY, scratch), first);
        is_int(hl_earliest(key, n, HL_TIES_FILE_ORDER, NULL), stable);
        ok(n > 16 || first == (int64_t)stable);
        unstable += first != (int64_t)stable;
        cases++;
    }
    ok(cases >= 40);
    ok(unstable > 0);
    fclose(f);
}

int main(void)
{
    run(a_column_has_the_type_that_pandas_gives_it);
    run(truth_values_beside_a_hole_are_spelt_as_python_does);
    run(csv_comes_out_as_pandas_writes_it);
    run(every_spelling_of_missing_is_missing_and_no_other);
    run(numbers_are_read_by_pandas_rule_and_printed_shortest);
    run(a_cell_of_the_wrong_type_is_named);
    run(a_column_may_have_another_name_in_the_file);
    run(rows_that_are_not_kept_still_decide_the_type);
    run(leading_rows_do_not_bind_a_late_text);
    run(integers_too_large_for_64_bits_make_a_column_text);
    run(integers_without_a_sign_may_have_64_bits);
    run(a_column_of_midnights_is_written_as_dates);
    run(dates_are_decided_chunk_by_chunk);
    run(a_gathered_integer_with_a_hole_is_a_double);
    run(a_gathered_time_with_a_hole_stays_a_time);
    run(equal_keys_keep_file_order);
    run(keys_that_differ_have_no_duplicate);
    run(the_ends_of_a_window_are_open_or_closed);
    run(the_earliest_is_numpys_or_the_first_in_the_file);
    return done();
}
