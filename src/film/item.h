/*
 * item.h - one film's turn: read, hash, understand, check, render, write. The record that the job
 * engine keeps of it.
 */
#ifndef HL_FILM_ITEM_H
#define HL_FILM_ITEM_H

#include "base/job.h"
#include "film/metadata.h"
#include "film/plan.h"
#include "film/shelf.h"

/* What a worker keeps between films. */
typedef struct {
    hl_buf file, picture; /* bytes of the DICOM file and of the picture, memory reused */
    int64_t soon;         /* the item that is worth reading together with the next one, -1 = none */
} hl_film_worker;

typedef struct {
    const char *in, *out; /* folders */
    const hl_film_options *o;
    const hl_film_recipe *r;
    const hl_film_map *map;
    const hl_film_plan *plan;
    hl_ctl *ctl;
    hl_cpu cpu;
    hl_film_worker *worker; /* one a thread */
    hl_shelf *shelf;        /* NULL: every film is read at its turn */
} hl_film_job;

/* A film's record, taken apart. Texts point into it. */
typedef struct {
    hl_digest input;
    int32_t rows, columns, bits_stored, is_signed, n_pictures, inverted;
    int64_t min, max;
    double mean, grey_mean;
    hl_str syntax, photometric, warnings;
    hl_str gz; /* ".gz" when the file lay compressed under the listed name */
    struct {
        hl_digest digest;
        int64_t frame; /* from 1; 0: the only one */
    } * picture;       /* [n_pictures] in arena */
    hl_str *cell;      /* [n_columns] in arena */
} hl_film_record;

/* ".jpg" or ".png", with "_f001" before it for one of several frames. */
#define HL_ENDING_BYTES 32
void hl_film_ending(const hl_look *look, int64_t frame, char out[HL_ENDING_BYTES]);

/* Render item i: writes its pictures below job->out and appends its record. Messages name the file
 * below the archive and never a value of it. */
hl_code hl_film_work(const hl_film_job *job, int64_t i, int thread, hl_arena *scratch,
                     hl_buf *record, hl_error *err);

/* HL_E_BUG: no record of these columns. */
hl_code hl_film_record_look(const void *record, size_t n, size_t n_columns, hl_arena *arena,
                            hl_film_record *out, hl_error *err);

/* The metadata row of a film that was refused, when its header can be read and nothing in it names
 * anybody; *cell = NULL otherwise. Fails for want of memory only. */
hl_code hl_film_refused_row(const hl_film_job *job, int64_t i, hl_arena *arena, hl_str **cell,
                            hl_error *err);

/* One film alone: file path to picture path. */
hl_code hl_film_single(const hl_film_job *job, const char *path, const char *picture_path,
                       hl_film_record *out, hl_arena *arena, hl_digest *digest, hl_error *err);

#endif
