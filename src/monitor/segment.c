#include "monitor/segment.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "monitor/calibration.h"
#include "monitor/signal_lines.h"
#include "monitor/signal_rules.h"

enum {
    FRAMES_HELD = 1024, /* 16 s */
    MOST_SPF = HL_FRAME_TICKS,
    HELD_TICKS = FRAMES_HELD * HL_FRAME_TICKS
};
static const int16_t INVALID = INT16_MIN; /* formats 16 and 516 */

/* A signal of the segment, in the order of the header. */
typedef struct {
    const hl_wave_definition *w;
    int32_t input; /* which of the samples given to hl_segment_add() */
    int32_t spf, period;
    int32_t file, channel; /* of the segment's files */
    bool zero_is_invalid;
    int32_t least, most; /* of the source samples. A.6 */
    uint32_t sum;        /* of the stored samples, modulo 65536 counts */
    int16_t *held;       /* [FRAMES_HELD * spf] */
} slot;

typedef struct {
    char *name;
    int32_t spf, n_channels;
    int32_t first; /* slot of channel 0 */
    hl_out *out;
    hl_flac_writer *flac;
} group;

struct hl_segment {
    const hl_stay_options *options;
    hl_files *files;
    hl_arena *arena;
    char *name;
    int64_t start;  /* tick from seqnum0 */
    int64_t frames; /* written */
    int64_t held;   /* ticks */
    int32_t n;
    slot *slot;
    group *file;
    int32_t n_files;
    int32_t frame_samples; /* of all signals */
    int32_t *interleaved;  /* [FRAMES_HELD * the largest group's samples a frame] */
};

/* --- opening ---------------------------------------------------------------------------------- */

/* Slots in the order given; files of one spf must be neighbours (a name that comes back is another
 * group for readers), so a spf takes the place of its first signal. waveform.md 1.1, 4.2 */
static void order_slots(hl_segment *s, const hl_wave_definition *const *definition,
                        const int32_t *spf)
{
    const bool grouped = s->options->style == HL_STAY_DATABASE;
    int32_t n = 0;
    uint32_t seen = 0; /* bit spf - 1 */

    for (int32_t i = 0; i < s->n; i++) {
        if (grouped && (seen >> (spf[i] - 1) & 1))
            continue;
        for (int32_t j = i; j < (grouped ? s->n : i + 1); j++)
            if (spf[j] == spf[i])
                s->slot[n++] = (slot){.w = definition[j],
                                      .input = j,
                                      .spf = spf[j],
                                      .period = HL_FRAME_TICKS / spf[j],
                                      .zero_is_invalid = hl_signal_zero_is_invalid(definition[j]),
                                      .least = INT16_MAX,
                                      .most = INT16_MIN};
        seen |= 1u << (spf[i] - 1);
    }
}

/* Slots to files: DOWNCAST all in one, DATABASE by spf and at most 8 a file. */
static hl_code assign_files(hl_segment *s, hl_error *err)
{
    const bool grouped = s->options->style == HL_STAY_DATABASE;
    int32_t of_spf = 0;

    for (int32_t i = 0; i < s->n; i++) {
        slot *t = &s->slot[i];
        group *g = s->n_files ? &s->file[s->n_files - 1] : NULL;
        bool same = g && (!grouped || g->spf == t->spf);

        if (!same || (grouped && g->n_channels == HL_FLAC_CHANNELS)) {
            of_spf = same ? of_spf + 1 : 1;
            g = &s->file[s->n_files++];
            *g = (group){.spf = t->spf, .first = i};
            if (!grouped)
                g->name = hl_arena_printf(s->arena, "%s.dat", s->name);
            else if (of_spf == 1)
                g->name = hl_arena_printf(s->arena, "%s%c.dat", s->name, hl_signal_group(t->spf));
            else
                g->name = hl_arena_printf(s->arena, "%s%c%d.dat", s->name, hl_signal_group(t->spf),
                                          (int)of_spf);
            if (!g->name)
                return hl_fail_memory(err, "names of signal files", 1);
        }
        t->file = s->n_files - 1;
        t->channel = g->n_channels++;
        s->frame_samples += t->spf;
    }
    return HL_OK;
}

static hl_code allocate(hl_segment *s, hl_error *err)
{
    size_t largest = 0;

    for (int32_t i = 0; i < s->n; i++) {
        slot *t = &s->slot[i];
        t->held = hl_arena_calloc(s->arena, (size_t)(FRAMES_HELD * t->spf), sizeof *t->held);
        if (!t->held)
            return hl_fail_memory(err, "samples of a segment", FRAMES_HELD);
    }
    for (int32_t i = 0; i < s->n_files; i++) {
        size_t n = s->options->style == HL_STAY_DATABASE
                       ? (size_t)(s->file[i].spf * s->file[i].n_channels)
                       : (size_t)s->frame_samples;
        largest = n > largest ? n : largest;
    }
    s->interleaved = hl_arena_calloc(s->arena, FRAMES_HELD * largest, sizeof *s->interleaved);
    return s->interleaved ? HL_OK : hl_fail_memory(err, "samples of a segment", largest);
}

static hl_code open_files(hl_segment *s, hl_error *err)
{
    hl_code c = HL_OK;

    for (int32_t i = 0; i < s->n_files && c == HL_OK; i++) {
        group *g = &s->file[i];
        c = hl_files_create(s->files, g->name, &g->out, err);
        if (c == HL_OK && s->options->style == HL_STAY_DATABASE)
            c = hl_flac_writer_new(g->out, g->n_channels, 16, s->options->effort, &g->flac, err);
    }
    return c;
}

hl_code hl_segment_open(const hl_stay_options *options, hl_files *files, const char *name,
                        int64_t start, const hl_wave_definition *const *definition, int32_t n,
                        hl_segment **out, hl_error *err)
{
    hl_arena *arena = hl_arena_new(0);
    hl_segment *s = arena ? hl_arena_calloc(arena, 1, sizeof *s) : NULL;
    int32_t *spf = NULL;
    hl_code c = HL_OK;

    *out = NULL;
    if (!s) {
        hl_arena_free(&arena);
        return hl_fail_memory(err, "a segment", sizeof *s);
    }
    s->options = options;
    s->files = files;
    s->arena = arena;
    s->start = start;
    s->n = n;
    s->name = hl_arena_copy(arena, name, strlen(name));
    s->slot = hl_arena_calloc(arena, (size_t)n, sizeof *s->slot);
    s->file = hl_arena_calloc(arena, (size_t)n, sizeof *s->file);
    spf = hl_arena_calloc(arena, (size_t)n, sizeof *spf);
    if (!s->name || !s->slot || !s->file || !spf)
        c = hl_fail_memory(err, "a segment", (size_t)n);
    for (int32_t i = 0; i < n && c == HL_OK; i++)
        c = hl_signal_spf(definition[i], &spf[i], err);
    if (c == HL_OK) {
        order_slots(s, definition, spf);
        c = assign_files(s, err);
    }
    if (c == HL_OK)
        c = allocate(s, err);
    if (c == HL_OK)
        c = open_files(s, err);
    if (c != HL_OK)
        hl_segment_abort(&s);
    *out = s;
    return c;
}

/* --- samples ---------------------------------------------------------------------------------- */

/* The first n held samples are final: range and sum, and the mark of what was not measured. */
static void settle_samples(slot *t, int64_t n)
{
    int32_t least = t->least, most = t->most;
    uint32_t sum = t->sum;

    for (int64_t i = 0; i < n; i++) {
        int32_t v = t->held[i];
        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    if (t->zero_is_invalid)
        for (int64_t i = 0; i < n; i++)
            t->held[i] = t->held[i] == 0 ? INVALID : t->held[i];
    for (int64_t i = 0; i < n; i++)
        sum += (uint16_t)t->held[i];
    t->least = least;
    t->most = most;
    t->sum = sum;
}

/* FLAC: sample i of every channel, then sample i + 1. */
static hl_code put_group(hl_segment *s, const group *g, int64_t frames, hl_error *err)
{
    const int32_t n_channels = g->n_channels;
    const int64_t n = frames * g->spf;

    for (int32_t k = 0; k < n_channels; k++) {
        const int16_t *from = s->slot[g->first + k].held;
        int32_t *to = s->interleaved + k;
        for (int64_t i = 0; i < n; i++)
            to[i * n_channels] = from[i];
    }
    return hl_flac_writer_add(g->flac, s->interleaved, n, err);
}

/* Format 16: frame by frame, signal by signal, spf samples each. */
static hl_code put_frames(hl_segment *s, int64_t frames, hl_error *err)
{
    uint8_t *to = (uint8_t *)s->interleaved;
    const size_t frame_bytes = (size_t)s->frame_samples * 2;
    size_t at = 0;

    for (int32_t k = 0; k < s->n; k++) {
        const slot *t = &s->slot[k];
        for (int64_t i = 0; i < frames * t->spf; i++) {
            const uint16_t v = (uint16_t)t->held[i];
            uint8_t *p = to + (size_t)(i / t->spf) * frame_bytes + at + (size_t)(i % t->spf) * 2;
            p[0] = (uint8_t)v;
            p[1] = (uint8_t)(v >> 8);
        }
        at += (size_t)t->spf * 2;
    }
    return hl_out_write(s->file[0].out, to, (size_t)frames * frame_bytes, err);
}

/* Write the whole frames held; samples behind them move to the front. */
static hl_code write_held(hl_segment *s, hl_error *err)
{
    const int64_t frames = s->held / HL_FRAME_TICKS;
    hl_code c = HL_OK;

    if (frames == 0)
        return HL_OK;
    for (int32_t i = 0; i < s->n; i++)
        settle_samples(&s->slot[i], frames * s->slot[i].spf);
    if (s->options->style == HL_STAY_DOWNCAST)
        c = put_frames(s, frames, err);
    for (int32_t i = 0; i < s->n_files && s->options->style == HL_STAY_DATABASE && c == HL_OK; i++)
        c = put_group(s, &s->file[i], frames, err);
    s->frames += frames;
    s->held -= frames * HL_FRAME_TICKS;
    for (int32_t i = 0; i < s->n && s->held > 0; i++) {
        slot *t = &s->slot[i];
        memmove(t->held, t->held + frames * t->spf,
                (size_t)(s->held / t->period) * sizeof *t->held);
    }
    return c;
}

hl_code hl_segment_add(hl_segment *s, const uint8_t *const *sample, int64_t ticks, hl_error *err)
{
    hl_code c = HL_OK;

    for (int64_t done = 0; done < ticks && c == HL_OK;) {
        int64_t part = ticks - done < HELD_TICKS - s->held ? ticks - done : HELD_TICKS - s->held;
        for (int32_t i = 0; i < s->n; i++) {
            const slot *t = &s->slot[i];
            const uint8_t *from = sample[t->input] + done / t->period * 2;
            int16_t *to = t->held + s->held / t->period;
            for (int64_t k = 0; k < part / t->period; k++)
                to[k] = (int16_t)(from[2 * k] | from[2 * k + 1] << 8);
        }
        done += part;
        s->held += part;
        if (s->held == HELD_TICKS)
            c = write_held(s, err);
    }
    return c;
}

/* DOWNCAST: samples of a frame that was never completed stand in the file as far as there are any,
 * with zeros for those that are missing, and count in the checksum. The original's writing by
 * position has that effect; kept. */
static hl_code put_tail(hl_segment *s, hl_error *err)
{
    uint8_t *to = (uint8_t *)s->interleaved;
    size_t at = 0, end = 0;

    memset(to, 0, (size_t)s->frame_samples * 2);
    for (int32_t k = 0; k < s->n; k++) {
        slot *t = &s->slot[k];
        const int64_t n = s->held / t->period;
        settle_samples(t, n);
        for (int64_t i = 0; i < n; i++) {
            const uint16_t v = (uint16_t)t->held[i];
            to[at + (size_t)i * 2] = (uint8_t)v;
            to[at + (size_t)i * 2 + 1] = (uint8_t)(v >> 8);
            end = at + (size_t)i * 2 + 2;
        }
        at += (size_t)t->spf * 2;
    }
    s->held = 0;
    return end ? hl_out_write(s->file[0].out, to, end, err) : HL_OK;
}

/* --- the header ------------------------------------------------------------------------------- */

/* What slots say together: descriptions, each with as many '+' as make it unique. */
static hl_code describe(hl_segment *s, hl_wfdb_signal *signal, hl_error *err)
{
    hl_buf text = {0};
    hl_code c = HL_OK;

    /* In the converter's order, so that both styles give a signal the same name. */
    for (int32_t input = 0; input < s->n && c == HL_OK; input++) {
        int32_t me = 0;
        while (s->slot[me].input != input)
            me++;
        hl_buf_clear(&text);
        hl_signal_description(&text, s->slot[me].w);
        if (text.n > 0) /* a failed append is told below */
            for (int32_t i = 0; i < s->n; i++)
                if (s->slot[i].input < input && strcmp(signal[i].description, text.at) == 0) {
                    hl_buf_char(&text, '+');
                    i = -1;
                    if (text.oom)
                        break;
                }
        c = hl_buf_check(&text, "signal description", err);
        if (c == HL_OK && !(signal[me].description = hl_arena_copy(s->arena, text.at, text.n)))
            c = hl_fail_memory(err, "signal description", text.n);
    }
    hl_buf_free(&text);
    return c;
}

/* *cut: the baseline lost a fraction and became the ADC zero. */
static hl_code signal_line(hl_segment *s, const slot *t, hl_wfdb_signal *to, bool *cut,
                           hl_error *err)
{
    hl_buf units = {0};
    hl_calibration k;
    hl_code c;

    hl_signal_units(&units, t->w);
    c = hl_buf_check(&units, "units", err);
    if (c == HL_OK && !(to->units = hl_arena_copy(s->arena, units.at, units.n)))
        c = hl_fail_memory(err, "units", units.n);
    hl_buf_free(&units);
    if (c != HL_OK)
        return c;
    k = hl_calibration_of(t->w, strcmp(to->units, "mV") == 0);
    if (!(fabs(k.baseline) < INT32_MAX))
        return hl_fail(err, HL_E_INPUT, "signal %s: its calibration puts zero at %g, out of range",
                       to->description, k.baseline);
    if (t->least <= t->most)
        hl_signal_range(t->least, t->most, &to->adc_bits, &to->adc_zero);
    to->gain = k.gain != 0 ? k.gain : ldexp(1.0, to->adc_bits);
    to->baseline = (int32_t)k.baseline;
    *cut = to->baseline == to->adc_zero && k.baseline != to->baseline;
    to->calibrated = to->has_units = to->has_gain = to->has_baseline = to->has_adc_bits = true;
    to->file = s->file[t->file].name;
    to->format = s->options->style == HL_STAY_DATABASE ? 516 : 16;
    to->samples_per_frame = t->spf;
    to->has_checksum = true;
    to->checksum = (int32_t)(t->sum & 0xffff);
    to->group = t->file;
    return HL_OK;
}

/* " signal 0 (II): channel=0 bandpass=[0.5,35]" for each signal that has something to tell. */
static hl_code info_lines(hl_segment *s, const hl_wfdb_signal *signal, hl_wfdb_header *h,
                          hl_error *err)
{
    hl_buf text = {0};
    hl_code c = HL_OK;

    h->comment = hl_arena_calloc(s->arena, (size_t)s->n, sizeof *h->comment);
    if (!h->comment)
        return hl_fail_memory(err, "info lines", (size_t)s->n);
    for (int32_t i = 0; i < s->n && c == HL_OK; i++) {
        hl_buf_clear(&text);
        hl_signal_info(&text, s->slot[i].w);
        if (text.n == 0 && !text.oom)
            continue;
        c = hl_buf_check(&text, "info lines", err);
        if (c == HL_OK &&
            !(h->comment[h->n_comments++] = hl_arena_printf(s->arena, " signal %d (%s): %s", (int)i,
                                                            signal[i].description, text.at)))
            c = hl_fail_memory(err, "info lines", text.n);
    }
    hl_buf_free(&text);
    return c;
}

static hl_code put_header(hl_segment *s, hl_layout *layout, hl_error *err)
{
    hl_wfdb_signal *signal = hl_arena_calloc(s->arena, (size_t)s->n, sizeof *signal);
    hl_wfdb_header h = {.name = s->name,
                        .n_signals = s->n,
                        .rate_hz = hl_stay_frame_hz(s->options),
                        .counter_hz = hl_stay_counter_hz(s->options),
                        .base_counter = (double)s->start,
                        .n_samples = s->frames,
                        .base_time = "",
                        .base_date = "",
                        .base_ms = HL_WFDB_NO_TIME,
                        .base_day = HL_WFDB_NO_TIME,
                        .signal = signal};
    char *name = hl_arena_printf(s->arena, "%s.hea", s->name);
    bool *cut = hl_arena_calloc(s->arena, (size_t)s->n, sizeof *cut);
    hl_buf text = {0};
    hl_code c =
        signal && name && cut ? HL_OK : hl_fail_memory(err, "a segment header", (size_t)s->n);

    if (c == HL_OK)
        c = describe(s, signal, err);
    for (int32_t i = 0; i < s->n && c == HL_OK; i++)
        c = signal_line(s, &s->slot[i], &signal[i], &cut[i], err);
    if (c == HL_OK)
        c = info_lines(s, signal, &h, err);
    if (c == HL_OK)
        c = hl_layout_add(layout, signal, s->n, err);
    if (c == HL_OK)
        c = hl_signal_lines_put(&text, &h, cut, err);
    if (c == HL_OK)
        c = hl_files_write(s->files, name, &text, err);
    hl_buf_free(&text);
    return c;
}

/* --- the end ---------------------------------------------------------------------------------- */

hl_code hl_segment_close(hl_segment **sp, hl_layout *layout, int64_t *frames, int64_t *samples,
                         hl_error *err)
{
    hl_segment *s = *sp;
    hl_code c = write_held(s, err);

    *frames = s->frames;
    *samples = s->frames * s->frame_samples;
    if (c == HL_OK && s->options->style == HL_STAY_DOWNCAST && s->held > 0)
        c = put_tail(s, err);
    if (c == HL_OK && (s->frames > 0 || s->options->style == HL_STAY_DOWNCAST)) {
        for (int32_t i = 0; i < s->n_files && c == HL_OK; i++) {
            group *g = &s->file[i];
            if (g->flac)
                c = hl_flac_writer_end(&g->flac, err);
            if (c == HL_OK)
                c = hl_files_commit(s->files, g->name, &g->out, err);
        }
        if (c == HL_OK)
            c = put_header(s, layout, err);
    }
    hl_segment_abort(sp);
    return c;
}

void hl_segment_abort(hl_segment **sp)
{
    hl_segment *s = sp ? *sp : NULL;
    hl_arena *arena;

    if (!s)
        return;
    for (int32_t i = 0; i < s->n_files; i++) {
        hl_flac_writer_abort(&s->file[i].flac);
        hl_out_abort(&s->file[i].out);
    }
    arena = s->arena;
    hl_arena_free(&arena);
    *sp = NULL;
}
