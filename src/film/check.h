/*
 * check.h - the two halves of hilum film check: a picture archive proves itself, DICOM files are
 * searched for what identifies. films.md 4
 */
#ifndef HL_FILM_CHECK_H
#define HL_FILM_CHECK_H

#include "film/burned.h"
#include "film/findings.h"
#include "hilum/film.h"

/* A film with text in its pixels, for the review page. */
typedef struct {
    const char *path;
    hl_buf thumbnail; /* JPEG bytes, the lines framed */
    int32_t n_text;
} hl_flagged;

#define HL_REVIEW_MAX 2000 /* films on a review page; more are in findings.csv alone */

typedef struct {
    const hl_film_check_options *o;
    hl_ctl *ctl;
    hl_cpu cpu;
    hl_findings found;
    hl_flagged *flagged; /* under found.lock while the check runs */
    size_t n_flagged, cap_flagged;
    int64_t files, pictures, films, rows, studies, patients;
} hl_checking;

/* Note text of an image (8-bit, not equalised if possible) as findings; with o->out the film joins
 * the review page. */
hl_code hl_check_text(hl_checking *check, const char *path, const hl_image *image, hl_arena *arena,
                      hl_error *err);

/* A picture of an archive: does it decode (intact: its bytes are known to be right), does it carry
 * anything besides? Its size into *width, *height, which stay as they are when it is no picture. */
hl_code hl_check_picture(hl_checking *check, const char *path, const hl_buf *bytes, bool intact,
                         hl_arena *arena, int32_t *width, int32_t *height, hl_error *err);

hl_code hl_check_archive(hl_checking *check, hl_error *err);
hl_code hl_check_dicom(hl_checking *check, const hl_names *names, hl_error *err);

/* The review page: flagged films, worst first. */
hl_code hl_review_page(hl_checking *check, hl_buf *page, hl_error *err);

#endif
