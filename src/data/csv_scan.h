/*
 * csv_scan.h - where the records and fields of delimited text are: the inner part of csv.c.
 *
 * The scanner looks at a window of text at `at`, all positions are offsets from there:
 *
 *   at          pos            indexed          end
 *   |--- done ---|--- indexed ----|--- not yet ---|
 *
 * Step 1 indexes 16 KiB at a time: for each 64 bytes three masks (newline, quote, comma) and the
 * number of commas before them; NUL and invalid UTF-8 are found on the way. Step 2 walks the line
 * ends: a record is checked by the difference of two comma counts, its filter columns are found by
 * peeling mask bits, and the bytes of a rejected record are never looked at one by one. Only a
 * record with a quote is followed from quote to quote.
 *
 * at moves forward with the work, so that the index stays in the first-level cache.
 */
#ifndef HL_DATA_CSV_SCAN_H
#define HL_DATA_CSV_SCAN_H

#include "base/cpu.h"
#include "base/str.h"

#define HL_CSV_MAX_RECORD ((size_t)16 << 20) /* bytes without its newline */
#define HL_CSV_MAX_COLUMNS 16384
#define HL_CSV_STRIDE_WORDS 256 /* 16 KiB indexed at a time */

/* 64 bytes of text: bit i stands for byte i. */
typedef struct {
    uint64_t newline, quote, comma;
    uint32_t commas_before; /* in the text before these 64 bytes, modulo 2^32 */
    uint32_t unused;
} hl_csv_word;

typedef struct {
    uint32_t column;      /* in the file */
    const uint64_t *bits; /* bit id - first set: accepted. NULL: not asked */
    int64_t first;
    uint64_t n_bits;
    bool (*accept)(const void *ctx, int64_t id); /* asked after bits; NULL: not asked */
    const void *ctx;
} hl_csv_scan_filter;

typedef enum {
    HL_SCAN_RECORD, /* a record that the filters let through: record_*, delim */
    HL_SCAN_MORE,   /* the window's complete records are done; pos is the start of the next one */
    HL_SCAN_FAULT   /* see fault_kind; line is that of the record at fault */
} hl_scan_result;

typedef enum {
    HL_SCAN_FIELDS,   /* n_fields of them */
    HL_SCAN_TAIL,     /* field n_fields (1-based) has text behind its closing quote */
    HL_SCAN_BAD_BYTE, /* at bad_byte: NUL or no UTF-8 */
    HL_SCAN_LONG      /* longer than HL_CSV_MAX_RECORD */
} hl_scan_fault;

#define HL_SCAN_NONE SIZE_MAX

typedef struct {
    /* The window. at is 64-byte aligned; 64 bytes in front of it can be read; blanks stand between
     * it and the first byte of text, and for 64 bytes behind end. */
    char *at;
    size_t end;
    size_t pos;        /* start of the next record */
    int64_t at_offset; /* of at, in the text of the file */

    /* The index. word has room for the whole window and 2 more. */
    hl_csv_word *word;
    size_t indexed;      /* multiple of 64 */
    uint32_t commas;     /* all that were indexed */
    uint32_t pos_commas; /* before pos */
    uint32_t *line_end;  /* newlines of the stride indexed last, HL_CSV_STRIDE_WORDS * 64 + 4 */
    size_t i_line, n_lines;
    size_t utf8_from; /* not looked at from here on */
    size_t bad_byte;  /* first NUL or invalid UTF-8, or HL_SCAN_NONE */
    size_t quote;     /* first quote that is not before pos, or HL_SCAN_NONE */
    size_t stop;      /* the first of these two: up to here lines are records */

    /* The file. */
    bool header; /* any number of columns (up to the limit) will do */
    size_t n_columns;
    size_t last_wanted; /* column; delim is filled that far */
    hl_csv_scan_filter filter[2];
    size_t n_filters;
    int64_t line; /* of the next record, 1-based */
    int64_t rows; /* records so far */

    /* The record found. */
    size_t record_pos;
    int64_t record_line;
    size_t n_fields;
    uint32_t *delim; /* [i] = end of field i = its comma, or the record's end; n_columns of them */
    hl_scan_fault fault_kind;
} hl_csv_scan;

typedef hl_scan_result (*hl_csv_scan_fn)(hl_csv_scan *s);

/* Find the next record. All levels give the same results. */
hl_csv_scan_fn hl_csv_scan_of(hl_cpu cpu);
hl_scan_result hl_csv_scan_c(hl_csv_scan *s);
#if defined(__x86_64__)
hl_scan_result hl_csv_scan_avx2(hl_csv_scan *s);
hl_scan_result hl_csv_scan_avx512(hl_csv_scan *s);
#endif

/* A new window: begin to end at `at` (already aligned and padded), text offset of at. */
void hl_csv_scan_window(hl_csv_scan *s, char *at, size_t begin, size_t end, int64_t at_offset);

/* Look for NUL and invalid UTF-8 up to `to` (the end of what was indexed); sets bad_byte,
 * utf8_from. */
void hl_csv_scan_check_bytes(hl_csv_scan *s, size_t to);

#endif
