#include "monitor/waves.h"

#include "format/wfdb/wfdb.h"
#include "tap.h"

#define FIRST INT64_C(500000000123) /* sequence number of tick 0 */

/* --- waves to try ----------------------------------------------------------------------------- */

#define SOME(v)                                                                                    \
    {                                                                                              \
        v, true                                                                                    \
    }

static const hl_wave_definition lead_ii = {.id = 1,
                                           .base_physio_id = 131328,
                                           .physio_id = 131330,
                                           .label = {"II", 2},
                                           .sample_period = 4,
                                           .low_edge_hz = SOME(0.5),
                                           .high_edge_hz = SOME(35),
                                           .scale_lower = SOME(0),
                                           .scale_upper = SOME(16383),
                                           .scaled_lower = SOME(8092),
                                           .scaled_upper = SOME(8292),
                                           .absolute_lower = SOME(0),
                                           .absolute_upper = SOME(1),
                                           .unit_label = {"mV", 2}};
static const hl_wave_definition pressure = {.id = 2,
                                            .base_physio_id = 150016,
                                            .physio_id = 150036,
                                            .label = {"ABP", 3},
                                            .sample_period = 8,
                                            .scale_lower = SOME(1),
                                            .scale_upper = SOME(8191),
                                            .scaled_lower = SOME(800),
                                            .scaled_upper = SOME(4000),
                                            .absolute_lower = SOME(0),
                                            .absolute_upper = SOME(200),
                                            .unit_label = {"mmHg", 4}};
static const hl_wave_definition breath = {.id = 3,
                                          .base_physio_id = 151562,
                                          .physio_id = 151552,
                                          .label = {"Resp", 4},
                                          .sample_period = 16,
                                          .scale_lower = SOME(1),
                                          .scaled_lower = SOME(2),
                                          .scaled_upper = SOME(4095),
                                          .absolute_lower = SOME(0),
                                          .absolute_upper = SOME(1),
                                          .unit_label = {"Ohm", 3}};

/* A stay in the making, in a folder of its own. */
typedef struct {
    hl_stay_options options;
    hl_arena *arena;
    hl_waves *waves;
    hl_stay_result result;
    hl_error err;
    hl_code code;
} trial;

static trial *begin(hl_stay_style style)
{
    trial *t = calloc(1, sizeof *t);

    t->options = (hl_stay_options){.style = style,
                                   .folder = strdup(temp_folder()),
                                   .name = style == HL_STAY_DOWNCAST ? "waves" : "81234567",
                                   .tick_hz = 999.56,
                                   .effort = HL_FLAC_FAST,
                                   .version_line = true};
    t->arena = hl_arena_new(0);
    ok(hl_waves_new(&t->options, t->arena, &t->waves, &t->err) == HL_OK);
    return t;
}

static void finish(trial *t)
{
    hl_waves_free(&t->waves);
    hl_arena_free(&t->arena);
    ok(hl_remove_tree(t->options.folder, NULL) == HL_OK);
    free((char *)(uintptr_t)t->options.folder);
    free(t);
}

/* n samples at a tick, all of one value or (value < 0) a ramp by tick. */
static void send_lists(trial *t, const hl_wave_definition *w, int64_t tick, int64_t n, int value,
                       const char *unavailable, const char *invalid, const char *paced)
{
    uint8_t *bytes = malloc((size_t)n * 2 + 1);
    hl_message m = {.kind = HL_MESSAGE_WAVE,
                    .sequence = FIRST + tick,
                    .wave = w,
                    .sample = bytes,
                    .n = n,
                    .unavailable = hl_str_of(unavailable),
                    .invalid = hl_str_of(invalid),
                    .paced = hl_str_of(paced)};

    for (int64_t i = 0; i < n; i++) {
        uint16_t v = (uint16_t)(value >= 0 ? value : 1 + (tick / w->sample_period + i) % 1000);
        bytes[2 * i] = (uint8_t)v;
        bytes[2 * i + 1] = (uint8_t)(v >> 8);
    }
    if (t->code == HL_OK)
        t->code = hl_waves_add(t->waves, &m, &t->err);
    free(bytes);
}

static void send(trial *t, const hl_wave_definition *w, int64_t tick, int64_t n, int value)
{
    send_lists(t, w, tick, n, value, NULL, NULL, NULL);
}

static void end(trial *t)
{
    hl_stamp start = {0};

    if (t->code == HL_OK)
        t->code = hl_waves_end(t->waves, start, &t->result, &t->err);
    tap_check(t->code == HL_OK, __FILE__, __LINE__, "code %d: %s", (int)t->code, t->err.message);
}

/* A file of the folder as text of static storage; "" = there is none. */
static const char *text_of(const trial *t, const char *name)
{
    static char text[4][4096];
    static int turn;
    char *to = text[turn++ % 4], path[HL_PATH_BYTES];
    hl_buf b = {0};

    to[0] = 0;
    snprintf(path, sizeof path, "%s/%s", t->options.folder, name);
    if (hl_file_exists(path) && hl_read_file(path, 1 << 20, &b, NULL, NULL) == HL_OK)
        snprintf(to, sizeof text[0], "%s", b.at ? b.at : "");
    hl_buf_free(&b);
    return to;
}

/* Names of the files written, in the order of writing, with blanks between. */
static const char *files_of(const trial *t)
{
    static char text[4096];
    size_t at = 0;

    text[0] = 0;
    for (size_t i = 0; i < t->result.n_files; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i ? " " : "",
                               t->result.file[i].name);
    return text;
}

/* --- segments --------------------------------------------------------------------------------- */

static void periods_that_do_not_divide_a_frame_are_refused(void)
{
    static const int64_t bad[] = {32, 17, 5, 3, 0, -4};
    trial *t = begin(HL_STAY_DOWNCAST);
    hl_wave_definition w = pressure;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char want[80];
        w.sample_period = bad[i];
        t->code = HL_OK;
        send(t, &w, 0, 8, 5);
        is_int(t->code, HL_E_INPUT);
        snprintf(want, sizeof want,
                 "wave 2: a sample period of %d ticks does not divide a frame of 16 ticks",
                 (int)bad[i]);
        like(t->err.message, want);
    }
    finish(t);
}

static void one_signal_makes_one_segment(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);

    send(t, &pressure, 0, 640, -1);
    send(t, &pressure, 5120, 2, 0); /* 0 means not measured: one frame of -32768 */
    end(t);
    is_str(text_of(t, "0000000000.hea"),
           "0000000000 1 62.5/1000 321\r\n"
           "0000000000.dat 16x2 16(800)/mmHg 10 512 0 8512 0 ABP\r\n");
    is_str(text_of(t, "waves.hea"), "#wfdb 10.6\r\nwaves/2 1 62.5/1000 321\r\n"
                                    "waves_layout 0\r\n0000000000 321\r\n");
    is_str(files_of(t), "0000000000.dat 0000000000.hea waves_layout.hea waves.hea");
    is_int(t->result.n_segments, 1);
    is_int(t->result.n_frames, 321);
    is_int(t->result.n_samples, 642);
    is_int(t->result.file[0].digest.bytes, 1284);
    finish(t);
}

static void a_signal_that_comes_or_goes_begins_a_segment(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);

    send(t, &lead_ii, 0, 1280, -1);
    send(t, &lead_ii, 5120, 1280, -1);
    send(t, &breath, 5120, 320, 7);
    send(t, &lead_ii, 10240, 1280, -1);
    send(t, &lead_ii, 25600, 4, -1); /* after a gap */
    end(t);
    is_str(text_of(t, "waves.hea"), "#wfdb 10.6\r\nwaves/6 2 62.5/1000 1601\r\n"
                                    "waves_layout 0\r\n0000000000 320\r\n0000005120 320\r\n"
                                    "0000010240 320\r\n~ 640\r\n0000025600 1\r\n");
    like(text_of(t, "0000005120.hea"), "0000005120 2 62.5/1000(5120) 320\r\n"
                                       "0000005120.dat 16x4 200(8192)/mV 10 512 0 ");
    like(text_of(t, "0000005120.hea"),
         " 0 II\r\n0000005120.dat 16 4093(2)/Ohm 3 4 0 2240 0 Resp\r\n"
         "# signal 0 (II): channel=0 bandpass=[0.5,35]\r\n");
    is_int(t->result.n_gaps, 1);
    is_int(t->result.n_segments, 4);
    finish(t);
}

/* However the same samples are cut into messages, the record is the same. */
static void message_lengths_do_not_matter(void)
{
    static const int64_t step[] = {320, 1280, 64, 4096, 100, 36};
    hl_digest first[4];

    for (size_t k = 0; k < sizeof step / sizeof *step; k++) {
        trial *t = begin(HL_STAY_DATABASE);
        for (int64_t tick = 0; tick < 102400; tick += step[k] * 16) {
            int64_t n = (102400 - tick) / 16 < step[k] ? (102400 - tick) / 16 : step[k];
            send(t, &lead_ii, tick, n * 4, -1);
            send(t, &pressure, tick, n * 2, -1);
            send(t, &breath, tick, n, -1);
        }
        end(t);
        is_str(files_of(t), "81234567_0001e.dat 81234567_0001p.dat 81234567_0001r.dat "
                            "81234567_0001.hea 81234567_0000.hea 81234567.hea");
        for (size_t i = 0; i < 4 && i < t->result.n_files; i++) {
            if (k == 0)
                first[i] = t->result.file[i].digest;
            ok(hl_digest_equal(&first[i], &t->result.file[i].digest));
        }
        finish(t);
    }
}

static void what_came_twice_is_left_out(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);

    send(t, &pressure, 0, 640, 100);
    send(t, &pressure, 5120, 640, 100);
    send(t, &pressure, 2560, 640, 9999); /* begins before what waits, and half is new */
    send(t, &pressure, 0, 320, 9999);
    send(t, &pressure, 5120, 640, 100); /* waits: the same again */
    send(t, &pressure, 10240, 640, 100);
    send(t, &pressure, 10240, 0, 100);
    end(t);
    is_int(t->result.n_frames, 960);
    is_int(t->result.n_segments, 1);
    like(text_of(t, "0000000000.hea"), " 7 64 0 60928 0 ABP"); /* 1920 * 100, no 9999 */
    finish(t);
}

static void of_two_that_contradict_the_first_written_wins(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);

    send(t, &pressure, 0, 640, 100);
    send(t, &pressure, 5120, 640, 100);
    send(t, &pressure, 10240, 640, 100);
    send(t, &pressure, 5120, 1280, 200); /* goes back: first, what waits is written */
    end(t);
    is_int(t->result.n_frames, 960);
    is_int(t->result.n_overlap_ticks, 10240);
    like(text_of(t, "0000000000.hea"), " 7 64 0 60928 0 ABP"); /* 1920 * 100, no 200 */
    finish(t);
}

static void descriptions_that_are_taken_get_a_plus(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);
    hl_wave_definition second = lead_ii, third = lead_ii;

    second.channel = 1;
    third.channel = 2;
    third.label = hl_str_of("II+");
    send(t, &lead_ii, 0, 16, 1);
    send(t, &second, 0, 16, 2);
    send(t, &third, 0, 16, 3);
    end(t);
    like(text_of(t, "0000000000.hea"), "# signal 0 (II): channel=0");
    like(text_of(t, "0000000000.hea"), "# signal 1 (II+): channel=1");
    like(text_of(t, "0000000000.hea"), "# signal 2 (II++): channel=2");
    finish(t);
}

static void no_calibration_is_a_gain_of_the_whole_range(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);
    hl_wave_definition w = breath;

    w.absolute_upper.has = false;
    send(t, &w, 0, 16, 1000);
    end(t);
    like(text_of(t, "0000000000.hea"), " 16 1024(0)/Ohm 10 512 0 16000 0 Resp\r\n");
    is_str(text_of(t, "waves.hea"),
           "waves/2 1 62.5/1000 16\r\nwaves_layout 0\r\n0000000000 16\r\n");
    finish(t);
}

static void time_that_runs_backwards_gives_a_negative_base(void)
{
    static const hl_stay_style style[2] = {HL_STAY_DOWNCAST, HL_STAY_DATABASE};

    for (int k = 0; k < 2; k++) {
        trial *t = begin(style[k]);
        send(t, &pressure, 0, 640, 100);
        send(t, &pressure, -20480, 1280, 200);
        send(t, &lead_ii, 5120, 1280, 300);
        end(t);
        is_int(t->result.base_ticks, -20480);
        is_int(t->result.n_frames, 1920);
        is_str(text_of(t, k ? "81234567.hea" : "waves.hea"),
               k ? "#wfdb 10.7\r\n81234567/5 2 62.4725/999.56(-20480) 1920\r\n81234567_0000 0\r\n"
                   "81234567_0001 640\r\n~ 640\r\n81234567_0002 320\r\n81234567_0003 320\r\n"
                 : "#wfdb 10.6\r\nwaves/5 2 62.5/1000(-20480) 1920\r\nwaves_layout 0\r\n"
                   "-000020480 640\r\n~ 640\r\n0000000000 320\r\n0000005120 320\r\n");
        if (k) {
            like(text_of(t, "81234567_0001.hea"), "81234567_0001 1 62.4725/999.56(-20480) 640\r\n"
                                                  "81234567_0001p.dat 516x2 16(800)/mmHg 8 128 0 "
                                                  "59392 0 ABP\r\n");
            like(text_of(t, "81234567_0002.hea"), "81234567_0002 1 62.4725/999.56 320\r\n"
                                                  "81234567_0002p.dat ");
            like(text_of(t, "81234567_0003.hea"), "81234567_0003e.dat 516x4");
            is_str(files_of(t), "81234567_0002p.dat 81234567_0002.hea 81234567_0001p.dat "
                                "81234567_0001.hea 81234567_0003e.dat 81234567_0003.hea "
                                "81234567_0000.hea 81234567.hea");
        }
        for (size_t i = 0; i < t->result.n_files; i++) { /* digests follow the names */
            char path[HL_PATH_BYTES];
            hl_buf b = {0};
            hl_digest d;
            snprintf(path, sizeof path, "%s/%s", t->options.folder, t->result.file[i].name);
            ok(hl_read_file(path, 1 << 20, &b, &d, NULL) == HL_OK);
            ok(hl_digest_equal(&d, &t->result.file[i].digest));
            hl_buf_free(&b);
        }
        finish(t);
    }
}

static void a_gap_that_is_filled_later_keeps_its_place(void)
{
    trial *t = begin(HL_STAY_DATABASE);

    send(t, &pressure, 0, 640, 1);
    send(t, &pressure, 10240, 640, 3);
    send(t, &pressure, 5120, 640, 2);
    send(t, &pressure, 15360, 640, 4);
    end(t);
    is_str(text_of(t, "81234567.hea"),
           "#wfdb 10.7\r\n81234567/5 1 62.4725/999.56 1280\r\n81234567_0000 0\r\n"
           "81234567_0001 320\r\n81234567_0002 320\r\n81234567_0003 320\r\n81234567_0004 320\r\n");
    like(text_of(t, "81234567_0002.hea"), "(5120) 320");
    like(text_of(t, "81234567_0003.hea"), "(10240) 320");
    finish(t);
}

static void signals_whose_messages_lie_askew_share_a_segment(void)
{
    trial *t = begin(HL_STAY_DATABASE);

    for (int64_t k = 0; k < 10; k++) {
        send(t, &breath, k * 5120, 320, 7);
        send(t, &lead_ii, k * 5120 + 4, 1280, -1); /* a quarter of a frame late */
    }
    end(t);
    is_int(t->result.n_segments, 1);
    like(text_of(t, "81234567_0001.hea"), "81234567_0001 2 62.4725/999.56(16) 3199\r\n");
    /* Of the first and last frame there is only a part. */
    finish(t);
}

/* Their starts are rounded to 4, 8 and 16 ticks: the slow ones begin before what waits. */
static void slow_signals_are_kept_after_a_jump_of_no_whole_frame(void)
{
    static const int64_t jump[] = {67212, 67201, 51200 + 30007, -80004};
    static const char *const want[] = {"(67216) 3199\r\n", "(67200) 3200\r\n", "(81216) 3199\r\n",
                                       "(-80000) 3199\r\n"};

    for (size_t i = 0; i < sizeof jump / sizeof *jump; i++) {
        trial *t = begin(HL_STAY_DATABASE);
        char head[64];
        for (int64_t k = 0; k < 20; k++) {
            const int64_t tick = k < 10 ? k * 5120 : jump[i] + (k - 10) * 5120;
            send(t, &lead_ii, tick, 1280, -1);
            send(t, &pressure, tick, 640, -1);
            send(t, &breath, tick, 320, -1);
        }
        end(t);
        is_int(t->result.n_segments, 2);
        is_int(t->result.n_overlap_ticks, 0);
        snprintf(head, sizeof head, "81234567_000%d 3 62.4725/999.56%s", jump[i] < 0 ? 1 : 2,
                 want[i]);
        like(text_of(t, jump[i] < 0 ? "81234567_0001.hea" : "81234567_0002.hea"), head);
        finish(t);
    }
}

static void samples_of_no_whole_frame(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);
    trial *d = begin(HL_STAY_DATABASE);

    send(t, &lead_ii, 0, 1, 1);
    send(t, &pressure, 16, 5, 3); /* two frames and half a one */
    end(t);
    is_int(t->result.file[0].digest.bytes, 2);
    is_int(t->result.file[2].digest.bytes, 10);
    like(text_of(t, "0000000016.hea"), "(16) 2\r\n0000000016.dat 16x2 16(800)/mmHg 2 2 0 15 0 ABP");
    finish(t);
    send(d, &lead_ii, 0, 1, 1);
    send(d, &pressure, 16, 5, 3);
    end(d);
    is_str(files_of(d), "81234567_0001p.dat 81234567_0001.hea 81234567_0000.hea 81234567.hea");
    like(text_of(d, "81234567_0001.hea"),
         "(16) 2\r\n81234567_0001p.dat 516x2 16(800)/mmHg 2 2 0 12 0");
    finish(d);
}

static void sequence_numbers_from_another_world_are_counted(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);

    send(t, &pressure, 0, 640, 100);
    send(t, &pressure, (INT64_C(1) << 62), 640, 100);
    send(t, &pressure, -(INT64_C(1) << 62), 640, 100);
    send(t, &pressure, INT64_MAX - FIRST, 640, 100);
    send(t, &pressure, INT64_MIN + 0, 640, 100);
    send(t, &pressure, (INT64_C(1) << 52) - 16, 2, 100);
    end(t);
    is_int(t->result.n_out_of_range, 4);
    is_int(t->result.n_frames, INT64_C(1) << 48);
    is_int(t->result.n_segments, 2);
    finish(t);
}

static void nothing_makes_no_record(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);
    bool any = true;
    size_t n = 9;

    end(t);
    is_int(t->result.n_files, 0);
    hl_waves_base_sequence(t->waves, &any);
    ok(!any);
    ok(hl_waves_quality(t->waves, &n) == NULL && n == 0);
    ok(hl_waves_saved(t->waves, &n) == NULL && n == 0);
    finish(t);
    t = begin(HL_STAY_DATABASE);
    send(t, &pressure, 77, 0, 0); /* a message, but no sample */
    end(t);
    is_int(t->result.n_files, 0);
    is_int(hl_waves_base_sequence(t->waves, &any), FIRST + 77);
    ok(any);
    finish(t);
}

static void a_message_of_hours_passes(void)
{
    trial *t = begin(HL_STAY_DATABASE);
    const int64_t n = INT64_C(1) << 24;

    send(t, &lead_ii, 0, n, 4321);
    send(t, &breath, 0, 640, 5);
    send(t, &lead_ii, n * 4, 640, 4321);
    end(t);
    is_int(t->result.n_frames, n / 4 + 160);
    is_int(t->result.n_segments, 2);
    is_int(t->result.n_samples, n + 640 + 640);
    finish(t);
}

/* --- groups of files -------------------------------------------------------------------------- */

static void groups_follow_the_samples_a_frame(void)
{
    static const int64_t period[] = {8, 8, 16, 8, 4, 2, 1};
    trial *t = begin(HL_STAY_DATABASE);

    for (int i = 0; i < 7; i++) {
        hl_wave_definition w = breath;
        char label[8];
        w.id = w.physio_id = i;
        w.label = (hl_str){label, (size_t)snprintf(label, sizeof label, "S%d", i)};
        w.sample_period = period[i];
        send(t, &w, 0, 160 / period[i], 100 + i);
    }
    end(t);
    /* S3 goes to the other signals of its rate: a file that comes back would be read again from its
     * start. */
    is_str(text_of(t, "81234567_0001.hea"),
           "81234567_0001 7 62.4725/999.56 10\r\n"
           "81234567_0001p.dat 516x2 4093(2)/Ohm 7 64 0 2000 0 S0\r\n"
           "81234567_0001p.dat 516x2 4093(2)/Ohm 7 64 0 2020 0 S1\r\n"
           "81234567_0001p.dat 516x2 4093(2)/Ohm 7 64 0 2060 0 S3\r\n"
           "81234567_0001r.dat 516 4093(2)/Ohm 7 64 0 1020 0 S2\r\n"
           "81234567_0001e.dat 516x4 4093(2)/Ohm 7 64 0 4160 0 S4\r\n"
           "81234567_0001h.dat 516x8 4093(2)/Ohm 7 64 0 8400 0 S5\r\n"
           "81234567_0001x.dat 516x16 4093(2)/Ohm 7 64 0 16960 0 S6\r\n");
    finish(t);
}

static void nine_signals_of_a_group_take_two_files(void)
{
    trial *t = begin(HL_STAY_DATABASE);

    for (int i = 0; i < 17; i++) {
        hl_wave_definition w = lead_ii;
        char label[8];
        w.channel = i;
        w.label = (hl_str){label, (size_t)snprintf(label, sizeof label, "V%d", i)};
        send(t, &w, 0, 160, i);
    }
    send(t, &breath, 0, 40, 1);
    end(t);
    is_str(files_of(t), "81234567_0001e.dat 81234567_0001e2.dat 81234567_0001e3.dat "
                        "81234567_0001r.dat 81234567_0001.hea 81234567_0000.hea 81234567.hea");
    like(text_of(t, "81234567_0001.hea"),
         "81234567_0001e.dat 516x4 200(8192)/mV 3 4 0 1120 0 V7\r\n"
         "81234567_0001e2.dat 516x4 200(8192)/mV 4 8 0 1280 0 V8\r\n");
    finish(t);
}

/* --- failures and the master ------------------------------------------------------------------ */

static void a_stay_with_such_segments_fails_and_leaves_no_temporary(void)
{
    trial *t = begin(HL_STAY_DATABASE);
    hl_wave_definition other = pressure;
    hl_names names = {0};
    hl_stamp none = {0};

    other.unit_label = hl_str_of("kPa");
    send(t, &pressure, 0, 640, 5);
    send(t, &other, 5120, 640, 5);
    send(t, &other, 10240, 640, 5);
    if (t->code == HL_OK)
        t->code = hl_waves_end(t->waves, none, &t->result, &t->err);
    is_int(t->code, HL_E_INPUT);
    like(t->err.message, "signal ABP: units mmHg in one segment and kPa in another");
    hl_waves_free(&t->waves);
    ok(hl_list_folder(t->options.folder, &names, NULL) == HL_OK);
    for (size_t i = 0; i < names.n; i++)
        ok(strncmp(names.name[i], ".tmp-", 5) != 0);
    hl_names_free(&names);
    finish(t);
}

static void a_folder_that_is_gone_is_an_error(void)
{
    trial *t = begin(HL_STAY_DATABASE);

    ok(hl_remove_tree(t->options.folder, NULL) == HL_OK);
    send(t, &pressure, 0, 640, 5);
    send(t, &pressure, 51200, 640, 5);
    ok(t->code != HL_OK);
    like(t->err.message, "81234567_0001p.dat");
    ok(mkdir(t->options.folder, 0777) == 0);
    finish(t);
}

static void the_master_has_time_and_ids(void)
{
    static const struct {
        int64_t us;
        int zone;
        const char *want;
    } row[] = {
        {INT64_C(5655049212345678), -300, " 18:00:12.345 14/03/2149\r\n"},
        {-1, 0, " 23:59:59.999 31/12/1969\r\n"},
        {0, 330, " 05:30:00.000 01/01/1970\r\n"},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        trial *t = begin(HL_STAY_DATABASE);
        hl_stamp start = {row[i].us, row[i].zone, true};
        t->options.subject_id = "10000032";
        t->options.hadm_id = i == 1 ? NULL : "22595853";
        t->options.version_line = i != 2;
        send(t, &pressure, 0, 640, 5);
        ok(hl_waves_end(t->waves, start, &t->result, &t->err) == HL_OK);
        like(text_of(t, "81234567.hea"), row[i].want);
        like(text_of(t, "81234567.hea"),
             i == 1 ? "#subject_id 10000032\r\n" : "#subject_id 10000032\r\n#hadm_id 22595853\r\n");
        ok((strstr(text_of(t, "81234567.hea"), "#wfdb 10.7\r\n") != NULL) == (i != 2));
        finish(t);
    }
}

/* --- quality ---------------------------------------------------------------------------------- */

static void quality_is_told_by_union_and_signal(void)
{
    static const hl_quality want[] = {
        {HL_QUALITY_INVALID, 0, 8, 44},    {HL_QUALITY_INVALID, 0, 48, 52},
        {HL_QUALITY_PACED, 0, 20, 20},     {HL_QUALITY_PACED, 0, 24, 24},
        {HL_QUALITY_UNAVAILABLE, 0, 4, 8}, {HL_QUALITY_UNAVAILABLE, 1, 16, 176},
    };
    trial *t = begin(HL_STAY_DOWNCAST);
    const hl_quality *q;
    size_t n = 0;

    send_lists(t, &breath, 0, 640, 9, "1 5 6 10", NULL, NULL);
    send_lists(t, &lead_ii, 0, 1280, 9, "1 1", "5 10 2 5", "6 5 6");
    send_lists(t, &lead_ii, 0, 1280, 9, "1 1", "-9 -3", "5 -100");  /* again, and before tick 0 */
    send_lists(t, &lead_ii, 0, 0, 9, "x 1 1", "3 2 12 12", "6 7x"); /* behind a pair of no sense */
    send_lists(t, &lead_ii, 0, 0, 9, "1 1 5", "99999999999999999999 1", " ");
    end(t);
    is_int(t->result.n_bad_lists, 5);
    is_int(hl_waves_n_signals(t->waves), 2);
    is_str(hl_waves_signal(t->waves, 0), "II");
    is_str(hl_waves_signal(t->waves, 1), "Resp");
    q = hl_waves_quality(t->waves, &n);
    is_int(n, sizeof want / sizeof *want);
    for (size_t i = 0; i < n && i < sizeof want / sizeof *want; i++) {
        is_int(q[i].kind, want[i].kind);
        is_int(q[i].signal, want[i].signal);
        is_int(q[i].start, want[i].start);
        is_int(q[i].end, want[i].end);
    }
    finish(t);
}

static void many_intervals_in_any_order_become_one(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);
    const hl_quality *q;
    size_t n = 0;

    send(t, &breath, 0, 64, 9);
    for (int64_t i = 0; i < 20000; i++) {
        char list[64];
        int64_t k = i * 7919 % 20000; /* a permutation: 7919 and 20000 have no common factor */
        snprintf(list, sizeof list, "%" PRId64 " %" PRId64, k, k);
        send_lists(t, &breath, 0, 64, 9, list, NULL, NULL);
    }
    end(t);
    q = hl_waves_quality(t->waves, &n);
    is_int(n, 1);
    ok(n == 1 && q[0].start == 0 && q[0].end == 320000);
    finish(t);
}

static void saved_intervals_are_pairs(void)
{
    trial *t = begin(HL_STAY_DOWNCAST);
    const int64_t *pair;
    size_t n;

    send(t, &pressure, 0, 640, 5);
    send(t, &pressure, 5120, 640, 5);
    send(t, &pressure, 20480, 640, 5);
    end(t);
    pair = hl_waves_saved(t->waves, &n);
    is_int(n, 2);
    ok(n == 2 && pair[0] == 0 && pair[1] == 10240 && pair[2] == 20480 && pair[3] == 25600);
    finish(t);
}

int main(void)
{
    run(periods_that_do_not_divide_a_frame_are_refused);
    run(one_signal_makes_one_segment);
    run(a_signal_that_comes_or_goes_begins_a_segment);
    run(message_lengths_do_not_matter);
    run(what_came_twice_is_left_out);
    run(of_two_that_contradict_the_first_written_wins);
    run(descriptions_that_are_taken_get_a_plus);
    run(no_calibration_is_a_gain_of_the_whole_range);
    run(time_that_runs_backwards_gives_a_negative_base);
    run(a_gap_that_is_filled_later_keeps_its_place);
    run(signals_whose_messages_lie_askew_share_a_segment);
    run(slow_signals_are_kept_after_a_jump_of_no_whole_frame);
    run(samples_of_no_whole_frame);
    run(sequence_numbers_from_another_world_are_counted);
    run(nothing_makes_no_record);
    run(a_message_of_hours_passes);
    run(groups_follow_the_samples_a_frame);
    run(nine_signals_of_a_group_take_two_files);
    run(a_stay_with_such_segments_fails_and_leaves_no_temporary);
    run(a_folder_that_is_gone_is_an_error);
    run(the_master_has_time_and_ids);
    run(quality_is_told_by_union_and_signal);
    run(many_intervals_in_any_order_become_one);
    run(saved_intervals_are_pairs);
    return done();
}
