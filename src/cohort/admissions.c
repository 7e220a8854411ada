#include "cohort/selection.h"

#include "base/log.h"

/* Rows of the left join admissions -> patients: pairs of row numbers, patient -1 where there is
 * none. */
typedef struct {
    int64_t *admission, *patient;
    size_t n;
    int64_t n_without_patient;
} pairs;

static hl_code join_patients(const hl_selection *s, const hl_index *by_subject, pairs *p,
                             hl_error *err)
{
    const hl_column *subject = hl_table_column(s->admissions, "subject_id");
    size_t n = 0;

    for (size_t i = 0; i < subject->n; i++) {
        int64_t row = hl_index_first(by_subject, subject->i64[i]);
        for (n += row < 0; row >= 0; row = hl_index_next(by_subject, row))
            n++;
    }
    p->admission = malloc((n + 1) * sizeof *p->admission);
    p->patient = malloc((n + 1) * sizeof *p->patient);
    if (!p->admission || !p->patient)
        return hl_fail_memory(err, "admissions", n * 16);
    for (size_t i = 0; i < subject->n; i++) {
        int64_t row = hl_index_first(by_subject, subject->i64[i]);
        p->n_without_patient += row < 0;
        do {
            p->admission[p->n] = (int64_t)i;
            p->patient[p->n++] = row;
            row = row < 0 ? -1 : hl_index_next(by_subject, row);
        } while (row >= 0);
    }
    return HL_OK;
}

static hl_code gather_all(hl_table *to, const hl_table *from, const int64_t *row, const char *skip,
                          hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < from->n_columns; i++)
        if (!skip || strcmp(from->column[i].name, skip) != 0)
            c = hl_table_gather(to, from->column[i].name, &from->column[i], row, err);
    return c;
}

/* age = anchor_age + (year of admission - anchor_year); F64 when either column is. symile.md 2.1 */
static hl_code add_anchor_age(hl_selection *s, hl_error *err)
{
    const hl_column *anchor_age, *anchor_year;
    hl_code c = hl_table_need(s->stay, "anchor_age", &anchor_age, err);

    if (c == HL_OK)
        c = hl_table_need(s->stay, "anchor_year", &anchor_year, err);
    if (c != HL_OK)
        return c;
    if (anchor_age->text || anchor_year->text)
        return hl_fail_at(err, HL_E_INPUT, s->patients->name, 0, -1,
                          "anchor_age and anchor_year must be numbers");
    bool ints = anchor_age->type == HL_COL_I64 && anchor_year->type == HL_COL_I64;
    hl_column *age = hl_table_add(s->stay, "age", ints ? HL_COL_I64 : HL_COL_F64);
    if (!age)
        return hl_fail_memory(err, "age", s->stay->n_rows * 8);
    anchor_age = hl_table_column(s->stay, "anchor_age");
    anchor_year = hl_table_column(s->stay, "anchor_year");
    const hl_column *year = hl_table_column(s->stay, "admittime_year");
    for (size_t i = 0; i < s->stay->n_rows; i++) {
        if (!anchor_age->valid[i] || !anchor_year->valid[i])
            continue;
        if (ints)
            hl_column_set_i64(age, i,
                              (int64_t)((uint64_t)anchor_age->i64[i] + (uint64_t)year->i64[i] -
                                        (uint64_t)anchor_year->i64[i]));
        else
            hl_column_set_f64(age, i,
                              hl_column_number(anchor_age, i) +
                                  ((double)year->i64[i] - hl_column_number(anchor_year, i)));
    }
    return HL_OK;
}

static hl_code add_birth_age(hl_selection *s, hl_error *err)
{
    const hl_column *birth;
    hl_code c = hl_table_need(s->stay, "birth_date", &birth, err);

    if (c != HL_OK)
        return c;
    if (birth->type != HL_COL_TIME)
        return hl_fail(err, HL_E_INPUT, "recipe: birth_date must be among tables.patients.times");
    hl_column *age = hl_table_add(s->stay, "age", HL_COL_I64);
    if (!age)
        return hl_fail_memory(err, "age", s->stay->n_rows * 8);
    birth = hl_table_column(s->stay, "birth_date");
    for (size_t i = 0; i < s->stay->n_rows; i++) {
        if (!birth->valid[i])
            continue;
        hl_civil b = hl_civil_of(birth->i64[i]), a = hl_civil_of(s->admittime[i]);
        bool before_birthday = a.month < b.month || (a.month == b.month && a.day < b.day);
        hl_column_set_i64(age, i, a.year - b.year - before_birthday);
    }
    return HL_OK;
}

static hl_code add_age(hl_selection *s, hl_error *err)
{
    if (s->r->age == HL_AGE_NONE)
        return HL_OK;
    hl_column *year = hl_table_add(s->stay, "admittime_year", HL_COL_I64);
    if (!year)
        return hl_fail_memory(err, "admittime_year", s->stay->n_rows * 8);
    for (size_t i = 0; i < s->stay->n_rows; i++)
        hl_column_set_i64(year, i, hl_civil_of(s->admittime[i]).year);
    return s->r->age == HL_AGE_ANCHOR ? add_anchor_age(s, err) : add_birth_age(s, err);
}

static hl_code limit_age(hl_selection *s, hl_error *err)
{
    const hl_column *age = hl_table_column(s->stay, "age");

    if (s->r->age_from == 0 && s->r->age_to == INT64_MAX)
        return HL_OK;
    if (!age)
        return hl_fail(err, HL_E_INPUT, "recipe: age limits need age.rule anchor or birth");
    for (size_t i = 0; i < s->stay->n_rows; i++) {
        double years = hl_column_number(age, i);
        s->alive[i] = years >= (double)s->r->age_from && years <= (double)s->r->age_to;
    }
    return hl_selection_rule(s, "age within the recipe's limits", err);
}

static hl_code read_tables(hl_selection *s, hl_error *err)
{
    const hl_col_spec patient[] = {{.name = "subject_id", .type = HL_COL_I64, .required = true}};
    const hl_col_spec admission[] = {{.name = "subject_id", .type = HL_COL_I64, .required = true},
                                     {.name = "hadm_id", .type = HL_COL_I64, .required = true}};
    hl_code c = hl_selection_read(s, "mimiciv", s->o->mimiciv, &s->r->patients, patient, 1, NULL,
                                  NULL, &s->patients, err);
    if (c == HL_OK)
        c = hl_selection_read(s, "mimiciv", s->o->mimiciv, &s->r->admissions, admission, 2, NULL,
                              NULL, &s->admissions, err);
    if (c == HL_OK && !hl_table_column(s->admissions, "admittime"))
        c = hl_fail(err, HL_E_INPUT, "recipe: admittime must be among tables.admissions.times");
    return c;
}

static hl_code make_stay(hl_selection *s, const pairs *p, hl_error *err)
{
    hl_code c = hl_table_new("admissions with patients", p->n, &s->stay, err);

    if (c == HL_OK)
        c = gather_all(s->stay, s->admissions, p->admission, NULL, err);
    if (c == HL_OK)
        c = gather_all(s->stay, s->patients, p->patient, "subject_id", err);
    if (c == HL_OK)
        s->admittime = hl_table_column(s->stay, "admittime")->i64;
    if (c == HL_OK)
        c = add_age(s, err);
    if (c != HL_OK)
        return c;
    s->subject_id = hl_table_column(s->stay, "subject_id")->i64;
    s->hadm_id = hl_table_column(s->stay, "hadm_id")->i64;
    s->alive = malloc(p->n + 1);
    if (!s->alive)
        return hl_fail_memory(err, "admissions", p->n);
    memset(s->alive, 1, p->n);
    return HL_OK;
}

hl_code hl_select_admissions(hl_selection *s, hl_error *err)
{
    hl_index *by_subject = NULL;
    pairs p = {0};
    char count[32];
    hl_code c = read_tables(s, err);

    if (c == HL_OK)
        c = hl_index_new(hl_table_column(s->patients, "subject_id"), &by_subject, err);
    if (c == HL_OK)
        c = hl_selection_unique(s, s->patients, by_subject,
                                hl_table_column(s->patients, "subject_id"), err);
    if (c == HL_OK)
        c = join_patients(s, by_subject, &p, err);
    if (c == HL_OK)
        c = make_stay(s, &p, err);
    if (c == HL_OK)
        c = hl_index_new(hl_table_column(s->stay, "hadm_id"), &s->by_hadm, err);
    if (c == HL_OK)
        c = hl_selection_unique(s, s->admissions, s->by_hadm, hl_table_column(s->stay, "hadm_id"),
                                err);
    if (c == HL_OK)
        c = hl_index_new(hl_table_column(s->stay, "subject_id"), &s->by_subject, err);
    if (c == HL_OK && p.n_without_patient)
        hl_warn(s->ctl,
                "%s: %s admissions whose subject_id is not in %s; their age and sex are empty",
                s->admissions->name, hl_count_text(p.n_without_patient, count), s->patients->name);
    if (c == HL_OK)
        c = hl_selection_rule(s, "admissions", err);
    if (c == HL_OK)
        c = limit_age(s, err);
    hl_index_free(&by_subject);
    free(p.admission);
    free(p.patient);
    return c;
}
