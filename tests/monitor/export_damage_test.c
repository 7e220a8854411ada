#include "monitor/export.h"

#include "base/rng.h"
#include "export_world.h"

#define TAIL "\t\t\t" M1 "\n"

/* --- each fault, with the words it is told in ------------------------------------------------- */

/* Three rows of a table, the one in the middle at fault: what is told, and what is read. */
typedef struct {
    const char *row; /* the row at fault */
    const char *told;
    int64_t n_read;
    const char *read; /* the second message, NULL = it is left out */
} fault;

static void check_faults(hl_message_kind kind, const char *name, const char *first,
                         const char *last, const fault *f, size_t n_faults)
{
    const char *folder = new_world();
    for (size_t i = 0; i < n_faults; i++) {
        heard h = {0};
        hl_error err = {0};
        hl_buf rows = {0}, got = {0};
        int64_t n;
        hl_buf_printf(&rows, "%s%s%s", first, f[i].row, last);
        write_bytes(folder, name, rows.at, rows.n);
        is_int(read_world(folder, kind, &h, &got, &n, &err), HL_END);
        tap_check(n == f[i].n_read && !strcmp(heard_text(&h), f[i].told), __FILE__, __LINE__,
                  "case %zu: %" PRId64 " messages, told\n# %s not\n# %s", i, n, heard_text(&h),
                  f[i].told);
        if (f[i].read)
            like(got.at, f[i].read);
        hl_buf_free(&rows);
        hl_buf_free(&got);
        heard_free(&h);
    }
    hl_remove_tree(folder, NULL);
}

#define T0 "2021-01-01 10:00:00.000 +01:00"
#define T1 "2021-01-01 10:00:01.000 +01:00"
#define T2 "2021-01-01 10:00:02.000 +01:00"

static void faults_of_numeric_rows_are_told_by_row_and_column(void)
{
#define FILE_ROW "NumericValue." DAY ": row 2: "
#define OUT "; the row is left out\n"
    static const fault faults[] = {
        {"1\t" T1 "\t5\t0\t\t70\t" M1 "\n", "", 3, "5 1 70\n"},
        {"1\t" T1 "\t5\t0\t\t\t" M1 "\n", "", 3, "5 1 NULL\n"},
        {"1\t" T1 "\t5\t9\tx\t-0.5E+1\t" M1 "\n", "", 3, "5 1 -0.5E+1\n"}, /* not looked at */
        {"1\t" T1 "\t5\t0\t\t7O\t" M1 "\n", "1: " FILE_ROW "Value is malformed; taken as NULL\n", 3,
         "5 1 NULL\n"},
        {"1\t" T1 "\t5\t0\t\tnan\t" M1 "\n", "1: " FILE_ROW "Value is malformed; taken as NULL\n",
         3, "5 1 NULL\n"},
        {"1\t" T1 "\t5\t0\t\t1e999\t" M1 "\n", "1: " FILE_ROW "Value is malformed; taken as NULL\n",
         3, "5 1 NULL\n"},
        {"1\t2021-02-30 10:00:01.000 +01:00\t5\t0\t\t70\t" M1 "\n",
         "0: " FILE_ROW "TimeStamp is malformed" OUT, 2, NULL},
        {"1\t\t5\t0\t\t70\t" M1 "\n", "0: " FILE_ROW "TimeStamp is empty" OUT, 2, NULL},
        {"1\t" T1 "\t5x\t0\t\t70\t" M1 "\n", "0: " FILE_ROW "SequenceNumber is malformed" OUT, 2,
         NULL},
        {"1\t" T1 "\t9223372036854775807\t0\t\t70\t" M1 "\n",
         "0: " FILE_ROW "SequenceNumber is malformed" OUT, 2, NULL},
        {"1\t" T1 "\t-4503599627370497\t0\t\t70\t" M1 "\n",
         "0: " FILE_ROW "SequenceNumber is malformed" OUT, 2, NULL},
        {"1\t" T1 "\t99999999999999999999\t0\t\t70\t" M1 "\n",
         "0: " FILE_ROW "SequenceNumber is malformed" OUT, 2, NULL},
        {"1\t" T1 "\t\t0\t\t70\t" M1 "\n", "0: " FILE_ROW "SequenceNumber is empty" OUT, 2, NULL},
        {"\t" T1 "\t5\t0\t\t70\t" M1 "\n", "0: " FILE_ROW "NumericId is empty" OUT, 2, NULL},
        {"one\t" T1 "\t5\t0\t\t70\t" M1 "\n", "0: " FILE_ROW "NumericId is malformed" OUT, 2, NULL},
        {"1\t" T1 "\t5\t0\t\t70\tnobody\n", "0: " FILE_ROW "MappingId is malformed" OUT, 2, NULL},
        {"1\t" T1 "\t5\t0\t\t70\t\n", "0: " FILE_ROW "MappingId is empty" OUT, 2, NULL},
        {"1\t" T1 "\t5\t0\t\t70\t" M1 "\r\n", "0: " FILE_ROW "MappingId is malformed" OUT, 2, NULL},
        /* One finding a row that is left out, whatever else is wrong with it. */
        {"x\ty\tz\t0\t\tw\tv\n", "0: " FILE_ROW "TimeStamp is malformed" OUT, 2, NULL},
        {"2\t" T1 "\t5\t0\t\t70\t" M1 "\n",
         "5: " FILE_ROW "table Numeric has no row for its NumericId" OUT, 2, NULL},
        {"1\t2021-01-01 09:59:59.999 +01:00\t5\t0\t\t70\t" M1 "\n",
         "2: " FILE_ROW "older than a row before it" OUT, 2, NULL},
        /* 08:00 UTC is older than 09:00 UTC, whatever the clocks show. */
        {"1\t2021-01-01 12:00:00.000 +04:00\t5\t0\t\t70\t" M1 "\n",
         "2: " FILE_ROW "older than a row before it" OUT, 2, NULL},
        {"1\t" T0 "\t4\t0\t\t60\t" M1 "\n", "3: " FILE_ROW "the same as a row before it" OUT, 2,
         NULL},
        {"1\t" T0 "\t4\t0\t\t60.0\t" M1 "\n", "", 3, "4 1 60.0\n"}, /* other bytes: another row */
        {"1\t" T1 "\t3\t0\t\t70\t" M1 "\n", "", 3, "3 1 70\n"},     /* sequence numbers may fall */
        {"1\t" T1 "\t5\t0\t\t70\n", "4: " FILE_ROW "damaged; 41 bytes skipped to the next row\n", 2,
         NULL},
        {"1\t" T1 "\t5\t0\t\t70\t" M1 "\t\n",
         "4: " FILE_ROW "damaged; 79 bytes skipped to the next row\n", 2, NULL},
        {"\n", "4: " FILE_ROW "damaged; 1 bytes skipped to the next row\n", 2, NULL},
    };
    check_faults(HL_MESSAGE_NUMERIC, "NumericValue." DAY, "1\t" T0 "\t4\t0\t\t60\t" M1 "\n",
                 "1\t" T2 "\t6\t0\t\t80\t" M1 "\n", faults, sizeof faults / sizeof *faults);
}

static void faults_of_enumeration_and_alert_rows_are_told(void)
{
#undef FILE_ROW
#define FILE_ROW "EnumerationValue: row 2: "
    static const fault beats[] = {
        {"1\t" T1 "\t5\t\tV\t" M1 "\n", "", 3, "5 1 V\n"},
        {"1\t" T1 "\t5\t\t\t" M1 "\n", "", 3, "5 1 NULL\n"},
        {"1\t" T1 "\t5\t\tM\xc3\xbcller\t" M1 "\n", "", 3, "5 1 M\xc3\xbcller\n"},
        {"1\t" T1 "\t5\t\tM\xfcller\t" M1 "\n",
         "1: " FILE_ROW "Value is malformed; taken as NULL\n", 3, "5 1 NULL\n"},
        {"1\t" T1 "\t5\t\ta\x01z\t" M1 "\n", "1: " FILE_ROW "Value is malformed; taken as NULL\n",
         3, "5 1 NULL\n"},
        {"9\t" T1 "\t5\t\tV\t" M1 "\n",
         "5: " FILE_ROW "table Enumeration has no row for its EnumerationId" OUT, 2, NULL},
    };
    check_faults(HL_MESSAGE_ENUMERATION, "EnumerationValue", "1\t" T0 "\t4\t\tN\t" M1 "\n",
                 "1\t" T2 "\t6\t\tN\t" M1 "\n", beats, sizeof beats / sizeof *beats);
#undef FILE_ROW
#define FILE_ROW "Alert.dat: row 2: "
#define A "C0000000-0000-4000-8000-000000000001"
    static const fault alerts[] = {
        {T1 "\t5\t" A "\t1\t2\tHigh HR\t1\t1\t1\t5\t" T1 "\t" T0 "\t\t" M1 "\n", "", 3,
         "5 High HR 1 1 110\n"},
        {T1 "\t5\t\t\t\tHigh HR\t\t\t\t\t\t\t\t" M1 "\n", "", 3, "5 High HR -1 0 000\n"},
        {T1 "\t5\tnot-a-uuid\t1\t2\tHigh HR\t1\t1\t1\t5\t" T1 "\t" T0 "\t\t" M1 "\n",
         "1: " FILE_ROW "AlertId is malformed; taken as NULL\n", 3, "5 High HR 1 1 110\n"},
        {T1 "\t5\t" A "\t1\t2\tHigh HR\tbad\t1\tyes\t5\tsoon\t" T0 "\t\t" M1 "\n",
         "1: " FILE_ROW "Severity is malformed; taken as NULL\n"
         "1: " FILE_ROW "IsSilenced is malformed; taken as NULL\n"
         "1: " FILE_ROW "AnnounceTime is malformed; taken as NULL\n",
         3, "5 High HR -1 0 010\n"},
        {T1 "\t5\t" A "\t1\t2\t\t1\t1\t1\t5\t" T1 "\t" T0 "\t\t" M1 "\n",
         "0: " FILE_ROW "Label is empty" OUT, 2, NULL},
        {T1 "\t5\t" A "\t1\t2\t\xff\t1\t1\t1\t5\t" T1 "\t" T0 "\t\t" M1 "\n",
         "0: " FILE_ROW "Label is malformed" OUT, 2, NULL},
    };
    check_faults(HL_MESSAGE_ALERT, "Alert.dat",
                 T0 "\t4\t" A "\t1\t2\tApnea\t1\t1\t0\t5\t" T0 "\t" T0 "\t\t" M1 "\n",
                 T2 "\t6\t" A "\t1\t2\tApnea\t1\t1\t0\t5\t" T0 "\t" T0 "\t\t" M1 "\n", alerts,
                 sizeof alerts / sizeof *alerts);
}

static void a_single_zero_byte_is_the_empty_text(void)
{
    const char *folder = new_world();
    const char rows[] = "1\t" T0 "\t4\t\t\0\t" M1 "\n"
                        "1\t" T1 "\t5\t\t\0\0\t" M1 "\n";
    heard h = {0};
    hl_error err = {0};
    hl_buf got = {0};
    int64_t n;
    write_bytes(folder, "EnumerationValue", rows, sizeof rows - 1);
    is_int(read_world(folder, HL_MESSAGE_ENUMERATION, &h, &got, &n, &err), HL_END);
    is_str(got.at, "4 1 \n5 1 NULL\n");
    is_str(heard_text(&h), "1: EnumerationValue: row 2: Value is malformed; taken as NULL\n");
    heard_free(&h);
    hl_buf_free(&got);
    hl_remove_tree(folder, NULL);
}

static void faults_of_definitions_are_told(void)
{
    const char *folder = new_world();
    const char *rows =
        "12\t1\t2\tA\t0\t0\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\n" /* a period of no ticks */
        "13\t1\t2\tA\t0\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\n"
        "11\t1\t2\tA\t0\t4\t2\t\t\tx\t\t\t\t\t\t\t\t\t\xff\t\t\n"
        "11\t1\t2\tlater\t0\t8\t1\t\t\t\t\t\t\t\t\t\t\t\t\t\t\n"
        "10\tB\t2\tA\n";
    heard h = {0};
    hl_error err = {0};
    hl_export *e = NULL;
    size_t n;
    write_bytes(folder, "Wave", rows, strlen(rows));
    is_int(open_one(folder, &h, &e, &err), HL_OK);
    is_str(heard_text(&h), "0: Wave: row 1: SamplePeriod is malformed; the row is left out\n"
                           "0: Wave: row 2: SamplePeriod is empty; the row is left out\n"
                           "1: Wave: row 3: IsSlowWave is malformed; taken as NULL\n"
                           "1: Wave: row 3: LowEdgeFrequency is malformed; taken as NULL\n"
                           "1: Wave: row 3: UnitLabel is malformed; taken as NULL\n"
                           "4: Wave: row 5: damaged; 9 bytes skipped to the next row\n");
    const hl_wave_definition *w = hl_export_waves(e, &n);
    is_int(n, 1); /* of two with one id the last holds */
    ok(w->sample_period == 8 && hl_str_is(w->label, "later") && w->is_slow_wave);
    hl_export_close(&e);
    heard_free(&h);
    hl_remove_tree(folder, NULL);
}

/* --- binary rows ------------------------------------------------------------------------------ */

/* What a WaveSample file of these bytes tells and gives. */
static int64_t read_waves(const char *folder, const hl_buf *rows, heard *h, hl_buf *got)
{
    hl_error err = {0};
    int64_t n;
    write_bytes(folder, "WaveSample", rows->at, rows->n);
    hl_code c = read_world(folder, HL_MESSAGE_WAVE, h, got, &n, &err);
    tap_check(c == HL_END, __FILE__, __LINE__, "code %d: %s", (int)c, err.message);
    return n;
}

static void faults_of_wave_rows_are_told(void)
{
#undef FILE_ROW
#define FILE_ROW "WaveSample: row 2: "
    static const struct {
        const char *id, *time, *sequence;
        size_t n_bytes;
        const char *rest, *told;
        int64_t n_read;
        const char *read;
    } cases[] = {
        {"11", T1, "5", 26, "0 1\t2 3 4 5\t6\t" M1 "\n", "", 3,
         "5 11 [13] 1fe3 090a 0a09 0a0a =0 1 =2 3 4 5 =6\n"},
        {"11", T1, "5", 26, "0 1\tx\t6\t" M1 "\n",
         "1: " FILE_ROW "InvalidSamples is malformed; taken as NULL\n", 3,
         "5 11 [13] 1fe3 090a 0a09 0a0a =0 1 - =6\n"},
        {"11", T1, "5", 26, "0,1\t-2\t6.5\t" M1 "\n",
         "1: " FILE_ROW "UnavailableSamples is malformed; taken as NULL\n"
         "1: " FILE_ROW "InvalidSamples is malformed; taken as NULL\n"
         "1: " FILE_ROW "PacedPulses is malformed; taken as NULL\n",
         3, "5 11 [13] 1fe3 090a 0a09 0a0a - - -\n"},
        {"11", T1, "5", 26, "\t\t\tA0000000\n", "0: " FILE_ROW "MappingId is malformed" OUT, 2,
         NULL},
        {"11", T1, "5", 26, "\t\t\t\n", "0: " FILE_ROW "MappingId is empty" OUT, 2, NULL},
        {"11", T1, "5", 25, TAIL, "0: " FILE_ROW "WaveSamples is malformed" OUT, 2, NULL},
        {"11", T1, "5", 0, TAIL, "0: " FILE_ROW "WaveSamples is empty" OUT, 2, NULL},
        {"11", "yesterday", "5", 26, TAIL, "0: " FILE_ROW "TimeStamp is malformed" OUT, 2, NULL},
        {"", T1, "5", 26, TAIL, "0: " FILE_ROW "WaveId is empty" OUT, 2, NULL},
        {"1.5", T1, "5", 26, TAIL, "0: " FILE_ROW "WaveId is malformed" OUT, 2, NULL},
        {"11", T1, "five", 26, TAIL, "0: " FILE_ROW "SequenceNumber is malformed" OUT, 2, NULL},
        {"12", T1, "5", 26, TAIL, "5: " FILE_ROW "table Wave has no row for its WaveId" OUT, 2,
         NULL},
        {"11", T0, "1000000", 26, TAIL, "3: " FILE_ROW "the same as a row before it" OUT, 2, NULL},
        {"11", T0, "1000000", 24, TAIL, "", 3, "1000000 11 [12] 1fe3"},
        {"11", "2020-12-31 10:00:00.000 +01:00", "5", 26, TAIL,
         "2: " FILE_ROW "older than a row before it" OUT, 2, NULL},
    };
    const char *folder = new_world();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        heard h = {0};
        hl_buf rows = {0}, got = {0};
        put_wave(&rows, 11, 0, 13, TAIL);
        put_wave_claiming(&rows, cases[i].id, cases[i].time, cases[i].sequence, world_samples,
                          cases[i].n_bytes, -1, cases[i].rest);
        put_wave(&rows, 11, 2000, 13, TAIL);
        int64_t n = read_waves(folder, &rows, &h, &got);
        tap_check(n == cases[i].n_read && !strcmp(heard_text(&h), cases[i].told), __FILE__,
                  __LINE__, "case %zu: %" PRId64 " messages, told\n# %s not\n# %s", i, n,
                  heard_text(&h), cases[i].told);
        if (cases[i].read)
            like(got.at, cases[i].read);
        heard_free(&h);
        hl_buf_free(&rows);
        hl_buf_free(&got);
    }
    hl_remove_tree(folder, NULL);
}

static void twins_are_found_among_many_rows_of_one_time(void)
{
    const char *folder = new_world();
    heard h = {0};
    hl_buf rows = {0}, got = {0};
    for (int turn = 0; turn < 2; turn++)
        for (int i = 0; i < 5000; i++) {
            char sequence[32];
            snprintf(sequence, sizeof sequence, "%d", i);
            put_wave_claiming(&rows, "11", T0, sequence, world_samples, 26, -1, TAIL);
        }
    put_wave_claiming(&rows, "11", T1, "7", world_samples, 26, -1, TAIL); /* another time */
    is_int(read_waves(folder, &rows, &h, &got), 5001);
    is_int(h.n[HL_EXPORT_TWIN_ROW], 5000);
    is_int(h.all, 5000);
    heard_free(&h);
    hl_buf_free(&rows);
    hl_buf_free(&got);
    hl_remove_tree(folder, NULL);
}

static void a_length_that_lies_costs_its_own_row_and_no_other(void)
{
    static const int64_t lies[] = {0,
                                   1,
                                   2,
                                   23,
                                   24,
                                   25,
                                   27,
                                   28,
                                   50,
                                   200,
                                   1000,
                                   5000,
                                   70000,
                                   1 << 20,
                                   1 << 24,
                                   0xffffff,
                                   (1 << 24) + 1,
                                   0x7fffffff,
                                   0xfffffffe,
                                   0xffffffff};
    const char *folder = new_world();
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        heard h = {0};
        hl_buf rows = {0}, got = {0};
        char want[200];
        put_wave(&rows, 11, 0, 13, TAIL);
        size_t start = rows.n;
        put_wave_claiming(&rows, "11", T1, "5", world_samples, 26, lies[i], TAIL);
        size_t length = rows.n - start;
        for (int k = 2; k < 40; k++)
            put_wave(&rows, k % 2 ? 11 : 21, k * 1000, 13, TAIL);
        snprintf(want, sizeof want,
                 "4: WaveSample: row 2: damaged; %zu bytes skipped to the next row\n", length);
        int64_t n = read_waves(folder, &rows, &h, &got);
        tap_check(n == 39 && !strcmp(heard_text(&h), want), __FILE__, __LINE__,
                  "length %" PRId64 ": %" PRId64 " messages, %s", lies[i], n, heard_text(&h));
        ok(!strstr(got.at, "\n5 ") && strstr(got.at, "\n1002000 "));
        heard_free(&h);
        hl_buf_free(&rows);
        hl_buf_free(&got);
    }
    hl_remove_tree(folder, NULL);
}

static void a_row_cut_in_its_samples_costs_no_more_than_the_row_behind_it(void)
{
    const char *folder = new_world();
    hl_buf one = {0};
    put_wave(&one, 11, 1000, 20, TAIL);
    for (size_t cut = 1; cut < one.n; cut++) {
        heard h = {0};
        hl_buf rows = {0}, got = {0};
        put_wave(&rows, 11, 0, 13, TAIL);
        hl_buf_append(&rows, one.at, cut); /* and the next row follows at once */
        for (int k = 2; k < 6; k++)
            put_wave(&rows, 11, k * 1000, 13, TAIL);
        int64_t n = read_waves(folder, &rows, &h, &got);
        bool good =
            h.all == 1 && n == 4 && strstr(got.at, "\n1003000 ") && strstr(got.at, "\n1005000 ");
        tap_check(good, __FILE__, __LINE__, "cut at %zu: %" PRId64 " messages, %s", cut, n,
                  heard_text(&h));
        heard_free(&h);
        hl_buf_free(&rows);
        hl_buf_free(&got);
    }
    hl_buf_free(&one);
    hl_remove_tree(folder, NULL);
}

static void bytes_lost_in_the_middle_cost_that_row_alone(void)
{
    const char *folder = new_world();
    hl_buf one = {0};
    put_wave(&one, 11, 1000, 60, TAIL);
    /* The samples are 120 bytes behind "11\tTIME\tSEQUENCE\tLENGTH". */
    const size_t samples = strlen("11\t" T1 "\t1001000\t") + 4;
    for (size_t lost = 1; lost < 120; lost += 7) {
        heard h = {0};
        hl_buf rows = {0}, got = {0};
        put_wave(&rows, 11, 0, 13, TAIL);
        hl_buf_append(&rows, one.at, samples);
        hl_buf_append(&rows, one.at + samples + lost, one.n - samples - lost);
        for (int k = 2; k < 6; k++)
            put_wave(&rows, 11, k * 1000, 13, TAIL);
        is_int(read_waves(folder, &rows, &h, &got), 5);
        is_int(h.n[HL_EXPORT_DAMAGE], 1);
        is_int(h.all, 1);
        ok(strstr(got.at, "\n1002000 ") != NULL);
        heard_free(&h);
        hl_buf_free(&rows);
        hl_buf_free(&got);
    }
    hl_buf_free(&one);
    hl_remove_tree(folder, NULL);
}

static void cut_anywhere_the_whole_rows_in_front_are_read(void)
{
    const char *folder = new_world();
    hl_buf rows = {0};
    size_t end[8];
    for (int k = 0; k < 8; k++) {
        put_wave(&rows, k % 2 ? 21 : 11, k * 1000, 5 + k, k == 3 ? "0 1\t2 2\t3\t" M1 "\n" : TAIL);
        end[k] = rows.n;
    }
    for (size_t cut = 0; cut <= rows.n; cut++) {
        heard h = {0};
        hl_buf part = {0}, got = {0};
        char want[200] = "";
        int64_t whole = 0;
        while (whole < 8 && end[whole] <= cut)
            whole++;
        size_t rest = cut - (whole > 0 ? end[whole - 1] : 0);
        if (rest > 0)
            snprintf(want, sizeof want,
                     "4: WaveSample: row %d: damaged; %zu bytes skipped to the end of the file\n",
                     (int)whole + 1, rest);
        hl_buf_append(&part, rows.at, cut);
        int64_t n = read_waves(folder, &part, &h, &got);
        tap_check(n == whole && !strcmp(heard_text(&h), want), __FILE__, __LINE__,
                  "cut at %zu: %" PRId64 " messages, not %" PRId64 "; %s", cut, n, whole,
                  heard_text(&h));
        heard_free(&h);
        hl_buf_free(&part);
        hl_buf_free(&got);
    }
    hl_buf_free(&rows);
    hl_remove_tree(folder, NULL);
}

static void a_long_stretch_of_rubbish_is_passed_over_in_bounded_memory(void)
{
    const char *folder = new_world();
    heard h = {0};
    hl_buf rows = {0}, got = {0};
    hl_rng rng = hl_rng_of(1, "rubbish", 0);
    put_wave(&rows, 11, 0, 13, TAIL);
    for (size_t i = 0; i < 5u << 20; i++) { /* 40 MiB, longer than a row can be */
        uint64_t v = hl_rng_u64(&rng);
        hl_buf_append(&rows, &v, sizeof v);
    }
    hl_buf_text(&rows, TAIL);
    put_wave(&rows, 11, 1000, 13, TAIL);
    put_wave(&rows, 11, 2000, 13, TAIL);
    is_int(read_waves(folder, &rows, &h, &got), 3);
    is_int(h.n[HL_EXPORT_DAMAGE], 1);
    like(heard_text(&h), "4: WaveSample: row 2: damaged; 41943080 bytes skipped to the next row\n");
    heard_free(&h);
    hl_buf_free(&rows);
    hl_buf_free(&got);
    hl_remove_tree(folder, NULL);
}

static void a_row_of_16_mib_is_read(void)
{
    const char *folder = new_world();
    const size_t n_bytes = (size_t)(15 << 20) + 900000;
    heard h = {0};
    hl_buf rows = {0}, got = {0};
    uint8_t *samples = malloc(n_bytes);
    ok(samples != NULL);
    for (size_t i = 0; samples && i < n_bytes; i++)
        samples[i] = (uint8_t)(i * 2654435761u >> 13);
    put_wave_claiming(&rows, "11", T0, "1", samples, n_bytes, -1, TAIL);
    put_wave(&rows, 11, 2000, 13, TAIL);
    is_int(read_waves(folder, &rows, &h, &got), 2);
    is_int(h.all, 0);
    like(got.at, "1 11 [8314320] ");
    free(samples);
    heard_free(&h);
    hl_buf_free(&rows);
    hl_buf_free(&got);
    hl_remove_tree(folder, NULL);
}

/* --- properties ------------------------------------------------------------------------------- */

/* Rows of a file that change of single bytes cannot turn into others unnoticed are still read. */
static void after_any_corruption_untouched_rows_are_read(void)
{
    enum { N_ROWS = 30, TURNS = 400 };
    const char *folder = new_world();
    hl_buf rows = {0};
    size_t start[N_ROWS + 1];
    for (int k = 0; k < N_ROWS; k++) {
        start[k] = rows.n;
        put_wave(&rows, k % 2 ? 21 : 11, k * 1000, 8 + k, TAIL);
    }
    start[N_ROWS] = rows.n;
    for (uint64_t turn = 0; turn < TURNS; turn++) {
        hl_rng rng = hl_rng_of(5, "corrupt", turn);
        heard h = {0};
        hl_buf bad = {0}, got = {0};
        int64_t n;
        hl_error err = {0};
        /* One row is hit: its bytes change, or some of them are lost. */
        int hit = (int)hl_rng_below(&rng, N_ROWS);
        size_t length = start[hit + 1] - start[hit];
        size_t at = start[hit] + hl_rng_below(&rng, length);
        size_t lost = hl_rng_below(&rng, 2) ? hl_rng_below(&rng, start[hit + 1] - at) : 0;
        hl_buf_append(&bad, rows.at, at);
        hl_buf_append(&bad, rows.at + at + lost, rows.n - at - lost);
        for (int i = 0; i < 3 && lost == 0; i++)
            bad.at[start[hit] + hl_rng_below(&rng, length)] = (char)hl_rng_u64(&rng);
        write_bytes(folder, "WaveSample", bad.at, bad.n);
        hl_code c = read_world(folder, HL_MESSAGE_WAVE, &h, &got, &n, &err);
        ok(c == HL_END);
        /* A time that has become a later one makes those behind it old; else at most the next row
         * goes with the one that is hit. */
        int64_t missing = N_ROWS - n - h.n[HL_EXPORT_OLD_ROW];
        tap_check(missing <= 2 && missing >= -1, __FILE__, __LINE__,
                  "turn %d: %" PRId64 " of %d messages, %s", (int)turn, n, N_ROWS, heard_text(&h));
        heard_free(&h);
        hl_buf_free(&bad);
        hl_buf_free(&got);
    }
    hl_buf_free(&rows);
    hl_remove_tree(folder, NULL);
}

/* Findings go into errors.csv and logs, which nobody guards like the export. */
static void no_finding_repeats_what_the_export_says(void)
{
    const char *folder = new_world();
    const char *rows = "SECRET\tSECRET\tSECRET\tSECRET\tSECRET\tSECRET\tSECRET\n"
                       "1\t" T0 "\t4\t0\t\tSECRET\t" M1 "\n"
                       "1\t" T0 "\t4\t0\t\t1\tSECRET\n"
                       "SECRET\nSECRET";
    heard h = {0};
    hl_error err = {0};
    hl_buf got = {0};
    int64_t n;
    write_bytes(folder, "NumericValue", rows, strlen(rows));
    is_int(read_world(folder, HL_MESSAGE_NUMERIC, &h, &got, &n, &err), HL_END);
    is_int(h.all, 5);
    ok(!strstr(heard_text(&h), "SECRET"));
    heard_free(&h);
    hl_buf_free(&got);
    hl_remove_tree(folder, NULL);
}

int main(void)
{
    run(faults_of_numeric_rows_are_told_by_row_and_column);
    run(faults_of_enumeration_and_alert_rows_are_told);
    run(a_single_zero_byte_is_the_empty_text);
    run(faults_of_definitions_are_told);
    run(faults_of_wave_rows_are_told);
    run(twins_are_found_among_many_rows_of_one_time);
    run(a_length_that_lies_costs_its_own_row_and_no_other);
    run(a_row_cut_in_its_samples_costs_no_more_than_the_row_behind_it);
    run(bytes_lost_in_the_middle_cost_that_row_alone);
    run(cut_anywhere_the_whole_rows_in_front_are_read);
    run(a_long_stretch_of_rubbish_is_passed_over_in_bounded_memory);
    run(a_row_of_16_mib_is_read);
    run(after_any_corruption_untouched_rows_are_read);
    run(no_finding_repeats_what_the_export_says);
    return done();
}
