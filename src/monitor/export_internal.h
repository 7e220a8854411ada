/*
 * export_internal.h - what the files of the export reader share.
 *
 *      export_files.c   folders -> which files of which table, in which order
 *      export_format.c  T.fmt -> where a row's columns stand and how each is kept
 *      export_rows.c    bytes of a file -> rows of fields; the way back out of damage
 *      export_tables.c  definitions, mappings, identifying texts
 *      export.c         the handle; message tables -> messages
 *
 * A row as the files have it (WaveSample; the others have no binary field):
 *
 *      id \t time \t sequence \t length32 bytes... unavailable \t invalid \t paced \t mapping \n
 *      '------- head ---------'  '--- binary ---'  '----------------- tail -----------------'
 */
#ifndef HL_MONITOR_EXPORT_INTERNAL_H
#define HL_MONITOR_EXPORT_INTERNAL_H

#include <pthread.h>

#include "base/map.h"
#include "monitor/export.h"

typedef enum {
    HL_TABLE_ALERT = 0,
    HL_TABLE_BED_TAG,
    HL_TABLE_ENUMERATION,
    HL_TABLE_ENUMERATION_VALUE,
    HL_TABLE_NUMERIC,
    HL_TABLE_NUMERIC_VALUE,
    HL_TABLE_PATIENT,
    HL_TABLE_PATIENT_DATE,
    HL_TABLE_PATIENT_STRING,
    HL_TABLE_PATIENT_MAPPING,
    HL_TABLE_WAVE,
    HL_TABLE_WAVE_SAMPLE,
    HL_TABLES
} hl_table_id;

/* How a column's text is read, and what a damaged file's row is known by again. */
typedef enum {
    HL_FIELD_TEXT = 0, /* anything without control bytes */
    HL_FIELD_INTEGER,
    HL_FIELD_NUMBER,
    HL_FIELD_BOOLEAN,
    HL_FIELD_TIME,
    HL_FIELD_UUID,
    HL_FIELD_LIST, /* digits and blanks: sample numbers */
    HL_FIELD_BINARY
} hl_field_type;

typedef enum {
    HL_COLUMN_OPTIONAL = 0, /* NULL when empty or malformed */
    HL_COLUMN_MANDATORY,    /* without it the row is left out */
    HL_COLUMN_NAMES,        /* may be absent in .fmt; its text may name a person */
    HL_COLUMN_TIME          /* may be absent in .fmt */
} hl_column_role;

typedef struct {
    const char *name;
    hl_field_type type;
    hl_column_role role;
} hl_column;

/* Columns that the reader takes, in the order of the enums below; others are passed over. */
#define HL_MAX_KNOWN 21
#define HL_MAX_COLUMNS 256
typedef struct {
    const char *name;
    size_t n_columns;
    hl_column column[HL_MAX_KNOWN];
    bool is_definition; /* the latest file holds, and files are not in order of time */
} hl_table;
extern const hl_table hl_tables[HL_TABLES];

/* Message tables begin alike. */
enum { COLUMN_TIME = 0, COLUMN_SEQUENCE, COLUMN_MAPPING, COLUMN_ID };
enum { COLUMN_SAMPLES = COLUMN_ID + 1, COLUMN_UNAVAILABLE, COLUMN_INVALID, COLUMN_PACED };
enum { COLUMN_VALUE = COLUMN_ID + 1 }; /* NumericValue, EnumerationValue */
enum {
    COLUMN_ALERT_LABEL = COLUMN_ID + 1,
    COLUMN_SOURCE,
    COLUMN_CODE,
    COLUMN_SEVERITY,
    COLUMN_KIND,
    COLUMN_IS_SILENCED,
    COLUMN_SUBTYPE,
    COLUMN_ANNOUNCE,
    COLUMN_ONSET,
    COLUMN_END
};

/* --- export_format.c -------------------------------------------------------------------------- */

typedef struct {
    const hl_table *table;
    size_t n_columns; /* of a row */
    size_t binary;    /* which of them is binary; n_columns = none */
    uint8_t type[HL_MAX_COLUMNS];
    int16_t place[HL_MAX_KNOWN]; /* column of the row that holds hl_table.column[i]; -1 = none */
} hl_row_format;

#define HL_FORMAT_BYTES (1 << 16) /* a .fmt file is smaller */

/* text: a whole .fmt file; path is for messages. HL_E_INPUT: damaged, a kind of column that is not
 * read, a needed column is missing or there twice. */
hl_code hl_row_format_parse(hl_str text, const char *path, const hl_table *table,
                            hl_row_format *out, hl_error *err);

/* --- export_rows.c ---------------------------------------------------------------------------- */

#define HL_ROW_BYTES ((size_t)16 << 20) /* a row is at most as long */

typedef struct {
    hl_str field[HL_MAX_COLUMNS]; /* as declared; valid until the next row */
    hl_str bytes;                 /* the whole row with its line feed */
    int64_t number;               /* in its file, from 1 */
    int64_t skipped;              /* > 0: no row, but so many bytes of damage up to the next one */
    bool at_end;                  /* ... and that was the end of the file */
} hl_row;

typedef struct hl_rows hl_rows;

/* Rows of an opened stream, which is taken over, also on failure. */
hl_code hl_rows_new(hl_stream **stream, const hl_row_format *format, hl_rows **out, hl_error *err);
/* HL_OK: a row, or damage (row->skipped); HL_END; errors of the stream. Memory: at most 32 MiB. */
hl_code hl_rows_next(hl_rows *rows, hl_row *row, hl_error *err);
const hl_digest *hl_rows_digest(const hl_rows *rows); /* of the file, after HL_END */
void hl_rows_free(hl_rows **rows);

/* Whether text is all that a column of this type may hold (not empty). */
bool hl_field_fits(hl_field_type type, hl_str text);
/* Offset of the last row's first byte in the tail of a file, n if none can be told. */
size_t hl_rows_last(const hl_row_format *format, const char *at, size_t n);

/* --- export_files.c --------------------------------------------------------------------------- */

typedef struct {
    hl_table_id table;
    size_t file, format; /* indexes in hl_export.file, .format */
    const char *name;    /* for findings: "day1/WaveSample.dat", "WaveSample.dat" */
    int64_t first_us;    /* of its first good row; INT64_MIN = none */
} hl_part;

hl_code hl_export_find_files(hl_export *e, const char *const *folder, size_t n, hl_error *err);
/* The tables whose rows are in order of time: their files too, without overlap. */
hl_code hl_export_check_order(hl_export *e, hl_error *err);

/* --- export_tables.c -------------------------------------------------------------------------- */

typedef struct {
    hl_uuid patient;
    hl_stamp time;
    bool has_patient;
    bool is_ambiguous; /* the table gives two patients: none is believed */
} hl_mapping;

hl_code hl_export_read_tables(hl_export *e, hl_error *err);

/* --- the handle ------------------------------------------------------------------------------- */

struct hl_export {
    hl_arena *arena; /* while opening only: readers run on threads of their own */
    hl_ctl *ctl;
    hl_export_report report;
    void *report_ctx;
    pthread_mutex_t mutex; /* report(), digests, strangers */

    hl_export_file *file;
    size_t n_files, cap_files;
    hl_part *part; /* by folder, then name */
    size_t n_parts, cap_parts;
    hl_row_format *format;
    size_t n_formats, cap_formats;

    hl_wave_definition *wave;
    hl_numeric_definition *numeric;
    hl_enumeration_definition *enumeration;
    size_t n_waves, n_numerics, n_enumerations;
    hl_map *id[3]; /* id -> index: waves, numerics, enumerations */
    hl_strmap *mapping_of;
    hl_mapping *mapping;
    size_t n_mappings, cap_mappings;
    hl_strmap *stranger; /* mappings in messages that the table does not know */
};

/* Room for one more item of an array that grows by doubling. */
hl_code hl_export_grow(void **items, size_t *cap, size_t n, size_t item_bytes, hl_error *err);

/* Open a part for a pass. mode as hl_stream_open. */
hl_code hl_part_open(hl_export *e, const hl_part *part, hl_stream_mode mode, hl_ctl *ctl,
                     hl_rows **out, hl_error *err);
/* The part was read to its end: keep its digest. */
void hl_part_done(hl_export *e, const hl_part *part, const hl_rows *rows);
/* Tell a finding: "name: row N: text". The text holds no value of the export. */
void hl_part_tell(hl_export *e, const hl_part *part, hl_export_finding what, int64_t row,
                  const char *fmt, ...) HL_PRINTF(5, 6);
void hl_part_tell_damage(hl_export *e, const hl_part *part, const hl_row *row);

/* --- fields ----------------------------------------------------------------------------------- */

/* What one row gives, with its findings: a column at a time. bad = a mandatory one is malformed. */
typedef struct {
    hl_export *e;
    const hl_part *part;
    const hl_row_format *format;
    const hl_row *row;
    bool bad;
} hl_fields;

/* All: false (and a finding where it is due) when NULL or malformed; i as in hl_tables. */
bool hl_fields_text(hl_fields *f, size_t i, hl_str *out); /* .at == NULL for NULL */
bool hl_fields_integer(hl_fields *f, size_t i, int64_t *out);
bool hl_fields_number(hl_fields *f, size_t i, hl_str *text, double *value);
bool hl_fields_boolean(hl_fields *f, size_t i, bool *out);
bool hl_fields_time(hl_fields *f, size_t i, hl_stamp *out);
bool hl_fields_uuid(hl_fields *f, size_t i, hl_uuid *out);

#endif
