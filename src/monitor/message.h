/*
 * message.h - what a monitor network exports: definitions of waves, numerics and enumerations, and
 * the messages that refer to them. The common language of this room.
 *
 * Texts and bytes point into memory of whoever gave the message: valid until its next one. A NULL
 * field of the export is .at == NULL (texts) or has_... == false (numbers).
 * Source: waveform.md 4.7; tables of the export format.
 */
#ifndef HL_MONITOR_MESSAGE_H
#define HL_MONITOR_MESSAGE_H

#include "base/str.h"

/* A timestamp with its zone: the instant, and the zone that the text had. */
typedef struct {
    int64_t us;       /* microseconds since 1970-01-01 00:00:00 UTC */
    int32_t zone_min; /* minutes east of UTC: -300 for "-05:00" */
    bool has;
} hl_stamp;

typedef struct {
    uint8_t byte[16];
} hl_uuid;

/* An optional number of the export: the value, and its text as it stood ("0.50000"). */
typedef struct {
    double value;
    bool has;
} hl_maybe;

typedef struct {
    int64_t id;
    int64_t base_physio_id, physio_id;
    hl_str label;
    int64_t channel;
    int64_t sample_period; /* ticks a sample: 4, 8, 16 */
    bool is_slow_wave, is_derived;
    int64_t color;
    hl_maybe low_edge_hz, high_edge_hz;
    hl_maybe scale_lower, scale_upper;
    hl_maybe scaled_lower, scaled_upper;     /* CalibrationScaled... */
    hl_maybe absolute_lower, absolute_upper; /* CalibrationAbs... */
    int64_t calibration_type;
    hl_str unit_label;
    int64_t unit_code;
    int64_t ecg_lead_placement;
    uint32_t
        missing; /* bit i: the i-th integer column of Wave in the order of tables.tsv was NULL */
} hl_wave_definition;

typedef struct {
    int64_t id;
    hl_str label, sub_label, unit_label;
    bool is_aperiodic;
} hl_numeric_definition;

typedef struct {
    int64_t id;
    int64_t base_physio_id, physio_id, value_physio_id;
    hl_str label;
} hl_enumeration_definition;

typedef enum {
    HL_MESSAGE_WAVE = 0,
    HL_MESSAGE_NUMERIC = 1,
    HL_MESSAGE_ENUMERATION = 2,
    HL_MESSAGE_ALERT = 3,
    HL_MESSAGE_KINDS = 4
} hl_message_kind;

#define HL_NO_SEVERITY INT64_C(-1) /* of an alert: NULL */

typedef struct {
    hl_message_kind kind;
    hl_stamp time;
    int64_t sequence; /* ticks of the monitor network: the clock that is never adjusted */
    hl_uuid mapping;
    union {
        struct {
            const hl_wave_definition *wave;
            const uint8_t *sample; /* u16 LE, [n] */
            int64_t n;
            hl_str unavailable, invalid, paced; /* index lists, blank separated */
        };
        struct {
            const hl_numeric_definition *numeric;
            hl_str number; /* decimal text; .at == NULL: no value */
        };
        struct {
            const hl_enumeration_definition *enumeration;
            hl_str value;
        };
        struct {
            hl_uuid alert;
            hl_str label;
            int64_t severity, alert_kind, source, code, subtype;
            bool is_silenced;
            hl_stamp announce, onset, end;
        };
    };
} hl_message;

/* Messages of one kind, in the order of the export. */
typedef struct {
    void *ctx;
    hl_code (*next)(void *ctx, hl_message *out, hl_error *err); /* HL_END after the last */
    hl_code (*rewind)(void *ctx, hl_error *err);
} hl_message_source;

/* "YYYY-MM-DD HH:MM:SS[.fraction][ ]+ZZ:ZZ"; second 60 is 59.999x. False: no timestamp. */
bool hl_stamp_parse(hl_str text, hl_stamp *out);
/* "YYYY-MM-DD HH:MM:SS.mmm +ZZ:ZZ" of an instant in a zone. */
#define HL_STAMP_CHARS 40
size_t hl_stamp_print(int64_t us, int32_t zone_min, char out[HL_STAMP_CHARS]);
bool hl_uuid_parse(hl_str text, hl_uuid *out); /* 36 characters, hex of any case */
#define HL_UUID_CHARS 37
void hl_uuid_print(hl_uuid id, char out[HL_UUID_CHARS]); /* lower case */

#endif
