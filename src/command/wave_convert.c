#include "command/command.h"
#include "hilum/wave.h"

static const hl_option options[] = {
    {.name = "in",
     .type = HL_OPT_PATH,
     .value = "IN",
     .required = true,
     .argument = true,
     .help = "a record (FOLDER/NAME, an EDF file, an http(s):// address of one), FILE.csv or "
             "FILE.npy"},
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "OUT",
     .required = true,
     .argument = true,
     .help = "FOLDER/NAME (a WFDB record), NAME.edf, NAME.csv or NAME.npy; nothing is overwritten"},
    {.name = "format",
     .type = HL_OPT_CHOICE,
     .value = "N",
     .choices = "8|16|24|32|61|80|160|212|310|311|508|516|524",
     .help = "WFDB storage format; 508, 516 and 524 are FLAC of 8, 16 and 24 bits (default: as in "
             "the input; 16 for tables)"},
    {.name = "signals",
     .type = HL_OPT_TEXT,
     .value = "LIST",
     .help = "signals by name or #index, with commas: II,ABP or '#0,#3' (default: all)"},
    {.name = "from",
     .type = HL_OPT_TEXT,
     .value = "TIME",
     .help = "begin here: seconds, H:M:S, sN (samples), fN (frames), [H:M:S DD/MM/YYYY] or "
             "YYYY-MM-DD H:M:S on the record's clock"},
    {.name = "to",
     .type = HL_OPT_TEXT,
     .value = "TIME",
     .help = "end before this time (default: the end)"},
    {.name = "segment-seconds",
     .type = HL_OPT_INT,
     .value = "S",
     .min = 1,
     .max = 1000000000,
     .help = "WFDB: write segments of so many seconds"},
    {.name = "rate",
     .type = HL_OPT_TEXT,
     .value = "HZ",
     .help = "csv and npy in: rows a second (default: from a csv's time[s] column)"},
    {.name = "gain",
     .type = HL_OPT_TEXT,
     .value = "G",
     .help = "csv and npy in: stored units for one physical unit (default: one that keeps every "
             "value as it is, if there is one, else one for the values' range)"},
    {.name = "units",
     .type = HL_OPT_TEXT,
     .value = "LIST",
     .help = "csv and npy in: units of the signals, one for all or with commas (default: from the "
             "heading, else mV)"},
    {.name = "annotations",
     .type = HL_OPT_TEXT,
     .value = "SUFFIX",
     .help = "take the annotation file beside the record along; EDF+ holds annotations itself"},
    {.name = "deskew",
     .type = HL_OPT_FLAG,
     .help = "WFDB to WFDB: shift skewed signals into place instead of stating their skew"},
    {.name = "exact-rate",
     .type = HL_OPT_FLAG,
     .help = "EDF: make data records so long that their duration is an exact decimal"},
    {.name = "mit2edf",
     .type = HL_OPT_FLAG,
     .help = "EDF: the bytes that the WFDB program mit2edf writes"},
    {.name = "fast",
     .type = HL_OPT_FLAG,
     .help = "FLAC: compress some ten times as fast, into somewhat larger files"},
    {0}};

static hl_code take_number(const hl_options *o, const char *name, double *out, hl_error *err)
{
    const char *text = hl_options_text(o, name);

    if (!text || (hl_parse_f64(hl_str_of(text), out) && *out > 0 && *out <= 1e9))
        return HL_OK;
    return hl_fail(err, HL_E_USAGE, "--%s: '%.60s' is no number above 0, up to 1000000000", name,
                   text);
}

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    const char *format = hl_options_text(o, "format");
    hl_wave_convert_options co = {.in = hl_options_text(o, "in"),
                                  .out = hl_options_text(o, "out"),
                                  .signals = hl_options_text(o, "signals"),
                                  .from = hl_options_text(o, "from"),
                                  .to = hl_options_text(o, "to"),
                                  .units = hl_options_text(o, "units"),
                                  .annotations = hl_options_text(o, "annotations"),
                                  .segment_s = hl_options_int(o, "segment-seconds", 0),
                                  .exact_rate = hl_options_flag(o, "exact-rate"),
                                  .mit2edf = hl_options_flag(o, "mit2edf"),
                                  .fast = hl_options_flag(o, "fast"),
                                  .deskew = hl_options_flag(o, "deskew")};
    hl_report r = {0};
    int64_t n = 0;
    hl_code c = take_number(o, "rate", &co.rate_hz, err);

    if (c == HL_OK)
        c = take_number(o, "gain", &co.gain, err);
    if (c != HL_OK)
        return c;
    if (format && hl_parse_i64(hl_str_of(format), &n))
        co.format = (int32_t)n;
    c = hl_wave_convert(&co, ctl, &r, err);
    hl_result_take(result, &r);
    return c;
}

const hl_command hl_command_wave_convert = {
    .name = "wave convert",
    .summary = "a record into another format: WFDB, EDF, csv, npy",
    .about =
        "Copies stored samples as they are: no value is rescaled unless the target has no other "
        "way, and then the report says so. A format that cannot hold a sample is refused, with "
        "the signal, the frame and the value.\n\n"
        "WFDB to WFDB keeps gains, times, counter, notes, and which signals share a file. A record "
        "of a variable layout stays one, segment by segment, with its gaps; other records of "
        "segments become one segment, or several with --segment-seconds.\n\n"
        "A csv has a line of names on top, as hilum wave cat writes it: time[s],II[mV],ABP[mmHg]. "
        "Its rows are evenly spaced in time; an empty cell is a sample that was not measured. An "
        "array is (rows, signals) or (rows,): integers are stored values, floats physical ones.\n\n"
        "EDF is written as EDF+ with exactly the data records needed. Its header has 8 characters "
        "for the duration of a data record, so some rates come back slightly off: the report says "
        "by how much, and --exact-rate takes longer data records instead.",
    .option = options,
    .example = {"hilum wave convert "
                "hospital/mimic-iv-ecg/files/p1000/p10008504/s42886110/42886110 ecg.edf",
                "hilum wave convert waves/waves/p102/p10230430/87900140/87900140 minute/87900140 "
                "--format 16 --to 60"},
    .run = run,
};
