#include "wave/annotations.h"

#include <math.h>

#include "base/civil.h"
#include "data/csv.h"
#include "wave/rdsamp.h"
#include "wave/record.h"

enum { MAX_FILE_BYTES = 1 << 30, FLUSH_BYTES = 1 << 18 };

/* --- reading -------------------------------------------------------------------------------------
 */

static hl_code read_edf(hl_arena *arena, hl_wave *w, hl_wave_annotations *out, hl_error *err)
{
    hl_edf_annotation *list = NULL;
    hl_in *in = NULL;
    size_t n = 0;
    hl_code c = hl_place_in(w->place, w->name, &in, err);

    if (c == HL_OK)
        c = hl_edf_annotations(arena, in, w->edf, &list, &n, err);
    hl_in_close(&in);
    if (c != HL_OK)
        return c;
    out->ticks_hz = 1e6;
    out->file.annotation = hl_arena_calloc(arena, n, sizeof *out->file.annotation);
    if (!out->file.annotation)
        return hl_fail_memory(err, "annotations", n * sizeof *out->file.annotation);
    out->file.n = n;
    for (size_t i = 0; i < n; i++)
        out->file.annotation[i] =
            (hl_annotation){.time = (int64_t)floor(list[i].onset_s * 1e6 + 0.5),
                            .type = 22,
                            .aux = hl_str_of(list[i].text)};
    return HL_OK;
}

hl_code hl_wave_annotations_read(hl_arena *arena, hl_wave *w, const char *suffix,
                                 hl_wave_annotations *out, hl_error *err)
{
    char file[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_buf bytes = {0};

    *out = (hl_wave_annotations){.ticks_hz = w->info.frame_hz};
    if (w->edf && (!suffix || !*suffix))
        return read_edf(arena, w, out, err);
    int n = snprintf(file, sizeof file, "%s.%s", w->name, suffix ? suffix : "atr");
    if (n < 0 || n >= HL_PATH_BYTES)
        return hl_fail(err, HL_E_LIMIT, "%.60s...: the name is too long", w->name);
    hl_code c = hl_place_read(w->place, file, MAX_FILE_BYTES, &bytes, NULL, err);
    if (c == HL_OK)
        c = hl_annotations_parse(arena, bytes.at, bytes.n, hl_wave_path(w, file, path), &out->file,
                                 err);
    if (out->file.clock_hz > 0)
        out->ticks_hz = out->file.clock_hz;
    hl_buf_free(&bytes);
    return c;
}

/* --- what an annotation says ---------------------------------------------------------------------
 */

int64_t hl_annotation_sample(const hl_wave_annotations *a, const hl_annotation *x, double hz)
{
    if (a->ticks_hz == hz)
        return x->time;
    double v = floor((double)x->time * hz / a->ticks_hz + 0.5);
    return v > 9e18 ? INT64_MAX : v < -9e18 ? INT64_MIN : (int64_t)v;
}

const char *hl_annotation_mnemonic(const hl_wave_annotations *a, int32_t type, char own[16])
{
    for (size_t i = 0; i < a->file.n_definitions; i++)
        if (a->file.definition[i].type == type)
            return a->file.definition[i].mnemonic;
    const hl_annotation_type *row = hl_annotation_type_of(type);
    if (row && (row->mnemonic[0] || type == 0))
        return type == 0 ? " " : row->mnemonic;
    snprintf(own, 16, "[%d]", (int)type);
    return own;
}

const char *hl_annotation_description(const hl_wave_annotations *a, int32_t type)
{
    const hl_annotation_type *row = hl_annotation_type_of(type);

    for (size_t i = 0; i < a->file.n_definitions; i++)
        if (a->file.definition[i].type == type)
            return a->file.definition[i].description;
    return row ? row->description : "";
}

/* aux up to its first NUL. */
static hl_str shown_aux(const hl_annotation *x)
{
    const char *nul = x->aux.n ? memchr(x->aux.at, 0, x->aux.n) : NULL;

    return (hl_str){x->aux.at, nul ? (size_t)(nul - x->aux.at) : x->aux.n};
}

/* --- printing ------------------------------------------------------------------------------------
 */

hl_code hl_rdann_flags(const char *words, hl_annotations_options *out, hl_error *err)
{
    hl_str rest = hl_str_trim(hl_str_of(words));

    out->format = HL_ANNOTATIONS_RDANN;
    while (rest.n > 0) {
        const char *blank = memchr(rest.at, ' ', rest.n);
        hl_str word = {rest.at, blank ? (size_t)(blank - rest.at) : rest.n};
        char show[HL_SHOW_BYTES];
        if (hl_str_is(word, "-x"))
            out->decimals = 1;
        else if (hl_str_is(word, "-e"))
            out->elapsed = 1;
        else if (hl_str_is(word, "-v"))
            out->heading = 1;
        else
            return hl_fail(err, HL_E_USAGE, "--rdann: '%s' is not known\nAllowed: -x -e -v.",
                           hl_show(word, show));
        rest = hl_str_trim((hl_str){rest.at + word.n, rest.n - word.n});
    }
    return HL_OK;
}

static void put_csv(const hl_wave *w, const hl_wave_annotations *a, const hl_annotation *x,
                    hl_buf *to)
{
    char own[16];
    const char *mnemonic = hl_annotation_mnemonic(a, x->type, own);

    hl_buf_printf(to, "%.6f,%lld,", hl_annotation_seconds(a, x),
                  (long long)hl_annotation_sample(a, x, w->info.frame_hz));
    hl_csv_put(to, hl_str_of(mnemonic));
    hl_buf_printf(to, ",%d,%d,%d,", (int)x->subtype, (int)x->chan, (int)x->num);
    hl_csv_put(to, shown_aux(x));
    hl_buf_char(to, ',');
    hl_csv_put(to, hl_str_of(hl_annotation_description(a, x->type)));
    hl_buf_char(to, '\n');
}

/* rdann counts in the file's clock, or in the record's rate when that is the finer one. */
static double rdann_hz(const hl_wave *w, const hl_wave_annotations *a, double *sample_hz)
{
    *sample_hz = w->info.frame_hz * (w->edf ? w->info.max_samples_per_frame : 1);
    return a->ticks_hz > *sample_hz ? a->ticks_hz : *sample_hz;
}

/* Decimals enough to tell two ticks apart. */
static int digits(int least, double ticks)
{
    for (double n = pow(10, least); n < ticks; n *= 10)
        least++;
    return least;
}

static void put_rdann(const hl_wave *w, const hl_wave_annotations *a,
                      const hl_annotations_options *o, const hl_annotation *x, hl_buf *to)
{
    double sample_hz, hz = rdann_hz(w, a, &sample_hz);
    int64_t tick = hl_annotation_sample(a, x, hz);
    char time[HL_MSTIM_CHARS], own[16];

    if (o->decimals) {
        int s = digits(3, hz), m = digits(5, 60 * hz), h = digits(7, 3600 * hz);
        hl_buf_printf(to, "%*.*f %*.*f %*.*f", s + 6, s, (double)tick / hz, m + 4, m,
                      (double)tick / (60 * hz), h + 2, h, (double)tick / (3600 * hz));
    } else {
        hl_mstimstr(&w->info, hz, o->elapsed || tick > 0 ? tick : -tick, !o->elapsed && tick >= 0,
                    time);
        hl_buf_printf(to, "%s  %7lld", time, (long long)hl_annotation_sample(a, x, sample_hz));
    }
    hl_buf_printf(to, "%6s%5d%5d%5d", hl_annotation_mnemonic(a, x->type, own), (int)x->subtype,
                  (int)x->chan, (int)x->num);
    if (x->aux.at) { /* one of no bytes too */
        hl_buf_char(to, '\t');
        hl_buf_str(to, shown_aux(x));
    }
    hl_buf_char(to, '\n');
}

static void put_heading(const hl_wave *w, const hl_annotations_options *o, hl_buf *to)
{
    bool wall = w->info.start_ms != HL_WAVE_NO_TIME;

    if (o->format == HL_ANNOTATIONS_CSV)
        hl_buf_text(to, "time[s],frame,type,subtype,chan,num,aux,description\n");
    if (o->format != HL_ANNOTATIONS_RDANN || !o->heading)
        return;
    hl_buf_text(to, o->elapsed         ? "Elapsed time  Sample #  "
                    : o->decimals      ? "  Seconds   Minutes     Hours  "
                    : !wall            ? "      Time   Sample #  "
                    : w->info.has_date ? "      Time       Date     Sample #  "
                                       : "      Time     Sample #  ");
    hl_buf_text(to, "Type  Sub Chan  Num\tAux\n");
}

hl_code hl_wave_annotations_print(const hl_wave *w, const hl_wave_annotations *a,
                                  const hl_annotations_options *o, const hl_sink *sink,
                                  int64_t *n_rows, hl_error *err)
{
    hl_buf out = {0};
    hl_code c = HL_OK;

    *n_rows = 0;
    put_heading(w, o, &out);
    for (size_t i = 0; i < a->file.n && c == HL_OK; i++) {
        const hl_annotation *x = &a->file.annotation[i];
        double frame = hl_annotation_seconds(a, x) * w->info.frame_hz;
        if (o->to > 0 && (frame < (double)o->from || frame >= (double)o->to))
            continue;
        if (o->format == HL_ANNOTATIONS_RDANN)
            put_rdann(w, a, o, x, &out);
        else
            put_csv(w, a, x, &out);
        ++*n_rows;
        if (out.n > FLUSH_BYTES)
            c = hl_sink_flush(sink, &out, err);
    }
    if (c == HL_OK)
        c = hl_sink_flush(sink, &out, err);
    hl_buf_free(&out);
    return c;
}
