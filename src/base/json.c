#include "base/json.h"

#include <jansson.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/sort.h"

#define MAX_BYTES ((size_t)16 << 20)
#define MAX_DEPTH 64
#define FEW_KEYS 8 /* up to here a plain search is as fast as a sorted one */

/* The parsed text is copied out of jansson: its objects have no i-th member, ours do. */
struct hl_json_value {
    hl_json_type type;
    bool flag;
    int64_t whole;
    double real;
    hl_str text;
    size_t n;            /* array, object */
    hl_json_value *item; /* [n] */
    const char **key;    /* [n], object only, file order */
    uint32_t *sorted;    /* [n] members by key; NULL for few */
};

struct hl_json {
    hl_arena *arena;
    char *name;
    hl_json_value root;
};

/* --- parsing ---------------------------------------------------------------------------------- */

/* jansson recurses for each level; its own limit is far too deep. Counts brackets outside of texts.
 */
static hl_code check_depth(const char *text, size_t n, const char *name, hl_error *err)
{
    int depth = 0;
    int64_t line = 1;
    bool in_text = false;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '\n')
            line++;
        if (in_text) {
            if (c == '\\' && i + 1 < n && text[i + 1] != '\n')
                i++;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '[' || c == '{') {
            if (++depth > MAX_DEPTH)
                return hl_fail_at(err, HL_E_INPUT, name, line, (int64_t)i,
                                  "JSON nested deeper than %d levels", MAX_DEPTH);
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return HL_OK;
}

static int compare_keys(const void *a, const void *b, void *ctx)
{
    const char *const *key = ctx;
    return strcmp(key[*(const uint32_t *)a], key[*(const uint32_t *)b]);
}

static hl_code copy_value(hl_arena *arena, const json_t *from, hl_json_value *to, hl_error *err);

static hl_code copy_array(hl_arena *arena, const json_t *from, hl_json_value *to, hl_error *err)
{
    to->n = json_array_size(from);
    to->item = hl_arena_calloc(arena, to->n, sizeof *to->item);
    if (!to->item)
        return hl_fail_memory(err, "JSON array", to->n * sizeof *to->item);
    for (size_t i = 0; i < to->n; i++) {
        hl_code c = copy_value(arena, json_array_get(from, i), &to->item[i], err);
        if (c)
            return c;
    }
    return HL_OK;
}

static hl_code copy_object(hl_arena *arena, const json_t *from, hl_json_value *to, hl_error *err)
{
    json_t *object = (json_t *)(uintptr_t)from; /* jansson's iterator wants it writable */
    const char *key;
    json_t *member;
    size_t i = 0;

    to->n = json_object_size(from);
    to->item = hl_arena_calloc(arena, to->n, sizeof *to->item);
    to->key = hl_arena_calloc(arena, to->n, sizeof *to->key);
    if (!to->item || !to->key)
        return hl_fail_memory(err, "JSON object", to->n * sizeof *to->item);
    json_object_foreach(object, key, member)
    {
        to->key[i] = hl_arena_copy(arena, key, strlen(key));
        if (!to->key[i])
            return hl_fail_memory(err, "JSON key", strlen(key));
        hl_code c = copy_value(arena, member, &to->item[i], err);
        if (c)
            return c;
        i++;
    }
    if (to->n <= FEW_KEYS)
        return HL_OK;
    to->sorted = hl_arena_calloc(arena, to->n, sizeof *to->sorted);
    if (!to->sorted)
        return hl_fail_memory(err, "JSON object", to->n * sizeof *to->sorted);
    for (i = 0; i < to->n; i++)
        to->sorted[i] = (uint32_t)i;
    return hl_sort_stable(to->sorted, to->n, sizeof *to->sorted, compare_keys, to->key, err);
}

static hl_code copy_value(hl_arena *arena, const json_t *from, hl_json_value *to, hl_error *err)
{
    switch (json_typeof(from)) {
    case JSON_OBJECT:
        to->type = HL_JSON_OBJECT;
        return copy_object(arena, from, to, err);
    case JSON_ARRAY:
        to->type = HL_JSON_ARRAY;
        return copy_array(arena, from, to, err);
    case JSON_STRING:
        to->type = HL_JSON_TEXT;
        to->text.n = json_string_length(from);
        to->text.at = hl_arena_copy(arena, json_string_value(from), to->text.n);
        return to->text.at ? HL_OK : hl_fail_memory(err, "JSON text", to->text.n);
    case JSON_INTEGER:
        to->type = HL_JSON_INT;
        to->whole = json_integer_value(from);
        return HL_OK;
    case JSON_REAL:
        to->type = HL_JSON_REAL;
        to->real = json_real_value(from);
        return HL_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        to->type = HL_JSON_BOOL;
        to->flag = json_is_true(from);
        return HL_OK;
    case JSON_NULL:
        break;
    }
    to->type = HL_JSON_NULL;
    return HL_OK;
}

hl_code hl_json_parse(const char *text, size_t n, const char *name, hl_json **out, hl_error *err)
{
    json_error_t fault;
    char show[HL_SHOW_BYTES];
    json_t *root = NULL;
    hl_json *json = NULL;
    hl_code c;

    *out = NULL;
    if (n > MAX_BYTES)
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1, "%zu bytes of JSON; at most %zu are read",
                          n, MAX_BYTES);
    c = check_depth(text, n, name, err);
    if (c)
        return c;
    root = json_loadb(text ? text : "", n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (!root) {
        if (json_error_code(&fault) == json_error_out_of_memory)
            return hl_fail_memory(err, "JSON", n);
        return hl_fail_at(err, HL_E_INPUT, name, fault.line, fault.position,
                          "no valid JSON at column %d: %s", fault.column,
                          hl_show(hl_str_of(fault.text), show));
    }
    json = calloc(1, sizeof *json);
    c = json ? HL_OK : hl_fail_memory(err, "JSON", sizeof *json);
    if (!c) {
        json->arena = hl_arena_new(0);
        json->name = json->arena ? hl_arena_copy(json->arena, name, strlen(name)) : NULL;
        c = json->name ? copy_value(json->arena, root, &json->root, err)
                       : hl_fail_memory(err, "JSON", n);
    }
    json_decref(root);
    if (c)
        hl_json_free(&json);
    *out = json;
    return c;
}

hl_code hl_json_read(const char *path, hl_json **out, hl_error *err)
{
    hl_buf text = {0};
    hl_code c = hl_read_file(path, MAX_BYTES, &text, NULL, err);

    *out = NULL;
    if (!c)
        c = hl_json_parse(text.at, text.n, path, out, err);
    hl_buf_free(&text);
    return c;
}

void hl_json_free(hl_json **json)
{
    if (!json || !*json)
        return;
    hl_arena_free(&(*json)->arena);
    free(*json);
    *json = NULL;
}

/* --- looking ---------------------------------------------------------------------------------- */

const hl_json_value *hl_json_root(const hl_json *json)
{
    return &json->root;
}

const char *hl_json_name(const hl_json *json)
{
    return json->name;
}

hl_json_type hl_json_type_of(const hl_json_value *v)
{
    return v ? v->type : HL_JSON_NULL;
}

const hl_json_value *hl_json_get(const hl_json_value *v, const char *key)
{
    if (!v || v->type != HL_JSON_OBJECT)
        return NULL;
    if (!v->sorted) {
        for (size_t i = 0; i < v->n; i++)
            if (strcmp(v->key[i], key) == 0)
                return &v->item[i];
        return NULL;
    }
    size_t low = 0, high = v->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, v->key[v->sorted[middle]]);
        if (order == 0)
            return &v->item[v->sorted[middle]];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

size_t hl_json_count(const hl_json_value *v)
{
    return v ? v->n : 0;
}

const hl_json_value *hl_json_at(const hl_json_value *v, size_t i)
{
    return v && i < v->n ? &v->item[i] : NULL;
}

const char *hl_json_key(const hl_json_value *object, size_t i)
{
    return object && object->key && i < object->n ? object->key[i] : NULL;
}

bool hl_json_bool(const hl_json_value *v)
{
    return v && v->type == HL_JSON_BOOL && v->flag;
}

int64_t hl_json_int(const hl_json_value *v)
{
    return v && v->type == HL_JSON_INT ? v->whole : 0;
}

double hl_json_real(const hl_json_value *v)
{
    if (!v)
        return 0;
    return v->type == HL_JSON_REAL ? v->real : v->type == HL_JSON_INT ? (double)v->whole : 0;
}

hl_str hl_json_text(const hl_json_value *v)
{
    return v && v->type == HL_JSON_TEXT ? v->text : (hl_str){NULL, 0};
}

/* --- canonical bytes -------------------------------------------------------------------------- */

static hl_code canonical(const hl_json_value *v, hl_json_writer *w, hl_error *err);

static hl_code canonical_object(const hl_json_value *v, hl_json_writer *w, hl_error *err)
{
    uint32_t *order = malloc((v->n ? v->n : 1) * sizeof *order);
    hl_code c = order ? HL_OK : hl_fail_memory(err, "JSON object", v->n * sizeof *order);

    for (size_t i = 0; !c && i < v->n; i++)
        order[i] = (uint32_t)i;
    if (!c)
        c = hl_sort_stable(order, v->n, sizeof *order, compare_keys, v->key, err);
    hl_json_open(w, '{');
    for (size_t i = 0; !c && i < v->n; i++) {
        hl_json_put_key(w, v->key[order[i]]);
        c = canonical(&v->item[order[i]], w, err);
        if (c)
            hl_error_context(err, "%s", v->key[order[i]]);
    }
    if (!c)
        hl_json_close(w, '}');
    free(order);
    return c;
}

static hl_code canonical(const hl_json_value *v, hl_json_writer *w, hl_error *err)
{
    char number[HL_F64_CHARS];
    hl_code c = HL_OK;

    switch (v->type) {
    case HL_JSON_REAL:
        hl_print_f64(v->real, number);
        return hl_fail(err, HL_E_INPUT, "%s is a decimal number\nWrite it as a text: \"%s\".",
                       number, number);
    case HL_JSON_ARRAY:
        hl_json_open(w, '[');
        for (size_t i = 0; !c && i < v->n; i++)
            c = canonical(&v->item[i], w, err);
        if (!c)
            hl_json_close(w, ']');
        return c;
    case HL_JSON_OBJECT:
        return canonical_object(v, w, err);
    case HL_JSON_NULL:
    case HL_JSON_BOOL:
    case HL_JSON_INT:
    case HL_JSON_TEXT:
        break;
    }
    hl_json_put_value(w, v);
    return HL_OK;
}

hl_code hl_json_canonical(const hl_json_value *v, hl_buf *out, hl_error *err)
{
    hl_json_writer w = hl_json_write_to(out, 0);
    hl_code c = v ? canonical(v, &w, err) : HL_OK;

    if (!v)
        hl_json_put_null(&w);
    return c ? c : hl_buf_check(out, "canonical JSON", err);
}
