/*
 * metadata.h - a film's row of the metadata table: attributes as the published table spells them.
 * films.md 2.3
 */
#ifndef HL_FILM_METADATA_H
#define HL_FILM_METADATA_H

#include "film/map.h"
#include "film/recipe.h"

typedef struct {
    bool as_published;   /* the release's column faults */
    bool view_from_code; /* an empty ViewPosition is filled from the view code */
    bool allow_identifying;
    int64_t shift_days;
    const hl_film_map *map; /* for UIDs; may be NULL */
} hl_metadata_rule;

typedef struct {
    hl_str *cell;     /* [recipe's n_columns] UTF-8, empty = missing; in arena */
    bool view_filled; /* ViewPosition came from the code */
    bool bad_time;    /* a time or date that is none: left empty */
} hl_metadata;

/*
 * Make the row. HL_E_INPUT: something in it could name somebody (a text that looks like a name, a
 * date that has not been shifted, a UID without a map), unless rule->allow_identifying: the message
 * says which column and why, never what stands there.
 */
hl_code hl_film_metadata(hl_dicom *d, const hl_film_recipe *r, const hl_metadata_rule *rule,
                         hl_arena *arena, hl_metadata *out, hl_error *err);

/* A DICOM time as the decimal number that the published table has: "080556.875" is 80556.875.
 * noise: with the last-digit errors of the release's csv reader. False: no time. */
bool hl_film_time(hl_str tm, bool noise, double *out);

/* YYYYMMDD or YYYY.MM.DD, moved by days, as the number YYYYMMDD. False: no date. */
bool hl_film_date(hl_str da, int64_t shift_days, int64_t *out);

#endif
