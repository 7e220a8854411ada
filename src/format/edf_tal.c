#include "format/edf_tal.h"

#include <math.h>
#include <stdlib.h>

#include "base/sort.h"

/* --- one list --------------------------------------------------------------------------------- */

/* Digits with an optional point, and a sign in front if it must have one. */
static bool parse_seconds(hl_str text, bool with_sign, double *out)
{
    const size_t start = with_sign ? 1 : 0;

    if (text.n <= start || (with_sign && text.at[0] != '+' && text.at[0] != '-'))
        return false;
    for (size_t i = start; i < text.n; i++)
        if ((text.at[i] < '0' || text.at[i] > '9') && text.at[i] != '.')
            return false;
    return hl_parse_f64(text, out) && isfinite(*out);
}

static size_t length_until(const char *at, const char *end, char a, char b)
{
    const char *p = at;

    while (p < end && *p != a && *p != b && *p)
        p++;
    return (size_t)(p - at);
}

hl_code hl_edf_tal_next(const char **at, const char *end, hl_edf_tal *out, hl_error *err)
{
    const char *p = *at;
    hl_str onset, duration;

    while (p < end && *p == 0)
        p++;
    *at = p;
    if (p == end)
        return HL_END;
    onset = (hl_str){p, length_until(p, end, HL_EDF_TEXT, HL_EDF_DURATION)};
    if (!parse_seconds(onset, true, &out->onset_s))
        return hl_fail(err, HL_E_INPUT, "an annotation list does not begin with +ONSET");
    p += onset.n;
    out->duration_s = -1;
    if (p < end && *p == HL_EDF_DURATION) {
        p++;
        duration = (hl_str){p, length_until(p, end, HL_EDF_TEXT, HL_EDF_DURATION)};
        if (duration.n > 0 && !parse_seconds(duration, false, &out->duration_s))
            return hl_fail(err, HL_E_INPUT, "the duration of an annotation is no number");
        p += duration.n;
    }
    if (p == end || *p != HL_EDF_TEXT)
        return hl_fail(err, HL_E_INPUT, "the onset of an annotation is not followed by 0x14");
    out->texts.at = ++p;
    while (p < end && *p)
        p++;
    if (p == end)
        return hl_fail(err, HL_E_INPUT, "an annotation list does not end with NUL");
    out->texts.n = (size_t)(p - out->texts.at);
    if (out->texts.n > 0 && p[-1] != HL_EDF_TEXT)
        return hl_fail(err, HL_E_INPUT, "the text of an annotation does not end with 0x14");
    *at = p + 1;
    return HL_OK;
}

bool hl_edf_tal_text(hl_str *texts, hl_str *text)
{
    const char *end;

    if (texts->n == 0)
        return false;
    end = memchr(texts->at, HL_EDF_TEXT, texts->n);
    text->at = texts->at;
    text->n = end ? (size_t)(end - texts->at) : texts->n;
    texts->at += text->n + (end ? 1 : 0);
    texts->n -= text->n + (end ? 1 : 0);
    return true;
}

static void put_decimal(hl_buf *to, const char *format, double v)
{
    char text[400];
    int n = snprintf(text, sizeof text, format, v);

    while (n > 0 && text[n - 1] == '0')
        n--;
    if (n > 0 && text[n - 1] == '.')
        n--;
    hl_buf_append(to, text, (size_t)n);
}

void hl_edf_put_onset(hl_buf *to, double s)
{
    put_decimal(to, "%+.6f", s == 0 ? 0 : s);
}

void hl_edf_put_tal(hl_buf *to, double onset_s, double duration_s, const char *text)
{
    hl_edf_put_onset(to, onset_s);
    if (duration_s >= 0) {
        hl_buf_char(to, HL_EDF_DURATION);
        put_decimal(to, "%.6f", duration_s);
    }
    hl_buf_char(to, HL_EDF_TEXT);
    for (const char *p = text; *p; p++)
        hl_buf_char(to, (unsigned char)*p < ' ' ? ' ' : *p);
    hl_buf_char(to, HL_EDF_TEXT);
    hl_buf_char(to, 0);
}

/* --- the lists of a file ---------------------------------------------------------------------- */

static int64_t sample_bytes(const hl_edf *edf)
{
    return edf->is_bdf ? 3 : 2;
}

int64_t hl_edf_record_bytes(const hl_edf *edf)
{
    return hl_edf_part_of(edf, edf->header.n_signals).offset;
}

hl_edf_part hl_edf_part_of(const hl_edf *edf, int32_t s)
{
    const hl_wfdb_signal *signal = edf->header.signal;
    hl_edf_part part = {0, 0};

    for (int32_t i = 0; i < s; i++)
        part.offset += signal[i].samples_per_frame * sample_bytes(edf);
    if (s < edf->header.n_signals)
        part.n = signal[s].samples_per_frame * sample_bytes(edf);
    return part;
}

static hl_code in_record(hl_in *in, int64_t i, hl_error *err)
{
    hl_error_context(err, "%s: data record %lld", hl_in_name(in), (long long)i);
    return HL_E_INPUT;
}

/* Part of data record i into to[part.n]. */
static hl_code read_part(hl_in *in, const hl_edf *edf, int64_t i, hl_edf_part part, char *to,
                         hl_error *err)
{
    const int64_t at = edf->header.signal[0].offset_bytes + i * hl_edf_record_bytes(edf);
    size_t got;
    const hl_code c = hl_in_pread(in, to, (size_t)part.n, at + part.offset, &got, err);

    if (c == HL_OK && got < (size_t)part.n)
        return hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, at,
                          "the file ends within data record %lld of %lld", (long long)i,
                          (long long)edf->header.n_samples);
    return c;
}

hl_code hl_edf_record_onset(hl_in *in, const hl_edf *edf, int64_t i, double *onset_s, hl_error *err)
{
    enum { MOST = 128 }; /* a time-keeping list is some 20 bytes long */
    char bytes[MOST];
    const char *at = bytes;
    hl_edf_tal tal;
    int32_t s = 0;

    while (s < edf->header.n_signals && !edf->is_annotation[s])
        s++;
    hl_edf_part part = hl_edf_part_of(edf, s);
    if (part.n > MOST)
        part.n = MOST;
    hl_code c = read_part(in, edf, i, part, bytes, err);
    if (c != HL_OK)
        return c;
    /* Whatever stands behind the onset may be longer than what was read. */
    const size_t n = length_until(bytes, bytes + part.n, HL_EDF_TEXT, HL_EDF_DURATION);
    if ((int64_t)n == part.n || !parse_seconds((hl_str){at, n}, true, &tal.onset_s)) {
        hl_fail(err, HL_E_INPUT, "it does not begin with its time (+ONSET)");
        return in_record(in, i, err);
    }
    *onset_s = tal.onset_s;
    return HL_OK;
}

typedef struct {
    hl_edf_annotation *at;
    size_t n, room;
} list;

static hl_code take_tal(hl_arena *arena, const hl_edf_tal *tal, list *to, hl_error *err)
{
    hl_str texts = tal->texts, text;

    while (hl_edf_tal_text(&texts, &text)) {
        if (text.n == 0)
            continue;
        if (to->n == to->room) {
            const size_t room = to->room ? 2 * to->room : 64;
            hl_edf_annotation *at = realloc(to->at, room * sizeof *at);
            if (!at)
                return hl_fail_memory(err, "annotations", room * sizeof *at);
            to->at = at;
            to->room = room;
        }
        hl_edf_annotation *a = &to->at[to->n++];
        a->onset_s = tal->onset_s;
        a->duration_s = tal->duration_s;
        a->text = hl_arena_str(arena, text).at;
        if (!a->text)
            return hl_fail_memory(err, "annotations", text.n);
    }
    return HL_OK;
}

/* All lists of one annotation signal in one data record. */
static hl_code take_part(hl_arena *arena, hl_in *in, int64_t i, const char *bytes, size_t n,
                         list *to, hl_error *err)
{
    const char *at = bytes, *end = bytes + n;
    hl_edf_tal tal;
    hl_code c;

    while ((c = hl_edf_tal_next(&at, end, &tal, err)) == HL_OK)
        if ((c = take_tal(arena, &tal, to, err)) != HL_OK)
            return c;
    return c == HL_END ? HL_OK : in_record(in, i, err);
}

static int by_onset(const void *a, const void *b, void *ctx)
{
    const hl_edf_annotation *x = a, *y = b;

    (void)ctx;
    return (x->onset_s > y->onset_s) - (x->onset_s < y->onset_s);
}

static hl_code finish(hl_arena *arena, const hl_edf *edf, list *from, hl_edf_annotation **out,
                      hl_error *err)
{
    hl_code c = hl_sort_stable(from->at, from->n, sizeof *from->at, by_onset, NULL, err);

    if (c != HL_OK)
        return c;
    for (size_t i = 0; i < from->n; i++)
        from->at[i].onset_s -= edf->start_fraction_s;
    *out = hl_arena_alloc(arena, from->n * sizeof **out);
    if (!*out)
        return hl_fail_memory(err, "annotations", from->n * sizeof **out);
    memcpy(*out, from->at, from->n * sizeof **out);
    return HL_OK;
}

hl_code hl_edf_annotations(hl_arena *arena, hl_in *in, const hl_edf *edf, hl_edf_annotation **out,
                           size_t *n, hl_error *err)
{
    list found = {0};
    char *bytes = NULL;
    hl_code c = HL_OK;

    *out = NULL;
    *n = 0;
    for (int32_t s = 0; c == HL_OK && s < edf->header.n_signals; s++) {
        const hl_edf_part part = hl_edf_part_of(edf, s);
        if (!edf->is_annotation[s])
            continue;
        free(bytes);
        bytes = malloc((size_t)part.n + 1);
        c = bytes ? HL_OK : hl_fail_memory(err, "annotations", (size_t)part.n);
        for (int64_t i = 0; c == HL_OK && i < edf->header.n_samples; i++) {
            c = read_part(in, edf, i, part, bytes, err);
            if (c == HL_OK)
                c = take_part(arena, in, i, bytes, (size_t)part.n, &found, err);
        }
    }
    if (c == HL_OK && found.n > 0)
        c = finish(arena, edf, &found, out, err);
    if (c == HL_OK)
        *n = found.n;
    free(bytes);
    free(found.at);
    return c;
}
