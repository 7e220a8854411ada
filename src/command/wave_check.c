#include "command/wave_window.h"

static const hl_option options[] = {
    {.name = "record",
     .type = HL_OPT_PATH,
     .value = "RECORD",
     .required = true,
     .argument = true,
     .help =
         "FOLDER/NAME without extension, an EDF file, an http(s):// address of one, or a folder "
         "of records"},
    {.name = "annotations",
     .type = HL_OPT_FLAG,
     .help = "check annotation files beside the records too"},
    {.name = "headers-only", .type = HL_OPT_FLAG, .help = "read headers and no samples"},
    {.name = "no-info", .type = HL_OPT_FLAG, .help = "leave (II) lines out"},
    {.name = "calibration",
     .type = HL_OPT_PATH,
     .value = "FILE",
     .help = "list of signal names and units that are known, as wfdbcal has it (default: the list "
             "of WFDB 10.7)"},
    HL_OPTION_JOBS,
    {0}};

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    const hl_wave_check_options co = {.path = hl_options_text(o, "record"),
                                      .calibration = hl_options_text(o, "calibration"),
                                      .annotations = hl_options_flag(o, "annotations"),
                                      .headers_only = hl_options_flag(o, "headers-only"),
                                      .quiet_info = hl_options_flag(o, "no-info")};
    hl_report r = {0};
    hl_code c = hl_wave_check(&co, ctl, &r, err);

    hl_result_take(result, &r);
    return c;
}

const hl_command hl_command_wave_check = {
    .name = "wave check",
    .summary = "check waveform records strictly: headers, samples, checksums, numerics",
    .about =
        "Reads records whole and prints a line for everything that is wrong, in the form and with "
        "the words of wfdbcheck: (EE) an error, (WW) a warning, (II) a note. Beyond what that "
        "program sees it proves the frames, the count and the MD5 of FLAC files, checksums of "
        "records with skew or a prolog, bytes behind the last sample, numerics, and it finds files "
        "that no header names, folders with a wrong name and RECORDS lists that do not fit what is "
        "there.\n\n"
        "A folder is checked record by record: those that its RECORDS lists name, else every "
        "header that is no segment of another one. The exit code is 3 when an error was found, 1 "
        "for warnings alone.",
    .option = options,
    .example = {"hilum wave check "
                "hospital/mimic-iv-ecg/files/p1000/p10008504/s42886110/42886110",
                "hilum wave check waves --annotations --no-info"},
    .run = run,
};
