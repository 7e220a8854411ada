#include "monitor/proof.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/map.h"
#include "monitor/message.h"

/* Lengths: see proof.h. */
enum { MIN_TEXT = 2, MIN_WORD = 4, MIN_NUMBER = 6, MIN_LONG = 8, MAX_TEXT = 1024 };

#define MIN_FILTER_BITS 16
#define MAX_FILTER_BITS 30
#define SEQUENCE_DIGITS 9 /* smaller numbers are counts, ids and measurements */

/* A set of 8-byte beginnings: false means "begins nothing". */
typedef struct {
    uint64_t *bit;
    int bits;
} filter;

typedef struct {
    hl_str text;  /* in letters of small case */
    int64_t next; /* index of another text with the same beginning, -1 = none */
} long_text;

struct hl_proof {
    hl_strmap *allowed;
    hl_strmap *text;  /* all texts but uuids, in small letters */
    hl_strmap *uuid;  /* 16 bytes, in "small letters" too: see fold() */
    filter beginning; /* of long texts and uuids */
    filter word;      /* of words: 4 bytes */
    long_text *is_long;
    hl_map *long_by_beginning;
    size_t longest;
    bool is_ready;
};

/* --- small letters ---------------------------------------------------------------------------- */

static inline char small(char c)
{
    return (char)(c + ((c >= 'A' && c <= 'Z') << 5));
}

static void fold(const char *from, size_t n, char *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = small(from[i]);
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Part of a word: letters, digits, and all that is not ASCII. */
static inline bool is_word(char c)
{
    return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}

static bool all_digits(hl_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!is_digit(text.at[i]))
            return false;
    return true;
}

/* --- the words of the formats ----------------------------------------------------------------- */

/* What stands in outputs, whoever they are about. */
static const char format_words[] =
    " signal channel bandpass highpass lowpass derived subject_id hadm_id wfdb unknown pressure "
    "pleth time resolution waves records record_id path start end duration_s n_segments n_gaps "
    "n_signals signals n_numeric_rows item code message stay refused manifest program name hilum "
    "version compat libraries job command wave build options seed null shard recipe none sha256 "
    "content inputs role kind export monitor monitor-export map admissions read files bytes "
    "tree_sha256 identity sums_sha256 manifest_sha256 outputs tree tables columns type rows arrays "
    "counts items done failed funnel rule left splits complete true false archive size str i64 f64 "
    "datetime bool annotations fast tick-hz no-version-line repair-dst open downcast record_list "
    "csv errors started ended seconds cpu_seconds peak_memory_kib host threads cpu simd jobs avx2 "
    "avx512 scalar resume strict test-version of stays fmt json txt sha256sums gz "
    "layout numerics mmhg wavesample numericvalue enumerationvalue alert enumeration numeric "
    "patientmapping bedtag patient patientdateattribute patientstringattribute "
    /* of errors.csv */
    "has holds hold this whole begins before ends after several earlier that would text identify "
    "somebody date shifted sequence number monitors network cannot built reason ";

static bool is_format_word(hl_str text)
{
    size_t n = sizeof format_words - 1;

    for (size_t i = 1; i + text.n < n; i++)
        if (memcmp(format_words + i, text.at, text.n) == 0 && !is_word(format_words[i - 1]) &&
            !is_word(format_words[i + text.n]))
            return true;
    return false;
}

/* --- texts ------------------------------------------------------------------------------------ */

hl_proof *hl_proof_new(void)
{
    hl_proof *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->allowed = hl_strmap_new(64);
    p->text = hl_strmap_new(64);
    p->uuid = hl_strmap_new(64);
    if (!p->allowed || !p->text || !p->uuid)
        hl_proof_free(&p);
    return p;
}

void hl_proof_free(hl_proof **pp)
{
    hl_proof *p = pp ? *pp : NULL;

    if (!p)
        return;
    hl_strmap_free(&p->allowed);
    hl_strmap_free(&p->text);
    hl_strmap_free(&p->uuid);
    free(p->beginning.bit);
    free(p->word.bit);
    free(p->is_long);
    hl_map_free(&p->long_by_beginning);
    free(p);
    *pp = NULL;
}

int64_t hl_proof_count(const hl_proof *p)
{
    return (int64_t)(hl_strmap_count(p->text) + hl_strmap_count(p->uuid));
}

hl_code hl_proof_allow(hl_proof *p, hl_str label, hl_error *err)
{
    char text[MIN_WORD];

    label = hl_str_trim(label);
    if (label.n >= MIN_WORD)
        return HL_OK;
    fold(label.at, label.n, text);
    return hl_strmap_add(p->allowed, (hl_str){text, label.n}, 1, NULL, err);
}

static hl_code add_uuid(hl_proof *p, const hl_uuid *id, hl_error *err)
{
    char bytes[sizeof id->byte];

    fold((const char *)id->byte, sizeof bytes, bytes);
    for (size_t i = 1; i < sizeof bytes; i++)
        if (bytes[i] != bytes[0])
            return hl_strmap_add(p->uuid, (hl_str){bytes, sizeof bytes}, 1, NULL, err);
    return HL_OK; /* all alike: nobody's */
}

hl_code hl_proof_add(void *ctx, hl_str text, hl_error *err)
{
    hl_proof *p = ctx;
    char folded[MAX_TEXT];
    hl_uuid id;

    text = hl_str_trim(text);
    if (text.n < MIN_TEXT)
        return HL_OK;
    if (hl_uuid_parse(text, &id))
        return add_uuid(p, &id, err);
    if (text.n > MAX_TEXT) /* its beginning is as telling */
        text.n = MAX_TEXT;
    fold(text.at, text.n, folded);
    text.at = folded;
    if (is_format_word(text) || hl_strmap_get(p->allowed, text) >= 0)
        return HL_OK;
    return hl_strmap_add(p->text, text, 1, NULL, err);
}

/* u32 length and bytes, again and again; a length of 16 | UUID_MARK is a uuid's. */
#define UUID_MARK 0x80000000u

hl_code hl_proof_save(const hl_proof *p, const char *path, hl_error *err)
{
    const hl_strmap *const from[2] = {p->text, p->uuid};
    hl_buf text = {0};
    hl_out *out = NULL;
    hl_code c = hl_out_create(path, &out, err);

    if (c == HL_OK)
        c = hl_out_make_private(out, err);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; c == HL_OK && i < hl_strmap_count(from[k]); i++) {
            hl_str s = hl_strmap_key(from[k], i);
            uint32_t n = (uint32_t)s.n | (k ? UUID_MARK : 0);
            hl_buf_append(&text, &n, sizeof n);
            hl_buf_str(&text, s);
            if (text.n < (1 << 20))
                continue;
            c = hl_buf_check(&text, "the texts", err);
            if (c == HL_OK)
                c = hl_out_write(out, text.at, text.n, err);
            hl_buf_clear(&text);
        }
    if (c == HL_OK)
        c = hl_buf_check(&text, "the texts", err);
    if (c == HL_OK && text.n)
        c = hl_out_write(out, text.at, text.n, err);
    if (c == HL_OK)
        c = hl_out_commit(&out, NULL, err);
    hl_out_abort(&out);
    hl_buf_free(&text);
    return c;
}

hl_code hl_proof_load(hl_proof *p, const char *path, hl_error *err)
{
    hl_buf text = {0};
    hl_code c =
        hl_file_exists(path) ? hl_read_file(path, (size_t)8 << 30, &text, NULL, err) : HL_OK;

    for (size_t at = 0; c == HL_OK && at < text.n;) {
        uint32_t mark = 0;
        size_t n = text.n;
        if (text.n - at >= sizeof mark) {
            memcpy(&mark, text.at + at, sizeof mark);
            n = mark & ~UUID_MARK;
            at += sizeof mark;
        }
        if (text.n - at < n) {
            c = hl_fail_at(err, HL_E_INPUT, path, 0, (int64_t)at, "damaged");
            break;
        }
        c = hl_strmap_add(mark & UUID_MARK ? p->uuid : p->text, (hl_str){text.at + at, n}, 1, NULL,
                          err);
        at += n;
    }
    hl_buf_free(&text);
    return c;
}

/* --- filters ---------------------------------------------------------------------------------- */

static inline uint64_t load8(const char *at)
{
    uint64_t v;

    memcpy(&v, at, sizeof v);
    return v;
}

static inline uint64_t load4(const char *at)
{
    uint32_t v;

    memcpy(&v, at, sizeof v);
    return v;
}

static inline uint64_t slot_of(const filter *f, uint64_t key)
{
    return key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - f->bits);
}

static inline bool may_have(const filter *f, uint64_t key)
{
    uint64_t slot = slot_of(f, key);

    return f->bit[slot >> 6] >> (slot & 63) & 1;
}

static void filter_add(filter *f, uint64_t key)
{
    uint64_t slot = slot_of(f, key);

    f->bit[slot >> 6] |= UINT64_C(1) << (slot & 63);
}

/* 32 bits a key or more: of bytes at random, 3 in 100 have to be looked at. */
static hl_code filter_new(filter *f, size_t n, hl_error *err)
{
    f->bits = MIN_FILTER_BITS;
    while (f->bits < MAX_FILTER_BITS && ((uint64_t)1 << f->bits) / 32 < n)
        f->bits++;
    f->bit = calloc((size_t)1 << (f->bits - 6), sizeof *f->bit);
    return f->bit ? HL_OK : hl_fail_memory(err, "the proof", (size_t)1 << (f->bits - 3));
}

static const char hex[] = "0123456789abcdef";

/* Both forms of a uuid's text begin with its first four bytes as eight digits. */
static void add_uuid_beginnings(hl_proof *p, const char *bytes)
{
    char text[8];

    for (size_t i = 0; i < 4; i++) {
        text[2 * i] = hex[(unsigned char)bytes[i] >> 4];
        text[2 * i + 1] = hex[(unsigned char)bytes[i] & 15];
    }
    filter_add(&p->beginning, load8(bytes));
    filter_add(&p->beginning, load8(text));
}

static hl_code add_long(hl_proof *p, size_t i, hl_error *err)
{
    hl_str text = p->is_long[i].text;
    int64_t was = -1;
    hl_code c = hl_map_add(p->long_by_beginning, (int64_t)load8(text.at), (int64_t)i, &was, err);

    p->is_long[i].next = -1;
    if (c == HL_OK && was >= 0) {
        p->is_long[i].next = p->is_long[was].next;
        p->is_long[was].next = (int64_t)i;
    }
    filter_add(&p->beginning, load8(text.at));
    return c;
}

static bool is_long(hl_str text)
{
    return text.n >= MIN_LONG && !all_digits(text);
}

hl_code hl_proof_ready(hl_proof *p, hl_error *err)
{
    size_t n = hl_strmap_count(p->text), n_uuid = hl_strmap_count(p->uuid), n_long = 0;
    hl_code c = filter_new(&p->beginning, n + 2 * n_uuid, err);

    if (c == HL_OK)
        c = filter_new(&p->word, n, err);
    p->is_long = calloc(n + 1, sizeof *p->is_long);
    p->long_by_beginning = hl_map_new(n);
    if (c == HL_OK && (!p->is_long || !p->long_by_beginning))
        c = hl_fail_memory(err, "the proof", n * sizeof *p->is_long);
    p->longest = 40; /* a uuid, a date, a number */
    for (size_t i = 0; c == HL_OK && i < n; i++) {
        hl_str text = hl_strmap_key(p->text, i);
        p->longest = text.n > p->longest ? text.n : p->longest;
        if (is_long(text)) {
            p->is_long[n_long].text = text;
            c = add_long(p, n_long++, err);
        } else if (text.n >= MIN_WORD) {
            filter_add(&p->word, load4(text.at));
        }
    }
    for (size_t i = 0; c == HL_OK && i < n_uuid; i++)
        add_uuid_beginnings(p, hl_strmap_key(p->uuid, i).at);
    p->is_ready = c == HL_OK;
    return c;
}

size_t hl_proof_context(const hl_proof *p)
{
    return p->longest + 1;
}

/* --- long texts and uuids --------------------------------------------------------------------- */

static int digit_of(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The uuid whose text begins at at (small letters), with dashes or without. */
static bool take_uuid(const char *at, size_t n, char out[16])
{
    size_t i = 0;
    bool dashes = n > 8 && at[8] == '-';

    for (size_t k = 0; k < 16; k++) {
        if (dashes && (k == 4 || k == 6 || k == 8 || k == 10) && (i >= n || at[i++] != '-'))
            return false;
        if (i + 2 > n || digit_of(at[i]) < 0 || digit_of(at[i + 1]) < 0)
            return false;
        out[k] = (char)(digit_of(at[i]) << 4 | digit_of(at[i + 1]));
        i += 2;
    }
    return true;
}

/* Something long begins at at. */
static bool begins_long(const hl_proof *p, const char *at, size_t n)
{
    char bytes[16];

    if (n >= 16 && hl_strmap_get(p->uuid, (hl_str){at, 16}) >= 0)
        return true;
    if (take_uuid(at, n, bytes)) {
        fold(bytes, sizeof bytes, bytes);
        if (hl_strmap_get(p->uuid, (hl_str){bytes, sizeof bytes}) >= 0)
            return true;
    }
    for (int64_t i = hl_map_get(p->long_by_beginning, (int64_t)load8(at)); i >= 0;
         i = p->is_long[i].next)
        if (p->is_long[i].text.n <= n &&
            memcmp(at, p->is_long[i].text.at, p->is_long[i].text.n) == 0)
            return true;
    return false;
}

/* at: small letters. */
static bool has_long(const hl_proof *p, const char *at, size_t n, size_t from, size_t to)
{
    for (size_t i = from; i < to && i + MIN_LONG <= n; i++)
        if (may_have(&p->beginning, load8(at + i)) && begins_long(p, at + i, n - i))
            return true;
    return false;
}

/* --- words, numbers, dates -------------------------------------------------------------------- */

/* A text to be found as a word begins at at, where a word begins. */
static bool begins_word(const hl_proof *p, hl_proof_place place, const char *at, size_t n)
{
    if (n < MIN_WORD || !may_have(&p->word, load4(at)))
        return false;
    for (size_t k = MIN_WORD; k <= n && k <= p->longest; k++) {
        hl_str text = {at, k};
        if (k < n && is_word(at[k]) && is_word(at[k - 1]))
            continue;
        if (k < MIN_LONG && !all_digits(text)) {
            if (hl_strmap_get(p->text, text) >= 0)
                return true;
        } else if (place == HL_PROOF_IN_FIELD && k >= MIN_NUMBER && all_digits(text)) {
            if (hl_strmap_get(p->text, text) >= 0)
                return true;
        } else if (k >= MIN_LONG) {
            break;
        }
    }
    return false;
}

/* k digits at at as a number; -1: others. */
static int64_t number_at(const char *at, size_t n, size_t k)
{
    int64_t v = 0;

    if (k > n)
        return -1;
    for (size_t i = 0; i < k; i++) {
        if (!is_digit(at[i]))
            return -1;
        v = v * 10 + (at[i] - '0');
    }
    return v;
}

/* YYYY-MM-DD or DD/MM/YYYY at at: days since 1970. */
static bool take_date(const char *at, size_t n, int64_t *day)
{
    hl_civil c = {0};

    if (n < 10)
        return false;
    if (at[4] == '-' && at[7] == '-')
        c = (hl_civil){.year = (int)number_at(at, n, 4),
                       .month = (int)number_at(at + 5, n - 5, 2),
                       .day = (int)number_at(at + 8, n - 8, 2)};
    else if (at[2] == '/' && at[5] == '/')
        c = (hl_civil){.year = (int)number_at(at + 6, n - 6, 4),
                       .month = (int)number_at(at + 3, n - 3, 2),
                       .day = (int)number_at(at, n, 2)};
    if (!hl_civil_valid(&c))
        return false;
    *day = hl_civil_seconds(&c) / HL_DAY_S;
    return true;
}

static bool is_forbidden_day(const hl_proof_times *t, int64_t day)
{
    if (day < t->first_day || day > t->last_day)
        return false;
    return t->no_shift || (t->shift_days != 0 && (day < t->first_day + t->shift_days ||
                                                  day > t->last_day + t->shift_days));
}

/* A run of digits begins at at. */
static hl_proof_finding look_at_number(const hl_proof_times *t, const char *at, size_t n)
{
    int64_t day;
    size_t k = 1;

    if (take_date(at, n, &day) && is_forbidden_day(t, day))
        return HL_PROOF_DATE;
    while (k < n && k < 19 && is_digit(at[k]))
        k++;
    if (k >= SEQUENCE_DIGITS && k < 19 && (k == n || !is_digit(at[k]))) {
        int64_t v = number_at(at, n, k);
        if (v >= t->first_sequence && v <= t->last_sequence)
            return HL_PROOF_SEQUENCE;
    }
    return HL_PROOF_CLEAN;
}

static hl_proof_finding look_at_words(const hl_proof *p, hl_proof_place place, const char *at,
                                      size_t n, size_t from, size_t to, const hl_proof_times *times)
{
    bool was_word = from > 0 && is_word(at[from - 1]);
    bool was_digit = from > 0 && is_digit(at[from - 1]);

    for (size_t i = from; i < to; i++) {
        bool word = is_word(at[i]), digit = is_digit(at[i]);
        /* A text may begin with a sign: "(ICU-4)". Its place is where a word could begin. */
        if ((!was_word || !word) && begins_word(p, place, at + i, n - i))
            return HL_PROOF_TEXT;
        if (times && digit && !was_digit) {
            hl_proof_finding f = look_at_number(times, at + i, n - i);
            if (f != HL_PROOF_CLEAN)
                return f;
        }
        was_word = word;
        was_digit = digit;
    }
    return HL_PROOF_CLEAN;
}

/* --- pieces ----------------------------------------------------------------------------------- */

#define FOLD_BYTES ((size_t)4096)

static hl_proof_finding look_at_folded(const hl_proof *p, hl_proof_place place, const char *at,
                                       const hl_proof_piece *piece, const hl_proof_times *times)
{
    hl_str whole = hl_str_trim((hl_str){at, piece->n});

    if (has_long(p, at, piece->n, piece->from, piece->to))
        return HL_PROOF_TEXT;
    if (place == HL_PROOF_IN_BYTES)
        return HL_PROOF_CLEAN;
    if (place == HL_PROOF_IN_FIELD && whole.n && hl_strmap_get(p->text, whole) >= 0)
        return HL_PROOF_TEXT;
    return look_at_words(p, place, at, piece->n, piece->from, piece->to, times);
}

hl_proof_finding hl_proof_piece_of(const hl_proof *p, hl_proof_place place,
                                   const hl_proof_piece *piece, const hl_proof_times *times)
{
    char on_stack[FOLD_BYTES];
    char *at = piece->n <= sizeof on_stack ? on_stack : malloc(piece->n);
    hl_proof_finding found;

    hl_assert(p->is_ready);
    if (!at)
        return HL_PROOF_TEXT; /* cannot be proved: not let through */
    fold(piece->at, piece->n, at);
    found = look_at_folded(p, place, at, piece, times);
    if (at != on_stack)
        free(at);
    return found;
}

hl_proof_finding hl_proof_text(const hl_proof *p, hl_proof_place place, hl_str text,
                               const hl_proof_times *times)
{
    hl_proof_piece piece = {.at = text.at, .n = text.n, .from = 0, .to = text.n};

    return text.n ? hl_proof_piece_of(p, place, &piece, times) : HL_PROOF_CLEAN;
}
