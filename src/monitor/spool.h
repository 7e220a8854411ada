/*
 * spool.h - messages of an export, laid down by patient, so that each stay can be built alone.
 *
 * One forward pass over the export appends every message to a file of its patient and kind; the
 * spool keeps, for each, the stretches of time without a hole of an hour. Stays are cut from those
 * (waveform.md 4.6), and read back as hl_message_source. What a finished stay used is removed; what
 * may still go on stays for the next run.
 */
#ifndef HL_MONITOR_SPOOL_H
#define HL_MONITOR_SPOOL_H

#include "base/arena.h"
#include "monitor/stay.h"

typedef struct hl_spool hl_spool;

/* A spool in folder (made, for its owner's eyes alone; an existing one is gone on with: its
 * patients, definitions and stretches are read back as they were settled). memory: bytes of buffers
 * altogether. HL_E_USAGE: the folder holds something else; HL_E_INPUT: a damaged index. */
hl_code hl_spool_open(const char *folder, size_t memory, hl_spool **out, hl_error *err);
/* Append a message of a patient. Definitions are kept by content. */
hl_code hl_spool_add(hl_spool *s, hl_uuid patient, const hl_message *m, hl_error *err);
/* Note the time of a message that is not kept: stays are the same as if it were. */
hl_code hl_spool_see(hl_spool *s, hl_uuid patient, hl_stamp time, hl_error *err);
/* The patient under whom messages of a mapping were added; false: none were. */
bool hl_spool_patient(const hl_spool *s, hl_uuid mapping, hl_uuid *patient);
/* A text of the caller's that belongs to the state: settled together with it. "" at first. */
const char *hl_spool_note(const hl_spool *s);
hl_code hl_spool_set_note(hl_spool *s, const char *text, hl_error *err);
/* Everything to disk, and the index, in one step: a spool is what its last hl_spool_settle() was.
 */
hl_code hl_spool_settle(hl_spool *s, hl_error *err);
void hl_spool_close(hl_spool **s);
/* Remove a spool from the disk; its index goes first, what says that it is one goes last. A folder
 * that is none is left alone. */
hl_code hl_spool_remove(const char *folder, hl_error *err);

/* A stay: all messages of a patient from .. to, without a hole of more than an hour between them.
 */
typedef struct {
    hl_uuid patient;
    int64_t from_us, to_us; /* first and last timestamp */
    int32_t zone_min;       /* of the first message */
} hl_spool_stay;

/* All stays, by patient then time; valid until the spool changes. */
hl_code hl_spool_stays(hl_spool *s, const hl_spool_stay **stay, size_t *n, hl_error *err);

/* Sources of one stay; independent of the spool's own state, so stays may be read on many threads.
 */
typedef struct hl_spool_reader hl_spool_reader;
hl_code hl_spool_read(const hl_spool *s, const hl_spool_stay *stay, hl_spool_reader **out,
                      hl_stay_input *input, hl_error *err);
void hl_spool_reader_close(hl_spool_reader **r);

/* Forget a stay (it is published). Its bytes leave the disk with the next hl_spool_settle(). */
hl_code hl_spool_drop(hl_spool *s, const hl_spool_stay *stay, hl_error *err);

#endif
