/* The whole way in one command: every step is the command that a user would type. */
#include "command/command.h"

#include "base/io.h"
#include "base/log.h"
#include "data/csv.h"
#include "wave/annotations.h"

/* --- sizes ---------------------------------------------------------------------------------- */

/*
 * The splits of the demo as shares of the admissions that the synthetic hospital promises: enough
 * is left for test after the patients of train and validation are taken out of it.
 */
enum {
    TRAIN_PERCENT = 70,
    VAL_PERCENT = 14,
    CANDIDATES = 5,
    MIN_PATIENTS = 100,
    MAX_PATIENTS = 2000,
    BEFORE_ALARM_S = 3
};

static const hl_option options[] = {
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .initial = "hilum-demo",
     .help = "folder to write; new or empty"},
    {.name = "patients",
     .type = HL_OPT_INT,
     .value = "N",
     .initial = "200",
     .min = MIN_PATIENTS,
     .max = MAX_PATIENTS,
     .help = "patients of the synthetic hospital"},
    {.name = "seed",
     .type = HL_OPT_INT,
     .value = "S",
     .initial = "1",
     .min = 0,
     .max = INT64_MAX,
     .help = "another seed, another hospital"},
    HL_OPTION_JOBS,
    {0},
};

/* --- folders -------------------------------------------------------------------------------- */

enum {
    HOSPITAL,
    HOSP,
    ECG,
    DICOM,
    LABELS,
    MONITORS,
    MONITOR_MAP,
    CXR,
    WAVES,
    STRIP,
    COHORT,
    PACK,
    CARD,
    N_PLACES
};

static const char *const place_name[N_PLACES] = {"hospital",
                                                 "hospital/mimiciv",
                                                 "hospital/mimic-iv-ecg",
                                                 "hospital/mimic-cxr",
                                                 "hospital/mimic-cxr-jpg",
                                                 "hospital/monitor-export",
                                                 "hospital/monitor-map.csv",
                                                 "mimic-cxr-jpg",
                                                 "waves",
                                                 "waves.svg",
                                                 "cohort",
                                                 "pack",
                                                 "scorecard.html"};

typedef struct {
    const char *out;
    char path[N_PLACES][HL_PATH_BYTES];
    int64_t patients, seed;
    hl_ctl *ctl;
} demo;

static hl_code check_out(const char *out, hl_error *err)
{
    hl_names names = {0};

    if (!hl_file_exists(out))
        return hl_make_folder(out, err);
    if (!hl_is_folder(out))
        return hl_fail(err, HL_E_USAGE, "--out %s: is a file", out);
    hl_code c = hl_list_folder(out, &names, err);
    if (c == HL_OK && names.n > 0)
        c = hl_fail(err, HL_E_USAGE,
                    "--out %s: holds '%s' already\nRemove the folder, or give --out another one.",
                    out, names.name[0]);
    hl_names_free(&names);
    return c;
}

/* --- steps ---------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const char *text; /* NULL: number */
    int64_t number;
    bool flag; /* true: neither */
} setting;

/* Run a command with these options; *result (its JSON) may be NULL. Failed items don't stop a demo,
 * they are in errors.csv. */
static hl_code step(const demo *d, const char *command, const setting *s, size_t n,
                    hl_json **result, hl_error *err)
{
    hl_buf json = {0};
    hl_json_writer w = hl_json_write_to(&json, 0);
    char *text = NULL;

    hl_json_open(&w, '{');
    for (size_t i = 0; i < n; i++) {
        hl_json_put_key(&w, s[i].name);
        if (s[i].flag)
            hl_json_put_bool(&w, true);
        else if (s[i].text)
            hl_json_put_cstr(&w, s[i].text);
        else
            hl_json_put_int(&w, s[i].number);
    }
    hl_json_close(&w, '}');
    hl_code c = hl_buf_check(&json, command, err);
    if (c == HL_OK)
        c = hl_run(command, json.at, d->ctl, &text, err);
    if (c == HL_PARTIAL) {
        hl_warn(d->ctl, "%s: some items failed, see errors.csv", command);
        c = HL_OK;
    }
    if (c == HL_OK && result && text)
        c = hl_json_parse(text, strlen(text), command, result, err);
    hl_free(text);
    hl_buf_free(&json);
    return c;
}

static hl_code make_hospital(const demo *d, int64_t *usable, hl_error *err)
{
    const setting s[] = {{"dir", d->path[HOSPITAL], 0},
                         {"patients", NULL, d->patients},
                         {"seed", NULL, d->seed},
                         {"film-format", "dicom", 0}};
    hl_json *result = NULL;
    hl_code c = step(d, "synth", s, sizeof s / sizeof *s, &result, err);

    *usable = result ? hl_json_int(hl_json_get(hl_json_root(result), "usable")) : 0;
    hl_json_free(&result);
    return c;
}

/* The labels are the hospital's: nobody reads reports here. */
static hl_code make_films(const demo *d, hl_error *err)
{
    const setting s[] = {
        {"in", d->path[DICOM], 0}, {"out", d->path[CXR], 0}, {"labels", d->path[LABELS], 0}};

    return step(d, "film render", s, sizeof s / sizeof *s, NULL, err);
}

/* Two stays are refused on purpose: nothing says whose they are. */
static hl_code make_waves(const demo *d, hl_json **result, hl_error *err)
{
    const setting s[] = {{"export", d->path[MONITORS], 0},
                         {"out", d->path[WAVES], 0},
                         {"map", d->path[MONITOR_MAP], 0},
                         {"annotations", .flag = true}};

    return step(d, "wave build", s, sizeof s / sizeof *s, result, err);
}

/* The first record of the list. */
static hl_code find_record(const demo *d, char record[HL_PATH_BYTES], hl_error *err)
{
    static const char *const want[] = {"path"};
    char list[HL_PATH_BYTES], place[HL_PATH_BYTES];
    hl_csv *csv = NULL;
    hl_field f[1];
    hl_code c = hl_path_join(d->path[WAVES], "record_list.csv", list, err);

    if (c == HL_OK)
        c = hl_csv_open(list, want, 1, &(hl_csv_options){.cpu = HL_CPU_C}, &csv, err);
    if (c == HL_OK)
        c = hl_csv_next(csv, f, err);
    if (c == HL_END)
        c = hl_fail(err, HL_E_INPUT, "%s: no record", list);
    if (c == HL_OK) {
        snprintf(place, sizeof place, "%.*s", (int)f[0].n, f[0].at);
        c = hl_path_join(d->path[WAVES], place, record, err);
    }
    hl_csv_close(&csv);
    return c;
}

/* Some seconds before a record's first alarm, as --from takes it. */
static hl_code find_alarm(const demo *d, const char *record, char from[32], hl_error *err)
{
    hl_arena *arena = hl_arena_new(0);
    hl_wave *wave = NULL;
    hl_wave_annotations alarms = {0};
    double s = 0;
    hl_code c = arena ? HL_OK : hl_fail_memory(err, "annotations", 0);

    if (c == HL_OK)
        c = hl_wave_open(record, d->ctl, &wave, err);
    if (c == HL_OK)
        c = hl_wave_annotations_read(arena, wave, "alarm", &alarms, err);
    if (c == HL_OK && alarms.file.n > 0)
        s = hl_annotation_seconds(&alarms, &alarms.file.annotation[0]) - BEFORE_ALARM_S;
    snprintf(from, 32, "%.3f", s > 0 ? s : 0);
    hl_wave_close(&wave);
    hl_arena_free(&arena);
    return c;
}

static hl_code make_strip(const demo *d, hl_error *err)
{
    char record[HL_PATH_BYTES], from[32];
    hl_code c = find_record(d, record, err);

    if (c == HL_OK)
        c = find_alarm(d, record, from, err);
    if (c != HL_OK)
        return c;
    const setting s[] = {{"record", record, 0},
                         {"from", from, 0},
                         {"annotations", "alarm", 0},
                         {"out", d->path[STRIP], 0}};
    return step(d, "wave plot", s, sizeof s / sizeof *s, NULL, err);
}

static hl_code make_cohort(const demo *d, int64_t usable, hl_json **result, hl_error *err)
{
    const setting s[] = {{"mimiciv", d->path[HOSP], 0},
                         {"ecg", d->path[ECG], 0},
                         {"cxr", d->path[CXR], 0},
                         {"out", d->path[COHORT], 0},
                         {"train-n", NULL, usable * TRAIN_PERCENT / 100},
                         {"val-n", NULL, usable * VAL_PERCENT / 100},
                         {"candidate-n", NULL, CANDIDATES}};

    return step(d, "cohort build", s, sizeof s / sizeof *s, result, err);
}

static hl_code make_tensors(const demo *d, hl_error *err)
{
    const setting s[] = {{"cohort", d->path[COHORT], 0},
                         {"ecg", d->path[ECG], 0},
                         {"cxr", d->path[CXR], 0},
                         {"out", d->path[PACK], 0},
                         {"store", "compact", 0}};

    return step(d, "pack", s, sizeof s / sizeof *s, NULL, err);
}

static hl_code make_card(const demo *d, hl_error *err)
{
    const setting s[] = {{"cohort", d->path[COHORT], 0},
                         {"ecg", d->path[ECG], 0},
                         {"cxr", d->path[CXR], 0},
                         {"pack", d->path[PACK], 0},
                         {"out", d->path[CARD], 0}};

    return step(d, "scorecard", s, sizeof s / sizeof *s, NULL, err);
}

/* --- what is said at the end ---------------------------------------------------------------- */

static void put_tables(const hl_json *cohort, hl_buf *to)
{
    static const char *const file[] = {"train.csv", "val.csv", "test.csv"};
    const hl_json_value *tables = hl_json_get(hl_json_root(cohort), "tables");
    const char *between = ": ";

    for (size_t i = 0; i < hl_json_count(tables); i++) {
        const hl_json_value *t = hl_json_at(tables, i);
        const hl_str name = hl_json_text(hl_json_get(t, "name"));
        char rows[32], patients[32];
        /* test.csv holds CANDIDATES rows a query. */
        const int64_t n = hl_json_int(hl_json_get(t, "rows"));
        hl_count_text(hl_str_is(name, file[2]) ? n / CANDIDATES : n, rows);
        hl_count_text(hl_json_int(hl_json_get(t, "subjects")), patients);
        if (i == 0) {
            hl_buf_printf(to, "%s admissions of %s patients", rows, patients);
            continue;
        }
        for (size_t k = 0; k < 3; k++)
            if (hl_str_is(name, file[k])) {
                hl_buf_printf(to, "%s%.*s %s", between, (int)name.n - 4, name.at, rows);
                between = ", ";
            }
    }
}

static void put_summary(const demo *d, const hl_json *cohort, const hl_json *waves,
                        const char *page, hl_buf *to)
{
    char patients[32], records[32], monitored[32];

    hl_buf_printf(to, "From archive to data set, on %s invented patients:\n\n",
                  hl_count_text(d->patients, patients));
    hl_buf_printf(to, "  %-28s tables, ECGs, DICOM films, and what bedside monitors export\n",
                  d->path[HOSPITAL]);
    hl_buf_printf(to, "  %-28s the films as pictures, with their tables\n", d->path[CXR]);
    hl_count_text(hl_json_int(hl_json_get(hl_json_root(waves), "records")), records);
    hl_count_text(hl_json_int(hl_json_get(hl_json_root(waves), "patients")), monitored);
    hl_buf_printf(to, "  %-28s the monitors' waveforms: %s records of %s patients\n",
                  d->path[WAVES], records, monitored);
    hl_buf_printf(to, "  %-28s ten seconds of one on ECG paper, with an alarm\n", d->path[STRIP]);
    hl_buf_printf(to, "  %-28s ", d->path[COHORT]);
    put_tables(cohort, to);
    hl_buf_printf(to, "\n  %-28s tensors, compact; hilum pack --expand makes npy files of them\n",
                  d->path[PACK]);
    hl_buf_printf(to, "  %-28s all of it on one page\n\nOpen  file://%s\n\n", d->path[CARD], page);
    hl_buf_text(to,
                "With the archives of PhysioNet, whose films are pictures already, three commands\n"
                "do the same (hilum film render makes pictures of DICOM films):\n\n"
                "  hilum cohort build --mimiciv mimiciv/2.2 --ecg mimic-iv-ecg/1.0 \\\n"
                "        --cxr mimic-cxr-jpg/2.1.0 --out cohort\n"
                "  hilum pack cohort --ecg mimic-iv-ecg/1.0 --cxr mimic-cxr-jpg/2.1.0 --out pack\n"
                "  hilum scorecard cohort --ecg mimic-iv-ecg/1.0 --cxr mimic-cxr-jpg/2.1.0 \\\n"
                "        --pack pack --out scorecard.html\n");
}

static void put_json(const demo *d, const char *page, hl_buf *to)
{
    static const char *const key[N_PLACES] = {
        [HOSPITAL] = "hospital", [CXR] = "films", [WAVES] = "waves",   [STRIP] = "strip",
        [COHORT] = "cohort",     [PACK] = "pack", [CARD] = "scorecard"};
    hl_json_writer w = hl_json_write_to(to, 0);

    hl_json_open(&w, '{');
    for (size_t i = 0; i < N_PLACES; i++)
        if (key[i]) {
            hl_json_member_cstr(&w, key[i], i == CARD ? page : d->path[i]);
        }
    hl_json_close(&w, '}');
}

/* --- the command ---------------------------------------------------------------------------- */

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    demo d = {.out = hl_options_text(o, "out"),
              .patients = hl_options_int(o, "patients", 0),
              .seed = hl_options_int(o, "seed", 0),
              .ctl = ctl};
    hl_json *cohort = NULL, *waves = NULL;
    char *page = NULL;
    int64_t usable = 0;
    hl_code c = check_out(d.out, err);

    for (size_t i = 0; i < N_PLACES && c == HL_OK; i++)
        c = hl_path_join(d.out, place_name[i], d.path[i], err);
    if (c == HL_OK)
        c = make_hospital(&d, &usable, err);
    if (c == HL_OK)
        c = make_films(&d, err);
    if (c == HL_OK)
        c = make_waves(&d, &waves, err);
    if (c == HL_OK)
        c = make_strip(&d, err);
    if (c == HL_OK)
        c = make_cohort(&d, usable, &cohort, err);
    if (c == HL_OK)
        c = make_tensors(&d, err);
    if (c == HL_OK)
        c = make_card(&d, err);
    if (c == HL_OK) {
        page = realpath(d.path[CARD], NULL);
        put_summary(&d, cohort, waves, page ? page : d.path[CARD], &result->text);
        put_json(&d, page ? page : d.path[CARD], &result->json);
    }
    free(page);
    hl_json_free(&cohort);
    hl_json_free(&waves);
    return c;
}

const hl_command hl_command_demo = {
    .name = "demo",
    .summary = "make a synthetic hospital, its pictures, waveforms, cohort, tensors and scorecard",
    .about =
        "Runs the whole way on data that needs no permission: hilum synth makes a hospital in the "
        "layouts of PhysioNet, hilum film render makes pictures of its DICOM films, hilum wave "
        "build "
        "a waveform database of what its bedside monitors export, hilum wave plot draws ten "
        "seconds of that, hilum cohort build selects and splits, hilum pack makes the tensors, "
        "hilum scorecard draws the cohort on one page. Under a minute for 200 patients. "
        "Some of the films, and two stays of the monitors, have a fault on purpose and are "
        "refused: mimic-cxr-jpg/errors.csv and waves/errors.csv say which and why.\n\n"
        "The result depends on --patients and --seed alone.",
    .option = options,
    .example = {"hilum demo", "hilum demo --out demo2 --patients 120 --seed 2"},
    .run = run,
};
