#include "film/metadata.h"

#include "base/civil.h"
#include "film/deid.h"
#include "format/dicom/text.h"

#define PATIENT_AGE HL_TAG(0x0010, 0x1010)

/* --- dates and times -------------------------------------------------------------------------- */

/*
 * The number of digits with e of them behind the point, as pandas before 1.2 read decimals: digit
 * by digit, then divided by powers of ten in turn. Not correctly rounded; the release has it.
 * films.md 2.3
 */
static double legacy_decimal(const char *digit, size_t n, size_t e)
{
    double v = 0, p = 10;

    for (size_t i = 0; i < n; i++)
        v = v * 10 + (digit[i] - '0');
    for (; e; e >>= 1) {
        if (e & 1)
            v /= p;
        p *= p;
    }
    return v;
}

/* The digits of a time, ':' taken out. False: something else is in it. */
static bool time_digits(hl_str tm, char digit[24], size_t *n, size_t *fraction)
{
    bool point = false;

    *n = *fraction = 0;
    for (size_t i = 0; i < tm.n; i++) {
        char c = tm.at[i];
        if (c == ':' && !point && (*n == 2 || *n == 4))
            continue;
        if (c == '.' && !point && *n > 0 && *n <= 6) {
            point = true;
        } else if (c >= '0' && c <= '9' && *n < 20 && (point || *n < 6)) {
            digit[(*n)++] = c;
            *fraction += point;
        } else {
            return false;
        }
    }
    return *n > 0;
}

bool hl_film_time(hl_str tm, bool noise, double *out)
{
    char digit[24], text[32];
    size_t n, fraction;

    if (!time_digits(tm, digit, &n, &fraction))
        return false;
    /* HH and HHMM have no seconds; read as a number they would be other times. The release did. */
    while ((!noise || memchr(tm.at, ':', tm.n)) && fraction == 0 && (n == 2 || n == 4)) {
        digit[n++] = '0';
        digit[n++] = '0';
    }
    if (noise) {
        *out = legacy_decimal(digit, n, fraction);
        return true;
    }
    snprintf(text, sizeof text, "%.*s%s%.*s", (int)(n - fraction), digit, fraction ? "." : "",
             (int)fraction, digit + n - fraction);
    return hl_parse_f64(hl_str_of(text), out);
}

bool hl_film_date(hl_str da, int64_t shift_days, int64_t *out)
{
    char digit[9];
    int64_t number, seconds;

    if (da.n == 10 && da.at[4] == '.' && da.at[7] == '.')
        snprintf(digit, sizeof digit, "%.4s%.2s%.2s", da.at, da.at + 5, da.at + 8);
    else if (da.n == 8)
        snprintf(digit, sizeof digit, "%.8s", da.at);
    else
        return false;
    for (size_t i = 0; i < 8; i++)
        if (digit[i] < '0' || digit[i] > '9')
            return false;
    if (!hl_parse_i64((hl_str){digit, 8}, &number) || !hl_parse_yyyymmdd(number, &seconds))
        return false;
    seconds += shift_days * HL_DAY_S;
    hl_civil c = hl_civil_of(seconds);
    if (hl_civil_seconds(&c) != seconds) /* beyond the years 1 to 9999 */
        return false;
    *out = (int64_t)c.year * 10000 + c.month * 100 + c.day;
    return true;
}

/* --- cells ------------------------------------------------------------------------------------ */

typedef struct {
    hl_dicom *d;
    const hl_film_recipe *r;
    const hl_metadata_rule *rule;
    hl_arena *arena;
    hl_metadata *out;
} making;

static hl_code keep(const making *m, const char *at, size_t n, hl_str *cell, hl_error *err)
{
    char *copy = hl_arena_copy(m->arena, at, n);

    if (!copy)
        return hl_fail_memory(err, "a row of metadata", n);
    *cell = (hl_str){copy, n};
    return HL_OK;
}

/* All values, a backslash between them as in the file. */
static hl_code text_cell(const making *m, const hl_dicom_item *item, const hl_dicom_element *e,
                         hl_str *cell, hl_error *err)
{
    hl_buf all = {0};
    hl_str value;
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK; i++) {
        c = hl_dicom_text(m->d, item, e, i, m->arena, &value, err);
        if (c != HL_OK || !value.at)
            break;
        if (i)
            hl_buf_char(&all, '\\');
        hl_buf_str(&all, value);
    }
    if (c == HL_OK)
        c = hl_buf_check(&all, "a row of metadata", err);
    if (c == HL_OK && all.n)
        c = keep(m, all.at, all.n, cell, err);
    hl_buf_free(&all);
    return c;
}

static hl_code number_cell(const making *m, const hl_dicom_element *e, hl_str *cell, hl_error *err)
{
    char text[HL_F64_CHARS];
    int64_t i;
    double v;

    if (hl_dicom_int(e, 0, &i))
        return keep(m, text, hl_print_i64(i, text), cell, err);
    if (hl_dicom_real(e, 0, &v))
        return keep(m, text, hl_print_f64(v, text), cell, err);
    return HL_OK;
}

static hl_code date_cell(const making *m, const hl_film_column *column, const hl_dicom_element *e,
                         hl_str *cell, hl_error *err)
{
    hl_str da = hl_dicom_ascii(e, 0);
    char text[HL_F64_CHARS];
    int64_t date;

    if (da.n == 0)
        return HL_OK;
    if (!hl_film_date(da, m->rule->shift_days, &date)) {
        m->out->bad_time = true;
        return HL_OK;
    }
    if (!m->rule->allow_identifying &&
        (date / 10000 < m->r->first_year || date / 10000 > m->r->last_year))
        return hl_dicom_fail(
            m->d, HL_E_INPUT, column->tag, err,
            "lies outside the years %lld to %lld: its dates have not been shifted\n"
            "Give --map with date_shift_days, or --allow-identifying.",
            (long long)m->r->first_year, (long long)m->r->last_year);
    return keep(m, text, hl_print_i64(date, text), cell, err);
}

static hl_code time_cell(const making *m, const hl_dicom_element *e, hl_str *cell, hl_error *err)
{
    hl_str tm = hl_dicom_ascii(e, 0);
    char text[HL_F64_CHARS];
    double v;

    if (tm.n == 0)
        return HL_OK;
    if (!hl_film_time(tm, m->rule->as_published, &v)) {
        m->out->bad_time = true;
        return HL_OK;
    }
    return keep(m, text, hl_print_f64(v, text), cell, err);
}

static hl_code uid_cell(const making *m, const hl_film_column *column, const hl_dicom_element *e,
                        hl_str *cell, hl_error *err)
{
    hl_str uid = hl_dicom_ascii(e, 0);
    char other[HL_UID_BYTES] = "";

    if (uid.n == 0)
        return HL_OK;
    hl_code c = m->rule->map ? hl_film_map_uid(m->rule->map, uid, other, err) : HL_OK;
    if (c != HL_OK)
        return c;
    if (other[0])
        return keep(m, other, strlen(other), cell, err);
    if (!m->rule->map && hl_str_starts(uid, "2.25."))
        return keep(m, uid.at, uid.n, cell, err);
    if (m->rule->allow_identifying)
        return keep(m, uid.at, uid.n, cell, err);
    return hl_dicom_fail(m->d, HL_E_INPUT, column->tag, err,
                         "would leave as it is: it needs a --map with uid_salt to be replaced");
}

static hl_code make_cell(const making *m, const hl_film_column *column, hl_str *cell, hl_error *err)
{
    const hl_dicom_item *item = hl_dicom_root(m->d);
    const char *reason;

    if (column->sequence)
        item = hl_dicom_first_item(item, column->sequence);
    const hl_dicom_element *e = item ? hl_dicom_find(item, column->tag) : NULL;
    hl_code c = HL_OK;
    if (!e || e->length == 0)
        return HL_OK;
    switch (column->kind) {
    case HL_VALUE_NUMBER:
        return number_cell(m, e, cell, err);
    case HL_VALUE_DATE:
        return date_cell(m, column, e, cell, err);
    case HL_VALUE_TIME:
        return time_cell(m, e, cell, err);
    case HL_VALUE_UID:
        return uid_cell(m, column, e, cell, err);
    case HL_VALUE_TEXT:
        c = text_cell(m, item, e, cell, err);
        break;
    }
    if (c != HL_OK || m->rule->allow_identifying)
        return c;
    reason = hl_deid_text(*cell);
    if (column->tag == PATIENT_AGE && hl_deid_old_age(*cell))
        reason = "is above 89 years";
    return reason ? hl_dicom_fail(m->d, HL_E_INPUT, column->tag, err,
                                  "%s: it would leave with the metadata\n"
                                  "Clean the attribute, or give --allow-identifying.",
                                  reason)
                  : HL_OK;
}

/* --- the row ---------------------------------------------------------------------------------- */

/* What the view code says, for films whose ViewPosition is empty. films.md 2.3 */
static hl_code fill_view(const making *m, hl_error *err)
{
    static const struct {
        const char *meaning, *view;
    } known[] = {{"antero-posterior", "AP"},
                 {"postero-anterior", "PA"},
                 {"lateral", "LATERAL"},
                 {"left lateral", "LL"}};
    const hl_film_column code = {.sequence = HL_TAG_ViewCodeSequence, .tag = HL_TAG_CodeMeaning};
    hl_str meaning = {0};
    hl_code c = make_cell(m, &code, &meaning, err);

    for (size_t i = 0; c == HL_OK && i < m->r->n_columns; i++) {
        if (m->r->column[i].tag != HL_TAG_ViewPosition || m->out->cell[i].n)
            continue;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            if (hl_str_is(meaning, known[k].meaning)) {
                m->out->cell[i] = hl_str_of(known[k].view);
                m->out->view_filled = true;
            }
    }
    return c;
}

/* The release filled the columns of code meanings from a list of those that were there, so that
 * later ones moved left over an absent one. films.md 2.3 */
static void shift_left(const making *m)
{
    size_t to = 0;

    for (size_t i = 0; i < m->r->n_columns; i++) {
        if (!m->r->column[i].sequence)
            continue;
        hl_str cell = m->out->cell[i];
        m->out->cell[i] = (hl_str){0};
        if (!hl_dicom_first_item(hl_dicom_root(m->d), m->r->column[i].sequence))
            continue;
        while (to < m->r->n_columns && !m->r->column[to].sequence)
            to++;
        m->out->cell[to++] = cell;
    }
}

hl_code hl_film_metadata(hl_dicom *d, const hl_film_recipe *r, const hl_metadata_rule *rule,
                         hl_arena *arena, hl_metadata *out, hl_error *err)
{
    making m = {.d = d, .r = r, .rule = rule, .arena = arena, .out = out};
    hl_code c = HL_OK;

    *out = (hl_metadata){.cell = hl_arena_calloc(arena, r->n_columns, sizeof *out->cell)};
    if (!out->cell)
        return hl_fail_memory(err, "a row of metadata", r->n_columns * sizeof *out->cell);
    for (size_t i = 0; c == HL_OK && i < r->n_columns; i++)
        c = make_cell(&m, &r->column[i], &out->cell[i], err);
    if (c == HL_OK && rule->view_from_code)
        c = fill_view(&m, err);
    if (c == HL_OK && rule->as_published)
        shift_left(&m);
    return c;
}
