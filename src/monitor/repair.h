/*
 * repair.h - timestamps of the hour that comes twice in autumn, where monitors named the wrong one.
 *
 * Some monitor networks stamp the first 01:30 of that night (summer time) as if it were the second
 * (winter time). Such messages move back by an hour, and get the zone "summer time plus one hour",
 * which nothing else has, so that they can be told afterwards: 01:30 -05:00, which was 01:30
 * -04:00, becomes 02:30 -03:00. When the clock was set back is learnt from the messages themselves:
 * the first that is stamped in winter time after one in summer time. Source: waveform.md 4.8, last
 * paragraph.
 */
#ifndef HL_MONITOR_REPAIR_H
#define HL_MONITOR_REPAIR_H

#include "monitor/message.h"

#define HL_REPAIR_CHANGES 64

/* A night on which clocks were set back. */
typedef struct {
    int64_t from_us; /* when winter time begins */
    int32_t winter_min;
} hl_repair_change;

typedef struct {
    hl_repair_change change[HL_REPAIR_CHANGES];
    size_t n;
    hl_stamp last;    /* of the table that is being read */
    int64_t n_moved;  /* timestamps */
    int64_t n_doubts; /* left alone: nobody knows when their mapping was made */
} hl_repair;

/* A table begins. */
void hl_repair_begin(hl_repair *r);

/* Look at a message and mend its times. mapped: when its mapping was made. */
void hl_repair_message(hl_repair *r, hl_message *m, hl_stamp mapped);

#endif
