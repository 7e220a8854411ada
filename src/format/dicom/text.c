#include "format/dicom/text.h"

#include <errno.h>
#include <iconv.h>

#include "format/dicom/text_sets.h"

/*
 * Two ways through. A set that stands alone (UTF-8, GBK, GB18030) is cut at its backslashes and
 * converted value by value. All others are ISO 2022: bytes below 80 mean what G0 holds, the others
 * what G1 holds, escapes put sets there, and delimiters put back what value 1 of
 * SpecificCharacterSet says. Plain ASCII, which is nearly all text, opens no converter.
 */

enum { ESC = 0x1b, OUT_PER_BYTE = 3 /* UTF-8 bytes that one byte can become, at most */ };

typedef struct {
    const hl_half_set *first[2]; /* G0, G1 at the start of a value; first[1] may be NULL */
    const hl_half_set *half[2];  /* now */
    bool listed[HL_N_HALF_SETS]; /* by SpecificCharacterSet */
    int alone;                   /* HL_TERM_UTF8, _GBK, _GB18030; 0: code extensions */

    bool splits;     /* a backslash ends a value */
    bool is_text;    /* charset applies, and a line end puts value 1's sets back */
    bool is_name;    /* PN: ^ and = do so too */
    bool keeps_left; /* leading blanks count */

    struct {
        const char *name;
        iconv_t with; /* (iconv_t)-1: this system has none */
    } converter[HL_N_HALF_SETS];
    size_t n_converters;

    char *out;
    size_t n, room, start; /* written, allocated, where the value began */
    hl_str *value;
    size_t n_values;
    unsigned flags;
} decoder;

/* --- writing ------------------------------------------------------------------------------- */

static void put(decoder *d, const void *bytes, size_t n)
{
    hl_assert(n <= d->room - d->n);
    memcpy(d->out + d->n, bytes, n);
    d->n += n;
}

static void put_byte(decoder *d, unsigned byte)
{
    char ch = (char)byte;
    put(d, &ch, 1);
}

/* A code point below U+10000. */
static void put_point(decoder *d, unsigned v)
{
    char c[3] = {(char)(0xe0 | v >> 12), (char)(0x80 | (v >> 6 & 63)), (char)(0x80 | (v & 63))};

    if (v < 0x80) {
        put_byte(d, v);
    } else if (v < 0x800) {
        c[1] = (char)(0xc0 | v >> 6);
        put(d, c + 1, 2);
    } else {
        put(d, c, 3);
    }
}

static void put_replacement(decoder *d)
{
    d->flags |= HL_TEXT_REPLACED;
    put_point(d, 0xfffd);
}

static void end_value(decoder *d)
{
    hl_str v = {d->out + d->start, d->n - d->start};

    while (v.n > 0 && (v.at[v.n - 1] == ' ' || v.at[v.n - 1] == 0))
        v.n--;
    for (; !d->keeps_left && v.n > 0 && *v.at == ' '; v.n--)
        v.at++;
    d->value[d->n_values++] = v;
    d->start = d->n;
    d->half[0] = d->first[0];
    d->half[1] = d->first[1];
}

/* --- converters ---------------------------------------------------------------------------- */

static iconv_t converter_named(decoder *d, const char *name)
{
    for (size_t i = 0; i < d->n_converters; i++)
        if (strcmp(d->converter[i].name, name) == 0)
            return d->converter[i].with;
    iconv_t with = iconv_open("UTF-8", name);
    hl_assert(d->n_converters < HL_N_HALF_SETS);
    d->converter[d->n_converters].name = name;
    d->converter[d->n_converters++].with = with;
    return with;
}

/* Convert n bytes; each unit of them that means nothing becomes one U+FFFD. */
static void convert(decoder *d, const char *name, const char *bytes, size_t n, size_t unit)
{
    iconv_t with = converter_named(d, name);
    char *in = (char *)(uintptr_t)bytes; /* iconv() doesn't write there */
    size_t left = n;

    while (left > 0) {
        char *to = d->out + d->n;
        size_t room = d->room - d->n;
        size_t done = with == (iconv_t)-1 ? (size_t)-1 : iconv(with, &in, &left, &to, &room);
        d->n = (size_t)(to - d->out);
        if (done != (size_t)-1 || left == 0)
            continue;
        put_replacement(d);
        size_t skip = left < unit ? left : unit;
        in += skip;
        left -= skip;
        if (with != (iconv_t)-1)
            iconv(with, NULL, NULL, NULL, NULL);
    }
}

static void close_converters(decoder *d)
{
    for (size_t i = 0; i < d->n_converters; i++)
        if (d->converter[i].with != (iconv_t)-1)
            iconv_close(d->converter[i].with);
}

/* --- sets that stand alone ------------------------------------------------------------------- */

/* Bytes of the character at p, as far as finding backslashes goes: 5C is also a second byte. */
static size_t gb_bytes(const unsigned char *p, size_t n, bool has_four)
{
    if (p[0] < 0x81 || p[0] == 0xff || n < 2)
        return 1;
    if (p[1] >= 0x40 && p[1] <= 0xfe && p[1] != 0x7f)
        return 2;
    return has_four && n >= 4 && p[1] >= 0x30 && p[1] <= 0x39 ? 4 : 1;
}

static void decode_utf8(decoder *d, const char *at, size_t n)
{
    while (n > 0) {
        int64_t fault = hl_utf8_fault(at, n);
        size_t good = fault < 0 ? n : (size_t)fault;
        put(d, at, good);
        if (fault >= 0) {
            put_replacement(d);
            good++;
        }
        at += good;
        n -= good;
    }
}

static void decode_alone(decoder *d, hl_str bytes)
{
    const char *name = d->alone == HL_TERM_GBK ? "GBK" : "GB18030";
    size_t start = 0, i = 0;

    while (i <= bytes.n) {
        if (i < bytes.n && !(d->splits && bytes.at[i] == '\\')) {
            i += d->alone == HL_TERM_UTF8 ? 1
                                          : gb_bytes((const unsigned char *)bytes.at + i,
                                                     bytes.n - i, d->alone == HL_TERM_GB18030);
            continue;
        }
        if (d->alone == HL_TERM_UTF8)
            decode_utf8(d, bytes.at + start, i - start);
        else
            convert(d, name, bytes.at + start, i - start, 1);
        end_value(d);
        start = ++i;
    }
}

/* --- code extensions ------------------------------------------------------------------------- */

static bool is_between(const char *p, unsigned least, unsigned most)
{
    return (unsigned char)*p >= least && (unsigned char)*p <= most;
}

/* Characters of two bytes from at + i on, as many as there are; where they end. */
static size_t decode_pairs(decoder *d, const hl_half_set *set, hl_str bytes, size_t i)
{
    unsigned least = set->half ? 0xa1 : 0x21, most = set->half ? 0xfe : 0x7e;
    char some[96];
    size_t n = 0, unit = set->prefix ? 3 : 2;

    while (i + 1 < bytes.n && is_between(bytes.at + i, least, most) &&
           is_between(bytes.at + i + 1, least, most)) {
        if (n + unit > sizeof some) {
            convert(d, set->converter, some, n, unit);
            n = 0;
        }
        if (set->prefix)
            some[n++] = (char)set->prefix;
        some[n++] = (char)(bytes.at[i] | 0x80);
        some[n++] = (char)(bytes.at[i + 1] | 0x80);
        i += 2;
    }
    convert(d, set->converter, some, n, unit);
    return i;
}

/* bytes.at[i] is 21..7E; where the next character begins. */
static size_t decode_left(decoder *d, hl_str bytes, size_t i)
{
    const hl_half_set *set = d->half[0];
    unsigned char ch = (unsigned char)bytes.at[i];

    if (set->kind == HL_SET_PAIRS) {
        size_t end = decode_pairs(d, set, bytes, i);
        if (end > i)
            return end;
    }
    /* A lone delimiter behind pairs still delimits: writers forget to escape back. */
    if (ch == '\\' && d->splits) {
        end_value(d);
    } else if (d->is_name && (ch == '^' || ch == '=')) {
        put_byte(d, ch);
        d->half[0] = d->first[0];
        d->half[1] = d->first[1];
    } else if (set->kind == HL_SET_PAIRS) {
        put_replacement(d);
    } else if (set->kind == HL_SET_ROMAJI && (ch == 0x5c || ch == 0x7e)) {
        put_point(d, ch == 0x5c ? 0xa5 : 0x203e);
    } else {
        put_byte(d, ch);
    }
    return i + 1;
}

/* bytes.at[i] is 80..FF; where the next character begins. */
static size_t decode_right(decoder *d, hl_str bytes, size_t i)
{
    const hl_half_set *set = d->half[1];
    unsigned char ch = (unsigned char)bytes.at[i];
    size_t end = i + 1;

    if (set && set->kind == HL_SET_BYTES) {
        while (end < bytes.n && is_between(bytes.at + end, 0x80, 0xff))
            end++;
        convert(d, set->converter, bytes.at + i, end - i, 1);
    } else if (set && set->kind == HL_SET_LATIN1) {
        put_point(d, ch);
    } else if (set && set->kind == HL_SET_KATAKANA && ch >= 0xa1 && ch <= 0xdf) {
        put_point(d, 0xff61u + (ch - 0xa1u));
    } else if (set && set->kind == HL_SET_PAIRS) {
        end = decode_pairs(d, set, bytes, i);
        if (end == i) {
            put_replacement(d);
            end++;
        }
    } else {
        put_replacement(d);
    }
    return end;
}

/* bytes.at[i] is ESC; where the escape ends. */
static size_t take_escape(decoder *d, hl_str bytes, size_t i)
{
    const hl_half_set *set = hl_half_set_escaped(bytes.at + i + 1, bytes.n - i - 1);
    size_t end = i + 1;

    if (set) {
        d->half[set->half] = set;
        if (!d->listed[set - hl_half_sets] && set->kind != HL_SET_ASCII)
            d->flags |= HL_TEXT_UNDECLARED;
        return i + 1 + strlen(set->after);
    }
    /* A set that DICOM does not have (ISO 2022 4.4: intermediate bytes, one final byte). */
    put_replacement(d);
    while (end < bytes.n && is_between(bytes.at + end, 0x20, 0x2f))
        end++;
    return end > i + 1 && end < bytes.n && is_between(bytes.at + end, 0x30, 0x7e) ? end + 1 : i + 1;
}

static void decode_extended(decoder *d, hl_str bytes)
{
    size_t i = 0;

    while (i < bytes.n) {
        unsigned char ch = (unsigned char)bytes.at[i];
        if (ch == ESC) {
            i = take_escape(d, bytes, i);
        } else if (ch >= 0x80) {
            i = decode_right(d, bytes, i);
        } else if (ch > 0x20 && ch < 0x7f) {
            i = decode_left(d, bytes, i);
        } else {
            put_byte(d, ch);
            i++;
            if (d->is_text && (ch == '\r' || ch == '\n' || ch == '\f' || ch == '\t')) {
                d->half[0] = d->first[0];
                d->half[1] = d->first[1];
            }
        }
    }
    end_value(d);
}

/* --- what SpecificCharacterSet says ------------------------------------------------------------
 */

static void begin_with(decoder *d, int term)
{
    const hl_half_set *left = hl_half_set_of(term, 0), *right = hl_half_set_of(term, 1);

    /* A set of pairs in G0 can't be the one to begin with: it is escaped to from ASCII. */
    d->first[0] = left && left->kind != HL_SET_PAIRS ? left : hl_half_set_of(6, 0);
    d->first[1] = right;
}

static void read_charset(decoder *d, hl_str charset)
{
    size_t start = 0;

    for (size_t i = 0, k = 0; i <= charset.n; i++) {
        if (i < charset.n && charset.at[i] != '\\')
            continue;
        int term = hl_charset_term((hl_str){charset.at + start, i - start});
        start = i + 1;
        if (term == HL_TERM_UNKNOWN)
            d->flags |= HL_TEXT_UNKNOWN_SET;
        for (size_t s = 0; s < HL_N_HALF_SETS; s++)
            if (hl_half_sets[s].number == term)
                d->listed[s] = true;
        if (k++ > 0)
            continue;
        if (term == HL_TERM_UTF8 || term == HL_TERM_GBK || term == HL_TERM_GB18030)
            d->alone = term;
        begin_with(d, term == HL_TERM_UNKNOWN ? 100 : term);
    }
}

static bool is_plain(const decoder *d, hl_str bytes)
{
    unsigned char any = 0, escape = 0;

    for (size_t i = 0; i < bytes.n; i++) {
        any |= (unsigned char)bytes.at[i];
        escape |= bytes.at[i] == ESC;
    }
    return any < 0x80 && !escape && (d->alone || d->first[0]->kind == HL_SET_ASCII);
}

/* The bytes are the text. */
static void split_plain(decoder *d, hl_str bytes)
{
    put(d, bytes.at, bytes.n);
    for (size_t i = 0; d->splits && i < bytes.n; i++)
        if (bytes.at[i] == '\\') {
            size_t n = d->n;
            d->n = i;
            end_value(d);
            d->n = n;
            d->start = i + 1;
        }
    end_value(d);
}

static bool vr_in(const char vr[2], const char *list)
{
    for (; *list; list += 3)
        if (list[0] == vr[0] && list[1] == vr[1])
            return true;
    return false;
}

hl_code hl_text_values(hl_arena *arena, hl_str charset, const char vr[2], hl_str bytes,
                       hl_str **value, size_t *n, unsigned *flags, hl_error *err)
{
    decoder d = {.splits = !vr_in(vr, "LT ST UT UR "),
                 .keeps_left = vr_in(vr, "LT ST UT "),
                 .is_text = vr_in(vr, "LO LT PN SH ST UC UT "),
                 .is_name = vr_in(vr, "PN ")};
    size_t n_values = 1, room;

    *value = NULL;
    *n = 0;
    if (bytes.n == 0)
        return HL_OK;
    read_charset(&d, d.is_text && charset.n > 0 ? charset : (hl_str){"", 0});
    d.half[0] = d.first[0];
    d.half[1] = d.first[1];
    bool plain = is_plain(&d, bytes);
    for (size_t i = 0; d.splits && i < bytes.n; i++)
        n_values += bytes.at[i] == '\\';
    d.value = hl_arena_calloc(arena, n_values, sizeof *d.value);
    if (!hl_mul_size(bytes.n, plain ? 1 : OUT_PER_BYTE, &room))
        return hl_fail_memory(err, "text", bytes.n);
    d.out = hl_arena_alloc(arena, room);
    if (!d.value || !d.out)
        return hl_fail_memory(err, "text", room);
    d.room = room;
    if (plain)
        split_plain(&d, bytes);
    else if (d.alone)
        decode_alone(&d, bytes);
    else
        decode_extended(&d, bytes);
    close_converters(&d);
    *value = d.value;
    *n = d.n_values;
    if (flags)
        *flags |= d.flags;
    return HL_OK;
}

/* --- elements ----------------------------------------------------------------------------------
 */

static void note(hl_dicom *d, const hl_dicom_element *e, unsigned flags)
{
    if (flags & HL_TEXT_UNKNOWN_SET)
        hl_dicom_warn(d, HL_TAG_SpecificCharacterSet, -1,
                      "names a set that is not known; text was read as "
                      "ISO 8859-1");
    if (flags & HL_TEXT_REPLACED)
        hl_dicom_warn(d, e->tag, e->offset,
                      "bytes that are none of the character set's; U+FFFD stands for them");
    if (flags & HL_TEXT_UNDECLARED)
        hl_dicom_warn(d, e->tag, e->offset,
                      "an escape to a character set that SpecificCharacterSet does not list");
}

hl_code hl_dicom_text_all(hl_dicom *d, const hl_dicom_item *item, const hl_dicom_element *e,
                          hl_arena *arena, hl_str **value, size_t *n, hl_error *err)
{
    const uint8_t *at = e->value;
    unsigned flags = 0;

    *value = NULL;
    *n = 0;
    if (e->length == 0)
        return HL_OK;
    hl_code c = at ? HL_OK : hl_dicom_load(d, e, arena, &at, err);
    if (c == HL_OK)
        c = hl_text_values(arena, item->charset, e->vr,
                           (hl_str){(const char *)at, (size_t)e->length}, value, n, &flags, err);
    if (c == HL_OK)
        note(d, e, flags);
    return c;
}

hl_code hl_dicom_text(hl_dicom *d, const hl_dicom_item *item, const hl_dicom_element *e, size_t i,
                      hl_arena *arena, hl_str *out, hl_error *err)
{
    hl_str *value;
    size_t n;
    hl_code c = hl_dicom_text_all(d, item, e, arena, &value, &n, err);

    *out = c == HL_OK && i < n ? value[i] : (hl_str){NULL, 0};
    return c;
}
