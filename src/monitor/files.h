/*
 * files.h - the files that a stay's record consists of, as they are finished.
 */
#ifndef HL_MONITOR_FILES_H
#define HL_MONITOR_FILES_H

#include "monitor/stay.h"

typedef struct {
    const char *folder;
    hl_arena *arena; /* of the names */
    hl_stay_file *file;
    size_t n, cap;
} hl_files;

/* A file that is finished. */
hl_code hl_files_add(hl_files *files, const char *name, const hl_digest *digest, hl_error *err);
/* Start a file of the folder: hl_out_create() with its path. */
hl_code hl_files_create(const hl_files *files, const char *name, hl_out **out, hl_error *err);
/* Commit *out and add it. */
hl_code hl_files_commit(hl_files *files, const char *name, hl_out **out, hl_error *err);
/* A small file whole. */
hl_code hl_files_write(hl_files *files, const char *name, const hl_buf *bytes, hl_error *err);
/* In the order of their names' bytes; all of them and the folder get one time of modification. */
hl_code hl_files_settle(hl_files *files, int64_t mtime, hl_error *err);
void hl_files_free(hl_files *files);

#endif
