/*
 * Beats that the monitors marked, to NAME.beat. Source: waveform.md A.10.
 */
#include "base/map.h"
#include "monitor/annotator.h"

enum { NO_TEXT = 0, SHORT_TEXT = 1, KEPT_TEXT = 2, MAX_TEXTS = 1 << 16 };

/* What an annotation of the monitors means, by its ValuePhysioId. */
static const struct {
    int64_t id;
    uint8_t type, subtype;
    char text; /* 0 = none */
} known[] = {
    {148631, HL_ANN_NORMAL, 0, 0},   {148767, HL_ANN_PVC, 0, 0},     {147983, HL_ANN_SVPB, 0, 0},
    {148063, HL_ANN_PACE, 0, 0},     {147543, HL_ANN_PACE, 1, 0},    {147591, HL_ANN_PACE, 2, 0},
    {147631, HL_ANN_PACER, 0, 0},    {148751, HL_ANN_PACER, 1, 0},   {148783, HL_ANN_LEARN, 0, 0},
    {147551, HL_ANN_NOTE, 0, 'M'},   {195396, HL_ANN_UNKNOWN, 0, 0}, {148759, HL_ANN_UNKNOWN, 1, 0},
    {147527, HL_ANN_ARTIFACT, 0, 0}, {148743, HL_ANN_NOTE, 0, '_'},
};

/* Of an unknown one: by the first letter of its value. */
static const struct {
    char letter;
    uint8_t type;
} letters[] = {
    {'N', HL_ANN_NORMAL},  {'V', HL_ANN_PVC},     {'S', HL_ANN_SVPB},     {'P', HL_ANN_PACE},
    {'\'', HL_ANN_PACER},  {'"', HL_ANN_PACER},   {'L', HL_ANN_LEARN},    {'M', HL_ANN_NOTE},
    {'B', HL_ANN_UNKNOWN}, {'?', HL_ANN_UNKNOWN}, {'A', HL_ANN_ARTIFACT},
};

typedef struct {
    hl_strmap *texts;
    hl_annotator *marks;
    hl_buf text;
} beats;

static void put_text(const void *ctx, const hl_event_mark *m, hl_buf *to)
{
    const beats *b = ctx;

    if (m->code == SHORT_TEXT)
        hl_buf_char(to, (char)m->a);
    else if (m->code == KEPT_TEXT)
        hl_buf_str(to, hl_strmap_key(b->texts, m->a));
}

/* "[id] value" with a line feed: the original takes it from its log, line end and all. */
static hl_code keep_text(beats *b, int64_t id, hl_str value, hl_event_mark *mark, hl_error *err)
{
    int64_t i = (int64_t)hl_strmap_count(b->texts), was = -1;

    hl_buf_clear(&b->text);
    hl_buf_printf(&b->text, "[%lld] ", (long long)id);
    hl_label_plain(&b->text, value);
    hl_buf_char(&b->text, '\n');
    hl_code c = hl_buf_check(&b->text, "beats", err);
    if (c != HL_OK)
        return c;
    hl_str text = {b->text.at, b->text.n};
    text.n = hl_label_cut(text, HL_AUX_MAX);
    if (i == MAX_TEXTS && hl_strmap_get(b->texts, text) < 0)
        return hl_fail(err, HL_E_LIMIT, "more than %d different texts of unknown beats", MAX_TEXTS);
    c = hl_strmap_add(b->texts, text, i, &was, err);
    mark->code = KEPT_TEXT;
    mark->a = (uint32_t)(was >= 0 ? was : i);
    return c;
}

static hl_code take_beat(beats *b, const hl_events *e, const hl_message *m, hl_error *err)
{
    int64_t id = m->enumeration->value_physio_id;
    hl_event_mark mark = {.chan = HL_CHAN_NONE, .type = HL_ANN_UNKNOWN};
    size_t i = 0;
    hl_code c = HL_OK;

    if (!hl_str_is(m->enumeration->label, "Annot"))
        return HL_OK;
    mark.tick =
        hl_event_tick(hl_event_sequence(e->clock, m->time, m->sequence, HL_EVENT_LATE), e->base);
    while (i < sizeof known / sizeof *known && known[i].id != id)
        i++;
    if (i < sizeof known / sizeof *known) {
        mark.type = known[i].type;
        mark.subtype = known[i].subtype;
        mark.code = known[i].text ? SHORT_TEXT : NO_TEXT;
        mark.a = (uint8_t)known[i].text;
    } else {
        for (i = 0; i < sizeof letters / sizeof *letters; i++)
            if (m->value.n > 0 && m->value.at[0] == letters[i].letter)
                mark.type = letters[i].type;
        c = keep_text(b, id, m->value, &mark, err);
    }
    return c == HL_OK ? hl_annotator_add(b->marks, &mark, err) : c;
}

hl_code hl_beats_write(hl_events *e, hl_logs *logs, bool annotate, hl_error *err)
{
    beats b = {.texts = hl_strmap_new(0)};
    hl_message m;
    hl_code c = b.texts ? HL_OK : hl_fail_memory(err, "beats", 0);

    if (c == HL_OK)
        c = hl_annotator_new(e, put_text, &b, &b.marks, err);
    if (c == HL_OK)
        c = hl_events_rewind(e->input, HL_MESSAGE_ENUMERATION, err);
    while (c == HL_OK && (c = hl_events_next(e->input, HL_MESSAGE_ENUMERATION, e->options->ctl, &m,
                                             err)) == HL_OK) {
        if (logs)
            c = hl_logs_enumeration(logs, &m, err);
        if (c == HL_OK && annotate)
            c = take_beat(&b, e, &m, err);
    }
    if (c == HL_END)
        c = hl_annotator_write(b.marks, ".beat", err);
    hl_annotator_free(&b.marks);
    hl_strmap_free(&b.texts);
    hl_buf_free(&b.text);
    return c;
}
