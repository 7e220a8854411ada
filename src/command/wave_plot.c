#include <math.h>
#include <stdlib.h>

#include "command/wave_window.h"
#include "view/wave_strip.h"

static const hl_option options[] = {
    HL_OPTION_RECORD,
    HL_OPTION_FROM,
    {.name = "to",
     .type = HL_OPT_TEXT,
     .value = "TIME",
     .help = "end before this time (default: 10 s after --from)"},
    HL_OPTION_SIGNALS,
    {.name = "out",
     .type = HL_OPT_PATH,
     .value = "FILE",
     .required = true,
     .help = "picture to write: FILE.svg or FILE.png"},
    {.name = "layout",
     .type = HL_OPT_CHOICE,
     .choices = "auto|rows|12lead",
     .initial = "auto",
     .help = "rows: one a signal; 12lead: three rows of four leads and a rhythm strip, 10 s at "
             "most; auto: 12lead for records with the 12 standard leads"},
    {.name = "annotations",
     .type = HL_OPT_TEXT,
     .value = "SUFFIX",
     .help = "draw RECORD.SUFFIX above the traces: atr, beat, alarm, wq; '' are those within an "
             "EDF+ file"},
    {.name = "speed",
     .type = HL_OPT_TEXT,
     .value = "MM",
     .initial = "25",
     .help = "mm of paper a second, 0.001 to 1000"},
    {.name = "gain",
     .type = HL_OPT_TEXT,
     .value = "MM",
     .initial = "10",
     .help = "mm of paper a mV of ECG, 0.001 to 1000"},
    {.name = "dpi",
     .type = HL_OPT_INT,
     .value = "N",
     .min = 10,
     .max = 2400,
     .initial = "150",
     .help = "pixels an inch of a PNG"},
    {0}};

enum { DEFAULT_S = 10 };

static hl_code take_number(const hl_options *o, const char *name, double *to, hl_error *err)
{
    const char *text = hl_options_text(o, name);

    if (hl_parse_f64(hl_str_of(text), to) && *to >= 0.001 && *to <= 1000)
        return HL_OK;
    return hl_fail(err, HL_E_USAGE, "--%s: '%s' is no number from 0.001 to 1000", name, text);
}

static hl_code take_kind(const char *out, bool *png, hl_error *err)
{
    const hl_str name = hl_str_of(out);

    *png = hl_str_ends(name, ".png") || hl_str_ends(name, ".PNG");
    if (*png || hl_str_ends(name, ".svg") || hl_str_ends(name, ".SVG"))
        return HL_OK;
    return hl_fail(err, HL_E_USAGE, "--out: '%s' ends neither in .svg nor in .png", out);
}

/* Without --to: 10 s. Twelve leads when they are all there and neither a longer window nor chosen
 * signals speak against it. */
static hl_code choose(const hl_options *o, const hl_wave *wave, hl_wave_choice *choice,
                      hl_strip_options *so, hl_error *err)
{
    const hl_wave_info *info = hl_wave_about(wave);
    const char *layout = hl_options_text(o, "layout");
    hl_code c = hl_wave_choose(o, wave, choice, err);

    if (c != HL_OK)
        return c;
    const double frames = ceil(DEFAULT_S * info->frame_hz - 1e-9);
    if (!hl_options_given(o, "to") && frames < (double)(choice->to - choice->from))
        choice->to = choice->from + (frames > 1 ? (int64_t)frames : 1);
    const double seconds = (double)(choice->to - choice->from) / info->frame_hz;
    const bool fits = !choice->signal && hl_strip_has_twelve(wave) &&
                      seconds <= HL_STRIP_TWELVE_S + 1 / info->frame_hz - 1e-9;
    if (strcmp(layout, "12lead") == 0 && choice->signal)
        return hl_fail(err, HL_E_USAGE,
                       "--layout 12lead chooses its signals itself\n"
                       "Leave out --signals, or give --layout rows.");
    so->layout = strcmp(layout, "12lead") == 0 || (strcmp(layout, "auto") == 0 && fits)
                     ? HL_STRIP_TWELVE
                     : HL_STRIP_ROWS;
    so->from = choice->from;
    so->to = choice->to;
    so->signal = choice->signal;
    so->n_signals = choice->n_signals;
    return HL_OK;
}

static void tell(const char *out, const hl_wave *wave, const hl_strip_options *so,
                 const hl_strip_facts *facts, bool png, hl_result *result)
{
    const hl_wave_info *info = hl_wave_about(wave);
    const double seconds = (double)(so->to - so->from) / info->frame_hz;

    hl_buf_printf(&result->text, "%s: %d signals of %s, %.6g s", out, (int)facts->n_signals,
                  info->name, seconds);
    if (so->annotator)
        hl_buf_printf(&result->text, ", %lld annotations", (long long)facts->n_annotations);
    hl_buf_printf(&result->text, ", %g x %g mm", facts->width_mm, facts->height_mm);
    if (png)
        hl_buf_printf(&result->text, ", %d x %d pixels", (int)facts->width_px,
                      (int)facts->height_px);
    hl_buf_char(&result->text, '\n');
    hl_buf_printf(&result->json,
                  "{\"from\": %lld, \"to\": %lld, \"signals\": %d, \"annotations\": %lld, "
                  "\"layout\": \"%s\", \"width_mm\": ",
                  (long long)so->from, (long long)so->to, (int)facts->n_signals,
                  (long long)facts->n_annotations,
                  so->layout == HL_STRIP_TWELVE ? "12lead" : "rows");
    hl_buf_f64(&result->json, facts->width_mm);
    hl_buf_text(&result->json, ", \"height_mm\": ");
    hl_buf_f64(&result->json, facts->height_mm);
    hl_buf_char(&result->json, '}');
}

static hl_code run(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    const char *out = hl_options_text(o, "out");
    hl_strip_options so = {.annotator = hl_options_text(o, "annotations"),
                           .dpi = (double)hl_options_int(o, "dpi", 150)};
    hl_strip_facts facts = {0};
    hl_wave_choice choice = {0};
    hl_wave *wave = NULL;
    hl_buf picture = {0};
    bool png = false;
    hl_code c = take_kind(out, &png, err);

    if (c == HL_OK)
        c = take_number(o, "speed", &so.mm_per_s, err);
    if (c == HL_OK)
        c = take_number(o, "gain", &so.mm_per_mv, err);
    if (c == HL_OK)
        c = hl_wave_open(hl_options_text(o, "record"), ctl, &wave, err);
    if (c == HL_OK)
        c = choose(o, wave, &choice, &so, err);
    if (c == HL_OK)
        c = png ? hl_strip_png(wave, &so, &picture, &facts, err)
                : hl_strip_svg(wave, &so, &picture, &facts, err);
    if (c == HL_OK)
        c = hl_write_file(out, picture.at, picture.n, NULL, err);
    if (c == HL_OK)
        tell(out, wave, &so, &facts, png, result);
    hl_buf_free(&picture);
    free(choice.signal);
    hl_wave_close(&wave);
    return c;
}

const hl_command hl_command_wave_plot = {
    .name = "wave plot",
    .summary = "a stretch of a record on ECG paper, as SVG or PNG",
    .about =
        "Draws a record as a clinician reads it: 25 mm a second and 10 mm a mV on a grid of 1 and "
        "5 "
        "mm, a calibration pulse, the leads' names, filters where the record tells them, and the "
        "wall clock. Pressures and other signals have an axis with round numbers on the heavy "
        "lines. Twelve leads are drawn in three rows of four with a rhythm strip.\n\n"
        "What was not measured is a hatched band, never a line. A long window makes a long strip, "
        "up to 20 m of paper; at a low --speed the lowest and highest sample of each tenth of a mm "
        "are kept, so that no QRS complex is lost. The sheet tells the record and its filters, and "
        "no other note of the header.",
    .option = options,
    .example =
        {"hilum wave plot hospital/mimic-iv-ecg/files/p1000/p10008504/s42886110/42886110 "
         "--out ecg.svg",
         "hilum wave plot waves/waves/p100/p10008504/88457428/88457428 --from 0:10 --to 0:20 "
         "--annotations beat --out strip.png"},
    .run = run,
};
