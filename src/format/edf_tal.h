/*
 * edf_tal.h - time-stamped annotation lists, the text inside an EDF+ annotation signal.
 *
 *      +ONSET [0x15 DURATION] 0x14 TEXT 0x14 TEXT 0x14 ... 0x00
 *
 * The first list of a data record keeps the record's time and begins with an empty text.
 * Source: Kemp & Olivan 2003, 2.2; waveform.md 1.7.
 */
#ifndef HL_FORMAT_EDF_TAL_H
#define HL_FORMAT_EDF_TAL_H

#include "format/edf.h"

enum { HL_EDF_TEXT = 0x14, HL_EDF_DURATION = 0x15 };

typedef struct {
    double onset_s, duration_s; /* duration < 0: none */
    hl_str texts;               /* each followed by 0x14 */
} hl_edf_tal;

/* The list at *at (NULs in front are skipped); *at moves behind it. HL_END: nothing but NULs is
 * left. HL_E_INPUT "no onset", ... */
hl_code hl_edf_tal_next(const char **at, const char *end, hl_edf_tal *out, hl_error *err);

/* The next text of a list; false when there is none. */
bool hl_edf_tal_text(hl_str *texts, hl_str *text);

/* "+12.5": seconds with sign, at most 6 decimals, no zeros at the end. */
void hl_edf_put_onset(hl_buf *to, double s);
/* A whole list with one text; control bytes in it become blanks. */
void hl_edf_put_tal(hl_buf *to, double onset_s, double duration_s, const char *text);

/* Where the annotation signals lie in a data record. */
typedef struct {
    int64_t offset, n; /* bytes */
} hl_edf_part;

/* Bytes of data record i in file; of signal s in it. */
int64_t hl_edf_record_bytes(const hl_edf *edf);
hl_edf_part hl_edf_part_of(const hl_edf *edf, int32_t s);
/* The time-keeping onset of data record i. HL_E_INPUT: there is none. */
hl_code hl_edf_record_onset(hl_in *in, const hl_edf *edf, int64_t i, double *onset_s,
                            hl_error *err);

#endif
