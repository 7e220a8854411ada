/*
 * written.h - the files that a conversion has written: none over one that was there, and none left
 * when it fails.
 */
#ifndef HL_WAVE_WRITTEN_H
#define HL_WAVE_WRITTEN_H

#include "base/io.h"

/* {0} is an empty list. */
typedef struct {
    hl_buf paths; /* each ends with NUL */
    int64_t n;
} hl_written;

/* path = folder/name, and nothing of that name there yet. HL_E_USAGE: there is. */
hl_code hl_written_claim(const char *folder, const char *name, char path[HL_PATH_BYTES],
                         hl_error *err);

/* Create the file of a claimed path. */
hl_code hl_written_create(const char *folder, const char *name, char path[HL_PATH_BYTES],
                          hl_out **out, hl_error *err);

/* Commit it and take it into the list. */
hl_code hl_written_commit(hl_written *w, const char *path, hl_out **out, hl_error *err);

/* Remove all files of the list. */
void hl_written_undo(hl_written *w);
void hl_written_free(hl_written *w);

#endif
