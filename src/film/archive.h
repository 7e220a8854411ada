/*
 * archive.h - the files around the pictures: metadata and split tables, lists of paths, the report.
 * Rows are added in item order, while the pictures are already there. films.md 2.2 to 2.6
 */
#ifndef HL_FILM_ARCHIVE_H
#define HL_FILM_ARCHIVE_H

#include "data/manifest.h"
#include "film/item.h"
#include "film/split.h"

typedef struct hl_film_archive hl_film_archive;

typedef struct {
    int64_t films, pictures, rows; /* rows of the metadata table: refused films with a header too */
    int64_t subjects, studies;
    int64_t split_rows[HL_FILM_SPLITS];
    int64_t no_split; /* rows whose patient the split file does not have */
    int64_t warned;   /* films with warnings */
    int64_t bytes;    /* of the pictures */
} hl_film_counts;

/* All are kept by the caller until the archive is finished or aborted. */
hl_code hl_film_archive_new(const hl_film_job *job, const hl_film_split *split, hl_manifest *m,
                            hl_film_archive **out, hl_error *err);

/* A rendered film (record) or a refused one (record NULL, its row if its header could be read, cell
 * may be NULL). */
hl_code hl_film_archive_add(hl_film_archive *a, const hl_film_item *item,
                            const hl_film_record *record, const hl_str *cell, hl_error *err);

/* Write lists and tables into place and tell the manifest. Frees *archive in any case. */
hl_code hl_film_archive_finish(hl_film_archive **archive, hl_film_counts *counts, hl_error *err);
void hl_film_archive_abort(hl_film_archive **archive);

#endif
