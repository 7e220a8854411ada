/*
 * wave_window.h - options that the wave commands share: which record, which stretch, which signals.
 */
#ifndef HL_COMMAND_WAVE_WINDOW_H
#define HL_COMMAND_WAVE_WINDOW_H

#include "command/command.h"
#include "hilum/wave.h"

#define HL_OPTION_RECORD                                                                           \
    {                                                                                              \
        .name = "record", .type = HL_OPT_PATH, .value = "RECORD", .required = true,                \
        .argument = true,                                                                          \
        .help = "FOLDER/NAME without extension, an EDF file, or an http(s):// address of one"      \
    }
#define HL_OPTION_FROM                                                                             \
    {                                                                                              \
        .name = "from", .type = HL_OPT_TEXT, .value = "TIME",                                      \
        .help = "begin here: seconds, H:M:S, sN (samples), fN (frames), [H:M:S DD/MM/YYYY] or "    \
                "YYYY-MM-DD H:M:S on the record's clock"                                           \
    }
#define HL_OPTION_TO                                                                               \
    {                                                                                              \
        .name = "to", .type = HL_OPT_TEXT, .value = "TIME",                                        \
        .help = "end before this time (default: the end)"                                          \
    }
#define HL_OPTION_SIGNALS                                                                          \
    {                                                                                              \
        .name = "signals", .type = HL_OPT_TEXT, .value = "LIST",                                   \
        .help = "signals by name or #index, with commas: II,ABP or '#0,#3' (default: all)"         \
    }

/* What the options say of an open record. signal[] is malloc'ed, NULL = all. */
typedef struct {
    int64_t from, to; /* frames, within the record */
    int32_t *signal;
    int32_t n_signals;
} hl_wave_choice;

/* Take --from, --to and --signals. HL_E_USAGE: no such signal (the message lists what there is), a
 * window outside the record or of nothing. Free signal with free(). */
hl_code hl_wave_choose(const hl_options *o, const hl_wave *wave, hl_wave_choice *out,
                       hl_error *err);
/* The same for a command without --signals. */
hl_code hl_wave_choose_time(const hl_options *o, const hl_wave *wave, hl_wave_choice *out,
                            hl_error *err);

/* Where a command's stream goes: --out FILE, or the program's stdout. hl_output_end() commits the
 * file, or removes it when c is a failure; both give back the code to go on with. */
typedef struct {
    hl_sink sink;
    hl_out *out;
} hl_output;
hl_code hl_output_begin(const hl_options *o, hl_result *result, hl_output *to, hl_error *err);
hl_code hl_output_end(hl_output *to, hl_code c, hl_error *err);

#endif
