#include "command/wave_window.h"

#include <stdlib.h>

/* "II, V, ABP": the names that there are, for a message. */
static void list_signals(const hl_wave_info *info, hl_buf *to)
{
    for (int32_t i = 0; i < info->n_signals && to->n < 300; i++) {
        char show[HL_SHOW_BYTES];
        hl_buf_printf(to, "%s%s", i ? ", " : "", hl_show(hl_str_of(info->signal[i].name), show));
    }
}

static hl_code find_signal(const hl_wave *wave, hl_str name, int32_t *out, hl_error *err)
{
    const hl_wave_info *info = hl_wave_about(wave);
    char text[256], show[HL_SHOW_BYTES];
    hl_buf names = {0};

    snprintf(text, sizeof text, "%.*s", (int)(name.n < 255 ? name.n : 255), name.at);
    *out = hl_wave_find(wave, text);
    if (*out >= 0)
        return HL_OK;
    list_signals(info, &names);
    hl_code c = hl_fail(err, HL_E_USAGE, "record %s has %s signal '%s'; it has %s%s", info->name,
                        *out == -1 ? "no" : "more than one", hl_show(name, show),
                        names.n ? names.at : "none",
                        *out == -1 ? "" : "\nName it by its index: '#0', '#1', ...");
    hl_buf_free(&names);
    return c;
}

static hl_code choose_signals(const char *list, const hl_wave *wave, hl_wave_choice *out,
                              hl_error *err)
{
    hl_str rest = hl_str_of(list);
    size_t n = 1;
    hl_code c = HL_OK;

    for (size_t i = 0; i < rest.n; i++)
        n += rest.at[i] == ',';
    out->signal = malloc(n * sizeof *out->signal);
    if (!out->signal)
        return hl_fail_memory(err, "signals", n * sizeof *out->signal);
    while (c == HL_OK && out->n_signals < (int32_t)n) {
        const char *comma = rest.n ? memchr(rest.at, ',', rest.n) : NULL;
        hl_str name = {rest.at, comma ? (size_t)(comma - rest.at) : rest.n};
        c = find_signal(wave, hl_str_trim(name), &out->signal[out->n_signals], err);
        if (c == HL_OK)
            out->n_signals++;
        if (comma)
            rest = (hl_str){comma + 1, rest.n - name.n - 1};
    }
    return c;
}

hl_code hl_wave_choose_time(const hl_options *o, const hl_wave *wave, hl_wave_choice *out,
                            hl_error *err)
{
    const hl_wave_info *info = hl_wave_about(wave);
    const char *from = hl_options_text(o, "from"), *to = hl_options_text(o, "to");
    hl_code c = HL_OK;

    *out = (hl_wave_choice){.to = info->n_frames};
    if (from)
        c = hl_wave_frame_of(wave, from, &out->from, err);
    if (c == HL_OK && to)
        c = hl_wave_frame_of(wave, to, &out->to, err);
    if (c == HL_OK && out->to > info->n_frames && out->from < info->n_frames)
        out->to = info->n_frames; /* as slices go: to the end */
    if (c == HL_OK && (from || to) && out->to <= out->from && out->from < info->n_frames)
        c = hl_fail(err, HL_E_USAGE,
                    "the window ends at frame %lld, where it begins or before (%lld)",
                    (long long)out->to, (long long)out->from);
    if (c == HL_OK && (from || to) &&
        (out->from < 0 || out->to <= out->from || out->to > info->n_frames))
        c = hl_fail(err, HL_E_USAGE,
                    "the window (frames %lld to %lld) is not within record %s, which has %lld "
                    "frames (%.3f s)",
                    (long long)out->from, (long long)out->to, info->name, (long long)info->n_frames,
                    (double)info->n_frames / info->frame_hz);
    return c;
}

hl_code hl_wave_choose(const hl_options *o, const hl_wave *wave, hl_wave_choice *out, hl_error *err)
{
    const char *list = hl_options_text(o, "signals");
    hl_code c = hl_wave_choose_time(o, wave, out, err);

    if (c == HL_OK && list)
        c = choose_signals(list, wave, out, err);
    if (c != HL_OK) {
        free(out->signal);
        *out = (hl_wave_choice){0};
    }
    return c;
}

hl_code hl_output_begin(const hl_options *o, hl_result *result, hl_output *to, hl_error *err)
{
    const char *path = hl_options_text(o, "out");

    *to = (hl_output){0};
    if (path) {
        hl_code c = hl_out_create(path, &to->out, err);
        to->sink = (hl_sink){.ctx = to->out, .write = hl_sink_to_out};
        return c;
    }
    if (!result->data)
        return hl_fail(err, HL_E_USAGE, "there is no place for the data\nGive \"out\".");
    to->sink = *result->data;
    result->streamed = true;
    return HL_OK;
}

hl_code hl_output_end(hl_output *to, hl_code c, hl_error *err)
{
    if (c == HL_END)
        c = HL_OK;
    if (to->out && c == HL_OK)
        c = hl_out_commit(&to->out, NULL, err);
    hl_out_abort(&to->out);
    return c;
}
