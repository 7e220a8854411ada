/*
 * csv_plain.h - for the tests of csv.c: what the reader says as text, and the same by the simplest
 * code, byte by byte, to compare it with.
 */
#ifndef HL_TESTS_CSV_PLAIN_H
#define HL_TESTS_CSV_PLAIN_H

#include "data/csv.h"

#include "tap.h"

static const hl_cpu levels[] = {HL_CPU_C, HL_CPU_AVX2, HL_CPU_AVX512};
enum { N_LEVELS = 3 };

static inline uint64_t step(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* --- what the reader says, as text ----------------------------------------------------------- */

static inline void put_error(hl_buf *out, hl_code code, const hl_error *err)
{
    hl_buf_printf(out, "error %d line %lld offset %lld: %s\n", (int)code, (long long)err->line,
                  (long long)err->offset, err->message);
}

/* All columns of all records: "LINE|field|field\n", quoted fields in <>. */
static inline void dump_in(hl_buf *out, hl_in *in, hl_cpu cpu, hl_stream_mode mode)
{
    hl_csv_options o = {.cpu = cpu, .mode = mode};
    hl_csv *csv = NULL;
    hl_error err = {0};
    hl_code c = hl_csv_open_in(in, NULL, 0, &o, &csv, &err);

    if (c == HL_OK) {
        size_t n = hl_csv_n_columns(csv);
        hl_field *f = malloc(n * sizeof *f);
        for (size_t i = 0; i < n; i++) {
            hl_buf_char(out, '|');
            hl_buf_str(out, hl_csv_column(csv, i));
        }
        hl_buf_char(out, '\n');
        while ((c = hl_csv_next(csv, f, &err)) == HL_OK) {
            hl_buf_i64(out, hl_csv_line(csv));
            for (size_t i = 0; i < n; i++) {
                hl_buf_text(out, f[i].quoted ? "|<" : "|");
                hl_buf_str(out, hl_field_str(f[i]));
                hl_buf_text(out, f[i].quoted ? ">" : "");
            }
            hl_buf_char(out, '\n');
        }
        if (c == HL_END)
            hl_buf_printf(out, "end of %lld rows\n", (long long)hl_csv_rows(csv));
        free(f);
    }
    if (c != HL_END)
        put_error(out, c, &err);
    hl_csv_close(&csv);
}

static inline void dump(hl_buf *out, const char *text, size_t n, hl_cpu cpu)
{
    hl_in *in = NULL;

    hl_buf_clear(out);
    ok(hl_in_memory(text, n, "t", &in, NULL) == HL_OK);
    dump_in(out, in, cpu, HL_STREAM_PLAIN);
    hl_in_close(&in);
}

/* --- the same by the simplest code: byte by byte --------------------------------------------- */

typedef struct {
    const char *p, *end;
    int64_t line;
    hl_buf out; /* the record as dump() shows it */
    size_t n_fields;
    const char *stop; /* where the record was left */
    enum { WHOLE, UNCLOSED, TAIL } how;
} plain;

/* One field; true when a comma follows. */
static inline bool plain_field(plain *r, const char *end, int64_t *line)
{
    const char *p = r->p;

    hl_buf_char(&r->out, '|');
    r->n_fields++;
    if (p < end && *p == '"') {
        hl_buf_char(&r->out, '<');
        for (p++;; p++) {
            if (p == end) {
                r->how = UNCLOSED;
                r->stop = r->p = p;
                return false;
            }
            if (*p == '"' && p + 1 < end && p[1] == '"')
                p++;
            else if (*p == '"')
                break;
            *line += *p == '\n';
            hl_buf_append(&r->out, p, 1);
        }
        hl_buf_char(&r->out, '>');
        p++;
        if (p < end && *p != ',' && *p != '\n' && !(*p == '\r' && (p + 1 == end || p[1] == '\n'))) {
            r->how = TAIL;
            r->stop = p - 1;
            return false;
        }
        p += p < end && *p == '\r';
    } else {
        const char *from = p;
        while (p < end && *p != ',' && *p != '\n')
            p++;
        size_t cr = p > from && p[-1] == '\r' && (p == end || *p == '\n');
        hl_buf_append(&r->out, from, (size_t)(p - from) - cr);
    }
    r->stop = p;
    r->p = p < end ? p + 1 : p;
    return p < end && *p == ',';
}

static inline void plain_dump(hl_buf *out, const char *text, size_t n)
{
    const char *end = text + n;
    plain r = {.p = text, .end = end, .line = 1};
    size_t want = 0;
    int64_t rows = -1;

    hl_buf_clear(out);
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        r.p += 3;
    if (r.p == end) {
        hl_buf_text(out,
                    "error 3 line 0 offset -1: t: the file is empty; a header line was expected\n");
        return;
    }
    while (r.p < end) {
        const char *at = r.p;
        int64_t line = r.line;
        if (*at == '\n' || (*at == '\r' && (at + 1 == end || at[1] == '\n'))) {
            r.p += *at == '\r' && at + 1 < end ? 2 : 1;
            r.line++;
            continue;
        }
        hl_buf_clear(&r.out);
        r.n_fields = 0;
        r.how = WHOLE;
        while (plain_field(&r, end, &line))
            ;
        const char *nul = memchr(at, 0, (size_t)(r.stop - at));
        int64_t bad = hl_utf8_fault(at, (size_t)(r.stop - at));
        if (nul && (bad < 0 || nul < at + bad))
            bad = nul - at;
        if (bad >= 0) {
            char what[40];
            snprintf(what, sizeof what,
                     at[bad] ? "byte 0x%02X is no UTF-8" : "NUL byte in the text",
                     (unsigned char)at[bad]);
            long long offset = at + bad - text;
            hl_buf_printf(out,
                          "error 3 line %lld offset %lld: t:%lld: %s (byte %lld of the text)\n",
                          (long long)r.line, offset, (long long)r.line, what, offset);
            goto done;
        }
        const char *text_of_fault = NULL;
        char buffer[200];
        if (r.how == UNCLOSED) {
            text_of_fault = "a quote is opened and never closed";
        } else if (r.how == TAIL) {
            snprintf(buffer, sizeof buffer,
                     "text behind the closing quote of field %zu\n"
                     "A quote inside a quoted field must be doubled.",
                     r.n_fields);
            text_of_fault = buffer;
        } else if (rows >= 0 && r.n_fields != want) {
            snprintf(buffer, sizeof buffer, "%zu field%s, the header has %zu", r.n_fields,
                     r.n_fields == 1 ? "" : "s", want);
            text_of_fault = buffer;
        }
        if (text_of_fault) {
            hl_buf_printf(out, "error 3 line %lld offset -1: t:%lld: %s\n", (long long)r.line,
                          (long long)r.line, text_of_fault);
            goto done;
        }
        if (rows++ < 0)
            want = r.n_fields;
        else
            hl_buf_i64(out, r.line);
        for (size_t i = 0; i < r.out.n; i++) /* names are shown without <> */
            if (rows > 0 || (r.out.at[i] != '<' && r.out.at[i] != '>'))
                hl_buf_append(out, r.out.at + i, 1);
        hl_buf_char(out, '\n');
        r.line = line + 1;
    }
    if (rows < 0)
        hl_buf_text(out, "error 3 line 0 offset -1: t: no line holds text; a header line was "
                         "expected\n");
    else
        hl_buf_printf(out, "end of %lld rows\n", (long long)rows);
done:
    hl_buf_free(&r.out);
}

static inline void check_text(const char *text, size_t n)
{
    hl_buf want = {0}, got = {0};

    plain_dump(&want, text, n);
    for (int i = 0; i < N_LEVELS; i++) {
        dump(&got, text, n, levels[i]);
        if (got.n != want.n || memcmp(got.at, want.at, want.n) != 0) {
            hl_buf show = {0};
            hl_buf_hex(&show, text, n < 400 ? n : 400);
            tap_check(false, __FILE__, __LINE__, "level %s on %s gives\n# %.300s\n# not\n# %.300s",
                      hl_cpu_name(levels[i]), show.at, got.at, want.at);
            hl_buf_free(&show);
        }
    }
    hl_buf_free(&want);
    hl_buf_free(&got);
}

/* A reader over text; the caller closes both. */
static inline hl_code open_text(const char *text, const char *const *want, size_t n_want,
                                hl_cpu cpu, hl_in **in, hl_csv **csv, hl_error *err)
{
    hl_csv_options o = {.cpu = cpu};
    ok(hl_in_memory(text, strlen(text), "hosp/x.csv", in, NULL) == HL_OK);
    return hl_csv_open_in(*in, want, n_want, &o, csv, err);
}

#endif
