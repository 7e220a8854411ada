/* The program's files are in no library: this test takes the one that it is about. */
#include "app/progress.c"

#include "tap.h"

static int width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static const app_view half = {.phase = "rendering films",
                              .done = 1204,
                              .total = 2300,
                              .part = 1204 / 2300.0,
                              .failed = 3,
                              .items_per_s = 312.4,
                              .bytes_per_s = 45e6,
                              .left_s = 65,
                              .phase_s = 4};

static void a_wide_terminal_shows_everything(void)
{
    char text[APP_LINE_BYTES];
    app_progress_bar_line(&half, 119, false, text);
    is_str(text, "rendering films  [############............]  52%  1,204/2,300  3 failed  312/s  "
                 "45 MB/s  1:05 left");
    app_progress_bar_line(&half, 100, true, text);
    like(text, "  \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2591");
}

static void a_narrow_terminal_drops_what_matters_least(void)
{
    char text[APP_LINE_BYTES];
    app_progress_bar_line(&half, 79, false, text);
    is_str(text, "rendering films  [#####.....]  52%  1,204/2,300  3 failed  312/s  1:05 left");
    app_progress_bar_line(&half, 50, false, text);
    is_str(text, "rendering films  52%  3 failed  1:05 left");
    app_progress_bar_line(&half, 24, false, text);
    is_str(text, "rendering films  52%");
    app_progress_bar_line(&half, 5, true, text);
    is_str(text, "rende");
}

static void no_line_is_wider_than_the_terminal(void)
{
    char text[APP_LINE_BYTES];
    const app_view long_name = {.phase = "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9",
                                .left_s = -1, .part = -1};
    for (int columns = 0; columns < 200; columns++) {
        app_progress_bar_line(&half, columns, true, text);
        ok(width(text) <= columns);
        app_progress_bar_line(&long_name, columns, true, text);
        ok(width(text) <= columns);
        ok(hl_utf8_fault(text, strlen(text)) < 0);
    }
}

static void without_a_total_there_is_no_bar_but_the_time(void)
{
    char text[APP_LINE_BYTES];
    const app_view v = {.phase = "reading labevents",
                        .done = 12345678,
                        .part = -1,
                        .items_per_s = 1234567,
                        .bytes_per_s = 98e6,
                        .left_s = -1,
                        .phase_s = 3725};
    app_progress_bar_line(&v, 79, false, text);
    is_str(text, "reading labevents  12,345,678  1.2 M/s  98 MB/s  1:02:05");
}

static void a_log_gets_words(void)
{
    char text[APP_LINE_BYTES];
    app_progress_plain_line(&half, text);
    is_str(text,
           "rendering films: 1,204 of 2,300 (52%), 0:04, 3 failed, 312/s, 45 MB/s, 1:05 left");
    app_progress_plain_line(&(app_view){.phase = "", .part = -1, .left_s = -1, .phase_s = 10}, text);
    is_str(text, "starting: 0:10");
}

static void done_beyond_total_stays_at_100_percent(void)
{
    char text[APP_LINE_BYTES];
    const app_view v = {.phase = "x", .done = 30, .total = 20, .part = 1, .left_s = -1};
    app_progress_bar_line(&v, 79, false, text);
    is_str(text, "x  [##########] 100%  30/20");
}

static void one_large_file_is_told_by_its_bytes(void)
{
    char text[APP_LINE_BYTES];
    app_progress p = {0};
    hl_ctl ctl = {.phase = "reading", .bytes = 500, .bytes_end = 500 + 4000000};
    app_view v = app_progress_view(&p, &ctl, 10);
    ok(v.part == 0);
    ctl.bytes += 1000000;
    v = app_progress_view(&p, &ctl, 11);
    ok(v.part == 0.25 && v.left_s > 2.9 && v.left_s < 3.1);
    app_progress_bar_line(&v, 79, false, text);
    is_str(text, "reading  [##........]  25%  1 MB/s  0:03 left");
    app_progress_plain_line(&v, text);
    is_str(text, "reading: 25%, 0:01, 1 MB/s, 0:03 left");
}

static void rates_come_from_the_last_seconds_of_the_phase(void)
{
    app_progress p = {0};
    hl_ctl ctl = {.phase = "a", .total = 1000};
    app_view v = app_progress_view(&p, &ctl, 100);
    ok(v.left_s < 0);
    for (int i = 1; i <= 200; i++) { /* 10 a second, later 20 */
        ctl.done += i <= 100 ? 1 : 2;
        ctl.bytes += 100;
        v = app_progress_view(&p, &ctl, 100 + i * 0.1);
    }
    is_int(v.items_per_s + 0.5, 16); /* 16 s: the first 6 of them at the slow rate */
    is_int(v.bytes_per_s + 0.5, 1000);
    ok(v.left_s > 40 && v.left_s < 46);
    ctl.phase = "b";
    ctl.done = 0;
    v = app_progress_view(&p, &ctl, 121);
    ok(v.items_per_s == 0 && v.left_s < 0 && v.phase_s == 0);
}

int main(void)
{
    run(a_wide_terminal_shows_everything);
    run(a_narrow_terminal_drops_what_matters_least);
    run(no_line_is_wider_than_the_terminal);
    run(without_a_total_there_is_no_bar_but_the_time);
    run(a_log_gets_words);
    run(done_beyond_total_stays_at_100_percent);
    run(one_large_file_is_told_by_its_bytes);
    run(rates_come_from_the_last_seconds_of_the_phase);
    return done();
}
