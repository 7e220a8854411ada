/* Timestamps of the autumn hour: which move, and which must not. */
#include "monitor/repair.h"

#include "tap.h"

static hl_stamp stamp_of(const char *text)
{
    hl_stamp t = {0};

    ok(hl_stamp_parse(hl_str_of(text), &t));
    return t;
}

static const char *mended(hl_repair *r, const char *text, const char *mapped)
{
    static char out[HL_STAMP_CHARS];
    hl_message m = {.kind = HL_MESSAGE_NUMERIC, .time = stamp_of(text)};

    hl_repair_message(r, &m, mapped ? stamp_of(mapped) : (hl_stamp){0});
    hl_stamp_print(m.time.us, m.time.zone_min, out);
    return out;
}

#define EARLY "2021-11-06 12:00:00.000 -04:00"

static hl_repair begun(void)
{
    hl_repair r = {0};

    hl_repair_begin(&r);
    is_str(mended(&r, "2021-11-07 00:59:58.000 -04:00", EARLY), "2021-11-07 00:59:58.000 -04:00");
    return r;
}

static void the_hour_that_is_stamped_too_early_moves_back(void)
{
    hl_repair r = begun();

    is_str(mended(&r, "2021-11-07 01:00:03.000 -05:00", EARLY), "2021-11-07 02:00:03.000 -03:00");
    is_str(mended(&r, "2021-11-07 01:30:00.000 -05:00", EARLY), "2021-11-07 02:30:00.000 -03:00");
    is_int(r.n_moved, 2);
    is_int(r.n, 1);
}

static void five_minutes_more_move_too_and_no_more(void)
{
    hl_repair r = begun();

    mended(&r, "2021-11-07 01:20:00.000 -05:00", EARLY);
    is_str(mended(&r, "2021-11-07 02:04:59.999 -05:00", EARLY), "2021-11-07 03:04:59.999 -03:00");
    is_str(mended(&r, "2021-11-07 02:05:00.000 -05:00", EARLY), "2021-11-07 02:05:00.000 -05:00");
}

static void summer_time_and_young_mappings_are_right(void)
{
    hl_repair r = begun();

    mended(&r, "2021-11-07 01:00:00.000 -05:00", EARLY);
    is_str(mended(&r, "2021-11-07 01:30:00.000 -05:00", "2021-11-07 01:00:00.000 -05:00"),
           "2021-11-07 01:30:00.000 -05:00");
    is_str(mended(&r, "2021-11-07 01:30:00.001 -05:00", "2021-11-07 01:00:00.000 -05:00"),
           "2021-11-07 02:30:00.001 -03:00");
    is_str(mended(&r, "2021-11-07 01:30:00.000 -05:00", NULL), "2021-11-07 01:30:00.000 -05:00");
    is_int(r.n_doubts, 1);
    is_str(mended(&r, "2021-11-07 02:30:00.000 -04:00", EARLY), "2021-11-07 02:30:00.000 -04:00");
}

static void an_alert_s_other_times_move_with_it(void)
{
    hl_repair r = begun();
    hl_message m = {.kind = HL_MESSAGE_ALERT,
                    .time = stamp_of("2021-11-07 01:10:00.000 -05:00"),
                    .onset = stamp_of("2021-11-07 01:09:00.000 -05:00"),
                    .announce = stamp_of("2021-11-07 00:59:00.000 -04:00")};

    hl_repair_message(&r, &m, stamp_of(EARLY));
    is_int(r.n_moved, 2);
    is_int(m.onset.zone_min, -180);
    is_int(m.announce.zone_min, -240);
    ok(!m.end.has);
}

static void the_next_table_knows_the_night(void)
{
    hl_repair r = begun();

    mended(&r, "2021-11-07 01:20:00.000 -05:00", EARLY);
    hl_repair_begin(&r);
    is_str(mended(&r, "2021-11-07 01:40:00.000 -05:00", EARLY), "2021-11-07 02:40:00.000 -03:00");
    is_int(r.n, 1);
}

static void without_a_change_of_zone_nothing_moves(void)
{
    hl_repair r = {0};

    hl_repair_begin(&r);
    mended(&r, "2021-11-07 00:30:00.000 -05:00", EARLY);
    is_str(mended(&r, "2021-11-07 01:30:00.000 -05:00", EARLY), "2021-11-07 01:30:00.000 -05:00");
    mended(&r, "2021-03-14 01:59:59.000 -05:00", EARLY); /* spring */
    mended(&r, "2021-03-14 03:00:00.000 -04:00", EARLY);
    is_int(r.n, 0);
    hl_repair_begin(&r); /* days lie between: not one night's change */
    mended(&r, "2021-10-01 00:00:00.000 -04:00", EARLY);
    mended(&r, "2021-12-01 01:30:00.000 -05:00", EARLY);
    is_int(r.n, 0);
}

int main(void)
{
    run(the_hour_that_is_stamped_too_early_moves_back);
    run(five_minutes_more_move_too_and_no_more);
    run(summer_time_and_young_mappings_are_right);
    run(an_alert_s_other_times_move_with_it);
    run(the_next_table_knows_the_night);
    run(without_a_change_of_zone_nothing_moves);
    return done();
}
