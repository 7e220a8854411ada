#include "monitor/repair.h"

#define MINUTE_US INT64_C(60000000)
#define HOUR_US (60 * MINUTE_US)

/* The messages of the hour itself, and those that monitors sent a little late. */
#define AMBIGUOUS_US (65 * MINUTE_US)
/* A mapping as young as this shows that the message is of winter time: mappings are stamped by
 * another clock, which is right. */
#define YOUNG_US (30 * MINUTE_US)

void hl_repair_begin(hl_repair *r)
{
    r->last = (hl_stamp){0};
}

static const hl_repair_change *change_at(const hl_repair *r, int64_t us)
{
    for (size_t i = 0; i < r->n; i++)
        if (us >= r->change[i].from_us && us < r->change[i].from_us + AMBIGUOUS_US)
            return &r->change[i];
    return NULL;
}

/* Clocks are set back on the hour: the first message in winter time says which. */
static void learn(hl_repair *r, hl_stamp t)
{
    bool back = r->last.has && r->last.zone_min == t.zone_min + 60 &&
                t.us - r->last.us < 24 * HOUR_US && t.us >= r->last.us;
    int64_t zone_us = (int64_t)t.zone_min * MINUTE_US;
    int64_t into = (t.us + zone_us) % HOUR_US;

    if (into < 0)
        into += HOUR_US;
    if (back && r->n < HL_REPAIR_CHANGES && !change_at(r, t.us))
        r->change[r->n++] = (hl_repair_change){t.us - into, t.zone_min};
    r->last = t;
}

static void mend(hl_repair *r, hl_stamp *t, hl_stamp mapped)
{
    const hl_repair_change *change = t->has ? change_at(r, t->us) : NULL;

    if (!change || t->zone_min != change->winter_min)
        return;
    if (!mapped.has) {
        r->n_doubts++;
        return;
    }
    if (t->us - mapped.us <= YOUNG_US)
        return;
    t->us -= HOUR_US;
    t->zone_min = change->winter_min + 120;
    r->n_moved++;
}

void hl_repair_message(hl_repair *r, hl_message *m, hl_stamp mapped)
{
    learn(r, m->time);
    mend(r, &m->time, mapped);
    if (m->kind == HL_MESSAGE_ALERT) {
        mend(r, &m->announce, mapped);
        mend(r, &m->onset, mapped);
        mend(r, &m->end, mapped);
    }
}
