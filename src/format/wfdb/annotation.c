/*
 * annotation.c - annotation files to annotations. The layout is drawn in annotation_text.h.
 */
#include "format/wfdb/annotation.h"

#include <math.h>

#include "format/wfdb/annotation_text.h"

/* The file's bytes in the arena, so that texts can point into them. */
typedef struct {
    hl_arena *arena;
    const uint8_t *at;
    size_t n, next;
    const char *name;
    hl_error *err;
} reader;

static hl_code fail(const reader *r, size_t offset, const char *text)
{
    return hl_fail_at(r->err, HL_E_INPUT, r->name, 0, (int64_t)offset, "%s (byte %zu of %zu)", text,
                      offset, r->n);
}

static uint32_t word_at(const reader *r, size_t offset)
{
    return r->at[offset] | (uint32_t)r->at[offset + 1] << 8;
}

/* 32 bits in the order of the PDP-11: the high word first. */
static int32_t long_at(const reader *r, size_t offset)
{
    return (int32_t)(word_at(r, offset) << 16 | word_at(r, offset + 2));
}

/* --- MIT -------------------------------------------------------------------------------------- */

static size_t even(size_t n)
{
    return n + (n & 1);
}

/* Annotations of the file, or of what is left of it. */
static size_t count_mit(const reader *r)
{
    size_t n = 0, at = 0;

    while (at + 2 <= r->n) {
        uint32_t word = word_at(r, at);
        if (word == 0)
            break;
        at += 2;
        if (word >> 10 == HL_ANNOTATION_AUX)
            at += even(word & 0xff);
        else if (word >> 10 == HL_ANNOTATION_SKIP)
            at += 4;
        else
            n += word >> 10 < HL_ANNOTATION_SKIP;
        if (at > r->n)
            break;
    }
    return n;
}

/* What a modifier says of the annotation in front of it; r->next stands behind its word. */
static hl_code take_modifier(reader *r, uint32_t word, int64_t *ticks, hl_annotation *a)
{
    size_t length = word & 0xff;

    switch (word >> 10) {
    case HL_ANNOTATION_SKIP:
        if (r->n - r->next < 4)
            return fail(r, r->next - 2, "the file ends within a time");
        if (__builtin_add_overflow(*ticks, (int64_t)long_at(r, r->next), ticks))
            return fail(r, r->next - 2, "the time does not fit in 64 bits");
        r->next += 4;
        return HL_OK;
    case HL_ANNOTATION_NUM:
        a->num = (int8_t)length;
        return HL_OK;
    case HL_ANNOTATION_SUB:
        a->subtype = (int8_t)length;
        return HL_OK;
    case HL_ANNOTATION_CHN:
        a->chan = (int32_t)length;
        return HL_OK;
    default:
        if (r->n - r->next < even(length))
            return fail(r, r->next - 2, "the file ends within the text of an annotation");
        a->aux = (hl_str){(const char *)r->at + r->next, length};
        r->next += even(length);
        return HL_OK;
    }
}

/* Annotations until the end mark; out->n are complete whatever is returned. */
static hl_code take_mit(reader *r, hl_annotations *out)
{
    hl_annotation now = {.time = 0}; /* num and chan are kept from one to the next */
    int64_t ticks = 0;
    hl_code c = HL_OK;
    bool any = false;

    while (c == HL_OK) {
        size_t left = r->n - r->next;
        if (left < 2)
            return fail(r, r->next,
                        left ? "the file ends within a word" : "the file ends without an end mark");
        uint32_t word = word_at(r, r->next);
        r->next += 2;
        if (word == 0)
            return HL_OK;
        if (word >> 10 < HL_ANNOTATION_SKIP) {
            if (__builtin_add_overflow(ticks, (int64_t)(word & 1023), &ticks))
                return fail(r, r->next - 2, "the time does not fit in 64 bits");
            now = (hl_annotation){
                .time = ticks, .type = (int32_t)(word >> 10), .chan = now.chan, .num = now.num};
            any = true;
            out->annotation[out->n++] = now;
        } else if (!any && word >> 10 != HL_ANNOTATION_SKIP) {
            return fail(r, r->next - 2, "a modifier without an annotation in front");
        } else {
            c = take_modifier(r, word, &ticks, &now);
            if (any)
                out->annotation[out->n - 1] = now;
        }
    }
    out->n -= any; /* its text or modifiers are cut */
    return c;
}

/* --- AHA -------------------------------------------------------------------------------------- */

static int32_t type_of_aha(uint8_t code)
{
    static const struct {
        char code;
        int8_t type;
    } map[] = {{'E', 10}, {'F', 6},  {'N', 1}, {'O', 22}, {'P', 12}, {'Q', 13},
               {'R', 41}, {'U', 14}, {'V', 5}, {'[', 32}, {']', 33}};

    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (map[i].code == code)
            return map[i].type;
    return 0;
}

bool hl_aha_begins(uint8_t first, uint8_t second)
{
    return first == 0 && second != '[' && second != ']' && type_of_aha(second) != 0;
}

static hl_code take_aha(reader *r, hl_annotations *out)
{
    for (;; r->next += HL_AHA_RECORD_BYTES) {
        size_t left = r->n - r->next;
        const uint8_t *at = r->at + r->next;
        if (left == 0)
            return fail(r, r->next, "the file ends without an end mark");
        if (*at == HL_AHA_END)
            return HL_OK;
        if (left < HL_AHA_RECORD_BYTES)
            return fail(r, r->next, "the file ends within an annotation");
        hl_annotation *a = &out->annotation[out->n++];
        *a = (hl_annotation){.time = long_at(r, r->next + 2),
                             .type = type_of_aha(at[1]),
                             .subtype = (int8_t)at[8],
                             .chan = at[9]};
        if (at[1] == 'U' && a->subtype == 0)
            a->subtype = -1; /* unreadable */
        if (at[10] != 0)
            a->aux = (hl_str){(const char *)at + 10, HL_AHA_AUX_BYTES};
    }
}

/* --- header block ----------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* What is printed of a text: up to its first NUL. */
static hl_str printed(hl_str text)
{
    const char *nul = text.n ? memchr(text.at, 0, text.n) : NULL;

    return nul ? (hl_str){text.at, (size_t)(nul - text.at)} : text;
}

static hl_str skip_spaces(hl_str text)
{
    while (text.n > 0 && is_space(*text.at))
        text = (hl_str){text.at + 1, text.n - 1};
    return text;
}

static hl_str cut_word(hl_str *text)
{
    size_t n = 0;

    while (n < text->n && !is_space(text->at[n]))
        n++;
    hl_str word = {text->at, n};
    *text = (hl_str){text->at + n, text->n - n};
    return word;
}

static void take_clock(hl_str text, hl_annotations *out)
{
    double hz;

    text = skip_spaces(text);
    if (hl_parse_f64(cut_word(&text), &hz) && isfinite(hz) && hz > 0)
        out->clock_hz = hz;
}

/* "CODE MNEMONIC DESCRIPTION"; what is none is passed over. One definition a type: the last. */
static hl_code take_definition(reader *r, hl_str text, hl_annotations *out)
{
    int64_t type;
    size_t i = 0;

    text = skip_spaces(text);
    if (!hl_parse_i64(cut_word(&text), &type) || type < 0 || type >= HL_ANNOTATION_TYPES)
        return HL_OK;
    text = skip_spaces(text);
    hl_str mnemonic = cut_word(&text);
    if (mnemonic.n == 0)
        return HL_OK;
    hl_str description = text.n > 0 ? (hl_str){text.at + 1, text.n - 1} : text;
    while (i < out->n_definitions && out->definition[i].type != type)
        i++;
    hl_annotation_definition *d = &out->definition[i];
    *d = (hl_annotation_definition){.type = (int32_t)type,
                                    .mnemonic = hl_arena_copy(r->arena, mnemonic.at, mnemonic.n),
                                    .description =
                                        hl_arena_copy(r->arena, description.at, description.n)};
    if (!d->mnemonic || !d->description)
        return hl_fail_memory(r->err, "annotations", text.n);
    out->n_definitions += i == out->n_definitions;
    return HL_OK;
}

static bool is_of_header(const hl_annotation *a)
{
    return a->time == 0 && a->type == HL_ANNOTATION_NOTE && a->subtype == 0 && a->aux.n > 0;
}

/* Notes at time 0 in front of all else are a header whatever they say; a null annotation that
 * closes it, or stands first, goes with them. waveform.md 1.3 */
static hl_code take_header(reader *r, hl_annotations *out)
{
    static const char clock[] = HL_ANNOTATION_CLOCK;
    hl_code c = HL_OK;
    size_t i = 0;

    if (out->n > 0 && is_of_header(out->annotation)) {
        out->definition = hl_arena_calloc(r->arena, HL_ANNOTATION_TYPES, sizeof *out->definition);
        if (!out->definition)
            return hl_fail_memory(r->err, "annotations", HL_ANNOTATION_TYPES);
    }
    for (; i < out->n && is_of_header(&out->annotation[i]) && c == HL_OK; i++) {
        hl_str text = printed(out->annotation[i].aux);
        if (hl_str_starts(text, clock))
            take_clock((hl_str){text.at + strlen(clock), text.n - strlen(clock)}, out);
        else if (text.n > 0 && *text.at != '#')
            c = take_definition(r, text, out);
    }
    i += i < out->n && out->annotation[i].type == 0;
    out->annotation += i;
    out->n -= i;
    return c;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Bytes behind the end mark; what fills an AHA file up is none. */
static int64_t count_surplus(const reader *r, hl_annotation_kind kind)
{
    size_t end = r->n;

    while (kind == HL_ANNOTATION_AHA && end > r->next && r->at[end - 1] == HL_AHA_END)
        end--;
    return (int64_t)(end - r->next);
}

hl_code hl_annotations_parse(hl_arena *arena, const void *bytes, size_t n, const char *name,
                             hl_annotations *out, hl_error *err)
{
    reader r = {.arena = arena, .n = n, .name = name, .err = err};
    hl_annotations a = {.kind = HL_ANNOTATION_MIT};
    size_t most;

    *out = a;
    r.at = (const uint8_t *)hl_arena_copy(arena, bytes, n);
    if (!r.at)
        return hl_fail_memory(err, "annotations", n);
    if (n >= 2 && hl_aha_begins(r.at[0], r.at[1]))
        a.kind = HL_ANNOTATION_AHA;
    most = a.kind == HL_ANNOTATION_AHA ? n / HL_AHA_RECORD_BYTES : count_mit(&r);
    a.annotation = hl_arena_calloc(arena, most, sizeof *a.annotation);
    if (!a.annotation)
        return hl_fail_memory(err, "annotations", most * sizeof *a.annotation);
    hl_code c = a.kind == HL_ANNOTATION_AHA ? take_aha(&r, &a) : take_mit(&r, &a);
    hl_code header = take_header(&r, &a);
    if (c == HL_OK) {
        c = header;
        a.n_surplus_bytes = count_surplus(&r, a.kind);
    }
    *out = a;
    return c;
}
