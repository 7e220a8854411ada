#include "synth/lab_rows.h"

#include <math.h>

#include "base/civil.h"
#include "synth/chance.h"

/* Bytes of the longest row: ids 50, times 40, item 12, value 2 x 24, range 48, comment 60. */
#define ROW_BYTES 400

static void fill_frequencies(uint16_t frequent[65536])
{
    double sum = 0, seen = 0;
    for (int i = 0; i < HL_SYNTH_ALL_ITEMS; i++)
        sum += 1.0 / (i + 3);
    for (int i = 0; i < HL_SYNTH_ALL_ITEMS; i++) {
        int from = (int)(seen / sum * 65536);
        seen += 1.0 / (i + 3);
        int to = i + 1 < HL_SYNTH_ALL_ITEMS ? (int)(seen / sum * 65536) : 65536;
        for (int at = from; at < to; at++)
            frequent[at] = (uint16_t)i;
    }
}

static char *put(char *p, const char *text, size_t n)
{
    memcpy(p, text, n);
    return p + n;
}

static char *put_number(char *p, int64_t v)
{
    char digit[20];
    int n = 0;
    do
        digit[n++] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    while (n > 0)
        *p++ = digit[--n];
    return p;
}

/* "12.50" of 1250 and 2 decimals; trim: "12.5". */
static char *put_fixed(char *p, int64_t v, int decimals, bool trim)
{
    int64_t scale = 1;
    if (v < 0) {
        *p++ = '-';
        v = -v;
    }
    for (; trim && decimals > 0 && v % 10 == 0; decimals--)
        v /= 10;
    for (int d = 0; d < decimals; d++)
        scale *= 10;
    p = put_number(p, v / scale);
    if (decimals > 0) {
        *p++ = '.';
        for (int64_t rest = v % scale; scale > 1; rest %= scale) {
            scale /= 10;
            *p++ = (char)('0' + rest / scale);
        }
    }
    return p;
}

/* ",%,36,48,": unit and reference range, as every row of the item has them. */
static uint8_t put_range(char *text, const hl_synth_lab_item *item)
{
    char *p = text;
    *p++ = ',';
    p = put(p, item->unit, strlen(item->unit));
    *p++ = ',';
    if (item->low != 0 || item->high != 0)
        p = put_fixed(p, (int64_t)floor(item->low * 1000 + 0.5), 3, true);
    *p++ = ',';
    if (item->low != 0 || item->high != 0)
        p = put_fixed(p, (int64_t)floor(item->high * 1000 + 0.5), 3, true);
    *p++ = ',';
    return (uint8_t)(p - text);
}

hl_synth_row_table *hl_synth_row_table_new(void)
{
    hl_synth_row_table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    for (int i = 0; i < HL_SYNTH_ALL_ITEMS; i++) {
        hl_synth_row_item *r = &t->item[i];
        r->item = hl_synth_lab_item_at(i, t->label[i]);
        r->n_id = (uint8_t)snprintf(r->id, sizeof r->id, ",%d,", (int)r->item.itemid);
        r->n_range = put_range(r->range, &r->item);
        r->scale = 1;
        for (int d = 0; d < r->item.decimals; d++)
            r->scale *= 10;
    }
    fill_frequencies(t->frequent);
    return t;
}

static const char *const remarks[] = {"HEMOLYZED SLIGHTLY.",
                                      "VERIFIED BY REPLICATE ANALYSIS.",
                                      "\"HEMOLYSIS FALSELY ELEVATES, THIS RESULT.\"",
                                      "\"SPECIMEN \"\"LIPEMIC\"\".\"",
                                      "\"LINE ONE,\nLINE TWO.\"",
                                      "NOTIFIED WARD.",
                                      "\"IF FASTING, 70-100 NORMAL, >125 PROVISIONAL DIABETES\"",
                                      "\"ESTIMATED \"\"BY EYE\"\", CLUMPED.\n\""};

typedef struct {
    const hl_synth_subject *subject;
    const hl_synth_draw *draw;
    char ids[48]; /* ",subject,hadm,specimen" */
    char chart[24], store[2][24];
    size_t n_ids, n_chart;
} row_common;

static char *put_value(char *p, const hl_synth_row_item *r, double value, const hl_synth_draw *draw,
                       bool no_number, bool *abnormal)
{
    *abnormal = false;
    if (no_number)
        return put(p, "___,", 4);
    if (r->item.kind == HL_LAB_TEXT) {
        const char *text = r->item.text[(int)value];
        p = put(p, text, strlen(text));
        *p++ = ',';
        return p;
    }
    *abnormal =
        (r->item.low != 0 || r->item.high != 0) && (value < r->item.low || value > r->item.high);
    int64_t fixed = (int64_t)floor(value * r->scale + 0.5);
    if (draw->kind == HL_DRAW_LONG_DECIMALS && r->item.decimals > 0) {
        /* A number that went through single precision somewhere: 4.3 is 4.300000190734863. */
        char text[HL_F64_CHARS];
        size_t n = hl_print_f64((double)(float)((double)fixed / r->scale), text);
        p = put(p, text, n);
        *p++ = ',';
        return put(p, text, n);
    }
    p = put_fixed(p, fixed, r->item.decimals, false);
    *p++ = ',';
    return put_fixed(p, fixed, r->item.decimals, true);
}

static char *put_row(char *p, const row_common *common, const hl_synth_row_item *r, double value,
                     bool no_number, int64_t labevent_id, uint64_t bits)
{
    bool abnormal;
    p = put_number(p, labevent_id);
    p = put(p, common->ids, common->n_ids);
    p = put(p, r->id, r->n_id);
    if ((bits & 3) == 0) {
        *p++ = 'P';
        for (int i = 0; i < 5; i++)
            *p++ = (char)('0' + (bits >> (8 + 4 * i) & 15) % 10);
    }
    *p++ = ',';
    p = put(p, common->chart, common->n_chart);
    *p++ = ',';
    if ((bits >> 28 & 31) != 0) /* now and then nobody wrote down when the result was stored */
        p = put(p, common->store[bits >> 33 & 1], common->n_chart);
    *p++ = ',';
    p = put_value(p, r, value, common->draw, no_number, &abnormal);
    p = put(p, r->range, r->n_range);
    if (abnormal)
        p = put(p, "abnormal", 8);
    *p++ = ',';
    uint64_t priority = bits >> 34 & 15;
    if (priority < 9)
        p = put(p, "ROUTINE,", 8);
    else if (priority < 15)
        p = put(p, "STAT,", 5);
    else
        *p++ = ',';
    if (no_number)
        p = put(p, "UNABLE TO REPORT", 16);
    else if ((bits >> 40 & 63) == 0) {
        const char *text = remarks[bits >> 46 & 7];
        p = put(p, text, strlen(text));
    }
    *p++ = '\n';
    return p;
}

void hl_synth_lab_rows(const hl_synth_row_table *table, uint64_t seed,
                       const hl_synth_subject *subject, const hl_synth_labs *labs,
                       const hl_synth_draw *draw, int64_t labevent_id, hl_buf *out)
{
    double value[HL_SYNTH_ITEMS];
    hl_rng rng = hl_rng_of(seed, "lab-draw", draw->key);
    row_common common = {.subject = subject, .draw = draw};
    hl_synth_lab_values(subject, labs, draw, &rng, value);

    char *p = common.ids;
    *p++ = ',';
    p = put_number(p, subject->subject_id);
    *p++ = ',';
    if (draw->hadm_id)
        p = put_number(p, draw->hadm_id);
    *p++ = ',';
    p = put_number(p, 1000000 + (int64_t)hl_rng_below(&rng, 98000000));
    common.n_ids = (size_t)(p - common.ids);
    common.n_chart = hl_print_time(draw->time_s, common.chart);
    int64_t stored = draw->time_s + hl_synth_int(&rng, 15, 120) * 60;
    hl_print_time(stored, common.store[0]);
    hl_print_time(stored + hl_synth_int(&rng, 1, 60) * 60, common.store[1]);

    p = hl_buf_reserve(out, (size_t)draw->n_items * ROW_BYTES);
    if (!p)
        return;
    char *start = p;
    for (int i = 0; i < draw->n_items; i++) {
        const hl_synth_row_item *r = &table->item[draw->item[i]];
        uint64_t bits = hl_rng_u64(&rng);
        double v;
        if (draw->item[i] < HL_SYNTH_ITEMS)
            v = value[draw->item[i]];
        else /* the rare ones know no illness */
            v = r->item.centre * (0.4 + 1.2 * (double)(bits >> 52) * (1.0 / 4096));
        bool no_number = draw->kind == HL_DRAW_NO_VALUES || (draw->kind == HL_DRAW_TIE && i == 0) ||
                         (draw->kind == HL_DRAW_USUAL && (bits >> 50 & 255) == 7);
        if (draw->kind == HL_DRAW_TIE)
            v *= 1 + 0.05 * i;
        p = put_row(p, &common, r, v, no_number, labevent_id + i, bits);
    }
    out->n += (size_t)(p - start);
    *p = 0;
}
