/*
 * labs.h - lab items, and the draws of a subject: which tubes were taken when, and what was found.
 *
 * A draw is one specimen: a time and a list of items. Values come from the subject's own level, the
 * admission's, and the illness (plan.h); red cells, acid-base status and differential counts are
 * computed from each other so that they agree.
 */
#ifndef HL_SYNTH_LABS_H
#define HL_SYNTH_LABS_H

#include "base/str.h"
#include "synth/plan.h"

/* Items with a medical meaning: the 50 of the Symile-MIMIC recipe first, then others. */
#define HL_SYNTH_RECIPE_ITEMS 50
#define HL_SYNTH_ITEMS 111
/* With the rare ones that only --labevents-rows uses. */
#define HL_SYNTH_ALL_ITEMS 1600

typedef enum { HL_LAB_NORMAL, HL_LAB_LOG, HL_LAB_TEXT } hl_synth_lab_kind;

typedef struct {
    int32_t itemid;
    const char *label, *fluid, *category, *unit;
    hl_synth_lab_kind kind;
    double centre, spread; /* NORMAL: mean, sd. LOG: median, sd of the natural logarithm */
    double low, high;      /* reference range, 0 and 0 = none */
    int decimals;
    int triple;              /* which planted triple moves it, -1 = none */
    double shift;            /* standard deviations a unit of the illness's level */
    const char *const *text; /* TEXT: possible values, ends with NULL */
} hl_synth_lab_item;

extern const hl_synth_lab_item hl_synth_lab_items[HL_SYNTH_ITEMS];

/* Item of any index below HL_SYNTH_ALL_ITEMS; label gets the text of a rare one's name. */
#define HL_SYNTH_LABEL 48
hl_synth_lab_item hl_synth_lab_item_at(int index, char label[HL_SYNTH_LABEL]);

typedef enum {
    HL_DRAW_USUAL,
    HL_DRAW_NO_VALUES,    /* recipe items without a number: value "___" */
    HL_DRAW_TIE,          /* an item may be there twice; the first of all has no number */
    HL_DRAW_LONG_DECIMALS /* numbers of 17 digits */
} hl_synth_draw_kind;

#define HL_SYNTH_DRAW_ITEMS 40

typedef struct {
    int64_t time_s;
    uint64_t key;    /* of its random numbers; specimen_id comes from it */
    int admission;   /* whose illness shows, -1 = none (long before or after) */
    int64_t hadm_id; /* 0 = empty */
    hl_synth_draw_kind kind;
    int n_items; /* also the rows that it becomes */
    int16_t item[HL_SYNTH_DRAW_ITEMS];
} hl_synth_draw;

#define HL_SYNTH_MAX_DRAWS 280

typedef struct {
    int n_draws;
    hl_synth_draw draw[HL_SYNTH_MAX_DRAWS]; /* in time order */
    double person[HL_SYNTH_ITEMS];          /* own level, standard deviations */
    double stay[HL_SYNTH_MAX_ADMISSIONS][HL_SYNTH_ITEMS];
} hl_synth_labs;

/* Draws and levels of one subject. */
void hl_synth_labs_of(const hl_synth_plan *plan, const hl_synth_subject *subject,
                      hl_synth_labs *out);

/* Values of all items with a meaning for one draw; text items hold the index of their text. */
void hl_synth_lab_values(const hl_synth_subject *subject, const hl_synth_labs *labs,
                         const hl_synth_draw *draw, hl_rng *rng, double value[HL_SYNTH_ITEMS]);

#endif
