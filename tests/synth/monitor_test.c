#include "synth/monitor.h"

#include "base/civil.h"
#include "base/io.h"
#include "monitor/export.h"
#include "tap.h"

typedef struct {
    char folder[256];
    hl_synth_counts counts;
} made;

static hl_code make(made *m, int64_t patients, uint64_t seed, int64_t stays, int64_t minutes,
                    hl_error *err)
{
    hl_synth_plan plan = {0};
    hl_synth_options o = {.folder = m->folder,
                          .n_patients = patients,
                          .seed = seed,
                          .monitor_stays = stays,
                          .monitor_minutes = minutes};
    hl_ctl ctl = {.jobs = 1};
    snprintf(m->folder, sizeof m->folder, "%s", temp_folder());
    m->counts = (hl_synth_counts){0};
    hl_code c = hl_synth_plan_new(seed, patients, o.films, &plan, err);
    if (c == HL_OK)
        c = hl_synth_monitor_write(&plan, &o, &ctl, &m->counts, err);
    hl_synth_plan_free(&plan);
    return c;
}

static void remove_made(made *m)
{
    hl_remove_tree(m->folder, NULL);
}

static const char *in(const made *m, const char *name)
{
    static char path[4][4096];
    static int turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", m->folder, name);
    return p;
}

static void read_all(const made *m, const char *name, hl_buf *to)
{
    hl_buf_clear(to);
    ok(hl_read_file(in(m, name), 1 << 24, to, NULL, NULL) == HL_OK);
}

typedef struct {
    int n[HL_EXPORT_FINDINGS];
} heard;

static void hear(void *ctx, hl_export_finding what, const char *text)
{
    heard *h = ctx;
    h->n[what]++;
    if (what != HL_EXPORT_TWIN_ROW)
        printf("# %s\n", text);
}

static hl_export *open_made(const made *m, heard *h)
{
    const char *folder = in(m, "monitor-export");
    hl_error err = {0};
    hl_export *e = NULL;
    tap_check(hl_export_open(&folder, 1, NULL, hear, h, &e, &err) == HL_OK, __FILE__, __LINE__,
              "%s", err.message);
    return e;
}

static void the_reader_takes_every_row_but_the_planted_twins(void)
{
    made m;
    heard h = {0};
    hl_error err = {0};
    is_int(make(&m, 40, 3, 0, 0, &err), HL_OK);
    hl_export *e = open_made(&m, &h);
    int64_t n[HL_MESSAGE_KINDS] = {0}, n_strangers = 0, n_invalid = 0, n_unavailable = 0,
            n_paced = 0, n_null = 0, n_summer = 0, n_winter = 0;
    for (int k = 0; e && k < HL_MESSAGE_KINDS; k++) {
        hl_export_reader *r = NULL;
        hl_message msg;
        hl_code c = hl_export_read(e, (hl_message_kind)k, &r, &err);
        while (c == HL_OK && (c = hl_export_next(r, &msg, &err)) == HL_OK) {
            bool known;
            hl_export_patient(e, msg.mapping, &known);
            n_strangers += !known;
            n[k]++;
            n_summer += msg.time.zone_min == -240;
            n_winter += msg.time.zone_min == -300;
            if (k == HL_MESSAGE_WAVE) {
                n_invalid += msg.invalid.n > 0;
                n_unavailable += msg.unavailable.n > 0;
                n_paced += msg.paced.n > 0;
                is_int(msg.n, 5120 / msg.wave->sample_period);
            } else if (k == HL_MESSAGE_NUMERIC) {
                n_null += !msg.number.at;
            }
        }
        is_int(c, HL_END);
        ok(n[k] > 0);
        hl_export_reader_close(&r);
    }
    ok(n_strangers > 0 && n_invalid > 0 && n_unavailable > 0 && n_paced > 0 && n_null > 0);
    ok(n_summer > n_winter && n_winter > 0);
    ok(h.n[HL_EXPORT_TWIN_ROW] > 20);
    for (int k = 0; k < HL_EXPORT_FINDINGS; k++)
        ok(k == HL_EXPORT_TWIN_ROW || h.n[k] == 0);
    is_int(m.counts.monitor_stays, 8);
    ok(m.counts.monitor_rows > n[0] + n[1] + n[2] + n[3] + h.n[HL_EXPORT_TWIN_ROW]);
    hl_export_close(&e);
    remove_made(&m);
}

static void the_map_has_a_row_a_record_and_lacks_one_patient(void)
{
    made m;
    hl_error err = {0};
    hl_buf map = {0}, planted = {0};
    int lines = 0;
    is_int(make(&m, 40, 3, 8, 2, &err), HL_OK);
    read_all(&m, "monitor-map.csv", &map);
    read_all(&m, "planted_monitor.csv", &planted);
    for (size_t i = 0; i < map.n; i++)
        lines += map.at[i] == '\n';
    is_int(lines, 9); /* a header, 8 stays of which one has two records and one no row */
    ok(!strncmp(map.at, "patient_id,start,end,subject_id,hadm_id,record_id,shift_days\n", 61));
    static const char *const what[] = {"signals change",
                                       "late numerics",
                                       "clock set by +2 s and -2 s",
                                       "hour that comes twice",
                                       "gap below an hour",
                                       "gap above an hour",
                                       "messages sent twice",
                                       "bed with two patients",
                                       "pacing",
                                       "invalid and unavailable samples",
                                       "mapping missing",
                                       "not in the map"};
    for (size_t i = 0; i < sizeof what / sizeof *what; i++)
        like(planted.at, what[i]);
    /* The patient of the last case stands in no row of the map. */
    char *line = strstr(planted.at, "not in the map"), patient[37];
    while (line > planted.at && line[-1] != '\n')
        line--;
    line = strchr(strchr(strchr(line, ',') + 1, ',') + 1, ',') + 1;
    snprintf(patient, sizeof patient, "%s", line);
    ok(strlen(patient) == 36 && !strstr(map.at, patient));
    hl_buf_free(&map);
    hl_buf_free(&planted);
    remove_made(&m);
}

/* SHA-256 over names and contents of all files below a folder. */
static void digest_of(const made *m, hl_digest *out)
{
    hl_names names = {0};
    hl_buf all = {0};
    ok(hl_list_tree(m->folder, &names, NULL) == HL_OK);
    for (size_t i = 0; i < names.n; i++) {
        hl_buf_text(&all, names.name[i]);
        ok(hl_read_file(in(m, names.name[i]), 1 << 24, &all, NULL, NULL) == HL_OK);
    }
    hl_sha256_of(all.at, all.n, out);
    hl_names_free(&names);
    hl_buf_free(&all);
}

static void equal_options_give_equal_bytes_and_another_seed_does_not(void)
{
    made a, b, c;
    hl_digest of[3];
    is_int(make(&a, 20, 5, 8, 1, NULL), HL_OK);
    is_int(make(&b, 20, 5, 8, 1, NULL), HL_OK);
    is_int(make(&c, 20, 6, 8, 1, NULL), HL_OK);
    digest_of(&a, &of[0]);
    digest_of(&b, &of[1]);
    digest_of(&c, &of[2]);
    ok(hl_digest_equal(&of[0], &of[1]) && !hl_digest_equal(&of[0], &of[2]));
    remove_made(&a);
    remove_made(&b);
    remove_made(&c);
}

static void stays_are_bounded_by_patients(void)
{
    made m;
    hl_error err = {0};
    hl_synth_options o = {.n_patients = 3};
    is_int(make(&m, 3, 1, 4, 1, &err), HL_E_USAGE);
    is_str(err.message, "--monitor-stays 4: the hospital has 3 patients\nA patient is at the "
                        "monitors once: give more --patients.");
    remove_made(&m);
    is_int(make(&m, 1, 1, 0, 0, &err), HL_OK);
    is_int(m.counts.monitor_stays, 1);
    remove_made(&m);
    is_int(hl_synth_monitor_stays(&o), 3);
    o.films = HL_SYNTH_FILMS_NONE;
    is_int(hl_synth_monitor_stays(&o), 0);
    o.monitor_stays = 2;
    is_int(hl_synth_monitor_stays(&o), 2);
    o.monitor_stays = -1;
    is_int(hl_synth_monitor_stays(&o), 0);
    is_int(make(&m, 3, 1, -1, 1, &err), HL_OK);
    ok(!hl_file_exists(in(&m, "monitor-export")) && !hl_file_exists(in(&m, "monitor-map.csv")));
    remove_made(&m);
}

static hl_str next_field(char **p)
{
    const size_t n = strcspn(*p, ",\n");
    hl_str field = {*p, n};
    *p += n + 1;
    return field;
}

/* Surrogate times of every row of the map lie within the admission that it names. */
static void stays_lie_within_their_admissions(void)
{
    enum { PATIENTS = 24, AROUND_S = 1200 };
    hl_synth_plan plan = {0};
    hl_synth_subject *s = malloc(sizeof *s);
    made m;
    hl_error err = {0};
    hl_buf map = {0};
    int rows = 0;
    is_int(make(&m, PATIENTS, 9, 16, 6, &err), HL_OK);
    ok(s && hl_synth_plan_new(9, PATIENTS, HL_SYNTH_FILMS_SMALL, &plan, &err) == HL_OK);
    read_all(&m, "monitor-map.csv", &map);
    for (char *p = strchr(map.at, '\n') + 1; s && *p; rows++) {
        int64_t start, end, subject, hadm, record, shift;
        bool found = false;
        is_int(next_field(&p).n, 36);
        ok(hl_parse_time(next_field(&p), HL_TIME_STRICT, &start));
        ok(hl_parse_time(next_field(&p), HL_TIME_STRICT, &end));
        ok(hl_parse_i64(next_field(&p), &subject) && hl_parse_i64(next_field(&p), &hadm));
        ok(hl_parse_i64(next_field(&p), &record) && hl_parse_i64(next_field(&p), &shift));
        ok(record >= 80000000 && record <= 89999999);
        for (int64_t i = 0; i < PATIENTS && !found; i++) {
            hl_synth_plan_subject(&plan, i, s);
            for (int k = 0; k < s->n_admissions; k++)
                if (s->subject_id == subject && s->admission[k].hadm_id == hadm) {
                    found = true;
                    ok(start + AROUND_S + shift * HL_DAY_S >= s->admission[k].admit_s);
                    ok(end - AROUND_S + shift * HL_DAY_S <= s->admission[k].disch_s);
                }
        }
        ok(found);
    }
    is_int(rows, 16); /* 16 stays: two have two records, two no row */
    hl_synth_plan_free(&plan);
    hl_buf_free(&map);
    free(s);
    remove_made(&m);
}

int main(void)
{
    run(the_reader_takes_every_row_but_the_planted_twins);
    run(the_map_has_a_row_a_record_and_lacks_one_patient);
    run(equal_options_give_equal_bytes_and_another_seed_does_not);
    run(stays_are_bounded_by_patients);
    run(stays_lie_within_their_admissions);
    return done();
}
