#include "synth/plan.h"

#include "base/civil.h"
#include "synth/chance.h"

const hl_synth_case hl_synth_film_cases[HL_FILM_CASES] = {
    [HL_FILM_OK] = {"ok", 53, true},
    [HL_FILM_MULTI] = {"multi", 11, true},
    [HL_FILM_TIE] = {"tie", 5, true},
    [HL_FILM_FRACTION_TIE] = {"fraction-tie", 1, true},
    [HL_FILM_MANY] = {"many", 1, true},
    [HL_FILM_FROM_24H] = {"from-24h", 1, true},
    [HL_FILM_AT_72H] = {"at-72h", 1, true},
    [HL_FILM_AT_72H_FRACTION] = {"at-72h-fraction", 1, true},
    [HL_FILM_SECOND_FILE] = {"second-file", 2, true},
    [HL_FILM_NONE] = {"none", 5, false},
    [HL_FILM_EARLY] = {"early", 4, false},
    [HL_FILM_LATE] = {"late", 4, false},
    [HL_FILM_OTHER_VIEW] = {"other-view", 3, false},
    [HL_FILM_NO_LABELS] = {"no-labels", 3, false},
    [HL_FILM_NO_FILE] = {"no-file", 2, false},
    [HL_FILM_AT_24H] = {"at-24h", 1, false},
    [HL_FILM_AT_24H_FRACTION] = {"at-24h-fraction", 1, false},
    [HL_FILM_AFTER_72H] = {"after-72h", 1, false},
};

const hl_synth_case hl_synth_ecg_cases[HL_ECG_CASES] = {
    [HL_ECG_OK] = {"ok", 67, true},
    [HL_ECG_MULTI] = {"multi", 8, true},
    [HL_ECG_TIE] = {"tie", 4, true},
    [HL_ECG_NAN_FIRST] = {"nan-first", 2, true},
    [HL_ECG_ZERO_FIRST] = {"zero-first", 1, true},
    [HL_ECG_LEAD_OFF] = {"lead-off", 2, true},
    [HL_ECG_AT_START] = {"at-start", 1, true},
    [HL_ECG_AT_END] = {"at-end", 1, true},
    [HL_ECG_MANY] = {"many", 1, true},
    [HL_ECG_NONE] = {"none", 4, false},
    [HL_ECG_OUTSIDE] = {"outside", 4, false},
    [HL_ECG_NAN] = {"nan", 2, false},
    [HL_ECG_ZERO] = {"zero", 1, false},
    [HL_ECG_BEFORE_START] = {"before-start", 1, false},
    [HL_ECG_AFTER_END] = {"after-end", 1, false},
};

const hl_synth_case hl_synth_lab_cases[HL_LAB_CASES] = {
    [HL_LAB_OK] = {"ok", 86, true},
    [HL_LAB_ENDS] = {"ends", 2, true},
    [HL_LAB_TIE] = {"tie", 4, true},
    [HL_LAB_LONG_DECIMALS] = {"long-decimals", 2, true},
    [HL_LAB_BEFORE_ONLY] = {"before-only", 2, true},
    [HL_LAB_NONE] = {"none", 2, false},
    [HL_LAB_TEXT_ONLY] = {"text-only", 1, false},
    [HL_LAB_OTHERS_ONLY] = {"others-only", 1, false},
};

typedef struct {
    const char *text;
    uint16_t weight;
} choice;

/* Wording is MIMIC-IV's; the weights are round numbers of general knowledge. */
static const choice races[] = {{"WHITE", 62},
                               {"BLACK/AFRICAN AMERICAN", 14},
                               {"HISPANIC/LATINO", 6},
                               {"ASIAN", 5},
                               {"OTHER", 5},
                               {"UNKNOWN", 5},
                               {"WHITE - OTHER EUROPEAN", 3},
                               {NULL, 0}};
static const choice maritals[] = {{"MARRIED", 45}, {"SINGLE", 33}, {"WIDOWED", 12},
                                  {"DIVORCED", 8}, {"", 2},        {NULL, 0}};
static const choice languages[] = {{"ENGLISH", 90}, {"?", 10}, {NULL, 0}};
static const choice groups[] = {
    {"2008 - 2010", 34}, {"2011 - 2013", 24}, {"2014 - 2016", 22}, {"2017 - 2019", 20}, {NULL, 0}};
static const choice insurances[] = {{"Other", 50}, {"Medicare", 40}, {"Medicaid", 10}, {NULL, 0}};
static const choice emergency_types[] = {{"EW EMER.", 55},
                                         {"EU OBSERVATION", 18},
                                         {"OBSERVATION ADMIT", 12},
                                         {"DIRECT EMER.", 5},
                                         {NULL, 0}};
static const choice planned_types[] = {{"SURGICAL SAME DAY ADMISSION", 40},
                                       {"URGENT", 30},
                                       {"ELECTIVE", 20},
                                       {"DIRECT OBSERVATION", 10},
                                       {NULL, 0}};
static const choice emergency_from[] = {{"EMERGENCY ROOM", 70},
                                        {"WALK-IN/SELF REFERRAL", 12},
                                        {"TRANSFER FROM HOSPITAL", 12},
                                        {"PROCEDURE SITE", 6},
                                        {NULL, 0}};
static const choice planned_from[] = {
    {"PHYSICIAN REFERRAL", 80}, {"TRANSFER FROM HOSPITAL", 12}, {"CLINIC REFERRAL", 8}, {NULL, 0}};
static const choice destinations[] = {{"HOME", 42},
                                      {"HOME HEALTH CARE", 24},
                                      {"SKILLED NURSING FACILITY", 14},
                                      {"REHAB", 8},
                                      {"", 6},
                                      {"CHRONIC/LONG TERM ACUTE CARE", 4},
                                      {"HOSPICE", 2},
                                      {NULL, 0}};

static const char *choose(hl_rng *rng, const choice *list)
{
    uint64_t sum = 0;
    for (const choice *c = list; c->text; c++)
        sum += c->weight;
    uint64_t at = hl_rng_below(rng, sum);
    while (at >= list->weight)
        at -= (list++)->weight;
    return list->text;
}

/* Ten million eight-digit ids in scattered order: index times a number prime to 10^7. */
static int64_t scatter(uint64_t seed, const char *kind, int64_t head, int64_t index)
{
    hl_rng rng = hl_rng_of(seed, kind, 0);
    int64_t add = hl_synth_int(&rng, 0, 9999999),
            times = hl_synth_int(&rng, 0, 99999) * 10 + 3000007;
    return head * 10000000 + (index * times + add) % 10000000;
}

static int64_t subject_id_of(uint64_t seed, int64_t n, int64_t index)
{
    int64_t gap = 9999999 / n;
    hl_rng rng = hl_rng_of(seed, "subject-id", (uint64_t)index);
    return 10000000 + index * gap + hl_synth_int(&rng, gap / 8, gap - 1);
}

static int admissions_of(uint64_t seed, int64_t index)
{
    static const uint16_t weight[] = {83, 11, 4, 1, 1, 0};
    hl_rng rng = hl_rng_of(seed, "admissions", (uint64_t)index);
    return 1 + (int)hl_synth_pick(&rng, weight);
}

static int case_of(uint64_t seed, const char *stream, const hl_synth_case *list, int64_t admission)
{
    int card = hl_synth_card(seed, stream, (uint64_t)admission / HL_SYNTH_DECK,
                             (int)(admission % HL_SYNTH_DECK));
    int i = 0;
    while (card >= list[i].percent)
        card -= list[i++].percent;
    return i;
}

static hl_synth_illness draw_illness(uint64_t seed, int64_t admission)
{
    hl_synth_illness s = {0};
    hl_rng rng = hl_rng_of(seed, "illness", (uint64_t)admission);
    for (int k = 0; k < HL_SYNTH_TRIPLES; k++) {
        uint64_t bits = hl_rng_u64(&rng);
        s.a[k] = bits >> 63;
        s.b[k] = bits >> 62 & 1;
        s.c[k] = s.a[k] != s.b[k];
        s.lab[k] = (s.a[k] ? 1 : -1) * hl_synth_between(&rng, 0.7, 1.3);
        s.ecg[k] = (s.b[k] ? 1 : -1) * hl_synth_between(&rng, 0.7, 1.3);
        s.film[k] = (s.c[k] ? 1 : -1) * hl_synth_between(&rng, 0.7, 1.3);
    }
    return s;
}

hl_code hl_synth_plan_new(uint64_t seed, int64_t n_patients, hl_synth_films films,
                          hl_synth_plan *out, hl_error *err)
{
    *out = (hl_synth_plan){.seed = seed, .n_patients = n_patients, .films = films};
    size_t bytes = ((size_t)n_patients + 1) * sizeof *out->first_admission;
    out->first_admission = malloc(bytes);
    if (!out->first_admission)
        return hl_fail_memory(err, "plan of the hospital", bytes);
    int64_t n = 0;
    for (int64_t i = 0; i < n_patients; i++) {
        out->first_admission[i] = n;
        n += admissions_of(seed, i);
    }
    out->first_admission[n_patients] = n;
    return HL_OK;
}

void hl_synth_plan_free(hl_synth_plan *plan)
{
    free(plan->first_admission);
    plan->first_admission = NULL;
}

/* --- stays -------------------------------------------------------------------------------------
 */

/* Emergencies come all day, most in the afternoon and evening; planned ones in the morning. */
static int64_t time_of_day(hl_rng *rng, bool emergency)
{
    static const uint16_t hour[] = {34, 28, 22, 18, 15, 14, 15, 20, 26, 34, 42, 50, 56,
                                    60, 63, 65, 66, 66, 65, 63, 60, 55, 48, 41, 0};
    if (!emergency && hl_synth_chance(rng, 0.6))
        return 7 * HL_HOUR_S + 15 * 60;
    int64_t h = emergency ? (int64_t)hl_synth_pick(rng, hour) : hl_synth_int(rng, 6, 14);
    return h * HL_HOUR_S + hl_synth_int(rng, 0, 59) * 60;
}

static void draw_stay(const hl_synth_plan *plan, hl_synth_subject *s, hl_rng *rng, int k,
                      int64_t day, bool short_stay)
{
    hl_synth_admission *m = &s->admission[k];
    int64_t number = plan->first_admission[s->index] + k;
    bool emergency = hl_synth_chance(rng, 0.72);
    m->hadm_id = scatter(plan->seed, "hadm-id", 2, s->index * HL_SYNTH_MAX_EVENTS + k);
    m->admit_s = day + time_of_day(rng, emergency);
    /* Median four days, a long tail. */
    double days = hl_synth_clamp(4.2 * hl_synth_exp(0.72 * hl_synth_normal(rng)), 0.8, 60);
    if (short_stay)
        days = hl_synth_between(rng, 0.85, 1.6);
    m->disch_s = m->admit_s + (int64_t)(days * 1440) * 60;
    if (emergency && hl_synth_chance(rng, 0.85)) {
        m->edreg_s = m->admit_s - hl_synth_int(rng, 90, 600) * 60;
        m->edout_s = m->admit_s + hl_synth_int(rng, 20, 150) * 60;
    }
    m->type = choose(rng, emergency ? emergency_types : planned_types);
    m->from = choose(rng, emergency ? emergency_from : planned_from);
    m->to = choose(rng, destinations);
    m->insurance = choose(rng, insurances);
    uint64_t letters = hl_rng_u64(rng);
    m->provider[0] = 'P';
    for (int i = 1; i < 6; i++, letters >>= 6)
        m->provider[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(letters & 63) % 36];
    m->film_case =
        (hl_synth_film_case)case_of(plan->seed, "film-cases", hl_synth_film_cases, number);
    m->ecg_case = (hl_synth_ecg_case)case_of(plan->seed, "ecg-cases", hl_synth_ecg_cases, number);
    m->lab_case = (hl_synth_lab_case)case_of(plan->seed, "lab-cases", hl_synth_lab_cases, number);
    m->illness = draw_illness(plan->seed, number);
    m->follows = -1;
}

static void draw_person(hl_synth_subject *s, hl_rng *rng)
{
    s->gender = hl_synth_chance(rng, 0.52) ? 'F' : 'M';
    double age = 63 + 18 * hl_synth_normal(rng);
    if (hl_synth_chance(rng, 0.12))
        age = hl_synth_between(rng, 18, 45);
    age = hl_synth_clamp(age, 18, 97);
    s->anchor_age = age > 89 ? 91 : (int)age; /* MIMIC-IV writes 91 for everybody above 89 */
    s->anchor_year = 2110 + (int)hl_rng_below(rng, 90);
    s->anchor_group = choose(rng, groups);
    s->race = choose(rng, races);
    s->marital = choose(rng, maritals);
    s->language = choose(rng, languages);
    s->body = hl_synth_clamp(0.5 * hl_synth_normal(rng), -1, 1);
    s->fibrillation = hl_synth_chance(rng, age > 65 ? 0.10 : 0.02);
}

static void draw_stays(const hl_synth_plan *plan, hl_synth_subject *s, hl_rng *rng)
{
    hl_civil new_year = {.year = s->anchor_year, .month = 1, .day = 1};
    int64_t day = hl_civil_seconds(&new_year) + hl_synth_int(rng, 10, 500) * HL_DAY_S;
    int n = admissions_of(plan->seed, s->index);
    bool back_soon = false;
    for (int k = 0; k < n; k++) {
        bool follows = back_soon;
        back_soon = k + 1 < n && !follows && hl_synth_chance(rng, 0.3);
        draw_stay(plan, s, rng, k, day, back_soon || follows);
        hl_synth_admission *m = &s->admission[k], *before = m - 1;
        if (follows) {
            /* Back 6 to 40 hours after leaving: the windows of the two stays overlap. */
            int64_t stay = m->disch_s - m->admit_s, shift = m->admit_s;
            m->admit_s = before->disch_s + hl_synth_int(rng, 6 * 60, 40 * 60) * 60;
            shift = m->admit_s - shift;
            m->disch_s = m->admit_s + stay;
            m->edreg_s += m->edreg_s ? shift : 0;
            m->edout_s += m->edout_s ? shift : 0;
            m->illness = before->illness;
            m->follows = k - 1;
            m->near = before->near = true;
        }
        s->n_admissions = k + 1;
        int64_t end = m->disch_s - m->disch_s % HL_DAY_S;
        day = end + hl_synth_int(rng, 20, 400) * HL_DAY_S;
    }
    hl_synth_admission *last = &s->admission[n - 1];
    if (hl_synth_chance(rng, 0.03)) {
        last->death_s = last->disch_s - hl_synth_int(rng, 0, 90) * 60;
        last->to = "DIED";
        s->dod_s = last->death_s - last->death_s % HL_DAY_S;
    } else if (hl_synth_chance(rng, 0.12)) {
        s->dod_s = last->disch_s - last->disch_s % HL_DAY_S + hl_synth_int(rng, 5, 360) * HL_DAY_S;
    }
}

/* --- films -------------------------------------------------------------------------------------
 */

static int add_study(const hl_synth_plan *plan, hl_synth_subject *s, hl_rng *rng, int admission,
                     int64_t after_s, int32_t millis)
{
    hl_assert(s->n_studies < HL_SYNTH_MAX_EVENTS);
    int i = s->n_studies++;
    hl_synth_study *study = &s->study[i];
    study->study_id = scatter(plan->seed, "film-study", 5, s->index * HL_SYNTH_MAX_EVENTS + i);
    study->time_s = s->admission[admission].admit_s + after_s;
    study->millis = millis;
    study->admission = admission;
    study->labelled = true;
    study->portable = hl_synth_chance(rng, 0.6);
    /* A pacemaker stays; the others come and go, mostly on portable films of the very ill. */
    hl_rng own = hl_rng_of(plan->seed, "pacemaker", (uint64_t)s->index);
    if (hl_synth_chance(&own, 0.06))
        study->device = HL_SYNTH_DEVICE_PACEMAKER;
    else if (hl_synth_chance(rng, study->portable ? 0.5 : 0.03))
        study->device =
            (hl_synth_device)hl_synth_int(rng, HL_SYNTH_DEVICE_LEADS, HL_SYNTH_DEVICE_TUBE);
    return i;
}

const char *hl_synth_study_step(const hl_synth_study *study)
{
    return study->portable ? "CHEST (PORTABLE AP)" : "CHEST (PA AND LAT)";
}

const char *hl_synth_study_posture(const hl_synth_study *study)
{
    return study->portable ? "Recumbent" : "Erect";
}

/* Long side 700 to 1000 px for small films, a detector's 2544 x 3056 for full ones; one in 20 small
 * films has a short side of exactly 320 px, one in 20 a shorter one. */
static void draw_size(hl_synth_films mode, hl_rng *rng, int32_t *width, int32_t *height)
{
    static const int32_t full[4][2] = {{2544, 3056}, {3056, 2544}, {2022, 2022}, {2500, 3050}};
    static const uint16_t weight[] = {45, 35, 8, 12, 0};
    int32_t lng, shrt;
    if (mode == HL_SYNTH_FILMS_FULL) {
        size_t i = hl_synth_pick(rng, weight);
        *width = full[i][0];
        *height = full[i][1];
        return;
    }
    double kind = hl_rng_f64(rng);
    if (kind < 0.05) {
        shrt = 320;
        lng = (int32_t)hl_synth_int(rng, 320, 420);
    } else if (kind < 0.10) {
        shrt = (int32_t)hl_synth_int(rng, 232, 318);
        lng = (int32_t)hl_synth_int(rng, 340, 420);
    } else {
        lng = (int32_t)hl_synth_int(rng, 700, 1000);
        shrt = (int32_t)((double)lng * hl_synth_between(rng, 0.78, 0.98));
    }
    bool portrait = hl_synth_chance(rng, 0.55);
    *width = portrait ? shrt : lng;
    *height = portrait ? lng : shrt;
}

static void add_film(const hl_synth_plan *plan, hl_synth_subject *s, hl_rng *rng, int study,
                     const char *view, bool has_file)
{
    hl_assert(s->n_films < HL_SYNTH_MAX_EVENTS);
    hl_synth_film *f = &s->film[s->n_films++];
    f->study = study;
    f->has_file = has_file;
    f->view = view ? view : s->study[study].portable ? "AP" : "PA";
    f->view_text = !strcmp(f->view, "AP")        ? "antero-posterior"
                   : !strcmp(f->view, "PA")      ? "postero-anterior"
                   : !strcmp(f->view, "LATERAL") ? "lateral"
                   : !strcmp(f->view, "LL")      ? "left lateral"
                                                 : "";
    draw_size(plan->films, rng, &f->width, &f->height);
    uint64_t a = hl_rng_u64(rng), b = hl_rng_u64(rng), c = hl_rng_u64(rng);
    snprintf(f->dicom_id, sizeof f->dicom_id, "%08x-%08x-%08x-%08x-%08x", (uint32_t)a,
             (uint32_t)(a >> 32), (uint32_t)b, (uint32_t)(b >> 32), (uint32_t)c);
}

/* A study with one frontal film and, when it was taken standing, often a lateral one. */
static int add_usual(const hl_synth_plan *plan, hl_synth_subject *s, hl_rng *rng, int admission,
                     int64_t after_s, int32_t millis)
{
    int i = add_study(plan, s, rng, admission, after_s, millis);
    add_film(plan, s, rng, i, NULL, true);
    if (!s->study[i].portable && hl_synth_chance(rng, 0.7))
        add_film(plan, s, rng, i, hl_synth_chance(rng, 0.7) ? "LATERAL" : "LL", false);
    return i;
}

/* Seconds after admission inside the film window, rather before the discharge. */
static int64_t inside_window(const hl_synth_admission *m, hl_rng *rng)
{
    int64_t low = 24 * HL_HOUR_S + 600, high = 72 * HL_HOUR_S - 600, stay = m->disch_s - m->admit_s;
    if (stay > low + HL_HOUR_S && stay < high)
        high = stay;
    return hl_synth_int(rng, low, high);
}

/* Long, because it is the table of the film cases: one line or two each. */
static void plan_films(const hl_synth_plan *plan, hl_synth_subject *s, hl_rng *rng, int k)
{
    const hl_synth_admission *m = &s->admission[k];
    const int64_t h24 = 24 * HL_HOUR_S, h72 = 72 * HL_HOUR_S;
    int64_t at = inside_window(m, rng);
    int32_t ms = hl_synth_chance(rng, 0.3) ? 0 : (int32_t)hl_synth_int(rng, 1, 999);
    int i;
    switch (m->film_case) {
    case HL_FILM_OK:
        add_usual(plan, s, rng, k, at, ms);
        if (hl_synth_chance(rng, 0.15)) /* in the emergency department, before the window */
            add_usual(plan, s, rng, k, hl_synth_int(rng, -3 * HL_HOUR_S, 20 * HL_HOUR_S), ms);
        break;
    case HL_FILM_MULTI:
        for (int n = (int)hl_synth_int(rng, 2, 3); n > 0; n--)
            add_usual(plan, s, rng, k, inside_window(m, rng), ms);
        break;
    case HL_FILM_TIE:
        i = add_study(plan, s, rng, k, at, ms);
        add_film(plan, s, rng, i, NULL, true);
        add_film(plan, s, rng, i, NULL, true);
        break;
    case HL_FILM_FRACTION_TIE:
        add_usual(plan, s, rng, k, at, 125);
        add_usual(plan, s, rng, k, at, 750);
        break;
    case HL_FILM_MANY: /* more than 16 candidates of few different times */
        for (int n = 0; n < 5; n++) {
            i = add_study(plan, s, rng, k, at + 60 * (n % 3), ms);
            for (int j = 0; j < 4; j++)
                add_film(plan, s, rng, i, NULL, true);
        }
        break;
    case HL_FILM_FROM_24H:
        add_usual(plan, s, rng, k, h24 + 1, 0);
        break;
    case HL_FILM_AT_72H:
        add_usual(plan, s, rng, k, h72, 0);
        break;
    case HL_FILM_AT_72H_FRACTION:
        add_usual(plan, s, rng, k, h72, 900);
        break;
    case HL_FILM_SECOND_FILE:
        i = add_study(plan, s, rng, k, 24 * HL_HOUR_S + 300, ms);
        add_film(plan, s, rng, i, NULL, false);
        add_usual(plan, s, rng, k, at, ms);
        break;
    case HL_FILM_NONE:
        break;
    case HL_FILM_EARLY:
        add_usual(plan, s, rng, k, hl_synth_int(rng, -5 * HL_HOUR_S, 23 * HL_HOUR_S), ms);
        break;
    case HL_FILM_LATE:
        add_usual(plan, s, rng, k, hl_synth_int(rng, 80 * HL_HOUR_S, 200 * HL_HOUR_S), ms);
        break;
    case HL_FILM_OTHER_VIEW:
        i = add_study(plan, s, rng, k, at, ms);
        add_film(plan, s, rng, i, "LATERAL", false);
        add_film(plan, s, rng, i, hl_synth_chance(rng, 0.5) ? "LL" : "", false);
        break;
    case HL_FILM_NO_LABELS:
        i = add_usual(plan, s, rng, k, at, ms);
        s->study[i].labelled = false;
        break;
    case HL_FILM_NO_FILE:
        i = add_study(plan, s, rng, k, at, ms);
        add_film(plan, s, rng, i, NULL, false);
        break;
    case HL_FILM_AT_24H:
        add_usual(plan, s, rng, k, h24, 0);
        break;
    case HL_FILM_AT_24H_FRACTION: /* the fraction is cut off before the window is tested */
        add_usual(plan, s, rng, k, h24, 875);
        break;
    case HL_FILM_AFTER_72H:
        add_usual(plan, s, rng, k, h72 + 1, 0);
        break;
    case HL_FILM_CASES:
        break;
    }
}

/* --- ECGs --------------------------------------------------------------------------------------
 */

static void add_record(const hl_synth_plan *plan, hl_synth_subject *s, int admission,
                       int64_t after_s, hl_synth_wave wave)
{
    hl_assert(s->n_records < HL_SYNTH_MAX_EVENTS);
    hl_synth_record *r = &s->record[s->n_records];
    r->study_id =
        scatter(plan->seed, "ecg-study", 4, s->index * HL_SYNTH_MAX_EVENTS + s->n_records);
    r->time_s = s->admission[admission].admit_s + after_s;
    r->admission = admission;
    r->wave = wave;
    s->n_records++;
}

/* The table of the ECG cases. */
static void plan_records(const hl_synth_plan *plan, hl_synth_subject *s, hl_rng *rng, int k)
{
    const hl_synth_admission *m = &s->admission[k];
    const int64_t h24 = 24 * HL_HOUR_S;
    int64_t at = hl_synth_int(rng, -6 * 60, 14 * 60) * 60; /* most near the admission */
    if (hl_synth_chance(rng, 0.15))
        at += hl_synth_int(rng, 0, 59);
    switch (m->ecg_case) {
    case HL_ECG_OK:
        add_record(plan, s, k, at, HL_WAVE_DRAWN);
        if (hl_synth_chance(rng, 0.15)) /* a control on a later day */
            add_record(plan, s, k, hl_synth_int(rng, 26, 190) * HL_HOUR_S, HL_WAVE_DRAWN);
        break;
    case HL_ECG_MULTI:
        for (int n = (int)hl_synth_int(rng, 2, 3); n > 0; n--)
            add_record(plan, s, k, hl_synth_int(rng, -7 * 60, 23 * 60) * 60, HL_WAVE_DRAWN);
        break;
    case HL_ECG_TIE:
        add_record(plan, s, k, at, HL_WAVE_DRAWN);
        add_record(plan, s, k, at, HL_WAVE_DRAWN);
        break;
    case HL_ECG_NAN_FIRST:
    case HL_ECG_ZERO_FIRST:
        add_record(plan, s, k, at, m->ecg_case == HL_ECG_NAN_FIRST ? HL_WAVE_NAN : HL_WAVE_ZERO);
        add_record(plan, s, k, at + hl_synth_int(rng, 5, 90) * 60, HL_WAVE_DRAWN);
        break;
    case HL_ECG_LEAD_OFF:
        add_record(plan, s, k, at, HL_WAVE_LEAD_OFF);
        break;
    case HL_ECG_AT_START:
        add_record(plan, s, k, -h24, HL_WAVE_DRAWN);
        break;
    case HL_ECG_AT_END:
        add_record(plan, s, k, h24, HL_WAVE_DRAWN);
        break;
    case HL_ECG_MANY: /* more than 16 candidates of few different times */
        for (int n = 0; n < 20; n++)
            add_record(plan, s, k, at + 60 * (n % 3), HL_WAVE_DRAWN);
        break;
    case HL_ECG_NONE:
        break;
    case HL_ECG_OUTSIDE:
        add_record(plan, s, k, hl_synth_int(rng, 26, 190) * HL_HOUR_S, HL_WAVE_DRAWN);
        break;
    case HL_ECG_NAN:
        add_record(plan, s, k, at, HL_WAVE_NAN);
        break;
    case HL_ECG_ZERO:
        add_record(plan, s, k, at, HL_WAVE_ZERO);
        break;
    case HL_ECG_BEFORE_START:
        add_record(plan, s, k, -h24 - 1, HL_WAVE_DRAWN);
        break;
    case HL_ECG_AFTER_END:
        add_record(plan, s, k, h24 + 1, HL_WAVE_DRAWN);
        break;
    case HL_ECG_CASES:
        break;
    }
}

/* --- order -------------------------------------------------------------------------------------
 */

/* A handful of items each: insertion sort. Files are ordered by study, not by time, as MIMIC's are.
 */
static void sort_events(hl_synth_subject *s)
{
    for (int i = 1; i < s->n_records; i++)
        for (int j = i; j > 0 && s->record[j].study_id < s->record[j - 1].study_id; j--) {
            hl_synth_record t = s->record[j];
            s->record[j] = s->record[j - 1];
            s->record[j - 1] = t;
        }
    for (int i = 1; i < s->n_films; i++)
        for (int j = i; j > 0; j--) {
            hl_synth_film *f = &s->film[j], *g = f - 1, t;
            int64_t fs = s->study[f->study].study_id, gs = s->study[g->study].study_id;
            if (fs > gs || (fs == gs && strcmp(f->dicom_id, g->dicom_id) >= 0))
                break;
            t = *f;
            *f = *g;
            *g = t;
        }
}

void hl_synth_plan_subject(const hl_synth_plan *plan, int64_t index, hl_synth_subject *out)
{
    memset(out, 0, sizeof *out);
    out->index = index;
    out->subject_id = subject_id_of(plan->seed, plan->n_patients, index);
    hl_rng rng = hl_rng_of(plan->seed, "subject", (uint64_t)index);
    draw_person(out, &rng);
    draw_stays(plan, out, &rng);
    for (int k = 0; k < out->n_admissions; k++) {
        uint64_t number = (uint64_t)(plan->first_admission[index] + k);
        hl_rng films = hl_rng_of(plan->seed, "film-plan", number);
        hl_rng records = hl_rng_of(plan->seed, "ecg-plan", number);
        plan_films(plan, out, &films, k);
        plan_records(plan, out, &records, k);
    }
    sort_events(out);
}
