/*
 * proof.h - the proof that nothing of an export that may identify a person stands in an output.
 *
 * What is looked for, in letters of either case:
 *
 *      uuids            as text with and without dashes, and as their 16 bytes: anywhere, in any
 * file 8 bytes or more  anywhere, in any file (but for texts of digits alone) 4 to 7 bytes     as
 * whole words of texts: nothing so short can be told from chance in the bytes of samples, and
 * "Chan" is in "channel" digits alone     as whole words (6 or more) or whole fields of free texts:
 * signals, notes, column names, texts of annotations. The other numbers are measurements. 2 and 3
 * bytes    as whole fields of free texts, unless the export has a signal, a numeric or a unit of
 * that name ("II", "HR")
 *
 * One byte, and words of the formats themselves ("signal", "unknown"), are not looked for. Dates
 * and sequence numbers of the export are found by their value. Source: waveform.md 4.9.
 */
#ifndef HL_MONITOR_PROOF_H
#define HL_MONITOR_PROOF_H

#include "base/io.h"

typedef struct hl_proof hl_proof;

hl_proof *hl_proof_new(void); /* NULL: no memory */
void hl_proof_free(hl_proof **proof);

/* A name of the export's signals, numerics or units; before the texts. */
hl_code hl_proof_allow(hl_proof *proof, hl_str label, hl_error *err);
/* A text to look for (ctx: the proof), as hl_export_identifying() gives them. */
hl_code hl_proof_add(void *ctx, hl_str text, hl_error *err);
int64_t hl_proof_count(const hl_proof *proof);

/* Texts to a file that its owner alone may read, and added from one (none there: none). */
hl_code hl_proof_save(const hl_proof *proof, const char *path, hl_error *err);
hl_code hl_proof_load(hl_proof *proof, const char *path, hl_error *err);

/* All texts are there. From here on the proof is read only: any thread may use it. */
hl_code hl_proof_ready(hl_proof *proof, hl_error *err);

/* What of the time of the export must not stand in a text. */
typedef struct {
    int64_t first_day, last_day; /* days since 1970, local; first > last: not looked for */
    int64_t shift_days; /* the same days moved by it may; 0 = no shift, none is looked for */
    bool no_shift;      /* no date is moved to here: none of the days may stand */
    int64_t first_sequence, last_sequence; /* first > last: not looked for */
} hl_proof_times;

typedef enum {
    HL_PROOF_CLEAN = 0,
    HL_PROOF_TEXT,    /* an identifying text */
    HL_PROOF_DATE,    /* a date that was not shifted */
    HL_PROOF_SEQUENCE /* a sequence number of the monitors' network */
} hl_proof_finding;

typedef enum {
    HL_PROOF_IN_BYTES = 0, /* samples, compressed data */
    HL_PROOF_IN_TEXT,      /* words and numbers of our own making, and names */
    HL_PROOF_IN_FIELD      /* a free text: a label, a note */
} hl_proof_place;

/* Part of a larger whole: texts that begin in [from, to) are found; around them stands context. */
typedef struct {
    const char *at;
    size_t n, from, to;
} hl_proof_piece;
hl_proof_finding hl_proof_piece_of(const hl_proof *proof, hl_proof_place place,
                                   const hl_proof_piece *piece, const hl_proof_times *times);
/* A text by itself. times may be NULL. */
hl_proof_finding hl_proof_text(const hl_proof *proof, hl_proof_place place, hl_str text,
                               const hl_proof_times *times);

/* How much context a piece needs before from (1 byte) and behind to. */
size_t hl_proof_context(const hl_proof *proof);

/* --- proof_file.c ----------------------------------------------------------------------------- */

/* HL_E_INPUT: "NAME: it holds a text of the export that may identify somebody", and the like; the
 * text itself is not told. What a file may hold is known by its name's end. */
hl_code hl_proof_file(const hl_proof *proof, const char *path, const char *name,
                      const hl_proof_times *times, hl_error *err);
hl_code hl_proof_fail(hl_proof_finding finding, const char *name, hl_error *err);

/* All files below folder: contents, names, and that the time of each is mtime. */
hl_code hl_proof_folder(const hl_proof *proof, const char *folder, int64_t mtime,
                        const hl_proof_times *times, hl_error *err);

#endif
