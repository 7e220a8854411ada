#include "command/command.h"
#include "hilum/pack.h"

static const hl_option options[] = {
    {.name = "cohort",
     .type = HL_OPT_PATH,
     .value = "COHORT",
     .required = true,
     .argument = true,
     .help = "folder of hilum cohort build, or of the published data set's csv files"},
    {.name = "ecg", .type = HL_OPT_PATH, .value = "DIR", .help = "folder that ecg_path is below"},
    {.name = "cxr", .type = HL_OPT_PATH, .value = "DIR", .help = "folder that cxr_path is below"},
    HL_OPTION_OUT,
    {.name = "store",
     .type = HL_OPT_CHOICE,
     .value = "KIND",
     .choices = "npy|compact",
     .initial = "npy",
     .help = "npy: the published tensors; compact: each film and ECG once, lossless"},
    {.name = "expand",
     .type = HL_OPT_FLAG,
     .help = "COHORT is a compact pack: write the npy files that a direct pack gives"},
    {.name = "recipe",
     .type = HL_OPT_TEXT,
     .value = "NAME",
     .help = "recipe of the tensors (default: the one that made COHORT, else symile-mimic-1.0)"},
    {.name = "compat", .type = HL_OPT_FLAG, .help = "the bytes of the published script"},
    {.name = "crop-seed",
     .type = HL_OPT_INT,
     .value = "N",
     .initial = "0",
     .min = 0,
     .max = UINT32_MAX,
     .help = "seed of the random crops of train"},
    {.name = "crop-boxes",
     .type = HL_OPT_PATH,
     .value = "CSV",
     .help = "take the crops of train from a csv: row,top,left"},
    HL_OPTION_JOBS,
    HL_OPTION_RESUME,
    HL_OPTION_SHARD,
    HL_OPTION_MERGE,
    HL_OPTION_TEST_VERSION,
    HL_OPTION_STRICT,
    {0}};

static hl_code check(const hl_options *o, hl_error *err)
{
    bool expand = hl_options_flag(o, "expand");

    if (!expand && (!hl_options_given(o, "ecg") || !hl_options_given(o, "cxr")))
        return hl_fail(err, HL_E_USAGE, "--ecg and --cxr are needed (or --expand)");
    if (expand && (hl_options_given(o, "shard") || strcmp(hl_options_text(o, "store"), "npy") != 0))
        return hl_fail(err, HL_E_USAGE, "--expand takes neither --shard nor --store compact");
    if (hl_options_given(o, "crop-boxes") && hl_options_int(o, "crop-seed", 0) != 0)
        return hl_fail(err, HL_E_USAGE, "--crop-boxes and --crop-seed exclude each other");
    return HL_OK;
}

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_buf call = {0};
    hl_report r = {0};
    hl_code c = check(o, err);

    if (c == HL_OK)
        c = hl_options_to_json(o, &call, err);
    hl_pack_options po = {.cohort = hl_options_text(o, "cohort"),
                          .ecg = hl_options_text(o, "ecg"),
                          .cxr = hl_options_text(o, "cxr"),
                          .out = hl_options_text(o, "out"),
                          .recipe = hl_options_text(o, "recipe"),
                          .crop_boxes = hl_options_text(o, "crop-boxes"),
                          .call = call.at,
                          .version = hl_options_text(o, "test-version"),
                          .crop_seed = hl_options_int(o, "crop-seed", 0),
                          .store = strcmp(hl_options_text(o, "store"), "compact") == 0
                                       ? HL_STORE_COMPACT
                                       : HL_STORE_NPY,
                          .compat = hl_options_flag(o, "compat"),
                          .expand = hl_options_flag(o, "expand"),
                          .merge = hl_options_flag(o, "merge"),
                          .resume = hl_options_flag(o, "resume"),
                          .strict = hl_options_flag(o, "strict")};
    hl_options_shard(o, &po.shard, &po.n_shards);
    if (c == HL_OK)
        c = hl_pack_run(&po, ctl, &r, err);
    hl_result_take(result, &r);
    hl_buf_free(&call);
    return c;
}

const hl_command hl_command_pack = {
    .name = "pack",
    .summary = "make tensors of a cohort's films, ECGs and laboratory values",
    .about =
        "Reads each film and ECG of the cohort once, scales and crops the films as Pillow and "
        "torchvision "
        "do, and writes data_npy/<split>/*.npy: the published data set's arrays, byte for byte. "
        "--store compact keeps the cropped 8-bit films and the 16-bit ECGs instead, less than a "
        "thirteenth of the size for the published splits; --expand makes the npy files of it "
        "later.\n\n"
        "Every row must have its tensors: when a film or ECG cannot be used, all such are listed "
        "in "
        "errors.csv and nothing else is written. A stopped run goes on with --resume. Memory: a "
        "few "
        "films for each thread.",
    .option = options,
    .example =
        {"hilum pack cohort --ecg hospital/mimic-iv-ecg --cxr hospital/mimic-cxr-jpg --out pack",
         "hilum pack cohort --ecg hospital/mimic-iv-ecg --cxr hospital/mimic-cxr-jpg --out "
         "pack-small --store compact"},
    .run = run,
};
