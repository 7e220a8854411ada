/*
 * convert.c - hl_wave_convert(): what goes in, what comes out, and which way that is.
 */
#include "wave/convert.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/ctl.h"
#include "base/json.h"
#include "base/log.h"
#include "data/npy.h"
#include "format/wfdb/signal.h"
#include "wave/cat.h"
#include "wave/convert_table.h"

typedef enum { TO_WFDB, TO_EDF, TO_CSV, TO_NPY } target;

void hl_convert_note(hl_convert *x, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    hl_buf_text(&x->notes, text);
    hl_buf_char(&x->notes, '\n');
    x->n_notes++;
}

/* --- what was asked for -------------------------------------------------------------------------
 */

static bool ends_in(const char *name, const char *ending, size_t *stem)
{
    const size_t n = strlen(name), m = strlen(ending);

    if (n <= m || strcmp(name + n - m, ending) != 0)
        return false;
    *stem = n - m;
    return true;
}

/* A record's name goes into headers and file names of others' programs. */
static hl_code check_name(const char *name, hl_error *err)
{
    char show[HL_SHOW_BYTES];

    for (const char *p = name; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              *p == '_' || (*p == '-' && p > name)))
            return hl_fail(err, HL_E_USAGE,
                           "'%s' is no name of a WFDB record\nAllowed are letters, digits, '_' and "
                           "'-'; files end in .edf, .csv or .npy.",
                           hl_show(hl_str_of(name), show));
    return HL_OK;
}

static hl_code take_target(hl_convert *x, target *out, hl_error *err)
{
    static const char *const ending[] = {".hea", ".edf", ".csv", ".npy"};
    size_t stem;
    hl_code c;

    if (hl_place_is_address(x->o->out))
        return hl_fail(err, HL_E_USAGE, "%s: nothing is written to a server", x->o->out);
    c = hl_place_split(x->o->out, x->folder, x->name, err);
    if (c != HL_OK)
        return c;
    if (ends_in(x->name, ".bdf", &stem))
        return hl_fail(err, HL_E_USAGE,
                       "%s: BDF is not written\nTake NAME.edf, or a WFDB record "
                       "with --format 24.",
                       x->o->out);
    *out = TO_WFDB;
    for (int i = 0; i < 4; i++)
        if (ends_in(x->name, ending[i], &stem)) {
            *out = (target)i;
            x->name[stem] = 0;
            break;
        }
    return *out == TO_WFDB ? check_name(x->name, err) : HL_OK;
}

/* Options that have no meaning for this way are refused, not ignored. */
static hl_code check_options(const hl_wave_convert_options *o, bool table, target to, hl_error *err)
{
    const struct {
        bool given, allowed;
        const char *text;
    } rule[] = {
        {o->format != 0, to == TO_WFDB, "--format is for WFDB records as output"},
        {o->segment_s != 0, to == TO_WFDB, "--segment-seconds is for WFDB records as output"},
        {o->fast, to == TO_WFDB, "--fast is for WFDB records as output"},
        {o->deskew, to == TO_WFDB && !table, "--deskew is for WFDB records to WFDB records"},
        {o->exact_rate, to == TO_EDF, "--exact-rate is for NAME.edf as output"},
        {o->mit2edf, to == TO_EDF, "--mit2edf is for NAME.edf as output"},
        {o->rate_hz != 0, table, "--rate is for csv and npy as input"},
        {o->gain != 0, table, "--gain is for csv and npy as input"},
        {o->units != NULL, table, "--units is for csv and npy as input"},
        {o->from || o->to, !table, "--from and --to are for records as input"},
        {o->annotations != NULL, !table && to <= TO_EDF,
         "--annotations is for records as input, and WFDB or EDF as output"},
        {o->annotations && o->mit2edf, false, "mit2edf writes no annotations"},
    };

    for (size_t i = 0; i < sizeof rule / sizeof *rule; i++)
        if (rule[i].given && !rule[i].allowed)
            return hl_fail(err, HL_E_USAGE, "%s", rule[i].text);
    if (table && to > TO_EDF)
        return hl_fail(err, HL_E_USAGE,
                       "%s is a table: it becomes a WFDB record or an EDF file, not another table",
                       o->in);
    if (o->format != 0 && (!hl_wfdb_format_find(o->format) || o->format < 0))
        return hl_fail(err, HL_E_USAGE,
                       "%d is no signal format of WFDB\nAllowed: 8 16 24 32 61 80 160 212 310 311 "
                       "508 516 524.",
                       (int)o->format);
    if (o->segment_s < 0)
        return hl_fail(err, HL_E_USAGE, "segments of %lld seconds", (long long)o->segment_s);
    if (!(o->rate_hz >= 0 && o->rate_hz <= 1e9) || !(o->gain >= 0 && o->gain <= 1e15))
        return hl_fail(err, HL_E_USAGE, "a rate or a gain is no number above 0");
    return HL_OK;
}

/* --- csv and npy out ----------------------------------------------------------------------------
 */

static bool is_wide(const hl_wave *w, const hl_convert_part *p)
{
    for (int32_t k = 0; k < p->n_signals; k++) {
        const hl_wfdb_format *f = hl_wfdb_format_find(w->signal[p->signal[k]].format);
        if (f && f->most > INT16_MAX)
            return true;
    }
    return false;
}

/* float32 holds what comes from 16 bits, float64 all. */
static hl_code put_npy_head(hl_convert *x, const hl_convert_part *p, hl_cat_options *co,
                            hl_out *out, hl_error *err)
{
    const hl_wave_info *info = &p->wave->info;
    const hl_wave_signal *first = &info->signal[p->signal[0]];
    const bool wide = is_wide(p->wave, p);
    const int64_t shape[] = {(p->to - p->from) * first->samples_per_frame, p->n_signals};
    hl_buf head = {0};

    for (int32_t k = 1; k < p->n_signals; k++)
        if (info->signal[p->signal[k]].samples_per_frame != first->samples_per_frame)
            return hl_fail(err, HL_E_USAGE,
                           "signals %s and %s have different rates: an array has one row for both\n"
                           "Take signals of one rate with --signals, or hilum wave cat --rate.",
                           first->name, info->signal[p->signal[k]].name);
    co->format = wide ? HL_CAT_F64 : HL_CAT_F32;
    hl_code c =
        hl_npy_put_header(&head, wide ? "<f8" : "<f4", shape, p->n_signals > 1 ? 2 : 1, err);
    if (c == HL_OK)
        c = hl_buf_check(&head, "header", err);
    if (c == HL_OK)
        c = hl_out_write(out, head.at, head.n, err);
    hl_buf_free(&head);
    hl_convert_note(x, "%lld rows, %s", (long long)shape[0], wide ? "float64" : "float32");
    return c;
}

static hl_code to_table(hl_convert *x, const hl_convert_part *p, target to, hl_error *err)
{
    char file[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_cat_options co = {
        .from = p->from, .to = p->to, .signal = p->signal, .n_signals = p->n_signals};
    hl_out *out = NULL;
    int64_t n_rows;

    snprintf(file, sizeof file, "%.2000s.%s", x->name, to == TO_CSV ? "csv" : "npy");
    hl_code c = hl_written_create(x->folder, file, path, &out, err);
    if (c == HL_OK && to == TO_NPY)
        c = put_npy_head(x, p, &co, out, err);
    if (c == HL_OK) {
        const hl_sink sink = {.ctx = out, .write = hl_sink_to_out};
        c = hl_wave_cat(p->wave, &co, &sink, x->ctl, &n_rows, err);
    }
    if (c == HL_OK)
        c = hl_written_commit(&x->written, path, &out, err);
    hl_out_abort(&out);
    return c;
}

/* --- records ------------------------------------------------------------------------------------
 */

/*
 * Stored values of segments as one signal: a fixed layout's must share gain and baseline (readers
 * take the first segment's), a variable layout's are mapped to the layout, which may round.
 */
static hl_code look_at_segments(hl_convert *x, const hl_convert_part *p, hl_error *err)
{
    hl_wave *w = p->wave;
    const bool variable = w->info.layout == HL_WAVE_VARIABLE;
    int64_t mapped = 0;
    hl_code c = HL_OK;

    for (int64_t i = 0; i < w->info.n_segments && !w->edf && c == HL_OK; i++) {
        hl_wave_open_segment *seg;
        bool same = true;
        if (strcmp(w->piece[i].name, "~") == 0 || w->piece[i].from >= p->to ||
            w->piece[i].to <= p->from)
            continue;
        c = hl_wave_segment_open(w, i, &seg, err);
        for (int32_t k = 0; k < p->n_signals && c == HL_OK; k++) {
            const hl_wave_source *m = &seg->source[p->signal[k]];
            const hl_wfdb_signal *s = &w->signal[p->signal[k]];
            same = same && (m->from < 0 || m->same);
            if (m->from >= 0 && !variable && (m->gain != s->gain || m->baseline != s->baseline))
                c = hl_fail(err, HL_E_INPUT,
                            "segment %s: signal %d has gain %g and baseline %d, in the first "
                            "segment %g and %d\nConvert the segments one by one.",
                            w->piece[i].name, (int)p->signal[k], m->gain, (int)m->baseline, s->gain,
                            (int)s->baseline);
        }
        mapped += !same;
    }
    if (mapped > 0)
        hl_convert_note(x,
                        "%lld segments have another gain or baseline than the layout: their values "
                        "were scaled to the layout's and rounded",
                        (long long)mapped);
    return c;
}

static void tell_of_skew(hl_convert *x, const hl_convert_part *p)
{
    for (int32_t k = 0; k < p->n_signals && !p->keep_skew; k++) {
        const int64_t frames = hl_wfdb_skew_frames(&p->wave->signal[p->signal[k]]);
        if (frames > 0)
            hl_convert_note(x, "a skew of %lld frames was taken out of signal %d",
                            (long long)frames, (int)p->signal[k]);
    }
}

static hl_code from_record(hl_convert *x, hl_wave *w, target to, hl_error *err)
{
    const bool whole = to == TO_WFDB && !w->edf && x->o->segment_s == 0;
    const bool by_segment = whole && w->info.layout == HL_WAVE_VARIABLE;
    const bool as_stored = whole && w->info.layout == HL_WAVE_SINGLE && !x->o->deskew;
    hl_convert_part part;
    hl_convert_source source;

    if (!as_stored && !x->o->mit2edf)
        hl_wave_pad_skew(w); /* all that was measured on the record's time line */
    hl_code c = hl_convert_choose(x, w, &part, err);
    if (c != HL_OK)
        return c;
    part.keep_skew = as_stored;
    if (to == TO_EDF)
        part.name = w->edf ? x->name : w->header.name; /* who reads it knows the record by this */
    tell_of_skew(x, &part);
    if (w->edf && w->edf->is_plus && !x->o->annotations && to <= TO_EDF)
        hl_convert_note(x, "annotations of the EDF+ file were left out (--annotations takes them)");
    if (to == TO_CSV || to == TO_NPY)
        return to_table(x, &part, to, err);
    if (x->o->annotations && to == TO_WFDB)
        c = hl_convert_annotations(x, &part, err);
    if (c == HL_OK && by_segment)
        return hl_convert_segments(x, &part, err);
    if (c == HL_OK)
        c = look_at_segments(x, &part, err);
    if (c == HL_OK)
        c = hl_convert_from_wave(x, &part, &source, err);
    if (c == HL_OK)
        c = to == TO_EDF ? hl_convert_to_edf(x, &source, &part, err)
                         : hl_convert_to_wfdb(x, &source, err);
    return c;
}

static hl_code from_table(hl_convert *x, target to, hl_error *err)
{
    hl_convert_source source;
    hl_table *table = NULL;
    hl_code c = hl_table_open(x, &table, &source, err);

    if (c == HL_OK)
        c = to == TO_EDF ? hl_convert_to_edf(x, &source, NULL, err)
                         : hl_convert_to_wfdb(x, &source, err);
    if (c == HL_OK)
        hl_table_tell(x, table);
    hl_table_close(&table);
    return c;
}

/* --- the report ---------------------------------------------------------------------------------
 */

static void put_lines(hl_json_writer *w, const hl_buf *lines)
{
    hl_json_open(w, '[');
    for (size_t i = 0; i < lines->n;) {
        const char *end = memchr(lines->at + i, '\n', lines->n - i);
        const size_t n = end ? (size_t)(end - lines->at) - i : lines->n - i;
        hl_json_put_text(w, (hl_str){lines->at + i, n});
        i += n + 1;
    }
    hl_json_close(w, ']');
}

static hl_code put_report(hl_convert *x, hl_report *report, hl_error *err)
{
    hl_buf json = {0}, text = {0};
    hl_json_writer w = hl_json_write_to(&json, 0);

    hl_json_open(&w, '{');
    hl_json_put_key(&w, "files");
    hl_json_open(&w, '[');
    for (size_t i = 0; i < x->written.paths.n; i += strlen(x->written.paths.at + i) + 1)
        hl_json_put_cstr(&w, x->written.paths.at + i);
    hl_json_close(&w, ']');
    hl_json_member_int(&w, "segments", x->n_segments);
    hl_json_put_key(&w, "notes");
    put_lines(&w, &x->notes);
    if (x->signals.n > 0) {
        hl_buf_text(&json, ",\"signals\":[");
        hl_buf_append(&json, x->signals.at, x->signals.n);
        hl_buf_char(&json, ']');
    }
    hl_buf_char(&json, '}');
    const char *last = x->written.paths.at + x->written.paths.n - 1;
    while (last > x->written.paths.at && last[-1])
        last--;
    hl_buf_text(&text, last);
    if (x->written.n > 1)
        hl_buf_printf(&text, " and %lld other file%s", (long long)x->written.n - 1,
                      x->written.n == 2 ? "" : "s");
    hl_buf_char(&text, '\n');
    if (x->notes.n > 0)
        hl_buf_append(&text, x->notes.at, x->notes.n);
    hl_code c = hl_buf_check(&json, "report", err);
    if (c == HL_OK)
        c = hl_buf_check(&text, "report", err);
    if (c == HL_OK)
        c = hl_buf_check(&x->notes, "report", err);
    if (c == HL_OK)
        *report = (hl_report){.json = json.at, .text = text.at};
    if (c != HL_OK) {
        hl_buf_free(&json);
        hl_buf_free(&text);
    }
    return c;
}

HL_API hl_code hl_wave_convert(const hl_wave_convert_options *options, hl_ctl *ctl,
                               hl_report *report, hl_error *err)
{
    hl_convert *x = calloc(1, sizeof *x);
    const bool table = hl_table_is_name(options->in) && !hl_place_is_address(options->in);
    hl_wave *wave = NULL;
    target to = TO_WFDB;

    if (report)
        *report = (hl_report){NULL, NULL};
    if (!x)
        return hl_fail_memory(err, "conversion", sizeof *x);
    x->o = options;
    x->ctl = ctl;
    x->arena = hl_arena_new(0);
    hl_code c = x->arena ? take_target(x, &to, err) : hl_fail_memory(err, "conversion", 0);
    if (c == HL_OK)
        c = check_options(options, table, to, err);
    if (c == HL_OK && !table)
        c = hl_wave_open(options->in, ctl, &wave, err);
    if (c == HL_OK)
        c = hl_make_folder(x->folder, err);
    if (c == HL_OK)
        c = table ? from_table(x, to, err) : from_record(x, wave, to, err);
    if (c == HL_OK && report)
        c = put_report(x, report, err);
    if (c == HL_OK)
        hl_written_free(&x->written);
    else
        hl_written_undo(&x->written);
    hl_wave_close(&wave);
    hl_buf_free(&x->notes);
    hl_buf_free(&x->signals);
    hl_arena_free(&x->arena);
    free(x);
    return c;
}
