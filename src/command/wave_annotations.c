#include "base/arena.h"
#include "command/wave_window.h"
#include "wave/annotations.h"

static const hl_option options[] = {
    HL_OPTION_RECORD,
    {.name = "suffix",
     .type = HL_OPT_TEXT,
     .value = "SUFFIX",
     .argument = true,
     .help = "annotation file beside the record: atr, qrs, beat, ... (an EDF+ file has its own)"},
    HL_OPTION_FROM,
    HL_OPTION_TO,
    {.name = "rdann",
     .type = HL_OPT_TEXT,
     .value = "FLAGS",
     .help = "print as the WFDB program rdann does with these flags: '-x -v', '-e'; '' is its "
             "plain form"},
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "FILE",
     .help = "file to write (default: stdout)"},
    {0}};

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_annotations_options ao = {0};
    hl_wave_annotations list;
    hl_wave_choice choice = {0};
    hl_arena *arena = hl_arena_new(0);
    hl_wave *wave = NULL;
    hl_output to = {0};
    int64_t n_rows = 0;
    hl_code c = arena ? HL_OK : hl_fail_memory(err, "annotations", 0);

    if (c == HL_OK && hl_options_given(o, "rdann"))
        c = hl_rdann_flags(hl_options_text(o, "rdann"), &ao, err);
    if (c == HL_OK)
        c = hl_wave_open(hl_options_text(o, "record"), ctl, &wave, err);
    if (c == HL_OK && !hl_options_given(o, "suffix") && !hl_wave_is_edf(wave))
        c = hl_fail(err, HL_E_USAGE,
                    "which annotations of record %s?\nGive the suffix of a file "
                    "beside it, as in: hilum wave annotations 100 atr",
                    hl_wave_about(wave)->name);
    if (c == HL_OK && (hl_options_given(o, "from") || hl_options_given(o, "to"))) {
        c = hl_wave_choose_time(o, wave, &choice, err);
        ao.from = choice.from;
        ao.to = choice.to;
    }
    if (c == HL_OK)
        c = hl_wave_annotations_read(arena, wave, hl_options_text(o, "suffix"), &list, err);
    if (c == HL_OK)
        c = hl_output_begin(o, result, &to, err);
    if (c == HL_OK)
        c = hl_wave_annotations_print(wave, &list, &ao, &to.sink, &n_rows, err);
    c = hl_output_end(&to, c, err);
    if (c == HL_OK && !result->streamed) {
        hl_buf_printf(&result->text, "%s: %lld annotations\n", hl_options_text(o, "out"),
                      (long long)n_rows);
        hl_buf_printf(&result->json, "{\"annotations\": %lld}", (long long)n_rows);
    }
    hl_wave_close(&wave);
    hl_arena_free(&arena);
    return c;
}

const hl_command hl_command_wave_annotations = {
    .name = "wave annotations",
    .summary = "beats, rhythms, alarms and notes of a record, as csv",
    .about = "Reads an annotation file (MIT or AHA) beside a record, or the annotations within an "
             "EDF+ file. Times are placed by the file's own clock when it states one, else by "
             "the record's frames.",
    .option = options,
    .example = {"hilum wave annotations waves/waves/p100/p10008504/88457428/88457428 beat --to 10",
                "hilum wave annotations waves/waves/p100/p10008504/88457428/88457428 alarm --rdann "
                "'-v'"},
    .run = run,
};
