#include "base/io.h"
#include "hilum/wave.h"
#include "tap.h"
#include "wave/numerics_out.h"

static const char *folder;

static const char *put(const char *name, const char *text)
{
    static char path[4][HL_PATH_BYTES];
    static int turn;
    char *p = path[turn++ % 4];
    hl_error err = {0};

    ok(hl_path_join(folder, name, p, &err) == HL_OK);
    ok(hl_write_file(p, text, strlen(text), NULL, &err) == HL_OK);
    return p;
}

static hl_numerics *load(const char *name)
{
    char path[HL_PATH_BYTES];
    hl_numerics *n = NULL;
    hl_error err = {0};

    ok(hl_path_join(folder, name, path, &err) == HL_OK);
    hl_code c = hl_numerics_open(path, NULL, &n, &err);
    is_str(c == HL_OK ? "" : err.message, "");
    return n;
}

static void is_value(double got, double want)
{
    tap_check(got == want || (isnan(got) && isnan(want)), __FILE__, __LINE__, "%g, not %g", got,
              want);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static void make_record(void)
{
    put("81000001.hea", "81000001/2 3 62.4725/999.56 300 03:00:12.345 05/03/2159\r\n"
                        "81000001_0000 0\r\n81000001_0001 300\r\n");
    put("81000001n.csv", "\"time\",\"HR [bpm]\",\"NBPs [mmHg]\",\"Perf [NU]\"\n"
                         "-16,,118,\n"
                         "0,60,,3.45043\n"
                         "1024,61,,3.5\n"
                         "1500,,121.5,\n"
                         "2048,62,,\n"
                         "9000,59,,0.25\n");
}

static void the_rows_of_a_record_are_ticks_and_columns_of_doubles(void)
{
    make_record();
    hl_numerics *n = load("81000001");
    if (!n)
        return;
    const hl_numerics_info *info = hl_numerics_about(n);
    is_int(info->n_rows, 6);
    is_int(info->n_columns, 3);
    is_str(info->column[1].name, "NBPs");
    is_str(info->column[1].units, "mmHg");
    is_int(info->column[0].n_values, 4);
    is_int(info->column[1].n_values, 2);
    is_int(info->tick[0], -16);
    is_int(info->tick[5], 9000);
    is_value(info->column[0].value[0], NAN);
    is_value(info->column[0].value[5], 59);
    is_value(info->column[2].value[1], 3.45043);
    hl_numerics_close(&n);
}

static void the_clock_is_that_of_the_record(void)
{
    hl_numerics *n = load("81000001n.csv");
    if (!n)
        return;
    const hl_numerics_info *info = hl_numerics_about(n);
    is_value(info->counter_hz, 999.56);
    ok(info->has_date);
    is_int(info->start_ms, INT64_C(5969732412345));
    hl_numerics_close(&n);
    n = load("81000001.hea");
    ok(n);
    hl_numerics_close(&n);
}

static void a_file_without_a_record_has_the_usual_ticks_and_no_clock(void)
{
    put("alone.csv", "\"time\",\"HR [bpm]\"\n5,7\n");
    hl_numerics *n = load("alone.csv");
    if (!n)
        return;
    const hl_numerics_info *info = hl_numerics_about(n);
    is_value(info->counter_hz, 999.56);
    is_int(info->start_ms, HL_WAVE_NO_TIME);
    hl_numerics_close(&n);
}

static void names_may_hold_brackets_commas_and_quotes(void)
{
    put("n.csv",
        "time,\"A [x] [mm[Hg]]\",plain,\"Q \"\"q\"\", r [ml/m^2]\",\"[all]\",\"B[u]\",\"C [\","
        "\"D []\",\"E ]]\"\n");
    static const char *const name[] = {"A [x]", "plain", "Q \"q\", r", "[all]",
                                       "B[u]",  "C [",   "D",          "E ]]"};
    static const char *const units[] = {"mm[Hg]", "", "ml/m^2", "", "", "", "", ""};
    hl_numerics *n = load("n.csv");
    if (!n)
        return;
    const hl_numerics_info *info = hl_numerics_about(n);
    is_int(info->n_rows, 0);
    is_int(info->n_columns, 8);
    for (int i = 0; i < 8; i++) {
        is_str(info->column[i].name, name[i]);
        is_str(info->column[i].units, units[i]);
    }
    hl_numerics_close(&n);
}

static void late_rows_are_sorted_in_and_counted(void)
{
    static const double want[] = {2, 4, 1, 5, 3};
    put("late.csv", "time,a\n10,1\n5,2\n20,3\n5,4\n10,5\n");
    hl_numerics *n = load("late.csv");
    if (!n)
        return;
    const hl_numerics_info *info = hl_numerics_about(n);
    is_int(info->n_unsorted, 2);
    for (int i = 0; i < 5; i++)
        is_value(info->column[0].value[i], want[i]);
    is_int(info->tick[1], 5);
    is_int(info->tick[2], 10);
    hl_numerics_close(&n);
}

static void refused(const char *name, const char *text, const char *message)
{
    char want[HL_PATH_BYTES + 300];
    const char *path = put(name, text);
    hl_numerics *n = NULL;
    hl_error err = {0};

    is_int(hl_numerics_open(path, NULL, &n, &err), HL_E_INPUT);
    ok(!n);
    snprintf(want, sizeof want, "%s%s", path, message);
    is_str(err.message, want);
}

static void each_fault_is_named_with_its_line_and_column(void)
{
    refused("bad.csv", "tick,HR\n1,2\n",
            ":1: the first column is 'tick'; numerics begin with 'time'");
    refused("bad.csv", "time,HR\n1,2\n1.5,2\n",
            ":3: column time: '1.5' is no whole number of counter ticks");
    refused("bad.csv", "time,HR\n,2\n", ":2: column time: '' is no whole number of counter ticks");
    refused("bad.csv", "time,HR\n5,2x\n", ":2: column HR: '2x' is no number");
    refused("bad.csv", "time,HR\n5,2,3\n", ":2: 3 fields, the header has 2");
    refused("bad.csv", "", ": the file is empty; a header line was expected");
}

static void a_record_without_numerics_says_what_was_looked_for(void)
{
    char path[HL_PATH_BYTES];
    hl_numerics *n = NULL;
    hl_error err = {0};

    ok(hl_path_join(folder, "82000002", path, &err) == HL_OK);
    is_int(hl_numerics_open(path, NULL, &n, &err), HL_E_INPUT);
    like(err.message, "82000002: no numerics: neither 82000002n.csv.gz nor 82000002n.csv is there");
}

static void a_dictzip_file_is_read(void)
{
    hl_numerics *n = NULL;
    hl_error err = {0};

    ok(hl_numerics_open(fixture("dictzip/small.csv.gz"), NULL, &n, &err) == HL_OK);
    if (!n)
        return;
    const hl_numerics_info *info = hl_numerics_about(n);
    is_int(info->n_rows, 400);
    is_int(info->n_columns, 3);
    is_int(info->column[1].n_values, 7);
    is_value(info->column[2].value[399], 97);
    hl_numerics_close(&n);
}

static void a_record_of_the_database_is_read_with_its_clock(void)
{
    const char *path = shared("wfdb/mimic4like/waves/p109/p10999001/83000101/83000101.hea");
    hl_numerics *n = NULL;
    hl_error err = {0};

    if (!path) {
        skip("no shared data");
        return;
    }
    is_str(hl_numerics_open(path, NULL, &n, &err) == HL_OK ? "" : err.message, "");
    if (!n)
        return;
    const hl_numerics_info *info = hl_numerics_about(n);
    is_int(info->n_columns, 16);
    is_str(info->column[3].name, "A_B _q_");
    is_int(info->start_ms % 86400000, 3 * 3600000 + 12345);
    is_value(info->column[10].value[0], 60);
    is_int(info->n_unsorted, 6);
    hl_numerics_close(&n);
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static hl_code keep(void *ctx, const void *bytes, size_t n, hl_error *err)
{
    hl_buf_append(ctx, bytes, n);
    return hl_buf_check(ctx, "text", err);
}

static void rows_are(const hl_numerics *n, const hl_numerics_rows *rows, const char *want)
{
    hl_buf text = {0};
    const hl_sink sink = {&text, keep};
    hl_error err = {0};
    int64_t n_rows, lines = -1;

    ok(hl_numerics_count(hl_numerics_about(n), rows, &n_rows, &err) == HL_OK);
    ok(hl_numerics_write(hl_numerics_about(n), rows, &sink, NULL, &err) == HL_OK);
    is_str(text.at, want);
    for (size_t i = 0; i < text.n; i++)
        lines += text.at[i] == '\n';
    is_int(n_rows, lines);
    hl_buf_free(&text);
}

static void raw_rows_have_tick_seconds_and_wall_clock(void)
{
    hl_numerics *n = load("81000001");
    const int32_t hr_and_perf[] = {2, 0};
    hl_numerics_rows rows = {.from = HL_NUMERICS_START, .to = HL_NUMERICS_END};

    rows_are(n, &rows,
             "tick,seconds,time,HR [bpm],NBPs [mmHg],Perf [NU]\n"
             "-16,-0.016007,2159-03-05 03:00:12.329,,118,\n"
             "0,0.000000,2159-03-05 03:00:12.345,60,,3.45043\n"
             "1024,1.024451,2159-03-05 03:00:13.369,61,,3.5\n"
             "1500,1.500660,2159-03-05 03:00:13.846,,121.5,\n"
             "2048,2.048902,2159-03-05 03:00:14.394,62,,\n"
             "9000,9.003962,2159-03-05 03:00:21.349,59,,0.25\n");
    rows = (hl_numerics_rows){.from = 1024, .to = 2048, .column = hr_and_perf, .n_columns = 2};
    rows_are(n, &rows,
             "tick,seconds,time,Perf [NU],HR [bpm]\n"
             "1024,1.024451,2159-03-05 03:00:13.369,3.5,61\n"
             "1500,1.500660,2159-03-05 03:00:13.846,,\n");
    hl_numerics_close(&n);
}

static void held_values_reach_as_far_as_they_may(void)
{
    hl_numerics *n = load("81000001");
    const int32_t pressure[] = {1};
    hl_numerics_rows rows = {.from = 0,
                             .to = HL_NUMERICS_END,
                             .column = pressure,
                             .n_columns = 1,
                             .hold = 1,
                             .hold_s = 1.2};

    rows_are(n, &rows,
             "tick,seconds,time,NBPs [mmHg]\n"
             "0,0.000000,2159-03-05 03:00:12.345,118\n"
             "1024,1.024451,2159-03-05 03:00:13.369,118\n"
             "1500,1.500660,2159-03-05 03:00:13.846,121.5\n"
             "2048,2.048902,2159-03-05 03:00:14.394,121.5\n"
             "9000,9.003962,2159-03-05 03:00:21.349,\n");
    hl_numerics_close(&n);
}

static void a_grid_has_the_last_value_of_each_step(void)
{
    put("g.csv", "time,a [u],b\n-1,9,\n0,1,\n400,2,\n999,3,4\n1000,,5\n3100,7,\n");
    hl_numerics *n = load("g.csv");
    hl_numerics_rows rows = {.from = 0, .to = HL_NUMERICS_END, .rate_hz = 1};

    rows_are(n, &rows,
             "tick,seconds,a [u],b\n"
             "0,0.000000,3,4\n"
             "1000,1.000000,,5\n"
             "1999,2.000000,,\n"
             "2999,3.000000,7,\n");
    rows.from = HL_NUMERICS_START;
    rows.to = 2000;
    rows.hold = 1;
    rows_are(n, &rows,
             "tick,seconds,a [u],b\n"
             "-1000,-1.000000,9,\n"
             "0,0.000000,3,4\n"
             "1000,1.000000,3,5\n"
             "1999,2.000000,3,5\n");
    rows = (hl_numerics_rows){.from = 5000, .to = 6000, .rate_hz = 0.5, .hold = 1, .hold_s = 1.5};
    rows_are(n, &rows, "tick,seconds,a [u],b\n5000,5.002201,,\n");
    rows.hold_s = 2;
    rows_are(n, &rows, "tick,seconds,a [u],b\n5000,5.002201,7,\n");
    rows = (hl_numerics_rows){.from = 0, .to = 1000, .rate_hz = 4};
    rows_are(n, &rows,
             "tick,seconds,a [u],b\n"
             "0,0.000000,1,\n"
             "250,0.250000,2,\n"
             "500,0.500000,,\n"
             "750,0.750000,3,4\n"
             "1000,1.000000,,\n");
    hl_numerics_close(&n);
}

static void an_array_has_its_ticks_in_front_or_a_regular_step(void)
{
    hl_numerics *n = load("81000001");
    hl_numerics_rows rows = {
        .from = HL_NUMERICS_START, .to = HL_NUMERICS_END, .format = HL_NUMERICS_NPY};
    hl_buf npy = {0}, json = {0};
    const hl_sink sink = {&npy, keep};
    hl_error err = {0};
    double v[4];

    ok(hl_numerics_write(hl_numerics_about(n), &rows, &sink, NULL, &err) == HL_OK);
    is_int(npy.n, 128 + 6 * 4 * 8);
    like(npy.at + 10, "'descr': '<f8', 'fortran_order': False, 'shape': (6, 4), }");
    memcpy(v, npy.at + 128 + 32, sizeof v);
    is_value(v[0], 0);
    is_value(v[1], 60);
    is_value(v[2], NAN);
    is_value(v[3], 3.45043);
    rows.rate_hz = 0.125;
    ok(hl_numerics_describe(hl_numerics_about(n), &rows, &json, &err) == HL_OK);
    is_str(json.at, "{\n \"rows\": 3,\n \"columns\": [\n  {\n   \"name\": \"HR\",\n   \"units\": "
                    "\"bpm\"\n  },\n  {\n   \"name\": \"NBPs\",\n   \"units\": \"mmHg\"\n  },\n  "
                    "{\n   \"name\": \"Perf\",\n   \"units\": \"NU\"\n  }\n ],\n \"tick_hz\": "
                    "999.56,\n \"rate_hz\": 0.125,\n \"first_tick\": -7996.48,\n \"first_time\": "
                    "\"2159-03-05 03:00:04.345\"\n}\n");
    hl_buf_free(&npy);
    hl_buf_free(&json);
    hl_numerics_close(&n);
}

static void times_are_ticks_and_columns_are_found_by_name(void)
{
    hl_numerics *n = load("81000001");
    const hl_numerics_info *info = hl_numerics_about(n);
    hl_error err = {0};
    int64_t tick;
    int32_t column;

    ok(hl_numerics_tick_of(info, "c1024", &tick, &err) == HL_OK);
    is_int(tick, 1024);
    ok(hl_numerics_tick_of(info, "10", &tick, &err) == HL_OK);
    is_int(tick, 9996);
    ok(hl_numerics_tick_of(info, "2159-03-05 03:01:12.345", &tick, &err) == HL_OK);
    is_int(tick, 59974);
    ok(hl_numerics_tick_of(info, "e", &tick, &err) == HL_OK);
    is_int(tick, 9001);
    ok(hl_numerics_tick_of(info, "s5", &tick, &err) == HL_E_USAGE);
    like(err.message, "'s5': numerics have no samples and no frames");
    ok(hl_numerics_tick_of(info, "x", &tick, &err) == HL_E_USAGE);

    ok(hl_numerics_find(info, hl_str_of("NBPs"), &column, &err) == HL_OK);
    is_int(column, 1);
    ok(hl_numerics_find(info, hl_str_of("NBPs [mmHg]"), &column, &err) == HL_OK);
    ok(hl_numerics_find(info, hl_str_of("NBPs [kPa]"), &column, &err) == HL_E_USAGE);
    is_str(err.message, "no column 'NBPs [kPa]'; there are HR, NBPs, Perf");
    hl_numerics_close(&n);
    put("two.csv", "time,T [degC],T [degF]\n");
    n = load("two.csv");
    ok(hl_numerics_find(hl_numerics_about(n), hl_str_of("T"), &column, &err) == HL_E_USAGE);
    is_str(err.message, "2 columns are called 'T'\nGive the units too: 'T [UNITS]'.");
    ok(hl_numerics_find(hl_numerics_about(n), hl_str_of("T [degF]"), &column, &err) == HL_OK);
    is_int(column, 1);
    hl_numerics_close(&n);
}

static void a_grid_of_absurd_length_is_refused(void)
{
    put("far.csv", "time,a\n0,1\n9000000000000000000,2\n");
    hl_numerics *n = load("far.csv");
    hl_numerics_rows rows = {.from = 0, .to = HL_NUMERICS_END, .rate_hz = 1};
    hl_error err = {0};
    int64_t n_rows;

    is_int(hl_numerics_count(hl_numerics_about(n), &rows, &n_rows, &err), HL_E_LIMIT);
    like(err.message, "at most 10^10 are written");
    hl_numerics_close(&n);
}

int main(void)
{
    folder = temp_folder();
    run(the_rows_of_a_record_are_ticks_and_columns_of_doubles);
    run(the_clock_is_that_of_the_record);
    run(a_file_without_a_record_has_the_usual_ticks_and_no_clock);
    run(names_may_hold_brackets_commas_and_quotes);
    run(late_rows_are_sorted_in_and_counted);
    run(each_fault_is_named_with_its_line_and_column);
    run(a_record_without_numerics_says_what_was_looked_for);
    run(a_dictzip_file_is_read);
    run(a_record_of_the_database_is_read_with_its_clock);
    run(raw_rows_have_tick_seconds_and_wall_clock);
    run(held_values_reach_as_far_as_they_may);
    run(a_grid_has_the_last_value_of_each_step);
    run(an_array_has_its_ticks_in_front_or_a_regular_step);
    run(times_are_ticks_and_columns_are_found_by_name);
    run(a_grid_of_absurd_length_is_refused);
    hl_remove_tree(folder, NULL);
    return done();
}
