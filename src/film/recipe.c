#include "film/recipe.h"

#include "film/deid.h"

const char *const hl_film_split_name[HL_FILM_SPLITS] = {"train", "validate", "test"};

/* --- columns ---------------------------------------------------------------------------------- */

static hl_value_kind kind_of(const hl_dicom_entry *entry)
{
    static const char number[][3] = {"US", "SS", "UL", "SL", "UV", "SV", "IS", "DS", "FL", "FD"};

    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        if (strcmp(entry->vr, number[i]) == 0)
            return HL_VALUE_NUMBER;
    if (strcmp(entry->vr, "DA") == 0)
        return HL_VALUE_DATE;
    if (strcmp(entry->vr, "TM") == 0)
        return HL_VALUE_TIME;
    return strcmp(entry->vr, "UI") == 0 ? HL_VALUE_UID : HL_VALUE_TEXT;
}

static hl_code entry_of(const hl_recipe_at *at, hl_str keyword, const hl_dicom_entry **out,
                        hl_error *err)
{
    char name[96], show[HL_SHOW_BYTES];

    snprintf(name, sizeof name, "%.*s", (int)(keyword.n < 95 ? keyword.n : 95), keyword.at);
    *out = hl_dicom_entry_named(name);
    return *out ? HL_OK
                : hl_recipe_fail(at, "columns", err, "'%s' is no keyword of the DICOM dictionary",
                                 hl_show(keyword, show));
}

/* Numbers, dates, times and the texts that the tables of the field hold; what has no place in a
 * csv is refused here and not a film at a time. */
static hl_code check_column(const hl_recipe_at *at, const char *path, const hl_dicom_entry *entry,
                            hl_error *err)
{
    static const char text[][3] = {"AE", "AS", "CS", "DT", "LO", "SH", "LT",
                                   "ST", "UT", "UC", "UR", "DA", "TM", "UI"};
    bool known = kind_of(entry) == HL_VALUE_NUMBER || strncmp(entry->vr, "US or", 5) == 0;
    const char *reason = hl_deid_tag_reason(entry->tag);

    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        known = known || strcmp(entry->vr, text[i]) == 0;
    if (!known)
        return hl_recipe_fail(at, "columns", err,
                              "'%s' has values of type %s, which no table holds", path, entry->vr);
    if (reason && kind_of(entry) != HL_VALUE_UID)
        return hl_recipe_fail(at, "columns", err, "'%s' %s and must not leave the hospital", path,
                              reason);
    return HL_OK;
}

static hl_code read_column(hl_arena *arena, const hl_recipe_at *at, const char *path,
                           hl_film_column *out, hl_error *err)
{
    const char *dot = strchr(path, '.');
    const hl_dicom_entry *outer = NULL, *entry = NULL;
    hl_code c = HL_OK;
    char *name = hl_arena_copy(arena, path, strlen(path));

    if (!name)
        return hl_fail_memory(err, "a recipe", strlen(path));
    if (dot) {
        name[dot - path] = '_';
        c = entry_of(at, (hl_str){path, (size_t)(dot - path)}, &outer, err);
        if (c == HL_OK && strcmp(outer->vr, "SQ") != 0)
            c = hl_recipe_fail(at, "columns", err, "'%s': %s is no sequence", path, outer->keyword);
    }
    if (c == HL_OK)
        c = entry_of(at, hl_str_of(dot ? dot + 1 : path), &entry, err);
    if (c == HL_OK)
        c = check_column(at, path, entry, err);
    if (c == HL_OK)
        *out = (hl_film_column){name, outer ? outer->tag : 0, entry->tag, kind_of(entry)};
    return c;
}

static hl_code read_metadata(hl_arena *arena, const hl_recipe_at *top, hl_film_recipe *r,
                             hl_error *err)
{
    hl_recipe_at at;
    const char **path = NULL;
    hl_code c = hl_recipe_object(top, "metadata", true, &at, err);

    if (c == HL_OK)
        c = hl_recipe_only(&at, "file|columns", err);
    if (c == HL_OK)
        c = hl_recipe_text(&at, "file", true, &r->metadata_file, err);
    if (c == HL_OK)
        c = hl_recipe_texts(arena, &at, "columns", true, &path, &r->n_columns, err);
    if (c == HL_OK && r->n_columns > 256)
        c = hl_recipe_fail(&at, "columns", err, "more than 256 columns");
    if (c != HL_OK)
        return c;
    r->column = hl_arena_calloc(arena, r->n_columns, sizeof *r->column);
    if (!r->column)
        return hl_fail_memory(err, "a recipe", r->n_columns * sizeof *r->column);
    for (size_t i = 0; c == HL_OK && i < r->n_columns; i++)
        c = read_column(arena, &at, path[i], &r->column[i], err);
    return c;
}

/* --- ids, split, dates ------------------------------------------------------------------------ */

static hl_code read_tag(const hl_recipe_at *at, const char *key, uint32_t *out, hl_error *err)
{
    const char *keyword = NULL;
    hl_code c = hl_recipe_text(at, key, true, &keyword, err);

    if (c != HL_OK)
        return c;
    const hl_dicom_entry *entry = hl_dicom_entry_named(keyword);
    if (!entry)
        return hl_recipe_fail(at, key, err, "'%s' is no keyword of the DICOM dictionary", keyword);
    *out = entry->tag;
    return HL_OK;
}

static hl_code read_ids(const hl_recipe_at *top, hl_film_recipe *r, hl_error *err)
{
    hl_recipe_at at;
    int from = 0;
    hl_code c = hl_recipe_object(top, "ids", true, &at, err);

    if (c == HL_OK)
        c = hl_recipe_only(&at, "from|subject|study|dicom", err);
    if (c == HL_OK)
        c = hl_recipe_word(&at, "from", true, "path|tags", &from, err);
    r->ids = (hl_film_ids)from;
    if (c != HL_OK || r->ids != HL_IDS_TAGS)
        return c;
    c = read_tag(&at, "subject", &r->subject_tag, err);
    if (c == HL_OK)
        c = read_tag(&at, "study", &r->study_tag, err);
    if (c == HL_OK)
        c = read_tag(&at, "dicom", &r->dicom_tag, err);
    return c;
}

static hl_code read_split(const hl_recipe_at *top, hl_film_recipe *r, hl_error *err)
{
    hl_recipe_at at, share;
    int64_t sum = 0;
    hl_code c = hl_recipe_object(top, "split", true, &at, err);

    if (c == HL_OK)
        c = hl_recipe_only(&at, "file|seed|permille", err);
    if (c == HL_OK)
        c = hl_recipe_text(&at, "file", true, &r->split_file, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "seed", false, 0, INT64_MAX, &r->split_seed, err);
    if (c == HL_OK)
        c = hl_recipe_object(&at, "permille", true, &share, err);
    if (c == HL_OK)
        c = hl_recipe_only(&share, "train|validate|test", err);
    for (size_t i = 0; c == HL_OK && i < HL_FILM_SPLITS; i++) {
        c = hl_recipe_int(&share, hl_film_split_name[i], true, 0, 1000, &r->permille[i], err);
        sum += r->permille[i];
    }
    if (c == HL_OK && sum != 1000)
        c = hl_recipe_fail(&at, "permille", err, "the shares sum up to %lld, not 1000",
                           (long long)sum);
    return c;
}

static hl_code read_dates(const hl_recipe_at *top, hl_film_recipe *r, hl_error *err)
{
    hl_recipe_at at;
    hl_code c = hl_recipe_object(top, "dates", false, &at, err);

    r->first_year = 0;
    r->last_year = 9999;
    if (c != HL_OK || !at.v)
        return c;
    c = hl_recipe_only(&at, "first_year|last_year", err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "first_year", true, 1, 9999, &r->first_year, err);
    if (c == HL_OK)
        c = hl_recipe_int(&at, "last_year", true, r->first_year, 9999, &r->last_year, err);
    return c;
}

/* A file name of the archive's root. */
static hl_code check_file(const hl_recipe_at *top, const char *key, const char *file, hl_error *err)
{
    if (!hl_path_is_inside(hl_str_of(file)) || strchr(file, '/') || *file == '.')
        return hl_recipe_fail(top, key, err, "'%s' is no plain file name", file);
    if (!hl_str_ends(hl_str_of(file), ".csv.gz"))
        return hl_recipe_fail(top, key, err, "'%s' must end in .csv.gz", file);
    return HL_OK;
}

hl_code hl_film_recipe_read(hl_arena *arena, const hl_json *recipe, hl_film_recipe *out,
                            hl_error *err)
{
    hl_recipe_at top = hl_recipe_top(recipe), pixels;
    const char *kind = NULL;
    hl_code c = hl_recipe_text(&top, "kind", false, &kind, err);

    *out = (hl_film_recipe){0};
    if (c == HL_OK && (!kind || strcmp(kind, "film") != 0))
        c = hl_recipe_fail(&top, "kind", err, "is not \"film\": this is no recipe for films");
    if (c == HL_OK)
        c = hl_recipe_only(&top, "name|title|kind|system|source|pixels|ids|metadata|split|dates",
                           err);
    if (c == HL_OK)
        c = hl_recipe_text(&top, "name", true, &out->name, err);
    if (c == HL_OK)
        c = hl_recipe_text(&top, "system", false, &out->system, err);
    if (c == HL_OK)
        c = hl_recipe_object(&top, "pixels", true, &pixels, err);
    if (c == HL_OK)
        c = hl_look_read(&pixels, &out->look, err);
    if (c == HL_OK)
        c = read_ids(&top, out, err);
    if (c == HL_OK)
        c = read_metadata(arena, &top, out, err);
    if (c == HL_OK)
        c = read_split(&top, out, err);
    if (c == HL_OK)
        c = read_dates(&top, out, err);
    if (c == HL_OK)
        c = check_file(&top, "metadata", out->metadata_file, err);
    if (c == HL_OK)
        c = check_file(&top, "split", out->split_file, err);
    return c;
}
