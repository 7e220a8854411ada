#include "command/command.h"

#include "synth/monitor.h"

static const hl_option options[] = {
    {.name = "dir",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .required = true,
     .argument = true,
     .help = "folder to write; new or empty"},
    {.name = "patients",
     .type = HL_OPT_INT,
     .value = "N",
     .required = true,
     .min = 1,
     .max = HL_SYNTH_MAX_PATIENTS,
     .help = "number of patients"},
    {.name = "seed",
     .type = HL_OPT_INT,
     .value = "S",
     .initial = "0",
     .min = 0,
     .max = INT64_MAX,
     .help = "another seed, another hospital"},
    {.name = "labevents-rows",
     .type = HL_OPT_INT,
     .value = "R",
     .min = 1,
     .max = 4000000000,
     .help = "add lab rows until labevents has R of them (for benchmarks)"},
    {.name = "films",
     .type = HL_OPT_CHOICE,
     .value = "SIZE",
     .choices = "small|full|none",
     .initial = "small",
     .help =
         "size of the films: small (700 to 1000 px), full (2544 x 3056 px), or none: tables only, "
         "neither films nor ECGs are drawn"},
    {.name = "film-format",
     .type = HL_OPT_CHOICE,
     .value = "FORMAT",
     .choices = "both|jpeg|dicom",
     .initial = "both",
     .help =
         "write the films as mimic-cxr-jpg has them (jpeg), as the DICOM archive mimic-cxr does "
         "(dicom), or both"},
    {.name = "monitor-stays",
     .type = HL_OPT_INT,
     .value = "N",
     .min = 0,
     .max = HL_SYNTH_MONITOR_MAX_STAYS,
     .help = "patients in the export of the bedside monitors; 0 = no export (default: 8, none with "
             "--films none)"},
    {.name = "monitor-minutes",
     .type = HL_OPT_INT,
     .value = "M",
     .min = 1,
     .max = HL_SYNTH_MONITOR_MAX_MINUTES,
     .help = "minutes of waves that each of them has (default: 3)"},
    HL_OPTION_JOBS,
    {0},
};

static hl_synth_films films_of(const char *name)
{
    if (!strcmp(name, "full"))
        return HL_SYNTH_FILMS_FULL;
    return !strcmp(name, "none") ? HL_SYNTH_FILMS_NONE : HL_SYNTH_FILMS_SMALL;
}

static hl_synth_film_format format_of(const char *name)
{
    if (!strcmp(name, "jpeg"))
        return HL_SYNTH_JPEG;
    return !strcmp(name, "dicom") ? HL_SYNTH_DICOM : HL_SYNTH_BOTH;
}

static hl_code put_result(const hl_synth_options *o, const hl_synth_counts *n, hl_result *result,
                          hl_error *err)
{
    hl_buf_printf(&result->text,
                  "%s: %lld patients, %lld admissions, %lld lab rows, %lld ECGs, %lld films\n"
                  "%lld admissions have labs, ECG and film as the cohort wants them, "
                  "%lld more may (readmitted within days).\n"
                  "All of it is invented; planted.csv says what was built into each admission.\n",
                  o->folder, (long long)n->patients, (long long)n->admissions,
                  (long long)n->lab_rows, (long long)n->records, (long long)n->films,
                  (long long)n->usable, (long long)n->uncertain);
    hl_buf_printf(&result->json,
                  "{\"patients\": %lld, \"admissions\": %lld, \"lab_rows\": %lld, \"ecgs\": %lld, "
                  "\"films\": %lld, \"dicom_films\": %lld, \"usable\": %lld, \"uncertain\": %lld, "
                  "\"monitor_stays\": %lld, \"monitor_rows\": %lld}",
                  (long long)n->patients, (long long)n->admissions, (long long)n->lab_rows,
                  (long long)n->records, (long long)n->films, (long long)n->dicoms,
                  (long long)n->usable, (long long)n->uncertain, (long long)n->monitor_stays,
                  (long long)n->monitor_rows);
    hl_code c = hl_buf_check(&result->text, "result", err);
    return c == HL_OK ? hl_buf_check(&result->json, "result", err) : c;
}

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_synth_options s = {
        .folder = hl_options_text(o, "dir"),
        .n_patients = hl_options_int(o, "patients", 0),
        .seed = (uint64_t)hl_options_int(o, "seed", 0),
        .labevents_rows = hl_options_int(o, "labevents-rows", 0),
        .films = films_of(hl_options_text(o, "films")),
        .film_format = format_of(hl_options_text(o, "film-format")),
        .monitor_minutes = hl_options_int(o, "monitor-minutes", 0),
    };
    const int64_t stays = hl_options_int(o, "monitor-stays", -1);
    s.monitor_stays = stays < 0 ? 0 : stays == 0 ? -1 : stays;
    hl_synth_counts counts;
    hl_code c = hl_synth_run(&s, ctl, &counts, err);
    return c == HL_OK ? put_result(&s, &counts, result, err) : c;
}

const hl_command hl_command_synth = {
    .name = "synth",
    .summary = "make a synthetic hospital in the PhysioNet layouts",
    .about = "Writes a made-up hospital: tables as MIMIC-IV has them, 12-lead ECGs as "
             "MIMIC-IV-ECG, chest films as MIMIC-CXR (DICOM) and as MIMIC-CXR-JPG, and what its "
             "bedside monitors export, with the map of their patients. Nothing is copied from a "
             "patient. Every rule of the cohort meets cases that it keeps and cases that it drops, "
             "at known rates.\n"
             "\n"
             "Laboratory, ECG and film of an admission hang together in a way that any two of the "
             "three do not show: DIR/planted.csv has what was built in; planted_films.csv and "
             "planted_monitor.csv have the faults of films and monitors.\n"
             "\n"
             "The same --patients, --seed, --labevents-rows, --films, --film-format, "
             "--monitor-stays and --monitor-minutes give the same bytes on every machine, with any "
             "--jobs. A run that is stopped leaves DIR without README.txt: remove it and "
             "start again.",
    .option = options,
    .example = {"hilum synth hospital2 --patients 20 --seed 1",
                "hilum synth tables --patients 50 --labevents-rows 100000 --films none"},
    .run = run,
};
