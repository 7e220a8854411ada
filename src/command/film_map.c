#include "command/command.h"
#include "hilum/film.h"

static const hl_option options[] = {
    {.name = "in",
     .type = HL_OPT_PATH,
     .value = "IN",
     .required = true,
     .argument = true,
     .help = "folder of DICOM films as the hospital has them"},
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "CSV",
     .required = true,
     .help = "the map to write; an old one is never replaced"},
    {.name = "extend",
     .type = HL_OPT_PATH,
     .value = "CSV",
     .help = "an older map: whoever is in it keeps the pseudonyms"},
    {.name = "seed",
     .type = HL_OPT_INT,
     .value = "S",
     .min = 0,
     .max = INT64_MAX,
     .help =
         "draw from this seed, for tests (default: from the system, so that nobody can redo it)"},
    HL_OPTION_JOBS,
    {0}};

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_report r = {0};
    const hl_film_map_options mo = {.in = hl_options_text(o, "in"),
                                    .out = hl_options_text(o, "out"),
                                    .extend = hl_options_text(o, "extend"),
                                    .seed = hl_options_int(o, "seed", -1)};
    hl_code c = hl_film_map_make(&mo, ctl, &r, err);

    hl_result_take(result, &r);
    return c;
}

const hl_command hl_command_film_map = {
    .name = "film map",
    .summary = "draw pseudonyms and date shifts for a hospital's films",
    .about = "Reads the ids of every film and writes a csv with one row each: PatientID, "
             "StudyInstanceUID and SOPInstanceUID as the hospital has them, the subject_id, "
             "study_id and dicom_id that stand for them in an archive, and by how many days the "
             "patient's dates move (whole weeks, one number a patient, into the years 2110 to "
             "2190). hilum film render --map takes it; you may also make or edit one yourself.\n\n"
             "Whoever holds the map can undo the pseudonyms. It is written readable by its owner "
             "alone and never becomes part of an archive.",
    .option = options,
    .example = {"hilum film map hospital/mimic-cxr --out map.csv",
                "hilum film map hospital/mimic-cxr --out map2.csv --extend map.csv"},
    .run = run,
};
