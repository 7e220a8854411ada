#include "command/command.h"
#include "hilum/wave.h"

static const hl_option options[] = {
    {.name = "export",
     .type = HL_OPT_PATH,
     .value = "EXPORT",
     .required = true,
     .argument = true,
     .help = "folder of an export (.fmt files and tables), or a folder of such folders, one a day"},
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "OUT",
     .required = true,
     .argument = true,
     .help = "the database to write: new, empty, or one whose last run had --until"},
    {.name = "map",
     .type = HL_OPT_PATH,
     .value = "CSV",
     .help = "who the patients are: patient_id,start,end,subject_id,hadm_id,record_id,shift_days"},
    {.name = "admissions",
     .type = HL_OPT_PATH,
     .value = "CSV",
     .help = "subject_id,hadm_id,admittime,dischtime: gives records without a hadm_id in the map "
             "theirs"},
    {.name = "until",
     .type = HL_OPT_TEXT,
     .value = "TIME",
     .help = "rows before TIME (the monitors' local time) are complete; what may still go on waits "
             "for the next run"},
    {.name = "annotations",
     .type = HL_OPT_FLAG,
     .help = "write .beat, .alarm and .wq beside each record"},
    {.name = "fast",
     .type = HL_OPT_FLAG,
     .help = "compress signals some ten times as fast, into somewhat larger files"},
    {.name = "repair-dst",
     .type = HL_OPT_FLAG,
     .help = "mend timestamps that name winter time in the first of the two autumn hours"},
    {.name = "tick-hz",
     .type = HL_OPT_TEXT,
     .value = "HZ",
     .initial = "999.56",
     .help = "ticks a second of the monitors' network"},
    {.name = "no-version-line",
     .type = HL_OPT_FLAG,
     .help = "master headers without #wfdb 10.7 on top"},
    {.name = "compat",
     .type = HL_OPT_CHOICE,
     .value = "NAME",
     .choices = "downcast",
     .help = "downcast: the public converter's files instead, identifying as they are, to compare"},
    {.name = "spool",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .help = "folder for messages by patient, as identifying as the export (default: OUT.spool); "
             "removed in the end"},
    HL_OPTION_JOBS,
    HL_OPTION_RESUME,
    HL_OPTION_SHARD,
    HL_OPTION_MERGE,
    HL_OPTION_TEST_VERSION,
    HL_OPTION_STRICT,
    {0}};

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    const char *in = hl_options_text(o, "export");
    hl_buf call = {0};
    hl_report r = {0};
    hl_code c = hl_options_to_json(o, &call, err);
    hl_wave_build_options bo = {.in = &in,
                                .n_in = 1,
                                .out = hl_options_text(o, "out"),
                                .map = hl_options_text(o, "map"),
                                .admissions = hl_options_text(o, "admissions"),
                                .until = hl_options_text(o, "until"),
                                .compat = hl_options_text(o, "compat"),
                                .spool = hl_options_text(o, "spool"),
                                .call = call.at,
                                .version = hl_options_text(o, "test-version"),
                                .fast = hl_options_flag(o, "fast"),
                                .annotations = hl_options_flag(o, "annotations"),
                                .no_version_line = hl_options_flag(o, "no-version-line"),
                                .repair_dst = hl_options_flag(o, "repair-dst"),
                                .merge = hl_options_flag(o, "merge"),
                                .resume = hl_options_flag(o, "resume"),
                                .strict = hl_options_flag(o, "strict")};
    const char *tick = hl_options_text(o, "tick-hz");

    hl_options_shard(o, &bo.shard, &bo.n_shards);
    if (c == HL_OK && !(hl_parse_f64(hl_str_of(tick), &bo.tick_hz) && bo.tick_hz > 0))
        c = hl_fail(err, HL_E_USAGE, "--tick-hz %s is no number above 0", tick);
    if (c == HL_OK)
        c = hl_wave_build(&bo, ctl, &r, err);
    hl_result_take(result, &r);
    hl_buf_free(&call);
    return c;
}

const hl_command hl_command_wave_build = {
    .name = "wave build",
    .summary = "build a waveform database from the exports of bedside monitors",
    .about =
        "Reads the tables of the monitors' data warehouse once, cuts each patient's messages into "
        "stays (a pause of more than an hour begins a new one), and makes each stay a record: WFDB "
        "headers, signals in FLAC, numerics in a csv that can be read from the middle, in the "
        "layout of MIMIC-IV-WDB, with RECORDS, record_list.csv, errors.csv and the manifest.\n\n"
        "The map says whose record a stay is, and by how many days the subject's dates move. A "
        "stay without one row that holds all of it is refused: it stands in errors.csv, by its "
        "number alone, the others are written, and the exit code is 1. Names, beds, hosts, ids, "
        "dates and sequence numbers of the export do not leave: every file is searched for them "
        "before it gets its name.\n\n"
        "With --until the database grows by days: stays that may still go on wait, and the next "
        "run, with the next days and the same OUT, ends them. The records are the same as those of "
        "one run over all days. The spool lies beside OUT and identifies people: it is as secret "
        "as the export, and goes when the last run is done. Memory: a quarter of a GiB, whatever "
        "the length of the export.",
    .option = options,
    .example = {"hilum wave build hospital/monitor-export waves --map hospital/monitor-map.csv",
                "hilum wave build hospital/monitor-export quick --map hospital/monitor-map.csv "
                "--fast --annotations --jobs 2"},
    .run = run,
};
