/*
 * convert_edf.c - to EDF, and annotations on their way to EDF+ or a WFDB annotation file.
 *
 * Source: waveform.md 1.3, 1.7.
 */
#include <math.h>

#include "base/ctl.h"
#include "base/json.h"
#include "base/sort.h"
#include "format/edf_write.h"
#include "wave/annotations.h"
#include "wave/convert.h"

/* --- annotations --------------------------------------------------------------------------------
 */

typedef struct {
    hl_wave_annotations all;
    int64_t from, to; /* ticks: those of the part */
} taken;

/* A tick of the list for a frame of the record. */
static int64_t tick_of(const hl_wave_annotations *a, const hl_wave *w, int64_t frame)
{
    if (a->ticks_hz == w->info.frame_hz)
        return frame;
    return (int64_t)floor((double)frame * a->ticks_hz / w->info.frame_hz + 0.5);
}

/* Annotations of the part, from its first tick on; all, also those outside, of a whole record. */
static hl_code take_annotations(hl_convert *x, const hl_convert_part *p, taken *out, hl_error *err)
{
    hl_wave *w = p->wave;
    hl_annotations *f = &out->all.file;
    size_t n = 0;
    hl_code c =
        hl_wave_annotations_read(x->arena, w, w->edf ? NULL : x->o->annotations, &out->all, err);

    if (c != HL_OK || (!x->o->from && !x->o->to))
        return c;
    out->from = tick_of(&out->all, w, p->from);
    out->to = tick_of(&out->all, w, p->to);
    for (size_t i = 0; i < f->n; i++)
        if (f->annotation[i].time >= out->from && f->annotation[i].time < out->to) {
            f->annotation[n] = f->annotation[i];
            f->annotation[n++].time -= out->from;
        }
    f->n = n;
    return HL_OK;
}

hl_code hl_convert_annotations(hl_convert *x, const hl_convert_part *p, hl_error *err)
{
    char name[HL_PATH_BYTES], path[HL_PATH_BYTES];
    taken list = {0};
    hl_buf bytes = {0};
    hl_out *out = NULL;
    hl_code c = take_annotations(x, p, &list, err);

    if (c == HL_OK && p->wave->edf)
        list.all.file.clock_hz = list.all.ticks_hz;
    for (size_t i = 0; c == HL_OK && p->wave->edf && i < list.all.file.n; i++)
        if (list.all.file.annotation[i].aux.n > 255)
            c = hl_fail(err, HL_E_USAGE,
                        "the annotation at %.3f s has %zu bytes of text; WFDB holds 255",
                        hl_annotation_seconds(&list.all, &list.all.file.annotation[i]),
                        list.all.file.annotation[i].aux.n);
    if (c == HL_OK)
        c = hl_annotations_put(&bytes, &list.all.file, err);
    snprintf(name, sizeof name, "%.2000s.%.200s", x->name, x->o->annotations);
    if (c == HL_OK)
        c = hl_written_create(x->folder, name, path, &out, err);
    if (c == HL_OK)
        c = hl_out_write(out, bytes.at, bytes.n, err);
    if (c == HL_OK)
        c = hl_written_commit(&x->written, path, &out, err);
    if (c == HL_OK)
        hl_convert_note(x, "%zu annotations in %s", list.all.file.n, name);
    hl_out_abort(&out);
    hl_buf_free(&bytes);
    return c;
}

/* Text of an annotation in EDF+: a note's own, else the mnemonic with its text behind. UTF-8. */
static const char *text_of(hl_convert *x, const hl_wave_annotations *a, const hl_annotation *from)
{
    enum { NOTE = 22 };
    char own[16];
    const char *mnemonic = hl_annotation_mnemonic(a, from->type, own);
    const char *nul = from->aux.n ? memchr(from->aux.at, 0, from->aux.n) : NULL;
    const int n = (int)(nul ? nul - from->aux.at : (int64_t)from->aux.n);
    int64_t fault;
    char *text;

    if (n == 0)
        return hl_arena_printf(x->arena, "%s", mnemonic);
    if (from->type == NOTE)
        text = hl_arena_copy(x->arena, from->aux.at, (size_t)n);
    else
        text = hl_arena_printf(x->arena, "%s %.*s", mnemonic, n, from->aux.at);
    while (text && (fault = hl_utf8_fault(text, strlen(text))) >= 0)
        text[fault] = '?';
    return text;
}

static int by_onset(const void *a, const void *b, void *unused)
{
    const double x = ((const hl_edf_annotation *)a)->onset_s;
    const double y = ((const hl_edf_annotation *)b)->onset_s;

    (void)unused;
    return (x > y) - (x < y);
}

static hl_code edf_annotations(hl_convert *x, const hl_convert_part *p, hl_edf_options *eo,
                               hl_error *err)
{
    taken list = {0};
    hl_code c = take_annotations(x, p, &list, err);

    if (c != HL_OK)
        return c;
    const size_t n = list.all.file.n;
    hl_edf_annotation *to = hl_arena_calloc(x->arena, n, sizeof *to);
    if (!to)
        return hl_fail_memory(err, "annotations", n * sizeof *to);
    for (size_t i = 0; i < n; i++) {
        const hl_annotation *from = &list.all.file.annotation[i];
        to[i] = (hl_edf_annotation){.onset_s = hl_annotation_seconds(&list.all, from),
                                    .duration_s = -1,
                                    .text = text_of(x, &list.all, from)};
        if (!to[i].text)
            return hl_fail_memory(err, "annotations", n);
    }
    hl_convert_note(x, "%zu annotations in the file", n);
    eo->annotation = to;
    eo->n_annotations = n;
    return hl_sort_stable(to, n, sizeof *to, by_onset, NULL, err);
}

/* --- samples ------------------------------------------------------------------------------------
 */

/* What of the signals is not in the file as it was; marked[i]: a measured -32768 of signal i would
 * be taken for the mark of what was not measured. */
static hl_code look_at_limits(hl_convert *x, const hl_wfdb_header *h, hl_edf_style style,
                              bool *marked, hl_error *err)
{
    hl_code c = HL_OK;

    for (int32_t i = 0; i < h->n_signals && c == HL_OK; i++) {
        const hl_wfdb_signal *s = &h->signal[i];
        const hl_wfdb_format *f = hl_wfdb_format_find(s->format);
        char show[HL_SHOW_BYTES];
        hl_edf_limits l;
        c = hl_edf_plan_limits(h, i, style, &l, err);
        marked[i] = !l.scaled && f && f->least <= INT16_MIN;
        if (c == HL_OK && l.scaled)
            hl_convert_note(x,
                            "signal %s was scaled to the 16 bits of EDF: its values are rounded to "
                            "steps of %.3g %s",
                            hl_show(hl_str_of(s->description), show), fabs(1 / s->gain / l.factor),
                            s->units ? s->units : "mV");
    }
    return c;
}

static hl_code check_marks(const hl_wfdb_header *h, const bool *marked,
                           const int32_t *const sample[], int64_t at, int64_t n, hl_error *err)
{
    for (int32_t s = 0; s < h->n_signals; s++)
        for (int64_t i = 0; marked[s] && i < n * h->signal[s].samples_per_frame; i++)
            if (sample[s][i] == INT16_MIN)
                return hl_fail(err, HL_E_USAGE,
                               "signal %d, frame %lld: -32768 was measured, and in EDF it marks "
                               "what was not",
                               (int)s, (long long)(at + i / h->signal[s].samples_per_frame));
    return HL_OK;
}

static hl_code write_frames(hl_convert *x, hl_convert_source *s, hl_edf_writer *w,
                            const bool *marked, hl_error *err)
{
    const int64_t n = s->header.n_samples;
    const int32_t **sample = hl_arena_calloc(x->arena, (size_t)s->header.n_signals, sizeof *sample);
    int64_t got;
    hl_code c = sample ? HL_OK : hl_fail_memory(err, "signals", (size_t)s->header.n_signals);

    for (int64_t done = 0; c == HL_OK && done < n; done += got) {
        c = hl_convert_next(x, s, n - done, sample, &got, err);
        if (c == HL_OK && marked)
            c = check_marks(&s->header, marked, sample, done, got, err);
        if (c == HL_OK)
            c = hl_edf_writer_add(w, sample, got, err);
    }
    return c;
}

static void tell_signals(hl_convert *x, const hl_wfdb_header *h)
{
    for (int32_t i = 0; i < h->n_signals; i++) {
        hl_json_writer w = hl_json_write_to(&x->signals, 0);
        if (i)
            hl_buf_char(&x->signals, ',');
        hl_json_open(&w, '{');
        hl_json_member_cstr(&w, "name", h->signal[i].description);
        hl_json_put_key(&w, "rate_hz");
        hl_json_put_real(&w, h->rate_hz * h->signal[i].samples_per_frame);
        hl_json_close(&w, '}');
    }
}

hl_code hl_convert_to_edf(hl_convert *x, hl_convert_source *s, const hl_convert_part *p,
                          hl_error *err)
{
    char path[HL_PATH_BYTES], file[HL_PATH_BYTES];
    hl_edf_options eo = {.style = x->o->mit2edf ? HL_EDF_MIT2EDF : HL_EDF_PLUS,
                         .exact_rate = x->o->exact_rate};
    bool *marked = hl_arena_calloc(x->arena, (size_t)s->header.n_signals, sizeof *marked);
    hl_edf_writer *w = NULL;
    hl_out *out = NULL;
    double rate_error = 0;
    hl_code c = marked ? HL_OK : hl_fail_memory(err, "signals", (size_t)s->header.n_signals);

    snprintf(file, sizeof file, "%.2000s.edf", x->name);
    if (c == HL_OK && x->o->annotations && p)
        c = edf_annotations(x, p, &eo, err);
    if (c == HL_OK)
        c = look_at_limits(x, &s->header, eo.style, marked, err);
    if (c == HL_OK)
        c = hl_written_create(x->folder, file, path, &out, err);
    if (c == HL_OK)
        c = hl_edf_writer_new(out, &s->header, s->header.n_samples, &eo, &w, &rate_error, err);
    hl_ctl_phase(x->ctl, "converting", s->header.n_samples);
    if (c == HL_OK)
        c = write_frames(x, s, w, x->o->mit2edf ? NULL : marked, err);
    if (c == HL_OK)
        c = hl_edf_writer_end(&w, err);
    hl_edf_writer_abort(&w);
    if (c == HL_OK)
        c = hl_written_commit(&x->written, path, &out, err);
    hl_out_abort(&out);
    if (c == HL_OK && rate_error != 0)
        hl_convert_note(x,
                        "EDF states %.10g frames a second within 8 characters: readers get a rate "
                        "that is off by %.2g of itself (--exact-rate avoids that)",
                        s->header.rate_hz, fabs(rate_error));
    if (c == HL_OK)
        tell_signals(x, &s->header);
    return c;
}
