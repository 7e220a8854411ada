/* A spool gives back what was added: every field, by stay, in order, over closings and droppings.
 */
#include "monitor/spool.h"

#include <sys/stat.h>

#include "tap.h"

#define MINUTE INT64_C(60000000)
#define HOUR (60 * MINUTE)

static hl_uuid uuid_of(int n)
{
    hl_uuid id = {{0}};

    id.byte[0] = (uint8_t)(n * 37);
    id.byte[15] = (uint8_t)n;
    return id;
}

static const hl_wave_definition wave_ii = {.id = 7,
                                           .label = {"II", 2},
                                           .sample_period = 4,
                                           .low_edge_hz = {0.5, true},
                                           .scale_lower = {-3, true},
                                           .unit_label = {"", 0},
                                           .missing = 5};
static const hl_numeric_definition numeric_hr = {
    .id = 9, .label = {"HR", 2}, .sub_label = {"HR", 2}, .unit_label = {NULL, 0}};
static const hl_enumeration_definition annot = {
    .id = 3, .value_physio_id = -5, .label = {"Annot", 5}};
static const uint8_t samples[6] = {1, 0, 2, 0, 255, 127};

static hl_message wave_at(int64_t us)
{
    return (hl_message){.kind = HL_MESSAGE_WAVE,
                        .time = {us, -300, true},
                        .sequence = us / 1000,
                        .mapping = uuid_of(99),
                        .wave = &wave_ii,
                        .sample = samples,
                        .n = 3,
                        .invalid = {"0 1", 3},
                        .paced = {"", 0}};
}

static hl_message numeric_at(int64_t us, const char *text)
{
    return (hl_message){.kind = HL_MESSAGE_NUMERIC,
                        .time = {us, -240, true},
                        .sequence = -us,
                        .mapping = uuid_of(98),
                        .numeric = &numeric_hr,
                        .number = hl_str_of(text)};
}

static hl_message alert_at(int64_t us)
{
    return (hl_message){.kind = HL_MESSAGE_ALERT,
                        .time = {us, 60, true},
                        .sequence = 4,
                        .mapping = uuid_of(97),
                        .alert = uuid_of(1),
                        .label = {"\xe2\x9c\xb1 HR", 6},
                        .severity = -1,
                        .code = 300,
                        .is_silenced = true,
                        .onset = {us - 5, 60, true}};
}

static hl_spool *spool_at(const char *folder, size_t memory)
{
    hl_spool *s = NULL;
    hl_error err = {0};

    if (hl_spool_open(folder, memory, &s, &err) != HL_OK)
        printf("# %s\n", err.message);
    return s;
}

static size_t stays_of(hl_spool *s, const hl_spool_stay **stay)
{
    size_t n = 0;

    is_int(hl_spool_stays(s, stay, &n, NULL), HL_OK);
    return n;
}

static void in_folder(const char *name, char out[512])
{
    snprintf(out, 512, "%s/%s", temp_folder(), name);
}

/* Times of a stay's messages of a kind as one number each, relative to 0. */
static size_t times_of(const hl_spool *s, const hl_spool_stay *stay, hl_message_kind kind,
                       int64_t *out, size_t max)
{
    hl_spool_reader *r = NULL;
    hl_stay_input input;
    hl_message m;
    size_t n = 0;

    is_int(hl_spool_read(s, stay, &r, &input, NULL), HL_OK);
    if (!r)
        return 0;
    for (int turn = 0; turn < 2; turn++) { /* the second turn shows that rewind works */
        n = 0;
        while (input.source[kind].next(input.source[kind].ctx, &m, NULL) == HL_OK && n < max)
            out[n++] = m.time.us;
        is_int(input.source[kind].rewind(input.source[kind].ctx, NULL), HL_OK);
    }
    hl_spool_reader_close(&r);
    return n;
}

/* --- messages --------------------------------------------------------------------------------- */

static void every_field_of_a_message_comes_back(void)
{
    char folder[512];
    in_folder("s", folder);
    hl_spool *s = spool_at(folder, 1 << 20);
    hl_spool_reader *r = NULL;
    hl_stay_input input;
    const hl_spool_stay *stay;
    hl_enumeration_definition other = annot;
    hl_message m = wave_at(5 * MINUTE), beat = {.kind = HL_MESSAGE_ENUMERATION,
                                                .time = {6 * MINUTE, -300, true},
                                                .enumeration = &other,
                                                .value = {NULL, 0}};

    is_int(hl_spool_add(s, uuid_of(1), &m, NULL), HL_OK);
    m = numeric_at(5 * MINUTE + 1, "98.00000");
    is_int(hl_spool_add(s, uuid_of(1), &m, NULL), HL_OK);
    is_int(hl_spool_add(s, uuid_of(1), &beat, NULL), HL_OK);
    m = alert_at(7 * MINUTE);
    is_int(hl_spool_add(s, uuid_of(1), &m, NULL), HL_OK);
    is_int(hl_spool_settle(s, NULL), HL_OK);
    hl_spool_close(&s);
    s = spool_at(folder, 1 << 20);
    is_int(stays_of(s, &stay), 1);
    is_int(stay->from_us, 5 * MINUTE);
    is_int(stay->to_us, 7 * MINUTE);
    is_int(stay->zone_min, -300);
    is_int(hl_spool_read(s, stay, &r, &input, NULL), HL_OK);
    hl_message_source *from = &input.source[HL_MESSAGE_WAVE];
    is_int(from->next(from->ctx, &m, NULL), HL_OK);
    ok(m.kind == HL_MESSAGE_WAVE && m.time.us == 5 * MINUTE && m.time.zone_min == -300);
    is_int(m.sequence, 300000);
    ok(memcmp(&m.mapping, &(hl_uuid){{0}}, 16) != 0 && m.mapping.byte[15] == 99);
    ok(m.wave->id == 7 && hl_str_is(m.wave->label, "II") && m.wave->low_edge_hz.has &&
       m.wave->low_edge_hz.value == 0.5 && !m.wave->high_edge_hz.has && m.wave->missing == 5);
    ok(m.wave->unit_label.at && m.wave->unit_label.n == 0); /* empty is not NULL */
    is_int(m.n, 3);
    is_mem(m.sample, samples, 6);
    ok(hl_str_is(m.invalid, "0 1") && m.paced.at && m.paced.n == 0 && !m.unavailable.at);
    is_int(from->next(from->ctx, &m, NULL), HL_END);
    from = &input.source[HL_MESSAGE_NUMERIC];
    is_int(from->next(from->ctx, &m, NULL), HL_OK);
    ok(hl_str_is(m.number, "98.00000") && m.sequence == -(5 * MINUTE + 1));
    ok(!m.numeric->unit_label.at && hl_str_is(m.numeric->sub_label, "HR"));
    from = &input.source[HL_MESSAGE_ENUMERATION];
    is_int(from->next(from->ctx, &m, NULL), HL_OK);
    ok(!m.value.at && m.enumeration->value_physio_id == -5);
    from = &input.source[HL_MESSAGE_ALERT];
    is_int(from->next(from->ctx, &m, NULL), HL_OK);
    ok(m.alert.byte[15] == 1 && m.label.n == 6 && m.severity == -1 && m.code == 300);
    ok(m.is_silenced && !m.announce.has && m.onset.has && m.onset.us == 7 * MINUTE - 5);
    hl_spool_reader_close(&r);
    hl_spool_close(&s);
}

static void a_definition_that_changes_is_another_one(void)
{
    char folder[512];
    in_folder("s", folder);
    hl_spool *s = spool_at(folder, 1 << 20);
    hl_wave_definition v1 = wave_ii, v2 = wave_ii;
    hl_message m = wave_at(0);
    hl_spool_reader *r = NULL;
    hl_stay_input input;
    const hl_spool_stay *stay;

    v2.label = hl_str_of("III");
    m.wave = &v1;
    hl_spool_add(s, uuid_of(1), &m, NULL);
    m.wave = &v2;
    hl_spool_add(s, uuid_of(1), &m, NULL);
    m.wave = &v1;
    hl_spool_add(s, uuid_of(1), &m, NULL);
    hl_spool_settle(s, NULL);
    stays_of(s, &stay);
    is_int(hl_spool_read(s, stay, &r, &input, NULL), HL_OK);
    const char *want[] = {"II", "III", "II"};
    for (int i = 0; i < 3; i++) {
        is_int(input.source[0].next(input.source[0].ctx, &m, NULL), HL_OK);
        ok(hl_str_is(m.wave->label, want[i]));
    }
    hl_spool_reader_close(&r);
    hl_spool_close(&s);
}

/* --- stays ------------------------------------------------------------------------------------ */

static void a_pause_of_an_hour_stays_within_and_one_microsecond_more_parts(void)
{
    char folder[512];
    in_folder("s", folder);
    hl_spool *s = spool_at(folder, 1 << 20);
    const hl_spool_stay *stay;
    hl_message m = wave_at(0);

    hl_spool_add(s, uuid_of(1), &m, NULL);
    m = wave_at(HOUR);
    hl_spool_add(s, uuid_of(1), &m, NULL);
    m = wave_at(2 * HOUR + 1);
    hl_spool_add(s, uuid_of(1), &m, NULL);
    is_int(stays_of(s, &stay), 2);
    is_int(stay[0].to_us, HOUR);
    is_int(stay[1].from_us, 2 * HOUR + 1);
    hl_spool_close(&s);
}

static void a_late_table_joins_what_an_earlier_one_left_apart(void)
{
    char folder[512];
    in_folder("s", folder);
    hl_spool *s = spool_at(folder, 1 << 20);
    const hl_spool_stay *stay;
    int64_t us[8];
    hl_message m;

    for (int i = 0; i < 3; i++) {
        m = wave_at(2 * i * HOUR);
        hl_spool_add(s, uuid_of(1), &m, NULL);
    }
    is_int(stays_of(s, &stay), 3);
    m = numeric_at(HOUR, "1.0"); /* joins the first two */
    hl_spool_add(s, uuid_of(1), &m, NULL);
    is_int(stays_of(s, &stay), 2);
    m = numeric_at(-HOUR, "2.0"); /* before the first */
    hl_spool_add(s, uuid_of(1), &m, NULL);
    hl_spool_see(s, uuid_of(1), (hl_stamp){3 * HOUR, 0, true}, NULL);
    is_int(stays_of(s, &stay), 1);
    is_int(stay->from_us, -HOUR);
    is_int(stay->to_us, 4 * HOUR);
    is_int(stay->zone_min, -240); /* of the first message */
    hl_spool_settle(s, NULL);
    stays_of(s, &stay);
    is_int(times_of(s, stay, HL_MESSAGE_WAVE, us, 8), 3);
    is_int(times_of(s, stay, HL_MESSAGE_NUMERIC, us, 8), 2);
    hl_spool_close(&s);
}

static void messages_that_come_late_are_read_in_order(void)
{
    static const int64_t added[] = {10, 20, 30, 40, 15, 25, 45, 50};
    static const int64_t want[] = {10, 15, 20, 25, 30, 40, 45, 50};
    char folder[512];
    in_folder("s", folder);
    hl_spool *s = spool_at(folder, 1 << 20);
    const hl_spool_stay *stay;
    int64_t us[16];
    hl_message m;

    for (size_t i = 0; i < 8; i++) {
        m = wave_at(added[i] * MINUTE);
        hl_spool_add(s, uuid_of(1), &m, NULL);
    }
    hl_spool_settle(s, NULL);
    hl_spool_close(&s);
    s = spool_at(folder, 1 << 20);
    stays_of(s, &stay);
    is_int(times_of(s, stay, HL_MESSAGE_WAVE, us, 16), 8);
    for (size_t i = 0; i < 8; i++)
        is_int(us[i], want[i] * MINUTE);
    hl_spool_close(&s);
}

/* Sorts what a plain reading of the rule gives for one patient. */
static size_t stays_by_rule(int64_t *us, size_t n, int64_t (*out)[2])
{
    size_t k = 0;

    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && us[j] < us[j - 1]; j--) {
            int64_t t = us[j];
            us[j] = us[j - 1];
            us[j - 1] = t;
        }
    for (size_t i = 0; i < n; i++) {
        if (k == 0 || us[i] - out[k - 1][1] > HOUR)
            out[k++][0] = us[i];
        out[k - 1][1] = us[i];
    }
    return k;
}

static void stays_of_messages_in_any_order_are_those_of_the_rule(void)
{
    uint64_t random = 1;

    for (int round = 0; round < 60; round++) {
        char folder[512];
        in_folder("s", folder);
        hl_spool *s = spool_at(folder, 300);
        const hl_spool_stay *stay;
        int64_t us[40], out[40][2];
        size_t n = 1 + (size_t)(round % 40);

        for (size_t i = 0; i < n; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            us[i] = (int64_t)(random >> 33) % 30 * (HOUR / 2) + (int64_t)(random >> 20) % 3;
            hl_message m = i % 3 ? wave_at(us[i]) : numeric_at(us[i], "1.0");
            is_int(hl_spool_add(s, uuid_of(1), &m, NULL), HL_OK);
        }
        size_t want = stays_by_rule(us, n, out);
        hl_spool_settle(s, NULL);
        is_int(stays_of(s, &stay), want);
        for (size_t i = 0, total = 0; i < want; i++) {
            int64_t seen[64];
            is_int(stay[i].from_us, out[i][0]);
            is_int(stay[i].to_us, out[i][1]);
            total += times_of(s, &stay[i], HL_MESSAGE_WAVE, seen, 64) +
                     times_of(s, &stay[i], HL_MESSAGE_NUMERIC, seen, 64);
            if (i + 1 == want)
                is_int(total, n);
        }
        hl_spool_close(&s);
    }
}

/* --- life ------------------------------------------------------------------------------------- */

static void what_was_not_settled_is_as_if_it_had_never_been(void)
{
    char folder[512];
    in_folder("s", folder);
    hl_spool *s = spool_at(folder, 100);
    const hl_spool_stay *stay;
    int64_t us[8];
    hl_message m = wave_at(0);

    hl_spool_add(s, uuid_of(1), &m, NULL);
    hl_spool_set_note(s, "first", NULL);
    is_int(hl_spool_settle(s, NULL), HL_OK);
    for (int i = 1; i < 30; i++) { /* so little memory that these are written */
        m = wave_at(i * MINUTE);
        hl_spool_add(s, uuid_of(1 + i % 2), &m, NULL);
    }
    hl_spool_set_note(s, "second", NULL);
    hl_spool_close(&s);
    s = spool_at(folder, 100);
    is_str(hl_spool_note(s), "first");
    is_int(stays_of(s, &stay), 1);
    m = wave_at(MINUTE);
    hl_spool_add(s, uuid_of(1), &m, NULL);
    hl_spool_settle(s, NULL);
    stays_of(s, &stay);
    is_int(times_of(s, stay, HL_MESSAGE_WAVE, us, 8), 2);
    hl_spool_close(&s);
}

static void a_dropped_stay_is_gone_from_the_disk_and_the_others_are_whole(void)
{
    char folder[512], path[600];
    in_folder("s", folder);
    hl_spool *s = spool_at(folder, 1 << 20);
    const hl_spool_stay *stay;
    int64_t us[8];
    hl_uuid who;
    struct stat st;
    hl_message m;

    for (int i = 0; i < 6; i++) {
        m = wave_at(i / 2 * 3 * HOUR + i % 2 * MINUTE);
        hl_spool_add(s, uuid_of(1), &m, NULL);
    }
    m = wave_at(0);
    hl_spool_add(s, uuid_of(2), &m, NULL);
    hl_spool_settle(s, NULL);
    snprintf(path, sizeof path, "%s/000/000000-wave-0", folder);
    is_int(stat(path, &st), 0);
    is_int(st.st_mode & 0777, 0600);
    is_int(stat(folder, &st), 0);
    is_int(st.st_mode & 0777, 0700);
    is_int(stays_of(s, &stay), 4);
    hl_spool_stay middle = stay[1], alone = stay[3];
    is_int(hl_spool_drop(s, &stay[0], NULL), HL_OK);
    is_int(hl_spool_drop(s, &middle, NULL), HL_OK);
    is_int(hl_spool_drop(s, &alone, NULL), HL_OK);
    is_int(hl_spool_drop(s, &alone, NULL), HL_E_BUG);
    is_int(hl_spool_settle(s, NULL), HL_OK);
    ok(stat(path, &st) != 0);
    snprintf(path, sizeof path, "%s/000/000000-wave-1", folder);
    is_int(stat(path, &st), 0);
    is_int(stays_of(s, &stay), 1);
    is_int(stay->from_us, 6 * HOUR);
    is_int(times_of(s, stay, HL_MESSAGE_WAVE, us, 8), 2);
    hl_spool_close(&s);
    s = spool_at(folder, 1 << 20);
    m = wave_at(6 * HOUR + 2 * MINUTE);
    hl_spool_add(s, uuid_of(1), &m, NULL);
    hl_spool_settle(s, NULL);
    is_int(stays_of(s, &stay), 1);
    is_int(times_of(s, stay, HL_MESSAGE_WAVE, us, 8), 3);
    ok(hl_spool_patient(s, uuid_of(99), &who) && who.byte[15] == 1);
    ok(!hl_spool_patient(s, uuid_of(96), &who));
    hl_spool_close(&s);
}

static void a_folder_of_something_else_is_left_alone(void)
{
    char folder[512], path[600];
    in_folder("s", folder);
    hl_spool *s = NULL;
    hl_error err = {0};

    mkdir(folder, 0777);
    snprintf(path, sizeof path, "%s/thesis.txt", folder);
    fclose(fopen(path, "w"));
    is_int(hl_spool_open(folder, 100, &s, &err), HL_E_USAGE);
    like(err.message, "holds something else: thesis.txt");
    ok(!s);
    is_int(hl_spool_remove(folder, &err), HL_OK);
    is_int(access(path, F_OK), 0);
    unlink(path);
    is_int(hl_spool_open(folder, 100, &s, &err), HL_OK);
    hl_spool_close(&s);
    is_int(hl_spool_remove(folder, &err), HL_OK);
    ok(access(folder, F_OK) != 0);
}

static void damage_is_an_error_and_no_crash(void)
{
    char folder[512], path[600];
    in_folder("s", folder);
    hl_spool *s = spool_at(folder, 1 << 20);
    hl_spool_reader *r = NULL;
    hl_stay_input input;
    const hl_spool_stay *stay;
    hl_message m = wave_at(0);
    hl_error err = {0};

    hl_spool_add(s, uuid_of(1), &m, NULL);
    hl_spool_settle(s, NULL);
    snprintf(path, sizeof path, "%s/000/000000-wave-0", folder);
    FILE *f = fopen(path, "r+");
    fputs("\xff\xff\xff\x7f", f);
    fclose(f);
    stays_of(s, &stay);
    is_int(hl_spool_read(s, stay, &r, &input, NULL), HL_OK);
    is_int(input.source[0].next(input.source[0].ctx, &m, &err), HL_E_IO);
    like(err.message, "the spool is damaged");
    hl_spool_reader_close(&r);
    hl_spool_close(&s);
    snprintf(path, sizeof path, "%s/index", folder);
    f = fopen(path, "r+");
    fseek(f, 30, SEEK_SET);
    fputc('x', f);
    fclose(f);
    is_int(hl_spool_open(folder, 100, &s, &err), HL_E_INPUT);
    like(err.message, "the index of the spool is damaged");
}

int main(void)
{
    run(every_field_of_a_message_comes_back);
    run(a_definition_that_changes_is_another_one);
    run(a_pause_of_an_hour_stays_within_and_one_microsecond_more_parts);
    run(a_late_table_joins_what_an_earlier_one_left_apart);
    run(messages_that_come_late_are_read_in_order);
    run(stays_of_messages_in_any_order_are_those_of_the_rule);
    run(what_was_not_settled_is_as_if_it_had_never_been);
    run(a_dropped_stay_is_gone_from_the_disk_and_the_others_are_whole);
    run(a_folder_of_something_else_is_left_alone);
    run(damage_is_an_error_and_no_crash);
    return done();
}
