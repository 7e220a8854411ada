#include "cohort/selection.h"

#include "base/ctl.h"
#include "base/log.h"
#include "base/pool.h"

/* Columns of the film table, in the order in which they are asked for. */
enum { F_DICOM, F_SUBJECT, F_STUDY, F_VIEW, F_CODE, F_DATE, F_TIME };
static const hl_col_spec film_columns[] = {
    [F_DICOM] = {.name = "dicom_id", .type = HL_COL_TEXT, .required = true},
    [F_SUBJECT] = {.name = "subject_id", .type = HL_COL_I64, .required = true},
    [F_STUDY] = {.name = "study_id", .type = HL_COL_I64, .required = true},
    [F_VIEW] = {.name = "ViewPosition", .type = HL_COL_AUTO},
    [F_CODE] = {.name = "ViewCodeSequence_CodeMeaning", .type = HL_COL_AUTO},
    [F_DATE] = {.name = "StudyDate", .type = HL_COL_I64, .required = true},
    [F_TIME] = {.name = "StudyTime", .type = HL_COL_F64, .required = true},
};

typedef struct {
    const hl_selection *s;
    int64_t *time; /* of kept rows, seconds */
    size_t n, cap;
} film_filter;

/* StudyDate 21500102 and StudyTime 80556.875 (HHMMSS.fff, leading zeros lost) to seconds; the
 * fraction is dropped before any comparison. symile.md 2.2 */
static hl_code study_time(const hl_csv *csv, const hl_field *field, int64_t *out, hl_error *err)
{
    hl_str date_text = hl_field_str(field[F_DATE]), time_text = hl_field_str(field[F_TIME]);
    char shown[HL_SHOW_BYTES];
    int64_t date, midnight;
    double number;

    if (!hl_parse_i64_pandas(date_text, &date) || !hl_parse_yyyymmdd(date, &midnight))
        return hl_csv_fail(csv, err, F_DATE, "'%s' is no date (YYYYMMDD)",
                           hl_show(date_text, shown));
    if (hl_is_missing(time_text))
        return hl_csv_fail(csv, err, F_TIME, "the field is empty");
    if (!hl_parse_f64_pandas(time_text, &number) || !(number >= 0 && number < 240000))
        return hl_csv_fail(csv, err, F_TIME, "'%s' is no time (HHMMSS)", hl_show(time_text, shown));
    int64_t hhmmss = (int64_t)number;
    int64_t h = hhmmss / 10000, m = hhmmss / 100 % 100, s = hhmmss % 100;
    if (m > 59 || s > 59)
        return hl_csv_fail(csv, err, F_TIME, "'%s' is no time (HHMMSS)", hl_show(time_text, shown));
    *out = midnight + h * HL_HOUR_S + m * 60 + s;
    return HL_OK;
}

static bool view_wanted(const hl_cohort_recipe *r, hl_str view)
{
    for (size_t i = 0; i < r->n_views; i++)
        if (hl_str_is(view, r->views[i]))
            return true;
    return false;
}

static bool in_some_window(const hl_selection *s, int64_t subject_id, int64_t time,
                           const hl_window *window)
{
    for (int64_t i = hl_index_first(s->by_subject, subject_id); i >= 0;
         i = hl_index_next(s->by_subject, i))
        if (s->alive[i] && hl_window_holds(window, time - s->admittime[i]))
            return true;
    return false;
}

/* Every film's time is checked; kept are those of a wanted view inside some admission's window. In
 * --compat repeated dicom_ids multiply rows wherever they stand, so all wanted views stay. */
static hl_code keep_film(void *ctx, const hl_csv *csv, const hl_field *field, bool *keep,
                         hl_error *err)
{
    film_filter *f = ctx;
    int64_t subject_id, time;
    hl_code c = study_time(csv, field, &time, err);

    if (c != HL_OK)
        return c;
    *keep = view_wanted(f->s->r, hl_field_str(field[F_VIEW]));
    if (*keep && !f->s->o->compat)
        *keep = !hl_parse_i64_pandas(hl_field_str(field[F_SUBJECT]), &subject_id) ||
                in_some_window(f->s, subject_id, time, &f->s->r->film_window);
    if (!*keep)
        return HL_OK;
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 1024;
        int64_t *grown = realloc(f->time, cap * sizeof *grown);
        if (!grown)
            return hl_fail_memory(err, "films", cap * sizeof *grown);
        f->time = grown;
        f->cap = cap;
    }
    f->time[f->n++] = time;
    return HL_OK;
}

/* The recipe's path template with this film's ids in it. */
static hl_code film_path(const hl_selection *s, size_t row, hl_buf *path, hl_error *err)
{
    const hl_column *dicom = hl_table_column(s->films, "dicom_id");
    char id[3][HL_F64_CHARS];
    hl_str value[3] = {
        {id[0], hl_print_i64(hl_table_column(s->films, "subject_id")->i64[row], id[0])},
        {id[1], hl_print_i64(hl_table_column(s->films, "study_id")->i64[row], id[1])},
        dicom->text[row]};
    static const char *const name[3] = {"subject_id", "study_id", "dicom_id"};

    hl_buf_clear(path);
    for (const char *p = s->r->film_path; *p;) {
        if (*p != '{') {
            hl_buf_char(path, *p++);
            continue;
        }
        hl_str part = {p + 1, strcspn(p + 1, "}:")};
        int k = 0;
        while (k < 3 && !hl_str_is(part, name[k]))
            k++;
        const char *end = strchr(p, '}');
        int64_t n_chars = INT64_MAX;
        if (k == 3 || !end ||
            (part.at[part.n] == ':' &&
             (!hl_parse_i64((hl_str){part.at + part.n + 1, (size_t)(end - part.at) - part.n - 1},
                            &n_chars) ||
              n_chars < 1)))
            return hl_fail(err, HL_E_INPUT, "recipe: film.path: '%.60s' is no placeholder", p);
        hl_str v = value[k];
        if (n_chars < (int64_t)v.n)
            v.n = (size_t)n_chars;
        hl_buf_str(path, v);
        p = end + 1;
    }
    hl_code c = hl_buf_check(path, "a film's path", err);
    if (c == HL_OK && !hl_path_is_inside((hl_str){path->at, path->n}))
        c = hl_fail_at(err, HL_E_INPUT, s->films->name, 0, -1,
                       "dicom_id '%.80s' leads out of the archive", path->at);
    return c;
}

/* StudyDateTime and cxr_path, made from the columns read. */
static hl_code add_film_columns(hl_selection *s, const film_filter *f, hl_error *err)
{
    hl_column *time = hl_table_add(s->films, "StudyDateTime", HL_COL_TIME);
    hl_column *path = time ? hl_table_add(s->films, "cxr_path", HL_COL_TEXT) : NULL;
    hl_buf buf = {0};
    hl_code c = path ? HL_OK : hl_fail_memory(err, "films", s->films->n_rows * 16);

    for (size_t i = 0; c == HL_OK && i < s->films->n_rows; i++) {
        hl_column_set_i64(&s->films->column[s->films->n_columns - 2], i, f->time[i]);
        c = film_path(s, i, &buf, err);
        if (c == HL_OK) {
            hl_str text = hl_arena_str(s->films->arena, (hl_str){buf.at, buf.n});
            if (!text.at)
                c = hl_fail_memory(err, "films", buf.n);
            else
                hl_column_set_text(path, i, text);
        }
    }
    hl_buf_free(&buf);
    return c;
}

typedef struct {
    hl_selection *s;
    const hl_index *by_subject; /* rows of films */
    const int64_t *time;
    const hl_str *path;
    uint8_t *looked;    /* [film rows] 1 = absent */
    uint8_t *in_window; /* [stay rows] */
} film_choice;

static bool film_there(film_choice *k, int64_t row, hl_code *c, hl_error *err)
{
    char path[HL_PATH_BYTES];

    if (!__atomic_load_n(&k->s->film_exists[row], __ATOMIC_RELAXED) &&
        !__atomic_load_n(&k->looked[row], __ATOMIC_RELAXED)) {
        *c = hl_path_join(k->s->o->cxr, k->path[row].at, path, err);
        if (*c != HL_OK)
            return false;
        bool there = hl_file_exists(path);
        __atomic_store_n(&k->s->film_exists[row], there, __ATOMIC_RELAXED);
        __atomic_store_n(&k->looked[row], !there, __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&k->s->film_exists[row], __ATOMIC_RELAXED);
}

/* The earliest film of stay i that is there. */
static hl_code choose_film(void *ctx, int64_t i, int thread, hl_error *err)
{
    film_choice *k = ctx;
    hl_selection *s = k->s;
    size_t n = 0, cap = 0;
    int64_t *row = NULL, *time = NULL;
    hl_code c = HL_OK;

    (void)thread;
    if (!s->alive[i])
        return HL_OK;
    for (int64_t f = hl_index_first(k->by_subject, s->subject_id[i]); f >= 0;
         f = hl_index_next(k->by_subject, f))
        cap += hl_window_holds(&s->r->film_window, k->time[f] - s->admittime[i]);
    if (cap == 0)
        return HL_OK;
    k->in_window[i] = 1;
    row = malloc(cap * 3 * sizeof *row);
    if (!row)
        return hl_fail_memory(err, "films of an admission", cap * 24);
    time = row + cap;
    for (int64_t f = hl_index_first(k->by_subject, s->subject_id[i]); c == HL_OK && f >= 0;
         f = hl_index_next(k->by_subject, f))
        if (hl_window_holds(&s->r->film_window, k->time[f] - s->admittime[i]) &&
            film_there(k, f, &c, err)) {
            row[n] = f;
            time[n++] = k->time[f];
        }
    if (c == HL_OK && n) {
        size_t *order = (size_t *)(row + 2 * cap), at = hl_earliest(time, n, s->ties, order);
        s->film_of[i] = row[at];
        if (s->ties == HL_TIES_FILE_ORDER && hl_earliest(time, n, HL_TIES_NUMPY, order) != at)
            __atomic_fetch_add(&s->n_tie_films, 1, __ATOMIC_RELAXED);
    }
    free(row);
    return c;
}

/* Rows that repeat a chosen film's dicom_id repeat its admission too, wherever their own time lies:
 * whether their file is there decides as well. S28 */
static hl_code look_at_repeated(film_choice *k, hl_error *err)
{
    const hl_selection *s = k->s;
    const hl_str *dicom = hl_table_column(s->films, "dicom_id")->text;
    hl_code c = HL_OK;

    if (hl_index_duplicate(s->film_by_dicom) < 0)
        return HL_OK;
    for (size_t i = 0; i < s->stay->n_rows; i++) {
        if (s->film_of[i] < 0)
            continue;
        for (int64_t f = hl_index_first_text(s->film_by_dicom, dicom[s->film_of[i]]);
             c == HL_OK && f >= 0; f = hl_index_next(s->film_by_dicom, f))
            film_there(k, f, &c, err);
    }
    return c;
}

static hl_code report_missing(const hl_selection *s, const film_choice *k, hl_error *err)
{
    int64_t n = 0, first = -1;
    char count[32];

    for (size_t i = 0; i < s->films->n_rows; i++)
        if (k->looked[i]) {
            first = first < 0 ? (int64_t)i : first;
            n++;
        }
    if (n == 0)
        return HL_OK;
    if (s->o->strict_files)
        return hl_fail_at(err, HL_E_INPUT, k->path[first].at, 0, -1,
                          "%s films that are listed are not there, this is the first\nComplete the "
                          "archive, or leave out --strict-files to go on without them.",
                          hl_count_text(n, count));
    hl_warn(s->ctl,
            "%s listed films within a window are not there (the first: %s); a later film was "
            "taken, or the admission dropped",
            hl_count_text(n, count), k->path[first].at);
    return HL_OK;
}

/* Existence and choice, all admissions; then what that did to the funnel. */
static hl_code choose_films(hl_selection *s, const hl_index *by_subject, hl_error *err)
{
    size_t n = s->stay->n_rows, n_films = s->films->n_rows;
    film_choice k = {.s = s,
                     .by_subject = by_subject,
                     .time = hl_table_column(s->films, "StudyDateTime")->i64,
                     .path = hl_table_column(s->films, "cxr_path")->text};
    hl_code c = HL_OK;

    k.looked = calloc(n_films + 1, 1);
    k.in_window = calloc(n + 1, 1);
    s->film_exists = calloc(n_films + 1, 1);
    s->film_of = malloc((n + 1) * sizeof *s->film_of);
    if (!k.looked || !k.in_window || !s->film_exists || !s->film_of)
        c = hl_fail_memory(err, "films", n * 9);
    for (size_t i = 0; c == HL_OK && i < n; i++)
        s->film_of[i] = -1;
    hl_ctl_phase(s->ctl, "looking for films", (int64_t)n);
    if (c == HL_OK)
        c = hl_parallel_for(hl_ctl_jobs(s->ctl), (int64_t)n, s->ctl, choose_film, &k, err);
    if (c == HL_OK)
        c = look_at_repeated(&k, err);
    for (size_t i = 0; c == HL_OK && i < n; i++)
        s->alive[i] = s->alive[i] && k.in_window[i];
    if (c == HL_OK)
        c = hl_selection_rule(s, "film of a wanted view in the window", err);
    for (size_t i = 0; c == HL_OK && i < n; i++)
        s->alive[i] = s->alive[i] && s->film_of[i] >= 0;
    if (c == HL_OK)
        c = hl_selection_rule(s, "film file is there", err);
    if (c == HL_OK)
        c = report_missing(s, &k, err);
    free(k.looked);
    free(k.in_window);
    return c;
}

hl_code hl_select_films(hl_selection *s, hl_error *err)
{
    film_filter filter = {.s = s};
    hl_index *by_subject = NULL;
    hl_code c = hl_selection_read(s, "cxr", s->o->cxr, &s->r->films, film_columns,
                                  sizeof film_columns / sizeof *film_columns, keep_film, &filter,
                                  &s->films, err);
    if (c == HL_OK && s->films->n_rows == 0)
        hl_warn(s->ctl, "%s: no film of a wanted view within any admission's window",
                s->films->name);
    if (c == HL_OK)
        c = add_film_columns(s, &filter, err);
    if (c == HL_OK)
        c = hl_index_new(hl_table_column(s->films, "subject_id"), &by_subject, err);
    if (c == HL_OK)
        c = hl_index_new_text(hl_table_column(s->films, "dicom_id"), &s->film_by_dicom, err);
    if (c == HL_OK)
        c = hl_selection_unique(s, s->films, s->film_by_dicom,
                                hl_table_column(s->films, "dicom_id"), err);
    if (c == HL_OK)
        c = choose_films(s, by_subject, err);
    hl_index_free(&by_subject);
    free(filter.time);
    return c;
}

/* --- labels of the chosen film's study
 * ------------------------------------------------------------ */

typedef struct {
    const hl_index *study; /* of films */
} label_filter;

static hl_code keep_label(void *ctx, const hl_csv *csv, const hl_field *field, bool *keep,
                          hl_error *err)
{
    const label_filter *f = ctx;
    int64_t study_id;

    (void)csv;
    (void)err;
    /* What is no integer is kept, so that reading the cell reports it. */
    *keep = !hl_parse_i64_pandas(hl_field_str(field[0]), &study_id) ||
            hl_index_first(f->study, study_id) >= 0;
    return HL_OK;
}

/* All columns of the label file but subject_id and study_id are labels, in the file's own order. */
static hl_code label_columns(hl_selection *s, hl_source_table *out, hl_arena *arena, hl_error *err)
{
    char path[HL_PATH_BYTES], relative[HL_PATH_BYTES];
    hl_csv_options options = {.cpu = s->cpu, .name = relative};
    hl_csv *csv = NULL;
    hl_code c = hl_source_path(s->o->cxr, out, path, relative, err);

    if (c == HL_OK)
        c = hl_csv_open(path, NULL, 0, &options, &csv, err);
    if (c == HL_OK) {
        size_t n = hl_csv_n_columns(csv);
        out->columns = hl_arena_calloc(arena, n, sizeof *out->columns);
        if (!out->columns)
            c = hl_fail_memory(err, "labels", n * sizeof *out->columns);
        for (size_t i = 0; c == HL_OK && i < n; i++) {
            hl_str name = hl_csv_column(csv, i);
            if (hl_str_is(name, hl_source_column(out, "subject_id")) ||
                hl_str_is(name, hl_source_column(out, "study_id")))
                continue;
            out->columns[out->n_columns] = hl_arena_copy(arena, name.at, name.n);
            if (!out->columns[out->n_columns++])
                c = hl_fail_memory(err, "labels", name.n);
        }
    }
    hl_csv_close(&csv);
    return c;
}

hl_code hl_select_labels(hl_selection *s, hl_error *err)
{
    const hl_col_spec column[] = {{.name = "study_id", .type = HL_COL_I64, .required = true},
                                  {.name = "subject_id", .type = HL_COL_EXISTS}};
    hl_source_table source = s->r->labels;
    label_filter filter = {0};
    hl_index *by_study = NULL;
    hl_code c = HL_OK;

    if (source.n_columns == 0)
        c = label_columns(s, &source, s->films->arena, err);
    if (c == HL_OK)
        c = hl_index_new(hl_table_column(s->films, "study_id"), &by_study, err);
    filter.study = by_study;
    if (c == HL_OK)
        c = hl_selection_read(s, "cxr", s->o->cxr, &source, column, 2, keep_label, &filter,
                              &s->labels, err);
    if (c == HL_OK)
        c = hl_index_new(hl_table_column(s->labels, "study_id"), &s->label_by_study, err);
    if (c == HL_OK)
        c = hl_selection_unique(s, s->labels, s->label_by_study,
                                hl_table_column(s->labels, "study_id"), err);
    if (c == HL_OK) {
        const int64_t *study_id = hl_table_column(s->films, "study_id")->i64;
        for (size_t i = 0; i < s->stay->n_rows; i++)
            s->alive[i] =
                s->alive[i] && hl_index_first(s->label_by_study, study_id[s->film_of[i]]) >= 0;
        c = hl_selection_rule(s, "film's study has labels", err);
    }
    hl_index_free(&by_study);
    return c;
}
