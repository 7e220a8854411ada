#include "cohort/dataset.h"

/* One row of the data set: where its parts are. */
typedef struct {
    int64_t stay, film, label, record_stay, record, lab_stay;
} joined;

typedef struct {
    joined *row;
    size_t n, cap;
} rows;

static hl_code add_row(rows *r, const joined *row, hl_error *err)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 1024;
        joined *grown = realloc(r->row, cap * sizeof *grown);
        if (!grown)
            return hl_fail_memory(err, "the data set", cap * sizeof *grown);
        r->row = grown;
        r->cap = cap;
    }
    r->row[r->n++] = *row;
    return HL_OK;
}

/* Next stay of the same (subject_id, hadm_id) from i on; with unique hadm_ids that is i alone. */
static int64_t same_stay(const hl_selection *s, int64_t i, int64_t stay)
{
    while (i >= 0 && s->subject_id[i] != s->subject_id[stay])
        i = hl_index_next(s->by_hadm, i);
    return i;
}

#define EACH_SAME_STAY(s, i, stay)                                                                 \
    for (int64_t i = same_stay(s, hl_index_first((s)->by_hadm, (s)->hadm_id[stay]), stay); i >= 0; \
         i = same_stay(s, hl_index_next((s)->by_hadm, i), stay))

static bool has_labs(const hl_selection *s, int64_t stay)
{
    int64_t n = 0;

    if (s->lab_slot[stay] < 0)
        return false;
    for (size_t k = 0; k < s->r->n_labs; k++)
        n += s->lab_time[(size_t)s->lab_slot[stay] * s->r->n_labs + k] != HL_NO_TIME;
    return n >= s->r->labs_at_least;
}

/* Rows of one film row: its stay's ECG rows, each with the stay's laboratory rows. */
static hl_code join_film(const hl_selection *s, joined row, rows *out, hl_error *err)
{
    const int64_t *study_id = hl_table_column(s->records, "study_id")->i64;
    hl_code c = HL_OK;

    EACH_SAME_STAY(s, e, row.stay)
    {
        if (s->record_of[e] < 0)
            continue;
        for (int64_t k = hl_index_first(s->record_by_study, study_id[s->record_of[e]]); k >= 0;
             k = hl_index_next(s->record_by_study, k)) {
            if (s->record_state[k] != HL_RECORD_GOOD)
                continue;
            EACH_SAME_STAY(s, l, row.stay)
            {
                if (!has_labs(s, l))
                    continue;
                row.record_stay = e;
                row.record = k;
                row.lab_stay = l;
                if ((c = add_row(out, &row, err)) != HL_OK)
                    return c;
            }
        }
    }
    return c;
}

/* Film rows in admission order, then ECG rows, then laboratory rows: inner joins as pandas orders
 * them; only repeated keys make more than one row of an admission. symile.md 2.5 */
static hl_code join_all(const hl_selection *s, rows *out, hl_error *err)
{
    const hl_str *dicom = hl_table_column(s->films, "dicom_id")->text;
    const int64_t *study_id = hl_table_column(s->films, "study_id")->i64;
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < s->stay->n_rows; i++) {
        if (!s->alive[i])
            continue;
        for (int64_t f = hl_index_first_text(s->film_by_dicom, dicom[s->film_of[i]]);
             c == HL_OK && f >= 0; f = hl_index_next(s->film_by_dicom, f)) {
            if (!s->film_exists[f])
                continue;
            for (int64_t l = hl_index_first(s->label_by_study, study_id[f]); c == HL_OK && l >= 0;
                 l = hl_index_next(s->label_by_study, l))
                c = join_film(s, (joined){.stay = (int64_t)i, .film = f, .label = l}, out, err);
        }
    }
    return c;
}

static hl_code gather_part(hl_table *to, const char *name, const hl_table *from, const char *column,
                           const rows *r, size_t part, int64_t *row, hl_error *err)
{
    const hl_column *src;
    hl_code c = hl_table_need(from, column, &src, err);

    for (size_t i = 0; i < r->n; i++)
        row[i] = *(const int64_t *)((const char *)&r->row[i] + part);
    return c == HL_OK ? hl_table_gather(to, name, src, row, err) : c;
}

static hl_code add_films_and_labels(const hl_selection *s, hl_table *to, const rows *r,
                                    int64_t *row, hl_error *err)
{
    const char *const column[][2] = {
        {s->r->film_column, "dicom_id"},
        {"cxr_dicom_id", "dicom_id"},
        {"cxr_study_id", "study_id"},
        {"cxr_ViewPosition", "ViewPosition"},
        {"cxr_ViewCodeSequence_CodeMeaning", "ViewCodeSequence_CodeMeaning"},
        {"cxr_StudyDateTime", "StudyDateTime"},
        {"cxr_path", "cxr_path"},
        {"study_id", "study_id"}};
    hl_code c = HL_OK;

    for (size_t k = 0; c == HL_OK && k < sizeof column / sizeof *column; k++)
        c = gather_part(to, column[k][0], s->films, column[k][1], r, offsetof(joined, film), row,
                        err);
    for (size_t k = 0; c == HL_OK && k < s->labels->n_columns; k++)
        if (strcmp(s->labels->column[k].name, "study_id") != 0)
            c = gather_part(to, s->labels->column[k].name, s->labels, s->labels->column[k].name, r,
                            offsetof(joined, label), row, err);
    return c;
}

/* ecg_adm is a float in the published table because some admission of the hospital has no ECG; only
 * when all have one it is an integer. symile.md 2.3 */
static hl_code add_records(const hl_selection *s, hl_table *to, const rows *r, int64_t *row,
                           hl_error *err)
{
    const int64_t *study_id = hl_table_column(s->records, "study_id")->i64;
    hl_column *adm =
        hl_table_add(to, s->r->ecg_column, s->every_stay_has_ecg ? HL_COL_I64 : HL_COL_F64);
    if (!adm)
        return hl_fail_memory(err, "the data set", r->n * 8);
    for (size_t i = 0; i < r->n; i++) {
        int64_t id = study_id[s->record_of[r->row[i].record_stay]];
        if (s->every_stay_has_ecg)
            hl_column_set_i64(adm, i, id);
        else
            hl_column_set_f64(adm, i, (double)id);
    }
    const char *const column[][2] = {{"ecg_study_id", "study_id"},
                                     {"ecg_file_name", "file_name"},
                                     {"ecg_time", "ecg_time"},
                                     {"ecg_path", "path"}};
    hl_code c = HL_OK;
    for (size_t k = 0; c == HL_OK && k < sizeof column / sizeof *column; k++)
        c = gather_part(to, column[k][0], s->records, column[k][1], r, offsetof(joined, record),
                        row, err);
    return c;
}

/* Laboratory columns are floats whatever the file holds: pandas makes them from a dict with holes.
 */
static hl_code add_labs(const hl_selection *s, hl_table *to, const rows *r, hl_error *err)
{
    char name[HL_F64_CHARS];

    for (size_t k = 0; k < s->r->n_labs; k++) {
        hl_print_i64(s->r->lab[k].itemid, name);
        hl_column *lab = hl_table_add(to, name, HL_COL_F64);
        if (!lab)
            return hl_fail_memory(err, "the data set", r->n * 8);
        for (size_t i = 0; i < r->n; i++) {
            size_t cell = (size_t)s->lab_slot[r->row[i].lab_stay] * s->r->n_labs + k;
            if (s->lab_time[cell] != HL_NO_TIME)
                hl_column_set_f64(lab, i, s->lab_value[cell]);
        }
    }
    hl_column *none = hl_table_add(to, "labs_all_nan", HL_COL_I64);
    if (!none)
        return hl_fail_memory(err, "the data set", r->n * 8);
    for (size_t i = 0; i < r->n; i++)
        hl_column_set_i64(none, i, 0);
    return HL_OK;
}

hl_code hl_dataset_make(const hl_selection *s, hl_table **out, hl_error *err)
{
    rows r = {0};
    int64_t *row = NULL;
    hl_table *to = NULL;
    hl_code c = join_all(s, &r, err);

    if (c == HL_OK && !(row = malloc((r.n + 1) * sizeof *row)))
        c = hl_fail_memory(err, "the data set", r.n * sizeof *row);
    if (c == HL_OK)
        c = hl_table_new("symile_mimic_data.csv", r.n, &to, err);
    for (size_t k = 0; c == HL_OK && k < s->stay->n_columns; k++)
        c = gather_part(to, s->stay->column[k].name, s->stay, s->stay->column[k].name, &r,
                        offsetof(joined, stay), row, err);
    if (c == HL_OK)
        c = add_films_and_labels(s, to, &r, row, err);
    if (c == HL_OK)
        c = add_records(s, to, &r, row, err);
    if (c == HL_OK)
        c = add_labs(s, to, &r, err);
    if (c != HL_OK)
        hl_table_free(&to);
    *out = to;
    free(row);
    free(r.row);
    return c;
}
