#include "data/table.h"

/* What the cells seen so far allow a column to be, as pandas decides it: i64 only without a hole,
 * else f64, else bool, else text. symile.md 1.1 */
typedef struct {
    bool not_int, not_number, not_bool, any, hole;
    bool minus;  /* a cell begins with '-' */
    bool large;  /* the first cell that is no i64 is so because it is too large: pandas tries u64 */
    bool beyond; /* and one is too large for that: text, whatever the other cells are */
} sniff;

/* A column while it is being read: cells of kept rows in one growing array. */
typedef struct {
    const hl_col_spec *spec;
    hl_column column;
    sniff seen;
    size_t cap;
} growing;

typedef struct {
    hl_table *table;
    growing *g;
    size_t n_g;
    hl_csv *csv;
    hl_field *field;
    const hl_table_options *o;
} reader;

static bool parse_bool(hl_str s, int64_t *v)
{
    if (hl_str_is(s, "True") || hl_str_is(s, "TRUE") || hl_str_is(s, "true"))
        *v = 1;
    else if (hl_str_is(s, "False") || hl_str_is(s, "FALSE") || hl_str_is(s, "false"))
        *v = 0;
    else
        return false;
    return true;
}

typedef enum { WHOLE, WHOLE_TOO_LARGE, NOT_WHOLE } whole;

static bool is_blank(char c)
{
    return c == ' ' || (unsigned char)(c - '\t') < 5;
}

/* pandas looks at the digits until they pass the limit, so that what follows them matters only
 * below it: 99999999999999999999.5 is too large, 1.5 is no integer. */
static whole whole_number(hl_str text, uint64_t limit, bool *minus)
{
    const char *p = text.at, *end = p + text.n;
    uint64_t v = 0;

    while (p < end && is_blank(*p))
        p++;
    *minus = p < end && *p == '-';
    p += *minus || (p < end && *p == '+');
    const char *digits = p;
    for (; p < end && (unsigned char)(*p - '0') < 10; p++)
        if (__builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v) || v > limit + (*minus && ~limit))
            return WHOLE_TOO_LARGE;
    if (p == digits)
        return NOT_WHOLE;
    while (p < end && is_blank(*p))
        p++;
    return p == end ? WHOLE : NOT_WHOLE;
}

/* pandas takes any cell with a sign for a whole number in its second, unsigned pass. */
static void sniff_large(sniff *s, hl_str text)
{
    bool minus;
    whole w = whole_number(text, UINT64_MAX, &minus);

    if (minus) {
        s->minus = true;
        return;
    }
    s->beyond = w == WHOLE_TOO_LARGE;
    s->large = w != NOT_WHOLE;
}

static void sniff_cell(sniff *s, hl_str text, bool missing)
{
    int64_t i;
    double f;
    bool minus;

    if (missing) {
        s->hole = true;
        return;
    }
    s->any = true;
    if (!s->not_int && hl_parse_i64_pandas(text, &i)) {
        s->minus |= i < 0 || (i == 0 && memchr(text.at, '-', text.n));
    } else if (!s->not_int) {
        s->not_int = true;
        s->large = whole_number(text, INT64_MAX, &minus) == WHOLE_TOO_LARGE;
        s->minus |= minus;
    }
    if (s->large && !s->beyond)
        sniff_large(s, text);
    if (s->not_int && !s->not_number && !hl_parse_f64_pandas(text, &f))
        s->not_number = true;
    if (!s->not_bool && !parse_bool(text, &i))
        s->not_bool = true;
}

/* True once no further cell can change the type from text. */
static bool sniff_is_text(const sniff *s)
{
    if (s->beyond)
        return true;
    return s->not_int && s->not_number && s->not_bool;
}

static hl_col_type sniff_type(const sniff *s)
{
    if (!s->any)
        return HL_COL_F64;
    if (!s->not_int)
        return s->hole ? HL_COL_F64 : HL_COL_I64;
    if (s->large)
        return HL_COL_TEXT;
    if (!s->not_number)
        return HL_COL_F64;
    return !s->not_bool && !s->hole ? HL_COL_BOOL : HL_COL_TEXT;
}

static hl_code grow(growing *g, hl_error *err)
{
    hl_column *c = &g->column;
    size_t cap = g->cap ? g->cap * 2 : 16; /* small: a file may have 16,384 columns */
    void *valid = realloc(c->valid, cap), *cells = NULL;

    if (valid)
        c->valid = valid;
    if (c->type == HL_COL_TEXT && (cells = realloc(c->text, cap * sizeof *c->text)))
        c->text = cells;
    else if (c->type == HL_COL_F64 && (cells = realloc(c->f64, cap * sizeof *c->f64)))
        c->f64 = cells;
    else if (c->type != HL_COL_TEXT && c->type != HL_COL_F64 &&
             (cells = realloc(c->i64, cap * sizeof *c->i64)))
        c->i64 = cells;
    if (!valid || !cells)
        return hl_fail_memory(err, c->name, cap * 17);
    g->cap = cap;
    return HL_OK;
}

/* Parse field i into the next cell of its column. */
static hl_code take_cell(reader *r, size_t i, hl_error *err)
{
    growing *g = &r->g[i];
    hl_column *c = &g->column;
    hl_str text = hl_field_str(r->field[i]);
    bool missing = hl_is_missing(text), good = true;
    char shown[HL_SHOW_BYTES];

    if (c->n == g->cap && grow(g, err) != HL_OK)
        return HL_E_LIMIT;
    size_t n = c->n++;
    c->valid[n] = !missing;
    c->n_missing += missing;
    if (missing && g->spec->required)
        return hl_csv_fail(r->csv, err, i, "the field is empty");
    switch (c->type) {
    case HL_COL_TEXT:
        c->text[n] = missing ? (hl_str){NULL, 0} : hl_arena_str(r->table->arena, text);
        return missing || c->text[n].at ? HL_OK : hl_fail_memory(err, c->name, text.n);
    case HL_COL_F64:
        c->f64[n] = 0;
        good = missing || hl_parse_f64_pandas(text, &c->f64[n]);
        break;
    case HL_COL_TIME:
        c->i64[n] = 0;
        good = missing || hl_parse_time(text, r->o->time_rule, &c->i64[n]);
        break;
    case HL_COL_I64:
        c->i64[n] = 0;
        good = missing || hl_parse_i64_pandas(text, &c->i64[n]);
        break;
    case HL_COL_BOOL:
        c->i64[n] = 0;
        good = missing || parse_bool(text, &c->i64[n]);
        break;
    case HL_COL_AUTO:
    case HL_COL_EXISTS:
        hl_assert(!"a growing column has a type");
    }
    if (good)
        return HL_OK;
    const char *want = c->type == HL_COL_F64    ? "number"
                       : c->type == HL_COL_TIME ? "date and time (YYYY-MM-DD HH:MM:SS)"
                       : c->type == HL_COL_BOOL ? "True or False"
                                                : "integer";
    return hl_csv_fail(r->csv, err, i, "'%s' is no %s", hl_show(text, shown), want);
}

static hl_code take_row(reader *r, hl_error *err)
{
    bool keep = true;
    hl_code c = HL_OK;

    for (size_t i = 0; i < r->n_g; i++)
        if (r->g[i].spec->type == HL_COL_AUTO &&
            !(sniff_is_text(&r->g[i].seen) && r->g[i].seen.hole)) {
            hl_str text = hl_field_str(r->field[i]);
            sniff_cell(&r->g[i].seen, text, hl_is_missing(text));
        }
    if (r->o->keep)
        c = r->o->keep(r->o->keep_ctx, r->csv, r->field, &keep, err);
    for (size_t i = 0; c == HL_OK && keep && i < r->n_g; i++)
        if (r->g[i].spec->type != HL_COL_EXISTS)
            c = take_cell(r, i, err);
    return c;
}

/* Integers of 64 bits without a sign print without leading zeros and blanks. */
static void canonical(hl_str *text)
{
    while (text->n && is_blank(text->at[text->n - 1]))
        text->n--;
    while (text->n > 1 && (is_blank(*text->at) || *text->at == '+' || *text->at == '0')) {
        text->at++;
        text->n--;
    }
}

/* pandas keeps True and False beside a hole as objects, which print alike however they were spelt.
 */
static void respell_bools(hl_column *c)
{
    int64_t v;

    for (size_t i = 0; i < c->n; i++)
        if (c->valid[i] && parse_bool(c->text[i], &v))
            c->text[i] = hl_str_of(v ? "True" : "False");
}

/* An AUTO column was read as text; give it the type that all cells together allow. */
static hl_code settle(growing *g, hl_error *err)
{
    hl_column *c = &g->column;
    hl_col_type type = sniff_type(&g->seen);

    if (type == HL_COL_TEXT) {
        bool unsigned_ints = g->seen.large && !g->seen.beyond && !g->seen.minus && !g->seen.hole;
        for (size_t i = 0; unsigned_ints && i < c->n; i++)
            canonical(&c->text[i]);
        if (g->seen.any && !g->seen.not_bool)
            respell_bools(c);
        return HL_OK;
    }
    size_t n = c->n ? c->n : 1;
    c->type = type;
    if (type == HL_COL_F64)
        c->f64 = calloc(n, sizeof *c->f64);
    else
        c->i64 = calloc(n, sizeof *c->i64);
    if (!c->f64 && !c->i64)
        return hl_fail_memory(err, c->name, n * 8);
    for (size_t i = 0; i < c->n; i++) {
        if (!c->valid[i])
            continue;
        bool good = type == HL_COL_F64    ? hl_parse_f64_pandas(c->text[i], &c->f64[i])
                    : type == HL_COL_BOOL ? parse_bool(c->text[i], &c->i64[i])
                                          : hl_parse_i64_pandas(c->text[i], &c->i64[i]);
        hl_assert(good);
    }
    free(c->text);
    c->text = NULL;
    return HL_OK;
}

/* Hand the grown columns over to the table; whatever fails, nothing leaks. */
static hl_code finish(reader *r, hl_error *err)
{
    hl_table *t = r->table;
    hl_code code = HL_OK;

    t->column = calloc(r->n_g ? r->n_g : 1, sizeof *t->column);
    if (!t->column)
        return hl_fail_memory(err, t->name, r->n_g * sizeof *t->column);
    for (size_t i = 0; i < r->n_g; i++) {
        growing *g = &r->g[i];
        if (g->spec->type == HL_COL_EXISTS)
            continue;
        if (code == HL_OK && !g->cap)
            code = grow(g, err);
        if (code == HL_OK && g->spec->type == HL_COL_AUTO)
            code = settle(g, err);
        t->column[t->n_columns++] = g->column;
        t->n_rows = g->column.n;
        g->column = (hl_column){0};
    }
    t->n_seen = hl_csv_rows(r->csv);
    t->digest = *hl_csv_digest(r->csv);
    return code;
}

static hl_code all_columns(const hl_csv *csv, hl_arena *arena, hl_col_spec **spec, size_t *n,
                           hl_error *err)
{
    *n = hl_csv_n_columns(csv);
    *spec = hl_arena_calloc(arena, *n, sizeof **spec);
    for (size_t i = 0; *spec && i < *n; i++) {
        hl_str name = hl_csv_column(csv, i);
        (*spec)[i] = (hl_col_spec){.name = hl_arena_copy(arena, name.at, name.n)};
        if (!(*spec)[i].name)
            return hl_fail_memory(err, "column names", name.n);
    }
    return *spec ? HL_OK : hl_fail_memory(err, "column names", *n * sizeof **spec);
}

static hl_code start(reader *r, const hl_col_spec *spec, size_t n_spec, hl_error *err)
{
    hl_arena *arena = r->table->arena;
    hl_col_spec *all = NULL;

    if (n_spec == 0) {
        hl_code c = all_columns(r->csv, arena, &all, &n_spec, err);
        if (c != HL_OK)
            return c;
        spec = all;
    }
    r->n_g = n_spec;
    r->g = hl_arena_calloc(arena, n_spec, sizeof *r->g);
    r->field = hl_arena_calloc(arena, n_spec, sizeof *r->field);
    if (!r->g || !r->field)
        return hl_fail_memory(err, "columns", n_spec * sizeof *r->g);
    for (size_t i = 0; i < n_spec; i++) {
        r->g[i].spec = &spec[i];
        r->g[i].column.type = spec[i].type == HL_COL_AUTO ? HL_COL_TEXT : spec[i].type;
        r->g[i].column.name = hl_arena_copy(arena, spec[i].name, strlen(spec[i].name));
        if (!r->g[i].column.name)
            return hl_fail_memory(err, "column names", strlen(spec[i].name));
    }
    return HL_OK;
}

static hl_code read_rows(const char *path, hl_in *in, const hl_col_spec *spec, size_t n_spec,
                         const hl_table_options *o, hl_table **out, hl_error *err)
{
    const char *name = o->name ? o->name : path ? path : hl_in_name(in);
    hl_csv_options csv_options = {.name = name, .cpu = o->cpu ? o->cpu : HL_CPU_C, .ctl = o->ctl};
    reader r = {.o = o};
    const char **want = NULL;
    hl_code c = hl_table_new(name, 0, &r.table, err);

    if (c == HL_OK && n_spec) {
        want = hl_arena_calloc(r.table->arena, n_spec, sizeof *want);
        if (!want)
            c = hl_fail_memory(err, "columns", n_spec * sizeof *want);
        for (size_t i = 0; c == HL_OK && i < n_spec; i++)
            want[i] = spec[i].source ? spec[i].source : spec[i].name;
    }
    if (c == HL_OK)
        c = path ? hl_csv_open(path, want, n_spec, &csv_options, &r.csv, err)
                 : hl_csv_open_in(in, want, n_spec, &csv_options, &r.csv, err);
    if (c == HL_OK)
        c = start(&r, spec, n_spec, err);
    while (c == HL_OK && (c = hl_csv_next(r.csv, r.field, err)) == HL_OK)
        c = take_row(&r, err);
    if (c == HL_END)
        c = finish(&r, err);
    for (size_t i = 0; r.g && i < r.n_g; i++) {
        free(r.g[i].column.valid);
        free(r.g[i].column.text);
        free(r.g[i].column.f64);
        free(r.g[i].column.i64);
    }
    hl_csv_close(&r.csv);
    if (c != HL_OK)
        hl_table_free(&r.table);
    *out = r.table;
    return c;
}

hl_code hl_table_read(const char *path, const hl_col_spec *spec, size_t n_spec,
                      const hl_table_options *options, hl_table **out, hl_error *err)
{
    return read_rows(path, NULL, spec, n_spec, options, out, err);
}

hl_code hl_table_read_in(hl_in *in, const hl_col_spec *spec, size_t n_spec,
                         const hl_table_options *options, hl_table **out, hl_error *err)
{
    return read_rows(NULL, in, spec, n_spec, options, out, err);
}
