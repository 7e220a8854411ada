/*
 * inspect_json.c - a JSON file: a recipe, the manifest of an output folder, or any other, by its
 * members.
 */
#include "base/log.h"
#include "command/inspect.h"

enum { SHOWN_MEMBERS = 40 };

/* Text of a member for a message; "" when absent. */
static const char *text_of(hl_inspect *in, const hl_json_value *v, const char *key)
{
    hl_str t = hl_json_text(hl_json_get(v, key));
    char *copy = hl_arena_copy(in->arena, t.at ? t.at : "", t.n);

    return copy ? copy : "";
}

/* One line on a value: a short one itself, a long one by its size. */
static void show_value(const hl_json_value *v, char out[HL_SHOW_BYTES])
{
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);

    switch (hl_json_type_of(v)) {
    case HL_JSON_OBJECT:
        snprintf(out, HL_SHOW_BYTES, "object, %zu member%s", hl_json_count(v),
                 hl_json_count(v) == 1 ? "" : "s");
        return;
    case HL_JSON_ARRAY:
        snprintf(out, HL_SHOW_BYTES, "list, %zu item%s", hl_json_count(v),
                 hl_json_count(v) == 1 ? "" : "s");
        return;
    case HL_JSON_TEXT:
        hl_show(hl_json_text(v), out);
        return;
    case HL_JSON_NULL:
    case HL_JSON_BOOL:
    case HL_JSON_INT:
    case HL_JSON_REAL:
        break;
    }
    hl_json_put_value(&w, v);
    hl_show((hl_str){text.at, text.n}, out);
    hl_buf_free(&text);
}

/* --- manifest ---------------------------------------------------------------------------- */

static hl_code put_inputs(hl_inspect *in, const hl_json_value *inputs, hl_error *err)
{
    hl_grid grid = hl_grid_new(in->arena, "lllrr");

    for (size_t i = 0; i < hl_json_count(inputs); i++) {
        const hl_json_value *v = hl_json_at(inputs, i), *read = hl_json_get(v, "read");
        char n[32], size[HL_SIZE_CHARS];
        hl_grid_cell(&grid, "%s", i ? "" : "inputs");
        hl_grid_cell(&grid, "%s", text_of(in, v, "role"));
        hl_grid_cell(&grid, "%s", text_of(in, v, "kind"));
        hl_grid_cell(&grid, "%s files", hl_count_text(hl_json_int(hl_json_get(read, "files")), n));
        hl_grid_cell(&grid, "%s", hl_size_text(hl_json_int(hl_json_get(read, "bytes")), size));
    }
    if (hl_json_count(inputs))
        hl_buf_char(in->text, '\n');
    return hl_grid_print(&grid, in->text, err);
}

static hl_code put_outputs(hl_inspect *in, const hl_json_value *outputs, hl_error *err)
{
    const hl_json_value *tables = hl_json_get(outputs, "tables");
    const hl_json_value *arrays = hl_json_get(outputs, "arrays");
    hl_grid grid = hl_grid_new(in->arena, "lll");
    char n[32];

    for (size_t i = 0; i < hl_json_count(tables); i++) {
        const hl_json_value *v = hl_json_at(tables, i);
        hl_grid_cell(&grid, "%s", i ? "" : "tables");
        hl_grid_cell(&grid, "%s", text_of(in, v, "path"));
        hl_grid_cell(&grid, "%s rows x %zu columns",
                     hl_count_text(hl_json_int(hl_json_get(v, "rows")), n),
                     hl_json_count(hl_json_get(v, "columns")));
    }
    for (size_t i = 0; i < hl_json_count(arrays); i++) {
        const hl_json_value *v = hl_json_at(arrays, i), *shape = hl_json_get(v, "shape");
        hl_buf text = {0};
        for (size_t k = 0; k < hl_json_count(shape); k++)
            hl_buf_printf(&text, "%s%lld", k ? " x " : "",
                          (long long)hl_json_int(hl_json_at(shape, k)));
        hl_grid_cell(&grid, "%s", i ? "" : "arrays");
        hl_grid_cell(&grid, "%s", text_of(in, v, "path"));
        hl_grid_cell(&grid, "%s %s", text_of(in, v, "dtype"), text.at ? text.at : "");
        hl_buf_free(&text);
    }
    if (grid.n_cells)
        hl_buf_char(in->text, '\n');
    return hl_grid_print(&grid, in->text, err);
}

static hl_code put_funnel(hl_inspect *in, const hl_json_value *funnel, hl_error *err)
{
    hl_grid grid = hl_grid_new(in->arena, "lrl");
    char n[32];

    for (size_t i = 0; i < hl_json_count(funnel); i++) {
        const hl_json_value *v = hl_json_at(funnel, i);
        hl_grid_cell(&grid, "%s", i ? "" : "funnel");
        hl_grid_cell(&grid, "%s", hl_count_text(hl_json_int(hl_json_get(v, "left")), n));
        hl_grid_cell(&grid, "%s", text_of(in, v, "rule"));
    }
    if (grid.n_cells)
        hl_buf_char(in->text, '\n');
    return hl_grid_print(&grid, in->text, err);
}

static hl_code put_manifest(hl_inspect *in, const hl_json_value *m, hl_error *err)
{
    const hl_json_value *program = hl_json_get(m, "program"), *job = hl_json_get(m, "job");
    const hl_json_value *recipe = hl_json_get(m, "recipe"), *counts = hl_json_get(m, "counts");
    const hl_json_value *outputs = hl_json_get(m, "outputs");
    const hl_json_value *tree = hl_json_get(outputs, "tree");
    const char *compat = text_of(in, program, "compat"), *sha = text_of(in, recipe, "sha256");
    char a[32], b[32], c[32], size[HL_SIZE_CHARS];
    hl_code code;

    hl_inspect_title(in, "manifest", "manifest of hilum %s, made by %s %s",
                     text_of(in, job, "command"), text_of(in, program, "name"),
                     text_of(in, program, "version"));
    if (*compat)
        hl_inspect_fact(in, "compatible", "to the published %s", compat);
    hl_inspect_fact(in, "recipe", "%s (%.12s)", text_of(in, recipe, "name"), sha);
    if (hl_json_type_of(hl_json_get(job, "seed")) == HL_JSON_INT)
        hl_inspect_fact(in, "seed", "%lld", (long long)hl_json_int(hl_json_get(job, "seed")));
    hl_inspect_fact(in, "items", "%s: %s done, %s failed",
                    hl_count_text(hl_json_int(hl_json_get(counts, "items")), a),
                    hl_count_text(hl_json_int(hl_json_get(counts, "done")), b),
                    hl_count_text(hl_json_int(hl_json_get(counts, "failed")), c));
    hl_inspect_fact(in, "wrote", "%s files, %s",
                    hl_count_text(hl_json_int(hl_json_get(tree, "files")), a),
                    hl_size_text(hl_json_int(hl_json_get(tree, "bytes")), size));
    code = put_inputs(in, hl_json_get(m, "inputs"), err);
    if (code == HL_OK)
        code = put_outputs(in, outputs, err);
    if (code == HL_OK)
        code = put_funnel(in, hl_json_get(counts, "funnel"), err);
    hl_json_put_key(in->json, "content");
    hl_json_put_value(in->json, m);
    return code;
}

/* --- recipes and others ------------------------------------------------------------------- */

static hl_code put_members(hl_inspect *in, const hl_json_value *root, hl_error *err)
{
    hl_grid grid = hl_grid_new(in->arena, "ll");
    size_t n = hl_json_type_of(root) == HL_JSON_OBJECT ? hl_json_count(root) : 0;
    char show[HL_SHOW_BYTES];

    hl_json_put_key(in->json, "keys");
    hl_json_open(in->json, '[');
    for (size_t i = 0; i < n; i++) {
        hl_inspect_put_text(in, NULL, hl_str_of(hl_json_key(root, i)));
        if (i >= SHOWN_MEMBERS)
            continue;
        hl_grid_show(&grid, hl_str_of(hl_json_key(root, i)));
        show_value(hl_json_at(root, i), show);
        hl_grid_cell(&grid, "%s", show);
    }
    hl_json_close(in->json, ']');
    if (n > SHOWN_MEMBERS) {
        hl_grid_cell(&grid, "...");
        hl_grid_cell(&grid, "and %zu more", n - SHOWN_MEMBERS);
    }
    if (n)
        hl_buf_char(in->text, '\n');
    return hl_grid_print(&grid, in->text, err);
}

static hl_code put_recipe(hl_inspect *in, const hl_json_value *root, hl_error *err)
{
    hl_buf canonical = {0};
    char hex[HL_HEX_CHARS];
    hl_digest digest;

    hl_inspect_title(in, "recipe", "recipe %s", text_of(in, root, "name"));
    hl_code c = hl_json_canonical(root, &canonical, err);
    if (c == HL_OK) {
        hl_sha256_of(canonical.at, canonical.n, &digest);
        hl_inspect_fact(in, "digest", "%s", hl_digest_hex(&digest, hex));
        hl_inspect_put_digest(in, "recipe_sha256", &digest);
    } else {
        hl_error_context(err, "%s", in->path);
    }
    hl_inspect_put_text(in, "name", hl_json_text(hl_json_get(root, "name")));
    hl_buf_free(&canonical);
    return c == HL_OK ? put_members(in, root, err) : c;
}

static hl_code put_other(hl_inspect *in, const hl_json_value *root, hl_error *err)
{
    char size[HL_SIZE_CHARS];
    bool object = hl_json_type_of(root) == HL_JSON_OBJECT;

    hl_inspect_title(in, "json", "JSON, %s of %zu, %s", object ? "an object" : "a list",
                     hl_json_count(root), hl_size_text(in->bytes, size));
    hl_inspect_put_int(in, "count", (int64_t)hl_json_count(root));
    return put_members(in, root, err);
}

hl_code hl_inspect_json(hl_inspect *in, hl_error *err)
{
    hl_json *json = NULL;
    hl_code c = hl_json_read(in->path, &json, err);

    if (c != HL_OK)
        return c;
    const hl_json_value *root = hl_json_root(json);
    if (hl_json_type_of(hl_json_get(root, "manifest")) == HL_JSON_INT &&
        hl_json_get(root, "program"))
        c = put_manifest(in, root, err);
    else if (hl_json_text(hl_json_get(root, "name")).n &&
             (hl_json_get(root, "tables") || hl_json_get(root, "system")))
        c = put_recipe(in, root, err);
    else
        c = put_other(in, root, err);
    hl_json_free(&json);
    return c;
}
