/*
 * Rules of a stay's events on made messages.
 */
#include "tap.h"

#include "base/ctl.h"
#include "format/wfdb/annotation.h"
#include "monitor/events_internal.h"

#define NOON INT64_C(4102488000000000) /* 2100-01-01 12:00:00 UTC, microseconds */
#define SEQ INT64_C(500000000000)      /* of the first wave message, at noon */

enum { MOST = 40 };

typedef struct {
    hl_message m[MOST];
    size_t n, i;
} list;

typedef struct {
    list of[HL_MESSAGE_KINDS];
    hl_numeric_definition numeric[MOST];
    hl_enumeration_definition enumeration[MOST];
    char folder[300];
    char names[400];
    hl_stay_options options;
    hl_stay_result result;
    hl_error err;
    hl_clock *clock;
    hl_quality quality[MOST];
    size_t n_quality;
} stay;

static hl_code next(void *ctx, hl_message *out, hl_error *err)
{
    list *l = ctx;

    (void)err;
    if (l->i == l->n)
        return HL_END;
    *out = l->m[l->i++];
    return HL_OK;
}

static hl_code begin(void *ctx, hl_error *err)
{
    (void)err;
    ((list *)ctx)->i = 0;
    return HL_OK;
}

static stay *new_stay(hl_stay_style style)
{
    stay *x = calloc(1, sizeof *x);

    snprintf(x->folder, sizeof x->folder, "%s", temp_folder());
    x->options = (hl_stay_options){.style = style,
                                   .folder = x->folder,
                                   .scratch = x->folder,
                                   .name = style == HL_STAY_DOWNCAST ? "waves" : "80000001",
                                   .tick_hz = 999.56,
                                   .mtime = 1654041600,
                                   .annotations = true};
    return x;
}

static void free_stay(stay *x)
{
    hl_clock_free(&x->clock);
    hl_remove_tree(x->folder, NULL);
    free(x);
}

/* Wall times here are ms after noon; NONE = no time. */
#define NONE INT64_MIN
static hl_stamp at(int64_t ms)
{
    return ms == NONE ? (hl_stamp){0}
                      : (hl_stamp){.us = NOON + ms * 1000, .zone_min = -300, .has = true};
}

static hl_message *add_message(stay *x, hl_message_kind kind, int64_t tick, int64_t ms)
{
    hl_message *m = &x->of[kind].m[x->of[kind].n++];

    *m = (hl_message){.kind = kind, .sequence = SEQ + tick, .time = at(ms)};
    return m;
}

static void wave(stay *x, int64_t tick, int64_t ms)
{
    add_message(x, HL_MESSAGE_WAVE, tick, ms);
}

static void numeric(stay *x, int64_t tick, int64_t ms, const char *label, const char *unit,
                    const char *value)
{
    hl_message *m = add_message(x, HL_MESSAGE_NUMERIC, tick, ms);
    hl_numeric_definition *d = &x->numeric[x->of[HL_MESSAGE_NUMERIC].n - 1];

    *d = (hl_numeric_definition){
        .sub_label = hl_str_of(label), .unit_label = hl_str_of(unit), .is_aperiodic = ms == NONE};
    m->numeric = d;
    m->number = hl_str_of(value);
    if (ms == NONE)
        m->time = at(123456); /* of an aperiodic one only the sequence number counts */
}

static void beat(stay *x, int64_t tick, int64_t ms, int64_t id, const char *value)
{
    hl_message *m = add_message(x, HL_MESSAGE_ENUMERATION, tick, ms);
    hl_enumeration_definition *d = &x->enumeration[x->of[HL_MESSAGE_ENUMERATION].n - 1];

    *d = (hl_enumeration_definition){.label = hl_str_of("Annot"), .value_physio_id = id};
    m->enumeration = d;
    m->value = hl_str_of(value);
}

static hl_message *alert(stay *x, int64_t tick, int64_t ms, int id, int severity, bool silenced,
                         const char *label)
{
    hl_message *m = add_message(x, HL_MESSAGE_ALERT, tick, ms);

    m->alert.byte[0] = (uint8_t)id;
    m->severity = severity;
    m->is_silenced = silenced;
    m->label = hl_str_of(label);
    return m;
}

static hl_code add(void *ctx, const char *name, const hl_digest *digest, hl_error *err)
{
    stay *x = ctx;

    (void)err;
    ok(digest->bytes >= 0);
    snprintf(x->names + strlen(x->names), sizeof x->names - strlen(x->names), " %s", name);
    return HL_OK;
}

static hl_code write_events(stay *x)
{
    hl_stay_input input;
    int64_t first = 0;
    bool any, conflict;

    for (int k = 0; k < HL_MESSAGE_KINDS; k++)
        input.source[k] = (hl_message_source){&x->of[k], next, begin};
    x->clock = hl_clock_new();
    for (size_t i = 0; i < x->of[HL_MESSAGE_WAVE].n; i++) {
        const hl_message *m = &x->of[HL_MESSAGE_WAVE].m[i];
        ok(hl_clock_add(x->clock, m->sequence, m->time, &conflict, NULL) == HL_OK);
    }
    ok(hl_events_see(&input, x->clock, &x->err) == HL_OK);
    ok(hl_clock_resolve(x->clock, &x->err) == HL_OK);
    ok(hl_events_first(&input, x->clock, &first, &any, &x->err) == HL_OK);
    return hl_events_write(&input, &x->options, x->clock, first, x->quality, x->n_quality, add, x,
                           &x->result, &x->err);
}

/* A file of the stay, inflated. */
static hl_buf bytes_of(const stay *x, const char *name)
{
    hl_buf bytes = {0};
    char path[400], *block;
    hl_stream *s = NULL;
    size_t n;

    hl_buf_text(&bytes, "");
    snprintf(path, sizeof path, "%s/%s", x->folder, name);
    if (hl_stream_open(path, HL_STREAM_PLAIN, NULL, &s, NULL) == HL_OK)
        while (hl_stream_next(s, &block, &n, NULL) == HL_OK)
            hl_buf_append(&bytes, block, n);
    hl_stream_close(&s);
    return bytes;
}

/* The same as text, kept for four calls. */
static const char *text_of(const stay *x, const char *name)
{
    static hl_buf text[4];
    static int turn;
    hl_buf *t = &text[turn++ % 4];

    hl_buf_free(t);
    *t = bytes_of(x, name);
    return t->at;
}

/* Annotations as "tick type/subtype chan num aux|". */
static const char *marks_of(const stay *x, const char *name, double *clock_hz)
{
    static char out[4000];
    char path[400];
    hl_buf bytes = {0};
    hl_annotations all = {0};
    hl_arena *arena = hl_arena_new(0);

    out[0] = 0;
    snprintf(path, sizeof path, "%s/%s", x->folder, name);
    if (hl_read_file(path, SIZE_MAX, &bytes, NULL, NULL) == HL_OK &&
        hl_annotations_parse(arena, bytes.at, bytes.n, name, &all, NULL) == HL_OK)
        for (size_t i = 0; i < all.n; i++) {
            const hl_annotation *a = &all.annotation[i];
            snprintf(out + strlen(out), sizeof out - strlen(out), "%lld %d/%d %d %d %.*s|",
                     (long long)a->time, (int)a->type, (int)a->subtype, (int)a->chan, (int)a->num,
                     (int)a->aux.n, a->aux.n ? a->aux.at : "");
        }
    if (clock_hz)
        *clock_hz = all.clock_hz;
    hl_buf_free(&bytes);
    hl_arena_free(&arena);
    return out;
}

/* --- texts ------------------------------------------------------------------------------------ */

static void is_label(const char *label, size_t n, const char *want)
{
    hl_buf to = {0};

    ok(hl_label_ascii(&to, (hl_str){label, n}, NULL) == HL_OK);
    is_str(to.at ? to.at : "", want);
    hl_buf_free(&to);
}

static void labels_turn_into_ascii_by_name(void)
{
    static const char *const table[][2] = {
        {"\xE2\x9C\xB1\xE2\x9C\xB1 VTach", "** VTach"},
        {"\xC2\xB5V", "uV"},
        {"\xC2\xB0"
         "C",
         "degC"},
        {"SpO\xE2\x82\x82", "SpO2"},
        {"ml/m\xC2\xB2", "ml/m^2"},
        {"\xCE\x94QTc", "DeltaQTc"},
        {"a\tb\nc\x7F", "a b c "},
        {"\xC3\xA9", "\xC3\xA9"}, /* no name: stays */
        {"\xFFx\xC2", "_x_"},     /* no UTF-8 */
        {"\xED\xA0\x80", "___"},  /* a surrogate */
        {"\xF0\x9F\x92\x93!", "\xF0\x9F\x92\x93!"},
        {"", ""},
    };
    char *long_label = malloc(10000);

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        is_label(table[i][0], strlen(table[i][0]), table[i][1]);
    is_label("a\0b", 3, "a b");
    is_label(NULL, 0, "");
    memset(long_label, 'x', 10000);
    hl_buf to = {0};
    ok(hl_label_ascii(&to, (hl_str){long_label, 10000}, NULL) == HL_OK);
    is_int(to.n, 10000);
    hl_buf_free(&to);
    free(long_label);
    is_int(hl_label_cut(hl_str_of("abc\xE2\x9C\xB1"), 5), 3);
    is_int(hl_label_cut(hl_str_of("abc\xE2\x9C\xB1"), 6), 6);
}

static void values_lose_their_zeros_only_behind_a_point(void)
{
    static const char *const table[][2] = {
        {"98.00000", "98"},
        {"0.50000", "0.5"},
        {"100", "100"},
        {"100.00000", "100"},
        {"0", "0"},
        {"0.00000", "0"},
        {"-0.75000", "-0.75"},
        {"-0.00000", "-0"},
        {"007.50", "7.5"},
        {"+3.10", "3.1"},
        {".5", "0.5"},
        {"5.", "5"},
        {" 12.30 ", "12.3"},
        {"1.50E+10", "1.50E+10"},
        {"000", "0"},
        {"12345678901234567890.120", "12345678901234567890.12"},
    };
    static const char *const none[] = {"",    "-",   ".",   "-.",  "1e",  "1e+",   "NaN",
                                       "inf", "1,5", "1 2", "0x1", "--1", "1.2.3", "Smith"};
    char text[HL_DECIMAL_CHARS], many[200];

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t n = hl_decimal_text(hl_str_of(table[i][0]), text);
        ok(n > 0);
        text[hl_decimal_short(text, n)] = 0;
        is_str(text, table[i][1]);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        is_int(hl_decimal_text(hl_str_of(none[i]), text), 0);
    memset(many, '7', sizeof many);
    is_int(hl_decimal_text((hl_str){many, sizeof many}, text), 0);
    is_int(hl_decimal_text((hl_str){many, 64}, text), 64);
    many[0] = '.';
    is_int(hl_decimal_text((hl_str){many, 64}, text), 65);
}

/* --- numerics ----------------------------------------------------------------------------------
 */

static void rows_of_one_tick_merge_and_the_last_value_holds(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);

    wave(x, 0, 0);
    wave(x, 5120, 5120);
    numeric(x, 0, 1024, "HR", "bpm", "80.00000");
    numeric(x, 0, 1024, "SpO\xE2\x82\x82", "%", "97.00000");
    numeric(x, 0, 1024, "HR", "bpm", "81.00000");
    numeric(x, 0, 2048, "HR", "bpm", NULL); /* no value: no row, no column */
    numeric(x, 0, 3072, "RR", "rpm", NULL);
    numeric(x, 0, 4096, "HR", "bpm", "broken");
    numeric(x, 0, 5120, "ABPs", "", "100");
    is_int(write_events(x), HL_OK);
    is_str(x->names, " 80000001n.csv.gz");
    is_str(text_of(x, "80000001n.csv.gz"), "\"time\",\"ABPs [NU]\",\"HR [bpm]\",\"SpO2 [%]\"\n"
                                           "1024,,81,97\n"
                                           "5120,100,,\n");
    is_int(x->result.n_numeric_rows, 2);
    free_stay(x);
}

static void rows_go_by_sequence_number_then_time_as_in_the_original(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);

    wave(x, 0, 0);
    wave(x, 5120, 5120);
    wave(x, 10240, 10240);
    numeric(x, 5120, 6000, "HR", "bpm", "1.0");
    numeric(x, 10240, 3000, "HR", "bpm", "2.0"); /* late: its message came after the others */
    numeric(x, 5120, 5500, "HR", "bpm", "3.0");
    numeric(x, 5120, NONE, "NBPs", "mmHg", "4.0"); /* aperiodic: at its own sequence number */
    numeric(x, 10240, 6000, "HR", "bpm", "5.0");
    numeric(x, 0, 6000, "HR", "bpm", "6.0"); /* 6000 > 0 + 5120: still the only place for it */
    is_int(write_events(x), HL_OK);
    is_str(text_of(x, "80000001n.csv.gz"), "\"time\",\"HR [bpm]\",\"NBPs [mmHg]\"\n"
                                           "6000,6,\n"
                                           "5120,,4\n"
                                           "5500,3,\n"
                                           "6000,1,\n"
                                           "3000,2,\n"
                                           "6000,5,\n");
    free_stay(x);
}

static void columns_are_sorted_bytewise_and_cleaned(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);

    wave(x, 0, 0);
    numeric(x, 0, 0, "btbHR", "bpm", "1.0");
    numeric(x, 0, 0, "A,B \"q\"", "ml/m\xC2\xB2", "2.0");
    numeric(x, 0, 0, " HR ", " bpm", "3.0");
    numeric(x, 0, 0, "HR", "bpm", "4.0"); /* the same column */
    numeric(x, 0, 0, "HR", "/min", "5.0");
    numeric(x, 0, 0, NULL, NULL, "6.0");
    numeric(x, 0, 0, "HR", "  ", "7.0");
    is_int(write_events(x), HL_OK);
    is_str(text_of(x, "80000001n.csv.gz"),
           "\"time\",\" [NU]\",\"A_B _q_ [ml/m^2]\",\"HR [/min]\",\"HR [NU]\",\"HR [bpm]\","
           "\"btbHR [bpm]\"\n"
           "0,6,2,5,7,4,1\n");
    free_stay(x);
}

static void without_waves_time_begins_with_the_first_observation(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);

    numeric(x, 3000, 3000, "HR", "bpm", "2.0");
    numeric(x, 1000, 1000, "HR", "bpm", "1.0");
    numeric(x, 0, 0, "HR", "bpm", NULL); /* is no observation */
    beat(x, 1000, 1000, 148631, "N");
    alert(x, 1000, 1000, 1, 0, false, "HR")->onset = at(0);
    is_int(write_events(x), HL_OK);
    is_str(text_of(x, "80000001n.csv.gz"), "\"time\",\"HR [bpm]\"\n0,1\n2000,2\n");
    is_str(x->names, " 80000001n.csv.gz");
    free_stay(x);
}

static void a_stay_without_values_has_no_table(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);

    is_int(write_events(x), HL_OK);
    is_str(x->names, "");
    free_stay(x);
    x = new_stay(HL_STAY_DATABASE);
    wave(x, 0, 0);
    numeric(x, 0, 0, "HR", "bpm", NULL);
    is_int(write_events(x), HL_OK);
    is_str(x->names, "");
    is_int(x->result.n_numeric_rows, 0);
    free_stay(x);
}

static void a_clock_jump_moves_what_was_seen_before_it(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);

    wave(x, 0, 0);
    wave(x, 5120, 7120); /* two seconds ahead */
    wave(x, 10240, 12240);
    numeric(x, 0, 1900, "HR", "bpm", "1.0");
    numeric(x, 0, 5900, "HR", "bpm", "2.0");
    numeric(x, 5120, 7500, "HR", "bpm", "3.0");
    is_int(write_events(x), HL_OK);
    is_str(text_of(x, "80000001n.csv.gz"), "\"time\",\"HR [bpm]\"\n1900,1\n3900,2\n5500,3\n");
    free_stay(x);
}

static void sequence_numbers_at_the_ends_of_64_bits_do_no_harm(void)
{
    stay *x = new_stay(HL_STAY_DOWNCAST);

    wave(x, 0, 0);
    numeric(x, 0, 1000, "HR", "bpm", "1.0");
    numeric(x, 0, NONE, "NBPs", "mmHg", "2.0");
    numeric(x, 0, NONE, "NBPs", "mmHg", "3.0");
    x->of[HL_MESSAGE_NUMERIC].m[0].sequence = INT64_MAX;
    x->of[HL_MESSAGE_NUMERIC].m[1].sequence = INT64_MAX;
    x->of[HL_MESSAGE_NUMERIC].m[2].sequence = INT64_MIN;
    beat(x, 0, 0, 148631, "N");
    x->of[HL_MESSAGE_ENUMERATION].m[0].sequence = INT64_MIN;
    alert(x, 0, 0, 1, 0, false, "x")->end = at(100);
    x->of[HL_MESSAGE_ALERT].m[0].sequence = INT64_MAX;
    is_int(write_events(x), HL_OK);
    is_str(text_of(x, "numerics.csv.gz"), "\"time\",\"HR [bpm]\",\"NBPs [mmHg]\"\n"
                                          "-9223372036854775808,,3\n"
                                          "9223371536854775807,,2\n"
                                          "1000,1,\n");
    free_stay(x);
}

/* --- annotations -------------------------------------------------------------------------------
 */

static void beats_become_annotations(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);
    double hz;

    wave(x, 0, 0);
    wave(x, 5120, 5120);
    beat(x, 0, 2000, 148767, "V");
    beat(x, 0, 1000, 148631, "N");
    beat(x, 0, 1000, 148631, "N"); /* a twin is dropped */
    beat(x, 0, 1000, 147543, "P");
    beat(x, 0, 3000, 147551, "M");
    beat(x, 0, 3500, 148743, "I");
    beat(x, 0, 4000, 199999, "Sx\ty"); /* unknown: by its first letter */
    beat(x, 0, 4500, 7, "");
    beat(x, 0, 5000, 148631, "N");
    x->enumeration[8].label = hl_str_of("RhySta"); /* no beat */
    is_int(write_events(x), HL_OK);
    is_str(marks_of(x, "80000001.beat", &hz), "1000 1/0 255 0 |1000 12/1 255 1 |2000 5/0 255 0 |"
                                              "3000 22/0 255 0 M|3500 22/0 255 0 _|"
                                              "4000 9/0 255 0 [199999] Sx y\n|"
                                              "4500 13/0 255 0 [7] \n|");
    ok(hz == 999.56);
    is_int(x->result.n_annotations, 7);
    free_stay(x);

    x = new_stay(HL_STAY_DATABASE);
    wave(x, 0, 0);
    beat(x, 0, 0, 148631, "N");
    x->options.annotations = false;
    is_int(write_events(x), HL_OK);
    is_str(x->names, "");
    free_stay(x);
}

static void long_texts_are_cut_between_characters(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);
    char *label = malloc(10003);

    for (int i = 0; i < 10000; i += 2)
        memcpy(label + i, "\xC3\xA9", 2);
    label[10000] = 0;
    wave(x, 0, 0);
    beat(x, 0, 0, 5, label);
    alert(x, 0, 0, 1, 0, false, label)->onset = at(0);
    is_int(write_events(x), HL_OK);
    const char *beats = marks_of(x, "80000001.beat", NULL);
    is_int(strlen(beats) - strlen("0 13/0 255 0 |"), 254); /* "[5] " and 125 characters */
    const char *alarms = marks_of(x, "80000001.alarm", NULL);
    is_int(strlen(alarms) - strlen("0 22/93 255 0 |"), 255);
    free(label);
    free_stay(x);
}

static void an_alarm_is_told_from_onset_to_end(void)
{
    stay *x = new_stay(HL_STAY_DOWNCAST);
    hl_message *m;
    double hz;

    for (int64_t t = 0; t <= 40960; t += 5120)
        wave(x, t, t);
    m = alert(x, 1000, 1000, 1, 1, false, "\xE2\x9C\xB1\xE2\x9C\xB1 HR");
    m->announce = at(900);
    m->onset = at(500);
    m->end = (hl_stamp){.us = INT64_C(-62135596800000000), .has = true}; /* year 1: none */
    m = alert(x, 9000, 9000, 1, 0, false, "\xE2\x9C\xB1\xE2\x9C\xB1\xE2\x9C\xB1 HR");
    m->announce = at(800); /* later messages do not move onset and announcement */
    m->onset = at(100);
    m = alert(x, 10000, 10000, 2, 2, true, "SpO\xE2\x82\x82"); /* another alarm */
    m = alert(x, 15000, 15000, 1, 0, true, "\xE2\x9C\xB1\xE2\x9C\xB1\xE2\x9C\xB1 HR");
    m->end = at(14000);
    m = alert(x, 20000, 20000, 1, 0, true, "");
    m->end = at(30000); /* the last message's end holds, 10 s behind it */
    is_int(write_events(x), HL_OK);
    is_str(marks_of(x, "waves.alarm", &hz),
           "500 22/92 255 0 +{1} ** HR|900 22/82 255 0 <{1} ** HR|9000 22/73 255 0 ;{1} *** HR|"
           "15000 22/73 255 0 ;{1}~*** HR|30000 22/63 255 0 >{1}~*** HR|");
    ok(hz == 1000);
    free_stay(x);
}

static void an_alarm_without_a_state_is_none(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);

    wave(x, 0, 0);
    alert(x, 0, 0, 1, 1, false, "")->onset = at(10);
    alert(x, 0, 0, 2, -1, false, "x")->onset = at(20);
    is_int(write_events(x), HL_OK);
    is_str(x->names, "");
    free_stay(x);
}

static void quality_intervals_that_touch_are_one(void)
{
    static const hl_quality q[] = {
        {HL_QUALITY_INVALID, 0, 0, 100},     {HL_QUALITY_INVALID, 0, 100, 200},
        {HL_QUALITY_PACED, 0, 50, 50},       {HL_QUALITY_PACED, 0, 50, 50},
        {HL_QUALITY_UNAVAILABLE, 0, 20, 40}, {HL_QUALITY_UNAVAILABLE, 0, 30, 35},
        {HL_QUALITY_UNAVAILABLE, 1, 30, 35},
    };
    stay *x = new_stay(HL_STAY_DATABASE);

    wave(x, 0, 0);
    memcpy(x->quality, q, sizeof q);
    x->n_quality = sizeof q / sizeof *q;
    is_int(write_events(x), HL_OK);
    /* The first one's num: the header block counts as an annotation of tick 0 and chan 0. */
    is_str(marks_of(x, "80000001.wq", NULL),
           "0 22/0 0 1 (i|20 22/0 0 0 (u|30 22/0 1 0 (u|35 22/0 1 0 u)|40 22/0 0 0 u)|"
           "50 26/0 0 0 |200 22/0 0 0 i)|");
    free_stay(x);

    x = new_stay(HL_STAY_DATABASE);
    wave(x, 0, 0);
    x->quality[0] = (hl_quality){HL_QUALITY_INVALID, 256, 0, 100};
    x->n_quality = 1;
    is_int(write_events(x), HL_E_LIMIT);
    like(x->err.message, "256 signals");
    free_stay(x);
}

/* --- what is left behind -----------------------------------------------------------------------
 */

static void the_logs_keep_messages_as_they_came(void)
{
    stay *x = new_stay(HL_STAY_DOWNCAST);
    hl_message *m;

    wave(x, 0, 0);
    numeric(x, 5, 1000, "HR", "bpm", "80.00000");
    numeric(x, 5, 1000, "RR", "rpm", NULL);
    numeric(x, 6, 1000, "RR", "", "+9.50");
    numeric(x, 7, NONE, "NBPs", "mmHg", "120.00000");
    beat(x, 5, 2000, 148631, "N\tx");
    m = alert(x, 9, 3000, 0xAB, 2, true, "a\nb");
    m->end = at(2500);
    alert(x, 10, 4000, 0xAC, (int)HL_NO_SEVERITY, false, "c");
    is_int(write_events(x), HL_OK);
    is_str(x->names, " numerics.csv.gz waves.beat waves.alarm numerics.log.gz aperiodics.log.gz "
                     "enums.log.gz alerts.log.gz time_map.csv");
    is_str(text_of(x, "numerics.log.gz"), "S500000000005\n21000101120001000000\n"
                                          "HR\t80.00000\tbpm\nRR\t\trpm\n"
                                          "S500000000006\nRR\t9.50\t\n");
    is_str(text_of(x, "aperiodics.log.gz"), "S500000000007\nNBPs\t120.00000\tmmHg\n");
    is_str(text_of(x, "enums.log.gz"), "S500000000005\n21000101120002000000\nAnnot\t148631\tN x\n");
    is_str(text_of(x, "alerts.log.gz"), "S500000000009\n21000101120002500000\n"
                                        "(ab000000-0000-0000-0000-000000000000)-\n"
                                        "21000101120003000000\n"
                                        "(ab000000-0000-0000-0000-000000000000)2~a b\n"
                                        "S500000000010\n21000101120004000000\n"
                                        "(ac000000-0000-0000-0000-000000000000)None=c\n");
    is_str(text_of(x, "time_map.csv"),
           "500000000000,500000000000,2084-02-27 06:06:40.000 -05:00\r\n");
    free_stay(x);
}

static void nothing_absolute_gets_into_the_database(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);
    hl_names names = {0};
    const int64_t sequence = SEQ;

    for (int64_t t = 0; t <= 10240; t += 5120)
        wave(x, t, t);
    numeric(x, 5, 1000, "HR", "bpm", "80.00000");
    beat(x, 5, 2000, 148631, "N");
    alert(x, 9, 3000, 0xAB, 2, true, "a b")->end = at(2500);
    x->quality[0] = (hl_quality){HL_QUALITY_INVALID, 0, 0, 100};
    x->n_quality = 1;
    is_int(write_events(x), HL_OK);
    ok(hl_list_folder(x->folder, &names, NULL) == HL_OK);
    is_int(names.n, 4);
    for (size_t i = 0; i < names.n; i++) {
        ok(strncmp(names.name[i], "80000001", 8) == 0);
        hl_buf bytes = bytes_of(x, names.name[i]);
        ok(bytes.n > 0);
        ok(!memmem(bytes.at, bytes.n, "500000", 6) && !memmem(bytes.at, bytes.n, "2100", 4) &&
           !memmem(bytes.at, bytes.n, "ab000000", 8) && !memmem(bytes.at, bytes.n, &sequence, 6));
        hl_buf_free(&bytes);
    }
    hl_names_free(&names);
    free_stay(x);
}

static void the_file_time_must_fit_its_field(void)
{
    stay *x = new_stay(HL_STAY_DATABASE);

    wave(x, 0, 0);
    numeric(x, 5, 1000, "HR", "bpm", "80.00000");
    x->options.mtime = -1;
    is_int(write_events(x), HL_E_USAGE);
    like(x->err.message, "between 1970 and 2106");
    free_stay(x);
}

static void a_stopped_job_leaves_no_file(void)
{
    stay *x = new_stay(HL_STAY_DOWNCAST);
    hl_ctl ctl = {.cancel = 1};
    hl_names names = {0};

    wave(x, 0, 0);
    numeric(x, 5, 1000, "HR", "bpm", "80.00000");
    x->options.ctl = &ctl;
    is_int(write_events(x), HL_E_STOPPED);
    ok(hl_list_folder(x->folder, &names, NULL) == HL_OK);
    is_int(names.n, 0);
    hl_names_free(&names);
    free_stay(x);
}

/* --- a long stay -------------------------------------------------------------------------------
 */

/* Numbers and beats without end, each older than the one before it. */
typedef struct {
    hl_message_kind kind;
    int64_t i, n;
    char text[40];
    hl_numeric_definition numeric;
    hl_enumeration_definition enumeration;
} endless;

static hl_code next_endless(void *ctx, hl_message *m, hl_error *err)
{
    endless *e = ctx;

    (void)err;
    if (e->i == e->n)
        return HL_END;
    int64_t tick = (e->n - 1 - e->i) / 2;
    *m = (hl_message){.kind = e->kind, .sequence = SEQ + tick, .time = at(tick)};
    if (e->kind == HL_MESSAGE_NUMERIC) {
        snprintf(e->text, sizeof e->text, "%lld.50", (long long)e->i);
        m->numeric = &e->numeric;
        m->number = hl_str_of(e->text);
    } else {
        e->enumeration.value_physio_id = e->i % 2 ? 148631 : 148767;
        m->enumeration = &e->enumeration;
    }
    e->i++;
    return HL_OK;
}

static hl_code begin_endless(void *ctx, hl_error *err)
{
    (void)err;
    ((endless *)ctx)->i = 0;
    return HL_OK;
}

static void more_than_fits_goes_through_the_scratch_folder(void)
{
    enum { N = 1000000 }; /* numerics of 40 bytes: more than two runs */
    stay *x = new_stay(HL_STAY_DATABASE);
    endless numbers = {.kind = HL_MESSAGE_NUMERIC,
                       .n = N,
                       .numeric = {.sub_label = hl_str_of("HR"), .unit_label = hl_str_of("bpm")}};
    endless beats = {
        .kind = HL_MESSAGE_ENUMERATION, .n = N, .enumeration = {.label = hl_str_of("Annot")}};
    hl_stay_input input = {0};
    hl_names names = {0};
    const char *p;

    input.source[HL_MESSAGE_NUMERIC] = (hl_message_source){&numbers, next_endless, begin_endless};
    input.source[HL_MESSAGE_ENUMERATION] = (hl_message_source){&beats, next_endless, begin_endless};
    x->clock = hl_clock_new();
    for (int64_t t = 0; t < N / 2; t += 5120)
        ok(hl_clock_add(x->clock, SEQ + t, at(t), NULL, NULL) == HL_OK);
    ok(hl_events_see(&input, x->clock, &x->err) == HL_OK);
    ok(hl_clock_resolve(x->clock, &x->err) == HL_OK);
    is_int(
        hl_events_write(&input, &x->options, x->clock, SEQ, NULL, 0, add, x, &x->result, &x->err),
        HL_OK);
    is_int(x->result.n_numeric_rows, N / 2);
    is_int(x->result.n_annotations, N);
    p = strchr(text_of(x, "80000001n.csv.gz"), '\n');
    /* Of the two values of a tick the one that came later. */
    for (int64_t tick = 0; p && tick < N / 2; tick++) {
        char want[60];
        int n = snprintf(want, sizeof want, "\n%lld,%lld.5\n", (long long)tick,
                         (long long)(N - 1 - 2 * tick));
        if (strncmp(p, want, (size_t)n) != 0)
            break;
        p = strchr(p + 1, '\n');
    }
    is_str(p, "\n");

    /* The annotation file is encoded in pieces; all at once gives the same bytes. */
    hl_buf bytes = {0}, again = {0};
    hl_arena *arena = hl_arena_new(0);
    hl_annotations all;
    char path[400];
    snprintf(path, sizeof path, "%s/80000001.beat", x->folder);
    ok(hl_read_file(path, SIZE_MAX, &bytes, NULL, NULL) == HL_OK);
    ok(hl_annotations_parse(arena, bytes.at, bytes.n, "beat", &all, NULL) == HL_OK);
    is_int(all.n, N);
    for (size_t i = 0; i < all.n; i++)
        if (all.annotation[i].time != (int64_t)i / 2 || all.annotation[i].num != (int)i % 2)
            all.n = 0;
    ok(hl_annotations_put(&again, &all, NULL) == HL_OK);
    is_int(again.n, bytes.n);
    is_mem(again.at, bytes.at, bytes.n);
    hl_buf_free(&bytes);
    hl_buf_free(&again);
    hl_arena_free(&arena);
    ok(hl_list_folder(x->folder, &names, NULL) == HL_OK);
    is_int(names.n, 2);
    hl_names_free(&names);
    free_stay(x);
}

int main(void)
{
    run(labels_turn_into_ascii_by_name);
    run(values_lose_their_zeros_only_behind_a_point);
    run(rows_of_one_tick_merge_and_the_last_value_holds);
    run(rows_go_by_sequence_number_then_time_as_in_the_original);
    run(columns_are_sorted_bytewise_and_cleaned);
    run(without_waves_time_begins_with_the_first_observation);
    run(a_stay_without_values_has_no_table);
    run(a_clock_jump_moves_what_was_seen_before_it);
    run(sequence_numbers_at_the_ends_of_64_bits_do_no_harm);
    run(beats_become_annotations);
    run(long_texts_are_cut_between_characters);
    run(an_alarm_is_told_from_onset_to_end);
    run(an_alarm_without_a_state_is_none);
    run(quality_intervals_that_touch_are_one);
    run(the_logs_keep_messages_as_they_came);
    run(nothing_absolute_gets_into_the_database);
    run(the_file_time_must_fit_its_field);
    run(a_stopped_job_leaves_no_file);
    run(more_than_fits_goes_through_the_scratch_folder);
    return done();
}
