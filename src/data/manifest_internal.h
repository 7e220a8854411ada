/*
 * manifest_internal.h - what a manifest has collected: manifest.c fills it, manifest_write.c writes
 * it.
 */
#ifndef HL_DATA_MANIFEST_INTERNAL_H
#define HL_DATA_MANIFEST_INTERNAL_H

#include <pthread.h>

#include "base/arena.h"
#include "base/map.h"
#include "data/manifest.h"

#define HL_MANIFEST_NAME "manifest.json"
#define HL_MANIFEST_SUMS "SHA256SUMS.txt"
#define HL_MANIFEST_RUN "run.json"
#define HL_MANIFEST_INPUTS "inputs.csv.gz"

/* Files by path: path i of map has digest[i]. */
typedef struct {
    hl_strmap *map;
    hl_digest *digest;
    size_t size; /* of digest */
} hl_manifest_files;

typedef struct {
    const char *role, *kind;
    const char *sums_hex, *manifest_hex; /* of the folder's own files, NULL = it has none */
    hl_manifest_files files;
} hl_manifest_archive;

/* Texts of one list of the manifest, each a finished JSON value (or a member's name). */
typedef struct {
    const char **name; /* or NULL where the list is an array */
    const char **value;
    size_t n, size;
} hl_manifest_list;

struct hl_manifest {
    pthread_mutex_t lock; /* for archive files and outputs */
    hl_arena *arena;
    const char *command, *recipe_name, *compat;
    const hl_json_value *recipe; /* NULL: {} */
    bool no_memory;              /* a library could not be entered: hl_manifest_write() says so */
    bool has_seed;
    int64_t seed;
    int64_t items, done, failed;
    hl_manifest_list options, libraries, tables, arrays, funnel, splits;
    hl_manifest_archive *archive;
    size_t n_archives;
    hl_manifest_files outputs;
};

/* path -> digest. HL_E_INPUT when path has another digest already. */
hl_code hl_manifest_files_add(hl_manifest_files *files, const char *path, const hl_digest *digest,
                              hl_error *err);

#endif
