/*
 * film_sheet.h - one page that shows what a film archive is: a contact sheet of sample films, the
 * statistics of the pixels, the splits, what was refused and why.
 *
 * One HTML file without any other, a pure function of the folder, as scorecard.h.
 */
#ifndef HL_VIEW_FILM_SHEET_H
#define HL_VIEW_FILM_SHEET_H

#include "base/buf.h"
#include "base/cpu.h"

typedef struct {
    int64_t films, refused, patients;
    int64_t unreadable; /* sample films that could not be shown (ctl's log says why) */
} hl_film_sheet_summary;

/* Whether folder is an archive of hilum film render. */
bool hl_is_film_archive(const char *folder);

/* Append the page of archive to out. HL_E_INPUT: its tables are missing or invalid. */
hl_code hl_film_sheet(const char *archive, hl_cpu cpu, hl_ctl *ctl, hl_buf *out,
                      hl_film_sheet_summary *summary, hl_error *err);

#endif
