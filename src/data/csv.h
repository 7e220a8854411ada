/*
 * csv.h - forward reader and writer for delimited text, plain or gzip.
 *
 * RFC 4180 with what MIMIC-IV does: LF or CRLF line ends, an optional UTF-8 byte order mark, quoted
 * fields that hold commas and newlines, doubled quotes inside them, blank lines skipped, a missing
 * final newline allowed. One pass; memory independent of file size (one record of at most 16 MiB +
 * the stream's blocks). A reader belongs to one thread; different readers are independent.
 * Every fault is an error with file:row: nothing is padded, cut or guessed.
 * Sources: RFC 4180; symile.md 1.1; perf.md 2.
 */
#ifndef HL_DATA_CSV_H
#define HL_DATA_CSV_H

#include "base/cpu.h"
#include "base/io.h"

typedef struct hl_csv hl_csv;

/* One field, unquoted. Points into the reader: valid until the next hl_csv_next() or close.
 * Not NUL-terminated. */
typedef struct {
    const char *at;
    size_t n;
    bool quoted;
} hl_field;

static inline hl_str hl_field_str(hl_field f)
{
    return (hl_str){f.at, f.n};
}

typedef struct {
    const char *name;    /* for messages; NULL = the path. hl_csv_open_in() takes the hl_in's */
    hl_stream_mode mode; /* HL_STREAM_THREAD: inflate on a thread of its own */
    hl_cpu cpu;          /* from hl_cpu_level() */
    hl_ctl *ctl;         /* bytes are counted there, cancel is looked at; may be NULL */
} hl_csv_options;

/*
 * Open path and find the wanted columns by header name.
 *
 *   want     n_want column names, or NULL for all columns in file order; their order is the order
 * of fields in hl_csv_next() out      the reader, owned by the caller, freed by hl_csv_close();
 * NULL on failure
 *
 * HL_E_IO cannot read; HL_E_INPUT the file is absent or empty, the header is no header, or a wanted
 * column is missing or there twice. Messages: "PATH: no column 'admittime'; it has subject_id, ..."
 */
hl_code hl_csv_open(const char *path, const char *const *want, size_t n_want,
                    const hl_csv_options *options, hl_csv **out, hl_error *err);
hl_code hl_csv_open_in(hl_in *in, const char *const *want, size_t n_want,
                       const hl_csv_options *options, hl_csv **out, hl_error *err);

/* All column names of the header, file order. */
size_t hl_csv_n_columns(const hl_csv *csv);
hl_str hl_csv_column(const hl_csv *csv, size_t i);

/*
 * The next record into field[0 .. n_want). HL_OK; HL_END after the last record; HL_E_INPUT: another
 * number of fields than the header, unclosed quote, text behind a closing quote, NUL byte, invalid
 * UTF-8 (in any column, wanted or not), damaged gzip. err says line (1-based line of the file at
 * which the record starts).
 */
hl_code hl_csv_next(hl_csv *csv, hl_field *field, hl_error *err);

/*
 * The fast way through a large file: like hl_csv_next(), but records whose wanted column i_id holds
 * an integer that is not in the filter are skipped inside the scanner, before the other fields are
 * looked at. Two filters at most (cheapest first). A field that is no plain decimal integer passes
 * (the caller decides). accept must be pure and quick.
 */
typedef struct {
    size_t column; /* index into want */
    bool (*accept)(const void *ctx, int64_t id);
    const void *ctx;
} hl_csv_filter;
hl_code hl_csv_filter_by(hl_csv *csv, const hl_csv_filter *filter, size_t n_filters, hl_error *err);

/*
 * One more filter: the ids that column (an index into want) may hold. They are copied into a table,
 * so that no call is made a record: a bitmap where their range is at most 2^27 (16 MiB), else a
 * hash map. The fastest form. Filters are asked in the order in which they were set.
 */
hl_code hl_csv_filter_ids(hl_csv *csv, size_t column, const int64_t *id, size_t n, hl_error *err);

/* Line of the record that hl_csv_next() gave last; data rows seen so far, skipped ones included. */
int64_t hl_csv_line(const hl_csv *csv);
int64_t hl_csv_rows(const hl_csv *csv);
const char *hl_csv_name(const hl_csv *csv);

/* "NAME:LINE: column COLUMN: text" with HL_E_INPUT for field i of the record given last. */
hl_code hl_csv_fail(const hl_csv *csv, hl_error *err, size_t i, const char *fmt, ...)
    HL_PRINTF(4, 5);

/* Digest of the file's own bytes; valid after HL_END. */
const hl_digest *hl_csv_digest(const hl_csv *csv);

/* Free the reader and set *csv to NULL. csv and *csv may be NULL. */
void hl_csv_close(hl_csv **csv);

/* Append one field as pandas' to_csv writes it: quoted only when it holds ',' '"' or '\n'. */
void hl_csv_put(hl_buf *to, hl_str field);

#endif
