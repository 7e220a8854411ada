#include "data/recipe.h"

#include <stdarg.h>

#include "base/io.h"
#include "base/share.h"

hl_code hl_recipe_read(const char *name, hl_json **out, hl_digest *digest, hl_error *err)
{
    char path[HL_PATH_BYTES], folder[HL_PATH_BYTES];
    char file[300];
    hl_buf canonical = {0};
    bool is_path = strchr(name, '/') || hl_str_ends(hl_str_of(name), ".json");
    hl_code c = HL_OK;

    *out = NULL;
    if (!is_path) {
        snprintf(file, sizeof file, "%.200s.json", name);
        c = hl_share_path("recipes", folder, err);
        if (c == HL_OK)
            c = hl_path_join(folder, file, path, err);
        if (c == HL_OK && !hl_file_exists(path))
            c = hl_fail(
                err, HL_E_USAGE,
                "no recipe '%s'\nGive the name of a shipped recipe, or a path to a .json file.",
                name);
    }
    if (c == HL_OK)
        c = hl_json_read(is_path ? name : path, out, err);
    if (c == HL_OK && hl_json_type_of(hl_json_root(*out)) != HL_JSON_OBJECT)
        c = hl_fail_at(err, HL_E_INPUT, hl_json_name(*out), 0, -1, "a recipe is a JSON object");
    if (c == HL_OK && (c = hl_json_canonical(hl_json_root(*out), &canonical, err)) != HL_OK)
        hl_error_context(err, "%s", hl_json_name(*out));
    if (c == HL_OK)
        hl_sha256_of(canonical.at, canonical.n, digest);
    hl_buf_free(&canonical);
    if (c != HL_OK)
        hl_json_free(out);
    return c;
}

hl_recipe_at hl_recipe_top(const hl_json *recipe)
{
    return (hl_recipe_at){.file = hl_json_name(recipe), .v = hl_json_root(recipe)};
}

static void join_key(char *out, size_t size, const char *where, const char *key)
{
    snprintf(out, size, "%.120s%s%.38s", where, *where && key && *key ? "." : "", key ? key : "");
}

hl_code hl_recipe_fail(const hl_recipe_at *at, const char *key, hl_error *err, const char *fmt, ...)
{
    char where[160], text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    join_key(where, sizeof where, at->where, key);
    return hl_fail_at(err, HL_E_INPUT, at->file, 0, -1, "%s: %s", *where ? where : "recipe", text);
}

/* The member key of type want. */
static hl_code member(const hl_recipe_at *at, const char *key, bool need, hl_json_type want,
                      const char *want_name, const hl_json_value **out, hl_error *err)
{
    *out = hl_json_get(at->v, key);
    if (!*out)
        return need ? hl_recipe_fail(at, key, err, "is missing; it must be %s", want_name) : HL_OK;
    if (hl_json_type_of(*out) != want)
        return hl_recipe_fail(at, key, err, "must be %s", want_name);
    return HL_OK;
}

static hl_code part(const hl_recipe_at *at, const char *key, bool need, hl_json_type want,
                    const char *want_name, hl_recipe_at *out, hl_error *err)
{
    const hl_json_value *v;
    hl_code c = member(at, key, need, want, want_name, &v, err);

    *out = (hl_recipe_at){.file = at->file, .v = v};
    join_key(out->where, sizeof out->where, at->where, key);
    return c;
}

hl_code hl_recipe_object(const hl_recipe_at *at, const char *key, bool need, hl_recipe_at *out,
                         hl_error *err)
{
    return part(at, key, need, HL_JSON_OBJECT, "an object", out, err);
}

hl_code hl_recipe_array(const hl_recipe_at *at, const char *key, bool need, hl_recipe_at *out,
                        hl_error *err)
{
    return part(at, key, need, HL_JSON_ARRAY, "an array", out, err);
}

hl_recipe_at hl_recipe_item(const hl_recipe_at *array, size_t i)
{
    hl_recipe_at at = {.file = array->file, .v = hl_json_at(array->v, i)};
    char item[32];
    snprintf(item, sizeof item, "[%zu]", i);
    snprintf(at.where, sizeof at.where, "%.120s%s", array->where, item);
    return at;
}

hl_code hl_recipe_int(const hl_recipe_at *at, const char *key, bool need, int64_t min, int64_t max,
                      int64_t *out, hl_error *err)
{
    const hl_json_value *v;
    hl_code c = member(at, key, need, HL_JSON_INT, "an integer", &v, err);

    if (c != HL_OK || !v)
        return c;
    int64_t n = hl_json_int(v);
    if (n < min || n > max)
        return hl_recipe_fail(at, key, err, "%lld is outside %lld to %lld", (long long)n,
                              (long long)min, (long long)max);
    *out = n;
    return HL_OK;
}

hl_code hl_recipe_text(const hl_recipe_at *at, const char *key, bool need, const char **out,
                       hl_error *err)
{
    const hl_json_value *v;
    hl_code c = member(at, key, need, HL_JSON_TEXT, "a text", &v, err);

    if (c == HL_OK && v)
        *out = hl_json_text(v).at;
    return c;
}

hl_code hl_recipe_word(const hl_recipe_at *at, const char *key, bool need, const char *words,
                       int *out, hl_error *err)
{
    const char *text = NULL;
    hl_code c = hl_recipe_text(at, key, need, &text, err);
    int number = 0;

    if (c != HL_OK || !text)
        return c;
    for (const char *w = words; w; w = strchr(w, '|') ? strchr(w, '|') + 1 : NULL, number++) {
        size_t n = strcspn(w, "|");
        if (n == strlen(text) && memcmp(w, text, n) == 0) {
            *out = number;
            return HL_OK;
        }
    }
    return hl_recipe_fail(at, key, err, "'%.60s' is none of %s", text, words);
}

hl_code hl_recipe_decimal(const hl_recipe_at *at, const char *key, bool need, double *out,
                          hl_error *err)
{
    const char *text = NULL;
    hl_code c = hl_recipe_text(at, key, need, &text, err);

    if (c == HL_OK && text && !hl_parse_f64(hl_str_of(text), out))
        c = hl_recipe_fail(at, key, err, "'%.60s' is no decimal number", text);
    return c;
}

hl_code hl_recipe_texts(hl_arena *arena, const hl_recipe_at *at, const char *key, bool need,
                        const char ***out, size_t *n, hl_error *err)
{
    hl_recipe_at array;
    hl_code c = hl_recipe_array(at, key, need, &array, err);

    *out = NULL;
    *n = 0;
    if (c != HL_OK || !array.v)
        return c;
    size_t count = hl_json_count(array.v);
    const char **text = hl_arena_calloc(arena, count + 1, sizeof *text);
    if (!text)
        return hl_fail_memory(err, "a recipe", count * sizeof *text);
    for (size_t i = 0; i < count; i++) {
        text[i] = hl_json_text(hl_json_at(array.v, i)).at;
        if (!text[i])
            return hl_recipe_fail(at, key, err, "item %zu must be a text", i);
    }
    *out = text;
    *n = count;
    return HL_OK;
}

hl_code hl_recipe_only(const hl_recipe_at *at, const char *keys, hl_error *err)
{
    for (size_t i = 0; i < hl_json_count(at->v); i++) {
        const char *key = hl_json_key(at->v, i);
        bool known = false;
        for (const char *w = keys; w; w = strchr(w, '|') ? strchr(w, '|') + 1 : NULL) {
            size_t n = strcspn(w, "|");
            known = known || (n == strlen(key) && memcmp(w, key, n) == 0);
        }
        if (!known)
            return hl_recipe_fail(at, key, err, "unknown key; known here are %s", keys);
    }
    return HL_OK;
}
