#include "view/scorecard_facts.h"

#include <math.h>

#include "base/map.h"
#include "base/sort.h"

void hl_card_note_file(hl_card *card, const char *name, const hl_digest *digest)
{
    hl_assert(card->n_files < HL_CARD_MAX_FILES);
    card->file[card->n_files].name = name;
    card->file[card->n_files++].digest = *digest;
}

/* --- columns -------------------------------------------------------------------------------- */

static int compare_counts(const void *a, const void *b, void *ctx)
{
    const hl_card_count *x = a, *y = b;

    (void)ctx;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return hl_str_compare(x->name, y->name);
}

hl_code hl_card_tally_of(hl_arena *arena, const hl_column *column, hl_card_tally *out,
                         hl_error *err)
{
    hl_strmap *map = NULL;
    hl_code c = HL_OK;

    if (!column || column->type != HL_COL_TEXT || column->n == 0)
        return HL_OK;
    map = hl_strmap_new(16);
    out->item = hl_arena_calloc(arena, column->n, sizeof *out->item);
    if (!map || !out->item) {
        c = hl_fail_memory(err, column->name, column->n * sizeof *out->item);
        goto done;
    }
    for (size_t i = 0; i < column->n; i++) {
        const hl_str text = column->valid[i] ? column->text[i] : (hl_str){"", 0};
        int64_t was;
        c = hl_strmap_add(map, text, (int64_t)out->n, &was, err);
        if (c != HL_OK)
            goto done;
        if (was < 0)
            out->item[was = (int64_t)out->n++].name = text;
        out->item[was].count++;
    }
    c = hl_sort_stable(out->item, out->n, sizeof *out->item, compare_counts, NULL, err);
done:
    hl_strmap_free(&map);
    return c;
}

/* The values of v[0..n) that are numbers, sorted, and their quantiles. */
static hl_code measure(hl_card *card, const double *v, size_t n, double **sorted, hl_quantiles *q,
                       hl_error *err)
{
    double *value = hl_arena_calloc(card->arena, n ? n : 1, sizeof *value);
    size_t n_values = 0;

    if (!value)
        return hl_fail_memory(err, "scorecard", n * sizeof *value);
    for (size_t i = 0; i < n; i++)
        if (isfinite(v[i]))
            value[n_values++] = v[i];
    *sorted = value;
    return hl_quantiles_of(value, n_values, q, err);
}

static bool is_number(const hl_column *column)
{
    return column->type == HL_COL_I64 || column->type == HL_COL_F64 || column->type == HL_COL_BOOL;
}

/* Hours from admittime to the time column. A cell that is no time is an error: the table was not
 * made by hilum, or was changed since. */
static hl_code hours_after(hl_card *card, const char *name, double *out, bool *has, hl_error *err)
{
    const hl_column *from = hl_table_column(card->cohort, "admittime");
    const hl_column *to = hl_table_column(card->cohort, name);

    *has = from && to && from->type == HL_COL_TEXT && to->type == HL_COL_TEXT;
    for (size_t i = 0; i < card->n; i++) {
        int64_t a, b;
        out[i] = NAN;
        if (!*has || !from->valid[i] || !to->valid[i])
            continue;
        for (int k = 0; k < 2; k++) {
            const hl_column *column = k ? to : from;
            char shown[HL_SHOW_BYTES];
            if (!hl_parse_time(column->text[i], HL_TIME_CUT_FRACTION, k ? &b : &a))
                return hl_fail(err, HL_E_INPUT, "%s: data row %zu, column %s: '%s' is no date",
                               card->cohort->name, i + 1, column->name,
                               hl_show(column->text[i], shown));
        }
        out[i] = (double)(b - a) / (double)HL_HOUR_S;
    }
    return HL_OK;
}

static hl_code read_numbers(hl_card *card, hl_error *err)
{
    const hl_column *age = hl_table_column(card->cohort, "age");
    const size_t n = card->n ? card->n : 1;

    card->age = hl_arena_calloc(card->arena, n, sizeof *card->age);
    card->film_h = hl_arena_calloc(card->arena, n, sizeof *card->film_h);
    card->ecg_h = hl_arena_calloc(card->arena, n, sizeof *card->ecg_h);
    if (!card->age || !card->film_h || !card->ecg_h)
        return hl_fail_memory(err, "scorecard", 3 * n * sizeof(double));
    card->has_age = age && is_number(age);
    for (size_t i = 0; i < card->n; i++)
        card->age[i] = card->has_age ? hl_column_number(age, i) : NAN;

    hl_code c = hours_after(card, "cxr_StudyDateTime", card->film_h, &card->has_film_time, err);
    if (c == HL_OK)
        c = hours_after(card, "ecg_time", card->ecg_h, &card->has_ecg_time, err);
    if (c == HL_OK)
        c = measure(card, card->age, card->n, &card->age_sorted, &card->age_q, err);
    if (c == HL_OK)
        c = measure(card, card->film_h, card->n, &card->film_sorted, &card->film_q, err);
    if (c == HL_OK)
        c = measure(card, card->ecg_h, card->n, &card->ecg_sorted, &card->ecg_q, err);
    return c;
}

/* --- laboratory items ----------------------------------------------------------------------- */

/* The recipe's list of items, or NULL. */
static const hl_json_value *lab_list(const hl_card *card)
{
    const hl_json_value *labs = hl_json_get(card->recipe, "labs");

    return hl_json_type_of(labs) == HL_JSON_ARRAY ? labs : hl_json_get(labs, "items");
}

static hl_str lab_label(const hl_card *card, const char *itemid)
{
    const hl_json_value *list = lab_list(card);

    for (size_t i = 0; i < hl_json_count(list); i++) {
        char id[HL_F64_CHARS];
        hl_print_i64(hl_json_int(hl_json_get(hl_json_at(list, i), "itemid")), id);
        if (strcmp(id, itemid) == 0)
            return hl_json_text(hl_json_get(hl_json_at(list, i), "label"));
    }
    return (hl_str){0};
}

/* A column whose whole name is a number holds a laboratory item. */
static bool is_itemid(const char *name)
{
    int64_t id;

    return hl_parse_i64(hl_str_of(name), &id) && id > 0;
}

static hl_code read_labs(hl_card *card, hl_error *err)
{
    const hl_table *t = card->cohort;
    double *value = hl_arena_calloc(card->arena, card->n + 1, sizeof *value);
    double *filled = hl_arena_calloc(card->arena, card->n + 1, sizeof *filled);
    double *sorted = NULL;
    hl_code c = HL_OK;

    card->lab = hl_arena_calloc(card->arena, t->n_columns + 1, sizeof *card->lab);
    if (!value || !filled || !card->lab)
        return hl_fail_memory(err, "scorecard", (t->n_columns + 1) * sizeof *card->lab);
    for (size_t k = 0; k < t->n_columns && c == HL_OK; k++) {
        const hl_column *column = &t->column[k];
        if (!is_itemid(column->name) || !is_number(column))
            continue;
        hl_card_lab *lab = &card->lab[card->n_labs++];
        *lab = (hl_card_lab){.itemid = hl_str_of(column->name), .column = column};
        lab->label = lab_label(card, column->name);
        for (size_t i = 0; i < card->n; i++) {
            value[i] = hl_column_number(column, i);
            filled[i] += isfinite(value[i]) != 0;
        }
        c = measure(card, value, card->n, &sorted, &lab->q, err);
        lab->sorted = sorted;
    }
    if (c == HL_OK && card->n_labs > 0)
        c = measure(card, filled, card->n, &sorted, &card->labs_per_row, err);
    return c;
}

/* --- findings ------------------------------------------------------------------------------- */

/* The label columns stand between the film's study_id and the first ECG column. symile.md 2.6 */
static hl_code read_findings(hl_card *card, hl_error *err)
{
    const hl_table *t = card->cohort;
    bool inside = false;

    card->finding = hl_arena_calloc(card->arena, t->n_columns + 1, sizeof *card->finding);
    if (!card->finding)
        return hl_fail_memory(err, "scorecard", (t->n_columns + 1) * sizeof *card->finding);
    for (size_t k = 0; k < t->n_columns; k++) {
        const hl_column *column = &t->column[k];
        if (strncmp(column->name, "ecg_", 4) == 0)
            break;
        if (inside && is_number(column)) {
            hl_card_finding *f = &card->finding[card->n_findings++];
            *f = (hl_card_finding){.name = hl_str_of(column->name), .column = column};
            for (size_t i = 0; i < card->n; i++) {
                double v = hl_column_number(column, i);
                f->positive += v > 0;
                f->negative += v >= 0 && v <= 0;
                f->uncertain += v < 0;
                f->missing += isnan(v) != 0;
            }
        }
        inside = inside || strcmp(column->name, "study_id") == 0;
    }
    return HL_OK;
}

/* --- the cohort table ----------------------------------------------------------------------- */

static hl_code need_ids(hl_card *card, const char *name, const hl_column **out, hl_error *err)
{
    hl_code c = hl_table_need(card->cohort, name, out, err);

    if (c == HL_OK && card->n > 0 && ((*out)->type != HL_COL_I64 || (*out)->n_missing > 0))
        c = hl_fail(err, HL_E_INPUT, "%s: column %s holds something else than whole numbers",
                    card->cohort->name, name);
    return c;
}

static const hl_column *text_column(const hl_card *card, const char *name)
{
    const hl_column *column = hl_table_column(card->cohort, name);

    return column && column->type == HL_COL_TEXT ? column : NULL;
}

static hl_code count_patients(hl_card *card, hl_error *err)
{
    hl_map *map = hl_map_new(card->n);
    hl_code c = map ? HL_OK : hl_fail_memory(err, "patients", card->n);

    for (size_t i = 0; i < card->n && c == HL_OK; i++)
        c = hl_map_add(map, card->subject->i64[i], 0, NULL, err);
    card->patients = map ? (int64_t)hl_map_count(map) : 0;
    hl_map_free(&map);
    return c;
}

hl_code hl_card_read_cohort(hl_card *card, const char *folder, hl_cpu cpu, hl_ctl *ctl,
                            hl_error *err)
{
    static const char name[] = "symile_mimic_data.csv";
    const hl_table_options options = {.name = name, .cpu = cpu, .ctl = ctl};
    char path[HL_PATH_BYTES];
    hl_code c = hl_path_join(folder, name, path, err);

    if (c == HL_OK)
        c = hl_table_read(path, NULL, 0, &options, &card->cohort, err);
    if (c != HL_OK)
        return c;
    card->n = card->cohort->n_rows;
    hl_card_note_file(card, name, &card->cohort->digest);
    c = need_ids(card, "subject_id", &card->subject, err);
    if (c == HL_OK)
        c = need_ids(card, "hadm_id", &card->hadm, err);
    if (c == HL_OK)
        c = count_patients(card, err);
    card->gender = text_column(card, "gender");
    card->view = text_column(card, "cxr_ViewPosition");
    card->cxr_path = text_column(card, "cxr_path");
    card->ecg_path = text_column(card, "ecg_path");
    if (c == HL_OK)
        c = read_numbers(card, err);
    if (c == HL_OK)
        c = read_labs(card, err);
    if (c == HL_OK)
        c = read_findings(card, err);
    if (c == HL_OK)
        c = hl_card_tally_of(card->arena, hl_table_column(card->cohort, "gender"), &card->sexes,
                             err);
    if (c == HL_OK)
        c = hl_card_tally_of(card->arena, hl_table_column(card->cohort, "cxr_ViewPosition"),
                             &card->views, err);
    if (c == HL_OK)
        c = hl_card_tally_of(card->arena, hl_table_column(card->cohort, "admission_type"),
                             &card->types, err);
    if (c == HL_OK)
        c = hl_card_tally_of(card->arena, hl_table_column(card->cohort, "race"), &card->races, err);
    return c;
}

/* --- all of it ------------------------------------------------------------------------------ */

hl_code hl_card_read(hl_card *card, const char *folder, const char *pack, hl_cpu cpu, hl_ctl *ctl,
                     hl_error *err)
{
    card->arena = hl_arena_new(0);
    if (!card->arena)
        return hl_fail_memory(err, "scorecard", 0);
    if (!hl_is_folder(folder))
        return hl_fail(err, HL_E_INPUT,
                       "%s: no such folder\nGive the folder that `hilum cohort build` wrote.",
                       folder);
    hl_code c = hl_card_read_manifest(card, folder, pack, err);
    if (c == HL_OK)
        c = hl_card_read_cohort(card, folder, cpu, ctl, err);
    if (c == HL_OK)
        c = hl_card_read_splits(card, folder, cpu, ctl, err);
    if (c == HL_OK)
        c = hl_card_read_errors(card, folder, err);
    if (c == HL_OK)
        c = hl_card_check_all(card, folder, err);
    return c;
}

void hl_card_free(hl_card *card)
{
    hl_table_free(&card->cohort);
    hl_json_free(&card->manifest);
    hl_json_free(&card->pack);
    hl_arena_free(&card->arena);
}
