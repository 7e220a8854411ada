/*
 * header_text.h - header text as lines and tokens, and what its reader and its writers must agree
 * on; for this folder only.
 */
#ifndef HL_FORMAT_WFDB_HEADER_TEXT_H
#define HL_FORMAT_WFDB_HEADER_TEXT_H

#include "format/wfdb/wfdb.h"

enum {
    HL_WFDB_VERSION_MAJOR = 10, /* the newest that is read, and that headers are written for */
    HL_WFDB_VERSION_MINOR = 7,
    HL_WFDB_VERSION_RELEASE = 0
};

#define HL_WFDB_SEGMENT_NAME_BYTES 50 /* at most; waveform.md 1.1a */

/* A name that stays in the folder of the header: no '/', no control byte, no "..". */
bool hl_wfdb_is_plain_name(hl_str text);

/* H:M:S[.fraction], M:S or S, as decimals that need no range; a '[' may stand in front (the WFDB
 * library writes it where a date follows) and a ']' behind. Milliseconds, rounded to nearest. */
bool hl_wfdb_read_time(hl_str text, int64_t *ms);

/* --- reading ---------------------------------------------------------------------------------- */

typedef enum { HL_HEA_RECORD, HL_HEA_SIGNAL, HL_HEA_SEGMENT } hl_hea_kind;

/* What is being read: the text still to come, and the place for messages. */
typedef struct {
    hl_arena *arena;
    char *at, *end; /* *end may be written */
    const char *name;
    const char *asked; /* record for the library's words, "" = unknown: no name is compared */
    char *reason;      /* [HL_WFDB_REASON_BYTES], NULL: nobody asks for it */
    int64_t line;      /* of the line taken last */
    hl_hea_kind kind;
    int32_t index; /* of the signal or segment */
    hl_error *err;
} hl_hea;

/* The library's words, unless it has spoken before: it stops at its first message. */
void hl_hea_say(hl_hea *r, const char *fmt, ...) HL_PRINTF(2, 3);
/* A fault of the line, in our words, which are the reason too if the library has none. */
hl_code hl_hea_fail(hl_hea *r, hl_code code, const char *fmt, ...) HL_PRINTF(3, 4);
/* "'FOUND' is no EXPECTED" */
hl_code hl_hea_fail_token(hl_hea *r, hl_str found, const char *expected);

/* The next line without its end (LF or CRLF); false at the end of the text. */
bool hl_hea_next_line(hl_hea *r, hl_str *line);
/* The next line that belongs to the structure: neither blank nor a comment. */
bool hl_hea_next_structural(hl_hea *r, hl_str *line);
/* How many lines with two tokens the rest of the text can hold at most, or stated if less. */
int32_t hl_hea_lines_left(const hl_hea *r, int32_t stated);

/* The next token of line, which is cut from its front with the one separator behind it; an empty
 * one at the end. */
hl_str hl_hea_next_token(hl_str *line);
/* Cut text at the first c: what is in front stays in *text, what is behind is returned. Without c,
 * .at is NULL. */
hl_str hl_hea_cut(hl_str *text, char c);
/* A piece of the reader's text as a string: the byte behind it, a separator that has been passed,
 * becomes the NUL. */
const char *hl_hea_keep(hl_hea *r, hl_str text);
bool hl_hea_i32(hl_str text, int32_t *out);
bool hl_hea_f64(hl_str text, double *out); /* finite */

#endif
