#include "data/table.h"

#include <math.h>

#include "base/map.h"
#include "base/sort.h"

const char *hl_col_type_name(hl_col_type type)
{
    switch (type) {
    case HL_COL_I64:
        return "i64";
    case HL_COL_F64:
        return "f64";
    case HL_COL_TIME:
        return "datetime";
    case HL_COL_BOOL:
        return "bool";
    case HL_COL_TEXT:
    case HL_COL_AUTO:
    case HL_COL_EXISTS:
        break;
    }
    return "str";
}

hl_code hl_table_new(const char *name, size_t n_rows, hl_table **out, hl_error *err)
{
    hl_table *t = calloc(1, sizeof *t);

    if (!t || !(t->arena = hl_arena_new(0)) ||
        !(t->name = hl_arena_copy(t->arena, name, strlen(name)))) {
        hl_table_free(&t);
        return hl_fail_memory(err, "a table", sizeof *t);
    }
    t->n_rows = n_rows;
    *out = t;
    return HL_OK;
}

static void column_free(hl_column *c)
{
    free(c->valid);
    free(c->i64);
    free(c->f64);
    free(c->text);
}

void hl_table_free(hl_table **table)
{
    if (!table || !*table)
        return;
    hl_table *t = *table;
    for (size_t i = 0; i < t->n_columns; i++)
        column_free(&t->column[i]);
    free(t->column);
    hl_arena_free(&t->arena);
    free(t);
    *table = NULL;
}

hl_column *hl_table_add(hl_table *table, const char *name, hl_col_type type)
{
    hl_column *columns = realloc(table->column, (table->n_columns + 1) * sizeof *columns);
    size_t n = table->n_rows ? table->n_rows : 1;

    if (!columns)
        return NULL;
    table->column = columns;
    hl_column *c = &columns[table->n_columns];
    *c = (hl_column){.type = type, .n = table->n_rows, .n_missing = table->n_rows};
    c->name = hl_arena_copy(table->arena, name, strlen(name));
    c->valid = calloc(n, 1);
    switch (type) {
    case HL_COL_F64:
        c->f64 = calloc(n, sizeof *c->f64);
        break;
    case HL_COL_TEXT:
        c->text = calloc(n, sizeof *c->text);
        break;
    case HL_COL_I64:
    case HL_COL_BOOL:
    case HL_COL_TIME:
        c->i64 = calloc(n, sizeof *c->i64);
        break;
    case HL_COL_AUTO:
    case HL_COL_EXISTS:
        hl_assert(!"a column in memory has a type");
    }
    if (!c->name || !c->valid || !(c->f64 || c->text || c->i64)) {
        column_free(c);
        return NULL;
    }
    table->n_columns++;
    return c;
}

hl_code hl_table_gather(hl_table *table, const char *name, const hl_column *src, const int64_t *row,
                        hl_error *err)
{
    hl_col_type type = src->type;
    size_t n = table->n_rows;

    if (type == HL_COL_I64) {
        for (size_t i = 0; i < n; i++)
            if (row[i] < 0 || !src->valid[row[i]])
                type = HL_COL_F64;
    }
    hl_column *c = hl_table_add(table, name, type);
    if (!c)
        return hl_fail_memory(err, name, n * 9);
    for (size_t i = 0; i < n; i++) {
        if (row[i] < 0 || !src->valid[row[i]])
            continue;
        size_t r = (size_t)row[i];
        if (type == HL_COL_TEXT)
            hl_column_set_text(c, i, src->text[r]);
        else if (type == HL_COL_F64)
            hl_column_set_f64(c, i, src->f64 ? src->f64[r] : (double)src->i64[r]);
        else
            hl_column_set_i64(c, i, src->i64[r]);
    }
    return HL_OK;
}

const hl_column *hl_table_column(const hl_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->column[i].name, name) == 0)
            return &table->column[i];
    return NULL;
}

hl_code hl_table_need(const hl_table *table, const char *name, const hl_column **out, hl_error *err)
{
    *out = hl_table_column(table, name);
    if (*out)
        return HL_OK;
    return hl_fail_at(err, HL_E_INPUT, table->name, 0, -1, "no column '%s'", name);
}

double hl_column_number(const hl_column *c, size_t i)
{
    if (!c->valid[i])
        return NAN;
    return c->f64 ? c->f64[i] : c->i64 ? (double)c->i64[i] : NAN;
}

/* --- index -------------------------------------------------------------------------------------
 */

/* Rows of equal keys are chained in file order: first[slot] -> next[row] -> ... -> -1. */
struct hl_index {
    hl_map *by_id;
    hl_strmap *by_text;
    size_t n_rows;
    int64_t *first, *last; /* [slot] */
    int64_t *next;         /* [row] */
    int64_t duplicate;
};

static hl_code index_add(hl_index *x, const hl_column *key, size_t row, hl_error *err)
{
    int64_t was = -1;
    int64_t slot = (int64_t)(x->by_id ? hl_map_count(x->by_id) : hl_strmap_count(x->by_text));
    hl_code c = x->by_id ? hl_map_add(x->by_id, key->i64[row], slot, &was, err)
                         : hl_strmap_add(x->by_text, key->text[row], slot, &was, err);
    if (c != HL_OK)
        return c;
    x->next[row] = -1;
    if (was < 0) {
        x->first[slot] = x->last[slot] = (int64_t)row;
    } else {
        x->next[x->last[was]] = (int64_t)row;
        x->last[was] = (int64_t)row;
        if (x->duplicate < 0)
            x->duplicate = (int64_t)row;
    }
    return HL_OK;
}

static hl_code index_make(const hl_column *key, bool text, hl_index **out, hl_error *err)
{
    hl_index *x = calloc(1, sizeof *x);
    size_t n = key->n ? key->n : 1;
    hl_code c = HL_OK;

    *out = NULL;
    if (x) {
        x->n_rows = key->n;
        x->duplicate = -1;
        x->first = malloc(n * sizeof *x->first);
        x->last = malloc(n * sizeof *x->last);
        x->next = malloc(n * sizeof *x->next);
        if (text)
            x->by_text = hl_strmap_new(key->n);
        else
            x->by_id = hl_map_new(key->n);
    }
    if (!x || !x->first || !x->last || !x->next || !(x->by_id || x->by_text))
        c = hl_fail_memory(err, "an index", n * 24);
    for (size_t i = 0; c == HL_OK && i < key->n; i++)
        if (key->valid[i])
            c = index_add(x, key, i, err);
    if (c != HL_OK)
        hl_index_free(&x);
    *out = x;
    return c;
}

hl_code hl_index_new(const hl_column *key, hl_index **out, hl_error *err)
{
    hl_assert(key->i64);
    return index_make(key, false, out, err);
}

hl_code hl_index_new_text(const hl_column *key, hl_index **out, hl_error *err)
{
    hl_assert(key->text);
    return index_make(key, true, out, err);
}

void hl_index_free(hl_index **index)
{
    if (!index || !*index)
        return;
    hl_map_free(&(*index)->by_id);
    hl_strmap_free(&(*index)->by_text);
    free((*index)->first);
    free((*index)->last);
    free((*index)->next);
    free(*index);
    *index = NULL;
}

int64_t hl_index_first(const hl_index *index, int64_t key)
{
    int64_t slot = hl_map_get(index->by_id, key);
    return slot < 0 ? -1 : index->first[slot];
}

int64_t hl_index_first_text(const hl_index *index, hl_str key)
{
    int64_t slot = hl_strmap_get(index->by_text, key);
    return slot < 0 ? -1 : index->first[slot];
}

int64_t hl_index_next(const hl_index *index, int64_t row)
{
    return index->next[row];
}

int64_t hl_index_duplicate(const hl_index *index)
{
    return index->duplicate;
}

size_t hl_earliest(const int64_t *time, size_t n, hl_tie_rule rule, size_t *order)
{
    if (rule == HL_TIES_NUMPY && n > 16) {
        hl_argsort_numpy(time, n, order);
        return order[0];
    }
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (time[i] < time[best])
            best = i;
    return best;
}
