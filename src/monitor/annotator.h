/*
 * annotator.h - annotations of one file: taken in any order, written in theirs, each once.
 *
 * Order: time, chan, type, subtype, text; those of one time and chan are told apart by num. 24
 * bytes each while they are gathered, sorted in runs beyond HL_EVENT_MEMORY. Source: waveform.md
 * A.10.
 */
#ifndef HL_MONITOR_ANNOTATOR_H
#define HL_MONITOR_ANNOTATOR_H

#include "format/wfdb/annotation.h"
#include "monitor/events_internal.h"

enum { HL_CHAN_NONE = 255 }; /* of annotations that belong to no signal */

/* Types that the monitors' events become. */
enum {
    HL_ANN_NORMAL = 1,
    HL_ANN_PVC = 5,
    HL_ANN_SVPB = 9,
    HL_ANN_PACE = 12,
    HL_ANN_UNKNOWN = 13,
    HL_ANN_ARTIFACT = 16,
    HL_ANN_NOTE = 22,
    HL_ANN_PACER = 26,
    HL_ANN_LEARN = 30
};

/* code, a and b say what the text is; only the one who gave them knows. */
typedef struct {
    int64_t tick;
    uint32_t a, b;
    uint8_t chan, type, subtype, code;
} hl_event_mark;

/* Appends the text of a mark, none for none. Longer than HL_AUX_MAX it is cut. */
typedef void (*hl_mark_text)(const void *ctx, const hl_event_mark *m, hl_buf *to);

typedef struct hl_annotator hl_annotator;

hl_code hl_annotator_new(hl_events *e, hl_mark_text text, const void *ctx, hl_annotator **out,
                         hl_error *err);
hl_code hl_annotator_add(hl_annotator *a, const hl_event_mark *m, hl_error *err);
/* Write "NAMEsuffix" unless there are none; counts them in result. */
hl_code hl_annotator_write(hl_annotator *a, const char *suffix, hl_error *err);
void hl_annotator_free(hl_annotator **a);

#endif
