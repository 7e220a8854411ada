/*
 * inspect.h - what the describers of hilum inspect share: the job, text helpers, one function a
 * format. Internal to the command. A new format is a describer here and a row in inspect.c.
 */
#ifndef HL_COMMAND_INSPECT_H
#define HL_COMMAND_INSPECT_H

#include "base/arena.h"
#include "base/io.h"
#include "command/command.h"
#include "format/dicom/dicom.h"

typedef struct {
    const char *path; /* as given */
    int64_t bytes;    /* size of the file, 0 for a folder */
    bool gzip;        /* the content is compressed */
    int64_t rows;     /* first rows of a table to show */
    const char *png;  /* DICOM: picture to write, or NULL */
    int64_t frame;    /* the frame of it, from 1 */
    hl_arena *arena;  /* lives as long as the call */
    hl_ctl *ctl;
    hl_buf *text;
    hl_json_writer *json; /* inside the result's object: a describer adds its members */
    bool json_whole;      /* set by a describer that has put an object of its own in its place */
} hl_inspect;

/* Each describes in->path to in->text and in->json. On failure what was found stands there. */
hl_code hl_inspect_csv(hl_inspect *in, hl_error *err);
hl_code hl_inspect_json(hl_inspect *in, hl_error *err);
hl_code hl_inspect_npy(hl_inspect *in, hl_error *err);
hl_code hl_inspect_wfdb(hl_inspect *in, hl_error *err); /* .hea, .dat or record name */
hl_code hl_inspect_jpeg(hl_inspect *in, hl_error *err);
hl_code hl_inspect_dicom(hl_inspect *in, hl_error *err);
hl_code hl_inspect_gzip(hl_inspect *in, hl_error *err);
hl_code hl_inspect_folder(hl_inspect *in, hl_error *err);

/* The bytes begin as a DICOM file with its mark, or as a data set without one. films.md 3.1 */
bool hl_inspect_dicom_marked(const char *at, size_t n);
bool hl_inspect_dicom_bare(const char *at, size_t n);
/* Write the picture in->png of frame in->frame, and say so in the text. */
hl_code hl_inspect_dicom_png(hl_inspect *in, hl_dicom *d, hl_error *err);

/* First line of the text, "PATH: ...", and the member "kind" of the JSON. */
void hl_inspect_title(hl_inspect *in, const char *kind, const char *fmt, ...) HL_PRINTF(3, 4);

/* A line "  label   value" below it. */
void hl_inspect_fact(hl_inspect *in, const char *label, const char *fmt, ...) HL_PRINTF(3, 4);

/* Member key with text that may come from a broken file: invalid UTF-8 is shown as \xNN. key = NULL
 * inside an array. */
void hl_inspect_put_text(hl_inspect *in, const char *key, hl_str text);
void hl_inspect_put_int(hl_inspect *in, const char *key, int64_t v);
void hl_inspect_put_real(hl_inspect *in, const char *key, double v); /* not finite: as text */
void hl_inspect_put_digest(hl_inspect *in, const char *key, const hl_digest *d);

/* "412 bytes", "12.4 kB", "3.1 GB". Returns out. */
#define HL_SIZE_CHARS 32
const char *hl_size_text(int64_t bytes, char out[HL_SIZE_CHARS]);

/* Short decimal for people: at most six digits. Returns out. */
const char *hl_short_text(double v, char out[HL_SIZE_CHARS]);

/*
 * A text table: cells are added row by row, then printed with columns as wide as their widest cell.
 * align has a letter a column: 'l' or 'r'. Cells live in the arena.
 */
typedef struct {
    hl_arena *arena;
    const char *align;
    size_t n_columns, n_cells;
    hl_buf cells; /* of const char * */
    bool oom;
} hl_grid;

hl_grid hl_grid_new(hl_arena *arena, const char *align);
void hl_grid_cell(hl_grid *grid, const char *fmt, ...) HL_PRINTF(2, 3);
void hl_grid_show(hl_grid *grid, hl_str text); /* a cell of foreign text, cut and made printable */
/* Print to out, indented by two blanks, and free the grid. HL_E_LIMIT when out of memory. */
hl_code hl_grid_print(hl_grid *grid, hl_buf *out, hl_error *err);

#endif
