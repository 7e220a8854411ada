/*
 * labels.h - label tables that go along with an archive: proved to be tables of studies, then
 * copied byte for byte. films.md 2.6
 */
#ifndef HL_FILM_LABELS_H
#define HL_FILM_LABELS_H

#include "data/manifest.h"

/* from: a csv (.gz), or a folder with mimic-cxr-2.0.0-chexpert.csv.gz, -negbio.csv.gz or
 * mimic-cxr-2.1.0-test-set-labeled.csv. HL_E_INPUT: no such table, or a table without study_id;
 * HL_E_USAGE: a table is named like one of the archive's own files, taken[n_taken]. */
hl_code hl_film_labels_prove(const char *from, const char *const *taken, size_t n_taken,
                             hl_ctl *ctl, hl_error *err);

/* Copy what was proved. */
hl_code hl_film_labels_copy(const char *from, const char *out, hl_manifest *m, hl_error *err);

#endif
