#include "cohort/recipe.h"

static hl_code read_source(hl_arena *arena, const hl_recipe_at *tables, const char *key,
                           const char *keys, hl_source_table *out, hl_error *err)
{
    hl_recipe_at at;
    hl_code c = hl_recipe_object(tables, key, true, &at, err);

    if (c == HL_OK)
        c = hl_recipe_only(&at, keys, err);
    if (c == HL_OK)
        c = hl_recipe_text(&at, "file", true, &out->file, err);
    if (c == HL_OK && !hl_path_is_inside(hl_str_of(out->file)))
        c = hl_recipe_fail(&at, "file", err, "must be a path below the archive");
    if (c == HL_OK)
        c = hl_recipe_object(&at, "rename", false, &out->rename, err);
    if (c == HL_OK)
        c = hl_recipe_texts(arena, &at, "times", false, &out->times, &out->n_times, err);
    if (c == HL_OK)
        c = hl_recipe_texts(arena, &at, "columns", false, &out->columns, &out->n_columns, err);
    if (c == HL_OK)
        c = hl_recipe_texts(arena, &at, "present", false, &out->present, &out->n_present, err);
    return c;
}

static hl_code read_tables(hl_arena *arena, const hl_recipe_at *top, hl_cohort_recipe *r,
                           hl_error *err)
{
    hl_recipe_at at;
    hl_code c = hl_recipe_object(top, "tables", true, &at, err);
    struct {
        const char *key, *keys;
        hl_source_table *table;
    } part[] = {{"patients", "file|rename|times|columns|present", &r->patients},
                {"admissions", "file|rename|times|columns|present", &r->admissions},
                {"labevents", "file|rename", &r->labevents},
                {"records", "file|rename|present", &r->records},
                {"films", "file|rename|present", &r->films},
                {"labels", "file|rename|columns|present", &r->labels}};

    if (c == HL_OK)
        c = hl_recipe_only(&at, "patients|admissions|labevents|records|films|labels", err);
    for (size_t i = 0; c == HL_OK && i < sizeof part / sizeof *part; i++)
        c = read_source(arena, &at, part[i].key, part[i].keys, part[i].table, err);
    return c;
}

static hl_code read_window(const hl_recipe_at *parent, hl_window *w, hl_error *err)
{
    const int64_t limit = INT64_C(100) * 366 * HL_DAY_S;
    hl_recipe_at at;
    int from = 0, to = 0;
    hl_code c = hl_recipe_object(parent, "window", true, &at, err);

    if (c == HL_OK)
        c = hl_recipe_only(&at, "from_s|from|to_s|to", err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "from_s", true, -limit, limit, &w->from_s, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "to_s", true, w->from_s, limit, &w->to_s, err);
    if (c == HL_OK)
        c = hl_recipe_word(&at, "from", true, "closed|open", &from, err);
    if (c == HL_OK)
        c = hl_recipe_word(&at, "to", true, "closed|open", &to, err);
    w->from_open = from == 1;
    w->to_open = to == 1;
    return c;
}

static hl_code read_age(const hl_recipe_at *top, hl_cohort_recipe *r, hl_error *err)
{
    hl_recipe_at at;
    int rule = HL_AGE_NONE;
    hl_code c = hl_recipe_object(top, "age", false, &at, err);

    r->age_to = INT64_MAX;
    if (c != HL_OK || !at.v)
        return c;
    c = hl_recipe_only(&at, "rule|from_years|to_years", err);
    if (c == HL_OK)
        c = hl_recipe_word(&at, "rule", true, "none|anchor|birth", &rule, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "from_years", false, 0, 200, &r->age_from, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "to_years", false, r->age_from, 200, &r->age_to, err);
    r->age = (hl_age_rule)rule;
    return c;
}

static hl_code read_film_and_ecg(hl_arena *arena, const hl_recipe_at *top, hl_cohort_recipe *r,
                                 hl_error *err)
{
    hl_recipe_at film, ecg;
    hl_code c = hl_recipe_object(top, "film", true, &film, err);

    if (c == HL_OK)
        c = hl_recipe_only(&film, "column|views|window|path", err);
    if (c == HL_OK)
        c = hl_recipe_text(&film, "column", true, &r->film_column, err);
    if (c == HL_OK)
        c = hl_recipe_texts(arena, &film, "views", true, &r->views, &r->n_views, err);
    if (c == HL_OK)
        c = hl_recipe_text(&film, "path", true, &r->film_path, err);
    if (c == HL_OK)
        c = read_window(&film, &r->film_window, err);
    if (c == HL_OK)
        c = hl_recipe_object(top, "ecg", true, &ecg, err);
    if (c == HL_OK)
        c = hl_recipe_only(&ecg, "column|window", err);
    if (c == HL_OK)
        c = hl_recipe_text(&ecg, "column", true, &r->ecg_column, err);
    if (c == HL_OK)
        c = read_window(&ecg, &r->ecg_window, err);
    return c;
}

static hl_code read_lab(const hl_recipe_at *at, hl_lab_item *lab, hl_error *err)
{
    hl_code c = hl_recipe_only(at, "itemid|label|low|high", err);

    if (c == HL_OK)
        c = hl_recipe_int(at, "itemid", true, 0, INT64_MAX, &lab->itemid, err);
    if (c == HL_OK)
        c = hl_recipe_text(at, "label", false, &lab->label, err);
    lab->has_low = hl_json_get(at->v, "low") != NULL;
    lab->has_high = hl_json_get(at->v, "high") != NULL;
    if (c == HL_OK)
        c = hl_recipe_decimal(at, "low", false, &lab->low, err);
    if (c == HL_OK)
        c = hl_recipe_decimal(at, "high", false, &lab->high, err);
    return c;
}

static hl_code read_labs(hl_arena *arena, const hl_recipe_at *top, hl_cohort_recipe *r,
                         hl_error *err)
{
    hl_recipe_at at, items;
    hl_code c = hl_recipe_object(top, "labs", true, &at, err);

    r->labs_at_least = 1;
    if (c == HL_OK)
        c = hl_recipe_only(&at, "at_least|window|items", err);
    if (c == HL_OK)
        c = hl_recipe_array(&at, "items", true, &items, err);
    if (c == HL_OK)
        c = read_window(&at, &r->lab_window, err);
    if (c != HL_OK)
        return c;
    r->n_labs = hl_json_count(items.v);
    if (r->n_labs == 0 || r->n_labs > 4096)
        return hl_recipe_fail(&at, "items", err, "must list 1 to 4096 items");
    c = hl_recipe_int(&at, "at_least", false, 1, (int64_t)r->n_labs, &r->labs_at_least, err);
    r->lab = hl_arena_calloc(arena, r->n_labs, sizeof *r->lab);
    if (!r->lab)
        return hl_fail_memory(err, "a recipe", r->n_labs * sizeof *r->lab);
    for (size_t i = 0; c == HL_OK && i < r->n_labs; i++) {
        hl_recipe_at item = hl_recipe_item(&items, i);
        c = read_lab(&item, &r->lab[i], err);
        for (size_t k = 0; c == HL_OK && k < i; k++)
            if (r->lab[k].itemid == r->lab[i].itemid)
                c = hl_recipe_fail(&item, "itemid", err, "%lld is listed twice",
                                   (long long)r->lab[i].itemid);
    }
    return c;
}

static hl_code read_splits(hl_arena *arena, const hl_recipe_at *top, hl_cohort_recipe *r,
                           hl_error *err)
{
    hl_recipe_at at;
    int rule = 0, negatives = 0;
    hl_code c = hl_recipe_object(top, "splits", true, &at, err);

    r->train_n = r->val_n = -1;
    r->candidate_n = 10;
    if (c == HL_OK)
        c = hl_recipe_only(
            &at, "rule|train_n|val_n|train_percent|val_percent|candidate_n|negatives|drop", err);
    if (c == HL_OK)
        c = hl_recipe_word(&at, "rule", true, "admission|subject", &rule, err);
    if (c == HL_OK)
        c = hl_recipe_word(&at, "negatives", false, "any|other-subject", &negatives, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "train_n", false, 1, INT32_MAX, &r->train_n, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "val_n", false, 1, INT32_MAX, &r->val_n, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "train_percent", r->train_n < 0, 1, 98, &r->train_percent, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "val_percent", r->val_n < 0, 1, 98, &r->val_percent, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "candidate_n", false, 2, INT32_MAX, &r->candidate_n, err);
    if (c == HL_OK)
        c = hl_recipe_texts(arena, &at, "drop", false, &r->drop, &r->n_drop, err);
    r->split = (hl_split_rule)rule;
    r->distinct_patients = negatives == 1;
    return c;
}

hl_code hl_cohort_recipe_read(hl_arena *arena, const hl_json *recipe, hl_cohort_recipe *out,
                              hl_error *err)
{
    hl_recipe_at top = hl_recipe_top(recipe);
    hl_code c = hl_recipe_only(
        &top, "name|title|source|system|tables|age|film|ecg|labs|splits|tensors", err);

    *out = (hl_cohort_recipe){0};
    if (c == HL_OK)
        c = hl_recipe_text(&top, "name", true, &out->name, err);
    if (c == HL_OK)
        c = hl_recipe_text(&top, "system", false, &out->system, err);
    if (c == HL_OK)
        c = read_tables(arena, &top, out, err);
    if (c == HL_OK)
        c = read_age(&top, out, err);
    if (c == HL_OK)
        c = read_film_and_ecg(arena, &top, out, err);
    if (c == HL_OK)
        c = read_labs(arena, &top, out, err);
    if (c == HL_OK)
        c = read_splits(arena, &top, out, err);
    return c;
}
