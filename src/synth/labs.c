#include "synth/labs.h"

#include "base/civil.h"
#include "synth/chance.h"

/* Positions in hl_synth_lab_items that values are computed for. */
enum {
    HCT = 0,
    PLT = 1,
    CREA = 2,
    K = 3,
    HGB = 4,
    WBC = 5,
    MCHC = 6,
    RBC = 7,
    MCV = 8,
    MCH = 9,
    RDW = 10,
    BUN = 11,
    NA = 12,
    CL = 13,
    HCO3 = 14,
    AG = 15,
    GLU = 16,
    INR = 20,
    PT = 21,
    BASO = 23,
    NEUT = 24,
    MONO = 25,
    EOS = 26,
    LYM = 27,
    RDW_SD = 28,
    LAC = 34,
    PH = 37,
    BE = 39,
    TCO2 = 41,
    PCO2 = 42,
    ANC = 43,
    AEC = 44,
    AMC = 45,
    ABC = 46,
    ALC = 47,
    IG = 49
};

/* Panels: the items of one tube. End with -1. */
static const int16_t blood_count[] = {0, 1, 4, 5, 6, 7, 8, 9, 10, 28, -1};
static const int16_t differential[] = {23, 24, 25, 26, 27, 43, 44, 45, 46, 47, 49, -1};
static const int16_t chemistry[] = {2, 3, 11, 12, 13, 14, 15, 16, 17, 18, 19, 29, 30, 31, -1};
static const int16_t coagulation[] = {20, 21, 22, -1};
static const int16_t liver[] = {32, 33, 35, 36, 38, 48, -1};
static const int16_t gas[] = {50, 34, 37, 39, 40, 41, 42, 51, 53, 54, 57, 59, 60, -1};
static const int16_t urine[] = {99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, -1};
static const int16_t renal_only[] = {2, 3, 11, 12, -1};
static const int16_t glucose_only[] = {16, -1};
static const int16_t tied[] = {34, 34, 16, 16, 16, -1};

typedef struct {
    const hl_synth_plan *plan;
    const hl_synth_subject *subject;
    hl_synth_labs *labs;
    hl_rng rng;
    uint64_t n_keys;
} builder;

static hl_synth_draw *add_draw(builder *b, int admission, int64_t time_s, const int16_t *items)
{
    hl_assert(b->labs->n_draws < HL_SYNTH_MAX_DRAWS);
    hl_synth_draw *d = &b->labs->draw[b->labs->n_draws++];
    *d = (hl_synth_draw){.time_s = time_s, .admission = admission};
    d->key = (uint64_t)b->subject->index << 24 | b->n_keys++;
    for (; *items >= 0; items++)
        d->item[d->n_items++] = *items;
    if (admission >= 0) {
        const hl_synth_admission *m = &b->subject->admission[admission];
        /* Before the admission the laboratory knows no stay yet; later it is sometimes not filled
         * in. */
        double empty = time_s < m->admit_s ? 0.6 : time_s > m->disch_s ? 1 : 0.12;
        d->hadm_id = hl_synth_chance(&b->rng, empty) ? 0 : m->hadm_id;
    }
    return d;
}

static void add_items(hl_synth_draw *d, const int16_t *items)
{
    for (; *items >= 0 && d->n_items < HL_SYNTH_DRAW_ITEMS; items++)
        d->item[d->n_items++] = *items;
}

/* Ranges of hl_synth_lab_items outside the recipe. */
enum { CHEMISTRY_FIRST = 62, CHEMISTRY_LAST = 88, CELLS_FIRST = 89, CELLS_LAST = 98 };

/* n different items of first .. last; the steps between them add up to less than the range. */
static void add_extras(builder *b, hl_synth_draw *d, int first, int last, int n)
{
    int at = (int)hl_synth_int(&b->rng, first, last);
    for (int i = 0; i < n && d->n_items < HL_SYNTH_DRAW_ITEMS; i++) {
        d->item[d->n_items++] = (int16_t)at;
        at += (int)hl_synth_int(&b->rng, 1, (last - first) / n);
        if (at > last)
            at -= last - first + 1;
    }
}

/* The set of tubes of an admission (full) or of a morning. */
static void add_set(builder *b, int k, int64_t t, bool full, hl_synth_draw_kind kind)
{
    hl_rng *rng = &b->rng;
    if (hl_synth_chance(rng, full ? 0.97 : 0.85)) {
        hl_synth_draw *d = add_draw(b, k, t, blood_count);
        if (hl_synth_chance(rng, full ? 0.72 : 0.12)) {
            add_items(d, differential);
            add_extras(b, d, CELLS_FIRST, CELLS_LAST, (int)hl_synth_int(rng, 0, 4));
        }
    }
    if (hl_synth_chance(rng, full ? 0.98 : 0.92)) {
        hl_synth_draw *d = add_draw(b, k, t, chemistry);
        d->kind = kind;
        if (hl_synth_chance(rng, full ? 0.6 : 0.18))
            add_items(d, liver);
        add_extras(b, d, CHEMISTRY_FIRST, CHEMISTRY_LAST,
                   (int)hl_synth_int(rng, full ? 2 : 0, full ? 6 : 3));
    }
    if (hl_synth_chance(rng, full ? 0.62 : 0.22))
        add_draw(b, k, t, coagulation);
    if (hl_synth_chance(rng, full ? 0.42 : 0.10))
        add_draw(b, k, t + hl_synth_int(rng, 0, 90) * 60, gas);
}

static void add_mornings(builder *b, int k, int64_t not_before_s)
{
    const hl_synth_admission *m = &b->subject->admission[k];
    int64_t day = m->admit_s - m->admit_s % HL_DAY_S;
    for (int n = 1; n <= 8; n++) {
        int64_t t = day + n * HL_DAY_S + 5 * HL_HOUR_S + hl_synth_int(&b->rng, 0, 119) * 60;
        if (t > m->disch_s)
            break;
        if (t > not_before_s)
            add_set(b, k, t, false, HL_DRAW_USUAL);
    }
}

static void add_stay(builder *b, int k)
{
    const hl_synth_admission *m = &b->subject->admission[k];
    const int64_t h24 = 24 * HL_HOUR_S;
    int64_t first = m->admit_s + hl_synth_int(&b->rng, -5 * 60, 90) * 60,
            later = m->admit_s + h24 + 60;
    hl_synth_draw *d;
    switch (m->lab_case) {
    case HL_LAB_TIE:
        d = add_draw(b, k, m->admit_s - 10 * HL_HOUR_S, tied);
        d->kind = HL_DRAW_TIE;
        /* fall through */
    case HL_LAB_OK:
    case HL_LAB_LONG_DECIMALS:
        add_set(b, k, first, true,
                m->lab_case == HL_LAB_LONG_DECIMALS ? HL_DRAW_LONG_DECIMALS : HL_DRAW_USUAL);
        if (hl_synth_chance(&b->rng, 0.45))
            add_draw(b, k, first + hl_synth_int(&b->rng, 10, 300) * 60, urine);
        add_mornings(b, k, first);
        break;
    case HL_LAB_ENDS: /* one second outside, on, on, one second outside */
        add_draw(b, k, m->admit_s - h24 - 1, glucose_only);
        add_draw(b, k, m->admit_s - h24, renal_only);
        add_draw(b, k, m->admit_s + h24, blood_count);
        add_draw(b, k, m->admit_s + h24 + 1, coagulation);
        add_mornings(b, k, later);
        break;
    case HL_LAB_BEFORE_ONLY:
        add_set(b, k, m->admit_s - hl_synth_int(&b->rng, 60, 20 * 60) * 60, true, HL_DRAW_USUAL);
        add_mornings(b, k, later + 2 * HL_HOUR_S);
        break;
    case HL_LAB_NONE:
        add_mornings(b, k, later);
        break;
    case HL_LAB_TEXT_ONLY:
        d = add_draw(b, k, first, chemistry);
        add_items(d, blood_count);
        d->kind = HL_DRAW_NO_VALUES;
        add_mornings(b, k, later);
        break;
    case HL_LAB_OTHERS_ONLY:
        add_draw(b, k, first, urine);
        add_mornings(b, k, later);
        break;
    case HL_LAB_CASES:
        break;
    }
}

static void sort_draws(hl_synth_labs *labs)
{
    for (int i = 1; i < labs->n_draws; i++) {
        hl_synth_draw d = labs->draw[i];
        int j = i;
        for (; j > 0 && labs->draw[j - 1].time_s > d.time_s; j--)
            labs->draw[j] = labs->draw[j - 1];
        labs->draw[j] = d;
    }
}

void hl_synth_labs_of(const hl_synth_plan *plan, const hl_synth_subject *subject,
                      hl_synth_labs *out)
{
    builder b = {plan, subject, out, hl_rng_of(plan->seed, "lab-plan", (uint64_t)subject->index),
                 0};
    out->n_draws = 0;
    int64_t first = subject->admission[0].admit_s;
    for (int n = (int)hl_synth_int(&b.rng, 0, 3); n > 0; n--) /* visits long before */
        add_set(&b, -1, first - hl_synth_int(&b.rng, 40 * 24 * 60, 300 * 24 * 60) * 60, false,
                HL_DRAW_USUAL);
    for (int k = 0; k < subject->n_admissions; k++)
        add_stay(&b, k);
    sort_draws(out);

    hl_rng levels = hl_rng_of(plan->seed, "lab-levels", (uint64_t)subject->index);
    for (int i = 0; i < HL_SYNTH_ITEMS; i++)
        out->person[i] = hl_synth_normal(&levels);
    for (int k = 0; k < subject->n_admissions; k++)
        for (int i = 0; i < HL_SYNTH_ITEMS; i++)
            out->stay[k][i] = hl_synth_normal(&levels);
}

/* Items that are computed from others, so that a reader who checks them finds agreement. */
static void derive(double *v)
{
    v[HGB] = hl_synth_clamp(v[HGB], 4.5, 19);
    v[HCT] = v[HGB] * 100 / v[MCHC];
    v[RBC] = v[HCT] * 10 / v[MCV];
    v[MCH] = v[HGB] * 10 / v[RBC];
    v[RDW_SD] = v[RDW] * v[MCV] / 28;
    v[CL] -= 0.5 * (v[HCO3] - 24.6);
    v[AG] = hl_synth_clamp(v[NA] + v[K] - v[CL] - v[HCO3], 4, 40);
    v[PT] = v[INR] * 11.4;
    v[NEUT] = hl_synth_clamp(v[NEUT], 20, 95);
    double rest = v[LYM] + v[MONO] + v[EOS] + v[BASO] + v[IG], scale = (100 - v[NEUT]) / rest;
    v[LYM] *= scale;
    v[MONO] *= scale;
    v[EOS] *= scale;
    v[BASO] *= scale;
    v[IG] *= scale;
    v[ANC] = v[WBC] * v[NEUT] / 100;
    v[AEC] = v[WBC] * v[EOS] / 100;
    v[AMC] = v[WBC] * v[MONO] / 100;
    v[ABC] = v[WBC] * v[BASO] / 100;
    v[ALC] = v[WBC] * v[LYM] / 100;
    /* Henderson-Hasselbalch, linear around the normal point. */
    v[PH] = hl_synth_clamp(7.40 + 0.012 * (v[HCO3] - 24) - 0.007 * (v[PCO2] - 40), 6.9, 7.65);
    v[TCO2] = v[HCO3] + 0.03 * v[PCO2];
    v[BE] = v[HCO3] - 24.4 + 13 * (v[PH] - 7.40);
}

void hl_synth_lab_values(const hl_synth_subject *subject, const hl_synth_labs *labs,
                         const hl_synth_draw *draw, hl_rng *rng, double value[HL_SYNTH_ITEMS])
{
    int k = draw->admission;
    const double *stay = k >= 0 ? labs->stay[k] : NULL;
    const hl_synth_illness *illness = k >= 0 ? &subject->admission[k].illness : NULL;
    for (int i = 0; i < HL_SYNTH_ITEMS; i++) {
        const hl_synth_lab_item *item = &hl_synth_lab_items[i];
        double noise = hl_synth_normal(rng);
        /* 0.6^2 + 0.45^2 + 0.4^2 = 0.72: the illness brings the rest of the spread. */
        double z = 0.6 * labs->person[i] + 0.4 * noise + (stay ? 0.45 * stay[i] : 0);
        if (illness && item->triple >= 0)
            z += item->shift * illness->lab[item->triple];
        switch (item->kind) {
        case HL_LAB_NORMAL:
            value[i] = item->centre + item->spread * z;
            if (item->centre > 0 && value[i] < 0.05 * item->centre)
                value[i] = 0.05 * item->centre;
            break;
        case HL_LAB_LOG:
            value[i] = item->centre * hl_synth_exp(item->spread * z);
            break;
        case HL_LAB_TEXT: {
            int n = 0;
            while (item->text[n])
                n++;
            value[i] = (double)((int)((noise + 4) * 16) % n);
            break;
        }
        }
    }
    derive(value);
}
