/*
 * export.h - reading a monitor export: tables in bulk-copy dumps, described by .fmt files.
 *
 * One forward pass a table. Rows come as messages; damaged rows are skipped with a finding and the
 * reader finds its way back, also out of a binary field that was cut. Files may be gzipped.
 * Source: waveform.md 4.7.
 */
#ifndef HL_MONITOR_EXPORT_H
#define HL_MONITOR_EXPORT_H

#include "base/arena.h"
#include "base/io.h"
#include "monitor/message.h"

typedef struct hl_export hl_export;

/* Something that a person should know about the export; goes to errors.csv or the log. */
typedef enum {
    HL_EXPORT_BAD_ROW = 0,    /* a mandatory field is malformed: the row is left out */
    HL_EXPORT_BAD_FIELD = 1,  /* an optional field is malformed: taken as NULL */
    HL_EXPORT_OLD_ROW = 2,    /* older than one seen before in its table: left out */
    HL_EXPORT_TWIN_ROW = 3,   /* identical to one before: left out */
    HL_EXPORT_DAMAGE = 4,     /* bytes skipped to the next row */
    HL_EXPORT_UNKNOWN_ID = 5, /* no definition has the row's WaveId, NumericId, EnumerationId */
    HL_EXPORT_FINDINGS = 6
} hl_export_finding;

/* Called for each finding; text is one sentence with file and row ("WaveSample.x: row 12: ...").
 * It never holds a value of the export: that might name a patient. */
typedef void (*hl_export_report)(void *ctx, hl_export_finding what, const char *text);

/*
 * Open the folders (their days in order) and read what is small: .fmt files, Wave, Numeric,
 * Enumeration, PatientMapping. HL_E_INPUT: no such folder, no export, a .fmt file that is damaged
 * or lacks a column that is needed, two files of a table whose rows overlap in time.
 */
hl_code hl_export_open(const char *const *folder, size_t n, hl_ctl *ctl, hl_export_report report,
                       void *ctx, hl_export **out, hl_error *err);
void hl_export_close(hl_export **e);

/* Definitions, ascending id. */
const hl_wave_definition *hl_export_waves(const hl_export *e, size_t *n);
const hl_numeric_definition *hl_export_numerics(const hl_export *e, size_t *n);
const hl_enumeration_definition *hl_export_enumerations(const hl_export *e, size_t *n);

/* The patient of a mapping; the mapping's own id when the table does not know it (*known = false).
 */
hl_uuid hl_export_patient(const hl_export *e, hl_uuid mapping, bool *known);
/* When the mapping was made; .has = false when unknown. For repairing the autumn hour. */
hl_stamp hl_export_mapping_time(const hl_export *e, hl_uuid mapping);

/* Every file of the export with its size, for the manifest; digest is set once it was read to its
 * end. */
typedef struct {
    const char *path; /* folder/name as opened */
    int64_t bytes;
    hl_digest digest;
    bool was_read;
} hl_export_file;
const hl_export_file *hl_export_files(const hl_export *e, size_t *n);

typedef struct hl_export_reader hl_export_reader;

/* One pass over the message table of a kind. Readers are independent of each other (one thread
 * each). A table that the export does not have is empty. */
hl_code hl_export_read(hl_export *e, hl_message_kind kind, hl_export_reader **out, hl_error *err);
hl_code hl_export_next(hl_export_reader *r, hl_message *out, hl_error *err); /* HL_END */
void hl_export_reader_close(hl_export_reader **r);

/*
 * Texts of the export that may name a person, a bed or a machine: BedTag, Patient*,
 * PatientStringAttribute, PatientDateAttribute, host names, all uuids. Each once, through add().
 * For the proof that none of them stands in the output.
 */
hl_code hl_export_identifying(hl_export *e, hl_code (*add)(void *ctx, hl_str text, hl_error *err),
                              void *ctx, hl_error *err);

#endif
