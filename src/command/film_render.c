#include "command/command.h"
#include "hilum/film.h"

static const hl_option options[] = {
    {.name = "in",
     .type = HL_OPT_PATH,
     .value = "IN",
     .required = true,
     .argument = true,
     .help = "a DICOM file, or a folder of them (.dcm, .dcm.gz)"},
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "OUT",
     .required = true,
     .argument = true,
     .help = "one film: FILE.jpg or FILE.png; a folder: the archive to write, new or empty"},
    {.name = "recipe",
     .type = HL_OPT_TEXT,
     .value = "NAME",
     .initial = "mimic-cxr-jpg-2.0.0",
     .help = "recipe of the pictures and tables; film-plain is the one for new work"},
    {.name = "quality",
     .type = HL_OPT_INT,
     .value = "Q",
     .min = 1,
     .max = 100,
     .help = "JPEG quality (default: as the recipe says, 95)"},
    {.name = "records",
     .type = HL_OPT_PATH,
     .value = "CSV",
     .help = "list of films: subject_id,study_id,dicom_id,path (default: cxr-record-list.csv[.gz] "
             "of IN)"},
    {.name = "map",
     .type = HL_OPT_PATH,
     .value = "CSV",
     .help = "pseudonyms and date shifts, as hilum film map makes them"},
    {.name = "labels",
     .type = HL_OPT_PATH,
     .value = "PATH",
     .help = "label table to take along, or a folder of them"},
    {.name = "split-file",
     .type = HL_OPT_PATH,
     .value = "CSV",
     .help = "splits as given: split and subject_id or dicom_id (default: the recipe's rule)"},
    {.name = "seed",
     .type = HL_OPT_INT,
     .value = "S",
     .min = 0,
     .max = INT64_MAX,
     .help = "seed of the split rule (default: as the recipe says, 0)"},
    {.name = "frame",
     .type = HL_OPT_INT,
     .value = "N",
     .min = 1,
     .max = INT32_MAX,
     .help = "one film: its frame N, from 1"},
    {.name = "every-frame",
     .type = HL_OPT_FLAG,
     .help = "a file of several frames gives ID_f001, ID_f002, ... instead of being refused"},
    {.name = "as-published",
     .type = HL_OPT_FLAG,
     .help = "keep the release's faults: shifted code columns, noise in StudyTime"},
    {.name = "view-from-code",
     .type = HL_OPT_FLAG,
     .help = "fill an empty ViewPosition from the view code; films-report.csv says where"},
    {.name = "strict-rows",
     .type = HL_OPT_FLAG,
     .help = "a refused film has no row in the metadata either"},
    {.name = "allow-identifying",
     .type = HL_OPT_FLAG,
     .help = "write although texts, dates or burned-in text may identify somebody"},
    HL_OPTION_JOBS,
    HL_OPTION_RESUME,
    HL_OPTION_SHARD,
    HL_OPTION_MERGE,
    HL_OPTION_TEST_VERSION,
    HL_OPTION_STRICT,
    {0}};

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_buf call = {0};
    hl_report r = {0};
    hl_code c = hl_options_to_json(o, &call, err);
    hl_film_options fo = {.in = hl_options_text(o, "in"),
                          .out = hl_options_text(o, "out"),
                          .recipe = hl_options_text(o, "recipe"),
                          .records = hl_options_text(o, "records"),
                          .map = hl_options_text(o, "map"),
                          .labels = hl_options_text(o, "labels"),
                          .splits = hl_options_text(o, "split-file"),
                          .call = call.at,
                          .version = hl_options_text(o, "test-version"),
                          .quality = hl_options_int(o, "quality", 0),
                          .seed = hl_options_int(o, "seed", -1),
                          .frame = hl_options_int(o, "frame", 0),
                          .every_frame = hl_options_flag(o, "every-frame"),
                          .as_published = hl_options_flag(o, "as-published"),
                          .view_from_code = hl_options_flag(o, "view-from-code"),
                          .strict_rows = hl_options_flag(o, "strict-rows"),
                          .allow_identifying = hl_options_flag(o, "allow-identifying"),
                          .merge = hl_options_flag(o, "merge"),
                          .resume = hl_options_flag(o, "resume"),
                          .strict = hl_options_flag(o, "strict")};

    hl_options_shard(o, &fo.shard, &fo.n_shards);
    if (c == HL_OK)
        c = hl_film_render(&fo, ctl, &r, err);
    hl_result_take(result, &r);
    hl_buf_free(&call);
    return c;
}

const hl_command hl_command_film_render = {
    .name = "film render",
    .summary = "make pictures of DICOM films, and the archive around them",
    .about =
        "Reads each film once, takes its pixels through the recipe's steps, and writes\n"
        "files/pNN/pSUBJECT/sSTUDY/DICOMID.jpg with the metadata and split tables, "
        "IMAGE_FILENAMES, "
        "RECORDS, films-report.csv, errors.csv and the manifest. The plain recipe is that of "
        "MIMIC-CXR-JPG, bit for bit: minimum to maximum, MONOCHROME1 inverted, OpenCV's histogram "
        "equalisation, JPEG of quality 95. For new work film-plain is better: without "
        "equalisation the grey values of two films can be compared.\n\n"
        "Ids come from the paths (.../pSUBJECT/sSTUDY/ID.dcm), a record list, a map of pseudonyms, "
        "or the attributes that the recipe names. A film that cannot be read, or that would carry "
        "identifying text, dates or burned-in text out, is refused: it stands in errors.csv, the "
        "others are written, and the exit code is 1. Memory: at most three films for each thread.",
    .option = options,
    .example = {"hilum film render hospital/mimic-cxr jpg --labels hospital/mimic-cxr-jpg",
                "hilum film render hospital/mimic-cxr plain --recipe film-plain --jobs 2"},
    .run = run,
};
