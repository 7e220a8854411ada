#include "command/command.h"
#include "hilum/film.h"

static const hl_option options[] = {
    {.name = "dir",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .required = true,
     .argument = true,
     .help = "an archive of pictures, or a folder of DICOM files"},
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "DIR",
     .help = "folder for findings.csv and review.html; old ones are replaced"},
    {.name = "text", .type = HL_OPT_FLAG, .help = "look for text in the pixels too"},
    {.name = "dates-shifted",
     .type = HL_OPT_FLAG,
     .help = "DICOM files: years outside 2100 to 2200 are findings"},
    HL_OPTION_JOBS,
    {0}};

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_report r = {0};
    const hl_film_check_options co = {.dir = hl_options_text(o, "dir"),
                                      .out = hl_options_text(o, "out"),
                                      .text = hl_options_flag(o, "text"),
                                      .dates_shifted = hl_options_flag(o, "dates-shifted")};
    hl_code c = hl_film_check(&co, ctl, &r, err);

    hl_result_take(result, &r);
    return c;
}

const hl_command hl_command_film_check = {
    .name = "film check",
    .summary = "prove an archive of films, or find what identifies in DICOM files",
    .about =
        "An archive of pictures, ours or a download of the published one, is read again: every "
        "file "
        "against SHA256SUMS.txt, every JPEG decoded and searched for anything besides the picture, "
        "sizes against the metadata, one patient a study and a split, one date a study, the lists "
        "against what is there.\n\n"
        "DICOM files are searched for attributes that identify (the standard's confidentiality "
        "profile, cut to what films have), private elements, and places where things hide. A "
        "finding names the element and never its value.\n\n"
        "--text looks for lines of text in the pixels and makes a page of the films to look at. It "
        "flags films for a person; it cannot prove that there is none. The exit code is 1 when "
        "something was found.",
    .option = options,
    .example = {"hilum film check jpg", "hilum film check hospital/mimic-cxr --text --out review"},
    .run = run,
};
