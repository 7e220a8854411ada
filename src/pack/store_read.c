#include "pack/store.h"

void hl_store_close(hl_store *s)
{
    hl_in_close(&s->films);
    hl_in_close(&s->ecgs);
    hl_in_close(&s->scale);
    hl_in_close(&s->planes);
    free(s->colour_of);
    hl_json_free(&s->json);
    hl_arena_free(&s->arena);
    *s = (hl_store){0};
}

/* Open an array and demand its type and shape. */
static hl_code open_array(const hl_store *s, const char *file, const char *descr,
                          const int64_t *shape, size_t n_dims, hl_in **in, int64_t *data_at,
                          hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_npy npy;
    hl_code c = hl_path_join(s->folder, file, path, err);

    if (c == HL_OK)
        c = hl_in_open(path, in, err);
    if (c == HL_OK)
        c = hl_npy_read_header(*in, &npy, err);
    if (c != HL_OK)
        return c;
    bool same = strcmp(npy.descr, descr) == 0 && !npy.fortran_order && npy.n_dims == n_dims;
    for (size_t k = 0; same && k < n_dims; k++)
        same = npy.shape[k] == shape[k];
    if (!same)
        return hl_fail_at(err, HL_E_INPUT, path, 0, -1,
                          "type or shape is not what store.json says");
    *data_at = npy.data_offset;
    return HL_OK;
}

static hl_code read_colour(hl_store *s, hl_error *err)
{
    const int64_t shape[4] = {s->n_colour, 2, s->r.crop_px, s->r.crop_px};
    hl_in *items = NULL;
    int64_t at = 0;
    size_t got = 0, n = (size_t)s->n_colour * sizeof(int64_t);
    int64_t *item = NULL;
    hl_code c = HL_OK;

    s->colour_of = malloc(((size_t)s->n_items + 1) * sizeof *s->colour_of);
    if (!s->colour_of)
        return hl_fail_memory(err, "items", (size_t)s->n_items * 8);
    for (int64_t i = 0; i < s->n_items; i++)
        s->colour_of[i] = -1;
    if (!s->n_colour)
        return HL_OK;
    c = open_array(s, "colour_items.npy", "<i8", shape, 1, &items, &at, err);
    if (c == HL_OK)
        c = open_array(s, "colour_planes.npy", "|u1", shape, 4, &s->planes, &s->planes_at, err);
    if (c == HL_OK && !(item = malloc(n)))
        c = hl_fail_memory(err, "items", n);
    if (c == HL_OK)
        c = hl_in_pread(items, item, n, at, &got, err);
    for (int64_t k = 0; c == HL_OK && k < s->n_colour; k++) {
        if (item[k] < 0 || item[k] >= s->n_items)
            c = hl_fail_at(err, HL_E_INPUT, hl_in_name(items), 0, -1,
                           "item %lld is not in the store", (long long)item[k]);
        else
            s->colour_of[item[k]] = k;
    }
    free(item);
    hl_in_close(&items);
    return c;
}

static hl_code read_triple(const hl_recipe_at *top, const char *key, float out[3],
                           const char *out_text[3], hl_arena *arena, hl_error *err)
{
    const char **text;
    size_t n;
    double v = 0;
    hl_code c = hl_recipe_texts(arena, top, key, true, &text, &n, err);

    if (c == HL_OK && n != 3)
        c = hl_recipe_fail(top, key, err, "must list three decimals");
    for (size_t i = 0; c == HL_OK && i < 3; i++) {
        if (!hl_parse_f64(hl_str_of(text[i]), &v))
            c = hl_recipe_fail(top, key, err, "'%.60s' is no decimal number", text[i]);
        out[i] = (float)v;
        out_text[i] = text[i];
    }
    return c;
}

static hl_code read_splits(hl_store *s, const hl_recipe_at *top, hl_error *err)
{
    hl_recipe_at splits;
    hl_code c = hl_recipe_array(top, "splits", true, &splits, err);
    size_t n = hl_json_count(splits.v);

    if (c == HL_OK && (n == 0 || n > HL_N_SPLITS))
        c = hl_recipe_fail(top, "splits", err, "must list 1 to %d splits", HL_N_SPLITS);
    for (size_t k = 0; c == HL_OK && k < n; k++) {
        hl_recipe_at at = hl_recipe_item(&splits, k);
        hl_store_split *split = &s->split[s->n_splits++];
        c = hl_recipe_text(&at, "name", true, &split->name, err);
        if (c == HL_OK && (!hl_path_is_inside(hl_str_of(split->name)) || strchr(split->name, '/')))
            c = hl_recipe_fail(&at, "name", err, "must be a plain name");
        if (c == HL_OK)
            c = hl_recipe_int(&at, "rows", true, 0, INT32_MAX, &split->rows, err);
        split->retrieval = hl_json_bool(hl_json_get(at.v, "retrieval"));
    }
    return c;
}

static hl_code read_description(hl_store *s, hl_error *err)
{
    char path[HL_PATH_BYTES];
    int64_t version = 0;
    hl_code c = hl_path_join(s->folder, "store.json", path, err);

    if (c == HL_OK)
        c = hl_json_read(path, &s->json, err);
    if (c != HL_OK)
        return c;
    hl_recipe_at top = hl_recipe_top(s->json);
    c = hl_recipe_int(&top, "store", true, 1, 1, &version, err);
    if (c == HL_OK)
        c = hl_recipe_int(&top, "items", true, 0, INT32_MAX, &s->n_items, err);
    if (c == HL_OK)
        c = hl_recipe_int(&top, "colour_items", true, 0, s->n_items, &s->n_colour, err);
    if (c == HL_OK)
        c = hl_recipe_int(&top, "scale_px", true, 1, 8192, &s->r.scale_px, err);
    if (c == HL_OK)
        c = hl_recipe_int(&top, "crop_px", true, 1, 8192, &s->r.crop_px, err);
    if (c == HL_OK)
        c = hl_recipe_int(&top, "leads", true, 1, 64, &s->r.leads, err);
    if (c == HL_OK)
        c = hl_recipe_int(&top, "samples", true, 1, 1 << 24, &s->r.samples, err);
    if (c == HL_OK)
        c = read_triple(&top, "mean", s->r.mean, s->r.mean_text, s->arena, err);
    if (c == HL_OK)
        c = read_triple(&top, "std", s->r.std, s->r.std_text, s->arena, err);
    if (c == HL_OK)
        c = hl_recipe_texts(s->arena, &top, "labs", true, &s->lab, &s->n_labs, err);
    if (c == HL_OK)
        c = read_splits(s, &top, err);
    s->compat = hl_json_bool(hl_json_get(top.v, "compat"));
    return c;
}

hl_code hl_store_open(const char *folder, hl_store *out, hl_error *err)
{
    hl_store s = {.arena = hl_arena_new(0)};
    hl_code c = s.arena ? HL_OK : hl_fail_memory(err, "a store", 1 << 16);

    snprintf(s.folder, sizeof s.folder, "%s", folder);
    if (c == HL_OK)
        c = read_description(&s, err);
    if (c == HL_OK) {
        const int64_t films[3] = {s.n_items, s.r.crop_px, s.r.crop_px};
        const int64_t ecgs[3] = {s.n_items, s.r.samples, s.r.leads};
        const int64_t scale[3] = {s.n_items, s.r.leads, 2};
        c = open_array(&s, "films.npy", "|u1", films, 3, &s.films, &s.films_at, err);
        if (c == HL_OK)
            c = open_array(&s, "ecgs.npy", "<i2", ecgs, 3, &s.ecgs, &s.ecgs_at, err);
        if (c == HL_OK)
            c = open_array(&s, "ecg_scale.npy", "<f8", scale, 3, &s.scale, &s.scale_at, err);
    }
    if (c == HL_OK)
        c = read_colour(&s, err);
    if (c != HL_OK)
        hl_store_close(&s);
    *out = s;
    return c;
}
