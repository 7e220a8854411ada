/*
 * Quality of the waves to NAME.wq: "(i" "i)" invalid, "(u" "u)" unavailable, pacer pulses. Source:
 * waveform.md A.10.
 */
#include "monitor/annotator.h"

enum { NO_TEXT = 0, BEGIN = 1, END = 2 };

static void put_text(const void *ctx, const hl_event_mark *m, hl_buf *to)
{
    (void)ctx;
    if (m->code == BEGIN) {
        hl_buf_char(to, '(');
        hl_buf_char(to, (char)m->a);
    } else if (m->code == END) {
        hl_buf_char(to, (char)m->a);
        hl_buf_char(to, ')');
    }
}

/* Both ends of an interval, or one pulse. */
static hl_code add_marks(hl_annotator *marks, const hl_quality *q, int64_t end, hl_error *err)
{
    hl_event_mark m = {.tick = q->start, .chan = (uint8_t)q->signal, .type = HL_ANN_PACER};

    if (q->kind == HL_QUALITY_PACED)
        return hl_annotator_add(marks, &m, err);
    m.type = HL_ANN_NOTE;
    m.a = (uint8_t)q->kind;
    m.code = BEGIN;
    hl_code c = hl_annotator_add(marks, &m, err);
    m.code = END;
    m.tick = end;
    return c == HL_OK ? hl_annotator_add(marks, &m, err) : c;
}

hl_code hl_quality_write(hl_events *e, const hl_quality *quality, size_t n, hl_error *err)
{
    hl_annotator *marks = NULL;
    hl_code c = hl_annotator_new(e, put_text, NULL, &marks, err);

    for (size_t i = 0; c == HL_OK && i < n;) {
        const hl_quality *q = &quality[i++];
        int64_t end = q->end;
        if (q->signal < 0 || q->signal > UINT8_MAX) {
            c = hl_fail(err, HL_E_LIMIT, "an annotation file tells 256 signals apart, no more");
            break;
        }
        /* Intervals that touch are one. */
        for (; q->kind != HL_QUALITY_PACED && i < n && quality[i].signal == q->signal &&
               quality[i].kind == q->kind && quality[i].start <= end;
             i++)
            end = quality[i].end > end ? quality[i].end : end;
        if (q->kind == HL_QUALITY_PACED || end > q->start)
            c = add_marks(marks, q, end, err);
    }
    if (c == HL_OK)
        c = hl_annotator_write(marks, ".wq", err);
    hl_annotator_free(&marks);
    return c;
}
