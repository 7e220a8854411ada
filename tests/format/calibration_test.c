#include "tap.h"

#include "base/io.h"
#include "format/wfdb/calibration.h"

static const char *found(const hl_calibrations *list, const char *name, const char *units)
{
    static char text[100];
    const hl_calibration_row *row = hl_calibration_find(list, name, units);

    if (!row)
        return "none";
    snprintf(text, sizeof text, "%s %g %g %d %g %s", row->name, row->low, row->high,
             (int)row->pulse, row->scale, row->units);
    return text;
}

static void the_first_row_that_begins_the_name_counts(void)
{
    hl_arena *arena = hl_arena_new(0);
    hl_calibrations list;

    ok(hl_calibrations_shipped(arena, &list, NULL) == HL_OK);
    is_int(list.n, 66);
    is_str(found(&list, "ABP", "mmHg"), "ABP 0 nan 2 100 mmHg");
    is_str(found(&list, "ABP Mean", "mmHg"), "ABP 0 nan 2 100 mmHg");
    is_str(found(&list, "II", "mV"), "I nan 2 2 1 mV");
    is_str(found(&list, "II", "uV"), "I nan nan 0 100 uV");
    is_str(found(&list, "aVR", "mV"), "aV nan 2 2 1 mV");
    is_str(found(&list, "ECG", "uV"), "ECG nan 1 1 1000 uV");
    is_str(found(&list, "PAWP", "mmHg"), "PAWP 0 nan 0 10 mmHg");
    is_str(found(&list, "P1", "mmHg"), "P nan nan 0 100 mmHg");
    is_str(found(&list, "record x, signal 0", "mmHg"), "record nan nan 0 100 mmHg");
    is_str(found(&list, "RESP", NULL), "RESP nan nan 0 1 l");
    is_str(found(&list, "abp", "mmHg"), "none");
    is_str(found(&list, "ABP", "kPa"), "none");
    is_str(found(&list, "", "mV"), "none");
    hl_arena_free(&arena);
}

static void lines_that_are_no_rows_are_passed_over(void)
{
    hl_arena *arena = hl_arena_new(0);
    hl_calibrations list;
    const char *text = "# comment\n\n \t\r\nA b\t- 1 sine 1 mV\r\nB - 1 sine 1 mV\n"
                       "C\t1 2 square 3\nD\t1 2 x y\tz\n  E\t\t-5  5 sawtooth 1e3 \t uV more\n"
                       "*\t0 - undefined 7 any";

    ok(hl_calibrations_parse(arena, hl_str_of(text), &list, NULL) == HL_OK);
    is_int(list.n, 4);
    is_str(found(&list, "A bc", "mV"), "A b nan 1 1 1 mV");
    is_str(found(&list, "D", "z"), "D 1 2 0 0 z");
    is_str(found(&list, "E", "uV"), "E -5 5 3 1000 uV");
    is_str(found(&list, "Q", "any"), " 0 nan 0 7 any");
    is_str(found(&list, "Q", "mV"), "none");
    ok(hl_calibrations_parse(arena, (hl_str){NULL, 0}, &list, NULL) == HL_OK);
    is_int(list.n, 0);
    hl_arena_free(&arena);
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void the_shipped_list_is_that_of_WFDB(void)
{
    const char *path = shared("wfdb/lightwave/wfdbcal");
    hl_calibrations ours, theirs;
    hl_buf text = {0};

    if (!path) {
        skip("shared data is not there");
        return;
    }
    hl_arena *arena = hl_arena_new(0);
    ok(hl_read_file(path, 1 << 20, &text, NULL, NULL) == HL_OK);
    ok(hl_calibrations_parse(arena, (hl_str){text.at, text.n}, &theirs, NULL) == HL_OK);
    ok(hl_calibrations_shipped(arena, &ours, NULL) == HL_OK);
    is_int(ours.n, theirs.n);
    for (size_t i = 0; i < ours.n && i < theirs.n; i++) {
        const hl_calibration_row *a = &ours.row[i], *b = &theirs.row[i];
        is_str(a->name, b->name);
        is_str(a->units, b->units);
        ok(same_number(a->low, b->low) && same_number(a->high, b->high));
        ok(a->scale == b->scale && a->pulse == b->pulse);
    }
    hl_buf_free(&text);
    hl_arena_free(&arena);
}

int main(void)
{
    run(the_first_row_that_begins_the_name_counts);
    run(lines_that_are_no_rows_are_passed_over);
    run(the_shipped_list_is_that_of_WFDB);
    return done();
}
