/*
 * annotation_write.c - annotations to the bytes of a file, as the WFDB library writes them. The
 * layout is drawn in annotation_text.h.
 */
#include "format/wfdb/annotation.h"

#include <math.h>

#include "format/wfdb/annotation_text.h"

#define MOST_SKIP INT64_C(0x7fffffff) /* either way: the library keeps one number spare below */

/* A time takes 6 bytes for each 2^31 ticks. More than 2^20 of them (at 1 MHz: 71 years) are a
 * mistake, and would fill the disk. */
#define MOST_TICKS (MOST_SKIP << 20)

/* What the file says so far. */
typedef struct {
    hl_buf *to;
    size_t start; /* of the file in to */
    int64_t time;
    int32_t chan, num;
    hl_error *err;
} writer;

static void put_word(hl_buf *to, uint32_t v)
{
    const char bytes[2] = {(char)(v & 0xff), (char)(v >> 8 & 0xff)};

    hl_buf_append(to, bytes, sizeof bytes);
}

static void put_long(hl_buf *to, int64_t v)
{
    put_word(to, (uint32_t)v >> 16);
    put_word(to, (uint32_t)v);
}

/* --- checks ----------------------------------------------------------------------------------- */

static hl_code fail_range(const hl_annotation *a, const char *what, int64_t v, int64_t least,
                          int64_t most, hl_error *err)
{
    return hl_fail(err, HL_E_INPUT, "annotation at %lld: %s %lld is not within %lld to %lld",
                   (long long)a->time, what, (long long)v, (long long)least, (long long)most);
}

static hl_code check(const hl_annotation *a, hl_error *err)
{
    if (a->type < 0 || a->type >= HL_ANNOTATION_TYPES)
        return fail_range(a, "type", a->type, 0, HL_ANNOTATION_TYPES - 1, err);
    if (a->subtype < INT8_MIN || a->subtype > INT8_MAX)
        return fail_range(a, "subtype", a->subtype, INT8_MIN, INT8_MAX, err);
    if (a->chan < 0 || a->chan > UINT8_MAX)
        return fail_range(a, "channel", a->chan, 0, UINT8_MAX, err);
    if (a->num < INT8_MIN || a->num > INT8_MAX)
        return fail_range(a, "num", a->num, INT8_MIN, INT8_MAX, err);
    if (a->aux.n > UINT8_MAX)
        return hl_fail(err, HL_E_INPUT,
                       "annotation at %lld: a text of %zu bytes; at most %d can be stored",
                       (long long)a->time, a->aux.n, UINT8_MAX);
    return HL_OK;
}

/* --- MIT -------------------------------------------------------------------------------------- */

static void put_skip(hl_buf *to, int64_t ticks)
{
    put_word(to, HL_ANNOTATION_SKIP << 10);
    put_long(to, ticks);
}

/* Whether the time goes in front: it does not fit into the word, or the word, as the first of a
 * file, would make it an AHA file. The library does not look at the latter. */
static bool needs_skip(const writer *w, const hl_annotation *a, int64_t ticks)
{
    if (ticks < 0 || ticks > HL_ANNOTATION_MOST_TICKS)
        return true;
    uint32_t word = (uint32_t)a->type << 10 | (uint32_t)ticks;
    return w->to->n == w->start && hl_aha_begins((uint8_t)word, (uint8_t)(word >> 8));
}

static hl_code put_mit(writer *w, const hl_annotation *a)
{
    int64_t ticks;
    hl_code c = check(a, w->err);

    if (c != HL_OK)
        return c;
    if (__builtin_sub_overflow(a->time, w->time, &ticks) || ticks > MOST_TICKS ||
        ticks < -MOST_TICKS)
        return hl_fail(w->err, HL_E_INPUT,
                       "annotation at %lld: too far from the one before, at %lld",
                       (long long)a->time, (long long)w->time);
    for (; ticks > MOST_SKIP; ticks -= MOST_SKIP)
        put_skip(w->to, MOST_SKIP);
    for (; ticks < -MOST_SKIP; ticks += MOST_SKIP)
        put_skip(w->to, -MOST_SKIP);
    if (a->type == 0) { /* its word must not be 0, the end mark */
        put_skip(w->to, ticks - 1);
        ticks = 1;
    } else if (needs_skip(w, a, ticks)) {
        put_skip(w->to, ticks);
        ticks = 0;
    }
    put_word(w->to, (uint32_t)a->type << 10 | (uint32_t)ticks);
    if (a->subtype != 0)
        put_word(w->to, HL_ANNOTATION_SUB << 10 | ((uint32_t)a->subtype & 0x3ff));
    if (a->chan != w->chan)
        put_word(w->to, HL_ANNOTATION_CHN << 10 | (uint32_t)a->chan);
    if (a->num != w->num)
        put_word(w->to, HL_ANNOTATION_NUM << 10 | ((uint32_t)a->num & 0x3ff));
    if (a->aux.n > 0) {
        put_word(w->to, HL_ANNOTATION_AUX << 10 | (uint32_t)a->aux.n);
        hl_buf_str(w->to, a->aux);
        if (a->aux.n & 1)
            hl_buf_char(w->to, 0);
    }
    w->time = a->time;
    w->chan = a->chan;
    w->num = a->num;
    return HL_OK;
}

static hl_code put_note(writer *w, const char *text)
{
    size_t n = strlen(text);
    hl_annotation note = {.type = HL_ANNOTATION_NOTE, .aux = {text, n < UINT8_MAX ? n : UINT8_MAX}};

    return put_mit(w, &note);
}

static hl_code put_definition(writer *w, const hl_annotation_definition *d)
{
    hl_buf text = {0};
    hl_code c;

    if (d->type < 0 || d->type >= HL_ANNOTATION_TYPES || !d->mnemonic || !*d->mnemonic ||
        d->mnemonic[strcspn(d->mnemonic, " \t")])
        return hl_fail(w->err, HL_E_INPUT, "annotation type %d cannot be defined so", (int)d->type);
    hl_buf_printf(&text, "%d %s %s", (int)d->type, d->mnemonic,
                  d->description ? d->description : "");
    c = hl_buf_check(&text, "annotations", w->err);
    if (c == HL_OK)
        c = put_note(w, text.at);
    hl_buf_free(&text);
    return c;
}

/* A null annotation closes the header, so that a note at time 0 can follow. */
static hl_code put_header(writer *w, const hl_annotations *a)
{
    static const hl_annotation null = {.type = 0};
    bool has_clock = isfinite(a->clock_hz) && a->clock_hz > 0;
    char text[64];
    hl_code c = HL_OK;

    if (!has_clock && a->n_definitions == 0)
        return HL_OK;
    if (has_clock) {
        snprintf(text, sizeof text, HL_ANNOTATION_CLOCK "%.12g", a->clock_hz);
        char *comma = strchr(text, ','); /* of some locales */
        if (comma)
            *comma = '.';
        c = put_note(w, text);
    }
    if (c == HL_OK && a->n_definitions > 0)
        c = put_note(w, HL_ANNOTATION_DEFINITIONS);
    for (size_t i = 0; i < a->n_definitions && c == HL_OK; i++)
        c = put_definition(w, &a->definition[i]);
    if (c == HL_OK && a->n_definitions > 0)
        c = put_note(w, HL_ANNOTATION_DEFINITIONS_END);
    return c == HL_OK ? put_mit(w, &null) : c;
}

/* --- AHA -------------------------------------------------------------------------------------- */

static char code_of_type(const hl_annotation *a)
{
    if (a->type == HL_ANNOTATION_NOISE && a->subtype == -1)
        return 'U';
    return hl_annotation_type_of(a->type)->aha;
}

static hl_code put_aha(hl_buf *to, const hl_annotation *a, size_t serial, hl_error *err)
{
    char aux[HL_AHA_AUX_BYTES] = {0};
    hl_code c = check(a, err);

    if (c != HL_OK)
        return c;
    if (a->time < INT32_MIN || a->time > INT32_MAX)
        return fail_range(a, "the time", a->time, INT32_MIN, INT32_MAX, err);
    if (a->aux.n > 0)
        memcpy(aux, a->aux.at, a->aux.n < sizeof aux ? a->aux.n : sizeof aux);
    hl_buf_char(to, 0);
    hl_buf_char(to, code_of_type(a));
    put_long(to, a->time);
    put_word(to, (uint32_t)serial);
    hl_buf_char(to, (char)a->subtype);
    hl_buf_char(to, (char)a->chan);
    hl_buf_append(to, aux, sizeof aux);
    return HL_OK;
}

/* --- all of it -------------------------------------------------------------------------------- */

hl_code hl_annotations_put(hl_buf *to, const hl_annotations *a, hl_error *err)
{
    writer w = {.to = to, .start = to->n, .err = err};
    hl_code c = HL_OK;

    if (a->kind == HL_ANNOTATION_AHA) {
        for (size_t i = 0; i < a->n && c == HL_OK; i++)
            c = put_aha(to, &a->annotation[i], i + 1, err);
        do
            hl_buf_char(to, (char)HL_AHA_END);
        while (!to->oom && (to->n - w.start) % HL_AHA_BLOCK_BYTES != 0);
    } else {
        c = put_header(&w, a);
        for (size_t i = 0; i < a->n && c == HL_OK; i++)
            c = put_mit(&w, &a->annotation[i]);
        put_word(to, 0);
    }
    return c == HL_OK ? hl_buf_check(to, "annotations", err) : c;
}
