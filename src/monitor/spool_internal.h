/*
 * spool_internal.h - what the files of the spool share.
 *
 *      spool.c          the handle: patients, stretches of time, buffers, stays
 *      spool_message.c  messages and definitions to bytes and back
 *      spool_index.c    the index on disk: what was settled
 *      spool_read.c     a stay's messages back
 *
 *      SPOOL/hilum-spool             says what the folder is
 *      SPOOL/index                   one file, replaced as a whole
 *      SPOOL/000/000017-wave-0       patient number 17, kind, generation
 *
 * A data file only grows between two settles; bytes behind the size that the index states are of an
 * attempt that was killed, and are written over. Dropping copies what is left into files of the
 * next generation.
 */
#ifndef HL_MONITOR_SPOOL_INTERNAL_H
#define HL_MONITOR_SPOOL_INTERNAL_H

#include "base/map.h"
#include "monitor/spool.h"

/* A longer pause than this parts two stays. waveform.md 4.6 */
#define HL_STAY_GAP_US (INT64_C(3600000) * 1000)

#define HL_SPOOL_INDEX "index"
#define HL_SPOOL_MAX_MESSAGE ((size_t)64 << 20)

/* Bytes of a kind's file that hold all messages of a stretch, and perhaps others' too. */
typedef struct {
    int64_t start, end; /* start == end: none */
} hl_spool_range;

typedef struct {
    int64_t from_us, to_us;
    int32_t zone_min; /* of the first message */
    int32_t reserved;
    hl_spool_range range[HL_MESSAGE_KINDS];
} hl_spool_stretch;

typedef struct {
    hl_uuid id;
    int64_t number;            /* of its files */
    int64_t generation;        /* of its files */
    hl_spool_stretch *stretch; /* by time; more than an hour between two */
    size_t n, cap;
    size_t last;                         /* the stretch that was touched last */
    int64_t size[HL_MESSAGE_KINDS];      /* bytes of the files, pending ones included */
    int64_t newest_us[HL_MESSAGE_KINDS]; /* latest time so far, INT64_MIN at first */
    hl_buf pending[HL_MESSAGE_KINDS];    /* not yet in the file */
    bool unsynced[HL_MESSAGE_KINDS];     /* written to since the last settle */
    bool has_behind[HL_MESSAGE_KINDS];   /* some message came after a later one */
    bool has_dropped;                    /* lost a stretch since the last settle */
} hl_spool_patient_files;

/* Definitions of one kind, by content. */
typedef struct {
    hl_strmap *map; /* bytes -> index */
    void **decoded; /* [n], in the spool's arena */
    size_t n, cap;
} hl_spool_definitions;

/* The last definitions that were added, so that a message costs no look at their content. */
#define HL_SPOOL_RECENT 1024
typedef struct {
    const void *pointer;
    int64_t id;
    uint32_t index;
} hl_spool_recent;

struct hl_spool {
    char folder[HL_PATH_BYTES];
    size_t memory, n_pending;
    hl_arena *arena;
    char *note;
    int64_t next_number;
    hl_strmap *patient_map; /* uuid bytes -> index in patient */
    hl_spool_patient_files *patient;
    size_t n_patients, cap_patients;
    int64_t last_patient;                              /* index, -1 = none */
    hl_spool_definitions definition[HL_MESSAGE_KINDS]; /* alerts have none */
    hl_strmap *mapping_map;                            /* uuid bytes -> index in mapping */
    struct hl_spool_mapping {
        hl_uuid mapping, patient;
    } * mapping;
    size_t n_mappings, cap_mappings;
    hl_spool_recent recent[HL_SPOOL_RECENT];
    hl_spool_stay *stay; /* of the last hl_spool_stays() */
    bool stay_is_old;
    hl_buf scratch;
};

/* --- spool_message.c -------------------------------------------------------------------------- */

hl_code hl_spool_put_definition(hl_message_kind kind, const void *definition, hl_buf *to,
                                hl_error *err);
/* In arena; HL_E_INPUT: no definition. */
hl_code hl_spool_take_definition(hl_message_kind kind, hl_str bytes, hl_arena *arena, void **out,
                                 hl_error *err);

/* Length (u32) and message. is_behind: it comes after a later one of its file. */
hl_code hl_spool_put_message(const hl_message *m, uint32_t definition, uint32_t mapping,
                             bool is_behind, hl_buf *to, hl_error *err);
/* bytes: without the length. Texts point into it. False: damaged. */
bool hl_spool_take_message(const hl_spool *s, hl_message_kind kind, hl_str bytes, bool *is_behind,
                           hl_message *out);
/* Time and flag alone. */
bool hl_spool_peek_message(hl_str bytes, int64_t *us, bool *is_behind);

/* --- spool.c ---------------------------------------------------------------------------------- */

/* A patient's entry, made when it is new; -1 and err: no memory. */
int64_t hl_spool_patient_at(hl_spool *s, hl_uuid id, hl_error *err);
hl_code hl_spool_define(hl_spool *s, hl_message_kind kind, hl_str bytes, uint32_t *index,
                        hl_error *err);
hl_code hl_spool_map_at(hl_spool *s, hl_uuid mapping, hl_uuid patient, uint32_t *index,
                        hl_error *err);
const hl_spool_patient_files *hl_spool_find(const hl_spool *s, hl_uuid id);
const hl_spool_stretch *hl_spool_find_stretch(const hl_spool_patient_files *p,
                                              const hl_spool_stay *stay);

/* --- spool_index.c ---------------------------------------------------------------------------- */

hl_code hl_spool_data_path(const hl_spool *s, const hl_spool_patient_files *p, int kind,
                           int64_t generation, char out[HL_PATH_BYTES], hl_error *err);
/* Read the index, if there is one, and remove what it does not know. */
hl_code hl_spool_load(hl_spool *s, hl_error *err);
hl_code hl_spool_store(hl_spool *s, hl_error *err);
/* All pending bytes into their files. */
hl_code hl_spool_flush(hl_spool *s, hl_error *err);

#endif
