#include "command/command.h"
#include "hilum/cohort.h"

static const hl_option options[] = {
    {.name = "mimiciv",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .required = true,
     .help = "MIMIC-IV, or a hospital's tables in its layout: hosp/*.csv.gz or .csv"},
    {.name = "ecg",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .required = true,
     .help = "MIMIC-IV-ECG: record_list.csv and files/"},
    {.name = "cxr",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .required = true,
     .help = "MIMIC-CXR-JPG: metadata and chexpert tables and files/"},
    HL_OPTION_OUT,
    {.name = "recipe",
     .type = HL_OPT_TEXT,
     .value = "NAME",
     .initial = "symile-mimic-1.0",
     .help = "name of a shipped recipe, or path to a recipe.json"},
    {.name = "compat",
     .type = HL_OPT_FLAG,
     .help = "the bytes of the published scripts, their faults included"},
    {.name = "train-n",
     .type = HL_OPT_INT,
     .value = "N",
     .min = 1,
     .max = INT32_MAX,
     .help = "rows of train (default: as the recipe says)"},
    {.name = "val-n",
     .type = HL_OPT_INT,
     .value = "N",
     .min = 1,
     .max = INT32_MAX,
     .help = "rows of val (default: as the recipe says)"},
    {.name = "candidate-n",
     .type = HL_OPT_INT,
     .value = "N",
     .min = 2,
     .max = INT32_MAX,
     .help = "candidates a retrieval query, its own row included (default: as the recipe says)"},
    {.name = "candidates",
     .type = HL_OPT_PATH,
     .value = "FILE",
     .help = "take the candidates from a csv, or from a folder of val_retrieval.csv and test.csv"},
    {.name = "seed",
     .type = HL_OPT_INT,
     .value = "N",
     .initial = "0",
     .min = 0,
     .max = UINT32_MAX,
     .help = "seed of the splits"},
    {.name = "candidate-seed",
     .type = HL_OPT_INT,
     .value = "N",
     .initial = "0",
     .min = 0,
     .max = UINT32_MAX,
     .help = "seed of the candidates"},
    {.name = "distinct-patients",
     .type = HL_OPT_FLAG,
     .help = "no candidate of the query's own patient"},
    {.name = "ecg-report",
     .type = HL_OPT_FLAG,
     .help = "write ecg_report.csv: chosen ECGs with leads that are flat, or held at their end"},
    {.name = "keep-columns",
     .type = HL_OPT_FLAG,
     .help = "splits keep all columns of the data set"},
    {.name = "allow-duplicates",
     .type = HL_OPT_FLAG,
     .help = "repeated keys in the inputs multiply rows instead of being refused"},
    {.name = "strict-files",
     .type = HL_OPT_FLAG,
     .help = "a film that is listed but not there is an error"},
    {.name = "check-all-ecg",
     .type = HL_OPT_FLAG,
     .help = "read every ECG record, not only those in a window"},
    HL_OPTION_JOBS,
    {.name = "strict",
     .type = HL_OPT_FLAG,
     .help = "an ECG record that cannot be read is an error"},
    {0}};

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_buf call = {0};
    hl_report r = {0};
    hl_code c = hl_options_to_json(o, &call, err);
    const hl_cohort_options co = {.mimiciv = hl_options_text(o, "mimiciv"),
                                  .ecg = hl_options_text(o, "ecg"),
                                  .cxr = hl_options_text(o, "cxr"),
                                  .out = hl_options_text(o, "out"),
                                  .recipe = hl_options_text(o, "recipe"),
                                  .candidates = hl_options_text(o, "candidates"),
                                  .call = call.at,
                                  .train_n = hl_options_int(o, "train-n", -1),
                                  .val_n = hl_options_int(o, "val-n", -1),
                                  .candidate_n = hl_options_int(o, "candidate-n", -1),
                                  .seed = hl_options_int(o, "seed", 0),
                                  .candidate_seed = hl_options_int(o, "candidate-seed", 0),
                                  .compat = hl_options_flag(o, "compat"),
                                  .allow_duplicates = hl_options_flag(o, "allow-duplicates"),
                                  .distinct_patients = hl_options_flag(o, "distinct-patients"),
                                  .strict_files = hl_options_flag(o, "strict-files"),
                                  .strict = hl_options_flag(o, "strict"),
                                  .check_all_ecg = hl_options_flag(o, "check-all-ecg"),
                                  .keep_columns = hl_options_flag(o, "keep-columns"),
                                  .ecg_report = hl_options_flag(o, "ecg-report")};

    if (c == HL_OK)
        c = hl_cohort_build(&co, ctl, &r, err);
    hl_result_take(result, &r);
    hl_buf_free(&call);
    return c;
}

const hl_command hl_command_cohort_build = {
    .name = "cohort build",
    .summary =
        "select admissions with film, ECG and laboratory values; split them; draw candidates",
    .about =
        "Reads a hospital's tables, its ECG record list and its film table, and writes the data "
        "set's "
        "table (symile_mimic_data.csv), the splits (train.csv, val.csv, val_retrieval.csv, "
        "test.csv), "
        "labs_means.json, errors.csv and the manifest.\n\n"
        "Windows, views, laboratory items, splits and column names come from the recipe. With "
        "--compat "
        "the files are byte for byte those of the published Symile-MIMIC scripts; without it the "
        "faults that docs/fidelity.md lists are mended, each with a warning.\n\n"
        "The laboratory table is read once, as a stream; memory grows with the cohort, not with "
        "the "
        "files.",
    .option = options,
    .example = {"hilum cohort build --mimiciv hospital/mimiciv --ecg hospital/mimic-iv-ecg --cxr "
                "hospital/mimic-cxr-jpg --out cohort --train-n 80 --val-n 15 --candidate-n 5",
                "hilum cohort build --mimiciv hospital/mimiciv --ecg hospital/mimic-iv-ecg --cxr "
                "hospital/mimic-cxr-jpg --out cohort-48h --recipe early-48h-by-patient"},
    .run = run,
};
