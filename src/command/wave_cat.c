#include <stdlib.h>

#include "command/wave_window.h"
#include "wave/cat.h"
#include "wave/rdsamp.h"

static const hl_option options[] = {
    HL_OPTION_RECORD,
    HL_OPTION_FROM,
    HL_OPTION_TO,
    HL_OPTION_SIGNALS,
    {.name = "format",
     .type = HL_OPT_CHOICE,
     .choices = "csv|npy|i16|i32|f32|f64",
     .initial = "csv",
     .help = "csv, a NumPy array, or raw little-endian numbers; i16 and i32 hold adu, invalid "
             "samples as -32768"},
    {.name = "rate",
     .type = HL_OPT_TEXT,
     .value = "RATE",
     .initial = "native",
     .help = "native (each signal at its own), frame (the mean of each frame), held (the highest "
             "rate, slower signals hold their value), or a number of Hz"},
    {.name = "digital",
     .type = HL_OPT_FLAG,
     .help = "stored values (adu) instead of physical units"},
    {.name = "truncate",
     .type = HL_OPT_FLAG,
     .help = "--rate frame --digital: means toward zero, as wfdb-python and WFDB 10.6 have them"},
    {.name = "map",
     .type = HL_OPT_CHOICE,
     .choices = "segment|layout",
     .initial = "segment",
     .help = "physical values of a multi-segment record: by each segment's own gain, or from the "
             "layout's integers as libwfdb has them"},
    {.name = "pad-skew",
     .type = HL_OPT_FLAG,
     .help = "skewed signals: keep the record's stated length, what is missing is invalid (as "
             "wfdb-python; default: end where the first signal ends, as libwfdb)"},
    {.name = "skip-damaged",
     .type = HL_OPT_FLAG,
     .help = "samples of damaged FLAC blocks become invalid instead of ending the stream"},
    {.name = "rdsamp",
     .type = HL_OPT_TEXT,
     .value = "FLAGS",
     .help = "print as the WFDB program rdsamp does with these flags: '-P -v', '-c -pd', '-H'; '' "
             "is its plain form"},
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "FILE",
     .help = "file to write (default: stdout)"},
    {0}};

static hl_code take_rate(const char *text, hl_cat_options *c, hl_error *err)
{
    static const char *const name[] = {"native", "frame", "held"};
    static const hl_wave_rate rate[] = {HL_WAVE_NATIVE, HL_WAVE_AVERAGE, HL_WAVE_HELD};

    for (int i = 0; i < 3; i++)
        if (strcmp(text, name[i]) == 0) {
            c->rate = rate[i];
            return HL_OK;
        }
    if (hl_parse_f64(hl_str_of(text), &c->hz) && c->hz > 0 && c->hz <= 1e6)
        return HL_OK;
    return hl_fail(err, HL_E_USAGE,
                   "--rate: '%s' is no rate\nAllowed: native, frame, held, or Hz up to 1000000.",
                   text);
}

static int32_t format_of(const char *text)
{
    static const char *const name[] = {"csv", "npy", "i16", "i32", "f32", "f64"};
    int32_t i = 0;

    while (strcmp(text, name[i]) != 0)
        i++;
    return i;
}

static hl_code print_as_rdsamp(hl_wave *wave, const char *flags, const hl_wave_choice *choice,
                               const hl_sink *sink, hl_ctl *ctl, int64_t *n_rows, hl_error *err)
{
    hl_rdsamp_options ro = {.from = choice->from,
                            .to = choice->to,
                            .signal = choice->signal,
                            .n_signals = choice->n_signals};
    hl_code c = hl_rdsamp_flags(flags, &ro, err);

    return c == HL_OK ? hl_rdsamp(wave, &ro, sink, ctl, n_rows, err) : c;
}

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_cat_options co = {.format = format_of(hl_options_text(o, "format")),
                         .digital = hl_options_flag(o, "digital"),
                         .truncate = hl_options_flag(o, "truncate"),
                         .layout_values = strcmp(hl_options_text(o, "map"), "layout") == 0,
                         .damaged_is_gap = hl_options_flag(o, "skip-damaged")};
    hl_wave_choice choice = {0};
    hl_wave *wave = NULL;
    hl_output to = {0};
    int64_t n_rows = 0;
    hl_code c = take_rate(hl_options_text(o, "rate"), &co, err);

    if (c == HL_OK)
        c = hl_wave_open(hl_options_text(o, "record"), ctl, &wave, err);
    if (c == HL_OK && hl_options_flag(o, "pad-skew"))
        hl_wave_pad_skew(wave);
    if (c == HL_OK)
        c = hl_wave_choose(o, wave, &choice, err);
    co.from = choice.from;
    co.to = choice.to;
    co.signal = choice.signal;
    co.n_signals = choice.n_signals;
    if (c == HL_OK)
        c = hl_output_begin(o, result, &to, err);
    if (c == HL_OK && hl_options_given(o, "rdsamp"))
        c = print_as_rdsamp(wave, hl_options_text(o, "rdsamp"), &choice, &to.sink, ctl, &n_rows,
                            err);
    else if (c == HL_OK)
        c = hl_wave_cat(wave, &co, &to.sink, ctl, &n_rows, err);
    c = hl_output_end(&to, c, err);
    if (c == HL_OK && !result->streamed) {
        hl_buf_printf(&result->text, "%s: %lld rows of %s\n", hl_options_text(o, "out"),
                      (long long)n_rows, hl_wave_about(wave)->name);
        hl_buf_printf(&result->json, "{\"rows\": %lld}", (long long)n_rows);
    }
    free(choice.signal);
    hl_wave_close(&wave);
    return c;
}

const hl_command hl_command_wave_cat = {
    .name = "wave cat",
    .summary = "samples of a record, as csv, npy or raw numbers",
    .about =
        "Writes a stretch of a WFDB or EDF record to stdout or a file, reading only what the "
        "window needs: also of hour-long FLAC files, and of records on a web server.\n\n"
        "Samples that were not measured are empty cells (csv), NaN (floats) or -32768 (integers). "
        "Signals of different rates keep them: csv rows come at the highest rate and slower "
        "signals leave cells empty between their samples; arrays need --rate or one signal.",
    .option = options,
    .example = {"hilum wave cat hospital/mimic-iv-ecg/files/p1000/p10008504/s42886110/42886110 "
                "--signals II --to 2",
                "hilum wave cat waves/waves/p100/p10008504/88457428/88457428 --rate frame --format "
                "npy --out window.npy --from 0:10 --to 0:20"},
    .run = run,
};
