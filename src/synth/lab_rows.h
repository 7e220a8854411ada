/*
 * lab_rows.h - one draw to rows of labevents.csv.
 */
#ifndef HL_SYNTH_LAB_ROWS_H
#define HL_SYNTH_LAB_ROWS_H

#include "base/buf.h"
#include "synth/labs.h"

#define HL_SYNTH_LAB_HEADER                                                                        \
    "labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,"     \
    "value,valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments\n"

/* What every row of an item has in common, as text. */
typedef struct {
    hl_synth_lab_item item;
    char id[12];    /* ",51221," */
    char range[48]; /* ",%,36,48," */
    uint8_t n_id, n_range;
    double scale; /* 10^decimals */
} hl_synth_row_item;

typedef struct {
    hl_synth_row_item item[HL_SYNTH_ALL_ITEMS];
    char label[HL_SYNTH_ALL_ITEMS][HL_SYNTH_LABEL];
    uint16_t frequent[65536]; /* an item's index as often as its share of all rows */
} hl_synth_row_table;

hl_synth_row_table *hl_synth_row_table_new(void); /* NULL: out of memory; freed by free() */

/* Append the rows of draw, numbered from labevent_id. */
void hl_synth_lab_rows(const hl_synth_row_table *table, uint64_t seed,
                       const hl_synth_subject *subject, const hl_synth_labs *labs,
                       const hl_synth_draw *draw, int64_t labevent_id, hl_buf *out);

#endif
